//! Excel workbooks (.xlsx): the first sheet that holds anything is read as a table. Its cells become the
//! text of a CSV in memory, so that all that is known about tables serves it too.

use crate::{
    Format, InterchangeError, Source, csv,
    encoding::Detected,
    input::Input,
    limits::{COLUMNS, RECORD_BYTES, SHEETS_BYTES, WORKBOOK_BYTES, WORKBOOK_ELEMENTS},
};
use calamine::{DataRef, ExcelDateTime, Reader, SheetType, Xlsx, open_workbook_from_rs};
use std::io::{Cursor, Read, Write};

/// Whether a file of this beginning can be a workbook.
pub(crate) fn is_workbook(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

pub(crate) fn open(input: &Input, header: Option<bool>) -> Result<Source, InterchangeError> {
    let name = input.name();
    let bad = |why: String| InterchangeError::Workbook { path: name.clone(), why };
    if input.size()? > WORKBOOK_BYTES {
        return Err(bad(format!("it is larger than {} MB; split it", WORKBOOK_BYTES >> 20)));
    }
    let mut bytes = Vec::new();
    input.open()?.take(WORKBOOK_BYTES).read_to_end(&mut bytes).map_err(input.failed())?;
    let Some(largest) = measure(&bytes).map_err(&bad)? else { return Err(InterchangeError::Binary(name)) };
    let read = || -> Result<(String, Vec<String>), String> {
        let mut book: Book<'_> = open_workbook_from_rs(Cursor::new(bytes.as_slice()))
            .map_err(|e: calamine::XlsxError| e.to_string())?;
        let (mut text, mut others) = (String::new(), Vec::new());
        let sheets: Vec<String> = book
            .sheets_metadata()
            .iter()
            .filter(|sheet| sheet.typ == SheetType::WorkSheet)
            .map(|sheet| sheet.name.clone())
            .collect();
        // Many names can be of one and the same sheet, which is read for each of them.
        if largest.saturating_mul(sheets.len() as u64) > SHEETS_BYTES {
            return Err(
                "it has too many sheets; save the one that is to be imported as a file of its own".to_owned()
            );
        }
        for sheet in sheets {
            if text.is_empty() {
                text = text_of(&mut book, &sheet)?;
            } else if holds_anything(&mut book, &sheet)? {
                others.push(sheet);
            }
        }
        Ok((text, others))
    };
    // A crafted workbook must not take the program with it.
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    let (text, left_out) = read.unwrap_or_else(|_| Err("it cannot be decoded".to_owned())).map_err(&bad)?;
    if text.is_empty() {
        return Err(InterchangeError::Empty(name));
    }
    let inner = Input::Memory { name, bytes: text.into_bytes().into() };
    let source = csv::open(&inner, Detected(encoding_rs::UTF_8), csv::Delimiter::Comma, header)?;
    Ok(Source { format: Format::Xlsx, delimiter: None, left_out, ..source })
}

/// Unpacks the archive once and counts: what a bomb says of its own size is not to be believed. How large its largest
/// sheet is; nothing if it has none.
fn measure(bytes: &[u8]) -> Result<Option<u64>, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let (mut room, mut largest, mut elements) = (4 * WORKBOOK_BYTES, None, 0);
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).map_err(|e| e.to_string())?;
        let is_sheet = file.name().is_ok_and(|name| name.starts_with("xl/worksheets/"));
        let mut count = Elements(0);
        let unpacked =
            std::io::copy(&mut (&mut file).take(room + 1), &mut count).map_err(|e| e.to_string())?;
        room = room
            .checked_sub(unpacked)
            .ok_or_else(|| format!("it unpacks to more than {} MB; split it", (4 * WORKBOOK_BYTES) >> 20))?;
        if is_sheet {
            largest = largest.max(Some(unpacked));
            continue;
        }
        elements += count.0;
        if elements > WORKBOOK_ELEMENTS {
            return Err(format!("it holds more than {WORKBOOK_ELEMENTS} texts and formats; split it"));
        }
    }
    Ok(largest)
}

/// Counts what begins an element of XML.
struct Elements(u64);

impl Write for Elements {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.iter().filter(|b| **b == b'<').count() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

type Book<'a> = Xlsx<Cursor<&'a [u8]>>;

fn reader<'a, 'b>(
    book: &'a mut Book<'b>,
    sheet: &str,
) -> Result<calamine::XlsxCellReader<'a, Cursor<&'b [u8]>>, String> {
    book.worksheet_cells_reader(sheet).map_err(|e| format!("its sheet «{sheet}» cannot be read: {e}"))
}

fn holds_anything(book: &mut Book<'_>, sheet: &str) -> Result<bool, String> {
    let mut cells = reader(book, sheet)?;
    while let Some(cell) = cells.next_cell().map_err(|e| e.to_string())? {
        if !text_of_cell(cell.get_value()).trim().is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A sheet as CSV; nothing if it is empty.
fn text_of(book: &mut Book<'_>, sheet: &str) -> Result<String, String> {
    let mut cells = reader(book, sheet)?;
    let (mut out, mut at, mut row_from) = (String::new(), None, 0);
    let limit = usize::try_from(4 * WORKBOOK_BYTES).unwrap_or(usize::MAX);
    while let Some(cell) = cells.next_cell_with_formula().map_err(|e| e.to_string())? {
        let mut value = text_of_cell(&cell.value);
        if value.is_empty() {
            // Some programs write formulas without what they come to: shown as they are, they are not lost.
            value = cell.formula.filter(|f| !f.is_empty()).map_or_else(String::new, |f| format!("={f}"));
        }
        if value.is_empty() {
            continue;
        }
        let (row, column) = cell.pos;
        if column as usize >= COLUMNS {
            return Err(format!("it has more than {COLUMNS} columns; export fewer"));
        }
        let mut from = match at {
            Some((last, from)) if last == row && from <= column => from,
            Some((last, _)) if last >= row => return Err("its cells are not in order".to_owned()),
            Some(_) => {
                out.push('\n');
                row_from = out.len();
                0
            }
            None => 0,
        };
        while from < column {
            out.push(',');
            from += 1;
        }
        out.push('"');
        out.push_str(&value.replace("\r\n", "\n").replace('\r', "\n").replace('"', "\"\""));
        out.push('"');
        if out.len() - row_from > RECORD_BYTES {
            return Err(format!("its row {} holds more than {} KB", row + 1, RECORD_BYTES >> 10));
        }
        if out.len() > limit {
            return Err(format!("it holds more than {} MB of text; split it", limit >> 20));
        }
        at = Some((row, column));
    }
    Ok(out)
}

fn text_of_cell(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::Int(n) => n.to_string(),
        // A telephone number is a number to Excel.
        DataRef::Float(n) => n.to_string(),
        DataRef::String(s) | DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => s.clone(),
        DataRef::SharedString(s) => (*s).to_owned(),
        DataRef::Bool(b) => if *b { "yes" } else { "no" }.to_owned(),
        DataRef::DateTime(at) => text_of_time(*at),
        DataRef::Error(e) => e.to_string(),
    }
}

fn text_of_time(at: ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    match (at.as_f64() < 1.0, (hour, minute, second)) {
        (true, _) => time,
        (false, (0, 0, 0)) => format!("{year:04}-{month:02}-{day:02}"),
        (false, _) => format!("{year:04}-{month:02}-{day:02}T{time}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draft;
    use rust_xlsxwriter::{ExcelDateTime as At, Format as Look, Workbook};
    use std::io::Write;

    fn opened(bytes: &[u8]) -> Result<Source, InterchangeError> {
        let dir = tempfile::tempdir().expect("a folder");
        // Workbooks are known by what they hold.
        let path = dir.path().join("people.bin");
        std::fs::write(&path, bytes).expect("written");
        Source::open(&path)
    }

    fn rows(source: &Source) -> Vec<Draft> {
        source.rows().expect("read").map(|row| row.expect("a row")).collect()
    }

    #[test]
    fn a_sheet_is_read_as_excel_shows_it() {
        let mut book = Workbook::new();
        book.add_worksheet().set_name("Empty").expect("named");
        let sheet = book.add_worksheet().set_name("People").expect("named");
        let date = Look::new().set_num_format("yyyy-mm-dd");
        for (at, name) in (0..).zip(["First Name", "Mobile Phone", "Birthday", "Notes", "Active"]) {
            sheet.write_string(0, at, name).expect("written");
        }
        sheet.write_string(1, 0, "王伟").expect("written");
        sheet.write_number(1, 1, 13_800_138_000_f64).expect("written");
        let day = At::from_ymd(1985, 4, 12).expect("a day");
        sheet.write_datetime_with_format(1, 2, &day, &date).expect("written");
        sheet.write_string(1, 3, "two \"quoted\"\nlines, and a comma").expect("written");
        sheet.write_boolean(1, 4, true).expect("written");
        // A row is left out, and a cell before the first.
        sheet.write_number(3, 1, 12.5).expect("written");
        let other = book.add_worksheet().set_name("Old").expect("named");
        other.write_string(0, 0, "more").expect("written");
        let source = opened(&book.save_to_buffer().expect("a workbook")).expect("opened");
        assert_eq!((source.format, source.rows), (Format::Xlsx, 2));
        assert_eq!(source.left_out, ["Old"], "nothing is left out unsaid");
        let rows = rows(&source);
        let values = |at: usize| -> Vec<&str> {
            rows.get(at).map(|r| r.cells.iter().map(|c| c.value.as_str()).collect()).unwrap_or_default()
        };
        assert_eq!(
            values(0),
            ["王伟", "13800138000", "1985-04-12", "two \"quoted\"\nlines, and a comma", "yes"]
        );
        assert!(values(1).contains(&"12.5"));
    }

    #[test]
    fn a_formula_without_a_value_is_not_lost() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write_string(0, 0, "Name").expect("written");
        sheet.write_string(0, 1, "Title").expect("written");
        sheet.write_string(1, 0, "Ana").expect("written");
        sheet.write_formula(1, 1, rust_xlsxwriter::Formula::new("=A2&\" boss\"")).expect("written");
        let whole = book.save_to_buffer().expect("a workbook");
        // As programs write it that do not calculate.
        let mut from = zip::ZipArchive::new(Cursor::new(whole)).expect("a zip");
        let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for at in 0..from.len() {
            let mut file = from.by_index(at).expect("a file");
            let name = file.name().expect("a name").into_owned();
            let mut text = String::new();
            file.read_to_string(&mut text).expect("text");
            to.start_file(name, zip::write::SimpleFileOptions::default()).expect("begun");
            to.write_all(text.replace("<v>0</v></c></row></sheetData>", "</c></row></sheetData>").as_bytes())
                .expect("written");
        }
        let source = opened(&to.finish().expect("a zip").into_inner()).expect("opened");
        let cells: Vec<String> = rows(&source)[0].cells.iter().map(|c| c.value.clone()).collect();
        assert_eq!(cells, ["Ana", "=A2&\" boss\""]);
    }

    #[test]
    fn a_long_note_stays_in_its_cell() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let note: String = (0..2000).map(|n| format!("\"{n}\", and\r\n")).collect();
        for (row, cells) in [["Name", "Notes"], ["Ana", &note], ["Bo", "short"]].iter().enumerate() {
            for (at, cell) in (0..).zip(cells) {
                sheet.write_string(u32::try_from(row).expect("few"), at, *cell).expect("written");
            }
        }
        let source = opened(&book.save_to_buffer().expect("a workbook")).expect("opened");
        let rows = rows(&source);
        let cell = |at: usize| rows.get(at).and_then(|r| r.cells.get(1)).map(|c| c.value.clone());
        assert_eq!(rows.len(), 2);
        assert_eq!(cell(0), Some(note.replace("\r\n", "\n")));
        assert_eq!(cell(1).as_deref(), Some("short"));
    }

    #[test]
    fn what_is_no_workbook_or_a_bomb_is_refused() {
        let mut book = Workbook::new();
        book.add_worksheet().write_string(0, 0, "Name").expect("written");
        let good = book.save_to_buffer().expect("a workbook");
        for cut in [10, 100, good.len() / 2, good.len() - 1] {
            assert!(opened(good.get(..cut).expect("long enough")).is_err(), "{cut} bytes");
        }
        let archive = |name: &str, content: &[u8], times: usize| {
            let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
            zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("begun");
            for _ in 0..times {
                zip.write_all(content).expect("written");
            }
            zip.finish().expect("a zip").into_inner()
        };
        let refused = opened(&archive("word/document.xml", b"text", 1)).expect_err("no workbook");
        assert!(matches!(refused, InterchangeError::Binary(_)), "{refused}");
        let bomb = archive("xl/worksheets/sheet1.xml", &[b' '; 1 << 20], 600);
        assert!(bomb.len() < 1 << 20, "it is small");
        let refused = opened(&bomb).expect_err("a bomb").to_string();
        assert!(refused.contains("unpacks to more than"), "{refused}");
        let elements = b"<si/>".repeat(1 << 18);
        let begun = archive("xl/worksheets/sheet1.xml", b"<x/>", 1);
        let mut zip = zip::ZipWriter::new_append(Cursor::new(begun)).expect("opened");
        zip.start_file("xl/sharedStrings.xml", zip::write::SimpleFileOptions::default()).expect("begun");
        for _ in 0..65 {
            zip.write_all(&elements).expect("written");
        }
        let refused = opened(&zip.finish().expect("a zip").into_inner()).expect_err("texts without end");
        assert!(refused.to_string().contains("texts"), "{refused}");
        // Every cell of every column, and one in the last row of all.
        let mut wide = Workbook::new();
        let sheet = wide.add_worksheet();
        sheet.write_string(0, 0, "Name").expect("written");
        sheet.write_string(1_048_575, 3, "last").expect("written");
        let far = opened(&wide.save_to_buffer().expect("a workbook")).expect("opened");
        assert_eq!(far.rows, 1, "rows between are nothing");
        let mut wide = Workbook::new();
        wide.add_worksheet().write_string(0, 16_383, "far").expect("written");
        assert!(opened(&wide.save_to_buffer().expect("a workbook")).is_err());
    }

    #[test]
    fn very_many_names_of_one_large_sheet_are_refused() {
        let mut book = Workbook::new();
        book.add_worksheet();
        let mut from =
            zip::ZipArchive::new(Cursor::new(book.save_to_buffer().expect("a workbook"))).expect("a zip");
        let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for at in 0..from.len() {
            let mut file = from.by_index(at).expect("a file");
            let name = file.name().expect("a name").into_owned();
            let mut text = String::new();
            file.read_to_string(&mut text).expect("text");
            let sheets: String =
                (1..=600).map(|n| format!("<sheet name=\"S{n}\" sheetId=\"{n}\" r:id=\"rId1\"/>")).collect();
            let text = text.replace("<sheets>", &format!("<sheets>{sheets}"));
            let text = text.replace("</sheetData>", &format!("{}</sheetData>", " ".repeat(16 << 20)));
            let text =
                text.replace("<sheetData/>", &format!("<sheetData>{}</sheetData>", " ".repeat(16 << 20)));
            to.start_file(name, zip::write::SimpleFileOptions::default()).expect("begun");
            to.write_all(text.as_bytes()).expect("written");
        }
        let refused =
            opened(&to.finish().expect("a zip").into_inner()).expect_err("it would be read 600 times");
        assert!(refused.to_string().contains("too many sheets"), "{refused}");
    }

    static GOOD: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for row in 0..20 {
            sheet.write_string(row, 0, format!("Ana {row}")).expect("written");
            sheet.write_number(row, 1, f64::from(row)).expect("written");
        }
        book.save_to_buffer().expect("a workbook")
    });

    proptest::proptest! {
        #[test]
        fn damaged_workbooks_never_take_the_program_with_them(at in 0_usize..6000, byte: u8, cut in 0_usize..6000) {
            let mut bytes = GOOD.clone();
            let at = at % bytes.len();
            if let Some(b) = bytes.get_mut(at) {
                *b = byte;
            }
            bytes.truncate(bytes.len().saturating_sub(cut % 4 * 37));
            if let Ok(source) = opened(&bytes) {
                source.rows().expect("read").for_each(drop);
            }
        }
    }
}
