//! The commands that find records which are one, and merge them.

use crate::commands::{Answer, Desktop, Job, long, with};
use satchel_app::{
    Merge,
    domain::{Kind, RecordId},
    views::{DuplicatesView, Written},
};
use tauri::State;

#[tauri::command]
#[specta::specta]
pub async fn duplicates(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    kind: Kind,
) -> Answer<DuplicatesView> {
    long(&app, &desktop, Job::Duplicates, move |s, progress, cancel| {
        s.duplicates(Some(kind), progress, cancel)
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn merge(app: tauri::AppHandle, desktop: State<'_, Desktop>, merge: Merge) -> Answer<Written> {
    long(&app, &desktop, Job::Edit, move |s, progress, cancel| s.merge(&merge, progress, cancel)).await
}

#[tauri::command]
#[specta::specta]
pub async fn not_the_same(desktop: State<'_, Desktop>, ids: Vec<RecordId>) -> Answer<Written> {
    with(&desktop, move |s| s.not_the_same(&ids)).await
}
