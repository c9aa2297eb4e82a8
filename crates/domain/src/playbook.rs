//! What to do when something has happened: steps in their order, as data. They are read under stress by somebody without an
//! IT department, so each says what, and in a sentence or two why.

/// A text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    pub en: &'static str,
    pub zh: &'static str,
}

/// What the button of a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    RevokeDevice,
    RotateKey,
    BackUp,
    /// Restores the newest backup into a scratch folder.
    Drill,
    Verify,
    RestoreAsOf,
    WhoSaw,
    Notify,
    RenewKit,
    RemoveRemote,
    AddRemote,
    UndoBulk,
    /// Something is done elsewhere, and noted.
    Note,
}

impl Action {
    /// Changes nothing that a drill must leave alone.
    pub fn is_harmless(self) -> bool {
        use Action::{BackUp, Drill, Note, Notify, Verify, WhoSaw};
        matches!(self, BackUp | Drill | Note | Notify | Verify | WhoSaw)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Kept in records: it never changes its meaning.
    pub id: &'static str,
    pub action: Action,
    pub title: Said,
    pub why: Said,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Playbook {
    pub id: &'static str,
    pub title: Said,
    /// When it is the right one.
    pub when: Said,
    pub steps: &'static [Step],
}

impl Playbook {
    pub fn of(id: &str) -> Option<&'static Playbook> {
        PLAYBOOKS.iter().find(|playbook| playbook.id == id)
    }

    pub fn step(&self, id: &str) -> Option<&'static Step> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// The step that tells others, where the playbook has one.
    pub fn notifying(&self) -> Option<&'static Step> {
        self.steps.iter().find(|step| step.action == Action::Notify)
    }
}

/// Hours within which an authority is told (GDPR, art. 33).
pub const NOTIFY_WITHIN_HOURS: i64 = 72;

const fn step(
    id: &'static str,
    action: Action,
    (en, zh): (&'static str, &'static str),
    (why_en, why_zh): (&'static str, &'static str),
) -> Step {
    Step { id, action, title: Said { en, zh }, why: Said { en: why_en, zh: why_zh } }
}

const WRITE_DOWN: Step = step(
    "write_down",
    Action::Note,
    ("Write down what you know", "记下您知道的情况"),
    (
        "Who noticed what, when, and on which computer. Two lines are enough; you can add to them at any time.",
        "谁在何时、在哪台电脑上发现了什么。两行就够，之后随时可以补充。",
    ),
);
const WHO_SAW: Step = step(
    "who_saw",
    Action::WhoSaw,
    ("See what was done", "查看做过哪些操作"),
    (
        "Unlocks, wrong keys, exports and changes of the team around that time, from this computer's trail. Ask colleagues to look at theirs.",
        "本机审计记录中这段时间的解锁、错误密钥、导出和团队变动。请同事也查看各自的记录。",
    ),
);
const NOTIFY: Step = step(
    "notify",
    Action::Notify,
    ("Decide whether somebody must be told", "决定是否需要通知"),
    (
        "If others may have seen personal data, the authority is usually told within 72 hours of your knowing. The draft holds what is known; let somebody who knows the law read it.",
        "如果他人可能看到了个人信息，通常须在知悉后 72 小时内告知主管机关。草稿已填入已知情况；请懂法律的人过目。",
    ),
);
const LEARN: Step = step(
    "learn",
    Action::Note,
    ("Write down what will be different", "记下今后怎样改进"),
    (
        "One thing that would have made this easier. Then close the incident and save the report.",
        "写一件能让这次更轻松的事。然后结束事件并保存报告。",
    ),
);
const BACK_UP: Step = step(
    "back_up",
    Action::BackUp,
    ("Make a backup now", "立即备份"),
    (
        "Whatever comes next, you can come back to this state. It is read back at once.",
        "无论接下来发生什么，都能回到现在的状态。备份完成后会立即读回核对。",
    ),
);
const VERIFY: Step = step(
    "verify",
    Action::Verify,
    ("Check every record", "检查每条数据"),
    (
        "The whole vault is read and compared. It changes nothing and tells you what you can rely on.",
        "读取并比对整个保险库。不作任何改动，只告诉您哪些可以信赖。",
    ),
);
const PROVE: Step = step(
    "drill",
    Action::Drill,
    ("Prove the newest backup", "验证最新的备份"),
    (
        "It is restored into a scratch folder, checked and thrown away. Then you know that you can come back.",
        "恢复到临时文件夹，检查后删除。这样就确知可以恢复。",
    ),
);
const REVOKE: Step = step(
    "revoke_device",
    Action::RevokeDevice,
    ("Remove the computer from the team", "将该电脑移出团队"),
    (
        "It gets nothing new from now on, and the team goes on under a new key. What is on it stays encrypted.",
        "从现在起它收不到任何新数据，团队改用新密钥。其中的数据仍是加密的。",
    ),
);
const ROTATE: Step = step(
    "rotate_key",
    Action::RotateKey,
    ("Give this vault a new key", "为本保险库更换密钥"),
    (
        "Older copies of the vault's file no longer open with what you use now. It takes a moment; your passphrase stays.",
        "旧密钥从此打不开保险库文件。只需片刻；口令不变。",
    ),
);
const RENEW_KIT: Step = step(
    "renew_kit",
    Action::RenewKit,
    ("Print a new recovery kit", "打印新的恢复套件"),
    (
        "The old paper stops working at once. Do it if the paper may be in other hands, or cannot be found.",
        "旧的纸质套件立即失效。若它可能落入他人之手或找不到了，请更换。",
    ),
);

/// All of them: what happens most comes first.
pub const PLAYBOOKS: [Playbook; 7] = [
    Playbook {
        id: "lost_laptop",
        title: Said { en: "Lost or stolen laptop", zh: "电脑丢失或被盗" },
        when: Said {
            en: "A computer with a vault on it is not where it should be.",
            zh: "装有保险库的电脑不在应在的地方。",
        },
        steps: &[
            WRITE_DOWN,
            REVOKE,
            step(
                "accounts",
                Action::Note,
                ("Lock the laptop and its accounts from afar", "远程锁定电脑及其账户"),
                (
                    "Its maker's «find my device», then new passwords for e-mail and other accounts that were signed in on it.",
                    "使用厂商的“查找设备”，然后更换曾在其上登录的邮箱和其他账户的密码。",
                ),
            ),
            RENEW_KIT,
            WHO_SAW,
            NOTIFY,
            step(
                "police",
                Action::Note,
                ("Report a theft to the police", "被盗请报警"),
                (
                    "Insurers and authorities ask for the number of the report. Note it here.",
                    "保险公司和主管机关会询问报案编号。请记在这里。",
                ),
            ),
            LEARN,
        ],
    },
    Playbook {
        id: "leaving_employee",
        title: Said { en: "Somebody leaves the firm", zh: "员工离职" },
        when: Said {
            en: "Somebody who has the customers on a computer will not work here any more.",
            zh: "电脑上有客户资料的人即将不在本公司工作。",
        },
        steps: &[
            step(
                "hand_over",
                Action::Note,
                ("Have their last changes sent", "确认其最后的改动已同步"),
                (
                    "While they are still here, let them open Satchel once and wait for «everything sent». Note who takes over their customers.",
                    "趁人还在，请其打开 Satchel，等到显示全部已发送。记下由谁接手其客户。",
                ),
            ),
            BACK_UP,
            REVOKE,
            WHO_SAW,
            step(
                "computer",
                Action::Note,
                ("Take the computer back, and remove the vault from it", "收回电脑并删除其中的保险库"),
                (
                    "On their own computer, watch them remove the vault's folder and its backups. Note the day.",
                    "若是其个人电脑，请当面删除保险库文件夹及其备份。记下日期。",
                ),
            ),
            step(
                "shared_passwords",
                Action::Note,
                ("Change passwords that were shared", "更换共用的密码"),
                (
                    "The server, the shared folder, the mail account, the door. Revoking in Satchel changes none of them.",
                    "服务器、共享文件夹、邮箱、门禁。在 Satchel 中移除并不会更改这些。",
                ),
            ),
            LEARN,
        ],
    },
    Playbook {
        id: "suspected_leak",
        title: Said { en: "Data may have leaked", zh: "疑似数据泄露" },
        when: Said {
            en: "Somebody may have seen or taken customers' data who should not have.",
            zh: "不该看到客户资料的人可能看到或拿走了资料。",
        },
        steps: &[
            WRITE_DOWN,
            WHO_SAW,
            REVOKE,
            ROTATE,
            BACK_UP,
            step(
                "evidence",
                Action::Note,
                ("Keep the evidence", "保存证据"),
                (
                    "Export the audit trail (Safety › Trail) here and on the other computers. Delete nothing, not even what looks bad.",
                    "在本机和其他电脑上导出审计记录（安全 › 审计记录）。什么都不要删除，哪怕看起来不妥。",
                ),
            ),
            NOTIFY,
            LEARN,
        ],
    },
    Playbook {
        id: "ransomware",
        title: Said { en: "Ransomware or other malware", zh: "勒索软件或其他恶意软件" },
        when: Said {
            en: "Files are suddenly locked or renamed, or a message asks for money.",
            zh: "文件突然被锁或被改名，或出现勒索信息。",
        },
        steps: &[
            step(
                "disconnect",
                Action::Note,
                ("Take the computer off the network, now", "立即断开该电脑的网络"),
                (
                    "Pull the cable, turn Wi-Fi off, unplug backup disks. Leave it switched on, and go on at a computer that is clean.",
                    "拔网线、关 Wi-Fi、拔下备份盘。不要关机，改在没有问题的电脑上继续。",
                ),
            ),
            WRITE_DOWN,
            REVOKE,
            VERIFY,
            PROVE,
            step(
                "restore_as_of",
                Action::RestoreAsOf,
                ("Go back to before it began", "恢复到发生之前"),
                (
                    "If records were changed, make them what they were on a day before. Nothing is lost by it: this can be taken back.",
                    "若数据被改动，把它们恢复成之前某天的样子。不会丢失任何东西：这可以撤销。",
                ),
            ),
            step(
                "new_computer",
                Action::Note,
                ("Set the computer up anew", "重装该电脑"),
                (
                    "Wipe it and install it freshly; join the team again. Do not pay, and do not trust a cleaned one.",
                    "清空并重新安装，然后重新加入团队。不要付款，也不要信任“清理过”的系统。",
                ),
            ),
            NOTIFY,
            LEARN,
        ],
    },
    Playbook {
        id: "wrong_bulk_change",
        title: Said { en: "A change that went wrong", zh: "误操作" },
        when: Said {
            en: "Many records were changed, merged, imported or deleted by mistake.",
            zh: "大量数据被误改、误合并、误导入或误删。",
        },
        steps: &[
            step(
                "stop",
                Action::Note,
                ("Stop, and tell the others to stop", "先停下，并请同事暂停"),
                (
                    "What nobody has edited since can be taken back whole. Note what was done, and about when.",
                    "之后无人编辑过的都能完整撤回。记下做了什么、大约何时。",
                ),
            ),
            step(
                "undo_bulk",
                Action::UndoBulk,
                ("Take the change back", "撤回这次更改"),
                (
                    "The History has every change with how many records it touched. What was edited since is kept, and listed.",
                    "“历史”列出每次更改及涉及的数量。之后编辑过的会保留并列出。",
                ),
            ),
            step(
                "restore_as_of",
                Action::RestoreAsOf,
                ("If several changes are mixed up: go back to a day", "若多次更改混在一起：恢复到某一天"),
                (
                    "What was changed or deleted since then becomes as it was. This too can be taken back.",
                    "此后被更改或删除的内容恢复成当时的样子。这同样可以撤销。",
                ),
            ),
            VERIFY,
            BACK_UP,
            LEARN,
        ],
    },
    Playbook {
        id: "lost_key",
        title: Said { en: "Lost passphrase or recovery kit", zh: "口令或恢复套件丢失" },
        when: Said {
            en: "The passphrase is forgotten, or nobody finds the paper kit.",
            zh: "忘记口令，或找不到纸质恢复套件。",
        },
        steps: &[
            step(
                "keep_open",
                Action::Note,
                ("Leave the vault open", "保持保险库打开"),
                (
                    "While it is open, new ways in can be made. Do not lock it, do not restart. A colleague's vault opens with their own key.",
                    "打开时可以建立新的解锁方式。不要锁定，不要重启。同事的保险库用各自的密钥打开。",
                ),
            ),
            BACK_UP,
            RENEW_KIT,
            step(
                "passphrase",
                Action::Note,
                ("Set a passphrase that you will remember", "设置记得住的口令"),
                (
                    "Settings › Keys. Four or five words that do not belong together are better than eight odd signs.",
                    "设置 › 密钥。四五个互不相关的词胜过八个怪字符。",
                ),
            ),
            ROTATE,
            PROVE,
            LEARN,
        ],
    },
    Playbook {
        id: "server_gone",
        title: Said { en: "The server or shared folder is gone", zh: "服务器或共享文件夹不见了" },
        when: Said {
            en: "The team cannot meet where it used to, or somebody else has got hold of the place.",
            zh: "团队无法在原来的地方同步，或该处已被他人掌控。",
        },
        steps: &[
            step(
                "breathe",
                Action::Note,
                ("Nothing is lost: go on working", "没有丢失任何东西：继续工作"),
                (
                    "Each computer has all records, and the server could read none of them. Tell the team that changes wait meanwhile.",
                    "每台电脑都有全部数据，服务器什么也读不到。请告知团队：改动会先保留在本机。",
                ),
            ),
            BACK_UP,
            step(
                "add_remote",
                Action::AddRemote,
                ("Choose a new place to meet", "选择新的同步地点"),
                (
                    "A new server, a folder, or this computer for the office. Everything is sent there again by itself.",
                    "新的服务器、文件夹，或由本机服务整个办公室。数据会自动重新发送。",
                ),
            ),
            step(
                "remove_remote",
                Action::RemoveRemote,
                ("Take the old place away", "移除旧的地点"),
                (
                    "On every computer, once the new place works. What lies there stays encrypted.",
                    "新地点可用后，在每台电脑上移除。留在那里的数据仍是加密的。",
                ),
            ),
            VERIFY,
            LEARN,
        ],
    },
];

/// What fits what was unusual.
pub fn fitting(rule: &str) -> &'static str {
    match rule {
        "deletions" => "wrong_bulk_change",
        "silent" => "lost_laptop",
        _ => "suspected_leak",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_step_has_one_id_and_is_said_in_both_languages() {
        for playbook in &PLAYBOOKS {
            let ids: BTreeSet<&str> = playbook.steps.iter().map(|step| step.id).collect();
            assert_eq!(ids.len(), playbook.steps.len(), "{}", playbook.id);
            assert!((6..=9).contains(&ids.len()), "{}: short enough for a bad day", playbook.id);
            let said = playbook.steps.iter().flat_map(|step| [step.title, step.why]);
            for said in said.chain([playbook.title, playbook.when]) {
                assert!(!said.en.is_empty() && said.zh.chars().any(|c| c > '\u{3000}'), "{said:?}");
                assert!(!said.en.contains('!') && !said.zh.contains('！'), "{said:?}");
            }
        }
    }

    #[test]
    fn what_was_unusual_has_its_playbook() {
        for rule in ["bulk_export", "deletions", "night_edits", "failed_unlocks", "silent", "trail", "new"] {
            assert!(Playbook::of(fitting(rule)).is_some(), "{rule}");
        }
    }
}
