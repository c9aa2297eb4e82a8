//! Drills: which playbooks are practised, how often, and which are due.

use super::IncidentLine;
use crate::{AppError, Session, session::now, trail::facts};
use satchel_audit::Act;
use satchel_domain::{
    date::{instant, rfc3339},
    playbook::Playbook,
};
use satchel_storage::{StorageError, audit, settings};
use serde::{Deserialize, Serialize};

const PLAN: &str = "incident.drills";
/// The mean month.
const MONTH: i64 = 2_629_800_000;
/// The first drill is due so long after the vault was made.
const FIRST: i64 = MONTH;

/// Which playbooks are practised, every so many months; 0: none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct DrillPlan {
    pub playbooks: Vec<String>,
    pub months: u32,
}

impl Default for DrillPlan {
    fn default() -> Self {
        Self { playbooks: vec!["lost_laptop".to_owned(), "ransomware".to_owned()], months: 6 }
    }
}

impl DrillPlan {
    pub(crate) fn check(&self) -> Result<(), AppError> {
        if self.months > 24 {
            return Err(AppError::refused(
                "practise at least every 24 months, or 0 for never; nothing was changed",
            ));
        }
        match self.playbooks.iter().find(|id| Playbook::of(id).is_none()) {
            Some(unknown) => Err(AppError::refused(format!(
                "there is no playbook «{unknown}»; see `satchel incident playbooks`"
            ))),
            None => Ok(()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct DueDrill {
    pub playbook: String,
    /// The last one that was gone through to its end.
    pub last: Option<String>,
    pub seconds: Option<u32>,
    pub due_at: String,
    pub due: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct DrillsView {
    pub plan: DrillPlan,
    pub drills: Vec<DueDrill>,
}

impl Session {
    pub fn drill_plan(&self) -> Result<DrillPlan, AppError> {
        let text = self.store.read(|db| settings::get(db, PLAN))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    pub fn set_drill_plan(&self, plan: &DrillPlan) -> Result<(), AppError> {
        plan.check()?;
        let mut plan = plan.clone();
        plan.playbooks.sort();
        plan.playbooks.dedup();
        let text = serde_json::to_string(&plan).expect("plain data serialises");
        self.store.write_aside::<_, StorageError>(|tx| {
            self.trail.note(tx, Act::Settings, facts([("changed", serde_json::json!(["drills"]))]));
            settings::put(tx, PLAN, &text)
        })?;
        self.tell(Vec::new());
        Ok(())
    }

    pub fn drills(&self) -> Result<DrillsView, AppError> {
        let plan = self.drill_plan()?;
        let done = self.incidents()?;
        let begun =
            self.store.read(|db| audit::lines_after(db, 0, 1))?.first().map_or_else(now, |line| line.at);
        let drills = match plan.months {
            0 => Vec::new(),
            months => {
                plan.playbooks.iter().map(|id| drill(id, &done, begun, i64::from(months) * MONTH)).collect()
            }
        };
        Ok(DrillsView { plan, drills })
    }
}

fn drill(playbook: &str, done: &[IncidentLine], begun: i64, every: i64) -> DueDrill {
    let own = done.iter().filter(|line| line.drill && line.playbook == playbook);
    let last = own.filter_map(|line| Some((line.closed_at.clone()?, line.seconds))).max();
    let at = last.as_ref().and_then(|(at, _)| instant(at));
    let due = at.map_or(begun + FIRST, |at| at + every);
    DueDrill {
        playbook: playbook.to_owned(),
        seconds: last.as_ref().and_then(|(_, seconds)| *seconds),
        last: last.map(|(at, _)| at),
        due_at: rfc3339(due),
        due: due <= now(),
    }
}
