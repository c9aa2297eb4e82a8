//! What a person reads: tables, and a bar for what takes over a second.

use crate::words::word;
use indicatif::{ProgressBar, ProgressStyle};
use satchel_app::Progress;
use serde_json::Value as Json;
use std::{
    io::{IsTerminal, Write},
    time::Instant,
};

/// How answers are written.
pub struct Show {
    pub json: bool,
    pub quiet: bool,
}

impl Show {
    /// One document, or lines for people.
    pub fn answer(&self, json: &Json, human: impl FnOnce() -> String) {
        let text = if self.json { json.to_string() } else { harmless(&human()) };
        // A reader that went away (`| head`) is no error.
        let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
    }

    pub fn note(&self, text: &str) {
        if !self.quiet && !self.json {
            eprintln!("{text}");
        }
    }

    /// What must be seen, also by a script's log.
    pub fn warn(&self, text: &str) {
        eprintln!("{text}");
    }

    /// A bar on stderr that appears after a second.
    pub fn progress(&self, what: &'static str) -> impl FnMut(Progress) + use<> {
        let visible = !self.quiet && std::io::stderr().is_terminal();
        let started = Instant::now();
        let mut bar: Option<ProgressBar> = None;
        move |p| {
            if !visible || started.elapsed().as_millis() < 1000 {
                return;
            }
            let bar = bar.get_or_insert_with(|| {
                let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} ({eta})")
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
                ProgressBar::new(p.total).with_style(style).with_message(word(what))
            });
            bar.set_position(p.done);
            if p.total > 0 && p.done >= p.total {
                bar.finish_and_clear();
            }
        }
    }
}

/// Without control characters: a terminal obeys them, and values come from anywhere. Our own bold
/// heads of tables stay.
pub fn harmless(text: &str) -> String {
    const BOLD: [&str; 2] = ["\x1b[1m", "\x1b[0m"];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let own = BOLD.iter().find(|own| c == '\x1b' && rest.starts_with(**own));
        let taken = own.map_or(c.len_utf8(), |own| own.len());
        if own.is_some() || !c.is_control() || matches!(c, '\n' | '\t') {
            out.push_str(rest.get(..taken).unwrap_or_default());
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

/// Columns as wide as they need; Chinese characters take two places.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    // Wide enough for a hash; what is cut says so.
    const WIDEST: usize = 72;
    let cut = |s: &String| -> String {
        let line: String = s.replace(['\n', '\r', '\t'], " ").chars().filter(|c| !c.is_control()).collect();
        match line.chars().count() > WIDEST {
            true => line.chars().take(WIDEST - 1).chain(['…']).collect(),
            false => line,
        }
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|r| r.iter().map(cut).collect()).collect();
    let head: Vec<&str> = head.iter().map(|h| word(h)).collect();
    let mut widths: Vec<usize> = head.iter().map(|h| width(h)).collect();
    for row in &rows {
        for (slot, cell) in widths.iter_mut().zip(row) {
            *slot = (*slot).max(width(cell));
        }
    }
    let bold = std::io::stdout().is_terminal();
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(c, w)| format!("{c}{}", " ".repeat(w.saturating_sub(width(c)))))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let header = line(head);
    let mut out = if bold { format!("\x1b[1m{header}\x1b[0m\n") } else { format!("{header}\n") };
    for row in &rows {
        out.push_str(&line(row.iter().map(String::as_str).collect()));
        out.push('\n');
    }
    out
}

fn width(text: &str) -> usize {
    text.chars()
        .map(|c| {
            if satchel_app::domain::text::is_cjk(c) || ('\u{ff00}'..='\u{ff60}').contains(&c) { 2 } else { 1 }
        })
        .sum()
}

/// A value in one line.
pub fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(s) => s.clone(),
        Json::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        Json::Object(o) => match (o.get("value"), o.get("minor"), o.get("street")) {
            (Some(value), ..) => {
                let label = o.get("label").and_then(Json::as_str).unwrap_or_default();
                if label.is_empty() { plain(value) } else { format!("{} ({label})", plain(value)) }
            }
            (_, Some(minor), _) => {
                let currency = o.get("currency").map(plain).unwrap_or_default();
                satchel_app::domain::money::Money { minor: minor.as_i64().unwrap_or(0), currency }.to_string()
            }
            (_, _, Some(_)) => ["street", "city", "region", "postal_code", "country"]
                .iter()
                .filter_map(|k| o.get(*k))
                .map(plain)
                .filter(|p| !p.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}
