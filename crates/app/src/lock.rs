//! Making, opening and locking a vault. While it is locked, no key, no connection and no record is
//! in memory.

use crate::{
    AppError, Event, Events, Session,
    error::Code,
    session::{Opening, facts, now},
    trail,
    views::{KeySlotView, KitView, StatusView},
};
use satchel_audit::{Act, Facts};
use satchel_domain::{Kind, WorkspaceId};
use satchel_storage::{StorageError, Store, operations, projections, settings, team};
use satchel_vault::{
    Cost, Keyring, NewVault, Passphrase, RecoveryCode, RecoveryKey, RecoveryKit, SlotKind, VaultDir,
    VaultError, VaultKey, Witness,
    files::{private_dir, remove_database, sync_dir},
    lock_folder,
};
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// How hard the passphrase is to guess, from 0 to 4.
pub(crate) const SCORE: &str = "passphrase.score";

/// One vault folder, open or locked.
#[derive(Debug)]
pub struct Satchel {
    path: PathBuf,
    /// Who holds the vault, for the message to another program.
    pub(crate) holder: String,
    session: Mutex<Option<Arc<Session>>>,
    /// What this process hosts for its office: ciphertext, which is served while the vault is locked, too.
    pub(crate) hosting: Mutex<crate::lan::Hosting>,
    pub events: Events,
}

/// How to open a vault.
#[derive(Debug)]
pub enum Unlock {
    Keyring,
    Passphrase(Passphrase),
    /// The recovery code as typed.
    Recovery(Zeroizing<String>),
}

impl Unlock {
    /// By what somebody has typed at one prompt: a recovery code and an age identity are recognised by their checksums.
    pub fn typed(text: &str) -> Result<Self, AppError> {
        Ok(match RecoveryKey::find(text) {
            Some(_) => Self::Recovery(Zeroizing::new(text.to_owned())),
            None => Self::Passphrase(Passphrase::new(text)?),
        })
    }
}

#[derive(Debug)]
pub struct CreateVault {
    pub workspace: String,
    pub person: String,
    pub device: String,
    pub passphrase: Option<Passphrase>,
    pub keyring: Keyring,
    pub cost: Cost,
    /// The workspace of a team that it joins; none: one of its own.
    pub joins: Option<WorkspaceId>,
}

/// A new vault; its kit is shown this once.
#[derive(Debug)]
pub struct Created {
    pub session: Arc<Session>,
    pub kit: KitView,
    /// Why the OS keyring does not hold the key, if it does not.
    pub keyring: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum LockState {
    NoVault,
    Locked,
    Open,
}

impl Satchel {
    pub fn new(path: &Path, holder: &str) -> Self {
        Self {
            path: path.to_owned(),
            holder: holder.to_owned(),
            session: Mutex::default(),
            hosting: Mutex::default(),
            events: Events::default(),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn slot(&self) -> std::sync::MutexGuard<'_, Option<Arc<Session>>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn state(&self) -> LockState {
        if self.slot().is_some() {
            LockState::Open
        } else if VaultDir::exists(&self.path) {
            LockState::Locked
        } else {
            LockState::NoVault
        }
    }

    /// The open vault, or the error that it is locked.
    pub fn session(&self) -> Result<Arc<Session>, AppError> {
        let locked = || AppError::new(Code::Locked, "the vault is locked; unlock it first");
        self.slot().clone().ok_or_else(locked)
    }

    /// Whether a locked vault can be opened by a passphrase.
    pub fn has_passphrase(&self) -> Result<bool, AppError> {
        Ok(VaultDir::open(&self.path)?.has_passphrase())
    }

    pub fn create(&self, new: CreateVault) -> Result<Created, AppError> {
        let workspace = satchel_domain::value::clean(&new.workspace, false);
        if workspace.is_empty() || workspace.chars().count() > 200 {
            return Err(AppError::refused("name the workspace, in at most 200 characters"));
        }
        if new.keyring == Keyring::Off && new.passphrase.is_none() {
            return Err(AppError::refused("without the OS keyring a passphrase is needed"));
        }
        if new.keyring == Keyring::Os && new.passphrase.is_none() {
            // Before anything is made: with neither, only the kit would open the vault.
            satchel_vault::probe_keyring().map_err(VaultError::from)?;
        }
        private_dir(&self.path).map_err(AppError::io(&self.path))?;
        // Before the folder is looked at: two that make a vault in it at once must not undo each other.
        let lock = self.take_lock()?;
        let (prepared, recovery) = NewVault::prepare(&self.path, new.passphrase.as_ref(), new.cost)?;
        let database = prepared.database();
        let person = satchel_domain::value::clean(&new.person, false);
        let filled = Store::create(&database, &prepared.key.expose_as_sqlcipher_key())
            .map_err(AppError::from)
            .and_then(|store| {
                let person = if person.is_empty() { "me" } else { &person };
                write_facts(&store, &workspace, person, &new.device, new.joins)
            })
            // On disk for good before anything says that there is a vault.
            .and_then(|()| sync(&database))
            .and_then(|()| sync_dir(&self.path).map_err(AppError::io(&self.path)));
        if let Err(error) = filled {
            // Or the next try would find the place taken.
            remove_database(&database);
            return Err(error);
        }
        let kit = kit(&workspace, prepared.id(), &recovery);
        let key = VaultKey::clone_of(&prepared.key);
        let (dir, refused) = prepared.commit(new.keyring)?;
        // Nobody has seen its kit yet: a vault that cannot be opened now must not stay.
        let session = self
            .open_session((dir.clone(), lock), key, new.keyring, self.unlocked("made"))
            .inspect_err(|_| dir.discard())?;
        let session = Arc::new(session);
        if let Some(passphrase) = &new.passphrase {
            // Only advice depends on it.
            let _ = session.note_score(passphrase);
        }
        *self.slot() = Some(session.clone());
        self.events.send(&Event::Unlocked);
        Ok(Created { session, kit, keyring: refused.map(|e| e.to_string()) })
    }

    /// Opens the vault. The OS keyring gets the key again where it has lost it.
    pub fn unlock(&self, with: Unlock, keyring: Keyring) -> Result<Arc<Session>, AppError> {
        let mut slot = self.slot();
        if let Some(session) = slot.as_ref() {
            return Ok(session.clone());
        }
        // Taken before the keys are read: another process may be changing them just now.
        VaultDir::open(&self.path)?;
        let lock = self.take_lock()?;
        let dir = VaultDir::open(&self.path)?;
        let by_keyring = matches!(with, Unlock::Keyring);
        let way = match &with {
            Unlock::Keyring => "keyring",
            Unlock::Passphrase(_) => "passphrase",
            Unlock::Recovery(_) => "recovery",
        };
        let key = match with {
            Unlock::Keyring => dir.unlock_with_keyring()?,
            Unlock::Passphrase(passphrase) => dir.unlock_with_passphrase(&passphrase)?,
            Unlock::Recovery(code) => dir.unlock_with_recovery_text(&code)?,
        };
        if !by_keyring && keyring == Keyring::Os {
            // Only a cache: the vault opens without it.
            let _ = dir.store_in_keyring(&key);
        }
        let session = Arc::new(self.open_session((dir, lock), key, keyring, self.unlocked(way))?);
        *slot = Some(session.clone());
        drop(slot);
        self.events.send(&Event::Unlocked);
        Ok(session)
    }

    /// Makes the vault of a backup, where there is none, and opens it.
    pub fn restore(
        &self,
        file: &Path,
        typed: &str,
        keyring: Keyring,
    ) -> Result<crate::views::RestoredView, AppError> {
        let key = satchel_vault::BackupKey::typed(typed)?;
        let never = crate::Cancel::default();
        let restored = crate::restore_backup(file, &key, &self.path, keyring, &mut |_| {}, &never)?;
        self.unlock(Unlock::typed(typed)?, keyring)?;
        Ok(restored)
    }

    /// A program that is just closing may still hold the vault: wait a moment, not for ever.
    pub(crate) fn take_lock(&self) -> Result<satchel_vault::VaultLock, AppError> {
        let patience = Instant::now() + Duration::from_millis(1500);
        loop {
            match lock_folder(&self.path, &self.holder) {
                Err(VaultError::InUse { .. }) if Instant::now() < patience => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(VaultError::Io { source, .. })
                    if matches!(
                        source.kind(),
                        std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied
                    ) =>
                {
                    return Err(StorageError::ReadOnly.into());
                }
                other => return Ok(other?),
            }
        }
    }

    /// What the trail is told of an unlock.
    fn unlocked(&self, way: &str) -> (Act, Facts) {
        (Act::Unlock, trail::facts([("way", way.into()), ("program", self.holder.clone().into())]))
    }

    fn open_session(
        &self,
        (dir, lock): (VaultDir, satchel_vault::VaultLock),
        key: VaultKey,
        keyring: Keyring,
        act: (Act, Facts),
    ) -> Result<Session, AppError> {
        let store = open_store(&dir, &key)?;
        dir.sweep();
        crate::backup::sweep_scratch(dir.path());
        let witness = Witness::of(&state_dir(), dir.id(), dir.path());
        let events = self.events.clone();
        let session = Session::open(Opening { dir, key, keyring, lock, store, witness, events, act })?;
        // Whoever cannot write takes no line while it is locked.
        let _ = session.keep_inbox();
        Ok(session)
    }

    /// Locks: running work is told to stop, connections close, keys are wiped.
    pub fn lock(&self) -> bool {
        let Some(session) = self.slot().take() else { return false };
        session.closing.ask();
        session.hang_up();
        self.events.send(&Event::Locked);
        let patience = Instant::now() + Duration::from_millis(900);
        while Arc::strong_count(&session) > 1 && Instant::now() < patience {
            // Reads that take long (a check of the whole file, a list of everything) give up.
            session.store.interrupt_reads();
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(session);
        true
    }

    /// Gives the database a new key: a verified copy under the new key takes the old one's place.
    pub fn rotate_key(&self) -> Result<Vec<KeySlotView>, AppError> {
        let mut slot = self.slot();
        let session = take_alone(&mut slot)?;
        let keyring = session.keyring;
        let (key, change, failed) = match crate::rotate::rotate(session) {
            Ok(key) => (key, "vault_key", None),
            Err((error, session)) if crate::rotate::is_as_before(&session) => {
                // A disk that is full or read-only lets nobody open it again, and it can still be read.
                let _ = session.note(Act::Keys, [("change", "vault_key_failed".into())]);
                *slot = Some(Arc::new(*session));
                return Err(error);
            }
            Err((error, session)) => (VaultKey::clone_of(&session.key), "vault_key_failed", Some(error)),
        };
        // Whatever happened, `vault.json` says which key is the vault's.
        let act = (Act::Keys, trail::facts([("change", change.into())]));
        let reopened = self.open_again(&mut slot, key, keyring, act)?;
        if failed.is_none() {
            // Who had the key of before cannot open what is sealed from now on.
            let _ = reopened.renew_inbox();
        }
        drop(slot);
        failed.map_or(Ok(()), Err)?;
        Ok(reopened.key_slots())
    }

    /// Opens the vault anew with the key that it is open with: what a session reads once has changed.
    pub(crate) fn reopen(&self) -> Result<(), AppError> {
        let mut slot = self.slot();
        if let Some(session) = slot.as_ref() {
            // A sync that has just begun goes on in the new one.
            session.closing.ask();
            session.hang_up();
        }
        let session = take_alone(&mut slot)?;
        let (key, keyring) = (VaultKey::clone_of(&session.key), session.keyring);
        drop(session);
        self.open_again(&mut slot, key, keyring, self.unlocked("again"))?;
        drop(slot);
        self.events.send(&Event::Unlocked);
        Ok(())
    }

    fn open_again(
        &self,
        slot: &mut Option<Arc<Session>>,
        key: VaultKey,
        keyring: Keyring,
        act: (Act, Facts),
    ) -> Result<Arc<Session>, AppError> {
        let reopened = self
            .take_lock()
            .and_then(|lock| self.open_session((VaultDir::open(&self.path)?, lock), key, keyring, act));
        let reopened = Arc::new(reopened.inspect_err(|_| self.events.send(&Event::Locked))?);
        *slot = Some(reopened.clone());
        Ok(reopened)
    }
}

/// The vault's database. A disk on which nothing fits any more may be full of the one that a rotation has replaced: that one goes
/// first, since nothing opens it, once the other can be read.
fn open_store(dir: &VaultDir, key: &VaultKey) -> Result<Store, StorageError> {
    let (path, key) = (dir.database(), key.expose_as_sqlcipher_key());
    let no_room = |e: &StorageError| {
        matches!(e, StorageError::DiskFull | StorageError::DiskFails(_) | StorageError::NotOpened(_))
    };
    match Store::open(&path, &key) {
        Err(e) if no_room(&e) && dir.has_replaced() && Store::open_for_rescue(&path, &key).is_ok() => {
            dir.sweep();
            Store::open(&path, &key)
        }
        opened => opened,
    }
}

/// The session, once nobody else is at work in it.
pub(crate) fn take_alone(slot: &mut Option<Arc<Session>>) -> Result<Session, AppError> {
    let session =
        slot.take().ok_or_else(|| AppError::new(Code::Locked, "the vault is locked; unlock it first"))?;
    let patience = Instant::now() + Duration::from_secs(10);
    while Arc::strong_count(&session) > 1 && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
    Arc::try_unwrap(session).map_err(|busy| {
        *slot = Some(busy);
        AppError::new(Code::InUse, "other work is going on in this vault; try again when it is done")
    })
}

fn write_facts(
    store: &Store,
    workspace: &str,
    person: &str,
    device: &str,
    joins: Option<WorkspaceId>,
) -> Result<(), AppError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|e| AppError::new(Code::Internal, e.to_string()))?;
    let secret = blake3::Hash::from(secret).to_hex();
    let workspace_id = joins.map_or_else(Uuid::now_v7, |id| id.0);
    let ids = [workspace_id.to_string(), Uuid::now_v7().to_string()];
    let incarnation = crate::session::random_number()?.to_string();
    let defaults = serde_json::to_string(&crate::Settings::default()).expect("plain data serialises");
    store.write::<_, StorageError>(|tx| {
        for (key, value) in [
            (facts::WORKSPACE, workspace),
            (facts::WORKSPACE_ID, &ids[0]),
            (facts::WORKSPACE_SECRET, &secret),
            (facts::PERSON, person),
            (facts::DEVICE, &ids[1]),
            (facts::DEVICE_NAME, if device.is_empty() { "laptop" } else { device }),
            (facts::INCARNATION, &incarnation),
            // Region and currency are the vault's from now on, wherever it is opened.
            (crate::settings::KEY, &defaults),
        ] {
            settings::put(tx, key, value)?;
        }
        Ok(())
    })?;
    Ok(())
}

fn sync(path: &Path) -> Result<(), AppError> {
    std::fs::File::open(path).and_then(|f| f.sync_all()).map_err(AppError::io(path))
}

fn kit(workspace: &str, vault: Uuid, code: &RecoveryCode) -> KitView {
    let made: String = satchel_domain::date::rfc3339(now()).chars().take(10).collect();
    let kit = RecoveryKit {
        workspace: workspace.to_owned(),
        vault: vault.to_string(),
        made: made.clone(),
        code: code.clone(),
    };
    let qr = qrcode::QrCode::new(code.text().as_bytes());
    let qr = qr
        .map(|qr| qr.render::<qrcode::render::svg::Color<'_>>().min_dimensions(160, 160).build())
        .unwrap_or_default();
    KitView {
        workspace: workspace.to_owned(),
        vault: vault.to_string(),
        made,
        groups: code.groups(),
        age_identity: code.expose_age_identity().to_string(),
        qr,
        text: kit.text().to_string(),
    }
}

/// Where this computer keeps what belongs to no vault: tokens that tell a copy from the original.
pub fn state_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("SATCHEL_STATE") {
        return dir.into();
    }
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    if cfg!(target_os = "windows") {
        return std::env::var_os("LOCALAPPDATA").map(PathBuf::from).unwrap_or(home).join("Satchel");
    }
    if cfg!(target_os = "macos") {
        return home.join("Library/Application Support/Satchel/State");
    }
    let state =
        std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).unwrap_or_else(|| home.join(".local/state"));
    state.join("satchel")
}

/// Where the vault is when nobody says otherwise.
pub fn default_vault_dir() -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    if cfg!(target_os = "windows") {
        return std::env::var_os("APPDATA").map(PathBuf::from).unwrap_or(home).join("Satchel");
    }
    if cfg!(target_os = "macos") {
        return home.join("Library/Application Support/Satchel");
    }
    let data =
        std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).unwrap_or_else(|| home.join(".local/share"));
    data.join("satchel")
}

impl Session {
    /// The vault's folder.
    pub fn vault(&self) -> PathBuf {
        self.dir().path().to_owned()
    }

    pub fn status(&self) -> Result<StatusView, AppError> {
        let (mut records, mut trash) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
        let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let (conflicts, sample) = self.store.read::<_, StorageError>(|db| {
            for kind in Kind::ALL {
                let (live, gone) = projections::count(db, kind)?;
                records.insert(kind.key().to_owned(), small(live));
                trash.insert(kind.key().to_owned(), small(gone));
            }
            let sample = settings::get(db, facts::SAMPLE)?.and_then(|id| id.parse().ok());
            let sample = sample.map(|id| operations::get(db, id)).transpose()?.flatten();
            Ok((projections::conflicts(db)?, sample.filter(|o| o.undone_by.is_none()).map(|o| o.id)))
        })?;
        Ok(StatusView {
            vault: self.dir().path().display().to_string(),
            workspace: self.workspace.clone(),
            workspace_id: self.workspace_id.to_string(),
            person: self.person.clone(),
            device: self.device_name.clone(),
            records,
            trash,
            pending: if self.store.read(team::remotes)?.is_empty() { 0 } else { small(self.pending()?) },
            conflicts: small(conflicts),
            remotes: self.remotes()?,
            last_backup: self.last_backup_at()?.map(satchel_domain::date::rfc3339),
            sample,
            demo: self.is_demo()?,
        })
    }

    /// The ways into this vault.
    pub fn key_slots(&self) -> Vec<KeySlotView> {
        let dir = self.dir();
        let slots = dir.slots().iter().map(|slot| KeySlotView {
            kind: match slot.kind() {
                SlotKind::Recovery => "recovery".into(),
                SlotKind::Passphrase => "passphrase".into(),
            },
            detail: slot.recipient().to_owned(),
            ok: true,
        });
        let mut slots: Vec<KeySlotView> = slots.collect();
        if self.keyring == Keyring::Os {
            let (ok, detail) = match dir.unlock_with_keyring() {
                Ok(key) if key == self.key => (true, "holds the key".to_owned()),
                Ok(_) => (false, "holds another key".to_owned()),
                Err(e) => (false, e.to_string()),
            };
            slots.insert(0, KeySlotView { kind: "keyring".into(), detail, ok });
        }
        slots
    }

    pub fn set_passphrase(&self, passphrase: &Passphrase, cost: Cost) -> Result<Vec<KeySlotView>, AppError> {
        self.dir().set_passphrase(&self.key, passphrase, cost)?;
        self.note_score(passphrase)?;
        self.note(Act::Keys, [("change", "passphrase_set".into())])?;
        Ok(self.key_slots())
    }

    fn note_score(&self, passphrase: &Passphrase) -> Result<(), AppError> {
        let score = passphrase.score().to_string();
        Ok(self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, SCORE, &score))?)
    }

    pub fn remove_passphrase(&self) -> Result<Vec<KeySlotView>, AppError> {
        self.dir().remove_passphrase(&self.key)?;
        self.note(Act::Keys, [("change", "passphrase_removed".into())])?;
        Ok(self.key_slots())
    }

    /// A new recovery kit; the old one stops working.
    pub fn renew_kit(&self) -> Result<KitView, AppError> {
        let mut dir = self.dir();
        let code = dir.renew_recovery(&self.key)?;
        self.note(Act::Kit, [("change", "renewed".into())])?;
        Ok(kit(&self.workspace, dir.id(), &code))
    }
}
