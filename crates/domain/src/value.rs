//! The value of a field: read from what a person, a script or a file gives, checked, and laid out
//! in registers.

use crate::{
    catalogue::{Field, FieldType, Form},
    date::{DayOrder, PartialDate},
    ids::RecordId,
    money::Money,
    phone,
    place::Place,
    quote::{Line, MAX_LINES},
    register::{self, Registers, Scalar},
    remind::Remind,
    repeat::Repeat,
    text::fold,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// A record's fields by key.
pub type Fields = BTreeMap<String, Value>;

/// An e-mail address or a telephone number, with its label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Names the item for ever, also when its value is corrected; derived from the first value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    #[serde(default)]
    pub label: String,
    pub value: String,
    #[serde(default)]
    pub primary: bool,
    /// Telephone numbers only, where the number could be parsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e164: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    pub label: String,
    pub street: String,
    pub city: String,
    pub region: String,
    pub postal_code: String,
    pub country: String,
}

impl Address {
    pub fn parts(&self) -> [(&'static str, &str); 6] {
        [
            ("label", &self.label),
            ("street", &self.street),
            ("city", &self.city),
            ("region", &self.region),
            ("postal_code", &self.postal_code),
            ("country", &self.country),
        ]
    }

    /// Sets a part by its name; false if there is no such part.
    pub fn set(&mut self, part: &str, value: String) -> bool {
        let slot = match part {
            "label" => &mut self.label,
            "street" => &mut self.street,
            "city" => &mut self.city,
            "region" => &mut self.region,
            "postal_code" => &mut self.postal_code,
            "country" => &mut self.country,
            _ => return false,
        };
        *slot = value;
        true
    }

    fn is_empty(&self) -> bool {
        self.parts().iter().skip(1).all(|(_, v)| v.is_empty())
    }

    /// In one line: `1 Main St, Porto 4000, Portugal`.
    pub fn line(&self) -> String {
        let city = [self.city.as_str(), &self.region, &self.postal_code];
        let city: Vec<&str> = city.into_iter().filter(|p| !p.is_empty()).collect();
        let all = [self.street.replace('\n', ", "), city.join(" "), self.country.clone()];
        all.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    LongText(String),
    Number(f64),
    Money(Money),
    Date(PartialDate),
    /// Epoch milliseconds.
    DateTime(i64),
    YesNo(bool),
    Tags(Vec<String>),
    Reference(RecordId),
    Contacts(Vec<Contact>),
    Addresses(Vec<Address>),
    Lines(Vec<Line>),
}

/// What a value is read with: the habits of the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Habits {
    /// Where numbers without a country code are dialled (ISO 3166: `ES`).
    pub region: Option<String>,
    /// The currency of amounts without one (ISO 4217).
    pub currency: String,
    pub day_order: DayOrder,
}

impl Default for Habits {
    fn default() -> Self {
        Self { region: None, currency: "EUR".into(), day_order: DayOrder::DayFirst }
    }
}

/// Why a value was refused, in words for the person who gave it.
#[derive(Debug, Clone, thiserror::Error, PartialEq)]
pub enum ValueError {
    #[error("{0} is not an e-mail address; write name@example.com")]
    Email(String),
    #[error("{0} has no digits; write a telephone number such as +34 600 000 000")]
    Phone(String),
    #[error("{0} is not a date; write 2024-05-31, or --05-31 without the year")]
    Date(String),
    #[error("{0} is no moment; write 2024-05-31T14:30:00Z")]
    DateTime(String),
    #[error("{0} is no time of day; write 09:30")]
    Clock(String),
    #[error(
        "{0} is no reminder; write 10m for ten minutes before, 08:00 on its day, 1d 18:00 on the day before, or 2026-11-27 08:00"
    )]
    Reminder(String),
    #[error("{0} does not say how often; write every week, every second tue, monthly on the 15th, or 每周二")]
    Repeat(String),
    #[error("{0} is no place; write latitude, longitude such as 41.1496, -8.6109")]
    Place(String),
    #[error("{0} is not a number")]
    Number(String),
    #[error("{0} is not an amount; write 1250.00 EUR")]
    Money(String),
    #[error("{0} is no currency; write a code such as EUR, USD or CNY, as in 1250.00 EUR")]
    Currency(String),
    #[error("{0} is neither yes nor no")]
    YesNo(String),
    #[error("{0} is not the id of a record")]
    Reference(String),
    #[error("{value} is none of: {options}")]
    Choice { value: String, options: String },
    #[error("the text is {length} characters long; at most {limit} fit here")]
    TooLong { length: usize, limit: usize },
    #[error("{0} values are too many for one field; at most {MAX_ITEMS} fit")]
    TooMany(usize),
    #[error("expected {0}")]
    Shape(&'static str),
}

pub const MAX_TEXT: usize = 2_000;
pub const MAX_LONG_TEXT: usize = 1_000_000;
pub const MAX_ITEMS: usize = 200;

/// Removes what no person types: NUL and other control characters; keeps new lines if asked.
pub fn clean(text: &str, lines: bool) -> String {
    let keep = |c: &char| !c.is_control() || (lines && matches!(c, '\n' | '\t'));
    let text = if lines {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.replace(['\r', '\n', '\t'], " ")
    };
    text.chars().filter(keep).collect::<String>().trim().to_owned()
}

/// A number that its field can mean.
fn within(field: &Field, number: f64) -> Result<f64, ValueError> {
    match field.percent && !(0.0..=100.0).contains(&number) {
        true => Err(ValueError::Shape("a percentage between 0 and 100")),
        false => Ok(number),
    }
}

fn text(input: &str, limit: usize) -> Result<String, ValueError> {
    let cleaned = clean(input, limit > MAX_TEXT);
    let length = cleaned.chars().count();
    if length > limit {
        return Err(ValueError::TooLong { length, limit });
    }
    Ok(cleaned)
}

/// A text as its field keeps it.
fn formed(field: &Field, input: &str) -> Result<String, ValueError> {
    let trimmed = input.trim();
    match field.form() {
        Form::Plain => text(input, MAX_TEXT),
        Form::Clock => crate::date::clock(trimmed).ok_or_else(|| ValueError::Clock(shown(trimmed))),
        Form::Reminder => {
            let remind = Remind::parse(trimmed).ok_or_else(|| ValueError::Reminder(shown(trimmed)))?;
            Ok(remind.to_string())
        }
        Form::Repeat => {
            let repeat = Repeat::parse(trimmed).ok_or_else(|| ValueError::Repeat(shown(trimmed)))?;
            Ok(repeat.to_string())
        }
        Form::Place => {
            let place = Place::parse(trimmed).ok_or_else(|| ValueError::Place(shown(trimmed)))?;
            Ok(place.to_string())
        }
    }
}

/// A stable id for an item, from its normalised value.
pub fn item_id(normalised: &str) -> String {
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, normalised.as_bytes());
    id.simple().to_string().chars().take(16).collect()
}

fn shown(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    format!("«{short}»")
}

/// What stands behind `mailto:` or `tel:`, in any case and however often.
fn without_scheme<'a>(mut value: &'a str, scheme: &str) -> &'a str {
    while let Some((head, rest)) = value.split_at_checked(scheme.len())
        && head.eq_ignore_ascii_case(scheme)
    {
        value = rest.trim_start();
    }
    value
}

impl Contact {
    pub fn email(label: &str, value: &str) -> Result<Self, ValueError> {
        let value = clean(value, false);
        // `Ana Ruiz <ana@x.example>`, as mail programs write it; also with a link in the brackets.
        let inner = value.strip_suffix('>').and_then(|v| v.rsplit_once('<')).map(|(_, inner)| inner.trim());
        let plain = inner.unwrap_or(&value);
        let address = without_scheme(plain, "mailto:");
        // What a link says of the letter is no part of the address.
        let address = match address.len() < plain.len() {
            true => address.split('?').next().unwrap_or_default(),
            false => address,
        };
        let value = address.trim().to_owned();
        let valid = value.len() <= 320
            && !value.contains(char::is_whitespace)
            && value.split_once('@').is_some_and(|(name, domain)| {
                !name.is_empty()
                    && !domain.is_empty()
                    && !domain.contains('@')
                    && !domain.starts_with('.')
                    && !domain.ends_with('.')
                    && !domain.contains([',', ';', '<', '>', '(', ')'])
            });
        if !valid {
            return Err(ValueError::Email(shown(&value)));
        }
        let id = item_id(&value.to_lowercase());
        Ok(Self { id, label: text(label, 100)?, value, ..Self::default() })
    }

    pub fn phone(label: &str, value: &str, region: Option<&str>) -> Result<Self, ValueError> {
        let value = clean(value, false);
        let value = without_scheme(&value, "tel:").to_owned();
        if value.len() > 200 || phone::digits(&value).is_empty() {
            return Err(ValueError::Phone(shown(&value)));
        }
        let e164 = phone::e164(&value, region);
        let mut contact = Self { id: String::new(), label: text(label, 100)?, value, e164, primary: false };
        contact.id = item_id(&contact.normalised());
        Ok(contact)
    }

    /// What two items are compared by.
    pub fn normalised(&self) -> String {
        match &self.e164 {
            Some(e164) => match phone::extension(&self.value) {
                Some(extension) => format!("{e164};ext={extension}"),
                None => e164.clone(),
            },
            None if self.value.contains('@') => self.value.to_lowercase(),
            None => phone::digits(&self.value),
        }
    }
}

impl Value {
    /// Reads a value as a person or a cell writes it. Empty text is no value.
    pub fn from_text(field: &Field, input: &str, habits: &Habits) -> Result<Option<Self>, ValueError> {
        let trimmed = input.trim();
        if trimmed.is_empty() {
            return Ok(None);
        }
        let value = match field.ty {
            FieldType::LongText => Value::LongText(text(input, MAX_LONG_TEXT)?),
            FieldType::Text | FieldType::Url => Value::Text(formed(field, input)?),
            FieldType::Choice => Value::Text(choice(field, &text(input, MAX_TEXT)?)?),
            FieldType::Number => Value::Number(within(field, number(trimmed)?)?),
            FieldType::Money => {
                Value::Money(Money::parse(trimmed, &habits.currency).ok_or_else(|| no_money(trimmed))?)
            }
            FieldType::Date => Value::Date(
                crate::date::parse(trimmed, habits.day_order)
                    .ok_or_else(|| ValueError::Date(shown(trimmed)))?,
            ),
            FieldType::DateTime => Value::DateTime(
                crate::date::instant(trimmed).ok_or_else(|| ValueError::DateTime(shown(trimmed)))?,
            ),
            FieldType::YesNo => Value::YesNo(yes_no(trimmed)?),
            FieldType::Link => {
                Value::Reference(trimmed.parse().map_err(|_| ValueError::Reference(shown(trimmed)))?)
            }
            FieldType::Tags => Value::Tags(tags(trimmed.split(APART))?),
            FieldType::MultiChoice => Value::Tags(choices(field, trimmed.split(APART))?),
            FieldType::Emails | FieldType::Phones => {
                let mut items = Vec::new();
                for part in phone::split(trimmed, &[',', ';']) {
                    let (label, value) = labelled(&part);
                    items.push(contact(field.ty, label, value, habits)?);
                }
                Value::contacts(items)?
            }
            FieldType::Addresses => {
                let json: Json =
                    serde_json::from_str(trimmed).unwrap_or_else(|_| json!([{ "street": trimmed }]));
                return Self::from_json(field, &json, habits);
            }
            FieldType::Lines => {
                let json: Json = serde_json::from_str(trimmed).map_err(|_| ValueError::Shape(LINES))?;
                return match json {
                    Json::Array(_) => Self::from_json(field, &json, habits),
                    _ => Err(ValueError::Shape(LINES)),
                };
            }
        };
        Ok(Some(value).filter(|v| !v.is_empty()))
    }

    /// Reads the JSON form of a value, as [`Value::to_json`] writes it.
    pub fn from_json(field: &Field, input: &Json, habits: &Habits) -> Result<Option<Self>, ValueError> {
        let value = match (field.ty, input) {
            (_, Json::Null) => return Ok(None),
            (_, Json::String(s)) => return Self::from_text(field, s, habits),
            (FieldType::Number, Json::Number(n)) => {
                Value::Number(within(field, n.as_f64().ok_or(ValueError::Shape("a number"))?)?)
            }
            (FieldType::YesNo, Json::Bool(b)) => Value::YesNo(*b),
            (FieldType::Money, Json::Object(_)) => {
                let money: Money = serde_json::from_value(input.clone())
                    .map_err(|_| ValueError::Shape(r#"{"minor":125000,"currency":"EUR"}"#))?;
                if !crate::money::is_currency(&money.currency) {
                    return Err(ValueError::Currency(shown(&money.currency)));
                }
                Value::Money(money)
            }
            (FieldType::Tags, Json::Array(list)) => {
                let texts: Option<Vec<&str>> = list.iter().map(Json::as_str).collect();
                Value::Tags(tags(texts.ok_or(ValueError::Shape("a list of texts"))?.into_iter())?)
            }
            (FieldType::MultiChoice, Json::Array(list)) => {
                let texts: Option<Vec<&str>> = list.iter().map(Json::as_str).collect();
                Value::Tags(choices(field, texts.ok_or(ValueError::Shape("a list of texts"))?.into_iter())?)
            }
            (FieldType::Emails | FieldType::Phones, Json::Array(list)) => {
                let mut items = Vec::new();
                for item in list {
                    let given: Contact = match item {
                        Json::String(value) => Contact { value: value.clone(), ..Contact::default() },
                        other => serde_json::from_value(other.clone()).map_err(|_| {
                            ValueError::Shape(r#"[{"label":"work","value":"…","primary":true}]"#)
                        })?,
                    };
                    if given.value.trim().is_empty() {
                        continue;
                    }
                    let mut read = contact(field.ty, &given.label, &given.value, habits)?;
                    read.primary = given.primary;
                    if is_item_id(&given.id) {
                        read.id = given.id;
                    }
                    items.push(read);
                }
                Value::contacts(items)?
            }
            (FieldType::Addresses, Json::Array(list)) => {
                let mut items = Vec::new();
                for item in list {
                    let given: Address = serde_json::from_value(item.clone())
                        .map_err(|_| ValueError::Shape(r#"[{"label":"work","street":"…","city":"…"}]"#))?;
                    items.push(given);
                }
                Value::addresses(items)?
            }
            (FieldType::Lines, Json::Array(list)) => {
                if list.len() > MAX_LINES {
                    return Err(ValueError::TooMany(list.len()));
                }
                // A quote is in one currency: a bare number is in that of the other lines.
                let habits = &match list.iter().find_map(currency_said) {
                    Some(currency) => Habits { currency, ..habits.clone() },
                    None => habits.clone(),
                };
                let read = |item: &Json| {
                    let item = line_input(item, habits)?;
                    serde_json::from_value::<Line>(item).map_err(|_| ValueError::Shape(LINES))
                };
                Value::lines(list.iter().map(read).collect::<Result<_, _>>()?)?
            }
            _ => return Err(ValueError::Shape("another shape for this field; see `satchel fields`")),
        };
        Ok(Some(value).filter(|v| !v.is_empty()))
    }

    /// A list of e-mails or phones: one of each value, and exactly one primary.
    pub fn contacts(items: Vec<Contact>) -> Result<Self, ValueError> {
        if items.len() > MAX_ITEMS {
            return Err(ValueError::TooMany(items.len()));
        }
        let mut out: Vec<Contact> = Vec::with_capacity(items.len());
        for item in items {
            match out.iter_mut().find(|o| o.normalised() == item.normalised() || o.id == item.id) {
                Some(same) => {
                    if same.label.is_empty() {
                        same.label = item.label;
                    }
                    same.primary |= item.primary;
                }
                None => out.push(item),
            }
        }
        let primary = out.iter().position(|i| i.primary).unwrap_or(0);
        for (at, item) in out.iter_mut().enumerate() {
            item.primary = at == primary;
        }
        out.sort_by_key(|item| !item.primary);
        Ok(Value::Contacts(out))
    }

    pub fn addresses(items: Vec<Address>) -> Result<Self, ValueError> {
        if items.len() > MAX_ITEMS {
            return Err(ValueError::TooMany(items.len()));
        }
        let mut out: Vec<Address> = Vec::new();
        for item in items {
            let mut read = Address {
                id: String::new(),
                label: text(&item.label, 100)?,
                street: clean(&item.street, true),
                city: text(&item.city, MAX_TEXT)?,
                region: text(&item.region, MAX_TEXT)?,
                postal_code: text(&item.postal_code, 100)?,
                country: text(&item.country, 200)?,
            };
            if read.street.chars().count() > MAX_TEXT {
                return Err(ValueError::TooLong { length: read.street.chars().count(), limit: MAX_TEXT });
            }
            if read.is_empty() {
                continue;
            }
            read.id = if is_item_id(&item.id) { item.id } else { item_id(&fold(&read.line())) };
            if !out.iter().any(|o| o.id == read.id) {
                out.push(read);
            }
        }
        Ok(Value::Addresses(out))
    }

    /// The lines of a quote, each with an id of its own.
    pub fn lines(items: Vec<Line>) -> Result<Self, ValueError> {
        let mut out: Vec<Line> = Vec::with_capacity(items.len());
        let mut taken = std::collections::BTreeSet::new();
        for item in items {
            let mut line = item.checked()?;
            if line.is_empty() {
                continue;
            }
            if !is_item_id(&line.id) || taken.contains(&line.id) {
                let called =
                    format!("{}\u{1f}{}", line.name, line.product.map(|p| p.to_string()).unwrap_or_default());
                let ids = (0..).map(|n: usize| item_id(&format!("{called}\u{1f}{n}")));
                line.id = ids.into_iter().find(|id| !taken.contains(id)).unwrap_or_default();
            }
            taken.insert(line.id.clone());
            out.push(line);
        }
        Ok(Value::Lines(out))
    }

    pub fn is_empty(&self) -> bool {
        match self {
            Value::Lines(list) => list.is_empty(),
            Value::Text(s) | Value::LongText(s) => s.is_empty(),
            Value::Tags(list) => list.is_empty(),
            Value::Contacts(list) => list.is_empty(),
            Value::Addresses(list) => list.is_empty(),
            _ => false,
        }
    }

    pub fn to_json(&self) -> Json {
        match self {
            Value::Text(s) | Value::LongText(s) => json!(s),
            Value::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => json!(*n as i64),
            Value::Number(n) => json!(n),
            Value::Money(m) => json!(m),
            Value::Date(d) => json!(d.to_string()),
            Value::DateTime(at) => json!(crate::date::rfc3339(*at)),
            Value::YesNo(b) => json!(b),
            Value::Tags(list) => json!(list),
            Value::Reference(id) => json!(id.to_string()),
            Value::Contacts(list) => json!(list),
            Value::Addresses(list) => json!(list),
            Value::Lines(list) => json!(list),
        }
    }

    /// In one line, for a table cell or a CSV.
    pub fn to_text(&self) -> String {
        match self {
            Value::Text(s) | Value::LongText(s) => s.clone(),
            Value::Number(_) | Value::YesNo(_) => self.to_json().to_string(),
            Value::Money(m) => m.to_string(),
            Value::Date(d) => d.to_string(),
            Value::DateTime(at) => crate::date::rfc3339(*at),
            Value::Tags(list) => list.join(", "),
            Value::Reference(id) => id.to_string(),
            Value::Contacts(list) => list.iter().map(|c| c.value.as_str()).collect::<Vec<_>>().join(", "),
            Value::Addresses(list) => list.iter().map(Address::line).collect::<Vec<_>>().join("; "),
            Value::Lines(list) => {
                let line = |l: &Line| format!("{} x {}", l.quantity.normalize(), l.name);
                list.iter().map(line).collect::<Vec<_>>().join("; ")
            }
        }
    }

    pub fn as_reference(&self) -> Option<RecordId> {
        match self {
            Value::Reference(id) => Some(*id),
            _ => None,
        }
    }

    pub fn as_text(&self) -> &str {
        match self {
            Value::Text(s) | Value::LongText(s) => s,
            _ => "",
        }
    }

    /// Lays the value out in registers under `key`.
    pub fn to_registers(&self, key: &str, out: &mut Registers) {
        let mut put = |path: String, scalar: Scalar| {
            out.insert(path, scalar);
        };
        let plain = match self {
            Value::Text(s) => Scalar::Str(s.clone()),
            Value::LongText(s) => Scalar::Text(s.clone()),
            Value::Number(n) => Scalar::Number(*n),
            Value::Money(m) => Scalar::Str(format!("{} {}", m.minor, m.currency)),
            Value::Date(d) => Scalar::Str(d.to_string()),
            Value::DateTime(at) => Scalar::Int(*at),
            Value::YesNo(b) => Scalar::Flag(*b),
            Value::Reference(id) => Scalar::Str(id.to_string()),
            Value::Tags(list) => {
                for tag in list {
                    put(format!("{key}/{}", item_id(&fold(tag))), Scalar::Str(tag.clone()));
                }
                return;
            }
            Value::Contacts(list) => {
                for (at, item) in list.iter().enumerate() {
                    let base = format!("{key}/{}", item.id);
                    put(format!("{base}/value"), Scalar::Str(item.value.clone()));
                    if !item.label.is_empty() {
                        put(format!("{base}/label"), Scalar::Str(item.label.clone()));
                    }
                    if let Some(e164) = &item.e164 {
                        put(format!("{base}/e164"), Scalar::Str(e164.clone()));
                    }
                    order(&base, at, &mut put);
                }
                return;
            }
            Value::Addresses(list) => {
                for (at, item) in list.iter().enumerate() {
                    let base = format!("{key}/{}", item.id);
                    for (part, value) in item.parts() {
                        if !value.is_empty() {
                            put(format!("{base}/{part}"), Scalar::Str(value.to_owned()));
                        }
                    }
                    order(&base, at, &mut put);
                }
                return;
            }
            Value::Lines(list) => {
                for (at, item) in list.iter().enumerate() {
                    let base = format!("{key}/{}", item.id);
                    for (part, value) in item.parts().filter(|(_, value)| !value.is_empty()) {
                        put(format!("{base}/{part}"), Scalar::Str(value));
                    }
                    order(&base, at, &mut put);
                }
                return;
            }
        };
        put(key.to_owned(), plain);
    }

    /// Reads the value of `field` back. What a newer or a broken app has written and we cannot
    /// read is no value here, but stays in the document.
    pub fn from_registers(field: &Field, registers: &Registers) -> Option<Self> {
        let of_field = || register::of_field(registers, &field.key);
        let plain = || registers.get(&field.key);
        let value = match field.ty {
            FieldType::Text | FieldType::Url => Value::Text(plain()?.as_str()?.to_owned()),
            FieldType::Choice => Value::Text(field.called_now(plain()?.as_str()?).to_owned()),
            FieldType::LongText => Value::LongText(plain()?.as_str()?.to_owned()),
            FieldType::Number => match plain()? {
                Scalar::Number(n) => Value::Number(*n),
                Scalar::Int(n) => Value::Number(*n as f64),
                _ => return None,
            },
            FieldType::Money => {
                let (minor, currency) = plain()?.as_str()?.split_once(' ')?;
                Value::Money(Money { minor: minor.parse().ok()?, currency: currency.to_owned() })
            }
            FieldType::Date => Value::Date(plain()?.as_str()?.parse().ok()?),
            FieldType::DateTime => match plain()? {
                Scalar::Int(at) => Value::DateTime(*at),
                _ => return None,
            },
            FieldType::YesNo => match plain()? {
                Scalar::Flag(b) => Value::YesNo(*b),
                _ => return None,
            },
            FieldType::Link => Value::Reference(plain()?.as_str()?.parse().ok()?),
            FieldType::Tags => {
                let mut list: Vec<String> = of_field()
                    .filter(|(sub, _)| !sub.is_empty())
                    .filter_map(|(_, s)| s.as_str())
                    .map(str::to_owned)
                    .collect();
                list.sort_by_cached_key(|tag| fold(tag));
                Value::Tags(list)
            }
            FieldType::MultiChoice => {
                let mut list: Vec<String> = of_field()
                    .filter(|(sub, _)| !sub.is_empty())
                    .filter_map(|(_, s)| Some(field.called_now(s.as_str()?).to_owned()))
                    .collect();
                list.sort_by_cached_key(|option| place_of(field, option));
                list.dedup();
                Value::Tags(list)
            }
            FieldType::Emails | FieldType::Phones => Value::Contacts(contacts_of(of_field())),
            FieldType::Addresses => Value::Addresses(addresses_of(of_field())),
            FieldType::Lines => Value::Lines(lines_of(of_field())),
        };
        Some(value).filter(|v| !v.is_empty())
    }
}

/// The position of an item, kept in steps so that most items need no register.
fn order(base: &str, at: usize, put: &mut impl FnMut(String, Scalar)) {
    if at > 0 {
        put(format!("{base}/at"), Scalar::Int(i64::try_from(at).unwrap_or(i64::MAX)));
    }
}

fn items<'a>(
    of_field: impl Iterator<Item = (&'a str, &'a Scalar)>,
) -> Vec<(i64, &'a str, BTreeMap<&'a str, &'a str>)> {
    let mut items: BTreeMap<&str, (i64, BTreeMap<&str, &str>)> = BTreeMap::new();
    for (sub, scalar) in of_field {
        let Some((id, part)) = sub.split_once('/') else { continue };
        let item = items.entry(id).or_default();
        match scalar {
            Scalar::Int(at) if part == "at" => item.0 = *at,
            Scalar::Str(s) => {
                item.1.insert(part, s);
            }
            _ => {}
        }
    }
    let mut out: Vec<_> = items.into_iter().map(|(id, (at, parts))| (at, id, parts)).collect();
    out.sort_by_key(|(at, id, _)| (*at, *id));
    out
}

fn contacts_of<'a>(of_field: impl Iterator<Item = (&'a str, &'a Scalar)>) -> Vec<Contact> {
    let mut out = Vec::new();
    for (_, id, parts) in items(of_field) {
        let Some(value) = parts.get("value") else { continue };
        let text = |key| parts.get(key).copied().unwrap_or_default().to_owned();
        out.push(Contact {
            id: id.to_owned(),
            label: text("label"),
            value: (*value).to_owned(),
            primary: out.is_empty(),
            e164: parts.get("e164").map(|s| (*s).to_owned()),
        });
    }
    out
}

fn addresses_of<'a>(of_field: impl Iterator<Item = (&'a str, &'a Scalar)>) -> Vec<Address> {
    let mut out = Vec::new();
    for (_, id, parts) in items(of_field) {
        let mut address = Address { id: id.to_owned(), ..Address::default() };
        for (part, value) in parts {
            address.set(part, value.to_owned());
        }
        if !address.is_empty() {
            out.push(address);
        }
    }
    out
}

fn lines_of<'a>(of_field: impl Iterator<Item = (&'a str, &'a Scalar)>) -> Vec<Line> {
    let mut out = Vec::new();
    for (_, id, parts) in items(of_field) {
        let mut line = Line { id: id.to_owned(), ..Line::default() };
        for (part, value) in parts {
            line.take(part, value);
        }
        // What another device writes is held to the same limits.
        out.extend(line.checked().ok().filter(|l| !l.is_empty()));
    }
    out.truncate(MAX_LINES);
    out
}

const LINES: &str =
    r#"[{"name":"…","quantity":2,"unit_price":{"minor":12000,"currency":"EUR"},"discount":0,"tax":21}]"#;

/// The currency that a line names.
fn currency_said(line: &Json) -> Option<String> {
    match line.get("unit_price")? {
        Json::String(text) => Money::parse(text, "").map(|price| price.currency),
        price => price.get("currency")?.as_str().map(str::to_owned),
    }
}

/// A line as it is given: numbers may be numbers or texts, a price `120 EUR`; without a quantity there is one of it.
fn line_input(item: &Json, habits: &Habits) -> Result<Json, ValueError> {
    let mut item = item.as_object().ok_or(ValueError::Shape(LINES))?.clone();
    item.retain(|_, value| !value.is_null());
    if let Some(Json::String(price)) = item.get("unit_price") {
        let price = price.trim();
        let read = Money::parse(price, &habits.currency);
        let read = match price.is_empty() {
            true => Json::Null,
            false => json!(read.ok_or_else(|| ValueError::Money(shown(price)))?),
        };
        item.insert("unit_price".to_owned(), read);
    }
    item.entry("quantity").or_insert(json!("1"));
    for key in ["quantity", "discount", "tax"] {
        match item.get(key) {
            Some(Json::String(text)) if text.trim().is_empty() => {
                item.remove(key);
            }
            Some(Json::String(text)) => {
                let plain = number(text)?;
                item.insert(key.to_owned(), json!(plain.to_string()));
            }
            Some(Json::Number(n)) => {
                let plain = n.to_string();
                item.insert(key.to_owned(), json!(plain));
            }
            _ => {}
        }
    }
    Ok(Json::Object(item))
}

fn is_item_id(id: &str) -> bool {
    (8..=40).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit())
}

fn contact(ty: FieldType, label: &str, value: &str, habits: &Habits) -> Result<Contact, ValueError> {
    match ty {
        FieldType::Emails => Contact::email(label, value),
        _ => Contact::phone(label, value, habits.region.as_deref()),
    }
}

/// `work:ana@x.example` has a label; `tel:+34…` and `mailto:…` are not labels.
fn labelled(part: &str) -> (&str, &str) {
    match part.split_once(':') {
        Some((label, value))
            if !label.is_empty()
                && !label.contains('@')
                && !["tel", "mailto"].iter().any(|scheme| label.eq_ignore_ascii_case(scheme)) =>
        {
            (label.trim(), value.trim())
        }
        _ => ("", part),
    }
}

fn tags<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Vec<String>, ValueError> {
    // By their folded form: the first of those that only look different stays.
    let mut out: BTreeMap<String, String> = BTreeMap::new();
    for tag in texts {
        let tag = text(tag, 100)?;
        if !tag.is_empty() {
            out.entry(fold(&tag)).or_insert(tag);
        }
    }
    match out.len() <= MAX_ITEMS {
        true => Ok(out.into_values().collect()),
        false => Err(ValueError::TooMany(out.len())),
    }
}

/// What stands between values of a list.
const APART: [char; 5] = [',', ';', '，', '；', '、'];

fn choices<'a>(field: &Field, texts: impl Iterator<Item = &'a str>) -> Result<Vec<String>, ValueError> {
    let given = tags(texts)?;
    let mut out: Vec<String> = given.iter().map(|option| choice(field, option)).collect::<Result<_, _>>()?;
    out.sort_by_cached_key(|option| place_of(field, option));
    out.dedup();
    Ok(out)
}

/// Options in their order, then what is none.
fn place_of(field: &Field, option: &str) -> (usize, String) {
    let place = field.options.iter().position(|o| o == option);
    (place.unwrap_or(field.options.len()), fold(option))
}

fn choice(field: &Field, value: &str) -> Result<String, ValueError> {
    if field.options.is_empty() {
        return Ok(value.to_owned());
    }
    // One that is offered no more may still be written again: exports have it.
    let known = |value: &str| field.options.iter().chain(&field.retired).find(|o| fold(o) == fold(value));
    let found = known(value).or_else(|| known(field.called_now(value)));
    found
        .cloned()
        .ok_or_else(|| ValueError::Choice { value: shown(value), options: field.options.join(", ") })
}

/// Why a text is no amount: it may be the currency alone.
fn no_money(input: &str) -> ValueError {
    let code: String = input.chars().filter(char::is_ascii_alphabetic).collect();
    let known = crate::money::is_currency(&code.to_ascii_uppercase());
    let rest: String = input.chars().filter(|c| !c.is_ascii_alphabetic()).collect();
    match (2..=3).contains(&code.len()) && !known && Money::parse(&rest, "EUR").is_some() {
        true => ValueError::Currency(shown(&code)),
        false => ValueError::Money(shown(input)),
    }
}

fn number(input: &str) -> Result<f64, ValueError> {
    let refuse = || ValueError::Number(shown(input));
    let plain: String = input.chars().filter(|c| !c.is_whitespace() && *c != '\'' && *c != '%').collect();
    // 1,234.5 and 1.234,5: the last mark is the decimal one, unless three digits follow a lone comma.
    let (comma, dot) = (plain.rfind(','), plain.rfind('.'));
    let normal = match (comma, dot) {
        (Some(c), Some(d)) if c > d => plain.replace('.', "").replace(',', "."),
        (Some(_), Some(_)) => plain.replace(',', ""),
        (Some(c), None) if plain.len() - c == 4 || plain.matches(',').count() > 1 => plain.replace(',', ""),
        (Some(_), None) => plain.replace(',', "."),
        _ => plain,
    };
    let parsed: f64 = normal.parse().map_err(|_| refuse())?;
    if parsed.is_finite() { Ok(parsed) } else { Err(refuse()) }
}

fn yes_no(input: &str) -> Result<bool, ValueError> {
    match input.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "on" | "x" | "ja" | "oui" | "si" | "sí" | "是" | "有" => Ok(true),
        "no" | "n" | "false" | "0" | "off" | "nein" | "non" | "否" | "无" => Ok(false),
        _ => Err(ValueError::YesNo(shown(input))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, Kind};
    use proptest::prelude::*;

    fn field(key: &str) -> Field {
        Catalogue::default().field(Kind::Person, key).expect("a declared field").clone()
    }

    #[test]
    fn a_percentage_is_between_nothing_and_all() {
        let catalogue = Catalogue::default();
        for kind in [Kind::Deal, Kind::Stage] {
            let field = catalogue.field(kind, "probability").expect("a declared field");
            let habits = Habits::default();
            for fits in ["0", "40", "100", "12,5 %"] {
                assert!(Value::from_text(field, fits, &habits).is_ok(), "{fits}");
            }
            let refused = Err(ValueError::Shape("a percentage between 0 and 100"));
            for beyond in ["-1", "100.5", "1000"] {
                assert_eq!(Value::from_text(field, beyond, &habits), refused, "{beyond}");
            }
            assert_eq!(Value::from_json(field, &serde_json::json!(101), &habits), refused);
        }
        let employees = catalogue.field(Kind::Company, "employees").expect("a declared field");
        assert!(Value::from_text(employees, "5000", &Habits::default()).is_ok(), "other numbers have no end");
    }

    #[test]
    fn the_contracts_notation_is_read() {
        let value =
            Value::from_text(&field("emails"), "work:ana@x.example,home:ana@y.example", &Habits::default());
        let Ok(Some(Value::Contacts(list))) = value else { panic!("emails: {value:?}") };
        assert_eq!(
            list.iter().map(|c| (c.label.as_str(), c.value.as_str(), c.primary)).collect::<Vec<_>>(),
            [("work", "ana@x.example", true), ("home", "ana@y.example", false)]
        );
        let tags = Value::from_text(&field("tags"), "b, a,B", &Habits::default());
        assert_eq!(tags, Ok(Some(Value::Tags(vec!["a".into(), "b".into()]))));
        let named = Contact::email("", "Ana Ruiz <ana@x.example>").map(|c| c.value);
        assert_eq!(named.as_deref(), Ok("ana@x.example"));
    }

    #[test]
    fn links_are_read_as_what_they_lead_to() {
        let email = |text: &str| Contact::email("", text).map(|c| c.value);
        for link in [
            "mailto:ana@x.example",
            "MAILTO:ana@x.example?subject=Hi&cc=b@x.example",
            "MailTo: ana@x.example",
            "mailto:mailto:ana@x.example",
            "Ana <mailto:ana@x.example>",
        ] {
            assert_eq!(email(link).as_deref(), Ok("ana@x.example"), "{link}");
        }
        let phone = |text: &str| Contact::phone("", text, None).map(|c| c.value);
        assert_eq!(phone("TEL:+34600000000;ext=12").as_deref(), Ok("+34600000000;ext=12"));
        let Ok(Some(Value::Contacts(list))) =
            Value::from_text(&field("phones"), "Tel:+34600000000", &Habits::default())
        else {
            panic!("a number")
        };
        assert_eq!(list.first().map(|c| (c.label.as_str(), c.value.as_str())), Some(("", "+34600000000")));
    }

    #[test]
    fn very_many_tags_are_refused_in_the_time_that_they_take_to_read() {
        let many: Vec<String> = (0..100_000).map(|n| format!("tag {n}")).collect();
        let started = std::time::Instant::now();
        let read = Value::from_text(&field("tags"), &many.join(","), &Habits::default());
        assert_eq!(read, Err(ValueError::TooMany(100_000)));
        assert!(started.elapsed().as_secs() < 20, "each was compared with each");
    }

    #[test]
    fn refused_values_say_what_to_write() {
        let refuse = |key: &str, text: &str| {
            Value::from_text(&field(key), text, &Habits::default()).expect_err(text).to_string()
        };
        assert_eq!(
            refuse("emails", "ana at x"),
            "«ana at x» is not an e-mail address; write name@example.com"
        );
        assert!(refuse("birthday", "soon").contains("2024-05-31"));
        assert!(refuse("phones", "none").contains("no digits"));
        assert!(refuse("first_name", &"x".repeat(3000)).contains("at most 2000"));
        assert!(refuse("company", "Acme").contains("not the id of a record"));
    }

    #[test]
    fn an_item_keeps_its_id_when_its_value_is_corrected() {
        let json = json!([{"id": "00112233aabbccdd", "label": "work", "value": "new@x.example"}]);
        let Ok(Some(Value::Contacts(list))) = Value::from_json(&field("emails"), &json, &Habits::default())
        else {
            panic!()
        };
        assert_eq!(list[0].id, "00112233aabbccdd");
    }

    #[test]
    fn control_characters_never_get_in() {
        let value = Value::from_text(&field("first_name"), "A\0n\u{7}a\nB", &Habits::default());
        assert_eq!(value, Ok(Some(Value::Text("Ana B".into()))));
    }

    proptest! {
        #[test]
        fn registers_give_back_what_was_put(first in "[a-zA-Z王伟é ]{1,20}", emails in prop::collection::vec("[a-z]{1,8}@[a-z]{1,8}\\.example", 0..4), tags in prop::collection::vec("[a-z张]{1,6}", 0..4), city in "[A-Za-z]{1,10}") {
            let catalogue = Catalogue::default();
            let habits = Habits::default();
            let given = [
                ("first_name", json!(first)), ("emails", json!(emails)), ("tags", json!(tags)),
                ("addresses", json!([{"label": "work", "city": city}])), ("birthday", json!("--02-29")),
            ];
            let mut registers = Registers::new();
            let mut want = Fields::new();
            for (key, json) in given {
                let field = catalogue.field(Kind::Person, key).unwrap();
                if let Some(value) = Value::from_json(field, &json, &habits).unwrap() {
                    value.to_registers(key, &mut registers);
                    want.insert(key.into(), value);
                }
            }
            for (key, value) in &want {
                let field = catalogue.field(Kind::Person, key).unwrap();
                let read = Value::from_registers(field, &registers);
                prop_assert_eq!(read.as_ref(), Some(value));
                // And the JSON form reads back as the same value.
                let again = Value::from_json(field, &value.to_json(), &habits).unwrap();
                prop_assert_eq!(again.as_ref(), Some(value));
            }
        }

        #[test]
        fn no_text_makes_reading_panic(input in ".*") {
            let catalogue = Catalogue::default();
            for field in catalogue.fields(Kind::Person).iter().chain(catalogue.fields(Kind::Company)) {
                let _ = Value::from_text(field, &input, &Habits::default());
            }
        }
    }
}
