//! The one thread that writes the record: takes all that has gathered, writes it, syncs it, wakes those who wait.
//!
//! While a sync runs, the next batch gathers; so the number of syncs does not grow with the number of sessions. Lines
//! that could not be written stay in memory and are written first when the disk is back: no number is lost, and a
//! statement that ran before the fault showed comes on record.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::batch::{Batch, Room, day_of};
use super::claim;
use super::config::{Config, Durability, Log, OpenError};
use super::disk::Disk;
use super::event::{Event, HeadMissing, Heartbeat, NotAsLeft, Recovered, Resumed, Start};
use super::evidence::Evidence;
use super::head::Head;
use super::journal::{self, Journal, Parcel};
use super::opening::{self, Found, Opened};
use super::recorder::{RecordUnavailable, Shared, Taken};
use super::running::{Durable, Running};
use super::segment::{self, Segment};
use super::sinks::{Sinks, Tally};
use super::subjects::SubjectKeys;
use super::tree::Tree;

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
    running: Option<Running>,
    evidence: Evidence,
    head: Head,
    /// The folder is ours for as long as it lives.
    lock: File,
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

struct Fault {
    what: RecordUnavailable,
    since: Instant,
    refused_before: u64,
    /// First and last number that were taken before the fault showed.
    late: Option<(u64, u64)>,
    /// First and last number in a file that is gone.
    gone: Option<(u64, u64)>,
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
        let lock = claim::take(&folder, config.patience)?;
        let signer = config.signer()?;
        let mut head = Head::open(config.head_file(&signer), signer.seal())?;
        let last = segment::list(&folder).map_err(OpenError::io(&folder))?.pop();
        let heads = journal::restore(&*disk, &folder, last.as_ref()).map_err(OpenError::io(&folder))?;
        heads.iter().for_each(|sealed| head.hear(sealed));
        let Opened { evidence, found } = opening::open(&folder, disk.clone(), signer, last.as_ref(), head.known())?;
        head.settle(last.is_none()).map_err(OpenError::io(&folder))?;
        if config.durability != Durability::Strict || config.log == Log::Upkeep {
            journal::remove(&folder).map_err(OpenError::io(&folder))?;
        }
        let sinks = Sinks::start(&config.sinks).map_err(OpenError::io("sinks"))?;
        *shared.sinks.lock() = sinks.tallies();
        let now = Instant::now();
        let mut writer = Self {
            next_heartbeat: now + config.heartbeat,
            shared,
            subjects,
            disk,
            config,
            running: None,
            evidence,
            head,
            lock,
            sinks,
            batch: Batch::default(),
            fault: None,
            checkpoint_due: false,
            patience: Duration::ZERO,
            span: now,
            started: now,
        };
        writer.take_up(last, found).map_err(OpenError::io(&folder))?;
        let end = EndOnDrop(writer.shared.clone());
        let work = move || {
            let _end = end;
            writer.run();
        };
        std::thread::Builder::new().name("audit".into()).spawn(work).map_err(OpenError::io(&folder))?;
        Ok(())
    }

    fn run(mut self) {
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
        match self.write().and_then(|()| self.prove()) {
            Ok(()) => self.mend(),
            Err(fault) => self.fail(&fault),
        }
    }

    fn write(&mut self) -> io::Result<()> {
        self.commit()?;
        while !self.batch.entries.is_empty() {
            self.evidence.sign_full()?;
            self.commit()?;
        }
        Ok(())
    }

    /// Makes the next lines durable, as many as may stand without a checkpoint.
    fn commit(&mut self) -> io::Result<()> {
        if let Some(running) = &self.running {
            running.in_place()?;
        }
        let Some(first) = self.batch.entries.first() else { return self.probe() };
        let (seq, day) = (first.seq, day_of(first.micros));
        self.rotate(seq, day)?;
        if !self.batch.fill(&self.room()) {
            self.vouch()?;
            self.batch.fill(&self.room());
        }
        let Some(running) = &mut self.running else { return Err(io::Error::other("no file")) };
        let began = Instant::now();
        let tree = self.evidence.ahead(&self.batch.leaves);
        let seal = self.head.seal(&tree);
        let parcel = Parcel { lines: &self.batch.lines, leaves: &self.batch.leaves, seal: &seal };
        let durable = running.write(&*self.disk, parcel)?;
        // Before anybody hears that the lines are on disk: what was released is under a head.
        let mut kept = self.head.keep(&tree, &seal);
        if durable == Durable::InFile {
            kept = kept.and_then(|()| self.head.sync());
        }
        self.patience = ((self.patience * 7 + began.elapsed()) / 8).min(MOST_PATIENCE);
        self.shared.attendance.turn(&mut self.span);
        self.committed(tree);
        kept
    }

    /// What a start promises to verify: so little stands without a checkpoint that more is nothing a crash leaves.
    fn room(&self) -> Room {
        let Evidence { since, .. } = self.evidence;
        let lines = self.config.unvouched_at_most.saturating_sub(self.evidence.unvouched());
        // A late heartbeat must not bring a second checkpoint.
        Room { lines, since, span: self.config.heartbeat * 5 / 4 }
    }

    /// Nothing is to be written, but the disk was at fault: is it still?
    fn probe(&mut self) -> io::Result<()> {
        self.head.again()?;
        match &mut self.running {
            Some(running) => running.settle(),
            None => Ok(()),
        }
    }

    /// Begins a new file when there is none, the running one is full, or the day is another.
    fn rotate(&mut self, seq: u64, day: jiff::civil::Date) -> io::Result<()> {
        let full = |r: &Running| r.len() >= self.config.rotate_bytes || r.segment().day != day;
        if self.running.as_ref().is_some_and(|r| !full(r)) {
            return Ok(());
        }
        self.settle()?;
        // A start was killed before its first line: the file would have the name of another day than its lines.
        if let Some(unused) = self.running.as_ref().filter(|r| r.len() == 0) {
            unused.segment().remove()?;
        }
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
        // Commands write few lines and end: making a journal would cost more than it saves.
        if self.config.durability != Durability::Strict || self.config.log == Log::Upkeep {
            return None;
        }
        let made = Journal::create(&*self.disk, &self.config.folder, settled);
        made.inspect_err(|fault| tracing::warn!(%fault, "the record goes without its journal")).ok()
    }

    fn committed(&mut self, tree: Tree) {
        let counts = &self.shared.counts;
        counts.syncs.fetch_add(1, Ordering::Relaxed);
        counts.bytes.fetch_add(self.batch.lines.len() as u64, Ordering::Relaxed);
        let written = self.batch.filled();
        counts.events.fetch_add(written.len() as u64, Ordering::Relaxed);
        if let Some(last) = written.last() {
            self.shared.publish(last.seq);
        }
        self.batch.measure(&self.shared.delay);
        for line in self.batch.lines.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
            self.sinks.offer(line);
        }
        if let Some(first) = self.batch.filled().first() {
            self.evidence.take(&self.batch.leaves, tree, first.micros);
        }
        self.batch.clear();
    }

    /// The part of the proof that is due.
    fn prove(&mut self) -> io::Result<()> {
        self.evidence.sign_full()?;
        if self.checkpoint_due {
            self.vouch()?;
            self.checkpoint_due = false;
        }
        Ok(())
    }

    /// A checkpoint for all that is written.
    fn vouch(&mut self) -> io::Result<()> {
        // It never vouches for what only the journal has.
        self.settle()?;
        self.head.sync()?;
        if self.evidence.checkpoint()? {
            self.shared.counts.checkpoints.fetch_add(1, Ordering::Relaxed);
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
            self.fault = Some(Fault { what, since: Instant::now(), refused_before, late, gone: None });
        }
        self.reopen();
    }

    /// Handles may be dead for good (folder moved or made anew, files replaced): takes the paths anew where they hold what we
    /// know. What is gone is gone, and the record says so; a new file goes on.
    fn reopen(&mut self) {
        if claim::take_again(&mut self.lock, &self.config.folder).is_err() {
            return;
        }
        let lines = self.running.as_mut().map_or(Ok(false), |running| running.reopen(&*self.disk));
        let segment = self.running.as_ref().map(Running::segment);
        let usable = lines.and_then(|lines| Ok(self.evidence.reopen(&self.config.folder, segment)? && lines));
        if let Ok(false) = usable
            && let Some(running) = self.running.take()
        {
            self.evidence.abandon_file();
            let gone = (running.segment().first, self.evidence.size());
            if let Some(fault) = self.fault.as_mut().filter(|_| gone.0 <= gone.1) {
                fault.gone.get_or_insert(gone).1 = gone.1;
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
            gone_from: fault.gone.map(|g| g.0),
            gone_to: fault.gone.map(|g| g.1),
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
        for dropped in Tally::take_lost(&self.sinks.tallies()) {
            self.tell(&Event::SinkDropped(dropped));
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

    // === opening ===

    /// Begins, or goes on with what was found, and says so.
    fn take_up(&mut self, last: Option<Segment>, found: Found) -> io::Result<()> {
        // Numbers that were signed or sealed are not given twice.
        self.shared.queue.lock().next_seq = self.evidence.size() + 1;
        self.shared.publish(self.evidence.size());
        let mut told = Vec::new();
        match (last, found) {
            (Some(segment), Found::Whole { ending, missing, headless }) => {
                if let Some(unsigned) = headless {
                    let (unsigned_from, unsigned_to) = unsigned.unzip();
                    tracing::warn!(
                        "nothing beside the keys told how far the record had gone: it is taken as it stands"
                    );
                    told.push(Event::HeadMissing(HeadMissing { unsigned_from, unsigned_to }));
                }
                let taken_as_it_stands = !told.is_empty();
                told.extend(self.resume_file(segment, &ending, missing)?.map(Event::Recovered));
                // Starts that are killed one after the other leave no more without a checkpoint than one does. Lines that
                // nobody knows are vouched for only together with the word that they are.
                if !taken_as_it_stands && self.evidence.unvouched() > 0 {
                    self.vouch()?;
                }
            }
            (_, Found::Otherwise { known, found }) => {
                tracing::error!(known, found, "the record is not as it was left; it goes on behind what was written");
                told.push(Event::NotAsLeft(NotAsLeft { known, found }));
            }
            (_, Found::Nothing | Found::Whole { .. }) => {}
        }
        self.announce(&told)
    }

    fn announce(&mut self, told: &[Event]) -> io::Result<()> {
        self.tell(&Event::Start(Start {
            version: env!("CARGO_PKG_VERSION"),
            heartbeat_seconds: self.config.heartbeat.as_secs(),
            durability: self.config.durability.as_str(),
            unvouched_at_most: self.config.unvouched_at_most,
            key: self.evidence.key(),
        }));
        told.iter().for_each(|event| self.tell(event));
        self.keep_subject_keys();
        self.shared.take(&mut self.batch.entries, Duration::ZERO, Duration::ZERO);
        self.batch.fill_all();
        self.commit()?;
        self.checkpoint_due = true;
        self.prove()
    }

    /// Takes up the last file where its good lines end, and puts aside what follows them.
    fn resume_file(
        &mut self,
        segment: Segment,
        ending: &segment::Ending,
        missing: u64,
    ) -> io::Result<Option<Recovered>> {
        let bytes = ending.len - ending.good;
        let aside = (bytes > 0).then(|| segment.put_aside(ending.good, bytes)).transpose()?;
        let mut file = self.disk.append(&segment.path)?;
        if bytes > 0 {
            file.truncate(ending.good)?;
        }
        // Whoever wrote it may not have synced it.
        file.sync()?;
        let (kept, lines) = aside.unzip();
        let recovered = Recovered { file: segment.file_name(), kept, bytes, lines: lines.unwrap_or(0), missing };
        let journal = self.new_journal(ending.good);
        self.running = Some(Running::new(segment, file, ending.good, journal));
        if bytes == 0 && missing == 0 {
            return Ok(None);
        }
        let Recovered { file, kept, lines, .. } = &recovered;
        let kept = kept.as_deref().unwrap_or("nowhere");
        tracing::warn!(%file, bytes, lines, %kept, missing, "the record's last file had a torn end: kept aside, put on record");
        Ok(Some(recovered))
    }
}

/// Whatever ends the writer's thread, sessions must not wait for it. The writer, which holds head and folder, is gone before
/// anyone is told.
struct EndOnDrop(Arc<Shared>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}
