//! A letter as the draft that mail programs open for sending (RFC 5322; `X-Unsent` is Outlook's sign for a draft).

use crate::{Correspondent, InterchangeError};
use mail_builder::{
    MessageBuilder,
    headers::{address::Address, raw::Raw},
};

/// A letter that is not sent yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetterDraft {
    /// Whoever sends it, where that is known; the mail program knows it otherwise.
    pub from: Option<Correspondent>,
    pub to: Correspondent,
    pub subject: String,
    pub body: String,
    /// Epoch milliseconds.
    pub at: i64,
    /// What tells it from all others, without what this computer is called.
    pub id: String,
    pub enclosed: Vec<EnclosedFile>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnclosedFile {
    pub name: String,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

impl LetterDraft {
    pub fn to_eml(&self) -> Result<Vec<u8>, InterchangeError> {
        let mut letter = MessageBuilder::new()
            .header("X-Unsent", Raw::new("1"))
            .message_id(format!("{}@satchel.invalid", self.id))
            .date(self.at.div_euclid(1000))
            .to(address(&self.to))
            .subject(one_line(&self.subject))
            .text_body(self.body.replace("\r\n", "\n"));
        if let Some(from) = &self.from {
            letter = letter.from(address(from));
        }
        for file in &self.enclosed {
            let kind = if file.media_type.is_empty() { "application/octet-stream" } else { &file.media_type };
            letter = letter.attachment(kind, one_line(&file.name), file.bytes.clone());
        }
        letter.write_to_vec().map_err(|e| InterchangeError::Unwritable(e.to_string()))
    }
}

fn address(of: &Correspondent) -> Address<'_> {
    let name = Some(one_line(&of.name)).filter(|name| !name.is_empty());
    Address::new_address(name, of.address.as_str())
}

/// What stands in a header is one line, whatever a record holds.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control())
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_letter;

    #[test]
    fn a_draft_says_what_it_was_given() {
        let draft = LetterDraft {
            from: Some(Correspondent { name: "Ana Ruiz".into(), address: "ana@norte.example".into() }),
            to: Correspondent {
                name: "王伟, 采购 \"W\"".into(), address: "wang@shenzhen.example".into()
            },
            subject: "报价 – your offer\r\nBcc: all@x.example".into(),
            body: "您好，\n\n.\nFrom here\nline with = and a long long ".to_owned()
                + &"word ".repeat(300)
                + "\n",
            at: 1_795_766_400_123,
            id: "0190".into(),
            enclosed: vec![EnclosedFile {
                name: "Q-2026-001 报价.pdf".into(),
                media_type: "application/pdf".into(),
                bytes: (0..=255).collect(),
            }],
        };
        let bytes = draft.to_eml().unwrap();
        let text = String::from_utf8(bytes.clone()).expect("ASCII");
        assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 998), "{text}");
        assert!(text.contains("X-Unsent: 1\r\n") && !text.contains("\nBcc:"), "{text}");
        let letter = read_letter("a.eml", &bytes).unwrap();
        assert_eq!(letter.subject, "报价 – your offer Bcc: all@x.example");
        assert_eq!(letter.to, std::slice::from_ref(&draft.to));
        assert_eq!(letter.from, draft.from);
        assert_eq!(letter.text.trim_end(), draft.body.trim_end());
        assert_eq!(letter.at, Some(1_795_766_400_000));
        assert_eq!(letter.message_id.as_deref(), Some("0190@satchel.invalid"));
        let [file] = letter.enclosed.as_slice() else { panic!("{letter:?}") };
        assert_eq!((&file.name, &file.bytes), (&draft.enclosed[0].name, &draft.enclosed[0].bytes));
    }
}
