//! Pipelines and their stages as somebody sets them up: made, put in order, taken away; and where deals go whose stage was
//! taken away.

use crate::{
    AppError, Cancel, Progress, Session,
    deals::{CHINESE, ENGLISH},
    records::{FieldInput, Values},
    views::{Written, WrittenMany},
};
use satchel_document::{Changes, difference};
use satchel_domain::{Kind, RecordId, Registers, Scalar, Value, rank, register::DELETED_AT};
use satchel_storage::{StorageError, deals};
use std::collections::HashMap;
use uuid::Uuid;

/// The ids of the pipeline and of each stage, by what it is for.
pub(crate) type Ids<'a> = &'a dyn Fn(&str) -> RecordId;

impl Session {
    /// Makes a pipeline with the stages that one begins with.
    pub fn add_pipeline(&self, name: &str, chinese: bool) -> Result<Written, AppError> {
        let name = satchel_domain::value::clean(name, false);
        if name.is_empty() || name.chars().count() > 100 {
            return Err(AppError::refused("a pipeline needs a name of at most 100 characters"));
        }
        let id = RecordId(Uuid::now_v7());
        let last = self.store.read(deals::last_pipeline_rank)?;
        let made = pipeline((id, &name, &rank::between(last.as_deref(), None)), chinese, &|_| {
            RecordId(Uuid::now_v7())
        });
        Ok(Written { id, operation: Some(self.together("pipeline", &made, &[])?) })
    }

    /// Puts pipelines, or the stages of one, in this order, as one operation.
    pub fn order_steps(&self, ids: &[RecordId]) -> Result<WrittenMany, AppError> {
        let mut ranks: HashMap<RecordId, Scalar> = HashMap::new();
        let mut last: Option<String> = None;
        for id in ids {
            if !matches!(self.kind_of(*id)?, Kind::Pipeline | Kind::Stage) {
                return Err(AppError::refused("pipelines and stages can be put in order"));
            }
            let next = rank::between(last.as_deref(), None);
            ranks.insert(*id, Scalar::Str(next.clone()));
            last = Some(next);
        }
        let plan = |id: RecordId, now: &Registers| match ranks.get(&id) {
            Some(rank) => difference("rank", now, &Registers::from([("rank".to_owned(), rank.clone())])),
            None => Changes::new(),
        };
        self.write_each(self.operation("pipeline"), ids, &plan, &mut |_| {}, &Cancel::default())
    }

    /// Takes a stage away, or a pipeline with its stages. The deals in it stay where they are, in sight, until somebody
    /// puts them elsewhere.
    pub fn remove_step(&self, id: RecordId) -> Result<WrittenMany, AppError> {
        let kind = self.kind_of(id)?;
        let (stages, pipelines) =
            self.store.read::<_, StorageError>(|db| Ok((deals::stages(db)?, deals::pipelines(db)?)))?;
        let own =
            |pipeline: Option<RecordId>| stages.iter().filter(move |s| !s.gone && s.pipeline == pipeline);
        let ids: Vec<RecordId> = match kind {
            Kind::Pipeline if pipelines.iter().all(|(other, _)| *other == id) => {
                return Err(AppError::refused("one pipeline must stay; make another first"));
            }
            Kind::Pipeline => own(Some(id)).map(|s| s.id).chain([id]).collect(),
            Kind::Stage => {
                let stage =
                    stages.iter().find(|s| s.id == id).ok_or_else(|| AppError::not_found("stage", id))?;
                if !own(stage.pipeline).any(|s| s.id != id && s.outcome == "open") {
                    return Err(AppError::refused(
                        "one open stage must stay in a pipeline; make another first",
                    ));
                }
                vec![id]
            }
            _ => return Err(AppError::refused("pipelines and stages can be taken away here")),
        };
        let at = crate::session::now();
        let plan = |_, now: &Registers| match now.contains_key(DELETED_AT) {
            true => Changes::new(),
            false => vec![(DELETED_AT.to_owned(), Some(Scalar::Int(at)))],
        };
        self.write_each(self.operation("delete"), &ids, &plan, &mut |_| {}, &Cancel::default())
    }

    /// Moves all deals of a stage into another, as one operation.
    pub fn empty_stage(
        &self,
        from: RecordId,
        to: RecordId,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<WrittenMany, AppError> {
        let ids = self.store.read::<_, AppError>(|db| {
            let there = |id| deals::one_stage(db, id)?.ok_or_else(|| AppError::not_found("stage", id));
            there(from)?;
            match there(to)?.gone || from == to {
                true => Err(AppError::refused("deals go into another stage, one that is there")),
                false => Ok(deals::ids_in_stage(db, from)?),
            }
        })?;
        if ids.is_empty() {
            return Ok(WrittenMany { operation: None, count: 0 });
        }
        let input = FieldInput::from_iter([("stage".to_owned(), to.to_string().into())]);
        self.set_as("move", &ids, &input, progress, cancel)
    }

    /// What a stage may be told.
    pub(crate) fn check_stage(&self, ids: &[RecordId], values: &Values) -> Result<(), AppError> {
        let refuse = |key: &str, message: String| {
            Err(AppError { field: Some(key.to_owned()), ..AppError::refused(message) })
        };
        let number = |key: &str| match values.get(key) {
            Some(Some(Value::Number(n))) => Some(*n),
            _ => None,
        };
        if number("rot_days").is_some_and(|days| !(0.0..=3650.0).contains(&days)) {
            return refuse("rot_days", "expected a number of days between 0 and 3650".to_owned());
        }
        if values
            .get("name")
            .is_some_and(|name| name.as_ref().is_none_or(|n| n.as_text().chars().count() > 100))
        {
            return refuse("name", "a stage needs a name of at most 100 characters".to_owned());
        }
        let Some(outcome) = values.get("outcome") else { return Ok(()) };
        let outcome = outcome.as_ref().map_or("open", Value::as_text);
        for id in ids {
            let found = self.store.read::<_, StorageError>(|db| match deals::one_stage(db, *id)? {
                Some(stage) => Ok(Some((deals::sums(db, &stage)?.0, stage))),
                None => Ok(None),
            })?;
            if let Some((count, stage)) = found.filter(|(count, s)| *count > 0 && s.outcome != outcome) {
                return refuse(
                    "outcome",
                    format!(
                        "{count} deals are in «{}», and would become won or lost, or open again, by this; move them first",
                        stage.name
                    ),
                );
            }
        }
        Ok(())
    }
}

/// A pipeline and the stages that one begins with, as they are made.
pub(crate) fn pipeline(
    (id, name, place): (RecordId, &str, &str),
    chinese: bool,
    ids: Ids<'_>,
) -> Vec<(RecordId, Kind, Registers)> {
    let text = |key: &str, text: &str| (key.to_owned(), Scalar::Str(text.to_owned()));
    let mut all = vec![(id, Kind::Pipeline, Registers::from([text("name", name), text("rank", place)]))];
    let mut rank = rank::between(None, None);
    for ((english, percent, outcome, rot), chinese_name) in ENGLISH.into_iter().zip(CHINESE) {
        let mut registers = Registers::from([
            text("name", if chinese { chinese_name } else { english }),
            text("pipeline", &id.to_string()),
            text("rank", &rank),
            text("outcome", outcome),
            ("probability".to_owned(), Scalar::Number(percent)),
        ]);
        if rot > 0.0 {
            registers.insert("rot_days".to_owned(), Scalar::Number(rot));
        }
        all.push((ids(english), Kind::Stage, registers));
        rank = rank::between(Some(&rank), None);
    }
    all
}
