//! Deals on their way through a pipeline: the board, the moves, and what a stage says of a deal.

use crate::{
    AppError, Cancel, Session,
    error::Code,
    lists::row_view,
    pipelines::pipeline,
    records::{FieldInput, Values},
    series,
    session::now,
    views::{BoardColumn, BoardView, CardView, LastDone, PipelineView, StageView, SumView, Written},
};
use satchel_document::Changes;
use satchel_domain::{Kind, RecordId, Registers, Scalar, Value, catalogue::REACHED, date::rfc3339, rank};
use satchel_storage::{Connection, StorageError, deals, lists};
use uuid::Uuid;

/// Cards that a column shows at once; more come when they are asked for.
const CARDS: u32 = 200;
const DAY: i64 = 86_400_000;

/// The stages of the pipeline that a team begins with: name, percent, outcome, days until a deal has gone quiet.
pub(crate) type FirstStage = (&'static str, f64, &'static str, f64);
pub(crate) const ENGLISH: [FirstStage; 6] = [
    ("New", 10.0, "open", 14.0),
    ("Contacted", 20.0, "open", 14.0),
    ("Offer", 50.0, "open", 10.0),
    ("Negotiation", 75.0, "open", 10.0),
    ("Won", 100.0, "won", 0.0),
    ("Lost", 0.0, "lost", 0.0),
];
pub(crate) const CHINESE: [&str; 6] = ["新线索", "已联系", "已报价", "谈判中", "赢单", "丢单"];

impl Session {
    /// The pipelines with their stages. A team that has none gets one: the same on each of its devices.
    pub fn pipelines(&self, chinese: bool) -> Result<Vec<PipelineView>, AppError> {
        let read =
            |db: &Connection| -> Result<_, StorageError> { Ok((deals::pipelines(db)?, deals::stages(db)?)) };
        let gone = |stages: &[deals::Stage]| self.store.read(|db| deals::gone_pipelines(db, stages));
        let (mut pipelines, mut stages) = self.store.read(read)?;
        if pipelines.is_empty() && stages.is_empty() {
            self.first_pipeline(chinese)?;
            (pipelines, stages) = self.store.read(read)?;
        }
        let view = |gone: bool, (id, name): (RecordId, String)| {
            let own = stages.iter().filter(|s| s.pipeline == Some(id) && !s.gone);
            PipelineView { id, name, stages: own.map(StageView::from).collect(), gone }
        };
        let live = pipelines.into_iter().map(|p| view(false, p));
        // One that was taken away shows as long as deals are in it.
        Ok(live.chain(gone(&stages)?.into_iter().map(|p| view(true, p))).collect())
    }

    fn first_pipeline(&self, chinese: bool) -> Result<(), AppError> {
        let id = self.derive_id(&["pipeline", "first"]);
        let name = if chinese { "销售" } else { "Sales" };
        // By what it is for, not by what it is called: two languages must not make two.
        let stage = |english: &str| self.derive_id(&["stage", "first", english]);
        let made = pipeline((id, name, &rank::between(None, None)), chinese, &stage);
        self.together("pipeline", &made, &[]).map(|_| ())
    }

    /// The first pipeline and its stages as they would be made, for whoever only looks.
    pub(crate) fn first_as_it_would_be(&self) -> (Vec<(RecordId, String)>, Vec<deals::Stage>) {
        let pipeline = self.derive_id(&["pipeline", "first"]);
        let stage = |(name, probability, outcome, days): FirstStage| deals::Stage {
            id: self.derive_id(&["stage", "first", name]),
            name: name.to_owned(),
            pipeline: Some(pipeline),
            probability,
            outcome: outcome.to_owned(),
            rot_days: (days > 0.0).then_some(days),
            gone: false,
        };
        (vec![(pipeline, "Sales".to_owned())], ENGLISH.map(stage).to_vec())
    }

    /// What a deal is told by the stage that it comes into: since when, whether it is over, and its place if it has none.
    pub(crate) fn staged(&self, values: &mut Values, is_new: bool) -> Result<(), AppError> {
        let stage = match values.get("stage") {
            Some(Some(Value::Reference(id))) => Some(*id),
            Some(_) => return Err(AppError::refused("a deal is always in a stage; name another")),
            None if is_new => {
                let first = self.pipelines(false)?.into_iter().flat_map(|p| p.stages).next().map(|s| s.id);
                values.extend(first.map(|id| ("stage".to_owned(), Some(Value::Reference(id)))));
                first
            }
            None => None,
        };
        let Some(stage) = stage else { return Ok(()) };
        let (stage, last) = self
            .store
            .read::<_, StorageError>(|db| Ok((deals::one_stage(db, stage)?, deals::last_rank(db, stage)?)))?;
        // What is no stage is named by whoever checks the links.
        let Some(stage) = stage else { return Ok(()) };
        let at = Value::DateTime(now());
        values.insert("closed_at".to_owned(), (stage.outcome != "open").then(|| at.clone()));
        values.insert("stage_at".to_owned(), Some(at));
        if is_new {
            values.insert(REACHED.to_owned(), Some(Value::Tags(vec![stage.id.to_string()])));
        }
        values
            .entry("rank".to_owned())
            .or_insert_with(|| Some(Value::Text(rank::between(last.as_deref(), None))));
        if stage.outcome != "lost" && !is_new {
            values.entry("lost_reason".to_owned()).or_insert(None);
        }
        Ok(())
    }

    /// Puts a deal into a stage, between two others of it or at its end.
    pub fn move_deal(
        &self,
        id: RecordId,
        stage: RecordId,
        (above, below): (Option<RecordId>, Option<RecordId>),
        lost_reason: Option<&str>,
    ) -> Result<Written, AppError> {
        let (above, below, now_in) = self.store.read::<_, AppError>(|db| {
            let rank = |id: Option<RecordId>| match id {
                Some(id) => deals::rank(db, id),
                None => Ok(None),
            };
            let end = if below.is_none() && above.is_none() { deals::last_rank(db, stage)? } else { None };
            let (row, _) = self.load(db, id)?;
            let now_in = lists::one(db, &self.catalogue(), row.kind, row.row)?;
            Ok((rank(above)?.or(end), rank(below)?, now_in))
        })?;
        let now_in =
            now_in.filter(|row| row.kind == Kind::Deal).ok_or_else(|| AppError::not_found("deal", id))?;
        let place = rank::between(above.as_deref(), below.as_deref());
        let mut input = FieldInput::from_iter([("rank".to_owned(), place.into())]);
        // Within its stage only its place is another.
        if now_in.fields.get("stage").and_then(|s| s.as_str()) != Some(&stage.to_string()) {
            input.insert("stage".to_owned(), stage.to_string().into());
            input.extend(lost_reason.map(|why| ("lost_reason".to_owned(), why.into())));
        }
        let done = self.set_as("move", &[id], &input, &mut |_| {}, &Cancel::default())?;
        Ok(Written { id, operation: done.operation })
    }

    /// A pipeline as a board: each stage with its first cards, how many there are, and what they are worth.
    pub fn board(&self, pipeline: RecordId) -> Result<BoardView, AppError> {
        let at = now();
        let catalogue = self.catalogue();
        self.store.glance::<_, AppError>(|db| {
            let mut columns = Vec::new();
            for stage in deals::stages(db)?.into_iter().filter(|s| s.pipeline == Some(pipeline)) {
                let (count, sums) = deals::sums(db, &stage)?;
                // A stage that was taken away elsewhere is shown as long as deals are in it.
                if stage.gone && count == 0 {
                    continue;
                }
                let cards = self.cards(db, &catalogue, &stage, 0, at)?;
                let sum =
                    |s: deals::Sum| SumView { minor: s.minor, weighted: s.weighted, currency: s.currency };
                columns.push(BoardColumn {
                    stage: StageView::from(&stage),
                    count: u32::try_from(count).unwrap_or(u32::MAX),
                    sums: sums.into_iter().map(sum).collect(),
                    cards,
                });
            }
            match columns.is_empty() {
                true => Err(AppError::not_found("pipeline", pipeline)),
                false => Ok(BoardView { columns }),
            }
        })
    }

    /// More cards of a stage, behind so many.
    pub fn more_cards(&self, stage: RecordId, offset: u32) -> Result<Vec<CardView>, AppError> {
        let catalogue = self.catalogue();
        self.store.glance::<_, AppError>(|db| {
            let stage = deals::one_stage(db, stage)?.ok_or_else(|| AppError::not_found("stage", stage))?;
            self.cards(db, &catalogue, &stage, offset, now())
        })
    }

    fn cards(
        &self,
        db: &Connection,
        catalogue: &satchel_domain::Catalogue,
        stage: &deals::Stage,
        offset: u32,
        at: i64,
    ) -> Result<Vec<CardView>, AppError> {
        let mut cards = Vec::new();
        for row in deals::in_stage(db, stage.id, offset, CARDS)? {
            let Some(row) = lists::one(db, catalogue, Kind::Deal, row)? else { continue };
            let since = row.fields.get("stage_at").and_then(|v| satchel_domain::date::instant(v.as_str()?));
            let since = since.unwrap_or(row.created_at);
            let last = self.last_done(db, row.id, at)?;
            let idle = (at - since.max(last.as_ref().map_or(0, |(at, _)| *at))).max(0) / DAY;
            let open = stage.outcome == "open";
            cards.push(CardView {
                days: u32::try_from((at - since).max(0) / DAY).unwrap_or(u32::MAX),
                #[allow(clippy::cast_precision_loss)]
                quiet: open && stage.rot_days.is_some_and(|most| most > 0.0 && idle as f64 >= most),
                last_activity: last.map(|(at, title)| LastDone { at: rfc3339(at), title }),
                next_step: !open || deals::next_step_of(db, row.id)?.is_some(),
                deal: row_view(row),
            });
        }
        Ok(cards)
    }

    /// When somebody has last done something about a deal: a meeting that comes again is that of its last time.
    fn last_done(
        &self,
        db: &Connection,
        deal: RecordId,
        at: i64,
    ) -> Result<Option<(i64, String)>, StorageError> {
        let last = deals::last_activity(db, deal, at)?;
        let Some(time) = series::last_with(db, Kind::Deal, deal, at)? else { return Ok(last) };
        let came = time.at.as_millisecond();
        if last.as_ref().is_some_and(|(at, _)| *at >= came) {
            return Ok(last);
        }
        Ok(lists::title(db, Kind::Activity, time.kept.row)?.map(|title| (came, title)).or(last))
    }

    /// Adds a stage to a pipeline, before those that end it.
    pub fn add_stage(&self, pipeline: RecordId, name: &str, probability: f64) -> Result<Written, AppError> {
        let name = satchel_domain::value::clean(name, false);
        if name.is_empty() || name.chars().count() > 100 {
            return Err(AppError::new(Code::Refused, "a stage needs a name of at most 100 characters"));
        }
        let stages = self.store.read(deals::stages)?;
        let own: Vec<&deals::Stage> =
            stages.iter().filter(|s| s.pipeline == Some(pipeline) && !s.gone).collect();
        let ends = own.iter().position(|s| s.outcome != "open").unwrap_or(own.len());
        let rank_of = |at: Option<usize>| -> Result<Option<String>, AppError> {
            let Some(stage) = at.and_then(|at| own.get(at)) else { return Ok(None) };
            Ok(self.get(stage.id)?.fields.get("rank").and_then(|r| r.as_str()).map(str::to_owned))
        };
        let (above, below) = (rank_of(ends.checked_sub(1))?, rank_of(Some(ends))?);
        let registers = Registers::from([
            ("name".to_owned(), Scalar::Str(name)),
            ("pipeline".to_owned(), Scalar::Str(pipeline.to_string())),
            ("rank".to_owned(), Scalar::Str(rank::between(above.as_deref(), below.as_deref()))),
            ("outcome".to_owned(), Scalar::Str("open".to_owned())),
            ("probability".to_owned(), Scalar::Number(probability.clamp(0.0, 100.0))),
        ]);
        let id = RecordId(Uuid::now_v7());
        let operation = self.together("pipeline", &[(id, Kind::Stage, registers)], &[])?;
        Ok(Written { id, operation: Some(operation) })
    }
}

/// A deal that comes into a stage has been in it from then on, as in the one that it leaves.
pub(crate) fn reached(kind: Kind, now: &Registers, wanted: &Registers) -> Changes {
    if kind != Kind::Deal || !wanted.contains_key("stage") {
        return Changes::new();
    }
    let stages = [now, wanted].into_iter().filter_map(|r| r.get("stage")?.as_str());
    let mut been = Registers::new();
    Value::Tags(stages.map(str::to_owned).collect()).to_registers(REACHED, &mut been);
    been.retain(|path, _| !now.contains_key(path));
    been.into_iter().map(|(path, stage)| (path, Some(stage))).collect()
}
