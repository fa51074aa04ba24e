//! Whom a statement is about, for the record: the subjects whose keys it names by equality, and output columns that are
//! a bare key.
//!
//! Equality is looked for wherever an expression is judged, whatever it is part of, and wherever PostgreSQL compares by `=`
//! of itself: `USING`, `IN (SELECT …)`, what is stored in a column that leads to a person. On either side stands a key, or
//! what may be one: a constant, or a column of constants.

use pg_query::protobuf::{self as pb, AExprKind};
use pg_query::{Node, NodeEnum};

use super::given::GivenKey;
use super::scope::{Base, Col, Columns, Scope};
use super::{Analyser, names};
use crate::engine::catalog::{Oid, Relation};
use crate::engine::cleared::NamedSubject;
use crate::engine::key_value::{Class, KeyType, Reading};
use crate::engine::policy::{ConsentSource, protecting_ancestor};

/// Subjects that one statement names: more are a list of people rather than a question about somebody.
const MOST_NAMED: usize = 1000;

/// Keys held against constants, pair by pair, in one statement: of more it is said that somebody is named.
const MOST_HELD: usize = 10_000;

/// What names subjects, and how many pairs were held against each other for it.
#[derive(Default)]
pub struct Namings {
    pub list: Vec<Naming>,
    held: usize,
}

impl Namings {
    pub fn are_enough(&self) -> bool {
        self.held >= MOST_HELD
    }
}

/// What names a subject, in the order of the text: also one that was named before, as another text may not repeat it.
#[derive(Debug, Clone)]
pub struct Naming {
    pub kind: String,
    pub by: NamedBy,
    pub reading: Reading,
}

#[derive(Debug, Clone, Copy)]
pub enum NamedBy {
    /// Where it begins in the client's text, and whether a minus that belongs to the constant stands before it.
    Literal {
        at: usize,
        negative: bool,
    },
    Parameter(u16),
    /// What PostgreSQL works out.
    Untold,
}

/// Adds a subject to those that a statement names: each once, and only so many; of more, that there are.
pub fn name_once(subjects: &mut Vec<NamedSubject>, subject: NamedSubject) {
    let subject = if subjects.len() < MOST_NAMED { subject } else { NamedSubject { key: None, ..subject } };
    let known = |named: &NamedSubject| match &subject.key {
        Some(_) => *named == subject,
        None => named.key.is_none() && named.kind == subject.kind,
    };
    if !subjects.iter().any(known) {
        subjects.push(subject);
    }
}

/// A side of an equality: the kinds of subject whose key it is, and as what that is compared; or what may be one.
#[derive(Default)]
pub struct KeySide {
    keys: Vec<(String, KeyType)>,
    given: Vec<GivenKey>,
    /// A query, whose only column is known once it was walked: by the text and its place there.
    query: Option<(usize, i32)>,
}

/// Two sides that are equal.
type Equal = (KeySide, KeySide);

impl Analyser<'_> {
    /// What an expression holds equal by itself, before it is judged: its columns are what they are written as.
    pub fn equal_in(&self, node: &Node, scope: &Scope<'_>) -> Vec<Equal> {
        match &node.node {
            Some(NodeEnum::AExpr(e)) => self.equal_by(e, scope).unwrap_or_default(),
            Some(NodeEnum::CaseExpr(c)) => {
                let Some(arg) = c.arg.as_deref() else { return Vec::new() };
                let whens = c.args.iter().filter_map(|when| match &when.node {
                    Some(NodeEnum::CaseWhen(when)) => when.expr.as_deref(),
                    _ => None,
                });
                vec![(self.key_side(arg, scope), self.any_side(whens, scope))]
            }
            _ => Vec::new(),
        }
    }

    fn equal_by(&self, e: &pb::AExpr, scope: &Scope<'_>) -> Option<Vec<Equal>> {
        let (["="] | ["pg_catalog", "="]) = names(&e.name)[..] else { return None };
        let (left, right) = (e.lexpr.as_deref()?, e.rexpr.as_deref()?);
        match (e.kind(), &right.node) {
            (AExprKind::AexprOp | AExprKind::AexprNotDistinct | AExprKind::AexprNullif, _) => {
                Some(self.equal_sides(left, right, scope))
            }
            (AExprKind::AexprIn, Some(NodeEnum::List(list))) => match &left.node {
                Some(NodeEnum::RowExpr(row)) => {
                    let column = |i: usize| {
                        list.items.iter().filter_map(move |item| match &item.node {
                            Some(NodeEnum::RowExpr(row)) => row.args.get(i),
                            _ => None,
                        })
                    };
                    let sides = row.args.iter().enumerate();
                    Some(sides.map(|(i, l)| (self.key_side(l, scope), self.any_side(column(i), scope))).collect())
                }
                _ => {
                    let KeySide { keys, .. } = self.any_side(list.items.iter().filter(|n| may_be_key(n)), scope);
                    let given = self.given_in(&list.items, scope);
                    Some(vec![(self.key_side(left, scope), KeySide { keys, given, query: None })])
                }
            },
            (AExprKind::AexprOpAny | AExprKind::AexprOpAll, _) => {
                let given = self.given(right, true, scope);
                Some(vec![(self.key_side(left, scope), KeySide { given, ..KeySide::default() })])
            }
            _ => None,
        }
    }

    /// Two sides; of rows, each column's.
    fn equal_sides(&self, left: &Node, right: &Node, scope: &Scope<'_>) -> Vec<Equal> {
        if let (Some(NodeEnum::RowExpr(left)), Some(NodeEnum::RowExpr(right))) = (&left.node, &right.node) {
            return left.args.iter().zip(&right.args).flat_map(|(l, r)| self.equal_sides(l, r, scope)).collect();
        }
        vec![(self.key_side(left, scope), self.key_side(right, scope))]
    }

    pub fn key_side(&self, node: &Node, scope: &Scope<'_>) -> KeySide {
        let (inner, casts) = self.uncast(node);
        match &inner.node {
            Some(NodeEnum::ColumnRef(r)) => {
                let keys = self.bare_column(r, scope).map(|col| self.keys_of(&col)).unwrap_or_default();
                match casts.as_slice() {
                    _ if keys.is_empty() => {}
                    [] => return KeySide { keys, ..KeySide::default() },
                    // As it is cast, each key is another.
                    [to] if to.limit.is_none() && !to.array && to.class != Class::Other => {
                        let keys = keys.into_iter().map(|(kind, _)| (kind, *to)).collect();
                        return KeySide { keys, ..KeySide::default() };
                    }
                    _ => return KeySide::default(),
                }
            }
            Some(NodeEnum::SubLink(s)) if s.sub_link_type() == pb::SubLinkType::ExprSublink && casts.is_empty() => {
                return KeySide { query: Some((self.source, s.location)), ..KeySide::default() };
            }
            _ => {}
        }
        KeySide { given: self.given(node, false, scope), ..KeySide::default() }
    }

    /// Several of which one is meant.
    fn any_side<'n>(&self, nodes: impl Iterator<Item = &'n Node>, scope: &Scope<'_>) -> KeySide {
        let mut all = KeySide::default();
        for node in nodes {
            let KeySide { keys, given, query } = self.key_side(node, scope);
            all.keys.extend(keys);
            all.query = all.query.or(query);
            // More than can be told: there are some.
            all.given.extend(given.into_iter().take((MOST_HELD + 1).saturating_sub(all.given.len())));
            all.keys.sort_by(|a, b| a.0.cmp(&b.0));
            all.keys.dedup();
        }
        all
    }

    /// Names whom equal sides name.
    pub fn name_equal(&mut self, equal: Vec<Equal>) {
        for (left, right) in equal {
            let (left, right) = (self.asked(left), self.asked(right));
            self.name_by(&left, &right);
            self.name_by(&right, &left);
        }
    }

    /// A side whose query was walked by now.
    fn asked(&self, side: KeySide) -> KeySide {
        let col = side.query.and_then(|at| self.walked_key(at));
        col.map_or(side, |col| self.side_of(&col))
    }

    fn side_of(&self, col: &Col) -> KeySide {
        let given = col.constants.iter().flat_map(|given| given.iter().cloned()).collect();
        KeySide { keys: self.keys_of(col), given, query: None }
    }

    /// The same of columns that PostgreSQL compares, or stores in one another.
    pub fn name_compared(&mut self, left: &Col, right: &Col) {
        if left.constants.is_none() && right.constants.is_none() {
            return;
        }
        let equal = vec![(self.side_of(left), self.side_of(right))];
        self.name_equal(equal);
    }

    /// `x IN (SELECT …)`, by column: `sides`, before the query was walked.
    pub fn name_members(&mut self, sides: Vec<KeySide>, columns: &Columns) {
        let equal = sides.into_iter().zip(columns.list()).map(|(side, col)| (side, self.side_of(col))).collect();
        self.name_equal(equal);
    }

    /// The sides of what stands before IN.
    pub fn key_sides(&self, node: Option<&Node>, scope: &Scope<'_>) -> Vec<KeySide> {
        match node.map(|node| (node, &node.node)) {
            Some((_, Some(NodeEnum::RowExpr(row)))) => row.args.iter().map(|part| self.key_side(part, scope)).collect(),
            Some((node, _)) => vec![self.key_side(node, scope)],
            None => Vec::new(),
        }
    }

    /// A column of a table gets what may be a key.
    pub fn name_stored(&mut self, relation: &Relation, column: usize, side: KeySide) {
        let table = protecting_ancestor(&self.engine.catalog, &self.engine.policy, relation.oid);
        let Some(column) = relation.columns.get(column) else { return };
        if let Some((kind, _)) = self.key_in(table.unwrap_or(relation.oid), &column.name) {
            let ty = KeyType::new(Class::of(&column.ty.base), false);
            let key = (kind.to_owned(), ty);
            // A fraction is rounded, where no key is equal to it.
            let stored = |given: GivenKey| if ty.class.is_integer() { given.cast(&[ty]) } else { given };
            let side = KeySide { given: side.given.into_iter().map(stored).collect(), ..side };
            self.name_equal(vec![(KeySide { keys: vec![key], ..KeySide::default() }, side)]);
        }
    }

    /// The same of what a query puts out.
    pub fn name_all_stored(&mut self, relation: &Relation, filled: &[usize], columns: &Columns) {
        for (column, col) in filled.iter().zip(columns.list()).filter(|(_, col)| col.constants.is_some()) {
            self.name_stored(relation, *column, self.side_of(col));
        }
    }

    /// The same of an assignment, before its value is judged.
    pub fn name_assigned(&mut self, relation: &Relation, name: &str, value: &Node, scope: &Scope<'_>) {
        let Some(column) = relation.columns.iter().position(|c| c.name == name) else { return };
        if let Some(value) = assigned_value(value) {
            self.name_stored(relation, column, self.key_side(value, scope));
        }
    }

    fn name_by(&mut self, key: &KeySide, other: &KeySide) {
        for (kind, compared) in &key.keys {
            for given in &other.given {
                let reading = given.reading(*compared);
                if self.namings.are_enough() {
                    self.unlike_others = true;
                    name_once(&mut self.subjects, NamedSubject { key: None, kind: kind.clone(), reading });
                    break;
                }
                self.namings.held += 1;
                match given.by {
                    Some(by) => self.namings.list.push(Naming { kind: kind.clone(), by, reading: reading.clone() }),
                    // Its key is written in a way that is read here only.
                    None => self.unlike_others = true,
                }
                let named = NamedSubject { key: given.key.clone(), kind: kind.clone(), reading };
                name_once(&mut self.subjects, named);
            }
        }
    }

    /// The kinds of subject whose key a column is, and of which type it is; of a column that a join or a set operation
    /// merged, each.
    fn keys_of(&self, col: &Col) -> Vec<(String, KeyType)> {
        let key = |base: &Base| {
            let (kind, _) = self.key_at(*base)?;
            let (occurrence, column) = *base;
            let relation = self.engine.catalog.relation(self.occurrences.get(occurrence)?.relation)?;
            let class = Class::of(&relation.columns.get(column)?.ty.base);
            Some((kind.to_owned(), KeyType::new(class, false)))
        };
        let mut keys: Vec<_> = col.origin.iter().filter_map(key).collect();
        keys.sort_by(|a, b| a.0.cmp(&b.0));
        keys.dedup();
        keys
    }

    /// The kind of subject whose key a column is, and whether its table's output is to be recorded.
    fn key(&self, col: &Col) -> Option<(String, bool)> {
        let mut keys = col.origin.iter().map(|base| self.key_at(*base));
        // One of several that a join or a set operation merged: keys of one kind.
        let (kind, recorded) = keys.next()??;
        keys.try_fold(recorded, |recorded, key| key.filter(|k| k.0 == kind).map(|k| recorded || k.1))
            .map(|recorded| (kind.to_owned(), recorded))
    }

    /// The same of a stored column.
    fn key_at(&self, (occurrence, column): Base) -> Option<(&str, bool)> {
        let o = self.occurrences.get(occurrence)?;
        self.key_in(o.protected_by?, &self.engine.catalog.relation(o.relation)?.columns.get(column)?.name)
    }

    /// The same of a column of a protected table.
    fn key_in(&self, table: Oid, name: &str) -> Option<(&str, bool)> {
        let own = self.engine.policy.tables.get(&table).and_then(|policy| {
            let path = policy.subject.as_ref().filter(|p| p.hops.is_empty() && p.column == *name)?;
            Some((path.kind.as_str(), policy.record_subjects))
        });
        own.or_else(|| Some((self.chooser(table, name)?, false)))
    }

    /// The kind of subject whose choices a consent table tells by this column.
    fn chooser(&self, table: Oid, column: &str) -> Option<&str> {
        let kinds = self.engine.policy.subjects.values();
        let chooses = |s: &ConsentSource| s.table == table && s.subject == column;
        kinds.filter(|kind| kind.consent.as_ref().is_some_and(chooses)).map(|kind| kind.name.as_str()).next()
    }

    /// Output columns of a top-level query that are a bare subject key of a table with `record_subjects`.
    pub fn subject_columns(&self) -> Vec<(u16, String)> {
        let Columns::Known(columns) = &self.output else { return Vec::new() };
        let kind =
            |col: &Col| self.key(col).filter(|_| !col.mixed).and_then(|(kind, recorded)| recorded.then_some(kind));
        columns.iter().enumerate().filter_map(|(i, col)| Some((u16::try_from(i).ok()?, kind(col)?))).collect()
    }
}

/// Whether a node is a column, be it cast: most of a list are constants.
fn may_be_key(node: &Node) -> bool {
    match &node.node {
        Some(NodeEnum::TypeCast(c)) => c.arg.as_deref().is_some_and(may_be_key),
        Some(NodeEnum::CollateClause(c)) => c.arg.as_deref().is_some_and(may_be_key),
        node => matches!(node, Some(NodeEnum::ColumnRef(_))),
    }
}

/// What one column is assigned; `None`: what a query gives. Of `(a, b) = (1, 2)` the tree holds the same source once for each
/// column.
pub fn assigned_value(value: &Node) -> Option<&Node> {
    let Some(NodeEnum::MultiAssignRef(part)) = &value.node else { return Some(value) };
    match part.source.as_deref()?.node.as_ref()? {
        NodeEnum::RowExpr(row) => row.args.get(usize::try_from(part.colno).ok()?.checked_sub(1)?),
        _ => None,
    }
}
