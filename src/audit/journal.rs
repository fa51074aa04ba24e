//! The journal: a file of fixed length in which lines are durable before the record's own file is.
//!
//! To make a file that grows durable, the file system must commit its new length through its own journal: slow, and
//! dear in processor time. Overwriting bytes that are already there needs neither. So the lines go to the record's
//! file, as a plain write that any reader sees at once, and to the journal, written through. When one half of the
//! journal is full the record's file is synced behind the scenes while the other half fills. After a power cut
//! [`restore`] adds to the record's file what only the journal has.
//!
//! With the lines goes the head of the record after them (`head.rs`), sealed: opaque here. That is all that is believed
//! of a journal; lines that do not lead to the head are not taken up. Is removed at an orderly stop. Knows bytes and
//! places, not events.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use sha2::{Digest, Sha256};

use super::disk::{Appender, Disk, Overwriter};
use super::segment::{self, Segment};
use super::tree::{Hash, leaf_hash};

const NAME: &str = "journal";
/// Bytes of each of the two halves.
const HALF: u64 = 4 << 20;
/// `magic · generation · first line of the file · offset in the file · length of the seal · of the lines · digest`.
const HEAD: usize = 8 * 6 + 16;
const MAGIC: u64 = u64::from_be_bytes(*b"consentK");
/// As versions before the seal wrote it: `magic · generation · first line · offset · length of the lines · digest`.
const OLD_HEAD: usize = 8 * 5 + 16;
const OLD_MAGIC: u64 = u64::from_be_bytes(*b"consentJ");

/// Where lines stand in the record: the file that begins with line `first`, from byte `offset` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub first: u64,
    pub offset: u64,
}

/// Lines that are to become durable together.
#[derive(Debug, Clone, Copy)]
pub struct Parcel<'a> {
    pub lines: &'a [u8],
    /// The lines' hashes.
    pub leaves: &'a [Hash],
    /// The record's head after them.
    pub seal: &'a [u8],
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

    /// Makes lines, which stand at `place`, durable. `again` opens their file once more, to sync it.
    pub fn put(
        &mut self,
        place: Place,
        parcel: Parcel<'_>,
        again: impl FnOnce() -> io::Result<Box<dyn Appender>>,
    ) -> Result<(), NotTaken> {
        let length = (HEAD + parcel.seal.len() + parcel.lines.len()) as u64;
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
        self.buffer.extend_from_slice(&head(self.generation, place, parcel));
        self.buffer.extend_from_slice(parcel.seal);
        self.buffer.extend_from_slice(parcel.lines);
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

/// After a crash: gives the last file the lines that only the journal has, durably. Returns the heads that went with
/// lines.
pub fn restore(disk: &dyn Disk, folder: &Path, last: Option<&Segment>) -> io::Result<Vec<Vec<u8>>> {
    let Some(batches) = read(folder)? else { return Ok(Vec::new()) };
    if let Some(segment) = last {
        let good = segment::ending(segment, 0, u64::MAX, |_, _| {})?.good;
        let rest = batches.after(Place { first: segment.first, offset: good });
        if !rest.is_empty() {
            let mut file = disk.append(&segment.path)?;
            file.truncate(good)?;
            file.write_all(&rest)?;
            file.sync()?;
        }
    }
    Ok(batches.0.into_iter().map(|batch| batch.seal).collect())
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
pub struct Batches(Vec<Batch>);

struct Batch {
    place: Place,
    seal: Vec<u8>,
    lines: Vec<u8>,
}

impl Batches {
    /// What stands behind `place`, as far as it follows without a gap.
    pub fn after(&self, mut place: Place) -> Vec<u8> {
        let mut rest = Vec::new();
        for batch in self.0.iter().filter(|b| b.place.first == place.first) {
            let Some(known) = place.offset.checked_sub(batch.place.offset) else { break };
            let new = usize::try_from(known).ok().and_then(|known| batch.lines.get(known..)).unwrap_or_default();
            rest.extend_from_slice(new);
            place.offset += new.len() as u64;
        }
        rest
    }
}

/// Batches of one generation, from the start of a half to the first that is not whole.
fn read_half(mut bytes: &[u8]) -> (u64, Vec<Batch>) {
    let (mut running, mut batches) = (None, Vec::new());
    while let Some((generation, batch, rest)) = read_batch(bytes).or_else(|| read_old_batch(bytes)) {
        if *running.get_or_insert(generation) != generation {
            break;
        }
        batches.push(batch);
        bytes = rest;
    }
    (running.unwrap_or(0), batches)
}

/// A batch with its generation, and what stands behind it.
fn read_batch(bytes: &[u8]) -> Option<(u64, Batch, &[u8])> {
    let (found, rest) = bytes.split_at_checked(HEAD)?;
    let number = numbers(found);
    if number(0)? != MAGIC {
        return None;
    }
    let (generation, place) = (number(1)?, Place { first: number(2)?, offset: number(3)? });
    let (seal, rest) = rest.split_at_checked(usize::try_from(number(4)?).ok()?)?;
    let (lines, rest) = rest.split_at_checked(usize::try_from(number(5)?).ok()?)?;
    let leaves: Vec<Hash> = lines.strip_suffix(b"\n")?.split(|b| *b == b'\n').map(leaf_hash).collect();
    let batch = Batch { place, seal: seal.to_vec(), lines: lines.to_vec() };
    (head(generation, place, Parcel { lines, leaves: &leaves, seal }) == found).then_some((generation, batch, rest))
}

fn read_old_batch(bytes: &[u8]) -> Option<(u64, Batch, &[u8])> {
    let (found, rest) = bytes.split_at_checked(OLD_HEAD)?;
    let number = numbers(found);
    let place = Place { first: number(2)?, offset: number(3)? };
    let (lines, rest) = rest.split_at_checked(usize::try_from(number(4)?).ok()?)?;
    let digest = Sha256::new().chain_update(&found[..40]).chain_update(lines).finalize();
    let batch = Batch { place, seal: Vec::new(), lines: lines.to_vec() };
    (number(0)? == OLD_MAGIC && digest[..16] == found[40..]).then_some((number(1)?, batch, rest))
}

/// The numbers of a head.
fn numbers(head: &[u8]) -> impl Fn(usize) -> Option<u64> {
    |n| head.get(n * 8..)?.first_chunk().copied().map(u64::from_be_bytes)
}

/// The digest is over the lines' hashes, which the record's tree needs anyhow: lines are hashed once.
fn head(generation: u64, place: Place, parcel: Parcel<'_>) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    let lengths = [parcel.seal.len() as u64, parcel.lines.len() as u64];
    let numbers = [MAGIC, generation, place.first, place.offset].into_iter().chain(lengths);
    for (n, number) in numbers.enumerate() {
        head[n * 8..][..8].copy_from_slice(&number.to_be_bytes());
    }
    let digest = Sha256::new().chain_update(&head[..48]).chain_update(parcel.seal);
    let digest = parcel.leaves.iter().fold(digest, Digest::chain_update).finalize();
    head[48..].copy_from_slice(&digest[..16]);
    head
}

fn start_of(generation: u64) -> u64 {
    (generation % 2) * HALF
}

fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}
