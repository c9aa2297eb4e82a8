//! What reports are made of: counts and sums over the projections. Currencies are never added up, and sums are never too
//! large: they are reckoned as floats, which are exact up to 2^53 minor units.

use crate::{StorageError, deals::quiet, documents::parsed};
use rusqlite::{Connection, Row, named_params};
use satchel_domain::RecordId;

/// Which deals are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Among<'a> {
    pub stages: &'a [RecordId],
    /// As it sorts; nothing: everybody's.
    pub owner: Option<&'a str>,
}

impl Among<'_> {
    fn stages(&self) -> String {
        serde_json::json!(self.stages).to_string()
    }
}

/// How many deals, and what they are worth together in one currency.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sum {
    pub count: u64,
    /// Nothing: they have no value.
    pub currency: Option<String>,
    pub minor: i64,
    /// By the probability of each deal, or else of its stage.
    pub weighted: i64,
}

const SUM: &str = "count(*), d.value_currency, total(d.value),
                   total(d.value * coalesce(d.probability, s.probability, 0) / 100)";
/// Stages first: the deals of each are found by their index. Indices are named wherever they hold all that is read: from
/// the rows themselves it would take many times as long, and SQLite knows nothing of how many there are.
const DEALS: &str = "FROM stage s CROSS JOIN deal d INDEXED BY deal_report ON d.stage = s.id
    WHERE s.id IN (SELECT value FROM json_each(:stages)) AND d.deleted_at IS NULL
      AND (:owner IS NULL OR d.owner_sort = :owner)";

fn sum(r: &Row<'_>) -> rusqlite::Result<Sum> {
    Ok(Sum { count: r.get(0)?, currency: r.get(1)?, minor: whole(r.get(2)?), weighted: whole(r.get(3)?) })
}

#[allow(clippy::cast_possible_truncation)]
fn whole(number: f64) -> i64 {
    number.round() as i64
}

/// Deals by their stage.
pub fn by_stage(db: &Connection, among: &Among<'_>) -> Result<Vec<(RecordId, Sum)>, StorageError> {
    let sql = format!("SELECT {SUM}, s.id {DEALS} GROUP BY s.id, d.value_currency");
    let mut statement = db.prepare_cached(&sql)?;
    let params = named_params! {":stages": among.stages(), ":owner": among.owner};
    let rows = statement.query_map(params, |r| Ok((parsed(r, 4)?, sum(r)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Deals by the month in which they are expected, `2026-11` or nothing, and by who has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    pub month: Option<String>,
    pub owner: Option<String>,
    pub sum: Sum,
}

pub fn expected(db: &Connection, among: &Among<'_>) -> Result<Vec<Expected>, StorageError> {
    let sql = format!(
        "SELECT {SUM}, substr(d.close_date, 1, 7), max(d.owner) {DEALS} GROUP BY 5, d.owner_sort, d.value_currency"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let params = named_params! {":stages": among.stages(), ":owner": among.owner};
    let rows =
        statement.query_map(params, |r| Ok(Expected { month: r.get(4)?, owner: r.get(5)?, sum: sum(r)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Deals that were closed between two moments, by their stage.
pub fn closed(
    db: &Connection,
    among: &Among<'_>,
    (from, to): (i64, i64),
) -> Result<Vec<(RecordId, Sum)>, StorageError> {
    let sql = "SELECT count(*), value_currency, total(value), 0.0, stage FROM deal INDEXED BY deal_closed
               WHERE closed_at >= :from AND closed_at < :to AND deleted_at IS NULL
                 AND stage IN (SELECT value FROM json_each(:stages)) AND (:owner IS NULL OR owner_sort = :owner)
               GROUP BY stage, value_currency";
    let mut statement = db.prepare_cached(sql)?;
    let params = named_params! {":stages": among.stages(), ":owner": among.owner, ":from": from, ":to": to};
    let rows = statement.query_map(params, |r| Ok((parsed(r, 4)?, sum(r)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Deals that were lost between two moments, by why.
pub fn reasons(
    db: &Connection,
    among: &Among<'_>,
    (from, to): (i64, i64),
) -> Result<Vec<(Option<String>, Sum)>, StorageError> {
    let sql = "SELECT count, value_currency, value, 0.0, (SELECT lost_reason FROM deal r WHERE r.row = latest)
               FROM (SELECT count(*) AS count, value_currency, total(value) AS value, max(row) AS latest FROM deal INDEXED BY deal_closed
                 WHERE closed_at >= :from AND closed_at < :to AND deleted_at IS NULL
                   AND stage IN (SELECT value FROM json_each(:stages)) AND (:owner IS NULL OR owner_sort = :owner)
                 GROUP BY lost_reason_sort, value_currency)";
    let mut statement = db.prepare_cached(sql)?;
    let params = named_params! {":stages": among.stages(), ":owner": among.owner, ":from": from, ":to": to};
    let rows = statement.query_map(params, |r| Ok((r.get(4)?, sum(r)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What somebody has done: of which type, how often.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    pub owner: Option<String>,
    pub ty: Option<String>,
    pub count: u64,
}

pub fn done(db: &Connection, owner: Option<&str>, (from, to): (i64, i64)) -> Result<Vec<Done>, StorageError> {
    let sql = "SELECT (SELECT owner FROM activity r WHERE r.row = latest), type_sort, count
               FROM (SELECT type_sort, count(*) AS count, max(row) AS latest FROM activity INDEXED BY activity_report
                 WHERE at >= :from AND at < :to AND deleted_at IS NULL AND (:owner IS NULL OR owner_sort = :owner)
                 GROUP BY owner_sort, type_sort)";
    let mut statement = db.prepare_cached(sql)?;
    let params = named_params! {":owner": owner, ":from": from, ":to": to};
    let rows =
        statement.query_map(params, |r| Ok(Done { owner: r.get(0)?, ty: r.get(1)?, count: r.get(2)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Deals that were made between two moments and have been in the same stages.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// Where they are.
    pub stage: RecordId,
    /// Where they have been, that one included.
    pub reached: Vec<RecordId>,
    pub count: u64,
}

pub fn ways(db: &Connection, among: &Among<'_>, (from, to): (i64, i64)) -> Result<Vec<Way>, StorageError> {
    let sql = "SELECT stage, coalesce(reached, '[]'), count(*) FROM deal INDEXED BY deal_made
               WHERE created_at >= :from AND created_at < :to AND deleted_at IS NULL
                 AND stage IN (SELECT value FROM json_each(:stages)) AND (:owner IS NULL OR owner_sort = :owner)
               GROUP BY stage, reached";
    let mut statement = db.prepare_cached(sql)?;
    let params = named_params! {":stages": among.stages(), ":owner": among.owner, ":from": from, ":to": to};
    let rows = statement.query_map(params, |r| {
        let stage: RecordId = parsed(r, 0)?;
        // Whatever a broken app has written there is no stage.
        let texts: Vec<String> = serde_json::from_str(&r.get::<_, String>(1)?).unwrap_or_default();
        let mut reached: Vec<RecordId> = texts.iter().filter_map(|id| id.parse().ok()).collect();
        reached.push(stage);
        Ok(Way { stage, reached, count: r.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many people were added between two moments.
pub fn added(db: &Connection, owner: Option<&str>, (from, to): (i64, i64)) -> Result<u64, StorageError> {
    let sql =
        "SELECT count(*) FROM person INDEXED BY person_created WHERE created_at >= :from AND created_at < :to AND deleted_at IS NULL
                 AND (:owner IS NULL OR owner_sort = :owner)";
    let params = named_params! {":owner": owner, ":from": from, ":to": to};
    Ok(db.prepare_cached(sql)?.query_row(params, |r| r.get(0))?)
}

/// How long the deals of a stage have been there.
#[derive(Debug, Clone, PartialEq)]
pub struct Age {
    pub stage: RecordId,
    pub count: u64,
    /// Milliseconds of all of them together.
    pub in_stage: f64,
    pub since_made: f64,
    /// By how long they are in the stage: as many as there are steps, and one more.
    pub steps: [u64; 4],
    pub quiet: u64,
    pub late: u64,
}

/// `steps`: the moments before which a deal has come into its stage to count as older.
pub fn ages(
    db: &Connection,
    among: &Among<'_>,
    steps: [i64; 3],
    (now, today): (i64, &str),
) -> Result<Vec<Age>, StorageError> {
    let sql = format!(
        "SELECT s.id, count(*), total(:now - coalesce(d.stage_at, d.created_at)), total(:now - d.created_at),
           sum(d.stage_at >= :a), sum(d.stage_at < :a AND d.stage_at >= :b),
           sum(d.stage_at < :b AND d.stage_at >= :c), sum(d.stage_at < :c),
           sum({}), sum(d.close_date < :today) {DEALS} GROUP BY s.id",
        quiet("d", "s", ":now")
    );
    let mut statement = db.prepare_cached(&sql)?;
    let [a, b, c] = steps;
    let params = named_params! {
        ":stages": among.stages(), ":owner": among.owner, ":now": now, ":today": today, ":a": a, ":b": b, ":c": c
    };
    let count = |r: &Row<'_>, at: usize| Ok::<_, rusqlite::Error>(r.get::<_, Option<u64>>(at)?.unwrap_or(0));
    let rows = statement.query_map(params, |r| {
        Ok(Age {
            stage: parsed(r, 0)?,
            count: r.get(1)?,
            in_stage: r.get(2)?,
            since_made: r.get(3)?,
            steps: [count(r, 4)?, count(r, 5)?, count(r, 6)?, count(r, 7)?],
            quiet: count(r, 8)?,
            late: count(r, 9)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Who has deals, or has done something.
pub fn owners(db: &Connection) -> Result<Vec<String>, StorageError> {
    // Of activities there are many: from one owner the index leads to the next.
    let sql = "WITH RECURSIVE of_activities (owner_sort) AS (
                 SELECT (SELECT min(owner_sort) FROM activity INDEXED BY activity_report WHERE deleted_at IS NULL)
                 UNION ALL
                 SELECT (SELECT min(a.owner_sort) FROM activity a INDEXED BY activity_report
                   WHERE a.deleted_at IS NULL AND a.owner_sort > o.owner_sort)
                 FROM of_activities o WHERE o.owner_sort IS NOT NULL)
               SELECT (SELECT a.owner FROM activity a INDEXED BY activity_report
                   WHERE a.deleted_at IS NULL AND a.owner_sort = o.owner_sort LIMIT 1), o.owner_sort
                 FROM of_activities o WHERE o.owner_sort IS NOT NULL
               UNION ALL SELECT max(owner), owner_sort FROM deal INDEXED BY deal_report
                 WHERE deleted_at IS NULL AND owner_sort IS NOT NULL GROUP BY owner_sort ORDER BY 2";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?)))?;
    let mut all: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
    all.dedup_by(|a, b| a.1 == b.1);
    Ok(all.into_iter().map(|(name, _)| name).collect())
}
