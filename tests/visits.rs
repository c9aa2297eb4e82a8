//! A day of visits: their order, who is on the way, and «I am here».

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use satchel_app::{
    Cancel, CheckOut, Session, VisitsRequest,
    domain::{Kind, RecordId, place::How},
    views::{Lacks, StopView, VisitsView, WhySeen},
};
use satchel_tests::{
    cli::Cli,
    team::{Device, agree, fields, team},
};
use serde_json::{Value, json};

const DAY: &str = "2031-05-16";

fn new(session: &Session, kind: Kind, input: Value) -> RecordId {
    session.create(kind, &fields(input)).unwrap().id
}

fn company(session: &Session, name: &str, more: Value) -> RecordId {
    let mut input = json!({"name": name});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    new(session, Kind::Company, input)
}

fn task(session: &Session, company: RecordId, more: Value) -> RecordId {
    let name = session.get(company).unwrap().title;
    let mut input = json!({"subject": format!("see {name}"), "due": DAY, "company": company.to_string()});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    new(session, Kind::Task, input)
}

fn asked() -> VisitsRequest {
    VisitsRequest::of_day(Some(DAY)).unwrap()
}

fn from(place: &str) -> VisitsRequest {
    VisitsRequest { from: Some(place.into()), ..asked() }
}

fn titles(stops: &[StopView]) -> Vec<&str> {
    stops.iter().map(|stop| stop.title.as_str()).collect()
}

fn hours(view: &VisitsView) -> Vec<&str> {
    view.stops.iter().map(|stop| stop.arrives.as_deref().unwrap_or_default()).collect()
}

fn field(session: &Session, id: RecordId, key: &str) -> Value {
    session.get(id).unwrap().fields.get(key).cloned().unwrap_or_default()
}

/// Along the coast, from north to south.
const PLACES: [(&str, &str); 4] = [
    ("Viana", "41.69, -8.83"),
    ("Porto", "41.15, -8.61"),
    ("Aveiro", "40.64, -8.65"),
    ("Lisboa", "38.72, -9.14"),
];

#[test]
fn stops_are_put_in_order_and_the_plan_is_one_step() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let places = PLACES.map(|(name, at)| company(session, name, json!({"location": at})));
    let tasks = [2, 0, 3, 1].map(|n: usize| task(session, places[n], json!({})));
    let view = session.visits(&from("41.70, -8.80")).unwrap();
    assert_eq!(titles(&view.stops), ["see Viana", "see Porto", "see Aveiro", "see Lisboa"]);
    assert!((330.0..350.0).contains(&view.kilometres), "{}", view.kilometres);
    assert_eq!(view.stops[0].arrives.as_deref(), Some("09:10"));
    let back = session.visits(&from("38.7, -9.1")).unwrap();
    assert_eq!(titles(&back.stops), ["see Lisboa", "see Aveiro", "see Porto", "see Viana"]);

    // Somebody's own order, and the hours that it comes to.
    let own = VisitsRequest { order: vec![tasks[0], tasks[1], tasks[3]], ..from("41.70, -8.80") };
    let view = session.visits(&own).unwrap();
    assert_eq!(titles(&view.stops)[..2], ["see Aveiro", "see Viana"]);
    let written = session.plan_visits(&own, "Visit {}").unwrap();
    for stop in &view.stops {
        assert_eq!(field(session, stop.id, "due_time"), stop.arrives.clone().unwrap(), "{}", stop.title);
    }
    // What is saved stays so until it is asked to be shorter.
    let again = session.visits(&from("41.70, -8.80")).unwrap();
    assert_eq!((titles(&again.stops), hours(&again)), (titles(&view.stops), hours(&view)));
    let shorter = session.visits(&VisitsRequest { again: true, ..from("41.70, -8.80") }).unwrap();
    assert_eq!(titles(&shorter.stops)[0], "see Viana");
    session.undo(written.operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert!(tasks.iter().all(|task| field(session, *task, "due_time").is_null()));
}

#[test]
fn a_saved_plan_leaves_what_is_agreed_where_it_is() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let [porto, lisboa] =
        [1, 3].map(|n: usize| company(session, PLACES[n].0, json!({"location": PLACES[n].1})));
    let agreed = task(session, lisboa, json!({"due_time": "09:30"}));
    let free = task(session, porto, json!({}));
    let view = session.visits(&from("41.15, -8.61")).unwrap();
    let late = view.stops.iter().find(|stop| stop.id == agreed).unwrap();
    assert!(late.fixed && late.late > 0 && late.arrives.as_deref() != Some("09:30"), "{late:?}");
    session.plan_visits(&from("41.15, -8.61"), "Visit {}").unwrap();
    assert_eq!(field(session, agreed, "due_time"), "09:30");
    assert!(field(session, free, "due_time").is_string());
}

#[test]
fn what_is_agreed_stays_and_what_has_no_place_stands_apart() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let north = company(session, "North", json!({"location": "41.20, -8.60"}));
    let south = company(session, "South", json!({"location": "41.10, -8.60"}));
    let zoe = new(session, Kind::Person, json!({"first_name": "Zoe", "company": south.to_string()}));
    let at = |hour: i8| {
        let noon = jiff::civil::date(2031, 5, 16).at(hour, 0, 0, 0);
        noon.to_zoned_datetime(jiff::tz::TimeZone::system()).unwrap().timestamp().to_string()
    };
    let meeting =
        json!({"type": "meeting", "subject": "demo", "at": at(11), "minutes": 60, "person": zoe.to_string()});
    new(session, Kind::Activity, meeting);
    new(session, Kind::Activity, json!({"type": "call", "subject": "a call", "at": at(10)}));
    new(
        session,
        Kind::Activity,
        json!({"type": "visit", "subject": "of Bo", "at": at(10), "owner": "Bo", "company": north.to_string()}),
    );
    task(session, north, json!({}));
    task(session, north, json!({"owner": "Bo"}));
    new(session, Kind::Task, json!({"subject": "write", "due": DAY}));
    let nowhere = company(session, "Nowhere", json!({}));
    task(session, nowhere, json!({}));
    let lonely =
        company(session, "Lonely", json!({"addresses": [{"street": "1 Main St", "city": "Ghost Town"}]}));
    task(session, lonely, json!({}));
    new(session, Kind::Activity, json!({"type": "visit", "subject": "nobody", "at": at(15)}));
    let over = new(
        session,
        Kind::Activity,
        json!({"type": "visit", "subject": "over", "at": at(9), "company": north.to_string()}),
    );
    session.set(over, &fields(json!({"arrived_at": at(9), "left_at": at(10)}))).unwrap();
    let view = session.visits(&from("41.20, -8.60")).unwrap();
    assert_eq!(titles(&view.stops), ["see North", "demo"]);
    assert_eq!((view.stops[1].arrives.as_deref(), view.stops[1].fixed), (Some("11:00"), true));
    let demo = &view.stops[1];
    let known = (demo.with.as_str(), demo.place.as_deref(), demo.how);
    assert_eq!(
        known,
        ("Zoe", Some("41.1, -8.6"), Some(How::Own)),
        "who has no place of his own is at the firm"
    );
    let lacks: Vec<(&str, Option<Lacks>)> =
        view.unplaced.iter().map(|s| (s.title.as_str(), s.lacks)).collect();
    assert_eq!(
        lacks,
        [
            ("nobody", Some(Lacks::Whom)),
            ("see Nowhere", Some(Lacks::Address)),
            ("see Lonely", Some(Lacks::Place))
        ]
    );
    for bad in ["here", "91, 0", "41.2"] {
        assert_eq!(session.visits(&from(bad)).unwrap_err().field.as_deref(), Some("from"), "{bad}");
    }
    assert!(session.visits(&VisitsRequest { day: "soon".into(), ..asked() }).is_err());
    assert!(session.visits(&VisitsRequest { starts: Some("25:00".into()), ..asked() }).is_err());
}

#[test]
fn a_place_is_guessed_from_neighbours() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let at = |code: &str, city: &str| json!([{"postal_code": code, "city": city, "country": "Portugal"}]);
    for (name, code, place) in [
        ("A", "4000-123", "41.10, -8.60"),
        ("B", "4000-123", "41.20, -8.60"),
        ("C", "4050-001", "41.30, -8.70"),
    ] {
        company(session, name, json!({"addresses": at(code, "Porto"), "location": place}));
    }
    let guessed = |code: &str, city: &str| {
        let firm = company(session, "Guess", json!({"addresses": at(code, city)}));
        let stop = task(session, firm, json!({}));
        let view = session.visits(&asked()).unwrap();
        session.delete(&[stop], &mut |_| {}, &Cancel::default()).unwrap();
        let all = view.stops.into_iter().chain(view.unplaced);
        all.map(|s| (s.place.unwrap_or_default(), s.how)).next().unwrap()
    };
    assert_eq!(guessed("4000 123", ""), ("41.15, -8.6".into(), Some(How::PostalCode)));
    assert_eq!(guessed("9999", "porto"), ("41.2, -8.63333".into(), Some(How::Town)));
    assert_eq!(guessed("4051", ""), ("41.3, -8.7".into(), Some(How::Area)));
    assert_eq!(guessed("9999", "Braga"), (String::new(), None));
    // Of another country it is another town.
    let spain = json!({"addresses": [{"city": "Porto", "country": "Spain"}]});
    let firm = company(session, "Elsewhere", spain);
    task(session, firm, json!({}));
    assert_eq!(session.visits(&asked()).unwrap().unplaced.len(), 1);
}

#[test]
fn who_is_on_the_way_is_offered_with_why() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let near = |name: &str, at: &str| company(session, name, json!({"location": at}));
    let stop = near("Stop", "41.15, -8.60");
    task(session, stop, json!({}));
    let deal = near("Deal", "41.16, -8.60");
    new(session, Kind::Deal, json!({"name": "Pump", "company": deal.to_string()}));
    near("Never", "41.17, -8.60");
    let fresh = near("Fresh", "41.155, -8.60");
    let visit = |whom: RecordId, at: &str| {
        new(session, Kind::Activity, json!({"type": "visit", "company": whom.to_string(), "at": at}));
    };
    // Up to now, whenever that is: what is planned counts for nothing.
    let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    visit(fresh, &yesterday.to_string());
    near("Far", "42.5, -8.60");
    company(session, "Of Bo", json!({"location": "41.15, -8.61", "owner": "Bo"}));
    let late = near("Late", "30, 30");
    let overdue = task(session, late, json!({"due": "2031-05-09"}));
    let soon = VisitsRequest::of_day(None).unwrap();
    let view = session.visits(&asked()).unwrap();
    assert_eq!(
        titles(&view.suggested),
        ["see Late", "Deal", "Fresh", "Never"],
        "in four years even Fresh is not"
    );
    assert_eq!(view.suggested[1].reasons, [WhySeen::OpenDeal, WhySeen::LongAgo]);
    assert_eq!(view.suggested[0].reasons, [WhySeen::FollowUp]);
    // Today it is.
    session.set(overdue, &fields(json!({"due": soon.day}))).unwrap();
    let view = session.visits(&VisitsRequest { from: Some("41.15, -8.60".into()), ..soon }).unwrap();
    assert_eq!(titles(&view.suggested), ["Deal", "Stop", "Never"]);
    session.set(overdue, &fields(json!({"due": "2031-05-09"}))).unwrap();

    // Taken along: a task of its own, and the overdue one on that day.
    let with = VisitsRequest { added: vec![deal, overdue], ..asked() };
    let view = session.visits(&with).unwrap();
    assert_eq!(view.stops.len(), 3);
    assert!(!titles(&view.suggested).contains(&"Deal"));
    let written = session.plan_visits(&with, "Visit {}").unwrap();
    let made = session.get(written.id).unwrap();
    assert_eq!((made.title.as_str(), &made.fields["due"]), ("Visit Deal", &json!(DAY)));
    assert_eq!(made.fields["company"], json!(deal.to_string()));
    assert_eq!(field(session, overdue, "due"), DAY);
    session.undo(written.operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(field(session, overdue, "due"), "2031-05-09");
    assert!(session.get(written.id).unwrap().deleted_at.is_some());
}

#[test]
fn i_am_here_and_what_came_of_it() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let acme = company(session, "Acme", json!({"location": "41.15, -8.6"}));
    let zoe = new(session, Kind::Person, json!({"first_name": "Zoe", "company": acme.to_string()}));
    assert_eq!(session.here().unwrap(), None);
    let visit = session.check_in(zoe, None).unwrap();
    let now = session.get(visit.id).unwrap();
    assert_eq!((&now.fields["type"], &now.fields["place"]), (&json!("visit"), &json!("41.15, -8.6")));
    assert_eq!(
        (&now.fields["person"], &now.fields["company"]),
        (&json!(zoe.to_string()), &json!(acme.to_string()))
    );
    assert_eq!(session.here().unwrap().unwrap().id, visit.id);
    let twice = session.check_in(acme, None).unwrap_err();
    assert!(twice.message.contains("still at «Acme»"), "{}", twice.message);
    let arrived = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(50);
    session.set(visit.id, &fields(json!({"arrived_at": arrived.to_string()}))).unwrap();
    let out = CheckOut {
        text: "Wants it in blue".into(),
        outcome: "order".into(),
        next: "send the offer fri 10".into(),
        today: "2026-11-27".into(),
        task: None,
    };
    let left = session.check_out(visit.id, &out).unwrap();
    let over = session.get(visit.id).unwrap();
    assert_eq!((&over.fields["minutes"], &over.fields["outcome"]), (&json!(50), &json!("order")));
    assert_eq!(session.here().unwrap(), None);
    let next = |session: &Session| {
        let request = satchel_app::ListRequest { filter: "done_at is empty".into(), ..Default::default() };
        session.list(Kind::Task, &request).unwrap().rows.into_iter().map(|t| t.title).collect::<Vec<_>>()
    };
    assert_eq!(next(session), ["send the offer"]);
    assert_eq!(session.check_out(visit.id, &out).unwrap().operation, None, "once");
    session.undo(left.operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert!(next(session).is_empty() && session.here().unwrap().is_some(), "still there");
    // Forgotten for days: nobody knows how long it was.
    session.set(visit.id, &fields(json!({"arrived_at": "2020-01-01T10:00:00Z"}))).unwrap();
    session.check_out(visit.id, &CheckOut { next: String::new(), ..out.clone() }).unwrap();
    assert!(field(session, visit.id, "minutes").is_null());

    // From a task, which is done with it and comes again; from a planned meeting, which it becomes.
    let task = task(session, acme, json!({"repeat": "week"}));
    let visit = session.check_in(task, Some("at the fair")).unwrap().id;
    assert_eq!(field(session, visit, "place"), "at the fair");
    session
        .check_out(visit, &CheckOut { task: Some(task), today: DAY.into(), ..CheckOut::default() })
        .unwrap();
    assert!(field(session, task, "done_at").is_string());
    assert_eq!(next(session), ["see Acme"]);
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    let plan =
        json!({"type": "visit", "subject": "demo", "at": tomorrow.to_string(), "company": acme.to_string()});
    let planned = new(session, Kind::Activity, plan);
    assert_eq!(session.check_in(planned, None).unwrap().id, planned);
    session.set(planned, &fields(json!({"text": "Bring samples"}))).unwrap();
    let said = CheckOut { text: "They liked them".into(), today: DAY.into(), ..CheckOut::default() };
    session.check_out(planned, &said).unwrap();
    assert_eq!(field(session, planned, "text"), "Bring samples\nThey liked them");
    assert!(session.check_in(planned, None).is_err(), "it is over");
    // A meeting of nobody becomes one's own; that of somebody else stays his.
    for (owner, is_taken) in [("", true), ("Bo", false)] {
        let more = json!({"type": "meeting", "subject": "fair", "at": tomorrow.to_string(), "company": acme.to_string()});
        let meeting = new(session, Kind::Activity, more);
        session.set(meeting, &fields(json!({"owner": owner}))).unwrap();
        let visit = session.check_in(meeting, None).unwrap().id;
        assert_eq!(visit == meeting, is_taken, "{owner}");
        assert_eq!(session.here().unwrap().unwrap().id, visit);
        let known = ["owner", "subject", "company"].map(|key| field(session, visit, key));
        assert_eq!(known, [json!("Ana"), json!("fair"), json!(acme.to_string())]);
        assert_eq!(field(session, meeting, "owner"), if is_taken { "Ana" } else { owner });
        assert_eq!(field(session, meeting, "arrived_at").is_null(), !is_taken);
        session.check_out(visit, &CheckOut { today: DAY.into(), ..CheckOut::default() }).unwrap();
    }
    let nobody = new(session, Kind::Task, json!({"subject": "write"}));
    assert!(session.check_in(nobody, None).is_err());
    assert!(session.check_out(nobody, &CheckOut::default()).is_err());
}

#[test]
fn two_devices_of_one_person_may_check_in_and_out_apart() {
    let devices = team(&[("Bo", satchel_app::Role::Member)]);
    let acme = company(devices[0].session(), "Acme", json!({"owner": ""}));
    agree(&devices);
    let visit = devices[0].session().check_in(acme, None).unwrap().id;
    agree(&devices);
    // She leaves on one, and corrects the place on the other.
    devices[0].session().check_out(visit, &CheckOut { today: DAY.into(), ..CheckOut::default() }).unwrap();
    devices[1].session().set(visit, &fields(json!({"place": "Hall 3"}))).unwrap();
    agree(&devices);
    for device in &devices {
        let view = device.session().get(visit).unwrap();
        assert!(view.fields.contains_key("left_at") && view.fields["place"] == "Hall 3", "{:?}", view.fields);
        assert!(view.conflicts.is_empty());
    }
    assert_eq!(devices[1].session().here().unwrap(), None, "Ana was there, not Bo");
}

#[test]
fn the_command_line_plans_and_checks_in() {
    let cli = Cli::new();
    let id = |answer: Value| answer["id"].as_str().unwrap().to_owned();
    let firm = |name: &str, at: &str| {
        id(cli.json(&["new", "company", &format!("name={name}"), &format!("location={at}")]))
    };
    let (a, b) = (firm("A", "41.10,-8.60"), firm("B", "geo:41.30,-8.60"));
    for (name, firm) in [("far", &b), ("near", &a)] {
        cli.json(&["new", "task", &format!("subject={name}"), "due=2031-05-16", &format!("company={firm}")]);
    }
    let plan = cli.json(&["visits", "plan", "--day", "2031-05-16", "--from", "41.0,-8.6"]);
    let titles: Vec<&str> =
        plan["stops"].as_array().unwrap().iter().map(|s| s["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["near", "far"]);
    assert!((33.0..34.0).contains(&plan["kilometres"].as_f64().unwrap()), "{plan}");
    cli.json(&["visits", "plan", "--day", "2031-05-16", "--from", "41.0,-8.6", "--save"]);
    let today = cli.json(&["calendar", "--from", "2031-05-16", "--days", "1"]);
    assert_eq!(today["items"][0]["due_time"], "09:25");
    let (code, error) = cli.refuse(&["visits", "plan", "--from", "Porto"]);
    assert_eq!((code, &error["field"]), (2, &json!("from")));
    assert_eq!(cli.refuse(&["new", "company", "name=C", "location=Porto"]).1["field"], "location");
    let visit = id(cli.json(&["visits", "check-in", &a]));
    assert_eq!(cli.json(&["visits", "here"])["visit"]["id"], json!(visit));
    assert_eq!(cli.refuse(&["visits", "check-in", &b]).0, 4);
    assert_eq!(id(cli.json(&["visits", "check-out", "--outcome", "order"])), visit);
    assert_eq!(cli.refuse(&["visits", "check-out"]).0, 5);
    assert!(cli.json(&["visits", "here"])["visit"].is_null());
}
