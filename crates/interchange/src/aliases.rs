//! Header names of other programs, in many languages, and the target of each.

use crate::Target;
use satchel_domain::{Kind, text::fold};
use std::{collections::HashMap, sync::LazyLock};

static ALIASES: LazyLock<HashMap<String, Target>> = LazyLock::new(|| {
    let mut out = HashMap::new();
    for line in include_str!("aliases.tsv").lines() {
        let Some((target, names)) = line.split_once('\t') else { continue };
        let Ok(target) = target.parse::<Target>() else { continue };
        for name in names.split('|').filter(|name| !normal(name).is_empty()) {
            out.entry(normal(name)).or_insert_with(|| target.clone());
        }
    }
    out
});

/// What headers mean in a table of one kind, and whether such a header tells that the table is of it.
static OF_KINDS: LazyLock<HashMap<(Kind, String), (Target, bool)>> = LazyLock::new(|| {
    let mut out = HashMap::new();
    for line in include_str!("kinds.tsv").lines() {
        let mut parts = line.split('\t');
        let (Some(kinds), Some(target), Some(names)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let Ok(target) = target.parse::<Target>() else { continue };
        for kind in kinds.split(',').filter_map(|kind| kind.parse::<Kind>().ok()) {
            for name in names.split('|') {
                let key = (kind, normal(name.trim_start_matches('!')));
                out.entry(key).or_insert_with(|| (target.clone(), name.starts_with('!')));
            }
        }
    }
    out
});

/// A header without case, diacritics, marks and doubled spaces.
pub fn normal(header: &str) -> String {
    let folded = fold(header);
    let plain: String = folded.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn find(header: &str) -> Option<&'static Target> {
    ALIASES.get(&normal(header))
}

/// What a header means in a table of a kind.
pub fn of_kind(kind: Kind, header: &str) -> Option<&'static Target> {
    OF_KINDS.get(&(kind, normal(header))).map(|(target, _)| target)
}

/// Whether a header tells that its table is of a kind.
pub fn tells(kind: Kind, header: &str) -> bool {
    OF_KINDS.get(&(kind, normal(header))).is_some_and(|(_, tells)| *tells)
}

/// Whether anybody calls a column so.
pub fn is_known(header: &str) -> bool {
    find(header).is_some() || Kind::IMPORTED.iter().any(|kind| of_kind(*kind, header).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_target() {
        for line in include_str!("aliases.tsv").lines() {
            let target = line.split('\t').next().unwrap_or_default();
            assert!(target.parse::<Target>().is_ok(), "{target}");
        }
        for line in include_str!("kinds.tsv").lines() {
            let [kinds, target, _] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
            assert!(kinds.split(',').all(|kind| kind.parse::<Kind>().is_ok()), "{line}");
            assert!(target.parse::<Target>().is_ok(), "{line}");
        }
        assert_eq!(of_kind(Kind::Deal, "deal - VALUE").map(ToString::to_string).as_deref(), Some("value"));
        assert!(tells(Kind::Task, "截止日期") && !tells(Kind::Task, "Subject"));
        assert!(ALIASES.len() > 6000);
        assert_eq!(find("E-mail  Address").map(ToString::to_string).as_deref(), Some("emails"));
        assert_eq!(find("Vorname").map(ToString::to_string).as_deref(), Some("first_name"));
    }
}
