//! An exported trail: what it says is one of the reasons, and what it counts is there.
#![no_main]

use satchel_audit::{check_file, limits};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let data = satchel_fuzz::amplified(data);
    let checked = check_file(&data[..]).expect("memory can be read");
    assert!(checked.breaks.len() <= limits::BREAKS);
    assert!(checked.entries as usize <= data.iter().filter(|b| **b == b'\n').count() + 1);
    // Nobody has the keys that a whole file would have been signed with: only what was made by the product holds.
    assert!(!checked.ok() || checked.heads > 0 || checked.entries == 0 || checked.unsigned > 0);
});
