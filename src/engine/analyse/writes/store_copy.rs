//! `store_requires` of `COPY … FROM STDIN`: PostgreSQL asks a function of ours about each row.
//!
//! COPY's rows are in no statement, and its WHERE takes no sub-select, but it may call a function. So one is made before the
//! COPY and dropped behind it, in the same message and thereby in one transaction; all else is PostgreSQL's own COPY, with
//! whatever options, defaults, identities, triggers and partitions it has. It is volatile, so that it looks with a snapshot
//! of its own each time: while the client takes its time over the data, a withdrawal counts from the next row on.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::super::{Analyser, Replacement};
use super::store::{ALIAS, Test};
use super::target::Target;
use crate::engine::catalog::quote_literal;
use crate::engine::parse;
use crate::engine::refusal::{self, Refusal, SqlState};

/// The function, which lives for one COPY. The client cannot make, replace or call any in `pg_temp`.
const FUNCTION: &str = "pg_temp.consentry_store";

/// What a statement leaves between, as trees.
pub struct Help {
    pub make: Node,
    pub drop: Node,
    /// What is said where PostgreSQL does not let us make it.
    pub not_allowed: Refusal,
}

impl<'e> Analyser<'e> {
    /// Lets only rows of people with a valid consent into the target of a COPY that fills these columns.
    pub fn check_copied(
        &mut self,
        target: &Target<'e>,
        filled: &[usize],
        copy: &mut pb::CopyStmt,
    ) -> Result<(), Refusal> {
        let Some((p, test)) = self.store_test(target)? else { return Ok(()) };
        if !filled.contains(&test.column) {
            return Err(self.not_given(&test));
        }
        let table = p.relation.name.to_string();
        if self.one_by_one {
            return Err(in_a_parse_message(&table));
        }
        let words = Words::of(&test);
        let (help, condition) = words
            .read(not_allowed(&table))
            .ok_or_else(|| refusal::not_faithful("statements of ours cannot be read"))?;
        let (start, end) = self.whole_statement()?;
        self.edit(start, start, Replacement::Text(words.make));
        self.edit(end, end, Replacement::Text(words.condition));
        self.edit(end, end, Replacement::Text(words.drop));
        copy.where_clause = Some(Box::new(condition));
        self.help = Some(help);
        self.must_rewrite = true;
        self.may_raise(&test);
        Ok(())
    }

    /// Bytes from the statement's first token to its last.
    fn whole_statement(&self) -> Result<(usize, usize), Refusal> {
        let tokens = &self.tokens().list;
        let first = tokens.partition_point(|t| t.start < self.statement_start);
        self.token_span(first, self.clause_end(first, &[]))
    }
}

/// What is written around and into a COPY.
struct Words {
    make: String,
    condition: String,
    drop: String,
}

impl Words {
    fn of(test: &Test) -> Self {
        let Test { name, ty, condition, .. } = test;
        let body = format!(
            "SELECT CASE WHEN {condition} THEN true ELSE {} IS NULL END FROM (SELECT $1 AS {name}) AS {ALIAS}",
            test.raise()
        );
        Self {
            make: format!(
                "CREATE FUNCTION {FUNCTION}({ty}) RETURNS pg_catalog.bool LANGUAGE sql VOLATILE AS {}; ",
                quote_literal(&body)
            ),
            condition: format!(" WHERE {FUNCTION}({name})"),
            drop: format!("; DROP FUNCTION {FUNCTION}({ty})"),
        }
    }

    /// The trees of the statements around, and of the condition.
    fn read(&self, not_allowed: Refusal) -> Option<(Help, Node)> {
        let Self { make, condition, drop } = self;
        let all = parse::parse(&format!("{make}COPY t FROM STDIN{condition}{drop}")).ok()?.statements;
        let [make, copy, drop] = <[pb::RawStmt; 3]>::try_from(all).ok()?;
        let NodeEnum::CopyStmt(copy) = copy.stmt?.node? else { return None };
        Some((Help { make: *make.stmt?, drop: *drop.stmt?, not_allowed }, *copy.where_clause?))
    }
}

fn in_a_parse_message(table: &str) -> Refusal {
    let why = format!(
        "rows of {table} are stored only with their subject's consent, which takes statements beside the COPY: \
         send it as a simple query, as psql, libpq's PQexec and most drivers do, or use INSERT"
    );
    refusal::not_supported("COPY into a table with store_requires, prepared in the extended protocol,", &why)
}

fn not_allowed(table: &str) -> Refusal {
    Refusal::new(
        "store-requires-temp",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("COPY into {table} is not possible: the proxy may not make a temporary function in the database"),
        "rule store-requires-temp: rows are stored only with their subject's consent, which a function tests; nothing was \
         stored",
        "GRANT TEMPORARY ON DATABASE, and USAGE ON LANGUAGE sql, to the proxy's role; or use INSERT",
    )
}
