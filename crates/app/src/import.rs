//! Importing: what a file would do, shown before it does; then one operation that can be rolled
//! back as a whole, the records that it updated included.

mod known;
mod links;
mod matching;
mod prepare;
mod stages;

use crate::{
    AppError, Session, bulk,
    error::Code,
    session::{Prepared, custom_field},
};
use known::Known;
use matching::{Outcome, merge};
use prepare::{Context, Ready};
use satchel_domain::{Kind, OperationId, RecordId};
use satchel_interchange::{Draft, Format, Mapping, Rejected, Source, Target, guess};
use satchel_storage::{DocumentRow, Transaction, documents, operations};
use serde::{Deserialize, Serialize};
use stages::Stages;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// How far long work has come; `total` 0: not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct Progress {
    #[specta(type = u32)]
    pub done: u64,
    #[specta(type = u32)]
    pub total: u64,
}

/// Asks long work to stop.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub fn ask(&self) {
        self.0.store(true, Ordering::Release);
    }
    /// Whether both stop the same work.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Where an import's rows are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum ImportFrom {
    File(#[specta(type = String)] PathBuf),
    /// What was copied out of a spreadsheet or an address book.
    Pasted(String),
}

/// Bytes of a file before which a backup is made, so that there is a way back whatever it does.
const LARGE: u64 = 256 << 10;

impl ImportFrom {
    fn bytes(&self) -> u64 {
        match self {
            Self::File(path) => path.metadata().map_or(0, |meta| meta.len()),
            Self::Pasted(text) => text.len() as u64,
        }
    }

    /// The file's name; nothing is pasted by a name.
    fn name(&self) -> String {
        match self {
            ImportFrom::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            ImportFrom::Pasted(_) => String::new(),
        }
    }
}

impl<P: AsRef<Path> + ?Sized> From<&P> for ImportFrom {
    fn from(path: &P) -> Self {
        ImportFrom::File(path.as_ref().to_owned())
    }
}

/// By what a row is recognised as a record that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum MatchKey {
    ExternalId,
    Email,
    Phone,
    /// What a deal, an activity or a task is called, of which company it is and of which day; the code or the name of a
    /// product.
    Title,
}

/// What happens to a row that is recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum OnMatch {
    #[default]
    Update,
    Skip,
    Create,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct ImportOptions {
    /// Nothing: as the file looks.
    pub kind: Option<Kind>,
    /// Names the program that the file is from; ids of different sources are never mixed up.
    pub source: Option<String>,
    /// Corrections by column: the target.
    pub mapping: BTreeMap<String, String>,
    pub match_by: Vec<MatchKey>,
    pub on_match: OnMatch,
    /// Whether a table's first row names its columns; nothing: as it looks.
    #[serde(default)]
    pub header: Option<bool>,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            kind: None,
            source: None,
            mapping: BTreeMap::new(),
            match_by: vec![MatchKey::ExternalId, MatchKey::Email, MatchKey::Phone, MatchKey::Title],
            on_match: OnMatch::Update,
            header: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct ColumnView {
    pub name: String,
    pub target: String,
    /// `header`, `values`, `custom`, `empty`, `repeated`, `chosen`.
    pub how: String,
    pub samples: Vec<String>,
    pub filled: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct RowError {
    pub row: u32,
    pub column: String,
    pub value: String,
    pub message: String,
}

/// One row of the preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct Preview {
    pub row: u32,
    pub title: String,
    pub detail: String,
    /// `create`, `update`, `unchanged`, `skip`.
    pub outcome: String,
}

/// What an import has done, or, as a dry run, would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, specta::Type)]
pub struct ImportReport {
    pub operation: Option<OperationId>,
    pub format: String,
    pub encoding: String,
    pub delimiter: Option<String>,
    /// The program that wrote the file, where it is known.
    pub preset: Option<String>,
    pub kind: String,
    /// The columns by whose names the kind was guessed; none where it was said.
    pub because: Vec<String>,
    pub rows: u32,
    pub created: BTreeMap<String, u32>,
    pub updated: u32,
    pub unchanged: u32,
    pub skipped: u32,
    pub rejected: u32,
    pub columns: Vec<ColumnView>,
    /// Sheets of a workbook that hold something too: each is for an import of its own.
    pub left_out: Vec<String>,
    /// Rejected rows and values that could not be read; at most a thousand.
    pub errors: Vec<RowError>,
    /// The first rows as they would become records; in a dry run only.
    pub preview: Vec<Preview>,
    #[serde(skip)]
    #[specta(skip)]
    pub rejects: Vec<Rejected>,
}

/// Rows, or bytes of cells, that are worked on together.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 1 << 20;
/// Rows per transaction. Each touches pages all over the indexes, and each commit writes those pages:
/// few large commits write far less than many small ones.
const WRITE: usize = 6_000;
const WRITE_BYTES: usize = 20 << 20;
const MAX_ERRORS: usize = 1000;
const PREVIEW: usize = 20;
/// The fields that the preview shows beside what a record is called.
const SHOWN: [&str; 12] = [
    "title",
    "emails",
    "phones",
    "addresses",
    "website",
    "type",
    "at",
    "due",
    "place",
    "value",
    "close_date",
    "price",
];

impl Session {
    /// What importing a file would do. Nothing is written.
    pub fn preview_import(
        &self,
        from: impl Into<ImportFrom>,
        options: &ImportOptions,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<ImportReport, AppError> {
        let (source, mapping) = self.open_source(&from.into(), options)?;
        let mut run = Run::new(self, &source, &mapping, options, true)?;
        run.all(progress, cancel)?;
        Ok(run.report)
    }

    /// Imports a file as one operation.
    pub fn import(
        &self,
        from: impl Into<ImportFrom>,
        options: &ImportOptions,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<ImportReport, AppError> {
        let from = from.into();
        let (source, mapping) = self.open_source(&from, options)?;
        if from.bytes() > LARGE {
            self.back_up_before(cancel);
        }
        let mut run = Run::new(self, &source, &mapping, options, false)?;
        let _claim = self.claim(run.head.id)?;
        let name = from.name();
        let outcome = run.begin(&name).and_then(|()| run.all(progress, cancel));
        let finished = run.finish(&name);
        // What was done before it failed can be rolled back by its name.
        let done = run.report.operation.filter(|_| !run.report.created.is_empty() || run.report.updated > 0);
        outcome.and(finished).map_err(|e| AppError { operation: done, ..e })?;
        Ok(run.report)
    }

    /// The rejected rows of an earlier import, as a CSV (at most the first thousand).
    pub fn save_rejects(&self, operation: OperationId, path: &Path) -> Result<(), AppError> {
        let found = self.store.read(|db| operations::get(db, operation))?;
        let found =
            found.ok_or_else(|| AppError::new(Code::NotFound, format!("there is no import {operation}")))?;
        let detail: serde_json::Value = serde_json::from_str(&found.detail).unwrap_or_default();
        let rejects: Vec<Rejected> = serde_json::from_value(detail["rejects"].clone()).unwrap_or_default();
        let columns = detail["columns"].as_array().into_iter().flatten();
        let columns: Vec<&str> = columns.filter_map(|c| c["name"].as_str()).collect();
        crate::output::write_private(&self.vault(), path, rejects_csv(&columns, &rejects).as_bytes())
    }

    /// The names of the team's members, by how they are compared.
    fn owners(&self) -> HashMap<String, String> {
        let members = self.members().unwrap_or_default();
        let names = members.into_iter().map(|member| member.person).chain([self.person.clone()]);
        names.map(|name| (satchel_domain::text::fold(&name), name)).collect()
    }

    fn open_source(&self, from: &ImportFrom, options: &ImportOptions) -> Result<(Source, Mapping), AppError> {
        let source = match from {
            ImportFrom::File(path) => Source::open_with(path, options.header)?,
            ImportFrom::Pasted(text) => Source::of_text(text, options.header)?,
        };
        if let Some(kind) = options.kind.filter(|kind| !holds(source.format, *kind)) {
            return Err(AppError::refused(format!(
                "this file holds no {kind}; deals, activities, tasks and products come in tables, people and companies in cards too"
            )));
        }
        let mut mapping = guess(&source, options.kind, &self.catalogue());
        mapping.correct(&source.columns, &options.mapping, &self.catalogue())?;
        Ok((source, mapping))
    }
}

/// Whether files of a format can hold records of a kind.
fn holds(format: Format, kind: Kind) -> bool {
    match format {
        Format::Vcard => matches!(kind, Kind::Person | Kind::Company),
        // Its rows say themselves what they are.
        Format::Ics => true,
        _ => Kind::IMPORTED.contains(&kind),
    }
}

/// A row of the file, worked on.
type Row = Result<Result<Ready, AppError>, Rejected>;

/// A row that says that it is something else is for another import.
fn of_kind(row: Draft, mapping: &Mapping, source: &Source) -> Result<Draft, Rejected> {
    match row.kind {
        Some(other) if other != mapping.kind && !mapping.by_row => Err(Rejected {
            number: row.number,
            message: format!("this is a {other}; import the file once more as {other}"),
            cells: prepare::cells(&row, source),
            text: row
                .cells
                .iter()
                .map(|c| c.value.as_str())
                .collect::<Vec<_>>()
                .join(" · ")
                .chars()
                .take(500)
                .collect(),
        }),
        _ => Ok(row),
    }
}

/// Bytes that a row holds while it waits to be written.
fn size(row: &Row) -> usize {
    match row {
        Ok(Ok(ready)) => ready.prepared.as_ref().map_or(0, Prepared::size),
        _ => 0,
    }
}

struct Run<'a> {
    session: &'a Session,
    source: &'a Source,
    mapping: &'a Mapping,
    options: &'a ImportOptions,
    context: Context<'a>,
    dry: bool,
    head: satchel_storage::Operation,
    seq: i64,
    /// What rows before have brought in a dry run.
    seen: HashSet<String>,
    known: Known,
    /// Companies that rows before have made.
    made: HashSet<RecordId>,
    /// Other programs' ids that rows before had, and what those rows are called, as hashes.
    ids: HashMap<u64, u64>,
    report: ImportReport,
}

impl<'a> Run<'a> {
    fn new(
        session: &'a Session,
        source: &'a Source,
        mapping: &'a Mapping,
        options: &'a ImportOptions,
        dry: bool,
    ) -> Result<Self, AppError> {
        let mut head = session.operation("import");
        head.finished = false;
        let mut catalogue = (*session.catalogue()).clone();
        for (target, _) in &mapping.targets {
            if let Target::Custom { label, ty } = target {
                let key = catalogue.key_of(mapping.kind, label);
                catalogue.extend(mapping.kind, satchel_domain::Field::custom(&key, *ty, label, Vec::new()));
            }
        }
        let mut habits = session.habits()?;
        habits.day_order = mapping.day_order.unwrap_or(habits.day_order);
        let unique = has_unique_ids(source, mapping).then(|| links::UNIQUE.to_owned());
        let source_name = options.source.clone().or(mapping.preset.map(str::to_owned)).or(unique);
        let trusted = source_name.is_some() || !source.format.is_table();
        let context = Context {
            session,
            source,
            mapping,
            options,
            catalogue: Arc::new(catalogue),
            habits,
            source_name: source_name.unwrap_or_else(|| name_of_table(source)),
            trusted,
            stamp: session.stamp(&head),
            companies: Arc::default(),
            found: Arc::default(),
            domains: Arc::default(),
            stages: Arc::new(if mapping.kind == Kind::Deal {
                Stages::read(session, dry)?
            } else {
                Stages::default()
            }),
            owners: Arc::new(session.owners()),
            owned: mapping.targets.iter().any(|(target, _)| *target == Target::Field("owner".into())),
        };
        let columns = source.columns.iter().zip(&mapping.targets).map(|(c, (target, how))| ColumnView {
            name: c.name.clone(),
            target: target.to_string(),
            how: how.key().to_owned(),
            samples: c.samples.clone(),
            filled: u32::try_from(c.filled).unwrap_or(u32::MAX),
        });
        let report = ImportReport {
            format: source.format.key().to_owned(),
            encoding: source.encoding.clone(),
            delimiter: source.delimiter.map(String::from),
            preset: mapping.preset.map(str::to_owned),
            kind: mapping.kind.key().to_owned(),
            because: mapping.because.clone(),
            columns: columns.collect(),
            left_out: source.left_out.clone(),
            ..ImportReport::default()
        };
        Ok(Self {
            session,
            source,
            mapping,
            options,
            context,
            dry,
            head,
            seq: 0,
            seen: HashSet::new(),
            known: Known::read(session, mapping.kind)?,
            made: HashSet::new(),
            ids: HashMap::new(),
            report,
        })
    }

    /// Writes the operation's head, and the fields that the file's columns ask for.
    fn begin(&mut self, name: &str) -> Result<(), AppError> {
        self.head.detail = serde_json::json!({ "file": name }).to_string();
        self.head.records = self.source.rows;
        let session = self.session;
        let stamp = session.stamp(&self.head);
        let known = session.catalogue();
        self.seq = session.store.write::<_, AppError>(|tx| Ok(operations::begin(tx, &self.head)?))?;
        session.store.write::<_, AppError>(|tx| {
            for (target, _) in &self.mapping.targets {
                let Target::Custom { label, ty } = target else { continue };
                let (_, registers) = custom_field(self.mapping.kind, label, *ty, &[]);
                let key = known.key_of(self.mapping.kind, label);
                if known.field(self.mapping.kind, &key).is_some_and(|f| !f.hidden) {
                    continue;
                }
                let id = session.derive_id(&["custom_field", self.mapping.kind.key(), &key]);
                if documents::exists(tx, id)? {
                    session.revive(tx, self.seq, id, &stamp, &known)?;
                } else {
                    let prepared = Prepared::new_record(id, Kind::CustomField, &stamp, &registers, &known);
                    session.put(tx, self.seq, &prepared)?;
                }
            }
            Ok(())
        })?;
        session.refresh_catalogue()?;
        Ok(())
    }

    fn all(&mut self, progress: &mut dyn FnMut(Progress), cancel: &Cancel) -> Result<(), AppError> {
        let total = self.source.rows;
        let mut rows = self.source.rows()?;
        let batches = std::iter::from_fn(move || {
            let (mut batch, mut bytes) = (Vec::new(), 0);
            while batch.len() < BATCH && bytes < BATCH_BYTES {
                let Some(row) = rows.next() else { break };
                bytes +=
                    row.as_ref().map_or(0, |draft: &Draft| draft.cells.iter().map(|c| c.value.len()).sum());
                batch.push(row);
            }
            (!batch.is_empty()).then_some(batch)
        });
        let context = self.context.clone();
        let (session, dry, mapping, source) = (self.session, self.dry, self.mapping, self.source);
        let (mut pending, mut bytes) = (Vec::new(), 0);
        let _tuned = (!dry).then(|| session.store.bulk());
        bulk::run(
            batches,
            |batch| {
                batch
                    .into_iter()
                    .map(|row| Ok(context.ready(&of_kind(row?, mapping, source)?, dry)))
                    .collect()
            },
            |batch: Vec<Row>| {
                bytes += batch.iter().map(size).sum::<usize>();
                pending.extend(batch);
                let stopped = session
                    .go_on(cancel, "the import was stopped; what was imported so far can be rolled back");
                if stopped.is_err() || dry || pending.len() >= WRITE || bytes >= WRITE_BYTES {
                    bytes = 0;
                    self.batch(std::mem::take(&mut pending))?;
                }
                progress(Progress { done: u64::from(self.report.rows) + pending.len() as u64, total });
                stopped
            },
        )?;
        self.batch(pending)
    }

    fn batch(&mut self, batch: Vec<Row>) -> Result<(), AppError> {
        let session = self.session;
        self.known.refresh(session)?;
        if self.dry {
            return session.store.read::<_, AppError>(|db| {
                for row in batch {
                    if let Some(mut ready) = self.accept(row)? {
                        self.own_id(&mut ready);
                        let found = matching::find(db, &ready, &self.context, &self.known)?;
                        if let Some(row) = &found {
                            self.known.take(row.id);
                        }
                        self.foresee(ready, found)?;
                    }
                }
                Ok(())
            });
        }
        let r = &self.report;
        let before = (r.rows, r.created.clone(), r.updated, r.unchanged, r.skipped, r.rejected);
        let made = self.made.clone();
        let mut done = Vec::with_capacity(batch.len());
        let written = session.store.write::<_, AppError>(|tx| {
            for row in batch {
                if let Some(mut ready) = self.accept(row)? {
                    self.write(tx, &mut ready)?;
                    done.push(ready);
                }
            }
            Ok(())
        });
        // A million small texts: another thread lets go of them while this one goes on.
        std::thread::spawn(move || drop(done));
        self.known.written();
        if written.is_err() {
            // What was rolled back was not done.
            let r = &mut self.report;
            (r.rows, r.created, r.updated, r.unchanged, r.skipped, r.rejected) = before;
            self.made = made;
        }
        written
    }

    /// Counts a row and names what is wrong with it; nothing if it is rejected.
    fn accept(&mut self, row: Row) -> Result<Option<Ready>, AppError> {
        self.report.rows += 1;
        match row {
            Err(rejected) => {
                self.reject(rejected);
                Ok(None)
            }
            Ok(ready) => {
                let ready = ready?;
                let row = u32::try_from(ready.number).unwrap_or(u32::MAX);
                for p in &ready.problems {
                    self.error(RowError {
                        row,
                        column: p.column.clone(),
                        value: p.value.clone(),
                        message: p.message.clone(),
                    });
                }
                let why = match ready.registers.is_empty() {
                    true => Some("the row has no value for any field".to_owned()),
                    false => ready.refused,
                };
                if let Some(message) = why {
                    self.reject(Rejected {
                        number: ready.number,
                        message,
                        text: ready.cells.join(", ").chars().take(500).collect(),
                        cells: ready.cells,
                    });
                    return Ok(None);
                }
                Ok(Some(Ready { refused: None, ..ready }))
            }
        }
    }

    /// An id that two differently named rows of one file have is nobody's: the second is a record of
    /// its own.
    fn own_id(&mut self, ready: &mut Ready) {
        if self.options.on_match == OnMatch::Create || self.options.match_by.is_empty() {
            return;
        }
        let Some(external) = &ready.external else { return };
        let hash = |text: &str| {
            let bytes = blake3::hash(text.as_bytes());
            bytes.as_bytes().iter().take(8).fold(0_u64, |n, b| n << 8 | u64::from(*b))
        };
        let names = matching::own_names(ready.kind, ready).join("\u{1f}");
        if names == "\u{1f}" {
            return;
        }
        let names = hash(&names);
        if *self.ids.entry(hash(external)).or_insert(names) == names {
            return;
        }
        let id = external.split('\u{1f}').next_back().unwrap_or_default().to_owned();
        self.error(RowError {
            row: u32::try_from(ready.number).unwrap_or(u32::MAX),
            column: "external_id".into(),
            value: id,
            message: "another row with another name has the same id; this one is kept apart".into(),
        });
        (ready.external, ready.named, ready.derived) = (None, None, ready.by_content);
        if let Some(prepared) = &mut ready.prepared {
            prepared.id = ready.by_content;
        }
    }

    fn reject(&mut self, rejected: Rejected) {
        self.report.rejected += 1;
        let row = u32::try_from(rejected.number).unwrap_or(u32::MAX);
        let value = rejected.text.chars().take(200).collect();
        self.error(RowError { row, column: String::new(), value, message: rejected.message.clone() });
        if self.report.rejects.len() < 100_000 {
            self.report.rejects.push(rejected);
        }
    }

    fn error(&mut self, error: RowError) {
        if self.report.errors.len() < MAX_ERRORS {
            self.report.errors.push(error);
        }
    }

    /// Counts what a row would do.
    fn foresee(&mut self, ready: Ready, found: Option<DocumentRow>) -> Result<(), AppError> {
        let content = format!("content {}", ready.by_content);
        let same = !self.seen.insert(content);
        let (left, sought) = matching::keys(&ready, self.options);
        let again = self.options.on_match != OnMatch::Create && sought.iter().any(|k| self.seen.contains(k));
        self.seen.extend(left);
        let outcome = match (found, self.options.on_match) {
            (Some(row), OnMatch::Skip) if !matching::is_deleted(&row)? => "skip",
            (Some(row), _) => match merge(row, &ready, &self.context)? {
                Outcome::Changed(_) => "update",
                Outcome::Unchanged => "unchanged",
            },
            (None, OnMatch::Skip) if again => "skip",
            (None, _) if again && same => "unchanged",
            (None, _) if again => "update",
            (None, _) => "create",
        };
        match outcome {
            "create" => *self.report.created.entry(ready.kind.key().to_owned()).or_default() += 1,
            "update" => self.report.updated += 1,
            "unchanged" => self.report.unchanged += 1,
            _ => self.report.skipped += 1,
        }
        if ready.company.as_ref().is_some_and(|c| c.is_new && self.seen.insert(format!("company {}", c.id))) {
            *self.report.created.entry("company".to_owned()).or_default() += 1;
        }
        if self.report.preview.len() < PREVIEW {
            let kind = ready.kind;
            let fields =
                satchel_domain::projection::fields_of(kind, &ready.registers, &self.context.catalogue);
            let detail: Vec<String> =
                SHOWN.iter().filter_map(|k| fields.get(*k)).map(satchel_domain::Value::to_text).collect();
            let company = ready.company.map(|c| c.name);
            self.report.preview.push(Preview {
                row: u32::try_from(ready.number).unwrap_or(u32::MAX),
                title: satchel_domain::projection::title(kind, &fields),
                detail: company.into_iter().chain(ready.about).chain(detail).collect::<Vec<_>>().join(" · "),
                outcome: outcome.to_owned(),
            });
        }
        Ok(())
    }

    fn write(&mut self, tx: &Transaction<'_>, ready: &mut Ready) -> Result<(), AppError> {
        self.own_id(ready);
        let found = matching::find(tx, ready, &self.context, &self.known)?;
        if let (Some(row), OnMatch::Skip) = (&found, self.options.on_match)
            && !matching::is_deleted(row)?
        {
            self.report.skipped += 1;
            return Ok(());
        }
        if let Some(company) = &ready.company {
            self.write_company(tx, company)?;
        }
        if let Some(row) = &found {
            self.known.take(row.id);
        }
        match found {
            Some(row) => match merge(row, ready, &self.context)? {
                Outcome::Changed(prepared) => {
                    self.put(tx, &prepared)?;
                    self.report.updated += 1;
                }
                Outcome::Unchanged => self.report.unchanged += 1,
            },
            None => {
                let mut prepared = ready
                    .prepared
                    .take()
                    .ok_or_else(|| AppError::new(Code::Internal, "a row was not prepared"))?;
                let taken = |id: RecordId| self.known.may_have("id", &id.to_string());
                if taken(prepared.id) && documents::exists(tx, prepared.id)? {
                    // Somebody else has this id, and was not to be recognised by it.
                    prepared.id = ready.by_content;
                }
                self.put(tx, &prepared)?;
                self.known.take(prepared.id);
                if let Some(code) = matching::code_of(ready) {
                    self.known.add_code(&code);
                }
                *self.report.created.entry(prepared.kind.key().to_owned()).or_default() += 1;
            }
        }
        Ok(())
    }

    fn put(&mut self, tx: &Transaction<'_>, prepared: &Prepared) -> Result<(), AppError> {
        self.session.put(tx, self.seq, prepared)?;
        self.known.add(&prepared.id.to_string(), prepared.terms());
        Ok(())
    }

    /// The first row that is written makes its company: rows that are skipped or rejected do not.
    fn write_company(&mut self, tx: &Transaction<'_>, company: &prepare::Company) -> Result<(), AppError> {
        if !company.is_new || !self.made.insert(company.id) {
            return Ok(());
        }
        let Context { stamp, catalogue, .. } = &self.context;
        let made = match documents::exists(tx, company.id)? {
            true => self.session.revive(tx, self.seq, company.id, stamp, catalogue)?,
            false => {
                let registers = company.registers();
                let prepared = Prepared::new_record(company.id, Kind::Company, stamp, &registers, catalogue);
                self.put(tx, &prepared)?;
                true
            }
        };
        if made {
            *self.report.created.entry("company".to_owned()).or_default() += 1;
        }
        Ok(())
    }

    /// Closes the operation, whole or stopped: it can be rolled back either way.
    fn finish(&mut self, name: &str) -> Result<(), AppError> {
        self.report.operation = Some(self.head.id);
        let mut detail = serde_json::to_value(&self.report).expect("plain data serialises");
        if let Some(errors) = detail["errors"].as_array_mut() {
            errors.truncate(200);
        }
        // What the columns held is in the records; here it would outlive an undo.
        for column in detail["columns"].as_array_mut().into_iter().flatten() {
            column["samples"] = serde_json::json!([]);
        }
        detail["file"] = serde_json::json!(name);
        detail["rejects"] =
            serde_json::json!(self.report.rejects.iter().take(MAX_ERRORS).collect::<Vec<_>>());
        self.session.store.write::<_, AppError>(|tx| {
            operations::finish(tx, self.seq, &detail.to_string())?;
            Ok(())
        })?;
        self.session.refresh_catalogue()?;
        self.session.changed(Vec::new());
        Ok(())
    }
}

/// Whether the column of ids has none but ids that no two programs ever give.
fn has_unique_ids(source: &Source, mapping: &Mapping) -> bool {
    let ids =
        source.columns.iter().zip(&mapping.targets).find(|(_, (target, _))| *target == Target::ExternalId);
    ids.is_some_and(|(column, _)| {
        source.format.is_table()
            && !column.samples.is_empty()
            && column.samples.iter().all(|id| id.parse::<RecordId>().is_ok())
    })
}

/// A table that no known program wrote is told from others by its columns, so that the ids of two
/// tables are not taken for each other's.
fn name_of_table(source: &Source) -> String {
    if !source.format.is_table() {
        return source.format.key().to_owned();
    }
    let mut names: Vec<&str> = source.columns.iter().map(|c| c.name.as_str()).collect();
    names.sort_unstable();
    let hash = blake3::hash(names.join("\u{1f}").as_bytes()).to_hex();
    format!("csv-{}", hash.get(..8).unwrap_or_default())
}

/// Rejected rows as a CSV that can be mended and imported again: the columns of the file, and what is
/// wrong. Where the file has no columns (cards), the text of each.
pub fn rejects_csv(columns: &[&str], rejects: &[Rejected]) -> String {
    let line = |cells: &[&str]| {
        let quoted = |s: &&str| format!("\"{}\"", s.replace('"', "\"\""));
        format!("{}\r\n", cells.iter().map(quoted).collect::<Vec<_>>().join(","))
    };
    let safe = satchel_interchange::spreadsheet_safe;
    let mut out = String::from("\u{feff}");
    if rejects.iter().all(|r| r.cells.is_empty()) {
        out.push_str(&line(&["Row", "Problem", "Text"]));
        for r in rejects {
            out.push_str(&line(&[&r.number.to_string(), &r.message, &safe(&r.text)]));
        }
        return out;
    }
    let header: Vec<&str> = columns.iter().copied().chain([satchel_interchange::PROBLEM_COLUMN]).collect();
    out.push_str(&line(&header));
    for r in rejects {
        let (first, more) = r.cells.split_at(r.cells.len().min(columns.len()));
        let mut cells: Vec<String> = first.iter().map(|c| safe(c)).collect();
        cells.resize(columns.len(), String::new());
        // A row that is wider than the table keeps what is over in its last cell.
        if let (Some(last), false) = (cells.last_mut(), more.is_empty()) {
            last.push_str(&format!(", {}", more.join(", ")));
        }
        cells.push(format!("row {}: {}", r.number, r.message));
        out.push_str(&line(&cells.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    out
}
