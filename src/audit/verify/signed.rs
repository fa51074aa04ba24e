//! What the key has signed: the checkpoints of a folder and the hashes beside a file of lines.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use super::{Finding, Verdict};
use crate::audit::checkpoint::{Checkpoint, Leaves, parse_frontier};
use crate::audit::note::{FiledNote, NoteError, NoteReader, NoteVerifier};
use crate::audit::segment::{Segment, of_file};
use crate::audit::tree::{Hash, Tree};

/// The checkpoints of a folder, by rising size.
pub struct Checkpoints {
    pub all: Vec<Known>,
}

pub struct Known {
    pub size: u64,
    pub root: Hash,
    pub external: bool,
}

impl Checkpoints {
    pub fn read(folder: &Path, key: &NoteVerifier, verdict: &mut Verdict) -> io::Result<Self> {
        let (mut all, mut by): (Vec<Known>, Option<String>) = (Vec::new(), None);
        let (mut other, mut torn) = (None, None);
        let path = folder.join(crate::audit::CHECKPOINTS);
        if path.exists() {
            let unreadable = of_file(&path);
            let mut notes = NoteReader::new(BufReader::new(File::open(&path).map_err(&unreadable)?));
            while let Some(FiledNote { note, line, .. }) = notes.read_next().map_err(&unreadable)? {
                verdict.findings.extend(torn.take());
                if let Err(NoteError::OtherKey(other)) = key.open(&note) {
                    by.get_or_insert(other);
                }
                other = other.or_else(|| key.other_log(&note));
                match checkpoint(&note, key, all.last().map_or(0, |k| k.size)) {
                    Ok(c) => all.push(Known { size: c.size, root: c.root, external: false }),
                    // As a crash leaves the last one: its lines are merely not vouched for.
                    Err(why) if is_torn(&note) => torn = Some(Finding::CheckpointUnusable { line, why }),
                    Err(why) => verdict.find(Finding::CheckpointUnusable { line, why }),
                }
            }
        }
        verdict.checkpoints = all.len() as u64;
        if let (Some(log), true) = (other, all.is_empty()) {
            let asked = key.name().to_owned();
            verdict.findings = vec![Finding::OtherLog { log, asked }];
        } else if all.is_empty() {
            // Told first: with another record's key nothing else that is found means anything.
            verdict.findings.insert(0, Finding::CheckpointsMissing { by });
        }
        Ok(Self { all })
    }

    /// Checkpoints that were kept elsewhere: one, or a copy of a file of them.
    pub fn add_external(&mut self, text: &str, key: &NoteVerifier, verdict: &mut Verdict) -> io::Result<()> {
        let mut notes = NoteReader::new(text.as_bytes());
        let (mut read, mut others) = (0, Vec::new());
        while let Some(FiledNote { note, .. }) = notes.read_next()? {
            read += 1;
            match checkpoint(&note, key, 0) {
                // The folder has it too.
                Ok(c) if self.all.iter().any(|k| k.size == c.size && k.root == c.root) => {}
                Ok(c) => {
                    self.all.push(Known { size: c.size, root: c.root, external: true });
                    verdict.checkpoints += 1;
                }
                Err(why) => others.push(match key.other_log(&note) {
                    Some(log) => Finding::OtherLogsCheckpoint { log },
                    None => Finding::ExternalUnusable { why },
                }),
            }
        }
        // A file of another log's checkpoints is one finding.
        others.dedup();
        others.into_iter().for_each(|finding| verdict.find(finding));
        if read == 0 {
            verdict.find(Finding::ExternalUnusable { why: "the file is empty".into() });
        }
        self.all.sort_by_key(|k| k.size);
        Ok(())
    }

    pub fn last_size(&self) -> u64 {
        self.all.last().map_or(0, |k| k.size)
    }
}

fn checkpoint(note: &str, key: &NoteVerifier, before: u64) -> Result<Checkpoint, String> {
    let text = key.open(note).map_err(|e| e.to_string())?;
    let checkpoint =
        Checkpoint::parse(text).filter(|c| c.origin == key.name()).ok_or("it is not a checkpoint of this log")?;
    if checkpoint.size < before {
        return Err(format!("it vouches for {} lines, and the one before it already for {before}", checkpoint.size));
    }
    Ok(checkpoint)
}

/// The signed hashes beside one file.
#[derive(Default)]
pub struct SignedHashes {
    /// Number of the file's first line.
    first: u64,
    hashes: Vec<Option<Hash>>,
    /// The tree before the first line.
    pub frontier: Option<Tree>,
}

impl SignedHashes {
    pub fn of(&self, seq: u64) -> Option<Hash> {
        let index = usize::try_from(seq.checked_sub(self.first)?).ok()?;
        self.hashes.get(index).copied().flatten()
    }

    /// Number of the last line with a hash; 0: there is none.
    pub fn last(&self) -> u64 {
        if self.hashes.is_empty() { 0 } else { self.first + self.hashes.len() as u64 - 1 }
    }

    fn add(&mut self, leaves: Leaves) -> Result<(), &'static str> {
        let at = leaves.first.checked_sub(self.first).ok_or("its lines belong to an earlier file")?;
        let at = usize::try_from(at).map_err(|_| "its numbers are too high")?;
        if at > self.hashes.len() + MOST_SKIPPED {
            return Err("hashes before it are missing");
        }
        self.hashes.resize(self.hashes.len().max(at + leaves.hashes.len()), None);
        for (place, hash) in self.hashes[at..].iter_mut().zip(leaves.hashes) {
            if place.is_some_and(|known| known != hash) {
                return Err("it contradicts an earlier one");
            }
            *place = Some(hash);
        }
        Ok(())
    }
}

/// Lines whose hashes may be missing between two notes: a bound on memory, not on damage.
const MOST_SKIPPED: usize = 1 << 22;

/// Reads the hashes beside `segment`; what this key did not sign is a finding and left out.
pub fn signed_hashes(segment: &Segment, key: &NoteVerifier, verdict: &mut Verdict) -> io::Result<SignedHashes> {
    let mut signed = SignedHashes { first: segment.first, ..SignedHashes::default() };
    let path = segment.leaves_path();
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !path.exists() {
        verdict.find(Finding::HashesMissing { file, first: segment.first });
        return Ok(signed);
    }
    let unreadable = of_file(&path);
    let mut notes = NoteReader::new(BufReader::with_capacity(1 << 18, File::open(&path).map_err(&unreadable)?));
    let mut torn = None;
    while let Some(FiledNote { note, line, .. }) = notes.read_next().map_err(&unreadable)? {
        verdict.findings.extend(torn.take());
        let taken = key.open(&note).map_err(|e| e.to_string()).and_then(|text| {
            if let Some(tree) = parse_frontier(text, key.name()).filter(|t| t.size() + 1 == segment.first) {
                signed.frontier = Some(tree);
                return Ok(());
            }
            let leaves = Leaves::parse(text, key.name()).ok_or("it is not a list of hashes of this file")?;
            Ok(signed.add(leaves)?)
        });
        if let Err(why) = taken {
            let finding = Finding::HashesUnusable { file: file.clone(), line, why, first: segment.first };
            // A torn last note is what a crash leaves; the lines it was for are merely not vouched for.
            if is_torn(&note) { torn = Some(finding) } else { verdict.find(finding) }
        }
    }
    Ok(signed)
}

fn is_torn(note: &str) -> bool {
    !note.ends_with('\n') || !note.contains("\n\n")
}
