//! A person and a company from one line, with those that are known already.

use crate::{
    AppError, Session,
    duplicates::card_of,
    records::{FieldInput, hit, read_input, registers_of},
    views::{CapturedView, Hit, Written},
};
use satchel_domain::{
    Kind, RecordId, Registers,
    capture::{self, Captured},
    duplicates::{Card, Reason, likeness},
    text::sort_key,
};
use satchel_storage::{Connection, documents, duplicates, lists, projections};
use serde_json::json;
use uuid::Uuid;

/// People like the one that are shown.
const SHOWN: usize = 5;
/// What makes one ask whether it is somebody who is there already.
const TELLING: [Reason; 3] = [Reason::SameEmail, Reason::SamePhone, Reason::SameName];

impl Session {
    /// What a line says, and who of those that are known it may be.
    pub fn understand_person(&self, line: &str) -> Result<CapturedView, AppError> {
        let captured = capture::parse(line, self.habits()?.region.as_deref());
        let company = self.company_of(&captured)?;
        Ok(CapturedView {
            similar: self.similar(&captured)?,
            company_known: company.is_some(),
            first_name: captured.first_name,
            last_name: captured.last_name,
            company: captured.company,
            title: captured.title,
            emails: captured.emails,
            phones: captured.phones,
        })
    }

    /// Makes the person of a line, and the company if it is new: one step to undo.
    pub fn capture(&self, line: &str) -> Result<Written, AppError> {
        self.capture_as(line, None)
    }

    /// The same, where the person's id is given.
    pub(crate) fn capture_as(&self, line: &str, id: Option<RecordId>) -> Result<Written, AppError> {
        let captured = capture::parse(line, self.habits()?.region.as_deref());
        let mut made: Vec<(RecordId, Kind, Registers)> = Vec::new();
        let mut input = FieldInput::new();
        let texts = [
            ("first_name", &captured.first_name),
            ("last_name", &captured.last_name),
            ("title", &captured.title),
        ];
        let said = texts.into_iter().filter(|(_, text)| !text.is_empty());
        input.extend(said.map(|(key, text)| (key.to_owned(), text.as_str().into())));
        let items = |label: &str, values: &[String]| -> serde_json::Value {
            values.iter().map(|value| json!({ "label": label, "value": value })).collect()
        };
        for (key, label, values) in
            [("emails", "work", &captured.emails), ("phones", "mobile", &captured.phones)]
        {
            if !values.is_empty() {
                input.insert(key.to_owned(), items(label, values));
            }
        }
        if input.is_empty() {
            return Err(AppError::refused("write a name, an e-mail address or a telephone number"));
        }
        if !captured.company.is_empty() {
            let id = match self.company_of(&captured)? {
                Some(known) => known,
                None => {
                    let company =
                        FieldInput::from_iter([("name".to_owned(), captured.company.as_str().into())]);
                    made.push(self.prepared_by(Kind::Company, &company)?);
                    made.last()
                        .map(|(id, ..)| *id)
                        .ok_or_else(|| AppError::not_found("company", &captured.company))?
                }
            };
            input.insert("company".to_owned(), id.to_string().into());
        }
        let (own, kind, registers) = self.prepared_by(Kind::Person, &input)?;
        let id = id.unwrap_or(own);
        made.push((id, kind, registers));
        let operation = self.together("capture", &made, &[])?;
        Ok(Written { id, operation: Some(operation) })
    }

    /// A record that is not written yet.
    pub(crate) fn prepared_by(
        &self,
        kind: Kind,
        input: &FieldInput,
    ) -> Result<(RecordId, Kind, Registers), AppError> {
        let mut values = read_input(kind, input, &self.catalogue(), &self.habits()?)?;
        self.complete(kind, &mut values)?;
        Ok((RecordId(Uuid::now_v7()), kind, registers_of(&values)))
    }

    pub(crate) fn company_of(&self, captured: &Captured) -> Result<Option<RecordId>, AppError> {
        match captured.company.as_str() {
            "" => Ok(None),
            name => self.store.read(|db| company_named(db, &sort_key(name))),
        }
    }

    /// Those who it may be: who has an address or a number of the line, or its whole name; the likeliest first.
    fn similar(&self, captured: &Captured) -> Result<Vec<Hit>, AppError> {
        let region = self.habits()?.region;
        let phones = captured.phones.iter().map(|number| {
            satchel_domain::phone::e164(number, region.as_deref())
                .unwrap_or_else(|| satchel_domain::phone::digits(number))
        });
        let terms: Vec<(&str, String)> = captured
            .emails
            .iter()
            .map(|email| ("email", email.to_lowercase()))
            .chain(phones.map(|number| ("phone", number)))
            .collect();
        let mut own = Card::person(&captured.first_name, &captured.last_name);
        terms.iter().for_each(|(field, value)| own.term(field, value));
        let company = self.company_of(captured)?;
        own.company(&company.map(|id| id.to_string()).unwrap_or_default());
        let both = !captured.first_name.is_empty() && !captured.last_name.is_empty();
        let name = format!("{} {}", captured.first_name, captured.last_name);
        let called = if both { self.search(&name, Some(Kind::Person), 4 * SHOWN)? } else { Vec::new() };
        let catalogue = self.catalogue();
        self.store.read::<_, AppError>(|db| {
            let mut rows = Vec::new();
            for (field, value) in &terms {
                rows.extend(projections::with_term(db, field, value)?.into_iter().take(4 * SHOWN));
            }
            for hit in called {
                rows.extend(documents::find(db, hit.id)?.map(|(row, _)| row));
            }
            let mut seen = std::collections::HashSet::new();
            rows.retain(|row| seen.insert(*row));
            let mut found = Vec::new();
            for row in rows {
                let Some(card) = card_of(db, Kind::Person, row)? else { continue };
                let alike = likeness(&own, &card).filter(|l| l.reasons.iter().any(|r| TELLING.contains(r)));
                found.extend(alike.map(|l| (l.score, row)));
            }
            found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
            let mut hits = Vec::new();
            for (_, row) in found.into_iter().take(SHOWN) {
                hits.extend(lists::one(db, &catalogue, Kind::Person, row)?.map(hit));
            }
            Ok(hits)
        })
    }
}

/// A company that is called so, or that the one that was called so was merged into.
pub(crate) fn company_named(db: &Connection, sort: &str) -> Result<Option<RecordId>, AppError> {
    match projections::company_called(db, sort)?.and_then(|id| id.parse().ok()) {
        Some(id) => Ok(Some(id)),
        None => Ok(duplicates::company_called_before(db, sort)?),
    }
}
