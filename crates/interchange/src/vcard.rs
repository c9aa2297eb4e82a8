//! vCard 2.1, 3.0 and 4.0. Cards are cut apart here, with limits, and parsed one by one, so that a
//! broken card costs itself only.

use crate::{
    AddressPart, Cell, Column, Draft, Format, InterchangeError, OneKind, Problem, Rejected, Rows, Shape,
    Source, Target, column_of,
    encoding::{self, Detected},
    input::Input,
    limits::{CARD_BYTES, CARD_DEPTH, CARD_LINES, CARD_PROPERTIES},
    lines::{Line, Lines},
    observe,
};
use calcard::{
    Entry, Parser,
    vcard::{VCard, VCardEntry, VCardParameterName, VCardParameterValue, VCardProperty, VCardValue},
};
use satchel_domain::{FieldType, Kind, value::MAX_TEXT};
use std::{
    collections::{HashMap, HashSet},
    io::BufRead,
    panic::{AssertUnwindSafe, catch_unwind},
};

pub(crate) fn open(input: &Input, encoding: Detected) -> Result<Source, InterchangeError> {
    let mut source = Source {
        input: input.clone(),
        format: Format::Vcard,
        encoding: encoding.name(),
        delimiter: None,
        rows: 0,
        columns: Vec::new(),
        made_by: None,
        kind: None,
        left_out: Vec::new(),
        shape: Shape::Vcard,
    };
    let mut kinds = OneKind::default();
    let mut cards = Cards::open(input, encoding)?;
    while let Some(card) = cards.next_card().map_err(input.failed())? {
        source.rows += 1;
        let Some(card) = card.ok().and_then(|c| parse(&c).ok()) else { continue };
        kinds.see(Some(kind_of(&card.0)));
        source.made_by = source.made_by.or_else(|| maker(&card.0));
        for (name, target, value) in cells_of(&card.0) {
            let at = column_of(&mut source.columns, &input.name(), name, |name| shown_target(name, target))?;
            observe(&mut source.columns, at, &value);
        }
    }
    source.kind = kinds.kind;
    if source.rows == 0 {
        return Err(InterchangeError::NoCards(input.name()));
    }
    Ok(source)
}

/// Which program wrote a card: it says so, or has properties that only one program writes.
fn maker(card: &VCard) -> Option<&'static str> {
    const MARKS: [(&str, &str); 8] = [
        ("APPLE", "Apple"),
        ("MOZILLA", "Thunderbird"),
        ("THUNDERBIRD", "Thunderbird"),
        ("MICROSOFT", "Outlook"),
        ("OUTLOOK", "Outlook"),
        ("GOOGLE", "Google"),
        ("X-MS-", "Outlook"),
        ("X-ANDROID", "Android"),
    ];
    let named = |e: &VCardEntry| match e.name {
        VCardProperty::Prodid => texts(e).join(" ").to_uppercase(),
        _ => e.name.as_str().to_uppercase(),
    };
    let lines: Vec<String> = card.entries.iter().map(named).collect();
    MARKS.iter().find(|(mark, _)| lines.iter().any(|l| l.contains(mark))).map(|(_, program)| *program)
}

/// A property of several parts has one line in the list of columns.
fn shown_target(name: &str, target: Option<Target>) -> Option<Target> {
    match name {
        "N" => Some(Target::FullName),
        "ADR" => Some(Target::Address { label: String::new(), part: AddressPart::Whole }),
        "EMAIL" | "TEL" => Some(Target::Contact {
            field: if name == "TEL" { "phones" } else { "emails" }.into(),
            label: String::new(),
        }),
        _ => target,
    }
}

pub(crate) fn rows(input: &Input, columns: &[Column]) -> Result<Rows, InterchangeError> {
    let encoding = encoding::detect(&input.head()?);
    let mut cards = Cards::open(input, encoding)?;
    let columns = columns.to_vec();
    let mut number = 0;
    Ok(Box::new(std::iter::from_fn(move || {
        let card = match cards.next_card() {
            Ok(card) => card?,
            Err(e) => {
                cards.finished = true;
                Err(Rejected {
                    number: 0,
                    message: format!("the file cannot be read further: {e}"),
                    ..Rejected::default()
                })
            }
        };
        number += 1;
        Some(card.and_then(|text| draft(&text, number, &columns)).map_err(|r| Rejected { number, ..r }))
    })))
}

fn draft(text: &str, number: u64, columns: &[Column]) -> Result<Draft, Rejected> {
    let (card, dropped) = parse(text).map_err(|message| Rejected {
        number,
        message,
        text: text.chars().take(500).collect(),
        ..Rejected::default()
    })?;
    let column = |name: &str| columns.iter().position(|c| c.name == name).unwrap_or(usize::MAX);
    let cells: Vec<Cell> = cells_of(&card)
        .into_iter()
        .map(|(name, target, value)| Cell { column: column(&name), target, value })
        .collect();
    if cells.is_empty() {
        return Err(Rejected {
            number,
            message: "the card holds no value".into(),
            text: text.chars().take(500).collect(),
            ..Rejected::default()
        });
    }
    let note = |what: String| Problem {
        column: what,
        value: String::new(),
        message: "is not imported (pictures, sounds and what is no text are left in the file)".into(),
    };
    Ok(Draft { number, kind: Some(kind_of(&card)), cells, notes: dropped.into_iter().map(note).collect() })
}

/// What the card is about.
fn kind_of(card: &VCard) -> Kind {
    let is = |e: &VCardEntry, value: &str| texts(e).iter().any(|t| t.eq_ignore_ascii_case(value));
    let organisation = card.entries.iter().any(|e| match &e.name {
        VCardProperty::Kind => is(e, "org"),
        VCardProperty::Other(name) => name.eq_ignore_ascii_case("X-ABShowAs") && is(e, "company"),
        _ => false,
    });
    if organisation { Kind::Company } else { Kind::Person }
}

/// The card, and the names of properties that are left out.
fn parse(text: &str) -> Result<(VCard, Vec<String>), String> {
    let parsed = catch_unwind(AssertUnwindSafe(|| Parser::new(text).entry()));
    match parsed {
        Ok(Entry::VCard(card)) if card.entries.len() > CARD_PROPERTIES => {
            Err(too_many(CARD_PROPERTIES, "properties"))
        }
        Ok(Entry::VCard(card)) => {
            let is_left = |e: &&VCardEntry| is_binary(e) || !e.values.is_empty() && texts(e).is_empty();
            let left = card.entries.iter().filter(is_left).map(|e| e.name.as_str().to_owned()).collect();
            Ok((card, left))
        }
        Ok(_) => Err("the card is not a vCard that can be read".into()),
        Err(_) => Err("the card is damaged".into()),
    }
}

fn too_many(limit: usize, what: &str) -> String {
    format!("the card has more than {limit} {what}, which no person's has; take it apart")
}

/// A picture, a sound or a key that is in the card itself; the address of one is kept.
fn is_binary(entry: &VCardEntry) -> bool {
    let by_name = matches!(
        entry.name,
        VCardProperty::Photo | VCardProperty::Logo | VCardProperty::Sound | VCardProperty::Key
    );
    by_name && !texts(entry).iter().any(|t| t.starts_with("http://") || t.starts_with("https://"))
}

/// Companions of other properties: Apple's labels, the address once more as text, Outlook's layout.
fn is_technical(name: &str) -> bool {
    ["X-ABLabel", "X-ABADR", "X-ABShowAs", "X-MS-OL-DESIGN", "X-MS-OL-DEFAULT-POSTAL-ADDRESS"]
        .iter()
        .any(|t| name.eq_ignore_ascii_case(t))
}

/// What a card holds: the property's name, where it goes (if the format says), and the text.
fn cells_of(card: &VCard) -> Vec<(String, Option<Target>, String)> {
    let mut out = Vec::new();
    let has_n =
        card.entries.iter().any(|e| e.name == VCardProperty::N && texts(e).iter().any(|t| !t.is_empty()));
    let kind = kind_of(card);
    let organisation = kind == Kind::Company;
    let name_words: Vec<String> = card
        .entries
        .iter()
        .filter(|e| matches!(e.name, VCardProperty::N | VCardProperty::Org | VCardProperty::Nickname))
        .flat_map(texts)
        .map(|t| satchel_domain::text::fold(&t))
        .collect();
    let has_org = card.entries.iter().any(|e| e.name == VCardProperty::Org);
    let mut address = 0_u8;
    let has_address = card.entries.iter().any(|e| e.name == VCardProperty::Adr);
    let (whole, labels) = (name_words.concat(), apple_labels(card));
    // The preferred address or number is the first of its list.
    let mut entries: Vec<&VCardEntry> = card.entries.iter().collect();
    entries.sort_by_cached_key(|e| !is_preferred(e));
    for entry in entries {
        let name = entry.name.as_str().to_owned();
        let label = label_of(entry, &labels);
        let values = texts(entry);
        let first = || values.first().cloned().unwrap_or_default();
        let joined = || values.iter().filter(|v| !v.is_empty()).cloned().collect::<Vec<_>>().join(", ");
        let field = |key: &str| Some(Target::Field(key.into()));
        let mut put = |target: Option<Target>, value: String| {
            if !value.trim().is_empty() {
                out.push((name.clone(), target, value));
            }
        };
        match &entry.name {
            VCardProperty::Begin
            | VCardProperty::End
            | VCardProperty::Version
            | VCardProperty::Prodid
            | VCardProperty::Rev
            | VCardProperty::Kind => {}
            VCardProperty::Other(n) if is_technical(n) => {}
            _ if is_binary(entry) => {}
            VCardProperty::N => {
                let keys = ["last_name", "first_name", "middle_name", "prefix", "suffix"];
                for (key, value) in keys.into_iter().zip(&values) {
                    put(field(key), value.clone());
                }
            }
            VCardProperty::Fn if organisation && has_org => {}
            // What the whole name says beyond its parts is kept beside them.
            VCardProperty::Fn if has_n => {
                // `王伟` is the parts `王` and `伟` without a space between.
                let known = |word: &str| whole.contains(word);
                let name = satchel_domain::text::fold(&first());
                if name.len() > MAX_TEXT || !name.split(' ').all(known) {
                    put(
                        Some(Target::Custom { label: "Formatted name".into(), ty: FieldType::Text }),
                        first(),
                    );
                }
            }
            // The address once more as text, unless it is the only one.
            VCardProperty::Other(n) if n.eq_ignore_ascii_case("LABEL") => {
                if !has_address {
                    address = address.saturating_add(1);
                    put(Some(Target::AddressSlot { slot: address, part: AddressPart::Whole }), joined());
                }
            }
            VCardProperty::Fn => put(Some(Target::FullName), first()),
            VCardProperty::Org => {
                put(Some(Target::CompanyName), first());
                let units = values.iter().skip(1).filter(|u| !u.is_empty()).cloned().collect::<Vec<_>>();
                put(field("department"), units.join(", "));
            }
            VCardProperty::Email => put(Some(Target::Contact { field: "emails".into(), label }), first()),
            VCardProperty::Tel => put(Some(Target::Contact { field: "phones".into(), label }), first()),
            VCardProperty::Adr => {
                address = address.saturating_add(1);
                let slot = address;
                let at = |part| Some(Target::AddressSlot { slot, part });
                put(at(AddressPart::Label), label);
                let parts = [
                    AddressPart::PoBox,
                    AddressPart::Street2,
                    AddressPart::Street,
                    AddressPart::City,
                    AddressPart::Region,
                    AddressPart::PostalCode,
                    AddressPart::Country,
                ];
                for (part, value) in parts.into_iter().zip(&values) {
                    put(at(part), value.clone());
                }
            }
            VCardProperty::Nickname => put(field("nickname"), joined()),
            VCardProperty::Title => put(field("title"), first()),
            VCardProperty::Url => put(field("website"), first().replace("http\\://", "http://")),
            VCardProperty::Note => put(field("notes"), joined()),
            VCardProperty::Bday => put(field("birthday"), first()),
            VCardProperty::Categories => put(field("tags"), joined()),
            VCardProperty::Uid => put(Some(Target::ExternalId), first()),
            other => match own_field(other.as_str(), kind) {
                Some(key) => put(field(&key), joined()),
                None => put(
                    Some(Target::Custom { label: other_name(other, entry, label), ty: FieldType::Text }),
                    joined(),
                ),
            },
        }
    }
    single_values(out)
}

/// `X-SATCHEL-INDUSTRY`, as our export writes fields that vCard has no property for.
fn own_field(property: &str, kind: Kind) -> Option<String> {
    let key = property.to_ascii_uppercase().strip_prefix("X-SATCHEL-")?.to_lowercase().replace('-', "_");
    satchel_domain::Catalogue::default().field(kind, &key).map(|_| key)
}

/// `X-ABDATE` with a label is called by its label.
fn other_name(name: &VCardProperty, entry: &VCardEntry, label: String) -> String {
    let service = entry.params.iter().find_map(|p| match (&p.name, &p.value) {
        (VCardParameterName::Other(name), VCardParameterValue::Text(text))
            if name.eq_ignore_ascii_case("X-SERVICE-TYPE") =>
        {
            Some(text.to_lowercase())
        }
        _ => None,
    });
    let label = service.unwrap_or(label);
    let plain =
        name.as_str().trim_start_matches("X-").trim_start_matches("SATCHEL-").replace(['-', '_'], " ");
    let mut plain = plain.to_lowercase();
    if let Some(first) = plain.get(..1).map(str::to_uppercase) {
        plain.replace_range(..1, &first);
    }
    if label.is_empty() { plain } else { format!("{plain} ({label})") }
}

/// Cards may have several addresses on the web; the record has one, the others are kept beside it.
fn single_values(cells: Vec<(String, Option<Target>, String)>) -> Vec<(String, Option<Target>, String)> {
    let single = |t: &Target| {
        matches!(t, Target::Field(_) | Target::Custom { .. } | Target::CompanyName | Target::ExternalId)
    };
    let custom = |label: String| Target::Custom { label, ty: FieldType::Text };
    let (mut seen, mut numbers) = (HashSet::new(), HashMap::new());
    cells
        .into_iter()
        .map(|(name, target, value)| match target {
            Some(target) if single(&target) && !seen.insert(target.clone()) => {
                let base = match target {
                    Target::Custom { label, .. } => label,
                    _ => name,
                };
                let number = numbers.entry(base.clone()).or_insert(1_usize);
                let label = loop {
                    *number += 1;
                    let label = format!("{base} {number}");
                    if seen.insert(custom(label.clone())) {
                        break label;
                    }
                };
                (label.clone(), Some(custom(label)), value)
            }
            target => (name, target, value),
        })
        .collect()
}

fn texts(entry: &VCardEntry) -> Vec<String> {
    let mut out = Vec::new();
    for value in &entry.values {
        match value {
            VCardValue::Text(s) => out.push(s.clone()),
            // A component with commas inside: `Smith;John;Q.,Public`.
            VCardValue::Component(list) => out.push(list.join(" ")),
            VCardValue::Integer(n) => out.push(n.to_string()),
            VCardValue::Float(n) => out.push(n.to_string()),
            VCardValue::Boolean(b) => out.push(b.to_string()),
            VCardValue::PartialDateTime(d) => out.push(match (d.year, d.month, d.day) {
                (Some(y), Some(m), Some(d)) => format!("{y:04}-{m:02}-{d:02}"),
                (None, Some(m), Some(d)) => format!("--{m:02}-{d:02}"),
                (None, None, None) => time_of(d),
                (y, m, _) => [y.map(|y| y.to_string()), m.map(|m| m.to_string())]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join("-"),
            }),
            other => out.extend(other.as_text().map(str::to_owned)),
        }
    }
    out
}

fn is_preferred(entry: &VCardEntry) -> bool {
    entry.params.iter().any(|p| match (&p.name, &p.value) {
        (VCardParameterName::Pref, VCardParameterValue::Integer(n)) => *n == 1,
        (VCardParameterName::Pref, VCardParameterValue::Text(t)) => t == "1",
        (VCardParameterName::Type, VCardParameterValue::Type(ty)) => format!("{ty:?}") == "Pref",
        (VCardParameterName::Type, VCardParameterValue::Text(t)) => t.eq_ignore_ascii_case("pref"),
        _ => false,
    })
}

/// A time of day, or a time zone such as `-05:00`.
fn time_of(d: &calcard::common::PartialDateTime) -> String {
    let mut out = String::new();
    if let (Some(hour), Some(minute)) = (d.hour, d.minute) {
        out = format!("{hour:02}:{minute:02}");
    }
    if let Some(hour) = d.tz_hour {
        let sign = if d.tz_minus { '-' } else { '+' };
        out.push_str(&format!("{sign}{hour:02}:{:02}", d.tz_minute.unwrap_or(0)));
    }
    out
}

/// `TYPE=work`, `TEL;WORK;VOICE`, or Apple's `item1.X-ABLabel`.
fn label_of(entry: &VCardEntry, labels: &HashMap<&str, String>) -> String {
    if let Some(label) = entry.group.as_deref().and_then(|group| labels.get(group)) {
        return label.clone();
    }
    let types: Vec<String> = entry
        .params
        .iter()
        .filter(|p| matches!(p.name, VCardParameterName::Type | VCardParameterName::Other(_)))
        .filter_map(|p| match &p.value {
            VCardParameterValue::Type(ty) => Some(format!("{ty:?}").to_lowercase()),
            VCardParameterValue::Text(text) if p.name == VCardParameterName::Type => {
                Some(text.to_lowercase())
            }
            _ => match &p.name {
                VCardParameterName::Other(name) => Some(name.to_lowercase()),
                _ => None,
            },
        })
        .flat_map(|t| t.split(',').map(|p| p.trim_matches(['"', ' ']).to_owned()).collect::<Vec<_>>())
        .collect();
    let has = |name: &str| types.iter().any(|t| t == name);
    let place = ["work", "home"].into_iter().find(|t| has(t));
    match (place, has("fax"), has("cell") || has("mobile") || has("iphone"), has("pager"), has("main")) {
        (place, true, ..) => place.map_or("fax".into(), |p| format!("{p}_fax")),
        (_, _, true, ..) => "mobile".into(),
        (_, _, _, true, _) => "pager".into(),
        (None, _, _, _, true) => "main".into(),
        (place, ..) => place
            .map(str::to_owned)
            .or_else(|| types.iter().find(|t| is_label(t)).cloned())
            .unwrap_or_default(),
    }
}

fn is_label(text: &str) -> bool {
    !matches!(
        text,
        "internet"
            | "voice"
            | "pref"
            | "x-internet"
            | "dom"
            | "intl"
            | "postal"
            | "parcel"
            | "msg"
            | "text"
            | "video"
            | "textphone"
            | "charset"
            | "encoding"
            | "quoted-printable"
            | "utf-8"
            | ""
    ) && text.len() < 40
}

/// Apple keeps own labels in a property of the same group, in `_$!<…>!$_` if they are standard.
fn apple_labels(card: &VCard) -> HashMap<&str, String> {
    let mut labels = HashMap::new();
    for entry in &card.entries {
        let (Some(group), VCardProperty::Other(name)) = (&entry.group, &entry.name) else { continue };
        if name.eq_ignore_ascii_case("X-ABLabel") {
            let text = texts(entry).into_iter().next().unwrap_or_default();
            let plain = text.strip_prefix("_$!<").and_then(|t| t.strip_suffix(">!$_"));
            labels.entry(group.as_str()).or_insert(plain.unwrap_or(&text).to_lowercase());
        }
    }
    labels.retain(|_, label| !label.is_empty());
    labels
}

/// Cuts a file into cards.
struct Cards {
    lines: Lines<Box<dyn BufRead + Send>>,
    encoding: Detected,
    finished: bool,
    /// `BEGIN:VCARD` of the next card, met before the last one's end.
    pending: bool,
}

impl Cards {
    fn open(input: &Input, encoding: Detected) -> Result<Self, InterchangeError> {
        let head = input.head()?;
        let carriage_returns = !head.contains(&b'\n') && head.contains(&b'\r');
        let lines = Lines::new(encoding::reader(input, encoding)?, carriage_returns);
        Ok(Self { lines, encoding, finished: false, pending: false })
    }

    fn next_card(&mut self) -> std::io::Result<Option<Result<String, Rejected>>> {
        if self.finished {
            return Ok(None);
        }
        let mut card: Vec<u8> = Vec::new();
        let (mut depth, mut deepest, mut too_long) = (0_usize, 0, false);
        let (mut lines, mut agent) = (0_usize, false);
        if std::mem::take(&mut self.pending) {
            card.extend_from_slice(b"BEGIN:VCARD\r\n");
            (depth, deepest) = (1, 1);
        }
        while let Some(line) = self.lines.next()? {
            let line = match line {
                Line::Whole(line) => line,
                // A picture in one line: it would not be imported anyway, and is named as left out.
                Line::TooLong(line) if is_picture(&line) => b"PHOTO;ENCODING=b:AA==".to_vec(),
                Line::TooLong(line) => {
                    too_long = true;
                    line
                }
            };
            let (begins, ends) = (is_line(&line, b"BEGIN:VCARD"), is_line(&line, b"END:VCARD"));
            if begins && depth == 1 && !agent {
                // A card was cut off: the next one begins.
                self.pending = true;
                return Ok(Some(Err(self.reject(&card, "the card is cut off: its END:VCARD is missing"))));
            }
            if begins {
                depth += 1;
                deepest = deepest.max(depth);
            }
            if depth == 0 {
                continue;
            }
            if depth == 1 {
                agent |= is_agent(&line);
                let goes_on = line.first().is_none_or(|b| matches!(b, b' ' | b'\t'));
                lines += usize::from(!goes_on && line.contains(&b':'));
            }
            // Cards inside of cards (vCard 2.1's AGENT) are somebody else; they are left out.
            if depth == 1 && card.len() + line.len() <= CARD_BYTES {
                card.extend_from_slice(&line);
                card.extend_from_slice(b"\r\n");
            } else if depth == 1 {
                too_long = true;
            }
            if ends {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some(match lines <= CARD_LINES {
                        true => self.finish(&card, deepest, too_long),
                        false => Err(self.reject(&card, &too_many(CARD_LINES, "lines"))),
                    }));
                }
            }
        }
        self.finished = true;
        Ok((depth > 0).then(|| Err(self.reject(&card, "the card is cut off: its END:VCARD is missing"))))
    }

    fn finish(&self, card: &[u8], deepest: usize, too_long: bool) -> Result<String, Rejected> {
        if deepest > CARD_DEPTH {
            return Err(
                self.reject(card, &format!("cards are nested more than {CARD_DEPTH} deep; take them apart"))
            );
        }
        if too_long {
            return Err(self.reject(
                card,
                &format!(
                    "the card is larger than {} MB, or one of its lines than 1 MB; take out its pictures",
                    CARD_BYTES >> 20
                ),
            ));
        }
        Ok(dates_as_text(&name_charsets(&self.decode(card))))
    }

    /// Old phones name the encoding of raw bytes in the card.
    fn decode(&self, card: &[u8]) -> String {
        if let Ok(text) = std::str::from_utf8(card) {
            return text.to_owned();
        }
        let named = charset(card).and_then(|name| encoding_rs::Encoding::for_label(name.as_bytes()));
        match named.filter(|e| *e != encoding_rs::UTF_8) {
            // Decoded here: the parser must not decode once more.
            Some(encoding) => encoding.decode_without_bom_handling(card).0.replace("CHARSET=", "X-READ-AS="),
            None => self.encoding.decode_record(card).0,
        }
    }

    fn reject(&self, card: &[u8], message: &str) -> Rejected {
        let start = card.get(..card.len().min(500)).unwrap_or_default();
        let text = self.encoding.decode_record(start).0;
        Rejected { message: message.to_owned(), text, ..Rejected::default() }
    }
}

fn is_picture(line: &[u8]) -> bool {
    let name: Vec<u8> = line.iter().take_while(|b| !matches!(b, b':' | b';')).copied().collect();
    let name = String::from_utf8_lossy(&name).to_uppercase();
    let name = name.rsplit('.').next().unwrap_or_default();
    ["PHOTO", "LOGO", "SOUND", "KEY"].contains(&name)
}

/// Quoted-printable text whose encoding the card does not name: nearly always UTF-8. The parser takes
/// it for Latin-1 unless it is told.
fn name_charsets(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut lines = text.split("\r\n");
    let mut first = true;
    while let Some(line) = lines.next() {
        if !std::mem::take(&mut first) {
            out.push_str("\r\n");
        }
        let upper = line.split(':').next().unwrap_or_default().to_uppercase();
        let colon =
            line.find(':').filter(|_| !line.starts_with([' ', '\t']) && upper.contains("QUOTED-PRINTABLE"));
        let Some(colon) = colon else {
            out.push_str(line);
            continue;
        };
        // Lines that a soft break has cut off go on with the value, and are no properties.
        let mut parts = vec![line.get(colon + 1..).unwrap_or_default()];
        while parts.last().is_some_and(|part| part.ends_with('=')) {
            let Some(next) = lines.next() else { break };
            parts.push(next);
        }
        let named = upper.contains("CHARSET=") || upper.contains("X-READ-AS=");
        let value: String = parts.iter().map(|part| part.strip_suffix('=').unwrap_or(part)).collect();
        let bytes = quoted_bytes(&value);
        out.push_str(line.get(..colon).unwrap_or_default());
        if !named && !bytes.is_ascii() && std::str::from_utf8(&bytes).is_ok() {
            out.push_str(";CHARSET=UTF-8");
        }
        out.push(':');
        out.push_str(&parts.join("\r\n"));
    }
    out
}

/// Dates are kept as they stand: vCard 4.0 has no dashes in them, most programs write them all the
/// same, and the parser takes such a date for another one. Our own reader knows all forms.
fn dates_as_text(text: &str) -> String {
    let line = |line: &str| -> String {
        let Some((name, value)) = line.split_once(':') else { return line.to_owned() };
        let property = name.split(';').next().unwrap_or_default().to_uppercase();
        let property = property.rsplit('.').next().unwrap_or_default();
        if !["BDAY", "ANNIVERSARY"].contains(&property) || name.to_uppercase().contains("VALUE=TEXT") {
            return line.to_owned();
        }
        let plain = value.trim();
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        // `19850412` and `--0412` are what the standard says; the time of day is no part of a birthday.
        let day = plain.split(['T', ' ']).next().unwrap_or_default();
        let day = match (day.strip_prefix("--"), day.len()) {
            (Some(rest), 6) if digits(rest) => format!("--{}-{}", &rest[..2], &rest[2..]),
            (None, 8) if digits(day) => format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]),
            _ => day.to_owned(),
        };
        let params: String = name
            .split(';')
            .skip(1)
            .filter(|p| !p.to_uppercase().starts_with("VALUE="))
            .map(|p| format!(";{p}"))
            .collect();
        let head = name.split(';').next().unwrap_or_default();
        format!("{head};VALUE=text{params}:{}", if day.is_empty() { plain } else { &day })
    };
    text.split("\r\n").map(line).collect::<Vec<_>>().join("\r\n")
}

fn quoted_bytes(value: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        match hex.filter(|_| *first == b'=').and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}

fn is_line(line: &[u8], wanted: &[u8]) -> bool {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    line.trim_ascii().eq_ignore_ascii_case(wanted)
}

/// Whether a line begins a property that is a card itself.
fn is_agent(line: &[u8]) -> bool {
    let name = line.get(..6).unwrap_or_default().to_ascii_uppercase();
    name == b"AGENT:" || name == b"AGENT;"
}

fn charset(card: &[u8]) -> Option<String> {
    let text: String = card.iter().map(|b| char::from(*b)).collect::<String>().to_uppercase();
    let rest = text.split("CHARSET=").nth(1)?;
    Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mapping, guess};
    use satchel_domain::{Catalogue, value::Habits};
    use serde_json::json;

    fn read(bytes: &[u8]) -> Vec<Result<serde_json::Value, String>> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.vcf");
        std::fs::write(&path, bytes).expect("written");
        let source = Source::open(&path).expect("opened");
        let mut catalogue = Catalogue::default();
        for label in ["Anniversary", "Gender"] {
            let key = satchel_domain::catalogue::custom_key(label);
            catalogue.extend(
                satchel_domain::Kind::Person,
                satchel_domain::Field::custom(&key, FieldType::Text, label, vec![]),
            );
        }
        let mapping: Mapping = guess(&source, None, &catalogue);
        let rows = source.rows().expect("rows").map(|r| match r {
            Ok(draft) => {
                let read = crate::assemble::assemble(
                    &draft,
                    &source.columns,
                    &mapping,
                    &catalogue,
                    &Habits::default(),
                );
                let mut fields: serde_json::Map<_, _> =
                    read.fields.iter().map(|(k, v)| (k.clone(), json!(v.to_text()))).collect();
                if let Some(company) = read.company {
                    fields.insert("company".into(), json!(company.name));
                }
                Ok(json!(fields))
            }
            Err(rejected) => Err(rejected.message),
        });
        rows.collect()
    }

    #[test]
    fn the_three_versions_are_read() {
        let v4 = b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ana Ruiz\r\nN:Ruiz;Ana;Maria;Dr.;\r\nBDAY:--0412\r\nORG:Norte SL;Sales\r\nEMAIL;TYPE=work:ana@norte.example\r\nTEL;VALUE=uri;TYPE=\"cell\":tel:+34-600-000-000\r\nANNIVERSARY:20090808\r\nEND:VCARD\r\n";
        assert_eq!(
            read(v4),
            [Ok(
                json!({"first_name": "Ana", "last_name": "Ruiz", "middle_name": "Maria", "prefix": "Dr.", "birthday": "--04-12", "company": "Norte SL", "department": "Sales", "emails": "ana@norte.example", "phones": "+34-600-000-000", "x_anniversary": "2009-08-08"})
            )]
        );
        let v3 = b"BEGIN:VCARD\nVERSION:3.0\nN:Ruiz;Ana;;;\nitem1.TEL:+34600000000\nitem1.X-ABLabel:_$!<Assistant>!$_\nADR;TYPE=HOME:;;Main 1\\nFlat 2;Porto;;4000;Portugal\nNOTE:one\\, two\nEND:VCARD\n";
        assert_eq!(
            read(v3),
            [Ok(
                json!({"first_name": "Ana", "last_name": "Ruiz", "phones": "+34600000000", "addresses": "Main 1, Flat 2, Porto 4000, Portugal", "notes": "one, two"})
            )]
        );
        let v21 = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E7=8E=8B;=E4=BC=9F;;;\r\nTEL;CELL:13800138000\r\nNOTE;ENCODING=QUOTED-PRINTABLE:line one=0D=0A=\r\nline two\r\nEND:VCARD\r\n";
        assert_eq!(
            read(v21.as_bytes()),
            [Ok(
                json!({"first_name": "伟", "last_name": "王", "phones": "13800138000", "notes": "line one\nline two"})
            )]
        );
    }

    #[test]
    fn raw_bytes_are_read_in_the_encoding_that_the_card_names() {
        let mut card = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=SHIFT_JIS:".to_vec();
        card.extend(encoding_rs::SHIFT_JIS.encode("山田;太郎;;;").0.iter());
        card.extend(b"\r\nEND:VCARD\r\n");
        assert_eq!(read(&card), [Ok(json!({"first_name": "太郎", "last_name": "山田"}))]);
    }

    #[test]
    fn what_a_card_says_in_its_own_way_is_kept() {
        let card = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;ENCODING=QUOTED-PRINTABLE:Ch=C3=A9rif;Zo=C3=\r\n=AB;;;\r\nTEL;VALUE=uri:tel:+1-418-656-9254;ext=102\r\nORG:Norte SL;Sales;North\r\nLABEL:Main 1\\nPorto\r\nPHOTO;ENCODING=b:AAAA\r\nEND:VCARD\r\n";
        assert_eq!(
            read(card.as_bytes()),
            [Ok(
                json!({"first_name": "Zoë", "last_name": "Chérif", "phones": "+1-418-656-9254;ext=102", "company": "Norte SL", "department": "Sales, North", "addresses": "Main 1, Porto"})
            )]
        );
        let big = format!(
            "BEGIN:VCARD\nVERSION:3.0\nN:Li;Bo;;;\nPHOTO;ENCODING=b:{}\nX-ABShowAs:COMPANY\nORG:Acme\nEND:VCARD\n",
            "A".repeat(2 << 20)
        );
        assert_eq!(read(big.as_bytes()), [Ok(json!({"name": "Acme", "notes": "N: Li\nN: Bo"}))]);
    }

    #[test]
    fn birthdays_of_every_notation_are_read() {
        for (version, text, wanted) in [
            ("4.0", "1985-04-12", "1985-04-12"),
            ("4.0", "19850412", "1985-04-12"),
            ("3.0", "1985-04-12", "1985-04-12"),
            ("3.0", "1985-04-12T00:00:00Z", "1985-04-12"),
            ("4.0", "--0412", "--04-12"),
            ("3.0", "--04-12", "--04-12"),
            ("4.0", "--04-12", "--04-12"),
            ("2.1", "19850412", "1985-04-12"),
        ] {
            let card =
                format!("BEGIN:VCARD\r\nVERSION:{version}\r\nN:Li;Bo;;;\r\nBDAY:{text}\r\nEND:VCARD\r\n");
            let read = read(card.as_bytes()).remove(0).expect("a card");
            assert_eq!(read["birthday"], json!(wanted), "{version} {text}: {read}");
        }
        let card = b"BEGIN:VCARD\nVERSION:4.0\nN:Li;Bo;;;\nBDAY:---12\nEMAIL;TYPE=home:h@x.example\nEMAIL;PREF=1;TYPE=work:w@x.example\nEND:VCARD\n";
        let read = read(card).remove(0).expect("a card");
        assert!(read["notes"].as_str().is_some_and(|n| n.contains("---12")), "{read}");
        assert_eq!(read["emails"], json!("w@x.example, h@x.example"));
    }

    #[test]
    fn broken_cards_cost_themselves_only() {
        let good = "BEGIN:VCARD\nVERSION:3.0\nN:Li;Bo;;;\nEND:VCARD\n";
        let cut = "BEGIN:VCARD\nVERSION:3.0\nN:Ruiz;Ana";
        let rows = read(format!("{cut}\n{good}{cut}").as_bytes());
        assert_eq!(rows.len(), 3);
        assert!(rows[0].as_ref().is_err_and(|e| e.contains("cut off")) && rows[2].is_err());
        assert_eq!(rows[1], Ok(json!({"first_name": "Bo", "last_name": "Li"})));
        let deep = format!("{}{}{good}", "BEGIN:VCARD\nAGENT:\n".repeat(1000), "END:VCARD\n".repeat(1000));
        let rows = read(deep.as_bytes());
        assert!(rows[0].as_ref().is_err_and(|e| e.contains("nested")), "{rows:?}");
        assert_eq!(rows.last(), Some(&Ok(json!({"first_name": "Bo", "last_name": "Li"}))));
    }

    #[test]
    fn a_card_costs_what_it_is_long() {
        let card = |lines: &str| format!("BEGIN:VCARD\r\nVERSION:2.1\r\nN:Li;Bo;;;\r\n{lines}END:VCARD\r\n");
        let quoted = "NOTE;QUOTED-PRINTABLE:=C3=\r\n".repeat(20_000);
        let agents = format!("AGENT:\r\nX:{}\r\n", "y".repeat(1 << 19)).to_owned()
            + &"BEGIN:VCARD\r\nEND:VCARD\r\n".repeat(20_000);
        let addresses = "URL:https://x.example\r\n".repeat(990);
        for lines in [quoted, agents, addresses] {
            let started = std::time::Instant::now();
            let name = lines.chars().take(20).collect::<String>();
            let rows = read(card(&lines).as_bytes());
            assert_eq!(rows.len(), 1, "{name}");
            assert!(started.elapsed().as_secs() < 20, "{name}: {:?}", started.elapsed());
        }
        for (lines, limit) in
            [("X-A:1\r\n".repeat(CARD_PROPERTIES), "2000"), ("X:1\r\n".repeat(CARD_LINES), "50000")]
        {
            let rows = read(card(&lines).as_bytes());
            assert!(matches!(rows.as_slice(), [Err(why)] if why.contains(limit)), "{limit}");
        }
    }

    #[test]
    fn a_second_address_on_the_web_is_numbered() {
        let card = b"BEGIN:VCARD\nVERSION:3.0\nN:Li;Bo;;;\nURL:a\nURL 2:x\nURL:b\nURL:c\nEND:VCARD\n";
        let rows = read(card);
        let notes = rows[0].as_ref().expect("a card")["notes"].as_str().unwrap_or_default().to_owned();
        assert!(notes.contains('b') && notes.contains('c'), "{rows:?}");
    }
}
