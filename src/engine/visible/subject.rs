//! How a row leads to its subject, and conditions about that subject: consent, objection, restriction.
//!
//! Correlated by plain equality of stored columns, so that PostgreSQL makes semi- and anti-joins of them.

use crate::engine::catalog::{Catalog, Column, Relation};
use crate::engine::policy::{Policy, Purpose, SubjectKind, TablePolicy};
use crate::engine::refusal::Refusal;

use super::consent::{Choices, Records};
use super::probe::{Must, Probe, Test};
use super::sql::{Names, column, same_key};
use super::{column_of, condition_over, policy_entry, relation_of};

/// The subject of a stored row, reached from the row by joins.
pub struct Subject<'a> {
    pub kind: &'a SubjectKind,
    catalog: &'a Catalog,
    names: &'a Names,
    /// Relations between the row and its subject, each as `schema.table alias`; empty when the row holds the key itself.
    from: Vec<String>,
    /// How they join, first to the row, then to each other.
    joins: Vec<String>,
    /// Alias and column that hold the key.
    holder: String,
    key: &'a Column,
    /// The row is the person's own row in the subject's table.
    own_row: Option<&'a Relation>,
    alias: &'a str,
}

impl<'a> Subject<'a> {
    /// `None` for a table without subject. `relation` is the protected table or a child of it, behind `alias`.
    pub fn of(
        catalog: &'a Catalog,
        policy: &'a Policy,
        table: &'a TablePolicy,
        relation: &'a Relation,
        alias: &'a str,
        names: &'a Names,
    ) -> Result<Option<Self>, Refusal> {
        let Some(path) = &table.subject else { return Ok(None) };
        let kind = policy_entry(&policy.subjects, "subject", &path.kind)?;
        let (mut from, mut joins) = (Vec::new(), Vec::new());
        let (mut here, mut at) = (alias.to_owned(), relation);
        for (i, hop) in path.hops.iter().enumerate() {
            let (next, there) = (names.alias(&format!("hop{}", i + 1)), relation_of(catalog, hop.table)?);
            joins.push(same_key((&next, column_of(there, &hop.to)?), (&here, column_of(at, &hop.from)?)));
            from.push(format!("{} {next}", there.name.to_sql()));
            (here, at) = (next, there);
        }
        let key = column_of(at, &path.column)?;
        let own_row = path.hops.is_empty() && table.relation == kind.table && path.column == kind.key;
        let own_row = own_row.then(|| relation_of(catalog, kind.table)).transpose()?;
        Ok(Some(Self { kind, catalog, names, from, joins, holder: here, key, own_row, alias }))
    }

    /// The row leads to somebody.
    pub fn known(&self) -> Test {
        let known = format!("{} IS NOT NULL", column(&self.holder, &self.key.name));
        if self.from.is_empty() { Test::Plain(known) } else { self.probe(Must::Exist, None, vec![known], None) }
    }

    /// Somebody's consent for `purpose` is valid. False for rows about nobody.
    pub fn consents(&self, purpose: &Purpose, records: Records) -> Result<Test, Refusal> {
        let Some(source) = &self.kind.consent else { return Ok(Test::Plain("false".to_owned())) };
        let choices = Choices::new(self.catalog, source, self.names)?;
        let c = self.names.alias("consent");
        let mut tests = vec![same_key((&c, choices.subject()), (&self.holder, self.key))];
        tests.extend(choices.valid(&c, &purpose.name, purpose.notices.as_deref())?);
        Ok(self.probe(Must::Exist, Some(choices.from(&c)), tests, choices.is_of(&c, records)))
    }

    /// Nobody that the row is about objects to `purpose`. True for rows about nobody. `None`: no objection can be on record.
    pub fn does_not_object(&self, purpose: &Purpose, records: Records) -> Result<Option<Test>, Refusal> {
        let Some(source) = self.kind.consent.as_ref().filter(|source| !source.objected.is_empty()) else {
            return Ok(None);
        };
        let choices = Choices::new(self.catalog, source, self.names)?;
        let o = self.names.alias("objection");
        let mut tests = vec![same_key((&o, choices.subject()), (&self.holder, self.key))];
        tests.extend(choices.objection(&o, &purpose.name)?);
        Ok(Some(self.probe(Must::NotExist, Some(choices.from(&o)), tests, choices.is_of(&o, records))))
    }

    /// Nobody that the row is about is restricted; a null `restricted_when` restricts. `None`: the policy restricts nobody.
    pub fn is_not_restricted(&self) -> Result<Option<Test>, Refusal> {
        let Some(restricted_when) = &self.kind.restricted_when else { return Ok(None) };
        if let Some(own) = self.own_row.filter(|own| is_sole(own, &self.kind.key, self.catalog)) {
            // The row itself says it: no other row has this key.
            let free = format!("{} IS FALSE", condition_over(restricted_when, own, self.alias)?);
            let key = column(self.alias, &self.key.name);
            let free = if self.key.not_null { free } else { format!("({key} IS NULL OR {free})") };
            return Ok(Some(Test::Plain(free)));
        }
        let (s, people) = (self.names.alias("subject"), relation_of(self.catalog, self.kind.table)?);
        let restricted = format!("{} IS NOT FALSE", condition_over(restricted_when, people, &s)?);
        let same = same_key((&s, column_of(people, &self.kind.key)?), (&self.holder, self.key));
        let from = format!("{} {s}", people.name.to_sql());
        Ok(Some(self.probe(Must::NotExist, Some(from), vec![same, restricted], None)))
    }

    fn probe(&self, must: Must, last: Option<String>, tests: Vec<String>, of: Option<String>) -> Test {
        Test::Probe(Probe {
            must,
            from: self.from.iter().cloned().chain(last).collect(),
            tests: self.joins.iter().cloned().chain(tests).collect(),
            of,
        })
    }
}

/// No two rows of the relation, its children included, share a value of `key`.
fn is_sole(relation: &Relation, key: &str, catalog: &Catalog) -> bool {
    let unique = |columns: &Vec<String>| columns.as_slice() == [key];
    // A key of a partitioned table holds in all of it; one of an inheritance parent does not bind its children.
    let whole = relation.kind == crate::engine::catalog::RelationKind::PartitionedTable
        || catalog.children(relation.oid).is_empty();
    whole && (unique(&relation.primary_key) || relation.unique_keys.iter().any(unique))
}
