//! `cargo xtask run | test [ARGS] | screens | codegen [--check] | fuzz | bench | torture | release | setup`: everything that a developer does, with all
//! set-up included.

mod bench;
mod desk;
mod fuzz;
mod release;
mod screens;
mod setup;
mod torture;

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// What a step ends with: the words to show.
pub type Done = Result<(), String>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let done = match args.first().map(String::as_str) {
        Some("run") => run(rest),
        Some("test") => test(rest),
        Some("codegen") => codegen(rest.iter().any(|a| a == "--check")),
        Some("fuzz") => fuzz::fuzz(rest),
        Some("screens") => screens::screens(rest),
        Some("bench") => bench::bench(rest),
        Some("release") => release::release(rest),
        Some("torture") => torture::torture(rest),
        Some("setup") => setup::everything(),
        _ => Err("usage: cargo xtask run | test [ARGS] | screens [--out DIR] [--only PART] [--language en|zh] [--size small|usual|wide|large] | codegen [--check] | fuzz [TARGET…] [--seconds N] [--merge] | bench [ui [--debug] | --people N | --window | --sync] | torture [--kills N] [--faults N] [--cases N] [--debug] | release … | setup".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

pub fn root() -> PathBuf {
    // Asked when it runs: several checkouts share one target directory, and so one built xtask.
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("xtask"), PathBuf::from);
    own.parent().unwrap_or(Path::new(".")).to_owned()
}

/// Outside of the checkout, so that a fresh clone uses what was built before.
pub fn target_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("CARGO_TARGET_DIR") {
        return dir.into();
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache =
        cache.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache"));
    cache.join("satchel/target")
}

pub fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root()).env("CARGO_TARGET_DIR", target_dir());
    command
}

pub fn call(command: &mut Command) -> Done {
    let shown = format!("{command:?}");
    let status = command.status().map_err(|e| format!("{shown}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{shown}: {status}")) }
}

/// One set of features for every build, so that nothing is built twice.
pub const ALL: [&str; 3] = ["--workspace", "--features", "satchel/bundle,satchel-tests/window"];

fn run(args: &[String]) -> Done {
    setup::everything()?;
    setup::screens()?;
    call(cargo(&["build"]).args(ALL))?;
    let app = target_dir().join("debug/satchel-desktop");
    if std::env::var_os("DISPLAY").is_some()
        || std::env::var_os("WAYLAND_DISPLAY").is_some()
        || !cfg!(target_os = "linux")
    {
        return call(Command::new(app).args(args));
    }
    println!("There is no display: the app runs under Xvfb with a demo vault.");
    let picture = target_dir().join("satchel.png");
    desk::with(|desk| desk.picture_of_demo(&picture))?;
    println!("screenshot: {}", picture.display());
    Ok(())
}

/// All tests; with arguments, those of `cargo test` that they name, on the same desk.
fn test(args: &[String]) -> Done {
    setup::everything()?;
    setup::screens()?;
    if args.is_empty() {
        call(&mut npm(&["run", "-s", "check"]))?;
    }
    call(cargo(&["build"]).args(ALL))?;
    desk::with(|desk| {
        let mut tests = cargo(&["test", "--no-fail-fast"]);
        tests.args(ALL).args(args).env("SATCHEL_BIN", target_dir().join("debug"));
        desk.call(&mut tests)
    })
}

/// Writes the bindings, or says that they are stale.
fn codegen(check: bool) -> Done {
    setup::everything()?;
    std::fs::create_dir_all(root().join("ui/dist")).map_err(|e| e.to_string())?;
    // With what the tests are built with: other features would compile half of the tree once more.
    let mut command = cargo(&["test"]);
    command.args(ALL).args(["--lib", "bindings"]);
    if !check {
        command.env("SATCHEL_WRITE_BINDINGS", "1");
    }
    call(&mut command)
}

pub fn npm(args: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(args).current_dir(root().join("ui"));
    command
}
