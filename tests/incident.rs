//! Incidents and drills, who has learnt what, and the configuration as one file.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use satchel_app::{
    Code, DrillPlan, IncidentChange, OpenIncident, Recipient, Role, Settings, TrainingState,
    domain::date::rfc3339, views::PaperLanguage,
};
use satchel_tests::{
    cli::Cli,
    team::{Device, carry, settle, team},
};
use serde_json::{Value, json};

fn opened(cli: &Cli, args: &[&str]) -> String {
    cli.json(&[&["incident", "open"], args].concat())["incident"]["id"].as_str().unwrap().to_owned()
}

fn pdf_text(path: &std::path::Path) -> String {
    let text = pdf_extract::extract_text(path).unwrap();
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn an_incident_is_gone_through_step_by_step_and_reported() {
    let cli = Cli::new();
    let books = cli.json(&["incident", "playbooks"]);
    assert_eq!(books["playbooks"].as_array().unwrap().len(), 7);
    assert_eq!(cli.refuse(&["incident", "open", "flood"]).0, 5);
    let id = opened(&cli, &["lost_laptop", "--title", "Bo's laptop in the train"]);
    let view = cli.json(&["incident", "step", &id, "write_down", "--note", "Seat 41, at noon"]);
    assert_eq!(view["steps"][0]["by"], "Ana");
    assert_eq!(view["incident"]["done"], 1);
    let left = view["incident"]["minutes_left"].as_i64().unwrap();
    assert!((72 * 60 - 2..=72 * 60).contains(&left), "the 72 hours begin when it is known: {left}");
    assert_eq!(cli.refuse(&["incident", "step", &id, "levitate"]).0, 5);
    assert_eq!(
        cli.refuse(&["incident", "set", &id, "--known", "2126-01-01T00:00:00Z"]).0,
        4,
        "nobody knows tomorrow's"
    );
    let late =
        cli.json(&["incident", "set", &id, "--known", "2026-01-01T08:00:00Z", "--affected", "12 people"]);
    assert!(late["incident"]["minutes_left"].as_i64().unwrap() < 0, "and late is said");
    assert_eq!(
        cli.refuse(&["set", &id, "name=x"]).0,
        4,
        "its history tells what was done, so only its own commands write it"
    );
    assert_eq!(cli.refuse(&["new", "incident", "name=x"]).0, 4);

    cli.json(&["new", "person", "first_name=Zoraida"]);
    cli.json(&["incident", "step", &id, "accounts"]);
    let draft = cli.json(&["incident", "draft", &id])["text"].as_str().unwrap().to_owned();
    for known in [
        "12 people",
        "People in the vault: 1",
        "Lock the laptop and its accounts",
        "Bo's laptop in the train",
    ] {
        assert!(draft.contains(known), "{known}: {draft}");
    }
    assert!(!draft.contains("Zoraida"), "nobody is named");
    let chinese = cli.json(&["incident", "draft", &id, "--to-people", "--language", "zh"]);
    assert!(chinese["text"].as_str().unwrap().contains("远程锁定电脑及其账户"));

    cli.json(&["incident", "step", &id, "notify"]);
    let told = cli.json(&["incident", "show", &id]);
    assert_eq!(told["incident"]["notify_by"], Value::Null, "who was told is not told again");
    cli.json(&["incident", "step", &id, "notify", "--undo"]);
    let saw = cli.json(&["incident", "who-saw", &id]);
    assert!(saw["entries"].as_array().unwrap().iter().any(|e| e["act"] == "unlock"), "{saw}");
    cli.json(&["incident", "close", &id]);
    let again = cli.json(&["incident", "close", &id]);
    assert_eq!(again["timeline"].as_array().unwrap().iter().filter(|e| e["what"] == "closed").count(), 1);
    let happened: Vec<&str> =
        again["timeline"].as_array().unwrap().iter().map(|e| e["what"].as_str().unwrap()).collect();
    assert_eq!(happened, ["opened", "done", "note", "said", "said", "done", "done", "undone", "closed"]);

    for (language, words) in [
        ("en", ["Writedownwhatyouknow", "Seat41,atnoon", "Removethecomputerfromtheteam", "notdone"]),
        ("zh", ["记下您知道的情况", "Seat41,atnoon", "将该电脑移出团队", "未完成"]),
    ] {
        let out = cli.dir.path().join(format!("report-{language}.pdf"));
        cli.json(&["incident", "report", &id, "--language", language, "--out", out.to_str().unwrap()]);
        let text = pdf_text(&out);
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
    let out = cli.dir.path().join("report.json");
    cli.json(&["incident", "report", &id, "--out", out.to_str().unwrap()]);
    let report: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(report["incident"]["title"], "Bo's laptop in the train");
    let acts = cli.json(&["audit", "list", "--act", "incident"]);
    assert_eq!(acts["entries"].as_array().unwrap().len(), 5, "opened, closed, and three reports: {acts}");
    assert_eq!(cli.json(&["audit", "verify"])["ok"], true);
}

#[test]
fn two_laptops_tick_at_once_and_both_count() {
    let devices = pair();
    let (ana, bo) = (&devices[0], &devices[1]);
    let id = ana
        .session()
        .open_incident(&OpenIncident { playbook: "ransomware".into(), ..Default::default() })
        .unwrap()
        .id;
    settle(&devices);
    ana.session().incident_step(id, "disconnect", true, "pulled the cable").unwrap();
    bo.session().incident_step(id, "verify", true, "mine is clean").unwrap();
    settle(&devices);
    for device in &devices {
        let view = device.session().incident(id).unwrap();
        let by: Vec<(&str, &str)> =
            view.steps.iter().filter(|s| s.done).map(|s| (s.id.as_str(), s.by.as_str())).collect();
        assert_eq!(by, [("disconnect", "Ana"), ("verify", "Bo")]);
        assert!(
            view.notes.contains("pulled the cable") && view.notes.contains("mine is clean"),
            "{}",
            view.notes
        );
        assert!(device.session().get(id).unwrap().conflicts.is_empty(), "nobody has to decide anything");
    }
    // Whoever is removed does not write on in it.
    ana.session().incident_step(id, "revoke_device", true, "").unwrap();
    ana.session().revoke("Bo").unwrap();
    ana.sync();
    carry(&ana.shared(), &bo.shared());
    bo.session().incident_step(id, "notify", true, "").unwrap();
    let _ = bo.session().sync(&mut |_| {}, &Default::default());
    carry(&bo.shared(), &ana.shared());
    ana.sync();
    let view = ana.session().incident(id).unwrap();
    assert!(view.steps.iter().any(|s| s.id == "notify" && !s.done), "what he ticks is his own affair");
    assert_eq!(
        view.steps.iter().filter(|s| s.done && s.by == "Bo").count(),
        1,
        "and what he did stays on record"
    );
}

fn pair() -> Vec<Device> {
    team(&[("Bo", Role::Admin)])
}

#[test]
fn drills_are_timed_and_come_due() {
    let devices = pair();
    let (ana, bo) = (&devices[0], &devices[1]);
    let s = ana.session();
    assert!(s.drills().unwrap().drills.iter().all(|d| !d.due), "a new vault has time for the first one");
    s.set_drill_plan(&DrillPlan { playbooks: vec!["lost_laptop".into()], months: 3 }).unwrap();
    let drill = OpenIncident { playbook: "lost_laptop".into(), drill: true, ..Default::default() };
    let id = s.open_incident(&drill).unwrap().id;
    assert_eq!(s.drills().unwrap().drills[0].last, None, "one that goes on is none yet");
    s.close_incident(id, true).unwrap();
    let done = &s.drills().unwrap().drills[0];
    assert!(done.last.is_some() && done.seconds.is_some() && !done.due);
    settle(&devices);
    assert_eq!(bo.session().incidents().unwrap()[0].seconds, done.seconds, "the team has it on record");
    let bad = DrillPlan { playbooks: vec!["flood".into()], months: 3 };
    assert_eq!(s.set_drill_plan(&bad).unwrap_err().code, Code::Refused);
    let check = |s: &satchel_app::Session| {
        s.health().unwrap().checks.into_iter().find(|c| c.name == "incident_drill").unwrap().detail
    };
    assert_eq!(check(s), "no drill is due");
    s.set_drill_plan(&DrillPlan { playbooks: vec![], months: 0 }).unwrap();
    assert_eq!(check(s), "no drills are planned");
}

#[test]
fn what_is_said_later_is_in_the_report_and_a_clock_that_went_back_gives_no_more_time() {
    let devices = pair();
    let s = devices[0].session();
    let id = s
        .open_incident(&OpenIncident { playbook: "suspected_leak".into(), ..Default::default() })
        .unwrap()
        .id;
    // Two minutes ahead of this clock: a colleague's may be.
    let ahead = std::time::SystemTime::now() + std::time::Duration::from_secs(120);
    let ahead = ahead.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let known = rfc3339(i64::try_from(ahead).unwrap());
    let view =
        s.change_incident(id, &IncidentChange { known_at: Some(known), ..Default::default() }).unwrap();
    assert_eq!(view.incident.minutes_left, Some(72 * 60), "no more than there ever was");
    let draft = s.incident_draft(id, Recipient::Authority, PaperLanguage::Zh).unwrap();
    assert!(draft.contains("疑似数据泄露") && draft.contains("Norte"), "{draft}");
}

#[test]
fn everybody_has_a_list_and_the_owner_sees_who_is_done() {
    let cli = Cli::new();
    let view = cli.json(&["training"]);
    let ids: Vec<String> = view["people"][0]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((&view["people"][0]["state"], &view["people"][0]["role"]), (&json!("open"), &json!("owner")));
    assert!(view["tour"].as_array().unwrap().len() >= 6);
    assert_eq!(cli.refuse(&["training", "--done", "levitation"]).0, 5);
    let mut args = vec!["training", "--done"];
    args.extend(ids.iter().map(String::as_str));
    assert_eq!(cli.json(&args)["people"][0]["state"], "done");

    let devices = pair();
    let (ana, bo) = (&devices[0], &devices[1]);
    bo.session().mark_training(&["tour".into()], None).unwrap();
    settle(&devices);
    let seen = ana.session().staff().unwrap();
    let his = seen.people.iter().find(|p| p.person == "Bo").unwrap();
    assert_eq!((his.state, his.items.iter().filter(|i| i.done).count()), (TrainingState::Open, 1));
    let rest: Vec<String> = his.items.iter().map(|i| i.id.clone()).collect();
    ana.session().mark_training(&rest, Some("Bo")).unwrap();
    settle(&devices);
    assert_eq!(bo.session().staff().unwrap().people[0].state, TrainingState::Done, "an admin may note it");
    ana.session().change_role("Bo", Role::Member).unwrap();
    settle(&devices);
    assert_eq!(bo.session().mark_training(&["tour".into()], Some("Ana")).unwrap_err().code, Code::Refused);
}

fn edited(cli: &Cli, change: impl FnOnce(&mut Value)) -> (i32, Value) {
    let path = cli.dir.path().join("config.json");
    let mut file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut file);
    let bad = cli.dir.path().join("bad.json");
    std::fs::write(&bad, file.to_string()).unwrap();
    cli.refuse(&["config", "restore", "bad.json"])
}

#[test]
fn a_configuration_comes_back_whole_and_a_bad_one_is_refused_by_name() {
    let cli = Cli::new();
    cli.json(&["pipelines"]);
    cli.json(&["fields", "person", "--add", "Size", "--type", "choice", "--options", "S,M"]);
    cli.json(&["letterhead", "name=Norte SL", "accent=#7a4a21"]);
    cli.json(&["config", "export", "--out", "config.json"]);
    let text = std::fs::read_to_string(cli.dir.path().join("config.json")).unwrap();
    assert!(!text.contains("secret") && text.contains("x_size"), "{text}");
    assert_eq!(cli.json(&["config", "compare", "config.json"])["same"], true);

    cli.json(&["letterhead", "name=Other"]);
    cli.json(&["alerts", "--rule", "deletions=7"]);
    cli.json(&["incident", "drills", "--every", "12"]);
    let compared = cli.json(&["config", "compare", "config.json"]);
    let keys: Vec<&str> =
        compared["differences"].as_array().unwrap().iter().map(|d| d["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["alerts.deletions", "drills.months", "letterhead.name"]);
    let dry = cli.json(&["config", "restore", "config.json", "--dry-run"]);
    assert_eq!(dry["changed"].as_array().unwrap().len(), 3);
    assert_eq!(cli.json(&["config", "compare", "config.json"])["same"], false, "a dry run writes nothing");
    cli.json(&["config", "restore", "config.json"]);
    assert_eq!(cli.json(&["config", "compare", "config.json"])["same"], true);
    cli.json(&["config", "restore", "--former"]);
    assert_eq!(cli.json(&["alerts"])["rules"]["deletions"], 7, "as it was before");

    // Another vault becomes the same; what is a record is taken back in one.
    let other = Cli::new();
    other.json(&["pipelines"]);
    std::fs::copy(cli.dir.path().join("config.json"), other.dir.path().join("config.json")).unwrap();
    other.json(&["config", "restore", "config.json"]);
    assert_eq!(other.json(&["config", "compare", "config.json"])["same"], true);
    let fields = other.json(&["fields", "person"]);
    assert!(fields["fields"].as_array().unwrap().iter().any(|f| f["key"] == "x_size"));
    assert_eq!(
        other.json(&["pipelines"])["pipelines"].as_array().unwrap().len(),
        1,
        "pipelines of one name are one"
    );
    other.json(&["undo"]);
    assert_eq!(other.json(&["config", "compare", "config.json"])["same"], false);

    let says = |(code, error): (i32, Value), name: &str| {
        assert_eq!(code, 4, "{error}");
        assert!(error["message"].as_str().unwrap().contains(name), "{error} names {name}");
    };
    says(edited(&cli, |f| f["satchel_config"] = json!(2)), "newer");
    says(edited(&cli, |f| f["settings"]["theme"] = json!("dark")), "settings.theme");
    says(edited(&cli, |f| f["backup"]["keep"]["hours"] = json!(1)), "backup.keep.hours");
    says(edited(&cli, |f| f["colour"] = json!(1)), "colour");
    says(edited(&cli, |f| f["settings"]["lock_after"] = json!(100_000)), "setting");
    says(edited(&cli, |f| f["alerts"]["night_from"] = json!(99)), "hour");
    says(edited(&cli, |f| f["drills"]["playbooks"] = json!(["flood"])), "flood");
    says(edited(&cli, |f| f["letterhead"]["accent"] = json!("red")), "accent");
    says(edited(&cli, |f| f["letterhead"]["motto"] = json!("x")), "motto");
    says(edited(&cli, |f| f["fields"]["person.x_size"]["type"] = json!("number")), "type");
    says(edited(&cli, |f| f["fields"]["person.x_size"]["label"] = json!("")), "label");
    says(edited(&cli, |f| f["stages"]["no-id"] = json!({"name": "x"})), "no-id");
    std::fs::write(cli.dir.path().join("bad.json"), "{").unwrap();
    says(cli.refuse(&["config", "restore", "bad.json"]), "no configuration");
    assert_eq!(cli.refuse(&["config", "compare", "nowhere.json"]).0, 5);
    assert_eq!(cli.json(&["alerts"])["rules"]["deletions"], 7, "what is refused changes nothing");
}

#[test]
fn drift_from_what_is_recommended_is_shown() {
    let devices = pair();
    let s = devices[0].session();
    let ok = |key: &str| s.config_drift().unwrap().into_iter().find(|p| p.key == key).unwrap().ok;
    assert!(ok("settings.lock_after") && !ok("backup.places"), "no place on another disk yet");
    s.set_settings(&Settings { lock_after: 0, ..s.settings().unwrap() }).unwrap();
    assert!(!ok("settings.lock_after"), "never is no time");
}
