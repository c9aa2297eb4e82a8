//! The house rules that can be tested from outside: who may depend on whom, and on which licences.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::{collections::BTreeSet, process::Command};

fn metadata() -> Value {
    let mut command = Command::new(env!("CARGO"));
    command.args([
        "metadata",
        "--format-version",
        "1",
        "--offline",
        "--filter-platform",
        "x86_64-unknown-linux-gnu",
    ]);
    let out = command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

fn dependencies<'a>(metadata: &'a Value, package: &str) -> BTreeSet<&'a str> {
    let packages = metadata["packages"].as_array().unwrap();
    let package =
        packages.iter().find(|p| p["name"] == package).unwrap_or_else(|| panic!("no package {package}"));
    let normal = package["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"].is_null());
    normal.filter_map(|d| d["name"].as_str()).collect()
}

#[test]
fn each_crate_depends_only_on_what_it_may() {
    let metadata = metadata();
    let house = |package: &str| -> BTreeSet<&str> {
        dependencies(&metadata, package).into_iter().filter(|d| d.starts_with("satchel")).collect()
    };
    let only = |list: &[&'static str]| list.iter().copied().collect::<BTreeSet<&str>>();
    assert_eq!(house("satchel-domain"), only(&[]), "domain knows nobody");
    assert_eq!(house("satchel-vault"), only(&[]), "vault knows no records");
    assert_eq!(house("satchel-backup"), only(&[]), "a backup knows no records");
    assert_eq!(house("satchel-document"), only(&["satchel-domain"]));
    assert_eq!(house("satchel-storage"), only(&["satchel-domain"]));
    assert_eq!(house("satchel-interchange"), only(&["satchel-domain"]));
    assert_eq!(house("satchel-update"), only(&[]), "an update knows no vault");
    assert_eq!(house("satchel-paper"), only(&[]), "a paper is data in and bytes out");
    assert_eq!(house("satchel-protocol"), only(&[]), "the protocol knows no records: the server has it too");
    assert_eq!(house("satchel-sync"), only(&["satchel-protocol"]));
    assert_eq!(house("satchel-audit"), only(&["satchel-protocol"]), "the trail knows no records");
    assert_eq!(house("satchel-server"), only(&["satchel-protocol"]), "the server knows no records");
    let parts = [
        "audit",
        "backup",
        "document",
        "domain",
        "interchange",
        "paper",
        "protocol",
        "server",
        "storage",
        "sync",
        "update",
        "vault",
    ];
    let parts: Vec<String> = parts.iter().map(|part| format!("satchel-{part}")).collect();
    assert_eq!(
        house("satchel-app"),
        parts.iter().map(String::as_str).collect(),
        "`app` alone knows them all"
    );
    assert_eq!(house("satchel-cli"), only(&["satchel-app"]), "hosts see only `app`");
    assert_eq!(house("satchel"), only(&["satchel-app"]), "hosts see only `app`");
}

#[test]
fn only_the_desktop_knows_tauri() {
    let metadata = metadata();
    for package in [
        "satchel-domain",
        "satchel-backup",
        "satchel-document",
        "satchel-vault",
        "satchel-storage",
        "satchel-interchange",
        "satchel-paper",
        "satchel-protocol",
        "satchel-sync",
        "satchel-update",
        "satchel-audit",
        "satchel-server",
        "satchel-app",
        "satchel-cli",
    ] {
        let tauri: Vec<&str> =
            dependencies(&metadata, package).into_iter().filter(|d| d.starts_with("tauri")).collect();
        assert!(tauri.is_empty(), "{package} depends on {tauri:?}");
    }
}

#[test]
fn every_dependency_has_a_licence_that_ours_can_stand_beside() {
    const ALLOWED: &[&str] = &[
        "MIT",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Zlib",
        "Unlicense",
        "CC0-1.0",
        "0BSD",
        "Unicode-3.0",
        "MPL-2.0",
        "BSL-1.0",
        "blessing",
        "WTFPL",
        "BlueOak-1.0.0",
        "CDLA-Permissive-2.0",
        "MIT-0",
        "bzip2-1.0.6",
    ];
    let metadata = metadata();
    let mut bad = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or("none");
        let plain = licence.replace(['(', ')'], "").replace('/', " OR ").replace(" WITH LLVM-exception", "");
        let allowed = |name: &str| ALLOWED.contains(&name.trim());
        if !plain.split(" OR ").any(|choice| choice.split(" AND ").all(allowed)) {
            bad.push(format!("{} {}: {licence}", package["name"], package["version"]));
        }
    }
    assert!(bad.is_empty(), "not allowed: {bad:#?}");
}

#[test]
fn nothing_but_a_bench_stops_the_trail() {
    for folder in ["cli/src", "src-tauri/src", "crates/app/src"] {
        let folder = format!("{}/../{folder}", env!("CARGO_MANIFEST_DIR"));
        for file in std::fs::read_dir(folder).unwrap().flatten().filter(|f| f.path().is_file()) {
            let text = std::fs::read_to_string(file.path()).unwrap();
            let calls = text.matches("pause_trail_for_a_bench").count();
            let own = usize::from(file.file_name() == "audit.rs" && text.contains("impl Session"));
            assert_eq!(calls, own, "{}", file.path().display());
        }
    }
}

#[test]
fn no_panic_aborts_the_process() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")).unwrap();
    let set: Vec<&str> = manifest.lines().filter(|l| l.trim_start().starts_with("panic")).collect();
    assert!(set.is_empty(), "documents are decoded under catch_unwind: {set:?}");
}

#[test]
fn the_window_may_ask_for_nothing_that_is_not_listed() {
    let read = |path: &str| -> Value {
        let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let capability = read("src-tauri/capabilities/main.json");
    let permissions: Vec<&str> =
        capability["permissions"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(
        permissions,
        [
            "core:event:allow-listen",
            "core:event:allow-unlisten",
            "core:window:allow-set-title",
            "core:webview:allow-set-webview-zoom",
            "core:webview:allow-print",
            "dialog:allow-open",
            "dialog:allow-save",
            "satchel:default"
        ]
    );
    // The window of one line reads no record.
    let capture = read("src-tauri/capabilities/capture.json");
    assert_eq!(capture["windows"], serde_json::json!(["capture"]));
    let asks: Vec<&str> =
        capture["permissions"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let own = [
        "satchel:allow-app-state",
        "satchel:allow-set-look",
        "satchel:allow-unlock-keyring",
        "satchel:allow-touch",
        "satchel:allow-understand-line",
        "satchel:allow-capture-line",
        "satchel:allow-seal-line",
        "satchel:allow-unseal-line",
        "satchel:allow-undo",
        "satchel:allow-close-capture",
        "satchel:allow-show-main",
    ];
    let core =
        ["core:event:allow-listen", "core:event:allow-unlisten", "core:webview:allow-set-webview-zoom"];
    assert_eq!(asks, [&core[..], &own[..]].concat());
    let config = read("tauri.conf.json");
    assert_eq!(config["app"]["withGlobalTauri"], false);
    let csp = config["app"]["security"]["csp"].as_str().unwrap();
    assert!(
        csp.starts_with("default-src 'self'") && !csp.contains("unsafe") && !csp.contains("https:"),
        "{csp}"
    );
}
