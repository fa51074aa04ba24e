//! Refusals in their place: a marker goes to PostgreSQL instead of the statement, and its error becomes the refusal.
//! And the refusals that the session itself has to make, each declared here once.

use std::sync::Arc;

use super::client::Taken;
use super::complete::QUERY_CANCELED;
use super::core::{Core, End};
use super::expect::{Audience, Kind, NameChange};
use super::record::{self, Subject};
use crate::audit::event::What;
use crate::engine::refusal::{Refusal, SqlState};
use crate::engine::unjudged::first_kind;
use crate::relay::outgoing::{Name, OWN_NAME};
use crate::wire::backend::Status;
use crate::wire::error::{Fields, ROUTINE, Severity, from_refusal};
use crate::wire::frame::Malformed;
use crate::wire::frontend::Parse;

impl Core {
    /// Refuses a Query. `understood`: the statement's own description, where it was judged.
    pub(super) fn refuse_query(
        &mut self,
        refusal: &Refusal,
        text: &str,
        understood: Option<&Arc<What>>,
    ) -> Result<Taken, End> {
        self.record_refusal(refusal, subject(text, understood));
        self.fail_query(self.told(refusal, text))
    }

    /// Fails a Query as PostgreSQL itself would, with nothing to record.
    pub(super) fn fail_query(&mut self, said: Fields) -> Result<Taken, End> {
        self.to_server.marker_query(&self.marker)?;
        self.expect(Kind::RefusedQuery(said), Audience::Client);
        self.unsynced = false;
        self.batch += 1;
        Ok(Taken::Done)
    }

    /// Refuses a Parse.
    pub(super) fn refuse_parse(
        &mut self,
        refusal: &Refusal,
        parse: &Parse<'_>,
        understood: Option<&Arc<What>>,
    ) -> Result<Taken, End> {
        if !parse.name.is_empty() {
            return self.refuse_extended(refusal, parse.sql, understood);
        }
        self.record_refusal(refusal, subject(parse.sql, understood));
        let dropped = NameChange::new("", self.statements.change("", self.batch, None));
        self.fail_batch(Name::Client(""), self.told(refusal, parse.sql), Some(dropped))
    }

    /// Refuses a message of the extended protocol. The marker gets our own name, so that the client's unnamed statement
    /// stays where it is.
    pub(super) fn refuse_extended(
        &mut self,
        refusal: &Refusal,
        text: &str,
        understood: Option<&Arc<What>>,
    ) -> Result<Taken, End> {
        self.record_refusal(refusal, subject(text, understood));
        self.answer_with(self.told(refusal, text))
    }

    /// What the client is told. In a transaction that surely has failed, PostgreSQL looks at nothing but whether a text can
    /// be read, and whether its first statement ends the transaction.
    pub(super) fn told(&self, refusal: &Refusal, text: &str) -> Fields {
        let failed = self.status == Status::Failed && self.queue.is_empty() && !self.unsynced;
        let unreadable = !matches!(refusal.sqlstate.0.get(..2), Some("42" | "3F" | "0A" | "22"))
            || refusal.sqlstate == SqlState::SYNTAX_ERROR
            || refusal.rule == NOT_UTF8;
        match failed && !unreadable && !text.is_empty() && !may_end_transaction(text) {
            true => fields(&transaction_failed(), Severity::Error),
            false => from_refusal(refusal, Severity::Error, text),
        }
    }

    /// Fails in the extended protocol as PostgreSQL itself would, with nothing to record.
    pub(super) fn answer_with(&mut self, fields: Fields) -> Result<Taken, End> {
        self.fail_batch(Name::Own, fields, None)
    }

    /// PostgreSQL will skip what comes up to Sync, so nothing of that is looked at: a name in it would mean what it meant
    /// before, and what would not run would go on record.
    fn fail_batch(&mut self, name: Name<'_>, said: Fields, dropped: Option<NameChange>) -> Result<Taken, End> {
        self.to_server.marker_parse(name, &self.marker)?;
        self.unsynced = true;
        self.expect(Kind::Refused { said, dropped }, Audience::Client);
        self.skipping = true;
        Ok(Taken::Done)
    }

    pub(super) fn record_refusal(&mut self, refusal: &Refusal, subject: Subject<'_>) {
        // What was refused before it was judged has not asked which purpose is in force.
        self.renew_context();
        let what = record::refused(refusal, &self.context, subject, &self.snapshot.engine);
        let reason = self.reason();
        self.clerk.refuse(refusal.rule, what, reason);
    }
}

/// Whether the first statement of a text ends the transaction, or goes back in it: those behind come when it has.
fn may_end_transaction(text: &str) -> bool {
    matches!(first_kind(text), "commit" | "rollback" | "rollback_to" | "prepare_transaction" | "unknown")
}

/// What is refused: where the text is empty, there is a message without one.
fn subject<'a>(text: &'a str, understood: Option<&'a Arc<What>>) -> Subject<'a> {
    match understood {
        Some(what) => Subject::Judged(what),
        None if text.is_empty() => Subject::Message,
        None => Subject::Text(text),
    }
}

fn fields(refusal: &Refusal, severity: Severity) -> Fields {
    from_refusal(refusal, severity, "")
}

/// PostgreSQL's own words and SQLSTATE.
fn transaction_failed() -> Refusal {
    let message = "current transaction is aborted, commands ignored until end of transaction block";
    Refusal::new("transaction-failed", SqlState("25P02"), message, "", "")
}

/// PostgreSQL's own words for a cancel request.
pub fn cancelled() -> Fields {
    let refusal =
        Refusal::new("cancelled", SqlState(QUERY_CANCELED), "canceling statement due to user request", "", "");
    fields(&refusal, Severity::Error)
}

/// A session whose role is unrestricted no longer.
pub fn role_narrowed(role: &str) -> Refusal {
    Refusal::new(
        "role-narrowed",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("terminating connection because the role \"{role}\" is no longer unrestricted"),
        "What its session has made is not known to the proxy; an open transaction is rolled back.",
        "Connect again.",
    )
}

/// The last word to a session of such a role.
pub fn ends_narrowed(role: &str) -> Fields {
    fields(&role_narrowed(role), Severity::Fatal)
}

/// The client's bytes are not the protocol: PostgreSQL ends such a session, and so do we.
pub fn protocol_violation(fault: Malformed) -> Fields {
    let refusal = match fault {
        Malformed::TooLong => message_too_long(),
        Malformed::Utf8 => not_utf8(),
        Malformed::Length
        | Malformed::Type(_)
        | Malformed::String
        | Malformed::Short
        | Malformed::LeftOver
        | Malformed::Count => unreadable(fault),
    };
    fields(&refusal, Severity::Fatal)
}

/// A message that is not what the protocol says.
pub fn unreadable(fault: Malformed) -> Refusal {
    Refusal::new("protocol", SqlState::PROTOCOL_VIOLATION, fault.to_string(), "", "")
}

const NOT_UTF8: &str = "not-utf8";

pub fn not_utf8() -> Refusal {
    Refusal::new(
        NOT_UTF8,
        SqlState("22021"),
        Malformed::Utf8.to_string(),
        "The client's encoding is UTF-8, whatever it asks for.",
        "Send text in UTF-8.",
    )
}

pub fn message_too_long() -> Refusal {
    Refusal::new(
        "message-too-long",
        SqlState::STATEMENT_TOO_LONG,
        Malformed::TooLong.to_string(),
        "The proxy holds a message whole before it passes on; PostgreSQL itself takes up to 1 GiB.",
        "Send less at once: fewer rows in a statement, or a long value piece by piece (SET c = c || $1).",
    )
}

pub fn function_call() -> Refusal {
    Refusal::new(
        "function-call-message",
        SqlState::FEATURE_NOT_SUPPORTED,
        "FunctionCall messages are not supported behind the proxy",
        "They call a function by number, with no statement that could be judged (large-object calls of libpq do).",
        "Call the function in a SELECT.",
    )
}

pub fn not_in_copy() -> Fields {
    let refusal = Refusal::new(
        "copy-protocol",
        SqlState::PROTOCOL_VIOLATION,
        "unexpected message type during COPY from stdin",
        "Between CopyInResponse and CopyDone or CopyFail only copy data may be sent.",
        "",
    );
    fields(&refusal, Severity::Fatal)
}

pub fn too_many_prepared(limit: usize) -> Refusal {
    Refusal::new(
        "too-many-prepared-statements",
        SqlState::STATEMENT_TOO_LONG,
        format!("a session may have {limit} prepared statements"),
        "Prepared statements are never dropped by themselves; this session has never closed any.",
        "Close statements that are no longer used (DEALLOCATE), or switch them off in the driver.",
    )
}

pub fn too_much_prepared(limit: usize) -> Refusal {
    Refusal::new(
        "too-long-prepared-statements",
        SqlState::STATEMENT_TOO_LONG,
        format!("a session's prepared statements may have {} MB", limit >> 20),
        "Prepared statements are never dropped by themselves; those of this session are too long together.",
        "Close statements that are no longer used (DEALLOCATE), or pass values as parameters instead of in the text.",
    )
}

pub fn call_behind_set() -> Refusal {
    Refusal::new(
        "call-behind-set",
        SqlState::FEATURE_NOT_SUPPORTED,
        "CALL behind a statement of the same batch that changes settings is not supported behind the proxy",
        "The procedure may commit, and an error later in the batch would then undo the settings or not.",
        "Send Sync before the CALL, or call it in a transaction block.",
    )
}

/// Between judging and running; PostgreSQL's own code for what goes well when it is run again.
pub fn meaning_changed() -> Refusal {
    Refusal::new(
        "meaning-changed",
        SqlState("40001"),
        "a relation that the statement reads was changed while it ran",
        "It was judged by a definition that is out of date. Its answer is thrown away.",
        "Run it again: it is judged by the new definition.",
    )
}

pub fn meaning_unknown() -> Refusal {
    Refusal::new(
        "meaning-unknown",
        SqlState("57P03"),
        "the proxy cannot see whether the statement read what it was judged by",
        "It reads a view, and PostgreSQL did not say whether that is still defined as it was. Its answer is thrown away.",
        "Run it again later; the administrator finds the cause in the proxy's log.",
    )
}

pub fn too_many_portals(limit: usize) -> Refusal {
    Refusal::new(
        "too-many-portals",
        SqlState::STATEMENT_TOO_LONG,
        format!("a session may have {limit} open portals"),
        "Portals live until they are closed or their transaction ends.",
        "Close portals that are no longer used, or use the unnamed one.",
    )
}

pub fn name_too_long(length: usize) -> Refusal {
    Refusal::new(
        "name-too-long",
        SqlState("42622"),
        "the name of a prepared statement or portal is longer than 63 bytes",
        format!("It has {length} bytes; PostgreSQL would take the first 63 of them for the name."),
        "Use a shorter name.",
    )
}

pub fn portal_of_other_context() -> Refusal {
    Refusal::new(
        "portal-context",
        SqlState::FEATURE_NOT_SUPPORTED,
        "the portal was bound under another purpose",
        "Between Bind and the first Execute the session's purpose, search path or policy has changed.",
        "Bind the statement again.",
    )
}

pub fn cursor_of_other_policy() -> Refusal {
    Refusal::new(
        "cursor-policy",
        SqlState::FEATURE_NOT_SUPPORTED,
        "the cursor or portal was opened under an earlier policy, which showed something else",
        "A policy that is taken up counts from a session's next statement on, FETCH and Execute too.",
        "Close the cursor and open it again.",
    )
}

pub fn execute_of_effect() -> Refusal {
    Refusal::new(
        "execute-effect",
        SqlState::FEATURE_NOT_SUPPORTED,
        "EXECUTE of a statement that changes the session is not supported behind the proxy",
        "The proxy follows settings, transactions, names and temporary tables by the statements that change them; behind \
         EXECUTE it would not.",
        "Send the statement itself, or bind it in the extended protocol.",
    )
}

pub fn fetch_of_effect() -> Refusal {
    Refusal::new(
        "fetch-effect",
        SqlState::FEATURE_NOT_SUPPORTED,
        "FETCH from a portal of a statement that changes the session or names another one is not supported behind the proxy",
        "FETCH runs the portal's statement, and the proxy would not see what that does.",
        "Execute the portal in the extended protocol.",
    )
}

pub fn names_another() -> Refusal {
    Refusal::new(
        "names-another",
        SqlState::FEATURE_NOT_SUPPORTED,
        "what FETCH or EXECUTE names is another statement than it was at Bind",
        "The cursor or prepared statement was replaced between Bind and Execute.",
        "Bind the FETCH or EXECUTE again.",
    )
}

pub fn explain_of_another() -> Refusal {
    Refusal::new(
        "explain-of-another",
        SqlState::FEATURE_NOT_SUPPORTED,
        "EXPLAIN EXECUTE was judged when the prepared statement was another one",
        "What it explains reads protected tables now, and EXPLAIN says less of those.",
        "Send the EXPLAIN EXECUTE again.",
    )
}

pub fn explain_of_secrets() -> Refusal {
    Refusal::new(
        "explain-of-secrets",
        SqlState::FEATURE_NOT_SUPPORTED,
        "EXPLAIN EXECUTE of a statement that makes pseudonyms is not supported behind the proxy",
        "PostgreSQL would print the key that they are made with.",
        "Explain the statement itself: EXPLAIN SELECT …",
    )
}

pub fn statement_behind_set_config() -> Refusal {
    Refusal::new(
        "behind-set-config",
        SqlState::FEATURE_NOT_SUPPORTED,
        "a statement behind set_config in the same batch is not supported behind the proxy",
        "PostgreSQL says only at the end of a batch which settings have changed, and they decide how it reads a statement.",
        "Send Sync after the statement that calls set_config, or prepare the others before it.",
    )
}

/// As PostgreSQL says it.
pub fn nothing_to_execute(name: &str) -> Refusal {
    Refusal::new(
        "no-such-statement",
        SqlState("26000"),
        format!("prepared statement \"{name}\" does not exist"),
        "",
        "",
    )
}

pub fn execute_after_change() -> Refusal {
    Refusal::new(
        "execute-after-change",
        SqlState::FEATURE_NOT_SUPPORTED,
        "EXECUTE behind a statement of the same message that changes settings or the catalog is not supported",
        "A prepared statement is judged for the purpose under which it runs, which is known only after that statement.",
        "Send the EXECUTE in a message of its own.",
    )
}

pub fn write_among_others() -> Refusal {
    Refusal::new(
        "write-among-others",
        SqlState::FEATURE_NOT_SUPPORTED,
        "a write of what may have been replaced meanwhile is not supported among several statements of one message",
        "rule write-among-others: whether a view, or a table where a role of the policy has ddl, is still what was judged is \
         known only when PostgreSQL has answered; by then the message would be committed",
        "Send the statement in a message of its own, or inside of a transaction that an earlier message has begun.",
    )
}

pub fn execute_behind_batch() -> Refusal {
    Refusal::new(
        "execute-behind-batch",
        SqlState::FEATURE_NOT_SUPPORTED,
        "EXECUTE of a statement that is judged anew is not supported behind messages that no Sync has ended",
        "It is prepared again for the purpose that counts now, with a Sync that would commit what they have done.",
        "Send a Sync before the EXECUTE.",
    )
}

pub fn purpose_of_another(named: &str, asked: &str) -> Refusal {
    Refusal::new(
        "purposes-contradict",
        SqlState::INVALID_PARAMETER_VALUE,
        format!("the statement was prepared, or the cursor opened, for the purpose \"{named}\", not for \"{asked}\""),
        "A comment on EXECUTE or FETCH changes nothing of what runs.",
        "SET consentry.purpose before the EXECUTE, or prepare the statement with the comment.",
    )
}

pub fn own_name() -> Refusal {
    Refusal::new(
        "own-name",
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("the name \"{OWN_NAME}\" is taken by the proxy"),
        "The proxy prepares its own statements under this name.",
        "Use another name.",
    )
}

/// As PostgreSQL says it.
pub fn no_such_statement(name: &str) -> Fields {
    let message = match name {
        "" => "unnamed prepared statement does not exist".to_owned(),
        _ => format!("prepared statement \"{name}\" does not exist"),
    };
    fields(&Refusal::new("no-such-statement", SqlState("26000"), message, "", ""), Severity::Error)
}

/// As PostgreSQL says it: drivers know by SQLSTATE, text or routine that they must prepare it again.
pub fn result_type_changed() -> Fields {
    let message = "cached plan must not change result type".to_owned();
    let refusal = Refusal::new("result-type-changed", SqlState("0A000"), message, "", "");
    let mut said = fields(&refusal, Severity::Error);
    said.0.push((ROUTINE, "RevalidateCachedQuery".to_owned()));
    said
}

/// As PostgreSQL says it of what returns nothing.
pub fn portal_has_run(name: &str) -> Fields {
    let message = format!("portal \"{name}\" cannot be run");
    fields(&Refusal::new("portal-has-run", SqlState("55000"), message, "", ""), Severity::Error)
}

/// As PostgreSQL says it.
pub fn no_such_portal(name: &str) -> Fields {
    let refusal =
        Refusal::new("no-such-portal", SqlState("34000"), format!("portal \"{name}\" does not exist"), "", "");
    fields(&refusal, Severity::Error)
}
