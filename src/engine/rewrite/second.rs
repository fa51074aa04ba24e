//! The second opinion: sqlparser, which shares no code with PostgreSQL's grammar, reads the statement that is about to
//! leave and must find the same relations in it.
//!
//! What it reads has a stub in place of each injected part: those are our own words, and were held against their tree.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{CopySource, Ident, ObjectName, Query, SetExpr, Statement, Visit, Visitor};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::simpler::simpler;
use crate::engine::refusal::{self, Refusal};

/// Deepest recursion that sqlparser is let into.
const RECURSION: usize = 400;

/// Holds sqlparser's reading of `text` against the relations (last name part) that PostgreSQL's grammar found in it.
/// Where sqlparser cannot read `text`, it reads `canonical`, the same tree printed by libpg_query, or either with
/// stand-ins for what it does not know (`simpler.rs`).
pub fn agree(
    text: &str,
    canonical: impl FnOnce() -> Option<String>,
    relations: &BTreeSet<String>,
) -> Result<(), Refusal> {
    let statements = read(text).or_else(|| {
        let canonical = canonical();
        let printed = canonical.as_deref();
        printed.and_then(read).or_else(|| [Some(text), printed].into_iter().flatten().find_map(|t| read(&simpler(t)?)))
    });
    let statements =
        statements.ok_or_else(|| refusal::not_faithful("the second parser cannot read the rewritten statement"))?;
    let mut found = Found::default();
    let _ = statements.visit(&mut found);
    let Found(found) = found;
    match relations.iter().find(|r| !found.contains(*r)) {
        None => Ok(()),
        Some(missing) => Err(refusal::not_faithful(&format!(
            "the second parser does not find the relation {missing} where PostgreSQL's does"
        ))),
    }
}

/// The relations that sqlparser finds.
#[derive(Default)]
struct Found(BTreeSet<String>);

impl Visitor for Found {
    type Break = ();

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        self.0.extend(last_name(name));
        ControlFlow::Continue(())
    }

    /// Its own walk leaves out the table of a COPY, …
    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        if let Statement::Copy { source: CopySource::Table { table_name, .. }, .. } = statement {
            self.0.extend(last_name(table_name));
        }
        ControlFlow::Continue(())
    }

    /// … and that of `TABLE name`.
    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let mut arms = vec![&*query.body];
        while let Some(arm) = arms.pop() {
            match arm {
                SetExpr::Table(table) => self.0.extend(table.table_name.as_ref().map(folded)),
                SetExpr::SetOperation { left, right, .. } => arms.extend([&**left, &**right]),
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }
}

fn last_name(name: &ObjectName) -> Option<String> {
    name.0.last()?.as_ident().map(folded)
}

fn folded(last: &Ident) -> String {
    // Quoted names come as they were written, with doubled quotes.
    let quoted = last.quote_style.is_some();
    let name = if quoted { last.value.replace("\"\"", "\"") } else { last.value.to_lowercase() };
    crate::engine::names::truncated(name)
}

fn read(text: &str) -> Option<Vec<Statement>> {
    let dialect = PostgreSqlDialect {};
    let parser = Parser::new(&dialect).with_recursion_limit(RECURSION);
    let options = sqlparser::parser::ParserOptions::new().with_unescape(false).with_trailing_commas(false);
    parser.with_options(options).try_with_sql(text).ok()?.parse_statements().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees(text: &str, relations: &[&str]) -> bool {
        agree(text, || None, &relations.iter().map(|r| (*r).to_owned()).collect()).is_ok()
    }

    #[test]
    fn a_relation_that_only_one_parser_finds_is_refused() {
        assert!(agrees("SELECT a FROM t, (SELECT b FROM s.U) x", &["t", "u"]));
        assert!(!agrees("SELECT a FROM t", &["t", "u"]));
        assert!(!agrees("SELECT 't'", &["t"]));
        // One operator to sqlparser; to PostgreSQL an operator and a comment.
        assert!(!agrees("SELECT ''||-- '\n ssn FROM customers -- '", &["customers"]));
    }

    #[test]
    fn a_table_by_its_name_alone_is_one() {
        assert!(agrees(
            "SELECT a FROM t WHERE a IN (TABLE u) AND EXISTS (TABLE s.v UNION TABLE \"W\")",
            &["t", "u", "v", "W"]
        ));
        assert!(!agrees("SELECT a FROM t WHERE a IN (TABLE u)", &["w"]));
    }

    #[test]
    fn names_are_compared_as_postgresql_folds_and_cuts_them() {
        let long = "a".repeat(70);
        assert!(agrees(&format!("SELECT 1 FROM {long}"), &[&long[..63]]));
        assert!(agrees("SELECT 1 FROM \"a\"\"B\"", &["a\"B"]));
        assert!(!agrees("SELECT 1 FROM \"T\"", &["t"]));
        assert!(agrees("COPY t TO STDOUT", &["t"]));
    }

    #[test]
    fn a_copy_that_quotes_all_columns_is_read() {
        assert!(agrees("COPY (SELECT id FROM t) TO STDOUT WITH CSV HEADER FORCE QUOTE *", &["t"]));
        assert!(agrees("COPY (SELECT id FROM t) TO STDOUT (FORMAT csv, FORCE_QUOTE *)", &["t"]));
        assert!(!agrees("COPY (SELECT id FROM t) TO STDOUT WITH CSV HEADER FORCE QUOTE *", &["t", "u"]));
    }

    #[test]
    fn options_of_a_copy_hold_no_relation() {
        for options in [
            "(FORMAT csv, QUOTE '''', ESCAPE '''', HEADER off, NULL '\\N')",
            "(HEADER 0, FORCE_QUOTE (a, b), ENCODING 'utf8')",
            "WITH DELIMITER AS '|' CSV HEADER QUOTE AS '''' ESCAPE '''' FORCE QUOTE a, b",
            "USING DELIMITERS '|' WITH NULL AS ''''",
        ] {
            for copy in ["COPY t TO STDOUT", "COPY t (a, b) TO STDIN", "SELECT 1; COPY (SELECT a FROM t) TO STDOUT"] {
                assert!(agrees(&format!("{copy} {options}; SELECT 2"), &["t"]), "{copy} {options}");
                assert!(!agrees(&format!("{copy} {options}; SELECT 2"), &["u"]), "{copy} {options}");
            }
        }
        assert!(!agrees("COPY t TO STDOUT (QUOTE (SELECT 1 FROM u))", &["t"]));
        assert!(!agrees("SELECT 1 FROM t TO STDOUT (a off)", &["t"]));
    }

    #[test]
    fn a_cursor_is_moved_without_a_relation() {
        assert!(agrees("SELECT id FROM t; FETCH c; MOVE BACKWARD 2 IN \"c\"; FETCH FORWARD ALL FROM c", &["t"]));
        assert!(!agrees("FETCH t", &["t"]) && !agrees("FETCH (SELECT 1 FROM t)", &["t"]));
    }

    #[test]
    fn constraints_are_set_without_a_relation() {
        assert!(agrees("SET CONSTRAINTS ALL DEFERRED; SELECT id FROM t; set constraints s.\"a\", b immediate", &["t"]));
        assert!(!agrees("SET CONSTRAINTS t DEFERRED", &["t"]));
        assert!(!agrees("SELECT 1 SET CONSTRAINTS t DEFERRED", &[]));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert!(!agrees("SELECT 1 FROM", &[]));
    }
}
