//! Fields of the user's own: made, changed, put in order; and what is shown of records made anew where that depends on
//! them (ADR 20).

use crate::{
    AppError, Cancel, Progress, Session, bulk,
    session::{Prepared, custom_field},
    views::{FieldView, Written},
};
use satchel_document::{Changes, difference};
use satchel_domain::{
    Field, FieldType, Kind, RecordId, Registers, Scalar, Value,
    catalogue::{Privacy, Purpose, RENAMES, custom_key},
    formula, rank,
    text::fold,
    value::{MAX_ITEMS, clean, item_id},
};
use satchel_storage::{DocumentRow, StorageError, documents, projections, settings};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Fields that a kind may have of the user's own: each row of a list carries them.
const MOST: usize = 200;
const LABEL: usize = 100;
const BATCH: usize = 500;

/// A field that is to be made.
#[derive(Clone, Debug, Deserialize, specta::Type)]
pub struct NewField {
    pub kind: Kind,
    pub label: String,
    #[serde(rename = "type")]
    pub ty: FieldType,
    #[serde(default)]
    pub options: Vec<String>,
    /// What a reference leads to.
    #[serde(default)]
    pub links: Option<Kind>,
    /// What it follows from; its type follows too.
    #[serde(default)]
    pub formula: Option<String>,
}

/// What is to be otherwise about a field; the rest stays as it is.
#[derive(Clone, Debug, Default, Deserialize, specta::Type)]
#[serde(default)]
pub struct FieldChange {
    pub label: Option<String>,
    pub formula: Option<String>,
    /// Whether forms and lists go without it.
    pub shelved: Option<bool>,
    pub privacy: Option<Privacy>,
    pub purpose: Option<Purpose>,
    /// All options in their order.
    pub options: Option<Vec<OptionChange>>,
}

/// One option of a choice.
#[derive(Clone, Debug, Deserialize, specta::Type)]
pub struct OptionChange {
    /// What it was called; nothing: it is a new one.
    pub was: Option<String>,
    pub now: String,
    /// Not offered any more; records keep it.
    pub retired: bool,
}

impl Session {
    /// The fields of a kind, the user's own in his order.
    pub fn fields(&self, kind: Kind) -> Vec<FieldView> {
        let catalogue = self.catalogue();
        let view = |field: &Field| FieldView {
            id: field.custom.then(|| self.field_id(kind, &field.key)),
            daily: catalogue.is_daily(kind, &field.key),
            ..FieldView::from(field)
        };
        catalogue.in_order(kind).into_iter().map(view).collect()
    }

    /// The record that describes a field of the user's own.
    pub(crate) fn field_id(&self, kind: Kind, key: &str) -> RecordId {
        self.derive_id(&["custom_field", kind.key(), key])
    }

    /// Adds a field to a kind, for all records and on every screen.
    pub fn create_custom_field(
        &self,
        kind: Kind,
        label: &str,
        ty: FieldType,
        options: &[String],
    ) -> Result<Written, AppError> {
        let label = label.to_owned();
        let new = NewField { kind, label, ty, options: options.to_vec(), links: None, formula: None };
        self.make_field(&new, &mut |_| {}, &Cancel::default())
    }

    /// The same, of any type.
    pub fn make_field(
        &self,
        new: &NewField,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Written, AppError> {
        let (kind, catalogue) = (new.kind, self.catalogue());
        let label = self.free_label(kind, &new.label, None)?;
        let (mut ty, mut kept) = (new.ty, None);
        if let Some(text) = new.formula.as_deref() {
            let (formula, comes_to) = formula::parse(text, catalogue.fields(kind))
                .map_err(|e| AppError::of_field("formula", &e))?;
            ty = comes_to.field_type();
            kept = Some(formula.text().to_owned());
        }
        if !FieldType::CUSTOM.contains(&ty) || !Kind::BROWSED.contains(&kind) {
            return Err(AppError::refused("a custom field cannot have this type"));
        }
        if ty == FieldType::Link && !new.links.is_some_and(|to| Kind::BROWSED.contains(&to)) {
            return Err(AppError::refused("say what the reference leads to: a person, a company, a deal"));
        }
        if catalogue.offered(kind).filter(|f| f.custom).count() >= MOST {
            return Err(AppError::refused(format!(
                "a {kind} has {MOST} fields of your own; more do not fit"
            )));
        }
        let options = checked_options(&new.options)?;
        let mut key = custom_key(&label);
        // One that is called otherwise now has kept its key.
        for n in 2.. {
            match catalogue.field(kind, &key) {
                Some(known) if !known.hidden => key = format!("{}_{n}", custom_key(&label)),
                _ => break,
            }
        }
        if let Some(known) =
            catalogue.field(kind, &key).filter(|f| f.ty != ty || f.formula().is_some() != kept.is_some())
        {
            return Err(AppError::refused(format!(
                "a field «{label}» of the type {} is in the trash, with its values; restore it, or take another name",
                known.ty.key()
            )));
        }
        let (_, mut registers) = custom_field(kind, &label, ty, &options);
        let text = |text: &str| Scalar::Str(text.to_owned());
        registers.insert("key".to_owned(), text(&key));
        if !options.is_empty() {
            registers.insert("option_order".to_owned(), text(&order_of(&options)));
        }
        registers.extend(kept.as_deref().map(|formula| ("formula".to_owned(), text(formula))));
        registers.extend(
            new.links.filter(|_| ty == FieldType::Link).map(|to| ("links".to_owned(), text(to.key()))),
        );
        let last = catalogue.in_order(kind).into_iter().rfind(|f| f.custom).map(|f| f.rank.clone());
        registers.insert("rank".to_owned(), text(&rank::between(last.as_deref(), None)));
        let id = self.field_id(kind, &key);
        let written = if self.store.read(|db| documents::exists(db, id))? {
            let plan = |now: &Registers| {
                let mut changes = crate::records::out_of_trash(now);
                changes.extend(difference("formula", now, &registers));
                changes.extend(difference("label", now, &registers));
                changes
            };
            self.write_registers(&[id], "restore", &plan, progress, cancel)
                .map(|w| Written { id, operation: w.operation })?
        } else {
            self.create_with(id, Kind::CustomField, &registers)?
        };
        let operation = written.operation;
        self.renew_after_writing(progress, cancel).map_err(|e| AppError { operation, ..e })?;
        Ok(written)
    }

    /// Changes a field of the user's own, as one operation.
    pub fn change_field(
        &self,
        kind: Kind,
        key: &str,
        change: &FieldChange,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Written, AppError> {
        let field = self.own_field(kind, key)?;
        let mut wanted = Registers::new();
        let mut put = |register: &str, text: &str| {
            wanted.insert(register.to_owned(), Scalar::Str(text.to_owned()));
        };
        let mut touched: Vec<&str> = Vec::new();
        if let Some(label) = &change.label {
            put("label", &self.free_label(kind, label, Some(key))?);
            touched.push("label");
        }
        if let Some(formula) = &change.formula {
            put("formula", &self.checked_formula(kind, &field, formula)?);
            touched.push("formula");
        }
        let said = |word: serde_json::Value| word.as_str().unwrap_or_default().to_owned();
        if let Some(privacy) = change.privacy {
            put("privacy", &said(serde_json::json!(privacy)));
            touched.push("privacy");
        }
        if let Some(purpose) = change.purpose {
            put("purpose", &said(serde_json::json!(purpose)));
            touched.push("purpose");
        }
        if let Some(shelved) = change.shelved {
            wanted.insert("shelved".to_owned(), Scalar::Flag(shelved));
            touched.push("shelved");
        }
        let mut renames = Changes::new();
        if let Some(options) = &change.options {
            renames = self.checked_changes(&field, options, &mut wanted)?;
            touched.extend(["options", "option_order", "retired"]);
        }
        let plan = |now: &Registers| {
            let plain = touched.iter().flat_map(|key| difference(key, now, &wanted));
            let renamed = renames.iter().filter(|(path, to)| now.get(path) != to.as_ref()).cloned();
            plain.chain(renamed).collect::<Changes>()
        };
        let id = self.field_id(kind, key);
        let written = self.write_registers(&[id], "edit", &plan, progress, cancel)?;
        Ok(Written { id, operation: written.operation })
    }

    /// Puts the user's own fields of a kind in this order, as one operation; those that are not named come last.
    pub fn order_fields(&self, kind: Kind, keys: &[String]) -> Result<Written, AppError> {
        let catalogue = self.catalogue();
        let own = || catalogue.in_order(kind).into_iter().filter(|f| f.custom).map(|f| f.key.clone());
        if let Some(unknown) = keys.iter().find(|key| !own().any(|own| own == **key)) {
            return Err(no_field(kind, unknown));
        }
        let mut order: Vec<String> = keys.to_vec();
        order.extend(own().filter(|key| !keys.contains(key)));
        let mut ranks = std::collections::HashMap::new();
        let mut last: Option<String> = None;
        for key in &order {
            let next = rank::between(last.as_deref(), None);
            ranks.insert(self.field_id(kind, key), next.clone());
            last = Some(next);
        }
        let ids: Vec<RecordId> = order.iter().map(|key| self.field_id(kind, key)).collect();
        let plan = |id: RecordId, now: &Registers| match ranks.get(&id) {
            Some(rank) => {
                let wanted = Registers::from([("rank".to_owned(), Scalar::Str(rank.clone()))]);
                difference("rank", now, &wanted)
            }
            None => Changes::new(),
        };
        let operation = self.operation("edit");
        let written = self.write_each(operation, &ids, &plan, &mut |_| {}, &Cancel::default())?;
        let id = ids.first().copied().ok_or_else(|| no_field(kind, ""))?;
        Ok(Written { id, operation: written.operation })
    }

    /// Puts a field of the user's own in the trash; its values stay, and come back with it.
    pub fn remove_field(&self, kind: Kind, key: &str) -> Result<Written, AppError> {
        self.own_field(kind, key)?;
        let id = self.field_id(kind, key);
        let done = self.delete(&[id], &mut |_| {}, &Cancel::default())?;
        Ok(Written { id, operation: done.operation })
    }

    fn own_field(&self, kind: Kind, key: &str) -> Result<Field, AppError> {
        let catalogue = self.catalogue();
        let field = catalogue.field(kind, key).filter(|f| f.custom && !f.hidden);
        field.cloned().ok_or_else(|| no_field(kind, key))
    }

    /// A label that no other field of the kind has.
    fn free_label(&self, kind: Kind, label: &str, of: Option<&str>) -> Result<String, AppError> {
        let label = clean(label, false);
        if label.is_empty() || label.chars().count() > LABEL {
            return Err(AppError::refused("a field needs a name of at most 100 characters"));
        }
        let same = |f: &Field| of != Some(&f.key) && fold(&f.label) == fold(&label);
        match self.catalogue().offered(kind).any(same) {
            true => Err(AppError::refused(format!("there is a field «{label}» already"))),
            false => Ok(label),
        }
    }

    /// A formula for a field that has one already: of the same type, and not in a circle.
    fn checked_formula(&self, kind: Kind, field: &Field, text: &str) -> Result<String, AppError> {
        let refuse =
            |message: String| AppError { field: Some("formula".to_owned()), ..AppError::refused(message) };
        if field.formula().is_none() {
            return Err(refuse(format!(
                "«{}» is typed in, and cannot become a formula; make a new field",
                field.label
            )));
        }
        let catalogue = self.catalogue();
        let (formula, ty) =
            formula::parse(text, catalogue.fields(kind)).map_err(|e| AppError::of_field("formula", &e))?;
        if ty.field_type() != field.ty {
            return Err(refuse(format!(
                "the formula comes to {}, and the field is {}; make a new field",
                ty.field_type().key(),
                field.ty.key()
            )));
        }
        let (mut seen, mut ahead) = (BTreeSet::new(), formula.reads().clone());
        while let Some(read) = ahead.pop_first() {
            if read == field.key {
                return Err(refuse(format!("the formula of «{}» would refer to itself", field.label)));
            }
            let other = catalogue.field(kind, &read).and_then(Field::formula);
            if let Some(other) = other.filter(|_| seen.insert(read)) {
                ahead.extend(other.reads().iter().cloned());
            }
        }
        Ok(formula.text().to_owned())
    }

    /// Lays out the options as they are to be; answers with what was renamed.
    fn checked_changes(
        &self,
        field: &Field,
        options: &[OptionChange],
        wanted: &mut Registers,
    ) -> Result<Changes, AppError> {
        if !matches!(field.ty, FieldType::Choice | FieldType::MultiChoice) {
            return Err(AppError::refused(format!("«{}» has no options", field.label)));
        }
        let labels: Vec<String> = options.iter().map(|o| o.now.clone()).collect();
        let labels = checked_options(&labels)?;
        let retired = options.iter().zip(&labels).filter(|(o, _)| o.retired).map(|(_, l)| l.clone());
        Value::Tags(retired.collect()).to_registers("retired", wanted);
        wanted.insert("option_order".to_owned(), Scalar::Str(order_of(&labels)));
        let mut renames = Changes::new();
        for (option, now) in options.iter().zip(&labels) {
            // Whoever has chosen the one could not be told from whoever has chosen the other.
            let is_others = |other: &OptionChange| {
                let was = other.was.as_ref().map(|was| fold(was));
                was == Some(fold(now)) && other.was != option.was && fold(&other.now) != fold(now)
            };
            if option.was.is_some() && options.iter().any(is_others) {
                return Err(AppError::refused(format!(
                    "«{now}» is what another option was called until now; rename one, save, and then the other"
                )));
            }
            let known = |was: &&String| field.options.iter().chain(&field.retired).any(|o| o == *was);
            let was = match &option.was {
                Some(was) if !known(&was) => {
                    return Err(AppError::refused(format!("«{}» has no option «{was}»", field.label)));
                }
                Some(was) if fold(was) != fold(now) => was,
                _ => continue,
            };
            let path = |label: &str| format!("{RENAMES}/{}", item_id(&fold(label)));
            renames.push((path(was), Some(Scalar::Str(now.clone()))));
            renames.push((path(now), None));
        }
        Value::Tags(labels).to_registers("options", wanted);
        Ok(renames)
    }

    /// Makes anew what is shown of records whose kind has other formulas, or other names for options, than when it was
    /// made: a batch at a time, so that nobody waits. Whoever is stopped goes on at the next opening.
    pub fn renew(&self, progress: &mut dyn FnMut(Progress), cancel: &Cancel) -> Result<(), AppError> {
        for kind in Kind::BROWSED {
            let wanted = mark(&self.catalogue().ways(kind));
            let made = self.store.read(|db| settings::get(db, &made_key(kind)))?.unwrap_or_default();
            if made != wanted {
                let from = made.strip_prefix(&wanted).and_then(|rest| rest.strip_prefix('@')?.parse().ok());
                self.renew_kind(kind, &wanted, from.unwrap_or(0), progress, cancel)?;
            }
        }
        Ok(())
    }

    /// After fields were changed. Who stops it has changed them all the same: the next opening goes on with it.
    pub(crate) fn renew_after_writing(
        &self,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<(), AppError> {
        self.refresh_catalogue()?;
        let renewed = self.renew(progress, cancel);
        self.changed(Vec::new());
        renewed
    }

    fn renew_kind(
        &self,
        kind: Kind,
        wanted: &str,
        mut after: i64,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<(), AppError> {
        let catalogue = self.catalogue();
        let (live, trash) = self.store.read(|db| projections::count(db, kind))?;
        let mut done = 0;
        loop {
            self.go_on(cancel, "stopped; what was not worked out anew yet is at the next opening")?;
            let rows = self.store.read(|db| projections::rows_after(db, kind, after, BATCH))?;
            let Some(last) = rows.last().copied() else { break };
            let derive = |row: DocumentRow| (row.row, Prepared::of_stored(row, &catalogue).ok());
            let derived = bulk::halves(&rows, |part| {
                self.store.read::<_, AppError>(|db| {
                    let stored = part.iter().filter_map(|row| documents::by_row(db, *row).transpose());
                    stored.map(|row| Ok(derive(row?))).collect()
                })
            })?;
            self.store.write::<_, AppError>(|tx| {
                for (row, prepared) in derived {
                    // A document that cannot be decoded stays as it is; `verify` names it.
                    let Some(mut prepared) = prepared else { continue };
                    if documents::heads(tx, prepared.id)? != prepared.heads {
                        // Somebody wrote in between.
                        let Some(stored) = documents::by_row(tx, row)? else { continue };
                        prepared = Prepared::of_stored(stored, &catalogue)?;
                    }
                    projections::write(tx, row, &prepared.as_put(), true)?;
                }
                Ok(settings::put(tx, &made_key(kind), &format!("{wanted}@{last}"))?)
            })?;
            (after, done) = (last, done + rows.len() as u64);
            progress(Progress { done, total: live + trash });
        }
        self.store.write::<_, StorageError>(|tx| settings::put(tx, &made_key(kind), wanted))?;
        self.tell(Vec::new());
        Ok(())
    }
}

fn no_field(kind: Kind, key: &str) -> AppError {
    AppError::refused(format!("a {kind} has no field of your own «{key}»; see `satchel fields {kind}`"))
}

pub(crate) fn checked_options(options: &[String]) -> Result<Vec<String>, AppError> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::with_capacity(options.len());
    for option in options {
        let option = clean(option, false);
        if option.is_empty() || option.chars().count() > LABEL {
            return Err(AppError::refused("an option needs a name of at most 100 characters"));
        }
        if !seen.insert(fold(&option)) {
            return Err(AppError::refused(format!("there is an option «{option}» already")));
        }
        out.push(option);
    }
    match out.len() <= MAX_ITEMS {
        true => Ok(out),
        false => {
            Err(AppError::refused(format!("{} options are too many; at most {MAX_ITEMS} fit", out.len())))
        }
    }
}

fn order_of(options: &[String]) -> String {
    options.iter().map(|option| item_id(&fold(option))).collect::<Vec<_>>().join(",")
}

/// Where it is kept with which formulas a kind's projections were made.
pub(crate) fn made_key(kind: Kind) -> String {
    format!("projection.{kind}")
}

pub(crate) fn mark(ways: &str) -> String {
    if ways.is_empty() { String::new() } else { blake3::hash(ways.as_bytes()).to_hex()[..16].to_owned() }
}

/// The options of a field as a script changes them: in another order, some renamed, some retired.
pub fn option_changes(
    field: &FieldView,
    order: &[String],
    renamed: &[(String, String)],
    retired: &[String],
) -> Vec<OptionChange> {
    let all: Vec<String> = match order.is_empty() {
        true => field.options.iter().chain(&field.retired).cloned().collect(),
        false => order.to_vec(),
    };
    let known =
        |label: &String| field.options.iter().chain(&field.retired).find(|o| fold(o) == fold(label)).cloned();
    let change = |label: String| {
        let was = known(&label);
        let gone = |list: &[String]| list.iter().any(|o| fold(o) == fold(&label));
        let now = renamed.iter().find(|(from, _)| fold(from) == fold(&label)).map(|(_, to)| to.clone());
        OptionChange {
            was,
            retired: gone(retired) || gone(&field.retired) && order.is_empty(),
            now: now.unwrap_or(label),
        }
    };
    all.into_iter().map(change).collect()
}
