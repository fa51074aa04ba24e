//! Where the clauses of a write stand in the text. What is found here is only where to cut: `clear.rs` reads the result
//! again and holds it against the tree.

use pg_query::protobuf::Token;

use super::super::{Analyser, Replacement};
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    /// Index of the first token from `from` on, outside of any parentheses, that is of a kind in `stops`; else of the one
    /// that ends the statement (a parenthesis that closes it, a semicolon, or past the last token).
    pub fn clause_end(&self, from: usize, stops: &[Token]) -> usize {
        let tokens = self.tokens();
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
                kind if depth == 0 && !is_name && stops.contains(&kind) => return i,
                _ => {}
            }
        }
        tokens.list.len()
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

    /// Bytes of the tokens `from..to`.
    pub fn token_span(&self, from: usize, to: usize) -> Result<(usize, usize), Refusal> {
        let tokens = self.tokens();
        let (first, last) = (tokens.list.get(from), to.checked_sub(1).and_then(|i| tokens.list.get(i)));
        match (first, last) {
            (Some(a), Some(b)) if a.start < b.end => Ok((a.start, b.end)),
            _ => Err(refusal::not_faithful("a clause was not found in the text")),
        }
    }

    /// Adds an injected condition to the WHERE that stands somewhere after token `from`, or adds a WHERE.
    pub fn add_condition(&mut self, from: usize, has_where: bool, injection: usize) -> Result<(), Refusal> {
        let at = self.clause_end(from, &[Token::Where, Token::Returning]);
        let lost = || refusal::not_faithful("WHERE was not found in the text");
        if !has_where {
            let (_, end) = self.token_span(at.saturating_sub(1), at)?;
            self.edit(end, end, Replacement::Text(" WHERE ".to_owned()));
            self.edit(end, end, Replacement::Injected(injection, String::new()));
            return Ok(());
        }
        if self.tokens().kind(at) != Some(Token::Where) {
            return Err(lost());
        }
        let (start, end) = self.token_span(at + 1, self.clause_end(at + 1, &[Token::Returning]))?;
        self.edit(start, start, Replacement::Text("(".to_owned()));
        self.edit(end, end, Replacement::Text(") AND ".to_owned()));
        self.edit(end, end, Replacement::Injected(injection, String::new()));
        Ok(())
    }
}
