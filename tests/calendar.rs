//! The calendar: what stands on which day, whoever's it is and wherever one is.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use satchel_app::{
    CalendarRequest, Cancel, Session,
    domain::{Kind, RecordId},
    views::CalendarView,
};
use satchel_tests::{
    cli::Cli,
    team::{Device, fields},
};
use serde_json::{Value, json};

fn new(session: &Session, kind: Kind, input: Value) -> RecordId {
    session.create(kind, &fields(input)).unwrap().id
}

/// Days from one on, by Greenwich.
fn asked(from: &str, to: &str, owner: Option<&str>) -> CalendarRequest {
    let begins = |day: &str| format!("{day}T00:00:00Z").parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let (from, to) = (from.to_owned(), to.to_owned());
    CalendarRequest { begins: begins(&from), ends: begins(&to), from, to, owner: owner.map(str::to_owned) }
}

fn titles(view: &CalendarView) -> Vec<&str> {
    view.items.iter().map(|i| i.title.as_str()).collect()
}

#[test]
fn a_week_has_what_is_planned_in_it_and_nothing_else() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let acme = new(session, Kind::Company, json!({"name": "Acme"}));
    let zoe = new(session, Kind::Person, json!({"first_name": "Zoe", "company": acme.to_string()}));
    let meeting = |subject: &str, at: &str, more: Value| {
        let mut input = json!({"type": "meeting", "subject": subject, "at": at});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        new(session, Kind::Activity, input)
    };
    meeting("Before", "2026-11-22T20:00:00Z", json!({"minutes": 60}));
    meeting("Into the week", "2026-11-22T23:30:00Z", json!({"minutes": 60}));
    let offer = meeting(
        "Offer",
        "2026-11-25T10:00:00Z",
        json!({"minutes": 45, "person": zoe.to_string(), "place": "Porto"}),
    );
    meeting("Bo's", "2026-11-25T09:00:00Z", json!({"owner": "Bo"}));
    meeting("Last moment", "2026-11-29T23:59:59Z", json!({}));
    meeting("Behind", "2026-11-30T00:00:00Z", json!({}));
    new(session, Kind::Activity, json!({"type": "note", "subject": "A note", "at": "2026-11-25T10:00:00Z"}));
    new(session, Kind::Task, json!({"subject": "Write", "due": "2026-11-23", "due_time": "9:30"}));
    new(
        session,
        Kind::Task,
        json!({"subject": "Any time", "due": "2026-11-23", "company": acme.to_string()}),
    );
    let done = new(session, Kind::Task, json!({"subject": "Done", "due": "2026-11-24"}));
    session.finish_task(done, "", "2026-11-24").unwrap();
    new(session, Kind::Task, json!({"subject": "Next week", "due": "2026-11-30"}));
    let gone = new(session, Kind::Task, json!({"subject": "Trash", "due": "2026-11-24"}));
    session.delete(&[gone], &mut |_| {}, &Cancel::default()).unwrap();

    let week = |owner| session.calendar(&asked("2026-11-23", "2026-11-30", owner)).unwrap();
    let view = week(None);
    assert_eq!(
        titles(&view),
        ["Any time", "Write", "Done", "Into the week", "Bo's", "Offer", "Last moment"],
        "tasks by their days, then the rest by its moments"
    );
    assert!(!view.more);
    let found = view.items.iter().find(|i| i.id == offer).unwrap();
    assert_eq!(
        (found.person.as_str(), found.place.as_str(), found.minutes, found.ty.as_str()),
        ("Zoe", "Porto", 45, "meeting")
    );
    assert_eq!(view.items[1].due_time.as_deref(), Some("09:30"), "as a clock shows it");
    assert!(view.items[2].done && view.items[0].company == "Acme");
    assert_eq!(titles(&week(Some("Bo"))), ["Bo's"]);
    assert_eq!(titles(&week(Some("ANA"))).len(), 6, "a name in any case");

    // Moved by one edit, and back by one step.
    session.set(offer, &fields(json!({"at": "2026-12-02T10:00:00Z"}))).unwrap();
    assert!(!titles(&week(None)).contains(&"Offer"));
    session.undo(None, &mut |_| {}, &Cancel::default()).unwrap();
    assert!(titles(&week(None)).contains(&"Offer"));
}

#[test]
fn days_and_times_that_no_clock_shows_are_refused() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let task = new(session, Kind::Task, json!({"subject": "Write", "due": "2026-11-23"}));
    for (key, bad) in
        [("due", "2026-02-30"), ("due_time", "25:00"), ("due_time", "9:60"), ("due_time", "noon")]
    {
        let error = session.set(task, &fields(json!({ key: bad }))).unwrap_err();
        assert_eq!(error.field.as_deref(), Some(key), "{bad}: {error}");
    }
    for (from, to) in
        [("2026-02-30", "2026-03-02"), ("2026-11-23", "2026-11-23"), ("2026-11-23", "2027-11-23"), ("x", "y")]
    {
        let bad =
            CalendarRequest { from: from.into(), to: to.into(), ..asked("2026-11-23", "2026-11-24", None) };
        assert!(session.calendar(&bad).is_err(), "{from} to {to}");
    }
}

#[test]
fn a_task_keeps_its_hour_on_a_journey_and_a_meeting_its_moment() {
    let cli = Cli::new();
    cli.json(&["new", "task", "subject=Call home", "due=2026-11-27", "due_time=09:30"]);
    cli.json(&["new", "activity", "type=meeting", "subject=Late", "at=2026-11-27T23:30:00Z"]);
    let day = |zone: &str, from: &str| -> Vec<String> {
        let mut command = cli.command(&["--json", "calendar", "--from", from, "--days", "1"]);
        let view: Value = serde_json::from_slice(&command.env("TZ", zone).output().unwrap().stdout).unwrap();
        view["items"].as_array().unwrap().iter().map(|i| i["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(day("UTC", "2026-11-27"), ["Call home", "Late"]);
    assert_eq!(day("Asia/Shanghai", "2026-11-27"), ["Call home"], "the meeting is on the next day there");
    assert_eq!(day("Asia/Shanghai", "2026-11-28"), ["Late"]);
    assert_eq!(day("America/New_York", "2026-11-27"), ["Call home", "Late"]);
}

const OUTLOOK: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:offer@x\r\nDTSTART;TZID=Europe/Berlin:20261201T100000\r\n\
    DTEND;TZID=Europe/Berlin:20261201T104500\r\nSUMMARY:Offer\r\nLOCATION:Porto\r\nDESCRIPTION:Bring samples\r\n\
    ORGANIZER:mailto:me@x.example\r\nATTENDEE;CN=Zoe Ruiz:mailto:ZOE@acme.example\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:bad@x\r\nDTSTART:20260230T100000Z\r\nSUMMARY:Never\r\nEND:VEVENT\r\n\
    BEGIN:VTODO\r\nUID:write@x\r\nDUE;VALUE=DATE:20261203\r\nSUMMARY:Write\r\nRRULE:FREQ=WEEKLY\r\nEND:VTODO\r\n\
    BEGIN:VEVENT\r\nUID:odd@x\r\nDTSTART:20300101T090000Z\r\nSUMMARY:Odd\r\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1\r\n\
    END:VEVENT\r\nEND:VCALENDAR\r\n";

#[test]
fn a_calendar_comes_in_with_whom_it_is_with_and_once_only() {
    let cli = Cli::new();
    let file = cli.dir.path().join("calendar.ics");
    std::fs::write(&file, OUTLOOK).unwrap();
    let path = file.to_str().unwrap();
    let acme = cli.json(&["new", "company", "name=Acme"])["id"].as_str().unwrap().to_owned();
    let company = format!("company={acme}");
    let zoe = cli.json(&["new", "person", "first_name=Zoe", "emails=zoe@acme.example", &company]);

    let plan = cli.json(&["import", path, "--dry-run"]);
    assert_eq!((&plan["created"], &plan["rejected"]), (&json!({"activity": 2, "task": 1}), &json!(1)));
    assert_eq!(cli.json(&["list", "activity"])["total"], 0, "a dry run writes nothing");
    let report = cli.json(&["import", path]);
    assert_eq!((&report["created"], &report["format"]), (&plan["created"], &json!("ics")));
    let errors = report["errors"].to_string();
    assert!(errors.contains("its DTSTART is no date that a calendar has"), "{errors}");
    assert!(errors.contains("it comes again in a way that cannot be kept"), "{errors}");

    let listed = |kind: &str, filter: &str| cli.json(&["list", kind, "--where", filter])["rows"][0].clone();
    let offer = listed("activity", "subject = 'Offer'");
    let fields = &offer["fields"];
    assert_eq!((&fields["type"], &fields["at"]), (&json!("meeting"), &json!("2026-12-01T09:00:00Z")));
    assert_eq!((&fields["minutes"], &fields["place"]), (&json!(45), &json!("Porto")));
    assert_eq!((&fields["person"], &fields["company"]), (&zoe["id"], &json!(acme)));
    assert_eq!(fields["owner"], "Ana", "who imports it");
    let text = fields["text"].as_str().unwrap();
    assert!(text.starts_with("Bring samples\n") && text.contains("me@x.example"), "{text}");
    let task = listed("task", "subject = 'Write'");
    assert_eq!((&task["fields"]["due"], &task["fields"]["repeat"]), (&json!("2026-12-03"), &json!("week")));

    // The same once more changes nothing; what has changed there changes here, and only that.
    let again = cli.json(&["import", path]);
    assert_eq!(
        (&again["created"], &again["updated"], &again["unchanged"]),
        (&json!({}), &json!(0), &json!(3))
    );
    cli.json(&["set", offer["id"].as_str().unwrap(), "owner=Bo", "outcome=Sold"]);
    std::fs::write(&file, OUTLOOK.replace("T100000\r\nDTEND", "T090000\r\nDTEND").replace("Porto", "Lisbon"))
        .unwrap();
    let changed = cli.json(&["import", path]);
    assert_eq!((&changed["created"], &changed["updated"]), (&json!({}), &json!(1)));
    let fields = listed("activity", "subject = 'Offer'")["fields"].clone();
    assert_eq!((&fields["at"], &fields["minutes"]), (&json!("2026-12-01T08:00:00Z"), &json!(105)));
    assert_eq!(
        (&fields["place"], &fields["owner"], &fields["outcome"]),
        (&json!("Lisbon"), &json!("Bo"), &json!("Sold"))
    );

    // One step takes an import back, and the first takes what it made.
    cli.json(&["undo", changed["operation"].as_str().unwrap()]);
    assert_eq!(listed("activity", "subject = 'Offer'")["fields"]["place"], "Porto");
    cli.json(&["undo", report["operation"].as_str().unwrap()]);
    assert_eq!(cli.json(&["list", "task"])["total"], 0);
    assert_eq!(cli.json(&["verify"])["ok"], true);
}

#[test]
fn what_goes_out_as_a_calendar_comes_in_again() {
    let cli = Cli::new();
    let zoe = cli.json(&["new", "person", "first_name=Zoe"])["id"].as_str().unwrap().to_owned();
    let with = format!("person={zoe}");
    let meeting = [
        "new",
        "activity",
        "type=visit",
        "subject=Show; the, samples",
        "at=2026-12-01T09:00:00Z",
        "minutes=45",
    ];
    cli.json(&[&meeting[..], &["place=Porto", "text=one\ntwo", &with]].concat());
    cli.json(&["new", "activity", "type=note", "subject=Private"]);
    cli.json(&[
        "new",
        "task",
        "subject=Write",
        "due=2026-12-03",
        "due_time=09:30",
        "repeat=two_weeks",
        &with,
    ]);
    cli.json(&["new", "task", "subject=Any day"]);
    let out = |kind: &str| {
        let path = cli.dir.path().join(format!("{kind}.ics"));
        let answer = cli.json(&["export", kind, "--format", "ics", "--out", path.to_str().unwrap()]);
        (path.to_str().unwrap().to_owned(), answer["files"][0]["rows"].clone())
    };
    let (activities, rows) = out("activity");
    assert_eq!(rows, 1, "a note is no event");
    let (tasks, rows) = out("task");
    assert_eq!(rows, 2);
    let text = std::fs::read_to_string(&activities).unwrap();
    assert!(
        text.contains("SUMMARY:Show\\; the\\, samples\r\n") && text.contains("DTSTART:20261201T090000Z\r\n"),
        "{text}"
    );
    assert!(text.contains("CONTACT:Zoe\r\n") && !text.contains("Private"), "{text}");
    let text = std::fs::read_to_string(&tasks).unwrap();
    assert!(
        text.contains("DUE:20261203T093000\r\n") && text.contains("RRULE:FREQ=WEEKLY;INTERVAL=2\r\n"),
        "{text}"
    );

    // Into the same vault it is known; into another it is the same.
    let other = Cli::new();
    for file in [&activities, &tasks] {
        let same = cli.json(&["import", file]);
        assert_eq!((&same["created"], &same["updated"]), (&json!({}), &json!(0)), "{same}");
        other.json(&["import", file]);
    }
    let said = |cli: &Cli, kind: &str, filter: &str, keys: &[&str]| -> Vec<Value> {
        let answer = cli.json(&["list", kind, "--where", filter, "--sort", "subject"]);
        let of = |row: &Value| keys.iter().map(|key| row["fields"][*key].clone()).collect();
        answer["rows"].as_array().unwrap().iter().map(of).collect()
    };
    for (kind, filter, keys) in [
        ("activity", "type = 'visit'", &["type", "subject", "at", "minutes", "place", "text"][..]),
        ("task", "due is empty or due > '2026-01-01'", &["subject", "due", "due_time", "repeat"]),
    ] {
        assert_eq!(said(&other, kind, filter, keys), said(&cli, kind, filter, keys));
    }
    assert_eq!(said(&other, "task", "subject starts 'W'", &["repeat"]), [json!(["two_weeks"])]);
}
