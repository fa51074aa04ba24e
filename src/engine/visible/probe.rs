//! Tests on what other tables say of a row's subject, in the two forms that PostgreSQL runs well.
//!
//! `EXISTS` is right for row conditions (a semi-join, by index or by hash as the planner sees fit) and wherever no join
//! may stand (row locks, the target of a write). In cells it is not: one for each column, and the planner, which does
//! not count on LIMIT there, reads the whole consent table for a page of 20 rows (700 ms; 0.1 ms by the join). There one
//! `LEFT JOIN LATERAL` on an aggregate answers for all columns of a row at once, and is gone from the plan when no
//! column asks.

use std::cell::RefCell;
use std::ops::Range;

use super::sql::{Names, quoted};

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
    /// Conjuncts that bind them to the stored row and to each other.
    pub tests: Vec<String>,
    /// One conjunct more, in which probes of the same kind differ; `None`: none.
    pub of: Option<String>,
}

impl Test {
    /// As a condition that can stand anywhere.
    pub fn exists(&self) -> String {
        match self {
            Test::Plain(sql) => sql.clone(),
            Test::Probe(probe) => probe.exists(),
        }
    }
}

impl Probe {
    fn exists(&self) -> String {
        let not = match self.must {
            Must::Exist => "",
            Must::NotExist => "NOT ",
        };
        let tests: Vec<&str> = self.tests.iter().chain(&self.of).map(String::as_str).collect();
        format!("{not}EXISTS (SELECT 1 FROM {} WHERE {})", self.from.join(", "), tests.join(" AND "))
    }
}

/// The lateral joins of one relation, made as they are asked for.
pub struct Joins<'n> {
    names: &'n Names,
    joins: RefCell<Vec<Join>>,
}

struct Join {
    alias: String,
    from: Vec<String>,
    tests: Vec<String>,
    /// What its columns `f1`, `f2`, … tell of the records found.
    flags: Vec<String>,
}

impl<'n> Joins<'n> {
    pub fn new(names: &'n Names) -> Self {
        Self { names, joins: RefCell::default() }
    }

    /// `test` as a condition over a join's flag.
    pub fn flag(&self, test: &Test) -> String {
        let probe = match test {
            Test::Plain(sql) => return sql.clone(),
            Test::Probe(probe) => probe,
        };
        let mut joins = self.joins.borrow_mut();
        let same = |j: &Join| j.from == probe.from && j.tests == probe.tests;
        let at = joins.iter().position(same).unwrap_or_else(|| {
            let alias = self.names.alias(&format!("join{}", joins.len() + 1));
            joins.push(Join { alias, from: probe.from.clone(), tests: probe.tests.clone(), flags: Vec::new() });
            joins.len() - 1
        });
        let join = &mut joins[at];
        let flag = probe.of.clone().unwrap_or_else(|| "true".to_owned());
        let n = join.flags.iter().position(|f| *f == flag).unwrap_or_else(|| {
            join.flags.push(flag);
            join.flags.len() - 1
        });
        let value = format!("{}.{}", join.alias, flag_name(n));
        match probe.must {
            // Null, where nothing was found, is as good as false for a condition.
            Must::Exist => value,
            Must::NotExist => format!("{value} IS NOT TRUE"),
        }
    }

    /// How many joins have been asked for so far.
    pub fn count(&self) -> usize {
        self.joins.borrow().len()
    }

    /// The joins of these numbers as text to stand behind the stored relation in FROM.
    pub fn sql(&self, numbers: Range<usize>) -> String {
        self.joins.borrow().iter().take(numbers.end).skip(numbers.start).map(Join::sql).collect()
    }
}

impl Join {
    fn sql(&self) -> String {
        let flag = |(n, flag): (usize, &String)| format!("pg_catalog.bool_or({flag}) AS {}", flag_name(n));
        let flags: Vec<String> = self.flags.iter().enumerate().map(flag).collect();
        format!(
            " LEFT JOIN LATERAL (SELECT {} FROM {} WHERE {}) AS {} ON true",
            flags.join(", "),
            self.from.join(", "),
            self.tests.join(" AND "),
            self.alias
        )
    }
}

fn flag_name(n: usize) -> String {
    quoted(&format!("f{}", n + 1))
}
