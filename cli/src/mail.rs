//! Letters: templates filled in, drafts for a mail program, and letters that it has saved.

use crate::{
    args::{MailCommand, PaperLanguageArg},
    quotes::left_out,
    run::{record, records, usage},
    show::{Show, table},
    words::{say, word},
};
use satchel_app::{
    AppError, Cancel, Letter, LetterView, ListRequest, LoggedMail, MergedMail, Session, WhyLeftOut,
    domain::{Kind, RecordId},
    views::PaperLanguage,
};
use serde_json::json;

pub fn mail(show: &Show, session: &Session, command: MailCommand) -> Result<(), AppError> {
    match command {
        MailCommand::Preview { template, record } => {
            let (view, letter) = filled(session, &template, &record)?;
            let whole = view.missing.is_empty() && view.unknown.is_empty() && !view.address.is_empty();
            let link = if whole { session.mailto(&letter)? } else { None };
            let mut answer = json!(view);
            answer["mailto"] = json!(link);
            show.answer(&answer, || preview(&view));
        }
        MailCommand::Draft { template, record, out, language, log } => {
            let (view, mut letter) = filled(session, &template, &record)?;
            refuse_missing(&view)?;
            if session.get(letter.about)?.kind == Kind::Quote {
                letter.quote = Some((letter.about, paper(language)));
            }
            let written = session.write_draft(&letter, &out)?;
            left_out(show, &written.notices);
            let logged = log.then(|| session.log_letter(&letter)).transpose()?;
            let answer = json!({
                "file": out, "bytes": written.bytes, "notices": written.notices, "activity": logged.as_ref().map(|w| w.id),
                "operation": logged.as_ref().and_then(|w| w.operation)
            });
            show.answer(&answer, || out.display().to_string());
        }
        MailCommand::Merge { template, ids, filter, out, log } => {
            let people = match filter {
                Some(filter) if ids.is_empty() => {
                    session.ids(Kind::Person, &ListRequest { filter, ..ListRequest::default() })?
                }
                None if !ids.is_empty() => records(&ids)?,
                _ => return Err(usage("name people by their ids, or by --where")),
            };
            let mut progress = show.progress("writing");
            let cancel = Cancel::default();
            let merged =
                session.merge_mail(record(&template)?, &people, &out, log, &mut progress, &cancel)?;
            drop(progress);
            show.answer(&json!(merged), || report(&merged));
        }
        MailCommand::Log { record: about, file, attach } => {
            let about = record(&about)?;
            let logged = session.log_mail(about, &file)?;
            let all: Vec<usize> = if attach { (0..logged.enclosed.len()).collect() } else { Vec::new() };
            let attached: Vec<RecordId> =
                session.attach_enclosed(about, &file, &all)?.iter().map(|w| w.id).collect();
            let mut answer = json!(logged);
            answer["attached"] = json!(attached);
            show.answer(&answer, || told(&logged));
        }
    }
    Ok(())
}

fn filled(session: &Session, template: &str, about: &str) -> Result<(LetterView, Letter), AppError> {
    let about = record(about)?;
    let view = session.letter(&session.template(record(template)?)?, Some(about))?;
    let letter = Letter {
        about,
        name: view.name.clone(),
        address: view.address.clone(),
        subject: view.subject.clone(),
        body: view.body.clone(),
        quote: None,
    };
    Ok((view, letter))
}

/// Scripts see nobody's objections: what a person would be shown is refused.
fn refuse_missing(view: &LetterView) -> Result<(), AppError> {
    match view.missing.iter().chain(&view.unknown).next() {
        Some(place) => Err(AppError {
            field: Some(place.clone()),
            ..AppError::new(
                satchel_app::Code::Refused,
                format!("{{{{{place}}}}} has no value; see `satchel mail preview`. Nothing was written"),
            )
        }),
        None => Ok(()),
    }
}

fn paper(language: PaperLanguageArg) -> PaperLanguage {
    match language {
        PaperLanguageArg::En => PaperLanguage::En,
        PaperLanguageArg::Zh => PaperLanguage::Zh,
    }
}

fn preview(view: &LetterView) -> String {
    let mut out = format!("{} <{}>\n{}\n\n{}", view.name, view.address, view.subject, view.body);
    for (names, what) in [(&view.missing, word("without a value")), (&view.unknown, word("no such field"))] {
        if !names.is_empty() {
            out.push_str(&format!("\n{what}: {}", names.join(", ")));
        }
    }
    out
}

fn report(merged: &MergedMail) -> String {
    let row = |left: &satchel_app::LeftOut| {
        let why = match left.why {
            WhyLeftOut::NoAddress => word("no e-mail address"),
            WhyLeftOut::NoContact => word("wants no letters"),
            WhyLeftOut::Missing => word("without a value"),
            WhyLeftOut::Gone => word("in the trash"),
        };
        vec![left.id.to_string(), left.title.clone(), why.to_owned(), left.missing.join(", ")]
    };
    let rows: Vec<Vec<String>> = merged.left_out.iter().map(row).collect();
    let done = say!("{} drafts in {}", merged.written, merged.folder);
    match rows.is_empty() {
        true => done,
        false => format!("{done}\n{}", table(&["id", "title", "left out because", ""], &rows)),
    }
}

fn told(logged: &LoggedMail) -> String {
    let people: Vec<&str> = logged.people.iter().map(|p| p.title.as_str()).collect();
    match logged.known {
        true => say!("known already: {} ({})", logged.subject, logged.id),
        false => say!("noted: {} ({}), {}", logged.subject, logged.id, people.join(", ")),
    }
}
