//! A new vault key, by copy: export under the new key, verify, sync, then one atomic replacement of
//! `vault.json`. SQLCipher's own rekeying in place destroys a database on a full disk.

use crate::{AppError, Session};
use satchel_vault::VaultKey;

/// The new key; or the error, and the old key that is still the vault's.
pub(crate) fn rotate(session: Session) -> Result<VaultKey, (AppError, VaultKey)> {
    let attempt = || -> Result<VaultKey, AppError> {
        let next = VaultKey::make_next()?;
        let path = session.dir().next_database();
        session.store.export(&path, &next.expose_as_sqlcipher_key())?;
        session.dir().commit_rotation(&next, session.keyring)?;
        Ok(next)
    };
    attempt().map_err(|error| (error, VaultKey::clone_of(&session.key)))
}
