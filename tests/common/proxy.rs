//! A real `consentry serve` for tests: a child process with a `consentry.toml` of its own, stopped on drop.
//!
//! ```ignore
//! let proxy = Proxy::start(&[Served { name: "crm", database: &db, policy: &folder }], &[("ana", "crm_app")], "");
//! let client = proxy.client("ana", "crm", Some("marketing")).await;
//! ```

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use postgres_protocol::password::scram_sha_256;
use tempfile::TempDir;
use tokio_postgres::Client;

use super::postgres::{Database, UPSTREAM_PASSWORD, connect};
use super::spotless;

/// Long enough for a debug build on a busy machine; only a proxy that never comes waits for it.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// One key for all databases of a proxy: what is equal in two of them has equal pseudonyms.
const PSEUDONYM_KEY: &str = "a key of enough bytes for tests";

/// What the server file takes from the environment.
const SECRETS: [(&str, &str); 2] =
    [("CONSENTRY_TEST_UPSTREAM", UPSTREAM_PASSWORD), ("CONSENTRY_TEST_PSEUDONYMS", PSEUDONYM_KEY)];

/// A database that clients connect to by `name`.
pub struct Served<'a> {
    pub name: &'a str,
    pub database: &'a Database<'a>,
    /// Policy file or folder.
    pub policy: &'a Path,
}

pub struct Proxy {
    folder: TempDir,
    port: u16,
    /// A shell that ends the proxy when its input closes: so it ends with us, however we end.
    keeper: Child,
}

impl Proxy {
    /// Starts a proxy in front of `served` for `users` (name, role); `more` is appended to `consentry.toml`.
    pub fn start(served: &[Served<'_>], users: &[(&str, &str)], more: &str) -> Self {
        Self::start_with(served, users, more, &[])
    }

    /// [`Proxy::start`], with more in its environment.
    pub fn start_with(served: &[Served<'_>], users: &[(&str, &str)], more: &str, env: &[(&str, &Path)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let config = folder.path().join("consentry.toml");
        fs::write(&config, server_file(port, served, users) + more).expect("the server file is written");
        if let Some(first) = served.first() {
            spotless::watch(folder.path(), served.iter().map(|s| (s.database, s.policy)), first.database.bin());
        }
        let mut proxy = Self { keeper: spawn(&config, folder.path(), env), folder, port };
        proxy.wait_until_it_listens();
        proxy
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of the record.
    pub fn audit(&self) -> PathBuf {
        self.folder.path().join("audit")
    }

    pub fn server_file(&self) -> PathBuf {
        self.folder.path().join("consentry.toml")
    }

    /// What the proxy has written to stdout and stderr so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// `consentry` with `arguments`, and with the secrets that this proxy has.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_consentry"));
        command.args(arguments).envs(SECRETS).env("NO_COLOR", "1");
        command
    }

    /// Kills the proxy as a crash would.
    pub fn kill(&mut self) {
        let killed = Command::new("kill").args(["-9", &self.pid().to_string()]).status();
        assert!(killed.expect("kill is there").success());
        drop(self.keeper.stdin.take());
        self.keeper.wait().expect("the keeper ends");
    }

    /// Starts it again after [`Proxy::kill`], on the same port and record.
    pub fn start_again(&mut self) {
        fs::remove_file(self.folder.path().join("exit")).expect("it has ended");
        self.keeper = spawn(&self.server_file(), self.folder.path(), &[]);
        self.wait_until_it_listens();
    }

    pub fn pid(&self) -> u32 {
        let text = fs::read_to_string(self.folder.path().join("pid")).expect("the keeper wrote the pid");
        text.trim().parse().expect("a pid")
    }

    /// libpq's connection string; `purpose` goes in as a start-up option.
    pub fn connection(&self, user: &str, database: &str, purpose: Option<&str>) -> String {
        connection_to(self.port, user, database, purpose)
    }

    /// A connected tokio_postgres client.
    pub async fn client(&self, user: &str, database: &str, purpose: Option<&str>) -> Client {
        connect(&self.connection(user, database, purpose)).await
    }

    fn wait_until_it_listens(&mut self) {
        let start = Instant::now();
        loop {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return;
            }
            let gone = fs::read_to_string(self.folder.path().join("exit")).ok();
            if gone.is_some() || start.elapsed() > START_TIMEOUT {
                panic!("`consentry serve` does not listen (exit {gone:?}):\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Waited for twice after `kill`, which tells the same again.
        self.keeper.wait().expect("the keeper ends");
        spotless::look_at(self.folder.path());
    }
}

/// Every test user's password.
pub fn password_of(user: &str) -> String {
    format!("secret-of-{user}")
}

/// libpq's connection string to `user`'s session on a proxy, or a recorder before one, at `port`.
pub fn connection_to(port: u16, user: &str, database: &str, purpose: Option<&str>) -> String {
    let options = purpose.map(|p| format!(" options='-c consentry.purpose={p}'")).unwrap_or_default();
    format!("host=127.0.0.1 port={port} user={user} password={} dbname={database}{options}", password_of(user))
}

fn server_file(port: u16, served: &[Served<'_>], users: &[(&str, &str)]) -> String {
    let mut text = format!("[listen]\naddress = \"127.0.0.1:{port}\"\n\n[audit]\nfolder = \"audit\"\n");
    for Served { name, database, policy } in served {
        let policy = policy.canonicalize().unwrap_or_else(|e| panic!("policy {}: {e}", policy.display()));
        text += &format!(
            "\n[database.{name:?}]\nupstream = {:?}\npassword = {{ env = \"CONSENTRY_TEST_UPSTREAM\" }}\npolicy = {:?}\n\
             pseudonym_key = {{ env = \"CONSENTRY_TEST_PSEUDONYMS\" }}\n",
            database.upstream_url(),
            policy
        );
    }
    for (name, role) in users {
        text += &format!(
            "\n[user.{name:?}]\nrole = {role:?}\nverifier = {:?}\n",
            scram_sha_256(password_of(name).as_bytes())
        );
    }
    text
}

fn spawn(config: &Path, folder: &Path, env: &[(&str, &Path)]) -> Child {
    const SCRIPT: &str = r#"
        folder=$1; shift
        ("$@" >"$folder/log" 2>&1 & pid=$!; echo $pid >"$folder/pid.new"; mv "$folder/pid.new" "$folder/pid"; wait $pid; echo $? >"$folder/exit") &
        cat >/dev/null
        kill -TERM "$(cat "$folder/pid")" 2>/dev/null
        for i in $(seq 100); do [ -e "$folder/exit" ] && exit; sleep 0.1; done
        kill -KILL "$(cat "$folder/pid")" 2>/dev/null"#;
    Command::new("sh")
        .args(["-c", SCRIPT, "keeper"])
        .arg(folder)
        .arg(env!("CARGO_BIN_EXE_consentry"))
        .args(["serve", "--config"])
        .arg(config)
        .envs(SECRETS)
        .envs(env.iter().copied())
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
        .expect("sh is there")
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound listener has an address").port()
}
