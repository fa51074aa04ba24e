//! Names of prepared statements and portals, as far as they are certain.
//!
//! A client may send many messages ahead; one that fails takes all behind it down to the next Sync with it. So a change
//! stays *pending* until PostgreSQL has confirmed it. Inside its own batch a pending change may be built upon: if it does
//! not happen, neither does what builds on it. Across a Sync it may not: the caller waits ([`Lookup::Uncertain`]).
//! PURE.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

struct Change<T> {
    id: u64,
    batch: u64,
    value: Option<Arc<T>>,
}

struct Slot<T> {
    confirmed: Option<Arc<T>>,
    pending: VecDeque<Change<T>>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { confirmed: None, pending: VecDeque::new() }
    }
}

pub enum Lookup<T> {
    Found(Arc<T>),
    Missing,
    /// It depends on messages of an earlier batch that PostgreSQL has not answered yet.
    Uncertain,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Happened,
    DidNot,
}

/// A rough count of the bytes that a value keeps.
pub trait Weigh {
    fn weight(&self) -> usize;
}

pub struct Names<T> {
    slots: HashMap<Box<str>, Slot<T>>,
    next_id: u64,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { slots: HashMap::new(), next_id: 0 }
    }
}

impl<T: Weigh> Names<T> {
    /// Bytes kept by all values, with those of changes under way; counted one by one.
    pub fn weight(&self) -> usize {
        let changes =
            |slot: &Slot<T>| slot.pending.iter().filter_map(|c| c.value.as_deref().map(T::weight)).sum::<usize>();
        self.slots.values().map(|slot| slot.confirmed.as_deref().map_or(0, T::weight) + changes(slot)).sum()
    }
}

impl<T> Names<T> {
    pub fn lookup(&self, name: &str, batch: u64) -> Lookup<T> {
        let Some(slot) = self.slots.get(name) else {
            return Lookup::Missing;
        };
        let value = match slot.pending.back() {
            None => &slot.confirmed,
            Some(change) if change.batch == batch => &change.value,
            Some(_) => return Lookup::Uncertain,
        };
        value.clone().map_or(Lookup::Missing, Lookup::Found)
    }

    /// The value that a name has once all that was sent has happened.
    pub fn newest(&self, name: &str) -> Option<&Arc<T>> {
        let slot = self.slots.get(name)?;
        slot.pending.back().map_or(slot.confirmed.as_ref(), |change| change.value.as_ref())
    }

    /// Notes that a message was sent that gives `name` a value, or takes it away; settle it with the id.
    pub fn change(&mut self, name: &str, batch: u64, value: Option<Arc<T>>) -> u64 {
        self.next_id += 1;
        let change = Change { id: self.next_id, batch, value };
        match self.slots.get_mut(name) {
            Some(slot) => slot.pending.push_back(change),
            None => {
                let mut slot = Slot::default();
                slot.pending.push_back(change);
                self.slots.insert(name.into(), slot);
            }
        }
        self.next_id
    }

    /// The value of a change that is not answered yet.
    pub fn under_way(&self, name: &str, id: u64) -> Option<&Arc<T>> {
        self.slots.get(name)?.pending.iter().find(|c| c.id == id)?.value.as_ref()
    }

    /// Answers a change; returns the value that was replaced, if it happened.
    pub fn settle(&mut self, name: &str, id: u64, fate: Fate) -> Option<Arc<T>> {
        let slot = self.slots.get_mut(name)?;
        let at = slot.pending.iter().position(|c| c.id == id)?;
        let change = slot.pending.remove(at)?;
        let old = match fate {
            Fate::Happened => std::mem::replace(&mut slot.confirmed, change.value),
            Fate::DidNot => None,
        };
        self.drop_if_empty(name);
        old
    }

    /// Sets a value that is certain at once.
    pub fn put(&mut self, name: &str, value: Arc<T>) -> Option<Arc<T>> {
        match self.slots.get_mut(name) {
            Some(slot) => slot.confirmed.replace(value),
            None => {
                self.slots.insert(name.into(), Slot { confirmed: Some(value), pending: VecDeque::new() });
                None
            }
        }
    }

    pub fn remove(&mut self, name: &str) -> Option<Arc<T>> {
        let old = self.slots.get_mut(name)?.confirmed.take();
        self.drop_if_empty(name);
        old
    }

    /// All values, with those of changes under way.
    pub fn values(&self) -> impl Iterator<Item = &Arc<T>> {
        self.slots.values().flat_map(|s| s.confirmed.iter().chain(s.pending.iter().filter_map(|c| c.value.as_ref())))
    }

    /// Takes away all confirmed values that `keep` does not want, and hands them out.
    pub fn retain(&mut self, keep: impl Fn(&T) -> bool) -> Vec<Arc<T>> {
        let mut gone = Vec::new();
        self.slots.retain(|_, slot| {
            if slot.confirmed.as_ref().is_some_and(|v| !keep(v)) {
                gone.extend(slot.confirmed.take());
            }
            slot.confirmed.is_some() || !slot.pending.is_empty()
        });
        gone
    }

    /// Takes away all confirmed values but the unnamed one (DEALLOCATE ALL leaves it).
    pub fn clear_named(&mut self) {
        self.slots.retain(|name, slot| {
            if !name.is_empty() {
                slot.confirmed = None;
            }
            slot.confirmed.is_some() || !slot.pending.is_empty()
        });
    }

    fn drop_if_empty(&mut self, name: &str) {
        // The unnamed one comes back with the next message: its slot stays.
        if !name.is_empty() && self.slots.get(name).is_some_and(|s| s.confirmed.is_none() && s.pending.is_empty()) {
            self.slots.remove(name);
        }
    }

    /// Whether the name is taken or may be.
    pub fn knows(&self, name: &str) -> bool {
        self.slots.get(name).is_some_and(|s| s.confirmed.is_some() || !s.pending.is_empty())
    }

    /// Replaces what is known of a value that PostgreSQL has unchanged, if it still is the one that was looked up.
    pub fn refresh(&mut self, name: &str, seen: &Arc<T>, new: Arc<T>) {
        let Some(slot) = self.slots.get_mut(name) else {
            return;
        };
        let current = match slot.pending.back_mut() {
            Some(change) => &mut change.value,
            None => &mut slot.confirmed,
        };
        if current.as_ref().is_some_and(|value| Arc::ptr_eq(value, seen)) {
            *current = Some(new);
        }
    }

    /// Names that are taken or may be.
    pub fn len(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &Names<&'static str>, name: &str, batch: u64) -> &'static str {
        match names.lookup(name, batch) {
            Lookup::Found(v) => *v,
            Lookup::Missing => "missing",
            Lookup::Uncertain => "uncertain",
        }
    }

    #[test]
    fn a_pending_name_counts_in_its_batch_only() {
        let mut names = Names::default();
        let id = names.change("s", 1, Some(Arc::new("a")));
        assert_eq!(found(&names, "s", 1), "a");
        assert_eq!(found(&names, "s", 2), "uncertain");
        names.settle("s", id, Fate::Happened);
        assert_eq!(found(&names, "s", 2), "a");
    }

    /// The attack: a skipped Parse must not make us believe that the unnamed statement is another one.
    #[test]
    fn a_skipped_change_leaves_what_was_there() {
        let mut names = Names::default();
        names.put("", Arc::new("judged for service"));
        let id = names.change("", 1, Some(Arc::new("judged for marketing")));
        assert_eq!(found(&names, "", 2), "uncertain");
        names.settle("", id, Fate::DidNot);
        assert_eq!(found(&names, "", 2), "judged for service");
    }

    #[test]
    fn close_and_parse_in_different_batches_settle_in_order() {
        let mut names = Names::default();
        names.put("s", Arc::new("a"));
        let close = names.change("s", 1, None);
        let parse = names.change("s", 2, Some(Arc::new("b")));
        names.settle("s", close, Fate::DidNot);
        assert_eq!(found(&names, "s", 2), "b");
        names.settle("s", parse, Fate::DidNot);
        assert_eq!(found(&names, "s", 3), "a");
    }
}
