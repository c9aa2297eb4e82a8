//! Letters that mail programs have saved, and whether a draft of what they say is read as the same.
#![no_main]

use satchel_interchange::{LetterDraft, read_letter};

libfuzzer_sys::fuzz_target!(init: satchel_fuzz::panics_of_libraries_may_be_caught(), |data: &[u8]| {
    let data = satchel_fuzz::amplified(data);
    let Ok(letter) = read_letter("a.eml", &data) else { return };
    let Some(from) = letter.from.filter(|from| from.address.is_ascii() && from.address.contains('@')) else { return };
    let draft = LetterDraft { to: from, subject: letter.subject, body: letter.text, ..LetterDraft::default() };
    let again = read_letter("b.eml", &draft.to_eml().expect("written")).expect("read");
    assert_eq!(again.subject, draft.subject);
});
