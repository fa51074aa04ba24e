//! Prepared statements stay true to the context: one that was judged in another is judged anew before it is used, and
//! prepared again under its name when its text comes out differently.

use std::sync::Arc;

use super::core::{Core, End};
use super::expect::{Audience, Kind, NameChange};
use super::names::Lookup;
use super::plans::{ContextId, Judged};
use super::prepared::{Origin, Portal, Prepared, Progress};
use super::refuse;
use super::simple::NotNow;
use crate::audit::event::What;
use crate::engine::cleared::{Effect, Statement};
use crate::engine::context::PurposeSource;
use crate::engine::refusal::Refusal;
use crate::relay::outgoing::Name;
use crate::wire::backend::Status;
use crate::wire::frontend::{Bind, Target};

impl Core {
    /// The statement `name`, true to the context; `None`: there is none.
    pub(super) fn current_statement(&mut self, name: &str) -> Result<Option<Arc<Prepared>>, NotNow> {
        let prepared = match self.statements.lookup(name, self.batch) {
            Lookup::Uncertain => return Err(NotNow::Later),
            Lookup::Missing => return Ok(None),
            Lookup::Found(prepared) => prepared,
        };
        self.renew_context();
        if prepared.context == self.context_id {
            return Ok(Some(prepared));
        }
        let anew = self.judge_anew(&prepared)?;
        let is_the_same = prepared.context != ContextId::NONE
            && anew.judged.cleared.wire_text() == prepared.judged.cleared.wire_text();
        if is_the_same {
            self.statements.refresh(name, &prepared, anew.clone());
        } else {
            self.prepare_again(name, &anew)?;
        }
        Ok(Some(anew))
    }

    fn judge_anew(&mut self, prepared: &Prepared) -> Result<Arc<Prepared>, NotNow> {
        let protocol = prepared.origin.protocol();
        self.pins_are_proven()?;
        let judged = self.judge(protocol, &prepared.judged.source)?;
        Ok(Arc::new(Prepared { judged, context: self.context_id, origin: prepared.origin.clone() }))
    }

    /// Closes `name` and prepares it again. All answers are ours; an error reaches the client in place of its own
    /// message's answer.
    fn prepare_again(&mut self, name: &str, anew: &Arc<Prepared>) -> Result<(), End> {
        let closed = self.statements.change(name, self.batch, None);
        self.to_server.close(Target::Statement, Name::Client(name))?;
        self.unsynced = true;
        self.expect(Kind::CloseStatement(NameChange::new(name, closed)), Audience::Nobody);
        let id = self.statements.change(name, self.batch, Some(anew.clone()));
        let change = NameChange::new(name, id);
        match &anew.origin {
            Origin::Protocol { types } => {
                self.to_server.parse(Name::Client(name), &anew.judged.cleared, types)?;
                self.expect_own(Kind::Parse(change), &anew.judged);
            }
            Origin::Sql => {
                self.close_own(&anew.judged)?;
                self.to_server.parse(Name::Own, &anew.judged.cleared, &[0, 0])?;
                self.expect_own(Kind::OwnParse, &anew.judged);
                self.to_server.bind_own()?;
                self.expect_own(Kind::OwnBind, &anew.judged);
                self.to_server.execute(Name::Own, 0)?;
                self.expect_own(Kind::OwnExecute(change), &anew.judged);
                // It would live as long as the transaction, and the next one could not have its name.
                self.to_server.close(Target::Portal, Name::Own)?;
                self.expect_own(Kind::OwnClose, &anew.judged);
                self.close_own(&anew.judged)?;
            }
        }
        Ok(())
    }

    fn expect_own(&mut self, kind: Kind, judged: &Arc<Judged>) {
        let protected = judged.cleared.protected();
        self.expect_about(kind, judged.clone(), protected);
        if let Some(last) = self.queue.back_mut() {
            last.audience = Audience::Nobody;
        }
    }

    /// For an `EXECUTE name` that stands in a pipeline; tells whether the statement is about protected data.
    pub(super) fn make_current_in_pipeline(&mut self, name: &str) -> Result<bool, NotNow> {
        // An unknown name fails in PostgreSQL: every way to make one comes by here.
        match self.current_statement(name)? {
            // Every way to make one comes by here, so PostgreSQL has none either (or it is ours).
            None => Err(refuse::nothing_to_execute(name).into()),
            // Its arguments stand in the EXECUTE, where nobody has judged them.
            Some(p) if matches!(p.effect(), Effect::SetConfig(_)) => Err(refuse::execute_of_set_config().into()),
            Some(p) => Ok(p.judged.cleared.protected()),
        }
    }

    /// Whether an `EXPLAIN EXECUTE` in a text explains a statement about protected data, as far as is known.
    pub(super) fn explains_protected(&self, judged: &Judged) -> bool {
        let all = &judged.cleared.statements;
        let prepared_here = |wanted: &str| {
            all.iter().any(|s| s.protected && matches!(&s.effect, Effect::Prepare { name } if name == wanted))
        };
        all.iter().any(|s| match &s.effect {
            Effect::ExplainExecute { name, .. } => {
                let known = self.statements.newest(name).is_some_and(|p| p.judged.cleared.protected());
                known || prepared_here(name)
            }
            _ => false,
        })
    }

    /// Whether an `EXPLAIN EXECUTE` of a statement, which is true to the context now, may leave: PostgreSQL prints the plan
    /// of the text that it got, with what is in it.
    pub(super) fn may_explain(&self, name: &str, protected: bool, as_protected: bool) -> Result<(), Refusal> {
        if !protected {
            return Ok(());
        }
        let Some(prepared) = self.statements.newest(name).filter(|_| as_protected) else {
            return Err(refuse::explain_of_another());
        };
        let protocol = prepared.origin.protocol();
        match self.snapshot.engine.tells_secrets(&prepared.judged.source, &self.context, protocol) {
            true => Err(refuse::explain_of_secrets()),
            false => Ok(()),
        }
    }

    /// For an `EXECUTE name` in a Query: what has to be prepared again is, before it, with a Sync of its own. If that
    /// fails, the name is gone and the EXECUTE fails too.
    pub(super) fn make_current_for_query(&mut self, name: &str) -> Result<bool, NotNow> {
        // In a failed transaction only its end can run.
        if self.status == Status::Failed {
            return Ok(true);
        }
        let sent_before = self.queue.len();
        let was_unsynced = self.unsynced;
        let protected = self.make_current_in_pipeline(name)?;
        if self.queue.len() > sent_before {
            self.to_server.sync();
            self.expect(Kind::Sync, Audience::Nobody);
            self.unsynced = was_unsynced;
            self.batch += 1;
        }
        Ok(protected)
    }

    /// A portal that has not been executed yet, true to the context: one that was bound in another is bound anew. Once
    /// executed, it keeps the purpose that it was opened with.
    pub(super) fn current_portal(&mut self, name: &str, portal: Arc<Portal>) -> Result<Arc<Portal>, NotNow> {
        let Some(bound) = &portal.bound else {
            return Ok(portal);
        };
        self.renew_context();
        if portal.context == self.context_id || !matches!(*portal.progress.lock(), Progress::Bound) {
            return Ok(portal);
        }
        let anew = self.judge_anew(&bound.prepared)?;
        let Some(rest) = &bound.rest else {
            return Err(refuse::portal_of_other_context().into());
        };
        let Origin::Protocol { types } = &anew.origin else {
            return Err(refuse::portal_of_other_context().into());
        };
        let portal = Arc::new(self.portal_for(&Bind { portal: name, statement: "", rest }, &anew)?);
        self.bind_again(name, &anew, types, rest, &portal)?;
        Ok(portal)
    }

    fn bind_again(
        &mut self,
        name: &str,
        anew: &Arc<Prepared>,
        types: &[u8],
        rest: &[u8],
        portal: &Arc<Portal>,
    ) -> Result<(), End> {
        self.unsynced = true;
        let closed = self.portals.change(name, self.batch, None);
        self.to_server.close(Target::Portal, Name::Client(name))?;
        self.expect(Kind::ClosePortal(NameChange::new(name, closed)), Audience::Nobody);
        self.close_own(&anew.judged)?;
        self.to_server.parse(Name::Own, &anew.judged.cleared, types)?;
        self.expect_own(Kind::OwnParse, &anew.judged);
        let id = self.portals.change(name, self.batch, Some(portal.clone()));
        self.to_server.bind_to(Name::Client(name), Name::Own, rest)?;
        self.expect_own(Kind::Bind(NameChange::new(name, id)), &anew.judged);
        self.close_own(&anew.judged)
    }

    /// Before and after: an error in between would have left it there.
    fn close_own(&mut self, judged: &Arc<Judged>) -> Result<(), End> {
        self.to_server.close(Target::Statement, Name::Own)?;
        self.expect_own(Kind::OwnClose, judged);
        Ok(())
    }

    /// A comment on EXECUTE or FETCH may say no other purpose than the one for which the statement that they name, or
    /// opened the cursor, runs. `among`: the statements of the same message.
    pub(super) fn purpose_is_kept(&self, asking: &Statement, among: &[Statement]) -> Result<(), NotNow> {
        if asking.purpose_set_by != PurposeSource::Comment {
            return Ok(());
        }
        let here = |name: &str, makes: fn(&Effect) -> Option<&String>| {
            among.iter().rev().find(|s| makes(&s.effect).is_some_and(|made| made == name)).map(|s| s.purpose.clone())
        };
        let named = match &asking.effect {
            Effect::Execute { name } | Effect::ExplainExecute { name, .. } => {
                let known = match self.statements.lookup(name, self.batch) {
                    Lookup::Uncertain => return Err(NotNow::Later),
                    Lookup::Missing => None,
                    Lookup::Found(prepared) => prepared.judged.cleared.statements.first().map(|s| s.purpose.clone()),
                };
                here(name, |e| if let Effect::Prepare { name } = e { Some(name) } else { None }).or(known)
            }
            Effect::Fetch { name } => {
                let known = match self.portals.lookup(name, self.batch) {
                    Lookup::Uncertain => return Err(NotNow::Later),
                    Lookup::Missing => None,
                    Lookup::Found(portal) => portal.statement().map(|s| s.purpose.clone()),
                };
                here(name, |e| if let Effect::DeclareCursor { name, .. } = e { Some(name) } else { None }).or(known)
            }
            _ => None,
        };
        match named {
            Some(named) if named != asking.purpose => {
                let word = |purpose: &Option<String>| purpose.clone().unwrap_or_else(|| "none".to_owned());
                Err(refuse::purpose_of_another(&word(&named), &word(&asking.purpose)).into())
            }
            Some(_) | None => Ok(()),
        }
    }

    // === what the record says of statements that only name others ===

    /// FETCH and MOVE are recorded under the purpose that their cursor was opened with, for its tables.
    pub(super) fn what_of_cursor(&self, name: &str, fetch: &Arc<What>) -> Arc<What> {
        match self.portals.lookup(name, self.batch) {
            Lookup::Found(portal) => match portal.judged.on_record.get(portal.index) {
                Some(opened) => Arc::new(behind(fetch, opened)),
                None => fetch.clone(),
            },
            Lookup::Missing | Lookup::Uncertain => fetch.clone(),
        }
    }

    /// EXECUTE is recorded with the tables of the statement that it runs.
    pub(super) fn what_of_prepared(&self, name: &str, execute: &Arc<What>) -> Arc<What> {
        match self.statements.lookup(name, self.batch) {
            Lookup::Found(prepared) => match prepared.judged.on_record.first() {
                Some(what) => Arc::new(behind(execute, what)),
                None => execute.clone(),
            },
            Lookup::Missing | Lookup::Uncertain => execute.clone(),
        }
    }
}

fn behind(outer: &What, inner: &What) -> What {
    What {
        unrestricted: inner.unrestricted,
        recipient: inner.recipient.clone(),
        purpose: inner.purpose.clone(),
        basis: inner.basis.clone(),
        purpose_set_by: inner.purpose_set_by,
        outcome: inner.outcome,
        tables: inner.tables.clone(),
        rules: inner.rules.clone(),
        ..outer.clone()
    }
}
