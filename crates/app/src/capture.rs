//! A person and a company from one line, with those that are known already.

use crate::{
    AppError, Session,
    records::{FieldInput, hit, read_input, registers_of},
    views::{CapturedView, Hit, Written},
};
use satchel_domain::{
    Kind, RecordId, Registers,
    capture::{self, Captured},
    text::{fold, sort_key},
};
use satchel_storage::{StorageError, lists, projections};
use serde_json::json;
use uuid::Uuid;

/// People like the one that are shown.
const SHOWN: usize = 5;

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
        let person = self.prepared_by(Kind::Person, &input)?;
        let id = person.0;
        made.push(person);
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

    fn company_of(&self, captured: &Captured) -> Result<Option<RecordId>, AppError> {
        if captured.company.is_empty() {
            return Ok(None);
        }
        let found = self.store.read(|db| projections::company_called(db, &sort_key(&captured.company)))?;
        Ok(found.and_then(|id| id.parse().ok()))
    }

    /// Those who have an address or a number of the line, or its whole name.
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
        let catalogue = self.catalogue();
        let mut hits: Vec<Hit> = Vec::new();
        self.store.read::<_, StorageError>(|db| {
            for (field, value) in &terms {
                for row in projections::with_term(db, field, value)?.into_iter().take(SHOWN) {
                    let row = lists::one(db, &catalogue, Kind::Person, row)?;
                    hits.extend(row.filter(|row| row.deleted_at.is_none()).map(hit));
                }
            }
            Ok(())
        })?;
        let both = !captured.first_name.is_empty() && !captured.last_name.is_empty();
        if both {
            let name = format!("{} {}", captured.first_name, captured.last_name);
            let wanted =
                [name.clone(), format!("{}{}", captured.last_name, captured.first_name)].map(|n| fold(&n));
            let called = |hit: &Hit| wanted.contains(&fold(&hit.title));
            hits.extend(self.search(&name, Some(Kind::Person), SHOWN)?.into_iter().filter(called));
        }
        let mut seen = std::collections::HashSet::new();
        hits.retain(|hit| seen.insert(hit.id));
        hits.truncate(SHOWN);
        Ok(hits)
    }
}
