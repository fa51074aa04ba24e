//! `consent init`: consent tables for those who have none, in the schema `consentry` of their own database.

use tokio_postgres::{Client, Transaction};

use crate::engine::catalog::{QualifiedName, quote_ident};

use super::fault::Fault;
use super::made::{KeyType, Kind, of_other_collation, of_others, outdated};

pub(super) const DDL: &str = include_str!("init.sql");

/// The schema of these tables. Their triggers refuse every DELETE.
pub const SCHEMA: &str = "consentry";

/// `UNIQUE NULLS NOT DISTINCT` came with PostgreSQL 15.
const OLDEST_SERVER: i32 = 150_000;

/// The longest kind whose tables' names stay below PostgreSQL's 63 bytes.
const LONGEST_KIND: usize = 32;

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub ddl: String,
    /// The policy's part that maps it.
    pub policy: String,
    /// Where these people are.
    table: QualifiedName,
    key_type: KeyType,
}

/// What `create` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    Tables,
    /// The tables were there: these parts of them are now of this version. No row was touched.
    UpToDate(Vec<String>),
}

/// The tables for `kind`, whose key is `key` of `table`, and the policy that maps them; nothing is created yet.
pub async fn plan(client: &Client, kind: &str, table: &QualifiedName, key: &str) -> Result<Made, Fault> {
    check_kind(kind)?;
    check_server(client).await?;
    let key_type = key_type(client, table, key).await?;
    let ddl = Kind(kind).ddl(&key_type);
    Ok(Made { ddl, policy: policy(kind, table, key), table: table.clone(), key_type })
}

/// Creates them in one transaction, or brings those that are there up to date; `reader`, the proxy's upstream role, may
/// read and write the state table.
pub async fn create(client: &mut Client, made: &Made, kind: &str, reader: Option<&str>) -> Result<Created, Fault> {
    check_kind(kind)?;
    let tx = client.transaction().await?;
    are_ours(&tx, made, kind).await?;
    let there = is_there(&tx, made, kind).await?;
    let mut old = Vec::new();
    if there {
        for table in of_other_collation(&tx, Kind(kind), &made.key_type).await? {
            collate(&tx, &table, &made.key_type).await?;
            old.push(format!("collation of {table}"));
        }
        old.extend(outdated(&tx, Kind(kind)).await?);
    }
    if !there || !old.is_empty() {
        tx.batch_execute(&made.ddl).await?;
    }
    if let Some(part) = outdated(&tx, Kind(kind)).await?.first() {
        return Err(Fault::new(format!(
            "{SCHEMA}: {part} is there, and is not what it should be; nothing was changed"
        ))
        .hint("drop it, and run this again"));
    }
    if let Some(role) = reader {
        tx.batch_execute(&grants(kind, role)).await?;
    }
    tx.commit().await?;
    Ok(if there { Created::UpToDate(old) } else { Created::Tables })
}

/// Has the keys of a table compared as people's keys are.
async fn collate(tx: &Transaction<'_>, table: &str, key: &KeyType) -> Result<(), Fault> {
    // Who waits for a turn has no row there that matters to another.
    let emptied = if table.ends_with("_turn") { format!("TRUNCATE {SCHEMA}.{table}; ") } else { String::new() };
    let collation = key.collation.as_deref().unwrap_or("pg_catalog.\"default\"");
    let sql =
        format!("{emptied}ALTER TABLE {SCHEMA}.{table} ALTER COLUMN subject_key TYPE {} COLLATE {collation}", key.sql);
    tx.batch_execute(&sql).await.map_err(Fault::from).map_err(|fault| match fault.sqlstate.as_deref() {
        Some("23505") => Fault::new(format!(
            "{SCHEMA}.{table} has choices of one person under two spellings of their key, which are one key by the \
             collation {collation}; nothing was changed"
        ))
        .hint("take another --kind and import the choices of the ledger into its tables"),
        _ => fault,
    })
}

/// Who owns a function can have it do anything later, with the rights of whoever writes a choice.
async fn are_ours(tx: &Transaction<'_>, made: &Made, kind: &str) -> Result<(), Fault> {
    let others = of_others(tx, Kind(kind), &made.table).await?;
    if others.is_empty() {
        return Ok(());
    }
    Err(Fault::new(format!(
        "{}: neither this login nor who owns {} or the database; they could change what is made there",
        others.join(", "),
        made.table
    ))
    .hint(format!("have the owner of {} own them (ALTER … OWNER TO), or drop them, and run this again", made.table)))
}

/// Whether the tables are there, for a key of this type; refuses one without the other.
async fn is_there(tx: &Transaction<'_>, made: &Made, kind: &str) -> Result<bool, Fault> {
    let sql = "SELECT c.relname::pg_catalog.text, pg_catalog.format_type(a.atttypid, a.atttypmod)
                 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                 LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'subject_key' AND c.relkind = 'r'
                WHERE n.nspname = $1 AND c.relname IN ($2, $3)";
    let rows = tx.query(sql, &[&SCHEMA, &Kind(kind).ledger(), &Kind(kind).state()]).await?;
    for row in &rows {
        let (name, ty): (String, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
        if ty.as_ref() != Some(&made.key_type.sql) || rows.len() != 2 {
            return Err(Fault::new(format!(
                "{SCHEMA}.{name} is already there, and is not one of two tables for keys of type {}",
                made.key_type.sql
            ))
            .hint("take another --kind, or the --table and --key that they were made for"));
        }
    }
    Ok(!rows.is_empty())
}

/// The rights that the proxy's role needs: to read, and to write for roles with `record_consent`.
pub fn grants(kind: &str, role: &str) -> String {
    let (role, state, ledger) = (quote_ident(role), Kind(kind).state(), Kind(kind).ledger());
    format!(
        "GRANT USAGE ON SCHEMA {SCHEMA} TO {role};\nGRANT SELECT, INSERT, UPDATE ON {SCHEMA}.{state} TO {role};\n\
         GRANT SELECT, INSERT ON {SCHEMA}.{ledger} TO {role};\n"
    )
}

/// The kind becomes part of table names, so that nothing needs quoting anywhere.
fn check_kind(kind: &str) -> Result<(), Fault> {
    let plain = kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let starts_well = kind.starts_with(|c: char| c.is_ascii_lowercase());
    if plain && starts_well && kind.len() <= LONGEST_KIND {
        return Ok(());
    }
    Err(Fault::new(format!("\"{kind}\" cannot be part of a table's name"))
        .hint(format!("use lower-case letters, digits and _, starting with a letter, at most {LONGEST_KIND}")))
}

async fn check_server(client: &Client) -> Result<(), Fault> {
    let row = client
        .query_one(
            "SELECT pg_catalog.int4in(pg_catalog.textout(pg_catalog.current_setting('server_version_num')))",
            &[],
        )
        .await?;
    let version: i32 = row.try_get(0)?;
    if version < OLDEST_SERVER {
        return Err(Fault::new("these tables need PostgreSQL 15 or newer").hint("map a consent table of your own"));
    }
    Ok(())
}

async fn key_type(client: &Client, table: &QualifiedName, key: &str) -> Result<KeyType, Fault> {
    match KeyType::of(client, (&table.schema, &table.name, key)).await? {
        Some(key) => Ok(key),
        None => {
            let there =
                "SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                          WHERE n.nspname = $1 AND c.relname = $2";
            let fault = match client.query_opt(there, &[&table.schema, &table.name]).await? {
                Some(_) => format!("there is no column {key} of {table}"),
                None => format!("there is no table {table}"),
            };
            Err(Fault::new(fault).hint("--table schema.table and --key column name where these people are"))
        }
    }
}

fn policy(kind: &str, table: &QualifiedName, key: &str) -> String {
    format!(
        r#"[subject.{kind}]
table = {table}
key   = {key}

[subject.{kind}.consent]
table        = "consentry.{kind}_consent"
subject      = "subject_key"
purpose      = "purpose"
channel      = "channel"
status       = "status"
granted      = ["granted"]
objected     = ["objected"]
withdrawn    = "withdrawn"
granted_at   = "granted_at"
withdrawn_at = "withdrawn_at"
expires_at   = "valid_until"
notice       = "notice"
source       = "source"
recipient    = "recipient"
event        = "event_type"
# The ledger can be read instead; every query then looks for the newest row itself:
# table = "consentry.{kind}_ledger", recorded_at = "event_time", and neither granted_at nor withdrawn_at.
"#,
        table = toml_string(&table.to_string()),
        key = toml_string(key),
    )
}

/// A TOML basic string (toml.io, v1.0.0, "String").
fn toml_string(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}
