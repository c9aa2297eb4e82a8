//! The commands of reports.

use crate::commands::{Answer, Desktop, with};
use satchel_app::{Report, ReportRequest, ReportView, local_now};
use std::path::PathBuf;
use tauri::State;

#[tauri::command]
#[specta::specta]
pub async fn report(desktop: State<'_, Desktop>, id: Report, request: ReportRequest) -> Answer<ReportView> {
    with(&desktop, move |s| s.report(id, &request, &local_now())).await
}

#[tauri::command]
#[specta::specta]
pub async fn report_owners(desktop: State<'_, Desktop>) -> Answer<Vec<String>> {
    with(&desktop, |s| s.report_owners()).await
}

/// As a table; `labels` are its columns as the screen calls them.
#[tauri::command]
#[specta::specta]
pub async fn save_report(
    desktop: State<'_, Desktop>,
    id: Report,
    request: ReportRequest,
    labels: Vec<String>,
    path: String,
) -> Answer<()> {
    with(&desktop, move |s| {
        s.save_report(&s.report(id, &request, &local_now())?, &labels, &PathBuf::from(path))
    })
    .await
}
