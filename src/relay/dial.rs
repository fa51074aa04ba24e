//! A connection to PostgreSQL up to the point where the start-up packet may be sent: socket, and TLS by `sslmode`.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use super::upstream::Upstream;
use crate::config::upstream::{Address, SslMode};
use crate::engine::refusal::{Refusal, SqlState};
use crate::wire::stream::Stream;

/// How long a PostgreSQL may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// Knows how to reach one upstream; keeps the TLS configuration so that connecting reads no files.
pub struct Dialer {
    pub upstream: Upstream,
    tls: Option<Arc<ClientConfig>>,
}

/// Why PostgreSQL could not be reached. Names the fault for the log; what clients hear is [`Unreachable::refusal`].
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    #[error("cannot connect")]
    Io(#[from] std::io::Error),
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    Timeout,
    #[error("the server does not offer TLS, which sslmode requires")]
    NoTls,
    #[error("the server answered the TLS request with something else")]
    NotPostgres,
    #[error("\"{0}\" is no host name that a certificate can be for")]
    HostName(String),
    #[error("{0}")]
    Login(String),
}

impl Unreachable {
    /// Whether the same may go well a moment later. A certificate that is not trusted (`InvalidData`, as rustls says it),
    /// a server without TLS and a wrong answer stay as they are.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Io(fault) => fault.kind() != std::io::ErrorKind::InvalidData,
            Self::Timeout => true,
            Self::NoTls | Self::NotPostgres | Self::HostName(_) | Self::Login(_) => false,
        }
    }

    /// What the client is told: 08006, without addresses.
    pub fn refusal(&self) -> Refusal {
        Refusal::new(
            "upstream-unreachable",
            SqlState::CONNECTION_FAILURE,
            "the proxy cannot reach PostgreSQL",
            "The connection from the proxy to its database could not be opened.",
            "Try again later; the administrator finds the cause in the proxy's log.",
        )
    }
}

impl Dialer {
    pub fn new(upstream: Upstream) -> anyhow::Result<Self> {
        let tls = match (&upstream.place.ssl, &upstream.place.address) {
            (SslMode::Disable, _) | (_, Address::Unix(_)) => None,
            _ => Some(super::tls::client_config(&upstream)?),
        };
        Ok(Self { upstream, tls })
    }

    /// Opens a connection: ready for a start-up packet or a cancel request.
    pub async fn connect(&self) -> Result<Stream, Unreachable> {
        tokio::time::timeout(PATIENCE, self.open()).await.map_err(|_| Unreachable::Timeout)?
    }

    async fn open(&self) -> Result<Stream, Unreachable> {
        match &self.upstream.place.address {
            Address::Unix(path) => Ok(Stream::Unix(UnixStream::connect(path).await?)),
            Address::Tcp { host, port } => {
                let tcp = TcpStream::connect((host.as_str(), *port)).await?;
                tcp.set_nodelay(true)?;
                match &self.tls {
                    None => Ok(Stream::Tcp(tcp)),
                    Some(config) => self.encrypt(tcp, host, config.clone()).await,
                }
            }
        }
    }

    /// SSLRequest, one byte of answer, handshake (PostgreSQL manual, "SSL Session Encryption").
    async fn encrypt(&self, mut tcp: TcpStream, host: &str, config: Arc<ClientConfig>) -> Result<Stream, Unreachable> {
        tcp.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).await?;
        match tcp.read_u8().await? {
            b'S' => {
                let name = ServerName::try_from(host.to_owned()).map_err(|_| Unreachable::HostName(host.to_owned()))?;
                Ok(Stream::TlsClient(Box::new(TlsConnector::from(config).connect(name, tcp).await?)))
            }
            b'N' if self.upstream.place.ssl == SslMode::Prefer => Ok(Stream::Tcp(tcp)),
            b'N' => Err(Unreachable::NoTls),
            _ => Err(Unreachable::NotPostgres),
        }
    }
}
