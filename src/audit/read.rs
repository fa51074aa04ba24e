//! Reads a record's lines back, one at a time, in flat memory.

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

impl Line {
    /// Whether nothing of it is missing but, at most, the newline.
    pub fn is_whole(&self) -> bool {
        !self.torn || serde_json::from_slice::<serde::de::IgnoredAny>(&self.bytes).is_ok()
    }
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
        let mut reader = LineReader::new(BufReader::with_capacity(1 << 20, segment.open()?));
        let mut line = Line::default();
        while reader.read(&mut line).map_err(segment::of_file(&segment.path))? {
            bytes += line.bytes.len() as u64 + 1;
            if line.is_whole() && !each(&line.bytes, bytes) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Reads a record as it grows: each call of [`Tail::read_new`] goes on where the last one ended.
pub struct Tail {
    folder: std::path::PathBuf,
    /// Number of the first line of the file that is being read, and how far it has been read.
    file: Option<u64>,
    offset: u64,
    skip_before: Option<u64>,
}

impl Tail {
    /// Begins with the first file that is wanted.
    pub fn new(folder: &Path, wanted: impl Fn(&Segment) -> bool) -> io::Result<Self> {
        let skip_before = segment::list(folder)?.iter().find(|s| wanted(s)).map(|s| s.first);
        Ok(Self { folder: folder.to_path_buf(), file: None, offset: 0, skip_before })
    }

    /// Calls `each` with every whole line that is new, until that says `false`.
    pub fn read_new(&mut self, mut each: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
        let start = self.file.or(self.skip_before).unwrap_or(0);
        for segment in segment::list(&self.folder)?.into_iter().filter(|s| s.first >= start) {
            if self.file != Some(segment.first) {
                (self.file, self.offset) = (Some(segment.first), 0);
            }
            if !self.read_file(&segment, &mut each)? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn read_file(&mut self, segment: &Segment, each: &mut impl FnMut(&[u8]) -> bool) -> io::Result<bool> {
        let mut file = segment.open()?;
        io::Seek::seek(&mut file, io::SeekFrom::Start(self.offset))?;
        let mut reader = LineReader::new(BufReader::with_capacity(1 << 20, file));
        let mut line = Line::default();
        while reader.read(&mut line).map_err(segment::of_file(&segment.path))? && line.is_whole() {
            // A newline that comes later is read as an empty line.
            self.offset += line.bytes.len() as u64 + u64::from(!line.torn);
            if !each(&line.bytes) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
