//! What goes on record: the events, as plain data, and their JSON form with a fixed order of fields.
//!
//! PURE: no clock, no IO. The caller gives neither `seq` nor `time`; the log assigns both when it takes the event.
//! Nothing in here may hold a literal, a parameter or a row value: names, keyed hashes and counts only.

use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::engine::cleared::{Outcome, TouchedTable};
use crate::engine::context::PurposeSource;
use crate::engine::refusal::{self, Refusal, SqlState};

/// One event of the record (contract, section 7).
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A statement was judged. Durable before the first byte of its result leaves.
    Decision(Decision),
    /// A statement that was let through has ended.
    Completion(Completion),
    Login(Login),
    LoginRefused(LoginRefused),
    SessionEnd(SessionEnd),
    PurposeChange(PurposeChange),
    PolicyReload(PolicyReload),
    ServerReload(ServerReload),
    /// The keys of subjects that left in a bare subject-key column (`record_subjects`).
    SubjectsSeen(SubjectsSeen),
    Start(Start),
    Stop(Stop),
    Heartbeat(Heartbeat),
    /// A torn or foreign end of the last file was found at start and put aside.
    Recovered(Recovered),
    /// At start, nothing beside the keys told how far the record had gone.
    HeadMissing(HeadMissing),
    /// At start, the folder did not hold what had been written.
    NotAsLeft(NotAsLeft),
    /// The record could be written again after a time in which it could not.
    Resumed(Resumed),
    /// A live sink was too slow; the file has everything.
    SinkDropped(SinkDropped),
    /// Something that `consentry` itself is about to do with stored data on an operator's word, outside of any session.
    Upkeep(Upkeep),
    /// What came of it. As long as this is not on record, nothing tells whether it took effect.
    UpkeepDone(UpkeepDone),
    /// A period's subject key was destroyed: its hashes mean nothing any more (GDPR Art. 17).
    SubjectKeyForgotten {
        period: String,
    },
}

impl Event {
    /// Whether somebody waits for this event to be on disk: it tells of something that has not happened yet, or is the
    /// last word of a process.
    pub fn comes_before(&self) -> bool {
        match self {
            Event::Decision(_)
            | Event::Login(_)
            | Event::Start(_)
            | Event::Stop(_)
            | Event::Upkeep(_)
            | Event::UpkeepDone(_) => true,
            Event::Completion(_)
            | Event::LoginRefused(_)
            | Event::SessionEnd(_)
            | Event::PurposeChange(_)
            | Event::PolicyReload(_)
            | Event::ServerReload(_)
            | Event::SubjectsSeen(_)
            | Event::Heartbeat(_)
            | Event::Recovered(_)
            | Event::HeadMissing(_)
            | Event::NotAsLeft(_)
            | Event::Resumed(_)
            | Event::SinkDropped(_)
            | Event::SubjectKeyForgotten { .. } => false,
        }
    }
}

/// Who asks: the same for all statements of a session, so it is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// Random, unique over all time.
    pub session: String,
    pub user: String,
    pub role: String,
    pub client: Client,
    pub database: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Client {
    /// IP address without port, or `local` for a unix socket.
    pub address: String,
    /// As the client gave it; the caller cuts it to 63 bytes, as PostgreSQL does.
    pub application_name: Option<String>,
}

/// What is asked and what became of it: the same for all runs of a cached plan, so it is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct What {
    /// The role is `unrestricted`: it sees stored tables.
    pub unrestricted: bool,
    pub recipient: Option<String>,
    pub purpose: Option<String>,
    pub basis: Option<String>,
    pub purpose_set_by: PurposeSource,
    /// `pg_query`'s fingerprint, hex; empty when the text could not be parsed.
    pub fingerprint: String,
    /// Normalised: literals replaced by `$n`; empty when the text could not be parsed.
    pub sql: String,
    pub kind: String,
    pub outcome: Outcome,
    pub refusal: Option<RefusalRecord>,
    pub tables: Vec<TouchedTable>,
    pub rules: Vec<String>,
    /// Digest of the policy that judged.
    pub policy: String,
}

/// A refusal on record: the rule's id, the SQLSTATE, and the message as far as it holds nothing of the client's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusalRecord {
    pub rule: String,
    pub sqlstate: String,
    pub message: String,
}

impl From<&Refusal> for RefusalRecord {
    fn from(refusal: &Refusal) -> Self {
        Self { rule: refusal.rule.into(), sqlstate: refusal.sqlstate.0.into(), message: recordable_message(refusal) }
    }
}

/// The message without what the client wrote: a name that does not exist, the words of a syntax error or the value of a
/// setting may be anything, also an e-mail address in the wrong quotes. Only a denied permission names things that are
/// in catalog or policy; but for the setting that is refused because nobody knows it.
fn recordable_message(refusal: &Refusal) -> String {
    let message = &refusal.message;
    let setting = refusal.rule == refusal::SETTING_PINNED;
    if refusal.sqlstate == SqlState::INSUFFICIENT_PRIVILEGE && !setting {
        return message.clone();
    }
    // Class 42, syntax error or access rule violation: the rule's id says what kind of thing is wrong.
    if refusal.sqlstate.0.starts_with("42") && !setting {
        return String::new();
    }
    match message.split_once('"').zip(message.rsplit_once('"')) {
        Some(((before, _), (_, after))) => format!("{before}\"…\"{after}"),
        None => message.clone(),
    }
}

#[derive(Debug, Clone)]
pub struct Decision {
    pub who: Arc<Who>,
    /// Unique over all time; its completion names it.
    pub statement: String,
    /// `consentry.reason` of the session.
    pub reason: Option<Arc<str>>,
    pub what: Arc<What>,
    /// From `Recorder::subject_hash`, one for each subject that the statement names by equality.
    pub subjects: Vec<String>,
}

impl Serialize for Decision {
    /// In the order of the contract.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (who, what) = (&*self.who, &*self.what);
        let mut s = serializer.serialize_struct("Decision", 21)?;
        s.serialize_field("session", &who.session)?;
        s.serialize_field("statement", &self.statement)?;
        s.serialize_field("user", &who.user)?;
        s.serialize_field("role", &who.role)?;
        if what.unrestricted {
            s.serialize_field("unrestricted", &true)?;
        }
        s.serialize_field("recipient", &what.recipient)?;
        s.serialize_field("purpose", &what.purpose)?;
        s.serialize_field("basis", &what.basis)?;
        s.serialize_field("purpose_set_by", what.purpose_set_by.as_str())?;
        s.serialize_field("reason", &self.reason)?;
        s.serialize_field("client", &who.client)?;
        s.serialize_field("database", &who.database)?;
        s.serialize_field("fingerprint", &what.fingerprint)?;
        s.serialize_field("sql", &what.sql)?;
        s.serialize_field("kind", &what.kind)?;
        s.serialize_field("outcome", &what.outcome)?;
        s.serialize_field("refusal", &what.refusal)?;
        s.serialize_field("tables", &what.tables)?;
        s.serialize_field("rules", &what.rules)?;
        s.serialize_field("policy", &what.policy)?;
        s.serialize_field("subjects", &self.subjects)?;
        s.end()
    }
}

/// How a statement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    Ok,
    Error,
    Cancelled,
}

#[derive(Debug, Clone, Serialize)]
pub struct Completion {
    pub statement: String,
    pub outcome: Ending,
    /// Of the error that the client was sent.
    pub sqlstate: Option<String>,
    /// Rows that were sent to the client, or were written.
    pub rows: u64,
    /// Bytes of DataRow and CopyData messages that were sent to the client.
    pub bytes: u64,
    /// From the decision to the last message of the result, in milliseconds.
    pub ms: f64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Login {
    pub session: String,
    pub user: String,
    pub role: String,
    pub purpose: Option<String>,
    pub purpose_set_by: &'static str,
    pub client: Client,
    pub database: String,
    /// Protocol version of TLS, `None` without.
    pub tls: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct LoginRefused {
    pub session: String,
    /// Only when such a user exists: what was typed as a name may be a password.
    pub user: Option<String>,
    /// That user's.
    pub role: Option<String>,
    /// Without the name of a program when there is no such user.
    pub client: Client,
    /// Only when it is served.
    pub database: Option<String>,
    pub sqlstate: String,
    /// A fixed phrase, such as `wrong password`, `unknown database`, `TLS required`.
    pub reason: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub struct SessionEnd {
    pub session: String,
    pub user: String,
    pub role: String,
    pub database: String,
    /// A fixed phrase: `client terminated`, `connection lost`, `upstream lost`, `shut down`.
    pub reason: &'static str,
    pub statements: u64,
    pub refused: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct PurposeChange {
    pub session: String,
    pub user: String,
    pub role: String,
    pub database: String,
    pub from: Option<String>,
    pub to: Option<String>,
    pub set_by: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub struct PolicyReload {
    pub database: String,
    /// Digest of the policy that ran before.
    pub from: Option<String>,
    /// Digest of the policy that runs now; equal to `from` when the new one was refused.
    pub to: Option<String>,
    /// Number of problems for which the new one was refused; 0 when it runs.
    pub problems: u64,
}

/// The server file was another one, and is in force or was refused.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ServerReload {
    /// Digest of the server file that was in force before.
    pub from: String,
    /// Digest of the one that is now; equal to `from` when the new one was refused.
    pub to: String,
    /// Its sections by name, as `database crm` or `user ana`.
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub changed: Vec<String>,
    /// 0 when it is in force.
    pub problems: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct SubjectsSeen {
    pub statement: String,
    pub subjects: Vec<String>,
    /// So many are not listed: there were more than the bound, or they could not be read.
    pub more: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Start {
    pub version: &'static str,
    /// An event comes at least this often while the proxy runs.
    pub heartbeat_seconds: u64,
    pub durability: &'static str,
    /// Lines that no checkpoint vouches for, at most, however this run ends. Verify holds the record against it.
    pub unvouched_at_most: u64,
    /// Verifier key of the checkpoints, C2SP signed-note form.
    pub key: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Stop {
    /// A fixed phrase: `shut down`, `did not start`.
    pub reason: &'static str,
    /// Events taken since start, this one not counted.
    pub events: u64,
    /// fdatasync calls since start.
    pub syncs: u64,
    /// What sinks lost since that was last told, or had not delivered by now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sinks_missed: Vec<SinkDropped>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Heartbeat {
    /// Whole seconds since start.
    pub uptime: u64,
    /// Events taken since start.
    pub events: u64,
    /// fdatasync calls since start.
    pub syncs: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Recovered {
    /// The file whose end was put aside.
    pub file: String,
    /// Where it was put.
    pub kept: Option<String>,
    pub bytes: u64,
    /// Whole lines among them: of no decision among them had a session heard that it is on record.
    pub lines: u64,
    /// Lines that were signed for and that the files no longer have.
    pub missing: u64,
}

/// The record is taken as it stands: one of a version that kept no head, or one that came without its keys' folder.
#[derive(Debug, Clone, Serialize)]
pub struct HeadMissing {
    /// The lines at its end that nothing was signed for.
    pub unsigned_from: Option<u64>,
    pub unsigned_to: Option<u64>,
}

/// The record goes on behind what had been written, on the tree of that.
#[derive(Debug, Clone, Serialize)]
pub struct NotAsLeft {
    /// Lines that had been written.
    pub known: u64,
    /// Lines that the folder has. When it is the same number, or a higher one, they are others.
    pub found: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Resumed {
    /// The fault, as the operating system words it.
    pub fault: String,
    pub seconds: u64,
    /// Events that were refused meanwhile, so that their statements did not run.
    pub refused: u64,
    /// Sequence numbers of events that were taken before the fault showed and written only now.
    pub late_from: Option<u64>,
    pub late_to: Option<u64>,
    /// Lines whose file was no longer there, as far as it was being written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone_from: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone_to: Option<u64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct SinkDropped {
    pub sink: String,
    /// Since the last such event.
    pub events: u64,
}

/// A batch of retention, an erasure, an export, a choice, an import. On record before it takes effect.
#[derive(Debug, Clone, Serialize)]
pub struct Upkeep {
    /// Random, unique over all time; its [`UpkeepDone`] names it. (Records of older versions have none, and no ends.)
    pub deed: String,
    /// `retention`, `erasure`, `export`, `choice` or `import`.
    pub action: &'static str,
    /// The PostgreSQL login that it was done as.
    pub user: String,
    pub database: String,
    pub purpose: Option<String>,
    /// What its transaction has done and COMMIT would make so.
    pub counts: Vec<UpkeepCount>,
    /// Keyed hashes of the persons whom it is about, where it is about one.
    pub subjects: Vec<String>,
    /// Digest of the policy.
    pub policy: String,
}

/// PostgreSQL has said that the deed is committed, or that it is undone; of an export, that it is written, or how far it
/// came. Where PostgreSQL was lost before it said so, there is no such event: nobody knows.
#[derive(Debug, Clone, Serialize)]
pub struct UpkeepDone {
    pub deed: String,
    pub outcome: DeedOutcome,
    /// Of the error that PostgreSQL answered with.
    pub sqlstate: Option<String>,
    /// Where more is known than before: what has left. Empty: what the deed says.
    pub counts: Vec<UpkeepCount>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeedOutcome {
    Ok,
    Error,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpkeepCount {
    pub table: String,
    /// `deleted`, `deleted along` (by a cascade, whoever they are about), `changed` (they no longer refer to what was
    /// deleted), `nulled`, `kept`, `written` or `exported`.
    pub what: &'static str,
    pub rows: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_on_record_holds_nothing_that_the_client_wrote() {
        for (sqlstate, message, recorded) in [
            ("42501", "permission denied for table public.customers", "permission denied for table public.customers"),
            ("42601", "syntax error at or near \"ana@example.com\"", ""),
            ("42703", "column \"ana@example.com\" does not exist", ""),
            ("42883", "function ana(integer) does not exist", ""),
            (
                "22023",
                "invalid value for parameter \"consentry.purpose\": \"a\"na\"",
                "invalid value for parameter \"…\"",
            ),
            ("22023", "odd \" quote", "odd \"…\" quote"),
            ("54000", "statement is too long", "statement is too long"),
        ] {
            let refusal = Refusal::new("rule", SqlState(sqlstate), message, "detail", "hint");
            assert_eq!(RefusalRecord::from(&refusal).message, recorded, "{message}");
        }
        let refusal = refusal::setting_pinned("ana@example.com", "nobody knows it");
        assert_eq!(RefusalRecord::from(&refusal).message, "parameter \"…\" cannot be changed behind the proxy");
    }
}
