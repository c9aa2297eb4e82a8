//! Which records may be one, and what somebody has said about that.

use crate::{
    AppError, Cancel, Progress, Session,
    error::Code,
    merge::{MERGED, MOST},
    views::{DuplicatesView, GroupView, Written},
};
use satchel_document::Changes;
use satchel_domain::{
    Kind, RecordId, Scalar,
    duplicates::{Card, groups},
    register::NOT_SAME,
};
use satchel_storage::{Connection, StorageError, documents, duplicates, duplicates::Seen, lists};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Groups that are told at once: nobody looks at more.
const SHOWN: usize = 1000;

impl Session {
    /// Records of a kind that may be one, the likeliest first; without a kind, those of all kinds that can be merged.
    pub fn duplicates(
        &self,
        kind: Option<Kind>,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<DuplicatesView, AppError> {
        if let Some(kind) = kind.filter(|kind| !MERGED.contains(kind)) {
            return Err(AppError::refused(format!(
                "duplicates are looked for among people, companies and deals, not among those of the kind {kind}"
            )));
        }
        let mut view = DuplicatesView::default();
        for kind in MERGED.into_iter().filter(|k| kind.is_none_or(|kind| kind == *k)) {
            let found = self.duplicates_of(kind, progress, cancel)?;
            view.total += found.total;
            view.groups.extend(found.groups);
        }
        view.groups.sort_by(|a, b| b.score.total_cmp(&a.score));
        view.groups.truncate(SHOWN);
        Ok(view)
    }

    fn duplicates_of(
        &self,
        kind: Kind,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<DuplicatesView, AppError> {
        let stop = || self.go_on(cancel, "the search was stopped");
        let (rows, cards, apart) = self.store.read::<_, AppError>(|db| {
            let (mut rows, mut cards) = (Vec::new(), Vec::new());
            duplicates::each::<AppError>(db, kind, &mut |seen| {
                rows.push(seen.row);
                cards.push(card(kind, &seen));
                stop()
            })?;
            let places: HashMap<i64, usize> = rows.iter().enumerate().map(|(at, row)| (*row, at)).collect();
            duplicates::each_term::<AppError>(db, &mut |row, field, value| {
                if let Some(card) = places.get(&row).and_then(|at| cards.get_mut(*at)) {
                    card.term(field, value);
                }
                stop()
            })?;
            let place = |row: i64| places.get(&row).copied();
            let said = duplicates::said_apart(db)?.into_iter();
            let apart: HashSet<(usize, usize)> =
                said.filter_map(|(a, b)| Some(in_order(place(a)?, place(b)?))).collect();
            Ok((rows, cards, apart))
        })?;
        let found = groups(&cards, &|a, b| apart.contains(&in_order(a, b)), &mut |done, total| {
            progress(Progress { done, total });
            stop()
        })?;
        self.store.read::<_, AppError>(|db| {
            let total = u32::try_from(found.len()).unwrap_or(u32::MAX);
            let mut groups = Vec::new();
            for group in found.into_iter().take(SHOWN) {
                let (mut ids, mut titles) = (Vec::new(), Vec::new());
                for row in group.members.iter().filter_map(|at| rows.get(*at)) {
                    ids.extend(documents::id_of(db, *row)?);
                    titles.push(lists::title(db, kind, *row)?.unwrap_or_default());
                }
                groups.push(GroupView { kind, score: group.score, reasons: group.reasons, ids, titles });
            }
            Ok(DuplicatesView { groups, total })
        })
    }

    /// Remembers that none of these records is another of them: they are not shown together any more, on no device.
    pub fn not_the_same(&self, ids: &[RecordId]) -> Result<Written, AppError> {
        let [first, _, ..] = ids else {
            return Err(AppError::new(Code::Usage, "name at least two records"));
        };
        if ids.len() > MOST {
            return Err(AppError::refused(format!("at most {MOST} records are told apart at once")));
        }
        let kind = self.kind_of(*first)?;
        for id in ids {
            if self.kind_of(*id)? != kind {
                return Err(AppError::refused("records of one kind can be told apart"));
            }
        }
        // Always on the same one of two, so that all who say it say the same.
        let mut edits: BTreeMap<RecordId, Changes> = BTreeMap::new();
        for (at, a) in ids.iter().enumerate() {
            for b in ids.iter().skip(at + 1).filter(|b| *b != a) {
                let (on, other) = (*a.min(b), *a.max(b));
                edits.entry(on).or_default().push((format!("{NOT_SAME}/{other}"), Some(Scalar::Flag(true))));
            }
        }
        let operation = self.edit_each("not_same", &edits)?;
        Ok(Written { id: *first, operation })
    }
}

fn in_order(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

/// What of a record is compared, without what it is looked up by.
fn card(kind: Kind, seen: &Seen) -> Card {
    let [name, last] = &seen.names;
    let mut card = match kind {
        Kind::Person => Card::person(name, last),
        _ => Card::named(kind, name),
    };
    card.company(&seen.company);
    card.website(&seen.website);
    card.birthday(&seen.birthday);
    card
}

/// All of it, of one record that is not in the trash.
pub(crate) fn card_of(db: &Connection, kind: Kind, row: i64) -> Result<Option<Card>, StorageError> {
    let Some(seen) = duplicates::one(db, kind, row)? else { return Ok(None) };
    let mut card = card(kind, &seen);
    for (field, value) in duplicates::terms_of(db, row)? {
        card.term(&field, &value);
    }
    Ok(Some(card))
}
