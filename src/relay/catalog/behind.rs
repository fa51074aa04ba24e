//! What PostgreSQL reads on its own: of queries it says what they read, of functions there is their text alone.

use std::collections::{BTreeSet, HashMap};

use tokio_postgres::Row;

use super::CatalogError;
use crate::engine::catalog::{Behind, FIRST_NORMAL_OID, How, Oid, QualifiedName, Relation, words};

pub(super) fn behind(rows: &[Row], relations: &[Relation]) -> Result<Vec<Behind>, CatalogError> {
    let mut named: HashMap<&str, Vec<Oid>> = HashMap::new();
    for relation in relations.iter().filter(|r| r.oid >= FIRST_NORMAL_OID) {
        named.entry(&relation.name.name).or_default().push(relation.oid);
    }
    rows.iter()
        .map(|row| {
            let how = match row.try_get("how")? {
                "query" => How::Query,
                "rule" => How::Rule,
                _ => How::Trigger,
            };
            let (schema, name): (Option<String>, Option<String>) = (row.try_get("schema")?, row.try_get("name")?);
            let source: Option<String> = row.try_get("source")?;
            let mut reads: BTreeSet<Oid> = row.try_get::<_, Vec<Oid>>("reads")?.into_iter().collect();
            let words = source.as_deref().map(words).unwrap_or_default();
            reads.extend(words.iter().filter_map(|word| named.get(word.as_str())).flatten());
            let function = schema.zip(name).map(|(schema, name)| QualifiedName::new(schema, name));
            Ok(Behind { relation: row.try_get("relation")?, how, function, reads })
        })
        .collect()
}
