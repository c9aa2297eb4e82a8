//! Working a formula out for one record.

use super::{Binary, Function, Node};
use crate::{
    catalogue::{Catalogue, Derived, Field, Kind},
    date::PartialDate,
    money::{Money, exponent},
    text::fold,
    value::{Fields, Habits, MAX_TEXT, Value},
};
use jiff::{ToSpan, civil::Date};
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// Why a formula has no value for a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum NoValue {
    #[error("«{field}» is empty")]
    Empty { field: String },
    #[error("the field «{field}» is not there any more")]
    Gone { field: String },
    #[error("it refers to itself")]
    Itself,
    #[error("it divides by zero")]
    Zero,
    #[error("{left} and {right} are different currencies")]
    Currencies { left: String, right: String },
    #[error("{currency} is no currency; write one such as EUR")]
    NoCurrency { currency: String },
    #[error("a date has no year")]
    NoYear,
    #[error("it is too large")]
    TooLarge,
    #[error("a field that it reads has another type now")]
    Mismatch,
    /// Neither of the two ways of an `if`.
    #[error("nothing applies")]
    Nothing,
    /// It is worked out only where it is shown.
    #[error("it depends on the day")]
    Today,
}

/// Bytes of a text while it is being put together.
const MAX_JOINED: usize = 4 * MAX_TEXT;

/// Why formulas have come to nothing, by field.
pub type Reckoned = BTreeMap<String, NoValue>;

/// Works out the formulas of a kind for one record and adds what they come to. Without a day those that ask for it come
/// to nothing.
pub fn work_out(kind: Kind, fields: &mut Fields, catalogue: &Catalogue, today: Option<Date>) -> Reckoned {
    let mut reasons = Reckoned::new();
    for key in catalogue.formulas(kind) {
        let Some(field) = catalogue.field(kind, key) else { continue };
        let Some(Derived::Formula(formula)) = &field.derived else { continue };
        fields.remove(key);
        let record = Record { kind, fields, reasons: &reasons, catalogue, today };
        let item = match catalogue.is_circular(kind, key) {
            true => Err(NoValue::Itself),
            false => record.node(&formula.root),
        };
        match item.and_then(|item| item.into_value(field)) {
            Ok(value) => {
                fields.insert(key.clone(), value);
            }
            Err(reason) => {
                reasons.insert(key.clone(), reason);
            }
        }
    }
    reasons
}

/// Adds to a row as lists show it what its formulas come to on a day, where they depend on that.
pub fn show(kind: Kind, row: &mut Map<String, Json>, catalogue: &Catalogue, today: Date) {
    let daily = |key: &&String| catalogue.is_daily(kind, key);
    if !catalogue.formulas(kind).iter().any(|key| daily(&key)) {
        return;
    }
    let habits = Habits::default();
    let formulas = || catalogue.formulas(kind).iter();
    let reads = formulas().filter_map(|key| catalogue.field(kind, key)?.formula()).flat_map(|f| f.reads());
    let mut fields = Fields::new();
    for field in reads.filter_map(|key| catalogue.field(kind, key)) {
        // What is there was checked when it came; an option may be retired since.
        let field = &Field { options: Vec::new(), ..field.clone() };
        let value = row.get(&field.key).and_then(|json| Value::from_json(field, json, &habits).ok()?);
        fields.extend(value.map(|value| (field.key.clone(), value)));
    }
    work_out(kind, &mut fields, catalogue, Some(today));
    for key in formulas().filter(daily) {
        row.extend(fields.get(key).map(|value| (key.clone(), value.to_json())));
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Item {
    Number(Decimal),
    Money(Money),
    Date(Date),
    Text(String),
    YesNo(bool),
    List(Vec<String>),
}

type Worked = Result<Item, NoValue>;

impl Item {
    fn of(value: &Value) -> Worked {
        Ok(match value {
            Value::Number(n) => Item::Number(Decimal::try_from(*n).map_err(|_| NoValue::TooLarge)?),
            Value::Money(m) => Item::Money(m.clone()),
            Value::Date(d) => Item::Date(whole_date(d)?),
            Value::DateTime(at) => {
                let at = jiff::Timestamp::from_millisecond(*at).map_err(|_| NoValue::TooLarge)?;
                Item::Date(jiff::tz::Offset::UTC.to_datetime(at).date())
            }
            Value::Text(s) | Value::LongText(s) => Item::Text(s.clone()),
            Value::YesNo(b) => Item::YesNo(*b),
            Value::Tags(list) => Item::List(list.clone()),
            _ => return Err(NoValue::Mismatch),
        })
    }

    /// The value of a field; it must be of its type.
    fn into_value(self, field: &Field) -> Result<Value, NoValue> {
        use crate::FieldType;
        Ok(match (field.ty, self) {
            (FieldType::Number, Item::Number(n)) => Value::Number(n.to_f64().ok_or(NoValue::TooLarge)?),
            (FieldType::Money, Item::Money(m)) => Value::Money(m),
            (FieldType::Date, Item::Date(d)) => {
                Value::Date(PartialDate::new(Some(d.year()), d.month(), d.day()).ok_or(NoValue::TooLarge)?)
            }
            (FieldType::YesNo, Item::YesNo(b)) => Value::YesNo(b),
            (FieldType::Text, item @ (Item::Text(_) | Item::List(_))) => {
                let text = item.into_text();
                match text.chars().count() {
                    0 => return Err(NoValue::Nothing),
                    n if n > MAX_TEXT => return Err(NoValue::TooLarge),
                    _ => Value::Text(text),
                }
            }
            _ => return Err(NoValue::Mismatch),
        })
    }

    fn into_text(self) -> String {
        match self {
            Item::Number(n) => n.normalize().to_string(),
            Item::Money(m) => m.to_string(),
            Item::Date(d) => d.to_string(),
            Item::Text(s) => s,
            Item::YesNo(b) => if b { "yes" } else { "no" }.to_owned(),
            Item::List(list) => list.join(", "),
        }
    }
}

fn whole_date(date: &PartialDate) -> Result<Date, NoValue> {
    Date::new(date.year.ok_or(NoValue::NoYear)?, date.month, date.day).map_err(|_| NoValue::NoYear)
}

fn money(minor: Decimal, currency: String) -> Worked {
    let minor = minor.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    Ok(Item::Money(Money { minor: minor.to_i64().ok_or(NoValue::TooLarge)?, currency }))
}

fn same_currency(left: &Money, right: &Money) -> Result<(), NoValue> {
    match left.currency == right.currency {
        true => Ok(()),
        false => Err(NoValue::Currencies { left: left.currency.clone(), right: right.currency.clone() }),
    }
}

struct Record<'a> {
    kind: Kind,
    fields: &'a Fields,
    reasons: &'a Reckoned,
    catalogue: &'a Catalogue,
    today: Option<Date>,
}

impl Record<'_> {
    fn node(&self, node: &Node) -> Worked {
        match node {
            Node::Number(n) => Ok(Item::Number(*n)),
            Node::Text(text) => Ok(Item::Text(text.clone())),
            Node::YesNo(b) => Ok(Item::YesNo(*b)),
            Node::Field(key) => self.field(key),
            Node::Not(inner) => Ok(Item::YesNo(!self.yes(inner)?)),
            Node::Minus(inner) => match self.node(inner)? {
                Item::Number(n) => Ok(Item::Number(-n)),
                Item::Money(m) => {
                    Ok(Item::Money(Money { minor: m.minor.checked_neg().ok_or(NoValue::TooLarge)?, ..m }))
                }
                _ => Err(NoValue::Mismatch),
            },
            Node::Binary(operator, left, right) => self.binary(*operator, left, right),
            Node::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    fn field(&self, key: &str) -> Worked {
        if let Some(reason) = self.reasons.get(key) {
            return Err(reason.clone());
        }
        let field = self.catalogue.field(self.kind, key).filter(|f| !f.hidden);
        let Some(field) = field else { return Err(NoValue::Gone { field: key.to_owned() }) };
        match self.fields.get(key) {
            Some(value) => Item::of(value),
            // A box that nobody has ticked says no.
            None if field.ty == crate::FieldType::YesNo => Ok(Item::YesNo(false)),
            None => Err(NoValue::Empty { field: field.key.clone() }),
        }
    }

    fn yes(&self, node: &Node) -> Result<bool, NoValue> {
        match self.node(node)? {
            Item::YesNo(b) => Ok(b),
            _ => Err(NoValue::Mismatch),
        }
    }

    fn binary(&self, operator: Binary, left: &Node, right: &Node) -> Worked {
        match operator {
            Binary::And => return Ok(Item::YesNo(self.yes(left)? && self.yes(right)?)),
            Binary::Or => return Ok(Item::YesNo(self.yes(left)? || self.yes(right)?)),
            Binary::Join => {
                let text = self.said(left)? + &self.said(right)?;
                return if text.len() > MAX_JOINED { Err(NoValue::TooLarge) } else { Ok(Item::Text(text)) };
            }
            _ => {}
        }
        let (left, right) = (self.node(left)?, self.node(right)?);
        match operator {
            Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide => {
                reckon(operator, left, right)
            }
            _ => compare(operator, &left, &right),
        }
    }

    /// For joining: what is empty is no text.
    fn said(&self, node: &Node) -> Result<String, NoValue> {
        match self.node(node) {
            Ok(item) => Ok(item.into_text()),
            Err(NoValue::Empty { .. } | NoValue::Nothing) => Ok(String::new()),
            Err(reason) => Err(reason),
        }
    }

    fn call(&self, function: Function, arguments: &[Node]) -> Worked {
        let nth = |n: usize| arguments.get(n).ok_or(NoValue::Mismatch);
        let first = || self.node(nth(0)?);
        let date = |n: usize| match self.node(nth(n)?)? {
            Item::Date(d) => Ok(d),
            _ => Err(NoValue::Mismatch),
        };
        let number = |n: i64| Ok(Item::Number(Decimal::from(n)));
        match function {
            Function::If => match (self.yes(nth(0)?)?, arguments.get(2)) {
                (true, _) => self.node(nth(1)?),
                (false, Some(otherwise)) => self.node(otherwise),
                (false, None) => Err(NoValue::Nothing),
            },
            Function::Round => {
                let digits = match arguments.get(1) {
                    Some(node) => match self.node(node)? {
                        Item::Number(n) => n.to_u32().filter(|n| *n <= 12).ok_or(NoValue::TooLarge)?,
                        _ => return Err(NoValue::Mismatch),
                    },
                    None => 0,
                };
                round(first()?, digits)
            }
            Function::Abs => match first()? {
                Item::Number(n) => Ok(Item::Number(n.abs())),
                Item::Money(m) => {
                    Ok(Item::Money(Money { minor: m.minor.checked_abs().ok_or(NoValue::TooLarge)?, ..m }))
                }
                _ => Err(NoValue::Mismatch),
            },
            Function::Min | Function::Max => {
                let mut best = first()?;
                for node in arguments.iter().skip(1) {
                    let item = self.node(node)?;
                    let operator = if function == Function::Min { Binary::Lt } else { Binary::Gt };
                    if compare(operator, &item, &best)? == Item::YesNo(true) {
                        best = item;
                    }
                }
                Ok(best)
            }
            Function::Empty => match first() {
                Ok(_) => Ok(Item::YesNo(false)),
                Err(NoValue::Empty { .. } | NoValue::Nothing) => Ok(Item::YesNo(true)),
                Err(reason) => Err(reason),
            },
            Function::Default => match first() {
                Err(NoValue::Empty { .. } | NoValue::Nothing) => self.node(nth(1)?),
                other => other,
            },
            Function::Days => days(date(0)?, date(1)?),
            Function::Year => number(i64::from(date(0)?.year())),
            Function::Month => number(i64::from(date(0)?.month())),
            Function::Day => number(i64::from(date(0)?.day())),
            Function::Today => self.today.map(Item::Date).ok_or(NoValue::Today),
            Function::Amount => match first()? {
                Item::Money(m) => {
                    let digits = exponent(&m.currency)
                        .ok_or_else(|| NoValue::NoCurrency { currency: m.currency.clone() })?;
                    Ok(Item::Number(Decimal::new(m.minor, digits)))
                }
                _ => Err(NoValue::Mismatch),
            },
            Function::Money => match (first()?, self.node(nth(1)?)?) {
                (Item::Number(n), Item::Text(currency)) => {
                    let currency = currency.trim().to_ascii_uppercase();
                    let digits = exponent(&currency)
                        .ok_or_else(|| NoValue::NoCurrency { currency: currency.clone() })?;
                    let unit = Decimal::from(10_u64.pow(digits.min(6)));
                    money(n.checked_mul(unit).ok_or(NoValue::TooLarge)?, currency)
                }
                _ => Err(NoValue::Mismatch),
            },
            Function::Has => match (first(), self.node(nth(1)?)?) {
                (Err(NoValue::Empty { .. }), Item::Text(_)) => Ok(Item::YesNo(false)),
                (Ok(Item::List(list)), Item::Text(text)) => {
                    Ok(Item::YesNo(list.iter().any(|item| fold(item) == fold(&text))))
                }
                (Err(reason), _) => Err(reason),
                _ => Err(NoValue::Mismatch),
            },
        }
    }
}

fn round(item: Item, digits: u32) -> Worked {
    let half_up =
        |n: Decimal, digits| n.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    match item {
        Item::Number(n) => Ok(Item::Number(half_up(n, digits))),
        Item::Money(m) => {
            let exponent =
                exponent(&m.currency).ok_or_else(|| NoValue::NoCurrency { currency: m.currency.clone() })?;
            let rounded = half_up(Decimal::new(m.minor, exponent), digits);
            let unit = Decimal::from(10_u64.pow(exponent.min(6)));
            money(rounded.checked_mul(unit).ok_or(NoValue::TooLarge)?, m.currency)
        }
        _ => Err(NoValue::Mismatch),
    }
}

fn days(later: Date, earlier: Date) -> Worked {
    let span = later.since((jiff::Unit::Day, earlier)).map_err(|_| NoValue::TooLarge)?;
    Ok(Item::Number(Decimal::from(span.get_days())))
}

fn reckon(operator: Binary, left: Item, right: Item) -> Worked {
    use Binary::{Add, Divide, Multiply, Subtract};
    let large = || NoValue::TooLarge;
    match (operator, left, right) {
        (Divide, _, Item::Number(n)) if n.is_zero() => Err(NoValue::Zero),
        (Add, Item::Number(a), Item::Number(b)) => a.checked_add(b).map(Item::Number).ok_or_else(large),
        (Subtract, Item::Number(a), Item::Number(b)) => a.checked_sub(b).map(Item::Number).ok_or_else(large),
        (Multiply, Item::Number(a), Item::Number(b)) => a.checked_mul(b).map(Item::Number).ok_or_else(large),
        (Divide, Item::Number(a), Item::Number(b)) => a.checked_div(b).map(Item::Number).ok_or_else(large),
        (Add | Subtract, Item::Money(a), Item::Money(b)) => {
            same_currency(&a, &b)?;
            let minor = match operator {
                Add => a.minor.checked_add(b.minor),
                _ => a.minor.checked_sub(b.minor),
            };
            Ok(Item::Money(Money { minor: minor.ok_or_else(large)?, ..a }))
        }
        (Multiply, Item::Money(m), Item::Number(n)) | (Multiply, Item::Number(n), Item::Money(m)) => {
            money(Decimal::from(m.minor).checked_mul(n).ok_or_else(large)?, m.currency)
        }
        (Divide, Item::Money(m), Item::Number(n)) => {
            money(Decimal::from(m.minor).checked_div(n).ok_or_else(large)?, m.currency)
        }
        (Divide, Item::Money(a), Item::Money(b)) => {
            same_currency(&a, &b)?;
            let by = Decimal::from(b.minor);
            match by.is_zero() {
                true => Err(NoValue::Zero),
                false => Decimal::from(a.minor).checked_div(by).map(Item::Number).ok_or_else(large),
            }
        }
        (Subtract, Item::Date(a), Item::Date(b)) => days(a, b),
        (Add | Subtract, Item::Date(date), Item::Number(n)) => {
            let n = n.trunc().to_i64().filter(|n| n.abs() < 4_000_000).ok_or_else(large)?;
            let moved = date.checked_add(if operator == Add { n } else { -n }.days());
            moved.map(Item::Date).map_err(|_| large())
        }
        _ => Err(NoValue::Mismatch),
    }
}

fn compare(operator: Binary, left: &Item, right: &Item) -> Worked {
    use std::cmp::Ordering;
    let order = match (left, right) {
        (Item::Number(a), Item::Number(b)) => a.cmp(b),
        (Item::Money(a), Item::Money(b)) => {
            same_currency(a, b)?;
            a.minor.cmp(&b.minor)
        }
        (Item::Date(a), Item::Date(b)) => a.cmp(b),
        (Item::Text(a), Item::Text(b)) => fold(a).cmp(&fold(b)),
        (Item::YesNo(a), Item::YesNo(b)) => a.cmp(b),
        (Item::List(a), Item::List(b)) => a.cmp(b),
        _ => return Err(NoValue::Mismatch),
    };
    Ok(Item::YesNo(match operator {
        Binary::Eq => order == Ordering::Equal,
        Binary::Ne => order != Ordering::Equal,
        Binary::Lt => order == Ordering::Less,
        Binary::Le => order != Ordering::Greater,
        Binary::Gt => order == Ordering::Greater,
        Binary::Ge => order != Ordering::Less,
        _ => return Err(NoValue::Mismatch),
    }))
}
