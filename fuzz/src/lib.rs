//! What the targets share.

use satchel_domain::{Catalogue, value::Habits};
use satchel_interchange::{Source, assemble, guess};
use sha2::{Digest, Sha256};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Crafted bytes can make a library panic, and the product catches that. What panics in the product itself is a bug,
/// wherever it is caught.
pub fn panics_of_libraries_may_be_caught() {
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // libFuzzer's own hook ends the process; without it the panic unwinds to whoever catches it, or to libFuzzer.
        let library = panic.location().is_some_and(|at| at.file().contains("/registry/src/"));
        if !library {
            abort(panic);
        }
    }));
}

/// What an input may take of the memory, with all that it unfolds to. libFuzzer itself knows only with a sanitizer.
const MOST: usize = 512 << 20;

struct Counted;

static LIVE: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static COUNTED: Counted = Counted;

// SAFETY: the system's allocator, unless somebody wants too much.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if LIVE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size() > MOST {
            LIVE.store(0, Ordering::Relaxed);
            panic!("{} bytes are asked for, beyond {MOST} in all", layout.size());
        }
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// An input in which what stands between two bytes 0xfe comes as often as the last byte says: what costs the square of
/// its length shows so.
pub fn amplified(data: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    const MARK: u8 = 0xfe;
    const LONGEST: usize = 16 << 10;
    let whole = || -> Option<Vec<u8>> {
        let (times, rest) = data.split_last()?;
        let mut parts = rest.splitn(3, |b| *b == MARK);
        let (front, middle, back) = (parts.next()?, parts.next()?, parts.next()?);
        let times = (1_usize << (times % 15)).min(LONGEST / middle.len().max(1));
        Some([front, &middle.repeat(times), back].concat())
    };
    whole().map_or(data.into(), Into::into)
}

/// The input as text, whatever it is.
pub fn text(data: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(data)
}

/// Reads a file as an import does, up to the fields that would be written.
pub fn import(name: &str, bytes: &[u8], header: Option<bool>) {
    let bytes = amplified(bytes);
    let Ok(source) = Source::of_bytes(name, bytes.to_vec(), header) else { return };
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::default);
    let habits = Habits::default();
    let mapping = guess(&source, None, &CATALOGUE);
    let mut read = 0;
    for row in source.rows().expect("what was read once is read again") {
        read += 1;
        let Ok(draft) = row else { continue };
        let read = assemble(&draft, &source.columns, &mapping, &CATALOGUE, &habits);
        for (key, value) in &read.fields {
            let mut registers = Default::default();
            value.to_registers(key, &mut registers);
        }
    }
    assert_eq!(read, source.rows, "a file has as many rows when it is read as when it was looked at");
}

/// The same chunks with the checksums that they should have: no luck finds those.
pub fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let mut rest = bytes;
    // Kind, length in two bytes, what follows: easier to change than automerge's own notation.
    while let Some(([kind, high, low], behind)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(behind.len());
        let (body, behind) = behind.split_at(length);
        rest = behind;
        let plain = match kind {
            2 => inflated(body).unwrap_or_default(),
            _ => body.to_vec(),
        };
        let mut hasher = Sha256::new();
        hasher.update([if *kind == 2 { 1 } else { *kind }]);
        hasher.update(leb(plain.len()));
        hasher.update(&plain);
        out.extend(MAGIC);
        out.extend(hasher.finalize().iter().take(4));
        out.push(*kind);
        out.extend(leb(body.len()));
        out.extend(body);
    }
    out
}

/// The opposite of [`with_checksums`].
pub fn without_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some((head, mut behind)) = rest.split_at_checked(9) {
        let (mut length, mut shift) = (0, 0);
        while let Some((digit, next)) = behind.split_first() {
            behind = next;
            length |= usize::from(digit & 0x7f) << shift;
            shift += 7;
            if digit & 0x80 == 0 {
                break;
            }
        }
        let (body, next) = behind.split_at(length);
        out.push(head[8]);
        out.extend(u16::try_from(length).expect("seeds are short").to_be_bytes());
        out.extend(body);
        rest = next;
    }
    out
}

fn inflated(body: &[u8]) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut out = Vec::new();
    flate2::read::DeflateDecoder::new(body).take(1 << 20).read_to_end(&mut out).ok()?;
    Some(out)
}

fn leb(mut n: usize) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let digit = (n & 0x7f) as u8;
        n >>= 7;
        out.push(if n > 0 { digit | 0x80 } else { digit });
        if n == 0 {
            return out;
        }
    }
}
