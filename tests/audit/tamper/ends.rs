//! Every way in which a record can end: killed before, in and after each of its writes, cut off by a power cut, on a disk
//! that is full or stands still. None of them is a finding, and the next start signs for all that is left.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use consentry::audit::config::Log;
use consentry::audit::disk::{Appender, Disk, Overwriter, RealDisk};
use consentry::audit::note::{NoteSigner, NoteVerifier};
use consentry::audit::verify::{Verdict, verify};
use consentry::audit::{CHECKPOINTS, Config, Durability, Recorder};
use parking_lot::Mutex;

use super::restart::copy;
use crate::support::{completion, decision};

/// A disk that keeps what a kill, and what a power cut, would leave at each of its steps.
#[derive(Clone)]
struct Witnessing(Arc<Inner>);

struct Inner {
    /// The record's folder and the keys' are in here.
    from: PathBuf,
    to: PathBuf,
    /// Each how many steps it is looked.
    every: usize,
    steps: AtomicUsize,
    /// Bytes of each file that a power cut leaves.
    synced: Mutex<HashMap<PathBuf, u64>>,
    full: AtomicBool,
    /// The next sync takes 4 s.
    stalls: AtomicBool,
}

impl Witnessing {
    fn step(&self) {
        let n = self.0.steps.fetch_add(1, Ordering::SeqCst);
        if !n.is_multiple_of(self.0.every) {
            return;
        }
        let killed = self.0.to.join(format!("{n:05}.killed"));
        copy(&self.0.from, &killed);
        let cut = self.0.to.join(format!("{n:05}.cut"));
        copy(&self.0.from, &cut);
        for (path, length) in &*self.0.synced.lock() {
            let path = cut.join(path.strip_prefix(&self.0.from).unwrap());
            fs::File::options().write(true).open(path).unwrap().set_len(*length).unwrap();
        }
    }
}

impl Disk for Witnessing {
    fn append(&self, path: &Path) -> io::Result<Box<dyn Appender>> {
        let file = RealDisk.append(path)?;
        self.0.synced.lock().entry(path.to_owned()).or_insert(file.size()?);
        self.step();
        Ok(Box::new(Growing { file, path: path.to_owned(), disk: self.clone() }))
    }

    fn overwrite(&self, path: &Path, size: u64) -> io::Result<Box<dyn Overwriter>> {
        Ok(Box::new(Steady { file: RealDisk.overwrite(path, size)?, disk: self.clone() }))
    }
}

struct Growing {
    file: Box<dyn Appender>,
    path: PathBuf,
    disk: Witnessing,
}

impl Appender for Growing {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (first, second) = bytes.split_at(bytes.len() / 2);
        self.file.write_all(first)?;
        self.disk.step();
        if self.disk.0.full.load(Ordering::SeqCst) {
            return Err(io::Error::from_raw_os_error(28));
        }
        self.file.write_all(second)?;
        self.disk.step();
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.disk.0.stalls.swap(false, Ordering::SeqCst) {
            std::thread::sleep(Duration::from_secs(4));
        }
        self.file.sync()?;
        self.disk.0.synced.lock().insert(self.path.clone(), self.file.size()?);
        self.disk.step();
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.truncate(len)?;
        let mut synced = self.disk.0.synced.lock();
        synced.entry(self.path.clone()).and_modify(|known| *known = len.min(*known));
        drop(synced);
        self.disk.step();
        Ok(())
    }

    fn in_place(&self) -> io::Result<()> {
        self.file.in_place()
    }
}

struct Steady {
    file: Box<dyn Overwriter>,
    disk: Witnessing,
}

impl Overwriter for Steady {
    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.file.write_at(bytes, at)?;
        self.disk.step();
        Ok(())
    }

    fn in_place(&self) -> io::Result<()> {
        self.file.in_place()
    }
}

struct Ends {
    dir: tempfile::TempDir,
    disk: Witnessing,
    config: Config,
}

impl Ends {
    fn new(every: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("live"), dir.path().join("ends"));
        fs::create_dir_all(&from).unwrap();
        let config = Config::new(from.join("audit"));
        let inner = Inner {
            from,
            to,
            every,
            steps: AtomicUsize::new(0),
            synced: Mutex::default(),
            full: AtomicBool::new(false),
            stalls: AtomicBool::new(false),
        };
        Self { dir, disk: Witnessing(Arc::new(inner)), config }
    }

    fn open(&self) -> Recorder {
        Recorder::open_on(self.config.clone(), Arc::new(self.disk.clone())).unwrap()
    }

    fn key(&self) -> NoteVerifier {
        let signer = NoteSigner::load(&self.config.key_file()).unwrap();
        let signer = if self.config.log == Log::Upkeep { signer.for_upkeep().unwrap() } else { signer };
        signer.verifier().clone()
    }

    /// The places in which a record was killed or cut off, once it had a checkpoint.
    fn all(&self) -> Vec<PathBuf> {
        let mut all: Vec<_> = fs::read_dir(self.dir.path().join("ends")).unwrap().map(|e| e.unwrap().path()).collect();
        all.sort();
        let begun = |end: &PathBuf| {
            let checkpoints = fs::read_to_string(end.join("audit").join(CHECKPOINTS)).unwrap_or_default();
            checkpoints.contains("\u{2014} ") && checkpoints.ends_with('\n')
        };
        all.into_iter().skip_while(|end| !begun(end)).collect()
    }

    fn verdict(&self, end: &Path) -> Verdict {
        verify(&end.join("audit"), &self.key(), None, &mut |_| {}).unwrap()
    }

    /// None of the ends is a finding; some have lines that nothing vouches for, which the next start signs for.
    async fn assert_none_is_a_finding(&self, restart_every: usize) {
        let (all, mut open, mut restarted) = (self.all(), 0, 0);
        assert!(all.len() > 20, "{}", all.len());
        for (n, end) in all.iter().enumerate() {
            let verdict = self.verdict(end);
            assert_eq!(verdict.findings, [], "{end:?}: {verdict:#?}");
            let Some(lines) = verdict.nothing_vouches_for else { continue };
            assert!(verdict.headline().contains("nothing vouches for"), "{}", verdict.headline());
            assert_eq!((lines.from, lines.to), (verdict.vouched + 1, verdict.lines));
            open += 1;
            if n.is_multiple_of(restart_every) {
                let config = Config { folder: end.join("audit"), ..self.config.clone() };
                Recorder::open(config).unwrap().shutdown().await;
                let verdict = self.verdict(end);
                assert_eq!((&verdict.findings[..], verdict.nothing_vouches_for), (&[][..], None), "{end:?}");
                restarted += 1;
            }
        }
        assert!(open > 5 && restarted > 1, "{open} open ends of {}, {restarted} starts", all.len());
    }
}

async fn work(recorder: &Recorder, name: &str) {
    for n in 0..4 {
        if let Ok(ticket) = recorder.append(decision(&format!("{name}-{n}"))) {
            let _ = recorder.durable(&ticket).await;
        }
        recorder.append(completion(&format!("{name}-{n}"))).unwrap();
    }
}

/// Two runs in several files: at work, idle for some heartbeats, on a full disk, stopped; the second stops on a full disk,
/// and a third takes up what it left.
async fn a_life(ends: &Ends) {
    let recorder = ends.open();
    work(&recorder, "first").await;
    tokio::time::sleep(ends.config.heartbeat * 2).await;
    ends.disk.0.full.store(true, Ordering::SeqCst);
    work(&recorder, "full").await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    ends.disk.0.full.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(600)).await;
    work(&recorder, "again").await;
    recorder.shutdown().await;
    let recorder = ends.open();
    work(&recorder, "second").await;
    ends.disk.0.full.store(true, Ordering::SeqCst);
    recorder.shutdown().await;
    ends.disk.0.full.store(false, Ordering::SeqCst);
    let recorder = ends.open();
    work(&recorder, "third").await;
    recorder.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_end_of_a_run_is_a_finding() {
    for (durability, log) in
        [(Durability::Strict, Log::Proxy), (Durability::Relaxed, Log::Proxy), (Durability::Strict, Log::Upkeep)]
    {
        let mut ends = Ends::new(1);
        ends.config = Config {
            durability,
            log,
            rotate_bytes: 3000,
            heartbeat: Duration::from_millis(400),
            ..ends.config.clone()
        };
        a_life(&ends).await;
        ends.assert_none_is_a_finding(7).await;
    }
}

/// What has gathered while a sync stood still spans more time than a run leaves without a checkpoint.
#[tokio::test(flavor = "multi_thread")]
async fn no_end_behind_a_sync_that_stood_still_is_a_finding() {
    let mut ends = Ends::new(1);
    ends.config.heartbeat = Duration::from_secs(1);
    let recorder = ends.open();
    recorder.append(decision("before")).unwrap();
    ends.disk.0.stalls.store(true, Ordering::SeqCst);
    for n in 0..60 {
        recorder.append(completion(&n.to_string())).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    recorder.shutdown().await;
    ends.assert_none_is_a_finding(3).await;
}

/// Nor more lines than that.
#[tokio::test(flavor = "multi_thread")]
async fn no_end_of_a_busy_run_is_a_finding() {
    let mut ends = Ends::new(11);
    ends.config.unvouched_at_most = 8192;
    let recorder = ends.open();
    for n in 0..20_000 {
        recorder.append(completion(&n.to_string())).unwrap();
    }
    recorder.shutdown().await;
    ends.assert_none_is_a_finding(3).await;
}
