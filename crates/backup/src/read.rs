use crate::{
    ABOUT, About, Amount, BackupError, FORMAT, MANIFEST, MOST_BYTES, MOST_JSON, MOST_OF_ALL, Manifest,
};
use age::{DecryptError, Decryptor, Identity, stream::StreamReader};
use std::{
    collections::BTreeMap,
    io::{self, BufReader, Read},
};

/// A header that is passed over.
const MOST_HEADER: u64 = 1 << 16;

/// How an age file begins.
const MAGIC: &[u8] = b"age-encryption.org/v1\n";

/// What a backup has, one after the other.
#[derive(Debug)]
pub enum Part<'a> {
    About(&'a About),
    /// Rows of a table.
    Table {
        name: &'a str,
        bytes: &'a [u8],
    },
}

/// What stands in one age file, such as an attachment.
pub fn open_age<R: Read>(mut input: R, key: &dyn Identity) -> Result<StreamReader<impl Read>, BackupError> {
    let mut begin = Vec::with_capacity(MAGIC.len());
    input.by_ref().take(MAGIC.len() as u64).read_to_end(&mut begin)?;
    if begin != MAGIC {
        return Err(if MAGIC.starts_with(&begin) { BackupError::Cut } else { BackupError::NotABackup });
    }
    let input = io::Cursor::new(begin).chain(input);
    let open = |input| -> Result<_, DecryptError> { Decryptor::new(input)?.decrypt(std::iter::once(key)) };
    open(input).map_err(|e| match e {
        DecryptError::InvalidHeader | DecryptError::UnknownFormat => BackupError::NotABackup,
        DecryptError::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => BackupError::Cut,
        DecryptError::Io(e) if e.kind() == io::ErrorKind::InvalidData => BackupError::NotABackup,
        DecryptError::Io(e) => e.into(),
        DecryptError::InvalidMac => BackupError::Altered("its header does not fit its key".into()),
        _ => BackupError::WrongKey,
    })
}

/// Reads a backup to its end and hands on its parts in the order in which they were written. Only when it returns has
/// everything been there: what was made of the parts until then is to be thrown away on an error.
pub fn read<R: Read, E: From<BackupError>>(
    input: R,
    key: &dyn Identity,
    take: &mut dyn FnMut(Part<'_>) -> Result<(), E>,
) -> Result<Manifest, E> {
    let sealed = open_age(input, key)?;
    let plain = zstd::Decoder::new(sealed).map_err(of_io)?.take(MOST_OF_ALL);
    let mut archive = tar::Archive::new(BufReader::with_capacity(1 << 16, plain));
    let (mut about, mut manifest) = (false, None);
    let mut tables: BTreeMap<String, (u64, blake3::Hasher)> = BTreeMap::new();
    let mut bytes = Vec::new();
    // Raw, so that nothing is read into memory before its size was looked at: our names need no longer headers.
    for entry in archive.entries().map_err(of_io)?.raw(true) {
        let mut entry = entry.map_err(of_io)?;
        // Other programs write the folders, and headers of their own.
        if !entry.header().entry_type().is_file() && entry.size() <= MOST_HEADER {
            continue;
        }
        let name = entry.path().map_err(of_io)?.to_string_lossy().into_owned();
        let most = if name.ends_with(".json") { MOST_JSON } else { MOST_BYTES };
        if entry.size() > most || manifest.is_some() {
            return Err(BackupError::Altered(format!("{name} does not belong into it")).into());
        }
        bytes.clear();
        entry.read_to_end(&mut bytes).map_err(of_io)?;
        match name.as_str() {
            ABOUT => {
                take(Part::About(&read_about(&bytes)?))?;
                about = true;
            }
            MANIFEST => manifest = Some(json::<Manifest>(&bytes)?),
            _ if !about => return Err(BackupError::NotABackup.into()),
            _ => {
                let Some(table) = name.strip_prefix("tables/").and_then(|n| Some(n.split_once('/')?.0))
                else {
                    continue;
                };
                let (_, hasher) = tables.entry(table.to_owned()).or_default();
                hasher.update(&bytes);
                take(Part::Table { name: table, bytes: &bytes })?;
            }
        }
    }
    // The last bytes say that none are missing.
    let mut rest = archive.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(of_io)?;
    let manifest = manifest.ok_or(BackupError::Cut)?;
    let same = |(name, (_, hasher)): (&String, &(u64, blake3::Hasher))| {
        manifest.tables.get(name).is_some_and(|amount: &Amount| amount.hash == hasher.finalize().to_string())
    };
    let missing = |(name, amount): (&String, &Amount)| amount.count > 0 && !tables.contains_key(name);
    if !tables.iter().all(same) || manifest.tables.iter().any(missing) {
        return Err(BackupError::Altered("its tables are not those that its manifest lists".into()).into());
    }
    Ok(manifest)
}

fn json<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, BackupError> {
    serde_json::from_slice(bytes).map_err(|e| BackupError::Altered(e.to_string()))
}

fn read_about(bytes: &[u8]) -> Result<About, BackupError> {
    // The format first: a newer file need not have the shape that we know.
    let about: serde_json::Value = json(bytes)?;
    let format = about.get("format").and_then(serde_json::Value::as_u64).unwrap_or_default();
    match u32::try_from(format) {
        Ok(found) if found > FORMAT => Err(BackupError::Newer { found, known: FORMAT }),
        _ => serde_json::from_value(about).map_err(|e| BackupError::Altered(e.to_string())),
    }
}

/// age says «unexpected end» where a file ends early, and «invalid data» where a byte is another.
fn of_io(error: io::Error) -> BackupError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => BackupError::Cut,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            BackupError::Altered(error.to_string())
        }
        _ => error.into(),
    }
}
