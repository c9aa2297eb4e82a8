//! History and undo. An undo is a new operation like any other, so it can be undone, and it syncs.

use crate::{
    AppError, Progress, Session,
    error::Code,
    import::Cancel,
    session::{Prepared, now},
    views::{ChangeView, OperationView, Skipped, UndoReport, VersionView},
};
use satchel_document::{Document, fields_that_differ};
use satchel_domain::{
    Catalogue, Kind, OperationId, RecordId, Registers, Value, date::rfc3339, register::DELETED_AT,
};
use satchel_storage::{Operation, StorageError, Touched, documents, lists, operations};
use serde_json::Value as Json;

/// Records per transaction of a long undo: others can write in between.
const BATCH: usize = 2000;

impl Session {
    /// The versions of a record, newest first.
    pub fn history(&self, id: RecordId) -> Result<Vec<VersionView>, AppError> {
        let catalogue = self.catalogue();
        let (document, kind, operations) = self.store.read::<_, AppError>(|db| {
            let (row, document) = self.load(db, id)?;
            Ok((document, row.kind, operations::of_record(db, row.row)?))
        })?;
        let versions = operations.into_iter().map(|(operation, touched)| {
            let before = document.registers_at(&touched.before);
            let after = document.registers_at(&touched.after);
            VersionView {
                operation: operation.id,
                label: operation.label,
                at: rfc3339(operation.at),
                by: operation.person,
                device: operation.device,
                undone: operation.undone_by.is_some(),
                changes: changes(kind, &before, &after, &catalogue),
            }
        });
        Ok(versions.collect())
    }

    /// A record's fields as they were at a time.
    pub fn fields_at(&self, id: RecordId, at: i64) -> Result<serde_json::Map<String, Json>, AppError> {
        let catalogue = self.catalogue();
        self.store.read::<_, AppError>(|db| {
            let (row, document) = self.load(db, id)?;
            let versions = operations::of_record(db, row.row)?;
            let heads = versions.into_iter().find(|(o, _)| o.at <= at).map(|(_, t)| t.after);
            let registers = document.registers_at(&heads.unwrap_or_default());
            Ok(crate::session::fields_json(row.kind, &registers, &catalogue))
        })
    }

    /// The newest operations first; `before` continues an earlier answer.
    pub fn operations(&self, limit: usize) -> Result<Vec<OperationView>, AppError> {
        let found = self.store.read(|db| operations::latest(db, limit.min(1000), None))?;
        self.operation_views(found)
    }

    pub fn imports(&self) -> Result<Vec<OperationView>, AppError> {
        let found = self.store.read(|db| operations::with_label(db, "import"))?;
        self.operation_views(found)
    }

    fn operation_views(&self, found: Vec<Operation>) -> Result<Vec<OperationView>, AppError> {
        let catalogue = self.catalogue();
        self.store.read::<_, AppError>(|db| {
            let view = |o: Operation| -> Result<OperationView, AppError> {
                let title = match o.records {
                    1 => match operations::touched(db, o.seq, 0, 1)?.first() {
                        Some(t) => title_of(db, &catalogue, t.row)?,
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
            None => {
                let latest = operations::latest(db, 500, None)?;
                let next = latest.into_iter().find(|o| o.undoes.is_none() && o.undone_by.is_none());
                next.ok_or_else(|| AppError::new(Code::NothingToUndo, "there is nothing to undo"))
            }
        })?;
        if target.undone_by.is_some() {
            return Err(AppError::new(Code::NothingToUndo, "this operation was undone already"));
        }
        self.take_back(&target, "undo", progress, cancel)
    }

    /// Does again what was undone last, as long as nothing else was done since.
    pub fn redo(&self, progress: &mut dyn FnMut(Progress), cancel: &Cancel) -> Result<UndoReport, AppError> {
        let latest = self.store.read(|db| operations::latest(db, 500, None))?;
        // Going back in time: an ordinary operation in between closes the way.
        let undo = latest
            .into_iter()
            .take_while(|o| o.undoes.is_some())
            .find(|o| o.label == "undo" && o.undone_by.is_none());
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
            let versions = operations::of_record(tx, row.row)?;
            let (_, touched) = versions
                .into_iter()
                .find(|(o, _)| o.id == operation)
                .ok_or_else(|| AppError::not_found("version", operation))?;
            let (now, want) = (document.registers(), document.registers_at(&touched.after));
            let fields = fields_that_differ(&now, &want);
            let changes = fields.iter().flat_map(|f| satchel_document::difference(f, &now, &want)).collect();
            if !document.edit(&stamp, &changes)? {
                return Ok(false);
            }
            let seq = operations::begin(tx, &head)?;
            self.put(tx, seq, &Prepared::of(id, row.heads, &mut document, &catalogue)?)?;
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
        let mut head = self.operation(label);
        head.undoes = Some(target.id);
        head.finished = false;
        let stamp = self.stamp(&head);
        let catalogue = self.catalogue();
        let total = target.records;
        let mut seq = None;
        let (mut after, mut done, mut written) = (0, 0_u64, 0_u64);
        let mut skipped: Vec<Skipped> = Vec::new();
        let bulk = (total > 1000).then(|| self.store.bulk());
        loop {
            let batch = self.store.read(|db| operations::touched(db, target.seq, after, BATCH))?;
            let Some(last) = batch.last() else { break };
            after = last.row;
            done += batch.len() as u64;
            if cancel.is_asked() {
                return Err(AppError::new(
                    Code::Cancelled,
                    format!("stopped after {done} of {total} records; undo again to go on"),
                ));
            }
            // Documents are decoded and encoded outside of the transaction, on both cores.
            let plans = self.plan_batch(&batch, &stamp, &catalogue)?;
            self.store.write::<_, AppError>(|tx| {
                let seq = match seq {
                    Some(seq) => seq,
                    None => *seq.insert(operations::begin(tx, &head)?),
                };
                for plan in plans {
                    skipped.extend(plan.skipped);
                    let Some(prepared) = plan.prepared else { continue };
                    // Somebody wrote in between: plan again on what is there now.
                    let current = documents::get(tx, prepared.id)?.map(|r| r.heads);
                    let prepared = if current.as_deref() == Some(&prepared.before) {
                        Some(prepared)
                    } else {
                        let again = batch.iter().find(|t| t.id == prepared.id);
                        let plan = again.map(|t| self.plan_one(tx, t, &stamp, &catalogue)).transpose()?;
                        plan.and_then(|p| p.prepared)
                    };
                    if let Some(prepared) = prepared {
                        self.put(tx, seq, &prepared)?;
                        written += 1;
                    }
                }
                Ok(())
            })?;
            progress(Progress { done, total });
        }
        drop(bulk);
        let detail = serde_json::json!({ "skipped": skipped.len() }).to_string();
        self.store.write::<_, StorageError>(|tx| {
            let seq = match seq {
                Some(seq) => seq,
                None => operations::begin(tx, &head)?,
            };
            operations::finish(tx, seq, written, &detail)?;
            operations::mark_undone(tx, target.id, Some(head.id))?;
            // Doing an undo over makes what it had undone stand again.
            if let (Some(original), "redo") = (target.undoes, label) {
                operations::mark_undone(tx, original, None)?;
            }
            Ok(())
        })?;
        self.refresh_catalogue()?;
        self.changed(Vec::new());
        let label = target.label.clone();
        Ok(UndoReport {
            operation: head.id,
            undone: target.id,
            label,
            records: u32::try_from(written).unwrap_or(u32::MAX),
            skipped,
        })
    }

    fn plan_batch(
        &self,
        batch: &[Touched],
        stamp: &satchel_document::Stamp,
        catalogue: &Catalogue,
    ) -> Result<Vec<Plan>, AppError> {
        let half = batch.len().div_ceil(2).max(1);
        let plan_all = |part: &[Touched]| -> Result<Vec<Plan>, AppError> {
            self.store.read(|db| part.iter().map(|t| self.plan_one(db, t, stamp, catalogue)).collect())
        };
        std::thread::scope(|scope| {
            let parts: Vec<_> = batch.chunks(half).map(|part| scope.spawn(move || plan_all(part))).collect();
            let mut out = Vec::with_capacity(batch.len());
            for part in parts {
                out.extend(part.join().map_err(|_| {
                    AppError::new(Code::Internal, "an undo failed; nothing of this batch was written")
                })??);
            }
            Ok(out)
        })
    }

    fn plan_one(
        &self,
        db: &satchel_storage::Connection,
        touched: &Touched,
        stamp: &satchel_document::Stamp,
        catalogue: &Catalogue,
    ) -> Result<Plan, AppError> {
        let (row, mut document): (_, Document) = self.load(db, touched.id)?;
        let plan = document.plan_revert(&touched.before, &touched.after, now());
        let skipped = plan.skipped.into_iter().map(|field| Skipped {
            id: touched.id,
            field,
            why: "it was edited since".to_owned(),
        });
        let skipped = skipped.collect();
        let prepared = match document.edit(stamp, &plan.changes)? {
            true => Some(Prepared::of(touched.id, row.heads, &mut document, catalogue)?),
            false => None,
        };
        Ok(Plan { prepared, skipped })
    }
}

struct Plan {
    prepared: Option<Prepared>,
    skipped: Vec<Skipped>,
}

fn title_of(db: &satchel_storage::Connection, catalogue: &Catalogue, row: i64) -> Result<String, AppError> {
    for kind in Kind::ALL {
        if let Some(row) = lists::one(db, catalogue, kind, row)? {
            return Ok(row.title);
        }
    }
    Ok(String::new())
}

/// Field by field, as a person reads it.
fn changes(kind: Kind, before: &Registers, after: &Registers, catalogue: &Catalogue) -> Vec<ChangeView> {
    let json = |registers: &Registers, key: &str| match catalogue.field(kind, key) {
        Some(field) => Value::from_registers(field, registers).map_or(Json::Null, |v| v.to_json()),
        None => registers.get(key).map_or(Json::Null, |s| serde_json::to_value(s).unwrap_or(Json::Null)),
    };
    let fields = fields_that_differ(before, after);
    let view = |field: String| {
        let (mut b, mut a) = (json(before, &field), json(after, &field));
        if field == DELETED_AT {
            let time = |v: &Json| v.as_i64().map_or(Json::Null, |at| Json::String(rfc3339(at)));
            (b, a) = (time(&b), time(&a));
        }
        ChangeView { field: field.trim_start_matches('_').to_owned(), before: b, after: a }
    };
    fields.into_iter().map(view).collect()
}
