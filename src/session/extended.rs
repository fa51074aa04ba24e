//! Parse, Bind, Describe, Execute: judged at Parse, again at Bind and Describe when the context is another one.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use super::behind::{Behind, described, is_silent, keeps_purpose, names_another, shown};
use super::client::Taken;
use super::core::{Core, End, MAX_PORTALS, MAX_PREPARED, MAX_PREPARED_BYTES};
use super::effects;
use super::expect::{Kind, NameChange};
use super::names::Lookup;
use super::plans::Judged;
use super::prepared::{Bound, MAX_KEPT_BIND, Origin, Portal, PortalKind, Prepared, Progress};
use super::record::Named;
use super::refuse;
use super::server::Verdict;
use super::simple::NotNow;
use super::subjects::{Results, Watch};
use crate::audit::RecordUnavailable;
use crate::audit::event::What;
use crate::engine::cleared::Effect;
use crate::engine::context::Protocol;
use crate::engine::refusal::{self, Refusal};
use crate::relay::outgoing::{Name, OWN_NAME};
use crate::wire::frontend::{self, Bind, Parse, Target};

impl Core {
    pub(super) fn parse(&mut self, parse: &Parse<'_>) -> Result<Taken, End> {
        if parse.name == OWN_NAME {
            return self.refuse_parse(&refuse::own_name(), parse, None);
        }
        let protocol = Protocol::of_parse(parse.type_oids());
        let judged = match self.pins_are_proven().and_then(|()| self.judge(protocol, parse.sql)) {
            Ok(judged) => judged,
            Err(refusal) => return self.refuse_parse(&refusal, parse, None),
        };
        if let Err(refusal) = self.snapshot.engine.judge_parameter_types(parse.type_oids(), &self.context) {
            return self.refuse_parse(&refusal, parse, judged.on_record.first());
        }
        if let Err(refusal) = self.has_room_for(parse.name, &judged) {
            return self.refuse_parse(&refusal, parse, judged.on_record.first());
        }
        if self.is_lost(parse.name)
            && let Err(not_now) = self.make_lost(parse.name)
        {
            return self.not_now(not_now, parse.name);
        }
        let prepared = Prepared {
            judged: judged.clone(),
            context: self.context_id,
            origin: Origin::Protocol { types: parse.types.into() },
            types: OnceLock::new(),
        };
        self.to_server.parse(Name::Client(parse.name), &judged.cleared, parse.types)?;
        self.unsynced = true;
        let id = self.statements.change(parse.name, self.batch, Some(Arc::new(prepared)));
        let protected = judged.cleared.protected();
        self.expect_about(Kind::Parse(NameChange::new(parse.name, id)), judged, protected);
        Ok(Taken::Done)
    }

    /// Whether one more prepared statement may be kept. The unnamed one is never in the way of another for long.
    pub(super) fn has_room_for(&mut self, name: &str, judged: &Judged) -> Result<(), Refusal> {
        if self.statements.len() >= MAX_PREPARED && !self.statements.knows(name) {
            return Err(refuse::too_many_prepared(MAX_PREPARED));
        }
        // Few and short ones need no counting.
        let most = judged.weight().saturating_add(self.prepared_bytes);
        if name.is_empty() || most <= MAX_PREPARED_BYTES {
            self.prepared_bytes = if name.is_empty() { self.prepared_bytes } else { most };
            return Ok(());
        }
        self.prepared_bytes = self.statements.weight() + judged.weight();
        if self.prepared_bytes <= MAX_PREPARED_BYTES {
            Ok(())
        } else {
            Err(refuse::too_much_prepared(MAX_PREPARED_BYTES))
        }
    }

    pub(super) fn bind(&mut self, bind: &Bind<'_>) -> Result<Taken, End> {
        if bind.portal == OWN_NAME {
            return self.not_now(refuse::own_name().into(), bind.statement);
        }
        let prepared = match self.current_statement(bind.statement) {
            Ok(Some(prepared)) => prepared,
            Ok(None) => return self.answer_with(refuse::no_such_statement(bind.statement)),
            Err(not_now) => return self.not_now(not_now, bind.statement),
        };
        if self.portals.len() >= MAX_PORTALS && !self.portals.knows(bind.portal) {
            let what = prepared.judged.on_record.first();
            return self.refuse_extended(&refuse::too_many_portals(MAX_PORTALS), &prepared.judged.source, what);
        }
        let portal = match self.portal_for(bind, &prepared) {
            Ok(portal) => portal,
            Err(not_now) => return self.not_now(not_now, bind.statement),
        };
        self.to_server.bind(&Bind { rest: &portal.bind(bind.rest), ..*bind })?;
        self.unsynced = true;
        let protected = portal.protected;
        let id = self.portals.change(bind.portal, self.batch, Some(Arc::new(portal)));
        self.expect_about(Kind::Bind(NameChange::new(bind.portal, id)), prepared.judged.clone(), protected);
        Ok(Taken::Done)
    }

    pub(super) fn portal_for(&mut self, bind: &Bind<'_>, prepared: &Arc<Prepared>) -> Result<Portal, NotNow> {
        let judged = prepared.judged.clone();
        let mut portal = Portal {
            protected: judged.cleared.protected(),
            judged,
            bound: Some(Bound {
                prepared: prepared.clone(),
                rest: (bind.rest.len() <= MAX_KEPT_BIND || prepared.may_be_watched()).then(|| bind.rest.into()),
            }),
            index: 0,
            context: prepared.context,
            kind: PortalKind::Bound,
            settings: Vec::new(),
            named: Named::default(),
            behind: None,
            progress: Progress::Bound.into(),
            applied: AtomicBool::new(false),
        };
        match prepared.effect() {
            Effect::Prepare { name, .. } | Effect::DeclareCursor { name, .. } if name == OWN_NAME => {
                return Err(refuse::own_name().into());
            }
            effect if self.takes_lost(effect) => drop(self.behind(effect)?),
            Effect::Prepare { name, .. } => self.has_room_for(name, &prepared.judged)?,
            effect if names_another(effect) => {
                portal.behind = self.behind(effect)?;
                portal.protected |= portal.behind.as_ref().is_some_and(Behind::is_protected);
            }
            Effect::SetConfig(calls) => {
                if let Origin::Protocol { types } = &prepared.origin {
                    effects::check_parameter_types(calls, types)?;
                }
                portal.settings = self.judge_set_config(calls, Some(bind))?;
            }
            _ => {}
        }
        if let Some(statement) = prepared.judged.cleared.statements.first() {
            let types = if statement.subjects.is_empty() { Vec::new() } else { prepared.parameter_types() };
            let named = self.clerk.subjects(&statement.subjects, Some((bind, &types)), &self.snapshot.engine);
            portal.named = named.map_err(|e: RecordUnavailable| e.refusal())?;
        }
        Ok(portal)
    }

    pub(super) fn describe_statement(&mut self, name: &str) -> Result<Taken, End> {
        match self.current_statement(name) {
            Ok(Some(prepared)) => {
                let behind = match self.behind(prepared.effect()) {
                    Ok(behind) => behind,
                    Err(not_now) => return self.not_now(not_now, name),
                };
                self.to_server.describe(Target::Statement, name)?;
                self.unsynced = true;
                let cleared = &prepared.judged.cleared;
                let (protected, silent) = (cleared.protected(), is_silent(cleared.statements.first(), behind.as_ref()));
                let kind =
                    Kind::DescribeStatement(prepared.clone(), described(cleared.statements.first(), behind.as_ref()));
                self.expect_rows(kind, prepared.judged.clone(), protected, silent);
                Ok(Taken::Done)
            }
            Ok(None) => self.answer_with(refuse::no_such_statement(name)),
            Err(not_now) => self.not_now(not_now, name),
        }
    }

    /// PostgreSQL says of which types a statement's parameters are: as such they are read when they come in binary.
    pub(super) fn parameter_types(&self, body: &[u8]) -> Result<Verdict, End> {
        let verdict = self.still(|kind| matches!(kind, Kind::DescribeStatement(..)))?;
        if let Some(Kind::DescribeStatement(prepared, _)) = self.queue.front().map(|expect| &expect.kind) {
            prepared.types.get_or_init(|| frontend::type_oids(body).collect());
        }
        Ok(verdict)
    }

    pub(super) fn describe_portal(&mut self, name: &str) -> Result<Taken, End> {
        match self.portals.lookup(name, self.batch) {
            Lookup::Uncertain => Ok(Taken::Later),
            Lookup::Missing => self.answer_with(refuse::no_such_portal(name)),
            Lookup::Found(portal) => {
                self.to_server.describe(Target::Portal, name)?;
                self.unsynced = true;
                let kind = Kind::DescribePortal(described(portal.statement(), portal.behind.as_ref()));
                self.expect_rows(kind, portal.judged.clone(), portal.protected, portal.is_silent());
                Ok(Taken::Done)
            }
        }
    }

    pub(super) fn execute(&mut self, name: &str, limit: i32) -> Result<Taken, End> {
        let found = match self.portals.lookup(name, self.batch) {
            Lookup::Uncertain => return Ok(Taken::Later),
            Lookup::Missing => return self.answer_with(refuse::no_such_portal(name)),
            Lookup::Found(portal) => portal,
        };
        let portal = match self.current_portal(name, found.clone()) {
            Ok(portal) => portal,
            Err(not_now) => return self.portal_not_now(not_now, &found),
        };
        // A procedure may commit: whether an error behind it undoes what was set before could not be told.
        let calls = portal.statement().is_some_and(|s| matches!(s.kind, "call" | "do"));
        if calls && !self.in_block && self.settings.is_dirty() {
            return self.portal_not_now(refuse::call_behind_set().into(), &portal);
        }
        let first = matches!(*portal.progress.lock(), Progress::Bound);
        let silent = portal.is_silent();
        if silent && !first {
            return self.answer_with(refuse::portal_has_run(name));
        }
        if let Err(not_now) = self.begin(&portal) {
            return self.portal_not_now(not_now, &portal);
        }
        portal.statement().into_iter().for_each(|s| self.doubt(&s.defined));
        let commits = self.dam_execute(portal.statement());
        // What gives the client no rows runs to its end, whatever the limit.
        self.to_server.execute(Name::Client(name), if silent { 0 } else { limit })?;
        self.unsynced = true;
        self.lingering |= portal.protected;
        self.pins_unproven |= matches!(portal.effect(), Effect::SetConfig(_));
        let waits = effects::is_barrier(portal.effect(), self.settings.is_dirty()) || !portal.settings.is_empty();
        let (judged, protected) = (portal.judged.clone(), portal.protected);
        if first {
            self.inquire_for_execute(&portal);
        }
        self.expect_rows(Kind::Execute(portal), judged, protected, silent);
        if waits || commits {
            self.wait_for_answers();
        }
        Ok(Taken::Done)
    }

    /// Rows of a cursor, or more of them, are given for a reason that counts now.
    fn has_said_why(&mut self, portal: &Portal) -> Result<(), Refusal> {
        self.renew_context();
        let asks = self.snapshot.engine.policy.roles.get(&self.context.role).is_some_and(|role| role.reason_required);
        let reads = portal.statement().is_some_and(|s| !s.moves_session());
        match asks && reads && !self.context.has_reason {
            true => Err(refusal::reason_required(&self.context.role)),
            false => Ok(()),
        }
    }

    /// At the first Execute of a portal it goes on record.
    fn begin(&mut self, portal: &Portal) -> Result<(), NotNow> {
        self.has_said_why(portal)?;
        if !matches!(*portal.progress.lock(), Progress::Bound) {
            return Ok(self.still_shows(portal)?);
        }
        // An empty statement has nothing to say.
        let Some(what) = portal.judged.on_record.get(portal.index) else {
            return Ok(());
        };
        let behind = self.behind_portal(portal)?;
        portal.statement().map_or(Ok(()), |s| keeps_purpose(s, behind.as_ref()))?;
        let mut named = portal.named.clone();
        behind.iter().for_each(|behind| named.add(&behind.named));
        let what: Arc<What> = match &behind {
            Some(behind) => behind.on_record(what),
            // The record of PREPARE itself says `prepare`.
            None if portal.was_prepared_in_sql() => Arc::new(What { kind: "execute".to_owned(), ..What::clone(what) }),
            None => what.clone(),
        };
        let reason = self.reason();
        let mut run = self.clerk.decide(&what, reason, named).map_err(|e| e.refusal())?;
        let shows = shown(portal.statement(), behind.as_ref());
        if let Some(statement) = shows.filter(|s| !s.subject_columns.is_empty()) {
            let rest = portal.bound.as_ref().and_then(|b| b.rest.as_deref());
            let bind = rest.map(|rest| Bind { portal: "", statement: "", rest });
            run.watch = Watch::new(statement, bind.as_ref().map_or(Results::Text, Results::Of), &self.snapshot.engine);
        }
        *portal.progress.lock() = Progress::Running(run);
        Ok(())
    }

    fn not_now(&mut self, not_now: NotNow, statement: &str) -> Result<Taken, End> {
        match not_now {
            NotNow::Later => Ok(Taken::Later),
            NotNow::End(end) => Err(end),
            NotNow::Fails(fields) => self.answer_with(fields),
            NotNow::Refused(refusal) => match self.statements.lookup(statement, self.batch) {
                Lookup::Found(p) => self.refuse_extended(&refusal, &p.judged.source, p.judged.on_record.first()),
                Lookup::Missing | Lookup::Uncertain => self.refuse_extended(&refusal, "", None),
            },
        }
    }
    fn portal_not_now(&mut self, not_now: NotNow, portal: &Portal) -> Result<Taken, End> {
        match not_now {
            NotNow::Later => Ok(Taken::Later),
            NotNow::End(end) => Err(end),
            NotNow::Fails(fields) => self.answer_with(fields),
            NotNow::Refused(refusal) => {
                let what = portal.judged.on_record.get(portal.index);
                self.refuse_extended(&refusal, &portal.judged.source, what)
            }
        }
    }
}
