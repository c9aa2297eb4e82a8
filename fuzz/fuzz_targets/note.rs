//! Notes: as somebody writes them, and as another device sends them.
#![no_main]

use satchel_domain::note::{MAX_MENTIONS, links, mentions, plain, read};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = satchel_fuzz::text(data);
    let blocks = read(&text);
    assert!(blocks.len() <= text.len() + 1, "a part stands for a letter at least");
    assert!(mentions(&text).len() <= MAX_MENTIONS);
    for link in links(&text) {
        let link = link.to_ascii_lowercase();
        let known = ["https://", "http://", "mailto:", "tel:"];
        assert!(known.iter().any(|scheme| link.starts_with(scheme)) || link.contains(".md"), "{link}");
    }
    let _ = plain(&text);
});
