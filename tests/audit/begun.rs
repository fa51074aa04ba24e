//! A start that is killed before it has written, or signed, anything: what verify says then, and after the next start.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::support::segments;
use consentry::audit::disk::{Appender, Disk, Overwriter, RealDisk};
use consentry::audit::note::NoteSigner;
use consentry::audit::verify::{Finding, Notice, Verdict, verify};
use consentry::audit::{CHECKPOINTS, Config, Recorder};

/// Ends the proxy at the first write to a file of this name, or ending: nothing after it comes to pass.
struct Killed(&'static str);

impl Disk for Killed {
    fn append(&self, path: &Path) -> io::Result<Box<dyn Appender>> {
        let file = RealDisk.append(path)?;
        let is_it = path.to_string_lossy().ends_with(self.0);
        Ok(if is_it { Box::new(Unwritten(file)) } else { file })
    }

    fn overwrite(&self, path: &Path, size: u64) -> io::Result<Box<dyn Overwriter>> {
        RealDisk.overwrite(path, size)
    }
}

struct Unwritten(Box<dyn Appender>);

impl Appender for Unwritten {
    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }
    fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::Error::other("killed"))
    }
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }
    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.truncate(len)
    }
    fn in_place(&self) -> io::Result<()> {
        self.0.in_place()
    }
}

fn verdict(config: &Config) -> Verdict {
    let key = NoteSigner::load(&config.key_file()).unwrap().verifier().clone();
    verify(&config.folder, &key, None, &mut |_| {}).unwrap()
}

fn kill_a_start(config: &Config, at: &'static str) {
    assert!(Recorder::open_on(config.clone(), Arc::new(Killed(at))).is_err());
}

/// Gives the last file, and its hashes, the name of another day.
fn of_another_day(config: &Config) {
    let last = segments(&config.folder).pop().unwrap();
    let name = last.file_name().unwrap().to_string_lossy().into_owned();
    for end in ["jsonl", "leaves"] {
        let other = last.with_file_name(format!("2020-02-02{}", &name[10..])).with_extension(end);
        std::fs::rename(last.with_extension(end), other).unwrap();
    }
}

#[tokio::test]
async fn a_first_start_that_is_killed_has_lost_nothing() {
    for at in [".jsonl", CHECKPOINTS] {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::new(dir.path().join("audit"));
        kill_a_start(&config, at);
        let killed = verdict(&config);
        assert_eq!(killed.findings, [], "{at}");
        assert!(killed.notices.contains(&Notice::NothingSigned), "{at}: {:?}", killed.notices);
        assert_eq!(killed.vouched, 0);
        // What a session has done is not there without a checkpoint.
        let last = segments(&config.folder).pop().unwrap();
        let lines = std::fs::read_to_string(&last).unwrap();
        let seq = lines.lines().count() + 1;
        let login = format!(r#"{{"seq":{seq},"time":"2026-11-25T10:00:00.000000Z","event":"login","session":"x"}}"#);
        std::fs::write(&last, format!("{lines}{login}\n")).unwrap();
        assert!(verdict(&config).findings.contains(&Finding::CheckpointsMissing { by: None }), "{at}");
        std::fs::write(&last, lines).unwrap();
        Recorder::open(config.clone()).unwrap().shutdown().await;
        assert_eq!(verdict(&config).findings, [], "{at}");
    }
}

#[tokio::test]
async fn a_file_that_was_begun_on_another_day_and_has_no_line_is_no_damage() {
    for first in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::new(dir.path().join("audit"));
        if !first {
            Recorder::open(config.clone()).unwrap().shutdown().await;
            config.rotate_bytes = 1;
        }
        kill_a_start(&config, ".jsonl");
        config.rotate_bytes = 256 << 20;
        of_another_day(&config);
        assert_eq!(verdict(&config).findings, [], "{first}");
        Recorder::open(config.clone()).unwrap().shutdown().await;
        let after = verdict(&config);
        assert_eq!(after.findings, [], "{first}");
        assert!(after.nothing_vouches_for.is_none());
        assert_eq!(after.files, if first { 1 } else { 2 });
    }
}
