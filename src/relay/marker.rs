//! A text that cannot succeed: it stands in for a refused statement, so that PostgreSQL itself aborts the transaction
//! and skips to Sync in the right place, and its error is replaced by the refusal.

use rand::RngCore;

/// One bare word that no client can guess: a syntax error in every state.
#[derive(Clone)]
pub struct Marker(String);

impl Marker {
    /// A new word for a session.
    pub fn new() -> Self {
        let mut nonce = [0; 16];
        rand::rngs::OsRng.fill_bytes(&mut nonce);
        Self(format!("consentry_refused_{}", hex::encode(nonce)))
    }

    pub(super) fn word(&self) -> &str {
        &self.0
    }

    /// A statement that can be read, and fails where it stands behind others.
    pub(super) fn statement(&self) -> String {
        format!("EXECUTE {}", self.0)
    }

    /// Whether an error's message is about this word.
    pub fn is_named_in(&self, message: &str) -> bool {
        message.contains(&self.0)
    }
}

impl Default for Marker {
    fn default() -> Self {
        Self::new()
    }
}
