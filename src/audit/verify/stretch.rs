//! Whether a proxy could have left what stands between two checkpoints, or behind the last.
//!
//! Who can write the folder can take checkpoints and signed hashes away and change the lines that they were for. He
//! cannot make that look like a crash, where a run has said at its start how little it ever leaves without a checkpoint:
//! the writer (`writer.rs`, `Room`) makes one before a stop, before a start, before there are too many lines and before too
//! much time has passed, so that this holds wherever it is killed. Starts of older versions promise nothing.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::story::{OPENING, Told};
use super::{Finding, Verdict};

/// Why no proxy can have left these lines without a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum Because {
    /// A stop is among them, and not alone.
    Stopped { seq: u64 },
    /// A next run has started behind them, or recorded more than its start.
    Started { seq: u64 },
    /// There are more than the run leaves.
    Many { most: u64 },
    /// They span more time than the run lets pass.
    Long { seconds: u64 },
    /// This file begins with what it signed for.
    NextFile { file: String },
}

#[derive(Default)]
pub struct Stretches {
    /// Sizes that checkpoints vouch for, rising.
    checkpoints: Vec<u64>,
    next: usize,
    /// Of the run that is being read; `None`: it promised nothing.
    promise: Option<Promise>,
    here: Stretch,
    found: Vec<Finding>,
}

struct Promise {
    lines: u64,
    span: SignedDuration,
}

/// Lines behind a checkpoint.
#[derive(Default)]
struct Stretch {
    first: Option<(u64, Timestamp)>,
    last: u64,
    /// Lines before a start.
    lines: u64,
    /// A start among them, and nothing but what belongs to a start behind it.
    start: Option<u64>,
    stop: Option<u64>,
    broken: Option<Because>,
}

impl Stretches {
    pub fn new(checkpoints: Vec<u64>) -> Self {
        Self { checkpoints, next: 0, promise: None, here: Stretch::default(), found: Vec::new() }
    }

    /// A file's signed frontier: the file before it ended with a checkpoint of that size.
    pub fn file(&mut self, file: &str, size: u64) {
        if size > 0 && self.checkpoints.binary_search(&size).is_err() {
            let from = self.checkpoints.iter().rev().find(|s| **s < size).map_or(1, |s| s + 1);
            let because = Because::NextFile { file: file.to_owned() };
            self.found.push(Finding::CheckpointMissing { from, to: size, because });
        }
    }

    pub fn line(&mut self, told: &Told) {
        let before = self.next;
        while self.checkpoints.get(self.next).is_some_and(|size| *size < told.seq) {
            self.next += 1;
        }
        if self.next > before {
            self.close(true);
        }
        let first = *self.here.first.get_or_insert((told.seq, told.time));
        if told.event == "start" {
            self.start(told, first.0);
        } else if let Some(promise) = &self.promise {
            let because = self.here.breaks(promise, told, first);
            self.here.broken = self.here.broken.take().or(because);
        }
        self.here.lines += u64::from(self.here.start.is_none());
        self.here.last = told.seq;
    }

    fn start(&mut self, told: &Told, first: u64) {
        // It vouches for what it finds before it says that it has started; so `told` is the first, or the lines before it
        // are a head's that nothing knows, and it says so (`head_missing`).
        self.promise = told.unvouched_at_most.map(|lines| {
            let beat = i64::try_from(told.heartbeat_seconds.unwrap_or(60)).unwrap_or(i64::MAX / 8);
            // A part of a second may be missing from it.
            Promise { lines, span: SignedDuration::from_secs(beat.saturating_add(1)) * 5 / 4 }
        });
        if self.promise.is_some() && told.seq != first && self.here.broken.is_none() {
            self.here.broken = Some(Because::Started { seq: told.seq });
        }
        self.here.start = Some(told.seq);
    }

    fn close(&mut self, checkpoint_follows: bool) {
        let Stretch { first, last: to, broken, .. } = std::mem::take(&mut self.here);
        let (Some((from, _)), Some(because)) = (first, broken) else { return };
        self.found.push(match checkpoint_follows {
            true => Finding::CheckpointMissing { from, to, because },
            false => Finding::NothingVouches { from, to, because },
        });
    }

    /// Tells what was found, where nothing else was: lines that are not as they were have no times to go by. `written`: a
    /// proxy has been writing the folder while it was read, and may have signed since.
    pub fn finish(mut self, written: bool, verdict: &mut Verdict) {
        let vouched = self.checkpoints.last().is_some_and(|size| *size >= self.here.last);
        if vouched || !written {
            self.close(vouched);
        }
        if verdict.findings.is_empty() {
            self.found.into_iter().for_each(|finding| verdict.find(finding));
        }
    }
}

impl Stretch {
    /// Whether this line cannot stand here.
    fn breaks(&mut self, promise: &Promise, told: &Told, first: (u64, Timestamp)) -> Option<Because> {
        if let Some(seq) = self.start {
            if told.event == "head_missing" && matches!(self.broken, Some(Because::Started { seq: s }) if s == seq) {
                self.broken = None;
            }
            return (!OPENING.contains(&&*told.event)).then_some(Because::Started { seq });
        }
        if let Some(seq) = self.stop {
            return Some(Because::Stopped { seq });
        }
        if told.event == "stop" {
            self.stop = Some(told.seq);
            return (told.seq != first.0).then_some(Because::Stopped { seq: told.seq });
        }
        if self.lines >= promise.lines {
            return Some(Because::Many { most: promise.lines });
        }
        let passed = told.time.duration_since(first.1).abs();
        (passed > promise.span).then(|| Because::Long { seconds: promise.span.as_secs().unsigned_abs() })
    }
}
