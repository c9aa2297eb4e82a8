//! New versions: what a start and an end have to do with them, the look once a day, and the commands.

use crate::{
    commands::{Answer, Desktop, Job, long, run, working},
    mail::open_outside,
};
use satchel_app::{
    AppError, Code, Keyring, now,
    update::{
        self, Begin, Came, Channel, Configured, InstalledView, Outcome, RestoredInsteadView, UpdatesView,
        Updating,
    },
};
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};
use tauri::{AppHandle, State};

/// Whether it is time to look is asked so often: a timer stands still while the computer sleeps.
const ASK: Duration = Duration::from_secs(600);
/// A start has other things to do first.
const FIRST: Duration = Duration::from_secs(60);

/// What this start knows of itself.
#[derive(Debug)]
pub struct Start {
    pub updating: Updating,
    came: Mutex<Came>,
    /// Started when this process ends.
    next: Mutex<Option<PathBuf>>,
}

/// A newer version was found that was not known before.
#[derive(Clone, Debug, Serialize, Deserialize, specta::Type, tauri_specta::Event)]
pub struct UpdateEvent {
    pub version: String,
}

fn millis() -> i64 {
    now().as_millisecond()
}

/// Answers a version that wants to know whether this one runs here, without a window.
pub fn answers_self_check() -> bool {
    let asked = std::env::args_os().nth(1).is_some_and(|arg| arg == update::SELF_CHECK);
    if asked {
        println!("{}", update::self_check());
    }
    asked
}

/// The first thing of a start. Nothing where the version from before is back and was started instead.
pub fn begin(config: &tauri::Config) -> Option<Arc<Start>> {
    let configured = config.plugins.0.get("updates").cloned().unwrap_or_default();
    let configured = serde_json::from_value::<Configured>(configured).unwrap_or_default();
    let updating = Updating::of_this_program(configured);
    match updating.updates.begin(millis()) {
        Begin::Go => {
            let (came, next) = Default::default();
            Some(Arc::new(Start { updating, came, next }))
        }
        Begin::GoneBack(program) => {
            start(&program);
            None
        }
    }
}

/// Starts the program anew, without what belongs to the image that runs now.
fn start(program: &Path) {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for name in ["APPIMAGE", "APPDIR", "ARGV0", "OWD"] {
        command.env_remove(name);
    }
    if let Err(e) = command.spawn() {
        eprintln!("satchel: {} could not be started ({e}); start it by hand", program.display());
    }
}

impl Start {
    fn came(&self) -> MutexGuard<'_, Came> {
        self.came.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page has asked for its first words.
    pub fn shown(&self) {
        self.came().shown = true;
    }

    pub fn opened(&self) {
        self.updating.updates.note_outcome(Outcome::Opened, millis());
    }

    /// The vault could not be opened; for want of a key, that says nothing of the program.
    pub fn refused(&self, error: &AppError) {
        if matches!(error.code, Code::Internal | Code::Damaged | Code::Newer) {
            self.came().failed = true;
            self.updating.updates.note_outcome(Outcome::Failed(error.message.clone()), millis());
        }
    }

    /// The last thing of a process: whoever comes next comes now.
    pub fn ended(&self, satchel: &satchel_app::Satchel) {
        let came = *self.came();
        self.updating.updates.note_outcome(Outcome::Left(came), millis());
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(program) = next {
            satchel.lock();
            self.updating.updates.let_go();
            start(&program);
        }
    }

    /// Looks, where it may and a day has gone by. A version that was not known before.
    fn look_if_due(&self) -> Option<String> {
        let updates = &self.updating.updates;
        if !updates.is_due(millis()) {
            return None;
        }
        let known = self.updating.view().found.map(|found| found.version);
        // What fails is noted, shown, and tried again the next day.
        let _ = updates.look(millis());
        self.updating.view().found.map(|found| found.version).filter(|found| Some(found) != known.as_ref())
    }
}

/// Looks once a day, for as long as the app runs.
pub fn keep(app: AppHandle, start: Arc<Start>) {
    let _ = thread::Builder::new().name("updates-clock".into()).spawn(move || {
        thread::sleep(FIRST);
        loop {
            if let Some(version) = start.look_if_due() {
                let _ = tauri_specta::Event::emit(&UpdateEvent { version }, &app);
            }
            thread::sleep(ASK);
        }
    });
}

/// What is known of new versions; nobody is asked.
#[tauri::command]
#[specta::specta]
pub async fn updates(desktop: State<'_, Desktop>) -> Answer<UpdatesView> {
    run(&desktop, |d| Ok(d.start.updating.view())).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_updates(
    desktop: State<'_, Desktop>,
    looking: bool,
    channel: Channel,
) -> Answer<UpdatesView> {
    run(&desktop, move |d| {
        d.start.updating.updates.set(looking, channel)?;
        Ok(d.start.updating.view())
    })
    .await
}

/// Asks where new versions come from.
#[tauri::command]
#[specta::specta]
pub async fn look_for_updates(desktop: State<'_, Desktop>) -> Answer<UpdatesView> {
    run(&desktop, |d| {
        d.start.updating.updates.look(millis())?;
        Ok(d.start.updating.view())
    })
    .await
}

/// Brings the new version here and checks it; nothing is installed by that.
#[tauri::command]
#[specta::specta]
pub async fn fetch_update(app: AppHandle, desktop: State<'_, Desktop>) -> Answer<UpdatesView> {
    working(&app, &desktop, Job::Update, |d, progress, cancel| d.start.updating.fetch(progress, cancel)).await
}

/// Backs up, proves that, and puts the new version in place; it runs from the next start on. `said` is what somebody has written
/// who goes without a backup.
#[tauri::command]
#[specta::specta]
pub async fn install_update(
    app: AppHandle,
    desktop: State<'_, Desktop>,
    said: String,
) -> Answer<InstalledView> {
    let start = desktop.start.clone();
    long(&app, &desktop, Job::Backup, move |s, progress, cancel| {
        s.install_update(&start.updating, &said, progress, cancel)
    })
    .await
}

/// Ends the app and starts it again, as the version that is in place by now.
#[tauri::command]
#[specta::specta]
pub async fn restart_app(app: AppHandle, desktop: State<'_, Desktop>) -> Answer<()> {
    let installed = desktop.start.updating.updates.installed();
    let program = installed.program().map(Path::to_owned).or_else(|| std::env::current_exe().ok());
    *desktop.start.next.lock().unwrap_or_else(PoisonError::into_inner) = program;
    app.exit(0);
    Ok(())
}

/// Puts the version from before back; it runs from the next start on.
#[tauri::command]
#[specta::specta]
pub async fn go_back(desktop: State<'_, Desktop>) -> Answer<UpdatesView> {
    run(&desktop, |d| {
        d.start.updating.updates.go_back(millis())?;
        Ok(d.start.updating.view())
    })
    .await
}

/// Somebody knows that the version from before is back.
#[tauri::command]
#[specta::specta]
pub async fn forget_went_back(desktop: State<'_, Desktop>) -> Answer<UpdatesView> {
    run(&desktop, |d| {
        d.start.updating.updates.forget_went_back()?;
        Ok(d.start.updating.view())
    })
    .await
}

/// The page where new versions are, in the browser: the one that is built in.
#[tauri::command]
#[specta::specta]
pub async fn open_updates_page(desktop: State<'_, Desktop>) -> Answer<()> {
    run(&desktop, |d| match d.start.updating.view().page {
        Some(page) => open_outside(page.as_ref()),
        None => Ok(()),
    })
    .await
}

/// Makes the vault of a backup, in the place of one that a newer version has written; that one stays beside it.
#[tauri::command]
#[specta::specta]
pub async fn restore_instead(
    desktop: State<'_, Desktop>,
    file: String,
    key: String,
) -> Answer<RestoredInsteadView> {
    run(&desktop, move |d| {
        let restored = d.satchel.restore_instead(&PathBuf::from(file), &key, Keyring::Os)?;
        // It is said once more by the answer.
        let _ = d.start.updating.updates.note_aside(PathBuf::from(&restored.aside));
        d.sign_of_life();
        Ok(restored)
    })
    .await
}
