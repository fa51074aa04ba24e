//! GROUP BY a primary key: what PostgreSQL lets stand ungrouped over a stored table must be grouped over a subquery.

use std::collections::BTreeSet;
use std::rc::Rc;

use pg_query::protobuf::{self as pb, Token};
use pg_query::{Node, NodeEnum};

use super::from::visible_columns;
use super::scope::{self, Base, Col, Columns, Scope};
use super::select::{is_row_expansion, split_qualifier, star};
use super::ungrouped::{Apart, Ungroupable, through_text};
use super::uses::{At, Place};
use super::{Analyser, Replacement, names, string_node};
use crate::engine::allow::FunctionClass;
use crate::engine::catalog::quote_ident;
use crate::engine::refusal::Refusal;

/// Whether what is judged stands above the groups of its query: in the select list, HAVING, ORDER BY, DISTINCT or WINDOW,
/// and outside of aggregates.
#[derive(Debug, Clone, Copy, Default)]
pub struct Groups {
    pub above: bool,
    /// Of the query around: what stands in an aggregate, FROM, WHERE or GROUP BY can be that one's reference.
    around: bool,
    /// In an argument of GROUPING, which must itself be a key.
    asked: bool,
}

impl Groups {
    /// Above the groups of a query that stands here.
    pub fn above_own(self) -> Self {
        Self { above: true, around: self.above, asked: false }
    }

    /// Where the arguments of a call of such a function stand: those of an aggregate below the groups.
    pub fn of_arguments(self, called: Option<FunctionClass>) -> Self {
        if called == Some(FunctionClass::Aggregate) { Self { above: self.around, ..self } } else { self }
    }

    /// Whether a column that is used here must be a key, and may not only be determined by one.
    pub fn must_be_key(self) -> bool {
        self.asked
    }
}

impl Analyser<'_> {
    /// GROUPING asks whether a key is null only because its set does not group by it. Of an operator or the like it asks as a
    /// whole, of anything else for what may be a column to PostgreSQL.
    pub fn grouping_func(&mut self, args: &mut [Node], scope: &Scope<'_>, at: At) -> Result<(), Refusal> {
        let groups = self.groups;
        for arg in args {
            let node = &without_casts(arg).node;
            let whole = matches!(node, Some(NodeEnum::AExpr(_) | NodeEnum::CaseExpr(_) | NodeEnum::FuncCall(_)));
            self.groups.asked = !whole;
            self.expr(arg, scope, At { place: Place::Item, ..at })?;
        }
        self.groups = groups;
        Ok(())
    }

    /// A visible table keeps its primary key: where a query groups by all of it, PostgreSQL lets other columns of the
    /// table stand ungrouped. Over a subquery it does not, so those columns join the GROUP BY; the key determines them,
    /// so the groups stay the same. Columns that stand in no such place do not: a key that is masked determines nothing.
    pub fn keep_functional_dependency(&mut self, s: &mut pb::SelectStmt, scope: &Scope<'_>) -> Option<()> {
        let sets = s.group_clause.iter().any(|n| matches!(n.node, Some(NodeEnum::GroupingSet(_))));
        for item in scope.items {
            let (Some(occurrence), Some(alias)) = (item.occurrence, item.alias.as_deref()) else { continue };
            // Behind a join's alias its own means nothing, or another item.
            if scope::item(scope, None, alias).is_none_or(|(named, _)| !std::ptr::eq(named, item)) {
                continue;
            }
            let Some(o) = self.occurrences.get(occurrence) else { continue };
            let Some(relation) = self.engine.catalog.relation(o.relation) else { continue };
            let column = |n: &Node| {
                let all = 0..relation.columns.len();
                match meant(n, s, scope)? {
                    Meant::Node(node) => {
                        let Some(NodeEnum::ColumnRef(r)) = &node.node else { return None };
                        all.into_iter().find(|c| self.refers_to(r, scope, (occurrence, *c)))
                    }
                    Meant::OfStar(key) => all.into_iter().find(|c| key == Some((occurrence, *c))),
                }
            };
            let always: BTreeSet<usize> = s.group_clause.iter().flat_map(|n| in_every_set(n, &column)).collect();
            let position = |name: &String| relation.columns.iter().position(|c| c.name == *name);
            let by_key = !relation.primary_key.is_empty()
                && relation.primary_key.iter().all(|name| position(name).is_some_and(|c| always.contains(&c)));
            if !by_key {
                continue;
            }
            // What some set groups by is null in the others, and stays so.
            let ever: BTreeSet<usize> = keys(&s.group_clause).into_iter().filter_map(column).collect();
            let grouped = |column: usize| ever.contains(&column);
            // Added, it would be a key that GROUPING may be asked of: PostgreSQL refuses.
            if (0..relation.columns.len()).any(|c| o.uses.get(c).is_some_and(|u| u.asked) && !grouped(c)) {
                continue;
            }
            let ungroupable =
                |c: usize| relation.columns.get(c).is_some_and(|c| !self.engine.catalog.has_equality(c.ty.oid));
            let used = (0..relation.columns.len())
                .filter(|c| o.uses.get(*c).is_some_and(|u| u.ungrouped) && !grouped(*c))
                .filter_map(|c| item.columns.list().get(c).map(|column| (c, column.name.clone())));
            let (apart, missing): (Vec<_>, Vec<_>) = used.partition(|(c, _)| ungroupable(*c));
            let missing: Vec<Rc<str>> = missing.into_iter().map(|(_, name)| name).collect();
            let whole = self.whole_rows.contains(&occurrence);
            let by_row = whole && !(0..relation.columns.len()).any(ungroupable);
            let is_missing = |name: &str| missing.iter().any(|m| &**m == name);
            // An item that is no column here may be one to PostgreSQL, null in the other sets.
            let blurred = |n: &Node| match meant(n, s, scope).and_then(Meant::node).map(without_casts) {
                None => true,
                Some(inner) => match (column(inner).and_then(|c| item.columns.list().get(c)), &inner.node) {
                    (Some(col), _) => is_missing(&col.name),
                    (None, Some(NodeEnum::AIndirection(_))) => true,
                    (None, Some(NodeEnum::FuncCall(f))) => {
                        names(&f.funcname).last().is_some_and(|name| is_missing(name))
                    }
                    (None, _) => false,
                },
            };
            let blurs = || keys(&s.group_clause).into_iter().any(|n| column(n).is_none() && blurred(n));
            if sets && (whole || !apart.is_empty() || blurs()) {
                continue;
            }
            if !apart.is_empty() || (whole && !by_row) {
                let of = |(i, name): (usize, Rc<str>)| {
                    let ty = relation.columns.get(i).map_or(0, |c| c.ty.oid);
                    Apart { index: i, name, through: through_text(ty) }
                };
                let columns = apart.into_iter().map(of).collect();
                self.take_from_groups(s, scope, &Ungroupable { item, occurrence, columns, whole: whole && !by_row });
            }
            let mut added: Vec<Vec<&str>> = missing.iter().map(|name| vec![alias, &**name]).collect();
            if by_row {
                added.push(vec![alias]);
            }
            if added.is_empty() {
                continue;
            }
            let compares = |name: &Rc<str>| {
                let column = item.columns.list().iter().find(|c| c.name == *name);
                column.and_then(|c| self.type_of_column(c)).is_some_and(|ty| self.has_order(&ty))
            };
            let compare = missing.iter().all(compares) && !by_row;
            let at = self.first_group_item(s)?;
            let text: String = added
                .iter()
                .map(|parts| parts.iter().map(|p| quote_ident(p)).collect::<Vec<_>>().join(".") + ", ")
                .collect();
            let nodes: Vec<Node> = added
                .iter()
                .map(|parts| {
                    let fields = parts.iter().map(|part| string_node(part)).collect();
                    Node { node: Some(NodeEnum::ColumnRef(pb::ColumnRef { fields, location: -1 })) }
                })
                .collect();
            // One edit goes in front of the other, so the later nodes do too.
            let behind = s.group_clause.len().checked_sub(self.first_group_items(s))?;
            let first = s.group_clause.len() - behind;
            s.group_clause.splice(first..first, nodes);
            self.must_rewrite = true;
            if !compare {
                self.can_fail_here();
            }
            self.edit(at, at, Replacement::Text(format!(" {text}")));
        }
        Some(())
    }

    /// How many items of ours stand in front already.
    fn first_group_items(&self, s: &pb::SelectStmt) -> usize {
        let ours = |n: &&Node| matches!(&n.node, Some(NodeEnum::ColumnRef(r)) if r.location < 0);
        s.group_clause.iter().take_while(ours).count()
    }

    /// Where GROUP BY's list begins: behind the words that stand before any of its items, at its own depth.
    fn first_group_item(&self, s: &pb::SelectStmt) -> Option<usize> {
        let tokens = self.tokens();
        let item = keys(&s.group_clause).into_iter().find_map(|n| match n.node.as_ref()? {
            NodeEnum::ColumnRef(r) if r.location >= 0 => usize::try_from(r.location).ok(),
            NodeEnum::AConst(c) => usize::try_from(c.location).ok(),
            _ => None,
        })?;
        let (mut i, mut depth) = (tokens.at(item)?, 0_usize);
        loop {
            i = i.checked_sub(1)?;
            match tokens.kind(i)? {
                Token::Ascii41 | Token::Ascii93 => depth += 1,
                // A bracket around the item itself, or in front of it.
                Token::Ascii40 | Token::Ascii91 => depth = depth.saturating_sub(1),
                Token::By if depth == 0 && tokens.kind(i.checked_sub(1)?) == Some(Token::GroupP) => break,
                _ => {}
            }
        }
        let all = matches!(tokens.kind(i + 1), Some(Token::Distinct | Token::All));
        tokens.list.get(if all { i + 1 } else { i }).map(|t| t.end)
    }

    /// Whether a reference means exactly that stored column of this level.
    pub fn refers_to(&self, reference: &pb::ColumnRef, scope: &Scope<'_>, base: Base) -> bool {
        let fields = names(&reference.fields);
        let col = match fields.as_slice() {
            [column] => match scope::column(scope, column) {
                scope::Found::Column { col, level: 0, .. } => Some(col),
                _ => None,
            },
            [alias, column] => scope::item(scope, None, alias)
                .and_then(|(item, _)| item.columns.list().iter().find(|c| &*c.name == *column).cloned()),
            _ => None,
        };
        col.is_some_and(|c| c.key == Some(base))
    }
}

/// The keys of a GROUP BY; `(a, b)` are two, and those of grouping sets are among them.
fn keys(list: &[Node]) -> Vec<&Node> {
    let within = |n| match parts(n) {
        Some(parts) => keys(parts),
        None => vec![n],
    };
    list.iter().flat_map(within).collect()
}

/// What an item of GROUP BY is made of; `None`: it is a key.
fn parts(item: &Node) -> Option<&[Node]> {
    match item.node.as_ref()? {
        NodeEnum::RowExpr(row) if row.row_format() == pb::CoercionForm::CoerceImplicitCast => Some(&row.args),
        NodeEnum::GroupingSet(set) => Some(&set.content),
        _ => None,
    }
}

/// The columns that every grouping set of an item groups by (`gset_common` of PostgreSQL's `parseCheckAggregates`).
fn in_every_set(item: &Node, column: &impl Fn(&Node) -> Option<usize>) -> BTreeSet<usize> {
    let of_parts = |parts: &[Node]| parts.iter().map(|n| in_every_set(n, column)).collect::<Vec<_>>();
    match &item.node {
        Some(NodeEnum::GroupingSet(set)) if set.kind() == pb::GroupingSetKind::GroupingSetSets => {
            of_parts(&set.content).into_iter().reduce(|a, b| &a & &b).unwrap_or_default()
        }
        // Of these one is the empty set.
        Some(NodeEnum::GroupingSet(_)) => BTreeSet::new(),
        _ => match parts(item) {
            Some(parts) => of_parts(parts).into_iter().flatten().collect(),
            None => column(item).into_iter().collect(),
        },
    }
}

/// What is cast: to PostgreSQL `a::text` is the column `a`, where that is a text already.
fn without_casts(mut node: &Node) -> &Node {
    while let Some(NodeEnum::TypeCast(c)) = &node.node
        && let Some(inner) = c.arg.as_deref()
    {
        node = inner;
    }
    node
}

/// What an item of GROUP BY means.
enum Meant<'n> {
    /// Itself, or the output column that its number or alias names.
    Node(&'n Node),
    /// One of the columns of a star in the select list, which is that stored one.
    OfStar(Option<Base>),
}

impl<'n> Meant<'n> {
    fn node(self) -> Option<&'n Node> {
        match self {
            Self::Node(node) => Some(node),
            Self::OfStar(_) => None,
        }
    }
}

/// `None`: that is not known.
fn meant<'n>(item: &'n Node, s: &'n pb::SelectStmt, scope: &Scope<'_>) -> Option<Meant<'n>> {
    match item.node.as_ref()? {
        NodeEnum::ColumnRef(r) => match names(&r.fields)[..] {
            [name] if matches!(scope::column(scope, name), scope::Found::Nothing) => {
                s.target_list.iter().filter_map(target).find(|t| t.name == name)?.val.as_deref().map(Meant::Node)
            }
            _ => Some(Meant::Node(item)),
        },
        NodeEnum::AConst(c) => match c.val.as_ref()? {
            pb::a_const::Val::Ival(i) => counted(usize::try_from(i.ival).ok()?, s, scope),
            _ => None,
        },
        _ => Some(Meant::Node(item)),
    }
}

/// The output column of a number; a star in the select list counts as its columns.
fn counted<'n>(number: usize, s: &'n pb::SelectStmt, scope: &Scope<'_>) -> Option<Meant<'n>> {
    let mut left = number.checked_sub(1)?;
    for value in s.target_list.iter().filter_map(target).filter_map(|t| t.val.as_deref()) {
        let columns = match star(value) {
            Some(qualifier) => star_columns(&qualifier, scope)?,
            None if is_row_expansion(value) => return None,
            None if left == 0 => return Some(Meant::Node(value)),
            None => {
                left -= 1;
                continue;
            }
        };
        match columns.get(left) {
            Some(column) => return Some(Meant::OfStar(column.key)),
            None => left -= columns.len(),
        }
    }
    None
}

fn star_columns(qualifier: &[String], scope: &Scope<'_>) -> Option<Vec<Col>> {
    if qualifier.is_empty() {
        return visible_columns(scope.items);
    }
    let (schema, alias) = split_qualifier(qualifier);
    match &scope::item(scope, schema, alias)?.0.columns {
        Columns::Known(columns) => Some(columns.to_vec()),
        Columns::Unknown => None,
    }
}

fn target(node: &Node) -> Option<&pb::ResTarget> {
    match &node.node {
        Some(NodeEnum::ResTarget(t)) => Some(t),
        _ => None,
    }
}
