//! How a newcomer joins: a link with a secret that works once, a request that only the inviting side can
//! read, and six digits that both people compare.

use crate::{
    Card, Hash, ProtocolError, Result, Role, VERSION, WorkspaceId, limits,
    wire::{decode, encode, random},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use minicbor::{Decode, Encode};

/// What an invitation's link holds. Who has it may ask to join, and no more.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Invitation {
    #[n(0)]
    version: u8,
    #[n(1)]
    pub workspace: WorkspaceId,
    #[cbor(n(2), with = "minicbor::bytes")]
    secret: [u8; 32],
    /// The first record of the control log: whoever shows another is not this team.
    #[n(3)]
    pub genesis: Hash,
    #[n(4)]
    pub role: Role,
    /// Epoch milliseconds; after that nobody approves it.
    #[n(5)]
    pub expires_at: i64,
    /// Where the team meets: an address, or a folder as the inviting side calls it.
    #[n(6)]
    pub remote: String,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invitation").field("id", &self.id()).field("role", &self.role).finish_non_exhaustive()
    }
}

const LINK: &str = "satchel://join#";

impl Invitation {
    pub fn new(
        workspace: WorkspaceId,
        genesis: Hash,
        role: Role,
        expires_at: i64,
        remote: &str,
    ) -> Result<Self> {
        let remote = remote.to_owned();
        Ok(Self { version: VERSION, workspace, secret: random()?, genesis, role, expires_at, remote })
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// Names the invitation to who does not know its secret.
    pub fn id(&self) -> Hash {
        Hash::of("satchel 2026 invitation", &self.secret)
    }

    pub fn to_link(&self) -> String {
        LINK.to_owned() + &URL_SAFE_NO_PAD.encode(encode(self))
    }

    pub fn from_link(link: &str) -> Result<Self> {
        let bad = || ProtocolError::Malformed("this is no invitation; copy the whole link".into());
        if link.len() > limits::LINK_BYTES {
            return Err(ProtocolError::TooLarge(limits::LINK_BYTES));
        }
        let text = link.trim().strip_prefix(LINK).ok_or_else(bad)?;
        let invitation: Self = decode(&URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?, limits::LINK_BYTES)?;
        match invitation.version {
            VERSION => Ok(invitation),
            newer if newer > VERSION => Err(ProtocolError::Newer(newer)),
            _ => Err(bad()),
        }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&blake3::derive_key("satchel 2026 request to join", &self.secret).into())
    }

    /// A request that travels through a server or a folder.
    pub fn seal(&self, request: &Request) -> Result<SealedRequest> {
        let nonce: [u8; 24] = random()?;
        let text = request.encode();
        let about = self.id();
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: &text, aad: &about.0 })
            .map_err(|_| ProtocolError::TooLarge(limits::RECORD_BYTES))?;
        Ok(SealedRequest { invitation: about, nonce, sealed })
    }

    pub fn open(&self, sealed: &SealedRequest) -> Result<Request> {
        if sealed.invitation != self.id() {
            return Err(ProtocolError::CannotDecrypt);
        }
        let text = self
            .cipher()
            .decrypt(&XNonce::from(sealed.nonce), Payload { msg: &sealed.sealed, aad: &sealed.invitation.0 })
            .map_err(|_| ProtocolError::CannotDecrypt)?;
        Request::decode(&text)
    }
}

/// Who asks to join, and as which device.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Request {
    #[n(0)]
    pub device: Card,
    #[n(1)]
    pub person: String,
    /// What the device is called.
    #[n(2)]
    pub name: String,
}

impl Request {
    /// Decodes what was decrypted: who has the link may have written it.
    pub fn decode(text: &[u8]) -> Result<Self> {
        let request: Self = decode(text, limits::RECORD_BYTES)?;
        request.device.check()?;
        match request.person.len() + request.name.len() <= limits::NAME_BYTES / 2 {
            true => Ok(request),
            false => Err(ProtocolError::TooLarge(limits::NAME_BYTES)),
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SealedRequest {
    #[n(0)]
    pub invitation: Hash,
    #[cbor(n(1), with = "minicbor::bytes")]
    nonce: [u8; 24],
    #[cbor(n(2), with = "minicbor::bytes")]
    sealed: Vec<u8>,
}

impl SealedRequest {
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        decode(bytes, limits::RECORD_BYTES)
    }

    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

/// Six digits that both people see: who has put another device in between shows others.
pub fn check_code(invitation: &Invitation, request: &Request) -> String {
    let bytes = [invitation.id().0.as_slice(), &encode(&request.device)].concat();
    let hash = Hash::of("satchel 2026 check code", &bytes);
    let number = hash.0.iter().take(8).fold(0_u64, |n, b| n << 8 | u64::from(*b));
    format!("{:06}", number % 1_000_000)
}
