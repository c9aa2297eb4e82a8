//! The filter language.
#![no_main]

use satchel_domain::filter::parse;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = satchel_fuzz::text(data);
    match parse(&text) {
        Ok(Some(filter)) => {
            let json = serde_json::to_string(&filter).expect("plain data");
            assert_eq!(serde_json::from_str::<satchel_domain::filter::Filter>(&json).ok(), Some(filter));
        }
        Ok(None) => assert!(text.trim().is_empty()),
        Err(e) => assert!(e.at <= text.chars().count().max(10_000)),
    }
});
