//! A vault of every schema that there has been opens, with everything in it.

#![allow(clippy::unwrap_used)]

use satchel_tests::{
    cli::Cli,
    old::{make_old, versions},
};
use std::fs;

#[test]
fn a_vault_of_every_schema_opens_with_everything_in_it() {
    for version in versions() {
        let cli = Cli::new();
        cli.json(&["seed", "--people", "30", "--deals", "10", "--seed", "7"]);
        fs::write(cli.dir.path().join("people.csv"), "First Name,Email\nBo,bo@x.example\nAl,al@x.example\n")
            .unwrap();
        cli.json(&["import", "people.csv"]);
        let zoe = cli.json(&["new", "person", "first_name=Zoe", "notes=likes olives"])["id"].clone();
        let zoe = zoe.as_str().unwrap();
        cli.json(&["set", zoe, "title=Buyer"]);
        cli.json(&["set", zoe, "title=Director"]);
        let kinds = ["person", "company", "deal"];
        let shown = |cli: &Cli| kinds.map(|kind| cli.json(&["list", kind, "--limit", "1000"]));
        let (before, history) = (shown(&cli), cli.json(&["history", zoe]));

        make_old(&cli.vault(), version);
        assert_eq!(shown(&cli), before, "schema {version}");
        assert_eq!(cli.json(&["history", zoe]), history, "schema {version}");
        assert_eq!(cli.json(&["verify"])["ok"], true, "schema {version}");
        assert_eq!(cli.json(&["search", "olives"])["hits"].as_array().unwrap().len(), 1);
        // What was done before can be taken back, and work goes on.
        cli.json(&["undo"]);
        assert_eq!(cli.json(&["get", zoe])["fields"]["title"], "Buyer", "schema {version}");
        let imports = cli.json(&["imports"]);
        let import = imports.as_array().or(imports["imports"].as_array()).unwrap()[0]["operation"].clone();
        cli.json(&["undo", import.as_str().unwrap()]);
        assert_eq!(cli.json(&["list", "person", "--where", "first_name = 'Bo'"])["total"], 0);
        cli.json(&["new", "person", "first_name=New"]);
        assert_eq!(cli.json(&["verify"])["ok"], true, "schema {version}");
        let left = fs::read_dir(cli.vault()).unwrap().flatten();
        assert!(left.into_iter().all(|e| !e.file_name().to_string_lossy().contains("before-schema")));
    }
}

#[test]
fn every_step_of_the_schema_is_tried() {
    let steps =
        fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/storage/src/migrations")).unwrap();
    let steps = steps.flatten().filter(|e| e.file_name().to_string_lossy().starts_with('0')).count();
    assert_eq!(versions().count(), steps, "add the new step to tests/support/old.rs");
}
