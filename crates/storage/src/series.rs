//! Meetings that come again, as they are kept: on which days that is, others reckon. Each question is answered from an
//! index over those alone, so that it costs nothing where there are none, and what is over is left aside.

use crate::{StorageError, deals::Whose, documents::parsed};
use rusqlite::{Connection, OptionalExtension, Row, params};
use satchel_domain::{Kind, RecordId};

/// What is needed to reckon when it comes.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub row: i64,
    pub id: RecordId,
    /// Of an activity: `meeting`, `visit`, `call`.
    pub ty: String,
    /// When it comes first, in epoch milliseconds.
    pub at: i64,
    pub minutes: Option<f64>,
    pub repeat: String,
    /// By the clock of where: `Europe/Madrid`.
    pub zone: Option<String>,
    /// The days on which it does not come, as JSON.
    pub left_out: Option<String>,
    pub remind: Option<String>,
}

const COLUMNS: &str = "t.row, t.id, t.type, t.at, t.minutes, t.repeat, t.zone, t.left_out, t.remind";
/// What the partial indices are of.
const LIVE: &str = "t.repeat IS NOT NULL AND t.deleted_at IS NULL AND t.type IN ('call', 'meeting', 'visit')";

fn between_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM activity t INDEXED BY activity_series
         WHERE {LIVE} AND t.at < ?2 AND (t.ends IS NULL OR t.ends > ?1) AND {} ORDER BY t.at, t.ends, t.row LIMIT ?3",
        Whose::sql("t", 4)
    )
}

/// Those that may come between two moments.
pub fn between(
    db: &Connection,
    (from, to): (i64, i64),
    whose: Whose<'_>,
    limit: u32,
) -> Result<Vec<Kept>, StorageError> {
    let (owner, nobody) = whose.asked();
    let mut statement = db.prepare_cached(&between_sql())?;
    let rows = statement.query_map(params![from, to, limit, owner, nobody], kept)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn with_sql(link: &str) -> String {
    format!(
        "SELECT {COLUMNS} FROM activity t INDEXED BY activity_series_{link} WHERE {LIVE} AND t.{link} = ?1 LIMIT ?2"
    )
}

/// Those with a company or a person, or about a deal.
pub fn with(db: &Connection, kind: Kind, id: RecordId, limit: u32) -> Result<Vec<Kept>, StorageError> {
    if !matches!(kind, Kind::Company | Kind::Person | Kind::Deal) {
        return Ok(Vec::new());
    }
    let mut statement = db.prepare_cached(&with_sql(kind.key()))?;
    let rows = statement.query_map(params![id.to_string(), limit], kept)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One of them; nothing where a record is none.
pub fn one(db: &Connection, id: RecordId) -> Result<Option<Kept>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM document d JOIN activity t ON t.row = d.row WHERE d.id = ?1 AND t.repeat IS NOT NULL AND t.at IS NOT NULL"
    );
    Ok(db.prepare_cached(&sql)?.query_row([id.to_string()], kept).optional()?)
}

/// What kind of activity a record is, and whether it comes again.
pub fn kind_of(db: &Connection, id: RecordId) -> Result<Option<(String, bool)>, StorageError> {
    let sql = "SELECT coalesce(t.type, ''), t.repeat IS NOT NULL FROM document d JOIN activity t ON t.row = d.row WHERE d.id = ?1";
    let mut statement = db.prepare_cached(sql)?;
    Ok(statement.query_row([id.to_string()], |r| Ok((r.get(0)?, r.get(1)?))).optional()?)
}

const OWN: &str = "SELECT id, occurrence, at FROM activity INDEXED BY activity_of_series
    WHERE series = ?1 AND deleted_at IS NULL AND occurrence IS NOT NULL ORDER BY occurrence, row";

/// The times of a series that are records of their own: the day that each was meant for, and when it is.
pub fn own(db: &Connection, series: RecordId) -> Result<Vec<(RecordId, String, Option<i64>)>, StorageError> {
    let mut statement = db.prepare_cached(OWN)?;
    let rows = statement.query_map([series.to_string()], |r| Ok((parsed(r, 0)?, r.get(1)?, r.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn kept(r: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        row: r.get(0)?,
        id: parsed(r, 1)?,
        ty: r.get::<_, Option<String>>(2)?.unwrap_or_default(),
        at: r.get(3)?,
        minutes: r.get(4)?,
        repeat: r.get(5)?,
        zone: r.get(6)?,
        left_out: r.get(7)?,
        remind: r.get(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_is_answered_from_an_index_of_series() {
        let (_dir, store) = crate::tests::empty();
        let asked = [
            (between_sql(), "activity_series (at<?)"),
            (with_sql("company"), "activity_series_company (company=?)"),
            (with_sql("person"), "activity_series_person (person=?)"),
            (with_sql("deal"), "activity_series_deal (deal=?)"),
            (OWN.to_owned(), "activity_of_series (series=? AND occurrence>?)"),
        ];
        store
            .read::<_, StorageError>(|db| {
                for (sql, index) in &asked {
                    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                    let bound = vec![rusqlite::types::Null; statement.parameter_count()];
                    let plan: Vec<String> = statement
                        .query_map(rusqlite::params_from_iter(bound), |r| r.get(3))?
                        .collect::<Result<_, _>>()?;
                    assert!(plan.iter().any(|step| step.contains(index)), "{sql}: {plan:#?}");
                    assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}: {plan:#?}");
                }
                Ok(())
            })
            .expect("read");
    }

    /// Whom one meets each week is not left alone, until that is over.
    #[test]
    fn a_deal_with_a_meeting_that_comes_again_is_not_quiet() {
        const DAY: i64 = 86_400_000;
        let (_dir, store) = crate::tests::empty();
        let made = store.write::<_, StorageError>(|tx| {
            tx.execute_batch(
                "INSERT INTO document (row, id, kind, heads, bytes) VALUES (1, 's', 'stage', x'', x''), (2, 'd', 'deal', x'', x''),
                   (3, 'a', 'activity', x'', x'');
                 INSERT INTO stage (row, id, created_at, updated_at, called, sort, outcome, rot_days) VALUES (1, 's', 0, 0, '', '', 'open', 7);
                 INSERT INTO deal (row, id, created_at, updated_at, called, sort, stage, stage_at) VALUES (2, 'd', 0, 0, '', '', 's', 0);
                 INSERT INTO activity (row, id, created_at, updated_at, called, sort, type, deal, at, repeat, ends)
                   VALUES (3, 'a', 0, 0, '', '', 'meeting', 'd', 86400000, 'week', 864000000);",
            )?;
            Ok(())
        });
        made.expect("written");
        let quiet = |day: i64| {
            let all =
                store.read(|db| crate::deals::neglected(db, "1970-01-01", day * DAY, Whose::Everybody, 10));
            all.expect("read").len()
        };
        assert_eq!((quiet(6), quiet(12), quiet(16)), (0, 0, 0), "it has come within seven days");
        assert_eq!(quiet(18), 1, "the last was more than seven days ago");
    }

    /// What is asked for costs as much in a large vault as in a small one.
    #[test]
    fn among_many_meetings_the_few_that_come_again_are_quick() {
        let (_dir, store) = crate::tests::empty();
        let made = store.write::<_, StorageError>(|tx| {
            tx.execute_batch(
                "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)
                 INSERT INTO document (row, id, kind, heads, bytes)
                 SELECT n, printf('00000000-0000-7000-8000-%012x', n), 'activity', x'', x'' FROM n;
                 INSERT INTO activity (row, id, created_at, updated_at, called, sort, type, type_sort, at, repeat, ends, owner, owner_sort)
                 SELECT row, id, 0, 0, 'Met', 'met', 'meeting', 'meeting', row * 1000 * 80,
                   iif(row % 500, NULL, 'week'), iif(row % 1000, NULL, 9000000), 'Ana', 'ana' FROM document;",
            )?;
            Ok(())
        });
        made.expect("written");
        let started = std::time::Instant::now();
        let found =
            store.read(|db| between(db, (9_000_000, 5_000_000_000), Whose::Of("ana"), 2000)).expect("read");
        let took = started.elapsed();
        // Those that have begun and have no end: one in a thousand of the first 62,500.
        assert_eq!(found.len(), 62, "in {took:?}");
        assert!(took.as_millis() < 20, "{took:?}");
    }
}
