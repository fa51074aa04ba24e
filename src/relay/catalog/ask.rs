//! Asks PostgreSQL what relations are at this moment: a question of a fraction of a millisecond, however large the catalog.

use std::collections::BTreeSet;

use tokio_postgres::types::Type;
use tokio_postgres::{Client, Statement};

use super::CatalogError;
use crate::engine::catalog::Oid;
use crate::engine::meaning::{Found, Meaning};

/// Names mean PostgreSQL's own, and the few rows that are wanted are found by the catalogs' indexes.
const SETTINGS: &str = "SET search_path = ''; SET plan_cache_mode = force_generic_plan; SET jit = off; \
                        SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";

/// A connection that does nothing else.
pub struct Asker {
    client: Client,
    question: Statement,
}

impl Asker {
    pub async fn new(client: Client) -> Result<Self, CatalogError> {
        client.batch_execute(SETTINGS).await?;
        let types = [Type::OID_ARRAY, Type::NAME_ARRAY];
        let question = client.prepare_typed(include_str!("meaning.sql"), &types).await?;
        Ok(Self { client, question })
    }

    /// What all that these are about is now, in a snapshot that is taken after the call.
    pub async fn ask(&self, about: impl Iterator<Item = &Meaning> + Clone) -> Result<Vec<Found>, CatalogError> {
        let oids: BTreeSet<Oid> = about.clone().flat_map(Meaning::oids).collect();
        let names: BTreeSet<&str> = about.flat_map(Meaning::names).collect();
        let (oids, names) = (Vec::from_iter(oids), Vec::from_iter(names));
        let rows = self.client.query(&self.question, &[&oids, &names]).await?;
        rows.iter()
            .map(|row| {
                let (oid, schema) = (row.try_get("oid")?, row.try_get("schema")?);
                Ok(Found { oid, schema, name: row.try_get("name")?, version: row.try_get("version")? })
            })
            .collect()
    }
}
