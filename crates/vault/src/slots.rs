//! Keyslots. Each holds the vault key sealed for an age recipient; a passphrase slot also holds
//! that recipient's identity, sealed under the passphrase.

use crate::{Cost, Passphrase, RecoveryCode, VaultError, VaultKey, passphrase::Sealed};
use age::{secrecy::ExposeSecret, x25519};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    Recovery,
    Passphrase,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Slot {
    kind: SlotKind,
    /// `age1…`
    recipient: String,
    /// The vault key in age's armour.
    sealed: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    identity: Option<Sealed>,
    /// The vault that the identity was sealed for, where that was another: this one was restored from a backup.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    made_in: Option<Uuid>,
}

impl Slot {
    pub fn kind(&self) -> SlotKind {
        self.kind
    }

    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// The recipient's X25519 key.
    pub fn recipient_key(&self) -> Option<[u8; 32]> {
        bech32::decode(&self.recipient).ok()?.1.try_into().ok()
    }

    pub(crate) fn for_recovery(code: &RecoveryCode, vault: Uuid, generation: u32, key: &VaultKey) -> Self {
        let recipient = code.identity().to_public();
        let sealed = seal(&recipient, vault, generation, key);
        Self {
            kind: SlotKind::Recovery,
            recipient: recipient.to_string(),
            sealed,
            identity: None,
            made_in: None,
        }
    }

    pub(crate) fn for_passphrase(
        passphrase: &Passphrase,
        cost: Cost,
        vault: Uuid,
        generation: u32,
        key: &VaultKey,
    ) -> Result<Self, VaultError> {
        let identity = x25519::Identity::generate();
        let recipient = identity.to_public();
        let secret = identity.to_string();
        let context = slot_context(vault, &recipient.to_string());
        let protected = Sealed::seal(passphrase, cost, &context, secret.expose_secret().as_bytes())?;
        let sealed = seal(&recipient, vault, generation, key);
        Ok(Self {
            kind: SlotKind::Passphrase,
            recipient: recipient.to_string(),
            sealed,
            identity: Some(protected),
            made_in: None,
        })
    }

    pub(crate) fn open_with_recovery(
        &self,
        identity: &x25519::Identity,
        vault: Uuid,
        generation: u32,
    ) -> Option<VaultKey> {
        (self.kind == SlotKind::Recovery).then(|| unseal(identity, &self.sealed, vault, generation))?
    }

    pub(crate) fn open_with_passphrase(
        &self,
        passphrase: &Passphrase,
        vault: Uuid,
        generation: u32,
    ) -> Option<VaultKey> {
        let slot = Self { made_in: Some(self.made_in.unwrap_or(vault)), ..self.clone() };
        unseal(&slot.identity_by(passphrase)?, &self.sealed, vault, generation)
    }

    /// The identity of a passphrase's slot that says which vault it was made in.
    pub(crate) fn identity_by(&self, passphrase: &Passphrase) -> Option<x25519::Identity> {
        let context = slot_context(self.made_in?, &self.recipient);
        let secret = self.identity.as_ref()?.open(passphrase, &context)?;
        std::str::from_utf8(&secret).ok()?.parse().ok()
    }

    pub(crate) fn age_recipient(&self) -> Result<x25519::Recipient, VaultError> {
        let damaged = || VaultError::Damaged {
            path: crate::files::VAULT_JSON.into(),
            why: "a slot names no recipient".into(),
        };
        self.recipient.parse().map_err(|_| damaged())
    }

    /// The slot as it is carried elsewhere: it opens no vault.
    pub(crate) fn without_key(&self, vault: Uuid) -> Self {
        let made_in = self.identity.as_ref().map(|_| self.made_in.unwrap_or(vault));
        Self { sealed: String::new(), made_in, ..self.clone() }
    }

    /// The same slot for another vault key: neither passphrase nor kit is needed.
    pub(crate) fn reseal(&self, vault: Uuid, generation: u32, key: &VaultKey) -> Result<Self, VaultError> {
        Ok(Self { sealed: seal(&self.age_recipient()?, vault, generation, key), ..self.clone() })
    }
}

/// What the slot is bound to: a slot of another vault or an older key does not fit.
fn key_context(vault: Uuid, generation: u32) -> String {
    format!("satchel vault {vault} key {generation} ")
}

fn slot_context(vault: Uuid, recipient: &str) -> String {
    format!("satchel vault {vault} passphrase slot {recipient}")
}

fn seal(recipient: &x25519::Recipient, vault: Uuid, generation: u32, key: &VaultKey) -> String {
    let mut plain = zeroize::Zeroizing::new(key_context(vault, generation));
    plain.push_str(&key.expose_hex());
    age::encrypt_and_armor(recipient, plain.as_bytes()).expect("memory takes the bytes")
}

fn unseal(identity: &x25519::Identity, sealed: &str, vault: Uuid, generation: u32) -> Option<VaultKey> {
    if sealed.len() > 64 * 1024 {
        return None;
    }
    let plain = zeroize::Zeroizing::new(age::decrypt(identity, sealed.as_bytes()).ok()?);
    let plain = std::str::from_utf8(&plain).ok()?;
    VaultKey::from_hex(plain.strip_prefix(&key_context(vault, generation))?)
}
