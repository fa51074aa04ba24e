//! Partitions and inheritance children: what a table is made of, and what it is a part of.

use super::{Catalog, Oid, Relation};

impl Catalog {
    /// Direct partitions and inheritance children.
    pub fn children(&self, oid: Oid) -> &[Oid] {
        self.children.get(&oid).map_or(&[], Vec::as_slice)
    }

    /// A relation with its partitions and inheritance children, and theirs.
    pub fn family(&self, oid: Oid) -> Vec<&Relation> {
        let (mut todo, mut seen) = (vec![oid], Vec::new());
        while let Some(oid) = todo.pop() {
            if !seen.contains(&oid) {
                seen.push(oid);
                todo.extend_from_slice(self.children(oid));
            }
        }
        seen.into_iter().filter_map(|oid| self.relation(oid)).collect()
    }

    /// Whether a column holds what statements store in it, in whatever part of the relation a row lies: no trigger changes it
    /// there, and PostgreSQL computes it in none.
    pub fn holds_what_is_stored(&self, relation: &Relation, column: usize) -> bool {
        let name = relation.columns.get(column).map(|c| c.name.as_str());
        let holds =
            |part: &&Relation| !part.has_triggers && name.and_then(|n| part.column(n)).is_some_and(|c| !c.computed);
        self.family(relation.oid).iter().all(holds)
    }

    /// A relation with what it is a partition or inheritance child of, and what that is one of.
    pub fn ancestry(&self, oid: Oid) -> Vec<Oid> {
        let (mut todo, mut seen) = (vec![oid], Vec::new());
        while let Some(oid) = todo.pop() {
            if !seen.contains(&oid) {
                seen.push(oid);
                todo.extend(self.relation(oid).into_iter().flat_map(|r| &r.parents));
            }
        }
        seen
    }

    /// About how many rows a table and its children have.
    pub fn rows(&self, oid: Oid) -> u64 {
        let own = self.relation(oid).map_or(0, |r| r.rows);
        self.children(oid).iter().fold(own, |sum, child| sum.saturating_add(self.rows(*child)))
    }

    /// What a relation is a partition or inheritance child of, and what that is one of.
    pub fn above(&self, oid: Oid) -> Vec<&Relation> {
        self.ancestry(oid).into_iter().skip(1).filter_map(|oid| self.relation(oid)).collect()
    }

    /// The columns that say in which part of a table a row lies, as far as it lies in this one; each after its table.
    pub fn placed_by(&self, part: Oid) -> Vec<(&Relation, &str)> {
        self.above(part)
            .into_iter()
            .flat_map(|whole| whole.partition_key.iter().map(move |c| (whole, c.as_str())))
            .collect()
    }
}
