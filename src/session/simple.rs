//! Query messages: any number of statements, one implicit transaction, one answer each.

use std::sync::Arc;

use super::behind::{Behind, Made, described, keeps_purpose, names_another, runs_prepared, shown};
use super::client::Taken;
use super::core::{Core, End, Hold};
use super::effects;
use super::expect::{Kind, QueryRun, SettingChange, Stage, StatementRun};
use super::plans::Judged;
use super::record::Subject;
use super::refuse;
use super::subjects::{Results, Watch};
use crate::audit::event::{Ending, What};
use crate::engine::cleared::{Effect, Statement};
use crate::engine::context::Protocol;
use crate::engine::refusal::{self, Place, Refusal};
use crate::relay::outgoing::OWN_NAME;
use crate::wire::backend::Status;
use crate::wire::error::Fields;

/// Why a Query does not go now.
pub(super) enum NotNow {
    Refused(Refusal),
    /// It fails as it would in PostgreSQL, with nothing to record.
    Fails(Fields),
    Later,
    End(End),
}

impl NotNow {
    /// The same of a statement that stands behind others.
    fn at(self, place: Option<Place>) -> Self {
        match self {
            NotNow::Refused(refusal) => NotNow::Refused(refusal.behind_others(place)),
            other => other,
        }
    }
}

impl From<Refusal> for NotNow {
    fn from(refusal: Refusal) -> Self {
        NotNow::Refused(refusal)
    }
}

impl From<End> for NotNow {
    fn from(end: End) -> Self {
        NotNow::End(end)
    }
}

impl Core {
    pub(super) fn query(&mut self, sql: &str) -> Result<Taken, End> {
        let judged = match self.pins_are_proven().and_then(|()| self.judge(Protocol::Simple, sql)) {
            Ok(judged) => judged,
            Err(refusal) => return self.refuse_in_place(&refusal, sql, None),
        };
        match self.send_query(&judged, None) {
            Ok(()) => Ok(Taken::Done),
            Err(NotNow::Later) => Ok(Taken::Later),
            Err(NotNow::End(end)) => Err(end),
            Err(NotNow::Refused(refusal)) => self.refuse_in_place(&refusal, sql, judged.on_record.first()),
            Err(NotNow::Fails(fields)) => self.fail_query(fields),
        }
    }

    /// Refuses a Query, or only the statement that is at fault and what stands behind it: those before it run, as PostgreSQL
    /// runs them, and a transaction that they have begun has failed.
    fn refuse_in_place(&mut self, refusal: &Refusal, sql: &str, understood: Option<&Arc<What>>) -> Result<Taken, End> {
        let texts = |place: Place| Some((sql.get(..place.behind)?, sql.get(place.start..place.end)?));
        let Some((before, at_fault)) = refusal.place().and_then(texts) else {
            return self.refuse_query(refusal, sql, understood);
        };
        let sent = match self.judge(Protocol::Simple, before) {
            Ok(judged) => self.send_query(&judged, Some(self.told(refusal, sql))),
            Err(refusal) => Err(refusal.into()),
        };
        match sent {
            Ok(()) => {
                self.record_refusal(refusal, Subject::Text(at_fault));
                Ok(Taken::Done)
            }
            Err(NotNow::Later) => Ok(Taken::Later),
            Err(NotNow::End(end)) => Err(end),
            // One before it is at fault, which only the session sees: that one is refused.
            Err(NotNow::Refused(first)) => self.refuse_in_place(&first, sql, None),
            Err(NotNow::Fails(fields)) => self.fail_query(fields),
        }
    }

    /// `fails`: what is said when PostgreSQL fails behind the last one.
    fn send_query(&mut self, judged: &Arc<Judged>, fails: Option<Fields>) -> Result<(), NotNow> {
        let may_ask = |s: &Statement| {
            runs_prepared(&s.effect) || self.takes_lost(&s.effect) || self.meaning_of(s, true).is_some()
        };
        if !self.queue.is_empty() && judged.cleared.statements.iter().any(may_ask) {
            return Err(NotNow::Later);
        }
        self.ends_as_it_was_judged(judged)?;
        self.can_be_undone(&judged.cleared.statements)?;
        let (named, protected) = self.prepare_references(judged)?;
        let runs = self.decide_all(judged, &named)?;
        judged.cleared.statements.iter().for_each(|s| self.doubt(&s.defined));
        let about = self.asks_about(&judged.cleared.statements);
        let fails_behind = fails.is_some();
        let in_steps = !about.is_empty() && runs.len() == 1 && !fails_behind;
        let commits = self.dam_query(&judged.cleared.statements);
        match (in_steps, fails_behind) {
            (true, _) => self.send_in_steps(&judged.cleared)?,
            (false, false) => self.to_server.query(&judged.cleared).map_err(End::from)?,
            (false, true) => self.to_server.query_that_fails(&judged.cleared, &self.marker).map_err(End::from)?,
        }
        if !about.is_empty() {
            self.inquire_for_query(about, in_steps);
        }
        let runs = runs.into_iter().map(Some).collect();
        let unnamed = self.take_unnamed();
        let run = QueryRun {
            runs,
            context: self.context_id,
            done: 0,
            stage: Stage::default(),
            unnamed,
            in_steps,
            description: None,
            failed: false,
            refused: fails,
            unprepared: None,
        };
        self.expect_about(Kind::Query(Box::new(run)), judged.clone(), protected);
        self.lingering |= protected;
        self.unsynced = false;
        self.batch += 1;
        let waits = judged.cleared.statements.iter().any(|s| effects::is_barrier(&s.effect, self.settings.is_dirty()));
        // With one statement that sets something, or changes of this implicit transaction in the air, the end decides.
        if waits || commits || fails_behind || self.settings.is_dirty() || self.path_touched {
            self.hold = Hold::UntilAnswered;
        }
        Ok(())
    }

    /// Statements behind an end of the transaction were judged by the values before it: they must be the same behind it.
    fn ends_as_it_was_judged(&self, judged: &Judged) -> Result<(), NotNow> {
        let Some(behind) = judged.cleared.goes_on_behind_an_end().filter(|_| self.settings.is_dirty()) else {
            return Ok(());
        };
        // An answer that is not here yet may be an error, and then COMMIT is a ROLLBACK.
        if !self.queue.is_empty() {
            return Err(NotNow::Later);
        }
        match self.settings.end_changes(self.status == Status::Failed) {
            true => Err(refusal::depends_on_reset().behind_others(judged.cleared.place(behind)).into()),
            false => Ok(()),
        }
    }

    /// A write through a view, or of what one shows, which is undone if that is another by the time (`inquiry`), must not be
    /// committed before it is known: as one of several statements it is, by the end of their message. A view may be: whoever
    /// reads it is judged by what it says then, unless that is in this very message.
    fn can_be_undone(&self, statements: &[Statement]) -> Result<(), Refusal> {
        if statements.len() == 1 || self.dam.stays_in_block(statements) {
            return Ok(());
        }
        let asks = |s: &Statement| self.meaning_of(s, true).is_some();
        let views = statements.iter().any(|s| s.defines_view && asks(s));
        let rests = |s: &Statement| !s.defines_view && (asks(s) || (views && s.reads_defined));
        match statements.iter().any(|s| self.lasts(s) && rests(s)) {
            true => Err(refuse::write_among_others()),
            false => Ok(()),
        }
    }

    /// What stands behind the statements that name others, by index, made true to the context; and whether anything
    /// protected is in it.
    fn prepare_references(&mut self, judged: &Arc<Judged>) -> Result<(Vec<(usize, Behind)>, bool), NotNow> {
        let mut named = Vec::new();
        let mut made = Made::default();
        let mut context_changed = false;
        for (index, statement) in judged.cleared.statements.iter().enumerate() {
            context_changed |= statement.effect.may_change_context();
            let behind = self.reference(judged, index, &made, context_changed);
            named.extend(behind.map_err(|e| e.at(judged.cleared.place(index)))?.map(|behind| (index, behind)));
            made.note(&statement.effect, index);
        }
        let protected = judged.cleared.protected() || named.iter().any(|(_, behind)| behind.is_protected());
        Ok((named, protected))
    }

    fn reference(
        &mut self,
        judged: &Arc<Judged>,
        index: usize,
        made: &Made,
        context_changed: bool,
    ) -> Result<Option<Behind>, NotNow> {
        let statement = &judged.cleared.statements[index];
        match &statement.effect {
            effect if context_changed && runs_prepared(effect) => Err(refuse::execute_after_change().into()),
            Effect::Prepare { name, .. } | Effect::DeclareCursor { name, .. } if name == OWN_NAME => {
                Err(refuse::own_name().into())
            }
            effect if self.takes_lost(effect) && !self.is_in_a_batch() => self.behind_in_query(effect),
            Effect::Prepare { name, .. } => self.has_room_for(name, judged).map(|()| None).map_err(NotNow::from),
            effect if names_another(effect) => {
                let behind = match self.behind_in_message(judged, index, made)? {
                    Some(behind) => Some(behind),
                    None => self.behind_in_query(effect)?,
                };
                keeps_purpose(statement, behind.as_ref())?;
                Ok(behind)
            }
            _ => Ok(None),
        }
    }

    /// Puts every statement on record; none goes if one cannot be.
    fn decide_all(&mut self, judged: &Judged, named: &[(usize, Behind)]) -> Result<Vec<StatementRun>, Refusal> {
        let mut runs = Vec::with_capacity(judged.cleared.statements.len());
        for index in 0..judged.cleared.statements.len() {
            let behind = named.binary_search_by_key(&index, |(i, _)| *i).ok().map(|at| &named[at].1);
            match self.decide(judged, index, behind) {
                Ok(run) => runs.push(run),
                Err(refusal) => {
                    for StatementRun { run, .. } in runs {
                        self.clerk.complete(run, Ending::Error, Some(refusal.sqlstate.0));
                    }
                    return Err(refusal);
                }
            }
        }
        Ok(runs)
    }

    fn decide(&mut self, judged: &Judged, index: usize, behind: Option<&Behind>) -> Result<StatementRun, Refusal> {
        let statement = &judged.cleared.statements[index];
        let settings: Vec<SettingChange> = match &statement.effect {
            Effect::SetConfig(calls) => self.judge_set_config(calls, None)?,
            _ => Vec::new(),
        };
        let named = self.clerk.subjects(&statement.subjects, None, &self.snapshot.engine);
        let mut named = named.map_err(|e| e.refusal())?;
        let mut what = judged.on_record[index].clone();
        let shows = shown(Some(statement), behind);
        let mut results = Results::Text;
        if let Some(behind) = behind {
            named.add(&behind.named);
            what = behind.on_record(&what);
            results = if behind.is_binary() { Results::Binary } else { Results::Text };
        }
        let reason = self.reason();
        let mut run = self.clerk.decide(&what, reason, named).map_err(|e| e.refusal())?;
        run.watch = shows.and_then(|s| Watch::new(s, results, &self.snapshot.engine));
        let described = described(Some(statement), behind);
        Ok(StatementRun { run, settings, silent: shows.is_some_and(|s| s.silent), described })
    }

    /// A Query drops the unnamed statement and portal.
    fn take_unnamed(&mut self) -> [Option<u64>; 2] {
        let statement = self.statements.knows("").then(|| self.statements.change("", self.batch, None));
        let portal = self.portals.knows("").then(|| self.portals.change("", self.batch, None));
        [statement, portal]
    }
}
