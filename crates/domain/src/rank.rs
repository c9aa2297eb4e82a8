//! Where something stands among others: a text between those of its neighbours, so that moving one writes one.

use fractional_index::FractionalIndex;

/// With which each rank ends.
const TERMINATOR: u8 = 0x80;

/// A rank between two others, or at an end. Two that were put into one place by two devices at once have the same
/// rank, and stand in the order of their ids; who comes between them stands behind both.
pub fn between(before: Option<&str>, after: Option<&str>) -> String {
    let read = |rank: Option<&str>| rank.and_then(|r| FractionalIndex::from_string(r).ok());
    let (before, after) = (read(before), read(after));
    let between = match (&before, &after) {
        (Some(before), Some(after)) if [before, after].iter().any(|rank| rank.as_bytes().contains(&0)) => {
            squeezed(before.as_bytes(), after.as_bytes())
        }
        _ => FractionalIndex::new(before.as_ref(), after.as_ref()),
    };
    let behind = || before.as_ref().map(FractionalIndex::new_after);
    between.or_else(behind).unwrap_or_default().to_string()
}

/// Between two of which one has a byte of zero, around which the library reckons wrongly: whoever moves a hundred and more to
/// the top has such ranks.
fn squeezed(before: &[u8], after: &[u8]) -> Option<FractionalIndex> {
    if before >= after {
        return None;
    }
    let mut bytes = before.to_vec();
    if let Some(rest) = after.strip_prefix(before) {
        let zeros = rest.iter().take_while(|byte| **byte == 0).count();
        let first = *rest.get(zeros)?;
        bytes.resize(bytes.len() + zeros, 0);
        bytes.push(first / 2);
    }
    bytes.push(TERMINATOR);
    FractionalIndex::from_bytes(bytes).ok()
}

/// The rank of the n-th of many that come behind all others: each as long as the next, and known without those before.
pub fn nth(last: Option<&str>, n: u32) -> String {
    let first = between(last, None);
    // Behind the terminator of the first, in bytes that are larger than it: see [`squeezed`].
    let digits = (0..6).rev().map(|digit| format!("{:02x}", 0x81 + ((n >> (6 * digit)) & 0x3f)));
    format!("{first}{}80", digits.collect::<String>())
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
    fn many_are_put_behind_all_others_in_their_order() {
        let mut last = between(None, None);
        for _ in 0..3 {
            let many: Vec<String> =
                [0, 1, 127, 128, 255, 256, 70_000, u32::MAX].map(|n| nth(Some(&last), n)).into();
            assert!(last < many[0] && many.is_sorted(), "{last} {many:?}");
            let (one, two) = (many[1].as_str(), many[2].as_str());
            let middle = between(Some(one), Some(two));
            assert!(one < middle.as_str() && middle.as_str() < two, "{one} {middle} {two}");
            last = between(many.last().map(String::as_str), None);
            assert!(many.last().is_some_and(|rank| *rank < last));
        }
        assert!(nth(None, 1) < nth(None, 2));
        let early = between(None, Some(&between(None, None)));
        assert!(early < nth(Some(&early), 0), "a byte that is smaller than the terminator");
    }

    #[test]
    fn many_are_moved_to_the_top_and_others_between_them() {
        let (mut top, mut next) = (between(None, None), String::new());
        for _ in 0..400 {
            let first = between(None, Some(&top));
            next = std::mem::replace(&mut top, first);
            assert!(top < next, "{top} {next}");
            let middle = between(Some(&top), Some(&next));
            assert!(top < middle && middle < next, "{top} {middle} {next}");
        }
        for n in 0..100 {
            let middle = between(Some(&top), Some(&next));
            assert!(top < middle && middle < next, "{top} {middle} {next}");
            *(if n % 3 == 0 { &mut top } else { &mut next }) = middle;
        }
        for (before, after) in [("0080", "010080"), ("000080", "0080"), ("00", "0000")] {
            // Of what no Satchel has written: a rank, whatever it is.
            assert!(!between(Some(before), Some(after)).is_empty());
        }
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
