//! The tables of `consent init`, and whether what keeps them is of this version: their functions, triggers and indexes.

use std::collections::BTreeSet;

use tokio_postgres::GenericClient;

use crate::engine::catalog::QualifiedName;
use crate::engine::policy::ConsentSource;

use super::fault::Fault;
use super::init::{DDL, SCHEMA};
use super::target::{Shape, Target};

/// The tables of one kind, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind<'k>(pub &'k str);

impl<'k> Kind<'k> {
    /// Whose table this is, if `consent init` made it, by its name.
    pub fn of(table: &'k QualifiedName) -> Option<Self> {
        let name = table.name.as_str();
        let kind = name.strip_suffix("_consent").or_else(|| name.strip_suffix("_ledger"));
        kind.filter(|_| table.schema == SCHEMA).map(Self)
    }

    pub fn ledger(self) -> String {
        format!("{}_ledger", self.0)
    }

    pub fn state(self) -> String {
        format!("{}_consent", self.0)
    }

    /// What they are made by.
    pub(super) fn ddl(self) -> String {
        DDL.replace("{kind}", self.0)
    }

    fn turn(self) -> String {
        format!("{}_turn", self.0)
    }
}

/// Functions of the schema with their text, triggers of the tables with what they hand over, and indexes that are valid.
const THERE: &str = "
    SELECT 'function', p.proname::pg_catalog.text, p.prosrc
      FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = $1
    UNION ALL
    SELECT 'trigger', t.tgname::pg_catalog.text, pg_catalog.concat_ws(' ', t.tgoldtable, t.tgnewtable)
      FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname IN ($2, $3, $4) AND NOT t.tgisinternal AND t.tgenabled <> 'D'
    UNION ALL
    SELECT 'index', c.relname::pg_catalog.text, ''
      FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_class AS r ON r.oid = i.indrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace
     WHERE n.nspname = $1 AND r.relname IN ($2, $3, $4) AND i.indisvalid";

/// Something that keeps the tables: its kind and name, and what it is.
type Part = (String, String, String);

/// What of the tables of `kind` is missing or is not that of this version, as `trigger customer_consent_stamp`.
pub async fn outdated(client: &impl GenericClient, kind: Kind<'_>) -> Result<Vec<String>, Fault> {
    let rows = client.query(THERE, &[&SCHEMA, &kind.ledger(), &kind.state(), &kind.turn()]).await?;
    let there: BTreeSet<Part> = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
        .collect::<Result<_, tokio_postgres::Error>>()?;
    let missing = parts(&kind.ddl()).into_iter().filter(|part| !there.contains(part));
    Ok(missing.map(|(what, name, _)| format!("{what} {name}")).collect())
}

/// What the DDL makes besides the tables themselves.
fn parts(ddl: &str) -> Vec<Part> {
    let part = |what: &str, name: &str, is: String| (what.to_owned(), name.to_owned(), is);
    let name = |of: &str| {
        let of = of.trim_start().trim_start_matches(SCHEMA).trim_start_matches('.');
        of.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default().to_owned()
    };
    let functions = ddl
        .split("CREATE OR REPLACE FUNCTION ")
        .skip(1)
        .map(|text| part("function", &name(text), text.split("$$").nth(1).unwrap_or_default().to_owned()));
    let triggers = ddl.split("CREATE OR REPLACE TRIGGER ").skip(1).map(|text| {
        let head = text.split(';').next().unwrap_or_default();
        let handed = ["stale", "fresh"].into_iter().filter(|table| head.contains(&format!("TABLE AS {table}")));
        part("trigger", &name(text), handed.collect::<Vec<_>>().join(" "))
    });
    let indexes = ddl.split("INDEX IF NOT EXISTS ").skip(1).map(|text| part("index", &name(text), String::new()));
    functions.chain(triggers).chain(indexes).collect()
}

/// The ledger of such tables, of which they work out themselves what holds; none where older functions do not.
pub async fn ledger_that_settles(
    client: &impl GenericClient,
    target: &Target<'_>,
) -> Result<Option<ConsentSource>, Fault> {
    let Some(kind) = Kind::of(&target.source.table_name) else { return Ok(None) };
    let ledger = match target.shape() {
        Shape::State => target.ledger_beside(),
        Shape::Ledger => Some(target.source.clone()),
    };
    let ledger = ledger.filter(|ledger| ledger.table_name.name == kind.ledger());
    Ok(if outdated(client, kind).await?.is_empty() { ledger } else { None })
}

/// Of row `row` of such a ledger: whether it is what somebody said, and not what was carried over.
pub fn said(row: &str) -> String {
    format!(
        "({row}.event_type <> 'carried over' OR {row}.record_id <> consentry.carried_id(
            {row}.subject_key::pg_catalog.text, {row}.purpose, {row}.channel, {row}.status, {row}.event_time))"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_found_in_the_ddl() {
        let parts = parts(&Kind("customer").ddl());
        let names = |what: &str| parts.iter().filter(|p| p.0 == what).map(|p| p.1.as_str()).collect::<Vec<_>>();
        assert_eq!(names("function")[..2], ["keep_proof", "carried_id"]);
        let indexes =
            ["customer_ledger_history", "customer_consent_key", "customer_consent_granted", "customer_turn_key"];
        assert_eq!(names("index"), indexes);
        assert_eq!(names("trigger").len(), 8);
        let update = parts.iter().find(|part| part.1 == "customer_consent_to_ledger_update");
        assert_eq!(update.map(|part| part.2.as_str()), Some("stale fresh"));
        assert!(parts.iter().all(|(what, _, is)| (what == "function") == (is.len() > 50)));
    }
}
