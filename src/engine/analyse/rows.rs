//! What the rows of a statement look like to its client.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::Analyser;
use super::scope::{Col, Columns};
use crate::engine::cleared::RowShape;

impl Analyser<'_> {
    /// `None`: its columns are not known, or it has none.
    pub fn row_shape(&self) -> Option<RowShape> {
        let Columns::Known(columns) = &self.output else { return None };
        let mut names = DefaultHasher::new();
        columns.iter().for_each(|col| col.name.hash(&mut names));
        let ty = |col: &Col| col.operand.stored_as().unwrap_or(0);
        Some(RowShape {
            names: names.finish(),
            types: columns.iter().map(ty).collect(),
            catalog: self.engine.catalog.types_digest(),
        })
    }
}
