//! What stands behind FETCH and EXECUTE, which only name what runs.
//!
//! The record says of them what it says of that statement. They are taken only where it does nothing to the session that
//! would have to be followed: the session follows the statement that a message is, not one that it names.

use std::collections::HashMap;
use std::sync::Arc;

use super::core::Core;
use super::expect::Expect;
use super::names::Lookup;
use super::plans::{ContextId, Judged};
use super::prepared::{Portal, Progress};
use super::record::Named;
use super::refuse;
use super::sanitise;
use super::simple::NotNow;
use crate::audit::event::What;
use crate::engine::cleared::{Argument, Described, Effect, Statement};
use crate::engine::context::{Context, Protocol, PurposeSource};
use crate::engine::refusal::Refusal;
use crate::wire::backend::Status;
use crate::wire::error::{Fields, Severity, from_refusal};

/// The statement that runs when one that names it does.
#[derive(Debug, Clone)]
pub struct Behind {
    judged: Arc<Judged>,
    index: usize,
    /// How it came.
    protocol: Protocol,
    /// Whom it names.
    pub named: Named,
}

impl Behind {
    pub fn statement(&self) -> Option<&Statement> {
        self.judged.cleared.statements.get(self.index)
    }

    /// The statement whose rows leave when `outer`, which names this one, runs.
    pub fn shown_by<'a>(&'a self, outer: &'a Statement) -> Option<&'a Statement> {
        match outer.effect {
            Effect::ExplainExecute { .. } => Some(outer),
            _ => self.statement(),
        }
    }

    pub fn is_protected(&self) -> bool {
        self.statement().is_some_and(|s| s.protected)
    }

    /// Whether FETCH in a Query gives its rows in binary.
    pub fn is_binary(&self) -> bool {
        self.statement().is_some_and(|s| matches!(s.effect, Effect::DeclareCursor { binary: true, .. }))
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.judged, &other.judged) && self.index == other.index
    }

    /// What the record says of `outer`, which names it: its tables, under the purpose that it was judged for. Its text too,
    /// where it came by Parse, which does not go on record itself.
    pub fn on_record(&self, outer: &Arc<What>) -> Arc<What> {
        let Some(inner) = self.judged.on_record.get(self.index) else {
            return outer.clone();
        };
        let in_sql = matches!(inner.kind.as_str(), "prepare" | "declare_cursor");
        let told = if in_sql { outer } else { inner };
        Arc::new(What {
            fingerprint: told.fingerprint.clone(),
            sql: told.sql.clone(),
            unrestricted: inner.unrestricted,
            recipient: inner.recipient.clone(),
            purpose: inner.purpose.clone(),
            basis: inner.basis.clone(),
            purpose_set_by: inner.purpose_set_by,
            outcome: inner.outcome,
            tables: inner.tables.clone(),
            rules: inner.rules.clone(),
            ..What::clone(outer)
        })
    }
}

/// The statement whose rows leave when `own` runs, which may name another.
pub(super) fn shown<'a>(own: Option<&'a Statement>, behind: Option<&'a Behind>) -> Option<&'a Statement> {
    behind.zip(own).map_or(own, |(behind, own)| behind.shown_by(own))
}

/// Of which columns of tables and views those rows are, where PostgreSQL would not say it.
pub(super) fn described(own: Option<&Statement>, behind: Option<&Behind>) -> Arc<[Described]> {
    shown(own, behind).map_or_else(Arc::default, |s| s.described.clone())
}

/// Whether those rows are ours.
pub(super) fn is_silent(own: Option<&Statement>, behind: Option<&Behind>) -> bool {
    shown(own, behind).is_some_and(|s| s.silent)
}

impl Core {
    /// What stands behind a statement of this effect, made true to the context. `None`: it stands for itself, or
    /// PostgreSQL has nothing of that name (but a cursor that a function has opened).
    pub(super) fn behind(&mut self, effect: &Effect) -> Result<Option<Behind>, NotNow> {
        match effect {
            Effect::Fetch { name } => self.behind_fetch(name),
            Effect::Execute { name, arguments } => self.behind_execute(name, arguments).map(Some),
            Effect::ExplainExecute { name, arguments, as_protected } => {
                let behind = self.behind_execute(name, arguments)?;
                self.may_explain(name, behind.is_protected(), *as_protected)?;
                Ok(Some(behind))
            }
            Effect::Deallocate(Some(name)) | Effect::Prepare { name, .. } if self.is_lost(name) => {
                self.make_lost(name).map(|()| None)
            }
            _ => Ok(None),
        }
    }

    /// Whether a name is taken away, or taken again, that is one of a statement that PostgreSQL has lost (`prepare_again`).
    pub(super) fn takes_lost(&self, effect: &Effect) -> bool {
        let (Effect::Deallocate(Some(name)) | Effect::Prepare { name, .. }) = effect else { return false };
        self.is_lost(name)
    }

    /// (The unnamed statement is in nobody's way.)
    pub(super) fn is_lost(&self, name: &str) -> bool {
        !name.is_empty() && self.statements.newest(name).is_some_and(|p| p.context == ContextId::NONE)
    }

    /// Makes anew what the client has and PostgreSQL has lost, so that it can be taken away, or is in the way. (What may not be
    /// made any more is not there.)
    pub(super) fn make_lost(&mut self, name: &str) -> Result<(), NotNow> {
        match self.current_statement(name) {
            Ok(_) | Err(NotNow::Refused(_)) => Ok(()),
            Err(other) => Err(other),
        }
    }

    fn behind_fetch(&mut self, name: &str) -> Result<Option<Behind>, NotNow> {
        self.renew_context();
        let portal = match self.portals.lookup(name, self.batch) {
            Lookup::Uncertain => return Err(NotNow::Later),
            Lookup::Missing => return Ok(None),
            Lookup::Found(portal) => portal,
        };
        if portal.is_silent() || !matches!(portal.effect(), Effect::None | Effect::DeclareCursor { .. }) {
            return Err(refuse::fetch_of_effect().into());
        }
        // A cursor keeps the purpose that it was opened with; what was only bound has not been opened.
        let only_bound = portal.bound.is_some() && matches!(*portal.progress.lock(), Progress::Bound);
        if only_bound && portal.context != self.context_id {
            return Err(refuse::portal_of_other_context().into());
        }
        self.still_shows(&portal)?;
        let mut behind = self.stands_behind(&portal.judged, portal.index, portal.protocol(), &[])?;
        behind.named.add(&portal.named);
        Ok(Some(behind))
    }

    /// A cursor or portal keeps the policy that it was opened under no longer than until that is another one: then its statement must
    /// still leave as it did, for its own purpose, and so must the one that it names.
    pub(super) fn still_shows(&self, portal: &Portal) -> Result<(), Refusal> {
        self.still_leaves(&portal.judged, portal.index, portal.protocol())?;
        portal.behind.as_ref().map_or(Ok(()), |b| self.still_leaves(&b.judged, b.index, b.protocol))
    }

    fn still_leaves(&self, judged: &Judged, index: usize, protocol: Protocol) -> Result<(), Refusal> {
        let Some(opened) = judged.on_record.get(index) else { return Ok(()) };
        if opened.policy == self.snapshot.engine.policy.digest {
            return Ok(());
        }
        let (purpose, purpose_set_by) = (opened.purpose.clone(), opened.purpose_set_by);
        let user = Some(self.clerk.who.user.clone());
        let context = Context { purpose, purpose_set_by, user, ..self.context.clone() };
        let now = self.judge_in(&context, protocol, &judged.source)?;
        match now.cleared.wire_text() == judged.cleared.wire_text() {
            true => Ok(()),
            false => Err(refuse::cursor_of_other_policy()),
        }
    }

    fn behind_execute(&mut self, name: &str, arguments: &[Option<Argument>]) -> Result<Behind, NotNow> {
        // Every way to make one comes by here, so without one PostgreSQL has none either (or it is ours).
        let Some(prepared) = self.current_statement(name)? else {
            return Err(refuse::nothing_to_execute(name).into());
        };
        if *prepared.effect() != Effect::None {
            return Err(refuse::execute_of_effect().into());
        }
        Ok(self.stands_behind(&prepared.judged, 0, prepared.origin.protocol(), arguments)?)
    }

    /// `arguments`: what its parameters are, where they do not come with Bind.
    fn stands_behind(
        &self,
        judged: &Arc<Judged>,
        index: usize,
        protocol: Protocol,
        arguments: &[Option<Argument>],
    ) -> Result<Behind, Refusal> {
        let mut named = judged.cleared.statements.get(index).map_or_else(Vec::new, |s| s.subjects.clone());
        for subject in &mut named {
            if let Some(Argument::Parameter(n)) = subject.key {
                let given = usize::from(n).checked_sub(1).and_then(|at| arguments.get(at));
                subject.key = given.cloned().unwrap_or(Some(Argument::Null));
            }
        }
        let named = self.clerk.subjects(&named, None, &self.snapshot.engine).map_err(|e| e.refusal())?;
        Ok(Behind { judged: judged.clone(), index, protocol, named })
    }

    /// The refusal that the test of a prepared statement or portal stands for, when EXECUTE or FETCH ran it and it failed.
    pub(super) fn raised_behind(&self, head: &Expect, fields: &Fields) -> Option<Fields> {
        let judged = head.judged.as_deref()?;
        if !judged.cleared.statements.iter().any(|s| names_another(&s.effect)) {
            return None;
        }
        let (prepared, bound) = (self.statements.values().map(|p| &p.judged), self.portals.values().map(|p| &p.judged));
        let refusal = prepared.chain(bound).find_map(|judged| sanitise::raised(fields, judged))?;
        Some(from_refusal(&Refusal { position: None, ..refusal.clone() }, Severity::Error, &judged.source))
    }

    /// The same in a Query. What has to be prepared again is, before it, with a Sync of its own; if that fails, the name
    /// is gone and the EXECUTE fails too.
    pub(super) fn behind_in_query(&mut self, effect: &Effect) -> Result<Option<Behind>, NotNow> {
        if !matches!(effect, Effect::Fetch { .. }) && self.status == Status::Failed {
            // In a failed transaction only its end can run, and preparing again would fail. That may have been sent.
            return if self.queue.is_empty() { Ok(None) } else { Err(NotNow::Later) };
        }
        if self.commits_by_preparing(effect) {
            return Err(refuse::execute_behind_batch().into());
        }
        let sent_before = self.queue.len();
        let was_unsynced = self.unsynced;
        let behind = self.behind(effect)?;
        if self.queue.len() > sent_before {
            self.sync_own(was_unsynced);
        }
        Ok(behind)
    }

    /// Whether a Sync of ours, behind what is prepared again, would end the client's batch, which its own Query is to end, or
    /// to undo.
    fn commits_by_preparing(&self, effect: &Effect) -> bool {
        let (Effect::Execute { name, .. } | Effect::ExplainExecute { name, .. }) = effect else { return false };
        self.is_in_a_batch() && self.statements.newest(name).is_some_and(|p| p.context != self.context_id)
    }

    /// Whether messages have been sent that no Sync has ended, outside of a transaction block.
    pub(super) fn is_in_a_batch(&self) -> bool {
        self.unsynced && !self.in_block
    }

    /// What stands behind statement `index` of a message by a statement of the same message before it.
    pub(super) fn behind_in_message(
        &self,
        judged: &Arc<Judged>,
        index: usize,
        made: &Made<'_>,
    ) -> Result<Option<Behind>, Refusal> {
        let statements = &judged.cleared.statements;
        let (at, arguments) = match &statements[index].effect {
            Effect::Fetch { name } => (made.cursors.get(name.as_str()), &[][..]),
            Effect::Execute { name, arguments } | Effect::ExplainExecute { name, arguments, .. } => {
                (made.prepared.get(name.as_str()), arguments.as_slice())
            }
            _ => (None, &[][..]),
        };
        let Some(at) = at.copied() else { return Ok(None) };
        if matches!(statements[index].effect, Effect::ExplainExecute { .. }) && judged.cleared.protected() {
            return Err(refuse::explain_of_another());
        }
        self.stands_behind(judged, at, Protocol::Simple, arguments).map(Some)
    }

    /// What stands behind a portal at its first Execute. PostgreSQL looks the name up again by then, and has told the
    /// client at Bind which columns come: it must still be the same.
    pub(super) fn behind_portal(&mut self, portal: &Portal) -> Result<Option<Behind>, NotNow> {
        let now = self.behind(portal.effect())?;
        match (&portal.behind, &now) {
            (_, None) => Ok(portal.behind.clone()),
            (Some(bound), Some(found)) if bound.is_same(found) => Ok(now),
            (None | Some(_), Some(_)) => Err(refuse::names_another().into()),
        }
    }
}

/// Where in a message cursors and prepared statements were made so far. Of one name it is the last: an earlier one would
/// be an error by now, or gone.
#[derive(Default)]
pub(super) struct Made<'a> {
    cursors: HashMap<&'a str, usize>,
    prepared: HashMap<&'a str, usize>,
}

impl<'a> Made<'a> {
    pub(super) fn note(&mut self, effect: &'a Effect, index: usize) {
        match effect {
            Effect::DeclareCursor { name, .. } => drop(self.cursors.insert(name, index)),
            Effect::Prepare { name, .. } => drop(self.prepared.insert(name, index)),
            _ => {}
        }
    }
}

/// Whether what runs is another statement, which a statement of this effect names.
pub(super) fn names_another(effect: &Effect) -> bool {
    runs_prepared(effect) || matches!(effect, Effect::Fetch { .. })
}

pub(super) fn runs_prepared(effect: &Effect) -> bool {
    matches!(effect, Effect::Execute { .. } | Effect::ExplainExecute { .. })
}

/// A comment on EXECUTE or FETCH may say no other purpose than the one for which the statement that they name, or opened
/// the cursor, runs.
pub(super) fn keeps_purpose(asking: &Statement, behind: Option<&Behind>) -> Result<(), Refusal> {
    let named = match behind.and_then(Behind::statement) {
        Some(named) if asking.purpose_set_by == PurposeSource::Comment => &named.purpose,
        Some(_) | None => return Ok(()),
    };
    if *named == asking.purpose {
        return Ok(());
    }
    let word = |purpose: &Option<String>| purpose.clone().unwrap_or_else(|| "none".to_owned());
    Err(refuse::purpose_of_another(&word(named), &word(&asking.purpose)))
}
