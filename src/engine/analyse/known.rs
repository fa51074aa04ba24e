//! Types that were worked out already, by where an expression stands in the text: each is asked for by all that is around it.
//! And what operators mean: long conditions are of a few kinds.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::Analyser;
use super::scope::{Columns, Scope};
use super::types::Ty;
use crate::engine::catalog::Operand;
use crate::engine::catalog::overloads::Meaning;

/// An expression: its text, its kind and its place there, and whether it was asked about without what is around it. Two of
/// one kind never stand at one place.
type Key = (usize, u8, i32, bool);

/// An operator's name and operands, and whether it is looked up without a path.
type Asked = (String, Vec<Operand>, bool);

#[derive(Default)]
pub struct Known {
    types: RefCell<HashMap<Key, Option<Ty>>>,
    operands: RefCell<HashMap<Key, Operand>>,
    /// Those that go by what was said of a query before it was walked: until the next one has been.
    guesses: RefCell<HashMap<Key, Operand>>,
    /// What the only column is of queries in expressions that have been walked, by text and place.
    queries: RefCell<HashMap<(usize, i32), Operand>>,
    /// How often it was asked what a query gives that was not walked yet.
    guessed: Cell<usize>,
    operators: RefCell<HashMap<Asked, Meaning>>,
    /// What is asked is about a query that was not walked yet, of which more is known later: it is not kept.
    ahead: Cell<bool>,
}

impl Known {
    pub fn forget(&self) {
        self.types.borrow_mut().clear();
        self.operands.borrow_mut().clear();
        self.guesses.borrow_mut().clear();
        self.queries.borrow_mut().clear();
        self.operators.borrow_mut().clear();
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
        let guess = self.known.guesses.borrow().get(&key).copied();
        if let Some(guess) = guess {
            self.guesses();
            return guess;
        }
        let before = self.guessed();
        let found = find();
        let among = if before == self.guessed() { &self.known.operands } else { &self.known.guesses };
        among.borrow_mut().insert(key, found);
        found
    }

    /// How often what was said of types went by a query that was not walked yet.
    pub fn guessed(&self) -> usize {
        self.known.guessed.get()
    }

    fn guesses(&self) {
        self.known.guessed.set(self.known.guessed.get() + 1);
    }

    /// Remembers what a query in an expression puts out, which has been walked.
    pub fn walked(&self, s: &pb::SubLink, columns: &Columns) {
        self.known.guesses.borrow_mut().clear();
        if let ([only], true) = (columns.list(), s.location > 0) {
            self.known.queries.borrow_mut().insert((self.source, s.location), self.settled(only.operand));
        }
    }

    /// What the only column is of a query that has been walked.
    pub fn walked_column(&self, s: &pb::SubLink) -> Option<Operand> {
        self.known.queries.borrow().get(&(self.source, s.location)).copied()
    }

    /// What `find` says of a query that was not walked yet; of one in that nothing is said.
    pub fn ahead(&self, find: impl FnOnce() -> Operand) -> Operand {
        self.guesses();
        if self.known.ahead.replace(true) {
            return Operand::Any;
        }
        let found = find();
        self.known.ahead.set(false);
        found
    }

    fn place_in_text(&self, node: &Node, scope: &Scope<'_>) -> Option<Key> {
        if self.known.ahead.get() {
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
        let alone = scope.items.is_empty() && scope.parent.is_none();
        (location >= 0).then_some((self.source, kind, location, alone))
    }
}
