//! A passphrase, and how it becomes a key: Argon2id.

use crate::{VaultError, secret::fill_random};
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// What the user types, in Unicode's composed form, so that every keyboard gives the same bytes.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Passphrase(String);

impl Passphrase {
    pub fn new(text: &str) -> Result<Self, VaultError> {
        let text: String = text.nfkc().collect();
        if text.is_empty() {
            return Err(VaultError::EmptyPassphrase);
        }
        Ok(Self(text))
    }

    /// How hard it is to guess: 0 and 1 at once, 2 in days, 3 and 4 hardly.
    pub fn score(&self) -> u8 {
        u8::from(zxcvbn::zxcvbn(&self.0, &["satchel"]).score())
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// What a guess costs. Kept with the slot, so that it can rise later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    pub memory_kib: u32,
    pub passes: u32,
}

impl Default for Cost {
    /// 64 MiB, three passes: 0.7 s on a slow laptop (RFC 9106 recommends these for its second choice).
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3 }
    }
}

/// A secret sealed under a passphrase.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sealed {
    kdf: String,
    cost: Cost,
    salt: String,
    nonce: String,
    ciphertext: String,
}

const KDF: &str = "argon2id-19";

impl Sealed {
    pub fn seal(
        passphrase: &Passphrase,
        cost: Cost,
        context: &str,
        secret: &[u8],
    ) -> Result<Self, VaultError> {
        let (mut salt, mut nonce) = ([0; 16], [0; 24]);
        fill_random(&mut salt)?;
        fill_random(&mut nonce)?;
        let key = derive(passphrase, cost, &salt)
            .ok_or(VaultError::Random("Argon2 refused its parameters".into()))?;
        let cipher = XChaCha20Poly1305::new((&*key).into());
        let payload = Payload { msg: secret, aad: context.as_bytes() };
        let ciphertext = cipher.encrypt((&nonce).into(), payload).expect("a short secret can be sealed");
        Ok(Self { kdf: KDF.into(), cost, salt: hex(&salt), nonce: hex(&nonce), ciphertext: hex(&ciphertext) })
    }

    /// Nothing if the passphrase is another, or the slot was tampered with.
    pub fn open(&self, passphrase: &Passphrase, context: &str) -> Option<Zeroizing<Vec<u8>>> {
        // A slot from outside must not make us allocate without bound.
        if self.kdf != KDF || self.cost.memory_kib > 4 << 20 || self.cost.passes > 100 {
            return None;
        }
        let nonce: [u8; 24] = unhex(&self.nonce)?.try_into().ok()?;
        let key = derive(passphrase, self.cost, &unhex(&self.salt)?)?;
        let cipher = XChaCha20Poly1305::new((&*key).into());
        let ciphertext = unhex(&self.ciphertext)?;
        let payload = Payload { msg: &ciphertext, aad: context.as_bytes() };
        cipher.decrypt((&nonce).into(), payload).ok().map(Zeroizing::new)
    }
}

fn derive(passphrase: &Passphrase, cost: Cost, salt: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32)).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password_into(passphrase.0.as_bytes(), salt, key.as_mut_slice()).ok()?;
    Some(key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.bytes().all(|b| b.is_ascii_hexdigit()) || !text.len().is_multiple_of(2) || text.len() > 4096 {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}
