//! `consentry.toml` exactly as it is written. Knows nothing of what it means.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::engine::policy::raw::{Named, Spanned};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawServer {
    pub listen: Option<Spanned<RawListen>>,
    #[serde(default)]
    pub database: Named<RawDatabase>,
    #[serde(default)]
    pub user: Named<RawUser>,
    pub audit: Option<Spanned<RawAudit>>,
    pub admin: Option<Spanned<RawAdmin>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawListen {
    pub address: Option<Spanned<String>>,
    pub tls: Option<Spanned<RawTls>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTls {
    pub cert: Option<Spanned<String>>,
    pub key: Option<Spanned<String>>,
    pub client_ca: Option<Spanned<String>>,
    pub required: Option<Spanned<bool>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDatabase {
    pub upstream: Option<Spanned<String>>,
    pub password: Option<Spanned<RawSecret>>,
    pub policy: Option<Spanned<String>>,
    pub trust_upstream_role: Option<Spanned<bool>>,
    pub pseudonym_key: Option<Spanned<RawSecret>>,
    pub max_transaction: Option<Spanned<String>>,
}

/// `{ env = "NAME" }` or `{ file = "path" }`.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected { env = \"NAME\" } or { file = \"path\" }: a secret never stands in the file itself"
)]
pub enum RawSecret {
    Env(EnvSecret),
    File(FileSecret),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvSecret {
    pub env: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSecret {
    pub file: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawUser {
    pub role: Option<Spanned<String>>,
    pub verifier: Option<Spanned<String>>,
    pub databases: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawAudit {
    pub folder: Option<Spanned<String>>,
    pub durability: Option<Spanned<String>>,
    /// A new file is begun at this size: `"256 MiB"`.
    pub rotate: Option<Spanned<String>>,
    /// Private key of the checkpoints.
    pub key: Option<Spanned<String>>,
    /// Folder of the keys that subjects' keys are hashed with.
    pub subject_keys: Option<Spanned<String>>,
    /// Live copies of the record, in the forms that `audit::sinks` reads.
    pub sinks: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawAdmin {
    pub address: Option<Spanned<String>>,
}

/// Names that a definition may be reached by, for "did you mean".
pub fn names<T>(named: &BTreeMap<Spanned<String>, T>) -> impl Iterator<Item = &str> {
    named.keys().map(|name| name.get_ref().as_str())
}
