//! What one line becomes: a person, a company, or something to do.

use crate::{
    AppError, Session,
    day::day,
    records::{FieldInput, hit},
    views::{CompanyLine, Hit, LineView, LineWritten, TaskLine},
};
use satchel_domain::{
    Kind, RecordId,
    capture::{self, Captured},
    errand::{self, Errand},
    text::fold,
};
use satchel_storage::{documents, lists};
use serde_json::{Value as Json, json};

/// Hits that are looked at for each name.
const HITS: usize = 20;
/// Those who may be meant, as they are shown.
const SHOWN: usize = 4;
/// Signs of a task's subject that a line without a meaning becomes.
const MOST_WORDS: usize = 200;

impl Session {
    /// What a line would become, and what of it is known already.
    pub fn understand_line(&self, line: &str, today: &str) -> Result<LineView, AppError> {
        if let Some(errand) = self.errand(line, today)? {
            return Ok(LineView { task: Some(self.task_line(errand)?), ..LineView::default() });
        }
        let captured = capture::parse(line, self.habits()?.region.as_deref());
        if is_company(&captured) {
            return Ok(LineView { company: Some(self.company_line(captured)?), ..LineView::default() });
        }
        let person = Some(self.understand_person(line)?);
        Ok(LineView { person, ..LineView::default() })
    }

    /// Makes what a line says: one step to undo.
    pub fn capture_line(&self, line: &str, today: &str) -> Result<LineWritten, AppError> {
        self.capture_line_as(line, today, None)
    }

    /// The same, where the id of what it says is given.
    pub(crate) fn capture_line_as(
        &self,
        line: &str,
        today: &str,
        id: Option<RecordId>,
    ) -> Result<LineWritten, AppError> {
        let seen = self.understand_line(line, today)?;
        let (kind, written) = match (seen.task, seen.company) {
            (Some(task), _) => (Kind::Task, self.capture_task(&task, today, id)?),
            (_, Some(company)) => (Kind::Company, self.capture_company(&company, id)?),
            _ => {
                let made = self.capture_as(line, id)?;
                (Kind::Person, (made.id, made.operation))
            }
        };
        let (id, operation) = written;
        Ok(LineWritten { id, kind, title: self.get(id)?.title, operation })
    }

    /// A line that says nothing that is understood: its words are something to do.
    pub(crate) fn capture_words(
        &self,
        words: &str,
        today: &str,
        id: RecordId,
    ) -> Result<LineWritten, AppError> {
        let subject: String = words.chars().take(MOST_WORDS).collect();
        let task =
            TaskLine { subject, due: None, time: None, repeat: None, about: None, several: Vec::new() };
        let (id, operation) = self.capture_task(&task, today, Some(id))?;
        Ok(LineWritten { id, kind: Kind::Task, title: self.get(id)?.title, operation })
    }

    fn errand(&self, line: &str, today: &str) -> Result<Option<Errand>, AppError> {
        Ok(errand::parse(line, day(today)?, self.habits()?.day_order))
    }

    fn task_line(&self, errand: Errand) -> Result<TaskLine, AppError> {
        let mut meant = Vec::new();
        for name in &errand.names {
            meant = self.called(name)?;
            if !meant.is_empty() {
                break;
            }
        }
        let only = if meant.len() == 1 { meant.pop() } else { None };
        meant.truncate(SHOWN);
        Ok(TaskLine {
            subject: errand.subject,
            due: errand.when.map(|when| when.day()),
            time: errand.when.and_then(|when| when.time()),
            repeat: errand.repeat.map(|repeat| repeat.to_string()),
            about: only,
            several: meant,
        })
    }

    /// People who are called so, or by one of their names; else companies.
    fn called(&self, name: &str) -> Result<Vec<Hit>, AppError> {
        let wanted = fold(name);
        let whole = |hit: &Hit| fold(&hit.title) == wanted;
        let part = |hit: &Hit| fold(&hit.title).split_whitespace().any(|word| word == wanted);
        for kind in [Kind::Person, Kind::Company] {
            let mut hits = self.search(name, Some(kind), HITS)?;
            match hits.iter().any(whole) {
                true => hits.retain(whole),
                false => hits.retain(part),
            }
            if !hits.is_empty() {
                return Ok(hits);
            }
        }
        Ok(Vec::new())
    }

    fn company_line(&self, captured: Captured) -> Result<CompanyLine, AppError> {
        let known = match self.company_of(&captured)? {
            None => None,
            Some(id) => self.store.read::<_, AppError>(|db| {
                let Some((row, _)) = documents::find(db, id)? else { return Ok(None) };
                Ok(lists::one(db, &self.catalogue(), Kind::Company, row)?.map(hit))
            })?,
        };
        Ok(CompanyLine { name: captured.company, emails: captured.emails, phones: captured.phones, known })
    }

    fn capture_company(&self, company: &CompanyLine, id: Option<RecordId>) -> Result<Made, AppError> {
        let mut input = FieldInput::from_iter([("name".to_owned(), company.name.as_str().into())]);
        for (key, values) in [("emails", &company.emails), ("phones", &company.phones)] {
            let items: Json = values.iter().map(|value| json!({"label": "work", "value": value})).collect();
            input.insert(key.to_owned(), items);
        }
        self.made(Kind::Company, &input, id)
    }

    fn capture_task(&self, task: &TaskLine, today: &str, id: Option<RecordId>) -> Result<Made, AppError> {
        let mut input = match &task.about {
            Some(about) => self.links_of(about.id)?,
            None => FieldInput::new(),
        };
        input.insert("subject".to_owned(), task.subject.as_str().into());
        // Without a day it is for today: it must not get lost among those without one.
        input.insert("due".to_owned(), task.due.as_deref().unwrap_or(today).into());
        for (key, said) in [("due_time", &task.time), ("repeat", &task.repeat)] {
            input.extend(said.as_deref().map(|said| (key.to_owned(), said.into())));
        }
        self.made(Kind::Task, &input, id)
    }

    fn made(&self, kind: Kind, input: &FieldInput, id: Option<RecordId>) -> Result<Made, AppError> {
        let (own, kind, registers) = self.prepared_by(kind, input)?;
        let id = id.unwrap_or(own);
        Ok((id, Some(self.together("capture", &[(id, kind, registers)], &[])?)))
    }
}

type Made = (RecordId, Option<satchel_domain::OperationId>);

/// A firm, and nobody in it.
fn is_company(captured: &Captured) -> bool {
    captured.first_name.is_empty() && captured.last_name.is_empty() && !captured.company.is_empty()
}
