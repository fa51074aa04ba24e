//! One consistent read of all catalogs, pipelined.

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::{CatalogError, behind, rows, typing};
use crate::engine::catalog::{Catalog, CatalogData, FIRST_NORMAL_OID, Oid};

/// The oldest server whose catalogs have all columns and functions that the queries use (`hash_record_extended`,
/// `bit_xor`).
const OLDEST_SERVER: u32 = 140_000;

/// All names come out qualified under an empty path, and nobody's `public.=` is found before `pg_catalog`'s. Constants in the
/// definitions come out as any session reads them, whatever the role's or the database's own settings are (pg_dump sets the
/// same). A view that is locked while it is being read is not waited for.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ''; \
                     SET LOCAL quote_all_identifiers = off; SET LOCAL DateStyle = 'ISO'; \
                     SET LOCAL IntervalStyle = 'postgres'; SET LOCAL extra_float_digits = 3; \
                     SET LOCAL bytea_output = 'hex'; SET LOCAL TimeZone = 'UTC'; SET LOCAL lc_monetary = 'C'; \
                     SET LOCAL lock_timeout = '300ms'";

/// Reads the snapshot in a transaction of its own. What initdb made is taken from `known`, if that is there: it never
/// changes while the server runs, and is most of what there is to read. `definitions`: whether those of views and the
/// expressions of tables are read, which somebody may have locked.
pub(super) async fn snapshot(
    client: &Client,
    known: Option<&Catalog>,
    definitions: bool,
) -> Result<CatalogData, CatalogError> {
    client.batch_execute(BEGIN).await?;
    let read = read(client, known, definitions).await;
    // A failed read leaves an aborted transaction; its own error is what matters then.
    let ended = client.batch_execute("ROLLBACK").await;
    let data = read?;
    ended?;
    Ok(data)
}

/// The queries are independent, so they are all sent before the first answer is awaited.
async fn read(client: &Client, known: Option<&Catalog>, definitions: bool) -> Result<CatalogData, CatalogError> {
    let first: Oid = if known.is_some() { FIRST_NORMAL_OID } else { 0 };
    let query = |sql: &'static str| client.query_typed(sql, &[]);
    let defined: (&(dyn ToSql + Sync), Type) = (&definitions, Type::BOOL);
    let from_first: [(&(dyn ToSql + Sync), Type); 1] = [(&first, Type::OID)];
    let of_relations = [from_first[0].clone(), defined.clone()];
    let of_expressions = [defined];
    let query_from = |sql: &'static str| client.query_typed(sql, &from_first);
    let (
        header,
        schemas,
        relations,
        columns,
        keys,
        foreign_keys,
        together,
        triggers,
        functions,
        operators,
        types,
        type_functions,
        casts,
        expressions,
        behind,
        extensions,
        type_facts,
        implicit_casts,
        builtin_functions,
        builtin_operators,
    ) = tokio::try_join!(
        query(include_str!("header.sql")),
        query(include_str!("schemas.sql")),
        client.query_typed(include_str!("relations.sql"), &of_relations),
        query_from(include_str!("columns.sql")),
        query_from(include_str!("keys.sql")),
        query(include_str!("foreign_keys.sql")),
        query(include_str!("together.sql")),
        query(include_str!("triggers.sql")),
        query(include_str!("functions.sql")),
        query(include_str!("operators.sql")),
        query(include_str!("types.sql")),
        query(include_str!("type_functions.sql")),
        query(include_str!("casts.sql")),
        client.query_typed(include_str!("expressions.sql"), &of_expressions),
        query(include_str!("behind.sql")),
        query(include_str!("extensions.sql")),
        query_from(include_str!("type_facts.sql")),
        query(include_str!("implicit_casts.sql")),
        query_from(include_str!("builtin_functions.sql")),
        query_from(include_str!("builtin_operators.sql")),
    )?;

    let mut data = header_of(&header)?;
    for row in &schemas {
        let name: String = row.try_get("name")?;
        if !row.try_get::<_, bool>("usable")? {
            data.closed_schemas.push(name.clone());
        }
        data.schemas.push(name);
    }
    let system = known.into_iter().flat_map(Catalog::relations).filter(|r| r.oid < FIRST_NORMAL_OID);
    data.relations = system.cloned().collect();
    data.relations.extend(rows::relations(&relations, &columns, &keys, &foreign_keys, &together, &triggers)?);
    data.functions = rows::functions(&functions)?;
    data.operators = rows::operators(&operators)?;
    data.types = rows::types(&types)?;
    data.type_functions = rows::type_functions(&type_functions)?;
    data.casts = rows::casts(&casts)?;
    let before = known.map(|c| &c.data().typing);
    data.typing = typing::read(before, [&type_facts, &implicit_casts, &builtin_functions, &builtin_operators])?;
    data.expressions = rows::expressions(&expressions)?;
    data.behind = behind::behind(&behind, &data.relations)?;
    for row in &extensions {
        data.extensions.insert(row.try_get("name")?, row.try_get("schema")?);
    }
    Ok(data)
}

fn header_of(rows: &[Row]) -> Result<CatalogData, CatalogError> {
    let mut data = CatalogData::default();
    for row in rows {
        data.database = row.try_get("database")?;
        data.server_version = row.try_get::<_, i32>("server_version")?.unsigned_abs();
        data.search_path = row.try_get("search_path")?;
        data.user = row.try_get("user")?;
        data.notifies = row.try_get("notifies")?;
    }
    if data.server_version < OLDEST_SERVER {
        return Err(CatalogError::TooOld(data.server_version));
    }
    Ok(data)
}
