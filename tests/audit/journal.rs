//! The record after a power cut: what was acknowledged is there, though the record's own file was not synced.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::{decision, lines, segments};
use consentry::audit::disk::{Appender, Disk, Overwriter, RealDisk};
use consentry::audit::note::NoteSigner;
use consentry::audit::verify::verify;
use consentry::audit::{Config, Durability, Recorder};
use sha2::{Digest, Sha256};

// === a disk that keeps only what was synced ===

#[derive(Clone, Default)]
struct ForgetfulDisk {
    /// How long each file that grows was at its last sync.
    synced: Arc<Mutex<HashMap<PathBuf, u64>>>,
    /// Syncs of files that grow fail, and what they should have synced is lost. Writing through works.
    fails: Arc<AtomicBool>,
    written_through: Arc<AtomicU64>,
}

impl ForgetfulDisk {
    fn synced(&self, path: &Path) -> u64 {
        self.synced.lock().unwrap().get(path).copied().unwrap_or(0)
    }

    /// A copy of the folder as it is after a power cut.
    fn power_cut(&self, folder: &Path, copy: &Path) {
        std::fs::create_dir(copy).unwrap();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let to = copy.join(path.file_name().unwrap());
            // First: a sync behind the scenes may end while the copy is made.
            let synced = self.synced(&path);
            std::fs::copy(&path, &to).unwrap();
            if !path.ends_with("journal") && !path.ends_with("lock") {
                std::fs::File::options().write(true).open(&to).unwrap().set_len(synced).unwrap();
            }
        }
    }
}

impl Disk for ForgetfulDisk {
    fn append(&self, path: &Path) -> io::Result<Box<dyn Appender>> {
        Ok(Box::new(Forgetful { file: RealDisk.append(path)?, path: path.into(), disk: self.clone() }))
    }

    fn overwrite(&self, path: &Path, size: u64) -> io::Result<Box<dyn Overwriter>> {
        Ok(Box::new(Through { file: RealDisk.overwrite(path, size)?, disk: self.clone() }))
    }
}

struct Forgetful {
    file: Box<dyn Appender>,
    path: PathBuf,
    disk: ForgetfulDisk,
}

impl Appender for Forgetful {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        let size = self.file.size()?;
        if self.disk.fails.load(Ordering::SeqCst) && self.path.extension().is_some_and(|e| e == "jsonl") {
            let synced = self.disk.synced(&self.path);
            let lost = vec![0; usize::try_from(size - synced).unwrap()];
            std::fs::File::options().write(true).open(&self.path)?.write_all_at(&lost, synced)?;
            return Err(io::Error::from_raw_os_error(5));
        }
        self.disk.synced.lock().unwrap().insert(self.path.clone(), size);
        self.file.sync()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }

    fn in_place(&self) -> io::Result<()> {
        self.file.in_place()
    }
}

struct Through {
    file: Box<dyn Overwriter>,
    disk: ForgetfulDisk,
}

impl Overwriter for Through {
    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.disk.written_through.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        self.file.write_at(bytes, at)
    }

    fn in_place(&self) -> io::Result<()> {
        self.file.in_place()
    }
}

// === helpers ===

/// Records `count` decisions, all to be shared by one sync, and waits for the last.
async fn record(recorder: &Recorder, name: &str, count: u64) -> Result<u64, String> {
    let mut last = None;
    for n in 0..count {
        last = Some(recorder.append(decision(&format!("{name}-{n}"))).map_err(|e| e.to_string())?);
    }
    let last = last.unwrap();
    recorder.durable(&last).await.map_err(|e| e.to_string())?;
    Ok(last.seq())
}

/// Opens and closes the record in `config`, and checks that it is whole up to `seq` at least.
async fn is_whole_up_to(config: &Config, seq: u64) {
    Recorder::open(config.clone()).unwrap().shutdown().await;
    assert!(!config.folder.join("journal").exists(), "an orderly stop leaves no journal");
    let key = NoteSigner::load(&config.key_file()).unwrap().verifier().clone();
    let verdict = verify(&config.folder, &key, None, &mut |_| {}).unwrap();
    assert_eq!(verdict.findings, []);
    let seqs: Vec<u64> = lines(&config.folder).iter().map(|l| l["seq"].as_u64().unwrap()).collect();
    assert!(seqs.len() as u64 > seq, "{} lines, {seq} were acknowledged", seqs.len());
    assert!(seqs.iter().zip(1..).all(|(seq, n)| *seq == n), "no gap");
}

fn config(folder: &Path, keys: &Path) -> Config {
    let mut config = Config::new(folder);
    config.key = Some(keys.join("key"));
    config.subject_keys = Some(keys.join("subjects"));
    if !keys.join("key").exists() {
        NoteSigner::generate("example.com/audit").unwrap().save(&keys.join("key")).unwrap();
    }
    config
}

// === tests ===

#[tokio::test]
async fn what_was_acknowledged_survives_a_power_cut() {
    let dir = tempfile::tempdir().unwrap();
    let (running, disk) = (config(&dir.path().join("audit"), dir.path()), ForgetfulDisk::default());
    let recorder = Recorder::open_on(running.clone(), Arc::new(disk.clone())).unwrap();
    let mut unsynced = 0;
    // Several times around the journal (8 MiB), with a cut now and then.
    for round in 0..64 {
        let seq = record(&recorder, &format!("round-{round}"), 1000).await.unwrap();
        if round % 9 == 0 {
            let copy = config(&dir.path().join(format!("cut-{round}")), dir.path());
            disk.power_cut(&running.folder, &copy.folder);
            // The last line may be torn: a sync does not wait for the end of what is being written.
            let files = segments(&copy.folder).iter().map(|p| std::fs::read(p).unwrap()).collect::<Vec<_>>().concat();
            unsynced += u64::from((files.iter().filter(|b| **b == b'\n').count() as u64) < seq);
            is_whole_up_to(&copy, seq).await;
        }
    }
    assert!(unsynced >= 4, "the record's own file is behind the journal most of the time: {unsynced}");
    assert!(disk.written_through.load(Ordering::SeqCst) > 20 << 20, "more than two rounds of the journal");
    recorder.shutdown().await;
    is_whole_up_to(&running, 64_000).await;
}

#[tokio::test]
async fn a_sync_behind_the_scenes_that_fails_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (config, disk) = (config(&dir.path().join("audit"), dir.path()), ForgetfulDisk::default());
    let recorder = Recorder::open_on(config.clone(), Arc::new(disk.clone())).unwrap();
    record(&recorder, "before", 1000).await.unwrap();
    disk.fails.store(true, Ordering::SeqCst);
    let mut acknowledged = 0;
    let fault = loop {
        match record(&recorder, &format!("after-{acknowledged}"), 1000).await {
            Ok(seq) => acknowledged = seq,
            Err(fault) => break fault,
        }
        assert!(acknowledged < 100_000, "the failure never shows");
    };
    assert!(fault.contains("Input/output error"), "{fault}");
    assert!(acknowledged > 2000, "the journal took what came before the failure showed: {acknowledged}");
    disk.fails.store(false, Ordering::SeqCst);
    while record(&recorder, "again", 1).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    recorder.shutdown().await;
    is_whole_up_to(&config, acknowledged).await;
}

#[tokio::test]
async fn relaxed_takes_over_after_a_power_cut() {
    let dir = tempfile::tempdir().unwrap();
    let (running, disk) = (config(&dir.path().join("audit"), dir.path()), ForgetfulDisk::default());
    let recorder = Recorder::open_on(running.clone(), Arc::new(disk.clone())).unwrap();
    let seq = record(&recorder, "strict", 100).await.unwrap();
    let mut relaxed = config(&dir.path().join("cut"), dir.path());
    disk.power_cut(&running.folder, &relaxed.folder);
    relaxed.durability = Durability::Relaxed;
    is_whole_up_to(&relaxed, seq).await;
    recorder.shutdown().await;
}

#[tokio::test]
async fn a_journal_that_was_tampered_with_adds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (running, disk) = (config(&dir.path().join("audit"), dir.path()), ForgetfulDisk::default());
    let recorder = Recorder::open_on(running.clone(), Arc::new(disk.clone())).unwrap();
    let first = record(&recorder, "first", 10).await.unwrap();
    record(&recorder, "second", 10).await.unwrap();
    let cut = config(&dir.path().join("cut"), dir.path());
    disk.power_cut(&running.folder, &cut.folder);
    let journal = cut.folder.join("journal");
    let mut bytes = std::fs::read(&journal).unwrap();
    let at = bytes.windows(8).position(|w| w == b"second-5").expect("it is in the journal");
    bytes[at] = b'S';
    std::fs::write(&journal, bytes).unwrap();
    is_whole_up_to(&cut, first).await;
    // The writer may have taken the ten in several batches; neither the touched one nor any behind it is believed.
    let believed = lines(&cut.folder);
    let number = |l: &serde_json::Value| l["statement"].as_str()?.to_lowercase().strip_prefix("second-")?.parse().ok();
    let numbers: Vec<u32> = believed.iter().filter_map(number).collect();
    assert!(numbers.iter().all(|n| *n < 5), "{numbers:?}");
    recorder.shutdown().await;
}

/// A journal as versions before 30 November 2026 wrote it, without the record's head.
#[tokio::test]
async fn an_earlier_versions_journal_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(&dir.path().join("audit"), dir.path());
    let recorder = Recorder::open(config.clone()).unwrap();
    let last = record(&recorder, "first", 10).await.unwrap();
    recorder.shutdown().await;
    let heads = std::fs::read_dir(dir.path().join("subjects")).unwrap().map(|e| e.unwrap().path());
    heads.filter(|p| p.extension().unwrap() == "head").for_each(|p| std::fs::remove_file(p).unwrap());
    // Signed for is the start; what follows, but for the stop, is in the journal.
    let file = segments(&config.folder).pop().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let kept = text.find('\n').unwrap() + 1;
    let stop = text[..text.len() - 1].rfind('\n').unwrap() + 1;
    std::fs::write(&file, &text[..kept]).unwrap();
    std::fs::remove_file(file.with_extension("leaves")).unwrap();
    let checkpoints = config.folder.join("checkpoints");
    let notes = std::fs::read_to_string(&checkpoints).unwrap();
    let first = notes.match_indices("example.com/audit\n").nth(1).unwrap().0;
    std::fs::write(&checkpoints, &notes[..first]).unwrap();
    let rest = &text.as_bytes()[kept..stop];
    let numbers = [u64::from_be_bytes(*b"consentJ"), 1, 1, kept as u64, rest.len() as u64];
    let head: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
    let digest = Sha256::new().chain_update(&head).chain_update(rest).finalize();
    std::fs::write(config.folder.join("journal"), [&head, &digest[..16], rest].concat()).unwrap();
    is_whole_up_to(&config, last).await;
}
