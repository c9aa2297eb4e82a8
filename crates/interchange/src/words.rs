//! Words of other programs for what is chosen here from a few.

use satchel_domain::text::fold;

/// How a deal has ended, or that it has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Open,
    Won,
    Lost,
}

impl Outcome {
    /// As stages have it.
    pub const fn key(self) -> &'static str {
        match self {
            Outcome::Open => "open",
            Outcome::Won => "won",
            Outcome::Lost => "lost",
        }
    }
}

fn is_of(word: &str, words: &[&str]) -> bool {
    words.contains(&fold(word.trim()).as_str())
}

/// What a status, or the name of a stage that everybody gives it, says of a deal.
pub fn outcome(word: &str) -> Option<Outcome> {
    const WON: [&str; 12] = [
        "won",
        "closed won",
        "closedwon",
        "deal won",
        "赢单",
        "已赢单",
        "贏單",
        "成交",
        "已成交",
        "gewonnen",
        "gagne",
        "ganado",
    ];
    const LOST: [&str; 13] = [
        "lost",
        "closed lost",
        "closedlost",
        "deal lost",
        "丢单",
        "已丢单",
        "丟單",
        "输单",
        "已输单",
        "失败",
        "verloren",
        "perdu",
        "perdido",
    ];
    const OPEN: [&str; 7] = ["open", "in progress", "active", "进行中", "跟进中", "offen", "ouvert"];
    let all = [(Outcome::Won, &WON[..]), (Outcome::Lost, &LOST[..]), (Outcome::Open, &OPEN[..])];
    all.into_iter().find(|(_, words)| is_of(word, words)).map(|(outcome, _)| outcome)
}

/// Whether a task is done.
pub fn done(word: &str) -> Option<bool> {
    const YES: [&str; 15] = [
        "done",
        "completed",
        "complete",
        "closed",
        "finished",
        "yes",
        "true",
        "1",
        "x",
        "已完成",
        "完成",
        "是",
        "erledigt",
        "abgeschlossen",
        "termine",
    ];
    const NO: [&str; 20] = [
        "open",
        "not started",
        "not_started",
        "in progress",
        "in_progress",
        "pending",
        "planned",
        "waiting",
        "to do",
        "todo",
        "not done",
        "not completed",
        "no",
        "false",
        "0",
        "未完成",
        "未开始",
        "进行中",
        "待办",
        "offen",
    ];
    if is_of(word, &YES) { Some(true) } else { is_of(word, &NO).then_some(false) }
}

/// Whether a product is on sale.
pub fn on_sale(word: &str) -> Option<bool> {
    const YES: [&str; 10] = ["active", "yes", "true", "1", "enabled", "是", "启用", "在售", "上架", "aktiv"];
    const NO: [&str; 11] =
        ["inactive", "no", "false", "0", "disabled", "discontinued", "否", "停用", "停售", "下架", "inaktiv"];
    if is_of(word, &YES) { Some(true) } else { is_of(word, &NO).then_some(false) }
}

/// The type of an activity, by what other programs call it.
pub fn activity(word: &str) -> Option<&'static str> {
    const PARTS: [(&str, &[&str]); 6] = [
        ("visit", &["visit", "拜访", "上门", "besuch"]),
        ("mail", &["mail", "邮件", "letter"]),
        ("call", &["call", "phone", "电话", "通话", "anruf", "telefon"]),
        (
            "meeting",
            &[
                "meeting",
                "lunch",
                "event",
                "appointment",
                "demo",
                "termin",
                "会议",
                "面谈",
                "会面",
                "reunion",
            ],
        ),
        ("message", &["message", "sms", "whatsapp", "wechat", "chat", "微信", "短信", "linkedin"]),
        ("note", &["note", "comment", "notiz", "备注", "记录", "笔记"]),
    ];
    let word = fold(word);
    PARTS.iter().find(|(_, parts)| parts.iter().any(|part| word.contains(part))).map(|(ty, _)| *ty)
}

/// Which way a call or a letter went.
pub fn direction(word: &str) -> Option<&'static str> {
    if is_of(word, &["in", "inbound", "incoming", "received", "呼入", "来电", "收到"]) {
        return Some("in");
    }
    is_of(word, &["out", "outbound", "outgoing", "sent", "呼出", "去电", "发出"]).then_some("out")
}
