//! Checks a copied record offline, with nothing but the verifier key, and names the first line that is not as it was.
//!
//! Three witnesses are heard: the numbers in the lines, the signed hashes beside each file (`signed`), and the
//! checkpoints over the whole tree. `lines` holds the lines against them; `story` reads what the events tell of crashes
//! and silences. Memory: the hashes of one file, the checkpoints, and the statements that run at one time.

mod finding;
mod lines;
mod signed;
mod story;
mod stretch;

use std::io;
use std::path::Path;

use serde::Serialize;

pub use finding::{Finding, Notice, Place};
pub use signed::{SignedHashes, signed_hashes};
pub use stretch::Because;

use super::claim;
use super::note::NoteVerifier;
use super::segment;
use finding::range;
use lines::Walk;
use signed::Checkpoints;
use story::Story;

/// Listed findings and notices of one kind; more are only counted.
const MOST_LISTED: usize = 1000;

/// What a record came to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Verdict {
    pub folder: String,
    pub key: String,
    /// Everything that proves damage, in the order in which it was found; empty: the record is whole.
    pub findings: Vec<Finding>,
    /// Findings beyond those that are listed.
    pub more_findings: u64,
    /// What an auditor should know and that is no damage, in the order in which it was found.
    pub notices: Vec<Notice>,
    /// How many of these are about one statement each.
    #[serde(skip)]
    of_statements: usize,
    pub more_notices: u64,
    pub files: u64,
    pub lines: u64,
    pub bytes: u64,
    pub first_time: Option<String>,
    pub last_time: Option<String>,
    /// Checkpoints that this key signed, and how many of them the lines were held against.
    pub checkpoints: u64,
    pub checkpoints_checked: u64,
    /// Number of the last line that a checkpoint vouches for.
    pub vouched: u64,
    /// Lines behind that one: nothing vouches for them yet, and who can write the folder may have changed them.
    pub nothing_vouches_for: Option<Lines>,
    pub decisions: u64,
    /// Statements that were let through and of whose end nothing is on record.
    pub never_completed: u64,
    /// What commands were about to do, and of how much of it nothing tells whether it took effect.
    pub deeds: u64,
    pub deeds_without_end: u64,
    /// A proxy writes this very folder now.
    pub being_written: bool,
    /// Statements that it has let through and that have not ended yet.
    pub running: u64,
}

/// From one line's number to another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lines {
    pub from: u64,
    pub to: u64,
}

impl Verdict {
    /// Nothing proves damage. What nothing vouches for is `nothing_vouches_for`.
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    /// In a few words, of what has no damage.
    pub fn headline(&self) -> String {
        match self.nothing_vouches_for {
            Some(Lines { from, to }) => {
                format!("whole up to line {}; nothing vouches for {}", self.vouched, range(from, to))
            }
            None => "whole".to_owned(),
        }
    }

    /// What the headline means.
    pub fn meaning(&self) -> &'static str {
        match self.nothing_vouches_for {
            Some(_) => {
                "every line up to there is as it was written; those behind it have no checkpoint yet, as the last lines of a \
                 proxy that runs or was killed: nothing here tells whether they are as they were"
            }
            None => "every line is as it was written",
        }
    }

    /// The damage with the lowest line number.
    pub fn first_finding(&self) -> Option<&Finding> {
        self.findings.iter().min_by_key(|f| f.first_seq())
    }

    fn find(&mut self, finding: Finding) {
        if self.findings.len() < MOST_LISTED { self.findings.push(finding) } else { self.more_findings += 1 }
    }

    /// The notices kind by kind, those about one statement each last: a crash under many sessions leaves many of them.
    pub fn notices_by_kind(&self) -> Vec<Vec<&Notice>> {
        let mut kinds: Vec<Vec<&Notice>> = Vec::new();
        for notice in &self.notices {
            let alike = |kind: &&mut Vec<&Notice>| std::mem::discriminant(kind[0]) == std::mem::discriminant(notice);
            match kinds.iter_mut().find(alike) {
                Some(kind) => kind.push(notice),
                None => kinds.push(vec![notice]),
            }
        }
        kinds.sort_by_key(|kind| kind[0].is_about_a_statement());
        kinds
    }

    /// Statements and all else take no room from each other.
    fn note(&mut self, notice: Notice) {
        let of_one = notice.is_about_a_statement();
        let listed = if of_one { self.of_statements } else { self.notices.len() - self.of_statements };
        if listed >= MOST_LISTED {
            self.more_notices += 1;
            return;
        }
        self.of_statements += usize::from(of_one);
        self.notices.push(notice);
    }
}

/// Checks the record in `folder`. `external` holds checkpoints that were kept elsewhere: with them, a tail that was cut
/// off together with its checkpoints shows too. `progress` is told how many bytes have been read.
pub fn verify(
    folder: &Path,
    key: &NoteVerifier,
    external: Option<&str>,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Verdict> {
    let mut verdict = Verdict { folder: folder.display().to_string(), key: key.to_string(), ..Verdict::default() };
    verdict.being_written = claim::is_taken(folder);
    let segments = segment::list(folder)?;
    let mut checkpoints = Checkpoints::read(folder, key, &mut verdict)?;
    if matches!(verdict.findings[..], [Finding::OtherLog { .. }]) {
        return Ok(verdict);
    }
    if let Some(text) = external {
        checkpoints.add_external(text, key, &mut verdict)?;
    }
    let mut story = Story::new(checkpoints.all.iter().map(|known| known.size).collect());
    let mut walk = Walk::new(key, &checkpoints, progress);
    for (i, segment) in segments.iter().enumerate() {
        walk.file(segment, i + 1 == segments.len(), &mut story, &mut verdict)?;
    }
    let none_signed = [Finding::CheckpointsMissing { by: None }];
    if walk.begun && story.only_opens && verdict.findings == none_signed {
        verdict.findings.clear();
        verdict.note(Notice::NothingSigned);
    }
    walk.finish(&mut verdict);
    story.finish(verdict.being_written || claim::is_taken(folder), &mut verdict);
    Ok(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_told_however_many_statements_a_crash_has_left() {
        let mut verdict = Verdict::default();
        for seq in 0..2 * MOST_LISTED as u64 {
            verdict.note(Notice::NeverCompleted { seq, statement: "s".into() });
        }
        let gap = Notice::Unavailable { seq: 9999, fault: "full".into(), seconds: 1, refused: 2, gone: None };
        verdict.note(gap.clone());
        let kinds = verdict.notices_by_kind();
        assert_eq!((kinds.len(), &kinds[0][..], kinds[1].len()), (2, &[&gap][..], MOST_LISTED));
        assert_eq!(verdict.more_notices, MOST_LISTED as u64);
    }
}
