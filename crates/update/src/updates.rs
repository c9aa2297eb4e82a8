//! What a host asks for, over a folder of its own.

use crate::{
    UpdateError,
    fetch::{self, Address},
    files,
    manifest::{self, Channel, List, Package},
    program::{self, Installed},
    signature::{Key, VerifyError},
    state::{Found, Staged, State},
    trial::{Begin, Next, Note, Outcome, Trial, WentBack},
};
use semver::Version;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Where the lists are, and whose signature they bear. Built into the program.
#[derive(Clone, Debug)]
pub struct Source {
    address: Address,
    key: Key,
}

impl Source {
    pub fn read(address: &str, key: &str) -> Result<Self, UpdateError> {
        if key.trim().is_empty() || address.trim().is_empty() {
            return Err(UpdateError::NoKey);
        }
        Ok(Self { address: Address::read(address)?, key: Key::read(key)? })
    }

    /// Who is asked.
    pub fn host(&self) -> String {
        self.address.host()
    }
}

#[derive(Debug)]
pub struct Updates {
    folder: PathBuf,
    running: Version,
    source: Option<Source>,
    installed: Installed,
    /// Held while the state is read and written.
    writing: Mutex<()>,
    /// Held while something is fetched or installed.
    alone: Mutex<()>,
    /// Held for as long as this process is the one that runs.
    only: Mutex<Option<File>>,
    /// This start has opened a vault: what it opens later says nothing new.
    opened: AtomicBool,
}

impl Updates {
    pub fn new(folder: PathBuf, running: Version, source: Option<Source>, installed: Installed) -> Self {
        let (writing, alone, only, opened) = Default::default();
        Self { folder, running, source, installed, writing, alone, only, opened }
    }

    pub fn running(&self) -> &Version {
        &self.running
    }

    pub fn installed(&self) -> &Installed {
        &self.installed
    }

    /// Without a source, which has the key, it never looks.
    pub fn source_host(&self) -> Option<String> {
        self.source.as_ref().map(Source::host)
    }

    pub fn state(&self) -> State {
        State::read(&self.folder)
    }

    fn change(&self, change: impl FnOnce(&mut State)) -> Result<State, UpdateError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.state();
        change(&mut state);
        state.write(&self.folder)?;
        Ok(state)
    }

    fn source(&self) -> Result<&Source, UpdateError> {
        self.source.as_ref().ok_or(UpdateError::NoKey)
    }

    fn alone(&self) -> Result<MutexGuard<'_, ()>, UpdateError> {
        match self.alone.try_lock() {
            Ok(guard) => Ok(guard),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(UpdateError::Busy),
        }
    }

    /// What was found for one channel says nothing of the other.
    pub fn set(&self, looking: bool, channel: Channel) -> Result<(), UpdateError> {
        let state = self.change(|state| {
            if state.channel != channel {
                (state.found, state.looked_at, state.trouble) = (None, None, None);
                (state.staged, state.listed_at) = (None, None);
            }
            (state.looking, state.channel) = (looking, channel);
        })?;
        self.tidy(&state);
        Ok(())
    }

    /// Whether it is time to look by itself.
    pub fn is_due(&self, now: i64) -> bool {
        self.source.is_some() && self.state().is_due(now)
    }

    pub fn look(&self, now: i64) -> Result<Found, UpdateError> {
        let source = self.source()?;
        let State { channel, listed_at, .. } = self.state();
        let looked = fetch::list(&source.address, &source.key, channel)
            .and_then(|bytes| {
                manifest::read(&bytes, channel, &self.running, self.installed.target().as_deref())
            })
            .and_then(|list| not_replayed(list, listed_at));
        let trouble = looked.as_ref().err().map(ToString::to_string);
        let mut found = Found::Nothing;
        self.change(|state| {
            // Somebody has chosen another channel meanwhile.
            if state.channel != channel {
                return;
            }
            (state.looked_at, state.trouble) = (Some(now), trouble);
            if let Ok(List { published, release }) = &looked {
                (state.found, state.listed_at) = (release.clone(), published.or(state.listed_at));
                found = release.as_ref().map_or(Found::Nothing, |r| Found::Newer(r.version.clone()));
            }
        })?;
        looked.map(|_| found)
    }

    /// Brings what was found onto this computer.
    pub fn fetch(
        &self,
        progress: &mut dyn FnMut(u64, u64),
        stopped: &dyn Fn() -> bool,
    ) -> Result<Staged, UpdateError> {
        let (source, _alone) = (self.source()?, self.alone()?);
        let target = self.installed.target().ok_or(UpdateError::BySystem)?;
        let state = self.state();
        let release = state.newer(&self.running).ok_or(UpdateError::NothingFound)?;
        let Some(package) = &release.package else {
            return Err(UpdateError::NoPackage { version: release.version.clone(), target });
        };
        if let Some(staged) = state.staged.clone().filter(|s| s.package == *package && s.file.is_file()) {
            return Ok(staged);
        }
        let folder = self.folder.join("package");
        // Half ones of before.
        let _ = fs::remove_dir_all(&folder);
        files::make_folder(&folder)?;
        let file = folder.join(release.version.to_string());
        fetch::download(&source.address, package, &file, progress, stopped)
            .and_then(|()| self.verify(&file, package, &release.version))
            .inspect_err(|_| drop(fs::remove_file(&file)))?;
        let (version, package) = (release.version.clone(), package.clone());
        let staged = Staged { version, package, file };
        self.change(|state| state.staged = Some(staged.clone()))?;
        Ok(staged)
    }

    fn verify(&self, file: &Path, package: &Package, version: &Version) -> Result<(), UpdateError> {
        let io = UpdateError::io(file);
        let mut from = File::open(file).map_err(&io)?;
        let signed = (package.signature.as_str(), version);
        match self.source()?.key.copy_verified(&mut from, &mut std::io::sink(), signed) {
            Ok(_) => Ok(()),
            Err(VerifyError::Update(e)) => Err(e),
            Err(VerifyError::Io(e)) => Err(io(e)),
        }
    }

    /// What could be installed now; why not, where that is known before anything is touched.
    pub fn staged(&self) -> Result<Staged, UpdateError> {
        self.source()?;
        self.installed.program().ok_or(UpdateError::BySystem)?;
        if let Some(waiting) = self.waiting() {
            return Err(UpdateError::Waiting(waiting));
        }
        let staged = self.state().staged.ok_or(UpdateError::NothingFound)?;
        // Whatever the state has come to say: an older version is never installed.
        match staged.version.cmp_precedence(&self.running).is_gt() {
            true => Ok(staged),
            false => Err(UpdateError::NotNewer { offered: staged.version, running: self.running.clone() }),
        }
    }

    /// A version that is in its place, and runs from the next start on.
    pub fn waiting(&self) -> Option<Version> {
        match self.note()? {
            Note::Trying(trial) if trial.from == self.running => Some(trial.to),
            Note::WentBack(went) if went.to == self.running => Some(went.from),
            _ => None,
        }
    }

    /// Puts what was fetched in the place of the program that runs; it is on trial from its next start on. For an installer,
    /// `run` gets the package (its address and signature, and its verified bytes) and starts it.
    pub fn install(
        &self,
        backup: Option<PathBuf>,
        now: i64,
        run: impl FnOnce(&Staged, Vec<u8>) -> Result<(), UpdateError>,
    ) -> Result<(), UpdateError> {
        let (source, _alone) = (self.source()?, self.alone()?);
        let program = self.installed.program().ok_or(UpdateError::BySystem)?;
        let staged = self.staged()?;
        let before = self.note();
        let (part, bytes) = match &self.installed {
            Installed::AppImage(_) => (Some(program::try_out(&staged, program, &source.key)?), Vec::new()),
            _ => (None, self.verified(&staged)?),
        };
        let changed = self.begin_trial(&staged, program, backup, now).and_then(|()| match &part {
            Some(part) => files::put_in_place(part, program),
            None => run(&staged, bytes),
        });
        if changed.is_err() {
            let _ = self.write_trial(before.as_ref());
            let _ = part.map(fs::remove_file);
        }
        self.tidy_kept();
        changed?;
        let state = self.change(|state| state.staged = None)?;
        self.tidy(&state);
        Ok(())
    }

    fn verified(&self, staged: &Staged) -> Result<Vec<u8>, UpdateError> {
        let io = UpdateError::io(&staged.file);
        let (mut from, mut bytes) = (File::open(&staged.file).map_err(&io)?, Vec::new());
        let signed = (staged.package.signature.as_str(), &staged.version);
        match self.source()?.key.copy_verified(&mut from, &mut bytes, signed) {
            Ok(_) => Ok(bytes),
            Err(VerifyError::Update(e)) => Err(e),
            Err(VerifyError::Io(e)) => Err(io(e)),
        }
    }

    fn begin_trial(
        &self,
        staged: &Staged,
        program: &Path,
        backup: Option<PathBuf>,
        now: i64,
    ) -> Result<(), UpdateError> {
        let (kept, hash) = program::keep(program, &self.kept_folder(), &self.running)?;
        let trial = Trial {
            from: self.running.clone(),
            to: staged.version.clone(),
            at: now,
            backup,
            kept,
            hash,
            program: program.to_owned(),
            starts: 0,
            reports: Vec::new(),
        };
        files::write_note(&self.trial_file(), &Note::Trying(trial))
    }

    /// What is nobody's any more.
    fn tidy(&self, state: &State) {
        if state.staged.is_none() {
            let _ = fs::remove_dir_all(self.folder.join("package"));
        }
    }

    fn kept_folder(&self) -> PathBuf {
        self.folder.join("kept")
    }

    /// Only the program stays to which one can go back.
    fn tidy_kept(&self) {
        let kept = self.note().and_then(|note| note.way_back(&self.running)).map(|trial| trial.kept);
        for entry in fs::read_dir(self.kept_folder()).into_iter().flatten().flatten() {
            if Some(entry.path()) != kept {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// What an installation has left that was cut off.
    fn sweep(&self) {
        if let Installed::AppImage(program) = &self.installed {
            let _ = fs::remove_file(files::part_of(program));
        }
        let old = |staged: &Staged| staged.version.cmp_precedence(&self.running).is_le();
        if self.state().staged.as_ref().is_some_and(old)
            && let Ok(state) = self.change(|state| state.staged = None)
        {
            self.tidy(&state);
        }
        self.tidy_kept();
    }

    fn trial_file(&self) -> PathBuf {
        self.folder.join("trial.json")
    }

    fn note(&self) -> Option<Note> {
        files::read_note(&self.trial_file())
    }

    fn write_trial(&self, note: Option<&Note>) -> Result<(), UpdateError> {
        match note {
            Some(note) => files::write_note(&self.trial_file(), note),
            None => match fs::remove_file(self.trial_file()) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    Err(UpdateError::io(&self.trial_file())(e))
                }
                _ => Ok(()),
            },
        }
    }

    /// The first thing that a start does. What fails here must not keep anybody from working.
    pub fn begin(&self, now: i64) -> Begin {
        // A second start of a program that runs hands over to it, and is no start.
        if !self.is_only() {
            return Begin::Go;
        }
        if let Some(note) = self.note() {
            match note.clone().starting(&self.running) {
                Next::Go(next) if next.as_ref() != Some(&note) => drop(self.write_trial(next.as_ref())),
                Next::Go(_) => {}
                Next::GoBack(trial) => return self.take_back(trial, now),
            }
        }
        self.sweep();
        Begin::Go
    }

    /// The version to which one can go back.
    pub fn way_back(&self) -> Option<Version> {
        self.note()?.way_back(&self.running).map(|trial| trial.from)
    }

    /// Puts the version from before in its place again because somebody says so; it runs from the next start on.
    pub fn go_back(&self, now: i64) -> Result<WentBack, UpdateError> {
        let _alone = self.alone()?;
        let trial = self.note().and_then(|note| note.way_back(&self.running));
        let trial = trial.ok_or(UpdateError::NothingKept)?;
        program::put_back(&trial.kept, &trial.hash, &trial.program)?;
        // What has never run leaves nothing to tell.
        let has_run = trial.to == self.running;
        let went = WentBack { by_hand: true, ..trial.gone_back(now) };
        self.write_trial(has_run.then(|| Note::WentBack(went.clone())).as_ref())?;
        self.tidy_kept();
        Ok(went)
    }

    fn take_back(&self, mut trial: Trial, now: i64) -> Begin {
        match program::put_back(&trial.kept, &trial.hash, &trial.program) {
            Ok(()) => {
                let (program, failed) = (trial.program.clone(), trial.to.clone());
                let _ = self.write_trial(Some(&Note::WentBack(trial.gone_back(now))));
                let _ = self.change(|state| {
                    (state.failed, state.staged) = (Some(failed), None);
                });
                self.let_go();
                Begin::GoneBack(program)
            }
            // There is only this version then: it is tried on and on.
            Err(e) => {
                trial.report(&e.to_string());
                trial.starts = 1;
                let _ = self.write_trial(Some(&Note::Trying(trial)));
                Begin::Go
            }
        }
    }

    fn is_only(&self) -> bool {
        let mut only = self.only.lock().unwrap_or_else(PoisonError::into_inner);
        if only.is_some() {
            return true;
        }
        let _ = files::make_folder(&self.folder);
        let path = self.folder.join("running.lock");
        // Where locks are unknown nobody is told apart.
        match File::options().create(true).truncate(false).write(true).open(path) {
            Ok(file) => match held(&file) {
                true => false,
                false => {
                    *only = Some(file);
                    true
                }
            },
            Err(_) => true,
        }
    }

    /// Before another version is started in this one's place.
    pub fn let_go(&self) {
        self.only.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Whether what runs is on trial.
    pub fn is_on_trial(&self) -> bool {
        matches!(self.note(), Some(Note::Trying(trial)) if trial.to == self.running)
    }

    /// How a start has gone on. What was kept goes some time after the new version has run.
    pub fn note_outcome(&self, outcome: Outcome, now: i64) {
        if outcome == Outcome::Opened && self.opened.swap(true, Ordering::Relaxed) {
            return;
        }
        let Some(note) = self.note() else { return };
        if let (Note::Good(trial), Outcome::Opened) = (&note, &outcome) {
            if trial.is_over(&self.running, now) {
                let _ = self.write_trial(None);
                self.tidy_kept();
            }
            return;
        }
        let next = note.clone().after(outcome);
        if next != note {
            let _ = self.write_trial(Some(&next));
        }
    }

    /// What a person has to know: this version is back after a newer one.
    pub fn went_back(&self) -> Option<WentBack> {
        match self.note()? {
            Note::WentBack(went) if went.from == self.running => Some(went),
            _ => None,
        }
    }

    /// The trail is told of it once.
    pub fn tell_went_back(&self) -> Option<WentBack> {
        let went = self.went_back().filter(|went| !went.told)?;
        let told = Note::WentBack(WentBack { told: true, ..went.clone() });
        self.write_trial(Some(&told)).ok().map(|()| went)
    }

    /// A backup has taken the place of the vault that the newer version had changed, and that one lies elsewhere.
    pub fn note_aside(&self, vault: PathBuf) -> Result<(), UpdateError> {
        match self.went_back() {
            Some(went) => self.write_trial(Some(&Note::WentBack(WentBack { aside: Some(vault), ..went }))),
            None => Ok(()),
        }
    }

    pub fn forget_went_back(&self) -> Result<(), UpdateError> {
        match self.went_back() {
            Some(_) => self.write_trial(None),
            None => Ok(()),
        }
    }
}

/// Lists only get newer: one that is older is an old copy, by which somebody would hide what is new.
fn not_replayed(list: List, seen: Option<i64>) -> Result<List, UpdateError> {
    let old = seen.is_some_and(|seen| list.published.is_none_or(|published| published < seen));
    match old {
        true => {
            let at = list.published.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
            Err(UpdateError::Replayed(at.map_or_else(|| "?".to_owned(), |at| at.to_string())))
        }
        false => Ok(list),
    }
}

/// Looks at a lock that is held.
const PATIENCE: u32 = 20;

/// Whether another program holds a lock. One that has just ended may have left it, for a moment, to a child that it was about to
/// start.
fn held(file: &File) -> bool {
    for _ in 0..PATIENCE {
        if !matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}
