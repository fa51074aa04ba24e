//! What a refusal is about.

/// What a refusal is about, where it is not the text as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The table that the role may not use, as the catalog names it.
    pub table: Option<String>,
    /// A statement behind others: they are not refused.
    pub place: Option<Place>,
}

/// Where a statement stands behind others of its text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The end of the statement before it.
    pub behind: usize,
    pub start: usize,
    pub end: usize,
}

impl Place {
    /// `None` for the first of these statements.
    pub fn of(spans: &[(usize, usize)], index: usize) -> Option<Self> {
        let (_, behind) = *spans.get(index.checked_sub(1)?)?;
        let (start, end) = *spans.get(index)?;
        Some(Self { behind, start, end })
    }
}
