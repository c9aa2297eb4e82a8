//! A rep's day: deals through their stages, what was done and what comes next, and what a day asks.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use satchel_app::{
    Cancel, ImportFrom, ImportOptions, ListRequest, Logged, Session, Whose,
    domain::{Kind, RecordId},
    views::{BoardView, CardView},
};
use satchel_tests::team::{Device, agree, fields, team};
use serde_json::{Value, json};

const TODAY: &str = "2026-11-27";

fn new(session: &Session, kind: Kind, input: Value) -> RecordId {
    session.create(kind, &fields(input)).unwrap().id
}

fn set(session: &Session, id: RecordId, input: Value) {
    session.set(id, &fields(input)).unwrap();
}

fn field(session: &Session, id: RecordId, key: &str) -> Value {
    session.get(id).unwrap().fields.get(key).cloned().unwrap_or_default()
}

fn board(session: &Session) -> BoardView {
    session.board(session.pipelines(false).unwrap()[0].id).unwrap()
}

fn cards(board: &BoardView, at: usize) -> Vec<&str> {
    board.columns[at].cards.iter().map(|c: &CardView| c.deal.title.as_str()).collect()
}

fn log(session: &Session, about: RecordId, ty: &str, text: &str, next: &str) -> RecordId {
    let logged = Logged {
        about,
        ty: ty.into(),
        text: text.into(),
        outcome: String::new(),
        next: next.into(),
        today: TODAY.into(),
    };
    session.log(&logged).unwrap().id
}

#[test]
fn deals_go_through_their_stages() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let stages: Vec<RecordId> = session.pipelines(false).unwrap()[0].stages.iter().map(|s| s.id).collect();
    assert_eq!(session.pipelines(true).unwrap()[0].stages[0].name, "New", "there is one already");
    let acme = new(session, Kind::Company, json!({"name": "Acme"}));
    let deal = |name: &str, value: &str| {
        new(session, Kind::Deal, json!({"name": name, "value": value, "company": acme.to_string()}))
    };
    let (pump, valve, seal) = (deal("Pump", "1000 EUR"), deal("Valve", "500 EUR"), deal("Seal", "70 USD"));
    let view = board(session);
    assert_eq!(cards(&view, 0), ["Pump", "Valve", "Seal"], "in the order in which they came");
    let sums: Vec<(i64, i64, &str)> =
        view.columns[0].sums.iter().map(|s| (s.minor, s.weighted, s.currency.as_str())).collect();
    assert_eq!(sums, [(150_000, 15_000, "EUR"), (7_000, 700, "USD")]);
    assert_eq!(view.columns[0].cards[0].deal.titles["company"], "Acme");
    assert_eq!(field(session, pump, "owner"), "Ana");

    // Within its stage, and into another, between two.
    session.move_deal(seal, stages[0], (None, Some(pump)), None).unwrap();
    assert_eq!(cards(&board(session), 0), ["Seal", "Pump", "Valve"]);
    let before = field(session, pump, "stage_at");
    std::thread::sleep(std::time::Duration::from_millis(5));
    session.move_deal(pump, stages[2], (None, None), None).unwrap();
    session.move_deal(valve, stages[2], (None, Some(pump)), None).unwrap();
    let view = board(session);
    assert_eq!((cards(&view, 0), cards(&view, 2)), (vec!["Seal"], vec!["Valve", "Pump"]));
    assert_ne!(field(session, pump, "stage_at"), before);
    session.undo(None, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(cards(&board(session), 0), ["Valve", "Seal"].iter().rev().copied().collect::<Vec<_>>());

    // Lost, with why; and won after all, without.
    let lost = session.move_deal(pump, stages[5], (None, None), Some("price")).unwrap();
    assert!(lost.operation.is_some());
    assert_eq!(field(session, pump, "lost_reason"), "price");
    assert!(field(session, pump, "closed_at").is_string());
    set(session, pump, json!({"stage": stages[4].to_string()}));
    assert_eq!(field(session, pump, "lost_reason"), Value::Null);
    set(session, pump, json!({"stage": stages[1].to_string()}));
    assert_eq!(field(session, pump, "closed_at"), Value::Null, "open again");
    assert!(session.set(pump, &fields(json!({"stage": null}))).is_err());
    assert!(session.set(pump, &fields(json!({"stage": acme.to_string()}))).is_err(), "a company is no stage");
    assert!(session.create(Kind::Deal, &fields(json!({"name": "x", "value": "12 QQQ"}))).is_err());

    // The list knows it by its names.
    let request = |filter: &str| satchel_app::ListRequest { filter: filter.into(), ..Default::default() };
    let listed = |filter: &str| session.list(Kind::Deal, &request(filter)).unwrap().total;
    assert_eq!(
        (listed("stage = 'Contacted'"), listed("company = 'Acme' and value > 400"), listed("stage = 'Lost'")),
        (1, 2, 0)
    );
    assert!(session.verify(&mut |_| {}).unwrap().ok);
}

#[test]
fn a_stage_that_is_gone_elsewhere_shows_as_long_as_deals_are_in_it() {
    let devices = team(&[("Bo", satchel_app::Role::Member)]);
    let (ana, bo) = (devices[0].session(), devices[1].session());
    let stages: Vec<RecordId> = ana.pipelines(false).unwrap()[0].stages.iter().map(|s| s.id).collect();
    agree(&devices);
    assert_eq!(bo.pipelines(true).unwrap().len(), 1, "the team has one");
    let deal = new(bo, Kind::Deal, json!({"name": "Pump"}));
    // At once: Ana takes the stage away, Bo moves a deal into it.
    ana.delete(&[stages[1]], &mut |_| {}, &Cancel::default()).unwrap();
    bo.move_deal(deal, stages[1], (None, None), None).unwrap();
    agree(&devices);
    for session in [&ana, &bo] {
        let view = board(session);
        let column = view.columns.iter().find(|c| c.stage.id == stages[1]).unwrap();
        assert!(column.stage.gone && column.count == 1, "{column:?}");
    }
    ana.move_deal(deal, stages[2], (None, None), None).unwrap();
    assert!(!board(ana).columns.iter().any(|c| c.stage.gone), "then it is gone");
    // Two at once: one stage is taken, the other is told of.
    agree(&devices);
    ana.move_deal(deal, stages[3], (None, None), None).unwrap();
    bo.move_deal(deal, stages[4], (None, None), None).unwrap();
    agree(&devices);
    assert!(ana.conflicts().unwrap().iter().any(|c| c.id == deal && c.field == "stage"));
    assert_eq!(field(ana, deal, "stage"), field(bo, deal, "stage"));
}

#[test]
fn two_laptops_that_begin_alone_have_one_pipeline() {
    let devices = team(&[("Bo", satchel_app::Role::Member)]);
    devices[0].session().pipelines(false).unwrap();
    devices[1].session().pipelines(true).unwrap();
    agree(&devices);
    for device in &devices {
        let pipelines = device.session().pipelines(false).unwrap();
        assert_eq!((pipelines.len(), pipelines[0].stages.len()), (1, 6));
    }
}

#[test]
fn what_was_done_and_what_comes_next() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let acme = new(session, Kind::Company, json!({"name": "Acme"}));
    let zoe = new(session, Kind::Person, json!({"first_name": "Zoe", "company": acme.to_string()}));
    let pump = new(
        session,
        Kind::Deal,
        json!({"name": "Pump", "company": acme.to_string(), "person": zoe.to_string()}),
    );
    let call = log(session, pump, "call", "She wants it in blue", "send the offer fri 10");
    let view = session.get(call).unwrap();
    assert_eq!(
        (&view.titles["company"], &view.titles["person"], &view.titles["deal"]),
        (&"Acme".into(), &"Zoe".into(), &"Pump".into())
    );
    for id in [acme, zoe, pump] {
        let told: Vec<(Kind, String)> =
            session.timeline(id, 50).unwrap().into_iter().map(|m| (m.record.kind, m.record.title)).collect();
        assert!(told.contains(&(Kind::Activity, "She wants it in blue".into())), "{told:?}");
        assert!(told.contains(&(Kind::Task, "send the offer".into())), "{told:?}");
        assert_eq!(told.iter().any(|(kind, _)| *kind == Kind::Deal), id != pump);
    }
    let tasks = session.list(Kind::Task, &satchel_app::ListRequest::default()).unwrap().rows;
    assert_eq!(
        (tasks.len(), &tasks[0].fields["due"], &tasks[0].fields["due_time"]),
        (1, &json!("2026-12-04"), &json!("10:00"))
    );
    // One step back takes both.
    session.undo(None, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(session.timeline(pump, 50).unwrap(), []);
    session.redo(&mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(session.timeline(pump, 50).unwrap().len(), 2);
    // A next step without a day is tomorrow's; without words it is called as what was done.
    log(session, zoe, "visit", "Showed samples", "write to her");
    log(session, zoe, "visit", "Left a price list", "in 2 weeks");
    let due = |title: &str| {
        let all = session.list(Kind::Task, &satchel_app::ListRequest::default()).unwrap().rows;
        all.into_iter().find(|t| t.title == title).unwrap().fields["due"].clone()
    };
    assert_eq!((due("write to her"), due("Left a price list")), (json!("2026-11-28"), json!("2026-12-11")));
    // Nothing said is refused; so is what nothing can be noted on.
    let nothing = Logged {
        about: zoe,
        ty: "call".into(),
        text: " ".into(),
        outcome: String::new(),
        next: String::new(),
        today: TODAY.into(),
    };
    assert!(session.log(&nothing).is_err());
    assert!(session.log(&Logged { text: "x".into(), ty: "dance".into(), ..nothing.clone() }).is_err());
    assert!(session.log(&Logged { text: "x".into(), about: call, ..nothing.clone() }).is_err());
    assert!(session.log(&Logged { text: "x".into(), today: "soon".into(), ..nothing }).is_err());
}

#[test]
fn a_task_is_done_and_what_follows_is_there() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let zoe = new(session, Kind::Person, json!({"first_name": "Zoe"}));
    let task = new(
        session,
        Kind::Task,
        json!({"subject": "Call Zoe", "due": "2026-11-20", "repeat": "week", "person": zoe.to_string()}),
    );
    session.finish_task(task, "ask for the order mon 9", TODAY).unwrap();
    assert!(field(session, task, "done_at").is_string());
    let open = |session: &Session| {
        let request = satchel_app::ListRequest {
            filter: "done_at is empty".into(),
            sort: "due".into(),
            ..Default::default()
        };
        let rows = session.list(Kind::Task, &request).unwrap().rows;
        rows.into_iter()
            .map(|t| format!("{} {} {}", t.title, t.fields["due"].as_str().unwrap(), t.titles["person"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(open(session), ["ask for the order 2026-11-30 Zoe", "Call Zoe 2026-12-04 Zoe"]);
    assert_eq!(session.finish_task(task, "", TODAY).unwrap().operation, None, "it is done already");
    session.undo(None, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(open(session), ["Call Zoe 2026-11-20 Zoe"]);
    for (key, bad) in [("due", "2026-02-30"), ("repeat", "sometimes"), ("done_at", "yesterday")] {
        assert!(session.set(task, &fields(json!({key: bad}))).is_err(), "{key}");
    }
}

/// The open tasks: what, when, and how often.
fn open_tasks(session: &Session) -> Vec<String> {
    let request = satchel_app::ListRequest {
        filter: "done_at is empty".into(),
        sort: "due".into(),
        ..Default::default()
    };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let line = |t: satchel_app::views::RowView| {
        let parts = ["due", "due_time", "repeat"].map(|key| text(t.fields.get(key)));
        format!("{} {}", t.title, parts.join(" ")).replace("  ", " ").trim().to_owned()
    };
    session.list(Kind::Task, &request).unwrap().rows.into_iter().map(line).collect()
}

#[test]
fn what_comes_again_comes_as_it_was_said() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let zoe = new(session, Kind::Person, json!({"first_name": "Zoe"}));
    log(session, zoe, "call", "fine", "send the report every second tue 10");
    assert_eq!(open_tasks(session), ["send the report 2026-12-01 10:00 FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"]);
    let id = |session: &Session| {
        let request = satchel_app::ListRequest { filter: "done_at is empty".into(), ..Default::default() };
        session.list(Kind::Task, &request).unwrap().rows[0].id
    };
    let report = id(session);
    let skipped = session.skip_task(report, TODAY).unwrap();
    assert_eq!(field(session, report, "due"), "2026-12-15");
    session.undo(skipped.operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(field(session, report, "due"), "2026-12-01");
    session.set(report, &fields(json!({"notes": "by mail", "remind": "30m"}))).unwrap();
    session.finish_task(report, "", "2026-12-01").unwrap();
    let next = id(session);
    let kept = ["due", "due_time", "notes", "remind", "repeat"].map(|key| field(session, next, key));
    let rule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU";
    assert_eq!(kept, ["2026-12-15", "10:00", "by mail", "30m", rule].map(Value::from));
    session.undo(None, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!((id(session), field(session, report, "done_at")), (report, Value::Null), "as it was");
    session.delete(&[report], &mut |_| {}, &Cancel::default()).unwrap();

    // So many times, until a day, and from the day on which it was done.
    let task = |repeat: &str, due: &str| {
        new(session, Kind::Task, json!({"subject": "again", "due": due, "repeat": repeat}))
    };
    task("每天，共2次", "2026-11-27");
    session.finish_task(id(session), "", TODAY).unwrap();
    assert_eq!(open_tasks(session), ["again 2026-11-28 FREQ=DAILY;COUNT=1"]);
    assert!(session.skip_task(id(session), TODAY).is_err(), "it is the last one");
    session.finish_task(id(session), "", TODAY).unwrap();
    assert!(open_tasks(session).is_empty());
    task("every week until 2026-12-03", "2026-11-27");
    session.finish_task(id(session), "", TODAY).unwrap();
    assert!(open_tasks(session).is_empty());
    task("every 2 weeks after it is done", "2026-11-02");
    session.finish_task(id(session), "", TODAY).unwrap();
    assert_eq!(open_tasks(session), ["again 2026-12-11 FREQ=WEEKLY;INTERVAL=2;FROM=DONE"]);
    let plain = new(session, Kind::Task, json!({"subject": "once"}));
    assert!(session.skip_task(plain, TODAY).is_err());
    assert!(session.skip_task(zoe, TODAY).is_err());
}

#[test]
fn a_task_that_is_moved_comes_next_as_its_rule_says() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let rent = new(session, Kind::Task, json!({"subject": "rent", "due": "2026-12-15", "repeat": "month"}));
    let only = |session: &Session| open_tasks(session).join("; ");
    let id = |session: &Session| {
        let request = satchel_app::ListRequest { filter: "done_at is empty".into(), ..Default::default() };
        session.list(Kind::Task, &request).unwrap().rows[0].id
    };
    let undo = || session.undo(None, &mut |_| {}, &Cancel::default()).unwrap();
    // Brought forward, and done early: the next one is in January, once.
    set(session, rent, json!({"due": "2026-12-10"}));
    session.finish_task(rent, "", "2026-12-09").unwrap();
    assert_eq!(only(session), "rent 2027-01-15 month");
    undo();
    // Put off, and once more, and done late: it stays the 15th.
    set(session, rent, json!({"due": "2026-12-18"}));
    set(session, rent, json!({"due": "2026-12-21"}));
    session.finish_task(rent, "", "2026-12-22").unwrap();
    assert_eq!(only(session), "rent 2027-01-15 month");
    // The next one knows nothing of it.
    session.finish_task(id(session), "", "2027-01-14").unwrap();
    assert_eq!(only(session), "rent 2027-02-15 month");
    // Left out, where it was moved.
    let next = id(session);
    set(session, next, json!({"due": "2027-02-20"}));
    session.skip_task(next, "2027-02-11").unwrap();
    assert_eq!(only(session), "rent 2027-03-15 month");
    session.finish_task(next, "", "2027-03-10").unwrap();
    assert_eq!(only(session), "rent 2027-04-15 month");
    // Another rule begins with the day on which it is due then.
    let next = id(session);
    set(session, next, json!({"due": "2027-04-20"}));
    set(session, next, json!({"repeat": "every 2 months"}));
    session.finish_task(next, "", "2027-04-18").unwrap();
    assert_eq!(only(session), "rent 2027-06-20 FREQ=MONTHLY;INTERVAL=2");
    undo();
    assert_eq!(field(session, next, "due"), "2027-04-20");
    // Nobody is asked for what only the rule reads, and no history tells of it.
    let shown = session.get(next).unwrap();
    assert!(!shown.fields.contains_key("meant"));
    assert!(session.set(next, &fields(json!({"meant": "2027-04-01"}))).is_err());
    // Moved back, it is as if it had not been moved.
    let (session, weekly) =
        (device.session(), json!({"subject": "w", "due": "2026-12-01", "repeat": "week"}));
    let weekly = new(session, Kind::Task, weekly);
    set(session, weekly, json!({"due": "2026-12-03"}));
    set(session, weekly, json!({"due": "2026-12-01"}));
    session.finish_task(weekly, "", "2026-12-01").unwrap();
    assert!(only(session).contains("w 2026-12-08 week"));
}

#[test]
fn a_day_asks() {
    // Not the day of the test: what is noted now is of another one.
    const DAY: &str = "2031-05-16";
    let device = Device::new("Ana", None);
    let session = device.session();
    let stages = session.pipelines(false).unwrap()[0].stages.clone();
    let at = |text: &str| satchel_app::domain::date::instant(text).unwrap();
    for (title, due) in [("late", "2031-05-09"), ("today, later", DAY), ("tomorrow", "2031-05-17")] {
        new(session, Kind::Task, json!({"subject": title, "due": due}));
    }
    new(session, Kind::Task, json!({"subject": "today, early", "due": DAY, "due_time": "08:00"}));
    let done = new(session, Kind::Task, json!({"subject": "done", "due": DAY}));
    session.finish_task(done, "", DAY).unwrap();
    for (text, when, ty) in [
        ("visit", "2031-05-16T14:00:00Z", "visit"),
        ("meeting", "2031-05-16T09:00:00Z", "meeting"),
        ("a note", "2031-05-16T10:00:00Z", "note"),
        ("next week", "2031-05-22T09:00:00Z", "visit"),
    ] {
        new(session, Kind::Activity, json!({"text": text, "at": when, "type": ty}));
    }
    new(session, Kind::Deal, json!({"name": "late deal", "close_date": "2026-11-01"}));
    new(
        session,
        Kind::Deal,
        json!({"name": "won long ago", "close_date": "2026-11-01", "stage": stages[4].id.to_string()}),
    );
    let quiet = new(session, Kind::Deal, json!({"name": "quiet"}));
    set(session, quiet, json!({"stage_at": "2020-01-01T00:00:00Z"}));
    let quiet_but = new(session, Kind::Deal, json!({"name": "long there, and spoken of"}));
    set(session, quiet_but, json!({"stage_at": "2020-01-01T00:00:00Z"}));
    log(session, quiet_but, "call", "yes", "");
    let told = board(session).columns[0].cards.iter().find(|c| c.deal.id == quiet_but).cloned().unwrap();
    assert_eq!((told.quiet, told.last_activity.map(|last| last.title)), (false, Some("yes".to_owned())));
    for (name, birthday) in [("Today", "--05-16"), ("Soon", "1980-05-21"), ("Later", "1980-06-12")] {
        new(session, Kind::Person, json!({"first_name": name, "birthday": birthday}));
    }
    let day = session.day(DAY, (at("2031-05-16"), at("2031-05-17")), &Whose::Everybody).unwrap();
    let titles =
        |rows: &[satchel_app::views::RowView]| rows.iter().map(|r| r.title.clone()).collect::<Vec<_>>();
    assert_eq!(titles(&day.overdue), ["late"]);
    assert_eq!(titles(&day.due), ["today, early", "today, later"]);
    assert_eq!(titles(&day.agenda), ["meeting", "visit"]);
    assert_eq!(
        (titles(&day.late), titles(&day.quiet)),
        (vec!["late deal".to_owned()], vec!["quiet".to_owned()])
    );
    let birthdays: Vec<(String, String)> =
        day.birthdays.into_iter().map(|b| (b.person.title, b.on)).collect();
    assert_eq!(birthdays, [("Today".into(), DAY.into()), ("Soon".into(), "2031-05-21".into())]);
}

#[test]
fn a_day_is_mine_everybodys_or_a_colleagues() {
    const DAY: &str = "2031-05-16";
    let device = Device::new("Ana", None);
    let session = device.session();
    let at = |text: &str| satchel_app::domain::date::instant(text).unwrap();
    let stage = session.pipelines(false).unwrap()[0].stages[0].id.to_string();
    for owner in ["Ana", "Bo", ""] {
        let of = |mut input: Value| {
            input["owner"] = json!(owner);
            input
        };
        new(session, Kind::Task, of(json!({"subject": format!("task {owner}"), "due": DAY})));
        new(session, Kind::Task, of(json!({"subject": format!("late {owner}"), "due": "2031-05-09"})));
        let visit = json!({"text": format!("visit {owner}"), "at": "2031-05-16T14:00:00Z", "type": "visit"});
        new(session, Kind::Activity, of(visit));
        let deal = json!({"name": format!("deal {owner}"), "close_date": "2026-11-01", "stage": stage});
        new(session, Kind::Deal, of(deal));
        new(session, Kind::Person, of(json!({"first_name": format!("born {owner}"), "birthday": "--05-16"})));
    }
    // Who makes something owns it: what belongs to nobody came from elsewhere, or was given up.
    let nobodys = |view: &satchel_app::views::RowView| view.title.split(' ').count() == 1;
    for kind in [Kind::Task, Kind::Activity, Kind::Deal, Kind::Person] {
        let all = satchel_app::ListRequest { limit: 50, ..Default::default() };
        for row in session.list(kind, &all).unwrap().rows.iter().filter(|row| nobodys(row)) {
            set(session, row.id, json!({"owner": null}));
        }
    }
    let of = |whose: &str| {
        let day = session.day(DAY, (at(DAY), at("2031-05-17")), &Whose::parse(whose)).unwrap();
        let born = day.birthdays.iter().map(|b| b.person.title.clone());
        let rows = [&day.overdue, &day.due, &day.agenda, &day.late];
        let mut all: Vec<String> = rows.into_iter().flatten().map(|r| r.title.clone()).chain(born).collect();
        all.sort();
        all.join(", ")
    };
    let ana = "born Ana, deal Ana, late Ana, task Ana, visit Ana";
    assert_eq!(of("Bo"), "born Bo, deal Bo, late Bo, task Bo, visit Bo");
    assert_eq!(of("ANA"), ana);
    assert_eq!(
        of("mine"),
        "born, born Ana, deal, deal Ana, late, late Ana, task, task Ana, visit, visit Ana"
    );
    assert_eq!(of("all").split(", ").count(), 15);
    assert_eq!(of("Zoe"), "");
}

#[test]
fn a_line_becomes_a_person_with_a_company() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let line = "Ana Ruiz, Norte SL, ana@norte.example, +34 600 000 000";
    let view = session.understand_person(line).unwrap();
    assert_eq!(
        (view.first_name.as_str(), view.company.as_str(), view.company_known),
        ("Ana", "Norte SL", false)
    );
    assert_eq!(view.similar, []);
    let ana = session.capture(line).unwrap().id;
    let made = session.get(ana).unwrap();
    assert_eq!((made.title.as_str(), made.titles["company"].as_str()), ("Ana Ruiz", "Norte SL"));
    assert_eq!(made.fields["phones"][0]["e164"], "+34600000000");
    // Who has the address, the number or the name is shown before; the company is there already.
    for line in ["A. R., ANA@norte.example", "Somebody, +34 600 000 000", "Ana Ruiz, Sur SL"] {
        let similar = session.understand_person(line).unwrap().similar;
        assert_eq!(similar.iter().map(|h| h.id).collect::<Vec<_>>(), [ana], "{line}");
    }
    let bo = session.capture("Bo Diaz, Norte SL").unwrap();
    assert_eq!(session.get(bo.id).unwrap().fields["company"], made.fields["company"]);
    session.undo(bo.operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert!(session.get(bo.id).unwrap().deleted_at.is_some());
    assert!(session.capture(" , ").is_err());
}

#[test]
fn the_probability_of_a_deal_is_a_percentage_wherever_it_comes_from() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let deal = new(session, Kind::Deal, json!({"name": "Pumps"}));
    for beyond in [json!(120), json!("-1"), json!("100.5 %")] {
        let refused = session.set(deal, &fields(json!({ "probability": beyond }))).unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("probability"), "{refused:?}");
    }
    set(session, deal, json!({"probability": "75 %"}));
    assert_eq!(field(session, deal, "probability"), 75);
    // Of a table a cell beyond is named, and not believed.
    let table = ImportFrom::Pasted("Deal Name\tProbability\nValves\t40\nHoses\t400\n".to_owned());
    let options = ImportOptions { kind: Some(Kind::Deal), ..ImportOptions::default() };
    let report = session.import(table, &options, &mut |_| {}, &Cancel::default()).unwrap();
    assert!(!report.errors.is_empty(), "{report:?}");
    let all = session.list(Kind::Deal, &ListRequest::default()).unwrap();
    let of = |name: &str| {
        let row = all.rows.iter().find(|row| row.title == name)?;
        row.fields.get("probability").cloned()
    };
    assert_eq!((of("Valves"), of("Hoses")), (Some(json!(40)), None));
}
