//! What could fail, but not on a row that is not there.
//!
//! Where a column is looked at, it is null in a hidden row (`rewrite/guard.rs`). An operator, function or cast that gives null
//! for null without being called (`pg_proc.proisstrict`) cannot fail there: `total / 2 > 10` needs no fence around the table
//! of `total`, whose rows are then found by the indexes of a join. All that could fail must be such for the same table; the
//! other tables of the query stay fenced, or their hidden rows would decide which visible ones it is computed of.

use std::collections::BTreeSet;

use pg_query::protobuf::{self as pb, AExprKind};
use pg_query::{Node, NodeEnum};

use super::scope::Scope;
use super::{Analyser, ColumnUses, Occurrence};
use crate::engine::policy::ColumnUse;

/// Built-in functions that are strict, whatever they are of (PostgreSQL 15, `pg_proc`). Those of them that are SQL, which it puts
/// in their place (`round(numeric)`), do nothing there that could fail without the argument.
const FUNCTIONS: [&str; 44] = [
    "abs",
    "array_length",
    "btrim",
    "cardinality",
    "ceil",
    "ceiling",
    "char_length",
    "date",
    "date_part",
    "date_trunc",
    "div",
    "exp",
    "extract",
    "floor",
    "initcap",
    "left",
    "length",
    "ln",
    "log",
    "lower",
    "ltrim",
    "md5",
    "mod",
    "position",
    "power",
    "regexp_match",
    "regexp_replace",
    "repeat",
    "replace",
    "reverse",
    "right",
    "round",
    "rtrim",
    "sign",
    "split_part",
    "sqrt",
    "starts_with",
    "strpos",
    "substr",
    "timezone",
    "to_char",
    "to_date",
    "trunc",
    "upper",
];

/// Occurrences on whose hidden rows nothing fails, though something could; `None`: nothing could.
pub type Spared = Option<BTreeSet<usize>>;

/// What two parts of a statement spare.
pub fn both(a: Spared, b: Spared) -> Spared {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.intersection(&b).copied().collect()),
        (one, other) => one.or(other),
    }
}

impl Analyser<'_> {
    /// Takes note that `node`, without its parts, could fail where rows are still chosen.
    pub fn fails_on_values(&mut self, node: &Node, scope: &Scope<'_>) {
        let null = self.null_where_hidden(node, scope);
        match null.is_empty() || self.writes {
            true => self.may_fail = true,
            false => self.spared = both(self.spared.take(), Some(null)),
        }
    }

    /// Says of each occurrence whether it needs a fence. To be called once the statement is walked.
    pub fn settle_spared(&mut self) {
        if let Some(spared) = self.spared.take() {
            // A lock tests rows again.
            self.may_fail |= self.locks;
            let own = self.occurrences.iter_mut().enumerate().skip(self.first_occurrence);
            for (i, o) in own.filter(|(_, o)| !o.alone) {
                o.spared = spared.contains(&i) && !self.may_fail;
                o.fails |= !o.spared;
            }
        }
        for i in self.first_occurrence..self.occurrences.len() {
            let worth = |o: &Occurrence| self.reads_all(o, false) || self.is_found(o);
            if self.occurrences.get(i).is_some_and(|o| o.spared && !worth(o))
                && let Some(o) = self.occurrences.get_mut(i)
            {
                (o.spared, o.fails) = (false, true);
            }
        }
    }

    /// Whether an index may find the rows of an occurrence where it has no fence: by a constant, or by a column that others
    /// are joined by. (Row after row of a join would be tested for consent else.)
    fn is_found(&self, o: &Occurrence) -> bool {
        let joins = |u: &ColumnUses| u.compared && !u.weighed && !u.early;
        let by_constant = o.inside.iter().any(|c| c.unseen.is_some() && self.is_open(o, c.column));
        self.leads_to_few(o) && (by_constant || o.uses.iter().any(joins))
    }

    /// Whether a column is shown as stored whatever the purpose.
    pub fn is_open(&self, o: &Occurrence, column: usize) -> bool {
        let Some(table) = o.protected_by.and_then(|oid| self.engine.policy.tables.get(&oid)) else { return true };
        let name =
            self.engine.catalog.relation(o.relation).and_then(|r| r.columns.get(column)).map(|c| c.name.as_str());
        name.is_some_and(|name| matches!(table.columns.get(name), Some(ColumnUse::Open)))
    }

    /// The occurrences on whose hidden rows an expression is null without being computed.
    fn null_where_hidden(&self, node: &Node, scope: &Scope<'_>) -> BTreeSet<usize> {
        let part = |n: &Option<Box<Node>>| n.as_deref().map_or(BTreeSet::new(), |n| self.null_where_hidden(n, scope));
        match &node.node {
            Some(NodeEnum::ColumnRef(r)) => {
                self.bare_column(r, scope).map_or(BTreeSet::new(), |col| match col.origin[..] {
                    [(occurrence, _)] if self.is_known_and_stored(&col) => BTreeSet::from([occurrence]),
                    _ => BTreeSet::new(),
                })
            }
            Some(NodeEnum::AExpr(e)) if self.is_null_for_null(e, scope) => &part(&e.lexpr) | &part(&e.rexpr),
            Some(NodeEnum::TypeCast(c)) if c.type_name.as_ref().is_some_and(|ty| self.plain_type(ty).is_some()) => {
                part(&c.arg)
            }
            Some(NodeEnum::FuncCall(f)) => self.null_call(f, scope),
            _ => BTreeSet::new(),
        }
    }

    fn null_call(&self, f: &pb::FuncCall, scope: &Scope<'_>) -> BTreeSet<usize> {
        let strict = self.built_in_name(f, scope).is_some_and(|name| FUNCTIONS.contains(&name));
        let plain = f.over.is_none() && f.agg_filter.is_none() && f.agg_order.is_empty() && !f.func_variadic;
        let args = f.args.iter().filter(|_| strict && plain);
        args.flat_map(|arg| self.null_where_hidden(arg, scope)).collect()
    }

    /// All operators of PostgreSQL's own are strict but `||` of arrays.
    fn is_null_for_null(&self, e: &pb::AExpr, scope: &Scope<'_>) -> bool {
        let kind = matches!(e.kind(), AExprKind::AexprOp | AExprKind::AexprLike | AExprKind::AexprIlike);
        kind && super::names(&e.name).last() != Some(&"||") && self.is_built_in_operation(e, scope)
    }

    /// Whether a column is one of a stored table, of a type whose values become others by PostgreSQL's own casts only.
    fn is_known_and_stored(&self, col: &super::scope::Col) -> bool {
        let built_in = col
            .ty
            .as_deref()
            .is_some_and(|ty| self.is_built_in_type(ty) && self.engine.catalog.casts_of_values(ty).next().is_none());
        built_in && col.total && !col.mixed && col.instead.is_none()
    }
}
