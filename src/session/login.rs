//! From an accepted socket to a running session: opening, TLS, who it is, what it may, and the session upstream.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::core::{Core, context};
use super::house::{Database, House, User};
use super::live::Snapshot;
use super::meters::{Counted, Result as Label};
use super::orders::Pass;
use super::record::Clerk;
use super::run::Session;
use super::settings::{Values, reason_of};
use super::startup::{self, Asked};
use super::turned_away;
use crate::audit::Event;
use crate::audit::event::{Client, Login, LoginRefused, Who};
use crate::engine::cleared::SetValue;
use crate::engine::context::PurposeSource;
use crate::engine::refusal::{Refusal, SqlState};
use crate::relay::cancel::{Registration, Target};
use crate::relay::login::{LoggedIn, LoginFailed, is_about_us, log_in};
use crate::wire::backend;
use crate::wire::buffer::Inbox;
use crate::wire::error::{Fields, MESSAGE, Severity, from_refusal};
use crate::wire::frame::{HEADER, header};
use crate::wire::scram::{self, Failure, Verifier};
use crate::wire::startup::{Opening, Startup, TLS_HANDSHAKE};
use crate::wire::stream::Stream;
use crate::wire::tls::ClientTls;

/// From connecting to being logged in (PostgreSQL's `authentication_timeout`).
const PATIENCE: Duration = Duration::from_secs(60);

/// Longest password message taken.
const MAX_PASSWORD_MESSAGE: usize = 64 * 1024;

/// Why a connection does not become a session.
enum Refused {
    /// The client is told and it goes on record.
    Told { refusal: Box<Refusal>, reason: &'static str },
    /// PostgreSQL's own words.
    Relayed(Fields),
    /// A cancel request, a health check, a lost connection: nobody to tell.
    Silent,
}

impl From<std::io::Error> for Refused {
    fn from(_: std::io::Error) -> Self {
        Refused::Silent
    }
}

impl From<crate::wire::frame::Malformed> for Refused {
    fn from(fault: crate::wire::frame::Malformed) -> Self {
        protocol(fault.to_string())
    }
}

/// A client that is not known yet.
struct Visitor {
    stream: Stream,
    inbox: Inbox,
    address: SocketAddr,
    session: String,
    /// PEM of the certificate that was shown to it.
    certificate: Option<Arc<[u8]>>,
    tls_version: Option<String>,
    /// Known once it has named them and they exist.
    user: Option<String>,
    database: Option<String>,
    application_name: Option<String>,
}

/// Serves one connection to its end.
pub async fn serve(tcp: TcpStream, address: SocketAddr, house: Arc<House>) {
    if tcp.set_nodelay(true).is_err() {
        return;
    }
    let mut visitor = Visitor {
        stream: Stream::Tcp(tcp),
        inbox: Inbox::default(),
        address,
        session: hex::encode(rand::random::<[u8; 12]>()),
        certificate: None,
        tls_version: None,
        user: None,
        database: None,
        application_name: None,
    };
    let welcomed = match tokio::time::timeout(PATIENCE, visitor.welcome(&house)).await {
        Ok(welcomed) => welcomed,
        Err(_) => Err(Refused::Silent),
    };
    match welcomed {
        Ok(welcome) => {
            let Welcome { core, upstream, database, pass, registration } = *welcome;
            let session = Session {
                core,
                client: visitor.stream,
                client_in: visitor.inbox,
                server: upstream.stream,
                server_in: upstream.inbox,
                refresh: database.refresh,
                orders: house.orders.clone(),
                pass,
                registration,
                ends: Default::default(),
            };
            let counted = Counted::new(&house.meters.sessions);
            house.meters.logins.get_or_create(&Label { result: "ok" }).inc();
            session.run().await;
            drop(counted);
        }
        Err(refused) => visitor.turn_away(refused, &house).await,
    }
}

/// All that a session starts with.
struct Welcome {
    core: Core,
    upstream: LoggedIn,
    database: Database,
    pass: Arc<Pass>,
    registration: Registration,
}

impl Visitor {
    async fn welcome(&mut self, house: &Arc<House>) -> Result<Box<Welcome>, Refused> {
        let startup = self.opening(house).await?;
        if startup.minor > 0 || !startup.protocol_options.is_empty() {
            let mut out = Vec::new();
            backend::negotiate_protocol_version(&mut out, &startup.protocol_options)?;
            self.stream.write_all(&out).await?;
        }
        let tls = house.tls.load();
        if !self.stream.is_encrypted() && tls.as_ref().as_ref().is_some_and(|t| t.required) {
            return Err(told(turned_away::tls_required(), "TLS required"));
        }
        let asked = startup::read(&startup.parameters).map_err(|r| told(r, "start-up parameter refused"))?;
        self.application_name = asked.application_name.clone();
        let user = self.authenticate(&startup, house).await?;
        let database = self.find_database(&startup, &user, house)?;
        let snapshot = database.live.snapshot();
        let unrestricted = snapshot.engine.policy.roles.get(&user.role).is_some_and(|role| role.unrestricted);
        let asked = asked.by(unrestricted).map_err(|r| told(r, "start-up parameter refused"))?;
        let values = first_values(&snapshot, &user, &asked).map_err(|r| told(r, "purpose refused"))?;
        let upstream = self.log_in_upstream(&database, &user, &asked, &values).await?;
        let mut welcome = self.let_in(house, database, user, values, upstream).await?;
        welcome.core.began(unrestricted);
        Ok(welcome)
    }

    // === opening ===

    /// SSL and GSS requests in any order, then the start-up packet; or a cancel request.
    async fn opening(&mut self, house: &House) -> Result<Startup, Refused> {
        if self.first_byte().await? == TLS_HANDSHAKE {
            let tls = (**house.tls.load()).clone().ok_or(Refused::Silent)?;
            self.encrypt(tls).await?;
            if !self.speaks_postgresql() {
                return Err(protocol("direct TLS needs the ALPN protocol \"postgresql\""));
            }
        }
        loop {
            let (opening, length) = loop {
                match crate::wire::startup::read(self.inbox.bytes()) {
                    Ok(Some(found)) => break found,
                    Ok(None) => self.fill().await?,
                    Err(bad) => return Err(protocol(bad.to_string())),
                }
            };
            self.inbox.consume(length);
            match opening {
                Opening::Startup(startup) => return Ok(startup),
                Opening::Cancel { pid, secret } => {
                    cancel(house, pid, &secret).await;
                    // Inside of TLS, that this is the end is said: who reads to the end of a torn stream takes it for an attack.
                    let _ = self.stream.shutdown().await;
                    return Err(Refused::Silent);
                }
                Opening::GssEncryption => {
                    self.nothing_ahead()?;
                    self.stream.write_all(b"N").await?;
                }
                Opening::Ssl => {
                    self.nothing_ahead()?;
                    match (**house.tls.load()).clone() {
                        Some(tls) if !self.stream.is_encrypted() => {
                            self.stream.write_all(b"S").await?;
                            self.encrypt(tls).await?;
                        }
                        _ => self.stream.write_all(b"N").await?,
                    }
                }
            }
        }
    }

    async fn first_byte(&self) -> Result<u8, Refused> {
        let Stream::Tcp(tcp) = &self.stream else {
            return Err(Refused::Silent);
        };
        let mut first = [0];
        match tcp.peek(&mut first).await? {
            0 => Err(Refused::Silent),
            _ => Ok(first[0]),
        }
    }

    /// Bytes sent before an answer to SSLRequest would be taken for encrypted ones (CVE-2021-23214).
    fn nothing_ahead(&self) -> Result<(), Refused> {
        match self.inbox.is_empty() {
            true => Ok(()),
            false => Err(protocol("received unencrypted data after SSL or GSSAPI encryption request")),
        }
    }

    async fn encrypt(&mut self, tls: ClientTls) -> Result<(), Refused> {
        let plain = std::mem::replace(&mut self.stream, Stream::Closed);
        let Stream::Tcp(tcp) = plain else {
            return Err(Refused::Silent);
        };
        let encrypted = tls.acceptor.accept(tcp).await?;
        self.tls_version = encrypted.get_ref().1.protocol_version().map(|v| format!("{v:?}").replace('_', "."));
        self.certificate = Some(tls.certificate);
        self.stream = Stream::TlsServer(Box::new(encrypted));
        Ok(())
    }

    fn speaks_postgresql(&self) -> bool {
        matches!(&self.stream, Stream::TlsServer(tls) if tls.get_ref().1.alpn_protocol().is_some())
    }

    async fn fill(&mut self) -> Result<(), Refused> {
        let (inbox, stream) = (&mut self.inbox, &mut self.stream);
        match poll_fn(|cx| inbox.poll_fill(cx, stream)).await? {
            0 => Err(Refused::Silent),
            _ => Ok(()),
        }
    }

    // === who it is ===

    async fn authenticate(&mut self, startup: &Startup, house: &House) -> Result<User, Refused> {
        let name = startup.parameter("user").unwrap_or_default();
        let doors = house.doors();
        let known = doors.users.get(name).cloned();
        self.user = known.is_some().then(|| name.to_owned());
        let served = |name: &&str| doors.databases.contains_key(*name);
        self.database = Some(startup.database()).filter(served).map(str::to_owned);
        let other = doors.users.values().next().map(|user| &user.verifier);
        let mock = || Verifier::mock(name, &house.mock_key, other);
        let verifier = known.as_ref().map_or_else(mock, |user| user.verifier.clone());
        let outcome = self.scram(verifier).await?;
        match (outcome, known) {
            (Ok(last), Some(user)) => {
                let mut out = Vec::new();
                backend::authentication_sasl_final(&mut out, &last)?;
                backend::authentication_ok(&mut out)?;
                self.stream.write_all(&out).await?;
                Ok(user)
            }
            (Err(Failure::Protocol), _) => Err(told(turned_away::bad_scram(), "malformed SCRAM exchange")),
            (Ok(_) | Err(Failure::Rejected), _) => {
                let reason = if self.user.is_some() { "wrong password" } else { "unknown user" };
                Err(told(turned_away::wrong_password(name), reason))
            }
        }
    }

    async fn scram(&mut self, verifier: Verifier) -> Result<Result<String, Failure>, Refused> {
        let certificate = self.certificate.as_ref().map(|c| c.to_vec());
        let mut out = Vec::new();
        backend::authentication_sasl(&mut out, scram::mechanisms(certificate.as_deref()))?;
        self.stream.write_all(&out).await?;
        let first = scram::ExpectFirst { certificate, verifier };
        let body = self.password_message().await?;
        let (message, last) = match first.first(&body) {
            Ok(next) => next,
            Err(failure) => return Ok(Err(failure)),
        };
        out.clear();
        backend::authentication_sasl_continue(&mut out, &message)?;
        self.stream.write_all(&out).await?;
        let body = self.password_message().await?;
        Ok(last.finish(&body))
    }

    async fn password_message(&mut self) -> Result<Vec<u8>, Refused> {
        loop {
            if let Some(head) = header(self.inbox.bytes())? {
                if head.tag != b'p' || head.body > MAX_PASSWORD_MESSAGE {
                    return Err(protocol("expected a password response"));
                }
                if let Some(body) = self.inbox.bytes().get(HEADER..HEADER + head.body) {
                    let body = body.to_vec();
                    self.inbox.consume(HEADER + head.body);
                    return Ok(body);
                }
            }
            self.fill().await?;
        }
    }

    // === what it may ===

    fn find_database(&self, startup: &Startup, user: &User, house: &House) -> Result<Database, Refused> {
        let name = startup.database();
        let doors = house.doors();
        let Some(database) = doors.databases.get(name) else {
            return Err(told(turned_away::no_such_database(name), "unknown database"));
        };
        if user.databases.as_ref().is_some_and(|list| !list.contains(name)) {
            return Err(told(turned_away::not_for_user(name), "database not for this user"));
        }
        Ok(database.clone())
    }

    async fn log_in_upstream(
        &self,
        database: &Database,
        user: &User,
        asked: &Asked,
        values: &Values,
    ) -> Result<LoggedIn, Refused> {
        let mut settings: BTreeMap<String, String> = asked.passed.iter().cloned().collect();
        // For SHOW, RESET and current_setting; what they hold decides nothing.
        settings.insert("consentry.purpose".into(), values.purpose.clone().unwrap_or_default());
        settings.insert("consentry.reason".into(), values.reason.as_deref().unwrap_or_default().into());
        // What names mean here must be what they mean there, whatever ALTER ROLE or ALTER DATABASE say by now.
        settings.insert("search_path".into(), values.search_path.clone());
        settings.insert("consentry.role".into(), user.role.clone());
        settings.insert("consentry.user".into(), self.user.clone().unwrap_or_default());
        let settings: Vec<_> = settings.into_iter().collect();
        log_in(&database.live.dialer, &settings).await.map_err(|failed| match failed {
            LoginFailed::Unreachable(fault) => {
                let refusal = fault.refusal();
                let fault = format!("{:#}", anyhow::Error::from(fault));
                tracing::error!(database = %database.live.name, fault, "PostgreSQL cannot be reached");
                told(refusal, "upstream unreachable")
            }
            LoginFailed::Protocol(fault) => {
                tracing::error!(database = %database.live.name, %fault, "PostgreSQL's login cannot be followed");
                told(crate::relay::dial::Unreachable::NotPostgres.refusal(), "upstream unreachable")
            }
            LoginFailed::Refused(fields) if is_about_us(&fields) => {
                let fault = fields.field(MESSAGE).unwrap_or_default();
                tracing::error!(database = %database.live.name, fault, "PostgreSQL refuses the proxy's account");
                told(crate::relay::dial::Unreachable::NotPostgres.refusal(), "upstream refused the proxy")
            }
            LoginFailed::Refused(fields) => Refused::Relayed(fields),
        })
    }

    // === in ===

    async fn let_in(
        &mut self,
        house: &Arc<House>,
        database: Database,
        user: User,
        values: Values,
        mut upstream: LoggedIn,
    ) -> Result<Box<Welcome>, Refused> {
        let client = self.client();
        let name = self.user.clone().unwrap_or_default();
        let login = Event::Login(Login {
            session: self.session.clone(),
            user: name.clone(),
            role: user.role.clone(),
            purpose: values.purpose.clone(),
            purpose_set_by: values.purpose_set_by.as_str(),
            client: client.clone(),
            database: database.live.name.clone(),
            tls: self.tls_version.clone(),
        });
        let ticket = house.recorder.append(login).map_err(|e| told(e.refusal(), "record unavailable"))?;
        house.recorder.durable(&ticket).await.map_err(|e| told(e.refusal(), "record unavailable"))?;

        let registration = house.cancel_keys.register(Target {
            dialer: database.live.dialer.clone(),
            pid: upstream.pid,
            secret: std::mem::take(&mut upstream.secret),
        });
        let mut out = Vec::new();
        for (parameter, value) in &upstream.parameters {
            backend::parameter_status(&mut out, parameter, value)?;
        }
        let (pid, secret) = registration.client_key();
        backend::key_data(&mut out, pid, secret)?;
        out.extend_from_slice(&[b'Z', 0, 0, 0, 5, b'I']);
        self.stream.write_all(&out).await?;
        self.stream.flush().await?;
        let who = Arc::new(Who {
            session: self.session.clone(),
            user: name,
            role: user.role.clone(),
            client,
            database: database.live.name.clone(),
        });
        let clerk = Clerk::new(house.recorder.clone(), who, house.meters.clone());
        let pass = Arc::new(Pass {
            user: clerk.who.user.clone(),
            role: user.role.clone(),
            database: database.live.name.clone(),
            live: database.live.clone(),
        });
        let core = Core::new(database.live.clone(), user.role, values, clerk);
        Ok(Box::new(Welcome { core, upstream, database, pass, registration }))
    }

    fn client(&self) -> Client {
        Client { address: self.address.ip().to_string(), application_name: self.application_name.clone() }
    }

    /// As far as whoever is not let in may be told of: the name of a program is only taken from a user that there is.
    fn stranger(&self) -> Client {
        Client { application_name: self.application_name.clone().filter(|_| self.user.is_some()), ..self.client() }
    }

    // === out ===

    async fn turn_away(&mut self, refused: Refused, house: &House) {
        let (fields, reason) = match refused {
            Refused::Silent => return,
            Refused::Told { refusal, reason } => (from_refusal(&refusal, Severity::Fatal, ""), reason),
            Refused::Relayed(fields) => (fields, "upstream refused the session"),
        };
        house.meters.logins.get_or_create(&Label { result: "refused" }).inc();
        let event = Event::LoginRefused(LoginRefused {
            session: self.session.clone(),
            user: self.user.clone(),
            role: self.user.as_ref().and_then(|name| Some(house.doors().users.get(name)?.role.clone())),
            client: self.stranger(),
            database: self.database.clone(),
            sqlstate: fields.sqlstate().to_owned(),
            reason,
        });
        if let Err(error) = house.recorder.append(event) {
            tracing::warn!(%error, "a refused login could not be recorded");
        }
        let mut out = Vec::new();
        if fields.put(&mut out, b'E').is_ok() {
            let _ = self.stream.write_all(&out).await;
            let _ = self.stream.shutdown().await;
        }
    }
}

/// Settings of a session's beginning: purpose by start-up or the role's first, search path by start-up or the account's.
fn first_values(snapshot: &Snapshot, user: &User, asked: &Asked) -> Result<Values, Refusal> {
    let engine = &snapshot.engine;
    let role = engine.policy.roles.get(&user.role).ok_or_else(|| turned_away::role_not_here(&user.role))?;
    let mut values = Values {
        purpose: role.purposes.first().cloned(),
        purpose_set_by: PurposeSource::Default,
        reason: asked.reason.as_deref().and_then(reason_of),
        search_path: asked.search_path.clone().unwrap_or_else(|| engine.catalog.data().search_path.clone()),
        temporary: BTreeMap::new(),
        defined: BTreeMap::new(),
    };
    let context = context(snapshot, &user.role, &values);
    if let Some(path) = &asked.search_path {
        engine.judge_setting("search_path", Some(path), &context)?;
    }
    if let Some(purpose) = &asked.purpose
        && let Some((_, SetValue::Value(purpose))) =
            engine.judge_setting("consentry.purpose", Some(purpose), &context)?
    {
        values.purpose = Some(purpose);
        values.purpose_set_by = PurposeSource::Startup;
    }
    Ok(values)
}

/// The sender may have gone already: the request is carried out all the same.
async fn cancel(house: &House, pid: i32, secret: &[u8]) {
    if let Some(target) = house.cancel_keys.find(pid, secret)
        && let Err(fault) = target.cancel().await
    {
        tracing::warn!(%fault, "a cancel request did not reach PostgreSQL");
    }
}

fn told(refusal: Refusal, reason: &'static str) -> Refused {
    Refused::Told { refusal: Box::new(refusal), reason }
}

fn protocol(message: impl Into<String>) -> Refused {
    told(Refusal::new("protocol", SqlState::PROTOCOL_VIOLATION, message, "", ""), "protocol violation")
}
