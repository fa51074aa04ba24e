//! The one thread that writes the record: takes all that has gathered, writes it, syncs it, wakes those who wait.
//!
//! While a sync runs, the next batch gathers; so the number of syncs does not grow with the number of sessions. Lines
//! that could not be written stay in memory and are written first when the disk is back: no number is lost, and a
//! statement that ran before the fault showed comes on record.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use super::config::{Config, OpenError};
use super::disk::{Appender, Disk};
use super::event::{Event, Heartbeat, Recovered, Resumed, Start};
use super::recorder::{Entry, RecordUnavailable, Shared, Taken};
use super::segment::{self, Segment};
use super::subjects::SubjectKeys;

/// Events for which nobody waits are written at least this often.
const GATHER: Duration = Duration::from_millis(200);
/// A broken disk is tried again this often.
const PROBE: Duration = Duration::from_millis(250);

pub(super) struct Writer {
    shared: Arc<Shared>,
    subjects: Arc<SubjectKeys>,
    disk: Arc<dyn Disk>,
    config: Config,
    /// Held as long as the writer lives; its drop releases the folder.
    _lock: File,
    running: Option<Running>,
    batch: Batch,
    fault: Option<Fault>,
    started: Instant,
    next_heartbeat: Instant,
}

/// The file that grows.
struct Running {
    segment: Segment,
    file: Box<dyn Appender>,
    /// Bytes that are on disk for certain.
    len: u64,
}

/// Lines that are not known to be on disk.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    lines: Vec<u8>,
    /// How many of `entries` are in `lines`.
    formatted: usize,
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
        let lock = lock(folder.join("lock"))?;
        let now = Instant::now();
        let next_heartbeat = now + config.heartbeat;
        let (batch, fault) = (Batch::default(), None);
        let mut writer = Self {
            shared,
            subjects,
            disk,
            config,
            _lock: lock,
            running: None,
            batch,
            fault,
            started: now,
            next_heartbeat,
        };
        let recovered = writer.resume_file().map_err(OpenError::io(&folder))?;
        writer.announce(recovered).map_err(OpenError::io(&folder))?;
        std::thread::Builder::new().name("audit".into()).spawn(move || writer.run()).map_err(OpenError::io(&folder))?;
        Ok(())
    }

    fn run(mut self) {
        loop {
            let patience = self.patience();
            let Taken { closing } = self.shared.take(&mut self.batch.entries, patience);
            self.round();
            self.beat();
            if closing && (self.batch.entries.is_empty() || self.fault.is_some()) {
                break;
            }
        }
        if let Some(fault) = &self.fault {
            tracing::error!(fault = %fault.what, events = self.batch.entries.len(), "events lost: the record is closed while it cannot be written");
        }
        self.shared.end();
    }

    fn patience(&self) -> Duration {
        if self.fault.is_some() { PROBE } else { GATHER }
    }

    /// Writes what has been taken, or finds that it cannot.
    fn round(&mut self) {
        if self.batch.entries.is_empty() && self.fault.is_none() {
            return;
        }
        match self.commit() {
            Ok(()) => self.mend(),
            Err(fault) => self.fail(&fault),
        }
    }

    fn commit(&mut self) -> io::Result<()> {
        if let Some(running) = &self.running {
            running.file.in_place()?;
        }
        let Some(first) = self.batch.entries.first() else { return self.probe() };
        let (seq, day) = (first.seq, day_of(first.micros));
        self.rotate(seq, day)?;
        self.batch.format();
        let Some(running) = &mut self.running else { return Err(io::Error::other("no file")) };
        running.write(&self.batch.lines)?;
        self.committed();
        Ok(())
    }

    /// Nothing is to be written, but the disk was at fault: is it still?
    fn probe(&mut self) -> io::Result<()> {
        match &mut self.running {
            Some(running) => running.file.sync(),
            None => Ok(()),
        }
    }

    /// Begins a new file when there is none, the running one is full, or the day is another.
    fn rotate(&mut self, seq: u64, day: jiff::civil::Date) -> io::Result<()> {
        let full = |r: &Running| r.len >= self.config.rotate_bytes || (r.segment.day != day && r.len > 0);
        if self.running.as_ref().is_some_and(|r| !full(r)) {
            return Ok(());
        }
        let segment = Segment::new(&self.config.folder, day, seq);
        let file = self.disk.append(&segment.path)?;
        self.running = Some(Running { segment, file, len: 0 });
        Ok(())
    }

    fn committed(&mut self) {
        let counts = &self.shared.counts;
        counts.syncs.fetch_add(1, Ordering::Relaxed);
        counts.bytes.fetch_add(self.batch.lines.len() as u64, Ordering::Relaxed);
        counts.events.fetch_add(self.batch.entries.len() as u64, Ordering::Relaxed);
        if let Some(last) = self.batch.entries.last() {
            self.shared.publish(last.seq);
        }
        self.batch.clear();
    }

    // === faults ===

    fn fail(&mut self, fault: &io::Error) {
        let what = RecordUnavailable::new(fault.to_string());
        if self.fault.is_none() {
            tracing::error!(%what, "statements are refused until the audit folder can be written");
            self.shared.break_with(what.clone());
            // What was appended before the fault showed is late; what comes from now on was let in knowingly.
            self.shared.take(&mut self.batch.entries, Duration::ZERO);
            let late = self.batch.entries.first().zip(self.batch.entries.last()).map(|(a, b)| (a.seq, b.seq));
            let refused_before = self.shared.counts.read().refused;
            self.fault = Some(Fault { what, since: Instant::now(), refused_before, late });
        }
        self.reopen();
    }

    /// A handle may be dead for good (folder moved, file replaced): takes the path anew, if it holds what we know.
    fn reopen(&mut self) {
        let Some(running) = &self.running else { return };
        if running.file.in_place().is_ok() || !running.segment.path.parent().is_some_and(|p| p.exists()) {
            return;
        }
        let path = running.segment.path.clone();
        let known = running.len;
        match self.disk.append(&path).and_then(|file| Ok((file.len()?, file))) {
            Ok((len, file)) if len == known && len > 0 => {
                self.running = Some(Running { segment: running.segment.clone(), file, len });
            }
            // Another file is there, or none: what is gone is gone, and verify will say so. A new file goes on.
            Ok(_) => self.running = None,
            Err(_) => {}
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
        let counts = self.shared.counts.read();
        let uptime = self.started.elapsed().as_secs();
        self.tell(&Event::Heartbeat(Heartbeat { uptime, events: counts.events, syncs: counts.syncs }));
        if let Err(fault) = self.subjects.prepare() {
            tracing::error!(%fault, "subject keys cannot be made");
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
            key: None,
        }));
        if let Some(recovered) = recovered {
            self.tell(&Event::Recovered(recovered));
        }
        self.shared.take(&mut self.batch.entries, Duration::ZERO);
        self.commit()
    }

    // === opening ===

    /// Takes up the last file where its good lines end, and puts aside what follows them.
    fn resume_file(&mut self) -> io::Result<Option<Recovered>> {
        let Some(segment) = segment::list(&self.config.folder)?.pop() else { return Ok(None) };
        let ending = segment::ending(&segment, |_, _| {})?;
        let torn = ending.len - ending.good;
        let recovered = (torn > 0).then(|| put_aside(&segment, ending.good, torn)).transpose()?;
        let mut file = self.disk.append(&segment.path)?;
        if torn > 0 {
            file.truncate(ending.good)?;
            file.sync()?;
        }
        self.shared.queue.lock().next_seq = ending.next_seq;
        self.shared.publish(ending.next_seq - 1);
        self.running = Some(Running { segment, file, len: ending.good });
        Ok(recovered)
    }
}

impl Running {
    /// Adds lines and syncs them. After a failure the next call first takes back what the failed one left.
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.file.len()? != self.len {
            self.file.truncate(self.len)?;
        }
        self.file.write_all(lines)?;
        self.file.sync()?;
        self.len += lines.len() as u64;
        Ok(())
    }
}

impl Batch {
    /// Brings the entries that are new since the last call into lines.
    fn format(&mut self) {
        for entry in &self.entries[self.formatted..] {
            let time = jiff::Timestamp::from_microsecond(entry.micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
            let _ = write!(self.lines, r#"{{"seq":{},"time":"{time:.6}","#, entry.seq); // a Vec takes every write
            self.lines.extend_from_slice(&entry.body[1..]);
            self.lines.push(b'\n');
        }
        self.formatted = self.entries.len();
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.lines.clear();
        self.formatted = 0;
    }
}

fn day_of(micros: i64) -> jiff::civil::Date {
    let time = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.to_zoned(TimeZone::UTC).date()
}

/// One writer a folder: two would give the same numbers twice.
fn lock(path: PathBuf) -> Result<File, OpenError> {
    use fs4::fs_std::FileExt;
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(OpenError::io(&path))?;
    match file.try_lock_exclusive() {
        Ok(true) => Ok(file),
        Ok(false) => Err(OpenError::Locked { folder: path.parent().unwrap_or(&path).to_path_buf() }),
        Err(fault) => Err(OpenError::Io { path, fault }),
    }
}

/// Copies what follows the good lines to `….torn`, durably, before it is cut off.
fn put_aside(segment: &Segment, good: u64, torn: u64) -> io::Result<Recovered> {
    use std::io::{Read, Seek, SeekFrom};
    let mut from = File::open(&segment.path)?;
    from.seek(SeekFrom::Start(good))?;
    let kept = segment.torn_path();
    let mut to = File::options().create(true).append(true).open(&kept)?;
    io::copy(&mut from.take(torn), &mut to)?;
    to.write_all(b"\n")?;
    to.sync_all()?;
    let kept = kept.file_name().map(|n| n.to_string_lossy().into_owned());
    Ok(Recovered { file: segment.file_name(), kept, bytes: torn, missing: 0 })
}
