//! Erases rows: marks those that shall go, and finds which of them may.
//!
//! A row stays when it is under a legal hold, or when a row that stays refers to it (and would be cut off from its person
//! without it, `cut_off`, where the foreign key lets it go). Rows that PostgreSQL would delete
//! by ON DELETE CASCADE are marked too, so that a hold on one of them keeps the row that it hangs on. As all marked rows
//! go (`carry_out`), references among them (to each other's tables, to their own, in circles) are no obstacle. A row
//! that hides others, an objection say, stays as long as they do (`refusals`).
//!
//! Marks are (relation, ctid) of locked rows in a temporary table: they hold until the transaction ends.

use std::collections::BTreeSet;

use tokio_postgres::{Client, GenericClient, Transaction};

use crate::engine::catalog::{Catalog, Oid, QualifiedName, quote_ident};
use crate::engine::policy::erasing::erase_of;
use crate::engine::policy::{Erase, Policy, TablePolicy};

use super::emptying::Defaults;
use super::fault::Fault;
use super::foreign_keys::{self, ForeignKey, OnDelete};
use super::kept::Emptied;
use super::path::unfilled;
use super::places::unreadable;
use super::rules::Rules;
use super::target::relation;

/// One database with its policy, ready for erasing.
pub struct Sweep<'a> {
    pub rules: Rules<'a>,
    pub(super) keys: Vec<ForeignKey>,
    pub(super) defaults: Defaults,
    /// Tables that this login may read at most through others.
    pub(super) unreadable: BTreeSet<Oid>,
    /// Materialized views without rows.
    pub(super) unfilled: BTreeSet<Oid>,
}

/// Rows of a table, and how many.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TableCount {
    pub table: String,
    pub rows: u64,
}

/// Rows that were to go and stay, because rows of `because_of` stay.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Blocked {
    pub table: String,
    pub because_of: String,
    pub rows: u64,
    pub reason: Reason,
    /// They would only have gone along with others.
    pub along: bool,
}

/// What these are to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// They refer to them, or lead to their person through them.
    Refers,
    /// They are about the same people, and are hidden by them.
    Hides,
    /// They are about the same people, and older: they would count again.
    Older,
}

impl Reason {
    const ALL: [Reason; 3] = [Reason::Refers, Reason::Hides, Reason::Older];

    fn code(self) -> &'static str {
        match self {
            Reason::Refers => "r",
            Reason::Hides => "h",
            Reason::Older => "o",
        }
    }
}

impl std::fmt::Display for Blocked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { table, because_of, rows, reason, along } = self;
        let kept = if *along { "rows that would go along with others kept" } else { "rows kept" };
        write!(f, "{table}: {rows} {kept}, ")?;
        match reason {
            Reason::Refers => write!(f, "rows of {because_of} that stay refer to them"),
            Reason::Hides => write!(
                f,
                "what they refuse or restrict counts as long as rows of {because_of} about the same people stay"
            ),
            Reason::Older => write!(f, "older rows about the same people stay and would count again"),
        }
    }
}

/// Rows of a table that are to go: those for which `condition` holds, over the alias `t` and the text parameter `$1`.
pub struct Wanted<'a> {
    pub table: &'a TablePolicy,
    pub condition: String,
    pub parameter: &'a str,
}

/// What becomes of a marked row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Delete,
    Null,
}

impl Fate {
    pub(super) fn code(self) -> &'static str {
        match self {
            Fate::Delete => "d",
            Fate::Null => "n",
        }
    }
}

/// What policies of row-level security would hide fails: it would stay, or be deleted by a cascade in spite of a hold.
pub(super) const ROW_SECURITY: &str = "SET row_security = off";

pub(super) const MARKED: &str = "pg_temp.consentry_marked";
pub(super) const KEPT: &str = "pg_temp.consentry_kept";
pub(super) const FILES: &str = "pg_temp.consentry_files";

/// `root` is the table that the policy names, `rel` the partition that holds the row; `fate` d: deleted, n: nulled;
/// `along` marks rows that go only because a row that they refer to goes, `pulled` those of them for which that was found;
/// `moved` those that were changed since; `says` is in how many columns that a kept row is to lose it held something.
const CREATE: &str = "CREATE TEMPORARY TABLE consentry_marked (root oid, rel oid, tid tid, fate \"char\", along bool, moved bool DEFAULT false,
        pulled bool DEFAULT false, PRIMARY KEY (rel, tid));
    CREATE TEMPORARY TABLE consentry_kept (root oid, rel oid, tid tid, because_of oid, reason \"char\", along bool, fresh bool DEFAULT true,
        moved bool DEFAULT false, says int, id int GENERATED ALWAYS AS IDENTITY);
    CREATE INDEX ON consentry_kept (rel, tid);
    CREATE TEMPORARY TABLE consentry_files (rel oid, file oid);
    CREATE TEMPORARY TABLE consentry_below (root oid, rel oid, tid tid, bound bool, PRIMARY KEY (rel, tid));";

impl<'a> Sweep<'a> {
    /// Reads the foreign keys and makes the temporary tables of this connection, from which row security hides nothing then.
    pub async fn start(client: &Client, policy: &'a Policy, catalog: &'a Catalog) -> Result<Self, Fault> {
        let mut keys = foreign_keys::load(client, policy, catalog).await?;
        foreign_keys::can_be_followed(policy, &keys)?;
        choices_go_with_their_person(policy, &mut keys);
        client.batch_execute(ROW_SECURITY).await?;
        client.batch_execute(CREATE).await?;
        let rules = Rules { policy, catalog };
        let defaults = Defaults::of_nulled(client, rules).await?;
        let (unreadable, unfilled) = (unreadable(client).await?, unfilled(client).await?);
        Ok(Self { rules, keys, defaults, unreadable, unfilled })
    }

    /// Marks rows that are `wanted` and that no hold keeps, at most `limit`; how many. They are locked, and rows found to be
    /// kept earlier on this connection are left out.
    pub async fn mark(&self, tx: &Transaction<'_>, wanted: &Wanted<'_>, limit: Option<u32>) -> Result<u64, Fault> {
        let limit = limit.map_or(String::new(), |n| format!(" LIMIT {n}"));
        let sql = format!(
            "INSERT INTO {MARKED} SELECT {root}, t.tableoid, t.ctid, '{fate}', false FROM {name} AS t
              WHERE {which}{limit} FOR UPDATE OF t",
            root = wanted.table.relation,
            fate = self.fate(wanted.table).code(),
            name = wanted.table.name.to_sql(),
            which = self.not_dealt_with(wanted)?,
        );
        Ok(tx.execute(&sql, &[&wanted.parameter]).await?)
    }

    /// Which rows are wanted that are not held, kept, or marked already.
    pub(super) fn not_dealt_with(&self, wanted: &Wanted<'_>) -> Result<String, Fault> {
        let Wanted { table, condition, .. } = wanted;
        let mut tests = vec![format!("({condition})"), not_held(table, "t"), not_marked("t", "'d', 'n'")];
        tests.push(format!("NOT EXISTS (SELECT FROM {KEPT} AS k WHERE NOT k.along AND {})", is("k", "t")));
        if self.fate(table) == Fate::Null {
            tests.push(self.has_personal_value(table, "t")?);
        }
        Ok(tests.join(" AND "))
    }

    pub(super) fn fate(&self, table: &TablePolicy) -> Fate {
        match erase_of(self.rules.catalog, self.rules.policy, table) {
            Erase::Delete => Fate::Delete,
            Erase::Null => Fate::Null,
        }
    }

    /// Adds what goes along, then takes the mark off every row that a staying row refers to, until nothing changes.
    pub async fn settle(&self, tx: &Transaction<'_>) -> Result<(), Fault> {
        let mut tables = self.marked_tables(tx).await?;
        loop {
            tx.batch_execute(&format!("ANALYZE {MARKED}")).await?;
            let more = self.mark_along(tx, &mut tables).await?;
            if more == 0 {
                break;
            }
        }
        loop {
            let hiding = self.unmark_hiding(tx, &tables).await? + self.unmark_newer(tx, &tables).await?;
            let kept = hiding + self.unmark_referred(tx, &tables).await?;
            let led_through = self.unmark_led_through(tx).await?;
            if kept + led_through + self.unmark_along(tx, &tables).await? == 0 {
                return Ok(());
            }
        }
    }

    /// How many rows are marked.
    pub async fn count_marked(&self, tx: &Transaction<'_>) -> Result<u64, Fault> {
        let rows: i64 = tx.query_one(&format!("SELECT pg_catalog.count(*) FROM {MARKED}"), &[]).await?.try_get(0)?;
        Ok(rows.unsigned_abs())
    }

    /// What [`Self::carry_out`] would do.
    pub async fn foreseen(&self, tx: &Transaction<'_>) -> Result<Swept, Fault> {
        let mut swept = Swept { changed: self.changed(tx).await?, ..Swept::default() };
        let sql = format!("SELECT root, fate = 'n', along, pg_catalog.count(*) FROM {MARKED} GROUP BY 1, 2, 3");
        for row in tx.query(&sql, &[]).await? {
            let (nulled, along, rows): (bool, bool, i64) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            let count = TableCount { table: self.name(row.try_get(0)?)?.to_string(), rows: rows.unsigned_abs() };
            match (nulled, along) {
                (true, _) => swept.nulled.push(count),
                (false, false) => swept.deleted.push(count),
                (false, true) => swept.along.push(count),
            }
        }
        for counts in [&mut swept.nulled, &mut swept.deleted, &mut swept.along] {
            counts.sort_by(|a, b| a.table.cmp(&b.table));
        }
        Ok(swept)
    }

    async fn marked_tables(&self, tx: &Transaction<'_>) -> Result<BTreeSet<Oid>, Fault> {
        let rows = tx.query(&format!("SELECT DISTINCT root FROM {MARKED} WHERE fate = 'd'"), &[]).await?;
        Ok(rows.iter().map(|r| r.try_get(0)).collect::<Result<_, _>>()?)
    }

    async fn mark_along(&self, tx: &Transaction<'_>, tables: &mut BTreeSet<Oid>) -> Result<u64, Fault> {
        let mut marked = 0;
        for key in self.keys.iter().filter(|k| k.on_delete == OnDelete::Cascade) {
            if !tables.contains(&key.parent.table) || !self.may_go_along(key) {
                continue;
            }
            let held = self.rules.policy.tables.get(&key.child.table).map_or("true".to_owned(), |t| not_held(t, "c"));
            let sql = format!(
                "INSERT INTO {MARKED} SELECT {child}, c.tableoid, c.ctid, 'd', true
                   FROM {parent_name} AS p JOIN {MARKED} AS d ON {at_parent} AND d.fate = 'd'
                   JOIN {child_name} AS c ON {matches}
                  WHERE {held} AND NOT EXISTS (SELECT FROM {MARKED} AS x WHERE x.rel = c.tableoid AND x.tid = c.ctid)
                    FOR UPDATE OF c",
                child = key.child.table,
                parent_name = key.parent.source,
                child_name = key.child.source,
                at_parent = at("d", key.parent.table, "p"),
                matches = key.matches("c", "p"),
            );
            let added = tx.execute(&sql, &[]).await?;
            if added > 0 {
                tables.insert(key.child.table);
            }
            marked += added;
        }
        Ok(marked)
    }

    /// Rows that the policy would only null are not to disappear by a cascade.
    fn may_go_along(&self, key: &ForeignKey) -> bool {
        let erase = |t| erase_of(self.rules.catalog, self.rules.policy, t);
        self.rules.policy.tables.get(&key.child.table).is_none_or(|t| erase(t) == Erase::Delete)
    }

    /// Takes the mark off rows that a row without one refers to.
    async fn unmark_referred(&self, tx: &Transaction<'_>, tables: &BTreeSet<Oid>) -> Result<u64, Fault> {
        let mut kept = 0;
        for key in self.keys.iter().filter(|k| tables.contains(&k.parent.table)) {
            let Some(stays) = self.child_stays(key)? else { continue };
            let which = format!(
                "{} AND d.fate = 'd' AND EXISTS (SELECT FROM {} AS c WHERE {} AND {stays})",
                at("d", key.parent.table, "p"),
                key.child.source,
                key.matches("c", "p")
            );
            kept += keep(tx, &format!("{} AS p", key.parent.source), &which, key.child.table, Reason::Refers).await?;
        }
        Ok(kept)
    }

    /// Takes the mark off rows that would go along with rows that stay: those that no row which goes by itself pulls, be it
    /// by others. (Rows of a circle pull each other.)
    pub(super) async fn unmark_along(&self, tx: &Transaction<'_>, tables: &BTreeSet<Oid>) -> Result<u64, Fault> {
        self.find_pulled(tx).await?;
        let mut kept = 0;
        for child in tables {
            let sql = format!(
                "DELETE FROM {MARKED} AS d USING {} AS c WHERE {} AND d.along AND NOT d.pulled",
                self.name(*child)?.to_sql(),
                at("d", *child, "c"),
            );
            kept += tx.execute(&sql, &[]).await?;
        }
        Ok(kept)
    }

    async fn find_pulled(&self, tx: &Transaction<'_>) -> Result<(), Fault> {
        let anew = format!("UPDATE {MARKED} SET pulled = false WHERE along AND pulled");
        tx.execute(&anew, &[]).await?;
        let sql = format!("SELECT DISTINCT root FROM {MARKED} WHERE along");
        let along = tx.query(&sql, &[]).await?.iter().map(|r| r.try_get(0)).collect::<Result<BTreeSet<Oid>, _>>()?;
        let cascades = |k: &&ForeignKey| k.on_delete == OnDelete::Cascade && along.contains(&k.child.table);
        let keys: Vec<&ForeignKey> = self.keys.iter().filter(cascades).collect();
        loop {
            let mut found = 0;
            for key in &keys {
                let sql = format!(
                    "UPDATE {MARKED} AS x SET pulled = true
                       FROM {parent} AS p JOIN {MARKED} AS d ON {at_parent} AND d.fate = 'd' AND (d.pulled OR NOT d.along)
                       JOIN {child} AS c ON {matches}
                      WHERE {at_child} AND x.along AND NOT x.pulled",
                    parent = key.parent.source,
                    at_parent = at("d", key.parent.table, "p"),
                    child = key.child.source,
                    matches = key.matches("c", "p"),
                    at_child = at("x", key.child.table, "c"),
                );
                found += tx.execute(&sql, &[]).await?;
            }
            if found == 0 {
                return Ok(());
            }
        }
    }

    /// Tables with marked rows, by name.
    pub(super) async fn marked(&self, tx: &Transaction<'_>, fate: Fate) -> Result<Vec<(Oid, QualifiedName)>, Fault> {
        let sql = format!("SELECT DISTINCT root FROM {MARKED} WHERE fate = '{}'", fate.code());
        let mut tables = Vec::new();
        for row in tx.query(&sql, &[]).await? {
            let oid: Oid = row.try_get(0)?;
            tables.push((oid, self.name(oid)?));
        }
        tables.sort_by(|a, b| a.1.cmp(&b.1));
        Ok(tables)
    }

    pub(super) fn name(&self, oid: Oid) -> Result<QualifiedName, Fault> {
        Ok(relation(self.rules.catalog, oid, &oid.to_string())?.name.clone())
    }

    /// What was kept on this connection because staying rows refer to it.
    pub async fn blocked(&self, client: &impl GenericClient) -> Result<Vec<Blocked>, Fault> {
        // A row that was to go by itself is no other where it would go along too.
        let sql = format!(
            "SELECT root, because_of, reason::pg_catalog.text, along, pg_catalog.count(*)
               FROM (SELECT DISTINCT root, rel, tid, because_of, reason,
                            pg_catalog.bool_and(along) OVER (PARTITION BY rel, tid) AS along FROM {KEPT}) AS k
              GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        );
        let mut blocked = Vec::new();
        for row in client.query(&sql, &[]).await? {
            blocked.push(Blocked {
                table: self.name(row.try_get(0)?)?.to_string(),
                because_of: self.name(row.try_get(1)?)?.to_string(),
                reason: reason(row.try_get(2)?)?,
                along: row.try_get(3)?,
                rows: row.try_get::<_, i64>(4)?.unsigned_abs(),
            });
        }
        Ok(blocked)
    }

    /// Forgets what was kept: rows that kept it may have gone since.
    pub async fn forget_kept(&self, client: &impl GenericClient) -> Result<(), Fault> {
        Ok(client.batch_execute(&format!("TRUNCATE {KEPT}")).await?)
    }
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    pub nulled: Vec<TableCount>,
    pub deleted: Vec<TableCount>,
    /// Deleted only because what they refer to was (ON DELETE CASCADE), whoever they are about.
    pub along: Vec<TableCount>,
    /// Rows that stay and no longer refer to what was deleted (ON DELETE SET NULL, SET DEFAULT).
    pub changed: Vec<TableCount>,
    /// Rows that could not be deleted, and lost what they said.
    pub emptied: Vec<Emptied>,
}

impl Swept {
    pub fn rows(&self) -> u64 {
        let counts = self.nulled.iter().chain(&self.deleted).chain(&self.along).map(|t| t.rows);
        counts.chain(self.emptied.iter().map(|e| e.rows)).sum()
    }
}

/// The mark `mark` is that of the row `row` of the table `root`. These mean the same under any `search_path`.
pub(super) fn at(mark: &str, root: Oid, row: &str) -> String {
    format!("{mark}.root OPERATOR(pg_catalog.=) {root} AND {}", is(mark, row))
}

pub(super) fn is(mark: &str, row: &str) -> String {
    format!("{mark}.rel OPERATOR(pg_catalog.=) {row}.tableoid AND {mark}.tid OPERATOR(pg_catalog.=) {row}.ctid")
}

/// Takes the mark `d` off rows of `from` that `which` tells, for rows of `because_of` stay.
pub(super) async fn keep(
    tx: &Transaction<'_>,
    from: &str,
    which: &str,
    because_of: Oid,
    reason: Reason,
) -> Result<u64, Fault> {
    let sql = format!(
        "WITH kept AS (DELETE FROM {MARKED} AS d USING {from} WHERE {which} RETURNING d.root, d.rel, d.tid, d.along)
         INSERT INTO {KEPT} SELECT root, rel, tid, {because_of}, '{}', along FROM kept",
        reason.code()
    );
    Ok(tx.execute(&sql, &[]).await?)
}

fn reason(code: &str) -> Result<Reason, Fault> {
    let known = Reason::ALL.into_iter().find(|reason| reason.code() == code);
    known.ok_or_else(|| Fault::new(format!("a row is kept for \"{code}\", which is no reason")))
}

/// The row `row` is not marked with one of these fates.
pub(super) fn not_marked(row: &str, fates: &str) -> String {
    format!("NOT EXISTS (SELECT FROM {MARKED} AS x WHERE {} AND x.fate IN ({fates}))", is("x", row))
}

/// No legal hold is on the row; a hold that is null counts as one, as an erased row cannot be brought back.
pub fn not_held(table: &TablePolicy, alias: &str) -> String {
    match &table.hold_when {
        Some(hold) => format!("{} IS FALSE", hold.to_sql(|c| format!("{alias}.{}", quote_ident(c)), "")),
        None => "true".to_owned(),
    }
}

/// Choices of a person who is deleted go too, where the consent table refers to them and has no policy of its own.
fn choices_go_with_their_person(policy: &Policy, keys: &mut [ForeignKey]) {
    for kind in policy.subjects.values() {
        let Some(source) = &kind.consent else { continue };
        let own = policy.tables.contains_key(&source.table);
        for key in keys.iter_mut().filter(|k| !own && k.child.table == source.table && k.parent.table == kind.table) {
            key.on_delete = OnDelete::Cascade;
        }
    }
}

pub(super) fn gone(name: &QualifiedName) -> Fault {
    Fault::new(format!("table {name} is no longer in the policy"))
}
