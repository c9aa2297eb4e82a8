//! Notes: text in Markdown, in which records are mentioned by links such as `[Ana Ruiz](satchel:ID)`. What is shown of
//! one is plain data; nothing of it is ever markup for a browser.
//!
//! The format: <https://spec.commonmark.org/0.31.2/>, with tables, task lists and what is struck through. A line ends
//! where somebody has ended it.

use crate::RecordId;
use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};
use serde::Serialize;
use std::{borrow::Cow, collections::BTreeSet};

/// What stands before the id of a record that is mentioned.
pub const SCHEME: &str = "satchel:";
/// So many records are looked up by what mentions them.
pub const MAX_MENTIONS: usize = 500;
/// What is nested deeper stands beside what it is in.
const MAX_DEPTH: usize = 12;
/// What comes behind so many parts is shown as it was written.
const MAX_PARTS: usize = 20_000;
/// The longest address that is a link.
const MAX_LINK: usize = 2000;

/// A part of a note that stands on lines of its own.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    Paragraph { inlines: Vec<Inline> },
    Heading { level: u8, inlines: Vec<Inline> },
    List { start: Option<u32>, items: Vec<Item> },
    Quote { blocks: Vec<Block> },
    Code { text: String },
    Table { head: Vec<Cell>, rows: Vec<Vec<Cell>> },
    Rule,
}

/// One of a list; of a list of tasks it says whether it is done.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct Item {
    pub done: Option<bool>,
    pub blocks: Vec<Block>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct Cell {
    pub inlines: Vec<Inline>,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Inline {
    Text { text: String },
    Strong { inlines: Vec<Inline> },
    Emphasis { inlines: Vec<Inline> },
    Struck { inlines: Vec<Inline> },
    Code { text: String },
    Link { to: String, inlines: Vec<Inline> },
    Mention { id: RecordId, name: String },
    Break,
}

/// What a note says, as it is shown.
pub fn read(text: &str) -> Vec<Block> {
    let mut reading = Reading { open: vec![Open::default()], ..Reading::default() };
    for (event, place) in Parser::new_ext(text, options()).into_offset_iter() {
        if reading.parts >= MAX_PARTS {
            reading.close_all();
            reading.text(text.get(place.start..).unwrap_or_default());
            break;
        }
        let underlined = matches!(event, Event::Start(Tag::Heading { .. }))
            && !text.get(place.start..).unwrap_or_default().starts_with('#');
        if underlined {
            reading.begin_underlined();
        } else {
            reading.event(event);
        }
    }
    reading.close_all();
    reading.open.pop().unwrap_or_default().whole()
}

/// A note without its marks: what is searched, and what leaves for where nobody knows Markdown.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !has_marks(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut numbers: Vec<Option<u64>> = Vec::new();
    for event in Parser::new_ext(text, options()) {
        match event {
            Event::Text(t) | Event::Code(t) | Event::Html(t) | Event::InlineHtml(t) => out.push_str(&t),
            Event::SoftBreak | Event::HardBreak => out.push('\n'),
            Event::TaskListMarker(done) => out.push_str(if done { "[x] " } else { "[ ] " }),
            Event::Start(Tag::List(start)) => numbers.push(start),
            Event::End(TagEnd::List(_)) => drop(numbers.pop()),
            Event::Start(Tag::Item) => {
                end_line(&mut out);
                match numbers.last_mut() {
                    Some(Some(number)) => {
                        out.push_str(&format!("{number}. "));
                        *number = number.saturating_add(1);
                    }
                    _ => out.push_str("- "),
                }
            }
            Event::End(TagEnd::TableCell) => out.push(' '),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_)) if numbers.is_empty() => {
                end_line(&mut out);
                out.push('\n');
            }
            Event::End(
                TagEnd::Paragraph | TagEnd::Item | TagEnd::CodeBlock | TagEnd::TableHead | TagEnd::TableRow,
            ) => end_line(&mut out),
            _ => {}
        }
    }
    out.truncate(out.trim_end().len());
    Cow::Owned(out)
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// The records that a note mentions, each once.
pub fn mentions(text: &str) -> BTreeSet<RecordId> {
    if !text.contains(SCHEME) {
        return BTreeSet::new();
    }
    let mentioned = |event: Event<'_>| match event {
        Event::Start(Tag::Link { dest_url, .. }) => mentioned(&dest_url),
        _ => None,
    };
    let mut out = BTreeSet::new();
    for id in Parser::new_ext(text, options()).filter_map(mentioned) {
        out.insert(id);
        if out.len() == MAX_MENTIONS {
            break;
        }
    }
    out
}

/// The addresses outside of Satchel that a note leads to.
pub fn links(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for block in read(text) {
        links_of(&block, &mut out);
    }
    out
}

fn links_of(block: &Block, out: &mut Vec<String>) {
    match block {
        Block::Paragraph { inlines } | Block::Heading { inlines, .. } => links_in(inlines, out),
        Block::List { items, .. } => {
            items.iter().flat_map(|item| &item.blocks).for_each(|block| links_of(block, out))
        }
        Block::Quote { blocks } => blocks.iter().for_each(|block| links_of(block, out)),
        Block::Table { head, rows } => {
            head.iter().chain(rows.iter().flatten()).for_each(|cell| links_in(&cell.inlines, out))
        }
        Block::Code { .. } | Block::Rule => {}
    }
}

fn links_in(inlines: &[Inline], out: &mut Vec<String>) {
    for inline in inlines {
        match inline {
            Inline::Link { to, inlines } => {
                out.push(to.clone());
                links_in(inlines, out);
            }
            Inline::Strong { inlines } | Inline::Emphasis { inlines } | Inline::Struck { inlines } => {
                links_in(inlines, out)
            }
            _ => {}
        }
    }
}

fn options() -> Options {
    Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES
}

/// Whether a text may be more than its letters.
fn has_marks(text: &str) -> bool {
    let marks = |b: u8| b"*_`~[]<>#|\\&!+-=\t".contains(&b);
    let numbered = |line: &str| {
        let line = line.trim_start();
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.len() < line.len() && rest.starts_with(['.', ')'])
    };
    text.bytes().any(marks) || text.contains("  ") || text.lines().any(numbered)
}

fn mentioned(link: &str) -> Option<RecordId> {
    link.strip_prefix(SCHEME)?.parse().ok()
}

/// Where a link may lead: out by a few known ways, or to another page of the guide.
fn safe(link: &str) -> bool {
    let known = ["https://", "http://", "mailto:", "tel:"];
    let begins = |scheme: &str| {
        link.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            && link.len() > scheme.len()
    };
    let clean = !link.chars().any(|c| c.is_control() || c.is_whitespace());
    link.len() <= MAX_LINK && clean && (known.into_iter().any(begins) || is_page(link))
}

/// `quotes.md`, `team.md#roles`.
fn is_page(link: &str) -> bool {
    let (page, _) = link.split_once('#').unwrap_or((link, ""));
    let name = page.strip_suffix(".md").unwrap_or_default();
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// A note on its way from marks to parts.
#[derive(Default)]
struct Reading {
    open: Vec<Open>,
    /// How many begin within what is too deep.
    beyond: usize,
    parts: usize,
}

/// What has begun and has not ended.
#[derive(Default)]
struct Open {
    what: What,
    done: Option<bool>,
    blocks: Vec<Block>,
    items: Vec<Item>,
    rows: Vec<Vec<Cell>>,
    cells: Vec<Cell>,
    inlines: Vec<Inline>,
    text: String,
}

#[derive(Default, PartialEq)]
enum What {
    #[default]
    All,
    Paragraph,
    Heading(u8),
    Underlined,
    List(Option<u32>),
    Item,
    Quote,
    Code,
    Table,
    Row,
    Cell,
    Strong,
    Emphasis,
    Struck,
    Link(String),
    Mention(RecordId),
    /// Only what is in it counts.
    Nothing,
}

impl Open {
    /// What was said last becomes text, and an address in it a link.
    fn settle(&mut self) {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() {
            return;
        }
        match self.what {
            What::Link(_) | What::Code => self.inlines.push(Inline::Text { text }),
            _ => with_addresses(&text, &mut self.inlines),
        }
    }

    /// What stands in a list without a paragraph of its own is one.
    fn gather(&mut self) {
        self.settle();
        while self.inlines.last() == Some(&Inline::Break) {
            self.inlines.pop();
        }
        if !self.inlines.is_empty() {
            self.blocks.push(Block::Paragraph { inlines: std::mem::take(&mut self.inlines) });
        }
    }

    fn whole(mut self) -> Vec<Block> {
        self.gather();
        self.blocks
    }

    fn said(&self) -> String {
        let mut out = String::new();
        for inline in &self.inlines {
            say(inline, &mut out);
        }
        out
    }
}

/// What parts of a line say, without marks.
pub fn say_all(inlines: &[Inline], out: &mut String) {
    inlines.iter().for_each(|inline| say(inline, out));
}

fn say(inline: &Inline, out: &mut String) {
    match inline {
        Inline::Text { text } | Inline::Code { text } => out.push_str(text),
        Inline::Mention { name, .. } => out.push_str(name),
        Inline::Break => out.push(' '),
        Inline::Strong { inlines }
        | Inline::Emphasis { inlines }
        | Inline::Struck { inlines }
        | Inline::Link { inlines, .. } => inlines.iter().for_each(|inline| say(inline, out)),
    }
}

/// Addresses that somebody has pasted are links, without what ends the sentence.
fn with_addresses(text: &str, out: &mut Vec<Inline>) {
    let mut plain = String::new();
    for part in text.split_inclusive(char::is_whitespace) {
        let word = part.trim_end();
        let from = ["https://", "http://"].iter().filter_map(|scheme| word.find(scheme)).min();
        let before = from.and_then(|from| word.get(..from)).unwrap_or_default();
        let address = from.and_then(|from| word.get(from..)).unwrap_or_default();
        let address = address.trim_end_matches(|c: char| ".,;:!?)]}'\"，。；：！？）》」".contains(c));
        let bounded = !before.chars().next_back().is_some_and(char::is_alphanumeric);
        if address.len() <= "https://".len() || !bounded || !safe(address) {
            plain.push_str(part);
            continue;
        }
        plain.push_str(before);
        if !plain.is_empty() {
            out.push(Inline::Text { text: std::mem::take(&mut plain) });
        }
        let text = address.to_owned();
        out.push(Inline::Link { to: text.clone(), inlines: vec![Inline::Text { text }] });
        plain.push_str(part.get(before.len() + address.len()..).unwrap_or_default());
    }
    if !plain.is_empty() {
        out.push(Inline::Text { text: plain });
    }
}

impl Reading {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.begin(tag),
            Event::End(end) => self.end(end),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(text) => self.inline(Inline::Code { text: text.into_string() }),
            Event::SoftBreak | Event::HardBreak => self.inline(Inline::Break),
            Event::Rule => self.block(Block::Rule),
            Event::TaskListMarker(done) => {
                if let Some(item) = self.open.iter_mut().rev().find(|open| open.what == What::Item) {
                    item.done = Some(done);
                }
            }
            _ => {}
        }
    }

    /// What somebody has drawn a line under, as under a letter, is no heading.
    fn begin_underlined(&mut self) {
        self.open(What::Underlined);
    }

    fn begin(&mut self, tag: Tag<'_>) {
        let what = match tag {
            Tag::Paragraph => What::Paragraph,
            Tag::Heading { level, .. } => What::Heading(level as u8),
            Tag::List(start) => What::List(start.map(|n| u32::try_from(n).unwrap_or(u32::MAX))),
            Tag::Item => What::Item,
            Tag::BlockQuote(_) => What::Quote,
            // Whoever begins a line with spaces does not write a program.
            Tag::CodeBlock(CodeBlockKind::Indented) => What::Paragraph,
            Tag::CodeBlock(CodeBlockKind::Fenced(_)) => What::Code,
            Tag::Table(_) => What::Table,
            Tag::TableHead | Tag::TableRow => What::Row,
            Tag::TableCell => What::Cell,
            Tag::Strong => What::Strong,
            Tag::Emphasis => What::Emphasis,
            Tag::Strikethrough => What::Struck,
            Tag::Link { dest_url, link_type, .. } => leading(&dest_url, link_type),
            // Nothing is fetched from anywhere.
            Tag::Image { dest_url, link_type, .. } => leading(&dest_url, link_type),
            _ => What::Nothing,
        };
        self.open(what);
    }

    fn open(&mut self, what: What) {
        self.parts += 1;
        if self.open.len() > MAX_DEPTH {
            self.beyond += 1;
            return;
        }
        self.open.push(Open { what, ..Open::default() });
    }

    fn end(&mut self, end: TagEnd) {
        if self.beyond > 0 {
            self.beyond -= 1;
            if matches!(end, TagEnd::Paragraph | TagEnd::Item | TagEnd::CodeBlock | TagEnd::Heading(_)) {
                self.inline(Inline::Break);
            }
            return;
        }
        self.close();
    }

    fn close_all(&mut self) {
        while self.open.len() > 1 {
            self.close();
        }
        self.beyond = 0;
    }

    /// What has ended becomes a part of what it stands in.
    fn close(&mut self) {
        let Some(mut open) = self.open.pop().filter(|_| !self.open.is_empty()) else { return };
        if open.what == What::Paragraph {
            open.text.truncate(open.text.trim_end_matches('\n').len());
        }
        open.settle();
        match open.what {
            What::Strong
            | What::Emphasis
            | What::Struck
            | What::Link(_)
            | What::Mention(_)
            | What::Nothing => self.close_inline(open),
            What::Item | What::Row | What::Cell => self.close_part(open),
            _ => self.close_block(open),
        }
    }

    fn close_inline(&mut self, open: Open) {
        let name = open.said();
        let inlines = open.inlines;
        match open.what {
            What::Strong => self.inline(Inline::Strong { inlines }),
            What::Emphasis => self.inline(Inline::Emphasis { inlines }),
            What::Struck => self.inline(Inline::Struck { inlines }),
            What::Link(to) => self.inline(Inline::Link { to, inlines }),
            What::Mention(id) => self.inline(Inline::Mention { id, name }),
            _ => inlines.into_iter().for_each(|inline| self.inline(inline)),
        }
    }

    /// A part of a list or of a table.
    fn close_part(&mut self, mut open: Open) {
        let Some(whole) = self.open.last_mut() else { return };
        match open.what {
            What::Row => {
                let inlines = std::mem::take(&mut open.inlines);
                open.cells.extend((!inlines.is_empty()).then_some(Cell { inlines }));
                whole.rows.push(open.cells);
            }
            What::Cell => whole.cells.push(Cell { inlines: std::mem::take(&mut open.inlines) }),
            _ => whole.items.push(Item { done: open.done, blocks: open.whole() }),
        }
    }

    fn close_block(&mut self, mut open: Open) {
        let inlines = |open: &mut Open| std::mem::take(&mut open.inlines);
        match open.what {
            What::Heading(level) => self.block(Block::Heading { level, inlines: inlines(&mut open) }),
            What::Underlined => {
                self.block(Block::Paragraph { inlines: inlines(&mut open) });
                self.block(Block::Rule);
            }
            What::Code => self.block(Block::Code { text: open.said().trim_end_matches('\n').to_owned() }),
            What::List(start) => {
                let mut items = std::mem::take(&mut open.items);
                // What was too deep to be an item of it.
                let blocks = open.whole();
                items.extend((!blocks.is_empty()).then_some(Item { done: None, blocks }));
                self.block(Block::List { start, items });
            }
            What::Table => {
                let mut rows = std::mem::take(&mut open.rows).into_iter();
                let head = rows.next().unwrap_or_default();
                self.block(Block::Table { head, rows: rows.collect() });
                open.whole().into_iter().for_each(|block| self.block(block));
            }
            What::Quote => self.block(Block::Quote { blocks: open.whole() }),
            _ => self.block(Block::Paragraph { inlines: inlines(&mut open) }),
        }
    }

    fn text(&mut self, text: &str) {
        self.parts += 1;
        if let Some(open) = self.open.last_mut() {
            open.text.push_str(text);
        }
    }

    fn inline(&mut self, inline: Inline) {
        self.parts += 1;
        if let Some(open) = self.open.last_mut() {
            open.settle();
            open.inlines.push(inline);
        }
    }

    fn block(&mut self, block: Block) {
        self.parts += 1;
        if let Some(open) = self.open.last_mut() {
            open.gather();
            open.blocks.push(block);
        }
    }
}

/// What a link is that leads there.
fn leading(to: &str, by: LinkType) -> What {
    if let Some(id) = mentioned(to) {
        return What::Mention(id);
    }
    let to = match by {
        LinkType::Email => format!("mailto:{to}"),
        _ => to.to_owned(),
    };
    if safe(&to) { What::Link(to) } else { What::Nothing }
}

#[cfg(test)]
mod tests;
