//! CREATE INDEX. An index is made over all rows: of a table that is not open, only where that fails on none of them, for that
//! would tell of its values.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::ddl;
use super::table::own_item;
use crate::engine::analyse::relations::Named;
use crate::engine::analyse::scope::{Columns, Item, Scope};
use crate::engine::analyse::statement::Judged;
use crate::engine::analyse::{Analyser, At, inner};
use crate::engine::catalog::{Column, Relation};
use crate::engine::refusal::{self, Refusal};

/// Bytes that an entry of a B-tree may have (`BTMaxItemSize` of an 8 kB page, access/nbtree.h), less its header.
const MOST: u32 = 2_600;
/// Types of few bytes, whatever the value.
const SHORT: [&str; 17] = [
    "bool",
    "int2",
    "int4",
    "int8",
    "float4",
    "float8",
    "date",
    "time",
    "timetz",
    "timestamp",
    "timestamptz",
    "interval",
    "uuid",
    "oid",
    "macaddr",
    "inet",
    "cidr",
];
/// Types of which a hash index keeps four bytes.
const HASHED: [&str; 5] = ["text", "varchar", "bpchar", "bytea", "numeric"];

impl<'e> Analyser<'e> {
    pub fn create_index(&mut self, i: &mut pb::IndexStmt) -> Result<Judged, Refusal> {
        let mut columns = Columns::Unknown;
        let temporary = match i.relation.as_mut().map(|v| self.resolve_pinned(v)).transpose()? {
            Some(Named::Temporary(purpose)) => {
                if let Some(var) = i.relation.as_ref() {
                    self.read_temporary(var, purpose)?;
                    columns = self.columns_of_temporary(&var.relname);
                }
                true
            }
            Some(Named::Created(_)) | None => false,
            Some(Named::Relation(relation)) => {
                if self.closed(relation)?.is_some() {
                    if !self.never_fails(i, relation) {
                        let what = "an index that is more than B-tree or hash of columns of a bounded size";
                        return Err(refusal::definition_protected(what, &relation.name.to_string()));
                    }
                    self.writes_protected = true;
                }
                if let Some(var) = i.relation.as_mut() {
                    self.qualify(var, relation);
                }
                columns = self.plain_columns(relation);
                false
            }
        };
        let own: Vec<Item> = i.relation.iter().map(|var| own_item(var, columns.clone())).collect();
        let scope = Scope { items: &own, parent: None };
        for element in i.index_params.iter_mut().chain(&mut i.index_including_params) {
            if let NodeEnum::IndexElem(element) = inner(element)?
                && let Some(expr) = element.expr.as_mut()
            {
                self.expr(expr, &scope, At::OPERAND)?;
            }
        }
        if let Some(condition) = i.where_clause.as_mut() {
            self.expr(condition, &scope, At::OPERAND)?;
        }
        if !temporary {
            self.needs_ddl("CREATE INDEX")?;
        }
        ddl()
    }

    /// Whether an index can be made over any rows: no code but PostgreSQL's own for these types runs on them, and no entry
    /// is too long.
    fn never_fails(&self, i: &pb::IndexStmt, relation: &Relation) -> bool {
        let hashed = i.access_method == "hash";
        if i.unique
            || i.where_clause.is_some()
            || !i.exclude_op_names.is_empty()
            || !(hashed || i.access_method == "btree")
        {
            return false;
        }
        let columns = i.index_params.iter().chain(&i.index_including_params);
        let sizes = columns.map(|node| self.most_bytes(relation.column(plain_column(node)?)?, hashed));
        sizes.sum::<Option<u32>>().is_some_and(|bytes| bytes <= MOST)
    }

    /// The most bytes that a column takes in an index, with what aligns it; `None`: there is no bound.
    fn most_bytes(&self, column: &Column, hashed: bool) -> Option<u32> {
        let ty = &column.ty;
        if self.engine.catalog.types_named(&ty.base).any(|t| t.kind != 'e') {
            return None;
        }
        match ty.base.as_str() {
            _ if ty.kind == 'e' => Some(16),
            short if SHORT.contains(&short) => Some(32),
            long if hashed && HASHED.contains(&long) => Some(16),
            "varchar" | "bpchar" if ty.name == ty.base => ty.length?.checked_mul(4)?.checked_add(16),
            _ => None,
        }
    }
}

/// The column that is indexed as it is, by its type's own order.
fn plain_column(node: &Node) -> Option<&str> {
    let Some(NodeEnum::IndexElem(e)) = &node.node else { return None };
    let plain = e.expr.is_none() && e.collation.is_empty() && e.opclass.is_empty() && e.opclassopts.is_empty();
    plain.then_some(e.name.as_str())
}
