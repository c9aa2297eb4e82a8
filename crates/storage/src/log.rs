//! The log that a program leaves behind when it is cut off. SQLite reads it up to the first frame that is not as it was
//! written, and takes what follows for a write that never ended. Behind a power cut that is so: of what was not yet
//! acknowledged anything may be there. But where whole transactions follow, that frame had been on the disk and was
//! changed there, and saved changes would be left out in silence.
//! (<https://sqlite.org/fileformat2.html#walformat>)

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

const HEADER: usize = 32;
const FRAME: usize = 24;
/// The lowest bit says in which order the bytes of what is summed are read.
const MAGIC: u32 = 0x377f_0682;
/// A transaction that is being written has one commit at most.
const TORN: u32 = 1;

type Sum = (u32, u32);

/// Whether saved changes lie behind a damaged place of a database's log.
pub(crate) fn is_damaged(database: &Path) -> io::Result<bool> {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    let file = match File::open(name) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    Ok(commits_behind_damage(&mut BufReader::with_capacity(1 << 18, file))? > TORN)
}

fn commits_behind_damage(log: &mut impl Read) -> io::Result<u32> {
    let Some(head) = block(log, HEADER)? else { return Ok(0) };
    // Room that was never written to.
    if head.iter().all(|byte| *byte == 0) {
        return Ok(0);
    }
    let order = Order { big: word(&head, 0) & 1 == 1 };
    let summed = order.sum((0, 0), head.get(..24).unwrap_or_default());
    let sound = word(&head, 0) & !1 == MAGIC && summed == (word(&head, 24), word(&head, 28));
    let page = usize::try_from(word(&head, 8)).unwrap_or(0);
    if !sound || !(512..=65536).contains(&page) {
        // It was on the disk before any frame was written.
        return Ok(if block(log, FRAME)?.is_some() { TORN + 1 } else { 0 });
    }
    let salt = (word(&head, 16), word(&head, 20));
    let mut before = vec![summed];
    let (mut broken, mut commits) = (false, 0);
    while let Some(frame) = block(log, FRAME + page)? {
        let (told, data) = (frame.get(..8).unwrap_or_default(), frame.get(FRAME..).unwrap_or_default());
        let written = (word(&frame, 16), word(&frame, 20));
        let sums: Vec<Sum> = before.iter().map(|sum| order.sum(order.sum(*sum, told), data)).collect();
        let fits = (word(&frame, 8), word(&frame, 12)) == salt && sums.contains(&written);
        if !fits && broken {
            break;
        }
        broken |= !fits;
        if broken && word(&frame, 4) != 0 {
            commits += 1;
        }
        // What follows the damaged frame is summed onto what it was, or onto what it says.
        before = if fits { vec![written] } else { [&sums[..], &[written]].concat() };
    }
    Ok(commits)
}

/// So many bytes, if so many are left.
fn block(from: &mut impl Read, size: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(size);
    from.take(size as u64).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() == size))
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_be_bytes)
}

#[derive(Clone, Copy)]
struct Order {
    big: bool,
}

impl Order {
    fn sum(self, (mut one, mut two): Sum, bytes: &[u8]) -> Sum {
        for pair in bytes.chunks_exact(8) {
            let (first, second) = (word(pair, 0), word(pair, 4));
            let [first, second] =
                if self.big { [first, second] } else { [first.swap_bytes(), second.swap_bytes()] };
            one = one.wrapping_add(first).wrapping_add(two);
            two = two.wrapping_add(second).wrapping_add(one);
        }
        (one, two)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StorageError, settings, store::Store};

    /// A log of several transactions, and where each of its frames ends.
    fn log() -> Vec<u8> {
        let (dir, store) = crate::tests::empty();
        for n in 0..4 {
            let text = format!("{n}").repeat(9000);
            store.write::<_, StorageError>(|tx| settings::put(tx, "big", &text)).expect("written");
        }
        std::fs::read(dir.path().join("v.db-wal")).expect("there")
    }

    fn commits(log: &[u8]) -> u32 {
        commits_behind_damage(&mut &*log).expect("read")
    }

    fn frames(log: &[u8]) -> usize {
        (log.len() - HEADER) / (FRAME + 4096)
    }

    fn begin(frame: usize) -> usize {
        HEADER + frame * (FRAME + 4096)
    }

    #[test]
    fn a_log_that_is_cut_or_torn_is_not_damaged() {
        let log = log();
        assert!(frames(&log) > 10, "there is something to tear");
        assert_eq!(commits(&log), 0, "all of it fits together");
        for length in (0..log.len()).step_by(1999) {
            assert!(commits(&log[..length]) <= TORN, "cut at {length}");
        }
        // Of the last transaction any page may not have come to the disk.
        let last = (0..frames(&log) - 1).rfind(|at| word(&log, begin(*at) + 4) != 0).expect("a commit");
        for lost in last + 1..frames(&log) {
            let mut torn = log.clone();
            torn[begin(lost)..begin(lost + 1)].fill(0);
            assert!(commits(&torn) <= TORN, "frame {lost} is not there");
            let mut torn = log.clone();
            torn[begin(lost) + 512..begin(lost + 1)].fill(0);
            assert!(commits(&torn) <= TORN, "of frame {lost} only the first sector is there");
        }
    }

    #[test]
    fn a_bit_that_has_flipped_before_the_last_transaction_is_damage() {
        let log = log();
        let ends: Vec<usize> = (0..frames(&log)).filter(|at| word(&log, begin(*at) + 4) != 0).collect();
        let safe = ends[ends.len() - 2];
        for at in (0..begin(safe)).step_by(1777) {
            let mut flipped = log.clone();
            flipped[at] ^= 1 << (at % 8);
            assert!(commits(&flipped) > TORN, "byte {at}");
        }
    }

    #[test]
    fn what_is_no_log_makes_no_trouble() {
        for bytes in [vec![], vec![0; 9000], vec![0x37; 20], b"SQLite format 3\0".to_vec()] {
            assert_eq!(commits(&bytes), 0, "{bytes:?}");
        }
    }

    #[test]
    fn a_vault_whose_log_is_damaged_is_left_as_it_is() {
        let (dir, store) = crate::tests::empty();
        store.checkpoint().expect("folded in");
        for n in 0..3 {
            let text = format!("{n}").repeat(9000);
            store.write::<_, StorageError>(|tx| settings::put(tx, "big", &text)).expect("written");
        }
        let other = dir.path().join("other.db");
        std::fs::copy(dir.path().join("v.db"), &other).expect("copied");
        let mut log = std::fs::read(dir.path().join("v.db-wal")).expect("there");
        log[begin(1) + 1000] ^= 1;
        let path = dir.path().join("other.db-wal");
        std::fs::write(&path, &log).expect("written");
        let key = zeroize::Zeroizing::new(format!("x'{}'", "ab".repeat(32)));
        let refused = Store::open(&other, &key).expect_err("refused");
        assert!(matches!(refused, StorageError::LogDamaged(_)), "{refused}");
        assert_eq!(std::fs::read(&path).expect("there"), log);
        // The way on that it names.
        std::fs::remove_file(&path).expect("moved away");
        Store::open(&other, &key).expect("opens");
    }
}
