//! The trail of what was done, what becomes of it when somebody has a hand in it, and alerts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use rusqlite::Connection;
use satchel_app::{
    Cancel, Role, Rules, Seen, Session, TrailRequest,
    domain::Kind,
    verify_trail_file,
    views::{AlertView, TrailCheck},
};
use satchel_tests::{
    PASSPHRASE,
    cli::Cli,
    figures::edits_without_and_with_trail,
    team::{Device, agree, copy_all, fields, settle, team},
};
use satchel_vault::{Passphrase, VaultDir};
use serde_json::{Value, json};
use std::path::Path;

fn acts(cli: &Cli) -> Vec<String> {
    let view = cli.json(&["audit", "list", "--limit", "1000"]);
    let mut acts: Vec<String> =
        view["entries"].as_array().unwrap().iter().map(|e| e["act"].as_str().unwrap().to_owned()).collect();
    acts.reverse();
    acts
}

fn person(cli: &Cli, name: &str) -> String {
    cli.json(&["new", "person", &format!("first_name={name}")])["id"].as_str().unwrap().to_owned()
}

/// The database of a vault that nobody has open, as somebody with its key sees it.
fn database(vault: &Path) -> Connection {
    let dir = VaultDir::open(vault).unwrap();
    let key = dir.unlock_with_passphrase(&Passphrase::new(PASSPHRASE).unwrap()).unwrap();
    let db = Connection::open(dir.database()).unwrap();
    let key = format!("PRAGMA key = \"{}\"; PRAGMA foreign_keys = OFF", *key.expose_as_sqlcipher_key());
    db.execute_batch(&key).unwrap();
    db
}

/// What `audit verify` says of a trail that does not hold.
fn broken(cli: &Cli) -> (Value, String) {
    let out = cli.run(&["--json", "audit", "verify"]);
    assert_eq!(out.status.code(), Some(4), "{}", String::from_utf8_lossy(&out.stdout));
    let answer: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(answer["ok"], false);
    (answer["broken_at"].clone(), answer["breaks"][0]["why"].as_str().unwrap().to_owned())
}

#[test]
fn what_is_done_is_in_the_trail_and_nothing_of_whom() {
    let cli = Cli::new();
    let id = person(&cli, "Zoraida");
    cli.json(&["set", &id, "last_name=Quintanilla"]);
    let other = person(&cli, "Wenceslao");
    cli.json(&["delete", &id, &other]);
    cli.json(&["undo"]);
    std::fs::create_dir(cli.dir.path().join("Zoraida")).unwrap();
    cli.json(&["export", "person", "--format", "csv", "--out", "Zoraida/people.csv"]);
    std::fs::write(cli.dir.path().join("new.csv"), "First Name,E-mail\nHonorata,h@x.example\n").unwrap();
    cli.json(&["import", "new.csv"]);
    cli.json(&["keys", "rotate"]);
    cli.json(&["keys", "kit"]);
    std::fs::create_dir(cli.dir.path().join("shared")).unwrap();
    cli.json(&["remote", "add", "shared"]);
    let wrong = cli.command(&["status"]).env("SATCHEL_PASSPHRASE", "wrong").output().unwrap();
    assert_eq!(wrong.status.code(), Some(3));
    cli.json(&["alerts", "--rule", "deletions=7"]);
    let acts = acts(&cli);
    for act in [
        "begin",
        "unlock",
        "change",
        "delete",
        "undo",
        "export",
        "import",
        "keys",
        "kit",
        "membership",
        "remote",
        "failed_unlocks",
        "settings",
        "lock",
    ] {
        assert!(acts.iter().any(|a| a == act), "{act} is missing in {acts:?}");
    }
    let out = cli.dir.path().join("trail.satchel-audit");
    let check = cli.json(&["audit", "export", "--out", out.to_str().unwrap()]);
    assert_eq!(
        (&check["ok"], &check["broken_at"], &check["vouched"]),
        (&json!(true), &Value::Null, &json!(true))
    );
    let text = std::fs::read_to_string(&out).unwrap();
    for name in ["Zoraida", "Quintanilla", "Wenceslao", "Honorata", "x.example", &id] {
        assert!(!text.contains(name), "{name} is a customer's");
    }
    assert!(text.contains(r#""kinds":{"person":2},"label":"delete""#), "but how many there were is told");
    let bare = Cli::bare();
    let far = bare.json(&["audit", "verify", out.to_str().unwrap()]);
    assert_eq!(far["entries"], check["entries"], "and no vault is needed to check it");
}

#[test]
fn a_trail_that_somebody_has_changed_in_the_database_is_not_believed() {
    let tampered = |sql: &str| {
        let cli = Cli::new();
        (0..3).for_each(|n| drop(person(&cli, &format!("P{n}"))));
        assert_eq!(cli.json(&["audit", "verify"])["ok"], true);
        database(&cli.vault()).execute_batch(sql).unwrap();
        broken(&cli)
    };
    let edit = "UPDATE audit SET line = replace(line, 'person', 'persoN') WHERE seq = 5";
    assert_eq!(tampered(edit), (json!(5), "edited".into()));
    let end = "DELETE FROM audit_head WHERE row > 8; DELETE FROM audit WHERE row > 8";
    assert_eq!(tampered(end), (json!(9), "rolled_back".into()), "this computer remembers more");
    let start = "DELETE FROM audit_head WHERE row < 4; DELETE FROM audit WHERE row < 4";
    assert_eq!(tampered(start), (json!(4), "cut_start".into()));
    let middle = "DELETE FROM audit_head WHERE row = 6; DELETE FROM audit WHERE row = 6";
    assert_eq!(tampered(middle), (json!(6), "missing".into()));
    let swap = "UPDATE audit SET row = -5 WHERE row = 5; UPDATE audit SET row = 5 WHERE row = 4;
                UPDATE audit SET row = 4 WHERE row = -5";
    assert_eq!(tampered(swap).1, "missing", "the next ones say which: reordered");
    let forged = "UPDATE audit_head SET signature = zeroblob(64) WHERE row = 6";
    assert_eq!(tampered(forged), (json!(6), "forged_signature".into()));
    let hidden = "UPDATE audit SET act = 'change' WHERE act = 'lock' AND row = 6";
    assert_eq!(tampered(hidden), (json!(6), "edited".into()), "what the list shows");
    for moved in ["at = 0", "incarnation = incarnation + 1"] {
        let moved = format!("UPDATE audit SET {moved} WHERE row = 6");
        assert_eq!(tampered(&moved), (json!(6), "edited".into()), "what a day is asked by");
    }
}

/// Looked at by the clock: what is new each time, and all of it where something is odd.
#[test]
fn the_health_page_says_whether_the_trail_holds() {
    let cli = Cli::new();
    (0..3).for_each(|n| drop(person(&cli, &format!("P{n}"))));
    let check = |cli: &Cli| -> Value {
        let health = cli.json(&["health"]);
        health["checks"].as_array().unwrap().iter().find(|c| c["name"] == "trail").unwrap().clone()
    };
    assert_eq!(
        (&check(&cli)["level"], &check(&cli)["action"]),
        (&json!("unknown"), &json!("verify_trail")),
        "not yet"
    );
    // As if the last look was `hours` ago.
    let ago = |hours: i64| {
        let sql = "SELECT value FROM setting WHERE key = 'health.trail'";
        let db = database(&cli.vault());
        let kept: String = db.query_row(sql, [], |r| r.get(0)).unwrap();
        let mut kept: Value = serde_json::from_str(&kept).unwrap();
        kept["at"] = json!(kept["at"].as_i64().unwrap() - hours * 3_600_000);
        let sql = "UPDATE setting SET value = ?1 WHERE key = 'health.trail'";
        db.execute(sql, [kept.to_string()]).unwrap();
        kept["whole_at"].as_i64().unwrap()
    };
    let look = || {
        let satchel = satchel_app::Satchel::new(&cli.vault(), "A test");
        let key = satchel_app::Unlock::Passphrase(Passphrase::new(PASSPHRASE).unwrap());
        let session = satchel.unlock(key, satchel_app::Keyring::Off).unwrap();
        session.check_trail_if_due(&Cancel::default()).unwrap()
    };
    assert!(look() && !look(), "once an hour");
    assert_eq!(check(&cli)["level"], "ok");
    let whole = ago(2);
    person(&cli, "Zoe");
    assert!(look());
    assert_eq!(ago(2), whole, "only what was new");
    assert_eq!(check(&cli)["level"], "ok");
    // Behind the last look somebody has had a hand in it.
    person(&cli, "Bo");
    database(&cli.vault())
        .execute_batch("UPDATE audit SET line = replace(line, 'change', 'changE') WHERE row = (SELECT max(row) FROM audit WHERE act = 'change')")
        .unwrap();
    assert!(look());
    let bad = check(&cli);
    assert_eq!(
        (&bad["level"], &bad["action"], &bad["next"], &bad["facts"]["why"]),
        (&json!("bad"), &json!("export_trail"), &json!("open_incident"), &json!("edited")),
        "{bad}"
    );
    assert_eq!(cli.json(&["health"])["ok"], false);
    cli.json(&["incident", "open", "suspected_leak"]);
    assert_eq!(check(&cli)["level"], "warn", "it is looked after");
}

/// Lines of before the last look are looked at once a week, and by whoever asks.
#[test]
fn what_was_changed_before_the_last_look_is_found_by_the_next_whole_one() {
    let cli = Cli::new();
    (0..3).for_each(|n| drop(person(&cli, &format!("P{n}"))));
    assert_eq!(cli.json(&["audit", "verify"])["ok"], true);
    let edit = "UPDATE audit SET line = replace(line, 'person', 'persoN') WHERE seq = 5;
        UPDATE setting SET value = json_set(value, '$.at', 0, '$.whole_at', 0) WHERE key = 'health.trail'";
    database(&cli.vault()).execute_batch(edit).unwrap();
    let satchel = satchel_app::Satchel::new(&cli.vault(), "A test");
    let key = satchel_app::Unlock::Passphrase(Passphrase::new(PASSPHRASE).unwrap());
    let session = satchel.unlock(key, satchel_app::Keyring::Off).unwrap();
    assert!(session.check_trail_if_due(&Cancel::default()).unwrap());
    let health = session.health().unwrap();
    let check = health.checks.iter().find(|c| c.name == "trail").unwrap();
    assert_eq!(check.facts["seq"], "5");
}

#[test]
fn a_trail_that_was_emptied_is_told_at_the_next_unlock() {
    let cli = Cli::new();
    person(&cli, "Ana");
    database(&cli.vault()).execute_batch("DELETE FROM audit_head; DELETE FROM audit").unwrap();
    assert_eq!(cli.json(&["alerts"])["alerts"][0]["rule"], "trail");
}

#[test]
fn a_deletion_by_another_name_is_one() {
    let cli = Cli::new();
    cli.json(&["alerts", "--rule", "deletions=3"]);
    std::fs::write(cli.dir.path().join("new.csv"), "First Name\nAna\nBo\nCy\n").unwrap();
    cli.json(&["import", "new.csv"]);
    assert_eq!(cli.json(&["alerts"])["unseen"], 0);
    cli.json(&["undo"]);
    let view = cli.json(&["alerts"]);
    assert_eq!((&view["alerts"][0]["rule"], &view["alerts"][0]["count"]), (&json!("deletions"), &json!(3)));
}

#[test]
fn an_export_that_fails_halfway_is_in_the_trail_with_what_it_has_written() {
    let cli = Cli::new();
    person(&cli, "Ana");
    std::fs::create_dir_all(cli.dir.path().join("out/company.csv")).unwrap();
    cli.refuse(&["export", "all", "--format", "csv", "--out", "out"]);
    assert!(cli.dir.path().join("out/person.csv").is_file());
    assert!(acts(&cli).iter().any(|act| act == "export"));
}

#[test]
fn an_older_copy_of_the_vault_says_that_it_is_one() {
    let cli = Cli::new();
    person(&cli, "Ana");
    let kept = cli.dir.path().join("kept");
    copy_all(&cli.vault(), &kept);
    (0..2).for_each(|n| drop(person(&cli, &format!("P{n}"))));
    copy_all(&kept, &cli.vault());
    let (at, why) = broken(&cli);
    assert_eq!((why.as_str(), at.as_u64().unwrap()), ("rolled_back", 7));
    let alerts = cli.json(&["alerts"]);
    assert_eq!(alerts["alerts"][0]["rule"], "unknown_device", "{alerts}");
    // Elsewhere nothing is remembered of it: a copy is a copy, and its trail goes on from the one that it knows.
    let moved = cli.dir.path().join("moved");
    copy_all(&kept, &moved);
    let out = cli.command(&["--json", "audit", "verify"]).env("SATCHEL_VAULT", &moved).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
}

#[test]
fn the_trail_is_whole_when_records_are_gone() {
    let cli = Cli::new();
    let id = person(&cli, "Ana");
    cli.json(&["delete", &id]);
    let db = database(&cli.vault());
    db.execute_batch("DELETE FROM document; DELETE FROM person; DELETE FROM operation").unwrap();
    drop(db);
    assert_eq!(cli.json(&["audit", "verify"])["ok"], true);
}

#[test]
fn an_exported_trail_is_checked_to_its_last_byte() {
    let cli = Cli::new();
    person(&cli, "Ana");
    let out = cli.dir.path().join("t.satchel-audit");
    cli.json(&["audit", "export", "--out", out.to_str().unwrap()]);
    let bytes = std::fs::read(&out).unwrap();
    let check = |bytes: &[u8]| -> TrailCheck {
        std::fs::write(&out, bytes).unwrap();
        verify_trail_file(&out).unwrap_or_default()
    };
    assert!(check(&bytes).ok);
    for at in (0..bytes.len() - 1).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(
            !check(&changed).ok,
            "byte {at}: {:?}",
            String::from_utf8_lossy(&bytes[at.saturating_sub(20)..at])
        );
        assert!(!check(&bytes[..at]).ok, "cut at {at}");
    }
    // Where its first line is lost, it is a damaged trail; what never was one is refused.
    let (exit, error) = cli.refuse(&["audit", "verify", out.to_str().unwrap()]);
    assert_eq!((exit, error["code"].as_str()), (4, Some("damaged")));
    for (name, content) in
        [("photo.jpg", b"\xff\xd8\xff\xe0".as_slice()), ("a.json", b"{\"a\":1}"), ("empty", b"")]
    {
        std::fs::write(cli.dir.path().join(name), content).unwrap();
        let (exit, error) = cli.refuse(&["audit", "verify", name]);
        assert_eq!((exit, error["code"].as_str()), (4, Some("refused")), "{name}: {error}");
    }
    let (exit, error) = cli.refuse(&["audit", "verify", "nowhere.satchel-audit"]);
    assert_eq!((exit, error["code"].as_str()), (5, Some("not_found")));
}

#[test]
fn days_and_acts_are_asked_for_by_themselves() {
    let cli = Cli::new();
    person(&cli, "Ana");
    let of = |args: &[&str]| {
        let view = cli.json(&[&["audit", "list"], args].concat());
        view["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["act"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&["--act", "change"]), ["change"]);
    assert!(of(&["--act", "unlock", "--limit", "2"]).iter().all(|act| act == "unlock"));
    assert_eq!(of(&["--day", "2001-01-01"]), [""; 0]);
    let (today, _) = satchel_app::local_day();
    assert!(of(&["--day", &today]).len() > 4);
    assert_eq!(of(&["--before", "3"]), ["unlock", "begin"]);
    assert_eq!(cli.refuse(&["audit", "list", "--day", "soon"]).0, 2);
}

fn rules(session: &Session) -> Vec<String> {
    session.alerts().unwrap().alerts.into_iter().map(|a: AlertView| a.rule).collect()
}

fn delete_some(device: &Device, count: usize) {
    let session = device.session();
    let new =
        |n: usize| session.create(Kind::Person, &fields(json!({"first_name": format!("P{n}")}))).unwrap().id;
    let ids: Vec<_> = (0..count).map(new).collect();
    session.delete(&ids, &mut |_| {}, &Cancel::default()).unwrap();
}

#[test]
fn what_is_unusual_is_told_once_and_remembers_who_has_seen_it() {
    let cli = Cli::new();
    cli.json(&["alerts", "--rule", "deletions=3", "--rule", "bulk_export=1", "--rule", "failed_unlocks=2"]);
    let ids: Vec<String> = (0..4).map(|n| person(&cli, &format!("P{n}"))).collect();
    for id in &ids[..2] {
        cli.json(&["delete", id]);
    }
    assert_eq!(cli.json(&["alerts"])["unseen"], 0);
    cli.json(&["delete", &ids[2]]);
    cli.json(&["delete", &ids[3]]);
    let view = cli.json(&["alerts"]);
    assert_eq!(
        (&view["unseen"], &view["alerts"][0]["count"], &view["rules"]["deletions"]),
        (&json!(1), &json!(3), &json!(3))
    );
    assert_eq!(cli.json(&["undo"])["label"], "delete", "nobody means an alert with an undo");
    let id = view["alerts"][0]["id"].as_str().unwrap();
    let seen = cli.json(&["alerts", "--seen", id]);
    assert_eq!((&seen["unseen"], &seen["alerts"][0]["seen_by"]), (&json!(0), &json!(["Ana"])));
    assert_eq!(cli.refuse(&["set", id, "count=1"]).0, 4);
    assert_eq!(cli.refuse(&["new", "alert", "rule=x"]).0, 4);
    cli.json(&["delete", id]);
    assert_eq!(cli.json(&["alerts"])["alerts"].as_array().unwrap().len(), 1, "the trash hides none");
    for _ in 0..2 {
        cli.command(&["status"]).env("SATCHEL_PASSPHRASE", "wrong").output().unwrap();
    }
    cli.json(&["export", "all", "--format", "json", "--out", "all"]);
    let view = cli.json(&["alerts"]);
    let rules: Vec<&str> =
        view["alerts"].as_array().unwrap().iter().map(|a| a["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["bulk_export", "failed_unlocks", "deletions"], "the newest first");
    assert_eq!(cli.refuse(&["alerts", "--rule", "loudness=3"]).0, 2);
}

#[test]
fn admins_have_the_alerts_of_the_team_and_others_their_own() {
    let devices = team(&[("Bo", Role::Member), ("Vi", Role::Viewer)]);
    let [ana, bo, vi] = &devices[..] else { panic!() };
    for device in &devices {
        device.session().set_alert_rules(&Rules { deletions: 3, ..Rules::default() }).unwrap();
    }
    delete_some(bo, 3);
    settle(&devices);
    assert_eq!(rules(ana.session()), ["deletions"], "the owner has it");
    let alert = &ana.session().alerts().unwrap().alerts[0];
    assert_eq!((alert.person.as_str(), alert.own, alert.seen), ("Bo", false, false));
    ana.session().see_alerts(Seen::All).unwrap();
    delete_some(ana, 3);
    settle(&devices);
    let his = bo.session().alerts().unwrap().alerts;
    assert_eq!(
        (his.len(), his[0].seen_by.as_slice()),
        (1, &["Ana".to_owned()][..]),
        "his own, and who has seen it"
    );
    delete_some(vi, 3);
    agree(&devices[..2]);
    assert_eq!(rules(ana.session()).len(), 2, "what a viewer does goes nowhere");
    let trail = ana.session().trail(&TrailRequest { limit: 1000, ..TrailRequest::default() }).unwrap();
    assert!(trail.devices.iter().any(|d| d.person == "Bo" && d.entries > 3), "{:?}", trail.devices);
    assert!(trail.entries.iter().any(|e| e.act == "received" && e.facts["records"].as_u64() > Some(0)));
    assert!(trail.entries.iter().any(|e| e.act == "membership" && e.facts["role"] == "viewer"));
    assert!(devices.iter().all(|d| d.session().verify_trail().unwrap().ok));
}

/// `cargo test -p satchel-tests --test audit -- --ignored --nocapture`; `cargo xtask bench` says it of the release build.
#[test]
#[ignore = "prints figures"]
fn what_the_trail_costs_of_an_edit() {
    let laptop = satchel_tests::Laptop::new();
    let session = &laptop.session;
    let new = |n: usize| {
        session
            .create(Kind::Person, &fields(json!({"first_name": format!("P{n}"), "title": "x"})))
            .unwrap()
            .id
    };
    let ids: Vec<_> = (0..1500).map(new).collect();
    edits_without_and_with_trail(session, &ids[..200]);
    let (without, with) = edits_without_and_with_trail(session, &ids);
    for percent in [25, 50, 75, 95] {
        let at = |times: &[std::time::Duration]| times[times.len() * percent / 100];
        let (without, with) = (at(&without), at(&with));
        let ratio = with.as_secs_f64() / without.as_secs_f64();
        println!("{percent} %: {without:?} without, {with:?} with the trail: {ratio:.3}");
    }
}

/// The computer that remembers is gone, too: the team remembers.
#[test]
fn colleagues_notice_that_a_trail_was_rolled_back() {
    let mut devices = team(&[("Bo", Role::Member)]);
    let bo = devices.pop().unwrap();
    let ana = devices.pop().unwrap();
    let kept = bo.dir.path().join("kept");
    let mut bo = bo;
    bo.meanwhile(|dir| copy_all(&dir.join("vault"), &kept));
    let make = |device: &Device, name: &str| {
        device.session().create(Kind::Person, &fields(json!({"first_name": name}))).unwrap();
    };
    (0..5).for_each(|n| make(&bo, &format!("P{n}")));
    let mut both = vec![ana, bo];
    settle(&both);
    assert!(both[1].session().verify_trail().unwrap().ok);
    // His older copy at another place, which remembers nothing of what has come since.
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = elsewhere.path().join("vault");
    both[1].session = None;
    both[1].satchel.lock();
    copy_all(&kept, &moved);
    both[1].satchel = satchel_app::Satchel::new(&moved, "A test");
    both[1].reopen();
    assert!(both[1].session().verify_trail().unwrap().ok, "it cannot know yet");
    settle(&both);
    let check = both[1].session().verify_trail().unwrap();
    assert_eq!(check.breaks.first().map(|b| b.why.as_str()), Some("rolled_back"), "{check:?}");
    assert!(rules(both[1].session()).contains(&"trail".to_owned()), "and says so");
    settle(&both);
    assert!(rules(both[0].session()).contains(&"trail".to_owned()), "to the admin, too");
}
