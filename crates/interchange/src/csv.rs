//! CSV of any dialect: delimiter and header are guessed, quotes may be unbalanced, lines may be
//! endless. A record that cannot be read is rejected alone; the next line is read as a new one.

use crate::{
    Cell, Column, Draft, Format, InterchangeError, Problem, Rejected, Rows, Shape, Source, aliases,
    encoding::{self, Detected},
    input::Input,
    limits::{COLUMNS, RECORD_BYTES},
    lines::{Line, Lines},
    observe,
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    io::BufRead,
};

#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    encoding: Detected,
    delimiter: u8,
    carriage_returns: bool,
    /// Every quote is where it belongs: nothing has to be guessed.
    exact: bool,
    /// Physical lines before the first row, the header included.
    skip_lines: usize,
}

/// A quoted value spans at most this many lines; more means that a quote was never closed.
const MAX_LINES: usize = 500;
/// Bytes of a file that are read again because of open quotes. One with more such quotes has no quoted values of
/// several lines.
const MAX_AGAIN: usize = 64 << 20;
/// Bytes of a rejected row that are kept for the file of rejected rows.
const MAX_KEPT: usize = 64 << 10;

/// What separates the values.
pub(crate) enum Delimiter<'a> {
    /// As the beginning of the file looks.
    Guess(&'a str),
    /// Commas, in a text of our own.
    Comma,
}

pub(crate) fn open(
    input: &Input,
    encoding: Detected,
    delimiter: Delimiter<'_>,
    header: Option<bool>,
) -> Result<Source, InterchangeError> {
    let (exact, carriage_returns, delimiter) = match delimiter {
        Delimiter::Guess(head) => (false, ends_by_carriage_returns(head), sniff_delimiter(head)),
        Delimiter::Comma => (true, false, b','),
    };
    let mut dialect = Dialect { encoding, delimiter, carriage_returns, exact, skip_lines: 0 };
    let name = input.name();
    let (header, skip_lines) = find_header(input, &dialect, header)?;
    dialect.skip_lines = skip_lines;
    if let Some(found) = header.as_ref().map(Vec::len).filter(|found| *found > COLUMNS) {
        return Err(InterchangeError::TooManyColumns { path: name, found });
    }
    let mut columns = name_columns(header.unwrap_or_default());
    let mut widest = columns.len();
    let mut rows = 0;
    let mut records = Records::open(input, &dialect)?;
    while let Some(record) = records.next_record().map_err(input.failed())? {
        rows += 1;
        let Ok(record) = record else { continue };
        widest = widest.max(record.fields.len());
        if widest > COLUMNS {
            break;
        }
        while columns.len() < record.fields.len() {
            columns.push(Column { name: unnamed(columns.len()), ..Column::default() });
        }
        for (at, value) in record.fields.iter().enumerate() {
            observe(&mut columns, at, value);
        }
    }
    if widest > COLUMNS {
        return Err(InterchangeError::TooManyColumns { path: name, found: widest });
    }
    if rows == 0 && columns.is_empty() {
        return Err(InterchangeError::Empty(name));
    }
    Ok(Source {
        input: input.clone(),
        format: Format::Csv,
        encoding: encoding.name(),
        delimiter: Some(char::from(delimiter)),
        rows,
        columns,
        made_by: None,
        kind: None,
        left_out: Vec::new(),
        shape: Shape::Csv(dialect),
    })
}

pub(crate) fn rows(input: &Input, dialect: &Dialect) -> Result<Rows, InterchangeError> {
    let mut records = Records::open(input, dialect)?;
    let mut number = 0;
    Ok(Box::new(std::iter::from_fn(move || {
        let record = match records.next_record() {
            Ok(record) => record?,
            Err(e) => {
                records.finished = true;
                Err(Rejected {
                    number: 0,
                    message: format!("the file cannot be read further: {e}"),
                    ..Rejected::default()
                })
            }
        };
        number += 1;
        Some(record.map(|r| r.into_draft(number)).map_err(|r| Rejected { number, ..r }))
    })))
}

fn unnamed(at: usize) -> String {
    format!("Column {}", at + 1)
}

/// Empty headers get a number, repeated ones a count, so that every column can be named.
fn name_columns(header: Vec<String>) -> Vec<Column> {
    let mut taken: HashSet<String> = HashSet::new();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let name = |(at, name): (usize, String)| {
        let name = satchel_domain::value::clean(&name, false);
        let base = if name.is_empty() { unnamed(at) } else { name.chars().take(200).collect() };
        let mut name = base.clone();
        while taken.contains(&name) {
            let number = numbers.entry(base.clone()).or_insert(1);
            *number += 1;
            name = format!("{base} ({number})");
        }
        taken.insert(name.clone());
        Column { name, ..Column::default() }
    };
    header.into_iter().enumerate().map(name).collect()
}

/// Old Macs end lines with `\r`, also where a value holds a `\n`: what stands between quotes is not
/// counted.
fn ends_by_carriage_returns(head: &str) -> bool {
    let (mut quoted, mut returns, mut feeds) = (false, 0, 0);
    let mut bytes = head.bytes().peekable();
    while let Some(b) = bytes.next() {
        match b {
            b'"' => quoted = !quoted,
            b'\r' if !quoted && bytes.peek() != Some(&b'\n') => returns += 1,
            b'\n' if !quoted => feeds += 1,
            _ => {}
        }
    }
    returns > feeds
}

/// The delimiter that splits the first lines into the most even columns.
fn sniff_delimiter(head: &str) -> u8 {
    let first = head.lines().next().unwrap_or_default().trim_start_matches('\u{feff}');
    let separates = |b: &u8| b.is_ascii() && !b.is_ascii_alphanumeric() && *b != b'"';
    if let Some(named) = first.strip_prefix("sep=").and_then(|s| s.bytes().next()).filter(separates) {
        return named;
    }
    // Lines inside of quoted values are no lines, unless a quote is left open: then nothing is certain.
    let mut quoted = false;
    let whole: Vec<&str> = head
        .split(|c: char| {
            quoted ^= c == '"';
            !quoted && matches!(c, '\n' | '\r')
        })
        .collect();
    let lines = if quoted { head.split(['\n', '\r']).collect() } else { whole };
    let lines: Vec<&str> = lines.into_iter().filter(|l| !l.trim().is_empty()).take(30).collect();
    let score = |delimiter: u8| {
        let counts: Vec<usize> = lines.iter().map(|l| split_outside_quotes(l, delimiter)).collect();
        let most = counts.iter().copied().max().unwrap_or(0);
        let common = counts.iter().filter(|c| **c > 1 && **c * 2 > most).count();
        (common, most)
    };
    [b',', b';', b'\t', b'|'].into_iter().rev().max_by_key(|d| score(*d)).unwrap_or(b',')
}

fn split_outside_quotes(line: &str, delimiter: u8) -> usize {
    let mut quoted = false;
    let mut count = 1;
    for b in line.bytes() {
        match b {
            b'"' => quoted = !quoted,
            b if b == delimiter && !quoted => count += 1,
            _ => {}
        }
    }
    count
}

/// Finds the header among the first records: some programs write a note before it, some none at
/// all. The header, and how many physical lines come before the first row.
fn find_header(
    input: &Input,
    dialect: &Dialect,
    wanted: Option<bool>,
) -> Result<(Option<Vec<String>>, usize), InterchangeError> {
    let mut records = Records::open(input, dialect)?;
    let mut candidates: Vec<(usize, usize, Vec<String>)> = Vec::new();
    for _ in 0..10 {
        let before = records.taken;
        match records.next_record().map_err(input.failed())? {
            Some(Ok(record)) => candidates.push((before, records.taken, record.fields)),
            Some(Err(_)) => {}
            None => break,
        }
    }
    // Excel's own line that names the delimiter.
    if candidates.first().is_some_and(|(_, _, f)| f.first().is_some_and(|f| f.starts_with("sep="))) {
        candidates.remove(0);
    }
    let start = candidates.first().map_or(0, |(before, _, _)| *before);
    match wanted {
        Some(false) => return Ok((None, start)),
        Some(true) => {
            let first = candidates.iter().find(|(_, _, f)| f.len() > 1).or_else(|| candidates.first());
            return Ok(first.map_or((None, start), |(_, after, fields)| (Some(fields.clone()), *after)));
        }
        None => {}
    }
    let known = |fields: &[String]| fields.iter().filter(|f| is_known(f)).count();
    // A row may hold words that are headers elsewhere: what comes before a header is narrower than it.
    let is_first_of_its_width = |at: usize, fields: &[String]| {
        candidates.iter().take_while(|(before, _, _)| *before < at).all(|(_, _, f)| f.len() < fields.len())
    };
    let best = candidates
        .iter()
        .filter(|(at, _, f)| known(f) > 0 && is_first_of_its_width(*at, f))
        .max_by_key(|(at, _, f)| (known(f) * 2 >= f.len().min(4), known(f), usize::MAX - at));
    if let Some((_, after, fields)) =
        best.filter(|(_, _, fields)| known(fields) >= 2 || fields.len() <= 2 || looks_like_header(fields))
    {
        return Ok((Some(fields.clone()), *after));
    }
    let first = candidates.iter().find(|(_, _, fields)| fields.len() > 1).or_else(|| candidates.first());
    match first {
        Some((before, after, fields))
            if looks_like_header(fields) && !recurs(fields, &candidates, *before) =>
        {
            Ok((Some(fields.clone()), *after))
        }
        _ => Ok((None, start)),
    }
}

/// A value that comes again below is no column's name.
fn recurs(fields: &[String], candidates: &[(usize, usize, Vec<String>)], at: usize) -> bool {
    let below = || candidates.iter().filter(|(before, _, _)| *before > at);
    fields
        .iter()
        .enumerate()
        .any(|(n, field)| !field.trim().is_empty() && below().any(|(_, _, f)| f.get(n) == Some(field)))
}

fn is_known(header: &str) -> bool {
    aliases::is_known(header) || crate::mapping::numbered(header).is_some()
}

/// No e-mail address, no number, no date: names of columns.
fn looks_like_header(fields: &[String]) -> bool {
    let name = |f: &String| {
        f.is_empty()
            || (!f.contains('@')
                && f.chars().filter(char::is_ascii_digit).count() * 2 < f.chars().count()
                && f.chars().count() < 80)
    };
    fields.iter().any(|f| !f.is_empty()) && fields.iter().all(name) && {
        let mut seen: Vec<&String> = fields.iter().filter(|f| !f.is_empty()).collect();
        let all = seen.len();
        seen.sort();
        seen.dedup();
        seen.len() * 10 >= all * 9
    }
}

struct Record {
    fields: Vec<String>,
    /// Not in the file's encoding.
    foreign: Option<&'static str>,
}

impl Record {
    fn into_draft(self, number: u64) -> Draft {
        let cells = self.fields.into_iter().enumerate().filter(|(_, v)| !v.trim().is_empty());
        let cells: Vec<Cell> =
            cells.map(|(column, value)| Cell { column, target: None, value: unescape(value) }).collect();
        let note = |message: String| Problem { column: String::new(), value: String::new(), message };
        let foreign = self.foreign.map(|encoding| {
            note(format!(
                "the row is not in the file's encoding; it was read as {encoding}. Check its letters"
            ))
        });
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        let odd = cells.iter().any(|c| c.value.contains(control)).then(|| {
            note("the row holds control characters, such as NUL, that no text has; they are left out".into())
        });
        Draft { number, kind: None, cells, notes: foreign.into_iter().chain(odd).collect() }
    }
}

/// A formula that we, or others, made harmless on export is read as it was.
fn unescape(value: String) -> String {
    // `="0123456789"`: how Excel keeps a number from losing its zeros.
    if let Some(inner) = value.strip_prefix("=\"").and_then(|v| v.strip_suffix('"')) {
        return inner.replace("\"\"", "\"");
    }
    match value.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest.to_owned(),
        _ => value,
    }
}

struct Records {
    lines: Lines<Box<dyn BufRead + Send>>,
    /// Lines to read again after a quote turned out to be open.
    again: VecDeque<Vec<u8>>,
    /// Bytes of those so far.
    read_again: usize,
    delimiter: u8,
    reader: csv_core::Reader,
    encoding: Detected,
    taken: usize,
    finished: bool,
    /// A line that was too long, met while a quote was open.
    over: Option<Rejected>,
    carriage_returns: bool,
    exact: bool,
}

impl Records {
    fn open(input: &Input, dialect: &Dialect) -> Result<Self, InterchangeError> {
        let reader = encoding::reader(input, dialect.encoding)?;
        let mut records = Self {
            lines: Lines::new(reader, dialect.carriage_returns),
            again: VecDeque::new(),
            read_again: 0,
            delimiter: dialect.delimiter,
            reader: csv_core::ReaderBuilder::new().delimiter(dialect.delimiter).build(),
            encoding: dialect.encoding,
            taken: 0,
            finished: false,
            over: None,
            carriage_returns: dialect.carriage_returns,
            exact: dialect.exact,
        };
        for _ in 0..dialect.skip_lines {
            records.line().map_err(input.failed())?;
        }
        Ok(records)
    }

    fn line(&mut self) -> std::io::Result<Option<Line>> {
        self.taken += 1;
        if let Some(line) = self.again.pop_front() {
            return Ok(Some(Line::Whole(line)));
        }
        let line = self.lines.next()?;
        self.taken -= usize::from(line.is_none());
        match line {
            Some(Line::Whole(mut line)) if !self.carriage_returns => {
                if let Some(at) = stray_return(&line) {
                    let rest = line.split_off(at + 1);
                    line.pop();
                    self.again.push_front(rest);
                }
                Ok(Some(Line::Whole(line)))
            }
            line => Ok(line),
        }
    }

    fn next_record(&mut self) -> std::io::Result<Option<Result<Record, Rejected>>> {
        if self.finished {
            return Ok(None);
        }
        let first = loop {
            if self.again.is_empty()
                && let Some(over) = self.over.take()
            {
                return Ok(Some(Err(over)));
            }
            match self.line()? {
                None => return Ok(None),
                Some(Line::TooLong(start)) => return Ok(Some(Err(self.too_long(&start)))),
                Some(Line::Whole(line))
                    if line.iter().all(|b| b.is_ascii_whitespace() || *b == 0)
                        && !line.contains(&self.delimiter) => {}
                Some(Line::Whole(line)) => break line,
            }
        };
        let mut record = first.clone();
        let mut extra: Vec<Vec<u8>> = Vec::new();
        let mut quotes = Quotes::new(self.delimiter);
        quotes.read(&first);
        while quotes.open {
            let few = extra.len() < MAX_LINES && record.len() < RECORD_BYTES && self.read_again < MAX_AGAIN;
            let sound = self.exact || few;
            let next = if sound { self.line()? } else { None };
            let line = match next {
                Some(Line::Whole(line)) => line,
                other => {
                    if let Some(Line::TooLong(start)) = other {
                        self.over = Some(self.too_long(&start));
                    }
                    return Ok(Some(Err(self.unbalanced(&first, extra))));
                }
            };
            record.push(b'\n');
            record.extend_from_slice(&line);
            quotes.read(b"\n");
            quotes.read(&line);
            extra.push(line);
        }
        // A stray quote that a later row's quote has closed: an odd number of them in all, or a value
        // that goes on behind its end.
        let odd = || record.iter().filter(|b| **b == b'"').count() % 2 == 1;
        if !self.exact && !extra.is_empty() && (odd() || quotes.go_on) {
            return Ok(Some(Err(self.unbalanced(&first, extra))));
        }
        let (text, foreign) = self.encoding.decode_record(&record);
        Ok(Some(Ok(Record { fields: split(&mut self.reader, &text), foreign })))
    }

    fn too_long(&self, start: &[u8]) -> Rejected {
        self.rejected(
            start,
            format!("the line is longer than {} KB; is this a CSV file?", RECORD_BYTES / 1024),
        )
    }

    /// Rejects the first line alone and reads those behind it again.
    fn unbalanced(&mut self, first: &[u8], extra: Vec<Vec<u8>>) -> Rejected {
        self.taken -= extra.len();
        self.read_again += extra.iter().map(Vec::len).sum::<usize>();
        for line in extra.into_iter().rev() {
            self.again.push_front(line);
        }
        self.rejected(first, "a quote is opened and not closed".into())
    }

    /// The values are told apart by the delimiters alone: the quotes are what is wrong.
    fn rejected(&self, line: &[u8], message: String) -> Rejected {
        let start = line.get(..line.len().min(MAX_KEPT)).unwrap_or_default();
        let text = self.encoding.decode_record(start).0;
        let cells = text.split(char::from(self.delimiter)).map(|c| c.trim_matches('"').to_owned()).collect();
        Rejected { number: 0, message, cells, text: text.chars().take(2000).collect() }
    }
}

/// A `\r` that ends a row among rows that end otherwise, outside of quotes.
fn stray_return(line: &[u8]) -> Option<usize> {
    let mut quoted = false;
    line.iter().position(|b| {
        quoted ^= *b == b'"';
        *b == b'\r' && !quoted
    })
}

/// Walks over a record, line by line and over each once: there may be hundreds, and all to be read again.
struct Quotes {
    delimiter: u8,
    /// A quoted value is still open here.
    open: bool,
    at_start: bool,
    /// A value was closed by a quote with text behind it.
    go_on: bool,
}

impl Quotes {
    fn new(delimiter: u8) -> Self {
        Self { delimiter, open: false, at_start: true, go_on: false }
    }

    fn read(&mut self, part: &[u8]) {
        let mut bytes = part.iter().peekable();
        while let Some(&b) = bytes.next() {
            if self.open {
                if b == b'"' {
                    match bytes.peek() {
                        Some(b'"') => {
                            bytes.next();
                        }
                        next => {
                            self.open = false;
                            self.go_on |= next.is_some_and(|n| {
                                **n != self.delimiter && !matches!(**n, b'\n' | b'\r' | b' ' | b'\t')
                            });
                        }
                    }
                }
            } else if b == b'"' && self.at_start {
                self.open = true;
            }
            self.at_start = !self.open && (b == self.delimiter || b == b'\n');
        }
    }
}

/// The values of one record.
fn split(reader: &mut csv_core::Reader, text: &str) -> Vec<String> {
    use csv_core::ReadRecordResult::{End, InputEmpty, OutputEndsFull, OutputFull, Record};
    reader.reset();
    let (mut out, mut ends) = (vec![0; text.len() + 16], vec![0; 64]);
    let (mut input, mut written, mut count) = (text.as_bytes(), 0, 0);
    let mut fields = Vec::new();
    loop {
        let (result, used, wrote, ended) = reader.read_record(
            input,
            out.get_mut(written..).unwrap_or_default(),
            ends.get_mut(count..).unwrap_or_default(),
        );
        input = input.get(used..).unwrap_or_default();
        written += wrote;
        count += ended;
        match result {
            InputEmpty => {}
            OutputFull => out.resize(out.len() * 2, 0),
            OutputEndsFull => ends.resize(ends.len() * 2, 0),
            // A value with a line end inside may have been split by an unquoted `\r`: all parts are one row.
            Record | End => {
                let mut start = 0;
                for end in ends.iter().take(count) {
                    let value = out.get(start..*end).unwrap_or_default();
                    fields.push(String::from_utf8_lossy(value).into_owned());
                    start = *end;
                }
                if matches!(result, End) || input.is_empty() {
                    return fields;
                }
                (written, count) = (0, 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (Source, Vec<Result<Vec<String>, String>>) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.csv");
        std::fs::write(&path, bytes).expect("written");
        let source = Source::open(&path).expect("opened");
        let rows = source.rows().expect("rows").map(|r| match r {
            Ok(draft) => Ok(draft.cells.into_iter().map(|c| c.value).collect()),
            Err(rejected) => Err(rejected.message),
        });
        let rows = rows.collect();
        (source, rows)
    }

    fn names(source: &Source) -> Vec<&str> {
        source.columns.iter().map(|c| c.name.as_str()).collect()
    }

    fn row(values: &[&str]) -> Result<Vec<String>, String> {
        Ok(values.iter().map(|v| (*v).to_owned()).collect())
    }

    #[test]
    fn quotes_that_stay_open_in_every_line_are_read_once() {
        let started = std::time::Instant::now();
        let (_, rows) = read("a\"b,\"c\n".repeat(20_000).as_bytes());
        assert!(rows.iter().all(Result::is_err));
        assert!(started.elapsed().as_secs() < 20, "each line was walked over again with each one behind it");
    }

    #[test]
    fn columns_of_one_name_are_numbered() {
        let (source, _) = read(b"Name,Name (2),Name,Name,\n1,2,3,4,5\n");
        assert_eq!(names(&source), ["Name", "Name (2)", "Name (3)", "Name (4)", "Column 5"]);
    }

    #[test]
    fn a_quote_or_half_a_letter_separates_nothing() {
        for text in ["sep=\"\nName,Title\nAna,Boss\n", "sep=é\nName,Title\nAna,Boss\n"] {
            assert_eq!(read(text.as_bytes()).0.delimiter, Some(','), "{text:?}");
        }
    }

    #[test]
    fn dialects_are_recognised() {
        for (text, delimiter) in [
            ("First Name,Last Name\nAna,Ruiz\n", ','),
            ("First Name;Last Name\r\nAna;Ruiz\r\n", ';'),
            ("First Name\tLast Name\nAna\tRuiz\n", '\t'),
            ("First Name|Last Name\rAna|Ruiz\r", '|'),
            ("sep=;\nFirst Name;Last Name\nAna;Ruiz", ';'),
            ("\u{feff}First Name,Last Name\nAna,Ruiz", ','),
        ] {
            let (source, rows) = read(text.as_bytes());
            assert_eq!(
                (source.delimiter, names(&source)),
                (Some(delimiter), vec!["First Name", "Last Name"]),
                "{text:?}"
            );
            assert_eq!(rows, [row(&["Ana", "Ruiz"])], "{text:?}");
        }
    }

    #[test]
    fn encodings_are_recognised() {
        let text = "Vorname;Nachname;Ort\nZoë;Chérif;Köln\nJürgen;Groß;Düsseldorf\n";
        let latin = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let bare: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [text.as_bytes().to_vec(), latin, utf16, bare] {
            let (_, rows) = read(&bytes);
            assert_eq!(rows[0], row(&["Zoë", "Chérif", "Köln"]));
        }
        let chinese = "姓,名,公司,备注\n王,伟,深圳科技有限公司,重要客户\n李,娜,上海贸易有限公司,老客户\n";
        let gbk = encoding_rs::GB18030.encode(chinese).0.into_owned();
        assert_eq!(read(&gbk).1[0], row(&["王", "伟", "深圳科技有限公司", "重要客户"]));
    }

    #[test]
    fn a_row_in_another_encoding_is_read_and_noted() {
        let mut bytes = "First Name,Last Name\nZoë,Chérif\nJosé,Núñez\n".as_bytes().to_vec();
        bytes.extend(b"Andr\xe9,Martin\n");
        let (_, rows) = read(&bytes);
        assert_eq!(rows[2], row(&["André", "Martin"]));
    }

    #[test]
    fn an_open_quote_costs_one_row() {
        let (_, rows) = read(b"First Name,Last Name\nAna,\"Ruiz\nBo,Li\n\"Zoe\",\"Cherif\"\nMax,Muller\n");
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[0], Err("a quote is opened and not closed".to_owned()));
        assert_eq!(rows[1..], [row(&["Bo", "Li"]), row(&["Zoe", "Cherif"]), row(&["Max", "Muller"])]);
        let (_, rows) = read(b"First Name,Last Name\nAna,\"Ruiz\n");
        assert!(rows[0].is_err());
    }

    #[test]
    fn two_stray_quotes_do_not_swallow_the_rows_between_them() {
        let (_, rows) = read(
            b"First Name,Last Name,City\nAna,\"Ruiz,Porto\nBo,Li,Lyon\nMax,\"Muller,Bonn\nZoe,Cherif,Paris\n",
        );
        assert_eq!(rows.len(), 4);
        assert!(rows[0].is_err() && rows[2].is_err(), "{rows:?}");
        assert_eq!((&rows[1], &rows[3]), (&row(&["Bo", "Li", "Lyon"]), &row(&["Zoe", "Cherif", "Paris"])));
    }

    #[test]
    fn line_ends_of_every_kind_end_rows() {
        let (_, rows) = read(b"First Name,Notes\rAna,\"a\nb\"\rBo,c\r");
        assert_eq!(rows, [row(&["Ana", "a\nb"]), row(&["Bo", "c"])]);
        let (_, rows) = read(b"First Name,Last Name\nAna,Ruiz\rBo,Li\nMax,Muller\n");
        assert_eq!(rows, [row(&["Ana", "Ruiz"]), row(&["Bo", "Li"]), row(&["Max", "Muller"])]);
    }

    #[test]
    fn no_row_is_taken_for_a_header_below_others() {
        let (source, rows) = read(b"Ana,Ruiz,Porto\nBo,Work,Home\nMax,Muller,Porto\n");
        assert_eq!((names(&source), rows.len()), (vec!["Column 1", "Column 2", "Column 3"], 3));
        let (source, rows) = read(b"sep=;\nAlpha;Beta\n1;2\n");
        assert_eq!((names(&source), rows.len()), (vec!["Alpha", "Beta"], 1));
        let (source, _) = read(b"Phone (Work),Phone\n1,2\n");
        assert_eq!(names(&source), ["Phone (Work)", "Phone"]);
    }

    #[test]
    fn quoted_values_hold_lines_delimiters_and_quotes() {
        let (_, rows) = read(b"First Name,Notes\nAna,\"a, \"\"b\"\"\nc\"\nBo,5\" pipe\n");
        assert_eq!(rows, [row(&["Ana", "a, \"b\"\nc"]), row(&["Bo", "5\" pipe"])]);
    }

    #[test]
    fn headers_may_be_missing_empty_repeated_or_late() {
        let (source, rows) = read(b"Ana,Ruiz,ana@x.example\nBo,Li,bo@x.example\n");
        assert_eq!((names(&source), rows.len()), (vec!["Column 1", "Column 2", "Column 3"], 2));
        let (source, _) = read(b"First Name,,Phone,Phone\nAna,x,1,2\n");
        assert_eq!(names(&source), ["First Name", "Column 2", "Phone", "Phone (2)"]);
        let (source, rows) = read(b"Notes:\n\"When exporting, some are missing.\"\n\nFirst Name,Last Name,Email Address\nAna,Ruiz,ana@x.example\n");
        assert_eq!((names(&source), rows.len()), (vec!["First Name", "Last Name", "Email Address"], 1));
    }

    proptest::proptest! {
        /// Whatever the cells hold, a table that is written by the rules is read as it was.
        #[test]
        fn a_table_reads_back_as_it_was_written(
            cells in proptest::collection::vec(proptest::collection::vec("[ -~\\n王伟é\"']{0,12}", 3), 1..6),
            delimiter in proptest::sample::select(vec![',', ';', '\t']),
        ) {
            let quote = |s: &str| format!("\"{}\"", s.replace('"', "\"\""));
            let mut text = ["First Name", "Last Name", "Notes"].map(quote).join(&delimiter.to_string());
            for row in &cells {
                let row: Vec<String> = row.iter().map(|c| quote(c)).collect();
                text.push_str(&format!("\r\n{}", row.join(&delimiter.to_string())));
            }
            let (source, rows) = read(text.as_bytes());
            proptest::prop_assert_eq!(source.delimiter, Some(delimiter));
            let kept = |row: &Vec<String>| -> Vec<String> {
                row.iter().filter(|c| !c.trim().is_empty()).map(|c| unescape(c.clone())).collect()
            };
            // Rows of nothing but empty cells are rows all the same.
            let wanted: Vec<_> = cells.iter().map(|row| Ok(kept(row))).collect();
            proptest::prop_assert_eq!(rows, wanted);
        }

        #[test]
        fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            let dir = tempfile::tempdir().expect("a folder");
            for name in ["a.csv", "a.vcf", "a.json"] {
                let path = dir.path().join(name);
                std::fs::write(&path, &bytes).expect("written");
                if let Ok(source) = Source::open(&path) {
                    source.rows().expect("rows").for_each(drop);
                }
            }
        }
    }

    #[test]
    fn monsters_are_refused_or_rejected_in_bounded_memory() {
        let mut line = b"First Name,Last Name\nAna,".to_vec();
        line.extend(std::iter::repeat_n(b'x', 3 << 20));
        line.extend(b"\nBo,Li\n");
        let (_, rows) = read(&line);
        assert!(rows[0].as_ref().is_err_and(|e| e.contains("longer than")));
        assert_eq!(rows[1], row(&["Bo", "Li"]));
        let dir = tempfile::tempdir().expect("a folder");
        let open = |bytes: &[u8]| {
            let path = dir.path().join("a.csv");
            std::fs::write(&path, bytes).expect("written");
            Source::open(&path).map(|_| ()).expect_err("refused").to_string()
        };
        let wide = (0..5000).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
        assert!(open(wide.as_bytes()).contains("5000 columns"));
        assert!(open(b"").contains("empty"));
        assert!(open(&[0, 1, 2, 3].repeat(100)).contains("not a text file"));
        assert!(open(b"PK\x03\x04rest of a spreadsheet").contains("cannot be read as an Excel workbook"));
    }
}
