//! How many sessions are at work: those that have recorded a decision within the last few milliseconds.
//!
//! Time is cut into spans; a session counts once in each. Exactness is not needed: the number only says for how many
//! it is worth to wait.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The shortest span: longer than a busy session's statement takes, shorter than anybody would notice.
const SPAN: Duration = Duration::from_millis(5);

#[derive(Default)]
pub(super) struct Attendance {
    span: AtomicU64,
    /// Sessions that were at work in this span, and in the one before.
    now: AtomicUsize,
    before: AtomicUsize,
}

/// The span in which a session was last counted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Attended(Option<u64>);

impl Attendance {
    pub fn attend(&self, last: &mut Attended) {
        let span = Some(self.span.load(Ordering::Relaxed));
        if last.0 != span {
            last.0 = span;
            self.now.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn sessions(&self) -> usize {
        self.now.load(Ordering::Relaxed).max(self.before.load(Ordering::Relaxed))
    }

    /// Begins another span when this one, which began at `since`, has lasted. For the writer alone.
    pub fn turn(&self, since: &mut Instant) {
        if since.elapsed() >= SPAN {
            *since = Instant::now();
            self.before.store(self.now.swap(0, Ordering::Relaxed), Ordering::Relaxed);
            self.span.fetch_add(1, Ordering::Relaxed);
        }
    }
}
