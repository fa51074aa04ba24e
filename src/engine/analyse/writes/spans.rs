//! Where the clauses of a write stand in the text. What is found here is only where to cut: `clear.rs` reads the result
//! again and holds it against the tree.

use pg_query::protobuf::{self as pb, Token};
use pg_query::{Node, NodeEnum};

use super::super::{Analyser, Replacement, ours, placeholder};
use crate::engine::parse::Tokens;
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    /// Index of the first token from `from` on, outside of any parentheses, that is of a kind in `stops`; else of the one
    /// that ends the statement (a parenthesis that closes it, a semicolon, or past the last token).
    pub fn clause_end(&self, from: usize, stops: &[Token]) -> usize {
        end_of_clause(self.tokens(), from, stops)
    }

    /// The tokens of the SET list that stands somewhere after token `from`.
    pub fn set_list(&self, from: usize) -> (usize, usize) {
        let set = self.clause_end(from, &[Token::Set]) + 1;
        (set, self.clause_end(set, &[Token::From, Token::Where, Token::Returning]))
    }

    /// Parts between commas of the tokens `from..to`, outside of any parentheses: each as a range of tokens.
    pub fn list_items(&self, from: usize, to: usize) -> Vec<(usize, usize)> {
        let (mut items, mut start) = (Vec::new(), from);
        loop {
            let end = self.clause_end(start, &[Token::Ascii44]).min(to);
            items.push((start, end));
            if end >= to {
                return items;
            }
            start = end + 1;
        }
    }

    /// Bytes of the value of a select list's item: of `value [AS name]`.
    pub fn value_span(&self, (from, to): (usize, usize), named: bool) -> Result<(usize, usize), Refusal> {
        let end = match (named, self.tokens().kind(to.saturating_sub(2))) {
            (false, _) => to,
            (true, Some(Token::As)) => to - 2,
            (true, _) => to - 1,
        };
        self.token_span(from, end)
    }

    /// Bytes of the tokens `from..to`.
    pub fn token_span(&self, from: usize, to: usize) -> Result<(usize, usize), Refusal> {
        let tokens = self.tokens();
        let (first, last) = (tokens.list.get(from), to.checked_sub(1).and_then(|i| tokens.list.get(i)));
        match (first, last) {
            (Some(a), Some(b)) if a.start < b.end => Ok((a.start, b.end)),
            _ => Err(refusal::not_faithful("a clause was not found in the text")),
        }
    }

    /// Adds injected conditions to the WHERE that stands somewhere after token `from`, or adds a WHERE; in text and tree.
    /// `chain`: what stands there is a chain of AND, and its ends have been edited.
    pub fn add_conditions(
        &mut self,
        from: usize,
        condition: &mut Option<Box<Node>>,
        injections: &[usize],
        chain: bool,
    ) -> Result<(), Refusal> {
        let Some((first, more)) = injections.split_first() else { return Ok(()) };
        let end = if condition.is_none() {
            let at = self.clause_end(from, &[Token::Where, Token::Returning]);
            let (_, end) = self.token_span(at.saturating_sub(1), at)?;
            // The grammar takes the first of several apart if it is an AND itself.
            let open = if more.is_empty() { " WHERE " } else { " WHERE true AND " };
            self.edit(end, end, Replacement::Text(open.to_owned()));
            if !more.is_empty() {
                *condition = Some(Box::new(yes()));
            }
            end
        } else {
            let (start, end) = self.where_span(from)?;
            if !chain {
                self.edit(start, start, Replacement::Text("(".to_owned()));
            }
            self.edit(end, end, Replacement::Text(if chain { " AND " } else { ") AND " }.to_owned()));
            end
        };
        self.edit(end, end, Replacement::Injected(*first, String::new()));
        and(condition, Node { node: Some(placeholder(*first)) });
        for injection in more {
            self.edit(end, end, Replacement::Text(" AND ".to_owned()));
            self.edit(end, end, Replacement::Injected(*injection, String::new()));
            and(condition, Node { node: Some(placeholder(*injection)) });
        }
        Ok(())
    }

    /// Puts the WHERE that stands somewhere after token `from` behind injected conditions, or adds one; in text and tree. It is
    /// not even folded before they are met.
    pub fn only_where(
        &mut self,
        from: usize,
        condition: &mut Option<Box<Node>>,
        injections: &[usize],
    ) -> Result<(), Refusal> {
        let Some(own) = condition.as_mut().filter(|_| !injections.is_empty()) else {
            return self.add_conditions(from, condition, injections, false);
        };
        let (start, end) = self.where_span(from)?;
        let mut all = None;
        for (i, injection) in injections.iter().enumerate() {
            let before = if i == 0 { "CASE WHEN " } else { " AND " };
            self.edit(start, start, Replacement::Text(before.to_owned()));
            self.edit(start, start, Replacement::Injected(*injection, String::new()));
            and(&mut all, Node { node: Some(placeholder(*injection)) });
        }
        self.edit(start, start, Replacement::Text(" THEN (".to_owned()));
        self.edit(end, end, Replacement::Text(") END".to_owned()));
        let parts = all.and_then(|all| all.node).zip(own.node.take());
        let (met, then) = parts.ok_or_else(|| refusal::not_faithful("a condition is gone"))?;
        own.node = Some(ours::filled("CASE WHEN $1 THEN $2 END", [met, then])?);
        Ok(())
    }

    /// Bytes of the condition of the WHERE that stands somewhere after token `from`.
    fn where_span(&self, from: usize) -> Result<(usize, usize), Refusal> {
        let at = self.clause_end(from, &[Token::Where, Token::Returning]);
        if self.tokens().kind(at) != Some(Token::Where) {
            return Err(refusal::not_faithful("WHERE was not found in the text"));
        }
        self.token_span(at + 1, self.clause_end(at + 1, &[Token::Returning]))
    }
}

/// `clause_end` over the tokens of any text.
pub fn end_of_clause(tokens: &Tokens, from: usize, stops: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (i, token) in tokens.list.iter().enumerate().skip(from) {
        // After a dot or AS a keyword is a name.
        let before = i.checked_sub(1).and_then(|b| tokens.kind(b));
        let is_name = matches!(before, Some(Token::Ascii46 | Token::As));
        match token.kind {
            Token::Ascii40 | Token::Ascii91 => depth += 1,
            Token::Ascii41 | Token::Ascii93 if depth == 0 => return i,
            Token::Ascii41 | Token::Ascii93 => depth -= 1,
            Token::Ascii59 if depth == 0 => return i,
            Token::From if is_distinct_from(tokens, i) => {}
            kind if depth == 0 && !is_name && stops.contains(&kind) => return i,
            _ => {}
        }
    }
    tokens.list.len()
}

/// Whether a FROM is that of `IS [NOT] DISTINCT FROM`.
fn is_distinct_from(tokens: &Tokens, from: usize) -> bool {
    let before = |n: usize| from.checked_sub(n).and_then(|i| tokens.kind(i));
    before(1) == Some(Token::Distinct) && matches!(before(2), Some(Token::Is | Token::Not))
}

/// `true`, as the grammar builds it.
fn yes() -> Node {
    let val = Some(pb::a_const::Val::Boolval(pb::Boolean { boolval: true }));
    Node { node: Some(NodeEnum::AConst(pb::AConst { isnull: false, location: -1, val })) }
}

/// `condition AND more`, as PostgreSQL's grammar builds it of `(condition) AND (more)`.
pub fn and(condition: &mut Option<Box<Node>>, more: Node) {
    let Some(condition) = condition else {
        *condition = Some(Box::new(more));
        return;
    };
    if let Some(NodeEnum::BoolExpr(b)) = &mut condition.node
        && b.boolop() == pb::BoolExprType::AndExpr
    {
        b.args.push(more);
        return;
    }
    let both = pb::BoolExpr {
        xpr: None,
        boolop: pb::BoolExprType::AndExpr as i32,
        args: vec![Node { node: condition.node.take() }, more],
        location: -1,
    };
    condition.node = Some(NodeEnum::BoolExpr(Box::new(both)));
}
