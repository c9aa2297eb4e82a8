//! What servers and devices say to each other beside segments.
#![no_main]

use satchel_protocol::{
    Kept, News, Read, WrappedKey, decode_all, decode_names, decode_positions, encode_all, encode_names,
    encode_positions,
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(news) = News::decode(data) {
        assert_eq!(News::decode(&news.encode()), Ok(news));
    }
    if let Ok(kept) = Kept::decode(data) {
        assert_eq!(Kept::decode(&kept.encode()), Ok(kept));
    }
    if let Ok(read) = Read::decode(data) {
        assert_eq!(Read::decode(&read.encode()), Ok(read));
    }
    if let Ok(all) = decode_all(data) {
        assert_eq!(decode_all(&encode_all(all.clone())), Ok(all));
    }
    if let Ok(names) = decode_names(data) {
        assert_eq!(decode_names(&encode_names(&names)), Ok(names));
    }
    if let Ok(positions) = decode_positions(data) {
        assert_eq!(decode_positions(&encode_positions(&positions)), Ok(positions));
    }
    if let Ok(keys) = WrappedKey::decode_all(data) {
        assert_eq!(WrappedKey::decode_all(&WrappedKey::encode_all(&keys)), Ok(keys.clone()));
        assert_eq!(WrappedKey::join(&[data.to_vec(), b"no key".to_vec()]), WrappedKey::encode_all(&keys));
    }
});
