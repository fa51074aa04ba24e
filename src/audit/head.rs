//! How far the record has gone, kept where who can write its folder cannot: beside the subject keys.
//!
//! What stands in the folder is only believed as far as it leads to a head: the size and frontier of the tree after the
//! last lines that are durable, sealed with a secret that only the signing key's owner can compute. The newest head is in
//! the journal (written through with the lines, so that it survives a power cut) and in this file (so that taking the
//! journal away hides nothing). A head is never ahead of what is durable.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;

use fs4::fs_std::FileExt as _;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::config::OpenError;
use super::tree::{Hash, Tree};

/// Seals heads, and tells its own from others.
#[derive(Clone)]
pub(super) struct Seal(pub(super) Hash);

impl Seal {
    /// `size · frontier · MAC`.
    pub fn seal(&self, tree: &Tree) -> Vec<u8> {
        let mut sealed = tree.size().to_be_bytes().to_vec();
        tree.frontier().iter().for_each(|hash| sealed.extend_from_slice(hash));
        let mac = self.mac(&sealed).finalize().into_bytes();
        sealed.extend_from_slice(&mac);
        sealed
    }

    /// The head at the beginning of `bytes`.
    pub fn open(&self, bytes: &[u8]) -> Option<Tree> {
        let size = u64::from_be_bytes(*bytes.first_chunk()?);
        let (content, rest) = bytes.split_at_checked(8 + 32 * size.count_ones() as usize)?;
        self.mac(content).verify_slice(rest.get(..32)?).ok()?;
        Tree::from_frontier(size, content[8..].as_chunks().0.to_vec())
    }

    fn mac(&self, content: &[u8]) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0);
        mac.unwrap_or_else(|_| unreachable!("HMAC takes any key length")).chain_update(content)
    }
}

/// Each of the two places of a head; the longest has 64 hashes.
const PLACE: usize = 4096;

/// The file with the head.
pub(super) struct Head {
    file: File,
    path: PathBuf,
    seal: Seal,
    /// `None`: nothing of this record has been sealed yet.
    known: Option<Tree>,
    /// Two places take turns, so that a power cut leaves one of them whole.
    second: bool,
}

impl Head {
    /// Opens the file, makes it when it is not there. Held as long as it lives: two records cannot share a head.
    pub fn open(path: PathBuf, seal: Seal) -> Result<Self, OpenError> {
        let open = || File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = open().map_err(OpenError::io(&path))?;
        if !file.try_lock_exclusive().map_err(OpenError::io(&path))? {
            let problem =
                "another proxy keeps its record's head here; a record of its own takes a folder with a name of \
                           its own, or other subject keys"
                    .into();
            return Err(OpenError::Unusable { path, problem });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(OpenError::io(&path))?;
        let (first, second) = bytes.split_at(bytes.len().min(PLACE));
        let (first, second) = (seal.open(first), seal.open(second));
        let newer = size_of(second.as_ref()) > size_of(first.as_ref());
        let known = if newer { second } else { first };
        Ok(Self { file, path, seal, second: known.is_some() && !newer, known })
    }

    pub fn known(&self) -> Option<&Tree> {
        self.known.as_ref()
    }

    /// Takes a head from elsewhere, if it is a later one.
    pub fn hear(&mut self, sealed: &[u8]) {
        if let Some(tree) = self.seal.open(sealed)
            && size_of(Some(&tree)) > size_of(self.known.as_ref())
        {
            self.known = Some(tree);
        }
    }

    pub fn seal(&self, tree: &Tree) -> Vec<u8> {
        self.seal.seal(tree)
    }

    /// Writes what `seal` gave for `tree`, as far as a kill is survived.
    pub fn keep(&mut self, tree: &Tree, sealed: &[u8]) -> io::Result<()> {
        self.known = Some(tree.clone());
        let at = if self.second { PLACE as u64 } else { 0 };
        self.file.write_all_at(sealed, at).map_err(|fault| self.named(&fault))?;
        self.second = !self.second;
        Ok(())
    }

    /// What is known survives all that comes. The first head of a record stands before its first line.
    pub fn settle(&mut self, new: bool) -> io::Result<()> {
        if new && self.known.is_none() {
            self.known = Some(Tree::default());
        }
        self.again()
    }

    /// Writes what is known once more.
    pub fn again(&mut self) -> io::Result<()> {
        let Some(tree) = self.known.clone() else { return Ok(()) };
        self.keep(&tree, &self.seal(&tree))?;
        self.sync()
    }

    /// What was kept survives a power cut too.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data().map_err(|fault| self.named(&fault))
    }

    /// Clients hear of it: the file's name alone, not where it lies.
    fn named(&self, fault: &io::Error) -> io::Error {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        io::Error::new(fault.kind(), format!("{name}: {fault}"))
    }
}

/// Any head is more than none.
fn size_of(tree: Option<&Tree>) -> Option<u64> {
    tree.map(Tree::size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(size: u64) -> Tree {
        let mut tree = Tree::default();
        (0..size).for_each(|n| tree.push([n as u8; 32]));
        tree
    }

    #[test]
    fn a_head_is_read_by_its_own_seal_only_and_not_when_a_byte_is_another() {
        let seal = Seal([7; 32]);
        for size in [0, 1, 2, 255, 256] {
            let sealed = seal.seal(&tree(size));
            assert_eq!(seal.open(&[&sealed[..], &[0; 99]].concat()), Some(tree(size)));
            assert_eq!(Seal([8; 32]).open(&sealed), None);
            for at in 0..sealed.len() {
                let mut touched = sealed.clone();
                touched[at] ^= 1;
                assert_eq!(seal.open(&touched), None, "byte {at} of {size}");
                assert_eq!(seal.open(&sealed[..at]), None, "cut at {at} of {size}");
            }
        }
    }

    #[test]
    fn the_later_of_two_places_counts_and_a_torn_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("head");
        let open = || Head::open(path.clone(), Seal([7; 32])).unwrap();
        assert_eq!(open().known(), None);
        for size in [0, 1, 2, 3] {
            let mut head = open();
            head.keep(&tree(size), &head.seal(&tree(size))).unwrap();
            assert!(Head::open(path.clone(), Seal([7; 32])).is_err(), "one record a head");
            drop(head);
            assert_eq!(open().known(), Some(&tree(size)));
        }
        let mut bytes = std::fs::read(&path).unwrap();
        // 0, 2 in the first place, 1, 3 in the second.
        bytes[PLACE + 20] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let mut head = open();
        assert_eq!(head.known(), Some(&tree(2)));
        head.hear(&Seal([7; 32]).seal(&tree(1)));
        assert_eq!(head.known(), Some(&tree(2)));
        head.hear(&Seal([7; 32]).seal(&tree(9)));
        assert_eq!(head.known(), Some(&tree(9)));
    }
}
