//! Where backups go by themselves, how many are kept, and the daily round.

use super::{Backup, place, place::Place};
use crate::{
    AppError, Cancel, Progress, Session,
    error::Code,
    session::now,
    views::{BackupFolderView, BackupView},
};
use satchel_domain::date::rfc3339;
use satchel_storage::{StorageError, backups, settings};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::PoisonError,
};

const PLAN: &str = "backup.plan";
const TROUBLE: &str = "backup.trouble";
/// The backup that was made before the last update, while one can go back to before it.
const BEFORE_UPDATE: &str = "backup.before_update";
const UPDATE_BACK: i64 = 30 * DAY;
const DAY: i64 = 86_400_000;
/// What failed is tried again after this.
const AGAIN: i64 = 3_600_000;
/// A place that has got nothing for so long is worth a warning.
const LATE: i64 = 3 * DAY;
const MOST_TARGETS: usize = 10;
/// Before something large, a backup that is as young as this will do.
const YOUNG: i64 = 3_600_000;

/// How many backups are kept: the last of each of so many days, weeks and months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Keep {
    pub days: u32,
    pub weeks: u32,
    pub months: u32,
}

impl Default for Keep {
    fn default() -> Self {
        Self { days: 7, weeks: 4, months: 12 }
    }
}

/// A place that gets a backup every day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct BackupTarget {
    /// A folder, or `s3://bucket/folder`.
    pub address: String,
    /// In another building: fire and thieves do not get both.
    #[serde(default)]
    pub away: bool,
    /// Of the service, where it is another than Amazon's: `https://…`.
    #[serde(default)]
    pub endpoint: String,
    #[serde(default)]
    pub region: String,
    #[serde(default)]
    pub key_id: String,
    #[serde(default)]
    pub secret: String,
}

impl BackupTarget {
    /// The bucket, and what its keys are called.
    pub(super) fn bucket(&self) -> Result<(&str, place::Keys), AppError> {
        let odd = || AppError::refused(format!("{}: write s3://bucket/folder", self.address));
        let (bucket, folder) = match self.address.strip_prefix("s3://").ok_or_else(odd)? {
            rest if rest.contains('/') => rest.split_once('/').ok_or_else(odd)?,
            bucket => (bucket, ""),
        };
        let folders: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        let sound = !bucket.is_empty()
            && bucket.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
            && !folders.iter().any(|part| [".", ".."].contains(part) || part.chars().any(char::is_control));
        match sound {
            true => Ok((bucket, place::Keys::below(folders.join("/")))),
            false => Err(odd()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupPlan {
    pub automatic: bool,
    pub keep: Keep,
    pub targets: Vec<BackupTarget>,
}

impl Default for BackupPlan {
    fn default() -> Self {
        Self { automatic: true, keep: Keep::default(), targets: Vec::new() }
    }
}

impl BackupPlan {
    pub(crate) fn check(&self) -> Result<(), AppError> {
        let keep = self.keep;
        if self.targets.len() > MOST_TARGETS
            || keep.days < 1
            || [keep.days, keep.weeks, keep.months].iter().any(|n| *n > 1000)
        {
            return Err(AppError::refused(format!(
                "keep the backups of 1 to 1000 days, in at most {MOST_TARGETS} places; nothing was changed"
            )));
        }
        Ok(())
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct BeforeUpdate {
    file: String,
    at: i64,
}

/// What a place last refused, and when.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Trouble {
    at: i64,
    message: String,
}

impl Session {
    pub fn backup_plan(&self) -> Result<BackupPlan, AppError> {
        let text = self.store.read(|db| settings::get(db, PLAN))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    pub fn set_backup_plan(&self, plan: &BackupPlan) -> Result<(), AppError> {
        plan.check()?;
        let text = serde_json::to_string(plan).expect("plain data serialises");
        self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, PLAN, &text))?;
        self.tell(Vec::new());
        Ok(())
    }

    /// Adds a place that gets a backup every day, once one has been made there.
    pub fn add_backup_target(&self, target: BackupTarget, cancel: &Cancel) -> Result<BackupView, AppError> {
        let mut target = target;
        if !place::is_served(&target.address) {
            let vault = self.vault();
            let folder = Place::folder(Path::new(&target.address))?;
            if vault.canonicalize().is_ok_and(|vault| Path::new(folder.address()).starts_with(vault)) {
                return Err(AppError::refused(format!(
                    "{} is in the vault's folder; choose another disk or computer",
                    target.address
                )));
            }
            target.address = folder.address().to_owned();
        }
        let with = |mut plan: BackupPlan| {
            plan.targets.retain(|t| t.address != target.address);
            plan.targets.push(target.clone());
            plan
        };
        with(self.backup_plan()?).check()?;
        let made = self.back_up_to(&Place::of(&target)?, &mut |_| {}, cancel)?;
        // As it is by now: that took its time.
        let plan = with(self.backup_plan()?);
        self.set_backup_plan(&plan)?;
        Ok(self.backup_view(&made))
    }

    /// What is set of a place; of one that is none yet, nothing.
    pub fn backup_target(&self, address: &str) -> Result<BackupTarget, AppError> {
        let same = |known: &str| match place::is_served(address) {
            true => known == address,
            false => Path::new(address).canonicalize().is_ok_and(|path| path == Path::new(known)),
        };
        let known = self.backup_plan()?.targets.into_iter().find(|target| same(&target.address));
        Ok(known.unwrap_or_default())
    }

    /// Its backups stay where they are.
    pub fn remove_backup_target(&self, address: &str) -> Result<(), AppError> {
        let mut plan = self.backup_plan()?;
        let before = plan.targets.len();
        plan.targets.retain(|t| t.address != address);
        if plan.targets.len() == before {
            return Err(AppError::not_found("backup place", address));
        }
        self.set_backup_plan(&plan)
    }

    pub(super) fn place(&self, address: &str) -> Result<Place, AppError> {
        match self.backup_plan()?.targets.iter().find(|t| t.address == address) {
            Some(target) => Place::of(target),
            None => Place::folder(Path::new(address)),
        }
    }

    fn troubles(&self) -> Result<BTreeMap<String, Trouble>, AppError> {
        let text = self.store.read(|db| settings::get(db, TROUBLE))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    fn note_trouble(&self, address: &str, error: Option<&AppError>) -> Result<(), AppError> {
        let mut all = self.troubles()?;
        let before = all.len();
        match error {
            Some(error) => {
                let message = error.message.chars().take(500).collect();
                all.insert(address.to_owned(), Trouble { at: now(), message });
            }
            None => drop(all.remove(address)),
        }
        if error.is_some() || all.len() != before {
            let text = serde_json::to_string(&all).expect("plain data serialises");
            self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, TROUBLE, &text))?;
        }
        Ok(())
    }

    pub(super) fn place_view(
        &self,
        address: &str,
        target: Option<&BackupTarget>,
        rows: &[Backup],
    ) -> Result<BackupFolderView, AppError> {
        let of_it = || rows.iter().filter(|row| row.target == address);
        let last = of_it().filter(|row| row.verified_at.is_some() && row.made_at <= now());
        let last = last.map(|row| row.made_at).max();
        let drill = of_it().filter_map(|row| Some((row.drilled_at?, row.drill_ms?, row.records))).max();
        let trouble = self.troubles()?.remove(address);
        Ok(BackupFolderView {
            address: address.to_owned(),
            own: target.is_none(),
            same_disk: target.is_none() || self.is_on_its_disk(address),
            served: place::is_served(address),
            away: target.is_some_and(|t| t.away || place::is_served(&t.address)),
            last: last.map(rfc3339),
            late: target.is_some() && last.is_none_or(|at| now() - at > LATE),
            drilled_at: drill.map(|(at, _, _)| rfc3339(at)),
            drill_seconds: drill.map(|(_, ms, _)| ms as f64 / 1000.0),
            drill_records: drill.map(|(_, _, records)| records),
            trouble: trouble.map(|t| t.message),
        })
    }

    /// Whether a place is on the disk that the vault is on.
    pub(crate) fn is_on_its_disk(&self, address: &str) -> bool {
        !place::is_served(address) && place::on_one_disk(&self.vault(), Path::new(address))
    }

    /// Where a backup is due, by the clock.
    fn due_places(&self) -> Result<Vec<Place>, AppError> {
        let plan = self.backup_plan()?;
        if !plan.automatic || self.nothing_yet()? {
            return Ok(Vec::new());
        }
        let (rows, troubles) = (self.store.read(backups::all)?, self.troubles()?);
        let (at, own) = (now(), self.backup_folder());
        let due = |address: &str| is_due(at, &rows, address, troubles.get(address).map(|t| t.at));
        let mut places = Vec::new();
        if due(&own.display().to_string()) {
            satchel_vault::files::private_dir(&own).map_err(AppError::io(&own))?;
            places.push(Place::folder(&own)?);
        }
        for target in plan.targets.iter().filter(|t| due(&t.address)) {
            match known_place(target, &rows) {
                Ok(place) => places.push(place),
                Err(e) => self.note_trouble(&target.address, Some(&e))?,
            }
        }
        Ok(places)
    }

    /// A vault in which nothing was done needs no backup.
    fn nothing_yet(&self) -> Result<bool, AppError> {
        Ok(self.operations(1)?.is_empty())
    }

    /// Makes the backups that are due, proves them, and removes those that are not kept any more. How many were made.
    pub fn back_up_if_due(&self, cancel: &Cancel) -> Result<u32, AppError> {
        // What cannot be noted would be made again and again.
        if self.store.is_damaged() {
            return Ok(0);
        }
        let mut made = 0;
        for place in self.due_places()? {
            let address = place.address().to_owned();
            let done = self.back_up_to(&place, &mut |_| {}, cancel).and_then(|row| {
                made += 1;
                let path = Path::new(&row.target).join(&row.file);
                if !place::is_served(&row.target) {
                    self.drill(Some(&path), None, &mut |_| {}, cancel)?;
                }
                self.thin_out(&place)
            });
            match done {
                Err(e) if e.code == Code::Cancelled => return Err(e),
                done => self.note_trouble(&address, done.err().as_ref())?,
            }
        }
        if made > 0 {
            self.tell(Vec::new());
        }
        Ok(made)
    }

    /// A backup before something large, unless there is a young one. It hinders nothing: the large thing can be undone, too.
    pub(crate) fn back_up_before(&self, cancel: &Cancel) {
        let young = self.last_backup_at().ok().flatten().is_some_and(|at| (0..YOUNG).contains(&(now() - at)));
        let wanted =
            self.backup_plan().is_ok_and(|plan| plan.automatic) && !self.nothing_yet().unwrap_or(true);
        if wanted && !young {
            let made = self.back_up(None, &mut |_| {}, cancel);
            let _ = self.note_trouble(&self.backup_folder().display().to_string(), made.err().as_ref());
        }
    }

    /// A proven backup for an update: in the first folder of the plan that is there, and where there is none beside the vault.
    /// Not in a bucket: the version from before has to read it while the vault, which has the bucket's key, is shut to it.
    pub(crate) fn back_up_before_update(
        &self,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<BackupView, AppError> {
        let (plan, rows) = (self.backup_plan()?, self.store.read(backups::all)?);
        let folders = plan.targets.iter().filter(|target| !place::is_served(&target.address));
        for place in folders.filter_map(|target| known_place(target, &rows).ok()) {
            match self.proven_backup(&place, progress, cancel) {
                Err(e) if e.code != Code::Cancelled => self.note_trouble(place.address(), Some(&e))?,
                made => return self.keep_for_update(made?),
            }
        }
        let own = self.backup_folder();
        satchel_vault::files::private_dir(&own).map_err(AppError::io(&own))?;
        let made = self.proven_backup(&Place::folder(&own)?, progress, cancel)?;
        self.keep_for_update(made)
    }

    fn keep_for_update(&self, made: BackupView) -> Result<BackupView, AppError> {
        let name = Path::new(&made.file).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let before = BeforeUpdate { file: name, at: now() };
        let text = serde_json::to_string(&before).expect("plain data serialises");
        self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, BEFORE_UPDATE, &text))?;
        self.tell(Vec::new());
        Ok(made)
    }

    fn proven_backup(
        &self,
        place: &Place,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<BackupView, AppError> {
        let row = self.back_up_to(place, progress, cancel)?;
        self.drill(Some(&Path::new(&row.target).join(&row.file)), None, progress, cancel)?;
        let proven = self.known_backup(&Path::new(&row.target).join(&row.file))?;
        Ok(self.backup_view(&proven.unwrap_or(row)))
    }

    /// The backup before the last update stays while somebody may want to go back.
    fn kept_for_update(&self) -> Result<Option<String>, AppError> {
        let text = self.store.read(|db| settings::get(db, BEFORE_UPDATE))?;
        let before: Option<BeforeUpdate> = text.and_then(|text| serde_json::from_str(&text).ok());
        Ok(before.filter(|before| now() - before.at < UPDATE_BACK).map(|before| before.file))
    }

    /// Removes the backups of a place that its plan does not keep; the newest and the one that was proven last always stay.
    fn thin_out(&self, place: &Place) -> Result<(), AppError> {
        // One that is being made is not read back yet.
        let _alone = self.backing_up.lock().unwrap_or_else(PoisonError::into_inner);
        let keep = self.backup_plan()?.keep;
        let rows: Vec<Backup> =
            self.store.read(backups::all)?.into_iter().filter(|row| row.target == place.address()).collect();
        let mut kept = kept(&rows, keep, now());
        kept.extend(self.kept_for_update()?);
        for row in rows.iter().filter(|row| !kept.contains(&row.file)) {
            place.remove(&row.file)?;
            self.forget_needs(place, &row.file)?;
            self.forget_backup(row)?;
        }
        let listed: Vec<&str> =
            rows.iter().map(|row| row.file.as_str()).filter(|f| kept.contains(*f)).collect();
        self.thin_files(place, &listed, now()).map(drop)
    }
}

/// A place as it is known: where a disk was taken away, its folder may have stayed, empty and on another disk.
fn known_place(target: &BackupTarget, rows: &[Backup]) -> Result<Place, AppError> {
    let place = Place::of(target)?;
    let mut earlier = rows.iter().filter(|row| row.target == target.address).peekable();
    let gone = !place::is_served(&target.address)
        && earlier.peek().is_some()
        && earlier.all(|row| !Path::new(&row.target).join(&row.file).exists());
    match gone {
        true => Err(AppError::new(
            Code::Unreachable,
            format!(
                "none of the earlier backups is in {}: is its disk connected? To begin anew there, make a backup by hand",
                target.address
            ),
        )),
        false => Ok(place),
    }
}

/// Whether a place needs a backup. What a clock that was wrong has dated later than now says nothing.
fn is_due(now: i64, rows: &[Backup], address: &str, refused: Option<i64>) -> bool {
    let whole = rows.iter().filter(|row| row.target == address && row.verified_at.is_some());
    let last = whole.map(|row| row.made_at).filter(|at| *at <= now).max();
    let refused = refused.filter(|at| *at <= now);
    last.is_none_or(|at| now - at >= DAY) && refused.is_none_or(|at| now - at >= AGAIN)
}

/// The files that stay: the last of each of the last days, weeks and months that have one. Those that a wrong clock has
/// put into the future take no place of others.
fn kept(rows: &[Backup], keep: Keep, now: i64) -> BTreeSet<String> {
    // What was never read back stands for nothing; while there is nothing else, it stays.
    let whole: Vec<&Backup> = rows.iter().filter(|row| row.verified_at.is_some()).collect();
    if whole.is_empty() {
        return rows.iter().map(|row| row.file.clone()).collect();
    }
    let (ahead, past): (Vec<&Backup>, Vec<&Backup>) = whole.into_iter().partition(|row| row.made_at > now);
    &last_of_each(ahead, keep) | &last_of_each(past, keep)
}

fn last_of_each(mut newest: Vec<&Backup>, keep: Keep) -> BTreeSet<String> {
    newest.sort_by_key(|row| std::cmp::Reverse(row.made_at));
    let mut kept = BTreeSet::new();
    kept.extend(newest.first().map(|row| row.file.clone()));
    kept.extend(newest.iter().filter(|row| row.drilled_at.is_some()).map(|row| row.file.clone()).next());
    let day = |at: i64| {
        jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::from_millisecond(at).unwrap_or_default()).date()
    };
    type Span<'a> = (u32, &'a dyn Fn(i64) -> (i16, i32));
    let spans: [Span<'_>; 3] = [
        (keep.days, &|at| (day(at).year(), i32::from(day(at).day_of_year()))),
        (keep.weeks, &|at| {
            let week = day(at).iso_week_date();
            (week.year(), i32::from(week.week()))
        }),
        (keep.months, &|at| (day(at).year(), i32::from(day(at).month()))),
    ];
    for (most, span) in spans {
        let mut seen = BTreeSet::new();
        for row in &newest {
            if seen.len() >= most as usize {
                break;
            }
            if seen.insert(span(row.made_at)) {
                kept.insert(row.file.clone());
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(day: i64, drilled: bool) -> Backup {
        Backup {
            target: String::new(),
            file: day.to_string(),
            made_at: 1_750_000_000_000 + day * DAY,
            records: 0,
            size: 0,
            sha256: String::new(),
            verified_at: Some(0),
            drilled_at: drilled.then_some(0),
            drill_ms: None,
        }
    }

    #[test]
    fn the_last_of_each_day_week_and_month_stays() {
        let rows: Vec<Backup> = (0..800).map(|day| row(day, day == 3)).collect();
        let kept = kept(&rows, Keep { days: 7, weeks: 4, months: 12 }, i64::MAX);
        assert!((793..800).all(|day| kept.contains(&day.to_string())), "seven days");
        assert!(kept.contains("3"), "the one that was proven");
        assert!((18..=24).contains(&kept.len()), "{kept:?}");
        let oldest = kept.iter().filter(|k| *k != "3").filter_map(|k| k.parse::<i64>().ok()).min();
        assert!(oldest.is_some_and(|day| (400..480).contains(&day)), "a year back: {oldest:?}");
        let one = super::kept(&rows[..1], Keep { days: 1, weeks: 0, months: 0 }, i64::MAX);
        assert_eq!(one.len(), 1, "never none");
        // The newest was never read back: the one before it stays, and it goes.
        let mut rows = rows[..2].to_vec();
        rows[1].verified_at = None;
        let kept = super::kept(&rows, Keep { days: 7, weeks: 4, months: 12 }, i64::MAX);
        assert_eq!(kept.into_iter().collect::<Vec<_>>(), ["0"]);
    }

    #[test]
    fn a_wrong_clock_makes_backups_neither_stop_nor_run() {
        let rows: Vec<Backup> = [0, 40].map(|day| row(day, false)).into();
        let first = rows[0].made_at;
        let due = |now: i64, rows: &[Backup], refused| is_due(now, rows, "", refused);
        assert!(due(first + DAY, &rows, None), "the one of a month ahead does not count");
        let mut rows = rows;
        rows.push(Backup { made_at: first + DAY, ..row(1, false) });
        assert!(!due(first + DAY + 60_000, &rows, None), "nor is it made again and again");
        assert!(due(first + 2 * DAY, &rows, None));
        assert!(!due(first + 2 * DAY, &rows, Some(first + 2 * DAY - 60_000)), "not at once after a refusal");
        assert!(due(first + 2 * DAY, &rows, Some(first + 9 * DAY)));
        rows[2].verified_at = None;
        assert!(due(first + DAY + 60_000, &rows, None), "what was not read back is none");
    }

    #[test]
    fn a_folder_without_any_earlier_backup_is_not_the_place_that_it_was() {
        let dir = tempfile::tempdir().expect("a folder");
        let address = dir.path().display().to_string();
        let target = BackupTarget { address: address.clone(), ..BackupTarget::default() };
        let rows = [Backup { target: address, ..row(1, true) }];
        assert!(known_place(&target, &[]).is_ok(), "a new one");
        let refused = known_place(&target, &rows).err().expect("its disk is not there");
        assert_eq!(refused.code, Code::Unreachable);
        std::fs::write(dir.path().join("1"), "").expect("written");
        assert!(known_place(&target, &rows).is_ok());
    }

    #[test]
    fn a_backup_from_the_future_takes_no_place() {
        let rows: Vec<Backup> = [3650, 5, 6, 7].map(|day| row(day, false)).into_iter().collect();
        let kept = kept(&rows, Keep { days: 1, weeks: 0, months: 0 }, rows[3].made_at + 1);
        assert_eq!(kept.into_iter().collect::<Vec<_>>(), ["3650", "7"]);
    }

    #[test]
    fn buckets_are_read_from_their_addresses() {
        let of = |address: &str| BackupTarget { address: address.into(), ..BackupTarget::default() };
        let bucket = |address: &str| {
            let target = of(address);
            let (bucket, keys) = target.bucket().expect("sound");
            (bucket.to_owned(), keys.key("ana.age").to_string())
        };
        let both = |bucket: &str, key: &str| (bucket.to_owned(), key.to_owned());
        assert_eq!(bucket("s3://firm/satchel//ana/"), both("firm", "satchel/ana/ana.age"));
        assert_eq!(bucket("s3://firm"), both("firm", "ana.age"));
        assert_eq!(
            bucket("s3://firm/我们 的#备份"),
            both("firm", "我们 的#备份/ana.age"),
            "as it is written"
        );
        for bad in ["s3://", "s3:///x", "s3://a b/c", "http://firm", "s3://a/../b", "s3://a/b\nc"] {
            assert!(of(bad).bucket().is_err(), "{bad}");
        }
    }
}
