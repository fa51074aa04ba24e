//! Live sinks beside the file: standard output, syslog, journald, OpenTelemetry.
//!
//! A sink gets lines that are already on disk, through a bounded queue of its own. A slow one loses lines, and that
//! goes on record; it never slows a statement. Nor does a line that a receiver cannot take cost it another line: a
//! shorter one comes in its place (`cut`).

mod cut;
mod datagram;
mod otlp;

use std::fmt;
use std::io::{self, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::event::SinkDropped;
use super::recorded::Recorded;

/// Lines that may wait for a sink.
const QUEUE: usize = 8192;
/// And their bytes: a client's long statements do not fill the memory.
const QUEUE_BYTES: u64 = 64 << 20;
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
    waiting_bytes: AtomicU64,
}

impl Tally {
    fn new(name: String) -> Self {
        let [lost, waiting, waiting_bytes] = [(); 3].map(|()| AtomicU64::new(0));
        Self { name, lost, waiting, waiting_bytes }
    }

    /// A line is given to the sink: whether it has room for its bytes.
    fn begin(&self, line: &[u8]) -> bool {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let bytes = line.len() as u64;
        self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= QUEUE_BYTES
    }

    /// These wait no more; of them so many are lost.
    fn end(&self, lines: &[Arc<[u8]>], lost: usize) {
        self.lost.fetch_add(lost as u64, Ordering::Relaxed);
        let bytes: usize = lines.iter().map(|line| line.len()).sum();
        self.waiting_bytes.fetch_sub(bytes as u64, Ordering::Relaxed);
        self.waiting.fetch_sub(lines.len() as u64, Ordering::AcqRel);
    }

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
            let room = sink.tally.begin(&line);
            if !room || sink.queue.try_send(line.clone()).is_err() {
                sink.tally.end(std::slice::from_ref(&line), 1);
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
        let tally = Arc::new(Tally::new(name));
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
            SinkConfig::SyslogUnix(path) | SinkConfig::Journald(path) => datagram::unix_socket(path).map(drop),
            SinkConfig::SyslogUdp(address) => addresses(address).map(drop),
            SinkConfig::Otlp(address) => otlp::connect(address).map(drop),
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
            let Delivery { lost, fault } = self.deliver(&batch);
            tally.end(&batch, lost);
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
            if lost == batch.len() {
                // Nobody is there: no need to hurry through the queue.
                std::thread::sleep(Duration::from_millis(100));
            }
            batch.clear();
        }
    }

    fn deliver(&self, lines: &[Arc<[u8]>]) -> Delivery {
        match self {
            SinkConfig::Stdout => {
                let mut out = io::stdout().lock();
                Delivery::of_each(lines, |line| {
                    out.write_all(line).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush())
                })
            }
            SinkConfig::SyslogUnix(path) => datagram::syslog_unix(path, lines),
            SinkConfig::SyslogUdp(address) => datagram::syslog_udp(address, lines),
            SinkConfig::Journald(path) => datagram::journald(path, lines),
            SinkConfig::Otlp(address) => otlp::deliver(address, lines),
        }
    }
}

/// What became of a batch.
struct Delivery {
    /// Lines that did not get through.
    lost: usize,
    /// Why the last of them did not.
    fault: Option<io::Error>,
}

impl Delivery {
    /// Sends line after line. One that is too long is lost alone; any other fault is the receiver's, who is not asked for
    /// each of the rest.
    fn of_each(lines: &[Arc<[u8]>], mut send: impl FnMut(&[u8]) -> io::Result<()>) -> Self {
        let mut all = Self { lost: 0, fault: None };
        for (n, line) in lines.iter().enumerate() {
            let Err(fault) = send(line) else { continue };
            let alone = datagram::is_too_long(&fault);
            all.lost += if alone { 1 } else { lines.len() - n };
            all.fault = Some(fault);
            if !alone {
                break;
            }
        }
        all
    }

    fn none(lines: &[Arc<[u8]>], fault: io::Error) -> Self {
        Self { lost: lines.len(), fault: Some(fault) }
    }
}

fn addresses(address: &str) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<_> = address.to_socket_addrs()?.collect();
    if found.is_empty() { Err(io::Error::other("the host has no address")) } else { Ok(found) }
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
