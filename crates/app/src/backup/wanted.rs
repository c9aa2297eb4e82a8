//! Files on records that a restore did not find: which they are, and how they still come. They are asked for more and more
//! seldom, and after some weeks only when somebody asks.

use super::{ATTACHMENTS, BackupKey, Scratch, attachments_folder, place::Place, restore::Shelf};
use crate::{
    AppError, Cancel, Progress, Session,
    error::Code,
    session::now,
    views::{MissingFileView, MissingFilesView},
};
use satchel_domain::RecordId;
use satchel_protocol::BlobContent;
use satchel_storage::{StorageError, Transaction, backups, blobs, documents, lists, settings};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

const WANTED: &str = "files.wanted";
/// They are asked for again after an hour, and each time after twice as long, up to a day.
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// So often: five weeks. Who has not come by then has to be fetched.
const MOST_TIMES: u32 = 40;
/// So long it is tried in vain at once: places and servers that do not answer take their time for each file.
const PATIENCE: Duration = Duration::from_secs(60);
/// Files that are named at once; all are counted.
const NAMED: usize = 200;

/// What is still to come.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Wanted {
    contents: BTreeSet<String>,
    /// When it was asked for last, and how often.
    asked: i64,
    times: u32,
}

impl Wanted {
    fn is_due(&self, now: i64) -> bool {
        let pause = HOUR.saturating_mul(1 << self.times.min(10)).min(DAY);
        // A clock that has gone back lets nobody wait.
        !self.contents.is_empty() && !self.is_given_up() && !(0..pause).contains(&(now - self.asked))
    }

    fn is_given_up(&self) -> bool {
        self.times >= MOST_TIMES
    }
}

/// Writes down what a restore has not found.
pub(super) fn put(tx: &Transaction<'_>, missing: &[&BlobContent]) -> Result<(), StorageError> {
    let contents = missing.iter().map(|content| content.to_string()).collect();
    keep(tx, &Wanted { contents, ..Wanted::default() })
}

fn keep(tx: &Transaction<'_>, wanted: &Wanted) -> Result<(), StorageError> {
    match wanted.contents.is_empty() {
        true => settings::remove(tx, WANTED),
        false => {
            let text = serde_json::to_string(wanted).expect("plain data serialises");
            settings::put(tx, WANTED, &text)
        }
    }
}

impl Session {
    fn wanted(&self) -> Result<Wanted, AppError> {
        let text = self.store.read(|db| settings::get(db, WANTED))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// How many files a restore has not brought back, and whether they are still asked for by themselves.
    pub(crate) fn files_to_come(&self) -> Result<(usize, bool), AppError> {
        let wanted = self.wanted()?;
        Ok((wanted.contents.len(), !wanted.is_given_up()))
    }

    /// The files on records that a restore has not brought back: none of those that have come since.
    pub fn missing_files(&self) -> Result<MissingFilesView, AppError> {
        let wanted = self.wanted()?;
        let count = u32::try_from(wanted.contents.len()).unwrap_or(u32::MAX);
        let mut files = Vec::new();
        if count > 0 {
            let all = self.store.read(backups::files)?;
            let named = all.into_iter().filter(|file| wanted.contents.contains(&file.content)).take(NAMED);
            files = named.map(|file| self.missing_file(file)).collect::<Result<_, _>>()?;
        }
        Ok(MissingFilesView { count, came: 0, asking: count > 0 && !wanted.is_given_up(), files })
    }

    fn missing_file(&self, file: backups::FileRow) -> Result<MissingFileView, AppError> {
        let record = file.record.as_deref().and_then(|id| id.parse::<RecordId>().ok());
        let found = match record {
            None => None,
            Some(id) => self.store.read::<_, StorageError>(|db| match documents::find(db, id)? {
                Some((row, kind)) => Ok(Some((kind, lists::title(db, kind, row)?.unwrap_or_default()))),
                None => Ok(None),
            })?,
        };
        let (kind, title) = found.unzip();
        let title = title.unwrap_or_default();
        Ok(MissingFileView { name: file.name, size: file.size as u64, record, kind, title })
    }

    /// Asks the team and the places of backups for what is missing.
    pub fn fetch_missing_files(
        &self,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<MissingFilesView, AppError> {
        let own = self.own_backup_key()?;
        let ways = self.dir().ways();
        let folders = vec![self.attachments_folder(&ways)?, attachments_folder(&ways, "")];
        let targets = self.backup_plan()?.targets;
        let mut places = vec![Place::folder(&self.backup_folder())];
        places.extend(targets.iter().map(Place::of));
        let places: Vec<Place> = places.into_iter().flatten().collect();
        let shelf = |place| Shelf { place, folders: folders.clone(), key: &own };
        let shelves: Vec<Shelf<'_>> = places.iter().map(shelf).collect();
        self.seek(&shelves, true, progress, cancel)
    }

    /// Takes what is missing from beside a backup, or from a folder of backups, by the key that opens them.
    pub fn take_missing_files(
        &self,
        from: &Path,
        key: &BackupKey,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<MissingFilesView, AppError> {
        let folder = match from.is_dir() {
            true => from,
            false => from.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        };
        let place = Place::folder(folder)?;
        let folders = place.folders(ATTACHMENTS)?;
        if folders.is_empty() {
            return Err(AppError::new(
                Code::NotFound,
                format!(
                    "no files on records lie in {}; choose the folder in which a backup and its folder attachments-… are",
                    folder.display()
                ),
            ));
        }
        let worked_out = self.dir().ways().worked_out(key);
        let shelf = Shelf { place: &place, folders, key: worked_out.as_ref().unwrap_or(key) };
        self.seek(&[shelf], false, progress, cancel)
    }

    /// What has come is not asked for any more, and neither is what no record has.
    fn seek(
        &self,
        shelves: &[Shelf<'_>],
        of_team: bool,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<MissingFilesView, AppError> {
        let mut wanted = self.wanted()?;
        let known: BTreeSet<String> = self.store.read(backups::contents)?.into_iter().collect();
        wanted.contents.retain(|content| known.contains(content));
        let (total, mut came, mut in_vain) = (wanted.contents.len() as u64, 0, Duration::ZERO);
        for (done, text) in (1..).zip(wanted.contents.clone()) {
            self.go_on(cancel, "what has come of the files stays here")?;
            let Ok(content) = text.parse::<BlobContent>() else { continue };
            let started = Instant::now();
            if self.comes(&content, shelves, of_team, cancel)? {
                came += 1;
                wanted.contents.remove(&text);
                self.store.write_aside(|tx| keep(tx, &wanted))?;
            } else {
                in_vain += started.elapsed();
            }
            progress(Progress { done, total });
            if in_vain > PATIENCE {
                break;
            }
        }
        wanted.asked = now();
        wanted.times = if came > 0 { 0 } else { wanted.times.saturating_add(u32::from(of_team)) };
        self.store.write_aside(|tx| keep(tx, &wanted))?;
        if came > 0 {
            self.tell(Vec::new());
        }
        Ok(MissingFilesView { came, ..self.missing_files()? })
    }

    /// Whether a file is here, by whatever way.
    fn comes(
        &self,
        content: &BlobContent,
        shelves: &[Shelf<'_>],
        of_team: bool,
        cancel: &Cancel,
    ) -> Result<bool, AppError> {
        let pieces = self.pieces();
        if pieces.size_here(content).is_some() {
            return Ok(true);
        }
        let go_on = || self.go_on(cancel, "what has come of the files stays here");
        for shelf in shelves {
            let scratch = Scratch(self.scratch("file")?);
            let mut noted = |name: satchel_protocol::Hash, size: usize| {
                Ok(self.store.write_aside::<_, StorageError>(|tx| blobs::add(tx, &name.0, size))?)
            };
            if shelf.take(&pieces, content, &scratch.0, &mut noted, &go_on)? {
                return Ok(true);
            }
        }
        if !of_team {
            return Ok(false);
        }
        match self.fetch_content(content, &mut |_| go_on()) {
            Err(e) if [Code::Cancelled, Code::DiskFull].contains(&e.code) => Err(e),
            fetched => Ok(fetched.is_ok()),
        }
    }

    /// By the clock; how many came.
    pub fn fetch_missing_if_due(&self, cancel: &Cancel) -> Result<u32, AppError> {
        if self.store.is_damaged() || !self.wanted()?.is_due(now()) {
            return Ok(0);
        }
        Ok(self.fetch_missing_files(&mut |_| {}, cancel)?.came)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_asked_for_more_and_more_seldom_and_not_for_ever() {
        let mut wanted = Wanted { contents: ["a".to_owned()].into(), ..Wanted::default() };
        let (begin, mut at, mut asked) = (1_750_000_000_000, 1_750_000_000_000, 0);
        while at < begin + 365 * DAY {
            if wanted.is_due(at) {
                asked += 1;
                (wanted.asked, wanted.times) = (at, wanted.times + 1);
                assert!(!wanted.is_due(at + HOUR - 1), "not at once again");
                assert!(wanted.is_given_up() || wanted.is_due(at - 1), "a clock that has gone back");
            }
            at += HOUR / 2;
        }
        assert_eq!(asked, MOST_TIMES);
        assert!(wanted.asked > begin + 30 * DAY && wanted.asked < begin + 45 * DAY);
        wanted = Wanted::default();
        assert!(!wanted.is_due(begin), "nothing is missing");
    }
}
