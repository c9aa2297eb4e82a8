//! What everybody in a team learns, as data: a tour of five minutes, and a checklist for each role.

use crate::playbook::Said;

/// Raised when the tour or a list says something new, so that people go through it again.
pub const VERSION: u32 = 1;
/// Days after which it is done anew.
pub const AGAIN_AFTER_DAYS: i64 = 365;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Kept in records: it never changes its meaning.
    pub id: &'static str,
    pub text: Said,
}

/// A page of the tour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    pub title: Said,
    pub text: Said,
}

const fn item(id: &'static str, en: &'static str, zh: &'static str) -> Item {
    Item { id, text: Said { en, zh } }
}

/// The tour itself is an item: who has gone through it has it.
pub const TOUR_ITEM: &str = "tour";

const TOUR_DONE: Item = item(TOUR_ITEM, "I have taken the five-minute tour", "我已看完五分钟安全导览");
const PASSPHRASE: Item = item("passphrase", "My passphrase is used nowhere else", "我的口令没有在别处使用");
const LOCK: Item = item(
    "lock",
    "I lock the screen when I get up (Ctrl L in Satchel)",
    "离开座位时我会锁屏（在 Satchel 中按 Ctrl L）",
);
const WHOM: Item = item("whom", "I know whom to call when my laptop is gone", "我知道电脑丢失时该打给谁");
const PHISHING: Item =
    item("phishing", "I give keys and codes to nobody, whoever asks", "无论谁来要，我都不会给出密钥和验证码");
const EXPORTS: Item = item(
    "exports",
    "I export only what I need, and delete the file afterwards",
    "我只导出需要的内容，用完即删",
);
const KIT: Item = item(
    "kit",
    "My recovery kit is on paper, and not with the laptop",
    "我的恢复套件打印在纸上，且不与电脑放在一起",
);
const BACKUP: Item =
    item("backup", "Backups go to a second disk or another building", "备份存放在另一块硬盘或另一处");
const PROOF: Item =
    item("proof", "A backup was restored as a proof this quarter", "本季度已验证过备份可以恢复");
const MEMBERS: Item = item("members", "I know every device on the page Team", "团队页面上的每台设备我都认识");
const ALERTS: Item = item("alerts", "I look at the alerts once a week", "我每周查看一次提醒");
const LEAVING: Item =
    item("leaving", "Who leaves the firm is removed the same day", "离职人员当天即被移出团队");
const SECOND: Item = item("second", "A second person can act when I cannot", "我不在时另有一人可以处理");

const OWNER: &[Item] = &[TOUR_DONE, PASSPHRASE, KIT, BACKUP, PROOF, MEMBERS, LEAVING, SECOND];
const ADMIN: &[Item] = &[TOUR_DONE, PASSPHRASE, KIT, MEMBERS, ALERTS, LEAVING, PROOF];
const MEMBER: &[Item] = &[TOUR_DONE, PASSPHRASE, LOCK, WHOM, PHISHING, EXPORTS];
const VIEWER: &[Item] = &[TOUR_DONE, PASSPHRASE, LOCK, WHOM, PHISHING];

/// The checklist of a role; who has another role than is known here is asked what a member is.
pub fn items(role: &str) -> &'static [Item] {
    match role {
        "owner" => OWNER,
        "admin" => ADMIN,
        "viewer" => VIEWER,
        _ => MEMBER,
    }
}

const fn page(title: (&'static str, &'static str), text: (&'static str, &'static str)) -> Page {
    Page { title: Said { en: title.0, zh: title.1 }, text: Said { en: text.0, zh: text.1 } }
}

pub const TOUR: [Page; 7] = [
    page(
        ("Your passphrase, and the paper kit", "口令与纸质套件"),
        (
            "The vault opens with your passphrase. The recovery kit on paper is the spare key: nobody else has one, not even those who made Satchel. Keep it where you keep a passport, and never in the laptop bag.",
            "保险库用口令打开。纸质恢复套件是备用钥匙：除您之外谁都没有，Satchel 的开发者也没有。像护照一样保管它，切勿放在电脑包里。",
        ),
    ),
    page(
        ("Lock the screen", "随手锁屏"),
        (
            "An open laptop shows everything to whoever sits down. Ctrl L locks Satchel at once, and it locks by itself when you are away.",
            "打开着的电脑会向任何坐下来的人展示一切。Ctrl L 立即锁定 Satchel；离开一会儿它也会自动锁定。",
        ),
    ),
    page(
        ("What leaves the vault", "什么会离开保险库"),
        (
            "Inside, everything is encrypted. An export, a printed list or a letter is not. Export only what you need, send it only to who needs it, and delete the file afterwards. Exports are on record.",
            "在保险库里一切都是加密的；导出的文件、打印的名单、发出的信件则不是。只导出需要的，只发给需要的人，用完即删。导出会留下记录。",
        ),
    ),
    page(
        ("Somebody asks for a key", "有人索要密钥"),
        (
            "Nobody who is honest needs your passphrase, the kit or a code from your screen: not a bank, not support, not the boss by e-mail. If it is urgent and secret, it is probably false. Call back on a number that you know.",
            "正当的人不会需要您的口令、套件或屏幕上的验证码：银行不会，客服不会，老板也不会用邮件来要。又急又要保密的，多半是假的。请用您已知的号码回拨核实。",
        ),
    ),
    page(
        ("Your laptop is gone", "电脑不见了"),
        (
            "Tell the owner of the team at once, at night too; nobody is blamed for telling. They remove the laptop from the team in a minute. What is on it stays encrypted, as long as the passphrase was not written on it.",
            "立即告知团队负责人，夜里也一样；没有人会因为上报而受责备。负责人一分钟内就能把它移出团队。只要口令没有写在上面，其中的数据仍是加密的。",
        ),
    ),
    page(
        ("Backups", "备份"),
        (
            "Satchel makes one every day. It helps only if one lies on another disk and somebody has restored it once. The page Safety says whether that is so.",
            "Satchel 每天自动备份。只有当一份放在另一块硬盘上、并且有人恢复验证过，它才真正有用。“安全”页面会告诉您是否如此。",
        ),
    ),
    page(
        ("Customers trust us with this", "客户信任我们"),
        (
            "Write only what you would let the customer read. Do not look up people out of curiosity. If somebody asks what we have about them, or wants to be forgotten, tell the owner the same day.",
            "只写您愿意让客户看到的内容。不要出于好奇查看他人资料。若有人询问我们有其哪些信息或要求删除，请当天告知负责人。",
        ),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_role_has_a_short_list_that_begins_with_the_tour() {
        for role in ["owner", "admin", "member", "viewer", "newer"] {
            let items = items(role);
            let ids: BTreeSet<&str> = items.iter().map(|item| item.id).collect();
            assert!((5..=8).contains(&items.len()) && ids.len() == items.len(), "{role}");
            assert_eq!(items.first().map(|item| item.id), Some(TOUR_ITEM), "{role}");
            for said in items.iter().map(|item| item.text).chain(TOUR.iter().flat_map(|p| [p.title, p.text]))
            {
                assert!(!said.en.is_empty() && said.zh.chars().any(|c| c > '\u{3000}'), "{said:?}");
            }
        }
    }
}
