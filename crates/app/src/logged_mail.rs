//! A letter that was dropped on a record: what it says becomes an activity, once, whoever drops it how often.

use crate::{AppError, Cancel, Session, records::FieldInput, session::now, views::Written};
use satchel_domain::{Kind, OperationId, RecordId, date::rfc3339};
use satchel_interchange::{Correspondent, Letter, limits::LETTER_BYTES, read_letter};
use satchel_storage::{documents, lists, projections};
use serde::Serialize;
use std::{fs, path::Path};

/// What was understood of a letter.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct LoggedMail {
    pub id: RecordId,
    /// Nothing, where the letter was there already, and says nothing new.
    pub operation: Option<OperationId>,
    /// The letter was there already.
    pub known: bool,
    /// `in` or `out`.
    pub direction: String,
    pub subject: String,
    pub at: String,
    /// People of the vault who have written or got it.
    pub people: Vec<MailPerson>,
    /// What it encloses: it can be put on the record.
    pub enclosed: Vec<EnclosedView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct MailPerson {
    pub id: RecordId,
    pub title: String,
    pub address: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct EnclosedView {
    pub name: String,
    pub media_type: String,
    /// Bytes.
    pub size: f64,
}

impl Session {
    /// Notes a letter that a mail program has saved as an activity of a person, a company, a deal or a quote.
    pub fn log_mail(&self, about: RecordId, path: &Path) -> Result<LoggedMail, AppError> {
        let letter = read(path)?;
        let mut input = self.links_of(about)?;
        let people = self.people_of(&letter)?;
        let direction = self.direction(&letter, &people)?;
        if !input.contains_key("person") || self.get(about)?.kind != Kind::Person {
            let own = self.settings()?.email;
            let other = people.iter().find(|p| !p.address.eq_ignore_ascii_case(&own));
            input.extend(other.map(|p| ("person".to_owned(), p.id.to_string().into())));
        }
        let at = rfc3339(letter.at.filter(|at| *at > 0).unwrap_or_else(now));
        let said = [
            ("type", "mail".to_owned()),
            ("direction", direction.to_owned()),
            ("subject", letter.subject.clone()),
            ("text", letter.text.clone()),
            ("at", at.clone()),
        ];
        input.extend(said.into_iter().filter(|(_, s)| !s.is_empty()).map(|(k, s)| (k.to_owned(), s.into())));
        let id = self.derive_id(&["mail", &identity(&letter)]);
        let (known, operation) = match self.store.read(|db| documents::exists(db, id))? {
            true => (true, self.log_again(id, &input)?),
            false => {
                let (_, kind, registers) = self.prepared_by(Kind::Activity, &input)?;
                (false, Some(self.together("log", &[(id, kind, registers)], &[])?))
            }
        };
        let view = |file: &satchel_interchange::EnclosedFile| EnclosedView {
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            size: file.bytes.len() as f64,
        };
        Ok(LoggedMail {
            id,
            operation,
            known,
            direction: direction.to_owned(),
            subject: letter.subject.clone(),
            at,
            people,
            enclosed: letter.enclosed.iter().map(view).collect(),
        })
    }

    /// A letter that is known leads to one more record; one in the trash comes out of it.
    fn log_again(&self, id: RecordId, input: &FieldInput) -> Result<Option<OperationId>, AppError> {
        let view = self.get(id)?;
        let mut operation = None;
        if view.deleted_at.is_some() {
            operation = self.restore(&[id], &mut |_| {}, &Cancel::default())?.operation;
        }
        let mut links = FieldInput::new();
        for key in ["person", "company", "deal"] {
            let lacks = view.fields.get(key).is_none_or(serde_json::Value::is_null);
            links.extend(input.get(key).filter(|_| lacks).map(|to| (key.to_owned(), to.clone())));
        }
        if !links.is_empty() {
            operation =
                self.set_as("log", &[id], &links, &mut |_| {}, &Cancel::default())?.operation.or(operation);
        }
        Ok(operation)
    }

    /// Puts what a letter encloses on a record: those of these places.
    pub fn attach_enclosed(
        &self,
        record: RecordId,
        path: &Path,
        places: &[usize],
    ) -> Result<Vec<Written>, AppError> {
        let letter = read(path)?;
        let mut written = Vec::new();
        for place in places {
            let file = letter.enclosed.get(*place);
            let file =
                file.ok_or_else(|| AppError::not_found("attachment", format!("number {}", place + 1)))?;
            // What a letter has brought once is not brought again.
            if !self.is_attached(record, &file.name, &file.bytes)? {
                written.push(self.attach_bytes(record, &file.name, &file.bytes)?);
            }
        }
        Ok(written)
    }

    /// People whose addresses stand in a letter, whoever has written it first.
    fn people_of(&self, letter: &Letter) -> Result<Vec<MailPerson>, AppError> {
        let catalogue = self.catalogue();
        let all = letter.from.iter().chain(&letter.to);
        self.store.read::<_, AppError>(|db| {
            let mut people: Vec<MailPerson> = Vec::new();
            for Correspondent { address, .. } in all {
                for row in projections::with_term(db, "email", &address.to_lowercase())? {
                    let Some(row) = lists::one(db, &catalogue, Kind::Person, row)? else { continue };
                    if row.deleted_at.is_none() && people.iter().all(|p| p.id != row.id) {
                        people.push(MailPerson { id: row.id, title: row.title, address: address.clone() });
                    }
                }
            }
            Ok(people)
        })
    }

    /// Out, where one has written it oneself, or nobody whom one knows has; in, otherwise.
    fn direction(&self, letter: &Letter, people: &[MailPerson]) -> Result<&'static str, AppError> {
        let own = self.settings()?.email;
        let Some(from) = letter.from.as_ref().map(|from| &from.address) else { return Ok("out") };
        let is = |address: &String| address.eq_ignore_ascii_case(from);
        let by_us = !own.is_empty() && is(&own);
        let by_them = people.iter().any(|p| is(&p.address));
        Ok(if by_us || (!by_them && !people.is_empty() && own.is_empty()) { "out" } else { "in" })
    }
}

fn read(path: &Path) -> Result<Letter, AppError> {
    let io = AppError::io(path);
    let meta = fs::metadata(path).map_err(&io)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if !meta.is_file() {
        return Err(AppError::refused(format!("{name} is no ordinary file")));
    }
    if meta.len() > LETTER_BYTES {
        return Err(AppError::refused(format!("{name} is larger than {} MB", LETTER_BYTES >> 20)));
    }
    Ok(read_letter(&name, &fs::read(path).map_err(&io)?)?)
}

/// What tells a letter from all others: its id, or what it says where it has none.
fn identity(letter: &Letter) -> String {
    match &letter.message_id {
        Some(id) => id.clone(),
        None => {
            let from = letter.from.as_ref().map(|from| from.address.to_lowercase()).unwrap_or_default();
            format!("{from}\n{}\n{}\n{}", letter.at.unwrap_or_default(), letter.subject, letter.text)
        }
    }
}
