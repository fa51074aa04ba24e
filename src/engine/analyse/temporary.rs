//! Temporary tables of the session: who may read one, and what is known of its columns.

use std::sync::Arc;

use pg_query::protobuf as pb;

use super::Analyser;
use super::scope::{Col, Columns, Lasts};
use crate::engine::cleared::add_table;
use crate::engine::context::Defined;
use crate::engine::refusal::{self, Refusal};
use crate::engine::shape::{Shape, Shaped};

impl Analyser<'_> {
    /// Reading a temporary table: only under the purpose that it was derived for. Of a view: only while all that it shows is
    /// open.
    pub fn read_temporary(&mut self, var: &pb::RangeVar, purpose: Option<String>) -> Result<(), Refusal> {
        self.reads_temporary = true;
        let known = self.context.temporary.get(&var.relname);
        let shows = known.and_then(|known| known.view.as_ref());
        if shows.is_some_and(|reads| !self.role.unrestricted && !self.are_open(reads)) {
            return Err(refusal::view_of_closed(&var.relname).at(var.location));
        }
        for table in known.into_iter().flat_map(|known| &known.from) {
            add_table(&mut self.read_before, table.clone());
        }
        let Some(purpose) = purpose else { return Ok(()) };
        self.reads_derived = true;
        let as_now = known.is_some_and(|known| known.policy.as_ref() == Some(&self.engine.policy.digest));
        match self.purpose.is_some_and(|p| p.name == purpose) {
            _ if self.role.unrestricted => Ok(()),
            true if as_now => Ok(()),
            true => Err(refusal::derived_before(&var.relname).at(var.location)),
            false => Err(refusal::derived_elsewhere(&var.relname, &purpose).at(var.location)),
        }
    }

    /// Takes note of a relation that is read of which nothing is known: not what it has for columns, nor what it computes,
    /// where it is a view.
    pub fn reads_unknown(&mut self) {
        self.collated = true;
        self.can_fail_here();
        self.may_hold_checked();
    }

    /// The values of a table that has changed are of the types that they were of. (Of a new table's, and a view's, it is judged
    /// when it is made.)
    pub fn reads_as_before(&mut self, made: &Defined) -> Result<(), Refusal> {
        let Defined::Changed(oid) = made else { return Ok(()) };
        let Some(relation) = self.engine.catalog.relation(*oid) else { return Ok(()) };
        self.holds_checked(relation);
        let types = relation.columns.iter().map(|c| c.ty.name.as_str()).chain([relation.name.name.as_str()]);
        types.into_iter().try_for_each(|ty| self.casts_value(ty))
    }

    /// What is known of a temporary table's columns.
    pub fn shape(&self, name: &str) -> Option<&Arc<Shape>> {
        let known = self.context.temporary.get(name)?;
        known.shape.as_ref().filter(|shape| shape.holds(&self.engine.catalog))
    }

    /// The columns of a temporary table that is read or written.
    pub fn columns_of_temporary(&mut self, name: &str) -> Columns {
        let Some(shape) = self.shape(name).cloned() else { return Columns::Unknown };
        self.collated |= shape.collated;
        self.shapes_read.extend(&shape.of);
        match shape.columns.iter().map(|c| c.ty.as_deref()).collect::<Option<Vec<_>>>() {
            Some(types) => types.into_iter().for_each(|ty| self.holds_checked_type(ty)),
            None => self.may_hold_checked(),
        }
        columns_of(&shape)
    }
}

/// The columns of a table of this shape.
pub fn columns_of(shape: &Shape) -> Columns {
    Columns::known(shape.columns.iter().map(column).collect())
}

/// Whatever is in it, a client may have written.
fn column(c: &Shaped) -> Col {
    Col {
        ty: c.ty.as_deref().map(Into::into),
        operand: c.operand,
        collation: c.collation,
        ordered: c.ordered,
        made_of: Some([].into()),
        given: true,
        total: true,
        lasts: if c.stays { Lasts::Always } else { Lasts::Perhaps },
        ..Col::computed(&c.name)
    }
}
