//! What the core refuses with, in Chinese where the environment asks for it: by the list that the screens read.

use crate::words::is_chinese;
use std::{collections::BTreeMap, sync::LazyLock};

/// Pairs: a sentence of the core in which `{}` is anything, and the Chinese one with `{1}` for what stood there first.
const LIST: &str = include_str!("../../ui/src/shared/refusals.zh.json");

static SENTENCES: LazyLock<Vec<(String, String)>> =
    LazyLock::new(|| serde_json::from_str(LIST).expect("the list of the screens is read by a test"));

/// The words of the screens, by their keys.
const SCREENS: &str = include_str!("../../ui/src/shared/zh.ts");

/// What the screens say under a key, where the environment asks for Chinese; its values are in the places of their names.
pub fn of_screens(key: &str, values: &BTreeMap<String, String>) -> Option<String> {
    is_chinese().then(|| on_screens(key, values)).flatten()
}

fn on_screens(key: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let (_, behind) = SCREENS.split_once(&format!("\n  \"{key}\":"))?;
    let text = behind.split('"').nth(1)?;
    Some(
        values
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value)),
    )
}

/// A value that did not fit is not lost.
const KEPT: &str = "; the value was put into the notes";

/// A sentence of the core in the language of the environment; one that is not in the list stays as it is.
pub fn in_words(message: &str) -> String {
    if is_chinese() { in_chinese(message) } else { message.to_owned() }
}

fn in_chinese(message: &str) -> String {
    let (plain, kept) = message.strip_suffix(KEPT).map_or((message, ""), |plain| (plain, "；该值已放入备注"));
    let said =
        SENTENCES.iter().find_map(|(english, chinese)| Some(filled(chinese, &values(english, plain)?)));
    said.unwrap_or_else(|| plain.to_owned()) + kept
}

/// What stands in the places of a sentence, if it is that one: each as short as can be.
fn values<'a>(english: &str, mut rest: &'a str) -> Option<Vec<&'a str>> {
    let mut parts = english.split("{}").peekable();
    rest = rest.strip_prefix(parts.next()?)?;
    let mut values = Vec::new();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        let at = if last { rest.strip_suffix(part)?.len() } else { rest.find(part)? };
        let (value, behind) = rest.split_at_checked(at)?;
        values.push(value);
        rest = behind.get(part.len()..)?;
    }
    rest.is_empty().then_some(values)
}

fn filled(chinese: &str, values: &[&str]) -> String {
    let places: BTreeMap<String, &str> =
        (1..).zip(values).map(|(n, value): (usize, _)| (format!("{{{n}}}"), *value)).collect();
    let mut out = String::new();
    let mut rest = chinese;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let found =
            places.iter().find_map(|(place, value)| Some((value, from.strip_prefix(place.as_str())?)));
        match found {
            Some((value, behind)) => {
                out.push_str(value);
                rest = behind;
            }
            None => {
                out.push('{');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_core_says_is_said_as_the_screens_say_it() {
        let check = |english: &str, chinese: &str| assert_eq!(in_chinese(english), chinese);
        check(
            "«soon» is not a date; write 2024-05-31, or --05-31 without the year; the value was put into the notes",
            "«soon» 不是日期；请写成 2024-05-31，不含年份则写 --05-31；该值已放入备注",
        );
        check("the row has no value for any field", "这一行没有任何字段的值");
        check(
            "a.csv has 900 columns; at most 500 are read. Export fewer",
            "a.csv 有 900 列，最多读取 500 列。请减少导出的列",
        );
        check("{1} is not a number", "{1} 不是数字");
        let facts = BTreeMap::from([("mb".to_owned(), "40".to_owned())]);
        assert_eq!(
            on_screens("health.is.disk_space.warn", &facts).as_deref(),
            Some("仅剩 40 MB：请腾出空间。")
        );
        assert_eq!(on_screens("health.is.nothing", &facts), None);
        check("something new", "something new");
    }
}
