//! What was unusual: alerts become records, so that the team's admins have them; who has seen one says so in it.

use crate::{
    AppError, Cancel, Code, Event, Session,
    session::now,
    team::Team,
    trail,
    views::{AlertView, AlertsView},
};
use satchel_audit::{Act, Facts, Rule, Rules};
use satchel_document::difference;
use satchel_domain::{Kind, RecordId, Registers, Value as Field};
use satchel_protocol::{DeviceId, from_hex, hex};
use satchel_storage::{ListQuery, StorageError, Store, audit, lists, settings, team as stored};
use serde_json::Value;
use std::collections::HashSet;

const RULES: &str = "alerts.rules";
const LOOKED: &str = "alerts.looked";
/// The newest alert that this device has told its person about.
const TOLD: &str = "alerts.told";
/// Milliseconds between two looks at who is silent, and between two notes outside of the database.
const LOOKED_EVERY: i64 = 6 * 3_600_000;
const DAY: i64 = 24 * 3_600_000;
/// The newest that are shown.
const SHOWN: usize = 500;

/// Which alerts were seen.
#[derive(Clone, Copy, Debug)]
pub enum Seen {
    All,
    One(RecordId),
}

/// The thresholds that are kept in a vault.
pub(crate) fn rules_of(store: &Store) -> Result<Rules, StorageError> {
    let text = store.read(|db| settings::get(db, RULES))?;
    Ok(Rules::read(&text.unwrap_or_default()))
}

impl Session {
    pub fn alert_rules(&self) -> Rules {
        self.trail.rules()
    }

    pub fn set_alert_rules(&self, rules: &Rules) -> Result<(), AppError> {
        rules.check().map_err(|e| AppError::refused(e.to_string()))?;
        let text = serde_json::to_string(rules).expect("plain data serialises");
        self.store.write_aside::<_, StorageError>(|tx| {
            let thresholds = serde_json::to_value(rules).unwrap_or_default();
            self.trail.note(tx, Act::Settings, trail::facts([("alerts", thresholds)]));
            settings::put(tx, RULES, &text)
        })?;
        self.trail.set_rules(rules.clone());
        self.tell(Vec::new());
        Ok(())
    }

    /// Adjusts thresholds as people write them: `deletions=50`.
    pub fn adjust_alert_rules(&self, changes: &[String]) -> Result<Rules, AppError> {
        let mut rules = self.alert_rules();
        for change in changes {
            rules.set(change).map_err(|e| AppError::new(Code::Usage, e.to_string()))?;
        }
        self.set_alert_rules(&rules)?;
        Ok(rules)
    }

    /// The newest first: admins see those of the whole team, others those of their own device.
    pub fn alerts(&self) -> Result<AlertsView, AppError> {
        let all = self.is_admin()?;
        let own = hex(&self.own().0);
        let team = self.store.read(Team::read)?;
        let catalogue = self.catalogue();
        let rows = self.store.glance::<_, StorageError>(|db| {
            let live = ListQuery { sort: vec![("at".into(), true)], ..ListQuery::all(Kind::Alert) };
            // Whoever puts one into the trash does not make it unseen.
            let trash = ListQuery { trash: true, ..live.clone() };
            let mut found = lists::rows(db, &catalogue, &live)?;
            found.truncate(SHOWN);
            found.extend(lists::rows(db, &catalogue, &trash)?.into_iter().take(SHOWN));
            lists::page(db, &catalogue, Kind::Alert, &found)
        })?;
        let names = |id: &str| {
            let names = from_hex(id).zip(team.as_ref()).map(|(id, team)| team.names(DeviceId(id)));
            names.unwrap_or_else(|| match id == own {
                true => (self.person.clone(), self.device_name.clone()),
                false => Default::default(),
            })
        };
        let mut alerts: Vec<AlertView> = rows
            .into_iter()
            .map(|row| view(row.id, &row.fields, &names, &own, &self.person))
            .filter(|alert| all || alert.own)
            .collect();
        alerts.sort_by(|a, b| b.at.cmp(&a.at));
        alerts.truncate(SHOWN);
        let unseen = alerts.iter().filter(|alert| !alert.seen).count();
        Ok(AlertsView { unseen: u32::try_from(unseen).unwrap_or(u32::MAX), alerts })
    }

    /// Says in alerts that this person has seen them.
    pub fn see_alerts(&self, which: Seen) -> Result<AlertsView, AppError> {
        let alerts = self.alerts()?.alerts;
        let ids: Vec<RecordId> = match which {
            Seen::All => alerts.iter().filter(|alert| !alert.seen).map(|alert| alert.id).collect(),
            Seen::One(id) => {
                let found = alerts.iter().find(|alert| alert.id == id);
                vec![found.ok_or_else(|| AppError::not_found("alert", id))?.id]
            }
        };
        let person = self.person.clone();
        let plan = |now: &Registers| {
            let catalogue = self.catalogue();
            let known = catalogue.field(Kind::Alert, "seen_by").and_then(|f| Field::from_registers(f, now));
            let mut all = match known {
                Some(Field::Tags(all)) => all,
                _ => Vec::new(),
            };
            if !all.contains(&person) {
                all.push(person.clone());
            }
            let mut wanted = Registers::new();
            Field::Tags(all).to_registers("seen_by", &mut wanted);
            difference("seen_by", now, &wanted)
        };
        if !ids.is_empty() {
            self.write_registers(&ids, "alert_seen", &plan, &mut |_| {}, &Cancel::default())?;
        }
        self.alerts()
    }

    /// Makes records of alerts that wait to become some. What fails is tried again at the next act.
    pub(crate) fn raise_due(&self) {
        if self.trail.take_due() && self.try_raise().is_err() {
            self.trail.still_due();
        }
    }

    fn try_raise(&self) -> Result<(), AppError> {
        // What a viewer writes is sent nowhere: it stays in the trail.
        if self.is_viewer()? {
            return Ok(());
        }
        for (row, text) in self.store.read(audit::due)? {
            let facts: Facts = serde_json::from_str(&text).unwrap_or_default();
            let id = self.raise(&facts);
            match id {
                // What cannot become a record is in the trail all the same.
                Err(e) if e.code != Code::Refused => return Err(e),
                _ => {}
            }
            self.store.write_aside::<_, StorageError>(|tx| audit::done(tx, row))?;
            let rule = facts.get("rule").and_then(Value::as_str).unwrap_or_default();
            self.events.send(&Event::Alerted { rules: vec![rule.to_owned()] });
        }
        Ok(())
    }

    fn raise(&self, facts: &Facts) -> Result<(), AppError> {
        let device = hex(&self.own().0);
        let said = |key: &str| facts.get(key).map(Value::to_string).unwrap_or_default();
        let id = self.derive_id(&["alert", &device, &said("incarnation"), &said("entry")]);
        if self.kind_of(id).is_ok() {
            return Ok(());
        }
        let mut registers = Registers::new();
        let text = |key: &str| facts.get(key).and_then(Value::as_str).map(|t| Field::Text(t.to_owned()));
        let number = |key: &str| facts.get(key).and_then(Value::as_f64).map(Field::Number);
        let at = facts.get("at").and_then(Value::as_i64).unwrap_or_else(now);
        for (key, value) in [
            ("rule", text("rule")),
            ("subject", text("subject")),
            ("incarnation", text("incarnation")),
            ("device", Some(Field::Text(device.clone()))),
            ("at", Some(Field::DateTime(at))),
            ("entry", number("entry")),
            ("count", number("count")),
            ("most", number("most")),
        ] {
            value.inspect(|value| value.to_registers(key, &mut registers));
        }
        self.create_alert(id, &registers)
    }

    /// What a sync has to look after: who is silent, what has come of alerts, how far the trail is.
    pub(crate) fn after_sync(&self, something_came: bool) -> Result<(), AppError> {
        let text = self.store.read(|db| settings::get(db, LOOKED))?;
        let looked = text.and_then(|text| text.parse::<i64>().ok());
        let at = now();
        if looked.is_none_or(|looked| !(0..LOOKED_EVERY).contains(&(at - looked))) {
            self.look_for_silence(at)?;
            self.remember_trail();
        }
        self.raise_due();
        if something_came {
            self.tell_of_others()?;
        }
        Ok(())
    }

    /// Who has not been heard of for long; an admin is told, once for each silence.
    fn look_for_silence(&self, at: i64) -> Result<(), AppError> {
        let most = i64::from(self.trail.rules().silent);
        let team = self.team()?;
        let heard = match most > 0 && self.is_admin()? {
            true => self.store.read(stored::last_heard)?,
            false => Default::default(),
        };
        let others = team.members.active_devices().map(|m| m.card.id).filter(|id| *id != self.own());
        let silent: Vec<(String, i64)> = others
            .filter_map(|id| Some((hex(&id.0), *heard.get(&id.to_string())?)))
            .filter(|(_, last)| at - last > most * DAY)
            .collect();
        Ok(self.store.write_aside::<_, StorageError>(|tx| {
            for (device, last) in &silent {
                let rule = format!("silent:{device}");
                if audit::window(tx, &rule)?.is_none_or(|(of, ..)| of != *last) {
                    audit::put_window(tx, &rule, (*last, 1, true))?;
                    let days = u64::try_from((at - last) / DAY).unwrap_or_default();
                    self.trail.alert(tx, Rule::Silent, (days, most.unsigned_abs()), device)?;
                }
            }
            settings::put(tx, LOOKED, &at.to_string())
        })?)
    }

    /// Alerts of other devices that have come, once.
    fn tell_of_others(&self) -> Result<(), AppError> {
        let told = self.store.read(|db| settings::get(db, TOLD))?.unwrap_or_default();
        // By their ids: one that was written long ago, or by a clock of its own, may come late.
        let told: HashSet<&str> = told.split_whitespace().collect();
        let alerts = self.alerts()?.alerts;
        let open: Vec<(String, &AlertView)> =
            alerts.iter().filter(|a| !a.own && !a.seen).map(|a| (a.id.to_string(), a)).collect();
        let new = open.iter().filter(|(id, _)| !told.contains(id.as_str()));
        let rules: Vec<String> = new.map(|(_, alert)| alert.rule.clone()).collect();
        if rules.is_empty() {
            return Ok(());
        }
        let all = open.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join(" ");
        self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, TOLD, &all))?;
        self.events.send(&Event::Alerted { rules });
        Ok(())
    }
}

fn view(
    id: RecordId,
    fields: &serde_json::Map<String, Value>,
    names: &dyn Fn(&str) -> (String, String),
    own: &str,
    me: &str,
) -> AlertView {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |key: &str| fields.get(key).and_then(Value::as_f64).unwrap_or_default() as u32;
    let seen_by: Vec<String> =
        fields.get("seen_by").and_then(|tags| serde_json::from_value(tags.clone()).ok()).unwrap_or_default();
    let (device, subject) = (text("device"), text("subject"));
    let (person, device_name) = names(&device);
    let (subject_person, subject_name) =
        if subject.is_empty() { Default::default() } else { names(&subject) };
    AlertView {
        id,
        rule: text("rule"),
        at: text("at"),
        own: device == own,
        device,
        device_name,
        person,
        subject,
        subject_name,
        subject_person,
        count: number("count"),
        most: number("most"),
        entry: number("entry"),
        seen: seen_by.iter().any(|name| name == me),
        seen_by,
    }
}
