//! Takes a record up: how far what stands in its folder can be believed, and where it goes on.
//!
//! Who can write the folder and has no key must not get the next start to sign for what he has changed. So nothing is
//! taken up but what leads to the newest head, checkpoint or list of hashes. What stands behind that was in no state to
//! be believed when the proxy was killed: nobody was told that it is on record, and it is put aside. Where the lines do
//! not lead there, the record goes on behind them, in a new file and on the tree that the head knows: the proxy does
//! its work, and what is missing or changed stays as visible to verify as it was.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checkpoint::{Checkpoint, Leaves, frontier_text, parse_frontier};
use super::config::OpenError;
use super::disk::Disk;
use super::evidence::{CHECKPOINTS, Evidence, NoteFile};
use super::note::{FiledNote, NoteReader, NoteSigner};
use super::segment::{self, Segment};
use super::tree::{Hash, Tree, leaf_hash};

/// So many lines can a proxy without a head have left unsigned: a started list of hashes, and what was written at once.
const MOST_UNSIGNED: u64 = 10_000;

/// Where a record goes on.
pub(super) struct Opened {
    pub evidence: Evidence,
    pub found: Found,
}

/// What stands in the folder.
pub(super) enum Found {
    /// No record yet.
    Nothing,
    /// What was written. The last file goes on where the lines end that can be believed.
    Whole {
        ending: segment::Ending,
        /// Lines that were signed for and that the file no longer has.
        missing: u64,
        /// There is no head: it is taken as it stands, and nothing was signed for these lines, first and last.
        headless: Option<Option<(u64, u64)>>,
    },
    /// Not what was written: the head knows of `known` lines, and there are `found`, or others.
    Otherwise { known: u64, found: u64 },
}

/// The newest word on what the lines must be.
struct Witness {
    size: u64,
    root: Hash,
    /// The lines lead there.
    met: bool,
}

impl Witness {
    fn meet(&mut self, tree: &Tree) {
        self.met |= tree.size() == self.size && tree.root() == self.root;
    }
}

/// Rebuilds the tree from the last file's signed hashes and the lines after them, and holds it against the newest of
/// head and checkpoint.
pub(super) fn open(
    folder: &Path,
    disk: Arc<dyn Disk>,
    signer: NoteSigner,
    last: Option<&Segment>,
    head: Option<&Tree>,
) -> Result<Opened, OpenError> {
    let path = folder.join(CHECKPOINTS);
    let (known, end) = last_checkpoint(&path, &signer)?;
    let checkpointed = known.as_ref().map_or(0, |k| k.size);
    let by_head = head.filter(|head| head.size() >= checkpointed);
    let witness = match (by_head, known) {
        (Some(head), _) => Some(Witness { size: head.size(), root: head.root(), met: head.size() == 0 }),
        (None, Some(known)) => Some(Witness { size: known.size, root: known.root, met: false }),
        (None, None) => None,
    };
    let mut rebuilt = Rebuilt::new(witness, head.is_some());
    if let Some(segment) = last {
        rebuilt.read(segment, &signer)?;
    }
    let (found, leaves) = match (last, by_head) {
        (None, _) if rebuilt.agrees() => (Found::Nothing, None),
        (Some(segment), _) if rebuilt.agrees() => {
            (rebuilt.whole(segment, head.is_none())?, Some(rebuilt.reopen(segment, &*disk, &signer)?))
        }
        (_, Some(head)) => (rebuilt.otherwise(head), None),
        (_, None) => return Err(rebuilt.unusable(folder, last)),
    };
    let checkpoints = NoteFile::new(disk.append(&path).map_err(OpenError::io(&path))?, end);
    let evidence = Evidence {
        signer,
        disk,
        tree: rebuilt.tree,
        pending: rebuilt.pending,
        leaves,
        checkpoints,
        checkpointed,
        since: None,
    };
    Ok(Opened { evidence, found })
}

struct Rebuilt {
    witness: Option<Witness>,
    /// Nothing is taken but what is signed or sealed.
    strict: bool,
    tree: Tree,
    pending: Vec<Hash>,
    /// Where the good notes of the file of hashes end; 0: there is no frontier.
    notes_end: u64,
    frontier: Tree,
    /// The frontier of a later file is missing: nothing can be rebuilt.
    rootless: bool,
    /// Number of the last line that is in a signed list of hashes.
    signed: u64,
    ending: Option<segment::Ending>,
}

impl Rebuilt {
    fn new(witness: Option<Witness>, strict: bool) -> Self {
        Self {
            witness,
            strict,
            tree: Tree::default(),
            pending: Vec::new(),
            notes_end: 0,
            frontier: Tree::default(),
            rootless: false,
            signed: 0,
            ending: None,
        }
    }

    fn read(&mut self, segment: &Segment, signer: &NoteSigner) -> Result<(), OpenError> {
        self.read_notes(segment, signer).map_err(OpenError::io(segment.leaves_path()))?;
        self.rootless = self.notes_end == 0 && segment.first != 1;
        self.signed = self.tree.size();
        let vouched = self.signed.max(self.witness.as_ref().map_or(0, |w| w.size));
        let up_to = if self.strict { vouched } else { u64::MAX };
        let ending = segment::ending(segment, self.signed, up_to, |seq, line| {
            if seq > self.signed {
                let hash = leaf_hash(line);
                self.push(hash);
                self.pending.push(hash);
            }
        });
        self.ending = Some(ending.map_err(OpenError::io(&segment.path))?);
        Ok(())
    }

    fn read_notes(&mut self, segment: &Segment, signer: &NoteSigner) -> io::Result<()> {
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
                (self.frontier, self.tree) = (tree.clone(), tree);
                self.meet();
            } else {
                let Some(leaves) = Leaves::parse(text, verifier.name()).filter(|l| l.first == self.tree.size() + 1)
                else {
                    break;
                };
                leaves.hashes.into_iter().for_each(|hash| self.push(hash));
            }
            self.notes_end = end;
        }
        Ok(())
    }

    fn push(&mut self, hash: Hash) {
        self.tree.push(hash);
        self.meet();
    }

    fn meet(&mut self) {
        if let Some(witness) = &mut self.witness {
            witness.meet(&self.tree);
        }
    }

    /// Whether the lines lead to the newest word on them. A signed frontier that is newer is such a word itself.
    fn agrees(&self) -> bool {
        let outdated = |w: &Witness| w.size < self.frontier.size();
        !self.rootless && self.witness.as_ref().is_none_or(|w| w.met || outdated(w))
    }

    fn whole(&mut self, segment: &Segment, headless: bool) -> Result<Found, OpenError> {
        let Some(ending) = self.ending.take() else { return Ok(Found::Nothing) };
        let missing = (self.signed + 1).saturating_sub(ending.next_seq);
        if !headless {
            return Ok(Found::Whole { ending, missing, headless: None });
        }
        let vouched = self.signed.max(self.witness.as_ref().map_or(0, |w| w.size));
        let last = ending.next_seq - 1;
        let unsigned = (last > vouched).then_some((vouched + 1, last));
        if last > vouched && (vouched == 0 || last - vouched > MOST_UNSIGNED) {
            let problem = format!(
                "nothing that this key has signed vouches for lines {} to {last}, more than a proxy leaves that is \
                 killed; {BEGIN_ANEW}",
                vouched + 1
            );
            return Err(OpenError::Unusable { path: segment.path.clone(), problem });
        }
        Ok(Found::Whole { ending, missing, headless: Some(unsigned) })
    }

    /// The record goes on where the head says that it is.
    fn otherwise(&mut self, head: &Tree) -> Found {
        let found = self.ending.as_ref().map_or(0, |e| e.next_seq - 1);
        self.pending.clear();
        self.tree = head.clone();
        Found::Otherwise { known: head.size(), found }
    }

    /// The file of hashes, cut to its good notes (a crash may have torn the last), with a frontier at its head.
    fn reopen(&self, segment: &Segment, disk: &dyn Disk, signer: &NoteSigner) -> Result<NoteFile, OpenError> {
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

    fn unusable(&self, folder: &Path, last: Option<&Segment>) -> OpenError {
        if let Some(segment) = last.filter(|_| self.rootless) {
            let problem = "its first note is missing or was not signed by this key; a record goes on with the key it \
                           was begun with, and a new key takes a new folder";
            return OpenError::Unusable { path: segment.leaves_path(), problem: problem.into() };
        }
        let size = self.witness.as_ref().map_or(0, |w| w.size);
        let problem =
            format!("its checkpoint vouches for {size} lines, which are not all here as they were; {BEGIN_ANEW}");
        OpenError::Unusable { path: folder.to_path_buf(), problem }
    }
}

/// What to do with a record that cannot be taken up.
const BEGIN_ANEW: &str = "keep this folder for the investigation (`consentry audit verify` says more) and name another \
                          one in the server file";

/// So many notes at the end of a file are looked through first: a year of checkpoints is half a million signatures.
const LAST_NOTES: usize = 64;

/// The last checkpoint that this key signed, and where in the file it ends.
fn last_checkpoint(path: &Path, signer: &NoteSigner) -> Result<(Option<Checkpoint>, u64), OpenError> {
    if !path.exists() {
        return Ok((None, 0));
    }
    let checkpoint = |note: &str| signer.verifier().open(note).ok().and_then(Checkpoint::parse);
    let notes = || File::open(path).map(|file| NoteReader::new(BufReader::new(file)));
    let read = || -> io::Result<_> {
        let (mut tail, mut notes_once) = (VecDeque::new(), notes()?);
        while let Some(filed) = notes_once.read_next()? {
            tail.push_back(filed);
            if tail.len() > LAST_NOTES {
                tail.pop_front();
            }
        }
        let newest = tail.iter().rev().find_map(|filed| Some((checkpoint(&filed.note)?, filed.end)));
        if let Some((last, end)) = newest {
            return Ok((Some(last), end, None));
        }
        let (mut last, mut good_end, mut foreign, mut notes) = (None, 0, None, notes()?);
        while let Some(FiledNote { note, end, .. }) = notes.read_next()? {
            match checkpoint(&note) {
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
