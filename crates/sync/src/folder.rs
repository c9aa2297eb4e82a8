//! A shared folder. Every device writes files of its own only, each once: under a temporary name, synced, then
//! renamed. Names are hints; what counts is what is inside, so conflict copies and halves of files do no harm.
//!
//! ```text
//! satchel-<workspace>/WORKSPACE                                    the first control record: the marker
//!                    /control/<seq>-<hash>.record
//!                    /requests/<hash>.request
//!                    /log/<device>/<incarnation>/<first>-<next>-<hash>.segment  and .keys beside it
//! ```

use crate::{Pulled, Reader, Remote, RemoteError, Result, Written, short_name};
use notify::{RecursiveMode, Watcher};
use satchel_protocol::{
    DeviceId, Hash, Kept, Pass, Position, Segment, WorkspaceId, from_hex, limits, piece_name,
};
use std::{
    any::Any,
    collections::BTreeMap,
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

const MARKER: &str = "WORKSPACE";
/// More files than these are in no folder of ours.
const FILES: usize = 1_000_000;

#[derive(Debug, Clone)]
pub struct Folder {
    workspace: WorkspaceId,
    root: PathBuf,
}

/// A segment by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    first: u64,
    next: u64,
    size: u64,
    path: PathBuf,
}

impl Folder {
    /// The team's folder within a shared one, which must be there.
    pub fn open(shared: &Path, workspace: WorkspaceId) -> Result<Self> {
        match shared.is_dir() {
            true => Ok(Self { workspace, root: shared.join(format!("satchel-{workspace}")) }),
            false => Err(RemoteError::Away(shared.to_owned())),
        }
    }

    /// The devices that have written here, with their incarnations.
    fn feeds(&self) -> Result<Vec<(DeviceId, u64)>> {
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

    /// Without what tells the segment from its keys.
    fn segment_path(&self, device: DeviceId, written: Written, segment: &[u8]) -> PathBuf {
        let name = format!("{:010}-{:010}-{}", written.first, written.next, short_name(segment));
        self.feed(device, written.incarnation).join(name)
    }

    /// A feed's segments, in order.
    fn segments(&self, device: DeviceId, incarnation: u64) -> Result<Vec<Found>> {
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
    fn segment(&self, found: &Found) -> Result<Kept> {
        let keys = found.path.with_extension("keys");
        let keys = match keys.exists() {
            true => self.read(&keys, limits::SEGMENT_BYTES)?,
            false => Vec::new(),
        };
        Ok(Kept { segment: self.read(&found.path, limits::SEGMENT_BYTES)?, keys })
    }

    fn blob_path(&self, name: Hash) -> PathBuf {
        let name = name.to_string();
        self.root.join("blobs").join(name.chars().take(2).collect::<String>()).join(format!("{name}.blob"))
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

impl Remote for Folder {
    fn first_record(&self) -> Result<Option<Vec<u8>>> {
        let path = self.root.join(MARKER);
        match path.exists() {
            true => self.read(&path, limits::RECORD_BYTES).map(Some),
            // Not fetched yet, or another folder.
            false => Ok(None),
        }
    }

    fn begin(&self, first: &[u8]) -> Result<()> {
        self.put(&self.root.join(MARKER), first)
    }

    fn check(&self, first: &[u8]) -> Result<()> {
        match self.first_record()? {
            Some(there) if there == first => Ok(()),
            Some(_) => Err(RemoteError::Other(self.root.display().to_string())),
            None => Err(RemoteError::NoMarker(self.root.clone())),
        }
    }

    fn refresh(&self) {}

    fn control(&self) -> Result<Vec<Vec<u8>>> {
        let files = self.files(&self.root.join("control"), "record")?;
        files.iter().map(|path| self.read(path, limits::RECORD_BYTES)).collect()
    }

    fn put_control(&self, seq: u64, record: &[u8]) -> Result<()> {
        let name = format!("{seq:08}-{}.record", short_name(record));
        self.put(&self.root.join("control").join(name), record)
    }

    /// Who can reach the folder may ask.
    fn invite(&self, _: &Pass, _: i64) -> Result<()> {
        Ok(())
    }

    fn requests(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let files = self.files(&self.root.join("requests"), "request")?;
        let one = |path: &PathBuf| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Ok((name, self.read(path, limits::RECORD_BYTES)?))
        };
        files.iter().map(one).collect()
    }

    fn put_request(&self, request: &[u8]) -> Result<()> {
        let name = format!("{}.request", short_name(request));
        self.put(&self.root.join("requests").join(name), request)
    }

    fn remove_request(&self, name: &str) {
        // One that stays is only asked again.
        let _ = std::fs::remove_file(self.root.join("requests").join(format!("{name}.request")));
    }

    fn lacking(&self, device: DeviceId, written: &[Written]) -> Result<Vec<Written>> {
        let mut there: BTreeMap<u64, Vec<Found>> = BTreeMap::new();
        for incarnation in written.iter().map(|w| w.incarnation) {
            if let std::collections::btree_map::Entry::Vacant(free) = there.entry(incarnation) {
                free.insert(self.segments(device, incarnation)?);
            }
        }
        // Half of it is not it.
        let is_there = |w: &Written| {
            let found = there.get(&w.incarnation).into_iter().flatten();
            found.into_iter().any(|f| (f.first, f.next, f.size) == (w.first, w.next, w.size))
        };
        Ok(written.iter().filter(|w| !is_there(w)).copied().collect())
    }

    /// A bit that has flipped on its disk changes no size.
    fn is_whole(&self, device: DeviceId, written: Written, kept: &Kept) -> Result<bool> {
        let path = self.segment_path(device, written, &kept.segment);
        let same = |path: &Path, wanted: &[u8]| {
            self.read(path, limits::SEGMENT_BYTES).is_ok_and(|bytes| bytes == wanted)
        };
        Ok(same(&path.with_extension("segment"), &kept.segment)
            && same(&path.with_extension("keys"), &kept.keys))
    }

    fn places(&self) -> Result<Vec<Position>> {
        let mut places = Vec::new();
        for (device, incarnation) in self.feeds()? {
            let mut next = 1;
            for found in self.segments(device, incarnation)? {
                if found.first <= next {
                    next = found.next.max(next);
                }
            }
            places.push(Position { device, incarnation, next });
        }
        Ok(places)
    }

    /// The keys first: who sees the segment finds them.
    fn push(&self, device: DeviceId, written: Written, kept: Kept) -> Result<()> {
        let path = self.segment_path(device, written, &kept.segment);
        self.put(&path.with_extension("keys"), &kept.keys)?;
        self.put(&path.with_extension("segment"), &kept.segment)
    }

    fn replace(&self, device: DeviceId, written: Written, kept: Kept) -> Result<()> {
        let new = format!("-{}.segment", short_name(&kept.segment));
        self.push(device, written, kept)?;
        for found in self.segments(device, written.incarnation)? {
            let within = found.first >= written.first && found.next <= written.next;
            if within && !name_of(&found.path).is_some_and(|name| name.ends_with(&new)) {
                // One that stays is only read beside the new one.
                let _ = std::fs::remove_file(&found.path);
                let _ = std::fs::remove_file(found.path.with_extension("keys"));
            }
        }
        Ok(())
    }

    fn put_read(&self, device: DeviceId, read: &[u8]) -> Result<()> {
        let (folder, own) = (self.root.join("read"), format!("{device}-"));
        let new = folder.join(format!("{own}{}.read", short_name(read)));
        if new.exists() {
            return Ok(());
        }
        self.put(&new, read)?;
        for path in self.files(&folder, "read")? {
            if path != new && name_of(&path).is_some_and(|name| name.starts_with(&own)) {
                // It says less than the new one.
                let _ = std::fs::remove_file(path);
            }
        }
        Ok(())
    }

    fn reads(&self) -> Result<Vec<Vec<u8>>> {
        let files = self.files(&self.root.join("read"), "read")?;
        files.iter().map(|path| self.read(path, limits::RECORD_BYTES)).collect()
    }

    fn lacking_blobs(&self, names: &[Hash]) -> Result<Vec<Hash>> {
        // Half of it is not it.
        let is_there =
            |name: &&Hash| self.blob(**name).is_ok_and(|b| b.is_some_and(|b| piece_name(&b) == **name));
        Ok(names.iter().filter(|name| !is_there(name)).copied().collect())
    }

    fn put_blob(&self, name: Hash, bytes: &[u8]) -> Result<()> {
        self.put(&self.blob_path(name), bytes)
    }

    fn blob(&self, name: Hash) -> Result<Option<Vec<u8>>> {
        let path = self.blob_path(name);
        match path.exists() {
            true => self.read(&path, limits::PIECE_BYTES).map(Some),
            false => Ok(None),
        }
    }

    fn is_answerable(&self) -> bool {
        false
    }

    fn pull(&self, reader: &mut dyn Reader) -> Result<Pulled> {
        for (device, incarnation) in self.feeds()? {
            let known = |reader: &mut dyn Reader| {
                let all = reader.known()?;
                let of_feed = all.iter().find(|p| (p.device, p.incarnation) == (device, incarnation));
                Some(of_feed.map_or(1, |p| p.next))
            };
            let Some(mut next) = known(reader) else { return Ok(Pulled::Stopped) };
            for found in self.segments(device, incarnation)? {
                // A name is a hint: what it promises to be known is not read again.
                if found.next <= next {
                    continue;
                }
                let kept = self.segment(&found)?;
                // Half of a file, or a copy that is none: another may be whole.
                let Ok(segment) = Segment::decode(self.workspace, &kept.segment) else { continue };
                if (segment.device, segment.incarnation) != (device, incarnation) {
                    continue;
                }
                match reader.take((&segment, &kept.keys), None) {
                    None => return Ok(Pulled::Stopped),
                    Some(false) => break,
                    Some(true) => match known(reader) {
                        Some(now) => next = now,
                        None => return Ok(Pulled::Stopped),
                    },
                }
            }
        }
        Ok(Pulled::All)
    }

    /// Network disks tell nothing: who listens asks now and then as well.
    fn listen(self: Arc<Self>, heard: Arc<dyn Fn() + Send + Sync>) -> Box<dyn Any + Send> {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|e| !e.kind.is_access()) {
                heard();
            }
        });
        let watcher = watcher.and_then(|mut watcher| {
            watcher.watch(&self.root, RecursiveMode::Recursive)?;
            Ok(watcher)
        });
        Box::new(watcher)
    }
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> RemoteError + use<> {
    let path = path.to_owned();
    move |source| RemoteError::Io { path: path.clone(), source }
}

fn name_of(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: WorkspaceId = WorkspaceId([7; 16]);
    const DEVICE: DeviceId = DeviceId([1; 16]);

    #[test]
    fn a_folder_gives_back_what_was_put_into_it() {
        let kept = |segment: &[u8], keys: &[u8]| Kept { segment: segment.to_vec(), keys: keys.to_vec() };
        let written = |first, next, size| Written { incarnation: 5, first, next, size };
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
        let all = [written(1, 3, 7), written(3, 4, 6)];
        folder.push(DEVICE, all[0], kept(b"segment", b"keys")).expect("put");
        assert_eq!(folder.lacking(DEVICE, &all).expect("read"), [all[1]]);
        folder.push(DEVICE, all[1], kept(b"second", b"")).expect("put");
        assert_eq!(folder.lacking(DEVICE, &all).expect("read"), []);
        for read in [b"read up to 3", b"read up to 4"] {
            folder.put_read(DEVICE, read).expect("put");
            folder.put_read(DeviceId([2; 16]), b"another's").expect("put");
        }
        assert_eq!(folder.reads().expect("read"), [b"read up to 4".to_vec(), b"another's".to_vec()]);
        assert_eq!(
            folder.lacking(DEVICE, &[written(1, 3, 8)]).expect("read").len(),
            1,
            "half of it is not it"
        );
        assert_eq!(folder.feeds().expect("read"), [(DEVICE, 5)]);
        let segments = folder.segments(DEVICE, 5).expect("read");
        assert_eq!(segments.iter().map(|s| (s.first, s.next)).collect::<Vec<_>>(), [(1, 3), (3, 4)]);
        assert_eq!(folder.segment(&segments[0]).expect("read"), kept(b"segment", b"keys"));
        folder.put_request(b"let me in").expect("put");
        let requests = folder.requests().expect("read");
        assert_eq!(requests[0].1, b"let me in");
        let piece = b"a piece".as_slice();
        let name = piece_name(piece);
        assert_eq!(folder.lacking_blobs(&[name]).expect("read"), [name]);
        folder.put_blob(name, piece).expect("put");
        assert_eq!(folder.lacking_blobs(&[name]).expect("read"), []);
        assert_eq!(folder.blob(name).expect("read").as_deref(), Some(piece));
        std::fs::write(folder.blob_path(name), b"a pie").expect("cut off");
        assert_eq!(folder.lacking_blobs(&[name]).expect("read"), [name], "half of it is not it");
        folder.remove_request(&requests[0].0);
        assert!(folder.requests().expect("read").is_empty());
        folder.replace(DEVICE, written(1, 4, 5), kept(b"short", b"keys")).expect("put");
        let segments = folder.segments(DEVICE, 5).expect("read");
        assert_eq!(segments.iter().map(|s| (s.first, s.next, s.size)).collect::<Vec<_>>(), [(1, 4, 5)]);
    }

    /// What the programs that carry the folder leave in it.
    #[test]
    fn what_is_not_ours_is_passed_over() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(dir.path(), WORKSPACE).expect("there");
        folder.begin(b"first").expect("begun");
        let kept = Kept { segment: b"segment".to_vec(), keys: b"keys".to_vec() };
        folder.push(DEVICE, Written { incarnation: 5, first: 1, next: 3, size: 7 }, kept).expect("put");
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
