//! Where the bytes of a file are: on the disk, or in memory, where a pasted table or a sheet of a
//! workbook is. Nothing that is imported is written to a file of ours.

use crate::InterchangeError;
use std::{
    fs::File,
    io::{BufRead, BufReader, Cursor, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

const HEAD: u64 = 256 * 1024;

#[derive(Clone, Debug)]
pub(crate) enum Input {
    File(PathBuf),
    Memory { name: String, bytes: Arc<[u8]> },
}

impl Input {
    pub fn name(&self) -> String {
        match self {
            Input::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Input::Memory { name, .. } => name.clone(),
        }
    }

    pub fn has_extension(&self, any: &[&str]) -> bool {
        let extension = Path::new(&self.name()).extension().map(|e| e.to_string_lossy().into_owned());
        extension.is_some_and(|e| any.iter().any(|a| a.eq_ignore_ascii_case(&e)))
    }

    /// The first bytes, for guessing.
    pub fn head(&self) -> Result<Vec<u8>, InterchangeError> {
        let mut head = Vec::new();
        self.open()?.take(HEAD).read_to_end(&mut head).map_err(self.failed())?;
        Ok(head)
    }

    pub fn size(&self) -> Result<u64, InterchangeError> {
        match self {
            Input::File(path) => Ok(std::fs::metadata(path).map_err(self.failed())?.len()),
            Input::Memory { bytes, .. } => Ok(bytes.len() as u64),
        }
    }

    pub fn open(&self) -> Result<Box<dyn BufRead + Send>, InterchangeError> {
        Ok(match self {
            Input::File(path) => {
                // A pipe would be waited for, for ever; a device may have no end.
                if !std::fs::metadata(path).map_err(self.failed())?.is_file() {
                    return Err(InterchangeError::NotAFile(path.display().to_string()));
                }
                Box::new(BufReader::with_capacity(1 << 16, File::open(path).map_err(self.failed())?))
            }
            Input::Memory { bytes, .. } => Box::new(Cursor::new(bytes.clone())),
        })
    }

    /// Says which file it is that cannot be read.
    pub fn failed(&self) -> impl Fn(std::io::Error) -> InterchangeError + use<> {
        let path = match self {
            Input::File(path) => path.clone(),
            Input::Memory { name, .. } => PathBuf::from(name),
        };
        move |source| InterchangeError::Io { path: path.clone(), source }
    }
}
