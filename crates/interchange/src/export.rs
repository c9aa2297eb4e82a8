//! Writing CSV and vCard that other programs read, and that reads back here as it was.

use crate::InterchangeError;
use satchel_domain::{Field, FieldType, Kind, note};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// A text that a spreadsheet would run as a formula gets a quote before it. Telephone numbers and
/// plain numbers stay as they are: nothing in them can be run.
pub fn spreadsheet_safe(value: &str) -> String {
    let number = |s: &str| {
        s.chars().all(|c| c.is_ascii_digit() || " ().-,/".contains(c))
            && s.chars().any(|c| c.is_ascii_digit())
    };
    match value.chars().next() {
        Some('+' | '-') if value.get(1..).is_some_and(number) => value.to_owned(),
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{value}"),
        _ => value.to_owned(),
    }
}

/// The columns of a CSV export: one a field, and as many slots as the record with the most needs.
pub struct CsvTable<'a> {
    fields: &'a [Field],
    slots: Vec<usize>,
}

impl<'a> CsvTable<'a> {
    pub fn new(fields: &'a [Field]) -> Self {
        Self { fields, slots: vec![0; fields.len()] }
    }

    /// Must see every record before the header is written.
    pub fn measure(&mut self, values: &Map<String, Json>) {
        for (field, slots) in self.fields.iter().zip(&mut self.slots) {
            let items = values.get(&field.key).and_then(Json::as_array).map_or(0, Vec::len);
            *slots = (*slots).max(items);
        }
    }

    pub fn header(&self) -> Vec<String> {
        let mut out = vec!["Id".to_owned()];
        for (field, slots) in self.fields.iter().zip(&self.slots) {
            match slot_name(field.ty) {
                Some(name) => {
                    for slot in 1..=*slots {
                        out.extend(parts(field.ty).iter().map(|(part, _)| format!("{name} {slot} - {part}")));
                    }
                }
                None => out.push(field.label.clone()),
            }
        }
        out.extend(self.links().map(|link| format!("{} Id", link.label)));
        out
    }

    /// What a record links to is written twice: by what it is called, and last by its id, since several may be called so.
    fn links(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.ty == FieldType::Link)
    }

    /// `titles`: what the records are called that it links to.
    pub fn cells(
        &self,
        id: &str,
        titles: &BTreeMap<String, String>,
        values: &Map<String, Json>,
    ) -> Vec<String> {
        let mut out = vec![id.to_owned()];
        for (field, slots) in self.fields.iter().zip(&self.slots) {
            let value = values.get(&field.key);
            if slot_name(field.ty).is_some() {
                let items = value.and_then(Json::as_array);
                for slot in 0..*slots {
                    let item = items.and_then(|i| i.get(slot));
                    out.extend(parts(field.ty).iter().map(|(_, key)| text(item.and_then(|i| i.get(*key)))));
                }
            } else if field.ty == FieldType::Link {
                out.push(titles.get(&field.key).cloned().unwrap_or_default());
            } else {
                out.push(text(value));
            }
        }
        out.extend(self.links().map(|link| text(values.get(&link.key))));
        out
    }
}

/// A workbook of one sheet. Its cells are typed as text, so none of them can be run.
pub struct Sheet {
    book: rust_xlsxwriter::Workbook,
    rows: u32,
}

/// Excel's own limits: a cell holds so many UTF-16 units, a sheet so many rows.
const CELL: usize = 32_767;
const ROWS: u32 = 1_048_576;
const CUT: &str = " … [cut: a cell holds 32,767 characters]";

/// What fits into a cell; where that is not all, it says so.
fn fitted(text: &str) -> std::borrow::Cow<'_, str> {
    if text.encode_utf16().count() <= CELL {
        return text.into();
    }
    let room = CELL - CUT.encode_utf16().count();
    let mut used = 0;
    let kept = text.chars().take_while(|c| {
        used += c.len_utf16();
        used <= room
    });
    (kept.collect::<String>() + CUT).into()
}

impl Sheet {
    pub fn new(name: &str, header: &[String]) -> Result<Self, InterchangeError> {
        let mut book = rust_xlsxwriter::Workbook::new();
        let bold = rust_xlsxwriter::Format::new().set_bold();
        let sheet = book.add_worksheet().set_name(name).map_err(workbook)?;
        sheet.set_freeze_panes(1, 0).map_err(workbook)?;
        for (at, name) in (0..).zip(header) {
            sheet.write_string_with_format(0, at, name, &bold).map_err(workbook)?;
            sheet.set_column_width(at, 20).map_err(workbook)?;
        }
        Ok(Self { book, rows: 1 })
    }

    pub fn row(&mut self, cells: &[String]) -> Result<(), InterchangeError> {
        let sheet = self.book.worksheet_from_index(0).map_err(workbook)?;
        for (at, cell) in (0..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(self.rows, at, fitted(cell)).map_err(workbook)?;
        }
        self.rows += 1;
        if self.rows > ROWS {
            return Err(InterchangeError::Unwritable(format!(
                "a sheet holds {ROWS} rows; export fewer, or as CSV"
            )));
        }
        Ok(())
    }

    pub fn finish(mut self) -> Result<Vec<u8>, InterchangeError> {
        self.book.save_to_buffer().map_err(workbook)
    }
}

fn workbook(error: rust_xlsxwriter::XlsxError) -> InterchangeError {
    InterchangeError::Unwritable(error.to_string())
}

pub const CALENDAR_BEGIN: &str =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Satchel//EN\r\nCALSCALE:GREGORIAN\r\n";
pub const CALENDAR_END: &str = "END:VCALENDAR\r\n";

/// A birthday as a day of every year (RFC 5545); nothing if there is none.
pub fn birthday_of(id: &str, title: &str, birthday: &str, updated_at: i64) -> Option<String> {
    let day: satchel_domain::date::PartialDate = birthday.parse().ok()?;
    // A day without a year stands in one that has a 29th of February.
    let start = format!("{:04}{:02}{:02}", day.year.unwrap_or(1972), day.month, day.day);
    let stamp: String = satchel_domain::date::rfc3339(updated_at)
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .take("20260131T120000".len())
        .collect();
    let lines = [
        "BEGIN:VEVENT".to_owned(),
        format!("UID:birthday-{id}"),
        format!("DTSTAMP:{stamp}Z"),
        format!("DTSTART;VALUE=DATE:{start}"),
        // Of other years the last day of February.
        match (day.month, day.day) {
            (2, 29) => "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1".to_owned(),
            _ => "RRULE:FREQ=YEARLY".to_owned(),
        },
        format!("SUMMARY:{} 🎂", escape(title)),
        "TRANSP:TRANSPARENT".to_owned(),
        "END:VEVENT".to_owned(),
    ];
    Some(lines.iter().map(|line| fold_line(line)).collect())
}

fn slot_name(ty: FieldType) -> Option<&'static str> {
    match ty {
        FieldType::Emails => Some("E-mail"),
        FieldType::Phones => Some("Phone"),
        FieldType::Addresses => Some("Address"),
        _ => None,
    }
}

fn parts(ty: FieldType) -> &'static [(&'static str, &'static str)] {
    match ty {
        FieldType::Addresses => &[
            ("Label", "label"),
            ("Street", "street"),
            ("City", "city"),
            ("Region", "region"),
            ("Postal Code", "postal_code"),
            ("Country", "country"),
        ],
        _ => &[("Label", "label"), ("Value", "value")],
    }
}

pub(crate) fn text(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(s)) => s.clone(),
        Some(Json::Array(list)) => list.iter().map(|v| text(Some(v))).collect::<Vec<_>>().join(", "),
        Some(other) => amount(other).unwrap_or_else(|| other.to_string()),
    }
}

/// An amount as our export writes it, if it is one.
pub(crate) fn amount(value: &Json) -> Option<String> {
    let minor = value.get("minor")?.as_i64()?;
    let currency = text(value.get("currency"));
    Some(satchel_domain::money::Money { minor, currency }.to_string())
}

/// A record as a vCard 4.0 (RFC 6350).
pub fn vcard_of(
    kind: Kind,
    id: &str,
    title: &str,
    company: &str,
    values: &Map<String, Json>,
    fields: &[Field],
) -> String {
    let get = |key: &str| values.get(key).and_then(Json::as_str).unwrap_or_default();
    let mut lines = vec!["BEGIN:VCARD".to_owned(), "VERSION:4.0".to_owned(), format!("UID:{}", escape(id))];
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            lines.push(format!("{name}:{value}"));
        }
    };
    put("FN", &escape(if title.is_empty() { "?" } else { title }));
    if kind == Kind::Person {
        let name = ["last_name", "first_name", "middle_name", "prefix", "suffix"].map(|k| escape(get(k)));
        put("N", &name.join(";"));
        let org = if get("department").is_empty() {
            escape(company)
        } else {
            format!("{};{}", escape(company), escape(get("department")))
        };
        put("ORG", org.trim_end_matches(';'));
    } else {
        put("KIND", "org");
        put("ORG", &escape(title));
    }
    for (property, key) in [("NICKNAME", "nickname"), ("TITLE", "title"), ("URL", "website")] {
        put(property, &escape(get(key)));
    }
    put("NOTE", &escape(&note::plain(get("notes"))));
    // Without a year `--0229`, else `19840229`.
    let birthday = get("birthday");
    let without_year = if birthday.starts_with("--") { "--" } else { "" };
    put("BDAY", &format!("{without_year}{}", birthday.replace('-', "")));
    let tags: Vec<String> = values
        .get("tags")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .map(escape)
        .collect();
    put("CATEGORIES", &tags.join(","));
    let items = |key: &str| values.get(key).and_then(Json::as_array).cloned().unwrap_or_default();
    for (property, key) in [("EMAIL", "emails"), ("TEL", "phones")] {
        for item in items(key) {
            let preferred = if item.get("primary") == Some(&Json::Bool(true)) { ";PREF=1" } else { "" };
            put(
                &format!("{property}{}{preferred}", types(&text(item.get("label")))),
                &escape(&text(item.get("value"))),
            );
        }
    }
    for item in items("addresses") {
        let part = |key: &str| escape(&text(item.get(key)));
        let value = format!(
            ";;{};{};{};{};{}",
            part("street"),
            part("city"),
            part("region"),
            part("postal_code"),
            part("country")
        );
        put(&format!("ADR{}", types(&text(item.get("label")))), &value);
    }
    const STANDARD: [&str; 17] = [
        "prefix",
        "first_name",
        "middle_name",
        "last_name",
        "suffix",
        "nickname",
        "name",
        "title",
        "department",
        "company",
        "emails",
        "phones",
        "addresses",
        "website",
        "birthday",
        "notes",
        "tags",
    ];
    for field in fields.iter().filter(|f| !STANDARD.contains(&f.key.as_str())) {
        put(
            &format!("X-SATCHEL-{}", field.key.trim_start_matches("x_").replace('_', "-").to_uppercase()),
            &escape(&text(values.get(&field.key))),
        );
    }
    lines.push("END:VCARD".to_owned());
    lines.iter().map(|line| fold_line(line)).collect()
}

fn types(label: &str) -> String {
    match label {
        "" => String::new(),
        "mobile" => ";TYPE=cell".into(),
        "work_fax" => ";TYPE=\"work,fax\"".into(),
        "home_fax" => ";TYPE=\"home,fax\"".into(),
        other => {
            let plain: String = other.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect();
            if plain.is_empty() { String::new() } else { format!(";TYPE={plain}") }
        }
    }
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// Lines of at most 75 bytes, never cut inside a character (RFC 6350, 3.2).
pub(crate) fn fold_line(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > 75 {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(c);
        width += c.len_utf8();
    }
    out.push_str("\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_made_harmless_and_numbers_left_alone() {
        for formula in
            ["=1+1", "@SUM(A1)", "+1+cmd|' /C calc'!A0", "-2+3+cmd", "=HYPERLINK(\"http://x\")", "\tx"]
        {
            assert_eq!(spreadsheet_safe(formula), format!("'{formula}"));
        }
        for plain in ["+34 600 000 000", "-12.50", "Ana", "", "+44 (0)20-7946"] {
            assert_eq!(spreadsheet_safe(plain), plain);
        }
    }

    #[test]
    fn what_a_cell_cannot_hold_is_cut_and_said() {
        let text = format!("😀{}", "王".repeat(40_000));
        let cut = fitted(&text);
        assert_eq!(cut.encode_utf16().count(), CELL);
        assert!(cut.ends_with(CUT));
        assert_eq!(fitted("short"), "short");
        let mut sheet = Sheet::new("person", &["Notes".to_owned()]).expect("made");
        sheet.row(&[text]).expect("written");
        assert!(sheet.finish().is_ok());
    }

    #[test]
    fn long_lines_are_folded_between_characters() {
        let line = format!("NOTE:{}", "王".repeat(60));
        let folded = fold_line(&line);
        assert!(folded.split("\r\n").all(|l| l.len() <= 75));
        assert_eq!(folded.replace("\r\n ", "").trim_end(), line);
    }
}
