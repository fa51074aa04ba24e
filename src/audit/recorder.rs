//! The door to the record: takes events in order, and tells when they are on disk.
//!
//! `append` never waits for the disk: it gives the event its number under a lock and leaves it to the writer thread
//! (`writer.rs`), which writes and syncs all that has gathered in one go. `durable` waits for that.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use prometheus_client::metrics::histogram::Histogram;

use super::attendance::{Attendance, Attended};
use super::config::{Config, Durability, OpenError};
use super::disk::{Disk, RealDisk};
use super::event::{Event, Stop};
use super::sinks::Tally;
use super::subjects::SubjectKeys;
use super::writer::Writer;
use crate::engine::refusal::{Refusal, SqlState};

/// Events may wait for the disk up to this many bytes; beyond that the record counts as unavailable.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// At a stop, sinks have so long for what they have not delivered.
const SINKS_PATIENCE: Duration = Duration::from_secs(1);

/// The record cannot be written now: what was to be recorded must not happen (SQLSTATE 58030).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the record cannot be written: {fault}")]
pub struct RecordUnavailable {
    /// As the operating system words it; no names, no values.
    pub fault: Arc<str>,
}

impl RecordUnavailable {
    pub(super) fn new(fault: impl Into<Arc<str>>) -> Self {
        Self { fault: fault.into() }
    }

    /// What the client is told.
    pub fn refusal(&self) -> Refusal {
        Refusal::new(
            "record-unavailable",
            SqlState::IO_ERROR,
            "statement cannot be recorded",
            format!("Nothing is answered, and nothing lasts, before its record is on disk: {}.", self.fault),
            "Try again once the audit folder can be written; the administrator finds the fault in the proxy's log.",
        )
    }
}

/// An event's place in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    seq: u64,
}

impl Ticket {
    pub fn seq(self) -> u64 {
        self.seq
    }
}

/// Handle to the record; clones share it.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
    subjects: Arc<SubjectKeys>,
}

impl Recorder {
    /// Opens the record in `config.folder`, mends what a crash left, takes the folder's lock, and writes the start
    /// event and its checkpoint before it returns.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        Self::open_on(config, Arc::new(RealDisk))
    }

    /// [`Recorder::open`] on a disk of the caller's (tests inject faults with it).
    pub fn open_on(config: Config, disk: Arc<dyn Disk>) -> Result<Self, OpenError> {
        let subjects = Arc::new(SubjectKeys::open(config.subject_keys_folder())?);
        let shared = Arc::new(Shared::new(config.durability));
        if config.durability != Durability::Off {
            Writer::start(config, disk, shared.clone(), subjects.clone())?;
        }
        Ok(Self { shared, subjects })
    }

    /// Gives the event its number and leaves it to the writer. Never waits for the disk.
    ///
    /// While the record is broken, events that must precede what they tell of ([`Event::comes_before`]) fail at once;
    /// the others, which tell of what has already happened, are kept (up to a bound) until the disk returns.
    pub fn append(&self, event: Event) -> Result<Ticket, RecordUnavailable> {
        self.shared.append(&event)
    }

    /// A session is about to record a decision. What it holds in `last` is kept between its calls.
    pub fn attend(&self, last: &mut Attended) {
        self.shared.attendance.attend(last);
    }

    /// Waits until the ticket's event is on disk. Under [`Durability::Relaxed`] it only asks whether the record works.
    ///
    /// After an error the event may still come on record later (and says so): it tells of a statement that was answered with
    /// 58030, and whose effects, if it ran upstream, were undone.
    pub async fn durable(&self, ticket: &Ticket) -> Result<(), RecordUnavailable> {
        self.shared.durable(ticket.seq).await
    }

    /// Whether the ticket needs no waiting: one atomic load.
    pub fn is_durable(&self, ticket: &Ticket) -> bool {
        self.shared.is_durable(ticket.seq)
    }

    /// Whether what is recorded must be on disk before its consequences.
    pub fn is_strict(&self) -> bool {
        self.shared.durability == Durability::Strict
    }

    /// Highest number that is on disk with all before it.
    pub fn durable_seq(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    /// Why the record cannot be written now, if so (health, metrics).
    pub fn fault(&self) -> Option<RecordUnavailable> {
        self.shared.queue.lock().broken.clone()
    }

    pub fn counts(&self) -> Counts {
        self.shared.counts.read()
    }

    /// Seconds from a decision to its being on disk (metrics).
    pub fn delay(&self) -> Histogram {
        self.shared.delay.clone()
    }

    /// A keyed hash of a subject's key under this month's key: `2026-11:3f…`. `key` is in its one spelling
    /// (`engine/spelling.rs`). Fails when this month's key cannot be made.
    pub fn subject_hash(&self, kind: &str, key: &str) -> Result<String, RecordUnavailable> {
        self.subjects.hash_now(kind, key).map_err(|e| RecordUnavailable::new(format!("subject key: {e}")))
    }

    /// Writes the stop event and the last checkpoint, and ends the writer. Later events fail.
    pub async fn shutdown(&self) {
        self.stop("shut down").await;
    }

    /// [`Recorder::shutdown`], for a reason that is a fixed phrase.
    pub async fn stop(&self, reason: &'static str) {
        if self.shared.durability == Durability::Off {
            return;
        }
        let sinks = self.shared.sinks.lock().clone();
        let sinks_missed = Tally::last_lost(&sinks, Instant::now() + SINKS_PATIENCE).await;
        let Counts { events, syncs, .. } = self.counts();
        let stop = Stop { reason, events, syncs, sinks_missed };
        if let Err(fault) = self.shared.close_with(&Event::Stop(stop)) {
            tracing::error!(%fault, "the stop is not on record");
        }
        self.shared.ended().await;
    }
}

/// Running totals for metrics and heartbeats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub events: u64,
    pub syncs: u64,
    pub bytes: u64,
    pub refused: u64,
    pub checkpoints: u64,
}

#[derive(Default)]
pub(super) struct AtomicCounts {
    pub events: AtomicU64,
    pub syncs: AtomicU64,
    pub bytes: AtomicU64,
    pub refused: AtomicU64,
    pub checkpoints: AtomicU64,
}

impl AtomicCounts {
    pub fn read(&self) -> Counts {
        let load = |n: &AtomicU64| n.load(Ordering::Relaxed);
        Counts {
            events: load(&self.events),
            syncs: load(&self.syncs),
            bytes: load(&self.bytes),
            refused: load(&self.refused),
            checkpoints: load(&self.checkpoints),
        }
    }
}

/// What sessions and the writer share.
pub(super) struct Shared {
    pub durability: Durability,
    pub queue: Mutex<Queue>,
    wake: Condvar,
    pub durable: AtomicU64,
    is_broken: AtomicBool,
    waiters: Mutex<Vec<(u64, Waker)>>,
    ended: AtomicBool,
    pub counts: AtomicCounts,
    /// Seconds from an event's number to its being on disk, for events that precede what they tell of.
    pub delay: Histogram,
    pub attendance: Attendance,
    pub sinks: Mutex<Vec<Arc<Tally>>>,
}

/// Upper bounds of [`Recorder::delay`], in seconds.
const DELAYS: [f64; 13] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Events that have their number and are not yet with the writer.
pub(super) struct Queue {
    pub next_seq: u64,
    pub entries: Vec<Entry>,
    pub bytes: usize,
    /// Entries for which somebody waits.
    urgent: usize,
    /// The writer sleeps until so many are urgent.
    wanted: usize,
    pub closing: bool,
    pub broken: Option<RecordUnavailable>,
    writer_sleeps: bool,
}

/// An event with its number, as JSON without `seq` and `time`.
pub(super) struct Entry {
    pub seq: u64,
    /// Microseconds since 1970, UTC.
    pub micros: i64,
    /// [`Event::comes_before`].
    pub ahead: bool,
    /// A stop: its line stands apart from those that come before.
    pub stop: bool,
    pub body: Vec<u8>,
}

impl Shared {
    fn new(durability: Durability) -> Self {
        Self {
            durability,
            queue: Mutex::new(Queue {
                next_seq: 1,
                entries: Vec::new(),
                bytes: 0,
                urgent: 0,
                wanted: 1,
                closing: false,
                broken: None,
                writer_sleeps: false,
            }),
            wake: Condvar::new(),
            durable: AtomicU64::new(0),
            is_broken: AtomicBool::new(false),
            waiters: Mutex::new(Vec::new()),
            ended: AtomicBool::new(false),
            counts: AtomicCounts::default(),
            delay: Histogram::new(DELAYS),
            attendance: Attendance::default(),
            sinks: Mutex::default(),
        }
    }

    pub fn append(&self, event: &Event) -> Result<Ticket, RecordUnavailable> {
        self.append_and(event, |_| {})
    }

    /// Takes a last event: nothing stands behind it, however late others come.
    fn close_with(&self, event: &Event) -> Result<Ticket, RecordUnavailable> {
        let taken = self.append_and(event, |queue| queue.closing = true);
        self.wake.notify_one();
        taken
    }

    fn append_and(&self, event: &Event, then: impl FnOnce(&mut Queue)) -> Result<Ticket, RecordUnavailable> {
        if self.durability == Durability::Off {
            return Ok(Ticket { seq: 0 });
        }
        let ahead = event.comes_before();
        let body = serde_json::to_vec(event).map_err(|e| RecordUnavailable::new(e.to_string()))?;
        let mut queue = self.queue.lock();
        let admitted = queue.admits(ahead, body.len());
        let seq = queue.next_seq;
        if admitted.is_ok() {
            queue.next_seq += 1;
            queue.bytes += body.len();
            // The time is taken under the lock, so that times rise with numbers as long as the clock does not go back.
            let (micros, stop) = (jiff::Timestamp::now().as_microsecond(), matches!(event, Event::Stop(_)));
            queue.entries.push(Entry { seq, micros, ahead, stop, body });
            queue.urgent += usize::from(ahead && self.durability == Durability::Strict);
        } else {
            self.counts.refused.fetch_add(1, Ordering::Relaxed);
        }
        then(&mut queue);
        let wake = queue.writer_sleeps && queue.urgent >= queue.wanted;
        drop(queue);
        if wake {
            self.wake.notify_one();
        }
        admitted.map(|()| Ticket { seq })
    }

    fn is_durable(&self, seq: u64) -> bool {
        match self.durability {
            Durability::Off => true,
            Durability::Relaxed => !self.is_broken.load(Ordering::Acquire),
            Durability::Strict => self.durable.load(Ordering::Acquire) >= seq,
        }
    }

    async fn durable(&self, seq: u64) -> Result<(), RecordUnavailable> {
        let mut seen: Option<Waker> = None;
        poll_fn(move |cx| {
            if self.is_durable(seq) {
                return Poll::Ready(Ok(()));
            }
            if self.is_broken.load(Ordering::Acquire)
                && let Some(fault) = self.queue.lock().broken.clone()
            {
                return Poll::Ready(Err(fault));
            }
            // A session that is busy otherwise asks many times.
            if seen.as_ref().is_none_or(|waker| !waker.will_wake(cx.waker())) {
                seen = Some(cx.waker().clone());
                self.waiters.lock().push((seq, cx.waker().clone()));
            }
            // The writer publishes first and looks for waiters second: look again now that we can be seen.
            if self.is_durable(seq) || self.is_broken.load(Ordering::Acquire) {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await
    }

    /// Sleeps until an entry is urgent, the queue closes or `most` has passed; then moves the entries to `into`.
    ///
    /// A sync costs the same for one session as for many. So when more sessions are at work than wait already, up to
    /// `patience` is spent on waiting for half of them: the other half works while this one waits for the disk.
    pub fn take(&self, into: &mut Vec<Entry>, most: Duration, patience: Duration) -> Taken {
        let deadline = Instant::now() + most;
        let mut queue = self.queue.lock();
        self.sleep(&mut queue, 1, deadline);
        let half = self.attendance.sessions().div_ceil(2);
        if (1..half).contains(&queue.urgent) && !patience.is_zero() {
            self.sleep(&mut queue, half, Instant::now() + patience);
        }
        queue.urgent = 0;
        queue.bytes = 0;
        into.append(&mut queue.entries);
        Taken { closing: queue.closing }
    }

    fn sleep(&self, queue: &mut MutexGuard<'_, Queue>, wanted: usize, deadline: Instant) {
        queue.wanted = wanted;
        while queue.urgent < wanted && !queue.closing {
            queue.writer_sleeps = true;
            let timed_out = self.wake.wait_until(queue, deadline).timed_out();
            queue.writer_sleeps = false;
            if timed_out {
                return;
            }
        }
    }

    /// Sleeps for `time`, or until the queue closes, and takes nothing: what has been let in stays under its bound.
    pub fn rest(&self, time: Duration) -> Taken {
        let deadline = Instant::now() + time;
        let mut queue = self.queue.lock();
        while !queue.closing && !self.wake.wait_until(&mut queue, deadline).timed_out() {}
        Taken { closing: queue.closing }
    }

    /// Events that the writer has not taken.
    pub fn waiting(&self) -> usize {
        self.queue.lock().entries.len()
    }

    /// All up to `seq` is on disk: wakes those who wait for it.
    pub fn publish(&self, seq: u64) {
        self.durable.store(seq, Ordering::Release);
        let ready: Vec<(u64, Waker)> = self.waiters.lock().extract_if(.., |(wanted, _)| *wanted <= seq).collect();
        ready.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// The record is broken: wakes everyone with the fault.
    pub fn break_with(&self, fault: RecordUnavailable) {
        self.queue.lock().broken = Some(fault);
        self.is_broken.store(true, Ordering::Release);
        std::mem::take(&mut *self.waiters.lock()).into_iter().for_each(|(_, waker)| waker.wake());
    }

    pub fn mend(&self) {
        self.queue.lock().broken = None;
        self.is_broken.store(false, Ordering::Release);
    }

    /// The writer has ended, in order or by a panic: nobody may wait for it any more.
    pub fn end(&self) {
        self.queue.lock().closing = true;
        self.break_with(RecordUnavailable::new("the record is closed"));
        self.ended.store(true, Ordering::Release);
    }

    async fn ended(&self) {
        while !self.ended.load(Ordering::Acquire) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

pub(super) struct Taken {
    pub closing: bool,
}

impl Queue {
    fn admits(&self, ahead: bool, bytes: usize) -> Result<(), RecordUnavailable> {
        if self.closing {
            return Err(RecordUnavailable::new("the record is closed"));
        }
        if let Some(fault) = &self.broken
            && (ahead || self.bytes + bytes > MAX_WAITING_BYTES)
        {
            return Err(fault.clone());
        }
        if self.bytes + bytes > MAX_WAITING_BYTES {
            return Err(RecordUnavailable::new("the disk is too slow"));
        }
        Ok(())
    }
}
