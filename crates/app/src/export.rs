//! Everything out again, in formats that other programs read.

use crate::{AppError, Cancel, ListRequest, Progress, Session, output};
use satchel_domain::{Catalogue, Field, FieldType, Kind, date::rfc3339, series::OF_SERIES};
use satchel_interchange::{
    Again, CALENDAR_BEGIN, CALENDAR_END, CsvTable, Listed, Sheet, birthday_of, event_of, spreadsheet_safe,
    todo_of, vcard_of, zone_of_event,
};
use satchel_storage::{Row, lists};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::Digest;
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeSet, HashMap},
    io::Write,
    path::{Path, PathBuf},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    Csv,
    Xlsx,
    Json,
    Vcard,
    /// Birthdays, activities and tasks, for a calendar.
    Ics,
}

impl ExportFormat {
    const fn extension(self) -> &'static str {
        match self {
            ExportFormat::Csv => "csv",
            ExportFormat::Xlsx => "xlsx",
            ExportFormat::Json => "json",
            ExportFormat::Vcard => "vcf",
            ExportFormat::Ics => "ics",
        }
    }

    const fn is_table(self) -> bool {
        matches!(self, ExportFormat::Csv | ExportFormat::Xlsx)
    }

    /// Whether records of a kind have anything that the format can hold.
    const fn holds(self, kind: Kind) -> bool {
        match self {
            ExportFormat::Ics => matches!(kind, Kind::Person | Kind::Activity | Kind::Task),
            ExportFormat::Vcard => matches!(kind, Kind::Person | Kind::Company),
            _ => true,
        }
    }
}

#[derive(Clone, Debug)]
pub struct ExportOptions {
    pub kinds: Vec<Kind>,
    pub format: ExportFormat,
    /// A file for one kind, a folder for several.
    pub out: PathBuf,
    pub request: ListRequest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct ExportedFile {
    pub path: String,
    pub rows: u32,
    /// BLAKE3 would be ours alone: SHA-256 is what people can check.
    pub sha256: String,
}

impl Session {
    pub fn export(
        &self,
        options: &ExportOptions,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Vec<ExportedFile>, AppError> {
        let vault = self.vault();
        let several = options.kinds.len() > 1 || options.out.is_dir();
        if several {
            if !options.out.exists() {
                output::check(&vault, &options.out)?;
            }
            satchel_vault::files::private_dir(&options.out).map_err(AppError::io(&options.out))?;
        }
        let kinds: Vec<Kind> = options.kinds.iter().copied().filter(|k| options.format.holds(*k)).collect();
        if let ([], Some(kind)) = (kinds.as_slice(), options.kinds.first()) {
            return Err(AppError::refused(format!(
                "a {kind} has no dates for a calendar; export activities, tasks or people to .ics, or take another format"
            )));
        }
        let mut one = |kind: &Kind| -> Result<ExportedFile, AppError> {
            let extension = options.format.extension();
            let path =
                if several { options.out.join(format!("{kind}.{extension}")) } else { options.out.clone() };
            output::check(&vault, &path)?;
            let (rows, sha256) = output::write_whole(&path, |file| {
                let mut out = Hashing { out: file, sha256: sha2::Sha256::default() };
                let rows = self.export_one(*kind, options, &mut out, progress, cancel)?;
                Ok((rows, out.hex()))
            })?;
            Ok(ExportedFile { path: path.display().to_string(), rows, sha256 })
        };
        let mut files = Vec::new();
        let outcome = kinds.iter().try_for_each(|kind| {
            files.push(one(kind)?);
            Ok::<_, AppError>(())
        });
        // Of one that was stopped, too: what is written by then has left.
        if !files.is_empty() {
            let rows: u64 = files.iter().map(|f| u64::from(f.rows)).sum();
            let kinds: Vec<&str> = kinds.iter().take(files.len()).map(|k| k.key()).collect();
            let format = options.format.extension();
            self.note_leaving("records", rows, [("kinds", kinds.into()), ("format", format.into())])?;
        }
        outcome?;
        Ok(files)
    }

    /// What the pipeline of each stage is called, by the stage's id.
    fn pipelines_of_stages(&self) -> Result<HashMap<String, String>, AppError> {
        let stages = |pipeline: crate::views::PipelineView| {
            let name = pipeline.name;
            pipeline.stages.into_iter().map(move |stage| (stage.id.to_string(), name.clone()))
        };
        Ok(self.pipelines(false)?.into_iter().flat_map(stages).collect())
    }

    /// Everything in every format, into a folder.
    pub fn export_all(
        &self,
        folder: &Path,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Vec<ExportedFile>, AppError> {
        let mut files = Vec::new();
        for format in [
            ExportFormat::Csv,
            ExportFormat::Json,
            ExportFormat::Vcard,
            ExportFormat::Ics,
            // The one that has limits.
            ExportFormat::Xlsx,
        ] {
            let (kinds, request) = (Kind::BROWSED.to_vec(), ListRequest::default());
            let options = ExportOptions { kinds, format, out: folder.to_owned(), request };
            files.extend(self.export(&options, progress, cancel)?);
        }
        Ok(files)
    }

    /// One state of the vault, whatever is written meanwhile.
    fn export_one(
        &self,
        kind: Kind,
        options: &ExportOptions,
        out: &mut impl Write,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<u32, AppError> {
        let catalogue = self.catalogue();
        let query = crate::lists::query(kind, &options.request)?;
        let day = crate::session::today();
        let pipelines = match (kind, options.format.is_table()) {
            (Kind::Deal, true) => self.pipelines_of_stages()?,
            _ => HashMap::new(),
        };
        self.store.read::<_, AppError>(|db| {
            let order = lists::rows(db, &catalogue, &query)?;
            // Tables are read twice: how wide they are is known at the end.
            let passes = if options.format.is_table() { 2 } else { 1 };
            let (done, progress) = (Cell::new(0), RefCell::new(progress));
            let each = |visit: &mut dyn FnMut(&Row) -> Result<(), AppError>| {
                for rows in order.chunks(500) {
                    self.go_on(cancel, "the export was stopped; no file was written")?;
                    done.set(done.get() + rows.len() as u64);
                    progress.borrow_mut()(Progress { done: done.get(), total: passes * order.len() as u64 });
                    for mut row in lists::page(db, &catalogue, kind, rows)? {
                        // A calendar says what follows from what is not offered: how a task comes again that was moved.
                        let calendar = options.format == ExportFormat::Ics;
                        // And what is read back, on which days a meeting does not come.
                        let whole =
                            |key: &str| options.format == ExportFormat::Json && OF_SERIES.contains(&key);
                        row.fields.retain(|key, _| {
                            catalogue.field(kind, key).is_some_and(|f| calendar || !f.hidden || whole(key))
                        });
                        satchel_domain::formula::show(kind, &mut row.fields, &catalogue, day);
                        let stage = row.fields.get("stage").and_then(Json::as_str);
                        if let Some(pipeline) = stage.and_then(|stage| pipelines.get(stage)) {
                            row.fields.insert(PIPELINE.to_owned(), pipeline.as_str().into());
                        }
                        visit(&row)?;
                    }
                }
                Ok(())
            };
            match options.format {
                ExportFormat::Csv => write_csv(kind, &catalogue, each, out)?,
                ExportFormat::Xlsx => write_xlsx(kind, &catalogue, each, out)?,
                ExportFormat::Ics => return write_calendar(kind, each, &|row| self.again_of(db, row), out),
                ExportFormat::Json => write_json(kind, &catalogue, each, out)?,
                ExportFormat::Vcard => write_vcards(kind, &catalogue, each, out)?,
            }
            Ok(u32::try_from(order.len()).unwrap_or(u32::MAX))
        })
    }
}

/// Shows each record of an export, in order.
trait Each: Fn(&mut dyn FnMut(&Row) -> Result<(), AppError>) -> Result<(), AppError> {}
impl<F: Fn(&mut dyn FnMut(&Row) -> Result<(), AppError>) -> Result<(), AppError>> Each for F {}

/// In which the stage of a deal is: two pipelines may have stages of the same name.
const PIPELINE: &str = "pipeline";

/// What a table of a kind has columns for.
fn columns_of(kind: Kind, catalogue: &Catalogue) -> Vec<Field> {
    let mut fields: Vec<Field> = catalogue.offered(kind).cloned().collect();
    if let Some(at) = fields.iter().position(|f| kind == Kind::Deal && f.key == "stage") {
        fields.insert(at + 1, Field::custom(PIPELINE, FieldType::Text, "Pipeline", Vec::new()));
    }
    fields
}

/// As many columns as the fullest record needs.
fn columns<'a>(fields: &'a [Field], each: &impl Each) -> Result<CsvTable<'a>, AppError> {
    let mut table = CsvTable::new(fields);
    each(&mut |row| {
        table.measure(&row.fields);
        Ok(())
    })?;
    Ok(table)
}

fn write_csv(
    kind: Kind,
    catalogue: &Catalogue,
    each: impl Each,
    out: &mut impl Write,
) -> Result<(), AppError> {
    let fields = columns_of(kind, catalogue);
    let table = columns(&fields, &each)?;
    // The mark tells Excel that the file is UTF-8.
    out.write_all("\u{feff}".as_bytes())?;
    let header: Vec<String> = table.header().iter().map(|h| spreadsheet_safe(h)).collect();
    write_line(out, &header)?;
    each(&mut |row| {
        let cells = table.cells(&row.id.to_string(), &row.titles, &row.fields);
        let safe: Vec<String> = cells.iter().map(|cell| spreadsheet_safe(cell)).collect();
        Ok(write_line(out, &safe)?)
    })
}

fn write_xlsx(
    kind: Kind,
    catalogue: &Catalogue,
    each: impl Each,
    out: &mut impl Write,
) -> Result<(), AppError> {
    let fields = columns_of(kind, catalogue);
    let table = columns(&fields, &each)?;
    let mut sheet = Sheet::new(kind.key(), &table.header())?;
    each(&mut |row| Ok(sheet.row(&table.cells(&row.id.to_string(), &row.titles, &row.fields))?))?;
    Ok(out.write_all(&sheet.finish()?)?)
}

/// Activities as events, tasks as to-dos; of people one event a year for each birthday. How many there are.
fn write_calendar(
    kind: Kind,
    each: impl Each,
    again_of: &dyn Fn(&Row) -> Result<Again, AppError>,
    out: &mut impl Write,
) -> Result<u32, AppError> {
    let (mut count, mut zones) = (0, BTreeSet::new());
    out.write_all(CALENDAR_BEGIN.as_bytes())?;
    each(&mut |row| {
        let id = row.id.to_string();
        let (title, fields, titles) = (&row.title, &row.fields, &row.titles);
        let listed = Listed { id: &id, title, fields, titles, updated_at: row.updated_at };
        let component = match kind {
            Kind::Activity => {
                let again = again_of(row)?;
                // What a clock of another place shows is told before what goes by it.
                if let Some((zone, told)) = zone_of_event(&again).filter(|(zone, _)| !zones.contains(zone)) {
                    out.write_all(told.as_bytes())?;
                    zones.insert(zone);
                }
                event_of(&listed, &again)
            }
            Kind::Task => Some(todo_of(&listed)),
            _ => {
                let birthday = fields.get("birthday").and_then(Json::as_str).unwrap_or_default();
                birthday_of(&id, title, birthday, row.updated_at)
            }
        };
        if let Some(component) = component {
            count += 1;
            out.write_all(component.as_bytes())?;
        }
        Ok(())
    })?;
    out.write_all(CALENDAR_END.as_bytes())?;
    Ok(count)
}

fn write_json(
    kind: Kind,
    catalogue: &Catalogue,
    each: impl Each,
    out: &mut impl Write,
) -> Result<(), AppError> {
    write!(out, "{{\"custom_fields\":{},\"records\":[", described(catalogue, &[kind]))?;
    let mut first = true;
    each(&mut |row| {
        let record = json!({
            "id": row.id.to_string(), "kind": kind.key(), "title": row.title, "fields": row.fields,
            "company_title": row.titles.get("company"), "created_at": rfc3339(row.created_at), "updated_at": rfc3339(row.updated_at),
        });
        let comma = if std::mem::take(&mut first) { "\n" } else { ",\n" };
        Ok(write!(out, "{comma}{record}")?)
    })?;
    Ok(out.write_all(b"\n]}\n")?)
}

fn write_vcards(
    kind: Kind,
    catalogue: &Catalogue,
    each: impl Each,
    out: &mut impl Write,
) -> Result<(), AppError> {
    each(&mut |row| {
        let company = row.titles.get("company").map_or("", String::as_str);
        let card =
            vcard_of(kind, &row.id.to_string(), &row.title, company, &row.fields, catalogue.fields(kind));
        Ok(out.write_all(card.as_bytes())?)
    })
}

/// Hashes what goes through.
struct Hashing<W> {
    out: W,
    sha256: sha2::Sha256,
}

impl<W> Hashing<W> {
    fn hex(self) -> String {
        self.sha256.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// The custom fields of some kinds, so that an import elsewhere can make them again.
pub(crate) fn described(catalogue: &Catalogue, kinds: &[Kind]) -> Json {
    let custom = kinds.iter().flat_map(|kind| catalogue.offered(*kind)).filter(|f| f.custom);
    custom
        .map(|f| json!({"key": f.key, "label": f.label, "type": f.ty.key(), "options": f.options}))
        .collect()
}

/// RFC 4180: quoted where needed, CRLF.
fn write_line(out: &mut impl Write, cells: &[String]) -> std::io::Result<()> {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        if cell.contains(['"', ',', '\n', '\r', ';']) {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}
