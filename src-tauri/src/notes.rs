//! The commands of notes, of what somebody wants at hand, and of how things were.

use crate::commands::{Answer, Desktop, Job, long, with};
use satchel_app::{
    Favourite, FavouriteView, GuidePage, PastRequest, Restore,
    domain::RecordId,
    views::{MentionsView, NoteView, PastPage, RestoreReport},
};
use tauri::State;

/// Notes as plain data: the page makes no markup of them.
#[tauri::command]
#[specta::specta]
pub async fn read_notes(desktop: State<'_, Desktop>, texts: Vec<String>) -> Answer<Vec<NoteView>> {
    with(&desktop, move |s| s.notes(&texts)).await
}

#[tauri::command]
#[specta::specta]
pub async fn mentions(desktop: State<'_, Desktop>, id: RecordId) -> Answer<MentionsView> {
    with(&desktop, move |s| s.mentions(id)).await
}

#[tauri::command]
#[specta::specta]
pub async fn favourites(desktop: State<'_, Desktop>) -> Answer<Vec<FavouriteView>> {
    with(&desktop, |s| s.favourites()).await
}

/// All of them anew; the answer is what they were before.
#[tauri::command]
#[specta::specta]
pub async fn set_favourites(desktop: State<'_, Desktop>, all: Vec<Favourite>) -> Answer<Vec<Favourite>> {
    with(&desktop, move |s| s.set_favourites(&all)).await
}

/// The moment that somebody means by «last tuesday».
#[tauri::command]
#[specta::specta]
pub async fn past_moment(desktop: State<'_, Desktop>, text: String) -> Answer<String> {
    with(&desktop, move |s| s.past_moment(&text)).await
}

/// A list as it was.
#[tauri::command]
#[specta::specta]
pub async fn list_at(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    request: PastRequest,
) -> Answer<PastPage> {
    long(&app, &desktop, Job::Past, move |s, progress, cancel| s.list_at(&request, progress, cancel)).await
}

/// Back to what was; or what that would change.
#[tauri::command]
#[specta::specta]
pub async fn restore_as_of(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    restore: Restore,
) -> Answer<RestoreReport> {
    long(&app, &desktop, Job::Past, move |s, progress, cancel| s.restore_as_of(&restore, progress, cancel))
        .await
}

/// The user guide.
#[tauri::command]
#[specta::specta]
pub async fn guide(chinese: bool) -> Answer<Vec<GuidePage>> {
    Ok(satchel_app::guide(chinese))
}
