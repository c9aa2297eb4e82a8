//! Full-text search. A common term must not cost more than a rare one: nothing is ranked that is
//! not shown. First records named exactly so, then those whose name begins so, then the rest; each
//! step stops at the limit.

use crate::StorageError;
use rusqlite::{Connection, params};
use satchel_domain::{
    Kind, phone,
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
