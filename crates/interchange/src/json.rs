//! JSON: our own export, or any list of flat objects.

use crate::{
    Cell, Column, Draft, Format, InterchangeError, Rejected, Rows, Shape, Source, Target, io,
    limits::JSON_BYTES, observe,
};
use serde_json::Value as Json;
use std::path::Path;

pub(crate) fn open(path: &Path) -> Result<Source, InterchangeError> {
    let records = read(path)?;
    let mut source = Source {
        path: path.to_owned(),
        format: Format::Json,
        encoding: "UTF-8".into(),
        delimiter: None,
        rows: records.len() as u64,
        columns: Vec::new(),
        shape: Shape::Json,
    };
    for record in &records {
        for (name, own, value) in cells(record) {
            let at = source.columns.iter().position(|c| c.name == name).unwrap_or_else(|| {
                source.columns.push(Column { name, own, ..Column::default() });
                source.columns.len() - 1
            });
            observe(&mut source.columns, at, &value);
        }
    }
    if source.columns.len() > crate::limits::COLUMNS {
        let found = source.columns.len();
        return Err(InterchangeError::TooManyColumns { path: path.display().to_string(), found });
    }
    Ok(source)
}

fn read(path: &Path) -> Result<Vec<Json>, InterchangeError> {
    let name = path.display().to_string();
    let bad = |why: String| InterchangeError::Json { path: name.clone(), why };
    let size = std::fs::metadata(path).map_err(io(path))?.len();
    if size > JSON_BYTES {
        return Err(bad(format!("it is larger than {} MB", JSON_BYTES >> 20)));
    }
    let file = std::io::BufReader::new(std::fs::File::open(path).map_err(io(path))?);
    // serde_json limits nesting to 128 levels.
    let json: Json = serde_json::from_reader(file).map_err(|e| bad(e.to_string()))?;
    let list = match json {
        Json::Array(list) => list,
        Json::Object(mut object) => match object.remove("records") {
            Some(Json::Array(list)) => list,
            _ => return Err(bad("it is neither a list of objects nor {\"records\": […]}".into())),
        },
        _ => return Err(bad("it is neither a list of objects nor {\"records\": […]}".into())),
    };
    if list.is_empty() {
        return Err(InterchangeError::Empty(name));
    }
    Ok(list)
}

pub(crate) fn rows(path: &Path, columns: &[Column]) -> Result<Rows, InterchangeError> {
    let records = read(path)?;
    let columns = columns.to_vec();
    Ok(Box::new(records.into_iter().zip(1..).map(move |(record, number)| {
        if !record.is_object() {
            return Err(Rejected {
                number,
                message: "the entry is no object".into(),
                text: record.to_string().chars().take(500).collect(),
            });
        }
        let column = |name: &str| columns.iter().position(|c| c.name == name).unwrap_or(usize::MAX);
        let cells = cells(&record).into_iter().map(|(name, target, value)| Cell {
            column: column(&name),
            target,
            value,
        });
        Ok(Draft { number, cells: cells.collect(), notes: Vec::new() })
    })))
}

/// Our export has `fields`; anything else is flat, its names mapped like headers.
fn cells(record: &Json) -> Vec<(String, Option<Target>, String)> {
    let Some(object) = record.as_object() else { return Vec::new() };
    let plain = |value: &Json| match value {
        Json::String(s) => s.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    };
    let Some(fields) = object.get("fields").and_then(Json::as_object) else {
        return object.iter().map(|(name, value)| (name.clone(), None, plain(value))).collect();
    };
    let own =
        |name: &str, target: Target| object.get(name).map(|v| (name.to_owned(), Some(target), plain(v)));
    let mut out: Vec<_> = [own("id", Target::ExternalId), own("company_title", Target::CompanyName)]
        .into_iter()
        .flatten()
        .collect();
    out.extend(
        fields
            .iter()
            .filter(|(k, _)| *k != "company")
            .map(|(k, v)| (k.clone(), Some(Target::Json(k.clone())), v.to_string())),
    );
    out
}
