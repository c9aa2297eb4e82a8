//! Text becomes glyphs: a paragraph is cut into pieces of one face, one script and one direction, and each is shaped.

use crate::fonts::{self, Bundled, Face, Weight};
use crate::{Language, PaperError, limits};
use icu_segmenter::{GraphemeClusterSegmenter, GraphemeClusterSegmenterBorrowed};
use rustybuzz::{Direction, Feature, ShapePlan, UnicodeBuffer, ttf_parser::Tag};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use unicode_bidi::{BidiInfo, Level};
use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

pub(crate) type Colour = [u8; 3];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Style {
    pub size: f32,
    pub weight: Weight,
    pub colour: Colour,
    /// All digits have one width.
    pub tabular: bool,
}

impl Style {
    pub const fn new(size: f32, colour: Colour) -> Self {
        Style { size, weight: Weight::Regular, colour, tabular: false }
    }

    pub const fn bold(self) -> Self {
        Style { weight: Weight::SemiBold, ..self }
    }

    pub const fn tabular(self) -> Self {
        Style { tabular: true, ..self }
    }
}

/// Lengths in parts of the size.
#[derive(Clone, Debug)]
pub(crate) struct Glyph {
    pub id: u32,
    pub advance: f32,
    pub x_offset: f32,
    pub y_offset: f32,
    /// What of the paragraph it shows.
    pub range: Range<usize>,
}

/// Glyphs stand as they are seen, from left to right.
pub(crate) struct Piece {
    pub range: Range<usize>,
    pub face: &'static Face,
    pub level: Level,
    pub glyphs: Vec<Glyph>,
}

/// One paragraph.
pub(crate) struct Shaped {
    pub text: String,
    /// In the order of the text.
    pub pieces: Vec<Piece>,
}

/// A piece before it is shaped; without a face nobody has its characters.
struct Cut {
    range: Range<usize>,
    face: Option<&'static Face>,
    script: Script,
    level: Level,
}

pub(crate) struct Shaper {
    language: Language,
    fonts: &'static Bundled,
    graphemes: GraphemeClusterSegmenterBorrowed<'static>,
    plans: HashMap<(*const Face, rustybuzz::Script, Direction, bool), ShapePlan>,
    foreign: HashSet<char>,
}

impl Shaper {
    pub fn new(language: Language) -> Result<Self, PaperError> {
        let graphemes = GraphemeClusterSegmenter::new();
        let (plans, foreign) = (HashMap::new(), HashSet::new());
        Ok(Shaper { language, fonts: Bundled::get()?, graphemes, plans, foreign })
    }

    pub fn language(&self) -> Language {
        self.language
    }

    /// A paragraph without line breaks.
    pub fn shape(&mut self, text: String, style: Style) -> Shaped {
        let cuts = self.cut(&text, style.weight);
        let pieces = cuts.into_iter().filter_map(|cut| self.piece(&text, cut, style)).collect();
        Shaped { text, pieces }
    }

    fn cut(&mut self, text: &str, weight: Weight) -> Vec<Cut> {
        let levels = levels(text);
        let mut cuts: Vec<Cut> = Vec::new();
        let offsets: Vec<usize> = self.graphemes.segment_str(text).collect();
        for (start, end) in offsets.iter().copied().zip(offsets.iter().copied().skip(1)) {
            let Some(cluster) = text.get(start..end) else { continue };
            let before = cuts.last().and_then(|cut| cut.face);
            let face = self.face(cluster, text.get(end..).unwrap_or_default(), before, weight);
            let script = cluster.chars().next().map_or(Script::Common, |c| c.script());
            let level = levels.get(start).copied().unwrap_or(Level::ltr());
            match cuts.last_mut() {
                Some(cut) if cut.takes(face, script, level) => cut.extend(end, script),
                _ => cuts.push(Cut { range: start..end, face, script, level }),
            }
        }
        cuts
    }

    /// The first face that has a whole cluster; marks that only another face has are drawn as boxes.
    fn face(
        &mut self,
        cluster: &str,
        after: &str,
        before: Option<&'static Face>,
        weight: Weight,
    ) -> Option<&'static Face> {
        let base = cluster.chars().next()?;
        let (latin, han) = (self.fonts.latin(weight), &self.fonts.han);
        let beside_han =
            before.is_some_and(|face| std::ptr::eq(face, han)) || after.chars().next().is_some_and(is_han);
        if is_shared(base) && beside_han {
            return Some(han);
        }
        let has = |face: &Face| cluster.chars().all(|c| face.covers(c) || is_joiner(c));
        let ours = [latin, han];
        let whole = ours.into_iter().find(|face| has(face));
        whole.or_else(|| ours.into_iter().find(|face| face.covers(base))).or_else(|| self.elsewhere(base))
    }

    fn elsewhere(&mut self, character: char) -> Option<&'static Face> {
        if self.foreign.len() >= limits::FOREIGN_CHARACTERS && !self.foreign.contains(&character) {
            return None;
        }
        self.foreign.insert(character);
        fonts::elsewhere(character)
    }

    fn piece(&mut self, text: &str, cut: Cut, style: Style) -> Option<Piece> {
        let (range, level) = (cut.range.clone(), cut.level);
        let face = cut.face.unwrap_or(self.fonts.latin(style.weight));
        let glyphs = match cut.face {
            Some(face) => self.glyphs(text, &cut, face, style),
            None => boxes(text.get(range.clone())?, range.start, face),
        };
        Some(Piece { range, face, level, glyphs })
    }

    fn glyphs(&mut self, text: &str, cut: &Cut, face: &'static Face, style: Style) -> Vec<Glyph> {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text.get(cut.range.clone()).unwrap_or_default());
        let direction = if cut.level.is_rtl() { Direction::RightToLeft } else { Direction::LeftToRight };
        buffer.set_direction(direction);
        buffer.guess_segment_properties();
        let script = buffer.script();
        let features = [Feature::new(Tag::from_bytes(b"tnum"), u32::from(style.tabular), ..)];
        let key = (std::ptr::from_ref(face), script, direction, style.tabular);
        let plan = self
            .plans
            .entry(key)
            .or_insert_with(|| ShapePlan::new(&face.shaper, direction, Some(script), None, &features));
        let shaped = rustybuzz::shape_with_plan(&face.shaper, plan, buffer);
        glyphs_of(&shaped, cut.range.clone(), face)
    }
}

impl Cut {
    fn takes(&self, face: Option<&'static Face>, script: Script, level: Level) -> bool {
        let same_face = match (self.face, face) {
            (Some(ours), Some(theirs)) => std::ptr::eq(ours, theirs),
            (None, None) => true,
            _ => false,
        };
        same_face && self.level == level && (is_any(self.script) || is_any(script) || self.script == script)
    }

    fn extend(&mut self, end: usize, script: Script) {
        self.range.end = end;
        if is_any(self.script) {
            self.script = script;
        }
    }
}

/// What people do not see is left out; each line of the text is a paragraph.
pub(crate) fn paragraphs(text: &str) -> Vec<String> {
    let text: String = text.replace("\r\n", "\n").nfc().filter_map(plain).collect();
    text.trim_end().split('\n').map(|line| line.trim_end().to_owned()).collect()
}

fn plain(character: char) -> Option<char> {
    match character {
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\t' => Some(' '),
        // Soft hyphens, marks of direction and of form, and what no text should hold.
        '\u{ad}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' => None,
        '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => None,
        _ if character.is_control() => None,
        _ if (character as u32) & 0xfffe == 0xfffe => None,
        _ => Some(character),
    }
}

/// For each byte; nothing where all is read from left to right.
fn levels(text: &str) -> Vec<Level> {
    let may_turn =
        |c: char| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fefc}' | '\u{10800}'..='\u{1efff}');
    if text.chars().any(may_turn) { BidiInfo::new(text, None).levels } else { Vec::new() }
}

fn glyphs_of(shaped: &rustybuzz::GlyphBuffer, range: Range<usize>, face: &Face) -> Vec<Glyph> {
    let mut starts: Vec<usize> = shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
    starts.sort_unstable();
    starts.dedup();
    let end_of =
        |start: usize| starts.get(starts.partition_point(|s| *s <= start)).map(|next| range.start + next);
    let units = face.embedded.units_per_em();
    let glyph = |(info, position): (&rustybuzz::GlyphInfo, &rustybuzz::GlyphPosition)| {
        let start = info.cluster as usize;
        let found = (info.glyph_id, position.x_advance as f32 / units);
        let (id, advance) = if info.glyph_id == 0 { face.substitute().unwrap_or(found) } else { found };
        Glyph {
            id,
            advance,
            x_offset: position.x_offset as f32 / units,
            y_offset: position.y_offset as f32 / units,
            range: range.start + start..end_of(start).unwrap_or(range.end),
        }
    };
    shaped.glyph_infos().iter().zip(shaped.glyph_positions()).map(glyph).collect()
}

/// The text stays what it is; only its letters cannot be shown.
fn boxes(text: &str, start: usize, face: &Face) -> Vec<Glyph> {
    let Some((id, advance)) = face.substitute() else { return Vec::new() };
    let glyph = |(at, character): (usize, char)| {
        let range = start + at..start + at + character.len_utf8();
        Glyph { id, advance, x_offset: 0.0, y_offset: 0.0, range }
    };
    text.char_indices().map(glyph).collect()
}

/// Marks that Latin and Chinese write alike and set differently: beside Chinese they take a whole square.
fn is_shared(character: char) -> bool {
    matches!(character, '“' | '”' | '‘' | '’' | '…' | '—' | '·')
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

/// Digits, marks and signs belong to what they stand beside.
fn is_any(script: Script) -> bool {
    matches!(script, Script::Common | Script::Inherited | Script::Unknown)
}

fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}')
}
