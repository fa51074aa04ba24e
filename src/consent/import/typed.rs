//! Lines with a text that is no value of the column that is to keep it, where that is of another type (an enum, a number).

use tokio_postgres::Transaction;

use crate::consent::fault::Fault;
use crate::engine::visible::sql::{is_domain, is_text, type_sql};

use super::merge::{Merge, STAGE};

/// Of each such text: what is wrong with it, and its lines.
pub(super) async fn misfits(tx: &Transaction<'_>, merge: &Merge<'_>) -> Result<Vec<(String, Vec<i64>)>, Fault> {
    let mut all = Vec::new();
    for (column, name) in merge.kept_texts() {
        let ty = &merge.target.column(column)?.ty;
        if is_text(ty) && !is_domain(ty) {
            continue;
        }
        // PostgreSQL 15 tells whether a text is a value of a type only by failing.
        let fits = format!(
            "CREATE OR REPLACE FUNCTION pg_temp.consentry_fits(given text) RETURNS bool LANGUAGE plpgsql AS $fits$
             BEGIN
                 PERFORM given::{};
                 RETURN true;
             EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN RETURN false;
             END $fits$",
            type_sql(ty)
        );
        tx.batch_execute(&fits).await?;
        let sql = format!(
            "SELECT s.line FROM {STAGE} AS s JOIN (SELECT DISTINCT {name} AS given FROM {STAGE}) AS d ON d.given = s.{name}
              WHERE NOT pg_temp.consentry_fits(d.given) ORDER BY 1"
        );
        let lines = tx.query(&sql, &[]).await?;
        let lines = lines.iter().map(|r| r.try_get(0)).collect::<Result<_, _>>()?;
        all.push((format!("{name} is no value of the consent table's {column}, which is of type {}", ty.sql), lines));
    }
    tx.batch_execute("DROP FUNCTION IF EXISTS pg_temp.consentry_fits(text)").await?;
    Ok(all)
}
