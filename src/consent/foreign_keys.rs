//! Foreign keys as erasing must know them: what becomes of the rows that refer to a deleted one.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::{GenericClient, Row};

use crate::engine::catalog::{Catalog, Oid, QualifiedName, quote_ident};
use crate::engine::policy::Policy;
use crate::engine::policy::erasing::counts_as;

use super::fault::Fault;

/// `ON DELETE` (`pg_constraint.confdeltype`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// NO ACTION, RESTRICT: a row that is referred to cannot go.
    Refuse,
    /// The referring row goes too.
    Cascade,
    /// SET NULL: the referring row stays and refers to nothing.
    SetNull,
    /// SET DEFAULT: the referring row stays and refers to the default's row.
    SetDefault,
}

/// A table at an end of a foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The table itself: it may be a partition or an inheritance child.
    pub(super) own: Oid,
    /// The table as which its rows count: the policy's one above it, or the topmost.
    pub table: Oid,
    /// As an item of FROM: of a table that is inherited from, a foreign key means the rows of its own.
    pub source: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The table that refers.
    pub child: End,
    pub parent: End,
    /// (column of the child, column of the parent)
    pub columns: Vec<(String, String)>,
    pub on_delete: OnDelete,
    /// The referring row changes with what it refers to (`ON UPDATE CASCADE`, `SET NULL` or `SET DEFAULT`).
    pub follows: bool,
    /// The child's columns that SET NULL or SET DEFAULT assigns.
    pub released: Vec<String>,
    /// Its name, where PostgreSQL may compare its two sides in another way than `=` here does.
    pub foreign: Option<String>,
}

impl End {
    fn of(row: &Row, at: usize, policy: &Policy, catalog: &Catalog) -> Result<Self, Fault> {
        let own: Oid = row.try_get(at)?;
        let name = QualifiedName::new(row.try_get::<_, String>(at + 1)?, row.try_get::<_, String>(at + 2)?).to_sql();
        let partitioned: bool = row.try_get(at + 3)?;
        let source = if partitioned { name } else { format!("ONLY {name}") };
        Ok(Self { own, table: counts_as(catalog, policy, own), source })
    }

    /// Whether the row `alias`, read from [`Self::table`], is of this table.
    pub fn holds(&self, alias: &str, catalog: &Catalog) -> String {
        let family: Vec<String> = match self.source.starts_with("ONLY ") {
            true => vec![self.own.to_string()],
            false => catalog.family(self.own).iter().map(|r| r.oid.to_string()).collect(),
        };
        format!("{alias}.tableoid IN ({})", family.join(", "))
    }
}

impl ForeignKey {
    /// `c.x = p.y AND …`: the row `child` refers to the row `parent` (a null in it refers to nothing: MATCH SIMPLE).
    pub fn matches(&self, child: &str, parent: &str) -> String {
        let pairs: Vec<String> = self
            .columns
            .iter()
            .map(|(c, p)| format!("{child}.{} = {parent}.{}", quote_ident(c), quote_ident(p)))
            .collect();
        pairs.join(" AND ")
    }
}

/// Whether the foreign key `f` may be compared otherwise than by `=` of `pg_catalog`: an operator or a type of an extension,
/// or two collations of which `=` knows not which to take, or takes another than the foreign key. (Enums and domains have
/// the operators of `pg_catalog`, or those found here.)
const FOREIGN: &str = "(EXISTS (SELECT FROM pg_catalog.pg_operator AS o
           WHERE o.oid = ANY (f.conpfeqop || f.conppeqop || f.conffeqop) AND o.oprnamespace <> 'pg_catalog'::pg_catalog.regnamespace)
     OR EXISTS (SELECT FROM ROWS FROM (pg_catalog.unnest(f.conkey), pg_catalog.unnest(f.confkey)) AS k (c, p)
          JOIN pg_catalog.pg_attribute AS ca ON ca.attrelid = f.conrelid AND ca.attnum = k.c
          JOIN pg_catalog.pg_attribute AS pa ON pa.attrelid = f.confrelid AND pa.attnum = k.p
          JOIN pg_catalog.pg_type AS t ON t.oid IN (ca.atttypid, pa.atttypid)
          LEFT JOIN pg_catalog.pg_collation AS l ON l.oid IN (ca.attcollation, pa.attcollation) AND NOT l.collisdeterministic
         WHERE (t.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace AND t.typtype NOT IN ('e', 'd'))
            OR (ca.attcollation <> pa.attcollation
                AND (l.oid IS NOT NULL OR NOT 'pg_catalog.\"default\"'::pg_catalog.regcollation IN (ca.attcollation, pa.attcollation)))))";

/// Refuses foreign keys on the way down from the policy's tables that would be followed to other rows than PostgreSQL does.
pub(super) fn can_be_followed(policy: &Policy, keys: &[ForeignKey]) -> Result<(), Fault> {
    let mut tables: BTreeSet<Oid> = policy.tables.keys().copied().collect();
    tables.extend(policy.subjects.values().map(|kind| kind.table).chain(policy.consent_sources().map(|s| s.table)));
    let mut todo: Vec<Oid> = tables.iter().copied().collect();
    while let Some(parent) = todo.pop() {
        for key in keys.iter().filter(|k| k.parent.table == parent) {
            if let Some(name) = &key.foreign {
                let child = key.child.source.trim_start_matches("ONLY ");
                return Err(Fault::new(format!(
                    "foreign key {name} of {child} is compared by an operator or a type outside of pg_catalog, or by two \
                     collations: which rows refer to which is not certain here"
                ))
                .hint("give both columns one type of pg_catalog and one collation"));
            }
            if tables.insert(key.child.table) {
                todo.push(key.child.table);
            }
        }
    }
    Ok(())
}

/// Every foreign key of the database, partitioned tables once (not again for each partition).
pub async fn load(client: &impl GenericClient, policy: &Policy, catalog: &Catalog) -> Result<Vec<ForeignKey>, Fault> {
    let columns = |oid: &str, keys: &str| {
        format!(
            "(SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY k.place)
                FROM pg_catalog.unnest({keys}) WITH ORDINALITY AS k (number, place)
                JOIN pg_catalog.pg_attribute AS a ON a.attrelid = {oid} AND a.attnum = k.number)"
        )
    };
    let sql = format!(
        "SELECT f.conrelid, cn.nspname::pg_catalog.text, c.relname::pg_catalog.text, c.relkind = 'p',
                f.confrelid, pn.nspname::pg_catalog.text, p.relname::pg_catalog.text, p.relkind = 'p',
                f.confdeltype::pg_catalog.text, {child}, {parent}, COALESCE({named}, {child}),
                CASE WHEN {FOREIGN} THEN f.conname::pg_catalog.text END, f.confupdtype NOT IN ('a', 'r')
           FROM pg_catalog.pg_constraint AS f
           JOIN pg_catalog.pg_class AS c ON c.oid = f.conrelid JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.relnamespace
           JOIN pg_catalog.pg_class AS p ON p.oid = f.confrelid JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
          WHERE f.contype = 'f' AND f.conparentid = 0
          ORDER BY 2, 3, 6, 7, f.conname",
        child = columns("f.conrelid", "f.conkey"),
        parent = columns("f.confrelid", "f.confkey"),
        // SET NULL (a, b) names some of them.
        named = columns("f.conrelid", "f.confdelsetcols"),
    );
    let mut keys = Vec::new();
    for row in client.query(&sql, &[]).await? {
        let (child, parent): (Vec<String>, Vec<String>) = (row.try_get(9)?, row.try_get(10)?);
        keys.push(ForeignKey {
            child: End::of(&row, 0, policy, catalog)?,
            parent: End::of(&row, 4, policy, catalog)?,
            columns: child.into_iter().zip(parent).collect(),
            on_delete: on_delete(row.try_get(8)?)?,
            released: row.try_get(11)?,
            foreign: row.try_get(12)?,
            follows: row.try_get(13)?,
        });
    }
    Ok(keys)
}

fn on_delete(code: &str) -> Result<OnDelete, Fault> {
    match code {
        "a" | "r" => Ok(OnDelete::Refuse),
        "c" => Ok(OnDelete::Cascade),
        "n" => Ok(OnDelete::SetNull),
        "d" => Ok(OnDelete::SetDefault),
        other => Err(Fault::new(format!("foreign key action \"{other}\" is not known"))),
    }
}

/// The table, and those that refer to it, or to one that does.
pub(super) fn below(table: Oid, keys: &[ForeignKey]) -> BTreeSet<Oid> {
    let (mut found, mut todo) = (BTreeSet::from([table]), vec![table]);
    while let Some(parent) = todo.pop() {
        let children = keys.iter().filter(|k| k.parent.table == parent).map(|k| k.child.table);
        todo.extend(children.filter(|child| found.insert(*child)));
    }
    found
}

/// `tables` in the order in which their rows can go, those that refer to others first; what refers to each other in a circle
/// is one group.
pub fn children_first(tables: &[Oid], keys: &[ForeignKey]) -> Vec<Vec<Oid>> {
    // Below a table is all that is below its children, and the same below those of a circle.
    let mut groups: BTreeMap<(usize, BTreeSet<Oid>), Vec<Oid>> = BTreeMap::new();
    for table in tables {
        let below = below(*table, keys);
        groups.entry((below.len(), below)).or_default().push(*table);
    }
    groups.into_values().collect()
}
