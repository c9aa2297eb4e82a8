//! The vault key as a type: redacted, zeroized on drop, never serialised by accident.

use crate::VaultError;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Opens the database. Kept on the heap, so that moves leave no copies behind.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct VaultKey(Box<[u8; 32]>);

impl VaultKey {
    pub(crate) fn make() -> Result<Self, VaultError> {
        let mut key = Box::new([0; 32]);
        fill_random(key.as_mut_slice())?;
        Ok(Self(key))
    }

    /// A key for a rotation.
    pub fn make_next() -> Result<Self, VaultError> {
        Self::make()
    }

    /// A second copy, wiped by itself. Not `Clone`: each copy of a key should be seen.
    pub fn clone_of(other: &Self) -> Self {
        Self(other.0.clone())
    }

    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut key = Box::new([0; 32]);
        for (at, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
        }
        Some(Self(key))
    }

    pub(crate) fn expose_hex(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::with_capacity(64));
        for byte in self.0.iter() {
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(nibble), 16).expect("a nibble is a digit"));
            }
        }
        out
    }

    /// Says whether a key is this one, and nothing about it: the key is random and 256 bits long.
    pub(crate) fn check(&self) -> String {
        let check = blake3::derive_key("satchel 2026 vault key check", self.0.as_slice());
        check.iter().take(16).map(|b| format!("{b:02x}")).collect()
    }

    /// The raw key as SQLCipher takes it: `x'…'`, no key derivation.
    pub fn expose_as_sqlcipher_key(&self) -> Zeroizing<String> {
        let hex = self.expose_hex();
        let mut out = Zeroizing::new(String::with_capacity(67));
        out.push_str("x'");
        out.push_str(&hex);
        out.push('\'');
        out
    }
}

impl PartialEq for VaultKey {
    fn eq(&self, other: &Self) -> bool {
        // Constant time: fold all differences before looking.
        self.0.iter().zip(other.0.iter()).fold(0, |acc, (a, b)| acc | (a ^ b)) == 0
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultKey(…)")
    }
}

pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), VaultError> {
    getrandom::fill(bytes).map_err(|e| VaultError::Random(e.to_string()))
}
