//! Which columns of a row are emptied where the policy says `erase = "null"`.

use crate::engine::catalog::{Column, Oid, QualifiedName, quote_ident};
use crate::engine::policy::TablePolicy;

use super::fault::Fault;
use super::rules::Rules;
use super::sweep::{MARKED, at, gone};
use super::target::relation;

/// A column that is emptied.
pub(super) struct Personal {
    pub column: String,
    pub nullable: bool,
}

impl Personal {
    fn emptied(&self) -> String {
        format!("{} = {}", quote_ident(&self.column), if self.nullable { "NULL" } else { "DEFAULT" })
    }
}

impl Rules<'_> {
    /// The statement that empties what is marked for it; its rows are those that it leaves empty.
    pub(super) fn nulling(&self, (oid, name): &(Oid, QualifiedName)) -> Result<String, Fault> {
        let policy = self.policy.tables.get(oid).ok_or_else(|| gone(name))?;
        let set: Vec<String> = self.personal_columns(policy)?.iter().map(Personal::emptied).collect();
        Ok(format!(
            "WITH n AS (UPDATE {} AS t SET {} FROM {MARKED} AS d WHERE {} AND d.fate OPERATOR(pg_catalog.=) 'n'
                        RETURNING {} AS filled)
             SELECT FROM n WHERE NOT filled",
            name.to_sql(),
            set.join(", "),
            at("d", *oid, "t"),
            self.has_personal_value(policy, "t")?
        ))
    }

    /// Columns with a category that are emptied: set to null, or to their default where null is not allowed. Refuses a
    /// table where a column has neither, and one whose emptied rows could not be told from the others.
    fn personal_columns(&self, table: &TablePolicy) -> Result<Vec<Personal>, Fault> {
        let personal = self.emptied_columns(table)?;
        let relation = relation(self.catalog, table.relation, &table.name.to_string())?;
        let fixed = |p: &&Personal| !p.nullable && relation.column(&p.column).is_some_and(|c| !c.has_default);
        let fixed: Vec<&str> = personal.iter().filter(fixed).map(|p| p.column.as_str()).collect();
        if !fixed.is_empty() {
            return Err(Fault::new(format!(
                "{} cannot be emptied: {} is NOT NULL and has no default",
                table.name,
                fixed.join(", ")
            ))
            .hint("allow nulls there, or say erase = \"delete\" for the table"));
        }
        if personal.iter().all(|p| !p.nullable) {
            return Err(Fault::new(format!("{} has no column with a category that can be null", table.name))
                .hint("an emptied row could not be told from another: say erase = \"delete\" for the table"));
        }
        Ok(personal)
    }

    pub(super) fn emptied_columns(&self, table: &TablePolicy) -> Result<Vec<Personal>, Fault> {
        let relation = relation(self.catalog, table.relation, &table.name.to_string())?;
        let is_emptied = |c: &&Column| {
            // In a link to a person a default is another person.
            let is_other = c.not_null && self.is_link(table.relation, &c.name);
            table.is_personal(c) && !is_other && !self.decides(table.relation, &c.name)
        };
        let emptied = relation.columns.iter().filter(is_emptied);
        Ok(emptied.map(|c| Personal { column: c.name.clone(), nullable: !c.not_null }).collect())
    }

    /// Columns with a category that are not emptied for what they decide. What is computed follows the others.
    pub(super) fn needed_columns(&self, table: &TablePolicy) -> Result<Vec<String>, Fault> {
        let emptied = self.emptied_columns(table)?;
        let relation = relation(self.catalog, table.relation, &table.name.to_string())?;
        let needed =
            relation.columns.iter().filter(|c| table.is_personal(c) && !emptied.iter().any(|e| e.column == c.name));
        Ok(needed.map(|c| c.name.clone()).collect())
    }

    /// The row `row` is not emptied yet.
    pub fn has_personal_value(&self, table: &TablePolicy, row: &str) -> Result<String, Fault> {
        let columns = self.personal_columns(table)?;
        let tests: Vec<String> = columns
            .iter()
            .filter(|c| c.nullable)
            .map(|c| format!("{row}.{} IS NOT NULL", quote_ident(&c.column)))
            .collect();
        Ok(format!("({})", tests.join(" OR ")))
    }
}
