//! What PostgreSQL chooses functions and operators by: types, its own functions and operators, casts.

use tokio_postgres::Row;

use super::CatalogError;
use super::rows::code;
use crate::engine::catalog::overloads::{BuiltIn, TypeFacts, Typing};
use crate::engine::catalog::{FIRST_NORMAL_OID, Oid, Signature};

/// From the rows of types, casts, functions and operators; what initdb made from `known`, if that is there.
pub(super) fn read(known: Option<&Typing>, rows: [&[Row]; 4]) -> Result<Typing, CatalogError> {
    let [types, casts, functions, operators] = rows;
    let mut typing = known.map_or_else(Typing::default, |known| Typing {
        types: known.types.iter().filter(|t| t.oid < FIRST_NORMAL_OID).cloned().collect(),
        casts: Vec::new(),
        stored: Vec::new(),
        ..known.clone()
    });
    for row in types {
        typing.types.push(facts(row)?);
    }
    for row in casts {
        let list = if row.try_get("implicit")? { &mut typing.casts } else { &mut typing.stored };
        list.push((row.try_get("source")?, row.try_get("target")?));
    }
    for row in functions {
        let (names, types): (Vec<String>, Vec<Oid>) = (row.try_get("out_names")?, row.try_get("out_types")?);
        let out = names.into_iter().zip(types).collect();
        typing.functions.push(BuiltIn { name: row.try_get("name")?, signature: of_function(row)?, out });
    }
    for row in operators {
        typing.operators.push(BuiltIn { name: row.try_get("name")?, signature: of_operator(row)?, out: Vec::new() });
    }
    Ok(typing)
}

fn facts(row: &Row) -> Result<TypeFacts, CatalogError> {
    Ok(TypeFacts {
        oid: row.try_get("oid")?,
        name: row.try_get("name")?,
        kind: code(row, "kind")?,
        category: code(row, "category")?,
        preferred: row.try_get("preferred")?,
        over: row.try_get("over")?,
        element: row.try_get("element")?,
        equality: row.try_get("equality")?,
        parts: row.try_get("parts")?,
    })
}

pub(super) fn of_function(row: &Row) -> Result<Signature, CatalogError> {
    let defaults: i16 = row.try_get("defaults")?;
    Ok(Signature { defaults: defaults.unsigned_abs(), variadic: row.try_get("variadic")?, ..of_operator(row)? })
}

pub(super) fn of_operator(row: &Row) -> Result<Signature, CatalogError> {
    let arguments: Vec<Oid> = row.try_get("takes")?;
    Ok(Signature { arguments, defaults: 0, variadic: 0, result: row.try_get("result")? })
}
