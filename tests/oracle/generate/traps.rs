//! Statements made for their trap, a division by zero for a row that nobody may see. What it reads of that row is a bare
//! column, which needs no guard, and nothing else in the statement could fail: only the trap asks for a fence. In each form
//! PostgreSQL evaluates it elsewhere than it stands in the text.

use rand::Rng;

use super::{Column, Kind, Maker, Table};

impl Maker<'_> {
    pub(super) fn trapping(&mut self) -> String {
        let hides = self.table_with(|c| !c.hidden.is_empty());
        let numbers = self.table_with(|c| c.kind == Kind::Int && !c.samples.is_empty());
        let (Some((table, key)), Some((other, number))) = (hides, numbers) else { return self.select(2).0 };
        let (other, n, hidden) = (other.sql, number.sql, self.one_of(&key.hidden));
        let plain = format!("(SELECT t.{} AS id FROM {} AS t)", key.sql, table.sql);
        let trap = format!("(SELECT 1 / (f.{n} * 0) FROM {other} AS f WHERE a.id = {hidden} LIMIT 1) > 0");
        match self.random.gen_range(0..11) {
            0..4 => self.read_alone(&plain, &trap, &other, &n),
            4 | 5 => self.without_its_aggregate(&plain, &hidden, &other, &n),
            // An aggregate of the query around: the one that it stands in has none.
            6 => format!(
                "SELECT (SELECT a.id FROM (SELECT count(*) FILTER (WHERE o.{n} > 0) AS n, t.id FROM {plain} AS t) AS a WHERE {trap} ORDER BY 1 LIMIT 1) FROM {other} AS o"
            ),
            7 => self.computed_around(&plain, &hidden, &other, &n),
            _ => self.on_the_hidden_row(&plain, &hidden, &other, &n),
        }
    }

    /// Of the hidden row itself, in conditions and in keys: null for null, and not.
    fn on_the_hidden_row(&mut self, plain: &str, hidden: &str, other: &str, n: &str) -> String {
        let of = self.one_of(&["a.id".to_owned(), format!("coalesce(a.id, {hidden})")]);
        let trap = format!("1 / ({of} - {hidden})");
        let from = self.one_of(&[
            format!("{plain} AS a"),
            format!("{plain} AS a JOIN {other} AS o ON o.{n} = a.id"),
            format!("{plain} AS a LEFT JOIN {other} AS o ON o.{n} = a.id"),
            format!("{other} AS o LEFT JOIN {plain} AS a ON o.{n} = a.id"),
            format!("{other} AS o, {plain} AS a"),
        ]);
        let only = self.one_of(&["", " WHERE a.id > 1", " WHERE a.id IN (1, 2, 3, 4, 5, 6, 7, 8, 9)"]);
        let and = if only.is_empty() { " WHERE" } else { " AND" };
        self.one_of(&[
            format!("SELECT a.id FROM {from}{only}{and} {trap} < 5"),
            format!("SELECT count(*) FROM {from}{only}{and} ({trap} > 0 OR a.id = {hidden})"),
            format!("SELECT a.id FROM {from}{only} ORDER BY {trap}, 1"),
            format!("SELECT {trap}, count(*) FROM {from}{only} GROUP BY 1 ORDER BY 2 DESC, 1"),
            format!("SELECT DISTINCT {trap} AS part FROM {from}{only} ORDER BY part"),
            format!("SELECT a.id FROM {from}{only} GROUP BY a.id, {trap} HAVING {trap} < count(*) ORDER BY 1"),
            format!("SELECT (SELECT max({trap}) FROM {from}{only}{and} {trap} < 5)"),
        ])
    }

    /// A query of WITH, put into one that runs by itself.
    fn read_alone(&mut self, plain: &str, trap: &str, other: &str, n: &str) -> String {
        let with = self.one_of(&[format!("w AS {plain}"), format!("v AS {plain}, w AS (SELECT v.id FROM v)")]);
        let value = self.one_of(&[
            format!("(SELECT count(*) FROM w AS a WHERE {trap})"),
            format!("(SELECT max(a.id) FROM w AS a WHERE {trap})"),
            format!("(SELECT a.id FROM w AS a WHERE {trap} ORDER BY 1 LIMIT 1)"),
            format!("EXISTS (SELECT FROM w AS a WHERE {trap})"),
            format!("cardinality(ARRAY(SELECT a.id FROM w AS a WHERE {trap}))"),
        ]);
        let statement = self.one_of(&[
            format!("SELECT {value}"),
            format!("SELECT o.{n}, {value} FROM {other} AS o"),
            format!("SELECT o.{n} FROM {other} AS o ORDER BY 1 LIMIT (SELECT count(*) FROM w AS a WHERE {trap})"),
            format!("SELECT o.{n} FROM {other} AS o GROUP BY o.{n} HAVING ({value})::text <> max(o.{n})::text"),
        ]);
        format!("WITH {with} {statement}")
    }

    /// HAVING that is tested like WHERE, its aggregate being of the query around, or gone once constants are folded. (With a
    /// query in it, it would stay.)
    fn without_its_aggregate(&mut self, plain: &str, hidden: &str, other: &str, n: &str) -> String {
        let grouped = |having: &str| {
            format!(
                "SELECT a.id FROM {plain} AS a LEFT JOIN {other} AS f ON a.id = {hidden} GROUP BY a.id, f.{n} HAVING {having}"
            )
        };
        let trap = format!("(1 / (f.{n} * 0))");
        let above = self.one_of(&["count(*)", "max(1)"]);
        self.one_of(&[
            grouped(&format!("CASE WHEN true THEN {trap} IS NULL ELSE {above} > 0 END")),
            grouped(&format!("coalesce(1, {above}) >= coalesce({trap}, 1)")),
            grouped(&format!("({trap} IS NULL) IS DISTINCT FROM ({above} > NULL::int)")),
            format!(
                "SELECT ({} ORDER BY 1 LIMIT 1) FROM {other} AS o",
                grouped(&format!("coalesce({trap}, 1) <= sum(o.{n})"))
            ),
        ])
    }

    /// A column of the query around, whose expression always fails: no visible row asks for it.
    fn computed_around(&mut self, plain: &str, hidden: &str, other: &str, n: &str) -> String {
        let computed = format!("(SELECT 1 / (o.{n} * 0) AS v FROM {other} AS o)");
        let (value, around) = self.one_of(&[
            ("q.v", computed.clone()),
            ("(SELECT q.* LIMIT 1)", computed.clone()),
            ("(SELECT q.* LIMIT 1)", format!("(SELECT (r).* FROM {computed} AS r)")),
        ]);
        format!(
            "SELECT (SELECT count(*) FROM {plain} AS a WHERE a.id <> {hidden} OR a.id IS NULL OR {value} IS NULL) FROM {around} AS q"
        )
    }

    fn table_with(&mut self, is: impl Fn(&Column) -> bool) -> Option<(Table, Column)> {
        let of = |table: &Table| table.columns.iter().filter(|c| is(c)).cloned().collect::<Vec<_>>();
        let all: Vec<(Table, Vec<Column>)> = self.schema.tables.iter().map(|t| (t.clone(), of(t))).collect();
        let with: Vec<(Table, Vec<Column>)> = all.into_iter().filter(|(_, columns)| !columns.is_empty()).collect();
        if with.is_empty() {
            return None;
        }
        let (table, columns) = self.one_of(&with);
        Some((table, self.one_of(&columns)))
    }
}
