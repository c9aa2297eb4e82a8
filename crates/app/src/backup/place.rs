//! Where backups lie: a folder on whatever disk, or a bucket of an S3-compatible service. Both get whole files only.

use super::BackupTarget;
use crate::{AppError, error::Code, output};
use futures_util::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart, aws::AmazonS3Builder, path::Path as Key};
use satchel_vault::files::{private_dir, sync_dir};
use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use tokio::runtime::Runtime;

/// What is read of a file, and sent, at once.
const CHUNK: usize = 8 << 20;
const COPIED: usize = 1 << 20;
/// A service to which no connection comes about for so long is not there; a part may take longer on a slow line.
const PATIENCE: Duration = Duration::from_secs(30);
const FOR_A_PART: Duration = Duration::from_secs(600);

/// Asked between parts of long work: an error ends it.
pub(super) type GoOn<'a> = &'a dyn Fn() -> Result<(), AppError>;

pub(super) fn is_served(address: &str) -> bool {
    address.starts_with("s3://")
}

/// Whether two paths are on one disk, as far as it can be seen.
#[cfg(unix)]
pub(super) fn on_one_disk(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let disk = |path: &Path| fs::metadata(path).ok().map(|meta| meta.dev());
    disk(one).is_some_and(|disk_of_one| disk(other) == Some(disk_of_one))
}

#[cfg(not(unix))]
pub(super) fn on_one_disk(one: &Path, other: &Path) -> bool {
    let disk = |path: &Path| path.canonicalize().ok()?.components().next().map(|c| c.as_os_str().to_owned());
    disk(one).is_some_and(|disk_of_one| disk(other) == Some(disk_of_one))
}

pub(super) enum Place {
    Folder(PathBuf, String),
    Bucket { store: Box<dyn ObjectStore>, runtime: Runtime, keys: Keys, address: String },
}

/// Where things are called what in a bucket.
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub fn below(prefix: String) -> Self {
        Self { prefix }
    }

    /// What a name is called there: the same, letter for letter, so that other programs show it as it is.
    pub fn key(&self, name: &str) -> Key {
        let path = [self.prefix.as_str(), name].join("/");
        // What has control characters in it is nothing of ours; it is looked for under a name that nothing has.
        Key::parse(path.trim_matches('/')).unwrap_or_else(|_| Key::from(path))
    }

    /// The same, and how versions before 2026-11-28 called it: with `%` for all letters beyond ASCII.
    fn all(&self, name: &str) -> Vec<Key> {
        let former = Key::from([self.prefix.as_str(), name].join("/"));
        let mut keys = vec![self.key(name)];
        keys.extend(Some(former).filter(|former| !keys.contains(former)));
        keys
    }
}

/// A file that is there: its name from the place on, and when it was written or needed last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub name: String,
    /// Epoch milliseconds.
    pub at: i64,
}

fn unreachable(address: &str, why: &dyn std::fmt::Display) -> AppError {
    AppError::new(
        Code::Unreachable,
        format!("{address} cannot be reached ({why}); the backup is made when it is there again"),
    )
}

impl Place {
    /// A folder that is there: one that is missing may be a disk that is not connected, and is not made.
    pub fn folder(path: &Path) -> Result<Self, AppError> {
        let absolute = path.canonicalize().ok().filter(|path| path.is_dir());
        let path = absolute.ok_or_else(|| {
            AppError::new(
                Code::Unreachable,
                format!(
                    "the folder {} is not there; connect its disk, or make it, and try again",
                    path.display()
                ),
            )
        })?;
        let address = path.display().to_string();
        Ok(Self::Folder(path, address))
    }

    pub fn of(target: &BackupTarget) -> Result<Self, AppError> {
        if !is_served(&target.address) {
            return Self::folder(Path::new(&target.address));
        }
        let (bucket, keys) = target.bucket()?;
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(if target.region.is_empty() { "us-east-1" } else { &target.region })
            .with_access_key_id(&target.key_id)
            .with_secret_access_key(&target.secret)
            .with_client_options(
                object_store::ClientOptions::new()
                    .with_connect_timeout(PATIENCE)
                    .with_timeout(FOR_A_PART)
                    .with_allow_http(true),
            );
        if !target.endpoint.is_empty() {
            builder = builder.with_endpoint(&target.endpoint);
        }
        let store = builder.build().map_err(|e| AppError::refused(format!("{}: {e}", target.address)))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self::Bucket { store: Box::new(store), runtime, keys, address: target.address.clone() })
    }

    pub fn address(&self) -> &str {
        match self {
            Self::Folder(_, address) | Self::Bucket { address, .. } => address,
        }
    }

    /// Puts a whole file there under a name that nothing has.
    pub fn put(&self, name: &str, from: &Path, go_on: GoOn<'_>) -> Result<(), AppError> {
        match self {
            Self::Folder(folder, _) => put_in(&folder.join(name), from, go_on),
            Self::Bucket { store, keys, runtime, address } => {
                let key = keys.key(name);
                let away = |e: object_store::Error| unreachable(address, &e);
                let mut file = File::open(from).map_err(AppError::io(from))?;
                runtime.block_on(async {
                    let upload = store.put_multipart(&key).await.map_err(away)?;
                    let mut writer = WriteMultipart::new_with_chunk_size(upload, CHUNK);
                    let sent = async {
                        let mut chunk = vec![0; CHUNK];
                        loop {
                            go_on()?;
                            let read = file.read(&mut chunk).map_err(AppError::io(from))?;
                            if read == 0 {
                                return Ok(());
                            }
                            writer.wait_for_capacity(1).await.map_err(away)?;
                            writer.write(chunk.get(..read).unwrap_or_default());
                        }
                    };
                    match sent.await {
                        Ok(()) => writer.finish().await.map(drop).map_err(away),
                        Err(e) => {
                            // Parts of an upload that does not end are kept, and paid for.
                            let _ = writer.abort().await;
                            Err(e)
                        }
                    }
                })
            }
        }
    }

    /// Opens what is there; from a bucket it is fetched whole first, to a file that is replaced.
    pub fn open(&self, name: &str, scratch: &Path, go_on: GoOn<'_>) -> Result<BufReader<File>, AppError> {
        let path = match self {
            Self::Folder(folder, _) => folder.join(name),
            Self::Bucket { .. } => {
                self.fetch(name, scratch, go_on)?;
                scratch.to_owned()
            }
        };
        let file = File::open(&path).map_err(AppError::io(&path))?;
        Ok(BufReader::with_capacity(1 << 18, file))
    }

    pub fn fetch(&self, name: &str, to: &Path, go_on: GoOn<'_>) -> Result<(), AppError> {
        match self {
            Self::Folder(folder, _) => {
                let path = folder.join(name);
                let file = File::open(&path).map_err(AppError::io(&path))?;
                output::write_whole(to, |out| copy(file, out, go_on))
            }
            Self::Bucket { runtime, store, address, .. } => {
                let (key, size) = self.sought(name)?.ok_or_else(|| {
                    AppError::new(
                        Code::NotFound,
                        format!("{name} is not in {address}: somebody has removed it there"),
                    )
                })?;
                output::write_whole(to, |out| {
                    let mut at = 0;
                    while at < size {
                        go_on()?;
                        let end = size.min(at + CHUNK as u64);
                        let bytes = runtime.block_on(store.get_range(&key, at..end));
                        out.write_all(&bytes.map_err(|e| unreachable(address, &e))?)?;
                        at = end;
                    }
                    Ok(())
                })
            }
        }
    }

    /// Whether a file is there that is needed again; it is remembered that it was.
    pub fn still_has(&self, name: &str) -> Result<bool, AppError> {
        if let Self::Folder(folder, _) = self {
            let Ok(file) = File::options().append(true).open(folder.join(name)) else { return Ok(false) };
            // Only how long it is kept depends on it.
            let _ = file.set_modified(SystemTime::now());
        }
        self.has(name)
    }

    pub fn has(&self, name: &str) -> Result<bool, AppError> {
        match self {
            Self::Folder(folder, _) => Ok(folder.join(name).exists()),
            Self::Bucket { .. } => Ok(self.sought(name)?.is_some()),
        }
    }

    /// Under which key something lies in a bucket, and how large it is.
    fn sought(&self, name: &str) -> Result<Option<(Key, u64)>, AppError> {
        let Self::Bucket { store, keys, runtime, address } = self else { return Ok(None) };
        for key in keys.all(name) {
            match runtime.block_on(store.head(&key)) {
                Ok(meta) => return Ok(Some((key, meta.size))),
                Err(object_store::Error::NotFound { .. }) => {}
                Err(e) => return Err(unreachable(address, &e)),
            }
        }
        Ok(None)
    }

    /// The folders here whose names begin so. What cannot be read to its end is an error.
    pub fn folders(&self, begin: &str) -> Result<Vec<String>, AppError> {
        let mut folders: Vec<String> = match self {
            Self::Folder(root, _) => {
                let io = AppError::io(root);
                let entries: Vec<_> = fs::read_dir(root).and_then(Iterator::collect).map_err(&io)?;
                let folders = entries.iter().filter(|entry| entry.path().is_dir());
                folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
            }
            Self::Bucket { store, keys, runtime, address } => {
                let mut found = Vec::new();
                for key in keys.all("") {
                    let listed = runtime.block_on(store.list_with_delimiter(Some(&key)));
                    let listed = listed.map_err(|e| unreachable(address, &e))?;
                    found.extend(
                        listed.common_prefixes.iter().filter_map(|key| key.filename().map(str::to_owned)),
                    );
                }
                found
            }
        };
        folders.retain(|name| name.starts_with(begin));
        folders.sort_unstable();
        folders.dedup();
        Ok(folders)
    }

    /// The files of a folder here, none of those in folders below it. What cannot be read to its end is an error.
    pub fn files(&self, folder: &str) -> Result<Vec<Found>, AppError> {
        match self {
            Self::Folder(root, _) => files_in(root, folder),
            Self::Bucket { store, keys, runtime, address } => {
                let mut found = Vec::new();
                for key in keys.all(folder) {
                    let listed = runtime.block_on(store.list_with_delimiter(Some(&key)));
                    let listed = listed.map_err(|e| unreachable(address, &e))?;
                    found.extend(listed.objects.iter().filter_map(|object| {
                        let at = object.last_modified.timestamp_millis();
                        Some(Found { name: below(folder, object.location.filename()?), at })
                    }));
                }
                Ok(found)
            }
        }
    }

    /// The files of a folder here and of those below it. What cannot be read to its end is an error.
    pub fn tree(&self, folder: &str) -> Result<Vec<Found>, AppError> {
        match self {
            Self::Folder(root, _) => {
                let mut found = files_in(root, folder)?;
                let path = root.join(folder);
                let io = AppError::io(&path);
                let entries: Vec<fs::DirEntry> = match path.exists() {
                    true => fs::read_dir(&path).and_then(Iterator::collect).map_err(&io)?,
                    false => Vec::new(),
                };
                for entry in entries {
                    // A link to a folder is nothing of ours.
                    if entry.file_type().map_err(&io)?.is_dir() {
                        found.extend(self.tree(&below(folder, &entry.file_name().to_string_lossy()))?);
                    }
                }
                Ok(found)
            }
            Self::Bucket { store, keys, runtime, address } => {
                let mut found = Vec::new();
                for (key, root) in keys.all(folder).iter().zip(keys.all("")) {
                    let listed = runtime.block_on(store.list(Some(key)).try_collect::<Vec<_>>());
                    for object in listed.map_err(|e| unreachable(address, &e))? {
                        let name = object.location.as_ref().strip_prefix(root.as_ref()).unwrap_or_default();
                        let at = object.last_modified.timestamp_millis();
                        found.push(Found { name: name.trim_start_matches('/').to_owned(), at });
                    }
                }
                Ok(found)
            }
        }
    }

    /// A small file, whole.
    pub fn read(&self, name: &str, most: u64, scratch: &Path, go_on: GoOn<'_>) -> Result<Vec<u8>, AppError> {
        let mut bytes = Vec::new();
        self.open(name, scratch, go_on)?.take(most + 1).read_to_end(&mut bytes)?;
        match bytes.len() as u64 > most {
            true => Err(AppError::new(
                Code::Damaged,
                format!("{name} in {} is too long; it was not written by Satchel", self.address()),
            )),
            false => Ok(bytes),
        }
    }

    pub fn remove(&self, name: &str) -> Result<(), AppError> {
        match self {
            Self::Folder(folder, _) => {
                let path = folder.join(name);
                match fs::remove_file(&path) {
                    Err(e) if e.kind() != io::ErrorKind::NotFound => Err(AppError::io(&path)(e)),
                    _ => Ok(()),
                }
            }
            Self::Bucket { store, keys, runtime, address } => {
                for key in keys.all(name) {
                    match runtime.block_on(store.delete(&key)) {
                        Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                        Err(e) => return Err(unreachable(address, &e)),
                    }
                }
                Ok(())
            }
        }
    }

    /// Removes what this writer was cut off from writing; `ending` is that of its names.
    pub fn forget_parts(&self, ending: &str) {
        let Self::Folder(root, _) = self else { return };
        let (part, own) = (format!("{ending}."), format!("{ending}.{}.part", std::process::id()));
        for entry in fs::read_dir(root).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.contains(&part) && name.ends_with(".part") && !name.ends_with(&own) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn below(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

fn files_in(root: &Path, folder: &str) -> Result<Vec<Found>, AppError> {
    let path = root.join(folder);
    let io = AppError::io(&path);
    let entries: Vec<fs::DirEntry> = match fs::read_dir(&path).and_then(Iterator::collect) {
        Err(e) if e.kind() == io::ErrorKind::NotFound && !folder.is_empty() => return Ok(Vec::new()),
        entries => entries.map_err(&io)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let meta = entry.metadata().map_err(&io)?;
        if meta.is_file() {
            let at = meta.modified().map_err(&io)?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let at = i64::try_from(at.as_millis()).unwrap_or(i64::MAX);
            found.push(Found { name: below(folder, &entry.file_name().to_string_lossy()), at });
        }
    }
    Ok(found)
}

/// Copies a part at a time, and asks in between.
fn copy(mut from: File, out: &mut impl Write, go_on: GoOn<'_>) -> Result<(), AppError> {
    let mut chunk = vec![0; COPIED];
    loop {
        go_on()?;
        let read = from.read(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        out.write_all(chunk.get(..read).unwrap_or_default())?;
    }
}

/// Copied beside its goal and moved there whole.
fn put_in(goal: &Path, from: &Path, go_on: GoOn<'_>) -> Result<(), AppError> {
    let io = AppError::io(goal);
    let folder = goal.parent().unwrap_or(Path::new("."));
    private_dir(folder).map_err(&io)?;
    if goal.exists() {
        return Err(AppError::refused(format!(
            "{} is there already; nothing was overwritten",
            goal.display()
        )));
    }
    let file = File::open(from).map_err(AppError::io(from))?;
    output::write_whole(goal, |out: &mut BufWriter<File>| copy(file, out, go_on))?;
    // Some network drives know no such call; the file itself is written.
    let _ = sync_dir(folder);
    Ok(())
}
