//! What a receiver cannot take costs that line alone.

use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consentry::audit::sinks::SinkConfig;
use consentry::audit::tree::leaf_hash;
use consentry::audit::{Config, Recorder};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use serde_json::Value;

use crate::collector::{collector, lines_of};
use crate::support::{decision, decision_of, lines, what, who};

const PATIENCE: Option<Duration> = Some(Duration::from_secs(20));
/// A statement that no datagram holds.
const LONG: usize = 500_000;

/// Twenty decisions, of which the eleventh has a long text, between start and stop: what is on record of them.
async fn record_a_long_one(sink: SinkConfig, length: usize) -> (tempfile::TempDir, Vec<Value>) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new(dir.path().join("audit"));
    config.sinks = vec![sink];
    let folder = config.folder.clone();
    let recorder = Recorder::open(config).unwrap();
    for n in 0..20 {
        let mut what = what();
        if n == 10 {
            what.sql = format!("SELECT {}", "1 OR ".repeat(length / 5));
        }
        recorder.append(decision_of(who("app"), what, &format!("s-{n}"))).unwrap();
    }
    recorder.shutdown().await;
    let recorded = lines(&folder);
    (dir, recorded)
}

/// What came, in order, against what is on record: `cut` stands in for the long line.
fn assert_all_came(came: &[Value], recorded: &[Value]) {
    let seqs = |lines: &[Value]| lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(seqs(came), seqs(recorded));
    for (came, recorded) in came.iter().zip(recorded) {
        if recorded["statement"] != "s-10" {
            assert_eq!(came, recorded);
            continue;
        }
        assert_eq!((&came["event"], &came["user"]), (&"decision".into(), &"app".into()), "{came}");
        assert_eq!((&came["sql"], &came["cut"]), (&Value::Null, &serde_json::json!(["sql"])), "{came}");
        assert_eq!(came["tables"], recorded["tables"]);
        let line = recorded.to_string();
        assert_eq!(came["line_bytes"], line.len());
        assert_eq!(came["leaf"], STANDARD.encode(leaf_hash(line.as_bytes())), "it vouches for the whole line");
    }
    assert!(recorded.last().unwrap()["sinks_missed"].is_null(), "{recorded:?}");
}

/// The lines of syslog messages until that of a stop.
fn syslog_lines(mut receive: impl FnMut(&mut [u8]) -> usize) -> Vec<Value> {
    let mut buffer = vec![0; 1 << 20];
    let mut came: Vec<Value> = Vec::new();
    while came.last().is_none_or(|line| line["event"] != "stop") {
        let size = receive(&mut buffer);
        let message = std::str::from_utf8(&buffer[..size]).unwrap();
        came.push(serde_json::from_str(message.splitn(8, ' ').last().unwrap()).unwrap());
    }
    came
}

#[tokio::test]
async fn a_line_too_long_for_syslog_comes_cut_and_costs_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(PATIENCE).unwrap();
    let reader = std::thread::spawn(move || syslog_lines(|buffer| socket.recv(buffer).unwrap()));
    let (_dir, recorded) = record_a_long_one(SinkConfig::SyslogUnix(path), LONG).await;
    assert_all_came(&reader.join().unwrap(), &recorded);
}

#[tokio::test]
async fn a_line_too_long_for_udp_comes_cut_and_costs_no_other() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(PATIENCE).unwrap();
    let address = socket.local_addr().unwrap();
    let reader = std::thread::spawn(move || syslog_lines(|buffer| socket.recv(buffer).unwrap()));
    let (_dir, recorded) = record_a_long_one(format!("syslog://{address}").parse().unwrap(), LONG).await;
    assert_all_came(&reader.join().unwrap(), &recorded);
}

/// An entry of journald's: in the message itself, or in a sealed file in memory whose descriptor comes with it.
fn journal_entry(socket: &UnixDatagram) -> String {
    let mut buffer = vec![0; 1 << 20];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut passed = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(socket, &mut [IoSliceMut::new(&mut buffer)], &mut passed, RecvFlags::empty()).unwrap();
    let file = passed.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut files) => files.next(),
        _ => None,
    });
    let Some(file) = file else { return String::from_utf8(buffer[..received.bytes].to_vec()).unwrap() };
    assert_eq!(received.bytes, 0);
    let seals = rustix::fs::fcntl_get_seals(&file).unwrap();
    assert!(seals.contains(rustix::fs::SealFlags::WRITE | rustix::fs::SealFlags::SHRINK), "{seals:?}");
    // As journald does: from its beginning, wherever the writer's offset stands.
    let mut entry = vec![0; rustix::fs::fstat(&file).unwrap().st_size as usize];
    std::os::unix::fs::FileExt::read_exact_at(&std::fs::File::from(file), &mut entry, 0).unwrap();
    String::from_utf8(entry).unwrap()
}

#[tokio::test]
async fn journald_gets_a_long_line_whole_in_a_file_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(PATIENCE).unwrap();
    let reader = std::thread::spawn(move || {
        let mut came: Vec<Value> = Vec::new();
        while came.last().is_none_or(|line| line["event"] != "stop") {
            let entry = journal_entry(&socket);
            let message = entry.lines().find_map(|field| field.strip_prefix("MESSAGE=")).unwrap();
            came.push(serde_json::from_str(message).unwrap());
        }
        came
    });
    let (_dir, recorded) = record_a_long_one(SinkConfig::Journald(path), LONG).await;
    assert_eq!(reader.join().unwrap(), recorded);
}

/// It says so before the line has come, and reads no more of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_too_long_for_a_collector_comes_cut_and_costs_no_other() {
    for longest in [LONG, 8 * LONG] {
        let (sink, taken) = collector(longest, |_| (StatusCode::OK, "{}")).await;
        let (_dir, recorded) = record_a_long_one(sink, longest).await;
        assert_all_came(&lines_of(&taken).await, &recorded);
    }
}

/// Refused for what it holds even when it is cut: it is found, and all others are taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_a_collector_refuses_is_found_and_counted() {
    let judge = |body: &str| (if body.contains("s-7") { StatusCode::BAD_REQUEST } else { StatusCode::OK }, "");
    let (sink, taken) = collector(4 * LONG, judge).await;
    let (_dir, recorded) = record_a_long_one(sink, LONG).await;
    let taken = lines_of(&taken).await;
    let others: Vec<&Value> = recorded.iter().filter(|line| line["statement"] != "s-7").collect();
    assert_eq!(taken.iter().collect::<Vec<_>>(), others);
    let stop = recorded.last().unwrap();
    assert_eq!(stop["sinks_missed"][0]["events"], 1, "{stop}");
}

/// What it does not take of a request that it takes is on record, and nothing comes twice. Each of these answers is one of
/// the OpenTelemetry protocol ("Partial Success"), the second with a number as numbers are written.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_collector_takes_a_part_of_is_counted() {
    for said in [
        r#"{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too old"}}"#,
        r#"{"partialSuccess":{"rejectedLogRecords":3}}"#,
    ] {
        let judge = move |body: &str| (StatusCode::OK, if body.contains("s-7") { said } else { "" });
        let (sink, taken) = collector(4 * LONG, judge).await;
        let (_dir, recorded) = record_a_long_one(sink, LONG).await;
        assert_eq!(lines_of(&taken).await, recorded);
        let stop = recorded.last().unwrap();
        assert_eq!(stop["sinks_missed"][0]["events"], 3, "{stop}");
    }
}

/// A collector that refuses everything is not asked for each line of every batch.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_refuses_everything_is_not_run_down() {
    let asked = Arc::new(AtomicU64::new(0));
    let counted = asked.clone();
    let refuse = move |_: &str| {
        counted.fetch_add(1, Ordering::Relaxed);
        (StatusCode::BAD_REQUEST, "")
    };
    let (sink, _) = collector(LONG, refuse).await;
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new(dir.path().join("audit"));
    config.sinks = vec![sink];
    let folder = config.folder.clone();
    let recorder = Recorder::open(config).unwrap();
    for n in 0..2000 {
        recorder.append(decision(&n.to_string())).unwrap();
    }
    recorder.shutdown().await;
    let missed = lines(&folder).pop().unwrap()["sinks_missed"][0]["events"].as_u64();
    assert_eq!(missed, Some(2001));
    let asked = asked.load(Ordering::Relaxed);
    assert!(asked < 600, "{asked} requests for 2001 lines");
}

/// Long lines that wait for a receiver do not fill the memory: beyond 64 MiB they are lost to it.
#[tokio::test]
async fn long_lines_wait_in_bounded_memory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let _deaf = UnixDatagram::bind(&path).unwrap();
    let mut config = Config::new(dir.path().join("audit"));
    config.sinks = vec![SinkConfig::SyslogUnix(path)];
    config.heartbeat = Duration::from_millis(200);
    let folder = config.folder.clone();
    let recorder = Recorder::open(config).unwrap();
    let mut long = what();
    long.sql = "1 OR ".repeat(LONG / 5);
    for n in 0..160 {
        let ticket = recorder.append(decision_of(who("app"), long.clone(), &format!("s-{n}"))).unwrap();
        recorder.durable(&ticket).await.unwrap();
    }
    // Sooner than the receiver is given up (5 s), and far fewer lines than a queue holds.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let told = lines(&folder).iter().filter(|line| line["event"] == "sink_dropped").count();
    assert!(told > 0);
    recorder.shutdown().await;
}
