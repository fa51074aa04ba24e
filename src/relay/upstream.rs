//! Where a PostgreSQL is, and the secret to log in to it with.

use crate::config::secret::{Secret, SecretError};
use crate::config::upstream::Upstream as Place;

/// One database of one PostgreSQL, with the account the proxy uses there.
#[derive(Clone)]
pub struct Upstream {
    pub place: Place,
    pub password: Option<Password>,
}

/// A password that no formatter prints.
#[derive(Clone)]
pub enum Password {
    Told(String),
    /// Read at each login, so that one that was changed is taken from then on.
    Kept(Secret),
}

impl Password {
    /// Errors: the file or variable that it is kept in cannot be read.
    pub(super) fn reveal(&self) -> Result<String, SecretError> {
        match self {
            Password::Told(text) => Ok(text.clone()),
            Password::Kept(secret) => secret.read(),
        }
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}
