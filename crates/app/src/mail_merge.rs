//! One letter to many: a draft for each, in a folder of their own. Who is left out is named, with why.

use crate::{
    AppError, Cancel, Progress, Session,
    error::Code,
    letters::{Letter, TemplateText, write_into},
    output,
};
use satchel_domain::{Kind, OperationId, RecordId};
use serde::Serialize;
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

/// People of one merge.
const MOST: usize = 10_000;

/// What a merge has written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, specta::Type)]
pub struct MergedMail {
    /// Where the drafts are.
    pub folder: String,
    pub written: u32,
    pub left_out: Vec<LeftOut>,
    /// What has noted them as sent, where that was asked for.
    pub operation: Option<OperationId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct LeftOut {
    pub id: RecordId,
    pub title: String,
    pub why: WhyLeftOut,
    /// The places that lack a value.
    pub missing: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum WhyLeftOut {
    NoAddress,
    /// They want no letters.
    NoContact,
    Missing,
    /// In the trash, or not there any more.
    Gone,
}

impl Session {
    /// Writes a draft for each of some people into a new folder inside of `folder`; `log` notes them as sent.
    pub fn merge_mail(
        &self,
        template: RecordId,
        people: &[RecordId],
        folder: &Path,
        log: bool,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<MergedMail, AppError> {
        if people.is_empty() || people.len() > MOST {
            return Err(AppError::refused(format!("choose between one and {MOST} people")));
        }
        let text = self.template(template)?;
        let checked = self.letter(&text, None)?;
        if let Some(place) = checked.unknown.first() {
            return Err(AppError::refused(format!(
                "the template names {{{{{place}}}}}, which is no field; correct it"
            )));
        }
        let folder = self.new_folder(folder, &self.get(template)?.title)?;
        let mut merged = MergedMail { folder: folder.display().to_string(), ..MergedMail::default() };
        let written = self.write_drafts(&folder, &text, people, &mut merged, progress, cancel);
        let noted = written.and_then(|sent| {
            satchel_vault::files::sync_dir(&folder).map_err(AppError::io(&folder))?;
            if !log || sent.is_empty() {
                return Ok(None);
            }
            let made: Result<Vec<_>, AppError> =
                sent.iter().map(|letter| self.prepared_by(Kind::Activity, &self.sent(letter)?)).collect();
            self.together("log", &made?, &[]).map(Some)
        });
        if noted.is_err() || merged.written == 0 {
            // Half of them would look like all of them.
            let _ = fs::remove_dir_all(&folder);
            merged.folder.clear();
        }
        merged.operation = noted?;
        self.note_leaving("mail_merge", u64::from(merged.written), [])?;
        Ok(merged)
    }

    fn write_drafts(
        &self,
        folder: &Path,
        text: &TemplateText,
        people: &[RecordId],
        merged: &mut MergedMail,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Vec<Letter>, AppError> {
        let (mut known, mut sent) = (HashMap::new(), Vec::new());
        let total = people.len() as u64;
        for (id, done) in people.iter().zip(0..) {
            self.go_on(cancel, "stopped; no draft was written")?;
            progress(Progress { done, total });
            let left = |title: &str, why, missing| LeftOut { id: *id, title: title.to_owned(), why, missing };
            let around = match self.around(*id, &mut known) {
                Ok(around) => around,
                Err(error) if error.code == Code::NotFound => {
                    merged.left_out.push(left("", WhyLeftOut::Gone, Vec::new()));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let view = self.filled(text, Some(&around))?;
            let why = match () {
                () if around.recipient().is_none_or(|r| r.deleted_at.is_some()) => Some(WhyLeftOut::Gone),
                () if view.no_contact => Some(WhyLeftOut::NoContact),
                () if view.address.is_empty() => Some(WhyLeftOut::NoAddress),
                () if !view.missing.is_empty() => Some(WhyLeftOut::Missing),
                () => None,
            };
            if let Some(why) = why {
                let missing = if why == WhyLeftOut::Missing { view.missing } else { Vec::new() };
                merged.left_out.push(left(&view.name, why, missing));
                continue;
            }
            let name = format!("{:04} {}.eml", sent.len() + 1, file_name(&view.name));
            let letter = Letter {
                about: *id,
                name: view.name,
                address: view.address,
                subject: view.subject,
                body: view.body,
                quote: None,
            };
            write_into(&folder.join(name), &self.draft(&letter)?.0)?;
            merged.written += 1;
            sent.push(letter);
        }
        progress(Progress { done: total, total });
        Ok(sent)
    }

    /// A folder that was not there before, called as the template is, and when.
    fn new_folder(&self, inside: &Path, title: &str) -> Result<PathBuf, AppError> {
        let at = jiff::ZonedDateTime::now().strftime("%Y-%m-%d %H%M%S").to_string();
        let folder = inside.join(format!("{} {at}", file_name(title)));
        output::check(&self.vault(), &folder)?;
        let mut builder = fs::DirBuilder::new();
        // Names of customers are nobody else's to list.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder).map_err(AppError::io(&folder))?;
        Ok(folder)
    }
}

/// What can be the name of a file in every system.
pub(crate) fn file_name(title: &str) -> String {
    let bad = |c: char| c.is_control() || r#"/\:*?"<>|"#.contains(c);
    let name: String = title.chars().map(|c| if bad(c) { ' ' } else { c }).collect();
    let name: String = name.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(60).collect();
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() { "letter".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_the_name_of_a_file() {
        assert_eq!(file_name("../../etc: a/b\n王伟."), "etc a b 王伟");
        assert_eq!(file_name(" … "), "…");
        assert_eq!(file_name("..."), "letter");
        assert_eq!(file_name(&"长".repeat(200)).chars().count(), 60);
    }
}
