//! The team's log: records as they travel, what they say, and the membership that they lead to.
#![no_main]

use satchel_protocol::{Membership, SignedRecord, decode_all};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(signed) = SignedRecord::decode(data) {
        assert_eq!(SignedRecord::decode(&signed.encode()).as_ref(), Ok(&signed));
        let _ = signed.read();
        let _ = Membership::begin(&signed);
    }
    let log: Vec<SignedRecord> =
        decode_all(data).unwrap_or_default().iter().filter_map(|r| SignedRecord::decode(r).ok()).collect();
    if let Some(first) = log.first()
        && let Ok((branch, members)) = Membership::agree(first, log.iter().cloned())
    {
        assert_eq!(branch.len() as u64, members.next);
        assert_eq!(branch.last().map(SignedRecord::hash), Some(members.head));
    }
});
