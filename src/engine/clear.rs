//! The one maker of [`Cleared`].

use std::sync::Arc;

use super::catalog::Catalog;
use super::cleared::{Cleared, SetValue, Tracked};
use super::context::{Context, Protocol};
use super::policy::Policy;
use super::refusal::{Refusal, SqlState};

/// Keys that go into emitted SQL. Never logged.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Master key of the `pseudonym` mask; the key of a purpose is derived from it.
    pub pseudonym: Vec<u8>,
}

/// One database's policy and catalog, ready to judge statements. Immutable: a reload makes a new one.
pub struct Engine {
    pub catalog: Arc<Catalog>,
    pub policy: Arc<Policy>,
    pub secrets: Secrets,
}

impl Engine {
    pub fn new(catalog: Arc<Catalog>, policy: Arc<Policy>, secrets: Secrets) -> Self {
        Self { catalog, policy, secrets }
    }

    /// Judges `text` for `context`. The result is the same for equal arguments, so it may be cached.
    pub fn clear(&self, text: &str, _context: &Context, _protocol: Protocol) -> Result<Cleared, Refusal> {
        // The judging itself comes with the next commits; until then nothing leaves.
        Err(Refusal::new(
            "not-understood",
            SqlState::FEATURE_NOT_SUPPORTED,
            format!("statement of {} bytes is not supported", text.len()),
            "",
            "",
        ))
    }

    /// Judges a setting whose name or value came as a parameter (`set_config($1, $2, $3)`); `value` is `None` for the
    /// default. Returns what the session must track, if anything.
    pub fn judge_setting(
        &self,
        name: &str,
        _value: Option<&str>,
        _context: &Context,
    ) -> Result<Option<(Tracked, SetValue)>, Refusal> {
        Err(Refusal::new(
            "setting-pinned",
            SqlState::INVALID_PARAMETER_VALUE,
            format!("setting \"{name}\" cannot be changed behind the proxy"),
            "",
            "",
        ))
    }
}
