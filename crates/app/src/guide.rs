//! The user guide inside the program: the pages of `docs/guide`, of which each paragraph stands there in English and in
//! Chinese. What is shown is one of the two.

use satchel_domain::note::{self, Block, Cell, Inline, Item};
use serde::Serialize;

/// The pages in their order, by the names of their files.
const PAGES: [(&str, &str); 14] = [
    ("day", include_str!("../../../docs/guide/day.md")),
    ("moving", include_str!("../../../docs/guide/moving.md")),
    ("visits", include_str!("../../../docs/guide/visits.md")),
    ("calendar", include_str!("../../../docs/guide/calendar.md")),
    ("notes", include_str!("../../../docs/guide/notes.md")),
    ("mail", include_str!("../../../docs/guide/mail.md")),
    ("quotes", include_str!("../../../docs/guide/quotes.md")),
    ("reports", include_str!("../../../docs/guide/reports.md")),
    ("duplicates", include_str!("../../../docs/guide/duplicates.md")),
    ("past", include_str!("../../../docs/guide/past.md")),
    ("fields", include_str!("../../../docs/guide/fields.md")),
    ("team", include_str!("../../../docs/guide/team.md")),
    ("safety", include_str!("../../../docs/guide/safety.md")),
    ("demo", include_str!("../../../docs/guide/demo.md")),
];

/// A page of the guide in one language.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct GuidePage {
    pub name: String,
    pub title: String,
    /// The first has what stands under the title.
    pub sections: Vec<GuideSection>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, specta::Type)]
pub struct GuideSection {
    pub title: String,
    pub blocks: Vec<Block>,
    /// What it says, to search in.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Language {
    English,
    Chinese,
}

/// All pages, for whoever reads Chinese or English.
pub fn guide(chinese: bool) -> Vec<GuidePage> {
    let wanted = if chinese { Language::Chinese } else { Language::English };
    PAGES.iter().map(|(name, text)| page(name, text, wanted)).collect()
}

fn page(name: &str, text: &str, wanted: Language) -> GuidePage {
    let mut title = String::new();
    let mut sections = vec![GuideSection::default()];
    for block in note::read(text) {
        match block {
            Block::Heading { level: 1, inlines } => title = said(&one_side(inlines, wanted)),
            Block::Heading { level: 2, inlines } => {
                let title = said(&one_side(inlines, wanted));
                sections.push(GuideSection { title, ..GuideSection::default() });
            }
            other => {
                if let Some(section) = sections.last_mut() {
                    section.blocks.push(other);
                }
            }
        }
    }
    for section in &mut sections {
        section.blocks = in_language(std::mem::take(&mut section.blocks), wanted);
        section.text = section.blocks.iter().map(text_of).collect::<Vec<_>>().join(" ");
    }
    sections.retain(|section| !section.blocks.is_empty());
    GuidePage { name: name.to_owned(), title, sections }
}

/// What is for a reader; all of it, where nothing is for them alone.
fn in_language(blocks: Vec<Block>, wanted: Language) -> Vec<Block> {
    let chosen: Vec<Block> = blocks.iter().cloned().filter_map(|block| chosen(block, wanted)).collect();
    if chosen.is_empty() { blocks } else { chosen }
}

fn chosen(block: Block, wanted: Language) -> Option<Block> {
    Some(match block {
        Block::Paragraph { inlines } => {
            let inlines = one_side(lines_of(inlines, wanted)?, wanted);
            (is_for(&inlines, wanted)).then_some(Block::Paragraph { inlines })?
        }
        Block::Heading { level, inlines } => Block::Heading { level, inlines: one_side(inlines, wanted) },
        Block::List { start, items } => {
            let item = |item: Item| {
                let blocks: Vec<Block> =
                    item.blocks.into_iter().filter_map(|block| self::chosen(block, wanted)).collect();
                (!blocks.is_empty()).then_some(Item { done: item.done, blocks })
            };
            let items: Vec<Item> = items.into_iter().filter_map(item).collect();
            (!items.is_empty()).then_some(Block::List { start, items })?
        }
        Block::Quote { blocks } => {
            let blocks: Vec<Block> =
                blocks.into_iter().filter_map(|block| self::chosen(block, wanted)).collect();
            (!blocks.is_empty()).then_some(Block::Quote { blocks })?
        }
        Block::Table { head, rows } => table(head, rows, wanted),
        other => other,
    })
}

/// Without the column of the other language, or with one side of each cell.
fn table(head: Vec<Cell>, rows: Vec<Vec<Cell>>, wanted: Language) -> Block {
    let other = if wanted == Language::English { "中文" } else { "English" };
    let away = head.iter().position(|cell| said(&cell.inlines) == other);
    let row = |cells: Vec<Cell>| -> Vec<Cell> {
        let kept = cells.into_iter().enumerate().filter(|(at, _)| Some(*at) != away);
        kept.map(|(_, cell)| Cell { inlines: one_side(cell.inlines, wanted) }).collect()
    };
    Block::Table { head: row(head), rows: rows.into_iter().map(row).collect() }
}

/// The lines of a paragraph that are for a reader, as one; nothing where none is.
fn lines_of(inlines: Vec<Inline>, wanted: Language) -> Option<Vec<Inline>> {
    let mut lines: Vec<Vec<Inline>> = vec![Vec::new()];
    for inline in inlines {
        match inline {
            Inline::Break => lines.push(Vec::new()),
            other => lines.last_mut()?.push(other),
        }
    }
    let languages: Vec<Option<Language>> = lines.iter().map(|line| language_of(line)).collect();
    let both = [Language::English, Language::Chinese].iter().all(|l| languages.contains(&Some(*l)));
    let mut out: Vec<Inline> = Vec::new();
    let mut last = None;
    for (line, language) in lines.into_iter().zip(languages) {
        // A short line belongs to what it ends.
        let language = language.or(last);
        last = language;
        if both && language != Some(wanted) {
            continue;
        }
        let before = said(&out).chars().next_back();
        let behind = said(&line).chars().next();
        let close = [before, behind].into_iter().flatten().any(is_chinese);
        if !out.is_empty() && !close {
            out.push(Inline::Text { text: " ".to_owned() });
        }
        out.extend(line);
    }
    Some(out)
}

/// Of «English / 中文» the one that is asked for; what stands before the last such stroke may have strokes of its own.
fn one_side(inlines: Vec<Inline>, wanted: Language) -> Vec<Inline> {
    const BETWEEN: &str = " / ";
    let part = |text: &str| (!text.is_empty()).then(|| Inline::Text { text: text.to_owned() }).into_iter();
    for (at, inline) in inlines.iter().enumerate().rev() {
        let Inline::Text { text } = inline else { continue };
        for (place, _) in text.rmatch_indices(BETWEEN) {
            let (before, behind) = text.split_at(place);
            let behind = behind.strip_prefix(BETWEEN).unwrap_or(behind);
            let left: Vec<Inline> = inlines.iter().take(at).cloned().chain(part(before)).collect();
            let right: Vec<Inline> = part(behind).chain(inlines.iter().skip(at + 1).cloned()).collect();
            let chinese = |side: &[Inline]| language_of(side) == Some(Language::Chinese);
            if !chinese(&left) && chinese(&right) {
                return if wanted == Language::English { left } else { right };
            }
        }
    }
    inlines
}

fn is_for(inlines: &[Inline], wanted: Language) -> bool {
    language_of(inlines).is_none_or(|language| language == wanted)
}

/// What a text is written in, without what stands in it as code; nothing where it is neither.
fn language_of(inlines: &[Inline]) -> Option<Language> {
    let mut text = String::new();
    words_of(inlines, &mut text);
    let chinese = text.chars().filter(|c| is_chinese(*c)).count();
    let latin = text.chars().filter(char::is_ascii_alphabetic).count();
    match (chinese, latin) {
        (0, 0) => None,
        // A character says as much as a few letters do.
        _ if chinese * 3 >= latin => Some(Language::Chinese),
        _ => Some(Language::English),
    }
}

fn is_chinese(c: char) -> bool {
    ('\u{3000}'..='\u{9fff}').contains(&c) || ('\u{ff00}'..='\u{ffef}').contains(&c)
}

/// What a line says outside of code.
fn words_of(inlines: &[Inline], out: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text { text } => out.push_str(text),
            Inline::Strong { inlines }
            | Inline::Emphasis { inlines }
            | Inline::Struck { inlines }
            | Inline::Link { inlines, .. } => words_of(inlines, out),
            _ => {}
        }
    }
}

fn said(inlines: &[Inline]) -> String {
    let mut out = String::new();
    note::say_all(inlines, &mut out);
    out
}

fn text_of(block: &Block) -> String {
    match block {
        Block::Paragraph { inlines } | Block::Heading { inlines, .. } => said(inlines),
        Block::Code { text } => text.clone(),
        Block::Rule => String::new(),
        Block::Quote { blocks } => blocks.iter().map(text_of).collect::<Vec<_>>().join(" "),
        Block::List { items, .. } => {
            items.iter().flat_map(|item| &item.blocks).map(text_of).collect::<Vec<_>>().join(" ")
        }
        Block::Table { head, rows } => {
            let cells = head.iter().chain(rows.iter().flatten());
            cells.map(|cell| said(&cell.inlines)).collect::<Vec<_>>().join(" ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn root(path: &str) -> String {
        format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))
    }

    /// All sources of the screens as one text.
    fn screens(folder: &str) -> String {
        let files = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
        let text = |path: std::path::PathBuf| match path.is_dir() {
            true => screens(&path.display().to_string()),
            false => std::fs::read_to_string(path).unwrap_or_default(),
        };
        files.map(text).collect()
    }

    #[test]
    fn every_page_of_the_folder_is_in_the_program() {
        let files = std::fs::read_dir(root("docs/guide")).expect("the guide");
        let files: BTreeSet<String> =
            files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned()).collect();
        // This one is for who makes Satchel.
        let ours: BTreeSet<String> =
            PAGES.iter().map(|(name, _)| format!("{name}.md")).chain(["by-hand.md".to_owned()]).collect();
        assert_eq!(files, ours);
    }

    #[test]
    fn every_section_is_there_in_both_languages() {
        let mut missing = Vec::new();
        for (english, chinese) in guide(false).iter().zip(guide(true)) {
            assert_eq!(english.sections.len(), chinese.sections.len(), "{}", english.name);
            for (a, b) in english.sections.iter().zip(&chinese.sections) {
                let right = |section: &GuideSection, wanted: Language, title: &str| {
                    let is = |text: &str| {
                        language_of(&[Inline::Text { text: text.to_owned() }]).is_none_or(|l| l == wanted)
                    };
                    let prose = section.blocks.iter().filter_map(|block| match block {
                        Block::Paragraph { inlines } => Some(is_for(inlines, wanted)),
                        _ => None,
                    });
                    is(title) && prose.into_iter().all(|fits| fits)
                };
                if !right(a, Language::English, &a.title) || !right(b, Language::Chinese, &b.title) {
                    missing.push(format!("{}: {} / {}", english.name, a.title, b.title));
                }
            }
        }
        assert!(missing.is_empty(), "not in both languages: {missing:#?}");
    }

    #[test]
    fn links_lead_to_pages_and_keys_to_commands() {
        let screens = screens(&root("ui/src")).to_lowercase();
        let names: Vec<String> = PAGES.iter().map(|(name, _)| format!("{name}.md")).collect();
        for (name, text) in PAGES {
            for link in note::links(text) {
                let page = link.split('#').next().unwrap_or_default();
                assert!(!page.ends_with(".md") || names.iter().any(|n| n == page), "{name}: {link}");
            }
            for key in text.split('`').skip(1).step_by(2) {
                let letters: Vec<&str> = key.split(' ').collect();
                let is_key = match letters.as_slice() {
                    ["G", letter] => letter.len() == 1,
                    ["Ctrl", "Shift", letter] | ["Ctrl", letter] => letter.chars().count() == 1,
                    _ => false,
                };
                let key = key.to_lowercase();
                let known = || screens.contains(&key) || screens.contains(&key.replace(' ', "+"));
                assert!(!is_key || known(), "{name}: there is no key {key}");
            }
        }
    }

    #[test]
    fn one_language_is_left() {
        let text = "# Quotes / 报价\n\nIt works.\n它可用。\n\n## A / B / 甲\n\nPress `王` here.\n\n按 `Enter` 继续。\n\n\
                    | key / 键 | |\n|---|---|\n| `X` | go on / 继续 |\n\n- one / 一\n- 二\n";
        let show = |wanted| {
            let page = page("x", text, wanted);
            let sections: Vec<String> =
                page.sections.iter().map(|s| format!("[{}] {}", s.title, s.text)).collect();
            format!("{}: {}", page.title, sections.join(" "))
        };
        assert_eq!(show(Language::English), "Quotes: [] It works. [A / B] Press 王 here. key  X go on one");
        assert_eq!(show(Language::Chinese), "报价: [] 它可用。 [甲] 按 Enter 继续。 键  X 继续 一 二");
    }
}
