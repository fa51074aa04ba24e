//! What can still be judged of a file that is not TOML: all its sections but those with the faults. A section is a header
//! (`[purpose.marketing]`) with what follows it, up to the next; what stands before the first is one too.

use toml::de::{DeTable, DeValue};

/// The text with the faulty sections blanked, so that it is TOML and all else stays in its place, and the paths of what
/// was taken out. The empty path is that of a section that could have held anything.
pub(super) fn salvage(text: &str) -> (String, Vec<Vec<String>>) {
    let starts = starts(text);
    let mut cut = vec![false; starts.len()];
    let mut left = text.to_owned();
    let mut removed = Vec::new();
    loop {
        let (_, errors) = DeTable::parse_recoverable(&left);
        let Some(error) = errors.first() else { return (left, removed) };
        let at = error.span().map_or(text.len(), |span| span.start);
        let reached = starts.partition_point(|start| *start <= at);
        // What was opened further up, a string or a list, is found to be open where it should have ended.
        let Some(section) = (0..reached).rev().find(|i| !cut[*i]) else {
            return (" ".repeat(text.len()), vec![vec![]]);
        };
        let range = starts[section]..starts.get(section + 1).copied().unwrap_or(text.len());
        removed.push(path(&text[range.clone()]));
        left.replace_range(range.clone(), &" ".repeat(range.len()));
        cut[section] = true;
    }
}

/// Where sections begin: at the first byte, and at each line that looks like a header.
fn starts(text: &str) -> Vec<usize> {
    let mut at = 0;
    let mut starts = vec![0];
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('[') && at > 0 {
            starts.push(at);
        }
        at += line.len();
    }
    starts
}

/// The path in a section's header.
fn path(section: &str) -> Vec<String> {
    let header = section.lines().next().unwrap_or_default();
    let mut path = Vec::new();
    let Ok(table) = DeTable::parse(header) else { return path };
    let mut table = table.into_inner();
    while let Some((key, value)) = table.into_iter().next() {
        path.push(key.into_inner().into_owned());
        match value.into_inner() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    path
}
