//! Paragraphs become lines, where Unicode allows it: Chinese between characters, but not before 。 or after （.

use crate::fonts::{ASCENT, DESCENT};
use crate::shape::{Glyph, Piece, Shaped, Shaper, Style, paragraphs};
use crate::{Language, PaperError, fonts::Face};
use icu_segmenter::options::LineBreakOptions;
use icu_segmenter::{LineSegmenter, LineSegmenterBorrowed};
use std::ops::Range;
use unicode_bidi::BidiInfo;

/// One line as it is seen, from left to right.
#[derive(Clone, Default)]
pub(crate) struct Line {
    pub runs: Vec<Run>,
    /// Without the space that it ends with.
    pub width: f32,
}

/// Glyphs of one face; what they show is a part of `text`.
#[derive(Clone)]
pub(crate) struct Run {
    pub face: &'static Face,
    pub text: String,
    pub glyphs: Vec<Glyph>,
    pub width: f32,
}

pub(crate) struct Typesetter {
    shaper: Shaper,
    breaks: LineSegmenterBorrowed<'static>,
}

impl Typesetter {
    pub fn new(language: Language) -> Result<Self, PaperError> {
        let breaks = LineSegmenter::new_for_non_complex_scripts(LineBreakOptions::default());
        Ok(Typesetter { shaper: Shaper::new(language)?, breaks })
    }

    pub fn language(&self) -> Language {
        self.shaper.language()
    }

    /// From the top of a line to the top of the next.
    pub fn leading(&self, style: Style) -> f32 {
        let airy = if self.language() == Language::Chinese { 1.55 } else { 1.4 };
        style.size * if style.size > 14.0 { airy - 0.15 } else { airy }
    }

    /// From the top of a line to where its letters stand.
    pub fn baseline(&self, style: Style) -> f32 {
        (self.leading(style) - (ASCENT + DESCENT) * style.size) / 2.0 + ASCENT * style.size
    }

    pub fn wrap(&mut self, text: &str, style: Style, width: f32) -> Vec<Line> {
        if text.trim().is_empty() {
            return Vec::new();
        }
        let mut lines = Vec::new();
        for paragraph in paragraphs(text) {
            let shaped = self.shaper.shape(paragraph, style);
            let stops = self.breaks.segment_str(&shaped.text).skip(1);
            let ranges = Ruler::new(&shaped, style.size).ranges(stops, width);
            lines.extend(ranges.into_iter().map(|range| line(&shaped, range, style.size)));
        }
        lines
    }

    /// Of the widest line, where nothing makes it shorter.
    pub fn width(&mut self, text: &str, style: Style) -> f32 {
        self.wrap(text, style, f32::INFINITY).iter().fold(0.0, |widest, line| line.width.max(widest))
    }
}

/// How far it is from one place of a paragraph to another.
struct Ruler<'a> {
    text: &'a str,
    /// Where clusters start, and what all before them measure.
    starts: Vec<usize>,
    sums: Vec<f32>,
}

impl<'a> Ruler<'a> {
    fn new(shaped: &'a Shaped, size: f32) -> Self {
        let glyphs = shaped.pieces.iter().flat_map(|piece| &piece.glyphs);
        let mut advances: Vec<(usize, f32)> =
            glyphs.map(|glyph| (glyph.range.start, glyph.advance)).collect();
        advances.sort_by_key(|(start, _)| *start);
        let (mut starts, mut sums) = (Vec::new(), Vec::new());
        let mut sum = 0.0;
        for (start, advance) in advances {
            if starts.last() != Some(&start) {
                starts.push(start);
                sums.push(sum);
            }
            sum += advance * size;
        }
        sums.push(sum);
        Ruler { text: &shaped.text, starts, sums }
    }

    fn position(&self, offset: usize) -> f32 {
        let at = self.starts.partition_point(|start| *start < offset);
        self.sums.get(at).copied().unwrap_or_default()
    }

    fn width(&self, range: Range<usize>) -> f32 {
        let trimmed = self.text.get(range.clone()).map_or(0, |text| text.trim_end().len());
        self.position(range.start + trimmed) - self.position(range.start)
    }

    fn ranges(&self, stops: impl Iterator<Item = usize>, width: f32) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        let (mut start, mut end) = (0, 0);
        for stop in stops {
            if self.width(start..stop) > width {
                if end > start {
                    ranges.push(start..end);
                    start = end;
                }
                while self.width(start..stop) > width {
                    let cut = self.cut(start, stop, width);
                    ranges.push(start..cut);
                    start = cut;
                }
            }
            end = stop;
        }
        if start < end || ranges.is_empty() {
            ranges.push(start..end);
        }
        ranges
    }

    /// Where a word that is wider than a line is broken: as late as possible, after one cluster at least.
    fn cut(&self, start: usize, stop: usize, width: f32) -> usize {
        let limit = self.position(start) + width;
        let first = self.starts.partition_point(|s| *s <= start);
        let fitting = self.sums.partition_point(|sum| *sum <= limit).saturating_sub(1);
        self.starts.get(fitting.max(first)).copied().unwrap_or(stop).min(stop)
    }
}

fn line(shaped: &Shaped, range: Range<usize>, size: f32) -> Line {
    let within: Vec<&Piece> =
        shaped.pieces.iter().filter(|p| p.range.start < range.end && p.range.end > range.start).collect();
    let levels: Vec<_> = within.iter().map(|piece| piece.level).collect();
    let seen = BidiInfo::reorder_visual(&levels);
    let ordered = seen.into_iter().filter_map(|at| within.get(at));
    let runs: Vec<Run> = ordered.filter_map(|piece| run(shaped, piece, &range, size)).collect();
    let width = runs.iter().map(|run| run.width).sum::<f32>() - trailing(&runs, size);
    Line { runs, width }
}

fn run(shaped: &Shaped, piece: &Piece, line: &Range<usize>, size: f32) -> Option<Run> {
    let range = piece.range.start.max(line.start)..piece.range.end.min(line.end);
    let text = shaped.text.get(range.clone())?.to_owned();
    let within = piece.glyphs.iter().filter(|glyph| range.contains(&glyph.range.start));
    let glyphs: Vec<Glyph> = within.map(|glyph| glyph.within(&range)).collect();
    let width = glyphs.iter().map(|glyph| glyph.advance).sum::<f32>() * size;
    Some(Run { face: piece.face, text, glyphs, width })
}

impl Glyph {
    fn within(&self, range: &Range<usize>) -> Self {
        let end = self.range.end.min(range.end);
        Glyph { range: self.range.start - range.start..end - range.start, ..self.clone() }
    }
}

/// The space at the end is there for who copies the text, and takes no room.
fn trailing(runs: &[Run], size: f32) -> f32 {
    let Some(last) = runs.last() else { return 0.0 };
    let spaces = last.text.len() - last.text.trim_end().len();
    let trimmed = last.glyphs.iter().rev().take_while(|glyph| glyph.range.start >= last.text.len() - spaces);
    trimmed.map(|glyph| glyph.advance).sum::<f32>() * size
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STYLE: Style = Style::new(10.0, [0; 3]);

    fn wrapped(text: &str, width: f32) -> Vec<String> {
        let lines = Typesetter::new(Language::Chinese).unwrap().wrap(text, STYLE, width);
        lines.iter().map(|line| line.runs.iter().map(|run| run.text.as_str()).collect()).collect()
    }

    #[test]
    fn chinese_breaks_between_characters_and_not_before_marks() {
        // Five squares of ten points: the full stop takes the character before it along.
        assert_eq!(wrapped("今天天气好。我们走吧", 50.0), ["今天天气", "好。我们走", "吧"]);
        assert_eq!(wrapped("这是一个（例子）", 50.0), ["这是一个", "（例子）"]);
        assert_eq!(wrapped("共计1234567元", 50.0), ["共计", "1234567", "元"]);
    }

    #[test]
    fn words_stay_whole_where_they_fit() {
        assert_eq!(wrapped("one two three", 60.0), ["one two ", "three"]);
        assert_eq!(wrapped("up-to-date", 40.0), ["up-to-", "date"]);
        assert_eq!(wrapped("first\n\nsecond\r\n", 100.0), ["first", "", "second"]);
    }

    #[test]
    fn a_word_that_is_wider_than_a_line_is_broken() {
        let lines = wrapped(&"m".repeat(40), 60.0);
        assert!(lines.len() > 4 && lines.concat() == "m".repeat(40), "{lines:?}");
        assert_eq!(wrapped("长长", 1.0), ["长", "长"], "one character at least");
    }

    #[test]
    fn a_line_of_two_scripts_has_a_run_for_each() {
        let lines = Typesetter::new(Language::Chinese).unwrap().wrap("订单 Q-17 已确认", STYLE, 500.0);
        let runs: Vec<&str> = lines[0].runs.iter().map(|run| run.text.as_str()).collect();
        assert_eq!(runs, ["订单", " Q-17 ", "已确认"]);
    }

    #[test]
    fn what_is_written_from_right_to_left_is_seen_so() {
        let lines = Typesetter::new(Language::English).unwrap().wrap("\u{5d0}\u{5d1} 12", STYLE, 500.0);
        let seen: Vec<&str> =
            lines[0].runs.iter().map(|run| run.text.trim()).filter(|t| !t.is_empty()).collect();
        assert_eq!(seen, ["12", "\u{5d0}\u{5d1}"]);
    }

    #[test]
    fn digits_of_a_table_have_one_width() {
        let mut typesetter = Typesetter::new(Language::English).unwrap();
        let mut width = |text, style| typesetter.width(text, style);
        assert!((width("1111", STYLE.tabular()) - width("8888", STYLE.tabular())).abs() < 0.001);
        assert!(width("1111", STYLE) < width("8888", STYLE) - 1.0);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_it_may_be_and_nothing_is_lost(text in "[a-z一-十。（）“” \n]{0,120}", width in 20.0..200.0_f32) {
            let lines = Typesetter::new(Language::Chinese).unwrap().wrap(&text, STYLE, width);
            for line in &lines {
                prop_assert!(line.width <= width + 0.01, "{} > {}", line.width, width);
            }
            let all: String = lines.iter().flat_map(|line| &line.runs).map(|run| run.text.as_str()).collect();
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(solid(&all), solid(&text));
        }
    }
}
