//! The lines that are being written: events become text here.

use std::io::Write;
use std::time::Duration;

use jiff::tz::TimeZone;
use prometheus_client::metrics::histogram::Histogram;

use super::recorder::Entry;
use super::tree::{Hash, leaf_hash};

/// Written at once, at most.
const MOST_LINES: u64 = 1024;

/// What may follow before a checkpoint has to come.
pub(super) struct Room {
    pub lines: u64,
    /// Time of the first line that no checkpoint vouches for (microseconds since 1970), if there is one.
    pub since: Option<i64>,
    /// No line's time is further from that than this.
    pub span: Duration,
}

/// Lines that are not known to be on disk.
#[derive(Default)]
pub(super) struct Batch {
    /// Those that are in `lines`, and those that wait.
    pub entries: Vec<Entry>,
    pub lines: Vec<u8>,
    /// The lines' hashes, as leaves of the tree.
    pub leaves: Vec<Hash>,
    /// How many of `entries` are in `lines`.
    formatted: usize,
    clock: Clock,
}

/// Writes times. The text of a second is kept: lines of a batch mostly share it.
#[derive(Default)]
struct Clock {
    second: i64,
    /// `2026-11-25T10:00:00`, of `second`; empty at first.
    text: String,
}

impl Batch {
    /// Brings as many entries into lines as there is room for; `false`: for none. Lines that a failed write has left stay what
    /// they are.
    pub fn fill(&mut self, room: &Room) -> bool {
        if self.formatted == 0 {
            let count = room.takes(&self.entries);
            self.format(count);
        }
        self.formatted > 0
    }

    /// Brings all entries into lines.
    pub fn fill_all(&mut self) {
        self.format(self.entries.len());
    }

    /// The entries that are in `lines`.
    pub fn filled(&self) -> &[Entry] {
        &self.entries[..self.formatted]
    }

    fn format(&mut self, up_to: usize) {
        for entry in &self.entries[self.formatted..up_to] {
            let start = self.lines.len();
            let _ = write!(self.lines, r#"{{"seq":{},"time":""#, entry.seq); // a Vec takes every write
            self.clock.write(entry.micros, &mut self.lines);
            self.lines.extend_from_slice(b"\",");
            self.lines.extend_from_slice(&entry.body[1..]);
            self.leaves.push(leaf_hash(&self.lines[start..]));
            self.lines.push(b'\n');
        }
        self.formatted = up_to;
    }

    /// Counts how long the entries took, now that they are on disk. A clock that was set back counts as no time.
    pub fn measure(&self, delay: &Histogram) {
        let now = jiff::Timestamp::now().as_microsecond();
        for entry in self.filled().iter().filter(|e| e.ahead) {
            delay.observe((now - entry.micros).max(0) as f64 / 1e6);
        }
    }

    /// The lines are on disk.
    pub fn clear(&mut self) {
        self.entries.drain(..self.formatted);
        self.lines.clear();
        self.leaves.clear();
        self.formatted = 0;
    }
}

impl Room {
    /// How many of the entries fit.
    fn takes(&self, entries: &[Entry]) -> usize {
        let Some(since) = self.since.or(entries.first().map(|e| e.micros)) else { return 0 };
        let near = |e: &Entry| u128::from(e.micros.abs_diff(since)) <= self.span.as_micros();
        let apart = usize::from(self.since.is_none());
        let stop = entries.iter().position(|e| e.stop).map_or(entries.len(), |at| if at == 0 { apart } else { at });
        let most = usize::try_from(self.lines.min(MOST_LINES)).unwrap_or(usize::MAX);
        entries.iter().take(most.min(stop)).take_while(|e| near(e)).count()
    }
}

impl Clock {
    /// Appends a time in RFC 3339, UTC, with microseconds.
    fn write(&mut self, micros: i64, out: &mut Vec<u8>) {
        let second = micros.div_euclid(1_000_000);
        if second != self.second || self.text.is_empty() {
            self.second = second;
            let time = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string();
            self.text = time.trim_end_matches('Z').to_owned();
        }
        let _ = write!(out, "{}.{:06}Z", self.text, micros.rem_euclid(1_000_000)); // a Vec takes every write
    }
}

pub(super) fn day_of(micros: i64) -> jiff::civil::Date {
    let time = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_microseconds() {
        let mut clock = Clock::default();
        for micros in [0, 1, 1_764_448_496_000_000, 1_764_448_496_000_001, 1_764_448_496_999_999, 1_764_448_497_120_000]
        {
            let mut out = Vec::new();
            clock.write(micros, &mut out);
            let time = jiff::Timestamp::from_microsecond(micros).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), format!("{time:.6}"));
        }
    }
}
