//! What a quote offers, and what that comes to. Sums are counted in decimals and rounded as invoices are: half a cent
//! away from nothing, each line by itself, the tax once for each rate.

use crate::{
    ids::RecordId,
    money::{self, Money},
    value::{Fields, MAX_TEXT, Value, ValueError, clean},
};
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Lines of one quote.
pub const MAX_LINES: usize = 500;
/// A line's quantity, and an amount of whole units, are below it.
const MOST: i64 = 1_000_000_000;
/// Decimals of a quantity or a percentage.
const DECIMALS: u32 = 4;

/// How far a quote has come.
pub const STATUSES: [&str; 5] = ["draft", "sent", "accepted", "declined", "superseded"];

/// One line of a quote. What the product is called and costs is copied: a price list may change, an offer does not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<RecordId>,
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unit: String,
    #[serde(serialize_with = "plain")]
    pub quantity: Decimal,
    pub unit_price: Option<Money>,
    /// Percent off.
    #[serde(serialize_with = "plain")]
    pub discount: Decimal,
    /// Percent; none: as the product says, and else no tax.
    #[serde(serialize_with = "plain_if_any", skip_serializing_if = "Option::is_none")]
    pub tax: Option<Decimal>,
}

/// As the numbers of JSON are: what fits into a line is exact in them, too.
fn plain<S: serde::Serializer>(number: &Decimal, to: S) -> Result<S::Ok, S::Error> {
    match number.is_integer() {
        true => to.serialize_i64(number.to_i64().unwrap_or_default()),
        false => to.serialize_f64(number.to_f64().unwrap_or_default()),
    }
}

fn plain_if_any<S: serde::Serializer>(number: &Option<Decimal>, to: S) -> Result<S::Ok, S::Error> {
    plain(&number.unwrap_or_default(), to)
}

/// The parts of a line that are registers of their own.
const PARTS: [&str; 8] =
    ["product", "name", "description", "unit", "quantity", "unit_price", "discount", "tax"];

impl Line {
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, String)> {
        PARTS.into_iter().map(|part| (part, self.part(part)))
    }

    fn part(&self, part: &str) -> String {
        let unless_zero = |n: Decimal| if n.is_zero() { String::new() } else { n.normalize().to_string() };
        match part {
            "product" => self.product.map(|id| id.to_string()).unwrap_or_default(),
            "name" => self.name.clone(),
            "description" => self.description.clone(),
            "unit" => self.unit.clone(),
            "quantity" => self.quantity.normalize().to_string(),
            "unit_price" => {
                self.unit_price.as_ref().map(|m| format!("{} {}", m.minor, m.currency)).unwrap_or_default()
            }
            "discount" => unless_zero(self.discount),
            _ => unless_zero(self.rate()),
        }
    }

    /// Takes a part over as a register has it; what cannot be read is left out.
    pub fn take(&mut self, part: &str, value: &str) {
        match part {
            "product" => self.product = value.parse().ok(),
            "name" => value.clone_into(&mut self.name),
            "description" => value.clone_into(&mut self.description),
            "unit" => value.clone_into(&mut self.unit),
            "quantity" => self.quantity = value.parse().unwrap_or_default(),
            "unit_price" => {
                let money = value.split_once(' ').and_then(|(minor, currency)| {
                    Some(Money { minor: minor.parse().ok()?, currency: currency.to_owned() })
                });
                self.unit_price = money;
            }
            "discount" => self.discount = value.parse().unwrap_or_default(),
            "tax" => self.tax = value.parse().ok(),
            _ => {}
        }
    }

    /// Its tax in percent.
    pub fn rate(&self) -> Decimal {
        self.tax.unwrap_or_default().normalize()
    }

    pub fn is_empty(&self) -> bool {
        self.name.is_empty() && self.unit_price.is_none() && self.product.is_none()
    }

    /// The line as somebody gave it, checked.
    pub fn checked(self) -> Result<Self, ValueError> {
        let short = |text: &str, lines: bool| {
            let text = clean(text, lines);
            let length = text.chars().count();
            match length <= MAX_TEXT {
                true => Ok(text),
                false => Err(ValueError::TooLong { length, limit: MAX_TEXT }),
            }
        };
        let percent = |n: Decimal| {
            let fits = n >= Decimal::ZERO && n <= Decimal::ONE_HUNDRED && n.scale() <= DECIMALS;
            if fits { Ok(n.normalize()) } else { Err(ValueError::Shape("a percentage between 0 and 100")) }
        };
        let most = Decimal::from(MOST);
        if self.quantity.abs() >= most || self.quantity.normalize().scale() > DECIMALS {
            return Err(ValueError::Shape("a quantity below a thousand million, with at most four decimals"));
        }
        if let Some(price) = &self.unit_price {
            let exponent = money::exponent(&price.currency);
            let exponent = exponent.ok_or_else(|| ValueError::Money(format!("«{}»", price.currency)))?;
            if Decimal::from(price.minor).abs() >= most * Decimal::from(10_i64.pow(exponent)) {
                return Err(ValueError::Shape("a price below a thousand million"));
            }
        }
        Ok(Self {
            id: self.id,
            product: self.product,
            name: short(&self.name, false)?,
            description: short(&self.description, true)?,
            unit: short(&self.unit, false)?,
            quantity: self.quantity.normalize(),
            unit_price: self.unit_price,
            discount: percent(self.discount)?,
            tax: self.tax.map(percent).transpose()?,
        })
    }

    /// What the line costs before tax, in minor units.
    pub fn net(&self) -> Option<i64> {
        let price = Decimal::from(self.unit_price.as_ref()?.minor);
        let share = Decimal::ONE.checked_sub(self.discount.checked_div(Decimal::ONE_HUNDRED)?)?;
        whole(price.checked_mul(self.quantity)?.checked_mul(share)?)
    }
}

fn whole(amount: Decimal) -> Option<i64> {
    amount.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_i64()
}

/// The tax at one rate.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct Tax {
    /// Percent.
    pub rate: String,
    #[specta(type = f64)]
    pub base: i64,
    #[specta(type = f64)]
    pub tax: i64,
}

/// What a quote comes to, in minor units of its currency.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct Totals {
    pub currency: String,
    /// What each line costs, in their order.
    #[specta(type = Vec<f64>)]
    pub lines: Vec<i64>,
    #[specta(type = f64)]
    pub subtotal: i64,
    /// What the discount on the whole takes off.
    #[specta(type = f64)]
    pub discount: i64,
    #[specta(type = f64)]
    pub net: i64,
    pub taxes: Vec<Tax>,
    #[specta(type = f64)]
    pub total: i64,
}

/// Why a quote comes to nothing that could be named.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum QuoteError {
    #[error("the quote has no line with a price yet; add a product, or a line with a price")]
    Nothing,
    #[error("a quote is in one currency, this one has prices in {0} and {1}; change one of them")]
    Currencies(String, String),
    #[error("the amounts of the quote are too large to be added up")]
    TooLarge,
}

/// What these lines come to, with so many percent off on the whole.
pub fn totals(lines: &[Line], discount: Decimal) -> Result<Totals, QuoteError> {
    let mut currency: Option<&str> = None;
    for price in lines.iter().filter_map(|l| l.unit_price.as_ref()) {
        match currency {
            Some(other) if other != price.currency => {
                return Err(QuoteError::Currencies(other.to_owned(), price.currency.clone()));
            }
            _ => currency = Some(&price.currency),
        }
    }
    let currency = currency.ok_or(QuoteError::Nothing)?.to_owned();
    sums(lines, discount, currency).ok_or(QuoteError::TooLarge)
}

fn sums(lines: &[Line], discount: Decimal, currency: String) -> Option<Totals> {
    let mut nets = Vec::with_capacity(lines.len());
    let mut by_rate: BTreeMap<Decimal, i64> = BTreeMap::new();
    for line in lines {
        let net = if line.unit_price.is_some() { line.net()? } else { 0 };
        let base = by_rate.entry(line.rate()).or_default();
        *base = base.checked_add(net)?;
        nets.push(net);
    }
    let hundred = Decimal::ONE_HUNDRED;
    let share = Decimal::ONE.checked_sub(discount.checked_div(hundred)?)?;
    let (mut subtotal, mut net, mut tax, mut taxes) = (0_i64, 0_i64, 0_i64, Vec::new());
    for (rate, all) in by_rate {
        let base = whole(Decimal::from(all).checked_mul(share)?)?;
        let due = whole(Decimal::from(base).checked_mul(rate)?.checked_div(hundred)?)?;
        subtotal = subtotal.checked_add(all)?;
        net = net.checked_add(base)?;
        tax = tax.checked_add(due)?;
        if !rate.is_zero() {
            taxes.push(Tax { rate: rate.to_string(), base, tax: due });
        }
    }
    let total = net.checked_add(tax)?;
    Some(Totals { currency, lines: nets, subtotal, discount: subtotal.checked_sub(net)?, net, taxes, total })
}

/// What the quote that has these fields comes to.
pub fn totals_of(fields: &Fields) -> Result<Totals, QuoteError> {
    let lines = match fields.get("lines") {
        Some(Value::Lines(lines)) => lines.as_slice(),
        _ => &[],
    };
    totals(lines, discount_of(fields))
}

fn discount_of(fields: &Fields) -> Decimal {
    match fields.get("discount") {
        Some(Value::Number(percent)) => {
            let percent = Decimal::try_from(*percent).unwrap_or_default().round_dp(DECIMALS);
            percent.clamp(Decimal::ZERO, Decimal::ONE_HUNDRED)
        }
        _ => Decimal::ZERO,
    }
}

/// A colour as `#7a4a21`.
pub fn colour(text: &str) -> Option<[u8; 3]> {
    let digits =
        text.trim().strip_prefix('#').filter(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([red, green, blue])
}

/// The number of a version: the first has that of the quote, the second `…/2`; one that is made on another device than
/// the first says which, so that two who revise a quote at once make two numbers.
pub fn version_number(root: &str, version: u32, code: &str) -> String {
    let own = root.split('-').nth(1) == Some(code);
    match (version, own) {
        (..=1, _) => root.to_owned(),
        (_, true) => format!("{root}/{version}"),
        (_, false) => format!("{root}/{version}-{code}"),
    }
}

/// Which version of the quote with this root a number is, if it is one.
pub fn version_of(number: &str, root: &str) -> Option<u32> {
    let version = number.strip_prefix(root)?.strip_prefix('/')?;
    let (digits, code) = version.split_once('-').unwrap_or((version, "A"));
    let sound = !code.is_empty() && code.bytes().all(|b| b.is_ascii_uppercase());
    digits.parse().ok().filter(|n: &u32| sound && *n <= MOST_VERSIONS)
}

/// The number of the first version of a quote, from that of any; what people write with a stroke is no version.
pub fn root_of(number: &str, version: u32) -> &str {
    let cut = number.rsplit_once('/').filter(|(root, _)| version_of(number, root) == Some(version));
    cut.filter(|_| version > 1).map_or(number, |(root, _)| root)
}

/// More is a number of somebody else's.
const MOST_VERSIONS: u32 = 999_999;

/// The beginning of the numbers that a device gives in a year: `2026-K7Q-`.
pub fn number_prefix(year: i16, code: &str) -> String {
    format!("{year}-{code}-")
}

/// Letters that a code has at least.
const LETTERS: usize = 4;

/// Who gives numbers: a device in one of its incarnations. A restored or copied device has another, and so never a number
/// twice.
pub type Writer = ([u8; 16], u64);

/// The code of a writer among those that it knows of: as few letters of its hash as tell it from all the others.
pub fn writer_code(own: &Writer, others: &[Writer]) -> String {
    let own_letters = letters(own);
    let shared = others.iter().filter(|o| *o != own).map(|other| common(&own_letters, &letters(other)));
    let length = shared.max().map_or(LETTERS, |shared| (shared + 1).max(LETTERS));
    own_letters.chars().take(length).collect()
}

fn common(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count()
}

/// Sixteen letters that read well aloud.
fn letters((device, incarnation): &Writer) -> String {
    const ALPHABET: &[u8; 20] = b"ABCDEFGHJKLMNPQRSTXY";
    let mixed = uuid::Uuid::new_v5(&uuid::Uuid::from_bytes(*device), &incarnation.to_be_bytes());
    let letter = |byte: &u8| ALPHABET.get(usize::from(*byte) % ALPHABET.len()).copied().map(char::from);
    mixed.as_bytes().iter().filter_map(letter).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(quantity: &str, minor: i64, discount: &str, tax: &str) -> Line {
        Line {
            name: "Pump".into(),
            quantity: quantity.parse().unwrap(),
            unit_price: Some(Money { minor, currency: "EUR".into() }),
            discount: discount.parse().unwrap(),
            tax: tax.parse().ok(),
            ..Line::default()
        }
    }

    #[test]
    fn sums_are_those_of_an_invoice() {
        let lines = [line("3", 3333, "0", "21"), line("1.5", 1001, "10", "10"), line("1", 50, "0", "0")];
        let sums = totals(&lines, Decimal::from(5)).unwrap();
        // 1.5 x 10.01 less a tenth is 13.5135.
        assert_eq!(sums.lines, [9999, 1351, 50]);
        // Five percent off each rate: 47.5 to 48, 1283.45 to 1283, 9499.05 to 9499.
        assert_eq!((sums.subtotal, sums.net, sums.discount), (11_400, 48 + 1283 + 9499, 570));
        let tax = |rate: &str, base, tax| Tax { rate: rate.into(), base, tax };
        assert_eq!(sums.taxes, [tax("10", 1283, 128), tax("21", 9499, 1995)]);
        assert_eq!(sums.total, 10_830 + 128 + 1995);
        // Half a cent goes away from nothing, also for what is taken back.
        assert_eq!((line("0.5", 1, "0", "0").net(), line("-0.5", 1, "0", "0").net()), (Some(1), Some(-1)));
    }

    #[test]
    fn what_cannot_be_added_up_says_why() {
        assert_eq!(totals(&[], Decimal::ZERO), Err(QuoteError::Nothing));
        let mut dollars = line("1", 1, "0", "0");
        dollars.unit_price = Some(Money { minor: 1, currency: "USD".into() });
        let mixed = totals(&[line("1", 1, "0", "0"), dollars], Decimal::ZERO);
        assert_eq!(mixed, Err(QuoteError::Currencies("EUR".into(), "USD".into())));
        let huge = totals(&[line("999999999", i64::MAX, "0", "0")], Decimal::ZERO);
        assert_eq!(huge, Err(QuoteError::TooLarge));
        assert!(line("0.00001", 1, "0", "0").checked().is_err());
        assert!(line("1", 1, "100.5", "0").checked().is_err());
        assert!(line("1", MOST * 100, "0", "0").checked().is_err());
    }

    #[test]
    fn numbers_never_meet() {
        let (one, restored) = (([1; 16], 1), ([1; 16], 2));
        let code = writer_code(&one, &[one, restored]);
        assert_eq!(code.len(), 4);
        assert_ne!(code, writer_code(&restored, &[one, restored]));
        // Of many, some begin alike; they take more letters.
        let many: Vec<Writer> = (0..3000_u128).map(|n| (n.to_be_bytes(), 7)).collect();
        let codes: std::collections::BTreeSet<String> = many.iter().map(|w| writer_code(w, &many)).collect();
        assert_eq!(codes.len(), many.len());
        assert_eq!(version_number("2026-ABC-001", 1, "ABC"), "2026-ABC-001");
        assert_eq!(version_number("2026-ABC-001", 2, "ABC"), "2026-ABC-001/2");
        assert_eq!(version_number("2026-ABC-001", 2, "XYK"), "2026-ABC-001/2-XYK");
    }

    proptest! {
        #[test]
        fn parts_add_up(quantities in prop::collection::vec((-1000_i64..1000, 0_i64..1_000_000, 0_u32..=100, 0_u32..=30), 1..20), off in 0_u32..=100) {
            let lines: Vec<Line> = quantities.iter().map(|(q, minor, discount, tax)| Line {
                quantity: Decimal::new(*q, 2),
                ..line("1", *minor, &discount.to_string(), &tax.to_string())
            }).collect();
            let sums = totals(&lines, Decimal::from(off)).unwrap();
            prop_assert_eq!(sums.subtotal, sums.lines.iter().sum::<i64>());
            prop_assert_eq!(sums.net, sums.subtotal - sums.discount);
            prop_assert_eq!(sums.total, sums.net + sums.taxes.iter().map(|t| t.tax).sum::<i64>());
        }
    }
}
