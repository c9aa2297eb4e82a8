//! The demo, and what one line becomes.

#![allow(clippy::unwrap_used)]

use satchel_app::{Cancel, LockState, Passphrase, Satchel, Whose, domain::Kind, local_day};
use satchel_tests::{Laptop, PASSPHRASE, cli::Cli};
use serde_json::Value;

fn demo(path: &std::path::Path, chinese: bool) -> Satchel {
    let satchel = Satchel::new(path, "A test");
    satchel.create_demo(chinese, Some(Passphrase::new(PASSPHRASE).unwrap())).unwrap();
    satchel
}

#[test]
fn only_a_demo_can_be_left() {
    let own = Laptop::new();
    let refused = own.satchel.leave_demo().unwrap_err();
    assert!(refused.message.contains("no demo"), "{refused:?}");
    assert!(own.session.status().is_ok() && own.dir.path().join("vault/vault.json").exists());
    own.satchel.lock();
    assert!(own.satchel.leave_demo().is_err(), "nor a locked vault");

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vault");
    let satchel = demo(&path, false);
    std::fs::write(path.join("notes.txt"), "mine").unwrap();
    satchel.leave_demo().unwrap();
    assert_eq!(satchel.state(), LockState::NoVault);
    let left: Vec<_> = std::fs::read_dir(&path).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["notes.txt"], "what is no part of a vault stays");
    // Another takes its place.
    let again = demo(&path, true);
    assert!(again.session().unwrap().is_demo().unwrap());
}

#[test]
fn a_demo_is_about_today_in_both_languages() {
    for chinese in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let satchel = demo(&dir.path().join("vault"), chinese);
        let session = satchel.session().unwrap();
        assert!(session.status().unwrap().demo);
        let (today, bounds) = local_day();
        let day = session.day(&today, bounds, &Whose::Everybody).unwrap();
        for (what, n) in [
            ("overdue", day.overdue.len()),
            ("due", day.due.len()),
            ("planned", day.agenda.len()),
            ("late", day.late.len()),
            ("quiet", day.quiet.len()),
            ("birthdays", day.birthdays.len()),
        ] {
            assert!(n > 0, "nothing is {what}, chinese: {chinese}");
        }
        let pipeline = session.pipelines(chinese).unwrap().remove(0);
        let board = session.board(pipeline.id).unwrap();
        assert!(board.columns.iter().all(|column| column.count > 1), "each stage has deals");
        let quotes = session.status().unwrap().records["quote"];
        assert_eq!(quotes, 6);
        let report = session.verify(&mut |_| {}).unwrap();
        assert!(report.ok, "{:?}", report.checks);
        let chinese_titles =
            session.search(if chinese { "周雅琴" } else { "Zoë Chérif" }, Some(Kind::Person), 5);
        assert_eq!(chinese_titles.unwrap().len(), 2, "and one that is there twice");
    }
}

#[test]
fn the_command_makes_a_demo_in_its_language_and_captures_lines() {
    let cli = Cli::bare();
    let made = cli.command(&["--json", "init", "--demo"]).env("SATCHEL_LANG", "zh").output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!((&made["workspace"], &made["demo"]), (&"海棠咖啡".into(), &true.into()));
    let task = cli.json(&["capture", "周五10点给唐建明打电话谈价格"]);
    assert_eq!((&task["kind"], &task["title"]), (&"task".into(), &"给唐建明打电话谈价格".into()));
    let task = cli.json(&["get", task["id"].as_str().unwrap()]);
    assert_eq!(task["fields"]["due_time"], "10:00");
    assert!(task["fields"]["person"].is_string() && task["fields"]["company"].is_string(), "{task}");
    assert_eq!(cli.refuse(&["capture", " , "]).0, 4);
    assert_eq!(cli.refuse(&["init", "--demo", "--name", "Acme"]).0, 2);
}

#[test]
fn a_line_becomes_what_it_says() {
    let laptop = Laptop::new();
    let session = &laptop.session;
    let today = "2026-11-27";
    let capture = |line: &str| session.capture_line(line, today).unwrap();
    let ana = capture("Ana Ruiz, Norte SL, ana@norte.example");
    assert_eq!((ana.kind, ana.title.as_str()), (Kind::Person, "Ana Ruiz"));

    // A firm alone is a firm; one that is there is shown before.
    let seen = session.understand_line("Norte SL", today).unwrap();
    assert_eq!(seen.company.unwrap().known.unwrap().title, "Norte SL");
    let sur = capture("Sur GmbH, +49 30 123456");
    assert_eq!(sur.kind, Kind::Company);
    assert!(session.get(sur.id).unwrap().fields["phones"][0]["value"].as_str().unwrap().contains("123456"));

    // Something to do, with whom, and when.
    let call = capture("call Ana fri 10 about price");
    let task = session.get(call.id).unwrap();
    assert_eq!((call.kind, task.title.as_str()), (Kind::Task, "call Ana about price"));
    assert_eq!((&task.fields["due"], &task.fields["due_time"]), (&"2026-12-04".into(), &"10:00".into()));
    assert_eq!((&task.titles["person"], &task.titles["company"]), (&"Ana Ruiz".into(), &"Norte SL".into()));
    let weekly = session.get(capture("call Ana every tue 10").id).unwrap();
    assert_eq!((weekly.title.as_str(), &weekly.fields["due_time"]), ("call Ana", &"10:00".into()));
    assert_eq!(weekly.fields["repeat"], "FREQ=WEEKLY;BYDAY=TU");
    let visit = session.get(capture("visit Sur GmbH").id).unwrap();
    assert_eq!((&visit.fields["due"], &visit.titles["company"]), (&today.into(), &"Sur GmbH".into()));

    // Where two are called so, it is linked to neither.
    capture("Ana Costa, Sur GmbH");
    let seen = session.understand_line("call Ana tomorrow", today).unwrap().task.unwrap();
    assert_eq!((seen.about, seen.several.len()), (None, 2));
    // The whole name tells them apart.
    let seen = session.understand_line("call Ana Costa tomorrow", today).unwrap().task.unwrap();
    assert_eq!(seen.about.unwrap().title, "Ana Costa");
    // One step to undo.
    session.undo(call.operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert!(session.get(call.id).unwrap().deleted_at.is_some());
}
