//! Records: make, change, read, search, delete, restore.

use crate::{
    AppError, Cancel, Progress, Session, bulk,
    day::meant,
    deals::reached,
    error::Code,
    series,
    session::{Prepared, now, today},
    views::{ClaimView, ConflictView, Hit, RecordView, Written, WrittenMany},
};
use satchel_document::{Changes, Conflict, Document, difference, guarded};
use satchel_domain::{
    Catalogue, Kind, OperationId, RecordId, Registers, Scalar, Value,
    date::rfc3339,
    formula,
    money::Money,
    projection::fields_of,
    rank,
    register::{DELETED_AT, MERGED_INTO, field_of},
    value::{Habits, ValueError},
};
use satchel_storage::{Operation, Row, StorageError, documents, lists, operations, search};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Records per transaction of a bulk edit.
const BATCH: usize = 500;

/// New values of fields, as a screen, a script or a file gives them; `null` clears.
pub type FieldInput = Map<String, Json>;

impl Session {
    pub fn create(&self, kind: Kind, input: &FieldInput) -> Result<Written, AppError> {
        if kind == Kind::CustomField {
            return Err(AppError::refused(
                "fields of your own are made with `satchel fields KIND --add LABEL`, or in the settings",
            ));
        }
        if kind == Kind::Attachment {
            return Err(AppError::refused("files are attached with `satchel attach ID FILE`, or in the app"));
        }
        if kind == Kind::Alert {
            return Err(AppError::refused("alerts come by themselves; see `satchel alerts`"));
        }
        own_way(kind)?;
        if kind == Kind::Letterhead {
            return self.set_letterhead(input);
        }
        let mut values = read_input(kind, input, &self.catalogue(), &self.habits()?)?;
        if values.values().all(Option::is_none) {
            return Err(AppError::refused(format!(
                "a {kind} needs at least one field, such as {}",
                example(kind)
            )));
        }
        if kind == Kind::Quote {
            return self.create_quote(values);
        }
        self.complete(kind, &mut values)?;
        let id = RecordId(Uuid::now_v7());
        self.create_with(id, kind, &registers_of(&values))
    }

    /// What a new record has where nobody has said otherwise.
    pub(crate) fn complete(&self, kind: Kind, values: &mut Values) -> Result<(), AppError> {
        let mut default = |key: &str, value: Value| {
            values.entry(key.to_owned()).or_insert(Some(value));
        };
        if matches!(kind, Kind::Deal | Kind::Activity | Kind::Task) {
            default("owner", Value::Text(self.person.clone()));
        }
        if kind == Kind::Activity {
            default("type", Value::Text("note".to_owned()));
            default("at", Value::DateTime(now()));
            series::check(values)?;
            for (path, scalar) in series::settled(&Registers::new(), &registers_of(values), values) {
                let text = scalar.as_ref().and_then(Scalar::as_str).map(|zone| Value::Text(zone.to_owned()));
                let moment = match scalar {
                    Some(Scalar::Int(at)) => Some(Value::DateTime(at)),
                    _ => None,
                };
                values.insert(path, text.or(moment));
            }
        }
        match kind {
            Kind::Deal => self.staged(values, true),
            Kind::Stage => self.check_stage(&[], values),
            Kind::PriceBook => Self::check_price_book(values),
            _ => Ok(()),
        }
    }

    pub(crate) fn create_with(
        &self,
        id: RecordId,
        kind: Kind,
        registers: &Registers,
    ) -> Result<Written, AppError> {
        self.create_by("create", id, kind, registers)
    }

    /// A record that is made by another action than «new».
    pub(crate) fn create_as(
        &self,
        label: &str,
        kind: Kind,
        registers: &Registers,
    ) -> Result<Written, AppError> {
        self.create_by(label, RecordId(Uuid::now_v7()), kind, registers)
    }

    /// What was unusual, as a record.
    pub(crate) fn create_alert(&self, id: RecordId, registers: &Registers) -> Result<(), AppError> {
        self.create_by("alert", id, Kind::Alert, registers).map(|_| ())
    }

    fn create_by(
        &self,
        label: &str,
        id: RecordId,
        kind: Kind,
        registers: &Registers,
    ) -> Result<Written, AppError> {
        satchel_document::fits(registers)?;
        let operation = self.operation(label);
        self.store.write::<_, AppError>(|tx| {
            self.check_references(tx, kind, registers)?;
            let seq = operations::begin(tx, &operation)?;
            let mut prepared =
                Prepared::new_record(id, kind, &self.stamp(&operation), registers, &self.catalogue());
            prepared.alone = true;
            self.put(tx, seq, &prepared)?;
            Ok(())
        })?;
        self.changed(vec![id]);
        Ok(Written { id, operation: Some(operation.id) })
    }

    /// Changes fields of one record; the others keep theirs.
    pub fn set(&self, id: RecordId, input: &FieldInput) -> Result<Written, AppError> {
        let written = self.set_many(&[id], input, &mut |_| {}, &Cancel::default())?;
        Ok(Written { id, operation: written.operation })
    }

    /// Changes the same fields of several records, as one operation.
    pub fn set_many(
        &self,
        ids: &[RecordId],
        input: &FieldInput,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<WrittenMany, AppError> {
        self.set_as("edit", ids, input, progress, cancel)
    }

    /// The same as an action of another name.
    pub(crate) fn set_as(
        &self,
        label: &str,
        ids: &[RecordId],
        input: &FieldInput,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<WrittenMany, AppError> {
        let catalogue = self.catalogue();
        let habits = self.habits()?;
        let first = ids.first().ok_or_else(|| AppError::new(Code::Usage, "name at least one record"))?;
        let kind = self.kind_of(*first)?;
        let mut values = read_input(kind, input, &catalogue, &habits)?;
        own_way(kind)?;
        match kind {
            Kind::Alert => {
                return Err(AppError::refused(
                    "an alert stays as it came; `satchel alerts --seen ID` says that you saw it",
                ));
            }
            Kind::Deal => self.staged(&mut values, false)?,
            Kind::Stage => self.check_stage(ids, &values)?,
            Kind::PriceBook => Self::check_price_book(&mut values)?,
            Kind::Activity => {
                series::check(&values)?;
                self.check_kinds(ids, &values)?;
            }
            _ => {}
        }
        if let Some(key) = ["type", "key", "for_kind", "links", "formula"]
            .iter()
            .find(|k| values.contains_key(**k))
            .filter(|_| kind == Kind::CustomField)
        {
            return Err(AppError {
                field: Some((*key).to_owned()),
                ..AppError::refused(format!(
                    "the {key} of a field cannot be changed so: see `satchel fields --help`, or make a new field"
                ))
            });
        }
        if kind == Kind::Quote {
            self.store.glance(|db| self.check_references(db, kind, &registers_of(&values)))?;
            return self.set_quotes(label, ids, values, progress, cancel);
        }
        let wanted = registers_of(&values);
        let others = ids.get(1..).unwrap_or_default();
        if !others.is_empty() || catalogue.links(kind).any(|(field, _)| wanted.contains_key(&field.key)) {
            self.store.glance::<_, AppError>(|db| {
                for id in others {
                    match documents::find(db, *id)? {
                        Some((_, other)) if other == kind => {}
                        Some(_) => {
                            return Err(AppError::refused("records of one kind can be changed together"));
                        }
                        None => return Err(AppError::not_found("record", id)),
                    }
                }
                self.check_references(db, kind, &wanted)
            })?;
        }
        let ranks = ranks_of(ids, &wanted);
        let plan = |id: RecordId, now: &Registers| {
            let mut own = wanted.clone();
            own.extend(ranks.get(&id).map(|rank| ("rank".to_owned(), Scalar::Str(rank.clone()))));
            let changes = values.keys().flat_map(|key| difference(key, now, &own));
            let mut changes: Changes = changes.chain(reached(kind, now, &wanted)).collect();
            changes.extend(meant(kind, now, &values, &wanted));
            if kind == Kind::Activity {
                let settled = series::settled(now, &wanted, &values);
                changes.retain(|(path, _)| !settled.iter().any(|(other, _)| other == path));
                changes.extend(settled);
            }
            changes
        };
        self.write_each(self.operation(label), ids, &plan, progress, cancel)
    }

    /// Makes some records and edits others, as one operation; one that is made may be edited as it is made.
    pub(crate) fn together(
        &self,
        label: &str,
        made: &[(RecordId, Kind, Registers)],
        edited: &[(RecordId, Changes)],
    ) -> Result<OperationId, AppError> {
        let operation = self.operation(label);
        let (stamp, catalogue) = (self.stamp(&operation), self.catalogue());
        self.store.write::<_, AppError>(|tx| {
            let seq = operations::begin(tx, &operation)?;
            for (id, kind, registers) in made {
                let mut prepared = Prepared::new_record(*id, *kind, &stamp, registers, &catalogue);
                if let Some((_, changes)) = edited.iter().find(|(other, _)| other == id) {
                    prepared = prepared.edited(&stamp, changes, &catalogue)?;
                }
                self.put(tx, seq, &prepared)?;
            }
            for (_, kind, registers) in made {
                self.check_references(tx, *kind, registers)?;
            }
            let is_made = |id: &RecordId| made.iter().any(|(other, ..)| other == id);
            for (id, changes) in edited.iter().filter(|(id, _)| !is_made(id)) {
                let (row, mut document) = self.load(tx, *id)?;
                if guarded(|| document.edit(&stamp, changes))? {
                    self.put(tx, seq, &Prepared::of(row, &mut document, &catalogue)?)?;
                }
            }
            operations::count(tx, seq)?;
            Ok(())
        })?;
        self.changed(made.iter().map(|(id, ..)| *id).chain(edited.iter().map(|(id, _)| *id)).collect());
        Ok(operation.id)
    }

    /// Writes all of a field, what it shows already included: that settles what others say of it.
    pub(crate) fn write_whole(&self, id: RecordId, key: &str, value: &Json) -> Result<Written, AppError> {
        let kind = self.kind_of(id)?;
        let input = FieldInput::from_iter([(key.to_owned(), value.clone())]);
        let wanted = registers_of(&read_input(kind, &input, &self.catalogue(), &self.habits()?)?);
        let plan = |now: &Registers| {
            let paths = now.keys().filter(|p| field_of(p) == key).chain(wanted.keys());
            let paths: std::collections::BTreeSet<&String> = paths.collect();
            paths.into_iter().map(|p| (p.clone(), wanted.get(p).cloned())).collect::<Changes>()
        };
        let written = self.write_registers(&[id], "edit", &plan, &mut |_| {}, &Cancel::default())?;
        Ok(Written { id, operation: written.operation })
    }

    /// Adds tags to several records and takes others away; the tags that they have besides stay.
    pub fn tag_many(
        &self,
        ids: &[RecordId],
        add: &[String],
        remove: &[String],
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<WrittenMany, AppError> {
        let first = ids.first().ok_or_else(|| AppError::new(Code::Usage, "name at least one record"))?;
        let kind = self.kind_of(*first)?;
        let catalogue = self.catalogue();
        let field = catalogue
            .field(kind, "tags")
            .ok_or_else(|| AppError::refused(format!("a {kind} has no tags")))?;
        let read = |list: &[String]| {
            let read = Value::from_json(field, &Json::from(list.to_vec()), &Habits::default());
            read.map_err(|e| AppError::of_field("tags", &e))
        };
        let (add, remove) = (read(add)?, read(remove)?);
        let tags = |value: Option<Value>| match value {
            Some(Value::Tags(tags)) => tags,
            _ => Vec::new(),
        };
        let (add, remove) = (tags(add), tags(remove));
        let same = |a: &String, b: &String| satchel_domain::text::fold(a) == satchel_domain::text::fold(b);
        self.write_registers(
            ids,
            "edit",
            &|now| {
                let mut all = tags(Value::from_registers(field, now));
                all.retain(|t| !remove.iter().any(|r| same(t, r)));
                for tag in &add {
                    if !all.iter().any(|t| same(t, tag)) {
                        all.push(tag.clone());
                    }
                }
                let mut wanted = Registers::new();
                Value::Tags(all).to_registers("tags", &mut wanted);
                difference("tags", now, &wanted)
            },
            progress,
            cancel,
        )
    }

    pub fn unset(&self, id: RecordId, keys: &[String]) -> Result<Written, AppError> {
        let input = keys.iter().map(|key| (key.clone(), Json::Null)).collect();
        self.set(id, &input)
    }

    /// Puts records in the trash.
    pub fn delete(
        &self,
        ids: &[RecordId],
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<WrittenMany, AppError> {
        let at = now();
        let plan = |r: &Registers| match r.contains_key(DELETED_AT) {
            true => Changes::new(),
            false => vec![(DELETED_AT.to_owned(), Some(Scalar::Int(at)))],
        };
        self.put_away("delete", ids, &plan, progress, cancel)
    }

    /// Takes records out of the trash.
    pub fn restore(
        &self,
        ids: &[RecordId],
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<WrittenMany, AppError> {
        self.put_away("restore", ids, &out_of_trash, progress, cancel)
    }

    /// Edits each record by what `plan` makes of its registers, as one operation.
    pub(crate) fn write_registers(
        &self,
        ids: &[RecordId],
        label: &str,
        plan: &(dyn Fn(&Registers) -> Changes + Sync),
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<WrittenMany, AppError> {
        self.write_each(self.operation(label), ids, &|_, now| plan(now), progress, cancel)
    }

    /// The same, where it matters whose registers they are. Many are written in batches, so that neither memory nor
    /// anybody's wait grows with the selection.
    pub(crate) fn write_each(
        &self,
        operation: Operation,
        ids: &[RecordId],
        plan: &(dyn Fn(RecordId, &Registers) -> Changes + Sync),
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<WrittenMany, AppError> {
        let plan = |id: RecordId, document: &mut Document| plan(id, &document.registers());
        self.write_documents(operation, ids, &plan, progress, cancel)
    }

    /// The same, where it matters what was before, too.
    pub(crate) fn write_documents(
        &self,
        mut operation: Operation,
        ids: &[RecordId],
        plan: &(dyn Fn(RecordId, &mut Document) -> Changes + Sync),
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<WrittenMany, AppError> {
        let stamp = self.stamp(&operation);
        let catalogue = self.catalogue();
        let _claim = self.claim(operation.id)?;
        operation.finished = ids.len() <= BATCH;
        let (mut seq, mut count, mut fields_changed) = (None, 0_u64, false);
        let (ids_end, several) = (ids.last(), ids.len() > 1);
        let (mut done, all) = (0, ids.len() as u64);
        let outcome = ids.chunks(BATCH).try_for_each(|ids| {
            self.go_on(cancel, "stopped; what was changed so far can be undone")?;
            progress(Progress { done, total: all });
            done += ids.len() as u64;
            let edit = |db: &satchel_storage::Connection, id: RecordId| -> Result<Edited, AppError> {
                let (row, mut document) = self.load(db, id)?;
                let changes = guarded(|| Ok::<_, AppError>(plan(id, &mut document)))?;
                let heads = row.heads.clone();
                let changed = !changes.is_empty() && guarded(|| document.edit(&stamp, &changes))?;
                let prepared = changed.then(|| Prepared::of(row, &mut document, &catalogue)).transpose()?;
                Ok(Edited { heads, prepared })
            };
            // Documents are decoded and encoded before the transaction, on both cores.
            let edit_all = |part: &[RecordId]| {
                self.store.read(|db| part.iter().map(|id| edit(db, *id).map(Some)).collect())
            };
            let edited = if several { bulk::halves(ids, edit_all)? } else { vec![None] };
            self.store.write::<_, AppError>(|tx| {
                for (id, edited) in ids.iter().zip(edited) {
                    let edited = match edited {
                        Some(edited) if documents::heads(tx, *id)? == edited.heads => edited,
                        // Not edited yet, or somebody wrote in between.
                        _ => edit(tx, *id)?,
                    };
                    let Some(mut prepared) = edited.prepared else { continue };
                    let seq = match seq {
                        Some(seq) => seq,
                        None => *seq.insert(operations::begin(tx, &operation)?),
                    };
                    prepared.alone = !several;
                    fields_changed |= prepared.kind == Kind::CustomField;
                    self.put(tx, seq, &prepared)?;
                    count += 1;
                }
                // The head of an operation says «one» until it is told otherwise.
                if let Some(seq) = seq.filter(|_| several) {
                    count = operations::count(tx, seq)?;
                    if !operation.finished && ids.last() == ids_end {
                        operations::finish(tx, seq, &operation.detail)?;
                    }
                }
                Ok(())
            })
        });
        if count > 0 {
            self.changed(if ids.len() > 100 { Vec::new() } else { ids.to_vec() });
        }
        let renewed = if fields_changed { self.renew_after_writing(progress, cancel) } else { Ok(()) };
        let operation = (count > 0).then_some(operation.id);
        outcome.and(renewed).map_err(|e| AppError { operation, ..e })?;
        Ok(WrittenMany { operation, count: u32::try_from(count).unwrap_or(u32::MAX) })
    }

    /// A link must lead to a record of its kind that is there.
    pub(crate) fn check_references(
        &self,
        db: &satchel_storage::Connection,
        kind: Kind,
        registers: &Registers,
    ) -> Result<(), AppError> {
        for (field, to) in self.catalogue().links(kind) {
            let Some(id) = registers.get(&field.key).and_then(Scalar::as_str) else { continue };
            let found = id.parse().ok().map(|id| documents::find(db, id)).transpose()?.flatten();
            if found.is_none_or(|(_, kind)| kind != to) {
                return Err(AppError { field: Some(field.key.clone()), ..AppError::not_found(to.key(), id) });
            }
        }
        Ok(())
    }

    pub(crate) fn kind_of(&self, id: RecordId) -> Result<Kind, AppError> {
        let found = self.store.glance(|db| documents::find(db, id))?;
        found.map(|(_, kind)| kind).ok_or_else(|| AppError::not_found("record", id))
    }

    pub fn get(&self, id: RecordId) -> Result<RecordView, AppError> {
        let catalogue = self.catalogue();
        let (document, row, series) = self.store.glance::<_, AppError>(|db| {
            let (stored, document) = self.load(db, id)?;
            let row = lists::one(db, &catalogue, stored.kind, stored.row)?;
            let series = self.series_of_record(db, &document.registers())?;
            Ok((document, row.ok_or_else(|| AppError::not_found("record", id))?, series))
        })?;
        let registers = document.registers();
        let conflicts = match document.conflicts() {
            none if none.is_empty() => Vec::new(),
            conflicts => {
                let authors = self.authors()?;
                let by = |actor: &[u8]| authors.get(actor).unwrap_or(&self.person).clone();
                conflict_views(row.kind, &registers, &conflicts, &catalogue, by)
            }
        };
        let mut titles = row.titles;
        let into = registers.get(MERGED_INTO).filter(|_| row.deleted_at.is_some());
        let merged_into: Option<RecordId> = into.and_then(|into| into.as_str()?.parse().ok());
        if let Some(into) = merged_into {
            let title = self.store.glance::<_, StorageError>(|db| match documents::find(db, into)? {
                Some((row, kind)) => lists::title(db, kind, row),
                None => Ok(None),
            })?;
            titles.extend(title.map(|title| ("merged_into".to_owned(), title)));
        }
        let mut fields = fields_of(row.kind, &registers, &catalogue);
        let reasons = formula::work_out(row.kind, &mut fields, &catalogue, Some(today()));
        fields.retain(|key, _| catalogue.field(row.kind, key).is_some_and(|f| !f.hidden));
        Ok(RecordView {
            id,
            kind: row.kind,
            title: row.title,
            fields: fields.into_iter().map(|(key, value)| (key, value.to_json())).collect(),
            reasons,
            titles,
            series,
            merged_into,
            created_at: rfc3339(row.created_at),
            updated_at: rfc3339(row.updated_at),
            deleted_at: row.deleted_at.map(rfc3339),
            conflicts,
        })
    }

    /// What a text finds, the likeliest first.
    pub fn search(&self, text: &str, kind: Option<Kind>, limit: usize) -> Result<Vec<Hit>, AppError> {
        let catalogue = self.catalogue();
        let limit = limit.min(500);
        self.index_pending();
        let rows: Vec<Row> = self.store.glance::<_, StorageError>(|db| {
            // More than are shown, so that the best of them can come first.
            let found = search::find(db, text, kind, limit.max(60))?;
            let mut rows = Vec::with_capacity(found.len());
            for row in found {
                for kind in Kind::BROWSED {
                    if let Some(row) = lists::one(db, &catalogue, kind, row)? {
                        // In the trash, and the index does not know it yet.
                        rows.extend(Some(row).filter(|row| row.deleted_at.is_none()));
                        break;
                    }
                }
            }
            Ok(rows)
        })?;
        let wanted = satchel_domain::text::fold(text);
        let mut ranked: Vec<(u8, Row)> =
            rows.into_iter().map(|row| (closeness(&row.title, &wanted), row)).collect();
        // What is found elsewhere than in the name keeps the order of the search; people before what was said of them.
        let told = |row: &Row| matches!(row.kind, Kind::Activity | Kind::Task);
        ranked.sort_by_key(|(rank, row)| {
            (told(row), *rank, if *rank < 3 { row.title.chars().count() } else { 0 })
        });
        Ok(ranked.into_iter().take(limit).map(|(_, row)| hit(row)).collect())
    }
}

/// 0: called so; 1: begins so; 2: a word begins so; 3: found elsewhere.
fn closeness(title: &str, wanted: &str) -> u8 {
    let title = satchel_domain::text::fold(title);
    if title == wanted {
        0
    } else if title.starts_with(wanted) {
        1
    } else if title.split(' ').any(|word| word.starts_with(wanted)) {
        2
    } else {
        3
    }
}

fn money(row: &Row, key: &str) -> String {
    let money = row.fields.get(key).and_then(|m| serde_json::from_value::<Money>(m.clone()).ok());
    money.map(|m| m.to_string()).unwrap_or_default()
}

pub(crate) fn hit(row: Row) -> Hit {
    let text = |key: &str| row.fields.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let first = |key: &str, part: &str| {
        let item = row.fields.get(key).and_then(|v| v.get(0)).and_then(|v| v.get(part));
        item.and_then(Json::as_str).unwrap_or_default().to_owned()
    };
    let parts = match row.kind {
        Kind::Person => [
            row.titles.get("company").cloned().unwrap_or_default(),
            text("title"),
            first("emails", "value"),
            first("phones", "value"),
        ],
        Kind::Product => [text("code"), money(&row, "price"), text("category"), String::new()],
        Kind::Quote => [
            row.titles.get("company").cloned().unwrap_or_default(),
            money(&row, "net"),
            text("date"),
            String::new(),
        ],
        _ => [text("industry"), first("addresses", "city"), text("website"), first("phones", "value")],
    };
    let parts: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).take(2).collect();
    Hit { id: row.id, kind: row.kind, title: row.title, subtitle: parts.join(" · ") }
}

/// What is made and changed by its own commands only, so that its history tells what was done.
fn own_way(kind: Kind) -> Result<(), AppError> {
    match kind {
        Kind::Incident => {
            Err(AppError::refused("incidents are kept by `satchel incident`, or on the page Safety"))
        }
        Kind::Training => {
            Err(AppError::refused("who has learnt what is kept by `satchel training`, or on the page Safety"))
        }
        _ => Ok(()),
    }
}

fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Person => "first_name=Ana",
        Kind::Company | Kind::Attachment => "name=Acme",
        Kind::Deal => "name=Pump for Acme",
        Kind::Pipeline => "name=Sales",
        Kind::Stage => "name=Offer",
        Kind::Activity => "type=call",
        Kind::Task => "subject=Send the offer",
        Kind::Product => "name=Pump price='120 EUR'",
        Kind::PriceBook => "name=Resellers",
        Kind::Price => "price='100 EUR'",
        Kind::Quote => "name=Pump for Acme",
        Kind::Letterhead => "name=Norte SL",
        Kind::Template => "name=Offer subject='Your offer, {{first_name|hello}}'",
        Kind::CustomField => "label=Size",
        Kind::Alert => "rule=deletions",
        Kind::Incident => "playbook=lost_laptop",
        Kind::Training => "person=Ana",
    }
}

/// Several that come to one place stand one behind the other, in the order in which they are named.
fn ranks_of(ids: &[RecordId], wanted: &Registers) -> HashMap<RecordId, String> {
    let first = wanted.get("rank").and_then(Scalar::as_str).filter(|_| ids.len() > 1);
    let mut at = first.map(str::to_owned);
    let ranks = ids.iter().map_while(|id| {
        let rank = at.clone()?;
        at = Some(rank::between(Some(&rank), None));
        Some((*id, rank))
    });
    ranks.collect()
}

/// What takes a record out of the trash: whatever it was merged into, it is one of its own again.
pub(crate) fn out_of_trash(now: &Registers) -> Changes {
    let there = [DELETED_AT, MERGED_INTO].into_iter().filter(|path| now.contains_key(*path));
    there.map(|path| (path.to_owned(), None)).collect()
}

/// An edit of one record before it is written.
struct Edited {
    /// The version that was edited.
    heads: Vec<[u8; 32]>,
    /// Nothing: the record has these values already.
    prepared: Option<Prepared>,
}

/// New values of fields; none clears.
pub(crate) type Values = BTreeMap<String, Option<Value>>;

pub(crate) fn registers_of(values: &Values) -> Registers {
    let mut registers = Registers::new();
    for (key, value) in values {
        if let Some(value) = value {
            value.to_registers(key, &mut registers);
        }
    }
    registers
}

/// Reads and checks what was given, by the catalogue.
pub(crate) fn read_input(
    kind: Kind,
    input: &FieldInput,
    catalogue: &Catalogue,
    habits: &Habits,
) -> Result<Values, AppError> {
    let mut out = BTreeMap::new();
    for (key, json) in input {
        let field = catalogue.field(kind, key).filter(|f| !f.hidden).ok_or_else(|| AppError {
            field: Some(key.clone()),
            ..AppError::refused(format!("a {kind} has no field «{key}»; see `satchel fields {kind}`"))
        })?;
        if field.derived.is_some() {
            return Err(AppError {
                field: Some(key.clone()),
                ..AppError::refused(format!("«{key}» is calculated; change what it is made of"))
            });
        }
        let value =
            Value::from_json(field, json, habits).map_err(|e: ValueError| AppError::of_field(key, &e))?;
        out.insert(key.clone(), value);
    }
    Ok(out)
}

/// Conflicts by field, each value as the whole field would read with it.
pub(crate) fn conflict_views(
    kind: Kind,
    registers: &Registers,
    conflicts: &[Conflict],
    catalogue: &Catalogue,
    by: impl Fn(&[u8]) -> String,
) -> Vec<ConflictView> {
    let mut out: Vec<ConflictView> = Vec::new();
    for conflict in conflicts {
        let key = field_of(&conflict.path);
        let Some(field) = catalogue.field(kind, key) else { continue };
        let mut values = Vec::new();
        for claim in &conflict.values {
            let mut with = registers.clone();
            with.insert(conflict.path.clone(), claim.value.clone());
            let value = Value::from_registers(field, &with).map_or(Json::Null, |v| v.to_json());
            values.push(ClaimView { value, by: by(&claim.actor), at: rfc3339(claim.at) });
        }
        out.push(ConflictView { field: key.to_owned(), values });
    }
    out
}
