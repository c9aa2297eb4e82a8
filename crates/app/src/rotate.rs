//! A new vault key, by copy: export under the new key, verify, sync, then one atomic replacement of
//! `vault.json`. SQLCipher's own rekeying in place destroys a database on a full disk.

use crate::{AppError, Session};
use satchel_vault::VaultKey;

/// The new key; or the error, and the old key that is still the vault's.
pub(crate) fn rotate(mut session: Session) -> Result<VaultKey, (AppError, VaultKey)> {
    // The copy has the token of now; the old database must not get another.
    let token = session.token.take();
    let attempt = || -> Result<VaultKey, AppError> {
        let next = VaultKey::make_next()?;
        let (generation, path) = session.dir().next_database();
        session.store.export(&path, &next.expose_as_sqlcipher_key())?;
        let committed = session.dir().commit_rotation(&next, generation, session.keyring);
        if committed.is_err() {
            let _ = std::fs::remove_file(&path);
        }
        committed?;
        Ok(next)
    };
    attempt().map_err(|error| {
        let key = VaultKey::clone_of(&session.key);
        session.token = token;
        (error, key)
    })
}
