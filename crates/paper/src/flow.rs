//! Blocks, one under the other, over as many pages as they take. What comes out is plain data, which `pdf` paints.

use crate::shape::{Colour, Style};
use crate::table::share;
use crate::wrap::{Line, Typesetter};
use crate::{Language, PaperError, PaperSize};
use krilla::image::Image;

pub(crate) const INK: Colour = [0x21, 0x1f, 0x1c];
pub(crate) const SOFT: Colour = [0x5c, 0x58, 0x53];
pub(crate) const FAINT: Colour = [0x72, 0x6e, 0x69];
pub(crate) const HAIRLINE: Colour = [0xdd, 0xd9, 0xd3];

const SIDE: f32 = 54.0;
const TOP: f32 = 50.0;
/// Of the pages after the first, which begin with a line that says what they belong to.
const TOP_AFTER: f32 = 70.0;
const BOTTOM: f32 = 40.0;
const FOOTER_STYLE: Style = Style::new(7.5, FAINT);
const RUNNING_STYLE: Style = Style::new(8.0, FAINT);
const FOOTER_COLUMNS: usize = 3;
const GAP: f32 = 24.0;
const PAGE_NUMBER: f32 = 40.0;
/// Of a row that is cut: how much at least is left under the head of its table, and where it goes on under the next.
const LEAST_OF_ROW: f32 = 60.0;
const GOES_ON: f32 = 6.0;

#[derive(Clone)]
pub(crate) enum Mark {
    Text { line: Line, style: Style, baseline: f32 },
    Fill { width: f32, colour: Colour },
    Picture { image: Image, width: f32 },
}

/// Something at a place: of its block until the block is placed, then of its page.
#[derive(Clone)]
pub(crate) struct Item {
    pub x: f32,
    pub y: f32,
    pub height: f32,
    pub mark: Mark,
    /// What it is part of; nothing: it is decoration.
    pub tag: Option<Tag>,
}

#[derive(Clone, Default)]
pub(crate) struct Block {
    pub items: Vec<Item>,
    pub height: f32,
    /// It begins a new page rather than being cut.
    pub whole: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Align {
    Left,
    Right,
}

/// What parts of a paper mean, for who hears it instead of seeing it; in the order of reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tag(pub usize);

#[derive(Clone)]
pub(crate) enum Role {
    Group,
    Heading { level: u16, title: String },
    Paragraph,
    Picture { name: String },
    Table,
    Row,
    HeadCell,
    Cell,
}

pub(crate) struct Node {
    pub role: Role,
    pub parent: Option<Tag>,
}

pub(crate) struct Heading {
    pub text: String,
    pub page: usize,
    pub y: f32,
}

pub(crate) struct Plan {
    pub language: Language,
    pub title: String,
    pub author: String,
    pub width: f32,
    pub height: f32,
    pub pages: Vec<Vec<Item>>,
    pub nodes: Vec<Node>,
    pub headings: Vec<Heading>,
}

/// What all pages have.
pub(crate) struct Frame<'a> {
    pub language: Language,
    pub paper: PaperSize,
    pub title: String,
    pub author: String,
    /// At the head of the pages after the first: left, right.
    pub running: (String, String),
    pub footer: &'a [String],
}

pub(crate) struct Flow {
    pub typesetter: Typesetter,
    plan: Plan,
    y: f32,
    bottom: f32,
    running: (String, String),
    footer: Block,
    /// Of the table that is being placed: it is repeated on each page.
    head: Option<Block>,
}

impl Flow {
    pub fn new(frame: Frame<'_>) -> Result<Self, PaperError> {
        let (width, height) = match frame.paper {
            PaperSize::A4 => (595.28, 841.89),
            PaperSize::Letter => (612.0, 792.0),
        };
        let Frame { language, title, author, running, .. } = frame;
        let (pages, nodes, headings) = (vec![Vec::new()], Vec::new(), Vec::new());
        let plan = Plan { language, title, author, width, height, pages, nodes, headings };
        let typesetter = Typesetter::new(language)?;
        let (footer, head) = (Block::default(), None);
        let mut flow = Flow { typesetter, plan, y: TOP, bottom: 0.0, running, footer, head };
        flow.footer = flow.lay_footer(frame.footer);
        flow.bottom = height - BOTTOM - flow.footer.height - 12.0;
        Ok(flow)
    }

    pub const fn left(&self) -> f32 {
        SIDE
    }

    pub fn width(&self) -> f32 {
        self.plan.width - 2.0 * SIDE
    }

    pub fn right(&self) -> f32 {
        self.plan.width - SIDE
    }

    pub fn tag(&mut self, role: Role, parent: Option<Tag>) -> Tag {
        self.plan.nodes.push(Node { role, parent });
        Tag(self.plan.nodes.len() - 1)
    }

    pub fn space(&mut self, height: f32) {
        self.y += height;
    }

    /// Begins a new page unless so much is left of this one.
    pub fn need(&mut self, height: f32) {
        if self.y + height > self.bottom && height <= self.room() {
            self.turn();
        }
    }

    pub fn place(&mut self, block: Block) {
        if block.whole {
            self.need(block.height);
        }
        let mut rest = block;
        while self.y + rest.height > self.bottom + 0.01 {
            let (first, after) = rest.split(self.bottom - self.y);
            if first.items.is_empty() && self.fresh() {
                // Higher than a page and not to be cut.
                rest = after;
                break;
            }
            self.put(first);
            self.turn();
            rest = after;
        }
        self.put(rest);
    }

    /// A heading, with room for the beginning of what follows.
    pub fn heading(&mut self, text: &str, level: u16, style: Style, follows: f32) {
        let block = self.heading_block(text, level, style);
        self.need(block.height + follows);
        let (page, y) = (self.plan.pages.len() - 1, self.y);
        self.plan.headings.push(Heading { text: text.to_owned(), page, y });
        self.place(block);
    }

    fn heading_block(&mut self, text: &str, level: u16, style: Style) -> Block {
        let tag = self.tag(Role::Heading { level, title: text.to_owned() }, None);
        let mut block = self.text(text, style, Some(tag));
        block.whole = true;
        block
    }

    pub fn paragraph(&mut self, text: &str, style: Style) {
        if text.trim().is_empty() {
            return;
        }
        let tag = self.tag(Role::Paragraph, None);
        let block = self.text(text, style, Some(tag));
        self.need(block.height.min(2.0 * self.typesetter.leading(style)));
        self.place(block);
    }

    fn text(&mut self, text: &str, style: Style, tag: Option<Tag>) -> Block {
        let (x, width) = (self.left(), self.width());
        let mut block = Block::default();
        block.column(&mut self.typesetter, Text { text, style, x, width, align: Align::Left, tag });
        block
    }

    /// On the page of the first row, if that fits on one.
    pub fn begin_table(&mut self, head: Block, first: f32) {
        let both = head.height + first;
        self.need(if both <= self.room() { both } else { head.height + LEAST_OF_ROW });
        self.place(head.clone());
        self.head = Some(head.decoration());
    }

    pub fn end_table(&mut self) {
        self.head = None;
    }

    pub fn finish(mut self) -> Plan {
        let count = self.plan.pages.len();
        for number in 1..=count {
            let mut items = self.footer_of(number, count);
            if number > 1 {
                items.extend(self.running_head());
            }
            if let Some(page) = self.plan.pages.get_mut(number - 1) {
                page.append(&mut items);
            }
        }
        self.plan
    }

    /// How much a new page takes.
    fn room(&self) -> f32 {
        self.bottom - TOP_AFTER - self.head.as_ref().map_or(0.0, |head| head.height)
    }

    fn fresh(&self) -> bool {
        self.y <= self.bottom - self.room()
    }

    fn turn(&mut self) {
        self.plan.pages.push(Vec::new());
        self.y = TOP_AFTER;
        if let Some(head) = self.head.clone() {
            self.put(head);
        }
    }

    fn put(&mut self, block: Block) {
        let y = self.y;
        if let Some(page) = self.plan.pages.last_mut() {
            page.extend(block.items.into_iter().map(|item| Item { y: item.y + y, ..item }));
        }
        self.y += block.height;
    }

    /// Up to three columns beside each other, as many rows as there are entries.
    fn lay_footer(&mut self, entries: &[String]) -> Block {
        let entries: Vec<&String> = entries.iter().filter(|entry| !entry.trim().is_empty()).collect();
        let columns = entries.len().clamp(1, FOOTER_COLUMNS);
        let mut natural = vec![0.0_f32; columns];
        for row in entries.chunks(columns) {
            for (width, text) in natural.iter_mut().zip(row) {
                *width = self.typesetter.width(text, FOOTER_STYLE).max(*width) + 0.1;
            }
        }
        let widths = share(&natural, self.width() - PAGE_NUMBER - GAP * columns as f32);
        let mut footer = Block::default();
        for row in entries.chunks(columns) {
            let (top, mut x) = (footer.height, self.left());
            for (text, width) in row.iter().zip(&widths) {
                let mut cell = Block::default();
                let text =
                    Text { text, style: FOOTER_STYLE, x, width: *width, align: Align::Left, tag: None };
                cell.column(&mut self.typesetter, text);
                footer.beside(cell, top);
                x += width + GAP;
            }
        }
        footer.height = footer.height.max(self.typesetter.leading(FOOTER_STYLE));
        footer
    }

    fn footer_of(&mut self, number: usize, count: usize) -> Vec<Item> {
        let top = self.plan.height - BOTTOM - self.footer.height;
        let mut items: Vec<Item> =
            self.footer.items.iter().map(|item| Item { y: item.y + top, ..item.clone() }).collect();
        items.push(rule(self.left(), top - 8.0, self.width(), HAIRLINE));
        let mut page = Block::default();
        let (text, x) = (format!("{number} / {count}"), self.right() - PAGE_NUMBER);
        let style = FOOTER_STYLE.tabular();
        page.column(
            &mut self.typesetter,
            Text { text: &text, style, x, width: PAGE_NUMBER, align: Align::Right, tag: None },
        );
        items.extend(page.items.into_iter().map(|item| Item { y: item.y + top, ..item }));
        items
    }

    fn running_head(&mut self) -> Vec<Item> {
        let (left, right) = self.running.clone();
        let (x, width) = (self.left(), self.width());
        let mut block = Block::default();
        for (text, align, at) in [(&left, Align::Left, x), (&right, Align::Right, x + width / 2.0)] {
            let mut cell = Block::default();
            let width = width / 2.0 - GAP / 2.0 + if align == Align::Right { GAP / 2.0 } else { 0.0 };
            cell.column(
                &mut self.typesetter,
                Text { text, style: RUNNING_STYLE, x: at, width, align, tag: None },
            );
            cell.items.truncate(1);
            block.beside(cell, 0.0);
        }
        block.items.into_iter().map(|item| Item { y: item.y + 36.0, ..item }).collect()
    }
}

/// Text in a column.
pub(crate) struct Text<'a> {
    pub text: &'a str,
    pub style: Style,
    pub x: f32,
    pub width: f32,
    pub align: Align,
    pub tag: Option<Tag>,
}

impl Block {
    /// Adds text under what is there.
    pub fn column(&mut self, typesetter: &mut Typesetter, text: Text<'_>) {
        let lines = typesetter.wrap(text.text, text.style, text.width);
        self.lines(typesetter, lines, &text);
    }

    pub fn lines(&mut self, typesetter: &Typesetter, lines: Vec<Line>, text: &Text<'_>) {
        let (height, baseline) = (typesetter.leading(text.style), typesetter.baseline(text.style));
        for line in lines {
            let x = match text.align {
                Align::Left => text.x,
                Align::Right => text.x + text.width - line.width,
            };
            let mark = Mark::Text { line, style: text.style, baseline };
            self.items.push(Item { x, y: self.height, height, mark, tag: text.tag });
            self.height += height;
        }
    }

    /// Adds another one whose top is at `top`.
    pub fn beside(&mut self, other: Block, top: f32) {
        self.items.extend(other.items.into_iter().map(|item| Item { y: item.y + top, ..item }));
        self.height = self.height.max(top + other.height);
    }

    /// The same, as something that is not read.
    fn decoration(self) -> Self {
        let items = self.items.into_iter().map(|item| Item { tag: None, ..item }).collect();
        Block { items, ..self }
    }

    /// What fits into a height, and the rest; neither leaves a lone line if the other can give it one more.
    fn split(self, height: f32) -> (Block, Block) {
        let fits = |item: &Item| item.y + item.height <= height;
        let mut cut =
            self.items.iter().filter(|item| !fits(item)).fold(self.height, |top, item| item.y.min(top));
        let mut tops: Vec<f32> = self.items.iter().map(|item| item.y).collect();
        tops.sort_by(f32::total_cmp);
        tops.dedup();
        let after = tops.partition_point(|top| *top < cut);
        if tops.len() - after == 1 && after > 2 {
            cut = tops.get(after - 1).copied().unwrap_or(cut);
        }
        let (first, rest): (Vec<Item>, Vec<Item>) = self.items.into_iter().partition(|item| item.y < cut);
        let top = if self.whole && !first.is_empty() { cut - GOES_ON } else { cut };
        let rest: Vec<Item> = rest.into_iter().map(|item| Item { y: item.y - top, ..item }).collect();
        let rest = Block { items: rest, height: self.height - top, whole: self.whole };
        (Block { items: first, height: cut.min(height), whole: false }, rest)
    }
}

pub(crate) fn rule(x: f32, y: f32, width: f32, colour: Colour) -> Item {
    Item { x, y, height: 0.6, mark: Mark::Fill { width, colour }, tag: None }
}
