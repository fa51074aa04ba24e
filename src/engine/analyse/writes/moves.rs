//! Rows that lead to somebody, and rows that others lead through: an order leads its items to a customer. Whoever changes the
//! order's customer, or takes the order away from under its items, moves order and items to somebody else's choices. So only
//! orders are touched in this way whose customer's own choices hide nothing of them (`visible::movable`), and none under a
//! purpose that sees less of them than another purpose of the role: that one would see what their person may have denied it.
//!
//! Choices are kept for a person: they go with its row only for who may record them.

use std::collections::BTreeSet;

use pg_query::protobuf::Token;

use super::super::Analyser;
use super::Aim;
use super::assign::subject_link;
use super::carried::{Carried, Cause, Change, assigned, carried, followed_triggers, leaves_partitions, referred_apart};
use super::decides::way;
use super::target::{Kind, Target};
use super::together::{read_together, read_with_null};
use crate::engine::catalog::{ForeignKey, Relation};
use crate::engine::cleared::{TouchedTable, add_table};
use crate::engine::policy::{ColumnUse, Purpose, Right, SubjectKind, TablePolicy, protecting_ancestor};
use crate::engine::refusal::{self, Refusal, SqlState};
use crate::engine::rewrite::guard;
use crate::engine::visible::{self, Dependent};

impl<'e> Analyser<'e> {
    /// Judges the assignment of a column that other tables may lead through.
    pub fn leads_on(&mut self, target: &Target<'e>, column: &str) -> Result<(), Refusal> {
        let Some(relation) = target.stored() else { return Ok(()) };
        let changed = self.changed(target, relation, column);
        let links = target.protected().map_or(Vec::new(), |p| self.subject_links(p));
        if links.iter().any(|link| *link != column && changed.contains(*link)) {
            let why = "the column that leads to the subject is computed from it";
            return Err(refusal::not_supported(&format!("changing \"{column}\" of {}", relation.name), why));
        }
        let rows = target.protected().filter(|p| p.aim == Aim::Rows);
        if let Some(p) = rows.filter(|p| subject_link(p.policy).is_some_and(|link| changed.contains(link))) {
            self.seen_as_much(p.policy, &p.relation.name.to_string(), Reached::Themselves)?;
        }
        self.keeps_keys(target, &changed)?;
        self.moves_rows(target, |d| changed.contains(d.key) || changed.contains(d.link()))
    }

    /// Judges the removal of rows that others refer to and would outlive: for good, or until this statement has put another
    /// in their place.
    pub fn releases(&mut self, target: &Target<'e>) -> Result<(), Refusal> {
        let (engine, replaced) = (self.engine, self.writes_more_than_once());
        let catalog = &engine.catalog;
        self.moves_rows(target, |d| {
            let family = catalog.family(d.through);
            let through = |k: &ForeignKey| family.iter().any(|r| r.oid == k.references);
            let outlives = |k: &ForeignKey| through(k) && (k.releases || (k.waits && replaced));
            // Each part has keys of its own.
            d.check(catalog, &engine.policy).is_err()
                || catalog.family(d.by).iter().any(|by| by.foreign_keys.iter().any(outlives))
        })?;
        self.frees_nobody(target)
    }

    /// Whether the statement may hold another write besides one. (A word too many refuses too much, never too little.)
    pub fn writes_more_than_once(&self) -> bool {
        let tokens = &self.tokens().list;
        let begin = tokens.iter().position(|t| t.start >= self.statement_start).unwrap_or(0);
        let mut before = None;
        let mut writes = 0;
        for token in tokens.iter().skip(begin).take_while(|t| t.kind != Token::Ascii59) {
            let locks = token.kind == Token::Update && matches!(before, Some(Token::For | Token::Key));
            let writing = matches!(token.kind, Token::Insert | Token::Update | Token::DeleteP | Token::Merge);
            writes += usize::from(writing && !locks);
            before = Some(token.kind);
        }
        writes > 1
    }

    /// Judges the removal of rows with which people's choices go, or whose person's rows would be about nobody then.
    pub fn takes_choices(&mut self, target: &Target<'e>) -> Result<(), Refusal> {
        let Some(relation) = target.stored() else { return Ok(()) };
        self.held_alike(target)?;
        let carried = self.follow(&format!("removing rows of {}", relation.name), relation, Change::Removed)?;
        self.leaves_nobodys(target, relation, &carried)
    }

    /// A row that only its partition's foreign keys or triggers hold tells by that what it was put there for.
    fn held_alike(&self, target: &Target<'e>) -> Result<(), Refusal> {
        let (catalog, Some(p)) = (&self.engine.catalog, target.protected()) else { return Ok(()) };
        let triggered = catalog.family(p.relation.oid).into_iter().skip(1).filter(|part| part.has_own_triggers);
        for part in referred_apart(catalog, p.relation.oid).into_iter().chain(triggered) {
            if let Some((whole, column)) = guard::hidden_place(catalog, part, &p.visible) {
                return Err(refusal::held_in_partition(&whole.name.to_string(), column, &part.name.to_string()));
            }
        }
        Ok(())
    }

    /// Judges assignments for the foreign keys that take rows which change their partition for removed ones.
    pub fn leaves_partitions(&mut self, target: &Target<'e>) -> Result<(), Refusal> {
        let leaves = |r: &&Relation| leaves_partitions(&self.engine.catalog, r.oid);
        target.stored().filter(leaves).map_or(Ok(()), |_| self.takes_choices(target))
    }

    /// Judges the assignment of a key that rows of other tables are changed with.
    pub fn carries_on(&mut self, target: &Target<'e>, column: &str) -> Result<(), Refusal> {
        let Some(relation) = target.stored() else { return Ok(()) };
        let what = format!("changing \"{column}\" of {}", relation.name);
        for column in self.changed(target, relation, column) {
            self.follow(&what, relation, Change::Assigned(column))?;
        }
        Ok(())
    }

    /// Judges the keys that triggers may assign in rows which a SET list changes.
    pub fn triggers_carry_on(&mut self, target: &Target<'e>) -> Result<(), Refusal> {
        let Some(relation) = target.stored() else { return Ok(()) };
        for column in followed_triggers(&self.engine.catalog, relation.oid) {
            let what = format!("changing rows of {}, whose triggers may assign \"{column}\"", relation.name);
            self.follow(&what, relation, Change::Assigned(column))?;
        }
        Ok(())
    }

    /// Judges, and puts on record, all that comes with a change of a table's rows. `what`: the change, in words.
    fn follow(&mut self, what: &str, relation: &Relation, change: Change) -> Result<BTreeSet<Carried>, Refusal> {
        let carried = carried(&self.engine.catalog, relation.oid, change);
        self.note_carried(&carried);
        self.carries(what, &carried)?;
        Ok(carried)
    }

    /// What PostgreSQL changes in protected tables on its own is on record, and its errors there tell nothing of their rows.
    fn note_carried(&mut self, carried: &BTreeSet<Carried>) {
        for written in self.written_by_keys(carried) {
            self.writes_protected = true;
            add_table(&mut self.for_the_record.tables, written);
        }
    }

    /// What the record says of changes that come with others.
    pub fn written_by_keys(&self, carried: &BTreeSet<Carried>) -> Vec<TouchedTable> {
        let changes = carried.iter().filter(|c| c.change.is_one());
        let known = changes.filter_map(|c| Some((self.engine.catalog.relation(c.table)?, &c.change)));
        let told = known.filter(|(relation, _)| self.is_told_of(relation));
        let written = |(relation, change): (&Relation, &Change)| {
            self.written_unread(relation, |column| match change {
                Change::Removed => true,
                Change::Assigned(name) | Change::Outlives(name) => *name == column.name,
            })
        };
        told.map(written).collect()
    }

    /// Whether the record says what is written of a relation that the statement does not name.
    pub fn is_told_of(&self, relation: &Relation) -> bool {
        protecting_ancestor(&self.engine.catalog, &self.engine.policy, relation.oid).is_some()
            || self.is_consent_table(relation)
    }

    /// The columns of the stored table that an assignment may change.
    fn changed(&self, target: &Target<'e>, stored: &Relation, column: &str) -> BTreeSet<String> {
        match target.kind {
            // What an open view calls its columns is not known here.
            Kind::Open { relation, .. } if relation.oid != stored.oid => {
                stored.columns.iter().map(|c| c.name.clone()).collect()
            }
            _ => assigned(&self.engine.catalog, stored.oid, column),
        }
    }

    /// Foreign keys change no choices for those who may not record them, and no hidden rows so that they would be seen.
    fn carries(&self, what: &str, carried: &BTreeSet<Carried>) -> Result<(), Refusal> {
        let (catalog, policy) = (&self.engine.catalog, &self.engine.policy);
        let changes = carried.iter().filter(|c| c.change.is_one());
        let mut changes: Vec<_> = changes.filter_map(|c| Some((catalog.relation(c.table)?, c))).collect();
        changes.sort_by_key(|(by, _)| &by.name);
        for (by, c) in changes {
            if self.is_consent_table(by) && !self.role.may(Right::RecordConsent) {
                return Err(refusal::right_missing(
                    "record_consent",
                    &format!("{what}, with which choices in {} change", by.name),
                ));
            }
            let restricts = |kind: &SubjectKind| kind.restricted_when.is_some() && self.is_part(by.oid, kind.table);
            let refused = match &c.change {
                _ if self.role.unrestricted => false,
                // Nobody is restricted whose row is gone.
                Change::Removed => policy.subjects.values().any(restricts),
                Change::Outlives(_) => false,
                Change::Assigned(column) => {
                    let protected = protecting_ancestor(catalog, policy, by.oid).is_some();
                    (protected && c.cause == Cause::Update)
                        || self.decides(by.oid, column)
                        || self.tells(by, column, c.cause)
                }
            };
            if refused {
                let on = if c.cause == Cause::Update { "UPDATE" } else { "DELETE" };
                let why = format!("ON {on} of a foreign key would change rows of {} that are not there", by.name);
                return Err(refusal::not_supported(what, &why));
            }
            self.follows_shown(what, by, &c.along)?;
        }
        Ok(())
    }

    /// Rows that go, or change, as those do which they refer to show by that what they refer to.
    fn follows_shown(&self, what: &str, by: &Relation, along: &[String]) -> Result<(), Refusal> {
        let Some(table) = self.rules_over(by).filter(|_| !self.role.unrestricted) else { return Ok(()) };
        let open = |column: &str| matches!(table.columns.get(column), Some(ColumnUse::Open));
        let along: Vec<&str> = along.iter().map(String::as_str).filter(|column| !open(column)).collect();
        if along.is_empty() {
            return Ok(());
        }
        for purpose in self.purposes().filter(|p| visible::in_reach(table, p)) {
            let seen = guard::rows_for(self, by, table, purpose)?;
            if let Some(column) = along.iter().find(|column| !seen.is_clear(column)) {
                return Err(refusal::follows_hidden(what, &by.name.to_string(), column));
            }
        }
        Ok(())
    }

    /// Whether a column of a protected table passes, or fails, together with one that is not shown in every row.
    fn tells(&self, by: &Relation, column: &str, cause: Cause) -> bool {
        let (catalog, table) = (&self.engine.catalog, self.rules_over(by));
        let closed = |column: &str| {
            table.is_some_and(|t| self.may_hide(t) || !matches!(t.columns.get(column), Some(ColumnUse::Open)))
        };
        let others = match cause {
            Cause::Delete => read_with_null(catalog, by, column),
            Cause::Update | Cause::Default => read_together(catalog, by, column, &BTreeSet::new()),
        };
        others.into_iter().any(closed)
    }

    /// The rules that hold for the rows of a relation.
    fn rules_over(&self, relation: &Relation) -> Option<&'e TablePolicy> {
        let (engine, oid) = (self.engine, relation.oid);
        protecting_ancestor(&engine.catalog, &engine.policy, oid).and_then(|oid| engine.policy.tables.get(&oid))
    }

    /// Whether rows of a table may not be there.
    fn may_hide(&self, table: &TablePolicy) -> bool {
        let kind = table.subject.as_ref().and_then(|path| self.engine.policy.subjects.get(&path.kind));
        let chosen = || self.purpose.is_none_or(|p| p.basis.is_by_choice()) || !self.role.also_requires.is_empty();
        table.retention.is_some()
            || self.role.rows.contains_key(&table.relation)
            || kind.is_some_and(|kind| kind.restricted_when.is_some() || chosen())
    }

    /// Rows that are about nobody, or about a default's person, are shown to purposes that did not show them. So only those
    /// may become nobody's that refer to a row which is there itself, and that no purpose of the role hides for their person.
    fn leaves_nobodys(
        &self,
        target: &Target<'e>,
        relation: &Relation,
        carried: &BTreeSet<Carried>,
    ) -> Result<(), Refusal> {
        if self.role.unrestricted {
            return Ok(());
        }
        let policy = &self.engine.policy;
        let there = target.protected().filter(|p| p.aim == Aim::Rows).map(|p| p.policy.relation);
        for table in policy.tables_by_name() {
            let Some(kind) = table.subject.as_ref().and_then(|path| policy.subjects.get(&path.kind)) else { continue };
            let may_be_hidden = self.sees_restricted(kind)
                || self
                    .purposes()
                    .any(|purpose| purpose.basis.can_be_objected_to() && visible::in_reach(table, purpose));
            let released = |c: &Carried| {
                way(table, kind).iter().any(|step| {
                    let known =
                        step.leads_to.is_some_and(|next| there == Some(next)) && c.direct && c.cause == Cause::Delete;
                    [Change::Assigned, Change::Outlives].iter().any(|made| c.change == made(step.column.to_owned()))
                        && self.is_part(c.table, step.table)
                        && (may_be_hidden || !known)
                })
            };
            if carried.iter().any(released) {
                let (table, from) = (table.name.to_string(), relation.name.to_string());
                return Err(Refusal::new(
                    "subject-moved",
                    SqlState::INSUFFICIENT_PRIVILEGE,
                    format!(
                        "removing rows of \"{from}\" would leave rows of \"{table}\" that are not about their person"
                    ),
                    "rule subject-moved: a purpose of this role could then show what it may not show of their person",
                    "erase the person with `consentry subject erase`, or remove those rows first",
                ));
            }
        }
        Ok(())
    }

    pub fn purposes(&self) -> impl Iterator<Item = &'e Purpose> {
        let (engine, role) = (self.engine, self.role);
        role.purposes.iter().filter_map(|name| engine.policy.purposes.get(name))
    }

    /// Whether no other purpose of the role sees more of a table's rows, if it hides any for their subjects' sake: with another
    /// subject it may hide them no longer.
    fn seen_as_much(&self, table: &TablePolicy, moved: &str, reached: Reached) -> Result<(), Refusal> {
        let Some(now) = self.purpose else { return Ok(()) };
        let gains = |other: &&Purpose| {
            other.name != now.name
                && self.hides_people(other, now, table)
                && (sees_more(other, now, table)
                    || (reached == Reached::ThroughOthers && keeps_longer(other, now, table)))
        };
        match self.purposes().find(gains) {
            None => Ok(()),
            Some(other) => Err(Refusal::new(
                "subject-moved",
                SqlState::INSUFFICIENT_PRIVILEGE,
                format!("this change of \"{moved}\" would give rows of \"{}\" another subject", table.name),
                format!(
                    "rule subject-moved: \"{}\" does not show all of {} that \"{}\" may show of other subjects than theirs",
                    now.name, table.name, other.name
                ),
                format!("use the purpose \"{}\" for it, or a role that has only this one", other.name),
            )),
        }
    }

    /// Whether `other` hides rows for their subjects' sake: by their choices, or because they are restricted, where `now`
    /// shows those.
    fn hides_people(&self, other: &Purpose, now: &Purpose, table: &TablePolicy) -> bool {
        let kind = table.subject.as_ref().and_then(|path| self.engine.policy.subjects.get(&path.kind));
        let restricts = kind.is_some_and(|kind| kind.restricted_when.is_some());
        other.basis.is_by_choice()
            || !self.role.also_requires.is_empty()
            || (restricts && now.basis.sees_restricted() && !other.basis.sees_restricted())
    }

    fn moves_rows(&mut self, target: &Target<'e>, concerned: impl Fn(&Dependent<'_>) -> bool) -> Result<(), Refusal> {
        // Only tables with rules have others lead through them (`policy/resolve/path.rs`).
        let Some(p) = target.protected() else { return Ok(()) };
        for dependent in visible::dependents(&self.engine.policy, p.policy.relation).filter(concerned) {
            dependent.check(&self.engine.catalog, &self.engine.policy)?;
            let stores = dependent.table.store_requires.is_some();
            if stores && dependent.table.store_requires != p.policy.store_requires {
                return Err(moved(p.relation.name.to_string(), &dependent));
            }
            self.seen_as_much(dependent.table, &p.relation.name.to_string(), Reached::ThroughOthers)?;
            self.moves = true;
        }
        Ok(())
    }
}

/// Which rows of a table a statement changes the subject of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// Those that it changes: they are there.
    Themselves,
    /// Those that lead through the ones that it changes, be they there or not.
    ThroughOthers,
}

/// Whether rows of a table may be there for a purpose that another one has given up by their age.
fn keeps_longer(purpose: &Purpose, other: &Purpose, table: &TablePolicy) -> bool {
    table.retention.is_some() && other.retention.is_some() && purpose.retention != other.retention
}

/// Whether a purpose shows something of a table that another one does not show in the same way.
fn sees_more(purpose: &Purpose, other: &Purpose, table: &TablePolicy) -> bool {
    table.categories().any(|category| match (purpose.shows.contains(category), purpose.masks.get(category)) {
        (true, _) => !other.shows.contains(category),
        (false, Some(mask)) => !other.shows.contains(category) && other.masks.get(category) != Some(mask),
        (false, None) => false,
    })
}

fn moved(middle: String, dependent: &Dependent<'_>) -> Refusal {
    let table = &dependent.table.name;
    Refusal::new(
        "subject-moved",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("this change of \"{middle}\" would give rows of \"{table}\" another subject"),
        format!(
            "rule subject-moved: rows of {table} are stored only with their subject's consent, and lead to it through it"
        ),
        "delete these rows, and insert them anew under the other subject",
    )
}
