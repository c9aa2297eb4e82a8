//! Where something stands among others: a text between those of its neighbours, so that moving one writes one.

use fractional_index::FractionalIndex;

/// A rank between two others, or at an end. Two that were put into one place by two devices at once have the same
/// rank, and stand in the order of their ids; who comes between them stands behind both.
pub fn between(before: Option<&str>, after: Option<&str>) -> String {
    let read = |rank: Option<&str>| rank.and_then(|r| FractionalIndex::from_string(r).ok());
    let (before, after) = (read(before), read(after));
    let between = FractionalIndex::new(before.as_ref(), after.as_ref());
    let behind = || before.as_ref().map(FractionalIndex::new_after);
    between.or_else(behind).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_comes_between_two() {
        let first = between(None, None);
        let last = between(Some(&first), None);
        let top = between(None, Some(&first));
        let middle = between(Some(&first), Some(&last));
        assert!(top < first && first < middle && middle < last, "{top} {first} {middle} {last}");
        assert!(between(Some(&first), Some(&first)) > first, "equal neighbours");
        assert!(between(Some(&last), Some(&first)) > last, "turned round");
        assert_eq!(between(Some("no rank"), None), first);
    }

    #[test]
    fn it_grows_slowly() {
        let (mut before, after) = (between(None, None), between(Some(&between(None, None)), None));
        for _ in 0..1000 {
            before = between(Some(&before), Some(&after));
        }
        assert!(before.len() < 500, "{}", before.len());
    }
}
