//! Header names of other programs, in many languages, and the target of each.

use crate::Target;
use satchel_domain::text::fold;
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

/// A header without case, diacritics, marks and doubled spaces.
pub fn normal(header: &str) -> String {
    let folded = fold(header);
    let plain: String = folded.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn find(header: &str) -> Option<&'static Target> {
    ALIASES.get(&normal(header))
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
        assert!(ALIASES.len() > 6000);
        assert_eq!(find("E-mail  Address").map(ToString::to_string).as_deref(), Some("emails"));
        assert_eq!(find("Vorname").map(ToString::to_string).as_deref(), Some("first_name"));
    }
}
