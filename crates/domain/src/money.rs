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

impl Money {
    /// Reads `1250`, `1,250.00`, `1.250,00 EUR`, `€1250`, `¥1,250`; without a currency, `default` is taken.
    pub fn parse(text: &str, default: &str) -> Option<Self> {
        let text = text.trim();
        let code: String =
            text.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_uppercase();
        let currency = match text.chars().find(|c| "€$£¥￥₹".contains(*c)) {
            _ if is_currency(&code) => code,
            _ if !code.is_empty() => return None,
            Some('€') => "EUR".into(),
            Some('£') => "GBP".into(),
            Some('₹') => "INR".into(),
            Some('$') => "USD".into(),
            Some(_) if default == "JPY" => "JPY".into(),
            Some(_) => "CNY".into(),
            None => default.to_owned(),
        };
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
        assert_eq!(Money::parse("much", "EUR"), None);
        for none in ["12 XXX", "12 XTS", "12 xxx"] {
            assert_eq!(Money::parse(none, "EUR"), None, "{none}");
        }
        assert_eq!(Money::parse("12", "XXX"), None);
        assert_eq!(Money::parse("99999999999999999999", "EUR"), None);
    }
}
