//! A row that stays keeps its way to its person. Without it, it would be about nobody, or about somebody else, and be shown
//! to those who did not see it: what a foreign key lets go of with ON DELETE SET NULL or SET DEFAULT stays as long as such a
//! row does, and a row that others lead through is not emptied.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::Transaction;

use crate::engine::catalog::Oid;
use crate::engine::policy::erasing::erase_of;
use crate::engine::policy::{Erase, TablePolicy};

use super::fault::Fault;
use super::foreign_keys::{ForeignKey, OnDelete};
use super::path::leads_through;
use super::sweep::{Fate, MARKED, Reason, Sweep, TableCount, at, keep, not_held, not_marked};
use super::target::{column, relation_of_kind};

impl Sweep<'_> {
    /// When the referring row `c` stays and so keeps what it refers to; `None`: never.
    pub(super) fn child_stays(&self, key: &ForeignKey) -> Result<Option<String>, Fault> {
        let policy = self.rules.policy.tables.get(&key.child.table);
        let nulls = policy.filter(|t| erase_of(self.rules.catalog, self.rules.policy, t) == Erase::Null);
        let held = policy.filter(|t| t.hold_when.is_some()).map(|t| format!("NOT ({})", not_held(t, "c")));
        match key.on_delete {
            OnDelete::Refuse | OnDelete::Cascade => {}
            // A hold forbids any change.
            OnDelete::SetNull | OnDelete::SetDefault if !self.cuts_off(key) => {
                return Ok(held.map(|held| format!("{held} AND {}", not_marked("c", "'d', 'n'"))));
            }
            OnDelete::SetNull | OnDelete::SetDefault => {
                if let Some(table) = nulls.filter(|_| key.on_delete == OnDelete::SetNull) {
                    return self.unemptied_child_stays(key, table, held).map(Some);
                }
            }
        }
        Ok(Some(self.refers_still(key)?))
    }

    /// The referring row `c` is not marked for what ends its reference.
    pub(super) fn refers_still(&self, key: &ForeignKey) -> Result<String, Fault> {
        let policy = self.rules.policy.tables.get(&key.child.table);
        let emptied = match policy.filter(|t| erase_of(self.rules.catalog, self.rules.policy, t) == Erase::Null) {
            Some(table) => self.rules.emptied_columns(table)?,
            None => Vec::new(),
        };
        let nulls_it = key.columns.iter().any(|(c, _)| emptied.iter().any(|e| e.name == *c));
        Ok(not_marked("c", if nulls_it { "'d', 'n'" } else { "'d'" }))
    }

    /// An emptied row may become nobody's, as long as no other leads to its person through it.
    fn unemptied_child_stays(
        &self,
        key: &ForeignKey,
        table: &TablePolicy,
        held: Option<String>,
    ) -> Result<String, Fault> {
        // A table that cannot be emptied keeps its values.
        let filled = self.has_personal_value(table, "c").unwrap_or_else(|_| "true".to_owned());
        let whole = held.into_iter().chain([filled]).collect::<Vec<_>>().join(" OR ");
        let mut stays = vec![format!("({whole}) AND {}", not_marked("c", "'n'"))];
        if key.released.iter().any(|column| self.rules.leads_others(key.child.own, column)) {
            stays.extend(self.led_through(key.child.table)?.into_iter().map(|(_, stays)| stays));
        }
        Ok(format!("({}) AND {}", stays.join(" OR "), not_marked("c", "'d'")))
    }

    /// Whether the foreign key, when it lets go of what was deleted, changes about whom a row that stays is, or whether it
    /// is there; or another foreign key, which follows it to what it lets go of (ON UPDATE), might.
    fn cuts_off(&self, key: &ForeignKey) -> bool {
        let own = key.child.own;
        let is_followed = |column: &String| {
            let follows = |k: &&ForeignKey| k.follows && k.parent.table == key.child.table;
            self.keys.iter().filter(follows).any(|k| k.columns.iter().any(|(_, parent)| parent == column))
        };
        key.released.iter().any(|released| {
            let follow = self.rules.follow(own, released);
            let settles = |c: &String| self.rules.is_link(own, c) || self.rules.settles(own, c) || is_followed(c);
            follow.iter().any(settles)
        })
    }

    /// For each table whose rows lead to their person through the row `c` of `table`: that one stays with its values.
    fn led_through(&self, table: Oid) -> Result<Vec<(Oid, String)>, Fault> {
        let mut all = Vec::new();
        for other in self.rules.policy.tables_by_name() {
            let Some(path) = &other.subject else { continue };
            let Some(hop) = path.hops.iter().position(|hop| hop.table == table) else { continue };
            let mut stays = format!(
                "{} AND {}",
                leads_through(self.rules.catalog, other, path, hop, "c")?,
                not_marked("t", "'d', 'n'")
            );
            if let (Erase::Null, Ok(filled)) =
                (erase_of(self.rules.catalog, self.rules.policy, other), self.has_personal_value(other, "t"))
            {
                stays.push_str(&format!(" AND ({filled} OR NOT ({}))", not_held(other, "t")));
            }
            all.push((other.relation, format!("EXISTS (SELECT FROM {} AS t WHERE {stays})", other.name.to_sql())));
        }
        for kind in self.rules.policy.subjects.values().filter(|kind| kind.table == table) {
            all.extend(self.person_stays(kind, column(relation_of_kind(self.rules.catalog, kind)?, &kind.key)?)?);
        }
        Ok(all)
    }

    /// Takes the mark off rows that would be emptied of what others lead by.
    pub(super) async fn unmark_led_through(&self, tx: &Transaction<'_>) -> Result<u64, Fault> {
        let mut kept = 0;
        for (table, name) in self.marked(tx, Fate::Null).await? {
            let Some(policy) = self.rules.policy.tables.get(&table) else { continue };
            if !self.rules.emptied_columns(policy)?.iter().any(|e| self.rules.leads_others(table, &e.name)) {
                continue;
            }
            for (because_of, stays) in self.led_through(table)? {
                let which = format!("{} AND d.fate = 'n' AND {stays}", at("d", table, "c"));
                kept += keep(tx, &format!("{} AS c", name.to_sql()), &which, because_of, Reason::Refers).await?;
            }
        }
        Ok(kept)
    }

    /// Rows that stay and will no longer refer to what is about to be deleted, each once.
    pub(super) async fn changed(&self, tx: &Transaction<'_>) -> Result<Vec<TableCount>, Fault> {
        let deleted: BTreeSet<Oid> = self.marked(tx, Fate::Delete).await?.into_iter().map(|(oid, _)| oid).collect();
        let mut queries: BTreeMap<Oid, Vec<String>> = BTreeMap::new();
        let lets_go = |k: &&ForeignKey| matches!(k.on_delete, OnDelete::SetNull | OnDelete::SetDefault);
        for key in self.keys.iter().filter(lets_go).filter(|k| deleted.contains(&k.parent.table)) {
            queries.entry(key.child.table).or_default().push(format!(
                "SELECT c.tableoid, c.ctid FROM {parent} AS p JOIN {MARKED} AS d ON {at_parent} AND d.fate = 'd'
                   JOIN {child} AS c ON {matches} WHERE {stays}",
                parent = key.parent.source,
                at_parent = at("d", key.parent.table, "p"),
                child = key.child.source,
                matches = key.matches("c", "p"),
                stays = self.refers_still(key)?,
            ));
        }
        let mut counts = Vec::new();
        for (table, queries) in queries {
            let sql = format!("SELECT pg_catalog.count(*) FROM ({}) AS c", queries.join(" UNION "));
            let rows: i64 = tx.query_one(&sql, &[]).await?.try_get(0)?;
            counts.push(TableCount { table: self.name(table)?.to_string(), rows: rows.unsigned_abs() });
        }
        counts.retain(|count| count.rows > 0);
        counts.sort_by(|a, b| a.table.cmp(&b.table));
        Ok(counts)
    }
}
