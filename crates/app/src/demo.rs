//! A vault to look around in: an invented business in the middle of its work, around the day of today. It is told apart from every other,
//! and it alone can be deleted with all that is in it.

use crate::{
    AppError, Cancel, CreateVault, Created, Keyring, Passphrase, Satchel, Session,
    backup::SCRATCH,
    error::Code,
    lock::take_alone,
    pieces::FOLDER,
    records::FieldInput,
    session::{Prepared, facts},
    settings::SavedView,
};
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
    tz::TimeZone,
};
use satchel_document::Stamp;
use satchel_domain::{Kind, RecordId, Registers, Value, catalogue::REACHED};
use satchel_storage::{StorageError, operations, settings};
use satchel_vault::{Cost, VaultError};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

const ENGLISH: &str = include_str!("demo/en.txt");
const CHINESE: &str = include_str!("demo/zh.txt");
/// Where the system keeps no keys: nothing of the demo is a secret.
pub const DEMO_PASSPHRASE: &str = "demo";
/// What links is made after what it links to.
const ORDER: [&str; 7] = ["company", "person", "product", "deal", "activity", "task", "template"];
const DAY: i64 = 86_400_000;

impl Satchel {
    /// Makes a demo where there is no vault yet. Without a passphrase and a keyring it opens by [`DEMO_PASSPHRASE`].
    pub fn create_demo(&self, chinese: bool, passphrase: Option<Passphrase>) -> Result<Created, AppError> {
        let demo = Demo::read(chinese);
        let kept = passphrase.is_none() && satchel_vault::probe_keyring().is_ok();
        let passphrase = match passphrase {
            None if !kept => Some(Passphrase::new(DEMO_PASSPHRASE)?),
            given => given,
        };
        let created = self.create(CreateVault {
            workspace: demo.word(0).to_owned(),
            person: demo.word(1).to_owned(),
            device: "demo".to_owned(),
            passphrase,
            keyring: if kept { Keyring::Os } else { Keyring::Off },
            cost: Cost::default(),
            joins: None,
        })?;
        created.session.fill(&demo)?;
        Ok(created)
    }

    /// Deletes the demo from this computer, with all that was tried in it. No other vault can be deleted so.
    pub fn leave_demo(&self) -> Result<(), AppError> {
        let mut slot = self.slot();
        if let Some(session) = slot.as_ref() {
            if !session.is_demo()? {
                return Err(AppError::refused("this vault is no demo; nothing of it is deleted"));
            }
            if !session.remotes()?.is_empty() {
                return Err(AppError::refused("the demo meets a team; remove its servers and folders first"));
            }
            session.closing.ask();
            session.hang_up();
        }
        let mut session = take_alone(&mut slot)?;
        let token = session.token.take();
        let dir = session.dir().clone();
        session.discard_inbox();
        drop(session);
        let lock = self.take_lock()?;
        if let Some((witness, _)) = token {
            witness.forget();
        }
        for folder in [FOLDER, SCRATCH].map(|name| self.path().join(name)) {
            if folder.is_dir() {
                std::fs::remove_dir_all(&folder).map_err(AppError::io(&folder))?;
            }
        }
        dir.remove(lock).map_err(|e: VaultError| AppError::new(Code::Internal, e.to_string()))?;
        drop(slot);
        self.events.send(&crate::Event::Locked);
        Ok(())
    }
}

/// A record that is about to be made, and when somebody has typed it in.
type Made = (RecordId, Kind, Registers, i64);

impl Session {
    pub fn is_demo(&self) -> Result<bool, AppError> {
        Ok(self.store.read(|db| settings::get(db, facts::DEMO))?.is_some())
    }

    fn fill(&self, demo: &Demo) -> Result<(), AppError> {
        // Before anything else is there: a demo that was cut short can be left, too.
        self.store.write::<_, StorageError>(|tx| settings::put(tx, facts::DEMO, "1"))?;
        let currency = demo.word(4).to_owned();
        let mut own = self.settings()?;
        own.currency.clone_from(&currency);
        own.views = demo.of("view").filter_map(view).collect();
        self.set_settings(&own)?;
        let mut maker = Maker::new(self, demo, currency)?;
        for kind in ORDER {
            for row in demo.of(kind) {
                maker.make(kind, &row)?;
            }
        }
        let made = std::mem::take(&mut maker.made);
        self.write_demo(&made)?;
        for row in demo.of("letterhead") {
            self.set_letterhead(&texts(&row, &["name", "address", "footer", "intro"]))?;
        }
        for row in demo.of("quote") {
            self.create(Kind::Quote, &maker.quote(&row)?)?;
        }
        for row in demo.of("file") {
            self.attach_demo(maker.id(row.at(0)), &row)?;
        }
        Ok(())
    }

    /// As one operation, each record from when it would have been made.
    fn write_demo(&self, made: &[Made]) -> Result<(), AppError> {
        let mut operation = self.operation("demo");
        operation.records = made.len() as u64;
        let (stamp, catalogue) = (self.stamp(&operation), self.catalogue());
        self.store.write::<_, AppError>(|tx| {
            let seq = operations::begin(tx, &operation)?;
            for (id, kind, registers, at) in made {
                let stamp = Stamp { at: *at, ..stamp.clone() };
                self.put(tx, seq, &Prepared::new_record(*id, *kind, &stamp, registers, &catalogue))?;
            }
            operations::count(tx, seq)?;
            Ok(())
        })?;
        self.changed(Vec::new());
        Ok(())
    }

    fn attach_demo(&self, record: RecordId, row: &Row<'_>) -> Result<(), AppError> {
        let path = self.vault().join(row.at(1));
        std::fs::write(&path, row.text(2)).map_err(AppError::io(&path))?;
        let attached = self.attach(record, &path, &mut |_| {}, &Cancel::default());
        let _ = std::fs::remove_file(&path);
        attached.map(|_| ())
    }
}

/// The lines of a demo's file: what they are, and their parts.
struct Demo {
    rows: Vec<(&'static str, Row<'static>)>,
}

#[derive(Clone)]
struct Row<'a>(Vec<&'a str>);

impl<'a> Row<'a> {
    fn at(&self, n: usize) -> &'a str {
        self.0.get(n).copied().unwrap_or_default()
    }

    /// With its lines.
    fn text(&self, n: usize) -> String {
        self.at(n).replace("\\n", "\n")
    }

    fn days(&self, n: usize) -> i64 {
        self.at(n).parse().unwrap_or_default()
    }
}

impl Demo {
    fn read(chinese: bool) -> Self {
        let text = if chinese { CHINESE } else { ENGLISH };
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let row = |line: &'static str| {
            let mut parts = line.split('|').map(str::trim);
            Some((parts.next()?, Row(parts.collect())))
        };
        Self { rows: lines.filter_map(row).collect() }
    }

    fn of(&self, what: &str) -> impl Iterator<Item = Row<'static>> {
        self.rows.iter().filter(move |(of, _)| *of == what).map(|(_, row)| row.clone())
    }

    /// Of the line about the workspace: its name, the people, the currency.
    fn word(&self, n: usize) -> &'static str {
        self.rows.iter().find(|(of, _)| *of == "workspace").map_or("", |(_, row)| row.at(n))
    }
}

struct Maker<'a> {
    session: &'a Session,
    demo: &'a Demo,
    currency: String,
    today: Date,
    stages: Vec<(RecordId, String)>,
    /// What the lines call it: its id, its kind, and what else it links to.
    known: BTreeMap<String, (RecordId, Kind, FieldInput)>,
    made: Vec<Made>,
    rank: Option<String>,
}

impl<'a> Maker<'a> {
    fn new(session: &'a Session, demo: &'a Demo, currency: String) -> Result<Self, AppError> {
        let pipelines = session.pipelines(currency == "CNY")?;
        let stages = pipelines.into_iter().next().map(|p| p.stages).unwrap_or_default();
        let stages = stages.into_iter().map(|s| (s.id, s.outcome)).collect();
        let today = jiff::ZonedDateTime::now().date();
        Ok(Self {
            session,
            demo,
            currency,
            today,
            stages,
            known: BTreeMap::new(),
            made: Vec::new(),
            rank: None,
        })
    }

    fn day(&self, days: i64) -> Date {
        self.today.checked_add(days.days()).unwrap_or(self.today)
    }

    /// The same, but for weekends: what was done was done before, what is planned is planned behind.
    fn working(&self, days: i64) -> i64 {
        let beyond = match (self.day(days).weekday(), days) {
            (_, 0) => 0,
            (Weekday::Saturday, 1..) => 2,
            (Weekday::Sunday, 1..) => 1,
            (Weekday::Saturday, _) => -1,
            (Weekday::Sunday, _) => -2,
            _ => 0,
        };
        days + beyond
    }

    /// By the clock of where one is.
    fn moment(&self, days: i64, clock: &str) -> i64 {
        let (hour, minute) = clock.split_once(':').unwrap_or(("9", "0"));
        let at = self.day(days).at(hour.parse().unwrap_or(9), minute.parse().unwrap_or(0), 0, 0);
        at.to_zoned_datetime(TimeZone::system()).map_or_else(|_| now(), |at| at.timestamp().as_millisecond())
    }

    /// The same, but of today only what is still to come: whoever looks around in the evening has something planned, too.
    /// What would be over comes an hour from now, or at the end of the day.
    fn occasion(&self, days: i64, clock: &str) -> i64 {
        const MINUTE: i64 = 60_000;
        let at = self.moment(days, clock);
        if days != 0 {
            return at;
        }
        let soon = (now() / (15 * MINUTE) + 5) * 15 * MINUTE;
        let ends = self.day(1).to_zoned_datetime(TimeZone::system());
        let ends = ends.map_or(i64::MAX, |ends| ends.timestamp().as_millisecond() - MINUTE);
        if at > now() + 2 * MINUTE { at } else { soon.min(ends) }
    }

    fn id(&self, name: &str) -> RecordId {
        self.session.derive_id(&["demo", name])
    }

    fn owner(&self, letter: &str) -> &'static str {
        self.demo.word(match letter {
            "b" => 2,
            "c" => 3,
            _ => 1,
        })
    }

    /// The record that a line is about, and what that links to.
    fn about(&self, name: &str) -> FieldInput {
        let Some((id, kind, links)) = self.known.get(name) else { return FieldInput::new() };
        let mut all = links.clone();
        all.insert(kind.key().to_owned(), id.to_string().into());
        all
    }

    fn make(&mut self, kind: &str, row: &Row<'_>) -> Result<(), AppError> {
        match kind {
            "company" => self.named(row.at(0), Kind::Company, &self.company(row), FieldInput::new(), -420),
            "person" => self.person(row),
            "product" => self.named(row.at(0), Kind::Product, &self.product(row), FieldInput::new(), -60),
            "deal" => self.deal(row),
            "activity" => self.activity(row),
            "task" => self.task(row),
            _ => {
                let template = texts(row, &["name", "language", "subject", "body"]);
                self.named(row.at(0), Kind::Template, &template, FieldInput::new(), -90)
            }
        }
    }

    fn named(
        &mut self,
        name: &str,
        kind: Kind,
        input: &FieldInput,
        links: FieldInput,
        days: i64,
    ) -> Result<(), AppError> {
        let (_, _, registers) = self.session.prepared_by(kind, input)?;
        self.add(name, kind, registers, links, days);
        Ok(())
    }

    fn add(&mut self, name: &str, kind: Kind, registers: Registers, links: FieldInput, days: i64) {
        let id = self.id(name);
        // Made over a while, not all in one moment.
        let at = now() + days * DAY - self.made.len() as i64 * 61_000;
        self.made.push((id, kind, registers, at));
        self.known.insert(name.to_owned(), (id, kind, links));
    }

    /// With the address of its people's mail as its website.
    fn company(&self, row: &Row<'_>) -> FieldInput {
        let mut input = company(row);
        let own = self.demo.of("person").find(|person| person.at(4) == row.at(0));
        let domain = own.and_then(|person| Some(person.at(5).split_once('@')?.1));
        input.extend(domain.map(|domain| ("website".to_owned(), format!("https://www.{domain}").into())));
        input
    }

    fn person(&mut self, row: &Row<'_>) -> Result<(), AppError> {
        let mut input = texts(row, &["", "first_name", "last_name", "title", "", "", "", "", "", "source"]);
        let company = self.about(row.at(4));
        input.extend(company.clone());
        input.insert("emails".to_owned(), contact("work", row.at(5)));
        input.insert("phones".to_owned(), contact("mobile", row.at(6)));
        input.extend(
            self.demo
                .of("company")
                .find(|c| c.at(0) == row.at(4))
                .map(|c| ("addresses".to_owned(), place(&c))),
        );
        input.insert("birthday".to_owned(), self.birthday(row.at(7)).into());
        input.insert("tags".to_owned(), tags(row.at(8)));
        input.insert("notes".to_owned(), row.text(10).into());
        input.insert("owner".to_owned(), self.demo.word(1).into());
        let since = -30 - 17 * (self.made.len() as i64 % 22);
        self.named(row.at(0), Kind::Person, &input, company, since)
    }

    /// `1984+3`: in three days, born in 1984.
    fn birthday(&self, written: &str) -> String {
        match written.split_once('+') {
            Some((year, days)) => {
                let day = self.day(days.parse().unwrap_or_default());
                // Few years have a 29th of February.
                let last = if day.month() == 2 { 28 } else { 31 };
                format!("{year}-{:02}-{:02}", day.month(), day.day().min(last))
            }
            None => written.to_owned(),
        }
    }

    fn product(&self, row: &Row<'_>) -> FieldInput {
        let mut input = texts(row, &["code", "name", "", "unit", "tax", "category"]);
        input.insert("price".to_owned(), self.money(row.at(2)));
        input
    }

    fn money(&self, amount: &str) -> Json {
        format!("{amount} {}", self.currency).into()
    }

    fn deal(&mut self, row: &Row<'_>) -> Result<(), AppError> {
        let mut input = texts(row, &["", "name"]);
        let mut links = self.about(row.at(2));
        links.extend(self.about(row.at(3)));
        input.extend(links.clone());
        input.insert("value".to_owned(), self.money(row.at(4)));
        input.insert("close_date".to_owned(), self.day(row.days(7)).to_string().into());
        input.insert("owner".to_owned(), self.owner(row.at(8)).into());
        input.insert("lost_reason".to_owned(), row.at(9).into());
        let at = row.at(5).parse::<usize>().unwrap_or_default();
        let Some((stage, outcome)) = self.stages.get(at).cloned() else { return Ok(()) };
        input.insert("stage".to_owned(), stage.to_string().into());
        let (_, _, mut registers) = self.session.prepared_by(Kind::Deal, &input)?;
        // Since when it is where it is, and where it has been.
        let since = self.moment(-row.days(6), "15:20");
        Value::DateTime(since).to_registers("stage_at", &mut registers);
        if outcome != "open" {
            Value::DateTime(since).to_registers("closed_at", &mut registers);
        }
        let rank = satchel_domain::rank::between(self.rank.as_deref(), None);
        Value::Text(rank.clone()).to_registers("rank", &mut registers);
        self.rank = Some(rank);
        Value::Tags(self.way(at)).to_registers(REACHED, &mut registers);
        self.add(row.at(0), Kind::Deal, registers, links, -row.days(6) - 25);
        Ok(())
    }

    /// The open stages up to one, and that one.
    fn way(&self, to: usize) -> Vec<String> {
        let open = |at: usize| self.stages.get(at).is_some_and(|(_, outcome)| outcome == "open");
        let gave_up = self.stages.get(to).is_some_and(|(_, outcome)| outcome == "lost");
        let last = if gave_up { 3 } else { to };
        let been = (0..self.stages.len()).filter(|at| *at == to || (*at < last && open(*at)));
        been.filter_map(|at| Some(self.stages.get(at)?.0.to_string())).collect()
    }

    fn activity(&mut self, row: &Row<'_>) -> Result<(), AppError> {
        let mut input = texts(row, &["type", "", "", "", "minutes", "subject", "text", "", "place"]);
        input.extend(self.about(row.at(1)));
        input.insert("owner".to_owned(), self.owner(row.at(7)).into());
        let (_, _, mut registers) = self.session.prepared_by(Kind::Activity, &input)?;
        Value::DateTime(self.occasion(self.working(row.days(2)), row.at(3)))
            .to_registers("at", &mut registers);
        let name = format!("activity {}", self.made.len());
        self.add(&name, Kind::Activity, registers, FieldInput::new(), row.days(2).min(0));
        Ok(())
    }

    fn task(&mut self, row: &Row<'_>) -> Result<(), AppError> {
        let mut input = texts(row, &["subject", "", "", "due_time"]);
        input.extend(self.about(row.at(1)));
        input.insert("due".to_owned(), self.day(self.working(row.days(2))).to_string().into());
        input.insert("owner".to_owned(), self.owner(row.at(5)).into());
        let (_, _, mut registers) = self.session.prepared_by(Kind::Task, &input)?;
        if !row.at(4).is_empty() {
            let done = self.moment(self.working(row.days(4)), "17:30");
            Value::DateTime(done.min(now())).to_registers("done_at", &mut registers);
        }
        let name = format!("task {}", self.made.len());
        self.add(&name, Kind::Task, registers, FieldInput::new(), row.days(2).min(0) - 4);
        Ok(())
    }

    fn quote(&self, row: &Row<'_>) -> Result<FieldInput, AppError> {
        let line = |part: &str| {
            let (quantity, code) = part.trim().split_once(" × ")?;
            Some(json!({"product": self.id(code).to_string(), "quantity": quantity}))
        };
        let lines: Vec<Json> = row.at(3).split(',').filter_map(line).collect();
        let day = row.days(2);
        Ok(FieldInput::from_iter([
            ("deal".to_owned(), self.id(row.at(0)).to_string().into()),
            ("status".to_owned(), row.at(1).into()),
            ("date".to_owned(), self.day(day).to_string().into()),
            ("valid_until".to_owned(), self.day(day + 30).to_string().into()),
            ("lines".to_owned(), lines.into()),
        ]))
    }
}

fn now() -> i64 {
    crate::session::now()
}

fn company(row: &Row<'_>) -> FieldInput {
    let mut input = texts(row, &["", "name", "industry", "", "", "", "", "", "employees"]);
    input.insert("addresses".to_owned(), place(row));
    input.insert("phones".to_owned(), contact("work", row.at(7)));
    input.insert("tags".to_owned(), tags(row.at(9)));
    input.insert("notes".to_owned(), row.text(10).into());
    input
}

/// Where a company is.
fn place(row: &Row<'_>) -> Json {
    let mut address = texts(row, &["", "", "", "city", "street", "postal_code", "country"]);
    address.insert("label".to_owned(), "work".into());
    json!([address])
}

/// The parts of a line by the names of their fields; what has no name, and what is empty, is left out.
fn texts(row: &Row<'_>, keys: &[&str]) -> FieldInput {
    let named = keys.iter().enumerate().filter(|(n, key)| !key.is_empty() && !row.at(*n).is_empty());
    named.map(|(n, key)| ((*key).to_owned(), row.text(n).into())).collect()
}

fn contact(label: &str, value: &str) -> Json {
    json!([{"label": label, "value": value}])
}

fn tags(written: &str) -> Json {
    written.split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect()
}

fn view(row: Row<'static>) -> Option<SavedView> {
    Some(SavedView {
        name: row.at(1).to_owned(),
        kind: row.at(0).parse().ok()?,
        filter: row.at(2).to_owned(),
        sort: String::new(),
        layout: crate::Layout::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both languages tell the same story: what is changed in one is changed in the other.
    #[test]
    fn both_demos_have_the_same_lines() {
        let shape = |chinese| {
            let text = |row: &Row<'_>, n: usize| row.at(n).to_owned();
            let of_line = |(of, row): (&str, Row<'_>)| match of {
                "company" | "person" | "product" => format!("{of} {}", text(&row, 0)),
                "deal" => format!("{of} {} {:?}", text(&row, 0), row.0.get(5..9)),
                "activity" => format!("{of} {:?}", row.0.get(..5)),
                "task" => format!("{of} {:?}", row.0.get(1..)),
                "quote" => format!("{of} {:?}", row.0),
                _ => of.to_owned(),
            };
            Demo::read(chinese).rows.into_iter().map(of_line).collect::<Vec<_>>()
        };
        assert_eq!(shape(false), shape(true));
    }
}
