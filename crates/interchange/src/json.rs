//! JSON: our own export, or any list of flat objects.

use crate::{
    Cell, Column, Draft, Format, InterchangeError, OneKind, Rejected, Rows, Shape, Source, Target, column_of,
    input::Input,
    limits::{JSON_BYTES, JSON_MEMORY},
    observe,
};
use satchel_domain::{FieldType, Kind};
use serde_json::{Map, Value as Json};
use std::{
    collections::HashMap,
    io::{BufRead, Read},
};

/// A file's records, and the custom fields that our export describes beside them.
struct Content {
    records: Vec<Json>,
    custom: Custom,
}

/// By their keys.
type Custom = HashMap<String, Target>;

pub(crate) fn open(input: &Input) -> Result<Source, InterchangeError> {
    let content = read(input)?;
    let mut source = Source {
        input: input.clone(),
        format: Format::Json,
        encoding: "UTF-8".into(),
        delimiter: None,
        rows: content.records.len() as u64,
        columns: Vec::new(),
        made_by: None,
        kind: None,
        left_out: Vec::new(),
        shape: Shape::Json,
    };
    let mut kinds = OneKind::default();
    for record in &content.records {
        kinds.see(kind_of(record));
        for (name, own, value) in cells(record, &content.custom) {
            let at = column_of(&mut source.columns, &input.name(), name, |_| own)?;
            observe(&mut source.columns, at, &value);
        }
    }
    source.kind = kinds.kind;
    Ok(source)
}

fn read(input: &Input) -> Result<Content, InterchangeError> {
    let name = input.name();
    let bad = |why: String| InterchangeError::Json { path: name.clone(), why };
    if input.size()? > JSON_BYTES {
        return Err(bad(format!("it is larger than {} MB; split it", JSON_BYTES >> 20)));
    }
    let mut file = input.open()?;
    if file.fill_buf().map_err(input.failed())?.starts_with(b"\xef\xbb\xbf") {
        file.consume(3);
    }
    // serde_json limits nesting to 128 levels.
    let file = Weighed { inner: file, weight: 0 };
    let json: Json = serde_json::from_reader(file).map_err(|e| bad(e.to_string()))?;
    let mut custom = Custom::new();
    let records = match json {
        Json::Array(list) => Some(list),
        Json::Object(mut object) => {
            custom = described(&object);
            match object.remove("records") {
                Some(Json::Array(list)) => Some(list),
                _ => None,
            }
        }
        _ => None,
    };
    let records =
        records.ok_or_else(|| bad("it is neither a list of objects nor {\"records\": […]}".into()))?;
    if records.is_empty() {
        return Err(InterchangeError::Empty(name));
    }
    Ok(Content { records, custom })
}

/// Ends a file whose values would fill the memory: a few bytes can be an object, which takes hundreds.
struct Weighed<R> {
    inner: R,
    weight: u64,
}

impl<R: BufRead> Read for Weighed<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        /// What an object takes at least, and what any value does.
        const OBJECT: u64 = 640;
        const VALUE: u64 = 32;
        let count = self.inner.read(into)?;
        let weight = |b: &u8| match b {
            b'{' => OBJECT + VALUE,
            b'[' | b',' => VALUE,
            _ => 1,
        };
        self.weight += into.iter().take(count).map(weight).sum::<u64>();
        match self.weight <= JSON_MEMORY {
            true => Ok(count),
            false => Err(std::io::Error::other("it holds too many values; split it")),
        }
    }
}

/// The custom fields that a file describes.
fn described(object: &Map<String, Json>) -> Custom {
    let list = object.get("custom_fields").and_then(Json::as_array);
    let one = |field: &Json| {
        let text = |key: &str| field.get(key).and_then(Json::as_str);
        // Ids of another vault lead nowhere here.
        let ty = FieldType::from_key(text("type")?).map(|ty| match ty {
            FieldType::Link => FieldType::Text,
            other => other,
        })?;
        Some((text("key")?.to_owned(), Target::Custom { label: text("label")?.to_owned(), ty }))
    };
    let mut custom = Custom::new();
    for (key, target) in list.into_iter().flatten().filter_map(one) {
        custom.entry(key).or_insert(target);
    }
    custom
}

fn kind_of(record: &Json) -> Option<Kind> {
    let kind = record.get("kind")?.as_str()?.parse().ok()?;
    record.get("fields").map(|_| kind)
}

pub(crate) fn rows(input: &Input, columns: &[Column]) -> Result<Rows, InterchangeError> {
    let Content { records, custom } = read(input)?;
    let columns = columns.to_vec();
    Ok(Box::new(records.into_iter().zip(1..).map(move |(record, number)| {
        if !record.is_object() {
            return Err(Rejected {
                number,
                message: "the entry is no object".into(),
                text: record.to_string().chars().take(500).collect(),
                ..Rejected::default()
            });
        }
        let column = |name: &str| columns.iter().position(|c| c.name == name).unwrap_or(usize::MAX);
        let cells = cells(&record, &custom).into_iter().map(|(name, target, value)| Cell {
            column: column(&name),
            target,
            value,
        });
        Ok(Draft { number, kind: kind_of(&record), cells: cells.collect(), notes: Vec::new() })
    })))
}

/// Our export has `fields`; anything else is flat, its names mapped like headers.
fn cells(record: &Json, custom: &Custom) -> Vec<(String, Option<Target>, String)> {
    let Some(object) = record.as_object() else { return Vec::new() };
    let Some(fields) = object.get("fields").and_then(Json::as_object) else {
        // Lists and objects under a field's own name are read as that field's.
        let one = |(name, value): (&String, &Json)| match value {
            Json::Array(list) if list.iter().any(Json::is_object) && ITEMS.contains(&name.as_str()) => {
                (name.clone(), Some(Target::Json(name.clone())), value.to_string())
            }
            Json::Object(_) if name == "address" => (
                name.clone(),
                Some(Target::Json("addresses".into())),
                Json::from(vec![value.clone()]).to_string(),
            ),
            _ => (name.clone(), None, plain(value)),
        };
        return object.iter().map(one).collect();
    };
    let own =
        |name: &str, target: Target| object.get(name).map(|v| (name.to_owned(), Some(target), plain(v)));
    let mut out: Vec<_> = [own("id", Target::ExternalId), own("company_title", Target::CompanyName)]
        .into_iter()
        .flatten()
        .collect();
    for (key, value) in fields.iter().filter(|(k, _)| *k != "company") {
        let target = custom.get(key).cloned();
        let (target, value) = match target {
            Some(target) => (target, plain(value)),
            None if key.starts_with("x_") => {
                let label = key.trim_start_matches("x_").replace('_', " ");
                (Target::Custom { label, ty: FieldType::Text }, plain(value))
            }
            None => (Target::Json(key.clone()), value.to_string()),
        };
        out.push((key.clone(), Some(target), value));
    }
    out
}

const ITEMS: [&str; 3] = ["emails", "phones", "addresses"];

/// A value as a person would write it.
fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(s) => s.clone(),
        Json::Array(list) if list.iter().all(Json::is_string) => {
            list.iter().map(plain).collect::<Vec<_>>().join(", ")
        }
        other => crate::export::amount(other).unwrap_or_else(|| other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(text: &str) -> Result<Source, InterchangeError> {
        Source::of_bytes("a.json", text.as_bytes().to_vec(), None)
    }

    #[test]
    fn an_amount_that_is_none_is_not_read_as_nothing() {
        let value = |minor: &str| {
            let source =
                opened(&format!(r#"[{{"Budget":{{"minor":{minor},"currency":"EUR"}}}}]"#)).expect("opened");
            let row = source.rows().expect("read").next().expect("a row").expect("read");
            row.cells.first().map(|c| c.value.clone()).unwrap_or_default()
        };
        assert_eq!(value("125000"), "1250.00 EUR");
        for odd in ["1.5", "1e30", "18446744073709551615", "\"12\"", "null"] {
            assert!(value(odd).contains("minor"), "{odd} is kept as it stands: {}", value(odd));
        }
    }

    #[test]
    fn what_would_fill_the_memory_is_refused_and_nesting_has_a_limit() {
        let objects = format!("[{}{{}}]", "{},".repeat(4 << 20));
        let refused = opened(&objects).expect_err("12 MB of objects are 3 GB in the memory").to_string();
        assert!(refused.contains("split it"), "{refused}");
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(opened(&deep).is_err());
    }
}
