//! Encryption: content under a record's key and the epoch, record keys under the epoch, epochs for devices.

use crate::{
    DocTag, Hash, ProtocolError, Result, WorkspaceId, limits,
    wire::{decode, encode, random},
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use hpke::{Deserializable, OpModeR, OpModeS, Serializable, kdf::HkdfSha256};
use minicbor::{Decode, Encode};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub(crate) type Kem = hpke::kem::X25519HkdfSha256;
type Private = <Kem as hpke::Kem>::PrivateKey;
type Public = <Kem as hpke::Kem>::PublicKey;
type Cipher = hpke::aead::ChaCha20Poly1305;

pub(crate) fn kem_private(bytes: &[u8; 32]) -> Result<Private> {
    Private::from_bytes(bytes).map_err(|_| ProtocolError::Malformed("a receiving key is no key".into()))
}

pub(crate) fn kem_public(bytes: &[u8; 32]) -> Result<Public> {
    Public::from_bytes(bytes).map_err(|_| ProtocolError::Malformed("a receiving key is no key".into()))
}

/// Something that one key alone opens (HPKE, base mode).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Sealed {
    #[cbor(n(0), with = "minicbor::bytes")]
    encapsulated: [u8; 32],
    #[cbor(n(1), with = "minicbor::bytes")]
    ciphertext: Vec<u8>,
}

impl Sealed {
    pub(crate) fn seal(to: &Public, info: &[u8], secret: &[u8]) -> Result<Self> {
        let (key, ciphertext) =
            hpke::single_shot_seal::<Cipher, HkdfSha256, Kem>(&OpModeS::Base, to, info, secret, &[])
                .map_err(|_| ProtocolError::NoRandomness)?;
        let encapsulated = key.to_bytes().as_slice().try_into().expect("X25519 keys have 32 bytes");
        Ok(Self { encapsulated, ciphertext })
    }

    /// For the recovery identity, whose X25519 key a vault derives from its kit.
    pub fn seal_for(public: &[u8; 32], info: &[u8], secret: &[u8]) -> Result<Self> {
        Self::seal(&kem_public(public)?, info, secret)
    }

    pub fn open(&self, private: &[u8; 32], info: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let key = <Kem as hpke::Kem>::EncappedKey::from_bytes(&self.encapsulated)
            .map_err(|_| ProtocolError::CannotDecrypt)?;
        hpke::single_shot_open::<Cipher, HkdfSha256, Kem>(
            &OpModeR::Base,
            &kem_private(private)?,
            &key,
            info,
            &self.ciphertext,
            &[],
        )
        .map(Zeroizing::new)
        .map_err(|_| ProtocolError::CannotDecrypt)
    }
}

/// The key of an epoch of the workspace. A new epoch shuts out who was removed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct EpochKey {
    #[zeroize(skip)]
    pub epoch: u32,
    key: [u8; 32],
}

/// The key of one document of the log. It travels wrapped, never in the log: destroying it erases.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct RecordKey([u8; 32]);

impl std::fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EpochKey").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecordKey(…)")
    }
}

/// A record key under an epoch's.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct WrappedKey {
    #[n(0)]
    pub tag: DocTag,
    #[n(1)]
    pub epoch: u32,
    #[cbor(n(2), with = "minicbor::bytes")]
    nonce: [u8; 24],
    #[cbor(n(3), with = "minicbor::bytes")]
    ciphertext: Vec<u8>,
}

impl WrappedKey {
    /// Several, as they lie beside a segment.
    pub fn encode_all(keys: &[Self]) -> Vec<u8> {
        encode(&keys.to_vec())
    }

    pub fn decode_all(bytes: &[u8]) -> Result<Vec<Self>> {
        decode(bytes, limits::SEGMENT_BYTES)
    }

    /// Several of these as one; what is no key is left out.
    pub fn join(all: &[Vec<u8>]) -> Vec<u8> {
        let keys: Vec<Self> = all.iter().filter_map(|bytes| Self::decode_all(bytes).ok()).flatten().collect();
        Self::encode_all(&keys)
    }
}

impl RecordKey {
    pub fn generate() -> Result<Self> {
        Ok(Self(random()?))
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl EpochKey {
    pub fn generate(epoch: u32) -> Result<Self> {
        Ok(Self { epoch, key: random()? })
    }

    pub fn from_bytes(epoch: u32, key: [u8; 32]) -> Self {
        Self { epoch, key }
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.key
    }

    fn derived(&self, place: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(blake3::derive_key(place, &self.key))
    }

    pub fn wrap(&self, workspace: WorkspaceId, tag: DocTag, record: &RecordKey) -> Result<WrappedKey> {
        let nonce = random()?;
        let about = about_key(workspace, tag, self.epoch);
        let ciphertext = encrypt(&self.derived(WRAP), &nonce, &about, record.as_bytes());
        Ok(WrappedKey { tag, epoch: self.epoch, nonce, ciphertext })
    }

    pub fn unwrap(&self, workspace: WorkspaceId, wrapped: &WrappedKey) -> Result<RecordKey> {
        let about = about_key(workspace, wrapped.tag, self.epoch);
        let key = decrypt(&self.derived(WRAP), &wrapped.nonce, &about, &wrapped.ciphertext)?;
        let key = key.as_slice().try_into().map_err(|_| ProtocolError::CannotDecrypt)?;
        Ok(RecordKey(key))
    }

    /// Names that the team sees and the server does not.
    pub fn seal_names(&self, workspace: WorkspaceId, names: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; 24] = random()?;
        let mut out = nonce.to_vec();
        out.extend(encrypt(&self.derived(NAMES), &nonce, &workspace.0, &pad(names)));
        Ok(out)
    }

    pub fn open_names(&self, workspace: WorkspaceId, sealed: &[u8]) -> Result<Vec<u8>> {
        let (nonce, ciphertext) = sealed.split_at_checked(24).ok_or(ProtocolError::CannotDecrypt)?;
        let nonce = nonce.try_into().map_err(|_| ProtocolError::CannotDecrypt)?;
        unpad(&decrypt(&self.derived(NAMES), &nonce, &workspace.0, ciphertext)?)
    }
}

const WRAP: &str = "satchel 2026 record key under an epoch";
const NAMES: &str = "satchel 2026 names under an epoch";
const PREVIOUS: &str = "satchel 2026 previous epoch under an epoch";

fn about_key(workspace: WorkspaceId, tag: DocTag, epoch: u32) -> Vec<u8> {
    [workspace.0.as_slice(), &tag.0, &epoch.to_be_bytes()].concat()
}

/// The epoch before, for who has the new one.
pub fn seal_previous(workspace: WorkspaceId, new: &EpochKey, previous: &EpochKey) -> Result<Vec<u8>> {
    let nonce: [u8; 24] = random()?;
    let mut out = nonce.to_vec();
    let about = about_key(workspace, DocTag([0; 16]), previous.epoch);
    out.extend(encrypt(&new.derived(PREVIOUS), &nonce, &about, &previous.key));
    Ok(out)
}

pub fn open_previous(workspace: WorkspaceId, new: &EpochKey, sealed: &[u8]) -> Result<EpochKey> {
    let (nonce, ciphertext) = sealed.split_at_checked(24).ok_or(ProtocolError::CannotDecrypt)?;
    let nonce = nonce.try_into().map_err(|_| ProtocolError::CannotDecrypt)?;
    let epoch = new.epoch.checked_sub(1).ok_or(ProtocolError::CannotDecrypt)?;
    let about = about_key(workspace, DocTag([0; 16]), epoch);
    let key = decrypt(&new.derived(PREVIOUS), &nonce, &about, ciphertext)?;
    let key = key.as_slice().try_into().map_err(|_| ProtocolError::CannotDecrypt)?;
    Ok(EpochKey { epoch, key })
}

/// Encrypted content: what its keys are derived with, the ciphertext, and a commitment to the keys.
/// XChaCha20-Poly1305 alone can be made to open under two keys.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Content {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub salt: [u8; 16],
    #[n(1)]
    pub commitment: Hash,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub ciphertext: Vec<u8>,
}

impl Default for Content {
    fn default() -> Self {
        Self { salt: [0; 16], commitment: Hash::NONE, ciphertext: Vec::new() }
    }
}

pub(crate) struct ContentKeys<'a> {
    pub workspace: WorkspaceId,
    pub tag: DocTag,
    pub epoch: &'a EpochKey,
    pub record: &'a RecordKey,
}

/// A key and a nonce for one text alone, and what says to which key it was written.
struct Once {
    key: Zeroizing<[u8; 32]>,
    nonce: [u8; 24],
    commitment: Hash,
}

impl ContentKeys<'_> {
    fn once(&self, salt: &[u8; 16]) -> Once {
        let mut info = b"satchel content 1".to_vec();
        info.extend(self.workspace.0);
        info.extend(self.tag.0);
        info.extend(self.epoch.epoch.to_be_bytes());
        info.extend(salt);
        let mut derived = Zeroizing::new([0; 32 + 24 + 32]);
        Hkdf::<Sha256>::new(Some(self.record.as_bytes()), &self.epoch.key)
            .expand(&info, derived.as_mut())
            .expect("88 bytes are not too many for HKDF");
        let mut once = Once { key: Zeroizing::new([0; 32]), nonce: [0; 24], commitment: Hash([0; 32]) };
        let (key, rest) = derived.split_at(32);
        let (nonce, commitment) = rest.split_at(24);
        once.key.copy_from_slice(key);
        once.nonce.copy_from_slice(nonce);
        once.commitment.0.copy_from_slice(commitment);
        once
    }

    pub fn seal(&self, about: &[u8], plaintext: &[u8]) -> Result<Content> {
        let salt = random()?;
        let once = self.once(&salt);
        let padded = Zeroizing::new(pad(plaintext));
        let ciphertext = encrypt(&once.key, &once.nonce, about, &padded);
        Ok(Content { salt, commitment: once.commitment, ciphertext })
    }

    pub fn open(&self, about: &[u8], content: &Content) -> Result<Zeroizing<Vec<u8>>> {
        let once = self.once(&content.salt);
        if once.commitment != content.commitment {
            return Err(ProtocolError::CannotDecrypt);
        }
        let padded = decrypt(&once.key, &once.nonce, about, &content.ciphertext)?;
        unpad(&padded).map(Zeroizing::new)
    }
}

pub(crate) fn encrypt(key: &[u8; 32], nonce: &[u8; 24], about: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let cipher = XChaCha20Poly1305::new(&(*key).into());
    let nonce = XNonce::from(*nonce);
    cipher
        .encrypt(&nonce, Payload { msg: plaintext, aad: about })
        .expect("what fits into memory is not too long for the cipher")
}

pub(crate) fn decrypt(
    key: &[u8; 32],
    nonce: &[u8; 24],
    about: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    let cipher = XChaCha20Poly1305::new(&(*key).into());
    let nonce = XNonce::from(*nonce);
    cipher
        .decrypt(&nonce, Payload { msg: ciphertext, aad: about })
        .map(Zeroizing::new)
        .map_err(|_| ProtocolError::CannotDecrypt)
}

/// Padmé: lengths tell at most the logarithm of their logarithm, for at most 12 % more bytes. The length
/// stands before the text.
pub fn pad(text: &[u8]) -> Vec<u8> {
    let length = u32::try_from(text.len()).expect("texts are limited long before 4 GB");
    let mut out = Vec::with_capacity(padded(text.len() + 4));
    out.extend(length.to_be_bytes());
    out.extend_from_slice(text);
    out.resize(padded(out.len()), 0);
    out
}

/// The text again; anything but zeros behind it is refused, so that a text has one padded form.
pub fn unpad(bytes: &[u8]) -> Result<Vec<u8>> {
    let bad = || ProtocolError::Malformed("its padding is wrong".into());
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(bad)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| bad())?;
    let (text, zeros) = rest.split_at_checked(length).ok_or_else(bad)?;
    if zeros.iter().any(|b| *b != 0) || bytes.len() != padded(length + 4) {
        return Err(bad());
    }
    Ok(text.to_vec())
}

fn padded(length: usize) -> usize {
    if length < 2 {
        return length;
    }
    let exponent = length.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1_usize << exponent.saturating_sub(kept)) - 1;
    (length + mask) & !mask
}
