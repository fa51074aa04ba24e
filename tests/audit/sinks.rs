//! Live sinks and exports: what others are told, and that a slow one harms nobody.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::collector::{collector, lines_of};
use crate::support::{completion, decision, decision_of, lines, what, who};
use axum::http::StatusCode;
use consentry::audit::event::{Client, Event, Login, PolicyReload, PurposeChange, RefusalRecord};
use consentry::audit::export::{Dialect, Purposes, export};
use consentry::audit::filter::Filter;
use consentry::audit::note::NoteSigner;
use consentry::audit::sinks::SinkConfig;
use consentry::audit::verify::{Notice, verify};
use consentry::audit::{Config, Recorder};
use consentry::engine::cleared::Outcome;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

const PATIENCE: Option<Duration> = Some(Duration::from_secs(20));

async fn record_one(sink: SinkConfig) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new(dir.path().join("audit"));
    config.sinks = vec![sink];
    let recorder = Recorder::open(config).unwrap();
    recorder.append(decision("s-1")).unwrap();
    recorder.shutdown().await;
    dir
}

#[tokio::test]
async fn syslog_gets_each_line_as_rfc_5424() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(PATIENCE).unwrap();
    let recorded = record_one(SinkConfig::SyslogUnix(path)).await;
    let mut buffer = vec![0; 65536];
    for line in lines(&recorded.path().join("audit")) {
        let size = socket.recv(&mut buffer).unwrap();
        let message = String::from_utf8(buffer[..size].to_vec()).unwrap();
        let mut words = message.splitn(8, ' ');
        let (head, time, host, app) = (words.next(), words.next(), words.next(), words.next());
        // Facility 13 (log audit): 13 × 8 + 5 notice or 6 informational.
        let severity = if line["event"] == "decision" { 6 } else { 5 };
        assert_eq!(head.unwrap(), format!("<{}>1", 13 * 8 + severity));
        assert_eq!((time, host, app), (line["time"].as_str(), Some("-"), Some("consentry")));
        assert_eq!(words.next().unwrap(), std::process::id().to_string());
        assert_eq!((words.next(), words.next()), (line["event"].as_str(), Some("-")));
        assert_eq!(serde_json::from_str::<serde_json::Value>(words.next().unwrap()).unwrap(), line);
    }
}

#[tokio::test]
async fn journald_gets_each_line_with_its_fields() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(PATIENCE).unwrap();
    let sink: SinkConfig = format!("journald:{}", path.display()).parse().unwrap();
    let recorded = record_one(sink).await;
    let mut buffer = vec![0; 65536];
    for line in lines(&recorded.path().join("audit")) {
        let size = socket.recv(&mut buffer).unwrap();
        let entry = String::from_utf8(buffer[..size].to_vec()).unwrap();
        let fields: std::collections::BTreeMap<&str, &str> =
            entry.strip_suffix('\n').unwrap().lines().map(|field| field.split_once('=').unwrap()).collect();
        let severity = if line["event"] == "decision" { "6" } else { "5" };
        assert_eq!((fields["SYSLOG_IDENTIFIER"], fields["PRIORITY"]), ("consentry", severity));
        assert_eq!(fields["CONSENTRY_EVENT"], line["event"].as_str().unwrap());
        assert_eq!(fields["CONSENTRY_SEQ"], line["seq"].to_string());
        assert_eq!(serde_json::from_str::<serde_json::Value>(fields["MESSAGE"]).unwrap(), line);
    }
}

#[tokio::test]
async fn syslog_goes_over_udp() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(PATIENCE).unwrap();
    let address = socket.local_addr().unwrap();
    record_one(format!("syslog://{address}").parse().unwrap()).await;
    let mut buffer = vec![0; 65536];
    let size = socket.recv(&mut buffer).unwrap();
    assert!(buffer[..size].starts_with(b"<109>1 ") && buffer[..size].ends_with(b"}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_otlp_json() {
    let (sink, taken) = collector(1 << 20, |_| (StatusCode::OK, "{}")).await;
    record_one(sink).await;
    lines_of(&taken).await;
    let names: Vec<_> = taken.lock().unwrap().iter().map(|record| record["eventName"].clone()).collect();
    assert_eq!(names, ["consentry.start", "consentry.decision", "consentry.stop"]);
}

/// Nobody reads the socket: its buffer fills, then the sink's queue; statements go on, and the loss is on record.
#[tokio::test]
async fn a_sink_that_does_not_take_lines_slows_nothing_and_its_loss_is_on_record() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let _deaf = UnixDatagram::bind(&path).unwrap();
    let mut config = Config::new(dir.path().join("audit"));
    config.sinks = vec![SinkConfig::SyslogUnix(path)];
    config.heartbeat = Duration::from_millis(300);
    let recorder = Recorder::open(config.clone()).unwrap();
    let mut last = None;
    for n in 0..20_000 {
        last = Some(recorder.append(decision(&format!("{n}"))).unwrap());
    }
    recorder.durable(&last.unwrap()).await.unwrap();
    // The loss is told with a heartbeat.
    for _ in 0..400 {
        if lines(&config.folder).iter().any(|l| l["event"] == "sink_dropped") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    recorder.shutdown().await;
    let on_disk = lines(&config.folder);
    assert_eq!(on_disk.iter().filter(|l| l["event"] == "decision").count(), 20_000, "the file has everything");
    let lost: u64 =
        on_disk.iter().filter(|l| l["event"] == "sink_dropped").map(|l| l["events"].as_u64().unwrap()).sum();
    assert!(lost > 5_000, "20 000 lines do not fit a queue of 8 192 and a socket: {lost}");
}

#[test]
fn sinks_are_named_as_documented() {
    for (text, expected) in [
        ("stdout", SinkConfig::Stdout),
        ("syslog", SinkConfig::SyslogUnix("/dev/log".into())),
        ("syslog:/run/log.sock", SinkConfig::SyslogUnix("/run/log.sock".into())),
        ("syslog://loghost", SinkConfig::SyslogUdp("loghost:514".into())),
        ("syslog://loghost:1514", SinkConfig::SyslogUdp("loghost:1514".into())),
        ("syslog://[::1]", SinkConfig::SyslogUdp("[::1]:514".into())),
        ("journald", SinkConfig::Journald("/run/systemd/journal/socket".into())),
        ("journald:/run/j.sock", SinkConfig::Journald("/run/j.sock".into())),
        ("otlp://localhost", SinkConfig::Otlp("localhost:4318".into())),
        ("otlp://[::1]:9", SinkConfig::Otlp("[::1]:9".into())),
    ] {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }
    for bad in [
        "",
        "file",
        "stdout:x",
        "syslog:relative",
        "journald:",
        "journald://host",
        "https://x",
        "syslog://",
        "otlp://",
        "otlp://:4318",
        "otlp://x:port",
        "otlp://x:0",
        "otlp://x:4318/v1/logs",
        "otlp://::1",
    ] {
        assert!(bad.parse::<SinkConfig>().is_err(), "{bad}");
    }
}

// === exports ===

async fn exported(dialect: Dialect) -> String {
    String::from_utf8(exported_bytes(dialect).await).unwrap()
}

async fn exported_bytes(dialect: Dialect) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::new(dir.path().join("audit"));
    let recorder = Recorder::open(config.clone()).unwrap();
    recorder
        .append(Event::Login(Login {
            session: "5e55".into(),
            user: "app".into(),
            role: "crm_app".into(),
            purpose: Some("marketing".into()),
            purpose_set_by: "default",
            client: Client { address: "10.0.0.7".into(), application_name: None },
            database: "crm".into(),
            tls: None,
        }))
        .unwrap();
    recorder.append(decision("ended")).unwrap();
    let mut refused = what();
    refused.outcome = Outcome::Refused;
    refused.refusal =
        Some(RefusalRecord { rule: "table-not-listed".into(), sqlstate: "42501".into(), message: "a=b|c\\d".into() });
    recorder.append(decision_of(who("eve"), refused, "refused")).unwrap();
    recorder.append(completion("ended")).unwrap();
    recorder.append(decision("endless")).unwrap();
    recorder.shutdown().await;
    let mut out = Vec::new();
    export(&config.folder, Filter::default(), dialect, &Purposes::default(), &mut out, &mut |_| {}).unwrap();
    out
}

#[tokio::test]
async fn ocsf_has_the_classes_and_required_attributes() {
    let text = exported(Dialect::Ocsf).await;
    let events: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let types: Vec<u64> = events.iter().map(|e| e["type_uid"].as_u64().unwrap()).collect();
    // Start, Logon, the refused query, the ended one, Stop, and the one without an end last.
    assert_eq!(types, [600203, 300201, 600504, 600504, 600204, 600504]);
    for e in &events {
        for required in ["activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"] {
            assert!(!e[required].is_null(), "{required} in {e}");
        }
        assert_eq!(e["class_uid"].as_u64().unwrap() / 1000, e["category_uid"].as_u64().unwrap());
        assert!(!e.to_string().contains("null"), "absent is not null: {e}");
    }
    let (refused, ended, endless) = (&events[2], &events[3], &events[5]);
    assert_eq!(
        (&refused["status_id"], &refused["action_id"], &refused["status_code"]),
        (&2.into(), &2.into(), &"42501".into())
    );
    assert_eq!((&ended["status_id"], &ended["query_info"]["bytes"]), (&1.into(), &40.into()));
    assert_eq!(ended["unmapped"]["legal_basis_iri"], "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a");
    assert_eq!(ended["src_endpoint"]["ip"], "10.0.0.7");
    assert_eq!(ended["actor"]["authorizations"][0]["decision"], "allowed");
    assert_eq!(endless["status_id"], 0);
}

/// A purpose, and a policy that was refused, are told as what they are.
#[tokio::test]
async fn purposes_and_refused_reloads_have_words() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::new(dir.path().join("audit"));
    let recorder = Recorder::open(config.clone()).unwrap();
    let [session, user, role, database] = ["5e55", "app", "crm_app", "crm"].map(str::to_owned);
    let set_by = "set";
    let [from, to] = ["service", "marketing"].map(|p| Some(p.to_owned()));
    recorder.append(Event::PurposeChange(PurposeChange { session, user, role, database, from, to, set_by })).unwrap();
    let (database, digest) = ("crm".to_owned(), Some("d1".to_owned()));
    let reload = PolicyReload { database, from: digest.clone(), to: digest, problems: 2 };
    recorder.append(Event::PolicyReload(reload)).unwrap();
    recorder.shutdown().await;
    let exported = |dialect| {
        let mut out = Vec::new();
        export(&config.folder, Filter::default(), dialect, &Purposes::default(), &mut out, &mut |_| {}).unwrap();
        String::from_utf8(out).unwrap()
    };
    let cef = exported(Dialect::Cef);
    assert!(cef.contains("cs1=marketing cs4Label=purposeBefore cs4=service"), "{cef}");
    assert!(cef.contains("|policy_reload|Reload refused|5|"), "{cef}");
    let ocsf: Vec<serde_json::Value> =
        exported(Dialect::Ocsf).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let (change, reload) = (&ocsf[1], &ocsf[2]);
    assert_eq!(
        (&change["privileges"], &change["unmapped"]["purpose_before"]),
        (&serde_json::json!(["marketing"]), &"service".into())
    );
    assert_eq!((&reload["type_uid"], &reload["status"]), (&600_208.into(), &"Failure".into()));
}

#[tokio::test]
async fn cef_is_escaped() {
    let text = exported(Dialect::Cef).await;
    let refused = text.lines().find(|l| l.contains("table-not-listed")).unwrap();
    assert!(refused.starts_with("CEF:0|Consentry|Consentry|"), "{refused}");
    assert_eq!(refused.split('|').nth(4), Some("table-not-listed"));
    assert!(refused.contains(r"reason=42501 a\=b|c\\d cs1Label=purpose cs1=marketing "), "{refused}");
    assert!(refused.contains(r"msg=SELECT email FROM customers WHERE id \= $1"), "{refused}");
}

#[tokio::test]
async fn jsonl_is_the_lines_themselves() {
    let text = exported(Dialect::Jsonl).await;
    let seqs: Vec<u64> =
        text.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn parquet_is_a_table_of_the_events() {
    let bytes = bytes::Bytes::from(exported_bytes(Dialect::Parquet).await);
    let file = SerializedFileReader::new(bytes).unwrap();
    let rows: Vec<BTreeMap<String, Field>> = file
        .get_row_iter(None)
        .unwrap()
        .map(|row| row.unwrap().get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect())
        .collect();
    let text = |t: &str| Field::Str(t.to_owned());
    let events: Vec<&Field> = rows.iter().map(|r| &r["event"]).collect();
    // As with OCSF: what has no end on record comes last.
    assert_eq!(events, ["start", "login", "decision", "decision", "stop", "decision"].map(text).each_ref());
    let (login, refused, ended, endless) = (&rows[1], &rows[2], &rows[3], &rows[5]);
    assert_eq!((&login["user"], &login["client_address"]), (&text("app"), &text("10.0.0.7")));
    let Field::Str(fields) = &rows[0]["event_fields"] else { panic!("{:?}", rows[0]["event_fields"]) };
    assert!(fields.contains("\"key\":") && !fields.contains("\"seq\":"), "{fields}");
    assert_eq!(ended["event_fields"], Field::Null);
    assert!(matches!(login["time"], Field::TimestampMicros(at) if at > 1_700_000_000_000_000), "{:?}", login["time"]);
    assert_eq!((&refused["refusal_rule"], &refused["rows"]), (&text("table-not-listed"), &Field::Null));
    assert_eq!((&ended["completed_outcome"], &ended["bytes"]), (&text("ok"), &Field::Long(40)));
    assert_eq!((&ended["ms"], &ended["unrestricted"]), (&Field::Double(0.5), &Field::Bool(false)));
    assert_eq!((&endless["outcome"], &endless["completed_outcome"]), (&ended["outcome"], &Field::Null));
    let Field::Str(tables) = &ended["tables"] else { panic!("{:?}", ended["tables"]) };
    let tables: serde_json::Value = serde_json::from_str(tables).unwrap();
    assert_eq!(tables[0]["name"], "public.customers");
}

/// What a receiver never got is on record at the latest when the record is stopped.
#[tokio::test]
async fn a_stop_tells_what_sinks_have_missed() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new(dir.path().join("audit"));
    config.sinks = vec![SinkConfig::SyslogUnix(dir.path().join("nobody"))];
    let recorder = Recorder::open(config.clone()).unwrap();
    for n in 0..3000 {
        recorder.append(completion(&n.to_string())).unwrap();
    }
    let ticket = recorder.append(decision("last")).unwrap();
    recorder.durable(&ticket).await.unwrap();
    recorder.shutdown().await;
    let stop = lines(&config.folder).pop().unwrap();
    assert_eq!((&stop["event"], &stop["sinks_missed"][0]["events"]), (&"stop".into(), &3002.into()), "{stop}");
    let key = NoteSigner::load(&config.key_file()).unwrap().verifier().clone();
    let verdict = verify(&config.folder, &key, None, &mut |_| {}).unwrap();
    assert!(
        matches!(&verdict.notices[..], [Notice::SinkDropped { events: 3002, .. }, Notice::NeverCompleted { .. }]),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn a_sink_that_takes_everything_has_missed_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let socket = UnixDatagram::bind(&path).unwrap();
    let reader = std::thread::spawn(move || {
        let mut buffer = vec![0; 65536];
        loop {
            let size = socket.recv(&mut buffer).unwrap();
            if String::from_utf8_lossy(&buffer[..size]).contains("\"stop\"") {
                return;
            }
        }
    });
    let recorded = record_one(SinkConfig::SyslogUnix(path)).await;
    reader.join().unwrap();
    let stop = lines(&recorded.path().join("audit")).pop().unwrap();
    assert!(stop["sinks_missed"].is_null(), "{stop}");
}

/// That a receiver fails is logged once, however many lines it does not take, and once that it is back.
#[test]
fn a_receiver_that_fails_is_logged_once() {
    let written = Written::default();
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer(written.clone()).finish();
    // Of the whole process, as sinks have threads of their own; others' lines are left aside by the name of the socket.
    tracing::subscriber::set_global_default(log).expect("no other test of this program logs");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut config = Config::new(dir.path().join("audit"));
    config.sinks = vec![SinkConfig::SyslogUnix(path.clone())];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let recorder = Recorder::open(config).unwrap();
        let put = async |n: u32| {
            let ticket = recorder.append(decision(&n.to_string())).unwrap();
            recorder.durable(&ticket).await.unwrap();
            tokio::time::sleep(Duration::from_millis(120)).await;
        };
        for n in 0..5 {
            put(n).await;
        }
        let _socket = UnixDatagram::bind(&path).unwrap();
        for n in 5..10 {
            put(n).await;
        }
        recorder.shutdown().await;
    });
    let name = path.display().to_string();
    let lines: Vec<String> = written.lines().into_iter().filter(|line| line.contains(&name)).collect();
    let [fails, returns] = &lines[..] else { panic!("{lines:?}") };
    assert!(fails.contains("WARN") && fails.contains("does not take the record's lines"), "{fails}");
    assert!(fails.contains("No such file or directory"), "{fails}");
    assert!(returns.contains("takes lines again"), "{returns}");
}

#[derive(Clone, Default)]
struct Written(std::sync::Arc<parking_lot::Mutex<Vec<u8>>>);

impl Written {
    fn lines(&self) -> Vec<String> {
        String::from_utf8(self.0.lock().clone()).unwrap().lines().map(str::to_owned).collect()
    }
}

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
