//! Definitions: tables made from queries, and DDL by role right.

use pg_query::Node;
use pg_query::protobuf as pb;

use super::statement::Judged;
use super::{Analyser, inner, kind_of};
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    pub fn select_into(&mut self, _s: &mut pb::SelectStmt) -> Result<Judged, Refusal> {
        Err(refusal::not_supported("SELECT INTO", "definitions are not judged yet"))
    }

    pub fn create_table_as(&mut self, _c: &mut pb::CreateTableAsStmt) -> Result<Judged, Refusal> {
        Err(refusal::not_supported("CREATE TABLE AS", "definitions are not judged yet"))
    }

    /// Any other statement: known definitions by right, the rest refused.
    pub fn definition(&mut self, node: &mut Node) -> Result<Judged, Refusal> {
        let kind = kind_of(inner(node)?);
        Err(refusal::not_supported(&kind, "it is not one of the statements that the proxy passes"))
    }
}
