//! Pictures for the page. Their bytes go as answers of commands, which have permissions by name; an address of its own
//! would be open to every window.

use crate::commands::{Answer, Desktop, Job, long, with};
use satchel_app::{
    domain::RecordId,
    views::{PictureView, Written},
};
use tauri::State;

/// A small picture of an attachment, where it is here and can be shown.
#[tauri::command]
#[specta::specta]
pub async fn thumbnail(desktop: State<'_, Desktop>, id: RecordId) -> Answer<Option<String>> {
    with(&desktop, move |s| s.thumbnail(id)).await
}

/// An attachment as large as the screen needs it.
#[tauri::command]
#[specta::specta]
pub async fn picture(desktop: State<'_, Desktop>, id: RecordId, most: u32) -> Answer<PictureView> {
    with(&desktop, move |s| s.picture(id, most)).await
}

/// Attaches what was pasted.
#[tauri::command]
#[specta::specta]
pub async fn attach_picture(
    desktop: State<'_, Desktop>,
    record: RecordId,
    name: String,
    base64: String,
) -> Answer<Written> {
    with(&desktop, move |s| s.attach_picture(record, &name, &base64)).await
}

/// Brings an attachment that is not here yet.
#[tauri::command]
#[specta::specta]
pub async fn fetch_attachment(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    id: RecordId,
) -> Answer<()> {
    long(&app, &desktop, Job::Attach, move |s, progress, cancel| {
        s.fetch_attachment(id, progress, cancel).map(|_| ())
    })
    .await
}
