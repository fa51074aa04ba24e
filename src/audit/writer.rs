//! The one thread that writes the record: takes all that has gathered, writes it, syncs it, wakes those who wait.
//!
//! While a sync runs, the next batch gathers; so the number of syncs does not grow with the number of sessions. Lines
//! that could not be written stay in memory and are written first when the disk is back: no number is lost, and a
//! statement that ran before the fault showed comes on record.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use prometheus_client::metrics::histogram::Histogram;

use super::claim;
use super::config::{Config, Durability, Log, OpenError};
use super::disk::Disk;
use super::event::{Event, Heartbeat, Recovered, Resumed, SinkDropped, Start};
use super::evidence::{self, Evidence};
use super::journal::{self, Journal};
use super::note::{DEFAULT_ORIGIN, NoteSigner};
use super::recorder::{Entry, RecordUnavailable, Shared, Taken};
use super::running::Running;
use super::segment::{self, Segment};
use super::sinks::Sinks;
use super::subjects::SubjectKeys;

/// Events for which nobody waits are written at least this often.
const GATHER: Duration = Duration::from_millis(200);
/// The longest wait for others to share a sync with.
const MOST_PATIENCE: Duration = Duration::from_millis(1);
/// A broken disk is tried again this often.
const PROBE: Duration = Duration::from_millis(250);

pub(super) struct Writer {
    shared: Arc<Shared>,
    subjects: Arc<SubjectKeys>,
    disk: Arc<dyn Disk>,
    config: Config,
    /// Held as long as the writer lives; its drop releases the folder.
    lock: Option<File>,
    running: Option<Running>,
    evidence: Evidence,
    sinks: Sinks,
    batch: Batch,
    fault: Option<Fault>,
    /// A checkpoint is to be written once the queue has been.
    checkpoint_due: bool,
    /// How long a write takes, as of late: as long is worth waiting for others.
    patience: Duration,
    /// When the running span of attendance began.
    span: Instant,
    started: Instant,
    next_heartbeat: Instant,
}

/// Lines that are not known to be on disk.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    lines: Vec<u8>,
    /// How many of `entries` are in `lines`.
    formatted: usize,
    clock: Clock,
}

/// Writes times. The text of a second is kept: lines of a batch mostly share it.
#[derive(Default)]
struct Clock {
    second: i64,
    /// `2026-11-25T10:00:00`, of `second`; empty at first.
    text: String,
}

struct Fault {
    what: RecordUnavailable,
    since: Instant,
    refused_before: u64,
    /// First and last number that were taken before the fault showed.
    late: Option<(u64, u64)>,
}

impl Writer {
    /// Opens the folder, writes the start event, and leaves the rest to a new thread.
    pub fn start(
        config: Config,
        disk: Arc<dyn Disk>,
        shared: Arc<Shared>,
        subjects: Arc<SubjectKeys>,
    ) -> Result<(), OpenError> {
        let folder = config.folder.clone();
        std::fs::create_dir_all(&folder).map_err(OpenError::io(&folder))?;
        let lock = claim::take(&folder)?;
        let last = segment::list(&folder).map_err(OpenError::io(&folder))?.pop();
        journal::restore(&*disk, &folder, last.as_ref()).map_err(OpenError::io(&folder))?;
        if config.durability != Durability::Strict {
            journal::remove(&folder).map_err(OpenError::io(&folder))?;
        }
        let opened = evidence::open(&folder, disk.clone(), signer(&config)?, last.as_ref())?;
        let sinks = Sinks::start(&config.sinks).map_err(OpenError::io("sinks"))?;
        let now = Instant::now();
        let mut writer = Self {
            next_heartbeat: now + config.heartbeat,
            shared,
            subjects,
            disk,
            config,
            lock: Some(lock),
            running: None,
            evidence: opened.evidence,
            sinks,
            batch: Batch::default(),
            fault: None,
            checkpoint_due: false,
            patience: Duration::ZERO,
            span: now,
            started: now,
        };
        let recovered = match last.zip(opened.ending) {
            Some((segment, ending)) => writer.resume_file(segment, &ending, opened.missing),
            None => Ok(None),
        };
        recovered.and_then(|r| writer.announce(r)).map_err(OpenError::io(&folder))?;
        std::thread::Builder::new().name("audit".into()).spawn(move || writer.run()).map_err(OpenError::io(&folder))?;
        Ok(())
    }

    fn run(mut self) {
        let _end = EndOnDrop { lock: self.lock.take(), shared: self.shared.clone() };
        loop {
            let Taken { closing } = match self.fault {
                Some(_) => self.shared.rest(PROBE),
                None => self.shared.take(&mut self.batch.entries, GATHER, self.patience),
            };
            self.round();
            self.beat();
            let done = self.batch.entries.is_empty() && self.shared.waiting() == 0;
            if closing && (done || self.fault.is_some()) {
                break;
            }
        }
        self.checkpoint_due = true;
        self.round();
        if let Some(fault) = &self.fault {
            let events = self.batch.entries.len() + self.shared.waiting();
            tracing::error!(fault = %fault.what, events, "events lost: the record is closed while it cannot be written");
        } else if let Err(fault) = journal::remove(&self.config.folder) {
            tracing::warn!(%fault, "the journal stays");
        }
    }

    /// Writes what has been taken, or finds that it cannot.
    fn round(&mut self) {
        if self.batch.entries.is_empty() && self.fault.is_none() && !self.checkpoint_due {
            return;
        }
        match self.commit().and_then(|()| self.prove()) {
            Ok(()) => self.mend(),
            Err(fault) => self.fail(&fault),
        }
    }

    fn commit(&mut self) -> io::Result<()> {
        if let Some(running) = &self.running {
            running.in_place()?;
        }
        let Some(first) = self.batch.entries.first() else { return self.probe() };
        let (seq, day) = (first.seq, day_of(first.micros));
        self.rotate(seq, day)?;
        self.batch.format();
        let Some(running) = &mut self.running else { return Err(io::Error::other("no file")) };
        let began = Instant::now();
        running.write(&*self.disk, &self.batch.lines)?;
        self.patience = ((self.patience * 7 + began.elapsed()) / 8).min(MOST_PATIENCE);
        self.shared.attendance.turn(&mut self.span);
        self.committed();
        Ok(())
    }

    /// Nothing is to be written, but the disk was at fault: is it still?
    fn probe(&mut self) -> io::Result<()> {
        match &mut self.running {
            Some(running) => running.settle(),
            None => Ok(()),
        }
    }

    /// Begins a new file when there is none, the running one is full, or the day is another.
    fn rotate(&mut self, seq: u64, day: jiff::civil::Date) -> io::Result<()> {
        let full = |r: &Running| r.len() >= self.config.rotate_bytes || (r.segment().day != day && r.len() > 0);
        if self.running.as_ref().is_some_and(|r| !full(r)) {
            return Ok(());
        }
        self.settle()?;
        let segment = Segment::new(&self.config.folder, day, seq);
        self.evidence.begin(&segment)?;
        let file = self.disk.append(&segment.path)?;
        if file.size()? > 0 {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file with that number is already there"));
        }
        let journal = self.running.take().and_then(Running::into_journal).or_else(|| self.new_journal(0));
        self.running = Some(Running::new(segment, file, 0, journal));
        Ok(())
    }

    /// Makes the running file durable by itself.
    fn settle(&mut self) -> io::Result<()> {
        self.running.as_mut().map_or(Ok(()), Running::settle)
    }

    /// A journal for a running file that is durable up to `settled`, where rows wait for it. Without one the file
    /// itself is synced each time, which is slower and no less safe.
    fn new_journal(&self, settled: u64) -> Option<Journal> {
        if self.config.durability != Durability::Strict {
            return None;
        }
        let made = Journal::create(&*self.disk, &self.config.folder, settled);
        made.inspect_err(|fault| tracing::warn!(%fault, "the record goes without its journal")).ok()
    }

    fn committed(&mut self) {
        let counts = &self.shared.counts;
        counts.syncs.fetch_add(1, Ordering::Relaxed);
        counts.bytes.fetch_add(self.batch.lines.len() as u64, Ordering::Relaxed);
        counts.events.fetch_add(self.batch.entries.len() as u64, Ordering::Relaxed);
        if let Some(last) = self.batch.entries.last() {
            self.shared.publish(last.seq);
        }
        self.batch.measure(&self.shared.delay);
        for line in self.batch.lines.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
            self.evidence.add(line);
            self.sinks.offer(line);
        }
        self.batch.clear();
    }

    /// The part of the proof that is due.
    fn prove(&mut self) -> io::Result<()> {
        self.evidence.sign_full()?;
        if self.checkpoint_due {
            // A checkpoint never vouches for what only the journal has.
            self.settle()?;
            if self.evidence.checkpoint()? {
                self.shared.counts.checkpoints.fetch_add(1, Ordering::Relaxed);
            }
            self.checkpoint_due = false;
        }
        Ok(())
    }

    // === faults ===

    fn fail(&mut self, fault: &io::Error) {
        let what = RecordUnavailable::new(fault.to_string());
        if self.fault.is_none() {
            tracing::error!(%what, "statements are refused until the audit folder can be written");
            self.shared.break_with(what.clone());
            // What was appended before the fault showed is late; what comes from now on was let in knowingly.
            self.shared.take(&mut self.batch.entries, Duration::ZERO, Duration::ZERO);
            let late = self.batch.entries.first().zip(self.batch.entries.last()).map(|(a, b)| (a.seq, b.seq));
            let refused_before = self.shared.counts.read().refused;
            self.fault = Some(Fault { what, since: Instant::now(), refused_before, late });
        }
        self.reopen();
    }

    /// Handles may be dead for good (folder moved, files replaced): takes the paths anew where they hold what we know.
    /// What is gone is gone, and verify will say so; a new file goes on.
    fn reopen(&mut self) {
        let Some(running) = &mut self.running else { return };
        let usable = running
            .reopen(&*self.disk)
            .and_then(|lines| Ok(self.evidence.reopen(&self.config.folder, running.segment())? && lines));
        match usable {
            Ok(true) | Err(_) => {}
            Ok(false) => {
                self.running = None;
                self.evidence.abandon_file();
            }
        }
    }

    fn mend(&mut self) {
        let Some(fault) = self.fault.take() else { return };
        tracing::warn!("the record can be written again");
        self.shared.mend();
        let resumed = Event::Resumed(Resumed {
            fault: fault.what.fault.to_string(),
            seconds: fault.since.elapsed().as_secs(),
            refused: self.shared.counts.read().refused - fault.refused_before,
            late_from: fault.late.map(|l| l.0),
            late_to: fault.late.map(|l| l.1),
        });
        self.tell(&resumed);
    }

    // === events of our own ===

    fn beat(&mut self) {
        if Instant::now() < self.next_heartbeat || self.fault.is_some() {
            return;
        }
        self.next_heartbeat = Instant::now() + self.config.heartbeat;
        self.checkpoint_due = true;
        let counts = self.shared.counts.read();
        let uptime = self.started.elapsed().as_secs();
        self.tell(&Event::Heartbeat(Heartbeat { uptime, events: counts.events, syncs: counts.syncs }));
        for (sink, events) in self.sinks.take_lost() {
            self.tell(&Event::SinkDropped(SinkDropped { sink, events }));
        }
        self.keep_subject_keys();
    }

    /// Makes the keys that are needed soon, and puts destroyed ones on record.
    fn keep_subject_keys(&self) {
        let forgotten = self.subjects.prepare().and_then(|()| self.subjects.newly_forgotten());
        match forgotten {
            Ok(periods) => {
                for period in periods {
                    self.tell(&Event::SubjectKeyForgotten { period });
                }
            }
            Err(fault) => tracing::error!(%fault, "subject keys cannot be kept"),
        }
    }

    fn tell(&self, event: &Event) {
        if let Err(fault) = self.shared.append(event) {
            tracing::error!(%fault, "an event of the record itself is lost");
        }
    }

    fn announce(&mut self, recovered: Option<Recovered>) -> io::Result<()> {
        self.tell(&Event::Start(Start {
            version: env!("CARGO_PKG_VERSION"),
            heartbeat_seconds: self.config.heartbeat.as_secs(),
            durability: self.config.durability.as_str(),
            key: self.evidence.key(),
        }));
        if let Some(recovered) = recovered {
            let Recovered { file, kept, bytes, missing } = &recovered;
            let kept = kept.as_deref().unwrap_or("nowhere");
            tracing::warn!(%file, bytes, %kept, missing, "the record's last file had a torn end: kept aside, put on record");
            self.tell(&Event::Recovered(recovered));
        }
        self.keep_subject_keys();
        self.shared.take(&mut self.batch.entries, Duration::ZERO, Duration::ZERO);
        self.commit()?;
        self.checkpoint_due = true;
        self.prove()
    }

    // === opening ===

    /// Takes up the last file where its good lines end, and puts aside what follows them.
    fn resume_file(
        &mut self,
        segment: Segment,
        ending: &segment::Ending,
        missing: u64,
    ) -> io::Result<Option<Recovered>> {
        let torn = ending.len - ending.good;
        let kept = (torn > 0).then(|| put_aside(&segment, ending.good, torn)).transpose()?;
        let mut file = self.disk.append(&segment.path)?;
        if torn > 0 {
            file.truncate(ending.good)?;
        }
        // Whoever wrote it may not have synced it.
        file.sync()?;
        // The tree is at least as long as the file: numbers that were signed for are not given twice.
        self.shared.queue.lock().next_seq = self.evidence.size() + 1;
        self.shared.publish(self.evidence.size());
        let name = segment.file_name();
        let journal = self.new_journal(ending.good);
        self.running = Some(Running::new(segment, file, ending.good, journal));
        Ok((torn > 0 || missing > 0).then_some(Recovered { file: name, kept, bytes: torn, missing }))
    }
}

/// Whatever ends the writer's thread, sessions must not wait for it. The folder is free before anyone is told.
struct EndOnDrop {
    lock: Option<File>,
    shared: Arc<Shared>,
}

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        drop(self.lock.take());
        self.shared.end();
    }
}

impl Batch {
    /// Brings the entries that are new since the last call into lines.
    fn format(&mut self) {
        for entry in &self.entries[self.formatted..] {
            let _ = write!(self.lines, r#"{{"seq":{},"time":""#, entry.seq); // a Vec takes every write
            self.clock.write(entry.micros, &mut self.lines);
            self.lines.extend_from_slice(b"\",");
            self.lines.extend_from_slice(&entry.body[1..]);
            self.lines.push(b'\n');
        }
        self.formatted = self.entries.len();
    }

    /// Counts how long the entries took, now that they are on disk. A clock that was set back counts as no time.
    fn measure(&self, delay: &Histogram) {
        let now = jiff::Timestamp::now().as_microsecond();
        for entry in self.entries.iter().filter(|e| e.ahead) {
            delay.observe((now - entry.micros).max(0) as f64 / 1e6);
        }
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.lines.clear();
        self.formatted = 0;
    }
}

impl Clock {
    /// Appends a time in RFC 3339, UTC, with microseconds.
    fn write(&mut self, micros: i64, out: &mut Vec<u8>) {
        let second = micros.div_euclid(1_000_000);
        if second != self.second || self.text.is_empty() {
            self.second = second;
            let time = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string();
            self.text = time.trim_end_matches('Z').to_owned();
        }
        let _ = write!(out, "{}.{:06}Z", self.text, micros.rem_euclid(1_000_000)); // a Vec takes every write
    }
}

fn day_of(micros: i64) -> jiff::civil::Date {
    let time = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.to_zoned(TimeZone::UTC).date()
}

/// The key of the checkpoints. Only the default one is made when it is missing: a named key that is not there is a
/// mistake.
fn signer(config: &Config) -> Result<NoteSigner, OpenError> {
    let signer = key_of(config)?;
    match config.log {
        Log::Proxy => Ok(signer),
        Log::Upkeep => {
            signer.for_upkeep().map_err(|e| OpenError::io(config.key_file())(io::Error::other(e.to_string())))
        }
    }
}

fn key_of(config: &Config) -> Result<NoteSigner, OpenError> {
    let path = config.key_file();
    if config.key.is_none() && !path.exists() {
        let made = NoteSigner::generate(DEFAULT_ORIGIN).map_err(|e| io::Error::other(e.to_string()));
        let made = made.and_then(|signer| signer.save(&path).map(|()| signer)).map_err(OpenError::io(&path))?;
        tracing::warn!(verifier = %made.verifier(), path = %path.display(), "made a key for the record's checkpoints");
        return Ok(made);
    }
    NoteSigner::load(&path).map_err(OpenError::io(&path))
}

/// Copies what follows the good lines to `….torn`, durably, before it is cut off. Returns the file's name.
fn put_aside(segment: &Segment, good: u64, torn: u64) -> io::Result<String> {
    use std::io::{Read, Seek, SeekFrom};
    let mut from = File::open(&segment.path)?;
    from.seek(SeekFrom::Start(good))?;
    let kept = segment.torn_path();
    let mut to = File::options().create(true).append(true).open(&kept)?;
    io::copy(&mut from.take(torn), &mut to)?;
    to.write_all(b"\n")?;
    to.sync_all()?;
    Ok(kept.file_name().unwrap_or_default().to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_microseconds() {
        let mut clock = Clock::default();
        for micros in [0, 1, 1_764_448_496_000_000, 1_764_448_496_000_001, 1_764_448_496_999_999, 1_764_448_497_120_000]
        {
            let mut out = Vec::new();
            clock.write(micros, &mut out);
            let time = jiff::Timestamp::from_microsecond(micros).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), format!("{time:.6}"));
        }
    }
}
