//! What is past its time goes, in batches; what is held or referred to stays and is reported.

use consentry::consent::commit::Moment;
use consentry::consent::fault::Fault;
use consentry::consent::retention::{Applied, Step, apply, foresee, report};
use consentry::consent::sweep::{Blocked, Reason, TableCount};
use consentry::engine::catalog::Catalog;
use consentry::engine::policy::Policy;
use consentry::relay::catalog;

use crate::common::postgres::{Database, shared};
use crate::policy;

struct Case {
    db: Database<'static>,
    catalog: Catalog,
    policy: Policy,
}

impl Case {
    async fn new(name: &str, sql: &str, toml: &str) -> Self {
        let db = shared().database(&format!("retention_{name}"), sql).brief();
        let catalog = catalog::load(&db.superuser().await).await.unwrap();
        let policy = policy::from_toml(&catalog, toml);
        Self { db, catalog, policy }
    }

    /// It is what was foreseen, which changed nothing.
    async fn apply(&self, batch: u32) -> Applied {
        let foreseen = self.foresee().await;
        let mut applied = self.try_apply(batch, &mut |_| Ok(())).await.unwrap();
        let by_name = |counts: &[TableCount]| {
            let mut counts = counts.to_vec();
            counts.sort_by(|a, b| a.table.cmp(&b.table));
            counts
        };
        let Applied { deleted, nulled, along, changed, .. } = &mut applied;
        for counts in [deleted, nulled, along, changed] {
            *counts = by_name(counts);
        }
        assert_eq!(foreseen, applied);
        applied
    }

    /// What would be done, by nobody who could not undo it.
    async fn foresee(&self) -> Applied {
        foresee(&mut self.db.superuser().await, &self.policy, &self.catalog).await.unwrap()
    }

    async fn try_apply(&self, batch: u32, on: &mut dyn FnMut(Step<'_>) -> Result<(), Fault>) -> Result<Applied, Fault> {
        apply(&mut self.db.superuser().await, &self.policy, &self.catalog, batch, on).await
    }
}

fn rows(table: &str, rows: u64) -> TableCount {
    TableCount { table: table.to_owned(), rows }
}

const KINDS: &str =
    "category.identity = 'null'\n[purpose.service]\ndescription = 'd'\nbasis = 'contract'\nshows = ['identity']\n";

/// `days` old.
fn old(days: u32) -> String {
    format!("now() - interval '{days} days'")
}

#[tokio::test]
async fn the_report_counts_and_names_no_value() {
    let sql = format!(
        "CREATE TABLE visits (id int PRIMARY KEY, who text, disputed boolean, at timestamptz);
         INSERT INTO visits VALUES (1, 'Ada', false, {a}), (2, 'Bo', true, {a}), (3, 'Cy', NULL, {a}), (4, 'Di', false, {b}),
                                   (5, 'Ed', false, {c}), (6, 'Flo', false, NULL);",
        a = "'2001-02-03 12:00+00'",
        b = old(100),
        c = old(10)
    );
    let toml = format!(
        "{KINDS}[purpose.marketing]\ndescription = 'd'\nbasis = 'contract'\nshows = ['identity']\nretention = '30 days'\n\
         [purpose.elsewhere]\ndescription = 'd'\nbasis = 'contract'\nretention = '1 day'\n\
         [table.'public.visits']\nretention = {{ since = 'at', keep = '1 year' }}\nhold_when = 'disputed'\n\
         columns = {{ id = 'open', who = 'identity', disputed = 'open', at = 'open' }}"
    );
    let case = Case::new("report", &sql, &toml).await;
    let reports = report(&case.db.superuser().await, &case.policy, &case.catalog).await.unwrap();
    let [visits] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!((visits.rows, visits.past, visits.held, visits.undated), (6, 3, 2, 1), "an unknown hold is one");
    assert_eq!(visits.oldest.as_deref(), Some("2001-02-03"));
    let [marketing] = &visits.purposes[..] else { panic!("{visits:?}") };
    assert_eq!(
        (marketing.purpose.as_str(), marketing.past),
        ("marketing", 4),
        "purposes that cannot see the table do not count"
    );
    let text = serde_json::to_string(&reports).unwrap();
    assert!(!["Ada", "Bo", "Cy"].iter().any(|v| text.contains(v)), "{text}");
}

#[tokio::test]
async fn rows_past_their_time_go_in_batches_and_holds_stay() {
    let sql = "CREATE TABLE visits (id int PRIMARY KEY, who text, disputed boolean NOT NULL DEFAULT false, at date);
         INSERT INTO visits (id, who, at) SELECT n, 'p', current_date - n FROM generate_series(1, 100) n;
         UPDATE visits SET disputed = true WHERE id IN (50, 90);";
    let toml = format!(
        "{KINDS}[table.'public.visits']\nretention = {{ since = 'at', keep = '40 days' }}\nhold_when = 'disputed'\n\
         columns = {{ id = 'open', who = 'identity', at = 'open' }}"
    );
    let case = Case::new("batches", sql, &toml).await;
    let mut batches = Vec::new();
    let applied = case
        .try_apply(25, &mut |step| {
            match step {
                Step::Table { table, due } => batches.push(format!("{table} {due}")),
                Step::Batch(Moment::Before(b)) => batches.push(format!("{}", b.swept.rows())),
                Step::Batch(moment) => assert!(matches!(moment, Moment::Committed(_)), "{moment:?}"),
            }
            Ok(())
        })
        .await
        .unwrap();
    // A date is its midnight in UTC: exactly 40 days ago is older than 40 days but for one instant of the day.
    let left: Vec<i32> = (1..40).chain([50, 90]).collect();
    let stored = case.db.psql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM visits");
    assert_eq!(stored, left.iter().map(i32::to_string).collect::<Vec<_>>().join(" "));
    assert_eq!(applied.deleted, [rows("public.visits", 59)]);
    assert_eq!(batches, ["public.visits 59", "25", "25", "9"]);
    let held = vec![rows("public.visits", 2)];
    assert_eq!((&applied.held, &case.foresee().await.held), (&held, &held));
    assert_eq!(case.apply(25).await, Applied { held, ..Applied::default() }, "a second run finds nothing");
}

#[tokio::test]
async fn a_batch_that_cannot_be_recorded_is_undone_and_the_next_run_goes_on() {
    let sql = "CREATE TABLE visits (who text, at timestamp); INSERT INTO visits SELECT 'p', '2001-01-01' FROM generate_series(1, 30);";
    let toml = format!(
        "{KINDS}[table.'public.visits']\nretention = {{ since = 'at', keep = '1 year' }}\ncolumns = {{ who = 'identity', at = 'open' }}"
    );
    let case = Case::new("resumed", sql, &toml).await;
    let mut seen = 0;
    let stopped = case
        .try_apply(10, &mut |step| match step {
            Step::Batch(Moment::Before(_)) if seen == 1 => Err(Fault::new("disk full")),
            Step::Batch(Moment::Before(_)) => {
                seen += 1;
                Ok(())
            }
            Step::Table { .. } | Step::Batch(_) => Ok(()),
        })
        .await;
    assert_eq!(stopped.unwrap_err().message, "disk full");
    assert_eq!(case.db.psql("SELECT count(*) FROM visits"), "20");
    assert_eq!(case.apply(10).await.deleted, [rows("public.visits", 20)]);
}

#[tokio::test]
async fn personal_columns_are_emptied_where_rows_are_to_stay() {
    let sql = format!(
        "CREATE TABLE people (id int PRIMARY KEY, name text, nick text NOT NULL DEFAULT '', upper_name text GENERATED ALWAYS AS (upper(name)) STORED,
                              city text, left_at timestamptz);
         INSERT INTO people (id, name, nick, city, left_at) VALUES (1, 'Ada', 'a', 'X', {a}), (2, 'Bo', 'b', 'Y', {a}), (3, 'Cy', 'c', 'Z', now());",
        a = old(999)
    );
    let toml = format!(
        "{KINDS}[table.'public.people']\nretention = {{ since = 'left_at', keep = '2 years' }}\nerase = 'null'\n\
         columns = {{ id = 'open', name = 'identity', nick = 'identity', upper_name = 'identity', city = 'open', left_at = 'open' }}"
    );
    let case = Case::new("emptied", &sql, &toml).await;
    case.db.psql("ALTER TABLE people ADD extra text, ADD more text");
    let case = Case { catalog: catalog::load(&case.db.superuser().await).await.unwrap(), ..case };
    let applied = case.apply(1).await;
    assert_eq!(applied.nulled, [rows("public.people", 2)]);
    assert_eq!(applied.left["public.people"].unlisted, ["extra", "more"], "what the policy does not list is named");
    assert_eq!(
        case.db.psql("SELECT id, name, nick, upper_name, city FROM people ORDER BY id"),
        "1||||X\n2||||Y\n3|Cy|c|CY|Z"
    );
    assert_eq!(case.apply(1).await, Applied::default());
}

#[tokio::test]
async fn what_is_referred_to_stays_until_nothing_refers_to_it() {
    let sql = format!(
        "CREATE TABLE people (id int PRIMARY KEY, name text, boss int REFERENCES people, seen timestamptz);
         CREATE TABLE invoices (no int PRIMARY KEY, person int REFERENCES people, text text, at timestamptz);
         CREATE TABLE lines (invoice int REFERENCES invoices ON DELETE CASCADE, n int, text text, disputed boolean DEFAULT false);
         INSERT INTO people VALUES (1, 'a', NULL, {a}), (2, 'b', 1, {a}), (3, 'c', 2, {a}), (4, 'd', NULL, {a}), (5, 'e', NULL, {a}), (6, 'f', NULL, {a});
         INSERT INTO invoices VALUES (10, 4, 't', {a}), (11, 5, 't', now()), (12, 6, 't', {a});
         INSERT INTO lines VALUES (10, 1, 'x', false), (10, 2, 'x', false), (11, 1, 'x', false), (12, 1, 'x', true);",
        a = old(999)
    );
    let toml = format!(
        "{KINDS}[table.'public.people']\nretention = {{ since = 'seen', keep = '1 year' }}\ncolumns = {{ id = 'open', name = 'identity', boss = 'open' }}\n\
         [table.'public.invoices']\nretention = {{ since = 'at', keep = '1 year' }}\ncolumns = {{ no = 'open', text = 'identity' }}\n\
         [table.'public.lines']\nhold_when = 'disputed'\ncolumns = {{ invoice = 'open', text = 'identity' }}"
    );
    let case = Case::new("referred", &sql, &toml).await;
    // One row a batch: the boss comes first and must wait for those below.
    let applied = case.apply(1).await;
    assert_eq!(case.db.psql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM people"), "5 6");
    assert_eq!(
        case.db.psql("SELECT string_agg(no::text, ' ' ORDER BY no) FROM invoices"),
        "11 12",
        "a hold below keeps what is above"
    );
    assert_eq!(case.db.psql("SELECT count(*) FROM lines"), "2");
    let mut deleted = applied.deleted;
    deleted.sort_by(|a, b| a.table.cmp(&b.table));
    assert_eq!(deleted, [rows("public.invoices", 1), rows("public.people", 4)]);
    assert_eq!(applied.along, [rows("public.lines", 2)]);
    let blocked = |table: &str, because_of: &str, rows| Blocked {
        table: table.into(),
        because_of: because_of.into(),
        rows,
        reason: Reason::Refers,
        along: false,
    };
    assert_eq!(
        applied.blocked,
        [blocked("public.people", "public.invoices", 2), blocked("public.invoices", "public.lines", 1)]
    );
}

#[tokio::test]
async fn partitions_are_swept_through_their_table() {
    let sql = format!(
        "CREATE TABLE events (id int, who text, at timestamptz, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
         CREATE TABLE events_old PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
         CREATE TABLE events_new PARTITION OF events DEFAULT;
         CREATE TABLE notes (id int, at timestamptz, text text, FOREIGN KEY (id, at) REFERENCES events ON DELETE SET NULL);
         INSERT INTO events VALUES (1, 'a', '2001-01-01'), (2, 'b', {a}), (3, 'c', now()), (4, 'd', '2002-02-02');
         INSERT INTO notes VALUES (1, '2001-01-01', 'kept'), (4, '2002-02-02', 'freed');",
        a = old(500)
    );
    let toml = format!(
        "{KINDS}[table.'public.events']\nretention = {{ since = 'at', keep = '1 year' }}\ncolumns = {{ id = 'open', who = 'identity', at = 'open' }}\n\
         [table.'public.notes']\nhold_when = \"text = 'kept'\"\ncolumns = {{ text = 'identity' }}"
    );
    let case = Case::new("partitions", &sql, &toml).await;
    let applied = case.apply(100).await;
    assert_eq!(applied.deleted, [rows("public.events", 2)]);
    assert_eq!(case.db.psql("SELECT id FROM events ORDER BY id"), "1\n3");
    assert_eq!(
        case.db.psql("SELECT id, text FROM notes ORDER BY text"),
        "|freed\n1|kept",
        "a row under hold is not even changed"
    );
}

/// A foreign key may hang on a partition or an inheritance child alone, at either end: its rows are those of the policy's
/// table. Of a table that is inherited from it means the rows of its own.
#[tokio::test]
async fn keys_of_partitions_are_those_of_their_table() {
    let sql = format!(
        "CREATE TABLE docs (id int PRIMARY KEY, at timestamptz DEFAULT {a}, text text DEFAULT 'x');
         CREATE TABLE docs_signed () INHERITS (docs);
         CREATE TABLE notes (id int, doc int, hold boolean) PARTITION BY LIST (hold);
         CREATE TABLE notes_1 PARTITION OF notes (FOREIGN KEY (doc) REFERENCES docs ON DELETE CASCADE) FOR VALUES IN (true);
         CREATE TABLE notes_2 PARTITION OF notes (FOREIGN KEY (doc) REFERENCES docs ON DELETE CASCADE) DEFAULT;
         CREATE TABLE events (id int, at timestamptz, who text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
         CREATE TABLE events_old PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
         CREATE TABLE marks (event int, at timestamptz, hold boolean, FOREIGN KEY (event, at) REFERENCES events_old (id, at) ON DELETE CASCADE);
         INSERT INTO docs (id) VALUES (1), (2), (3); INSERT INTO docs_signed (id) VALUES (3), (4);
         INSERT INTO notes VALUES (1, 1, true), (2, 2, false), (3, 3, true);
         INSERT INTO events VALUES (1, '2001-01-01', 'a'), (2, '2002-02-02', 'b');
         INSERT INTO marks VALUES (1, '2001-01-01', true), (2, '2002-02-02', false);",
        a = old(999)
    );
    let toml = format!(
        "{KINDS}[table.'public.docs']\nretention = {{ since = 'at', keep = '1 year' }}\ncolumns = {{ id = 'open', text = 'identity' }}\n\
         [table.'public.notes']\nhold_when = 'hold'\ncolumns = {{ id = 'identity', doc = 'open', hold = 'open' }}\n\
         [table.'public.events']\nretention = {{ since = 'at', keep = '1 year' }}\ncolumns = {{ id = 'open', who = 'identity' }}\n\
         [table.'public.marks']\nhold_when = 'hold'\ncolumns = {{ event = 'identity', hold = 'open' }}"
    );
    let case = Case::new("key_of_partition", &sql, &toml).await;
    let applied = case.apply(100).await;
    let ids = |of: &str| case.db.psql(&format!("SELECT string_agg(id::text, ' ' ORDER BY id) FROM {of}"));
    assert_eq!((ids("ONLY docs"), ids("docs_signed")), ("1 3".into(), "".into()), "{applied:?}");
    assert_eq!((ids("notes"), ids("events")), ("1 3".into(), "1".into()), "{applied:?}");
    assert_eq!(case.db.psql("SELECT event FROM marks"), "1");
    let mut deleted = applied.deleted;
    deleted.sort_by(|a, b| a.table.cmp(&b.table));
    assert_eq!(deleted, [rows("public.docs", 3), rows("public.events", 1)]);
    let mut along = applied.along;
    along.sort_by(|a, b| a.table.cmp(&b.table));
    assert_eq!(along, [rows("public.marks", 1), rows("public.notes", 1)]);
}

/// What goes along is told before, row by row; what would go along and stays is no row past its time.
#[tokio::test]
async fn what_goes_along_is_foreseen_and_what_stays_is_counted_once() {
    let sql = format!(
        "CREATE TABLE account (id int PRIMARY KEY, mail text, seen timestamptz);
         CREATE TABLE movement (id int PRIMARY KEY, account int REFERENCES account ON DELETE CASCADE, text text, at timestamptz);
         CREATE TABLE dispute (movement int REFERENCES movement);
         INSERT INTO account VALUES (1, 'a', {a}), (2, 'b', {a}), (3, 'c', now()), (4, 'd', {a});
         INSERT INTO movement VALUES (10, 1, 'x', now()), (11, 1, 'x', {a}), (20, 2, 'x', {a}), (21, 2, 'x', now()), (22, 2, 'x', {a}), (30, 3, 'x', {a}), (40, 4, 'x', now());
         INSERT INTO dispute VALUES (20), (21);",
        a = old(999)
    );
    let toml = format!(
        "{KINDS}[table.'public.account']\nretention = {{ since = 'seen', keep = '1 year' }}\ncolumns = {{ id = 'open', mail = 'identity' }}\n\
         [table.'public.movement']\nretention = {{ since = 'at', keep = '1 year' }}\ncolumns = {{ id = 'open', account = 'open', text = 'identity' }}"
    );
    let case = Case::new("foreseen", &sql, &toml).await;
    let reports = report(&case.db.superuser().await, &case.policy, &case.catalog).await.unwrap();
    let along: Vec<_> = reports.iter().map(|r| (r.table.as_str(), r.takes_along.join(" "))).collect();
    assert_eq!(along, [("public.account", "public.movement".to_owned()), ("public.movement", String::new())]);
    // Without the foreign key to account: 11, 20, 22, 30 are past; 20 is disputed. With it 10 and 40 go along; 21 is
    // disputed and young.
    let applied = case.apply(100).await;
    assert_eq!(applied.deleted, [rows("public.account", 2), rows("public.movement", 3)]);
    assert_eq!(applied.along, [rows("public.movement", 2)]);
    let blocked = |table: &str, because_of: &str, along| Blocked {
        table: format!("public.{table}"),
        because_of: format!("public.{because_of}"),
        rows: 1,
        reason: Reason::Refers,
        along,
    };
    assert_eq!(
        applied.blocked,
        [
            blocked("account", "movement", false),
            blocked("movement", "dispute", false),
            blocked("movement", "dispute", true)
        ]
    );
    assert_eq!(case.db.psql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM movement"), "20 21");
}
