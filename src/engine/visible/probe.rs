//! Tests on what other tables say of a row's subject, in the forms that PostgreSQL runs well.
//!
//! `EXISTS` is right for row conditions (a semi-join, by index or by hash as the planner sees fit) and wherever no join
//! may stand (row locks, the target of a write). In cells it is not: one for each column, and the planner, which does
//! not count on LIMIT there, reads the whole consent table for a page of 20 rows (700 ms; 0.1 ms by a join). There one
//! join answers for all columns of a row at once, and for the row itself: it is the only reading of the consent table.
//!
//! A `LATERAL` join looks up each row's subject by index, and never reads more than the rows need; a join with all
//! subjects, grouped, is read once by hash or merge, and beats it where all rows are read anyway (by three on a million).

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::engine::catalog::Column;

use super::sql::{Names, column, groups_as_equal, op, quoted, same_key};

/// A condition over a stored row.
pub enum Test {
    /// Over the row's own columns.
    Plain(String),
    Probe(Probe),
}

/// Whether rows of other tables must or must not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Must {
    Exist,
    NotExist,
}

/// A look into other tables.
pub struct Probe {
    pub must: Must,
    /// `schema.table alias` each.
    pub from: Vec<String>,
    pub bind: Bind,
    /// Conjuncts over the other tables alone.
    pub tests: Vec<String>,
    /// One conjunct more, in which probes of the same kind differ; `None`: none.
    pub of: Option<String>,
}

/// How the other tables are bound to the stored row: by one equality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    inner: String,
    outer: String,
    test: String,
    /// Whether values that are equal here are one group in GROUP BY, and the other way round.
    groups: bool,
}

impl Bind {
    /// Each side as alias and column; `inner` is the other tables' side.
    pub fn new(inner: (&str, &Column), outer: (&str, &Column)) -> Self {
        Self {
            inner: column(inner.0, &inner.1.name),
            outer: column(outer.0, &outer.1.name),
            test: same_key(inner, outer),
            groups: groups_as_equal(&inner.1.ty, &outer.1.ty),
        }
    }
}

impl Test {
    /// As a condition that can stand anywhere.
    pub fn exists(&self) -> String {
        match self {
            Test::Plain(sql) => sql.clone(),
            Test::Probe(probe) => probe.exists(probe.must),
        }
    }

    /// As a condition that PostgreSQL looks up row by row, and for each version of a row anew: neither a join nor a hash of all
    /// that there is, which PostgreSQL takes for cheaper where it does not count on LIMIT.
    pub fn row_by_row(&self) -> String {
        match self {
            Test::Plain(sql) => sql.clone(),
            Test::Probe(probe) => probe.exists_with(probe.must, " OFFSET 0"),
        }
    }

    /// As the condition that it is not so, which is never null.
    pub fn is_not_so(&self) -> String {
        match self {
            Test::Plain(sql) => format!("({sql}) IS NOT TRUE"),
            Test::Probe(probe) => probe.exists(match probe.must {
                Must::Exist => Must::NotExist,
                Must::NotExist => Must::Exist,
            }),
        }
    }
}

impl Probe {
    fn exists(&self, must: Must) -> String {
        self.exists_with(must, "")
    }

    fn exists_with(&self, must: Must, end: &str) -> String {
        let not = match must {
            Must::Exist => "",
            Must::NotExist => "NOT ",
        };
        let tests: Vec<&str> =
            std::iter::once(&self.bind.test).chain(&self.tests).chain(&self.of).map(String::as_str).collect();
        format!("{not}EXISTS (SELECT 1 FROM {} WHERE {}{end})", self.from.join(", "), tests.join(" AND "))
    }
}

/// How joins look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Subject by subject.
    Lateral,
    /// At all subjects at once.
    Grouped,
}

/// The joins of one relation, made as they are asked for.
pub struct Joins<'n> {
    names: &'n Names,
    look: Look,
    joins: RefCell<Vec<Join>>,
    asked: RefCell<BTreeSet<usize>>,
}

struct Join {
    alias: String,
    from: Vec<String>,
    bind: Bind,
    tests: Vec<String>,
    /// What its columns `f1`, `f2`, … tell of the records found.
    flags: Vec<Option<String>>,
}

impl<'n> Joins<'n> {
    pub fn new(names: &'n Names, look: Look) -> Self {
        Self { names, look, joins: RefCell::default(), asked: RefCell::default() }
    }

    /// `test` as a condition over a join's flag.
    pub fn flag(&self, test: &Test) -> String {
        let probe = match test {
            Test::Plain(sql) => return sql.clone(),
            Test::Probe(probe) => probe,
        };
        let mut joins = self.joins.borrow_mut();
        let same = |j: &Join| j.from == probe.from && j.bind == probe.bind && j.tests == probe.tests;
        let at = joins.iter().position(same).unwrap_or_else(|| {
            let alias = self.names.alias(&format!("join{}", joins.len() + 1));
            let (from, bind, tests) = (probe.from.clone(), probe.bind.clone(), probe.tests.clone());
            joins.push(Join { alias, from, bind, tests, flags: Vec::new() });
            joins.len() - 1
        });
        self.asked.borrow_mut().insert(at);
        let join = &mut joins[at];
        let n = join.flags.iter().position(|f| *f == probe.of).unwrap_or_else(|| {
            join.flags.push(probe.of.clone());
            join.flags.len() - 1
        });
        let value = format!("{}.{}", join.alias, flag_name(n));
        match probe.must {
            // Null, where nothing was found, is as good as false for a condition.
            Must::Exist => value,
            Must::NotExist => format!("{value} IS NOT TRUE"),
        }
    }

    /// The joins that flags were asked of since the last call, by number.
    pub fn take_asked(&self) -> BTreeSet<usize> {
        self.asked.take()
    }

    /// Every join as text to stand behind the stored relation in FROM.
    pub fn sql(&self) -> Vec<String> {
        self.joins.borrow().iter().map(|join| join.sql(self.look)).collect()
    }
}

impl Join {
    fn sql(&self, look: Look) -> String {
        let flags: Vec<String> = self.flags.iter().enumerate().map(|(n, of)| flag(n, of.as_deref())).collect();
        let (flags, from, alias) = (flags.join(", "), self.from.join(", "), &self.alias);
        if look == Look::Grouped && self.bind.groups {
            let (key, inner) = (quoted("key"), &self.bind.inner);
            let on = op(&format!("{alias}.{key}"), "=", &self.bind.outer);
            let tests = if self.tests.is_empty() { "true".to_owned() } else { self.tests.join(" AND ") };
            return format!(
                " LEFT JOIN (SELECT {inner} AS {key}, {flags} FROM {from} WHERE {tests} GROUP BY {inner}) AS {alias} ON {on}"
            );
        }
        let tests: Vec<&str> = std::iter::once(&self.bind.test).chain(&self.tests).map(String::as_str).collect();
        format!(" LEFT JOIN LATERAL (SELECT {flags} FROM {from} WHERE {}) AS {alias} ON true", tests.join(" AND "))
    }
}

/// Whether some record was found that is `of` the kind. Not `bool_or(true)`: PostgreSQL would plan for an index that
/// gives the greatest value first.
fn flag(n: usize, of: Option<&str>) -> String {
    let found = match of {
        None => op("pg_catalog.count(*)", ">", "0"),
        Some(of) => format!("pg_catalog.bool_or({of})"),
    };
    format!("{found} AS {}", flag_name(n))
}

fn flag_name(n: usize) -> String {
    quoted(&format!("f{}", n + 1))
}
