//! A device's keys. The private parts never leave its vault.

use crate::{
    DeviceId, ProtocolError, Result, Sealed, Signature,
    seal::{Kem, kem_private, kem_public},
    wire::random,
};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use hpke::{Kem as _, Serializable};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// Signs what the device writes, and opens what is sealed for it.
pub struct DeviceKeys {
    pub id: DeviceId,
    sign: SigningKey,
    receive: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceKeys").field("id", &self.id).finish_non_exhaustive()
    }
}

impl DeviceKeys {
    pub fn generate(id: DeviceId) -> Result<Self> {
        Self::from_secrets(id, Zeroizing::new(random()?), Zeroizing::new(random()?))
    }

    /// From what a vault keeps.
    pub fn from_secrets(
        id: DeviceId,
        sign: Zeroizing<[u8; 32]>,
        receive: Zeroizing<[u8; 32]>,
    ) -> Result<Self> {
        kem_private(&receive)?;
        Ok(Self { id, sign: SigningKey::from_bytes(&sign), receive })
    }

    /// For a vault to keep: the signing and the receiving secret.
    pub fn secrets(&self) -> (Zeroizing<[u8; 32]>, Zeroizing<[u8; 32]>) {
        (Zeroizing::new(self.sign.to_bytes()), self.receive.clone())
    }

    pub fn card(&self) -> Result<Card> {
        let public = Kem::sk_to_pk(&kem_private(&self.receive)?);
        let receive = public.to_bytes().as_slice().try_into().expect("X25519 keys have 32 bytes");
        Ok(Card { id: self.id, sign: self.sign.verifying_key().to_bytes(), receive })
    }

    /// `place` says what is signed, so that it is never taken for something else.
    pub fn sign(&self, place: &str, bytes: &[u8]) -> Signature {
        Signature(self.sign.sign(&in_place(place, bytes)).to_bytes())
    }

    /// Opens what was sealed for this device.
    pub fn open(&self, sealed: &Sealed, info: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        sealed.open(&self.receive, info)
    }
}

/// What others know of a device.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Card {
    #[n(0)]
    pub id: DeviceId,
    /// Ed25519.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub sign: [u8; 32],
    /// X25519.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub receive: [u8; 32],
}

impl Card {
    /// Whether the device has signed this for this place.
    pub fn verify(&self, place: &str, bytes: &[u8], signature: &Signature) -> Result<()> {
        let key = VerifyingKey::from_bytes(&self.sign).map_err(|_| ProtocolError::BadSignature)?;
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        // Strictly: a weak key would sign for everybody.
        key.verify_strict(&in_place(place, bytes), &signature).map_err(|_| ProtocolError::BadSignature)
    }

    /// Seals something for this device alone.
    pub fn seal(&self, info: &[u8], secret: &[u8]) -> Result<Sealed> {
        Sealed::seal(&kem_public(&self.receive)?, info, secret)
    }

    /// Whether its keys can be used at all.
    pub(crate) fn check(&self) -> Result<()> {
        VerifyingKey::from_bytes(&self.sign)
            .map_err(|_| ProtocolError::Malformed("a device's key is no key".into()))?;
        kem_public(&self.receive).map(|_| ())
    }
}

fn in_place(place: &str, bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(place.len() + 1 + bytes.len());
    all.extend_from_slice(place.as_bytes());
    all.push(0);
    all.extend_from_slice(bytes);
    all
}
