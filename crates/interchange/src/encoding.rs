//! Which encoding a file has, and reading it as UTF-8.

use crate::{InterchangeError, input::Input};
use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::io::{BufRead, BufReader, Read};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detected(pub &'static Encoding);

impl Detected {
    pub fn name(self) -> String {
        self.0.name().to_owned()
    }

    pub fn decode(self, bytes: &[u8]) -> String {
        self.0.decode(bytes).0.into_owned()
    }

    pub fn is_utf16(self) -> bool {
        self.0 == UTF_16LE || self.0 == UTF_16BE
    }

    /// Decodes one record. One that is not in the file's encoding is read as what it looks like by
    /// itself; then that encoding is named.
    pub fn decode_record(self, bytes: &[u8]) -> (String, Option<&'static str>) {
        if self.0 == UTF_8 || self.is_utf16() {
            return match std::str::from_utf8(bytes) {
                Ok(text) => (text.to_owned(), None),
                Err(_) => {
                    let legacy = guess(bytes);
                    let (text, _) = legacy.decode_without_bom_handling(bytes);
                    (text.into_owned(), Some(legacy.name()))
                }
            };
        }
        let (text, bad) = self.0.decode_without_bom_handling(bytes);
        (text.into_owned(), bad.then(|| self.0.name()))
    }
}

pub fn detect(head: &[u8]) -> Detected {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Detected(encoding);
    }
    // UTF-16 without a mark: every second byte of Latin text is zero.
    let sample = head.get(..head.len().min(2000)).unwrap_or_default();
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    if sample.len() >= 8 && zeros(1) * 3 > sample.len() && zeros(0) * 10 < sample.len() {
        return Detected(UTF_16LE);
    }
    if sample.len() >= 8 && zeros(0) * 3 > sample.len() && zeros(1) * 10 < sample.len() {
        return Detected(UTF_16BE);
    }
    match std::str::from_utf8(head) {
        Ok(_) => return Detected(UTF_8),
        // Cut in the middle of a character at the end of the sample.
        Err(e) if e.error_len().is_none() => return Detected(UTF_8),
        // A file that is UTF-8 but for a few records stays UTF-8; those are decoded by themselves.
        Err(_) if mostly_utf8(head) => return Detected(UTF_8),
        Err(_) => {}
    }
    Detected(guess(head))
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, chardetng::Utf8Detection::Deny)
}

fn mostly_utf8(head: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for line in head.split(|b| *b == b'\n').filter(|l| !l.is_ascii()) {
        match std::str::from_utf8(line) {
            Ok(_) => good += 1,
            Err(_) => bad += 1,
        }
    }
    // Text of other encodings is valid UTF-8 by chance only.
    good * 2 >= bad
}

pub fn is_binary(head: &[u8], encoding: Detected) -> bool {
    if encoding.is_utf16() {
        return false;
    }
    let zip_or_pdf =
        head.starts_with(b"PK\x03\x04") || head.starts_with(b"%PDF") || head.starts_with(b"\xd0\xcf\x11\xe0");
    let control = head.iter().filter(|b| **b < 9 || (14..32).contains(*b) && **b != 0x1b).count();
    zip_or_pdf || control * 20 > head.len()
}

/// The file as bytes that split at ASCII line ends: UTF-16 is transcoded, all else is as it is.
pub(crate) fn reader(input: &Input, encoding: Detected) -> Result<Box<dyn BufRead + Send>, InterchangeError> {
    let mut file = input.open()?;
    if encoding.is_utf16() {
        let transcoder = Transcoder {
            inner: file,
            decoder: encoding.0.new_decoder_with_bom_removal(),
            out: Vec::new(),
            at: 0,
            done: false,
        };
        return Ok(Box::new(BufReader::with_capacity(1 << 16, transcoder)));
    }
    let bom = file.fill_buf().map_err(input.failed())?.starts_with(b"\xef\xbb\xbf");
    if bom {
        file.consume(3);
    }
    Ok(file)
}

struct Transcoder<R> {
    inner: R,
    decoder: Decoder,
    out: Vec<u8>,
    at: usize,
    done: bool,
}

impl<R: BufRead> Read for Transcoder<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.out.len() && !self.done {
            self.out.clear();
            self.at = 0;
            let input = self.inner.fill_buf()?;
            self.done = input.is_empty();
            self.out.resize(input.len() * 2 + 16, 0);
            let (_, read, written, _) = self.decoder.decode_to_utf8(input, &mut self.out, self.done);
            self.out.truncate(written);
            self.inner.consume(read);
        }
        let rest = self.out.get(self.at..).unwrap_or_default();
        let count = rest.len().min(into.len());
        into.get_mut(..count).unwrap_or_default().copy_from_slice(rest.get(..count).unwrap_or_default());
        self.at += count;
        Ok(count)
    }
}
