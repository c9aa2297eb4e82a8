//! A disk that fails when it is told to: a FUSE file system in memory that knows of each file and folder what has been
//! synced. What is in it when the power goes is what a program may count on, and a random part of the rest.

use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, MountOption, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData,
    ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow,
    WriteFlags,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

const SECTOR: usize = 512;
const BLOCK: u32 = 4096;
/// In sectors of its own; larger than any test needs.
const SIZE: u64 = 1 << 31;
const ROOT: u64 = 1;
/// Nothing is remembered by the kernel: what a name leads to changes under it.
const NEVER: Duration = Duration::ZERO;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// All that is not synced may be gone.
    PowerLoss,
    /// The program is killed; the disk keeps what it was given.
    Kill,
    /// Nothing more fits.
    Full,
    /// One write is refused, as by a bad sector.
    BadWrite,
    /// One sync is refused, and what it was about is lost with the next power cut, as on Linux.
    BadSync,
    /// A place of a file that cannot be read any more.
    BadRead,
    /// As the kernel mounts a disk that it no longer trusts.
    ReadOnly,
}

impl Fault {
    pub const ALL: [Self; 7] = [
        Self::PowerLoss,
        Self::Kill,
        Self::Full,
        Self::BadWrite,
        Self::BadSync,
        Self::BadRead,
        Self::ReadOnly,
    ];

    pub fn called(self) -> &'static str {
        match self {
            Self::PowerLoss => "power lost",
            Self::Kill => "killed",
            Self::Full => "disk full",
            Self::BadWrite => "write refused",
            Self::BadSync => "sync refused",
            Self::BadRead => "read refused",
            Self::ReadOnly => "read-only",
        }
    }

    /// Whether an operation counts when it is chosen at which one the fault begins.
    fn concerns(self, operation: Operation) -> bool {
        match self {
            Self::BadRead => operation == Operation::Read,
            Self::BadSync => operation == Operation::Sync,
            Self::BadWrite => operation == Operation::Write,
            _ => operation != Operation::Read,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Read,
    Write,
    Sync,
    /// Of names: created, renamed, removed, cut.
    Name,
}

impl Operation {
    const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Sync, Self::Name];
}

/// Where nothing can be mounted, the tests must not pass.
pub struct Disk {
    point: tempfile::TempDir,
    state: Arc<Mutex<State>>,
    mounted: Option<BackgroundSession>,
}

impl Disk {
    pub fn new() -> Self {
        let point = tempfile::tempdir().unwrap();
        let mut disk = Self { point, state: Arc::new(Mutex::new(State::new())), mounted: None };
        disk.mount();
        disk
    }

    pub fn path(&self) -> &Path {
        self.point.path()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mount(&mut self) {
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("faulty".into()), MountOption::NoAtime];
        let mounted = fuser::spawn_mount(Faulty(self.state.clone()), self.point.path(), &config);
        self.mounted = Some(mounted.unwrap_or_else(|e| {
            panic!(
                "the disk that fails cannot be mounted ({e}): it needs /dev/fuse and Debian's package fuse3; \
                 `cargo xtask setup` installs it"
            )
        }));
    }

    fn unmount(&mut self) {
        if let Some(mounted) = self.mounted.take() {
            // Now and then the kernel says so of a disk that is gone instead of just ending it.
            let aborted = |e: &std::io::Error| e.kind() == std::io::ErrorKind::ConnectionAborted;
            if let Err(error) = mounted.umount_and_join() {
                assert!(aborted(&error), "the disk cannot be unmounted: {error}");
            }
        }
    }

    /// What is on it now, all of it synced.
    pub fn image(&self) -> Image {
        let mut state = self.state();
        state.settle();
        Image(state.nodes.clone(), state.next)
    }

    /// Puts an image on it; nobody may have it open. Nothing fails any more.
    pub fn load(&mut self, image: &Image) {
        self.unmount();
        *self.state() = State { nodes: image.0.clone(), next: image.1, ..State::new() };
        self.mount();
    }

    /// From now on operations are counted, and at the given one (from 1) the fault begins.
    pub fn arm(&self, fault: Fault, at: u64) {
        let mut state = self.state();
        (state.counts, state.hit, state.bad, state.victim) = (Counts::default(), false, None, None);
        state.armed = Some((fault, at));
    }

    /// Who is to be killed.
    pub fn victim(&self, process: u32) {
        self.state().victim = Some(process);
    }

    /// What was done since it was armed or loaded.
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Whether the fault has begun.
    pub fn has_failed(&self) -> bool {
        self.state().hit
    }

    /// The disk is well again, without anything being lost.
    pub fn heal(&self) {
        let mut state = self.state();
        (state.armed, state.hit, state.bad, state.victim) = (None, false, None, None);
    }

    /// The power goes; nobody may have a file open. With a seed a random part of what was not synced stays.
    pub fn lose_power(&mut self, seed: Option<u64>) {
        // What the kernel still has to give is lost, too.
        self.state().off = true;
        self.unmount();
        let mut state = self.state();
        state.lose(seed);
        (state.off, state.armed, state.hit, state.bad, state.victim) = (false, None, false, None, None);
        drop(state);
        self.mount();
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.state().off = true;
        self.unmount();
    }
}

/// A disk as it was.
pub struct Image(BTreeMap<u64, Node>, u64);

#[derive(Clone)]
enum Node {
    File {
        data: Vec<u8>,
        synced: Vec<u8>,
        /// Sectors that differ.
        dirty: BTreeSet<usize>,
        mode: u16,
        modified: SystemTime,
    },
    Folder {
        names: BTreeMap<OsString, u64>,
        synced: BTreeMap<OsString, u64>,
        mode: u16,
    },
}

/// A change of names that no sync of its folder has made last.
#[derive(Clone)]
struct Change {
    folder: u64,
    removed: Vec<OsString>,
    added: Option<(OsString, u64)>,
}

struct State {
    nodes: BTreeMap<u64, Node>,
    next: u64,
    pending: Vec<Change>,
    armed: Option<(Fault, u64)>,
    counts: Counts,
    hit: bool,
    /// Where a file cannot be read.
    bad: Option<(u64, u64)>,
    /// Who is killed.
    victim: Option<u32>,
    off: bool,
}

/// How many operations there were, of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts([u64; 4]);

impl Counts {
    /// At how many of them a fault could begin.
    pub fn of(self, fault: Fault) -> u64 {
        Operation::ALL.into_iter().filter(|o| fault.concerns(*o)).map(|o| self.0[o as usize]).sum()
    }
}

impl State {
    fn new() -> Self {
        Self {
            nodes: BTreeMap::from([(ROOT, Node::new_folder(0o755))]),
            next: ROOT + 1,
            pending: Vec::new(),
            armed: None,
            counts: Counts::default(),
            hit: false,
            bad: None,
            victim: None,
            off: false,
        }
    }

    /// Whether an operation fails, and how.
    fn fails(&mut self, operation: Operation) -> Option<Errno> {
        if self.off {
            return Some(Errno::EIO);
        }
        self.counts.0[operation as usize] += 1;
        let (fault, at) = self.armed?;
        let ready = fault != Fault::Kill || self.victim.is_some();
        let begins = !self.hit && ready && fault.concerns(operation) && self.counts.of(fault) >= at;
        self.hit |= begins;
        let changes = operation != Operation::Read;
        match fault {
            Fault::PowerLoss if self.hit => {
                self.off = true;
                Some(Errno::EIO)
            }
            Fault::Kill if begins => {
                let victim = self.victim.unwrap_or_default().to_string();
                let _ = Command::new("kill").args(["-9", &victim]).status();
                None
            }
            // What is removed needs no room.
            Fault::Full if self.hit && operation == Operation::Write => Some(Errno::ENOSPC),
            Fault::ReadOnly if self.hit && changes && operation != Operation::Sync => Some(Errno::EROFS),
            Fault::BadWrite | Fault::BadSync | Fault::BadRead if begins => Some(Errno::EIO),
            _ => None,
        }
    }

    fn settle(&mut self) {
        for node in self.nodes.values_mut() {
            match node {
                Node::File { .. } => node.sync(),
                Node::Folder { names, synced, .. } => synced.clone_from(names),
            }
        }
        self.pending.clear();
    }

    fn lose(&mut self, seed: Option<u64>) {
        let mut random = seed.unwrap_or(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random
        };
        // Disks keep changes of names in their order: some of the first of them may have come to the disk.
        let pending = std::mem::take(&mut self.pending);
        let kept = if seed.is_some() { next() as usize % (pending.len() + 1) } else { 0 };
        for change in pending.into_iter().take(kept) {
            self.make_last(&change);
        }
        for node in self.nodes.values_mut() {
            match node {
                Node::File { data, synced, dirty, .. } => {
                    if seed.is_some() {
                        if next() % 2 == 0 {
                            synced.resize(data.len(), 0);
                        }
                        dirty.retain(|_| next() % 2 == 0);
                        copy_sectors(data, synced, dirty);
                    }
                    data.clone_from(synced);
                    dirty.clear();
                }
                Node::Folder { names, synced, .. } => names.clone_from(synced),
            }
        }
    }

    fn make_last(&mut self, change: &Change) {
        if let Some(Node::Folder { synced, .. }) = self.nodes.get_mut(&change.folder) {
            for name in &change.removed {
                synced.remove(name);
            }
            synced.extend(change.added.clone());
        }
    }

    fn sync_folder(&mut self, folder: u64) {
        let (own, others) = std::mem::take(&mut self.pending).into_iter().partition(|c| c.folder == folder);
        self.pending = others;
        for change in Vec::<Change>::from_iter::<Vec<Change>>(own) {
            self.make_last(&change);
        }
    }

    fn names(&mut self, folder: u64) -> Result<&mut BTreeMap<OsString, u64>, Errno> {
        match self.nodes.get_mut(&folder) {
            Some(Node::Folder { names, .. }) => Ok(names),
            _ => Err(Errno::ENOENT),
        }
    }

    fn find(&mut self, folder: u64, name: &OsStr) -> Result<u64, Errno> {
        self.names(folder)?.get(name).copied().ok_or(Errno::ENOENT)
    }

    fn make(&mut self, folder: u64, name: &OsStr, node: Node) -> Result<FileAttr, Errno> {
        if self.names(folder)?.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        let number = self.next;
        self.next += 1;
        self.nodes.insert(number, node);
        self.names(folder)?.insert(name.to_owned(), number);
        let added = Some((name.to_owned(), number));
        self.pending.push(Change { folder, removed: Vec::new(), added });
        self.look(number)
    }

    fn remove(&mut self, folder: u64, name: &OsStr) -> Result<(), Errno> {
        let number = self.find(folder, name)?;
        if matches!(self.nodes.get(&number), Some(Node::Folder { names, .. }) if !names.is_empty()) {
            return Err(Errno::ENOTEMPTY);
        }
        self.names(folder)?.remove(name);
        self.pending.push(Change { folder, removed: vec![name.to_owned()], added: None });
        Ok(())
    }

    fn rename(&mut self, from: (u64, &OsStr), to: (u64, &OsStr)) -> Result<(), Errno> {
        let number = self.find(from.0, from.1)?;
        self.names(from.0)?.remove(from.1);
        self.names(to.0)?.insert(to.1.to_owned(), number);
        let added = Some((to.1.to_owned(), number));
        if from.0 == to.0 {
            self.pending.push(Change { folder: to.0, removed: vec![from.1.to_owned()], added });
        } else {
            self.pending.push(Change { folder: to.0, removed: Vec::new(), added });
            self.pending.push(Change { folder: from.0, removed: vec![from.1.to_owned()], added: None });
        }
        Ok(())
    }

    fn look(&self, number: u64) -> Result<FileAttr, Errno> {
        let node = self.nodes.get(&number).ok_or(Errno::ENOENT)?;
        let (kind, size, perm, at) = match node {
            Node::File { data, mode, modified, .. } => {
                (FileType::RegularFile, data.len() as u64, *mode, *modified)
            }
            Node::Folder { mode, .. } => (FileType::Directory, 0, *mode, SystemTime::UNIX_EPOCH),
        };
        Ok(FileAttr {
            ino: INodeNo(number),
            size,
            blocks: size.div_ceil(SECTOR as u64),
            atime: at,
            mtime: at,
            ctime: at,
            crtime: at,
            kind,
            perm,
            nlink: 1,
            uid: owner(),
            gid: owner(),
            rdev: 0,
            blksize: BLOCK,
            flags: 0,
        })
    }

    fn file(&mut self, number: u64) -> Result<&mut Node, Errno> {
        self.nodes.get_mut(&number).filter(|n| matches!(n, Node::File { .. })).ok_or(Errno::ENOENT)
    }
}

/// Who runs the tests; asked once, for what `/proc` says of a process is his.
fn owner() -> u32 {
    static OWNER: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *OWNER.get_or_init(|| {
        std::fs::metadata("/proc/self").map_or(0, |meta| std::os::unix::fs::MetadataExt::uid(&meta))
    })
}

fn copy_sectors(from: &[u8], to: &mut [u8], sectors: &BTreeSet<usize>) {
    for sector in sectors {
        let begin = sector * SECTOR;
        let end = (begin + SECTOR).min(from.len()).min(to.len());
        if begin < end {
            to[begin..end].copy_from_slice(&from[begin..end]);
        }
    }
}

impl Node {
    fn new_file(mode: u32) -> Self {
        let (data, synced, dirty) = (Vec::new(), Vec::new(), BTreeSet::new());
        Self::File { data, synced, dirty, mode: (mode & 0o7777) as u16, modified: SystemTime::now() }
    }

    fn new_folder(mode: u32) -> Self {
        Self::Folder { names: BTreeMap::new(), synced: BTreeMap::new(), mode: (mode & 0o7777) as u16 }
    }

    fn sync(&mut self) {
        if let Self::File { data, synced, dirty, .. } = self {
            synced.resize(data.len(), 0);
            copy_sectors(data, synced, dirty);
            dirty.clear();
        }
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        if let Self::File { data, dirty, modified, .. } = self {
            if data.len() < at + bytes.len() {
                dirty.extend(data.len() / SECTOR..=(at + bytes.len() - 1) / SECTOR);
                data.resize(at + bytes.len(), 0);
            }
            data[at..at + bytes.len()].copy_from_slice(bytes);
            if !bytes.is_empty() {
                dirty.extend(at / SECTOR..=(at + bytes.len() - 1) / SECTOR);
            }
            *modified = SystemTime::now();
        }
    }

    fn cut(&mut self, size: usize) {
        if let Self::File { data, dirty, modified, .. } = self {
            dirty.extend(data.len().min(size) / SECTOR..=data.len().max(size) / SECTOR);
            data.resize(size, 0);
            *modified = SystemTime::now();
        }
    }
}

struct Faulty(Arc<Mutex<State>>);

impl Faulty {
    /// Does something, unless it fails.
    fn act<T>(
        &self,
        operation: Operation,
        act: impl FnOnce(&mut State) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.fails(operation) {
            Some(error) => Err(error),
            None => act(&mut state),
        }
    }

    /// What no fault concerns.
    fn see<T>(&self, act: impl FnOnce(&mut State) -> Result<T, Errno>) -> Result<T, Errno> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.off { Err(Errno::EIO) } else { act(&mut state) }
    }
}

fn answer(done: Result<(), Errno>, reply: ReplyEmpty) {
    match done {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

fn answer_entry(made: Result<FileAttr, Errno>, reply: ReplyEntry) {
    match made {
        Ok(attributes) => reply.entry(&NEVER, &attributes, Generation(0)),
        Err(error) => reply.error(error),
    }
}

fn answer_attributes(found: Result<FileAttr, Errno>, reply: ReplyAttr) {
    match found {
        Ok(attributes) => reply.attr(&NEVER, &attributes),
        Err(error) => reply.error(error),
    }
}

impl Filesystem for Faulty {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        answer_entry(self.see(|s| s.find(parent.0, name).and_then(|n| s.look(n))), reply);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        answer_attributes(self.see(|s| s.look(ino.0)), reply);
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        changed: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let done = self.act(Operation::Name, |s| {
            match s.nodes.get_mut(&ino.0).ok_or(Errno::ENOENT)? {
                node @ Node::File { .. } => {
                    if let Some(size) = size {
                        node.cut(usize::try_from(size).map_err(|_| Errno::ENOSPC)?);
                    }
                    if let Node::File { mode: own, modified, .. } = node {
                        *own = mode.map_or(*own, |mode| (mode & 0o7777) as u16);
                        match changed {
                            Some(TimeOrNow::SpecificTime(at)) => *modified = at,
                            Some(TimeOrNow::Now) => *modified = SystemTime::now(),
                            None => {}
                        }
                    }
                }
                Node::Folder { mode: own, .. } => *own = mode.map_or(*own, |mode| (mode & 0o7777) as u16),
            }
            s.look(ino.0)
        });
        answer_attributes(done, reply);
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, reply: ReplyEntry) {
        let made = self.act(Operation::Name, |s| s.make(parent.0, name, Node::new_folder(mode)));
        answer_entry(made, reply);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(self.act(Operation::Name, |s| s.remove(parent.0, name)), reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(self.act(Operation::Name, |s| s.remove(parent.0, name)), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        _: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let (from, to) = ((parent.0, name), (new_parent.0, new_name));
        answer(self.act(Operation::Name, |s| s.rename(from, to)), reply);
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        // A new file needs room, as bytes do.
        let made = self.act(Operation::Write, |s| s.make(parent.0, name, Node::new_file(mode)));
        match made {
            Ok(attributes) => {
                reply.created(&NEVER, &attributes, Generation(0), FileHandle(0), FopenFlags::empty());
            }
            Err(error) => reply.error(error),
        }
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match self.see(|_| Ok(())) {
            Ok(()) => reply.opened(FileHandle(0), FopenFlags::empty()),
            Err(error) => reply.error(error),
        }
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let read = self.act(Operation::Read, |s| {
            // The kernel asks again for less, and then, too, it cannot be read.
            if s.bad
                .is_some_and(|(file, at)| file == ino.0 && (offset..offset + u64::from(size)).contains(&at))
            {
                return Err(Errno::EIO);
            }
            match s.file(ino.0)? {
                Node::File { data, .. } => {
                    let begin = usize::try_from(offset).map_err(|_| Errno::EINVAL)?.min(data.len());
                    Ok(data[begin..(begin + size as usize).min(data.len())].to_vec())
                }
                Node::Folder { .. } => Err(Errno::EISDIR),
            }
        });
        if read.is_err() {
            let _ = self.see(|s| {
                s.bad.get_or_insert((ino.0, offset));
                Ok(())
            });
        }
        match read {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(error),
        }
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let written = self.act(Operation::Write, |s| {
            s.file(ino.0)?.write(usize::try_from(offset).map_err(|_| Errno::EINVAL)?, data);
            u32::try_from(data.len()).map_err(|_| Errno::EINVAL)
        });
        match written {
            Ok(size) => reply.written(size),
            Err(error) => reply.error(error),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        let done = self.act(Operation::Sync, |s| {
            s.file(ino.0)?.sync();
            Ok(())
        });
        if done.is_err() {
            // Linux gives up what it could not write, and says so once.
            let _ = self.see(|s| match s.file(ino.0)? {
                Node::File { dirty, .. } => {
                    dirty.clear();
                    Ok(())
                }
                Node::Folder { .. } => Ok(()),
            });
        }
        answer(done, reply);
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        let done = self.act(Operation::Sync, |s| {
            s.sync_folder(ino.0);
            Ok(())
        });
        answer(done, reply);
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let listed = self.see(|s| {
            let names = s.names(ino.0)?.clone();
            let kind = |number: &u64| match s.nodes.get(number) {
                Some(Node::Folder { .. }) => FileType::Directory,
                _ => FileType::RegularFile,
            };
            let dots = [(OsString::from("."), ino.0), (OsString::from(".."), ROOT)].into_iter();
            Ok(dots.chain(names).map(|(name, n)| (n, kind(&n), name)).collect::<Vec<_>>())
        });
        match listed {
            Ok(entries) => {
                for (at, (number, kind, name)) in (1..).zip(entries).skip(offset as usize) {
                    if reply.add(INodeNo(number), at, kind, name) {
                        break;
                    }
                }
                reply.ok();
            }
            Err(error) => reply.error(error),
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let full = self.see(|s| Ok(s.hit && matches!(s.armed, Some((Fault::Full, _))))).unwrap_or(false);
        let blocks = SIZE / u64::from(BLOCK);
        let free = if full { 0 } else { blocks / 2 };
        reply.statfs(blocks, free, free, 1 << 20, 1 << 19, BLOCK, 255, BLOCK);
    }
}

/// A path on the disk.
impl Disk {
    pub fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs::{self, File},
        io::Write,
    };

    fn sync(path: &Path) {
        File::open(path).unwrap().sync_all().unwrap();
    }

    #[test]
    fn what_is_synced_stays_and_the_rest_goes() {
        let mut disk = Disk::new();
        for name in ["kept", "unsynced", "unnamed"] {
            fs::write(disk.at(name), name).unwrap();
        }
        sync(&disk.at("kept"));
        sync(disk.path());
        sync(&disk.at("unnamed"));
        fs::write(disk.at("late"), "late").unwrap();
        sync(&disk.at("late"));
        disk.lose_power(None);
        assert_eq!(fs::read(disk.at("kept")).unwrap(), b"kept");
        assert_eq!(fs::read(disk.at("unsynced")).unwrap(), b"", "its name was synced, its bytes were not");
        assert_eq!(fs::read(disk.at("unnamed")).unwrap(), b"unnamed");
        assert!(!disk.at("late").exists(), "its bytes were synced, its name was not");
    }

    #[test]
    fn a_rename_counts_once_its_folder_is_synced() {
        let mut disk = Disk::new();
        fs::write(disk.at("old"), "one").unwrap();
        sync(&disk.at("old"));
        sync(disk.path());
        fs::rename(disk.at("old"), disk.at("new")).unwrap();
        let image = disk.image();
        disk.load(&image);
        fs::rename(disk.at("new"), disk.at("newest")).unwrap();
        disk.lose_power(None);
        assert!(disk.at("new").exists() && !disk.at("newest").exists());
        fs::rename(disk.at("new"), disk.at("newest")).unwrap();
        sync(disk.path());
        disk.lose_power(None);
        assert!(disk.at("newest").exists() && !disk.at("new").exists());
    }

    #[test]
    fn a_torn_write_keeps_some_sectors() {
        let mut disk = Disk::new();
        fs::write(disk.at("file"), vec![1; 1 << 16]).unwrap();
        sync(&disk.at("file"));
        sync(disk.path());
        fs::write(disk.at("other"), vec![0; 10]).unwrap();
        File::options().write(true).open(disk.at("file")).unwrap().write_all(&vec![2; 1 << 16]).unwrap();
        disk.lose_power(Some(7));
        let bytes = fs::read(disk.at("file")).unwrap();
        assert_eq!(bytes.len(), 1 << 16);
        let of = |wanted: u8| bytes.chunks(SECTOR).filter(|s| s.iter().all(|b| *b == wanted)).count();
        assert!(of(1) > 30 && of(2) > 30 && of(1) + of(2) == 128, "{} {}", of(1), of(2));
    }

    #[test]
    fn each_fault_is_what_it_is_called() {
        let disk = Disk::new();
        let write = |name: &str| fs::write(disk.at(name), "some").map_err(|e| e.raw_os_error().unwrap());
        disk.arm(Fault::Full, 1);
        assert_eq!(write("a"), Err(28));
        disk.heal();
        write("a").unwrap();
        disk.arm(Fault::ReadOnly, 1);
        assert_eq!(write("b"), Err(30));
        disk.arm(Fault::BadWrite, 2);
        assert_eq!(write("b"), Err(5), "the file is made, and cannot be written");
        write("b").unwrap();
        disk.arm(Fault::BadSync, 1);
        let file = File::options().append(true).open(disk.at("b")).unwrap();
        assert!(file.sync_all().is_err());
        file.sync_all().unwrap();
        disk.arm(Fault::BadRead, 1);
        assert!(fs::read(disk.at("a")).is_err());
        assert_eq!(fs::read(disk.at("b")).unwrap(), b"some");
        assert!(disk.has_failed());
    }
}
