//! Holds the lines, one by one, against their numbers, their signed hashes and the checkpoints.

use std::io::{self, BufReader};

use super::signed::{Checkpoints, SignedHashes, signed_hashes};
use super::story::Story;
use super::{Finding, Lines, Notice, Place, Verdict};
use crate::audit::note::NoteVerifier;
use crate::audit::read::{Line, LineReader};
use crate::audit::segment::{Segment, day_of, of_file, seq_of};
use crate::audit::tree::{Hash, Tree, leaf_hash};

/// Told this often how far the reading is.
const LINES_A_REPORT: u64 = 4096;

pub struct Walk<'a> {
    key: &'a NoteVerifier,
    checkpoints: &'a Checkpoints,
    progress: &'a mut dyn FnMut(u64),
    /// Number of the next line.
    expected: u64,
    /// `None`: lines are missing of which no signed hash is left, so no root can be computed.
    tree: Option<Tree>,
    /// Index of the next checkpoint to be held against the tree.
    next_checkpoint: usize,
    checked: u64,
    contradicted: bool,
    /// The key has signed that the record begins here.
    pub begun: bool,
    /// First and last line since the last good checkpoint whose hash is only computed, not signed.
    computed: Option<(u64, u64)>,
}

impl<'a> Walk<'a> {
    pub fn new(key: &'a NoteVerifier, checkpoints: &'a Checkpoints, progress: &'a mut dyn FnMut(u64)) -> Self {
        Self {
            key,
            checkpoints,
            progress,
            expected: 1,
            tree: Some(Tree::default()),
            next_checkpoint: 0,
            checked: 0,
            contradicted: false,
            begun: false,
            computed: None,
        }
    }

    pub fn file(&mut self, segment: &Segment, last: bool, story: &mut Story, verdict: &mut Verdict) -> io::Result<()> {
        verdict.files += 1;
        let signed = signed_hashes(segment, self.key, verdict)?;
        self.enter(segment, &signed, verdict);
        let name = segment.file_name();
        if let Some(frontier) = &signed.frontier {
            story.file(&name, frontier.size());
            self.begun |= frontier.size() == 0;
        }
        let mut reader = LineReader::new(BufReader::with_capacity(1 << 20, segment.open()?));
        let (mut line, mut ahead) = (Line::default(), Line::default());
        let unreadable = of_file(&segment.path);
        let mut more = reader.read(&mut line).map_err(&unreadable)?;
        named_for_its_day(segment, &line.bytes, &signed, verdict);
        while more {
            more = reader.read(&mut ahead).map_err(&unreadable)?;
            verdict.bytes += line.bytes.len() as u64 + 1;
            verdict.lines += 1;
            if verdict.lines.is_multiple_of(LINES_A_REPORT) {
                (self.progress)(verdict.bytes);
            }
            let place = Place { file: name.clone(), line: line.number };
            if line.torn && last && !more && signed.of(self.expected) != Some(leaf_hash(&line.bytes)) {
                verdict.lines -= 1;
                if !verdict.being_written {
                    verdict.note(Notice::TornEnd { file: name.clone(), bytes: line.bytes.len() as u64 });
                }
            } else {
                let next = more.then_some(ahead.bytes.as_slice());
                let (found, seq) = (verdict.findings.len(), self.expected);
                self.line(&line.bytes, next, place.clone(), &signed, verdict);
                // No proxy writes such a line, and what it stands for is told by nobody. Nor does it leave one without its
                // newline that is signed, or has another file behind it.
                let told = story.line(&line.bytes, verdict) && !line.torn;
                if !told && verdict.findings.len() == found {
                    verdict.find(Finding::Changed { seq, place });
                }
            }
            std::mem::swap(&mut line, &mut ahead);
        }
        self.leave(&name, &signed, verdict);
        (self.progress)(verdict.bytes);
        Ok(())
    }

    /// At a file's head: do its numbers follow on the last file's?
    fn enter(&mut self, segment: &Segment, signed: &SignedHashes, verdict: &mut Verdict) {
        if segment.first > self.expected {
            verdict.find(Finding::FileMissing { from: self.expected, to: segment.first - 1 });
            self.expected = segment.first;
            self.tree = None;
        } else if segment.first < self.expected {
            // The proxy went on behind what it had written, and there is more.
            verdict.find(Finding::Forged { from: segment.first, to: self.expected - 1, before: segment.file_name() });
            self.expected = segment.first;
            self.tree = None;
        }
        // The signed frontier knows better than a tree built over damaged lines.
        let unsure = self.tree.is_none() || self.contradicted;
        if unsure && let Some(frontier) = signed.frontier.clone().filter(|t| t.size() + 1 == self.expected) {
            self.skip_checkpoints(frontier.size());
            (self.tree, self.contradicted, self.computed) = (Some(frontier), false, None);
        }
    }

    fn line(&mut self, line: &[u8], next: Option<&[u8]>, place: Place, signed: &SignedHashes, verdict: &mut Verdict) {
        let hash = leaf_hash(line);
        let claimed = seq_of(line);
        let here = signed.of(self.expected);
        if here == Some(hash) {
            return self.accept(hash, true, verdict);
        }
        let is_itself = |seq: u64| signed.of(seq) == Some(hash);
        match claimed {
            // Signed for another place: it was not changed, it stands wrongly or others are missing.
            Some(seq) if is_itself(seq) && seq > self.expected => {
                self.removed(seq, place, signed, verdict);
                self.accept(hash, true, verdict);
            }
            Some(seq) if is_itself(seq) => self.out_of_place(seq, place, verdict),
            // Nothing is signed for this place: only the numbers can tell.
            Some(seq) if here.is_none() && seq == self.expected => self.accept(hash, false, verdict),
            Some(seq) if here.is_none() && seq > self.expected && seq > signed.last() => {
                self.removed(seq, place, signed, verdict);
                self.accept(hash, false, verdict);
            }
            Some(seq) if here.is_none() && seq < self.expected => self.out_of_place(seq, place, verdict),
            // A line that is nowhere signed, before the one that belongs here.
            _ if here.is_some() && next.is_some_and(|n| here == Some(leaf_hash(n))) => {
                verdict.find(Finding::Inserted { after: self.expected - 1, place });
            }
            _ => {
                verdict.find(Finding::Changed { seq: self.expected, place });
                self.accept(here.unwrap_or(hash), here.is_some(), verdict);
            }
        }
    }

    /// The lines from the expected one up to before `seq` are not there.
    fn removed(&mut self, seq: u64, place: Place, signed: &SignedHashes, verdict: &mut Verdict) {
        verdict.find(Finding::Removed { from: self.expected, to: seq - 1, place });
        self.pass_over(seq - 1, signed, verdict);
    }

    /// Goes on behind line `to`, the tree by signed hashes as far as there are any.
    fn pass_over(&mut self, to: u64, signed: &SignedHashes, verdict: &mut Verdict) {
        while self.expected <= to {
            match signed.of(self.expected) {
                Some(hash) => self.accept(hash, true, verdict),
                None => {
                    self.tree = None;
                    self.expected = to + 1;
                }
            }
        }
    }

    /// A line with a number that has gone by: if it was missed, it was moved; else it is there twice.
    fn out_of_place(&mut self, seq: u64, place: Place, verdict: &mut Verdict) {
        let missed = verdict
            .findings
            .iter()
            .position(|f| matches!(f, Finding::Removed { from, to, .. } if (*from..=*to).contains(&seq)));
        let Some(at) = missed else {
            return verdict.find(Finding::Inserted { after: self.expected - 1, place });
        };
        if let Finding::Removed { from, to, place: before } = verdict.findings.remove(at) {
            if seq < to {
                verdict.findings.insert(at, Finding::Removed { from: seq + 1, to, place: before.clone() });
            }
            if from < seq {
                verdict.findings.insert(at, Finding::Removed { from, to: seq - 1, place: before });
            }
            verdict.findings.insert(at, Finding::Moved { seq, place });
        }
    }

    /// Takes the expected line's hash into the tree and holds the tree against checkpoints of that size.
    fn accept(&mut self, hash: Hash, signed: bool, verdict: &mut Verdict) {
        if !signed {
            let first = self.computed.map_or(self.expected, |c| c.0);
            self.computed = Some((first, self.expected));
        }
        self.expected += 1;
        let Some(tree) = &mut self.tree else { return };
        tree.push(hash);
        while let Some(known) = self.checkpoints.all.get(self.next_checkpoint).filter(|k| k.size <= tree.size()) {
            self.next_checkpoint += 1;
            if known.size < tree.size() || self.contradicted {
                continue;
            }
            self.checked += 1;
            if known.root == tree.root() {
                self.computed = None;
                continue;
            }
            self.contradicted = true;
            verdict.find(match self.computed.take() {
                Some((from, to)) if !known.external => Finding::ChangedBetween { from, to },
                _ => Finding::CheckpointContradicted { size: known.size, external: known.external },
            });
        }
    }

    fn skip_checkpoints(&mut self, size: u64) {
        while self.checkpoints.all.get(self.next_checkpoint).is_some_and(|k| k.size < size) {
            self.next_checkpoint += 1;
        }
    }

    /// At a file's end: are lines missing that were signed for?
    fn leave(&mut self, name: &str, signed: &SignedHashes, verdict: &mut Verdict) {
        if signed.last() >= self.expected {
            verdict.find(Finding::CutOff { from: self.expected, to: signed.last(), file: Some(name.into()) });
            self.pass_over(signed.last(), signed, verdict);
        }
    }

    pub fn finish(self, verdict: &mut Verdict) {
        let (last, vouched) = (self.expected - 1, self.checkpoints.last_size());
        verdict.checkpoints_checked = self.checked;
        verdict.vouched = vouched.min(last);
        if vouched > last {
            verdict.find(Finding::CutOff { from: last + 1, to: vouched, file: None });
        } else if vouched < last {
            verdict.nothing_vouches_for = Some(Lines { from: vouched + 1, to: last });
        }
        let reachable = self.checkpoints.all.iter().filter(|k| k.size <= last).count() as u64;
        if reachable > self.checked {
            verdict.note(Notice::CheckpointsUnchecked { count: reachable - self.checked });
        }
    }
}

/// The writer names a file by the time of its first line (`writer.rs`). One that was changed is found as such.
fn named_for_its_day(segment: &Segment, line: &[u8], signed: &SignedHashes, verdict: &mut Verdict) {
    let first = segment.first;
    let as_written = signed.of(first).is_none_or(|hash| hash == leaf_hash(line));
    let Some(day) = day_of(line).filter(|_| as_written && seq_of(line) == Some(first)) else { return };
    if day != segment.day {
        verdict.find(Finding::Renamed { file: segment.file_name(), first, day: day.to_string() });
    }
}
