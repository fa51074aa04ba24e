//! The record's files: their names, their order, and what a crash leaves at the end of the last one.
//!
//! `2026-11-25.000000000001.jsonl`: the UTC day on which the file was begun and the number of its first line. Beside
//! it, `….leaves` holds the signed hashes of its lines, and `….torn` what was put aside after a crash.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

/// A file's place in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub path: PathBuf,
    pub day: Date,
    /// Number of its first line.
    pub first: u64,
}

impl Segment {
    pub fn new(folder: &Path, day: Date, first: u64) -> Self {
        Self { path: folder.join(format!("{day}.{first:012}.jsonl")), day, first }
    }

    fn read(path: PathBuf) -> Option<Self> {
        let (day, first) = path.file_name()?.to_str()?.strip_suffix(".jsonl")?.split_once('.')?;
        Some(Self { day: day.parse().ok()?, first: first.parse().ok()?, path })
    }

    pub fn open(&self) -> io::Result<File> {
        File::open(&self.path).map_err(of_file(&self.path))
    }

    /// The file's name without its folder, for messages.
    pub fn file_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    pub fn leaves_path(&self) -> PathBuf {
        self.path.with_extension("leaves")
    }

    pub fn torn_path(&self) -> PathBuf {
        self.path.with_extension("torn")
    }

    /// Removes a file that has no line, and what stands beside it.
    pub fn remove(&self) -> io::Result<()> {
        std::fs::remove_file(&self.path)?;
        std::fs::remove_file(self.leaves_path())
    }

    /// Copies `bytes` from offset `good` on to `….torn`, durably, before they are cut off. Returns that file's name and
    /// how many whole lines those are.
    pub fn put_aside(&self, good: u64, bytes: u64) -> io::Result<(String, u64)> {
        let mut from = File::open(&self.path)?;
        from.seek(io::SeekFrom::Start(good))?;
        let mut torn = Vec::new();
        from.take(bytes).read_to_end(&mut torn)?;
        let kept = self.torn_path();
        let mut to = File::options().create(true).append(true).mode(0o640).open(&kept)?;
        to.write_all(&torn)?;
        to.write_all(b"\n")?;
        to.sync_all()?;
        let lines = torn.iter().filter(|b| **b == b'\n').count() as u64;
        Ok((kept.file_name().unwrap_or_default().to_string_lossy().into_owned(), lines))
    }
}

/// A fault with the name of the file that has it.
pub fn of_file(path: &Path) -> impl Fn(io::Error) -> io::Error + '_ {
    |fault| io::Error::new(fault.kind(), format!("{}: {fault}", path.file_name().unwrap_or_default().to_string_lossy()))
}

/// The files of a folder in the order of their lines.
pub fn list(folder: &Path) -> io::Result<Vec<Segment>> {
    let mut segments = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        segments.extend(Segment::read(entry?.path()));
    }
    segments.sort_by_key(|s| s.first);
    Ok(segments)
}

/// How far a file can be trusted after a crash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Number after the last good line.
    pub next_seq: u64,
    /// Bytes up to the end of the last good line.
    pub good: u64,
    /// Bytes in the file.
    pub len: u64,
}

/// Reads the file to where its lines stop being whole lines with rising numbers. Beyond `signed`, the last number whose
/// hash is signed, numbers must follow one another: what stands after a gap there has no place in the tree. Nor are lines
/// good whose number is higher than `up_to`. `line` is given each good one.
pub fn ending(segment: &Segment, signed: u64, up_to: u64, mut line: impl FnMut(u64, &[u8])) -> io::Result<Ending> {
    let file = File::open(&segment.path)?;
    let len = file.metadata()?.len();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let (mut next_seq, mut good, mut buffer) = (segment.first, 0, Vec::new());
    loop {
        buffer.clear();
        let read = reader.read_until(b'\n', &mut buffer)?;
        let whole = buffer.strip_suffix(b"\n").filter(|l| l.ends_with(b"}"));
        let follows = |seq: u64| seq >= next_seq && (seq <= signed || seq == next_seq.max(signed + 1));
        let fits = |seq: &u64| *seq <= up_to && follows(*seq);
        let Some((content, seq)) = whole.and_then(|l| Some((l, seq_of(l).filter(fits)?))) else { break };
        next_seq = seq + 1;
        good += read as u64;
        line(seq, content);
    }
    Ok(Ending { next_seq, good, len })
}

/// The number of a line, from its fixed beginning `{"seq":n,`.
pub fn seq_of(line: &[u8]) -> Option<u64> {
    let rest = line.strip_prefix(br#"{"seq":"#)?;
    let digits = rest.iter().position(|b| *b == b',')?;
    std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
}

/// The UTC day that a line says it was written on.
pub fn day_of(line: &[u8]) -> Option<Date> {
    let start = line.iter().position(|b| *b == b',')?;
    let time = line.get(start..)?.strip_prefix(br#","time":""#)?;
    std::str::from_utf8(time.get(..10)?).ok()?.parse().ok()
}
