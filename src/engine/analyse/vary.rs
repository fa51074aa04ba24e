//! Literals that may be others in a statement that is otherwise the same (`alike.rs`).
//!
//! Whoever judges a construct calls [`Analyser::vary`] on the constants in it that it does not look at. What is not
//! marked must be the same.

use pg_query::protobuf::Token;
use pg_query::{Node, NodeEnum};

use super::{Analyser, names};
use crate::engine::alike;
use crate::engine::allow::{TypeClass, builtin_type};

impl Analyser<'_> {
    /// Marks a constant of the client's text, by itself or under a cast that looks nothing up: another may stand in its
    /// place.
    pub fn vary(&mut self, node: &Node) {
        match &node.node {
            Some(NodeEnum::AConst(c)) => {
                if let Some(at) = self.literal_at(c.location) {
                    self.varying.insert(at);
                }
            }
            Some(NodeEnum::TypeCast(c)) => {
                let plain = c.type_name.as_ref().is_some_and(|t| match names(&t.names)[..] {
                    [name] | ["pg_catalog", name] => builtin_type(name) == Some(TypeClass::Pure),
                    _ => false,
                });
                if let (true, Some(arg)) = (plain, c.arg.as_deref()) {
                    self.vary(arg);
                }
            }
            Some(NodeEnum::List(list)) => list.items.iter().for_each(|item| self.vary(item)),
            _ => {}
        }
    }

    /// Where the literal of a constant begins in the client's text; a minus in front of it is part of the constant.
    pub fn literal_at(&self, location: i32) -> Option<usize> {
        if self.source != 0 {
            return None;
        }
        let source = self.sources.first()?;
        let index = source.tokens.at(usize::try_from(location).ok()?)?;
        let index = if source.tokens.kind(index) == Some(Token::Ascii45) { index + 1 } else { index };
        source.tokens.list.get(index).filter(|t| alike::is_literal(t, &source.text)).map(|t| t.start)
    }
}
