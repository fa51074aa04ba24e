//! What a client may say before a session: start-up packet, SSL and GSS requests, cancel requests.
//!
//! PostgreSQL manual, "StartupMessage", "SSLRequest", "GSSENCRequest", "CancelRequest".

use super::frame::{Malformed, Reader};

/// PostgreSQL's own limit (`MAX_STARTUP_PACKET_LENGTH`).
pub const MAX_STARTUP_PACKET: usize = 10_000;

/// First byte of a TLS ClientHello: the client uses `sslnegotiation=direct`.
pub const TLS_HANDSHAKE: u8 = 0x16;

#[derive(Debug, PartialEq, Eq)]
pub enum Opening {
    Ssl,
    GssEncryption,
    /// Process id and secret as the client was told.
    Cancel {
        pid: i32,
        secret: Vec<u8>,
    },
    Startup(Startup),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Startup {
    pub minor: u16,
    /// Name and value, in order, without protocol options.
    pub parameters: Vec<(String, String)>,
    /// `_pq_.…` options, none of which we know.
    pub protocol_options: Vec<String>,
}

impl Startup {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The database that is asked for. PostgreSQL's rule: without one, that of the user's name.
    pub fn database(&self) -> &str {
        let of_user = || self.parameter("user").unwrap_or_default();
        self.parameter("database").filter(|name| !name.is_empty()).unwrap_or_else(of_user)
    }
}

/// Why an opening is not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadOpening {
    #[error("invalid length of startup packet")]
    Length,
    #[error("unsupported frontend protocol {0}.{1}: the proxy supports 3.0")]
    Version(u16, u16),
    #[error("invalid startup packet: {0}")]
    Malformed(#[from] Malformed),
}

/// The first complete opening in `bytes` and its length; `None` while it is incomplete.
pub fn read(bytes: &[u8]) -> Result<Option<(Opening, usize)>, BadOpening> {
    let Some((head, _)) = bytes.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = usize::try_from(i32::from_be_bytes(*head)).map_err(|_| BadOpening::Length)?;
    if !(8..=MAX_STARTUP_PACKET).contains(&length) {
        return Err(BadOpening::Length);
    }
    let Some(body) = bytes.get(4..length) else {
        return Ok(None);
    };
    let mut r = Reader(body);
    let opening = match (r.i16()?.cast_unsigned(), r.i16()?.cast_unsigned()) {
        (1234, 5679) => exact(r, Opening::Ssl)?,
        (1234, 5680) => exact(r, Opening::GssEncryption)?,
        (1234, 5678) => read_cancel(r)?,
        (3, minor) => Opening::Startup(read_startup(r, minor)?),
        (major, minor) => return Err(BadOpening::Version(major, minor)),
    };
    Ok(Some((opening, length)))
}

fn exact(r: Reader<'_>, opening: Opening) -> Result<Opening, BadOpening> {
    r.end()?;
    Ok(opening)
}

fn read_cancel(mut r: Reader<'_>) -> Result<Opening, BadOpening> {
    let pid = r.i32()?;
    if !(4..=256).contains(&r.0.len()) {
        return Err(BadOpening::Length);
    }
    Ok(Opening::Cancel { pid, secret: r.0.to_vec() })
}

fn read_startup(mut r: Reader<'_>, minor: u16) -> Result<Startup, BadOpening> {
    let mut startup = Startup { minor, parameters: Vec::new(), protocol_options: Vec::new() };
    loop {
        let name = r.string()?;
        if name.is_empty() {
            break;
        }
        let value = r.string()?;
        if name.starts_with("_pq_.") {
            startup.protocol_options.push(name.to_owned());
        } else {
            startup.parameters.push((name.to_owned(), value.to_owned()));
        }
    }
    r.end()?;
    Ok(startup)
}
