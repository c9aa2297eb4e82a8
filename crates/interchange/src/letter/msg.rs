//! `.msg`: a letter as Outlook saves it, a compound file of properties (MS-OXMSG, MS-OXPROPS).

use super::{Correspondent, Letter};
use crate::{
    EnclosedFile,
    encoding::detect,
    limits::{LETTER_FILES, LETTER_PEOPLE},
};
use cfb::CompoundFile;
use encoding_rs::Encoding;
use mail_parser::decoders::html::html_to_text;
use std::{
    io::{Cursor, Read},
    path::{Path, PathBuf},
};

/// Properties, by their ids of MS-OXPROPS.
mod id {
    pub const SUBJECT: u16 = 0x0037;
    pub const SENT: u16 = 0x0039;
    pub const HEADERS: u16 = 0x007d;
    pub const SENDER_NAME: u16 = 0x0c1a;
    pub const SENDER_ADDRESS: u16 = 0x0c1f;
    pub const DELIVERED: u16 = 0x0e06;
    pub const BODY: u16 = 0x1000;
    pub const HTML: u16 = 0x1013;
    pub const MESSAGE_ID: u16 = 0x1035;
    pub const NAME: u16 = 0x3001;
    pub const ADDRESS: u16 = 0x3003;
    pub const FILE_DATA: u16 = 0x3701;
    pub const SHORT_FILE_NAME: u16 = 0x3704;
    pub const FILE_NAME: u16 = 0x3707;
    pub const MEDIA_TYPE: u16 = 0x370e;
    pub const CONTENT_ID: u16 = 0x3712;
    pub const SMTP_ADDRESS: u16 = 0x39fe;
    pub const INTERNET_CODEPAGE: u16 = 0x3fde;
    pub const CODEPAGE: u16 = 0x3ffd;
    pub const SENDER_SMTP_ADDRESS: u16 = 0x5d01;
}

/// Types of properties, as they stand behind their ids.
mod kind {
    pub const NUMBER: u16 = 0x0003;
    pub const TEXT_8: u16 = 0x001e;
    pub const TEXT: u16 = 0x001f;
    pub const TIME: u16 = 0x0040;
    pub const BYTES: u16 = 0x0102;
}

/// From the beginning of 1601 to that of 1970, in milliseconds.
const EPOCH: i64 = 11_644_473_600_000;

pub(super) fn is_msg(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
}

pub(super) fn read(bytes: &[u8]) -> Result<Letter, String> {
    let file = CompoundFile::open(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let mut msg = Msg { file, left: bytes.len() as u64, codepage: None };
    let root = Path::new("/");
    if !msg.file.is_stream(root.join(PROPERTIES)) {
        return Err("it is no letter of Outlook".to_owned());
    }
    let fixed = msg.fixed(root, 32);
    msg.codepage =
        [id::CODEPAGE, id::INTERNET_CODEPAGE].iter().find_map(|id| number(&fixed, *id)).and_then(encoding);
    let headers = msg.text(root, id::HEADERS).unwrap_or_default();
    let address = msg.text(root, id::SENDER_SMTP_ADDRESS).or_else(|| msg.text(root, id::SENDER_ADDRESS));
    let from = Correspondent {
        name: msg.text(root, id::SENDER_NAME).unwrap_or_default(),
        address: address.filter(|a| a.contains('@')).or_else(|| from_of(&headers)).unwrap_or_default(),
    };
    let text = msg.text(root, id::BODY).filter(|text| !text.trim().is_empty());
    let id = msg.text(root, id::MESSAGE_ID).map(|id| id.trim().trim_matches(['<', '>']).to_owned());
    let letter = Letter {
        message_id: id.filter(|id| !id.is_empty()),
        at: [id::SENT, id::DELIVERED].iter().find_map(|id| time(&fixed, *id)),
        from: Some(from).filter(|from| !from.address.is_empty() || !from.name.is_empty()),
        to: msg.people(),
        subject: msg.text(root, id::SUBJECT).unwrap_or_default(),
        text: text.or_else(|| msg.html(root)).unwrap_or_default(),
        enclosed: msg.files(),
    };
    match letter.from.is_none() && letter.to.is_empty() {
        true => Err("it is no letter: it says neither from whom nor to whom".to_owned()),
        false => Ok(letter),
    }
}

const PROPERTIES: &str = "__properties_version1.0";

struct Msg<'a> {
    file: CompoundFile<Cursor<&'a [u8]>>,
    /// What can still be read of it: all its streams together hold no more than the file does.
    left: u64,
    codepage: Option<&'static Encoding>,
}

impl Msg<'_> {
    fn stream(&mut self, path: &Path) -> Option<Vec<u8>> {
        let mut stream = self.file.open_stream(path).ok()?;
        self.left = self.left.checked_sub(stream.len())?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn property(&mut self, of: &Path, id: u16, kind: u16) -> Option<Vec<u8>> {
        self.stream(&of.join(format!("__substg1.0_{id:04X}{kind:04X}")))
    }

    fn text(&mut self, of: &Path, id: u16) -> Option<String> {
        if let Some(bytes) = self.property(of, id, kind::TEXT) {
            return Some(encoding_rs::UTF_16LE.decode_without_bom_handling(&bytes).0.into_owned());
        }
        let bytes = self.property(of, id, kind::TEXT_8)?;
        Some(match self.codepage {
            Some(encoding) => encoding.decode_without_bom_handling(&bytes).0.into_owned(),
            None => detect(&bytes).decode(&bytes),
        })
    }

    fn html(&mut self, of: &Path) -> Option<String> {
        let bytes = self.property(of, id::HTML, kind::BYTES)?;
        let html = detect(&bytes);
        let html = match self.codepage.filter(|_| html.0 != encoding_rs::UTF_8) {
            Some(encoding) => encoding.decode_without_bom_handling(&bytes).0.into_owned(),
            None => html.decode(&bytes),
        };
        Some(html_to_text(&html))
    }

    /// Values of a fixed size: (id, type, value).
    fn fixed(&mut self, of: &Path, header: usize) -> Vec<(u16, u16, [u8; 8])> {
        let bytes = self.stream(&of.join(PROPERTIES)).unwrap_or_default();
        let rows = bytes.get(header..).unwrap_or_default().as_chunks::<16>().0;
        let row = |[k0, k1, i0, i1, _, _, _, _, value @ ..]: &[u8; 16]| {
            (u16::from_le_bytes([*i0, *i1]), u16::from_le_bytes([*k0, *k1]), *value)
        };
        rows.iter().map(row).collect()
    }

    fn storages(&self, name: &str, most: usize) -> Vec<PathBuf> {
        let all = self.file.read_root_storage().filter(|entry| entry.is_storage());
        let mut named: Vec<PathBuf> =
            all.filter(|e| e.name().starts_with(name)).map(|e| e.path().to_owned()).take(most).collect();
        named.sort();
        named
    }

    fn people(&mut self) -> Vec<Correspondent> {
        let mut people = Vec::new();
        for of in self.storages("__recip_version1.0_#", LETTER_PEOPLE) {
            let address = self.text(&of, id::SMTP_ADDRESS).or_else(|| self.text(&of, id::ADDRESS));
            let name = self.text(&of, id::NAME).unwrap_or_default();
            people.extend(address.filter(|a| a.contains('@')).map(|address| Correspondent { name, address }));
        }
        people
    }

    fn files(&mut self) -> Vec<EnclosedFile> {
        let mut files = Vec::new();
        for of in self.storages("__attach_version1.0_#", LETTER_FILES) {
            let name = self.text(&of, id::FILE_NAME).or_else(|| self.text(&of, id::SHORT_FILE_NAME));
            // A picture that the letter shows, or a letter within the letter.
            if name.is_none() && self.text(&of, id::CONTENT_ID).is_some() {
                continue;
            }
            let Some(bytes) = self.property(&of, id::FILE_DATA, kind::BYTES).filter(|b| !b.is_empty()) else {
                continue;
            };
            let media_type = self.text(&of, id::MEDIA_TYPE).unwrap_or_default();
            files.push(EnclosedFile { name: name.unwrap_or_default(), media_type, bytes });
        }
        files
    }
}

fn number(fixed: &[(u16, u16, [u8; 8])], id: u16) -> Option<i32> {
    let [a, b, c, d, ..] = fixed.iter().find(|(i, k, _)| (*i, *k) == (id, kind::NUMBER))?.2;
    Some(i32::from_le_bytes([a, b, c, d]))
}

/// A time in steps of 100 ns since 1601, in milliseconds since 1970.
fn time(fixed: &[(u16, u16, [u8; 8])], id: u16) -> Option<i64> {
    let (_, _, value) = fixed.iter().find(|(i, k, _)| (*i, *k) == (id, kind::TIME))?;
    i64::try_from(u64::from_le_bytes(*value) / 10_000).ok()?.checked_sub(EPOCH)
}

/// Whom the headers name as sender: within an organisation the property holds no address.
fn from_of(headers: &str) -> Option<String> {
    let line = headers.lines().find_map(|line| line.strip_prefix("From:"))?;
    let inside = line.rsplit_once('<').and_then(|(_, rest)| rest.split('>').next()).unwrap_or(line);
    Some(inside.trim().to_owned()).filter(|address| address.contains('@'))
}

/// Windows' numbers of encodings.
fn encoding(codepage: i32) -> Option<&'static Encoding> {
    Some(match codepage {
        932 => encoding_rs::SHIFT_JIS,
        936 => encoding_rs::GBK,
        949 => encoding_rs::EUC_KR,
        950 => encoding_rs::BIG5,
        1250 => encoding_rs::WINDOWS_1250,
        1251 => encoding_rs::WINDOWS_1251,
        1252 => encoding_rs::WINDOWS_1252,
        1253 => encoding_rs::WINDOWS_1253,
        1254 => encoding_rs::WINDOWS_1254,
        54936 => encoding_rs::GB18030,
        65001 => encoding_rs::UTF_8,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_letter;
    use std::io::Write;

    fn put(file: &mut CompoundFile<Cursor<Vec<u8>>>, path: &str, bytes: &[u8]) {
        file.create_stream(path).unwrap().write_all(bytes).unwrap();
    }

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn row(id: u16, kind: u16, value: [u8; 8]) -> Vec<u8> {
        [kind.to_le_bytes().as_slice(), &id.to_le_bytes(), &[0; 4], &value].concat()
    }

    /// As Outlook writes it: Unicode, one recipient, one file; the texts can be in a codepage.
    fn outlook(codepage: Option<(i32, &'static Encoding)>) -> Vec<u8> {
        let mut file = CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        let mut text = |of: &str, id: u16, said: &str| match codepage {
            Some((_, encoding)) => {
                put(&mut file, &format!("{of}/__substg1.0_{id:04X}001E"), &encoding.encode(said).0);
            }
            None => put(&mut file, &format!("{of}/__substg1.0_{id:04X}001F"), &wide(said)),
        };
        text("", id::SUBJECT, "报价 2026");
        text("", id::BODY, "您好，\r\n见附件。\r\n");
        text("", id::SENDER_NAME, "王伟");
        text("", id::SENDER_ADDRESS, "/O=EXCHANGE/CN=WANG");
        text("", id::HEADERS, "Received: x\r\nFrom: Wang <wang@shenzhen.example>\r\n");
        text("", id::MESSAGE_ID, "<AB@outlook.example>");
        let sent = (1_795_768_200_000_i64 + EPOCH) * 10_000;
        let mut rows = [[0; 32].to_vec(), row(id::SENT, kind::TIME, sent.to_le_bytes())].concat();
        if let Some((number, _)) = codepage {
            rows.extend(row(id::CODEPAGE, kind::NUMBER, i64::from(number).to_le_bytes()));
        }
        put(&mut file, "/__properties_version1.0", &rows);
        for (of, id, said) in [
            ("/__recip_version1.0_#00000000", id::SMTP_ADDRESS, "ana@satchel.example"),
            ("/__recip_version1.0_#00000000", id::NAME, "Ana Ruiz"),
            ("/__attach_version1.0_#00000000", id::FILE_NAME, "..\\evil/报价.pdf"),
            ("/__attach_version1.0_#00000000", id::MEDIA_TYPE, "application/pdf"),
        ] {
            let _ = file.create_storage(of);
            put(&mut file, &format!("{of}/__substg1.0_{id:04X}001F"), &wide(said));
        }
        put(&mut file, "/__attach_version1.0_#00000000/__substg1.0_37010102", b"%PDF");
        file.into_inner().into_inner()
    }

    #[test]
    fn a_letter_of_outlook_is_read() {
        for codepage in [None, Some((936, encoding_rs::GBK)), Some((65001, encoding_rs::UTF_8))] {
            let letter = read_letter("a.msg", &outlook(codepage)).unwrap();
            assert_eq!(letter.subject, "报价 2026", "{codepage:?}");
            assert_eq!(letter.text, "您好，\n见附件。");
            let from = letter.from.unwrap();
            assert_eq!((from.name.as_str(), from.address.as_str()), ("王伟", "wang@shenzhen.example"));
            assert_eq!(
                letter.to,
                [Correspondent { name: "Ana Ruiz".into(), address: "ana@satchel.example".into() }]
            );
            assert_eq!(letter.at, Some(1_795_768_200_000));
            assert_eq!(letter.message_id.as_deref(), Some("AB@outlook.example"));
            let [file] = letter.enclosed.as_slice() else { panic!("one file") };
            assert_eq!((file.name.as_str(), file.bytes.as_slice()), ("报价.pdf", b"%PDF".as_slice()));
        }
    }

    /// A letter with files that all lie in the same place of it.
    fn crowded(files: usize) -> Vec<u8> {
        let mut file = CompoundFile::open(Cursor::new(outlook(None))).unwrap();
        for at in 1..=files {
            let of = format!("/__attach_version1.0_#{at:08X}");
            file.create_storage(&of).unwrap();
            put(&mut file, &format!("{of}/__substg1.0_3707001F"), &wide("a.bin"));
            let bytes: &[u8] = if at == 1 { &[7; 20_000] } else { &[] };
            put(&mut file, &format!("{of}/__substg1.0_37010102"), bytes);
        }
        let mut bytes = file.into_inner().into_inner();
        // Of an entry of the directory: its name, and where its stream begins, with how long it is.
        let name = wide("__substg1.0_37010102");
        let entries = || bytes.chunks_exact(128).filter(|entry| entry.starts_with(&name));
        let place = entries().map(|entry| entry[116..].to_vec()).find(|p| p[4..] == 20_000_u64.to_le_bytes());
        for entry in bytes.chunks_exact_mut(128).filter(|entry| entry.starts_with(&name)) {
            entry[116..].copy_from_slice(place.as_ref().unwrap());
        }
        bytes
    }

    #[test]
    fn no_more_is_read_of_a_letter_than_it_holds() {
        for files in [1, 50] {
            let bytes = crowded(files);
            let letter = read_letter("a.msg", &bytes).unwrap();
            let sizes: Vec<usize> = letter.enclosed.iter().map(|file| file.bytes.len()).collect();
            assert!(sizes.iter().sum::<usize>() <= bytes.len(), "{sizes:?} of {}", bytes.len());
            assert!(sizes.contains(&20_000) && sizes.iter().all(|size| *size == 20_000), "whole: {sizes:?}");
        }
    }

    #[test]
    fn a_damaged_letter_of_outlook_is_refused_or_read_in_part() {
        let whole = outlook(None);
        assert!(read_letter("a.msg", whole.get(..600).unwrap()).is_err());
        for at in (0..whole.len()).step_by(7) {
            let mut bad = whole.clone();
            bad[at] ^= 0xff;
            let _ = read_letter("a.msg", &bad);
        }
        let other = CompoundFile::create(Cursor::new(Vec::new())).unwrap().into_inner().into_inner();
        assert!(read_letter("a.doc", &other).unwrap_err().to_string().contains("no letter of Outlook"));
    }
}
