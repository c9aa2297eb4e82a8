//! The quick-capture window: one line, from wherever one is, by a key of the whole system.

use crate::commands::{Answer, Desktop, run, with};
use satchel_app::{
    AppError, Code,
    domain::RecordId,
    views::{InboxView, SealedLine},
};
use tauri::{AppHandle, Manager, State, WebviewUrl, WebviewWindow, WebviewWindowBuilder};
use tauri_plugin_global_shortcut::{GlobalShortcutExt, Shortcut, ShortcutState};

pub const LABEL: &str = "capture";
/// Opens the window of the app that runs, or of the one that is started: for the keys of a desktop.
pub const ARGUMENT: &str = "--capture";

/// Under Wayland programs are given no keys of the whole system.
const NO_KEYS: &str = "this desktop (Wayland) gives programs no keys of their own; in the settings of your system, bind a key to `satchel-desktop --capture`";

/// Which keys open the window; an empty text: none. Those that were set before are let go.
#[tauri::command]
#[specta::specta]
pub async fn set_capture_keys(app: AppHandle, desktop: State<'_, Desktop>, keys: String) -> Answer<()> {
    run(&desktop, move |_| listen_to(&app, &keys)).await
}

/// The window, whatever the main one is doing.
#[tauri::command]
#[specta::specta]
pub async fn open_capture(app: AppHandle) -> Answer<()> {
    open(&app)
}

/// A line while the vault is locked: it waits, sealed, until it is open.
#[tauri::command]
#[specta::specta]
pub async fn seal_line(desktop: State<'_, Desktop>, line: String, today: String) -> Answer<SealedLine> {
    run(&desktop, move |d| d.satchel.seal_line(&line, &today)).await
}

#[tauri::command]
#[specta::specta]
pub async fn unseal_line(desktop: State<'_, Desktop>, id: RecordId) -> Answer<()> {
    run(&desktop, move |d| d.satchel.unseal_line(id)).await
}

/// What was taken while the vault was locked, made into records.
#[tauri::command]
#[specta::specta]
pub async fn open_inbox(desktop: State<'_, Desktop>) -> Answer<InboxView> {
    with(&desktop, |s| s.open_inbox()).await
}

/// Out of sight, and the focus goes back to where it was.
#[tauri::command]
#[specta::specta]
pub async fn close_capture(app: AppHandle) -> Answer<()> {
    if let Some(window) = app.get_webview_window(LABEL) {
        let _ = window.hide();
    }
    Ok(())
}

/// The main window: to unlock by a passphrase, or to see what was made.
#[tauri::command]
#[specta::specta]
pub async fn show_main(app: AppHandle) -> Answer<()> {
    if let Some(window) = app.get_webview_window("main") {
        to_the_front(&window);
    }
    Ok(())
}

pub fn open(app: &AppHandle) -> Answer<()> {
    if let Some(window) = app.get_webview_window(LABEL) {
        to_the_front(&window);
        return Ok(());
    }
    let url = WebviewUrl::App("index.html#capture".into());
    let built = WebviewWindowBuilder::new(app, LABEL, url)
        .title("Satchel capture")
        .inner_size(560.0, 340.0)
        .resizable(false)
        .decorations(false)
        .always_on_top(true)
        .skip_taskbar(true)
        .center()
        .focused(true)
        .visible(false)
        .background_color(crate::look::ground(app))
        .build();
    let window =
        built.map_err(|e| AppError::new(Code::Internal, format!("the window cannot be opened: {e}")))?;
    take_focus_when_shown(&window);
    Ok(())
}

fn to_the_front(window: &WebviewWindow) {
    let _ = window.unminimize();
    let _ = window.show();
    let _ = window.set_focus();
}

/// Keys of the whole system are no event of the window, and a manager of windows gives the focus only to what somebody has just asked for: it
/// is asked with the time of now, whenever the window has come to be on the screen.
#[cfg(target_os = "linux")]
fn take_focus_when_shown(window: &WebviewWindow) {
    use gtk::{glib::Propagation, prelude::*};
    let of = window.clone();
    let _ = window.run_on_main_thread(move || {
        if let Ok(own) = of.gtk_window() {
            own.connect_map_event(|own, _| {
                present(own);
                Propagation::Proceed
            });
        }
    });
}

#[cfg(not(target_os = "linux"))]
fn take_focus_when_shown(_: &WebviewWindow) {}

#[cfg(target_os = "linux")]
fn present(own: &gtk::ApplicationWindow) {
    use gtk::{gdk::EventMask, glib::Cast, prelude::*};
    let Some(shown) = own.window() else { return };
    // Without it the server would not answer.
    shown.set_events(shown.events() | EventMask::PROPERTY_CHANGE_MASK);
    let Ok(x11) = shown.downcast::<gdkx11::X11Window>() else { return };
    own.present_with_time(gdkx11::functions::x11_get_server_time(&x11));
}

fn listen_to(app: &AppHandle, keys: &str) -> Answer<()> {
    let shortcuts = app.global_shortcut();
    let _ = shortcuts.unregister_all();
    if keys.is_empty() {
        return Ok(());
    }
    if is_wayland() {
        return Err(refused(NO_KEYS));
    }
    let shortcut: Shortcut =
        keys.parse().map_err(|_| refused(format!("{keys} are no keys; write them as Ctrl+Alt+Space")))?;
    let registered = shortcuts.on_shortcut(shortcut, |app, _, event| {
        if event.state == ShortcutState::Pressed {
            let _ = open(app);
        }
    });
    let taken = |_| refused(format!("{keys} belongs to another program; choose other keys"));
    registered.map_err(taken)
}

fn refused(words: impl Into<String>) -> AppError {
    AppError::new(Code::Refused, words)
}

fn is_wayland() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    is_set("WAYLAND_DISPLAY") && !std::env::var("GDK_BACKEND").is_ok_and(|backend| backend == "x11")
}
