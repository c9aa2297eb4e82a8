//! The commands of the settings of fields and pipelines.

use crate::commands::{Answer, Desktop, Job, long, with};
use satchel_app::{
    FieldChange, NewField,
    domain::{Kind, RecordId},
    views::{Applying, Written, WrittenMany},
};
use tauri::State;

#[tauri::command]
#[specta::specta]
pub async fn make_field(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    field: NewField,
) -> Answer<Written> {
    long(&app, &desktop, Job::Edit, move |s, progress, cancel| s.make_field(&field, progress, cancel)).await
}

#[tauri::command]
#[specta::specta]
pub async fn change_field(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    kind: Kind,
    key: String,
    change: FieldChange,
) -> Answer<Written> {
    long(&app, &desktop, Job::Edit, move |s, progress, cancel| {
        s.change_field(kind, &key, &change, progress, cancel)
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn order_fields(desktop: State<'_, Desktop>, kind: Kind, keys: Vec<String>) -> Answer<Written> {
    with(&desktop, move |s| s.order_fields(kind, &keys)).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_field(desktop: State<'_, Desktop>, kind: Kind, key: String) -> Answer<Written> {
    with(&desktop, move |s| s.remove_field(kind, &key)).await
}

/// What of a saved view applies.
#[tauri::command]
#[specta::specta]
pub async fn applying(
    desktop: State<'_, Desktop>,
    kind: Kind,
    filter: String,
    sort: String,
) -> Answer<Applying> {
    with(&desktop, move |s| s.applying(kind, &filter, &sort)).await
}

#[tauri::command]
#[specta::specta]
pub async fn add_pipeline(desktop: State<'_, Desktop>, name: String, chinese: bool) -> Answer<Written> {
    with(&desktop, move |s| s.add_pipeline(&name, chinese)).await
}

/// Pipelines, or the stages of one, in their new order.
#[tauri::command]
#[specta::specta]
pub async fn order_steps(desktop: State<'_, Desktop>, ids: Vec<RecordId>) -> Answer<WrittenMany> {
    with(&desktop, move |s| s.order_steps(&ids)).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_step(desktop: State<'_, Desktop>, id: RecordId) -> Answer<WrittenMany> {
    with(&desktop, move |s| s.remove_step(id)).await
}

#[tauri::command]
#[specta::specta]
pub async fn empty_stage(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    from: RecordId,
    to: RecordId,
) -> Answer<WrittenMany> {
    long(&app, &desktop, Job::Edit, move |s, progress, cancel| s.empty_stage(from, to, progress, cancel))
        .await
}
