//! The command line's contract: names, JSON keys, exit codes. Scripts depend on every one.

#![allow(clippy::unwrap_used)]

use satchel_tests::cli::Cli;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// The shape of an answer: keys and types, lists by their first entry.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
        Value::Array(list) => list.first().map_or(json!([]), |first| json!([shape(first)])),
        Value::Object(map) => map
            .iter()
            .map(|(k, v)| (k.clone(), shape(v)))
            .collect::<BTreeMap<_, _>>()
            .into_iter()
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

fn new(cli: &Cli, args: &[&str]) -> String {
    cli.json(&[&["new"], args].concat())["id"].as_str().unwrap().to_owned()
}

#[test]
fn every_answer_has_the_shape_that_scripts_depend_on() {
    let cli = Cli::bare();
    let mut answers = BTreeMap::new();
    let mut ask = |name: &str, args: &[&str]| {
        let answer = cli.json(args);
        answers.insert(name.to_owned(), shape(&answer));
        answer
    };
    ask("init", &["init", "--name", "Acme", "--person", "Ana"]);
    let company = ask("new company", &["new", "company", "name=Norte SL"])["id"].as_str().unwrap().to_owned();
    let id = ask(
        "new person",
        &[
            "new",
            "person",
            "first_name=Ana",
            "last_name=Ruiz",
            "company=Norte SL",
            "emails=work:ana@x.example",
            "phones=+34 600 000 000",
            "tags=a,b",
            "birthday=--02-29",
        ],
    );
    let id = id["id"].as_str().unwrap();
    ask("get", &["get", id]);
    ask("set", &["set", id, "title=CEO"]);
    ask("unset", &["unset", id, "title"]);
    ask("list", &["list", "person"]);
    ask("search", &["search", "ruiz"]);
    ask("history", &["history", id]);
    ask("operations", &["operations"]);
    ask("undo", &["undo"]);
    ask("redo", &["redo"]);
    ask("delete", &["delete", id, &company]);
    ask("restore", &["restore", id, &company]);
    ask("status", &["status"]);
    ask("verify", &["verify"]);
    ask("keys list", &["keys", "list"]);
    ask("keys rotate", &["keys", "rotate"]);
    ask("seed", &["seed", "--people", "3", "--companies", "1"]);
    std::fs::write(cli.dir.path().join("a.csv"), "First Name,Email\nBo,bo@x.example\nMax,wrong\n").unwrap();
    ask("import --dry-run", &["import", "a.csv", "--dry-run"]);
    ask("import", &["import", "a.csv"]);
    ask("imports", &["imports"]);
    ask("export", &["export", "person", "--format", "csv", "--out", "out.csv"]);
    let fields = cli.json(&["fields", "person"]);
    assert_eq!(
        keys(&fields["fields"][0]),
        [
            "custom",
            "daily",
            "derived",
            "formula",
            "id",
            "import_names",
            "key",
            "label",
            "links",
            "note",
            "options",
            "privacy",
            "purpose",
            "retired",
            "searchable",
            "shelved",
            "sortable",
            "type"
        ]
    );
    insta::assert_json_snapshot!("shapes", answers);
}

#[test]
fn the_fields_of_the_contract_are_there_and_read_back() {
    let cli = Cli::new();
    let id = new(
        &cli,
        &[
            "person",
            "first_name=Ana",
            "emails=work:ana@x.example,home:ana@y.example",
            "tags=b,a",
            r#"addresses=[{"label":"work","street":"Main 1","city":"Porto","postal_code":"4000","country":"Portugal"}]"#,
            "website=https://x.example",
            "birthday=1985-04-12",
            "notes=two\nlines",
            "source=Fair",
            "owner=Bo",
        ],
    );
    let fields = cli.json(&["get", &id])["fields"].clone();
    assert_eq!(fields["emails"][0]["label"], "work");
    assert_eq!(fields["emails"][0]["primary"], true);
    assert_eq!(fields["emails"][1]["value"], "ana@y.example");
    assert_eq!(fields["tags"], json!(["a", "b"]));
    assert_eq!(fields["addresses"][0]["city"], "Porto");
    assert_eq!(fields["birthday"], "1985-04-12");
    assert_eq!(fields["notes"], "two\nlines");
    let all = cli.json(&["fields", "person"]);
    let keys: Vec<&str> =
        all["fields"].as_array().unwrap().iter().map(|f| f["key"].as_str().unwrap()).collect();
    for key in [
        "first_name",
        "last_name",
        "title",
        "company",
        "emails",
        "phones",
        "addresses",
        "website",
        "birthday",
        "notes",
        "tags",
        "source",
        "owner",
    ] {
        assert!(keys.contains(&key), "{key}");
    }
}

#[test]
fn exit_codes_tell_scripts_what_happened() {
    let cli = Cli::new();
    let code = |args: &[&str]| cli.refuse(args).0;
    assert_eq!(cli.run(&["--json", "nonsense"]).status.code(), Some(2));
    assert_eq!(code(&["get", "nonsense"]), 2);
    assert_eq!(code(&["list", "boats"]), 2);
    assert_eq!(code(&["new", "person", "emails=wrong"]), 4);
    assert_eq!(code(&["new", "person", "shoe=42"]), 4);
    assert_eq!(code(&["list", "person", "--where", "city ="]), 4);
    assert_eq!(code(&["get", "01934f3e-0000-7000-8000-000000000000"]), 5);
    assert_eq!(code(&["undo", "01934f3e-0000-7000-8000-000000000000"]), 5);
    assert_eq!(code(&["import", "missing.csv"]), 5);
    let mut wrong = cli.command(&["--json", "status"]);
    let out = wrong.env("SATCHEL_PASSPHRASE", "wrong").output().unwrap();
    assert_eq!(out.status.code(), Some(3));
    let error: Value = serde_json::from_slice(&out.stderr).unwrap();
    assert_eq!(error["error"]["code"], "wrong_key");
    assert_eq!(Cli::bare().refuse(&["status"]).0, 5, "no vault");
    let (exit, error) = cli.refuse(&["init", "--name", "Again"]);
    assert_eq!((exit, error["code"].as_str()), (4, Some("refused")), "a vault is never made over another");
}

#[test]
fn the_kit_file_opens_the_vault_and_is_private() {
    let cli = Cli::bare();
    let kit = cli.dir.path().join("kit.txt");
    cli.json(&["init", "--name", "Acme", "--kit", kit.to_str().unwrap()]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&kit).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let mut command = cli.command(&["--json", "status"]);
    let out =
        command.env_remove("SATCHEL_PASSPHRASE").env("SATCHEL_RECOVERY_KEY_FILE", &kit).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    // Stock `age` opens what is sealed for recovery, with the identity that is printed.
    let text = std::fs::read_to_string(&kit).unwrap();
    let identity = text.lines().map(str::trim).find(|l| l.starts_with("AGE-SECRET-KEY-")).unwrap();
    let vault: Value =
        serde_json::from_slice(&std::fs::read(cli.vault().join("vault.json")).unwrap()).unwrap();
    let slot = vault["slots"].as_array().unwrap().iter().find(|s| s["kind"] == "recovery").unwrap();
    std::fs::write(cli.dir.path().join("id"), identity).unwrap();
    std::fs::write(cli.dir.path().join("sealed"), slot["sealed"].as_str().unwrap()).unwrap();
    let age = std::process::Command::new("age")
        .args(["-d", "-i", "id", "sealed"])
        .current_dir(cli.dir.path())
        .output();
    let age = age.expect("age is installed by `cargo xtask test`");
    assert!(
        age.status.success() && age.stdout.starts_with(b"satchel vault "),
        "{}",
        String::from_utf8_lossy(&age.stderr)
    );
}

#[test]
fn history_undo_and_time_travel() {
    let cli = Cli::new();
    let id = new(&cli, &["person", "first_name=Ana"]);
    std::thread::sleep(std::time::Duration::from_millis(5));
    cli.json(&["set", &id, "title=CEO"]);
    let at = cli.json(&["history", &id])["versions"][0]["at"].as_str().unwrap().to_owned();
    std::thread::sleep(std::time::Duration::from_millis(5));
    cli.json(&["set", &id, "title=CTO"]);
    let then = cli.json(&["history", &id, "--at", &at]);
    assert_eq!(then["fields"]["title"], "CEO");
    let versions = cli.json(&["history", &id])["versions"].clone();
    assert_eq!(versions[0]["changes"], json!([{"field": "title", "before": "CEO", "after": "CTO"}]));
    assert_eq!(versions[0]["by"], "Ana");
    let title = |cli: &Cli| cli.json(&["get", &id])["fields"]["title"].clone();
    cli.json(&["undo"]);
    assert_eq!(title(&cli), "CEO");
    cli.json(&["undo"]);
    assert_eq!(title(&cli), Value::Null);
    cli.json(&["redo"]);
    assert_eq!(title(&cli), "CEO");
    cli.json(&["redo"]);
    assert_eq!(title(&cli), "CTO");
    assert_eq!(cli.refuse(&["redo"]).0, 5);
    cli.json(&["undo"]);
    cli.json(&["set", &id, "nickname=A"]);
    assert_eq!(cli.refuse(&["redo"]).0, 5, "an edit in between closes the way forward");
}

#[test]
fn custom_fields_are_listed_filtered_searched_exported() {
    let cli = Cli::new();
    cli.json(&["fields", "person", "--add", "Shoe size", "--type", "number"]);
    cli.json(&["fields", "person", "--add", "Colour", "--type", "choice", "--options", "red,blue"]);
    let id = new(&cli, &["person", "first_name=Ana", "x_shoe_size=38", "x_colour=RED"]);
    new(&cli, &["person", "first_name=Bo", "x_shoe_size=44"]);
    assert_eq!(cli.json(&["get", &id])["fields"]["x_colour"], "red");
    assert_eq!(cli.json(&["list", "person", "--where", "x_shoe_size < 40"])["total"], 1);
    assert_eq!(cli.json(&["list", "person", "--sort", "-x_shoe_size"])["rows"][0]["title"], "Bo");
    assert_eq!(cli.json(&["search", "red"])["hits"][0]["title"], "Ana");
    assert_eq!(cli.refuse(&["set", &id, "x_colour=green"]).0, 4);
    cli.json(&["export", "person", "--format", "csv", "--out", "p.csv"]);
    let csv = std::fs::read_to_string(cli.dir.path().join("p.csv")).unwrap();
    assert!(csv.contains("Shoe size") && csv.contains("38"), "{csv}");
}

#[test]
fn exports_read_back_as_they_were() {
    for (format, name) in [("csv", "p.csv"), ("json", "p.json"), ("vcard", "p.vcf")] {
        let cli = Cli::new();
        new(&cli, &["company", "name=Norte, \"SL\""]);
        new(
            &cli,
            &[
                "person",
                "first_name==HYPERLINK(1)",
                "last_name=O'Brien",
                "company=Norte, \"SL\"",
                "emails=work:ana@x.example,home:ana@y.example",
                "phones=mobile:+34 600 000 000",
                "notes=one\ntwo; three, four",
                "tags=a,b",
                "birthday=--02-29",
            ],
        );
        cli.json(&["export", "person", "--format", format, "--out", name]);
        let text = std::fs::read_to_string(cli.dir.path().join(name)).unwrap();
        if format == "csv" {
            assert!(text.contains("'=HYPERLINK(1)"), "a formula is made harmless: {text}");
        }
        let other = Cli::new();
        let report = other.json(&["import", cli.dir.path().join(name).to_str().unwrap()]);
        assert_eq!(
            (report["rejected"].as_u64(), report["errors"].as_array().map(Vec::len)),
            (Some(0), Some(0)),
            "{format}: {report:#}"
        );
        let row = |cli: &Cli| {
            let mut row = cli.json(&["list", "person"])["rows"][0].clone();
            for item in ["emails", "phones"] {
                for entry in row["fields"][item].as_array_mut().unwrap() {
                    entry.as_object_mut().unwrap().remove("id");
                }
            }
            row["fields"].as_object_mut().unwrap().remove("company");
            (row["fields"].clone(), row["titles"]["company"].clone())
        };
        assert_eq!(row(&cli), row(&other), "{format}");
    }
}

#[test]
fn completions_and_the_manual_are_made_from_the_commands() {
    let cli = Cli::bare();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let out = cli.run(&["completions", shell]);
        assert!(out.status.success() && String::from_utf8_lossy(&out.stdout).contains("satchel"), "{shell}");
    }
    assert!(String::from_utf8_lossy(&cli.run(&["man"]).stdout).contains(".TH satchel"));
}

/// What people read is in their language; what scripts read is not.
#[test]
fn the_command_line_speaks_chinese() {
    let cli = Cli::new();
    let id = cli.json(&["new", "person", "first_name=伟", "last_name=王"])["id"].as_str().unwrap().to_owned();
    let said = |args: &[&str]| {
        let out = cli.command(args).env("SATCHEL_LANG", "zh_CN.UTF-8").output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
    };
    assert!(said(&["list", "person"]).contains("姓名"));
    assert!(said(&["delete", &id]).contains("已移入回收站"));
    assert!(said(&["get", "00000000-0000-7000-8000-000000000000"]).contains("未找到："));
    assert!(said(&["--help"]).contains("用法："));
    // Why a row, or a value, was not taken.
    std::fs::write(cli.dir.path().join("people.csv"), "First Name,Birthday\nAna,soon\n,\n").unwrap();
    let imported = said(&["import", "people.csv"]);
    for word in ["不是日期", "该值已放入备注", "列名"] {
        assert!(imported.contains(word), "{word}: {imported}");
    }
    assert!(!imported.contains("is not a date"), "{imported}");
    cli.json(&["undo"]);
    let json = said(&["--json", "undo"]);
    assert!(json.contains("\"undone\"") && json.contains("\"label\":\"delete\""), "{json}");
}
