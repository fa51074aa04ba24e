//! Server messages: reading the few that we look into, writing the few that we make. Rows are not among them.

use super::frame::{Malformed, Reader, put_frame, put_string};

/// Transaction status in ReadyForQuery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Idle,
    InTransaction,
    Failed,
}

impl Status {
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        match body {
            b"I" => Ok(Status::Idle),
            b"T" => Ok(Status::InTransaction),
            b"E" => Ok(Status::Failed),
            _ => Err(Malformed::Count),
        }
    }
}

impl Status {
    pub fn byte(self) -> u8 {
        match self {
            Status::Idle => b'I',
            Status::InTransaction => b'T',
            Status::Failed => b'E',
        }
    }
}

/// An authentication request of the server (PostgreSQL manual, "Start-up").
#[derive(Debug, PartialEq, Eq)]
pub enum Authentication<'a> {
    Ok,
    Cleartext,
    Md5 {
        salt: [u8; 4],
    },
    Sasl {
        mechanisms: Vec<&'a str>,
    },
    SaslContinue(&'a [u8]),
    SaslFinal(&'a [u8]),
    /// Kerberos, GSSAPI, SSPI: by number.
    Other(i32),
}

impl<'a> Authentication<'a> {
    pub fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader(body);
        Ok(match r.i32()? {
            0 => Authentication::Ok,
            3 => Authentication::Cleartext,
            5 => {
                let salt = r.bytes(4)?.try_into().map_err(|_| Malformed::Short)?;
                Authentication::Md5 { salt }
            }
            10 => {
                let mut mechanisms = Vec::new();
                while !r.0.is_empty() {
                    let name = r.string()?;
                    if name.is_empty() {
                        break;
                    }
                    mechanisms.push(name);
                }
                Authentication::Sasl { mechanisms }
            }
            11 => Authentication::SaslContinue(r.0),
            12 => Authentication::SaslFinal(r.0),
            other => Authentication::Other(other),
        })
    }
}

/// Says in the body of a RowDescription of which table's or view's columns its fields are: for each field (from 0, in ascending
/// order) the relation's OID and `pg_attribute.attnum`. Fields that are not there are passed over.
pub fn set_origins(body: &mut [u8], columns: impl IntoIterator<Item = (u16, u32, i16)>) {
    /// Type OID, typlen, typmod and format, behind what is said here.
    const REST: usize = 12;
    let (mut at, mut next) = (2, 0_usize);
    for (column, relation, number) in columns {
        while next <= usize::from(column) {
            let Some(name) = body.get(at..).and_then(|rest| rest.iter().position(|b| *b == 0)) else { return };
            at += name + 1;
            let Some(origin) = body.get_mut(at..at + 6) else { return };
            if next == usize::from(column) {
                origin[..4].copy_from_slice(&relation.to_be_bytes());
                origin[4..].copy_from_slice(&number.to_be_bytes());
            }
            at += 6 + REST;
            next += 1;
        }
    }
}

/// ParameterStatus: name and value.
pub fn read_parameter(body: &[u8]) -> Result<(&str, &str), Malformed> {
    let mut r = Reader(body);
    let pair = (r.string()?, r.string()?);
    r.end()?;
    Ok(pair)
}

/// BackendKeyData: process id and secret (4 bytes in protocol 3.0, up to 256 in 3.2).
pub fn read_key(body: &[u8]) -> Result<(i32, Vec<u8>), Malformed> {
    let mut r = Reader(body);
    let pid = r.i32()?;
    match r.0.len() {
        4..=256 => Ok((pid, r.0.to_vec())),
        _ => Err(Malformed::Length),
    }
}

/// The command tag of CommandComplete.
pub fn read_command_tag(body: &[u8]) -> Result<&str, Malformed> {
    Reader(body).string()
}

pub fn command_complete(out: &mut Vec<u8>, tag: &str) -> Result<(), Malformed> {
    put_frame(out, b'C', |b| put_string(b, tag))
}

pub fn no_data(out: &mut Vec<u8>) -> Result<(), Malformed> {
    put_frame(out, b'n', |_| {})
}

/// Rows in a command tag: the last word of `SELECT 3`, `INSERT 0 1`, `COPY 7`; `None` where there is no number.
pub fn rows_in_tag(tag: &str) -> Option<u64> {
    tag.rsplit(' ').next()?.parse().ok()
}

pub fn authentication_ok(out: &mut Vec<u8>) -> Result<(), Malformed> {
    put_frame(out, b'R', |b| b.extend_from_slice(&0i32.to_be_bytes()))
}

pub fn authentication_sasl(out: &mut Vec<u8>, mechanisms: &[&str]) -> Result<(), Malformed> {
    put_frame(out, b'R', |b| {
        b.extend_from_slice(&10i32.to_be_bytes());
        for name in mechanisms {
            put_string(b, name);
        }
        b.push(0);
    })
}

pub fn authentication_sasl_continue(out: &mut Vec<u8>, data: &str) -> Result<(), Malformed> {
    put_frame(out, b'R', |b| {
        b.extend_from_slice(&11i32.to_be_bytes());
        b.extend_from_slice(data.as_bytes());
    })
}

pub fn authentication_sasl_final(out: &mut Vec<u8>, data: &str) -> Result<(), Malformed> {
    put_frame(out, b'R', |b| {
        b.extend_from_slice(&12i32.to_be_bytes());
        b.extend_from_slice(data.as_bytes());
    })
}

pub fn parameter_status(out: &mut Vec<u8>, name: &str, value: &str) -> Result<(), Malformed> {
    put_frame(out, b'S', |b| {
        put_string(b, name);
        put_string(b, value);
    })
}

pub fn key_data(out: &mut Vec<u8>, pid: i32, secret: [u8; 4]) -> Result<(), Malformed> {
    put_frame(out, b'K', |b| {
        b.extend_from_slice(&pid.to_be_bytes());
        b.extend_from_slice(&secret);
    })
}

/// NegotiateProtocolVersion: we speak 3.0 at most, and know none of these `_pq_.` options.
pub fn negotiate_protocol_version(out: &mut Vec<u8>, unknown: &[String]) -> Result<(), Malformed> {
    let count = i32::try_from(unknown.len()).map_err(|_| Malformed::Count)?;
    put_frame(out, b'v', |b| {
        b.extend_from_slice(&0x0003_0000i32.to_be_bytes());
        b.extend_from_slice(&count.to_be_bytes());
        for name in unknown {
            put_string(b, name);
        }
    })
}
