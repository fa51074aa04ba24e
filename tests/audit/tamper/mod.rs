//! The tampering matrix: whatever is done to a copied record, verify names the first line that is not as it was.

mod ends;
mod restart;
mod unvouched;

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{completion, decision, segments};
use consentry::audit::checkpoint::{Checkpoint, Leaves};
use consentry::audit::note::{NoteReader, NoteSigner, NoteVerifier};
use consentry::audit::read::for_each_line;
use consentry::audit::tree::{Tree, leaf_hash};
use consentry::audit::verify::{Finding, Notice, Verdict, verify};
use consentry::audit::{CHECKPOINTS, Config, Recorder};

/// A record of 27 lines in several files, begun and stopped twice.
struct Sample {
    dir: tempfile::TempDir,
    key: NoteVerifier,
}

const LAST: u64 = 27;

impl Sample {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::new(dir.path().join("audit"));
        config.rotate_bytes = 3000;
        config.unvouched_at_most = 8192;
        for run in 0..2 {
            let recorder = Recorder::open(config.clone()).unwrap();
            let statements = 5 + run;
            for n in 0..statements {
                let ticket = recorder.append(decision(&format!("{run}-{n}"))).unwrap();
                recorder.durable(&ticket).await.unwrap();
                recorder.append(completion(&format!("{run}-{n}"))).unwrap();
            }
            if run == 1 {
                recorder.append(completion("none")).unwrap();
            }
            recorder.shutdown().await;
        }
        let key = NoteSigner::load(&config.key_file()).unwrap().verifier().clone();
        let sample = Self { dir, key };
        assert!(segments(&sample.folder()).len() >= 3, "the sample must span files");
        sample
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("audit")
    }

    /// A copy of the folder for one act of tampering.
    fn copy(&self) -> Copy {
        let dir = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(self.folder()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
        }
        Copy { dir, key: self.key.clone() }
    }
}

struct Copy {
    dir: tempfile::TempDir,
    key: NoteVerifier,
}

impl Copy {
    fn folder(&self) -> &Path {
        self.dir.path()
    }

    fn verdict(&self) -> Verdict {
        verify(self.folder(), &self.key, None, &mut |_| {}).unwrap()
    }

    /// File and index in it of a line.
    fn find(&self, seq: u64) -> (PathBuf, usize) {
        let start = format!("{{\"seq\":{seq},");
        for path in segments(self.folder()) {
            let text = fs::read_to_string(&path).unwrap();
            if let Some(at) = text.lines().position(|l| l.starts_with(&start)) {
                return (path, at);
            }
        }
        panic!("no line {seq}");
    }

    /// Lets `change` rewrite the lines of the file that holds line `seq`, given the line's index.
    fn rewrite(&self, seq: u64, change: impl FnOnce(&mut Vec<String>, usize)) {
        let (path, at) = self.find(seq);
        let mut lines: Vec<String> = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
        change(&mut lines, at);
        fs::write(path, lines.iter().map(|l| format!("{l}\n")).collect::<String>()).unwrap();
    }
}

fn first(verdict: &Verdict) -> &Finding {
    verdict.first_finding().expect("the damage must be found")
}

#[tokio::test]
async fn an_untouched_record_is_whole() {
    let sample = Sample::new().await;
    let verdict = sample.copy().verdict();
    assert_eq!(verdict.findings, []);
    assert_eq!((verdict.lines, verdict.vouched, verdict.nothing_vouches_for), (LAST, LAST, None));
    assert_eq!((verdict.decisions, verdict.never_completed), (11, 0));
    assert_eq!(verdict.notices, []);
    assert!(verdict.checkpoints_checked >= 4, "start and stop, twice: {}", verdict.checkpoints_checked);
}

/// The newline is a byte of its line: who reads a record leaves a line without one out.
#[tokio::test]
async fn a_newline_that_is_cut_off_is_named() {
    let sample = Sample::new().await;
    for (i, path) in segments(&sample.folder()).iter().enumerate() {
        let copy = sample.copy();
        let name = path.file_name().unwrap();
        let text = fs::read_to_string(path).unwrap();
        fs::write(copy.folder().join(name), text.strip_suffix('\n').unwrap()).unwrap();
        let seq = segments(&sample.folder())[..=i]
            .iter()
            .map(|p| fs::read_to_string(p).unwrap().lines().count() as u64)
            .sum::<u64>();
        let verdict = copy.verdict();
        assert!(matches!(first(&verdict), Finding::Changed { seq: s, .. } if *s == seq), "{name:?}: {verdict:?}");
        assert_eq!(verdict.findings.len(), 1, "{name:?}: {verdict:?}");
        let mut read = 0;
        for_each_line(
            copy.folder(),
            |_| true,
            |_, _| {
                read += 1;
                true
            },
        )
        .unwrap();
        assert_eq!(read, LAST, "{name:?}: every line that is there is read");
    }
}

#[tokio::test]
async fn every_edit_of_a_line_is_named() {
    let sample = Sample::new().await;
    for seq in 1..=LAST {
        // One byte in the middle, the time, the number itself, the last brace, and nothing left at all.
        let edits: [&dyn Fn(&str) -> String; 5] = [
            &|l| format!("{} {}", &l[..l.len() / 2], &l[l.len() / 2 + 1..]),
            &|l| l.replacen("\"time\":\"20", "\"time\":\"19", 1),
            &|l| l.replacen("{\"seq\":", "{\"seq\":9", 1),
            &|l| l[..l.len() - 1].to_owned(),
            &|_| String::new(),
        ];
        for (i, edit) in edits.iter().enumerate() {
            let copy = sample.copy();
            copy.rewrite(seq, |lines, at| lines[at] = edit(&lines[at]));
            let verdict = copy.verdict();
            assert!(
                matches!(first(&verdict), Finding::Changed { seq: s, .. } if *s == seq),
                "edit {i} of {seq}: {verdict:?}"
            );
            assert_eq!(verdict.findings.len(), 1, "edit {i} of {seq}: {verdict:?}");
        }
    }
}

#[tokio::test]
async fn every_deletion_is_named() {
    let sample = Sample::new().await;
    for seq in 1..=LAST {
        let copy = sample.copy();
        copy.rewrite(seq, |lines, at| drop(lines.remove(at)));
        let verdict = copy.verdict();
        let named = match first(&verdict) {
            Finding::Removed { from, to, .. } | Finding::CutOff { from, to, .. } => (*from, *to),
            other => panic!("{seq}: {other:?}"),
        };
        assert_eq!((named, verdict.findings.len()), ((seq, seq), 1), "{verdict:?}");
    }
}

#[tokio::test]
async fn every_swap_is_named() {
    let sample = Sample::new().await;
    for seq in 1..LAST {
        let copy = sample.copy();
        let (file, next_file) = (copy.find(seq).0, copy.find(seq + 1).0);
        if file != next_file {
            continue;
        }
        copy.rewrite(seq, |lines, at| lines.swap(at, at + 1));
        let verdict = copy.verdict();
        assert!(matches!(first(&verdict), Finding::Moved { seq: s, .. } if *s == seq), "{seq}: {verdict:?}");
        assert_eq!(verdict.findings.len(), 1);
    }
}

#[tokio::test]
async fn every_insertion_is_named() {
    let sample = Sample::new().await;
    for seq in 1..=LAST {
        for forged in [false, true] {
            let copy = sample.copy();
            copy.rewrite(seq, |lines, at| {
                let again = lines[at].clone();
                let line = if forged { again.replace("\"time\":\"20", "\"time\":\"30") } else { again };
                lines.insert(at + 1, line);
            });
            let verdict = copy.verdict();
            assert!(matches!(first(&verdict), Finding::Inserted { after, .. } if *after == seq), "{seq}: {verdict:?}");
        }
    }
}

#[tokio::test]
async fn every_cut_tail_is_named() {
    let sample = Sample::new().await;
    for seq in 1..=LAST {
        let copy = sample.copy();
        // All from `seq` on, with the later files and their hashes; the checkpoints stay.
        let (path, at) = copy.find(seq);
        for later in segments(copy.folder()).into_iter().filter(|p| *p > path) {
            fs::remove_file(later.with_extension("leaves")).unwrap();
            fs::remove_file(later).unwrap();
        }
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.lines().take(at).map(|l| format!("{l}\n")).collect::<String>()).unwrap();
        let verdict = copy.verdict();
        assert!(matches!(first(&verdict), Finding::CutOff { from, .. } if *from == seq), "{seq}: {verdict:?}");
    }
}

/// Even when the checkpoints and hashes are cut along, a checkpoint that was kept elsewhere tells.
#[tokio::test]
async fn an_external_checkpoint_names_what_all_else_forgot() {
    let sample = Sample::new().await;
    let notes = |text: &str| {
        let mut reader = NoteReader::new(text.as_bytes());
        std::iter::from_fn(|| reader.read_next().unwrap()).map(|n| n.note).collect::<Vec<_>>()
    };
    let all = notes(&fs::read_to_string(sample.folder().join(CHECKPOINTS)).unwrap());
    let copy = sample.copy();
    // Back to the state at the first stop: a whole, earlier record.
    let stop = 12;
    let kept: String = all.iter().filter(|n| size(n, &copy.key) <= stop).map(String::as_str).collect();
    fs::write(copy.folder().join(CHECKPOINTS), kept).unwrap();
    let (path, at) = copy.find(stop);
    for later in segments(copy.folder()).into_iter().filter(|p| *p > path) {
        fs::remove_file(later.with_extension("leaves")).unwrap();
        fs::remove_file(later).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.lines().take(at + 1).map(|l| format!("{l}\n")).collect::<String>()).unwrap();
    let leaves = path.with_extension("leaves");
    let kept: String = notes(&fs::read_to_string(&leaves).unwrap())
        .into_iter()
        .filter(|n| Leaves::parse(copy.key.open(n).unwrap(), copy.key.name()).is_none_or(|l| l.first <= stop))
        .collect();
    fs::write(&leaves, kept).unwrap();
    assert_eq!(copy.verdict().findings, [], "nothing in the folder can tell");

    let verdict = verify(copy.folder(), &copy.key, Some(all.last().unwrap()), &mut |_| {}).unwrap();
    assert_eq!(verdict.findings, [Finding::CutOff { from: stop + 1, to: LAST, file: None }]);
    // A copy of the file of checkpoints is what people keep.
    let whole = fs::read_to_string(sample.folder().join(CHECKPOINTS)).unwrap();
    let verdict = verify(copy.folder(), &copy.key, Some(&whole), &mut |_| {}).unwrap();
    assert_eq!(verdict.findings, [Finding::CutOff { from: stop + 1, to: LAST, file: None }]);
    let verdict = verify(sample.folder().as_path(), &copy.key, Some(&whole), &mut |_| {}).unwrap();
    assert_eq!(verdict.findings, []);
    for unusable in ["", "nothing signed", &whole[1..]] {
        let verdict = verify(sample.folder().as_path(), &copy.key, Some(unusable), &mut |_| {}).unwrap();
        assert!(matches!(verdict.findings[..], [Finding::ExternalUnusable { .. }]), "{unusable:?}: {verdict:?}");
    }
}

fn size(note: &str, key: &NoteVerifier) -> u64 {
    Checkpoint::parse(key.open(note).unwrap()).unwrap().size
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let sample = Sample::new().await;
    let files = segments(&sample.folder());
    for (i, file) in files.iter().enumerate() {
        let copy = sample.copy();
        let gone = copy.folder().join(file.file_name().unwrap());
        let first_seq: u64 = gone.file_name().unwrap().to_str().unwrap().split('.').nth(1).unwrap().parse().unwrap();
        fs::remove_file(gone.with_extension("leaves")).unwrap();
        fs::remove_file(&gone).unwrap();
        let verdict = copy.verdict();
        let from = match first(&verdict) {
            Finding::FileMissing { from, .. } => *from,
            Finding::CutOff { from, .. } if i + 1 == files.len() => *from,
            other => panic!("{other:?}"),
        };
        assert_eq!((from, verdict.findings.len()), (first_seq, 1), "{verdict:?}");
    }
}

/// Reports of a day leave files of other days out by their names.
#[tokio::test]
async fn another_day_in_a_files_name_is_named() {
    let sample = Sample::new().await;
    for file in segments(&sample.folder()) {
        let copy = sample.copy();
        let name = file.file_name().unwrap().to_str().unwrap();
        let (_, rest) = name.split_once('.').unwrap();
        for (from, to) in [(name.to_owned(), rest.to_owned()), (leaves(name), leaves(rest))] {
            fs::rename(copy.folder().join(from), copy.folder().join(format!("2020-01-01.{to}"))).unwrap();
        }
        let verdict = copy.verdict();
        let number: u64 = rest.split('.').next().unwrap().parse().unwrap();
        assert!(matches!(first(&verdict), Finding::Renamed { first, .. } if *first == number), "{verdict:?}");
        assert_eq!(verdict.findings.len(), 1, "{verdict:?}");
    }
}

fn leaves(name: &str) -> String {
    name.replace(".jsonl", ".leaves")
}

/// All that a thief of the folder without the key can do: sign everything anew with a key of his own.
#[tokio::test]
async fn signing_anew_with_another_key_shows() {
    let sample = Sample::new().await;
    let copy = sample.copy();
    let other = NoteSigner::generate(copy.key.name()).unwrap();
    resign(&copy, &other);
    let verdict = copy.verdict();
    let other_name = verdict.findings[0].to_string();
    assert!(matches!(verdict.findings[0], Finding::CheckpointsMissing { by: Some(_) }), "{verdict:?}");
    assert!(other_name.contains(&other.verifier().to_string()[..copy.key.name().len() + 9]), "{other_name}");
    let by_other = |f: &Finding| matches!(f, Finding::CheckpointUnusable { why, .. } if why.contains("another key"));
    assert!(verdict.findings.iter().any(by_other), "{verdict:?}");
    let under_his_key = verify(copy.folder(), other.verifier(), None, &mut |_| {}).unwrap();
    assert_eq!(under_his_key.findings, [], "the forgery itself must be a good one for this test to mean anything");
}

/// Rebuilds hashes and checkpoints of a folder with `signer`, as a forger would after changing line 5.
fn resign(copy: &Copy, signer: &NoteSigner) {
    copy.rewrite(5, |lines, at| lines[at] = lines[at].replace("app", "bob"));
    let origin = signer.verifier().name();
    let mut tree = Tree::default();
    let mut checkpoints = String::new();
    for path in segments(copy.folder()) {
        let frontier = consentry::audit::checkpoint::frontier_text(origin, &tree);
        let first = tree.size() + 1;
        let hashes: Vec<_> = fs::read_to_string(&path).unwrap().lines().map(|l| leaf_hash(l.as_bytes())).collect();
        for hash in &hashes {
            tree.push(*hash);
            checkpoints += &signer.sign(&Checkpoint::of(origin, &tree).text());
        }
        let leaves = Leaves { first, hashes };
        let notes = signer.sign(&frontier) + &signer.sign(&leaves.text(origin));
        fs::write(path.with_extension("leaves"), notes).unwrap();
    }
    fs::write(copy.folder().join(CHECKPOINTS), checkpoints).unwrap();
}

/// Without the signed hashes the checkpoints still bound where the change is.
#[tokio::test]
async fn an_edit_with_the_hashes_gone_is_bounded_by_checkpoints() {
    let sample = Sample::new().await;
    for seq in 1..=LAST {
        let copy = sample.copy();
        copy.rewrite(seq, |lines, at| lines[at] = lines[at].replacen("\"time\":\"20", "\"time\":\"19", 1));
        let file = copy.find(seq).0;
        fs::remove_file(file.with_extension("leaves")).unwrap();
        let verdict = copy.verdict();
        assert!(matches!(verdict.findings[0], Finding::HashesMissing { .. }), "{verdict:?}");
        let bounded = |f: &Finding| matches!(f, Finding::ChangedBetween { from, to } if (*from..=*to).contains(&seq));
        assert!(verdict.findings.iter().any(bounded), "{seq}: {verdict:?}");
    }
}

#[tokio::test]
async fn edited_evidence_is_named() {
    let sample = Sample::new().await;
    for name in [CHECKPOINTS.to_owned(), "leaves".to_owned()] {
        let copy = sample.copy();
        let path = if name == CHECKPOINTS {
            copy.folder().join(CHECKPOINTS)
        } else {
            segments(copy.folder())[0].with_extension("leaves")
        };
        let text = fs::read_to_string(&path).unwrap();
        // The first character of the first hash.
        let hash = text.lines().find(|l| l.ends_with('=') && !l.contains(' ')).unwrap();
        let at = text.find(hash).unwrap();
        let flipped = if &text[at..=at] == "A" { "B" } else { "A" };
        fs::write(&path, format!("{}{flipped}{}", &text[..at], &text[at + 1..])).unwrap();
        let verdict = copy.verdict();
        let found = verdict.findings.iter().any(|f| {
            matches!(f, Finding::CheckpointUnusable { why, .. } | Finding::HashesUnusable { why, .. }
                if why == "its signature does not fit its text")
        });
        assert!(found, "{name}: {verdict:?}");
    }
}

#[tokio::test]
async fn a_decision_without_completion_is_told_and_is_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::new(dir.path().join("audit"));
    let recorder = Recorder::open(config.clone()).unwrap();
    let ticket = recorder.append(decision("lost")).unwrap();
    recorder.append(decision("done")).unwrap();
    recorder.append(completion("done")).unwrap();
    recorder.shutdown().await;
    let key = NoteSigner::load(&config.key_file()).unwrap().verifier().clone();
    let verdict = verify(&config.folder, &key, None, &mut |_| {}).unwrap();
    assert!(verdict.is_whole());
    assert_eq!(verdict.notices, [Notice::NeverCompleted { seq: ticket.seq(), statement: "lost".into() }]);
}

#[tokio::test]
async fn a_record_that_is_being_written_is_told_from_one_whose_proxy_was_killed() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::new(dir.path().join("audit"));
    let recorder = Recorder::open(config.clone()).unwrap();
    let ticket = recorder.append(decision("running")).unwrap();
    recorder.durable(&ticket).await.unwrap();
    let key = NoteSigner::load(&config.key_file()).unwrap().verifier().clone();
    let notices = |folder: &Path| {
        let verdict = verify(folder, &key, None, &mut |_| {}).unwrap();
        assert!(verdict.is_whole());
        (verdict.notices, verdict.running, verdict.never_completed)
    };
    let (live, running, ended) = notices(&config.folder);
    assert!(matches!(&live[..], [Notice::BeingWritten { after: 2, .. }, Notice::Running { seq: 2, .. }]), "{live:?}");
    assert_eq!((running, ended), (1, 0));

    let copy = dir.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(&config.folder).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
    }
    let (copied, running, ended) = notices(&copy);
    assert!(
        matches!(&copied[..], [Notice::OpenEnd { after: 2, .. }, Notice::NeverCompleted { seq: 2, .. }]),
        "{copied:?}"
    );
    assert_eq!((running, ended), (0, 1));

    recorder.append(completion("running")).unwrap();
    recorder.shutdown().await;
    assert_eq!(notices(&config.folder), (vec![], 0, 0));
}
