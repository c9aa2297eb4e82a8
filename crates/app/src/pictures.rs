//! Pictures among attachments, as the page shows them: the core decodes, the web view gets small JPEGs that the core has
//! made. The small ones are kept in the database, which alone of all caches is encrypted.

mod scaled;

use crate::{
    AppError, Session,
    views::{PictureView, Written},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use satchel_domain::RecordId;
use satchel_storage::{StorageError, Transaction, thumbnails};
use scaled::{Scaled, is_picture, scaled};
use std::sync::{Mutex, PoisonError};

/// Names of files that may be pictures that can be shown.
const TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/gif"];
/// A larger file is not decoded.
const FILE: u64 = 64 << 20;
/// The longer side of a small picture, in pixels.
const SMALL: u32 = 320;
/// And of a large one, whatever is asked for.
const LARGE: u32 = 4096;
/// All small pictures together take no more: more than a thousand photos.
const KEPT: usize = 24 << 20;
const PASTED: usize = 20 << 20;

/// A decoded picture may take hundreds of megabytes: there is one small one and one large one at a time.
static ONE_SMALL: Mutex<()> = Mutex::new(());
static ONE_LARGE: Mutex<()> = Mutex::new(());

/// Whether a file is worth a look, by what its name says.
pub(crate) fn may_be_shown(media_type: &str) -> bool {
    TYPES.contains(&media_type)
}

impl Session {
    /// A small picture of an attachment that is wholly here, as an address for the page; none where it is none.
    pub fn thumbnail(&self, id: RecordId) -> Result<Option<String>, AppError> {
        let content = self.content_of(id)?;
        let name = content.manifest.0;
        if let Some(kept) = self.kept_thumbnail(&name) {
            return Ok(kept);
        }
        let _one = ONE_SMALL.lock().unwrap_or_else(PoisonError::into_inner);
        // Two windows may have asked.
        if let Some(kept) = self.kept_thumbnail(&name) {
            return Ok(kept);
        }
        let Some(size) = self.size_here(&content) else { return Ok(None) };
        let jpeg = match size <= FILE {
            true => scaled(self.read_content(&content, FILE)?, SMALL).map(|s| s.jpeg).unwrap_or_default(),
            false => Vec::new(),
        };
        // That it is no picture is kept as well: it is not tried again and again.
        self.keep_thumbnail(|tx| thumbnails::put(tx, &name, &jpeg, KEPT));
        Ok(shown(&jpeg))
    }

    fn kept_thumbnail(&self, name: &[u8; 32]) -> Option<Option<String>> {
        // A cache that cannot be read holds nothing.
        let kept = self.store.read(|db| thumbnails::get(db, name)).ok().flatten()?;
        if kept.is_old {
            self.keep_thumbnail(|tx| thumbnails::used(tx, name));
        }
        Some(shown(&kept.jpeg))
    }

    /// Or not, where something long is being written, or nothing can be: then it is made again.
    fn keep_thumbnail(&self, write: impl FnOnce(&Transaction<'_>) -> Result<(), StorageError>) {
        let _ = self.store.write_if_free(write);
    }

    /// An attachment as a picture, at most so many pixels wide and high.
    pub fn picture(&self, id: RecordId, most: u32) -> Result<PictureView, AppError> {
        let content = self.content_of(id)?;
        let _one = ONE_LARGE.lock().unwrap_or_else(PoisonError::into_inner);
        let Scaled { jpeg, width, height } = scaled(self.read_content(&content, FILE)?, most.clamp(1, LARGE))
            .ok_or_else(|| {
                AppError::refused("this picture cannot be shown; save it and open it in another program")
            })?;
        Ok(PictureView { url: data_url(&jpeg), width, height })
    }

    /// Puts a picture from the clipboard on a record, which comes in base64.
    pub fn attach_picture(&self, record: RecordId, name: &str, base64: &str) -> Result<Written, AppError> {
        if base64.len() / 4 * 3 > PASTED {
            return Err(AppError::refused(
                "the picture on the clipboard is larger than 20 MB; save it as a file and attach that",
            ));
        }
        let bytes = BASE64.decode(base64).unwrap_or_default();
        if !is_picture(&bytes) {
            return Err(AppError::refused(
                "what was pasted is no PNG, JPEG, WebP or GIF picture; save it as a file and attach that",
            ));
        }
        self.attach_bytes(record, name, &bytes)
    }
}

/// Nothing was kept where there is no picture.
fn shown(jpeg: &[u8]) -> Option<String> {
    (!jpeg.is_empty()).then(|| data_url(jpeg))
}

/// The policy of the web view takes these as pictures, and no address of any place.
fn data_url(jpeg: &[u8]) -> String {
    format!("data:image/jpeg;base64,{}", BASE64.encode(jpeg))
}
