//! Prepared statements stay true to the context: one that was judged in another is judged anew before it is used, and
//! prepared again under its name when its text comes out differently.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use super::core::{Core, End, Hold};
use super::expect::{Audience, Kind, NameChange, QueryRun};
use super::live::beside_others;
use super::names::Lookup;
use super::plans::{ContextId, Judged};
use super::prepared::{Origin, Portal, Prepared, Progress};
use super::refuse;
use super::simple::NotNow;
use crate::engine::cleared::{Effect, Statement};
use crate::engine::refusal::Refusal;
use crate::relay::outgoing::Name;
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
            self.prepare_again(name, &prepared, &anew)?;
        }
        Ok(Some(anew))
    }

    fn judge_anew(&mut self, prepared: &Prepared) -> Result<Arc<Prepared>, NotNow> {
        let protocol = prepared.origin.protocol();
        self.pins_are_proven()?;
        let judged = self.judge(protocol, &prepared.judged.source)?;
        // The client knows its rows by what it was told once, and would read others' values in them.
        let shape = |judged: &Judged| judged.cleared.statements.first().and_then(|s| s.row_shape.clone());
        if let (Some(told), Some(rows)) = (shape(&prepared.judged), shape(&judged))
            && !told.fits(&rows, judged.cleared.wire_text() == prepared.judged.cleared.wire_text())
        {
            return Err(NotNow::Fails(refuse::result_type_changed()));
        }
        let (context, origin) = (self.context_id, prepared.origin.clone());
        // What it says now, PostgreSQL has not told.
        Ok(Arc::new(Prepared { judged, context, origin, types: OnceLock::new() }))
    }

    /// Closes `name` and prepares it again. All answers are ours; an error reaches the client in place of its own
    /// message's answer. Where only the second fails (in a failed transaction, by a cancel or a timeout), PostgreSQL has no
    /// such statement any more, but the client has: it is prepared with its next use.
    fn prepare_again(&mut self, name: &str, prepared: &Prepared, anew: &Arc<Prepared>) -> Result<(), End> {
        let closed = self.statements.change(name, self.batch, Some(Arc::new(prepared.to_be_made())));
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

    /// Whether an `EXPLAIN EXECUTE` in a text explains a statement about protected data, as far as is known.
    pub(super) fn explains_protected(&self, judged: &Judged) -> bool {
        let all = &judged.cleared.statements;
        fn prepares(s: &Statement) -> Option<&str> {
            if let Effect::Prepare { name, .. } = &s.effect { Some(name) } else { None }
        }
        let prepared_here: HashSet<&str> = all.iter().filter(|s| s.protected).filter_map(prepares).collect();
        all.iter().any(|s| match &s.effect {
            Effect::ExplainExecute { name, .. } => {
                let known = self.statements.newest(name).is_some_and(|p| p.judged.cleared.protected());
                known || prepared_here.contains(name.as_str())
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
        let source = &prepared.judged.source;
        match beside_others(source, || self.snapshot.engine.tells_secrets(source, &self.context, protocol)) {
            true => Err(refuse::explain_of_secrets()),
            false => Ok(()),
        }
    }

    /// Ends what was prepared again ahead of a Query with a Sync of its own.
    pub(super) fn sync_own(&mut self, was_unsynced: bool) {
        if self.dam_sync() {
            self.hold = Hold::UntilAnswered;
        }
        self.to_server.sync();
        self.expect(Kind::Sync, Audience::Nobody);
        self.unsynced = was_unsynced;
        self.batch += 1;
    }

    /// The Query that messages of ours have been sent ahead of.
    pub(super) fn query_behind(&mut self) -> Option<&mut QueryRun> {
        let next = self.queue.iter_mut().find(|e| e.audience == Audience::Client)?;
        if let Kind::Query(query) = &mut next.kind { Some(query) } else { None }
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
        let bind = Bind { portal: name, statement: "", rest };
        let portal = Arc::new(self.portal_for(&bind, &anew)?);
        let to_be_made = Portal { context: ContextId::NONE, ..self.portal_for(&bind, &anew)? };
        self.bind_again(name, &anew, types, to_be_made, &portal)?;
        Ok(portal)
    }

    /// As `prepare_again`; `to_be_made` is the portal that is still to be bound.
    fn bind_again(
        &mut self,
        name: &str,
        anew: &Arc<Prepared>,
        types: &[u8],
        to_be_made: Portal,
        portal: &Arc<Portal>,
    ) -> Result<(), End> {
        let rest = portal.bound.as_ref().and_then(|bound| bound.rest.as_deref()).unwrap_or_default();
        self.unsynced = true;
        let closed = self.portals.change(name, self.batch, Some(Arc::new(to_be_made)));
        self.to_server.close(Target::Portal, Name::Client(name))?;
        self.expect(Kind::ClosePortal(NameChange::new(name, closed)), Audience::Nobody);
        self.close_own(&anew.judged)?;
        self.to_server.parse(Name::Own, &anew.judged.cleared, types)?;
        self.expect_own(Kind::OwnParse, &anew.judged);
        let id = self.portals.change(name, self.batch, Some(portal.clone()));
        self.to_server.bind_to(Name::Client(name), Name::Own, &portal.bind(rest))?;
        self.expect_own(Kind::Bind(NameChange::new(name, id)), &anew.judged);
        self.close_own(&anew.judged)
    }

    /// Before and after: an error in between would have left it there.
    fn close_own(&mut self, judged: &Arc<Judged>) -> Result<(), End> {
        self.to_server.close(Target::Statement, Name::Own)?;
        self.expect_own(Kind::OwnClose, judged);
        Ok(())
    }
}
