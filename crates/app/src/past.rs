//! Time travel: a list as it was, what differs from today, and going back to it. Going back is a new change like any
//! other, so it can be undone, and it syncs.

use crate::{
    AppError, Cancel, Progress, Session, bulk,
    error::Code,
    history::changes,
    lists::row_view,
    session::{now, today},
    views::{PastCounts, PastPage, PastRow, PastState, RestoreReport, RowView, Skipped},
};
use jiff::{civil::Time, tz::TimeZone};
use satchel_document::{Changes, Document, difference, fields_that_differ, guarded};
use satchel_domain::{
    Catalogue, Kind, RecordId, Registers, Scalar,
    date::{instant, rfc3339},
    filter::{self, Filter},
    projection::{fields_of, project},
    register::DELETED_AT,
    text::fold,
    when,
};
use satchel_storage::{Connection, DocumentRow, ListQuery, StorageError, documents, lists, past, past::AsOf};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, PoisonError},
};

/// Records that are looked at between two signs of life.
const BATCH: usize = 1000;
/// So many rows a page has at most.
const ROWS: u32 = 1000;
/// What follows from other records and the clock is not kept, and so not known of another time.
const OF_TODAY: [&str; 2] = [lists::QUIET, lists::NEXT_STEP];

/// A list as of a time.
#[derive(Clone, Debug, Deserialize, specta::Type)]
pub struct PastRequest {
    pub kind: Kind,
    /// RFC 3339.
    pub at: String,
    /// Only these; none: all that were there.
    pub state: Option<PastState>,
    /// Only those whose name has these words.
    #[serde(default)]
    pub text: String,
    /// Only those that a filter expression found then; of those made since, that it finds now.
    #[serde(default)]
    pub filter: String,
    #[serde(default)]
    pub offset: u32,
    #[serde(default)]
    pub limit: u32,
}

/// What is to be again as it was.
#[derive(Clone, Debug, Default, Deserialize, specta::Type)]
pub struct Restore {
    /// RFC 3339.
    pub at: String,
    /// These; none: all of a kind, or of the whole book.
    #[serde(default)]
    pub ids: Vec<RecordId>,
    /// All of this kind that were there then; what was made since stays.
    pub kind: Option<Kind>,
    /// Of the kind those that a filter expression found then.
    #[serde(default)]
    pub filter: String,
    /// Of the kind those whose name had these words.
    #[serde(default)]
    pub text: String,
    /// Only these fields; none: all of them, and whether it is in the trash.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Say what would change, and write nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// The lists as they were that were looked at last, the very last first.
pub(crate) type Pasts = Vec<Arc<Past>>;

/// The whole of a list, and what a filter leaves of it.
const KEPT: usize = 2;

/// A list as it was, kept as long as nothing is written.
#[derive(Debug)]
pub(crate) struct Past {
    which: Which,
    version: u64,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Which {
    kind: Kind,
    at: i64,
    filter: String,
}

#[derive(Clone, Debug)]
struct Entry {
    sort: String,
    row: i64,
    /// Written to since; nothing: it is what the list of today shows.
    written: Option<RecordId>,
    state: PastState,
}

/// A record then and now.
struct Seen {
    row: i64,
    kind: Kind,
    then: Registers,
    now: Registers,
    /// When it was made and last written to, as of then.
    times: (i64, i64),
}

impl Seen {
    /// As the list shows it.
    fn shown(&self, state: PastState) -> &Registers {
        if state == PastState::Made { &self.now } else { &self.then }
    }
}

/// What becomes of a record that goes back.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Changed,
    Revived,
    Trashed,
}

impl Session {
    /// The moment that somebody means by «last tuesday»: the end of that day, where no hour is named.
    pub fn past_moment(&self, text: &str) -> Result<String, AppError> {
        let refused = || {
            AppError::refused(format!(
                "«{}» is no time in the past; write 2026-01-31, last tuesday or 3 days ago",
                text.trim()
            ))
        };
        if text.contains('T')
            && let Some(at) = instant(text.trim())
        {
            return if at <= now() { Ok(rfc3339(at)) } else { Err(refused()) };
        }
        let said = when::past(text, today(), self.habits()?.day_order).ok_or_else(refused)?;
        let time = match said.minute {
            Some(minute) => i8::try_from(minute / 60)
                .and_then(|hour| Ok(Time::constant(hour, i8::try_from(minute % 60)?, 0, 0)))
                .map_err(|_| refused())?,
            None => Time::constant(23, 59, 59, 999_000_000),
        };
        let moment =
            said.date.to_datetime(time).to_zoned_datetime(TimeZone::system()).map_err(|_| refused())?;
        Ok(rfc3339(moment.timestamp().as_millisecond().min(now())))
    }

    /// A page of a list as it was.
    pub fn list_at(
        &self,
        request: &PastRequest,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<PastPage, AppError> {
        if !Kind::BROWSED.contains(&request.kind) {
            return Err(AppError::refused(format!("there is no list of a {}", request.kind)));
        }
        let at = moment(&request.at)?;
        let which = Which { kind: request.kind, at, filter: request.filter.trim().to_owned() };
        let list = self.past(&which, progress, cancel)?;
        let mut counts = PastCounts::default();
        for entry in &list.entries {
            let count = match entry.state {
                PastState::Same => &mut counts.same,
                PastState::Changed => &mut counts.changed,
                PastState::Deleted => &mut counts.deleted,
                PastState::Made => &mut counts.made,
            };
            *count = count.saturating_add(1);
        }
        let named = called(&request.text);
        let wanted = |entry: &&Entry| {
            let of_state = match request.state {
                Some(state) => entry.state == state,
                None => entry.state != PastState::Made,
            };
            of_state && named(entry)
        };
        let all: Vec<&Entry> = list.entries.iter().filter(wanted).collect();
        let limit = if request.limit == 0 { 100 } else { request.limit.min(ROWS) };
        let shown = all.iter().skip(request.offset as usize).take(limit as usize);
        let catalogue = self.catalogue();
        let rows = self.store.glance::<_, AppError>(|db| {
            let rows = shown.map(|entry| self.past_row(db, &catalogue, request.kind, at, entry));
            rows.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()
        })?;
        let total = u32::try_from(all.len()).unwrap_or(u32::MAX);
        Ok(PastPage { at: rfc3339(at), total, counts, rows })
    }

    fn past(
        &self,
        which: &Which,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Arc<Past>, AppError> {
        let kept = || self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.store.version();
        if let Some(past) = kept().iter().find(|p| p.which == *which && p.version == version) {
            return Ok(past.clone());
        }
        let entries = match filter::parse(&which.filter)? {
            Some(filter) => self.filtered(which, filter, progress, cancel)?,
            None => self.all_at(which, progress, cancel)?,
        };
        let past = Arc::new(Past { which: which.clone(), version, entries });
        let mut kept = kept();
        kept.insert(0, past.clone());
        kept.truncate(KEPT);
        Ok(past)
    }

    /// All of a kind, as they were.
    fn all_at(
        &self,
        which: &Which,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Vec<Entry>, AppError> {
        let (kind, at) = (which.kind, which.at);
        let (unchanged, changed) = self
            .store
            .read::<_, AppError>(|db| Ok((past::unchanged(db, kind, at)?, past::changed(db, kind, at)?)))?;
        let same = |(row, sort)| Entry { sort, row, written: None, state: PastState::Same };
        let mut entries: Vec<Entry> = unchanged.into_iter().map(same).collect();
        let catalogue = self.catalogue();
        entries.extend(
            self.in_batches(&changed, progress, cancel, |db, part| {
                part.iter().map(|id| self.entry(db, &catalogue, *id, at)).collect()
            })?
            .into_iter()
            .flatten(),
        );
        entries.sort_by(|a, b| a.sort.cmp(&b.sort));
        Ok(entries)
    }

    /// Those of a list that a filter finds: of what is as it was by the tables of today, of the rest as they were.
    fn filtered(
        &self,
        which: &Which,
        filter: Filter,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Vec<Entry>, AppError> {
        let (kind, at) = (which.kind, which.at);
        if let Some(name) = OF_TODAY.into_iter().find(|name| filter.asks(name)) {
            return Err(AppError::refused(format!(
                "«{name}» is known of today alone; leave it out, or ask for a field"
            )));
        }
        let whole = Which { filter: String::new(), ..which.clone() };
        let all = self.past(&whole, progress, cancel)?;
        let query = ListQuery { filter: Some(filter), ..ListQuery::all(kind) };
        let catalogue = self.catalogue();
        let rows = self.store.read(|db| lists::rows(db, &catalogue, &query))?;
        let today: HashSet<i64> = rows.into_iter().collect();
        let written: Vec<&Entry> = all.entries.iter().filter(|e| e.written.is_some()).collect();
        let then = self.in_batches(&written, progress, cancel, |db, part| {
            let records = part.iter().map(|entry| self.as_of(db, &catalogue, at, entry));
            let records: Vec<AsOf> = records.filter_map(Result::transpose).collect::<Result<_, _>>()?;
            Ok(past::found(db, &catalogue, &query, &records)?.into_iter().collect())
        })?;
        let then: HashSet<i64> = then.into_iter().collect();
        let found = |entry: &&Entry| match entry.written {
            Some(_) => then.contains(&entry.row),
            None => today.contains(&entry.row),
        };
        Ok(all.entries.iter().filter(found).cloned().collect())
    }

    /// Looks at many in batches, each on two readers, and says how far it is.
    fn in_batches<T: Sync, R: Send>(
        &self,
        all: &[T],
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
        look: impl Fn(&Connection, &[T]) -> Result<Vec<R>, AppError> + Sync,
    ) -> Result<Vec<R>, AppError> {
        let mut out = Vec::new();
        let (mut done, total) = (0, all.len() as u64);
        for batch in all.chunks(BATCH) {
            self.go_on(cancel, "stopped; nothing was changed")?;
            progress(Progress { done, total });
            done += batch.len() as u64;
            out.extend(bulk::halves(batch, |part| self.store.read(|db| look(db, part)))?);
        }
        progress(Progress { done: total, total });
        Ok(out)
    }

    /// What the tables would show of a record that was written to since.
    fn as_of(
        &self,
        db: &Connection,
        catalogue: &Catalogue,
        at: i64,
        entry: &Entry,
    ) -> Result<Option<AsOf>, AppError> {
        let Some(id) = entry.written else { return Ok(None) };
        let Some(seen) = self.then_and_now(db, id, at)? else { return Ok(None) };
        let (created_at, updated_at) = seen.times;
        let projection = project(seen.kind, seen.shown(entry.state), catalogue);
        Ok(Some(AsOf { row: seen.row, id, created_at, updated_at, projection }))
    }

    fn entry(
        &self,
        db: &Connection,
        catalogue: &Catalogue,
        id: RecordId,
        at: i64,
    ) -> Result<Option<Entry>, AppError> {
        // One that cannot be read is named by `verify`, and hides no other.
        let Some(seen) = self.then_and_now(db, id, at)? else { return Ok(None) };
        let state = match (is_live(&seen.then), is_live(&seen.now)) {
            (true, true) if seen.then == seen.now => PastState::Same,
            (true, true) => PastState::Changed,
            (true, false) => PastState::Deleted,
            (false, true) => PastState::Made,
            (false, false) => return Ok(None),
        };
        let sort = project(seen.kind, seen.shown(state), catalogue).sort;
        Ok(Some(Entry { sort, row: seen.row, written: Some(id), state }))
    }

    /// A record's registers at a time and now; nothing where it cannot be read.
    fn then_and_now(&self, db: &Connection, id: RecordId, at: i64) -> Result<Option<Seen>, AppError> {
        let Some(DocumentRow { row, kind, bytes, .. }) = documents::get(db, id)? else { return Ok(None) };
        let read = guarded(|| {
            let mut document = Document::load(&bytes)?;
            let heads = document.heads_at(at);
            let then = document.registers_at(&heads);
            let times = document.times_until(if then.is_empty() { i64::MAX } else { at });
            Ok::<_, AppError>(Seen { row, kind, then, now: document.registers(), times })
        });
        Ok(read.ok())
    }

    fn past_row(
        &self,
        db: &Connection,
        catalogue: &Catalogue,
        kind: Kind,
        at: i64,
        entry: &Entry,
    ) -> Result<Option<PastRow>, AppError> {
        let Some(id) = entry.written else {
            let row = lists::one(db, catalogue, kind, entry.row)?;
            return Ok(row.map(|row| PastRow {
                record: row_view(row),
                state: entry.state,
                changes: Vec::new(),
            }));
        };
        let Some(seen) = self.then_and_now(db, id, at)? else { return Ok(None) };
        let shown = seen.shown(entry.state);
        let mut fields = fields_of(kind, shown, catalogue);
        fields.retain(|key, _| catalogue.field(kind, key).is_some_and(|f| !f.hidden));
        let record = RowView {
            id,
            kind,
            title: project(kind, shown, catalogue).title,
            fields: fields.into_iter().map(|(key, value)| (key, value.to_json())).collect(),
            titles: titles_of(db, kind, shown, catalogue)?,
            updated_at: rfc3339(at),
            deleted_at: None,
        };
        let changes = match entry.state {
            PastState::Changed => {
                let differ = changes(kind, &seen.then, &seen.now, catalogue);
                self.named(differ, kind, catalogue.links(kind))
            }
            _ => Vec::new(),
        };
        Ok(Some(PastRow { record, state: entry.state, changes }))
    }

    /// Puts records back to what they were, as one operation; or says what that would change.
    pub fn restore_as_of(
        &self,
        restore: &Restore,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<RestoreReport, AppError> {
        let back = Back { at: moment(&restore.at)?, restore };
        self.check_fields(restore)?;
        let ids = self.written_since(restore, back.at, progress, cancel)?;
        let (mut report, mut wanted) = self.weigh(&back, &ids, progress, cancel)?;
        if restore.dry_run || wanted.is_empty() {
            return Ok(report);
        }
        if wanted.len() > BATCH {
            self.back_up_before(cancel);
        }
        // What others link to is there before them.
        let place = |kind: Kind| Kind::BY_LINKS.iter().position(|row| row.contains(&kind)).unwrap_or(0);
        wanted.sort_by_key(|(kind, _)| std::cmp::Reverse(place(*kind)));
        let ids: Vec<RecordId> = wanted.into_iter().map(|(_, id)| id).collect();
        let mut operation = self.operation("as_of");
        operation.detail = serde_json::json!({ "at": report.at, "kind": restore.kind }).to_string();
        let deleted = now();
        let plan = |_: RecordId, document: &mut Document| back.changes(document, deleted);
        let written = self.write_documents(operation, &ids, &plan, progress, cancel)?;
        report.operation = written.operation;
        report.records = written.count;
        Ok(report)
    }

    /// What going back would do, and to which records.
    fn weigh(
        &self,
        back: &Back<'_>,
        ids: &[RecordId],
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<(RestoreReport, Vec<(Kind, RecordId)>), AppError> {
        let mut report = RestoreReport { at: rfc3339(back.at), ..RestoreReport::default() };
        let mut wanted = Vec::new();
        let seen = self.in_batches(ids, progress, cancel, |db, part| {
            part.iter().map(|id| Ok((*id, self.look_back(db, back, *id)?))).collect()
        })?;
        for (id, found) in seen {
            match found {
                Found::Stays => {}
                Found::Skipped(why) => {
                    report.skipped.push(Skipped { id, field: String::new(), why: why.to_owned() });
                }
                Found::Goes(kind, fate) => {
                    report.count(kind, fate);
                    wanted.push((kind, id));
                }
            }
        }
        Ok((report, wanted))
    }

    fn look_back(&self, db: &Connection, back: &Back<'_>, id: RecordId) -> Result<Found, AppError> {
        let Some(seen) = self.then_and_now(db, id, back.at)? else {
            return Ok(Found::Skipped("it is damaged and cannot be read"));
        };
        let named = !back.restore.ids.is_empty();
        Ok(match back.fate(&seen.then, &seen.now) {
            Some(fate) => Found::Goes(seen.kind, fate),
            None if seen.then.is_empty() && named => Found::Skipped("it was made later"),
            None => Found::Stays,
        })
    }

    fn check_fields(&self, restore: &Restore) -> Result<(), AppError> {
        if restore.fields.is_empty() {
            return Ok(());
        }
        let kind = match (restore.kind, restore.ids.first()) {
            (Some(kind), _) => kind,
            (None, Some(id)) => self.kind_of(*id)?,
            (None, None) => {
                return Err(AppError::new(
                    Code::Usage,
                    "fields are those of a kind, or of records: name them",
                ));
            }
        };
        let catalogue = self.catalogue();
        let unknown = restore.fields.iter().find(|key| catalogue.field(kind, key).is_none_or(|f| f.hidden));
        match unknown {
            Some(key) => Err(AppError {
                field: Some(key.clone()),
                ..AppError::refused(format!("a {kind} has no field «{key}»; see `satchel fields {kind}`"))
            }),
            None => Ok(()),
        }
    }

    /// The records that may have to be written.
    fn written_since(
        &self,
        restore: &Restore,
        at: i64,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Vec<RecordId>, AppError> {
        if !restore.ids.is_empty() {
            for id in &restore.ids {
                goes_back(self.kind_of(*id)?)?;
            }
            return Ok(restore.ids.clone());
        }
        let kinds: Vec<Kind> = match restore.kind {
            Some(kind) => goes_back(kind).map(|()| vec![kind])?,
            None => Kind::ALL.into_iter().filter(|kind| goes_back(*kind).is_ok()).collect(),
        };
        let filter = restore.filter.trim().to_owned();
        if !filter.is_empty() || !restore.text.trim().is_empty() {
            let Some(kind) = restore.kind else {
                return Err(AppError::new(Code::Usage, "a filter finds records of a kind: name it"));
            };
            let list = self.past(&Which { kind, at, filter }, progress, cancel)?;
            let named = called(&restore.text);
            let there = list.entries.iter().filter(|e| e.state != PastState::Made && named(e));
            return Ok(there.filter_map(|entry| entry.written).collect());
        }
        self.store.read::<_, AppError>(|db| {
            let mut all = Vec::new();
            for kind in kinds {
                all.extend(past::changed(db, kind, at)?);
            }
            Ok(all)
        })
    }
}

/// What the records are called today that these registers link to.
fn titles_of(
    db: &Connection,
    kind: Kind,
    registers: &Registers,
    catalogue: &Catalogue,
) -> Result<BTreeMap<String, String>, StorageError> {
    let mut titles = BTreeMap::new();
    for (field, to) in catalogue.links(kind) {
        let linked = registers.get(&field.key).and_then(Scalar::as_str).and_then(|id| id.parse().ok());
        let found = linked.map(|id| documents::find(db, id)).transpose()?.flatten();
        let title = found.map(|(row, _)| lists::title(db, to, row)).transpose()?.flatten();
        titles.extend(title.map(|title| (field.key.clone(), title)));
    }
    Ok(titles)
}

fn moment(at: &str) -> Result<i64, AppError> {
    instant(at).filter(|at| *at <= now()).ok_or_else(|| {
        AppError::refused(format!("«{at}» is no time in the past; write 2026-01-31T12:00:00Z"))
    })
}

/// What tells of what was done stays when records go back: an incident goes on with its clock, an alert was seen.
fn goes_back(kind: Kind) -> Result<(), AppError> {
    match kind {
        Kind::Incident | Kind::Alert | Kind::Training => Err(AppError::refused(
            "incidents, alerts and trainings tell what was done: they stay as they are, and do not go back",
        )),
        _ => Ok(()),
    }
}

fn is_live(registers: &Registers) -> bool {
    !registers.is_empty() && !registers.contains_key(DELETED_AT)
}

/// Going back to a time.
struct Back<'a> {
    at: i64,
    restore: &'a Restore,
}

/// What going back finds of a record.
enum Found {
    Stays,
    Skipped(&'static str),
    Goes(Kind, Fate),
}

impl Back<'_> {
    /// What becomes of a record; nothing where it stays. What was made since goes only with the whole book.
    fn fate(&self, then: &Registers, now: &Registers) -> Option<Fate> {
        let whole = self.restore.ids.is_empty() && self.restore.kind.is_none();
        if then.is_empty() {
            return (whole && is_live(now)).then_some(Fate::Trashed);
        }
        if self.differences(then, now).is_empty() {
            return None;
        }
        Some(match (is_live(then), is_live(now)) {
            (true, false) if self.restore.fields.is_empty() => Fate::Revived,
            (false, true) if self.restore.fields.is_empty() => Fate::Trashed,
            _ => Fate::Changed,
        })
    }

    fn differences(&self, then: &Registers, now: &Registers) -> Changes {
        let fields = &self.restore.fields;
        let differ = fields_that_differ(now, then);
        let wanted = differ.iter().filter(|field| fields.is_empty() || fields.contains(field));
        wanted.flat_map(|field| difference(field, now, then)).collect()
    }

    fn changes(&self, document: &mut Document, deleted: i64) -> Changes {
        let heads = document.heads_at(self.at);
        let (then, now) = (document.registers_at(&heads), document.registers());
        match self.fate(&then, &now) {
            Some(Fate::Trashed) if then.is_empty() => {
                vec![(DELETED_AT.to_owned(), Some(Scalar::Int(deleted)))]
            }
            Some(_) => self.differences(&then, &now),
            None => Changes::new(),
        }
    }
}

impl RestoreReport {
    fn count(&mut self, kind: Kind, fate: Fate) {
        let count = match fate {
            Fate::Changed => &mut self.changed,
            Fate::Revived => &mut self.revived,
            Fate::Trashed => &mut self.trashed,
        };
        *count += 1;
        self.records += 1;
        *self.kinds.entry(kind.key().to_owned()).or_default() += 1;
    }
}

/// Whether a name has the words of a text.
fn called(text: &str) -> impl Fn(&Entry) -> bool {
    let words = words_of(text);
    move |entry| words.iter().all(|word| entry.sort.contains(word.as_str()))
}

/// The words of a text, and each Chinese character: what sorts a record has its spelling between them.
fn words_of(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut out = Vec::new();
    for word in folded.split(' ').filter(|word| !word.is_empty()) {
        match word.chars().any(|c| ('\u{3400}'..='\u{9fff}').contains(&c)) {
            true => out.extend(word.chars().map(String::from)),
            false => out.push(word.to_owned()),
        }
    }
    out
}
