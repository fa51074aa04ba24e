//! A PostgreSQL cluster that lives as long as its value: for `consentry demo`, and for the tests.
//!
//! Knows nothing of Consentry. A watchdog process removes the cluster however its owner ends (drop, panic, `kill -9`):
//! it waits for the end of a pipe that only the owner holds open.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// Where Debian's packages put the server programs, one folder a major version.
const DEBIAN_HOME: &str = "/usr/lib/postgresql";
/// `initdb` refuses to run as root; Debian's package makes this user.
const UNPRIVILEGED: &str = "postgres";
/// Another process may take the free port between our look and the server's bind.
const PORT_ATTEMPTS: u32 = 5;

/// A running throwaway cluster. Superuser `postgres`: trusted on the socket, by password (SCRAM) over TCP.
pub struct ThrowawayPostgres {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    watchdog: Child,
}

/// Whether commits wait for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// `fsync = off`: fast, for data that nobody misses after a crash.
    Throwaway,
    /// As PostgreSQL ships.
    Durable,
}

impl ThrowawayPostgres {
    /// Makes and starts an empty cluster; `settings` are lines of `postgresql.conf`.
    ///
    /// # Errors
    /// When PostgreSQL's server programs are not installed, or the cluster does not start (with the server's own log).
    pub fn start(durability: Durability, settings: &[&str]) -> Result<Self> {
        let bin = server_programs()?;
        let folder = new_folder()?;
        let watchdog = spawn_watchdog(&bin, &folder)?;
        let mut cluster = Self { bin, folder, port: 0, watchdog };
        cluster.initialise(durability, settings)?;
        for attempt in 1..=PORT_ATTEMPTS {
            cluster.port = free_port()?;
            match cluster.launch() {
                Ok(()) => return Ok(cluster),
                Err(e) if attempt == PORT_ATTEMPTS => return Err(e),
                Err(_) => {}
            }
        }
        unreachable!("the last attempt returns")
    }

    /// The folder of the server programs (`psql`, `pgbench`, …).
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// The folder of the Unix socket.
    pub fn socket_folder(&self) -> &Path {
        &self.folder
    }

    /// The port on 127.0.0.1, and in the socket's name.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// libpq's connection string for the superuser, over the Unix socket.
    pub fn superuser(&self, database: &str) -> String {
        format!("host={} port={} user=postgres dbname={database}", self.folder.display(), self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn initialise(&self, durability: Durability, settings: &[&str]) -> Result<()> {
        run(as_server_user(&self.bin.join("initdb"))
            .args(["--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres"])
            .args(["--auth-local=trust", "--auth-host=scram-sha-256", "-D"])
            .arg(self.data()))?;
        let mut lines = vec![
            "listen_addresses = '127.0.0.1'".to_owned(),
            format!("unix_socket_directories = '{}'", self.folder.display()),
            "timezone = 'UTC'".to_owned(),
            "password_encryption = 'scram-sha-256'".to_owned(),
        ];
        if durability == Durability::Throwaway {
            lines.extend(["fsync = off", "synchronous_commit = off", "full_page_writes = off"].map(str::to_owned));
            // Nor is a log kept that nobody reads: as shipped it grows to a gigabyte.
            lines.extend(["min_wal_size = 32MB", "max_wal_size = 64MB"].map(str::to_owned));
        }
        lines.extend(settings.iter().map(|s| (*s).to_owned()));
        let conf = self.data().join("consentry.conf");
        fs::write(&conf, lines.join("\n")).with_context(|| format!("cannot write {}", conf.display()))?;
        fs::set_permissions(&conf, fs::Permissions::from_mode(0o644))?;
        let main = self.data().join("postgresql.conf");
        let text = fs::read_to_string(&main)? + "\ninclude = 'consentry.conf'\n";
        fs::write(&main, text).with_context(|| format!("cannot write {}", main.display()))
    }

    fn launch(&self) -> Result<()> {
        let started = run(as_server_user(&self.bin.join("pg_ctl"))
            .args(["start", "--wait", "--timeout=60", "--silent", "-D"])
            .arg(self.data())
            .arg("-l")
            .arg(self.log())
            .args(["-o", &format!("-p {}", self.port)]));
        started.with_context(|| fs::read_to_string(self.log()).unwrap_or_default())
    }
}

impl Drop for ThrowawayPostgres {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        // The watchdog's outcome changes nothing: there is nobody left to tell.
        let _ = self.watchdog.wait();
    }
}

/// The newest installed server's programs.
fn server_programs() -> Result<PathBuf> {
    let versions = fs::read_dir(DEBIAN_HOME).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .max();
    newest.map(|(_, bin)| bin).with_context(|| {
        format!(
            "PostgreSQL's server programs are not in {DEBIAN_HOME}/*/bin: run `make setup` (apt-get install postgresql)"
        )
    })
}

fn new_folder() -> Result<PathBuf> {
    let made = as_server_user(Path::new("mktemp"))
        .args(["--directory", "--tmpdir", "consentry-pg-XXXXXXXX"])
        .output()
        .context("cannot run mktemp")?;
    ensure!(made.status.success(), "mktemp: {}", String::from_utf8_lossy(&made.stderr).trim());
    let folder = PathBuf::from(String::from_utf8(made.stdout)?.trim_end());
    // Clients come as other users: to the socket, which has its own authentication.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

fn spawn_watchdog(bin: &Path, folder: &Path) -> Result<Child> {
    const SCRIPT: &str = r#"cat >/dev/null; "$1/pg_ctl" -D "$2/data" -m immediate -s stop; rm -rf "$2""#;
    as_server_user(Path::new("sh"))
        .args(["-c", SCRIPT, "watchdog"])
        .args([bin, folder])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0) // Ctrl-C in the owner's terminal must not end the one who cleans up.
        .spawn()
        .context("cannot start the watchdog of the throwaway PostgreSQL")
}

/// `program`, as a user that may run PostgreSQL.
fn as_server_user(program: &Path) -> Command {
    let root = fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0);
    let mut command = if root {
        let mut switch = Command::new("setpriv");
        switch.args(["--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--clear-groups", "--"]).arg(program);
        switch
    } else {
        Command::new(program)
    };
    command.current_dir("/"); // the user may not be allowed in ours
    command
}

fn run(command: &mut Command) -> Result<()> {
    // Output goes to pipes that a daemonised server must not keep open, so pg_ctl is told `-l`.
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?.local_addr()?.port())
}
