//! The commands of the trail and of alerts.

use crate::commands::{Answer, Desktop, with};
use satchel_app::{
    Rules, Seen, TrailRequest,
    domain::RecordId,
    views::{AlertsView, TrailCheck, TrailView},
};
use std::path::PathBuf;
use tauri::{Manager, State, UserAttentionType};

/// The one place from which the system may be asked to tell somebody: now the window asks to be looked at. Names of
/// customers have no business in it.
pub fn announce(app: &tauri::AppHandle, _rules: &[String]) {
    if let Some(window) = app.get_webview_window("main").filter(|w| !w.is_focused().unwrap_or(true)) {
        let _ = window.request_user_attention(Some(UserAttentionType::Informational));
    }
}

#[tauri::command]
#[specta::specta]
pub async fn trail(desktop: State<'_, Desktop>, request: TrailRequest) -> Answer<TrailView> {
    with(&desktop, move |s| s.trail(&request)).await
}

#[tauri::command]
#[specta::specta]
pub async fn verify_trail(desktop: State<'_, Desktop>) -> Answer<TrailCheck> {
    with(&desktop, |s| s.verify_trail()).await
}

/// Into a file that was chosen in a dialog.
#[tauri::command]
#[specta::specta]
pub async fn export_trail(desktop: State<'_, Desktop>, path: String) -> Answer<TrailCheck> {
    with(&desktop, move |s| s.export_trail(&PathBuf::from(path))).await
}

#[tauri::command]
#[specta::specta]
pub async fn alerts(desktop: State<'_, Desktop>) -> Answer<AlertsView> {
    with(&desktop, |s| s.alerts()).await
}

/// One of them, or all.
#[tauri::command]
#[specta::specta]
pub async fn see_alerts(desktop: State<'_, Desktop>, id: Option<RecordId>) -> Answer<AlertsView> {
    with(&desktop, move |s| s.see_alerts(id.map_or(Seen::All, Seen::One))).await
}

#[tauri::command]
#[specta::specta]
pub async fn alert_rules(desktop: State<'_, Desktop>) -> Answer<Rules> {
    with(&desktop, |s| Ok(s.alert_rules())).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_alert_rules(desktop: State<'_, Desktop>, rules: Rules) -> Answer<()> {
    with(&desktop, move |s| s.set_alert_rules(&rules)).await
}
