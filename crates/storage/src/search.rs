//! Full-text search. A common term must not cost more than a rare one: nothing is ranked that is
//! not shown. First records named exactly so, then those whose name begins so, then the rest; each
//! step stops at the limit.

use crate::StorageError;
use rusqlite::{Connection, OptionalExtension, params};
use satchel_domain::{
    Kind, SearchText, phone,
    text::{Run, fold, runs},
};

/// The FTS5 expressions for what a person typed, in the order in which they are tried.
fn expressions(text: &str) -> Vec<String> {
    let folded = fold(text);
    let terms: Vec<(String, bool)> = runs(&folded)
        .into_iter()
        .map(|run| match run {
            Run::Word(word) => (format!("\"{word}\""), true),
            // A phrase of characters: 王伟 finds them side by side only.
            Run::Cjk(chars) => {
                (format!("\"{}\"", chars.chars().map(String::from).collect::<Vec<_>>().join(" ")), false)
            }
        })
        .collect();
    if terms.is_empty() {
        return Vec::new();
    }
    let exact = terms.iter().map(|(t, _)| t.clone()).collect::<Vec<_>>().join(" AND ");
    let prefix = terms
        .iter()
        .map(|(t, p)| if *p { format!("{t}*") } else { t.clone() })
        .collect::<Vec<_>>()
        .join(" AND ");
    let mut out = Vec::new();
    if let Some(words) = phone::query_words(text) {
        let words: Vec<String> = words.iter().map(|w| format!("\"{w}\"*")).collect();
        out.push(format!("contact : ({})", words.join(" OR ")));
    }
    out.push(format!("name : ({exact})"));
    if prefix != exact {
        out.push(format!("name : ({prefix})"));
    }
    out.push(prefix);
    out
}

/// Rows of the records that a text finds, the likeliest first.
pub fn find(db: &Connection, text: &str, kind: Option<Kind>, limit: usize) -> Result<Vec<i64>, StorageError> {
    let text: String = text.chars().take(200).collect();
    let filter = kind.map_or(String::new(), |kind| format!("AND rowid IN (SELECT row FROM {kind})"));
    let sql = format!("SELECT rowid FROM search WHERE search MATCH ?1 {filter} LIMIT ?2");
    let mut found: Vec<i64> = Vec::new();
    for expression in expressions(&text) {
        if found.len() >= limit {
            break;
        }
        // What the steps before have found may come again: ask for that many more.
        let ask = limit.saturating_mul(2).max(found.len() + limit);
        let mut statement = db.prepare_cached(&sql)?;
        let rows = statement.query_map(params![expression, ask], |r| r.get::<_, i64>(0))?;
        for row in rows {
            let row = row?;
            if !found.contains(&row) {
                found.push(row);
            }
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// What the index holds of a record.
pub(crate) fn text_of(db: &Connection, row: i64) -> Result<Option<[String; 3]>, StorageError> {
    let read = |r: &rusqlite::Row<'_>| Ok([r.get(0)?, r.get(1)?, r.get(2)?]);
    let sql = "SELECT name, contact, body FROM search WHERE rowid = ?1";
    Ok(db.prepare_cached(sql)?.query_row([row], read).optional()?)
}

/// Puts the text of a record into the index that is not in it.
pub(crate) fn add(tx: &Connection, row: i64, text: &SearchText) -> Result<(), StorageError> {
    let sql = "INSERT INTO search (rowid, name, contact, body) VALUES (?1, ?2, ?3, ?4)";
    tx.prepare_cached(sql)?.execute(params![row, text.name, text.contact, text.body])?;
    Ok(())
}

/// Replaces a record's text in the index if it differs; no text takes the record out.
pub(crate) fn replace(tx: &Connection, row: i64, text: Option<&SearchText>) -> Result<(), StorageError> {
    let wanted = text.map(|t| [t.name.clone(), t.contact.clone(), t.body.clone()]);
    if text_of(tx, row)? == wanted {
        return Ok(());
    }
    tx.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([row])?;
    text.map_or(Ok(()), |text| add(tx, row, text))
}

/// The last operation whose edits are in the index, by its number.
const INDEXED: &str = "search.indexed";

fn indexed(db: &Connection) -> Result<i64, StorageError> {
    Ok(crate::settings::get(db, INDEXED)?.and_then(|n| n.parse().ok()).unwrap_or(0))
}

/// Records whose last edits the index has not taken over yet.
pub fn pending(db: &Connection) -> Result<Vec<i64>, StorageError> {
    let sql = "SELECT DISTINCT row FROM operation WHERE seq > ?1 AND row IS NOT NULL";
    let mut statement = db.prepare_cached(sql)?;
    Ok(statement.query_map([indexed(db)?], |r| r.get(0))?.collect::<Result<_, _>>()?)
}

/// The index knows of no operation with this number or a later one any more.
pub(crate) fn forget_from(tx: &Connection, seq: i64) -> Result<(), StorageError> {
    match indexed(tx)? >= seq {
        true => crate::settings::put(tx, INDEXED, &(seq - 1).to_string()),
        false => Ok(()),
    }
}

pub(crate) fn is_pending(db: &Connection, row: i64) -> Result<bool, StorageError> {
    let sql = "SELECT 1 FROM operation WHERE seq > ?1 AND row = ?2";
    Ok(db.prepare_cached(sql)?.exists([indexed(db)?, row])?)
}

/// Notes that the index has the edits of all operations so far.
pub fn nothing_is_pending(tx: &Connection) -> Result<(), StorageError> {
    let last: i64 = tx.query_row("SELECT coalesce(max(seq), 0) FROM operation", [], |r| r.get(0))?;
    crate::settings::put(tx, INDEXED, &last.to_string())
}

/// Takes a record out of the index so that none of its words stay on disk. An ordinary edit does not
/// need that (the document keeps its history, and rewriting the index costs 10 ms in a vault of
/// 100,000); an erasure does.
pub fn erase(tx: &rusqlite::Transaction<'_>, row: i64) -> Result<(), StorageError> {
    tx.execute("INSERT INTO search (search, rank) VALUES ('secure-delete', 1)", [])?;
    tx.execute("DELETE FROM search WHERE rowid = ?1", [row])?;
    // What earlier edits have left in older segments goes when they are merged.
    tx.execute("INSERT INTO search (search) VALUES ('optimize')", [])?;
    tx.execute("INSERT INTO search (search, rank) VALUES ('secure-delete', 0)", [])?;
    Ok(())
}

/// Merges segments of the index, until about so many pages are written; true if there is nothing to do.
pub(crate) fn merge(db: &Connection, pages: u32) -> Result<bool, StorageError> {
    let changes = || -> Result<i64, StorageError> {
        Ok(db.prepare_cached("SELECT total_changes()")?.query_row([], |r| r.get(0))?)
    };
    let before = changes()?;
    db.prepare_cached("INSERT INTO search (search, rank) VALUES ('merge', ?1)")?.execute([pages])?;
    // The command itself counts as one.
    Ok(changes()? - before < 2)
}

/// All rows that a text finds, for filtering a list; no order.
pub(crate) fn expression_for_all(text: &str) -> Option<String> {
    let mut all = expressions(text);
    let last = all.pop()?;
    Some(match all.first().filter(|e| e.starts_with("contact : ")) {
        Some(phone) => format!("({last}) OR ({phone})"),
        None => last,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_an_expression_that_cannot_be_broken_out_of() {
        assert_eq!(expressions("王伟"), ["name : (\"王 伟\")", "\"王 伟\""]);
        assert_eq!(
            expressions("Zoë ch"),
            ["name : (\"zoe\" AND \"ch\")", "name : (\"zoe\"* AND \"ch\"*)", "\"zoe\"* AND \"ch\"*"]
        );
        assert_eq!(
            expressions("\" OR name : *"),
            ["name : (\"or\" AND \"name\")", "name : (\"or\"* AND \"name\"*)", "\"or\"* AND \"name\"*"]
        );
        assert!(expressions(" -*\"'").is_empty());
        assert_eq!(expressions("0018")[0], "contact : (\"z8100\"*)");
    }
}
