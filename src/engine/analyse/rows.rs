//! What the rows of a statement look like to its client.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::Analyser;
use super::scope::{Col, Columns};
use crate::engine::cleared::{Described, RowShape, ShownColumns};

impl Analyser<'_> {
    /// `None`: it has none.
    pub fn row_shape(&self) -> Option<RowShape> {
        let columns = match &self.output {
            Columns::Known(columns) if columns.is_empty() => return None,
            Columns::Known(columns) => Some(shown(columns)),
            Columns::Unknown => None,
        };
        let settled = columns.as_ref().is_some_and(|c| !c.types.contains(&0));
        Some(RowShape { columns, from: if settled { 0 } else { self.origin() } })
    }

    /// The columns of tables and views that PostgreSQL would describe the output columns as, had it the client's own text.
    pub fn described(&self) -> Arc<[Described]> {
        let told = |(i, col): (usize, &Col)| {
            let (relation, number) = col.described?;
            Some(Described { column: u16::try_from(i).ok()?, relation, number })
        };
        self.output.list().iter().enumerate().filter_map(told).collect()
    }

    /// A digest of what a column follows from whose name or type is not known.
    fn origin(&self) -> u64 {
        let mut digest = DefaultHasher::new();
        let context = &self.context;
        (self.engine.catalog.types_digest(), &context.search_path, &context.temporary, &context.defined)
            .hash(&mut digest);
        digest.finish()
    }
}

fn shown(columns: &[Col]) -> ShownColumns {
    let mut names = DefaultHasher::new();
    columns.iter().for_each(|col| col.name.hash(&mut names));
    let types = columns.iter().map(|col| col.operand.stored_as().unwrap_or(0)).collect();
    ShownColumns { names: names.finish(), types }
}
