//! Types that were worked out already, by where an expression stands in the text: each is asked for by all that is around it.
//! And what operators mean: long conditions are of a few kinds.

use std::cell::RefCell;
use std::collections::HashMap;

use pg_query::{Node, NodeEnum};

use super::Analyser;
use super::scope::Scope;
use super::types::Ty;
use crate::engine::allow::{builtin_function, builtin_type};
use crate::engine::catalog::Operand;
use crate::engine::catalog::overloads::Meaning;
use crate::engine::refusal::Refusal;

/// An expression: its text, its kind and its place there, and whether it was asked about without what is around it. Two of
/// one kind never stand at one place.
pub type Key = (usize, u8, i32, bool);

/// An operator's name and operands, and whether it is looked up without a path.
type Asked = (String, Vec<Operand>, bool);

#[derive(Default)]
pub struct Known {
    types: RefCell<HashMap<Key, Option<Ty>>>,
    operands: RefCell<HashMap<Key, Operand>>,
    operators: RefCell<HashMap<Asked, Meaning>>,
    /// The first column that was asked about and is not there.
    undefined: RefCell<Option<Refusal>>,
}

impl Known {
    pub fn forget(&self) {
        self.types.borrow_mut().clear();
        self.operands.borrow_mut().clear();
        self.operators.borrow_mut().clear();
        self.undefined.take();
    }
}

impl Analyser<'_> {
    /// What `find` says of an operator, once. (A statement has one path, and views none.)
    pub fn known_meaning(
        &self,
        path: &[String],
        name: &str,
        operands: &[Operand],
        find: impl FnOnce() -> Meaning,
    ) -> Meaning {
        let key = (name.to_owned(), operands.to_vec(), path.is_empty());
        if let Some(known) = self.known.operators.borrow().get(&key) {
            return known.clone();
        }
        let found = find();
        self.known.operators.borrow_mut().insert(key, found.clone());
        found
    }

    /// What `find` says of an expression, once.
    pub fn known_type(&self, node: &Node, scope: &Scope<'_>, find: impl FnOnce() -> Option<Ty>) -> Option<Ty> {
        let Some(key) = self.place_in_text(node, scope) else { return find() };
        if let Some(known) = self.known.types.borrow().get(&key) {
            return known.clone();
        }
        let found = find();
        self.known.types.borrow_mut().insert(key, found.clone());
        found
    }

    /// The same of an operand.
    pub fn known_operand(&self, node: &Node, scope: &Scope<'_>, find: impl FnOnce() -> Operand) -> Operand {
        let Some(key) = self.place_in_text(node, scope) else { return find() };
        if let Some(known) = self.known.operands.borrow().get(&key) {
            return *known;
        }
        if let Some(guess) = self.guesses.operand(&key) {
            return guess;
        }
        let (found, guessed) = self.guesses.told(find);
        match guessed {
            true => self.guesses.keep(key, found),
            false => _ = self.known.operands.borrow_mut().insert(key, found),
        }
        found
    }

    /// Takes note of a column that no item has, nor a function or type bears its name.
    pub fn misses_column(&self, name: &str, as_refusal: Refusal, location: i32, scope: &Scope<'_>) -> Operand {
        let catalog = &self.engine.catalog;
        let callable = builtin_function(name, 1).is_some()
            || builtin_type(name).is_some()
            || catalog.functions_named(name).next().is_some()
            || catalog.types_named(name).next().is_some();
        if !callable && scope.has_items() && self.source == 0 {
            self.known.undefined.borrow_mut().get_or_insert(as_refusal.at(location));
        }
        Operand::Any
    }

    pub fn undefined_column(&self) -> Option<Refusal> {
        self.known.undefined.borrow().clone()
    }

    fn place_in_text(&self, node: &Node, scope: &Scope<'_>) -> Option<Key> {
        if self.guesses.is_ahead() {
            return None;
        }
        let (kind, location) = match node.node.as_ref()? {
            NodeEnum::AExpr(e) => (0, e.location),
            NodeEnum::FuncCall(f) => (1, f.location),
            NodeEnum::CaseExpr(c) => (2, c.location),
            NodeEnum::CoalesceExpr(c) => (3, c.location),
            NodeEnum::MinMaxExpr(m) => (4, m.location),
            NodeEnum::AArrayExpr(a) => (5, a.location),
            NodeEnum::TypeCast(c) => (6, c.location),
            _ => return None,
        };
        (location >= 0).then_some((self.source, kind, location, !scope.has_items()))
    }
}
