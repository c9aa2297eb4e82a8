//! What mentions a record.

use crate::{StorageError, documents::parsed};
use rusqlite::{Connection, params};
use satchel_domain::{Kind, RecordId};

/// Through all that were merged into it.
const SQL: &str = "WITH RECURSIVE one (id) AS (
                     SELECT ?1 UNION
                     SELECT d.id FROM one CROSS JOIN term t CROSS JOIN document d
                     WHERE t.field = 'merged_into' AND t.value = one.id AND d.row = t.row
                   )
                   SELECT DISTINCT d.row, d.kind FROM one CROSS JOIN term t CROSS JOIN document d
                   WHERE t.field = 'mention' AND t.value = one.id AND d.row = t.row
                   ORDER BY d.row DESC LIMIT ?2";

/// The records, those in the trash too, of which a note mentions this one or one that was merged into it; the newest
/// here first.
pub fn of(db: &Connection, id: RecordId, limit: usize) -> Result<Vec<(i64, Kind)>, StorageError> {
    let mut statement = db.prepare_cached(SQL)?;
    let rows = statement.query_map(params![id.to_string(), limit], |r| Ok((r.get(0)?, parsed(r, 1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    /// What runs with each page that is opened walks no table.
    #[test]
    fn who_mentions_a_record_is_answered_by_indexes() {
        let db = crate::scratch().expect("an empty database");
        let sql = format!("EXPLAIN QUERY PLAN {}", super::SQL);
        let mut statement = db.prepare(&sql).expect("a statement");
        let plan: Vec<String> = statement
            .query_map(["", ""], |r| r.get(3))
            .expect("a plan")
            .collect::<Result<_, _>>()
            .expect("its lines");
        // The list of those that are one is walked: it is made here.
        let walks =
            |line: &&String| line.starts_with("SCAN") && *line != "SCAN one" && *line != "SCAN CONSTANT ROW";
        assert!(!plan.iter().any(|line| walks(&line) || line.contains("AUTOMATIC")), "{plan:?}");
    }
}
