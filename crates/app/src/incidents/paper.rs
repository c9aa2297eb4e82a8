//! An incident as a report that is kept or handed over: PDF, or JSON where the file is called so.

use super::{Happened, IncidentView, TimelineEntry};
use crate::{AppError, Session, output, views::PaperLanguage};
use satchel_audit::Act;
use satchel_domain::{
    RecordId,
    playbook::{Playbook, Said},
};
use satchel_paper::{Block, Language, limits};
use serde_json::json;
use std::path::Path;

/// Rows of the timeline that a paper takes.
const ROWS: usize = 1000;

impl Session {
    /// Writes the report, readable by its owner only; how many bytes.
    pub fn write_incident_report(
        &self,
        id: RecordId,
        language: PaperLanguage,
        path: &Path,
    ) -> Result<u64, AppError> {
        output::check(&self.vault(), path)?;
        let view = self.incident(id)?;
        let is = |ending: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending));
        let bytes = match (is("pdf"), is("json")) {
            (true, _) => self.incident_pdf(&view, language)?,
            (_, true) => serde_json::to_vec_pretty(&view).expect("plain data serialises"),
            // A file that is called a document and is none opens nowhere.
            _ => {
                return Err(AppError::refused(format!(
                    "{}: a report is written as .pdf or .json; use one of these endings. Nothing was written",
                    path.display()
                )));
            }
        };
        output::write_private(&self.vault(), path, &bytes)?;
        self.note(Act::Incident, [("change", json!("report"))])?;
        Ok(bytes.len() as u64)
    }

    fn incident_pdf(&self, view: &IncidentView, language: PaperLanguage) -> Result<Vec<u8>, AppError> {
        let words = Words { chinese: language == PaperLanguage::Zh };
        let line = &view.incident;
        let playbook = Playbook::of(&line.playbook);
        let called = playbook.map(|p| words.of(p.title)).unwrap_or_default();
        let title = match playbook {
            Some(playbook) if line.title == playbook.title.en => called,
            _ => &line.title,
        };
        let kind = words.say(if line.drill { ("Drill", "演练") } else { ("Incident", "事件") });
        let mut blocks = vec![Block::Table {
            head: words.both(("", ""), ("", "")),
            rows: self.facts(view, &words, called),
        }];
        blocks.push(Block::Heading(words.say(("Steps", "步骤")).to_owned()));
        let head = ["Step", "Done", "By"].iter().zip(["步骤", "完成时间", "完成人"]);
        let head = head.map(|(en, zh)| words.say((en, zh)).to_owned()).collect();
        let steps = view.steps.iter().map(|state| {
            let title =
                playbook.and_then(|p| p.step(&state.id)).map(|s| words.of(s.title)).unwrap_or(&state.id);
            let at = state.at.as_deref().map(local);
            vec![
                title.to_owned(),
                at.unwrap_or_else(|| words.say(("not done", "未完成")).to_owned()),
                state.by.clone(),
            ]
        });
        blocks.push(Block::Table { head, rows: steps.collect() });
        blocks.push(Block::Heading(words.say(("Timeline", "时间线")).to_owned()));
        let head = ["When", "Who", "What"].iter().zip(["时间", "人员", "内容"]);
        let head = head.map(|(en, zh)| words.say((en, zh)).to_owned()).collect();
        let rows = view
            .timeline
            .iter()
            .take(ROWS)
            .map(|entry| vec![local(&entry.at), entry.by.clone(), words.happened(entry, playbook)]);
        blocks.push(Block::Table { head, rows: rows.collect() });
        let mut long = |heading: (&'static str, &'static str), text: &str| {
            if !text.is_empty() {
                blocks.push(Block::Heading(words.say(heading).to_owned()));
                let lines = text.lines().filter(|line| !line.trim().is_empty()).take(limits::BLOCKS / 3);
                blocks.extend(lines.map(|line| Block::Paragraph(line.to_owned())));
            }
        };
        long(("Affected", "涉及的数据"), &view.affected);
        long(("Notes", "备注"), &view.notes);
        Ok(satchel_paper::report(&satchel_paper::Report {
            language: if words.chinese { Language::Chinese } else { Language::English },
            title: title.chars().take(limits::SHORT_TEXT).collect(),
            subtitle: format!("{} · {kind} · {}", self.workspace, local(&line.opened_at)),
            blocks,
            ..satchel_paper::Report::default()
        })?)
    }

    fn facts(&self, view: &IncidentView, words: &Words, called: &str) -> Vec<Vec<String>> {
        let line = &view.incident;
        let row = |said: (&'static str, &'static str), value: String| vec![words.say(said).to_owned(), value];
        let closed = line.closed_at.as_deref().map(local);
        let mut rows = vec![
            row(("Playbook", "预案"), called.to_owned()),
            row(("Opened", "开始"), local(&line.opened_at)),
            row(("Known since", "知悉时间"), local(&line.known_at)),
            row(
                ("Closed", "结束"),
                closed.unwrap_or_else(|| words.say(("still open", "尚未结束")).to_owned()),
            ),
        ];
        if let Some(seconds) = line.seconds {
            rows.push(row(("Took", "用时"), words.took(seconds)));
        }
        if let Some(by) = &line.notify_by {
            rows.push(row(("To be notified by", "应在此前通知"), local(by)));
        }
        rows.push(row(("Steps done", "已完成步骤"), format!("{} / {}", line.done, line.steps)));
        rows
    }
}

/// By the clock here, to the minute.
pub(super) fn local(at: &str) -> String {
    let zoned = |at: jiff::Timestamp| at.to_zoned_datetime(jiff::tz::TimeZone::system());
    at.parse::<jiff::Timestamp>()
        .map(|at| zoned(at).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}

struct Words {
    chinese: bool,
}

impl Words {
    fn say<'a>(&self, (en, zh): (&'a str, &'a str)) -> &'a str {
        if self.chinese { zh } else { en }
    }

    fn of(&self, said: Said) -> &'static str {
        if self.chinese { said.zh } else { said.en }
    }

    fn both(&self, first: (&str, &str), second: (&str, &str)) -> Vec<String> {
        vec![self.say(first).to_owned(), self.say(second).to_owned()]
    }

    fn took(&self, seconds: u32) -> String {
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        match (hours, minutes) {
            (0, 0) => format!("{seconds} {}", self.say(("s", "秒"))),
            (0, minutes) => format!("{minutes} {}", self.say(("min", "分钟"))),
            (hours, minutes) => {
                format!("{hours} {} {minutes} {}", self.say(("h", "小时")), self.say(("min", "分钟")))
            }
        }
    }

    fn happened(&self, entry: &TimelineEntry, playbook: Option<&Playbook>) -> String {
        let step =
            playbook.and_then(|p| p.step(&entry.about)).map(|s| self.of(s.title)).unwrap_or(&entry.about);
        let colon = self.say((": ", "："));
        match entry.what {
            Happened::Opened => self.say(("opened", "开始处理")).to_owned(),
            Happened::Done => format!("{}{colon}{step}", self.say(("done", "完成"))),
            Happened::Undone => format!("{}{colon}{step}", self.say(("not done after all", "撤回"))),
            Happened::Note => format!("{}{colon}{}", self.say(("noted", "备注")), entry.text),
            Happened::Closed => self.say(("closed", "结束")).to_owned(),
            Happened::Reopened => self.say(("opened again", "重新打开")).to_owned(),
            Happened::Said => {
                let (what, text) = match entry.about.as_str() {
                    "name" => (("title", "标题"), entry.text.clone()),
                    "known_at" => (("known since", "知悉时间"), local(&entry.text)),
                    "affected" => (("affected", "涉及的数据"), entry.text.clone()),
                    other => ((other, other), entry.text.clone()),
                };
                format!("{}{colon}{text}", self.say(what))
            }
        }
    }
}
