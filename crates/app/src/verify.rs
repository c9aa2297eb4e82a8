//! Is everything as it says it is? Integrity of the file, every document, and every projection
//! against the document it shows; and rebuilding the projections.

use crate::{
    AppError, Cancel, Progress, Session, bulk,
    error::Code,
    fields::{made_key, mark},
    session::Prepared,
};
use satchel_document::{Document, guarded};
use satchel_domain::{Catalogue, Kind};
use satchel_storage::{DocumentRow, StorageError, Store, documents, projections, scratch, settings};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct VerifyReport {
    pub ok: bool,
    pub checks: Vec<CheckView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct CheckView {
    pub name: String,
    pub ok: bool,
    pub detail: String,
}

const BATCH: usize = 500;

/// What the database shows of its documents.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// It has stood there for a while: made again from each document, and compared.
    Kept,
    /// It was made from these very documents a moment ago, by what would make it again.
    JustMade,
}

impl Session {
    pub fn verify(&self, progress: &mut dyn FnMut(Progress)) -> Result<VerifyReport, AppError> {
        self.verify_until(progress, &Cancel::default())
    }

    /// The same, until somebody asks to stop.
    pub fn verify_until(
        &self,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<VerifyReport, AppError> {
        self.verify_what(Shown::Kept, progress, cancel)
    }

    pub(crate) fn verify_what(
        &self,
        shown: Shown,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<VerifyReport, AppError> {
        let mut checks: Vec<CheckView> = self
            .store
            .check()?
            .into_iter()
            .map(|c| CheckView { name: c.name.into(), ok: c.ok, detail: c.detail })
            .collect();
        let (mut total, mut unreadable, mut different) = (0_u64, Vec::new(), Vec::new());
        let catalogue = self.catalogue();
        self.index_pending();
        let status = self.status()?;
        let all = status.records.values().chain(status.trash.values()).map(|n| u64::from(*n)).sum();
        let compare = |rows: Result<Vec<i64>, StorageError>| -> Result<Vec<(String, Verdict)>, AppError> {
            let mut scratch = scratch()?;
            rows?.into_iter().map(|row| self.compare(&mut scratch, row, &catalogue, shown)).collect()
        };
        let outcome = bulk::run(self.row_batches(), compare, |verdicts| {
            self.go_on(cancel, "the check was stopped; nothing was changed")?;
            for (id, verdict) in verdicts? {
                total += 1;
                match verdict {
                    Verdict::Same => {}
                    Verdict::Unreadable(why) => unreadable.push(format!("{id}: {why}")),
                    Verdict::Different => different.push(id),
                }
            }
            progress(Progress { done: total, total: all });
            Ok(())
        });
        match outcome {
            Err(e) if e.code == Code::Damaged => {
                unreadable.push(format!("behind the first {total} records: {}", e.message));
            }
            other => other?,
        }
        let detail = |bad: &[String], good: String| {
            if bad.is_empty() { good } else { bad.iter().take(10).cloned().collect::<Vec<_>>().join("; ") }
        };
        checks.push(CheckView {
            name: "documents".into(),
            ok: unreadable.is_empty(),
            detail: detail(&unreadable, format!("{total} load")),
        });
        checks.push(CheckView {
            name: "projections".into(),
            ok: different.is_empty(),
            detail: match shown {
                Shown::Kept => detail(&different, "equal what the documents say".into()),
                Shown::JustMade => "were made from the documents".into(),
            },
        });
        let dangling = self.store.read(projections::dangling_references)?;
        checks.push(CheckView {
            name: "references".into(),
            ok: dangling == 0,
            detail: match dangling {
                0 => "every record that another links to is there".into(),
                n => format!("{n} links lead to a record that is not there"),
            },
        });
        let damaged = self.damaged_pieces()?;
        checks.push(CheckView {
            name: "attachments".into(),
            ok: damaged.is_empty(),
            detail: detail(&damaged, "what is here of them is whole".into()),
        });
        let report = VerifyReport { ok: checks.iter().all(|c| c.ok), checks };
        self.note_verified(&report);
        Ok(report)
    }

    /// The rows of all documents, in batches.
    fn row_batches(&self) -> impl Iterator<Item = Result<Vec<i64>, StorageError>> + Send + '_ {
        let mut after = Some(0);
        std::iter::from_fn(move || {
            let from = after?;
            let rows = self.store.read::<_, StorageError>(|db| documents::rows_after(db, from, BATCH));
            after = rows.as_ref().ok().and_then(|rows| rows.last().copied());
            Some(rows).filter(|rows| rows.as_ref().map_or(true, |rows| !rows.is_empty()))
        })
    }

    fn compare(
        &self,
        scratch: &mut satchel_storage::Connection,
        row: i64,
        catalogue: &Catalogue,
        shown: Shown,
    ) -> Result<(String, Verdict), AppError> {
        // One state of both: somebody may be writing.
        let (document, stored, indexed) = self.store.read::<_, StorageError>(|db| {
            let document = documents::by_row(db, row)?;
            if shown == Shown::JustMade {
                return Ok((document, None, false));
            }
            let indexed = projections::is_indexed(db, row)?;
            let stored =
                document.as_ref().map(|d| projections::digest(db, row, d.kind, indexed)).transpose()?;
            Ok((document, stored, indexed))
        })?;
        let Some(document) = document else { return Ok((row.to_string(), Verdict::Same)) };
        let (id, kind) = (document.id.to_string(), document.kind);
        let prepared = match Prepared::of_stored(document, catalogue) {
            Ok(prepared) => prepared,
            Err(e) => return Ok((id, Verdict::Unreadable(e.message))),
        };
        if prepared.heads != prepared.before || prepared.kind != kind {
            return Ok((id, Verdict::Unreadable("its version is not the recorded one".into())));
        }
        if shown == Shown::JustMade {
            return Ok((id, Verdict::Same));
        }
        let tx = scratch.transaction().map_err(StorageError::from)?;
        projections::write(&tx, row, &prepared.as_put(), false)?;
        let derived = projections::digest(&tx, row, kind, indexed)?;
        tx.rollback().map_err(StorageError::from)?;
        Ok((id, if Some(derived) == stored { Verdict::Same } else { Verdict::Different }))
    }

    /// Makes all projections anew from the documents, in one transaction. How many records there are.
    pub fn rebuild(&self, progress: &mut dyn FnMut(Progress)) -> Result<u64, AppError> {
        let read = |rows: Result<Vec<i64>, StorageError>| -> Result<Vec<DocumentRow>, AppError> {
            let rows = rows?;
            Ok(self.store.read::<_, StorageError>(|db| {
                rows.iter().filter_map(|row| documents::by_row(db, *row).transpose()).collect()
            })?)
        };
        // Custom fields first: the others are projected with them.
        let mut catalogue = Catalogue::default();
        for rows in self.row_batches() {
            for row in read(rows)?.iter().filter(|r| r.kind == Kind::CustomField) {
                let registers = guarded(|| Ok::<_, AppError>(Document::load(&row.bytes)?.registers()));
                if let Ok(registers) = registers {
                    catalogue.extend_by(&registers);
                }
            }
        }
        let mut done = 0;
        self.store.write::<_, AppError>(|tx| {
            Store::reset_projections(tx)?;
            let derive =
                |rows: Result<Vec<i64>, StorageError>| -> Result<Vec<(i64, Option<Prepared>)>, AppError> {
                    let one = |row: DocumentRow| (row.row, Prepared::of_stored(row, &catalogue).ok());
                    Ok(read(rows)?.into_iter().map(one).collect())
                };
            bulk::run(self.row_batches(), derive, |derived| {
                // An error rolls everything back: half a projection must not take the old one's place.
                for (row, prepared) in derived? {
                    // A document that cannot be decoded stays where it is; `verify` names it.
                    if let Some(prepared) = prepared {
                        projections::write(tx, row, &prepared.as_put(), false)?;
                    }
                    done += 1;
                }
                progress(Progress { done, total: 0 });
                self.go_on(&Cancel::default(), "the rebuild was stopped; nothing was changed")
            })?;
            for kind in Kind::BROWSED {
                settings::put(tx, &made_key(kind), &mark(&catalogue.ways(kind)))?;
            }
            Ok(())
        })?;
        self.refresh_catalogue()?;
        Ok(done)
    }
}

enum Verdict {
    Same,
    Different,
    Unreadable(String),
}
