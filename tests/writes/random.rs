//! Random writes from a seed: every one is valid, reaches each row once, and does the same whatever the plan.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

/// `count` statements on the shop of `schema.sql`; the same for the same seed.
pub fn writes(seed: u64, count: usize) -> Vec<String> {
    let mut maker = Maker { random: StdRng::seed_from_u64(seed) };
    (0..count).map(|_| maker.statement()).collect()
}

struct Maker {
    random: StdRng,
}

impl Maker {
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of.choose(&mut self.random).expect("not empty")
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.random.gen_range(0..100) < percent
    }

    fn statement(&mut self) -> String {
        match self.random.gen_range(0..8) {
            0 | 1 => self.update_customers(),
            2 => self.update_orders(),
            3 => self.delete(),
            4 => self.insert(),
            5 => self.merge(),
            6 => self.upsert(),
            _ => self.chained(),
        }
    }

    /// Customers as the target of a write: the table, or a view of all its columns.
    fn customers(&mut self) -> &'static str {
        ["customers", "customers", "public.customers", "everyone", "everyone_again", "mailable"]
            .choose(&mut self.random)
            .expect("not empty")
    }

    /// What holds of a customer, of what hidden rows and masked cells hold among it.
    fn about_customer(&mut self, c: &str) -> String {
        let number = self.random.gen_range(0..7);
        let simple = match self.random.gen_range(0..10) {
            0 => format!("{c}.id <= {number}"),
            1 => format!("{c}.country {} '{}'", self.one(&["=", "<>", "<"]), self.one(&["ES", "DE", "FR", "blocked"])),
            2 => format!("{c}.email LIKE '{}'", self.one(&["C%", "%mail%", "CANARY%", "%***%", "ana%"])),
            3 => format!("{c}.{} IS {}NULL", self.one(&["score", "secret", "email", "phone"]), self.one(&["", "NOT "])),
            4 => format!("length({c}.phone) > {number}"),
            5 => format!("{c}.full_name {} 'CANARY-D'", self.one(&["<", ">", "="])),
            6 => format!("EXISTS (SELECT 1 FROM orders q WHERE q.customer_id = {c}.id AND q.{})", self.about_order()),
            7 => format!("{c}.id IN (SELECT q.customer_id FROM orders q WHERE q.{})", self.about_order()),
            8 => format!("(SELECT count(*) FROM customers q WHERE q.country = {c}.country) > {}", number / 3),
            _ => format!("{c}.email > (SELECT min(q.email) FROM customers q)"),
        };
        match self.random.gen_range(0..6) {
            0 => format!("NOT ({simple})"),
            1 => format!("({simple} OR {})", self.about_customer(c)),
            2 => format!("{simple} AND {}", self.about_customer(c)),
            _ => simple,
        }
    }

    fn about_order(&mut self) -> String {
        match self.random.gen_range(0..3) {
            0 => format!("state = '{}'", self.one(&["open", "sent"])),
            1 => format!("label LIKE '{}'", self.one(&["CANARY%", "f%", "%i%"])),
            _ => format!("id > {}", self.random.gen_range(0..60)),
        }
    }

    /// A text made of a customer.
    fn text_of(&mut self, c: &str) -> String {
        match self.random.gen_range(0..8) {
            0 => "'new'".to_owned(),
            1 => format!("upper({c}.{})", self.one(&["full_name", "email", "phone", "country"])),
            2 => format!("{c}.email || coalesce({c}.score, -1)::text"),
            3 => format!("coalesce({c}.secret, {c}.phone, 'none')"),
            4 => {
                format!("(SELECT string_agg(q.label, ',' ORDER BY q.label) FROM orders q WHERE q.customer_id = {c}.id)")
            }
            5 => format!("(SELECT max(q.email) FROM customers q WHERE q.id <> {c}.id)"),
            6 => format!("CASE WHEN {} THEN {c}.full_name ELSE 'else' END", self.about_customer(c)),
            _ => format!("row_to_json({c})::text"),
        }
    }

    fn returning(&mut self, c: &str) -> String {
        let more = self.text_of(c);
        match self.random.gen_range(0..4) {
            0 => format!(" RETURNING {c}.*"),
            1 => format!(" RETURNING {c}.id, {more}"),
            2 => format!(" RETURNING {c}, {c}.email IS NULL"),
            _ => String::new(),
        }
    }

    fn update_customers(&mut self) -> String {
        let set = match self.random.gen_range(0..4) {
            0 => format!("full_name = {}, country = 'XX'", self.text_of("c")),
            1 => "country = lower(c.country)".to_owned(),
            2 => format!("(full_name, country) = ({}, 'YY')", self.text_of("c")),
            _ => format!("full_name = {}", self.text_of("c")),
        };
        // Each customer meets one row at most.
        let (from, joined) = match self.random.gen_range(0..4) {
            0 => (" FROM products p", "p.id = c.id AND "),
            1 => (" FROM customers d LEFT JOIN products p ON p.id = d.id", "d.id = c.id + 1 AND "),
            2 => (
                " FROM (SELECT customer_id, count(*) AS n FROM orders GROUP BY 1) o",
                "o.customer_id = c.id AND o.n > 0 AND ",
            ),
            _ => ("", ""),
        };
        let only = if self.chance(20) { "ONLY customers AS" } else { self.customers() };
        format!("UPDATE {only} c SET {set}{from} WHERE {joined}{}{}", self.about_customer("c"), self.returning("c"))
    }

    fn update_orders(&mut self) -> String {
        let condition = self.about_customer("c");
        let value = self.text_of("c");
        let column = self.one(&["label", "state"]);
        format!(
            "UPDATE orders o SET {column} = {value} FROM customers c WHERE c.id = o.customer_id AND {condition} AND o.{} RETURNING o.*",
            self.about_order()
        )
    }

    fn delete(&mut self) -> String {
        let condition = self.about_customer("c");
        match self.random.gen_range(0..4) {
            0 => format!("DELETE FROM {} c WHERE {condition}{}", self.customers(), self.returning("c")),
            1 => format!(
                "DELETE FROM orders USING {} c WHERE c.id = customer_id AND {condition} RETURNING orders.*, c.phone",
                self.customers()
            ),
            2 => format!(
                "DELETE FROM products p USING customers c WHERE c.id = p.id AND {condition}{}",
                self.returning("c")
            ),
            _ => format!("DELETE FROM orders WHERE {}", self.about_order()),
        }
    }

    fn insert(&mut self) -> String {
        let (condition, value) = (self.about_customer("c"), self.text_of("c"));
        match self.random.gen_range(0..3) {
            0 => format!(
                "INSERT INTO {} (id, full_name) SELECT c.id + 100, {value} FROM customers c WHERE {condition}",
                self.customers()
            ),
            1 => format!(
                "INSERT INTO products (id, name) SELECT c.id + 10, {value} FROM customers c WHERE {condition} RETURNING *"
            ),
            _ => format!(
                "INSERT INTO orders (id, customer_id, label) SELECT c.id + 200, c.id, {value} FROM customers c WHERE {condition}"
            ),
        }
    }

    /// Keys that are in conflict are those of rows that are there: a hidden one is a conflict in the stored table alone.
    fn upsert(&mut self) -> String {
        // A whole `excluded` is refused: the server fills columns of it that are not listed.
        let value = format!("upper(excluded.{})", self.one(&["full_name", "email", "secret", "score::text"]));
        let condition = self.about_customer("c");
        let then = match self.random.gen_range(0..3) {
            0 => "NOTHING".to_owned(),
            1 => format!("UPDATE SET full_name = {value} WHERE {condition}"),
            _ => format!("UPDATE SET full_name = excluded.full_name || {}", self.text_of("c")),
        };
        let keys = self.one(&["(1, 'p'), (2, 'q')", "(5, 'r'), (105, 's')", "(2, 't')"]);
        let table = self.customers();
        format!("INSERT INTO {table} AS c (id, full_name) VALUES {keys} ON CONFLICT (id) DO {then}")
    }

    fn merge(&mut self) -> String {
        let (condition, value) = (self.about_customer("c"), self.text_of("c"));
        let source = self.one(&[
            "products p ON p.id = c.id",
            "(SELECT id, name FROM products WHERE price > 5) p ON p.id = c.id",
            "(SELECT id, full_name AS name FROM customers) p ON p.id = c.id",
        ]);
        let second = match self.chance(50) {
            true => "WHEN MATCHED THEN UPDATE SET country = 'YY'",
            false => "WHEN MATCHED THEN DELETE",
        };
        format!(
            "MERGE INTO customers c USING {source} WHEN MATCHED AND {condition} THEN UPDATE SET full_name = {value} || p.name {second}"
        )
    }

    fn chained(&mut self) -> String {
        let (condition, table) = (self.about_customer("c"), self.customers());
        match self.random.gen_range(0..3) {
            0 => format!(
                "WITH d AS (DELETE FROM orders WHERE {} RETURNING *) SELECT count(*), max(label) FROM d",
                self.about_order()
            ),
            1 => format!(
                "WITH u AS (UPDATE {table} c SET country = 'XX' WHERE {condition} RETURNING *) SELECT * FROM u WHERE email LIKE 'C%' OR phone LIKE '%1%'"
            ),
            _ => format!(
                "WITH d AS (DELETE FROM {table} c WHERE {condition} RETURNING *) INSERT INTO products (id, name) SELECT id + 20, email FROM d RETURNING name"
            ),
        }
    }
}
