//! What `check` and `policy` work on: the server file, and behind it each database's catalog and policy, loaded once and
//! looked at. Nothing of it keeps running.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use tokio_postgres::Client;

use super::BadUsage;
use super::out::remark;
use crate::config::folder::read_policy;
use crate::config::server::{self, Database, LoadError, Server};
use crate::engine::catalog::Catalog;
use crate::engine::policy::Policy;
use crate::engine::policy::diagnostics::{Problem, SourceFile, Style, render};
use crate::engine::policy::resolve::read;
use crate::relay::catalog::load;
use crate::relay::dial::Dialer;
use crate::relay::upstream::{Password, Upstream};
use crate::relay::{own, trial};

/// The option that names the server file.
#[derive(Args, Clone)]
pub struct ConfigOption {
    /// The server file
    #[arg(short, long, env = "CONSENTRY_CONFIG", default_value = "consentry.toml")]
    pub config: PathBuf,
}

/// A server file that was understood, with what there is to say about it.
pub fn load_server(path: &Path) -> std::result::Result<(Server, Vec<Problem>, SourceFile), Findings> {
    match server::load(path) {
        Ok(loaded) => Ok((loaded.server, loaded.warnings, loaded.source)),
        Err(LoadError::Io(error)) => Err(Findings::Error(error.into())),
        Err(LoadError::Problems(problems, source)) => Err(Findings::Problems(problems, vec![*source])),
    }
}

/// Why something is not as it should be: problems in files, or an error outside of them.
pub enum Findings {
    Problems(Vec<Problem>, Vec<SourceFile>),
    Error(anyhow::Error),
}

impl Findings {
    /// Tells it on stderr.
    pub fn tell(&self) {
        match self {
            Findings::Problems(problems, files) => tell(problems, files),
            Findings::Error(error) => remark!("error: {error:#}"),
        }
    }
}

/// For commands that cannot go on: the problems as the error's text.
impl From<Findings> for anyhow::Error {
    fn from(findings: Findings) -> Self {
        match findings {
            Findings::Error(error) => error,
            Findings::Problems(problems, files) => {
                let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
                let style = if coloured { Style::Coloured } else { Style::Plain };
                anyhow::anyhow!("\n{}", render(&problems, &files, style).trim_end())
            }
        }
    }
}

/// The database of this name, or the only one; with its name.
pub fn choose<'s>(server: &'s Server, name: Option<&str>) -> Result<(&'s str, &'s Database), BadUsage> {
    let known = || server.databases.keys().cloned().collect::<Vec<_>>().join(", ");
    let found = match name {
        Some(name) => server.databases.get_key_value(name),
        None if server.databases.len() == 1 => server.databases.first_key_value(),
        None => return Err(BadUsage(format!("there are several databases, say which with --database: {}", known()))),
    };
    let (name, database) = found.ok_or_else(|| {
        BadUsage(format!("the server file has no database \"{}\"; it has: {}", name.unwrap_or_default(), known()))
    })?;
    Ok((name, database))
}

/// Where the database is, with the password to log in there.
pub fn upstream_of(database: &Database) -> Result<Upstream> {
    let password = database.password.clone().map(Password::Kept);
    Ok(Upstream { place: database.upstream.clone(), password })
}

/// Problems on stderr, in colour where that is welcome (`anstream` decides).
pub fn tell(problems: &[Problem], files: &[SourceFile]) {
    let rendered = render(problems, files, Style::Coloured);
    if !rendered.is_empty() {
        remark!("{}", rendered.strip_suffix('\n').unwrap_or(&rendered));
    }
}

/// A database with its policy, resolved.
pub struct Judged {
    pub client: Client,
    pub catalog: Catalog,
    pub policy: Policy,
    pub warnings: Vec<Problem>,
    pub files: Vec<SourceFile>,
}

/// Connects to the database and resolves its policy against what is there.
pub async fn judge(database: &Database) -> std::result::Result<Judged, Findings> {
    judge_with(database, Ask::Catalog).await
}

/// As [`judge`], where PostgreSQL also says what it thinks of the policy's conditions and masks.
pub async fn judge_wholly(database: &Database) -> std::result::Result<Judged, Findings> {
    judge_with(database, Ask::Everything).await
}

#[derive(PartialEq, Eq)]
enum Ask {
    Catalog,
    Everything,
}

async fn judge_with(database: &Database, ask: Ask) -> std::result::Result<Judged, Findings> {
    let files = read_policy(&database.policy).map_err(|e| Findings::Error(e.into()))?;
    let (client, catalog) = catalog_of(database).await.map_err(Findings::Error)?;
    let mut reading = read(&files, &catalog);
    if ask == Ask::Everything {
        let tried = trial::run(&client, &mut reading).await.context("PostgreSQL cannot be asked about the policy");
        tried.map_err(Findings::Error)?;
    }
    match reading.finish() {
        Ok((policy, warnings)) => Ok(Judged { client, catalog, policy, warnings, files }),
        Err(problems) => Err(Findings::Problems(problems, files)),
    }
}

async fn catalog_of(database: &Database) -> Result<(Client, Catalog)> {
    let client = own::connect(&Dialer::new(upstream_of(database)?)?).await.context("cannot reach PostgreSQL")?;
    if !database.trust_upstream_role {
        own::check_role(&client, &database.upstream.user).await?;
    }
    own::check_encoding(&client).await?;
    let catalog = load(&client).await?;
    Ok((client, catalog))
}

/// Runs a command's work on a runtime of its own.
pub fn block_on<T>(work: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    Ok(runtime.block_on(work))
}
