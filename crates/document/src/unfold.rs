//! What a document's chunks unfold to, counted before automerge unfolds them: a few bytes can say that something comes a
//! million million times.
//!
//! The format: <https://automerge.org/automerge-binary-format-spec/>. What stands in none of its places is refused.

use crate::{DocumentError, chunks};
use flate2::read::DeflateDecoder;
use std::io::Read;

/// Operations of one document: a note of the longest text that fits into a field, written twice over. As many of
/// them take automerge seconds and a gigabyte, and fifty bytes can say that they are there.
pub const MAX_OPERATIONS: u64 = 2 << 20;
/// Bytes that the columns of a document have when nothing is packed and each text stands as often as it is meant.
pub const MAX_UNFOLDED: u64 = 128 << 20;

/// Magic, checksum.
const HEAD: usize = 8;
const DOCUMENT: u8 = 0;
const CHANGE: u8 = 1;
const PACKED_CHANGE: u8 = 2;
const HASH: usize = 32;
/// The bit of a column's name that says that it is packed.
const PACKED: u64 = 8;

/// Refuses chunks that unfold to more than any record holds.
pub(crate) fn check(bytes: &[u8]) -> Result<(), DocumentError> {
    let mut left = Left { operations: MAX_OPERATIONS, bytes: MAX_UNFOLDED };
    for chunk in chunks(bytes) {
        chunk.and_then(|chunk| left.chunk(chunk)).ok_or_else(|| {
            match left.operations == 0 || left.bytes == 0 {
                true => DocumentError::Unfolds,
                false => DocumentError::Damaged("it holds something that is no change".into()),
            }
        })?;
    }
    Ok(())
}

/// How much may still come.
struct Left {
    operations: u64,
    bytes: u64,
}

impl Left {
    fn chunk(&mut self, chunk: &[u8]) -> Option<()> {
        let mut rest = chunk.get(HEAD..)?;
        let kind = number_of_byte(&mut rest)?;
        let _length = number(&mut rest)?;
        match kind {
            DOCUMENT => self.document(rest),
            CHANGE => self.change(rest),
            PACKED_CHANGE => {
                let unpacked = self.unpack(rest)?;
                self.change(&unpacked)
            }
            _ => None,
        }
    }

    fn document(&mut self, mut rest: &[u8]) -> Option<()> {
        texts(&mut rest)?;
        hashes(&mut rest)?;
        let changes = columns(&mut rest)?;
        let operations = columns(&mut rest)?;
        self.columns(&changes, &mut rest)?;
        self.columns(&operations, &mut rest)
    }

    fn change(&mut self, mut rest: &[u8]) -> Option<()> {
        hashes(&mut rest)?;
        text(&mut rest)?;
        // Its number, its first operation, its time.
        for _ in 0..3 {
            number(&mut rest)?;
        }
        text(&mut rest)?;
        texts(&mut rest)?;
        let operations = columns(&mut rest)?;
        self.columns(&operations, &mut rest)
    }

    fn columns(&mut self, columns: &[(u64, usize)], rest: &mut &[u8]) -> Option<()> {
        let mut most = 0;
        for (name, length) in columns {
            let column = take(rest, *length)?;
            let unpacked;
            let column = match name & PACKED {
                0 => column,
                _ => {
                    unpacked = self.unpack(column)?;
                    &unpacked
                }
            };
            most = most.max(self.column(name & 7, column)?);
        }
        self.operations = self.operations.saturating_sub(most);
        (self.operations > 0).then_some(())
    }

    /// How many values it has.
    fn column(&mut self, kind: u64, mut rest: &[u8]) -> Option<u64> {
        const GROUP: u64 = 0;
        const FLAGS: u64 = 4;
        const TEXTS: u64 = 5;
        const RAW: u64 = 7;
        let mut count = 0_u64;
        if kind == RAW {
            return Some(0);
        }
        while !rest.is_empty() {
            let mut more = |n: u64| {
                count = count.saturating_add(n);
                if count > self.operations {
                    self.operations = 0;
                }
                (self.operations > 0).then_some(())
            };
            if kind == FLAGS {
                more(number(&mut rest)?)?;
                continue;
            }
            let (times, values) = match signed(&mut rest)? {
                0 => {
                    more(number(&mut rest)?)?;
                    continue;
                }
                run if run > 0 => (run.unsigned_abs(), 1),
                literal => (1, literal.unsigned_abs()),
            };
            more(times.saturating_mul(values))?;
            for _ in 0..values {
                match kind {
                    GROUP => more(number(&mut rest)?.saturating_mul(times))?,
                    TEXTS => {
                        let length = text(&mut rest)?.len() as u64;
                        self.bytes = self.bytes.saturating_sub(length.saturating_mul(times));
                        if self.bytes == 0 {
                            return None;
                        }
                    }
                    _ => {
                        number(&mut rest)?;
                    }
                }
            }
        }
        Some(count)
    }

    fn unpack(&mut self, packed: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let read = DeflateDecoder::new(packed).take(self.bytes).read_to_end(&mut out).ok()?;
        self.bytes = self.bytes.saturating_sub(read as u64);
        (self.bytes > 0).then_some(out)
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(taken)
}

fn number_of_byte(rest: &mut &[u8]) -> Option<u8> {
    take(rest, 1)?.first().copied()
}

/// Seven bits at a time, the lowest first; what does not fit is as large as can be.
fn number(rest: &mut &[u8]) -> Option<u64> {
    leb(rest).map(|(value, _)| value)
}

/// The same with a sign.
fn signed(rest: &mut &[u8]) -> Option<i64> {
    let (value, bits) = leb(rest)?;
    let unused = 64_u32.saturating_sub(bits);
    Some(value.cast_signed() << unused >> unused)
}

/// The bits, and how many.
fn leb(rest: &mut &[u8]) -> Option<(u64, u32)> {
    let (mut value, mut bits) = (0_u64, 0_u32);
    loop {
        let byte = number_of_byte(rest)?;
        value |= u64::from(byte & 0x7f).checked_shl(bits)?;
        bits += 7;
        if byte & 0x80 == 0 {
            return Some((value, bits.min(64)));
        }
    }
}

fn length(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(number(rest)?).ok()
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = length(rest)?;
    take(rest, length)
}

fn texts(rest: &mut &[u8]) -> Option<()> {
    for _ in 0..number(rest)? {
        text(rest)?;
    }
    Some(())
}

fn hashes(rest: &mut &[u8]) -> Option<()> {
    let bytes = length(rest)?.checked_mul(HASH)?;
    take(rest, bytes).map(|_| ())
}

/// Each column's name and length.
fn columns(rest: &mut &[u8]) -> Option<Vec<(u64, usize)>> {
    let count = number(rest)?;
    let mut columns = Vec::new();
    for _ in 0..count {
        columns.push((number(rest)?, length(rest)?));
    }
    Some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Actor, Document, Stamp, announced, create};
    use satchel_domain::{Kind, Registers, Scalar};
    use sha2::{Digest, Sha256};

    fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut rest = vec![kind];
        let mut length = body.len();
        while length > 0x7f {
            rest.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
            length >>= 7;
        }
        rest.push(u8::try_from(length).expect("seven bits"));
        rest.extend(body);
        let sum = Sha256::digest(&rest);
        [&[0x85, 0x6f, 0x4a, 0x83], sum.get(..4).expect("long enough"), &rest].concat()
    }

    /// A change that sets one key so many times, in a few bytes.
    fn change_of(times: &[u8]) -> Vec<u8> {
        change_with(times, &[times, &[1, b'a']].concat())
    }

    fn change_with(times: &[u8], key: &[u8]) -> Vec<u8> {
        let action = [times, &[1]].concat();
        let meta = [times, &[0]].concat();
        let column = |spec: u8, data: &[u8]| vec![spec, u8::try_from(data.len()).expect("short")];
        let (inserts, none) = ([times, &[]].concat(), [times, &[0]].concat());
        let mut body = vec![0, 1, 9, 1, 1, 0, 0, 0, 5];
        for (spec, data) in [(0x15, key), (0x34, &inserts), (0x42, &action), (0x56, &meta), (0x70, &none)] {
            body.extend(column(spec, data));
        }
        for data in [key, &inserts, &action, &meta, &none] {
            body.extend(data);
        }
        chunk(1, &body)
    }

    #[test]
    fn what_is_encoded_in_a_way_of_its_own_is_not_stored() {
        let stamp = Stamp { actor: Actor::derive(&[1; 16], 1), at: 1, operation: "a".into() };
        let known = create(Kind::Person, &stamp, &Registers::new());
        // Three times the same, one by one: automerge reads it, and writes "three times".
        for (change, taken) in
            [(change_of(&[3]), true), (change_with(&[3], &[0x7d, 1, b'a', 1, b'a', 1, b'a']), false)]
        {
            let mut document = Document::load(&known.bytes).expect("our own");
            let heads = announced(&change).expect("automerge reads it").heads;
            document.append(&change, &heads).expect("automerge takes it");
            let stored = document.save_onto(known.bytes.clone(), 0, &known.heads);
            assert_eq!(stored.is_ok(), taken, "{stored:?}");
            let mut begun = Document::begin(&change).expect("automerge takes it");
            assert_eq!(begun.save_received(&change).is_ok(), taken);
        }
    }

    #[test]
    fn what_unfolds_without_end_is_refused_before_it_does() {
        assert!(announced(&change_of(&[3])).is_ok(), "automerge takes three");
        // Two to the 41st.
        let bomb = change_of(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x40 >> 1]);
        let refused = announced(&bomb).expect_err("refused").to_string();
        assert!(refused.contains("operations"), "{refused}");
        assert!(Document::load(&bomb).is_err() && Document::begin(&bomb).is_err());
        let stamp = Stamp { actor: Actor::derive(&[1; 16], 1), at: 1, operation: "a".into() };
        let known = create(Kind::Person, &stamp, &Registers::new());
        let mut known = Document::load(&known.bytes).expect("our own");
        assert!(known.append(&bomb, &Vec::new()).is_err());
    }

    #[test]
    fn a_packed_change_that_unfolds_without_end_is_refused() {
        let zeros = std::io::repeat(0).take(2 * MAX_UNFOLDED);
        let mut packed = Vec::new();
        flate2::read::DeflateEncoder::new(zeros, flate2::Compression::best())
            .read_to_end(&mut packed)
            .expect("packed");
        assert!(packed.len() < 1 << 20, "it is small");
        assert!(announced(&chunk(2, &packed)).is_err());
    }

    #[test]
    fn the_longest_note_is_no_such_thing() {
        let stamp = Stamp { actor: Actor::derive(&[1; 16], 1), at: 1, operation: "a".into() };
        let note = Scalar::Text("x".repeat(satchel_domain::value::MAX_LONG_TEXT));
        let made = create(Kind::Person, &stamp, &[("notes".to_owned(), note)].into());
        let mut document = Document::load(&made.bytes).expect("loads");
        check(&document.save()).expect("within the limits");
        let text = || Scalar::Text("x".repeat(satchel_domain::value::MAX_LONG_TEXT));
        let many = |count| (0..count).map(|n| (format!("x_{n}"), text())).collect();
        assert!(crate::fits(&many(2)).is_ok());
        assert!(matches!(crate::fits(&many(3)), Err(DocumentError::Overgrown)), "it could not be read again");
    }
}
