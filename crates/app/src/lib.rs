//! The use cases. What the desktop, the command line and the tests call; nothing here knows a
//! screen, and nothing above here knows a table, a document or a key.

mod alerts;
mod attachments;
mod audit;
mod backup;
mod bulk;
mod calendar;
mod capture;
mod check_in;
mod config;
mod day;
mod deals;
mod demo;
mod duplicates;
mod error;
mod events;
mod export;
mod favourites;
mod fields;
mod guide;
mod health;
mod history;
mod import;
mod inbox;
mod incidents;
mod join;
mod keep;
mod lan;
mod letters;
mod line;
mod lists;
mod lock;
mod logged_mail;
mod mail_merge;
mod merge;
mod notes;
pub mod output;
mod papers;
mod past;
mod pictures;
mod pieces;
mod pipelines;
mod prices;
mod quotes;
mod records;
mod reminders;
mod reports;
mod rescue;
mod rotate;
mod seed;
mod series;
mod session;
mod settings;
mod sync;
mod team;
mod trail;
mod training;
pub mod update;
mod verify;
pub mod views;
mod visits;

pub use alerts::Seen;
pub use audit::{TrailRequest, verify_trail_file};
pub use backup::{BackupKey, BackupPlan, BackupTarget, Keep, restore_backup, verify_file};
pub use calendar::{CalendarRequest, local_moment};
pub use check_in::CheckOut;
pub use config::{ConfigDifference, DriftView, Restored};
pub use day::{Logged, Whose, local_day};
pub use demo::DEMO_PASSPHRASE;
pub use error::{AppError, Code};
pub use events::{Event, Events};
pub use export::{ExportFormat, ExportOptions, ExportedFile};
pub use favourites::{Favourite, FavouriteView};
pub use fields::{FieldChange, NewField, OptionChange, option_changes};
pub use guide::{GuidePage, GuideSection, guide};
pub use health::{HealthCheck, HealthView, Level, Mend, note_answer};
pub use import::{Cancel, ImportFrom, ImportOptions, ImportReport, MatchKey, OnMatch, Progress, rejects_csv};
pub use incidents::{
    DrillPlan, DrillsView, DueDrill, Happened, IncidentChange, IncidentLine, IncidentView, OpenIncident,
    PlaybookStepView, PlaybookView, Recipient, SaidView, StepState, TimelineEntry, playbook_for, playbooks,
};
pub use join::{JOINING, Join, meeting_place, qr, read_invitation};
pub use letters::{Letter, LetterView, TemplateText};
pub use lists::{ListGroup, ListPage, ListRequest, ListSum, Neighbours};
pub use lock::{CreateVault, Created, LockState, Satchel, Unlock, default_vault_dir, state_dir};
pub use logged_mail::{EnclosedView, LoggedMail, MailPerson};
pub use mail_merge::{LeftOut, MergedMail, WhyLeftOut};
pub use merge::Merge;
pub use past::{PastRequest, Restore};
pub use records::FieldInput;
pub use reminders::{Told, local_zone, moment, now};
pub use reports::{
    ColumnType, MoneyView, Period, Report, ReportCell, ReportColumn, ReportRequest, ReportRow, ReportView,
    local_now,
};
pub use rescue::rescue;
pub use seed::{SeedLocale, SeedOptions, Seeded};
pub use series::Which;
pub use session::Session;
pub use settings::{Layout, Reminders, Says, Settings};
pub use team::find_team;
pub use training::{ItemState, StaffView, TourPageView, TrainingState, TrainingView};
pub use verify::VerifyReport;
pub use visits::VisitsRequest;

pub use satchel_audit::Rules;
pub use satchel_domain as domain;
pub use satchel_protocol::{Invitation, Role};
pub use satchel_vault::{Cost, Keyring, Passphrase};

/// Names of this build's parts, for `--version` and the about page.
pub fn version() -> &'static str {
    static VERSION: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let (cipher, sqlite) = satchel_storage::connection_versions().unwrap_or_default();
        format!("{} (SQLCipher {cipher}, SQLite {sqlite}, automerge 0.12)", env!("CARGO_PKG_VERSION"))
    });
    &VERSION
}
