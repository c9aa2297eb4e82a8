//! `satchel`: the use cases of the app for a terminal, scripts and machines without a screen.

mod args;
mod run;
mod show;

use args::Cli;
use clap::Parser;
use satchel_app::{AppError, Code};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
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
        eprintln!("{}", serde_json::json!({ "error": body }));
    } else {
        eprintln!("satchel: {}", error.message);
    }
}

/// 0 done, 1 internal, 2 usage, 3 locked or wrong key, 4 refused input, 5 not found.
fn exit_code(code: Code) -> u8 {
    match code {
        Code::Internal | Code::DiskFull | Code::ReadOnly | Code::Cancelled => 1,
        Code::Usage => 2,
        Code::Locked | Code::WrongKey | Code::Keyring | Code::InUse => 3,
        Code::Refused | Code::Newer | Code::Damaged => 4,
        Code::NoVault | Code::NotFound | Code::NothingToUndo => 5,
    }
}
