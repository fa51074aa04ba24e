//! System columns of what the session sees as it is stored that tell of other rows.
//!
//! `xmax`: who locks a row; PostgreSQL does, for each row that comes to refer to it. `cmin` and `cmax`: how many commands a
//! transaction has run; PostgreSQL runs one for each row that a foreign key takes along.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{self as pb, AExprKind, a_const::Val};

use super::scope::{self, Found, Scope};
use super::{Analyser, names};
use crate::engine::catalog::{Oid, Relation};
use crate::engine::policy::is_closed;
use crate::engine::refusal::{self, Refusal};

/// What one statement names.
#[derive(Debug, Default)]
pub struct Lockers {
    /// The relations that it reads or writes.
    pub read: BTreeSet<Oid>,
    /// It names an `xmax`.
    named: bool,
    /// The walk is in RETURNING of an INSERT.
    pub inserted: bool,
    /// The walk is in a comparison of a column with 0.
    pub beside_zero: bool,
}

/// `xmax = 0` and its kin: what they tell of an inserted row is whether it was there (an upsert).
pub fn is_beside_zero(e: &pb::AExpr) -> bool {
    let zero = |node: Option<&NodeEnum>| {
        matches!(node, Some(NodeEnum::AConst(c)) if match &c.val {
            Some(Val::Ival(number)) => number.ival == 0,
            Some(Val::Sval(text)) => text.sval == "0",
            _ => false,
        })
    };
    let (left, right) = (e.lexpr.as_deref(), e.rexpr.as_deref());
    let column = matches!(left.and_then(|n| n.node.as_ref()), Some(NodeEnum::ColumnRef(_)));
    let equality = e.kind() == AExprKind::AexprOp && matches!(names(&e.name)[..], ["=" | "<>"]);
    equality && column && zero(right.and_then(|n| n.node.as_ref()))
}

impl Analyser<'_> {
    /// Judges a column's name, which may be such a column's. `fields`: the name with what qualifies it.
    pub fn may_tell_of_others(&mut self, fields: &[String], scope: &Scope<'_>, location: i32) -> Result<(), Refusal> {
        let Some((name, qualifier)) = fields.split_last().filter(|(name, _)| tells(name)) else { return Ok(()) };
        let (is_column, protected) = match qualifier.last() {
            None => (
                !matches!(scope::column(scope, name), Found::Nothing | Found::Doubtful(_)),
                scope::with_system_columns(scope).iter().any(|i| self.is_protected(i.occurrence)),
            ),
            Some(alias) => match scope::item(scope, None, alias) {
                Some((item, _)) => {
                    (item.columns.list().iter().any(|c| *c.name == **name), self.is_protected(item.occurrence))
                }
                None => (false, false),
            },
        };
        // Of a row that is just inserted it is 0; of one that was locked to be updated instead it is not, whoever else locked it.
        let inserted = self.lockers.inserted && self.lockers.beside_zero && scope.parent.is_none() && name == "xmax";
        // Of a protected table it is no column at all.
        if is_column || protected || inserted {
            return Ok(());
        }
        self.tells_of_others(name).map_err(|r| r.at(location))
    }

    /// A field that is taken from a row may be such a column too.
    pub fn tells_of_others(&mut self, name: &str) -> Result<(), Refusal> {
        self.lockers.named |= name == "xmax";
        if matches!(name, "cmin" | "cmax") { Err(refusal::counts_commands(name)) } else { Ok(()) }
    }

    /// Refuses `xmax` where rows that are not open refer to one of the relations that are read.
    pub fn tells_of_no_lockers(&self) -> Result<(), Refusal> {
        if !self.lockers.named {
            return Ok(());
        }
        let referred = |oid: &Oid| self.engine.catalog.relation(*oid).filter(|r| self.is_referred_to(r));
        match self.lockers.read.iter().find_map(referred) {
            Some(relation) => Err(refusal::shows_lockers(&relation.name.to_string())),
            None => Ok(()),
        }
    }

    fn is_referred_to(&self, relation: &Relation) -> bool {
        let (catalog, policy) = (&self.engine.catalog, &self.engine.policy);
        let family = catalog.family(relation.oid);
        let refers = |by: &&Relation| by.foreign_keys.iter().any(|k| family.iter().any(|r| r.oid == k.references));
        catalog.relations().filter(refers).any(|by| is_closed(catalog, policy, by))
    }

    fn is_protected(&self, occurrence: Option<usize>) -> bool {
        occurrence.and_then(|o| self.occurrences.get(o)).is_some_and(|o| o.protected_by.is_some())
    }
}

fn tells(name: &str) -> bool {
    matches!(name, "xmax" | "cmin" | "cmax")
}
