//! Pieces of attachments as they lie beside the database: encrypted, and each called by what is in it.

use crate::{AppError, backup::scratch_in};
use satchel_protocol::{BlobContent, FileHash, Hash, Manifest, PIECE, WorkspaceId, limits, piece_name};
use satchel_vault::files::{private_dir, private_file, sync_dir};
use std::{
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
};

pub(crate) const FOLDER: &str = "blobs";

/// Told of each piece that is on the disk: the list of those that are here is the database's.
pub(crate) type Noted<'a> = &'a mut dyn FnMut(Hash, usize) -> Result<(), AppError>;

/// The pieces of a vault, also of one that is still being made.
pub(crate) struct Pieces {
    vault: PathBuf,
    workspace: WorkspaceId,
}

impl Pieces {
    pub fn of(vault: &Path, workspace: WorkspaceId) -> Self {
        Self { vault: vault.to_owned(), workspace }
    }

    pub fn path(&self, name: Hash) -> PathBuf {
        let name = name.to_string();
        self.vault.join(FOLDER).join(name.chars().take(2).collect::<String>()).join(name)
    }

    /// A piece that is here, if it is what it is called.
    pub fn here(&self, name: Hash) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = File::open(self.path(name)).ok()?;
        file.take(limits::PIECE_BYTES as u64 + 1).read_to_end(&mut bytes).ok()?;
        (piece_name(&bytes) == name).then_some(bytes)
    }

    /// Puts a piece on the disk for good.
    pub fn put(&self, piece: &[u8]) -> Result<Hash, AppError> {
        let name = piece_name(piece);
        let path = self.path(name);
        let io = AppError::io(&path);
        if self.here(name).is_none() {
            let folder = path.parent().unwrap_or(Path::new("."));
            private_dir(folder).map_err(&io)?;
            // Not beside its goal: what is cut off here is gone with the next opening.
            let part = scratch_in(&self.vault, "piece")?;
            let written = private_file(&part)
                .and_then(|mut file| file.write_all(piece).and_then(|()| file.sync_all()))
                .and_then(|()| fs::rename(&part, &path))
                .and_then(|()| sync_dir(folder));
            written.inspect_err(|_| drop(fs::remove_file(&part))).map_err(&io)?;
        }
        Ok(name)
    }

    /// Keeps an attachment again that was written elsewhere; whether it is the one that `content` says.
    pub fn copy_in(
        &self,
        content: &BlobContent,
        file: Box<dyn Read + '_>,
        noted: Noted<'_>,
    ) -> Result<bool, AppError> {
        let mut manifest = Manifest { size: 0, hash: FileHash::default().finish(), pieces: Vec::new() };
        let mut hash = FileHash::default();
        let mut keep = |piece: &[u8]| {
            let name = self.put(piece)?;
            noted(name, piece.len())?;
            Ok::<_, AppError>(name)
        };
        manifest.size = each_piece(file, |piece| {
            hash.update(piece);
            let place = manifest.pieces.len() as u64;
            manifest.pieces.push(keep(&content.key.seal_piece(self.workspace, place, piece))?);
            Ok(())
        })?;
        manifest.hash = hash.finish();
        let sealed = content.key.seal_manifest(self.workspace, &manifest);
        Ok(keep(&sealed)? == content.manifest)
    }

    /// What a file consists of, where that is here.
    pub fn manifest_here(&self, content: &BlobContent) -> Option<Manifest> {
        content.key.open_manifest(self.workspace, &self.here(content.manifest)?).ok()
    }

    /// How large an attachment is that is wholly here.
    pub fn size_here(&self, content: &BlobContent) -> Option<u64> {
        let manifest = self.manifest_here(content)?;
        manifest.pieces.iter().all(|name| self.path(*name).exists()).then_some(manifest.size)
    }
}

/// Reads a file a piece at a time; how many bytes.
pub(crate) fn each_piece(
    mut file: Box<dyn Read + '_>,
    mut take: impl FnMut(&[u8]) -> Result<(), AppError>,
) -> Result<u64, AppError> {
    let (mut piece, mut size) = (Vec::with_capacity(PIECE), 0);
    loop {
        piece.clear();
        let read = (&mut file).take(PIECE as u64).read_to_end(&mut piece)?;
        size += read as u64;
        if read == 0 || size > limits::ATTACHMENT_BYTES {
            return Ok(size);
        }
        take(&piece)?;
    }
}
