//! Reminders: told once, by the clock of wherever one is, of what is open and one's own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use jiff::{Timestamp, tz::TimeZone};
use satchel_app::{
    Cancel, Keyring, Passphrase, Role, Session, Settings, Told, Unlock,
    domain::{Kind, RecordId},
};
use satchel_tests::{
    Laptop, PASSPHRASE,
    cli::Cli,
    team::{Device, agree, fields, team},
};
use serde_json::{Value, json};

fn new(session: &Session, kind: Kind, input: Value) -> RecordId {
    session.create(kind, &fields(input)).unwrap().id
}

fn task(session: &Session, subject: &str, due: &str, more: Value) -> RecordId {
    let mut input = json!({"subject": subject, "due": due});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    new(session, Kind::Task, input)
}

fn look(session: &Session, at: &str, zone: &str) -> Told {
    let at: Timestamp = at.parse().unwrap();
    session.remind(at, &TimeZone::get(zone).unwrap()).unwrap()
}

/// What is told of at a moment, in Madrid.
fn told(session: &Session, at: &str) -> Vec<String> {
    look(session, at, "Europe/Madrid").now.into_iter().map(|one| one.title).collect()
}

#[test]
fn a_day_with_reminders() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let acme = new(session, Kind::Company, json!({"name": "Acme"}));
    task(session, "usual", "2031-05-16", json!({"company": acme.to_string()}));
    task(session, "with an hour", "2031-05-16", json!({"due_time": "11:00"}));
    task(session, "before", "2031-05-16", json!({"due_time": "12:00", "remind": "10 minutes before"}));
    task(session, "never", "2031-05-16", json!({"remind": "never"}));
    task(session, "the day before", "2031-05-17", json!({"remind": "1d 18:00"}));
    task(session, "far", "2031-06-20", json!({"remind": "60d"}));
    new(session, Kind::Task, json!({"subject": "without a day", "remind": "2031-05-16 13:00"}));
    let meeting = json!({"type": "meeting", "subject": "meeting", "at": "2031-05-16T12:00:00Z"});
    new(session, Kind::Activity, meeting.clone());
    let asked = json!({"type": "meeting", "subject": "asked", "at": "2031-05-16T12:00:00Z", "remind": "30m"});
    new(session, Kind::Activity, asked);
    let other = task(session, "of Bo", "2031-05-16", json!({"owner": "Bo"}));
    let done = task(session, "done", "2031-05-16", json!({}));
    let gone = task(session, "gone", "2031-05-16", json!({}));
    session.finish_task(done, "", "2031-05-16").unwrap();
    session.delete(&[gone], &mut |_| {}, &Cancel::default()).unwrap();
    let first = look(session, "2031-05-16T06:00:00Z", "Europe/Madrid");
    assert!(first.now.is_empty(), "the first look tells of nothing that was before");
    // Madrid is two hours ahead of Greenwich.
    assert_eq!(first.next[0].to_string(), "2031-05-16T07:00:00Z");
    assert!(told(session, "2031-05-16T06:59:59Z").is_empty());
    let usual = look(session, "2031-05-16T07:00:00Z", "Europe/Madrid");
    assert_eq!((usual.now.len(), usual.away), (1, false));
    assert_eq!((usual.now[0].title.as_str(), usual.now[0].with.as_str()), ("usual", "Acme"));
    assert!(told(session, "2031-05-16T07:00:30Z").is_empty(), "once");
    assert_eq!(told(session, "2031-05-16T09:00:10Z"), ["with an hour"]);
    assert_eq!(told(session, "2031-05-16T09:50:00Z"), ["before"]);
    // Asleep until the evening.
    let evening = look(session, "2031-05-16T16:30:00Z", "Europe/Madrid");
    let titles: Vec<&str> = evening.now.iter().map(|one| one.title.as_str()).collect();
    assert_eq!(titles, ["without a day", "asked", "the day before"]);
    assert!(evening.away);
    // It comes to her, and its hour is over: the day shows it.
    session.set(other, &fields(json!({"owner": "Ana"}))).unwrap();
    assert!(told(session, "2031-05-16T16:31:00Z").is_empty());
    // Moved, it is another one.
    session.set(other, &fields(json!({"due_time": "20:00"}))).unwrap();
    assert_eq!(told(session, "2031-05-16T18:00:00Z"), ["of Bo"]);
}

#[test]
fn what_was_told_is_known_after_a_restart_and_what_came_meanwhile_is_told() {
    let Laptop { dir: _dir, satchel, session, .. } = Laptop::new();
    for (subject, hour) in
        [("first", "10:00"), ("second", "11:00"), ("finished", "12:00"), ("third", "13:00")]
    {
        task(&session, subject, "2031-05-16", json!({"due_time": hour}));
    }
    assert!(told(&session, "2031-05-16T06:00:00Z").is_empty());
    assert_eq!(told(&session, "2031-05-16T08:00:00Z"), ["first"]);
    let request = satchel_app::ListRequest { filter: "subject = 'finished'".into(), ..Default::default() };
    let finished = session.list(Kind::Task, &request).unwrap().rows[0].id;
    session.finish_task(finished, "", "2031-05-16").unwrap();
    drop(session);
    satchel.lock();
    let open = || satchel.unlock(Unlock::Passphrase(Passphrase::new(PASSPHRASE).unwrap()), Keyring::Off);
    let session = open().unwrap();
    let back = look(&session, "2031-05-16T15:00:00Z", "Europe/Madrid");
    let titles: Vec<&str> = back.now.iter().map(|one| one.title.as_str()).collect();
    assert_eq!((titles, back.away), (vec!["second", "third"], true));
    assert!(told(&session, "2031-05-16T15:01:00Z").is_empty());
}

#[test]
fn journeys_and_clocks_tell_of_nothing_twice() {
    let device = Device::new("Ana", None);
    let session = device.session();
    task(session, "breakfast", "2031-05-16", json!({"due_time": "09:00"}));
    task(session, "dinner", "2031-05-16", json!({"due_time": "20:00"}));
    let titles = |told: Told| told.now.into_iter().map(|one| one.title).collect::<Vec<_>>();
    assert!(titles(look(session, "2031-05-16T06:30:00Z", "Europe/Madrid")).is_empty());
    // In Shanghai it is 14:31 at that moment.
    assert_eq!(titles(look(session, "2031-05-16T06:31:00Z", "Asia/Shanghai")), ["breakfast"]);
    assert_eq!(titles(look(session, "2031-05-16T12:00:00Z", "Asia/Shanghai")), ["dinner"]);
    // And back: 09:00 and 20:00 come again.
    for at in ["2031-05-16T12:01:00Z", "2031-05-16T13:00:00Z", "2031-05-17T00:30:00Z"] {
        assert!(titles(look(session, at, "America/New_York")).is_empty(), "{at}");
    }
}

#[test]
fn a_task_that_comes_again_is_told_of_again_and_switched_off_nothing_is() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let daily = task(session, "report", "2031-05-16", json!({"repeat": "day", "remind": "08:00"}));
    assert!(told(session, "2031-05-16T05:00:00Z").is_empty());
    assert_eq!(told(session, "2031-05-16T06:00:00Z"), ["report"]);
    session.finish_task(daily, "", "2031-05-16").unwrap();
    assert!(told(session, "2031-05-16T20:00:00Z").is_empty());
    assert_eq!(told(session, "2031-05-17T06:00:00Z"), ["report"], "the next one has its reminder, too");
    let mut settings: Settings = session.settings().unwrap();
    settings.reminders.on = false;
    session.set_settings(&settings).unwrap();
    task(session, "off", "2031-05-18", json!({"due_time": "09:00"}));
    assert!(told(session, "2031-05-18T08:00:00Z").is_empty());
    settings.reminders.on = true;
    settings.reminders.at = String::new();
    session.set_settings(&settings).unwrap();
    task(session, "says nothing", "2031-05-18", json!({"due_time": "12:00"}));
    task(session, "asks", "2031-05-18", json!({"due_time": "12:00", "remind": "0m"}));
    assert_eq!(told(session, "2031-05-18T10:00:00Z"), ["asks"]);
    settings.reminders.at = "25:00".into();
    assert!(session.set_settings(&settings).is_err());
}

#[test]
fn each_device_tells_of_its_own_persons() {
    let devices = team(&[("Bo", Role::Member)]);
    task(devices[0].session(), "for Bo", "2031-05-16", json!({"owner": "Bo", "due_time": "10:00"}));
    agree(&devices);
    let (ana, bo) = (&devices[0], &devices[1]);
    for device in [ana, bo] {
        assert!(told(device.session(), "2031-05-16T05:00:00Z").is_empty());
    }
    assert!(told(ana.session(), "2031-05-16T08:00:00Z").is_empty());
    assert_eq!(told(bo.session(), "2031-05-16T08:00:00Z"), ["for Bo"]);
}

#[test]
fn the_command_line_says_what_is_due_and_what_comes() {
    let cli = Cli::new();
    for (subject, due, more) in [
        ("subject=late", "due=2031-05-15", "due_time=16:00"),
        ("subject=now", "due=2031-05-16", "remind=8:00"),
        ("subject=soon", "due=2031-05-16", "remind=提前10分钟"),
        ("subject=never", "due=2031-05-16", "remind=never"),
    ] {
        cli.json(&["new", "task", subject, due, more]);
    }
    let view = cli.json(&["reminders", "--at", "2031-05-16T08:30"]);
    let titles = |key: &str| -> Vec<String> {
        let all = view[key].as_array().unwrap().iter();
        all.map(|one| format!("{} {}", one["at"].as_str().unwrap(), one["title"].as_str().unwrap())).collect()
    };
    assert_eq!(titles("due"), ["2031-05-15T16:00 late", "2031-05-16T08:00 now"]);
    assert_eq!(titles("next"), ["2031-05-16T08:50 soon"]);
    assert_eq!(cli.json(&["reminders", "--at", "2031-05-16T08:30"]), view, "asking takes nothing down");
    assert_eq!(cli.refuse(&["reminders", "--at", "soon"]).0, 2);
    for bad in ["remind=soon", "remind=99d", "remind=10 apples before"] {
        let (code, error) = cli.refuse(&["new", "task", "subject=x", bad]);
        assert_eq!((code, &error["field"]), (4, &json!("remind")), "{error}");
        assert!(error["message"].as_str().unwrap().contains("write 10m"), "{error}");
    }
}

#[test]
fn a_meeting_that_comes_again_is_told_of_each_time() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let weekly = json!({"type": "meeting", "subject": "daily", "at": "2031-05-05T07:00:00Z", "remind": "10m", "repeat": "day"});
    let id = new(session, Kind::Activity, weekly);
    let first = look(session, "2031-05-05T06:00:00Z", "Europe/Madrid");
    assert_eq!(first.next[0].to_string(), "2031-05-05T06:50:00Z");
    assert!(told(session, "2031-05-05T06:49:00Z").is_empty());
    let one = look(session, "2031-05-05T06:50:00Z", "Europe/Madrid");
    assert_eq!((one.now.len(), one.now[0].occurrence.as_deref()), (1, Some("2031-05-05")));
    assert!(told(session, "2031-05-05T06:51:00Z").is_empty(), "once");
    assert_eq!(told(session, "2031-05-06T06:50:00Z"), ["daily"], "and the next day");
    // Asleep over several of them: it is told of once, the last.
    let away = look(session, "2031-05-09T08:00:00Z", "Europe/Madrid");
    assert_eq!((away.now.len(), away.now[0].occurrence.as_deref(), away.away), (1, Some("2031-05-09"), true));
    // A clock that is set back by some days tells of none of them again.
    assert!(told(session, "2031-05-06T06:00:00Z").is_empty());
    assert!(told(session, "2031-05-08T06:55:00Z").is_empty());
    // One time that is left out, and one that has another hour.
    session.remove_occurrence(id, "2031-05-10", satchel_app::Which::This).unwrap();
    session
        .change_occurrence(
            id,
            "2031-05-11",
            satchel_app::Which::This,
            &fields(json!({"at": "2031-05-11T09:00:00Z"})),
        )
        .unwrap();
    assert!(told(session, "2031-05-10T07:00:00Z").is_empty());
    assert!(told(session, "2031-05-11T07:00:00Z").is_empty());
    assert_eq!(told(session, "2031-05-11T08:50:00Z"), ["daily"]);
    let view = session.reminders("2031-05-11T09:00:00Z".parse().unwrap(), &TimeZone::UTC).unwrap();
    assert!(view.due.iter().filter(|one| one.occurrence.is_some()).count() <= 1, "{:?}", view.due);
}
