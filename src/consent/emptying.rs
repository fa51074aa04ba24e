//! Which columns of a row are emptied where the policy says `erase = "null"`, and which rows are emptied already.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::GenericClient;

use crate::engine::catalog::{Column, Oid, QualifiedName, quote_ident};
use crate::engine::policy::erasing::erase_of;
use crate::engine::policy::{Erase, TablePolicy};

use super::fault::Fault;
use super::rules::Rules;
use super::sweep::{MARKED, Sweep, at, gone};

impl<'a> Rules<'a> {
    /// Columns with a category that are emptied. Refuses a table of which not all can be.
    fn personal_columns(&self, table: &TablePolicy, defaults: &Defaults) -> Result<Vec<&'a Column>, Fault> {
        let (personal, stuck) = defaults.parted(table.relation, self.emptied_columns(table)?);
        if let Some(why) = defaults.lacking(table.relation, &stuck) {
            return Err(Fault::new(format!("{} cannot be emptied: {why}", table.name))
                .hint("allow nulls there, give it a constant default, or say erase = \"delete\" for the table"));
        }
        if personal.is_empty() {
            return Err(Fault::new(format!("{} has no column with a category that can be emptied", table.name))
                .hint("say erase = \"delete\" for the table"));
        }
        Ok(personal)
    }

    pub(super) fn emptied_columns(&self, table: &TablePolicy) -> Result<Vec<&'a Column>, Fault> {
        let relation = self.relation(table)?;
        let is_emptied = |c: &&Column| {
            // In a link to a person a default is another person.
            let is_other = c.not_null && self.is_link(table.relation, &c.name);
            table.is_personal(c) && !is_other && !self.decides(table.relation, &c.name)
        };
        Ok(relation.columns.iter().filter(is_emptied).collect())
    }
}

impl Sweep<'_> {
    /// The statement that empties what is marked for it.
    pub(super) fn nulling(&self, (oid, name): &(Oid, QualifiedName)) -> Result<String, Fault> {
        let policy = self.rules.policy.tables.get(oid).ok_or_else(|| gone(name))?;
        let set = emptying(&self.rules.personal_columns(policy, &self.defaults)?);
        let (name, at) = (name.to_sql(), at("d", *oid, "t"));
        let update =
            format!("UPDATE {name} AS t SET {set} FROM {MARKED} AS d WHERE {at} AND d.fate OPERATOR(pg_catalog.=) 'n'");
        Ok(self.followed(*oid, update, MARKED, "d"))
    }

    /// The row `row` is not emptied yet.
    pub(super) fn has_personal_value(&self, table: &TablePolicy, row: &str) -> Result<String, Fault> {
        let personal = self.rules.personal_columns(table, &self.defaults)?;
        Ok(self.defaults.filled(table.relation, &personal, row))
    }
}

/// The tables that the policy says to null and that cannot be, each with why.
pub async fn cannot_be_emptied(client: &impl GenericClient, rules: Rules<'_>) -> Result<Vec<Fault>, Fault> {
    let defaults = Defaults::of_nulled(client, rules).await?;
    let tables = rules.policy.tables_by_name().into_iter();
    let nulled = tables.filter(|table| erase_of(rules.catalog, rules.policy, table) == Erase::Null);
    Ok(nulled.filter_map(|table| rules.personal_columns(table, &defaults).err()).collect())
}

/// What UPDATE sets these columns to: null, or their default where null is not allowed.
pub(super) fn emptying(columns: &[&Column]) -> String {
    let empty = |c: &&Column| format!("{} = {}", quote_ident(&c.name), if c.not_null { "DEFAULT" } else { "NULL" });
    columns.iter().map(empty).collect::<Vec<_>>().join(", ")
}

/// What columns with a category that cannot be null hold when they are emptied, as text in SQL: their defaults, where these
/// are the same for every row. (Of others it cannot be told whether they were emptied, so they never are.) And why columns
/// cannot be emptied, though they might be null or have a default.
pub struct Defaults(BTreeMap<(Oid, String), Result<String, String>>);

/// Expressions of which all nodes are of kinds, and all functions of a volatility, that make them the same for every row.
const CONSTANT: &str = r"SELECT e.adrelid, a.attname::pg_catalog.text,
            pg_catalog.format('(%s)::%s', pg_catalog.pg_get_expr(e.adbin, e.adrelid), pg_catalog.format_type(a.atttypid, a.atttypmod))
       FROM pg_catalog.pg_attrdef AS e JOIN pg_catalog.pg_attribute AS a ON a.attrelid = e.adrelid AND a.attnum = e.adnum
      WHERE e.adrelid = ANY ($1) AND a.attnotnull AND a.attgenerated = ''
        AND NOT EXISTS (SELECT FROM pg_catalog.regexp_matches(e.adbin::pg_catalog.text, '\{([A-Z]+)', 'g') AS node (kind)
                         WHERE node.kind[1] NOT IN ('CONST', 'FUNCEXPR', 'OPEXPR', 'RELABELTYPE', 'ARRAY', 'ARRAYEXPR', 'COERCETODOMAIN'))
        AND NOT EXISTS (SELECT FROM pg_catalog.regexp_matches(e.adbin::pg_catalog.text, ':(?:op)?funcid (\d+)', 'g') AS called (number)
                          JOIN pg_catalog.pg_proc AS p ON p.oid = called.number[1]::pg_catalog.oid WHERE p.provolatile <> 'i')";

/// Columns that a foreign key refers to: emptied, they would change the rows that refer to them (ON UPDATE SET NULL, SET
/// DEFAULT or CASCADE), and take the person away from one that is held, or from a choice; or they cannot be, as long as there
/// is such a row.
const REFERRED: &str = "SELECT f.confrelid, a.attname::pg_catalog.text,
            pg_catalog.format('foreign key %s of %s.%s refers to %s', f.conname, n.nspname, c.relname, a.attname)
       FROM pg_catalog.pg_constraint AS f
       JOIN pg_catalog.pg_class AS c ON c.oid = f.conrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.confrelid AND a.attnum = ANY (f.confkey)
      WHERE f.contype = 'f' AND f.conparentid = 0 ORDER BY f.conname";

impl Defaults {
    /// Those of the tables that are nulled.
    pub async fn of_nulled(client: &impl GenericClient, rules: Rules<'_>) -> Result<Self, Fault> {
        let mut columns = Vec::new();
        for table in rules.policy.tables.values() {
            if erase_of(rules.catalog, rules.policy, table) == Erase::Null {
                columns.extend(rules.emptied_columns(table)?.into_iter().map(|c| (table.relation, c)));
            }
        }
        let mut defaults = Self::load_apart(client, &columns).await?;
        for row in client.query(REFERRED, &[]).await? {
            let (referred, name): (Oid, String) = (row.try_get(0)?, row.try_get(1)?);
            let why: String = row.try_get(2)?;
            // Or what is computed from it is referred to.
            let is_it = |(table, c): &&(Oid, &Column)| {
                rules.is_of(*table, referred) && rules.follow(*table, &c.name).contains(&name)
            };
            let known = columns.iter().filter(is_it).map(|(table, c)| ((*table, c.name.clone()), Err(why.clone())));
            defaults.0.extend(known);
        }
        Ok(defaults)
    }

    /// In a transaction of its own.
    pub(super) async fn load_apart(client: &impl GenericClient, columns: &[(Oid, &Column)]) -> Result<Self, Fault> {
        client.batch_execute("BEGIN READ ONLY").await?;
        let loaded = Self::load(client, columns).await;
        client.batch_execute("ROLLBACK").await?;
        loaded
    }

    /// Within a transaction.
    pub(super) async fn load(client: &impl GenericClient, columns: &[(Oid, &Column)]) -> Result<Self, Fault> {
        let needed: BTreeSet<(Oid, &str)> =
            columns.iter().filter(|(_, c)| c.not_null).map(|(table, c)| (*table, c.name.as_str())).collect();
        let tables: Vec<Oid> = needed.iter().map(|(table, _)| *table).collect();
        let mut all = BTreeMap::new();
        if tables.is_empty() {
            return Ok(Self(all));
        }
        for row in client.query(CONSTANT, &[&tables]).await? {
            let (table, name): (Oid, String) = (row.try_get(0)?, row.try_get(1)?);
            if needed.contains(&(table, name.as_str())) {
                let value = compute(client, row.try_get(2)?).await?;
                let fails = |why| format!("{name} is NOT NULL and its default cannot be computed: {why}");
                let value = value.map(|value| value.map_err(fails));
                all.extend(value.map(|value| ((table, name), value)));
            }
        }
        Ok(Self(all))
    }

    fn of(&self, table: Oid, column: &Column) -> Option<&String> {
        self.0.get(&(table, column.name.clone()))?.as_ref().ok()
    }

    /// Why these columns cannot be emptied, if they are any.
    pub(super) fn lacking(&self, table: Oid, stuck: &[&Column]) -> Option<String> {
        let failed = |c: &&Column| self.0.get(&(table, c.name.clone())).and_then(|value| value.as_ref().err());
        let differing: Vec<&str> = stuck.iter().filter(|c| failed(c).is_none()).map(|c| c.name.as_str()).collect();
        let differs =
            || format!("{} is NOT NULL and has no default that is the same for every row", differing.join(", "));
        let mut why: Vec<String> = (!differing.is_empty()).then(differs).into_iter().collect();
        why.extend(stuck.iter().filter_map(failed).cloned());
        (!why.is_empty()).then(|| why.join("; "))
    }

    /// Those of the columns that can be emptied, and the others.
    pub(super) fn parted<'c>(&self, table: Oid, columns: Vec<&'c Column>) -> (Vec<&'c Column>, Vec<&'c Column>) {
        let can = |c: &&Column| self.0.get(&(table, c.name.clone())).map_or(!c.not_null, Result::is_ok);
        columns.into_iter().partition(can)
    }

    /// The row `row` holds something in one of these columns, or may. It means the same under any `search_path`.
    pub(super) fn filled(&self, table: Oid, columns: &[&Column], row: &str) -> String {
        let test = |column: &&Column| {
            let value = format!("{row}.{}", quote_ident(&column.name));
            match self.of(table, column) {
                // `IS NOT NULL` is false of a row that has a null in it.
                _ if !column.not_null => format!("{value} IS DISTINCT FROM NULL"),
                Some(empty) => {
                    format!("{value}::pg_catalog.text COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.<>) {empty}")
                }
                None => "true".to_owned(),
            }
        };
        let tests: Vec<String> = columns.iter().map(test).collect();
        if tests.is_empty() { "false".to_owned() } else { format!("({})", tests.join(" OR ")) }
    }
}

/// What a default is, as a literal of text, or why that cannot be computed; names in its functions are found as in an UPDATE
/// by this login.
async fn compute(client: &impl GenericClient, default: &str) -> Result<Option<Result<String, String>>, Fault> {
    client.batch_execute("SAVEPOINT consentry_default; SET LOCAL search_path TO DEFAULT").await?;
    let sql = format!("SELECT pg_catalog.quote_literal(({default})::pg_catalog.text)");
    let computed = match client.query_one(&sql, &[]).await.map_err(Fault::from) {
        Ok(row) => row.try_get::<_, Option<String>>(0)?.map(Ok),
        Err(fault) if fault.sqlstate.is_some() => Some(Err(fault.message)),
        Err(lost) => return Err(lost),
    };
    client.batch_execute("ROLLBACK TO SAVEPOINT consentry_default; RELEASE SAVEPOINT consentry_default").await?;
    Ok(computed)
}
