//! The trail and the alerts.

use crate::{
    args::Audit,
    run::Done,
    show::{Show, plain, table},
    words::{say, word},
};
use satchel_app::{
    AppError, Code, Seen, Session, TrailRequest, verify_trail_file,
    views::{AlertView, TrailCheck, TrailEntry},
};
use serde_json::json;
use std::path::Path;

pub fn audit(show: &Show, session: &Session, audit: Audit) -> Done {
    match audit {
        Audit::Verify { file: Some(file) } => verify_file(show, &file),
        Audit::Verify { file: None } => checked(show, &session.verify_trail()?, None),
        Audit::Export { out } => checked(show, &session.export_trail(&out)?, Some(&out)),
        Audit::List { limit, act, day, before } => {
            let view = session.trail(&TrailRequest { act, day, before, limit })?;
            show.answer(&json!(view), || {
                let rows: Vec<Vec<String>> = view.entries.iter().map(line).collect();
                let entries = table(&["", "at", "act", ""], &rows);
                [say!("{} entries", view.total), entries].join("\n")
            });
            Ok(())
        }
    }
}

/// No vault is needed for it.
pub fn verify_file(show: &Show, file: &Path) -> Done {
    checked(show, &verify_trail_file(file)?, None)
}

fn checked(show: &Show, check: &TrailCheck, written: Option<&Path>) -> Done {
    let mut answer = json!(check);
    if let Some(path) = written {
        answer["path"] = json!(path);
    }
    show.answer(&answer, || in_words(check));
    match check.ok {
        true => {
            written.inspect(|path| show.note(&say!("written to {}", path.display())));
            Ok(())
        }
        false => Err(AppError::new(
            Code::Damaged,
            "the trail is not what was signed: somebody, or a damaged disk, has changed it. Keep it as it is, export it, and compare it with what colleagues have: satchel audit list",
        )),
    }
}

fn in_words(check: &TrailCheck) -> String {
    let time = |at: &Option<String>| at.as_deref().unwrap_or("-").to_owned();
    let mut lines = vec![match check.ok {
        true => say!(
            "the trail holds: {} entries from {} to {}",
            check.entries,
            time(&check.first),
            time(&check.last)
        ),
        false => say!(
            "the trail does NOT hold: {} entries from {} to {}",
            check.entries,
            time(&check.first),
            time(&check.last)
        ),
    }];
    for restored in &check.restored {
        lines.push(match restored.missing {
            0 => say!("restored on {} from a backup of {}", restored.at, restored.made_at),
            n => say!(
                "restored on {} from a backup of {}: colleagues know {} later entries of before",
                restored.at,
                restored.made_at,
                n
            ),
        });
    }
    for broken in &check.breaks {
        lines.push(say!("at entry {}: {} ({})", broken.seq, word(&broken.why), broken.detail));
    }
    if check.unsigned > 0 {
        lines.push(say!("{} entries are not signed yet", check.unsigned));
    }
    if check.clock_back > 0 {
        lines.push(say!("the clock went back {} times", check.clock_back));
    }
    if !check.key.is_empty() {
        lines.push(match check.vouched {
            true => say!("signed with the key {}: compare it with what the team knows", check.key),
            false => say!("signed with the key {}, which no team vouches for: compare it", check.key),
        });
    }
    lines.join("\n")
}

fn line(entry: &TrailEntry) -> Vec<String> {
    let facts = entry.facts.as_object().into_iter().flatten();
    let facts: Vec<String> = facts.map(|(key, value)| format!("{key} {}", plain(value))).collect();
    let at = if entry.clock_back { say!("{} (the clock went back)", entry.at) } else { entry.at.clone() };
    vec![entry.row.to_string(), at, word(&entry.act).to_owned(), facts.join(", ")]
}

pub fn alerts(show: &Show, session: &Session, seen: Option<&str>, rules: &[String]) -> Done {
    if !rules.is_empty() {
        session.adjust_alert_rules(rules)?;
    }
    let view = match seen {
        Some("all") => session.see_alerts(Seen::All)?,
        Some(id) => session.see_alerts(Seen::One(crate::run::record(id)?))?,
        None => session.alerts()?,
    };
    let thresholds = session.alert_rules();
    let answer = json!({"unseen": view.unseen, "alerts": view.alerts, "rules": thresholds});
    show.answer(&answer, || {
        let row = |a: &AlertView| {
            let whose = [a.person.as_str(), a.device_name.as_str()].join(", ");
            let seen = if a.seen { a.seen_by.join(", ") } else { word("new").to_owned() };
            vec![a.id.to_string(), a.at.clone(), word(&a.rule).to_owned(), a.count.to_string(), whose, seen]
        };
        table(&["", "at", "", "", "", "seen by"], &view.alerts.iter().map(row).collect::<Vec<_>>())
    });
    Ok(())
}
