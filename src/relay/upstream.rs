//! Where a PostgreSQL is and how to log in to it.

use std::path::PathBuf;

/// One database of one PostgreSQL, with the account the proxy uses there.
#[derive(Clone)]
pub struct Upstream {
    pub address: Address,
    pub user: String,
    pub database: String,
    pub password: Option<Password>,
    pub ssl: SslMode,
    /// Roots of trust instead of the public ones.
    pub ssl_root_cert: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    Tcp {
        host: String,
        port: u16,
    },
    /// A socket file, `…/.s.PGSQL.5432`.
    Unix(PathBuf),
}

/// A password that no formatter prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// libpq's `sslmode` (PostgreSQL manual, "SSL Support"). `allow` is left out: it falls back silently to nothing better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    Disable,
    /// Encrypt when the server can; proves nothing about the server.
    Prefer,
    /// Encrypt, whoever answers; with a root certificate given, as `VerifyCa`.
    Require,
    /// The certificate comes from a trusted root.
    VerifyCa,
    /// And is for the host that was asked for.
    VerifyFull,
}

impl std::str::FromStr for SslMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "disable" => Ok(SslMode::Disable),
            "prefer" => Ok(SslMode::Prefer),
            "require" => Ok(SslMode::Require),
            "verify-ca" => Ok(SslMode::VerifyCa),
            "verify-full" => Ok(SslMode::VerifyFull),
            other => {
                Err(format!("unknown sslmode \"{other}\": use disable, prefer, require, verify-ca or verify-full"))
            }
        }
    }
}
