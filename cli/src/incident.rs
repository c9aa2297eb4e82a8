//! Incidents and drills, who has learnt what, and how the vault is set up.

use crate::{
    args::{Config, Incident, PaperLanguageArg},
    run::{Done, record},
    show::{Show, plain, table},
    words::{is_chinese, say, word},
};
use satchel_app::{
    AppError, ConfigDifference, DrillPlan, Happened, IncidentChange, IncidentLine, IncidentView,
    OpenIncident, PlaybookView, Recipient, Restored, SaidView, Session, TrainingState, playbooks,
    views::PaperLanguage,
};
use serde_json::{Value as Json, json};

fn said(said: &SaidView) -> &str {
    if is_chinese() { &said.zh } else { &said.en }
}

fn language(asked: Option<PaperLanguageArg>) -> PaperLanguage {
    match asked {
        Some(PaperLanguageArg::Zh) => PaperLanguage::Zh,
        Some(PaperLanguageArg::En) => PaperLanguage::En,
        None if is_chinese() => PaperLanguage::Zh,
        None => PaperLanguage::En,
    }
}

fn usage(message: &str) -> AppError {
    AppError::new(satchel_app::Code::Usage, message)
}

pub fn incident(show: &Show, session: &Session, command: Incident) -> Done {
    match command {
        Incident::Playbooks => books(show),
        Incident::Open { playbook, drill, title } => {
            let written = session.open_incident(&OpenIncident { playbook, title, drill })?;
            shown(show, &session.incident(written.id)?)
        }
        Incident::List => {
            let all = session.incidents()?;
            show.answer(&json!({ "incidents": all }), || listed(&all));
            Ok(())
        }
        Incident::Show { id } => shown(show, &session.incident(record(&id)?)?),
        Incident::Step { id, step, undo, note } => {
            shown(show, &session.incident_step(record(&id)?, &step, !undo, &note)?)
        }
        Incident::Set { id, title, known, affected, note } => {
            if [&title, &known, &affected, &note].iter().all(|said| said.is_none()) {
                return Err(usage("say what is to be changed: --title, --known, --affected or --note"));
            }
            let change = IncidentChange { title, known_at: known, affected, note };
            shown(show, &session.change_incident(record(&id)?, &change)?)
        }
        Incident::Close { id, reopen } => shown(show, &session.close_incident(record(&id)?, !reopen)?),
        Incident::WhoSaw { id } => {
            let entries = session.who_saw(record(&id)?)?;
            show.answer(&json!({ "entries": entries }), || {
                let rows: Vec<Vec<String>> = entries
                    .iter()
                    .map(|e| {
                        let facts = e.facts.as_object().into_iter().flatten();
                        let facts: Vec<String> =
                            facts.map(|(key, value)| format!("{key} {}", plain(value))).collect();
                        vec![e.at.clone(), word(&e.act).to_owned(), facts.join(", ")]
                    })
                    .collect();
                table(&["at", "act", ""], &rows)
            });
            Ok(())
        }
        Incident::Draft { id, to_people, language: asked } => {
            let to = if to_people { Recipient::People } else { Recipient::Authority };
            let text = session.incident_draft(record(&id)?, to, language(asked))?;
            show.answer(&json!({ "text": text }), || text.clone());
            Ok(())
        }
        Incident::Report { id, out, language: asked } => {
            let bytes = session.write_incident_report(record(&id)?, language(asked), &out)?;
            show.answer(&json!({"path": out, "bytes": bytes}), || say!("written to {}", out.display()));
            Ok(())
        }
        Incident::Drills { every, playbooks } => drills(show, session, every, playbooks),
    }
}

fn books(show: &Show) -> Done {
    let all = playbooks();
    show.answer(&json!({ "playbooks": all }), || {
        let one = |p: &PlaybookView| {
            let steps = p.steps.iter().map(|s| format!("  {}: {}", s.id, said(&s.title)));
            let head = format!("{}: {}. {}", p.id, said(&p.title), said(&p.when));
            [head].into_iter().chain(steps).collect::<Vec<_>>().join("\n")
        };
        all.iter().map(one).collect::<Vec<_>>().join("\n\n")
    });
    Ok(())
}

/// What an incident is called: where nobody has said otherwise, as its playbook, in the language of the environment.
fn called(line: &IncidentLine) -> String {
    let book = playbooks().into_iter().find(|p| p.id == line.playbook);
    book.filter(|p| p.title.en == line.title)
        .map_or_else(|| line.title.clone(), |p| said(&p.title).to_owned())
}

fn listed(all: &[IncidentLine]) -> String {
    let row = |line: &IncidentLine| {
        vec![
            line.id.to_string(),
            line.opened_at.clone(),
            word(if line.drill { "drill" } else { "incident" }).to_owned(),
            called(line),
            format!("{}/{}", line.done, line.steps),
            line.closed_at.clone().unwrap_or_else(|| word("open").to_owned()),
            line.minutes_left.map(left).unwrap_or_default(),
        ]
    };
    table(&["", "at", "", "", "", "", ""], &all.iter().map(row).collect::<Vec<_>>())
}

fn left(minutes: i32) -> String {
    match minutes {
        ..0 => say!("notification late by {} h", -minutes / 60),
        _ => say!("notify within {} h", (minutes + 59) / 60),
    }
}

fn shown(show: &Show, view: &IncidentView) -> Done {
    show.answer(&json!(view), || in_words(view));
    Ok(())
}

fn in_words(view: &IncidentView) -> String {
    let book = playbooks().into_iter().find(|p| p.id == view.incident.playbook);
    let title = |id: &str| {
        let step = book.as_ref().and_then(|p| p.steps.iter().find(|step| step.id == id));
        step.map_or_else(|| id.to_owned(), |step| said(&step.title).to_owned())
    };
    let steps: Vec<Vec<String>> = view
        .steps
        .iter()
        .map(|step| {
            let tick = if step.done { "x" } else { "-" };
            vec![
                tick.to_owned(),
                step.id.clone(),
                title(&step.id),
                step.at.clone().unwrap_or_default(),
                step.by.clone(),
            ]
        })
        .collect();
    let told: Vec<Vec<String>> = view
        .timeline
        .iter()
        .map(|e| {
            let what = match e.what {
                Happened::Opened => word("opened").to_owned(),
                Happened::Done => say!("done: {}", title(&e.about)),
                Happened::Undone => say!("not done after all: {}", title(&e.about)),
                Happened::Note => say!("noted: {}", e.text),
                Happened::Said => format!("{}: {}", word(&e.about), e.text),
                Happened::Closed => word("closed").to_owned(),
                Happened::Reopened => word("opened again").to_owned(),
            };
            vec![e.at.clone(), e.by.clone(), what]
        })
        .collect();
    let line = &view.incident;
    let kind = word(if line.drill { "drill" } else { "incident" });
    let mut out = vec![format!("{kind} {}: {}", line.id, called(line))];
    out.extend(line.minutes_left.map(left));
    out.push(table(&["", "", "", "", ""], &steps));
    out.push(table(&["at", "", ""], &told));
    out.join("\n")
}

fn drills(show: &Show, session: &Session, every: Option<u32>, playbooks: Vec<String>) -> Done {
    if every.is_some() || !playbooks.is_empty() {
        let plan = session.drill_plan()?;
        let playbooks = if playbooks.is_empty() { plan.playbooks } else { playbooks };
        session.set_drill_plan(&DrillPlan { playbooks, months: every.unwrap_or(plan.months) })?;
    }
    let view = session.drills()?;
    show.answer(&json!(view), || {
        let rows: Vec<Vec<String>> = view
            .drills
            .iter()
            .map(|d| {
                let due = if d.due { word("due now").to_owned() } else { d.due_at.clone() };
                vec![d.playbook.clone(), due, d.last.clone().unwrap_or_default()]
            })
            .collect();
        table(&["", "", "last"], &rows)
    });
    Ok(())
}

pub fn training(show: &Show, session: &Session, done: &[String], of: Option<&str>, tour: bool) -> Done {
    let view = match done.is_empty() {
        true => session.staff()?,
        false => session.mark_training(done, of)?,
    };
    show.answer(&json!(view), || {
        if tour {
            let page = |p: &satchel_app::TourPageView| format!("{}\n{}", said(&p.title), said(&p.text));
            return view.tour.iter().map(page).collect::<Vec<_>>().join("\n\n");
        }
        let mut rows = Vec::new();
        for one in &view.people {
            let state = match one.state {
                TrainingState::Open => word("to do"),
                TrainingState::Done => word("done"),
                TrainingState::Again => word("due again"),
            };
            rows.push(vec![one.person.clone(), word(&one.role).to_owned(), state.to_owned(), String::new()]);
            for item in one.items.iter().filter(|_| one.me) {
                let tick = if item.done { "x" } else { "-" };
                rows.push(vec![String::new(), tick.to_owned(), item.id.clone(), said(&item.text).to_owned()]);
            }
        }
        table(&["", "", "", ""], &rows)
    });
    Ok(())
}

pub fn config(show: &Show, session: &Session, command: Config) -> Done {
    match command {
        Config::Export { out } => {
            let bytes = session.export_config(&out)?;
            show.answer(&json!({"path": out, "bytes": bytes}), || say!("written to {}", out.display()));
            Ok(())
        }
        Config::Compare { file } => {
            let differences = session.compare_config(&file)?;
            let same = differences.is_empty();
            show.answer(&json!({"same": same, "differences": differences}), || match same {
                true => word("everything is the same").to_owned(),
                false => compared(&differences),
            });
            Ok(())
        }
        Config::Restore { file, former, dry_run } => {
            let done = match file.filter(|_| !former) {
                Some(file) => session.restore_config(&file, dry_run)?,
                None => session.restore_former_config(dry_run)?,
            };
            show.answer(&json!(done), || restored(&done));
            Ok(())
        }
        Config::Drift => {
            let points = session.config_drift()?;
            let ok = points.iter().all(|point| point.ok);
            show.answer(&json!({"ok": ok, "points": points}), || {
                let rows: Vec<Vec<String>> = points
                    .iter()
                    .map(|p| {
                        let state = if p.ok { "ok" } else { "warning" };
                        vec![word(state).to_owned(), p.key.clone(), plain(&p.now), p.recommended.clone()]
                    })
                    .collect();
                table(&["", "", "now", "recommended"], &rows)
            });
            Ok(())
        }
    }
}

fn compared(differences: &[ConfigDifference]) -> String {
    let value = |json: &Json| if json.is_null() { "-".to_owned() } else { plain(json) };
    let row = |d: &ConfigDifference| vec![d.key.clone(), d.label.clone(), value(&d.here), value(&d.there)];
    table(&["", "", "here", "there"], &differences.iter().map(row).collect::<Vec<_>>())
}

fn restored(done: &Restored) -> String {
    let mut out = vec![say!("{} changes", done.changed.len()), compared(&done.changed)];
    if !done.left.is_empty() {
        out.push(say!("left as they are:"));
        out.push(compared(&done.left));
    }
    out.join("\n")
}
