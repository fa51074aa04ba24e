//! TLS on both sides: what a client must show, direct TLS, and what each `sslmode` towards PostgreSQL takes.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use tempfile::TempDir;

use super::raw::{Raw, startup};
use super::{policy, start_with, world};
use crate::common::postgres::{Postgres, run_psql, shared};
use crate::common::proxy::{Proxy, Served};
use consentry::cli::demo::postgres::Durability;

/// A certificate authority, and the folder in which it puts what it signs.
struct Authority {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.path().join("ca.crt"), issuer.pem()).unwrap();
        Self { folder, issuer }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// Certificate and key of `name` (a host's name or address).
    fn sign(&self, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let made = params.signed_by(&key, &self.issuer).unwrap();
        let paths = ["crt", "key"].map(|kind| self.folder.path().join(format!("{name}.{kind}")));
        fs::write(&paths[0], made.pem()).unwrap();
        fs::write(&paths[1], key.serialize_pem()).unwrap();
        fs::set_permissions(&paths[1], fs::Permissions::from_mode(0o600)).unwrap();
        let [cert, key] = paths;
        (cert, key)
    }
}

fn psql(proxy: &Proxy, options: &str) -> String {
    let connection = format!("{} host=localhost hostaddr=127.0.0.1 {options}", proxy.connection("ana", "app", None));
    let connection = connection.replacen("host=127.0.0.1 ", "", 1);
    let output = run_psql(shared().bin(), &connection, &["-qAt"], "SELECT 'in'");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn with_a_client_ca_only_a_client_with_its_certificate_comes_in() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let (cert, key) = ours.sign("localhost");
    let root = ours.root();
    let more = format!("\n[listen.tls]\ncert = {cert:?}\nkey = {key:?}\nclient_ca = {root:?}\n");
    let proxy = start_with(world(), &policy(), &more);
    let shown = |(cert, key): (PathBuf, PathBuf)| {
        psql(
            &proxy,
            &format!(
                "sslmode=verify-full sslrootcert={} sslcert={} sslkey={}",
                root.display(),
                cert.display(),
                key.display()
            ),
        )
    };
    assert_eq!(shown(ours.sign("ana.example")), "in\n");
    assert!(shown(theirs.sign("ana.example")).contains("alert"));
    let none = psql(&proxy, "sslmode=require sslcert=/nonexistent sslkey=/nonexistent");
    assert!(none.contains("certificate required"), "{none}");
    assert!(psql(&proxy, "sslmode=disable").contains("encrypted connections only"));
}

#[test]
fn direct_tls_needs_alpn_and_nothing_is_taken_from_before_the_handshake() {
    let authority = Authority::new("ours");
    let (cert, key) = authority.sign("localhost");
    let proxy = start_with(world(), &policy(), &format!("\n[listen.tls]\ncert = {cert:?}\nkey = {key:?}\n"));

    let mut direct = direct_tls(proxy.port(), &authority, &[b"postgresql"]);
    direct.write_all(&startup(&[("user", "ana"), ("database", "app")], 0x0003_0000)).unwrap();
    let mut answer = [0; 9];
    direct.read_exact(&mut answer).unwrap();
    assert_eq!((answer[0], &answer[5..]), (b'R', &[0, 0, 0, 10][..]), "AuthenticationSASL");

    let mut without = direct_tls(proxy.port(), &authority, &[]);
    without.write_all(&startup(&[("user", "ana"), ("database", "app")], 0x0003_0000)).unwrap();
    let mut said = Vec::new();
    without.read_to_end(&mut said).ok();
    assert_eq!(said.first(), Some(&b'E'));
    assert!(String::from_utf8_lossy(&said).contains("ALPN"));

    // CVE-2021-23214: a start-up packet that came in clear text together with SSLRequest.
    let mut smuggled = Raw::open(proxy.port());
    let request = [8i32, 80_877_103].map(i32::to_be_bytes).concat();
    smuggled.send(&[request, startup(&[("user", "ana")], 0x0003_0000)].concat());
    assert_eq!(smuggled.answer(), "E:08P01");
    assert_eq!(smuggled.answer(), "closed");
}

/// libpq 17 reads to the end of a cancel request's connection, and takes one that ends without TLS's own word for torn.
#[test]
fn the_end_of_a_cancel_request_is_said() {
    let authority = Authority::new("ours");
    let (cert, key) = authority.sign("localhost");
    let proxy = start_with(world(), &policy(), &format!("\n[listen.tls]\ncert = {cert:?}\nkey = {key:?}\n"));
    let mut client = direct_tls(proxy.port(), &authority, &[b"postgresql"]);
    client.write_all(&[16i32, 80_877_102, 1, 2].map(i32::to_be_bytes).concat()).unwrap();
    let mut said = Vec::new();
    client.read_to_end(&mut said).expect("a whole end");
    assert!(said.is_empty(), "{said:?}");
}

fn direct_tls(port: u16, authority: &Authority, alpn: &[&[u8]]) -> StreamOwned<ClientConnection, TcpStream> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let roots = consentry::wire::tls::roots(&authority.root()).unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|p| p.to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, TcpStream::connect(("127.0.0.1", port)).unwrap())
}

/// What `consentry check` says of a proxy's server file when the upstream address has these options.
fn checked(proxy: &Proxy, options: &str) -> String {
    let text = fs::read_to_string(proxy.server_file()).unwrap();
    let (before, after) = text.split_once('?').unwrap();
    let (_, after) = after.split_once('"').unwrap();
    let file = proxy.server_file().with_file_name("other.toml");
    fs::write(&file, format!("{before}?{options}\"{after}")).unwrap();
    let output = proxy.command(&["check", "--config"]).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { "good".into() } else { said }
}

#[test]
fn sslmode_towards_postgresql_checks_what_libpq_would() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let (cert, key) = ours.sign("127.0.0.1");
    let postgres = with_tls(&cert, &key);
    let database = postgres.database("tls", include_str!("world.sql"));
    database.grant_to_upstream();
    let rooted = |mode: &str, root: &Path| format!("sslmode={mode}&sslrootcert={}", root.display());
    let database = database.reached_with(&rooted("verify-full", &ours.root()));
    let proxy = Proxy::start(&[Served { name: "app", database: &database, policy: &policy() }], &[("ana", "app")], "");
    assert_eq!(psql(&proxy, "sslmode=disable"), "in\n");
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl NATURAL JOIN pg_stat_activity WHERE usename = 'consentry'";
    assert_eq!(database.psql(encrypted), "t");

    assert_eq!(checked(&proxy, &rooted("verify-ca", &ours.root())), "good");
    assert_eq!(checked(&proxy, "sslmode=require"), "good");
    // As libpq: a root that is given is checked, whatever the mode is called.
    for mode in ["verify-full", "verify-ca", "require"] {
        let said = checked(&proxy, &rooted(mode, &theirs.root()));
        assert!(said.contains("invalid peer certificate"), "{mode}: {said}");
    }
}

#[test]
fn a_server_of_another_name_passes_verify_ca_and_not_verify_full() {
    let authority = Authority::new("ours");
    let (cert, key) = authority.sign("elsewhere.example");
    let postgres = with_tls(&cert, &key);
    let database = postgres.database("tls", include_str!("world.sql"));
    database.grant_to_upstream();
    let rooted = |mode: &str| format!("sslmode={mode}&sslrootcert={}", authority.root().display());
    let database = database.reached_with(&rooted("verify-ca"));
    let proxy = Proxy::start(&[Served { name: "app", database: &database, policy: &policy() }], &[("ana", "app")], "");
    assert_eq!(psql(&proxy, "sslmode=disable"), "in\n");
    let said = checked(&proxy, &rooted("verify-full"));
    assert!(said.contains("not valid for name"), "{said}");
}

fn with_tls(cert: &Path, key: &Path) -> Postgres {
    belongs_to_postgres(key);
    let lines = [
        "ssl = on".to_owned(),
        format!("ssl_cert_file = '{}'", cert.display()),
        format!("ssl_key_file = '{}'", key.display()),
    ];
    Postgres::start(Durability::Throwaway, &lines.each_ref().map(String::as_str))
}

/// PostgreSQL takes a key only from its own user (or root), and when root runs the tests it is another one.
fn belongs_to_postgres(key: &Path) {
    let user = Command::new("id").arg("-u").output().unwrap();
    if user.stdout == b"0\n" {
        assert!(Command::new("chown").arg("postgres").arg(key).status().unwrap().success());
    }
}
