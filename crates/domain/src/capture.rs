//! A line as somebody dictates or pastes it: `Ana Ruiz, Norte SL, ana@norte.example, +34 600 000 000`.

use crate::{
    name, phone,
    value::{Contact, clean},
};

/// What was understood of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    pub first_name: String,
    pub last_name: String,
    pub company: String,
    pub title: String,
    pub emails: Vec<String>,
    pub phones: Vec<String>,
}

/// A longer line is no line.
const LONGEST: usize = 500;

/// What a firm's name ends with, or has in it.
pub(crate) const FORMS: [&str; 22] = [
    "sl", "sa", "sas", "sarl", "srl", "spa", "lda", "gmbh", "ag", "kg", "ug", "ltd", "limited", "inc", "llc",
    "corp", "co", "bv", "nv", "oy", "ab", "plc",
];
const FORMS_HAN: [&str; 9] = ["公司", "集团", "厂", "商行", "科技", "贸易", "实业", "工作室", "医院"];

pub fn parse(line: &str, region: Option<&str>) -> Captured {
    let line: String = clean(line, true).chars().take(LONGEST).collect();
    let mut out = Captured::default();
    let mut words: Vec<String> = Vec::new();
    let by_mark: Vec<&str> = line.split([',', ';', '，', '；', '、', '\n', '\t', '|']).collect();
    // Without marks a Chinese line is told apart by its spaces.
    let has_han = line.chars().any(is_han);
    let parts: Vec<&str> = match by_mark.len() == 1 && has_han {
        true => line.split_whitespace().collect(),
        false => by_mark,
    };
    for part in parts {
        let rest = contacts(part, region, &mut out);
        if !rest.is_empty() {
            words.push(rest);
        }
    }
    // A firm says so; else the second is one.
    if let Some(at) = words.iter().position(|w| is_firm(w)) {
        out.company = words.remove(at);
    }
    let mut words = words.into_iter();
    if let Some(person) = words.next() {
        (out.first_name, out.last_name) = name::split(&person);
    }
    for word in words {
        if out.company.is_empty() {
            out.company = word;
        } else if out.title.is_empty() {
            out.title = word;
        }
    }
    out
}

/// Takes the addresses and numbers out of a part; what is left of it.
fn contacts(part: &str, region: Option<&str>, out: &mut Captured) -> String {
    let mut rest = Vec::new();
    let tokens: Vec<&str> = part.split_whitespace().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let bare = token.trim_matches(['<', '>', '(', ')']);
        if bare.contains('@')
            && let Ok(email) = Contact::email("", bare)
        {
            out.emails.push(email.value);
            at += 1;
            continue;
        }
        // A number may have spaces in it.
        let length = tokens.iter().skip(at).take_while(|t| is_numeric(t)).count();
        let number = tokens.iter().skip(at).take(length).copied().collect::<Vec<_>>().join(" ");
        if phone::digits(&number).len() >= 6
            && let Ok(found) = Contact::phone("", &number, region)
        {
            out.phones.push(found.value);
            at += length;
            continue;
        }
        rest.push(*token);
        at += 1;
    }
    rest.join(" ")
}

fn is_numeric(token: &str) -> bool {
    token.chars().all(|c| c.is_ascii_digit() || "+()-./".contains(c))
        && token.chars().any(|c| c.is_ascii_digit())
}

fn is_han(c: char) -> bool {
    ('\u{3400}'..='\u{9fff}').contains(&c)
}

fn is_firm(text: &str) -> bool {
    let last = text.split_whitespace().next_back().unwrap_or_default().replace('.', "").to_lowercase();
    let several = text.split_whitespace().count() > 1;
    (several && FORMS.contains(&last.as_str())) || FORMS_HAN.iter().any(|form| text.contains(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> String {
        let c = parse(line, Some("ES"));
        let all = [c.first_name, c.last_name, c.company, c.title, c.emails.join(" "), c.phones.join(" ")];
        all.join("|")
    }

    #[test]
    fn a_line_becomes_a_person_and_a_company() {
        for (line, expected) in [
            (
                "Ana Ruiz, Norte SL, ana@norte.example, +34 600 000 000",
                "Ana|Ruiz|Norte SL||ana@norte.example|+34 600 000 000",
            ),
            (
                "Norte GmbH; Jürgen Weber; Einkauf; juergen@norte.example",
                "Jürgen|Weber|Norte GmbH|Einkauf|juergen@norte.example|",
            ),
            ("王伟 深圳科技 13800138000", "伟|王|深圳科技|||13800138000"),
            (
                "王伟，深圳华科技有限公司，采购经理，wang@hua.example",
                "伟|王|深圳华科技有限公司|采购经理|wang@hua.example|",
            ),
            ("Ana Ruiz <ana@norte.example>", "Ana|Ruiz|||ana@norte.example|"),
            ("Zoe", "Zoe|||||"),
            ("Bo Diaz, Acme", "Bo|Diaz|Acme|||"),
            ("ana@norte.example", "||||ana@norte.example|"),
            ("Room 12, 5", "Room|12|5|||"),
            ("", "|||||"),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
        let _ = read(&"@,+1".repeat(10_000));
    }
}
