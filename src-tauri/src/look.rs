//! The ground of windows before their page has drawn anything: white would flash in a dark room.

use crate::commands::Answer;
use satchel_app::state_dir;
use std::path::PathBuf;
use tauri::{AppHandle, Manager, Theme, WebviewWindow, window::Color};

/// `--paper` of tokens.css.
const LIGHT: Color = Color(251, 250, 247, 255);
const DARK: Color = Color(22, 19, 16, 255);

/// How the screens look now; the next window begins so.
#[tauri::command]
#[specta::specta]
pub async fn set_look(app: AppHandle, dark: bool) -> Answer<()> {
    for window in app.webview_windows().values() {
        let _ = window.set_background_color(Some(paper(dark)));
    }
    if last() != Some(dark) {
        // Only a colour: where it cannot be kept the system's counts.
        let word = if dark { "dark" } else { "light" };
        let _ = std::fs::create_dir_all(state_dir()).and_then(|()| std::fs::write(file(), word));
    }
    Ok(())
}

/// As the screens were last, or as the system is.
pub fn ground(app: &AppHandle) -> Color {
    let system = || app.get_webview_window("main").and_then(|w: WebviewWindow| w.theme().ok());
    paper(last().unwrap_or_else(|| system() == Some(Theme::Dark)))
}

fn paper(dark: bool) -> Color {
    if dark { DARK } else { LIGHT }
}

fn last() -> Option<bool> {
    std::fs::read_to_string(file()).ok().map(|word| word == "dark")
}

fn file() -> PathBuf {
    state_dir().join("look")
}
