//! What rows keep when they are emptied.

use serde::Serialize;

use crate::engine::catalog::{Column, Relation, RelationKind};
use crate::engine::policy::erasing::erase_of;
use crate::engine::policy::{ColumnUse, Erase, TablePolicy};

use super::fault::Fault;
use super::rules::Rules;

/// Columns of a table that are not emptied with its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Those that the policy does not list; and it cannot list those that only a table has which inherits from this one.
    pub unlisted: Vec<String>,
    /// Those with a category that stay, because they say whether a row is there, or whose it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needed: Vec<String>,
    /// Those with a category that PostgreSQL generates, and not from emptied columns alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub generated: Vec<String>,
}

impl Rules<'_> {
    /// What is left of rows of the table where they are nulled.
    pub(super) fn left(&self, table: &TablePolicy) -> Result<Left, Fault> {
        if erase_of(self.catalog, self.policy, table) == Erase::Delete {
            return Ok(Left::default());
        }
        let (relation, emptied) = (self.relation(table)?, self.emptied_columns(table)?);
        let named = |which: &dyn Fn(&Column) -> bool| -> Vec<String> {
            relation.columns.iter().filter(|c| which(c)).map(|c| c.name.clone()).collect()
        };
        let mut unlisted = named(&|c| !table.columns.contains_key(&c.name));
        unlisted.extend(self.of_heirs(table)?);
        Ok(Left {
            unlisted,
            needed: named(&|c| table.is_personal(c) && !is_one(&c.name, &emptied)),
            generated: named(&|c| has_category(table, c) && c.generated && keeps(c, &emptied)),
        })
    }

    /// Columns that only tables have which inherit from this one, each with its table.
    pub(super) fn of_heirs(&self, table: &TablePolicy) -> Result<Vec<String>, Fault> {
        let relation = self.relation(table)?;
        let family = self.catalog.family(relation.oid).into_iter();
        Ok(family.flat_map(|heir| own(heir, relation).map(|c| format!("{}.{}", heir.name, c.name))).collect())
    }

    /// Items of FROM with the name `t`, each with a first condition, that together give the table's rows whole: those of a
    /// table that inherits from it and has columns of its own from there.
    pub(super) fn sources(&self, table: &TablePolicy) -> Result<Vec<String>, Fault> {
        let relation = self.relation(table)?;
        let family = self.catalog.family(relation.oid).into_iter();
        let heirs: Vec<&Relation> = family.filter(|heir| own(heir, relation).next().is_some()).collect();
        let oids: Vec<String> = heirs.iter().map(|heir| heir.oid.to_string()).collect();
        let name = relation.name.to_sql();
        let above = match heirs.is_empty() {
            true => format!("{name} AS t WHERE true"),
            false => format!("{name} AS t WHERE t.tableoid <> ALL ('{{{}}}'::oid[])", oids.join(",")),
        };
        let own = heirs.iter().map(|heir| format!("ONLY {} AS t WHERE true", heir.name.to_sql()));
        Ok(std::iter::once(above).chain(own).collect())
    }

    /// What stays for sure though it may be personal, and what to do about it.
    pub fn surely_left(&self) -> Result<Vec<String>, Fault> {
        let mut all = Vec::new();
        for table in self.policy.tables_by_name().into_iter().filter(|t| t.retention.is_some()) {
            if self.is_refreshed(table) {
                all.push(format!(
                    "{} is a materialized view: its rows past their time stay until it is refreshed\n  \
                     help: REFRESH MATERIALIZED VIEW {} after each `consentry retention apply`",
                    table.name,
                    table.name.to_sql()
                ));
            }
        }
        let nulled = |t: &&TablePolicy| erase_of(self.catalog, self.policy, t) == Erase::Null;
        for table in self.policy.tables_by_name().into_iter().filter(nulled) {
            let heirs = self.of_heirs(table)?;
            if !heirs.is_empty() {
                all.push(format!(
                    "rows of {0} are nulled, and those of tables that inherit from it keep {1}, which no policy can list\n  \
                     help: move these columns to {0} and list them, or say erase = \"delete\" for it",
                    table.name,
                    heirs.join(", ")
                ));
            }
            let emptied = self.emptied_columns(table)?;
            let untouched = |c: &&Column| {
                has_category(table, c) && c.generated && !c.computed_from.iter().any(|from| is_one(from, &emptied))
            };
            for column in self.relation(table)?.columns.iter().filter(untouched) {
                let from = match column.computed_from.as_slice() {
                    [] => "by itself".to_owned(),
                    from => format!("from what they keep too: {}", from.join(", ")),
                };
                all.push(format!(
                    "rows of {} are nulled, and keep {}, which PostgreSQL generates {from}\n  \
                     help: give what it is generated from a category, say it is open, or say erase = \"delete\" for the table",
                    table.name, column.name
                ));
            }
        }
        Ok(all)
    }

    /// Whether it is a materialized view, of which rows go only when it is refreshed.
    pub(super) fn is_refreshed(&self, table: &TablePolicy) -> bool {
        self.catalog.relation(table.relation).is_some_and(|r| r.kind == RelationKind::MaterializedView)
    }
}

fn has_category(table: &TablePolicy, column: &Column) -> bool {
    matches!(table.columns.get(&column.name), Some(ColumnUse::Category(_)))
}

/// Columns that a table has and one that it inherits from has not.
fn own<'r>(heir: &'r Relation, above: &'r Relation) -> impl Iterator<Item = &'r Column> {
    heir.columns.iter().filter(|c| above.column(&c.name).is_none())
}

/// Whether the column still holds something where `emptied` ones do not: what is computed follows those that it is computed
/// from.
pub(super) fn keeps(column: &Column, emptied: &[&Column]) -> bool {
    match column.computed {
        true => column.computed_from.iter().any(|from| !is_one(from, emptied)),
        false => !is_one(&column.name, emptied),
    }
}

fn is_one(name: &str, of: &[&Column]) -> bool {
    of.iter().any(|c| c.name == name)
}
