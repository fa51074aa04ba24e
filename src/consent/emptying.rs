//! Which columns of a row are emptied where the policy says `erase = "null"`, and which rows are emptied already.

use std::collections::BTreeMap;

use tokio_postgres::GenericClient;

use crate::engine::catalog::{Column, Oid, QualifiedName, quote_ident};
use crate::engine::policy::erasing::erase_of;
use crate::engine::policy::{Erase, TablePolicy};

use super::fault::Fault;
use super::rules::Rules;
use super::sweep::{MARKED, Sweep, at, gone};
use super::target::relation;

impl<'a> Rules<'a> {
    /// Columns with a category that are emptied. Refuses a table of which not all can be.
    fn personal_columns(&self, table: &TablePolicy, defaults: &Defaults) -> Result<Vec<&'a Column>, Fault> {
        let (personal, stuck) = defaults.parted(table.relation, self.emptied_columns(table)?);
        if let Some(why) = lacking(&stuck) {
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
        let relation = relation(self.catalog, table.relation, &table.name.to_string())?;
        let is_emptied = |c: &&Column| {
            // In a link to a person a default is another person.
            let is_other = c.not_null && self.is_link(table.relation, &c.name);
            table.is_personal(c) && !is_other && !self.decides(table.relation, &c.name)
        };
        Ok(relation.columns.iter().filter(is_emptied).collect())
    }

    /// Columns with a category that are not emptied for what they decide. What is computed follows the others.
    pub(super) fn needed_columns(&self, table: &TablePolicy) -> Result<Vec<String>, Fault> {
        let emptied = self.emptied_columns(table)?;
        let relation = relation(self.catalog, table.relation, &table.name.to_string())?;
        let needed =
            relation.columns.iter().filter(|c| table.is_personal(c) && !emptied.iter().any(|e| e.name == c.name));
        Ok(needed.map(|c| c.name.clone()).collect())
    }
}

impl Sweep<'_> {
    /// The statement that empties what is marked for it.
    pub(super) fn nulling(&self, (oid, name): &(Oid, QualifiedName)) -> Result<String, Fault> {
        let policy = self.rules.policy.tables.get(oid).ok_or_else(|| gone(name))?;
        let set = emptying(&self.rules.personal_columns(policy, &self.defaults)?);
        let (name, at) = (name.to_sql(), at("d", *oid, "t"));
        Ok(format!("UPDATE {name} AS t SET {set} FROM {MARKED} AS d WHERE {at} AND d.fate OPERATOR(pg_catalog.=) 'n'"))
    }

    /// The row `row` is not emptied yet.
    pub(super) fn has_personal_value(&self, table: &TablePolicy, row: &str) -> Result<String, Fault> {
        let personal = self.rules.personal_columns(table, &self.defaults)?;
        Ok(self.defaults.filled(table.relation, &personal, row))
    }
}

/// The tables that the policy says to null and that cannot be, each with why.
pub async fn cannot_be_emptied(client: &impl GenericClient, rules: Rules<'_>) -> Result<Vec<Fault>, Fault> {
    let defaults = Defaults::load(client, rules).await?;
    let tables = rules.policy.tables_by_name().into_iter();
    let nulled = tables.filter(|table| erase_of(rules.catalog, rules.policy, table) == Erase::Null);
    Ok(nulled.filter_map(|table| rules.personal_columns(table, &defaults).err()).collect())
}

/// What UPDATE sets these columns to: null, or their default where null is not allowed.
pub(super) fn emptying(columns: &[&Column]) -> String {
    let empty = |c: &&Column| format!("{} = {}", quote_ident(&c.name), if c.not_null { "DEFAULT" } else { "NULL" });
    columns.iter().map(empty).collect::<Vec<_>>().join(", ")
}

/// Why these columns cannot be emptied, if they are any.
pub(super) fn lacking(stuck: &[&Column]) -> Option<String> {
    let names: Vec<&str> = stuck.iter().map(|c| c.name.as_str()).collect();
    let why = || format!("{} is NOT NULL and has no default that is the same for every row", names.join(", "));
    (!names.is_empty()).then(why)
}

/// What columns with a category that cannot be null hold when they are emptied, as text in SQL: their defaults, where these
/// are the same for every row. (Of others it cannot be told whether they were emptied, so they never are.)
pub struct Defaults(BTreeMap<(Oid, String), String>);

/// Expressions of which all nodes are of kinds, and all functions of a volatility, that make them the same for every row.
const CONSTANT: &str = r"SELECT e.adrelid, a.attname::pg_catalog.text,
            pg_catalog.format('(%s)::%s', pg_catalog.pg_get_expr(e.adbin, e.adrelid), pg_catalog.format_type(a.atttypid, a.atttypmod))
       FROM pg_catalog.pg_attrdef AS e JOIN pg_catalog.pg_attribute AS a ON a.attrelid = e.adrelid AND a.attnum = e.adnum
      WHERE e.adrelid = ANY ($1) AND a.attnotnull AND a.attgenerated = ''
        AND NOT EXISTS (SELECT FROM pg_catalog.regexp_matches(e.adbin::pg_catalog.text, '\{([A-Z]+)', 'g') AS node (kind)
                         WHERE node.kind[1] NOT IN ('CONST', 'FUNCEXPR', 'OPEXPR', 'RELABELTYPE', 'ARRAY', 'ARRAYEXPR', 'COERCETODOMAIN'))
        AND NOT EXISTS (SELECT FROM pg_catalog.regexp_matches(e.adbin::pg_catalog.text, ':(?:op)?funcid (\d+)', 'g') AS called (number)
                          JOIN pg_catalog.pg_proc AS p ON p.oid = called.number[1]::pg_catalog.oid WHERE p.provolatile <> 'i')";

impl Defaults {
    pub async fn load(client: &impl GenericClient, Rules { policy, catalog }: Rules<'_>) -> Result<Self, Fault> {
        let tables: Vec<Oid> = policy.tables.keys().copied().collect();
        let mut all = BTreeMap::new();
        for row in client.query(CONSTANT, &[&tables]).await? {
            let column: (Oid, String) = (row.try_get(0)?, row.try_get(1)?);
            let known = catalog.relation(column.0).and_then(|r| r.column(&column.1));
            if policy.tables.get(&column.0).zip(known).is_some_and(|(table, c)| table.is_personal(c)) {
                let sql = format!("SELECT pg_catalog.quote_literal(({})::pg_catalog.text)", row.try_get::<_, &str>(2)?);
                let value: Option<String> = client.query_one(&sql, &[]).await?.try_get(0)?;
                all.extend(value.map(|value| (column, value)));
            }
        }
        Ok(Self(all))
    }

    fn of(&self, table: Oid, column: &Column) -> Option<&String> {
        self.0.get(&(table, column.name.clone()))
    }

    /// Those of the columns that can be emptied, and the others.
    pub(super) fn parted<'c>(&self, table: Oid, columns: Vec<&'c Column>) -> (Vec<&'c Column>, Vec<&'c Column>) {
        columns.into_iter().partition(|c| !c.not_null || self.of(table, c).is_some())
    }

    /// The row `row` holds something in one of these columns, or may. It means the same under any `search_path`.
    pub(super) fn filled(&self, table: Oid, columns: &[&Column], row: &str) -> String {
        let test = |column: &&Column| {
            let value = format!("{row}.{}", quote_ident(&column.name));
            match self.of(table, column) {
                _ if !column.not_null => format!("{value} IS NOT NULL"),
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
