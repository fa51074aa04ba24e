//! Where a PostgreSQL is, and the secret to log in to it with.

use crate::config::upstream::Upstream as Place;

/// One database of one PostgreSQL, with the account the proxy uses there.
#[derive(Clone)]
pub struct Upstream {
    pub place: Place,
    pub password: Option<Password>,
}

/// A password that no formatter prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}
