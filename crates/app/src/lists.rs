//! Lists for scrolling: the order of all rows is worked out once and kept until something is
//! written, so that any page at any offset is a few look-ups.

use crate::{AppError, Session, views::RowView};
use satchel_domain::{Kind, RecordId, date::rfc3339, filter};
use satchel_storage::{ListQuery, StorageError, documents, lists, projections};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, PoisonError};

/// What a screen or a script asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct ListRequest {
    /// A filter expression.
    pub filter: String,
    /// Only what this text finds.
    pub text: String,
    /// `last_name,-updated_at`.
    pub sort: String,
    pub trash: bool,
    pub offset: u32,
    pub limit: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct ListPage {
    pub total: u32,
    pub rows: Vec<RowView>,
}

/// The orders of the lists that were asked for last.
#[derive(Debug, Default)]
pub(crate) struct ListCache {
    version: u64,
    kept: Vec<(ListQuery, Arc<Vec<i64>>)>,
}

const KEPT: usize = 8;

impl Session {
    pub fn list(&self, kind: Kind, request: &ListRequest) -> Result<ListPage, AppError> {
        let query = query(kind, request)?;
        let order = self.order_of(&query)?;
        let limit = if request.limit == 0 { 100 } else { request.limit.min(10_000) } as usize;
        let from = (request.offset as usize).min(order.len());
        let to = (from + limit).min(order.len());
        let catalogue = self.catalogue();
        let rows = self
            .store
            .read(|db| lists::page(db, &catalogue, kind, order.get(from..to).unwrap_or_default()))?;
        let hidden: Vec<&String> =
            catalogue.fields(kind).iter().filter(|f| f.hidden).map(|f| &f.key).collect();
        let rows = rows.into_iter().map(|mut row| {
            row.fields.retain(|key, _| !hidden.contains(&key));
            row
        });
        let rows = rows.map(|row| RowView {
            id: row.id,
            title: row.title,
            fields: row.fields,
            company_title: row.company_title,
            updated_at: rfc3339(row.updated_at),
            deleted_at: row.deleted_at.map(rfc3339),
        });
        Ok(ListPage { total: u32::try_from(order.len()).unwrap_or(u32::MAX), rows: rows.collect() })
    }

    /// The ids of all records of a list, for «select all» and exports.
    pub fn ids(&self, kind: Kind, request: &ListRequest) -> Result<Vec<RecordId>, AppError> {
        let order = self.order_of(&query(kind, request)?)?;
        let ids: Result<Vec<_>, StorageError> = self
            .store
            .read(|db| order.iter().filter_map(|row| documents::id_of(db, *row).transpose()).collect());
        Ok(ids?)
    }

    /// The records before and after one in a list, and its position (from 1).
    pub fn neighbours(
        &self,
        kind: Kind,
        request: &ListRequest,
        id: RecordId,
    ) -> Result<Neighbours, AppError> {
        let order = self.order_of(&query(kind, request)?)?;
        self.store.read::<_, AppError>(|db| {
            let row = documents::find(db, id)?.map(|(row, _)| row);
            let at = order.iter().position(|r| Some(*r) == row);
            let id_at = |at: Option<usize>| -> Result<Option<RecordId>, AppError> {
                let row = at.and_then(|at| order.get(at));
                Ok(row.map(|row| documents::id_of(db, *row)).transpose()?.flatten())
            };
            Ok(Neighbours {
                position: at.map_or(0, |at| u32::try_from(at + 1).unwrap_or(u32::MAX)),
                total: u32::try_from(order.len()).unwrap_or(u32::MAX),
                previous: id_at(at.and_then(|at| at.checked_sub(1)))?,
                next: id_at(at.map(|at| at + 1))?,
            })
        })
    }

    pub(crate) fn order_of(&self, query: &ListQuery) -> Result<Arc<Vec<i64>>, AppError> {
        let version = self.store.version();
        {
            let mut cache = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
            if cache.version != version {
                cache.kept.clear();
                cache.version = version;
            }
            if let Some((_, order)) = cache.kept.iter().find(|(q, _)| q == query) {
                return Ok(order.clone());
            }
        }
        let catalogue = self.catalogue();
        let order = Arc::new(self.store.read(|db| lists::rows(db, &catalogue, query))?);
        let mut cache = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.version == version {
            cache.kept.insert(0, (query.clone(), order.clone()));
            cache.kept.truncate(KEPT);
        }
        Ok(order)
    }

    /// The most frequent values of tags or cities, for completion.
    pub fn frequent(&self, field: &str, limit: usize) -> Result<Vec<String>, AppError> {
        let found = self.store.read(|db| projections::frequent(db, field, limit.min(200)))?;
        Ok(found.into_iter().map(|(value, _)| value).collect())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct Neighbours {
    pub position: u32,
    pub total: u32,
    pub previous: Option<RecordId>,
    pub next: Option<RecordId>,
}

pub(crate) fn query(kind: Kind, request: &ListRequest) -> Result<ListQuery, AppError> {
    let sort = request.sort.split(',').map(str::trim).filter(|s| !s.is_empty());
    let sort = sort.map(|s| match s.strip_prefix('-') {
        Some(field) => (field.to_owned(), true),
        None => (s.to_owned(), false),
    });
    Ok(ListQuery {
        kind,
        filter: filter::parse(&request.filter)?,
        text: request.text.clone(),
        sort: sort.collect(),
        trash: request.trash,
    })
}
