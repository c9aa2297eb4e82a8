//! Files on records. What is in them is kept in encrypted pieces beside the database, goes to the team's remotes piece by
//! piece, and comes from there when somebody opens it.

use crate::{
    AppError, Cancel, Progress, Session,
    backup::{SCRATCH, Scratch, scratch_in},
    error::Code,
    output,
    pictures::may_be_shown,
    pieces::{Pieces, each_piece},
    session::facts,
    views::{AttachmentView, RowView, Written},
};
use satchel_audit::Act;
use satchel_domain::{Kind, RecordId, Registers, Scalar};
use satchel_protocol::{BlobContent, BlobKey, FileHash, Hash, Manifest, limits, piece_name};
use satchel_storage::{StorageError, blobs, documents, settings, team};
use satchel_sync::Remote;
use satchel_vault::files::private_file;
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
};

/// Pieces that a remote is asked for at once.
const ASKED: usize = 500;

impl Session {
    pub(crate) fn pieces(&self) -> Pieces {
        Pieces::of(&self.vault(), self.workspace())
    }

    /// Keeps a piece for good: on the disk first, then in the list of those that are here.
    fn keep_piece(&self, piece: &[u8]) -> Result<Hash, AppError> {
        let name = self.pieces().put(piece)?;
        self.store.write_aside(|tx| blobs::add(tx, &name.0, piece.len()))?;
        Ok(name)
    }

    /// Puts a file on a record. It can be as large as a gigabyte, and stays where it is.
    pub fn attach(
        &self,
        record: RecordId,
        path: &Path,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Written, AppError> {
        if record == self.letterhead_id() {
            return Err(AppError::refused(
                "the letterhead takes a logo only; set it in the settings of quotes",
            ));
        }
        let io = AppError::io(path);
        let meta = fs::metadata(path).map_err(&io)?;
        if !meta.is_file() {
            return Err(AppError::refused(format!("{} is no ordinary file", path.display())));
        }
        if meta.len() > limits::ATTACHMENT_BYTES {
            return Err(AppError::refused(format!(
                "{} is larger than a gigabyte, which is the most that is attached",
                path.display()
            )));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let open = || Ok(Box::new(File::open(path).map_err(&io)?) as Box<dyn Read>);
        self.attach_from(record, &name, meta.len(), &open, progress, cancel)
    }

    /// Puts what is in memory on a record, as a file.
    pub(crate) fn attach_bytes(
        &self,
        record: RecordId,
        name: &str,
        bytes: &[u8],
    ) -> Result<Written, AppError> {
        let open = || Ok(Box::new(bytes) as Box<dyn Read>);
        self.attach_from(record, name, bytes.len() as u64, &open, &mut |_| {}, &Cancel::default())
    }

    fn attach_from<'a>(
        &self,
        record: RecordId,
        name: &str,
        bytes: u64,
        open: &dyn Fn() -> Result<Box<dyn Read + 'a>, AppError>,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Written, AppError> {
        let kind = self.store.read(|db| documents::find(db, record))?;
        let (_, kind) = kind.ok_or_else(|| AppError::not_found("record", record))?;
        if !Kind::BROWSED.contains(&kind) && kind != Kind::Letterhead {
            return Err(AppError::refused(
                "files are attached to people, companies and what is done with them",
            ));
        }
        // As long as it stands there, pieces may be here that no record names yet.
        let _begun = Scratch(begun(&self.vault())?);
        let (total, mut done) = (2 * bytes, 0);
        let mut step = |read: usize| -> Result<(), AppError> {
            done += read as u64;
            progress(Progress { done, total });
            self.go_on(cancel, "nothing was attached")
        };
        // Once for its hash, which the key comes from, and once for its pieces.
        let mut hash = FileHash::default();
        let size = each_piece(open()?, |piece| {
            hash.update(piece);
            step(piece.len())
        })?;
        let key = self.key_of(hash.finish())?;
        let mut manifest = Manifest { size, hash: hash.finish(), pieces: Vec::new() };
        let mut again = FileHash::default();
        let same = each_piece(open()?, |piece| {
            again.update(piece);
            let place = manifest.pieces.len() as u64;
            manifest.pieces.push(self.keep_piece(&key.seal_piece(self.workspace(), place, piece))?);
            step(piece.len())
        })?;
        if (same, again.finish()) != (size, manifest.hash) {
            return Err(AppError::refused(format!("{name} was being written; attach it when that is done")));
        }
        let content = self.keep_piece(&key.seal_manifest(self.workspace(), &manifest))?;
        let media_type = mime_guess::from_path(name).first_or_octet_stream().to_string();
        let name = as_kept(name);
        let text = |key: &str, value: String| (key.to_owned(), Scalar::Str(value));
        let registers: Registers = [
            text("name", name),
            text("media_type", media_type),
            ("size".to_owned(), Scalar::Number(size as f64)),
            text("record", record.to_string()),
            text("content", BlobContent { manifest: content, key }.to_string()),
        ]
        .into_iter()
        .collect();
        self.create_as("attach", Kind::Attachment, &registers)
    }

    /// What opens a file: it follows from what is in it.
    fn key_of(&self, file: Hash) -> Result<BlobKey, AppError> {
        let secret = self.store.read(|db| settings::get(db, facts::WORKSPACE_SECRET))?.unwrap_or_default();
        Ok(BlobKey::of(secret.as_bytes(), file))
    }

    /// Whether a record has this very file, by its name and by what is in it.
    pub(crate) fn is_attached(&self, record: RecordId, name: &str, bytes: &[u8]) -> Result<bool, AppError> {
        let mut hash = FileHash::default();
        hash.update(bytes);
        let (name, key) = (as_kept(name), self.key_of(hash.finish())?);
        let is_it = |row: &RowView| {
            text_in(row, "name") == name
                && text_in(row, "content").parse::<BlobContent>().is_ok_and(|content| content.key == key)
        };
        Ok(self.attachment_rows(record)?.iter().any(is_it))
    }

    fn attachment_rows(&self, record: RecordId) -> Result<Vec<RowView>, AppError> {
        let request = crate::ListRequest {
            filter: format!("record = '{record}'"),
            sort: "-updated_at".to_owned(),
            limit: 1000,
            ..crate::ListRequest::default()
        };
        Ok(self.list(Kind::Attachment, &request)?.rows)
    }

    /// The files on a record, the newest first.
    pub fn attachments(&self, record: RecordId) -> Result<Vec<AttachmentView>, AppError> {
        let view = |row: &RowView| {
            let content = text_in(row, "content").parse::<BlobContent>().ok();
            AttachmentView {
                id: row.id,
                name: text_in(row, "name").to_owned(),
                media_type: text_in(row, "media_type").to_owned(),
                size: row.fields.get("size").and_then(serde_json::Value::as_f64).unwrap_or_default(),
                updated_at: row.updated_at.clone(),
                here: content.is_some_and(|c| self.size_here(&c).is_some()),
                picture: may_be_shown(text_in(row, "media_type")),
            }
        };
        Ok(self.attachment_rows(record)?.iter().map(view).collect())
    }

    /// Brings what is not here of an attachment; it stays here. How many bytes it has.
    pub fn fetch_attachment(
        &self,
        id: RecordId,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<u64, AppError> {
        let content = self.content_of(id)?;
        let mut done = 0;
        self.fetch_content(&content, &mut |(part, total)| {
            self.go_on(cancel, "what has come of the file stays here")?;
            done += part;
            progress(Progress { done, total });
            Ok(())
        })
    }

    /// The same; told of the bytes that have come, and of all.
    pub(crate) fn fetch_content(
        &self,
        content: &BlobContent,
        step: &mut dyn FnMut((u64, u64)) -> Result<(), AppError>,
    ) -> Result<u64, AppError> {
        let manifest = self.manifest(content)?;
        self.each_part(content, &manifest, &mut |part| step((part.len() as u64, manifest.size)))
    }

    /// Writes what is in an attachment to a file; what is not here is asked of the remotes, and stays here.
    pub fn save_attachment(
        &self,
        id: RecordId,
        path: &Path,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<u64, AppError> {
        let content = self.content_of(id)?;
        output::check(&self.vault(), path)?;
        let manifest = self.manifest(&content)?;
        let size = output::write_whole(path, |out| {
            let mut done = 0;
            self.each_part(&content, &manifest, &mut |part| {
                self.go_on(cancel, "nothing was written; what has come of the file stays here")?;
                out.write_all(part)?;
                done += part.len() as u64;
                progress(Progress { done, total: manifest.size });
                Ok(())
            })
        })?;
        self.note(Act::Attachment, [("change", "saved".into()), ("bytes", manifest.size.into())])?;
        Ok(size)
    }

    /// How large an attachment is that is wholly here.
    pub(crate) fn size_here(&self, content: &BlobContent) -> Option<u64> {
        self.pieces().size_here(content)
    }

    /// Writes what is in an attachment elsewhere.
    pub(crate) fn copy_out(&self, content: &BlobContent, out: &mut dyn Write) -> Result<u64, AppError> {
        let manifest = self.manifest(content)?;
        self.each_part(content, &manifest, &mut |part| {
            self.go_on(&Cancel::default(), "nothing was written")?;
            Ok(out.write_all(part)?)
        })
    }

    /// What is in a small attachment.
    pub(crate) fn read_attachment(&self, id: RecordId, most: u64) -> Result<Vec<u8>, AppError> {
        self.read_content(&self.content_of(id)?, most)
    }

    pub(crate) fn read_content(&self, content: &BlobContent, most: u64) -> Result<Vec<u8>, AppError> {
        let manifest = self.manifest(content)?;
        if manifest.size > most {
            return Err(AppError::refused(format!("the file is larger than {most} bytes")));
        }
        let mut bytes = Vec::new();
        self.each_part(content, &manifest, &mut |part| {
            bytes.extend_from_slice(part);
            Ok(())
        })?;
        Ok(bytes)
    }

    pub(crate) fn content_of(&self, id: RecordId) -> Result<BlobContent, AppError> {
        let view = self.get(id)?;
        if view.kind != Kind::Attachment {
            return Err(AppError::not_found("attachment", id));
        }
        Ok(view.fields.get("content").and_then(|c| c.as_str()).unwrap_or_default().parse()?)
    }

    fn manifest(&self, content: &BlobContent) -> Result<Manifest, AppError> {
        Ok(content.key.open_manifest(self.workspace(), &self.piece(content.manifest)?)?)
    }

    /// Takes a file part by part, and says at the end whether it was what was attached; how many bytes.
    fn each_part(
        &self,
        content: &BlobContent,
        manifest: &Manifest,
        take: &mut dyn FnMut(&[u8]) -> Result<(), AppError>,
    ) -> Result<u64, AppError> {
        let (mut done, mut hash) = (0, FileHash::default());
        for (place, name) in (0..).zip(&manifest.pieces) {
            let part = content.key.open_piece(self.workspace(), place, &self.piece(*name)?)?;
            hash.update(&part);
            done += part.len() as u64;
            if done > manifest.size {
                break;
            }
            take(&part)?;
        }
        match (done, hash.finish()) == (manifest.size, manifest.hash) {
            true => Ok(done),
            false => Err(AppError::new(Code::Damaged, "what has come is not the file that was attached")),
        }
    }

    /// A piece from here, or from the first remote that has it as it should be.
    fn piece(&self, name: Hash) -> Result<Vec<u8>, AppError> {
        if let Some(piece) = self.pieces().here(name) {
            return Ok(piece);
        }
        let mut trouble = None;
        for row in self.store.read(team::remotes)? {
            match self.remote(&row.address).and_then(|remote| Ok(remote.blob(name)?)) {
                Ok(Some(piece)) if piece_name(&piece) == name => {
                    self.keep_piece(&piece)?;
                    return Ok(piece);
                }
                Ok(_) => {}
                Err(e) => trouble = Some(e),
            }
        }
        Err(trouble.unwrap_or_else(|| {
            AppError::new(
                Code::Unreachable,
                "not all of this file is here yet: it comes when the device that has attached it has synced",
            )
        }))
    }

    /// Gives a remote the pieces behind those that it has got; all of them again where it may have lost some. Up to which it
    /// has them.
    pub(crate) fn give_pieces(
        &self,
        row: &team::RemoteRow,
        remote: &dyn Remote,
        all: bool,
        cancel: &Cancel,
    ) -> Result<i64, AppError> {
        let mut after = if all { 0 } else { row.blobs };
        loop {
            let some = self.store.read(|db| blobs::after(db, after, ASKED))?;
            let Some((last, _)) = some.last() else { return Ok(after.max(row.blobs)) };
            let names: Vec<Hash> = some.iter().map(|(_, name)| Hash(*name)).collect();
            for name in remote.lacking_blobs(&names)? {
                self.go_on(cancel, "the sync was stopped; it goes on the next time")?;
                // What is damaged or gone here may be whole elsewhere.
                if let Some(piece) = self.pieces().here(name).filter(|_| names.contains(&name)) {
                    remote.put_blob(name, &piece)?;
                }
            }
            after = *last;
            let row = team::RemoteRow { blobs: after.max(row.blobs), ..row.clone() };
            self.store.write_aside::<_, StorageError>(|tx| team::put_remote(tx, &row))?;
        }
    }

    /// Removes pieces that no record names: somebody was cut off who was attaching a file. Nothing is removed where a file cannot
    /// be read that may name some. How many.
    fn remove_strays(&self) -> Result<usize, AppError> {
        let pieces = self.pieces();
        let mut named: BTreeSet<[u8; 32]> = BTreeSet::new();
        for content in self.attachment_contents()? {
            named.insert(content.manifest.0);
            match pieces.manifest_here(&content) {
                Some(manifest) => named.extend(manifest.pieces.iter().map(|name| name.0)),
                // One that is damaged here may have its pieces; one that is elsewhere has none of them here.
                None if pieces.path(content.manifest).exists() => return Ok(0),
                None => {}
            }
        }
        let (mut after, mut removed) = (0, 0);
        loop {
            let some = self.store.read(|db| blobs::after(db, after, ASKED))?;
            let Some((last, _)) = some.last() else { return Ok(removed) };
            after = *last;
            let strays: Vec<[u8; 32]> =
                some.into_iter().map(|(_, name)| name).filter(|name| !named.contains(name)).collect();
            for name in &strays {
                let _ = fs::remove_file(pieces.path(Hash(*name)));
            }
            self.store.write_aside::<_, StorageError>(|tx| blobs::remove(tx, &strays))?;
            removed += strays.len();
        }
    }

    /// Tidies up behind whoever was cut off while attaching; only when a vault is opened.
    pub(crate) fn tidy_strays(&self) {
        let folder = self.vault();
        let begun = begun_in(&folder);
        // What cannot be tidied up now stays, and takes room only.
        if !begun.is_empty() && self.remove_strays().is_ok() {
            begun.iter().for_each(|path| drop(fs::remove_file(path)));
        }
    }

    /// Pieces that are here and not what they are called: they come again when they are asked for.
    pub(crate) fn damaged_pieces(&self) -> Result<Vec<String>, AppError> {
        let (mut after, mut bad) = (0, Vec::new());
        loop {
            let some = self.store.read(|db| blobs::after(db, after, ASKED))?;
            let Some((last, _)) = some.last() else { return Ok(bad) };
            after = *last;
            let names = some.iter().map(|(_, name)| Hash(*name));
            let pieces = self.pieces();
            let broken = names.filter(|n| pieces.path(*n).exists() && pieces.here(*n).is_none());
            bad.extend(broken.map(|name| format!("piece {name} is damaged")));
        }
    }
}

/// What the marks are called that stand in the scratch folder while something is attached.
const BEGUN: &str = "attaching";

fn begun(vault: &Path) -> Result<PathBuf, AppError> {
    let mark = scratch_in(vault, BEGUN)?;
    private_file(&mark).map_err(AppError::io(&mark))?;
    Ok(mark)
}

/// The marks of whoever was cut off.
fn begun_in(vault: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(vault.join(SCRATCH)).into_iter().flatten().flatten();
    entries.filter(|e| is_mark(&e.file_name().to_string_lossy())).map(|e| e.path()).collect()
}

/// Whether a name in the scratch folder is one that stays until it was seen to.
pub(crate) fn is_mark(name: &str) -> bool {
    name.starts_with(BEGUN)
}

/// A file's name as its record has it.
fn as_kept(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn text_in<'a>(row: &'a RowView, key: &str) -> &'a str {
    row.fields.get(key).and_then(serde_json::Value::as_str).unwrap_or_default()
}
