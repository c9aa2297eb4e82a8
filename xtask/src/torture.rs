//! The long tests: as many kills and as many made-up histories as asked.

use crate::{Done, call, cargo, setup, target_dir};

/// Of whole teams with whatever happens to them: which test, and in which file.
const HISTORIES: [(&str, &str); 2] = [
    ("team", "whatever_happens_all_end_with_the_same"),
    ("served", "whatever_network_and_server_do_all_end_with_the_same"),
];

/// `--kills N` of the writer and of servers with laptops around them; `--cases N` of each kind of history.
pub fn torture(args: &[String]) -> Done {
    let asked = |name: &str| args.iter().position(|a| a == name).and_then(|at| args.get(at + 1));
    let (kills, cases) = (asked("--kills"), asked("--cases"));
    setup::everything()?;
    call(&mut cargo(&["build", "--release", "-p", "satchel-cli", "-p", "satchel-server"]))?;
    let long = |file: &str, test: &str, count: (&str, &str)| {
        let mut command = cargo(&["test", "--release", "--package", "satchel-tests", "--test", file]);
        command.args(["--", "--nocapture", test]).env("SATCHEL_BIN", target_dir().join("release"));
        call(command.env(count.0, count.1))
    };
    // Either alone, or both.
    if kills.is_some() || cases.is_none() {
        let kills = kills.map_or("200", String::as_str);
        long("kill", "", ("SATCHEL_KILLS", kills))?;
        long("served", "kills_of_server_and_laptops", ("SATCHEL_KILLS", kills))?;
    }
    if cases.is_some() || kills.is_none() {
        let cases = cases.map_or("1000", String::as_str);
        for (file, test) in HISTORIES {
            long(file, test, ("SATCHEL_CASES", cases))?;
        }
    }
    Ok(())
}
