use crate::{ABOUT, About, Amount, BackupError, MANIFEST, Manifest, README, README_TEXT};
use age::{Encryptor, Recipient, stream::StreamWriter};
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// The library's own choice between quick and small.
const LEVEL: i32 = 3;

/// Writes a backup from its first part to its last; one that is not finished is no backup.
pub struct Writer<W: Write> {
    tar: tar::Builder<zstd::Encoder<'static, StreamWriter<W>>>,
    tables: BTreeMap<String, Table>,
    readable: BTreeMap<String, u64>,
}

#[derive(Default)]
struct Table {
    parts: u64,
    rows: u64,
    hasher: blake3::Hasher,
}

fn encryptor(recipients: &[Box<dyn Recipient + Send>]) -> Result<Encryptor, BackupError> {
    Encryptor::with_recipients(recipients.iter().map(|r| &**r as &dyn Recipient))
        .map_err(|e| io::Error::other(e.to_string()).into())
}

/// Seals one file for the same recipients: an attachment.
pub fn seal_age<W: Write>(
    out: W,
    recipients: &[Box<dyn Recipient + Send>],
) -> Result<StreamWriter<W>, BackupError> {
    Ok(encryptor(recipients)?.wrap_output(out)?)
}

impl<W: Write> Writer<W> {
    pub fn new(out: W, recipients: &[Box<dyn Recipient + Send>], about: &About) -> Result<Self, BackupError> {
        let sealed = seal_age(out, recipients)?;
        let mut tar = tar::Builder::new(zstd::Encoder::new(sealed, LEVEL)?);
        tar.mode(tar::HeaderMode::Deterministic);
        let mut writer = Self { tar, tables: BTreeMap::new(), readable: BTreeMap::new() };
        writer.append(ABOUT, &serde_json::to_vec_pretty(about).map_err(io::Error::from)?)?;
        writer.append(README, README_TEXT.as_bytes())?;
        Ok(writer)
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_entry_type(tar::EntryType::Regular);
        self.tar.append_data(&mut header, name, bytes)
    }

    /// Rows of a table, which come back as they are.
    pub fn table(&mut self, table: &str, rows: u64, part: &[u8]) -> Result<(), BackupError> {
        let of = self.tables.entry(table.to_owned()).or_default();
        of.parts += 1;
        of.rows += rows;
        of.hasher.update(part);
        let name = format!("tables/{table}/{:06}.cbor", of.parts);
        Ok(self.append(&name, part)?)
    }

    /// Records for people and other programs; nothing is restored from them.
    pub fn readable(&mut self, kind: &str, lines: &[u8]) -> Result<(), BackupError> {
        let part = self.readable.entry(kind.to_owned()).or_default();
        *part += 1;
        let name = format!("records/{kind}/{part:06}.jsonl");
        Ok(self.append(&name, lines)?)
    }

    /// Writes what must be in it and closes it; `rest` has all but the tables.
    pub fn finish(mut self, rest: Manifest) -> Result<(W, Manifest), BackupError> {
        let amount = |table: Table| Amount { count: table.rows, hash: table.hasher.finalize().to_string() };
        let tables =
            std::mem::take(&mut self.tables).into_iter().map(|(name, t)| (name, amount(t))).collect();
        let manifest = Manifest { tables, ..rest };
        self.append(MANIFEST, &serde_json::to_vec_pretty(&manifest).map_err(io::Error::from)?)?;
        let out = self.tar.into_inner()?.finish()?.finish()?;
        Ok((out, manifest))
    }
}
