//! Tables of any encoding and dialect.
#![no_main]

libfuzzer_sys::fuzz_target!(init: satchel_fuzz::panics_of_libraries_may_be_caught(), |data: &[u8]| {
    // The first byte: whether somebody has said that there is a header.
    let (first, bytes) = data.split_first().unwrap_or((&0, &[]));
    let header = [None, Some(true), Some(false)].get(usize::from(*first % 4)).copied().flatten();
    satchel_fuzz::import("a.csv", bytes, header);
});
