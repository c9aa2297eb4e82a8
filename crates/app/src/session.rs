//! An open vault: its keys, its database, who writes and as which device.

use crate::{
    AppError, Event, Events,
    error::Code,
    lists::ListCache,
    trail::{Trail, Watching, since_last},
};
use satchel_audit::{Act, Facts};
use satchel_document::{Actor, Document, NewDocument, Stamp, create, guarded};
use satchel_domain::{
    Catalogue, DeviceId, FieldType, Kind, OperationId, RecordId, Registers, WorkspaceId,
    catalogue::custom_key, date::DayOrder, project, projection::fields_of, value::Habits,
};
use satchel_storage::{
    DocumentRow, Operation, Put, StorageError, Store, Transaction, documents, operations, projections,
    search, settings,
};
use satchel_vault::{Incarnation, Keyring, VaultDir, VaultKey, VaultLock, Witness};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Edits that may wait to be indexed.
const UNINDEXED: u32 = 64;

/// Facts of the vault that are written once.
pub(crate) mod facts {
    pub const WORKSPACE: &str = "workspace.name";
    pub const WORKSPACE_ID: &str = "workspace.id";
    pub const WORKSPACE_SECRET: &str = "workspace.secret";
    pub const PERSON: &str = "person.name";
    pub const DEVICE: &str = "device.id";
    pub const DEVICE_NAME: &str = "device.name";
    pub const INCARNATION: &str = "device.incarnation";
    pub const TOKEN: &str = "device.token";
    /// The device's secrets for the team: to sign, and to receive keys.
    pub const SIGN: &str = "device.sign";
    pub const RECEIVE: &str = "device.receive";
    /// This person, as the team calls them.
    pub const PERSON_ID: &str = "person.id";
    /// The operation and the row of it up to which the log has everything.
    pub const PACKED: &str = "sync.packed";
    /// The operation that has made the sample data.
    pub const SAMPLE: &str = "sample.operation";
    /// The whole vault is a demo.
    pub const DEMO: &str = "vault.demo";
    /// The identities that lines are sealed for while the vault is locked, the one of now first.
    pub use satchel_storage::dump::INBOX;
}

#[derive(Debug)]
pub struct Session {
    pub(crate) store: Store,
    pub(crate) dir: Mutex<VaultDir>,
    pub(crate) key: VaultKey,
    pub(crate) keyring: Keyring,
    pub(crate) events: Events,
    pub(crate) lists: Mutex<ListCache>,
    /// Held while the order of a list is worked out.
    pub(crate) ordering: Mutex<()>,
    /// Edits that the search index has not taken over.
    unindexed: AtomicU32,
    /// The last look at the clock for reminders, and when one was written down.
    pub(crate) looked: Mutex<Option<(satchel_domain::remind::Look, jiff::Timestamp)>>,
    /// The list that was last shown as it was.
    pub(crate) past: Mutex<crate::past::Pasts>,
    /// Read once; only this process writes them.
    pub(crate) settings: Mutex<Option<crate::Settings>>,
    /// Asked when the vault is being locked: long work stops.
    pub(crate) closing: crate::Cancel,
    /// Servers that were talked to, by their addresses.
    pub(crate) servers: Mutex<HashMap<String, Arc<satchel_sync::Server>>>,
    /// Rung when there may be something to sync.
    pub(crate) wake: Arc<crate::keep::Wake>,
    /// Held while a backup is made.
    pub(crate) backing_up: Mutex<()>,
    /// Held while what was taken under the lock is made into records.
    pub(crate) opening_inbox: Mutex<()>,
    /// Operations that are still being written, or taken back: neither can be undone meanwhile.
    running: Mutex<Vec<OperationId>>,
    catalogue: RwLock<Arc<Catalogue>>,
    pub(crate) workspace: String,
    pub(crate) workspace_id: WorkspaceId,
    secret: Zeroizing<[u8; 32]>,
    /// Renews the token when the vault is closed: a copy that was made meanwhile is an older state.
    pub(crate) token: Option<(Witness, u64)>,
    pub(crate) person: String,
    pub(crate) device_name: String,
    actor: Actor,
    pub(crate) device: DeviceId,
    pub(crate) incarnation: u64,
    pub(crate) trail: Arc<Trail>,
    _lock: VaultLock,
}

/// What [`Session::open`] is made of.
pub(crate) struct Opening {
    pub dir: VaultDir,
    pub key: VaultKey,
    pub keyring: Keyring,
    pub lock: VaultLock,
    pub store: Store,
    pub witness: Witness,
    pub events: Events,
    /// What the trail is told of it.
    pub act: (Act, Facts),
}

impl Session {
    pub(crate) fn open(opening: Opening) -> Result<Self, AppError> {
        let Opening { dir, key, keyring, lock, store, witness, events, act } = opening;
        let fact = |key: &str| -> Result<String, AppError> {
            let value = store.read(|db| settings::get(db, key))?;
            value.ok_or_else(|| {
                AppError::new(Code::Damaged, format!("the vault lacks «{key}»; restore a backup"))
            })
        };
        let parse = |key: &str| -> Result<Uuid, AppError> {
            fact(key)?
                .parse()
                .map_err(|_| AppError::new(Code::Damaged, format!("«{key}» of the vault is damaged")))
        };
        let device = DeviceId(parse(facts::DEVICE)?);
        let trail = Arc::new(Trail::new(satchel_protocol::DeviceId(*device.as_bytes())));
        store.watch(Box::new(Watching(trail.clone())));
        let incarnation = take_incarnation(&store, &witness, &trail, (dir.path(), act))?;
        let session = Self {
            workspace: fact(facts::WORKSPACE)?,
            workspace_id: WorkspaceId(parse(facts::WORKSPACE_ID)?),
            secret: Zeroizing::new(*blake3::hash(fact(facts::WORKSPACE_SECRET)?.as_bytes()).as_bytes()),
            token: Some((witness, incarnation)),
            person: fact(facts::PERSON)?,
            device_name: fact(facts::DEVICE_NAME)?,
            actor: Actor::derive(device.as_bytes(), incarnation),
            device,
            incarnation,
            trail,
            dir: Mutex::new(dir),
            key,
            keyring,
            events,
            lists: Mutex::default(),
            ordering: Mutex::default(),
            servers: Mutex::default(),
            wake: Arc::default(),
            unindexed: AtomicU32::new(0),
            looked: Mutex::default(),
            past: Mutex::default(),
            settings: Mutex::default(),
            closing: crate::Cancel::default(),
            backing_up: Mutex::default(),
            opening_inbox: Mutex::default(),
            running: Mutex::default(),
            catalogue: RwLock::default(),
            store,
            _lock: lock,
        };
        if !session.store.projections_are_current()? {
            session.rebuild(&mut |_| {})?;
        }
        session.refresh_catalogue()?;
        // Whoever cannot write reads what was made before.
        let _ = session.renew(&mut |_| {}, &crate::Cancel::default());
        session.tidy_strays();
        session.raise_due();
        Ok(session)
    }

    /// Which incarnation of this device writes; a restored or copied vault has another.
    pub fn incarnation(&self) -> Result<String, AppError> {
        Ok(self.store.read(|db| settings::get(db, facts::INCARNATION))?.unwrap_or_default())
    }

    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Reads what lists are made of into memory, for after an unlock: nobody has to wait for it later.
    pub fn warm(&self) {
        for kind in Kind::BROWSED {
            // Only speed depends on it.
            let _ = self.store.warm(kind, &|| !self.closing.is_asked());
        }
    }

    /// Puts the search index in order, for a moment when nobody waits.
    pub fn tidy(&self, time: Duration) {
        let started = Instant::now();
        self.index_pending();
        while started.elapsed() < time && !self.closing.is_asked() {
            match self.store.tidy(Duration::from_millis(50)) {
                Ok(false) => {}
                Ok(true) | Err(_) => break,
            }
        }
    }

    pub(crate) fn dir(&self) -> std::sync::MutexGuard<'_, VaultDir> {
        self.dir.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the custom fields anew.
    pub(crate) fn refresh_catalogue(&self) -> Result<(), AppError> {
        let mut catalogue = Catalogue::default();
        self.store.read::<_, AppError>(|db| {
            let live = satchel_storage::ListQuery::all(Kind::CustomField);
            let trash = satchel_storage::ListQuery { trash: true, ..live.clone() };
            for query in [live, trash] {
                for row in satchel_storage::lists::rows(db, &catalogue, &query)? {
                    let Some(row) = documents::by_row(db, row)? else { continue };
                    // One that cannot be read must not keep the vault shut; `verify` names it.
                    let read = guarded(|| Ok::<_, AppError>(Document::load(&row.bytes)?.registers()));
                    if let Ok(registers) = read {
                        catalogue.extend_by(&registers);
                    }
                }
            }
            Ok(())
        })?;
        *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalogue);
        Ok(())
    }

    pub(crate) fn habits(&self) -> Result<Habits, AppError> {
        let settings = self.settings()?;
        let day_order = match settings.region.as_str() {
            "US" | "PH" | "FM" | "" => DayOrder::MonthFirst,
            _ => DayOrder::DayFirst,
        };
        let region = Some(settings.region).filter(|r| !r.is_empty());
        Ok(Habits { region, currency: settings.currency, day_order })
    }

    /// The head of a new operation by this person on this device.
    pub(crate) fn operation(&self, label: &str) -> Operation {
        // Others read from the id when it was.
        let id = OperationId(Uuid::now_v7());
        Operation {
            seq: 0,
            id,
            label: label.to_owned(),
            detail: "{}".to_owned(),
            at: id.at(),
            person: self.person.clone(),
            device: self.device_name.clone(),
            records: 1,
            finished: true,
            undoes: None,
            undone_by: None,
            origin: None,
        }
    }

    pub(crate) fn stamp(&self, operation: &Operation) -> Stamp {
        Stamp { actor: self.actor, at: operation.at, operation: operation.id.0.simple().to_string() }
    }

    /// Who writes: this incarnation of this device.
    pub(crate) fn actor(&self) -> Actor {
        self.actor
    }

    /// A record id that every device of the team derives from the same source.
    pub(crate) fn derive_id(&self, parts: &[&str]) -> RecordId {
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
        for part in parts {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let mut bytes = [0; 16];
        hasher.finalize_xof().fill(&mut bytes);
        RecordId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    pub(crate) fn load(
        &self,
        tx: &satchel_storage::Connection,
        id: RecordId,
    ) -> Result<(DocumentRow, Document), AppError> {
        let row = documents::get(tx, id)?.ok_or_else(|| AppError::not_found("record", id))?;
        let mut document = Document::load(&row.bytes)?;
        if document.heads() != row.heads {
            return Err(AppError::new(
                Code::Damaged,
                format!("the record {id} is damaged: its version is not the recorded one; restore a backup"),
            ));
        }
        Ok((row, document))
    }

    /// Derives everything from a document and writes it as part of an operation.
    pub(crate) fn put(
        &self,
        tx: &Transaction<'_>,
        operation: i64,
        prepared: &Prepared,
    ) -> Result<i64, AppError> {
        let row = self.put_document(tx, prepared)?;
        self.trail.touched(operation, prepared.kind, prepared.projection.deleted_at.is_some());
        operations::touch(tx, operation, row, prepared.alone, &prepared.before, &prepared.heads)?;
        Ok(row)
    }

    /// The same, where no operation of this device has led to it.
    pub(crate) fn put_document(&self, tx: &Transaction<'_>, prepared: &Prepared) -> Result<i64, AppError> {
        let row = documents::put(tx, &prepared.as_put())?;
        if prepared.alone {
            self.unindexed.fetch_add(1, Ordering::Relaxed);
        }
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.note(self.store.version() + 1, prepared.kind, row);
        Ok(row)
    }

    /// Takes a record out of the trash as part of an operation; false if it is not in it.
    pub(crate) fn revive(
        &self,
        tx: &Transaction<'_>,
        operation: i64,
        id: RecordId,
        stamp: &Stamp,
        catalogue: &Catalogue,
    ) -> Result<bool, AppError> {
        let (row, mut document) = self.load(tx, id)?;
        let changes = crate::records::out_of_trash(&document.registers());
        let changed = guarded(|| document.edit(stamp, &changes))?;
        if changed {
            self.put(tx, operation, &Prepared::of(row, &mut document, catalogue)?)?;
        }
        Ok(changed)
    }

    /// Claims an operation for as long as it is being written or taken back.
    pub(crate) fn claim(&self, operation: OperationId) -> Result<Claim<'_>, AppError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains(&operation) {
            return Err(AppError::new(
                Code::InUse,
                "this is still going on; stop it, or wait until it is done",
            ));
        }
        running.push(operation);
        Ok(Claim { session: self, operation })
    }

    pub(crate) fn running(&self) -> Vec<OperationId> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The error with which long work ends when it was asked to.
    pub(crate) fn go_on(&self, cancel: &crate::Cancel, stopped: &str) -> Result<(), AppError> {
        if cancel.is_asked() || self.closing.is_asked() {
            return Err(AppError::new(Code::Cancelled, stopped));
        }
        Ok(())
    }

    /// Takes over into the search index what edits have left for it. Must come before what asks the
    /// index; while a long write goes on, the search goes without the last edits rather than wait.
    ///
    /// False where the index lacks something, for whatever reason: what it finds must not be kept.
    pub(crate) fn index_pending(&self) -> bool {
        self.try_index_pending().unwrap_or(false)
    }

    fn try_index_pending(&self) -> Result<bool, AppError> {
        if self.store.glance(search::pending)?.is_empty() {
            return Ok(true);
        }
        let catalogue = self.catalogue();
        let done = self.store.write_if_free::<AppError>(|tx| {
            for row in search::pending(tx)? {
                let Some(stored) = documents::by_row(tx, row)? else { continue };
                // Of one that cannot be read the index keeps what it has; `verify` names it.
                if let Ok(prepared) = Prepared::of_stored(stored, &catalogue) {
                    projections::index(tx, row, &prepared.as_put(), true)?;
                }
            }
            Ok(search::nothing_is_pending(tx)?)
        })?;
        self.unindexed.store(0, Ordering::Relaxed);
        Ok(done.is_some())
    }

    /// Something was saved here: the screens ask again, and the team gets it.
    pub(crate) fn changed(&self, records: Vec<RecordId>) {
        self.tell(records);
        self.raise_due();
        self.wake.ring(None);
    }

    /// The screens ask again.
    pub(crate) fn tell(&self, records: Vec<RecordId>) {
        // Now and then one edit pays for the others, so that a search never has much to take over.
        if self.unindexed.load(Ordering::Relaxed) >= UNINDEXED {
            self.index_pending();
        }
        self.events.send(&Event::Changed { records });
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.index_pending();
        self.keep_last_look();
        if let Some((witness, number)) = &self.token {
            if self.store.is_damaged() {
                satchel_vault::notes::add(self.dir().path(), "damaged");
            }
            let _ = renew_token(&self.store, witness, *number, &self.trail, vec![(Act::Lock, Facts::new())]);
        }
    }
}

/// Lets go of an operation when dropped.
pub(crate) struct Claim<'a> {
    session: &'a Session,
    operation: OperationId,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut running = self.session.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|o| *o != self.operation);
        drop(running);
        // While it ran, the log waited for it.
        self.session.wake.ring(None);
    }
}

/// A document with everything that is written beside it.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub id: RecordId,
    /// The row that it is stored in; a new one has none yet.
    row: Option<i64>,
    pub kind: Kind,
    pub before: Vec<[u8; 32]>,
    pub heads: Vec<[u8; 32]>,
    bytes: Vec<u8>,
    appended: usize,
    times: (i64, i64),
    projection: satchel_domain::Projection,
    conflicts: Vec<String>,
    /// See [`Put::alone`].
    pub alone: bool,
}

impl Prepared {
    /// Of an edited document and what was stored of it before.
    pub fn of(stored: DocumentRow, document: &mut Document, catalogue: &Catalogue) -> Result<Self, AppError> {
        guarded(|| {
            let (bytes, appended) = document.save_onto(stored.bytes, stored.appended, &stored.heads)?;
            Self::derive(DocumentRow { bytes, appended, ..stored }, document, catalogue)
        })
    }

    /// Of a stored document, as it is.
    pub fn of_stored(row: DocumentRow, catalogue: &Catalogue) -> Result<Self, AppError> {
        guarded(|| {
            let mut document = Document::load(&row.bytes)?;
            Self::derive(row, &mut document, catalogue)
        })
    }

    /// `row` has the heads from before the edit, and the bytes from after it.
    fn derive(row: DocumentRow, document: &mut Document, catalogue: &Catalogue) -> Result<Self, AppError> {
        let kind = document.kind()?;
        Ok(Self {
            id: row.id,
            row: Some(row.row),
            kind,
            before: row.heads,
            heads: document.heads(),
            bytes: row.bytes,
            appended: row.appended,
            times: document.times(),
            projection: project(kind, &document.registers(), catalogue),
            conflicts: document.conflicts().into_iter().map(|c| c.path).collect(),
            alone: false,
        })
    }

    /// Of a record that another device has made.
    pub fn received(
        id: RecordId,
        document: &mut Document,
        chunks: &[u8],
        catalogue: &Catalogue,
    ) -> Result<Self, AppError> {
        guarded(|| {
            let bytes = document.save_received(chunks)?;
            let kind = document.kind()?;
            let row = DocumentRow { row: 0, id, kind, heads: Vec::new(), bytes, appended: 0 };
            Ok(Self { row: None, ..Self::derive(row, document, catalogue)? })
        })
    }

    pub fn new_record(
        id: RecordId,
        kind: Kind,
        stamp: &Stamp,
        registers: &Registers,
        catalogue: &Catalogue,
    ) -> Self {
        let NewDocument { bytes, heads } = create(kind, stamp, registers);
        Self {
            id,
            row: None,
            kind,
            before: Vec::new(),
            heads,
            bytes,
            appended: 0,
            times: (stamp.at, stamp.at),
            projection: project(kind, registers, catalogue),
            conflicts: Vec::new(),
            alone: false,
        }
    }

    /// The same with a second change behind the first.
    pub fn edited(
        self,
        stamp: &Stamp,
        changes: &satchel_document::Changes,
        catalogue: &Catalogue,
    ) -> Result<Self, AppError> {
        guarded(|| {
            let mut document = Document::load(&self.bytes)?;
            if !document.edit(stamp, changes)? {
                return Ok(self);
            }
            let (bytes, appended) = document.save_onto(self.bytes, self.appended, &self.heads)?;
            let (id, kind) = (self.id, self.kind);
            let row = DocumentRow { row: 0, id, kind, heads: Vec::new(), bytes, appended };
            Ok(Self { row: None, ..Self::derive(row, &mut document, catalogue)? })
        })
    }

    /// Bytes that it keeps in memory, about.
    pub fn size(&self) -> usize {
        let search = &self.projection.search;
        2 * self.bytes.len() + search.name.len() + search.contact.len() + search.body.len()
    }

    /// What it is looked up by: (field, value).
    pub fn terms(&self) -> impl Iterator<Item = (&str, &str)> {
        self.projection.terms.iter().map(|(field, value)| (*field, value.as_str()))
    }

    pub fn as_put(&self) -> Put<'_> {
        Put {
            id: self.id,
            row: self.row,
            alone: self.alone,
            kind: self.kind,
            heads: &self.heads,
            bytes: &self.bytes,
            appended: self.appended,
            created_at: self.times.0,
            updated_at: self.times.1,
            projection: &self.projection,
            conflicts: &self.conflicts,
        }
    }
}

/// The only clock: epoch milliseconds.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// What day it is by the clock of this computer.
pub(crate) fn today() -> jiff::civil::Date {
    jiff::ZonedDateTime::now().date()
}

/// Which incarnation of the device writes: a new one if the database was restored or copied.
fn take_incarnation(
    store: &Store,
    witness: &Witness,
    trail: &Trail,
    (dir, act): (&std::path::Path, (Act, Facts)),
) -> Result<u64, AppError> {
    let (number, token) = store.read::<_, StorageError>(|db| {
        let number = settings::get(db, facts::INCARNATION)?.and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        let token = settings::get(db, facts::TOKEN)?.and_then(|t| t.parse::<Uuid>().ok());
        Ok((number, token))
    })?;
    let number = match witness.compare(token) {
        Incarnation::Same => number,
        // Numbers are drawn, not counted: two copies of one database must not count to the same.
        Incarnation::RestoredOrCloned => random_number()?,
    };
    trail.begin(number, crate::audit::signing_keys(store), crate::alerts::rules_of(store)?);
    let notes = satchel_vault::notes::read(dir);
    let mut acts = store.read::<_, StorageError>(|db| since_last(db, number, witness.mark(), &notes))?;
    acts.push(act);
    // A full disk, or a state folder that cannot be written, must not keep people from reading. With
    // the old token a later opening is safe: what it does not recognise gets a new incarnation.
    if renew_token(store, witness, number, trail, acts).is_ok() && !notes.is_empty() {
        satchel_vault::notes::forget(dir);
    }
    Ok(number)
}

/// A new token in the database and beside it: copies of the database as it was are told apart.
fn renew_token(
    store: &Store,
    witness: &Witness,
    number: u64,
    trail: &Trail,
    acts: Vec<(Act, Facts)>,
) -> Result<(), AppError> {
    let next = Uuid::new_v4();
    witness.announce(next)?;
    store.write::<_, StorageError>(|tx| {
        acts.into_iter().for_each(|(act, facts)| trail.note(tx, act, facts));
        trail.sign(tx);
        settings::put(tx, facts::INCARNATION, &number.to_string())?;
        settings::put(tx, facts::TOKEN, &next.to_string())
    })?;
    Ok(witness.confirm(next, trail.mark())?)
}

pub(crate) fn random_number() -> Result<u64, AppError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|e| AppError::new(Code::Internal, e.to_string()))?;
    Ok(u64::from_be_bytes(bytes) >> 1)
}

/// The registers of a new custom field.
pub(crate) fn custom_field(
    kind: Kind,
    label: &str,
    ty: FieldType,
    options: &[String],
) -> (String, Registers) {
    use satchel_domain::Value;
    let key = custom_key(label);
    let mut registers = Registers::new();
    for (register, value) in [("for_kind", kind.key()), ("key", &key), ("label", label), ("type", ty.key())] {
        Value::Text(value.to_owned()).to_registers(register, &mut registers);
    }
    Value::Tags(options.to_vec()).to_registers("options", &mut registers);
    (key, registers)
}

/// A record's fields as JSON, without those that are not offered any more.
pub(crate) fn fields_json(
    kind: Kind,
    registers: &Registers,
    catalogue: &Catalogue,
) -> serde_json::Map<String, serde_json::Value> {
    let mut fields = fields_of(kind, registers, catalogue);
    fields.retain(|key, _| catalogue.field(kind, key).is_some_and(|f| !f.hidden));
    fields.into_iter().map(|(key, value)| (key, value.to_json())).collect()
}
