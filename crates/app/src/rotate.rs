//! A new vault key, by copy: export under the new key, verify, sync, then one atomic replacement of
//! `vault.json`. SQLCipher's own rekeying in place destroys a database on a full disk.

use crate::{AppError, Session};
use satchel_vault::{VaultDir, VaultKey, files::remove_database};

/// The new key; or the error, and the session that is open as before.
pub(crate) fn rotate(mut session: Session) -> Result<VaultKey, (AppError, Box<Session>)> {
    // The copy has the token of now; the old database must not get another.
    let token = session.token.take();
    let attempt = || -> Result<VaultKey, AppError> {
        let next = VaultKey::make_next()?;
        let (generation, path) = session.dir().next_database();
        session.store.export(&path, &next.expose_as_sqlcipher_key())?;
        let committed = session.dir().commit_rotation(&next, generation, session.keyring);
        // Only where it is known that the vault does not go by it.
        if committed.is_err() && VaultDir::open(session.dir().path()).is_ok_and(|dir| dir.database() != path)
        {
            remove_database(&path);
        }
        committed?;
        Ok(next)
    };
    attempt().map_err(|error| {
        session.token = token;
        (error, Box::new(session))
    })
}

/// Whether `vault.json` still names the database that is open: what is saved in another one is lost.
pub(crate) fn is_as_before(session: &Session) -> bool {
    let dir = session.dir();
    satchel_vault::VaultDir::open(dir.path()).is_ok_and(|there| there.database() == dir.database())
}
