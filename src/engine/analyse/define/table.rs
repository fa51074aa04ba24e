//! CREATE TABLE.

use pg_query::protobuf::{self as pb, ConstrType};
use pg_query::{Node, NodeEnum};

use super::copied::{self, INHERITED};
use super::{Place, ddl};
use crate::engine::analyse::from::aliased;
use crate::engine::analyse::relations::{Created, Named};
use crate::engine::analyse::scope::{Columns, Item, Scope};
use crate::engine::analyse::statement::Judged;
use crate::engine::analyse::temporary::columns_of;
use crate::engine::analyse::{Analyser, At, inner, kind_of, names};
use crate::engine::catalog::QualifiedName;
use crate::engine::context::{Defined, Derived};
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    pub fn create_table(&mut self, c: &mut pb::CreateStmt) -> Result<Judged, Refusal> {
        let on_commit_drop = c.oncommit() == pb::OnCommitAction::OncommitDrop;
        // Every part that may hold an expression is named: PostgreSQL evaluates some of them while it creates the table.
        let pb::CreateStmt {
            relation,
            table_elts,
            inh_relations,
            partbound,
            partspec,
            of_typename,
            constraints,
            nnconstraints,
            options: _,
            oncommit: _,
            tablespacename: _,
            access_method: _,
            if_not_exists,
        } = c;
        let relation = relation.as_mut().ok_or_else(|| refusal::not_supported("CREATE TABLE", "it has no name"))?;
        let place = self.makes(relation)?;
        let mut followed = false;
        for parent in inh_relations.iter_mut() {
            if let NodeEnum::RangeVar(var) = inner(parent)? {
                followed |= self.parent(var, &place, partbound.is_some())?;
            }
        }
        if let Some(ty) = of_typename.as_ref() {
            self.type_name(ty)?;
        }
        let plain = inh_relations.is_empty() && of_typename.is_none() && partbound.is_none();
        let shape = if plain { self.shape_of_elements(table_elts) } else { None };
        let own = [own_item(relation, shape.map_or(Columns::Unknown, |shape| columns_of(&shape)))];
        let scope = Scope { items: &own, parent: None };
        self.table_elements(table_elts, &scope)?;
        self.constraints(constraints, &scope)?;
        self.constraints(nnconstraints, &scope)?;
        if let Some(spec) = partspec {
            self.partition_keys(spec, &scope)?;
        }
        if let Some(bound) = partbound {
            self.partition_bound(bound)?;
        }
        if place == Place::Temporary {
            // Rows would be read through the parent, or the child, whatever purpose the other one carries.
            if !inh_relations.is_empty() {
                let why = "the purpose of derived rows is followed table by table";
                return Err(refusal::not_supported("a temporary child table or partition", why));
            }
            let plain = of_typename.is_none() && partspec.is_none() && partbound.is_none();
            let shape = if plain { self.shape_of_elements(table_elts) } else { None };
            let made = Derived { shape, ..Derived::default() };
            let effect = self.creates_temporary(&relation.relname, made, on_commit_drop, *if_not_exists)?;
            return Ok(Judged { kind: "ddl", effect });
        }
        self.needs_ddl("CREATE TABLE")?;
        if let Place::Schema(schema) = &place {
            let defined = if followed { Defined::Doubtful } else { Defined::New };
            self.defines_new(schema, &relation.relname, defined);
        }
        ddl()
    }

    /// Columns and their types, no rows; and expressions, as far as they are asked for.
    fn like(&mut self, like: &mut pb::TableLikeClause) -> Result<(), Refusal> {
        let pb::TableLikeClause { relation, options, relation_oid: _ } = like;
        let Some(var) = relation.as_mut() else { return Ok(()) };
        let kinds = copied::asked_for(*options);
        match self.resolve(var)? {
            Named::Relation(relation) => {
                self.protection(relation, true)?;
                self.pin(var, relation);
                self.copies(relation, &kinds).map_err(|r| r.at(var.location))
            }
            Named::Created(Created { made: Defined::Changed(oid), .. }) => {
                let relation = self.engine.catalog.relation(oid);
                relation.map_or(Ok(()), |r| self.copies(r, &kinds)).map_err(|r| r.at(var.location))
            }
            // Its definition was judged when it was made.
            Named::Temporary(_) | Named::Created(_) => Ok(()),
        }
    }

    /// What a table inherits from, or is a partition of. Rows that are put into a closed parent may come to lie in the
    /// child, which must not be in a schema that is open. Whether what happens to them happens to protected rows.
    fn parent(&mut self, parent: &mut pb::RangeVar, child: &Place, is_part: bool) -> Result<bool, Refusal> {
        if let Named::Created(Created { made: Defined::Changed(oid), .. }) = self.resolve_pinned(parent)? {
            let relation = self.engine.catalog.relation(oid);
            relation.map_or(Ok(()), |r| self.copies(r, &INHERITED)).map_err(|r| r.at(parent.location))?;
            return Ok(relation.is_none_or(|r| self.is_followed(r)));
        }
        let relation = self.unprotected_pinned(Some(&mut *parent), "a child of a protected table")?;
        let Some(relation) = relation else { return Ok(false) };
        self.copies(relation, &INHERITED).map_err(|r| r.at(parent.location))?;
        // PostgreSQL looks through the default partition for rows that belong to the new one.
        if is_part && self.closed(relation)?.is_some() {
            return Err(
                refusal::definition_protected("a new partition", &relation.name.to_string()).at(parent.location)
            );
        }
        let opened = matches!(child, Place::Schema(schema) if self.engine.policy.open_schemas.contains(schema));
        match self.protection(relation, true) {
            Err(closed) if opened => Err(closed.at(parent.location)),
            _ => Ok(self.is_followed(relation)),
        }
    }

    /// The keys are worked out for every row that is put in.
    fn partition_keys(&mut self, spec: &mut pb::PartitionSpec, scope: &Scope<'_>) -> Result<(), Refusal> {
        let pb::PartitionSpec { strategy: _, part_params, location: _ } = spec;
        for node in part_params {
            let NodeEnum::PartitionElem(element) = inner(node)? else {
                return Err(refusal::not_supported("PARTITION BY", "it holds something that is no key"));
            };
            if let Some(expr) = element.expr.as_mut() {
                self.expr(expr, scope, At::OPERAND)?;
            }
        }
        Ok(())
    }

    /// PostgreSQL evaluates the bounds at once, and shows what came out to everybody.
    fn partition_bound(&mut self, bound: &mut pb::PartitionBoundSpec) -> Result<(), Refusal> {
        let pb::PartitionBoundSpec {
            strategy: _,
            is_default: _,
            modulus: _,
            remainder: _,
            listdatums,
            lowerdatums,
            upperdatums,
            location: _,
        } = bound;
        for values in [listdatums, lowerdatums, upperdatums] {
            self.exprs(values, &Scope::EMPTY, At::OPERAND)?;
        }
        Ok(())
    }

    fn table_elements(&mut self, elements: &mut [Node], scope: &Scope<'_>) -> Result<(), Refusal> {
        for element in elements {
            match inner(element)? {
                NodeEnum::ColumnDef(column) => self.column_def(column, scope)?,
                NodeEnum::Constraint(constraint) => self.constraint(constraint, scope)?,
                // Columns and their types, no rows.
                NodeEnum::TableLikeClause(like) => self.like(like)?,
                other => return Err(refusal::not_supported(&kind_of(other), "it is not a column or a constraint")),
            }
        }
        Ok(())
    }

    pub fn column_def(&mut self, column: &mut pb::ColumnDef, scope: &Scope<'_>) -> Result<(), Refusal> {
        if let Some(ty) = column.type_name.as_ref().filter(|ty| serial(ty).is_none()) {
            self.type_name(ty)?;
        }
        if let Some(default) = column.raw_default.as_mut() {
            self.expr(default, scope, At::OPERAND)?;
        }
        self.constraints(&mut column.constraints, scope)
    }

    pub fn constraints(&mut self, list: &mut [Node], scope: &Scope<'_>) -> Result<(), Refusal> {
        for node in list {
            let NodeEnum::Constraint(constraint) = inner(node)? else {
                return Err(refusal::not_supported("this definition", "a constraint is expected"));
            };
            self.constraint(constraint, scope)?;
        }
        Ok(())
    }

    pub fn constraint(&mut self, c: &mut pb::Constraint, scope: &Scope<'_>) -> Result<(), Refusal> {
        match c.contype() {
            ConstrType::ConstrCheck | ConstrType::ConstrDefault | ConstrType::ConstrGenerated => {
                c.raw_expr.as_mut().map_or(Ok(()), |e| self.expr(e, scope, At::OPERAND))
            }
            // A foreign key tells which keys exist, behind the filter of a protected table, or in one that nobody reads.
            ConstrType::ConstrForeign => {
                let named = c.pktable.as_ref().map(|var| (var, self.resolve(var)));
                match named {
                    Some((var, Ok(Named::Temporary(_)))) => {
                        let why = "it may come to hold derived rows, and their keys would be told whatever the purpose";
                        return Err(refusal::not_supported("a foreign key to a temporary table", why).at(var.location));
                    }
                    // What the snapshot does not show is not referred to: PostgreSQL might find it.
                    Some((var, Err(undefined))) if !is_own(var, scope) => return Err(undefined),
                    Some(_) | None => {}
                }
                let what = "a foreign key to this table";
                let relation = self.unprotected_pinned(c.pktable.as_mut(), what)?;
                match relation.map(|r| Ok((r, self.closed(r)?))).transpose()? {
                    Some((relation, Some(_))) => Err(refusal::definition_protected(what, &relation.name.to_string())),
                    Some((_, None)) | None => Ok(()),
                }
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
}

/// Whether a table that is not there yet is the one that is being made.
fn is_own(var: &pb::RangeVar, scope: &Scope<'_>) -> bool {
    let own = scope.items.first().and_then(|item| item.relation.as_ref());
    own.is_some_and(|own| own.name == var.relname && (var.schemaname.is_empty() || own.schema == var.schemaname))
}

/// What names the table's own columns in its definition.
pub fn own_item(var: &pb::RangeVar, columns: Columns) -> Item {
    Item {
        alias: Some(var.relname.as_str().into()),
        relation: Some(QualifiedName::new(var.schemaname.as_str(), var.relname.as_str())),
        stored: true,
        qualified: true,
        ..aliased(None, columns)
    }
}

/// The type behind a word for an integer column with a sequence of its own, before any type of that name (PostgreSQL's
/// `transformColumnDefinition`).
pub fn serial(ty: &pb::TypeName) -> Option<&'static str> {
    match names(&ty.names)[..] {
        _ if !ty.array_bounds.is_empty() => None,
        ["smallserial" | "serial2"] => Some("int2"),
        ["serial" | "serial4"] => Some("int4"),
        ["bigserial" | "serial8"] => Some("int8"),
        _ => None,
    }
}
