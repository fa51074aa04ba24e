//! The same query written twice in one statement: PostgreSQL matches what is selected with what is grouped, sorted or made
//! distinct by comparing their trees (`GROUP BY (SELECT …)` with the same subquery in the select list). So both must leave as
//! one text, though each of them stands where other things could happen to its rows.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;

use pg_query::Node;

use super::{Analyser, ColumnUses, Occurrence};
use crate::engine::tree;

/// Queries in expressions.
#[derive(Debug, Default)]
pub struct Subqueries {
    seen: Vec<Subquery>,
    /// Bytes of their trees that were looked at.
    read: usize,
}

/// One that has been walked: what it says, and which occurrences are in it.
#[derive(Debug)]
struct Subquery {
    says: u64,
    occurrences: Range<usize>,
}

/// Bytes of trees that are looked at in a statement: of queries in queries in queries the innermost are read again and again.
const MOST_READ: usize = 16 << 20;

impl Subqueries {
    /// What a query says, before anything in it is replaced. `None`: there is too much of it.
    pub fn says(&mut self, query: &Node) -> Option<u64> {
        if self.read > MOST_READ {
            return None;
        }
        let tree = tree::canonical(query, &[]).ok()?;
        self.read += tree.len();
        let mut hasher = DefaultHasher::new();
        tree.hash(&mut hasher);
        Some(hasher.finish())
    }
}

impl Analyser<'_> {
    /// Remembers a query in an expression that has been walked; `first` is its first occurrence.
    pub fn seen_subquery(&mut self, says: Option<u64>, first: usize) {
        let occurrences = first..self.occurrences.len();
        if let Some(says) = says.filter(|_| !occurrences.is_empty()) {
            self.subqueries.seen.push(Subquery { says, occurrences });
        }
    }

    /// Gives what stands in queries that say the same all that any of them needs. To be called once all uses are known.
    pub fn liken_twins(&mut self) {
        let mut same: BTreeMap<u64, Vec<Range<usize>>> = BTreeMap::new();
        for seen in &self.subqueries.seen {
            same.entry(seen.says).or_default().push(seen.occurrences.clone());
        }
        for twins in same.into_values().filter(|twins| twins.len() > 1) {
            let Some(first) = twins.first() else { continue };
            for place in 0..first.len() {
                let alike: Vec<usize> =
                    twins.iter().filter(|t| t.len() == first.len()).map(|t| t.start + place).collect();
                self.liken(&alike);
            }
        }
    }

    fn liken(&mut self, places: &[usize]) {
        let twins: Vec<&Occurrence> = places.iter().filter_map(|at| self.occurrences.get(*at)).collect();
        let Some((first, others)) = twins.split_first() else { return };
        // A name may mean something else elsewhere.
        if others.iter().any(|o| !first.names_the_same(o)) {
            return;
        }
        let mut whole = (*first).clone();
        others.iter().for_each(|o| whole.take(o));
        let one_by_one = self.whole_rows.iter().any(|at| places.contains(at));
        for at in places {
            if let Some(o) = self.occurrences.get_mut(*at) {
                *o = whole.clone();
            }
            if one_by_one {
                self.whole_rows.insert(*at);
            }
        }
    }
}

impl Occurrence {
    fn names_the_same(&self, other: &Self) -> bool {
        (self.relation, self.protected_by, self.only, &self.nulled, self.target)
            == (other.relation, other.protected_by, other.only, &other.nulled, other.target)
    }

    /// Becomes what serves both.
    fn take(&mut self, other: &Self) {
        for (own, more) in self.uses.iter_mut().zip(&other.uses) {
            *own = own.with(*more);
        }
        // An index serves neither, then.
        if self.inside != other.inside {
            self.inside.clear();
        }
        self.system.extend(&other.system);
        self.all_at_once |= other.all_at_once;
        self.chosen |= other.chosen;
        self.as_it_is &= other.as_it_is;
        self.unfenced &= other.unfenced;
        self.alone &= other.alone;
        self.fails |= other.fails;
        self.spared |= other.spared;
    }
}

impl ColumnUses {
    fn with(self, more: Self) -> Self {
        Self {
            shown: self.shown || more.shown,
            compared: self.compared || more.compared,
            written: self.written || more.written,
            early: self.early || more.early,
            in_late_key: self.in_late_key || more.in_late_key,
            weighed: self.weighed || more.weighed,
            decides: self.decides || more.decides,
            ungrouped: self.ungrouped || more.ungrouped,
            asked: self.asked || more.asked,
        }
    }
}
