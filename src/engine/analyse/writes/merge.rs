//! MERGE: a row of the target that is not there does not match.

use pg_query::protobuf::{self as pb, Token};
use pg_query::{Node, NodeEnum};

use super::super::scope::{Columns, Item, Scope};
use super::super::select::{is_row_expansion, star};
use super::super::{Analyser, At, Replacement, inner, placeholder};
use super::checked::Tests;
use super::derive::{Drawn, Flow};
use super::fence::Fallible;
use super::merge_clauses::Clause;
use super::returning::shows;
use super::spans::and;
use super::target::{Protected, Reach, Target};
use super::update::{limits, named};
use super::{Moment, What};
use crate::engine::policy::Right;
use crate::engine::refusal::{self, Refusal};

/// What a WHEN clause does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Insert,
    Update,
    Delete,
    Nothing,
}

impl<'e> Analyser<'e> {
    pub fn merge_into(&mut self, s: &mut pb::MergeStmt, at: At) -> Result<Columns, Refusal> {
        let pb::MergeStmt {
            relation,
            source_relation,
            join_condition,
            merge_when_clauses,
            returning_clause,
            with_clause,
        } = s;
        self.chooses_with(with_clause.as_mut())?;
        let actions = merge_when_clauses.iter().map(action).collect::<Result<Vec<_>, _>>()?;
        let target = self.write_target(named(relation)?, &rights(&actions), Reach::Reads)?;
        self.not_through(&target, "MERGE into")?;
        self.chooses(&target);
        let source = source_relation.as_mut().ok_or_else(|| refusal::not_supported("MERGE", "it has no source"))?;
        let source = self.from_item(source, &[], &Scope::EMPTY)?;
        let both: Vec<Item> = std::iter::once(&target.item).chain(&source).cloned().collect();
        let (both, source) = (Scope { items: &both, parent: None }, Scope { items: &source, parent: None });
        let condition =
            join_condition.as_mut().ok_or_else(|| refusal::not_supported("MERGE", "it has no condition"))?;
        let fails = self.settle_apart();
        let fallible = self.fallible(&target, condition, &both, fails)?;
        if let Some(p) = target.protected() {
            self.merge_protected(p, shows(returning_clause.as_ref()))?;
            self.match_only(p, join_condition, &fallible)?;
        }
        let clauses = match target.protected() {
            Some(p) => {
                self.merge_clauses(self.merge_on(p.after)?.1, merge_when_clauses)?.into_iter().map(Some).collect()
            }
            None => vec![None; actions.len()],
        };
        for ((node, action), clause) in merge_when_clauses.iter_mut().zip(&actions).zip(clauses) {
            let NodeEnum::MergeWhenClause(when) = inner(node)? else { continue };
            self.when(&target, (when, clause), *action, &both, &source)?;
        }
        let flow = if actions.contains(&Action::Insert) { Flow::Rows } else { Flow::Values };
        self.check_flow(&target, flow)?;
        self.returning(returning_clause, &both, at, Moment::New, Tests::default())
    }

    fn merge_protected(&self, p: &Protected<'e>, shows: bool) -> Result<(), Refusal> {
        let table = &p.relation.name;
        if shows {
            return Err(refusal::not_supported(&format!("MERGE … RETURNING of {table}"), "it is a protected table"));
        }
        Ok(())
    }

    /// Adds to ON that the target's row is there.
    fn match_only(
        &mut self,
        p: &Protected<'e>,
        condition: &mut Option<Box<Node>>,
        fallible: &Fallible,
    ) -> Result<(), Refusal> {
        if !limits(p, &[]) {
            return Ok(());
        }
        let span = self.merge_on(p.after)?;
        let fenced = match condition {
            Some(condition) => self.fence(p, condition, span, fallible)?,
            None => false,
        };
        let mut added: Vec<usize> = self.fence_from(p, fallible).into_iter().collect();
        added.push(self.pend(p.occurrence, What::Reached { clear: Vec::new(), moves: false }));
        let (start, end) = self.token_span(span.0, span.1)?;
        if !fenced {
            self.edit(start, start, Replacement::Text("(".to_owned()));
            self.edit(end, end, Replacement::Text(")".to_owned()));
        }
        for injection in added {
            self.edit(end, end, Replacement::Text(" AND ".to_owned()));
            self.edit(end, end, Replacement::Injected(injection, String::new()));
            and(condition, Node { node: Some(placeholder(injection)) });
        }
        Ok(())
    }

    /// Tokens of the condition after ON.
    fn merge_on(&self, from: usize) -> Result<(usize, usize), Refusal> {
        let when = self.outside_case(from, Token::When);
        // The source may be a join with ONs of its own: the last one is MERGE's.
        let (mut on, mut next) = (None, self.clause_end(from, &[Token::On]));
        while next < when {
            on = Some(next);
            next = self.clause_end(next + 1, &[Token::On]);
        }
        let on = on.ok_or_else(|| refusal::not_faithful("MERGE's ON was not found in the text"))?;
        Ok((on + 1, when))
    }

    fn when(
        &mut self,
        target: &Target<'e>,
        (when, clause): (&mut pb::MergeWhenClause, Option<Clause>),
        action: Action,
        both: &Scope<'_>,
        source: &Scope<'_>,
    ) -> Result<(), Refusal> {
        let absent = when.match_kind() == pb::MergeMatchKind::MergeWhenNotMatchedByTarget;
        let pb::MergeWhenClause { match_kind: _, command_type: _, r#override: _, condition, target_list, values } =
            when;
        let scope = if absent { source } else { both };
        if let Some(condition) = condition {
            self.expr(condition, scope, At::OPERAND)?;
        }
        match action {
            Action::Nothing => Ok(()),
            Action::Insert => {
                for column in target_list.iter_mut() {
                    if let NodeEnum::ResTarget(column) = inner(column)? {
                        self.subscripts(&mut column.indirection, source)?;
                    }
                }
                self.casts_stored(target, target_list)?;
                let expands = values.iter().any(|v| star(v).is_some() || is_row_expansion(v));
                let filled = self.filled(target, target_list, (!expands).then_some(values.len()))?;
                for (i, value) in values.iter_mut().enumerate() {
                    if let Some(((relation, _), column)) = target.judged().zip(filled.get(i)) {
                        self.name_stored(relation, *column, self.key_side(value, source));
                    }
                    self.drawn = Drawn::default();
                    self.exprs(std::slice::from_mut(value), source, At::OUTPUT)?;
                    let made_of = self.drawn.made_of().filter(|_| !expands);
                    filled.get(i).map_or(Ok(()), |column| self.copies_into(target, *column, made_of.as_deref()))?;
                }
                clause.map_or(Ok(()), |clause| self.check_merged(target, (when, clause), &filled, source))
            }
            Action::Delete => {
                if let Some(p) = target.protected() {
                    (0..p.relation.columns.len()).for_each(|i| self.note_written(p.occurrence, i));
                }
                self.releases(target)?;
                self.takes_choices(target)?;
                self.limit(target, (when, clause), Vec::new())
            }
            Action::Update => {
                let clear = self.assignments(target, target_list, both, &[])?;
                if let Some(clause) = clause {
                    self.check_assigned(target, target_list, both, Some(self.set_of(clause)))?;
                }
                self.limit(target, (when, clause), clear)
            }
        }
    }

    /// A clause reaches rows only that it may change.
    fn limit(
        &mut self,
        target: &Target<'e>,
        (when, clause): (&mut pb::MergeWhenClause, Option<Clause>),
        clear: Vec<usize>,
    ) -> Result<(), Refusal> {
        let moves = std::mem::take(&mut self.moves);
        match (target.protected(), clause) {
            (Some(p), Some(clause)) => self.limit_clause(p, when, clause, (clear, moves)),
            _ if moves => {
                let why = "rows of other tables lead to their subject through this one: use UPDATE or DELETE";
                Err(refusal::not_supported("this MERGE", why))
            }
            _ => Ok(()),
        }
    }
}

/// What a clause does; a refusal for what is not known.
fn action(node: &Node) -> Result<Action, Refusal> {
    let unknown = || refusal::not_supported("MERGE", "a WHEN clause of it is not known");
    let Some(NodeEnum::MergeWhenClause(when)) = &node.node else { return Err(unknown()) };
    let matched = match when.match_kind() {
        pb::MergeMatchKind::MergeWhenMatched => true,
        pb::MergeMatchKind::MergeWhenNotMatchedByTarget => false,
        pb::MergeMatchKind::MergeWhenNotMatchedBySource => {
            let why = "the rows that it reaches are not those of a condition";
            return Err(refusal::not_supported("MERGE … WHEN NOT MATCHED BY SOURCE", why));
        }
        pb::MergeMatchKind::Undefined => return Err(unknown()),
    };
    match (when.command_type(), matched) {
        (pb::CmdType::CmdNothing, _) => Ok(Action::Nothing),
        (pb::CmdType::CmdInsert, false) => Ok(Action::Insert),
        (pb::CmdType::CmdUpdate, true) => Ok(Action::Update),
        (pb::CmdType::CmdDelete, true) => Ok(Action::Delete),
        _ => Err(unknown()),
    }
}

fn rights(actions: &[Action]) -> Vec<Right> {
    let needs = |action: &Action| match action {
        Action::Insert => Some(Right::Insert),
        Action::Update => Some(Right::Update),
        Action::Delete => Some(Right::Delete),
        Action::Nothing => None,
    };
    actions.iter().filter_map(needs).collect()
}
