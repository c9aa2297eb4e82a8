//! Tables: columns as wide as they need, a head that is repeated, rows that stay whole where they can.

use crate::flow::{Align, Block, Flow, HAIRLINE, Mark, Role, SOFT, Tag, Text, rule};
use crate::shape::Style;

const GAP: f32 = 14.0;
const PADDING: f32 = 6.0;
const HEAD: Style = Style::new(8.0, SOFT).bold();

#[derive(Clone)]
pub(crate) struct Column {
    pub head: String,
    pub align: Align,
    /// It takes what the others leave.
    pub wide: bool,
}

/// Texts under each other, each in its own style.
#[derive(Clone)]
pub(crate) struct Cell {
    pub parts: Vec<(String, Style)>,
}

pub(crate) struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// What the rows must leave at the end of the page of the last one.
    pub follows: f32,
}

struct Place {
    x: f32,
    width: f32,
    align: Align,
}

impl Cell {
    pub fn new(text: &str, style: Style) -> Self {
        Cell { parts: vec![(text.to_owned(), style)] }
    }

    fn width(&self, flow: &mut Flow) -> f32 {
        self.parts.iter().map(|(text, style)| flow.typesetter.width(text, *style)).fold(0.0, f32::max)
    }
}

impl Table {
    pub fn place(self, flow: &mut Flow) {
        let table = flow.tag(Role::Table, None);
        let places = self.places(flow);
        let heads = self.columns.iter().map(|column| Cell::new(&column.head, HEAD)).collect();
        let mut head = row(flow, &places, heads, (table, Role::HeadCell));
        head.whole = true;
        if let Some(rule) = head.items.last_mut() {
            // Under the head it is as strong as its text.
            rule.mark = Mark::Fill { width: flow.width(), colour: SOFT };
        }
        let last = self.rows.len().saturating_sub(1);
        let mut head = Some(head);
        for (number, cells) in self.rows.into_iter().enumerate() {
            let block = row(flow, &places, cells, (table, Role::Cell));
            if let Some(head) = head.take() {
                flow.begin_table(head, block.height);
            }
            if number == last {
                flow.need(block.height + self.follows);
            }
            flow.place(block);
        }
        if let Some(head) = head {
            flow.begin_table(head, 0.0);
        }
        flow.end_table();
    }

    fn places(&self, flow: &mut Flow) -> Vec<Place> {
        let mut natural = Vec::new();
        for (at, column) in self.columns.iter().enumerate() {
            let head = flow.typesetter.width(&column.head, HEAD);
            let cells: Vec<&Cell> = self.rows.iter().filter_map(|row| row.get(at)).collect();
            let widest = cells.into_iter().fold(head, |widest, cell| cell.width(flow).max(widest));
            // A hair more, so that what was measured as a whole is not broken for a rounding.
            natural.push(if column.wide { f32::INFINITY } else { widest + 0.1 });
        }
        let available = flow.width() - GAP * self.columns.len().saturating_sub(1) as f32;
        let mut x = flow.left();
        let widths = share(&natural, available);
        let place = |(column, width): (&Column, f32)| {
            let place = Place { x, width, align: column.align };
            x += width + GAP;
            place
        };
        self.columns.iter().zip(widths).map(place).collect()
    }
}

/// To each what it needs, or as much as any other that needs more; what nobody needs goes to the widest.
pub(crate) fn share(natural: &[f32], available: f32) -> Vec<f32> {
    let mut widths: Vec<Option<f32>> = vec![None; natural.len()];
    let mut left = available;
    loop {
        let open = widths.iter().filter(|width| width.is_none()).count();
        let fair = left / open.max(1) as f32;
        let mut settled = false;
        for (width, need) in widths.iter_mut().zip(natural) {
            if width.is_none() && *need <= fair {
                *width = Some(*need);
                left -= need;
                settled = true;
            }
        }
        if !settled {
            let mut widths: Vec<f32> = widths.into_iter().map(|width| width.unwrap_or(fair)).collect();
            if open == 0
                && let Some(widest) = widths.iter_mut().max_by(|a, b| a.total_cmp(b))
            {
                *widest += left;
            }
            return widths;
        }
    }
}

/// Its last item is the rule under it.
fn row(flow: &mut Flow, places: &[Place], cells: Vec<Cell>, (table, role): (Tag, Role)) -> Block {
    let tag = flow.tag(Role::Row, Some(table));
    let mut block = Block { whole: true, ..Block::default() };
    for (place, cell) in places.iter().zip(cells) {
        let tag = Some(flow.tag(role.clone(), Some(tag)));
        let mut column = Block::default();
        for (text, style) in &cell.parts {
            let text = Text { text, style: *style, x: place.x, width: place.width, align: place.align, tag };
            column.column(&mut flow.typesetter, text);
        }
        block.beside(column, PADDING);
    }
    block.height += PADDING;
    let rule = rule(flow.left(), block.height - 0.6, flow.width(), HAIRLINE);
    block.items.push(rule);
    block
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn columns_get_what_they_need_or_a_fair_part() {
        assert_eq!(share(&[f32::INFINITY, 50.0, 80.0], 400.0), [270.0, 50.0, 80.0]);
        assert_eq!(share(&[f32::INFINITY, 50.0, 900.0], 450.0), [200.0, 50.0, 200.0]);
        assert_eq!(share(&[10.0, 30.0, 20.0], 100.0), [10.0, 70.0, 20.0], "what is left goes to the widest");
        assert_eq!(share(&[], 100.0), [0.0; 0]);
    }
}
