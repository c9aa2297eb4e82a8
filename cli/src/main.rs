//! `satchel`: the use cases of the app for a terminal, scripts and machines without a screen.

mod args;
mod audit;
mod backup;
mod calendar;
mod fields;
mod incident;
mod mail;
mod notes;
mod past;
mod prices;
mod quotes;
mod refusals;
mod reminders;
mod report;
mod run;
mod show;
mod team;
mod totals;
mod visits;
mod words;

use args::Cli;
use clap::{CommandFactory, FromArgMatches};
use satchel_app::{AppError, Code};
use std::process::ExitCode;
use words::say;

/// Imports make and drop millions of small texts on several threads: see `docs/adr/0009`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let parsed = words::translated(Cli::command()).try_get_matches();
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        // Help and the version are answers, not errors.
        Err(e) if !e.use_stderr() || !std::env::args_os().any(|a| a == "--json") => e.exit(),
        Err(e) => {
            report(&AppError::new(Code::Usage, e.render().to_string().trim()), true);
            return ExitCode::from(exit_code(Code::Usage));
        }
    };
    let json = cli.json;
    match run::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error, json);
            ExitCode::from(exit_code(error.code))
        }
    }
}

fn report(error: &AppError, json: bool) {
    if json {
        let code = serde_json::to_value(error.code).unwrap_or_default();
        let mut body = serde_json::json!({ "code": code, "message": error.message });
        if let Some(field) = &error.field {
            body["field"] = serde_json::json!(field);
        }
        if let Some(operation) = &error.operation {
            body["operation"] = serde_json::json!(operation);
        }
        eprintln!("{}", serde_json::json!({ "error": body }));
    } else {
        eprintln!(
            "satchel: {}{}",
            kind_of_error(error.code),
            show::harmless(&refusals::in_words(&error.message))
        );
        if let Some(operation) = &error.operation {
            eprintln!("{}", say!("what was done before can be taken back: satchel undo {}", operation));
        }
    }
}

/// What kind of error it is, in a language in which the sentence about it is not; in English nothing.
fn kind_of_error(code: Code) -> &'static str {
    let kind = match code {
        Code::Internal => "an error of the program: ",
        Code::DiskFull => "the disk is full: ",
        Code::ReadOnly => "nothing can be written here: ",
        Code::Cancelled => "stopped: ",
        Code::Usage => "the command is not right: ",
        Code::Locked => "the vault is locked: ",
        Code::WrongKey => "the wrong passphrase or code: ",
        Code::Keyring => "the keyring gives no key: ",
        Code::InUse => "the vault is in use: ",
        Code::Refused => "refused: ",
        Code::Newer => "of another version: ",
        Code::Damaged => "damaged: ",
        Code::NoVault => "there is no vault: ",
        Code::NotFound => "not found: ",
        Code::NothingToUndo => "nothing to take back: ",
        Code::NeedsDecision => "somebody has to decide: ",
        Code::Unreachable => "the remote cannot be reached: ",
    };
    Some(words::word(kind)).filter(|chinese| *chinese != kind).unwrap_or_default()
}

/// 0 done, 1 internal, 2 usage, 3 locked or wrong key, 4 refused input, 5 not found, 6 needs a decision, 7 a
/// remote cannot be reached.
fn exit_code(code: Code) -> u8 {
    match code {
        Code::Internal | Code::DiskFull | Code::ReadOnly | Code::Cancelled => 1,
        Code::Usage => 2,
        Code::Locked | Code::WrongKey | Code::Keyring | Code::InUse => 3,
        Code::Refused | Code::Newer | Code::Damaged => 4,
        Code::NoVault | Code::NotFound | Code::NothingToUndo => 5,
        Code::NeedsDecision => 6,
        Code::Unreachable => 7,
    }
}
