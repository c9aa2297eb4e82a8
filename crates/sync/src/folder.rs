//! A shared folder. Every device writes files of its own only, each once: under a temporary name, synced, then
//! renamed. Names are hints; what counts is what is inside, so conflict copies and halves of files do no harm.
//!
//! ```text
//! satchel-<workspace>/WORKSPACE                                    the first control record: the marker
//!                    /control/<seq>-<hash>.record
//!                    /requests/<hash>.request
//!                    /log/<device>/<incarnation>/<first>-<next>-<hash>.segment  and .keys beside it
//! ```

use crate::RemoteError;
use satchel_protocol::{DeviceId, Hash, WorkspaceId, from_hex, limits};
use std::{
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

const MARKER: &str = "WORKSPACE";
/// More files than these are in no folder of ours.
const FILES: usize = 1_000_000;

#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

/// A segment by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub first: u64,
    pub next: u64,
    pub size: u64,
    path: PathBuf,
}

type Result<T> = std::result::Result<T, RemoteError>;

impl Folder {
    /// The team's folder within a shared one, which must be there.
    pub fn open(shared: &Path, workspace: WorkspaceId) -> Result<Self> {
        match shared.is_dir() {
            true => Ok(Self { root: shared.join(format!("satchel-{workspace}")) }),
            false => Err(RemoteError::Away(shared.to_owned())),
        }
    }

    /// The first control record. Without it nothing is read or written: an empty folder means that it was
    /// not fetched yet, never that all was deleted.
    pub fn marker(&self) -> Result<Option<Vec<u8>>> {
        let path = self.root.join(MARKER);
        match path.exists() {
            true => self.read(&path, limits::RECORD_BYTES).map(Some),
            false => Ok(None),
        }
    }

    /// Makes it the folder of a team.
    pub fn begin(&self, first_record: &[u8]) -> Result<()> {
        self.put(&self.root.join(MARKER), first_record)
    }

    /// Refuses to go on unless it is the folder of this team.
    pub fn check(&self, first_record: &[u8]) -> Result<()> {
        match self.marker()? {
            Some(marker) if marker == first_record => Ok(()),
            Some(_) => Err(RemoteError::Other(self.root.clone())),
            None => Err(RemoteError::NoMarker(self.root.clone())),
        }
    }

    /// All control records, in the order of their names; what they say of themselves counts.
    pub fn control(&self) -> Result<Vec<Vec<u8>>> {
        let files = self.files(&self.root.join("control"), "record")?;
        files.iter().map(|path| self.read(path, limits::RECORD_BYTES)).collect()
    }

    pub fn put_control(&self, seq: u64, bytes: &[u8]) -> Result<()> {
        let name = format!("{seq:08}-{}.record", short(bytes));
        self.put(&self.root.join("control").join(name), bytes)
    }

    /// Requests to join, by their names.
    pub fn requests(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let files = self.files(&self.root.join("requests"), "request")?;
        let one = |path: &PathBuf| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Ok((name, self.read(path, limits::RECORD_BYTES)?))
        };
        files.iter().map(one).collect()
    }

    pub fn put_request(&self, bytes: &[u8]) -> Result<()> {
        self.put(&self.root.join("requests").join(format!("{}.request", short(bytes))), bytes)
    }

    /// Takes away a request that was answered.
    pub fn remove_request(&self, name: &str) {
        // One that stays is only asked again.
        let _ = std::fs::remove_file(self.root.join("requests").join(format!("{name}.request")));
    }

    /// The devices that have written here, with their incarnations.
    pub fn feeds(&self) -> Result<Vec<(DeviceId, u64)>> {
        let mut feeds = Vec::new();
        for device in self.folders(&self.root.join("log"))? {
            let Some(id) = name_of(&device).and_then(|name| from_hex(&name)) else { continue };
            for incarnation in self.folders(&device)? {
                let number = name_of(&incarnation).and_then(|n| u64::from_str_radix(&n, 16).ok());
                feeds.extend(number.map(|number| (DeviceId(id), number)));
            }
        }
        feeds.sort_unstable();
        Ok(feeds)
    }

    fn feed(&self, device: DeviceId, incarnation: u64) -> PathBuf {
        self.root.join("log").join(device.to_string()).join(format!("{incarnation:016x}"))
    }

    /// A feed's segments, in order.
    pub fn segments(&self, device: DeviceId, incarnation: u64) -> Result<Vec<Found>> {
        let mut found: Vec<Found> = Vec::new();
        for path in self.files(&self.feed(device, incarnation), "segment")? {
            let name = name_of(&path).unwrap_or_default();
            let mut parts = name.split('-').map(|part| part.parse::<u64>().ok());
            if let (Some(Some(first)), Some(Some(next))) = (parts.next(), parts.next()) {
                let size = std::fs::metadata(&path).map_or(0, |m| m.len());
                found.push(Found { first, next, size, path });
            }
        }
        found.sort_by(|a, b| (a.first, a.next, &a.path).cmp(&(b.first, b.next, &b.path)));
        Ok(found)
    }

    /// A segment, and the wrapped keys that came with it, unless they are destroyed.
    pub fn segment(&self, found: &Found) -> Result<(Vec<u8>, Vec<u8>)> {
        let keys = found.path.with_extension("keys");
        let keys = match keys.exists() {
            true => self.read(&keys, limits::SEGMENT_BYTES)?,
            false => Vec::new(),
        };
        Ok((self.read(&found.path, limits::SEGMENT_BYTES)?, keys))
    }

    /// The keys first: who sees the segment finds them.
    pub fn put_segment(
        &self,
        device: DeviceId,
        incarnation: u64,
        places: (u64, u64),
        bytes: &[u8],
        keys: &[u8],
    ) -> Result<()> {
        let (first, next) = places;
        let name = format!("{first:010}-{next:010}-{}", short(bytes));
        let path = self.feed(device, incarnation).join(name);
        self.put(&path.with_extension("keys"), keys)?;
        self.put(&path.with_extension("segment"), bytes)
    }

    fn read(&self, path: &Path, limit: usize) -> Result<Vec<u8>> {
        let failed = io(path);
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(&failed)?;
        file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(&failed)?;
        Ok(bytes)
    }

    /// Whole or not at all, and on the disk for good.
    fn put(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let failed = io(path);
        let folder = path.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder).map_err(&failed)?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let temporary = folder.join(format!(".tmp-{}-{number}", std::process::id()));
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            std::fs::rename(&temporary, path)?;
            #[cfg(unix)]
            File::open(folder)?.sync_all()?;
            Ok(())
        });
        written.map_err(|e| {
            let _ = std::fs::remove_file(&temporary);
            failed(e)
        })
    }

    fn entries(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let failed = io(folder);
        let mut all = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(&failed)?.take(FILES) {
            let path = entry.map_err(&failed)?.path();
            if !name_of(&path).is_none_or(|name| name.starts_with('.')) {
                all.push(path);
            }
        }
        all.sort();
        Ok(all)
    }

    fn files(&self, folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
        let mut files = self.entries(folder)?;
        files.retain(|path| path.extension().is_some_and(|e| e == extension) && path.is_file());
        Ok(files)
    }

    fn folders(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let mut folders = self.entries(folder)?;
        folders.retain(|path| path.is_dir());
        Ok(folders)
    }
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> RemoteError + use<> {
    let path = path.to_owned();
    move |source| RemoteError::Io { path: path.clone(), source }
}

fn name_of(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_str()?.to_owned())
}

fn short(bytes: &[u8]) -> String {
    Hash::of("satchel 2026 file in a folder", bytes).to_string().chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: WorkspaceId = WorkspaceId([7; 16]);
    const DEVICE: DeviceId = DeviceId([1; 16]);

    #[test]
    fn a_folder_gives_back_what_was_put_into_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(dir.path(), WORKSPACE).expect("there");
        assert!(matches!(folder.check(b"first"), Err(RemoteError::NoMarker(_))), "not fetched yet");
        assert!(folder.feeds().expect("read").is_empty() && folder.control().expect("read").is_empty());
        folder.begin(b"first").expect("begun");
        folder.check(b"first").expect("ours");
        assert!(matches!(folder.check(b"other"), Err(RemoteError::Other(_))));
        folder.put_control(1, b"one").expect("put");
        folder.put_control(2, b"two").expect("put");
        assert_eq!(folder.control().expect("read"), [b"one".to_vec(), b"two".to_vec()]);
        folder.put_segment(DEVICE, 5, (1, 3), b"segment", b"keys").expect("put");
        folder.put_segment(DEVICE, 5, (3, 4), b"second", b"").expect("put");
        assert_eq!(folder.feeds().expect("read"), [(DEVICE, 5)]);
        let segments = folder.segments(DEVICE, 5).expect("read");
        assert_eq!(segments.iter().map(|s| (s.first, s.next)).collect::<Vec<_>>(), [(1, 3), (3, 4)]);
        assert_eq!(folder.segment(&segments[0]).expect("read"), (b"segment".to_vec(), b"keys".to_vec()));
        folder.put_request(b"let me in").expect("put");
        let requests = folder.requests().expect("read");
        assert_eq!(requests[0].1, b"let me in");
        folder.remove_request(&requests[0].0);
        assert!(folder.requests().expect("read").is_empty());
    }

    /// What the programs that carry the folder leave in it.
    #[test]
    fn what_is_not_ours_is_passed_over() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(dir.path(), WORKSPACE).expect("there");
        folder.begin(b"first").expect("begun");
        folder.put_segment(DEVICE, 5, (1, 3), b"segment", b"keys").expect("put");
        let feed = folder.feed(DEVICE, 5);
        for junk in [".tmp-1-1", "0000000001.part", "notes.txt", "x-y-z.segment", "~$a.segment"] {
            std::fs::write(feed.join(junk), b"junk").expect("written");
        }
        std::fs::create_dir_all(folder.root.join("log/not a device/1")).expect("made");
        std::fs::create_dir_all(folder.root.join("log").join(DEVICE.to_string()).join("zz")).expect("made");
        assert_eq!(folder.feeds().expect("read"), [(DEVICE, 5)]);
        assert_eq!(folder.segments(DEVICE, 5).expect("read").len(), 1);
        let copy = feed.join("0000000001-0000000003-conflicted copy.segment");
        std::fs::write(copy, b"half of a segm").expect("written");
        assert_eq!(folder.segments(DEVICE, 5).expect("read").len(), 2, "what is inside will tell");
        assert!(matches!(Folder::open(&dir.path().join("gone"), WORKSPACE), Err(RemoteError::Away(_))));
    }
}
