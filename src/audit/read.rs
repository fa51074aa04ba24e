//! Reads a record's lines back, one at a time, in flat memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::segment::{self, Segment};

/// A line longer than this is damage; no event of ours comes near.
const MAX_LINE_BYTES: u64 = 64 << 20;

/// A line of a file, without its newline.
#[derive(Debug, Default)]
pub struct Line {
    pub bytes: Vec<u8>,
    /// From 1.
    pub number: u64,
    /// The newline is missing: the line was being written.
    pub torn: bool,
}

/// The lines of one file.
pub struct LineReader<R> {
    from: R,
    number: u64,
}

impl<R: BufRead> LineReader<R> {
    pub fn new(from: R) -> Self {
        Self { from, number: 0 }
    }

    /// Reads the next line into `line`; `false` at the end.
    pub fn read(&mut self, line: &mut Line) -> io::Result<bool> {
        line.bytes.clear();
        let read = io::Read::take(&mut self.from, MAX_LINE_BYTES).read_until(b'\n', &mut line.bytes)?;
        self.number += 1;
        line.number = self.number;
        line.torn = line.bytes.pop_if(|b| *b == b'\n').is_none();
        Ok(read > 0)
    }
}

/// Calls `each` with every whole line of the files that `wanted` lets through, in order, and with the bytes read so
/// far. `each` ends the reading with `false`.
pub fn for_each_line(
    folder: &Path,
    wanted: impl Fn(&Segment) -> bool,
    mut each: impl FnMut(&[u8], u64) -> bool,
) -> io::Result<()> {
    let mut bytes = 0;
    for segment in segment::list(folder)?.iter().filter(|s| wanted(s)) {
        let mut reader = LineReader::new(BufReader::with_capacity(1 << 20, File::open(&segment.path)?));
        let mut line = Line::default();
        while reader.read(&mut line)? {
            bytes += line.bytes.len() as u64 + 1;
            if !line.torn && !each(&line.bytes, bytes) {
                return Ok(());
            }
        }
    }
    Ok(())
}
