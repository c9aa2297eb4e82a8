//! The commands of backups and of the health centre.

use crate::commands::{Answer, Desktop, Job, long, run, with};
use satchel_app::{
    BackupKey, BackupPlan, BackupTarget, Cancel, HealthView, Keep, Keyring,
    views::{BackupView, BackupsView, DrillView, MissingFilesView, RestoredView},
};
use std::path::PathBuf;
use tauri::{AppHandle, State};

#[tauri::command]
#[specta::specta]
pub async fn backups(desktop: State<'_, Desktop>) -> Answer<BackupsView> {
    with(&desktop, |s| s.backups()).await
}

/// Into a folder, or where the vault keeps its own.
#[tauri::command]
#[specta::specta]
pub async fn back_up(
    app: AppHandle,
    desktop: State<'_, Desktop>,
    folder: Option<String>,
) -> Answer<BackupView> {
    long(&app, &desktop, Job::Backup, move |s, progress, cancel| {
        s.back_up(folder.map(PathBuf::from).as_deref(), progress, cancel)
    })
    .await
}

/// With `code`, a drill of the paper kit.
#[tauri::command]
#[specta::specta]
pub async fn drill(
    app: AppHandle,
    desktop: State<'_, Desktop>,
    file: Option<String>,
    code: Option<String>,
) -> Answer<DrillView> {
    long(&app, &desktop, Job::Backup, move |s, progress, cancel| {
        let typed = code.map(|code| BackupKey::typed(&code)).transpose()?;
        s.drill(file.map(PathBuf::from).as_deref(), typed.as_ref(), progress, cancel)
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn add_backup_target(desktop: State<'_, Desktop>, target: BackupTarget) -> Answer<BackupView> {
    with(&desktop, move |s| s.add_backup_target(target, &Cancel::default())).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_backup_target(desktop: State<'_, Desktop>, address: String) -> Answer<()> {
    with(&desktop, move |s| s.remove_backup_target(&address)).await
}

#[tauri::command]
#[specta::specta]
pub async fn keep_backups(desktop: State<'_, Desktop>, automatic: bool, keep: Keep) -> Answer<()> {
    with(&desktop, move |s| {
        let plan = s.backup_plan()?;
        s.set_backup_plan(&BackupPlan { automatic, keep, ..plan })
    })
    .await
}

/// Makes this computer's vault of a backup, where it has none yet.
#[tauri::command]
#[specta::specta]
pub async fn restore_vault(desktop: State<'_, Desktop>, file: String, key: String) -> Answer<RestoredView> {
    run(&desktop, move |d| d.satchel.restore(&PathBuf::from(file), &key, Keyring::Os)).await
}

/// The files on records that a restore has not brought back.
#[tauri::command]
#[specta::specta]
pub async fn missing_files(desktop: State<'_, Desktop>) -> Answer<MissingFilesView> {
    with(&desktop, |s| s.missing_files()).await
}

/// Asks for them: the team and the places of backups, or beside a backup that is opened by `key`.
#[tauri::command]
#[specta::specta]
pub async fn fetch_missing_files(
    app: AppHandle,
    desktop: State<'_, Desktop>,
    from: Option<String>,
    key: Option<String>,
) -> Answer<MissingFilesView> {
    long(&app, &desktop, Job::Backup, move |s, progress, cancel| match from.zip(key) {
        None => s.fetch_missing_files(progress, cancel),
        Some((from, key)) => {
            s.take_missing_files(&PathBuf::from(from), &BackupKey::typed(&key)?, progress, cancel)
        }
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn health(desktop: State<'_, Desktop>) -> Answer<HealthView> {
    with(&desktop, |s| s.health()).await
}

/// Takes from others on this computer what they need not see.
#[tauri::command]
#[specta::specta]
pub async fn fix_access(desktop: State<'_, Desktop>) -> Answer<()> {
    with(&desktop, |s| s.fix_access()).await
}

/// The groups of the kit were typed back.
#[tauri::command]
#[specta::specta]
pub async fn confirm_kit(desktop: State<'_, Desktop>) -> Answer<()> {
    with(&desktop, |s| s.confirm_kit()).await
}
