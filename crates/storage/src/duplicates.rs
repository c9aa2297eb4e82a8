//! What records are compared by, to find those that are one; and where merged ones have gone.

use crate::{
    StorageError,
    documents::{heads_from_bytes, parsed},
    projections::LINKS,
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use satchel_domain::{Kind, RecordId};

/// The look-ups that say something about who it is.
const TERMS: &str = "'email', 'phone', 'city'";

/// A record outside of the trash, as it is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    pub row: i64,
    /// First and last name of a person, or what the record is called.
    pub names: [String; 2],
    pub company: String,
    pub website: String,
    pub birthday: String,
}

fn columns(kind: Kind) -> &'static str {
    match kind {
        Kind::Person => "row, first_name, last_name, company, NULL, birthday",
        Kind::Company => "row, called, NULL, NULL, website, NULL",
        Kind::Deal => "row, called, NULL, company, NULL, NULL",
        _ => "row, called, NULL, NULL, NULL, NULL",
    }
}

fn seen(r: &Row<'_>) -> rusqlite::Result<Seen> {
    let text = |at| r.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
    Ok(Seen {
        row: r.get(0)?,
        names: [text(1)?, text(2)?],
        company: text(3)?,
        website: text(4)?,
        birthday: text(5)?,
    })
}

/// Shows every record of a kind outside of the trash, in the order in which they were made here.
pub fn each<E: From<StorageError>>(
    db: &Connection,
    kind: Kind,
    show: &mut dyn FnMut(Seen) -> Result<(), E>,
) -> Result<(), E> {
    let sql = format!("SELECT {} FROM {kind} WHERE deleted_at IS NULL ORDER BY row", columns(kind));
    let mut statement = db.prepare(&sql).map_err(StorageError::from)?;
    let mut rows = statement.query([]).map_err(StorageError::from)?;
    while let Some(r) = rows.next().map_err(StorageError::from)? {
        show(seen(r).map_err(StorageError::from)?)?;
    }
    Ok(())
}

/// One of them.
pub fn one(db: &Connection, kind: Kind, row: i64) -> Result<Option<Seen>, StorageError> {
    let sql = format!("SELECT {} FROM {kind} WHERE row = ?1 AND deleted_at IS NULL", columns(kind));
    Ok(db.prepare_cached(&sql)?.query_row([row], seen).optional()?)
}

/// Shows the look-ups of all records that are compared: row, field, value.
pub fn each_term<E: From<StorageError>>(
    db: &Connection,
    show: &mut dyn FnMut(i64, &str, &str) -> Result<(), E>,
) -> Result<(), E> {
    let sql = format!("SELECT row, field, value FROM term WHERE field IN ({TERMS})");
    let mut statement = db.prepare(&sql).map_err(StorageError::from)?;
    let mut rows = statement.query([]).map_err(StorageError::from)?;
    let text = |r: &Row<'_>, at: usize| -> Result<String, StorageError> { Ok(r.get(at)?) };
    while let Some(r) = rows.next().map_err(StorageError::from)? {
        let row = r.get(0).map_err(StorageError::from)?;
        show(row, &text(r, 1)?, &text(r, 2)?)?;
    }
    Ok(())
}

/// Those of one record.
pub fn terms_of(db: &Connection, row: i64) -> Result<Vec<(String, String)>, StorageError> {
    let sql = format!("SELECT field, value FROM term WHERE row = ?1 AND field IN ({TERMS})");
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement.query_map([row], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// Pairs of rows of which somebody has said that they are not the same.
pub fn said_apart(db: &Connection) -> Result<Vec<(i64, i64)>, StorageError> {
    let sql = "SELECT t.row, d.row FROM term t JOIN document d ON d.id = t.value WHERE t.field = 'not_same'";
    let mut statement = db.prepare_cached(sql)?;
    Ok(statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// The records that are said not to be this one, on their side.
pub fn apart_from(db: &Connection, id: RecordId) -> Result<Vec<RecordId>, StorageError> {
    let sql = "SELECT d.id FROM term t JOIN document d ON d.row = t.row
               WHERE t.field = 'not_same' AND t.value = ?1";
    let mut statement = db.prepare_cached(sql)?;
    Ok(statement.query_map([id.to_string()], |r| parsed(r, 0))?.collect::<Result<_, _>>()?)
}

/// A record that is in the trash because it was merged into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    pub id: RecordId,
    pub into: RecordId,
    /// Something was written to it elsewhere that did not know of the merge.
    pub edited_elsewhere: bool,
}

pub fn merged(db: &Connection) -> Result<Vec<Merged>, StorageError> {
    let sql = "SELECT d.id, t.value, d.heads FROM term t JOIN document d ON d.row = t.row
               WHERE t.field = 'merged_into'";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([], |r| {
        let heads: Vec<u8> = r.get(2)?;
        Ok(Merged {
            id: parsed(r, 0)?,
            into: parsed(r, 1)?,
            edited_elsewhere: heads_from_bytes(&heads).len() > 1,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// So many merges of merges are followed.
const CHAIN: usize = 32;

/// The record that one was merged into, at the end of all merges; nothing where it was not merged.
pub fn led_to(db: &Connection, row: i64) -> Result<Option<RecordId>, StorageError> {
    let sql = "SELECT t.value, d.row FROM term t JOIN document d ON d.id = t.value
               WHERE t.row = ?1 AND t.field = 'merged_into'";
    let mut statement = db.prepare_cached(sql)?;
    let (mut at, mut found) = (row, None);
    for _ in 0..CHAIN {
        let next = statement.query_row([at], |r| Ok((parsed(r, 0)?, r.get(1)?))).optional()?;
        let Some((id, row)) = next else { break };
        (found, at) = (Some(id), row);
    }
    Ok(found)
}

/// A company in the trash that was called so and was merged into another: that one.
pub fn company_called_before(db: &Connection, sort: &str) -> Result<Option<RecordId>, StorageError> {
    let sql = "SELECT c.row FROM company c JOIN term t ON t.row = c.row AND t.field = 'merged_into'
               WHERE c.name_sort = ?1 AND c.deleted_at IS NOT NULL ORDER BY c.row LIMIT 1";
    let row: Option<i64> = db.prepare_cached(sql)?.query_row([sort], |r| r.get(0)).optional()?;
    row.map_or(Ok(None), |row| led_to(db, row))
}

/// The fields by which records link to those of a kind, with the kind that has each and the column that is indexed. A
/// file says in a text where it is, and an id is folded already.
fn links(to: Option<Kind>) -> impl Iterator<Item = (Kind, &'static str, &'static str)> {
    let links = LINKS.iter().filter(move |(_, _, kind)| to.is_none_or(|to| to == *kind));
    let links = links.map(|(from, key, _)| (*from, key.as_str(), key.as_str()));
    links.chain([(Kind::Attachment, "record", "record_sort")])
}

/// The names of those fields.
pub fn link_keys(to: Option<Kind>) -> Vec<&'static str> {
    let mut keys: Vec<&str> = links(to).map(|(_, key, _)| key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The records that link to one, those in the trash too.
pub fn linking(db: &Connection, kind: Kind, id: RecordId) -> Result<Vec<RecordId>, StorageError> {
    let mut out = Vec::new();
    for (from, _, column) in links(Some(kind)) {
        let mut statement =
            db.prepare_cached(&format!("SELECT id FROM {from} WHERE {column} = ?1 ORDER BY row"))?;
        for id in statement.query_map(params![id.to_string()], |r| parsed(r, 0))? {
            out.push(id?);
        }
    }
    let mut statement = db.prepare_cached(REFERRING)?;
    for id in statement.query_map(params![id.to_string()], |r| parsed(r, 0))? {
        out.push(id?);
    }
    Ok(out)
}

/// By fields of the user's own.
const REFERRING: &str = "SELECT d.id FROM term t CROSS JOIN document d ON d.row = t.row
    WHERE t.field = 'reference' AND t.value = ?1 ORDER BY d.row";
const REFERRING_TO_MERGED: &str = "SELECT p.id FROM term t CROSS JOIN document d ON d.row = t.row
    CROSS JOIN term r ON r.field = 'reference' AND r.value = d.id CROSS JOIN document p ON p.row = r.row
    WHERE t.field = 'merged_into'";

/// The records that link to one that was merged away.
pub fn linking_to_merged(db: &Connection) -> Result<Vec<RecordId>, StorageError> {
    let mut out = Vec::new();
    for (from, _, column) in links(None) {
        let mut statement = db.prepare_cached(&to_merged(from, column))?;
        for id in statement.query_map([], |r| parsed(r, 0))? {
            out.push(id?);
        }
    }
    let mut statement = db.prepare_cached(REFERRING_TO_MERGED)?;
    for id in statement.query_map([], |r| parsed(r, 0))? {
        out.push(id?);
    }
    Ok(out)
}

/// From those that were merged, which are few, by the index over each link.
fn to_merged(from: Kind, column: &str) -> String {
    format!(
        "SELECT p.id FROM term t CROSS JOIN document d ON d.row = t.row CROSS JOIN {from} p ON p.{column} = d.id
         WHERE t.field = 'merged_into'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What runs while somebody waits walks no table.
    #[test]
    fn where_merged_records_are_linked_from_is_answered_by_indexes() {
        let db = crate::scratch().expect("an empty database");
        let own = ["by links of the user's", REFERRING_TO_MERGED];
        let all = links(None).map(|(from, key, column)| [format!("{from}.{key}"), to_merged(from, column)]);
        for [name, sql] in all.chain([own.map(str::to_owned)]) {
            let sql = format!("EXPLAIN QUERY PLAN {sql}");
            let mut statement = db.prepare(&sql).expect("a statement");
            let plan: Vec<String> = statement
                .query_map([], |r| r.get(3))
                .expect("a plan")
                .collect::<Result<_, _>>()
                .expect("its lines");
            let walks = |line: &String| line.starts_with("SCAN") || line.contains("AUTOMATIC");
            assert!(!plan.iter().any(walks), "{name}: {plan:?}");
        }
    }
}
