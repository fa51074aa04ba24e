//! Live sinks beside the file: standard output, syslog, OpenTelemetry.
//!
//! A sink gets lines that are already on disk, through a bounded queue of its own. A slow one loses lines, and that
//! goes on record; it never slows a statement.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::recorded::Recorded;

/// Lines that may wait for a sink.
const QUEUE: usize = 8192;
/// Lines in one request to a collector.
const BATCH: usize = 512;
const NETWORK_PATIENCE: Duration = Duration::from_secs(5);

/// Where lines go besides the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkConfig {
    /// `stdout`
    Stdout,
    /// `syslog` (`/dev/log`), `syslog:/path/of/socket`
    SyslogUnix(PathBuf),
    /// `syslog://host:514`, RFC 5424 over UDP (RFC 5426)
    SyslogUdp(String),
    /// `otlp://host:4318`, OpenTelemetry logs as OTLP/HTTP JSON, without TLS: for a collector on this host
    Otlp(String),
}

impl FromStr for SinkConfig {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let host = |host: &str, port: u16| match host {
            "" => Err(format!("{text}: a host is missing")),
            host if host.rsplit_once(':').is_some_and(|(_, p)| p.parse::<u16>().is_ok()) => Ok(host.to_owned()),
            host => Ok(format!("{host}:{port}")),
        };
        match text.split_once("://") {
            None if text == "stdout" => Ok(Self::Stdout),
            None if text == "syslog" => Ok(Self::SyslogUnix("/dev/log".into())),
            None => match text.strip_prefix("syslog:").filter(|path| path.starts_with('/')) {
                Some(path) => Ok(Self::SyslogUnix(path.into())),
                None => Err(unknown(text)),
            },
            Some(("syslog", address)) => host(address, 514).map(Self::SyslogUdp),
            Some(("otlp", address)) => host(address, 4318).map(Self::Otlp),
            Some(_) => Err(unknown(text)),
        }
    }
}

fn unknown(text: &str) -> String {
    format!("{text}: a sink is stdout, syslog, syslog:/socket, syslog://host:port or otlp://host:port")
}

impl fmt::Display for SinkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SinkConfig::Stdout => f.write_str("stdout"),
            SinkConfig::SyslogUnix(path) => write!(f, "syslog:{}", path.display()),
            SinkConfig::SyslogUdp(address) => write!(f, "syslog://{address}"),
            SinkConfig::Otlp(address) => write!(f, "otlp://{address}"),
        }
    }
}

/// The running sinks.
pub(super) struct Sinks {
    all: Vec<Sink>,
}

struct Sink {
    name: String,
    queue: SyncSender<Arc<[u8]>>,
    /// Lines lost since they were last told of.
    lost: Arc<AtomicU64>,
}

impl Sinks {
    pub fn start(configs: &[SinkConfig]) -> io::Result<Self> {
        let all = configs.iter().map(Sink::start).collect::<io::Result<_>>()?;
        Ok(Self { all })
    }

    /// Gives a line, without its newline, to every sink that has room.
    pub fn offer(&self, line: &[u8]) {
        if self.all.is_empty() {
            return;
        }
        let line: Arc<[u8]> = line.into();
        for sink in &self.all {
            if sink.queue.try_send(line.clone()).is_err() {
                sink.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Sinks that lost lines since the last call, and how many.
    pub fn take_lost(&self) -> Vec<(String, u64)> {
        let lost = self.all.iter().map(|s| (s.name.clone(), s.lost.swap(0, Ordering::Relaxed)));
        lost.filter(|(_, n)| *n > 0).collect()
    }
}

impl Sink {
    fn start(config: &SinkConfig) -> io::Result<Self> {
        let (queue, lines) = sync_channel(QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let (config, counted) = (config.clone(), lost.clone());
        let name = config.to_string();
        std::thread::Builder::new().name("audit sink".into()).spawn(move || config.serve(&lines, &counted))?;
        Ok(Self { name, queue, lost })
    }
}

impl SinkConfig {
    /// Delivers until the queue's other end is gone.
    fn serve(&self, lines: &Receiver<Arc<[u8]>>, lost: &AtomicU64) {
        let mut batch = Vec::new();
        while let Ok(line) = lines.recv() {
            batch.push(line);
            batch.extend(lines.try_iter().take(BATCH - 1));
            let delivered = self.deliver(&batch);
            lost.fetch_add((batch.len() - delivered) as u64, Ordering::Relaxed);
            if delivered == 0 {
                // Nobody is there: no need to hurry through the queue.
                std::thread::sleep(Duration::from_millis(100));
            }
            batch.clear();
        }
    }

    /// How many of the lines got through, all up to the first that did not.
    fn deliver(&self, lines: &[Arc<[u8]>]) -> usize {
        match self {
            SinkConfig::Stdout => {
                let mut out = io::stdout().lock();
                let write = |line: &Arc<[u8]>| {
                    out.write_all(line).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush())
                };
                each(lines, write)
            }
            SinkConfig::SyslogUnix(path) => match unix_socket(path) {
                Ok(socket) => each(lines, |line| socket.send(&syslog(line)).map(drop)),
                Err(_) => 0,
            },
            SinkConfig::SyslogUdp(address) => match UdpSocket::bind("[::]:0").or_else(|_| UdpSocket::bind("0.0.0.0:0"))
            {
                Ok(socket) => each(lines, |line| socket.send_to(&syslog(line), address).map(drop)),
                Err(_) => 0,
            },
            SinkConfig::Otlp(address) => match post(address, &otlp(lines)) {
                Ok(()) => lines.len(),
                Err(_) => 0,
            },
        }
    }
}

fn unix_socket(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(NETWORK_PATIENCE))?;
    socket.connect(path)?;
    Ok(socket)
}

fn each(lines: &[Arc<[u8]>], mut send: impl FnMut(&Arc<[u8]>) -> io::Result<()>) -> usize {
    lines.iter().take_while(|line| send(line).is_ok()).count()
}

/// Refusals and faults stand out: 4 warning, 5 notice, 6 informational (RFC 5424, section 6.2.1).
fn severity(e: &Recorded) -> u8 {
    match &*e.event {
        "resumed" | "recovered" | "sink_dropped" => 4,
        "login_refused" | "stop" | "start" | "policy_reload" => 5,
        _ if e.is_refused() || e.unrestricted => 5,
        _ => 6,
    }
}

/// A syslog message (RFC 5424) with facility 13, "log audit", and the line as its text.
fn syslog(line: &[u8]) -> Vec<u8> {
    let event = Recorded::parse(line);
    let severity = event.as_ref().map_or(6, severity);
    let time = event.as_ref().map_or(Timestamp::UNIX_EPOCH, |e| e.time);
    let id = event.as_ref().map_or("-", |e| &e.event);
    let head = format!("<{}>1 {time:.6} - consentry {} {id} - ", 13 * 8 + severity, std::process::id());
    [head.as_bytes(), line].concat()
}

/// An `ExportLogsServiceRequest` in JSON (OpenTelemetry protocol, "JSON Protobuf Encoding").
fn otlp(lines: &[Arc<[u8]>]) -> Vec<u8> {
    let records: Vec<_> = lines.iter().filter_map(|line| otlp_record(line)).collect();
    let request = json!({"resourceLogs": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "consentry"}},
            {"key": "service.version", "value": {"stringValue": env!("CARGO_PKG_VERSION")}},
        ]},
        "scopeLogs": [{"scope": {"name": "consentry.audit"}, "logRecords": records}],
    }]});
    request.to_string().into_bytes()
}

fn otlp_record(line: &[u8]) -> Option<serde_json::Value> {
    let event = Recorded::parse(line)?;
    // Severity numbers of the log data model: 9 INFO, 10 INFO2, 13 WARN.
    let (number, text) = match severity(&event) {
        4 => (13, "WARN"),
        5 => (10, "INFO2"),
        _ => (9, "INFO"),
    };
    let attribute = |key: &str, value: Option<&str>| Some(json!({"key": key, "value": {"stringValue": value?}}));
    let attributes: Vec<_> = [
        attribute("consentry.seq", Some(&event.seq.to_string())),
        attribute("enduser.id", event.user.as_deref()),
        attribute("db.namespace", event.database.as_deref()),
        attribute("consentry.purpose", event.purpose.as_deref()),
        attribute("consentry.outcome", event.outcome.as_deref()),
    ]
    .into_iter()
    .flatten()
    .collect();
    Some(json!({
        "timeUnixNano": event.time.as_nanosecond().to_string(),
        "severityNumber": number,
        "severityText": text,
        "eventName": format!("consentry.{}", event.event),
        "body": {"stringValue": String::from_utf8_lossy(line)},
        "attributes": attributes,
    }))
}

/// One HTTP POST to `/v1/logs`; an answer other than 2xx is an error.
fn post(address: &str, body: &[u8]) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(NETWORK_PATIENCE))?;
    stream.set_write_timeout(Some(NETWORK_PATIENCE))?;
    let head = format!(
        "POST /v1/logs HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut status = [0; 12]; // `HTTP/1.1 200`
    stream.read_exact(&mut status)?;
    if status[9] == b'2' { Ok(()) } else { Err(io::Error::other("the collector did not take the logs")) }
}
