//! Whether a query level reads all rows of its tables or few of them. A visible table is written accordingly
//! (`visible/probe.rs`): consent is read once for everybody, or looked up row by row.
//!
//! Told by the shape alone, as the engine knows no sizes. A wrong guess costs time and nothing else; where the shape does
//! not tell, few rows are expected, because looking up many one by one is slower by a small factor only.

use pg_query::protobuf::{self as pb, AExprKind};
use pg_query::{Node, NodeEnum};

use super::aggregates::reads_own;
use super::scope::{self, Col, Found, Scope};
use super::{Analyser, Occurrence, names};

/// One SELECT, or one arm of a set operation.
#[derive(Debug, Clone, Default)]
pub struct Level {
    /// The level around it.
    parent: Option<usize>,
    /// A condition that an index may serve.
    narrowed: bool,
    /// Such a one that may be tested on stored values.
    found: bool,
    /// Only the first rows are asked for.
    limited: bool,
    /// Nothing leaves it before all of it is read: it groups, sorts, or drops duplicates.
    holds: bool,
    /// It joins something that may have few rows.
    beside_few: bool,
}

impl Analyser<'_> {
    /// Begins the level of `s`; returns the one around it, for [`Self::leave_level`].
    pub fn enter_level(&mut self, s: &pb::SelectStmt) -> Option<usize> {
        let groups = !s.group_clause.is_empty() || s.having_clause.is_some();
        let set = s.op() != pb::SetOperation::SetopNone;
        let holds = groups
            || !s.distinct_clause.is_empty()
            || !s.window_clause.is_empty()
            // What a set operation sorts is never in the order of an index.
            || set && !(s.op() == pb::SetOperation::SetopUnion && s.all && s.sort_clause.is_empty());
        let limited = s.limit_count.is_some();
        self.levels.push(Level { parent: self.level, limited, holds, ..Level::default() });
        self.level.replace(self.levels.len() - 1)
    }

    pub fn leave_level(&mut self, around: Option<usize>) {
        self.level = around;
    }

    /// The level that a FROM item was, has ended: what it is joined with may be few rows because it is.
    pub fn beside_level(&mut self, item: usize) {
        if self.levels.get(item).is_some_and(|l| l.narrowed || l.limited || l.beside_few) {
            self.beside_few();
        }
    }

    /// This level joins something of a size that nobody knows.
    pub fn beside_few(&mut self) {
        self.at_level(|level| level.beside_few = true);
    }

    /// This level aggregates, or looks at its rows through a window.
    pub fn holds_rows(&mut self) {
        self.at_level(|level| level.holds = true);
    }

    /// The top level `level` is read in pieces, as a cursor is.
    pub fn read_in_pieces(&mut self, level: usize) {
        if let Some(level) = self.levels.get_mut(level) {
            level.limited = true;
        }
    }

    fn at_level(&mut self, change: impl FnOnce(&mut Level)) {
        if let Some(level) = self.level.and_then(|at| self.levels.get_mut(at)) {
            change(level);
        }
    }

    /// Takes note of the order in which this level gives its rows.
    pub fn sorted(&mut self, sort: &[Node], scope: &Scope<'_>) {
        let Some(NodeEnum::SortBy(first)) = sort.first().and_then(|n| n.node.as_ref()) else { return };
        // Anything but a bare column may be the name or the number of one.
        let by_index = match first.node.as_deref().map(|n| (&n.node, self.own_column(n, scope))) {
            Some((Some(NodeEnum::ColumnRef(_)), Some(col))) => self.may_be_indexed(&col),
            Some((Some(NodeEnum::ColumnRef(_) | NodeEnum::AConst(_)), _)) => true,
            _ => false,
        };
        if !by_index {
            self.holds_rows();
        }
    }

    /// Takes note of a condition of this level that leaves few rows.
    pub fn narrowed_by(&mut self, condition: &Node, scope: &Scope<'_>) {
        let narrows = match &condition.node {
            Some(NodeEnum::BoolExpr(b)) if b.boolop() == pb::BoolExprType::AndExpr => {
                return b.args.iter().for_each(|arg| self.narrowed_by(arg, scope));
            }
            Some(NodeEnum::AExpr(e)) => {
                let narrowing = self.comparison_narrows(e, scope);
                let found = narrowing.as_ref().is_some_and(|(col, with)| self.finds(col, with, scope));
                self.at_level(|level| level.found |= found);
                narrowing.is_some()
            }
            // `IN (SELECT …)`, EXISTS: of however many.
            Some(NodeEnum::SubLink(_)) => true,
            _ => false,
        };
        if narrows {
            self.at_level(|level| level.narrowed = true);
        }
    }

    /// Whether a column that is compared `with` something may be tested on stored values, before all else of its level.
    fn finds(&self, col: &Col, with: &Node, scope: &Scope<'_>) -> bool {
        let open = |&(o, column): &scope::Base| self.occurrences.get(o).is_none_or(|o| self.is_open(o, column));
        !reads_own(with, scope) && col.origin.iter().all(open)
    }

    /// `column = something` that is not a column of the same level.
    fn comparison_narrows<'n>(&self, e: &'n pb::AExpr, scope: &Scope<'_>) -> Option<(Col, &'n Node)> {
        let operator = matches!(names(&e.name).last(), Some(&("=" | "<" | ">" | "<=" | ">=")));
        let known = match e.kind() {
            AExprKind::AexprOp | AExprKind::AexprOpAny | AExprKind::AexprIn => operator,
            AExprKind::AexprBetween | AExprKind::AexprBetweenSym => true,
            _ => false,
        };
        let side = |node: &Option<Box<Node>>| node.as_deref().and_then(|n| self.own_column(n, scope));
        match (side(&e.lexpr), side(&e.rexpr)) {
            (Some(col), None) => Some((col, e.rexpr.as_deref()?)),
            (None, Some(col)) => Some((col, e.lexpr.as_deref()?)),
            (Some(_), Some(_)) | (None, None) => None,
        }
        .filter(|(col, _)| known && self.may_be_indexed(col))
    }

    /// The column of this very level that `node` is.
    fn own_column(&self, node: &Node, scope: &Scope<'_>) -> Option<Col> {
        let Some(NodeEnum::ColumnRef(r)) = &node.node else { return None };
        match names(&r.fields)[..] {
            [column] => match scope::column(scope, column) {
                Found::Column { col, level: 0, .. } => Some(col),
                _ => None,
            },
            [.., alias, column] => {
                let (item, level) = scope::item(scope, None, alias)?;
                item.columns.list().iter().find(|c| level == 0 && &*c.name == column).cloned()
            }
            [] => None,
        }
    }

    /// What is not a stored column of a protected table counts as indexed: nothing is known of it.
    pub fn may_be_indexed(&self, col: &Col) -> bool {
        let indexed = |&(occurrence, column): &scope::Base| {
            let relation = self.occurrences.get(occurrence).and_then(|o| self.engine.catalog.relation(o.relation));
            let name = relation.and_then(|r| r.columns.get(column)).map(|c| &c.name);
            relation.zip(name).is_none_or(|(relation, name)| relation.indexed.contains(name))
        };
        col.origin.is_empty() || col.origin.iter().any(indexed)
    }

    /// Whether the query level that reads an occurrence has a condition on stored values that leaves few rows, or joins few.
    pub fn leads_to_few(&self, o: &Occurrence) -> bool {
        o.level.and_then(|at| self.levels.get(at)).is_some_and(|l| l.found || l.beside_few)
    }

    /// Whether all rows of an occurrence will be read. `fenced`: no condition of the client's reaches its indexes but what is
    /// copied inside.
    pub fn reads_all(&self, o: &Occurrence, fenced: bool) -> bool {
        let around = |at: &usize| self.levels.get(*at).and_then(|l| l.parent);
        let levels = || std::iter::successors(o.level, around).filter_map(|at| self.levels.get(at));
        let own = levels().next();
        let few = own.is_none_or(|l| l.beside_few) || levels().any(|l| l.narrowed);
        (!few || (fenced && o.inside.is_empty())) && !levels().take_while(|l| !l.holds).any(|l| l.limited)
    }
}
