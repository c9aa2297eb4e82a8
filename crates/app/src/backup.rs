//! Backups: made while work goes on, read back at once, proven by restoring them, and kept by days, weeks and months.
//! The file is [`satchel_backup`]'s; what is in it is the base tables, for all else follows from them.

mod keep;
mod needed;
mod place;
mod restore;
mod wanted;

pub use keep::{BackupPlan, BackupTarget, Keep};
pub use restore::{restore_backup, verify_file};
pub use satchel_vault::BackupKey;

use crate::{
    AppError, Cancel, Progress, Session,
    error::Code,
    output,
    session::now,
    views::{BackupFolderView, BackupView, BackupsView, DrillView, KitDrillView},
};
use place::Place;
use satchel_audit::Act;
use satchel_backup::{
    About, Amount, BackupError, EXTENSION, FORMAT, Manifest, README, README_TEXT, Writer, seal_age,
};
use satchel_domain::{Kind, date::rfc3339};
use satchel_protocol::BlobContent;
use satchel_storage::{Connection, SCHEMA_VERSION, StorageError, backups, backups::Backup, dump, settings};
use satchel_vault::{Ways, make_identity};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufReader, Read, Write},
    path::{Path, PathBuf},
    sync::PoisonError,
    time::Instant,
};

pub(crate) const KIT_DRILLED: &str = "backup.kit_drilled";
/// Where something is made before it is where it belongs; emptied when a vault is opened.
pub(crate) const SCRATCH: &str = "scratch";
/// Backups that nobody has said a place for.
const FOLDER: &str = "backups";
/// How often the paper kit is to be tried.
const KIT_EVERY: i64 = 182 * 86_400_000;

impl From<BackupError> for AppError {
    fn from(error: BackupError) -> Self {
        let code = match &error {
            BackupError::WrongKey => Code::WrongKey,
            BackupError::NotABackup => Code::Refused,
            BackupError::Cut | BackupError::Altered(_) => Code::Damaged,
            BackupError::Newer { .. } => Code::Newer,
            BackupError::Io(e) => {
                return Self::from_io(e, format!("backup: {e}"));
            }
        };
        Self::new(code, error.to_string())
    }
}

/// Hashes what goes through it.
struct Hashing<T> {
    inner: T,
    hasher: Sha256,
    bytes: u64,
}

impl<T> Hashing<T> {
    fn new(inner: T) -> Self {
        Self { inner, hasher: Sha256::new(), bytes: 0 }
    }

    fn finish(self) -> (T, String, u64) {
        (self.inner, self.hasher.finalize().iter().map(|b| format!("{b:02x}")).collect(), self.bytes)
    }
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.hasher.update(into.get(..read).unwrap_or_default());
        self.bytes += read as u64;
        Ok(read)
    }
}

/// What the folders beside backups that hold the files on records begin with.
const ATTACHMENTS: &str = "attachments-";

/// Where the files on records lie, beside the backups that are sealed for the same.
fn attachments_folder(ways: &Ways, apart: &str) -> String {
    match apart {
        "" => format!("{ATTACHMENTS}{}", ways.mark()),
        apart => format!("{ATTACHMENTS}{}-{apart}", ways.mark()),
    }
}

/// Whether a backup may name this as its folder: it is said by whoever has made the backup.
fn is_attachments_folder(name: &str) -> bool {
    name.len() <= 64
        && name
            .strip_prefix(ATTACHMENTS)
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-'))
}

fn attachment_name(folder: &str, content: &BlobContent) -> String {
    let name = content.manifest.to_string();
    let begin: String = name.chars().take(2).collect();
    format!("{folder}/{begin}/{name}.age")
}

/// A place for what is being made in a vault, also in one that does not exist yet.
pub(crate) fn scratch_in(vault: &Path, name: &str) -> Result<PathBuf, AppError> {
    let folder = vault.join(SCRATCH);
    satchel_vault::files::private_dir(&folder).map_err(AppError::io(&folder))?;
    Ok(folder.join(format!("{name}-{}", uuid::Uuid::new_v4().simple())))
}

impl Session {
    /// Where backups go when nobody says otherwise: on the same disk, against mistakes and not against its loss.
    fn backup_folder(&self) -> PathBuf {
        self.vault().join(FOLDER)
    }

    /// A place for what is being made.
    pub(crate) fn scratch(&self, name: &str) -> Result<PathBuf, AppError> {
        scratch_in(&self.vault(), name)
    }

    /// Where this vault's backups have the files on records. A restored vault has a key of its own: what the one before has
    /// sealed for itself it could not prove, so its files lie apart.
    fn attachments_folder(&self, ways: &Ways) -> Result<String, AppError> {
        let apart = self.store.read(|db| settings::get(db, dump::BACKUPS_APART))?;
        Ok(attachments_folder(ways, &apart.unwrap_or_default()))
    }

    fn backup_identity(&self) -> Result<age::x25519::Identity, AppError> {
        let kept = self.store.read(|db| settings::get(db, dump::BACKUP_IDENTITY))?;
        let text = match kept {
            Some(text) => text,
            None => {
                let made = make_identity();
                self.store
                    .write_aside::<_, StorageError>(|tx| settings::put(tx, dump::BACKUP_IDENTITY, &made))?;
                made
            }
        };
        text.parse().map_err(|_| AppError::new(Code::Damaged, "the vault's key for its backups is damaged"))
    }

    pub(crate) fn own_backup_key(&self) -> Result<BackupKey, AppError> {
        Ok(BackupKey::Vault(Box::new(self.backup_identity()?)))
    }

    /// Makes a backup in a folder, or where the vault keeps its own, and reads it back.
    pub fn back_up(
        &self,
        folder: Option<&Path>,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<BackupView, AppError> {
        let place = match folder {
            Some(folder) => {
                let vault = self.vault();
                let inside = folder.canonicalize().ok().zip(vault.canonicalize().ok());
                if inside.is_some_and(|(folder, vault)| folder.starts_with(vault)) {
                    return Err(AppError::refused(format!(
                        "{} is in the vault's folder; choose another disk or computer. Nothing was written",
                        folder.display()
                    )));
                }
                Place::folder(folder)?
            }
            None => {
                let own = self.backup_folder();
                satchel_vault::files::private_dir(&own).map_err(AppError::io(&own))?;
                Place::folder(&own)?
            }
        };
        let row = self.back_up_to(&place, progress, cancel)?;
        // The status bar says when the last one was made.
        self.tell(Vec::new());
        Ok(self.backup_view(&row))
    }

    /// One at a time: two would write the same files.
    fn back_up_to(
        &self,
        place: &Place,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Backup, AppError> {
        let _alone = self.backing_up.lock().unwrap_or_else(PoisonError::into_inner);
        let go_on = || self.go_on(cancel, "no backup was made; the earlier ones are as they were");
        let ways = self.dir().ways();
        let mut whom = ways.recipients()?;
        whom.push(Box::new(self.backup_identity()?.to_public()));
        let made_at = now();
        let mut contents = self.attachment_contents()?;
        let about = self.about(&ways, made_at)?;
        let name = self.backup_name(made_at);
        let list = (about.attachments.as_str(), name.as_str());
        self.begin_needs(place, list, &contents, &go_on)?;
        let files = self.back_up_files(&contents, place, &ways, &whom, &go_on)?;
        let scratch = Scratch(self.scratch("backup")?);
        let (records, sha256, size) = output::write_whole(&scratch.0, |out| {
            let writer = Writer::new(Hashing::new(out), &whom, &about)?;
            let (hashed, manifest) = self.write_tables(writer, progress, &go_on, &mut || {
                // What was attached meanwhile is named by the tables: it has to be there, too.
                let now = self.attachment_contents()?;
                if now == contents {
                    return Ok(files.clone());
                }
                let all = self.back_up_files(&now, place, &ways, &whom, &go_on);
                contents.extend(now);
                all
            })?;
            let (_, sha256, size) = hashed.finish();
            Ok((manifest.total(), sha256, size))
        })?;
        place.forget_parts(name.rsplit('-').next().unwrap_or(&name));
        self.finish_needs(place, list, &contents, &go_on)?;
        place.put(&name, &scratch.0, &go_on)?;
        // Without it the next one does: the records are there.
        let lacking = self.still_lacking(place, list, &contents);
        let _ = lacking.and_then(|lacking| self.back_up_files(&lacking, place, &ways, &whom, &go_on));
        let mut row = Backup {
            target: place.address().to_owned(),
            file: name,
            made_at,
            records,
            size,
            sha256,
            verified_at: None,
            drilled_at: None,
            drill_ms: None,
        };
        self.keep_if_sound(place, &row, &scratch, &go_on)?;
        // For whoever finds the backups; they do not depend on it.
        let _ = self.explain(place, &go_on);
        row.verified_at = Some(now());
        self.note_backup(&row)?;
        self.note(Act::Backup, [("records", row.records.into()), ("sha256", row.sha256.clone().into())])?;
        Ok(row)
    }

    /// What is not known to be whole is no backup, and must not look like one.
    fn keep_if_sound(
        &self,
        place: &Place,
        row: &Backup,
        scratch: &Scratch,
        go_on: &dyn Fn() -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        let sound = self.note_backup(row).and_then(|()| self.read_back(place, row, scratch, go_on));
        sound.inspect_err(|_| {
            let _ = place.remove(&row.file);
            let _ = self.forget_needs(place, &row.file);
            let _ = self.forget_backup(row);
        })
    }

    /// Says beside the backups what they are and how they are opened, once; another file of that name stays.
    fn explain(&self, place: &Place, go_on: &dyn Fn() -> Result<(), AppError>) -> Result<(), AppError> {
        if place.has(README)? {
            return Ok(());
        }
        let scratch = Scratch(self.scratch("readme")?);
        output::write_whole(&scratch.0, |out| Ok(out.write_all(README_TEXT.as_bytes())?))?;
        place.put(README, &scratch.0, go_on)
    }

    fn read_back(
        &self,
        place: &Place,
        row: &Backup,
        scratch: &Scratch,
        go_on: &dyn Fn() -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        let back =
            restore::inspect(place.open(&row.file, &scratch.0, go_on)?, &self.own_backup_key()?, go_on)?;
        match back.sha256 == row.sha256 {
            true => Ok(()),
            false => Err(AppError::new(
                Code::Damaged,
                format!("{} does not hold what was written to it; use another disk", place.address()),
            )),
        }
    }

    fn forget_backup(&self, row: &Backup) -> Result<(), AppError> {
        Ok(self.store.write_aside::<_, StorageError>(|tx| backups::remove(tx, &row.target, &row.file))?)
    }

    fn note_backup(&self, row: &Backup) -> Result<(), AppError> {
        Ok(self.store.write_aside::<_, StorageError>(|tx| backups::put(tx, row))?)
    }

    fn about(&self, ways: &Ways, made_at: i64) -> Result<About, AppError> {
        Ok(About {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            schema: SCHEMA_VERSION,
            vault: self.dir().id().to_string(),
            workspace: self.workspace.clone(),
            workspace_id: self.workspace_id.to_string(),
            device: self.device_name.clone(),
            device_id: self.device.to_string(),
            made_at: rfc3339(made_at),
            ways: serde_json::to_value(ways).map_err(io::Error::from)?,
            attachments: self.attachments_folder(ways)?,
        })
    }

    /// No two devices, and no two incarnations of one, give the same name.
    fn backup_name(&self, made_at: i64) -> String {
        let letters = self.workspace.chars().map(|c| if c.is_alphanumeric() { c } else { '-' });
        let slug: String = letters.take(40).collect();
        let at = jiff::Timestamp::from_millisecond(made_at).unwrap_or_default();
        let at = at.strftime("%Y-%m-%d-%H%M%S-%3f").to_string();
        let writer = blake3::hash(format!("{} {}", self.device, self.incarnation).as_bytes()).to_hex();
        format!("{}-{}-{}.{EXTENSION}", slug.trim_matches('-'), at, &writer[..8])
    }

    fn write_tables<W: Write>(
        &self,
        mut writer: Writer<W>,
        progress: &mut dyn FnMut(Progress),
        go_on: &dyn Fn() -> Result<(), AppError>,
        files: &mut dyn FnMut() -> Result<Manifest, AppError>,
    ) -> Result<(W, Manifest), AppError> {
        let mut records = BTreeMap::new();
        self.store.dump::<AppError>(|db| {
            let (mut done, total) = (0, rows_in_all(db)?);
            let mut step = |rows: u64| {
                done += rows;
                progress(Progress { done: done.min(total), total });
                go_on()
            };
            for table in dump::tables(SCHEMA_VERSION)? {
                dump::rows::<AppError>(db, &table, &mut |rows, part| {
                    writer.table(&table, rows, part)?;
                    step(rows)
                })?;
            }
            for kind in Kind::ALL {
                dump::readable::<AppError>(db, kind, &mut |rows, part| {
                    writer.readable(kind.key(), part)?;
                    step(rows)
                })?;
            }
            let amounts = dump::records(db)?.into_iter();
            records = amounts.map(|(kind, (count, hash))| (kind, Amount { count, hash })).collect();
            Ok(())
        })?;
        Ok(writer.finish(Manifest { records, ..files()? })?)
    }

    /// Puts the files on records beside the backups, those that are not there yet.
    fn back_up_files(
        &self,
        contents: &[BlobContent],
        place: &Place,
        ways: &Ways,
        whom: &[Box<dyn age::Recipient + Send>],
        go_on: &dyn Fn() -> Result<(), AppError>,
    ) -> Result<Manifest, AppError> {
        let folder = self.attachments_folder(ways)?;
        let mut files = Manifest::default();
        for content in contents {
            go_on()?;
            let Some(size) = self.size_here(content) else {
                files.attachments_elsewhere += 1;
                continue;
            };
            let name = attachment_name(&folder, content);
            if !place.still_has(&name)? {
                let scratch = Scratch(self.scratch("file")?);
                let sealed = output::write_whole(&scratch.0, |out| {
                    let mut sealed = seal_age(out, whom)?;
                    self.copy_out(content, &mut sealed)?;
                    sealed.finish()?;
                    Ok(())
                });
                match sealed {
                    // One file that is damaged here must not keep the records from being backed up.
                    Err(e) if matches!(e.code, Code::Damaged | Code::Unreachable) => {
                        files.attachments_elsewhere += 1;
                        continue;
                    }
                    sealed => sealed?,
                }
                place.put(&name, &scratch.0, go_on)?;
            }
            files.attachments += 1;
            files.attachment_bytes += size;
        }
        Ok(files)
    }

    pub(crate) fn attachment_contents(&self) -> Result<Vec<BlobContent>, AppError> {
        let contents = self.store.read(backups::contents)?;
        // One that names none is shown as it is; there is nothing to keep of it.
        Ok(contents.iter().filter_map(|content| content.parse().ok()).collect())
    }

    /// The backups that were made here, the newest first.
    pub fn backups(&self) -> Result<BackupsView, AppError> {
        let rows = self.store.read(backups::all)?;
        let plan = self.backup_plan()?;
        let drilled =
            self.store.read(|db| settings::get(db, KIT_DRILLED))?.and_then(|at| at.parse::<i64>().ok());
        let first = rows.iter().map(|row| row.made_at).min();
        let due = drilled.or(first).is_some_and(|at| now() - at > KIT_EVERY);
        let mut places: Vec<BackupFolderView> =
            vec![self.place_view(&self.backup_folder().display().to_string(), None, &rows)?];
        for target in &plan.targets {
            places.push(self.place_view(&target.address, Some(target), &rows)?);
        }
        Ok(BackupsView {
            backups: rows.iter().map(|row| self.backup_view(row)).collect(),
            places,
            automatic: plan.automatic,
            keep: plan.keep,
            kit_drill: KitDrillView { last: drilled.map(rfc3339), due },
        })
    }

    fn backup_view(&self, row: &Backup) -> BackupView {
        let path = Path::new(&row.target).join(&row.file);
        let served = place::is_served(&row.target);
        BackupView {
            file: match served {
                true => format!("{}/{}", row.target, row.file),
                false => path.display().to_string(),
            },
            target: row.target.clone(),
            made_at: rfc3339(row.made_at),
            records: row.records,
            size: row.size,
            sha256: row.sha256.clone(),
            verified_at: row.verified_at.map(rfc3339),
            drilled_at: row.drilled_at.map(rfc3339),
            drill_seconds: row.drill_ms.map(|ms| ms as f64 / 1000.0),
            there: served || path.is_file(),
        }
    }

    /// When the last one was made that was read back, in epoch milliseconds.
    pub fn last_backup_at(&self) -> Result<Option<i64>, AppError> {
        let rows = self.store.read(backups::all)?;
        let whole = rows.iter().filter(|row| row.verified_at.is_some());
        // One from a wrong clock's future would hide how old the last one is.
        Ok(whole.map(|row| row.made_at).max_by_key(|at| (*at <= now(), *at)))
    }

    /// Reads a backup back, this vault's or another's, by this vault's key or one that was typed.
    pub fn verify_backup(&self, file: &Path, typed: Option<&BackupKey>) -> Result<BackupView, AppError> {
        let known = self.known_backup(file)?;
        let own = self.own_backup_key()?;
        let open = || -> Result<_, AppError> {
            let file = fs::File::open(file).map_err(AppError::io(file))?;
            Ok(BufReader::with_capacity(1 << 18, file))
        };
        let go_on = || self.go_on(&Cancel::default(), "the check was stopped; the backup is as it was");
        let found = match (restore::inspect(open()?, &own, &go_on), typed) {
            (Err(e), Some(typed)) if e.code == Code::WrongKey => restore::inspect(open()?, typed, &go_on),
            (found, _) => found,
        };
        let found = self.unless_damaged(known.as_ref(), found)?;
        let Some(mut row) = known else { return Ok(found.view(file)) };
        if row.sha256 != found.sha256 {
            return self.unless_damaged(Some(&row), Err(another(file)));
        }
        row.verified_at = Some(now());
        self.note_backup(&row)?;
        Ok(self.backup_view(&row))
    }

    /// Passes a result on; a backup that has turned out to be damaged does not go on to count as a sound one.
    fn unless_damaged<T>(&self, row: Option<&Backup>, result: Result<T, AppError>) -> Result<T, AppError> {
        if let (Some(row), Err(e)) = (row, &result)
            && e.code == Code::Damaged
        {
            let row = Backup { verified_at: None, drilled_at: None, drill_ms: None, ..row.clone() };
            self.note_backup(&row)?;
            self.tell(Vec::new());
        }
        result
    }

    fn known_backup(&self, file: &Path) -> Result<Option<Backup>, AppError> {
        let here = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let file = here(file);
        let rows = self.store.read(backups::all)?;
        Ok(rows.into_iter().find(|row| here(&Path::new(&row.target).join(&row.file)) == file))
    }

    /// Restores a backup into a scratch folder, checks everything, and throws it away: the newest one, where none is named.
    /// With a key that was typed from the kit it is a drill of the kit.
    pub fn drill(
        &self,
        file: Option<&Path>,
        typed: Option<&BackupKey>,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<DrillView, AppError> {
        let started = Instant::now();
        let row = match file {
            Some(file) => self.known_backup(file)?,
            None => {
                let rows = self.store.read(backups::all)?;
                let mut there = rows.into_iter().filter(|row| self.backup_view(row).there);
                Some(there.next().ok_or_else(|| {
                    AppError::new(
                        Code::NotFound,
                        "there is no backup to prove yet; make one: satchel backup create",
                    )
                })?)
            }
        };
        let go_on = || self.go_on(cancel, "the drill was stopped; the backup is as it was");
        // What lies at a server comes here first.
        let fetched = Scratch(self.scratch("fetched")?);
        let path = match (file, &row) {
            (Some(file), _) => file.to_owned(),
            (None, Some(row)) if place::is_served(&row.target) => {
                self.place(&row.target)?.fetch(&row.file, &fetched.0, &go_on)?;
                fetched.0.clone()
            }
            (None, Some(row)) => Path::new(&row.target).join(&row.file),
            (None, None) => unreachable!("without a file there is a row"),
        };
        let own = self.own_backup_key()?;
        let scratch = Scratch(self.scratch("drill")?);
        let beside = match &row {
            Some(row) if file.is_none() => self.place(&row.target)?,
            _ => {
                Place::folder(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?
            }
        };
        let from = restore::Source { file: &path, beside: &beside, key: typed.unwrap_or(&own) };
        let proven =
            self.unless_damaged(row.as_ref(), restore::prove(&from, &scratch.0, progress, &go_on))?;
        if proven.about.vault != self.dir().id().to_string()
            && proven.about.device_id != self.device.to_string()
        {
            return Err(AppError::refused(format!(
                "this is a backup of another vault («{}», {}); it was read, and is whole",
                proven.about.workspace, proven.about.device
            )));
        }
        let elapsed = started.elapsed();
        let mut view = proven.view(&path);
        if let Some(mut row) = row {
            if row.sha256 != proven.sha256 {
                return self.unless_damaged(Some(&row), Err(another(&path)));
            }
            row.verified_at = Some(now());
            row.drilled_at = row.verified_at;
            row.drill_ms = u64::try_from(elapsed.as_millis()).ok();
            self.note_backup(&row)?;
            view = self.backup_view(&row);
        }
        let by_kit = matches!(typed, Some(BackupKey::Recovery(_)));
        self.note(Act::Drill, [("records", view.records.into()), ("by_kit", by_kit.into())])?;
        if by_kit {
            let at = now().to_string();
            self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, KIT_DRILLED, &at))?;
        }
        Ok(DrillView {
            file: view.file,
            records: view.records,
            sha256: view.sha256,
            verified_at: view.verified_at,
            made_at: view.made_at,
            seconds: elapsed.as_secs_f64(),
            kinds: proven.kinds,
            checks: proven.checks,
        })
    }
}

fn another(file: &Path) -> AppError {
    let why = format!("{} is another backup than the one that was written there", file.display());
    AppError::new(Code::Damaged, why)
}

/// Taken away when it is not needed any more, whatever has happened.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = match self.0.is_dir() {
            true => fs::remove_dir_all(&self.0),
            false => fs::remove_file(&self.0),
        };
    }
}

/// Removes what a crash has left in the vault's scratch folder. Only under the vault's lock.
pub(crate) fn sweep_scratch(vault: &Path) {
    let folder = vault.join(SCRATCH);
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        if !crate::attachments::is_mark(&entry.file_name().to_string_lossy()) {
            drop(Scratch(entry.path()));
        }
    }
    // Only where nothing is left in it.
    let _ = fs::remove_dir(folder);
}

fn rows_in_all(db: &Connection) -> Result<u64, AppError> {
    let mut all = 0;
    for table in dump::tables(SCHEMA_VERSION)?.iter().map(String::as_str).chain(Kind::ALL.map(Kind::key)) {
        let sql = format!("SELECT count(*) FROM {table}");
        all += db.query_row(&sql, [], |r| r.get::<_, u64>(0)).map_err(StorageError::from)?;
    }
    Ok(all)
}
