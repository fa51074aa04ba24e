//! One session's state machine: messages in, messages out, no IO, no waiting.
//!
//! The client's side is in `client` (one message at a time), `simple` and `extended`; the server's in `server` and
//! `complete`; `rejudge` keeps prepared statements true to the context, `refuse` puts refusals in their place.

use std::collections::VecDeque;
use std::sync::Arc;

use super::age::Age;
use super::dam::Dam;
use super::expect::{Audience, Expect, Kind};
use super::gate::Gate;
use super::inquiry::Inquiry;
use super::live::{Live, Snapshot};
use super::names::Names;
use super::plans::{ContextId, Judged};
use super::prepared::{Portal, Prepared};
use super::record::Clerk;
use super::refuse;
use super::sanitise::Sensitivity;
use super::settings::{Settings, Values};
use super::withhold::Withheld;
use crate::engine::catalog::QualifiedName;
use crate::engine::cleared::{SetValue, Tracked};
use crate::engine::context::{Context, Defined, Protocol, Resets, effective_path};
use crate::engine::refusal::{DEPENDS_ON_RESET, Refusal, USER_NEEDED};
use crate::relay::marker::Marker;
use crate::relay::outgoing::Outgoing;
use crate::wire::backend::Status;
use crate::wire::buffer::Outbox;
use crate::wire::error::Fields;
use crate::wire::frame::Malformed;

/// Prepared statements that a session may have. PostgreSQL has no limit; its memory has.
pub const MAX_PREPARED: usize = 10_000;

/// Bytes that they may keep here, by a rough count; PostgreSQL keeps several times as many.
pub const MAX_PREPARED_BYTES: usize = 64 << 20;

/// Portals that a session may have open in a transaction: each keeps its Bind.
pub const MAX_PORTALS: usize = 1_000;

/// Why a session ends.
#[derive(Debug)]
pub enum End {
    /// The client said goodbye.
    Terminated,
    /// The client broke the protocol, or may not go on: it is told, then the connection closes.
    Fatal(Box<Fields>),
    /// PostgreSQL said something that cannot be followed.
    Upstream(&'static str),
}

impl From<Malformed> for End {
    fn from(fault: Malformed) -> Self {
        End::Fatal(Box::new(refuse::protocol_violation(fault)))
    }
}

/// Whether the client's next message may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    Go,
    /// What comes next depends on answers that are not here yet.
    UntilAnswered,
}

/// COPY … FROM STDIN, as the client must behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copy {
    Not,
    /// PostgreSQL has asked for data.
    In,
}

pub struct Core {
    pub(super) live: Arc<Live>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) settings: Settings,
    pub(super) context: Context,
    pub(super) context_id: ContextId,
    /// What `context` was made from.
    context_of: Arc<Values>,
    pub(super) statements: Names<Prepared>,
    pub(super) portals: Names<Portal>,
    /// At most so many bytes are kept by `statements`: those that were dropped since it was counted are in it.
    pub(super) prepared_bytes: usize,
    pub(super) queue: VecDeque<Expect>,
    /// Number of the client's batch: up to a Sync, or one Query.
    pub(super) batch: u64,
    /// Extended messages have been sent since the last Sync.
    pub(super) unsynced: bool,
    /// `set_config` has run, and PostgreSQL has not yet said (before ReadyForQuery) whether a pinned setting changed.
    pub(super) pins_unproven: bool,
    /// PostgreSQL has failed in this batch: it skips to Sync, and so do we.
    pub(super) skipping: bool,
    pub(super) hold: Hold,
    /// The client has said goodbye.
    pub(super) leaving: bool,
    pub(super) copy: Copy,
    /// What is said in place of the error of a statement that we have ended: a COPY, or one that had not left (`dam`).
    pub(super) ended_by_us: Option<Fields>,
    /// A message that is too long is being thrown away: what it is, and how many bytes are still to come.
    pub(super) discarding: Option<(u8, usize)>,
    pub(super) status: Status,
    /// Something that may change search_path has run since PostgreSQL was last told which one counts.
    pub(super) path_touched: bool,
    /// It is being told.
    pub(super) asserting: bool,
    /// How often in a row it was cancelled.
    pub(super) assert_retries: u8,
    /// A transaction block is open (BEGIN), as of the last answer.
    pub(super) in_block: bool,
    pub(super) age: Age,
    /// A protected statement has run in this transaction.
    pub(super) lingering: bool,
    /// The catalog has changed by this session's doing: it must be read again before anything is judged.
    pub(super) catalog_changed: bool,
    /// That failed.
    pub(super) catalog_unread: bool,
    /// Its role was, when it had its last statement.
    was_unrestricted: bool,
    /// Names that this session has defined anew and the snapshot does not show: other sessions do not read them.
    doubts: Vec<QualifiedName>,
    /// Which doubts of others `context` knows.
    doubts_seen: u64,
    pub(super) marker: Marker,
    pub(super) clerk: Clerk,
    pub to_server: Outgoing,
    pub to_client: Outbox,
    pub gate: Gate,
    pub(super) dam: Dam,
    /// Bytes of a server message that are still to come, and who gets them.
    pub(super) passing: usize,
    pub(super) passing_to: Audience,
    /// Rows and bytes of the running statement that are not on its account yet.
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// ReadyForQuery messages that went to the client.
    pub(super) readies: u64,
    pub(super) withheld: Option<Withheld>,
    /// What PostgreSQL must be asked before the running statement's answer may leave.
    pub(super) inquiry: Option<Inquiry>,
    /// PostgreSQL has sent a FATAL error.
    pub(super) fatal: bool,
}

impl Core {
    pub fn new(live: Arc<Live>, role: String, defaults: Values, clerk: Clerk) -> Self {
        let snapshot = live.snapshot();
        let settings = Settings::new(defaults);
        let context_of = settings.now().clone();
        let context = context(&snapshot, &role, &context_of);
        let context_id = snapshot.context_id(&context);
        Self {
            live,
            snapshot,
            settings,
            context,
            context_id,
            context_of,
            statements: Names::default(),
            portals: Names::default(),
            prepared_bytes: 0,
            queue: VecDeque::new(),
            batch: 0,
            unsynced: false,
            pins_unproven: false,
            skipping: false,
            hold: Hold::Go,
            leaving: false,
            copy: Copy::Not,
            ended_by_us: None,
            discarding: None,
            status: Status::Idle,
            path_touched: false,
            asserting: false,
            assert_retries: 0,
            in_block: false,
            age: Age::default(),
            lingering: false,
            catalog_changed: false,
            catalog_unread: false,
            was_unrestricted: false,
            doubts: Vec::new(),
            doubts_seen: u64::MAX,
            marker: Marker::new(),
            clerk,
            to_server: Outgoing::default(),
            to_client: Outbox::default(),
            gate: Gate::default(),
            dam: Dam::default(),
            passing: 0,
            passing_to: Audience::Client,
            rows: 0,
            bytes: 0,
            readies: 0,
            withheld: None,
            inquiry: None,
            fatal: false,
        }
    }

    /// Whether client messages may be taken now.
    pub fn takes_messages(&self) -> bool {
        !self.needs_catalog()
            && !self.leaving
            && !self.asserting
            && (self.withheld.is_none() || self.unsynced)
            && self.inquiry.as_ref().is_none_or(|i| self.copy == Copy::In && i.is_sound_so_far())
            && match self.hold {
                Hold::Go => true,
                Hold::UntilAnswered => self.queue.is_empty() || self.copy == Copy::In,
            }
    }

    /// Whether the client has sent its last message.
    pub fn has_said_goodbye(&self) -> bool {
        self.leaving
    }

    /// Whether the catalog must be read again before the next message is judged. Inside of a transaction nobody else
    /// could see the change yet.
    pub fn needs_catalog(&self) -> bool {
        self.catalog_changed && self.is_idle()
    }

    /// The catalog has been read again.
    pub fn catalog_is_read(&mut self) {
        self.catalog_changed = false;
        self.catalog_unread = false;
        self.settings.catalog_is_read();
        self.settle_doubts();
    }

    /// The catalog could not be read: what was defined stays in doubt, and it is tried again after the next answer.
    pub fn catalog_is_not_read(&mut self) {
        self.catalog_changed = false;
        self.catalog_unread = true;
    }

    /// Puts names in doubt for all other sessions, before the statement that defines them leaves.
    pub(super) fn doubt(&mut self, defined: &[(QualifiedName, Defined)]) {
        let names = |(_, defined): &&(_, Defined)| !matches!(defined, Defined::Type | Defined::Unseen);
        for (name, _) in defined.iter().filter(names) {
            if !self.doubts.contains(name) {
                self.live.doubts().add(name);
                self.doubts.push(name.clone());
            }
        }
    }

    /// The snapshot shows what this session has defined.
    fn settle_doubts(&mut self) {
        let settled = self.take_doubts();
        if !settled.is_empty() {
            self.live.doubts().settle(&settled);
        }
    }

    /// With nothing under way, what was to be defined and is not (an error, ROLLBACK TO) is as the snapshot shows it.
    pub(super) fn settle_undone_doubts(&mut self) {
        let values = self.settings.now().clone();
        let defined = &values.defined;
        if self.doubts.iter().all(|name| defined.contains_key(name)) {
            return;
        }
        let (kept, undone): (Vec<_>, Vec<_>) =
            self.take_doubts().into_iter().partition(|name| defined.contains_key(name));
        self.doubts = kept;
        self.live.doubts().settle(&undone);
    }

    /// What is still in doubt when the session ends is for the caller to settle.
    pub fn take_doubts(&mut self) -> Vec<QualifiedName> {
        std::mem::take(&mut self.doubts)
    }

    /// Outside of a transaction, with nothing that the catalog must be read for.
    pub(super) fn nothing_was_defined(&mut self) {
        if !self.catalog_changed {
            self.settle_doubts();
        }
    }

    /// Whether nothing is running and no transaction is open: a good moment to end the session.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.status == Status::Idle && !self.unsynced && self.inquiry.is_none()
    }

    /// Whether nothing is under way.
    pub fn has_answered_all(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether no statement is under way whose answer can still come whole. A batch that is not closed by Sync may wait
    /// for ever, and so may a COPY that takes data.
    pub fn has_nothing_to_finish(&self) -> bool {
        self.queue.is_empty() || self.unsynced || self.copy == Copy::In
    }

    pub fn clerk(&self) -> &Clerk {
        &self.clerk
    }

    /// Whether the client's next byte would be the first of a message.
    pub fn is_between_messages(&self) -> bool {
        self.passing == 0 || self.passing_to == Audience::Nobody
    }

    /// Whether PostgreSQL has said why it ends the session.
    pub fn heard_fatal(&self) -> bool {
        self.fatal
    }

    /// Offset of `to_client` up to which bytes may leave now.
    pub fn release_limit(&mut self) -> u64 {
        let recorded = self.gate.limit(&self.clerk.recorder);
        self.inquiry.as_ref().and_then(Inquiry::holds_from).map_or(recorded, |held| held.min(recorded))
    }

    // === judging ===

    /// Judges a text in the context as it is now.
    pub(super) fn judge(&mut self, protocol: Protocol, text: &str) -> Result<Arc<Judged>, Refusal> {
        self.renew_context();
        if self.is_no_longer_unrestricted() {
            return Err(refuse::role_narrowed(&self.context.role));
        }
        let judged = match self.live.judge(&self.snapshot, &self.context, self.context_id, protocol, text) {
            Err(refusal) if refusal.rule == USER_NEEDED => {
                let context = Context { user: Some(self.clerk.who.user.clone()), ..self.context.clone() };
                return self.judge_in(&context, protocol, text);
            }
            Err(refusal) if refusal.rule == DEPENDS_ON_RESET && self.settings.resets() != Resets::default() => {
                let context = Context { resets: self.settings.resets(), ..self.context.clone() };
                self.judge_in(&context, protocol, text)?
            }
            judged => judged?,
        };
        if !self.explains_protected(&judged) {
            return Ok(judged);
        }
        self.judge_in(&Context { explains_protected: true, ..self.context.clone() }, protocol, text)
    }

    pub(super) fn judge_in(&self, context: &Context, protocol: Protocol, text: &str) -> Result<Arc<Judged>, Refusal> {
        self.live.judge(&self.snapshot, context, self.snapshot.context_id(context), protocol, text)
    }

    /// Judges a setting whose name or value came as an argument of `set_config`.
    pub(super) fn judge_setting(
        &self,
        name: &str,
        value: Option<&str>,
    ) -> Result<Option<(Tracked, SetValue)>, Refusal> {
        self.snapshot.engine.judge_setting(name, value, &self.context)
    }

    /// What PostgreSQL was told at the start-up was judged for a role that was unrestricted then, or was not.
    pub fn began(&mut self, unrestricted: bool) {
        self.was_unrestricted |= unrestricted;
    }

    /// Whether the policy judges a role that was unrestricted: what its session has made and opened is not known here. A role
    /// that the policy has no more may be back with the next one.
    pub(super) fn is_no_longer_unrestricted(&mut self) -> bool {
        let unrestricted = |s: &Snapshot| s.engine.policy.roles.get(&self.context.role).map(|r| r.unrestricted);
        self.was_unrestricted |= unrestricted(&self.snapshot) == Some(true);
        self.was_unrestricted
            && (unrestricted(&self.snapshot) == Some(false) || unrestricted(&self.live.snapshot()) == Some(false))
    }

    /// Makes `context` true: settings may have changed, or policy and catalog.
    pub(super) fn renew_context(&mut self) {
        let doubts = self.live.doubts().version();
        let same = self.live.is_current(&self.snapshot) && self.doubts_seen == doubts;
        if same && Arc::ptr_eq(&self.context_of, self.settings.now()) {
            return;
        }
        self.snapshot = self.live.snapshot();
        self.context_of = self.settings.now().clone();
        self.doubts_seen = doubts;
        self.context = context(&self.snapshot, &self.context.role, &self.context_of);
        for name in self.live.doubts().of_others(&self.doubts) {
            let defined = self.context.defined.entry(name).or_insert(Defined::Doubtful);
            if *defined == Defined::PerhapsGone {
                *defined = Defined::Doubtful;
            }
        }
        self.context_id = self.snapshot.context_id(&self.context);
    }

    /// Refuses what PostgreSQL would read while it is not known whether it still reads as it must: the settings that
    /// decide that are reported at the end of a batch only. `set_config` is judged by what it is told; this holds even
    /// where that was misread.
    pub(super) fn pins_are_proven(&self) -> Result<(), Refusal> {
        if self.pins_unproven && self.unsynced { Err(refuse::statement_behind_set_config()) } else { Ok(()) }
    }

    pub(super) fn reason(&self) -> Option<Arc<str>> {
        self.settings.now().reason.clone()
    }

    // === the order of answers ===

    pub(super) fn expect(&mut self, kind: Kind, audience: Audience) {
        self.queue.push_back(Expect { kind, audience, judged: None, protected: false, silent: false });
    }

    pub(super) fn expect_about(&mut self, kind: Kind, judged: Arc<Judged>, protected: bool) {
        self.expect_rows(kind, judged, protected, false);
    }

    /// The same where rows may come, or their description.
    pub(super) fn expect_rows(&mut self, kind: Kind, judged: Arc<Judged>, protected: bool, silent: bool) {
        self.queue.push_back(Expect { kind, audience: Audience::Client, judged: Some(judged), protected, silent });
    }

    /// Takes no further messages until all that was sent is answered.
    pub(super) fn wait_for_answers(&mut self) {
        if self.queue.is_empty() {
            return;
        }
        if self.unsynced {
            self.to_server.flush();
        }
        self.hold = Hold::UntilAnswered;
    }

    pub(super) fn sensitivity(&self, protected: bool) -> Sensitivity {
        match (protected, self.lingering) {
            (true, _) => Sensitivity::Protected,
            (false, true) => Sensitivity::Lingering,
            (false, false) => Sensitivity::Open,
        }
    }
}

/// What the engine is told of a session.
pub(super) fn context(snapshot: &Snapshot, role: &str, values: &Values) -> Context {
    Context {
        role: role.to_owned(),
        purpose: values.purpose.clone(),
        purpose_set_by: values.purpose_set_by,
        has_reason: values.reason.is_some(),
        search_path: effective_path(&snapshot.engine.catalog, &values.search_path),
        temporary: values.temporary.clone(),
        defined: values.defined.clone(),
        user: None,
        explains_protected: false,
        resets: Resets::default(),
    }
}
