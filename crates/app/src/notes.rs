//! Notes as they are shown: their Markdown as plain data, and the records that they mention as they are called now.

use crate::{
    AppError, Session,
    error::Code,
    records::hit,
    views::{MentionView, MentionsView, NoteView},
};
use satchel_domain::{Kind, RecordId, note};
use satchel_storage::{Connection, StorageError, documents, duplicates, lists, mentions};
use std::collections::{BTreeMap, BTreeSet};

/// Notes that are read at once.
const NOTES: usize = 500;
/// Bytes of one answer: a screen shows no more.
const BYTES: usize = 8 << 20;
/// What mentions a record is looked through so far, and told so far.
const LOOKED_AT: usize = 1000;
const TOLD: usize = 100;

impl Session {
    /// Notes in the form in which a screen shows them.
    pub fn notes(&self, texts: &[String]) -> Result<Vec<NoteView>, AppError> {
        if texts.len() > NOTES || texts.iter().map(String::len).sum::<usize>() > BYTES {
            return Err(AppError::refused(format!("at most {NOTES} notes of 8 MB are shown at once")));
        }
        let mentioned: Vec<BTreeSet<RecordId>> = texts.iter().map(|text| note::mentions(text)).collect();
        let all: BTreeSet<RecordId> = mentioned.iter().flatten().copied().collect();
        let known: BTreeMap<RecordId, MentionView> = self.store.glance::<_, AppError>(|db| {
            let named = all.into_iter().map(|id| Ok(self.mention(db, id)?.map(|view| (id, view))));
            named.filter_map(Result::transpose).collect()
        })?;
        let view = |(text, ids): (&String, BTreeSet<RecordId>)| NoteView {
            blocks: note::read(text),
            mentions: ids
                .into_iter()
                .filter_map(|id| Some((id.to_string(), known.get(&id)?.clone())))
                .collect(),
        };
        Ok(texts.iter().zip(mentioned).map(view).collect())
    }

    /// What a record that is mentioned is called now; one that was merged away is the one that it has become.
    pub(crate) fn mention(&self, db: &Connection, id: RecordId) -> Result<Option<MentionView>, StorageError> {
        let Some((row, kind)) = documents::find(db, id)? else { return Ok(None) };
        let (id, row) = match duplicates::led_to(db, row)? {
            Some(into) => documents::find(db, into)?.map_or((id, row), |(row, _)| (into, row)),
            None => (id, row),
        };
        let found = lists::one(db, &self.catalogue(), kind, row)?;
        Ok(found.map(|row| MentionView { id, kind, title: row.title, gone: row.deleted_at.is_some() }))
    }

    /// Which records mention one, or what was merged into it.
    pub fn mentions(&self, id: RecordId) -> Result<MentionsView, AppError> {
        self.kind_of(id)?;
        let catalogue = self.catalogue();
        let mut out = MentionsView::default();
        self.store.glance::<_, StorageError>(|db| {
            let found = mentions::of(db, id, LOOKED_AT)?;
            out.more = found.len() == LOOKED_AT;
            for (row, kind) in found.into_iter().filter(|(_, kind)| Kind::BROWSED.contains(kind)) {
                let row = lists::one(db, &catalogue, kind, row)?;
                let Some(row) = row.filter(|row| row.deleted_at.is_none()) else { continue };
                if out.mentions.len() == TOLD {
                    out.more = true;
                    break;
                }
                out.mentions.push(hit(row));
            }
            Ok(())
        })?;
        Ok(out)
    }

    /// The address of a link that stands in a note of a record: no other is opened.
    pub fn link_of_note(&self, id: RecordId, link: &str) -> Result<String, AppError> {
        let fields = self.get(id)?;
        let catalogue = self.catalogue();
        let is_note = |key: &str| catalogue.field(fields.kind, key).is_some_and(|field| field.note);
        let texts = fields.fields.iter().filter(|(key, _)| is_note(key)).filter_map(|(_, v)| v.as_str());
        let mut links = texts.flat_map(note::links);
        links.find(|there| there == link).ok_or_else(|| {
            AppError::new(Code::NotFound, "this link does not stand in the note any more; open it anew")
        })
    }
}
