//! The commands of quotes.

use crate::commands::{Answer, Desktop, with};
use satchel_app::{
    FieldInput,
    domain::RecordId,
    views::{QuoteView, Written},
};
use serde_json::{Map, Value as Json};
use tauri::State;

/// What a quote comes to.
#[tauri::command]
#[specta::specta]
pub async fn quote(desktop: State<'_, Desktop>, id: RecordId) -> Answer<QuoteView> {
    with(&desktop, move |s| s.quote(id)).await
}

/// A product as a line of a quote, at the price of a book.
#[tauri::command]
#[specta::specta]
pub async fn offer(
    desktop: State<'_, Desktop>,
    product: RecordId,
    price_book: Option<RecordId>,
) -> Answer<Json> {
    with(&desktop, move |s| Ok(serde_json::json!(s.offer(product, price_book)?))).await
}

#[tauri::command]
#[specta::specta]
pub async fn revise_quote(desktop: State<'_, Desktop>, id: RecordId) -> Answer<Written> {
    with(&desktop, move |s| s.revise_quote(id)).await
}

/// What quotes look like and say.
#[tauri::command]
#[specta::specta]
pub async fn letterhead(desktop: State<'_, Desktop>) -> Answer<Map<String, Json>> {
    with(&desktop, |s| s.letterhead()).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_letterhead(desktop: State<'_, Desktop>, fields: FieldInput) -> Answer<Written> {
    with(&desktop, move |s| s.set_letterhead(&fields)).await
}
