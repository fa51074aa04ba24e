//! What a policy says of relations that it names through others: parents, schemas, `unlisted_tables`.

use super::{Policy, Unlisted};
use crate::engine::catalog::{Catalog, Oid, Relation, RelationKind};

/// The table of the policy that `oid` is, or is a partition or inheritance child of.
pub fn protecting_ancestor(catalog: &Catalog, policy: &Policy, oid: Oid) -> Option<Oid> {
    catalog.ancestry(oid).into_iter().find(|oid| policy.tables.contains_key(oid))
}

/// Whether what PostgreSQL says of rows of a relation may be about protected ones. System relations are not asked about.
pub fn is_closed(catalog: &Catalog, policy: &Policy, relation: &Relation) -> bool {
    let people = policy.subjects.values().any(|kind| kind.table == relation.oid);
    let protected = protecting_ancestor(catalog, policy, relation.oid).is_some();
    people || protected || (relation.kind != RelationKind::View && !is_open(catalog, policy, relation))
}

/// Whether the policy opens the relation, by itself, by its schema, by an open parent, or by `unlisted_tables`.
pub fn is_open(catalog: &Catalog, policy: &Policy, relation: &Relation) -> bool {
    if policy.open.contains(&relation.oid) || policy.open_schemas.contains(&relation.name.schema) {
        return true;
    }
    let parents = || relation.parents.iter().filter_map(|p| catalog.relation(*p));
    if !relation.parents.is_empty() && parents().all(|p| is_open(catalog, policy, p)) {
        return true;
    }
    // A materialized view or foreign table may hold anything: never open by default.
    let plain = matches!(relation.kind, RelationKind::Table | RelationKind::PartitionedTable | RelationKind::Sequence);
    plain && policy.unlisted_tables == Unlisted::Open
}
