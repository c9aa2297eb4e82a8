//! What can still be read of a damaged vault, into a file that can be imported again.

use crate::{AppError, Unlock, output, session::fields_json};
use satchel_document::{Document, guarded};
use satchel_domain::{Catalogue, Kind, RecordId, Registers, projection, register};
use satchel_storage::{DocumentRow, StorageError, Store, documents};
use satchel_vault::{VaultDir, VaultError, lock_folder};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::{collections::HashMap, io::Write, path::Path};

/// A record of a rescue, in the shape of an export.
#[derive(Serialize)]
struct Rescued {
    id: RecordId,
    kind: Kind,
    title: String,
    fields: Map<String, Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_title: Option<String>,
    /// Epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<i64>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    external_ids: Map<String, Json>,
}

/// Reads what can be read into a JSON file; the vault is opened for reading only.
/// (records saved, records lost)
pub fn rescue(vault: &Path, unlock: Unlock, out: &Path) -> Result<(u64, u64), AppError> {
    output::check(vault, out)?;
    let dir = VaultDir::open(vault)?;
    // Whoever has it open writes to it. A disk that cannot be written lets nobody lock it, and nobody write.
    let _lock = match lock_folder(vault, "A rescue") {
        Err(in_use @ VaultError::InUse { .. }) => return Err(in_use.into()),
        lock => lock.ok(),
    };
    let key = match unlock {
        Unlock::Keyring => dir.unlock_with_keyring()?,
        Unlock::Passphrase(passphrase) => dir.unlock_with_passphrase(&passphrase)?,
        Unlock::Recovery(code) => dir.unlock_with_recovery_text(&code)?,
    };
    let open = || Store::open_for_rescue(&dir.database(), &key.expose_as_sqlcipher_key());
    // Twice through: custom fields and companies name what the others hold.
    let (mut catalogue, mut companies) = (Catalogue::default(), HashMap::new());
    walk(&open, &mut |row, registers| {
        match row.kind {
            Kind::CustomField => catalogue.extend_by(registers),
            Kind::Company => {
                let fields = projection::fields_of(row.kind, registers, &Catalogue::default());
                companies.insert(row.id, projection::title(row.kind, &fields));
            }
            _ => {}
        }
        Ok(())
    })?;
    let mut saved = 0;
    let mut lost = 0;
    output::write_whole(out, |file| {
        let described = crate::export::described(&catalogue, &Kind::BROWSED);
        write!(file, "{{\"custom_fields\":{described},\"records\":[")?;
        lost = walk(&open, &mut |row, registers| {
            let fields = projection::fields_of(row.kind, registers, &catalogue);
            let company = registers.get("company").and_then(|s| s.as_str()?.parse().ok());
            let external = register::external_ids(registers);
            let record = Rescued {
                id: row.id,
                kind: row.kind,
                title: projection::title(row.kind, &fields),
                fields: fields_json(row.kind, registers, &catalogue),
                company_title: company.and_then(|id: RecordId| companies.get(&id).cloned()),
                deleted_at: match registers.get(register::DELETED_AT) {
                    Some(satchel_domain::Scalar::Int(at)) => Some(*at),
                    _ => None,
                },
                external_ids: external.map(|(source, id)| (source.to_owned(), id.into())).collect(),
            };
            let record = serde_json::to_string(&record).expect("plain data serialises");
            write!(file, "{}{record}", if saved == 0 { "\n" } else { ",\n" }).map_err(AppError::io(out))?;
            saved += 1;
            Ok(())
        })?;
        Ok(file.write_all(b"\n]}\n")?)
    })?;
    Ok((saved, lost))
}

/// Failures in a row after which nothing more is hoped for, where the number of records is not known.
const GIVE_UP: i64 = 2000;

/// Shows each record that can be read, one by one, so that a damaged page costs the records on it
/// only. How many could not be read.
fn walk(
    open: &dyn Fn() -> Result<Store, StorageError>,
    visit: &mut dyn FnMut(&DocumentRow, &Registers) -> Result<(), AppError>,
) -> Result<u64, AppError> {
    let mut store = open()?;
    let last = last_row(open);
    let (mut after, mut lost, mut in_a_row) = (0, 0, 0);
    loop {
        let next = store.read::<_, StorageError>(|db| {
            let row = documents::rows_after(db, after, 1)?.first().copied();
            row.map(|row| documents::by_row_of_any_version(db, row)).transpose()
        });
        match next {
            Ok(None) => return Ok(lost),
            Ok(Some(row)) => {
                in_a_row = 0;
                let Some(row) = row else { return Ok(lost) };
                after = row.row;
                match guarded(|| Ok::<_, AppError>(Document::load(&row.bytes)?.registers())) {
                    Ok(registers) => visit(&row, &registers)?,
                    Err(_) => lost += 1,
                }
            }
            Err(_) => {
                after += 1;
                in_a_row += 1;
                let over = match last {
                    Some(last) => after > last,
                    None => in_a_row > GIVE_UP,
                };
                if over {
                    return Ok(lost);
                }
                lost += u64::from(last.is_some());
                // SQLCipher answers nothing more on a connection that has met a damaged page.
                if let Ok(fresh) = open() {
                    store = fresh;
                }
            }
        }
    }
}

/// The highest row that any table that can still be read knows of.
fn last_row(open: &dyn Fn() -> Result<Store, StorageError>) -> Option<i64> {
    let tables = ["document", "person", "company", "custom_field", "operation_record"];
    let read = |table: &&str| open().ok()?.read(|db| documents::last_row_in(db, table)).ok()?;
    tables.iter().filter_map(read).max()
}
