//! The record as a file: numbers, order, crash, lock.

use crate::support::{completion, decision, lines};
use consentry::audit::{Config, OpenError, Recorder};

#[tokio::test]
async fn a_decision_is_in_the_file_once_it_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::open(Config::new(folder.path().join("audit"))).unwrap();
    let ticket = recorder.append(decision("s1-1")).unwrap();
    recorder.durable(&ticket).await.unwrap();
    assert!(recorder.is_durable(&ticket));
    let on_disk = lines(&folder.path().join("audit"));
    assert_eq!(on_disk[0]["event"], "start");
    let line = on_disk.iter().find(|l| l["event"] == "decision").unwrap();
    assert_eq!(line["seq"], ticket.seq());
    assert_eq!(line["statement"], "s1-1");
}

#[tokio::test]
async fn fields_stand_in_the_order_of_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("audit");
    let recorder = Recorder::open(Config::new(&folder)).unwrap();
    recorder.append(decision("s1-1")).unwrap();
    recorder.append(completion("s1-1")).unwrap();
    recorder.shutdown().await;
    let on_disk = lines(&folder);
    let keys = |i: usize| on_disk[i].as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(" ");
    assert_eq!(
        keys(1),
        "seq time event session statement user role recipient purpose basis purpose_set_by reason client database \
         fingerprint sql kind outcome refusal tables rules policy subjects"
    );
    assert_eq!(keys(2), "seq time event statement outcome sqlstate rows bytes ms");
}

#[tokio::test]
async fn numbers_have_no_gap_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("audit");
    for round in 0..3 {
        let recorder = Recorder::open(Config::new(&folder)).unwrap();
        for n in 0..10 {
            recorder.append(decision(&format!("{round}-{n}"))).unwrap();
        }
        recorder.shutdown().await;
    }
    let seqs: Vec<u64> = lines(&folder).iter().map(|l| l["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=36).collect::<Vec<_>>(), "3 × (start, 10 decisions, stop)");
}

#[tokio::test]
async fn two_proxies_cannot_share_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("audit");
    let _first = Recorder::open(Config::new(&folder)).unwrap();
    assert!(matches!(Recorder::open(Config::new(&folder)), Err(OpenError::Locked { .. })));
}

#[tokio::test]
async fn after_shutdown_nothing_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("audit");
    let recorder = Recorder::open(Config::new(&folder)).unwrap();
    recorder.shutdown().await;
    assert!(recorder.append(decision("late")).is_err());
    assert_eq!(lines(&folder).last().unwrap()["event"], "stop");
}

#[tokio::test]
async fn a_torn_last_line_is_kept_aside_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("audit");
    let recorder = Recorder::open(Config::new(&folder)).unwrap();
    recorder.append(decision("whole")).unwrap();
    recorder.shutdown().await;
    drop(recorder);
    let file = crate::support::segments(&folder).pop().unwrap();
    let torn = br#"{"seq":4,"time":"2026-11-25T"#;
    std::io::Write::write_all(&mut std::fs::File::options().append(true).open(&file).unwrap(), torn).unwrap();

    let recorder = Recorder::open(Config::new(&folder)).unwrap();
    recorder.shutdown().await;
    let on_disk = lines(&folder);
    let recovered = on_disk.iter().find(|l| l["event"] == "recovered").unwrap();
    assert_eq!(recovered["bytes"], torn.len());
    assert_eq!(on_disk.iter().map(|l| l["seq"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    let kept = std::fs::read(file.with_extension("torn")).unwrap();
    assert_eq!(kept.strip_suffix(b"\n").unwrap(), torn);
}
