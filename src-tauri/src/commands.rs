//! The commands of the web view. Each runs on a thread that may block: the window never waits.

use crate::{remind::Bell, team::Team, update::Start, words::Words};
use satchel_app::{
    AppError, Cancel, Code, Cost, CreateVault, Event, ExportFormat, ExportOptions, ExportedFile, FieldInput,
    ImportFrom, ImportOptions, ImportReport, Keyring, ListGroup, ListPage, ListRequest, LockState,
    Neighbours, Passphrase, Satchel, SeedLocale, SeedOptions, Session, Settings, Unlock, VerifyReport,
    domain::{Kind, OperationId, RecordId},
    views::{
        AttachmentView, FieldView, Hit, KeySlotView, KitView, OperationView, RecordView, StatusView,
        UndoReport, VersionView, WaitingView, Written, WrittenMany,
    },
};
use serde::{Deserialize, Serialize};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};
use tauri::{Manager, State};

pub type Answer<T> = Result<T, AppError>;

/// What the commands share.
#[derive(Clone)]
pub struct Desktop {
    pub satchel: Arc<Satchel>,
    /// The long work that goes on.
    cancels: Arc<Mutex<Vec<(Job, Cancel)>>>,
    /// By both clocks: one of them stands still while the computer sleeps.
    last_sign: Arc<Mutex<(Instant, SystemTime)>>,
    files: Arc<Mutex<Vec<String>>>,
    pub team: Team,
    pub bell: Bell,
    pub start: Arc<Start>,
    chinese: Arc<AtomicBool>,
}

impl Desktop {
    pub fn new(satchel: Arc<Satchel>, files: Vec<String>, start: Arc<Start>) -> Self {
        let now = (Instant::now(), SystemTime::now());
        Self {
            satchel,
            cancels: Arc::default(),
            last_sign: Arc::new(Mutex::new(now)),
            files: Arc::new(Mutex::new(files)),
            team: Team::default(),
            bell: Bell::default(),
            start,
            chinese: Arc::default(),
        }
    }

    pub fn speak(&self, chinese: bool) {
        self.chinese.store(chinese, Ordering::Relaxed);
    }

    pub fn words(&self) -> Words {
        Words { chinese: self.chinese.load(Ordering::Relaxed) }
    }

    /// Long work goes on: nobody need be at the keyboard for it.
    pub fn is_working(&self) -> bool {
        !self.cancels.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    pub fn idle_for(&self) -> Duration {
        let (instant, time) = *self.last_sign.lock().unwrap_or_else(PoisonError::into_inner);
        instant.elapsed().max(time.elapsed().unwrap_or_default())
    }

    pub fn sign_of_life(&self) {
        *self.last_sign.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), SystemTime::now());
    }

    fn new_cancel(&self, job: Job) -> Cancel {
        let cancel = Cancel::default();
        self.cancels.lock().unwrap_or_else(PoisonError::into_inner).push((job, cancel.clone()));
        cancel
    }
}

/// Long work that can be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    Preview,
    Duplicates,
    Import,
    Undo,
    Sample,
    Edit,
    Verify,
    Export,
    Sync,
    /// Looking back, and going back.
    Past,
    /// Drafts for many.
    Mail,
    /// Counted in bytes.
    Attach,
    /// Made, proven or restored.
    Backup,
    /// Counted in bytes.
    Update,
}

#[derive(Clone, Debug, Serialize, Deserialize, specta::Type, tauri_specta::Event)]
pub struct ProgressEvent {
    pub job: Job,
    pub done: u32,
    pub total: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize, specta::Type, tauri_specta::Event)]
pub struct VaultEvent(pub Event);

#[derive(Clone, Debug, Serialize, Deserialize, specta::Type, tauri_specta::Event)]
pub struct OpenedEvent {
    pub files: Vec<String>,
}

/// Runs a use case where it may block.
pub async fn run<T: Send + 'static>(
    desktop: &Desktop,
    work: impl FnOnce(&Desktop) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let desktop = desktop.clone();
    let done = tauri::async_runtime::spawn_blocking(move || work(&desktop)).await;
    done.unwrap_or_else(|e| {
        Err(AppError::new(
            Code::Internal,
            format!("the action failed ({e}); what it had written before can be undone in the history"),
        ))
    })
}

/// The same with an open vault.
pub async fn with<T: Send + 'static>(
    desktop: &Desktop,
    work: impl FnOnce(&Session) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let asked = Instant::now();
    let answer = run(desktop, |d| work(&*d.satchel.session()?)).await;
    satchel_app::note_answer(asked.elapsed());
    answer
}

/// Long work: with progress, and with a way to stop it.
pub async fn working<T: Send + 'static>(
    app: &tauri::AppHandle,
    desktop: &Desktop,
    job: Job,
    work: impl FnOnce(&Desktop, &mut dyn FnMut(satchel_app::Progress), &Cancel) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let (cancel, mut progress) = (desktop.new_cancel(job), reporter(app, job));
    let own = cancel.clone();
    let answer = run(desktop, move |d| work(d, &mut progress, &cancel)).await;
    // Done, stopped or failed: nobody is working any more.
    let _ = tauri_specta::Event::emit(&ProgressEvent { job, done: 0, total: 0 }, app);
    desktop.cancels.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, c)| !c.is(&own));
    answer
}

/// The same on an open vault.
pub async fn long<T: Send + 'static>(
    app: &tauri::AppHandle,
    desktop: &Desktop,
    job: Job,
    work: impl FnOnce(&Session, &mut dyn FnMut(satchel_app::Progress), &Cancel) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let on_vault = |d: &Desktop, progress: &mut dyn FnMut(satchel_app::Progress), cancel: &Cancel| {
        work(&*d.satchel.session()?, progress, cancel)
    };
    let answer = working(app, desktop, job, on_vault).await;
    if matches!(job, Job::Import | Job::Undo | Job::Sample)
        && let Ok(session) = desktop.satchel.session()
    {
        // Much was written: searches are quicker once the index is in order. Nobody waits for it.
        tauri::async_runtime::spawn_blocking(move || session.tidy(Duration::from_secs(10)));
    }
    answer
}

fn reporter(app: &tauri::AppHandle, job: Job) -> impl FnMut(satchel_app::Progress) + Send + use<> {
    let app = app.clone();
    let mut last = Instant::now();
    move |p| {
        if last.elapsed() >= Duration::from_millis(80) || p.done == p.total {
            last = Instant::now();
            let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
            let _ = tauri_specta::Event::emit(
                &ProgressEvent { job, done: small(p.done), total: small(p.total) },
                &app,
            );
        }
    }
}

#[derive(Serialize, specta::Type)]
pub struct AppState {
    pub state: LockState,
    pub has_passphrase: bool,
    /// Why the vault's folder cannot be read, where that is so.
    pub problem: Option<String>,
    /// It is that a newer version has written it.
    pub newer: bool,
    /// What the open vault waits for that was made for a team.
    pub waiting: Option<WaitingView>,
    pub vault: String,
    pub version: String,
}

#[tauri::command]
#[specta::specta]
pub async fn app_state(desktop: State<'_, Desktop>) -> Answer<AppState> {
    run(&desktop, |d| {
        d.start.shown();
        let state = d.satchel.state();
        let (has_passphrase, problem) = match state {
            LockState::NoVault => (false, None),
            _ => d.satchel.has_passphrase().map_or_else(|e| (false, Some(e)), |has| (has, None)),
        };
        if let Some(problem) = &problem {
            d.start.refused(problem);
        }
        let newer = problem.as_ref().is_some_and(|e| e.code == Code::Newer);
        let problem = problem.map(|e| e.message);
        let waiting = d.satchel.session().ok().map(|s| s.waiting()).transpose()?.flatten();
        let vault = d.satchel.path().display().to_string();
        let version = satchel_app::version().to_owned();
        Ok(AppState { state, has_passphrase, problem, newer, waiting, vault, version })
    })
    .await
}

#[derive(Deserialize, specta::Type)]
pub struct NewVaultRequest {
    pub workspace: String,
    pub person: String,
    pub passphrase: Option<String>,
}

#[derive(Serialize, specta::Type)]
pub struct NewVaultAnswer {
    pub kit: KitView,
    /// Why the OS keyring does not hold the key, if it does not.
    pub keyring: Option<String>,
}

/// What this computer is called.
pub fn this_computer() -> String {
    std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim().to_owned()
}

#[tauri::command]
#[specta::specta]
pub async fn create_vault(desktop: State<'_, Desktop>, request: NewVaultRequest) -> Answer<NewVaultAnswer> {
    run(&desktop, |d| {
        d.sign_of_life();
        let passphrase =
            request.passphrase.filter(|p| !p.is_empty()).map(|p| Passphrase::new(&p)).transpose()?;
        let device = this_computer();
        let new = CreateVault {
            workspace: request.workspace,
            person: request.person,
            device,
            passphrase,
            keyring: Keyring::Os,
            cost: Cost::default(),
            joins: None,
        };
        let created = d.satchel.create(new)?;
        Ok(NewVaultAnswer { kit: created.kit, keyring: created.keyring })
    })
    .await
}

async fn unlock(desktop: &Desktop, with: Unlock) -> Answer<()> {
    run(desktop, |d| {
        let session = d.satchel.unlock(with, Keyring::Os).inspect_err(|e| d.start.refused(e))?;
        d.sign_of_life();
        // Behind the first list.
        tauri::async_runtime::spawn_blocking(move || session.warm());
        Ok(())
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn unlock_keyring(desktop: State<'_, Desktop>) -> Answer<()> {
    unlock(&desktop, Unlock::Keyring).await
}

#[tauri::command]
#[specta::specta]
pub async fn unlock_passphrase(desktop: State<'_, Desktop>, passphrase: String) -> Answer<()> {
    unlock(&desktop, Unlock::Passphrase(Passphrase::new(&passphrase)?)).await
}

#[tauri::command]
#[specta::specta]
pub async fn unlock_recovery(desktop: State<'_, Desktop>, code: String) -> Answer<()> {
    unlock(&desktop, Unlock::Recovery(code.into())).await
}

#[tauri::command]
#[specta::specta]
pub async fn lock(desktop: State<'_, Desktop>) -> Answer<bool> {
    run(&desktop, |d| Ok(d.satchel.lock())).await
}

/// Somebody is there.
#[tauri::command]
#[specta::specta]
pub async fn touch(desktop: State<'_, Desktop>) -> Answer<()> {
    desktop.sign_of_life();
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub async fn status(desktop: State<'_, Desktop>) -> Answer<StatusView> {
    with(&desktop, |s| s.status()).await
}

#[tauri::command]
#[specta::specta]
pub async fn settings(desktop: State<'_, Desktop>) -> Answer<Settings> {
    with(&desktop, |s| s.settings()).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_settings(desktop: State<'_, Desktop>, settings: Settings) -> Answer<()> {
    with(&desktop, move |s| s.set_settings(&settings)).await
}

#[tauri::command]
#[specta::specta]
pub async fn fields(desktop: State<'_, Desktop>, kind: Kind) -> Answer<Vec<FieldView>> {
    with(&desktop, move |s| Ok(s.fields(kind))).await
}

#[tauri::command]
#[specta::specta]
pub async fn list(desktop: State<'_, Desktop>, kind: Kind, request: ListRequest) -> Answer<ListPage> {
    with(&desktop, move |s| s.list(kind, &request)).await
}

#[tauri::command]
#[specta::specta]
pub async fn ids(desktop: State<'_, Desktop>, kind: Kind, request: ListRequest) -> Answer<Vec<RecordId>> {
    with(&desktop, move |s| s.ids(kind, &request)).await
}

#[tauri::command]
#[specta::specta]
pub async fn groups(
    desktop: State<'_, Desktop>,
    kind: Kind,
    request: ListRequest,
    by: Option<String>,
    sums: Vec<String>,
) -> Answer<Vec<ListGroup>> {
    with(&desktop, move |s| s.groups(kind, &request, by.as_deref(), &sums)).await
}

#[tauri::command]
#[specta::specta]
pub async fn neighbours(
    desktop: State<'_, Desktop>,
    kind: Kind,
    request: ListRequest,
    id: RecordId,
) -> Answer<Neighbours> {
    with(&desktop, move |s| s.neighbours(kind, &request, id)).await
}

#[tauri::command]
#[specta::specta]
pub async fn search(
    desktop: State<'_, Desktop>,
    text: String,
    kind: Option<Kind>,
    limit: u32,
) -> Answer<Vec<Hit>> {
    with(&desktop, move |s| s.search(&text, kind, limit as usize)).await
}

#[tauri::command]
#[specta::specta]
pub async fn get(desktop: State<'_, Desktop>, id: RecordId) -> Answer<RecordView> {
    with(&desktop, move |s| s.get(id)).await
}

#[tauri::command]
#[specta::specta]
pub async fn create(desktop: State<'_, Desktop>, kind: Kind, input: FieldInput) -> Answer<Written> {
    with(&desktop, move |s| s.create(kind, &input)).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_fields(desktop: State<'_, Desktop>, id: RecordId, input: FieldInput) -> Answer<Written> {
    with(&desktop, move |s| s.set(id, &input)).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_many(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    ids: Vec<RecordId>,
    input: FieldInput,
) -> Answer<WrittenMany> {
    long(&app, &desktop, Job::Edit, move |s, progress, cancel| s.set_many(&ids, &input, progress, cancel))
        .await
}

#[tauri::command]
#[specta::specta]
pub async fn tag_many(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    ids: Vec<RecordId>,
    add: Vec<String>,
    remove: Vec<String>,
) -> Answer<WrittenMany> {
    long(&app, &desktop, Job::Edit, move |s, progress, cancel| {
        s.tag_many(&ids, &add, &remove, progress, cancel)
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn delete(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    ids: Vec<RecordId>,
) -> Answer<WrittenMany> {
    long(&app, &desktop, Job::Edit, move |s, progress, cancel| s.delete(&ids, progress, cancel)).await
}

#[tauri::command]
#[specta::specta]
pub async fn restore(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    ids: Vec<RecordId>,
) -> Answer<WrittenMany> {
    long(&app, &desktop, Job::Edit, move |s, progress, cancel| s.restore(&ids, progress, cancel)).await
}

#[tauri::command]
#[specta::specta]
pub async fn history(desktop: State<'_, Desktop>, id: RecordId) -> Answer<Vec<VersionView>> {
    with(&desktop, move |s| s.history(id)).await
}

#[tauri::command]
#[specta::specta]
pub async fn restore_version(
    desktop: State<'_, Desktop>,
    id: RecordId,
    operation: OperationId,
) -> Answer<Written> {
    with(&desktop, move |s| s.restore_version(id, operation)).await
}

#[tauri::command]
#[specta::specta]
pub async fn operations(desktop: State<'_, Desktop>, limit: u32) -> Answer<Vec<OperationView>> {
    with(&desktop, move |s| s.operations(limit as usize)).await
}

#[tauri::command]
#[specta::specta]
pub async fn undo(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    operation: Option<OperationId>,
) -> Answer<UndoReport> {
    long(&app, &desktop, Job::Undo, move |s, progress, cancel| s.undo(operation, progress, cancel)).await
}

#[tauri::command]
#[specta::specta]
pub async fn redo(app: tauri::AppHandle, desktop: State<'_, Desktop>) -> Answer<UndoReport> {
    long(&app, &desktop, Job::Undo, move |s, progress, cancel| s.redo(progress, cancel)).await
}

#[tauri::command]
#[specta::specta]
pub async fn preview_import(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    from: ImportFrom,
    options: ImportOptions,
) -> Answer<ImportReport> {
    long(&app, &desktop, Job::Preview, move |s, progress, cancel| {
        s.preview_import(from, &options, progress, cancel)
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn run_import(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    from: ImportFrom,
    options: ImportOptions,
) -> Answer<ImportReport> {
    long(&app, &desktop, Job::Import, move |s, progress, cancel| s.import(from, &options, progress, cancel))
        .await
}

#[tauri::command]
#[specta::specta]
pub async fn imports(desktop: State<'_, Desktop>) -> Answer<Vec<OperationView>> {
    with(&desktop, |s| s.imports()).await
}

#[tauri::command]
#[specta::specta]
pub async fn save_rejects(desktop: State<'_, Desktop>, operation: OperationId, path: String) -> Answer<()> {
    with(&desktop, move |s| s.save_rejects(operation, &PathBuf::from(path))).await
}

/// Everything in every format, into a folder that was chosen in a dialog.
#[tauri::command]
#[specta::specta]
pub async fn export_all(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    folder: String,
) -> Answer<Vec<ExportedFile>> {
    long(&app, &desktop, Job::Export, move |s, progress, cancel| {
        s.export_all(&PathBuf::from(folder), progress, cancel)
    })
    .await
}

/// Stops the long work that runs.
#[tauri::command]
#[specta::specta]
pub async fn cancel(desktop: State<'_, Desktop>, job: Job) -> Answer<()> {
    let cancels = desktop.cancels.lock().unwrap_or_else(PoisonError::into_inner);
    cancels.iter().filter(|(of, _)| *of == job).for_each(|(_, cancel)| cancel.ask());
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub async fn export_records(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    kind: Kind,
    format: ExportFormat,
    path: String,
    request: ListRequest,
) -> Answer<Vec<ExportedFile>> {
    long(&app, &desktop, Job::Export, move |s, progress, cancel| {
        let options = ExportOptions { kinds: vec![kind], format, out: PathBuf::from(path), request };
        s.export(&options, progress, cancel)
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn seed_sample(app: tauri::AppHandle, desktop: State<'_, Desktop>) -> Answer<()> {
    let options = SeedOptions {
        people: 120,
        companies: 24,
        deals: 36,
        activities: 160,
        tasks: 40,
        seed: 7,
        locale: SeedLocale::Mixed,
    };
    long(&app, &desktop, Job::Sample, move |s, progress, cancel| {
        s.seed(options, progress, cancel).map(|_| ())
    })
    .await
}

/// Makes a vault to look around in. The answer is the passphrase that opens it, where the keyring keeps none.
#[tauri::command]
#[specta::specta]
pub async fn create_demo(desktop: State<'_, Desktop>, chinese: bool) -> Answer<Option<String>> {
    run(&desktop, move |d| {
        d.sign_of_life();
        let created = d.satchel.create_demo(chinese, None)?;
        let by_passphrase = created.session.key_slots().iter().any(|slot| slot.kind == "passphrase");
        Ok(by_passphrase.then(|| satchel_app::DEMO_PASSPHRASE.to_owned()))
    })
    .await
}

/// Deletes the demo; of no other vault.
#[tauri::command]
#[specta::specta]
pub async fn leave_demo(desktop: State<'_, Desktop>) -> Answer<()> {
    run(&desktop, |d| d.satchel.leave_demo()).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_sample(app: tauri::AppHandle, desktop: State<'_, Desktop>) -> Answer<UndoReport> {
    long(&app, &desktop, Job::Sample, move |s, progress, cancel| s.remove_sample(progress, cancel)).await
}

/// A record in a window of its own.
#[tauri::command]
#[specta::specta]
pub async fn open_window(app: tauri::AppHandle, id: RecordId, kind: Kind) -> Answer<()> {
    let label = format!("record-{id}");
    if let Some(window) = app.get_webview_window(&label) {
        let _ = window.unminimize();
        let _ = window.set_focus();
        return Ok(());
    }
    let url = tauri::WebviewUrl::App(format!("index.html#record={id}&kind={kind}").into());
    let window = tauri::WebviewWindowBuilder::new(&app, label, url)
        .title("Satchel")
        .inner_size(1000.0, 760.0)
        .min_inner_size(720.0, 480.0)
        .visible(false)
        .background_color(crate::look::ground(&app))
        .build();
    window.map(|_| ()).map_err(|e| AppError::new(Code::Internal, format!("the window cannot be opened: {e}")))
}

#[tauri::command]
#[specta::specta]
pub async fn key_slots(desktop: State<'_, Desktop>) -> Answer<Vec<KeySlotView>> {
    with(&desktop, |s| Ok(s.key_slots())).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_passphrase(desktop: State<'_, Desktop>, passphrase: String) -> Answer<Vec<KeySlotView>> {
    with(&desktop, move |s| s.set_passphrase(&Passphrase::new(&passphrase)?, Cost::default())).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_passphrase(desktop: State<'_, Desktop>) -> Answer<Vec<KeySlotView>> {
    with(&desktop, |s| s.remove_passphrase()).await
}

#[tauri::command]
#[specta::specta]
pub async fn renew_kit(desktop: State<'_, Desktop>) -> Answer<KitView> {
    with(&desktop, |s| s.renew_kit()).await
}

#[tauri::command]
#[specta::specta]
pub async fn rotate_key(desktop: State<'_, Desktop>) -> Answer<Vec<KeySlotView>> {
    run(&desktop, |d| d.satchel.rotate_key()).await
}

/// Writes a text that is on the screen (the recovery kit) to a file that was chosen in a dialog.
#[tauri::command]
#[specta::specta]
pub async fn attachments(desktop: State<'_, Desktop>, record: RecordId) -> Answer<Vec<AttachmentView>> {
    with(&desktop, move |s| s.attachments(record)).await
}

#[tauri::command]
#[specta::specta]
pub async fn attach(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    record: RecordId,
    path: String,
) -> Answer<Written> {
    long(&app, &desktop, Job::Attach, move |s, progress, cancel| {
        s.attach(record, &PathBuf::from(path), progress, cancel)
    })
    .await
}

/// Writes an attachment to a file that was chosen in a dialog.
#[tauri::command]
#[specta::specta]
pub async fn save_attachment(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    id: RecordId,
    path: String,
) -> Answer<()> {
    long(&app, &desktop, Job::Attach, move |s, progress, cancel| {
        s.save_attachment(id, &PathBuf::from(path), progress, cancel).map(|_| ())
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn save_text(desktop: State<'_, Desktop>, path: String, text: String) -> Answer<()> {
    run(&desktop, move |d| {
        satchel_app::output::write_private(d.satchel.path(), &PathBuf::from(path), text.as_bytes())
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn verify(app: tauri::AppHandle, desktop: State<'_, Desktop>) -> Answer<VerifyReport> {
    long(&app, &desktop, Job::Verify, move |s, progress, cancel| s.verify_until(progress, cancel)).await
}

#[tauri::command]
#[specta::specta]
pub async fn frequent(desktop: State<'_, Desktop>, field: String) -> Answer<Vec<String>> {
    with(&desktop, move |s| s.frequent(&field, 100)).await
}

/// Files that the app was started with; each is given once.
#[tauri::command]
#[specta::specta]
pub async fn opened_files(desktop: State<'_, Desktop>) -> Answer<Vec<String>> {
    Ok(std::mem::take(&mut *desktop.files.lock().unwrap_or_else(PoisonError::into_inner)))
}
