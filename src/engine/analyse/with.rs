//! WITH: what its queries put out, for those that read them.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::scope::{Col, Columns, Scope};
use super::writes::runs_in_with;
use super::{Analyser, At, inner, names};
use crate::engine::refusal::{self, Refusal};

#[derive(Debug, Clone)]
pub struct Cte {
    pub name: String,
    pub columns: Columns,
    /// It stands behind the query that is walked (WITH RECURSIVE).
    pub ahead: bool,
    /// It is the query that is walked: what its columns are, is known of a part of it at most.
    pub unread: bool,
    /// It is a write without RETURNING, but for ours.
    pub silent: bool,
}

/// A query that may read itself, by its place among those in scope, and the names of its columns.
pub struct Recursive {
    at: usize,
    names: Vec<String>,
}

impl Analyser<'_> {
    /// Common table expressions come into scope one after the other, or all at once when RECURSIVE.
    pub fn with_clause(&mut self, with: &mut pb::WithClause, outer: &Scope<'_>) -> Result<(), Refusal> {
        let pb::WithClause { ctes, recursive, location: _ } = with;
        let base = self.ctes.len();
        if *recursive {
            for node in ctes.iter_mut() {
                if let NodeEnum::CommonTableExpr(cte) = inner(node)? {
                    let name = cte.ctename.clone();
                    self.ctes.push(Cte { name, columns: Columns::Unknown, ahead: true, unread: true, silent: false });
                }
            }
        }
        for (i, node) in ctes.iter_mut().enumerate() {
            let NodeEnum::CommonTableExpr(cte) = inner(node)? else {
                return Err(refusal::not_supported("WITH", "it holds something that is not a query"));
            };
            let runs = runs_in_with(cte);
            let plain = cte.search_clause.is_none() && cte.cycle_clause.is_none();
            let query = cte.ctequery.as_mut().ok_or_else(|| refusal::not_supported("WITH", "a query is empty"))?;
            if let Some(itself) = self.ctes.get_mut(base + i) {
                itself.ahead = false;
            }
            self.recursive = (*recursive && plain && is_union(query)).then(|| Recursive {
                at: base + i,
                names: names(&cte.aliascolnames).into_iter().map(str::to_owned).collect(),
            });
            let before = self.ctes.len();
            let columns = self.apart(runs, |a| a.query(query, outer, At::ITEM))?;
            self.ctes.truncate(before);
            if let Some(cycle) = cte.cycle_clause.as_mut() {
                for value in [&mut cycle.cycle_mark_value, &mut cycle.cycle_mark_default].into_iter().flatten() {
                    self.expr(value, &Scope::EMPTY, At::OPERAND)?;
                }
            }
            let columns = if plain { columns.renamed(&names(&cte.aliascolnames)) } else { self.unknown(&columns) };
            let silent = std::mem::take(&mut self.silent);
            if silent && !cte.aliascolnames.is_empty() {
                return Err(refusal::no_columns_to_name(&cte.ctename, cte.aliascolnames.len()).at(cte.location));
            }
            let entry = Cte { name: cte.ctename.clone(), columns, ahead: false, unread: false, silent };
            match self.ctes.get_mut(base + i) {
                Some(slot) if *recursive => *slot = entry,
                _ => self.ctes.push(entry),
            }
        }
        Ok(())
    }

    /// The arm that reads nothing of a query that reads itself says what its columns are: PostgreSQL takes their names, types
    /// and collations from it (`determineRecursiveColTypes` of its parser), and refuses an arm of others.
    pub fn begins_itself(&mut self, itself: &Recursive, first: &Columns) {
        let Columns::Known(columns) = first else { return };
        let column =
            |c: &Col| Col { mixed: true, made_of: None, given: true, key: None, described: None, ..self.of_itself(c) };
        let columns = Columns::known(columns.iter().map(column).collect());
        let names: Vec<&str> = itself.names.iter().map(String::as_str).collect();
        if let Some(cte) = self.ctes.get_mut(itself.at) {
            cte.columns = columns.renamed(&names);
        }
    }

    /// A column of a query that reads itself, of the arm that does not.
    pub fn of_itself(&self, first: &Col) -> Col {
        Col { operand: self.settled(first.operand), ..first.clone() }
    }
}

fn is_union(query: &Node) -> bool {
    matches!(&query.node, Some(NodeEnum::SelectStmt(s)) if s.op() == pb::SetOperation::SetopUnion)
}
