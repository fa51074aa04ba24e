//! The record on a disk that fails: full, broken, read-only, slow, gone; and a proxy that is killed.

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crate::support::{completion, decision, lines};
use consentry::audit::disk::{Appender, Disk, Overwriter, RealDisk};
use consentry::audit::note::NoteSigner;
use consentry::audit::verify::{Notice, verify};
use consentry::audit::{Config, Durability, Recorder};
use consentry::engine::refusal::SqlState;

// === a disk with faults on demand ===

#[derive(Clone, Copy)]
enum Fault {
    None,
    /// ENOSPC after half of the bytes, as a full disk does.
    Full,
    /// EIO from fdatasync: nobody knows what is on disk.
    SyncFails,
    /// EROFS from every write.
    ReadOnly,
    /// Each sync takes 100 ms.
    Slow,
}

#[derive(Clone, Default)]
struct FaultyDisk {
    fault: Arc<AtomicU8>,
}

impl FaultyDisk {
    fn set(&self, fault: Fault) {
        self.fault.store(fault as u8, Ordering::SeqCst);
    }

    /// The error of a write that needs space.
    fn fault(&self) -> Option<i32> {
        if self.is(Fault::ReadOnly) {
            return Some(30);
        }
        self.is(Fault::Full).then_some(28)
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault.load(Ordering::SeqCst) == fault as u8
    }
}

impl Disk for FaultyDisk {
    fn append(&self, path: &Path) -> io::Result<Box<dyn Appender>> {
        if self.is(Fault::ReadOnly) && !path.exists() {
            return Err(io::Error::from_raw_os_error(30));
        }
        Ok(Box::new(FaultyFile { file: RealDisk.append(path)?, disk: self.clone() }))
    }

    fn overwrite(&self, path: &Path, size: u64) -> io::Result<Box<dyn Overwriter>> {
        match self.fault() {
            Some(errno) => Err(io::Error::from_raw_os_error(errno)),
            None => Ok(Box::new(FaultyJournal { file: RealDisk.overwrite(path, size)?, disk: self.clone() })),
        }
    }
}

struct FaultyJournal {
    file: Box<dyn Overwriter>,
    disk: FaultyDisk,
}

impl Overwriter for FaultyJournal {
    /// A full disk has room for it, as it has its place.
    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        if self.disk.is(Fault::SyncFails) || self.disk.is(Fault::ReadOnly) {
            self.file.write_at(&bytes[..bytes.len() / 2], at)?;
            return Err(io::Error::from_raw_os_error(5));
        }
        if self.disk.is(Fault::Slow) {
            std::thread::sleep(Duration::from_millis(100));
        }
        self.file.write_at(bytes, at)
    }

    fn in_place(&self) -> io::Result<()> {
        self.file.in_place()
    }
}

struct FaultyFile {
    file: Box<dyn Appender>,
    disk: FaultyDisk,
}

impl Appender for FaultyFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.disk.is(Fault::ReadOnly) {
            return Err(io::Error::from_raw_os_error(30));
        }
        if self.disk.is(Fault::Full) {
            self.file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(io::Error::from_raw_os_error(28));
        }
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.disk.is(Fault::SyncFails) {
            return Err(io::Error::from_raw_os_error(5));
        }
        if self.disk.is(Fault::Slow) {
            std::thread::sleep(Duration::from_millis(100));
        }
        self.file.sync()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        if self.disk.is(Fault::ReadOnly) { Err(io::Error::from_raw_os_error(30)) } else { self.file.truncate(len) }
    }

    fn in_place(&self) -> io::Result<()> {
        self.file.in_place()
    }
}

// === helpers ===

fn config(dir: &Path) -> Config {
    Config::new(dir.join("audit"))
}

/// The record is whole and its numbers have no gap; what verify has to say besides.
fn assert_whole(config: &Config) -> Vec<Notice> {
    let key = NoteSigner::load(&config.key_file()).unwrap().verifier().clone();
    let verdict = verify(&config.folder, &key, None, &mut |_| {}).unwrap();
    assert_eq!(verdict.findings, []);
    let seqs: Vec<u64> = lines(&config.folder).iter().map(|l| l["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    verdict.notices
}

async fn recorded(recorder: &Recorder, statement: &str) -> Result<u64, SqlState> {
    let ticket = recorder.append(decision(statement)).map_err(|e| e.refusal().sqlstate)?;
    recorder.durable(&ticket).await.map_err(|e| e.refusal().sqlstate)?;
    Ok(ticket.seq())
}

/// The service resumes by itself: waits until a decision is taken again.
async fn resumes(recorder: &Recorder) {
    for n in 0..600 {
        if recorded(recorder, &format!("again-{n}")).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the record does not resume: {:?}", recorder.fault());
}

fn statements(config: &Config) -> Vec<String> {
    lines(&config.folder)
        .iter()
        .filter(|l| l["event"] == "decision")
        .map(|l| l["statement"].as_str().unwrap().to_owned())
        .collect()
}

// === faults of the disk ===

async fn survives(fault: Fault, words: &str) {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::default();
    let recorder = Recorder::open_on(config(dir.path()), Arc::new(disk.clone())).unwrap();
    recorded(&recorder, "before").await.unwrap();

    disk.set(fault);
    assert_eq!(recorded(&recorder, "at the fault").await, Err(SqlState::IO_ERROR), "waits in vain, and is told so");
    assert_eq!(recorded(&recorder, "during").await, Err(SqlState::IO_ERROR), "refused at once");
    assert!(recorder.fault().unwrap().to_string().contains(words), "{:?}", recorder.fault());
    recorder.append(completion("before")).expect("what has already happened is kept until the disk returns");

    disk.set(Fault::None);
    resumes(&recorder).await;
    recorder.shutdown().await;
    let notices = assert_whole(&config(dir.path()));
    let told =
        |n: &Notice| matches!(n, Notice::Unavailable { fault, refused, .. } if fault.contains(words) && *refused >= 1);
    assert!(notices.iter().any(told), "{notices:?}");
    let statements = statements(&config(dir.path()));
    assert!(statements.contains(&"at the fault".into()), "it may have run upstream, so it comes on record late");
    assert!(!statements.contains(&"during".into()), "it did not run");
    let completed =
        lines(&config(dir.path()).folder).iter().any(|l| l["event"] == "completion" && l["statement"] == "before");
    assert!(completed);
}

#[tokio::test]
async fn a_full_disk_refuses_and_resumes() {
    survives(Fault::Full, "No space left").await;
}

#[tokio::test]
async fn a_failing_sync_refuses_and_resumes() {
    survives(Fault::SyncFails, "Input/output error").await;
}

#[tokio::test]
async fn a_read_only_disk_refuses_and_resumes() {
    survives(Fault::ReadOnly, "Read-only file system").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_disk_is_waited_for_and_syncs_are_shared() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::default();
    let recorder = Recorder::open_on(config(dir.path()), Arc::new(disk.clone())).unwrap();
    disk.set(Fault::Slow);
    let before = recorder.counts().syncs;
    let sessions: Vec<_> = (0..32)
        .map(|n| {
            let recorder = recorder.clone();
            tokio::spawn(async move {
                for i in 0..3 {
                    let ticket = recorder.append(decision(&format!("{n}-{i}"))).unwrap();
                    recorder.durable(&ticket).await.unwrap();
                    assert!(recorder.durable_seq() >= ticket.seq());
                }
            })
        })
        .collect();
    for session in sessions {
        session.await.unwrap();
    }
    let syncs = recorder.counts().syncs - before;
    assert!(syncs <= 12, "96 decisions of 32 sessions in {syncs} syncs");
    recorder.shutdown().await;
    assert_eq!(statements(&config(dir.path())).len(), 96);
    assert_whole(&config(dir.path()));
}

#[tokio::test]
async fn a_folder_that_is_gone_refuses_and_resumes_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let recorder = Recorder::open(config.clone()).unwrap();
    recorded(&recorder, "before").await.unwrap();
    let aside = dir.path().join("aside");
    std::fs::rename(&config.folder, &aside).unwrap();
    assert_eq!(recorded(&recorder, "gone").await, Err(SqlState::IO_ERROR));
    assert_eq!(recorded(&recorder, "still gone").await, Err(SqlState::IO_ERROR));
    std::fs::rename(&aside, &config.folder).unwrap();
    resumes(&recorder).await;
    recorder.shutdown().await;
    assert_whole(&config);
}

#[tokio::test]
async fn a_folder_that_was_deleted_is_begun_anew_and_verify_tells() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let recorder = Recorder::open(config.clone()).unwrap();
    recorded(&recorder, "before").await.unwrap();
    std::fs::remove_dir_all(&config.folder).unwrap();
    assert_eq!(recorded(&recorder, "gone").await, Err(SqlState::IO_ERROR));
    std::fs::create_dir(&config.folder).unwrap();
    resumes(&recorder).await;
    recorder.shutdown().await;
    let key = NoteSigner::load(&config.key_file()).unwrap().verifier().clone();
    let verdict = verify(&config.folder, &key, None, &mut |_| {}).unwrap();
    let words: Vec<String> = verdict.findings.iter().map(ToString::to_string).collect();
    assert_eq!(words, ["the file with lines 1 to 2 is missing"]);
    let told = |n: &Notice| matches!(n, Notice::Unavailable { gone: Some((1, 2)), .. });
    assert!(verdict.notices.iter().any(told), "the record tells of it too: {:?}", verdict.notices);
}

#[tokio::test]
async fn a_folder_that_is_deleted_again_and_again_is_begun_anew_each_time_and_stays_ours() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let key = || NoteSigner::load(&config.key_file()).unwrap().verifier().clone();
    let recorder = Recorder::open(config.clone()).unwrap();
    recorded(&recorder, "before").await.unwrap();
    for pause in [0, 300, 600] {
        std::fs::remove_dir_all(&config.folder).unwrap();
        assert_eq!(recorded(&recorder, "gone").await, Err(SqlState::IO_ERROR));
        std::fs::create_dir(&config.folder).unwrap();
        // Some time or other in the proxy's finding that out.
        tokio::time::sleep(Duration::from_millis(pause)).await;
        std::fs::remove_dir_all(&config.folder).unwrap();
        tokio::time::sleep(Duration::from_millis(pause)).await;
        std::fs::create_dir(&config.folder).unwrap();
        resumes(&recorder).await;
    }
    let verdict = verify(&config.folder, &key(), None, &mut |_| {}).unwrap();
    assert!(verdict.being_written, "no other proxy may write there");
    recorder.shutdown().await;
    // It is taken up like any other, and verify knows of no more than what is gone.
    Recorder::open(config.clone()).unwrap().shutdown().await;
    let verdict = verify(&config.folder, &key(), None, &mut |_| {}).unwrap();
    let [missing] = &verdict.findings[..] else { panic!("{:?}", verdict.findings) };
    assert!(missing.to_string().starts_with("the file with lines 1 to "), "{missing}");
}

#[tokio::test]
async fn relaxed_does_not_wait_and_still_refuses_on_a_broken_disk() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::default();
    let mut config = config(dir.path());
    config.durability = Durability::Relaxed;
    let recorder = Recorder::open_on(config.clone(), Arc::new(disk.clone())).unwrap();
    let ticket = recorder.append(decision("now")).unwrap();
    assert!(recorder.is_durable(&ticket));
    disk.set(Fault::Full);
    while recorded(&recorder, "soon refused").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    disk.set(Fault::None);
    resumes(&recorder).await;
    recorder.shutdown().await;
    assert_whole(&config);
}

// === a real full disk ===

/// A file system of its own, 1 MB small. (In one of 256 kB the kernel counts so roughly that it may be full at once.)
struct SmallDisk {
    dir: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(dir.path()).status();
        assert!(
            mounted.is_ok_and(|s| s.success()),
            "this test mounts a tmpfs and so must run as root (in a container: with CAP_SYS_ADMIN)"
        );
        Self { dir }
    }

    fn remount(&self, how: &str) {
        let remounted = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(self.dir.path()).status();
        assert!(remounted.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the recorder under test may still have files open.
        let _ = Command::new("umount").arg("-l").arg(self.dir.path()).status();
    }
}

#[tokio::test]
async fn a_really_full_file_system_refuses_and_resumes() {
    let disk = SmallDisk::mount();
    let keys = tempfile::tempdir().unwrap();
    let mut config = config(disk.dir.path());
    let signer = NoteSigner::generate("example.com/audit").unwrap();
    signer.save(&keys.path().join("key")).unwrap();
    config.key = Some(keys.path().join("key"));
    config.subject_keys = Some(keys.path().join("subjects"));
    let recorder = Recorder::open(config.clone()).unwrap();
    let ballast = disk.dir.path().join("ballast");
    std::fs::write(&ballast, vec![0; 100 << 10]).unwrap();
    let mut n = 0;
    while recorded(&recorder, &format!("fill-{n}")).await.is_ok() {
        n += 1;
    }
    assert!(n > 10, "only {n} fit");
    assert!(recorder.fault().unwrap().to_string().contains("No space left"), "{:?}", recorder.fault());
    std::fs::remove_file(ballast).unwrap();
    resumes(&recorder).await;
    recorder.shutdown().await;
    assert_whole(&config);
}

#[tokio::test]
async fn a_read_only_file_system_is_refused_at_start_and_taken_once_writable() {
    let disk = SmallDisk::mount();
    let keys = tempfile::tempdir().unwrap();
    let mut config = config(disk.dir.path());
    config.subject_keys = Some(keys.path().join("subjects"));
    let recorder = Recorder::open(config.clone()).unwrap();
    recorded(&recorder, "before").await.unwrap();
    recorder.shutdown().await;
    drop(recorder);
    disk.remount("ro");
    let refused = Recorder::open(config.clone()).err().expect("nothing can be recorded here").to_string();
    assert!(refused.contains("Read-only file system"), "{refused}");
    disk.remount("rw");
    let recorder = Recorder::open(config.clone()).unwrap();
    recorded(&recorder, "after").await.unwrap();
    recorder.shutdown().await;
    assert_whole(&config);
}

// === kill -9 ===

const CHILD: &str = "CONSENTRY_TEST_AUDIT_FOLDER";

/// Not a test of its own: the process that `every_acknowledged_decision_survives_kill_9` starts and kills. Eight
/// sessions record decisions and print each number once it is durable.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs as a child of another test"]
async fn child_that_records_until_it_is_killed() {
    let folder = std::env::var(CHILD).expect("started by its parent");
    let mut config = Config::new(folder);
    config.rotate_bytes = 200 << 10;
    let recorder = Recorder::open(config).unwrap();
    let sessions: Vec<_> = (0..8)
        .map(|n| {
            let recorder = recorder.clone();
            tokio::spawn(async move {
                for i in 0_u64.. {
                    let statement = format!("{}-{n}-{i}", std::process::id());
                    let ticket = recorder.append(decision(&statement)).unwrap();
                    recorder.durable(&ticket).await.unwrap();
                    // One write of one line: a pipe never tears it.
                    io::stdout()
                        .write_all(format!("\nacknowledged {} {statement}\n", ticket.seq()).as_bytes())
                        .unwrap();
                    recorder.append(completion(&statement)).unwrap();
                }
            })
        })
        .collect();
    for session in sessions {
        session.await.unwrap();
    }
}

#[test]
fn every_acknowledged_decision_survives_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let mut acknowledged: Vec<(u64, String)> = Vec::new();
    for _ in 0..50 {
        acknowledged.extend(record_and_kill(&config.folder, Duration::from_micros(rand::random::<u64>() % 40_000)));
    }
    assert!(acknowledged.len() > 200, "too little load to tell: {}", acknowledged.len());
    let recorded: std::collections::HashMap<u64, String> = lines_even_torn(&config.folder)
        .into_iter()
        .filter(|l| l["event"] == "decision")
        .map(|l| (l["seq"].as_u64().unwrap(), l["statement"].as_str().unwrap().to_owned()))
        .collect();
    for (seq, statement) in &acknowledged {
        assert_eq!(recorded.get(seq), Some(statement), "acknowledged and lost");
    }
    // A last, orderly run: what the kills left is told, and nothing is damaged.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { Recorder::open(config.clone()).unwrap().shutdown().await });
    let notices = assert_whole(&config);
    let no_stop = notices.iter().filter(|n| matches!(n, Notice::NoStop { .. })).count();
    assert_eq!(no_stop, 50, "each kill is told");
}

/// Starts the child, kills it some time after its first acknowledgement, and returns what it acknowledged.
fn record_and_kill(folder: &Path, after: Duration) -> Vec<(u64, String)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "faults::child_that_records_until_it_is_killed", "--nocapture"])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let parse = |line: String| {
        let mut words = line.strip_prefix("acknowledged ")?.split(' ');
        Some((words.next()?.parse().ok()?, words.next()?.to_owned()))
    };
    let first = output.by_ref().map_while(Result::ok).find_map(parse).expect("the child must get to record");
    std::thread::sleep(after);
    child.kill().unwrap();
    let rest: Vec<_> = output.map_while(Result::ok).filter_map(parse).collect();
    child.wait().unwrap();
    [vec![first], rest].concat()
}

/// Lines of a folder whose last file may end in a torn one.
fn lines_even_torn(folder: &Path) -> Vec<serde_json::Value> {
    let paths: Vec<PathBuf> = crate::support::segments(folder);
    let text: Vec<String> = paths.iter().map(|p| std::fs::read_to_string(p).unwrap()).collect();
    text.iter()
        .flat_map(|t| t.split_inclusive('\n'))
        .filter(|l| l.ends_with('\n'))
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}
