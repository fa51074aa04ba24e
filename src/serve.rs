//! The service: reads the server file, opens its databases and the record, listens, reloads, and stops in order.

mod admin;
mod asker;
mod auditor;
mod crew;
mod keeper;
mod neighbours;
pub mod rehearse;
mod reload;
mod watch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch as channel;

use crate::audit::{Config as AuditConfig, Durability, Recorder};
use crate::config::server::{self, LoadError, Loaded, Server};
use crate::engine::policy::diagnostics::{SourceFile, Style, render};
use crate::engine::policy::resolve::digest;
use crate::session::house::{Database, Doors, House, User};
use crate::session::meters::Meters;
use crate::session::orders::{Orders, Phase};
use crate::wire::tls::ClientTls;

pub use crew::Crew;
use keeper::Keeper;
use neighbours::Neighbourhoods;

/// How long sessions may take to become idle when the service stops.
const DRAIN: Duration = Duration::from_secs(8);

/// What runs behind the listener.
pub struct Service {
    house: Arc<House>,
    /// What sessions are told.
    orders: channel::Sender<Orders>,
    keepers: Mutex<BTreeMap<String, Keeper>>,
    neighbourhoods: Neighbourhoods,
    config: PathBuf,
    running: Mutex<Running>,
}

/// The server file that is in force: an upstream that changes needs a new keeper.
#[derive(Clone)]
struct Running {
    server: Server,
    /// Of the file.
    digest: String,
}

impl Running {
    fn new(server: Server, source: &SourceFile) -> Self {
        Self { server, digest: digest(std::slice::from_ref(source)) }
    }
}

/// What says stop: heard from the start on, also while PostgreSQL is waited for.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn hear() -> Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Returns when the service is to stop.
    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Serves until SIGTERM or SIGINT. `crew` runs the sessions.
pub async fn serve(config: &Path, crew: &Crew) -> Result<()> {
    let (signals, hangup) = (Signals::hear()?, signal(SignalKind::hangup())?);
    let (server, source) = load(config)?;
    let watching = watch::Beginning { files: watch::Files::of(config, [&server]), hangup };
    let recorder = Recorder::open(audit_config(&server)?).context("the record cannot be opened")?;
    let served = serve_recorded(config, crew, signals, server, source, watching, &recorder).await;
    // Whatever has begun on record ends there.
    recorder.stop(if served.is_ok() { "shut down" } else { "did not start" }).await;
    served
}

async fn serve_recorded(
    config: &Path,
    crew: &Crew,
    mut signals: Signals,
    server: Server,
    source: SourceFile,
    watching: watch::Beginning,
    recorder: &Recorder,
) -> Result<()> {
    let meters = Meters::default();
    let neighbourhoods = Neighbourhoods::default();
    let none = BTreeMap::new();
    let (keepers, doors) = tokio::select! {
        opened = open_doors(&server, &none, None, recorder, &meters, &neighbourhoods) => opened?,
        () = signals.stop() => return Ok(()),
    };
    check_roles(&server, &source, &doors)?;
    let (orders, heard) = channel::channel(Orders { phase: Phase::Running, doors: Arc::new(doors) });
    let audit = audit_config(&server)?;
    let house = Arc::new(House {
        tls: ArcSwap::from_pointee(client_tls(&server)?),
        recorder: recorder.clone(),
        cancel_keys: Arc::default(),
        mock_key: audit.derived_key("unknown users")?,
        orders: heard,
        meters,
    });
    let listener = TcpListener::bind(&server.listen.address)
        .await
        .with_context(|| format!("[listen] address {}", server.listen.address))?;
    let admin = server.admin.clone();
    let service = Arc::new(Service {
        house: house.clone(),
        orders,
        keepers: Mutex::new(keepers),
        neighbourhoods,
        config: config.to_owned(),
        running: Mutex::new(Running::new(server, &source)),
    });
    if let Some(address) = &admin {
        admin::start(address, service.clone(), &audit).await?;
    }
    watch::start(service.clone(), watching)?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    listen(listener, &house, crew, &mut signals).await;
    drain(&service.orders, &house).await;
    Ok(())
}

/// Takes connections until a signal says stop.
async fn listen(listener: TcpListener, house: &Arc<House>, crew: &Crew, signals: &mut Signals) {
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, address)) => {
                    if let Err(error) = crew.take(tcp, address, house.clone()) {
                        tracing::warn!(%error, "a connection could not be taken");
                    }
                }
                Err(error) => {
                    // Out of file descriptors: others will close theirs.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            () = signals.stop() => return,
        }
    }
}

/// Ends sessions: idle ones at once, the others when they are, and all of them in the end.
async fn drain(orders: &channel::Sender<Orders>, house: &House) {
    orders.send_modify(|o| o.phase = Phase::Draining);
    let start = std::time::Instant::now();
    while house.meters.sessions.get() > 0 && start.elapsed() < DRAIN {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    orders.send_modify(|o| o.phase = Phase::Stopping);
    let start = std::time::Instant::now();
    while house.meters.sessions.get() > 0 && start.elapsed() < Duration::from_secs(1) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Opens the databases that are not open yet, and makes the doors of all.
async fn open_doors(
    server: &Server,
    known: &BTreeMap<String, Keeper>,
    running: Option<(&Server, Arc<Doors>)>,
    recorder: &Recorder,
    meters: &Meters,
    neighbourhoods: &Neighbourhoods,
) -> Result<(BTreeMap<String, Keeper>, Doors)> {
    let mut keepers = BTreeMap::new();
    let mut doors = Doors::default();
    for (name, config) in &server.databases {
        let open = running
            .as_ref()
            .filter(|(before, _)| before.databases.get(name).is_some_and(|old| old.is_reached_as(config)));
        let already = open.and_then(|(_, doors)| doors.databases.get(name).cloned()).zip(known.get(name).cloned());
        let (database, keeper) = match already {
            Some(found) => found,
            None => {
                let opened = keeper::open(name, config, recorder, meters, neighbourhoods).await;
                let (live, keeper) = opened.with_context(|| format!("database \"{name}\""))?;
                (Database { live, refresh: Arc::new(keeper.clone()) }, keeper)
            }
        };
        doors.databases.insert(name.clone(), database);
        keepers.insert(name.clone(), keeper);
    }
    for (name, user) in &server.users {
        let verifier = user.verifier.parse().map_err(|e| anyhow!("user \"{name}\": {e}"))?;
        let user = User { role: user.role.clone(), verifier, databases: user.databases.clone() };
        doors.users.insert(name.clone(), user);
    }
    Ok((keepers, doors))
}

/// Every user's role must be there; asked of the policies that run.
fn check_roles(server: &Server, source: &SourceFile, doors: &Doors) -> Result<()> {
    let snapshots: BTreeMap<&String, _> = doors.databases.iter().map(|(name, d)| (name, d.live.snapshot())).collect();
    let policies = snapshots.iter().map(|(name, snapshot)| ((*name).clone(), &*snapshot.engine.policy)).collect();
    let problems = server.check_roles(&policies);
    if problems.is_empty() {
        return Ok(());
    }
    let said = render(&problems, std::slice::from_ref(source), Style::Plain);
    Err(anyhow!("users of the server file have roles that no policy declares:\n{said}"))
}

fn load(path: &Path) -> Result<(Server, SourceFile)> {
    match server::load(path) {
        Ok(Loaded { server, warnings, source }) => {
            if !warnings.is_empty() {
                let source = std::slice::from_ref(&source);
                tracing::warn!("the server file has warnings:\n{}", render(&warnings, source, Style::Plain));
            }
            Ok((server, source))
        }
        Err(LoadError::Io(error)) => Err(anyhow!("{error}")),
        Err(LoadError::Problems(problems, source)) => {
            Err(anyhow!("the server file has problems:\n{}", render(&problems, &[*source], Style::Plain)))
        }
    }
}

fn client_tls(server: &Server) -> Result<Option<ClientTls>> {
    let Some(tls) = &server.listen.tls else { return Ok(None) };
    ClientTls::load(&tls.cert, &tls.key, tls.client_ca.as_deref(), tls.required).map(Some)
}

fn audit_config(server: &Server) -> Result<AuditConfig> {
    let audit = &server.audit;
    let mut config = AuditConfig::new(&audit.folder);
    config.durability = match audit.durability {
        server::Durability::Strict => Durability::Strict,
        server::Durability::Relaxed => Durability::Relaxed,
    };
    config.key = audit.key.clone();
    config.subject_keys = audit.subject_keys.clone();
    if let Some(bytes) = audit.rotate_bytes {
        config.rotate_bytes = bytes;
    }
    config.sinks = audit.sinks.clone();
    #[cfg(feature = "unrecorded")]
    if std::env::var_os("CONSENTRY_UNRECORDED").is_some() {
        config.durability = Durability::Off;
    }
    Ok(config)
}
