//! Why somebody is not let in, or must leave, in words; each reason declared once.

use crate::engine::refusal::{Refusal, SqlState};

pub(super) fn tls_required() -> Refusal {
    Refusal::new(
        "tls-required",
        SqlState("28000"),
        "this proxy takes encrypted connections only",
        "[listen] tls.required is set.",
        "Connect with sslmode=require or stronger.",
    )
}

/// As PostgreSQL says it, whether the user exists or not.
pub(super) fn wrong_password(user: &str) -> Refusal {
    let shown: String = user.chars().filter(|c| !c.is_control()).take(63).collect();
    let message = format!("password authentication failed for user \"{shown}\"");
    Refusal::new("wrong-password", SqlState::INVALID_PASSWORD, message, "", "")
}

pub(super) fn bad_scram() -> Refusal {
    Refusal::new(
        "scram",
        SqlState::PROTOCOL_VIOLATION,
        "malformed SCRAM message, or a channel binding that does not fit",
        "",
        "If a device between client and proxy ends TLS, channel binding cannot hold: connect directly.",
    )
}

pub(super) fn no_such_database(name: &str) -> Refusal {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(63).collect();
    Refusal::new(
        "no-such-database",
        SqlState("3D000"),
        format!("database \"{shown}\" does not exist"),
        "The proxy serves the databases that its server file names.",
        "Check the database name.",
    )
}

pub(super) fn not_for_user(name: &str) -> Refusal {
    Refusal::new(
        "database-not-for-user",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for database \"{name}\""),
        "The server file lists other databases for this user.",
        "Ask the administrator of the proxy.",
    )
}

pub(super) fn role_not_here(role: &str) -> Refusal {
    Refusal::new(
        "role-unknown",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("role \"{role}\" is not in the policy of this database"),
        "A user's role must be declared by the policy of the database that it connects to.",
        "Ask the administrator of the proxy.",
    )
}

// === sessions that end ===

pub(super) fn upstream_lost() -> Refusal {
    Refusal::new(
        "upstream-lost",
        SqlState::CONNECTION_FAILURE,
        "the proxy has lost its connection to PostgreSQL",
        "PostgreSQL has closed the session, or cannot be followed any more.",
        "Connect again.",
    )
}

/// The code and words of PostgreSQL 17's `transaction_timeout`.
pub(super) fn transaction_too_long() -> Refusal {
    Refusal::new(
        "max-transaction",
        SqlState("25P04"),
        "terminating connection due to transaction timeout",
        "An open transaction may go on seeing consent that was withdrawn since; max_transaction bounds that.",
        "Commit or roll back sooner, or ask for a longer max_transaction.",
    )
}

pub(super) fn no_longer_admitted() -> Refusal {
    Refusal::new(
        "no-longer-admitted",
        SqlState("57P01"),
        "terminating connection: the proxy's configuration has changed",
        "Its user, role or database is not any more what it was when the session began.",
        "Connect again.",
    )
}

pub(super) fn going_down() -> Refusal {
    Refusal::new(
        "shutdown",
        SqlState("57P01"),
        "terminating connection due to administrator command",
        "The proxy is being stopped.",
        "Connect again later.",
    )
}
