//! Lists: a filter and an order become the rows in order, and a page of them the cells to show.

use crate::{StorageError, search::expression_for_all};
use rusqlite::{
    Connection, OptionalExtension, params_from_iter,
    types::{Value as Sql, ValueRef},
};
use satchel_domain::{
    Catalogue, Field, FieldType, Kind, RecordId,
    filter::{Filter, Op},
    money::Money,
    projection::{self, Cell},
    text::{fold, sort_key},
};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, HashMap};

/// Which records, in which order.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery {
    pub kind: Kind,
    pub filter: Option<Filter>,
    /// Only what this text finds.
    pub text: String,
    /// Field and «descending».
    pub sort: Vec<(String, bool)>,
    pub trash: bool,
}

impl ListQuery {
    pub fn all(kind: Kind) -> Self {
        Self { kind, filter: None, text: String::new(), sort: Vec::new(), trash: false }
    }
}

/// A condition on deals that no field holds: it follows from stages, activities and the clock.
pub const QUIET: &str = "quiet";
/// Neither does any hold what is to be done next about a deal: of its open tasks the one that is due first.
pub const NEXT_STEP: &str = "next_step";

/// One row of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub row: i64,
    pub id: RecordId,
    pub kind: Kind,
    pub title: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub deleted_at: Option<i64>,
    /// Fields as JSON; fields without a value are not there.
    pub fields: Map<String, Json>,
    /// What the records are called that it links to, by field.
    pub titles: BTreeMap<String, String>,
}

/// All rows of a query, in order. A hundred thousand take a few milliseconds: only row numbers.
pub fn rows(db: &Connection, catalogue: &Catalogue, query: &ListQuery) -> Result<Vec<i64>, StorageError> {
    rows_among(db, catalogue, query, &[])
}

/// Where a row belongs in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    At(usize),
    /// The query does not find it.
    Nowhere,
    /// The list has changed meanwhile: it has to be worked out anew.
    Unknown,
}

/// Where a row has its place in the order of a query that is known for all others. A few look-ups,
/// however long the list is.
pub fn place(
    db: &Connection,
    catalogue: &Catalogue,
    query: &ListQuery,
    row: i64,
    others: &[i64],
) -> Result<Place, StorageError> {
    if rows_among(db, catalogue, query, &[row, row])?.is_empty() {
        return Ok(Place::Nowhere);
    }
    let (mut low, mut high) = (0, others.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let Some(other) = others.get(middle) else { break };
        // SQLite says which of the two comes first, so the order is the very same.
        match rows_among(db, catalogue, query, &[row, *other])?.as_slice() {
            [first, _] if *first == row => high = middle,
            [_, _] => low = middle + 1,
            _ => return Ok(Place::Unknown),
        }
    }
    Ok(Place::At(low))
}

/// The rows of a query among two, or all if none are named.
fn rows_among(
    db: &Connection,
    catalogue: &Catalogue,
    query: &ListQuery,
    two: &[i64],
) -> Result<Vec<i64>, StorageError> {
    let kind = query.kind;
    let mut builder = Builder { catalogue, kind, params: Vec::new() };
    let mut conditions = builder.conditions(query)?;
    if let [a, b] = two {
        let (a, b) = (builder.bind(Sql::Integer(*a)), builder.bind(Sql::Integer(*b)));
        conditions.push(format!("t.row IN ({a}, {b})"));
    }
    let order = builder.order(&query.sort, query.trash)?;
    let params = |params: Vec<Sql>| params_from_iter(params);
    // An index has the order already; what has to be sorted is sorted here, in half of SQLite's time.
    if let ([], Some(keys)) = (two, order.to_sort()) {
        let keys: Vec<&str> = keys.iter().map(|k| k.expression.as_str()).collect();
        let sql =
            format!("SELECT t.row, {} FROM {kind} t WHERE {}", keys.join(", "), conditions.join(" AND "));
        return sorted(db, &sql, params(builder.params), &order.keys);
    }
    let sql =
        format!("SELECT t.row FROM {kind} t WHERE {} ORDER BY {}", conditions.join(" AND "), order.sql());
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map(params(builder.params), |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Rows that have the same in a field, in the order of a list that is sorted by it.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub count: i64,
    /// One of them, which says what they have.
    pub row: i64,
    pub sums: Vec<Sum>,
}

/// What a field of a group comes to; of money once for each currency, in minor units.
#[derive(Debug, Clone, PartialEq)]
pub struct Sum {
    pub field: String,
    pub currency: Option<String>,
    pub sum: f64,
}

/// More groups than these are none that a person looks at.
pub const MOST_GROUPS: usize = 1000;

/// A list in groups by a field, or as one, with what fields of numbers and money come to. What has nothing in the field
/// comes last.
pub fn groups(
    db: &Connection,
    catalogue: &Catalogue,
    query: &ListQuery,
    by: Option<&str>,
    sums: &[String],
) -> Result<Vec<Group>, StorageError> {
    let kind = query.kind;
    let begin = || -> Result<(Builder<'_>, String, String, String), StorageError> {
        let mut builder = Builder { catalogue, kind, params: Vec::new() };
        let (by, order) = match by {
            Some(by) => builder.group(by)?,
            None => ("0".to_owned(), "1".to_owned()),
        };
        let conditions = builder.conditions(query)?.join(" AND ");
        Ok((builder, by, order, conditions))
    };
    let mut found = Vec::new();
    let mut at: HashMap<Vec<u8>, usize> = HashMap::new();
    let (builder, by_key, order, conditions) = begin()?;
    let sql = format!(
        "SELECT {by_key} AS g, count(*), max(t.row) FROM {kind} t WHERE {conditions} GROUP BY g ORDER BY {order} LIMIT {MOST_GROUPS} + 1"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(builder.params))?;
    while let Some(r) = rows.next()? {
        at.insert(bytes_of(r.get_ref(0)?), found.len());
        let row = r.get::<_, Option<i64>>(2)?.unwrap_or_default();
        found.push(Group { count: r.get(1)?, row, sums: Vec::new() });
    }
    for name in sums {
        let (mut builder, by_key, _, conditions) = begin()?;
        let Column::Field(field) = builder.column(name)? else {
            return Err(StorageError::UnknownField(name.clone()));
        };
        let value = builder.raw(field);
        let currency = match field.ty {
            FieldType::Money => builder.raw_currency(field),
            FieldType::Number => "NULL".to_owned(),
            _ => return Err(StorageError::UnknownField(name.clone())),
        };
        let sql = format!(
            "SELECT {by_key} AS g, {currency} AS c, total({value}) FROM {kind} t WHERE {conditions} AND {value} IS NOT NULL GROUP BY g, c ORDER BY c"
        );
        let mut statement = db.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(builder.params))?;
        while let Some(r) = rows.next()? {
            let group = at.get(&bytes_of(r.get_ref(0)?)).and_then(|at| found.get_mut(*at));
            if let Some(group) = group {
                group.sums.push(Sum { field: field.key.clone(), currency: r.get(1)?, sum: r.get(2)? });
            }
        }
    }
    Ok(found)
}

fn bytes_of(value: ValueRef<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    Key { expression: String::new(), descending: false, always: false, links: None }.append(value, &mut out);
    out
}

/// Reads rows with their keys and puts them in the order that SQLite would: each row's keys become
/// bytes that compare as the keys do.
fn sorted<P: rusqlite::Params>(
    db: &Connection,
    sql: &str,
    params: P,
    keys: &[Key],
) -> Result<Vec<i64>, StorageError> {
    // What a link leads to counts by what it is called, and a stage by its place.
    let mut linked: HashMap<String, String> = HashMap::new();
    for kind in keys.iter().filter_map(|k| k.links) {
        let mut statement = db.prepare_cached(&format!("SELECT c.id, {} FROM {kind} c", sorts_by(kind)))?;
        for pair in statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))? {
            linked.extend([pair?]);
        }
    }
    let down = keys.first().is_some_and(|k| k.descending);
    let mut statement = db.prepare_cached(sql)?;
    let mut found = statement.query(params)?;
    // The first eight bytes of the keys, for most comparisons; all of them; the row.
    let mut rows: Vec<(u64, Box<[u8]>, i64)> = Vec::new();
    let mut bytes = Vec::new();
    while let Some(r) = found.next()? {
        bytes.clear();
        for (at, key) in keys.iter().enumerate() {
            let value = match (key.links, r.get_ref(at + 1)?) {
                (Some(_), ValueRef::Text(id)) => {
                    let sort = std::str::from_utf8(id).ok().and_then(|id| linked.get(id));
                    sort.map_or(ValueRef::Null, |sort| ValueRef::Text(sort.as_bytes()))
                }
                (_, value) => value,
            };
            key.append(value, &mut bytes);
        }
        let first = bytes.iter().chain(std::iter::repeat(&0)).take(8).fold(0, |n, b| n << 8 | u64::from(*b));
        rows.push((first, bytes.as_slice().into(), r.get(0)?));
    }
    rows.sort_unstable_by(|(first_a, bytes_a, a), (first_b, bytes_b, b)| {
        let by_keys = first_a.cmp(first_b).then_with(|| bytes_a.cmp(bytes_b));
        by_keys.then_with(|| if down { b.cmp(a) } else { a.cmp(b) })
    });
    Ok(rows.into_iter().map(|(.., row)| row).collect())
}

/// One key of an order.
struct Key {
    expression: String,
    descending: bool,
    /// Every record has a value; others come last where they have none, in either direction.
    always: bool,
    /// The expression is the id of a record of this kind, and what counts is what that one is sorted by.
    links: Option<Kind>,
}

impl Key {
    /// Appends bytes that compare as SQLite compares the values: numbers, then texts, then blobs; what
    /// has no value last.
    fn append(&self, value: ValueRef<'_>, out: &mut Vec<u8>) {
        let from = out.len() + 1;
        match value {
            ValueRef::Null => return out.push(2),
            #[allow(clippy::cast_precision_loss)]
            ValueRef::Integer(n) => {
                out.extend([1, 1]);
                out.extend(in_order(n as f64));
                // What a float cannot hold of it.
                out.extend((n as u64 ^ 1 << 63).to_be_bytes());
            }
            ValueRef::Real(n) => {
                out.extend([1, 1]);
                out.extend(in_order(n));
                #[allow(clippy::cast_possible_truncation)]
                out.extend((n as i64 as u64 ^ 1 << 63).to_be_bytes());
            }
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                out.extend([1, if matches!(value, ValueRef::Text(_)) { 2 } else { 3 }]);
                // A zero byte may stand in a value, and its end must come before all that goes on.
                for b in bytes {
                    out.push(*b);
                    if *b == 0 {
                        out.push(1);
                    }
                }
                out.extend([0, 0]);
            }
        }
        if self.descending {
            out.iter_mut().skip(from).for_each(|b| *b = !*b);
        }
    }

    fn sql(&self) -> String {
        let expression = match self.links {
            Some(kind) => linked(sorts_by(kind), kind, &self.expression),
            None => self.expression.clone(),
        };
        let direction = if self.descending { "DESC" } else { "ASC" };
        let last = if self.always { "" } else { " NULLS LAST" };
        format!("{expression} {direction}{last}")
    }
}

/// The bytes of a float in the order of floats.
fn in_order(n: f64) -> [u8; 8] {
    // Minus zero is zero.
    let bits = (n + 0.0).to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    ordered.to_be_bytes()
}

/// In which order the rows come.
struct Order {
    keys: Vec<Key>,
}

impl Order {
    /// The keys, unless an index has the rows in this order.
    fn to_sort(&self) -> Option<&[Key]> {
        match self.keys.as_slice() {
            [only] if only.expression == "t.sort" => None,
            keys => Some(keys),
        }
    }

    fn sql(&self) -> String {
        let mut parts: Vec<String> = self.keys.iter().map(Key::sql).collect();
        let down = self.keys.first().is_some_and(|k| k.descending);
        parts.push(if down { "t.row DESC".into() } else { "t.row".into() });
        parts.join(", ")
    }
}

/// The field of a kind that has this key or label. One of the user's that is in the trash is not there.
fn named<'a>(catalogue: &'a Catalogue, kind: Kind, name: &str) -> Option<&'a Field> {
    let there = || catalogue.fields(kind).iter().filter(|f| !(f.custom && f.hidden));
    there().find(|f| f.key == name).or_else(|| there().find(|f| fold(&f.label) == fold(name)))
}

/// Whether lists of a kind can be filtered and sorted by what is called so.
pub fn knows(catalogue: &Catalogue, kind: Kind, name: &str) -> bool {
    Builder { catalogue, kind, params: Vec::new() }.column(name).is_ok()
}

struct Builder<'a> {
    catalogue: &'a Catalogue,
    kind: Kind,
    params: Vec<Sql>,
}

/// How a named field is compared.
enum Column<'a> {
    /// Milliseconds.
    Time(&'static str),
    Title,
    Term(&'static str),
    Street,
    /// Whether an open deal was left alone for longer than its stage allows.
    Quiet,
    /// The task that is to be done next about a deal.
    NextStep,
    Field(&'a Field),
}

impl<'a> Builder<'a> {
    fn bind(&mut self, value: Sql) -> String {
        self.params.push(value);
        format!("?{}", self.params.len())
    }

    fn conditions(&mut self, query: &ListQuery) -> Result<Vec<String>, StorageError> {
        let there = if query.trash { "t.deleted_at IS NOT NULL" } else { "t.deleted_at IS NULL" };
        let mut conditions = vec![there.to_owned()];
        if let Some(filter) = &query.filter {
            conditions.push(self.condition(filter)?);
        }
        if !query.text.trim().is_empty() {
            conditions.push(match expression_for_all(&query.text) {
                // What is in the trash is not in the index: its name is looked at.
                _ if query.trash => {
                    let text = self.bind(Sql::Text(fold(&query.text)));
                    format!("(instr(fold(t.called), {text}) > 0 OR instr(t.sort, {text}) > 0)")
                }
                Some(expression) => format!(
                    "t.row IN (SELECT rowid FROM search WHERE search MATCH {})",
                    self.bind(Sql::Text(expression))
                ),
                None => "0".to_owned(),
            });
        }
        Ok(conditions)
    }

    fn column(&self, name: &str) -> Result<Column<'a>, StorageError> {
        let name = name.to_lowercase();
        let by_term = match name.as_str() {
            "created_at" => return Ok(Column::Time("created_at")),
            "updated_at" => return Ok(Column::Time("updated_at")),
            "deleted_at" => return Ok(Column::Time("deleted_at")),
            "name" | "title_of" if self.kind != Kind::Company => return Ok(Column::Title),
            "email" | "emails" => Some("email"),
            "phone" | "phones" => Some("phone"),
            "tag" | "tags" => Some("tags"),
            "city" => Some("city"),
            "region" => Some("region"),
            "country" => Some("country"),
            "postal_code" => Some("postal_code"),
            "external_id" => Some("external_id"),
            "street" | "addresses" | "address" => return Ok(Column::Street),
            QUIET if self.kind == Kind::Deal => return Ok(Column::Quiet),
            NEXT_STEP if self.kind == Kind::Deal => return Ok(Column::NextStep),
            _ => None,
        };
        if let Some(field) = by_term {
            return Ok(Column::Term(field));
        }
        // A field can be named by its label too, as the screens show it.
        let field = named(self.catalogue, self.kind, &name).ok_or(StorageError::UnknownField(name))?;
        match self.catalogue.is_daily(self.kind, &field.key) {
            true => Err(StorageError::Daily(field.label.clone())),
            false => Ok(Column::Field(field)),
        }
    }

    fn condition(&mut self, filter: &Filter) -> Result<String, StorageError> {
        match filter {
            Filter::And(parts) => self.join(parts, " AND "),
            Filter::Or(parts) => self.join(parts, " OR "),
            Filter::Not(inner) => Ok(format!("NOT coalesce({}, 0)", self.condition(inner)?)),
            Filter::Empty { field } => self.empty(field),
            Filter::Compare { field, op: Op::Ne, value } => {
                let equal = self.compare(field, Op::Eq, value)?;
                Ok(format!("NOT coalesce({equal}, 0)"))
            }
            Filter::Compare { field, op, value } => self.compare(field, *op, value),
        }
    }

    fn join(&mut self, parts: &[Filter], with: &str) -> Result<String, StorageError> {
        let parts: Vec<String> = parts.iter().map(|p| self.condition(p)).collect::<Result<_, _>>()?;
        Ok(format!("({})", parts.join(with)))
    }

    fn empty(&mut self, name: &str) -> Result<String, StorageError> {
        Ok(match self.column(name)? {
            Column::Time(column) => format!("t.{column} IS NULL"),
            Column::Title => "t.called = ''".into(),
            Column::Term(field) => {
                let field = self.bind(Sql::Text(field.into()));
                format!("NOT EXISTS (SELECT 1 FROM term WHERE row = t.row AND field = {field})")
            }
            Column::Street => "t.addresses IS NULL".into(),
            Column::Quiet => "0".into(),
            Column::NextStep => format!("NOT EXISTS ({})", crate::deals::next_step("t.id", "1")),
            Column::Field(field) => format!("{} IS NULL", self.raw(field)),
        })
    }

    /// The SQL expression of a field's value.
    fn raw(&mut self, field: &Field) -> String {
        if field.custom {
            let inner = if field.ty == FieldType::Money { ".minor" } else { "" };
            let path = self.bind(Sql::Text(format!("$.{}{inner}", field.key)));
            format!("json_extract(t.custom, {path})")
        } else {
            format!("t.{}", field.key)
        }
    }

    fn raw_currency(&mut self, field: &Field) -> String {
        if field.custom {
            let path = self.bind(Sql::Text(format!("$.{}.currency", field.key)));
            format!("json_extract(t.custom, {path})")
        } else {
            format!("t.{}_currency", field.key)
        }
    }

    fn compare(&mut self, name: &str, op: Op, value: &str) -> Result<String, StorageError> {
        match self.column(name)? {
            Column::Time(column) => {
                let at = self.bind(Sql::Integer(instant(name, value)?));
                Ok(format!("t.{column} {} {at}", sign(op)))
            }
            Column::Title => Ok(self.text("t.called".into(), op, value)),
            Column::Term(field) => Ok(self.term(field, op, value)),
            Column::Street => {
                let op = if op == Op::Has { Op::Contains } else { op };
                let inner = self.text("j.value".into(), op, value);
                Ok(format!(
                    "EXISTS (SELECT 1 FROM json_each(t.addresses) a, json_each(a.value) j WHERE j.key NOT IN ('id', 'label') AND {inner})"
                ))
            }
            Column::Quiet => Ok(self.quiet(value)),
            Column::NextStep => {
                let step = crate::deals::next_step("t.id", "k.called");
                Ok(self.text(format!("({step})"), op, value))
            }
            Column::Field(field) => self.field(field, op, value),
        }
    }

    fn quiet(&mut self, value: &str) -> String {
        let wanted = self.bind(Sql::Integer(i64::from(is_yes(value))));
        // The moment is the same for all rows of a statement.
        let quiet = crate::deals::quiet("t", "s", "round(unixepoch('now', 'subsec') * 1000)");
        format!(
            "EXISTS (SELECT 1 FROM stage s WHERE s.id = t.stage AND coalesce(s.outcome, 'open') = 'open' AND {quiet}) = {wanted}"
        )
    }

    fn field(&mut self, field: &Field, op: Op, value: &str) -> Result<String, StorageError> {
        let bad = |expected| StorageError::BadOperand {
            field: field.key.clone(),
            value: value.to_owned(),
            expected,
        };
        let raw = self.raw(field);
        match field.ty {
            FieldType::Number => {
                let number = value.replace(',', "").parse::<f64>().map_err(|_| bad("write a number"))?;
                let number = self.bind(Sql::Real(number));
                Ok(format!("{raw} {} {number}", sign(op)))
            }
            FieldType::Money => {
                let money =
                    Money::parse(value, "EUR").ok_or_else(|| bad("write an amount such as 1250.00 EUR"))?;
                let amount = self.bind(Sql::Real(money.amount()));
                let currency = self.raw_currency(field);
                let compared = format!("amount({raw}, {currency}) {} {amount}", sign(op));
                // 1000 alone means a thousand of whatever it is.
                if value.trim().chars().all(|c| c.is_ascii_digit() || "+-., ".contains(c)) {
                    return Ok(compared);
                }
                let wanted = self.bind(Sql::Text(money.currency));
                Ok(format!("({compared} AND {currency} = {wanted})"))
            }
            FieldType::YesNo => {
                let yes = self.bind(Sql::Integer(i64::from(is_yes(value))));
                Ok(format!("coalesce({raw}, 0) = {yes}"))
            }
            FieldType::DateTime => {
                let at = self.bind(Sql::Integer(instant(&field.key, value)?));
                let raw = match field.custom {
                    true => format!("CAST(round(unixepoch({raw}, 'subsec') * 1000) AS INTEGER)"),
                    false => raw,
                };
                Ok(format!("{raw} {} {at}", sign(op)))
            }
            FieldType::Date => {
                let part = matches!(op, Op::Contains | Op::Starts | Op::Has);
                let date = value.trim();
                if !part && date.parse::<satchel_domain::date::PartialDate>().is_err() {
                    return Err(bad("write 1985-04-12, or --04-12 without the year"));
                }
                Ok(self.plain(raw, op, date.to_owned()))
            }
            FieldType::Link => Ok(self.link(field.links, raw, op, value)),
            FieldType::Tags | FieldType::MultiChoice => {
                let op = if op == Op::Has { Op::Eq } else { op };
                let inner = self.text("j.value".into(), op, value);
                Ok(format!("EXISTS (SELECT 1 FROM json_each({raw}) j WHERE {inner})"))
            }
            _ if field.sorted
                && !field.custom
                && matches!(op, Op::Eq | Op::Lt | Op::Le | Op::Gt | Op::Ge) =>
            {
                Ok(self.plain(format!("{raw}_sort"), op, sort_key(value)))
            }
            _ => Ok(self.text(raw, op, value)),
        }
    }

    fn plain(&mut self, expression: String, op: Op, value: String) -> String {
        let value = self.bind(Sql::Text(value));
        match op {
            Op::Contains | Op::Has => format!("instr({expression}, {value}) > 0"),
            Op::Starts => format!("substr({expression}, 1, length({value})) = {value}"),
            _ => format!("{expression} {} {value}", sign(op)),
        }
    }

    fn text(&mut self, expression: String, op: Op, value: &str) -> String {
        self.plain(format!("fold({expression})"), op, fold(value))
    }

    fn link(&mut self, to: Option<Kind>, raw: String, op: Op, value: &str) -> String {
        if let Ok(id) = value.parse::<RecordId>() {
            let id = self.bind(Sql::Text(id.to_string()));
            return format!("{raw} = {id}");
        }
        let Some(to) = to else { return "0".into() };
        let condition = match op {
            // By their index.
            Op::Eq | Op::Has if to == Kind::Company => {
                self.plain("c.name_sort".into(), Op::Eq, sort_key(value))
            }
            Op::Has => self.text("c.called".into(), Op::Eq, value),
            _ => self.text("c.called".into(), op, value),
        };
        // As they are called today, also where the kind's own table is that of another time (`past::found`).
        format!("{raw} IN (SELECT c.id FROM main.{to} c WHERE {condition})")
    }

    fn term(&mut self, field: &str, op: Op, value: &str) -> String {
        let folded = match field {
            "phone" => satchel_domain::phone::e164(value, None)
                .unwrap_or_else(|| satchel_domain::phone::digits(value)),
            "email" => value.to_lowercase(),
            "external_id" => value.to_owned(),
            _ => fold(value),
        };
        let value = self.bind(Sql::Text(folded));
        let condition = match op {
            Op::Eq | Op::Ne | Op::Has => format!("value = {value}"),
            Op::Contains => format!("instr(value, {value}) > 0"),
            Op::Starts => format!("substr(value, 1, length({value})) = {value}"),
            other => format!("value {} {value}", sign(other)),
        };
        // The name of the field stands in the text, so that SQLite plans with the index's statistics.
        format!("t.row IN (SELECT row FROM term WHERE field = '{field}' AND {condition})")
    }

    /// What the rows of a group have in common, and the order of groups. Days are grouped by their month.
    fn group(&mut self, by: &str) -> Result<(String, String), StorageError> {
        let Column::Field(field) = self.column(by)? else {
            return Err(StorageError::UnknownField(by.to_owned()));
        };
        let groups = [
            FieldType::Text,
            FieldType::Choice,
            FieldType::YesNo,
            FieldType::Link,
            FieldType::Date,
            FieldType::Number,
        ];
        if !groups.contains(&field.ty) {
            return Err(StorageError::UnknownField(by.to_owned()));
        }
        let is_day = field.ty == FieldType::Date;
        let order = self.order(&[(by.to_owned(), false)], false)?;
        let key = order.keys.into_iter().next().ok_or_else(|| StorageError::UnknownField(by.to_owned()))?;
        let expression = match key.links {
            Some(kind) => linked(sorts_by(kind), kind, &key.expression),
            None if is_day => format!("substr({}, 1, 7)", key.expression),
            None => key.expression,
        };
        Ok((expression, "g ASC NULLS LAST".to_owned()))
    }

    fn order(&mut self, sort: &[(String, bool)], trash: bool) -> Result<Order, StorageError> {
        let mut keys: Vec<Key> = Vec::new();
        for (name, descending) in sort {
            let mut links = None;
            let expression = match self.column(name)? {
                Column::Time(column) => format!("t.{column}"),
                Column::Title => "t.sort".into(),
                Column::Term(field) => {
                    format!("(SELECT min(value) FROM term WHERE row = t.row AND field = '{field}')")
                }
                Column::Street => "t.addresses".into(),
                Column::Quiet => return Err(StorageError::UnknownField(name.clone())),
                // By its day: what is asked is what comes first.
                Column::NextStep => format!("({})", crate::deals::next_step("t.id", "coalesce(k.due, '~')")),
                Column::Field(field) if self.kind == Kind::Company && field.key == "name" => "t.sort".into(),
                Column::Field(field) => match field.ty {
                    FieldType::Link => {
                        links = field.links;
                        self.raw(field)
                    }
                    FieldType::Number | FieldType::Money | FieldType::YesNo | FieldType::Date
                        if field.custom =>
                    {
                        self.raw(field)
                    }
                    _ if field.custom => format!("fold({})", self.raw(field)),
                    FieldType::Text | FieldType::Choice | FieldType::Url if field.sorted => {
                        format!("t.{}_sort", field.key)
                    }
                    FieldType::Text | FieldType::Choice | FieldType::Url => format!("fold(t.{})", field.key),
                    _ => format!("t.{}", field.key),
                },
            };
            let always = ["t.sort", "t.updated_at", "t.created_at"].contains(&expression.as_str());
            keys.push(Key { expression, descending: *descending, always, links });
        }
        if keys.is_empty() {
            let expression = if trash { "t.deleted_at" } else { "t.sort" };
            keys.push(Key { expression: expression.into(), descending: trash, always: true, links: None });
        }
        Ok(Order { keys })
    }
}

fn is_yes(value: &str) -> bool {
    matches!(fold(value).as_str(), "yes" | "true" | "1" | "是")
}

fn sign(op: Op) -> &'static str {
    match op {
        Op::Eq | Op::Contains | Op::Starts | Op::Has => "=",
        Op::Ne => "!=",
        Op::Lt => "<",
        Op::Le => "<=",
        Op::Gt => ">",
        Op::Ge => ">=",
    }
}

/// Epoch milliseconds of `2026-01-01` or `2026-01-01T12:00:00Z`; a day begins at midnight UTC.
fn instant(field: &str, text: &str) -> Result<i64, StorageError> {
    satchel_domain::date::instant(text).ok_or_else(|| StorageError::BadOperand {
        field: field.to_owned(),
        value: text.to_owned(),
        expected: "write 2026-01-31 or 2026-01-31T12:00:00Z",
    })
}

/// The rows of a page, in the order given.
pub fn page(
    db: &Connection,
    catalogue: &Catalogue,
    kind: Kind,
    rows: &[i64],
) -> Result<Vec<Row>, StorageError> {
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        out.extend(one(db, catalogue, kind, *row)?);
    }
    Ok(out)
}

/// What a record is called.
pub fn title(db: &Connection, kind: Kind, row: i64) -> Result<Option<String>, StorageError> {
    let sql = format!("SELECT called FROM {kind} WHERE row = ?1");
    Ok(db.prepare_cached(&sql)?.query_row([row], |r| r.get(0)).optional()?)
}

pub fn one(
    db: &Connection,
    catalogue: &Catalogue,
    kind: Kind,
    row: i64,
) -> Result<Option<Row>, StorageError> {
    let columns = crate::projections::columns(catalogue, kind).into_iter().map(|c| format!("t.{c}"));
    let id = |f: &Field| match f.custom {
        true => format!("json_extract(t.custom, '$.{}')", f.key),
        false => format!("t.{}", f.key),
    };
    let titles = catalogue.links(kind).map(|(f, to)| linked("c.called", to, &id(f)));
    let columns: Vec<String> = columns.chain(titles).collect();
    let sql = format!("SELECT {} FROM {kind} t WHERE t.row = ?1", columns.join(", "));
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement.query_row([row], |r| read(r, catalogue, kind)).optional()?)
}

/// What a record `c` has whose id an expression is.
fn linked(has: &str, kind: Kind, id: &str) -> String {
    format!("(SELECT {has} FROM document d JOIN {kind} c ON c.row = d.row WHERE d.id = {id})")
}

/// What those that link to a record `c` are sorted by.
fn sorts_by(kind: Kind) -> &'static str {
    match kind {
        Kind::Stage => crate::deals::PLACE,
        _ => "c.sort",
    }
}

fn read(r: &rusqlite::Row<'_>, catalogue: &Catalogue, kind: Kind) -> rusqlite::Result<Row> {
    let mut at = 7;
    let mut fields = Map::new();
    for field in catalogue.fields(kind).iter().filter(|f| !f.custom) {
        let mut cells = Vec::with_capacity(2);
        for _ in projection::columns(field) {
            cells.push(cell(r.get_ref(at)?));
            at += 1;
        }
        let value = projection::value_of_cells(field, &cells);
        if !value.is_null() {
            fields.insert(field.key.clone(), value);
        }
    }
    let custom: String = r.get(at)?;
    if let Ok(Json::Object(custom)) = serde_json::from_str(&custom) {
        fields.extend(custom);
    }
    let mut titles = BTreeMap::new();
    for (field, _) in catalogue.links(kind) {
        at += 1;
        titles.extend(r.get::<_, Option<String>>(at)?.map(|title| (field.key.clone(), title)));
    }
    Ok(Row {
        row: r.get(0)?,
        id: crate::documents::parsed(r, 1)?,
        kind,
        created_at: r.get(2)?,
        updated_at: r.get(3)?,
        deleted_at: r.get(4)?,
        title: r.get(5)?,
        fields,
        titles,
    })
}

fn cell(value: rusqlite::types::ValueRef<'_>) -> Cell {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Integer(n) => Cell::Int(n),
        ValueRef::Real(n) => Cell::Real(n),
        ValueRef::Text(t) => Cell::Text(String::from_utf8_lossy(t).into_owned()),
        _ => Cell::Null,
    }
}
