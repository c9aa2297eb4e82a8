//! Fields of the user's own, and where the deals of a stage go.

use crate::{
    args::Fields,
    run::{record, usage},
    show::{Show, table},
    words::{say, word},
};
use satchel_app::{
    AppError, Cancel, FieldChange, NewField, Session,
    domain::{FieldType, Kind},
    option_changes,
};
use serde_json::json;

pub fn fields(show: &Show, session: &Session, args: &Fields) -> Result<(), AppError> {
    let kind: Kind = args.kind.parse()?;
    let progress = &mut show.progress("working out");
    if let Some(label) = &args.add {
        session.make_field(&new_field(kind, label, args)?, progress, &Cancel::default())?;
    }
    if let Some(key) = &args.change {
        let change = change(session, kind, key, args)?;
        session.change_field(kind, key, &change, progress, &Cancel::default())?;
    }
    if let Some(key) = &args.remove {
        session.remove_field(kind, key)?;
    }
    if !args.order.is_empty() {
        session.order_fields(kind, &args.order)?;
    }
    let fields = session.fields(kind);
    let rows: Vec<Vec<String>> = fields
        .iter()
        .map(|f| {
            vec![
                f.key.clone(),
                f.ty.key().into(),
                f.label.clone(),
                word(if f.searchable { "yes" } else { "" }).into(),
                match &f.formula {
                    Some(formula) => format!("= {formula}"),
                    None => word(if f.custom { "custom" } else { "" }).into(),
                },
            ]
        })
        .collect();
    show.answer(&json!({"kind": kind, "fields": fields}), || {
        table(&["key", "type", "label", "searched", ""], &rows)
    });
    Ok(())
}

fn new_field(kind: Kind, label: &str, args: &Fields) -> Result<NewField, AppError> {
    let named = args.ty.to_ascii_lowercase().replace('-', "_");
    // What people call it.
    let key = match named.as_str() {
        "reference" => "link",
        "link" if args.to.is_none() => "url",
        "multiple_choice" | "multichoice" => "multi_choice",
        "datetime" => "date_time",
        "longtext" => "long_text",
        "bool" | "boolean" => "yes_no",
        "formula" if args.formula.is_some() => "text",
        other => other,
    };
    let ty = FieldType::from_key(key).filter(|ty| FieldType::CUSTOM.contains(ty)).ok_or_else(|| {
        let names = FieldType::CUSTOM.map(FieldType::key).join(", ");
        usage(format!("«{}» is no type; types are {names}, and --formula", args.ty))
    })?;
    Ok(NewField {
        kind,
        label: label.to_owned(),
        ty,
        options: args.options.clone(),
        links: args.to.as_deref().map(str::parse).transpose()?,
        formula: args.formula.clone(),
    })
}

fn change(session: &Session, kind: Kind, key: &str, args: &Fields) -> Result<FieldChange, AppError> {
    let renamed = args
        .rename
        .iter()
        .map(|text| match text.split_once('=') {
            Some((from, to)) => Ok((from.trim().to_owned(), to.trim().to_owned())),
            None => Err(usage(format!("«{text}» says nothing; write --rename old=new"))),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let unknown = |e: serde_json::Error| usage(e.to_string());
    let asked = !(args.options.is_empty() && renamed.is_empty() && args.retire.is_empty());
    let field = session.fields(kind).into_iter().find(|f| f.key == key);
    Ok(FieldChange {
        label: args.label.clone(),
        formula: args.formula.clone(),
        shelved: (args.hide || args.show).then_some(args.hide),
        privacy: args
            .privacy
            .as_ref()
            .map(|w| serde_json::from_value(json!(w)))
            .transpose()
            .map_err(unknown)?,
        purpose: args
            .purpose
            .as_ref()
            .map(|w| serde_json::from_value(json!(w)))
            .transpose()
            .map_err(unknown)?,
        options: field
            .filter(|_| asked)
            .map(|field| option_changes(&field, &args.options, &renamed, &args.retire)),
    })
}

pub fn restage(show: &Show, session: &Session, from: &str, to: &str) -> Result<(), AppError> {
    let progress = &mut show.progress("moving");
    let done = session.empty_stage(record(from)?, record(to)?, progress, &Cancel::default())?;
    show.answer(&json!(done), || say!("moved {}", done.count));
    Ok(())
}
