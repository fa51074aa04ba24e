//! What the names that leave as they were written mean: for asking PostgreSQL whether they still mean it.
//!
//! A statement is judged by the catalog as it was read last. Where it reads a protected table, that table's name leaves with
//! its rules around it, whatever bears the name by then. But a view over nothing protected leaves by its name, and PostgreSQL
//! looks that up when it gets the statement: by then somebody may have replaced the view, a view that it reads, or put
//! another relation of that name into a schema that comes first in `search_path`. So whoever sends such a statement asks
//! afterwards, while the statement still holds its locks, and lets nothing of the answer out before (`session::inquiry`).

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::{Catalog, FIRST_NORMAL_OID, Oid};

/// The relations that a statement's names stand for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meaning {
    /// Those that are named, those that named views read, and the children of both; each with its version
    /// ([`super::catalog::Relation::version`]).
    relations: BTreeMap<Oid, i64>,
    /// Names that `search_path` decides about, each with all relations that bear it, and their schemas.
    names: BTreeMap<String, BTreeSet<(Oid, String)>>,
    /// A view is among them. Tables alone are ruled by their names, whatever bears these by then; they are asked about where
    /// a role may define, for then a client can put a view in a table's place behind what is under way.
    pub views: bool,
}

/// What PostgreSQL says of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub oid: Oid,
    pub schema: String,
    pub name: String,
    /// `None` where it was found by its name.
    pub version: Option<i64>,
}

impl Meaning {
    /// The meaning of `relations` and `names` in a catalog.
    pub fn new(catalog: &Catalog, relations: &BTreeSet<Oid>, names: &BTreeSet<String>, views: bool) -> Self {
        let mut meaning = Self { views, ..Self::default() };
        let mut todo: Vec<Oid> = relations.iter().copied().collect();
        while let Some(oid) = todo.pop() {
            let Some(relation) = catalog.relation(oid).filter(|r| r.oid >= FIRST_NORMAL_OID) else { continue };
            if meaning.relations.insert(oid, relation.version).is_none() {
                todo.extend_from_slice(catalog.children(oid));
            }
        }
        for name in names {
            let bear = catalog.relations_named(name).map(|r| (r.oid, r.name.schema.clone())).collect();
            meaning.names.insert(name.clone(), bear);
        }
        meaning
    }

    pub fn oids(&self) -> impl Iterator<Item = Oid> {
        self.relations.keys().copied()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Whether everything is as it was, by an answer that tells of all [`Meaning::oids`] and [`Meaning::names`] (and maybe
    /// of others).
    pub fn is_still(&self, found: &[Found]) -> bool {
        let version = |oid: Oid| found.iter().find(|f| f.oid == oid && f.version.is_some()).and_then(|f| f.version);
        let bear = |name: &str| {
            let by_name = found.iter().filter(|f| f.version.is_none() && f.name == name);
            by_name.map(|f| (f.oid, f.schema.clone())).collect::<BTreeSet<_>>()
        };
        self.relations.iter().all(|(oid, known)| version(*oid) == Some(*known))
            && self.names.iter().all(|(name, known)| bear(name) == *known)
    }
}
