//! CREATE TABLE and CREATE INDEX.

use pg_query::protobuf::{self as pb, ConstrType};
use pg_query::{Node, NodeEnum};

use super::{ddl, is_temporary};
use crate::engine::analyse::relations::{Named, Protection};
use crate::engine::analyse::scope::Scope;
use crate::engine::analyse::statement::Judged;
use crate::engine::analyse::{Analyser, At, inner, kind_of};
use crate::engine::context::Defined;
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    pub fn create_table(&mut self, c: &mut pb::CreateStmt) -> Result<Judged, Refusal> {
        for parent in &mut c.inh_relations {
            if let NodeEnum::RangeVar(var) = inner(parent)? {
                self.unprotected(Some(var), "a child of a protected table")?;
            }
        }
        if let Some(ty) = c.of_typename.as_ref() {
            self.type_name(ty)?;
        }
        self.table_elements(&mut c.table_elts)?;
        self.constraints(&mut c.constraints)?;
        if is_temporary(c.relation.as_ref()) {
            let name = c.relation.as_ref().map_or(String::new(), |v| v.relname.clone());
            // Rows would be read through the parent, or the child, whatever purpose the other one carries.
            if !c.inh_relations.is_empty() {
                let why = "the purpose of derived rows is followed table by table";
                return Err(refusal::not_supported("a temporary child table or partition", why));
            }
            let on_commit_drop = c.oncommit() == pb::OnCommitAction::OncommitDrop;
            return Ok(Judged { kind: "ddl", effect: self.creates_temporary(&name, None, on_commit_drop) });
        }
        self.needs_ddl("CREATE TABLE")?;
        self.defines_new(c.relation.as_ref(), Defined::Open)?;
        ddl()
    }

    fn table_elements(&mut self, elements: &mut [Node]) -> Result<(), Refusal> {
        for element in elements {
            match inner(element)? {
                NodeEnum::ColumnDef(column) => self.column_def(column)?,
                NodeEnum::Constraint(constraint) => self.constraint(constraint)?,
                // Columns and their types, no rows.
                NodeEnum::TableLikeClause(like) => {
                    if let Some(Named::Relation(relation)) =
                        like.relation.as_ref().map(|v| self.resolve(v)).transpose()?
                    {
                        self.protection(relation, true)?;
                    }
                }
                other => return Err(refusal::not_supported(&kind_of(other), "it is not a column or a constraint")),
            }
        }
        Ok(())
    }

    pub fn column_def(&mut self, column: &mut pb::ColumnDef) -> Result<(), Refusal> {
        if let Some(ty) = column.type_name.as_ref() {
            self.type_name(ty)?;
        }
        if let Some(default) = column.raw_default.as_mut() {
            self.expr(default, &Scope::EMPTY, At::OPERAND)?;
        }
        self.constraints(&mut column.constraints)
    }

    pub fn constraints(&mut self, list: &mut [Node]) -> Result<(), Refusal> {
        for node in list {
            let NodeEnum::Constraint(constraint) = inner(node)? else {
                return Err(refusal::not_supported("this definition", "a constraint is expected"));
            };
            self.constraint(constraint)?;
        }
        Ok(())
    }

    pub fn constraint(&mut self, c: &mut pb::Constraint) -> Result<(), Refusal> {
        match c.contype() {
            ConstrType::ConstrCheck | ConstrType::ConstrDefault | ConstrType::ConstrGenerated => {
                c.raw_expr.as_mut().map_or(Ok(()), |e| self.expr(e, &Scope::EMPTY, At::OPERAND))
            }
            // A foreign key to a protected table tells which keys exist behind its filter.
            ConstrType::ConstrForeign => {
                if let Some(var) = c.pktable.as_ref()
                    && let Ok(Named::Temporary(purpose)) = self.resolve(var)
                {
                    self.read_temporary(var, purpose)?;
                }
                self.unprotected(c.pktable.as_ref(), "a foreign key to a protected table").map(|_| ())
            }
            ConstrType::ConstrNull
            | ConstrType::ConstrNotnull
            | ConstrType::ConstrIdentity
            | ConstrType::ConstrPrimary
            | ConstrType::ConstrUnique
            | ConstrType::ConstrAttrDeferrable
            | ConstrType::ConstrAttrNotDeferrable
            | ConstrType::ConstrAttrDeferred
            | ConstrType::ConstrAttrImmediate => Ok(()),
            other => Err(refusal::not_supported("this constraint", other.as_str_name())),
        }
    }

    /// An index of plain columns stores what is stored; an expression would run on hidden rows.
    pub fn create_index(&mut self, i: &mut pb::IndexStmt) -> Result<Judged, Refusal> {
        let temporary = match i.relation.as_mut().map(|v| self.resolve_pinned(v)).transpose()? {
            Some(Named::Temporary(purpose)) => {
                if let Some(var) = i.relation.as_ref() {
                    self.read_temporary(var, purpose)?;
                }
                true
            }
            Some(Named::Created(_)) => false,
            Some(Named::Relation(relation)) => {
                let plain = i.where_clause.is_none() && !i.unique && i.index_params.iter().all(is_plain_column);
                match self.protection(relation, true) {
                    Ok(Protection::Protected(_)) if !plain => {
                        return Err(refusal::definition_protected(
                            "an index with expressions, UNIQUE or WHERE",
                            &relation.name.to_string(),
                        ));
                    }
                    Err(r) if r.rule != "table-not-listed" => return Err(r),
                    _ => false,
                }
            }
            None => false,
        };
        for element in i.index_params.iter_mut().chain(&mut i.index_including_params) {
            if let NodeEnum::IndexElem(element) = inner(element)?
                && let Some(expr) = element.expr.as_mut()
            {
                self.expr(expr, &Scope::EMPTY, At::OPERAND)?;
            }
        }
        if let Some(condition) = i.where_clause.as_mut() {
            self.expr(condition, &Scope::EMPTY, At::OPERAND)?;
        }
        if !temporary {
            self.needs_ddl("CREATE INDEX")?;
        }
        ddl()
    }
}

fn is_plain_column(node: &Node) -> bool {
    matches!(&node.node, Some(NodeEnum::IndexElem(e)) if e.expr.is_none())
}
