//! What is known of a temporary table's columns, which no catalog snapshot shows.
//!
//! A name that is wrong here would let a column of a protected table hide behind it. So the columns of a temporary table are
//! known only while all that could change them is followed: the session's own definitions, and nothing else.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::catalog::{Catalog, FIRST_NORMAL_OID, Oid, Operand, Relation};

/// The columns of a table, in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Shape {
    pub columns: Vec<Shaped>,
    /// Texts in it may have another collation than the database's own.
    pub collated: bool,
    /// The relations whose columns these are, or were computed from, and what those had for columns in the snapshot.
    pub of: BTreeMap<Oid, u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shaped {
    pub name: String,
    /// The class of a built-in type (`Col::ty`); `None`: it is another, or not known.
    pub ty: Option<String>,
    /// Which type it surely is.
    pub operand: Operand,
    /// `ColumnType::collation`; 0: none, or not known.
    pub collation: Oid,
    /// Any two of its values compare, whatever its type is.
    pub ordered: bool,
    /// It stays as long as the session lets it; else it may go with a type, a collation or a function, and another session
    /// may drop those.
    pub stays: bool,
}

impl Shape {
    /// Whether the snapshot shows the relations that it was made of as they were then. One that was out of date, as a
    /// snapshot is for a moment, is found out by the next.
    pub fn holds(&self, catalog: &Catalog) -> bool {
        self.of.iter().all(|(oid, digest)| catalog.relation(*oid).is_some_and(|r| columns_of(r) == *digest))
    }

    pub fn made_of(&mut self, relation: &Relation) {
        if relation.oid >= FIRST_NORMAL_OID {
            self.of.insert(relation.oid, columns_of(relation));
        }
    }
}

/// A digest of a relation's columns: names, types and collations.
fn columns_of(relation: &Relation) -> u64 {
    let mut digest = DefaultHasher::new();
    for column in &relation.columns {
        (&column.name, column.number, column.ty.oid, &column.ty.base, column.ty.collation).hash(&mut digest);
    }
    digest.finish()
}
