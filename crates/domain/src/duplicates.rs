//! Which records may be one and the same, and how likely that is. Each piece of evidence says a part; a name that
//! speaks against it takes from what the others say.

use crate::{
    catalogue::Kind,
    name,
    text::{fold, is_cjk, syllables},
};
use serde::Serialize;
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Pairs that are less likely are not shown.
pub const LIKELY: f64 = 0.6;
/// Names that are as alike as this (Jaro-Winkler) differ by a slip: `Jon` and `John`, not `Maria` and `Mario`.
const TYPO: f64 = 0.93;
/// More records than these share an address, a number or a name only because it tells nothing.
const TELLING: usize = 20;
/// In a firm, or at a domain, each is compared with so many whose names come next.
const NEAR: usize = 6;
/// Records of one group: nobody compares more side by side.
const MOST_IN_GROUP: usize = 12;
/// Pairs that are kept: bounds the memory.
const MOST_PAIRS: usize = 300_000;

/// What speaks for two records being one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    SameEmail,
    SamePhone,
    SameName,
    SimilarName,
    SameWebsite,
    SameCompany,
    SameDomain,
    SameCity,
    SameBirthday,
}

impl Reason {
    pub fn key(self) -> &'static str {
        match self {
            Reason::SameEmail => "same_email",
            Reason::SamePhone => "same_phone",
            Reason::SameName => "same_name",
            Reason::SimilarName => "similar_name",
            Reason::SameWebsite => "same_website",
            Reason::SameCompany => "same_company",
            Reason::SameDomain => "same_domain",
            Reason::SameCity => "same_city",
            Reason::SameBirthday => "same_birthday",
        }
    }
}

/// How likely it is that two records are one, from 0 to 1, and what speaks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Likeness {
    pub score: f64,
    pub reasons: Vec<Reason>,
}

/// Records that may be one; the earliest first, by their places among the cards.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub score: f64,
    pub reasons: Vec<Reason>,
    pub members: Vec<usize>,
}

/// What of a record is compared: names as they are spelled, all else as hashes.
#[derive(Clone, Debug)]
pub struct Card {
    kind: Kind,
    /// First and last name, or the whole name: folded, Chinese in pinyin, letters and digits only.
    parts: [Box<str>; 2],
    /// The parts in the order that comes first: `Wei Wang`, `Wang Wei` and `王伟` are the same.
    name: Box<str>,
    /// The characters of a Chinese name: other characters of the same sound are another name.
    characters: u64,
    emails: Vec<u64>,
    phones: Vec<u64>,
    /// Of the website, or of addresses that are a firm's own.
    domains: Vec<u64>,
    cities: Vec<u64>,
    company: Option<u64>,
    birthday: Option<u64>,
}

impl Card {
    pub fn person(first: &str, last: &str) -> Self {
        // A whole name in one field.
        let whole = last.trim().is_empty().then(|| name::split(first));
        let (first, last) = whole.as_ref().map_or((first, last), |(first, last)| (first, last));
        let written = fold(&format!("{last}{first}"));
        let chinese = !written.is_empty() && written.chars().filter(|c| c.is_alphanumeric()).all(is_cjk);
        let parts = match chinese {
            true => spelled(first, last),
            false => [letters(first), letters(last)],
        };
        let characters = if chinese { hash(&written) } else { 0 };
        Self::called(Kind::Person, parts, characters)
    }

    /// A company, or a deal, by its name.
    pub fn named(kind: Kind, name: &str) -> Self {
        let name = if kind == Kind::Company { without_form(&fold(name)) } else { fold(name) };
        let characters = if name.chars().any(is_cjk) { hash(&name) } else { 0 };
        let sounds = syllables(&name).concat();
        let others: String = letters(&name).chars().filter(|c| !is_cjk(*c)).collect();
        let name = if sounds.is_empty() { letters(&name) } else { sounds + &others };
        Self::called(kind, [name, String::new()], characters)
    }

    fn called(kind: Kind, parts: [String; 2], characters: u64) -> Self {
        let [first, last] = &parts;
        let name = format!("{first}{last}").min(format!("{last}{first}"));
        Self {
            kind,
            parts: parts.map(String::into_boxed_str),
            name: name.into_boxed_str(),
            characters,
            emails: Vec::new(),
            phones: Vec::new(),
            domains: Vec::new(),
            cities: Vec::new(),
            company: None,
            birthday: None,
        }
    }

    /// Adds what a record is looked up by, as `projection` derives it.
    pub fn term(&mut self, field: &str, value: &str) {
        match field {
            "email" => {
                add(&mut self.emails, value);
                if let Some((_, domain)) = value.rsplit_once('@').filter(|(_, domain)| !is_free(domain)) {
                    add(&mut self.domains, domain);
                }
            }
            // Extensions and short numbers are shared by many.
            "phone" if value.len() >= 7 => add(&mut self.phones, value),
            "city" => add(&mut self.cities, value),
            _ => {}
        }
    }

    pub fn website(&mut self, address: &str) {
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default().to_lowercase();
        let host = host.strip_prefix("www.").unwrap_or(&host);
        if host.contains('.') {
            add(&mut self.domains, host);
        }
    }

    /// The id of the firm that it belongs to.
    pub fn company(&mut self, id: &str) {
        self.company = (!id.is_empty()).then(|| hash(id));
    }

    pub fn birthday(&mut self, day: &str) {
        self.birthday = (!day.is_empty()).then(|| hash(day));
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn add(list: &mut Vec<u64>, text: &str) {
    let hash = hash(text);
    if !list.contains(&hash) {
        list.push(hash);
    }
}

fn letters(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The parts of a Chinese name in pinyin; the family name is read as one.
fn spelled(first: &str, last: &str) -> [String; 2] {
    let all = syllables(&format!("{last}{first}"));
    let (family, given) = all.split_at(last.chars().filter(|c| is_cjk(*c)).count().min(all.len()));
    [given.concat(), family.concat()]
}

const FORMS_HAN: [&str; 6] = ["股份有限公司", "有限责任公司", "有限公司", "集团公司", "公司", "集团"];

/// A firm's name without what says of which form it is, unless it is called nothing else.
fn without_form(name: &str) -> String {
    let name = FORMS_HAN.iter().find_map(|form| name.strip_suffix(form)).unwrap_or(name);
    let form = |word: &&str| {
        let word: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
        crate::capture::FORMS.contains(&word.as_str()) || word == "company"
    };
    let words: Vec<&str> = name.split_whitespace().filter(|word| !form(word)).collect();
    if words.is_empty() { name.to_owned() } else { words.join(" ") }
}

/// Where anybody has an address.
const FREE: [&str; 26] = [
    "gmail",
    "googlemail",
    "outlook",
    "hotmail",
    "live",
    "msn",
    "yahoo",
    "ymail",
    "icloud",
    "me",
    "aol",
    "gmx",
    "web",
    "qq",
    "163",
    "126",
    "sina",
    "foxmail",
    "139",
    "189",
    "proton",
    "protonmail",
    "mail",
    "yandex",
    "naver",
    "t-online",
];

fn is_free(domain: &str) -> bool {
    domain.split('.').next().is_some_and(|name| FREE.contains(&name))
}

/// What two names say of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Same,
    Similar,
    /// One of them has none.
    Unknown,
    Differ,
}

fn names(a: &Card, b: &Card) -> Names {
    if a.name.is_empty() || b.name.is_empty() {
        return Names::Unknown;
    }
    if a.name == b.name {
        let other_characters = a.characters != 0 && b.characters != 0 && a.characters != b.characters;
        return if other_characters { Names::Similar } else { Names::Same };
    }
    let crossed = [&*b.parts[1], &*b.parts[0]];
    let straight = [&*b.parts[0], &*b.parts[1]];
    let own = [&*a.parts[0], &*a.parts[1]];
    let chinese = a.characters != 0 || b.characters != 0;
    // `Norte` and `Norte Foods` are one firm, if something else says so; two deals are not.
    let begun = a.kind == Kind::Company && [(a, b), (b, a)].iter().any(|(x, y)| begins(&x.name, &y.name));
    match begun || [straight, crossed].iter().any(|other| similar(own, *other, chinese)) {
        true => Names::Similar,
        false => Names::Differ,
    }
}

/// `A. Ruiz` and `Ana Ruiz`, `Ruiz` and `Ana Ruiz`, `Jon Smith` and `John Smith`. Short sounds differ by one letter and
/// are other names.
fn similar([a, b]: [&str; 2], [c, d]: [&str; 2], chinese: bool) -> bool {
    let digits = |x: &str| x.chars().filter(char::is_ascii_digit).collect::<String>();
    let typo = |x: &str, y: &str| {
        let long = x.len().min(y.len()) >= 3 && x.len().max(y.len()) >= 4;
        long && !chinese && digits(x) == digits(y) && strsim::jaro_winkler(x, y) >= TYPO
    };
    let close = |x: &str, y: &str| x == y || typo(x, y);
    let shortened = |x: &str, y: &str| x.is_empty() || y.is_empty() || begins(x, y) || begins(y, x);
    let said = |x: &str, y: &str| !x.is_empty() && x == y;
    match (b.is_empty(), d.is_empty()) {
        // Firms and deals are called by one name; of people one may be known by a part.
        (true, true) => close(a, c),
        _ => {
            (said(b, d) && shortened(a, c) && !chinese)
                || (said(a, c) && (b.is_empty() || d.is_empty()))
                || (said(b, d) && (a.is_empty() || c.is_empty()))
                || (!a.is_empty() && !b.is_empty() && close(a, c) && close(b, d))
        }
    }
}

fn begins(short: &str, long: &str) -> bool {
    short.len() < long.len() && (short.chars().count() == 1 || short.len() >= 3) && long.starts_with(short)
}

fn share(a: &[u64], b: &[u64]) -> bool {
    a.iter().any(|x| b.contains(x))
}

/// How alike two records of a kind are; nothing where nothing speaks for it.
pub fn likeness(a: &Card, b: &Card) -> Option<Likeness> {
    let names = names(a, b);
    let named = matches!(names, Names::Same | Names::Similar);
    let firm = a.kind == Kind::Company;
    let company = a.company.is_some() && a.company == b.company;
    let domain = share(&a.domains, &b.domains);
    let birthday = a.birthday.is_some() && a.birthday == b.birthday;
    let evidence = [
        (share(&a.emails, &b.emails), Reason::SameEmail, 0.9),
        (share(&a.phones, &b.phones), Reason::SamePhone, 0.75),
        (names == Names::Same, Reason::SameName, if firm { 0.75 } else { LIKELY }),
        (names == Names::Similar, Reason::SimilarName, 0.5),
        (firm && domain, Reason::SameWebsite, 0.8),
        (named && company, Reason::SameCompany, 0.35),
        (named && !firm && domain && !company, Reason::SameDomain, 0.3),
        (named && share(&a.cities, &b.cities), Reason::SameCity, 0.15),
        (named && birthday, Reason::SameBirthday, 0.6),
    ];
    let spoken: Vec<(Reason, f64)> =
        evidence.into_iter().filter(|(is, ..)| *is).map(|(_, reason, part)| (reason, part)).collect();
    if spoken.is_empty() {
        return None;
    }
    let doubt: f64 = spoken.iter().map(|(_, part)| 1.0 - part).product();
    let score = ((1.0 - doubt) * against(a, b, names) * 100.0).round() / 100.0;
    Some(Likeness { score, reasons: spoken.into_iter().map(|(reason, _)| reason).collect() })
}

/// What speaks against it, as a factor: families and offices share numbers, and many are called the same.
fn against(a: &Card, b: &Card, names: Names) -> f64 {
    let apart = |x: &[u64], y: &[u64]| !x.is_empty() && !y.is_empty() && !share(x, y);
    let reached = share(&a.emails, &b.emails) || share(&a.phones, &b.phones);
    let differ = |x: Option<u64>, y: Option<u64>| x.is_some() && y.is_some() && x != y;
    let mut factor = 1.0;
    if names == Names::Differ {
        factor *= 0.5;
    }
    if differ(a.birthday, b.birthday) {
        factor *= 0.4;
    }
    if !reached {
        if differ(a.company, b.company) {
            factor *= 0.8;
        }
        if a.kind == Kind::Company && apart(&a.domains, &b.domains) {
            factor *= 0.7;
        }
        // A different way to reach each, for everything that is known of both.
        if apart(&a.emails, &b.emails) && apart(&a.phones, &b.phones) {
            factor *= 0.8;
        }
        if apart(&a.cities, &b.cities) {
            factor *= 0.9;
        }
    }
    factor
}

/// By what records come together to be compared.
type Pass = fn(&Card) -> &[u64];
const PASSES: [Pass; 3] = [|c| &c.emails, |c| &c.phones, |c| &c.domains];
/// The last ones go by name.
const STEPS: u64 = PASSES.len() as u64 + 2;

/// Groups of records that may be one, the likeliest first. Each record is compared with the few that share an address,
/// a number, a domain, a firm or a name with it, so the work grows with the records alone. `apart`: pairs of places of
/// which somebody has said that they are not the same; `step` is told how far it has come, and stops it by an error.
pub fn groups<E>(
    cards: &[Card],
    apart: &dyn Fn(usize, usize) -> bool,
    step: &mut dyn FnMut(u64, u64) -> Result<(), E>,
) -> Result<Vec<Group>, E> {
    let mut pairs = Pairs { cards, apart, found: HashMap::new() };
    let steps = STEPS * cards.len() as u64;
    let mut done = 0;
    let mut went = |n: usize| {
        done += n as u64;
        step(done.min(steps), steps)
    };
    for (at, pass) in PASSES.iter().enumerate() {
        let keys = cards.iter().enumerate().flat_map(|(n, card)| pass(card).iter().map(move |key| (*key, n)));
        // A firm has one domain and many people: among them those with names that come together are compared.
        pairs.blocks(keys.collect(), at == 2, &mut went)?;
    }
    let firms = cards.iter().enumerate().filter_map(|(n, card)| Some((card.company?, n)));
    pairs.blocks(firms.collect(), true, &mut went)?;
    let named = cards.iter().enumerate().filter(|(_, card)| !card.name.is_empty());
    pairs.blocks(named.map(|(n, card)| (hash(&card.name), n)).collect(), false, &mut went)?;
    Ok(pairs.united())
}

struct Pairs<'a> {
    cards: &'a [Card],
    apart: &'a dyn Fn(usize, usize) -> bool,
    found: HashMap<(u32, u32), Likeness>,
}

impl Pairs<'_> {
    /// Compares those that have a key in common; in large blocks, if that says anything there, with those near by name.
    fn blocks<E>(
        &mut self,
        mut keys: Vec<(u64, usize)>,
        near: bool,
        went: &mut dyn FnMut(usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let cards = self.cards;
        let name = |n: usize| cards.get(n).map_or("", |card| &*card.name);
        keys.sort_unstable_by(|(a, m), (b, n)| a.cmp(b).then_with(|| name(*m).cmp(name(*n))).then(m.cmp(n)));
        for block in keys.chunk_by(|(a, _), (b, _)| a == b) {
            went(block.len())?;
            let reach = match block.len() {
                small if small <= TELLING => small,
                _ if near => NEAR,
                _ => continue,
            };
            for (at, (_, a)) in block.iter().enumerate() {
                for (_, b) in block.iter().skip(at + 1).take(reach) {
                    self.compare(*a.min(b), *a.max(b));
                }
            }
        }
        Ok(())
    }

    fn compare(&mut self, a: usize, b: usize) {
        let (Ok(low), Ok(high)) = (u32::try_from(a), u32::try_from(b)) else { return };
        if self.found.len() >= MOST_PAIRS || self.found.contains_key(&(low, high)) {
            return;
        }
        let (Some(one), Some(other)) = (self.cards.get(a), self.cards.get(b)) else { return };
        let Some(likeness) = likeness(one, other).filter(|l| l.score >= LIKELY) else { return };
        if !(self.apart)(a, b) {
            self.found.insert((low, high), likeness);
        }
    }

    /// The likeliest pairs come together first; a group never grows beyond what can be compared, nor takes in two of
    /// which somebody has said that they are not the same.
    fn united(self) -> Vec<Group> {
        let mut pairs: Vec<((u32, u32), Likeness)> = self.found.into_iter().collect();
        pairs.sort_by(|(a, x), (b, y)| y.score.total_cmp(&x.score).then(a.cmp(b)));
        let mut groups: Vec<Option<Group>> = Vec::new();
        let mut of: HashMap<usize, usize> = HashMap::new();
        for ((a, b), likeness) in pairs {
            let pair = [a as usize, b as usize];
            let there = pair.map(|n| of.get(&n).copied());
            let taken = |at: Option<usize>, n: usize, groups: &mut [Option<Group>]| {
                let known = at.and_then(|at| groups.get_mut(at)?.take());
                known.unwrap_or_else(|| Group { score: 1.0, reasons: Vec::new(), members: vec![n] })
            };
            if there[0].is_some() && there[0] == there[1] {
                if let Some(Some(group)) = there[0].and_then(|at| groups.get_mut(at)) {
                    group.reasons.extend(likeness.reasons);
                }
                continue;
            }
            let (one, other) = (taken(there[0], pair[0], &mut groups), taken(there[1], pair[1], &mut groups));
            let kept_apart =
                one.members.iter().any(|m| other.members.iter().any(|n| (self.apart)(*m.min(n), *m.max(n))));
            if kept_apart || one.members.len() + other.members.len() > MOST_IN_GROUP {
                for (at, group) in there.into_iter().zip([one, other]) {
                    if let Some(slot) = at.and_then(|at| groups.get_mut(at)) {
                        *slot = Some(group);
                    }
                }
                continue;
            }
            let members: Vec<usize> = one.members.into_iter().chain(other.members).collect();
            of.extend(members.iter().map(|n| (*n, groups.len())));
            let score = one.score.min(other.score).min(likeness.score);
            let reasons = one.reasons.into_iter().chain(other.reasons).chain(likeness.reasons).collect();
            groups.push(Some(Group { score, reasons, members }));
        }
        let mut groups: Vec<Group> = groups.into_iter().flatten().collect();
        for group in &mut groups {
            group.members.sort_unstable();
            group.reasons.sort_unstable();
            group.reasons.dedup();
        }
        groups.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.members.cmp(&b.members)));
        groups
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn person(first: &str, last: &str, terms: &[(&str, &str)]) -> Card {
        let mut card = Card::person(first, last);
        terms.iter().for_each(|(field, value)| card.term(field, value));
        card
    }

    fn company(name: &str, website: &str) -> Card {
        let mut card = Card::named(Kind::Company, name);
        card.website(website);
        card
    }

    fn found(cards: &[Card]) -> Vec<(Vec<usize>, Vec<Reason>)> {
        let all = groups::<Infallible>(cards, &|_, _| false, &mut |_, _| Ok(())).unwrap();
        all.into_iter().map(|g| (g.members, g.reasons)).collect()
    }

    #[test]
    fn a_name_is_the_same_in_its_several_readings() {
        let wang = || Card::person("伟", "王");
        for other in [("Wei", "Wang"), ("Wang", "Wei"), ("王伟", ""), ("wei", "WANG"), ("Wei Wang", "")] {
            assert_eq!(names(&wang(), &Card::person(other.0, other.1)), Names::Same, "{other:?}");
        }
        assert_eq!(names(&wang(), &Card::person("薇", "王")), Names::Similar, "the same sound");
        assert_eq!(names(&wang(), &Card::person("飞", "王")), Names::Differ);
        assert_eq!(names(&Card::person("雄信", "单"), &Card::person("Xiongxin", "Shan")), Names::Same);
        assert_eq!(names(&Card::person("Zoë", "Chérif"), &Card::person("Zoe", "CHERIF")), Names::Same);
        for (a, b) in
            [("A.", "Ana"), ("", "Ana"), ("Jon", "John"), ("Ann", "Anne"), ("Katherine", "Katharine")]
        {
            assert_eq!(names(&Card::person(a, "Ruiz"), &Card::person(b, "Ruiz")), Names::Similar, "{a} {b}");
        }
        for (a, b) in [("Ana", "Bo"), ("Pedro", "Maria"), ("Mario", "Maria")] {
            assert_eq!(names(&Card::person(a, "Ruiz"), &Card::person(b, "Ruiz")), Names::Differ, "{a} {b}");
        }
        assert_eq!(names(&Card::person("", ""), &wang()), Names::Unknown);
    }

    #[test]
    fn firms_are_the_same_whatever_their_form() {
        let same = |a: &str, b: &str| names(&Card::named(Kind::Company, a), &Card::named(Kind::Company, b));
        assert_eq!(same("Norte Foods, S.L.", "NORTE FOODS"), Names::Same);
        assert_eq!(same("深圳科技有限公司", "深圳科技股份有限公司"), Names::Same);
        assert_eq!(same("深圳科技有限公司", "Shenzhen Keji Ltd"), Names::Same);
        assert_eq!(same("Norte Foods", "Norte Food"), Names::Similar);
        assert_eq!(same("Norte", "Sur"), Names::Differ);
        assert_eq!(same("Pumps, phase 1", "Pumps, phase 2"), Names::Differ, "another number");
        assert_eq!(same("AG", "AG"), Names::Same, "called nothing else");
    }

    #[test]
    fn evidence_adds_up_and_names_speak_against_it() {
        let score = |a: &Card, b: &Card| likeness(a, b).map_or(0.0, |l| l.score);
        let mail = [("email", "ana@norte.example")];
        let phone = [("phone", "+34600000000")];
        let ana = |terms: &[(&str, &str)]| person("Ana", "Ruiz", terms);
        assert!(score(&ana(&mail), &person("", "", &mail)) >= 0.9);
        assert!(score(&ana(&mail), &ana(&mail)) > score(&ana(&phone), &ana(&phone)));
        assert!(score(&ana(&phone), &person("Pedro", "Ruiz", &phone)) < LIKELY, "a family");
        assert!(score(&ana(&mail), &person("Bo", "Li", &mail)) < LIKELY, "info@");
        assert!(score(&ana(&[]), &ana(&[])) >= LIKELY, "nothing speaks against it");
        let reached = |n: &str| [("email", format!("a{n}@x.example")), ("phone", format!("+3460000000{n}"))];
        let [one, other] = ["1", "2"].map(|n| {
            let mut card = ana(&[]);
            reached(n).iter().for_each(|(field, value)| card.term(field, value));
            card
        });
        let (mut one, mut other) = (one, other);
        assert!(score(&one, &other) < 0.8, "two of a name at one domain");
        one.domains.clear();
        other.domains.clear();
        assert!(score(&one, &other) < LIKELY, "two of a name, and nothing in common");
        one.company("a");
        other.company("a");
        assert!(score(&one, &other) < 0.7 && score(&one, &other) > 0.55);
        other.birthday("1980-01-01");
        one.birthday("1990-01-01");
        assert!(score(&one, &other) < LIKELY);
        assert_eq!(likeness(&ana(&[]), &person("Bo", "Li", &[])), None);
        assert!(
            score(
                &company("Norte", "https://www.norte.example/en"),
                &company("Norte Foods", "norte.example")
            ) >= LIKELY
        );
        assert!(score(&company("Norte", "norte.example"), &company("Norte", "norte.other")) < LIKELY);
    }

    #[test]
    fn groups_grow_by_chains_and_say_why() {
        let cards = [
            person("Ana", "Ruiz", &[("email", "ana@norte.example")]),
            person("Bo", "Li", &[("email", "bo@x.example")]),
            person("A", "Ruiz", &[("email", "ana@norte.example"), ("phone", "+34600000000")]),
            person("Ana", "Ruiz", &[("phone", "+34600000000")]),
        ];
        let reasons = vec![
            Reason::SameEmail,
            Reason::SamePhone,
            Reason::SameName,
            Reason::SimilarName,
            Reason::SameDomain,
        ];
        assert_eq!(found(&cards), [(vec![0, 2, 3], reasons)]);
    }

    #[test]
    fn what_somebody_has_said_apart_stays_apart() {
        let card = || person("Ana", "Ruiz", &[("email", "ana@norte.example")]);
        let cards = [card(), card(), card()];
        let apart = |a: usize, b: usize| (a, b) == (0, 1);
        let all = groups::<Infallible>(&cards, &apart, &mut |_, _| Ok(())).unwrap();
        assert_eq!(all.iter().map(|g| g.members.clone()).collect::<Vec<_>>(), [vec![0, 2]], "not by a third");
    }

    #[test]
    fn what_very_many_share_says_nothing() {
        let info = |n: usize| person("", &format!("Name{n}"), &[("phone", "+34910000000")]);
        let nameless = || person("", "", &[("phone", "+34910000000")]);
        let mut cards: Vec<Card> = (0..200).map(info).collect();
        cards.extend([nameless(), nameless()]);
        assert_eq!(found(&cards), []);
    }

    #[test]
    fn a_large_firm_is_looked_through_by_name() {
        let mut cards: Vec<Card> =
            (0..5000).map(|n| person(&format!("F{}", n * 7919), &format!("L{}", n * 104_729), &[])).collect();
        cards.extend([person("Katherine", "Johnson", &[]), person("Katharine", "Johnson", &[])]);
        cards.iter_mut().for_each(|card| card.company("acme"));
        assert_eq!(found(&cards), [(vec![5000, 5001], vec![Reason::SimilarName, Reason::SameCompany])]);
    }

    #[test]
    fn it_can_be_stopped() {
        let cards = [person("Ana", "Ruiz", &[]), person("Ana", "Ruiz", &[])];
        assert_eq!(groups(&cards, &|_, _| false, &mut |_, _| Err("stop")), Err("stop"));
    }
}
