//! Whether a newer version is known of: what the last look has left, and nobody is asked for it.

use super::{DAY, HealthCheck, Level, Mend, check, days};
use crate::{session::now, update};
use satchel_domain::date::rfc3339;

/// A look that is older says nothing of today.
const OLD: i64 = 31 * DAY;

pub fn check_update() -> HealthCheck {
    let (state, running) = (update::last_heard(), update::running());
    let found = state.newer(&running).map(|release| release.version.to_string());
    let looked = state.looked_at.filter(|at| (0..OLD).contains(&(now() - at)));
    let said = match (found, looked, state.trouble) {
        (Some(version), _, _) => {
            check("update", Level::Warn, format!("version {version} is there; this is {running}"))
                .fact("version", version)
        }
        (None, Some(at), None) => {
            check("update", Level::Ok, format!("{running} is the newest, as of {}", days(at)))
                .fact("at", rfc3339(at))
        }
        (None, Some(_), Some(why)) => {
            check("update", Level::Unknown, format!("the last look for a newer one came to nothing: {why}"))
        }
        (None, None, _) => check(
            "update",
            Level::Unknown,
            format!("this is version {running}; nobody has looked for a newer one lately"),
        ),
    };
    said.mend(Mend::OpenUpdates).fact("running", running)
}
