//! Random SELECTs over a world's tables, from a seed: every query is valid, and its answer does not depend on the plan
//! (no cast that can fail, no sum of floats, no LIMIT without a total order). Traps, `1 / (column - hidden value)`, fail on
//! what nobody may see and on nothing else: where one does, the proxy has let a hidden row come to it.

mod traps;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use tokio_postgres::Client;

use super::query::{Order, Query, Support};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Int,
    Numeric,
    Float,
    Text,
    Date,
    Stamp,
    Bool,
    Uuid,
    Other,
}

#[derive(Debug, Clone)]
struct Column {
    sql: String,
    kind: Kind,
    /// Some of its stored values as literals: hidden ones among them, which must answer as if they were not there.
    samples: Vec<String>,
    /// Of an integer, some that no visible row has.
    hidden: Vec<String>,
}

#[derive(Debug, Clone)]
struct Table {
    sql: String,
    columns: Vec<Column>,
}

pub struct Schema {
    tables: Vec<Table>,
}

impl Schema {
    /// Tables and views that the role of the proxy may read in `visible`, with sample values from `stored`.
    pub async fn read(visible: &Client, stored: &Client) -> Self {
        let rows = visible
            .query(
                "SELECT c.oid::regclass::text, quote_ident(a.attname), format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL), c.relkind = 'v'
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
                 WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname !~ '^(pg_|information_schema|oracle)' AND has_table_privilege('consentry', c.oid, 'SELECT')
                   AND a.attnum > 0 AND NOT a.attisdropped
                   AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid AND w.ev_class = c.oid AND d.classid = 'pg_rewrite'::regclass
                                   WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid AND NOT has_table_privilege('consentry', d.refobjid, 'SELECT'))
                 ORDER BY 1, a.attnum",
                &[],
            )
            .await
            .expect("the catalog can be read");
        let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
        for row in rows {
            let (table, sql, kind, view): (String, String, String, bool) =
                (row.get(0), row.get(1), row.get(2), row.get(3));
            let sampled = stored
                .query(&format!("SELECT DISTINCT quote_literal({sql}::text) AS v FROM {table} WHERE {sql} IS NOT NULL ORDER BY v LIMIT 40"), &[])
                .await
                .expect("a column can be sampled");
            let samples = sampled.iter().map(|r| r.get(0)).collect();
            let kind = kind_of(&kind);
            // A visible row that a view leaves out may come to a trap too.
            let hidden =
                if kind == Kind::Int && !view { hidden(&table, &sql, visible, stored).await } else { Vec::new() };
            tables.entry(table).or_default().push(Column { sql, kind, samples, hidden });
        }
        Self { tables: tables.into_iter().map(|(sql, columns)| Table { sql, columns }).collect() }
    }
}

/// Some values of a column that are stored, and in no visible row.
async fn hidden(table: &str, column: &str, visible: &Client, stored: &Client) -> Vec<String> {
    let values = format!("SELECT DISTINCT {column}::text FROM {table} WHERE {column} IS NOT NULL ORDER BY 1");
    let rows = |rows: Vec<tokio_postgres::Row>| rows.iter().map(|r| r.get(0)).collect::<BTreeSet<String>>();
    let seen = rows(visible.query(&values, &[]).await.expect("a column can be read"));
    let all = rows(stored.query(&values, &[]).await.expect("a column can be read"));
    all.difference(&seen).take(40).cloned().collect()
}

fn kind_of(sql_type: &str) -> Kind {
    match sql_type {
        "integer" | "bigint" | "smallint" => Kind::Int,
        "numeric" => Kind::Numeric,
        "real" | "double precision" => Kind::Float,
        "text" | "character varying" => Kind::Text,
        "date" => Kind::Date,
        "timestamp with time zone" | "timestamp without time zone" => Kind::Stamp,
        "boolean" => Kind::Bool,
        "uuid" => Kind::Uuid,
        _ => Kind::Other,
    }
}

/// `count` queries; the same for the same schema and seed.
pub fn queries(schema: &Schema, seed: u64, count: usize) -> Vec<Query> {
    let mut maker = Maker { schema, random: StdRng::seed_from_u64(seed), aliases: 0, ctes: Vec::new() };
    let make = |number| {
        maker.aliases = 0;
        maker.ctes.clear();
        Query {
            title: format!("seed {seed} number {number}"),
            sql: maker.statement(),
            parameters: Vec::new(),
            order: Order::Any,
            support: Support::Required,
        }
    };
    (0..count).map(make).collect()
}

/// A column in scope: how to say it, and what it is.
#[derive(Debug, Clone)]
struct Item {
    sql: String,
    kind: Kind,
    samples: Vec<String>,
    hidden: Vec<String>,
}

struct Maker<'s> {
    schema: &'s Schema,
    random: StdRng,
    aliases: usize,
    /// Queries of WITH in scope.
    ctes: Vec<Table>,
}

impl Maker<'_> {
    fn chance(&mut self, percent: u32) -> bool {
        self.random.gen_range(0..100) < percent
    }

    fn one_of<T: Clone>(&mut self, list: &[T]) -> T {
        list.choose(&mut self.random).expect("a list with something in it").clone()
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        if self.chance(10) { format!("\"A b{}\"", self.aliases) } else { format!("t{}", self.aliases) }
    }

    fn statement(&mut self) -> String {
        match self.random.gen_range(0..12) {
            0 => self.set_operation(),
            1 | 2 => self.with_cte(),
            3 => self.grouped(),
            4 => self.windowed(),
            5 | 6 => self.trapping(),
            _ => self.select(2).0,
        }
    }

    /// A plain SELECT and its output columns.
    fn select(&mut self, depth: u32) -> (String, Vec<Item>) {
        let (from, scope) = self.from(depth);
        let outputs: Vec<Item> = (0..self.random.gen_range(1..5)).map(|_| self.any_expression(&scope, depth)).collect();
        let list: Vec<&str> = outputs.iter().map(|output| output.sql.as_str()).collect();
        let mut sql =
            format!("SELECT {}{} FROM {from}", if self.chance(15) { "DISTINCT " } else { "" }, list.join(", "));
        if self.chance(75) {
            write!(sql, " WHERE {}", self.predicate(&scope, depth)).expect("a string takes text");
        }
        if self.chance(20) {
            let order: Vec<String> = (1..=outputs.len()).map(|n| n.to_string()).collect();
            write!(sql, " ORDER BY {} LIMIT {}", order.join(", "), self.random.gen_range(1..20))
                .expect("a string takes text");
        }
        (sql, outputs)
    }

    fn grouped(&mut self) -> String {
        let (from, scope) = self.from(1);
        let mut keys: Vec<String> = (0..self.random.gen_range(1..3)).map(|_| self.key(&scope)).collect();
        let trapped = if self.chance(30) { self.trapped(&scope) } else { None };
        keys.extend(trapped.iter().map(|item| item.sql.clone()));
        let numbers: Vec<String> = (1..=keys.len()).map(|n| n.to_string()).collect();
        let aggregate = self.aggregate(&scope);
        let by = match self.random.gen_range(0..5) {
            0 => format!("ROLLUP ({})", keys.join(", ")),
            1 => format!("GROUPING SETS (({}), ())", keys.join(", ")),
            2 => keys.join(", "),
            _ => numbers.join(", "),
        };
        let mut sql = format!("SELECT {}, {aggregate}, count(*) FROM {from}", keys.join(", "));
        if self.chance(50) {
            write!(sql, " WHERE {}", self.predicate(&scope, 1)).expect("a string takes text");
        }
        write!(sql, " GROUP BY {by}").expect("a string takes text");
        match trapped.map(|item| self.trap(&item)) {
            Some(trap) => {
                let above = self.one_of(&["count(*)", "max(1)"]);
                let having = self.one_of(&[
                    format!("{trap} <= {above}"),
                    format!("coalesce(1, {above}) >= {trap}"),
                    format!("CASE WHEN true THEN {trap} ELSE {above} END IS NOT NULL"),
                    format!("{above} > 0 AND {trap} >= 0"),
                    format!("({trap} > 0) IS DISTINCT FROM ({above} > NULL::int)"),
                ]);
                write!(sql, " HAVING {having}").expect("a string takes text");
            }
            None if self.chance(30) => sql += " HAVING count(*) > 1",
            None => {}
        }
        sql
    }

    /// A column with values that nobody may see.
    fn trapped(&mut self, scope: &[Item]) -> Option<Item> {
        let trapped: Vec<&Item> = scope.iter().filter(|item| !item.hidden.is_empty()).collect();
        trapped.choose(&mut self.random).map(|item| (*item).clone())
    }

    fn trap(&mut self, item: &Item) -> String {
        format!("(1 / ({} - {}))", item.sql, self.one_of(&item.hidden))
    }

    /// What is grouped by: written again in GROUP BY, it must be found to be the same.
    fn key(&mut self, scope: &[Item]) -> String {
        match self.random.gen_range(0..8) {
            0 => format!("(SELECT count(*) FROM {})", self.correlated(scope, 1)),
            1 => format!("EXISTS (SELECT FROM {})", self.correlated(scope, 1)),
            2 => format!("CASE WHEN EXISTS (SELECT 1 FROM {}) THEN 1 END", self.correlated(scope, 0)),
            _ => self.any_expression(scope, 0).sql,
        }
    }

    fn windowed(&mut self) -> String {
        let (from, scope) = self.from(1);
        let (shown, by, over) = (self.one_of(&scope).sql, self.one_of(&scope).sql, self.one_of(&scope).sql);
        let function = self.one_of(&["rank()", "dense_rank()", "count(*)", "percent_rank()"]);
        format!(
            "SELECT {shown}, {function} OVER (PARTITION BY {by} ORDER BY {over}) FROM {from} WHERE {}",
            self.predicate(&scope, 1)
        )
    }

    fn set_operation(&mut self) -> String {
        let (left, outputs) = self.select(1);
        let (from, scope) = self.from(1);
        let right: Vec<String> = outputs.iter().map(|output| self.expression(output.kind, &scope, 1)).collect();
        let operator = self.one_of(&["UNION", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL"]);
        format!("({left}) {operator} (SELECT {} FROM {from})", right.join(", "))
    }

    /// Queries of WITH, which may be read anywhere in the statement.
    fn with_cte(&mut self) -> String {
        let mut list = Vec::new();
        for number in 1..self.random.gen_range(2..4) {
            let (inner, outputs) = self.select(1);
            let fence = self.one_of(&["", "", "MATERIALIZED ", "NOT MATERIALIZED "]);
            let names = columns(outputs.len());
            list.push(format!("w{number} ({}) AS {fence}({inner})", names.join(", ")));
            let columns = std::iter::zip(names, outputs).map(|(sql, of)| Column {
                sql,
                kind: of.kind,
                samples: of.samples,
                hidden: of.hidden,
            });
            self.ctes.push(Table { sql: format!("w{number}"), columns: columns.collect() });
        }
        let body = match self.random.gen_range(0..4) {
            0 => self.grouped(),
            1 => self.windowed(),
            _ => self.select(2).0,
        };
        format!("WITH {} {body}", list.join(", "))
    }

    /// A FROM list and what it brings into scope.
    fn from(&mut self, depth: u32) -> (String, Vec<Item>) {
        let (mut sql, mut scope) = self.relation(depth);
        for _ in 0..self.one_of(&[0, 0, 0, 1, 1, 2]) {
            let (right, items) = self.relation(depth);
            let Some((l, r)) = self.joinable(&scope, &items) else { continue };
            let kind = self.one_of(&["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]);
            write!(sql, " {kind} {right} ON {l} = {r}").expect("a string takes text");
            scope.extend(items);
        }
        if depth > 0 && self.chance(15) {
            let (inner, value) = self.lateral(&scope, depth - 1);
            let alias = self.alias();
            write!(sql, " LEFT JOIN LATERAL ({inner}) AS {alias} (c1) ON true").expect("a string takes text");
            scope.push(Item { sql: format!("{alias}.c1"), ..value });
        }
        (sql, scope)
    }

    /// One value of a table beside each row of what stands before: the first, the largest, or all in a document.
    fn lateral(&mut self, outer: &[Item], depth: u32) -> (String, Item) {
        let (relation, items) = self.relation(0);
        let linked = self.joinable(&items, outer).map(|(l, r)| format!("{l} = {r} AND ")).unwrap_or_default();
        let from = format!("{relation} WHERE {linked}{}", self.predicate(&items, depth));
        let of = self.any_expression(&items, depth);
        let value = &of.sql;
        match self.random.gen_range(0..3) {
            0 => (format!("SELECT {value} FROM {from} ORDER BY 1 LIMIT 1"), of),
            1 if matches!(of.kind, Kind::Int | Kind::Float | Kind::Text | Kind::Date | Kind::Stamp) => {
                (format!("SELECT max({value}) FROM {from}"), of)
            }
            _ => {
                let all = format!("SELECT json_agg({value} ORDER BY {value})::text FROM {from}");
                (all, item(String::new(), Kind::Other))
            }
        }
    }

    /// Two columns of one kind, keys rather than others so that joins stay small.
    fn joinable(&mut self, left: &[Item], right: &[Item]) -> Option<(String, String)> {
        let pairs: Vec<(String, String)> = left
            .iter()
            .flat_map(|l| right.iter().map(move |r| (l, r)))
            .filter(|(l, r)| {
                l.kind == r.kind && matches!(l.kind, Kind::Int | Kind::Uuid) && (is_key(&l.sql) || is_key(&r.sql))
            })
            .map(|(l, r)| (l.sql.clone(), r.sql.clone()))
            .collect();
        pairs.choose(&mut self.random).cloned()
    }

    fn relation(&mut self, depth: u32) -> (String, Vec<Item>) {
        let alias = self.alias();
        if depth > 0 && self.chance(20) {
            let (inner, outputs) = self.select(depth - 1);
            let names = columns(outputs.len());
            let items = names.iter().zip(outputs).map(|(n, of)| Item { sql: format!("{alias}.{n}"), ..of }).collect();
            return (format!("({inner}) AS {alias} ({})", names.join(", ")), items);
        }
        let table = if !self.ctes.is_empty() && self.chance(40) {
            self.one_of(&self.ctes.clone())
        } else {
            self.one_of(&self.schema.tables)
        };
        let items = table.columns.iter().map(|c| Item {
            sql: format!("{alias}.{}", c.sql),
            kind: c.kind,
            samples: c.samples.clone(),
            hidden: c.hidden.clone(),
        });
        (format!("{} AS {alias}", table.sql), items.collect())
    }

    fn any_expression(&mut self, scope: &[Item], depth: u32) -> Item {
        let column = self.one_of(scope);
        if column.kind == Kind::Other || self.chance(50) {
            return column;
        }
        item(self.expression(column.kind, scope, depth), column.kind)
    }

    /// An expression of the kind.
    fn expression(&mut self, kind: Kind, scope: &[Item], depth: u32) -> String {
        let of_kind: Vec<Item> = scope.iter().filter(|i| i.kind == kind).cloned().collect();
        let base =
            if of_kind.is_empty() || self.chance(10) { constant(kind).to_owned() } else { self.one_of(&of_kind).sql };
        if depth == 0 {
            return base;
        }
        if kind == Kind::Int
            && self.chance(10)
            && let Some(item) = self.trapped(scope)
        {
            return self.trap(&item);
        }
        match self.random.gen_range(0..6) {
            0 => format!("CASE WHEN {} THEN {base} END", self.predicate(scope, depth - 1)),
            1 => format!("coalesce({base}, {})", constant(kind)),
            2 => format!("nullif({base}, {})", self.expression(kind, scope, depth - 1)),
            3 => match kind {
                Kind::Int => format!("({base} % 7)"),
                Kind::Numeric => format!("round({base}, 1)"),
                Kind::Text => self.one_of(&[
                    format!("upper({base})"),
                    format!("({base} || '!')"),
                    format!("length({base})::text"),
                    format!("md5({base})"),
                ]),
                Kind::Date => format!("({base} + 1)"),
                Kind::Stamp => format!("date_trunc('month', {base})"),
                Kind::Bool => format!("(NOT {base})"),
                Kind::Float | Kind::Uuid | Kind::Other => base,
            },
            4 if kind == Kind::Int => format!("(SELECT count(*) FROM {})", self.correlated(scope, depth - 1)),
            5 if matches!(kind, Kind::Int | Kind::Text | Kind::Date | Kind::Stamp) && self.chance(30) => {
                match self.lateral(scope, depth - 1) {
                    (query, of) if of.kind == kind => format!("coalesce(({query}), {base})"),
                    _ => base,
                }
            }
            _ => base,
        }
    }

    /// `table AS alias WHERE …` with a condition that may name the outer query.
    fn correlated(&mut self, outer: &[Item], depth: u32) -> String {
        let (relation, items) = self.relation(0);
        let linked = self.joinable(&items, outer).map(|(l, r)| format!("{l} = {r} AND ")).unwrap_or_default();
        format!("{relation} WHERE {linked}{}", self.predicate(&items, depth))
    }

    fn aggregate(&mut self, scope: &[Item]) -> String {
        if self.chance(15)
            && let Some(item) = self.trapped(scope)
        {
            return format!("sum({})", self.trap(&item));
        }
        let column = self.one_of(scope);
        let c = &column.sql;
        match (column.kind, self.random.gen_range(0..3)) {
            (Kind::Int | Kind::Numeric, 0) => format!("sum({c})"),
            (Kind::Numeric, 1) => format!("avg({c})"),
            (Kind::Int | Kind::Float | Kind::Text | Kind::Date | Kind::Stamp, 1) => format!("max({c})"),
            (Kind::Text, 0) => format!("string_agg({c}, ',' ORDER BY {c})"),
            (Kind::Bool, 0) => format!("bool_or({c})"),
            (Kind::Uuid | Kind::Date, 0) => format!("array_agg(DISTINCT {c})"),
            _ => format!("count(DISTINCT {c})"),
        }
    }

    fn predicate(&mut self, scope: &[Item], depth: u32) -> String {
        if depth > 0 && self.chance(45) {
            let (l, r) = (self.predicate(scope, depth - 1), self.predicate(scope, depth - 1));
            return match self.random.gen_range(0..6) {
                0 | 1 => format!("({l} AND {r})"),
                2 | 3 => format!("({l} OR {r})"),
                4 => format!("(NOT {l})"),
                _ => {
                    format!("{}EXISTS (SELECT FROM {})", self.one_of(&["", "NOT "]), self.correlated(scope, depth - 1))
                }
            };
        }
        if self.chance(10)
            && let Some(item) = self.trapped(scope)
        {
            return format!("{} {} 0", self.trap(&item), self.one_of(&[">=", "<>", "="]));
        }
        let column = self.one_of(scope);
        let c = &column.sql;
        if column.samples.is_empty() || column.kind == Kind::Other || self.chance(20) {
            return format!("{c} IS {}NULL", self.one_of(&["", "NOT "]));
        }
        let (one, two) = (self.one_of(&column.samples), self.one_of(&column.samples));
        match self.random.gen_range(0..6) {
            0 | 1 => format!("{c} {} {one}", self.one_of(&["=", "<>", "<", ">=", "IS DISTINCT FROM"])),
            2 => format!("{c} IN ({one}, {two})"),
            3 => format!("{c} BETWEEN {one} AND {two}"),
            4 if column.kind == Kind::Text => {
                format!("{c} LIKE '%' || left({one}, {}) || '%'", self.random.gen_range(1..4))
            }
            4 => format!("{c}::text < {one}"),
            _ => format!("{c} = ANY (ARRAY[{one}, {two}]::text[])").replace(c.as_str(), &format!("{c}::text")),
        }
    }
}

fn is_key(sql: &str) -> bool {
    sql.trim_end_matches('"').to_lowercase().ends_with("id")
}

fn item(sql: String, kind: Kind) -> Item {
    Item { sql, kind, samples: Vec::new(), hidden: Vec::new() }
}

fn columns(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("c{n}")).collect()
}

fn constant(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "7",
        Kind::Numeric => "12.50",
        Kind::Float => "1.5::float8",
        Kind::Text => "'none'::text",
        Kind::Date => "date '2020-02-29'",
        Kind::Stamp => "timestamptz '2020-02-29 12:00+00'",
        Kind::Bool => "true",
        Kind::Uuid => "'00000000-0000-0000-0000-000000000003'::uuid",
        Kind::Other => "NULL",
    }
}
