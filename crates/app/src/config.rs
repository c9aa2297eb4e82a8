//! How a vault is set up, as one file: exported, compared, restored; and what differs from what is recommended. Nothing of a
//! customer is in it, and no secret.

use crate::{
    AppError, BackupPlan, Cancel, Code, DrillPlan, Layout, Rules, Session, Settings,
    fields::checked_options,
    output,
    records::{FieldInput, out_of_trash, read_input, registers_of},
    session::now,
    settings::SavedView,
};
use satchel_document::{Changes, difference};
use satchel_domain::{
    FieldType, Kind, OperationId, RecordId, Registers, Value, date::rfc3339, formula, value::clean,
};
use satchel_storage::{ListQuery, StorageError, documents, lists, settings};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::Read,
    path::Path,
};

const FORMAT: u32 = 1;
/// As it was before the last file was restored.
const FORMER: &str = "config.former";
const MOST_BYTES: u64 = 8 << 20;
const MOST_RECORDS: usize = 5_000;
/// What a custom field is, and cannot become.
const FIXED: [&str; 5] = ["for_kind", "key", "type", "links", "formula"];
const OF_FIELDS: [&str; 13] = [
    "for_kind",
    "key",
    "type",
    "links",
    "formula",
    "label",
    "options",
    "option_order",
    "retired",
    "rank",
    "shelved",
    "privacy",
    "purpose",
];

type Fields = Map<String, Json>;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    satchel_config: u32,
    version: String,
    workspace: String,
    exported_at: String,
    settings: Fields,
    views: Vec<SavedView>,
    layouts: BTreeMap<String, Layout>,
    letterhead: Fields,
    /// By their ids.
    pipelines: BTreeMap<String, Fields>,
    stages: BTreeMap<String, Fields>,
    /// By kind and key: `person.x_size`.
    fields: BTreeMap<String, Fields>,
    backup: Fields,
    alerts: Fields,
    drills: Fields,
}

/// One thing that is not the same here as in a file; nothing where it is not there at all.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct ConfigDifference {
    pub key: String,
    /// What the record is called that it is about.
    pub label: String,
    pub here: Json,
    pub there: Json,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct Restored {
    /// What is taken back with `undo`; settings come back with the file as it was before.
    pub operation: Option<OperationId>,
    pub changed: Vec<ConfigDifference>,
    /// What a file does not change: places of backups, and what is here only.
    pub left: Vec<ConfigDifference>,
}

/// A setting beside what is recommended.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct DriftView {
    pub key: String,
    pub now: Json,
    /// What is recommended, as people read it: `1–15`.
    pub recommended: String,
    pub ok: bool,
}

impl Session {
    /// Writes how this vault is set up; how many bytes.
    pub fn export_config(&self, path: &Path) -> Result<u64, AppError> {
        output::check(&self.vault(), path)?;
        let text = serde_json::to_vec_pretty(&self.config()?).expect("plain data serialises");
        output::write_private(&self.vault(), path, &text)?;
        self.note_leaving("configuration", 0, [])?;
        Ok(text.len() as u64)
    }

    pub fn compare_config(&self, path: &Path) -> Result<Vec<ConfigDifference>, AppError> {
        let here = self.config()?;
        let there = self.localised(read_config(path, &here)?, &here);
        Ok(differences(&here, &there))
    }

    /// Makes everything as a file says; what is here only stays. With `dry_run` it says what it would change.
    pub fn restore_config(&self, path: &Path, dry_run: bool) -> Result<Restored, AppError> {
        let here = self.config()?;
        self.apply_config(read_config(path, &here)?, here, dry_run)
    }

    /// Everything as it was before a file was restored last.
    pub fn restore_former_config(&self, dry_run: bool) -> Result<Restored, AppError> {
        let text = self.store.read(|db| settings::get(db, FORMER))?;
        let text =
            text.ok_or_else(|| AppError::new(Code::NotFound, "no configuration was restored here yet"))?;
        let here = self.config()?;
        self.apply_config(parse_config(text.as_bytes(), &here)?, here, dry_run)
    }

    /// What is set otherwise than is recommended, and what is not.
    pub fn config_drift(&self) -> Result<Vec<DriftView>, AppError> {
        let (settings, plan, rules, drills) =
            (self.settings()?, self.backup_plan()?, self.alert_rules(), self.drill_plan()?);
        let passphrase = self.dir().has_passphrase();
        let point = |key: &str, now: Json, recommended: &str, ok: bool| DriftView {
            key: key.to_owned(),
            now,
            recommended: recommended.to_owned(),
            ok,
        };
        let elsewhere = plan.targets.iter().filter(|t| !self.is_on_its_disk(&t.address)).count();
        let rule = |key: &str, now: u32, most: u32| {
            point(&format!("alerts.{key}"), json!(now), &format!("1–{most}"), (1..=most).contains(&now))
        };
        Ok(vec![
            point(
                "settings.lock_after",
                json!(settings.lock_after),
                "1–15",
                (1..=15).contains(&settings.lock_after),
            ),
            point("passphrase", json!(passphrase), "true", passphrase),
            point("backup.automatic", json!(plan.automatic), "true", plan.automatic),
            point("backup.places", json!(elsewhere), "≥ 1", elsewhere > 0),
            point("backup.keep.days", json!(plan.keep.days), "≥ 7", plan.keep.days >= 7),
            rule("bulk_export", rules.bulk_export, 1000),
            rule("deletions", rules.deletions, 500),
            rule("failed_unlocks", rules.failed_unlocks, 10),
            point("alerts.unknown_device", json!(rules.unknown_device > 0), "true", rules.unknown_device > 0),
            rule("silent", rules.silent, 30),
            point(
                "drills.months",
                json!(drills.months),
                "1–12",
                (1..=12).contains(&drills.months) && !drills.playbooks.is_empty(),
            ),
        ])
    }

    fn config(&self) -> Result<ConfigFile, AppError> {
        let set = self.settings()?;
        let plan = self.backup_plan()?;
        let places: Vec<Json> =
            plan.targets.iter().map(|t| json!({"address": t.address, "away": t.away})).collect();
        let mut fields = BTreeMap::new();
        for (_, described) in self.kept(Kind::CustomField)? {
            let text = |key: &str| described.get(key).and_then(Json::as_str).unwrap_or_default();
            fields.insert(format!("{}.{}", text("for_kind"), text("key")), described);
        }
        let by_id = |kind| -> Result<BTreeMap<String, Fields>, AppError> {
            Ok(self.kept(kind)?.into_iter().map(|(id, fields)| (id.to_string(), fields)).collect())
        };
        Ok(ConfigFile {
            satchel_config: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            workspace: self.workspace.clone(),
            exported_at: rfc3339(now()),
            settings: object(json!({
                "lock_after": set.lock_after, "region": set.region, "currency": set.currency, "email": set.email,
                "reminders": set.reminders, "start": set.start,
            })),
            views: set.views,
            layouts: set.layouts,
            letterhead: self.letterhead()?,
            pipelines: by_id(Kind::Pipeline)?,
            stages: by_id(Kind::Stage)?,
            fields,
            backup: object(json!({"automatic": plan.automatic, "keep": plan.keep, "places": places})),
            alerts: object(json!(self.alert_rules())),
            drills: object(json!(self.drill_plan()?)),
        })
    }

    /// The live records of a kind, with what is said of them.
    fn kept(&self, kind: Kind) -> Result<Vec<(RecordId, Fields)>, AppError> {
        let catalogue = self.catalogue();
        let rows = self.store.glance::<_, StorageError>(|db| {
            let found = lists::rows(db, &catalogue, &ListQuery::all(kind))?;
            lists::page(db, &catalogue, kind, &found)
        })?;
        Ok(rows.into_iter().map(|row| (row.id, row.fields)).collect())
    }

    /// A file of another vault calls pipelines and stages by other ids: those that are called the same are the same.
    fn localised(&self, mut file: ConfigFile, here: &ConfigFile) -> ConfigFile {
        let mut ids: HashMap<String, String> = HashMap::new();
        let name = |fields: &Fields| fields.get("name").cloned().unwrap_or_default();
        let rename = |all: BTreeMap<String, Fields>,
                      known: &BTreeMap<String, Fields>,
                      ids: &mut HashMap<String, String>| {
            let mut out = BTreeMap::new();
            for (id, mut fields) in all {
                if let Some(Json::String(pipeline)) = fields.get_mut("pipeline")
                    && let Some(own) = ids.get(pipeline.as_str())
                {
                    own.clone_into(pipeline);
                }
                let same = |other: &&String| {
                    known.get(*other).is_some_and(|k| {
                        name(k) == name(&fields) && k.get("pipeline") == fields.get("pipeline")
                    })
                };
                let own = match known.contains_key(&id) {
                    true => id.clone(),
                    false => known.keys().find(same).cloned().unwrap_or_else(|| id.clone()),
                };
                ids.insert(id, own.clone());
                out.insert(own, fields);
            }
            out
        };
        file.pipelines = rename(file.pipelines, &here.pipelines, &mut ids);
        file.stages = rename(file.stages, &here.stages, &mut ids);
        file
    }

    fn apply_config(&self, file: ConfigFile, here: ConfigFile, dry_run: bool) -> Result<Restored, AppError> {
        let file = self.localised(file, &here);
        let (left, changed): (Vec<_>, Vec<_>) =
            differences(&here, &file).into_iter().partition(|d| is_left(&here, &file, d));
        // Whose day is shown is this device's affair.
        let set = Settings { whose_day: self.settings()?.whose_day, ..settings_of(&file)? };
        let (mut plan, rules, drills) = (self.backup_plan()?, rules_of(&file)?, drills_of(&file)?);
        (plan.automatic, plan.keep) = backup_of(&file)?;
        let (made, edited) = self.plan_records(&file, &here)?;
        if dry_run || changed.is_empty() {
            return Ok(Restored { operation: None, changed, left });
        }
        let records = !made.is_empty() || !edited.is_empty();
        if records {
            self.may_write_safety()?;
        }
        let former = serde_json::to_string(&here).expect("plain data serialises");
        self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, FORMER, &former))?;
        let operation = match records {
            true => Some(self.together("config", &made, &edited)?),
            false => None,
        };
        let after = |e: AppError| AppError { operation, ..e };
        self.renew_after_writing(&mut |_| {}, &Cancel::default()).map_err(after)?;
        self.set_settings(&set).map_err(after)?;
        self.set_backup_plan(&plan).map_err(after)?;
        self.set_alert_rules(&rules).map_err(after)?;
        self.set_drill_plan(&drills).map_err(after)?;
        Ok(Restored { operation, changed, left })
    }

    #[expect(clippy::type_complexity, reason = "what `together` takes")]
    fn plan_records(
        &self,
        file: &ConfigFile,
        here: &ConfigFile,
    ) -> Result<(Vec<(RecordId, Kind, Registers)>, Vec<(RecordId, Changes)>), AppError> {
        let (mut made, mut edited) = (Vec::new(), Vec::new());
        let mut put = |kind: Kind, id: RecordId, wanted: Registers, keys: &[&str]| -> Result<(), AppError> {
            if !self.store.read(|db| documents::exists(db, id))? {
                made.push((id, kind, wanted));
                return Ok(());
            }
            if self.kind_of(id)? != kind {
                return Err(AppError::refused(format!("{id} is no {kind} here; nothing was changed")));
            }
            let now = self.store.glance(|db| self.load(db, id))?.1.registers();
            let mut changes = out_of_trash(&now);
            changes.extend(keys.iter().flat_map(|key| difference(key, &now, &wanted)));
            if !changes.is_empty() {
                edited.push((id, changes));
            }
            Ok(())
        };
        for (kind, all) in [(Kind::Pipeline, &file.pipelines), (Kind::Stage, &file.stages)] {
            for (id, fields) in all {
                let known: RecordId = id.parse().map_err(|_| no_id(id))?;
                let wanted = self.checked_step(kind, known, fields)?;
                let keys: Vec<&str> = fields.keys().map(String::as_str).collect();
                put(kind, known, wanted, &keys)?;
            }
        }
        for (name, fields) in &file.fields {
            let (kind, wanted) = checked_field(name, fields, here.fields.get(name))?;
            let key = name.split_once('.').map_or("", |(_, key)| key);
            let keys: Vec<&str> = OF_FIELDS.into_iter().filter(|key| !FIXED.contains(key)).collect();
            put(Kind::CustomField, self.field_id(kind, key), wanted, &keys)?;
        }
        if !file.letterhead.is_empty() {
            let wanted = self.checked_letterhead(&file.letterhead)?;
            let keys: Vec<&str> = file.letterhead.keys().map(String::as_str).collect();
            put(Kind::Letterhead, self.letterhead_id(), wanted, &keys)?;
        }
        Ok((made, edited))
    }

    fn checked_step(&self, kind: Kind, id: RecordId, fields: &FieldInput) -> Result<Registers, AppError> {
        let values = read_input(kind, fields, &self.catalogue(), &self.habits()?)?;
        if values.get("name").is_none_or(|n| n.as_ref().is_none_or(|n| n.as_text().chars().count() > 100)) {
            return Err(AppError::refused(format!(
                "a {kind} of the file needs a name of at most 100 characters"
            )));
        }
        if kind == Kind::Stage {
            self.check_stage(&[id], &values)?;
        }
        Ok(registers_of(&values))
    }

    fn checked_letterhead(&self, fields: &FieldInput) -> Result<Registers, AppError> {
        let values = read_input(Kind::Letterhead, fields, &self.catalogue(), &self.habits()?)?;
        match values.get("accent") {
            Some(Some(Value::Text(colour))) if satchel_domain::quote::colour(colour).is_none() => {
                Err(AppError::refused("letterhead.accent: write the colour as #7a4a21; nothing was changed"))
            }
            _ => Ok(registers_of(&values)),
        }
    }
}

fn object(json: Json) -> Fields {
    match json {
        Json::Object(fields) => fields,
        _ => Fields::new(),
    }
}

fn no_id(id: &str) -> AppError {
    AppError::refused(format!("«{id}» is no id of a record; nothing was changed"))
}

fn read_config(path: &Path, here: &ConfigFile) -> Result<ConfigFile, AppError> {
    let io = AppError::io(path);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(&io)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(&io)?;
    parse_config(&bytes, here)
}

/// A file comes from anywhere: what is not known is refused by its name.
fn parse_config(bytes: &[u8], here: &ConfigFile) -> Result<ConfigFile, AppError> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(AppError::refused(format!(
            "a configuration has at most {} MB; this is another file",
            MOST_BYTES >> 20
        )));
    }
    let odd = |e: serde_json::Error| {
        AppError::refused(format!(
            "this is no configuration that Satchel can read ({e}); nothing was changed"
        ))
    };
    let given: Json = serde_json::from_slice(bytes).map_err(odd)?;
    match given.get("satchel_config").and_then(Json::as_u64) {
        Some(format) if format == u64::from(FORMAT) => {}
        Some(format) if format > u64::from(FORMAT) => {
            let message = format!(
                "the file has the format {format}, of a newer Satchel; update this one first. Nothing was changed"
            );
            return Err(AppError::new(Code::Newer, message));
        }
        _ => return Err(AppError::refused("this is no configuration of Satchel; nothing was changed")),
    }
    let known = json!(here);
    for section in ["settings", "backup", "alerts", "drills"] {
        unknown(section, given.get(section), known.get(section))?;
    }
    let view = json!(SavedView {
        name: String::new(),
        kind: Kind::Person,
        filter: String::new(),
        sort: String::new(),
        layout: Layout::default(),
    });
    let views = given.get("views").and_then(Json::as_array);
    views.into_iter().flatten().try_for_each(|one| unknown("views", Some(one), Some(&view)))?;
    let layouts = given.get("layouts").and_then(Json::as_object);
    let layout = json!(Layout::default());
    layouts
        .into_iter()
        .flatten()
        .try_for_each(|(key, one)| unknown(&format!("layouts.{key}"), Some(one), Some(&layout)))?;
    let file: ConfigFile = serde_json::from_value(given).map_err(odd)?;
    let records = file.pipelines.len() + file.stages.len() + file.fields.len();
    if records > MOST_RECORDS {
        return Err(AppError::refused(format!(
            "the file has {records} records; at most {MOST_RECORDS} are read"
        )));
    }
    Ok(file)
}

/// Refuses keys that this version does not know.
fn unknown(path: &str, given: Option<&Json>, known: Option<&Json>) -> Result<(), AppError> {
    let (Some(Json::Object(given)), Some(Json::Object(known))) = (given, known) else { return Ok(()) };
    for (key, value) in given {
        let path = format!("{path}.{key}");
        match known.get(key) {
            None => {
                return Err(AppError::refused(format!(
                    "this Satchel does not know «{path}»: it is of a newer one, or misspelt. Nothing was changed"
                )));
            }
            Some(inner) => unknown(&path, Some(value), Some(inner))?,
        }
    }
    Ok(())
}

fn odd(section: &str, error: &dyn std::fmt::Display) -> AppError {
    AppError::refused(format!("{section} of the file: {error}; nothing was changed"))
}

fn settings_of(file: &ConfigFile) -> Result<Settings, AppError> {
    let mut all = file.settings.clone();
    all.insert("views".to_owned(), json!(file.views));
    all.insert("layouts".to_owned(), json!(file.layouts));
    let settings: Settings = serde_json::from_value(Json::Object(all)).map_err(|e| odd("settings", &e))?;
    settings.check()?;
    Ok(settings)
}

fn rules_of(file: &ConfigFile) -> Result<Rules, AppError> {
    let rules: Rules =
        serde_json::from_value(Json::Object(file.alerts.clone())).map_err(|e| odd("alerts", &e))?;
    rules.check().map_err(|e| odd("alerts", &e))?;
    Ok(rules)
}

fn drills_of(file: &ConfigFile) -> Result<DrillPlan, AppError> {
    let plan: DrillPlan =
        serde_json::from_value(Json::Object(file.drills.clone())).map_err(|e| odd("drills", &e))?;
    plan.check()?;
    Ok(plan)
}

fn backup_of(file: &ConfigFile) -> Result<(bool, crate::Keep), AppError> {
    let mut all = file.backup.clone();
    all.insert("targets".to_owned(), json!([]));
    all.remove("places");
    let plan: BackupPlan = serde_json::from_value(Json::Object(all)).map_err(|e| odd("backup", &e))?;
    plan.check()?;
    Ok((plan.automatic, plan.keep))
}

/// A field of the user's own as registers; `here` is what it is now.
fn checked_field(name: &str, fields: &Fields, here: Option<&Fields>) -> Result<(Kind, Registers), AppError> {
    let refuse = |why: String| Err(AppError::refused(format!("fields.{name}: {why}; nothing was changed")));
    if let Some(unknown) = fields.keys().find(|key| !OF_FIELDS.contains(&key.as_str())) {
        return refuse(format!("this Satchel does not know «{unknown}»"));
    }
    let text = |key: &str| fields.get(key).and_then(Json::as_str).unwrap_or_default();
    let kind: Option<Kind> = text("for_kind").parse().ok().filter(|kind| Kind::BROWSED.contains(kind));
    let Some(kind) = kind else { return refuse("no kind that has fields of its own".to_owned()) };
    let Some(ty) = FieldType::from_key(text("type")).filter(|ty| FieldType::CUSTOM.contains(ty)) else {
        return refuse(format!("there is no type «{}»", text("type")));
    };
    let key = text("key");
    let ours = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !key.starts_with("x_") || key.len() > 120 || !key.chars().all(ours) || name != format!("{kind}.{key}")
    {
        return refuse("its key is none of Satchel's".to_owned());
    }
    let changed = |key: &&&str| here.is_some_and(|here| here.get(**key) != fields.get(**key));
    if let Some(fixed) = FIXED.iter().find(changed) {
        return refuse(format!("its {fixed} is another here, and cannot be changed"));
    }
    let leads = text("links").parse::<Kind>().is_ok_and(|to| Kind::BROWSED.contains(&to));
    if ty == FieldType::Link && !leads
        || !text("formula").is_empty() && formula::read(text("formula")).is_none()
    {
        return refuse("it leads nowhere, or its formula cannot be read".to_owned());
    }
    let label = clean(text("label"), false);
    if label.is_empty() || label.chars().count() > 100 {
        return refuse("it needs a label of at most 100 characters".to_owned());
    }
    let mut registers = Registers::new();
    for (key, value) in fields {
        match value {
            Json::String(text) if text.chars().count() <= 20_000 => {
                Value::Text(text.clone()).to_registers(key, &mut registers)
            }
            Json::Bool(yes) => Value::YesNo(*yes).to_registers(key, &mut registers),
            Json::Array(_) => {
                let list: Vec<String> = serde_json::from_value(value.clone())
                    .map_err(|e| odd(&format!("fields.{name}.{key}"), &e))?;
                Value::Tags(checked_options(&list)?).to_registers(key, &mut registers);
            }
            _ => return refuse(format!("{key} has a value that it cannot have")),
        }
    }
    Ok((kind, registers))
}

/// All that is said, each by its whole key.
fn flat(path: &str, json: &Json, out: &mut BTreeMap<String, Json>) {
    match json {
        Json::Object(fields) => {
            for (key, value) in fields {
                flat(&if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value, out);
            }
        }
        Json::Null => {}
        other => {
            out.insert(path.to_owned(), other.clone());
        }
    }
}

fn all_of(file: &ConfigFile) -> BTreeMap<String, Json> {
    let mut json = json!(file);
    let mut out = BTreeMap::new();
    if let Some(all) = json.as_object_mut() {
        for key in ["satchel_config", "version", "workspace", "exported_at", "views", "layouts"] {
            all.remove(key);
        }
    }
    flat("", &json, &mut out);
    // Each as a whole: nobody compares the columns of a list one by one.
    out.extend(file.views.iter().map(|view| (format!("views.{}.{}", view.kind, view.name), json!(view))));
    out.extend(file.layouts.iter().map(|(kind, layout)| (format!("layouts.{kind}"), json!(layout))));
    out
}

fn differences(here: &ConfigFile, there: &ConfigFile) -> Vec<ConfigDifference> {
    let (ours, theirs) = (all_of(here), all_of(there));
    let keys: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let label = |key: &str| {
        let mut parts = key.split('.');
        let (section, first, second) = (parts.next()?, parts.next()?, parts.next());
        let named = |file: &ConfigFile| {
            let (all, id, name) = match section {
                "pipelines" => (&file.pipelines, first.to_owned(), "name"),
                "stages" => (&file.stages, first.to_owned(), "name"),
                "fields" => (&file.fields, format!("{first}.{}", second?), "label"),
                _ => return None,
            };
            Some(all.get(&id)?.get(name)?.as_str()?.to_owned())
        };
        named(here).or_else(|| named(there))
    };
    keys.into_iter()
        .filter(|key| ours.get(*key) != theirs.get(*key))
        .map(|key| ConfigDifference {
            label: label(key).unwrap_or_default(),
            here: ours.get(key).cloned().unwrap_or_default(),
            there: theirs.get(key).cloned().unwrap_or_default(),
            key: key.clone(),
        })
        .collect()
}

/// What restoring does not touch: places of backups are added with their keys, and what only this vault has stays.
fn is_left(here: &ConfigFile, file: &ConfigFile, difference: &ConfigDifference) -> bool {
    let mut parts = difference.key.split('.');
    let (section, first) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let only_here = |ours: &BTreeMap<String, Fields>, theirs: &BTreeMap<String, Fields>, id: &str| {
        ours.contains_key(id) && !theirs.contains_key(id)
    };
    match section {
        "pipelines" => only_here(&here.pipelines, &file.pipelines, first),
        "stages" => only_here(&here.stages, &file.stages, first),
        "fields" => {
            only_here(&here.fields, &file.fields, &format!("{first}.{}", parts.next().unwrap_or_default()))
        }
        "letterhead" | "backup" => difference.key == "backup.places" || difference.there.is_null(),
        _ => false,
    }
}
