//! Pictures of every screen, for the guide and to be looked at.

use crate::{ALL, Done, call, cargo, desk, root, setup, target_dir};
use std::process::Command;

/// `--out DIR`: where they go; `--only PART[,PART]`, `--language en|zh` and `--size small|usual|wide|large` make fewer.
pub fn screens(args: &[String]) -> Done {
    setup::everything()?;
    setup::screens()?;
    call(cargo(&["build"]).args(ALL))?;
    call(cargo(&["build"]).args(ALL).args(["--example", "screens"]))?;
    let out = args.iter().position(|a| a == "--out").and_then(|at| args.get(at + 1));
    let out = out.map_or_else(|| target_dir().join("screens"), |dir| root().join(dir));
    desk::with_screen("2560x1440", |desk| {
        let mut command = Command::new(target_dir().join("debug/examples/screens"));
        desk.call(command.args(args).arg("--out").arg(&out).env("SATCHEL_BIN", target_dir().join("debug")))
    })
}
