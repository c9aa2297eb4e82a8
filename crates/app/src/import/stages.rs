//! Which stage a row's deal is in.

use crate::{AppError, Session};
use satchel_domain::{Fields, RecordId, Value, text::fold};
use satchel_interchange::{Outcome, outcome};
use satchel_storage::deals::{self, Stage};
use std::collections::HashMap;

/// The pipelines as they are when an import begins.
#[derive(Debug, Default)]
pub struct Stages {
    pipelines: Vec<(RecordId, String)>,
    stages: Vec<Stage>,
    /// The rank of the last deal in each.
    last: HashMap<RecordId, Option<String>>,
}

/// Where a row puts its deal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// Where a new one goes.
    pub stage: RecordId,
    /// The row names it; otherwise a deal that is there stays where it is, unless its status is another.
    named: bool,
    outcome: Option<Outcome>,
}

impl Placed {
    /// What a deal is told by a stage that it comes into.
    pub fn told(self, stage: &Stage, said: &Fields, at: i64) -> Vec<(&'static str, Option<Value>)> {
        let over = stage.outcome != "open";
        let mut out =
            vec![("stage_at", Some(Value::DateTime(at))), ("closed_at", over.then_some(Value::DateTime(at)))];
        if stage.outcome != "lost" {
            out.push(("lost_reason", None));
        }
        out.retain(|(key, _)| !said.contains_key(*key));
        out
    }
}

impl Stages {
    /// A team that has no pipeline gets its first; in a preview nothing is written, and it is shown what would be.
    pub fn read(session: &Session, dry: bool) -> Result<Self, AppError> {
        if !dry {
            session.pipelines(false)?;
        }
        session.store.read::<_, AppError>(|db| {
            let (mut pipelines, mut all) = (deals::pipelines(db)?, deals::stages(db)?);
            if pipelines.is_empty() && all.is_empty() {
                (pipelines, all) = session.first_as_it_would_be();
            }
            let live =
                |stage: &Stage| !stage.gone && pipelines.iter().any(|(id, _)| stage.pipeline == Some(*id));
            let stages: Vec<Stage> = all.into_iter().filter(live).collect();
            let mut last = HashMap::new();
            for stage in &stages {
                last.insert(stage.id, deals::last_rank(db, stage.id)?);
            }
            Ok(Self { pipelines, stages, last })
        })
    }

    pub fn get(&self, id: RecordId) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == id)
    }

    /// Behind all deals of a stage that were there before, in the order of the rows.
    pub fn rank(&self, stage: RecordId, row: u64) -> String {
        let last = self.last.get(&stage).and_then(Option::as_deref);
        satchel_domain::rank::nth(last, u32::try_from(row).unwrap_or(u32::MAX))
    }

    fn of(&self, pipeline: RecordId) -> impl Iterator<Item = &Stage> {
        self.stages.iter().filter(move |stage| stage.pipeline == Some(pipeline))
    }

    fn ending(&self, pipeline: RecordId, outcome: Outcome) -> Option<&Stage> {
        self.of(pipeline).find(|stage| stage.outcome == outcome.key())
    }

    fn called(&self, pipeline: Option<RecordId>) -> &str {
        let found = self.pipelines.iter().find(|(id, _)| Some(*id) == pipeline);
        found.map_or("", |(_, name)| name.as_str())
    }

    /// The stage that a row names, in words for whoever reads why it is refused.
    pub fn place(
        &self,
        pipeline: &str,
        stage: (Option<RecordId>, &str),
        outcome_said: Option<Outcome>,
    ) -> Result<Placed, String> {
        let own = match pipeline {
            "" => None,
            name => {
                let found = self.pipelines.iter().find(|(_, called)| fold(called) == fold(name));
                Some(found.map(|(id, _)| *id).ok_or_else(|| {
                    format!("there is no pipeline called «{name}»; make it in the settings, or leave the column out")
                })?)
            }
        };
        let first = own.or_else(|| self.pipelines.first().map(|(id, _)| *id));
        let first = first.ok_or("there is no pipeline; make one in the settings")?;
        let named = match stage {
            (Some(id), _) if self.get(id).is_some() => self.get(id),
            (_, "") => None,
            (_, name) => Some(self.named(name, own, first)?),
        };
        // A word such as «Closed Won» says as much as a status.
        let said = outcome_said.filter(|said| *said != Outcome::Open).or(match named {
            Some(_) => None,
            None => outcome(stage.1),
        });
        let within = named.and_then(|stage| stage.pipeline).unwrap_or(first);
        let ended = said.filter(|said| named.is_none_or(|stage| stage.outcome != said.key()));
        let found = match (named, ended) {
            (_, Some(said)) => self.ending(within, said),
            (Some(stage), None) => Some(stage),
            (None, None) => {
                self.of(within).find(|stage| stage.outcome == "open").or_else(|| self.of(within).next())
            }
        };
        let found = found.ok_or_else(|| {
            format!(
                "the pipeline «{}» has no stage for this; add one in the settings",
                self.called(Some(within))
            )
        })?;
        Ok(Placed { stage: found.id, named: named.is_some(), outcome: outcome_said.or(said) })
    }

    fn named(&self, name: &str, own: Option<RecordId>, first: RecordId) -> Result<&Stage, String> {
        let all = || self.stages.iter().filter(|stage| fold(&stage.name) == fold(name));
        let here = all().find(|stage| stage.pipeline == Some(own.unwrap_or(first)));
        if let Some(stage) = here.or_else(|| self.ending(own.unwrap_or(first), outcome(name)?)) {
            return Ok(stage);
        }
        match (own, all().collect::<Vec<_>>().as_slice()) {
            (None, [stage]) => Ok(stage),
            (_, []) => Err(format!(
                "there is no stage called «{name}»; add it in the settings, or rename it in the file"
            )),
            (None, _) => {
                Err(format!("several pipelines have a stage «{name}»; add a column that names the pipeline"))
            }
            (Some(own), [stage, ..]) => Err(format!(
                "the stage «{name}» is one of the pipeline «{}», not of «{}»",
                self.called(stage.pipeline),
                self.called(Some(own))
            )),
        }
    }

    /// The stage that a deal which is there is to be in.
    pub fn next(&self, placed: &Placed, now_in: Option<RecordId>) -> Option<&Stage> {
        let now = now_in.and_then(|id| self.get(id));
        match (now, placed.outcome) {
            (Some(now), Some(said)) if !placed.named && now.outcome != said.key() => {
                now.pipeline.and_then(|pipeline| self.ending(pipeline, said))
            }
            // Of a stage that is gone nothing is known.
            _ if !placed.named && now_in.is_some() => None,
            _ => self.get(placed.stage),
        }
    }
}
