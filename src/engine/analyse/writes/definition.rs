//! Views' definitions, as PostgreSQL goes by them when it carries a write through (rewriteHandler.c, "simple" views): what
//! they read, what they show of it, under which condition.

use pg_query::protobuf::{self as pb, SetOperation, Token};
use pg_query::{Node, NodeEnum};

use super::super::from::holds_money;
use super::super::relations::Named;
use super::super::{Analyser, MAX_VIEW_DEPTH, names};
use super::spans::end_of_clause;
use crate::engine::catalog::{Relation, RelationKind};
use crate::engine::parse::{self, Tokens};
use crate::engine::policy::Right;
use crate::engine::refusal::{self, Refusal};
use crate::engine::rewrite::only_item;
use crate::engine::tree;

/// A view that reads one relation, so that PostgreSQL may carry a write on to that.
pub struct Link<'e> {
    pub view: &'e Relation,
    pub reads: &'e Relation,
    pub alias: Option<String>,
    text: &'e str,
    tokens: Tokens,
    select: Box<pb::SelectStmt>,
}

/// A definition of the simple kind.
pub struct Simple {
    pub items: Vec<Output>,
    pub condition: Option<Condition>,
}

/// A view's WHERE as a query of its own.
pub struct Condition {
    /// `SELECT condition`.
    pub text: String,
    pub tokens: Tokens,
    pub tree: Node,
}

/// An output column's name, and the name of the column that it is.
type Output = (String, Option<String>);

/// The kinds of nodes in an expression that is worked out once for each row (operators apart, and subqueries with what
/// they hold).
const ONE_EACH: &[&str] = &[
    "ResTarget",
    "SortBy",
    "ColumnRef",
    "String",
    "Integer",
    "AStar",
    "AConst",
    "Ival",
    "Fval",
    "Boolval",
    "Sval",
    "Bsval",
    "List",
    "AExpr",
    "BoolExpr",
    "NullTest",
    "BooleanTest",
    "TypeCast",
    "CollateClause",
    "CaseExpr",
    "CaseWhen",
    "CoalesceExpr",
    "MinMaxExpr",
    "RowExpr",
    "AArrayExpr",
    "AIndirection",
    "AIndices",
    "SqlvalueFunction",
    "SubLink",
    "SelectStmt",
    "RangeVar",
    "JoinExpr",
    "RangeSubselect",
];

impl<'e> Analyser<'e> {
    /// The views that PostgreSQL would carry a write through, outermost first. What it meets on the way must be open to such
    /// a write too: a rule of an inner view would run its own statements.
    pub fn links_of(&self, view: &'e Relation, rights: &[Right]) -> Result<Vec<Link<'e>>, Refusal> {
        let (mut at, mut links) = (view, Vec::new());
        while at.kind == RelationKind::View {
            let Some(link) = self.link(at)? else { break };
            at = link.reads;
            links.push(link);
            self.may_write(at, rights)?;
            if links.len() >= MAX_VIEW_DEPTH {
                let what = format!("a write to the view {}", view.name);
                return Err(refusal::not_supported(&what, "it reads too many views inside each other"));
            }
        }
        Ok(links)
    }

    fn link(&self, view: &'e Relation) -> Result<Option<Link<'e>>, Refusal> {
        let definition = view.definition.as_deref();
        let definition = definition.ok_or_else(|| refusal::view_locked(&view.name.to_string()))?;
        let text = definition.trim().trim_end_matches(';');
        let parsed = parse::parse(text)?;
        let Ok([one]) = <[pb::RawStmt; 1]>::try_from(parsed.statements) else { return Ok(None) };
        let Some(NodeEnum::SelectStmt(select)) = one.stmt.and_then(|n| n.node) else { return Ok(None) };
        let Some(var) = one_relation(&select) else { return Ok(None) };
        let reads = match self.resolve_in_view(var)? {
            Named::Relation(reads) => reads,
            // What foreign keys change with its rows is not known of what this transaction has made or changed.
            Named::Created(_) => return Err(refusal::not_settled(&var.relname)),
            Named::Temporary(_) => return Ok(None),
        };
        let alias = var.alias.as_ref().map(|a| a.aliasname.clone());
        Ok(Some(Link { view, reads, alias, text, tokens: parsed.tokens, select }))
    }

    /// A view's definition, if it is one table's columns and a condition.
    pub fn simple(&self, link: &Link<'e>) -> Result<Option<Simple>, Refusal> {
        let Link { view, text, tokens, select: s, .. } = link;
        let own_names = |a: &pb::Alias| !a.colnames.is_empty();
        let whole = one_relation(s).is_some_and(|var| var.inh && !var.alias.as_ref().is_some_and(own_names));
        if !is_plain(s) || !whole || self.adds_rows(link) {
            return Ok(None);
        }
        let Some(items) = items(s, view) else { return Ok(None) };
        if holds_money(text, tokens) {
            return Err(refusal::view_holds_money(&view.name.to_string()));
        }
        let condition = match s.where_clause.as_deref() {
            None => None,
            Some(tree) => Some(condition(text, tokens, tree)?),
        };
        Ok(Some(Simple { items, condition }))
    }

    /// Whether what a view shows, or sorts by, may make other rows of its table's than one of each: as a call of an aggregate,
    /// a window function or a function of sets does, by whatever name.
    fn adds_rows(&self, link: &Link<'e>) -> bool {
        let Link { text, tokens, select: s, .. } = link;
        let mut parts = s.target_list.iter().chain(&s.sort_clause);
        if !parts.all(|node| tree::only_kinds(node, ONE_EACH).unwrap_or(false)) {
            return true;
        }
        // An operator is a call too.
        let condition = end_of_clause(tokens, 0, &[Token::Where])..end_of_clause(tokens, 0, &[Token::Order]);
        (0..tokens.list.len()).any(|i| !condition.contains(&i) && self.is_own_operator(text, tokens, i))
    }

    /// Whether a view's text names an operator here that initdb did not make. PostgreSQL writes what is in `pg_catalog` bare,
    /// and anything else as `OPERATOR(schema.name)`.
    pub fn is_own_operator(&self, text: &str, tokens: &Tokens, i: usize) -> bool {
        let word = tokens.list.get(i).and_then(|t| text.get(t.start..t.end)).unwrap_or_default();
        let mut named = self.engine.catalog.operators_named(word);
        let qualified = tokens.kind(i) == Some(Token::Operator) && tokens.kind(i + 1) == Some(Token::Ascii40);
        qualified || named.any(|o| o.name.schema == "pg_catalog")
    }
}

/// Whether a query's rows are its table's rows: nothing but a select list and a condition.
fn is_plain(s: &pb::SelectStmt) -> bool {
    let pb::SelectStmt {
        distinct_clause,
        into_clause,
        target_list: _,
        from_clause: _,
        where_clause: _,
        group_clause,
        group_distinct: _,
        having_clause,
        window_clause,
        values_lists,
        sort_clause: _,
        limit_offset,
        limit_count,
        limit_option: _,
        locking_clause,
        with_clause,
        op: _,
        all: _,
        larg: _,
        rarg: _,
    } = s;
    let lists = [distinct_clause, group_clause, window_clause, values_lists, locking_clause];
    let parts = [having_clause, limit_offset, limit_count];
    matches!(s.op(), SetOperation::SetopNone | SetOperation::Undefined)
        && lists.iter().all(|l| l.is_empty())
        && parts.iter().all(|p| p.is_none())
        && into_clause.is_none()
        && with_clause.is_none()
}

/// The one relation that a query reads, where it reads one and nothing else.
fn one_relation(s: &pb::SelectStmt) -> Option<&pb::RangeVar> {
    match s.from_clause.as_slice() {
        // The name may be one of WITH.
        [Node { node: Some(NodeEnum::RangeVar(var)) }] if s.with_clause.is_none() => Some(var),
        _ => None,
    }
}

/// The output columns of a simple view.
fn items(s: &pb::SelectStmt, view: &Relation) -> Option<Vec<Output>> {
    let mut all = Vec::new();
    for node in &s.target_list {
        let Some(NodeEnum::ResTarget(item)) = &node.node else { return None };
        all.push(match item.val.as_ref()?.node.as_ref()? {
            NodeEnum::ColumnRef(r) if names(&r.fields).len() == r.fields.len() => {
                names(&r.fields).last().map(|n| (*n).to_owned())
            }
            NodeEnum::ColumnRef(_) => return None,
            _ => None,
        });
    }
    // The names in force are those of the catalog.
    let same = all.len() == view.columns.len();
    same.then(|| view.columns.iter().map(|c| c.name.clone()).zip(all).collect())
}

/// The text after WHERE as a query of its own, held against the tree that it came from.
fn condition(text: &str, tokens: &Tokens, tree: &Node) -> Result<Condition, Refusal> {
    let lost = || refusal::not_faithful("a view's condition was not found in its text");
    let from = end_of_clause(tokens, 0, &[Token::Where]);
    let to = end_of_clause(tokens, from + 1, &[Token::Order]);
    let (first, last) = (tokens.list.get(from + 1), to.checked_sub(1).and_then(|i| tokens.list.get(i)));
    let (first, last) = first.zip(last).ok_or_else(lost)?;
    let text = format!("SELECT {}", text.get(first.start..last.end).ok_or_else(lost)?);
    let parsed = parse::parse(&text).map_err(|_| lost())?;
    let [one] = <[pb::RawStmt; 1]>::try_from(parsed.statements).map_err(|_| lost())?;
    let Some(NodeEnum::SelectStmt(select)) = one.stmt.and_then(|n| n.node) else { return Err(lost()) };
    let again = Node { node: only_item(*select) };
    let same = tree::canonical(&again, &[]).ok().zip(tree::canonical(tree, &[]).ok()).is_some_and(|(a, b)| a == b);
    if same { Ok(Condition { text, tokens: parsed.tokens, tree: again }) } else { Err(lost()) }
}
