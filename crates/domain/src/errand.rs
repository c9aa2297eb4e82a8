//! A line that is something to do: `call Ana fri 10 about price`, `周五10点给张伟打电话谈价格`.

use crate::{
    date::DayOrder,
    phone,
    repeat::{self, Repeat},
    text::fold,
    when::{self, Stands, When},
};
use jiff::civil::Date;

/// What a line asks one to do, and who may be meant: the likeliest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    pub subject: String,
    pub when: Option<When>,
    /// How often it comes again.
    pub repeat: Option<Repeat>,
    pub names: Vec<String>,
}

/// A longer line is no errand.
const LONGEST: usize = 200;
/// So many names are looked up.
const NAMES: usize = 8;
/// What an errand begins with.
const VERBS: &[&str] = &[
    "call", "ring", "phone", "visit", "meet", "see", "mail", "email", "e-mail", "write", "text", "message",
    "send", "ask", "remind", "tell", "order", "book", "bring", "check", "prepare", "follow", "invoice",
    "quote", "thank", "deliver", "offer", "pay", "plan", "show", "return", "confirm",
];
const VERBS_HAN: &[&str] = &[
    "打电话",
    "回电",
    "电话联系",
    "拜访",
    "见面",
    "联系",
    "发邮件",
    "提醒",
    "报价",
    "准备",
    "安排",
    "确认",
    "回访",
    "通知",
    "续签",
];
/// These stand in names too: they ask for something where a line begins, behind whom it is for, and with a day.
const SHORT_VERBS_HAN: &[char] = &['约', '寄', '发', '问', '催', '送'];
const FOR_HAN: &[char] = &['给', '和', '跟', '找'];
/// A number with so many digits is one to call: the line tells of somebody.
const TELEPHONE: usize = 8;
/// Behind these stands who is meant.
const BEFORE_NAMES_HAN: &[&str] =
    &["打电话给", "给", "和", "跟", "找", "约", "见", "拜访", "联系", "问", "催", "提醒", "通知", "回访"];
/// A name ends before these.
const STOPS: &[&str] = &[
    "about",
    "re",
    "at",
    "on",
    "with",
    "for",
    "to",
    "the",
    "a",
    "an",
    "by",
    "in",
    "her",
    "his",
    "their",
    "our",
    "and",
    "from",
    "before",
    "after",
    "of",
    "that",
    "if",
    "up",
    "regarding",
    "because",
];

pub fn parse(line: &str, today: Date, order: DayOrder) -> Option<Errand> {
    let line = line.trim();
    if line.is_empty()
        || line.chars().count() > LONGEST
        || line.contains(['@', ',', ';', '，', '；', '|', '\n'])
    {
        return None;
    }
    let (subject, when, repeat) = take_anywhere(line, today, order);
    let first = fold(subject.split_whitespace().next().unwrap_or_default());
    let asks = VERBS.contains(&first.trim_end_matches(':'));
    let asks_han = asks_han(&subject, when.is_some());
    // What comes again on a day is something to do, whatever it says; a name alone is not: «Daily Bread».
    let comes = when.is_some() && repeat::begins(line);
    // A day alone makes no errand of a name.
    if !asks && !comes && !(asks_han && (when.is_some() || subject.chars().count() > 4)) {
        return None;
    }
    let han = !asks && subject.chars().any(when::is_han);
    let names = if han { names_of_han(&subject) } else { names_of(&subject) };
    Some(Errand { names, subject, when, repeat })
}

fn asks_han(subject: &str, has_day: bool) -> bool {
    if has_telephone(subject) {
        return false;
    }
    let told = subject.find(FOR_HAN).and_then(|at| subject.get(at..)).unwrap_or_default();
    VERBS_HAN.iter().any(|verb| subject.contains(verb))
        || subject.starts_with(SHORT_VERBS_HAN)
        || told.contains(SHORT_VERBS_HAN)
        || (has_day && subject.contains(SHORT_VERBS_HAN))
}

fn has_telephone(text: &str) -> bool {
    let other = |c: char| !c.is_numeric() && !" +-－()./".contains(c);
    text.split(other).any(|run| phone::digits(run).len() >= TELEPHONE)
}

/// The date of a line and how often it comes again, wherever they stand in it.
fn take_anywhere(line: &str, today: Date, order: DayOrder) -> (String, Option<When>, Option<Repeat>) {
    let read = |part: &str| repeat::with_when(part, Stands::Before, today, order);
    let (rest, again) = match repeat::take(line, today, order) {
        (rest, Some(found)) => (rest, Some(found)),
        _ => take_from_the_middle(line, read),
    };
    if let Some((repeat, when)) = again {
        return (rest, Some(when), Some(repeat));
    }
    let (rest, when) = match when::take(line, today, order) {
        (rest, Some(found)) => (rest, Some(found)),
        _ => take_from_the_middle(line, |part| when::parse(part, today, order)),
    };
    (rest, when, None)
}

fn take_from_the_middle<T>(line: &str, read: impl Fn(&str) -> Option<T>) -> (String, Option<T>) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let middle = |from: usize, to: usize| words.get(from..to).map(|part| part.join(" "));
    for from in 1..words.len() {
        for to in (from + 1..=words.len().min(from + 8)).rev() {
            let Some(found) = middle(from, to).and_then(|part| read(&part)) else { continue };
            let around = [middle(0, from), middle(to, words.len())];
            let rest: Vec<String> = around.into_iter().flatten().filter(|part| !part.is_empty()).collect();
            return (rest.join(" "), Some(found));
        }
    }
    (line.to_owned(), None)
}

/// What stands behind the verb, and what is written as a name is.
fn names_of(subject: &str) -> Vec<String> {
    let words: Vec<&str> = subject.split_whitespace().skip(1).collect();
    let stops = |word: &&&str| !STOPS.contains(&fold(word).as_str());
    let mut names = Vec::new();
    let told: Vec<&str> = words.iter().skip_while(|w| !stops(w)).take_while(stops).take(4).copied().collect();
    for length in (1..=told.len()).rev() {
        names.extend(told.get(..length).map(|part| part.join(" ")));
    }
    for run in words.split(|word| !word.chars().next().is_some_and(char::is_uppercase)) {
        if !run.is_empty() {
            names.push(run.join(" "));
        }
    }
    kept(names)
}

fn names_of_han(subject: &str) -> Vec<String> {
    let mut names = Vec::new();
    for marker in BEFORE_NAMES_HAN {
        for (at, _) in subject.match_indices(marker) {
            let behind: Vec<char> =
                subject.get(at + marker.len()..).unwrap_or_default().chars().take(4).collect();
            for length in (2..=behind.len()).rev() {
                names.extend(behind.get(..length).map(|part| part.iter().collect::<String>()));
            }
        }
    }
    names.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
    kept(names)
}

fn kept(names: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    let plain = |name: String| name.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let new = names.into_iter().map(plain).filter(|name| name.chars().count() > 1 && seen.insert(fold(name)));
    new.take(NAMES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> String {
        let today = "2026-11-27".parse().expect("a day");
        let Some(errand) = parse(line, today, DayOrder::DayFirst) else { return "-".into() };
        let when = errand.when.map(|w| format!("{} {}", w.day(), w.time().unwrap_or_default()));
        let again = errand.repeat.map(|repeat| format!(" {repeat}")).unwrap_or_default();
        format!("{}|{}{again}|{}", errand.subject, when.unwrap_or_default().trim(), errand.names.join(","))
    }

    #[test]
    fn a_line_that_asks_for_something_is_an_errand() {
        for (line, expected) in [
            ("call Ana fri 10 about price", "call Ana about price|2026-12-04 10:00|Ana"),
            (
                "call Ana Ruiz about the offer tomorrow",
                "call Ana Ruiz about the offer|2026-11-28|Ana Ruiz,Ana",
            ),
            ("send the offer to Zoë in 2 weeks", "send the offer to Zoë|2026-12-11|offer,Zoë"),
            ("call Ana every tue 10", "call Ana|2026-12-01 10:00 FREQ=WEEKLY;BYDAY=TU|Ana"),
            (
                "call Ana every tue 10 about price",
                "call Ana about price|2026-12-01 10:00 FREQ=WEEKLY;BYDAY=TU|Ana",
            ),
            (
                "send the monthly report to Zoë fri",
                "send the monthly report to Zoë|2026-12-04|monthly report,monthly,Zoë",
            ),
            ("每周五给张伟打电话", "给张伟打电话|2026-12-04 FREQ=WEEKLY;BYDAY=FR|张伟打电,张伟打,张伟"),
            // How often a report comes is no rule of the task, and stays in its title.
            ("每月报告给老板 周五", "每月报告给老板|2026-12-04|老板"),
            ("monthly report to Zoë fri", "monthly report to Zoë|2026-12-04|report,Zoë"),
            ("每周五报告给老板", "报告给老板|2026-12-04 FREQ=WEEKLY;BYDAY=FR|老板"),
            ("every fri report to Zoë", "report to Zoë|2026-12-04 FREQ=WEEKLY;BYDAY=FR|Zoë"),
            ("每日优鲜", "-"),
            ("Daily Bread", "-"),
            ("visit Hotel Miramar", "visit Hotel Miramar||Hotel Miramar,Hotel"),
            ("周五10点给张伟打电话谈价格", "给张伟打电话谈价格|2026-12-04 10:00|张伟打电,张伟打,张伟"),
            ("明天拜访王芳", "拜访王芳|2026-11-28|王芳"),
            ("Ana Ruiz, Norte SL, ana@norte.example", "-"),
            ("Ana Ruiz", "-"),
            ("Norte SL", "-"),
            ("王伟 深圳科技 13800138000", "-"),
            ("王伟 深圳开发科技 13800138000", "-"),
            ("王伟 深圳开发科技 ０１０－6234 5678", "-"),
            ("约翰 问界汽车 138-0013-8000", "-"),
            ("联系人 王伟 +86 138 0013 8000", "-"),
            ("王伟 深圳开发科技", "-"),
            ("问王伟价格怎么样", "问王伟价格怎么样||王伟价格,王伟价,王伟"),
            ("给张伟发报价单", "给张伟发报价单||张伟发报,张伟发,张伟"),
            ("周五样品送到张伟公司", "样品送到张伟公司|2026-12-04|"),
            ("", "-"),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
        let _ = read(&"call ".repeat(60));
        let _ = read(&"给".repeat(200));
    }
}
