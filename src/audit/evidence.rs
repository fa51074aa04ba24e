//! The writer's side of the proof: the tree, and the signed notes that go beside the lines.
//!
//! Runs after the lines are on disk, so that nobody waits for it. A note that could not be written stays pending and is
//! written by the next call.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checkpoint::{Checkpoint, Leaves, frontier_text, parse_frontier};
use super::config::OpenError;
use super::disk::{Appender, Disk, reopen};
use super::note::{FiledNote, NoteReader, NoteSigner};
use super::segment::{self, Segment};
use super::tree::{Hash, Tree, leaf_hash};

/// Lines for one note of hashes: few enough that a crash leaves few lines unsigned, many enough that signing is free.
const LEAVES_A_NOTE: usize = 256;

/// Name of the file of checkpoints.
pub const CHECKPOINTS: &str = "checkpoints";

pub(super) struct Evidence {
    signer: NoteSigner,
    disk: Arc<dyn Disk>,
    tree: Tree,
    /// Hashes of the last lines, not yet in a note.
    pending: Vec<Hash>,
    leaves: Option<NoteFile>,
    checkpoints: NoteFile,
    /// Size that the last checkpoint vouches for.
    checkpointed: u64,
}

impl Evidence {
    /// Number of the last line that was added.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    pub fn key(&self) -> String {
        self.signer.verifier().to_string()
    }

    /// Takes a line, without its newline.
    pub fn add(&mut self, line: &[u8]) {
        let hash = leaf_hash(line);
        self.tree.push(hash);
        self.pending.push(hash);
    }

    /// Signs full notes of hashes.
    pub fn sign_full(&mut self) -> io::Result<()> {
        self.sign_leaves(LEAVES_A_NOTE)
    }

    /// Signs all that is not signed yet, and a checkpoint if there are lines since the last. `true` if there were.
    pub fn checkpoint(&mut self) -> io::Result<bool> {
        self.sign_leaves(1)?;
        if self.tree.size() == self.checkpointed {
            return Ok(false);
        }
        // Hashes first: a checkpoint is never ahead of what explains it.
        if let Some(leaves) = &mut self.leaves {
            leaves.file.sync()?;
        }
        let text = Checkpoint::of(self.signer.verifier().name(), &self.tree).text();
        self.checkpoints.append(&self.signer.sign(&text))?;
        self.checkpoints.file.sync()?;
        self.checkpointed = self.tree.size();
        Ok(true)
    }

    /// Ends the running file with a checkpoint and begins the notes of the next one.
    pub fn begin(&mut self, segment: &Segment) -> io::Result<()> {
        self.checkpoint()?;
        let mut leaves = NoteFile::new(self.disk.append(&segment.leaves_path())?, 0);
        leaves.append(&self.signer.sign(&frontier_text(self.signer.verifier().name(), &self.tree)))?;
        leaves.file.sync()?;
        self.leaves = Some(leaves);
        Ok(())
    }

    /// Takes files anew that were moved or replaced. `false`: the hashes of the running file are gone.
    pub fn reopen(&mut self, folder: &Path, segment: &Segment) -> io::Result<bool> {
        let path = folder.join(CHECKPOINTS);
        if !reopen(&*self.disk, &mut self.checkpoints.file, &path, self.checkpoints.len)? {
            // Older checkpoints are gone or are others; ours go after whatever is there.
            let file = self.disk.append(&path)?;
            self.checkpoints = NoteFile { len: file.size()?, file };
        }
        match &mut self.leaves {
            Some(leaves) => reopen(&*self.disk, &mut leaves.file, &segment.leaves_path(), leaves.len),
            None => Ok(false),
        }
    }

    /// The running file is gone: its hashes have nowhere to go. The tree goes on.
    pub fn abandon_file(&mut self) {
        self.leaves = None;
        self.pending.clear();
    }

    fn sign_leaves(&mut self, at_least: usize) -> io::Result<()> {
        while self.pending.len() >= at_least {
            let Some(file) = &mut self.leaves else { return Err(io::Error::other("no file for hashes")) };
            let count = self.pending.len().min(LEAVES_A_NOTE);
            let first = self.tree.size() - self.pending.len() as u64 + 1;
            let leaves = Leaves { first, hashes: self.pending[..count].to_vec() };
            file.append(&self.signer.sign(&leaves.text(self.signer.verifier().name())))?;
            self.pending.drain(..count);
        }
        Ok(())
    }
}

/// A file of notes that grows. What a failed write left is taken back by the next one.
struct NoteFile {
    file: Box<dyn Appender>,
    len: u64,
}

impl NoteFile {
    fn new(file: Box<dyn Appender>, len: u64) -> Self {
        Self { file, len }
    }

    fn append(&mut self, note: &str) -> io::Result<()> {
        self.file.in_place()?;
        if self.file.size()? != self.len {
            self.file.truncate(self.len)?;
        }
        self.file.write_all(note.as_bytes())?;
        self.len += note.len() as u64;
        Ok(())
    }
}

// === opening ===

/// Where a record goes on.
pub(super) struct Opened {
    pub evidence: Evidence,
    /// Where the last file's good lines end.
    pub ending: Option<segment::Ending>,
    /// Lines that were signed for and that the file no longer has.
    pub missing: u64,
}

/// Rebuilds the tree from the last file's signed hashes and the lines after them, and holds it against the last
/// checkpoint: a record that contradicts its own checkpoints is not continued.
pub(super) fn open(
    folder: &Path,
    disk: Arc<dyn Disk>,
    signer: NoteSigner,
    last: Option<&Segment>,
) -> Result<Opened, OpenError> {
    let path = folder.join(CHECKPOINTS);
    let (known, end) = last_checkpoint(&path, &signer)?;
    let checkpoints = NoteFile::new(disk.append(&path).map_err(OpenError::io(&path))?, end);
    let mut rebuilt = match last {
        Some(segment) => Rebuilt::read(segment, &signer, known.as_ref())?,
        None => Rebuilt::default(),
    };
    if let Some(known) = &known
        && !rebuilt.agrees
    {
        let problem = format!(
            "its checkpoint vouches for {} lines, which are not all here as they were. Keep this folder for the \
             investigation (`consentry audit verify` says more) and begin a new one",
            known.size
        );
        return Err(OpenError::Unusable { path: folder.to_path_buf(), problem });
    }
    let leaves = match last {
        Some(segment) => Some(rebuilt.reopen(segment, &*disk, &signer)?),
        None => None,
    };
    let checkpointed = known.map_or(0, |k| k.size);
    let evidence =
        Evidence { signer, disk, tree: rebuilt.tree, pending: rebuilt.pending, leaves, checkpoints, checkpointed };
    Ok(Opened { evidence, ending: rebuilt.ending, missing: rebuilt.missing })
}

#[derive(Default)]
struct Rebuilt {
    tree: Tree,
    pending: Vec<Hash>,
    /// Where the good notes of the file of hashes end; 0: there is no frontier.
    notes_end: u64,
    frontier: Tree,
    agrees: bool,
    ending: Option<segment::Ending>,
    missing: u64,
}

impl Rebuilt {
    fn read(segment: &Segment, signer: &NoteSigner, known: Option<&Checkpoint>) -> Result<Self, OpenError> {
        let mut it = Self { agrees: known.is_none(), ..Self::default() };
        it.read_notes(segment, signer, known).map_err(OpenError::io(segment.leaves_path()))?;
        if it.notes_end == 0 && segment.first != 1 {
            let problem = "its first note is missing or was not signed by this key; a record goes on with the key it \
                           was begun with, and a new key takes a new folder";
            return Err(OpenError::Unusable { path: segment.leaves_path(), problem: problem.into() });
        }
        let signed = it.tree.size();
        let ending = segment::ending(segment, signed, |seq, line| {
            if seq > signed {
                let hash = leaf_hash(line);
                it.push(hash, known);
                it.pending.push(hash);
            }
        });
        let ending = ending.map_err(OpenError::io(&segment.path))?;
        it.missing = (signed + 1).saturating_sub(ending.next_seq);
        it.ending = Some(ending);
        Ok(it)
    }

    fn read_notes(&mut self, segment: &Segment, signer: &NoteSigner, known: Option<&Checkpoint>) -> io::Result<()> {
        let path = segment.leaves_path();
        if !path.exists() {
            return Ok(());
        }
        let verifier = signer.verifier();
        let mut notes = NoteReader::new(BufReader::new(File::open(&path)?));
        while let Some(FiledNote { note, end, .. }) = notes.read_next()? {
            let Ok(text) = verifier.open(&note) else { break };
            if self.notes_end == 0 {
                let Some(tree) = parse_frontier(text, verifier.name()).filter(|t| t.size() + 1 == segment.first) else {
                    break;
                };
                self.agrees |= known.is_some_and(|k| k.size == tree.size() && k.root == tree.root());
                (self.frontier, self.tree) = (tree.clone(), tree);
            } else {
                let Some(leaves) = Leaves::parse(text, verifier.name()).filter(|l| l.first == self.tree.size() + 1)
                else {
                    break;
                };
                leaves.hashes.into_iter().for_each(|hash| self.push(hash, known));
            }
            self.notes_end = end;
        }
        Ok(())
    }

    fn push(&mut self, hash: Hash, known: Option<&Checkpoint>) {
        self.tree.push(hash);
        self.agrees |= known.is_some_and(|k| k.size == self.tree.size() && k.root == self.tree.root());
    }

    /// The file of hashes, cut to its good notes (a crash may have torn the last), with a frontier at its head.
    fn reopen(&mut self, segment: &Segment, disk: &dyn Disk, signer: &NoteSigner) -> Result<NoteFile, OpenError> {
        let path: PathBuf = segment.leaves_path();
        let open = || -> io::Result<NoteFile> {
            let mut leaves = NoteFile::new(disk.append(&path)?, self.notes_end);
            if self.notes_end == 0 {
                leaves.append(&signer.sign(&frontier_text(signer.verifier().name(), &self.frontier)))?;
            }
            Ok(leaves)
        };
        open().map_err(OpenError::io(&path))
    }
}

/// The last checkpoint that this key signed, and where in the file it ends.
fn last_checkpoint(path: &Path, signer: &NoteSigner) -> Result<(Option<Checkpoint>, u64), OpenError> {
    if !path.exists() {
        return Ok((None, 0));
    }
    let read = || -> io::Result<_> {
        let mut notes = NoteReader::new(BufReader::new(File::open(path)?));
        let (mut last, mut good_end, mut foreign) = (None, 0, None);
        while let Some(FiledNote { note, end, .. }) = notes.read_next()? {
            match signer.verifier().open(&note).ok().and_then(Checkpoint::parse) {
                Some(checkpoint) => (last, good_end) = (Some(checkpoint), end),
                None => foreign = Some(signer.verifier().other_log(&note)),
            }
        }
        Ok((last, good_end, foreign))
    };
    let (last, end, foreign) = read().map_err(OpenError::io(path))?;
    match (last, foreign) {
        (None, Some(Some(other))) => {
            let problem = format!(
                "it is of the log {other} and not of {}; move this folder away (it stays what it is), and a new one is begun",
                signer.verifier().name()
            );
            Err(OpenError::Unusable { path: path.to_path_buf(), problem })
        }
        (None, Some(None)) => {
            let problem = "it was not signed by this key; a record goes on with the key it was begun with, and a new \
                           key takes a new folder";
            Err(OpenError::Unusable { path: path.to_path_buf(), problem: problem.into() })
        }
        (last, _) => Ok((last, end)),
    }
}
