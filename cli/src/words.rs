//! The language of what a person reads: English, or Chinese where the environment asks for it. What
//! scripts read, names and JSON, is the same in both.

use clap::{Arg, ArgAction, Command};
use std::{collections::HashMap, fmt::Display, sync::LazyLock};

/// English and Chinese, a line each pair.
const CHINESE: &str = include_str!("zh.tsv");

static WORDS: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| CHINESE.lines().filter_map(|line| line.split_once('\t')).collect());

static IS_CHINESE: LazyLock<bool> = LazyLock::new(|| {
    let names = ["SATCHEL_LANG", "LC_ALL", "LC_MESSAGES", "LANG"];
    let named = names.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
    named.is_some_and(|value| value.to_lowercase().starts_with("zh"))
});

/// Whether the environment asks for Chinese.
pub fn is_chinese() -> bool {
    *IS_CHINESE
}

/// A text in the language of the environment; one that is not in the dictionary stays as it is.
pub fn word(english: &str) -> &str {
    if *IS_CHINESE { WORDS.get(english).copied().unwrap_or(english) } else { english }
}

/// A sentence with its values in the places of `{}`.
pub fn sentence(english: &str, values: &[&dyn Display]) -> String {
    let mut out = String::new();
    let mut values = values.iter();
    for (at, part) in word(english).split("{}").enumerate() {
        if at > 0 {
            out.extend(values.next().map(ToString::to_string));
        }
        out.push_str(part);
    }
    out
}

/// `say!("{} restored", count)`.
macro_rules! say {
    ($english:literal $(, $value:expr)* $(,)?) => {
        $crate::words::sentence($english, &[$(&$value as &dyn std::fmt::Display),*])
    };
}
pub(crate) use say;

/// The command line with its help in the language of the environment.
pub fn translated(command: Command) -> Command {
    if !*IS_CHINESE {
        return command;
    }
    let mut command = in_chinese(command);
    // The program's own `help` commands are there once it is built.
    command.build();
    with_help_in_chinese(command)
}

fn with_help_in_chinese(command: Command) -> Command {
    command.mut_subcommands(|c| match c.get_name() {
        "help" => c.about("显示帮助"),
        _ => with_help_in_chinese(c),
    })
}

fn in_chinese(command: Command) -> Command {
    let text = |english: Option<&clap::builder::StyledStr>| {
        let english = english.map(ToString::to_string).unwrap_or_default();
        WORDS.get(english.as_str()).map_or(english.clone(), |chinese| (*chinese).to_owned())
    };
    let about = text(command.get_about());
    let subcommands = command.has_subcommands();
    let mut command = command
        .about(about)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}")
        .subcommand_help_heading("命令")
        .mut_args(|arg| {
            let help = text(arg.get_help());
            let heading = if arg.is_positional() { "参数" } else { "选项" };
            arg.help(help).help_heading(heading)
        })
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .help("显示帮助")
                .help_heading("选项"),
        )
        .arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .action(ArgAction::Version)
                .help("显示版本")
                .help_heading("选项"),
        );
    if subcommands {
        command = command.mut_subcommands(in_chinese);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    fn help_of(command: &Command, into: &mut BTreeSet<String>) {
        into.extend(command.get_about().map(ToString::to_string));
        into.extend(command.get_arguments().filter_map(|a| a.get_help()).map(ToString::to_string));
        command.get_subcommands().for_each(|c| help_of(c, into));
    }

    /// The texts in quotes behind `begin` in our sources.
    fn said(source: &str, begin: &str) -> Vec<String> {
        let parts = source.split(begin).skip(1).map(|rest| rest.trim_start());
        parts.filter_map(|rest| rest.strip_prefix('"')?.split('"').next()).map(str::to_owned).collect()
    }

    #[test]
    fn everything_that_is_said_is_in_the_dictionary() {
        let mut wanted = BTreeSet::new();
        help_of(&crate::args::Cli::command(), &mut wanted);
        for source in [
            include_str!("run.rs"),
            include_str!("fields.rs"),
            include_str!("team.rs"),
            include_str!("reminders.rs"),
            include_str!("report.rs"),
            include_str!("mail.rs"),
            include_str!("notes.rs"),
            include_str!("past.rs"),
            include_str!("quotes.rs"),
            include_str!("calendar.rs"),
            include_str!("backup.rs"),
            include_str!("totals.rs"),
            include_str!("visits.rs"),
            include_str!("incident.rs"),
            include_str!("main.rs"),
        ] {
            wanted.extend(said(source, "say!("));
            wanted.extend(said(source, "word("));
        }
        let lacking: Vec<&String> = wanted.iter().filter(|w| !WORDS.contains_key(w.as_str())).collect();
        assert!(lacking.is_empty(), "not in zh.tsv: {lacking:#?}");
        for (english, chinese) in WORDS.iter() {
            let holes = |text: &str| text.matches("{}").count();
            assert_eq!(holes(english), holes(chinese), "{english}");
            assert!(!chinese.trim().is_empty(), "{english}");
        }
        assert_eq!(WORDS.len(), CHINESE.lines().count(), "a line is no pair, or stands twice");
    }

    #[test]
    fn the_help_is_whole_in_chinese() {
        let mut command = in_chinese(crate::args::Cli::command());
        command.build();
        let mut command = with_help_in_chinese(command);
        let help = command.render_help().to_string();
        assert!(help.contains("用法：") && help.contains("命令") && help.contains("显示帮助"), "{help}");
        assert!(!help.contains("Usage") && !help.contains("Print "), "{help}");
        let parsed = command.try_get_matches_from(["satchel", "list", "person", "--limit", "3"]);
        assert!(parsed.is_ok(), "{parsed:?}");
    }
}
