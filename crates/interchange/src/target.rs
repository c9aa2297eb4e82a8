//! Where a column goes, and how that is written: `emails.work`, `addresses#2.city`, `custom.Size`.

use satchel_domain::FieldType;
use std::{fmt, str::FromStr};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    Skip,
    /// A field of one value, read as its type reads text.
    Field(String),
    /// A field in the form that the JSON export writes.
    Json(String),
    FullName,
    /// One e-mail or phone with its label.
    Contact {
        field: String,
        label: String,
    },
    /// The label or value of the n-th e-mail or phone: `E-mail 1 - Label`.
    ContactSlot {
        field: String,
        slot: u8,
        is_label: bool,
    },
    Address {
        label: String,
        part: AddressPart,
    },
    AddressSlot {
        slot: u8,
        part: AddressPart,
    },
    DatePart {
        field: String,
        part: DatePart,
    },
    CompanyName,
    CompanyWebsite,
    /// The id that the other program knows the record's company by.
    CompanyId,
    /// What a link leads to, as the file names it.
    Link {
        field: String,
        by: By,
    },
    /// What the amounts of another column are in.
    Currency(String),
    /// The time of day of a moment whose day is in another column.
    Clock(String),
    /// In which the stage of a deal is.
    Pipeline,
    /// Whether a deal is won or lost, a task done, a product on sale.
    Status,
    ExternalId,
    /// Who takes part in a meeting: `Zoe Ruiz <zoe@x.example>`.
    Attendee,
    Custom {
        label: String,
        ty: FieldType,
    },
}

/// How a file names a record that another refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    Name,
    Email,
    Id,
}

impl By {
    const fn key(self) -> &'static str {
        match self {
            By::Name => "name",
            By::Email => "email",
            By::Id => "external_id",
        }
    }

    fn from_key(key: &str) -> Option<Self> {
        [By::Name, By::Email, By::Id].into_iter().find(|by| by.key() == key)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressPart {
    Whole,
    Label,
    Street,
    Street2,
    Street3,
    PoBox,
    City,
    Region,
    PostalCode,
    Country,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatePart {
    Year,
    Month,
    Day,
}

impl AddressPart {
    const NAMES: [(AddressPart, &'static str); 9] = [
        (AddressPart::Label, "label"),
        (AddressPart::Street, "street"),
        (AddressPart::Street2, "street2"),
        (AddressPart::Street3, "street3"),
        (AddressPart::PoBox, "po_box"),
        (AddressPart::City, "city"),
        (AddressPart::Region, "region"),
        (AddressPart::PostalCode, "postal_code"),
        (AddressPart::Country, "country"),
    ];

    fn name(self) -> Option<&'static str> {
        Self::NAMES.iter().find(|(p, _)| *p == self).map(|(_, n)| *n)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, n)| *n == name).map(|(p, _)| *p)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = |f: &mut fmt::Formatter<'_>, base: String, part: AddressPart| match part.name() {
            Some(name) => write!(f, "{base}.{name}"),
            None => f.write_str(&base),
        };
        match self {
            Target::Skip => f.write_str("skip"),
            Target::Field(key) => f.write_str(key),
            Target::Json(key) => write!(f, "json.{key}"),
            Target::FullName => f.write_str("full_name"),
            Target::Contact { field, label } if label.is_empty() => f.write_str(field),
            Target::Contact { field, label } => write!(f, "{field}.{label}"),
            Target::ContactSlot { field, slot, is_label } => {
                write!(f, "{field}#{slot}.{}", if *is_label { "label" } else { "value" })
            }
            Target::Address { label, part } if label.is_empty() => address(f, "addresses".into(), *part),
            Target::Address { label, part } => address(f, format!("addresses.{label}"), *part),
            Target::AddressSlot { slot, part } => address(f, format!("addresses#{slot}"), *part),
            Target::DatePart { field, part } => {
                write!(
                    f,
                    "{field}.{}",
                    match part {
                        DatePart::Year => "year",
                        DatePart::Month => "month",
                        DatePart::Day => "day",
                    }
                )
            }
            Target::CompanyName => f.write_str("company.name"),
            Target::CompanyWebsite => f.write_str("company.website"),
            Target::CompanyId => f.write_str("company.external_id"),
            Target::Link { field, by } => write!(f, "{field}.{}", by.key()),
            Target::Currency(field) => write!(f, "{field}.currency"),
            Target::Clock(field) => write!(f, "{field}.time"),
            Target::Pipeline => f.write_str("pipeline"),
            Target::Status => f.write_str("status"),
            Target::ExternalId => f.write_str("external_id"),
            Target::Attendee => f.write_str("attendee"),
            Target::Custom { label, ty: FieldType::Text } => write!(f, "custom.{label}"),
            Target::Custom { label, ty } => write!(f, "custom:{}.{label}", ty.key()),
        }
    }
}

impl FromStr for Target {
    type Err = crate::InterchangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || crate::InterchangeError::BadTarget(text.to_owned());
        let (head, rest) = text.split_once('.').map_or((text, None), |(h, r)| (h, Some(r)));
        let owned = |s: &str| s.to_owned();
        if let Some(ty) = head.strip_prefix("custom") {
            let ty = ty.strip_prefix(':').map_or(Some(FieldType::Text), FieldType::from_key);
            let ty = ty.filter(|ty| *ty != FieldType::Link).ok_or_else(bad)?;
            return Ok(Target::Custom { label: owned(rest.ok_or_else(bad)?), ty });
        }
        if let Some((field, slot)) = head.split_once('#') {
            let slot: u8 = slot.parse().map_err(|_| bad())?;
            let part = rest.unwrap_or_default();
            return match field {
                "addresses" if part.is_empty() => Ok(Target::AddressSlot { slot, part: AddressPart::Whole }),
                "addresses" => {
                    Ok(Target::AddressSlot { slot, part: AddressPart::from_name(part).ok_or_else(bad)? })
                }
                "emails" | "phones" if matches!(part, "label" | "value") => {
                    Ok(Target::ContactSlot { field: owned(field), slot, is_label: part == "label" })
                }
                _ => Err(bad()),
            };
        }
        Ok(match (head, rest) {
            ("skip" | "", None) => Target::Skip,
            ("full_name", None) => Target::FullName,
            ("external_id", None) => Target::ExternalId,
            ("attendee", None) => Target::Attendee,
            ("pipeline", None) => Target::Pipeline,
            ("status", None) => Target::Status,
            ("company", Some("name")) => Target::CompanyName,
            ("company", Some("website")) => Target::CompanyWebsite,
            ("company", Some("external_id")) => Target::CompanyId,
            ("json", Some(key)) => Target::Json(owned(key)),
            ("emails" | "phones", label) => {
                Target::Contact { field: owned(head), label: owned(label.unwrap_or_default()) }
            }
            ("addresses", None) => Target::Address { label: String::new(), part: AddressPart::Whole },
            ("addresses", Some(rest)) => match (rest.split_once('.'), AddressPart::from_name(rest)) {
                (Some((label, part)), _) => Target::Address {
                    label: owned(label),
                    part: AddressPart::from_name(part).ok_or_else(bad)?,
                },
                (None, Some(part)) => Target::Address { label: String::new(), part },
                (None, None) => Target::Address { label: owned(rest), part: AddressPart::Whole },
            },
            (field, Some(part @ ("year" | "month" | "day"))) => {
                let part = match part {
                    "year" => DatePart::Year,
                    "month" => DatePart::Month,
                    _ => DatePart::Day,
                };
                Target::DatePart { field: owned(field), part }
            }
            (field, Some("currency")) => Target::Currency(owned(field)),
            (field, Some("time")) => Target::Clock(owned(field)),
            (key, None) => Target::Field(owned(key)),
            (field, Some(part)) => {
                Target::Link { field: owned(field), by: By::from_key(part).ok_or_else(bad)? }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_read_back_as_written() {
        for text in [
            "skip",
            "first_name",
            "full_name",
            "emails",
            "emails.work",
            "phones.home_fax",
            "emails#2.label",
            "phones#1.value",
            "addresses",
            "addresses.home",
            "addresses.city",
            "addresses.home.postal_code",
            "addresses#3.street",
            "addresses#1",
            "birthday.month",
            "company.name",
            "company.website",
            "company.external_id",
            "external_id",
            "attendee",
            "person.name",
            "person.email",
            "deal.external_id",
            "value.currency",
            "at.time",
            "pipeline",
            "status",
            "custom.Shoe size",
            "custom:number.Shoe size",
            "json.emails",
        ] {
            let target: Target = text.parse().expect(text);
            assert_eq!(target.to_string(), text);
        }
        for text in [
            "custom",
            "custom:nothing.X",
            "emails#x.value",
            "emails#1.city",
            "company.boss",
            "addresses.home.moon",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
