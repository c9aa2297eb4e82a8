//! The commands of quotes.

use crate::commands::{Answer, Desktop, with};
use satchel_app::{
    FieldInput,
    domain::RecordId,
    views::{PaperLanguage, PriceTable, QuoteView, Written, WrittenFile},
};
use serde_json::{Map, Value as Json};
use std::path::Path;
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

/// Writes a quote as PDF to a file that was chosen in a dialog.
#[tauri::command]
#[specta::specta]
pub async fn quote_pdf(
    desktop: State<'_, Desktop>,
    id: RecordId,
    language: PaperLanguage,
    path: String,
) -> Answer<WrittenFile> {
    with(&desktop, move |s| s.write_quote_pdf(id, language, Path::new(&path))).await
}

/// Where the picture of papers is put: the record that carries the letterhead.
#[tauri::command]
#[specta::specta]
pub async fn letterhead_id(desktop: State<'_, Desktop>) -> Answer<RecordId> {
    with(&desktop, |s| Ok(s.letterhead_id())).await
}

/// Takes a picture for the head of papers.
#[tauri::command]
#[specta::specta]
pub async fn set_logo(desktop: State<'_, Desktop>, path: String) -> Answer<Written> {
    with(&desktop, move |s| s.set_logo(Path::new(&path))).await
}

/// Products with what they cost in each price book.
#[tauri::command]
#[specta::specta]
pub async fn prices(
    desktop: State<'_, Desktop>,
    text: String,
    offset: u32,
    limit: u32,
) -> Answer<PriceTable> {
    with(&desktop, move |s| s.prices(&text, offset, limit)).await
}

/// Writes what a product costs in a price book; an empty amount clears it.
#[tauri::command]
#[specta::specta]
pub async fn set_price(
    desktop: State<'_, Desktop>,
    product: RecordId,
    price_book: RecordId,
    amount: String,
) -> Answer<Written> {
    with(&desktop, move |s| s.set_price(product, price_book, &Json::String(amount))).await
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
