//! New versions of the program, as an app offers them: what is known of them, a proven backup before one is put in place, and the
//! way back. The lists, packages and signatures are [`satchel_update`]'s.

pub use satchel_update::{
    Begin, Came, Channel, Installed, Outcome, SELF_CHECK, UpdateError, Updates, Version, WentBack,
};

use crate::{
    AppError, Cancel, Progress, Satchel, Session, Unlock,
    error::Code,
    session::now,
    state_dir,
    views::{BackupView, RestoredView},
};
use satchel_audit::Act;
use satchel_domain::date::rfc3339;
use satchel_update::{Release, Source, State};
use satchel_vault::{BackupKey, Keyring, VaultDir, Witness, files::sync_dir};
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

/// What somebody has to write who installs without a backup, in either language.
pub const WITHOUT_BACKUP: [&str; 2] = ["without a backup", "不备份"];

impl From<UpdateError> for AppError {
    fn from(error: UpdateError) -> Self {
        let code = match &error {
            UpdateError::Unreachable(..) | UpdateError::Answered(..) | UpdateError::CutOff { .. } => {
                Code::Unreachable
            }
            UpdateError::Stopped => Code::Cancelled,
            UpdateError::Busy => Code::InUse,
            UpdateError::NothingFound | UpdateError::NothingKept => Code::NotFound,
            UpdateError::KeptDamaged => Code::Damaged,
            UpdateError::Io { source, .. } => return Self::from_io(source, error.to_string()),
            _ => Code::Refused,
        };
        Self::new(code, error.to_string())
    }
}

/// What a build says of where new versions come from; empty texts are nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Configured {
    /// Whose signature counts.
    pub key: String,
    /// The folder of the lists.
    pub lists: String,
    /// Where a person gets new versions.
    pub page: String,
}

impl Configured {
    /// A build for tests is told by its environment; what people get never is.
    fn or_of_tests(mut self) -> Self {
        for (value, name) in [
            (&mut self.key, "SATCHEL_UPDATE_KEY"),
            (&mut self.lists, "SATCHEL_UPDATE_LISTS"),
            (&mut self.page, "SATCHEL_UPDATE_PAGE"),
        ] {
            if let Some(told) = of_tests(name) {
                *value = told;
            }
        }
        self
    }
}

fn of_tests(name: &str) -> Option<String> {
    cfg!(debug_assertions).then(|| std::env::var(name).ok()).flatten()
}

/// The version that runs.
pub fn running() -> Version {
    let own = || env!("CARGO_PKG_VERSION").parse().expect("cargo takes no other");
    of_tests("SATCHEL_UPDATE_VERSION").and_then(|told| told.parse().ok()).unwrap_or_else(own)
}

/// What the program answers to [`SELF_CHECK`], once its parts have been found to load.
pub fn self_check() -> String {
    crate::version();
    satchel_update::self_check(&running().to_string())
}

/// Where this computer keeps what it knows of new versions; no vault has to do with it.
fn folder() -> PathBuf {
    state_dir().join("update")
}

/// How a new version comes into the place of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// By Satchel itself.
    Here,
    /// By the system's packages.
    System,
    /// By whoever has put this copy where it is.
    ByHand,
}

/// The new versions of this copy of the program.
#[derive(Debug)]
pub struct Updating {
    pub updates: Updates,
    way: Way,
    page: Option<String>,
}

/// A version that is newer than the one that runs.
#[derive(Clone, Debug, Serialize, specta::Type)]
pub struct NewVersionView {
    pub version: String,
    pub notes: satchel_update::Notes,
    pub published: Option<String>,
    /// In bytes; none where there is no package for this kind of computer.
    #[specta(type = Option<u32>)]
    pub size: Option<u64>,
    /// It is here, and can be installed.
    pub ready: bool,
    /// It was tried, and did not start.
    pub failed: bool,
}

#[derive(Clone, Debug, Serialize, specta::Type)]
pub struct WentBackView {
    pub from: String,
    pub to: String,
    pub at: String,
    pub by_hand: bool,
    /// The backup that was made before, where it still is.
    pub backup: Option<String>,
    /// Where the vault is kept that the newer version had changed.
    pub aside: Option<String>,
    pub reports: Vec<String>,
}

#[derive(Clone, Debug, Serialize, specta::Type)]
pub struct UpdatesView {
    pub version: String,
    /// Who is asked; nobody, where the build has no key for what would come.
    pub host: Option<String>,
    pub page: Option<String>,
    pub way: Way,
    /// Whether it looks by itself.
    pub looking: bool,
    pub channel: Channel,
    pub looked_at: Option<String>,
    pub listed_at: Option<String>,
    pub trouble: Option<String>,
    pub found: Option<NewVersionView>,
    /// Of the version that runs, where they are known.
    pub notes: Option<satchel_update::Notes>,
    /// It is in its place, and runs from the next start on.
    pub waiting: Option<String>,
    /// The version that one can go back to.
    pub way_back: Option<String>,
    pub went_back: Option<WentBackView>,
}

#[derive(Clone, Debug, Serialize, specta::Type)]
pub struct InstalledView {
    pub version: String,
    pub backup: Option<BackupView>,
}

/// What has become of a vault whose place a backup has taken.
#[derive(Clone, Debug, Serialize, specta::Type)]
pub struct RestoredInsteadView {
    pub restored: RestoredView,
    /// Where the vault is that was there.
    pub aside: String,
}

impl Updating {
    pub fn of_this_program(configured: Configured) -> Self {
        let var = |name: &str| std::env::var_os(name);
        let program = std::env::current_exe().unwrap_or_default();
        let image = Installed::app_image(var("APPIMAGE").as_deref(), var("APPDIR").as_deref(), &program);
        let installed = image.unwrap_or(Installed::System);
        Self::new(configured.or_of_tests(), folder(), running(), (installed, &program))
    }

    pub fn new(
        configured: Configured,
        folder: PathBuf,
        running: Version,
        (installed, program): (Installed, &Path),
    ) -> Self {
        let way = match installed {
            Installed::System if program.starts_with("/usr") || program.starts_with("/opt") => Way::System,
            Installed::System => Way::ByHand,
            _ => Way::Here,
        };
        let page = Some(configured.page).filter(|page| page.starts_with("https://"));
        let source = Source::read(&configured.lists, &configured.key).ok();
        Self { updates: Updates::new(folder, running, source, installed), way, page }
    }

    /// Only what is known: nobody is asked.
    pub fn view(&self) -> UpdatesView {
        let (state, running) = (self.updates.state(), self.updates.running());
        let moment = |at: Option<i64>| at.map(rfc3339);
        UpdatesView {
            version: running.to_string(),
            host: self.updates.source_host(),
            page: self.page.clone(),
            way: self.way,
            looking: state.looking,
            channel: state.channel,
            looked_at: moment(state.looked_at),
            listed_at: moment(state.listed_at),
            trouble: state.trouble.clone(),
            found: state.newer(running).map(|release| found(release, &state)),
            notes: state.found.clone().filter(|known| known.version == *running).map(|known| known.notes),
            waiting: self.updates.waiting().map(|version| version.to_string()),
            way_back: self.updates.way_back().map(|version| version.to_string()),
            went_back: self.updates.went_back().map(went_back),
        }
    }

    /// Brings what was found onto this computer, and checks it.
    pub fn fetch(
        &self,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<UpdatesView, AppError> {
        let mut told = |done, total| progress(Progress { done, total });
        self.updates.fetch(&mut told, &|| cancel.is_asked())?;
        Ok(self.view())
    }
}

fn found(release: &Release, state: &State) -> NewVersionView {
    let ready = |staged: &satchel_update::Staged| {
        staged.version == release.version && Some(&staged.package) == release.package.as_ref()
    };
    NewVersionView {
        version: release.version.to_string(),
        notes: release.notes.clone(),
        published: release.published.clone(),
        size: release.package.as_ref().map(|package| package.size),
        ready: state.staged.as_ref().is_some_and(ready),
        failed: state.failed.as_ref() == Some(&release.version),
    }
}

fn went_back(went: WentBack) -> WentBackView {
    WentBackView {
        from: went.from.to_string(),
        to: went.to.to_string(),
        at: rfc3339(went.at),
        by_hand: went.by_hand,
        backup: went.backup.filter(|file| file.is_file()).map(|file| file.display().to_string()),
        aside: went.aside.map(|vault| vault.display().to_string()),
        reports: went.reports,
    }
}

/// What this computer last heard of new versions; for who only looks.
pub(crate) fn last_heard() -> State {
    State::read(&folder())
}

impl Session {
    /// Makes and proves a backup, and puts what was fetched in the place of the program. Without a backup only for who writes
    /// that it is so.
    pub fn install_update(
        &self,
        updating: &Updating,
        said: &str,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<InstalledView, AppError> {
        let updates = &updating.updates;
        let staged = updates.staged()?;
        let backup = match self.back_up_before_update(progress, cancel) {
            Ok(backup) => Some(backup),
            Err(e) if e.code == Code::Cancelled => return Err(e),
            Err(_) if WITHOUT_BACKUP.contains(&said.trim().to_lowercase().as_str()) => None,
            Err(e) => {
                return Err(AppError::new(
                    Code::NeedsDecision,
                    format!("no backup could be made and proven ({e}); nothing was installed"),
                ));
            }
        };
        let file = backup.as_ref().map(|backup| PathBuf::from(&backup.file));
        updates.install(file, now(), |_, _| Err(UpdateError::BySystem))?;
        let facts = [
            ("change", "installed".into()),
            ("from", updates.running().to_string().into()),
            ("to", staged.version.to_string().into()),
            ("backed_up", backup.is_some().into()),
        ];
        // It is in its place, whatever the trail can take.
        let _ = self.note(Act::Update, facts);
        Ok(InstalledView { version: staged.version.to_string(), backup })
    }

    /// Tells the trail that the program from before was put back, once.
    pub fn note_went_back(&self, updating: &Updating) {
        let Some(went) = updating.updates.tell_went_back() else { return };
        let facts = [
            ("change", "went_back".into()),
            ("from", went.to.to_string().into()),
            ("to", went.from.to_string().into()),
            ("by_hand", went.by_hand.into()),
        ];
        let _ = self.note(Act::Update, facts);
    }
}

impl Satchel {
    /// Makes the vault of a backup, and puts it in the place of one that a newer version has written. That one is kept beside it:
    /// nothing is overwritten, and each step leaves the one or the other.
    pub fn restore_instead(
        &self,
        file: &Path,
        typed: &str,
        keyring: Keyring,
    ) -> Result<RestoredInsteadView, AppError> {
        let key = BackupKey::typed(typed)?;
        if self.session().is_ok() {
            return Err(AppError::refused("this vault opens; lock it before a backup takes its place"));
        }
        // Whoever has it open keeps it.
        drop(self.take_lock()?);
        let beside = self.path().parent().unwrap_or(Path::new(".")).to_owned();
        let name = self.path().file_name().unwrap_or(OsStr::new("vault")).to_string_lossy().into_owned();
        let made = beside.join(format!(".{name}-{}", uuid::Uuid::new_v4().simple()));
        let never = Cancel::default();
        let mut restored = crate::restore_backup(file, &key, &made, keyring, &mut |_| {}, &never)?;
        let aside = self.swap_in(&made, &free_name(&beside, &name)).inspect_err(|_| {
            let _ = fs::remove_dir_all(&made);
        })?;
        restored.vault = self.path().display().to_string();
        self.unlock(Unlock::typed(typed)?, keyring)?;
        Ok(RestoredInsteadView { restored, aside: aside.display().to_string() })
    }

    /// Moves the vault away and another into its place.
    fn swap_in(&self, made: &Path, aside: &Path) -> Result<PathBuf, AppError> {
        let id = VaultDir::open(made)?.id();
        let (state, vault) = (state_dir(), self.path());
        let known = Witness::of(&state, id, made);
        // Another process that has opened it meanwhile keeps it.
        drop(self.take_lock()?);
        fs::rename(vault, aside).map_err(AppError::io(vault))?;
        if let Err(e) = fs::rename(made, vault) {
            let _ = fs::rename(aside, vault);
            return Err(AppError::io(made)(e));
        }
        // Else it would be taken for a copy, and write as another device once more.
        let _ = known.becomes(&Witness::of(&state, id, vault));
        let _ = vault.parent().map(sync_dir);
        Ok(aside.to_owned())
    }
}

/// A name for the vault that makes room: nothing has it.
fn free_name(beside: &Path, name: &str) -> PathBuf {
    let day: String = rfc3339(now()).chars().take(10).collect();
    let names = std::iter::once(String::new()).chain((2..).map(|n| format!("-{n}")));
    let mut free = names.map(|n| beside.join(format!("{name}-newer-{day}{n}")));
    free.find(|path| !path.exists()).expect("numbers do not end")
}
