//! What commands did: each deed with its end.

use std::collections::HashMap;

use super::CommandRun;
use super::collect::{MOST_LISTED, owned, second, text};
use crate::audit::recorded::Recorded;

#[derive(Default)]
pub(super) struct Commands {
    listed: Vec<CommandRun>,
    more: u64,
    /// Places in the list of deeds without an end yet.
    open: HashMap<String, usize>,
}

impl Commands {
    pub fn begun(&mut self, e: &Recorded) {
        if self.listed.len() >= MOST_LISTED {
            self.more += 1;
            return;
        }
        if let Some(deed) = e.deed.as_deref() {
            self.open.insert(deed.to_owned(), self.listed.len());
        }
        self.listed.push(CommandRun {
            seq: e.seq,
            time: second(e.time),
            action: text(&e.action),
            user: text(&e.user),
            database: text(&e.database),
            purpose: owned(&e.purpose),
            counts: e.counts_in_words(None),
            outcome: None,
            sqlstate: None,
        });
    }

    pub fn done(&mut self, e: &Recorded) {
        let place = e.deed.as_deref().and_then(|deed| self.open.remove(deed));
        let Some(run) = place.and_then(|place| self.listed.get_mut(place)) else { return };
        (run.outcome, run.sqlstate) = (owned(&e.outcome), owned(&e.sqlstate));
        if !e.counts.is_empty() {
            run.counts = e.counts_in_words(None);
        }
    }

    /// In the order of their lines, and how many more there were.
    pub fn finish(mut self) -> (Vec<CommandRun>, u64) {
        self.listed.sort_by_key(|run| run.seq);
        (self.listed, self.more)
    }
}
