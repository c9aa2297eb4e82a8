//! What a device and a server say to each other: who asks, what the device has, what the server has.

use crate::{
    Card, DeviceId, DeviceKeys, Hash, Invitation, ProtocolError, Result, Signature, WorkspaceId, limits,
    wire::{decode, encode},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use minicbor::{Decode, Encode};

/// How far one incarnation of a device is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Position {
    #[n(0)]
    pub device: DeviceId,
    #[n(1)]
    pub incarnation: u64,
    /// The place that comes next, from 1.
    #[n(2)]
    pub next: u64,
}

/// A segment as a remote keeps it: its bytes, and the wrapped keys of the documents that begin in it, unless
/// they are destroyed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Kept {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub segment: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub keys: Vec<u8>,
}

impl Kept {
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        decode(bytes, 2 * limits::SEGMENT_BYTES)
    }

    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

/// What a server has that a device has not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct News {
    /// How many segments the workspace has.
    #[n(0)]
    pub head: u64,
    /// Goes up with every change of its control log, and with every request to join.
    #[n(1)]
    pub control: u64,
    /// Whether there is more than fits here.
    #[n(2)]
    pub more: bool,
    #[cbor(n(3), decode_with = "crate::wire::parts")]
    pub segments: Vec<Kept>,
    /// How far the feeds of the device that asks are there: what a server has lost is sent again.
    #[n(4)]
    pub own: Vec<Position>,
}

impl News {
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        decode(bytes, limits::NEWS_BYTES)
    }

    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

pub fn encode_positions(positions: &[Position]) -> Vec<u8> {
    encode(&positions)
}

pub fn decode_positions(bytes: &[u8]) -> Result<Vec<Position>> {
    decode(bytes, limits::RECORD_BYTES)
}

/// How far a device has read everything, by its own word: what all have read may be left out of the log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Read {
    #[n(0)]
    pub workspace: WorkspaceId,
    #[n(1)]
    pub device: DeviceId,
    #[n(2)]
    pub positions: Vec<Position>,
    #[n(3)]
    signature: Signature,
}

const READ: &str = "satchel read 1";

impl Read {
    pub fn new(keys: &DeviceKeys, workspace: WorkspaceId, positions: Vec<Position>) -> Self {
        let signature = keys.sign(READ, &encode(&(workspace, keys.id, &positions)));
        Self { workspace, device: keys.id, positions, signature }
    }

    /// Nothing of it is to be believed before [`Read::verify`].
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        decode(bytes, limits::RECORD_BYTES)
    }

    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    pub fn verify(&self, workspace: WorkspaceId, card: &Card) -> Result<()> {
        if self.workspace != workspace {
            return Err(ProtocolError::OtherWorkspace);
        }
        if self.device != card.id {
            return Err(ProtocolError::BadSignature);
        }
        card.verify(READ, &encode(&(workspace, self.device, &self.positions)), &self.signature)
    }
}

/// Records of a control log, or sealed requests, as a server gives them: byte strings.
#[derive(Encode, Decode)]
#[cbor(transparent)]
struct Bytes(#[cbor(with = "minicbor::bytes")] Vec<u8>);

#[derive(Decode)]
#[cbor(transparent)]
struct All(#[cbor(decode_with = "crate::wire::parts")] Vec<Bytes>);

pub fn encode_all(all: Vec<Vec<u8>>) -> Vec<u8> {
    encode(&all.into_iter().map(Bytes).collect::<Vec<_>>())
}

pub fn decode_all(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let All(all) = decode(bytes, limits::NEWS_BYTES)?;
    Ok(all.into_iter().map(|b| b.0).collect())
}

/// One request, as it is signed: what it asks, of whom, when.
#[derive(Encode)]
struct Asked<'a> {
    #[n(0)]
    workspace: WorkspaceId,
    #[n(1)]
    device: DeviceId,
    #[n(2)]
    at: i64,
    #[n(3)]
    method: &'a str,
    /// Path and query.
    #[n(4)]
    target: &'a str,
    #[n(5)]
    body: Hash,
}

const REQUEST: &str = "satchel request 1";
const SCHEME: &str = "Satchel ";
const INVITED: &str = "Invitation ";

fn asked(
    workspace: WorkspaceId,
    device: DeviceId,
    at: i64,
    (method, target, body): (&str, &str, &[u8]),
) -> Vec<u8> {
    let body = Hash::of("satchel 2026 body of a request", body);
    encode(&Asked { workspace, device, at, method, target, body })
}

impl DeviceKeys {
    /// The `Authorization` of a request: method, path with query, body. `at` is the server's time.
    pub fn authorize(&self, workspace: WorkspaceId, at: i64, request: (&str, &str, &[u8])) -> String {
        let signature = self.sign(REQUEST, &asked(workspace, self.id, at, request));
        SCHEME.to_owned() + &BASE64.encode(encode(&Claim { device: self.id, at, signature }))
    }
}

/// Who says to ask. Nothing of it is to be believed before [`Claim::verify`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Claim {
    #[n(0)]
    pub device: DeviceId,
    /// Epoch milliseconds.
    #[n(1)]
    pub at: i64,
    #[n(2)]
    signature: Signature,
}

impl Claim {
    pub fn verify(&self, card: &Card, workspace: WorkspaceId, request: (&str, &str, &[u8])) -> Result<()> {
        if card.id != self.device {
            return Err(ProtocolError::BadSignature);
        }
        card.verify(REQUEST, &asked(workspace, self.device, self.at, request), &self.signature)
    }
}

/// What stands in `Authorization`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    Device(Claim),
    /// A newcomer, who knows an invitation's secret.
    Invited(Pass),
}

impl Authorization {
    pub fn parse(header: &str) -> Result<Self> {
        let bad = || ProtocolError::Malformed("its authorization is none".into());
        if header.len() > limits::LINK_BYTES {
            return Err(ProtocolError::TooLarge(limits::LINK_BYTES));
        }
        if let Some(text) = header.strip_prefix(INVITED) {
            return crate::from_hex(text).map(|pass| Self::Invited(Pass(Hash(pass)))).ok_or_else(bad);
        }
        let text = header.strip_prefix(SCHEME).ok_or_else(bad)?;
        decode(&BASE64.decode(text).map_err(|_| bad())?, limits::LINK_BYTES).map(Self::Device)
    }
}

/// What shows a server that somebody was invited. It keeps only the hash, as the inviting device gave it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pass(pub(crate) Hash);

impl std::fmt::Debug for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pass(…)")
    }
}

impl Pass {
    /// What the server keeps.
    pub fn hash(&self) -> Hash {
        Hash::of("satchel 2026 pass at a server", &self.0.0)
    }

    pub fn authorization(&self) -> String {
        format!("{INVITED}{}", self.0)
    }
}

impl Invitation {
    pub fn pass(&self) -> Pass {
        Pass(Hash::of("satchel 2026 invitation at a server", self.secret()))
    }
}
