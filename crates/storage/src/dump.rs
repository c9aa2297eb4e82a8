//! All that the base tables hold, as parts of bytes, and a database made of such parts again. What is derived is left
//! out: it is made anew.
//!
//! A part is a sequence of CBOR arrays: the names of the columns, then each row.

use crate::{
    SqlCipherKey, StorageError,
    connection::{self, Mode},
    schema, settings,
    store::new_private_file,
};
use minicbor::{Decoder, Encoder, data::Type};
use rusqlite::{
    Connection,
    types::{Value, ValueRef},
};
use satchel_domain::{Catalogue, FieldType, Kind};
use serde_json::{Map, Value as Json};
use std::{collections::BTreeMap, path::Path};

/// A part ends behind the row with which it becomes so long.
const PART: usize = 1 << 20;

/// The setting with the key by which a vault opens its own backups. It is in none of them: an old one that is opened
/// must not open those that came later.
pub const BACKUP_IDENTITY: &str = "backup.identity";
/// The setting of a restored vault that tells its files on records from those of the vault before; in no backup either.
pub const BACKUPS_APART: &str = "backup.apart";
/// The setting with the keys of what is taken while the vault is locked; in no backup, as an old one must not open what came
/// later, and a restored vault makes its own.
pub const INBOX: &str = "inbox.identities";

type Rows<'a, E> = &'a mut dyn FnMut(u64, &[u8]) -> Result<(), E>;

/// The base tables of a schema, in the order in which they are filled.
pub fn tables(version: u32) -> Result<Vec<String>, StorageError> {
    let db = empty(version)?;
    let mut statement = db.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    )?;
    let names = statement.query_map([], |r| r.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

fn empty(version: u32) -> Result<Connection, StorageError> {
    crate::allocator::install();
    let mut db = Connection::open_in_memory()?;
    schema::migrate_to(&mut db, version)?;
    Ok(db)
}

fn encoded<T>(
    result: Result<T, minicbor::encode::Error<std::convert::Infallible>>,
) -> Result<T, StorageError> {
    result.map_err(|e| std::io::Error::other(e.to_string()).into())
}

/// Shows all rows of a table, a part at a time.
pub fn rows<E: From<StorageError>>(db: &Connection, table: &str, take: Rows<'_, E>) -> Result<(), E> {
    let kept = match table {
        "setting" => format!("WHERE key NOT IN ('{BACKUP_IDENTITY}', '{BACKUPS_APART}', '{INBOX}')"),
        _ => String::new(),
    };
    let mut statement = db.prepare(&format!("SELECT * FROM {table} {kept}")).map_err(StorageError::from)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let begin = || -> Result<Encoder<Vec<u8>>, StorageError> {
        let mut part = Encoder::new(Vec::with_capacity(PART + PART / 4));
        encoded(
            part.array(names.len() as u64)
                .and_then(|part| names.iter().try_for_each(|name| part.str(name).map(drop))),
        )?;
        Ok(part)
    };
    let (mut part, mut count) = (begin()?, 0);
    let mut rows = statement.query([]).map_err(StorageError::from)?;
    while let Some(row) = rows.next().map_err(StorageError::from)? {
        encoded(part.array(names.len() as u64).map(drop))?;
        for at in 0..names.len() {
            encoded(cell(&mut part, row.get_ref(at).map_err(StorageError::from)?))?;
        }
        count += 1;
        if part.writer().len() >= PART {
            take(count, part.writer())?;
            (part, count) = (begin()?, 0);
        }
    }
    if count > 0 {
        take(count, part.writer())?;
    }
    Ok(())
}

fn cell(
    part: &mut Encoder<Vec<u8>>,
    value: ValueRef<'_>,
) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
    match value {
        ValueRef::Null => part.null(),
        ValueRef::Integer(n) => part.i64(n),
        ValueRef::Real(n) => part.f64(n),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => part.str(text),
            Err(_) => part.bytes(text),
        },
        ValueRef::Blob(bytes) => part.bytes(bytes),
    }
    .map(drop)
}

/// How many records there are of each kind, and a hash of their ids and versions in the order of their rows.
pub fn records(db: &Connection) -> Result<BTreeMap<String, (u64, String)>, StorageError> {
    let mut statement = db.prepare("SELECT kind, id, heads FROM document ORDER BY row")?;
    let mut rows = statement.query([])?;
    let mut kinds = Records::default();
    while let Some(row) = rows.next()? {
        let bytes = |at: usize| -> Result<&[u8], StorageError> {
            Ok(row.get_ref(at)?.as_bytes().map_err(rusqlite::Error::from)?)
        };
        kinds.add(&row.get::<_, String>(0)?, bytes(1)?, bytes(2)?);
    }
    Ok(kinds.finish())
}

/// The records of a kind as other programs read them: a JSON object in each line.
pub fn readable<E: From<StorageError>>(db: &Connection, kind: Kind, take: Rows<'_, E>) -> Result<(), E> {
    let catalogue = Catalogue::default();
    let nested = |name: &str| {
        use FieldType::{Addresses, Emails, Lines, MultiChoice, Phones, Tags};
        let types = [Addresses, Emails, Lines, MultiChoice, Phones, Tags];
        name == "custom" || catalogue.fields(kind).iter().any(|f| f.key == name && types.contains(&f.ty))
    };
    let mut statement = db.prepare(&format!("SELECT * FROM {kind}")).map_err(StorageError::from)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let wanted = |name: &&String| *name != "row" && *name != "sort" && !name.ends_with("_sort");
    let shown: Vec<(usize, bool)> =
        names.iter().enumerate().filter(|(_, n)| wanted(n)).map(|(at, n)| (at, nested(n))).collect();
    let (mut part, mut count) = (Vec::with_capacity(PART + PART / 4), 0);
    let mut rows = statement.query([]).map_err(StorageError::from)?;
    while let Some(row) = rows.next().map_err(StorageError::from)? {
        let mut object = Map::new();
        for (at, nested) in &shown {
            let value = match row.get_ref(*at).map_err(StorageError::from)? {
                ValueRef::Integer(n) => n.into(),
                ValueRef::Real(n) => n.into(),
                ValueRef::Text(text) if *nested => serde_json::from_slice(text).unwrap_or_default(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
                ValueRef::Null | ValueRef::Blob(_) => continue,
            };
            object.extend(names.get(*at).map(|name| (name.clone(), value)));
        }
        part.extend(Json::Object(object).to_string().bytes());
        part.push(b'\n');
        count += 1;
        if part.len() >= PART {
            take(count, &part)?;
            part.clear();
            count = 0;
        }
    }
    if count > 0 {
        take(count, &part)?;
    }
    Ok(())
}

/// A database that is being made of parts. It counts only once it is finished.
pub struct Filling {
    db: Connection,
    path: std::path::PathBuf,
    /// The columns of each table of its schema.
    tables: BTreeMap<String, Vec<String>>,
}

impl Filling {
    /// The file must not exist. Until it is finished nothing of it is safe from a power cut.
    pub fn create(path: &Path, key: &SqlCipherKey, version: u32) -> Result<Self, StorageError> {
        known(version)?;
        new_private_file(path)?;
        let mut db = connection::open(path, key, Mode::Create)?;
        db.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;")?;
        schema::migrate_to(&mut db, version)?;
        let tables = columns(version)?;
        db.execute_batch("BEGIN")?;
        Ok(Self { db, path: path.to_owned(), tables })
    }

    /// Takes a part; how many rows were in it.
    pub fn fill(&mut self, table: &str, part: &[u8]) -> Result<u64, StorageError> {
        let names = of(&self.tables, table)?;
        let places = vec!["?"; names.len()].join(", ");
        let mut statement = self.db.prepare(&format!("INSERT INTO {table} VALUES ({places})"))?;
        each_row(names, table, part, &mut |row| {
            statement.execute(rusqlite::params_from_iter(row)).map_err(|e| match StorageError::from(e) {
                StorageError::Sql(e) => unfit(table, &format!("breaks its rules: {e}")),
                other => other,
            })?;
            Ok(())
        })
    }

    pub fn records(&self) -> Result<BTreeMap<String, (u64, String)>, StorageError> {
        records(&self.db)
    }

    /// On disk for good; what is derived is made when it is opened.
    pub fn finish(self) -> Result<(), StorageError> {
        settings::put(&self.db, "projection", "")?;
        self.db.execute_batch("COMMIT")?;
        self.db.close().map_err(|(_, e)| StorageError::from(e))?;
        std::fs::File::open(&self.path)?.sync_all()?;
        #[cfg(unix)]
        if let Some(folder) = self.path.parent() {
            std::fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

/// What parts come to, without a database that is made of them: to be compared with what a manifest lists.
pub struct Tally {
    tables: BTreeMap<String, Vec<String>>,
    rows: BTreeMap<String, u64>,
    records: Records,
}

impl Tally {
    pub fn of(version: u32) -> Result<Self, StorageError> {
        known(version)?;
        Ok(Self { tables: columns(version)?, rows: BTreeMap::new(), records: Records::default() })
    }

    pub fn take(&mut self, table: &str, part: &[u8]) -> Result<(), StorageError> {
        let records = &mut self.records;
        let names = of(&self.tables, table)?;
        let rows = each_row(names, table, part, &mut |row| {
            if table != "document" {
                return Ok(());
            }
            let cell = |name: &str| names.iter().position(|n| n == name).and_then(|at| row.get(at));
            let bytes = |name: &str| match cell(name) {
                Some(Value::Text(text)) => text.as_bytes(),
                Some(Value::Blob(bytes)) => bytes,
                _ => &[],
            };
            records.add(&String::from_utf8_lossy(bytes("kind")), bytes("id"), bytes("heads"));
            Ok(())
        })?;
        *self.rows.entry(table.to_owned()).or_default() += rows;
        Ok(())
    }

    /// Rows of each table, and what [`records`] says of the records.
    pub fn finish(self) -> (BTreeMap<String, u64>, BTreeMap<String, (u64, String)>) {
        (self.rows, self.records.finish())
    }
}

/// Of each kind how many, and a hash of all.
#[derive(Default)]
struct Records(BTreeMap<String, (u64, blake3::Hasher)>);

impl Records {
    fn add(&mut self, kind: &str, id: &[u8], heads: &[u8]) {
        let (count, hasher) = match self.0.get_mut(kind) {
            Some(known) => known,
            None => self.0.entry(kind.to_owned()).or_default(),
        };
        *count += 1;
        hasher.update(id);
        hasher.update(&(heads.len() as u64).to_be_bytes());
        hasher.update(heads);
    }

    fn finish(self) -> BTreeMap<String, (u64, String)> {
        let done = |(kind, (count, hash)): (String, (u64, blake3::Hasher))| {
            (kind, (count, hash.finalize().to_string()))
        };
        self.0.into_iter().map(done).collect()
    }
}

fn known(version: u32) -> Result<(), StorageError> {
    match version == 0 || version > schema::SCHEMA_VERSION {
        true => Err(StorageError::Newer { found: version, known: schema::SCHEMA_VERSION }),
        false => Ok(()),
    }
}

/// The columns of each base table of a schema.
fn columns(version: u32) -> Result<BTreeMap<String, Vec<String>>, StorageError> {
    let db = empty(version)?;
    let of = |table: &String| -> Result<Vec<String>, StorageError> {
        let statement = db.prepare(&format!("SELECT * FROM {table}"))?;
        Ok(statement.column_names().map(str::to_owned).collect())
    };
    tables(version)?.into_iter().map(|table| Ok((table.clone(), of(&table)?))).collect()
}

fn unfit(table: &str, why: &str) -> StorageError {
    StorageError::Unfit(format!("a part of the table {table} {why}"))
}

/// The columns of a table, if its version has it.
fn of<'a>(tables: &'a BTreeMap<String, Vec<String>>, table: &str) -> Result<&'a [String], StorageError> {
    let known = tables.get(table).ok_or_else(|| unfit(table, "belongs to no table of its version"))?;
    Ok(known)
}

type Row<'a> = &'a mut dyn FnMut(Vec<Value>) -> Result<(), StorageError>;

/// Shows each row of a part, which must have these columns; how many there were.
fn each_row(known: &[String], table: &str, part: &[u8], take: Row<'_>) -> Result<u64, StorageError> {
    let mut decoder = Decoder::new(part);
    let names = strings(&mut decoder).map_err(|_| unfit(table, "does not begin with its columns"))?;
    if names != known {
        return Err(unfit(table, "has other columns than its version"));
    }
    let mut count = 0;
    while decoder.position() < part.len() {
        take(row(&mut decoder, names.len()).map_err(|_| unfit(table, "cannot be read"))?)?;
        count += 1;
    }
    Ok(count)
}

fn strings(decoder: &mut Decoder<'_>) -> Result<Vec<String>, minicbor::decode::Error> {
    let many = length(decoder)?;
    (0..many).map(|_| Ok(decoder.str()?.to_owned())).collect()
}

fn length(decoder: &mut Decoder<'_>) -> Result<u64, minicbor::decode::Error> {
    // No table has so many columns.
    decoder
        .array()?
        .filter(|many| *many <= 1000)
        .ok_or_else(|| minicbor::decode::Error::message("an array of no length, or too long"))
}

fn row(decoder: &mut Decoder<'_>, columns: usize) -> Result<Vec<Value>, minicbor::decode::Error> {
    if length(decoder)? != columns as u64 {
        return Err(minicbor::decode::Error::message("another number of columns"));
    }
    (0..columns).map(|_| value(decoder)).collect()
}

fn value(decoder: &mut Decoder<'_>) -> Result<Value, minicbor::decode::Error> {
    Ok(match decoder.datatype()? {
        Type::Null => {
            decoder.null()?;
            Value::Null
        }
        Type::F64 => Value::Real(decoder.f64()?),
        Type::String => Value::Text(decoder.str()?.to_owned()),
        Type::Bytes => Value::Blob(decoder.bytes()?.to_vec()),
        _ => Value::Integer(decoder.i64()?),
    })
}
