//! How long rows may be used, as a policy writes it.

use std::collections::BTreeSet;

use super::super::Period;

impl Period {
    /// Counted back from now, it stays far from where PostgreSQL's timestamps begin (4714 BC).
    pub(super) const LONGEST: &str = "1000 years";
    /// The same in [`Period::roughly_seconds`], whose year is of 365 days and 6 hours.
    pub(super) const LONGEST_SECONDS: u64 = 1000 * (365 * 86_400 + 21_600);

    /// Pairs of a positive whole number and a unit, each unit once: `5 years`, `1 year 6 months`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        const UNITS: &[&str] = &["second", "minute", "hour", "day", "week", "month", "year", "decade"];
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut seen = BTreeSet::new();
        let mut pair = |pair: &[&str]| {
            let unit = pair.get(1)?.to_ascii_lowercase();
            let unit = unit.strip_suffix('s').unwrap_or(&unit);
            // At most six digits: no sum of them overflows, and PostgreSQL takes each.
            let count = pair[0].len() <= 6 && pair[0].parse::<u32>().is_ok_and(|n| n > 0);
            (count && UNITS.contains(&unit) && seen.insert(unit.to_owned())).then_some(())
        };
        let good = !words.is_empty() && words.chunks(2).all(|p| pair(p).is_some());
        good.then(|| Self(words.join(" ").to_ascii_lowercase()))
    }

    /// Good enough to tell which of two periods is shorter; PostgreSQL counts exactly, from the row's own date.
    pub fn roughly_seconds(&self) -> u64 {
        const DAY: u64 = 86_400;
        let words: Vec<&str> = self.0.split_whitespace().collect();
        let seconds = |pair: &[&str]| {
            let count: u64 = pair.first().and_then(|n| n.parse().ok()).unwrap_or_default();
            let unit = match pair.get(1).map(|u| u.trim_end_matches('s')) {
                Some("minute") => 60,
                Some("hour") => 3600,
                Some("day") => DAY,
                Some("week") => 7 * DAY,
                Some("month") => 30 * DAY + 37_800,
                Some("year") => 365 * DAY + 21_600,
                Some("decade") => 3652 * DAY + 43_200,
                Some(_) | None => 1,
            };
            count * unit
        };
        words.chunks(2).map(seconds).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_compare() {
        let seconds = |text: &str| Period(text.into()).roughly_seconds();
        assert!(seconds("23 months") < seconds("2 years") && seconds("2 years") < seconds("25 months"));
        assert!(seconds("1 year 6 months") > seconds("500 days"));
        assert_eq!(seconds("90 minutes"), 5400);
    }

    #[test]
    fn what_postgresql_would_not_take_is_none() {
        for text in ["", "5", "0 years", "-1 year", "5 years 3 years", "1 year 2 YEAR", "1000000 days"] {
            assert!(Period::parse(text).is_none(), "{text}");
        }
        assert_eq!(Period::parse("1 YEAR  6 months").map(|p| p.0).as_deref(), Some("1 year 6 months"));
        assert_eq!(Period("1000 years".into()).roughly_seconds(), Period::LONGEST_SECONDS);
    }
}
