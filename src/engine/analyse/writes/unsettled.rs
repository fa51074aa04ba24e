//! Writes to what the catalog snapshot does not show: tables that this transaction has made or changed, and views, which
//! PostgreSQL would carry to a table. What foreign keys change with a row is followed in the snapshot, so a write goes to a
//! table that no key can lead from, or to one that is in the snapshot.

use std::collections::BTreeSet;

use super::super::Analyser;
use super::super::relations::Created;
use crate::engine::catalog::{ForeignKey, Oid, Relation};
use crate::engine::context::Defined;
use crate::engine::policy::{Right, Unlisted, protecting_ancestor};
use crate::engine::refusal::{self, Refusal};

impl Analyser<'_> {
    /// Whether a table may be written that an earlier statement of this transaction has made or changed.
    pub fn may_write_created(&self, created: &Created, name: &str, rights: &[Right]) -> Result<(), Refusal> {
        let Created { schema, made } = created;
        let changed = match made {
            Defined::View(_) => return Err(through_view(&format!("{schema}.{name}"))),
            Defined::Changed(oid) => self.engine.catalog.relation(*oid),
            Defined::New
            | Defined::UnreadView
            | Defined::PerhapsGone
            | Defined::Doubtful
            | Defined::Type
            | Defined::Schema
            | Defined::Unseen => None,
        };
        let Some(relation) = changed else { return self.has_rights(rights, &format!("{schema}.{name}")) };
        self.may_write(relation, rights)?;
        let only_adds = rights.iter().all(|right| matches!(right, Right::Insert | Right::CopyIn));
        match !only_adds && self.is_followed(relation) {
            true => Err(refusal::not_settled(name)),
            false => Ok(()),
        }
    }

    /// Whether everybody may read a table that was made when the transaction has ended.
    pub fn will_be_open(&self, created: &Created) -> bool {
        let policy = &self.engine.policy;
        matches!(created.made, Defined::Changed(_))
            || policy.open_schemas.contains(&created.schema)
            || policy.unlisted_tables == Unlisted::Open
    }

    /// Whoever may write a table may write the table: a temporary view's own rights are nobody's to ask for.
    pub fn is_no_temporary_view(&self, name: &str) -> Result<(), Refusal> {
        match self.context.temporary.get(name).and_then(|known| known.view.as_ref()) {
            Some(_) => Err(through_view(name)),
            None => Ok(()),
        }
    }

    /// TRUNCATE … CASCADE empties what refers to a table, by keys that this transaction may have made.
    pub fn may_cascade(&self) -> Result<(), Refusal> {
        match self.context.defined.iter().find(|(_, made)| matches!(made, Defined::Changed(_))) {
            Some((name, _)) => Err(refusal::not_settled(&name.name)),
            None => Ok(()),
        }
    }

    /// Whether foreign keys change protected rows, or people's choices, with a table's rows.
    pub fn is_followed(&self, relation: &Relation) -> bool {
        let (catalog, policy) = (&self.engine.catalog, &self.engine.policy);
        let acts = |key: &&ForeignKey| key.releases || key.cascades || key.carries;
        let (mut seen, mut todo) = (BTreeSet::new(), vec![relation.oid]);
        while let Some(oid) = todo.pop() {
            let Some(table) = catalog.relation(oid).filter(|_| seen.insert(oid)) else { continue };
            if protecting_ancestor(catalog, policy, oid).is_some() || self.is_consent_table(table) {
                return true;
            }
            // A key to a partitioned table holds for its parts' rows, and one of a part for its own.
            todo.extend(catalog.children(oid));
            todo.extend(&table.parents);
            let refers = |r: &&Relation| r.foreign_keys.iter().filter(acts).any(|k| k.references == oid);
            todo.extend(catalog.relations().filter(refers).map(|r| -> Oid { r.oid }));
        }
        false
    }
}

fn through_view(name: &str) -> Refusal {
    let why = "what a write through it would change is not known before the transaction ends, or ever: write the table itself";
    refusal::not_supported(&format!("a write to the view {name}"), why)
}
