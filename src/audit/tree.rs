//! The Merkle tree over the record's lines (RFC 6962, section 2.1), built as they come, in the space of its frontier.
//!
//! A leaf is a line's bytes without the newline. The line with number `n` is the leaf with index `n - 1`.

use sha2::{Digest, Sha256};

pub type Hash = [u8; 32];

/// Hash of a leaf: SHA-256(0x00 ‖ leaf).
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

/// Hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// A tree that only grows: its size and the roots of its full subtrees, largest first, one for each bit of the size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    frontier: Vec<Hash>,
}

impl Tree {
    /// The tree with this frontier; `None` when it does not fit the size.
    pub fn from_frontier(size: u64, frontier: Vec<Hash>) -> Option<Self> {
        (frontier.len() == size.count_ones() as usize).then_some(Self { size, frontier })
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn frontier(&self) -> &[Hash] {
        &self.frontier
    }

    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each trailing one bit of the size is a full subtree as large as the one just completed.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.frontier.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.frontier.push(hash);
        self.size += 1;
    }

    pub fn root(&self) -> Hash {
        let mut subtrees = self.frontier.iter().rev();
        match subtrees.next() {
            None => Sha256::digest([]).into(),
            Some(last) => subtrees.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

/// Collects a leaf's inclusion proof (RFC 6962, section 2.1.1) from all leaves of a tree as they stream by.
pub struct Prover {
    index: u64,
    next: u64,
    /// Sibling ranges in the order of their leaves, with what has been seen of each.
    siblings: Vec<Sibling>,
}

struct Sibling {
    from: u64,
    to: u64,
    /// Its place in the proof, which goes from the leaf up.
    place: usize,
    tree: Tree,
}

impl Prover {
    /// For leaf `index` of the tree with the first `size` leaves; `index < size`.
    pub fn new(index: u64, size: u64) -> Self {
        let (mut from, mut to) = (0, size);
        let mut ranges = Vec::new();
        while to - from > 1 {
            let middle = from + split(to - from);
            if index < middle {
                ranges.push((middle, to));
                to = middle;
            } else {
                ranges.push((from, middle));
                from = middle;
            }
        }
        let count = ranges.len();
        let mut siblings: Vec<Sibling> = ranges
            .into_iter()
            .enumerate()
            .map(|(i, (from, to))| Sibling { from, to, place: count - 1 - i, tree: Tree::default() })
            .collect();
        siblings.sort_by_key(|s| s.from);
        Self { index, next: 0, siblings }
    }

    /// Takes the next leaf's hash.
    pub fn push(&mut self, leaf: Hash) {
        let at = self.next;
        self.next += 1;
        if at == self.index {
            return;
        }
        let i = self.siblings.partition_point(|s| s.to <= at);
        if let Some(sibling) = self.siblings.get_mut(i).filter(|s| s.from <= at) {
            sibling.tree.push(leaf);
        }
    }

    /// The proof, from the leaf's sibling up to the root's child.
    pub fn path(mut self) -> Vec<Hash> {
        self.siblings.sort_by_key(|s| s.place);
        self.siblings.iter().map(|s| s.tree.root()).collect()
    }
}

/// Largest power of two that is smaller than `n` (n > 1).
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// Whether `path` leads from the leaf at `index` to the root of the tree of this size (RFC 9162, section 2.1.3.2).
pub fn includes(root: &Hash, size: u64, index: u64, leaf: Hash, path: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}
