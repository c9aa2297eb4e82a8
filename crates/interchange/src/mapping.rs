//! Which column becomes what. Presets are not asked for: every known program's headers are in one
//! table, and rules settle what a header alone leaves open.

use crate::{
    AddressPart, By, Column, Draft, Format, InterchangeError, Source, Target,
    aliases::{self, normal},
};
use satchel_domain::{Catalogue, Field, FieldType, Kind, date::DayOrder};
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
    /// The columns by whose names the kind was guessed.
    pub because: Vec<String>,
    /// The type of activities that do not say one.
    pub usual: &'static str,
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
    let (kind, because) = match kind.or(source.kind) {
        Some(kind) => (kind, Vec::new()),
        None => kind_of(source, &named),
    };
    let usual = usual_activity(source);
    if source.format == Format::Ics {
        let own = |column: &Column| (column.own.clone().unwrap_or(Target::Skip), How::Header);
        let targets = source.columns.iter().map(own).collect();
        return Mapping {
            kind,
            preset: None,
            targets,
            day_order: Some(DayOrder::DayFirst),
            by_row: true,
            because,
            usual,
        };
    }
    let one = |column: &Column, named: Option<Target>| {
        let own = column.own.clone().or_else(|| of_kind(&column.name, kind, catalogue));
        let named = own.or(named.map(|t| for_kind(t, kind, &column.name)));
        match named.filter(|t| fits(t, kind, catalogue)) {
            Some(target @ Target::Custom { .. }) => (target, How::Custom),
            Some(target) => (target, How::Header),
            None if is_technical(&column.name) => (Target::Skip, How::Technical),
            None => by_values(column, kind, catalogue),
        }
    };
    let mut targets: Vec<(Target, How)> = source.columns.iter().zip(named).map(|(c, n)| one(c, n)).collect();
    if source.format == Format::Vcard || source.format == Format::Json {
        // Cards say themselves where their values belong; only the rest is mapped.
        let day_order = Some(DayOrder::DayFirst);
        return Mapping { kind, preset, targets, day_order, by_row: false, because, usual };
    }
    settle(&source.columns, &mut targets, kind);
    let day_order = day_order(&source.columns, &targets, catalogue.fields(kind));
    Mapping { kind, preset, targets, day_order, by_row: false, because, usual }
}

/// What a header means in a table of this kind: a field of the user's own, then what programs call the kind's fields, then
/// what they are called here.
fn of_kind(header: &str, kind: Kind, catalogue: &Catalogue) -> Option<Target> {
    let plain = normal(header);
    let called = |f: &&Field| normal(&f.key) == plain || normal(&f.label) == plain;
    let offered = || catalogue.offered(kind);
    let built_in = offered().filter(|f| !f.custom).any(|f| called(&f));
    if let Some(own) = offered().filter(|f| f.custom && !built_in).find(called) {
        return Some(Target::Custom { label: own.label.clone(), ty: own.ty });
    }
    // As our export names the ids of what a record links to.
    if let Some(label) = header.strip_suffix(" Id")
        && let Some(link) = offered().find(|f| f.links.is_some() && f.label == label)
    {
        return Some(match link.key.as_str() {
            "company" => Target::CompanyId,
            key => Target::Link { field: key.to_owned(), by: By::Id },
        });
    }
    if matches!(kind, Kind::Person | Kind::Company) {
        return None;
    }
    aliases::of_kind(kind, header).cloned().or_else(|| offered().find(called).map(field_target))
}

/// What a column becomes that is called as a field is.
fn field_target(field: &Field) -> Target {
    match (field.ty, field.links) {
        (FieldType::Link, Some(Kind::Company)) if !field.custom => Target::CompanyName,
        (FieldType::Link, _) => Target::Link { field: field.key.clone(), by: By::Name },
        (FieldType::Emails | FieldType::Phones, _) => {
            Target::Contact { field: field.key.clone(), label: String::new() }
        }
        (FieldType::Addresses, _) => Target::Address { label: String::new(), part: AddressPart::Whole },
        _ => Target::Field(field.key.clone()),
    }
}

/// What a table of activities is of that has no column for it.
fn usual_activity(source: &Source) -> &'static str {
    let has =
        |parts: &[&str]| source.columns.iter().any(|c| parts.iter().any(|p| normal(&c.name).contains(p)));
    if has(&["visit", "拜访"]) {
        "visit"
    } else if has(&["call", "通话", "呼叫"]) {
        "call"
    } else if has(&["meeting", "event", "startdatetime", "会议"]) {
        "meeting"
    } else {
        "note"
    }
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
    let all = [Kind::Person, Kind::Company].into_iter().flat_map(|k| catalogue.fields(k));
    let found = all.into_iter().find(|f| {
        normal(&f.key) == wanted
            || normal(&f.label) == wanted
            || f.import_names.iter().any(|n| normal(n) == wanted)
    })?;
    Some(field_target(found))
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

/// People have names; a table with a company's name and none of theirs is of companies. Of other kinds it is by columns
/// that only such tables have.
fn kind_of(source: &Source, named: &[Option<Target>]) -> (Kind, Vec<String>) {
    let telling = |kind: Kind| -> Vec<String> {
        let columns = source.columns.iter().filter(|c| aliases::tells(kind, &c.name));
        columns.map(|c| c.name.clone()).collect()
    };
    let named_so = |wanted: &[&str]| -> Vec<String> {
        let columns = source.columns.iter().zip(named);
        let so =
            columns.filter(|(_, t)| t.as_ref().is_some_and(|t| wanted.contains(&t.to_string().as_str())));
        so.map(|(c, _)| c.name.clone()).collect()
    };
    let mut best = (Kind::Person, Vec::new());
    for kind in [Kind::Deal, Kind::Activity, Kind::Task, Kind::Product] {
        let columns = telling(kind);
        if columns.len() > best.1.len() {
            best = (kind, columns);
        }
    }
    let reached = named
        .iter()
        .flatten()
        .any(|t| matches!(t, Target::Contact { .. } | Target::ContactSlot { .. } | Target::Address { .. }));
    // A table of people may have a column or two of their deals.
    let people = !named_so(&["first_name", "last_name"]).is_empty() || source.format == Format::Vcard;
    let needed = if people { 4 } else { 1 + usize::from(reached) };
    if best.1.len() >= needed {
        return best;
    }
    let kind = person_or_company(source, named);
    let because = match kind {
        Kind::Company => named_so(&["company.name", "full_name"]),
        _ => named_so(&["first_name", "last_name", "full_name"]),
    };
    (kind, because)
}

fn person_or_company(source: &Source, named: &[Option<Target>]) -> Kind {
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

/// The same header means another field in a table of another kind.
fn for_kind(target: Target, kind: Kind, header: &str) -> Target {
    let of_person = |by: By| Target::Link { field: "person".into(), by };
    match kind {
        Kind::Person => target,
        Kind::Company => match target {
            Target::FullName | Target::CompanyName => Target::Field("name".into()),
            Target::CompanyWebsite => Target::Field("website".into()),
            other => match normal(header).as_str() {
                "numberofemployees" | "number of employees" | "company size" => {
                    Target::Field("employees".into())
                }
                "annualrevenue" | "annual revenue" => Target::Field("annual_revenue".into()),
                "industry" => Target::Field("industry".into()),
                _ => other,
            },
        },
        Kind::Deal | Kind::Activity | Kind::Task => match target {
            Target::FullName => of_person(By::Name),
            Target::Contact { field, .. } if field == "emails" => of_person(By::Email),
            Target::Field(key) if key == "website" => Target::CompanyWebsite,
            Target::Field(key) if key == "notes" && kind == Kind::Activity => Target::Field("text".into()),
            other => other,
        },
        _ => match target {
            Target::FullName => Target::Field("name".into()),
            other => other,
        },
    }
}

/// Whether records of a kind have what a target is.
fn fits(target: &Target, kind: Kind, catalogue: &Catalogue) -> bool {
    let field = |key: &str| catalogue.field(kind, key).filter(|f| !f.hidden && f.derived.is_none());
    match target {
        Target::Field(key) | Target::Json(key) => catalogue.field(kind, key).is_some(),
        Target::DatePart { field, .. } => catalogue.field(kind, field).is_some(),
        Target::FullName => kind == Kind::Person,
        Target::CompanyName | Target::CompanyWebsite | Target::CompanyId => {
            field("company").is_some_and(|f| f.links == Some(Kind::Company))
        }
        Target::Link { field: key, by } => {
            let to = field(key).and_then(|f| f.links);
            to.is_some() && (*by != By::Email || to == Some(Kind::Person))
        }
        Target::Currency(key) => field(key).is_some_and(|f| f.ty == FieldType::Money),
        Target::Clock(key) => field(key).is_some_and(|f| f.ty == FieldType::DateTime),
        Target::Pipeline => kind == Kind::Deal,
        Target::Status => matches!(kind, Kind::Deal | Kind::Task | Kind::Product),
        Target::Contact { field: key, .. } | Target::ContactSlot { field: key, .. } => field(key).is_some(),
        Target::Address { .. } | Target::AddressSlot { .. } => field("addresses").is_some(),
        _ => true,
    }
}

/// A column that no name explains, by what is in it.
fn by_values(column: &Column, kind: Kind, catalogue: &Catalogue) -> (Target, How) {
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
        let target = for_kind(Target::Contact { field: "emails".into(), label: String::new() }, kind, "");
        if fits(&target, kind, catalogue) {
            return (target, How::Values);
        }
    }
    if catalogue.field(kind, "phones").is_some()
        && column.name.starts_with("Column ")
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
    const NAMES: [&str; 31] = [
        "isclosed",
        "iswon",
        "ishighpriority",
        "isarchived",
        "isreminderset",
        "isrecurrence",
        "fiscal",
        "fiscalquarter",
        "fiscalyear",
        "forecastcategory",
        "forecastcategoryname",
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
                    | Target::CompanyId
                    | Target::Link { .. }
                    | Target::Currency(_)
                    | Target::Clock(_)
                    | Target::Pipeline
                    | Target::Status
            );
            // One column for what was won, another for what was lost: a deal has a value in one of them.
            if !single || slot.0 == Target::Field("closed_at".into()) {
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
fn day_order(columns: &[Column], targets: &[(Target, How)], fields: &[Field]) -> Option<DayOrder> {
    let is_date = |key: &String| {
        fields.iter().any(|f| f.key == *key && matches!(f.ty, FieldType::Date | FieldType::DateTime))
    };
    let dates =
        columns.iter().zip(targets).filter(|(_, (t, _))| matches!(t, Target::Field(key) if is_date(key)));
    for sample in dates.flat_map(|(c, _)| &c.samples) {
        let day = sample.split([' ', ',', 'T']).next().unwrap_or_default();
        let numbers: Vec<u32> = day.split(['/', '.', '-']).filter_map(|p| p.trim().parse().ok()).collect();
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
        ("Pipedrive", &["deal title", "deal stage"]),
        ("Pipedrive", &["activity subject", "activity type"]),
        ("Pipedrive", &["product name", "product product code"]),
        ("HubSpot", &["record id", "deal name", "deal stage"]),
        ("Zoho", &["record id", "deal name", "closing date"]),
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
