//! The commands of a rep's day.

use crate::commands::{Answer, Desktop, with};
use satchel_app::{
    CalendarRequest, FieldInput, Logged, Which, Whose,
    domain::RecordId,
    views::{
        BoardView, CalendarView, CardView, DayView, LineView, LineWritten, MomentView, PipelineView,
        RecordView, WhenView, Written,
    },
};
use tauri::State;

#[tauri::command]
#[specta::specta]
pub async fn pipelines(desktop: State<'_, Desktop>, chinese: bool) -> Answer<Vec<PipelineView>> {
    with(&desktop, move |s| s.pipelines(chinese)).await
}

#[tauri::command]
#[specta::specta]
pub async fn board(desktop: State<'_, Desktop>, pipeline: RecordId) -> Answer<BoardView> {
    with(&desktop, move |s| s.board(pipeline)).await
}

#[tauri::command]
#[specta::specta]
pub async fn more_cards(desktop: State<'_, Desktop>, stage: RecordId, offset: u32) -> Answer<Vec<CardView>> {
    with(&desktop, move |s| s.more_cards(stage, offset)).await
}

/// Into a stage: behind the deal above, before the one below, or at its end.
#[tauri::command]
#[specta::specta]
pub async fn move_deal(
    desktop: State<'_, Desktop>,
    id: RecordId,
    stage: RecordId,
    above: Option<RecordId>,
    below: Option<RecordId>,
    lost_reason: Option<String>,
) -> Answer<Written> {
    with(&desktop, move |s| s.move_deal(id, stage, (above, below), lost_reason.as_deref())).await
}

#[tauri::command]
#[specta::specta]
pub async fn add_stage(
    desktop: State<'_, Desktop>,
    pipeline: RecordId,
    name: String,
    probability: f64,
) -> Answer<Written> {
    with(&desktop, move |s| s.add_stage(pipeline, &name, probability)).await
}

#[tauri::command]
#[specta::specta]
pub async fn log_activity(desktop: State<'_, Desktop>, logged: Logged) -> Answer<Written> {
    with(&desktop, move |s| s.log(&logged)).await
}

#[tauri::command]
#[specta::specta]
pub async fn understand(desktop: State<'_, Desktop>, text: String, today: String) -> Answer<WhenView> {
    with(&desktop, move |s| s.understand(&text, &today)).await
}

#[tauri::command]
#[specta::specta]
pub async fn understand_line(desktop: State<'_, Desktop>, line: String, today: String) -> Answer<LineView> {
    with(&desktop, move |s| s.understand_line(&line, &today)).await
}

#[tauri::command]
#[specta::specta]
pub async fn capture_line(desktop: State<'_, Desktop>, line: String, today: String) -> Answer<LineWritten> {
    with(&desktop, move |s| s.capture_line(&line, &today)).await
}

#[tauri::command]
#[specta::specta]
pub async fn finish_task(
    desktop: State<'_, Desktop>,
    id: RecordId,
    next: String,
    today: String,
) -> Answer<Written> {
    with(&desktop, move |s| s.finish_task(id, &next, &today)).await
}

/// Leaves one time out of a task that comes again.
#[tauri::command]
#[specta::specta]
pub async fn skip_task(desktop: State<'_, Desktop>, id: RecordId, today: String) -> Answer<Written> {
    with(&desktop, move |s| s.skip_task(id, &today)).await
}

#[tauri::command]
#[specta::specta]
pub async fn timeline(desktop: State<'_, Desktop>, id: RecordId, limit: u32) -> Answer<Vec<MomentView>> {
    with(&desktop, move |s| s.timeline(id, limit)).await
}

/// `from` and `to`: the first and the last moment of the day where one is, in epoch milliseconds.
#[tauri::command]
#[specta::specta]
pub async fn day(
    desktop: State<'_, Desktop>,
    today: String,
    from: f64,
    to: f64,
    whose: String,
) -> Answer<DayView> {
    #[allow(clippy::cast_possible_truncation)]
    with(&desktop, move |s| s.day(&today, (from as i64, to as i64), &Whose::parse(&whose))).await
}

/// One time of a meeting that comes again.
#[tauri::command]
#[specta::specta]
pub async fn occurrence(desktop: State<'_, Desktop>, id: RecordId, day: String) -> Answer<RecordView> {
    with(&desktop, move |s| s.occurrence(id, &day)).await
}

/// Changes one time of a meeting that comes again, that and all later ones, or all.
#[tauri::command]
#[specta::specta]
pub async fn change_occurrence(
    desktop: State<'_, Desktop>,
    id: RecordId,
    day: String,
    which: Which,
    input: FieldInput,
) -> Answer<Written> {
    with(&desktop, move |s| s.change_occurrence(id, &day, which, &input)).await
}

/// Takes the same away.
#[tauri::command]
#[specta::specta]
pub async fn remove_occurrence(
    desktop: State<'_, Desktop>,
    id: RecordId,
    day: String,
    which: Which,
) -> Answer<Written> {
    with(&desktop, move |s| s.remove_occurrence(id, &day, which)).await
}

#[tauri::command]
#[specta::specta]
pub async fn calendar(desktop: State<'_, Desktop>, asked: CalendarRequest) -> Answer<CalendarView> {
    with(&desktop, move |s| s.calendar(&asked)).await
}
