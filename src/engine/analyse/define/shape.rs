//! The columns that a definition gives to a temporary table.

use std::sync::Arc;

use pg_query::protobuf::{self as pb, AlterTableType as A, ConstrType};
use pg_query::{Node, NodeEnum};

use super::table::serial;
use crate::engine::allow::builtin_type;
use crate::engine::analyse::relations::Named;
use crate::engine::analyse::scope::{Columns, Lasts};
use crate::engine::analyse::types::TEXTS;
use crate::engine::analyse::{Analyser, constant, names};
use crate::engine::catalog::{Oid, Operand, Relation};
use crate::engine::shape::{Shape, Shaped};
use crate::engine::visible::sql::DEFAULT_COLLATION;

impl Analyser<'_> {
    /// The columns of a table that is made of these elements; `None`: not all of them are known.
    pub fn shape_of_elements(&self, elements: &[Node]) -> Option<Arc<Shape>> {
        let mut shape = Shape::default();
        for element in elements {
            match element.node.as_ref()? {
                NodeEnum::ColumnDef(column) => shape.columns.push(self.shaped(&column.colname, column)),
                NodeEnum::Constraint(_) => {}
                NodeEnum::TableLikeClause(like) => self.shape_like(like.relation.as_ref()?, &mut shape)?,
                _ => return None,
            }
        }
        Some(Arc::new(shape))
    }

    fn shape_like(&self, var: &pb::RangeVar, shape: &mut Shape) -> Option<()> {
        match self.resolve(var).ok()? {
            Named::Relation(relation) => {
                shape.columns.extend(self.columns_like(relation));
                // The collation of another type than a text's is not asked for, nor of a type that is not known.
                shape.collated |= shape.columns.iter().any(|c| is_text(c) && !constant::is_default(c.collation));
                shape.made_of(relation);
            }
            Named::Temporary(_) => {
                let like = self.shape(&var.relname)?;
                shape.columns.extend(like.columns.iter().cloned());
                shape.collated |= like.collated;
                shape.of.extend(&like.of);
            }
            Named::Created(_) => return None,
        }
        Some(())
    }

    /// The columns of a stored result; `renames`: the names that it is given.
    pub fn shape_of_result(&self, columns: &Columns, renames: &[Node]) -> Option<Arc<Shape>> {
        let Columns::Known(columns) = columns.renamed(&names(renames)) else { return None };
        let columns = columns.iter().map(|c| {
            let stays = c.lasts == Lasts::Always;
            let ty = c.ty.as_deref().filter(|_| stays).map(str::to_owned);
            let operand = if stays { self.settled(c.operand) } else { Operand::Any };
            Shaped { name: c.name.to_string(), ty, operand, collation: c.collation, ordered: c.ordered, stays }
        });
        let of = self.shapes_read.clone();
        let mut shape = Shape { columns: columns.collect(), collated: self.collated, of };
        let read = self.occurrences.get(self.first_occurrence..).unwrap_or_default().iter().map(|o| o.relation);
        let read = read.chain(self.left.relations.iter().copied());
        read.filter_map(|oid| self.engine.catalog.relation(oid)).for_each(|r| shape.made_of(r));
        Some(Arc::new(shape))
    }

    /// The columns of a temporary table that these commands have altered: PostgreSQL drops, changes and adds, in this order.
    pub fn altered(&self, name: &str, commands: &[Node]) -> Option<Arc<Shape>> {
        let mut shape = Shape::clone(self.shape(name)?);
        let of = |subtype: A| {
            commands.iter().filter_map(move |c| match &c.node {
                Some(NodeEnum::AlterTableCmd(c)) if c.subtype() == subtype => Some(&**c),
                _ => None,
            })
        };
        for dropped in of(A::AtDropColumn) {
            shape.columns.retain(|c| c.name != dropped.name);
        }
        for changed in of(A::AtAlterColumnType) {
            let known = shape.columns.iter_mut().find(|c| c.name == changed.name)?;
            let now = self.shaped(&changed.name, definition(changed)?);
            *known = Shaped { stays: known.stays && now.stays, ..now };
        }
        for added in of(A::AtAddColumn) {
            let column = definition(added)?;
            match shape.columns.iter().any(|c| c.name == column.colname) {
                true if added.missing_ok => {}
                true => return None,
                false => shape.columns.push(self.shaped(&column.colname, column)),
            }
        }
        Some(Arc::new(shape))
    }

    /// The same with a column of another name.
    pub fn renamed(&self, table: &str, old: &str, new: &str) -> Option<Arc<Shape>> {
        let mut shape = Shape::clone(self.shape(table)?);
        new.clone_into(&mut shape.columns.iter_mut().find(|c| c.name == old)?.name);
        Some(Arc::new(shape))
    }

    fn shaped(&self, name: &str, column: &pb::ColumnDef) -> Shaped {
        let generated =
            |n: &Node| matches!(&n.node, Some(NodeEnum::Constraint(c)) if c.contype() == ConstrType::ConstrGenerated);
        let plain = column.coll_clause.is_none() && !column.constraints.iter().any(generated);
        let ty = column.type_name.as_ref().filter(|_| plain).and_then(|ty| self.shaped_type(ty));
        let (stays, collation) = (ty.is_some(), ty.as_deref().map_or(0, own_collation));
        let operand = column.type_name.as_ref().filter(|_| stays).map_or(Operand::Any, |ty| match serial(ty) {
            Some(integer) => self.engine.catalog.operand_named(integer),
            None => self.operand_of_type(ty),
        });
        Shaped { name: name.to_owned(), ty, operand, collation, ordered: false, stays }
    }

    fn columns_like(&self, relation: &Relation) -> impl Iterator<Item = Shaped> {
        relation.columns.iter().map(|c| {
            let stays = Lasts::of(c) == Lasts::Always;
            let ty = stays.then(|| c.ty.base.clone());
            let operand = if stays { self.engine.catalog.operand_of(c.ty.oid) } else { Operand::Any };
            Shaped { name: c.name.clone(), ty, operand, collation: c.ty.collation, ordered: false, stays }
        })
    }

    /// The name of a built-in type.
    fn shaped_type(&self, ty: &pb::TypeName) -> Option<String> {
        if let Some(integer) = serial(ty) {
            return Some(integer.to_owned());
        }
        let element = pb::TypeName { array_bounds: Vec::new(), ..ty.clone() };
        let name = self.plain_type(&element).filter(|name| builtin_type(name).is_some())?;
        match (ty.array_bounds.is_empty(), name.starts_with('_')) {
            (true, _) => Some(name.to_owned()),
            (false, false) => Some(format!("_{name}")),
            (false, true) => None,
        }
    }
}

fn definition(command: &pb::AlterTableCmd) -> Option<&pb::ColumnDef> {
    match command.def.as_deref()?.node.as_ref()? {
        NodeEnum::ColumnDef(column) => Some(column),
        _ => None,
    }
}

fn is_text(c: &Shaped) -> bool {
    c.ty.as_deref().is_some_and(|ty| TEXTS.contains(&ty.trim_start_matches('_')))
}

/// `pg_type.typcollation` of a built-in type.
fn own_collation(ty: &str) -> Oid {
    match ty.trim_start_matches('_') {
        "name" => constant::C,
        element if TEXTS.contains(&element) => DEFAULT_COLLATION,
        _ => 0,
    }
}
