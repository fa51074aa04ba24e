//! INSERT, UPDATE, DELETE, MERGE and COPY over visible tables.

use pg_query::Node;
use pg_query::protobuf as pb;

use super::Analyser;
use super::scope::{Columns, Scope};
use super::statement::Judged;
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    pub fn top_write(&mut self, _node: &mut Node) -> Result<Judged, Refusal> {
        Err(refusal::not_supported("a write", "writes are not judged yet"))
    }

    pub fn write_in_with(&mut self, _node: &mut Node, _outer: &Scope<'_>) -> Result<Columns, Refusal> {
        Err(refusal::not_supported("a write in WITH", "writes are not judged yet"))
    }

    pub fn copy(&mut self, _c: &mut pb::CopyStmt) -> Result<Judged, Refusal> {
        Err(refusal::not_supported("COPY", "COPY is not judged yet"))
    }
}
