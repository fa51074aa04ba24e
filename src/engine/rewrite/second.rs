//! The second opinion: sqlparser, which shares no code with PostgreSQL's grammar, reads the statement that is about to
//! leave and must find the same relations in it.
//!
//! What it reads has a stub in place of each injected part: those are our own words, and were held against their tree.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{CopySource, ObjectName, Statement, visit_relations};
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
    let mut found = BTreeSet::new();
    let _ = visit_relations(&statements, |name: &ObjectName| {
        found.extend(last_name(name));
        ControlFlow::<()>::Continue(())
    });
    // sqlparser's own walk leaves out the table of a COPY.
    for statement in &statements {
        if let Statement::Copy { source: CopySource::Table { table_name, .. }, .. } = statement {
            found.extend(last_name(table_name));
        }
    }
    match relations.iter().find(|r| !found.contains(*r)) {
        None => Ok(()),
        Some(missing) => Err(refusal::not_faithful(&format!(
            "the second parser does not find the relation {missing} where PostgreSQL's does"
        ))),
    }
}

fn last_name(name: &ObjectName) -> Option<String> {
    let last = name.0.last()?.as_ident()?;
    // Quoted names come as they were written, with doubled quotes.
    let quoted = last.quote_style.is_some();
    let name = if quoted { last.value.replace("\"\"", "\"") } else { last.value.to_lowercase() };
    Some(crate::engine::names::truncated(name))
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
    fn what_cannot_be_read_is_refused() {
        assert!(!agrees("SELECT 1 FROM", &[]));
    }
}
