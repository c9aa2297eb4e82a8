//! The commands of letters, and the only door to other programs: a letter in the mail program, a number that is dialled,
//! and a draft that Satchel has written itself. The page names none of them by a link of its own (docs/adr/0019).

use crate::commands::{Answer, Desktop, Job, long, with};
use satchel_app::{
    AppError, Code, Letter, LetterView, LoggedMail, MergedMail, TemplateText,
    domain::{RecordId, phone, value},
    views::{Written, WrittenFile},
};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex, PoisonError},
};
use tauri::State;

/// Drafts that this run has written: only those are opened.
static WRITTEN: LazyLock<Mutex<HashSet<PathBuf>>> = LazyLock::new(Mutex::default);

pub fn open_outside(what: &std::ffi::OsStr) -> Answer<()> {
    open::that_detached(what).map_err(|e| {
        AppError::new(
            Code::Refused,
            format!("no program for it could be started ({e}); choose one in the settings of your system"),
        )
    })
}

/// A letter as it would be, from a text that may not be saved yet.
#[tauri::command]
#[specta::specta]
pub async fn letter(
    desktop: State<'_, Desktop>,
    text: TemplateText,
    about: Option<RecordId>,
) -> Answer<LetterView> {
    with(&desktop, move |s| s.letter(&text, about)).await
}

#[tauri::command]
#[specta::specta]
pub async fn template(desktop: State<'_, Desktop>, id: RecordId) -> Answer<TemplateText> {
    with(&desktop, move |s| s.template(id)).await
}

/// Opens a letter in the mail program; false: it is too long for that, or takes a file along, and has to be a draft.
#[tauri::command]
#[specta::specta]
pub async fn open_letter(desktop: State<'_, Desktop>, letter: Letter) -> Answer<bool> {
    with(&desktop, move |s| match s.mailto(&letter)? {
        Some(link) => open_outside(link.as_ref()).map(|()| true),
        None => Ok(false),
    })
    .await
}

/// Writes a letter as a draft to a file that was chosen in a dialog.
#[tauri::command]
#[specta::specta]
pub async fn save_draft(desktop: State<'_, Desktop>, letter: Letter, path: String) -> Answer<WrittenFile> {
    with(&desktop, move |s| {
        let path = with_extension(&path)?;
        let written = s.write_draft(&letter, &path)?;
        if let Ok(path) = path.canonicalize() {
            WRITTEN.lock().unwrap_or_else(PoisonError::into_inner).insert(path);
        }
        Ok(written)
    })
    .await
}

/// A draft by its name: what opens it goes by that.
fn with_extension(path: &str) -> Answer<PathBuf> {
    let path = PathBuf::from(path);
    match path.extension().is_some_and(|e| e.eq_ignore_ascii_case("eml")) {
        true => Ok(path),
        false => Err(AppError::new(Code::Refused, "the name of a draft ends in .eml; choose another name")),
    }
}

/// Opens a draft that was written before in the mail program.
#[tauri::command]
#[specta::specta]
pub async fn open_draft(desktop: State<'_, Desktop>, path: String) -> Answer<()> {
    with(&desktop, move |_| {
        let path = Path::new(&path).canonicalize().unwrap_or_default();
        match WRITTEN.lock().unwrap_or_else(PoisonError::into_inner).contains(&path) {
            true => open_outside(path.as_os_str()),
            false => {
                Err(AppError::new(Code::Refused, "only drafts that Satchel has just written are opened"))
            }
        }
    })
    .await
}

/// Dials a number in whatever program of the system does that.
#[tauri::command]
#[specta::specta]
pub async fn dial(desktop: State<'_, Desktop>, number: String) -> Answer<()> {
    with(&desktop, move |s| {
        let region = Some(s.settings()?.region).filter(|r| !r.is_empty());
        open_outside(tel(&number, region.as_deref())?.as_ref())
    })
    .await
}

/// Shows where a record is on the map of OpenStreetMap, in the browser: only that place leaves the computer, and only now.
#[tauri::command]
#[specta::specta]
pub async fn show_on_map(desktop: State<'_, Desktop>, id: RecordId) -> Answer<()> {
    with(&desktop, move |s| {
        let place = s.place_of(id)?;
        let (lat, long) = (place.latitude, place.longitude);
        let link = format!("https://www.openstreetmap.org/?mlat={lat}&mlon={long}#map=16/{lat}/{long}");
        open_outside(link.as_ref())
    })
    .await
}

/// Opens a link that stands in a note of a record.
#[tauri::command]
#[specta::specta]
pub async fn open_link(desktop: State<'_, Desktop>, record: RecordId, link: String) -> Answer<()> {
    with(&desktop, move |s| {
        let link = s.link_of_note(record, &link)?;
        open_outside(outward(&link)?.as_ref())
    })
    .await
}

/// What of a link other programs are given: an address, and nothing that attaches a file or gives a password away.
fn outward(link: &str) -> Answer<String> {
    let refused =
        || AppError::new(Code::Refused, "this link is none that can be opened; copy it if you trust it");
    if link.chars().any(|c| c.is_control() || c.is_whitespace()) || link.len() > 2000 {
        return Err(refused());
    }
    let (scheme, rest) = link.split_once(':').ok_or_else(refused)?;
    match scheme.to_ascii_lowercase().as_str() {
        "tel" => tel(rest, None),
        "mailto" => {
            let address = rest.split('?').next().unwrap_or_default();
            let sound = value::Contact::email("", address).map_err(|_| refused())?;
            Ok(format!("mailto:{}", sound.value))
        }
        "http" | "https" => {
            let host =
                rest.strip_prefix("//").unwrap_or_default().split(['/', '?', '#']).next().unwrap_or_default();
            match rest.starts_with("//") && !host.is_empty() && !host.contains(['@', '\\', '"', '\'']) {
                true => Ok(link.to_owned()),
                false => Err(refused()),
            }
        }
        _ => Err(refused()),
    }
}

/// RFC 3966, as far as numbers that people dial need it.
fn tel(number: &str, region: Option<&str>) -> Answer<String> {
    let dialled = phone::e164(number, region).unwrap_or_else(|| as_written(number));
    let digits = dialled.strip_prefix('+').unwrap_or(&dialled);
    match !digits.is_empty() && digits.len() <= 15 && digits.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(format!("tel:{dialled}")),
        false => Err(AppError::new(Code::Refused, "this is no number that can be dialled; correct it")),
    }
}

/// A number that is valid nowhere, such as one within a house, as it was written; two of them, or more than a number,
/// are none: all their digits together would reach somebody else.
fn as_written(number: &str) -> String {
    let digits = phone::digits(number);
    let plus = if number.trim_start_matches([' ', '(']).starts_with('+') { "+" } else { "" };
    let others = number.chars().filter(|c| !" +-().".contains(*c)).count();
    match others == digits.len() && number.matches('+').count() == plus.len() {
        true => format!("{plus}{digits}"),
        false => String::new(),
    }
}

/// Notes that a letter was sent.
#[tauri::command]
#[specta::specta]
pub async fn log_letter(desktop: State<'_, Desktop>, letter: Letter) -> Answer<Written> {
    with(&desktop, move |s| s.log_letter(&letter)).await
}

/// Writes a draft for each of some people, in a new folder inside of one that was chosen in a dialog.
#[tauri::command]
#[specta::specta]
pub async fn merge_mail(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    template: RecordId,
    people: Vec<RecordId>,
    folder: String,
    log: bool,
) -> Answer<MergedMail> {
    long(&app, &desktop, Job::Mail, move |s, progress, cancel| {
        s.merge_mail(template, &people, Path::new(&folder), log, progress, cancel)
    })
    .await
}

/// Notes a letter that was dropped on a record.
#[tauri::command]
#[specta::specta]
pub async fn log_mail(desktop: State<'_, Desktop>, record: RecordId, path: String) -> Answer<LoggedMail> {
    with(&desktop, move |s| s.log_mail(record, Path::new(&path))).await
}

/// Puts what such a letter encloses on the record.
#[tauri::command]
#[specta::specta]
pub async fn attach_enclosed(
    desktop: State<'_, Desktop>,
    record: RecordId,
    path: String,
    places: Vec<u32>,
) -> Answer<Vec<Written>> {
    let places: Vec<usize> = places.into_iter().filter_map(|place| usize::try_from(place).ok()).collect();
    with(&desktop, move |s| s.attach_enclosed(record, Path::new(&path), &places)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_dialled() {
        assert_eq!(tel("600 000 001", Some("ES")).unwrap(), "tel:+34600000001");
        assert_eq!(tel("+34 (600) 000-001", None).unwrap(), "tel:+34600000001");
        assert!(tel("none", None).is_err() && tel("", None).is_err());
        // What is valid nowhere is dialled as it was written, if it is one number and no more.
        assert_eq!(tel("+999 (1) 23-45.6", None).unwrap(), "tel:+999123456");
        assert_eq!(tel("112", None).unwrap(), "tel:112");
        for several in ["600 111 222 / 600 333 444", "112 or 113", "600 111 222 600 333 444", "112 +113"] {
            assert!(tel(several, Some("ES")).is_err(), "{several}");
        }
        for hostile in ["1;phone-context=evil", "https://x.example/1", "1&2", "1\n--new-window"] {
            let link = tel(hostile, None).unwrap_or_default();
            let digits = link.strip_prefix("tel:").unwrap_or_default();
            assert!(digits.trim_start_matches('+').bytes().all(|b| b.is_ascii_digit()), "{hostile}: {link}");
        }
    }

    #[test]
    fn links_lead_out_by_a_few_ways() {
        assert_eq!(outward("https://x.example/a?b=c#d").unwrap(), "https://x.example/a?b=c#d");
        assert_eq!(outward("mailto:ana@x.example?attach=/etc/passwd").unwrap(), "mailto:ana@x.example");
        assert_eq!(outward("tel:+34600000001").unwrap(), "tel:+34600000001");
        for bad in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https:x.example",
            "https:///a",
            "https://bank.example@evil.example/",
            "https://x.example\\@evil.example",
            "mailto:",
            "tel:1;ext=2",
            "https://x.example/a b",
            "--help",
        ] {
            assert!(outward(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_draft_is_called_so() {
        assert!(with_extension("/tmp/a.EML").is_ok());
        for bad in ["/tmp/a", "/tmp/a.eml.desktop", "/tmp/run.sh"] {
            assert!(with_extension(bad).is_err(), "{bad}");
        }
    }
}
