//! A day of visits on a terminal.

use crate::{
    args::{Visits, VisitsPlan},
    run::{Done, record, records},
    show::{Show, table},
    words::{say, word},
};
use satchel_app::{
    AppError, CheckOut, Code, Session, VisitsRequest,
    domain::place::How,
    local_day,
    views::{Lacks, StopView, VisitsView, WhySeen},
};
use serde_json::json;

pub fn visits(show: &Show, session: &Session, command: Visits) -> Done {
    match command {
        Visits::Plan(args) => plan(show, session, &args),
        Visits::CheckIn { id, place } => {
            let written = session.check_in(record(&id)?, place.as_deref())?;
            show.answer(&json!(written), || written.id.to_string());
            Ok(())
        }
        Visits::CheckOut { id, text, outcome, next, task } => {
            let id = id.map_or_else(|| here(session), |id| record(&id))?;
            let task = task.map(|task| record(&task)).transpose()?;
            let out = CheckOut { text, outcome, next, task, today: local_day().0 };
            let written = session.check_out(id, &out)?;
            show.answer(&json!(written), || written.id.to_string());
            Ok(())
        }
        Visits::Here => {
            let visit = session.here()?;
            show.answer(&json!({ "visit": visit }), || match &visit {
                Some(visit) => format!("{} {}", visit.id, visit.title).trim().to_owned(),
                None => word("you are nowhere just now").to_owned(),
            });
            Ok(())
        }
    }
}

fn here(session: &Session) -> Result<satchel_app::domain::RecordId, AppError> {
    let nowhere = || AppError::new(Code::NotFound, "nobody has checked in; name the visit");
    Ok(session.here()?.ok_or_else(nowhere)?.id)
}

fn plan(show: &Show, session: &Session, args: &VisitsPlan) -> Done {
    let asked = VisitsRequest {
        from: args.from.clone(),
        starts: Some(args.starts.clone()),
        added: records(&args.added)?,
        again: args.again,
        ..VisitsRequest::of_day(args.day.as_deref())?
    };
    if args.save {
        let written = session.plan_visits(&asked, word("Visit {}"))?;
        show.answer(&json!(written), || written.id.to_string());
        return Ok(());
    }
    let view = session.visits(&asked)?;
    show.answer(&json!(view), || in_words(&view));
    Ok(())
}

fn in_words(view: &VisitsView) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (stops, state) in
        [(&view.stops, "stop"), (&view.unplaced, "without a place"), (&view.suggested, "on the way")]
    {
        rows.extend(stops.iter().map(|stop| row(stop, state)));
    }
    if rows.is_empty() {
        return word("nobody is to be seen on that day").to_owned();
    }
    let way = format!("{:.1}", view.kilometres);
    let more = if view.more { say!("There are more stops than are put in order.") } else { String::new() };
    let table = table(&["", "at", "what", "km", "", "id"], &rows);
    format!("{table}{}\n{more}", say!("about {} km as the crow flies", way)).trim_end().to_owned()
}

fn row(stop: &StopView, state: &str) -> Vec<String> {
    let at = stop.arrives.as_ref().or(stop.time.as_ref()).cloned().unwrap_or_default();
    let km = stop.kilometres.map(|km| format!("{km:.1}")).unwrap_or_default();
    let whom = [stop.title.as_str(), &stop.with].into_iter().filter(|t| !t.is_empty());
    let whom = whom.collect::<Vec<_>>().join(", ");
    let mut notes: Vec<String> = stop.reasons.iter().map(|reason| word(why(*reason)).to_owned()).collect();
    notes.extend(stop.lacks.map(|lacks| word(lacking(lacks)).to_owned()));
    notes.extend(stop.how.filter(|how| *how != How::Own).map(|_| word("its place is guessed").to_owned()));
    if stop.late > 0 {
        notes.push(say!("{} minutes late", stop.late));
    }
    vec![word(state).to_owned(), at, whom, km, notes.join(", "), stop.id.to_string()]
}

fn why(reason: WhySeen) -> &'static str {
    match reason {
        WhySeen::FollowUp => "something is to be done",
        WhySeen::OpenDeal => "a deal is open",
        WhySeen::LongAgo => "not visited for long",
    }
}

fn lacking(lacks: Lacks) -> &'static str {
    match lacks {
        Lacks::Whom => "names nobody",
        Lacks::Address => "lacks an address or a location",
        Lacks::Place => "lacks a location: latitude, longitude",
    }
}
