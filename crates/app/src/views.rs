//! What the edges show: plain data with names that scripts depend on.

use crate::{Code, reports::MoneyView};
use satchel_domain::{
    Field, FieldType, Kind, OperationId, RecordId,
    catalogue::{Privacy, Purpose},
    duplicates::Reason,
    formula::NoValue,
    note::Block,
    place::How,
    quote::Totals,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// A record with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct RecordView {
    pub id: RecordId,
    pub kind: Kind,
    pub title: String,
    pub fields: Map<String, Json>,
    /// Why formulas have come to nothing, by field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<String, NoValue>,
    /// What the records are called that it links to, by field.
    pub titles: BTreeMap<String, String>,
    /// RFC 3339, as are all times here.
    pub created_at: String,
    pub updated_at: String,
    pub deleted_at: Option<String>,
    /// Of a meeting that comes again, one time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<SeriesView>,
    /// The record that it is in the trash for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<RecordId>,
    pub conflicts: Vec<ConflictView>,
}

/// The series that a meeting is one time of.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct SeriesView {
    pub id: RecordId,
    /// The day that it is meant for: `2026-12-07`.
    pub day: String,
    /// How often it comes, as it is kept.
    pub repeat: String,
    pub title: String,
    /// It is a record of its own, and follows the series no more.
    pub own: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct ConflictView {
    pub field: String,
    pub values: Vec<ClaimView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct ClaimView {
    pub value: Json,
    pub by: String,
    pub at: String,
}

/// Records that may be one.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct GroupView {
    pub kind: Kind,
    /// How likely it is, from 0 to 1.
    pub score: f64,
    pub reasons: Vec<Reason>,
    /// The one that was made first here comes first.
    pub ids: Vec<RecordId>,
    pub titles: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, specta::Type)]
pub struct DuplicatesView {
    /// The likeliest.
    pub groups: Vec<GroupView>,
    pub total: u32,
}

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct RowView {
    pub id: RecordId,
    pub kind: Kind,
    pub title: String,
    pub fields: Map<String, Json>,
    pub titles: BTreeMap<String, String>,
    pub updated_at: String,
    pub deleted_at: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct Hit {
    pub id: RecordId,
    pub kind: Kind,
    pub title: String,
    pub subtitle: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct FieldView {
    pub key: String,
    #[serde(rename = "type")]
    pub ty: FieldType,
    pub label: String,
    pub searchable: bool,
    pub sortable: bool,
    pub privacy: Privacy,
    pub purpose: Purpose,
    pub import_names: Vec<String>,
    pub options: Vec<String>,
    /// What a link leads to.
    pub links: Option<Kind>,
    pub custom: bool,
    /// Nobody writes it: it follows from others.
    pub derived: bool,
    /// Long text in Markdown, which may mention records.
    pub note: bool,
    /// Of the user's own: the record that describes it.
    pub id: Option<RecordId>,
    /// Options that records keep and nobody is offered.
    pub retired: Vec<String>,
    pub formula: Option<String>,
    /// It depends on the day: worked out where it is shown.
    pub daily: bool,
    /// Forms and lists go without it.
    pub shelved: bool,
}

impl From<&Field> for FieldView {
    fn from(field: &Field) -> Self {
        Self {
            key: field.key.clone(),
            ty: field.ty,
            label: field.label.clone(),
            searchable: field.search != satchel_domain::catalogue::Search::No,
            sortable: field.sorted,
            privacy: field.privacy,
            purpose: field.purpose,
            import_names: field.import_names.iter().map(|n| (*n).to_owned()).collect(),
            options: field.options.clone(),
            links: field.links,
            custom: field.custom,
            derived: field.derived.is_some(),
            note: field.note,
            id: None,
            retired: field.retired.clone(),
            formula: field.formula().map(|f| f.text().to_owned()),
            daily: false,
            shelved: field.shelved,
        }
    }
}

/// What a quote comes to, or why it comes to nothing.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct QuoteView {
    pub sums: Option<Totals>,
    pub problem: Option<String>,
}

/// The language of a paper: that of who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "lowercase")]
pub enum PaperLanguage {
    En,
    Zh,
}

/// A paper or a letter that was written to a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct WrittenFile {
    pub bytes: u32,
    pub notices: Vec<Notice>,
}

/// What a paper goes without, rather than not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct Notice {
    /// What that is called.
    pub left_out: String,
    pub why: String,
}

/// A price book as the head of a column.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct PriceBookView {
    pub id: RecordId,
    pub name: String,
    /// What its prices are in.
    pub currency: String,
    /// Percent off what has no price of its own in it.
    pub discount: f64,
}

/// Some products, and what they cost in each price book.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct PriceTable {
    pub total: u32,
    pub books: Vec<PriceBookView>,
    pub rows: Vec<PriceRow>,
}

/// A product, and what it costs. Price books go by their ids.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct PriceRow {
    pub product: RecordId,
    pub name: String,
    pub code: String,
    /// Not offered any more.
    pub retired: bool,
    /// Its own price.
    pub price: Option<MoneyView>,
    pub prices: BTreeMap<String, MoneyView>,
    /// What it costs in books that have no price of it.
    pub otherwise: BTreeMap<String, MoneyView>,
}

/// A pipeline and its stages, in their order.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct PipelineView {
    pub id: RecordId,
    pub name: String,
    pub stages: Vec<StageView>,
    /// In the trash, and deals are in it all the same.
    pub gone: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct StageView {
    pub id: RecordId,
    pub name: String,
    /// Percent.
    pub probability: f64,
    /// `open`, `won` or `lost`.
    pub outcome: String,
    /// After which a deal that nobody does anything about has gone quiet.
    pub rot_days: Option<f64>,
    /// In the trash, and deals are in it all the same.
    pub gone: bool,
}

impl From<&satchel_storage::deals::Stage> for StageView {
    fn from(stage: &satchel_storage::deals::Stage) -> Self {
        Self {
            id: stage.id,
            name: stage.name.clone(),
            probability: stage.probability,
            outcome: stage.outcome.clone(),
            rot_days: stage.rot_days,
            gone: stage.gone,
        }
    }
}

/// A pipeline as a board.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct BoardView {
    pub columns: Vec<BoardColumn>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct BoardColumn {
    pub stage: StageView,
    /// Of all deals in it; `cards` are the first of them.
    pub count: u32,
    pub sums: Vec<SumView>,
    pub cards: Vec<CardView>,
}

/// Money of one currency, in minor units.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct SumView {
    #[specta(type = f64)]
    pub minor: i64,
    /// By the probability of each deal.
    #[specta(type = f64)]
    pub weighted: i64,
    pub currency: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct CardView {
    pub deal: RowView,
    /// In this stage.
    pub days: u32,
    /// Nobody has done anything about it for longer than its stage allows.
    pub quiet: bool,
    pub last_activity: Option<LastDone>,
    /// Whether something is to be done about it, or it is over.
    pub next_step: bool,
}

/// What somebody has done last about a deal.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct LastDone {
    pub at: String,
    pub title: String,
}

/// What has happened, or is to, with a record.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct MomentView {
    pub record: RowView,
    pub at: String,
}

/// What a day asks of somebody.
#[derive(Clone, Debug, Default, PartialEq, Serialize, specta::Type)]
pub struct DayView {
    pub overdue: Vec<RowView>,
    pub due: Vec<RowView>,
    /// Calls, visits and meetings of the day, in order.
    pub agenda: Vec<RowView>,
    /// Open deals whose expected close is over.
    pub late: Vec<RowView>,
    /// Open deals that were left alone for too long.
    pub quiet: Vec<RowView>,
    pub birthdays: Vec<BirthdayView>,
}

/// What came due and is open, and what is told of next.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct RemindersView {
    pub on: bool,
    pub due: Vec<ReminderView>,
    pub next: Vec<ReminderView>,
}

/// A task, or a meeting, and when it is told of.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct ReminderView {
    pub id: RecordId,
    pub kind: Kind,
    pub title: String,
    /// The person and the company.
    pub with: String,
    /// By the clock of wherever one is: `2026-11-27T09:20`.
    pub at: String,
    /// When it is itself.
    pub day: Option<String>,
    pub time: Option<String>,
    /// This device has told of it.
    pub told: bool,
    /// Of a meeting that comes again: which of its days this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurrence: Option<String>,
}

/// The visits of a day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, specta::Type)]
pub struct VisitsView {
    /// In order.
    pub stops: Vec<StopView>,
    /// Those of which it is not known where they are.
    pub unplaced: Vec<StopView>,
    /// Who else may be seen, the likeliest first.
    pub suggested: Vec<StopView>,
    /// From stop to stop, as the crow flies.
    pub kilometres: f64,
    /// Where the day begins: `41.1496, -8.6109`.
    pub from: Option<String>,
    /// There are more stops than are put in order.
    pub more: bool,
}

/// A meeting, a task or a customer on a day's way.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct StopView {
    pub id: RecordId,
    pub kind: Kind,
    pub title: String,
    /// Of an activity: `visit`.
    #[serde(rename = "type")]
    pub ty: String,
    /// Who is seen: a company, else a person.
    pub whom: Option<RecordId>,
    pub whom_kind: Option<Kind>,
    pub whom_title: String,
    /// The person and the company, where the title is another.
    pub with: String,
    pub address: String,
    pub place: Option<String>,
    pub how: Option<How>,
    pub lacks: Option<Lacks>,
    /// Its hour is agreed.
    pub fixed: bool,
    /// Of a task: when it is due; of a meeting that comes again: which of its days it is.
    pub day: Option<String>,
    /// As it stands in the record.
    pub time: Option<String>,
    pub minutes: u32,
    /// As it is planned: `10:05`; nothing where the day is over before.
    pub arrives: Option<String>,
    /// So many minutes later than agreed.
    pub late: u32,
    /// From the stop before; of one that is offered: to the nearest stop.
    pub kilometres: Option<f64>,
    pub reasons: Vec<WhySeen>,
    pub last_visit: Option<String>,
    pub open_deals: u32,
}

/// What has to be written down for a place to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Lacks {
    /// Nobody is named.
    Whom,
    /// There is neither an address nor a location.
    Address,
    /// Nobody nearby has a location either.
    Place,
}

/// Why somebody is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum WhySeen {
    FollowUp,
    OpenDeal,
    /// Not visited for long, or never.
    LongAgo,
}

/// What stands in the calendar.
#[derive(Clone, Debug, Default, PartialEq, Serialize, specta::Type)]
pub struct CalendarView {
    pub items: Vec<CalendarItem>,
    /// There is more than is shown.
    pub more: bool,
}

/// An activity at a moment, or a task on a day.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct CalendarItem {
    pub id: RecordId,
    pub kind: Kind,
    pub title: String,
    /// Of an activity: `meeting`.
    #[serde(rename = "type")]
    pub ty: String,
    pub at: Option<String>,
    /// 0: how long is not known.
    pub minutes: u32,
    pub due: Option<String>,
    /// By the clock of wherever one is then: `09:30`.
    pub due_time: Option<String>,
    pub done: bool,
    pub repeat: String,
    /// Of a meeting that comes again: which of its days this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurrence: Option<String>,
    pub person: String,
    pub company: String,
    pub place: String,
    pub owner: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct BirthdayView {
    pub person: RowView,
    /// `2026-05-17`: the next one.
    pub on: String,
}

/// What was understood of a line about a person.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct CapturedView {
    pub first_name: String,
    pub last_name: String,
    pub company: String,
    /// There is one of that name.
    pub company_known: bool,
    pub title: String,
    pub emails: Vec<String>,
    pub phones: Vec<String>,
    /// People who it may be.
    pub similar: Vec<Hit>,
}

/// What a line would become: one of these.
#[derive(Clone, Debug, Default, PartialEq, Serialize, specta::Type)]
pub struct LineView {
    pub person: Option<CapturedView>,
    pub company: Option<CompanyLine>,
    pub task: Option<TaskLine>,
}

/// A company from one line.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct CompanyLine {
    pub name: String,
    pub emails: Vec<String>,
    pub phones: Vec<String>,
    /// One of that name.
    pub known: Option<Hit>,
}

/// Something to do from one line.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct TaskLine {
    pub subject: String,
    pub due: Option<String>,
    pub time: Option<String>,
    /// How often it comes again, as a task keeps it.
    pub repeat: Option<String>,
    /// Whom it concerns, where only one can be meant.
    pub about: Option<Hit>,
    /// Those who are called so: it is linked to none of them.
    pub several: Vec<Hit>,
}

/// What a line has become.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct LineWritten {
    pub id: RecordId,
    pub kind: Kind,
    pub title: String,
    pub operation: Option<OperationId>,
}

/// A line that waits for the vault to be unlocked.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct SealedLine {
    pub id: RecordId,
    /// How many wait now.
    pub waiting: u32,
}

/// What has become of lines that were taken while the vault was locked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, specta::Type)]
pub struct InboxView {
    pub made: Vec<LineWritten>,
    /// Files that no key of the vault opens, as they are kept.
    pub aside: Vec<String>,
}

/// What was understood of a date as people write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct WhenView {
    /// The text without the date.
    pub text: String,
    pub date: Option<String>,
    /// `09:30`.
    pub time: Option<String>,
    /// How often it comes again, as a task keeps it.
    pub repeat: Option<String>,
}

/// What of a saved view applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, specta::Type)]
pub struct Applying {
    pub filter: String,
    pub sort: String,
    /// The parts that ask for a field or a stage that is not there any more.
    pub left_out: Vec<String>,
}

/// An answer to a write.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct Written {
    pub id: RecordId,
    /// Nothing when the record already was as asked.
    pub operation: Option<OperationId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct WrittenMany {
    pub operation: Option<OperationId>,
    pub count: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct VersionView {
    pub operation: OperationId,
    pub label: String,
    pub at: String,
    pub by: String,
    pub device: String,
    pub undone: bool,
    pub changes: Vec<ChangeView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct ChangeView {
    pub field: String,
    pub before: Json,
    pub after: Json,
    /// What the company is called that the value refers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_title: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct OperationView {
    pub operation: OperationId,
    pub label: String,
    pub at: String,
    pub by: String,
    pub device: String,
    pub records: u32,
    pub finished: bool,
    pub undone: bool,
    pub undoes: Option<OperationId>,
    /// The title of the record, where the operation touched one only.
    pub title: String,
    /// What the operation keeps about itself, e.g. an import's report.
    pub detail: Json,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct UndoReport {
    /// The new operation that took the other back.
    pub operation: OperationId,
    pub undone: OperationId,
    pub label: String,
    pub records: u32,
    pub skipped: Vec<Skipped>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct Skipped {
    pub id: RecordId,
    pub field: String,
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct StatusView {
    pub vault: String,
    pub workspace: String,
    pub workspace_id: String,
    pub person: String,
    pub device: String,
    pub records: BTreeMap<String, u32>,
    pub trash: BTreeMap<String, u32>,
    pub pending: u32,
    pub conflicts: u32,
    pub remotes: Vec<RemoteView>,
    pub last_backup: Option<String>,
    /// The operation that has made sample data, as long as they are there.
    pub sample: Option<OperationId>,
    /// The vault is a demo: it may be deleted as a whole.
    pub demo: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct KeySlotView {
    /// `keyring`, `passphrase` or `recovery`.
    pub kind: String,
    pub detail: String,
    pub ok: bool,
}

/// The recovery kit, shown once.
#[derive(Clone, Serialize, specta::Type)]
pub struct KitView {
    pub workspace: String,
    pub vault: String,
    pub made: String,
    pub groups: Vec<String>,
    pub age_identity: String,
    /// SVG of a QR code of the groups.
    pub qr: String,
    pub text: String,
}

impl std::fmt::Debug for KitView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KitView(…)")
    }
}

/// A place where the team meets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct RemoteView {
    pub name: String,
    /// `folder`, `server`, or `relay`: one in the same network.
    pub kind: String,
    pub address: String,
    /// `connected`, or `missing` where a folder is not there now.
    pub state: String,
    pub synced_at: Option<String>,
}

impl RemoteView {
    pub(crate) fn of(row: &satchel_storage::team::RemoteRow) -> Self {
        let kind = match row.address.as_str() {
            lan if lan.starts_with("lan:") => "relay",
            served if satchel_sync::is_served(served) => "server",
            _ => "folder",
        };
        let there = kind != "folder" || std::path::Path::new(&row.address).is_dir();
        Self {
            name: row.name.clone(),
            kind: kind.into(),
            address: row.address.clone(),
            state: if there { "connected" } else { "missing" }.into(),
            synced_at: row.synced_at.map(satchel_domain::date::rfc3339),
        }
    }
}

/// Whether this computer hosts the relay of its office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct HostView {
    /// Whether it is to host whenever it can.
    pub wanted: bool,
    /// How others reach it now; none: it does not host now.
    pub urls: Vec<String>,
    /// What they connect, wherever in the network it is.
    pub address: String,
    /// Why it does not host, or is not found.
    pub problem: Option<String>,
}

/// A computer of the team that hosts a relay in this network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct FoundView {
    pub address: String,
    pub url: String,
    /// The computer and its owner, as the team calls them.
    pub name: String,
    pub person: String,
    pub connected: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct InvitationView {
    pub link: String,
    pub expires_at: String,
}

/// An invitation as the invited side sees it.
#[derive(Clone, Debug, Serialize, specta::Type)]
pub struct InvitedView {
    pub role: String,
    pub expires_at: String,
    /// Where the team meets: a server's address, or a folder.
    pub address: String,
    /// Why the team is not found there.
    pub problem: Option<crate::AppError>,
}

/// What a vault waits for that was made for a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct WaitingView {
    /// Nothing, where the invitation has to be given once more.
    pub asked: Option<AskedView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct AskedView {
    pub check_code: String,
    pub address: String,
    pub expires_at: String,
}

/// Somebody who asks to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct RequestView {
    pub request: String,
    pub person: String,
    pub device: String,
    pub role: String,
    /// Six digits that both people compare.
    pub check_code: String,
    /// `open`, `approved` or `refused`.
    pub state: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct MemberView {
    pub id: String,
    pub person: String,
    pub role: String,
    pub devices: Vec<DeviceView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct DeviceView {
    pub id: String,
    pub name: String,
    pub this: bool,
    pub last_seen: Option<String>,
    pub revoked: bool,
}

/// What a sync has done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, specta::Type)]
pub struct SyncReport {
    /// Entries that remotes got, and that were applied here.
    pub pushed: u32,
    pub pulled: u32,
    /// Snapshots that were written, and entries that others make superfluous.
    #[specta(type = u32)]
    pub snapshots: u64,
    #[specta(type = u32)]
    pub left_out: u64,
    pub pending: u32,
    pub conflicts: u32,
    pub quarantined: u32,
    pub remotes: Vec<RemoteState>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct RemoteState {
    pub name: String,
    /// The last entry of this device that it has.
    #[specta(type = u32)]
    pub head: u64,
    pub ok: bool,
    /// Whether it has answered at all.
    pub reached: bool,
    pub error: Option<String>,
    #[serde(skip)]
    pub code: Option<Code>,
}

/// A round with a remote, as the log has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct RoundView {
    pub at: String,
    pub remote: String,
    /// Entries that it got, and that were applied here.
    pub sent: u32,
    pub received: u32,
    /// Records of which two values came together in it.
    pub conflicts: u32,
    /// What went wrong.
    pub error: Option<String>,
    /// The same went wrong so often in a row, since then.
    pub times: u32,
    pub since: String,
}

/// What a server holds about this workspace, as it sees it. It comes from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ContentsView {
    pub workspace: ContentsTotals,
    pub control_records: u32,
    pub devices: Vec<ContentsDevice>,
    /// By person.
    pub roles: BTreeMap<String, String>,
    #[serde(default)]
    pub attachments: ContentsBlobs,
    pub wrapped_keys: u32,
    pub requests: u32,
    /// From the one that was asked for on, some at a time.
    pub segments: Vec<ContentsSegment>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ContentsBlobs {
    pub pieces: u32,
    #[specta(type = u32)]
    pub bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ContentsTotals {
    pub id: String,
    pub segments: u32,
    pub entries: u32,
    #[specta(type = u32)]
    pub bytes: u64,
    /// Epoch milliseconds, by the server's clock.
    #[specta(type = u32)]
    pub created_at: i64,
    #[specta(type = u32)]
    pub written_at: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ContentsDevice {
    pub device: String,
    pub person: String,
    pub sign: String,
    pub names: String,
    pub removed: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ContentsSegment {
    pub seq: u32,
    pub device: String,
    pub incarnation: String,
    pub first: u32,
    pub next: u32,
    pub hash: String,
    #[specta(type = u32)]
    pub at: i64,
    pub bytes: u32,
    pub entries: Vec<ContentsEntry>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(default)]
pub struct ContentsEntry {
    pub kind: String,
    pub document: String,
    pub epoch: u32,
    pub bytes: u32,
    /// Its beginning.
    pub ciphertext: String,
    /// Of entries that are left out: how many.
    pub count: u32,
}

/// A file on a record.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct AttachmentView {
    pub id: RecordId,
    pub name: String,
    pub media_type: String,
    /// Bytes.
    pub size: f64,
    pub updated_at: String,
    /// Whether all of it is on this computer.
    pub here: bool,
    /// Whether it is called like a picture that can be shown.
    pub picture: bool,
}

/// A picture as a screen shows it.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct PictureView {
    /// It itself: `data:image/jpeg;base64,…`.
    pub url: String,
    /// As it was attached, in pixels; what is shown may be smaller.
    pub width: u32,
    pub height: u32,
}

/// A note as a screen shows it.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct NoteView {
    pub blocks: Vec<Block>,
    /// Those of the records that it mentions which are here, by the id that it mentions.
    pub mentions: BTreeMap<String, MentionView>,
}

/// A record that is mentioned, as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct MentionView {
    /// Another one, where it was merged into that.
    pub id: RecordId,
    pub kind: Kind,
    pub title: String,
    /// In the trash.
    pub gone: bool,
}

/// What mentions a record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, specta::Type)]
pub struct MentionsView {
    pub mentions: Vec<Hit>,
    /// There are more than are told.
    pub more: bool,
}

/// What has become of a record since a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum PastState {
    Same,
    Changed,
    /// It is in the trash now.
    Deleted,
    /// It was not there yet, or was in the trash.
    Made,
}

/// How many records of a list have become what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, specta::Type)]
pub struct PastCounts {
    pub same: u32,
    pub changed: u32,
    pub deleted: u32,
    pub made: u32,
}

/// A page of a list as it was.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct PastPage {
    pub at: String,
    pub total: u32,
    pub counts: PastCounts,
    pub rows: Vec<PastRow>,
}

/// A record as it was; what links lead to is called as it is today.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct PastRow {
    pub record: RowView,
    pub state: PastState,
    /// From then to now.
    pub changes: Vec<ChangeView>,
}

/// What going back to a time has changed, or would.
#[derive(Clone, Debug, Default, PartialEq, Serialize, specta::Type)]
pub struct RestoreReport {
    /// Nothing where nothing was written.
    pub operation: Option<OperationId>,
    pub at: String,
    pub records: u32,
    /// Of these: what gets other values, what comes out of the trash, and what goes there.
    pub changed: u32,
    pub revived: u32,
    pub trashed: u32,
    /// How many of each kind.
    pub kinds: BTreeMap<String, u32>,
    pub skipped: Vec<Skipped>,
}

/// A field that holds more than one value.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct ConflictOf {
    pub id: RecordId,
    pub kind: Kind,
    pub field: String,
    pub values: Vec<ClaimView>,
}

/// A backup that was made, or looked at.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct BackupView {
    pub file: String,
    /// The folder, or the address of the bucket.
    pub target: String,
    pub made_at: String,
    #[specta(type = u32)]
    pub records: u64,
    #[specta(type = u32)]
    pub size: u64,
    /// Of the file, in hexadecimal.
    pub sha256: String,
    /// When it was last read back and was whole.
    pub verified_at: Option<String>,
    /// When it was last restored, and checked against its manifest.
    pub drilled_at: Option<String>,
    pub drill_seconds: Option<f64>,
    /// Whether the file is where it was written, as far as can be seen from here.
    pub there: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct BackupsView {
    pub backups: Vec<BackupView>,
    pub places: Vec<BackupFolderView>,
    pub automatic: bool,
    pub keep: crate::Keep,
    pub kit_drill: KitDrillView,
}

/// When a backup was last opened by the paper kit, and whether it is time again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct KitDrillView {
    pub last: Option<String>,
    pub due: bool,
}

/// A place that gets backups by itself.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct BackupFolderView {
    pub address: String,
    /// The vault's own folder: on the same disk.
    pub own: bool,
    /// On the disk that the vault is on: it goes with it.
    pub same_disk: bool,
    pub served: bool,
    /// In another building.
    pub away: bool,
    pub last: Option<String>,
    /// It has got nothing for days.
    pub late: bool,
    pub drilled_at: Option<String>,
    pub drill_seconds: Option<f64>,
    #[specta(type = Option<u32>)]
    pub drill_records: Option<u64>,
    /// Why the last try failed.
    pub trouble: Option<String>,
}

/// How many records of a kind came back, and whether they are those, in the versions, that were backed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct ProvenKind {
    pub kind: String,
    #[specta(type = u32)]
    pub records: u64,
    pub ok: bool,
}

/// A backup that was proven: restored, checked, and thrown away.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct DrillView {
    pub file: String,
    #[specta(type = u32)]
    pub records: u64,
    pub sha256: String,
    pub verified_at: Option<String>,
    pub made_at: String,
    pub seconds: f64,
    pub kinds: Vec<ProvenKind>,
    pub checks: Vec<crate::verify::CheckView>,
}

/// A vault that was made of a backup.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct RestoredView {
    pub vault: String,
    pub workspace: String,
    pub file: String,
    pub made_at: String,
    #[specta(type = u32)]
    pub records: u64,
    pub sha256: String,
    pub verified_at: Option<String>,
    /// Files on records that came back, and those that did not: they come from the team, if it has them.
    #[specta(type = u32)]
    pub files: u64,
    #[specta(type = u32)]
    pub missing_files: u64,
    /// The first of them, by name.
    pub missing: Vec<MissingFileView>,
}

/// A file on a record that a restore has not found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct MissingFileView {
    pub name: String,
    /// Bytes.
    #[specta(type = u32)]
    pub size: u64,
    pub record: Option<RecordId>,
    pub kind: Option<Kind>,
    /// What the record is called.
    pub title: String,
}

/// What a restore has not found, and what has come since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct MissingFilesView {
    /// How many are still missing.
    pub count: u32,
    /// How many have come just now.
    pub came: u32,
    /// Whether they are asked for by themselves, now and then.
    pub asking: bool,
    /// The first of them, by name.
    pub files: Vec<MissingFileView>,
}

/// The trail, the newest lines first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, specta::Type)]
pub struct TrailView {
    /// All lines there are.
    pub total: u32,
    pub entries: Vec<TrailEntry>,
    /// What is known of the trails of the team's devices.
    pub devices: Vec<TrailDevice>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct TrailEntry {
    pub row: u32,
    pub device: String,
    pub incarnation: String,
    pub seq: u32,
    pub at: String,
    pub act: String,
    pub facts: Json,
    /// A signature stands behind it.
    pub signed: bool,
    /// The clock had gone back.
    pub clock_back: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct TrailDevice {
    pub device: String,
    pub person: String,
    pub name: String,
    pub incarnation: String,
    pub entries: u32,
    pub at: String,
    pub hash: String,
}

/// Whether a trail holds. `broken_at` is the place in its incarnation where it does not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, specta::Type)]
pub struct TrailCheck {
    pub ok: bool,
    pub entries: u32,
    /// The times of the first and the last entry.
    pub first: Option<String>,
    pub last: Option<String>,
    pub broken_at: Option<u32>,
    pub breaks: Vec<TrailBreak>,
    pub restored: Vec<TrailRestored>,
    pub signatures: u32,
    /// Entries behind the last signature.
    pub unsigned: u32,
    pub clock_back: u32,
    /// The team's log says whose keys have signed.
    pub vouched: bool,
    pub workspace: String,
    /// The key that it is signed with.
    pub key: String,
}

/// A backup was restored: so many entries of the trail before are known to colleagues only.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct TrailRestored {
    pub at: String,
    /// When the backup was made.
    pub made_at: String,
    pub missing: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct TrailBreak {
    pub device: String,
    pub incarnation: String,
    pub seq: u32,
    /// `cut_start`, `cut_end`, `missing`, `edited`, `reordered`, `spliced`, `forged_signature`, `foreign_key`,
    /// `rolled_back`, `malformed`, `not_text`, `too_large` or `newer`.
    pub why: String,
    pub detail: String,
}

/// What was unusual, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, specta::Type)]
pub struct AlertsView {
    pub unseen: u32,
    pub alerts: Vec<AlertView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct AlertView {
    pub id: RecordId,
    pub rule: String,
    pub at: String,
    /// It is about what was done on this device.
    pub own: bool,
    pub device: String,
    pub device_name: String,
    pub person: String,
    /// The device that it is about, where that is another.
    pub subject: String,
    pub subject_name: String,
    pub subject_person: String,
    pub count: u32,
    /// The threshold.
    pub most: u32,
    /// In the trail of its device.
    pub entry: u32,
    pub seen: bool,
    pub seen_by: Vec<String>,
}
