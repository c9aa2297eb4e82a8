//! Files of other programs, in and out: CSV, vCard, iCalendar, JSON. A file is opened twice: once to learn its
//! shape (encoding, delimiter, header, columns), once to read its rows with a mapping that a
//! person may have corrected. Nothing of a row is dropped without being named.

mod aliases;
mod assemble;
mod csv;
mod draft;
mod encoding;
mod events;
mod export;
mod ics;
mod input;
mod json;
mod letter;
mod lines;
mod mapping;
mod moment;
mod recurrence;
mod sheet;
mod target;
mod vcard;
mod words;
mod zones;

pub use assemble::{Assembled, CompanyDraft, Named, Problem, assemble};
pub use draft::{EnclosedFile, LetterDraft};
pub use events::{Again, Listed, event_of, todo_of, zone_of_event};
pub use export::{CALENDAR_BEGIN, CALENDAR_END, CsvTable, Sheet, birthday_of, spreadsheet_safe, vcard_of};
pub use letter::{Correspondent, Letter, read_letter};
pub use mapping::{How, Mapping, guess};
pub use target::{AddressPart, By, DatePart, Target};
pub use words::{Outcome, done, outcome};

use input::Input;
use satchel_domain::Kind;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Csv,
    Xlsx,
    Vcard,
    Json,
    Ics,
}

impl Format {
    /// Rows and columns, of which only names say what they mean.
    pub const fn is_table(self) -> bool {
        matches!(self, Format::Csv | Format::Xlsx)
    }

    /// Its name in answers, and in the ids that records of such a file get.
    pub const fn key(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Vcard => "vcard",
            Format::Json => "json",
            Format::Ics => "ics",
        }
    }
}

/// Limits for files from outside; what is over them is refused or rejected, never half-read.
pub mod limits {
    pub const COLUMNS: usize = 1000;
    /// One physical line, and one CSV record.
    pub const RECORD_BYTES: usize = 1 << 20;
    /// One card, photographs included, or one event.
    pub const CARD_BYTES: usize = 16 << 20;
    pub const CARD_DEPTH: usize = 8;
    pub const CARD_PROPERTIES: usize = 2000;
    /// Meetings of one calendar that come again, and changed times of them: those are held in memory.
    pub const TIMES: usize = 200_000;
    /// Lines of a card that can be properties; a long text of an old phone is broken into some that look like them.
    pub const CARD_LINES: usize = 50_000;
    pub const JSON_BYTES: u64 = 512 << 20;
    /// What its values take in the memory, about: a million records of usual size fit.
    pub const JSON_MEMORY: u64 = 2 << 30;
    /// As it lies on the disk; unpacked it may be four times as large.
    pub const WORKBOOK_BYTES: u64 = 128 << 20;
    /// Elements of a workbook's parts beside its sheets: the texts of its cells, above all, are kept in the memory.
    pub const WORKBOOK_ELEMENTS: u64 = 16 << 20;
    /// What is read of a workbook's sheets, were all as large as the largest.
    pub const SHEETS_BYTES: u64 = 8 << 30;
    /// A saved letter with what it encloses: servers take less.
    pub const LETTER_BYTES: u64 = 64 << 20;
    pub const LETTER_HEADER: usize = 1 << 20;
    pub const LETTER_PARTS: usize = 2000;
    pub const LETTER_PEOPLE: usize = 500;
    pub const LETTER_FILES: usize = 100;
    /// Characters of a letter that are kept.
    pub const LETTER_TEXT: usize = 100_000;
}

#[derive(Debug, thiserror::Error)]
pub enum InterchangeError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{0} is empty; there is nothing to import")]
    Empty(String),
    #[error("{0} is no ordinary file; copy what is to be imported into a file first")]
    NotAFile(String),
    #[error("{0} is not a text file (it holds binary data); save it as .xlsx, CSV or vCard and import that")]
    Binary(String),
    #[error(
        "{0} is a web page or an XML file, not a table (some programs name such files .xls, and a download can end at a sign-in page); export it as CSV or vCard"
    )]
    WebPage(String),
    #[error("{path} has {found} columns; at most {} are read. Export fewer columns", limits::COLUMNS)]
    TooManyColumns { path: String, found: usize },
    #[error("{path} is no JSON that can be imported: {why}")]
    Json { path: String, why: String },
    #[error("{path} cannot be read as an Excel workbook: {why}")]
    Workbook { path: String, why: String },
    #[error("{path} cannot be read as a letter: {why}")]
    Letter { path: String, why: String },
    #[error("the workbook cannot be written: {0}")]
    Unwritable(String),
    #[error("{0} holds no contact card; a vCard file has lines BEGIN:VCARD and END:VCARD")]
    NoCards(String),
    #[error("{0} holds no event and no to-do; a calendar file has lines BEGIN:VEVENT or BEGIN:VTODO")]
    NoEvents(String),
    #[error(
        "{path} has more than {most} meetings that come again and changed times of them; export fewer at once"
    )]
    TooManyTimes { path: String, most: usize },
    #[error("the mapping names the column «{0}», which the file does not have")]
    BadColumn(String),
    #[error(
        "the mapping names «{0}», which is no target; targets are fields (`first_name`), parts (`emails.work`, `addresses.home.city`), what it is about (`company.name`, `person.email`, `deal.name`), `value.currency`, `pipeline`, `status`, `external_id`, `custom.Label` and `skip`"
    )]
    BadTarget(String),
}

/// One column of a file, as far as it is known before reading it through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// The first few different values.
    pub samples: Vec<String>,
    /// Rows that have a value here.
    pub filled: u64,
    /// Where the format itself says that the column goes.
    pub own: Option<Target>,
}

/// A file whose shape is known.
#[derive(Clone, Debug)]
pub struct Source {
    input: Input,
    pub format: Format,
    pub encoding: String,
    /// CSV only.
    pub delimiter: Option<char>,
    pub rows: u64,
    pub columns: Vec<Column>,
    /// The program that says that it wrote the file.
    pub made_by: Option<&'static str>,
    /// Where the file itself says what its records are: all of them the same.
    pub kind: Option<Kind>,
    /// Sheets of a workbook that hold something and are not read.
    pub left_out: Vec<String>,
    shape: Shape,
}

#[derive(Clone, Debug)]
enum Shape {
    Csv(csv::Dialect),
    Vcard,
    Json,
    Ics(ics::Here),
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Into [`Source::columns`].
    pub column: usize,
    /// Where the format itself says where the value belongs.
    pub target: Option<Target>,
    pub value: String,
}

/// One row or card.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// Counted from 1, the header not counted.
    pub number: u64,
    /// Where the row itself says what it is.
    pub kind: Option<Kind>,
    pub cells: Vec<Cell>,
    /// What could not be read of it, though the rest could.
    pub notes: Vec<Problem>,
}

/// A row that cannot be read at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    pub number: u64,
    pub message: String,
    /// The row as it stands in the file, shortened.
    pub text: String,
    /// CSV: its values, as far as they can be told apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<String>,
}

/// The column of a file of rejected rows that says why; an import of that file leaves it out.
pub const PROBLEM_COLUMN: &str = "Problem (Satchel)";

pub type Rows = Box<dyn Iterator<Item = Result<Draft, Rejected>> + Send>;

impl Source {
    /// Reads a file through once to learn its shape.
    pub fn open(path: &Path) -> Result<Self, InterchangeError> {
        Self::open_with(path, None)
    }

    /// As a person has said whether a table's first row names its columns; nothing: as it looks.
    pub fn open_with(path: &Path, header: Option<bool>) -> Result<Self, InterchangeError> {
        Self::of(&Input::File(path.to_owned()), header)
    }

    /// What somebody has copied out of a spreadsheet or an address book.
    pub fn of_text(text: &str, header: Option<bool>) -> Result<Self, InterchangeError> {
        Self::of_bytes("", text.as_bytes().to_vec(), header)
    }

    /// A file that is in memory.
    pub fn of_bytes(name: &str, bytes: Vec<u8>, header: Option<bool>) -> Result<Self, InterchangeError> {
        Self::of(&Input::Memory { name: name.to_owned(), bytes: bytes.into() }, header)
    }

    fn of(input: &Input, header: Option<bool>) -> Result<Self, InterchangeError> {
        let head = input.head()?;
        let name = input.name();
        if head.is_empty() {
            return Err(InterchangeError::Empty(name));
        }
        if head.starts_with(b"\xff\xfe\0\0") || head.starts_with(b"\0\0\xfe\xff") {
            // UTF-32, which nobody writes on purpose.
            return Err(InterchangeError::Binary(name));
        }
        let encoding = encoding::detect(&head);
        let text = encoding.decode(&head);
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if start.get(..11).is_some_and(|s| s.eq_ignore_ascii_case("BEGIN:VCARD"))
            || input.has_extension(&["vcf", "vcard"])
        {
            return vcard::open(input, encoding);
        }
        if start.get(..15).is_some_and(|s| s.eq_ignore_ascii_case("BEGIN:VCALENDAR"))
            || input.has_extension(&["ics", "ical"])
        {
            return ics::open(input, encoding);
        }
        if start.starts_with(['{', '['])
            && (input.has_extension(&["json"]) || serde_json::from_slice::<serde_json::Value>(&head).is_ok())
        {
            return json::open(input);
        }
        let tag = start.get(..200.min(start.len())).unwrap_or(start).to_lowercase();
        if ["<!doctype", "<html", "<table", "<?xml", "<head", "<body"].iter().any(|t| tag.starts_with(t)) {
            return Err(InterchangeError::WebPage(name));
        }
        if sheet::is_workbook(&head) {
            return sheet::open(input, header);
        }
        if encoding::is_binary(&head, encoding) {
            return Err(InterchangeError::Binary(name));
        }
        csv::open(input, encoding, csv::Delimiter::Guess(&text), header)
    }

    /// Reads the rows. The file is opened anew.
    pub fn rows(&self) -> Result<Rows, InterchangeError> {
        match &self.shape {
            Shape::Csv(dialect) => csv::rows(&self.input, dialect),
            Shape::Vcard => vcard::rows(&self.input, &self.columns),
            Shape::Json => json::rows(&self.input, &self.columns),
            Shape::Ics(here) => ics::rows(&self.input, &self.columns, here),
        }
    }
}

/// The column of this name, made where it is new.
fn column_of(
    columns: &mut Vec<Column>,
    file: &str,
    name: String,
    own: impl FnOnce(&str) -> Option<Target>,
) -> Result<usize, InterchangeError> {
    if let Some(at) = columns.iter().position(|c| c.name == name) {
        return Ok(at);
    }
    if columns.len() >= limits::COLUMNS {
        return Err(InterchangeError::TooManyColumns { path: file.to_owned(), found: columns.len() + 1 });
    }
    let own = own(&name);
    columns.push(Column { name, own, ..Column::default() });
    Ok(columns.len() - 1)
}

/// The kind that all rows have, if they have one.
#[derive(Default)]
struct OneKind {
    any: bool,
    kind: Option<Kind>,
}

impl OneKind {
    fn see(&mut self, kind: Option<Kind>) {
        self.kind = if self.any { self.kind.filter(|k| Some(*k) == kind) } else { kind };
        self.any = true;
    }
}

/// Collects what a column holds while a file is read through.
fn observe(columns: &mut [Column], column: usize, value: &str) {
    let Some(column) = columns.get_mut(column) else { return };
    if value.trim().is_empty() {
        return;
    }
    column.filled += 1;
    if column.samples.len() < 5 && !column.samples.iter().any(|s| s == value) {
        column.samples.push(value.chars().take(120).collect());
    }
}
