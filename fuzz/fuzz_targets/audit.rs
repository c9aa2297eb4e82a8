//! An exported trail: what it says is one of the reasons, and what it counts is there.
#![no_main]

use satchel_audit::{check_file, limits};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let data = satchel_fuzz::amplified(data);
    let checked = check_file(&data[..]).expect("memory can be read");
    assert!(checked.breaks.len() <= limits::BREAKS);
    assert!(checked.entries as usize <= data.iter().filter(|b| **b == b'\n').count() + 1);
    if checked.ok() {
        let end = data.iter().rposition(|b| *b == b'}').expect("a whole file has a last line");
        assert!(!check_file(&data[..end]).expect("memory can be read").ok(), "a part of it is not whole");
    }
});
