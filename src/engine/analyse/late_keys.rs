//! Keys that nothing decides about but which rows are there: what the outermost query is sorted or grouped by, and shows of
//! that.
//!
//! PostgreSQL computes them above all conditions and joins, or below a join in a parallel scan that is sorted early, never in
//! the scan of a table itself. So where each table's rows are tested in its own scan (`visible::rechecked_row_sql`), keys see
//! no hidden row, may fail, and need neither a fence nor a guard. Which of the visible rows they are computed of must not be
//! up to the plan either: all rows are asked for.

use pg_query::protobuf::{self as pb, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::keys::names_output;
use super::scope::Scope;
use super::{Analyser, Occurrence};

/// What is known of such keys.
#[derive(Debug, Clone, Copy, Default)]
pub struct LateKeys {
    /// The walk is in one.
    walked: bool,
    /// One could fail.
    fail: bool,
    /// One is more than a bare column.
    compute: bool,
}

impl Analyser<'_> {
    /// Whether the keys of a query whose FROM and WHERE were walked are computed last. `outermost`: nothing stands above it.
    pub fn begin_keys(&mut self, s: &pb::SelectStmt, scope: &Scope<'_>, outermost: bool) {
        let reads = !self.within && !self.writes && !self.locks && s.locking_clause.is_empty();
        self.late_keys.walked = outermost && reads && self.asks_for_all(s, scope);
    }

    /// The walk leaves them; whether it was in them.
    pub fn leave_keys(&mut self) -> bool {
        std::mem::take(&mut self.late_keys.walked)
    }

    /// The walk is in them again, if it was.
    pub fn enter_keys(&mut self, walked: bool) {
        self.late_keys.walked = walked;
    }

    /// Whether the walk is in a key that is computed last.
    pub fn in_late_key(&self) -> bool {
        self.late_keys.walked && !self.within
    }

    /// Takes note that a key could fail.
    pub fn key_fails(&mut self) {
        match self.in_late_key() {
            true => self.late_keys.fail = true,
            false => self.may_fail = true,
        }
    }

    /// Takes note that a key computes something.
    pub fn key_computes(&mut self) {
        self.late_keys.compute = true;
    }

    /// Forgets, for [`Self::watched`], that a key could fail: whether one could.
    pub fn take_key_fails(&mut self) -> bool {
        std::mem::take(&mut self.late_keys.fail)
    }

    pub fn add_key_fails(&mut self, fails: bool) {
        self.late_keys.fail |= fails;
    }

    /// Whether one of them could fail.
    pub fn late_keys_fail(&self) -> bool {
        self.late_keys.fail
    }

    /// The result is read in pieces: whoever stops early may not meet a key that fails, and that is up to the plan.
    pub fn keys_count_as_conditions(&mut self) {
        self.may_fail |= std::mem::take(&mut self.late_keys).fail;
    }

    /// Whether rows of an occurrence are to be tested where they are scanned, for the sake of such keys.
    pub fn tested_in_scan(&self, o: &Occurrence) -> bool {
        (self.late_keys.fail || self.late_keys.compute) && !o.alone && !self.may_fail_on(o)
    }

    /// Whether all rows are read before the first leaves, however PostgreSQL goes about it: there is no LIMIT, or what is sorted
    /// by first is an aggregate's.
    fn asks_for_all(&self, s: &pb::SelectStmt, scope: &Scope<'_>) -> bool {
        if s.limit_count.is_none() && s.limit_offset.is_none() {
            return true;
        }
        let Some(NodeEnum::SortBy(first)) = s.sort_clause.first().and_then(|n| n.node.as_ref()) else { return false };
        let Some(key) = first.node.as_deref() else { return false };
        let above = |value: &Node| self.stays_above(value, scope);
        match output_of(s, key, scope) {
            Some(value) => above(value),
            None => above(key),
        }
    }
}

/// The item of the select list that a key means, by its number or name.
fn output_of<'s>(s: &'s pb::SelectStmt, key: &Node, scope: &Scope<'_>) -> Option<&'s Node> {
    let value = |item: &'s Node| match &item.node {
        Some(NodeEnum::ResTarget(t)) => t.val.as_deref(),
        _ => None,
    };
    match &key.node {
        Some(NodeEnum::AConst(pb::AConst { val: Some(Val::Ival(n)), .. })) => {
            let before = usize::try_from(n.ival.checked_sub(1)?).ok()?;
            let counted = s.target_list.get(..=before)?;
            // A star counts as several.
            let plain = counted.iter().all(|item| value(item).is_some_and(|v| super::select::star(v).is_none()));
            counted.last().filter(|_| plain).and_then(value)
        }
        _ => s.target_list.iter().find(|item| names_output(std::slice::from_ref(item), key, scope)).and_then(value),
    }
}
