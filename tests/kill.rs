//! `kill -9` at random moments of edit, import, undo and rotation: no acknowledged write is lost, no
//! vault is corrupt. CI kills a few times; `cargo xtask torture --kills N` as often as asked.

#![allow(clippy::unwrap_used)]

use satchel_tests::cli::Cli;
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::{Duration, Instant},
};

fn kills() -> u64 {
    std::env::var("SATCHEL_KILLS").ok().and_then(|k| k.parse().ok()).unwrap_or(16)
}

/// A child that works until it is killed, and names what was acknowledged.
fn work(cli: &Cli, args: &[&str], random: u64, range: u64) -> bool {
    let mut child = cli.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_micros(random % range);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.success();
        }
        if Instant::now() >= until {
            child.kill().unwrap();
            child.wait().unwrap();
            return false;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_no_vault_is_corrupt() {
    let seed: u64 = std::env::var("SATCHEL_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or_else(|| std::process::id().into());
    println!("SATCHEL_SEED={seed}");
    let mut random: u64 = seed | 1;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let cli = Cli::new();
    let mut file = String::from("First Name,Email\n");
    for n in 0..4000 {
        file.push_str(&format!("Person{n},p{n}@x.example\n"));
    }
    std::fs::write(cli.dir.path().join("people.csv"), file).unwrap();
    let id = cli.json(&["new", "person", "first_name=Ana"])["id"].as_str().unwrap().to_owned();
    // How long each takes undisturbed: the kills fall within.
    let timed = |args: &[&str]| {
        let started = Instant::now();
        assert!(cli.run(args).status.success());
        u64::try_from(started.elapsed().as_micros()).unwrap()
    };
    let edit = timed(&["set", &id, "title=0"]);
    let import = timed(&["import", "people.csv"]);
    let undo = timed(&["undo"]);
    let rotate = timed(&["keys", "rotate"]);
    let mut acknowledged = "0".to_owned();
    for round in 1..=kills() {
        let value = format!("title={round}");
        match next() % 4 {
            0 | 1 => {
                if work(&cli, &["set", &id, &value], next(), edit) {
                    acknowledged = round.to_string();
                }
            }
            2 => {
                work(&cli, &["import", "people.csv"], next(), import);
                let last = cli.json(&["operations", "--limit", "1"])["operations"][0]["operation"]
                    .as_str()
                    .unwrap()
                    .to_owned();
                work(&cli, &["undo", &last], next(), undo);
            }
            _ => {
                work(&cli, &["keys", "rotate"], next(), rotate);
            }
        }
        let report = cli.run(&["--json", "verify"]);
        assert!(
            report.status.success(),
            "round {round}: {}{}",
            String::from_utf8_lossy(&report.stdout),
            String::from_utf8_lossy(&report.stderr)
        );
        let title = cli.json(&["get", &id])["fields"]["title"].as_str().unwrap().to_owned();
        // The last one may have been written and killed before it could say so.
        assert!(
            title == acknowledged || title == round.to_string(),
            "round {round}: {acknowledged} was acknowledged, {title} is there"
        );
        acknowledged = title;
    }
    println!("{} kills, nothing lost", kills());
}

/// The same from a process that writes in a stream: each line it prints is an acknowledged write.
#[test]
fn a_stream_of_writes_survives_a_kill() {
    for round in 0..(kills() / 8).max(2) {
        let cli = Cli::new();
        let script =
            "for n in $(seq 1 200); do \"$0\" --quiet new person first_name=N$n >/dev/null && echo $n; done";
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", script]).arg(satchel_tests::bin("satchel"));
        for (name, value) in cli.command(&[]).get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        while seen < 3 + round {
            seen = lines.next().unwrap().unwrap().parse().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        std::thread::sleep(Duration::from_secs(1));
        let there = cli.json(&["status"])["records"]["person"].as_u64().unwrap();
        assert!(there >= seen, "{seen} were acknowledged, {there} are there");
    }
}
