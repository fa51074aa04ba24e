//! Views WITH CHECK OPTION, and views with defaults of their own: what a write through them owes to both.
//!
//! A write goes to the view's table, as any other, for PostgreSQL would choose its rows, and test them, by stored values.
//! So the view's conditions are tested in its RETURNING, over the row as the session sees it, or made it: PostgreSQL works
//! that out right behind the place where it tests the new rows of views, when all constraints have been
//! (`ExecUpdateEpilogue`, `ExecInsert`). The rows of a write that has no RETURNING of the client's own are not passed on
//! (`Statement::silent`). The row that ON CONFLICT runs into is tested in its WHERE.
//!
//! Only an INSERT for which a view has defaults leaves by the view's name: PostgreSQL fills these in, and tests the new row.

use pg_query::protobuf::{self as pb, Token};
use pg_query::{Node, NodeEnum};

use super::super::{Analyser, Part, Replacement, ours, placeholder};
use super::deeper::{Times, means_the_same_deeper};
use super::definition::Condition;
use super::returning::result;
use super::store::{is_star, raises};
use super::target::{Protected, Target};
use super::view::{Checked, Through};
use super::{Called, Moment, What};
use crate::engine::cleared::Raise;
use crate::engine::refusal::{self, Refusal};
use crate::engine::tree;
use crate::engine::visible::CellKind;

/// What tests a new row by the conditions of the views that it is written through.
#[derive(Default)]
pub struct Tests {
    /// The condition, and what raises an error where that is not true; the first is tested first.
    all: Vec<(usize, usize)>,
    /// Index of the first token after the target's name and alias.
    after: usize,
    view: String,
}

/// Begins the item of RETURNING that is there once the row has been tested: it keeps its name and type.
pub const TESTED: &str = "(SELECT ";

impl<'e> Analyser<'e> {
    /// An INSERT leaves by the name of these views: that they are what was judged, PostgreSQL is asked.
    pub fn leaves_through(&mut self, var: &pb::RangeVar, through: &Through<'e>) {
        self.leaves_by_name(var, through.view);
        self.left.relations.extend(through.relations());
    }

    /// An INSERT that leaves by the name of views. `shows`: it has a RETURNING.
    pub fn insert_through(&mut self, target: &Target<'e>, updates: bool, shows: bool) -> Result<(), Refusal> {
        let Some((p, through)) = target.protected().zip(target.left()) else { return Ok(()) };
        if updates {
            let what = format!("ON CONFLICT … DO UPDATE on the view {}", through.view.name);
            let why = "the view's columns, or their types, have defaults of their own: insert into the table";
            return Err(refusal::not_supported(&what, why));
        }
        if shows && !through.shows_all() {
            return Err(not_whole(through));
        }
        self.tests_its_row(p, through)
    }

    /// PostgreSQL tests a new row by conditions that read nothing but that row (what the policy does not list of it is none of
    /// the client's), and call nothing that the session may not.
    fn tests_its_row(&mut self, p: &Protected<'e>, through: &Through<'e>) -> Result<(), Refusal> {
        for layer in through.layers.iter().filter(|l| l.checked) {
            let Some(condition) = &layer.condition else { continue };
            let (pending, injections, sources) = (self.pending.len(), self.injections.len(), self.sources.len());
            let judged = self.view_condition(p, layer, condition).map(|_| ());
            let cell = |column: &Called| p.visible.cells.get(column.index);
            let listed = |column: &Called| cell(column).is_some_and(|cell| !matches!(cell.kind, CellKind::Hidden));
            let own = self.pending.drain(pending..).all(|read| match &read.what {
                What::Column(column) => listed(column),
                What::Row { columns, .. } => columns.iter().all(listed),
                What::Reached { .. } | What::There => false,
            });
            self.injections.truncate(injections);
            self.sources.truncate(sources);
            judged?;
            if !own || !self.reads_its_row(condition) {
                let what = format!("INSERT into the view {}", through.view.name);
                let why = "its columns, or their types, have defaults of their own, and its WITH CHECK OPTION reads more than the \
                           new row, or a column that the policy does not list, or calls a function of the database's own: insert \
                           into the table";
                return Err(refusal::not_supported(&what, why));
            }
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

    /// An INSERT through a view WITH CHECK OPTION: what tests the new row, and that which DO UPDATE makes of another.
    pub fn check_inserted(&mut self, target: &Target<'e>, updates: bool) -> Result<Tests, Refusal> {
        let through = target.through().filter(|through| !through.left);
        let layers = through.map_or(&[][..], |through| &through.layers).iter().enumerate();
        let checked = layers.filter(|(_, l)| l.checked && l.condition.is_some());
        let checked: Vec<Checked> = checked.map(|(n, _)| (n, None)).collect();
        self.check_option(target, &checked, if updates { Moment::Upserted } else { Moment::Inserted })
    }

    /// A write through a view WITH CHECK OPTION: what tests the new row, by the conditions of which the statement may change
    /// something (a row that met them meets the others still). `checked`: the conditions.
    pub fn check_option(&mut self, target: &Target<'e>, checked: &[Checked], moment: Moment) -> Result<Tests, Refusal> {
        let Some((p, through)) = target.protected().zip(target.through()) else { return Ok(Tests::default()) };
        let catalog = &self.engine.catalog;
        let uses = self.occurrences.get(p.occurrence).map(|o| o.uses.clone()).unwrap_or_default();
        let stays =
            |i: &usize| uses.get(*i).is_some_and(|u| !u.written) && catalog.holds_what_is_stored(p.relation, *i);
        let changes = |(_, reads): &&Checked| !reads.as_ref().is_some_and(|reads| reads.iter().all(stays));
        let around = std::mem::replace(&mut self.moment, moment);
        let mut tests = Tests { all: Vec::new(), after: p.after, view: through.view.name.to_string() };
        // PostgreSQL tests the innermost view's condition first.
        for (n, _) in checked.iter().rev().filter(changes) {
            let layer = through.layers.get(*n).and_then(|l| Some((l, l.condition.as_ref()?)));
            let (layer, condition) = layer.ok_or_else(|| refusal::not_faithful("a view's condition is gone"))?;
            let (source, tree) = self.view_condition(p, layer, condition)?;
            let condition = self.inject(Part::Condition { source, tree: Box::new(tree) }, None, false);
            let marker = format!("consentry check option {}.{}.", p.relation.name, layer.view);
            tests.all.push((condition, self.raise(marker, refusal::check_option(&layer.view))));
        }
        self.moment = around;
        Ok(tests)
    }

    /// What must be true of the row that ON CONFLICT DO UPDATE runs into: it is there, and shows the cells by which it was found
    /// (`found`). If so, but it is none of the views', that is an error, whatever the client's WHERE says; PostgreSQL tests the
    /// innermost view first.
    pub fn conflict_in_view(&mut self, target: &Target<'e>, found: &[usize]) -> Result<Vec<usize>, Refusal> {
        let Some((p, through)) = target.protected().zip(target.through()) else { return Ok(Vec::new()) };
        let mut tests = Vec::new();
        for layer in through.layers.iter().rev() {
            let Some(condition) = &layer.condition else { continue };
            let (source, tree) = self.view_condition(p, layer, condition)?;
            let reached = What::Reached { clear: found.to_vec(), moves: false };
            let reached = self.pend(p.occurrence, reached);
            let marker = format!("consentry conflict {}.{}.", p.relation.name, layer.view);
            let raise = self.raise(marker, refusal::conflict_not_in_view(&layer.view));
            let outside = std::mem::replace(&mut self.source, source);
            let tree = self.put_conflict_test(tree, reached, raise);
            self.source = outside;
            let tree = Box::new(tree?);
            tests.push(self.inject(Part::Condition { source, tree }, None, false));
        }
        Ok(tests)
    }

    /// The injection of what raises an error, which the client is told as `refusal`.
    fn raise(&mut self, marker: String, refusal: Refusal) -> usize {
        let raise = self.inject(Part::Expression(raises(&marker)), None, false);
        self.raises_on_purpose(Raise { marker, refusal });
        raise
    }

    /// Puts it around a view's condition, in text (behind SELECT) and tree.
    fn put_conflict_test(&mut self, condition: Node, reached: usize, raise: usize) -> Result<Node, Refusal> {
        let (start, end) = self.token_span(1, self.tokens().list.len())?;
        self.edit(start, start, Replacement::Text("CASE WHEN ".to_owned()));
        self.edit(start, start, Replacement::Injected(reached, " THEN CASE WHEN (".to_owned()));
        self.edit(end, end, Replacement::Text(") IS NOT TRUE THEN ".to_owned()));
        self.edit(end, end, Replacement::Injected(raise, " IS NULL ELSE true END ELSE false END".to_owned()));
        let lost = || refusal::not_faithful("a view's condition is gone");
        let parts = [placeholder(reached), condition.node.ok_or_else(lost)?, placeholder(raise)];
        let text = "CASE WHEN $1 THEN CASE WHEN $2 IS NOT TRUE THEN $3 IS NULL ELSE true END ELSE false END";
        Ok(Node { node: Some(ours::filled(text, parts)?) })
    }

    /// A RETURNING of nothing but the tests; `None`: there are none.
    pub fn return_tests(&mut self, tests: Tests) -> Result<Option<pb::ReturningClause>, Refusal> {
        if tests.all.is_empty() {
            return Ok(None);
        }
        let end = self.clause_end(tests.after, &[]);
        let (_, at) = self.token_span(end.saturating_sub(1), end)?;
        self.edit(at, at, Replacement::Text(" RETURNING ".to_owned()));
        let test = Node { node: Some(self.put_tests(at, &tests)?) };
        Ok(Some(pb::ReturningClause { options: Vec::new(), exprs: vec![result("", test)] }))
    }

    /// Begins to put the tests around an item of RETURNING, if it means the same in a query of its own; where it ends in the
    /// text. `place`: its place in the list.
    pub fn begin_tested(
        &mut self,
        tests: &mut Tests,
        item: &Node,
        place: usize,
    ) -> Result<Option<(Tests, usize)>, Refusal> {
        let Some(NodeEnum::ResTarget(target)) = item.node.as_ref().filter(|_| !is_star(item)) else { return Ok(None) };
        let same = |value: &Node| means_the_same_deeper(value, &self.engine.catalog, Times::EachRow);
        if !target.val.as_deref().is_some_and(same) {
            return Ok(None);
        }
        let Some(tests) = tests.take() else { return Ok(None) };
        let from = self.clause_end(tests.after, &[Token::Returning]) + 1;
        let items = self.list_items(from, self.clause_end(from, &[]));
        let lost = || refusal::not_faithful("an item of RETURNING was not found in the text");
        let (start, end) = self.value_span(*items.get(place).ok_or_else(lost)?, !target.name.is_empty())?;
        self.edit(start, start, Replacement::Text(TESTED.to_owned()));
        Ok(Some((tests, end)))
    }

    /// What [`TESTED`] has begun before it in the text ends here.
    pub fn end_tested(&mut self, value: Node, at: usize, tests: &Tests) -> Result<Node, Refusal> {
        let lost = || refusal::not_faithful("an item of RETURNING is gone");
        self.edit(at, at, Replacement::Text(" WHERE ".to_owned()));
        let test = self.put_tests(at, tests)?;
        self.edit(at, at, Replacement::Text(")".to_owned()));
        let parts = [value.node.ok_or_else(lost)?, test];
        Ok(Node { node: Some(ours::filled(&format!("{TESTED}$1 WHERE $2)"), parts)?) })
    }

    /// True, or an error: PostgreSQL takes what is null for not met.
    fn put_tests(&mut self, at: usize, tests: &Tests) -> Result<NodeEnum, Refusal> {
        let (mut text, mut parts) = ("CASE".to_owned(), Vec::with_capacity(2 * tests.all.len()));
        self.edit(at, at, Replacement::Text("CASE".to_owned()));
        for (condition, raise) in &tests.all {
            self.edit(at, at, Replacement::Text(" WHEN ".to_owned()));
            self.edit(at, at, Replacement::Injected(*condition, " IS NOT TRUE THEN ".to_owned()));
            self.edit(at, at, Replacement::Injected(*raise, " IS NULL".to_owned()));
            parts.extend([placeholder(*condition), placeholder(*raise)]);
            text += &format!(" WHEN ${} IS NOT TRUE THEN ${} IS NULL", parts.len() - 1, parts.len());
        }
        self.edit(at, at, Replacement::Text(" ELSE true END".to_owned()));
        ours::filled(&format!("{text} ELSE true END"), parts)
    }
}

impl Tests {
    pub fn take(&mut self) -> Option<Self> {
        let tests = std::mem::take(self);
        (!tests.all.is_empty()).then_some(tests)
    }

    /// All of RETURNING has been walked: whether some item took them.
    pub fn are_put(self) -> Result<(), Refusal> {
        if self.all.is_empty() {
            return Ok(());
        }
        let what = format!("this RETURNING of a write to the view {}", self.view);
        let why = "WITH CHECK OPTION is tested where a value is returned, and all of these are rows of other tables, or made \
                   by aggregates, functions of the database's own or others that give another value each time: return a \
                   column of the view too";
        Err(refusal::not_supported(&what, why))
    }
}

fn not_whole(through: &Through<'_>) -> Refusal {
    let what = format!("RETURNING in an INSERT into the view {}", through.view.name);
    let why = "PostgreSQL gives new rows defaults of the view's, or of its columns' types, and the view does not show all columns \
               under their names: leave it out, or insert into the table";
    refusal::not_supported(&what, why)
}
