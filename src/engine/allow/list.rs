//! The form of the `*.list` files: `[kind detail]` lines, each followed by words, with `#` comments.

/// A `[kind detail]` line and the words below it.
pub(super) struct Section {
    pub kind: &'static str,
    /// What stands behind the kind; empty when nothing does.
    pub detail: &'static str,
    pub words: Vec<Word>,
}

/// `name`, `name/2` (two arguments), `name@16+` (since PostgreSQL 16), `name@-16` (until 16), `name@15.19+` (with a minor
/// release, so it may be there or not).
pub(super) struct Word {
    pub name: &'static str,
    pub arguments: Option<usize>,
}

/// Reads a list. Words before the first section belong to nothing and are left out: what is not listed is refused.
pub(super) fn sections(text: &'static str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(head) = line.strip_prefix('[') {
            // A broken heading is a section of no kind, so that what follows is not taken for the one before.
            let head = head.strip_suffix(']').unwrap_or("");
            let (kind, detail) = head.split_once(' ').unwrap_or((head, ""));
            sections.push(Section { kind, detail, words: Vec::new() });
        } else if let Some(section) = sections.last_mut() {
            section.words.extend(line.split_whitespace().map(word));
        }
    }
    sections
}

fn word(text: &'static str) -> Word {
    let text = versioned(text).unwrap_or(text);
    match text.split_once('/').and_then(|(name, n)| Some((name, n.parse().ok()?))) {
        Some((name, arguments)) => Word { name, arguments: Some(arguments) },
        None => Word { name: text, arguments: None },
    }
}

/// The name before a version. Operators hold `@` too: a version is `@` and a number or `-` and a number.
fn versioned(text: &'static str) -> Option<&'static str> {
    let (name, version) = text.split_once('@')?;
    let number = version.strip_prefix('-').unwrap_or(version);
    (!name.is_empty() && number.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
        sections(text).into_iter().map(|s| (s.kind, s.detail, s.words.iter().map(|w| w.name).collect())).collect()
    }

    #[test]
    fn sections_hold_the_words_below_them() {
        let text = "stray\n[open]\n# a comment\na b@16+ c@-15\n\n[refused is a secret]\nd@14-15 @-@ @> |/ #\n";
        let expected =
            [("open", "", vec!["a", "b", "c"]), ("refused", "is a secret", vec!["d", "@-@", "@>", "|/", "#"])];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn a_broken_heading_opens_nothing() {
        assert_eq!(read("[open]\na\n[refused] is a secret\nb"), [("open", "", vec!["a"]), ("", "", vec!["b"])]);
    }

    #[test]
    fn counts_of_arguments() {
        let words = &sections("[pure]\nts_rewrite/3 / f/x")[0].words;
        let read: Vec<_> = words.iter().map(|w| (w.name, w.arguments)).collect();
        assert_eq!(read, [("ts_rewrite", Some(3)), ("/", None), ("f/x", None)]);
    }
}
