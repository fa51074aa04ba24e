//! What no checkpoint vouches for is never called whole, and is a finding where it is more than a crash leaves.

use std::fs;

use consentry::audit::CHECKPOINTS;
use consentry::audit::note::NoteReader;
use consentry::audit::verify::{Because, Finding, Lines, Verdict};

use super::{Copy, LAST, Sample, first, size};
use crate::support::segments;

fn notes(text: &str) -> Vec<String> {
    let mut reader = NoteReader::new(text.as_bytes());
    std::iter::from_fn(|| reader.read_next().unwrap()).map(|n| n.note).collect()
}

impl Copy {
    fn checkpoints(&self) -> Vec<String> {
        notes(&fs::read_to_string(self.folder().join(CHECKPOINTS)).unwrap())
    }

    fn keep_checkpoints(&self, keep: impl Fn(u64) -> bool) {
        let kept: String = self.checkpoints().into_iter().filter(|n| keep(size(n, &self.key))).collect();
        fs::write(self.folder().join(CHECKPOINTS), kept).unwrap();
    }

    /// Leaves of a file's signed hashes the first note, which is of what comes before it.
    fn keep_frontier(&self, file: usize) {
        let path = segments(self.folder())[file].with_extension("leaves");
        let first = notes(&fs::read_to_string(&path).unwrap()).remove(0);
        fs::write(path, first).unwrap();
    }

    /// One file of these lines, numbered anew.
    fn invent(&self, lines: impl Iterator<Item = String>) {
        for later in segments(self.folder()).into_iter().skip(1) {
            fs::remove_file(later.with_extension("leaves")).unwrap();
            fs::remove_file(later).unwrap();
        }
        let renumbered = lines.enumerate().map(|(i, line)| {
            let (_, rest) = line.split_once(',').unwrap();
            format!("{{\"seq\":{},{rest}\n", i + 1)
        });
        fs::write(&segments(self.folder())[0], renumbered.collect::<String>()).unwrap();
        self.keep_frontier(0);
        self.keep_checkpoints(|size| size == 1);
    }

    fn lines(&self) -> Vec<String> {
        let text: String = segments(self.folder()).iter().map(|p| fs::read_to_string(p).unwrap()).collect();
        text.lines().map(str::to_owned).collect()
    }
}

fn because(verdict: &Verdict) -> &Because {
    match first(verdict) {
        Finding::NothingVouches { because, .. } | Finding::CheckpointMissing { because, .. } => because,
        other => panic!("{other:?}"),
    }
}

/// The first checkpoint is kept, and behind it a record of his own that ends as one does.
#[tokio::test]
async fn an_invented_record_behind_the_first_checkpoint_is_found() {
    let sample = Sample::new().await;
    let copy = sample.copy();
    let all = copy.lines();
    let inner = |line: &&String| !line.contains("\"event\":\"start\"") && !line.contains("\"event\":\"stop\"");
    let invented: Vec<String> = all[..1]
        .iter()
        .chain(all.iter().filter(inner).skip(2))
        .chain(&all[all.len() - 1..])
        .map(|line| line.replace("\"app\"", "\"bob\""))
        .collect();
    copy.invent(invented.clone().into_iter());
    let verdict = copy.verdict();
    let last = invented.len() as u64;
    assert_eq!(*because(&verdict), Because::Stopped { seq: last }, "{verdict:?}");
    assert_eq!(verdict.nothing_vouches_for, Some(Lines { from: 2, to: last }));
    assert_eq!(first(&verdict).headline(), "checkpoints taken away");

    // Nor does it help that nobody can read what it says: a key that is there twice, a time that is none.
    for unreadable in [(",\"event\"", ",\"seq\":9,\"event\""), ("\"time\":\"2", "\"time\":\"x2")] {
        let copy = sample.copy();
        let hidden = invented.iter().skip(1).map(|line| line.replacen(unreadable.0, unreadable.1, 1));
        copy.invent(invented[..1].iter().cloned().chain(hidden));
        let verdict = copy.verdict();
        assert!(!verdict.findings.is_empty(), "{unreadable:?} {verdict:?}");
    }

    // Without its stop it must not be too long, in lines and in time.
    let line = &invented[1];
    let time = line.split('"').nth(5).unwrap().to_owned();
    let copy = sample.copy();
    copy.invent(invented[..1].iter().cloned().chain((0..9000).map(|_| line.clone())));
    assert_eq!(*because(&copy.verdict()), Because::Many { most: 8192 });
    let copy = sample.copy();
    let later: jiff::Timestamp = time.parse().unwrap();
    let later = format!("{:.6}", later + jiff::SignedDuration::from_secs(100));
    copy.invent(invented[..3].iter().cloned().chain([line.replace(&time, &later)]));
    assert!(matches!(because(&copy.verdict()), Because::Long { .. }), "{:?}", copy.verdict());

    // As little as a crash leaves may be his own; it is not called whole.
    let copy = sample.copy();
    copy.invent(invented[..5].iter().cloned());
    let verdict = copy.verdict();
    assert_eq!(verdict.findings, []);
    assert_eq!(verdict.headline(), "whole up to line 1; nothing vouches for lines 2 to 5");

    // Nor may a next run stand behind it.
    let copy = sample.copy();
    copy.invent(invented[..5].iter().cloned().chain(all[..1].iter().cloned()));
    assert_eq!(*because(&copy.verdict()), Because::Started { seq: 6 });
    let copy = sample.copy();
    copy.invent(all[..1].iter().cloned().chain(all[..1].iter().cloned()).chain(invented[2..4].iter().cloned()));
    assert!(matches!(copy.verdict().findings[0], Finding::BehindTheEnd { from: 3, to: 4 }), "{:?}", copy.verdict());
}

/// All of the last file.
#[tokio::test]
async fn an_invented_last_file_is_found() {
    let sample = Sample::new().await;
    let copy = sample.copy();
    let files = segments(copy.folder());
    let last = files.last().unwrap();
    let number: u64 = last.file_name().unwrap().to_str().unwrap().split('.').nth(1).unwrap().parse().unwrap();
    let text = fs::read_to_string(last).unwrap();
    fs::write(last, text.replace("\"app\"", "\"bob\"")).unwrap();
    copy.keep_frontier(files.len() - 1);
    copy.keep_checkpoints(|size| size < number);
    let verdict = copy.verdict();
    assert_eq!(*because(&verdict), Because::Stopped { seq: LAST }, "{verdict:?}");
}

/// Whichever checkpoints are taken away, it shows; but for the very last, behind which the proxy may have been killed.
#[tokio::test]
async fn a_checkpoint_that_was_taken_away_is_missed() {
    let sample = Sample::new().await;
    let sizes: Vec<u64> = sample.copy().checkpoints().iter().map(|n| size(n, &sample.key)).collect();
    for (i, gone) in sizes.iter().enumerate() {
        let copy = sample.copy();
        copy.keep_checkpoints(|size| size != *gone);
        let verdict = copy.verdict();
        if *gone == LAST {
            assert_eq!(verdict.findings, []);
            assert_eq!(verdict.headline(), format!("whole up to line {}; nothing vouches for line {LAST}", LAST - 1));
            continue;
        }
        let inner =
            matches!(first(&verdict), Finding::CheckpointMissing { from, to, .. } if (from..=to).contains(&gone));
        assert!(inner, "{gone} of {sizes:?}: {verdict:?}");
        let copy = sample.copy();
        copy.keep_checkpoints(|size| size < *gone);
        if i > 0 {
            assert!(!copy.verdict().is_whole(), "from {gone} on");
        }
    }
}

/// A torn checkpoint at the end is what a crash leaves, and no more than that.
#[tokio::test]
async fn a_torn_last_checkpoint_is_no_damage_and_vouches_for_nothing() {
    let sample = Sample::new().await;
    let copy = sample.copy();
    let path = copy.folder().join(CHECKPOINTS);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() - 30]).unwrap();
    let verdict = copy.verdict();
    assert_eq!((&verdict.findings[..], verdict.vouched), (&[][..], LAST - 1));
    let all = copy.checkpoints();
    fs::write(&path, format!("{text}{}", &all[0][..20])).unwrap();
    assert_eq!(copy.verdict().findings, []);
    fs::write(&path, format!("{}\n\n{text}", &all[0][..20])).unwrap();
    assert!(matches!(copy.verdict().findings[..], [Finding::CheckpointUnusable { .. }]), "in the middle it is damage");
}
