//! What happens while no key is at hand: wrong keys, a damaged database. It is noted beside the vault, a line each, until
//! the vault's own trail takes it over. Whoever can write into the folder can write this: it is only as good as that.

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::Path,
    time::SystemTime,
};

const NAME: &str = "notes";
/// More than so much says nothing new.
const MOST: u64 = 64 << 10;

/// One thing that was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Epoch milliseconds.
    pub at: i64,
    /// `passphrase` or `recovery`: by which a wrong key was tried; or `damaged`.
    pub what: String,
}

/// A folder that cannot be written only loses the note.
pub fn add(dir: &Path, what: &str) {
    let path = dir.join(NAME);
    if fs::metadata(&path).is_ok_and(|m| m.len() > MOST) {
        return;
    }
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(&path).and_then(|mut file| writeln!(file, "{} {what}", since.as_millis()));
}

/// In the order in which they were noted; lines that are no notes are passed over.
pub fn read(dir: &Path) -> Vec<Note> {
    let mut bytes = Vec::new();
    let file = File::open(dir.join(NAME));
    let _ = file.and_then(|file| file.take(2 * MOST).read_to_end(&mut bytes));
    let note = |line: &str| {
        let (at, what) = line.split_once(' ')?;
        let known = ["passphrase", "recovery", "damaged"].contains(&what);
        Some(Note { at: at.parse().ok().filter(|_| known)?, what: what.to_owned() })
    };
    String::from_utf8_lossy(&bytes).lines().filter_map(note).collect()
}

/// Once they are in the trail.
pub fn forget(dir: &Path) {
    let _ = fs::remove_file(dir.join(NAME));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read_as_they_were_written_and_rubbish_is_passed_over() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(read(dir.path()), []);
        add(dir.path(), "passphrase");
        fs::write(
            dir.path().join(NAME),
            [&fs::read(dir.path().join(NAME)).expect("there")[..], b"\xff\nx y\n9 z\n"].concat(),
        )
        .expect("written");
        add(dir.path(), "damaged");
        let what: Vec<String> = read(dir.path()).into_iter().map(|n| n.what).collect();
        assert_eq!(what, ["passphrase", "damaged"]);
        for _ in 0..10_000 {
            add(dir.path(), "recovery");
        }
        assert!(
            fs::metadata(dir.path().join(NAME)).expect("there").len() < MOST + 100,
            "it does not fill the disk"
        );
        forget(dir.path());
        assert_eq!(read(dir.path()), []);
    }
}
