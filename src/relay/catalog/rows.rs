//! Rows of the catalog queries to the engine's types.

use std::collections::HashMap;

use tokio_postgres::Row;

use super::{CatalogError, triggers, typing};
use crate::engine::allow::{self, ExtensionFunction};
use crate::engine::catalog::{
    Arbiter, Cast, Column, ColumnType, Expression, ExpressionKind, ForeignKey, Function, Oid, Operator, QualifiedName,
    Relation, RelationKind, Together, TypeFunction, UserType,
};

/// Puts columns and keys (each ordered by relation) to their relations.
pub(super) fn relations(
    relations: &[Row],
    columns: &[Row],
    keys: &[Row],
    foreign_keys: &[Row],
    together: &[Row],
    triggers: &[Row],
) -> Result<Vec<Relation>, CatalogError> {
    let mut found = relations.iter().map(relation).collect::<Result<Vec<_>, _>>()?;
    let places: HashMap<Oid, usize> = found.iter().enumerate().map(|(i, r)| (r.oid, i)).collect();
    let place = |row: &Row| -> Result<Option<usize>, CatalogError> {
        let oid: Oid = row.try_get("relation")?;
        Ok(places.get(&oid).copied())
    };
    for row in columns {
        if let Some(i) = place(row)? {
            found[i].columns.push(column(row)?);
        }
    }
    for row in keys {
        if let Some(i) = place(row)? {
            let columns: Vec<String> = row.try_get("columns")?;
            found[i].arbiters.push(Arbiter {
                constraint: row.try_get("constraint_name")?,
                columns: columns.clone(),
                exact: row.try_get("exact")?,
            });
            match (row.try_get("is_primary")?, row.try_get("total")?) {
                (true, _) => found[i].primary_key = columns,
                (false, true) => found[i].unique_keys.push(columns),
                (false, false) => {}
            }
        }
    }
    for row in foreign_keys {
        if let Some(i) = place(row)? {
            found[i].foreign_keys.push(ForeignKey {
                columns: row.try_get("columns")?,
                references: row.try_get("referenced")?,
                referenced_columns: row.try_get("referenced_columns")?,
                releases: row.try_get("releases")?,
                released: row.try_get("released")?,
                cascades: row.try_get("cascades")?,
                defaults: row.try_get("defaults")?,
                waits: row.try_get("waits")?,
                carries: row.try_get("carries")?,
                valid: row.try_get("valid")?,
            });
        }
    }
    for row in together {
        if let Some(i) = place(row)? {
            let columns: Vec<String> = row.try_get("columns")?;
            if row.try_get("is_partition_key")? {
                found[i].partition_key.clone_from(&columns);
            }
            let (inherited, null_passes) = (row.try_get("inherited")?, row.try_get("null_passes")?);
            found[i].together.push(Together { columns, inherited, null_passes });
        }
    }
    for row in triggers {
        if let Some(i) = place(row)? {
            let assigned = triggers::assigned(row, &found[i])?;
            match row.try_get("on_update")? {
                true => found[i].set_by_triggers.extend(assigned),
                false => found[i].set_where_it_comes.extend(assigned),
            }
        }
    }
    Ok(found)
}

fn relation(row: &Row) -> Result<Relation, CatalogError> {
    let name = qualified(row, "schema", "name")?;
    Ok(Relation {
        oid: row.try_get("oid")?,
        kind: relation_kind(&name, row.try_get("kind")?)?,
        name,
        columns: Vec::new(),
        primary_key: Vec::new(),
        unique_keys: Vec::new(),
        arbiters: Vec::new(),
        indexed: row.try_get("indexed")?,
        indexes: row.try_get("indexes")?,
        serves: row.try_get("serves")?,
        rows: row.try_get::<_, i64>("rows")?.unsigned_abs(),
        foreign_keys: Vec::new(),
        together: Vec::new(),
        partition_key: Vec::new(),
        parents: row.try_get("parents")?,
        definition: row.try_get("definition")?,
        check_option: row.try_get("check_option")?,
        extension: row.try_get("extension")?,
        has_triggers: row.try_get("has_triggers")?,
        has_own_triggers: row.try_get("has_own_triggers")?,
        set_by_triggers: Vec::new(),
        set_where_it_comes: Vec::new(),
        has_rules: row.try_get("has_rules")?,
        row_security: row.try_get("row_security")?,
        version: row.try_get("version")?,
    })
}

/// `pg_class.relkind` (PostgreSQL manual, "pg_class").
fn relation_kind(relation: &QualifiedName, kind: &str) -> Result<RelationKind, CatalogError> {
    Ok(match kind {
        "r" => RelationKind::Table,
        "p" => RelationKind::PartitionedTable,
        "v" => RelationKind::View,
        "m" => RelationKind::MaterializedView,
        "f" => RelationKind::ForeignTable,
        "S" => RelationKind::Sequence,
        "c" => RelationKind::Composite,
        _ => return Err(CatalogError::UnknownKind { relation: relation.to_string(), kind: kind.to_owned() }),
    })
}

fn column(row: &Row) -> Result<Column, CatalogError> {
    let length: Option<i32> = row.try_get("length")?;
    Ok(Column {
        name: row.try_get("name")?,
        number: row.try_get("number")?,
        ty: ColumnType {
            sql: row.try_get("sql")?,
            name: row.try_get("type_name")?,
            base: row.try_get("base")?,
            kind: code(row, "kind")?,
            length: length.and_then(|n| u32::try_from(n).ok()),
            oid: row.try_get("type_oid")?,
            typmod: row.try_get("typmod")?,
            deterministic: row.try_get("deterministic")?,
            collation: row.try_get("collation")?,
        },
        not_null: row.try_get("not_null")?,
        generated: row.try_get("generated")?,
        computed: row.try_get("computed")?,
        computed_from: row.try_get("computed_from")?,
        has_default: row.try_get("has_default")?,
    })
}

pub(super) fn functions(rows: &[Row]) -> Result<Vec<Function>, CatalogError> {
    rows.iter()
        .map(|row| {
            Ok(Function {
                oid: row.try_get("oid")?,
                name: qualified(row, "schema", "name")?,
                arguments: row.try_get("arguments")?,
                procedure: row.try_get("procedure")?,
                types: row.try_get("types")?,
                extension: row.try_get("extension")?,
                depends_on: row.try_get("depends_on")?,
                names: row.try_get("names")?,
                signature: Some(typing::of_function(row)?),
                notifies: row.try_get("notifies")?,
            })
        })
        .collect()
}

pub(super) fn operators(rows: &[Row]) -> Result<Vec<Operator>, CatalogError> {
    rows.iter()
        .map(|row| {
            Ok(Operator {
                oid: row.try_get("oid")?,
                name: qualified(row, "schema", "name")?,
                extension: row.try_get("extension")?,
                function: qualified(row, "function_schema", "function_name")?,
                signature: Some(typing::of_operator(row)?),
            })
        })
        .collect()
}

pub(super) fn types(rows: &[Row]) -> Result<Vec<UserType>, CatalogError> {
    rows.iter()
        .map(|row| {
            Ok(UserType {
                oid: row.try_get("oid")?,
                name: qualified(row, "schema", "name")?,
                kind: code(row, "kind")?,
                extension: row.try_get("extension")?,
                labels: row.try_get("labels")?,
                checks: row.try_get("checks")?,
                has_default: row.try_get("has_default")?,
            })
        })
        .collect()
}

pub(super) fn type_functions(rows: &[Row]) -> Result<Vec<TypeFunction>, CatalogError> {
    let mut all = Vec::new();
    for row in rows {
        let function = qualified(row, "function_schema", "function_name")?;
        let extension: Option<String> = row.try_get("extension")?;
        let (takes, of_transactions): (i32, bool) = (row.try_get("takes")?, row.try_get("takes_xid")?);
        let made: bool = row.try_get("made")?;
        let computes = match &extension {
            Some(extension) => allow::extension_function(extension, &function.name) == ExtensionFunction::Pure,
            None => !made && allow::may_run_unseen(&function.name, takes.unsigned_abs() as usize, of_transactions),
        };
        if !computes {
            let (oid, name) = (row.try_get("oid")?, qualified(row, "schema", "name")?);
            all.push(TypeFunction { oid, name, function, extension });
        }
    }
    Ok(all)
}

pub(super) fn casts(rows: &[Row]) -> Result<Vec<Cast>, CatalogError> {
    rows.iter()
        .map(|row| {
            let (schema, name): (Option<&str>, Option<&str>) =
                (row.try_get("function_schema")?, row.try_get("function_name")?);
            let takes = row.try_get::<_, Option<i32>>("takes")?.unwrap_or_default().unsigned_abs() as usize;
            let computes = row.try_get::<_, Option<bool>>("built_in")? == Some(true)
                && name.is_some_and(|name| allow::may_run_unseen(name, takes, false));
            let own = schema.filter(|_| !computes);
            Ok(Cast {
                source: qualified(row, "schema", "name")?,
                target: qualified(row, "target_schema", "target_name")?,
                source_is_own: row.try_get("source_is_own")?,
                target_is_own: row.try_get("target_is_own")?,
                unwritten: row.try_get("unwritten")?,
                function: own.map(|_| qualified(row, "function_schema", "function_name")).transpose()?,
            })
        })
        .collect()
}

pub(super) fn expressions(rows: &[Row]) -> Result<Vec<Expression>, CatalogError> {
    rows.iter()
        .map(|row| {
            let kind = match row.try_get::<_, &str>("kind")? {
                "d" => ExpressionKind::Default,
                "g" => ExpressionKind::Generated,
                "c" => ExpressionKind::Check,
                "i" => ExpressionKind::Index,
                _ => ExpressionKind::Statistics,
            };
            let calls: Vec<String> = row.try_get::<_, Option<_>>("calls")?.unwrap_or_default();
            let extensions: Vec<Option<String>> = row.try_get::<_, Option<_>>("extensions")?.unwrap_or_default();
            let withheld = |(name, extension): (&String, Option<String>)| match extension {
                Some(extension) => {
                    matches!(allow::extension_function(&extension, name), ExtensionFunction::Withheld(_))
                }
                None => !allow::is_known_through(name) || name == "set_config",
            };
            let runs =
                calls.iter().zip(extensions).find(|(name, e)| withheld((name, e.clone()))).map(|(n, _)| n.clone());
            Ok(Expression { relation: row.try_get("relation")?, kind, text: row.try_get("text")?, runs })
        })
        .collect()
}

fn qualified(row: &Row, schema: &str, name: &str) -> Result<QualifiedName, CatalogError> {
    Ok(QualifiedName { schema: row.try_get(schema)?, name: row.try_get(name)? })
}

/// A column of PostgreSQL's one-byte `"char"`, cast to text.
pub(super) fn code(row: &Row, column: &str) -> Result<char, CatalogError> {
    let text: &str = row.try_get(column)?;
    Ok(text.chars().next().unwrap_or(' '))
}
