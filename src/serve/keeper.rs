//! Keeps one database's snapshot true: watches its catalog, reads its policy, replaces the engine when either changes.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::Client;

use super::asker::Questions;
use super::neighbours::{Neighbourhoods, Neighbours};
use crate::audit::event::PolicyReload;
use crate::audit::{Event, Recorder};
use crate::config::folder::read_policy;
use crate::config::server;
use crate::engine::catalog::Catalog;
use crate::engine::clear::{Engine, Secrets};
use crate::engine::meaning::Meaning;
use crate::engine::policy::Policy;
use crate::engine::policy::diagnostics::{Problem, SourceFile, Style, render};
use crate::engine::policy::resolve::{read, resolve};
use crate::relay::catalog::{Stamped, fingerprint, load_stamped, reload_stamped};
use crate::relay::dial::Dialer;
use crate::relay::upstream::{Password, Upstream};
use crate::relay::{own, trial};
use crate::session::live::{Live, Refresh, Standing};
use crate::session::meters::{Meters, Result as Label};

/// The catalog is compared with what was read of it at least this often,
const WATCH: Duration = Duration::from_millis(900);
/// at most this often,
const WATCH_CLOSELY: Duration = Duration::from_millis(100);
/// and else so often that looking takes one part in this many of the time: 3 ms on a database of 40 tables are 300 ms.
const WATCH_SHARE: u32 = 100;

/// How long PostgreSQL may take to say whether its catalog has changed, and to tell all of it. A policy waits for that.
const LOOK_PATIENCE: Duration = Duration::from_secs(10);
const READ_PATIENCE: Duration = Duration::from_secs(60);

/// How long a policy's conditions and masks may take to be planned.
const TRIAL_PATIENCE: Duration = Duration::from_secs(5);

/// How long statements are judged by a catalog that could not be compared again.
const UNSEEN_PATIENCE: Duration = Duration::from_secs(15);

/// How long a PostgreSQL that is not up yet is waited for at start.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// The way to a keeper; clones lead to the same.
#[derive(Clone)]
pub struct Keeper {
    requests: mpsc::Sender<Request>,
    questions: Questions,
    connected: Arc<AtomicBool>,
    neighbours: Arc<Neighbours>,
}

pub enum Request {
    /// See that the snapshot shows the catalog as it is now; tells whether it does, or nothing is judged by it.
    Catalog(oneshot::Sender<bool>),
    /// Read a policy again; an error keeps the running one.
    Policy(Wanted, oneshot::Sender<Result<Option<String>>>),
}

/// A policy: where it lies, and roles that it must declare.
#[derive(Clone)]
pub struct Wanted {
    path: PathBuf,
    roles: BTreeSet<String>,
}

impl Wanted {
    /// The policy, if it declares all roles that it must.
    fn declared_by(&self, policy: Policy) -> Result<Policy> {
        match self.roles.iter().find(|role| !policy.roles.contains_key(*role)) {
            Some(role) => {
                Err(anyhow!("the policy does not declare the role \"{role}\", which a user of the server file has"))
            }
            None => Ok(policy),
        }
    }
}

impl Refresh for Keeper {
    fn ask(&self, about: Vec<Arc<Meaning>>) -> Pin<Box<dyn Future<Output = Standing> + Send + '_>> {
        Box::pin(self.questions.ask(about))
    }

    fn refresh(&self) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(self.neighbours.look())
    }
}

impl Keeper {
    /// Whether PostgreSQL answers the keeper.
    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// The digest of the policy, if it is another than before. One without these roles, which users have, is refused.
    pub async fn reload_policy(&self, path: PathBuf, roles: BTreeSet<String>) -> Result<Option<String>> {
        let (done, wait) = oneshot::channel();
        self.requests
            .send(Request::Policy(Wanted { path, roles }, done))
            .await
            .context("the database's keeper has ended")?;
        wait.await.context("the database's keeper has ended")?
    }
}

struct Room {
    live: Arc<Live>,
    client: Option<Client>,
    /// Of the catalog that the snapshot was made from.
    fingerprint: String,
    /// When the catalog was this one.
    seen: Instant,
    /// That is too long ago.
    unseen: bool,
    catalog: Arc<Catalog>,
    policy: Arc<Policy>,
    files: Vec<SourceFile>,
    /// Where a policy lies that did not fit: it may fit another catalog.
    refused: Option<Wanted>,
    secrets: Secrets,
    connected: Arc<AtomicBool>,
    recorder: Recorder,
    meters: Meters,
}

/// Connects, checks the account, reads catalog and policy, and goes on watching both.
pub async fn open(
    name: &str,
    config: &server::Database,
    recorder: &Recorder,
    meters: &Meters,
    neighbourhoods: &Neighbourhoods,
) -> Result<(Arc<Live>, Keeper)> {
    let password = config.password.clone().map(Password::Kept);
    let dialer = Arc::new(Dialer::new(Upstream { place: config.upstream.clone(), password })?);
    let client = connect_patiently(name, &dialer).await?;
    if config.trust_upstream_role {
        tracing::warn!(database = name, "trust_upstream_role is set: what the upstream role may do is not checked");
    } else {
        own::check_role(&client, &config.upstream.user).await?;
    }
    own::check_encoding(&client).await?;
    own::check_unpooled(&client, &dialer).await?;
    let (requests, inbox) = mpsc::channel(64);
    let by_address = || {
        tracing::warn!(
            database = name,
            "the upstream role may not call pg_control_system(): other entries of this database that spell its address \
             otherwise do not know at once what is defined through this one"
        );
        format!("{:?}/{}", config.upstream.address, config.upstream.database)
    };
    let neighbours = neighbourhoods.of(own::identity(&client).await.unwrap_or_else(by_address));
    // Before the catalog is read: what others define from now on is looked for.
    neighbours.join(&requests);
    let Stamped { catalog, fingerprint } = load_stamped(&client).await?;
    let files = read_policy(&config.policy)?;
    let policy = Arc::new(fitting(name, &files, &catalog, &dialer).await?);
    let catalog = Arc::new(catalog);
    let secrets = Secrets { pseudonym: config.pseudonym_key.read_or_create_key()? };
    let engine = Engine::new(catalog.clone(), policy.clone(), secrets.clone());
    let shared = neighbours.shared.clone();
    let live = Arc::new(Live::new(name.to_owned(), dialer, config.max_transaction, engine, shared));
    let connected = Arc::new(AtomicBool::new(true));
    let look = requests.clone();
    let questions = Questions::start(live.dialer.clone(), move || {
        // A full channel has a look coming anyway.
        let _ = look.try_send(Request::Catalog(oneshot::channel().0));
    });
    let room = Room {
        live: live.clone(),
        client: Some(client),
        fingerprint,
        seen: Instant::now(),
        unseen: false,
        catalog,
        policy,
        files,
        refused: None,
        secrets,
        connected: connected.clone(),
        recorder: recorder.clone(),
        meters: meters.clone(),
    };
    tokio::spawn(room.keep(inbox));
    Ok((live, Keeper { requests, questions, connected, neighbours }))
}

async fn within<T, E: Into<anyhow::Error>>(time: Duration, work: impl Future<Output = Result<T, E>>) -> Result<T> {
    tokio::time::timeout(time, work).await.context("PostgreSQL does not answer")?.map_err(Into::into)
}

async fn connect_patiently(name: &str, dialer: &Dialer) -> Result<Client> {
    let start = Instant::now();
    loop {
        match own::connect(dialer).await {
            Ok(client) => return Ok(client),
            Err(error) if start.elapsed() > START_PATIENCE || !is_absent(&error) => return Err(error),
            Err(error) => {
                tracing::warn!(database = name, "PostgreSQL is not there yet: {error:#}");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

/// Not up yet, or starting; anything else (a wrong password, another's certificate) does not get better by waiting.
fn is_absent(error: &anyhow::Error) -> bool {
    let starting = error
        .downcast_ref::<tokio_postgres::Error>()
        .and_then(|e| e.code())
        .is_some_and(|code| *code == tokio_postgres::error::SqlState::CANNOT_CONNECT_NOW);
    starting || error.downcast_ref::<crate::relay::dial::Unreachable>().is_some_and(|fault| fault.may_pass())
}

/// The policy, if it fits the catalog and PostgreSQL takes its conditions and masks.
async fn fitting(name: &str, files: &[SourceFile], catalog: &Catalog, dialer: &Dialer) -> Result<Policy> {
    let mut reading = read(files, catalog);
    // On a connection of its own: a table that somebody has locked does not keep the catalog from being watched.
    let tried = async { trial::run(&own::connect(dialer).await?, &mut reading).await.map_err(anyhow::Error::from) };
    if let Err(error) = within(TRIAL_PATIENCE, tried).await {
        tracing::warn!(
            database = name,
            "not all conditions and masks of the policy could be tried on PostgreSQL: {error:#}"
        );
    }
    match reading.finish() {
        Ok((policy, warnings)) => {
            if !warnings.is_empty() {
                tracing::warn!(database = name, "the policy has warnings:\n{}", render(&warnings, files, Style::Plain));
            }
            Ok(policy)
        }
        Err(problems) => Err(faulty(&problems, files)),
    }
}

fn faulty(problems: &[Problem], files: &[SourceFile]) -> anyhow::Error {
    anyhow!("the policy has problems:\n{}", render(problems, files, Style::Plain))
}

impl Room {
    async fn keep(mut self, mut inbox: mpsc::Receiver<Request>) {
        // Requests that come all the time do not put it off.
        let mut next_look = Instant::now() + WATCH_CLOSELY;
        loop {
            tokio::select! {
                request = inbox.recv() => match request {
                    None => return,
                    Some(Request::Catalog(done)) => {
                        let shows = self.look().await;
                        // Where statements are refused, none is judged by an older one.
                        let _ = done.send(shows || self.unseen);
                    }
                    Some(Request::Policy(wanted, done)) => {
                        let _ = done.send(self.read_policy(&wanted).await);
                    }
                },
                () = tokio::time::sleep_until(next_look.into()) => {
                    let began = Instant::now();
                    self.look().await;
                    next_look = Instant::now() + (began.elapsed() * WATCH_SHARE).clamp(WATCH_CLOSELY, WATCH);
                }
            }
        }
    }

    /// Compares the catalog with the snapshot's; reads it again when it differs. Whether the snapshot is true now.
    async fn look(&mut self) -> bool {
        match self.try_look().await {
            Ok(()) => {
                self.connected.store(true, Ordering::Relaxed);
                self.seen = Instant::now();
                if std::mem::take(&mut self.unseen) {
                    tracing::info!(database = %self.live.name, "the catalog is watched again");
                    self.replace();
                }
                true
            }
            Err(error) => {
                self.client = None;
                if self.connected.swap(false, Ordering::Relaxed) {
                    tracing::error!(database = %self.live.name, "the catalog cannot be watched: {error:#}");
                }
                if !self.unseen && self.seen.elapsed() >= UNSEEN_PATIENCE {
                    tracing::error!(database = %self.live.name, "statements are refused until the catalog can be watched: {error:#}");
                    self.unseen = true;
                    self.replace();
                }
                false
            }
        }
    }

    async fn try_look(&mut self) -> Result<()> {
        if self.client.as_ref().is_none_or(Client::is_closed) {
            self.client = Some(own::connect(&self.live.dialer).await?);
        }
        let Some(client) = &self.client else { return Ok(()) };
        if within(LOOK_PATIENCE, fingerprint(client)).await? == self.fingerprint {
            return Ok(());
        }
        let Stamped { catalog, fingerprint } = within(READ_PATIENCE, reload_stamped(client, &self.catalog)).await?;
        self.fingerprint = fingerprint;
        // A view that is still locked, and nothing else.
        if catalog == *self.catalog {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.catalog, Arc::new(catalog));
        match resolve(&self.files, &self.catalog) {
            Ok((policy, warnings)) => {
                self.warn_of_new(&before, warnings);
                self.policy = Arc::new(policy);
            }
            // The policy that ran goes on, against what is there now: what it names and is gone fails in PostgreSQL.
            Err(problems) => {
                self.policy = Arc::new(self.policy.closed_to_the_new(&before));
                let error = faulty(&problems, &self.files);
                tracing::error!(database = %self.live.name, "the catalog has changed and does not fit the policy: {error:#}");
            }
        }
        self.replace();
        tracing::info!(database = %self.live.name, "the catalog has changed and was read again");
        if let Some(wanted) = self.refused.take() {
            self.try_again(&wanted).await;
        }
        Ok(())
    }

    /// What a change of the catalog has brought about; the rest was said when the policy was read.
    fn warn_of_new(&self, before: &Catalog, mut warnings: Vec<Problem>) {
        let (Ok((_, known)) | Err(known)) = resolve(&self.files, before);
        warnings.retain(|w| !known.iter().any(|k| k.message == w.message));
        if !warnings.is_empty() {
            let said = render(&warnings, &self.files, Style::Plain);
            tracing::warn!(database = %self.live.name, "since the catalog has changed, the policy has warnings:\n{said}");
        }
    }

    /// A policy that did not fit the catalog as it was.
    async fn try_again(&mut self, wanted: &Wanted) {
        let name = self.live.name.clone();
        let result = match self.read_policy(wanted).await {
            Ok(_) => {
                tracing::info!(database = %name, "the policy that was refused fits this catalog, and is in force");
                "ok"
            }
            Err(error) => {
                tracing::warn!(database = %name, "the policy that was refused does not fit this catalog either: {error:#}");
                "failed"
            }
        };
        self.meters.reloads.get_or_create(&Label { result }).inc();
    }

    fn replace(&self) {
        let engine = Engine::new(self.catalog.clone(), self.policy.clone(), self.secrets.clone());
        self.live.replace(if self.unseen { engine.unseen() } else { engine });
    }

    /// The digest of the policy, if it is another than before.
    async fn read_policy(&mut self, wanted: &Wanted) -> Result<Option<String>> {
        let before = self.policy.digest.clone();
        let result = match read_policy(&wanted.path) {
            Ok(files) => {
                let policy = fitting(&self.live.name, &files, &self.catalog, &self.live.dialer).await;
                policy.and_then(|policy| wanted.declared_by(policy)).map(|policy| (files, policy))
            }
            Err(error) => Err(error.into()),
        };
        self.refused = result.is_err().then(|| wanted.clone());
        let result = result.map(|(files, policy)| {
            self.files = files;
            self.policy = Arc::new(policy);
            self.replace();
            Some(self.policy.digest.clone()).filter(|now| *now != before)
        });
        if !matches!(result, Ok(None)) {
            self.record(before, result.is_err());
        }
        result
    }

    fn record(&self, before: String, refused: bool) {
        let event = Event::PolicyReload(PolicyReload {
            database: self.live.name.clone(),
            from: Some(before),
            to: Some(self.policy.digest.clone()),
            problems: u64::from(refused),
        });
        if let Err(error) = self.recorder.append(event) {
            tracing::warn!(%error, "a policy reload could not be recorded");
        }
    }
}
