//! Logging in to PostgreSQL for one session: start-up packet, authentication, up to the first ReadyForQuery.
//!
//! The start-up packet is built here from checked settings; nothing of the client's packet is copied.

use std::future::poll_fn;
use std::time::Duration;

use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256};
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256, Sha384, Sha512};
use tokio::io::AsyncWriteExt;

use super::dial::{Dialer, Unreachable};
use crate::wire::backend::{Authentication, read_key, read_parameter};
use crate::wire::buffer::Inbox;
use crate::wire::error::{Fields, ROUTINE};
use crate::wire::frame::{HEADER, MAX_INSPECTED_BODY, Malformed, header, put_frame, put_string};
use crate::wire::stream::Stream;

/// How long PostgreSQL may take to let us in.
const PATIENCE: Duration = Duration::from_secs(30);

/// Settings that every session has, whatever the client says: they change what SQL text means or whom rows are for.
pub const PINNED: &[(&str, &str)] = &[
    ("client_encoding", "UTF8"),
    ("standard_conforming_strings", "on"),
    ("row_security", "on"),
    ("synchronize_seqscans", "off"),
    ("backslash_quote", "safe_encoding"),
    ("transform_null_equals", "off"),
    ("array_nulls", "on"),
    ("xmloption", "content"),
];

/// What a session has where the client says nothing, whatever the account has: debugging messages tell of stored rows.
const DEFAULTS: &[(&str, &str)] = &[("client_min_messages", "notice")];

/// A connection that is logged in and idle.
pub struct LoggedIn {
    pub stream: Stream,
    /// What came behind ReadyForQuery, if anything.
    pub inbox: Inbox,
    /// ParameterStatus messages in order.
    pub parameters: Vec<(String, String)>,
    pub pid: i32,
    pub secret: Vec<u8>,
}

/// Why there is no session upstream.
#[derive(Debug, thiserror::Error)]
pub enum LoginFailed {
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// PostgreSQL said no; its own words, which may be shown to the client unless they are about our account.
    #[error("PostgreSQL refused the session: {}", .0.field(crate::wire::error::MESSAGE).unwrap_or("no message"))]
    Refused(Fields),
    #[error("PostgreSQL sent an unexpected message: {0}")]
    Protocol(#[from] Malformed),
}

impl From<std::io::Error> for LoginFailed {
    fn from(e: std::io::Error) -> Self {
        Self::Unreachable(Unreachable::Io(e))
    }
}

/// Errors that tell of the proxy's account, which is not the client's business: authentication, and rights to connect. Not
/// that it may not set what the client has asked for (guc.c).
pub fn is_about_us(fields: &Fields) -> bool {
    let sets = fields.field(ROUTINE).is_some_and(|routine| routine.starts_with("set_config"));
    !sets && (fields.sqlstate().starts_with("28") || matches!(fields.sqlstate(), "42501" | "3D000"))
}

fn login_fault(what: impl Into<String>) -> LoginFailed {
    LoginFailed::Unreachable(Unreachable::Login(what.into()))
}

/// Connects and logs in with `settings` (already judged) on top of the pinned ones.
pub async fn log_in(dialer: &Dialer, settings: &[(String, String)]) -> Result<LoggedIn, LoginFailed> {
    let stream = dialer.connect().await?;
    let mut login = Login { dialer, stream, inbox: Inbox::default(), scram: None };
    tokio::time::timeout(PATIENCE, login.start(settings)).await.map_err(|_| Unreachable::Timeout)??;
    tokio::time::timeout(PATIENCE, login.authenticate()).await.map_err(|_| Unreachable::Timeout)??;
    tokio::time::timeout(PATIENCE, login.settle()).await.map_err(|_| Unreachable::Timeout)?
}

struct Login<'a> {
    dialer: &'a Dialer,
    stream: Stream,
    inbox: Inbox,
    scram: Option<ScramSha256>,
}

impl Login<'_> {
    async fn start(&mut self, settings: &[(String, String)]) -> Result<(), LoginFailed> {
        let packet = startup_packet(&self.dialer.upstream.place.user, &self.dialer.upstream.place.database, settings)?;
        Ok(self.stream.write_all(&packet).await?)
    }

    async fn authenticate(&mut self) -> Result<(), LoginFailed> {
        loop {
            let (tag, body) = self.message().await?;
            match tag {
                b'R' => {
                    if self.answer(&body).await? == Answered::Done {
                        return Ok(());
                    }
                }
                b'E' => return Err(LoginFailed::Refused(Fields::read(&body)?)),
                // Notices and NegotiateProtocolVersion change nothing: we ask for 3.0 and no options.
                b'N' | b'v' => {}
                other => return Err(Malformed::Type(other).into()),
            }
        }
    }

    async fn answer(&mut self, body: &[u8]) -> Result<Answered, LoginFailed> {
        match Authentication::read(body)? {
            // A server that skips the proof of its own identity has still let us in; as libpq does, we take it.
            Authentication::Ok => return Ok(Answered::Done),
            Authentication::Cleartext if self.stream.is_encrypted() => {
                let password = self.password()?;
                self.say_password(&password).await?;
            }
            Authentication::Cleartext => {
                return Err(login_fault("the server asks for the password in clear over an unencrypted connection"));
            }
            Authentication::Md5 { salt } => {
                let hash = md5_hash(self.dialer.upstream.place.user.as_bytes(), self.password()?.as_bytes(), salt);
                self.say_password(&hash).await?;
            }
            Authentication::Sasl { mechanisms } => self.begin_scram(&mechanisms).await?,
            Authentication::SaslContinue(data) => {
                let scram = self.scram.as_mut().ok_or(Malformed::Count)?;
                scram.update(data)?;
                let message = scram.message().to_vec();
                self.say(|b| b.extend_from_slice(&message)).await?;
            }
            Authentication::SaslFinal(data) => self.scram.as_mut().ok_or(Malformed::Count)?.finish(data)?,
            Authentication::Other(kind) => {
                return Err(login_fault(format!(
                    "the server asks for authentication method {kind}, which is not supported"
                )));
            }
        }
        Ok(Answered::GoesOn)
    }

    async fn begin_scram(&mut self, mechanisms: &[&str]) -> Result<(), LoginFailed> {
        let binding = self.channel_binding();
        let (mechanism, binding) = match binding {
            Some(hash) if mechanisms.contains(&SCRAM_SHA_256_PLUS) => {
                (SCRAM_SHA_256_PLUS, ChannelBinding::tls_server_end_point(hash))
            }
            Some(_) if mechanisms.contains(&SCRAM_SHA_256) => (SCRAM_SHA_256, ChannelBinding::unrequested()),
            None if mechanisms.contains(&SCRAM_SHA_256) => (SCRAM_SHA_256, ChannelBinding::unsupported()),
            _ => return Err(login_fault("the server offers no SCRAM mechanism that is supported")),
        };
        let scram = ScramSha256::new(self.password()?.as_bytes(), binding);
        let first = scram.message().to_vec();
        self.scram = Some(scram);
        let length = i32::try_from(first.len()).map_err(|_| Malformed::TooLong)?;
        self.say(|b| {
            put_string(b, mechanism);
            b.extend_from_slice(&length.to_be_bytes());
            b.extend_from_slice(&first);
        })
        .await
    }

    /// The hash of the server's certificate (RFC 5929, `tls-server-end-point`), where its signature has one.
    fn channel_binding(&self) -> Option<Vec<u8>> {
        let Stream::TlsClient(tls) = &self.stream else {
            return None;
        };
        end_point_hash(tls.get_ref().1.peer_certificates()?.first()?)
    }

    fn password(&self) -> Result<String, LoginFailed> {
        let none = || login_fault("the server asks for a password and none is configured");
        let password = self.dialer.upstream.password.as_ref().ok_or_else(none)?;
        password.reveal().map_err(|error| login_fault(format!("the password of the upstream role: {error}")))
    }

    async fn say_password(&mut self, password: &str) -> Result<(), LoginFailed> {
        self.say(|b| put_string(b, password)).await
    }

    async fn say(&mut self, body: impl FnOnce(&mut Vec<u8>)) -> Result<(), LoginFailed> {
        let mut out = Vec::new();
        put_frame(&mut out, b'p', body)?;
        Ok(self.stream.write_all(&out).await?)
    }

    async fn message(&mut self) -> Result<(u8, Vec<u8>), LoginFailed> {
        loop {
            if let Some(head) = header(self.inbox.bytes())? {
                if head.body > MAX_INSPECTED_BODY {
                    return Err(Malformed::TooLong.into());
                }
                if let Some(body) = self.inbox.bytes().get(HEADER..HEADER + head.body) {
                    let body = body.to_vec();
                    self.inbox.consume(HEADER + head.body);
                    return Ok((head.tag, body));
                }
            }
            let (inbox, stream) = (&mut self.inbox, &mut self.stream);
            if poll_fn(|cx| inbox.poll_fill(cx, stream)).await? == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
        }
    }

    /// ParameterStatus, BackendKeyData, ReadyForQuery.
    async fn settle(mut self) -> Result<LoggedIn, LoginFailed> {
        let mut parameters = Vec::new();
        let mut key = (0, Vec::new());
        loop {
            let (tag, body) = self.message().await?;
            match tag {
                b'S' => {
                    let (name, value) = read_parameter(&body)?;
                    parameters.push((name.to_owned(), value.to_owned()));
                }
                b'K' => key = read_key(&body)?,
                b'Z' => break,
                b'E' => return Err(LoginFailed::Refused(Fields::read(&body)?)),
                b'N' => {}
                other => return Err(Malformed::Type(other).into()),
            }
        }
        Ok(LoggedIn { stream: self.stream, inbox: self.inbox, parameters, pid: key.0, secret: key.1 })
    }
}

#[derive(PartialEq, Eq)]
enum Answered {
    GoesOn,
    Done,
}

fn startup_packet(user: &str, database: &str, settings: &[(String, String)]) -> Result<Vec<u8>, Malformed> {
    let mut body = 0x0003_0000i32.to_be_bytes().to_vec();
    let mut put = |name: &str, value: &str| {
        put_string(&mut body, name);
        put_string(&mut body, value);
    };
    put("user", user);
    put("database", database);
    for (name, value) in PINNED.iter().chain(DEFAULTS) {
        put(name, value);
    }
    for (name, value) in settings {
        put(name, value);
    }
    body.push(0);
    let length = i32::try_from(body.len() + 4).map_err(|_| Malformed::TooLong)?;
    Ok([length.to_be_bytes().as_slice(), &body].concat())
}

/// RFC 5929, section 4.1: the hash of the certificate's own signature, SHA-256 instead of MD5 and SHA-1.
fn end_point_hash(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let hash = match parsed.signature_algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.4" | "1.2.840.113549.1.1.5" | "1.2.840.113549.1.1.11" | "1.2.840.10045.4.3.2" => {
            Sha256::digest(certificate).to_vec()
        }
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Sha384::digest(certificate).to_vec(),
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Sha512::digest(certificate).to_vec(),
        _ => return None,
    };
    Some(hash)
}
