//! What an erasure, or the end of its time, does not take away, told before the first of them.

use super::super::databases::Judged;
use crate::consent::rules::Rules;

/// Advice for each table of which something stays.
pub fn staying(judged: &Judged) -> Vec<String> {
    let rules = Rules { policy: &judged.policy, catalog: &judged.catalog };
    rules.surely_left().unwrap_or_else(|fault| vec![format!("it is not known what an erasure leaves: {fault}")])
}
