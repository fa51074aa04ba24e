//! A statement whose names PostgreSQL looks up itself: that they mean what was judged is asked once it has answered, and
//! before anything of the answer leaves.
//!
//! PostgreSQL holds the locks of a statement until its transaction ends, so what the statement has read cannot be changed
//! before the answer to the question is here: the client's next message waits for it, a Sync among them. A Query of one
//! statement is sent in messages of the extended protocol for that reason, with its Sync behind the question. What was
//! changed before is seen by the question, for it is put when PostgreSQL has shown that it knows what it reads.
//!
//! If something has changed, the answer is thrown away, and an error that PostgreSQL raises itself takes its place: what the
//! statement did is undone, and the session goes on. A Query of several statements is committed by the time of the
//! question, where it is not in a block; its answer is thrown away all the same.

use std::sync::Arc;

use super::core::{Copy, Core, End};
use super::expect::{Audience, Expect, Kind, QueryRun};
use super::gate::Mark;
use super::live::Standing;
use super::prepared::{Portal, PortalKind};
use super::record::{self, Subject};
use super::refuse;
use crate::engine::cleared::{Effect, Statement};
use crate::engine::meaning::Meaning;
use crate::relay::outgoing::{Name, OWN_NAME};
use crate::wire::backend::Status;
use crate::wire::error::{Fields, Severity, from_refusal};
use crate::wire::frontend::Target;

/// A message that is under way, about whose names a question is to be put.
pub struct Inquiry {
    about: Vec<Arc<Meaning>>,
    whose: Whose,
    /// Where its answer begins that must not leave yet.
    from: Option<Mark>,
    /// How many of its statements PostgreSQL has shown to have read, about how many the question was put, and answered.
    seen: usize,
    asked: usize,
    answered: usize,
    /// The answer is thrown away, for this.
    condemned: Option<Fields>,
}

enum Whose {
    /// The only statement of a Query, sent in steps.
    Query,
    /// Several statements of a Query.
    Several,
    Execute(Arc<Portal>),
}

impl Inquiry {
    fn new(about: Vec<Arc<Meaning>>, whose: Whose) -> Self {
        Self { about, whose, from: None, seen: 0, asked: 0, answered: 0, condemned: None }
    }

    /// Where the answer begins that must not leave yet.
    pub(super) fn holds_from(&self) -> Option<u64> {
        self.from.map(|mark| mark.offset)
    }

    /// Whether all that PostgreSQL has shown so far is known to be sound: a COPY among the statements may take its data.
    pub(super) fn is_sound_so_far(&self) -> bool {
        self.seen == self.answered && self.condemned.is_none()
    }
}

impl Core {
    // === before it leaves ===

    /// What the question is about that a Query needs; empty: none.
    pub(super) fn asks_about(&self, statements: &[Statement]) -> Vec<Arc<Meaning>> {
        statements.iter().filter_map(|s| self.meaning_of(s, statements.len() > 1)).collect()
    }

    /// PREPARE reads nothing yet, but among others it may be run at once.
    pub(super) fn meaning_of(&self, statement: &Statement, among_others: bool) -> Option<Arc<Meaning>> {
        let meaning = match &statement.effect {
            Effect::Prepare { .. } if !among_others => None,
            Effect::Execute { name, .. } | Effect::ExplainExecute { name, .. } => self.meaning_of_prepared(name),
            Effect::Fetch { name } => self.meaning_of_portal(name),
            _ => statement.meaning.clone(),
        };
        meaning.filter(|meaning| meaning.views || self.live.lets_define())
    }

    /// FETCH may run a portal that was only bound; of a cursor it was asked when it was declared.
    fn meaning_of_portal(&self, name: &str) -> Option<Arc<Meaning>> {
        let portal = self.portals.newest(name).filter(|p| p.kind == PortalKind::Bound)?;
        portal.statement().and_then(|s| s.meaning.clone())
    }

    fn meaning_of_prepared(&self, name: &str) -> Option<Arc<Meaning>> {
        let prepared = self.statements.newest(name)?;
        prepared.judged.cleared.statements.first().and_then(|s| s.meaning.clone())
    }

    /// Sends the one statement of a Query so that its Sync can wait.
    pub(super) fn send_in_steps(&mut self, cleared: &crate::engine::cleared::Cleared) -> Result<(), End> {
        // An error of the last time would have left it there.
        self.to_server.close(Target::Statement, Name::Own)?;
        self.to_server.parse(Name::Own, cleared, &[0, 0])?;
        self.to_server.bind_own()?;
        self.to_server.describe(Target::Portal, OWN_NAME)?;
        self.to_server.execute(Name::Own, 0)?;
        self.to_server.flush();
        Ok(())
    }

    pub(super) fn inquire_for_query(&mut self, about: Vec<Arc<Meaning>>, in_steps: bool) {
        self.inquiry = Some(Inquiry::new(about, if in_steps { Whose::Query } else { Whose::Several }));
    }

    /// Before the first Execute of a portal.
    pub(super) fn inquire_for_execute(&mut self, portal: &Arc<Portal>) {
        // What PREPARE was about runs now.
        let runs = portal.was_prepared_in_sql();
        let meaning = portal.statement().and_then(|s| self.meaning_of(s, runs));
        if let Some(meaning) = meaning {
            self.inquiry = Some(Inquiry::new(vec![meaning], Whose::Execute(portal.clone())));
            self.to_server.flush();
        }
    }

    // === while PostgreSQL answers ===

    /// Whether a message with this tag, which is about to be looked at, is the first of what must not leave yet.
    pub(super) fn begins_inquiry(&mut self, tag: u8) -> bool {
        let Some(inquiry) = &mut self.inquiry else { return false };
        let index = match (&inquiry.whose, self.queue.front().map(|e| &e.kind)) {
            (Whose::Query | Whose::Several, Some(Kind::Query(query))) if query.done < query.runs.len() => query.done,
            (Whose::Execute(portal), Some(Kind::Execute(running))) if Arc::ptr_eq(portal, running) => 0,
            _ => return false,
        };
        // Said at any time, of no statement.
        if matches!(tag, b'A' | b'S') || index < inquiry.answered {
            return false;
        }
        // A description may come before the statement is read (that of an EXECUTE does), and a notice.
        if matches!(tag, b'D' | b'C' | b'I' | b'E' | b's' | b'H' | b'G') {
            inquiry.seen = index + 1;
        }
        inquiry.from.is_none() && inquiry.condemned.is_none() && self.withheld.is_none()
    }

    pub(super) fn hold_inquiry_from(&mut self, offset: u64) {
        let mark = Mark { offset, readies: self.readies, inside: false };
        if let Some(inquiry) = &mut self.inquiry {
            inquiry.from = Some(mark);
        }
    }

    /// Whether what PostgreSQL says is thrown away.
    pub(super) fn is_condemned(&self) -> bool {
        self.inquiry.as_ref().is_some_and(|i| i.condemned.is_some())
    }

    /// A statement that was sent behind one that failed is not run.
    pub(super) fn inquiry_is_void(&mut self, portal: &Arc<Portal>) {
        if self.inquiry.as_ref().is_some_and(|i| matches!(&i.whose, Whose::Execute(p) if Arc::ptr_eq(p, portal))) {
            self.inquiry = None;
        }
    }

    // === the question ===

    /// What PostgreSQL must be asked now, if anything.
    pub fn question(&mut self) -> Option<Vec<Arc<Meaning>>> {
        let inquiry = self.inquiry.as_mut()?;
        if inquiry.condemned.is_some() || inquiry.seen <= inquiry.asked {
            return None;
        }
        inquiry.asked = inquiry.seen;
        Some(inquiry.about.clone())
    }

    /// The answer to [`Core::question`].
    pub fn answer_is(&mut self, standing: Standing) -> Result<(), End> {
        let Some(inquiry) = &mut self.inquiry else { return Ok(()) };
        inquiry.answered = inquiry.asked;
        match standing {
            Standing::Same if inquiry.seen > inquiry.asked => Ok(()),
            Standing::Same => self.release(),
            Standing::Changed => self.condemn(&refuse::meaning_changed()),
            Standing::Unknown => self.condemn(&refuse::meaning_unknown()),
        }
    }

    fn release(&mut self) -> Result<(), End> {
        let Some(inquiry) = &mut self.inquiry else { return Ok(()) };
        inquiry.from = None;
        match inquiry.whose {
            Whose::Query => {
                self.inquiry = None;
                self.to_server.close(Target::Portal, Name::Own)?;
                self.to_server.close(Target::Statement, Name::Own)?;
                self.to_server.sync();
            }
            Whose::Execute(_) => self.inquiry = None,
            Whose::Several => self.end_several(),
        }
        Ok(())
    }

    /// All of a Query's answer is here, and is known to be sound.
    pub(super) fn end_several(&mut self) {
        let several = |i: &Inquiry| matches!(i.whose, Whose::Several) && i.seen == i.answered && i.condemned.is_none();
        if self.queue.is_empty() && self.inquiry.as_ref().is_some_and(several) {
            self.inquiry = None;
        }
    }

    fn condemn(&mut self, refusal: &crate::engine::refusal::Refusal) -> Result<(), End> {
        self.catalog_changed = true;
        let on_record = self.queue.front().and_then(|e| e.judged.clone());
        let what = match self.inquiry.as_ref().map(|i| &i.whose) {
            Some(Whose::Execute(portal)) => portal.judged.on_record.get(portal.index).cloned(),
            _ => on_record.and_then(|judged| judged.on_record.first().cloned()),
        };
        let subject = what.as_deref().map_or(Subject::Message, Subject::Judged);
        let what = record::refused(refusal, &self.context, subject, &self.snapshot.engine);
        let reason = self.reason();
        self.clerk.refuse(refusal.rule, what, reason);
        self.throw_away();
        if let Some(inquiry) = &mut self.inquiry {
            inquiry.condemned = Some(from_refusal(refusal, Severity::Error, ""));
        }
        if self.withheld.is_none() {
            self.queue.iter_mut().for_each(|e| e.audience = Audience::Nobody);
        }
        // The client has not heard that PostgreSQL asks for data, and will not send it.
        if self.copy == Copy::In {
            self.copy = Copy::Not;
            self.to_server.copy_fail(b"its answer is thrown away\0")?;
        }
        self.end_condemned()
    }

    /// Throws away what must not leave yet: nothing of it will.
    pub fn throw_away(&mut self) {
        let Some(from) = self.inquiry.as_mut().and_then(|i| i.from.take()) else { return };
        self.to_client.cut(from.offset);
        self.gate.cut(from);
        // While answers are withheld, they are counted elsewhere.
        if self.withheld.is_none() {
            self.readies = from.readies;
        }
        self.passing_to = Audience::Nobody;
        (self.rows, self.bytes) = (0, 0);
    }

    /// What is held back is thrown away for another reason; where it began.
    pub(super) fn forget_held(&mut self) -> Option<Mark> {
        self.inquiry.as_mut().and_then(|i| i.from.take())
    }

    /// When PostgreSQL has said all that is thrown away, it is made to fail, and its error is replaced.
    pub(super) fn end_condemned(&mut self) -> Result<(), End> {
        let Some(inquiry) = &self.inquiry else { return Ok(()) };
        let Some(fields) = inquiry.condemned.clone() else { return Ok(()) };
        match (&inquiry.whose, self.queue.front_mut()) {
            (Whose::Query, Some(Expect { kind: Kind::Query(query), audience, .. })) if query.done > 0 => {
                *audience = Audience::Client;
                self.inquiry = None;
                match query.failed {
                    // PostgreSQL ignores what comes before Sync.
                    true => self.say(&fields)?,
                    false => {
                        query.refused = Some(fields);
                        self.to_server.marker_parse(Name::Own, &self.marker)?;
                    }
                }
                self.to_server.sync();
            }
            (Whose::Execute(_), None) => {
                self.inquiry = None;
                match self.skipping {
                    true => self.say(&fields)?,
                    false => drop(self.answer_with(fields)?),
                }
            }
            (Whose::Several, None) => {
                self.inquiry = None;
                match self.status {
                    Status::InTransaction => {
                        self.to_server.marker_query(&self.marker)?;
                        self.expect(Kind::RefusedQuery(fields), Audience::Client);
                    }
                    Status::Idle | Status::Failed => {
                        self.say(&fields)?;
                        if self.withheld.is_none() {
                            self.to_client.tail().extend_from_slice(&[b'Z', 0, 0, 0, 5, self.status.byte()]);
                            self.readies += 1;
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// An error of ours, where PostgreSQL's own has been thrown away.
    fn say(&mut self, fields: &Fields) -> Result<(), End> {
        if self.withheld.is_none() {
            fields.put(self.to_client.tail(), b'E')?;
        }
        Ok(())
    }
}

impl QueryRun {
    /// Whether a message only says that one of the steps was taken.
    pub(super) fn is_step(&self, tag: u8) -> bool {
        self.in_steps && matches!(tag, b'1' | b'2' | b'3' | b'n')
    }
}
