//! Names in the order of their language.

use crate::text::is_cjk;

/// The parts of a person's name; all may be empty.
#[derive(Debug, Default, Clone, Copy)]
pub struct Name<'a> {
    pub first: &'a str,
    pub middle: &'a str,
    pub last: &'a str,
    /// BCP 47, e.g. `zh` or `hu`; empty means: judge by the script.
    pub language: &'a str,
}

impl Name<'_> {
    fn family_first(&self) -> bool {
        let language = self.language.split(['-', '_']).next().unwrap_or("").to_ascii_lowercase();
        match language.as_str() {
            "zh" | "ja" | "ko" | "vi" | "hu" | "yue" => true,
            "" => self.is_cjk(),
            _ => false,
        }
    }

    fn is_cjk(&self) -> bool {
        let mut letters = self.first.chars().chain(self.last.chars()).filter(|c| c.is_alphabetic());
        letters.next().is_some_and(is_cjk) && letters.all(is_cjk)
    }

    /// The name as it is said: `Ana Ruiz`, `王伟`.
    pub fn display(&self) -> String {
        let parts = if self.family_first() {
            [self.last, self.middle, self.first]
        } else {
            [self.first, self.middle, self.last]
        };
        join(&parts, if self.is_cjk() { "" } else { " " })
    }

    /// The name as a list is sorted: family name first everywhere.
    pub fn sorted(&self) -> String {
        let space = if self.is_cjk() { "" } else { " " };
        join(&[self.last, self.first, self.middle], space)
    }
}

fn join(parts: &[&str], with: &str) -> String {
    let parts: Vec<&str> = parts.iter().map(|p| p.trim()).filter(|p| !p.is_empty()).collect();
    parts.join(with)
}

/// Chinese family names of two characters.
const DOUBLE: &[&str] = &[
    "欧阳", "司马", "上官", "诸葛", "夏侯", "东方", "尉迟", "公孙", "慕容", "令狐", "皇甫", "司徒", "端木",
    "独孤", "南宫", "歐陽", "司馬", "諸葛", "東方", "尉遲", "公孫",
];

/// Splits a whole name into (first, last), by the habits of its script.
pub fn split(full: &str) -> (String, String) {
    let full = full.trim();
    let han = |s: &str| !s.is_empty() && s.chars().all(is_cjk);
    if han(full) {
        let count = full.chars().count();
        let family = if count > 2 && DOUBLE.iter().any(|d| full.starts_with(d)) { 2 } else { 1 };
        if count == 1 {
            return (full.to_owned(), String::new());
        }
        let last: String = full.chars().take(family).collect();
        return (full.chars().skip(family).collect(), last);
    }
    if let Some((last, first)) = full.split_once(',') {
        return (first.trim().to_owned(), last.trim().to_owned());
    }
    let words: Vec<&str> = full.split_whitespace().collect();
    match words.as_slice() {
        [] => (String::new(), String::new()),
        [one] => ((*one).to_owned(), String::new()),
        [family, given] if han(family) && han(given) => ((*given).to_owned(), (*family).to_owned()),
        [given @ .., family] => {
            // `Ludwig van Beethoven`, `Maria de la Cruz`: particles go with the family name.
            let particle = |w: &&str| {
                matches!(
                    *w,
                    "van"
                        | "von"
                        | "de"
                        | "da"
                        | "del"
                        | "della"
                        | "di"
                        | "la"
                        | "le"
                        | "den"
                        | "der"
                        | "dos"
                        | "du"
                        | "bin"
                        | "al"
                )
            };
            let from = given.iter().position(particle).filter(|at| *at > 0).unwrap_or(given.len());
            let mut last = given.get(from..).unwrap_or_default().join(" ");
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(family);
            (given.get(..from).unwrap_or_default().join(" "), last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn family_name_comes_first_where_the_language_says_so() {
        let wang = Name { first: "伟", last: "王", ..Name::default() };
        assert_eq!(wang.display(), "王伟");
        let ana = Name { first: "Ana", last: "Ruiz", ..Name::default() };
        assert_eq!(ana.display(), "Ana Ruiz");
        assert_eq!(ana.sorted(), "Ruiz Ana");
        let wei = Name { first: "Wei", last: "Wang", language: "zh-CN", ..Name::default() };
        assert_eq!(wei.display(), "Wang Wei");
    }

    #[test]
    fn whole_names_split_by_their_script() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(split("王小明"), pair("小明", "王"));
        assert_eq!(split("欧阳娜娜"), pair("娜娜", "欧阳"));
        assert_eq!(split("Ruiz, Ana"), pair("Ana", "Ruiz"));
        assert_eq!(split("Ludwig van Beethoven"), pair("Ludwig", "van Beethoven"));
        assert_eq!(split("Cher"), pair("Cher", ""));
    }
}
