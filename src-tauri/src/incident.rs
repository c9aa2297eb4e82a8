//! The commands of incidents and drills, of who has learnt what, and of the configuration as one file.

use crate::commands::{Answer, Desktop, with};
use satchel_app::{
    ConfigDifference, DriftView, DrillPlan, DrillsView, IncidentChange, IncidentLine, IncidentView,
    OpenIncident, PlaybookView, Recipient, Restored, StaffView,
    domain::RecordId,
    views::{PaperLanguage, TrailEntry, Written},
};
use std::path::PathBuf;
use tauri::State;

#[tauri::command]
#[specta::specta]
pub async fn playbooks() -> Answer<Vec<PlaybookView>> {
    Ok(satchel_app::playbooks())
}

/// The playbook that fits what was unusual.
#[tauri::command]
#[specta::specta]
pub async fn playbook_for(rule: String) -> Answer<String> {
    Ok(satchel_app::playbook_for(&rule).to_owned())
}

#[tauri::command]
#[specta::specta]
pub async fn incidents(desktop: State<'_, Desktop>) -> Answer<Vec<IncidentLine>> {
    with(&desktop, |s| s.incidents()).await
}

#[tauri::command]
#[specta::specta]
pub async fn incident(desktop: State<'_, Desktop>, id: RecordId) -> Answer<IncidentView> {
    with(&desktop, move |s| s.incident(id)).await
}

#[tauri::command]
#[specta::specta]
pub async fn open_incident(desktop: State<'_, Desktop>, open: OpenIncident) -> Answer<Written> {
    with(&desktop, move |s| s.open_incident(&open)).await
}

#[tauri::command]
#[specta::specta]
pub async fn incident_step(
    desktop: State<'_, Desktop>,
    id: RecordId,
    step: String,
    done: bool,
    note: String,
) -> Answer<IncidentView> {
    with(&desktop, move |s| s.incident_step(id, &step, done, &note)).await
}

#[tauri::command]
#[specta::specta]
pub async fn change_incident(
    desktop: State<'_, Desktop>,
    id: RecordId,
    change: IncidentChange,
) -> Answer<IncidentView> {
    with(&desktop, move |s| s.change_incident(id, &change)).await
}

/// Closes it, or opens it again.
#[tauri::command]
#[specta::specta]
pub async fn close_incident(desktop: State<'_, Desktop>, id: RecordId, closed: bool) -> Answer<IncidentView> {
    with(&desktop, move |s| s.close_incident(id, closed)).await
}

#[tauri::command]
#[specta::specta]
pub async fn who_saw(desktop: State<'_, Desktop>, id: RecordId) -> Answer<Vec<TrailEntry>> {
    with(&desktop, move |s| s.who_saw(id)).await
}

#[tauri::command]
#[specta::specta]
pub async fn incident_draft(
    desktop: State<'_, Desktop>,
    id: RecordId,
    to: Recipient,
    language: PaperLanguage,
) -> Answer<String> {
    with(&desktop, move |s| s.incident_draft(id, to, language)).await
}

/// Into a file that was chosen in a dialog.
#[tauri::command]
#[specta::specta]
pub async fn incident_report(
    desktop: State<'_, Desktop>,
    id: RecordId,
    language: PaperLanguage,
    path: String,
) -> Answer<()> {
    with(&desktop, move |s| s.write_incident_report(id, language, &PathBuf::from(path)).map(drop)).await
}

#[tauri::command]
#[specta::specta]
pub async fn drills(desktop: State<'_, Desktop>) -> Answer<DrillsView> {
    with(&desktop, |s| s.drills()).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_drill_plan(desktop: State<'_, Desktop>, plan: DrillPlan) -> Answer<()> {
    with(&desktop, move |s| s.set_drill_plan(&plan)).await
}

#[tauri::command]
#[specta::specta]
pub async fn staff(desktop: State<'_, Desktop>) -> Answer<StaffView> {
    with(&desktop, |s| s.staff()).await
}

/// Of oneself, or of a colleague.
#[tauri::command]
#[specta::specta]
pub async fn mark_training(
    desktop: State<'_, Desktop>,
    items: Vec<String>,
    of: Option<String>,
) -> Answer<StaffView> {
    with(&desktop, move |s| s.mark_training(&items, of.as_deref())).await
}

#[tauri::command]
#[specta::specta]
pub async fn config_drift(desktop: State<'_, Desktop>) -> Answer<Vec<DriftView>> {
    with(&desktop, |s| s.config_drift()).await
}

#[tauri::command]
#[specta::specta]
pub async fn export_config(desktop: State<'_, Desktop>, path: String) -> Answer<()> {
    with(&desktop, move |s| s.export_config(&PathBuf::from(path)).map(drop)).await
}

#[tauri::command]
#[specta::specta]
pub async fn compare_config(desktop: State<'_, Desktop>, path: String) -> Answer<Vec<ConfigDifference>> {
    with(&desktop, move |s| s.compare_config(&PathBuf::from(path))).await
}

/// By a file, or as it was before the last one.
#[tauri::command]
#[specta::specta]
pub async fn restore_config(desktop: State<'_, Desktop>, path: Option<String>) -> Answer<Restored> {
    with(&desktop, move |s| match path {
        Some(path) => s.restore_config(&PathBuf::from(path), false),
        None => s.restore_former_config(false),
    })
    .await
}
