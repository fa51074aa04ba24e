//! Session state that judging depends on, with PostgreSQL's transaction rules: a rolled-back SET is undone, SET LOCAL
//! ends with its transaction, ROLLBACK TO goes back to the savepoint.
//!
//! PURE. PostgreSQL has the same settings and forgets and restores them by the same rules; this copy is what decides.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::catalog::QualifiedName;
use crate::engine::cleared::{SetValue, Tracked};
use crate::engine::context::{Defined, Derived, PurposeSource, Resets};
use crate::engine::names::start;
use crate::wire::backend::Status;

/// The values at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    pub purpose: Option<String>,
    pub purpose_set_by: PurposeSource,
    pub reason: Option<Arc<str>>,
    /// As `SHOW search_path` prints it.
    pub search_path: String,
    /// Temporary relations.
    pub temporary: BTreeMap<String, Derived>,
    /// What the transaction has defined and the snapshot does not show yet.
    pub defined: BTreeMap<QualifiedName, Defined>,
}

/// What stays after COMMIT, and what counts now (they differ after SET LOCAL).
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    session: Arc<Values>,
    now: Arc<Values>,
}

#[derive(Debug, Clone)]
struct Savepoint {
    name: String,
    state: State,
}

/// How long a SET lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    Session,
    Transaction,
}

impl Lifetime {
    pub fn of(local: bool) -> Self {
        if local { Lifetime::Transaction } else { Lifetime::Session }
    }
}

pub struct Settings {
    /// What RESET goes back to.
    defaults: Arc<Values>,
    state: State,
    /// State at the beginning of the running transaction, explicit or implicit; what ROLLBACK goes back to.
    begun: State,
    savepoints: Vec<Savepoint>,
    /// An error has happened since the last ReadyForQuery or transaction end.
    failed: bool,
    /// Something was set since the transaction began, if only there and back: PostgreSQL may still end it in the middle.
    touched: bool,
}

impl Settings {
    pub fn new(defaults: Values) -> Self {
        let defaults = Arc::new(defaults);
        let state = State { session: defaults.clone(), now: defaults.clone() };
        Self { defaults, begun: state.clone(), state, savepoints: Vec::new(), failed: false, touched: false }
    }

    pub fn now(&self) -> &Arc<Values> {
        &self.state.now
    }

    /// Whether an end of the transaction could change what counts: then nothing may be judged before it is known.
    pub fn is_dirty(&self) -> bool {
        self.touched || self.state != self.begun || self.state.session != self.state.now
    }

    /// Whether the transaction's end makes other values count, of which `failed` tells which they are: COMMIT of a failed
    /// one is a ROLLBACK.
    pub fn end_changes(&self, failed: bool) -> bool {
        let then = if failed { &self.begun.now } else { &self.state.session };
        *then != self.state.now
    }

    /// What may be reset now without changing what counts.
    pub fn resets(&self) -> Resets {
        let (now, defaults) = (&*self.state.now, &*self.defaults);
        let at_start = Values { temporary: now.temporary.clone(), defined: now.defined.clone(), ..defaults.clone() };
        Resets { to_defaults: *now == at_start, by_rollback: !self.is_dirty() }
    }

    pub fn set(&mut self, setting: Tracked, value: &SetValue, lifetime: Lifetime) {
        let defaults = self.defaults.clone();
        self.change(lifetime, |values| match (setting, value) {
            (Tracked::Purpose, SetValue::Value(purpose)) => {
                values.purpose = Some(purpose.clone());
                values.purpose_set_by = PurposeSource::Set;
            }
            (Tracked::Purpose, SetValue::Default) => {
                values.purpose = defaults.purpose.clone();
                values.purpose_set_by = defaults.purpose_set_by;
            }
            (Tracked::Reason, SetValue::Value(reason)) => values.reason = reason_of(reason),
            (Tracked::Reason, SetValue::Default) => values.reason = defaults.reason.clone(),
            (Tracked::SearchPath, SetValue::Value(path)) => values.search_path = path.clone(),
            (Tracked::SearchPath, SetValue::Default) => values.search_path = defaults.search_path.clone(),
        });
    }

    /// RESET ALL.
    pub fn reset_all(&mut self) {
        let defaults = self.defaults.clone();
        self.change(Lifetime::Session, |values| {
            let (temporary, defined) = (std::mem::take(&mut values.temporary), std::mem::take(&mut values.defined));
            *values = Values { temporary, defined, ..(*defaults).clone() };
        });
    }

    pub fn change_temporary(&mut self, change: impl Fn(&mut BTreeMap<String, Derived>)) {
        self.change_temporary_for(Lifetime::Session, change);
    }

    /// `Lifetime::Transaction`: `ON COMMIT DROP`.
    pub fn change_temporary_for(&mut self, lifetime: Lifetime, change: impl Fn(&mut BTreeMap<String, Derived>)) {
        self.change(lifetime, |values| change(&mut values.temporary));
    }

    /// Remembers what a statement has defined, until [`Settings::catalog_is_read`].
    pub fn define(&mut self, names: &[(QualifiedName, Defined)]) {
        if !names.is_empty() {
            self.change(Lifetime::Session, |values| values.defined.extend(names.iter().cloned()));
        }
    }

    /// The snapshot shows all that was defined. Only outside of a transaction.
    pub fn catalog_is_read(&mut self) {
        if !self.state.session.defined.is_empty() {
            self.change(Lifetime::Session, |values| values.defined.clear());
            self.end();
        }
    }

    fn change(&mut self, lifetime: Lifetime, change: impl Fn(&mut Values)) {
        self.touched = true;
        change(Arc::make_mut(&mut self.state.now));
        if lifetime == Lifetime::Session {
            change(Arc::make_mut(&mut self.state.session));
            if self.state.session == self.state.now {
                self.state.now = self.state.session.clone();
            }
        }
    }

    // === transactions ===

    pub fn savepoint(&mut self, name: &str) {
        self.savepoints.push(Savepoint { name: name.to_owned(), state: self.state.clone() });
    }

    /// ROLLBACK TO: the savepoint itself stays.
    pub fn rollback_to(&mut self, name: &str) {
        if let Some(at) = self.savepoints.iter().rposition(|s| s.name == name) {
            self.savepoints.truncate(at + 1);
            self.state = self.savepoints[at].state.clone();
            self.failed = false;
        }
    }

    pub fn release(&mut self, name: &str) {
        if let Some(at) = self.savepoints.iter().rposition(|s| s.name == name) {
            self.savepoints.truncate(at);
        }
    }

    pub fn commit(&mut self) {
        self.state.now = self.state.session.clone();
        self.end();
    }

    pub fn rollback(&mut self) {
        self.state = self.begun.clone();
        self.end();
    }

    fn end(&mut self) {
        self.begun = self.state.clone();
        self.savepoints.clear();
        self.failed = false;
        self.touched = false;
    }

    /// An ErrorResponse.
    pub fn error(&mut self) {
        self.failed = true;
    }

    /// ReadyForQuery: outside of a transaction, an implicit one has ended; its error has undone all of it.
    pub fn ready(&mut self, status: Status) {
        match (status, self.failed) {
            (Status::Idle, true) => self.rollback(),
            (Status::Idle, false) => self.commit(),
            (Status::InTransaction | Status::Failed, _) => {}
        }
    }
}

/// Bytes of a reason that are put on record, with each statement that is run for it: longer ones would fill the disk by
/// short statements. (PostgreSQL cuts `application_name` the same way, to 63.)
const LONGEST_REASON: usize = 1024;

/// An empty reason is none.
pub(super) fn reason_of(text: &str) -> Option<Arc<str>> {
    let text = start(text, LONGEST_REASON);
    if text.trim().is_empty() { None } else { Some(text.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        assert_eq!(reason_of(&format!("a{}", "é".repeat(4096))).unwrap().len(), LONGEST_REASON - 1);
        assert_eq!(reason_of(&format!("{}why", " ".repeat(4096))), None);
    }

    fn settings() -> Settings {
        Settings::new(Values {
            purpose: Some("service".into()),
            purpose_set_by: PurposeSource::Default,
            reason: None,
            search_path: "public".into(),
            temporary: BTreeMap::new(),
            defined: BTreeMap::new(),
        })
    }

    fn set(s: &mut Settings, purpose: &str, lifetime: Lifetime) {
        s.set(Tracked::Purpose, &SetValue::Value(purpose.into()), lifetime);
    }

    fn purpose(s: &Settings) -> &str {
        s.now().purpose.as_deref().unwrap_or("none")
    }

    #[test]
    fn a_rolled_back_set_is_undone() {
        let mut s = settings();
        set(&mut s, "marketing", Lifetime::Session);
        assert_eq!(purpose(&s), "marketing");
        assert!(s.is_dirty());
        s.rollback();
        assert_eq!(purpose(&s), "service");
        assert!(!s.is_dirty());
    }

    #[test]
    fn what_was_set_there_and_back_is_dirty_until_the_transaction_ends() {
        let mut s = settings();
        set(&mut s, "marketing", Lifetime::Session);
        s.reset_all();
        assert_eq!(purpose(&s), "service");
        assert!(s.is_dirty());
        s.commit();
        assert!(!s.is_dirty());
    }

    #[test]
    fn set_local_ends_with_the_transaction_and_hides_an_earlier_set() {
        let mut s = settings();
        set(&mut s, "marketing", Lifetime::Session);
        set(&mut s, "analytics", Lifetime::Transaction);
        assert_eq!(purpose(&s), "analytics");
        s.commit();
        assert_eq!(purpose(&s), "marketing");
    }

    #[test]
    fn an_end_changes_what_was_set_locally_and_in_a_failed_transaction_all() {
        let mut s = settings();
        set(&mut s, "marketing", Lifetime::Session);
        assert!(!s.end_changes(false) && s.end_changes(true));
        set(&mut s, "analytics", Lifetime::Transaction);
        assert!(s.end_changes(false) && s.end_changes(true));
        s.commit();
        assert!(!s.end_changes(false) && !s.end_changes(true));
    }

    #[test]
    fn rollback_to_a_savepoint_restores_both_kinds_and_keeps_the_savepoint() {
        let mut s = settings();
        set(&mut s, "a", Lifetime::Transaction);
        s.savepoint("p");
        set(&mut s, "b", Lifetime::Transaction);
        s.rollback_to("p");
        assert_eq!(purpose(&s), "a");
        set(&mut s, "c", Lifetime::Session);
        s.rollback_to("p");
        assert_eq!(purpose(&s), "a");
        s.commit();
        assert_eq!(purpose(&s), "service");
    }

    #[test]
    fn release_keeps_values_and_forgets_inner_savepoints() {
        let mut s = settings();
        s.savepoint("outer");
        set(&mut s, "b", Lifetime::Session);
        s.savepoint("inner");
        s.release("outer");
        s.rollback_to("inner");
        assert_eq!(purpose(&s), "b");
        s.rollback();
        assert_eq!(purpose(&s), "service");
    }

    #[test]
    fn an_error_undoes_an_implicit_transaction_but_not_what_was_committed_in_it() {
        let mut s = settings();
        set(&mut s, "marketing", Lifetime::Session);
        s.commit();
        set(&mut s, "analytics", Lifetime::Session);
        s.error();
        s.ready(Status::Idle);
        assert_eq!(purpose(&s), "marketing");
    }

    #[test]
    fn reset_all_goes_back_to_the_defaults_and_keeps_temporary_relations() {
        let mut s = settings();
        s.change_temporary(|t| {
            t.insert("x".into(), Derived::default());
        });
        set(&mut s, "marketing", Lifetime::Session);
        s.reset_all();
        s.ready(Status::Idle);
        assert_eq!(purpose(&s), "service");
        assert!(s.now().temporary.contains_key("x"));
    }
}
