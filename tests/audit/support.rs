//! What the tests of the record share: sample events, and reading a folder back.

use std::path::{Path, PathBuf};

pub use crate::common::record::{completion, decision, decision_of, what, who};

/// The record's files in the order of their lines.
pub fn segments(folder: &Path) -> Vec<PathBuf> {
    consentry::audit::segment::list(folder).unwrap().into_iter().map(|s| s.path).collect()
}

/// All lines of a folder; every one must be JSON.
pub fn lines(folder: &Path) -> Vec<serde_json::Value> {
    let text: String = segments(folder).iter().map(|p| std::fs::read_to_string(p).unwrap()).collect();
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}
