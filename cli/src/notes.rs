//! Which notes mention a record, and what somebody wants at hand.

use crate::{
    run::{Done, record},
    show::{Show, table},
    words::{say, word},
};
use satchel_app::{Favourite, FavouriteView, Session, domain::RecordId, views::Hit};
use serde_json::json;

pub fn mentions(show: &Show, session: &Session, id: RecordId) -> Done {
    let found = session.mentions(id)?;
    let row = |hit: &Hit| vec![hit.id.to_string(), word(hit.kind.key()).to_owned(), hit.title.clone()];
    let rows: Vec<Vec<String>> = found.mentions.iter().map(row).collect();
    show.answer(&json!(found), || match rows.is_empty() {
        true => say!("nothing mentions it"),
        false => table(&["id", "kind", "title"], &rows),
    });
    Ok(())
}

pub fn favourites(show: &Show, session: &Session, add: Option<&str>, remove: Option<&str>) -> Done {
    if let Some(id) = add.or(remove) {
        session.set_favourite(record(id)?, add.is_some())?;
    }
    let all = session.favourites()?;
    let row = |one: &FavouriteView| {
        let what = match one.favourite {
            Favourite::Record { .. } => one.kind.map_or("record", |kind| kind.key()),
            Favourite::List { .. } => "list",
            Favourite::Report { .. } => "report",
        };
        let id = one.id.map(|id| id.to_string()).unwrap_or_default();
        let gone = if one.gone { word("in the trash").to_owned() } else { String::new() };
        let title = match one.favourite {
            Favourite::List { kind, .. } => [word(kind.key()), &one.title].join(" ").trim_end().to_owned(),
            _ => one.title.clone(),
        };
        vec![id, word(what).to_owned(), title, gone]
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    show.answer(&json!({ "favourites": all }), || match rows.is_empty() {
        true => say!("no favourites yet; add one with --add ID, or with * in the app"),
        false => table(&["id", "kind", "title", ""], &rows),
    });
    Ok(())
}
