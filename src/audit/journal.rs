//! The journal: a file of fixed length in which lines are durable before the record's own file is.
//!
//! To make a file that grows durable, the file system must commit its new length through its own journal: slow, and
//! dear in processor time. Overwriting bytes that are already there needs neither. So the lines go to the record's
//! file, as a plain write that any reader sees at once, and to the journal, written through. When one half of the
//! journal is full the record's file is synced behind the scenes while the other half fills. After a power cut
//! [`restore`] adds to the record's file what only the journal has.
//!
//! Not part of what is proven: it holds no line that the files do not get, and is removed at an orderly stop. Knows
//! bytes and places, not events.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use sha2::{Digest, Sha256};

use super::disk::{Appender, Disk, Overwriter};
use super::segment::{self, Segment};

const NAME: &str = "journal";
/// Bytes of each of the two halves.
const HALF: u64 = 4 << 20;
/// `magic · generation · first line of the file · offset in the file · length · digest`.
const HEAD: usize = 8 * 5 + 16;
const MAGIC: u64 = u64::from_be_bytes(*b"consentJ");

/// Where lines stand in the record: the file that begins with line `first`, from byte `offset` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub first: u64,
    pub offset: u64,
}

pub struct Journal {
    file: Box<dyn Overwriter>,
    /// Rises with each half; odd and even ones take turns.
    generation: u64,
    /// Bytes of the running half that are taken.
    taken: u64,
    /// Syncs the record's file up to this offset: the lines that the other half has.
    settling: Option<(u64, JoinHandle<io::Result<()>>)>,
    /// Offset up to which the record's file is durable by itself.
    settled: u64,
    buffer: Vec<u8>,
}

/// Why lines did not become durable in the journal.
#[derive(Debug)]
pub enum NotTaken {
    /// More than a half can take: sync the record's own file.
    TooLong,
    Fault(io::Error),
    /// The record's file could not be synced: what it has beyond its last sync is not certain, and must be written
    /// again from the journal.
    Unsettled(io::Error),
}

impl Journal {
    /// Makes a new one in `folder`, whose running file is durable by itself up to `settled`.
    pub fn create(disk: &dyn Disk, folder: &Path, settled: u64) -> io::Result<Self> {
        let file = disk.overwrite(&path(folder), 2 * HALF)?;
        Ok(Self { file, generation: 1, taken: 0, settling: None, settled, buffer: Vec::new() })
    }

    /// Makes `lines`, which stand at `place`, durable. `again` opens their file once more, to sync it.
    pub fn put(
        &mut self,
        place: Place,
        lines: &[u8],
        again: impl FnOnce() -> io::Result<Box<dyn Appender>>,
    ) -> Result<(), NotTaken> {
        let length = (HEAD + lines.len()) as u64;
        if length > HALF {
            return Err(NotTaken::TooLong);
        }
        self.file.in_place().map_err(NotTaken::Fault)?;
        if self.taken + length > HALF {
            self.await_settling().map_err(NotTaken::Unsettled)?;
            let mut file = again().map_err(NotTaken::Fault)?;
            self.settling = Some((place.offset, std::thread::spawn(move || file.sync())));
            self.turn();
        }
        self.buffer.clear();
        self.buffer.extend_from_slice(&head(self.generation, place, lines));
        self.buffer.extend_from_slice(lines);
        self.file.write_at(&self.buffer, start_of(self.generation) + self.taken).map_err(NotTaken::Fault)?;
        self.taken += length;
        Ok(())
    }

    /// The running file is durable by itself up to `settled`: all that is in here has become needless.
    pub fn forget(&mut self, settled: u64) {
        self.settled = settled;
        self.turn();
    }

    /// Offset up to which the running file is durable by itself.
    pub fn settled(&self) -> u64 {
        self.settled
    }

    fn turn(&mut self) {
        self.generation += 1;
        self.taken = 0;
    }

    /// Waits for the sync behind the scenes, if one runs.
    pub fn await_settling(&mut self) -> io::Result<()> {
        let Some((up_to, sync)) = self.settling.take() else { return Ok(()) };
        sync.join().unwrap_or_else(|_| Err(io::Error::other("the thread that syncs has panicked")))?;
        self.settled = up_to;
        Ok(())
    }
}

/// Ends a journal whose lines are all durable in the record's files.
pub fn remove(folder: &Path) -> io::Result<()> {
    match std::fs::remove_file(path(folder)) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}

/// After a crash: gives the last file the lines that only the journal has, durably. Returns how many bytes those were.
pub fn restore(disk: &dyn Disk, folder: &Path, last: Option<&Segment>) -> io::Result<u64> {
    let Some((segment, batches)) = last.zip(read(folder)?) else { return Ok(0) };
    let good = segment::ending(segment, 0, |_, _| {})?.good;
    let rest = batches.after(Place { first: segment.first, offset: good });
    if !rest.is_empty() {
        let mut file = disk.append(&segment.path)?;
        file.truncate(good)?;
        file.write_all(&rest)?;
        file.sync()?;
    }
    Ok(rest.len() as u64)
}

/// What is in the journal of `folder`; `None`: there is none.
pub fn read(folder: &Path) -> io::Result<Option<Batches>> {
    let mut bytes = Vec::new();
    match File::open(path(folder)) {
        Ok(mut file) => file.read_to_end(&mut bytes)?,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let (even, odd) = bytes.split_at(bytes.len().min(HALF as usize));
    let mut halves = [read_half(even), read_half(odd)];
    halves.sort_by_key(|(generation, _)| *generation);
    Ok(Some(Batches(halves.into_iter().flat_map(|(_, batches)| batches).collect())))
}

/// Lines with their places, in the order in which they were written.
pub struct Batches(Vec<(Place, Vec<u8>)>);

impl Batches {
    /// What stands behind `place`, as far as it follows without a gap.
    pub fn after(&self, mut place: Place) -> Vec<u8> {
        let mut rest = Vec::new();
        for (at, lines) in self.0.iter().filter(|(at, _)| at.first == place.first) {
            let Some(known) = place.offset.checked_sub(at.offset) else { break };
            let new = usize::try_from(known).ok().and_then(|known| lines.get(known..)).unwrap_or_default();
            rest.extend_from_slice(new);
            place.offset += new.len() as u64;
        }
        rest
    }
}

/// Batches of one generation, from the start of a half to the first that is not whole.
fn read_half(mut bytes: &[u8]) -> (u64, Vec<(Place, Vec<u8>)>) {
    let (mut running, mut batches) = (None, Vec::new());
    while let Some((generation, place, lines)) = read_batch(bytes) {
        if *running.get_or_insert(generation) != generation {
            break;
        }
        batches.push((place, lines.to_vec()));
        bytes = &bytes[HEAD + lines.len()..];
    }
    (running.unwrap_or(0), batches)
}

fn read_batch(bytes: &[u8]) -> Option<(u64, Place, &[u8])> {
    let (found, rest) = bytes.split_at_checked(HEAD)?;
    let number = |n: usize| found[n * 8..][..8].try_into().ok().map(u64::from_be_bytes);
    if number(0)? != MAGIC {
        return None;
    }
    let (generation, place) = (number(1)?, Place { first: number(2)?, offset: number(3)? });
    let lines = rest.get(..usize::try_from(number(4)?).ok()?)?;
    (head(generation, place, lines) == found).then_some((generation, place, lines))
}

fn head(generation: u64, place: Place, lines: &[u8]) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    for (n, number) in [MAGIC, generation, place.first, place.offset, lines.len() as u64].into_iter().enumerate() {
        head[n * 8..][..8].copy_from_slice(&number.to_be_bytes());
    }
    let digest = Sha256::new().chain_update(&head[..40]).chain_update(lines).finalize();
    head[40..].copy_from_slice(&digest[..16]);
    head
}

fn start_of(generation: u64) -> u64 {
    (generation % 2) * HALF
}

fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}
