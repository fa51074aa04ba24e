//! Every reason to refuse, declared once: rule, SQLSTATE, message, detail, hint.
//!
//! Messages name tables, columns, purposes and settings, never values.

use std::fmt;

mod about;
mod hidden;
mod postgres;

pub use about::{About, Place};
pub use hidden::*;
pub use postgres::*;

/// A five-character SQLSTATE (PostgreSQL manual, appendix A).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SqlState(pub &'static str);

impl SqlState {
    pub const INSUFFICIENT_PRIVILEGE: Self = Self("42501");
    pub const FEATURE_NOT_SUPPORTED: Self = Self("0A000");
    pub const INVALID_PARAMETER_VALUE: Self = Self("22023");
    pub const SYNTAX_ERROR: Self = Self("42601");
    pub const STATEMENT_TOO_LONG: Self = Self("54000");
    pub const STATEMENT_TOO_COMPLEX: Self = Self("54001");
    pub const INVALID_PASSWORD: Self = Self("28P01");
    pub const SYSTEM_ERROR: Self = Self("58000");
    pub const IO_ERROR: Self = Self("58030");
    pub const CONNECTION_FAILURE: Self = Self("08006");
    pub const CANNOT_CONNECT_NOW: Self = Self("57P03");
    pub const PROTOCOL_VIOLATION: Self = Self("08P01");
    pub const UNDEFINED_TABLE: Self = Self("42P01");
    pub const UNDEFINED_OBJECT: Self = Self("42704");
    pub const DEPENDENT_OBJECTS: Self = Self("2BP01");
    pub const INTERNAL_ERROR: Self = Self("XX000");
}

/// Why a statement does not leave. Shown to the client as an ErrorResponse and kept in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable id of the rule, for the record, metrics and documentation: `table-not-listed`.
    pub rule: &'static str,
    pub sqlstate: SqlState,
    /// Primary message: lower case, no period (PostgreSQL's error style guide).
    pub message: String,
    /// Which rule said so.
    pub detail: String,
    /// What to do.
    pub hint: String,
    /// Byte offset into the client's text, where one construct is at fault.
    pub position: Option<u32>,
    /// Boxed, so that a refusal stays small: it is half of most results.
    pub about: Option<Box<About>>,
}

impl Refusal {
    pub fn new(
        rule: &'static str,
        sqlstate: SqlState,
        message: impl Into<String>,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let (message, detail, hint) = (message.into(), detail.into(), hint.into());
        Self { rule, sqlstate, message, detail, hint, position: None, about: None }
    }

    /// The same refusal, of this table.
    pub fn of(mut self, table: impl Into<String>) -> Self {
        self.about.get_or_insert_default().table = Some(table.into());
        self
    }

    /// The same refusal, of a statement behind others.
    pub fn behind_others(mut self, place: Option<Place>) -> Self {
        if place.is_some() {
            self.about.get_or_insert_default().place = place;
        }
        self
    }

    pub fn table(&self) -> Option<&str> {
        self.about.as_ref()?.table.as_deref()
    }

    pub fn place(&self) -> Option<Place> {
        self.about.as_ref()?.place
    }

    /// The same refusal, pointing at a byte offset of the client's text (negative: nowhere).
    pub fn at(mut self, position: i32) -> Self {
        self.position = self.position.or(u32::try_from(position).ok());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

// === the reasons, in the order in which a statement meets them ===

/// A construct that the engine does not know, or knows and does not pass.
pub fn not_supported(what: &str, why: &str) -> Refusal {
    Refusal::new(
        "not-understood",
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("{what} is not supported behind the proxy"),
        format!("rule not-understood: {why}"),
        "write the statement in another way, or ask for a role that is unrestricted",
    )
}

/// Whose temporary relations a schema holds, its number does not tell.
pub fn numbered_temporary(schema: &str) -> Refusal {
    let why = "it may be the schema of another session";
    let hint = "write pg_temp, which is always the session's own".to_owned();
    Refusal { hint, ..not_supported(&format!("a name in \"{schema}\""), why) }
}

/// A prepared statement is known by its name alone here, and what it reads would go into the table unseen.
pub fn stored_execute(name: &str) -> Refusal {
    let why = "what a prepared statement reads is not followed into a table";
    let hint = format!("write the query of \"{name}\" itself: CREATE TABLE … AS SELECT …");
    Refusal { hint, ..not_supported("CREATE TABLE AS EXECUTE", why) }
}

/// What the names in a statement mean by now is not known.
pub fn catalog_unseen() -> Refusal {
    Refusal::new(
        "catalog-unseen",
        SqlState::SYSTEM_ERROR,
        "the database's catalog cannot be read now",
        "rule catalog-unseen: tables may have been renamed or replaced since it was, and nothing is judged by what they were",
        "try again; the administrator finds in the proxy's log why its own connection to PostgreSQL fails",
    )
}

/// Rule of [`depends_on_reset`].
pub const DEPENDS_ON_RESET: &str = "depends-on-reset";

/// A statement of which only PostgreSQL's answer to those before it tells how it is to be judged.
pub fn depends_on_reset() -> Refusal {
    Refusal::new(
        DEPENDS_ON_RESET,
        SqlState::FEATURE_NOT_SUPPORTED,
        "this sequence of statements in one message is not supported behind the proxy",
        "rule depends-on-reset: its purpose or search_path depends on a setting that a statement before it in the same \
         message resets",
        "send the statement in a message of its own",
    )
}

/// A view where a table is needed.
pub fn not_a_table(verb: &str, view: &str) -> Refusal {
    let message = format!("cannot {verb} view \"{view}\"");
    let hint = "name the table that the view reads";
    Refusal::new("not-a-table", SqlState("42809"), message, "rule not-a-table: a view has no rows of its own", hint)
}

/// A relation that this transaction has defined anew, so that the catalog snapshot does not tell what it is.
pub fn not_settled(name: &str) -> Refusal {
    Refusal::new(
        "definition-not-settled",
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("relation \"{name}\" is being defined anew"),
        "rule definition-not-settled: what a changed view, a renamed or a dropped relation means is known when the \
         transaction that changes it, of this or of another session, has ended",
        "commit first, or wait for the other session's COMMIT, then use it",
    )
}

/// A system column of a protected table.
pub fn system_column(name: &str) -> Refusal {
    Refusal::new(
        "system-column",
        SqlState("42703"),
        format!("column \"{name}\" does not exist"),
        "rule system-column: system columns are not part of a visible table",
        "use the table's primary key",
    )
}

/// The policy does not name the table.
pub fn table_not_listed(table: &str) -> Refusal {
    Refusal::new(
        "table-not-listed",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for table {table}"),
        "rule table-not-listed: the policy does not say what this table holds",
        "list it under [table.…] with its columns' categories, or in `open` when it holds no personal data",
    )
    .of(table)
}

/// A view whose definition PostgreSQL does not tell while somebody changes or locks it or what it reads.
pub fn view_locked(view: &str) -> Refusal {
    Refusal::new(
        "view-locked",
        SqlState("55P03"),
        format!("the definition of view {view} could not be read"),
        "rule view-locked: another session changes or locks the view, or a relation that it names (ALTER, LOCK, VACUUM FULL, …)",
        "run it again a second after that has ended",
    )
    .of(view)
}

/// A view whose text, read again by PostgreSQL, could say something else.
pub fn view_holds_money(view: &str) -> Refusal {
    let why = "it has a constant of type money, which says what lc_monetary makes of it";
    Refusal {
        hint: "let the view cast a number, as in 1.50::numeric::money".into(),
        ..not_supported(&format!("view {view}"), why)
    }
    .of(view)
}

/// A relation of the system catalogs that shows values, secrets or other sessions.
pub fn system_relation(table: &str, why: &str) -> Refusal {
    Refusal::new(
        "system-relation",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for table {table}"),
        format!("rule system-relation: {why}"),
        "query the catalogs that describe tables instead of those that hold their values",
    )
    .of(table)
}

/// A parent of protected tables that is not protected itself.
pub fn reads_protected_child(table: &str, child: &str) -> Refusal {
    Refusal::new(
        "reads-protected-child",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for table {table}"),
        format!("rule reads-protected-child: it includes the rows of {child}, which is protected"),
        "list the parent under [table.…] too, or read it with FROM ONLY",
    )
    .of(table)
}

pub const FUNCTION_NOT_ALLOWED: &str = "function-not-allowed";
pub const OPERATOR_NOT_ALLOWED: &str = "operator-not-allowed";

/// A function that the role may not call.
pub fn function_not_allowed(name: &str, why: &str) -> Refusal {
    Refusal::new(
        FUNCTION_NOT_ALLOWED,
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for function {name}"),
        format!("rule function-not-allowed: {why}"),
        "use another function, or have it listed in the role's `functions` or `extensions`",
    )
}

/// An operator that the role may not use.
pub fn operator_not_allowed(name: &str, why: &str) -> Refusal {
    Refusal::new(
        OPERATOR_NOT_ALLOWED,
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for operator {name}"),
        format!("rule operator-not-allowed: {why}"),
        "write OPERATOR(pg_catalog.…) for the built-in one, or have its extension listed in the role's `extensions`",
    )
}

/// A type that a cast may not name.
pub fn type_not_allowed(name: &str) -> Refusal {
    Refusal::new(
        "type-not-allowed",
        SqlState::UNDEFINED_OBJECT,
        format!("type \"{name}\" does not exist"),
        "rule type-not-allowed: it is neither a built-in type for values nor one of this database's",
        "name the type with its schema",
    )
}

/// A view's definition names a built-in type that the session calls something else.
pub fn type_shadowed(name: &str) -> Refusal {
    Refusal::new(
        "type-not-allowed",
        SqlState::UNDEFINED_OBJECT,
        format!("type \"pg_catalog.{name}\" is not what the session calls \"{name}\""),
        "rule type-not-allowed: a view that is read takes it for another type than its author did",
        "put pg_catalog first in search_path",
    )
}

/// The rule of [`user_needed`].
pub const USER_NEEDED: &str = "user-needed";

/// What leaves depends on the user, and the context does not name it: whoever judges must name it.
pub fn user_needed() -> Refusal {
    Refusal::new(
        USER_NEEDED,
        SqlState::FEATURE_NOT_SUPPORTED,
        "prepared transactions are their user's, and it is not known who asks",
        "rule user-needed: a mark of the user is part of a prepared transaction's name",
        "run it in a session",
    )
}

/// The role lacks a right.
pub fn right_missing(right: &str, what: &str) -> Refusal {
    Refusal::new(
        "right-missing",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied: {what}"),
        format!("rule right-missing: the role's `may` does not contain \"{right}\""),
        format!("have \"{right}\" added to the role's `may`, or use another role"),
    )
}

/// Purpose problems.
pub fn purpose_unknown(purpose: &str) -> Refusal {
    Refusal::new(
        "purpose-unknown",
        SqlState::INVALID_PARAMETER_VALUE,
        format!("invalid value for parameter \"consentry.purpose\": \"{purpose}\""),
        "rule purpose-unknown: the policy declares no such purpose",
        "SHOW consentry.purpose tells the current one; the policy's [purpose.…] tables name them all",
    )
}

pub fn purpose_not_allowed(purpose: &str, role: &str, allowed: &[String]) -> Refusal {
    Refusal::new(
        "purpose-not-allowed",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("role \"{role}\" may not use data for the purpose \"{purpose}\""),
        match allowed {
            [] => "rule purpose-not-allowed: the role has no purposes".to_owned(),
            allowed => format!("rule purpose-not-allowed: the role's purposes are {}", allowed.join(", ")),
        },
        match allowed {
            [] => "leave the purpose out, or list it under the role's `purposes` in the policy",
            _ => "SET consentry.purpose to one of them",
        },
    )
}

/// The setting holds the session's purpose, and SHOW has no other form.
pub fn show_beside_comment(own: &str) -> Refusal {
    Refusal::new(
        "show-beside-comment",
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("SHOW consentry.purpose in a statement for the purpose \"{own}\" is not supported behind the proxy"),
        "rule show-beside-comment: it would say the session's purpose, which is another",
        "use SELECT current_setting('consentry.purpose'), or leave the comment out",
    )
}

pub fn purposes_contradict(first: &str, second: &str) -> Refusal {
    Refusal::new(
        "purposes-contradict",
        SqlState::INVALID_PARAMETER_VALUE,
        format!("comments name two purposes, \"{first}\" and \"{second}\""),
        "rule purposes-contradict: a statement has exactly one purpose",
        "keep one /*purpose='…'*/ comment",
    )
}

pub fn reason_required(role: &str) -> Refusal {
    Refusal::new(
        "reason-required",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("role \"{role}\" must give a reason"),
        "rule reason-required: each access of this role is recorded with its reason",
        "SET consentry.reason = 'why you need to see this'",
    )
}

pub const SETTING_PINNED: &str = "setting-pinned";

/// A setting that may not be changed, or not to this value.
pub fn setting_pinned(name: &str, why: &str) -> Refusal {
    Refusal::new(
        SETTING_PINNED,
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("parameter \"{name}\" cannot be changed behind the proxy"),
        format!("rule setting-pinned: {why}"),
        "leave it at its default",
    )
}

pub fn setting_value(name: &str, value: &str) -> Refusal {
    Refusal::new(
        "setting-value",
        SqlState::INVALID_PARAMETER_VALUE,
        format!("invalid value for parameter \"{name}\": \"{value}\""),
        "rule setting-value: behind the proxy this parameter has fixed values",
        "leave it at its default",
    )
}

/// A `search_path` in which temporary relations do not come last.
pub fn temporary_first(value: &str) -> Refusal {
    Refusal::new(
        "setting-value",
        SqlState::INVALID_PARAMETER_VALUE,
        format!("invalid value for parameter \"search_path\": \"{value}\""),
        "rule setting-value: what is made without TEMP would be temporary, and temporary relations are followed by that word",
        "leave pg_temp out, or write it last; PostgreSQL looks there first by itself",
    )
}

/// A temporary view of what the policy has closed since.
pub fn view_of_closed(view: &str) -> Refusal {
    Refusal::new(
        "view-of-closed",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for view {view}"),
        "rule view-of-closed: this temporary view shows tables as they are stored, and the policy no longer opens all of them",
        "drop it, and create it anew in a schema",
    )
}

/// Read under another purpose than the one it was derived for.
pub fn derived_elsewhere(table: &str, purpose: &str) -> Refusal {
    Refusal::new(
        "derived-for-another-purpose",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for table {table}"),
        format!("rule derived-for-another-purpose: it was made from protected tables for the purpose \"{purpose}\""),
        format!("SET consentry.purpose = '{purpose}', or derive it anew"),
    )
}

/// Derived by the rules of a policy that is no longer in force.
pub fn derived_before(table: &str) -> Refusal {
    Refusal::new(
        "derived-by-other-rules",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for table {table}"),
        "rule derived-by-other-rules: it was made from protected tables before the policy changed",
        "drop it, and derive it anew",
    )
}

/// Writes.
pub fn column_not_writable(table: &str, column: &str, why: &str) -> Refusal {
    Refusal::new(
        "column-not-writable",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for column {column} of table {table}"),
        format!("rule column-not-writable: {why}"),
        "use a purpose that shows the column's category in clear",
    )
    .of(table)
}

/// A write to a column that the policy knows nothing of.
pub fn column_not_listed(table: &str, column: &str) -> Refusal {
    Refusal {
        detail: "rule column-not-writable: the policy does not list it".to_owned(),
        hint: "leave it out of the statement; or the policy lists it under the table's `columns`, with its category"
            .to_owned(),
        ..column_not_writable(table, column, "")
    }
}

/// A row whose subject has not agreed to its being stored (`store_requires`).
pub fn store_not_allowed(table: &str, purpose: &str) -> Refusal {
    Refusal::new(
        "store-requires-consent",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for table {table}: a row's subject has no valid consent for \"{purpose}\""),
        format!("rule store-requires-consent: rows of {table} are stored only with consent; nothing was stored"),
        "leave out the people who have not agreed, or record their consent first",
    )
    .of(table)
}

/// Our own reading of the outgoing text differs from what was judged: a fault of ours, never sent.
pub fn not_faithful(which: &str) -> Refusal {
    Refusal::new(
        "not-faithful",
        SqlState::FEATURE_NOT_SUPPORTED,
        "statement could not be rewritten faithfully",
        format!("rule not-faithful: {which}"),
        "write the statement in a simpler way, and please report it",
    )
}

/// A definition that would change what the policy rests on.
pub fn definition_protected(what: &str, table: &str) -> Refusal {
    Refusal::new(
        "definition-protected",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("{what} is not allowed on {table}"),
        "rule definition-protected: the policy names this table, and must go on meaning it",
        "change it directly in PostgreSQL, together with the policy",
    )
    .of(table)
}
