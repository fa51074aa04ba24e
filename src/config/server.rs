//! What `consentry.toml` means: every path is absolute or relative to where the program runs, every word is known, every
//! verifier can be logged in with. All problems at once, as for a policy.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::resolve::Resolver;
use super::secret::Secret;
use super::upstream::Upstream;
use super::{folder, raw};
use crate::audit::sinks::SinkConfig;
use crate::engine::policy::Policy;
use crate::engine::policy::diagnostics::{Place, Problem, Problems, Severity, SourceFile};
use crate::engine::policy::raw::read;

/// The server file, resolved.
#[derive(Debug, Clone)]
pub struct Server {
    pub listen: Listen,
    pub databases: BTreeMap<String, Database>,
    pub users: BTreeMap<String, User>,
    pub audit: Audit,
    /// Where each of the audit's sinks is named.
    pub sink_places: Vec<Place>,
    /// Address of health, metrics and the auditor's pages; `None`: there are none.
    pub admin: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Listen {
    /// `host:port`.
    pub address: String,
    pub tls: Option<Tls>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    pub cert: PathBuf,
    pub key: PathBuf,
    pub client_ca: Option<PathBuf>,
    /// Clients without TLS are refused.
    pub required: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    pub upstream: Upstream,
    pub password: Option<Secret>,
    /// A file, or a folder of `*.toml`.
    pub policy: PathBuf,
    pub trust_upstream_role: bool,
    /// A file by default, made on first use: [`Secret::read_or_create_key`].
    pub pseudonym_key: Secret,
    pub max_transaction: Duration,
}

#[derive(Debug, Clone)]
pub struct User {
    pub role: String,
    /// As in `pg_authid`: `SCRAM-SHA-256$4096:salt$stored:server`.
    pub verifier: String,
    /// `None`: every database whose policy has the role.
    pub databases: Option<BTreeSet<String>>,
    /// Where the role is named.
    pub place: Place,
}

impl Database {
    /// Whether what is open for `self` serves `other` too: all but the policy is the same.
    pub fn is_reached_as(&self, other: &Self) -> bool {
        Self { policy: other.policy.clone(), ..self.clone() } == *other
    }
}

impl User {
    /// Whether this user may connect to `database` at all.
    pub fn may_connect(&self, database: &str) -> bool {
        self.databases.as_ref().is_none_or(|list| list.contains(database))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    pub folder: PathBuf,
    pub durability: Durability,
    /// A new file is begun at this size.
    pub rotate_bytes: Option<u64>,
    /// Private key of the checkpoints.
    pub key: Option<PathBuf>,
    /// Folder of the keys that subjects' keys are hashed with.
    pub subject_keys: Option<PathBuf>,
    /// Live copies of the record.
    pub sinks: Vec<SinkConfig>,
}

/// When a row may leave: after its record is on disk, or up to a second before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    #[default]
    Strict,
    Relaxed,
}

/// A server file with whatever is to be said about it.
pub struct Loaded {
    pub server: Server,
    pub warnings: Vec<Problem>,
    /// The file itself, to show problems in.
    pub source: SourceFile,
}

/// Why there is no server file to work with.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("the server file has problems")]
    Problems(Vec<Problem>, Box<SourceFile>),
}

/// Reads and resolves the server file at `path`.
pub fn load(path: &Path) -> Result<Loaded, LoadError> {
    let source = folder::read_source(path)?;
    let here = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match resolve(&source, here) {
        Ok((server, warnings)) => Ok(Loaded { server, warnings, source }),
        Err(problems) => Err(LoadError::Problems(problems, Box::new(source))),
    }
}

/// Resolves a server file's text; relative paths in it are relative to `folder`. Gives the server with warnings, or all
/// problems.
pub fn resolve(source: &SourceFile, folder: &Path) -> Result<(Server, Vec<Problem>), Vec<Problem>> {
    let files = std::slice::from_ref(source);
    let mut problems = Problems::new(files);
    let Some(raw) = read::<raw::RawServer>(files, &mut problems) else { return Err(problems.into_sorted()) };
    let mut resolver = Resolver { raw: &raw, folder, problems };
    let server = resolver.server();
    let problems = resolver.problems;
    match server {
        Some(server) if !problems.any_error() => Ok((server, problems.into_sorted())),
        Some(_) | None => Err(problems.into_sorted()),
    }
}

impl Server {
    /// Roles that users name must exist where they connect to: in every database that a user lists, or in one of all.
    /// `policies` are those that could be read, by database; nothing is said about the others.
    pub fn check_roles(&self, policies: &BTreeMap<String, &Policy>) -> Vec<Problem> {
        let all_known = self.databases.keys().all(|name| policies.contains_key(name));
        self.users.values().filter_map(|user| user.role_problem(policies, all_known)).collect()
    }
}

impl Server {
    /// Sinks that nobody listens to at the moment. A sink that is away never stops the service, so these are warnings.
    pub fn check_sinks(&self) -> Vec<Problem> {
        let sinks = self.audit.sinks.iter().zip(&self.sink_places);
        let unreached = |(sink, place): (&SinkConfig, &Place)| {
            let fault = sink.reach().err()?;
            Some(Problem {
                severity: Severity::Warning,
                place: place.clone(),
                message: format!("nobody takes the record at {sink}: {fault}"),
                fix: sink.when_unreached().to_owned(),
                also: None,
            })
        };
        sinks.filter_map(unreached).collect()
    }
}

impl User {
    fn role_problem(&self, policies: &BTreeMap<String, &Policy>, all_known: bool) -> Option<Problem> {
        let lacks = |name: &String| policies.get(name).is_some_and(|p| !p.roles.contains_key(&self.role));
        let message = match &self.databases {
            Some(listed) => {
                let without = listed.iter().find(|name| lacks(name))?;
                format!("the policy of database `{without}` has no role `{}`", self.role)
            }
            None if all_known && policies.keys().all(lacks) => format!("no policy has a role `{}`", self.role),
            None => return None,
        };
        let known: BTreeSet<&str> = policies.values().flat_map(|p| p.roles.keys().map(String::as_str)).collect();
        let known: Vec<&str> = known.into_iter().collect();
        let fix = format!("declare it with [role.{}], or use one of: {}", self.role, known.join(", "));
        Some(Problem { severity: Severity::Error, place: self.place.clone(), message, fix, also: None })
    }
}
