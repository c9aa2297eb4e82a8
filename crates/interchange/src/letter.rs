//! Letters that mail programs have saved: `.eml` (RFC 5322, MIME) and Outlook's `.msg` (MS-OXMSG). What they hold comes
//! from anybody: there are limits, libraries are run where they may panic, and nothing of it is shown as HTML.

mod eml;
mod msg;

use crate::{
    EnclosedFile, InterchangeError,
    limits::{LETTER_BYTES, LETTER_TEXT},
};

/// Who has written a letter, or got it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correspondent {
    pub name: String,
    pub address: String,
}

/// What a saved letter says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// Without its angle brackets.
    pub message_id: Option<String>,
    /// When it was sent: epoch milliseconds.
    pub at: Option<i64>,
    pub from: Option<Correspondent>,
    /// Copies included.
    pub to: Vec<Correspondent>,
    pub subject: String,
    pub text: String,
    pub enclosed: Vec<EnclosedFile>,
}

/// Reads a letter, as its bytes say what it is.
pub fn read_letter(name: &str, bytes: &[u8]) -> Result<Letter, InterchangeError> {
    let bad = |why: String| InterchangeError::Letter { path: name.to_owned(), why };
    if bytes.len() as u64 > LETTER_BYTES {
        return Err(bad(format!("it is larger than {} MB", LETTER_BYTES >> 20)));
    }
    let read = || if msg::is_msg(bytes) { msg::read(bytes) } else { eml::read(bytes) };
    // A crafted letter must not take the program with it.
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    let letter = read.unwrap_or_else(|_| Err("it cannot be decoded".to_owned())).map_err(bad)?;
    Ok(tidied(letter))
}

fn tidied(mut letter: Letter) -> Letter {
    letter.subject = one_line(&letter.subject, 1000);
    letter.text = shortened(readable(&letter.text));
    for who in letter.from.iter_mut().chain(&mut letter.to) {
        who.name = one_line(&who.name, 200);
        who.address = one_line(&who.address, 320);
    }
    letter.to.retain(|who| !who.address.is_empty());
    for (at, file) in letter.enclosed.iter_mut().enumerate() {
        // What names a path is no more than a name.
        let name = file.name.rsplit(['/', '\\']).next().unwrap_or_default();
        file.name = one_line(name, 200);
        if file.name.is_empty() || file.name.chars().all(|c| c == '.') {
            file.name = format!("attachment-{}", at + 1);
        }
        file.media_type = one_line(&file.media_type, 100);
    }
    letter
}

fn one_line(text: &str, most: usize) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(most).collect()
}

/// Without the carriage returns, and without more than one empty line in a row.
fn readable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.trim().lines().map(|line| line.trim_end_matches(['\r', ' ', '\t', '\u{a0}'])) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.extend(line.chars().filter(|c| !c.is_control() || *c == '\t'));
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(LETTER_TEXT) {
        Some((at, _)) => format!("{} …", text.get(..at).unwrap_or_default()),
        None => text,
    }
}
