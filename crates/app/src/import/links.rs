//! What a row refers to: records by their ids, people by their addresses or names, all others by what they are called.

use super::prepare::Context;
use crate::AppError;
use satchel_domain::{
    Kind, RecordId, Value,
    name::{self, Name},
    projection::external_term,
    text::{fold, sort_key},
    value::Contact,
};
use satchel_interchange::{Assembled, Named};
use satchel_storage::{
    Connection, documents, duplicates,
    projections::{self, Called},
};
use std::sync::PoisonError;

/// Ids that are everybody's own, as ours are: they say the same in all tables.
pub const UNIQUE: &str = "uuid";

/// Words of a name that are tried as its family name.
const WORDS: usize = 6;

/// What was found for what a row names.
#[derive(Clone, Debug)]
pub enum Found {
    One(Called),
    None,
    Several,
}

impl Found {
    fn of(mut all: Vec<Called>) -> Self {
        match (all.pop(), all.is_empty()) {
            (Some(one), true) => Found::One(one),
            (Some(_), false) => Found::Several,
            (None, _) => Found::None,
        }
    }
}

impl Context<'_> {
    /// Puts what a row's links lead to into its fields; what leads nowhere is named, and nothing is made up for it.
    /// What they are called, and the company that they say the row is of where it does not say so itself.
    pub fn links(
        &self,
        row: &mut Assembled,
        kind: Kind,
    ) -> Result<(Vec<String>, Option<RecordId>), AppError> {
        let (mut titles, mut inferred) = (Vec::new(), None);
        for (key, named) in std::mem::take(&mut row.links) {
            // A deal's stage is found among those of its pipeline.
            if key == "stage" {
                row.links.insert(key, named);
                continue;
            }
            let Some(to) = self.catalogue.field(kind, &key).and_then(|f| f.links) else { continue };
            let company = row.fields.get("company").and_then(Value::as_reference).or(inferred);
            let found = self.found(to, &named, company, &key)?;
            let said = [&named.name, &named.email, &named.id].into_iter().find(|s| !s.is_empty());
            let said = said.cloned().unwrap_or_default();
            let why = match found {
                Found::One(one) => {
                    // Whom it is with, or what it is about, says of which company it is.
                    if let (Some(of), None, "person" | "deal") = (one.company, company, key.as_str())
                        && self.catalogue.field(kind, "company").is_some()
                    {
                        inferred = Some(of);
                    }
                    titles.push(one.title);
                    row.fields.insert(key, Value::Reference(one.id));
                    continue;
                }
                Found::Several => format!("several are called «{said}»; write an e-mail address or an id"),
                Found::None if !named.email.is_empty() => {
                    format!("nobody here has the address «{said}»; import the people first")
                }
                Found::None if company.is_some() && to == Kind::Person => {
                    format!("nobody at this company is called «{said}»; import the people first")
                }
                Found::None => format!("nothing here is called «{said}»; import it first"),
            };
            row.leads_nowhere(kind, &self.catalogue, &named.column, &said, &why);
        }
        Ok((titles, inferred))
    }

    fn found(
        &self,
        to: Kind,
        named: &Named,
        company: Option<RecordId>,
        key: &str,
    ) -> Result<Found, AppError> {
        let asked =
            (to, named.clone(), company.filter(|_| matches!(to, Kind::Person | Kind::Deal)), key.to_owned());
        let asked = format!("{asked:?}");
        if let Some(known) = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(&asked) {
            return Ok(known.clone());
        }
        let found = self.session.store.read::<_, AppError>(|db| self.look(db, to, named, company))?;
        let mut all = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(all.entry(asked).or_insert(found).clone())
    }

    fn look(
        &self,
        db: &Connection,
        to: Kind,
        named: &Named,
        company: Option<RecordId>,
    ) -> Result<Found, AppError> {
        if let Some(one) = self.by_id(db, to, &named.id)? {
            return Ok(Found::One(one));
        }
        let is_called = |one: &Called| fold(&one.title) == fold(&named.name);
        if !named.email.is_empty() {
            let address = Contact::email("", &named.email).map(|c| c.normalised());
            let mut all = match address {
                Ok(address) => projections::called_by(db, to, "email", &address)?,
                Err(_) => Vec::new(),
            };
            // Who share an address are told apart by what else is said.
            for same in [&is_called as &dyn Fn(&Called) -> bool, &|one| one.company == company] {
                if all.len() > 1 && all.iter().any(same) {
                    all.retain(same);
                }
            }
            return Ok(Found::of(all));
        }
        if named.name.is_empty() {
            return Ok(Found::None);
        }
        let mut all: Vec<Called> = Vec::new();
        for sort in orders(to, &named.name) {
            let there = projections::called(db, to, &sort)?;
            all.extend(
                there.into_iter().filter(|one| !all.contains(one) && is_called(one)).collect::<Vec<_>>(),
            );
        }
        if let Some(company) = company {
            match to {
                // The same name elsewhere is somebody else.
                Kind::Person => all.retain(|one| one.company == Some(company)),
                _ if all.iter().any(|one| one.company == Some(company)) => {
                    all.retain(|one| one.company == Some(company));
                }
                _ => {}
            }
        }
        Ok(Found::of(all))
    }

    /// The record that an id names: one of ours, or the other program's.
    fn by_id(&self, db: &Connection, to: Kind, id: &str) -> Result<Option<Called>, AppError> {
        if id.is_empty() {
            return Ok(None);
        }
        if let Ok(own) = id.parse::<RecordId>()
            && let Some((row, kind)) = documents::find(db, own)?
            && kind == to
        {
            let led = duplicates::led_to(db, row)?.unwrap_or(own);
            if let Some(one) = projections::called_as(db, to, led)? {
                return Ok(Some(one));
            }
        }
        for source in [self.source_name.as_str(), UNIQUE] {
            let found = projections::called_by(db, to, "external_id", &external_term(source, id))?;
            if let Found::One(one) = Found::of(found) {
                return Ok(Some(one));
            }
        }
        Ok(None)
    }

    /// The stage that an id names.
    pub fn stage_by_id(&self, id: &str) -> Result<Option<RecordId>, AppError> {
        let found = self.session.store.read::<_, AppError>(|db| self.by_id(db, Kind::Stage, id))?;
        Ok(found.map(|one| one.id))
    }

    /// The company that an id names.
    pub fn company_by_id(&self, id: &str) -> Result<Option<RecordId>, AppError> {
        let found = self.session.store.read::<_, AppError>(|db| self.by_id(db, Kind::Company, id))?;
        Ok(found.map(|one| one.id))
    }

    /// The one company that has a website of the same domain.
    pub fn company_by_website(&self, website: &str) -> Result<Option<RecordId>, AppError> {
        let mut known = self.domains.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() {
            let mut all = std::collections::HashMap::new();
            for (id, website) in self.session.store.read(projections::websites)? {
                all.entry(domain(&website)).and_modify(|one| *one = None).or_insert(Some(id));
            }
            *known = Some(all);
        }
        Ok(known.as_ref().and_then(|all| all.get(&domain(website)).copied().flatten()))
    }
}

/// `https://www.norte.example/en` is at `norte.example`.
fn domain(website: &str) -> String {
    let lower = website.trim().to_lowercase();
    let plain = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
    let host = plain.split(['/', '?', '#', ':']).next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

/// How lists would sort what is called so: which words are the family name is not known.
fn orders(kind: Kind, called: &str) -> Vec<String> {
    if kind != Kind::Person {
        return vec![sort_key(called)];
    }
    let sorted = |first: &str, last: &str| sort_key(&Name { first, last, ..Name::default() }.sorted());
    let (first, last) = name::split(called);
    let mut out = vec![sorted(&first, &last), sort_key(called)];
    let words: Vec<&str> = called.split_whitespace().take(WORDS).collect();
    for at in 1..words.len() {
        let (first, last) = words.split_at(at);
        out.push(sorted(&first.join(" "), &last.join(" ")));
    }
    out.sort_unstable();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn websites_are_compared_by_their_domains() {
        for same in
            ["norte.example", "https://www.Norte.example/en", "http://norte.example:80", " norte.example "]
        {
            assert_eq!(domain(same), "norte.example", "{same}");
        }
        assert_ne!(domain("sur.example"), domain("norte.example"));
    }

    #[test]
    fn a_family_name_may_be_of_two_words() {
        let all = orders(Kind::Person, "Ana Ruiz Gómez");
        assert!(
            all.contains(&sort_key("Ruiz Gómez Ana")) && all.contains(&sort_key("Gómez Ana Ruiz")),
            "{all:?}"
        );
        assert!(orders(Kind::Person, "王伟").contains(&sort_key("王伟")));
    }
}
