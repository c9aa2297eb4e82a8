//! Text made comparable: without regard to case, diacritics and width; Chinese split into
//! characters and spelled in pinyin. Index and query go through the same functions.

use pinyin::ToPinyin;
use unicode_normalization::UnicodeNormalization;

/// Lower case, no diacritics, one width, one space between words.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        let mut folded = String::with_capacity(text.len());
        for word in text.split_ascii_whitespace() {
            if !folded.is_empty() {
                folded.push(' ');
            }
            folded.push_str(word);
        }
        folded.make_ascii_lowercase();
        return folded;
    }
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_accent(*c)) {
        match c {
            'ß' | 'ẞ' => out.push_str("ss"),
            'æ' | 'Æ' => out.push_str("ae"),
            'œ' | 'Œ' => out.push_str("oe"),
            'ø' | 'Ø' => out.push('o'),
            'ł' | 'Ł' => out.push('l'),
            'đ' | 'Đ' | 'ð' | 'Ð' => out.push('d'),
            'þ' | 'Þ' => out.push_str("th"),
            'ı' => out.push('i'),
            _ => out.extend(c.to_lowercase()),
        }
    }
    // NFKD takes Hangul syllables apart; put them together again.
    squeeze(&out.nfc().collect::<String>())
}

/// Marks that people leave out when they search: accents of European scripts. The marks of others
/// (Japanese ハ and バ, vowels of Thai or Devanagari) make another letter.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}')
}

fn squeeze(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Characters that are written without spaces between words, each indexed by itself.
pub fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// A run of folded text as the index sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run<'a> {
    /// Letters and digits without a break.
    Word(&'a str),
    /// CJK characters without a break.
    Cjk(&'a str),
}

/// Splits folded text into runs; everything that is neither letter nor digit separates.
pub fn runs(folded: &str) -> Vec<Run<'_>> {
    let mut out = Vec::new();
    let mut start = None;
    let mut cjk = false;
    let mut close = |from: Option<usize>, to: usize, cjk: bool| {
        if let Some(run) = from.and_then(|from| folded.get(from..to)) {
            out.push(if cjk { Run::Cjk(run) } else { Run::Word(run) });
        }
    };
    for (at, c) in folded.char_indices() {
        let class = if is_cjk(c) {
            Some(true)
        } else if c.is_alphanumeric() {
            Some(false)
        } else {
            None
        };
        if start.is_some() && class != Some(cjk) {
            close(start.take(), at, cjk);
        }
        if let Some(is) = class {
            if start.is_none() {
                start = Some(at);
            }
            cjk = is;
        }
    }
    close(start, folded.len(), cjk);
    out
}

/// Folded text with every CJK character a word of its own, ready for FTS5's `unicode61`.
pub fn segment(folded: &str) -> String {
    let mut out = String::with_capacity(folded.len() + 8);
    for run in runs(folded) {
        match run {
            Run::Word(word) => {
                out.push_str(word);
                out.push(' ');
            }
            Run::Cjk(chars) => {
                for c in chars.chars() {
                    out.push(c);
                    out.push(' ');
                }
            }
        }
    }
    out.pop();
    out
}

/// Surnames that are read otherwise than the character alone.
const SURNAMES: &[(char, &str)] = &[
    ('单', "shan"),
    ('仇', "qiu"),
    ('曾', "zeng"),
    ('解', "xie"),
    ('朴', "piao"),
    ('查', "zha"),
    ('盖', "ge"),
    ('区', "ou"),
    ('任', "ren"),
    ('尉', "yu"),
    ('乐', "yue"),
    ('员', "yun"),
    ('覃', "qin"),
    ('缪', "miao"),
    ('翟', "zhai"),
    ('宓', "mi"),
    ('冼', "xian"),
    ('洗', "xian"),
    ('秘', "bi"),
    ('折', "she"),
    ('召', "shao"),
    ('繁', "po"),
    ('晁', "chao"),
    ('种', "chong"),
    ('重', "chong"),
    ('车', "che"),
    ('华', "hua"),
    ('万', "wan"),
    ('石', "shi"),
    ('沈', "shen"),
];

/// The pinyin syllables of the Han characters of a name, the surname read as one where the name
/// begins with it. Empty when there is no Han character.
pub fn syllables(name: &str) -> Vec<&'static str> {
    let mut out = Vec::new();
    let mut first = true;
    for c in name.chars() {
        if let Some(pinyin) = c.to_pinyin() {
            let surname = SURNAMES.iter().find(|(s, _)| first && *s == c);
            out.push(surname.map_or_else(|| pinyin.plain(), |(_, reading)| *reading));
            first = false;
        }
    }
    out
}

/// What a Chinese name is also found by: `wang wei wangwei ww`.
pub fn spelled(name: &str) -> String {
    let syllables = syllables(name);
    if syllables.is_empty() {
        return String::new();
    }
    let initials: String = syllables.iter().filter_map(|s| s.chars().next()).collect();
    format!("{} {} {initials}", syllables.join(" "), syllables.concat())
}

/// A key that sorts as people expect when compared by bytes: Latin by letter without diacritics,
/// Chinese by pinyin.
pub fn sort_key(text: &str) -> String {
    let folded = fold(text);
    if !folded.chars().any(is_cjk) {
        return folded;
    }
    let mut out = String::with_capacity(folded.len() * 3);
    let mut first = true;
    for c in folded.chars() {
        match c.to_pinyin() {
            Some(pinyin) => {
                let surname = SURNAMES.iter().find(|(s, _)| first && *s == c);
                out.push_str(surname.map_or_else(|| pinyin.plain(), |(_, reading)| *reading));
                out.push(' ');
                out.push(c);
                first = false;
            }
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_drops_case_diacritics_and_width() {
        assert_eq!(fold("  Zoë  CHÉRIF "), "zoe cherif");
        assert_eq!(fold("Straße Łódź Ærø"), "strasse lodz aero");
        assert_eq!(fold("ＡＢＣ１２３"), "abc123");
        assert_eq!(fold("김철수"), "김철수");
        for (one, other) in [("ハス", "バス"), ("राम", "रमा"), ("ดี", "ดู")] {
            assert_ne!(fold(one), fold(other), "another word");
        }
    }

    #[test]
    fn chinese_is_split_into_characters() {
        assert_eq!(segment(&fold("深圳ABC科技")), "深 圳 abc 科 技");
        assert_eq!(segment(&fold("ana.ruiz@norte.example")), "ana ruiz norte example");
    }

    #[test]
    fn a_surname_is_read_as_one() {
        assert_eq!(spelled("王伟"), "wang wei wangwei ww");
        assert_eq!(spelled("单雄信"), "shan xiong xin shanxiongxin sxx");
        assert_eq!(spelled("Ana"), "");
    }

    #[test]
    fn chinese_sorts_by_pinyin_among_latin() {
        let mut names = vec!["Zoe", "王伟", "Ana", "李娜", "Émile"];
        names.sort_by_key(|n| sort_key(n));
        assert_eq!(names, ["Ana", "Émile", "李娜", "王伟", "Zoe"]);
    }
}
