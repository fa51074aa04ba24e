//! Columns that GROUP BY cannot take (json, xml, point …), and rows with such columns, where the key of their table is grouped
//! by: each group has one row of that table, and an aggregate of its one value is the value.
//!
//! `array_agg` holds the value as often as the group has rows of other tables. Of json it is the least text instead, which
//! holds it once; of the other types the text may be another than the value (`extra_float_digits`, `xmloption`).

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::scope::{self, Item, Scope};
use super::select::{split_qualifier, star};
use super::writes::is_plain_call;
use super::{Analyser, Replacement, names, ours, string_node};
use crate::engine::catalog::{Oid, quote_ident};

/// Such columns of one item of FROM, by their names there.
pub struct Ungroupable<'a> {
    pub item: &'a Item,
    pub occurrence: usize,
    pub columns: Vec<Apart>,
    /// Its row as one value too.
    pub whole: bool,
}

pub struct Apart {
    /// In the relation.
    pub index: usize,
    pub name: std::rc::Rc<str>,
    pub through: Option<&'static str>,
}

/// The type that a value is read as again, of which the text says all, by its OID (PostgreSQL, pg_type.dat).
pub fn through_text(ty: Oid) -> Option<&'static str> {
    match ty {
        114 => Some("pg_catalog.json"),
        199 => Some("pg_catalog.json[]"),
        _ => None,
    }
}

impl Analyser<'_> {
    /// Puts what stands for them in the place of references outside of aggregates. What is left where it was, for its text is
    /// not found or what is around it not known, PostgreSQL refuses as ungrouped.
    pub fn take_from_groups(&mut self, s: &mut pb::SelectStmt, scope: &Scope<'_>, of: &Ungroupable<'_>) {
        let mut items = Vec::with_capacity(s.target_list.len());
        for mut node in std::mem::take(&mut s.target_list) {
            match &mut node.node {
                Some(NodeEnum::ResTarget(t)) if t.val.as_deref().is_some_and(|v| self.is_star_of(v, scope, of)) => {
                    items.extend(self.written_out(t, of));
                    continue;
                }
                Some(NodeEnum::ResTarget(t)) => t.val.iter_mut().for_each(|v| self.take_from_group(v, scope, of)),
                _ => {}
            }
            items.push(node);
        }
        s.target_list = items;
        s.having_clause.iter_mut().for_each(|having| self.take_from_group(having, scope, of));
        s.sort_clause.iter_mut().chain(&mut s.window_clause).for_each(|n| self.take_from_group(n, scope, of));
    }

    /// What stands around a reference to such a column, or to the row, and where the reference is.
    fn ungrouped_reference(
        &self,
        r: &pb::ColumnRef,
        scope: &Scope<'_>,
        of: &Ungroupable<'_>,
    ) -> Option<([String; 2], (usize, usize))> {
        if of.whole && self.is_row_of(r, scope, of) {
            let first = self.tokens().at(usize::try_from(r.location).ok()?)?;
            let span = self.token_span(first, first + 2 * r.fields.len() - 1).ok()?;
            return Some((around(of.item.alias.as_deref()?, None), span));
        }
        let named = of.columns.iter().find(|c| self.refers_to(r, scope, (of.occurrence, c.index)))?;
        Some((around(&named.name, named.through), self.reference_span(r).ok()?))
    }

    /// Whether a reference is the row of the item: `alias`, or `alias.*` in an expression.
    fn is_row_of(&self, r: &pb::ColumnRef, scope: &Scope<'_>, of: &Ungroupable<'_>) -> bool {
        let [alias] = names(&r.fields)[..] else { return false };
        let row = if r.fields.len() == 1 { scope::column(scope, alias) } else { scope::row(scope, alias) };
        matches!(row, scope::Found::Row { item } if item.occurrence == Some(of.occurrence))
    }

    fn is_field_of_row(&self, i: &pb::AIndirection, scope: &Scope<'_>, of: &Ungroupable<'_>) -> bool {
        let field = matches!(i.indirection.first().map(|n| &n.node), Some(Some(NodeEnum::String(_))));
        let row = match i.arg.as_deref().map(|n| &n.node) {
            Some(Some(NodeEnum::ColumnRef(r))) => self.is_row_of(r, scope, of),
            _ => false,
        };
        field && row
    }

    /// `alias.*`, or `*` where there is nothing else.
    fn is_star_of(&self, value: &Node, scope: &Scope<'_>, of: &Ungroupable<'_>) -> bool {
        let Some(qualifier) = star(value) else { return false };
        let (schema, alias) = split_qualifier(&qualifier);
        match (qualifier.as_slice(), scope.items) {
            ([], [only]) => std::ptr::eq(only, of.item),
            ([], _) => false,
            _ => scope::item(scope, schema, alias).is_some_and(|(item, _)| std::ptr::eq(item, of.item)),
        }
    }

    /// The star's columns one by one; as it was, where its text is not found.
    fn written_out(&mut self, target: &mut pb::ResTarget, of: &Ungroupable<'_>) -> Vec<Node> {
        let all = of.item.columns.list().to_vec();
        let alias = of.item.alias.clone().unwrap_or_default();
        let whole = |target: &pb::ResTarget| vec![Node { node: Some(NodeEnum::ResTarget(Box::new(target.clone()))) }];
        let Some((start, end)) = self.star_in_text(target) else { return whole(target) };
        let mut nodes = Vec::with_capacity(all.len());
        let mut texts = Vec::with_capacity(all.len());
        for column in &all {
            let reference = NodeEnum::ColumnRef(pb::ColumnRef {
                fields: vec![string_node(&alias), string_node(&column.name)],
                location: -1,
            });
            let plain = format!("{}.{}", quote_ident(&alias), quote_ident(&column.name));
            let taken = of.columns.iter().find(|apart| apart.name == column.name);
            let (value, text) = match taken.map(|apart| around(&column.name, apart.through)) {
                None => (Some(reference), plain),
                Some(around) => (of_group(&around, reference), format!("{}{plain}{}", around[0], around[1])),
            };
            let Some(value) = value else { return whole(target) };
            texts.push(text);
            let val = Some(Box::new(Node { node: Some(value) }));
            let column = pb::ResTarget { val, location: -1, ..Default::default() };
            nodes.push(Node { node: Some(NodeEnum::ResTarget(Box::new(column))) });
        }
        self.edit(start, end, Replacement::Text(texts.join(", ")));
        self.must_rewrite = true;
        nodes
    }

    /// Byte range of `*` or `a.b.*` as written.
    fn star_in_text(&self, target: &pb::ResTarget) -> Option<(usize, usize)> {
        let Some(NodeEnum::ColumnRef(r)) = &target.val.as_ref()?.node else { return None };
        let first = self.tokens().at(usize::try_from(r.location).ok()?)?;
        self.token_span(first, first + 2 * names(&r.fields).len() + 1).ok()
    }

    fn take_from_group(&mut self, node: &mut Node, scope: &Scope<'_>, of: &Ungroupable<'_>) {
        match &mut node.node {
            Some(NodeEnum::ColumnRef(r)) => {
                let Some((around, (start, end))) = self.ungrouped_reference(r, scope, of) else { return };
                let Some(value) = of_group(&around, NodeEnum::ColumnRef(r.clone())) else { return };
                let [before, after] = around;
                self.edit(start, start, Replacement::Text(before));
                self.edit(end, end, Replacement::Text(after));
                self.must_rewrite = true;
                node.node = Some(value);
            }
            // `(row).column` is the column.
            Some(NodeEnum::AIndirection(i)) if self.is_field_of_row(i, scope, of) => {}
            Some(NodeEnum::FuncCall(f)) if f.over.is_some() => {
                let window = f.over.iter_mut().flat_map(|w| w.partition_clause.iter_mut().chain(&mut w.order_clause));
                let parts = f.args.iter_mut().chain(f.agg_filter.iter_mut().map(|n| &mut **n)).chain(window);
                parts.for_each(|n| self.take_from_group(n, scope, of));
            }
            Some(NodeEnum::FuncCall(f)) if is_plain_call(f, &self.engine.catalog) => {
                f.args.iter_mut().for_each(|n| self.take_from_group(n, scope, of));
            }
            Some(NodeEnum::TypeCast(c)) => c.arg.iter_mut().for_each(|n| self.take_from_group(n, scope, of)),
            Some(NodeEnum::CollateClause(c)) => c.arg.iter_mut().for_each(|n| self.take_from_group(n, scope, of)),
            Some(NodeEnum::NullTest(t)) => t.arg.iter_mut().for_each(|n| self.take_from_group(n, scope, of)),
            Some(NodeEnum::AIndirection(i)) => i.arg.iter_mut().for_each(|n| self.take_from_group(n, scope, of)),
            Some(NodeEnum::AExpr(e)) => {
                let sides = e.lexpr.iter_mut().chain(&mut e.rexpr);
                sides.for_each(|n| self.take_from_group(n, scope, of));
            }
            Some(NodeEnum::BoolExpr(e)) => e.args.iter_mut().for_each(|n| self.take_from_group(n, scope, of)),
            Some(NodeEnum::CoalesceExpr(e)) => e.args.iter_mut().for_each(|n| self.take_from_group(n, scope, of)),
            Some(NodeEnum::MinMaxExpr(e)) => e.args.iter_mut().for_each(|n| self.take_from_group(n, scope, of)),
            Some(NodeEnum::AArrayExpr(e)) => e.elements.iter_mut().for_each(|n| self.take_from_group(n, scope, of)),
            Some(NodeEnum::RowExpr(e)) => e.args.iter_mut().for_each(|n| self.take_from_group(n, scope, of)),
            Some(NodeEnum::SortBy(s)) => s.node.iter_mut().for_each(|n| self.take_from_group(n, scope, of)),
            Some(NodeEnum::WindowDef(w)) => {
                let parts = w.partition_clause.iter_mut().chain(&mut w.order_clause);
                parts.for_each(|n| self.take_from_group(n, scope, of));
            }
            Some(NodeEnum::List(l)) => l.items.iter_mut().for_each(|n| self.take_from_group(n, scope, of)),
            Some(NodeEnum::CaseExpr(e)) => {
                let parts = e.arg.iter_mut().map(|n| &mut **n).chain(&mut e.args);
                parts.chain(e.defresult.iter_mut().map(|n| &mut **n)).for_each(|n| self.take_from_group(n, scope, of));
            }
            Some(NodeEnum::CaseWhen(w)) => {
                let parts = w.expr.iter_mut().chain(&mut w.result);
                parts.for_each(|n| self.take_from_group(n, scope, of));
            }
            _ => {}
        }
    }
}

/// The text around a reference: an output column of it keeps its name, under casts too, and the aggregate is that of the query
/// whose column it takes.
fn around(name: &str, through: Option<&'static str>) -> [String; 2] {
    let named = quote_ident(name);
    match through {
        None => ["(SELECT (pg_catalog.array_agg(".to_owned(), format!("))[1] AS {named})")],
        Some(ty) => {
            let text = "::pg_catalog.text COLLATE pg_catalog.\"C\"";
            ["(SELECT pg_catalog.min((".to_owned(), format!("){text})::{ty} AS {named})")]
        }
    }
}

/// The tree of that text.
fn of_group([before, after]: &[String; 2], reference: NodeEnum) -> Option<NodeEnum> {
    ours::filled(&format!("{before}$1{after}"), [reference]).ok()
}
