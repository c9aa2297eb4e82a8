//! Is everything as it says it is? Integrity of the file, every document, and every projection
//! against the document it shows; rebuilding the projections; rescue of what can still be read.

use crate::{
    AppError, Progress, Session, Unlock, bulk,
    session::{Prepared, fields_json},
};
use satchel_document::Document;
use satchel_domain::{Catalogue, Kind, projection};
use satchel_storage::{DocumentRow, StorageError, Store, documents, projections, scratch};
use satchel_vault::VaultDir;
use serde::Serialize;
use std::path::Path;

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

impl Session {
    pub fn verify(&self, progress: &mut dyn FnMut(Progress)) -> Result<VerifyReport, AppError> {
        let mut checks: Vec<CheckView> = self
            .store
            .check()?
            .into_iter()
            .map(|c| CheckView { name: c.name.into(), ok: c.ok, detail: c.detail })
            .collect();
        let (mut total, mut unreadable, mut different) = (0_u64, Vec::new(), Vec::new());
        let catalogue = self.catalogue();
        let compare = |rows: Vec<DocumentRow>| -> Result<Vec<(String, Verdict)>, AppError> {
            let mut scratch = scratch()?;
            rows.iter()
                .map(|row| Ok((row.id.to_string(), self.compare(&mut scratch, row, &catalogue)?)))
                .collect()
        };
        bulk::run(self.batches(), compare, |verdicts| {
            for (id, verdict) in verdicts? {
                total += 1;
                match verdict {
                    Verdict::Same => {}
                    Verdict::Unreadable(why) => unreadable.push(format!("{id}: {why}")),
                    Verdict::Different => different.push(id),
                }
            }
            progress(Progress { done: total, total: 0 });
            Ok::<_, AppError>(())
        })?;
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
            detail: detail(&different, "equal what the documents say".into()),
        });
        Ok(VerifyReport { ok: checks.iter().all(|c| c.ok), checks })
    }

    /// Documents in batches, read as they are asked for.
    fn batches(&self) -> impl Iterator<Item = Vec<DocumentRow>> + Send + '_ {
        let mut after = 0;
        std::iter::from_fn(move || {
            let rows = self.store.read::<_, StorageError>(|db| documents::batch(db, after, BATCH)).ok()?;
            after = rows.last()?.row;
            Some(rows)
        })
    }

    fn compare(
        &self,
        scratch: &mut satchel_storage::Connection,
        row: &DocumentRow,
        catalogue: &Catalogue,
    ) -> Result<Verdict, AppError> {
        let mut document = match Document::load(&row.bytes) {
            Ok(document) => document,
            Err(e) => return Ok(Verdict::Unreadable(e.to_string())),
        };
        if document.heads() != row.heads || document.kind()? != row.kind {
            return Ok(Verdict::Unreadable("its version is not the recorded one".into()));
        }
        let prepared = Prepared::of(row.id, Vec::new(), &mut document, catalogue)?;
        let tx = scratch.transaction().map_err(StorageError::from)?;
        projections::write(&tx, row.row, &prepared.as_put(), false)?;
        let derived = projections::digest(&tx, row.row, row.kind)?;
        tx.rollback().map_err(StorageError::from)?;
        let stored = self.store.read(|db| projections::digest(db, row.row, row.kind))?;
        Ok(if derived == stored { Verdict::Same } else { Verdict::Different })
    }

    /// Makes all projections anew from the documents, in one transaction. How many records there are.
    pub fn rebuild(&self, progress: &mut dyn FnMut(Progress)) -> Result<u64, AppError> {
        // Custom fields first: the others are projected with them.
        let catalogue = self.catalogue_from_documents()?;
        let mut done = 0;
        self.store.write::<_, AppError>(|tx| {
            Store::reset_projections(tx)?;
            let derive = |rows: Vec<DocumentRow>| -> Vec<(i64, Option<Prepared>)> {
                let one = |row: &DocumentRow| {
                    let mut document = Document::load(&row.bytes).ok()?;
                    Prepared::of(row.id, Vec::new(), &mut document, &catalogue).ok()
                };
                rows.iter().map(|row| (row.row, one(row))).collect()
            };
            bulk::run(self.batches(), derive, |derived| {
                for (row, prepared) in derived {
                    // A document that cannot be read stays where it is; `verify` names it.
                    if let Some(prepared) = prepared {
                        projections::write(tx, row, &prepared.as_put(), false)?;
                    }
                    done += 1;
                }
                progress(Progress { done, total: 0 });
                Ok::<_, AppError>(())
            })
        })?;
        self.refresh_catalogue()?;
        Ok(done)
    }

    fn catalogue_from_documents(&self) -> Result<Catalogue, AppError> {
        let mut catalogue = Catalogue::default();
        for rows in self.batches() {
            for row in rows.iter().filter(|r| r.kind == Kind::CustomField) {
                let Ok(document) = Document::load(&row.bytes) else { continue };
                let registers = document.registers();
                let text = |key: &str| {
                    registers.get(key).and_then(satchel_domain::Scalar::as_str).unwrap_or_default()
                };
                let known = text("for_kind")
                    .parse::<Kind>()
                    .ok()
                    .zip(satchel_domain::FieldType::from_key(text("type")));
                if let Some((kind, ty)) = known {
                    catalogue.extend(
                        kind,
                        satchel_domain::Field::custom(text("key"), ty, text("label"), Vec::new()),
                    );
                }
            }
        }
        Ok(catalogue)
    }
}

enum Verdict {
    Same,
    Different,
    Unreadable(String),
}

/// Reads what can be read of a damaged vault into a JSON file; the vault is not touched.
/// (records saved, records lost)
pub fn rescue(vault: &Path, unlock: Unlock, out: &Path) -> Result<(u64, u64), AppError> {
    let dir = VaultDir::open(vault)?;
    let key = match unlock {
        Unlock::Keyring => dir.unlock_with_keyring()?,
        Unlock::Passphrase(passphrase) => dir.unlock_with_passphrase(&passphrase)?,
        Unlock::Recovery(code) => dir.unlock_with_recovery_text(&code)?,
    };
    let open = || Store::open_for_rescue(&dir.database(), &key.expose_as_sqlcipher_key());
    let mut store = open()?;
    let catalogue = Catalogue::default();
    let (mut saved, mut lost) = (Vec::new(), 0);
    let mut after = 0;
    // One by one, so that a damaged page costs the records on it only.
    while after < i64::MAX {
        match store.read::<_, StorageError>(|db| documents::batch(db, after, 1)) {
            Ok(rows) => {
                let Some(row) = rows.first() else { break };
                after = row.row;
                match Document::load(&row.bytes) {
                    Ok(document) => {
                        let registers = document.registers();
                        let fields = fields_json(row.kind, &registers, &catalogue);
                        let title = projection::title(
                            row.kind,
                            &projection::fields_of(row.kind, &registers, &catalogue),
                        );
                        saved.push(serde_json::json!({ "id": row.id.to_string(), "kind": row.kind.key(), "title": title, "fields": fields }));
                    }
                    Err(_) => lost += 1,
                }
            }
            Err(_) => {
                lost += 1;
                after += 1;
                if lost > 100_000 {
                    break;
                }
                // SQLCipher answers nothing more on a connection that has met a damaged page.
                store = open()?;
            }
        }
    }
    let text =
        serde_json::to_vec_pretty(&serde_json::json!({ "records": saved })).expect("plain data serialises");
    satchel_vault::files::replace_file(out, &text).map_err(AppError::io(out))?;
    Ok((saved.len() as u64, lost))
}
