//! What the demo plays on: the throwaway PostgreSQL with the CRM in it, and a proxy before it, as a child process.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use postgres_protocol::password::scram_sha_256;
use rand::Rng;
use rand::distributions::Alphanumeric;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use super::crm;
use super::postgres::{Durability, ThrowawayPostgres};
use crate::audit::note::{DEFAULT_ORIGIN, NoteSigner};

/// Every demo user's password.
pub const PASSWORD: &str = "demo";
/// Users, who are named like their roles in `policies/crm`.
const USERS: [&str; 4] = ["crm_app", "marketing", "bi", "dba"];
const UPSTREAM_PASSWORD_VARIABLE: &str = "CONSENTRY_UPSTREAM_PASSWORD";
const START_TIMEOUT: Duration = Duration::from_secs(30);

pub struct Stage {
    // In the order of ending: the proxy before what it stands on.
    proxy: Child,
    pub postgres: ThrowawayPostgres,
    pub folder: TempDir,
    /// Where the proxy listens, on 127.0.0.1.
    pub port: u16,
    upstream_password: String,
}

impl Stage {
    /// Starts PostgreSQL, loads the CRM, writes a server file with its policy, and starts the proxy.
    pub async fn build() -> Result<Self> {
        let postgres = ThrowawayPostgres::start(Durability::Throwaway, &[])?;
        let upstream_password: String =
            rand::thread_rng().sample_iter(&Alphanumeric).take(24).map(char::from).collect();
        load(&postgres, &upstream_password).await?;
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let port = free_port()?;
        write_files(folder.path(), &postgres, port)?;
        let proxy = start_proxy(folder.path(), &upstream_password)?;
        let mut stage = Self { proxy, postgres, folder, port, upstream_password };
        stage.wait_until_it_listens()?;
        Ok(stage)
    }

    /// A session of `user` through the proxy, for `purpose`.
    pub async fn session(&self, user: &str, purpose: &str) -> Result<Client> {
        connect(&format!(
            "host=127.0.0.1 port={} dbname=crm user={user} password={PASSWORD} options='-c consentry.purpose={purpose}'",
            self.port
        ))
        .await
    }

    /// The superuser's session, directly to PostgreSQL.
    pub async fn direct(&self) -> Result<Client> {
        connect(&self.postgres.superuser("crm")).await
    }

    /// libpq's connection string for people to type.
    pub fn psql_string(&self, user: &str) -> String {
        format!("host=127.0.0.1 port={} dbname=crm user={user} password={PASSWORD}", self.port)
    }

    pub fn server_file(&self) -> PathBuf {
        self.folder.path().join("consentry.toml")
    }

    pub fn audit_folder(&self) -> PathBuf {
        self.folder.path().join("audit")
    }

    pub fn audit_key(&self) -> PathBuf {
        self.folder.path().join("audit.key.pub")
    }

    /// This program, as its user could call it: in the demo's folder, with the upstream password in its environment.
    pub fn own_command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env(UPSTREAM_PASSWORD_VARIABLE, &self.upstream_password);
        Ok(command)
    }

    /// Ends the proxy in order: it closes its record.
    pub fn stop_proxy(&mut self) -> Result<()> {
        terminate(&self.proxy)?;
        let status = self.proxy.wait()?;
        ensure!(status.success(), "the proxy ended with {status}");
        Ok(())
    }

    /// Starts the proxy that [`Stage::stop_proxy`] stopped.
    pub fn start_proxy(&mut self) -> Result<()> {
        self.proxy = start_proxy(self.folder.path(), &self.upstream_password)?;
        self.wait_until_it_listens()
    }

    fn wait_until_it_listens(&mut self) -> Result<()> {
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if let Some(status) = self.proxy.try_wait()? {
                bail!("the proxy ended with {status}: {}", fs::read_to_string(self.folder.path().join("proxy.log"))?);
            }
            if start.elapsed() > START_TIMEOUT {
                bail!("the proxy does not listen after {} s", START_TIMEOUT.as_secs());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What is gone already needs no killing.
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}

async fn load(postgres: &ThrowawayPostgres, upstream_password: &str) -> Result<()> {
    let maintenance = connect(&postgres.superuser("postgres")).await?;
    maintenance.batch_execute("CREATE DATABASE crm TEMPLATE template0").await?;
    let client = connect(&postgres.superuser("crm")).await?;
    for (name, script) in crm::SCRIPTS {
        client.batch_execute(script).await.with_context(|| format!("docker/demo/{name}"))?;
    }
    client.batch_execute(&format!("ALTER ROLE consentry PASSWORD '{upstream_password}'")).await?;
    Ok(())
}

async fn connect(connection: &str) -> Result<Client> {
    let (client, driver) = tokio_postgres::connect(connection, NoTls).await?;
    // A failure of the connection shows in the next use of its client.
    tokio::spawn(driver);
    Ok(client)
}

fn write_files(folder: &Path, postgres: &ThrowawayPostgres, port: u16) -> Result<()> {
    let policy = folder.join("policies/crm");
    fs::create_dir_all(&policy)?;
    for (name, text) in crm::POLICY {
        fs::write(policy.join(name), text)?;
    }
    NoteSigner::generate(DEFAULT_ORIGIN)?.save(&folder.join("audit.key"))?;
    fs::write(folder.join("consentry.toml"), server_file(postgres.port(), port))?;
    Ok(())
}

fn server_file(upstream_port: u16, port: u16) -> String {
    let mut text = format!(
        "[listen]\naddress = \"127.0.0.1:{port}\"\n\n\
         [database.crm]\nupstream = \"postgres://consentry@127.0.0.1:{upstream_port}/crm\"\n\
         password = {{ env = \"{UPSTREAM_PASSWORD_VARIABLE}\" }}\npolicy = \"policies/crm\"\n\n\
         [audit]\nfolder = \"audit\"\nkey = \"audit.key\"\n"
    );
    for user in USERS {
        let verifier = scram_sha_256(PASSWORD.as_bytes());
        text += &format!("\n[user.{user}]\nrole = \"{user}\"\nverifier = \"{verifier}\"\n");
    }
    text
}

/// `consentry serve`; the kernel ends it when this process ends, however it ends (`setpriv --pdeathsig`).
fn start_proxy(folder: &Path, upstream_password: &str) -> Result<Child> {
    let log = fs::File::options().create(true).append(true).open(folder.join("proxy.log"))?;
    Command::new("setpriv")
        .args(["--pdeathsig", "TERM", "--"])
        .arg(std::env::current_exe()?)
        .args(["serve", "--config"])
        .arg(folder.join("consentry.toml"))
        .env(UPSTREAM_PASSWORD_VARIABLE, upstream_password)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot run `consentry serve`")
}

fn terminate(child: &Child) -> Result<()> {
    // std can only kill; the proxy is to close its record first.
    let status = Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
    ensure!(status.success(), "the proxy was gone before its end");
    Ok(())
}

fn free_port() -> Result<u16> {
    let preferred =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 6432)).or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    Ok(preferred.context("no free port on 127.0.0.1")?.local_addr()?.port())
}
