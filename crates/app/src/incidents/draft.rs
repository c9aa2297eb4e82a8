//! What is told to the authority and to the people concerned: a draft with what is known filled in, and gaps that say what is
//! missing. It is no legal advice, and says so.

use super::{Happened, IncidentView, paper::local};
use crate::{AppError, Session, views::PaperLanguage};
use satchel_domain::{Kind, RecordId, playbook::Playbook};
use satchel_storage::{StorageError, projections};
use serde::{Deserialize, Serialize};

const NO_MEASURES: [&str; 4] = ["write_down", "notify", "learn", "stop"];

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    Authority,
    People,
}

impl Session {
    pub fn incident_draft(
        &self,
        id: RecordId,
        to: Recipient,
        language: PaperLanguage,
    ) -> Result<String, AppError> {
        let view = self.incident(id)?;
        let counts = self.store.read::<_, StorageError>(|db| {
            Ok((projections::count(db, Kind::Person)?.0, projections::count(db, Kind::Company)?.0))
        })?;
        let firm = self.workspace.as_str();
        let draft = Draft { view: &view, counts, firm, person: &self.person, language };
        Ok(match to {
            Recipient::Authority => draft.to_authority(),
            Recipient::People => draft.to_people(),
        })
    }
}

struct Draft<'a> {
    view: &'a IncidentView,
    /// People and companies in the vault.
    counts: (u64, u64),
    firm: &'a str,
    person: &'a str,
    language: PaperLanguage,
}

impl Draft<'_> {
    fn said<'a>(&self, en: &'a str, zh: &'a str) -> &'a str {
        match self.language {
            PaperLanguage::En => en,
            PaperLanguage::Zh => zh,
        }
    }

    fn what(&self) -> String {
        let line = &self.view.incident;
        let called = Playbook::of(&line.playbook).map_or("", |p| self.said(p.title.en, p.title.zh));
        if called.is_empty()
            || called == line.title
            || Playbook::of(&line.playbook).is_some_and(|p| p.title.en == line.title)
        {
            return if called.is_empty() { line.title.clone() } else { called.to_owned() };
        }
        format!("{called}{}{}", self.said(": ", "："), line.title)
    }

    fn affected(&self) -> String {
        let (people, companies) = self.counts;
        let all = match self.language {
            PaperLanguage::En => format!("People in the vault: {people}; companies: {companies}."),
            PaperLanguage::Zh => format!("保险库中共有 {people} 位联系人、{companies} 家公司。"),
        };
        let own = match self.view.affected.as_str() {
            "" => {
                self.said("[how many of them, and which kinds of data]", "【其中涉及多少人、哪些种类的信息】")
            }
            own => own,
        };
        format!("{own}\n{all}")
    }

    /// The steps that were taken, by the timeline; what one only writes or decides is no measure.
    fn measures(&self) -> String {
        let playbook = Playbook::of(&self.view.incident.playbook);
        let taken = self.view.timeline.iter().filter(|entry| {
            entry.what == Happened::Done
                && !NO_MEASURES.contains(&entry.about.as_str())
                && self.view.steps.iter().any(|s| s.done && s.id == entry.about)
        });
        let lines: Vec<String> = taken
            .filter_map(|entry| {
                let step = playbook?.step(&entry.about)?;
                Some(format!("– {}  {}", local(&entry.at), self.said(step.title.en, step.title.zh)))
            })
            .collect();
        match lines.is_empty() {
            true => self.said("[what was done so far]", "【已采取的措施】").to_owned(),
            false => lines.join("\n"),
        }
    }

    fn to_authority(&self) -> String {
        let line = &self.view.incident;
        let (known, opened) = (local(&line.known_at), local(&line.opened_at));
        let by = line.notify_by.as_deref().map(local).unwrap_or_default();
        let (what, affected, measures) = (self.what(), self.affected(), self.measures());
        let (firm, person) = (self.firm, self.person);
        match self.language {
            PaperLanguage::En => format!(
                "DRAFT – notification of a personal data breach (GDPR art. 33; PIPL art. 57)\nNo legal advice: have it read by somebody who knows the law. What is in [brackets] is missing.\n\nFrom: {firm}, [address]\nContact: {person}, [telephone, e-mail]\n\n1. What happened\n{what}\nKnown since {known}; handled since {opened}.{late}\n\n2. Whose data, which kinds, how many\n{affected}\n\n3. Likely consequences\n[what it may mean for the people concerned]\nThe data were encrypted on the disk (SQLCipher, AES-256); [whether the key may be known to others].\n\n4. Measures taken\n{measures}\n\n5. Measures planned\n[what comes next; further information follows]\n",
                late = if by.is_empty() {
                    String::new()
                } else {
                    format!(" To be sent by {by}; if it is later, say why.")
                },
            ),
            PaperLanguage::Zh => format!(
                "草稿——个人信息安全事件通知（《个人信息保护法》第五十七条；GDPR 第 33 条）\n并非法律意见：请由懂法律的人审阅。【方括号】中的内容尚缺。\n\n个人信息处理者：{firm}，【地址】\n联系人：{person}，【电话、电子邮箱】\n\n一、发生了什么\n{what}\n知悉时间：{known}；开始处理：{opened}。{late}\n\n二、涉及的信息种类、对象与数量\n{affected}\n\n三、可能造成的危害\n【对相关个人可能的影响】\n数据在磁盘上已加密（SQLCipher，AES-256）；【密钥是否可能为他人所知】。\n\n四、已采取的补救措施\n{measures}\n\n五、拟采取的措施\n【接下来的措施；后续另行补充】\n",
                late = if by.is_empty() {
                    String::new()
                } else {
                    format!("应于 {by} 前发出；若已逾期，请说明原因。")
                },
            ),
        }
    }

    fn to_people(&self) -> String {
        let known = local(&self.view.incident.known_at);
        let (what, measures) = (self.what(), self.measures());
        let (firm, person) = (self.firm, self.person);
        let own = match self.view.affected.as_str() {
            "" => self.said("[which of their data]", "【涉及其哪些信息】"),
            own => own,
        };
        match self.language {
            PaperLanguage::En => format!(
                "DRAFT – to the people concerned (GDPR art. 34; PIPL art. 57)\nNo legal advice. What is in [brackets] is missing.\n\nDear [name],\n\nsomething has happened at {firm} that may concern data about you. We came to know of it on {known}.\n\nWhat happened: {what}\nWhich data: {own}\nWhat it may mean for you: [in plain words]\n\nWhat we have done:\n{measures}\n\nWhat you can do: [such as: be careful with calls and mails that refer to us; change a password that you used with us]\n\nPlease ask: {person}, {firm}, [telephone, e-mail]\n"
            ),
            PaperLanguage::Zh => format!(
                "草稿——致相关个人（《个人信息保护法》第五十七条；GDPR 第 34 条）\n并非法律意见。【方括号】中的内容尚缺。\n\n尊敬的【姓名】：\n\n{firm}发生了一起可能涉及您个人信息的事件。我们于 {known} 知悉。\n\n发生了什么：{what}\n涉及的信息：{own}\n可能对您的影响：【用通俗的话说明】\n\n我们已采取的措施：\n{measures}\n\n您可以采取的措施：【例如：警惕冒用我们名义的电话和邮件；更换在我们这里用过的密码】\n\n如有疑问请联系：{person}，{firm}，【电话、电子邮箱】\n"
            ),
        }
    }
}
