//! The WHEN clauses of a MERGE in the text, and what is put into them: conditions that a row must meet to be changed, and
//! tests of what is stored.

use pg_query::protobuf::{self as pb, Token};
use pg_query::{Node, NodeEnum};

use super::super::scope::Scope;
use super::super::{Analyser, Replacement, placeholder};
use super::What;
use super::deeper::Times;
use super::spans::and;
use super::target::{Protected, Target};
use crate::engine::refusal::{self, Refusal};

/// Tokens of a WHEN clause.
#[derive(Debug, Clone, Copy)]
pub struct Clause {
    when: usize,
    then: usize,
    end: usize,
    /// No clause for rows that match follows.
    last: bool,
}

impl<'e> Analyser<'e> {
    /// The WHEN clauses of a MERGE, of which the first is the first behind token `from`.
    pub fn merge_clauses(&self, from: usize, whens: &[Node]) -> Result<Vec<Clause>, Refusal> {
        let lost = || refusal::not_faithful("MERGE's WHEN was not found in the text");
        let mut clauses = Vec::with_capacity(whens.len());
        let mut when = self.outside_case(from, Token::When);
        for n in 0..whens.len() {
            let then = self.outside_case(when + 1, Token::Then);
            let end = self.outside_case(then + 1, Token::When);
            if self.tokens().kind(when) != Some(Token::When) || self.tokens().kind(then) != Some(Token::Then) {
                return Err(lost());
            }
            let last = !whens.iter().skip(n + 1).any(is_for_matched);
            clauses.push(Clause { when, then, end, last });
            when = end;
        }
        if self.tokens().kind(when) == Some(Token::When) { Err(lost()) } else { Ok(clauses) }
    }

    /// As [`Analyser::clause_end`], and outside of any CASE.
    pub fn outside_case(&self, from: usize, stop: Token) -> usize {
        let (mut at, mut cases) = (from, 0_usize);
        loop {
            at = self.clause_end(at, &[stop, Token::Case, Token::EndP]);
            match self.tokens().kind(at) {
                Some(Token::Case) => cases += 1,
                Some(Token::EndP) => cases = cases.saturating_sub(1),
                Some(kind) if kind == stop && cases > 0 => {}
                _ => return at,
            }
            at += 1;
        }
    }

    /// A clause changes only rows in which the columns of `clear` are, and with which those of other tables may move. A row of
    /// another kind stays as it is: so no clause may follow that could take it.
    pub fn limit_clause(
        &mut self,
        p: &Protected<'e>,
        when: &mut pb::MergeWhenClause,
        clause: Clause,
        (clear, moves): (Vec<usize>, bool),
    ) -> Result<(), Refusal> {
        if clear.is_empty() && !moves {
            return Ok(());
        }
        if !clause.last {
            let why = "what it changes is masked in some rows, or rows of other tables lead to their subject through it: such \
                       rows must stay as they are, and a later WHEN MATCHED could take them: put it last, or use UPDATE or DELETE";
            return Err(refusal::not_supported("this MERGE", why));
        }
        let injection = self.pend(p.occurrence, What::Reached { clear, moves });
        let (at, _) = self.token_span(clause.then, clause.then + 1)?;
        if when.condition.is_some() {
            // WHEN MATCHED AND …
            let (start, end) = self.token_span(clause.when + 3, clause.then)?;
            self.edit(start, start, Replacement::Text("(".to_owned()));
            self.edit(end, end, Replacement::Text(")".to_owned()));
        }
        self.edit(at, at, Replacement::Text("AND ".to_owned()));
        self.edit(at, at, Replacement::Injected(injection, " ".to_owned()));
        and(&mut when.condition, Node { node: Some(placeholder(injection)) });
        Ok(())
    }

    /// `store_requires`, for what a clause inserts.
    pub fn check_merged(
        &mut self,
        target: &Target<'e>,
        (when, clause): (&mut pb::MergeWhenClause, Clause),
        filled: &[usize],
        scope: &Scope<'_>,
    ) -> Result<(), Refusal> {
        let Some((p, test)) = self.store_test(target)? else { return Ok(()) };
        let overrides = when.r#override() == pb::OverridingKind::OverridingUserValue;
        let place = filled.iter().position(|c| *c == test.column).filter(|_| !overrides);
        let Some((place, value)) = place.and_then(|at| Some((at, when.values.get_mut(at)?))) else {
            return Err(self.not_given(&test));
        };
        let list = self.clause_end(clause.then, &[Token::Values]) + 1;
        let close = self.clause_end(list + 1, &[]);
        let lost = || refusal::not_faithful("MERGE's VALUES was not found in the text");
        let (from, to) =
            *self.list_items(list + 1, close).get(place).filter(|_| close < clause.end).ok_or_else(lost)?;
        let span = self.token_span(from, to)?;
        self.becomes(self.type_of(value, scope), p, test.column)?;
        let test = self.test_of(value, self.operand(value, scope), p, &test);
        self.wrap(value, span, &test, Times::EachRow)
    }

    /// The tokens of a clause's SET list.
    pub fn set_of(&self, clause: Clause) -> (usize, usize) {
        (self.clause_end(clause.then, &[Token::Set]) + 1, clause.end)
    }
}

fn is_for_matched(node: &Node) -> bool {
    let Some(NodeEnum::MergeWhenClause(when)) = &node.node else { return true };
    when.match_kind() != pb::MergeMatchKind::MergeWhenNotMatchedByTarget
}
