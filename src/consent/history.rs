//! Reads one person's records out of their consent table.

use tokio_postgres::{GenericClient, Row};

use crate::engine::catalog::quote_ident;

use super::fault::Fault;
use super::standing::Record;
use super::target::Target;

/// A person found in the table of their kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The key as PostgreSQL prints it.
    pub key: String,
    /// Whether `restricted_when` holds (contract, section 3: null counts as restricted).
    pub restricted: bool,
}

/// Finds the person with this key; refuses a key that nobody has.
pub async fn person(client: &impl GenericClient, target: &Target<'_>, key: &str) -> Result<Person, Fault> {
    let kind = target.kind;
    let restricted = match &kind.restricted_when {
        Some(condition) => format!("{} IS NOT FALSE", condition.to_sql(quote_ident, "")),
        None => "false".to_owned(),
    };
    let key = target.given().canonical(client, key).await?;
    let sql = format!(
        "SELECT t.{column}::pg_catalog.text, {restricted} FROM {table} AS t WHERE {found}",
        column = quote_ident(&kind.key),
        table = kind.table_name.to_sql(),
        found = target.given().is_in("t", target.key()),
    );
    let rows = client.query(&sql, &[&key]).await?;
    match rows.first() {
        Some(row) => Ok(Person { key: row.try_get(0)?, restricted: row.try_get(1)? }),
        None => Err(Fault::new(format!("{} has no row with this key", kind.table_name))
            .hint(format!("--key is the value of {}.{}", kind.table_name, kind.key))),
    }
}

/// Every record about the person with this key, the newest last.
pub async fn records(client: &impl GenericClient, target: &Target<'_>, key: &str) -> Result<Vec<Record>, Fault> {
    let rows = client.query(&records_sql(target)?, &[&key]).await?;
    rows.iter().map(|row| read(row).map_err(Fault::from)).collect()
}

/// Every choice that the person with this key ever made, the newest last, where `consent init` made a ledger that has them
/// beside the state.
pub async fn past(client: &impl GenericClient, target: &Target<'_>, key: &str) -> Result<Option<Vec<Record>>, Fault> {
    match target.ledger_beside() {
        Some(ledger) => records(client, &target.over(&ledger)?, key).await.map(Some),
        None => Ok(None),
    }
}

fn records_sql(target: &Target<'_>) -> Result<String, Fault> {
    let source = target.source;
    let text = |name: Option<&String>| match name {
        Some(name) => format!("{}::pg_catalog.text", quote_ident(name)),
        None => "NULL::pg_catalog.text".to_owned(),
    };
    let instant = |name: &Option<String>| match name {
        Some(name) => target.instant(name),
        None => Ok("NULL::timestamptz".to_owned()),
    };
    let (granted, withdrawn) = (instant(&source.granted_at)?, instant(&source.withdrawn_at)?);
    let (expires, recorded) = (instant(&source.expires_at)?, instant(&source.recorded_at)?);
    let (purpose, channel) = (text(Some(&source.purpose)), text(source.channel.as_ref()));
    let newest = match target.shape() {
        super::target::Shape::State => "true".to_owned(),
        super::target::Shape::Ledger => {
            // A record of unknown time is older than none, and none is older than it.
            format!(
                "({recorded} IS NULL OR pg_catalog.rank() OVER (PARTITION BY {purpose}, {channel} ORDER BY {recorded} DESC NULLS LAST) = 1)"
            )
        }
    };
    Ok(format!(
        "SELECT {purpose}, {channel}, {status}, ({granted})::pg_catalog.text, ({withdrawn})::pg_catalog.text,
                ({expires})::pg_catalog.text, ({recorded})::pg_catalog.text, {notice}, {provenance}, {recipient}, {event},
                COALESCE({withdrawn} IS NOT NULL AND ({granted} IS NULL OR {granted} <= {withdrawn}), false),
                COALESCE({expires} <= statement_timestamp(), false),
                COALESCE({granted} > statement_timestamp(), false) OR COALESCE({recorded} > statement_timestamp(), false),
                COALESCE({recorded} > statement_timestamp(), false), {newest}
           FROM {table} AS t
          WHERE {found}
          ORDER BY 1, 2 NULLS FIRST, {recorded} NULLS FIRST, GREATEST({granted}, {withdrawn}) NULLS FIRST",
        status = text(Some(&source.status)),
        notice = text(source.notice.as_ref()),
        provenance = text(source.source.as_ref()),
        recipient = text(source.recipient.as_ref()),
        event = text(source.event.as_ref()),
        table = target.table(),
        found = target.given().is_in("t", target.column(&source.subject)?),
    ))
}

fn read(row: &Row) -> Result<Record, tokio_postgres::Error> {
    Ok(Record {
        purpose: row.try_get::<_, Option<String>>(0)?.unwrap_or_default(),
        channel: row.try_get(1)?,
        status: row.try_get::<_, Option<String>>(2)?.unwrap_or_default(),
        granted_at: row.try_get(3)?,
        withdrawn_at: row.try_get(4)?,
        expires_at: row.try_get(5)?,
        recorded_at: row.try_get(6)?,
        notice: row.try_get(7)?,
        source: row.try_get(8)?,
        recipient: row.try_get(9)?,
        event: row.try_get(10)?,
        withdrawn: row.try_get(11)?,
        expired: row.try_get(12)?,
        future: row.try_get(13)?,
        ahead: row.try_get(14)?,
        newest: row.try_get(15)?,
    })
}
