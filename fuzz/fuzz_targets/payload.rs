//! What was encrypted: entries, manifests, requests, what snapshots stand for.
#![no_main]

use satchel_protocol::{Covered, Manifest, Payload, Request, pad, unpad};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(payload) = Payload::decode(data) {
        assert_eq!(Payload::decode(&payload.encode()), Ok(payload));
    }
    if let Ok(manifest) = Manifest::decode(data) {
        assert_eq!(Manifest::decode(&manifest.encode()), Ok(manifest));
    }
    if let Ok(request) = Request::decode(data) {
        assert_eq!(Request::decode(&request.encode()), Ok(request));
    }
    if let Ok(covered) = Covered::decode_all(data) {
        assert_eq!(Covered::decode_all(&Covered::encode_all(&covered)), Ok(covered));
    }
    if let Ok(text) = unpad(data) {
        assert_eq!(pad(&text), data, "a text has one padded form");
    }
    assert_eq!(unpad(&pad(data)).as_deref(), Ok(data));
});
