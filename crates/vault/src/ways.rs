//! The ways into a vault as a backup carries them: whom it is sealed for, and what a restored vault is
//! opened with again. No key of the vault is among them.

use crate::{
    FORMAT, NewVault, Passphrase, RecoveryKey, Slot, SlotKind, VaultError, VaultKey, files::VaultFile,
};
use age::{DecryptError, EncryptError, x25519};
use age_core::format::{FileKey, Stanza};
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, path::Path};
use uuid::Uuid;

/// Names the stanza of an age header that holds a passphrase's identity. Other programs pass over it.
const STANZA: &str = "satchel-passphrase";
/// A header has no more of them than a vault has slots.
const MOST_SLOTS: usize = 8;

/// A vault's slots without the vault's key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ways {
    slots: Vec<Slot>,
}

impl Ways {
    pub(crate) fn of(slots: &[Slot], vault: Uuid) -> Self {
        Self { slots: slots.iter().map(|slot| slot.without_key(vault)).collect() }
    }

    /// Whom a backup is sealed for, besides the vault itself.
    pub fn recipients(&self) -> Result<Vec<Box<dyn age::Recipient + Send>>, VaultError> {
        let mut all: Vec<Box<dyn age::Recipient + Send>> = Vec::new();
        for slot in &self.slots {
            all.push(Box::new(slot.age_recipient()?));
            if slot.kind() == SlotKind::Passphrase {
                all.push(Box::new(PassphraseStanza(slot.clone())));
            }
        }
        Ok(all)
    }

    /// What a passphrase comes to, worked out once for all that is sealed for these ways: each time takes a second.
    pub fn worked_out(&self, key: &BackupKey) -> Option<BackupKey> {
        let BackupKey::Passphrase(passphrase) = key else { return None };
        let identity = self.slots.iter().take(MOST_SLOTS).find_map(|slot| slot.identity_by(passphrase))?;
        Some(BackupKey::Vault(Box::new(identity)))
    }

    /// Tells these recipients from others, in a few letters.
    pub fn mark(&self) -> String {
        let mut all: Vec<&str> = self.slots.iter().map(Slot::recipient).collect();
        all.sort_unstable();
        blake3::hash(all.join(" ").as_bytes()).to_hex().chars().take(8).collect()
    }
}

impl NewVault {
    /// A vault that is opened as the one was that `ways` come from, under a key of its own.
    pub fn restored(path: &Path, ways: &Ways) -> Result<Self, VaultError> {
        crate::claim(path, &VaultFile::database_of(1))?;
        let (key, vault) = (VaultKey::make()?, Uuid::now_v7());
        let slots = ways.slots.iter().take(MOST_SLOTS).map(|slot| slot.reseal(vault, 1, &key));
        let slots: Vec<Slot> = slots.collect::<Result<_, _>>()?;
        if !slots.iter().any(|slot| slot.kind() == SlotKind::Recovery) {
            return Err(VaultError::Damaged {
                path: path.to_owned(),
                why: "it names no recovery kit".into(),
            });
        }
        let check = Some(key.check());
        let file =
            VaultFile { format: FORMAT, vault, generation: 1, replaces: None, check, slots, sum: None };
        Ok(Self { path: path.to_owned(), key, file })
    }
}

/// Carries a passphrase's sealed identity in the header of an age file, whose key it does not wrap: that is
/// wrapped for the identity's recipient, as for any other.
struct PassphraseStanza(Slot);

impl age::Recipient for PassphraseStanza {
    fn wrap_file_key(&self, _: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let body = serde_json::to_vec(&self.0).expect("plain data serialises");
        Ok((vec![Stanza { tag: STANZA.into(), args: Vec::new(), body }], HashSet::new()))
    }
}

/// What opens a backup.
pub enum BackupKey {
    Passphrase(Passphrase),
    Recovery(RecoveryKey),
    /// The vault's own identity, by which it proves its backups.
    Vault(Box<x25519::Identity>),
}

impl std::fmt::Debug for BackupKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BackupKey(…)")
    }
}

impl BackupKey {
    /// By what somebody has typed: a recovery code and an age identity are recognised by their checksums.
    pub fn typed(text: &str) -> Result<Self, VaultError> {
        Ok(match RecoveryKey::find(text) {
            Some(key) => Self::Recovery(key),
            None => Self::Passphrase(Passphrase::new(text)?),
        })
    }

    fn identity(&self, stanzas: &[Stanza]) -> Option<x25519::Identity> {
        match self {
            Self::Recovery(key) => Some(key.identity()),
            Self::Vault(identity) => Some((**identity).clone()),
            Self::Passphrase(passphrase) => stanzas
                .iter()
                .filter(|stanza| stanza.tag == STANZA)
                .take(MOST_SLOTS)
                .filter_map(|stanza| serde_json::from_slice::<Slot>(&stanza.body).ok())
                .find_map(|slot| slot.identity_by(passphrase)),
        }
    }
}

impl age::Identity for BackupKey {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.identity(&[])?.unwrap_stanza(stanza)
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        self.identity(stanzas)?.unwrap_stanzas(stanzas)
    }
}

/// A new identity for a vault to open its own backups by.
pub fn make_identity() -> String {
    use age::secrecy::ExposeSecret;
    x25519::Identity::generate().to_string().expose_secret().to_owned()
}
