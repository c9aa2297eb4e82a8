//! What the tables show of a document, written in the same transaction as the document.

use crate::{
    StorageError,
    documents::{Put, parsed},
    search,
};
use rusqlite::{
    Connection, OptionalExtension, ToSql, Transaction, params, params_from_iter,
    types::{ToSqlOutput, Value, ValueRef},
};
use satchel_domain::{
    Catalogue, Kind, RecordId,
    projection::{self, Cell},
};
use std::{collections::HashSet, sync::LazyLock};

struct Sql {
    kind: Kind,
    columns: Vec<String>,
    insert: String,
    select: String,
}

static SQL: LazyLock<Vec<Sql>> = LazyLock::new(|| {
    let catalogue = Catalogue::default();
    Kind::ALL
        .into_iter()
        .map(|kind| {
            let columns: Vec<String> = columns(&catalogue, kind);
            let (names, marks) = (columns.join(", "), vec!["?"; columns.len()].join(", "));
            let insert = format!("INSERT INTO {kind} ({names}) VALUES ({marks})");
            Sql { kind, columns, insert, select: format!("SELECT {names} FROM {kind} WHERE row = ?1") }
        })
        .collect()
});

const OWN: [&str; 7] = ["row", "id", "created_at", "updated_at", "deleted_at", "called", "sort"];

/// All columns of a kind's table, in order.
pub fn columns(catalogue: &Catalogue, kind: Kind) -> Vec<String> {
    let fields = catalogue.fields(kind).iter().filter(|f| !f.custom).flat_map(projection::columns);
    OWN.iter().map(|c| (*c).to_owned()).chain(fields.map(|c| c.name)).chain(["custom".to_owned()]).collect()
}

struct Bound<'a>(&'a Cell);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Cell::Null => ToSqlOutput::Owned(Value::Null),
            Cell::Int(n) => ToSqlOutput::Owned(Value::Integer(*n)),
            Cell::Real(n) => ToSqlOutput::Owned(Value::Real(*n)),
            Cell::Text(s) => ToSqlOutput::Borrowed(ValueRef::Text(s.as_bytes())),
        })
    }
}

/// Writes the projection of one record; `known` says that an earlier one has to go.
pub fn write(tx: &Transaction<'_>, row: i64, put: &Put<'_>, known: bool) -> Result<(), StorageError> {
    show(tx, row, put, known)?;
    if known {
        tx.prepare_cached("DELETE FROM conflict WHERE row = ?1")?.execute([row])?;
    }
    for path in put.conflicts {
        tx.prepare_cached("INSERT INTO conflict (row, path) VALUES (?1, ?2)")?.execute(params![row, path])?;
    }
    // One edit among others waits: see `search::pending`.
    if put.alone { Ok(()) } else { index(tx, row, put, known) }
}

/// Writes what filters and orders read: the row of its kind, and its terms.
pub(crate) fn show(db: &Connection, row: i64, put: &Put<'_>, known: bool) -> Result<(), StorageError> {
    let p = put.projection;
    let sql = SQL.iter().find(|s| s.kind == put.kind).expect("every kind has a table");
    let (id, custom) = (put.id.to_string(), p.custom.to_string());
    let cells: Vec<Bound<'_>> = p.cells.iter().map(Bound).collect();
    let own: [&dyn ToSql; 7] =
        [&row, &id, &put.created_at, &put.updated_at, &p.deleted_at, &p.title, &p.sort];
    let all = own.into_iter().chain(cells.iter().map(|c| c as &dyn ToSql)).chain([&custom as &dyn ToSql]);
    let all: Vec<&dyn ToSql> = all.collect();
    // Never `OR REPLACE`: it opens a savepoint, at which FTS5 writes out what it has collected.
    if !known || !update(db, sql, row, &all)? {
        db.prepare_cached(&sql.insert)?.execute(all.as_slice())?;
    }
    terms(db, row, &p.terms, known)
}

/// Writes the columns that differ, so that the indexes over the others are left alone; false if the
/// record has no row yet.
fn update(db: &Connection, sql: &Sql, row: i64, all: &[&dyn ToSql]) -> Result<bool, StorageError> {
    let changed = db.prepare_cached(&sql.select)?.query_row([row], |there| {
        let mut changed = Vec::new();
        for (at, new) in all.iter().enumerate() {
            let new = new.to_sql()?;
            let new = match &new {
                ToSqlOutput::Borrowed(value) => *value,
                ToSqlOutput::Owned(value) => ValueRef::from(value),
                _ => continue,
            };
            if there.get_ref(at)? != new {
                changed.push(at);
            }
        }
        Ok(changed)
    });
    let Some(changed) = changed.optional()? else { return Ok(false) };
    if changed.is_empty() {
        return Ok(true);
    }
    let names: Vec<String> =
        changed.iter().filter_map(|at| sql.columns.get(*at)).map(|name| format!("{name} = ?")).collect();
    let update = format!("UPDATE {} SET {} WHERE row = ?", sql.kind, names.join(", "));
    let row = &row as &dyn ToSql;
    let values = changed.iter().filter_map(|at| all.get(*at)).chain([&row]);
    db.prepare_cached(&update)?.execute(params_from_iter(values))?;
    Ok(true)
}

/// Writes the look-ups that come and go; most edits leave all as they are.
fn terms(
    db: &Connection,
    row: i64,
    wanted: &[(&'static str, String)],
    known: bool,
) -> Result<(), StorageError> {
    let mut there: HashSet<(String, String)> = HashSet::new();
    if known {
        let mut statement = db.prepare_cached("SELECT field, value FROM term WHERE row = ?1")?;
        for pair in statement.query_map([row], |r| Ok((r.get(0)?, r.get(1)?)))? {
            there.insert(pair?);
        }
    }
    let mut insert = db.prepare_cached("INSERT INTO term (field, value, row) VALUES (?1, ?2, ?3)")?;
    for (field, value) in wanted {
        if !there.remove(&((*field).to_owned(), value.clone())) {
            insert.execute(params![field, value, row])?;
        }
    }
    let mut delete = db.prepare_cached("DELETE FROM term WHERE field = ?1 AND value = ?2 AND row = ?3")?;
    for (field, value) in there {
        delete.execute(params![field, value, row])?;
    }
    Ok(())
}

/// Writes what the search index has of a record; records in the trash, and fields, are not in it.
pub fn index(tx: &Transaction<'_>, row: i64, put: &Put<'_>, known: bool) -> Result<(), StorageError> {
    let gone = put.projection.deleted_at.is_some() || put.kind == Kind::CustomField;
    let text = (!gone).then_some(&put.projection.search);
    match (known, text) {
        (true, text) => search::replace(tx, row, text),
        (false, Some(text)) => search::add(tx, row, text),
        (false, None) => Ok(()),
    }
}

/// How many records a kind has outside and inside the trash.
pub fn count(db: &Connection, kind: Kind) -> Result<(u64, u64), StorageError> {
    let one = |sql: String| {
        db.prepare_cached(&sql)?.query_row([], |r| r.get::<_, u64>(0)).map_err(StorageError::from)
    };
    let live =
        one(format!("SELECT count(*) FROM {kind} INDEXED BY {kind}_by_sort WHERE deleted_at IS NULL"))?;
    let trash = one(format!("SELECT count(*) FROM {kind} WHERE deleted_at IS NOT NULL"))?;
    Ok((live, trash))
}

pub fn conflicts(db: &Connection) -> Result<u64, StorageError> {
    Ok(db.query_row("SELECT count(*) FROM (SELECT DISTINCT row FROM conflict)", [], |r| r.get(0))?)
}

/// The records that have this exact value: e-mail, phone, external id; those in the trash too.
pub fn with_term(db: &Connection, field: &str, value: &str) -> Result<Vec<i64>, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT row FROM term WHERE field = ?1 AND value = ?2 ORDER BY row")?;
    Ok(statement.query_map([field, value], |r| r.get(0))?.collect::<Result<_, _>>()?)
}

/// A record that an import might mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namesake {
    pub row: i64,
    pub deleted: bool,
    /// First and last name, or the company's name, as they are.
    pub names: [String; 2],
}

/// Shows every record's id (as the field `id`), and every value that an import recognises records by.
pub fn for_each_identifier(db: &Connection, show: &mut dyn FnMut(&str, &str)) -> Result<(), StorageError> {
    let sql = "SELECT field, value FROM term WHERE field IN ('email', 'phone', 'external_id')
               UNION ALL SELECT 'id', id FROM document";
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(r) = rows.next()? {
        let text = |at| r.get_ref(at)?.as_str().map_err(|e| StorageError::Damaged(e.to_string()));
        show(text(0)?, text(1)?);
    }
    Ok(())
}

/// More records than these share a value only because it tells nothing: `info@`, `none@none.com`.
const TELLING: usize = 100;

/// First and last name, or the company's name, of one record.
pub fn names_of(db: &Connection, kind: Kind, row: i64) -> Result<Option<[String; 2]>, StorageError> {
    let names = match kind {
        Kind::Person => "first_name, last_name",
        _ => "called, NULL",
    };
    let mut statement = db.prepare_cached(&format!("SELECT {names} FROM {kind} WHERE row = ?1"))?;
    let text =
        |r: &rusqlite::Row<'_>, at: usize| r.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
    Ok(statement.query_row([row], |r| Ok([text(r, 0)?, text(r, 1)?])).optional()?)
}

/// The records of a kind that have this exact value, with what they are called; none where so many
/// have it that it tells nothing.
pub fn namesakes(
    db: &Connection,
    kind: Kind,
    field: &str,
    value: &str,
) -> Result<Vec<Namesake>, StorageError> {
    let names = match kind {
        Kind::Person => "k.first_name, k.last_name",
        _ => "k.called, NULL",
    };
    let sql = format!(
        "SELECT k.row, k.deleted_at IS NOT NULL, {names} FROM term t JOIN {kind} k ON k.row = t.row
         WHERE t.field = ?1 AND t.value = ?2 ORDER BY t.row LIMIT {}",
        TELLING + 1
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map([field, value], |r| {
        let name = |at| r.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
        Ok(Namesake { row: r.get(0)?, deleted: r.get(1)?, names: [name(2)?, name(3)?] })
    })?;
    let found: Vec<Namesake> = rows.collect::<Result<_, _>>()?;
    Ok(if found.len() > TELLING { Vec::new() } else { found })
}

/// What links to records, and where: a kind and its column.
pub(crate) static LINKS: LazyLock<Vec<(Kind, String, Kind)>> = LazyLock::new(|| {
    let catalogue = Catalogue::default();
    let of = |kind| catalogue.links(kind).map(move |(field, to)| (kind, field.key.clone(), to));
    Kind::ALL.into_iter().flat_map(of).collect()
});

/// A condition: nothing links to the record whose id this expression is.
pub(crate) fn unlinked(id: &str) -> String {
    let none = |(kind, key, _): &(Kind, String, Kind)| {
        format!("NOT EXISTS (SELECT 1 FROM {kind} p WHERE p.{key} = {id})")
    };
    let own = format!("NOT EXISTS (SELECT 1 FROM term r WHERE r.field = 'reference' AND r.value = {id})");
    LINKS.iter().map(none).chain([own]).collect::<Vec<_>>().join(" AND ")
}

/// Records that link to one that is not there.
pub fn dangling_references(db: &Connection) -> Result<u64, StorageError> {
    let mut all = 0;
    for (kind, key, _) in LINKS.iter() {
        let sql = format!(
            "SELECT count(*) FROM {kind} p WHERE p.{key} IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM document d WHERE d.id = p.{key})"
        );
        all += db.query_row(&sql, [], |r| r.get::<_, u64>(0))?;
    }
    let own = "SELECT count(*) FROM term t WHERE t.field = 'reference'
               AND NOT EXISTS (SELECT 1 FROM document d WHERE d.id = t.value)";
    all += db.query_row(own, [], |r| r.get::<_, u64>(0))?;
    Ok(all)
}

/// Whether a record has an external id that begins so, other than this one.
pub fn has_other_external_id(
    db: &Connection,
    row: i64,
    source: &str,
    id: &str,
) -> Result<bool, StorageError> {
    let sql = "SELECT 1 FROM term WHERE row = ?1 AND field = 'external_id'
               AND substr(value, 1, length(?2)) = ?2 AND value != ?3";
    Ok(db.prepare_cached(sql)?.exists(params![row, source, id])?)
}

/// Whether records outside of the trash link to this one.
pub fn is_linked(db: &Connection, kind: Kind, id: RecordId) -> Result<bool, StorageError> {
    for (from, key, _) in LINKS.iter().filter(|(_, _, to)| *to == kind) {
        let sql = format!("SELECT 1 FROM {from} WHERE {key} = ?1 AND deleted_at IS NULL");
        if db.prepare_cached(&sql)?.exists([id.to_string()])? {
            return Ok(true);
        }
    }
    for from in Kind::BROWSED {
        let sql = format!(
            "SELECT 1 FROM term t JOIN {from} k ON k.row = t.row
             WHERE t.field = 'reference' AND t.value = ?1 AND k.deleted_at IS NULL"
        );
        if db.prepare_cached(&sql)?.exists([id.to_string()])? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The rows of a kind behind one, in order.
pub fn rows_after(db: &Connection, kind: Kind, after: i64, limit: usize) -> Result<Vec<i64>, StorageError> {
    let sql = format!("SELECT row FROM {kind} WHERE row > ?1 ORDER BY row LIMIT ?2");
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement.query_map(params![after, limit], |r| r.get(0))?.collect::<Result<_, _>>()?)
}

/// Whether records outside of the trash have a value in this custom field.
pub fn custom_field_is_used(db: &Connection, kind: Kind, key: &str) -> Result<bool, StorageError> {
    let sql = format!(
        "SELECT 1 FROM {kind} WHERE deleted_at IS NULL AND json_extract(custom, '$.' || ?1) IS NOT NULL"
    );
    Ok(db.prepare_cached(&sql)?.exists([key])?)
}

/// A company outside of the trash that is called so; `sort` is `text::sort_key` of the name.
pub fn company_called(db: &Connection, sort: &str) -> Result<Option<String>, StorageError> {
    let sql = "SELECT id FROM company WHERE name_sort = ?1 AND deleted_at IS NULL ORDER BY row LIMIT 1";
    Ok(db.prepare_cached(sql)?.query_row([sort], |r| r.get(0)).optional()?)
}

/// A record that something else may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    pub id: RecordId,
    pub title: String,
    /// What it belongs to, where its kind does.
    pub company: Option<RecordId>,
}

fn called_rows(
    db: &Connection,
    kind: Kind,
    condition: &str,
    values: &[&str],
) -> Result<Vec<Called>, StorageError> {
    let company = if matches!(kind, Kind::Person | Kind::Deal) { "k.company" } else { "NULL" };
    let sql =
        format!("SELECT k.id, k.called, {company} FROM {condition} AND k.deleted_at IS NULL LIMIT {TELLING}");
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), |r| {
        let company: Option<String> = r.get(2)?;
        Ok(Called { id: parsed(r, 0)?, title: r.get(1)?, company: company.and_then(|id| id.parse().ok()) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The records outside of the trash that stand in lists so; `sort` is as `project` makes it. At most a hundred.
pub fn called(db: &Connection, kind: Kind, sort: &str) -> Result<Vec<Called>, StorageError> {
    called_rows(db, kind, &format!("{kind} k WHERE k.sort = ?1"), &[sort])
}

/// The same of those that have an exact value: an e-mail, another program's id.
pub fn called_by(db: &Connection, kind: Kind, field: &str, value: &str) -> Result<Vec<Called>, StorageError> {
    let from = format!("term t JOIN {kind} k ON k.row = t.row WHERE t.field = ?1 AND t.value = ?2");
    called_rows(db, kind, &from, &[field, value])
}

/// The one of this id.
pub fn called_as(db: &Connection, kind: Kind, id: RecordId) -> Result<Option<Called>, StorageError> {
    Ok(called_rows(db, kind, &format!("{kind} k WHERE k.id = ?1"), &[&id.to_string()])?.pop())
}

/// Companies outside of the trash that have a website, and it.
pub fn websites(db: &Connection) -> Result<Vec<(RecordId, String)>, StorageError> {
    let sql = "SELECT id, website FROM company WHERE website IS NOT NULL AND deleted_at IS NULL ORDER BY row";
    let mut statement = db.prepare(sql)?;
    Ok(statement.query_map([], |r| Ok((parsed(r, 0)?, r.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// A record by what an import tells those apart that are called the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Titled {
    pub row: i64,
    pub id: RecordId,
    pub title: String,
    pub company: Option<String>,
    /// The day that a deal closes or a task is due; the epoch milliseconds of an activity.
    pub when: Option<String>,
    pub code: Option<String>,
}

/// The records outside of the trash that are called so, or products that have this code.
pub fn titled(db: &Connection, kind: Kind, by_code: bool, sort: &str) -> Result<Vec<Titled>, StorageError> {
    let (company, when, code) = match kind {
        Kind::Deal => ("company", "close_date", "NULL"),
        Kind::Task => ("company", "due", "NULL"),
        Kind::Activity => ("company", "CAST(at AS TEXT)", "NULL"),
        _ => ("NULL", "NULL", "code"),
    };
    let by = if by_code { "code_sort" } else { "sort" };
    let sql = format!(
        "SELECT row, id, called, {company}, {when}, {code} FROM {kind}
         WHERE {by} = ?1 AND deleted_at IS NULL ORDER BY row LIMIT 1000"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map([sort], |r| {
        Ok(Titled {
            row: r.get(0)?,
            id: parsed(r, 1)?,
            title: r.get(2)?,
            company: r.get(3)?,
            when: r.get(4)?,
            code: r.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Shows what the records of a kind are called, as lists sort by it, and the codes of products.
pub fn for_each_title(
    db: &Connection,
    kind: Kind,
    show: &mut dyn FnMut(&str, &str),
) -> Result<(), StorageError> {
    let codes = match kind {
        Kind::Product => " UNION ALL SELECT 'code', code_sort FROM product WHERE code_sort IS NOT NULL",
        _ => "",
    };
    let sql = format!("SELECT 'title', sort FROM {kind} WHERE deleted_at IS NULL{codes}");
    let mut statement = db.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(r) = rows.next()? {
        let text = |at| r.get_ref(at)?.as_str().map_err(|e| StorageError::Damaged(e.to_string()));
        show(text(0)?, text(1)?);
    }
    Ok(())
}

/// The most frequent values of a lookup field, for filters and completion.
pub fn frequent(db: &Connection, field: &str, limit: usize) -> Result<Vec<(String, u64)>, StorageError> {
    let sql = "SELECT value, count(*) AS n FROM term WHERE field = ?1 GROUP BY value ORDER BY n DESC, value LIMIT ?2";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(params![field, limit], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether the search index has what a record says now.
pub fn is_indexed(db: &Connection, row: i64) -> Result<bool, StorageError> {
    Ok(!search::is_pending(db, row)?)
}

/// A digest of everything that is derived from a record, to compare a rebuilt projection with; without
/// the search text if that is not up to date yet.
pub fn digest(db: &Connection, row: i64, kind: Kind, searched: bool) -> Result<[u8; 32], StorageError> {
    let mut hasher = blake3::Hasher::new();
    let mut feed = |sql: &str| -> Result<(), StorageError> {
        let mut statement = db.prepare_cached(sql)?;
        let width = statement.column_count();
        let mut rows = statement.query([row])?;
        while let Some(r) = rows.next()? {
            for at in 0..width {
                hasher.update(format!("{:?}\u{1e}", r.get_ref(at)?).as_bytes());
            }
        }
        hasher.update(b"\x1d");
        Ok(())
    };
    feed(&format!("SELECT * FROM {kind} WHERE row = ?1"))?;
    feed("SELECT field, value FROM term WHERE row = ?1 ORDER BY field, value")?;
    feed("SELECT path FROM conflict WHERE row = ?1 ORDER BY path")?;
    if searched {
        let text = search::text_of(db, row)?;
        hasher.update(format!("{text:?}").as_bytes());
    }
    Ok(*hasher.finalize().as_bytes())
}
