//! History and undo. An undo is a new operation like any other, so it can be undone, and it syncs.

use crate::{
    AppError, Progress, Session, bulk,
    error::Code,
    import::Cancel,
    session::{Prepared, now},
    views::{ChangeView, OperationView, Skipped, UndoReport, VersionView},
};
use satchel_document::{Document, Version, fields_that_differ, guarded};
use satchel_domain::{
    Catalogue, Field, Kind, OperationId, RecordId, Registers, Value,
    catalogue::REACHED,
    date::rfc3339,
    register::{self, CARRIED, DELETED_AT, EXTERNAL_ID, NOT_SAME},
    repeat::MEANT,
    series::{OCCURRENCE, SERIES, ZONE},
};
use satchel_storage::{Operation, StorageError, Touched, documents, lists, operations, projections};
use serde_json::Value as Json;

/// Records per transaction of a long undo: others can write in between.
const BATCH: usize = 2000;
/// The most versions that are shown of a record.
const VERSIONS: usize = 1000;

impl Session {
    /// The versions of a record, newest first.
    pub fn history(&self, id: RecordId) -> Result<Vec<VersionView>, AppError> {
        let catalogue = self.catalogue();
        let (document, kind, versions) = self.store.glance::<_, AppError>(|db| {
            let (row, mut document) = self.load(db, id)?;
            let versions = versions(db, &mut document)?;
            Ok((document, row.kind, versions))
        })?;
        let view = |(operation, version): (Operation, Version)| {
            let before = document.registers_at(&version.before);
            let after = document.registers_at(&version.after);
            VersionView {
                operation: operation.id,
                label: operation.label,
                at: rfc3339(operation.at),
                by: operation.person,
                device: operation.device,
                undone: operation.undone_by.is_some(),
                changes: self.named(changes(kind, &before, &after, &catalogue), kind, catalogue.links(kind)),
            }
        };
        Ok(versions.into_iter().take(VERSIONS).map(view).collect())
    }

    /// What is linked by what it is called: an id tells nobody anything.
    pub(crate) fn named<'a>(
        &self,
        mut changes: Vec<ChangeView>,
        kind: Kind,
        links: impl Iterator<Item = (&'a Field, Kind)>,
    ) -> Vec<ChangeView> {
        let called = |id: &str, to: Kind| {
            let id = id.parse().ok()?;
            let found = self.store.read(|db| {
                let row = documents::find(db, id)?.map(|(row, _)| row);
                row.map(|row| lists::title(db, to, row)).transpose()
            });
            found.ok().flatten().flatten()
        };
        let name = |value: &Json, to: Kind, title: &mut Option<String>| {
            let ids = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            let titles: Vec<String> = ids.iter().filter_map(|id| called(id.as_str()?, to)).collect();
            *title = Some(titles.join(", ")).filter(|all| !all.is_empty());
        };
        let links = links
            .map(|(field, to)| (field.key.as_str(), to))
            .chain([("merged_into", kind), ("not_same", kind)]);
        for (key, to) in links {
            for change in changes.iter_mut().filter(|c| c.field == key) {
                name(&change.before, to, &mut change.before_title);
                name(&change.after, to, &mut change.after_title);
            }
        }
        changes
    }

    /// A record's fields as they were at a time.
    pub fn fields_at(&self, id: RecordId, at: i64) -> Result<serde_json::Map<String, Json>, AppError> {
        let catalogue = self.catalogue();
        self.store.read::<_, AppError>(|db| {
            let (row, mut document) = self.load(db, id)?;
            let heads = document.heads_at(at);
            let registers = document.registers_at(&heads);
            Ok(crate::session::fields_json(row.kind, &registers, &catalogue))
        })
    }

    /// The newest operations first.
    pub fn operations(&self, limit: usize) -> Result<Vec<OperationView>, AppError> {
        let found = self.store.read(|db| operations::latest(db, limit.min(1000)))?;
        self.operation_views(found)
    }

    pub fn imports(&self) -> Result<Vec<OperationView>, AppError> {
        let found = self.store.read(|db| operations::with_label(db, "import"))?;
        self.operation_views(found)
    }

    fn operation_views(&self, found: Vec<Operation>) -> Result<Vec<OperationView>, AppError> {
        self.store.read::<_, AppError>(|db| {
            let view = |o: Operation| -> Result<OperationView, AppError> {
                let title = match o.records {
                    1 => match operations::only_row(db, o.seq)? {
                        Some(row) => title_of(db, row)?,
                        None => String::new(),
                    },
                    _ => String::new(),
                };
                Ok(OperationView {
                    operation: o.id,
                    label: o.label,
                    at: rfc3339(o.at),
                    by: o.person,
                    device: o.device,
                    records: u32::try_from(o.records).unwrap_or(u32::MAX),
                    finished: o.finished,
                    undone: o.undone_by.is_some(),
                    undoes: o.undoes,
                    title,
                    detail: serde_json::from_str(&o.detail).unwrap_or(Json::Null),
                })
            };
            found.into_iter().map(view).collect()
        })
    }

    /// Takes back an operation, or without a name the last one that is not taken back yet.
    pub fn undo(
        &self,
        id: Option<OperationId>,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<UndoReport, AppError> {
        let target = self.store.read::<_, AppError>(|db| match id {
            Some(id) => operations::get(db, id)?.ok_or_else(|| AppError::not_found("operation", id)),
            None => operations::standing(db, &self.running())?
                .ok_or_else(|| AppError::new(Code::NothingToUndo, "there is nothing to undo")),
        })?;
        if target.undone_by.is_some() {
            return Err(undone_already());
        }
        self.take_back(&target, "undo", progress, cancel)
    }

    /// Does again what was undone last, as long as nothing else was done since.
    pub fn redo(&self, progress: &mut dyn FnMut(Progress), cancel: &Cancel) -> Result<UndoReport, AppError> {
        // Going back in time: an ordinary operation in between closes the way.
        let undo = self.store.read(operations::last_undo)?;
        let undo = undo.ok_or_else(|| AppError::new(Code::NothingToUndo, "there is nothing to redo"))?;
        self.take_back(&undo, "redo", progress, cancel)
    }

    /// Restores the fields of one record as they were after an operation.
    pub fn restore_version(
        &self,
        id: RecordId,
        operation: OperationId,
    ) -> Result<crate::views::Written, AppError> {
        let catalogue = self.catalogue();
        let head = self.operation("edit");
        let stamp = self.stamp(&head);
        let changed = self.store.write::<_, AppError>(|tx| {
            let (row, mut document) = self.load(tx, id)?;
            let (_, version) = versions(tx, &mut document)?
                .into_iter()
                .find(|(o, _)| o.id == operation)
                .ok_or_else(|| AppError::not_found("version", operation))?;
            let (now, want) = (document.registers(), document.registers_at(&version.after));
            let fields = fields_that_differ(&now, &want);
            let changes = fields.iter().flat_map(|f| satchel_document::difference(f, &now, &want)).collect();
            if !document.edit(&stamp, &changes)? {
                return Ok(false);
            }
            let seq = operations::begin(tx, &head)?;
            let mut prepared = Prepared::of(row, &mut document, &catalogue)?;
            prepared.alone = true;
            self.put(tx, seq, &prepared)?;
            Ok(true)
        })?;
        if changed {
            self.changed(vec![id]);
        }
        Ok(crate::views::Written { id, operation: changed.then_some(head.id) })
    }

    fn take_back(
        &self,
        target: &Operation,
        label: &str,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<UndoReport, AppError> {
        let _claim = self.claim(target.id)?;
        // One that was stopped half-way goes on, so that a redo brings all of it back.
        let begun = self.store.read(|db| operations::unfinished_undo(db, target.id))?;
        let begun = begun.filter(|o| o.label == label && !self.running().contains(&o.id));
        let head = match begun {
            Some(begun) => {
                self.pack_again(begun.seq)?;
                begun
            }
            None => {
                let mut head = self.operation(label);
                (head.undoes, head.finished) = (Some(target.id), false);
                head.seq = self.store.write::<_, StorageError>(|tx| {
                    // Between the look and this write another may have taken it back.
                    match operations::get(tx, target.id)? {
                        Some(now) if now.undone_by.is_none() => operations::begin(tx, &head),
                        _ => Ok(0),
                    }
                })?;
                if head.seq == 0 {
                    return Err(undone_already());
                }
                head
            }
        };
        let _own = self.claim(head.id)?;
        let mut taking = TakingBack {
            session: self,
            target,
            stamp: self.stamp(&head),
            head,
            catalogue: self.catalogue(),
            written: 0,
            skipped: Vec::new(),
        };
        let outcome = taking.all(progress, cancel);
        let closed = taking.close(outcome.is_ok());
        let renewed = self.renew_after_writing(progress, cancel);
        outcome.and(closed)?;
        // It is taken back; the next opening goes on with what it shows.
        renewed.or_else(|e| if e.code == Code::Cancelled { Ok(()) } else { Err(e) })?;
        Ok(UndoReport {
            operation: taking.head.id,
            undone: target.id,
            label: target.label.clone(),
            records: u32::try_from(taking.written).unwrap_or(u32::MAX),
            skipped: taking.skipped,
        })
    }
}

/// The versions of a record, newest first, each with the operation that has made it.
fn versions(
    db: &satchel_storage::Connection,
    document: &mut Document,
) -> Result<Vec<(Operation, Version)>, AppError> {
    let mut versions = Vec::new();
    for version in document.versions().into_iter().rev() {
        let id = version.operation.parse::<OperationId>().ok();
        let operation = id.map(|id| operations::get(db, id)).transpose()?.flatten();
        versions.extend(operation.map(|operation| (operation, version)));
    }
    Ok(versions)
}

fn undone_already() -> AppError {
    AppError::new(Code::NothingToUndo, "this operation was undone already")
}

/// An undo or a redo on its way.
struct TakingBack<'a> {
    session: &'a Session,
    target: &'a Operation,
    head: Operation,
    stamp: satchel_document::Stamp,
    catalogue: std::sync::Arc<Catalogue>,
    written: u64,
    skipped: Vec<Skipped>,
}

struct Plan {
    prepared: Option<Prepared>,
    skipped: Vec<Skipped>,
}

impl TakingBack<'_> {
    /// What links first, so that what it links to is not in use any more.
    fn all(&mut self, progress: &mut dyn FnMut(Progress), cancel: &Cancel) -> Result<(), AppError> {
        let total = self.target.records;
        let _tuned = (total > 1000).then(|| self.session.store.bulk());
        let mut done = 0_u64;
        for kinds in Kind::BY_LINKS {
            let mut before = i64::MAX;
            loop {
                let seq = self.target.seq;
                let batch =
                    self.session.store.read(|db| operations::touched(db, seq, kinds, before, BATCH))?;
                let Some(last) = batch.last() else { break };
                self.session.go_on(
                    cancel,
                    &format!("stopped after {done} of {total} records; undo the same again to go on"),
                )?;
                before = last.row;
                done += batch.len() as u64;
                self.batch(&batch)?;
                progress(Progress { done, total });
            }
        }
        Ok(())
    }

    fn batch(&mut self, batch: &[Touched]) -> Result<(), AppError> {
        // Documents are decoded and encoded outside of the transaction, on both cores.
        let plans = self.plan(batch)?;
        let (mut written, mut skipped) = (0, Vec::new());
        self.session.store.write::<_, AppError>(|tx| {
            for (touched, plan) in batch.iter().zip(plans) {
                let current = documents::get(tx, touched.id)?;
                let stale = |plan: &Plan| match (&plan.prepared, &current) {
                    (Some(prepared), Some(row)) => prepared.before != row.heads,
                    _ => false,
                };
                // Somebody wrote in between: plan on what is there now.
                let plan = if stale(&plan) { self.plan_one(tx, touched)? } else { plan };
                skipped.extend(plan.skipped);
                if let Some(prepared) = plan.prepared {
                    self.session.put(tx, self.head.seq, &prepared)?;
                    written += 1;
                }
            }
            Ok(())
        })?;
        self.written += written;
        self.skipped.extend(skipped);
        Ok(())
    }

    fn plan(&self, batch: &[Touched]) -> Result<Vec<Plan>, AppError> {
        bulk::halves(batch, |part| {
            self.session.store.read(|db| part.iter().map(|t| self.plan_one(db, t)).collect())
        })
    }

    fn plan_one(&self, db: &satchel_storage::Connection, touched: &Touched) -> Result<Plan, AppError> {
        let skip = |field: String, why: &str| Skipped { id: touched.id, field, why: why.to_owned() };
        let row = documents::get(db, touched.id)?.ok_or_else(|| AppError::not_found("record", touched.id))?;
        let Ok(mut document) = Document::load(&row.bytes) else {
            // The others are taken back all the same.
            let skipped = vec![skip(row.kind.key().to_owned(), "it is damaged and cannot be read")];
            return Ok(Plan { prepared: None, skipped });
        };
        if touched.before.is_empty() && is_used(db, &row, &document.registers())? {
            let skipped = vec![skip(row.kind.key().to_owned(), "other records use it")];
            return Ok(Plan { prepared: None, skipped });
        }
        guarded(|| {
            let plan = document.plan_revert(&touched.before, &touched.after, now());
            let skipped = plan.skipped.into_iter().map(|field| skip(field, "it was edited since")).collect();
            let prepared = match document.edit(&self.stamp, &plan.changes)? {
                true => Some(Prepared::of(row, &mut document, &self.catalogue)?),
                false => None,
            };
            Ok(Plan { prepared, skipped })
        })
    }

    /// Closes the operation, whole or stopped. Only a whole one counts as having taken back.
    fn close(&self, whole: bool) -> Result<(), AppError> {
        let detail = serde_json::json!({ "skipped": self.skipped.len() }).to_string();
        self.session.store.write::<_, AppError>(|tx| {
            if !whole {
                operations::count(tx, self.head.seq)?;
                return Ok(());
            }
            if self.written == 0 && !self.skipped.is_empty() {
                // Nothing of it was taken back: it can be tried again once what stands in the way is gone.
                return Ok(operations::discard(tx, self.head.seq)?);
            }
            operations::finish(tx, self.head.seq, &detail)?;
            operations::mark_undone(tx, self.target.id, Some(self.head.id))?;
            // An undo that is itself taken back makes what it had undone stand again, and so on.
            let (mut stands, mut by, mut next) = (true, self.target.id, self.target.undoes);
            while let Some(id) = next {
                operations::mark_undone(tx, id, (!stands).then_some(by))?;
                (stands, by) = (!stands, id);
                next = operations::get(tx, id)?.and_then(|o| o.undoes);
            }
            Ok(())
        })
    }
}

/// Whether others would lose something if this record went.
fn is_used(
    db: &satchel_storage::Connection,
    row: &satchel_storage::DocumentRow,
    registers: &Registers,
) -> Result<bool, StorageError> {
    let text = |key: &str| registers.get(key).and_then(satchel_domain::Scalar::as_str).unwrap_or_default();
    match row.kind {
        kind if kind != Kind::CustomField => projections::is_linked(db, kind, row.id),
        // What a formula comes to is nobody's work.
        _ if !text("formula").is_empty() => Ok(false),
        _ => match text("for_kind").parse() {
            Ok(kind) => projections::custom_field_is_used(db, kind, text("key")),
            Err(_) => Ok(false),
        },
    }
}

fn title_of(db: &satchel_storage::Connection, row: i64) -> Result<String, AppError> {
    for kind in Kind::ALL {
        if let Some(title) = lists::title(db, kind, row)? {
            return Ok(title);
        }
    }
    Ok(String::new())
}

/// A field of the record's own that has several parts, each said by its name or its text.
fn parts(registers: &Registers, field: &str) -> Json {
    let all: Vec<&str> =
        register::of_field(registers, field).map(|(sub, s)| s.as_str().unwrap_or(sub)).collect();
    if all.is_empty() { Json::Null } else { Json::from(all) }
}

/// Field by field, as a person reads it.
pub(crate) fn changes(
    kind: Kind,
    before: &Registers,
    after: &Registers,
    catalogue: &Catalogue,
) -> Vec<ChangeView> {
    let json = |registers: &Registers, key: &str| match catalogue.field(kind, key) {
        Some(field) => Value::from_registers(field, registers).map_or(Json::Null, |v| v.to_json()),
        None => registers.get(key).map_or(Json::Null, |s| serde_json::to_value(s).unwrap_or(Json::Null)),
    };
    // What only reports and repeats read says nothing that the stage, or the day, does not say.
    let own = |field: &String| [REACHED, MEANT, ZONE, SERIES, OCCURRENCE].contains(&field.as_str());
    let fields = fields_that_differ(before, after).into_iter().filter(|field| !own(field));
    let view = |field: String| {
        let (mut b, mut a) = (json(before, &field), json(after, &field));
        if field == NOT_SAME || field == EXTERNAL_ID {
            (b, a) = (parts(before, &field), parts(after, &field));
        }
        if field == DELETED_AT || field == CARRIED {
            let time = |v: &Json| v.as_i64().map_or(Json::Null, |at| Json::String(rfc3339(at)));
            (b, a) = (time(&b), time(&a));
        }
        ChangeView {
            field: field.trim_start_matches('_').to_owned(),
            before: b,
            after: a,
            before_title: None,
            after_title: None,
        }
    };
    fields.map(view).collect()
}
