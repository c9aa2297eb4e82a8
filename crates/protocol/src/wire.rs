//! Ids, hashes, and bytes in and out.

use crate::{ProtocolError, Result, limits};
use minicbor::{Decode, Encode};
use std::fmt;

macro_rules! bytes {
    ($(#[$doc:meta])* $name:ident, $size:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(with = "minicbor::bytes")] pub [u8; $size]);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), hex(&self.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }
    };
}

bytes!(
    /// A team's book of records.
    WorkspaceId, 16
);
bytes!(
    /// One installation on one computer.
    DeviceId, 16
);
bytes!(
    /// A person of the team.
    PersonId, 16
);
bytes!(
    /// A document as others see it: random, not the record's id.
    DocTag, 16
);
bytes!(
    /// BLAKE3 of what stands before.
    Hash, 32
);
bytes!(
    /// Ed25519.
    Signature, 64
);

impl Default for WorkspaceId {
    /// None.
    fn default() -> Self {
        Self([0; 16])
    }
}

impl Hash {
    /// Before the first.
    pub const NONE: Hash = Hash([0; 32]);

    /// Of some bytes, in a place of their own: the same bytes elsewhere have another hash.
    pub fn of(place: &str, bytes: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(place);
        hasher.update(bytes);
        Self(*hasher.finalize().as_bytes())
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Nothing unless it is exactly so many bytes, in digits alone: `+b` is a number to Rust, and would be a second name.
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
    bytes.filter(|_| text.len() == 2 * N)?.try_into().ok()
}

pub(crate) fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("a vector takes all that is written into it")
}

/// Decodes one value that fills the bytes to their end.
pub(crate) fn decode<T: for<'b> Decode<'b, ()>>(bytes: &[u8], limit: usize) -> Result<T> {
    if bytes.len() > limit {
        return Err(ProtocolError::TooLarge(limit));
    }
    let mut decoder = minicbor::Decoder::new(bytes);
    let value = decoder.decode().map_err(|e| ProtocolError::Malformed(e.to_string()))?;
    match decoder.position() == bytes.len() {
        true => Ok(value),
        false => Err(ProtocolError::Malformed("something stands behind its end".into())),
    }
}

/// A list in an answer. An empty part is one byte on the wire and dozens in the memory: too many are refused before
/// they are all there.
pub(crate) fn parts<'b, C, T: Decode<'b, C>>(
    d: &mut minicbor::Decoder<'b>,
    ctx: &mut C,
) -> std::result::Result<Vec<T>, minicbor::decode::Error> {
    let mut out = Vec::new();
    for part in d.array_iter_with(ctx)? {
        if out.len() == limits::PARTS {
            return Err(minicbor::decode::Error::message("it has too many parts"));
        }
        out.push(part?);
    }
    Ok(out)
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| ProtocolError::NoRandomness)?;
    Ok(bytes)
}
