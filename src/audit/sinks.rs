//! Live sinks beside the file: standard output, syslog, journald, OpenTelemetry.
//!
//! A sink gets lines that are already on disk, through a bounded queue of its own. A slow one loses lines, and that
//! goes on record; it never slows a statement.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::json;

use super::event::SinkDropped;
use super::recorded::Recorded;

/// Lines that may wait for a sink.
const QUEUE: usize = 8192;
/// Lines in one request to a collector.
const BATCH: usize = 512;
/// Bytes that are read of a collector's answer.
const MOST_OF_AN_ANSWER: u64 = 1 << 20;
/// The longest wait for the rest of it.
const GOODBYE: Duration = Duration::from_millis(200);
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
    /// `journald` (`/run/systemd/journal/socket`), `journald:/path/of/socket`: its native protocol
    Journald(PathBuf),
    /// `otlp://host:4318`, OpenTelemetry logs as OTLP/HTTP JSON, without TLS: for a collector on this host
    Otlp(String),
}

/// What a sink may be, for whoever wrote something else.
pub const FORMS: &str =
    "write stdout, syslog, syslog:/socket, syslog://host:port, journald, journald:/socket or otlp://host:port";

/// A text that names no sink.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASink {
    #[error("`{0}` is not a sink")]
    Unknown(String),
    #[error("`{0}` has no host")]
    NoHost(String),
    #[error("`{0}` has more than a host and a port")]
    MoreThanHost(String),
    #[error("`{0}` has a port that is none")]
    Port(String),
    #[error("`{0}` does not name its socket by a path from the root")]
    Relative(String),
}

impl FromStr for SinkConfig {
    type Err = NotASink;

    fn from_str(text: &str) -> Result<Self, NotASink> {
        let unknown = || NotASink::Unknown(text.to_owned());
        if let Some((scheme, address)) = text.split_once("://") {
            return match scheme {
                "syslog" => endpoint(text, address, 514).map(Self::SyslogUdp),
                "otlp" => endpoint(text, address, 4318).map(Self::Otlp),
                _ => Err(unknown()),
            };
        }
        match text.split_once(':').map_or((text, None), |(kind, path)| (kind, Some(path))) {
            ("stdout", None) => Ok(Self::Stdout),
            ("syslog", None) => Ok(Self::SyslogUnix("/dev/log".into())),
            ("journald", None) => Ok(Self::Journald("/run/systemd/journal/socket".into())),
            ("syslog", Some(path)) => socket(text, path).map(Self::SyslogUnix),
            ("journald", Some(path)) => socket(text, path).map(Self::Journald),
            _ => Err(unknown()),
        }
    }
}

/// `host` or `host:port`; an IPv6 address stands in brackets.
fn endpoint(text: &str, address: &str, port: u16) -> Result<String, NotASink> {
    if address.contains(['/', '?', '#', '@', ' ']) {
        return Err(NotASink::MoreThanHost(text.to_owned()));
    }
    let (host, given) = match address.rsplit_once(':') {
        Some((host, given)) if !given.ends_with(']') => (host, Some(given)),
        _ => (address, None),
    };
    if host.is_empty() {
        return Err(NotASink::NoHost(text.to_owned()));
    }
    let is_port = |given: &str| given.parse::<u16>().is_ok_and(|port| port > 0);
    if given.is_some_and(|given| !is_port(given)) || (host.contains(':') && !host.starts_with('[')) {
        return Err(NotASink::Port(text.to_owned()));
    }
    Ok(given.map_or_else(|| format!("{host}:{port}"), |_| address.to_owned()))
}

fn socket(text: &str, path: &str) -> Result<PathBuf, NotASink> {
    path.starts_with('/').then(|| path.into()).ok_or_else(|| NotASink::Relative(text.to_owned()))
}

impl fmt::Display for SinkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SinkConfig::Stdout => f.write_str("stdout"),
            SinkConfig::SyslogUnix(path) => write!(f, "syslog:{}", path.display()),
            SinkConfig::SyslogUdp(address) => write!(f, "syslog://{address}"),
            SinkConfig::Journald(path) => write!(f, "journald:{}", path.display()),
            SinkConfig::Otlp(address) => write!(f, "otlp://{address}"),
        }
    }
}

/// The running sinks.
pub(super) struct Sinks {
    all: Vec<Sink>,
}

struct Sink {
    queue: SyncSender<Arc<[u8]>>,
    tally: Arc<Tally>,
}

/// What became of a sink's lines.
pub(super) struct Tally {
    name: String,
    /// Since they were last told of.
    lost: AtomicU64,
    /// Given to it, and neither delivered nor lost yet.
    waiting: AtomicU64,
}

impl Tally {
    /// Sinks that lost lines since the last call, and how many.
    pub fn take_lost(all: &[Arc<Self>]) -> Vec<SinkDropped> {
        let lost = |t: &Arc<Self>| SinkDropped { sink: t.name.clone(), events: t.lost.swap(0, Ordering::Relaxed) };
        all.iter().map(lost).filter(|dropped| dropped.events > 0).collect()
    }

    /// The same at the end, when what waits is lost too; a sink has until `deadline` to deliver that.
    pub async fn last_lost(all: &[Arc<Self>], deadline: Instant) -> Vec<SinkDropped> {
        let waiting = |t: &Arc<Self>| t.waiting.load(Ordering::Acquire);
        while all.iter().any(|t| waiting(t) > 0) && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for tally in all {
            tally.lost.fetch_add(waiting(tally), Ordering::Relaxed);
        }
        Self::take_lost(all)
    }
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
            // Counted first: the sink may be faster than this.
            sink.tally.waiting.fetch_add(1, Ordering::AcqRel);
            if sink.queue.try_send(line.clone()).is_err() {
                sink.tally.waiting.fetch_sub(1, Ordering::AcqRel);
                sink.tally.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub fn tallies(&self) -> Vec<Arc<Tally>> {
        self.all.iter().map(|sink| sink.tally.clone()).collect()
    }
}

impl Sink {
    fn start(config: &SinkConfig) -> io::Result<Self> {
        let (queue, lines) = sync_channel(QUEUE);
        let (name, config) = (config.to_string(), config.clone());
        let tally = Arc::new(Tally { name, lost: AtomicU64::new(0), waiting: AtomicU64::new(0) });
        let counted = tally.clone();
        std::thread::Builder::new().name("audit sink".into()).spawn(move || config.serve(&lines, &counted))?;
        Ok(Self { queue, tally })
    }
}

impl SinkConfig {
    /// Whether somebody is there to take lines, as far as that shows without sending any: over UDP only that the host
    /// has an address.
    pub fn reach(&self) -> io::Result<()> {
        match self {
            SinkConfig::Stdout => Ok(()),
            SinkConfig::SyslogUnix(path) | SinkConfig::Journald(path) => unix_socket(path).map(drop),
            SinkConfig::SyslogUdp(address) => addresses(address).map(drop),
            SinkConfig::Otlp(address) => connect(address).map(drop),
        }
    }

    /// What to do when nobody is there.
    pub fn when_unreached(&self) -> &'static str {
        match self {
            SinkConfig::Stdout => "leave it out",
            SinkConfig::SyslogUnix(_) => "start the syslog daemon, or name its socket: syslog:/path",
            SinkConfig::Journald(_) => "use it on a machine with systemd, or name the socket: journald:/path",
            SinkConfig::SyslogUdp(_) => "correct the host: syslog://host:514",
            SinkConfig::Otlp(_) => "start the collector, or correct its address: otlp://host:4318",
        }
    }

    /// Delivers until the queue's other end is gone. That a receiver fails goes to the log once, and once that it is back.
    fn serve(&self, lines: &Receiver<Arc<[u8]>>, tally: &Tally) {
        let (mut batch, mut failed) = (Vec::new(), false);
        while let Ok(line) = lines.recv() {
            batch.push(line);
            batch.extend(lines.try_iter().take(BATCH - 1));
            let (delivered, fault) = self.deliver(&batch);
            tally.lost.fetch_add((batch.len() - delivered) as u64, Ordering::Relaxed);
            tally.waiting.fetch_sub(batch.len() as u64, Ordering::AcqRel);
            match &fault {
                Some(fault) if !failed => {
                    tracing::warn!(sink = %tally.name, %fault, "a sink does not take the record's lines")
                }
                None if failed => {
                    tracing::warn!(sink = %tally.name, "the sink takes lines again; what it missed is on record")
                }
                _ => {}
            }
            failed = fault.is_some();
            if delivered == 0 {
                // Nobody is there: no need to hurry through the queue.
                std::thread::sleep(Duration::from_millis(100));
            }
            batch.clear();
        }
    }

    /// How many of the lines got through, all up to the first that did not, and why that did not.
    fn deliver(&self, lines: &[Arc<[u8]>]) -> (usize, Option<io::Error>) {
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
                Err(fault) => (0, Some(fault)),
            },
            SinkConfig::SyslogUdp(address) => match UdpSocket::bind("[::]:0").or_else(|_| UdpSocket::bind("0.0.0.0:0"))
            {
                Ok(socket) => each(lines, |line| socket.send_to(&syslog(line), address).map(drop)),
                Err(fault) => (0, Some(fault)),
            },
            SinkConfig::Journald(path) => match unix_socket(path) {
                Ok(socket) => each(lines, |line| socket.send(&journald(line)).map(drop)),
                Err(fault) => (0, Some(fault)),
            },
            SinkConfig::Otlp(address) => match post(address, &otlp(lines)) {
                Ok(()) => (lines.len(), None),
                Err(fault) => (0, Some(fault)),
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

fn addresses(address: &str) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<_> = address.to_socket_addrs()?.collect();
    if found.is_empty() { Err(io::Error::other("the host has no address")) } else { Ok(found) }
}

/// The first of the host's addresses that answers.
fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::other("the host has no address");
    for address in addresses(address)? {
        match TcpStream::connect_timeout(&address, NETWORK_PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

fn each(lines: &[Arc<[u8]>], mut send: impl FnMut(&Arc<[u8]>) -> io::Result<()>) -> (usize, Option<io::Error>) {
    let first_fault = lines.iter().enumerate().find_map(|(n, line)| Some((n, send(line).err()?)));
    first_fault.map_or((lines.len(), None), |(n, fault)| (n, Some(fault)))
}

/// Refusals and faults stand out: 4 warning, 5 notice, 6 informational (RFC 5424, section 6.2.1).
fn severity(e: &Recorded) -> u8 {
    match &*e.event {
        "resumed" | "recovered" | "head_missing" | "not_as_left" | "sink_dropped" => 4,
        "login_refused" | "stop" | "start" | "policy_reload" | "server_reload" => 5,
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

/// An entry in journald's native protocol (systemd, "Native Journal Protocol"): one field a line, none of which holds a
/// line's end.
fn journald(line: &[u8]) -> Vec<u8> {
    let event = Recorded::parse(line);
    let severity = event.as_ref().map_or(6, severity);
    let (seq, id) = event.as_ref().map_or((0, "unknown"), |e| (e.seq, &*e.event));
    let head = format!(
        "SYSLOG_IDENTIFIER=consentry\nSYSLOG_FACILITY=13\nPRIORITY={severity}\nCONSENTRY_EVENT={id}\n\
         CONSENTRY_SEQ={seq}\nMESSAGE="
    );
    [head.as_bytes(), line, b"\n"].concat()
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
    let mut stream = connect(address)?;
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
    // Closed with its answer unread, the connection would be reset under the collector. One that does not close it is not
    // waited for.
    stream.set_read_timeout(Some(GOODBYE))?;
    let _ = io::copy(&mut stream.take(MOST_OF_AN_ANSWER), &mut io::sink());
    match status[9] {
        b'2' => Ok(()),
        _ => Err(io::Error::other(format!(
            "the collector answers {}",
            String::from_utf8_lossy(&status[9..]).escape_debug()
        ))),
    }
}
