//! A write's target cannot stand behind a fence (`fallible.rs`). So what could fail in the conditions of a write is tested
//! where the row is there only: `CASE WHEN <the row is there> THEN (…) END`.

use pg_query::protobuf::{self as pb, Token};
use pg_query::{Node, NodeEnum};

use super::super::scope::Scope;
use super::super::{Analyser, At, Replacement, placeholder};
use super::target::{Protected, Target};
use super::view::Added;
use super::{Aim, What};
use crate::engine::refusal::{self, Refusal};

/// Which parts of a condition could fail.
#[derive(Debug, Clone, Default)]
pub struct Fallible {
    /// Something before it could: FROM, WITH.
    pub before: bool,
    /// Each conjunct, or the whole.
    pub parts: Vec<bool>,
}

impl<'e> Analyser<'e> {
    /// Judges a condition of a write, conjunct by conjunct.
    pub fn fallible(&mut self, condition: &mut Node, scope: &Scope<'_>) -> Result<Fallible, Refusal> {
        let before = self.may_fail;
        let mut parts = Vec::new();
        let mut judge = |a: &mut Self, part: &mut Node| {
            a.may_fail = false;
            a.expr(part, scope, At::CONDITION)?;
            parts.push(a.may_fail);
            Ok(())
        };
        match &mut condition.node {
            Some(NodeEnum::BoolExpr(b)) if is_and(b) => {
                b.args.iter_mut().try_for_each(|part| judge(self, part))?;
            }
            _ => judge(self, condition)?,
        }
        self.may_fail = before || parts.contains(&true);
        Ok(Fallible { before, parts })
    }

    /// Puts what could fail of `condition`, whose text is that of the tokens `from..to`, behind the test that the target's
    /// row is there: then all of it is a chain of AND. Returns whether anything was.
    pub fn fence(
        &mut self,
        p: &Protected<'e>,
        condition: &mut Node,
        (from, to): (usize, usize),
        fallible: &Fallible,
    ) -> Result<bool, Refusal> {
        let fails = |i: usize| fallible.before || fallible.parts.get(i) == Some(&true);
        if !hides_rows(p) || !(0..fallible.parts.len()).any(fails) {
            return Ok(false);
        }
        let spans = self.conjuncts(from, to);
        match &mut condition.node {
            Some(NodeEnum::BoolExpr(b)) if is_and(b) && spans.len() == b.args.len() => {
                let parts = b.args.iter_mut().zip(spans).enumerate().filter(|(i, _)| fails(*i));
                for (_, (part, (from, to))) in parts {
                    self.where_there(p, part, from, to)?;
                }
            }
            _ => self.where_there(p, condition, from, to)?,
        }
        Ok(true)
    }

    /// What FROM computes runs for each row that gets there, whatever the conditions say: a row that is not there is
    /// dropped before.
    pub fn fence_from(&mut self, p: &Protected<'e>, fallible: &Fallible) -> Option<usize> {
        (fallible.before && hides_rows(p)).then(|| self.pend(p.occurrence, What::There))
    }

    /// The conditions of the views that a write goes through stand in no text of the client's: nothing of them can be put
    /// behind a test.
    pub fn sound_view_conditions(&mut self, target: &Target<'e>) -> Result<Added, Refusal> {
        let before = std::mem::replace(&mut self.may_fail, false);
        let added = self.view_conditions(target)?;
        if self.may_fail && target.protected().is_some_and(hides_rows) {
            let why = "its condition computes something that could fail on rows that are not there: write to its table";
            return Err(refusal::not_supported("a write through this view", why));
        }
        self.may_fail |= before;
        Ok(added)
    }

    /// `CASE WHEN <the row is there> THEN (part) END`, in text and tree.
    fn where_there(&mut self, p: &Protected<'e>, part: &mut Node, from: usize, to: usize) -> Result<(), Refusal> {
        let there = self.pend(p.occurrence, What::There);
        let (start, end) = self.token_span(from, to)?;
        self.edit(start, start, Replacement::Text("CASE WHEN ".to_owned()));
        self.edit(start, start, Replacement::Injected(there, " THEN (".to_owned()));
        self.edit(end, end, Replacement::Text(") END".to_owned()));
        let when = pb::CaseWhen {
            expr: Some(Box::new(Node { node: Some(placeholder(there)) })),
            result: Some(Box::new(Node { node: part.node.take() })),
            location: -1,
            ..pb::CaseWhen::default()
        };
        let when = Node { node: Some(NodeEnum::CaseWhen(Box::new(when))) };
        let case = pb::CaseExpr { args: vec![when], location: -1, ..pb::CaseExpr::default() };
        part.node = Some(NodeEnum::CaseExpr(Box::new(case)));
        Ok(())
    }

    /// The tokens `from..to` between the ANDs of the outermost level, other than those of BETWEEN.
    fn conjuncts(&self, from: usize, to: usize) -> Vec<(usize, usize)> {
        let (mut all, mut start, mut cases, mut between) = (Vec::new(), from, 0_usize, false);
        let mut at = from;
        let stops = [Token::And, Token::Between, Token::Case, Token::EndP];
        loop {
            at = self.clause_end(at, &stops);
            if at >= to {
                all.push((start, to));
                return all;
            }
            match self.tokens().kind(at) {
                Some(Token::Case) => cases += 1,
                Some(Token::EndP) => cases = cases.saturating_sub(1),
                Some(Token::Between) if cases == 0 => between = true,
                Some(Token::And) if cases == 0 && between => between = false,
                Some(Token::And) if cases == 0 => {
                    all.push((start, at));
                    start = at + 1;
                }
                _ => {}
            }
            at += 1;
        }
    }
}

/// Whether some rows of the target are not there.
fn hides_rows(p: &Protected<'_>) -> bool {
    p.aim == Aim::Rows && !p.visible.rows.is_empty()
}

fn is_and(b: &pb::BoolExpr) -> bool {
    b.boolop() == pb::BoolExprType::AndExpr
}
