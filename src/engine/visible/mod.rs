//! The visible table of contract section 3, as fragments of SQL text: which stored rows are there, and what each cell
//! shows. Pure; knows nothing of the statement that reads it.
//!
//! ```text
//! TablePolicy ─▶ rows    role filter, retention, restriction, basis, also_requires ─▶ Vec<RowCondition>
//!             ─▶ cells   shown, masked by choice, masked, hidden                   ─▶ Vec<Cell>
//!                 both ask `subject` (whom is the row about?), which asks `consent` (what did that person choose?);
//!                 `probe` writes what they ask as EXISTS or as a join
//! ```
//!
//! All text stands over one alias of the stored relation, is safe in any position of a query, holds no volatile function
//! and raises no error for any stored value. A row condition that is null counts as false.

mod cells;
mod consent;
mod constant;
mod dependents;
mod domain;
mod masks;
mod moment;
mod numbers;
mod probe;
pub mod pseudonym;
mod rows;
pub mod sql;
mod subject;
mod times;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use super::catalog::{Catalog, Column, Oid, Relation};
use super::clear::Secrets;
use super::policy::{Mask, Policy, Purpose, Role, SqlFragment, TablePolicy};
use super::refusal::{Refusal, SqlState};

pub use constant::is_date;
pub use dependents::{Dependent, dependents, movable};
pub use domain::{Fate, fate};
pub use masks::{mask_fits, null_cell, null_of};
pub use probe::Look;
pub use sql::{Operators, operators};
pub use subject::check_way;

use probe::{Joins, Test};
use pseudonym::Key;
use sql::Names;
use subject::Subject;

/// Visible table of one protected relation for a role and a purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibleTable {
    pub relation: Oid,
    /// Conjuncts; a stored row is there when all are true. Empty: every stored row is there.
    pub rows: Vec<RowCondition>,
    /// One per column of the relation, in attnum order.
    pub cells: Vec<Cell>,
    /// Rules in plain words for the record and `explain`, each once:
    /// `public.customers: only rows whose customer has a valid consent for marketing`.
    pub words: Vec<String>,
    /// Joins that cells and flags may ask for, by number: each a text to stand behind the stored relation and its alias in
    /// FROM. Empty in [`Form::Exists`].
    pub joins: Vec<String>,
}

/// How cells and flags look into other tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// By EXISTS: can stand anywhere.
    Exists,
    /// By joins, in a SELECT without row locks: one look for all columns of a row, and for the row itself.
    Joined(Look),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowCondition {
    /// Needs no join: best where no join is there anyway.
    pub sql: String,
    /// The same for use in cells (`CASE WHEN <flag> THEN … END`), and wherever its joins are there anyway.
    pub flag: String,
    /// The joins that `flag` asks for.
    pub joins: BTreeSet<usize>,
    /// The same as `sql`, looked up row by row.
    row_by_row: String,
    pub words: String,
}

impl RowCondition {
    /// Whether it asks other tables, so that PostgreSQL may make a join of it.
    fn looks_elsewhere(&self) -> bool {
        self.sql != self.row_by_row
    }

    /// The same, tested only where `others` hold.
    fn behind(self, others: &[Self]) -> Self {
        if others.is_empty() {
            return self;
        }
        let behind = |own: &str, of: fn(&Self) -> &str| {
            let all: Vec<&str> = others.iter().map(of).collect();
            format!("CASE WHEN {} THEN {own} ELSE false END", all.join(" AND "))
        };
        let (sql, flag) = (behind(&self.sql, |row| &row.sql), behind(&self.flag, |row| &row.flag));
        let row_by_row = behind(&self.row_by_row, |row| &row.row_by_row);
        let joins = others.iter().flat_map(|row| row.joins.iter().copied()).chain(self.joins).collect();
        Self { sql, flag, joins, row_by_row, words: self.words }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub name: String,
    /// `None`: open or unlisted.
    pub category: Option<String>,
    pub kind: CellKind,
    /// What the cell can read as where it is masked.
    pub stand_in: StandIn,
    /// The category's own mask, of the column's exact type: what a personal cell shows in a row that is not there
    /// (contract: RETURNING). `None`: not personal.
    pub own: Option<String>,
    /// The joins that `kind` asks for.
    pub joins: BTreeSet<usize>,
    /// Its mask is SQL of the policy's own that may fail: it is worked out in rows only that are there.
    pub computes: bool,
    pub words: Option<String>,
}

/// What can stand in a cell in place of the stored value. Tells which equalities with a cell imply the same equality
/// with the stored value, so that they may be copied to the scan, where an index serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandIn {
    /// Null: `cell = x` implies `stored = x` in a [`CellKind::PerRow`].
    Null,
    /// A text with [`STARS`] in it: the same for every `x` that does not contain them.
    Starred,
    /// Anything of the type.
    Any,
}

/// What every text that `redact`, `email` and `keep_…` make contains.
pub const STARS: &str = "***";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellKind {
    /// As stored, always.
    Clear,
    /// The stored value where `clear_when` is true, else `masked`; both are SQL over the alias.
    PerRow { clear_when: String, masked: String },
    /// Masked in every row: an expression of the column's exact type, typmod included. `choice`: it masks less where
    /// this SQL over the alias is true.
    Masked { masked: String, choice: Option<String> },
    /// Unlisted: null of the column's type.
    Hidden,
}

impl Cell {
    /// The choice of the row's subject, as SQL over the alias, without which the cell shows less than with it.
    pub fn choice(&self) -> Option<&str> {
        match &self.kind {
            CellKind::PerRow { clear_when, .. } => Some(clear_when),
            CellKind::Masked { choice, .. } => choice.as_deref(),
            CellKind::Clear | CellKind::Hidden => None,
        }
    }
}

/// What of `relation` a session of `role` may see for `purpose`.
///
/// `table` is the policy of `relation` itself or of the table that it is a partition or inheritance child of: columns are
/// matched by name. `alias` is the quoted identifier that stored columns are qualified with. Errors: 42501 when the table
/// is out of the purpose's reach; 0A000 when policy and catalog no longer fit each other.
pub fn visible_table(
    sight: Sight<'_>,
    table: &TablePolicy,
    relation: &Relation,
    alias: &str,
) -> Result<VisibleTable, Refusal> {
    visible_table_as(Form::Exists, sight, table, relation, alias)
}

/// [`visible_table`] in a form of choice: the same table, as text that PostgreSQL runs otherwise.
pub fn visible_table_as(
    form: Form,
    sight: Sight<'_>,
    table: &TablePolicy,
    relation: &Relation,
    alias: &str,
) -> Result<VisibleTable, Refusal> {
    check_reach(table, sight.purpose)?;
    visible_records_as(form, sight, table, relation, alias)
}

/// [`visible_table_as`] of a table that is in reach whatever the purpose shows: people's choices, for who records them.
pub fn visible_records_as(
    form: Form,
    sight: Sight<'_>,
    table: &TablePolicy,
    relation: &Relation,
    alias: &str,
) -> Result<VisibleTable, Refusal> {
    let names = Names::beside(alias);
    let subject = Subject::of(sight.catalog, sight.policy, table, relation, alias, &names)?;
    let joins = match form {
        Form::Exists => None,
        Form::Joined(look) => Some(Joins::new(&names, look)),
    };
    let view = View { sight, table, relation, alias, subject, joins };
    let cells = cells::cells(&view)?;
    let mut rows: Vec<RowCondition> = Vec::new();
    for c in rows::conditions(&view)? {
        let flag = view.as_cell_test(&c.test);
        let (sql, row_by_row) = (c.test.exists(), c.test.row_by_row());
        let row = RowCondition { sql, flag, joins: view.take_asked(), row_by_row, words: c.words };
        rows.push(if c.computes { row.behind(&rows) } else { row });
    }
    let joins = view.joins.as_ref().map_or(Vec::new(), Joins::sql);
    let words = words(&relation.name.to_string(), &rows, &cells);
    Ok(VisibleTable { relation: relation.oid, rows, cells, words, joins })
}

impl VisibleTable {
    /// Whether a column is shown as it is stored in every row that is there.
    pub fn is_clear(&self, column: &str) -> bool {
        self.cells.iter().any(|c| c.name == column && c.kind == CellKind::Clear)
    }
}

/// The cell as one expression without a row guard, typed exactly as the column.
pub fn cell_sql(cell: &Cell, column: &Column, alias: &str) -> String {
    match &cell.kind {
        CellKind::Clear => sql::column(alias, &column.name),
        CellKind::PerRow { clear_when, masked } => {
            format!("CASE WHEN {clear_when} THEN {} ELSE {masked} END", sql::column(alias, &column.name))
        }
        CellKind::Masked { masked, .. } => masked.clone(),
        CellKind::Hidden => masks::null_cell(column, alias),
    }
}

/// What storing a row needs: its subject's valid consent for a purpose, on any channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreCondition {
    /// The row's own column that leads to the subject; the only one that `sql` reads.
    pub column: String,
    pub sql: String,
    /// That it is not so; never null.
    pub missing: String,
}

/// `store_requires` of a row of `relation` behind `alias`. `None`: the table's rows are about nobody.
pub fn store_condition(
    catalog: &Catalog,
    policy: &Policy,
    table: &TablePolicy,
    relation: &Relation,
    purpose: &Purpose,
    alias: &str,
) -> Result<Option<StoreCondition>, Refusal> {
    let names = Names::beside(alias);
    let Some(path) = &table.subject else { return Ok(None) };
    let Some(subject) = Subject::of(catalog, policy, table, relation, alias, &names)? else { return Ok(None) };
    let column = path.hops.first().map_or(&path.column, |hop| &hop.from).clone();
    let consents = subject.consents(purpose, consent::Records::AnyChannel)?;
    Ok(Some(StoreCondition { column, sql: consents.exists(), missing: consents.is_not_so() }))
}

/// What the cell of `column` shows in a row that is not there.
pub fn own_cell_sql(cell: &Cell, column: &Column, alias: &str) -> String {
    match (&cell.own, &cell.kind) {
        (_, CellKind::Hidden) => masks::null_cell(column, alias),
        (Some(own), _) => own.clone(),
        (None, _) => sql::column(alias, &column.name),
    }
}

/// All row conditions as one boolean expression (null counts as false); `None` when every stored row is there.
pub fn row_sql(table: &VisibleTable) -> Option<String> {
    row_sql_with(table, &BTreeSet::new())
}

/// [`row_sql`] where `joins` are there: what they tell is not looked up again.
pub fn row_sql_with(table: &VisibleTable, joins: &BTreeSet<usize>) -> Option<String> {
    let told = |row: &RowCondition| !row.joins.is_empty() && row.joins.is_subset(joins);
    all(table, |row| if told(row) { row.flag.as_str() } else { row.sql.as_str() })
}

/// [`row_sql`] for rows that are locked or written. Where such a row was changed meanwhile, PostgreSQL tests it again as it is
/// then (`EvalPlanQual`), but beside what it was joined with as it was: whose choices decide must be no join.
pub fn rechecked_row_sql(table: &VisibleTable) -> Option<String> {
    all(table, |row| if row.looks_elsewhere() { no_join(&row.sql) } else { row.sql.clone() })
}

/// [`rechecked_row_sql`] where few rows are wanted of perhaps many.
pub fn row_by_row_sql(table: &VisibleTable) -> Option<String> {
    all(table, |row| row.row_by_row.as_str())
}

/// A condition that PostgreSQL looks up for each row, and for each version of it, anew: it makes joins of EXISTS and NOT EXISTS
/// that are conjuncts themselves only (`pull_up_sublinks_qual_recurse`).
pub fn no_join(condition: &str) -> String {
    format!("({condition}) IS TRUE")
}

/// All row conditions for use in cells, and the joins they ask for; `None` when every stored row is there.
pub fn guard(table: &VisibleTable) -> Option<(String, BTreeSet<usize>)> {
    let joins = table.rows.iter().flat_map(|row| row.joins.iter().copied()).collect();
    all(table, |row| row.flag.as_str()).map(|flags| (flags, joins))
}

/// What `of` says of each row condition, all of it; `None` when there is none.
fn all<'r, S: Borrow<str>>(table: &'r VisibleTable, of: impl Fn(&'r RowCondition) -> S) -> Option<String> {
    let conditions: Vec<S> = table.rows.iter().map(of).collect();
    (!conditions.is_empty()).then(|| conditions.join(" AND "))
}

/// Who sees, why, and by which rules.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    pub catalog: &'a Catalog,
    pub policy: &'a Policy,
    pub secrets: &'a Secrets,
    pub role: &'a Role,
    pub purpose: &'a Purpose,
}

/// Everything that a visible table depends on.
struct View<'a> {
    sight: Sight<'a>,
    table: &'a TablePolicy,
    relation: &'a Relation,
    alias: &'a str,
    /// `None`: the table's rows are about nobody in particular.
    subject: Option<Subject<'a>>,
    /// The joins that cells look through; `None`: they use EXISTS.
    joins: Option<Joins<'a>>,
}

impl View<'_> {
    /// A test as a condition inside of a cell.
    fn as_cell_test(&self, test: &Test) -> String {
        match &self.joins {
            Some(joins) => joins.flag(test),
            None => test.exists(),
        }
    }

    /// The joins that [`Self::as_cell_test`] used since the last call.
    fn take_asked(&self) -> BTreeSet<usize> {
        self.joins.as_ref().map_or(BTreeSet::new(), Joins::take_asked)
    }

    fn masked(&self, column: &Column, mask: &Mask) -> Result<String, Refusal> {
        let key = Key { master: &self.sight.secrets.pseudonym, purpose: &self.sight.purpose.name };
        masks::masked(self.sight.catalog, column, self.alias, mask, key)
    }
}

/// Whether a purpose may use a table: one with personal columns is closed to a purpose that shows or masks none of its
/// categories.
pub fn in_reach(table: &TablePolicy, purpose: &Purpose) -> bool {
    let mut categories = table.categories();
    let personal = categories.clone().next().is_some();
    !personal || categories.any(|c| purpose.shows.contains(c) || purpose.masks.contains_key(c))
}

fn check_reach(table: &TablePolicy, purpose: &Purpose) -> Result<(), Refusal> {
    if in_reach(table, purpose) {
        return Ok(());
    }
    Err(Refusal::new(
        "table-out-of-reach",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("table {} may not be used for purpose \"{}\"", table.name, purpose.name),
        format!("rule table-out-of-reach: \"{}\" shows or masks none of the table's categories", purpose.name),
        "use another purpose, or leave the table out",
    )
    .of(table.name.to_string()))
}

fn words(table: &str, rows: &[RowCondition], cells: &[Cell]) -> Vec<String> {
    let mut words: Vec<String> = rows.iter().map(|row| format!("{table}: {}", row.words)).collect();
    let mut columns: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for cell in cells {
        if let Some(said) = &cell.words {
            columns.entry(said).or_default().push(&cell.name);
        }
    }
    words.extend(columns.iter().map(|(said, names)| format!("{table} ({}): {said}", names.join(", "))));
    words
}

fn relation_of(catalog: &Catalog, oid: Oid) -> Result<&Relation, Refusal> {
    catalog.relation(oid).ok_or_else(|| stale(format!("relation {oid} is gone")))
}

fn column_of<'r>(relation: &'r Relation, name: &str) -> Result<&'r Column, Refusal> {
    relation.column(name).ok_or_else(|| stale(format!("column {}.{name} is gone", relation.name)))
}

/// A condition of the policy over `relation`'s columns, in brackets.
fn condition_over(fragment: &SqlFragment, relation: &Relation, alias: &str) -> Result<String, Refusal> {
    for name in fragment.columns() {
        column_of(relation, name)?;
    }
    Ok(fragment.to_sql(|name| sql::column(alias, name), ""))
}

fn policy_entry<'p, T>(entries: &'p BTreeMap<String, T>, what: &str, name: &str) -> Result<&'p T, Refusal> {
    entries.get(name).ok_or_else(|| stale(format!("{what} {name} is not declared")))
}

/// The policy was resolved against another catalog than the one at hand.
fn stale(what: impl std::fmt::Display) -> Refusal {
    Refusal::new(
        "policy-stale",
        SqlState::FEATURE_NOT_SUPPORTED,
        "the policy does not fit the database any more",
        format!("rule policy-stale: {what}"),
        "ask the administrator to run `consentry check`",
    )
}
