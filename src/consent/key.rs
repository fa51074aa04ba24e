//! A person's key that somebody gives: a value of the key's column, exactly, or none. Compared as visible tables compare.

use tokio_postgres::GenericClient;

use crate::engine::catalog::{Catalog, Column, ColumnType, QualifiedName, quote_ident};
use crate::engine::policy::SubjectKind;
use crate::engine::visible::sql::{DEFAULT_COLLATION, column, is_text, op, same_value, type_sql};

use super::fault::Fault;
use super::target::{self, relation_of_kind};

/// The column that tells one person of a kind from another.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    pub table: &'a QualifiedName,
    pub column: &'a Column,
}

impl<'a> Key<'a> {
    pub fn of(catalog: &'a Catalog, kind: &'a SubjectKind) -> Result<Self, Fault> {
        let column = target::column(relation_of_kind(catalog, kind)?, &kind.key)?;
        Ok(Self { table: &kind.table_name, column })
    }

    /// The text parameter `$n`, a [`Self::canonical`], as a value of this column, its collation included.
    pub fn parameter(self, n: usize) -> String {
        let ty = &self.column.ty;
        let value = given(n, ty);
        match ty.collation {
            0 | DEFAULT_COLLATION => value,
            // Of no row, and yet of the collation that values of the column have.
            _ => format!(
                "(SELECT k.{} FROM {} AS k WHERE false UNION ALL SELECT {value})",
                quote_ident(&self.column.name),
                self.table.to_sql()
            ),
        }
    }

    /// Column `holder` of `alias` holds the key that the text parameter `$1` says.
    pub fn is_in(self, alias: &str, holder: &Column) -> String {
        self.is(1, &column(alias, &holder.name), &holder.ty)
    }

    /// `value` is the key that the text parameter `$n` says.
    pub fn is(self, n: usize, value: &str, ty: &ColumnType) -> String {
        same_value((value, ty), (&self.parameter(n), &self.column.ty))
    }

    /// The key as its column has it, also when the person's own row is gone and others still lead to it. Refuses what is
    /// no value of the column: cut or rounded, it would be somebody else's.
    pub async fn canonical(self, client: &impl GenericClient, key: &str) -> Result<String, Fault> {
        let value = given(1, &self.column.ty);
        let sql = format!(
            "SELECT {}, COALESCE((SELECT t.{}::pg_catalog.text FROM {} AS t WHERE {} LIMIT 1), ({value})::pg_catalog.text)",
            is_exact("$1::pg_catalog.text", &self.column.ty),
            quote_ident(&self.column.name),
            self.table.to_sql(),
            self.is_in("t", self.column),
        );
        let row = client.query_one(&sql, &[&key]).await.map_err(|e| self.misfit(e.into()))?;
        match (row.try_get(0)?, row.try_get(1)?) {
            (Some(true), Some(canonical)) => Ok(canonical),
            (_, _) => Err(misfit(self.table, self.column)),
        }
    }

    /// Refuses a key that `holder` of `table`, another column that is to hold it, would cut or round.
    pub async fn fits(
        self,
        client: &impl GenericClient,
        (table, holder): (&QualifiedName, &Column),
        key: &str,
    ) -> Result<(), Fault> {
        let sql = format!("SELECT {}", self.is(1, &given(1, &holder.ty), &holder.ty));
        let fits = match client.query_one(&sql, &[&key]).await.map_err(Fault::from) {
            Ok(row) => row.try_get::<_, Option<bool>>(0)? == Some(true),
            Err(fault) if is_misfit(&fault) => false,
            Err(fault) => return Err(fault),
        };
        if fits { Ok(()) } else { Err(misfit(table, holder)) }
    }

    fn misfit(self, fault: Fault) -> Fault {
        if is_misfit(&fault) { misfit(self.table, self.column) } else { fault }
    }
}

/// The text parameter `$n` as a value of the type.
fn given(n: usize, ty: &ColumnType) -> String {
    format!("${n}::pg_catalog.text::{}", type_sql(ty))
}

/// Whether `given`, a text, is a value of the type as it stands there, but for blanks that `char(n)` pads with.
pub(super) fn is_exact(given: &str, ty: &ColumnType) -> String {
    let value = format!("({given}::{})", type_sql(ty));
    let as_given = |given: &str| op(&format!("{value}::pg_catalog.text COLLATE pg_catalog.\"C\""), "=", given);
    match ty.base.as_str() {
        "bpchar" => as_given(&format!("pg_catalog.rtrim({given}, ' ')")),
        "char" => as_given(given),
        _ if is_text(ty) => as_given(given),
        // Those whose modifier rounds or cuts. A cast to the type alone has none.
        base @ ("numeric" | "timestamp" | "timestamptz" | "time" | "timetz" | "interval" | "varbit") => {
            op(&value, "=", &format!("{given}::pg_catalog.{base}"))
        }
        "bit" => op(&value, "=", &format!("{given}::pg_catalog.varbit::pg_catalog.\"bit\"")),
        _ => format!("{value}::pg_catalog.text IS NOT NULL"),
    }
}

/// The text is no value of the type, too large for it, or none that its domain allows.
fn is_misfit(fault: &Fault) -> bool {
    matches!(fault.sqlstate.as_deref(), Some("22P02" | "22001" | "22003" | "22007" | "22008" | "23502" | "23514"))
}

fn misfit(table: &QualifiedName, column: &Column) -> Fault {
    Fault::new(format!("the key does not fit {table}.{}, which is of type {}", column.name, column.ty.sql))
        .hint("give a key exactly as the column can hold it: none is cut or rounded")
}
