//! What the backups of a place need of the files on records beside them: a list a backup, by which files go that none needs any
//! more. Whoever backs up to the place reads and writes these lists, so none takes away what another's backup needs.

use super::{ATTACHMENTS, Scratch, attachment_name, place::Found, place::GoOn, place::Place};
use crate::{AppError, Cancel, Session, error::Code, output};
use satchel_backup::EXTENSION;
use satchel_protocol::BlobContent;
use satchel_storage::{StorageError, settings};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

/// What no backup needs is marked, and goes so long after it was marked and after it was needed last; so long counts a list
/// whose backup is still being written, too.
const GRACE: i64 = 7 * 86_400_000;
/// Marked at so many looks at least: a clock that jumps lets nothing go.
const LOOKS: u32 = 3;
/// Files that go before the lists are looked at once more.
const AT_ONCE: usize = 50;
/// In the folder of the files.
const FOLDER: &str = "needed";
const BEGUN: &str = ".begun.txt";
const WHOLE: &str = ".txt";
const BEGIN: &str = "files that a backup needs 1";
const MOST: u64 = 64 << 20;
const MARKS: &str = "backup.unneeded";
/// The folders that this vault has put files into, and the one that it was restored from: a new kit makes another.
const FOLDERS: &str = "backup.folders";

/// Since when a file is known to be needed by no backup, and how often that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    since: i64,
    looks: u32,
}

type Marks = BTreeMap<String, Mark>;

fn written(names: &BTreeSet<String>) -> String {
    let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
    let sum = blake3::hash(lines.as_bytes());
    format!("{BEGIN}\n{lines}end {} {sum}\n", names.len())
}

/// The names of a list that was written to its end.
fn read(text: &str) -> Option<BTreeSet<String>> {
    let body = text.strip_prefix(BEGIN)?.strip_prefix('\n')?;
    let (lines, end) = match body.rfind("end ") {
        Some(at) => body.split_at_checked(at)?,
        None => return None,
    };
    let names: BTreeSet<String> = lines.lines().map(str::to_owned).collect();
    let sum = blake3::hash(lines.as_bytes());
    (end == format!("end {} {sum}\n", names.len())).then_some(names)
}

fn names_of(contents: &[BlobContent]) -> BTreeSet<String> {
    contents.iter().map(|content| content.manifest.to_string()).collect()
}

/// What lies at a place: backups, the lists of a folder, and the files in it.
struct Seen {
    backups: BTreeSet<String>,
    /// The backups that some list speaks for, in whichever folder.
    spoken_for: BTreeSet<String>,
    lists: Vec<Found>,
    needed: BTreeSet<String>,
    files: Vec<Found>,
}

/// The backup that a list is of.
fn backup_of(list: &Found) -> Option<&str> {
    let name = list.name.rsplit('/').next()?;
    name.strip_suffix(BEGUN).or_else(|| name.strip_suffix(WHOLE))
}

fn lists_in(place: &Place, folder: &str) -> Result<Vec<Found>, AppError> {
    let mut lists = place.files(&format!("{folder}/{FOLDER}"))?;
    lists.retain(|list| backup_of(list).is_some());
    Ok(lists)
}

impl Seen {
    /// Everything, or an error: of what was read in part nothing follows.
    fn of(
        place: &Place,
        folder: &str,
        scratch: &dyn Fn() -> Result<Scratch, AppError>,
        go_on: GoOn<'_>,
    ) -> Result<Self, AppError> {
        let ending = format!(".{EXTENSION}");
        let backups =
            place.files("")?.into_iter().map(|found| found.name).filter(|name| name.ends_with(&ending));
        let mut seen = Self {
            backups: backups.collect(),
            spoken_for: BTreeSet::new(),
            lists: lists_in(place, folder)?,
            needed: BTreeSet::new(),
            files: Vec::new(),
        };
        for other in place.folders(ATTACHMENTS)? {
            let whole = lists_in(place, &other)?.into_iter().filter(|list| !list.name.ends_with(BEGUN));
            seen.spoken_for.extend(whole.filter_map(|list| backup_of(&list).map(str::to_owned)));
        }
        for list in &seen.lists {
            go_on()?;
            let bytes = place.read(&list.name, MOST, &scratch()?.0, go_on)?;
            let names = std::str::from_utf8(&bytes).ok().and_then(read);
            seen.needed.extend(names.ok_or_else(|| {
                AppError::new(
                    Code::Damaged,
                    format!(
                        "the list {} in {} is damaged; no file there is removed",
                        list.name,
                        place.address()
                    ),
                )
            })?);
        }
        seen.files = place.tree(folder)?;
        seen.files.retain(|file| file.name.ends_with(".age"));
        Ok(seen)
    }

    /// The files that no backup needs; none while a backup is there that no list speaks for.
    fn unneeded(&self) -> Vec<&Found> {
        if !self.backups.is_subset(&self.spoken_for) {
            return Vec::new();
        }
        let needed = |file: &&Found| file_hash(file).is_none_or(|hash| self.needed.contains(hash));
        self.files.iter().filter(|file| !needed(file)).collect()
    }

    /// Lists of what never came to be a backup, or is none any more.
    fn left_over(&self, at: i64) -> impl Iterator<Item = &Found> {
        let gone = |list: &&Found| backup_of(list).is_some_and(|of| !self.backups.contains(of));
        let done = |list: &&Found| {
            list.name.ends_with(BEGUN) && backup_of(list).is_some_and(|of| self.spoken_for.contains(of))
        };
        self.lists.iter().filter(move |list| (gone(list) || done(list)) && at - list.at > GRACE)
    }
}

fn file_hash(file: &Found) -> Option<&str> {
    file.name.rsplit('/').next()?.strip_suffix(".age")
}

/// The marks as they are after a look, and the files that may go.
fn look<'a>(before: &Marks, unneeded: &[&'a Found], at: i64) -> (Marks, Vec<&'a Found>) {
    let mut marks = Marks::new();
    let mut due = Vec::new();
    for file in unneeded {
        // What a wrong clock has marked later than now begins anew.
        let mark = before.get(&file.name).filter(|mark| mark.since <= at);
        let mark =
            mark.map_or(Mark { since: at, looks: 1 }, |m| Mark { looks: m.looks.saturating_add(1), ..*m });
        if at - mark.since >= GRACE && at - file.at >= GRACE && mark.looks >= LOOKS {
            due.push(*file);
        } else {
            marks.insert(file.name.clone(), mark);
        }
    }
    (marks, due)
}

impl Session {
    /// Says beside a backup what it needs; before anything is looked for there, so that nobody takes it away meanwhile.
    pub(super) fn begin_needs(
        &self,
        place: &Place,
        (folder, backup): (&str, &str),
        contents: &[BlobContent],
        go_on: GoOn<'_>,
    ) -> Result<(), AppError> {
        let mut known = self.known_folders()?;
        if known.insert(folder.to_owned()) {
            let text = serde_json::to_string(&known).expect("plain data serialises");
            self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, FOLDERS, &text))?;
        }
        self.put_needs(place, &format!("{folder}/{FOLDER}/{backup}{BEGUN}"), contents, go_on)
    }

    /// The list that counts; before the backup is there.
    pub(super) fn finish_needs(
        &self,
        place: &Place,
        (folder, backup): (&str, &str),
        contents: &[BlobContent],
        go_on: GoOn<'_>,
    ) -> Result<(), AppError> {
        self.put_needs(place, &format!("{folder}/{FOLDER}/{backup}{WHOLE}"), contents, go_on)
    }

    fn put_needs(
        &self,
        place: &Place,
        name: &str,
        contents: &[BlobContent],
        go_on: GoOn<'_>,
    ) -> Result<(), AppError> {
        let scratch = Scratch(self.scratch("needs")?);
        output::write_whole(&scratch.0, |out| Ok(out.write_all(written(&names_of(contents)).as_bytes())?))?;
        place.put(name, &scratch.0, go_on)
    }

    /// The backup is there, and all that it needs is: looked at once more, since somebody may have been tidying up. What is missing.
    pub(super) fn still_lacking(
        &self,
        place: &Place,
        (folder, backup): (&str, &str),
        contents: &[BlobContent],
    ) -> Result<Vec<BlobContent>, AppError> {
        let there: BTreeSet<String> = place.tree(folder)?.into_iter().map(|file| file.name).collect();
        // Only the mark of the beginning: the list itself stays.
        place.remove(&format!("{folder}/{FOLDER}/{backup}{BEGUN}"))?;
        Ok(contents.iter().filter(|c| !there.contains(&attachment_name(folder, c))).cloned().collect())
    }

    /// A backup that is none any more needs nothing.
    pub(super) fn forget_needs(&self, place: &Place, backup: &str) -> Result<(), AppError> {
        for folder in self.own_folders(place)? {
            for ending in [WHOLE, BEGUN] {
                place.remove(&format!("{folder}/{FOLDER}/{backup}{ending}"))?;
            }
        }
        Ok(())
    }

    fn known_folders(&self) -> Result<BTreeSet<String>, AppError> {
        let text = self.store.read(|db| settings::get(db, FOLDERS))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// Those at a place that this vault, or the one that it was restored from, has made.
    fn own_folders(&self, place: &Place) -> Result<Vec<String>, AppError> {
        let known = self.known_folders()?;
        Ok(place.folders(ATTACHMENTS)?.into_iter().filter(|folder| known.contains(folder)).collect())
    }

    /// Removes the files on records that no backup of a place needs any more. `kept`: the backups that must be there; where one
    /// is and is not listed, the place does not list all.
    pub(super) fn thin_files(&self, place: &Place, kept: &[&str], at: i64) -> Result<u32, AppError> {
        let go_on = || self.go_on(&Cancel::default(), "no file was removed");
        let mut removed = 0;
        let mut marks = self.marks(place)?;
        let before = marks.clone();
        for folder in self.own_folders(place)? {
            let scratch = || Ok(Scratch(self.scratch("needs")?));
            let seen = Seen::of(place, &folder, &scratch, &go_on)?;
            for backup in kept.iter().filter(|backup| !seen.backups.contains(**backup)) {
                if place.has(backup)? {
                    return Err(AppError::new(
                        Code::Unreachable,
                        format!(
                            "{} does not list all that it holds; no file there is removed",
                            place.address()
                        ),
                    ));
                }
            }
            let (left, due) = look(&marks, &seen.unneeded(), at);
            let inside = format!("{folder}/");
            marks.retain(|name, _| !name.starts_with(&inside));
            marks.extend(left);
            for some in due.chunks(AT_ONCE) {
                if lists_in(place, &folder)? != seen.lists {
                    // Somebody backs up there at this moment: another day.
                    break;
                }
                for file in some {
                    place.remove(&file.name)?;
                    removed += 1;
                }
            }
            seen.left_over(at).try_for_each(|list| place.remove(&list.name))?;
        }
        if marks != before {
            self.put_marks(place, &marks)?;
        }
        Ok(removed)
    }

    fn all_marks(&self) -> Result<BTreeMap<String, Marks>, AppError> {
        let text = self.store.read(|db| settings::get(db, MARKS))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    fn marks(&self, place: &Place) -> Result<Marks, AppError> {
        Ok(self.all_marks()?.remove(place.address()).unwrap_or_default())
    }

    fn put_marks(&self, place: &Place, marks: &Marks) -> Result<(), AppError> {
        let mut all = self.all_marks()?;
        all.insert(place.address().to_owned(), marks.clone());
        all.retain(|_, marks| !marks.is_empty());
        let text = serde_json::to_string(&all).expect("plain data serialises");
        Ok(self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, MARKS, &text))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;
    const NOW: i64 = 1_795_000_000_000;

    fn found(name: &str, days: i64) -> Found {
        Found { name: name.to_owned(), at: NOW - days * DAY }
    }

    #[test]
    fn a_list_that_is_cut_or_changed_is_none() {
        let names: BTreeSet<String> = ["aa", "bb", "cc"].map(str::to_owned).into();
        let text = written(&names);
        assert_eq!(read(&text), Some(names));
        assert_eq!(read(&written(&BTreeSet::new())), Some(BTreeSet::new()));
        for end in 0..text.len() {
            assert_eq!(read(&text[..end]), None, "cut at {end}");
        }
        assert_eq!(read(&text.replace("bb\n", "")), None, "a line is missing");
        assert_eq!(read(&text.replace("bb", "bd")), None, "a line is another");
    }

    #[test]
    fn what_is_not_needed_goes_after_a_week_and_some_looks() {
        let file = found("f/aa/aa.age", 30);
        let mut marks = Marks::new();
        for day in 0..7 {
            let (next, due) = look(&marks, &[&file], NOW + day * DAY);
            assert!(due.is_empty(), "after {day} days");
            marks = next;
        }
        assert_eq!(look(&marks, &[&file], NOW + 7 * DAY).1, [&file]);
        // Needed at one look in between: it begins anew.
        let (needed, _) = look(&marks, &[], NOW + 6 * DAY);
        assert!(look(&needed, &[&file], NOW + 9 * DAY).1.is_empty());
        // A clock that jumps ahead and back lets nothing go.
        let (ahead, _) = look(&Marks::new(), &[&file], NOW + 4000 * DAY);
        assert!(look(&ahead, &[&file], NOW).1.is_empty());
        let (once, _) = look(&Marks::new(), &[&file], NOW);
        assert!(look(&once, &[&file], NOW + 4000 * DAY).1.is_empty(), "two looks are too few");
        // One that was written, or needed, a moment ago.
        let young = Found { at: NOW + 6 * DAY, ..file.clone() };
        assert!(look(&marks, &[&young], NOW + 7 * DAY).1.is_empty());
    }

    #[test]
    fn while_one_backup_has_no_list_all_is_needed() {
        let mut seen = Seen {
            backups: ["a".to_owned(), "b".to_owned()].into(),
            spoken_for: ["a".to_owned()].into(),
            lists: vec![
                found("f/needed/a.txt", 30),
                found("f/needed/gone.txt", 30),
                found("f/needed/cut.begun.txt", 30),
                found("f/needed/now.begun.txt", 0),
            ],
            needed: ["aa".to_owned()].into(),
            files: vec![found("f/aa/aa.age", 30), found("f/bb/bb.age", 30)],
        };
        assert!(seen.unneeded().is_empty(), "what b needs is not known");
        seen.spoken_for.insert("b".to_owned());
        assert_eq!(seen.unneeded(), [&found("f/bb/bb.age", 30)]);
        let left: Vec<&str> = seen.left_over(NOW).map(|list| list.name.as_str()).collect();
        assert_eq!(left, ["f/needed/gone.txt", "f/needed/cut.begun.txt"], "one is being written now");
    }
}
