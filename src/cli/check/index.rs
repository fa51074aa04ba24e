//! Consent is looked up by person and purpose with every statement: without an index that starts with these, each look-up
//! reads the whole table.

use super::super::databases::Judged;
use crate::engine::catalog::quote_ident;
use crate::engine::policy::ConsentSource;

/// Valid indexes of a table as the names of their key columns, expressions as null.
const INDEXES: &str = "SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY k.n) \
     FROM pg_catalog.pg_index i CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k (attnum, n) \
     LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum \
     WHERE i.indrelid = $1 AND i.indisvalid AND k.n <= i.indnkeyatts GROUP BY i.indexrelid";

/// Advice for each consent table without such an index, with the DDL.
pub async fn missing(judged: &Judged) -> Vec<String> {
    let mut advice = Vec::new();
    for source in judged.policy.consent_sources() {
        if !is_indexed(judged, source).await.unwrap_or(true) {
            advice.push(format!(
                "{} has no index by person and purpose, so each look-up of consent reads all of it\n  help: {}",
                source.table_name,
                ddl(source)
            ));
        }
    }
    advice
}

async fn is_indexed(judged: &Judged, source: &ConsentSource) -> Result<bool, tokio_postgres::Error> {
    let rows = judged.client.query(INDEXES, &[&source.table]).await?;
    Ok(rows.iter().any(|row| {
        let keys: Vec<Option<&str>> = row.get(0);
        let start: Vec<&str> = keys.iter().take(2).copied().flatten().collect();
        start.contains(&source.subject.as_str()) && (start.contains(&source.purpose.as_str()) || keys.len() == 1)
    }))
}

fn ddl(source: &ConsentSource) -> String {
    let columns = [Some(&source.subject), Some(&source.purpose), source.channel.as_ref()];
    let columns: Vec<String> = columns.into_iter().flatten().map(|c| quote_ident(c)).collect();
    format!("CREATE INDEX CONCURRENTLY ON {} ({})", source.table_name.to_sql(), columns.join(", "))
}
