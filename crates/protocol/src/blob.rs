//! Attachments: a file in pieces of one megabyte, each encrypted and called by the hash of its ciphertext. The key comes from
//! what is in the file and the team's secret, so that the same file is the same pieces wherever somebody attaches it: they
//! are stored once, and a transfer that was cut off goes on.

use crate::{
    Hash, ProtocolError, Result, WorkspaceId, from_hex, hex, limits,
    seal::{decrypt, encrypt, pad, unpad},
    wire::{decode, encode},
};
use minicbor::{Decode, Encode};
use std::str::FromStr;
use zeroize::Zeroizing;

/// Bytes of a file in one piece: with its length before it, a megabyte.
pub const PIECE: usize = (1 << 20) - 4;

/// As a piece is called that has this ciphertext.
pub fn piece_name(ciphertext: &[u8]) -> Hash {
    Hash::of("satchel 2026 piece of an attachment", ciphertext)
}

/// The pieces of a file, in order; itself the last piece that is written.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Manifest {
    #[n(0)]
    pub size: u64,
    /// Of the whole file, as [`BlobKey::of`] takes it.
    #[n(1)]
    pub hash: Hash,
    #[n(2)]
    pub pieces: Vec<Hash>,
}

impl Manifest {
    /// Decodes what was decrypted: as many pieces as the size says.
    pub fn decode(text: &[u8]) -> Result<Self> {
        let manifest: Self = decode(text, limits::PIECE_BYTES)?;
        let right = manifest.size <= limits::ATTACHMENT_BYTES
            && manifest.pieces.len() as u64 == manifest.size.div_ceil(PIECE as u64);
        match right {
            true => Ok(manifest),
            false => Err(ProtocolError::Malformed("its pieces are not as many as its size says".into())),
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

/// What opens an attachment; it stands in the attachment's record.
#[derive(Clone, PartialEq, Eq)]
pub struct BlobKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for BlobKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BlobKey(…)")
    }
}

const KEY: &str = "satchel 2026 key of an attachment";
/// The place of the manifest among the pieces.
const MANIFEST: u64 = u64::MAX;

impl BlobKey {
    /// `secret`: the team's; `file`: the hash of the whole file.
    pub fn of(secret: &[u8], file: Hash) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(KEY);
        hasher.update(&(secret.len() as u64).to_be_bytes());
        hasher.update(secret);
        hasher.update(&file.0);
        Self(Zeroizing::new(*hasher.finalize().as_bytes()))
    }

    /// One key has one text at each place, so the place is the nonce.
    fn nonce(place: u64) -> [u8; 24] {
        let mut nonce = [0; 24];
        nonce[16..].copy_from_slice(&place.to_be_bytes());
        nonce
    }

    fn about(workspace: WorkspaceId, place: u64) -> Vec<u8> {
        [workspace.0.as_slice(), &place.to_be_bytes()].concat()
    }

    pub fn seal_piece(&self, workspace: WorkspaceId, place: u64, text: &[u8]) -> Vec<u8> {
        let padded = Zeroizing::new(pad(text));
        encrypt(&self.0, &Self::nonce(place), &Self::about(workspace, place), &padded)
    }

    pub fn open_piece(&self, workspace: WorkspaceId, place: u64, piece: &[u8]) -> Result<Vec<u8>> {
        unpad(&decrypt(&self.0, &Self::nonce(place), &Self::about(workspace, place), piece)?)
    }

    pub fn seal_manifest(&self, workspace: WorkspaceId, manifest: &Manifest) -> Vec<u8> {
        self.seal_piece(workspace, MANIFEST, &manifest.encode())
    }

    /// The manifest, if it can be one: as many pieces as the size says.
    pub fn open_manifest(&self, workspace: WorkspaceId, piece: &[u8]) -> Result<Manifest> {
        Manifest::decode(&self.open_piece(workspace, MANIFEST, piece)?)
    }
}

/// Where an attachment's content is, as its record says it: the name of the manifest, and the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub manifest: Hash,
    pub key: BlobKey,
}

impl std::fmt::Display for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.manifest, hex(self.key.0.as_slice()))
    }
}

impl FromStr for Content {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('.').and_then(|(m, k)| Some((from_hex(m)?, from_hex(k)?)));
        let (manifest, key) =
            parts.ok_or_else(|| ProtocolError::Malformed("it names no content of an attachment".into()))?;
        Ok(Self { manifest: Hash(manifest), key: BlobKey(Zeroizing::new(key)) })
    }
}

/// The hash of a whole file, read piece by piece.
#[derive(Debug)]
pub struct FileHash(blake3::Hasher);

impl Default for FileHash {
    fn default() -> Self {
        Self(blake3::Hasher::new_derive_key("satchel 2026 a file"))
    }
}

impl FileHash {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(&self) -> Hash {
        Hash(*self.0.finalize().as_bytes())
    }
}

pub fn encode_names(names: &[Hash]) -> Vec<u8> {
    encode(&names)
}

pub fn decode_names(bytes: &[u8]) -> Result<Vec<Hash>> {
    decode(bytes, limits::RECORD_BYTES)
}
