//! Papers as who gets them sees them: their text, their pages, their weight; and what is refused.

#![allow(clippy::unwrap_used)]

mod samples;

use proptest::prelude::*;
use samples::logo;
use satchel_paper::{Block, Language, Line, PaperError, PaperSize, Quote, Report, limits, quote, report};
use std::time::{Duration, Instant};

fn pages(pdf: &[u8]) -> Vec<String> {
    pdf_extract::extract_text_from_mem_by_pages(pdf).unwrap()
}

/// Without spaces: where lines end is a matter of layout.
fn text(pdf: &[u8]) -> String {
    without_spaces(&pages(pdf).concat())
}

fn without_spaces(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn strings(quote: &Quote) -> Vec<&str> {
    let Quote { letterhead, number, title, date, valid_until, intro, total, terms, .. } = quote;
    let mut strings: Vec<&str> =
        vec![&letterhead.name, number, title, date, valid_until, intro, &total.0, &total.1];
    let lists = [&letterhead.lines, &letterhead.footer, &quote.customer, &quote.prepared_by];
    strings.extend(lists.into_iter().flatten().flat_map(|entry| entry.lines()));
    strings.extend(terms.lines());
    strings.extend(quote.sums.iter().flat_map(|(label, amount)| [label.as_str(), amount]));
    for line in &quote.lines {
        let Line { name, description, quantity, unit_price, discount, tax, total } = line;
        strings.extend([name.as_str(), description, quantity, unit_price, discount, tax, total]);
    }
    strings
}

#[test]
fn every_word_of_a_quote_can_be_searched() {
    for language in [Language::English, Language::Chinese] {
        let quote_of = samples::quote(language, 8);
        let text = text(&quote(&quote_of).unwrap());
        for string in strings(&quote_of) {
            assert!(text.contains(&without_spaces(string)), "«{string}» is not in the paper: {text}");
        }
    }
}

#[test]
fn words_are_apart_when_they_are_copied() {
    let pdf = quote(&samples::quote(Language::English, 1)).unwrap();
    assert!(pages(&pdf).concat().contains("Thank you for the visit on Tuesday."));
}

#[test]
fn the_words_are_those_of_its_language() {
    let english = text(&quote(&samples::quote(Language::English, 1)).unwrap());
    let chinese = text(&quote(&samples::quote(Language::Chinese, 1)).unwrap());
    for (word, translated) in [("Validuntil", "有效期至"), ("Unitprice", "单价"), ("Acceptance", "确认")]
    {
        assert!(english.contains(word) && !english.contains(translated));
        assert!(chinese.contains(translated) && !chinese.contains(word));
    }
}

#[test]
fn a_column_that_is_empty_in_all_lines_is_left_out() {
    let mut sample = samples::quote(Language::English, 4);
    let before = text(&quote(&sample).unwrap());
    assert!(before.contains("ItemQuantityUnitpriceDiscountTaxAmount"), "{before}");
    for line in &mut sample.lines {
        line.discount.clear();
        line.tax = " ".to_owned();
    }
    let after = text(&quote(&sample).unwrap());
    assert!(after.contains("ItemQuantityUnitpriceAmount"), "{after}");
}

#[test]
fn each_page_says_which_it_is_and_repeats_the_head() {
    let one = pages(&quote(&samples::quote(Language::English, 1)).unwrap());
    assert!(one.len() == 1 && one[0].contains("1 / 1"), "{one:?}");
    let many = pages(&quote(&samples::quote(Language::English, 60)).unwrap());
    assert!(many.len() > 3);
    for (number, page) in many.iter().enumerate() {
        assert!(page.contains(&format!("{} / {}", number + 1, many.len())), "{page}");
        assert_eq!(
            page.matches("Unit price").count(),
            usize::from(page.contains("Maintenance, one year")),
            "{page}"
        );
        assert_eq!(
            number > 0,
            page.contains("Norte Coffee Supplies, S.L.")
                && page.contains("Quote Q-2026-0017")
                && !page.contains("Porto, Portugal"),
            "{page}"
        );
    }
}

/// The last page of the table holds what it sums up to.
#[test]
fn sums_are_never_alone_on_a_page() {
    for lines in [1, 5, 6, 7, 8, 9, 10, 19, 20, 21, 22] {
        let pages = pages(&quote(&samples::quote(Language::English, lines)).unwrap());
        let sums: Vec<&String> = pages.iter().filter(|page| page.contains("Subtotal")).collect();
        assert!(
            sums.len() == 1 && sums[0].contains("Unit price") && sums[0].contains("€13,010.46"),
            "{lines}: {pages:?}"
        );
    }
}

#[test]
fn a_description_that_is_longer_than_a_page_is_cut_and_whole() {
    let mut sample = samples::quote(Language::English, 2);
    let words: Vec<String> = (0..2200).map(|n| format!("word{n}")).collect();
    sample.lines[1].description = words.join(" ");
    let pdf = quote(&sample).unwrap();
    assert!(pages(&pdf).len() > 3);
    let text = text(&pdf);
    assert!(words.iter().all(|word| text.contains(word.as_str())));
}

#[test]
fn two_pages_are_light_and_five_hundred_lines_quick() {
    let mut sample = samples::quote(Language::Chinese, 8);
    sample.lines.extend(samples::quote(Language::English, 4).lines);
    let pdf = quote(&sample).unwrap();
    assert_eq!(pages(&pdf).len(), 2);
    assert!(pdf.len() < 150_000, "{} bytes", pdf.len());
    let since = Instant::now();
    let pdf = quote(&samples::quote(Language::Chinese, 500)).unwrap();
    // A tenth of it where the machine has nothing else to do.
    assert!(since.elapsed() < Duration::from_secs(8), "{:?}", since.elapsed());
    assert!(pdf.len() < 1_000_000, "{} bytes", pdf.len());
}

#[test]
fn the_same_data_gives_the_same_bytes() {
    for sample in [samples::quote(Language::Chinese, 20), samples::odd()] {
        assert_eq!(quote(&sample).unwrap(), quote(&sample).unwrap());
    }
    let sample = samples::report(Language::English);
    assert_eq!(report(&sample).unwrap(), report(&sample).unwrap());
}

#[test]
fn a_quote_can_be_read_aloud_and_says_what_it_is() {
    let pdf = quote(&samples::quote(Language::Chinese, 3)).unwrap();
    let holds = |words: &str| pdf.windows(words.len()).any(|window| window == words.as_bytes());
    assert!(holds("<pdfuaid:part>1</pdfuaid:part>"), "PDF/UA-1 is kept to");
    assert!(holds("报价单 BJ-2026-0017 · 三处办公室的咖啡角"), "its title");
    assert!(holds("/Lang(zh-CN)"), "its language");
}

#[test]
fn a_report_holds_what_it_was_given() {
    for language in [Language::English, Language::Chinese] {
        let sample = samples::report(language);
        let pdf = report(&sample).unwrap();
        assert_eq!(pages(&pdf).len(), 2);
        let text = text(&pdf);
        for block in &sample.blocks {
            let strings = match block {
                Block::Heading(text) | Block::Paragraph(text) => vec![text],
                Block::Table { head, rows } => head.iter().chain(rows.iter().flatten()).collect(),
            };
            for string in strings {
                assert!(text.contains(&without_spaces(string)), "«{string}»: {text}");
            }
        }
    }
}

#[test]
fn rows_may_be_shorter_or_longer_than_their_head() {
    let rows = vec![vec![], vec!["a".to_owned()], vec!["b".to_owned(), "c".to_owned(), "d".to_owned()]];
    let table = Block::Table { head: vec!["one".to_owned(), "two".to_owned()], rows };
    let empty = Block::Table { head: vec![], rows: vec![] };
    let sample = Report { blocks: vec![table, empty], ..Report::default() };
    assert_eq!(text(&report(&sample).unwrap()), "onetwoabcd1/1");
}

/// U+0378 is no character of Unicode.
#[test]
fn what_no_font_has_is_a_box_and_stays_text() {
    let title = "before \u{378} after".to_owned();
    let pdf = quote(&Quote { title, ..Quote::default() }).unwrap();
    assert!(text(&pdf).contains("before\u{378}after"), "{}", text(&pdf));
}

#[test]
fn scripts_of_the_whole_world_are_set() {
    for paper in [PaperSize::A4, PaperSize::Letter] {
        let pdf = quote(&Quote { paper, ..samples::odd() }).unwrap();
        let text = text(&pdf);
        for words in ["Смета«Кофе»", "Προσφορά", "報價單繁體龍龜", "école", "𠮷野家"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
}

#[test]
fn nothing_at_all_makes_a_paper() {
    assert_eq!(pages(&quote(&Quote::default()).unwrap()).len(), 1);
    assert_eq!(pages(&report(&Report::default()).unwrap()).len(), 1);
}

fn with_logo(logo: Vec<u8>) -> Result<Vec<u8>, PaperError> {
    let mut sample = samples::quote(Language::English, 1);
    sample.letterhead.logo = Some(logo);
    quote(&sample)
}

/// 24 × 8 pixels, from red to blue.
const JPEG: &[u8] = include_bytes!("files/logo.jpg");

#[test]
fn a_logo_is_a_png_or_a_jpeg() {
    for bytes in [logo(60), JPEG.to_vec()] {
        let pdf = with_logo(bytes).unwrap();
        assert!(pdf.windows(14).any(|window| window == b"/Subtype/Image"), "it is in the paper");
    }
    assert!(
        matches!(with_logo(JPEG[..200].to_vec()), Err(PaperError::Logo { .. })),
        "a half of one is refused"
    );
}

#[test]
fn what_is_no_logo_is_refused_by_name() {
    let whole = logo(60);
    let damaged: Vec<u8> = whole.iter().enumerate().map(|(at, b)| if at > 60 { !b } else { *b }).collect();
    let jpeg = [b"\xff\xd8\xff\xe0".as_slice(), &[7; 300]].concat();
    for bytes in [
        vec![],
        b"GIF89a".to_vec(),
        b"<svg/>".to_vec(),
        whole[..30].to_vec(),
        whole[..20].to_vec(),
        damaged,
        jpeg,
    ] {
        let error = with_logo(bytes.clone()).unwrap_err();
        assert!(matches!(error, PaperError::Logo { .. }), "{error}: {bytes:?}");
    }
}

/// Before anything of it is decoded: a few bytes can say that there are millions of millions.
#[test]
fn a_logo_that_would_be_too_large_is_refused_unread() {
    let mut png = logo(60);
    png[16..24].copy_from_slice(&[0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00]);
    assert!(matches!(with_logo(png), Err(PaperError::LogoPixels { width: 65_536, height: 65_536, .. })));
    let mut jpeg = JPEG.to_vec();
    // Behind the marker of the frame: length, precision, height, width.
    let frame = jpeg.windows(2).position(|marker| marker == b"\xff\xc0").unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x27, 0x10, 0x3a, 0x98]);
    assert!(matches!(with_logo(jpeg), Err(PaperError::LogoPixels { width: 15_000, height: 10_000, .. })));
    let heavy = vec![0; limits::LOGO_BYTES + 1];
    assert!(matches!(with_logo(heavy), Err(PaperError::LogoBytes { .. })));
}

#[test]
fn what_is_over_a_limit_is_refused_by_name() {
    let refused = |change: fn(&mut Quote)| {
        let mut sample = samples::quote(Language::English, 1);
        change(&mut sample);
        quote(&sample).unwrap_err().to_string()
    };
    assert_eq!(
        refused(|quote| quote.lines = vec![Line::default(); limits::LINES + 1]),
        "the list of lines of the paper has 2001 entries; at most 2000 can be set. Make two of it"
    );
    assert_eq!(
        refused(|quote| quote.customer = vec!["长".repeat(limits::SHORT_TEXT + 1)]),
        "the customer's address of the paper has 201 characters; at most 200 can be set. Shorten it"
    );
    assert!(
        refused(|quote| quote.terms = "x".repeat(limits::LONG_TEXT + 1)).starts_with("the text of the terms")
    );
    assert!(
        refused(|quote| quote.sums = vec![Default::default(); limits::SUMS + 1])
            .starts_with("the list of sums")
    );
    let long = Line { description: "x".repeat(limits::LONG_TEXT), ..Line::default() };
    let lines = vec![long; 60];
    let whole = quote(&Quote { lines, ..Quote::default() }).unwrap_err();
    assert!(matches!(whole, PaperError::TooLong { what: "the whole", .. }), "{whole}");
    let wide = Block::Table { head: vec![String::new(); limits::COLUMNS + 1], rows: vec![] };
    let error = report(&Report { blocks: vec![wide], ..Report::default() }).unwrap_err();
    assert!(matches!(error, PaperError::TooMany { what: "a row", .. }), "{error}");
}

fn any_text(longest: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        any::<char>(),
        proptest::char::range(' ', '~'),
        proptest::char::range('\u{590}', '\u{6ff}'),
        proptest::char::range('\u{900}', '\u{e7f}'),
        proptest::char::range('\u{300}', '\u{36f}'),
        proptest::char::range('\u{200b}', '\u{2069}'),
        proptest::char::range('一', '龥'),
        Just('\n'),
    ];
    proptest::collection::vec(character, 0..longest).prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_text_makes_a_quote(
        texts in proptest::collection::vec(any_text(60), 20),
        long in any_text(1500),
        chinese: bool,
        accent: Option<[u8; 3]>,
    ) {
        let text = |at: usize| texts[at].clone();
        let mut sample = Quote {
            language: if chinese { Language::Chinese } else { Language::English },
            number: text(0), title: text(1), date: text(2), valid_until: text(3),
            customer: vec![text(4), text(5)], prepared_by: vec![text(6)], intro: text(7),
            sums: vec![(text(8), text(9))], total: (text(10), text(11)), terms: long.clone(),
            lines: vec![Line {
                name: text(12), description: long, quantity: text(13), unit_price: text(14),
                discount: text(15), tax: text(16), total: text(17),
            }; 3],
            ..Quote::default()
        };
        sample.letterhead.name = text(18);
        sample.letterhead.footer = vec![text(19)];
        sample.letterhead.accent = accent;
        prop_assert!(quote(&sample).is_ok());
    }

    #[test]
    fn any_bytes_are_a_logo_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), kind in 0..4, at in 0..400_usize) {
        let mut logo = logo(40);
        match kind {
            0 => logo = bytes,
            1 => logo = [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".as_slice(), &bytes].concat(),
            2 => logo = [b"\xff\xd8\xff\xc0\0\x11\x08".as_slice(), &bytes].concat(),
            _ => { let at = at % logo.len(); logo[at] ^= 1; }
        }
        match with_logo(logo) {
            Ok(_) | Err(PaperError::Logo { .. } | PaperError::LogoPixels { .. }) => {}
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
