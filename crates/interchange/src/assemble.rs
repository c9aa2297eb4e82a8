//! A row with its mapping becomes checked fields. What cannot be read is named, and kept in the notes.

use crate::{AddressPart, By, Column, DatePart, Draft, Mapping, Target, moment, words};
use jiff::tz::TimeZone;
use satchel_domain::{
    Catalogue, Field, FieldType, Fields, Kind, Value, money, name, phone,
    value::{Address, Contact, Habits, MAX_LONG_TEXT, MAX_TEXT, ValueError, clean},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is wrong with a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub column: String,
    pub value: String,
    pub message: String,
}

/// The company that a person's row names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompanyDraft {
    pub name: String,
    pub website: String,
}

/// A record that a row refers to, by whatever the file says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The first column that says it.
    pub column: String,
    pub name: String,
    pub email: String,
    pub id: String,
}

/// A row, ready to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assembled {
    pub fields: Fields,
    /// What its links lead to, by their fields; of companies see the next ones.
    pub links: BTreeMap<String, Named>,
    pub pipeline: String,
    /// Whether it is won, lost or done, in the words of the file; and its column.
    pub status: Option<(String, String)>,
    /// Why no record can be made of it.
    pub refused: Option<String>,
    pub company: Option<CompanyDraft>,
    /// The column that names the company by another program's id, and the id.
    pub company_id: Option<(String, String)>,
    /// The column that names the company.
    pub company_column: String,
    pub external_id: Option<String>,
    /// Who takes part in a meeting, as the file names them.
    pub attendees: Vec<String>,
    pub problems: Vec<Problem>,
}

impl Assembled {
    /// Keeps what has no place of its own in the notes.
    pub fn note(&mut self, kind: Kind, catalogue: &Catalogue, line: &str) {
        let Some(key) = long_text(kind, catalogue) else { return };
        let there = self.fields.get(key).map_or(String::new(), |text| format!("{}\n", text.as_text()));
        let whole: String = format!("{there}{line}").chars().take(MAX_LONG_TEXT).collect();
        self.fields.insert(key.to_owned(), Value::LongText(whole));
    }

    /// Names what leads nowhere, and keeps it.
    pub fn leads_nowhere(&mut self, kind: Kind, catalogue: &Catalogue, column: &str, value: &str, why: &str) {
        self.problems.push(Problem {
            column: column.to_owned(),
            value: value.chars().take(200).collect(),
            message: format!("{why}; the value was put into the notes"),
        });
        self.note(kind, catalogue, &format!("{column}: {value}"));
    }
}

/// Where records of a kind keep what has no place of its own.
fn long_text(kind: Kind, catalogue: &Catalogue) -> Option<&'static str> {
    ["notes", "text"].into_iter().find(|key| catalogue.field(kind, key).is_some())
}

struct Building<'a> {
    kind: Kind,
    catalogue: &'a Catalogue,
    habits: &'a Habits,
    out: Assembled,
    full_name: String,
    contacts: BTreeMap<&'static str, Vec<(String, String, &'a str)>>,
    slots: BTreeMap<(&'static str, u8), (String, String, &'a str)>,
    addresses: BTreeMap<String, Vec<(AddressPart, String)>>,
    dates: BTreeMap<String, [String; 3]>,
    /// Moments, their times of day, amounts and their currencies: each with its column.
    moments: BTreeMap<String, (&'a str, String)>,
    clocks: BTreeMap<String, (&'a str, String)>,
    amounts: BTreeMap<String, (&'a str, String)>,
    currencies: BTreeMap<String, (&'a str, String)>,
    left_over: Vec<(String, String)>,
}

pub fn assemble(
    draft: &Draft,
    columns: &[Column],
    mapping: &Mapping,
    catalogue: &Catalogue,
    habits: &Habits,
) -> Assembled {
    let mut b = Building {
        kind: mapping.kind_of(draft),
        catalogue,
        habits,
        out: Assembled { problems: draft.notes.clone(), ..Assembled::default() },
        full_name: String::new(),
        contacts: BTreeMap::new(),
        slots: BTreeMap::new(),
        addresses: BTreeMap::new(),
        dates: BTreeMap::new(),
        moments: BTreeMap::new(),
        clocks: BTreeMap::new(),
        amounts: BTreeMap::new(),
        currencies: BTreeMap::new(),
        left_over: Vec::new(),
    };
    for cell in &draft.cells {
        let column = columns.get(cell.column).map_or("", |c| c.name.as_str());
        let mapped = mapping.targets.get(cell.column);
        let target = match (mapped, &cell.target) {
            (Some((chosen, crate::mapping::How::Chosen)), _) => chosen,
            (_, Some(own)) => own,
            (Some((guessed, _)), None) => guessed,
            (None, None) => &Target::Skip,
        };
        b.place(column, target, &cell.value);
    }
    b.finish()
}

impl<'a> Building<'a> {
    fn place(&mut self, column: &'a str, target: &Target, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        let line = |limit: usize| clean(value, false).chars().take(limit).collect::<String>();
        match target {
            Target::Skip => {}
            Target::Field(key) => self.field(column, key, value),
            Target::Json(key) => self.json(column, key, value),
            Target::Custom { label, .. } => {
                let key = self.catalogue.key_of(self.kind, label);
                // What is calculated there is calculated here.
                if self.catalogue.field(self.kind, &key).is_none_or(|f| f.derived.is_none()) {
                    self.field(column, &key, value);
                }
            }
            Target::FullName => {
                let whole = line(usize::MAX);
                self.once(column, whole, |b| &mut b.full_name);
            }
            Target::Contact { field, label } => {
                self.contacts.entry(list(field)).or_default().push((label.clone(), value.to_owned(), column))
            }
            Target::ContactSlot { field, slot, is_label } => {
                let entry = self.slots.entry((list(field), *slot)).or_default();
                entry.2 = column;
                if *is_label {
                    entry.0 = value.trim_start_matches("* ").to_lowercase();
                } else if entry.1.is_empty() || entry.1 == value {
                    entry.1 = value.to_owned();
                } else {
                    self.contacts.entry(list(field)).or_default().push((
                        String::new(),
                        value.to_owned(),
                        column,
                    ));
                }
            }
            Target::Address { label, part } => self.address(column, label.clone(), *part, value),
            Target::AddressSlot { slot, part } => self.address(column, format!("#{slot}"), *part, value),
            Target::DatePart { field, part } => {
                let at = match part {
                    DatePart::Year => 0,
                    DatePart::Month => 1,
                    DatePart::Day => 2,
                };
                if let Some(slot) = self.dates.entry(field.clone()).or_default().get_mut(at) {
                    value.clone_into(slot);
                }
            }
            Target::Link { field, by } => self.link(column, field, *by, line(MAX_TEXT)),
            Target::Currency(field) => self.second(column, field, value, |b| &mut b.currencies),
            Target::Clock(field) => self.second(column, field, value, |b| &mut b.clocks),
            Target::Pipeline => self.once(column, line(MAX_TEXT), |b| &mut b.out.pipeline),
            Target::Status => self.status(column, value),
            Target::CompanyName => {
                if self.out.company_column.is_empty() {
                    column.clone_into(&mut self.out.company_column);
                }
                self.once(column, line(MAX_TEXT), |b| &mut b.out.company.get_or_insert_default().name);
            }
            Target::CompanyWebsite => {
                if self.out.company_column.is_empty() {
                    column.clone_into(&mut self.out.company_column);
                }
                self.once(column, line(MAX_TEXT), |b| &mut b.out.company.get_or_insert_default().website);
            }
            Target::Attendee => self.out.attendees.push(line(MAX_TEXT)),
            Target::CompanyId => self.out.company_id = Some((column.to_owned(), line(MAX_TEXT))),
            Target::ExternalId => {
                self.once(column, line(MAX_TEXT), |b| b.out.external_id.get_or_insert_default());
            }
        }
    }

    /// Fills what can be filled once; a second, different value is kept in the notes.
    fn once(&mut self, column: &str, value: String, slot: impl Fn(&mut Self) -> &mut String) {
        let there = slot(self);
        if there.is_empty() {
            *there = value;
        } else if *there != value {
            self.left_over.push((column.to_owned(), value));
        }
    }

    /// The same for what is read when all columns are known.
    fn second(
        &mut self,
        column: &'a str,
        key: &str,
        value: &str,
        map: impl Fn(&mut Self) -> &mut BTreeMap<String, (&'a str, String)>,
    ) {
        match map(self).get(key) {
            None => {
                map(self).insert(key.to_owned(), (column, value.to_owned()));
            }
            Some((_, there)) if there == value => {}
            Some(_) => self.left_over.push((column.to_owned(), value.to_owned())),
        }
    }

    fn link(&mut self, column: &str, key: &str, by: By, value: String) {
        let there = self.out.links.entry(key.to_owned()).or_default();
        if there.column.is_empty() {
            column.clone_into(&mut there.column);
        }
        self.once(column, value, |b| {
            let there = b.out.links.entry(key.to_owned()).or_default();
            match by {
                By::Name => &mut there.name,
                By::Email => &mut there.email,
                By::Id => &mut there.id,
            }
        });
    }

    fn status(&mut self, column: &str, value: &str) {
        match self.kind {
            Kind::Product => match words::on_sale(value) {
                Some(true) => {}
                Some(false) => {
                    self.out.fields.insert("retired".into(), Value::YesNo(true));
                }
                None => self.left_over.push((column.to_owned(), value.to_owned())),
            },
            _ if self.out.status.is_none() => {
                self.out.status = Some((column.to_owned(), clean(value, false)));
            }
            _ => self.left_over.push((column.to_owned(), value.to_owned())),
        }
    }

    fn address(&mut self, column: &str, label: String, part: AddressPart, value: &str) {
        let parts = self.addresses.entry(label).or_default();
        match parts.iter().find(|(p, _)| *p == part) {
            Some((_, there)) if there == value => {}
            Some(_) => self.left_over.push((column.to_owned(), value.to_owned())),
            None => parts.push((part, value.to_owned())),
        }
    }

    fn field(&mut self, column: &'a str, key: &str, value: &str) {
        let Some(field) = self.catalogue.field(self.kind, key) else {
            self.left_over.push((column.to_owned(), value.to_owned()));
            return;
        };
        match (field.ty, key) {
            (FieldType::Link, _) => {
                self.link(column, key, By::Name, clean(value, false).chars().take(MAX_TEXT).collect());
            }
            (FieldType::Money, _) if self.kind != Kind::Quote => {
                self.second(column, key, value, |b| &mut b.amounts);
            }
            (FieldType::DateTime, "done_at") if words::done(value).is_some() => self.status(column, value),
            (FieldType::DateTime, _) => self.second(column, key, value, |b| &mut b.moments),
            (FieldType::Choice, "type" | "direction") if !field.custom => {
                let known = field.options.iter().any(|option| option == value);
                let word = match key {
                    "type" => words::activity(value),
                    _ => words::direction(value),
                };
                match word.filter(|_| !known) {
                    Some(word) => self.plain(column, key, word),
                    None => self.plain(column, key, value),
                }
            }
            (_, "minutes") if !field.custom => {
                let header = column.to_lowercase();
                let in_seconds = header.contains("second") || header.contains('秒');
                match moment::minutes(value, in_seconds) {
                    Some(minutes) => self.keep(column, key, Value::Number(minutes), value),
                    None => self.plain(column, key, value),
                }
            }
            (_, "due_time") if !field.custom => match moment::clock(value) {
                Some(time) => {
                    self.plain(column, key, &format!("{:02}:{:02}", time.hour(), time.minute()));
                }
                None => self.plain(column, key, value),
            },
            (FieldType::Date, "due") => {
                let (day, time) = moment::apart(value);
                self.plain(column, key, &day);
                // A day that stands as its midnight has no hour.
                let time =
                    time.and_then(|time| moment::clock(&time)).filter(|t| (t.hour(), t.minute()) != (0, 0));
                if let Some(time) = time.filter(|_| !self.out.fields.contains_key("due_time")) {
                    self.plain(column, "due_time", &format!("{:02}:{:02}", time.hour(), time.minute()));
                }
            }
            _ => self.plain(column, key, value),
        }
    }

    fn plain(&mut self, column: &str, key: &str, value: &str) {
        self.read(column, key, value, |field, habits| {
            // Tags are separated as other programs do: ` ::: ` (Google), `;`, `,`.
            let separated =
                (field.ty == FieldType::Tags).then(|| value.replace(":::", ",").replace("* ", ""));
            Value::from_text(field, separated.as_deref().unwrap_or(value), habits)
        });
    }

    fn json(&mut self, column: &str, key: &str, value: &str) {
        let linked = self.catalogue.field(self.kind, key).is_some_and(|f| f.ty == FieldType::Link);
        if let (true, Ok(id)) = (linked, serde_json::from_str::<String>(value)) {
            return self.link(column, key, By::Id, id);
        }
        self.read(column, key, value, |field, habits| match serde_json::from_str(value) {
            Ok(json) => Value::from_json(field, &json, habits),
            Err(_) => Value::from_text(field, value, habits),
        });
    }

    fn read(
        &mut self,
        column: &str,
        key: &str,
        value: &str,
        read: impl Fn(&Field, &Habits) -> Result<Option<Value>, ValueError>,
    ) {
        let Some(field) = self.catalogue.field(self.kind, key) else {
            self.left_over.push((column.to_owned(), value.to_owned()));
            return;
        };
        match read(field, self.habits) {
            // A day of any year is one only of birthdays.
            Ok(Some(Value::Date(day))) if day.year.is_none() && !field.yearly() && !field.custom => {
                self.problem(column, value, &ValueError::Date(quoted(value)).to_string());
            }
            Ok(Some(read)) => self.keep(column, key, read, value),
            Ok(None) => {}
            Err(e) => self.problem(column, value, &e.to_string()),
        }
    }

    /// Two columns for one field: texts and tags are joined, of others the second goes to the notes.
    fn keep(&mut self, column: &str, key: &str, read: Value, value: &str) {
        let joined = match (self.out.fields.get(key), read) {
            (None, read) => read,
            (Some(there), read) if *there == read => read,
            (Some(Value::LongText(there)), Value::LongText(more)) => {
                Value::LongText(format!("{there}\n{more}"))
            }
            (Some(Value::Tags(there)), Value::Tags(more)) => {
                let new = more.into_iter().filter(|t| !there.contains(t));
                Value::Tags(there.iter().cloned().chain(new).collect())
            }
            (Some(_), _) => {
                self.left_over.push((column.to_owned(), value.to_owned()));
                return;
            }
        };
        self.out.fields.insert(key.to_owned(), joined);
    }

    /// The value stays with the record, in its notes, so that nothing is lost.
    fn problem(&mut self, column: &str, value: &str, message: &str) {
        self.out.problems.push(Problem {
            column: column.to_owned(),
            value: value.chars().take(200).collect(),
            message: format!("{message}; the value was put into the notes"),
        });
        self.left_over.push((column.to_owned(), value.to_owned()));
    }

    fn finish(mut self) -> Assembled {
        self.names();
        for ((list, _), (label, value, column)) in std::mem::take(&mut self.slots) {
            self.contacts.entry(list).or_default().push((label, value, column));
        }
        self.contacts();
        self.addresses();
        self.moments();
        self.amounts();
        for (key, [year, month, day]) in std::mem::take(&mut self.dates) {
            let two = |s: &str| format!("{s:0>2}");
            let text = match year.as_str() {
                "" | "0" => format!("--{}-{}", two(&month), two(&day)),
                year => format!("{year}-{}-{}", two(&month), two(&day)),
            };
            if !month.is_empty() && !day.is_empty() {
                self.plain(&key, &key, &text);
            } else {
                let known = [year, month, day].into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>();
                self.left_over.push((key, known.join("-")));
            }
        }
        if self
            .out
            .company
            .as_ref()
            .is_some_and(|c| c.name.is_empty() && (self.kind == Kind::Person || c.website.is_empty()))
        {
            self.out.company = None;
        }
        if self.kind == Kind::Company
            && let Some(company) = self.out.company.take()
        {
            // A company's card names it as an organisation.
            self.plain("name", "name", &company.name);
            self.plain("website", "website", &company.website);
        }
        self.keep_left_over();
        self.out
    }

    /// A moment, with its time of day where that is in a column of its own.
    fn moments(&mut self) {
        let mut clocks = std::mem::take(&mut self.clocks);
        for (key, (column, day)) in std::mem::take(&mut self.moments) {
            let whole = match clocks.remove(&key) {
                Some((_, time)) if !day.contains(':') => format!("{day} {time}"),
                _ => day.clone(),
            };
            self.moment(column, &key, &whole);
        }
        // What is called a time may be all of it.
        for (key, (column, whole)) in clocks {
            self.moment(column, &key, &whole);
        }
    }

    fn moment(&mut self, column: &str, key: &str, text: &str) {
        let Some(field) = self.catalogue.field(self.kind, key) else { return };
        // A day in a field of the user's own is its midnight, as everywhere.
        let own = field.custom.then(|| Value::from_text(field, text, self.habits).ok().flatten()).flatten();
        let read = || moment::read(text, self.habits.day_order, &TimeZone::system()).map(Value::DateTime);
        match own.or_else(read) {
            Some(value) => self.keep(column, key, value, text),
            None => {
                let why = ValueError::DateTime(quoted(text));
                self.problem(column, text, &why.to_string());
            }
        }
    }

    /// An amount, in the currency that its column, its row or the workspace says.
    fn amounts(&mut self) {
        let currencies = std::mem::take(&mut self.currencies);
        for (key, (column, text)) in std::mem::take(&mut self.amounts) {
            let Some(field) = self.catalogue.field(self.kind, &key) else { continue };
            let said = currencies.get(&key).map(|(_, said)| said.as_str());
            let currency = match said.map(|said| money::named(said, &self.habits.currency)) {
                Some(Some(currency)) => currency,
                Some(None) => {
                    self.out.refused = Some(no_currency(said.unwrap_or_default()));
                    continue;
                }
                None => self.habits.currency.clone(),
            };
            // The sign of dollars or crowns says less than the column does.
            let digits: String =
                text.chars().filter(|c| !c.is_alphabetic() && !"€$£¥￥₹₩₽".contains(*c)).collect();
            let own: String =
                text.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_uppercase();
            if let Some(said) = said
                && money::is_currency(&own)
                && own != currency
            {
                self.out.refused =
                    Some(format!("the amount is in «{own}», and its currency is said to be «{said}»"));
                continue;
            }
            let habits = Habits { currency, ..self.habits.clone() };
            let plain = if said.is_some() { digits.as_str() } else { text.as_str() };
            match Value::from_text(field, plain, &habits) {
                Ok(Some(value)) => self.keep(column, &key, value, &text),
                Ok(None) => {}
                Err(ValueError::Currency(code)) if !field.custom => {
                    self.out.refused = Some(no_currency(&code))
                }
                Err(e) => self.problem(column, &text, &e.to_string()),
            }
        }
    }

    /// A whole name is used only where its parts are not known.
    fn names(&mut self) {
        let full = std::mem::take(&mut self.full_name);
        if full.is_empty() {
            return;
        }
        if Contact::email("", &full).is_ok() && self.catalogue.field(self.kind, "emails").is_some() {
            // Who has no name is called by an address; that is no name.
            self.contacts.entry("emails").or_default().push((String::new(), full, "name"));
            return;
        }
        let fields = &mut self.out.fields;
        if self.kind == Kind::Company {
            fields.entry("name".into()).or_insert(Value::Text(full));
        } else if !fields.contains_key("first_name") && !fields.contains_key("last_name") {
            let (first, last) = name::split(&full);
            for (key, part) in [("first_name", first), ("last_name", last)] {
                if !part.is_empty() {
                    fields.insert(key.to_owned(), Value::Text(part));
                }
            }
        }
    }

    fn contacts(&mut self) {
        for (list, items) in std::mem::take(&mut self.contacts) {
            if self.catalogue.field(self.kind, list).is_none() {
                continue;
            }
            let mut read: Vec<Contact> = Vec::new();
            for (label, value, column) in items {
                // Google writes several in one cell: `a@x ::: b@x`.
                for part in &split_values(&value, list) {
                    let item = match list {
                        "phones" => Contact::phone(&label, part, self.habits.region.as_deref()),
                        _ => Contact::email(&label, part),
                    };
                    match item {
                        Ok(item) => read.push(item),
                        Err(e) => self.problem(column, part, &e.to_string()),
                    }
                }
            }
            self.items(list, Value::contacts(read));
        }
    }

    fn addresses(&mut self) {
        let mut list: Vec<Address> = Vec::new();
        for (label, parts) in std::mem::take(&mut self.addresses) {
            let read = address(label, &parts);
            match Value::addresses(vec![read.clone()]) {
                Ok(_) => list.push(read),
                Err(e) => self.problem("addresses", &read.line(), &e.to_string()),
            }
        }
        if !list.is_empty() && self.catalogue.field(self.kind, "addresses").is_some() {
            self.items("addresses", Value::addresses(list));
        }
    }

    fn items(&mut self, key: &str, value: Result<Value, ValueError>) {
        match value {
            Ok(value) if !value.is_empty() => {
                self.out.fields.insert(key.to_owned(), value);
            }
            Ok(_) => {}
            Err(e) => self.out.problems.push(Problem {
                column: key.to_owned(),
                value: String::new(),
                message: e.to_string(),
            }),
        }
    }

    fn keep_left_over(&mut self) {
        let Some(key) = long_text(self.kind, self.catalogue).filter(|_| !self.left_over.is_empty()) else {
            return;
        };
        let mut notes = self.out.fields.get(key).map_or(String::new(), |v| v.as_text().to_owned());
        for (column, value) in &self.left_over {
            if !notes.is_empty() {
                notes.push('\n');
            }
            notes.push_str(&format!("{column}: {}", clean(value, true)));
        }
        let length = notes.chars().count();
        if length > MAX_LONG_TEXT {
            notes = notes.chars().take(MAX_LONG_TEXT).collect();
            self.out.problems.push(Problem {
                column: key.into(),
                value: String::new(),
                message: format!(
                    "the notes would be {length} characters long; the last {} are not imported",
                    length - MAX_LONG_TEXT
                ),
            });
        }
        self.out.fields.insert(key.into(), Value::LongText(notes));
    }
}

/// A value as it stands in words about it.
fn quoted(value: &str) -> String {
    format!("«{}»", value.chars().take(60).collect::<String>())
}

fn no_currency(said: &str) -> String {
    let said = said.trim_matches(['«', '»']);
    format!(
        "«{}» is no currency; write a code such as EUR, USD or CNY",
        said.chars().take(20).collect::<String>()
    )
}

fn address(label: String, parts: &[(AddressPart, String)]) -> Address {
    let mut address =
        Address { label: if label.starts_with('#') { String::new() } else { label }, ..Address::default() };
    let get = |wanted: AddressPart| parts.iter().find(|(p, _)| *p == wanted).map(|(_, v)| v.as_str());
    let street = [AddressPart::Street, AddressPart::Street2, AddressPart::Street3, AddressPart::PoBox];
    let lines: Vec<&str> = street.into_iter().filter_map(get).collect();
    address.street = lines.join("\n");
    let plain = [
        ("city", AddressPart::City),
        ("region", AddressPart::Region),
        ("postal_code", AddressPart::PostalCode),
        ("country", AddressPart::Country),
    ];
    for (name, part) in plain {
        address.set(name, get(part).unwrap_or_default().to_owned());
    }
    if let Some(label) = get(AddressPart::Label) {
        address.label = label.trim_start_matches("* ").to_lowercase();
    }
    let empty = address.street.is_empty()
        && address.city.is_empty()
        && address.postal_code.is_empty()
        && address.country.is_empty();
    if let Some(whole) = get(AddressPart::Whole).filter(|_| empty) {
        address.street = whole.to_owned();
    }
    address
}

fn list(field: &str) -> &'static str {
    if field == "phones" { "phones" } else { "emails" }
}

fn split_values(value: &str, list: &str) -> Vec<String> {
    let owned = |parts: std::str::Split<'_, &str>| -> Vec<String> {
        parts.map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect()
    };
    if value.contains(":::") {
        return owned(value.split(":::"));
    }
    if list != "emails" {
        return phone::split(value, &[';']);
    }
    let one = |c: char| c == ';' || c == ',' || c.is_whitespace() && !value.contains('<');
    let parts: Vec<String> =
        value.split(one).map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect();
    // «ana at x» is one bad value, not three.
    if parts.iter().all(|p| p.contains('@')) { parts } else { vec![value.trim().to_owned()] }
}
