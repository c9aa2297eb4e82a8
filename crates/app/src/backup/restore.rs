//! From a backup back to a vault.

use super::{
    BackupKey, Hashing, SCRATCH, Scratch, attachment_name, attachments_folder, is_attachments_folder,
    place::{GoOn, Place},
    scratch_in, wanted,
};
use crate::{
    AppError, Cancel, Events, Progress, Session,
    error::Code,
    pieces::{self, Noted, Pieces},
    session::{Opening, now},
    trail,
    verify::{CheckView, Shown},
    views::{BackupView, ProvenKind, RestoredView},
};
use satchel_audit::{Act, RESTORED};
use satchel_backup::{About, BackupError, Manifest, Part, open_age, read};
use satchel_document::{Document, guarded};
use satchel_domain::{Kind, date::rfc3339};
use satchel_protocol::{BlobContent, Hash, WorkspaceId};
use satchel_storage::{
    DocumentRow, StorageError, Store, blobs, documents,
    dump::{BACKUPS_APART, Filling, Tally},
    settings,
};
use satchel_vault::{
    Keyring, NewVault, VaultDir, VaultKey, Ways, Witness,
    files::{private_dir, remove_database, sync_dir},
    lock_folder, occupied,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufReader, Read},
    path::Path,
};

/// A backup that was read to its end.
pub(super) struct Found {
    pub about: About,
    pub manifest: Manifest,
    pub sha256: String,
    pub size: u64,
    pub kinds: Vec<ProvenKind>,
    pub checks: Vec<CheckView>,
}

impl Found {
    pub fn view(&self, file: &Path) -> BackupView {
        BackupView {
            file: file.display().to_string(),
            target: file.parent().unwrap_or(Path::new("")).display().to_string(),
            made_at: self.about.made_at.clone(),
            records: self.manifest.total(),
            size: self.size,
            sha256: self.sha256.clone(),
            verified_at: Some(rfc3339(now())),
            drilled_at: None,
            drill_seconds: None,
            there: true,
        }
    }
}

/// What is restored, where the files on records are that belong to it, and what opens both.
pub(super) struct Source<'a> {
    pub file: &'a Path,
    pub beside: &'a Place,
    pub key: &'a BackupKey,
}

/// Gets whose it is, then the parts of tables by their names.
type Take<'a> = &'a mut dyn FnMut(&About, Option<(&str, &[u8])>) -> Result<(), AppError>;

/// Reads a backup to its end.
fn each(input: impl Read, key: &BackupKey, take: Take<'_>) -> Result<Found, AppError> {
    let mut input = Hashing::new(input);
    let mut about: Option<About> = None;
    let manifest = read::<_, AppError>(&mut input, key, &mut |part| match part {
        Part::About(whose) => {
            take(whose, None)?;
            about = Some(whose.clone());
            Ok(())
        }
        Part::Table { name, bytes } => match &about {
            Some(about) => take(about, Some((name, bytes))),
            None => Err(BackupError::NotABackup.into()),
        },
    })?;
    let (_, sha256, size) = input.finish();
    let about = about.ok_or(BackupError::NotABackup)?;
    Ok(Found { about, manifest, sha256, size, kinds: Vec::new(), checks: Vec::new() })
}

/// Is it whole, and what it says it is?
pub(super) fn inspect(input: impl Read, key: &BackupKey, go_on: GoOn<'_>) -> Result<Found, AppError> {
    let mut tally: Option<Tally> = None;
    let mut found = each(input, key, &mut |about, part| {
        go_on()?;
        match (part, &mut tally) {
            (Some((table, bytes)), Some(tally)) => tally.take(table, bytes)?,
            _ => tally = Some(Tally::of(about.schema)?),
        }
        Ok(())
    })?;
    let (rows, records) = tally.map(Tally::finish).unwrap_or_default();
    found.kinds = compare(&found.manifest, &rows, &records)?;
    Ok(found)
}

fn open(file: &Path) -> Result<BufReader<fs::File>, AppError> {
    let opened = fs::File::open(file).map_err(AppError::io(file))?;
    Ok(BufReader::with_capacity(1 << 18, opened))
}

/// Reads a backup back where no vault is at hand.
pub fn verify_file(file: &Path, key: &BackupKey) -> Result<BackupView, AppError> {
    Ok(inspect(open(file)?, key, &|| Ok(()))?.view(file))
}

/// Makes the vault's files; the vault does not exist before it is committed.
fn unpack(
    Source { file, key, .. }: &Source<'_>,
    into: &Path,
    progress: &mut dyn FnMut(Progress),
    go_on: GoOn<'_>,
) -> Result<(NewVault, Ways, Found), AppError> {
    let mut begun: Option<(NewVault, Ways, Filling)> = None;
    let mut rows: BTreeMap<String, u64> = BTreeMap::new();
    let mut done = 0;
    let read = each(open(file)?, key, &mut |about, part| {
        go_on()?;
        match (&mut begun, part) {
            (None, _) => {
                let odd = |e: serde_json::Error| BackupError::Altered(e.to_string());
                let ways: Ways = serde_json::from_value(about.ways.clone()).map_err(odd)?;
                let vault = NewVault::restored(into, &ways)?;
                let key = vault.key.expose_as_sqlcipher_key();
                let filling = Filling::create(&vault.database(), &key, about.schema)?;
                begun = Some((vault, ways, filling));
            }
            (Some((_, _, filling)), Some((table, bytes))) => {
                let filled = filling.fill(table, bytes)?;
                *rows.entry(table.to_owned()).or_default() += filled;
                done += filled;
                progress(Progress { done, total: 0 });
            }
            (Some(_), None) => return Err(BackupError::Altered("it begins twice".into()).into()),
        }
        Ok(())
    });
    let filled = read.and_then(|mut found| {
        let (vault, ways, filling) = begun.take().ok_or(BackupError::Cut)?;
        let database = vault.database();
        let finished = filling
            .records()
            .map_err(AppError::from)
            .and_then(|records| compare(&found.manifest, &rows, &records))
            .and_then(|kinds| {
                filling.finish()?;
                Ok(kinds)
            });
        match finished {
            Ok(kinds) => {
                found.kinds = kinds;
                Ok((vault, ways, found))
            }
            Err(e) => {
                remove_database(&database);
                Err(e)
            }
        }
    });
    if let Some((vault, _, filling)) = begun {
        drop(filling);
        remove_database(&vault.database());
    }
    filled
}

/// Counts and contents of each kind, which must be as the manifest lists them.
fn compare(
    manifest: &Manifest,
    rows: &BTreeMap<String, u64>,
    records: &BTreeMap<String, (u64, String)>,
) -> Result<Vec<ProvenKind>, AppError> {
    let wanted = manifest.tables.iter().filter(|(_, amount)| amount.count > 0);
    let counted = wanted.map(|(name, amount)| (name.clone(), amount.count)).collect::<BTreeMap<_, _>>();
    if counted != *rows {
        return Err(
            BackupError::Altered("its tables have not as many rows as its manifest lists".into()).into()
        );
    }
    let listed: BTreeMap<String, (u64, String)> =
        manifest.records.iter().map(|(kind, a)| (kind.clone(), (a.count, a.hash.clone()))).collect();
    let all: BTreeSet<&String> = listed.keys().chain(records.keys()).collect();
    let kinds: Vec<ProvenKind> = all
        .into_iter()
        .map(|kind| ProvenKind {
            kind: kind.clone(),
            records: records.get(kind).map_or(0, |(count, _)| *count),
            ok: listed.get(kind) == records.get(kind),
        })
        .collect();
    match kinds.iter().find(|kind| !kind.ok) {
        None => Ok(kinds),
        Some(ProvenKind { kind, .. }) => {
            let why = format!("its records of the kind {kind} are not those that its manifest lists");
            Err(BackupError::Altered(why).into())
        }
    }
}

/// Stands in a folder as long as a restore into it has not come to a vault.
const BEGUN: &str = "restoring";

/// Takes away what a restore has left that was cut off; nothing else, and nothing of a vault. Only under the lock.
fn clear_remains(into: &Path, begun: &Path) -> Result<(), AppError> {
    let io = AppError::io(into);
    if begun.exists() && !VaultDir::exists(into) {
        for entry in fs::read_dir(into).map_err(&io)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("satchel-") && name.contains(".db") {
                fs::remove_file(entry.path()).map_err(&io)?;
            }
            if [pieces::FOLDER, SCRATCH].contains(&name.as_str()) {
                fs::remove_dir_all(entry.path()).map_err(&io)?;
            }
        }
    } else if !occupied(into)? {
        fs::write(begun, b"").map_err(&io)?;
    }
    Ok(())
}

/// A vault of a backup, open, and how many of its files on records have come. The vault comes to be when all is there that
/// could be brought: whoever is cut off before has none, and begins again.
fn raise(
    from: &Source<'_>,
    into: &Path,
    keyring: Keyring,
    state: &Path,
    progress: &mut dyn FnMut(Progress),
    go_on: GoOn<'_>,
) -> Result<(Session, Found, [u64; 2]), AppError> {
    let fresh = !into.exists();
    private_dir(into).map_err(AppError::io(into))?;
    // Whoever restores into it at this moment keeps it.
    let lock = lock_folder(into, "A restore")?;
    let begun = into.join(BEGUN);
    let raised = (|| {
        clear_remains(into, &begun)?;
        let (vault, ways, found) = unpack(from, into, progress, go_on)?;
        let vault_key = VaultKey::clone_of(&vault.key);
        let store = Store::open(&vault.database(), &vault_key.expose_as_sqlcipher_key())?;
        let files = bring_files(&store, into, from, (&found.about, &ways), progress, go_on)?;
        sync_dir(into).map_err(AppError::io(into))?;
        let (dir, _) = vault.commit(keyring)?;
        let _ = fs::remove_file(&begun);
        let witness = Witness::of(state, dir.id(), dir.path());
        let events = Events::default();
        let act = (
            Act::Unlock,
            trail::facts([("way", RESTORED.into()), ("made_at", found.about.made_at.clone().into())]),
        );
        let opening = Opening { dir, key: vault_key, keyring, lock, store, witness, events, act };
        Ok((Session::open(opening)?, found, files))
    })();
    if raised.is_err() {
        let _ = match fresh {
            true => fs::remove_dir_all(into).map_err(AppError::from),
            false => clear_remains(into, &begun).and_then(|()| Ok(fs::remove_file(&begun)?)),
        };
    }
    raised
}

/// Brings the files on records back that lie beside the backup, and writes down which do not: how many came, and how many
/// did not.
fn bring_files(
    store: &Store,
    into: &Path,
    from: &Source<'_>,
    (about, ways): (&About, &Ways),
    progress: &mut dyn FnMut(Progress),
    go_on: GoOn<'_>,
) -> Result<[u64; 2], AppError> {
    let workspace: uuid::Uuid = about
        .workspace_id
        .parse()
        .map_err(|_| BackupError::Altered("the workspace that it names is none".into()))?;
    let pieces = Pieces::of(into, WorkspaceId(*workspace.as_bytes()));
    let worked_out = ways.worked_out(from.key);
    let key = worked_out.as_ref().unwrap_or(from.key);
    let shelf = Shelf { place: from.beside, folders: folders_of(about, ways), key };
    let contents = contents_of(store)?;
    let (total, mut missing) = (contents.len() as u64, Vec::new());
    for (done, content) in (1..).zip(&contents) {
        go_on()?;
        let mut noted = |name: Hash, size: usize| {
            Ok(store.write_aside::<_, StorageError>(|tx| blobs::add(tx, &name.0, size))?)
        };
        let scratch = Scratch(scratch_in(into, "file")?);
        if !shelf.take(&pieces, content, &scratch.0, &mut noted, go_on)? {
            missing.push(content);
        }
        progress(Progress { done, total });
    }
    let apart: String = uuid::Uuid::new_v4().simple().to_string().chars().take(8).collect();
    store.write_aside::<_, StorageError>(|tx| {
        settings::put(tx, BACKUPS_APART, &apart)?;
        wanted::put(tx, &missing)
    })?;
    Ok([total - missing.len() as u64, missing.len() as u64])
}

/// What is in the files on records, by their documents: nothing is derived yet. One that cannot be read is named by a check of
/// everything.
fn contents_of(store: &Store) -> Result<Vec<BlobContent>, AppError> {
    let content = |document: &DocumentRow| -> Option<BlobContent> {
        let registers = guarded(|| Ok::<_, AppError>(Document::load(&document.bytes)?.registers())).ok()?;
        registers.get("content")?.as_str()?.parse().ok()
    };
    store.read::<_, AppError>(|db| {
        let mut all: BTreeMap<String, BlobContent> = BTreeMap::new();
        for row in documents::rows_of(db, Kind::Attachment)? {
            let Some(document) = documents::by_row(db, row)? else { continue };
            all.extend(content(&document).map(|content| (content.to_string(), content)));
        }
        Ok(all.into_values().collect())
    })
}

/// The folder that a backup names, and the one that its ways in lead to.
fn folders_of(about: &About, ways: &Ways) -> Vec<String> {
    let named = Some(about.attachments.clone()).filter(|name| is_attachments_folder(name));
    let mut folders: Vec<String> = named.into_iter().collect();
    let usual = attachments_folder(ways, "");
    if !folders.contains(&usual) {
        folders.push(usual);
    }
    folders
}

/// Files on records as they lie beside backups, and what opens them.
pub(super) struct Shelf<'a> {
    pub place: &'a Place,
    pub folders: Vec<String>,
    pub key: &'a BackupKey,
}

impl Shelf<'_> {
    /// Keeps a file, if it is there and the one that is wanted. What cannot be kept here, on a full disk say, is an error.
    pub fn take(
        &self,
        pieces: &Pieces,
        content: &BlobContent,
        scratch: &Path,
        noted: Noted<'_>,
        go_on: GoOn<'_>,
    ) -> Result<bool, AppError> {
        for folder in &self.folders {
            let sealed = match self.place.open(&attachment_name(folder, content), scratch, go_on) {
                Ok(sealed) => sealed,
                Err(e) if e.code == Code::Cancelled => return Err(e),
                Err(_) => continue,
            };
            let Ok(opened) = open_age(sealed, self.key) else { continue };
            let mut source = Reading { inner: opened, failed: false };
            match pieces.copy_in(content, Box::new(&mut source), noted) {
                Ok(true) => return Ok(true),
                Err(e) if !source.failed => return Err(e),
                _ => {}
            }
        }
        Ok(false)
    }
}

/// Remembers whether it was the reading that has failed.
struct Reading<R> {
    inner: R,
    failed: bool,
}

impl<R: Read> Read for Reading<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.inner.read(into).inspect_err(|_| self.failed = true)
    }
}

/// Makes a vault of a backup, in a folder that holds none. It opens by the same kit and passphrase, writes as another incarnation,
/// and goes on with its team where the backup left it.
pub fn restore_backup(
    file: &Path,
    key: &BackupKey,
    into: &Path,
    keyring: Keyring,
    progress: &mut dyn FnMut(Progress),
    cancel: &Cancel,
) -> Result<RestoredView, AppError> {
    let go_on = || match cancel.is_asked() {
        true => Err(AppError::new(Code::Cancelled, "nothing was restored")),
        false => Ok(()),
    };
    let beside =
        Place::folder(file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
    let from = Source { file, beside: &beside, key };
    let (session, found, [files, missing]) =
        raise(&from, into, keyring, &crate::state_dir(), progress, &go_on)?;
    let missing_names = session.missing_files()?.files;
    Ok(RestoredView {
        vault: session.vault().display().to_string(),
        workspace: session.workspace.clone(),
        file: file.display().to_string(),
        made_at: found.about.made_at.clone(),
        records: found.manifest.total(),
        sha256: found.sha256.clone(),
        verified_at: Some(rfc3339(now())),
        files,
        missing_files: missing,
        missing: missing_names,
    })
}

/// Restores into a folder that is thrown away, and checks all that can be checked.
pub(super) fn prove(
    from: &Source<'_>,
    scratch: &Path,
    progress: &mut dyn FnMut(Progress),
    go_on: GoOn<'_>,
) -> Result<Found, AppError> {
    let state = scratch.join("state");
    private_dir(&state).map_err(AppError::io(&state))?;
    let (session, mut found, [files, missing]) =
        raise(from, &scratch.join("vault"), Keyring::Off, &state, progress, go_on)?;
    // What a vault shows was made from its documents when it was opened, a moment ago.
    let mut watch = |p| {
        progress(p);
        if go_on().is_err() {
            session.store.interrupt_reads();
        }
    };
    let verified = session.verify_what(Shown::JustMade, &mut watch, &Cancel::default())?;
    go_on()?;
    found.checks = verified.checks;
    let lost = missing.saturating_sub(found.manifest.attachments_elsewhere);
    found.checks.push(CheckView {
        name: "files".into(),
        ok: lost == 0,
        detail: match lost {
            0 => format!("{files} came back as they were"),
            n => format!("{n} of {} files on records are not beside the backup, or damaged", files + n),
        },
    });
    match found.checks.iter().find(|check| !check.ok) {
        Some(bad) => Err(AppError::new(
            Code::Damaged,
            format!(
                "the backup does not restore to what it should be ({}: {}); make another one, on another disk",
                bad.name, bad.detail
            ),
        )),
        None => Ok(found),
    }
}
