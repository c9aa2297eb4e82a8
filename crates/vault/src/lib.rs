//! The vault's keys: keyslots, OS keyring, passphrase, recovery kit, lock. Knows no records.
//!
//! One random key opens the database. It is kept in the OS keyring for every day, and sealed in
//! `vault.json` for each keyslot: always for the recovery identity, and for a passphrase if there
//! is one. Every slot is an age recipient, so that the vault key can be changed without asking for
//! the passphrase or the kit again.

mod attempts;
pub mod files;
pub mod inbox;
mod incarnation;
mod keyring_store;
pub mod notes;
mod passphrase;
mod recovery;
mod secret;
mod slots;
#[cfg(test)]
mod tests;
mod ways;

pub use inbox::{Inbox, InboxError, InboxKey, TakenLine};
pub use incarnation::{Incarnation, Mark, Witness};
pub use keyring_store::{KeyringError, probe as probe_keyring, with_time_limit};
pub use passphrase::{Cost, Passphrase};
pub use recovery::{RecoveryCode, RecoveryKey, RecoveryKit};
pub use secret::VaultKey;
pub use slots::{Slot, SlotKind};
pub use ways::{BackupKey, Ways, make_identity};

use files::{VaultFile, replace_file};
use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// Names the number of the database that a rotation is making.
const ROTATING: &str = "rotating";

/// Names the database of a vault that is being made. Its key is only in memory until there are keyslots.
const MAKING: &str = "making";

/// The newest layout of `vault.json` that this version reads.
pub const FORMAT: u32 = 1;

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("there is no vault in {0}; make one with `satchel init`, or name another folder with --vault")]
    Missing(PathBuf),
    #[error(
        "{0} already holds a vault or a part of one; nothing was changed. Open it, or choose another folder"
    )]
    Occupied(PathBuf),
    #[error(
        "the vault was written by a newer version of Satchel (format {found}, this one reads up to {FORMAT}); update Satchel, nothing was changed"
    )]
    Newer { found: u32 },
    #[error("{path} is damaged ({why}); nothing was changed. Restore it from a copy of the vault's folder")]
    Damaged { path: PathBuf, why: String },
    #[error("{holder} has this vault open; close it there first")]
    InUse { holder: String },
    /// One answer for a wrong passphrase and a wrong kit: it must not help to tell them apart.
    #[error(
        "that key does not open this vault; check for typing mistakes and try again. Nothing was changed"
    )]
    WrongKey,
    #[error("the passphrase is empty; type at least one character")]
    EmptyPassphrase,
    #[error(
        "a passphrase must stay, or the recovery kit would be the only way in: the OS keyring does not hold the key"
    )]
    LastWayIn,
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

/// A vault's folder: `vault.json`, the database, the lock.
#[derive(Debug, Clone)]
pub struct VaultDir {
    path: PathBuf,
    file: VaultFile,
}

/// Held while a process has the vault open; the operating system lets go when the process dies.
#[derive(Debug)]
pub struct VaultLock {
    _file: File,
}

/// Where the everyday key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyring {
    Os,
    /// The vault opens by passphrase or kit only.
    Off,
}

/// A vault about to be made: nothing is on disk before [`NewVault::commit`].
#[derive(Debug)]
pub struct NewVault {
    pub path: PathBuf,
    pub key: VaultKey,
    file: VaultFile,
}

impl NewVault {
    /// With the code for its kit.
    pub fn prepare(
        path: &Path,
        passphrase: Option<&Passphrase>,
        cost: Cost,
    ) -> Result<(Self, RecoveryCode), VaultError> {
        claim(path, &VaultFile::database_of(1))?;
        let key = VaultKey::make()?;
        let recovery = RecoveryCode::make()?;
        let vault = Uuid::now_v7();
        let mut slots = vec![Slot::for_recovery(&recovery, vault, 1, &key)];
        if let Some(passphrase) = passphrase {
            slots.push(Slot::for_passphrase(passphrase, cost, vault, 1, &key)?);
        }
        let check = Some(key.check());
        let file =
            VaultFile { format: FORMAT, vault, generation: 1, replaces: None, check, slots, sum: None };
        Ok((Self { path: path.to_owned(), key, file }, recovery))
    }

    pub fn id(&self) -> Uuid {
        self.file.vault
    }

    /// Where the database is to be made.
    pub fn database(&self) -> PathBuf {
        self.path.join(self.file.database())
    }

    /// Makes the vault exist. The database must be complete and synced.
    pub fn commit(self, keyring: Keyring) -> Result<(VaultDir, Option<KeyringError>), VaultError> {
        let dir = VaultDir { path: self.path, file: self.file };
        dir.file.write(&dir.path)?;
        let _ = std::fs::remove_file(dir.path.join(MAKING));
        let refused = match keyring {
            Keyring::Os => dir.store_in_keyring(&self.key).err(),
            Keyring::Off => None,
        };
        Ok((dir, refused))
    }
}

const LOCK: &str = "vault.lock";

/// Takes a folder for a new vault, where none is. What somebody was cut off from making there is removed: nothing opens it.
fn claim(path: &Path, database: &str) -> Result<(), VaultError> {
    let announced = std::fs::read_to_string(path.join(MAKING)).unwrap_or_default();
    if announced == database && !VaultDir::exists(path) {
        files::remove_database(&path.join(database));
    }
    if occupied(path)? {
        return Err(VaultError::Occupied(path.to_owned()));
    }
    // Where it cannot be written, no database can.
    let _ = replace_file(&path.join(MAKING), database.as_bytes());
    Ok(())
}

/// True if the folder holds a vault, or anything that might belong to one.
/// Whether a folder holds a vault, or a part of one.
pub fn occupied(path: &Path) -> Result<bool, VaultError> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(VaultError::Io { path: path.to_owned(), source }),
    };
    let ours =
        |name: &str| name == files::VAULT_JSON || (name.starts_with("satchel") && name.contains(".db"));
    Ok(entries.flatten().any(|e| e.file_name().to_str().is_some_and(ours)))
}

impl VaultDir {
    pub fn exists(path: &Path) -> bool {
        path.join(files::VAULT_JSON).exists()
    }

    pub fn open(path: &Path) -> Result<Self, VaultError> {
        let file = VaultFile::read(path)?;
        Ok(Self { path: path.to_owned(), file })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn id(&self) -> Uuid {
        self.file.vault
    }

    pub fn database(&self) -> PathBuf {
        self.path.join(self.file.database())
    }

    pub fn slots(&self) -> &[Slot] {
        &self.file.slots
    }

    /// The ways in, as a backup carries them.
    pub fn ways(&self) -> Ways {
        Ways::of(&self.file.slots, self.file.vault)
    }

    pub fn has_passphrase(&self) -> bool {
        self.file.slots.iter().any(|s| s.kind() == SlotKind::Passphrase)
    }

    /// Takes a vault that was just made away again, where its first opening failed.
    pub fn discard(self) {
        for name in [files::VAULT_JSON, files::VAULT_COPY] {
            let _ = std::fs::remove_file(self.path.join(name));
        }
        files::remove_database(&self.database());
    }
}

impl VaultDir {
    /// Deletes the vault with its keys: whoever calls it knows that nobody will want it again. Files of others stay.
    pub fn remove(self, lock: VaultLock) -> Result<(), VaultError> {
        let database = self.file.database();
        let names = [
            files::VAULT_JSON,
            files::VAULT_COPY,
            "attempts",
            &database,
            &format!("{database}-wal"),
            &format!("{database}-shm"),
        ]
        .map(|name| self.path.join(name));
        for path in names {
            match std::fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(VaultError::Io { path, source });
                }
                _ => {}
            }
        }
        keyring_store::forget(&self.keyring_name(self.file.generation));
        drop(lock);
        let _ = std::fs::remove_file(self.path.join(LOCK));
        let _ = std::fs::remove_dir(&self.path);
        Ok(())
    }
}

/// Takes a vault's folder for this process, or says who has it; also where the vault is still to be made.
pub fn lock_folder(folder: &Path, holder: &str) -> Result<VaultLock, VaultError> {
    let path = folder.join(LOCK);
    let io = |source| VaultError::Io { path: path.clone(), source };
    let mut file =
        File::options().create(true).read(true).write(true).truncate(false).open(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => {
            // Who has it is for others to read; on a full disk there is no room for it, and the lock counts.
            let _ = file.set_len(0).and_then(|()| write!(file, "{holder} (process {})", std::process::id()));
            Ok(VaultLock { _file: file })
        }
        Err(std::fs::TryLockError::WouldBlock) => {
            let holder = std::fs::read_to_string(&path).unwrap_or_default();
            let holder: String = holder.chars().filter(|c| !c.is_control()).take(100).collect();
            Err(VaultError::InUse {
                holder: if holder.is_empty() { "Another program".into() } else { holder },
            })
        }
        Err(std::fs::TryLockError::Error(source)) => Err(io(source)),
    }
}

impl VaultDir {
    pub fn unlock_with_keyring(&self) -> Result<VaultKey, VaultError> {
        let text = keyring_store::get(&self.keyring_name(self.file.generation))?;
        // A well-formed key of something else must not be taken for a damaged database.
        let fits = |key: &VaultKey| self.file.check.as_ref().is_none_or(|check| *check == key.check());
        VaultKey::from_hex(&text).filter(fits).ok_or(VaultError::Keyring(KeyringError::Foreign))
    }

    /// Keeps the key in the OS keyring and reads it back.
    pub fn store_in_keyring(&self, key: &VaultKey) -> Result<(), KeyringError> {
        keyring_store::set(&self.keyring_name(self.file.generation), &key.expose_hex())
    }

    fn keyring_name(&self, generation: u32) -> String {
        format!("vault {} key {generation}", self.file.vault)
    }

    pub fn unlock_with_passphrase(&self, passphrase: &Passphrase) -> Result<VaultKey, VaultError> {
        let open = |slot: &Slot| slot.open_with_passphrase(passphrase, self.file.vault, self.file.generation);
        self.try_slots("passphrase", open)
    }

    pub fn unlock_with_recovery(&self, code: &RecoveryCode) -> Result<VaultKey, VaultError> {
        self.unlock_with_identity(&code.identity())
    }

    fn unlock_with_identity(&self, identity: &age::x25519::Identity) -> Result<VaultKey, VaultError> {
        let open = |slot: &Slot| slot.open_with_recovery(identity, self.file.vault, self.file.generation);
        self.try_slots("recovery", open)
    }

    /// Takes a typed code, a kit's age identity, or the text of a kit file. A text that is none of them gets the same answer,
    /// as slowly, as one that does not fit.
    pub fn unlock_with_recovery_text(&self, text: &str) -> Result<VaultKey, VaultError> {
        match RecoveryKey::find(text) {
            Some(key) => self.unlock_with_identity(&key.identity()),
            None => self.try_slots("recovery", |_| None),
        }
    }

    /// Tries are slowed after some that failed, across restarts too.
    fn try_slots(&self, way: &str, open: impl Fn(&Slot) -> Option<VaultKey>) -> Result<VaultKey, VaultError> {
        let attempts = attempts::Attempts::wait(&self.path);
        match self.file.slots.iter().find_map(open) {
            Some(key) => {
                attempts.succeeded();
                Ok(key)
            }
            None => {
                attempts.failed(way);
                Err(VaultError::WrongKey)
            }
        }
    }

    pub fn set_passphrase(
        &mut self,
        key: &VaultKey,
        passphrase: &Passphrase,
        cost: Cost,
    ) -> Result<(), VaultError> {
        let slot = Slot::for_passphrase(passphrase, cost, self.file.vault, self.file.generation, key)?;
        self.replace_slot(SlotKind::Passphrase, Some(slot))
    }

    /// Refused where nothing but the kit would be left.
    pub fn remove_passphrase(&mut self, key: &VaultKey) -> Result<(), VaultError> {
        match self.unlock_with_keyring() {
            Ok(held) if held == *key => self.replace_slot(SlotKind::Passphrase, None),
            _ => Err(VaultError::LastWayIn),
        }
    }

    /// A new recovery code; the old kit opens nothing any more.
    pub fn renew_recovery(&mut self, key: &VaultKey) -> Result<RecoveryCode, VaultError> {
        let code = RecoveryCode::make()?;
        let slot = Slot::for_recovery(&code, self.file.vault, self.file.generation, key);
        self.replace_slot(SlotKind::Recovery, Some(slot))?;
        Ok(code)
    }

    fn replace_slot(&mut self, kind: SlotKind, slot: Option<Slot>) -> Result<(), VaultError> {
        let mut next = self.file.clone();
        next.slots.retain(|s| s.kind() != kind);
        next.slots.extend(slot);
        self.commit(next)
    }

    /// The number of the next key, and where its database is to be made: no file has that name. It is
    /// announced, so that a copy that is never finished can be told from others.
    pub fn next_database(&self) -> (u32, PathBuf) {
        let at = |generation: &u32| self.path.join(VaultFile::database_of(*generation));
        let free = (self.file.generation + 1..).find(|g| !at(g).exists()).unwrap_or(u32::MAX);
        // Where it cannot be written, only the copy would stay.
        let _ = replace_file(&self.path.join(ROTATING), free.to_string().as_bytes());
        (free, at(&free))
    }

    /// Makes `key` the vault's key. The database that [`VaultDir::next_database`] names must be
    /// complete, verified and synced: with one atomic replacement of `vault.json` it becomes the
    /// vault's. Killed before, the old key and database are the vault; killed after, the new ones are.
    pub fn commit_rotation(
        &mut self,
        key: &VaultKey,
        generation: u32,
        keyring: Keyring,
    ) -> Result<(), VaultError> {
        let mut next = self.file.clone();
        next.replaces = Some(self.file.generation);
        next.check = Some(key.check());
        next.generation = generation;
        next.slots = next
            .slots
            .iter()
            .map(|s| s.reseal(next.vault, next.generation, key))
            .collect::<Result<_, _>>()?;
        // The keyring first: a start between the two finds the key that `vault.json` asks for. Where
        // a key of the environment opened the vault, an entry that is there is kept up to date too.
        if keyring == Keyring::Os || self.unlock_with_keyring().is_ok() {
            let kept = keyring_store::set(&self.keyring_name(next.generation), &key.expose_hex());
            if !self.has_passphrase() {
                // Without it only the kit would open the vault.
                kept?;
            }
        }
        self.commit(next)
    }

    /// Whether the database is still there that a rotation has replaced.
    pub fn has_replaced(&self) -> bool {
        self.file.replaces.is_some_and(|old| self.path.join(VaultFile::database_of(old)).exists())
    }

    /// Removes what rotations have replaced, or have left when they were cut off. Only under the lock,
    /// and once the vault's own database has been opened.
    pub fn sweep(&self) {
        for name in [files::VAULT_JSON, files::VAULT_COPY] {
            let _ = std::fs::remove_file(self.path.join(format!("{name}.new")));
        }
        if VaultFile::mend(&self.path) {
            notes::add(&self.path, "damaged");
        }
        // A copy under a key that never became the vault's: nothing opens it. Only what a rotation has
        // announced: a database of a higher number can also be one that somebody wants to restore.
        let announced = std::fs::read_to_string(self.path.join(ROTATING)).unwrap_or_default();
        let announced = announced.trim().parse::<u32>().ok().filter(|n| *n > self.file.generation);
        for entry in std::fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let number =
                name.to_str().and_then(|n| n.strip_prefix("satchel-")?.split('.').next()?.parse().ok());
            if number.is_some() && number == announced {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        for name in [ROTATING, MAKING] {
            let _ = std::fs::remove_file(self.path.join(name));
        }
        let Some(replaced) = self.file.replaces else { return };
        let old = self.path.join(VaultFile::database_of(replaced));
        if !old.exists() {
            return;
        }
        // The entry first: while the file is there, this is tried again.
        keyring_store::forget(&self.keyring_name(replaced));
        files::remove_database(&old);
    }

    fn commit(&mut self, next: VaultFile) -> Result<(), VaultError> {
        let previous = std::mem::replace(&mut self.file, next);
        let Err(error) = self.file.write(&self.path) else { return Ok(()) };
        // It was moved to its place, and then the folder could not be synced: what can be read counts, for whoever was told
        // that it does not would remove what it names.
        if VaultFile::read(&self.path).is_ok_and(|there| there.is(&self.file)) {
            let _ = files::sync_dir(&self.path);
            return Ok(());
        }
        self.file = previous;
        Err(error)
    }
}
