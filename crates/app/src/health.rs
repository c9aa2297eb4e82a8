//! Is everything as it should be? One list of checks, each with what it means and what mends it. All of them are quick; what
//! takes long (reading every record, restoring a backup) is done by the clock, and its last result is shown.

mod computer;
mod speed;
mod trail;
mod update;

pub use speed::note_answer;

use crate::{AppError, Cancel, Satchel, Session, VerifyReport, session::now};
use computer::Known;
use satchel_audit::Act;
use satchel_domain::date::rfc3339;
use satchel_storage::{StorageError, operations, settings, team};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What the last check of the whole vault said.
const VERIFIED: &str = "health.verified";
pub(crate) const KIT_CONFIRMED: &str = "kit.confirmed";
const DAY: i64 = 86_400_000;
/// The whole vault is checked this often, by itself.
const VERIFY_EVERY: i64 = 7 * DAY;
const VERIFY_LATE: i64 = 31 * DAY;
const PROOF_LATE: i64 = 35 * DAY;
const BACKUP_LATE: i64 = 3 * DAY;
const SILENT: i64 = 14 * DAY;
const UNSENT: i64 = 3 * DAY;
/// Clocks that differ less do not matter to anybody.
const SKEW: i64 = 5 * 60_000;
/// When this was written: no right clock is before it (2026-11-27).
const WRITTEN: i64 = 1_795_737_600_000;
const LITTLE_ROOM: u64 = 2 << 30;
const NO_ROOM: u64 = 200 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Ok,
    /// Cannot be seen from here.
    Unknown,
    /// Should be mended when there is time.
    Warn,
    /// Data is in danger.
    Bad,
}

/// What a button or a command mends it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Mend {
    BackUp,
    Drill,
    DrillKit,
    AddPlace,
    SetPassphrase,
    RenewKit,
    StoreKey,
    Sync,
    OpenTeam,
    Verify,
    FixAccess,
    OpenSystem,
    OpenIncidents,
    VerifyTrail,
    ExportTrail,
    OpenIncident,
    FetchFiles,
    FindFiles,
    OpenUpdates,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct HealthCheck {
    pub name: String,
    pub level: Level,
    pub detail: String,
    pub action: Option<Mend>,
    /// What comes next.
    pub next: Option<Mend>,
    /// The values in `detail`, for those who say it in other words.
    pub facts: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct HealthView {
    /// No data is in danger.
    pub ok: bool,
    pub checks: Vec<HealthCheck>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Verified {
    at: i64,
    ok: bool,
    detail: String,
}

fn check(name: &str, level: Level, detail: impl Into<String>) -> HealthCheck {
    let (name, detail, facts) = (name.to_owned(), detail.into(), BTreeMap::new());
    HealthCheck { name, level, detail, action: None, next: None, facts }
}

impl HealthCheck {
    fn mend(self, action: Mend) -> Self {
        Self { action: Some(action), ..self }
    }

    fn next(self, action: Mend) -> Self {
        Self { next: Some(action), ..self }
    }

    fn fact(mut self, name: &str, value: impl ToString) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }
}

/// `3 days ago`, in the words of the command line; screens say it from the facts.
fn days(since: i64) -> String {
    match (now() - since) / DAY {
        ..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        n => format!("{n} days ago"),
    }
}

impl Session {
    pub fn health(&self) -> Result<HealthView, AppError> {
        let mut checks =
            vec![self.encryption(), self.keyring_check(), self.passphrase_check()?, self.kit_check()?];
        checks.extend(self.backup_checks()?);
        checks.extend(self.files_check()?);
        checks.extend(self.sync_checks()?);
        checks.push(self.integrity()?);
        checks.push(self.trail_check()?);
        checks.push(self.room());
        checks.push(match self.store.is_damaged() {
            true => check(
                "disk_errors",
                Level::Bad,
                "a damaged page was met; nothing is written any more, so that what is left stays",
            )
            .mend(Mend::Verify),
            false if self.store.met_a_failing_disk() => check(
                "disk_errors",
                Level::Warn,
                "the disk did not give a page at once since the vault was opened; look after it, and make a backup on another one",
            )
            .mend(Mend::BackUp),
            false => check("disk_errors", Level::Ok, "none met since the vault was opened"),
        });
        checks.push(self.clock()?);
        checks.push(update::check_update());
        checks.extend(self.computer_checks());
        checks.push(speed::check_speed(self)?);
        checks.push(self.incident_drill_check()?);
        Ok(HealthView { ok: checks.iter().all(|c| c.level != Level::Bad), checks })
    }

    fn encryption(&self) -> HealthCheck {
        let (cipher, _) = satchel_storage::connection_versions().unwrap_or_default();
        let mut begin = [0; 16];
        let path = self.dir().database();
        let read =
            std::fs::File::open(&path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut begin));
        match read {
            Ok(()) if &begin == b"SQLite format 3\0" => check(
                "encryption",
                Level::Bad,
                "the database is not encrypted; restore a backup into a new vault",
            ),
            Ok(()) => {
                check("encryption", Level::Ok, format!("SQLCipher {cipher}, AES-256")).fact("version", cipher)
            }
            Err(e) => check("encryption", Level::Unknown, format!("{}: {e}", path.display())),
        }
    }

    fn keyring_check(&self) -> HealthCheck {
        let slots = self.key_slots();
        match slots.iter().find(|slot| slot.kind == "keyring") {
            None => check("keyring", Level::Ok, "not used: the vault opens by passphrase or kit"),
            Some(slot) if slot.ok => check("keyring", Level::Ok, "holds the key"),
            Some(slot) => check("keyring", Level::Warn, slot.detail.clone()).mend(Mend::StoreKey),
        }
    }

    fn passphrase_check(&self) -> Result<HealthCheck, AppError> {
        if !self.dir().has_passphrase() {
            return Ok(check(
                "passphrase",
                Level::Warn,
                "there is none: without the keyring only the paper kit opens the vault",
            )
            .mend(Mend::SetPassphrase));
        }
        let score =
            self.store.read(|db| settings::get(db, crate::lock::SCORE))?.and_then(|s| s.parse::<u8>().ok());
        Ok(match score {
            Some(score @ 0..=2) => {
                check("passphrase", Level::Warn, "it can be guessed; choose a longer one of several words")
                    .mend(Mend::SetPassphrase)
                    .fact("score", score)
            }
            Some(score) => check("passphrase", Level::Ok, "it is hard to guess").fact("score", score),
            None => check("passphrase", Level::Ok, "there is one"),
        })
    }

    fn kit_check(&self) -> Result<HealthCheck, AppError> {
        let read = |key: &str| self.store.read(|db| settings::get(db, key));
        let at = [KIT_CONFIRMED, crate::backup::KIT_DRILLED]
            .into_iter()
            .map(read)
            .collect::<Result<Vec<_>, _>>()?;
        let last = at.into_iter().flatten().filter_map(|at| at.parse::<i64>().ok()).max();
        Ok(match last {
            Some(at) => check("kit", Level::Ok, format!("typed back {}", days(at))).fact("at", rfc3339(at)),
            None => {
                check("kit", Level::Warn, "nobody has shown that it is at hand; try it, or make a new one")
                    .mend(Mend::DrillKit)
            }
        })
    }

    /// Confirmed when the kit's groups were typed back.
    pub fn confirm_kit(&self) -> Result<(), AppError> {
        let at = now().to_string();
        Ok(self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, KIT_CONFIRMED, &at))?)
    }

    fn backup_checks(&self) -> Result<Vec<HealthCheck>, AppError> {
        let view = self.backups()?;
        let mut checks = Vec::new();
        let elsewhere = || view.places.iter().filter(|p| !p.same_disk);
        let newest = |at: &mut dyn Iterator<Item = &Option<String>>| at.flatten().max().cloned();
        let whole = view.backups.iter().filter(|b| b.there && b.verified_at.is_some());
        let last = whole.map(|b| b.made_at.clone()).max();
        let made = last.as_deref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
        if made.is_some_and(|at| now() - at.as_millisecond() > BACKUP_LATE) {
            let at = last.clone().unwrap_or_default();
            checks.push(
                check("backup_late", Level::Warn, format!("nothing was backed up since {at}"))
                    .mend(Mend::BackUp)
                    .fact("at", at),
            );
        }
        checks.push(match last {
            None => check("backup", Level::Bad, "there is no backup").mend(Mend::BackUp),
            Some(at) if elsewhere().next().is_none() => check(
                "backup",
                Level::Warn,
                format!("the last one is of {at}, on this computer's disk only: add a place on another disk"),
            )
            .mend(Mend::AddPlace)
            .fact("at", at),
            Some(at) => check("backup", Level::Ok, format!("the last one is of {at}")).fact("at", at),
        });
        for place in view.places.iter().filter(|p| p.late || p.trouble.is_some()) {
            let why =
                place.trouble.clone().unwrap_or_else(|| "nothing was written there for days".to_owned());
            checks.push(
                check("backup_place", Level::Warn, format!("{}: {why}", place.address))
                    .mend(Mend::BackUp)
                    .fact("place", &place.address)
                    .fact("why", why),
            );
        }
        let proven = newest(&mut view.backups.iter().map(|b| &b.drilled_at));
        let at =
            proven.as_ref().and_then(|at| at.parse::<jiff::Timestamp>().ok()).map(|at| at.as_millisecond());
        checks.push(match at {
            None => check("drill", Level::Warn, "no backup was proven by restoring it").mend(Mend::Drill),
            Some(at) if now() - at > PROOF_LATE => {
                check("drill", Level::Warn, format!("the last proof is from {}", days(at)))
                    .mend(Mend::Drill)
                    .fact("at", rfc3339(at))
            }
            Some(at) => check("drill", Level::Ok, format!("proven {}", days(at))).fact("at", rfc3339(at)),
        });
        if view.kit_drill.due {
            checks.push(
                check("kit_drill", Level::Warn, "the paper kit has not opened a backup for half a year")
                    .mend(Mend::DrillKit),
            );
        }
        Ok(checks)
    }

    /// Whether the team knows what to do on a bad day.
    fn incident_drill_check(&self) -> Result<HealthCheck, AppError> {
        let view = self.drills()?;
        let due: Vec<&str> = view.drills.iter().filter(|d| d.due).map(|d| d.playbook.as_str()).collect();
        Ok(match (view.plan.months, due.is_empty()) {
            (0, _) => check("incident_drill", Level::Ok, "no drills are planned"),
            (_, true) => check("incident_drill", Level::Ok, "no drill is due"),
            (_, false) => check("incident_drill", Level::Warn, format!("a drill is due: {}", due.join(", ")))
                .mend(Mend::OpenIncidents)
                .fact("n", due.len()),
        })
    }

    /// Only where a restore has left something to come.
    fn files_check(&self) -> Result<Option<HealthCheck>, AppError> {
        let (count, asking) = self.files_to_come()?;
        let then = match asking {
            true => "they are asked for now and then",
            false => "nobody has them; look beside another backup",
        };
        let said = format!("{count} files on records did not come back with the restore; {then}");
        let missing = || check("files", Level::Warn, said).mend(Mend::FetchFiles).next(Mend::FindFiles);
        Ok((count > 0).then(|| missing().fact("n", count)))
    }

    fn sync_checks(&self) -> Result<Vec<HealthCheck>, AppError> {
        let remotes = self.store.read(team::remotes)?;
        if remotes.is_empty() {
            return Ok(vec![check("sync", Level::Ok, "this vault is on this computer only")]);
        }
        let mut checks = Vec::new();
        let pending = self.pending()?;
        let synced = remotes.iter().filter_map(|r| r.synced_at).max();
        let age = synced.map_or(i64::MAX, |at| now() - at);
        checks.push(match (pending, age > UNSENT) {
            (0, false) => check("sync", Level::Ok, "everything was sent"),
            (n, true) => check("sync", Level::Warn, format!("no sync for days; {n} changes wait"))
                .mend(Mend::Sync)
                .fact("n", n),
            (n, false) => check("sync", Level::Ok, format!("{n} changes wait to be sent")).fact("n", n),
        });
        let waiting = self.store.read(team::quarantined)?;
        checks.push(match waiting {
            0 => check("quarantine", Level::Ok, "everything that came could be applied"),
            n => check("quarantine", Level::Bad, format!("{n} changes of others could not be applied"))
                .mend(Mend::Sync)
                .fact("n", n),
        });
        for member in self.members().unwrap_or_default() {
            let devices = member.devices.iter().filter(|d| !d.this && !d.revoked);
            let heard = devices.filter_map(|d| d.last_seen.clone()).max();
            let Some(heard) = heard else { continue };
            let at = heard.parse::<jiff::Timestamp>().map_or(0, |at| at.as_millisecond());
            if now() - at > SILENT {
                checks.push(
                    check(
                        "colleague",
                        Level::Warn,
                        format!("{} was last heard of {}", member.person, days(at)),
                    )
                    .mend(Mend::OpenTeam)
                    .fact("person", &member.person)
                    .fact("at", heard),
                );
            }
        }
        Ok(checks)
    }

    fn verified(&self) -> Result<Option<Verified>, AppError> {
        let text = self.store.read(|db| settings::get(db, VERIFIED))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Remembers what a check of the whole vault has said.
    pub(crate) fn note_verified(&self, report: &VerifyReport) {
        let bad = report.checks.iter().find(|c| !c.ok);
        let detail = bad.map(|c| format!("{}: {}", c.name, c.detail)).unwrap_or_default();
        let verified = Verified { at: now(), ok: report.ok, detail: detail.chars().take(500).collect() };
        let text = serde_json::to_string(&verified).expect("plain data serialises");
        // A file that cannot be written any more is said by the report itself.
        let _ = self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, VERIFIED, &text));
    }

    fn integrity(&self) -> Result<HealthCheck, AppError> {
        let verified = self.verified()?;
        // What was met then could not be written down, and is in the trail since the next unlock.
        let met =
            self.trail_of(&[Act::Damaged.key()], (verified.as_ref().map_or(0, |v| v.at), i64::MAX), 1)?;
        if let Some(met) = met.first() {
            let why = format!("a damaged page was met, told on {}", met.at);
            return Ok(check("integrity", Level::Bad, format!("{why}; restore a backup"))
                .mend(Mend::Verify)
                .fact("why", why));
        }
        Ok(match verified {
            Some(last) if !last.ok => check(
                "integrity",
                Level::Bad,
                format!("the last check found: {}; restore a backup", last.detail),
            )
            .mend(Mend::Verify)
            .fact("why", last.detail),
            Some(last) if now() - last.at <= VERIFY_LATE => {
                check("integrity", Level::Ok, format!("all was read and compared {}", days(last.at)))
                    .fact("at", rfc3339(last.at))
            }
            Some(_) => {
                check("integrity", Level::Warn, "the last check of everything is long ago").mend(Mend::Verify)
            }
            None => check(
                "integrity",
                Level::Unknown,
                "not everything was checked yet; it is done by itself once a week",
            )
            .mend(Mend::Verify),
        })
    }

    fn room(&self) -> HealthCheck {
        let vault = self.vault();
        let Ok(free) = fs4::available_space(&vault) else {
            return check("disk_space", Level::Unknown, "the room on the disk cannot be seen");
        };
        let mb = free >> 20;
        let needed = LITTLE_ROOM.max(3 * self.store.size_on_disk());
        let level = match free {
            n if n < NO_ROOM => Level::Bad,
            n if n < needed => Level::Warn,
            _ => Level::Ok,
        };
        let detail = match level {
            Level::Ok => format!("{mb} MB are free"),
            _ => format!("only {mb} MB are free on the vault's disk; make room"),
        };
        check("disk_space", level, detail).fact("mb", mb)
    }

    /// A clock that is behind gives what is written a wrong place in lists and reports; syncing does not depend on it.
    fn clock(&self) -> Result<HealthCheck, AppError> {
        let latest = self.store.read(operations::latest_moment)?.unwrap_or_default();
        let ahead = latest - now();
        Ok(if ahead > SKEW {
            check("clock", Level::Warn, format!("something here was written {} minutes from now: a clock is wrong, this one or a colleague's", ahead / 60_000))
                .mend(Mend::OpenSystem)
                .fact("minutes", ahead / 60_000)
        } else if now() < WRITTEN {
            check(
                "clock",
                Level::Warn,
                "this computer's clock is before the day on which Satchel was written",
            )
            .mend(Mend::OpenSystem)
        } else {
            check("clock", Level::Ok, "agrees with what was written")
        })
    }

    fn computer_checks(&self) -> Vec<HealthCheck> {
        let vault = self.vault();
        let open = computer::open_to_others(&vault);
        let synced = computer::synced_folder(&vault);
        vec![
            match open.first() {
                None => check("access", Level::Ok, "only you can read the vault's files"),
                Some(path) => check("access", Level::Warn, format!("others on this computer can read {path}"))
                    .mend(Mend::FixAccess)
                    .fact("path", path),
            },
            match synced {
                None => check("synced_folder", Level::Ok, "no other program carries the vault's folder away"),
                Some(by) => check(
                    "synced_folder",
                    Level::Warn,
                    format!("the vault lies in a folder of {by}, which may damage it: move it, and sync by the Team page"),
                )
                .fact("by", by),
            },
            known("disk_encryption", computer::disk_encryption(&vault), "the disk is encrypted", "the disk is not encrypted: turn it on in the system's settings"),
            known("screen_lock", computer::screen_lock(), "the screen locks", "the screen does not lock by itself: turn it on in the system's settings"),
        ]
    }

    /// Takes from others what they need not see.
    pub fn fix_access(&self) -> Result<(), AppError> {
        computer::close_to_others(&self.vault()).map_err(AppError::io(&self.vault()))
    }

    /// Checks everything, where the last check is long ago. Whether it did.
    pub fn verify_if_due(&self, cancel: &Cancel) -> Result<bool, AppError> {
        // It is known to be damaged, and nothing more can be noted.
        if self.store.is_damaged() {
            return Ok(false);
        }
        if self.verified()?.is_some_and(|last| (0..VERIFY_EVERY).contains(&(now() - last.at))) {
            return Ok(false);
        }
        // What reads on the side leaves the others most of the time.
        self.verify_until(
            &mut |p| {
                if p.done % 2000 == 0 {
                    std::thread::sleep(Duration::from_millis(40))
                }
            },
            cancel,
        )?;
        Ok(true)
    }
}

fn known(name: &str, known: Known, yes: &str, no: &str) -> HealthCheck {
    match known {
        Known::Yes => check(name, Level::Ok, yes),
        Known::No => check(name, Level::Warn, no).mend(Mend::OpenSystem),
        Known::Unseen => {
            check(name, Level::Unknown, "cannot be seen from here; look into the system's settings")
        }
    }
}

impl Satchel {
    /// Looks after the vault by the clock until it is told to stop, over locks and unlocks: backups, and checks of everything.
    pub fn keep_healthy(&self, stop: &Cancel) {
        const LOOK: Duration = Duration::from_secs(60);
        let mut waited = Duration::ZERO;
        while !stop.is_asked() {
            std::thread::sleep(Duration::from_millis(500));
            waited += Duration::from_millis(500);
            if waited < LOOK {
                continue;
            }
            waited = Duration::ZERO;
            if let Ok(session) = self.session() {
                // What fails is noted, shown, and tried again.
                let _ = session.back_up_if_due(stop);
                let _ = session.fetch_missing_if_due(stop);
                let _ = session.verify_if_due(stop);
                let _ = session.check_trail_if_due(stop);
                speed::keep(&session);
            }
        }
    }
}

/// Seconds since 1970, for what is kept by days.
fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() / 86_400)
}
