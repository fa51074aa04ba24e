//! Rows that refer to each other in a circle, of one table or of several, can only go together.

use tokio_postgres::Transaction;

use super::fault::Fault;
use super::foreign_keys::{ForeignKey, below};
use super::sweep::{Fate, MARKED, Sweep, Wanted, at};

impl Sweep<'_> {
    /// Marks beside the rows that are marked those that refer to them in a circle of tables and are wanted themselves, however
    /// many they are: table by table, or batch by batch, each would be kept by one that is not marked yet.
    pub async fn mark_circles(&self, tx: &Transaction<'_>, all: &[Wanted<'_>]) -> Result<(), Fault> {
        // The table that refers is itself referred to, through whichever others, by the one that it refers to.
        let is_in_circle = |key: &&ForeignKey| below(key.child.table, &self.keys).contains(&key.parent.table);
        let keys: Vec<&ForeignKey> = self.keys.iter().filter(is_in_circle).collect();
        loop {
            let mut marked = 0;
            for key in &keys {
                let deleted =
                    |w: &&Wanted<'_>| w.table.relation == key.child.table && self.fate(w.table) == Fate::Delete;
                for wanted in all.iter().filter(deleted) {
                    marked += self.mark_referring(tx, key, wanted).await?;
                }
            }
            if marked == 0 {
                return Ok(());
            }
        }
    }

    async fn mark_referring(&self, tx: &Transaction<'_>, key: &ForeignKey, wanted: &Wanted<'_>) -> Result<u64, Fault> {
        let sql = format!(
            "INSERT INTO {MARKED} SELECT {root}, t.tableoid, t.ctid, 'd', false FROM {child} AS t
              WHERE EXISTS (SELECT FROM {parent} AS p JOIN {MARKED} AS d ON {at_parent} AND d.fate = 'd' WHERE {matches})
                AND {which} FOR UPDATE OF t",
            root = wanted.table.relation,
            child = key.child.source,
            parent = key.parent.source,
            at_parent = at("d", key.parent.table, "p"),
            matches = key.matches("t", "p"),
            which = self.not_dealt_with(wanted)?,
        );
        Ok(tx.execute(&sql, &[&wanted.parameter]).await?)
    }
}
