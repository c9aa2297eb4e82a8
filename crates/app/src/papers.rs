//! Quotes as papers that the firm gives away: what is written where, in which words. `satchel-paper` lays it out.

use crate::{
    AppError, Session,
    error::Code,
    output,
    views::{Notice, PaperLanguage, Written, WrittenFile},
};
use satchel_domain::{
    Kind, RecordId,
    money::{Money, exponent},
    projection::fields_of,
    quote::{self, Line, Totals},
};
use satchel_paper::{Language, Letterhead, PaperSize, limits};
use serde_json::{Map, Value as Json};
use std::{fs::File, io::Read, path::Path};

impl Session {
    /// Writes a quote as PDF, readable by its owner only.
    pub fn write_quote_pdf(
        &self,
        id: RecordId,
        language: PaperLanguage,
        path: &Path,
    ) -> Result<WrittenFile, AppError> {
        output::check(&self.vault(), path)?;
        let (bytes, notices) = self.quote_pdf(id, language)?;
        output::write_private(&self.vault(), path, &bytes)?;
        self.note_leaving("quote", 1, [])?;
        Ok(WrittenFile { bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX), notices })
    }

    /// A quote as PDF, and what it goes without: the customer waits for the quote, not for the logo.
    pub(crate) fn quote_pdf(
        &self,
        id: RecordId,
        language: PaperLanguage,
    ) -> Result<(Vec<u8>, Vec<Notice>), AppError> {
        let view = self.get(id)?;
        let fields = fields_of(Kind::Quote, &self.registers_of_quote(id)?, &self.catalogue());
        let sums = quote::totals_of(&fields).map_err(|e| AppError::refused(e.to_string()))?;
        let lines = match fields.get("lines") {
            Some(satchel_domain::Value::Lines(lines)) => lines.as_slice(),
            _ => &[],
        };
        let words = Words::of(language);
        let mut notices = Vec::new();
        let mut letterhead = self.head_of_papers()?;
        let mut logo = String::new();
        if let Some((name, picture)) = self.logo()? {
            logo = name;
            match picture {
                Ok(bytes) => letterhead.logo = Some(bytes),
                Err(why) => notices.push(Notice { left_out: logo.clone(), why }),
            }
        }
        let mut paper = satchel_paper::Quote {
            language: words.language,
            letterhead,
            number: text(&view.fields, "number"),
            title: text(&view.fields, "name"),
            date: words.date(&text(&view.fields, "date")),
            valid_until: words.date(&text(&view.fields, "valid_until")),
            customer: self.customer(&view.fields)?,
            prepared_by: lines_of(&text(&view.fields, "owner")),
            intro: text(&view.fields, "intro"),
            terms: text(&view.fields, "terms"),
            ..satchel_paper::Quote::default()
        };
        if text(&self.letterhead()?, "paper").eq_ignore_ascii_case("letter") {
            paper.paper = PaperSize::Letter;
        }
        paper.lines =
            lines.iter().zip(&sums.lines).map(|(line, sum)| words.line(line, *sum, &sums)).collect();
        paper.sums = words.sums(&sums, view.fields.get("discount"));
        paper.total = (words.total.to_owned(), words.money(sums.total, &sums.currency));
        let bytes = match satchel_paper::quote(&paper) {
            // Where it can be made without the logo, that was what was wrong.
            Err(error) if paper.letterhead.logo.take().is_some() => {
                let Ok(bytes) = satchel_paper::quote(&paper) else { return Err(error.into()) };
                notices.push(Notice { left_out: logo, why: error.to_string() });
                bytes
            }
            made => made?,
        };
        Ok((bytes, notices))
    }

    fn customer(&self, fields: &Map<String, Json>) -> Result<Vec<String>, AppError> {
        let linked = |key: &str| fields.get(key).and_then(|id| id.as_str()?.parse::<RecordId>().ok());
        let (company, person) = (linked("company"), linked("person"));
        let mut lines = Vec::new();
        let mut addresses = Vec::new();
        for id in [company, person].into_iter().flatten() {
            // Who was erased or has not come yet is not on the paper.
            let Ok(view) = self.get(id) else { continue };
            lines.push(view.title.clone());
            let given = view.fields.get("addresses").and_then(Json::as_array).cloned().unwrap_or_default();
            addresses.extend(given.into_iter().take(1));
        }
        if let Some(Json::Object(address)) = addresses.first() {
            let place = format!("{} {}", text(address, "postal_code"), text(address, "city"));
            lines.extend(lines_of(&text(address, "street")));
            let rest = [place.trim().to_owned(), text(address, "region"), text(address, "country")];
            lines.extend(rest.into_iter().filter(|line| !line.is_empty()));
        }
        lines.truncate(limits::ADDRESS_LINES);
        Ok(lines)
    }

    fn head_of_papers(&self) -> Result<Letterhead, AppError> {
        let fields = self.letterhead()?;
        let name = match text(&fields, "name") {
            own if own.is_empty() => self.workspace.clone(),
            own => own,
        };
        Ok(Letterhead {
            name,
            lines: lines_of(&text(&fields, "address")),
            logo: None,
            accent: quote::colour(&text(&fields, "accent")),
            footer: lines_of(&text(&fields, "footer")),
        })
    }

    /// The picture on papers: what was put on the letterhead last, or why that cannot be had.
    fn logo(&self) -> Result<Option<Logo>, AppError> {
        let Some(file) = self.attachments(self.letterhead_id())?.into_iter().next() else { return Ok(None) };
        match self.read_attachment(file.id, limits::LOGO_BYTES as u64) {
            Ok(bytes) => Ok(Some((file.name, Ok(bytes)))),
            // Not here, or not as it should be; whatever else is wrong is wrong with the vault.
            Err(e) if matches!(e.code, Code::Unreachable | Code::Refused | Code::Damaged | Code::Newer) => {
                Ok(Some((file.name, Err(e.message))))
            }
            Err(e) => Err(e),
        }
    }

    pub fn set_logo(&self, path: &Path) -> Result<Written, AppError> {
        let mut bytes = Vec::new();
        let io = AppError::io(path);
        let file = File::open(path).map_err(&io)?;
        file.take(limits::LOGO_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(&io)?;
        satchel_paper::check_logo(&bytes)?;
        let letterhead = self.letterhead_id();
        if self.letterhead()?.is_empty() {
            let name = Json::String(self.workspace.clone());
            self.set_letterhead(&[("name".to_owned(), name)].into_iter().collect())?;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.attach_bytes(letterhead, &name, &bytes)
    }
}

/// What the logo is called, and its bytes or why they cannot be had.
type Logo = (String, Result<Vec<u8>, String>);

impl From<satchel_paper::PaperError> for AppError {
    fn from(error: satchel_paper::PaperError) -> Self {
        Self::refused(error.to_string())
    }
}

fn text(fields: &Map<String, Json>, key: &str) -> String {
    fields.get(key).and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn lines_of(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// What the paper says of sums and days.
pub(crate) struct Words {
    language: Language,
    day: &'static str,
    subtotal: &'static str,
    discount: &'static str,
    tax: &'static str,
    total: &'static str,
}

impl Words {
    pub(crate) fn of(language: PaperLanguage) -> Self {
        match language {
            PaperLanguage::En => Self {
                language: Language::English,
                day: "%-d %B %Y",
                subtotal: "Subtotal",
                discount: "Discount",
                tax: "Tax",
                total: "Total",
            },
            PaperLanguage::Zh => Self {
                language: Language::Chinese,
                day: "%Y年%-m月%-d日",
                subtotal: "小计",
                discount: "折扣",
                tax: "税",
                total: "合计",
            },
        }
    }

    pub(crate) fn date(&self, day: &str) -> String {
        day.parse::<jiff::civil::Date>().map(|date| date.strftime(self.day).to_string()).unwrap_or_default()
    }

    /// Yen and yuan have one sign: in English the yuan is named.
    pub(crate) fn money(&self, minor: i64, currency: &str) -> String {
        let sign = match (currency, self.language) {
            ("EUR", _) => "€",
            ("GBP", _) => "£",
            ("USD", Language::English) => "$",
            ("USD", Language::Chinese) => "US$",
            ("JPY", Language::English) | ("CNY", Language::Chinese) => "¥",
            _ => "",
        };
        let minus = if minor < 0 { "−" } else { "" };
        let amount = grouped(minor.unsigned_abs(), exponent(currency).unwrap_or(2));
        match sign {
            "" => format!("{minus}{currency} {amount}"),
            sign => format!("{minus}{sign}{amount}"),
        }
    }

    pub(crate) fn yes_no(&self, yes: bool) -> &'static str {
        match (self.language, yes) {
            (Language::English, true) => "yes",
            (Language::English, false) => "no",
            (Language::Chinese, true) => "是",
            (Language::Chinese, false) => "否",
        }
    }

    fn line(&self, line: &Line, sum: i64, sums: &Totals) -> satchel_paper::Line {
        let percent = |n: rust_decimal::Decimal| match n.is_zero() {
            true => String::new(),
            false => format!("{} %", n.normalize()),
        };
        let price = |price: &Money| self.money(price.minor, &price.currency);
        satchel_paper::Line {
            name: line.name.clone(),
            description: line.description.clone(),
            quantity: format!("{} {}", line.quantity.normalize(), line.unit).trim().to_owned(),
            unit_price: line.unit_price.as_ref().map(price).unwrap_or_default(),
            discount: percent(line.discount),
            tax: percent(line.rate()),
            total: self.money(sum, &sums.currency),
        }
    }

    fn sums(&self, sums: &Totals, percent: Option<&Json>) -> Vec<(String, String)> {
        let money = |minor| self.money(minor, &sums.currency);
        let mut out = vec![(self.subtotal.to_owned(), money(sums.subtotal))];
        if sums.discount != 0 {
            let percent = percent.and_then(Json::as_f64).unwrap_or_default();
            out.push((format!("{} {percent} %", self.discount), money(-sums.discount)));
        }
        let taxes = sums.taxes.iter().filter(|tax| tax.tax != 0);
        out.extend(taxes.map(|tax| (format!("{} {} %", self.tax, tax.rate), money(tax.tax))));
        out
    }
}

/// `1234567` with two decimals as `12,345.67`.
fn grouped(minor: u64, decimals: u32) -> String {
    let unit = 10_u64.pow(decimals.min(9));
    let whole = (minor / unit).to_string();
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    match decimals {
        0 => out,
        decimals => format!("{out}.{:0width$}", minor % unit, width = decimals as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_as_people_read_it() {
        let english = Words::of(PaperLanguage::En);
        let chinese = Words::of(PaperLanguage::Zh);
        assert_eq!(english.money(123_456_789, "EUR"), "€1,234,567.89");
        assert_eq!(english.money(-5, "EUR"), "−€0.05");
        assert_eq!(english.money(99_900, "JPY"), "¥99,900");
        assert_eq!(english.money(1_234_567, "KWD"), "KWD 1,234.567");
        assert_eq!(
            (english.money(100, "CNY"), chinese.money(100, "CNY")),
            ("CNY 1.00".into(), "¥1.00".into())
        );
        assert_eq!(chinese.money(100_000, "USD"), "US$1,000.00");
        assert_eq!(english.date("2026-03-09"), "9 March 2026");
        assert_eq!(chinese.date("2026-03-09"), "2026年3月9日");
        assert_eq!(english.date(""), "");
    }
}
