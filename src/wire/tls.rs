//! TLS towards clients: the acceptor, and the certificate that channel binding is made from.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// ALPN name of the protocol, required with `sslnegotiation=direct`.
const ALPN: &[u8] = b"postgresql";

/// What the listener needs to speak TLS.
#[derive(Clone)]
pub struct ClientTls {
    pub acceptor: TlsAcceptor,
    /// PEM of the server certificate, for SCRAM's channel binding.
    pub certificate: Arc<[u8]>,
    /// Whether a session in plain text is refused.
    pub required: bool,
}

impl ClientTls {
    /// Reads certificate chain and key; with `client_ca`, a client must show a certificate from there.
    pub fn load(cert: &Path, key: &Path, client_ca: Option<&Path>, required: bool) -> Result<Self> {
        let certificate = read(cert)?;
        let chain = rustls_pemfile::certs(&mut certificate.as_slice())
            .collect::<Result<Vec<_>, _>>()
            .with_context(|| format!("{} is not a PEM certificate", cert.display()))?;
        let key_bytes = read(key)?;
        let private = rustls_pemfile::private_key(&mut key_bytes.as_slice())
            .ok()
            .flatten()
            .with_context(|| format!("{} holds no PEM private key", key.display()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .context("no TLS version is available")?;
        let builder = match client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(path)?), provider)
                    .build()
                    .with_context(|| format!("{} cannot verify client certificates", path.display()))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder
            .with_single_cert(chain, private)
            .with_context(|| format!("{} and {} do not belong together", cert.display(), key.display()))?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate: certificate.into(), required })
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The certificates in a PEM file, as roots of trust.
pub fn roots(path: &Path) -> Result<RootCertStore> {
    let bytes = read(path)?;
    let mut store = RootCertStore::empty();
    for certificate in rustls_pemfile::certs(&mut bytes.as_slice()) {
        let certificate = certificate.with_context(|| format!("{} is not a PEM certificate", path.display()))?;
        store.add(certificate).with_context(|| format!("{} holds a bad certificate", path.display()))?;
    }
    Ok(store)
}
