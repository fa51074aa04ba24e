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

    /// What they are made by, for a key of this type.
    pub(super) fn ddl(self, key: &KeyType) -> String {
        DDL.replace("{kind}", self.0).replace("{equals}", &key.equals).replace("{key_type}", &key.with_collation())
    }

    fn turn(self) -> String {
        format!("{}_turn", self.0)
    }
}

/// The type of a column of keys, as SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyType {
    pub sql: String,
    /// Its own collation, by which keys are equal; none where it is the type's.
    pub collation: Option<String>,
    /// The type's own equality, whatever the `search_path`.
    equals: String,
}

impl KeyType {
    fn plain() -> Self {
        Self { sql: "text".to_owned(), collation: None, equals: "OPERATOR(pg_catalog.=)".to_owned() }
    }

    pub(super) fn with_collation(&self) -> String {
        self.collation.as_ref().map_or(self.sql.clone(), |collation| format!("{} COLLATE {collation}", self.sql))
    }

    /// Of this column, where it is there.
    pub(super) async fn of(
        client: &impl GenericClient,
        (schema, table, column): (&str, &str, &str),
    ) -> Result<Option<Self>, Fault> {
        match client.query_opt(KEY_TYPE, &[&schema, &table, &column]).await? {
            Some(row) => Ok(Some(Self { sql: row.try_get(0)?, collation: row.try_get(1)?, equals: row.try_get(2)? })),
            None => Ok(None),
        }
    }
}

/// A type's text form is qualified by what search_path leaves out: nothing but pg_catalog is in it.
const KEY_TYPE: &str = "
    SELECT pg_catalog.format_type(a.atttypid, a.atttypmod),
           (SELECT pg_catalog.format('%I.%I', cn.nspname, co.collname)
              FROM pg_catalog.pg_collation AS co JOIN pg_catalog.pg_namespace AS cn ON cn.oid = co.collnamespace
             WHERE co.oid = a.attcollation AND a.attcollation <> t.typcollation),
           pg_catalog.format('OPERATOR(%I.=)', COALESCE((
               SELECT op.nspname FROM pg_catalog.pg_operator AS o JOIN pg_catalog.pg_namespace AS op ON op.oid = o.oprnamespace
                WHERE o.oprname = '=' AND o.oprleft = o.oprright
                  AND o.oprleft = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
                ORDER BY op.nspname <> 'pg_catalog', 1 LIMIT 1), 'pg_catalog'))
      FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
     WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3 AND a.attnum > 0 AND NOT a.attisdropped";

/// The tables of `kind` that hold keys under another collation than `key` has: two spellings of one person's key are two
/// people there.
pub(super) async fn of_other_collation(
    client: &impl GenericClient,
    kind: Kind<'_>,
    key: &KeyType,
) -> Result<Vec<String>, Fault> {
    let mut other = Vec::new();
    for table in [kind.ledger(), kind.state(), kind.turn()] {
        let there = KeyType::of(client, (SCHEMA, &table, "subject_key")).await?;
        if there.is_some_and(|there| there.collation != key.collation) {
            other.push(table);
        }
    }
    Ok(other)
}

/// What of the tables of `kind` is not as `consent init` makes them for this column of keys.
pub async fn outdated_for(
    client: &impl GenericClient,
    kind: Kind<'_>,
    (table, key): (&QualifiedName, &str),
) -> Result<Vec<String>, Fault> {
    let mut old = outdated(client, kind).await?;
    if let Some(key) = KeyType::of(client, (&table.schema, &table.name, key)).await? {
        let other = of_other_collation(client, kind, &key).await?;
        old.extend(other.iter().map(|table| format!("collation of {table}")));
    }
    Ok(old)
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
    let key = KeyType::of(client, (SCHEMA, &kind.ledger(), "subject_key")).await?;
    let missing =
        parts(&kind.ddl(&key.unwrap_or_else(KeyType::plain))).into_iter().filter(|part| !there.contains(part));
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

/// The schema, the tables and the functions, with who owns them where that is neither somebody who could change the people
/// themselves (their table's owner, the database's, a superuser) nor who asks.
const OWNED: &str = "
    WITH part(what, owner) AS (
        SELECT 'schema ' OPERATOR(pg_catalog.||) n.nspname::pg_catalog.text, n.nspowner
          FROM pg_catalog.pg_namespace AS n WHERE n.nspname = $1
        UNION ALL
        SELECT 'table ' OPERATOR(pg_catalog.||) c.relname::pg_catalog.text, c.relowner
          FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relname IN ($2, $3, $4)
        UNION ALL
        SELECT 'function ' OPERATOR(pg_catalog.||) p.proname::pg_catalog.text, p.proowner
          FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = $1
    )
    SELECT DISTINCT part.what, pg_catalog.pg_get_userbyid(part.owner)::pg_catalog.text
      FROM part
     WHERE part.owner <> (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = CURRENT_USER)
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                        WHERE n.nspname = $5 AND c.relname = $6 AND pg_catalog.pg_has_role(part.owner, c.relowner, 'MEMBER'))
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
                          AND pg_catalog.pg_has_role(part.owner, d.datdba, 'MEMBER'))
     ORDER BY 1";

/// What of the tables of `kind` belongs to somebody who has no say over these people's `table`, as `function keep_proof of
/// "eve"`: that role can have it do anything.
pub async fn of_others(
    client: &impl GenericClient,
    kind: Kind<'_>,
    table: &QualifiedName,
) -> Result<Vec<String>, Fault> {
    let names = [kind.ledger(), kind.state(), kind.turn()];
    let rows = client.query(OWNED, &[&SCHEMA, &names[0], &names[1], &names[2], &table.schema, &table.name]).await?;
    let part = |row: &tokio_postgres::Row| -> Result<String, tokio_postgres::Error> {
        Ok(format!("{} of \"{}\"", row.try_get::<_, String>(0)?, row.try_get::<_, String>(1)?))
    };
    Ok(rows.iter().map(part).collect::<Result<_, _>>()?)
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
        "({row}.event_type <> 'carried over' OR NOT consentry.is_carried({row}.record_id, consentry.carried_id(
            {row}.subject_key::pg_catalog.text, {row}.purpose, {row}.channel, {row}.status, {row}.event_time),
            {row}.valid_until, {row}.notice, {row}.source, {row}.recipient))"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_found_in_the_ddl() {
        let parts = parts(&Kind("customer").ddl(&KeyType::plain()));
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
