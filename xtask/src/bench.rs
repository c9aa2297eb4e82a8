//! The figures, each beside a baseline measured in the same run.

use crate::{ALL, Done, call, cargo, desk, setup, target_dir};
use std::process::Command;

/// With `--window` those of the release window, on a screen of its own; with `--sync` those of a server and
/// the laptops around it.
pub fn bench(args: &[String]) -> Done {
    let examples = ["build", "--release", "--package", "satchel-tests", "--example"];
    let example = |name: &str| Command::new(target_dir().join("release/examples").join(name));
    if args.first().is_some_and(|a| a == "ui") {
        return ui(args);
    }
    if args.iter().any(|a| a == "--window") {
        setup::everything()?;
        setup::screens()?;
        call(&mut cargo(&["build", "--release", "--package", "satchel", "--features", "bundle"]))?;
        call(&mut cargo(&["build", "--release", "--package", "satchel-cli"]))?;
        call(cargo(&examples).arg("window-bench"))?;
        return desk::with(|desk| {
            let out = target_dir().join("bench-window.json");
            let mut command = example("window-bench");
            desk.call(command.env("SATCHEL_BENCH_OUT", out).env("SATCHEL_BIN", target_dir().join("release")))
        });
    }
    if args.iter().any(|a| a == "--sync") {
        call(&mut cargo(&["build", "--release", "-p", "satchel-cli", "-p", "satchel-server"]))?;
        call(cargo(&examples).arg("sync-bench"))?;
        return call(example("sync-bench").args(args).env("SATCHEL_BIN", target_dir().join("release")));
    }
    call(cargo(&examples).arg("bench"))?;
    call(example("bench").args(args).env("SATCHEL_BENCH_OUT", target_dir().join("bench.json")))
}

/// What a rep does all day, in the window on a vault of full size, which is kept beside what is built. `--debug`: without a release build.
fn ui(args: &[String]) -> Done {
    setup::everything()?;
    setup::screens()?;
    let profile: &[&str] = if args.iter().any(|a| a == "--debug") { &[] } else { &["--release"] };
    call(cargo(&["build"]).args(profile).args(ALL))?;
    call(cargo(&["build"]).args(profile).args(ALL).args(["--example", "ui-bench"]))?;
    let built = target_dir().join(if profile.is_empty() { "debug" } else { "release" });
    let vaults = target_dir().with_file_name("bench-ui");
    desk::with_screen("1440x900", |desk| {
        let mut command = Command::new(built.join("examples/ui-bench"));
        desk.call(command.env("SATCHEL_BENCH_VAULTS", &vaults).env("SATCHEL_BIN", &built))
    })
}
