//! Tampering before a start: whoever can write the folder and has no key must not get the proxy to sign for it.

use std::fs;
use std::path::{Path, PathBuf};

use consentry::audit::note::NoteSigner;
use consentry::audit::verify::{Finding, Notice, Verdict, verify};
use consentry::audit::{CHECKPOINTS, Config, OpenError, Recorder};

use crate::support::{completion, decision, lines, segments};

/// A folder with a record, its keys beside it.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// A record of some statements that was stopped, in files of about `rotate` bytes.
    async fn stopped(rotate: u64) -> Self {
        let place = Self::new();
        let mut config = place.config();
        config.rotate_bytes = rotate;
        let recorder = Recorder::open(config).unwrap();
        run(&recorder, "first", 20).await;
        recorder.shutdown().await;
        place
    }

    /// As a kill -9 leaves it in the middle of the work: a copy of what a running proxy has written.
    async fn killed() -> Self {
        let (running, place) = (Self::new(), Self::new());
        let recorder = Recorder::open(running.config()).unwrap();
        run(&recorder, "first", 20).await;
        copy(running.dir.path(), place.dir.path());
        recorder.shutdown().await;
        place
    }

    fn config(&self) -> Config {
        Config::new(self.folder())
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("audit")
    }

    fn head(&self) -> PathBuf {
        let keys = fs::read_dir(self.dir.path().join("audit-keys/subjects")).unwrap();
        keys.map(|e| e.unwrap().path()).find(|p| p.extension().is_some_and(|e| e == "head")).expect("a head is kept")
    }

    /// Starts on what is there, does something, and stops.
    async fn start(&self) -> Result<Verdict, OpenError> {
        let recorder = Recorder::open(self.config())?;
        run(&recorder, "again", 3).await;
        recorder.shutdown().await;
        Ok(self.verdict())
    }

    fn verdict(&self) -> Verdict {
        let key = NoteSigner::load(&self.config().key_file()).unwrap().verifier().clone();
        verify(&self.folder(), &key, None, &mut |_| {}).unwrap()
    }

    fn take_evidence_away(&self) {
        fs::remove_file(self.folder().join(CHECKPOINTS)).unwrap();
        segments(&self.folder()).iter().for_each(|p| fs::remove_file(p.with_extension("leaves")).unwrap());
        let _ = fs::remove_file(self.folder().join("journal"));
    }

    fn change(&self, change: impl FnOnce(&mut Vec<String>)) {
        let path = segments(&self.folder()).remove(0);
        let mut lines: Vec<String> = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
        change(&mut lines);
        fs::write(path, lines.iter().map(|l| format!("{l}\n")).collect::<String>()).unwrap();
    }

    fn events(&self, kind: &str) -> Vec<serde_json::Value> {
        lines(&self.folder()).into_iter().filter(|l| l["event"] == kind).collect()
    }
}

async fn run(recorder: &Recorder, name: &str, statements: u64) {
    for n in 0..statements {
        let ticket = recorder.append(decision(&format!("{name}-{n}"))).unwrap();
        recorder.durable(&ticket).await.unwrap();
        recorder.append(completion(&format!("{name}-{n}"))).unwrap();
    }
    // The last completion too: one that is durable has all before it on disk.
    let ticket = recorder.append(decision(&format!("{name}-last"))).unwrap();
    recorder.durable(&ticket).await.unwrap();
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => assert!(fs::copy(entry.path(), to).is_ok()),
        }
    }
}

fn forged(seq: usize) -> String {
    format!(
        r#"{{"seq":{seq},"time":"2026-11-30T10:00:00.000000Z","event":"decision","statement":"forged","user":"x","outcome":"allowed"}}"#
    )
}

/// The ways to make one file of 40 and some lines another one.
type Change = fn(&mut Vec<String>);
const CHANGES: [(&str, Change); 6] = [
    ("edited", |l| l[3] = l[3].replace("\"app\"", "\"bob\"")),
    ("the last line edited", |l| *l.last_mut().unwrap() = l.last().unwrap().replace("\"20", "\"19")),
    ("cut", |l| l.truncate(10)),
    ("the last line cut", |l| drop(l.pop())),
    ("a line removed", |l| drop(l.remove(4))),
    ("swapped", |l| l.swap(4, 5)),
];

#[tokio::test]
async fn a_changed_record_without_its_signatures_is_not_signed_anew() {
    for (what, change) in CHANGES {
        for place in [Place::stopped(1 << 20).await, Place::stopped(3000).await, Place::killed().await] {
            let before = lines(&place.folder()).len() as u64;
            place.change(change);
            place.take_evidence_away();
            let verdict = place.start().await.expect("the proxy does its work");
            assert!(!verdict.is_whole(), "{what}: {verdict:?}");
            let told = |n: &Notice| matches!(n, Notice::NotAsLeft { known, .. } if *known == before);
            assert!(verdict.notices.iter().any(told), "{what}: {verdict:?}");
            assert_eq!(place.events("not_as_left").len(), 1, "{what}");
            // What came later is as good as ever, and the next start finds nothing new.
            let again = place.start().await.unwrap();
            assert_eq!(again.findings.len(), verdict.findings.len(), "{what}: {again:?}");
            assert_eq!(place.events("not_as_left").len(), 1, "{what}");
        }
    }
}

#[tokio::test]
async fn a_tail_that_only_head_and_journal_know_is_not_changed_unseen() {
    for (what, change) in CHANGES {
        for with_journal in [false, true] {
            let place = Place::killed().await;
            assert_eq!(place.start().await.unwrap().findings, [], "the kill alone is no damage");
            let place = Place::killed().await;
            place.change(change);
            if !with_journal {
                fs::remove_file(place.folder().join("journal")).unwrap();
            }
            let verdict = place.start().await.unwrap();
            // What the journal still has is put back, behind the last line whose number fits.
            let mended = with_journal && !what.contains("edited");
            assert_eq!(verdict.is_whole(), mended, "{what}, {with_journal}: {verdict:?}");
        }
    }
}

#[tokio::test]
async fn a_record_without_its_head_is_refused_when_nothing_signed_vouches_for_it() {
    for (_, change) in CHANGES {
        let place = Place::stopped(1 << 20).await;
        place.change(change);
        place.take_evidence_away();
        fs::remove_file(place.head()).unwrap();
        let refused = place.start().await.expect_err("nothing can be known of it").to_string();
        assert!(refused.contains("vouches for lines 1 to"), "{refused}");
    }
}

#[tokio::test]
async fn a_deleted_folder_is_no_new_record() {
    let place = Place::stopped(1 << 20).await;
    let before = lines(&place.folder()).len() as u64;
    fs::remove_dir_all(place.folder()).unwrap();
    let verdict = place.start().await.unwrap();
    assert_eq!(verdict.findings, [Finding::FileMissing { from: 1, to: before }]);
    assert!(matches!(verdict.notices[..], [Notice::NotAsLeft { found: 0, .. }, ..]), "{verdict:?}");
    assert_eq!(lines(&place.folder())[0]["seq"], before + 1);
}

/// A backup of the folder can be put back; what was written since is missing, and neither its numbers nor a tree of its
/// size are given twice.
#[tokio::test]
async fn a_restored_backup_is_taken_up_and_told() {
    for rotate in [1 << 20, 3000] {
        let place = Place::stopped(rotate).await;
        let backup = tempfile::tempdir().unwrap();
        copy(&place.folder(), backup.path());
        let old = lines(&place.folder()).len() as u64;
        place.start().await.unwrap();
        let new = lines(&place.folder()).len() as u64;
        let checkpoints = fs::read_to_string(place.folder().join(CHECKPOINTS)).unwrap();
        let tail = segments(&place.folder()).pop().unwrap();
        let whole_tail = (fs::read(&tail).unwrap(), fs::read(tail.with_extension("leaves")).unwrap());
        fs::remove_dir_all(place.folder()).unwrap();
        copy(backup.path(), &place.folder());

        let verdict = place.start().await.unwrap();
        assert_eq!(verdict.findings, [Finding::FileMissing { from: old + 1, to: new }]);
        let told = |n: &Notice| matches!(n, Notice::NotAsLeft { known, found, .. } if (*known, *found) == (new, old));
        assert!(verdict.notices.iter().any(told), "{verdict:?}");
        // Checkpoints from before are still good.
        let key = NoteSigner::load(&place.config().key_file()).unwrap().verifier().clone();
        let verdict = verify(&place.folder(), &key, Some(&checkpoints), &mut |_| {}).unwrap();
        assert_eq!(verdict.findings, [Finding::FileMissing { from: old + 1, to: new }]);
        // And when the lines are found again, with their checkpoints, the record is whole.
        fs::write(&tail, whole_tail.0).unwrap();
        fs::write(tail.with_extension("leaves"), whole_tail.1).unwrap();
        assert!(matches!(place.verdict().findings[..], [Finding::CheckpointMissing { .. }]), "{:?}", place.verdict());
        let backed_up = fs::read_to_string(backup.path().join(CHECKPOINTS)).unwrap().len();
        let since = fs::read_to_string(place.folder().join(CHECKPOINTS)).unwrap().split_off(backed_up);
        fs::write(place.folder().join(CHECKPOINTS), checkpoints + &since).unwrap();
        assert_eq!(place.verdict().findings, []);
    }
}

/// Keys from a backup: the head is an old one, and what was signed since vouches for itself.
#[tokio::test]
async fn an_older_head_is_outdone_by_what_is_signed() {
    let place = Place::stopped(3000).await;
    let head = fs::read(place.head()).unwrap();
    for _ in 0..2 {
        place.start().await.unwrap();
    }
    fs::write(place.head(), head).unwrap();
    let verdict = place.start().await.unwrap();
    assert_eq!(verdict.findings, []);
    assert_eq!(place.events("not_as_left").len(), 0);
}

#[tokio::test]
async fn lines_that_were_added_before_a_start_are_put_aside() {
    for (place, ended) in [(Place::stopped(1 << 20).await, true), (Place::killed().await, false)] {
        let before = lines(&place.folder()).len();
        place.change(|l| l.extend((1..=500).map(|n| forged(before + n))));
        if ended {
            let behind = Finding::BehindTheEnd { from: before as u64 + 1, to: before as u64 + 500 };
            assert_eq!(place.verdict().findings, [behind]);
        }
        let verdict = place.start().await.unwrap();
        assert_eq!(verdict.findings, []);
        let told = |n: &Notice| matches!(n, Notice::PutAside { lines: 500, missing: 0, .. });
        assert!(verdict.notices.iter().any(told), "{verdict:?}");
        assert!(lines(&place.folder()).iter().all(|l| l["statement"] != "forged"));
    }
}

/// Behind a stop a start can be forged too, but nothing that a session did.
#[tokio::test]
async fn behind_a_stop_only_a_start_can_stand() {
    let place = Place::stopped(1 << 20).await;
    let next = lines(&place.folder()).len() as u64 + 1;
    place.change(|l| l.push(l[0].replacen("{\"seq\":1,", &format!("{{\"seq\":{next},"), 1)));
    assert_eq!(place.verdict().findings, [], "killed before it could sign its start");
    place.change(|l| l.push(forged(l.len() + 1)));
    assert_eq!(place.verdict().findings, [Finding::BehindTheEnd { from: next + 1, to: next + 1 }]);
}

/// A record of an earlier version has no head; what was signed vouches for it, and a crash's unsigned end is named.
#[tokio::test]
async fn a_record_without_a_head_is_taken_up_and_told() {
    let place = Place::stopped(3000).await;
    fs::remove_file(place.head()).unwrap();
    let verdict = place.start().await.unwrap();
    assert_eq!(verdict.findings, []);
    let told = |n: &Notice| matches!(n, Notice::HeadMissing { unsigned: None, .. });
    assert!(verdict.notices.iter().any(told), "{verdict:?}");

    let place = Place::killed().await;
    let last = lines(&place.folder()).len() as u64;
    fs::remove_file(place.head()).unwrap();
    fs::remove_file(place.folder().join("journal")).unwrap();
    let verdict = place.start().await.unwrap();
    assert_eq!(verdict.findings, []);
    let told = |n: &Notice| matches!(n, Notice::HeadMissing { unsigned: Some((2, to)), .. } if *to == last);
    assert!(verdict.notices.iter().any(told), "{verdict:?}");
    place.start().await.unwrap();
    assert_eq!(place.events("head_missing").len(), 1, "told once");
}

#[tokio::test]
async fn killed_before_its_first_line_was_signed_it_starts_again() {
    let place = Place::stopped(1 << 20).await;
    place.take_evidence_away();
    place.change(|l| l.truncate(1));
    // The head of no line, which is made before the first, stands in the first of two places of 4 KiB.
    let mut config = Config::new(place.dir.path().join("new/audit"));
    config.key = Some(place.config().key_file());
    let _recorder = Recorder::open(config.clone()).unwrap();
    let new = fs::read_dir(place.dir.path().join("new/audit-keys/subjects")).unwrap().map(|e| e.unwrap().path());
    let new = fs::read(new.into_iter().find(|p| p.extension().unwrap() == "head").unwrap()).unwrap();
    fs::write(place.head(), &new[..4096]).unwrap();
    let verdict = place.start().await.unwrap();
    assert_eq!(verdict.findings, []);
    assert!(verdict.notices.iter().any(|n| matches!(n, Notice::PutAside { lines: 1, .. })), "{verdict:?}");
}

#[tokio::test]
async fn two_records_do_not_share_a_head() {
    let place = Place::stopped(1 << 20).await;
    let _running = Recorder::open(place.config()).unwrap();
    let mut other = Config::new(place.dir.path().join("elsewhere/audit"));
    (other.key, other.subject_keys) = (Some(place.config().key_file()), Some(place.config().subject_keys_folder()));
    let refused = Recorder::open(other).err().unwrap().to_string();
    assert!(refused.contains("another proxy keeps its record's head here"), "{refused}");
}
