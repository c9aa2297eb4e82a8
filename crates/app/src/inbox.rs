//! Lines that are taken while the vault is locked: sealed beside it, made into records once it is open.

use crate::{
    AppError, Satchel, Session,
    error::Code,
    lock::state_dir,
    session::{facts, today},
    views::{InboxView, LineWritten, SealedLine},
};
use satchel_domain::RecordId;
use satchel_storage::{StorageError, documents, settings};
use satchel_vault::{Inbox, InboxError, InboxKey, TakenLine, VaultDir};
use std::sync::PoisonError;
use uuid::Uuid;

/// Identities that lines may be sealed for: the one of now, and the one before a change of the vault's key.
const KEYS: usize = 2;

impl From<InboxError> for AppError {
    fn from(error: InboxError) -> Self {
        match &error {
            InboxError::NoKey => Self::new(Code::Locked, error.to_string()),
            InboxError::Full | InboxError::TooLong => Self::refused(error.to_string()),
            InboxError::Io { source, .. } => Self::from_io(source, error.to_string()),
        }
    }
}

impl Satchel {
    fn inbox(&self) -> Result<Inbox, AppError> {
        let dir = VaultDir::open(self.path())?;
        Ok(Inbox::of(&state_dir(), dir.id(), dir.path()))
    }

    /// Takes a line that becomes a record once the vault is open. It asks for no key, and reads nothing.
    pub fn seal_line(&self, line: &str, day: &str) -> Result<SealedLine, AppError> {
        let line = satchel_domain::value::clean(line, false);
        if line.is_empty() {
            return Err(AppError::refused("write a name, an e-mail address or a telephone number"));
        }
        // Somebody has just unlocked it.
        if let Ok(session) = self.session() {
            let made = session.capture_line(&line, day)?;
            return Ok(SealedLine { id: made.id, waiting: 0 });
        }
        let inbox = self.inbox()?;
        let id = Uuid::now_v7();
        inbox.seal(&TakenLine { id, day: day.to_owned(), line })?;
        let waiting = u32::try_from(inbox.waiting()).unwrap_or(u32::MAX);
        Ok(SealedLine { id: RecordId(id), waiting })
    }

    /// Takes a line back that waits.
    pub fn unseal_line(&self, id: RecordId) -> Result<(), AppError> {
        let inbox = self.inbox()?;
        inbox.forget(id.0).map_err(AppError::io(self.path()))
    }
}

impl Session {
    fn inbox(&self) -> Inbox {
        let dir = self.dir();
        Inbox::of(&state_dir(), dir.id(), dir.path())
    }

    fn inbox_keys(&self) -> Result<Vec<InboxKey>, AppError> {
        let text = self.store.read(|db| settings::get(db, facts::INBOX))?.unwrap_or_default();
        Ok(text.split_whitespace().take(KEYS).filter_map(InboxKey::read).collect())
    }

    /// Lets lines be sealed while the vault is locked. Where nothing can be written none are taken.
    pub(crate) fn keep_inbox(&self) -> Result<(), AppError> {
        let keys = self.inbox_keys()?;
        let made = keys.is_empty().then(InboxKey::make);
        if let Some(key) = &made {
            let text = key.expose_as_text();
            self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, facts::INBOX, &text))?;
        }
        let Some(key) = keys.first().or(made.as_ref()) else { return Ok(()) };
        self.inbox().announce(key).map_err(AppError::io(self.dir().path()))
    }

    /// With another key of the vault comes another identity; what waits is still opened by the one before.
    pub(crate) fn renew_inbox(&self) -> Result<(), AppError> {
        let before = self.inbox_keys()?;
        let made = InboxKey::make();
        let keys: Vec<_> =
            [&made].into_iter().chain(&before).take(KEYS).map(InboxKey::expose_as_text).collect();
        let text = zeroize::Zeroizing::new(keys.iter().map(|k| k.as_str()).collect::<Vec<_>>().join(" "));
        self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, facts::INBOX, &text))?;
        self.inbox().announce(&made).map_err(AppError::io(self.dir().path()))
    }

    /// The vault is about to be deleted.
    pub(crate) fn discard_inbox(&self) {
        self.inbox().discard();
    }

    /// Makes what waits into records, one operation a line. What no key opens is kept aside, and named.
    pub fn open_inbox(&self) -> Result<InboxView, AppError> {
        // Several windows ask when the vault opens.
        let _alone = self.opening_inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let inbox = self.inbox();
        let waiting = inbox.read(&self.inbox_keys()?);
        let mut view = InboxView::default();
        for file in waiting {
            let Some(line) = file.line else {
                let kept = inbox.set_aside(&file.name).map_err(AppError::io(self.dir().path()))?;
                view.aside.push(kept.display().to_string());
                continue;
            };
            view.made.extend(self.line_of(&line)?);
            inbox.forget(line.id).map_err(AppError::io(self.dir().path()))?;
        }
        Ok(view)
    }

    /// None where the line has become a record before: somebody was cut off, or has put its file back.
    fn line_of(&self, line: &TakenLine) -> Result<Option<LineWritten>, AppError> {
        let id = RecordId(line.id);
        if self.store.read(|db| documents::find(db, id))?.is_some() {
            return Ok(None);
        }
        match self.capture_line_as(&line.line, &line.day, Some(id)) {
            // Its words are kept, whatever they say.
            Err(e) if matches!(e.code, Code::Refused | Code::Usage) => {
                self.capture_words(&line.line, &today().to_string(), id).map(Some)
            }
            made => made.map(Some),
        }
    }
}
