//! Papers to give away: a quote that looks like the company's own, and plain reports, as PDF. Data in, bytes out; the
//! same data gives the same bytes. All texts come as they are to be read; amounts and dates are formatted by the caller.
//!
//! The fonts of `fonts/` are part of the program: Inter, and Noto Sans SC for Chinese. What neither has is looked for
//! among the fonts of the system; what nobody has is drawn as a box, and its text stays in the file.

mod flow;
mod fonts;
mod limit;
mod logo;
mod pdf;
mod quote;
mod report;
mod shape;
mod table;
mod words;
mod wrap;

pub use limit::limits;

use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    Chinese,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PaperSize {
    #[default]
    A4,
    Letter,
}

/// Who the paper comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letterhead {
    pub name: String,
    /// Address, telephone, web page.
    pub lines: Vec<String>,
    /// PNG or JPEG.
    pub logo: Option<Vec<u8>>,
    pub accent: Option<[u8; 3]>,
    /// Bank, tax number: at the foot of each page, in columns.
    pub footer: Vec<String>,
}

/// A line of a quote. A column that is empty in all lines is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    pub name: String,
    pub description: String,
    pub quantity: String,
    pub unit_price: String,
    pub discount: String,
    pub tax: String,
    pub total: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    pub language: Language,
    pub letterhead: Letterhead,
    pub number: String,
    pub title: String,
    pub date: String,
    pub valid_until: String,
    pub customer: Vec<String>,
    pub prepared_by: Vec<String>,
    pub intro: String,
    pub lines: Vec<Line>,
    /// Subtotal, discount, taxes: what each is called, and how much.
    pub sums: Vec<(String, String)>,
    pub total: (String, String),
    pub terms: String,
    pub paper: PaperSize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Heading(String),
    Paragraph(String),
    Table { head: Vec<String>, rows: Vec<Vec<String>> },
}

/// A title, and what follows from top to bottom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub language: Language,
    pub title: String,
    pub subtitle: String,
    pub blocks: Vec<Block>,
    pub paper: PaperSize,
}

#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    #[error("{what} of the paper has {found} entries; at most {most} can be set. Make two of it")]
    TooMany { what: &'static str, found: usize, most: usize },
    #[error("{what} of the paper has {found} characters; at most {most} can be set. Shorten it")]
    TooLong { what: &'static str, found: usize, most: usize },
    #[error("the logo has {found} bytes; at most {most} are read. Save a smaller picture of it")]
    LogoBytes { found: usize, most: usize },
    #[error(
        "the logo has {width} × {height} pixels; at most {most} in all are read. Save a smaller picture of it"
    )]
    LogoPixels { width: u32, height: u32, most: u64 },
    #[error("the logo cannot be read ({why}); save it as PNG or JPEG and choose it again")]
    Logo { why: String },
    #[error("the fonts of this copy of Satchel are damaged; install it again. Nothing was changed")]
    Fonts,
    #[error(
        "the PDF could not be made ({0}); nothing was changed. Leave out unusual characters and try again"
    )]
    Pdf(String),
}

/// The quote as a PDF.
pub fn quote(quote: &Quote) -> Result<Vec<u8>, PaperError> {
    limit::quote(quote)?;
    guarded(|| pdf::paint(&quote::lay_out(quote)?))
}

/// Whether a picture can be a logo.
pub fn check_logo(bytes: &[u8]) -> Result<(), PaperError> {
    let letterhead = Letterhead { logo: Some(bytes.to_vec()), ..Letterhead::default() };
    quote(&Quote { letterhead, ..Quote::default() }).map(drop)
}

/// The report as a PDF.
pub fn report(report: &Report) -> Result<Vec<u8>, PaperError> {
    limit::report(report)?;
    guarded(|| pdf::paint(&report::lay_out(report)?))
}

/// Pictures and fonts of the system come from outside.
fn guarded(make: impl FnOnce() -> Result<Vec<u8>, PaperError>) -> Result<Vec<u8>, PaperError> {
    catch_unwind(AssertUnwindSafe(make))
        .unwrap_or_else(|_| Err(PaperError::Pdf("a picture or a font of this system is damaged".to_owned())))
}
