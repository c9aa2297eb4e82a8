//! Records that are one become one: what the others know is taken over, what links to them leads to the one that is
//! kept, and they go to the trash, where each says into which it was merged.
//!
//! Two laptops may do that at once, and neither knows what the other has edited or linked meanwhile. What comes together
//! then is put right after the sync, by whoever may write, and in the same way everywhere.

use crate::{
    AppError, Cancel, Progress, Session,
    error::Code,
    session::now,
    views::{UndoReport, Written},
};
use satchel_document::{Changes, difference, fields_that_differ};
use satchel_domain::{
    Catalogue, Kind, OperationId, RecordId, Registers, Scalar,
    merging::{Chosen, DoesNotFit, Part, carried, merged},
    register::{CARRIED, DELETED_AT, EXTERNAL_ID, MERGED_INTO, NOT_SAME, field_of},
};
use satchel_storage::{documents, duplicates, duplicates::Merged, operations};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The kinds of which one is sometimes there twice.
pub(crate) const MERGED: [Kind; 3] = [Kind::Person, Kind::Company, Kind::Deal];
/// Records that are merged, or told apart, at once.
pub(crate) const MOST: usize = 50;

/// What is to become one.
#[derive(Clone, Debug, Deserialize, specta::Type)]
pub struct Merge {
    /// The one that stays, with its id.
    pub keep: RecordId,
    pub others: Vec<RecordId>,
    /// Whose value a field is to have, where it is not as it would be by itself.
    #[serde(default)]
    pub fields: BTreeMap<String, RecordId>,
}

impl Session {
    /// Merges records as one operation.
    pub fn merge(
        &self,
        merge: &Merge,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Written, AppError> {
        let kind = self.check_merge(merge)?;
        let keep = merge.keep;
        let mut others: Vec<(RecordId, Registers)> = Vec::new();
        let mut ids = vec![keep];
        self.store.read::<_, AppError>(|db| {
            for id in &merge.others {
                let (_, document) = self.load(db, *id)?;
                let mut registers = document.registers();
                for other in duplicates::apart_from(db, *id)? {
                    registers.insert(format!("{NOT_SAME}/{other}"), Scalar::Flag(true));
                }
                others.push((*id, registers));
                ids.extend(duplicates::linking(db, kind, *id)?);
            }
            Ok(())
        })?;
        let mut seen = HashSet::new();
        ids.retain(|id| seen.insert(*id));
        // They go last: whoever is stopped half-way has lost nothing, and merges once more.
        ids.extend(&merge.others);
        let parts: Vec<Part<'_>> = others.iter().map(|(id, registers)| Part { id: *id, registers }).collect();
        let (catalogue, chosen) = (self.catalogue(), &merge.fields);
        let wanted = |now: &Registers| {
            merged(kind, &catalogue, Part { id: keep, registers: now }, &parts, chosen).map_err(does_not_fit)
        };
        let (_, document) = self.store.read(|db| self.load(db, keep))?;
        wanted(&document.registers())?;
        let keys = link_keys(&catalogue, Some(kind));
        let leads: HashMap<RecordId, RecordId> = merge.others.iter().map(|id| (*id, keep)).collect();
        let at = now();
        let mut operation = self.operation("merge");
        operation.detail = serde_json::json!({ "keep": keep, "others": merge.others }).to_string();
        let plan = |id: RecordId, now: &Registers| {
            if id == keep {
                let wanted = wanted(now).map(|wanted| not_to_itself(wanted, keep, &keys, &leads));
                return wanted.map_or_else(|_| Changes::new(), |wanted| all_differences(now, &wanted));
            }
            match leads.contains_key(&id) {
                true => gone(now, keep, at),
                false => led(now, &keys, &leads),
            }
        };
        let written = self.write_each(operation, &ids, &plan, progress, cancel)?;
        Ok(Written { id: keep, operation: written.operation })
    }

    /// The kind of what is to be merged, if that can be.
    fn check_merge(&self, merge: &Merge) -> Result<Kind, AppError> {
        let Merge { keep, others, fields } = merge;
        if others.is_empty() {
            return Err(AppError::new(Code::Usage, "name the record that stays and at least one other"));
        }
        let all: BTreeSet<&RecordId> = others.iter().chain([keep]).collect();
        if all.len() != others.len() + 1 {
            return Err(AppError::new(Code::Usage, "a record is named twice"));
        }
        if all.len() > MOST {
            return Err(AppError::refused(format!("at most {MOST} records are merged at once")));
        }
        let kind = self.kind_of(*keep)?;
        if !MERGED.contains(&kind) {
            return Err(AppError::refused("people, companies and deals can be merged"));
        }
        for id in all {
            if self.kind_of(*id)? != kind {
                return Err(AppError::refused("records of one kind can be merged"));
            }
            if let Some(title) = self.title_in_trash(kind, *id)? {
                return Err(AppError::refused(format!("«{title}» ({id}) is in the trash; restore it first")));
            }
        }
        for (key, id) in fields {
            let refused =
                |message: String| AppError { field: Some(key.clone()), ..AppError::refused(message) };
            if self.catalogue().field(kind, key).is_none_or(|f| f.hidden) {
                return Err(refused(format!("a {kind} has no field «{key}»; see `satchel fields {kind}`")));
            }
            if id != keep && !others.contains(id) {
                return Err(refused(format!("{key}: {id} is none of the records that are merged")));
            }
        }
        Ok(kind)
    }

    fn title_in_trash(&self, kind: Kind, id: RecordId) -> Result<Option<String>, AppError> {
        self.store.read(|db| {
            let found = documents::find(db, id)?;
            let row = found.map(|(row, _)| satchel_storage::lists::one(db, &self.catalogue(), kind, row));
            Ok(row.transpose()?.flatten().filter(|row| row.deleted_at.is_some()).map(|row| row.title))
        })
    }

    /// Takes a merge back.
    pub fn unmerge(
        &self,
        operation: OperationId,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<UndoReport, AppError> {
        let found = self.store.read(|db| operations::get(db, operation))?;
        let found = found.ok_or_else(|| AppError::not_found("operation", operation))?;
        if found.label != "merge" {
            return Err(AppError::refused(format!(
                "this operation is no merge but «{}»; take it back with `satchel undo {operation}`",
                found.label
            )));
        }
        self.undo(Some(operation), progress, cancel)
    }

    /// Edits records each in its own way, as one operation; nothing if all are so already.
    pub(crate) fn edit_each(
        &self,
        label: &str,
        edits: &BTreeMap<RecordId, Changes>,
    ) -> Result<Option<OperationId>, AppError> {
        let ids: Vec<RecordId> = edits.keys().copied().collect();
        if ids.is_empty() {
            return Ok(None);
        }
        let plan = |id: RecordId, now: &Registers| {
            let mut changes = edits.get(&id).cloned().unwrap_or_default();
            changes.retain(|(path, value)| now.get(path) != value.as_ref());
            changes
        };
        let written = self.write_each(self.operation(label), &ids, &plan, &mut |_| {}, &Cancel::default())?;
        Ok(written.operation)
    }

    /// Puts right what merges and edits that knew nothing of each other have led to: of records that were merged into
    /// each other the first stays; what links to one that was merged away leads on; and what this device has written
    /// to such a one is carried over.
    pub(crate) fn mend_merges(&self) -> Result<(), AppError> {
        let all = self.store.read(duplicates::merged)?;
        if all.is_empty() {
            return Ok(());
        }
        let mut leads: HashMap<RecordId, RecordId> = all.iter().map(|m| (m.id, m.into)).collect();
        let mut edits: BTreeMap<RecordId, Changes> = BTreeMap::new();
        for circle in circles(&leads) {
            let Some(first) = circle.first() else { continue };
            leads.remove(first);
            edits.extend(self.brought_back(&circle)?);
        }
        for merged in all.iter().filter(|m| m.edited_elsewhere) {
            if let Some(into) = end_of(&leads, merged.id) {
                for (id, changes) in self.carried_over(merged, into)? {
                    edits.entry(id).or_default().extend(changes);
                }
            }
        }
        let catalogue = self.catalogue();
        let keys = link_keys(&catalogue, None);
        let leads: HashMap<RecordId, RecordId> =
            leads.keys().filter_map(|id| Some((*id, end_of(&leads, *id)?))).collect();
        self.store.read::<_, AppError>(|db| {
            for id in duplicates::linking_to_merged(db)? {
                let Ok((_, document)) = self.load(db, id) else { continue };
                let changes = led(&document.registers(), &keys, &leads);
                if !changes.is_empty() && !edits.contains_key(&id) {
                    edits.insert(id, changes);
                }
            }
            Ok(())
        })?;
        self.edit_each("mend", &edits)?;
        Ok(())
    }

    /// Of records that were merged into each other, each into the next: the first is there again, with what all know.
    fn brought_back(&self, circle: &[RecordId]) -> Result<BTreeMap<RecordId, Changes>, AppError> {
        let mut edits = BTreeMap::new();
        let mut all: Vec<(RecordId, Registers)> = Vec::new();
        let mut kind = None;
        for id in circle {
            let Ok((row, document)) = self.store.read(|db| self.load(db, *id)) else { return Ok(edits) };
            kind = Some(row.kind);
            all.push((*id, document.registers()));
        }
        let (Some(kind), Some(((first, now), others))) = (kind, all.split_first()) else { return Ok(edits) };
        let parts: Vec<Part<'_>> = others.iter().map(|(id, registers)| Part { id: *id, registers }).collect();
        let keep = Part { id: *first, registers: now };
        // What does not fit together stays with the others, in the trash.
        let mut wanted =
            merged(kind, &self.catalogue(), keep, &parts, &Chosen::new()).unwrap_or_else(|_| now.clone());
        wanted.remove(DELETED_AT);
        wanted.remove(MERGED_INTO);
        let catalogue = self.catalogue();
        let leads = others.iter().map(|(id, _)| (*id, *first)).collect();
        wanted = not_to_itself(wanted, *first, &link_keys(&catalogue, Some(kind)), &leads);
        edits.insert(*first, all_differences(now, &wanted));
        for (id, registers) in others {
            edits.insert(*id, without_external_ids(registers));
        }
        Ok(edits)
    }

    /// What this device has written to a record without knowing that it was merged away, for the one that it was merged
    /// into. Only whoever has written it carries it over, and says so on the record.
    fn carried_over(&self, merge: &Merged, into: RecordId) -> Result<Vec<(RecordId, Changes)>, AppError> {
        let load = |id: RecordId| self.store.read(|db| self.load(db, id));
        let (Ok((row, mut document)), Ok((_, kept))) = (load(merge.id), load(into)) else {
            return Ok(Vec::new());
        };
        let (heads, versions) = (document.heads(), document.versions());
        let written = |key: &str| {
            let wrote = |v: &&satchel_document::Version| {
                let [before, after] =
                    [&v.before, &v.after].map(|heads| document.registers_at(heads).get(key).cloned());
                after.is_some() && before != after
            };
            versions.iter().rev().find(wrote)
        };
        let Some(merged_by) = written(MERGED_INTO) else { return Ok(Vec::new()) };
        let last_is_own = versions.iter().any(|v| {
            let is_head = matches!(v.after.as_slice(), [only] if heads.contains(only));
            is_head && v.actor == self.actor().as_bytes() && v.operation != merged_by.operation
        });
        if !last_is_own {
            return Ok(Vec::new());
        }
        let base = match written(CARRIED) {
            Some(version) => document.registers_at(&version.after),
            None => document.registers_at(&merged_by.before),
        };
        let (now, keep) = (document.registers(), kept.registers());
        let wanted = carried(row.kind, &self.catalogue(), &keep, (&base, &now));
        let done = vec![(CARRIED.to_owned(), Some(Scalar::Int(crate::session::now())))];
        Ok(vec![(into, all_differences(&keep, &wanted)), (merge.id, done)])
    }
}

fn does_not_fit(DoesNotFit { field, error }: DoesNotFit) -> AppError {
    AppError::of_field(&field, &error)
}

fn all_differences(now: &Registers, wanted: &Registers) -> Changes {
    fields_that_differ(now, wanted).iter().flat_map(|field| difference(field, now, wanted)).collect()
}

/// A record is in the trash for another, which has the ids now that other programs know it by.
fn gone(now: &Registers, into: RecordId, at: i64) -> Changes {
    let mut changes = without_external_ids(now);
    changes.push((DELETED_AT.to_owned(), Some(Scalar::Int(at))));
    changes.push((MERGED_INTO.to_owned(), Some(Scalar::Str(into.to_string()))));
    changes
}

fn without_external_ids(now: &Registers) -> Changes {
    let ids = now.keys().filter(|path| field_of(path) == EXTERNAL_ID);
    ids.map(|path| (path.clone(), None)).collect()
}

/// The names of the fields that link to records of a kind, or of any, the user's own among them.
fn link_keys(catalogue: &Catalogue, to: Option<Kind>) -> Vec<&str> {
    let mut keys = duplicates::link_keys(to);
    for kind in Kind::BROWSED {
        let own =
            catalogue.links(kind).filter(|(field, leads)| field.custom && to.is_none_or(|to| to == *leads));
        keys.extend(own.map(|(field, _)| field.key.as_str()));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The links of a record that lead on.
fn led(now: &Registers, keys: &[&str], leads: &HashMap<RecordId, RecordId>) -> Changes {
    let to = |key: &&str| {
        let id: RecordId = now.get(*key)?.as_str()?.parse().ok()?;
        leads.get(&id).map(|to| ((*key).to_owned(), Some(Scalar::Str(to.to_string()))))
    };
    keys.iter().filter_map(to).collect()
}

/// What has led from one of those that became one to another of them leads nowhere.
fn not_to_itself(
    mut wanted: Registers,
    keep: RecordId,
    keys: &[&str],
    leads: &HashMap<RecordId, RecordId>,
) -> Registers {
    for key in keys {
        let to = wanted.get(*key).and_then(|id| id.as_str()?.parse::<RecordId>().ok());
        if to.is_some_and(|to| to == keep || leads.contains_key(&to)) {
            wanted.remove(*key);
        }
    }
    wanted
}

/// Records that were merged into each other in a circle; each begins with the lowest id, which is the one that stays.
fn circles(leads: &HashMap<RecordId, RecordId>) -> Vec<Vec<RecordId>> {
    let (mut out, mut seen) = (Vec::new(), HashSet::new());
    let starts: BTreeSet<&RecordId> = leads.keys().collect();
    for start in starts {
        let mut path: Vec<RecordId> = Vec::new();
        let mut at = *start;
        while seen.insert(at) {
            path.push(at);
            match leads.get(&at) {
                Some(next) => at = *next,
                None => break,
            }
        }
        if let Some(from) = path.iter().position(|id| *id == at).filter(|_| leads.contains_key(&at)) {
            let mut circle = path.split_off(from);
            let lowest = circle.iter().enumerate().min_by_key(|(_, id)| **id).map_or(0, |(at, _)| at);
            circle.rotate_left(lowest);
            out.push(circle);
        }
    }
    out
}

/// Where a record that was merged away has ended; nothing for one that was not.
fn end_of(leads: &HashMap<RecordId, RecordId>, id: RecordId) -> Option<RecordId> {
    let mut at = *leads.get(&id)?;
    for _ in 0..leads.len() {
        match leads.get(&at) {
            Some(next) => at = *next,
            None => break,
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> RecordId {
        RecordId(uuid::Uuid::from_u128(n))
    }

    fn leads(pairs: &[(u128, u128)]) -> HashMap<RecordId, RecordId> {
        pairs.iter().map(|(from, to)| (id(*from), id(*to))).collect()
    }

    #[test]
    fn merges_in_a_circle_are_found_and_the_first_stays() {
        let all = leads(&[(2, 1), (1, 2), (3, 1), (9, 8), (6, 5), (5, 7), (7, 6)]);
        assert_eq!(circles(&all), [vec![id(1), id(2)], vec![id(5), id(7), id(6)]]);
        assert!(circles(&leads(&[(1, 2), (2, 3)])).is_empty());
        assert_eq!(circles(&leads(&[(1, 1)])), [vec![id(1)]], "whoever says so of itself");
    }

    #[test]
    fn merges_of_merges_are_followed_to_their_end() {
        let all = leads(&[(1, 2), (2, 3)]);
        assert_eq!(
            (end_of(&all, id(1)), end_of(&all, id(2)), end_of(&all, id(3))),
            (Some(id(3)), Some(id(3)), None)
        );
        assert!(end_of(&leads(&[(1, 2), (2, 1)]), id(1)).is_some(), "it ends");
    }
}
