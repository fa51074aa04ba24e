//! The upstream's address: libpq's URL form (PostgreSQL manual, "Connection URIs"), without what would be unsafe or
//! ignored in it. Reads no file and opens nothing.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use url::Url;

const DEFAULT_PORT: u16 = 5432;

/// Where a database is, and as whom the proxy logs in to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    pub address: Address,
    pub user: String,
    pub database: String,
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
    /// The socket file: `/var/run/postgresql/.s.PGSQL.5432`.
    Unix(PathBuf),
}

/// libpq's `sslmode`, without `allow`, which promises nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

pub(super) const SSL_MODES: [(&str, SslMode); 5] = [
    ("disable", SslMode::Disable),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];

/// What is wrong with an address, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub message: String,
    pub fix: String,
}

fn fault(message: impl Into<String>, fix: impl Into<String>) -> Fault {
    Fault { message: message.into(), fix: fix.into() }
}

impl Upstream {
    /// Reads `postgres://user@host:port/database?sslmode=…`; a relative `sslrootcert` is relative to `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Fault> {
        let text = with_a_host(text);
        let url = Url::parse(&text).map_err(|e| fault(format!("the address cannot be read: {e}"), EXAMPLE))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(fault(format!("`{}` is not PostgreSQL's scheme", url.scheme()), EXAMPLE));
        }
        if url.password().is_some() {
            return Err(password_inside());
        }
        if url.fragment().is_some() {
            return Err(fault("an address has no part behind `#`", "write `#` as %23"));
        }
        let mut parts = Parts::of_url(&url)?;
        for (key, value) in url.query_pairs() {
            parts.set(&key, value.into_owned())?;
        }
        parts.into_upstream(folder)
    }
}

/// Stands for the host that libpq lets one leave out behind `@` (`postgres://user@/database?host=/run/postgresql`).
const NO_HOST: &str = "no-host.invalid";

fn with_a_host(text: &str) -> String {
    let (head, query) = text.split_at(text.find('?').unwrap_or(text.len()));
    let head = head.replacen("@/", &format!("@{NO_HOST}/"), 1).replacen("@:", &format!("@{NO_HOST}:"), 1);
    head + query
}

const EXAMPLE: &str = "write postgres://user@host:5432/database?sslmode=verify-full";

fn password_inside() -> Fault {
    let fix = "write password = { env = \"NAME\" } or password = { file = \"path\" } beside `upstream`";
    fault("a password stands in the address", fix)
}

#[derive(Default)]
struct Parts {
    host: Option<String>,
    port: Option<u16>,
    user: Option<String>,
    database: Option<String>,
    ssl: Option<SslMode>,
    ssl_root_cert: Option<String>,
}

impl Parts {
    fn of_url(url: &Url) -> Result<Self, Fault> {
        Ok(Self {
            host: url.host_str().filter(|h| !h.is_empty() && *h != NO_HOST).map(decoded).transpose()?,
            port: url.port(),
            user: Some(url.username()).filter(|u| !u.is_empty()).map(decoded).transpose()?,
            database: Some(url.path().trim_start_matches('/')).filter(|d| !d.is_empty()).map(decoded).transpose()?,
            ..Self::default()
        })
    }

    fn set(&mut self, key: &str, value: String) -> Result<(), Fault> {
        match key {
            "host" => self.host = Some(value),
            "port" => {
                let port = value.parse().map_err(|_| fault(format!("`{value}` is not a port"), EXAMPLE))?;
                self.port = Some(port);
            }
            "user" => self.user = Some(value),
            "dbname" => self.database = Some(value),
            "sslmode" => self.ssl = Some(ssl_mode(&value)?),
            "sslrootcert" => self.ssl_root_cert = Some(value),
            "password" | "passfile" => return Err(password_inside()),
            other => {
                let fix = "only host, port, user, dbname, sslmode and sslrootcert can be given";
                return Err(fault(format!("the parameter `{other}` is not supported"), fix));
            }
        }
        Ok(())
    }

    fn into_upstream(self, folder: &Path) -> Result<Upstream, Fault> {
        let port = self.port.unwrap_or(DEFAULT_PORT);
        let address = match self.host {
            None => return Err(fault("the address has no host", EXAMPLE)),
            Some(host) if host.contains(',') => {
                let fix = "name one host, or put a load balancer or DNS name in front of several";
                return Err(fault("several hosts are not supported", fix));
            }
            Some(host) if host.starts_with('/') => Address::Unix(Path::new(&host).join(format!(".s.PGSQL.{port}"))),
            Some(host) => Address::Tcp { host: host.trim_matches(['[', ']']).to_owned(), port },
        };
        Ok(Upstream {
            address,
            user: self.user.ok_or_else(|| fault("the address has no user", EXAMPLE))?,
            database: self.database.ok_or_else(|| fault("the address has no database", EXAMPLE))?,
            ssl: self.ssl.unwrap_or(SslMode::Prefer),
            ssl_root_cert: self.ssl_root_cert.map(|path| folder.join(path)),
        })
    }
}

fn decoded(text: &str) -> Result<String, Fault> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(|d| d.into_owned()).map_err(|_| fault("the address is not UTF-8", EXAMPLE))
}

fn ssl_mode(text: &str) -> Result<SslMode, Fault> {
    let known = SSL_MODES.iter().find(|(word, _)| *word == text);
    known.map(|(_, mode)| *mode).ok_or_else(|| {
        let words: Vec<&str> = SSL_MODES.iter().map(|(word, _)| *word).collect();
        fault(format!("`{text}` is not an sslmode that is supported"), format!("use one of {}", words.join(", ")))
    })
}

impl Address {
    /// Whether what is sent stays on this machine.
    pub fn is_local(&self) -> bool {
        match self {
            Address::Unix(_) => true,
            Address::Tcp { host, .. } => {
                host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Upstream, String> {
        Upstream::parse(text, Path::new("/etc/consentry")).map_err(|fault| fault.message)
    }

    fn tcp(host: &str, port: u16) -> Address {
        Address::Tcp { host: host.into(), port }
    }

    #[test]
    fn tcp_with_tls() {
        let upstream = parse("postgres://consentry@db.example:5433/crm?sslmode=verify-full&sslrootcert=ca.crt");
        let expected = Upstream {
            address: tcp("db.example", 5433),
            user: "consentry".into(),
            database: "crm".into(),
            ssl: SslMode::VerifyFull,
            ssl_root_cert: Some("/etc/consentry/ca.crt".into()),
        };
        assert_eq!(upstream, Ok(expected));
        assert_eq!(parse("postgresql://u@[::1]/d").map(|u| u.address), Ok(tcp("::1", 5432)));
        assert_eq!(parse("postgres://u%40x@h/a%2Fb").map(|u| (u.user, u.database)), Ok(("u@x".into(), "a/b".into())));
    }

    #[test]
    fn unix_sockets() {
        let socket = Ok(Address::Unix("/run/pg/.s.PGSQL.5433".into()));
        assert_eq!(parse("postgres://u@%2Frun%2Fpg:5433/d").map(|u| u.address), socket);
        assert_eq!(parse("postgres://u@/d?host=/run/pg&port=5433").map(|u| u.address), socket);
        assert_eq!(parse("postgres:///d?host=/run/pg&port=5433&user=u").map(|u| u.address), socket);
    }

    #[test]
    fn local_or_not() {
        assert!(parse("postgres://u@127.0.0.1/d").is_ok_and(|u| u.address.is_local()));
        assert!(parse("postgres://u@[::1]/d").is_ok_and(|u| u.address.is_local()));
        assert!(parse("postgres://u@db.example/d").is_ok_and(|u| !u.address.is_local()));
    }

    #[test]
    fn refused() {
        for (text, message) in [
            ("postgres://u:secret@h/d", "a password stands in the address"),
            ("postgres://u@h/d?password=secret", "a password stands in the address"),
            ("postgres://u@h/d?sslmode=allow", "`allow` is not an sslmode that is supported"),
            ("postgres://u@h/d?target_session_attrs=any", "the parameter `target_session_attrs` is not supported"),
            ("mysql://u@h/d", "`mysql` is not PostgreSQL's scheme"),
            ("postgres://h/d", "the address has no user"),
            ("postgres://u@h", "the address has no database"),
            ("postgres:///d?user=u", "the address has no host"),
            ("postgres://u@/d", "the address has no host"),
            ("postgres://u@/d?host=a,b", "several hosts are not supported"),
            ("postgres://u@h/d?port=x", "`x` is not a port"),
        ] {
            assert_eq!(parse(text).map(|_| ()), Err(message.to_owned()), "{text}");
        }
    }
}
