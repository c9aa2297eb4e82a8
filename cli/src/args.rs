//! The command line's shape. It is a contract: scripts depend on its names.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Parser)]
#[command(name = "satchel", version = satchel_app::version(), about = "A CRM that a field rep carries: encrypted, offline, yours.", propagate_version = true)]
pub struct Cli {
    /// The vault's folder (default: the platform's data folder)
    #[arg(long, global = true, env = "SATCHEL_VAULT", value_name = "DIR")]
    pub vault: Option<PathBuf>,
    /// One JSON document on stdout, errors as JSON on stderr
    #[arg(long, global = true)]
    pub json: bool,
    /// Say only what was asked for
    #[arg(long, short, global = true)]
    pub quiet: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Make a new vault
    Init(Init),
    /// What the vault holds
    Status,
    /// Check the file, every document, and everything derived from them
    Verify {
        /// Make the projections anew from the documents
        #[arg(long)]
        rebuild: bool,
    },
    /// The trail of what was done: signed, and only ever added to
    #[command(subcommand)]
    Audit(Audit),
    /// What was unusual, and from where on something is
    Alerts {
        /// Say that you have seen one, or all
        #[arg(long, value_name = "ID|all")]
        seen: Option<String>,
        /// Change a threshold: deletions=50; 0 turns its rule off
        #[arg(long = "rule", value_name = "NAME=NUMBER")]
        rules: Vec<String>,
    },
    /// When something has happened: a playbook, step by step
    #[command(subcommand)]
    Incident(Incident),
    /// Who has gone through the safety tour and the checklist of their role
    Training {
        /// Items that were gone through
        #[arg(long, num_args = 1.., value_name = "ITEM")]
        done: Vec<String>,
        /// Of a colleague (admins)
        #[arg(long = "for", value_name = "PERSON", requires = "done")]
        of: Option<String>,
        /// Read the tour of five minutes
        #[arg(long, conflicts_with = "done")]
        tour: bool,
    },
    /// How the vault is set up, as one file
    #[command(subcommand)]
    Config(Config),
    /// The ways into the vault
    #[command(subcommand)]
    Keys(Keys),
    /// Fill the vault with synthetic data, the same for the same seed
    Seed(Seed),
    /// A person, a company or a task from one line, as somebody would dictate it
    Capture { line: String },
    /// The fields of a kind, and yours to add and change
    Fields(Fields),
    /// Move all deals of a stage into another, such as one that was taken away
    Restage { from: String, to: String },
    /// Make a record
    New {
        kind: String,
        #[arg(required = true, value_name = "KEY=VALUE")]
        fields: Vec<String>,
    },
    /// Change fields of a record
    Set {
        id: String,
        #[arg(required = true, value_name = "KEY=VALUE")]
        fields: Vec<String>,
    },
    /// Clear fields of a record
    Unset {
        id: String,
        #[arg(required = true)]
        keys: Vec<String>,
    },
    /// Show a record
    Get {
        id: String,
        /// As it was then: 2026-01-31, "last tuesday"
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// List records
    List(List),
    /// How many records there are, and what their fields come to, as a whole or by a field
    Totals(Totals),
    /// Find records by any text
    Search {
        text: String,
        #[arg(long)]
        kind: Option<String>,
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Put records in the trash
    Delete {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Take records out of the trash
    Restore {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Put records, all of a kind or the whole book back to what they were at a time
    RestoreAsOf(RestoreAsOf),
    /// The versions of a record
    History {
        id: String,
        /// The record as it was then (RFC 3339)
        #[arg(long)]
        at: Option<String>,
    },
    /// What was done, newest first
    Operations {
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Take back an operation; without a name, the last one
    Undo { operation: Option<String> },
    /// Do again what was undone last
    Redo,
    /// Import CSV, Excel, vCard, iCalendar or JSON files
    Import(Import),
    /// Imports so far; `undo OPERATION` rolls one back
    Imports,
    /// Export records
    Export(Export),
    /// Records that may be one, the likeliest first, and what speaks for it
    Duplicates {
        /// person, company or deal (default: all of them)
        kind: Option<String>,
    },
    /// Merge records into the first, which takes over what the others know; they go to the trash
    Merge {
        keep: String,
        #[arg(required = true, value_name = "OTHER")]
        others: Vec<String>,
        /// Whose value a field is to have: title=ID
        #[arg(long = "field", value_name = "KEY=ID")]
        fields: Vec<String>,
    },
    /// Take a merge back
    Unmerge { operation: String },
    /// Remember that records are not the same: they are not shown as duplicates any more
    NotSame {
        id: String,
        #[arg(required = true, value_name = "OTHER")]
        others: Vec<String>,
    },
    /// Note what was done with a person, a company or a deal, and what comes next
    Log {
        id: String,
        text: String,
        /// call, visit, meeting, message, mail or note
        #[arg(long = "type", default_value = "note")]
        ty: String,
        #[arg(long, default_value = "")]
        outcome: String,
        /// The next step with its date, as one says it: "send the offer fri 10"
        #[arg(long, default_value = "")]
        next: String,
    },
    /// What happened with a person, a company or a deal, and is to
    Timeline {
        id: String,
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// What today asks: tasks, meetings, deals that were left alone, birthdays
    Today {
        /// Whose day: mine, all, or a name; what belongs to nobody is mine (default: everybody's)
        #[arg(long, value_name = "mine|all|NAME", default_value = "all", hide_default_value = true)]
        owner: String,
    },
    /// What stands in the calendar: tasks, meetings, visits and calls, day by day
    Calendar {
        /// The first day: 2026-11-27 (default: today)
        #[arg(long, value_name = "DAY")]
        from: Option<String>,
        #[arg(long, default_value_t = 7)]
        days: u32,
        /// Whose (default: everybody's)
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
    },
    /// What you are reminded of: what came due and is open, and what comes next
    Reminders {
        /// As at another moment, by the clock here: 2026-11-27T09:00
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// A day of visits: their order, and «I am here»
    #[command(subcommand)]
    Visits(Visits),
    /// What you want at hand, in the order of the app's side bar
    Favourites {
        /// Add a record
        #[arg(long, value_name = "ID")]
        add: Option<String>,
        /// Take a record away
        #[arg(long, value_name = "ID", conflicts_with = "add")]
        remove: Option<String>,
    },
    /// Which notes mention a record
    Mentions { id: String },
    /// Mark a task as done
    Finish {
        id: String,
        /// What follows from it, with its date: "call again in 2 weeks"
        #[arg(long, default_value = "")]
        next: String,
    },
    /// Leave one time out of a task that comes again
    Skip { id: String },
    /// Show, change or take away one time of a meeting that comes again
    Occurrence {
        /// The meeting, or one of its times that was changed
        id: String,
        /// The day that it is meant for, as `satchel calendar` says it: 2026-12-07
        day: String,
        #[arg(value_name = "KEY=VALUE")]
        fields: Vec<String>,
        /// That one and all later ones
        #[arg(long, conflicts_with = "all")]
        later: bool,
        /// All of them
        #[arg(long)]
        all: bool,
        /// Take it away
        #[arg(long, conflicts_with = "fields")]
        remove: bool,
    },
    /// The pipelines with their stages, how many deals are in each and what they are worth
    Pipelines,
    /// Put a deal into a stage, named as it is called or by its id
    Move {
        id: String,
        stage: String,
        /// Why it was lost
        #[arg(long)]
        reason: Option<String>,
    },
    /// What a quote comes to, and its next version
    #[command(subcommand)]
    Quote(QuoteCommand),
    /// What products cost in each price book
    Prices {
        /// Of one price book, named as it is called or by its id
        #[arg(long, value_name = "NAME")]
        book: Option<String>,
    },
    /// Write what a product costs in a price book
    Price {
        /// Its name, its code or its id
        product: String,
        /// The price book: its name or its id
        book: String,
        /// An amount such as "99.50 EUR"; - for what it costs otherwise
        #[arg(allow_hyphen_values = true)]
        amount: String,
    },
    /// What quotes look like and say: the firm's name, address, terms
    Letterhead {
        #[arg(value_name = "key=value")]
        fields: Vec<String>,
        /// The picture at the head of papers: PNG or JPEG
        #[arg(long, value_name = "FILE")]
        logo: Option<PathBuf>,
    },
    /// Letters: templates filled in, drafts for the mail program, and letters that it has saved
    #[command(subcommand)]
    Mail(MailCommand),
    /// What the records say together: pipeline, forecast, closed, lost, conversion, ageing, activities, people
    Report(ReportArgs),
    /// Put a file on a person or a company
    Attach { id: String, file: PathBuf },
    /// The files on a record
    Attachments { id: String },
    /// Write what is in an attached file to a file
    Attachment {
        id: String,
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Where the team meets: shared folders, servers, relays in the same network
    #[command(subcommand)]
    Remote(RemoteCommand),
    /// Host the team's relay for this office until Ctrl+C, and keep this vault in sync
    Relay {
        /// Where to listen; port 0 picks one (default: the network, at port 4819 where that is free)
        #[arg(long, value_name = "HOST:PORT")]
        listen: Option<String>,
    },
    /// Give what was done here to the team, and take what the others did
    Sync {
        /// Go on until Ctrl+C
        #[arg(long, conflicts_with = "compact")]
        watch: bool,
        /// Make the log shorter now: it is done every hour where the app runs
        #[arg(long)]
        compact: bool,
    },
    /// A link that lets one person ask to join
    Invite {
        /// viewer, member or admin
        #[arg(long, default_value = "member")]
        role: String,
        /// How long it is valid: 30m, 24h, 7d
        #[arg(long, default_value = "24h")]
        expires: String,
    },
    /// Join a team, as a new vault; waits until somebody approves
    Join {
        link: String,
        /// Your name, as colleagues see it
        #[arg(long)]
        person: String,
        /// What this device is called
        #[arg(long, default_value = "")]
        device: String,
        /// The shared folder or server, where it is called otherwise here than on the inviting computer
        #[arg(long, value_name = "URL|DIR")]
        remote: Option<String>,
        /// Write the recovery kit to this file instead of printing it
        #[arg(long, value_name = "FILE")]
        kit: Option<PathBuf>,
        /// How long to wait: 30s, 5m
        #[arg(long, default_value = "5m")]
        wait: String,
    },
    /// Who asks to join
    Requests,
    /// Let somebody in who asks; compare the six digits first
    Approve { request: Option<String> },
    /// Send somebody away who asks: the digits differ. The invitation is void then
    Refuse { request: Option<String> },
    /// Who belongs to the team, with which devices
    Members,
    /// Take a device, or a person with all devices, out of the team
    Revoke { whom: String },
    /// Give a person another role: viewer, member, admin or owner
    Role { whom: String, role: String },
    /// Fields that two people have changed at once
    Conflicts,
    /// Settle such a field for one of its values, by its number
    Settle {
        id: String,
        field: String,
        #[arg(long)]
        value: usize,
    },
    /// Is everything as it should be, and what mends it
    Health,
    /// Make, prove and restore backups
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Read what can be read of a damaged vault into a JSON file; the vault is not touched
    Rescue {
        #[arg(long)]
        out: PathBuf,
    },
    /// Shell completions
    Completions { shell: clap_complete::Shell },
    /// The manual page
    Man,
}

#[derive(Subcommand)]
pub enum Incident {
    /// What can have happened, and the steps of each
    Playbooks,
    /// Begin one by a playbook
    Open {
        playbook: String,
        /// Practise only: nothing is removed or changed
        #[arg(long)]
        drill: bool,
        #[arg(long, default_value = "")]
        title: String,
    },
    /// All of them, the newest first
    List,
    /// Its steps and its timeline
    Show { id: String },
    /// Say that a step was taken
    Step {
        id: String,
        step: String,
        /// Say that it was not taken after all
        #[arg(long)]
        undo: bool,
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Say more of it
    Set {
        id: String,
        #[arg(long)]
        title: Option<String>,
        /// When it came to be known (RFC 3339): the 72 hours begin then
        #[arg(long)]
        known: Option<String>,
        /// Whose data, and how many
        #[arg(long)]
        affected: Option<String>,
        #[arg(long)]
        note: Option<String>,
    },
    /// Close it, or open it again
    Close {
        id: String,
        #[arg(long)]
        reopen: bool,
    },
    /// What this computer's trail tells of the time
    WhoSaw { id: String },
    /// A draft of what is told to the authority, or to the people concerned
    Draft {
        id: String,
        #[arg(long)]
        to_people: bool,
        /// Of who reads it
        #[arg(long, value_enum)]
        language: Option<PaperLanguageArg>,
    },
    /// Its report, as PDF or JSON by the name of the file
    Report {
        id: String,
        #[arg(long)]
        out: PathBuf,
        /// Of who reads it
        #[arg(long, value_enum)]
        language: Option<PaperLanguageArg>,
    },
    /// Which drills are due, and what is practised how often
    Drills {
        /// Months between two drills; 0: none
        #[arg(long)]
        every: Option<u32>,
        #[arg(long = "playbook", value_name = "PLAYBOOK")]
        playbooks: Vec<String>,
    },
}

#[derive(Subcommand)]
pub enum Config {
    /// Write it to a file; no secret is in it
    Export {
        #[arg(long)]
        out: PathBuf,
    },
    /// What is otherwise in a file
    Compare { file: PathBuf },
    /// Make everything as a file says
    Restore {
        #[arg(required_unless_present = "former")]
        file: Option<PathBuf>,
        /// As it was before the last file was restored
        #[arg(long, conflicts_with = "file")]
        former: bool,
        /// Say only what would change
        #[arg(long)]
        dry_run: bool,
    },
    /// What is set otherwise than recommended
    Drift,
}

#[derive(Args)]
pub struct Init {
    /// What the workspace is called
    #[arg(long, required_unless_present = "demo", default_value = "")]
    pub name: String,
    /// Your name, as colleagues see it
    #[arg(long, default_value = "")]
    pub person: String,
    /// Write the recovery kit to this file instead of printing it
    #[arg(long, value_name = "FILE")]
    pub kit: Option<PathBuf>,
    /// A vault to look around in: an invented business, in the language of the command
    #[arg(long, conflicts_with_all = ["name", "kit", "person"])]
    pub demo: bool,
}

#[derive(Subcommand)]
pub enum QuoteCommand {
    /// Each line, the discount, the taxes and the total
    Sums { id: String },
    /// A new version to be changed, with the next number; the one before it no longer stands
    Revise { id: String },
    /// Write the quote as PDF, as the customer gets it
    Pdf {
        id: String,
        #[arg(long)]
        out: PathBuf,
        /// Of who reads it
        #[arg(long, value_enum, default_value = "en")]
        language: PaperLanguageArg,
    },
}

#[derive(Subcommand)]
pub enum MailCommand {
    /// A template as somebody gets it, and what it lacks; templates are made by: new template name=… subject=… body=…
    Preview { template: String, record: String },
    /// Write a letter as a draft that mail programs open; to a quote its PDF is added
    Draft {
        template: String,
        record: String,
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Of who reads it
        #[arg(long, value_enum, default_value = "en")]
        language: PaperLanguageArg,
        /// Note it as sent
        #[arg(long)]
        log: bool,
    },
    /// Write a draft for each of many people, and say who was left out and why
    Merge {
        template: String,
        ids: Vec<String>,
        /// People, such as: city = 'Porto' and tags has 'vip'
        #[arg(long = "where", value_name = "EXPR")]
        filter: Option<String>,
        /// Where the folder of drafts is made
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Note them as sent
        #[arg(long)]
        log: bool,
    },
    /// Note a letter that a mail program has saved (.eml or .msg) on a person, a company, a deal or a quote
    Log {
        record: String,
        file: PathBuf,
        /// Put what it encloses on the record
        #[arg(long)]
        attach: bool,
    },
}

#[derive(Subcommand)]
pub enum RemoteCommand {
    /// Connect a shared folder, a server by the address that it has printed, or a relay in the same network
    Add {
        #[arg(value_name = "URL|DIR|lan:ID")]
        address: String,
    },
    /// The folders and servers that are connected
    List,
    /// Which computers of the team host a relay in this network
    Find {
        /// How long to wait for answers
        #[arg(long, default_value_t = 3, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=60))]
        wait: u64,
    },
    /// Forget a folder or server; what is there stays
    Remove { name: String },
    /// What a server holds of this team, as the server sees it
    Contents {
        name: String,
        /// From which segment on
        #[arg(long, default_value_t = 1)]
        from: u64,
    },
}

#[derive(Subcommand)]
pub enum Audit {
    /// Whether the trail is what was signed: that of the vault, or an exported one, for which no vault is needed
    Verify { file: Option<PathBuf> },
    /// Write the trail to a file that can be checked without the vault
    Export {
        #[arg(long)]
        out: PathBuf,
    },
    /// The newest entries, and how far the trails of the team's devices are known
    List {
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Of one kind: unlock, export, delete, membership
        #[arg(long)]
        act: Option<String>,
        /// Of one day: 2026-11-27
        #[arg(long)]
        day: Option<String>,
        /// Those before this line
        #[arg(long, value_name = "LINE")]
        before: Option<u32>,
    },
}

#[derive(Subcommand)]
pub enum Keys {
    /// The keyslots
    List,
    /// The passphrase slot; reads the new passphrase from SATCHEL_NEW_PASSPHRASE or a prompt
    #[command(subcommand)]
    Passphrase(PassphraseAction),
    /// A new recovery kit; the old one stops working
    Kit {
        #[arg(long, value_name = "FILE")]
        kit: Option<PathBuf>,
    },
    /// Give the database a new key
    Rotate,
}

#[derive(Subcommand)]
pub enum PassphraseAction {
    Set,
    Remove,
}

#[derive(Args)]
pub struct Seed {
    #[arg(long)]
    pub people: u32,
    #[arg(long, default_value_t = 0)]
    pub companies: u32,
    /// In all stages, with values and close dates around today
    #[arg(long, default_value_t = 0)]
    pub deals: u32,
    /// Calls, visits, notes of the last months
    #[arg(long, default_value_t = 0)]
    pub activities: u32,
    #[arg(long, default_value_t = 0)]
    pub tasks: u32,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[arg(long, value_enum, default_value_t = Locale::Mixed)]
    pub locale: Locale,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Locale {
    En,
    Zh,
    Mixed,
}

#[derive(Args)]
pub struct Totals {
    pub kind: String,
    /// A filter, such as: city = 'Porto' and tags has 'vip'
    #[arg(long = "where", value_name = "EXPR", default_value = "")]
    pub filter: String,
    /// The field that they are grouped by: stage, owner, close_date (by month)
    #[arg(long, value_name = "FIELD")]
    pub by: Option<String>,
    /// Fields of numbers and money (default: those of money)
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    pub sum: Vec<String>,
}

#[derive(Args)]
pub struct List {
    pub kind: String,
    /// A filter, such as: city = 'Porto' and tags has 'vip'
    #[arg(long = "where", value_name = "EXPR", default_value = "")]
    pub filter: String,
    /// Leave out what asks for a field or a stage that is not there any more, and say what that is
    #[arg(long)]
    pub lenient: bool,
    /// Fields, with - for descending: last_name,-updated_at
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    pub sort: String,
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
    #[arg(long, default_value_t = 0)]
    pub offset: u32,
    /// Records in the trash
    #[arg(long)]
    pub trash: bool,
    /// The list as it was then, and what has become of each: 2026-01-31, "last tuesday"
    #[arg(long, value_name = "TIME", conflicts_with_all = ["sort", "trash", "lenient"])]
    pub at: Option<String>,
}

#[derive(Args)]
pub struct RestoreAsOf {
    /// 2026-01-31T12:00:00Z, 2026-01-31, "last tuesday", "3 days ago"
    pub time: String,
    /// These records; without any, all of a kind or the whole book
    pub ids: Vec<String>,
    /// All records of this kind that were there then
    #[arg(long, conflicts_with = "ids")]
    pub kind: Option<String>,
    /// Of the kind those that this found then, such as: city = 'Porto'
    #[arg(long = "where", value_name = "EXPR", default_value = "", requires = "kind")]
    pub filter: String,
    /// Only these fields
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    pub field: Vec<String>,
    /// Say what would change and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Args)]
pub struct ReportArgs {
    /// Which report; without it all of them
    pub name: Option<String>,
    /// month, last-month, quarter, year or twelve-months
    #[arg(long, default_value = "twelve-months")]
    pub period: String,
    /// Of one pipeline, named as it is called or by its id
    #[arg(long)]
    pub pipeline: Option<String>,
    /// Of one owner
    #[arg(long)]
    pub owner: Option<String>,
    /// Write the report as a table to this file
    #[arg(long, value_name = "FILE", requires = "name")]
    pub csv: Option<PathBuf>,
}

#[derive(Args)]
pub struct Import {
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// person, company, deal, activity, task, product, or auto
    #[arg(long = "as", default_value = "auto", value_name = "KIND")]
    pub kind: String,
    /// The program that the file is from; its ids are kept apart from those of others
    #[arg(long)]
    pub source: Option<String>,
    /// JSON: {"Column": "target"}
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// external_id,email,phone,title or none
    #[arg(long = "match", default_value = "external_id,email,phone,title")]
    pub match_by: String,
    #[arg(long, value_enum, default_value_t = OnMatchArg::Update)]
    pub on_match: OnMatchArg,
    /// The first row names the columns
    #[arg(long, conflicts_with = "no_header")]
    pub header: bool,
    /// The first row is a record like the others
    #[arg(long)]
    pub no_header: bool,
    /// Say what would happen and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write the rejected rows to this file
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum OnMatchArg {
    Update,
    Skip,
    Create,
}

#[derive(Args)]
pub struct Export {
    /// A kind, or all
    pub kind: String,
    #[arg(long, value_enum)]
    pub format: FormatArg,
    /// A file; for several kinds a folder
    #[arg(long)]
    pub out: PathBuf,
    #[arg(long = "where", value_name = "EXPR", default_value = "")]
    pub filter: String,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum PaperLanguageArg {
    En,
    Zh,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum FormatArg {
    Csv,
    Xlsx,
    Json,
    Vcard,
    /// Meetings, tasks or birthdays, for other calendars
    Ics,
}

#[derive(Args)]
#[command(group = clap::ArgGroup::new("field").args(["add", "change"]))]
pub struct Fields {
    pub kind: String,
    /// Add a field of your own
    #[arg(long, value_name = "LABEL")]
    pub add: Option<String>,
    /// text, long_text, number, money, date, date_time, yes_no, choice, multi_choice, url, tags, reference
    #[arg(long = "type", default_value = "text", requires = "add")]
    pub ty: String,
    /// A choice's options, in their order
    #[arg(long, value_delimiter = ',', requires = "field")]
    pub options: Vec<String>,
    /// What a reference leads to
    #[arg(long, value_name = "KIND", requires = "add")]
    pub to: Option<String>,
    /// What the field follows from: round(amount(value) * 0.2, 2)
    #[arg(long, value_name = "EXPRESSION", requires = "field")]
    pub formula: Option<String>,
    /// Change a field of your own
    #[arg(long, value_name = "KEY", conflicts_with = "add")]
    pub change: Option<String>,
    /// Call it otherwise
    #[arg(long, requires = "change")]
    pub label: Option<String>,
    /// Call an option otherwise, on all records
    #[arg(long, value_name = "OLD=NEW", requires = "change")]
    pub rename: Vec<String>,
    /// Offer an option no more; records keep it
    #[arg(long, value_name = "OPTION", requires = "change")]
    pub retire: Vec<String>,
    /// Leave it out of forms and lists
    #[arg(long, requires = "change")]
    pub hide: bool,
    /// Show it again
    #[arg(long, requires = "change", conflicts_with = "hide")]
    pub show: bool,
    /// identity, contact, profile, free_text, business
    #[arg(long, requires = "change")]
    pub privacy: Option<String>,
    /// identify, reach, relate, organise
    #[arg(long, requires = "change")]
    pub purpose: Option<String>,
    /// Put a field of your own in the trash, with its values
    #[arg(long, value_name = "KEY", conflicts_with_all = ["add", "change"])]
    pub remove: Option<String>,
    /// Put your fields in this order
    #[arg(long, value_name = "KEY", value_delimiter = ',', conflicts_with_all = ["add", "change", "remove"])]
    pub order: Vec<String>,
}

#[derive(Subcommand)]
pub enum BackupCommand {
    /// Make a backup, and read it back
    Create {
        /// A folder, best on another disk (default: beside the vault's database)
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
    /// The backups that were made here, and when each was proven
    List,
    /// Read a backup to its end: is it whole, and what was written?
    Verify { file: PathBuf },
    /// Make a vault of a backup, in the new folder that --vault names; once more, it brings files that were missing
    Restore { file: PathBuf },
    /// Files on records that a restore did not find: list them, and look for them
    Files {
        /// Beside this backup, or in this folder of backups (default: at the team's remotes and the places of backups)
        #[arg(long, value_name = "PATH")]
        from: Option<PathBuf>,
        /// Only say which they are
        #[arg(long, conflicts_with = "from")]
        list: bool,
    },
    /// Prove a backup: restore it into a scratch folder, check everything, and throw it away
    Drill {
        /// Default: the newest one
        file: Option<PathBuf>,
        /// Open it by the recovery code of the paper kit
        #[arg(long)]
        kit: bool,
    },
    /// Where backups go by themselves, and how many are kept
    #[command(subcommand)]
    Places(PlaceCommand),
    /// Make the backups that are due, for a clock of the system to call
    Due,
}

#[derive(Subcommand)]
pub enum PlaceCommand {
    /// All places and their state
    List,
    /// Add a folder or s3://BUCKET/FOLDER, once a backup has been made there; one that is there keeps what is not said
    Add {
        address: String,
        /// Of an S3-compatible service: https://…
        #[arg(long)]
        endpoint: Option<String>,
        #[arg(long)]
        region: Option<String>,
        #[arg(long)]
        key_id: Option<String>,
        /// A file that holds the secret key; never on the command line, where others see it
        #[arg(long)]
        secret_file: Option<PathBuf>,
        /// The place is in another building; --away=false where it is not any more
        #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
        away: Option<bool>,
    },
    /// Make no more backups there; those that are there stay
    Remove { address: String },
    /// Keep the last backup of each of so many days, weeks and months
    Keep {
        #[arg(long)]
        days: Option<u32>,
        #[arg(long)]
        weeks: Option<u32>,
        #[arg(long)]
        months: Option<u32>,
        /// Whether backups are made every day
        #[arg(long)]
        automatic: Option<bool>,
    },
}

#[derive(Subcommand)]
pub enum Visits {
    /// The stops of a day in a sensible order, and who else is on the way
    Plan(VisitsPlan),
    /// Begin a visit: with a person, a company or a deal, or as a task or a planned meeting says
    CheckIn {
        id: String,
        /// Where (default: the location of the record)
        #[arg(long)]
        place: Option<String>,
    },
    /// End the visit that you are at
    CheckOut {
        /// Another one
        id: Option<String>,
        /// What was said
        #[arg(long, default_value = "")]
        text: String,
        #[arg(long, default_value = "")]
        outcome: String,
        /// The next step with its date, as one says it: "send the offer fri 10"
        #[arg(long, default_value = "")]
        next: String,
        /// A task that is done with it
        #[arg(long, value_name = "ID")]
        task: Option<String>,
    },
    /// Where you are just now
    Here,
}

#[derive(Args)]
pub struct VisitsPlan {
    /// 2026-11-27 (default: today)
    #[arg(long)]
    pub day: Option<String>,
    /// Where it begins: 41.1496,-8.6109 (default: as in the settings)
    #[arg(long, value_name = "LAT,LONG", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// When it begins
    #[arg(long, default_value = "09:00")]
    pub starts: String,
    /// Whom you see besides: a company, a person, or a task of another day
    #[arg(long = "add", value_name = "ID")]
    pub added: Vec<String>,
    /// Tasks give up their hours for a shorter way
    #[arg(long)]
    pub again: bool,
    /// Write the hours into the tasks, and make tasks of whom you see besides
    #[arg(long)]
    pub save: bool,
}
