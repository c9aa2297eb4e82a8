//! Physical lines with a limit: a gigabyte without a line end must not fill the memory.

use crate::limits::RECORD_BYTES;
use std::io::{self, BufRead};

pub enum Line {
    /// Without its end.
    Whole(Vec<u8>),
    /// Longer than the limit; its beginning.
    TooLong(Vec<u8>),
}

pub struct Lines<R> {
    reader: R,
    /// `\r` alone ends lines, as old Macs wrote.
    carriage_returns: bool,
}

impl<R: BufRead> Lines<R> {
    pub fn new(reader: R, carriage_returns: bool) -> Self {
        Self { reader, carriage_returns }
    }

    pub fn next(&mut self) -> io::Result<Option<Line>> {
        let end = if self.carriage_returns { b'\r' } else { b'\n' };
        let mut line = Vec::new();
        let (mut any, mut too_long) = (false, false);
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            any = true;
            let at = buffer.iter().position(|b| *b == end);
            let part = buffer.get(..at.unwrap_or(buffer.len())).unwrap_or_default();
            let room = RECORD_BYTES - line.len().min(RECORD_BYTES);
            line.extend_from_slice(part.get(..part.len().min(room)).unwrap_or_default());
            too_long |= part.len() > room;
            let used = at.map_or(buffer.len(), |at| at + 1);
            self.reader.consume(used);
            if at.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(if too_long { Line::TooLong(line) } else { Line::Whole(line) }))
    }
}
