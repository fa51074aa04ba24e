//! A real PostgreSQL for tests: one throwaway cluster a test program, many databases in it.
//!
//! Never skips: without PostgreSQL's server programs the test fails and says what to install.
//!
//! ```ignore
//! let pg = common::postgres::shared();
//! let db = pg.database("orders", "CREATE TABLE …; INSERT …;");   // a fresh database of this name, owned by `postgres`
//! db.grant_to_upstream();                                        // what the proxy's role needs
//! let client = db.superuser().await;                             // tokio_postgres
//! let text = db.psql("SELECT 1");                                // psql's stdout; panics on an error
//! let url = db.upstream_url();                                   // postgres://consentry@127.0.0.1:port/orders, password UPSTREAM_PASSWORD
//! ```

use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, OnceLock};

use consentry::cli::demo::postgres::{Durability, ThrowawayPostgres};
use tokio_postgres::{Client, NoTls};

/// The role that the proxy logs in with: no superuser, owns nothing.
pub const UPSTREAM_ROLE: &str = "consentry";
pub const UPSTREAM_PASSWORD: &str = "upstream-secret";

/// A cluster with the upstream role in it.
pub struct Postgres {
    cluster: ThrowawayPostgres,
}

/// This test program's cluster, started on first use and removed when the program ends, however it ends.
pub fn shared() -> &'static Postgres {
    static SHARED: OnceLock<Postgres> = OnceLock::new();
    SHARED.get_or_init(|| Postgres::start(Durability::Throwaway, &[]))
}

impl Postgres {
    /// A cluster of one's own, stopped and removed on drop; `settings` are lines of `postgresql.conf`.
    pub fn start(durability: Durability, settings: &[&str]) -> Self {
        let settings: Vec<&str> = ["max_connections = 200"].into_iter().chain(settings.iter().copied()).collect();
        let cluster = ThrowawayPostgres::start(durability, &settings).unwrap_or_else(|e| panic!("{e:#}"));
        let postgres = Self { cluster };
        postgres.in_database("postgres").psql(&format!(
            "ALTER ROLE postgres PASSWORD 'postgres';
             CREATE ROLE {UPSTREAM_ROLE} LOGIN PASSWORD '{UPSTREAM_PASSWORD}';"
        ));
        postgres
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.cluster.port()
    }

    /// The folder of `psql`, `pgbench`, `pg_dump`, …
    pub fn bin(&self) -> &Path {
        self.cluster.bin()
    }

    /// A database that is already there.
    pub fn in_database(&self, name: &str) -> Database<'_> {
        Database { postgres: self, name: name.to_owned(), options: String::new(), brief: None }
    }

    /// Creates a database (dropping one of this name) and runs `sql` in it, as superuser.
    pub fn database(&self, name: &str, sql: &str) -> Database<'_> {
        self.in_database("postgres").psql(&format!(
            "DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE);\nCREATE DATABASE \"{name}\" TEMPLATE template0;"
        ));
        let database = self.in_database(name);
        database.psql(sql);
        database
    }

    /// Creates `name` as an exact copy of the database `of`, which nobody may be connected to.
    pub fn copy(&self, of: &str, name: &str) -> Database<'_> {
        self.in_database("postgres").psql(&format!(
            "DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE);\nCREATE DATABASE \"{name}\" TEMPLATE \"{of}\";"
        ));
        self.in_database(name)
    }
}

/// A database of a [`Postgres`].
#[derive(Clone)]
pub struct Database<'p> {
    postgres: &'p Postgres,
    pub name: String,
    /// What follows `?` in the upstream address.
    options: String,
    brief: Option<Arc<Brief<'p>>>,
}

/// Takes its database away.
struct Brief<'p> {
    postgres: &'p Postgres,
    name: String,
}

impl Drop for Brief<'_> {
    fn drop(&mut self) {
        let postgres = self.postgres.in_database("postgres").superuser_string();
        let drop = format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", self.name);
        // One that cannot be dropped goes with its cluster.
        let _ = run_psql(self.postgres.bin(), &postgres, &["-q"], &drop);
    }
}

impl<'p> Database<'p> {
    /// The same, gone with its last clone: a program that makes a hundred would fill a small disk.
    pub fn brief(mut self) -> Self {
        self.brief = Some(Arc::new(Brief { postgres: self.postgres, name: self.name.clone() }));
        self
    }

    /// The same, with `options` (`sslmode=require&…`) in the upstream address.
    pub fn reached_with(mut self, options: &str) -> Self {
        options.clone_into(&mut self.options);
        self
    }

    /// libpq's connection string for the superuser, over the Unix socket (also for `psql -d`, `pgbench`).
    pub fn superuser_string(&self) -> String {
        self.postgres.cluster.superuser(&self.name)
    }

    /// The folder of PostgreSQL's programs.
    pub fn bin(&self) -> &Path {
        self.postgres.bin()
    }

    /// The upstream role's address, without its password.
    pub fn upstream_url(&self) -> String {
        let question = if self.options.is_empty() { "" } else { "?" };
        let (port, name, options) = (self.postgres.port(), &self.name, &self.options);
        format!("postgres://{UPSTREAM_ROLE}@127.0.0.1:{port}/{name}{question}{options}")
    }

    /// Rights of an application's role on everything in `public` and in every other schema that is not PostgreSQL's own.
    pub fn grant_to_upstream(&self) {
        self.psql(&format!(
            "DO $$ DECLARE s text; BEGIN
               FOR s IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
                 EXECUTE format('GRANT USAGE ON SCHEMA %I TO {UPSTREAM_ROLE}', s);
                 EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA %I TO {UPSTREAM_ROLE}', s);
                 EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO {UPSTREAM_ROLE}', s);
               END LOOP; END $$;"
        ));
    }

    /// A superuser's client, directly to PostgreSQL.
    pub async fn superuser(&self) -> Client {
        connect(&self.superuser_string()).await
    }

    /// A client of the upstream role, directly to PostgreSQL (as the proxy itself would).
    pub async fn upstream(&self) -> Client {
        connect(&format!(
            "host=127.0.0.1 port={} user={UPSTREAM_ROLE} password={UPSTREAM_PASSWORD} dbname={}",
            self.postgres.port(),
            self.name
        ))
        .await
    }

    /// Runs a script as superuser, directly; its unaligned, tuples-only output. Panics with psql's message on any error.
    pub fn psql(&self, script: &str) -> String {
        let output =
            run_psql(self.postgres.bin(), &self.superuser_string(), &["-qAt", "-v", "ON_ERROR_STOP=1"], script);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "psql in {}: {stderr}", self.name);
        String::from_utf8(output.stdout).expect("psql prints UTF-8").trim_end().to_owned()
    }
}

/// Runs `script` by psql with the connection string and options given, without a `.psqlrc`; the script comes on stdin.
pub fn run_psql(bin: &Path, connection: &str, options: &[&str], script: &str) -> Output {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = Command::new(bin.join("psql"))
        .args(["-X", "-w", "-d", connection])
        .args(options)
        .env("PGCLIENTENCODING", "UTF8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("psql is installed with PostgreSQL: run `make setup`");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let script = script.to_owned();
    // Written beside the reading: a script and an output that both exceed the pipes' buffers would block each other.
    let writer = std::thread::spawn(move || {
        // psql closes its input when it stops at an error; its exit code says so.
        let _ = stdin.write_all(script.as_bytes());
    });
    let output = child.wait_with_output().expect("psql ends");
    writer.join().expect("the writer does not panic");
    output
}

/// Connects by a libpq string or URL; the connection is driven on its own task and its errors surface in the client.
pub async fn connect(connection: &str) -> Client {
    let (client, connection_task) =
        tokio_postgres::connect(connection, NoTls).await.unwrap_or_else(|e| panic!("cannot connect: {e:?}"));
    tokio::spawn(connection_task);
    client
}
