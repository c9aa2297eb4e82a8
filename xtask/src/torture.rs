//! The long tests: as many kills, faults of the disk and made-up histories as asked. What came of them goes into a table.

use crate::{Done, call, cargo, root, setup, target_dir};
use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// Of whole teams with whatever happens to them: which test, in which file, and what the table calls it.
const HISTORIES: [(&str, &str, &str); 2] = [
    ("team", "whatever_happens_all_end_with_the_same", "histories of teams"),
    (
        "served",
        "whatever_network_and_server_do_all_end_with_the_same",
        "histories of teams, networks and servers",
    ),
];
const ROUND: u32 = 100;
const REPORT: &str = "docs/reliability.md";
const BEGIN: &str = "<!-- written by `cargo xtask torture` -->\n";
const END: &str = "<!-- until here -->";
const HEAD: &str = "| what was done to it | times | wrong | when, and by which build |\n|---|--:|--:|---|\n";

/// `--kills N` of writers, backups, and servers with laptops around them; `--faults N` of the disk; `--cases N` of each
/// kind of history; all of them where none is named. `--debug` takes the debug build.
pub fn torture(args: &[String]) -> Done {
    let asked = |name: &str| args.iter().position(|a| a == name).and_then(|at| args.get(at + 1));
    let (kills, faults, cases) = (asked("--kills"), asked("--faults"), asked("--cases"));
    let all = kills.is_none() && faults.is_none() && cases.is_none();
    let long = Long::new(args.iter().any(|a| a == "--debug"))?;
    if kills.is_some() || all {
        let kills = kills.map_or("200", String::as_str);
        for (file, test) in [
            ("kill", ""),
            ("served", "kills_of_server_and_laptops"),
            ("backup", "kills_leave_whole_backups_or_none"),
        ] {
            long.run(file, test, &[("SATCHEL_KILLS", kills)])?;
        }
    }
    if faults.is_some() || all {
        let faults = faults.map_or("500", String::as_str);
        let flips = (faults.parse::<u32>().unwrap_or(0) / 20).max(6).to_string();
        long.run("damage", "", &[("SATCHEL_FLIPS", &flips)])?;
        long.run("faults", "", &[("SATCHEL_FAULTS", faults)])?;
    }
    if cases.is_some() || all {
        let cases = cases.map_or(Ok(1000), |n| n.parse::<u32>()).map_err(|e| format!("--cases: {e}"))?;
        // In rounds, so that a night that is cut short has something to show. Each round makes up others.
        for done in (0..cases).step_by(ROUND as usize) {
            let round = ROUND.min(cases - done);
            for (file, test, called) in HISTORIES {
                long.run(file, test, &[("SATCHEL_CASES", &round.to_string())])?;
                long.note(&format!("{called}\t{}\t0", done + round))?;
            }
        }
    }
    Ok(())
}

struct Long {
    release: bool,
    figures: std::path::PathBuf,
}

impl Long {
    fn new(debug: bool) -> Result<Self, String> {
        setup::everything()?;
        let long = Self { release: !debug, figures: target_dir().join("torture.tsv") };
        call(cargo(&["build", "-p", "satchel-cli", "-p", "satchel-server"]).args(long.profile()))?;
        Ok(long)
    }

    fn profile(&self) -> &[&str] {
        if self.release { &["--release"] } else { &[] }
    }

    /// What the tests tell goes into the table, also where one has failed.
    fn run(&self, file: &str, test: &str, counts: &[(&str, &str)]) -> Done {
        let _ = fs::remove_file(&self.figures);
        let build = if self.release { "release" } else { "debug" };
        let mut command = cargo(&["test", "--package", "satchel-tests", "--test", file]);
        command.args(self.profile()).args(["--", "--nocapture", test]);
        command.env("SATCHEL_BIN", target_dir().join(build)).env("SATCHEL_FIGURES", &self.figures);
        let done = call(command.envs(counts.iter().copied()));
        let told = fs::read_to_string(&self.figures).unwrap_or_default();
        told.lines().try_for_each(|line| self.note(line))?;
        done
    }

    fn note(&self, line: &str) -> Done {
        let [what, times, wrong] = line.split('\t').collect::<Vec<_>>()[..] else { return Ok(()) };
        let build = if self.release { "release" } else { "debug" };
        let row = format!("| {what} | {times} | {wrong} | {}, {build} |", today());
        write_row(&root().join(REPORT), what, row)
    }
}

fn today() -> String {
    let out = Command::new("date").args(["-u", "+%Y-%m-%d"]).output();
    out.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned()).unwrap_or_default()
}

/// Puts a row of the table in the place of the one before.
fn write_row(report: &Path, what: &str, row: String) -> Done {
    let shown = report.display();
    let text = fs::read_to_string(report).map_err(|e| format!("{shown}: {e}"))?;
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?)));
    let (before, (table, after)) = parts.ok_or_else(|| format!("{shown} has no place for the figures"))?;
    let mut rows: BTreeMap<String, String> = BTreeMap::new();
    for line in table.lines().skip(2) {
        let name = line.trim_start_matches('|').split('|').next().unwrap_or_default().trim();
        rows.insert(name.to_owned(), line.to_owned());
    }
    rows.insert(what.to_owned(), row);
    let table: String = rows.values().map(|line| format!("{line}\n")).collect();
    fs::write(report, format!("{before}{BEGIN}{HEAD}{table}{END}{after}"))
        .map_err(|e| format!("{shown}: {e}"))
}
