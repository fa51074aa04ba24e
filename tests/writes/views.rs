//! Random views on views, and random writes through them: what is not refused does to stored tables what PostgreSQL, by
//! its own way through the views, does to visible ones.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use crate::model::compare_what_leaves;
use crate::world::World;

/// A view's name, and its columns: what each is called, and whether it is a number.
struct View {
    name: String,
    columns: Vec<(String, bool)>,
    /// Which of them is the table's key, and which may be written by marketing whatever the row.
    key: Option<String>,
    free: Vec<String>,
    /// PostgreSQL writes through it, and does nothing else beside.
    plain: bool,
}

struct Maker {
    random: StdRng,
    views: Vec<View>,
    sql: String,
}

/// Names that mean one column here and another one there.
const NAMES: [&str; 9] = ["id", "full_name", "email", "phone", "country", "score", "secret", "a", "b"];

impl Maker {
    fn new(seed: u64) -> Self {
        let number = |name: &str| matches!(name, "id" | "score");
        let customers = View {
            name: "customers".to_owned(),
            columns: NAMES[..7].iter().map(|n| ((*n).to_owned(), number(n))).collect(),
            key: Some("id".to_owned()),
            free: vec!["full_name".to_owned(), "country".to_owned()],
            plain: true,
        };
        Self { random: StdRng::seed_from_u64(seed), views: vec![customers], sql: String::new() }
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.random.gen_range(0..100) < percent
    }

    fn view(&mut self) {
        let any = self.chance(5);
        let plain: Vec<usize> = (0..self.views.len()).filter(|i| any || self.views[*i].plain).collect();
        let below = if self.chance(25) { 0 } else { *plain.choose(&mut self.random).expect("customers") };
        let below = &self.views[below];
        let mut view =
            View { name: format!("v{}", self.views.len()), columns: Vec::new(), key: None, free: Vec::new(), ..*below };
        let (mut columns, reads) = (below.columns.clone(), below.name.clone());
        let (key, free) = (below.key.clone(), below.free.clone());
        let (from, qualifier) = match self.random.gen_range(0..20) {
            0 if reads == "customers" => (format!("ONLY {reads}"), format!("{reads}.")),
            1..=5 => (format!("{reads} x"), "x.".to_owned()),
            // As a column is called.
            6 | 7 => (format!("{reads} id"), "id.".to_owned()),
            8..=12 => (reads.clone(), format!("{reads}.")),
            _ => (reads.clone(), String::new()),
        };
        columns.shuffle(&mut self.random);
        columns.truncate(columns.len() - self.random.gen_range(0..3).min(columns.len() - 1));
        let condition =
            if self.chance(50) { format!(" WHERE {}", self.condition(&columns, &qualifier)) } else { String::new() };
        let mut names = NAMES.to_vec();
        names.shuffle(&mut self.random);
        let renames = self.chance(50);
        let mut items = Vec::new();
        for ((name, number), other) in columns.iter().zip(names) {
            let shown = if renames { other.to_owned() } else { name.clone() };
            let computed = self.chance(4);
            items.push(match (computed, number) {
                (true, true) => format!("{qualifier}{name} + 1 AS {shown}"),
                (true, false) => format!("({qualifier}{name} || '!')::text AS {shown}"),
                (false, _) => format!("{qualifier}{name} AS {shown}"),
            });
            if !computed && key.as_ref() == Some(name) {
                view.key = Some(shown.clone());
            }
            if !computed && free.contains(name) {
                view.free.push(shown.clone());
            }
            view.columns.push((shown, *number));
        }
        let items = items.join(", ");
        let end = self.end(&view);
        view.plain &= !end.contains("LIMIT");
        self.sql += &format!("CREATE VIEW {} AS SELECT {items} FROM {from}{condition}{end};\n", view.name);
        self.more(&mut view);
        self.views.push(view);
    }

    fn end(&mut self, view: &View) -> &'static str {
        match self.random.gen_range(0..30) {
            0 => " LIMIT 3",
            1..=4 => " ORDER BY 1",
            // PostgreSQL asks for a column that can be written.
            5..=7 if view.plain && view.key.is_some() => " WITH CHECK OPTION",
            8..=10 if view.plain && view.key.is_some() => " WITH LOCAL CHECK OPTION",
            _ => "",
        }
    }

    /// What makes a view more than it seems.
    fn more(&mut self, view: &mut View) {
        let (name, column) = (&view.name, &view.columns[0]);
        let value = if column.1 { "7" } else { "'seven'" };
        let more = match self.random.gen_range(0..40) {
            0 => format!("CREATE RULE r AS ON UPDATE TO {name} DO ALSO INSERT INTO log (what) VALUES ('x')"),
            1 => format!("CREATE RULE r AS ON DELETE TO {name} DO INSTEAD NOTHING"),
            2 => format!("ALTER VIEW {name} ALTER COLUMN {} SET DEFAULT {value}", column.0),
            3 => format!("CREATE TRIGGER t INSTEAD OF UPDATE ON {name} FOR EACH ROW EXECUTE FUNCTION swallow()"),
            _ => return,
        };
        view.plain = false;
        self.sql += &format!("{more};\n");
    }

    fn condition(&mut self, columns: &[(String, bool)], qualifier: &str) -> String {
        let (name, number) = columns.choose(&mut self.random).expect("columns").clone();
        let column = format!("{qualifier}{name}");
        let n = self.random.gen_range(0..60);
        let simple = match (number, self.random.gen_range(0..5)) {
            (true, 0) => format!("{column} IS NULL"),
            (true, 1) => format!("{column} IN (SELECT customer_id FROM orders WHERE id < {n})"),
            (true, 2) => format!("coalesce({column}, 3) <> {}", n % 7),
            (true, _) => format!("{column} < {}", n % 8),
            (false, 0) => format!("{column} IS NOT NULL"),
            (false, 1) => format!("{column} LIKE '%{}%'", ["a", "mail", "E", "6", "***"][n % 5]),
            (false, 2) => format!("length({column}) > {}", n % 12),
            (false, 3) => format!("EXISTS (SELECT 1 FROM orders o WHERE o.label <> {column}::text)"),
            (false, _) => format!("{column} <> '{}'", ["ES", "x", "Ana"][n % 3]),
        };
        match self.random.gen_range(0..5) {
            0 => format!("NOT ({simple})"),
            1 => format!("({simple} OR {})", self.condition(columns, qualifier)),
            2 => format!("{simple} AND {}", self.condition(columns, qualifier)),
            _ => simple,
        }
    }

    fn write(&mut self) -> String {
        let view = &self.views[self.random.gen_range(1..self.views.len())];
        let (name, columns) = (view.name.clone(), view.columns.clone());
        let (key, free) = (view.key.clone(), view.free.clone());
        let (alias, qualifier) = match self.random.gen_range(0..3) {
            0 => (" AS t", "t.".to_owned()),
            1 => ("", format!("{name}.")),
            _ => ("", String::new()),
        };
        let condition = self.condition(&columns, &qualifier);
        let shown = columns.choose(&mut self.random).expect("columns").0.clone();
        let returning = match self.random.gen_range(0..4) {
            0 => " RETURNING *".to_owned(),
            1 => format!(" RETURNING {qualifier}{shown}, {qualifier}{shown} IS NULL AS n"),
            _ => String::new(),
        };
        let text = columns.iter().find(|(_, number)| !number).map(|(n, _)| format!("{qualifier}{n}"));
        let value = match (self.random.gen_range(0..5), text) {
            (0, Some(text)) => format!("coalesce(upper({text}), 'none')"),
            (1, Some(text)) => format!("'{name}' || coalesce({text}, '')"),
            (2, _) => format!("(SELECT count(*) FROM {name})::text"),
            (3, _) => "'ES'".to_owned(),
            _ => "'new'".to_owned(),
        };
        // Of what is masked in some rows those rows keep all they have: nothing to compare.
        let all_free = free;
        let free = all_free.choose(&mut self.random).cloned();
        let Some(free) = free else { return format!("DELETE FROM {name}{alias} WHERE {condition}{returning}") };
        match (self.random.gen_range(0..10), key) {
            (0..=5, _) => {
                // A row without a country counts as restricted, and is shown masked.
                let (value, returning) = if self.chance(5) { ("DEFAULT", "") } else { (&*value, &*returning) };
                let other = all_free.iter().find(|other| **other != free).filter(|_| self.chance(40));
                let set = match (other, self.chance(50)) {
                    (None, _) => format!("{free} = {value}"),
                    (Some(other), true) => format!("{free} = {value}, {other} = 'PT'"),
                    (Some(other), false) => format!("({other}, {free}) = (SELECT 'Eva', 'ES')"),
                };
                format!("UPDATE {name}{alias} SET {set} WHERE {condition}{returning}")
            }
            (6 | 7, _) => format!("DELETE FROM {name}{alias} WHERE {condition}{returning}"),
            (8, Some(key)) => {
                let given = ["'new'", "'ES'", "DEFAULT"].choose(&mut self.random).expect("values");
                format!("INSERT INTO {name} AS t ({key}, {free}) VALUES (100, {given}), (105, 'ES')")
            }
            (_, Some(key)) => {
                format!(
                    "INSERT INTO {name} AS t ({key}, {free}) VALUES (1, 'new'), (2, 'new') ON CONFLICT ({key}) DO UPDATE SET {free} = excluded.{free} || 'y'"
                )
            }
            (_, None) => format!("INSERT INTO {name} ({free}) VALUES (DEFAULT)"),
        }
    }
}

/// `CONSENTRY_WRITES=1000000` tries as many; a failure prints its statement and how its views came to be.
#[tokio::test]
async fn a_random_write_through_random_views_does_what_it_does_to_visible_tables() {
    let seed = std::env::var("CONSENTRY_SEED").map_or(11, |n| n.parse().expect("a number"));
    let mut maker = Maker::new(seed);
    (0..40).for_each(|_| maker.view());
    let world = World::build_with("views", &maker.sql).await;
    let count = std::env::var("CONSENTRY_WRITES").map_or(200, |n| n.parse().expect("a number"));
    let writes: Vec<String> = (0..count).map(|_| maker.write()).collect();
    let left = compare_what_leaves(&world, writes.iter().map(String::as_str), &maker.sql).await;
    assert!(left * 4 > count, "only {left} of {count} leave");
}
