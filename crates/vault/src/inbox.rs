//! Lines that are taken while the vault is locked. Each is an age file, sealed for an identity whose secret lies in the
//! vault; what it is sealed by lies with the witness, outside of the vault's folder: whoever can write there alone can
//! neither read a line nor put his own key in the place of the vault's.

use crate::{
    files::{private_dir, replace_file},
    incarnation::name_of,
};
use age::{secrecy::ExposeSecret, x25519};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use uuid::Uuid;
use zeroize::Zeroizing;

const FOLDER: &str = "inbox";
/// What was tampered with, and what nobody can open any more.
const ASIDE: &str = "aside";
const END: &str = "age";
/// Lines that wait at once.
pub const MOST_LINES: usize = 200;
/// Bytes of a line.
pub const LONGEST_LINE: usize = 4000;
/// What is sealed is a multiple of it: sizes tell little of what was written.
const BLOCK: usize = 512;
/// More than any sealed line has, and what a folder is looked through for.
const LARGEST_FILE: u64 = 16 << 10;
const MOST_ENTRIES: usize = 1000;

#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    #[error("unlock the vault once on this computer: from then on lines are taken while it is locked, too")]
    NoKey,
    #[error("{MOST_LINES} lines wait for the vault to be unlocked; unlock it before more are taken")]
    Full,
    #[error("a line has at most {LONGEST_LINE} bytes; this one is longer")]
    TooLong,
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
}

/// A line as it was typed, and on which day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenLine {
    /// The record that it becomes has this id: it becomes one once.
    pub id: Uuid,
    /// `2026-11-28`, by the clock of where it was typed.
    pub day: String,
    pub line: String,
}

/// The identity that lines are sealed for.
pub struct InboxKey(x25519::Identity);

impl std::fmt::Debug for InboxKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InboxKey(…)")
    }
}

impl InboxKey {
    pub fn make() -> Self {
        Self(x25519::Identity::generate())
    }

    pub fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// As it is kept in the vault.
    pub fn expose_as_text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_string().expose_secret().to_owned())
    }
}

/// A file that waits, and the line in it; none where no key of the vault opens it.
#[derive(Debug)]
pub struct Waiting {
    pub name: String,
    pub line: Option<TakenLine>,
}

/// Where a vault's lines wait.
#[derive(Debug)]
pub struct Inbox {
    folder: PathBuf,
    recipient: PathBuf,
}

impl Inbox {
    /// `state` is the platform's state folder, as for the witness.
    pub fn of(state: &Path, vault: Uuid, vault_dir: &Path) -> Self {
        Self {
            folder: vault_dir.join(FOLDER),
            recipient: state.join("inboxes").join(name_of(vault, vault_dir)),
        }
    }

    /// Lets lines be sealed for the key from now on.
    pub fn announce(&self, key: &InboxKey) -> io::Result<()> {
        let recipient = key.0.to_public().to_string();
        if fs::read_to_string(&self.recipient).is_ok_and(|now| now == recipient) {
            return Ok(());
        }
        if let Some(folder) = self.recipient.parent() {
            private_dir(folder)?;
        }
        replace_file(&self.recipient, recipient.as_bytes())
    }

    /// Seals a line; nothing of it is on the disk before.
    pub fn seal(&self, line: &TakenLine) -> Result<(), InboxError> {
        if line.line.len() > LONGEST_LINE {
            return Err(InboxError::TooLong);
        }
        let recipient = fs::read_to_string(&self.recipient).map_err(|_| InboxError::NoKey)?;
        let recipient: x25519::Recipient = recipient.trim().parse().map_err(|_| InboxError::NoKey)?;
        if self.waiting() >= MOST_LINES {
            return Err(InboxError::Full);
        }
        let mut plain = Zeroizing::new(serde_json::to_vec(line).expect("plain data serialises"));
        let padded = plain.len().next_multiple_of(BLOCK);
        plain.resize(padded, b' ');
        let sealed = age::encrypt_and_armor(&recipient, &plain).expect("memory takes the bytes");
        let path = self.path_of(line.id);
        private_dir(&self.folder)
            .and_then(|()| replace_file(&path, sealed.as_bytes()))
            .map_err(|source| InboxError::Io { path, source })
    }

    /// How many lines wait. That is all that can be said of them without the vault.
    pub fn waiting(&self) -> usize {
        self.names().len()
    }

    /// What waits, the oldest first.
    pub fn read(&self, keys: &[InboxKey]) -> Vec<Waiting> {
        let open = |name: &str| -> Option<TakenLine> {
            let path = self.folder.join(name);
            if fs::metadata(&path).ok()?.len() > LARGEST_FILE {
                return None;
            }
            let sealed = fs::read(path).ok()?;
            let plain = keys.iter().find_map(|key| age::decrypt(&key.0, &sealed).ok()).map(Zeroizing::new)?;
            let line: TakenLine = serde_json::from_slice(&plain).ok()?;
            // Moved from another name it would be taken for another line.
            (name == file_of(line.id) && line.line.len() <= LONGEST_LINE).then_some(line)
        };
        self.names().into_iter().map(|name| Waiting { line: open(&name), name }).collect()
    }

    /// A line is a record now, or is not to become one.
    pub fn forget(&self, id: Uuid) -> io::Result<()> {
        match fs::remove_file(self.path_of(id)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Keeps what cannot be opened where nobody trips over it again. Says where.
    pub fn set_aside(&self, name: &str) -> io::Result<PathBuf> {
        let aside = self.folder.join(ASIDE);
        private_dir(&aside)?;
        let to = aside.join(name);
        fs::rename(self.folder.join(name), &to)?;
        Ok(to)
    }

    /// The vault is no more.
    pub fn discard(&self) {
        let _ = fs::remove_file(&self.recipient);
        let _ = fs::remove_dir_all(&self.folder);
    }

    fn path_of(&self, id: Uuid) -> PathBuf {
        self.folder.join(file_of(id))
    }

    /// Plain files that are named as lines are; ids rise with time.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten().take(MOST_ENTRIES);
        let mut names: Vec<String> = entries
            .filter(|entry| entry.file_type().is_ok_and(|of| of.is_file()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.strip_suffix(END).is_some_and(|stem| stem.ends_with('.')))
            .collect();
        names.sort_unstable();
        names
    }
}

fn file_of(id: Uuid) -> String {
    format!("{id}.{END}")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        dir: tempfile::TempDir,
        inbox: Inbox,
        key: InboxKey,
    }

    fn place() -> Place {
        let dir = tempfile::tempdir().expect("a folder");
        let vault = dir.path().join("vault");
        fs::create_dir(&vault).expect("made");
        let inbox = Inbox::of(&dir.path().join("state"), Uuid::nil(), &vault);
        let key = InboxKey::make();
        inbox.announce(&key).expect("announced");
        Place { dir, inbox, key }
    }

    fn line(text: &str) -> TakenLine {
        TakenLine { id: Uuid::now_v7(), day: "2026-11-28".into(), line: text.into() }
    }

    #[test]
    fn a_line_lies_sealed_and_is_read_by_the_vaults_key_alone() {
        let Place { dir, inbox, key } = place();
        let (first, second) = (line("Zoe Chérif, 13800138000"), line("给王伟打电话"));
        inbox.seal(&first).expect("sealed");
        inbox.seal(&second).expect("sealed");
        assert_eq!(inbox.waiting(), 2);
        let folder = dir.path().join("vault/inbox");
        for entry in fs::read_dir(&folder).expect("there").flatten() {
            let bytes = fs::read(entry.path()).expect("read");
            for secret in ["Zoe Chérif".as_bytes(), b"13800138000", "王伟".as_bytes(), b"2026-11"] {
                assert!(!bytes.windows(secret.len()).any(|w| w == secret), "in the clear");
            }
        }
        let read: Vec<_> = inbox.read(&[InboxKey::make(), key]).into_iter().map(|w| w.line).collect();
        assert_eq!(read, [Some(first), Some(second)]);
        assert!(
            inbox.read(&[InboxKey::make()]).iter().all(|w| w.line.is_none()),
            "another key opens nothing"
        );
    }

    #[test]
    fn what_was_changed_is_named_and_kept() {
        let Place { dir, inbox, key } = place();
        let (changed, moved, sound) = (line("changed"), line("moved"), line("sound"));
        for line in [&changed, &moved, &sound] {
            inbox.seal(line).expect("sealed");
        }
        let folder = dir.path().join("vault/inbox");
        let path = folder.join(file_of(changed.id));
        let mut bytes = fs::read(&path).expect("read");
        let at = bytes.len() / 2;
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        fs::write(&path, bytes).expect("written");
        fs::rename(folder.join(file_of(moved.id)), folder.join(file_of(Uuid::now_v7()))).expect("moved");
        fs::write(folder.join("x.age"), vec![b'x'; 100_000]).expect("written");
        fs::write(folder.join("no-line.txt"), "").expect("written");
        let keys = [key];
        let bad: Vec<String> =
            inbox.read(&keys).into_iter().filter(|w| w.line.is_none()).map(|w| w.name).collect();
        assert_eq!(bad.len(), 3, "{bad:?}");
        for name in bad {
            assert!(inbox.set_aside(&name).expect("kept").exists());
        }
        let left: Vec<_> = inbox.read(&keys).into_iter().map(|w| w.line).collect();
        assert_eq!(left, [Some(sound)]);
    }

    #[test]
    fn there_are_limits_and_a_key_before_anything_is_taken() {
        let Place { dir, inbox, .. } = place();
        assert!(matches!(inbox.seal(&line(&"长".repeat(2000))), Err(InboxError::TooLong)));
        for _ in 0..MOST_LINES {
            inbox.seal(&line("one")).expect("sealed");
        }
        assert!(matches!(inbox.seal(&line("one more")), Err(InboxError::Full)));
        let other = dir.path().join("other");
        fs::create_dir(&other).expect("made");
        let unknown = Inbox::of(&dir.path().join("state"), Uuid::nil(), &other);
        assert!(matches!(unknown.seal(&line("too early")), Err(InboxError::NoKey)));
        assert!(!other.join("inbox").exists());
    }
}
