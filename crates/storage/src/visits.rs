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
        let mut asked = vec![(OPEN.to_owned(), "activity_open")];
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
}
