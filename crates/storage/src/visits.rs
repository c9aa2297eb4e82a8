//! Where customers are, and when somebody was last with them. Each question is answered from an index.

use crate::{StorageError, documents::parsed};
use rusqlite::{Connection, params};
use satchel_domain::{Kind, RecordId};

/// The kinds that have a place.
const PLACED: [Kind; 2] = [Kind::Company, Kind::Person];

/// A customer in a cell of the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbour {
    pub id: RecordId,
    pub kind: Kind,
    pub called: String,
    pub location: String,
}

/// What speaks for seeing a customer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contact {
    /// Epoch milliseconds.
    pub last_visit: Option<i64>,
    pub open_deals: u32,
    /// What is to be done up to the day.
    pub follow_up: bool,
}

/// What is written down of the places of those in the same zone.
pub fn in_zone(db: &Connection, zone: &str, limit: u32) -> Result<Vec<String>, StorageError> {
    let mut out = Vec::new();
    for kind in PLACED {
        let mut statement = db.prepare_cached(&in_zone_sql(kind))?;
        for location in statement.query_map(params![zone, limit], |r| r.get(0))? {
            out.push(location?);
        }
    }
    Ok(out)
}

fn in_zone_sql(kind: Kind) -> String {
    format!(
        "SELECT c.location FROM term t CROSS JOIN {kind} c ON c.row = t.row
         WHERE t.field = 'zone' AND t.value = ?1 AND c.location IS NOT NULL AND c.deleted_at IS NULL LIMIT ?2"
    )
}

/// Of these the plan of somebody is made: what is one's own, and what is nobody's.
const MINE: [&str; 2] = ["owner_sort = ?1", "owner_sort IS NULL"];

/// The rows of meetings and visits that are planned between two moments and were not left, in order; what was noted
/// when it was over is no plan.
pub fn planned(
    db: &Connection,
    owner: &str,
    (from, to): (i64, i64),
    limit: u32,
) -> Result<Vec<i64>, StorageError> {
    let mut statement = db.prepare_cached(&planned_sql())?;
    let rows = statement.query_map(params![owner, from, to, limit], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn planned_sql() -> String {
    let parts = MINE.map(|mine| {
        format!(
            "SELECT row, at FROM activity INDEXED BY activity_report
             WHERE {mine} AND type_sort IN ('meeting', 'visit') AND at >= ?2 AND at < ?3
             AND at > created_at + 60000 AND left_at IS NULL AND deleted_at IS NULL AND repeat IS NULL"
        )
    });
    format!("{} ORDER BY at, row LIMIT ?4", parts.join(" UNION ALL "))
}

/// The rows of open tasks with somebody that are due from one day up to another, which is one of them; in order.
pub fn to_do(
    db: &Connection,
    owner: &str,
    (from, to): (&str, &str),
    limit: u32,
) -> Result<Vec<i64>, StorageError> {
    let mut statement = db.prepare_cached(&to_do_sql())?;
    let rows = statement.query_map(params![owner, from, to, limit], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn to_do_sql() -> String {
    format!(
        "SELECT row FROM task INDEXED BY task_by_due WHERE due >= ?2 AND due <= ?3 AND ({})
         AND (company IS NOT NULL OR person IS NOT NULL) AND done_at IS NULL AND deleted_at IS NULL
         ORDER BY due, due_time IS NULL, due_time, row LIMIT ?4",
        MINE.join(" OR ")
    )
}

/// The customers in a cell of the map, those of a person and those of nobody.
pub fn in_cell(db: &Connection, cell: &str, owner: &str, limit: u32) -> Result<Vec<Neighbour>, StorageError> {
    let mut out = Vec::new();
    for kind in PLACED {
        let mut statement = db.prepare_cached(&in_cell_sql(kind))?;
        let rows = statement.query_map(params![cell, owner, limit], |r| {
            Ok(Neighbour { id: parsed(r, 0)?, kind, called: r.get(1)?, location: r.get(2)? })
        })?;
        for row in rows {
            out.push(row?);
        }
    }
    Ok(out)
}

fn in_cell_sql(kind: Kind) -> String {
    // Who has a firm is seen there.
    let alone = if kind == Kind::Person { "AND c.company IS NULL" } else { "" };
    format!(
        "SELECT c.id, c.called, c.location FROM term t CROSS JOIN {kind} c ON c.row = t.row
         WHERE t.field = 'cell' AND t.value = ?1 AND c.location IS NOT NULL AND c.deleted_at IS NULL {alone}
         AND (c.owner IS NULL OR c.owner_sort = ?2) LIMIT ?3"
    )
}

/// What is known of the dealings with a customer up to a day and a moment.
pub fn contact(
    db: &Connection,
    kind: Kind,
    id: RecordId,
    day: &str,
    now: i64,
) -> Result<Contact, StorageError> {
    let [visit, deals, follow] = contact_sql(kind);
    let id = id.to_string();
    Ok(Contact {
        last_visit: db.prepare_cached(&visit)?.query_row(params![id, now], |r| r.get(0))?,
        open_deals: db.prepare_cached(&deals)?.query_row([&id], |r| r.get(0))?,
        follow_up: db.prepare_cached(&follow)?.exists(params![id, day])?,
    })
}

fn contact_sql(kind: Kind) -> [String; 3] {
    [
        format!(
            "SELECT max(at) FROM activity INDEXED BY activity_visits_{kind}
             WHERE {kind} = ?1 AND type IN ('meeting', 'visit') AND deleted_at IS NULL AND at <= ?2"
        ),
        format!(
            "SELECT count(*) FROM deal d JOIN stage s ON s.id = d.stage
             WHERE d.{kind} = ?1 AND d.deleted_at IS NULL AND coalesce(s.outcome, 'open') = 'open'"
        ),
        format!(
            "SELECT 1 FROM task WHERE {kind} = ?1 AND due <= ?2 AND done_at IS NULL AND deleted_at IS NULL LIMIT 1"
        ),
    ]
}

/// The rows of visits that somebody is at just now, the latest first.
pub fn open(db: &Connection, owner: &str) -> Result<Vec<i64>, StorageError> {
    let mut statement = db.prepare_cached(OPEN)?;
    Ok(statement.query_map([owner], |r| r.get(0))?.collect::<Result<_, _>>()?)
}

const OPEN: &str = "SELECT row FROM activity INDEXED BY activity_open
    WHERE arrived_at IS NOT NULL AND left_at IS NULL AND deleted_at IS NULL AND owner_sort = ?1
    ORDER BY arrived_at DESC LIMIT 20";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_is_answered_from_an_index() {
        let (_dir, store) = crate::tests::empty();
        let mut asked = vec![
            (OPEN.to_owned(), "activity_open"),
            (planned_sql(), "activity_report (owner_sort=? AND type_sort=? AND at>? AND at<?)"),
            (to_do_sql(), "task_by_due (due>? AND due<?)"),
        ];
        for kind in PLACED {
            let [visit, deals, follow] = contact_sql(kind);
            asked.extend([
                (in_zone_sql(kind), "USING PRIMARY KEY (field=? AND value=?)"),
                (in_cell_sql(kind), "USING PRIMARY KEY (field=? AND value=?)"),
                (
                    visit,
                    if kind == Kind::Company { "activity_visits_company" } else { "activity_visits_person" },
                ),
                (deals, if kind == Kind::Company { "deal_by_company" } else { "deal_by_person" }),
                (follow, if kind == Kind::Company { "task_by_company" } else { "task_by_person" }),
            ]);
        }
        store
            .read::<_, StorageError>(|db| {
                for (sql, index) in &asked {
                    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                    let bound = vec![rusqlite::types::Null; statement.parameter_count()];
                    let plan: Vec<String> = statement
                        .query_map(rusqlite::params_from_iter(bound), |r| r.get(3))?
                        .collect::<Result<_, _>>()?;
                    assert!(plan.iter().any(|step| step.contains(index)), "{sql}: {plan:#?}");
                }
                Ok(())
            })
            .expect("read");
    }

    /// A day of one among many: a colleague has more on it than are looked through.
    #[test]
    fn others_take_no_place_in_a_plan() {
        let (_dir, store) = crate::tests::empty();
        let made = store.write::<_, StorageError>(|tx| {
            tx.execute_batch(
                "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
                 INSERT INTO document (row, id, kind, heads, bytes)
                 SELECT n, printf('00000000-0000-7000-8000-%012x', n), iif(n % 2, 'activity', 'task'), x'', x'' FROM n;
                 INSERT INTO activity (row, id, created_at, updated_at, called, sort, type, type_sort, at, left_at, owner, owner_sort)
                 SELECT row, id, 0, 0, '', '', 'visit', iif(row = 993, 'call', 'visit'), 100000 + row, iif(row = 995, 1, NULL),
                   iif(row < 990, 'Bo', iif(row = 999, NULL, 'Ana')), iif(row < 990, 'bo', iif(row = 999, NULL, 'ana'))
                 FROM document WHERE kind = 'activity';
                 INSERT INTO task (row, id, created_at, updated_at, called, sort, due, company, done_at, owner, owner_sort)
                 SELECT row, id, 0, 0, '', '', '2026-11-27', iif(row = 992, NULL, 'c'), iif(row = 994, 1, NULL),
                   iif(row < 990, 'Bo', iif(row = 1000, NULL, 'Ana')), iif(row < 990, 'bo', iif(row = 1000, NULL, 'ana'))
                 FROM document WHERE kind = 'task';",
            )?;
            Ok(())
        });
        made.expect("written");
        store
            .read::<_, StorageError>(|db| {
                assert_eq!(planned(db, "ana", (0, 200_000), 100)?, [991, 997, 999]);
                assert_eq!(planned(db, "ana", (0, 100_992), 100)?, [991]);
                assert_eq!(to_do(db, "ana", ("2026-11-27", "2026-11-27"), 100)?, [990, 996, 998, 1000]);
                assert!(to_do(db, "ana", ("", "2026-11-26"), 100)?.is_empty());
                Ok(())
            })
            .expect("read");
    }
}
