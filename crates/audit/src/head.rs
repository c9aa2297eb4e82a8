//! A signature over everything up to a place.

use crate::ChainId;
use satchel_protocol::{Card, DeviceId, DeviceKeys, Hash, Signature, from_hex, hex};
use serde::{Deserialize, Serialize};

const PLACE: &str = "satchel audit head 1";

/// How far a chain had come, and by which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub chain: ChainId,
    pub seq: u64,
    pub hash: Hash,
    /// Epoch milliseconds by the clock of the device.
    pub at: i64,
}

impl Head {
    /// What is signed: device, incarnation, place, hash, time; numbers with their highest byte first.
    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(72);
        out.extend_from_slice(&self.chain.device.0);
        out.extend_from_slice(&self.chain.incarnation.to_be_bytes());
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&self.hash.0);
        out.extend_from_slice(&self.at.to_be_bytes());
        out
    }

    pub fn sign(self, keys: &DeviceKeys) -> SignedHead {
        SignedHead { signature: keys.sign(PLACE, &self.bytes()), head: self }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedHead {
    pub head: Head,
    pub signature: Signature,
}

#[derive(Serialize, Deserialize)]
struct Json {
    device: String,
    incarnation: String,
    seq: u64,
    hash: String,
    at: i64,
    signature: String,
}

impl SignedHead {
    pub fn verify(&self, card: &Card) -> bool {
        card.id == self.head.chain.device && card.verify(PLACE, &self.head.bytes(), &self.signature).is_ok()
    }

    /// As a line of a file, under this key.
    pub fn line(&self, key: &str) -> String {
        let json = Json {
            device: hex(&self.head.chain.device.0),
            incarnation: self.head.chain.incarnation.to_string(),
            seq: self.head.seq,
            hash: hex(&self.head.hash.0),
            at: self.head.at,
            signature: hex(&self.signature.0),
        };
        format!("{{\"{key}\":{}}}", serde_json::to_string(&json).unwrap_or_default())
    }

    pub(crate) fn of(value: serde_json::Value) -> Option<Self> {
        let json: Json = serde_json::from_value(value).ok()?;
        let chain = ChainId {
            device: DeviceId(from_hex(&json.device)?),
            incarnation: json.incarnation.parse().ok()?,
        };
        let head = Head { chain, seq: json.seq, hash: Hash(from_hex(&json.hash)?), at: json.at };
        Some(Self { head, signature: Signature(from_hex(&json.signature)?) })
    }
}
