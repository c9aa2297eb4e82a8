//! What a paper may hold; what is over it is refused before anything is set.

use crate::{Block, Letterhead, PaperError, Quote, Report};

/// Generous for people, and small enough that a paper is made in seconds.
pub mod limits {
    /// Of a quote, and rows of a report's tables.
    pub const LINES: usize = 2000;
    /// Of an address, a letterhead, a footer.
    pub const ADDRESS_LINES: usize = 12;
    pub const SUMS: usize = 40;
    pub const BLOCKS: usize = 2000;
    pub const COLUMNS: usize = 12;
    /// Characters of a name, a number, an amount, a line of an address.
    pub const SHORT_TEXT: usize = 200;
    /// Characters of a description, an introduction, terms, a paragraph, a cell.
    pub const LONG_TEXT: usize = 20_000;
    /// Characters of a whole paper.
    pub const ALL_TEXT: usize = 1_000_000;
    pub const LOGO_BYTES: usize = 2 << 20;
    pub const LOGO_PIXELS: u64 = 4_000_000;
    /// Different characters of a paper that are looked for among the fonts of the system.
    pub const FOREIGN_CHARACTERS: usize = 500;
}

pub(crate) fn quote(quote: &Quote) -> Result<(), PaperError> {
    let Letterhead { name, lines, footer, .. } = &quote.letterhead;
    count("the list of lines", quote.lines.len(), limits::LINES)?;
    count("the list of sums", quote.sums.len(), limits::SUMS)?;
    let mut text = Text::default();
    let addresses = [
        ("the letterhead", lines),
        ("the footer", footer),
        ("the customer's address", &quote.customer),
        ("the list of who prepared it", &quote.prepared_by),
    ];
    for (what, lines) in addresses {
        count(what, lines.len(), limits::ADDRESS_LINES)?;
        lines.iter().try_for_each(|line| text.short(what, line))?;
    }
    let heads = [("the company's name", name), ("the number", &quote.number), ("the title", &quote.title)];
    heads.iter().try_for_each(|(what, value)| text.short(what, value))?;
    text.short("the date", &quote.date)?;
    text.short("the date of validity", &quote.valid_until)?;
    text.long("the introduction", &quote.intro)?;
    text.long("the text of the terms", &quote.terms)?;
    for (label, amount) in quote.sums.iter().chain([&quote.total]) {
        text.short("a sum", label)?;
        text.short("a sum", amount)?;
    }
    for line in &quote.lines {
        let short = [&line.name, &line.quantity, &line.unit_price, &line.discount, &line.tax, &line.total];
        short.iter().try_for_each(|value| text.short("a line", value))?;
        text.long("a description", &line.description)?;
    }
    text.end()
}

pub(crate) fn report(report: &Report) -> Result<(), PaperError> {
    count("the list of blocks", report.blocks.len(), limits::BLOCKS)?;
    let mut text = Text::default();
    text.short("the title", &report.title)?;
    text.short("the subtitle", &report.subtitle)?;
    for block in &report.blocks {
        match block {
            Block::Heading(heading) => text.short("a heading", heading)?,
            Block::Paragraph(paragraph) => text.long("a paragraph", paragraph)?,
            Block::Table { head, rows } => {
                count("a table", rows.len(), limits::LINES)?;
                for row in rows.iter().chain([head]) {
                    count("a row", row.len(), limits::COLUMNS)?;
                    row.iter().try_for_each(|cell| text.long("a cell", cell))?;
                }
            }
        }
    }
    text.end()
}

fn count(what: &'static str, found: usize, most: usize) -> Result<(), PaperError> {
    if found > most { Err(PaperError::TooMany { what, found, most }) } else { Ok(()) }
}

/// Adds up what has been checked.
#[derive(Default)]
struct Text {
    characters: usize,
}

impl Text {
    fn short(&mut self, what: &'static str, text: &str) -> Result<(), PaperError> {
        self.add(what, text, limits::SHORT_TEXT)
    }

    fn long(&mut self, what: &'static str, text: &str) -> Result<(), PaperError> {
        self.add(what, text, limits::LONG_TEXT)
    }

    fn add(&mut self, what: &'static str, text: &str, most: usize) -> Result<(), PaperError> {
        let found = text.chars().count();
        self.characters = self.characters.saturating_add(found);
        if found > most { Err(PaperError::TooLong { what, found, most }) } else { Ok(()) }
    }

    fn end(&self) -> Result<(), PaperError> {
        let (found, most) = (self.characters, limits::ALL_TEXT);
        if found > most { Err(PaperError::TooLong { what: "the whole", found, most }) } else { Ok(()) }
    }
}
