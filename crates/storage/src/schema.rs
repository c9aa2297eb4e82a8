//! Tables and migrations. The base tables only ever grow, by numbered steps; the projections are
//! made from the catalogue and made anew whenever it has changed.

use crate::StorageError;
use rusqlite::{Connection, Transaction};
use satchel_domain::{Catalogue, Field, FieldType, Kind, projection};

const STEPS: &[&str] = &[
    include_str!("migrations/0001_base.sql"),
    include_str!("migrations/0002_cheaper_edits.sql"),
    include_str!("migrations/0003_team.sql"),
    include_str!("migrations/0004_snapshots.sql"),
    include_str!("migrations/0005_audit.sql"),
    include_str!("migrations/0006_backup.sql"),
    include_str!("migrations/0007_sync_log.sql"),
];

/// Raised when projections of unchanged fields come out otherwise than before.
const PROJECTION_REVISION: u32 = 2;

pub const SCHEMA_VERSION: u32 = STEPS.len() as u32;

/// Brings the base tables up to date, in one transaction.
pub fn migrate(db: &mut Connection) -> Result<(), StorageError> {
    let found = version(db)?;
    if found > SCHEMA_VERSION {
        return Err(StorageError::Newer { found, known: SCHEMA_VERSION });
    }
    migrate_to(db, SCHEMA_VERSION)
}

/// The same, up to an earlier version: what a backup of that version is read into.
pub(crate) fn migrate_to(db: &mut Connection, wanted: u32) -> Result<(), StorageError> {
    let found = version(db)?;
    if found >= wanted {
        return Ok(());
    }
    let tx = db.transaction()?;
    for step in STEPS.iter().take(wanted as usize).skip(found as usize) {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "user_version", wanted)?;
    Ok(tx.commit()?)
}

pub fn version(db: &Connection) -> Result<u32, StorageError> {
    Ok(db.pragma_query_value(None, "user_version", |r| r.get(0))?)
}

/// Names the projections that this version makes: another name means that they must be rebuilt.
pub fn projection_version() -> String {
    let sql = projection_sql();
    format!("{PROJECTION_REVISION}-{}", &blake3::hash(sql.as_bytes()).to_hex()[..16])
}

/// Empties and makes the projection tables.
pub fn make_projections(tx: &Transaction<'_>) -> Result<(), StorageError> {
    for kind in Kind::ALL {
        tx.execute_batch(&format!("DROP TABLE IF EXISTS {kind}"))?;
    }
    tx.execute_batch(
        "DROP TABLE IF EXISTS term; DROP TABLE IF EXISTS search; DROP TABLE IF EXISTS search_pending;
         DROP TABLE IF EXISTS conflict; DROP TABLE IF EXISTS thumbnail;",
    )?;
    tx.execute_batch(&projection_sql())?;
    crate::search::nothing_is_pending(tx)?;
    crate::settings::put(tx, "projection", &projection_version())
}

fn projection_sql() -> String {
    let catalogue = Catalogue::default();
    let mut sql: String = Kind::ALL.into_iter().map(|kind| table(kind, catalogue.fields(kind))).collect();
    sql.push_str(include_str!("migrations/projections.sql"));
    sql
}

fn table(kind: Kind, fields: &[Field]) -> String {
    let columns = fields.iter().filter(|f| !f.custom).flat_map(projection::columns);
    let columns: String = columns.map(|c| format!("  {} {},\n", c.name, c.ty)).collect();
    let mut sql = format!(
        "CREATE TABLE {kind} (\n  row INTEGER PRIMARY KEY REFERENCES document (row),\n  id TEXT NOT NULL,\n  \
         created_at INTEGER NOT NULL,\n  updated_at INTEGER NOT NULL,\n  deleted_at INTEGER,\n  \
         called TEXT NOT NULL,\n  sort TEXT NOT NULL,\n{columns}  custom TEXT NOT NULL DEFAULT '{{}}'\n) STRICT;\n"
    );
    sql.push_str(&format!("CREATE INDEX {kind}_by_sort ON {kind} (sort, row) WHERE deleted_at IS NULL;\n"));
    sql.push_str(&format!(
        "CREATE INDEX {kind}_trash ON {kind} (deleted_at) WHERE deleted_at IS NOT NULL;\n"
    ));
    for field in fields.iter().filter(|f| f.indexed) {
        match projection::columns(field).as_slice() {
            [_, sorted] => {
                sql.push_str(&format!("CREATE INDEX {kind}_by_{0} ON {kind} ({0});\n", sorted.name))
            }
            [column] if matches!(field.ty, FieldType::Link | FieldType::Date | FieldType::DateTime) => {
                // A birthday is looked for by its day of the year.
                let by =
                    if field.yearly() { format!("substr({}, -5)", column.name) } else { column.name.clone() };
                sql.push_str(&format!(
                    "CREATE INDEX {kind}_by_{0} ON {kind} ({by}) WHERE {0} IS NOT NULL;\n",
                    column.name
                ));
            }
            _ => {}
        }
    }
    sql
}

/// The whole schema as one text, for the snapshot test.
pub fn dump(db: &Connection) -> Result<String, StorageError> {
    let mut statement = db.prepare(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL
         AND name NOT IN ('search_data', 'search_idx', 'search_content', 'search_config') ORDER BY rowid",
    )?;
    let rows: Vec<String> = statement.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
    Ok(rows.join(";\n\n") + ";\n")
}
