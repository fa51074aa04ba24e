//! A proof that one line is on record, which can be checked with the verifier key alone.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::CHECKPOINTS;
use super::checkpoint::Checkpoint;
use super::note::{FiledNote, NoteError, NoteReader, NoteVerifier};
use super::read::{Line, LineReader};
use super::segment::{self, Segment};
use super::tree::{Hash, Prover, includes, leaf_hash};
use super::verify::{Verdict, signed_hashes};

/// An inclusion proof (RFC 6962, section 2.1.1) with all that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    pub seq: u64,
    /// The line itself, without its newline: the leaf's bytes.
    pub line: String,
    /// `seq - 1`.
    pub leaf_index: u64,
    pub tree_size: u64,
    /// From the leaf's sibling up, base64.
    pub hashes: Vec<String>,
    /// Signed note of the tree of that size.
    pub checkpoint: String,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("no checkpoint of this key vouches for line {0} yet; one comes at least every minute")]
    NotVouched(u64),
    #[error("line {0} is not in this folder")]
    NotHere(u64),
    #[error("the record is damaged, so nothing can be proved from it; `consentry audit verify` says where")]
    Damaged,
}

/// Why a proof proves nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    #[error("its checkpoint")]
    Checkpoint(#[from] NoteError),
    #[error("its checkpoint is not one of this log, or of another size")]
    OtherCheckpoint,
    #[error("the line is not the one with that number")]
    OtherLine,
    #[error("the line is not in the tree that the checkpoint vouches for")]
    NotIncluded,
    #[error("its hashes are not hashes")]
    Malformed,
}

/// Proves line `seq` from the record in `folder`, under the newest checkpoint.
pub fn prove(folder: &Path, key: &NoteVerifier, seq: u64) -> Result<Proof, ProveError> {
    let segments = segment::list(folder)?;
    let (note, checkpoint) = newest_checkpoint(folder, key)?.ok_or(ProveError::NotVouched(seq))?;
    if seq == 0 {
        return Err(ProveError::NotHere(0));
    }
    if seq > checkpoint.size {
        return Err(ProveError::NotVouched(seq));
    }
    let mut prover = Prover::new(seq - 1, checkpoint.size);
    let mut next = 1;
    let mut line = None;
    for segment in segments {
        if segment.first != next {
            return Err(ProveError::NotHere(next));
        }
        next = feed(&segment, key, next, seq, &mut prover, &mut line)?;
    }
    let proof = Proof {
        seq,
        line: line.ok_or(ProveError::NotHere(seq))?,
        leaf_index: seq - 1,
        tree_size: checkpoint.size,
        hashes: prover.path().iter().map(|h| STANDARD.encode(h)).collect(),
        checkpoint: note,
    };
    proof.check(key).map_err(|_| ProveError::Damaged)?;
    Ok(proof)
}

/// Gives a file's hashes to the prover and finds the wanted line. Returns the number after the file's last.
fn feed(
    segment: &Segment,
    key: &NoteVerifier,
    mut next: u64,
    wanted: u64,
    prover: &mut Prover,
    found: &mut Option<String>,
) -> io::Result<u64> {
    let signed = signed_hashes(segment, key, &mut Verdict::default())?;
    let mut reader = LineReader::new(BufReader::with_capacity(1 << 20, segment.open()?));
    let mut line = Line::default();
    // Of a line that lost nothing but its newline all is there that was signed.
    while reader.read(&mut line).map_err(segment::of_file(&segment.path))? && line.is_whole() {
        prover.push(signed.of(next).unwrap_or_else(|| leaf_hash(&line.bytes)));
        if next == wanted {
            *found = String::from_utf8(line.bytes.clone()).ok();
        }
        next += 1;
    }
    Ok(next)
}

fn newest_checkpoint(folder: &Path, key: &NoteVerifier) -> io::Result<Option<(String, Checkpoint)>> {
    let path = folder.join(CHECKPOINTS);
    let unreadable = segment::of_file(&path);
    let mut notes = NoteReader::new(BufReader::new(File::open(&path).map_err(&unreadable)?));
    let mut newest = None;
    while let Some(FiledNote { note, .. }) = notes.read_next().map_err(&unreadable)? {
        if let Some(checkpoint) = key.open(&note).ok().and_then(Checkpoint::parse) {
            newest = Some((note, checkpoint));
        }
    }
    Ok(newest)
}

impl Proof {
    /// Checks the proof with nothing but the key.
    pub fn check(&self, key: &NoteVerifier) -> Result<(), Unproved> {
        let checkpoint = Checkpoint::parse(key.open(&self.checkpoint)?)
            .filter(|c| c.origin == key.name() && c.size == self.tree_size)
            .ok_or(Unproved::OtherCheckpoint)?;
        let numbered = segment::seq_of(self.line.as_bytes()) == Some(self.seq);
        if !numbered || self.leaf_index.checked_add(1) != Some(self.seq) {
            return Err(Unproved::OtherLine);
        }
        let decode = |text: &String| STANDARD.decode(text).ok().and_then(|b| Hash::try_from(b).ok());
        let path: Vec<Hash> = self.hashes.iter().map(decode).collect::<Option<_>>().ok_or(Unproved::Malformed)?;
        let leaf = leaf_hash(self.line.as_bytes());
        includes(&checkpoint.root, checkpoint.size, self.leaf_index, leaf, &path)
            .then_some(())
            .ok_or(Unproved::NotIncluded)
    }
}
