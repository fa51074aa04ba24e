//! How a row leads to its subject, and conditions about that subject: consent, objection, restriction.
//!
//! Correlated by plain equality of stored columns, so that PostgreSQL makes semi- and anti-joins of them.

use crate::engine::catalog::{Catalog, Column, Relation};
use crate::engine::policy::{Policy, Purpose, SubjectKind, SubjectPath, TablePolicy};
use crate::engine::refusal::Refusal;

use super::consent::{Choices, Records};
use super::probe::{Bind, Must, Probe, Test};
use super::sql::{Names, column, same_key};
use super::{column_of, condition_over, policy_entry, relation_of, stale};

/// The subject of a stored row, reached from the row by joins.
pub struct Subject<'a> {
    pub kind: &'a SubjectKind,
    policy: &'a Policy,
    catalog: &'a Catalog,
    names: &'a Names,
    /// Relations between the row and its subject, each as `schema.table alias`; empty when the row holds the key itself.
    from: Vec<String>,
    /// How the first of them is bound to the row.
    first: Option<Bind>,
    /// How they join to each other.
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
        let kind = check_way(catalog, policy, path, relation)?;
        let (mut from, mut first, mut joins) = (Vec::new(), None, Vec::new());
        let (mut here, mut at) = (alias.to_owned(), relation);
        for (i, hop) in path.hops.iter().enumerate() {
            let (next, there) = (names.alias(&format!("hop{}", i + 1)), relation_of(catalog, hop.table)?);
            let (to, back) = ((next.as_str(), column_of(there, &hop.to)?), (here.as_str(), column_of(at, &hop.from)?));
            match first {
                None => first = Some(Bind::new(to, back)),
                Some(_) => joins.push(same_key(to, back)),
            }
            from.push(format!("{} {next}", there.name.to_sql()));
            (here, at) = (next, there);
        }
        let key = column_of(at, &path.column)?;
        let own_row = path.hops.is_empty() && table.relation == kind.table && path.column == kind.key;
        let own_row = own_row.then(|| relation_of(catalog, kind.table)).transpose()?;
        Ok(Some(Self { kind, policy, catalog, names, from, first, joins, holder: here, key, own_row, alias }))
    }

    /// No other kind's choices are among its kind's: a foreign key may have told them apart that is gone.
    fn chooses_alone(&self) -> Result<(), Refusal> {
        let mut others = self.policy.subjects.values().filter(|other| other.name != self.kind.name);
        match others.find(|other| self.kind.takes_choices_of(other, self.catalog)) {
            Some(other) => Err(stale(format!("choices of {} and {} are not told apart", self.kind.name, other.name))),
            None => Ok(()),
        }
    }

    /// The row leads to somebody.
    pub fn known(&self) -> Test {
        let known = format!("{} IS NOT NULL", column(&self.holder, &self.key.name));
        match self.first.clone() {
            None => Test::Plain(known),
            Some(bind) => {
                let tests = self.joins.iter().cloned().chain([known]).collect();
                Test::Probe(Probe { must: Must::Exist, from: self.from.clone(), bind, tests, of: None })
            }
        }
    }

    /// Somebody's consent for `purpose` is valid. False for rows about nobody.
    pub fn consents(&self, purpose: &Purpose, records: Records) -> Result<Test, Refusal> {
        let Some(source) = &self.kind.consent else { return Ok(Test::Plain("false".to_owned())) };
        self.chooses_alone()?;
        let choices = Choices::new(self.catalog, source, self.names)?;
        let c = self.names.alias("consent");
        let tests = choices.valid(&c, &purpose.name, purpose.notices.as_deref())?;
        let last = Last { from: choices.from(&c), alias: &c, key: choices.subject() };
        Ok(self.probe(Must::Exist, last, tests, choices.is_of(&c, records)))
    }

    /// Nobody that the row is about objects to `purpose`. True for rows about nobody. `None`: no objection can be on record.
    pub fn does_not_object(&self, purpose: &Purpose, records: Records) -> Result<Option<Test>, Refusal> {
        let Some(source) = self.kind.consent.as_ref().filter(|source| !source.objected.is_empty()) else {
            return Ok(None);
        };
        self.chooses_alone()?;
        let choices = Choices::new(self.catalog, source, self.names)?;
        let o = self.names.alias("objection");
        let tests = choices.objection(&o, &purpose.name)?;
        let last = Last { from: choices.from(&o), alias: &o, key: choices.subject() };
        Ok(Some(self.probe(Must::NotExist, last, tests, choices.is_of(&o, records))))
    }

    /// Nobody that the row is about is restricted; a null `restricted_when` restricts. `None`: the policy restricts nobody.
    pub fn is_not_restricted(&self) -> Result<Option<Test>, Refusal> {
        let Some(restricted_when) = &self.kind.restricted_when else { return Ok(None) };
        if let Some(own) = self.own_row.filter(|own| self.catalog.is_sole(own, &self.kind.key)) {
            // The row itself says it: no other row has this key.
            let free = format!("{} IS FALSE", condition_over(restricted_when, own, self.alias)?);
            let key = column(self.alias, &self.key.name);
            let free = if self.key.not_null { free } else { format!("({key} IS NULL OR {free})") };
            return Ok(Some(Test::Plain(free)));
        }
        let (s, people) = (self.names.alias("subject"), relation_of(self.catalog, self.kind.table)?);
        let restricted = format!("{} IS NOT FALSE", condition_over(restricted_when, people, &s)?);
        let from = format!("{} {s}", people.name.to_sql());
        let last = Last { from, alias: &s, key: column_of(people, &self.kind.key)? };
        Ok(Some(self.probe(Must::NotExist, last, vec![restricted], None)))
    }

    fn probe(&self, must: Must, last: Last<'_>, mut tests: Vec<String>, of: Option<String>) -> Test {
        let (this, that) = ((last.alias, last.key), (self.holder.as_str(), self.key));
        let bind = match self.first.clone() {
            None => Bind::new(this, that),
            Some(bind) => {
                tests.splice(0..0, self.joins.iter().cloned().chain([same_key(this, that)]));
                bind
            }
        };
        let from = self.from.iter().cloned().chain([last.from]).collect();
        Test::Probe(Probe { must, from, bind, tests, of })
    }
}

/// The kind of person that rows of `relation` lead to on `path`. The policy found each step sound when it was read: keys may
/// have gone since, and tables come that inherit.
pub fn check_way<'a>(
    catalog: &Catalog,
    policy: &'a Policy,
    path: &SubjectPath,
    relation: &Relation,
) -> Result<&'a SubjectKind, Refusal> {
    let kind = policy_entry(&policy.subjects, "subject", &path.kind)?;
    let mut at = relation;
    for hop in &path.hops {
        let there = relation_of(catalog, hop.table)?;
        let lost = |_| {
            let (from, to) = (format!("{}.{}", at.name, hop.from), format!("{}.{}", there.name, hop.to));
            stale(format!("{from} does not lead from every row to one row of {to} any more"))
        };
        catalog.leads(at, &hop.from, there, &hop.to).map_err(lost)?;
        at = there;
    }
    let people = relation_of(catalog, kind.table)?;
    let asked = kind.consent.as_ref().map(|source| source.table);
    for table in asked.into_iter().chain(kind.restricted_when.as_ref().map(|_| kind.table)) {
        let table = relation_of(catalog, table)?;
        if table.row_security {
            return Err(stale(format!("{} has row-level security now, and what it hides would not count", table.name)));
        }
    }
    if !people.is_unique(&kind.key) {
        return Err(stale(format!("{}.{} is not unique any more", people.name, kind.key)));
    }
    Ok(kind)
}

/// The relation at the end of a look: what says something of the subject.
struct Last<'a> {
    /// `schema.table alias`.
    from: String,
    alias: &'a str,
    key: &'a Column,
}
