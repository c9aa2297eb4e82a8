//! The commands of a day of visits.

use crate::commands::{Answer, Desktop, with};
use satchel_app::{
    CheckOut, VisitsRequest,
    domain::RecordId,
    views::{RowView, VisitsView, Written},
};
use tauri::State;

#[tauri::command]
#[specta::specta]
pub async fn visits(desktop: State<'_, Desktop>, asked: VisitsRequest) -> Answer<VisitsView> {
    with(&desktop, move |s| s.visits(&asked)).await
}

/// `subject`: what a task is called that is made of somebody, with the name in the place of `{}`.
#[tauri::command]
#[specta::specta]
pub async fn plan_visits(
    desktop: State<'_, Desktop>,
    asked: VisitsRequest,
    subject: String,
) -> Answer<Written> {
    with(&desktop, move |s| s.plan_visits(&asked, &subject)).await
}

#[tauri::command]
#[specta::specta]
pub async fn check_in(
    desktop: State<'_, Desktop>,
    about: RecordId,
    place: Option<String>,
) -> Answer<Written> {
    with(&desktop, move |s| s.check_in(about, place.as_deref())).await
}

#[tauri::command]
#[specta::specta]
pub async fn here(desktop: State<'_, Desktop>) -> Answer<Option<RowView>> {
    with(&desktop, |s| s.here()).await
}

#[tauri::command]
#[specta::specta]
pub async fn check_out(desktop: State<'_, Desktop>, id: RecordId, out: CheckOut) -> Answer<Written> {
    with(&desktop, move |s| s.check_out(id, &out)).await
}
