//! How a report looks: its title, and blocks under each other.

use crate::flow::{Align, Flow, Frame, INK, Plan, SOFT};
use crate::shape::Style;
use crate::table::{Cell, Column, Table};
use crate::{Block, PaperError, Report};

const BODY: Style = Style::new(9.5, INK);
const CELL: Style = Style::new(8.5, INK).tabular();

pub(crate) fn lay_out(report: &Report) -> Result<Plan, PaperError> {
    let mut flow = Flow::new(Frame {
        language: report.language,
        paper: report.paper,
        title: report.title.clone(),
        author: String::new(),
        running: (report.title.clone(), report.subtitle.clone()),
        footer: &[],
    })?;
    flow.heading(&report.title, 1, Style::new(21.0, INK).bold(), 40.0);
    flow.space(2.0);
    flow.paragraph(&report.subtitle, Style::new(10.5, SOFT));
    flow.space(12.0);
    for block in &report.blocks {
        place(&mut flow, block);
    }
    Ok(flow.finish())
}

fn place(flow: &mut Flow, block: &Block) {
    match block {
        Block::Heading(text) => {
            flow.space(12.0);
            flow.heading(text, 2, Style::new(12.0, INK).bold(), 50.0);
            flow.space(4.0);
        }
        Block::Paragraph(text) => {
            flow.paragraph(text, BODY);
            flow.space(8.0);
        }
        Block::Table { head, rows } => {
            table(head, rows).place(flow);
            flow.space(14.0);
        }
    }
}

/// Rows may be shorter or longer than the head.
fn table(head: &[String], rows: &[Vec<String>]) -> Table {
    let count = rows.iter().map(Vec::len).fold(head.len(), usize::max);
    let text = |row: &[String], at: usize| row.get(at).cloned().unwrap_or_default();
    let column = |at| Column { head: text(head, at), align: Align::Left, wide: false };
    let row = |row: &Vec<String>| (0..count).map(|at| Cell::new(&text(row, at), CELL)).collect();
    Table { columns: (0..count).map(column).collect(), rows: rows.iter().map(row).collect(), follows: 0.0 }
}
