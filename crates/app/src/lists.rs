//! Lists for scrolling: the order of all rows is worked out once and kept, so that any page at any
//! offset is a few look-ups. After an edit only the records that it wrote are put in their new places.

use crate::{
    AppError, Session,
    session::today,
    views::{Applying, RowView},
};
use satchel_domain::{
    Kind, RecordId,
    date::rfc3339,
    filter,
    filter::{Filter, Op},
    formula,
    text::fold,
};
use satchel_storage::{
    Connection, ListQuery, StorageError, deals, documents, lists, lists::Place, projections,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
};

/// What a screen or a script asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct ListRequest {
    /// A filter expression.
    pub filter: String,
    /// Only what this text finds.
    pub text: String,
    /// `last_name,-updated_at`.
    pub sort: String,
    pub trash: bool,
    pub offset: u32,
    pub limit: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct ListPage {
    pub total: u32,
    pub rows: Vec<RowView>,
}

/// The orders of the lists that were asked for last, and what was written since.
#[derive(Debug, Default)]
pub(crate) struct ListCache {
    kept: Vec<Kept>,
    /// For each version of the store the records that it has changed, as long as they are few.
    written: BTreeMap<u64, Vec<(Kind, i64)>>,
    /// How many orders were worked out as a whole.
    worked_out: u64,
}

#[derive(Debug, Clone)]
struct Kept {
    query: ListQuery,
    /// Of the store, when the order was right.
    version: u64,
    order: Arc<Vec<i64>>,
}

const KEPT: usize = 8;
/// More records than these are not put in their places one by one.
const FEW: usize = 50;
const REMEMBERED: usize = 100;

impl ListCache {
    /// Notes a record that the transaction that makes this version has written.
    pub(crate) fn note(&mut self, version: u64, kind: Kind, row: i64) {
        let rows = self.written.entry(version).or_default();
        if rows.len() <= FEW {
            rows.push((kind, row));
        }
        while self.written.len() > REMEMBERED {
            self.written.pop_first();
        }
    }

    /// The records that were written between two versions, if they are known and few.
    fn since(&self, from: u64, to: u64) -> Option<BTreeSet<(Kind, i64)>> {
        let mut all = BTreeSet::new();
        for version in from + 1..=to {
            all.extend(self.written.get(&version)?);
        }
        (all.len() <= FEW).then_some(all)
    }
}

pub(crate) fn row_view(row: satchel_storage::Row) -> RowView {
    RowView {
        id: row.id,
        kind: row.kind,
        title: row.title,
        fields: row.fields,
        titles: row.titles,
        updated_at: rfc3339(row.updated_at),
        deleted_at: row.deleted_at.map(rfc3339),
    }
}

impl Session {
    pub fn list(&self, kind: Kind, request: &ListRequest) -> Result<ListPage, AppError> {
        let query = query(kind, request)?;
        let order = self.order_of(&query)?;
        let limit = if request.limit == 0 { 100 } else { request.limit.min(10_000) } as usize;
        let from = (request.offset as usize).min(order.len());
        let to = (from + limit).min(order.len());
        let catalogue = self.catalogue();
        let rows = self.store.glance::<_, StorageError>(|db| {
            let mut rows = lists::page(db, &catalogue, kind, order.get(from..to).unwrap_or_default())?;
            for row in rows.iter_mut().filter(|_| kind == Kind::Deal) {
                let next = deals::next_step_of(db, row.id)?;
                row.titles.extend(next.map(|title| (lists::NEXT_STEP.to_owned(), title)));
            }
            Ok(rows)
        })?;
        let hidden: Vec<&String> =
            catalogue.fields(kind).iter().filter(|f| f.hidden).map(|f| &f.key).collect();
        let day = today();
        let rows = rows.into_iter().map(|mut row| {
            row.fields.retain(|key, _| !hidden.contains(&key));
            formula::show(kind, &mut row.fields, &catalogue, day);
            row
        });
        let rows = rows.map(row_view);
        Ok(ListPage { total: u32::try_from(order.len()).unwrap_or(u32::MAX), rows: rows.collect() })
    }

    /// What of a saved view applies: a field that it asks for may be gone, or a stage.
    pub fn applying(&self, kind: Kind, filter: &str, sort: &str) -> Result<Applying, AppError> {
        let catalogue = self.catalogue();
        let stages = self.store.read(satchel_storage::deals::stages)?;
        let there = |stage: &str| {
            let called =
                |s: &satchel_storage::deals::Stage| fold(&s.name) == fold(stage) || s.id.to_string() == stage;
            stages.iter().any(|s| !s.gone && called(s))
        };
        let gone = |part: &Filter| match part {
            Filter::Compare { field, op: Op::Eq | Op::Has, value }
                if kind == Kind::Deal && field == "stage" =>
            {
                !there(value)
            }
            Filter::Compare { field, .. } | Filter::Empty { field } => !lists::knows(&catalogue, kind, field),
            _ => false,
        };
        let mut left_out = Vec::new();
        let left = filter::parse(filter)?.and_then(|filter| filter.without(&gone, &mut left_out));
        let (known, unknown): (Vec<&str>, Vec<&str>) = sort
            .split(',')
            .map(str::trim)
            .filter(|s| !s.is_empty())
            .partition(|s| lists::knows(&catalogue, kind, s.trim_start_matches('-')));
        left_out.extend(unknown.into_iter().map(str::to_owned));
        Ok(Applying {
            filter: left.map(|f| f.to_string()).unwrap_or_default(),
            sort: known.join(","),
            left_out,
        })
    }

    /// The ids of all records of a list, for «select all» and exports.
    pub fn ids(&self, kind: Kind, request: &ListRequest) -> Result<Vec<RecordId>, AppError> {
        let order = self.order_of(&query(kind, request)?)?;
        let ids: Result<Vec<_>, StorageError> = self
            .store
            .read(|db| order.iter().filter_map(|row| documents::id_of(db, *row).transpose()).collect());
        Ok(ids?)
    }

    /// A list in groups by a field, or as one, with what fields of numbers and money come to.
    pub fn groups(
        &self,
        kind: Kind,
        request: &ListRequest,
        by: Option<&str>,
        sums: &[String],
    ) -> Result<Vec<ListGroup>, AppError> {
        let query = query(kind, request)?;
        if !query.text.trim().is_empty() {
            self.index_pending();
        }
        let catalogue = self.catalogue();
        self.store.glance::<_, AppError>(|db| {
            let groups = lists::groups(db, &catalogue, &query, by, sums)?;
            if groups.len() > lists::MOST_GROUPS {
                return Err(AppError::refused(format!(
                    "«{}» has more than {} values here; take another field for groups, or filter the list",
                    by.unwrap_or_default(),
                    lists::MOST_GROUPS
                )));
            }
            // One of its rows says what a group has; a list as one has nothing in common.
            let rows: Vec<i64> = groups.iter().filter(|_| by.is_some()).map(|group| group.row).collect();
            let examples = lists::page(db, &catalogue, kind, &rows)?;
            let mut pipelines = pipelines_of(db, by, &examples)?.into_iter();
            let mut examples = examples.into_iter();
            let view = |group: lists::Group| ListGroup {
                count: u32::try_from(group.count).unwrap_or(u32::MAX),
                of: by.and(examples.next()).map(row_view),
                within: pipelines.next().flatten(),
                sums: group.sums.into_iter().map(ListSum::from).collect(),
            };
            Ok(groups.into_iter().map(view).collect())
        })
    }

    /// The records before and after one in a list, and its position (from 1).
    pub fn neighbours(
        &self,
        kind: Kind,
        request: &ListRequest,
        id: RecordId,
    ) -> Result<Neighbours, AppError> {
        let order = self.order_of(&query(kind, request)?)?;
        self.store.glance::<_, AppError>(|db| {
            let row = documents::find(db, id)?.map(|(row, _)| row);
            let at = order.iter().position(|r| Some(*r) == row);
            let id_at = |at: Option<usize>| -> Result<Option<RecordId>, AppError> {
                let row = at.and_then(|at| order.get(at));
                Ok(row.map(|row| documents::id_of(db, *row)).transpose()?.flatten())
            };
            Ok(Neighbours {
                position: at.map_or(0, |at| u32::try_from(at + 1).unwrap_or(u32::MAX)),
                total: u32::try_from(order.len()).unwrap_or(u32::MAX),
                previous: id_at(at.and_then(|at| at.checked_sub(1)))?,
                next: id_at(at.map(|at| at + 1))?,
            })
        })
    }

    pub(crate) fn order_of(&self, query: &ListQuery) -> Result<Arc<Vec<i64>>, AppError> {
        let cache = || self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the index is asked for: what is written after that must not be taken for known.
        let version = self.store.version();
        let whole = query.text.trim().is_empty() || self.index_pending();
        let (known, written) = {
            let cache = cache();
            let known = cache.kept.iter().find(|k| k.query == *query).cloned();
            let written = known.as_ref().and_then(|k| cache.since(k.version, version));
            (known, written)
        };
        if let Some(known) = known.as_ref().filter(|k| k.version == version) {
            return Ok(known.order.clone());
        }
        let catalogue = self.catalogue();
        let patched = match (known, written) {
            (Some(known), Some(written)) => self.patched(&catalogue, known, &written)?,
            _ => None,
        };
        // Pages of a list are asked for at once. One of them works the order out, on the connection that has the pages in its
        // memory; another would go over one that has to decrypt them all.
        let (order, _turn) = match patched {
            Some(order) => (order, None),
            None => {
                let turn = self.ordering.lock().unwrap_or_else(PoisonError::into_inner);
                let made = cache().kept.iter().find(|k| k.query == *query && k.version == version).cloned();
                if let Some(made) = made {
                    return Ok(made.order);
                }
                cache().worked_out += 1;
                (self.store.glance(|db| lists::rows(db, &catalogue, query))?, Some(turn))
            }
        };
        // Written to meanwhile: what was read may be newer than its number, and is not kept.
        let order = Arc::new(order);
        if whole && self.store.version() == version {
            let mut cache = cache();
            cache.kept.retain(|k| k.query != *query);
            cache.kept.insert(0, Kept { query: query.clone(), version, order: order.clone() });
            cache.kept.truncate(KEPT);
        }
        Ok(order)
    }

    /// A known order with the few records in their places that were written since.
    fn patched(
        &self,
        catalogue: &satchel_domain::Catalogue,
        known: Kept,
        written: &BTreeSet<(Kind, i64)>,
    ) -> Result<Option<Vec<i64>>, AppError> {
        let Kept { query, order, .. } = known;
        // Records are listed, and looked for, by the names of what they link to.
        let names_others = |field: &satchel_domain::Field, to: Kind| {
            let named = query.filter.is_some() || query.sort.iter().any(|(key, _)| *key == field.key);
            // A stage stands where its pipeline does.
            let leads = |kind: Kind| kind == to || (to == Kind::Stage && kind == Kind::Pipeline);
            named && written.iter().any(|(kind, _)| leads(*kind))
        };
        if catalogue.links(query.kind).any(|(field, to)| names_others(field, to)) {
            return Ok(None);
        }
        // A deal goes quiet by the clock, and is not when something is done about it; what comes next is in its tasks.
        let asks = |name: &str| query.filter.as_ref().is_some_and(|filter| filter.asks(name));
        let sorts = |name: &str| query.sort.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
        if asks(lists::QUIET) || asks(lists::NEXT_STEP) || sorts(lists::NEXT_STEP) {
            return Ok(None);
        }
        let rows: Vec<i64> =
            written.iter().filter(|(kind, _)| *kind == query.kind).map(|(_, r)| *r).collect();
        let mut order: Vec<i64> = order.iter().filter(|row| !rows.contains(row)).copied().collect();
        self.store.glance::<_, AppError>(|db| {
            for row in rows {
                match lists::place(db, catalogue, &query, row, &order)? {
                    Place::At(at) => order.insert(at, row),
                    Place::Nowhere => {}
                    Place::Unknown => return Ok(None),
                }
            }
            Ok(Some(order))
        })
    }

    /// The most frequent values of tags or cities, for completion.
    pub fn frequent(&self, field: &str, limit: usize) -> Result<Vec<String>, AppError> {
        let found = self.store.read(|db| projections::frequent(db, field, limit.min(200)))?;
        Ok(found.into_iter().map(|(value, _)| value).collect())
    }
}

/// Records of a list that have the same in a field.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct ListGroup {
    pub count: u32,
    /// One of them: what it has in the field, all have.
    pub of: Option<RowView>,
    /// The pipeline of a stage, where those of several are listed: stages of two may be called the same.
    pub within: Option<String>,
    pub sums: Vec<ListSum>,
}

/// The pipelines of deals in groups by their stage; none where all are in one.
fn pipelines_of(
    db: &Connection,
    by: Option<&str>,
    deals: &[satchel_storage::Row],
) -> Result<Vec<Option<String>>, StorageError> {
    if by != Some("stage") {
        return Ok(Vec::new());
    }
    let names = satchel_storage::deals::pipelines_of_stages(db)?;
    let pipeline = |row: &satchel_storage::Row| names.get(&row.fields.get("stage")?.as_str()?.parse().ok()?);
    let found: Vec<Option<String>> = deals.iter().map(|row| pipeline(row).cloned()).collect();
    let several = found.iter().flatten().collect::<BTreeSet<_>>().len() > 1;
    Ok(if several { found } else { Vec::new() })
}

/// What a field comes to; of money once for each currency, in minor units.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct ListSum {
    pub field: String,
    pub currency: Option<String>,
    pub sum: f64,
}

impl From<lists::Sum> for ListSum {
    fn from(sum: lists::Sum) -> Self {
        Self { field: sum.field, currency: sum.currency, sum: sum.sum }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct Neighbours {
    pub position: u32,
    pub total: u32,
    pub previous: Option<RecordId>,
    pub next: Option<RecordId>,
}

pub(crate) fn query(kind: Kind, request: &ListRequest) -> Result<ListQuery, AppError> {
    let sort = request.sort.split(',').map(str::trim).filter(|s| !s.is_empty());
    let sort = sort.map(|s| match s.strip_prefix('-') {
        Some(field) => (field.to_owned(), true),
        None => (s.to_owned(), false),
    });
    Ok(ListQuery {
        kind,
        filter: filter::parse(&request.filter)?,
        text: request.text.clone(),
        sort: sort.collect(),
        trash: request.trash,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cancel, CreateVault, Satchel, SeedLocale, SeedOptions};
    use satchel_vault::{Cost, Keyring, Passphrase};

    #[test]
    fn pages_that_are_asked_for_at_once_have_one_order() {
        let dir = tempfile::tempdir().expect("a folder");
        let satchel = Satchel::new(&dir.path().join("vault"), "A test");
        let new = CreateVault {
            workspace: "Norte".into(),
            person: "Ana".into(),
            device: "laptop".into(),
            passphrase: Some(Passphrase::new("correct horse").expect("a passphrase")),
            keyring: Keyring::Off,
            cost: Cost { memory_kib: 64, passes: 1 },
            joins: None,
        };
        let session = satchel.create(new).expect("made").session;
        let options = SeedOptions {
            people: 3000,
            companies: 100,
            deals: 0,
            activities: 0,
            tasks: 0,
            seed: 3,
            locale: SeedLocale::Mixed,
        };
        session.seed(options, &mut |_| {}, &Cancel::default()).expect("seeded");
        let pages = |sort: &str| {
            std::thread::scope(|threads| {
                let ask = |page: u32| {
                    let request = ListRequest {
                        sort: sort.to_owned(),
                        offset: page * 60,
                        limit: 60,
                        ..ListRequest::default()
                    };
                    session.list(Kind::Person, &request).expect("listed").rows.len()
                };
                let all: Vec<_> = (0..6).map(|page| threads.spawn(move || ask(page))).collect();
                all.into_iter().map(|page| page.join().expect("listed")).sum::<usize>()
            })
        };
        let worked_out = || session.lists.lock().unwrap_or_else(PoisonError::into_inner).worked_out;
        for sort in ["title", "-title", "-updated_at"] {
            let before = worked_out();
            assert_eq!(pages(sort), 360);
            assert_eq!(worked_out() - before, 1, "{sort}");
        }
    }
}
