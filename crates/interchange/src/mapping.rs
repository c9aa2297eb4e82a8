//! Which column becomes what. Presets are not asked for: every known program's headers are in one
//! table, and rules settle what a header alone leaves open.

use crate::{
    AddressPart, Column, Draft, Format, InterchangeError, Source, Target,
    aliases::{self, normal},
};
use satchel_domain::{Catalogue, FieldType, Kind, date::DayOrder};
use std::collections::BTreeMap;

/// A mapping of all columns of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    pub kind: Kind,
    /// The program that wrote the file, where its headers tell.
    pub preset: Option<&'static str>,
    /// In the order of the file's columns: the target and why.
    pub targets: Vec<(Target, How)>,
    /// How dates such as 03/04/2020 in this file are meant, if their values tell.
    pub day_order: Option<DayOrder>,
    /// Rows say themselves what they are: a calendar has meetings and tasks.
    pub by_row: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The header is known.
    Header,
    /// The values look so.
    Values,
    /// Nothing fits: kept as a custom field.
    Custom,
    /// No row has a value.
    Empty,
    /// The same is in other columns.
    Repeated,
    /// The other program's own book-keeping.
    Technical,
    /// A person has said so.
    Chosen,
}

impl How {
    pub fn key(self) -> &'static str {
        match self {
            How::Header => "header",
            How::Values => "values",
            How::Custom => "custom",
            How::Empty => "empty",
            How::Repeated => "repeated",
            How::Technical => "technical",
            How::Chosen => "chosen",
        }
    }
}

impl Mapping {
    /// What a row becomes.
    pub fn kind_of(&self, row: &Draft) -> Kind {
        row.kind.filter(|_| self.by_row).unwrap_or(self.kind)
    }

    /// Puts a person's corrections over what was guessed, by the column's name.
    pub fn correct(
        &mut self,
        columns: &[Column],
        wanted: &BTreeMap<String, String>,
        catalogue: &Catalogue,
    ) -> Result<(), InterchangeError> {
        if let Some(unknown) = wanted.keys().find(|name| columns.iter().all(|c| c.name != **name)) {
            return Err(InterchangeError::BadColumn(unknown.clone()));
        }
        for (column, target) in columns.iter().zip(&mut self.targets) {
            if let Some(text) = wanted.get(&column.name) {
                let chosen: Target = text.parse()?;
                if !fits(&chosen, self.kind, catalogue) {
                    return Err(InterchangeError::BadTarget(text.clone()));
                }
                *target = (chosen, How::Chosen);
            }
        }
        Ok(())
    }
}

pub fn guess(source: &Source, kind: Option<Kind>, catalogue: &Catalogue) -> Mapping {
    let named: Vec<Option<Target>> = source.columns.iter().map(|c| by_header(&c.name)).collect();
    let preset = preset(source);
    let kind = kind.or(source.kind).unwrap_or_else(|| kind_of(source, &named));
    if source.format == Format::Ics {
        let own = |column: &Column| (column.own.clone().unwrap_or(Target::Skip), How::Header);
        let targets = source.columns.iter().map(own).collect();
        return Mapping { kind, preset: None, targets, day_order: Some(DayOrder::DayFirst), by_row: true };
    }
    let one = |column: &Column, named: Option<Target>| {
        let named = column.own.clone().or(named.map(|t| for_kind(t, kind, &column.name)));
        match named.filter(|t| fits(t, kind, catalogue)) {
            Some(target @ Target::Custom { .. }) => (target, How::Custom),
            Some(target) => (target, How::Header),
            None if is_technical(&column.name) => (Target::Skip, How::Technical),
            None => by_values(column, kind),
        }
    };
    let mut targets: Vec<(Target, How)> = source.columns.iter().zip(named).map(|(c, n)| one(c, n)).collect();
    if source.format == Format::Vcard || source.format == Format::Json {
        // Cards say themselves where their values belong; only the rest is mapped.
        return Mapping { kind, preset, targets, day_order: Some(DayOrder::DayFirst), by_row: false };
    }
    settle(&source.columns, &mut targets, kind);
    let day_order = day_order(&source.columns, &targets);
    Mapping { kind, preset, targets, day_order, by_row: false }
}

fn by_header(header: &str) -> Option<Target> {
    if let Some(label) = header.strip_prefix("custom.") {
        return Some(Target::Custom { label: label.to_owned(), ty: FieldType::Text });
    }
    // A repeated header is numbered by us: `Phone (2)`.
    let plain = header
        .strip_suffix(')')
        .and_then(|h| h.rsplit_once(" ("))
        .filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit()))
        .map_or(header, |(h, _)| h);
    numbered(plain).or_else(|| aliases::find(plain).cloned()).or_else(|| exact_field(plain))
}

/// A field's own key or label, as our export writes it.
fn exact_field(header: &str) -> Option<Target> {
    let wanted = normal(header);
    let catalogue = Catalogue::default();
    let all = Kind::IMPORTED.iter().flat_map(|k| catalogue.fields(*k));
    let found = all.into_iter().find(|f| {
        normal(&f.key) == wanted
            || normal(&f.label) == wanted
            || f.import_names.iter().any(|n| normal(n) == wanted)
    })?;
    Some(match found.ty {
        FieldType::Link => Target::CompanyName,
        FieldType::Emails | FieldType::Phones => {
            Target::Contact { field: found.key.clone(), label: String::new() }
        }
        FieldType::Addresses => Target::Address { label: String::new(), part: AddressPart::Whole },
        _ => Target::Field(found.key.clone()),
    })
}

/// `E-mail 1 - Label`, `Phone 2 - Value`, `Address 1 - City`: the slots of Google and of our export.
pub(crate) fn numbered(header: &str) -> Option<Target> {
    let (head, part) = header.split_once(" - ")?;
    let (what, slot) = head.trim().rsplit_once(' ')?;
    let slot: u8 = slot.parse().ok()?;
    let part = normal(part);
    let contact = |field: &str| match part.as_str() {
        "label" | "type" => Some(Target::ContactSlot { field: field.into(), slot, is_label: true }),
        "value" => Some(Target::ContactSlot { field: field.into(), slot, is_label: false }),
        _ => None,
    };
    match normal(what).as_str() {
        "e mail" | "email" => contact("emails"),
        "phone" => contact("phones"),
        "address" => {
            let part = match part.as_str() {
                "label" | "type" => AddressPart::Label,
                "street" => AddressPart::Street,
                "extended address" => AddressPart::Street2,
                "po box" => AddressPart::PoBox,
                "city" => AddressPart::City,
                "region" | "state" => AddressPart::Region,
                "postal code" => AddressPart::PostalCode,
                "country" => AddressPart::Country,
                "formatted" => AddressPart::Whole,
                _ => return None,
            };
            Some(Target::AddressSlot { slot, part })
        }
        "website" if part == "value" && slot == 1 => Some(Target::Field("website".into())),
        "organization" if part == "name" && slot == 1 => Some(Target::CompanyName),
        "organization" if part == "title" && slot == 1 => Some(Target::Field("title".into())),
        "organization" if part == "department" && slot == 1 => Some(Target::Field("department".into())),
        _ => None,
    }
}

/// People have names; a table with a company's name and none of theirs is of companies.
fn kind_of(source: &Source, named: &[Option<Target>]) -> Kind {
    let has = |wanted: &[&str]| named.iter().flatten().any(|t| wanted.contains(&t.to_string().as_str()));
    let headers: Vec<String> = source.columns.iter().map(|c| normal(&c.name)).collect();
    let any = |names: &[&str]| headers.iter().any(|h| names.contains(&h.as_str()));
    if has(&["first_name", "last_name"]) || source.format == Format::Vcard {
        return Kind::Person;
    }
    let firm = any(&[
        "industry",
        "numberofemployees",
        "number of employees",
        "employees",
        "annualrevenue",
        "annual revenue",
        "account name",
        "company domain name",
        "行业",
        "billingcity",
        "ticker symbol",
    ]);
    if firm && (has(&["full_name", "company.name"]) || any(&["name"]))
        || (has(&["company.name"]) && !has(&["full_name", "emails", "emails.work", "title"]))
    {
        return Kind::Company;
    }
    Kind::Person
}

/// The same header means another field in a table of companies.
fn for_kind(target: Target, kind: Kind, header: &str) -> Target {
    if kind != Kind::Company {
        return target;
    }
    match target {
        Target::FullName | Target::CompanyName => Target::Field("name".into()),
        Target::CompanyWebsite => Target::Field("website".into()),
        other => match normal(header).as_str() {
            "numberofemployees" | "number of employees" | "company size" => Target::Field("employees".into()),
            "annualrevenue" | "annual revenue" => Target::Field("annual_revenue".into()),
            "industry" => Target::Field("industry".into()),
            _ => other,
        },
    }
}

fn fits(target: &Target, kind: Kind, catalogue: &Catalogue) -> bool {
    let person = kind == Kind::Person;
    match target {
        Target::Field(key) | Target::Json(key) => catalogue.field(kind, key).is_some(),
        Target::DatePart { field, .. } => catalogue.field(kind, field).is_some(),
        Target::FullName | Target::CompanyName | Target::CompanyWebsite | Target::CompanyId => person,
        _ => true,
    }
}

/// A column that no name explains, by what is in it.
fn by_values(column: &Column, kind: Kind) -> (Target, How) {
    if column.filled == 0 {
        return (Target::Skip, How::Empty);
    }
    if let (Kind::Company, Some(key)) = (kind, company_field(&column.name)) {
        return (Target::Field(key.into()), How::Header);
    }
    let all = |test: &dyn Fn(&str) -> bool| {
        !column.samples.is_empty() && column.samples.iter().all(|s| test(s.trim()))
    };
    if all(&|s| satchel_domain::value::Contact::email("", s).is_ok()) {
        return (Target::Contact { field: "emails".into(), label: String::new() }, How::Values);
    }
    if column.name.starts_with("Column ")
        && all(&|s| s.starts_with('+') && satchel_domain::phone::e164(s, None).is_some())
    {
        return (Target::Contact { field: "phones".into(), label: String::new() }, How::Values);
    }
    (Target::Custom { label: label_of(&column.name), ty: type_of(column) }, How::Custom)
}

/// What other programs keep about themselves, and parts that are in other columns too.
fn is_technical(header: &str) -> bool {
    if header == crate::PROBLEM_COLUMN {
        return true;
    }
    const NAMES: [&str; 20] = [
        "isdeleted",
        "systemmodstamp",
        "lastvieweddate",
        "lastreferenceddate",
        "lastmodifiedbyid",
        "createdbyid",
        "photourl",
        "masterrecordid",
        "mailingaddress",
        "otheraddress",
        "billingaddress",
        "shippingaddress",
        "address",
        "lastmodifieddate",
        "ownerid",
        "individualid",
        "mailinggeocodeaccuracy",
        "jigsawcontactid",
        "isunreadbyowner",
        "jigsaw",
    ];
    !header.contains(' ')
        && header.chars().next().is_some_and(char::is_uppercase)
        && NAMES.contains(&normal(header).as_str())
}

/// A header as a label: `first_seen` is «First seen», `Gender__c` is «Gender».
fn label_of(header: &str) -> String {
    let plain = header.strip_suffix("__c").unwrap_or(header).replace('_', " ");
    let plain = plain.trim();
    let mut chars = plain.chars();
    match chars.next() {
        Some(first) if first.is_lowercase() && !plain.contains(char::is_uppercase) => {
            first.to_uppercase().chain(chars).collect()
        }
        _ => plain.to_owned(),
    }
}

fn company_field(header: &str) -> Option<&'static str> {
    Some(match normal(header).as_str() {
        "industry" | "行业" | "所属行业" | "branche" | "sector" | "secteur" | "settore" => "industry",
        "numberofemployees"
        | "number of employees"
        | "employees"
        | "company size"
        | "mitarbeiter"
        | "mitarbeiterzahl"
        | "anzahl mitarbeiter"
        | "effectif"
        | "empleados"
        | "dipendenti"
        | "员工人数"
        | "人数" => "employees",
        "annualrevenue" | "annual revenue" | "jahresumsatz" | "umsatz" | "chiffre d affaires"
        | "facturacion" | "fatturato" | "年营业额" | "年收入" => "annual_revenue",
        _ => return None,
    })
}

/// The narrowest type that all samples fit. Ids and postal codes must not become numbers.
fn type_of(column: &Column) -> FieldType {
    let all = |test: &dyn Fn(&str) -> bool| column.samples.iter().all(|s| test(s.trim()));
    let plain_number = |s: &str| {
        s.parse::<f64>().is_ok_and(f64::is_finite)
            && (!s.starts_with('0') || s == "0" || s.starts_with("0."))
            && !s.starts_with('+')
            && s.len() < 12
    };
    if all(&|s| matches!(s.to_lowercase().as_str(), "true" | "false" | "yes" | "no")) {
        FieldType::YesNo
    } else if column.samples.len() >= 3 && all(&plain_number) {
        FieldType::Number
    } else if all(&|s| {
        s.len() == 10
            && s.as_bytes().get(4) == Some(&b'-')
            && s.parse::<satchel_domain::date::PartialDate>().is_ok()
    }) {
        FieldType::Date
    } else if column.samples.iter().any(|s| s.contains('\n') || s.chars().count() >= 120) {
        FieldType::LongText
    } else {
        FieldType::Text
    }
}

/// What one column means can depend on the others.
fn settle(columns: &[Column], targets: &mut [(Target, How)], kind: Kind) {
    let texts: Vec<String> = targets.iter().map(|(t, _)| t.to_string()).collect();
    // Only columns that hold something say what the others mean.
    let has = |text: &str| texts.iter().zip(columns).any(|(t, c)| t == text && c.filled > 0);
    let count = |text: &str| texts.iter().filter(|t| *t == text).count();
    let mut titles = 0;
    for (at, (column, slot)) in columns.iter().zip(targets.iter_mut()).enumerate() {
        let header = normal(&column.name);
        let text = texts.get(at).map_or("", String::as_str);
        let next = match text {
            // Outlook: `Title` is Mr or Dr, `Job Title` the position; French has two columns `Titre`.
            "title" if count("title") > 1 && kind == Kind::Person => {
                titles += 1;
                let honorific = matches!(
                    header.as_str(),
                    "title"
                        | "titel"
                        | "titre"
                        | "titolo"
                        | "tytul"
                        | "tratamento"
                        | "unvan"
                        | "肩書き"
                        | "頭銜"
                        | "称谓"
                );
                (titles == 1 && honorific).then(|| Target::Field("prefix".into()))
            }
            // `Name` beside a first name and no last name is the last name.
            "full_name" if has("first_name") && !has("last_name") => Some(Target::Field("last_name".into())),
            "birthday" if has("birthday.month") || has("birthday.year") => "birthday.day".parse().ok(),
            // A whole address beside its city is the street, unless there is a street.
            _ => whole_address(text).and_then(|base| {
                let beside = |part: &str| has(&format!("{base}.{part}"));
                if beside("city") && !beside("street") {
                    format!("{base}.street").parse().ok()
                } else if beside("city") || beside("street") {
                    Some(Target::Skip)
                } else {
                    None
                }
            }),
        };
        if let Some(next) = next {
            let how = if next == Target::Skip { How::Repeated } else { How::Header };
            *slot = (next, how);
        }
        // A column without a value in any row needs no field of its own.
        if column.filled == 0 && matches!(slot.0, Target::Custom { .. }) {
            *slot = (Target::Skip, How::Empty);
        }
    }
    drop_repeated_fields(columns, targets);
}

fn whole_address(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("addresses")?;
    let parts = rest.trim_start_matches('.').split('.').count();
    let whole = rest.is_empty()
        || rest.starts_with('#') && !rest.contains('.')
        || (parts == 1 && AddressPart::from_name(rest.trim_start_matches('.')).is_none());
    whole.then_some(text)
}

/// One field, one column: the first that has values keeps it, the others become custom fields.
fn drop_repeated_fields(columns: &[Column], targets: &mut [(Target, How)]) {
    let mut seen: Vec<Target> = Vec::new();
    let mut kept: Vec<&Column> = Vec::new();
    for filled in [true, false] {
        for (column, slot) in columns.iter().zip(targets.iter_mut()) {
            if (column.filled > 0) != filled {
                continue;
            }
            let single = matches!(
                slot.0,
                Target::Field(_)
                    | Target::FullName
                    | Target::CompanyName
                    | Target::ExternalId
                    | Target::CompanyWebsite
            );
            if !single {
                continue;
            }
            if !seen.contains(&slot.0) {
                seen.push(slot.0.clone());
                kept.push(column);
            } else if kept.iter().any(|k| k.samples == column.samples && k.filled == column.filled) {
                *slot = (Target::Skip, How::Repeated);
            } else if filled {
                *slot = (Target::Custom { label: label_of(&column.name), ty: type_of(column) }, How::Custom);
            } else {
                *slot = (Target::Skip, How::Empty);
            }
        }
    }
}

/// 25/12/2020 tells that the day comes first; 12/25/2020 that the month does.
fn day_order(columns: &[Column], targets: &[(Target, How)]) -> Option<DayOrder> {
    let dates = columns.iter().zip(targets).filter(|(_, (t, _))| *t == Target::Field("birthday".into()));
    for sample in dates.flat_map(|(c, _)| &c.samples) {
        let numbers: Vec<u32> = sample.split(['/', '.', '-']).filter_map(|p| p.trim().parse().ok()).collect();
        match numbers.as_slice() {
            [a, b, _] if *a > 12 && *a < 32 && *b <= 12 => return Some(DayOrder::DayFirst),
            [a, b, _] if *b > 12 && *b < 32 && *a <= 12 => return Some(DayOrder::MonthFirst),
            _ => {}
        }
    }
    None
}

/// Programs known by headers that only they write.
fn preset(source: &Source) -> Option<&'static str> {
    if source.made_by.is_some() {
        return source.made_by;
    }
    const MARKS: &[(&str, &[&str])] = &[
        ("Google", &["phone 1 value", "e mail 1 value"]),
        ("Google", &["organization name", "e mail 1 label"]),
        ("HubSpot", &["record id", "contact owner"]),
        ("Salesforce", &["id", "isdeleted", "systemmodstamp"]),
        ("Salesforce", &["accountid", "mailingstreet"]),
        ("Pipedrive", &["person name", "organization name"]),
        ("LinkedIn", &["first name", "connected on"]),
        ("Outlook.com", &["given yomi", "surname yomi"]),
        ("Outlook", &["internet free busy", "e mail address"]),
        ("Thunderbird", &["screen name", "primary email"]),
        ("Yahoo", &["messenger id", "distribution lists"]),
    ];
    let headers: Vec<String> = source.columns.iter().map(|c| normal(&c.name)).collect();
    let has = |name: &&str| headers.iter().any(|h| h == name);
    MARKS.iter().find(|(_, marks)| marks.iter().all(&has)).map(|(name, _)| *name)
}
