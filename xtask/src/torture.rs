//! The long tests: as many kills as asked.

use crate::{Done, call, cargo, target_dir};

pub fn torture(args: &[String]) -> Done {
    let kills = args
        .iter()
        .position(|a| a == "--kills")
        .and_then(|at| args.get(at + 1))
        .map_or("200", String::as_str);
    call(cargo(&["build", "--package", "satchel-cli"]).args(["--release"]))?;
    let mut command =
        cargo(&["test", "--release", "--package", "satchel-tests", "--test", "kill", "--", "--nocapture"]);
    call(command.env("SATCHEL_KILLS", kills).env("SATCHEL_BIN", target_dir().join("release")))
}
