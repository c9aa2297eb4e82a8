//! Notes in Markdown, and the records that they mention, through the real command line and between devices.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use satchel_app::{
    Cancel, Merge, Session,
    domain::{Kind, RecordId},
};
use satchel_tests::{
    cli::Cli,
    team::{Device, fields},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn new(cli: &Cli, kind: &str, fields: &[&str]) -> String {
    cli.json(&[&["new", kind], fields].concat())["id"].as_str().unwrap().to_owned()
}

fn titles(answer: &Value) -> Vec<&str> {
    answer["mentions"].as_array().unwrap().iter().map(|hit| hit["title"].as_str().unwrap()).collect()
}

#[test]
fn a_note_is_found_by_its_words_and_tells_whom_it_mentions() {
    let cli = Cli::new();
    let ana = new(&cli, "person", &["first_name=Ana", "last_name=Ruiz"]);
    let text =
        format!("## Visit\n**Met** [Ana Ruiz](satchel:{ana}) about _pumps_, see https://x.example/offer");
    let bo = new(&cli, "person", &["first_name=Bo", &format!("notes={text}")]);
    let call =
        cli.json(&["log", &bo, &format!("*Asked* [Ana](satchel:{ana})"), "--type", "call", "--next", "fri"]);

    assert_eq!(cli.json(&["get", &bo])["fields"]["notes"], json!(text), "the note keeps its marks");
    assert_eq!(
        titles(&cli.json(&["mentions", &ana])),
        ["Asked Ana", "Bo"],
        "the newest first, without marks"
    );
    let task = cli.json(&["list", "task"]);
    assert_eq!(task["rows"][0]["title"], "Asked Ana", "what comes next is called by the words alone");
    for (words, found) in [("met ana", true), ("pumps", true), ("satchel", false), (&ana[..8], false)] {
        let hits = cli.json(&["search", words, "--kind", "person"])["hits"].to_string();
        assert_eq!(hits.contains(&bo), found, "{words}: {hits}");
    }

    // What mentions nobody any more, or is in the trash, is not told.
    cli.json(&["delete", call["id"].as_str().unwrap()]);
    assert_eq!(titles(&cli.json(&["mentions", &ana])), ["Bo"]);
    cli.json(&["set", &bo, "notes=nobody"]);
    assert!(titles(&cli.json(&["mentions", &ana])).is_empty());
    cli.json(&["undo"]);
    assert_eq!(titles(&cli.json(&["mentions", &ana])), ["Bo"]);
    assert_eq!(cli.json(&["verify"])["ok"], true, "what is projected is what the documents say");
    assert_eq!(cli.refuse(&["mentions", &ana.replace(&ana[..4], "0000")]).0, 5);
}

#[test]
fn a_note_leaves_as_it_was_written_and_for_a_phone_without_marks() {
    let cli = Cli::new();
    new(
        &cli,
        "person",
        &["first_name=Ana", "notes=**Met** [Bo](satchel:0192a3b4-0000-7000-8000-000000000001)\n- one"],
    );
    let out = |format: &str, name: &str| {
        cli.json(&["export", "person", "--format", format, "--out", name]);
        std::fs::read_to_string(cli.dir.path().join(name)).unwrap()
    };
    assert!(out("vcard", "a.vcf").contains("NOTE:Met Bo\\n\\n- one\r\n"));
    for (format, name) in [("csv", "a.csv"), ("json", "a.json")] {
        assert!(out(format, name).contains("**Met** [Bo](satchel:"), "{format}");
    }
}

fn merge(session: &Session, keep: RecordId, other: RecordId) {
    let merge = Merge { keep, others: vec![other], fields: Default::default() };
    session.merge(&merge, &mut |_| {}, &Cancel::default()).unwrap();
}

#[test]
fn a_mention_follows_merges_and_says_what_is_in_the_trash() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let person = |name: &str| session.create(Kind::Person, &fields(json!({"first_name": name}))).unwrap().id;
    let (first, second, third) = (person("Zoe"), person("Zoë"), person("Zoë C."));
    let note = format!("[Zoe](satchel:{first})");
    let about = session.create(Kind::Company, &fields(json!({"name": "Norte", "notes": note}))).unwrap().id;
    merge(session, second, first);
    merge(session, third, second);
    let seen = || session.notes(std::slice::from_ref(&note)).unwrap().remove(0).mentions;
    let mention = seen().remove(&first.to_string()).unwrap();
    assert_eq!((mention.id, mention.title.as_str(), mention.gone), (third, "Zoë C.", false));
    let mentioned: Vec<RecordId> =
        session.mentions(third).unwrap().mentions.iter().map(|hit| hit.id).collect();
    assert_eq!(mentioned, [about], "who mentioned the one that was merged away");

    session.delete(&[third], &mut |_| {}, &Cancel::default()).unwrap();
    assert!(seen().remove(&first.to_string()).unwrap().gone);
    let unknown = "[x](satchel:0192a3b4-0000-7000-8000-000000000001)".to_owned();
    assert!(session.notes(&[unknown]).unwrap()[0].mentions.is_empty(), "whom nobody knows");
}

#[test]
fn only_links_of_a_note_are_opened() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let input = json!({"first_name": "Bo", "website": "https://w.example", "notes": "[a](https://a.example) `https://b.example`"});
    let id = session.create(Kind::Person, &fields(input)).unwrap().id;
    assert_eq!(session.link_of_note(id, "https://a.example").unwrap(), "https://a.example");
    for other in ["https://b.example", "https://w.example", "https://a.example/more"] {
        assert!(session.link_of_note(id, other).is_err(), "{other}");
    }
}

#[test]
fn a_hostile_note_costs_little() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let mentions: String =
        (0..20_000).map(|n| format!("[a](satchel:0192a3b4-0000-7000-8000-{n:012})")).collect();
    for text in ["[".repeat(900_000), "> ".repeat(400_000), mentions.chars().take(900_000).collect()] {
        let started = Instant::now();
        session.create(Kind::Person, &fields(json!({"first_name": "Bo", "notes": text}))).unwrap();
        let note = session.notes(&[text]).unwrap().remove(0);
        assert!(note.mentions.is_empty());
        let took = started.elapsed();
        assert!(took < Duration::from_secs(30), "{took:?}");
    }
}

#[test]
fn favourites_keep_their_order_and_what_they_are_called_now() {
    let cli = Cli::new();
    let (ana, bo) = (new(&cli, "person", &["first_name=Ana"]), new(&cli, "person", &["first_name=Bo"]));
    for id in [&bo, &ana, &bo] {
        cli.json(&["favourites", "--add", id]);
    }
    cli.json(&["set", &ana, "first_name=Anna"]);
    cli.json(&["delete", &bo]);
    let all = cli.json(&["favourites"]);
    let shown: Vec<(&str, bool)> = all["favourites"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["title"].as_str().unwrap(), one["gone"].as_bool().unwrap()))
        .collect();
    assert_eq!(shown, [("Bo", true), ("Anna", false)], "each once");
    cli.json(&["favourites", "--remove", &bo]);
    assert_eq!(cli.json(&["favourites"])["favourites"].as_array().unwrap().len(), 1);
    assert_eq!(cli.refuse(&["favourites", "--add", &ana.replace(&ana[..4], "0000")]).0, 5);
}
