//! The writer's side of the proof: the tree, and the signed notes that go beside the lines.
//!
//! Runs after the lines are on disk, so that nobody waits for it. A note that could not be written stays pending and is
//! written by the next call.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::checkpoint::{Checkpoint, Leaves, frontier_text};
use super::disk::{Appender, Disk, reopen};
use super::note::NoteSigner;
use super::segment::Segment;
use super::tree::{Hash, Tree};

/// Lines for one note of hashes: few enough that a crash leaves few lines unsigned, many enough that signing is free.
const LEAVES_A_NOTE: usize = 256;

/// Name of the file of checkpoints.
pub const CHECKPOINTS: &str = "checkpoints";

pub(super) struct Evidence {
    pub signer: NoteSigner,
    pub disk: Arc<dyn Disk>,
    pub tree: Tree,
    /// Hashes of the last lines, not yet in a note.
    pub pending: Vec<Hash>,
    /// `None`: there is no running file.
    pub leaves: Option<NoteFile>,
    pub checkpoints: NoteFile,
    /// Size that the last checkpoint vouches for.
    pub checkpointed: u64,
    /// Time of the first line behind it (microseconds since 1970).
    pub since: Option<i64>,
}

impl Evidence {
    /// Number of the last line that was added.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    pub fn key(&self) -> String {
        self.signer.verifier().to_string()
    }

    /// What the tree will be once the lines with these hashes are on disk.
    pub fn ahead(&self, leaves: &[Hash]) -> Tree {
        let mut tree = self.tree.clone();
        leaves.iter().for_each(|hash| tree.push(*hash));
        tree
    }

    /// Lines that no checkpoint vouches for.
    pub fn unvouched(&self) -> u64 {
        self.tree.size() - self.checkpointed
    }

    /// The lines with these hashes, the first of them of the time `micros`, are on disk; `tree` is what [`Evidence::ahead`]
    /// said of them.
    pub fn take(&mut self, leaves: &[Hash], tree: Tree, micros: i64) {
        self.since.get_or_insert(micros);
        self.pending.extend_from_slice(leaves);
        self.tree = tree;
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
        self.since = None;
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

    /// Takes files anew that were moved or replaced. `false`: the hashes of the running file, if there is one, are gone.
    pub fn reopen(&mut self, folder: &Path, segment: Option<&Segment>) -> io::Result<bool> {
        let path = folder.join(CHECKPOINTS);
        if !reopen(&*self.disk, &mut self.checkpoints.file, &path, self.checkpoints.len)? {
            // Older checkpoints are gone or are others; ours go after whatever is there.
            let file = self.disk.append(&path)?;
            self.checkpoints = NoteFile { len: file.size()?, file };
        }
        match self.leaves.as_mut().zip(segment) {
            Some((leaves, segment)) => reopen(&*self.disk, &mut leaves.file, &segment.leaves_path(), leaves.len),
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
pub(super) struct NoteFile {
    file: Box<dyn Appender>,
    len: u64,
}

impl NoteFile {
    pub fn new(file: Box<dyn Appender>, len: u64) -> Self {
        Self { file, len }
    }

    pub fn append(&mut self, note: &str) -> io::Result<()> {
        self.file.in_place()?;
        if self.file.size()? != self.len {
            self.file.truncate(self.len)?;
        }
        self.file.write_all(note.as_bytes())?;
        self.len += note.len() as u64;
        Ok(())
    }
}
