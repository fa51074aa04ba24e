//! What can go wrong on this side, told without personal values: tables, columns, constraints and line numbers only.

use std::fmt;

use tokio_postgres::error::{DbError, SqlState};

/// A failure: what, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub message: String,
    pub hint: Option<String>,
    /// PostgreSQL's SQLSTATE, when it was PostgreSQL that said no.
    pub sqlstate: Option<String>,
    /// The column that PostgreSQL names.
    pub column: Option<String>,
}

impl Fault {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, sqlstate: None, column: None }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether the same transaction may succeed when it is tried again: another one got in between.
    pub fn is_transient(&self) -> bool {
        // 23505: somebody else inserted the row between our UPDATE and our INSERT.
        matches!(self.sqlstate.as_deref(), Some("23505" | "40001" | "40P01"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(db) => from_database(db),
            // Everything else is about the connection or the protocol, and carries no values.
            None => Fault::new(format!("PostgreSQL: {error}")),
        }
    }
}

/// PostgreSQL's detail, context and where always stay behind: they quote rows. Its message is kept only for the
/// SQLSTATE classes whose messages name things and no values; an unknown class is not kept. Nor is what a function says
/// (an error with a context), by RAISE under a SQLSTATE of its choice; that one's names may be anything, too.
fn from_database(db: &DbError) -> Fault {
    let code = db.code().code();
    let class = code.get(..2).unwrap_or_default();
    let told = db.where_().is_some();
    let said = match class {
        "23" | "42" if told => "a trigger or function of the database refused".to_owned(),
        "08" | "0A" | "23" | "25" | "28" | "3D" | "3F" | "42" | "53" | "54" | "57" => db.message().to_owned(),
        "22" => "a value does not fit its column's type or range".to_owned(),
        "55" => "something else is in use of it, or holds a lock on it".to_owned(),
        "40" => "another transaction was in the way".to_owned(),
        "P0" => "a trigger or function of the database refused".to_owned(),
        _ => "PostgreSQL refused".to_owned(),
    };
    let mut message = format!("{said} (SQLSTATE {code}");
    let raised = db.where_().is_some_and(|context| context.contains("at RAISE"));
    for (what, name) in [("table", db.table()), ("column", db.column()), ("constraint", db.constraint())] {
        if let Some(name) = name.filter(|_| !raised) {
            message.push_str(&format!(", {what} {name}"));
        }
    }
    message.push(')');
    let hint = (*db.code() == SqlState::INSUFFICIENT_PRIVILEGE)
        .then(|| "connect with --admin-url as a role that may do this".to_owned());
    Fault { message, hint, sqlstate: Some(code.to_owned()), column: db.column().map(str::to_owned) }
}
