//! Whether the trail is what was signed, as it was last looked at: what was written since once an hour, all of it once a week.

use super::{DAY, HealthCheck, Level, Mend, VERIFY_EVERY, VERIFY_LATE, check, days};
use crate::{AppError, Cancel, Session, audit::KnownLine, session::now, views::TrailCheck};
use satchel_audit::Act;
use satchel_domain::date::rfc3339;
use satchel_storage::{StorageError, settings};
use serde::{Deserialize, Serialize};

const CHECKED: &str = "health.trail";
const HOUR: i64 = DAY / 24;

/// What the last look at the trail has found.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Checked {
    at: i64,
    /// When all of it was looked at.
    whole_at: i64,
    /// Where it does not hold, and why.
    broken: Option<(u32, String)>,
    /// Since when that is known.
    since: i64,
    /// The last line that was looked at.
    last: Option<KnownLine>,
}

impl Session {
    fn trail_checked(&self) -> Result<Option<Checked>, AppError> {
        let text = self.store.read(|db| settings::get(db, CHECKED))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    fn keep_trail_checked(&self, checked: &Checked) {
        let text = serde_json::to_string(checked).expect("plain data serialises");
        // Where nothing can be written, the check itself says what it has found.
        let _ = self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, CHECKED, &text));
    }

    /// Remembers what a look at all of the trail has found.
    pub(crate) fn note_trail_check(&self, view: &TrailCheck, last: Option<KnownLine>) {
        let broken = view.breaks.first().map(|at| (at.seq, at.why.clone()));
        let at = now();
        let before = self.trail_checked().ok().flatten().filter(|before| before.broken == broken);
        let since = before.map_or(at, |before| before.since);
        self.keep_trail_checked(&Checked { at, whole_at: at, broken, since, last });
    }

    /// Looks at what was written since the last look, and at everything where that is long ago or something is odd. Whether
    /// it did.
    pub fn check_trail_if_due(&self, cancel: &Cancel) -> Result<bool, AppError> {
        let fresh = |at: i64, span: i64| (0..span).contains(&(now() - at));
        let known = self.trail_checked()?.filter(|known| fresh(known.whole_at, VERIFY_EVERY));
        match known {
            _ if self.store.is_damaged() => return Ok(false),
            Some(known) if fresh(known.at, HOUR) || known.broken.is_some() => return Ok(false),
            Some(known) => {
                let last =
                    known.last.as_ref().map(|last| self.trail_behind(last, cancel)).transpose()?.flatten();
                match last {
                    Some(_) => self.keep_trail_checked(&Checked { at: now(), last, ..known }),
                    None => drop(self.verify_trail_until(cancel)?),
                }
            }
            None => drop(self.verify_trail_until(cancel)?),
        }
        Ok(true)
    }

    pub(super) fn trail_check(&self) -> Result<HealthCheck, AppError> {
        let last = self.trail_checked()?;
        if let Some(Checked { broken: Some((seq, why)), since, .. }) = last {
            // What cannot be made good is no alarm for ever: an incident is where it is looked after.
            let known = !self.trail_of(&[Act::Incident.key()], (since, i64::MAX), 1)?.is_empty();
            let what = format!("it is not what was signed, at entry {seq} ({why})");
            let found = match known {
                true => check("trail", Level::Warn, format!("{what}; an incident was opened since")),
                false => check(
                    "trail",
                    Level::Bad,
                    format!("{what}; export it, compare it with what colleagues have, and open an incident"),
                )
                .next(Mend::OpenIncident),
            };
            return Ok(found.mend(Mend::ExportTrail).fact("seq", seq).fact("why", why));
        }
        Ok(match last {
            Some(last) if now() - last.at <= VERIFY_LATE => {
                check("trail", Level::Ok, format!("it was what was signed, {}", days(last.at)))
                    .fact("at", rfc3339(last.at))
            }
            Some(_) => {
                check("trail", Level::Unknown, "the last look at it is long ago").mend(Mend::VerifyTrail)
            }
            None => check("trail", Level::Unknown, "it was not looked at yet; it is done by itself")
                .mend(Mend::VerifyTrail),
        })
    }
}
