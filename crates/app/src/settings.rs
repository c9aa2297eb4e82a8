//! The user's settings in this vault.

use crate::{AppError, Session, trail::facts};
use satchel_audit::Act;
use satchel_domain::Kind;
use satchel_storage::{StorageError, settings};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::PoisonError};

/// All with a sensible default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Settings {
    /// Minutes without a key or a click before the vault locks; 0: never.
    pub lock_after: u32,
    /// ISO 3166: where numbers without a country code are dialled.
    pub region: String,
    /// ISO 4217.
    pub currency: String,
    /// One's own address: who drafts are from, and which letters are one's own.
    pub email: String,
    pub views: Vec<SavedView>,
    /// How the list of a kind looks where somebody has said so.
    #[serde(default)]
    pub layouts: BTreeMap<String, Layout>,
    #[serde(default)]
    pub reminders: Reminders,
    /// Where a day on the road begins, `41.1496, -8.6109`; empty: at the first stop.
    #[serde(default)]
    pub start: String,
    /// Whose day the page of today shows, as [`crate::Whose::parse`] reads it; empty: as is usual.
    #[serde(default)]
    pub whose_day: String,
}

/// What is told of, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(default)]
pub struct Reminders {
    pub on: bool,
    /// When one is told of a task of the day that says nothing of a reminder; one with an hour: at that. Empty: not.
    pub at: String,
    pub says: Says,
}

/// What a notification says, which others may read on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// That there is something.
    Nothing,
    /// What is to be done.
    Title,
    /// And with whom.
    Everything,
}

impl Default for Reminders {
    fn default() -> Self {
        Self { on: true, at: "09:00".into(), says: Says::Title }
    }
}

/// The columns of a list in their order, and the field that it is grouped by; empty: as usual.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Layout {
    pub columns: Vec<String>,
    pub group: String,
}

/// A list as somebody wants to see it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct SavedView {
    pub name: String,
    pub kind: Kind,
    pub filter: String,
    pub sort: String,
    #[serde(default)]
    pub layout: Layout,
}

impl Default for Settings {
    fn default() -> Self {
        let region = region_of_locale(
            std::env::var("LC_ALL").or_else(|_| std::env::var("LANG")).unwrap_or_default().as_str(),
        );
        let currency = match region.as_str() {
            "US" | "" => "USD",
            "CN" => "CNY",
            "GB" => "GBP",
            "HK" => "HKD",
            "TW" => "TWD",
            "SG" => "SGD",
            "JP" => "JPY",
            "CH" => "CHF",
            _ => "EUR",
        };
        Self {
            lock_after: 15,
            currency: currency.into(),
            region,
            email: String::new(),
            views: Vec::new(),
            layouts: BTreeMap::new(),
            reminders: Reminders::default(),
            start: String::new(),
            whose_day: String::new(),
        }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), AppError> {
        let sound = self.lock_after <= 24 * 60
            && self.views.len() <= 200
            && self.layouts.len() <= 100
            && self.whose_day.len() <= 1000
            && (self.email.is_empty() || satchel_domain::value::Contact::email("", &self.email).is_ok())
            && (self.start.is_empty() || satchel_domain::place::Place::parse(&self.start).is_some())
            && (self.reminders.at.is_empty() || satchel_domain::date::clock(&self.reminders.at).is_some())
            && satchel_domain::money::is_currency(&self.currency)
            && (self.region.is_empty()
                || (self.region.len() == 2 && self.region.bytes().all(|b| b.is_ascii_uppercase())));
        match sound {
            true => Ok(()),
            false => Err(AppError::refused("a setting has a value that it cannot have; nothing was changed")),
        }
    }
}

/// `en_GB.UTF-8` is `GB`.
fn region_of_locale(locale: &str) -> String {
    let region = locale.split(['.', '@']).next().and_then(|l| l.split_once('_')).map_or("", |(_, r)| r);
    if region.len() == 2 && region.bytes().all(|b| b.is_ascii_uppercase()) {
        region.to_owned()
    } else {
        String::new()
    }
}

/// The names of the settings that are others now.
fn changed(old: Option<&Settings>, new: &Settings) -> Vec<String> {
    let fields = |settings: &Settings| match serde_json::to_value(settings) {
        Ok(serde_json::Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let old = old.map(fields).unwrap_or_default();
    fields(new).into_iter().filter(|(key, value)| old.get(key) != Some(value)).map(|(key, _)| key).collect()
}

pub(crate) const KEY: &str = "settings";

impl Session {
    pub fn settings(&self) -> Result<Settings, AppError> {
        let mut kept = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = &*kept {
            return Ok(kept.clone());
        }
        Ok(kept.insert(self.read_settings()?).clone())
    }

    fn read_settings(&self) -> Result<Settings, AppError> {
        let text = self.store.read(|db| settings::get(db, KEY))?;
        let stored: serde_json::Value = text.and_then(|t| serde_json::from_str(&t).ok()).unwrap_or_default();
        // A setting that an older version did not know has its default.
        let mut all = serde_json::to_value(Settings::default()).expect("plain data serialises");
        if let (Some(all), serde_json::Value::Object(stored)) = (all.as_object_mut(), stored) {
            all.extend(stored);
        }
        Ok(serde_json::from_value(all).unwrap_or_default())
    }

    pub fn set_settings(&self, new: &Settings) -> Result<(), AppError> {
        new.check()?;
        let text = serde_json::to_string(new).expect("plain data serialises");
        self.settings()?;
        let mut kept = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = changed(kept.as_ref(), new);
        self.store.write::<_, StorageError>(|tx| {
            self.trail.note(tx, Act::Settings, facts([("changed", changed.into())]));
            settings::put(tx, KEY, &text)
        })?;
        *kept = Some(new.clone());
        drop(kept);
        self.changed(Vec::new());
        Ok(())
    }
}
