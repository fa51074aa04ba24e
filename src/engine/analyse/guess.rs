//! What a query in an expression gives: PostgreSQL chooses the operator, or function, around `(SELECT …)` by it.
//!
//! Of one that has been walked, its column says it. Before that it is a guess: told of queries whose FROM holds nothing but
//! names; of any other, what needs no column. What a guess refuses is judged again when the query has been walked, and stays
//! refused unless all is PostgreSQL's own then.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use pg_query::protobuf::{self as pb, SetOperation, SubLinkType};
use pg_query::{Node, NodeEnum};

use super::Analyser;
use super::from::aliased;
use super::known::Key;
use super::relations::Named;
use super::scope::{Col, Columns, Item, Scope};
use super::select::{is_row_expansion, star};
use super::temporary::columns_of;
use crate::engine::allow::{self, FunctionClass};
use crate::engine::catalog::{Operand, RelationKind};
use crate::engine::refusal::Refusal;

#[derive(Default)]
pub struct Guesses {
    /// Operands that go by a query that was not walked yet: until the next one has been.
    operands: RefCell<HashMap<Key, Operand>>,
    /// What the only column is of queries that have been walked, by text and place.
    walked: RefCell<HashMap<(usize, i32), Operand>>,
    /// Of those, which may be a subject's key.
    keys: RefCell<HashMap<(usize, i32), Col>>,
    /// How often it was asked what a query gives that was not walked yet.
    made: Cell<usize>,
    /// What is asked is about such a query, of which more is known later: nothing of it is kept.
    ahead: Cell<bool>,
}

impl Guesses {
    pub fn forget(&self) {
        self.operands.borrow_mut().clear();
        self.walked.borrow_mut().clear();
        self.keys.borrow_mut().clear();
    }

    pub fn is_ahead(&self) -> bool {
        self.ahead.get()
    }

    /// An operand that was guessed.
    pub fn operand(&self, key: &Key) -> Option<Operand> {
        let known = self.operands.borrow().get(key).copied();
        if known.is_some() {
            self.count();
        }
        known
    }

    /// What `find` says, and whether it goes by a guess; then it is kept until more is known.
    pub fn told<T>(&self, find: impl FnOnce() -> T) -> (T, bool) {
        let before = self.made.get();
        let found = find();
        (found, self.made.get() != before)
    }

    pub fn keep(&self, key: Key, operand: Operand) {
        self.operands.borrow_mut().insert(key, operand);
    }

    fn count(&self) {
        self.made.set(self.made.get() + 1);
    }
}

impl Analyser<'_> {
    /// What is refused by a guess waits until the query has been walked.
    pub fn unless_guessed<T>(
        &mut self,
        judge: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<Result<T, Refusal>, Refusal> {
        let before = self.guesses.made.get();
        let judged = judge(self);
        if judged.is_err() && self.guesses.made.get() == before { judged.map(Ok) } else { Ok(judged) }
    }

    /// Judges a call before what it is given is walked. What is refused by a guess is taken for what PostgreSQL has of that
    /// name until then.
    pub fn called_by_guess(
        &mut self,
        name: &[&str],
        f: &mut pb::FuncCall,
        scope: &Scope<'_>,
    ) -> Result<(Option<FunctionClass>, Result<(), Refusal>), Refusal> {
        let refusal = match self.unless_guessed(|a| a.called(name, f, scope))? {
            Ok(class) => return Ok((class, Ok(()))),
            Err(refusal) => refusal,
        };
        let ([base] | ["pg_catalog", base]) = name else { return Err(refusal) };
        match allow::builtin_function(base, f.args.len()) {
            Some(class @ (FunctionClass::Pure | FunctionClass::Aggregate | FunctionClass::Window)) => {
                Ok((Some(class), Err(refusal)))
            }
            _ => Err(refusal),
        }
    }

    /// The only column of a query that has been walked, where it may be a subject's key.
    pub fn walked_key(&self, at: (usize, i32)) -> Option<Col> {
        self.guesses.keys.borrow().get(&at).cloned()
    }

    /// Remembers what a query in an expression puts out, which has been walked.
    pub fn walked(&self, s: &pb::SubLink, columns: &Columns) {
        self.guesses.operands.borrow_mut().clear();
        if let ([only], true) = (columns.list(), s.location > 0) {
            let at = (self.source, s.location);
            self.guesses.walked.borrow_mut().insert(at, self.settled(only.operand));
            if only.constants.is_some() || !only.origin.is_empty() {
                self.guesses.keys.borrow_mut().insert(at, only.clone());
            }
        }
    }

    /// What the only column is of a query that has been walked.
    fn walked_column(&self, s: &pb::SubLink) -> Option<Operand> {
        self.guesses.walked.borrow().get(&(self.source, s.location)).copied()
    }

    /// What `find` says of a query that was not walked yet; of one in that nothing is said.
    fn ahead(&self, find: impl FnOnce() -> Operand) -> Operand {
        self.guesses.count();
        if self.guesses.ahead.replace(true) {
            return Operand::Any;
        }
        let found = find();
        self.guesses.ahead.set(false);
        found
    }

    /// What `(SELECT …)` or `ARRAY(SELECT …)` is.
    pub fn operand_of_query(&self, s: &pb::SubLink, scope: &Scope<'_>) -> Operand {
        let ahead = || s.subselect.as_deref().map_or(Operand::Any, |query| self.only_column(query, scope));
        let column = || self.walked_column(s).unwrap_or_else(|| self.ahead(ahead));
        match s.sub_link_type() {
            SubLinkType::ExistsSublink | SubLinkType::AnySublink | SubLinkType::AllSublink => Operand::BOOL,
            SubLinkType::ExprSublink => column(),
            SubLinkType::ArraySublink => self.engine.catalog.array_of(column()),
            _ => Operand::Any,
        }
    }

    fn only_column(&self, query: &Node, scope: &Scope<'_>) -> Operand {
        let Some(NodeEnum::SelectStmt(s)) = &query.node else { return Operand::Any };
        let plain = matches!(s.op(), SetOperation::SetopNone | SetOperation::Undefined);
        let [Node { node: Some(NodeEnum::ResTarget(target)) }] = &s.target_list[..] else { return Operand::Any };
        let Some(value) = target.val.as_deref() else { return Operand::Any };
        if !plain || s.with_clause.is_some() || star(value).is_some() || is_row_expansion(value) {
            return Operand::Any;
        }
        let named: Option<Vec<Item>> = s.from_clause.iter().map(|node| self.item_by_name(node)).collect();
        self.settled(match named {
            Some(items) => self.operand(value, &scope.child(&items)),
            None => self.operand(value, &Scope { items: &[nothing_known()], parent: None }),
        })
    }

    /// An item of FROM that is a name, with its columns as far as they are known.
    fn item_by_name(&self, node: &Node) -> Option<Item> {
        let Some(NodeEnum::RangeVar(var)) = &node.node else { return None };
        let bare = var.schemaname.is_empty() && var.catalogname.is_empty();
        let columns = match self.ctes.iter().rev().find(|cte| bare && cte.name == var.relname) {
            Some(cte) if cte.ahead || cte.unread => Columns::Unknown,
            Some(cte) => cte.columns.clone(),
            None => match self.resolve(var).ok()? {
                Named::Relation(relation) if relation.kind != RelationKind::View => self.plain_columns(relation),
                Named::Temporary(_) => self.shape(&var.relname).map_or(Columns::Unknown, |shape| columns_of(shape)),
                Named::Relation(_) | Named::Created(_) => Columns::Unknown,
            },
        };
        let alias: Rc<str> = var.alias.as_ref().map_or(var.relname.as_str(), |a| a.aliasname.as_str()).into();
        let named = aliased(var.alias.as_ref(), columns);
        Some(Item { alias: Some(alias), whole: Operand::Any, qualified: true, ..named })
    }
}

/// An item in which any column may be.
fn nothing_known() -> Item {
    Item { whole: Operand::Any, qualified: true, ..aliased(None, Columns::Unknown) }
}
