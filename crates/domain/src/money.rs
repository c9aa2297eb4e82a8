//! Money: an integer of minor units and an ISO 4217 code, never a float.

use iso_currency::Currency;
use serde::{Deserialize, Serialize};
use std::fmt;

/// `{"minor":125000,"currency":"EUR"}` is 1,250.00 euros.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    pub currency: String,
}

/// How many decimals a currency has, if there is such a currency.
pub fn exponent(currency: &str) -> Option<u32> {
    let known = Currency::from_code(currency)?;
    Some(known.exponent().map_or(0, u32::from))
}

/// Whether amounts may be in it: `XXX` is no currency, and `XTS` is one for tests only (ISO 4217).
pub fn is_currency(code: &str) -> bool {
    exponent(code).is_some() && !matches!(code, "XXX" | "XTS")
}

/// What a currency is called where its code is not written, by its letters and signs without points.
const NAMES: [(&str, &str); 34] = [
    ("€", "EUR"),
    ("EURO", "EUR"),
    ("EUROS", "EUR"),
    ("欧元", "EUR"),
    ("£", "GBP"),
    ("英镑", "GBP"),
    ("₹", "INR"),
    ("$", "USD"),
    ("US$", "USD"),
    ("美元", "USD"),
    ("HK$", "HKD"),
    ("港币", "HKD"),
    ("港元", "HKD"),
    ("NT$", "TWD"),
    ("A$", "AUD"),
    ("AU$", "AUD"),
    ("C$", "CAD"),
    ("CA$", "CAD"),
    ("NZ$", "NZD"),
    ("S$", "SGD"),
    ("R$", "BRL"),
    ("RMB", "CNY"),
    ("RMB¥", "CNY"),
    ("元", "CNY"),
    ("人民币", "CNY"),
    ("円", "JPY"),
    ("日元", "JPY"),
    ("₩", "KRW"),
    ("₽", "RUB"),
    ("РУБ", "RUB"),
    ("ZŁ", "PLN"),
    ("KČ", "CZK"),
    ("FR", "CHF"),
    ("SFR", "CHF"),
];
/// The currencies that are all called `kr`.
const CROWNS: [&str; 4] = ["SEK", "NOK", "DKK", "ISK"];

/// The currency that letters and signs mean: `EUR`, `€`, `kr`; where several are called so, `default` if it is one of them.
pub fn named(name: &str, default: &str) -> Option<String> {
    let plain: String = name.chars().filter(|c| c.is_alphabetic() || "€$£¥￥₹₩₽".contains(*c)).collect();
    let plain = plain.to_uppercase();
    let letters: String = plain.chars().filter(|c| c.is_alphabetic()).collect();
    match plain.as_str() {
        _ if is_currency(&letters) => Some(letters),
        "KR" => CROWNS.contains(&default).then(|| default.to_owned()),
        "¥" | "￥" if default == "JPY" => Some("JPY".to_owned()),
        "¥" | "￥" => Some("CNY".to_owned()),
        other => NAMES.iter().find(|(known, _)| *known == other).map(|(_, code)| (*code).to_owned()),
    }
}

impl Money {
    /// Reads `1250`, `1,250.00`, `1.250,00 EUR`, `€1250`, `¥1,250`, `12 000 kr`; without a currency, `default` is taken.
    pub fn parse(text: &str, default: &str) -> Option<Self> {
        let text = text.trim();
        let said: String = text.chars().filter(|c| c.is_alphabetic() || "€$£¥￥₹₩₽".contains(*c)).collect();
        let currency = if said.is_empty() { default.to_owned() } else { named(&said, default)? };
        let exponent = exponent(&currency).filter(|_| is_currency(&currency))?;
        let minor = minor_units(text, exponent)?;
        Some(Self { minor, currency })
    }
}

impl Money {
    /// For comparing only: as a number of whole units.
    #[allow(clippy::cast_precision_loss)]
    pub fn amount(&self) -> f64 {
        self.minor as f64 / 10_f64.powi(exponent(&self.currency).unwrap_or(2).cast_signed())
    }
}

fn minor_units(text: &str, exponent: u32) -> Option<i64> {
    let negative = text.contains('-') || text.starts_with('(');
    let number: String = text.chars().filter(|c| c.is_ascii_digit() || ".,".contains(*c)).collect();
    // The last mark is the decimal one if one or two digits follow it, or as many as the currency has.
    let decimal = number.rfind(['.', ',']).filter(|at| {
        let digits = number.len() - at - 1;
        digits != 3 || exponent == 3
    });
    let (whole, fraction) = match decimal {
        Some(at) => (number.get(..at)?, number.get(at + 1..)?),
        None => (number.as_str(), ""),
    };
    // What is left before it are groups of three, all divided by the same mark.
    let mut groups = whole.split(['.', ',']);
    let first = groups.next().unwrap_or_default();
    let grouped = groups.clone().next().is_some();
    let marks: Vec<char> = whole.chars().filter(|c| ".,".contains(*c)).collect();
    if marks.windows(2).any(|m| m.first() != m.last())
        || groups.any(|g| g.len() != 3)
        || grouped && !(1..=3).contains(&first.len())
        || fraction.trim_end_matches('0').len() > usize::try_from(exponent).ok()?
    {
        return None;
    }
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let width = usize::try_from(exponent).ok()?;
    let fraction: String = fraction.chars().filter(char::is_ascii_digit).take(width).collect();
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let minor: i64 = format!("{whole}{fraction:0<width$}").parse().ok()?;
    Some(if negative { -minor } else { minor })
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = usize::try_from(exponent(&self.currency).unwrap_or(2)).unwrap_or(2);
        let unit = 10_i64.pow(u32::try_from(width).unwrap_or(2));
        let sign = if self.minor < 0 { "-" } else { "" };
        let (whole, rest) = (
            self.minor.unsigned_abs() / unit.unsigned_abs(),
            self.minor.unsigned_abs() % unit.unsigned_abs(),
        );
        if width == 0 {
            write!(f, "{sign}{whole} {}", self.currency)
        } else {
            write!(f, "{sign}{whole}.{rest:0width$} {}", self.currency)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_both_notations() {
        let check = |text: &str, want: &str| {
            assert_eq!(Money::parse(text, "EUR").map(|m| m.to_string()).as_deref(), Some(want), "{text}");
        };
        check("1250", "1250.00 EUR");
        check("1,250.50", "1250.50 EUR");
        check("1.250,5", "1250.50 EUR");
        check("$1,250", "1250.00 USD");
        check("1250 JPY", "1250 JPY");
        check("-3.10", "-3.10 EUR");
        check("1.234 KWD", "1.234 KWD");
        check("1.234,56 €", "1234.56 EUR");
        check("¥12,000", "12000.00 CNY");
        check("12\u{a0}000 zł", "12000.00 PLN");
        check("HK$ 12", "12.00 HKD");
        check("3000元", "3000.00 CNY");
        check("1'250.50 CHF", "1250.50 CHF");
        assert_eq!(Money::parse("12 000 kr", "EUR"), None, "four countries have crowns");
        assert_eq!(Money::parse("12 000 kr", "SEK").map(|m| m.to_string()).as_deref(), Some("12000.00 SEK"));
        assert_eq!(Money::parse(&"9".repeat(40), "EUR"), None);
        assert_eq!(Money::parse("much", "EUR"), None);
        for none in ["12 XXX", "12 XTS", "12 xxx"] {
            assert_eq!(Money::parse(none, "EUR"), None, "{none}");
        }
        assert_eq!(Money::parse("12", "XXX"), None);
        assert_eq!(Money::parse("99999999999999999999", "EUR"), None);
    }
}
