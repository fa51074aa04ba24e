//! What the signed notes of a record say: checkpoints (c2sp.org/tlog-checkpoint), and two kinds of our own.
//!
//! A checkpoint vouches for all lines up to a size by one hash; it cannot tell *which* line was changed. So beside each
//! file of lines stand signed lists of the lines' hashes (`….leaves`): an altered line differs from its own hash, which
//! cannot be altered along with it. The first note there is the tree's frontier at the file's first line, so that a
//! file can be checked without those before it. Their first lines hold spaces: no origin looks like that, so none of
//! them can be taken for a checkpoint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::tree::{Hash, Tree};

const LEAVES: &str = "consentry leaves v1 ";
const FRONTIER: &str = "consentry frontier v1 ";

/// A signed tree head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    /// Number of the last line that it vouches for.
    pub size: u64,
    pub root: Hash,
}

impl Checkpoint {
    pub fn of(origin: &str, tree: &Tree) -> Self {
        Self { origin: origin.into(), size: tree.size(), root: tree.root() }
    }

    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// Reads a note's text. Extension lines, which the format allows, are passed over.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let origin = lines.next().filter(|o| !o.is_empty() && !o.contains(' '))?.to_owned();
        let size = parse_number(lines.next()?)?;
        Some(Self { origin, size, root: parse_hash(lines.next()?)? })
    }
}

/// Hashes of consecutive lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaves {
    /// Number of the first line.
    pub first: u64,
    pub hashes: Vec<Hash>,
}

impl Leaves {
    pub fn text(&self, origin: &str) -> String {
        with_hashes(format!("{LEAVES}{origin}\n{}\n", self.first), &self.hashes)
    }

    pub fn parse(text: &str, origin: &str) -> Option<Self> {
        let (first, hashes) = parse_listing(text, LEAVES, origin)?;
        Some(Self { first, hashes })
    }
}

/// The frontier note of a tree.
pub fn frontier_text(origin: &str, tree: &Tree) -> String {
    with_hashes(format!("{FRONTIER}{origin}\n{}\n", tree.size()), tree.frontier())
}

pub fn parse_frontier(text: &str, origin: &str) -> Option<Tree> {
    let (size, frontier) = parse_listing(text, FRONTIER, origin)?;
    Tree::from_frontier(size, frontier)
}

fn with_hashes(mut text: String, hashes: &[Hash]) -> String {
    for hash in hashes {
        STANDARD.encode_string(hash, &mut text);
        text.push('\n');
    }
    text
}

fn parse_listing(text: &str, kind: &str, origin: &str) -> Option<(u64, Vec<Hash>)> {
    let mut lines = text.lines();
    if lines.next()?.strip_prefix(kind)? != origin {
        return None;
    }
    let number = parse_number(lines.next()?)?;
    Some((number, lines.map(parse_hash).collect::<Option<_>>()?))
}

/// Decimal without leading zeroes or sign.
fn parse_number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn parse_hash(text: &str) -> Option<Hash> {
    // One byte more than a hash: the decoder asks for room in whole groups.
    let mut bytes = [0; 33];
    let length = STANDARD.decode_slice(text, &mut bytes).ok()?;
    bytes[..length].try_into().ok()
}
