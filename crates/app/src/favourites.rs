//! What somebody wants at hand: records, lists as they were filtered, reports. It is of this person on this computer, as
//! saved views are: what is a record, all colleagues would have.

use crate::{
    AppError, Session,
    reports::{Period, Report},
};
use satchel_domain::{Kind, RecordId};
use satchel_storage::{StorageError, settings};
use serde::{Deserialize, Serialize};

const KEY: &str = "favourites";
const MOST: usize = 100;
/// Characters of what somebody has typed: a name, a filter.
const LONGEST: usize = 4000;

/// One of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Favourite {
    Record {
        id: RecordId,
    },
    List {
        kind: Kind,
        name: String,
        filter: String,
        sort: String,
    },
    Report {
        report: Option<Report>,
        period: Option<Period>,
        pipeline: Option<String>,
        owner: Option<String>,
        currency: Option<String>,
    },
}

/// One of them, as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct FavouriteView {
    pub favourite: Favourite,
    /// Of a record, and what it is called now; where it was merged into another, that one.
    pub id: Option<RecordId>,
    pub kind: Option<Kind>,
    pub title: String,
    /// In the trash, or not here.
    pub gone: bool,
}

impl Session {
    pub fn favourites(&self) -> Result<Vec<FavouriteView>, AppError> {
        let all = self.read_favourites()?;
        self.store.glance::<_, AppError>(|db| {
            let view = |favourite: Favourite| -> Result<FavouriteView, AppError> {
                let (id, kind, title, gone) = match &favourite {
                    Favourite::Record { id } => match self.mention(db, *id)? {
                        Some(now) => (Some(now.id), Some(now.kind), now.title, now.gone),
                        None => (Some(*id), None, String::new(), true),
                    },
                    Favourite::List { kind, name, .. } => (None, Some(*kind), name.clone(), false),
                    Favourite::Report { .. } => (None, None, String::new(), false),
                };
                Ok(FavouriteView { favourite, id, kind, title, gone })
            };
            all.into_iter().map(view).collect()
        })
    }

    /// All of them anew, in their order; says what they were before, for whoever takes it back.
    pub fn set_favourites(&self, all: &[Favourite]) -> Result<Vec<Favourite>, AppError> {
        if all.len() > MOST {
            return Err(AppError::refused(format!("at most {MOST} favourites fit; take one away first")));
        }
        let text = serde_json::to_string(all).map_err(|e| AppError::refused(e.to_string()))?;
        if all.iter().any(|favourite| !favourite.fits()) {
            return Err(AppError::refused("the name or the filter of a favourite is too long; shorten it"));
        }
        let before = self.read_favourites()?;
        self.store.write::<_, StorageError>(|tx| settings::put(tx, KEY, &text))?;
        self.tell(Vec::new());
        Ok(before)
    }

    /// Adds a record, or takes it away; true if it is one now.
    pub fn set_favourite(&self, id: RecordId, wanted: bool) -> Result<bool, AppError> {
        self.kind_of(id)?;
        let mut all = self.read_favourites()?;
        let there = all.contains(&Favourite::Record { id });
        match wanted {
            true if !there => all.push(Favourite::Record { id }),
            false => all.retain(|favourite| *favourite != Favourite::Record { id }),
            true => {}
        }
        if there != wanted {
            self.set_favourites(&all)?;
        }
        Ok(wanted)
    }

    fn read_favourites(&self) -> Result<Vec<Favourite>, AppError> {
        let text = self.store.read(|db| settings::get(db, KEY))?.unwrap_or_default();
        // One that a later version has made is left out, and takes no other with it.
        let all: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap_or_default();
        Ok(all.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect())
    }
}

impl Favourite {
    fn fits(&self) -> bool {
        match self {
            Favourite::Record { .. } => true,
            Favourite::List { name, filter, sort, .. } => {
                [name, filter, sort].iter().all(|text| text.chars().count() <= LONGEST)
            }
            Favourite::Report { pipeline, owner, currency, .. } => [pipeline, owner, currency]
                .iter()
                .all(|text| text.as_ref().is_none_or(|t| t.len() <= LONGEST)),
        }
    }
}
