//! Meetings that come again: one time, that and later ones, or all are changed and taken away, on one laptop and on two.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use jiff::{Timestamp, tz::TimeZone};
use satchel_app::{
    CalendarRequest, Cancel, ListRequest, Session, Which, Whose,
    domain::{Kind, RecordId},
};
use satchel_tests::{
    cli::Cli,
    team::{Device, agree, fields, team},
};
use serde_json::{Value, json};

fn new(session: &Session, kind: Kind, input: Value) -> RecordId {
    session.create(kind, &fields(input)).unwrap().id
}

/// Every Monday at nine, by the clock of this computer, which is that of Greenwich where tests run.
fn weekly(session: &Session, more: Value) -> RecordId {
    let mut input = json!({"type": "meeting", "subject": "Week", "at": at_here("2031-05-05T09:00"), "minutes": 30, "repeat": "week"});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    new(session, Kind::Activity, input)
}

fn at_here(clock: &str) -> String {
    let civil: jiff::civil::DateTime = clock.parse().unwrap();
    civil.to_zoned_datetime(TimeZone::system()).unwrap().timestamp().to_string()
}

/// What stands in the calendar in May 2031: the day and the hour, and what it is called.
fn may(session: &Session) -> Vec<String> {
    between(session, "2031-05-01", 31)
}

fn between(session: &Session, from: &str, days: u32) -> Vec<String> {
    let view = session.calendar(&CalendarRequest::of_days(from, days, None).unwrap()).unwrap();
    let said = view.items.iter().map(|item| {
        let at: Timestamp = item.at.as_ref().unwrap().parse().unwrap();
        format!("{} {}", at.to_zoned_datetime(TimeZone::system()).strftime("%d %H:%M"), item.title)
    });
    said.collect()
}

fn undo(session: &Session) {
    let report = session.undo(None, &mut |_| {}, &Cancel::default()).unwrap();
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
}

fn change(session: &Session, id: RecordId, day: &str, which: Which, input: Value) -> RecordId {
    session.change_occurrence(id, day, which, &fields(input)).unwrap().id
}

const PLAIN: [&str; 4] = ["05 09:00 Week", "12 09:00 Week", "19 09:00 Week", "26 09:00 Week"];

#[test]
fn a_meeting_that_comes_again_stands_on_each_of_its_days() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let id = weekly(session, json!({}));
    assert_eq!(may(session), PLAIN);
    assert_eq!(between(session, "2031-04-01", 31), [""; 0], "not before it begins");
    assert_eq!(between(session, "2061-05-01", 7).len(), 1, "and on and on");
    let view = session.calendar(&CalendarRequest::of_days("2031-05-12", 1, None).unwrap()).unwrap();
    assert_eq!((view.items[0].id, view.items[0].occurrence.as_deref()), (id, Some("2031-05-12")));
    assert_eq!(view.items[0].repeat, "week");
    // Whose it is.
    let of = |name: &str| CalendarRequest::of_days("2031-05-12", 1, Some(name.to_owned())).unwrap();
    assert_eq!(session.calendar(&of("ANA")).unwrap().items.len(), 1);
    assert!(session.calendar(&of("Bo")).unwrap().items.is_empty());
    // A rule that names a day begins on it.
    let tuesday = weekly(session, json!({"subject": "Tue", "repeat": "every tue, 2 times"}));
    assert_eq!(between(session, "2031-05-05", 8), ["05 09:00 Week", "06 09:00 Tue", "12 09:00 Week"]);
    assert_eq!(session.get(tuesday).unwrap().fields["at"], at_here("2031-05-06T09:00"));
    assert_eq!(between(session, "2031-05-13", 30).iter().filter(|line| line.ends_with("Tue")).count(), 1);
    // In the trash it is nowhere.
    session.delete(&[id, tuesday], &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(may(session), [""; 0]);
}

#[test]
fn rules_that_no_meeting_has_are_refused() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let bad = |input: Value| session.create(Kind::Activity, &fields(input)).unwrap_err();
    for repeat in [
        "every 0 days",
        "FREQ=SECONDLY",
        "FREQ=DAILY;INTERVAL=100000",
        "FREQ=DAILY;COUNT=10000000",
        "sometimes",
    ] {
        let error = bad(json!({"type": "meeting", "at": "2031-05-05T09:00:00Z", "repeat": repeat}));
        assert_eq!(error.field.as_deref(), Some("repeat"), "{repeat}: {error}");
    }
    let error = bad(
        json!({"type": "meeting", "at": "2031-05-05T09:00:00Z", "repeat": "every week after it is done"}),
    );
    assert_eq!(error.field.as_deref(), Some("repeat"), "{error}");
    let error = bad(json!({"type": "note", "at": "2031-05-05T09:00:00Z", "repeat": "week"}));
    assert!(error.message.contains("only calls, meetings and visits"), "{error}");
    let id = weekly(session, json!({}));
    let note = new(session, Kind::Activity, json!({"type": "note", "text": "x"}));
    for (id, input) in [(note, json!({"repeat": "week"})), (id, json!({"type": "mail"}))] {
        let error = session.set(id, &fields(input)).unwrap_err();
        assert!(error.message.contains("only calls, meetings and visits"), "{error}");
    }
    session.set(note, &fields(json!({"repeat": "week", "type": "call"}))).unwrap();
    session.undo(None, &mut |_| {}, &Cancel::default()).unwrap();
    for (day, which) in [("2031-05-06", Which::This), ("2031-04-28", Which::Later), ("x", Which::All)] {
        assert!(
            session.change_occurrence(id, day, which, &fields(json!({"subject": "x"}))).is_err(),
            "{day}"
        );
        assert!(session.remove_occurrence(id, day, which).is_err(), "{day}");
    }
    assert!(
        session.change_occurrence(id, "2031-05-12", Which::This, &fields(json!({"repeat": "day"}))).is_err()
    );
    assert!(session.change_occurrence(id, "2031-05-12", Which::All, &fields(json!({"at": null}))).is_err());
    let other = new(session, Kind::Activity, json!({"type": "meeting", "at": "2031-05-05T09:00:00Z"}));
    assert!(
        session.change_occurrence(other, "2031-05-05", Which::All, &fields(json!({"subject": "x"}))).is_err()
    );
    assert_eq!(may(session).len(), 5, "nothing was written");
}

#[test]
fn one_time_is_changed_and_taken_away_alone() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let acme = new(session, Kind::Company, json!({"name": "Acme"}));
    let id = weekly(session, json!({"company": acme.to_string(), "text": "Agenda", "remind": "10m"}));
    let own = change(session, id, "2031-05-12", Which::This, json!({"at": at_here("2031-05-13T11:00")}));
    assert_ne!(own, id);
    assert_eq!(may(session), ["05 09:00 Week", "13 11:00 Week", "19 09:00 Week", "26 09:00 Week"]);
    let view = session.get(own).unwrap();
    assert_eq!(
        (view.fields["company"].clone(), view.fields["text"].clone()),
        (json!(acme.to_string()), json!("Agenda"))
    );
    let series = view.series.unwrap();
    assert_eq!((series.id, series.day.as_str(), series.own), (id, "2031-05-12", true));
    assert!(!view.fields.contains_key("repeat") && !view.fields.contains_key("left_out"));
    // Opened by its day, it is that record; another day is the series.
    assert_eq!(session.occurrence(id, "2031-05-12").unwrap().id, own);
    let plain = session.occurrence(id, "2031-05-19").unwrap();
    assert_eq!((plain.id, plain.fields["at"].clone()), (id, json!(at_here("2031-05-19T09:00"))));
    assert!(!plain.series.unwrap().own);
    assert!(session.occurrence(id, "2031-05-20").is_err());

    session.remove_occurrence(id, "2031-05-19", Which::This).unwrap();
    assert_eq!(may(session), ["05 09:00 Week", "13 11:00 Week", "26 09:00 Week"]);
    // The earlier step is taken back, though the later one stands: each day is an act of its own.
    let operations = session.operations(10).unwrap();
    session.undo(Some(operations[1].operation), &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(may(session), ["05 09:00 Week", "12 09:00 Week", "26 09:00 Week"]);
    // And the same is changed anew, under the same id.
    assert_eq!(change(session, id, "2031-05-12", Which::This, json!({"subject": "Once"})), own);
    assert_eq!(may(session), ["05 09:00 Week", "12 09:00 Once", "26 09:00 Week"]);
    undo(session);
    assert_eq!(may(session), ["05 09:00 Week", "12 09:00 Week", "26 09:00 Week"]);
    assert!(session.verify(&mut |_| {}).unwrap().ok);
}

#[test]
fn from_one_day_on_it_is_another_series() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let id = weekly(session, json!({"repeat": "every week, 6 times"}));
    session.remove_occurrence(id, "2031-05-26", Which::This).unwrap();
    let moved = change(session, id, "2031-06-02", Which::This, json!({"at": at_here("2031-06-03T09:00")}));
    let next = change(session, id, "2031-05-19", Which::Later, json!({"at": at_here("2031-05-20T10:00")}));
    let weeks = || between(session, "2031-05-01", 60);
    assert_eq!(
        weeks(),
        ["05 09:00 Week", "12 09:00 Week", "20 10:00 Week", "03 09:00 Week", "10 10:00 Week"],
        "what was left out and moved stays so, and six are six"
    );
    assert_eq!(session.get(next).unwrap().fields["repeat"], "FREQ=WEEKLY;COUNT=4");
    assert_eq!(session.get(id).unwrap().fields["repeat"], "FREQ=WEEKLY;UNTIL=20310518");
    assert_eq!(session.get(moved).unwrap().series.unwrap().id, next, "it belongs to what goes on");
    undo(session);
    assert_eq!(
        weeks(),
        ["05 09:00 Week", "12 09:00 Week", "19 09:00 Week", "03 09:00 Week", "09 09:00 Week"]
    );
    // Another rule from a day on, and from the first day on that is all of it.
    let next = change(session, id, "2031-05-12", Which::Later, json!({"repeat": "every 2 weeks"}));
    assert_eq!(between(session, "2031-05-01", 30), ["05 09:00 Week", "12 09:00 Week"]);
    assert_eq!(change(session, next, "2031-05-12", Which::Later, json!({"subject": "Two"})), next);
    undo(session);
    undo(session);
    // Taken away from a day on, with what had been moved behind it.
    session.remove_occurrence(id, "2031-05-12", Which::Later).unwrap();
    assert_eq!(weeks(), ["05 09:00 Week"]);
    undo(session);
    assert_eq!(weeks().len(), 5);
    session.remove_occurrence(id, "2031-05-05", Which::Later).unwrap();
    assert_eq!(weeks(), [""; 0]);
    undo(session);
    assert_eq!(weeks().len(), 5);
}

#[test]
fn all_times_are_changed_as_one_of_them_is() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let id = weekly(session, json!({"repeat": "every mon and wed until 2031-05-20"}));
    session.remove_occurrence(id, "2031-05-12", Which::This).unwrap();
    assert_eq!(may(session), ["05 09:00 Week", "07 09:00 Week", "14 09:00 Week", "19 09:00 Week"]);
    assert_eq!(change(session, id, "2031-05-19", Which::All, json!({"at": at_here("2031-05-20T10:30")})), id);
    assert_eq!(
        may(session),
        ["06 10:30 Week", "08 10:30 Week", "15 10:30 Week", "20 10:30 Week"],
        "Tuesdays and Thursdays, and the one that was left out is left out"
    );
    undo(session);
    change(session, id, "2031-05-14", Which::All, json!({"subject": "Sync", "minutes": 45}));
    assert_eq!(may(session)[0], "05 09:00 Sync");
    change(session, id, "2031-05-14", Which::All, json!({"repeat": null}));
    assert_eq!(may(session), ["05 09:00 Sync"], "once, and no more");
    undo(session);
    session.remove_occurrence(id, "2031-05-14", Which::All).unwrap();
    assert_eq!(may(session), [""; 0]);
    undo(session);
    assert_eq!(may(session).len(), 4);
    // The second Tuesday becomes the third Thursday.
    let monthly = weekly(
        session,
        json!({"subject": "Month", "repeat": "second tuesday of the month", "at": at_here("2032-05-11T09:00")}),
    );
    change(session, monthly, "2032-06-08", Which::All, json!({"at": at_here("2032-06-17T09:00")}));
    assert_eq!(between(session, "2032-05-01", 60), ["20 09:00 Month", "17 09:00 Month"]);
}

#[test]
fn a_day_a_customer_and_a_report_tell_of_what_comes_again() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let acme = new(session, Kind::Company, json!({"name": "Acme"}));
    let ahead = weekly(session, json!({"company": acme.to_string()}));
    // It began a year ago, and comes each day.
    let daily = new(
        session,
        Kind::Activity,
        json!({"type": "visit", "subject": "Daily", "at": "2025-05-05T08:00:00Z", "repeat": "day", "company": acme.to_string()}),
    );
    let day = |text: &str| {
        let from: Timestamp = format!("{text}T00:00:00Z").parse().unwrap();
        let from = from.as_millisecond();
        session.day(text, (from, from + 86_400_000), &Whose::Mine).unwrap().agenda
    };
    let agenda = day("2031-05-12");
    assert_eq!(agenda.iter().map(|row| row.title.as_str()).collect::<Vec<_>>(), ["Daily", "Week"]);
    assert_eq!((agenda[1].id, agenda[1].fields["occurrence"].clone()), (ahead, json!("2031-05-12")));
    // With the customer it stands once, where it comes next.
    let moments = session.timeline(acme, 50).unwrap();
    assert_eq!(moments.iter().map(|m| m.record.title.as_str()).collect::<Vec<_>>(), ["Week", "Daily"]);
    let next: Timestamp = moments[1].at.parse().unwrap();
    let away = next.duration_since(Timestamp::now()).as_secs();
    assert!((0..=86_400).contains(&away), "{next}");
    assert_eq!(moments[0].record.id, ahead);
    // A list has one line of a series.
    let page = session.list(Kind::Activity, &ListRequest { limit: 10, ..ListRequest::default() }).unwrap();
    assert_eq!(page.total, 2);
    assert!(page.rows.iter().all(|row| !row.fields.contains_key("zone") && !row.fields.contains_key("ends")));
    // Whoever arrives at it makes that time a record of its own.
    let here = session.check_in(daily, None).unwrap();
    assert_ne!(here.id, daily);
    assert!(session.get(here.id).unwrap().series.is_some());
    let page = session.list(Kind::Activity, &ListRequest { limit: 10, ..ListRequest::default() }).unwrap();
    assert_eq!(page.total, 3);
}

#[test]
fn two_laptops_change_the_same_time_and_others_and_end_alike() {
    let devices = team(&[("Bo", satchel_app::Role::Member)]);
    let (ana, bo) = (devices[0].session(), devices[1].session());
    let id = weekly(ana, json!({}));
    agree(&devices);
    // The same time, another field each.
    let own = change(ana, id, "2031-05-12", Which::This, json!({"place": "Porto"}));
    assert_eq!(change(bo, id, "2031-05-12", Which::This, json!({"at": at_here("2031-05-12T15:00")})), own);
    // And others, each for itself.
    ana.remove_occurrence(id, "2031-05-19", Which::This).unwrap();
    bo.remove_occurrence(id, "2031-05-26", Which::This).unwrap();
    agree(&devices);
    for device in &devices {
        let session = device.session();
        assert_eq!(
            may(session),
            ["05 09:00 Week", "12 15:00 Week"],
            "both days are left out, the hour is Bo's"
        );
        assert_eq!(session.get(own).unwrap().fields["place"], "Porto");
        assert!(session.verify(&mut |_| {}).unwrap().ok);
    }
    // Both split it on the same day: there is one that goes on.
    let next = change(ana, id, "2031-06-02", Which::Later, json!({"subject": "New"}));
    assert_eq!(change(bo, id, "2031-06-02", Which::Later, json!({"minutes": 60})), next);
    agree(&devices);
    for device in &devices {
        assert_eq!(between(device.session(), "2031-06-01", 7), ["02 09:00 New"]);
    }
}

#[test]
fn its_hour_is_that_of_where_it_was_made() {
    let cli = Cli::new();
    let run = |zone: &str, args: &[&str]| -> Value {
        let answer = cli.command(&[&["--json"], args].concat()).env("TZ", zone).output().unwrap();
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        serde_json::from_slice(&answer.stdout).unwrap()
    };
    let made = |zone: &str, subject: &str, at: &str| {
        run(
            zone,
            &[
                "new",
                "activity",
                "type=meeting",
                &format!("subject={subject}"),
                &format!("at={at}"),
                "repeat=every week",
            ],
        );
    };
    // At nine there, some weeks before clocks are put forward in Madrid.
    made("Europe/Madrid", "Madrid", "2026-03-09T08:00:00Z");
    made("Asia/Shanghai", "Shanghai", "2026-03-09T01:00:00Z");
    let hours = |zone: &str, from: &str, days: &str| -> Vec<String> {
        let view = run(zone, &["calendar", "--from", from, "--days", days]);
        let said = view["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| format!("{} {}", item["title"].as_str().unwrap(), item["at"].as_str().unwrap()));
        said.collect()
    };
    for zone in ["UTC", "Europe/Madrid", "America/New_York"] {
        assert_eq!(
            hours(zone, "2026-03-22", "10"),
            [
                "Shanghai 2026-03-23T01:00:00Z",
                "Madrid 2026-03-23T08:00:00Z",
                "Shanghai 2026-03-30T01:00:00Z",
                "Madrid 2026-03-30T07:00:00Z"
            ],
            "the moments are the same wherever one looks from: {zone}"
        );
    }
}

fn export(cli: &Cli, name: &str) -> String {
    let file = cli.dir.path().join(name);
    cli.json(&["export", "activity", "--format", "ics", "--out", file.to_str().unwrap()]);
    let text = std::fs::read_to_string(file).unwrap();
    text.replace("\r\n ", "")
}

/// What the calendar says of some days, by the clock of Greenwich.
fn stands(cli: &Cli, from: &str, days: &str) -> Vec<String> {
    let view = cli.json(&["calendar", "--from", from, "--days", days]);
    let said = view["items"].as_array().unwrap().iter().map(|item| {
        format!("{} {} {}", item["at"].as_str().unwrap(), item["minutes"], item["title"].as_str().unwrap())
    });
    said.collect()
}

/// Records that an import has made.
fn made(report: &Value) -> u64 {
    report["created"].as_object().unwrap().values().filter_map(Value::as_u64).sum()
}

/// As Google, Outlook and Apple write them: the changed time before its series, zones by three kinds of names, days left
/// out by Greenwich and by the clock, a cancelled time, whole days, and rules that nothing here can say.
const CALENDARS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\r\n\
    BEGIN:VEVENT\r\nUID:week@google.com\r\nRECURRENCE-ID;TZID=Europe/Madrid:20310519T090000\r\n\
    DTSTART;TZID=Europe/Madrid:20310520T110000\r\nDTEND;TZID=Europe/Madrid:20310520T120000\r\nSUMMARY:Week moved\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:week@google.com\r\nDTSTART;TZID=Europe/Madrid:20310505T090000\r\nDTEND;TZID=Europe/Madrid:20310505T093000\r\n\
    RRULE:FREQ=WEEKLY;COUNT=5\r\nEXDATE;TZID=Europe/Madrid:20310512T090000\r\nSUMMARY:Week\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:040000008200E00074C5B7101A82E008\r\nDTSTART;TZID=\"W. Europe Standard Time\":20310513T140000\r\nDURATION:PT1H\r\n\
    RRULE:FREQ=MONTHLY;UNTIL=20310710T120000Z;BYDAY=TU;BYSETPOS=2\r\nSUMMARY:Outlook\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:040000008200E00074C5B7101A82E008\r\nRECURRENCE-ID:20310610T120000Z\r\nDTSTART:20310610T120000Z\r\nDURATION:PT1H\r\n\
    STATUS:CANCELLED\r\nSUMMARY:Outlook\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:apple@icloud.com\r\nDTSTART;TZID=Asia/Shanghai:20310505T083000\r\nDTEND;TZID=Asia/Shanghai:20310505T084500\r\n\
    RRULE:FREQ=DAILY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR;UNTIL=20310507T155959Z\r\nSUMMARY:Apple\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:odd@x\r\nDTSTART:20310529T090000Z\r\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1TH\r\nSUMMARY:Odd\r\nEND:VEVENT\r\n\
    END:VCALENDAR\r\n";

const STAND: [&str; 9] = [
    "2031-05-05T00:30:00Z 15 Apple",
    "2031-05-05T07:00:00Z 30 Week",
    "2031-05-06T00:30:00Z 15 Apple",
    "2031-05-07T00:30:00Z 15 Apple",
    "2031-05-13T12:00:00Z 60 Outlook",
    "2031-05-20T09:00:00Z 60 Week moved",
    "2031-05-26T07:00:00Z 30 Week",
    "2031-05-29T09:00:00Z 0 Odd",
    "2031-06-02T07:00:00Z 30 Week",
];

#[test]
fn calendars_of_others_come_in_and_go_out_with_what_comes_again() {
    let cli = Cli::new();
    let file = cli.dir.path().join("others.ics");
    std::fs::write(&file, CALENDARS).unwrap();
    let report = cli.json(&["import", file.to_str().unwrap()]);
    assert_eq!(made(&report), 5, "{report}");
    assert_eq!(stands(&cli, "2031-05-01", "60"), STAND);
    assert_eq!(stands(&cli, "2031-07-01", "30"), ["2031-07-08T12:00:00Z 60 Outlook"]);
    let said = report.to_string();
    assert!(said.contains("it comes again in a way that cannot be kept"), "{report}");
    // The changed time knows its series, though it stands before it in the file.
    let moved = cli.json(&["list", "activity", "--where", "subject = 'Week moved'"])["rows"][0]["id"].clone();
    let moved = cli.json(&["get", moved.as_str().unwrap()]);
    assert_eq!(
        (moved["series"]["title"].clone(), moved["series"]["day"].clone()),
        (json!("Week"), json!("2031-05-19"))
    );
    // The same file again changes nothing.
    let again = cli.json(&["import", file.to_str().unwrap()]);
    assert_eq!((made(&again), again["updated"].clone()), (0, json!(0)), "{again}");

    // Out, as other calendars take it.
    let text = export(&cli, "out.ics");
    for wanted in [
        "BEGIN:VTIMEZONE\r\nTZID:Europe/Madrid\r\n",
        "DTSTART;TZID=Europe/Madrid:20310505T090000\r\nRRULE:FREQ=WEEKLY;COUNT=5\r\nEXDATE;TZID=Europe/Madrid:20310512T090000\r\n",
        "RECURRENCE-ID;TZID=Europe/Madrid:20310519T090000\r\n",
        "DTSTART;TZID=Europe/Berlin:20310513T140000\r\nRRULE:FREQ=MONTHLY;BYDAY=2TU;UNTIL=20310710T215959Z\r\nEXDATE;TZID=Europe/Berlin:20310610T140000\r\n",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20310507T155959Z\r\n",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    assert_eq!(text.matches("TZID:Europe/Madrid").count(), 1, "a zone is told once");
    // Into the vault of somebody else, it is the same; and into this one, nothing new.
    let other = Cli::new();
    let out = cli.dir.path().join("out.ics");
    other.json(&["import", out.to_str().unwrap()]);
    assert_eq!(stands(&other, "2031-05-01", "60"), STAND);
    let again = cli.json(&["import", out.to_str().unwrap()]);
    assert_eq!(made(&again), 0, "{again}");
    assert_eq!(stands(&cli, "2031-05-01", "60"), STAND);
    // As data it is as whole.
    let (data, third) = (cli.dir.path().join("out.json"), Cli::new());
    cli.json(&["export", "activity", "--format", "json", "--out", data.to_str().unwrap()]);
    third.json(&["import", data.to_str().unwrap()]);
    assert_eq!(stands(&third, "2031-05-01", "60"), STAND);
}

#[test]
fn the_command_line_changes_and_takes_away_times() {
    let cli = Cli::new();
    let id = cli.json(&[
        "new",
        "activity",
        "type=meeting",
        "subject=Week",
        "at=2031-05-05T09:00:00Z",
        "repeat=每周",
    ]);
    let id = id["id"].as_str().unwrap();
    assert_eq!(stands(&cli, "2031-05-05", "14").len(), 2);
    let view = cli.json(&["occurrence", id, "2031-05-12"]);
    assert_eq!(
        (view["fields"]["at"].clone(), view["series"]["own"].clone()),
        (json!("2031-05-12T09:00:00Z"), json!(false))
    );
    cli.json(&["occurrence", id, "2031-05-12", "subject=Once"]);
    cli.json(&["occurrence", id, "2031-05-19", "--remove"]);
    cli.json(&["occurrence", id, "2031-05-26", "minutes=45", "--later"]);
    assert_eq!(
        stands(&cli, "2031-05-05", "28"),
        ["2031-05-05T09:00:00Z 0 Week", "2031-05-12T09:00:00Z 0 Once", "2031-05-26T09:00:00Z 45 Week"]
    );
    cli.json(&["undo"]);
    cli.json(&["occurrence", id, "2031-05-26", "--remove", "--all"]);
    assert_eq!(
        stands(&cli, "2031-05-05", "28"),
        [""; 0] as [&str; 0],
        "what was changed and is still to come goes too"
    );
}
