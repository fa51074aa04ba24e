//! Views WITH CHECK OPTION, and views with defaults of their own: what a write through them owes to both.
//!
//! An INSERT leaves by the view's name: PostgreSQL fills in the view's defaults and tests the new row, which is the
//! client's own. An UPDATE goes to the view's table, as any other, for PostgreSQL would choose its rows by stored values;
//! so the value that it assigns is put behind the view's conditions, over the row as the session sees it.

use std::collections::BTreeSet;

use pg_query::protobuf::{self as pb, Token};
use pg_query::{Node, NodeEnum};

use super::super::constant::is_default;
use super::super::scope::Scope;
use super::super::{Analyser, Part};
use super::deeper::{Times, means_the_same_deeper};
use super::definition::Condition;
use super::store::{ALIAS, Assigned, Becomes, Taken, raises, without_modifier};
use super::target::{Protected, Target};
use super::view::{Added, Layer, Shown, Through};
use crate::engine::catalog::{FIRST_NORMAL_OID, quote_ident};
use crate::engine::cleared::Raise;
use crate::engine::refusal::{self, Refusal};
use crate::engine::tree;

/// The SET list of an UPDATE.
pub struct SetList<'l> {
    pub list: &'l mut [Node],
    /// Where it stands in the text.
    pub tokens: Option<(usize, usize)>,
    /// The UPDATE has a FROM.
    pub joins: bool,
}

impl<'e> Analyser<'e> {
    /// An INSERT leaves by the name of these views: that they are what was judged, PostgreSQL is asked.
    pub fn leaves_through(&mut self, var: &pb::RangeVar, through: &Through<'e>) {
        self.leaves_by_name(var, through.view);
        self.left.relations.extend(through.relations());
    }

    /// An INSERT through views. `shows`: it has a RETURNING.
    pub fn insert_through(
        &mut self,
        target: &Target<'e>,
        conflict: bool,
        (updates, shows): (bool, bool),
    ) -> Result<(), Refusal> {
        let Some((p, through)) = target.protected().and_then(|p| Some((p, p.through.as_deref()?))) else {
            return Ok(());
        };
        let name = &through.view.name;
        let same = |s: &Shown| s.column.and_then(|i| through.base.columns.get(i)).is_some_and(|c| c.name == s.name);
        if conflict && !through.columns.iter().all(same) {
            let why = "the view has names of its own for columns: insert into the table";
            return Err(refusal::not_supported(&format!("ON CONFLICT on the view {name}"), why));
        }
        // PostgreSQL changed such a row until 15.19, and refuses to (55000) from then on.
        if updates && through.layers.iter().any(|l| l.condition.is_some()) {
            let why = "the row that is in the way may be none of the view's: insert into the table";
            return Err(refusal::not_supported(&format!("ON CONFLICT … DO UPDATE on the view {name}"), why));
        }
        if !through.left {
            return Ok(());
        }
        if updates {
            let why = "the view's columns have defaults of their own: insert into the table";
            return Err(refusal::not_supported(&format!("ON CONFLICT … DO UPDATE on the view {name}"), why));
        }
        if shows && !through.shows_all() {
            return Err(not_whole(through));
        }
        self.tests_its_row(p, through)
    }

    /// PostgreSQL tests a new row by conditions that read nothing but that row, and call nothing that the session may not.
    fn tests_its_row(&mut self, p: &Protected<'e>, through: &Through<'e>) -> Result<(), Refusal> {
        for layer in through.layers.iter().filter(|l| l.checked) {
            let Some(condition) = &layer.condition else { continue };
            if !self.reads_its_row(condition) {
                let what = format!("INSERT into the view {}", through.view.name);
                let why = "its WITH CHECK OPTION reads more than the new row, or calls a function of the database's own: \
                           insert into the table";
                return Err(refusal::not_supported(&what, why));
            }
            let (pending, injections, sources) = (self.pending.len(), self.injections.len(), self.sources.len());
            let judged = self.view_condition(p, layer, condition, None).map(|_| ());
            self.pending.truncate(pending);
            self.injections.truncate(injections);
            self.sources.truncate(sources);
            judged?;
        }
        Ok(())
    }

    /// Whether a condition reads nothing but its row, and calls what is PostgreSQL's own only.
    pub fn reads_its_row(&self, condition: &Condition) -> bool {
        !tree::has_kind(&condition.tree, "SubLink").unwrap_or(true) && !self.runs_own(condition)
    }

    /// Whether a condition may call what is not PostgreSQL's own, which may read more than the row.
    fn runs_own(&self, condition: &Condition) -> bool {
        let (Condition { text, tokens, .. }, catalog) = (condition, &self.engine.catalog);
        tokens.list.iter().enumerate().any(|(i, token)| {
            let name = text.get(token.start..token.end).unwrap_or_default().trim_matches('"').replace("\"\"", "\"");
            let called = tokens.kind(i + 1) == Some(Token::Ascii40) && catalog.functions_named(&name).next().is_some();
            called || self.is_own_operator(text, tokens, i) || catalog.type_functions_named(&name).next().is_some()
        })
    }

    /// An UPDATE through a view WITH CHECK OPTION: a row that met its conditions meets them still, if nothing that they read
    /// is assigned; one value that they read is tested.
    pub fn check_option(
        &mut self,
        target: &Target<'e>,
        added: &Added,
        set: SetList<'_>,
        scope: &Scope<'_>,
    ) -> Result<(), Refusal> {
        let Some((p, through)) = target.protected().and_then(|p| Some((p, p.through.as_deref()?))) else {
            return Ok(());
        };
        if added.checked.is_empty() {
            return Ok(());
        }
        let uses = self.occurrences.get(p.occurrence).map(|o| o.uses.clone()).unwrap_or_default();
        let link = super::assign::subject_link(p.policy);
        let written = |i: &usize| uses.get(*i).is_some_and(|u| u.written);
        let moves = p.relation.columns.iter().enumerate().any(|(i, c)| written(&i) && link == Some(c.name.as_str()));
        // A row may lie in a partition or a child, which fills columns in its own way.
        let family = self.engine.catalog.family(p.relation.oid);
        let computed = |i: &usize| {
            let name = p.relation.columns.get(*i).map(|c| c.name.as_str());
            name.is_none_or(|name| family.iter().any(|r| r.column(name).is_none_or(|c| c.computed)))
        };
        let apart = !moves && !family.iter().any(|r| r.has_triggers);
        let mut assigned = BTreeSet::new();
        let mut tests = Vec::new();
        // PostgreSQL tests the innermost view's condition first.
        for (n, reads) in added.checked.iter().rev() {
            let reads = reads.as_ref().filter(|reads| apart && !reads.iter().any(computed));
            let reads = reads.ok_or_else(|| tests_again(through))?;
            if reads.iter().any(written) {
                assigned.extend(reads.iter().copied().filter(written));
                tests.extend(through.layers.get(*n));
            }
        }
        match assigned.iter().copied().collect::<Vec<_>>().as_slice() {
            [] => Ok(()),
            [column] => self.test_new_value(target, (p, *column), &tests, set, scope),
            _ => Err(tests_again(through)),
        }
    }

    /// Puts the value that a column is given behind the conditions of views.
    fn test_new_value(
        &mut self,
        target: &Target<'e>,
        (p, column): (&Protected<'e>, usize),
        layers: &[&Layer],
        SetList { list, tokens, joins }: SetList<'_>,
        scope: &Scope<'_>,
    ) -> Result<(), Refusal> {
        let lost = || refusal::not_faithful("an assigned value was not found");
        let (stored, through) = p.relation.columns.get(column).zip(p.through.as_deref()).ok_or_else(lost)?;
        let again = || tests_again(through);
        // Its value stands behind a test already.
        let tested = self.store_test(target)?.is_some_and(|(_, test)| test.column == column);
        // A cast to a domain cuts what its type's modifier has no room for.
        let cuts = stored.ty.oid >= FIRST_NORMAL_OID && stored.ty.typmod >= 0;
        let texts = ["text", "varchar", "bpchar", "name", "citext"].contains(&stored.ty.base.trim_start_matches('_'));
        let compares = is_default(stored.ty.collation) || (stored.ty.collation == 0 && !texts);
        if tested || cuts || !compares {
            return Err(again());
        }
        let Assigned { assignment, span } = self.assigned_value(list, &stored.name, tokens)?.ok_or_else(lost)?;
        let value = assignment.val.as_mut().ok_or_else(lost)?;
        // Of a row that FROM finds twice PostgreSQL tests the value that it takes, not the others.
        let reads_from = joins && tree::has_kind(value, "ColumnRef").unwrap_or(true);
        let same = !reads_from && means_the_same_deeper(value, &self.engine.catalog, Times::EachRow);
        let span = span.filter(|_| same && !matches!(value.node, Some(NodeEnum::SetToDefault(_)))).ok_or_else(again)?;
        self.becomes(self.type_of(value, scope), p, column)?;
        let becomes = self.how_becomes(value, self.operand(value, scope), stored);
        if becomes == Becomes::Never {
            return Ok(());
        }
        let (name, ty) = (quote_ident(&stored.name), without_modifier(stored));
        // As it is when it is stored: a number rounded, a text cut, and compared as the column's are.
        let instead = match stored.ty.collation {
            0 => format!("({ALIAS}.{name})::{}", stored.ty.sql),
            _ => format!("(({ALIAS}.{name})::{} COLLATE pg_catalog.\"default\")", stored.ty.sql),
        };
        let before = self.may_fail;
        let mut tests = Vec::with_capacity(layers.len());
        for layer in layers {
            let condition = layer.condition.as_ref().ok_or_else(lost)?;
            let (source, tree) = self.view_condition(p, layer, condition, Some((column, &instead)))?;
            let condition = self.inject(Part::Condition { source, tree: Box::new(tree) }, None, false);
            let marker = format!("consentry check option {}.{}.", p.relation.name, layer.view);
            let raise = self.inject(Part::Expression(raises(&marker)), None, false);
            self.raises_on_purpose(Raise { marker, refusal: refusal::check_option(&layer.view) });
            tests.push((condition, raise));
        }
        // Only of rows that are reached.
        self.may_fail = before;
        self.put_tests(value, span, "", &Taken { becomes, name: &name, ty: &ty }, &tests)
    }
}

fn not_whole(through: &Through<'_>) -> Refusal {
    let what = format!("RETURNING in an INSERT into the view {}", through.view.name);
    let why = "PostgreSQL gives new rows the view's defaults or tests them, and the view does not show all columns under their \
               names: leave it out, or insert into the table";
    refusal::not_supported(&what, why)
}

/// Where a new value of what a view's conditions read cannot be tested.
fn tests_again(through: &Through<'_>) -> Refusal {
    let what = format!("this UPDATE of the view {}", through.view.name);
    let why = "it assigns what the view's conditions may read, and WITH CHECK OPTION would test them again: assign one such \
               column, a value that is no row or DEFAULT, or update the table";
    refusal::not_supported(&what, why)
}
