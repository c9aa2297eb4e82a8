//! Letters: a template filled in for somebody, handed to the mail program, or written as a draft. Satchel sends nothing.

use crate::{
    AppError, Session,
    day::local_day,
    error::Code,
    output,
    papers::Words,
    records::FieldInput,
    session::now,
    views::{Notice, PaperLanguage, RecordView, Written, WrittenFile},
};
use satchel_domain::{
    Field, FieldType, Kind, RecordId,
    money::Money,
    note,
    template::{self, Filled, Said},
    text::fold,
    value::Contact,
};
use satchel_interchange::{Correspondent, EnclosedFile, LetterDraft};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::{collections::HashMap, io::Write, path::Path};
use uuid::Uuid;

/// Mail programs, and what starts them, take no longer links.
const MAILTO_MOST: usize = 2000;
/// Whose fields a template may name.
pub(crate) const NAMED: [Kind; 4] = [Kind::Person, Kind::Company, Kind::Deal, Kind::Quote];

/// What a letter says before it is filled in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, specta::Type)]
pub struct TemplateText {
    pub subject: String,
    pub body: String,
    /// How amounts and days are written.
    pub language: PaperLanguage,
}

/// A letter that is filled in for somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, specta::Type)]
pub struct LetterView {
    pub subject: String,
    pub body: String,
    /// Who gets it: nobody, where nobody has an address.
    pub name: String,
    pub address: String,
    /// All addresses that it could go to.
    pub addresses: Vec<String>,
    /// Places whose value is not known, and places that name no field.
    pub missing: Vec<String>,
    pub unknown: Vec<String>,
    /// Whoever gets it has said that they want no letters.
    pub no_contact: bool,
}

/// A letter as it is to leave.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, specta::Type)]
pub struct Letter {
    /// The record that it was written from.
    pub about: RecordId,
    pub name: String,
    pub address: String,
    pub subject: String,
    pub body: String,
    /// The PDF of this quote goes with it, in this language.
    pub quote: Option<(RecordId, PaperLanguage)>,
}

/// Whom and what a letter is about.
pub(crate) struct Around {
    views: Vec<RecordView>,
    /// Whose fields have no kind before them.
    main: Kind,
}

impl Around {
    pub(crate) fn of(&self, kind: Kind) -> Option<&RecordView> {
        self.views.iter().find(|view| view.kind == kind)
    }

    /// Whoever gets the letter.
    pub(crate) fn recipient(&self) -> Option<&RecordView> {
        self.of(Kind::Person).or_else(|| self.of(Kind::Company))
    }
}

impl Session {
    pub fn template(&self, id: RecordId) -> Result<TemplateText, AppError> {
        let view = self.get(id)?;
        if view.kind != Kind::Template {
            return Err(AppError::not_found("template", id));
        }
        let text = |key: &str| view.fields.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        let language = if text("language") == "zh" { PaperLanguage::Zh } else { PaperLanguage::En };
        Ok(TemplateText { subject: text("subject"), body: text("body"), language })
    }

    /// Fills a letter in for a person or a company, or about a deal or a quote; for nobody, only its names are checked.
    pub fn letter(&self, text: &TemplateText, about: Option<RecordId>) -> Result<LetterView, AppError> {
        let around = about.map(|id| self.around(id, &mut HashMap::new())).transpose()?;
        self.filled(text, around.as_ref())
    }

    pub(crate) fn filled(
        &self,
        text: &TemplateText,
        around: Option<&Around>,
    ) -> Result<LetterView, AppError> {
        let words = Words::of(text.language);
        let mut say = |name: &str| match self.say(name, around, &words) {
            Ok(said) => said,
            Err(_) => Said::Nothing,
        };
        let mut fill = |of: &str| template::fill(of, &mut say).map_err(|e| AppError::refused(e.to_string()));
        let (subject, body) = (fill(&text.subject)?, fill(&text.body)?);
        let both = |of: fn(Filled) -> Vec<String>| {
            let mut all = of(subject.clone());
            all.extend(of(body.clone()).into_iter().filter(|name| !subject.missing.contains(name)));
            all.dedup();
            all
        };
        let recipient = around.and_then(Around::recipient);
        let addresses = recipient.map(addresses_of).unwrap_or_default();
        Ok(LetterView {
            missing: if around.is_some() { both(|f| f.missing) } else { Vec::new() },
            unknown: both(|f| f.unknown),
            subject: subject.text.split_whitespace().collect::<Vec<_>>().join(" "),
            body: body.text,
            name: recipient.map(|view| view.title.clone()).unwrap_or_default(),
            address: addresses.first().cloned().unwrap_or_default(),
            addresses,
            no_contact: recipient
                .is_some_and(|view| wants_no_letters(view, self.catalogue().fields(view.kind))),
        })
    }

    /// A record and what it links to, as far as letters speak of it.
    pub(crate) fn around(
        &self,
        about: RecordId,
        known: &mut HashMap<RecordId, RecordView>,
    ) -> Result<Around, AppError> {
        let view = self.get(about)?;
        if !NAMED.contains(&view.kind) {
            return Err(AppError::refused(
                "letters are written to people and companies, and about deals and quotes",
            ));
        }
        let mut views = vec![view];
        // What is named last knows the company of whom is named before.
        for kind in [Kind::Deal, Kind::Person, Kind::Company] {
            let linked = |view: &RecordView| view.fields.get(kind.key())?.as_str()?.parse::<RecordId>().ok();
            let id = views.iter().filter(|view| view.kind != kind).find_map(linked);
            let Some(id) = id.filter(|_| views.iter().all(|view| view.kind != kind)) else { continue };
            if let Some(view) = known.get(&id) {
                views.push(view.clone());
            } else if let Ok(view) = self.get(id) {
                // Who was erased, or has not come yet, is not in the letter.
                known.insert(id, view.clone());
                views.push(view);
            }
        }
        let main = match views.iter().any(|view| view.kind == Kind::Person) {
            true => Kind::Person,
            false => views.first().map_or(Kind::Person, |view| view.kind),
        };
        Ok(Around { views, main })
    }

    fn say(&self, name: &str, around: Option<&Around>, words: &Words) -> Result<Said, AppError> {
        let own = match name {
            "me" => Some(self.person.clone()),
            "me.email" => Some(self.settings()?.email),
            "today" => Some(words.date(&local_day().0)),
            "firm" => Some(self.firm()?),
            _ => None,
        };
        if let Some(own) = own {
            return Ok(if own.is_empty() { Said::Nothing } else { Said::Value(own) });
        }
        let (kinds, key) = match name.split_once('.') {
            Some((kind, key)) => match NAMED.into_iter().find(|k| k.key() == kind) {
                Some(kind) => (vec![kind], key),
                None => return Ok(Said::Unknown),
            },
            None => (NAMED.to_vec(), name),
        };
        let catalogue = self.catalogue();
        let has = |kind: Kind| match (kind, key) {
            (Kind::Person, "name") => Some(None),
            _ => catalogue.offered(kind).find(|f| f.key == key || fold(&f.label) == fold(key)).map(Some),
        };
        let found: Vec<(Kind, Option<&Field>)> =
            kinds.iter().filter_map(|kind| Some((*kind, has(*kind)?))).collect();
        if found.is_empty() {
            return Ok(Said::Unknown);
        }
        let Some(around) = around else { return Ok(Said::Nothing) };
        // Without a kind before it, it is of whoever gets the letter.
        let meant = |(kind, _): &&(Kind, Option<&Field>)| name.contains('.') || *kind == around.main;
        let Some((kind, field)) = found.iter().find(meant) else { return Ok(Said::Nothing) };
        let value = around.of(*kind).map(|view| match field {
            Some(field) => words.value(field, view),
            None => view.title.clone(),
        });
        Ok(value.filter(|v| !v.is_empty()).map_or(Said::Nothing, Said::Value))
    }

    /// What the firm is called on papers.
    fn firm(&self) -> Result<String, AppError> {
        let name = self.letterhead()?.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
        Ok(if name.is_empty() { self.workspace.clone() } else { name })
    }

    /// The link that opens a letter in the mail program; nothing where it is too long for one, or takes a file along.
    pub fn mailto(&self, letter: &Letter) -> Result<Option<String>, AppError> {
        let address = sound(letter)?;
        if letter.quote.is_some() {
            return Ok(None);
        }
        let body = letter.body.replace("\r\n", "\n").replace('\n', "\r\n");
        let link = format!(
            "mailto:{}?subject={}&body={}",
            encoded(&address),
            encoded(&letter.subject),
            encoded(&body)
        );
        Ok((link.len() <= MAILTO_MOST).then_some(link))
    }

    /// Writes a letter as a draft that mail programs open.
    pub fn write_draft(&self, letter: &Letter, path: &Path) -> Result<WrittenFile, AppError> {
        output::check(&self.vault(), path)?;
        let (bytes, notices) = self.draft(letter)?;
        output::write_private(&self.vault(), path, &bytes)?;
        self.note_leaving("letter", 1, [])?;
        Ok(WrittenFile { bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX), notices })
    }

    pub(crate) fn draft(&self, letter: &Letter) -> Result<(Vec<u8>, Vec<Notice>), AppError> {
        let address = sound(letter)?;
        let email = self.settings()?.email;
        let from = Correspondent { name: self.person.clone(), address: email };
        let mut draft = LetterDraft {
            from: Some(from).filter(|from| !from.address.is_empty()),
            to: Correspondent { name: letter.name.clone(), address },
            subject: letter.subject.clone(),
            body: letter.body.clone(),
            at: now(),
            id: Uuid::new_v4().to_string(),
            enclosed: Vec::new(),
        };
        let mut notices = Vec::new();
        if let Some((quote, language)) = letter.quote {
            let (bytes, left_out) = self.quote_pdf(quote, language)?;
            notices = left_out;
            let number = self.get(quote)?.fields.get("number").and_then(|n| n.as_str().map(str::to_owned));
            draft.enclosed.push(EnclosedFile {
                name: format!("{}.pdf", number.unwrap_or_default().replace('/', "-")),
                media_type: "application/pdf".to_owned(),
                bytes,
            });
        }
        Ok((draft.to_eml()?, notices))
    }

    /// Notes that a letter was sent.
    pub fn log_letter(&self, letter: &Letter) -> Result<Written, AppError> {
        let activity = self.prepared_by(Kind::Activity, &self.sent(letter)?)?;
        let id = activity.0;
        Ok(Written { id, operation: Some(self.together("log", &[activity], &[])?) })
    }

    pub(crate) fn sent(&self, letter: &Letter) -> Result<FieldInput, AppError> {
        let mut input = self.links_of(letter.about)?;
        let said =
            [("type", "mail"), ("direction", "out"), ("subject", &letter.subject), ("text", &letter.body)];
        let said = said.into_iter().filter(|(_, text)| !text.trim().is_empty());
        input.extend(said.map(|(key, text)| (key.to_owned(), Json::from(text))));
        Ok(input)
    }
}

impl Words {
    /// A field as a letter says it.
    fn value(&self, field: &Field, view: &RecordView) -> String {
        let Some(json) = view.fields.get(&field.key) else { return String::new() };
        let part =
            |item: &Json, key: &str| item.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        match field.ty {
            FieldType::Money => serde_json::from_value::<Money>(json.clone())
                .map(|money| self.money(money.minor, &money.currency))
                .unwrap_or_default(),
            FieldType::Date => self.date(json.as_str().unwrap_or_default()),
            FieldType::DateTime => {
                let at = json.as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok());
                let day = at.map(|at| at.to_zoned_datetime(jiff::tz::TimeZone::system()).date().to_string());
                self.date(&day.unwrap_or_default())
            }
            FieldType::Link => view.titles.get(&field.key).cloned().unwrap_or_default(),
            FieldType::Emails | FieldType::Phones => contacts(json).into_iter().next().unwrap_or_default(),
            FieldType::Addresses => {
                let first = json.get(0).unwrap_or(&Json::Null);
                let city = format!("{} {}", part(first, "postal_code"), part(first, "city"));
                let lines = [part(first, "street"), city.trim().to_owned(), part(first, "country")];
                lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ")
            }
            FieldType::Tags | FieldType::MultiChoice => {
                let tags = json.as_array().map(Vec::as_slice).unwrap_or_default();
                tags.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", ")
            }
            FieldType::Lines => String::new(),
            FieldType::LongText if field.note => note::plain(json.as_str().unwrap_or_default()).into_owned(),
            FieldType::YesNo => self.yes_no(json.as_bool().unwrap_or_default()).to_owned(),
            FieldType::Text
            | FieldType::LongText
            | FieldType::Choice
            | FieldType::Url
            | FieldType::Number => json.as_str().map_or_else(|| json.to_string(), str::to_owned),
        }
    }
}

/// The values of e-mail addresses or numbers, the one to use first at the beginning.
fn contacts(json: &Json) -> Vec<String> {
    let mut items: Vec<&Json> = json.as_array().map(|items| items.iter().collect()).unwrap_or_default();
    items.sort_by_key(|item| !item.get("primary").and_then(Json::as_bool).unwrap_or_default());
    items.iter().filter_map(|item| Some(item.get("value")?.as_str()?.to_owned())).collect()
}

fn addresses_of(view: &RecordView) -> Vec<String> {
    view.fields.get("emails").map(contacts).unwrap_or_default()
}

/// What people are tagged with, or which fields of one's own say, that want no letters.
const NO_LETTERS: [&str; 9] = [
    "do not contact",
    "do not email",
    "no email",
    "no mail",
    "opted out",
    "opt out",
    "unsubscribed",
    "勿扰",
    "拒收邮件",
];

fn wants_no_letters(view: &RecordView, fields: &[Field]) -> bool {
    let says = |text: &str| {
        let text = fold(&text.replace(['-', '_'], " "));
        NO_LETTERS.iter().any(|no| text == *no)
    };
    let tags = view.fields.get("tags").and_then(Json::as_array);
    let tagged = tags.is_some_and(|tags| tags.iter().filter_map(Json::as_str).any(says));
    let yes = |field: &&Field| view.fields.get(&field.key).and_then(Json::as_bool) == Some(true);
    tagged || fields.iter().filter(yes).any(|field| says(&field.label))
}

/// The address of a letter that can leave: to somebody, with all of its places filled.
fn sound(letter: &Letter) -> Result<String, AppError> {
    let contact = Contact::email("", &letter.address).map_err(|_| AppError {
        field: Some("address".to_owned()),
        ..AppError::refused("the letter needs an e-mail address to go to")
    })?;
    let open = [&letter.subject, &letter.body]
        .into_iter()
        .find_map(|text| template::fill(text, &mut |_| Said::Unknown).ok()?.unknown.into_iter().next());
    match open {
        Some(place) => Err(AppError {
            field: Some("body".to_owned()),
            ..AppError::new(
                Code::Refused,
                format!("{{{{{place}}}}} is not filled in; write what is to stand there"),
            )
        }),
        None => Ok(contact.value),
    }
}

/// By RFC 3986: what is not unreserved, as bytes.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => {
                out.push(char::from(byte))
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// Writes a file of a folder that was made for it.
pub(crate) fn write_into(path: &Path, bytes: &[u8]) -> Result<(), AppError> {
    let io = AppError::io(path);
    satchel_vault::files::private_file(path).and_then(|mut file| file.write_all(bytes)).map_err(io)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_a_link_is_encoded() {
        assert_eq!(encoded("a&b=c d\r\n#?%"), "a%26b%3Dc%20d%0D%0A%23%3F%25");
        assert_eq!(encoded("王@x.example"), "%E7%8E%8B@x.example");
    }

    #[test]
    fn a_letter_leaves_when_it_is_whole() {
        let letter = |address: &str, body: &str| Letter {
            about: RecordId(Uuid::nil()),
            name: "Ana".into(),
            address: address.into(),
            subject: "Hello".into(),
            body: body.into(),
            quote: None,
        };
        assert_eq!(sound(&letter("ana@x.example", "Dear Ana, {curly}")).unwrap(), "ana@x.example");
        assert!(sound(&letter("", "Dear Ana")).is_err());
        assert!(sound(&letter("ana@x.example\r\nBcc: b@x.example", "Dear Ana")).is_err());
        let open = sound(&letter("ana@x.example", "Dear {{first_name|you}}")).unwrap_err();
        assert!(open.message.starts_with("{{first_name}} is not filled in"), "{}", open.message);
    }
}
