//! How a quote looks: two columns for who and whom, a table, what it sums up to, terms, and where to sign.

use crate::flow::{Align, Block, Flow, Frame, INK, Item, Mark, Plan, Role, SOFT, Tag, Text, rule};
use crate::shape::{Colour, Style};
use crate::table::{Cell, Column, Table};
use crate::words::{Words, words};
use crate::{Letterhead, Line, PaperError, Quote, logo};

const ACCENT: Colour = [0x2f, 0x3f, 0x52];
/// Where the second of two columns begins, as a part of the width.
const SECOND: f32 = 0.58;
const LABEL: Style = Style::new(8.5, SOFT);
const BODY: Style = Style::new(9.5, INK);
const SMALL: Style = Style::new(8.5, SOFT);
const FIGURES: Style = BODY.tabular();
const LOGO_WIDTH: f32 = 170.0;
const LOGO_HEIGHT: f32 = 46.0;
const HANGING: f32 = 8.0;
const SIGNATURE_HEIGHT: f32 = 34.0;

pub(crate) fn lay_out(quote: &Quote) -> Result<Plan, PaperError> {
    let words = words(quote.language);
    let label = format!("{} {}", words.quote, quote.number).trim().to_owned();
    let title = [label.as_str(), &quote.title].into_iter().filter(|part| !part.trim().is_empty());
    let mut flow = Flow::new(Frame {
        language: quote.language,
        paper: quote.paper,
        title: title.collect::<Vec<_>>().join(" · "),
        author: quote.letterhead.name.clone(),
        running: (quote.letterhead.name.clone(), label.clone()),
        footer: &quote.letterhead.footer,
    })?;
    let accent = quote.letterhead.accent.unwrap_or(ACCENT);
    letterhead(&mut flow, &quote.letterhead, accent)?;
    flow.space(30.0);
    address_and_dates(&mut flow, quote, words);
    flow.space(30.0);
    heading(&mut flow, quote, &label, accent);
    lines(&mut flow, quote, words, accent);
    terms(&mut flow, quote, words);
    acceptance(&mut flow, words);
    Ok(flow.finish())
}

fn letterhead(flow: &mut Flow, letterhead: &Letterhead, accent: Colour) -> Result<(), PaperError> {
    let mut block = Block::default();
    let (x, width) = (flow.left(), flow.width());
    let mut company = Block::default();
    if let Some(bytes) = &letterhead.logo {
        let tag = flow.tag(Role::Picture { name: letterhead.name.clone() }, None);
        block.beside(picture(bytes, x, tag)?, 0.0);
        let tag = flow.tag(Role::Group, None);
        let style = SMALL.bold();
        company_line(flow, &mut company, &letterhead.name, style, tag);
    } else {
        let style = Style::new(17.0, readable(accent)).bold();
        let tag = Some(flow.tag(Role::Paragraph, None));
        let text = &letterhead.name;
        let width = width * SECOND - 20.0;
        let mut name = Block::default();
        name.column(&mut flow.typesetter, Text { text, style, x, width, align: Align::Left, tag });
        // Its letters begin at the height of the lines beside it.
        block.beside(name, -4.0);
    }
    let tag = flow.tag(Role::Group, None);
    for line in &letterhead.lines {
        company_line(flow, &mut company, line, SMALL, tag);
    }
    block.beside(company, 0.0);
    flow.place(block);
    Ok(())
}

fn company_line(flow: &mut Flow, block: &mut Block, text: &str, style: Style, parent: Tag) {
    let (x, width) = (second(flow), flow.right() - second(flow));
    let tag = Some(flow.tag(Role::Paragraph, Some(parent)));
    block.column(&mut flow.typesetter, Text { text, style, x, width, align: Align::Left, tag });
}

fn picture(bytes: &[u8], x: f32, tag: Tag) -> Result<Block, PaperError> {
    let image = logo::read(bytes)?;
    let (width, height) = image.size();
    let (width, height) = (width as f32, height as f32);
    let scale = (LOGO_WIDTH / width).min(LOGO_HEIGHT / height).min(1.0);
    let (width, height) = (width * scale, height * scale);
    let item = Item { x, y: 0.0, height, mark: Mark::Picture { image, width }, tag: Some(tag) };
    Ok(Block { items: vec![item], height, whole: true })
}

fn address_and_dates(flow: &mut Flow, quote: &Quote, words: &Words) {
    let mut block = Block::default();
    let (x, width) = (flow.left(), flow.width() * SECOND - 20.0);
    let mut address = Block::default();
    if quote.customer.iter().any(|line| !line.trim().is_empty()) {
        let group = flow.tag(Role::Group, None);
        let first = [(words.customer, LABEL)].into_iter();
        let lines = quote.customer.iter().enumerate().map(|(at, line)| {
            let style = Style::new(10.5, INK);
            (line.as_str(), if at == 0 { style.bold() } else { style })
        });
        for (text, style) in first.chain(lines) {
            let tag = Some(flow.tag(Role::Paragraph, Some(group)));
            address.column(&mut flow.typesetter, Text { text, style, x, width, align: Align::Left, tag });
        }
    }
    block.beside(address, 0.0);
    block.beside(dates(flow, quote, words), 0.0);
    flow.place(block);
}

fn dates(flow: &mut Flow, quote: &Quote, words: &Words) -> Block {
    let prepared_by = quote.prepared_by.join("\n");
    let facts = [
        (words.date, quote.date.as_str()),
        (words.valid_until, quote.valid_until.as_str()),
        (words.prepared_by, prepared_by.as_str()),
    ];
    let facts: Vec<_> = facts.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect();
    let widths: Vec<f32> = facts.iter().map(|(label, _)| flow.typesetter.width(label, LABEL)).collect();
    let (x, indent) = (second(flow), widths.into_iter().fold(0.0, f32::max) + 16.0);
    let width = flow.right() - x;
    let mut block = Block::default();
    for (label, value) in facts {
        let (top, tag) = (block.height, Some(flow.tag(Role::Paragraph, None)));
        let shift = flow.typesetter.baseline(BODY) - flow.typesetter.baseline(LABEL);
        for (text, style, indent, shift) in [(label, LABEL, 0.0, shift), (value, BODY, indent, 0.0)] {
            let mut cell = Block::default();
            let (x, width) = (x + indent, width - indent);
            cell.column(&mut flow.typesetter, Text { text, style, x, width, align: Align::Left, tag });
            block.beside(cell, top + shift);
        }
        block.height += 2.0;
    }
    block
}

fn heading(flow: &mut Flow, quote: &Quote, label: &str, accent: Colour) {
    let large = Style::new(21.0, INK).bold();
    if quote.title.trim().is_empty() {
        flow.heading(label, 1, large, 80.0);
    } else {
        flow.need(140.0);
        flow.paragraph(label, Style::new(9.5, readable(accent)).bold());
        flow.space(2.0);
        flow.heading(&quote.title, 1, large, 80.0);
    }
    if !quote.intro.trim().is_empty() {
        flow.space(8.0);
        flow.paragraph(&quote.intro, BODY);
    }
    flow.space(18.0);
}

fn lines(flow: &mut Flow, quote: &Quote, words: &Words, accent: Colour) {
    let sums = sums(flow, quote, accent);
    let follows: f32 = sums.iter().map(|block| block.height).sum();
    if !quote.lines.is_empty() {
        table(quote, words, follows).place(flow);
    }
    flow.need(follows);
    for block in sums {
        flow.place(block);
    }
}

type Value = fn(&Line) -> &str;

fn table(quote: &Quote, words: &Words, follows: f32) -> Table {
    let all: [(&str, Value); 5] = [
        (words.quantity, |line| &line.quantity),
        (words.unit_price, |line| &line.unit_price),
        (words.discount, |line| &line.discount),
        (words.tax, |line| &line.tax),
        (words.amount, |line| &line.total),
    ];
    let used = |value: &Value| quote.lines.iter().any(|line| !value(line).trim().is_empty());
    let figures: Vec<(&str, Value)> = all.into_iter().filter(|(_, value)| used(value)).collect();
    let item = Column { head: words.item.to_owned(), align: Align::Left, wide: true };
    let figure =
        |(head, _): &(&str, Value)| Column { head: (*head).to_owned(), align: Align::Right, wide: false };
    let columns = [item].into_iter().chain(figures.iter().map(figure)).collect();
    let row = |line: &Line| {
        let name = Cell { parts: vec![(line.name.clone(), BODY), (line.description.clone(), SMALL)] };
        let values = figures.iter().map(|(_, value)| Cell::new(value(line), FIGURES));
        [name].into_iter().chain(values).collect()
    };
    Table { columns, rows: quote.lines.iter().map(row).collect(), follows }
}

/// Under the last columns; the total stands out.
fn sums(flow: &mut Flow, quote: &Quote, accent: Colour) -> Vec<Block> {
    let mut blocks = Vec::new();
    let sums: Vec<_> =
        quote.sums.iter().filter(|(label, amount)| !(label.is_empty() && amount.is_empty())).collect();
    for (number, (label, amount)) in sums.into_iter().enumerate() {
        let top = if number == 0 { 10.0 } else { 3.0 };
        blocks.push(sum(flow, (label, BODY), (amount, FIGURES), top));
    }
    let (label, amount) = &quote.total;
    if !label.is_empty() || !amount.is_empty() {
        let style = Style::new(12.0, INK).bold();
        let (gap, inside) = (if blocks.is_empty() { 12.0 } else { 8.0 }, 8.0);
        let mut total = sum(flow, (label, style), (amount, style.tabular()), gap + inside);
        total.height += inside;
        // It hangs out on both sides, so that the amounts stand under those of the table.
        let (x, width) = (second(flow) - 12.0, flow.right() - second(flow) + 12.0 + HANGING);
        let box_height = total.height - gap;
        let mark = Mark::Fill { width, colour: tint(accent) };
        total.items.insert(0, Item { x, y: gap, height: box_height, mark, tag: None });
        let bar = Mark::Fill { width: 3.0, colour: accent };
        total.items.insert(1, Item { x, y: gap, height: box_height, mark: bar, tag: None });
        blocks.push(total);
    }
    blocks
}

fn sum(flow: &mut Flow, (label, style): (&str, Style), amount: (&str, Style), top: f32) -> Block {
    let mut block = Block { whole: true, ..Block::default() };
    let tag = Some(flow.tag(Role::Paragraph, None));
    let (x, right) = (second(flow), flow.right());
    let taken = flow.typesetter.width(amount.0, amount.1).min((right - x) * 0.7) + 0.1;
    let label_width = right - x - taken - 10.0;
    for (text, style, x, width, align) in [
        (label, style, x, label_width, Align::Left),
        (amount.0, amount.1, right - taken, taken, Align::Right),
    ] {
        let mut cell = Block::default();
        cell.column(&mut flow.typesetter, Text { text, style, x, width, align, tag });
        block.beside(cell, top);
    }
    block
}

fn terms(flow: &mut Flow, quote: &Quote, words: &Words) {
    if quote.terms.trim().is_empty() {
        return;
    }
    flow.space(28.0);
    flow.heading(words.terms, 2, BODY.bold(), 40.0);
    flow.space(3.0);
    flow.paragraph(&quote.terms, Style::new(9.0, INK));
}

fn acceptance(flow: &mut Flow, words: &Words) {
    let signature = signature(flow, words);
    flow.space(28.0);
    flow.heading(words.acceptance, 2, BODY.bold(), signature.height + 24.0);
    flow.space(3.0);
    flow.paragraph(words.accepted, Style::new(9.0, INK));
    flow.place(signature);
}

fn signature(flow: &mut Flow, words: &Words) -> Block {
    let mut block = Block { whole: true, ..Block::default() };
    let gap = 20.0;
    let width = (flow.width() - 2.0 * gap) / 3.0;
    for (at, text) in [words.place_and_date, words.name, words.signature].into_iter().enumerate() {
        let x = flow.left() + at as f32 * (width + gap);
        let tag = Some(flow.tag(Role::Paragraph, None));
        let mut cell = Block::default();
        cell.items.push(rule(x, 0.0, width, SOFT));
        cell.height = 4.0;
        let style = Style::new(8.0, SOFT);
        cell.column(&mut flow.typesetter, Text { text, style, x, width, align: Align::Left, tag });
        block.beside(cell, SIGNATURE_HEIGHT);
    }
    block
}

fn second(flow: &Flow) -> f32 {
    flow.left() + flow.width() * SECOND
}

/// Dark enough to be read on white: at least 4.5 to 1.
fn readable(colour: Colour) -> Colour {
    let mut colour = colour;
    while contrast_on_white(colour) < 4.5 {
        colour = colour.map(|part| (f32::from(part) * 0.92) as u8);
    }
    colour
}

/// As WCAG defines it.
fn contrast_on_white(colour: Colour) -> f32 {
    let [red, green, blue] = colour.map(|part| {
        let part = f32::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
}

fn tint(colour: Colour) -> Colour {
    colour.map(|part| (255.0 - (255.0 - f32::from(part)) * 0.08) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Plan;

    /// A quote whose rows are of many heights.
    fn plan(lines: usize, description: usize) -> Plan {
        let line = |n: usize| Line {
            name: format!("line {n}"),
            description: "words ".repeat(n * description % 700),
            total: "1.00".to_owned(),
            ..Line::default()
        };
        let sums = vec![("Subtotal".to_owned(), "1.00".to_owned()); 3];
        let lines = (0..lines).map(line).collect();
        lay_out(&Quote { lines, sums, terms: "Terms. ".repeat(900), ..Quote::default() }).unwrap()
    }

    #[test]
    fn nothing_is_set_outside_of_the_page_or_over_its_foot() {
        for plan in [plan(40, 31), plan(9, 173), plan(3, 699)] {
            for page in &plan.pages {
                // The rule above the footer, and what stands above it.
                let foot = page.iter().filter(|item| matches!(item.mark, Mark::Fill { .. }));
                let foot = foot.fold(0.0_f32, |lowest, item| item.y.max(lowest));
                for item in page {
                    assert!(item.x >= 0.0 && item.y >= 0.0 && item.y + item.height <= plan.height);
                    assert!(item.tag.is_none() || item.y + item.height <= foot, "{} over {foot}", item.y);
                }
            }
        }
    }

    #[test]
    fn a_row_that_fits_on_a_page_is_not_cut() {
        let plan = plan(40, 31);
        let rows: Vec<Tag> = (0..plan.nodes.len())
            .map(Tag)
            .filter(|Tag(at)| matches!(plan.nodes[*at].role, Role::Cell))
            .collect();
        let of = |page: &Vec<Item>, tag: Tag| page.iter().any(|item| item.tag == Some(tag));
        for tag in rows {
            let pages = plan.pages.iter().filter(|page| of(page, tag)).count();
            assert!(pages <= 1, "{tag:?} is on {pages} pages");
        }
    }

    #[test]
    fn an_accent_can_be_read_whatever_it_is() {
        for colour in [[255, 255, 0], [255, 255, 255], [0, 0, 0], [0x2f, 0x3f, 0x52], [200, 200, 210]] {
            assert!(contrast_on_white(readable(colour)) >= 4.5);
        }
        assert_eq!(readable(ACCENT), ACCENT, "what can be read stays as it is");
    }
}
