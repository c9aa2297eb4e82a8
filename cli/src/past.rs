//! Lists and records as they were, and going back to that.

use crate::{
    args::{List, RestoreAsOf},
    run::{Done, records},
    show::{Show, plain, table},
    words::{say, word},
};
use satchel_app::{
    Cancel, PastRequest, Restore, Session,
    domain::{Kind, RecordId, date},
    views::{PastRow, PastState},
};
use serde_json::json;

pub fn get(show: &Show, session: &Session, id: RecordId, at: &str) -> Done {
    let at = session.past_moment(at)?;
    let fields = session.fields_at(id, date::instant(&at).unwrap_or_default())?;
    let answer = json!({ "id": id, "at": at, "fields": fields });
    show.answer(&answer, || {
        let lines = fields.iter().map(|(key, value)| format!("{key}: {}\n", plain(value)));
        format!("{}\n{}", say!("as of {}", at), lines.collect::<String>())
    });
    Ok(())
}

pub fn list(show: &Show, session: &Session, args: &List, at: &str) -> Done {
    let request = PastRequest {
        kind: args.kind.parse::<Kind>()?,
        at: session.past_moment(at)?,
        state: None,
        text: String::new(),
        filter: args.filter.clone(),
        offset: args.offset,
        limit: args.limit,
    };
    let mut progress = show.progress("looking back");
    let page = session.list_at(&request, &mut progress, &Cancel::default())?;
    drop(progress);
    let row = |row: &PastRow| {
        let what = match row.state {
            PastState::Same => String::new(),
            PastState::Changed => row.changes.iter().map(|c| c.field.as_str()).collect::<Vec<_>>().join(", "),
            PastState::Deleted => say!("deleted since"),
            PastState::Made => say!("made since"),
        };
        vec![row.record.id.to_string(), row.record.title.clone(), what]
    };
    let rows: Vec<Vec<String>> = page.rows.iter().map(row).collect();
    show.answer(&json!(page), || {
        let counts = page.counts;
        let head = say!(
            "{} as of {}: {} changed and {} deleted since, {} made since",
            page.total,
            page.at,
            counts.changed,
            counts.deleted,
            counts.made
        );
        format!("{head}\n{}", table(&["id", "title", "differs"], &rows))
    });
    Ok(())
}

pub fn restore(show: &Show, session: &Session, args: RestoreAsOf) -> Done {
    let restore = Restore {
        at: session.past_moment(&args.time)?,
        ids: records(&args.ids)?,
        kind: args.kind.map(|kind| kind.parse::<Kind>()).transpose()?,
        filter: args.filter,
        text: String::new(),
        fields: args.field,
        dry_run: args.dry_run,
    };
    let mut progress = show.progress("going back");
    let report = session.restore_as_of(&restore, &mut progress, &Cancel::default())?;
    drop(progress);
    show.answer(&json!(report), || {
        let what = say!(
            "{} records as of {}: {} with other values, {} out of the trash, {} into the trash",
            report.records,
            report.at,
            report.changed,
            report.revived,
            report.trashed
        );
        let left = report.skipped.iter().map(|s| format!("\n{}: {}", s.id, word(&s.why)));
        let undo = report.operation.map(|o| format!("\n{}", say!("take it back with: satchel undo {}", o)));
        format!("{what}{}{}", left.collect::<String>(), undo.unwrap_or_default())
    });
    Ok(())
}
