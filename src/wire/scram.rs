//! SCRAM-SHA-256(-PLUS) towards the client, from a stored verifier (`SCRAM-SHA-256$iterations:salt$stored:server`,
//! as in `pg_authid.rolpassword`). An unknown user gets an exchange that looks the same and cannot succeed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use pgwire::api::auth::sasl::scram::{ScramSecret, ScramServerAuth, ScramServerAuthWaitingForClientFinal};
use sha2::Sha256;

use super::frame::{Malformed, Reader};

pub const SCRAM: &str = "SCRAM-SHA-256";
pub const SCRAM_PLUS: &str = "SCRAM-SHA-256-PLUS";

/// A stored verifier, parsed. Not a password, but enough to pretend to be the server: never shown.
#[derive(Clone)]
pub struct Verifier {
    iterations: usize,
    salt: Vec<u8>,
    stored_key: Vec<u8>,
    server_key: Vec<u8>,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier(…)")
    }
}

impl std::str::FromStr for Verifier {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "a verifier looks like SCRAM-SHA-256$4096:salt$stored-key:server-key";
        let rest = text.strip_prefix("SCRAM-SHA-256$").ok_or(SHAPE)?;
        let (head, keys) = rest.split_once('$').ok_or(SHAPE)?;
        let (iterations, salt) = head.split_once(':').ok_or(SHAPE)?;
        let (stored, server) = keys.split_once(':').ok_or(SHAPE)?;
        let decode = |part: &str| STANDARD.decode(part).map_err(|_| SHAPE);
        let verifier = Self {
            iterations: iterations.parse().ok().filter(|n| (1..=10_000_000).contains(n)).ok_or(SHAPE)?,
            salt: decode(salt)?,
            stored_key: decode(stored)?,
            server_key: decode(server)?,
        };
        match verifier.stored_key.len() == 32 && verifier.server_key.len() == 32 && !verifier.salt.is_empty() {
            true => Ok(verifier),
            false => Err(SHAPE),
        }
    }
}

impl Verifier {
    /// A verifier for a user that is not there: its salt is the same each time one asks (or the difference would tell) and
    /// as long as others', of whom `like` is one; its keys fit no password.
    pub fn mock(user: &str, mock_key: &[u8; 32], like: Option<&Self>) -> Self {
        let derive = |label: &[u8]| {
            let mac = Hmac::<Sha256>::new_from_slice(mock_key);
            let mac = mac.unwrap_or_else(|_| unreachable!("HMAC takes any key length"));
            mac.chain_update(label).chain_update(user.as_bytes()).finalize().into_bytes().to_vec()
        };
        let (iterations, length) = like.map_or((4096, 16), |v| (v.iterations, v.salt.len()));
        let mut salt = [derive(b"salt"), derive(b"more salt")].concat();
        salt.truncate(length);
        Self { iterations, salt, stored_key: rand::random::<[u8; 32]>().to_vec(), server_key: derive(b"server") }
    }

    fn secret(&self) -> ScramSecret {
        ScramSecret::Verifier {
            salt: self.salt.clone(),
            iterations: self.iterations,
            stored_key: self.stored_key.clone(),
            server_key: self.server_key.clone(),
        }
    }
}

/// Why an exchange ended. The client hears the same for all but [`Failure::Protocol`].
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// Wrong password, unknown user.
    Rejected,
    /// Not a SCRAM message, or a downgrade of the channel binding.
    Protocol,
}

/// Mechanisms offered, best first.
pub fn mechanisms(certificate: Option<&[u8]>) -> &'static [&'static str] {
    if end_point_hash(certificate).is_some() { &[SCRAM_PLUS, SCRAM] } else { &[SCRAM] }
}

fn end_point_hash(certificate: Option<&[u8]>) -> Option<ScramServerAuth> {
    let mut auth = ScramServerAuth::new();
    auth.configure_certificate(certificate?).ok()?;
    Some(auth)
}

/// Waiting for SASLInitialResponse.
pub struct ExpectFirst {
    /// PEM of the server certificate, when the client came by TLS: offers channel binding `tls-server-end-point`.
    pub certificate: Option<Vec<u8>>,
    pub verifier: Verifier,
}

/// Waiting for SASLResponse.
pub struct ExpectFinal(ScramServerAuthWaitingForClientFinal);

impl ExpectFirst {
    /// Takes the body of a SASLInitialResponse; gives the server's first message.
    pub fn first(self, body: &[u8]) -> Result<(String, ExpectFinal), Failure> {
        let (mechanism, data) = read_initial(body).map_err(|_| Failure::Protocol)?;
        let bound = end_point_hash(self.certificate.as_deref());
        let binds = data.starts_with(b"p=");
        // The mechanism and the message's flag must tell the same story (RFC 5802, section 6).
        match (mechanism, binds, bound.is_some()) {
            (SCRAM, false, _) | (SCRAM_PLUS, true, true) => {}
            _ => return Err(Failure::Protocol),
        }
        let auth = bound.unwrap_or_default();
        let (message, next) =
            auth.on_client_first_message_with_secret(data, self.verifier.secret()).map_err(|_| Failure::Protocol)?;
        Ok((message, ExpectFinal(next)))
    }
}

impl ExpectFinal {
    /// Takes the body of a SASLResponse; gives the server's final message.
    pub fn finish(self, body: &[u8]) -> Result<String, Failure> {
        self.0.on_client_final_message(body).map_err(|e| match e {
            pgwire::error::PgWireError::InvalidPassword(_) => Failure::Rejected,
            _ => Failure::Protocol,
        })
    }
}

fn read_initial(body: &[u8]) -> Result<(&str, &[u8]), Malformed> {
    let mut r = Reader(body);
    let mechanism = r.string()?;
    let data = r.value()?.ok_or(Malformed::Short)?;
    r.end()?;
    Ok((mechanism, data))
}
