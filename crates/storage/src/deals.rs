//! What the board of deals and the day are made of. Each question is answered from an index or from the open records
//! alone.

use crate::{StorageError, documents::parsed};
use rusqlite::{Connection, OptionalExtension, Row, params};
use satchel_domain::RecordId;
use std::collections::HashMap;

/// A stage of a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    pub id: RecordId,
    pub name: String,
    pub pipeline: Option<RecordId>,
    pub probability: f64,
    /// `open`, `won` or `lost`.
    pub outcome: String,
    pub rot_days: Option<f64>,
    /// In the trash: shown as long as deals are in it.
    pub gone: bool,
}

fn stage(r: &Row<'_>) -> rusqlite::Result<Stage> {
    let pipeline: Option<String> = r.get(2)?;
    Ok(Stage {
        id: parsed(r, 0)?,
        name: r.get::<_, Option<String>>(1)?.unwrap_or_default(),
        pipeline: pipeline.and_then(|id| id.parse().ok()),
        probability: r.get::<_, Option<f64>>(3)?.unwrap_or_default(),
        outcome: r.get::<_, Option<String>>(4)?.unwrap_or_else(|| "open".to_owned()),
        rot_days: r.get(5)?,
        gone: r.get(6)?,
    })
}

const STAGE: &str =
    "SELECT id, name, pipeline, probability, outcome, rot_days, deleted_at IS NOT NULL FROM stage";

/// All stages, pipeline by pipeline and in their order.
pub fn stages(db: &Connection) -> Result<Vec<Stage>, StorageError> {
    let mut statement = db.prepare_cached(&format!("{STAGE} ORDER BY pipeline, rank, id"))?;
    Ok(statement.query_map([], stage)?.collect::<Result<_, _>>()?)
}

pub fn one_stage(db: &Connection, id: RecordId) -> Result<Option<Stage>, StorageError> {
    let mut statement = db.prepare_cached(&format!("{STAGE} WHERE id = ?1"))?;
    Ok(statement.query_row([id.to_string()], stage).optional()?)
}

/// The pipelines in their order, and what they are called.
pub fn pipelines(db: &Connection) -> Result<Vec<(RecordId, String)>, StorageError> {
    let sql = "SELECT id, called FROM pipeline WHERE deleted_at IS NULL ORDER BY rank, id";
    let mut statement = db.prepare_cached(sql)?;
    Ok(statement.query_map([], |r| Ok((parsed(r, 0)?, r.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// Pipelines in the trash, in a stage of which deals are.
pub fn gone_pipelines(db: &Connection, stages: &[Stage]) -> Result<Vec<(RecordId, String)>, StorageError> {
    let mut gone =
        db.prepare_cached("SELECT called FROM pipeline WHERE id = ?1 AND deleted_at IS NOT NULL")?;
    let mut used = db.prepare_cached("SELECT 1 FROM deal WHERE stage = ?1 AND deleted_at IS NULL")?;
    let mut out: Vec<(RecordId, String)> = Vec::new();
    for stage in stages {
        let Some(id) = stage.pipeline.filter(|id| !out.iter().any(|(known, _)| known == id)) else {
            continue;
        };
        let name: Option<String> = gone.query_row([id.to_string()], |r| r.get(0)).optional()?;
        if let Some(name) = name.filter(|_| used.exists([stage.id.to_string()]).unwrap_or(false)) {
            out.push((id, name));
        }
    }
    Ok(out)
}

pub fn last_pipeline_rank(db: &Connection) -> Result<Option<String>, StorageError> {
    let sql = "SELECT max(rank) FROM pipeline WHERE deleted_at IS NULL";
    Ok(db.prepare_cached(sql)?.query_row([], |r| r.get(0))?)
}

/// Where a stage `c` stands: as on the board, pipeline after pipeline, those that were taken away behind the others.
/// Nothing in a rank comes before the space that ends it.
pub(crate) const PLACE: &str =
    "coalesce((SELECT (p.deleted_at IS NOT NULL) || coalesce(p.rank, '') || ' ' || p.id
    FROM pipeline p WHERE p.id = c.pipeline), '2') || ' ' || coalesce(c.rank, '') || ' ' || c.id";

/// What the pipeline of each stage is called.
pub fn pipelines_of_stages(db: &Connection) -> Result<HashMap<RecordId, String>, StorageError> {
    let sql = "SELECT s.id, p.called FROM stage s JOIN pipeline p ON p.id = s.pipeline";
    let mut statement = db.prepare_cached(sql)?;
    Ok(statement.query_map([], |r| Ok((parsed(r, 0)?, r.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// All deals in a stage, as they stand.
pub fn ids_in_stage(db: &Connection, stage: RecordId) -> Result<Vec<RecordId>, StorageError> {
    let sql = "SELECT id FROM deal WHERE stage = ?1 AND deleted_at IS NULL ORDER BY rank, id";
    let mut statement = db.prepare_cached(sql)?;
    Ok(statement.query_map([stage.to_string()], |r| parsed(r, 0))?.collect::<Result<_, _>>()?)
}

/// What the deals of a stage are worth together in one currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Sum {
    pub currency: String,
    pub minor: i64,
    /// By the probability of each.
    pub weighted: i64,
}

/// How many deals are in a stage, and their sums by currency, the largest first.
pub fn sums(db: &Connection, stage: &Stage) -> Result<(u64, Vec<Sum>), StorageError> {
    let sql = "SELECT value_currency, count(*), coalesce(sum(value), 0),
                 coalesce(sum(value * coalesce(probability, ?2) / 100.0), 0)
               FROM deal WHERE stage = ?1 AND deleted_at IS NULL GROUP BY value_currency ORDER BY 3 DESC";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![stage.id.to_string(), stage.probability])?;
    let (mut count, mut sums) = (0, Vec::new());
    while let Some(r) = rows.next()? {
        count += r.get::<_, u64>(1)?;
        let Some(currency) = r.get::<_, Option<String>>(0)? else { continue };
        #[allow(clippy::cast_possible_truncation)]
        sums.push(Sum { currency, minor: r.get(2)?, weighted: r.get::<_, f64>(3)?.round() as i64 });
    }
    Ok((count, sums))
}

/// The rows of the deals in a stage, as they stand.
pub fn in_stage(db: &Connection, stage: RecordId, offset: u32, limit: u32) -> Result<Vec<i64>, StorageError> {
    let sql =
        "SELECT row FROM deal WHERE stage = ?1 AND deleted_at IS NULL ORDER BY rank, id LIMIT ?3 OFFSET ?2";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(params![stage.to_string(), offset, limit], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Where a deal stands among the others of its stage.
pub fn rank(db: &Connection, id: RecordId) -> Result<Option<String>, StorageError> {
    let mut statement = db.prepare_cached("SELECT rank FROM deal WHERE id = ?1")?;
    Ok(statement.query_row([id.to_string()], |r| r.get(0)).optional()?.flatten())
}

/// The last rank of a stage.
pub fn last_rank(db: &Connection, stage: RecordId) -> Result<Option<String>, StorageError> {
    let sql = "SELECT max(rank) FROM deal WHERE stage = ?1 AND deleted_at IS NULL";
    Ok(db.prepare_cached(sql)?.query_row([stage.to_string()], |r| r.get(0))?)
}

/// The task that is to be done next about a deal: SQL for what of it is asked, `k`, over an expression of the deal's id.
pub(crate) fn next_step(deal: &str, wanted: &str) -> String {
    format!(
        "SELECT {wanted} FROM task k WHERE k.deal = {deal} AND k.done_at IS NULL AND k.deleted_at IS NULL
         ORDER BY k.due IS NULL, k.due, k.due_time IS NULL, k.due_time, k.row LIMIT 1"
    )
}

/// What is to be done next about a deal, if anything is.
pub fn next_step_of(db: &Connection, deal: RecordId) -> Result<Option<String>, StorageError> {
    let sql = next_step("?1", "k.called");
    Ok(db.prepare_cached(&sql)?.query_row([deal.to_string()], |r| r.get(0)).optional()?)
}

/// When somebody has last done something about a deal, and what that was; without what comes again.
pub fn last_activity(
    db: &Connection,
    deal: RecordId,
    now: i64,
) -> Result<Option<(i64, String)>, StorageError> {
    let sql = "SELECT at, called FROM activity WHERE deal = ?1 AND deleted_at IS NULL AND at <= ?2 AND repeat IS NULL
               ORDER BY at DESC LIMIT 1";
    let mut statement = db.prepare_cached(sql)?;
    Ok(statement.query_row(params![deal.to_string(), now], |r| Ok((r.get(0)?, r.get(1)?))).optional()?)
}

/// The kinds that tell of a company, a person or a deal, with what orders them in time.
const TOLD: [(&str, &str); 3] = [
    ("activity", "coalesce(at, created_at)"),
    ("task", "coalesce(done_at, created_at)"),
    ("deal", "created_at"),
];

/// What has happened with a record and is to: kind, row, and when; the latest first.
pub fn timeline(
    db: &Connection,
    link: &str,
    id: RecordId,
    limit: u32,
) -> Result<Vec<(String, i64, i64)>, StorageError> {
    let part = |(kind, at): &(&str, &str)| match (*kind, link) {
        ("deal", "deal") => None,
        _ => Some(format!(
            "SELECT '{kind}' AS kind, row, {at} AS moment FROM {kind} WHERE {link} = ?1 AND deleted_at IS NULL{}",
            // When what comes again does so is not known here.
            if *kind == "activity" { " AND repeat IS NULL" } else { "" }
        )),
    };
    let parts: Vec<String> = TOLD.iter().filter_map(part).collect();
    let sql = format!("{} ORDER BY moment DESC, row DESC LIMIT ?2", parts.join(" UNION ALL "));
    let mut statement = db.prepare_cached(&sql)?;
    let rows =
        statement.query_map(params![id.to_string(), limit], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whose records a day is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    Everybody,
    /// Of one, as a list sorts it.
    Of(&'a str),
    /// The same, with what belongs to nobody.
    Mine(&'a str),
}

impl<'a> Whose<'a> {
    /// Whether a row of a table is asked for: with two parameters from one on, which are [`Whose::asked`].
    pub(crate) fn sql(table: &str, at: u8) -> String {
        let (owner, nobody) = (format!("?{at}"), format!("?{}", at + 1));
        format!("({owner} IS NULL OR {table}.owner_sort = {owner} OR ({nobody} AND {table}.owner IS NULL))")
    }

    pub(crate) fn asked(self) -> (Option<&'a str>, bool) {
        match self {
            Whose::Everybody => (None, true),
            Whose::Of(owner) => (Some(owner), false),
            Whose::Mine(owner) => (Some(owner), true),
        }
    }
}

/// The rows of tasks that are to be done up to a day, the longest due first.
pub fn due(db: &Connection, day: &str, whose: Whose<'_>, limit: u32) -> Result<Vec<i64>, StorageError> {
    let sql = format!(
        "SELECT row FROM task WHERE due <= ?1 AND due IS NOT NULL AND done_at IS NULL AND deleted_at IS NULL
         AND {} ORDER BY due, due_time IS NULL, due_time, row LIMIT ?2",
        Whose::sql("task", 3)
    );
    let mut statement = db.prepare_cached(&sql)?;
    let (owner, nobody) = whose.asked();
    let rows = statement.query_map(params![day, limit, owner, nobody], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The rows of what is planned between two moments, but for what comes again, in order; what was noted when it was over
/// is no plan.
pub fn between(
    db: &Connection,
    (from, to): (i64, i64),
    whose: Whose<'_>,
    limit: u32,
) -> Result<Vec<i64>, StorageError> {
    let sql = format!(
        "SELECT row FROM activity WHERE at >= ?1 AND at < ?2 AND at > created_at + 60000 AND deleted_at IS NULL
         AND repeat IS NULL AND {} ORDER BY at, row LIMIT ?3",
        Whose::sql("activity", 4)
    );
    let mut statement = db.prepare_cached(&sql)?;
    let (owner, nobody) = whose.asked();
    let rows = statement.query_map(params![from, to, limit, owner, nobody], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether an open deal was left alone for longer than its stage allows: SQL over its row, that of its stage, and now.
pub(crate) fn quiet(deal: &str, stage: &str, now: &str) -> String {
    let since = format!("{now} - {stage}.rot_days * 86400000");
    // Most are told by the first: the index of what was done about a deal is asked for the others.
    format!(
        "({stage}.rot_days > 0 AND coalesce({deal}.stage_at, {deal}.created_at) < {since}
          AND NOT EXISTS (SELECT 1 FROM activity a INDEXED BY activity_of_deal
            WHERE a.deal = {deal}.id AND a.deleted_at IS NULL AND a.at >= {since} AND a.at <= {now})
          AND NOT EXISTS (SELECT 1 FROM activity a INDEXED BY activity_series_deal
            WHERE a.deal = {deal}.id AND a.repeat IS NOT NULL AND a.deleted_at IS NULL AND a.at <= {now}
              AND coalesce(a.ends, {now}) >= {since}))"
    )
}

/// The rows of open deals whose close date is over, and of those that were left alone for longer than their stage
/// allows; with what is said of them.
pub fn neglected(
    db: &Connection,
    today: &str,
    now: i64,
    whose: Whose<'_>,
    limit: u32,
) -> Result<Vec<(i64, bool)>, StorageError> {
    let sql = format!(
        "SELECT d.row, d.close_date < ?1 AS late FROM deal d JOIN stage s ON s.id = d.stage
         WHERE d.deleted_at IS NULL AND coalesce(s.outcome, 'open') = 'open' AND (d.close_date < ?1 OR {})
         AND {} ORDER BY late DESC, d.close_date, d.row LIMIT ?3",
        quiet("d", "s", "?2"),
        Whose::sql("d", 4)
    );
    let mut statement = db.prepare_cached(&sql)?;
    let (owner, nobody) = whose.asked();
    let rows = statement.query_map(params![today, now, limit, owner, nobody], |r| {
        Ok((r.get(0)?, r.get::<_, Option<bool>>(1)?.unwrap_or(false)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The rows of people with a birthday on one of these days of the year (`05-17`), in the order of the days.
pub fn birthdays(
    db: &Connection,
    days: &[String],
    whose: Whose<'_>,
    limit: u32,
) -> Result<Vec<(i64, String)>, StorageError> {
    let mut out = Vec::new();
    let sql = format!(
        "SELECT row FROM person WHERE substr(birthday, -5) = ?1 AND birthday IS NOT NULL AND deleted_at IS NULL
         AND {} ORDER BY sort LIMIT ?2",
        Whose::sql("person", 3)
    );
    let mut statement = db.prepare_cached(&sql)?;
    let (owner, nobody) = whose.asked();
    for day in days {
        for row in statement.query_map(params![day, limit, owner, nobody], |r| r.get(0))? {
            out.push((row?, day.clone()));
        }
    }
    out.truncate(limit as usize);
    Ok(out)
}
