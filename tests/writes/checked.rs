//! UPDATE and INSERT through views WITH CHECK OPTION, as PostgreSQL tests it on visible tables: behind all constraints, over
//! the row as triggers, defaults and its types have made it. And the row that ON CONFLICT runs into, before anything else.

use crate::model::compare;
use crate::world::World;

/// More than `schema.sql` has: all of these rows are visible.
const SCHEMA: &str = r#"
CREATE VIEW placed AS SELECT id, full_name, country FROM customers c
    WHERE country IN (SELECT name FROM products) OR EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.label <> c.full_name)
    WITH CHECK OPTION;
CREATE VIEW divided AS SELECT id, full_name, score FROM customers WHERE 100 / (id - 3) > -100 AND 10 / (length(full_name) - 2) <> 5 WITH CHECK OPTION;
CREATE VIEW divided_open AS SELECT * FROM divided WHERE id <> 2;
CREATE VIEW fewer AS SELECT * FROM spaniards WHERE key < 100 WITH LOCAL CHECK OPTION;
CREATE VIEW inner_one AS SELECT id, full_name, country, email FROM customers WHERE country <> 'PT' WITH LOCAL CHECK OPTION;
CREATE VIEW middle_one AS SELECT * FROM inner_one WHERE full_name <> 'Bob';
CREATE VIEW outer_one AS SELECT * FROM middle_one WHERE country <> full_name WITH CASCADED CHECK OPTION;
CREATE VIEW mailed_ones AS SELECT id, full_name, email, country FROM customers WHERE email LIKE '%@mail%' AND full_name <> '' WITH CHECK OPTION;
CREATE VIEW unprobed AS SELECT id, full_name, email FROM customers WHERE email NOT LIKE 'CANARY%' OR full_name = 'x' WITH CHECK OPTION;
CREATE VIEW first_orders AS SELECT id, customer_id, label, state FROM orders WHERE customer_id < 5 AND label <> 'none' WITH CHECK OPTION;
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.note = 'quiet' THEN RETURN NULL; END IF;
    NEW.note := NEW.note || '!'; IF NEW.note = 'go!' THEN NEW.note := 'gone'; END IF; RETURN NEW;
END $$;
CREATE TRIGGER shout BEFORE UPDATE ON events_a FOR EACH ROW EXECUTE FUNCTION shout();
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log (what) VALUES (NEW.note); RETURN NULL; END $$;
CREATE TRIGGER tell AFTER UPDATE ON events FOR EACH ROW EXECUTE FUNCTION tell();
ALTER TABLE events ADD CHECK (id < 1000);
CREATE VIEW kinds AS SELECT id, note, kind FROM events WHERE kind = 'a' WITH CHECK OPTION;
CREATE UNIQUE INDEX ON labels (letter);
CREATE VIEW ordered_labels AS SELECT id, letter, code, mark FROM labels WHERE letter < 'm' AND code <> 'zzz' WITH CHECK OPTION;
INSERT INTO events VALUES (1, 1, 'one', 'a'), (2, 2, 'two', 'b'), (3, 5, 'three', 'a');
INSERT INTO parcels VALUES (1, 1, 'one', 1), (2, 2, 'two', 2);
INSERT INTO large_parcels (id, customer_id, note) VALUES (3, 5, 'three');
CREATE VIEW of_people AS SELECT id, customer_id, note, kind FROM events e
    WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = e.customer_id AND c.email <> e.note) WITH CHECK OPTION;
CREATE VIEW of_people_again AS SELECT note AS kind, kind AS note, id, customer_id FROM of_people WHERE note <> 'gone';
CREATE VIEW people_orders AS SELECT id, customer_id, label FROM orders WHERE customer_id IN (SELECT id FROM customers) WITH CHECK OPTION;
CREATE VIEW as_told AS SELECT id, full_name, country FROM customers c WHERE full_name LIKE '%a' OR country IN (SELECT name FROM products)
    WITH CHECK OPTION;
CREATE VIEW short_ones AS SELECT id AS number, country AS land, full_name AS called FROM spanish WHERE length(full_name) < 4;
CREATE VIEW buyers AS SELECT id, full_name, country FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id);
CREATE VIEW known_ones AS SELECT id, full_name, country FROM customers WHERE email IS NULL OR email LIKE '%@%';
CREATE VIEW first_ones AS SELECT id, full_name, email FROM customers WHERE id < 2;
CREATE VIEW divided_ones AS SELECT id, full_name, email FROM customers WHERE 1 / (id - 2) < 5;
CREATE FUNCTION lower_note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.label := lower(NEW.label); RETURN NEW; END';
CREATE TRIGGER lower_note BEFORE INSERT OR UPDATE ON boxes FOR EACH ROW EXECUTE FUNCTION lower_note();
CREATE VIEW low_boxes AS SELECT id, customer_id, label FROM boxes WHERE label <> 'none' AND customer_id IN (SELECT id FROM customers)
    WITH CHECK OPTION;
"#;

const INSERTS: &[&str] = &[
    // What other tables say.
    "INSERT INTO placed VALUES (94, 'x', 'pen')",
    "INSERT INTO placed VALUES (94, 'x', 'none')",
    "INSERT INTO placed VALUES (94, 'x', 'pen'), (95, 'y', 'none')",
    "INSERT INTO placed (country, id) SELECT name, id + 90 FROM products RETURNING id AS n, country",
    "INSERT INTO placed (country, id) SELECT 'x' || name, id + 90 FROM products RETURNING id",
    "INSERT INTO placed (id) VALUES (94) RETURNING *",
    "INSERT INTO placed DEFAULT VALUES",
    "INSERT INTO busy VALUES (60, 'x', 'y')",
    "INSERT INTO busy (id) VALUES (60) RETURNING id, state",
    "INSERT INTO of_people VALUES (9, 1, 'x', 'a')",
    "INSERT INTO of_people VALUES (9, 2, 'C***@mail.example', 'b')",
    "INSERT INTO of_people VALUES (9, 2, 'CANARY-ben@mail.example', 'b') RETURNING id",
    "INSERT INTO of_people VALUES (9, 3, 'x', 'a')",
    "INSERT INTO of_people VALUES (9, 33, 'x', 'a')",
    "INSERT INTO of_people VALUES (2000, 1, 'x', 'a')",
    "INSERT INTO of_people VALUES (9, 1, 'x', 'c')",
    "INSERT INTO of_people_again VALUES ('x', 'a', 9, 1) RETURNING note, id",
    "INSERT INTO of_people_again VALUES ('gone', 'a', 9, 1)",
    "INSERT INTO of_people_again VALUES ('gone', 'a', 9, 3)",
    "INSERT INTO people_orders VALUES (60, 3, 'x')",
    "INSERT INTO people_orders VALUES (60, 99, 'x')",
    "INSERT INTO people_orders VALUES (60, 2, 'x') RETURNING id, customer_id",
    "INSERT INTO people_orders VALUES (10, 2, 'x')",
    "INSERT INTO people_orders VALUES (10, 2, 'x'), (60, 2, 'y') ON CONFLICT DO NOTHING RETURNING id",
    "INSERT INTO people_orders VALUES (10, 3, 'x') ON CONFLICT (id) DO NOTHING",
    "INSERT INTO low_boxes VALUES (9, 1, 'NONE')",
    "INSERT INTO low_boxes VALUES (9, 1, 'SOME')",
    "INSERT INTO low_boxes VALUES (9, 3, 'some')",
    // A person who has made no choice yet: the row is the client's own.
    "INSERT INTO as_told VALUES (94, 'Lea', 'ES')",
    "INSERT INTO as_told VALUES (94, 'Leo', 'ES')",
    "INSERT INTO as_told VALUES (94, 'Leo', 'pen')",
    "INSERT INTO as_told VALUES (94, '***', 'ES')",
    "INSERT INTO divided VALUES (103, 'ab', 1)",
    "INSERT INTO divided VALUES (103, 'abc', 1)",
    "INSERT INTO divided VALUES (103, 'abcd', 1) RETURNING id",
    "INSERT INTO unlisted_check VALUES (94, 'ES')",
    "INSERT INTO judged_parcels VALUES (7, 'x')",
    "INSERT INTO judged_parcels VALUES (1, 'x')",
    // The conditions of views on views.
    "INSERT INTO inner_one VALUES (94, 'Bob', 'PT', 'x')",
    "INSERT INTO middle_one VALUES (94, 'Bob', 'PT', 'x')",
    "INSERT INTO middle_one VALUES (94, 'Bob', 'ES', 'x')",
    "INSERT INTO outer_one VALUES (94, 'Bob', 'PT', 'x')",
    "INSERT INTO outer_one VALUES (94, 'Bob', 'ES', 'x')",
    "INSERT INTO outer_one VALUES (94, 'ES', 'ES', 'x')",
    "INSERT INTO outer_one VALUES (94, 'Zoe', 'ES', 'x') RETURNING country",
    "INSERT INTO fewer VALUES (94, 'Zoe', 'x', 'FR')",
    "INSERT INTO fewer VALUES (194, 'Zoe', 'x', 'FR')",
    // Whatever the view shows of the table, the new row is returned.
    "INSERT INTO strict (key, country) VALUES (7, 'ES') RETURNING key",
    "INSERT INTO strict (key, country) VALUES (7, 'FR') RETURNING key",
    "INSERT INTO strict AS s (key, country) VALUES (7, 'ES'), (8, 'ES') RETURNING s.country, key + 1, 'x'",
    "INSERT INTO strict (key, country) SELECT q.returning, 'ES' FROM (SELECT 7 AS returning) q RETURNING key AS returning",
    "INSERT INTO strict (key, country) VALUES (7, 'ES') ON CONFLICT DO NOTHING",
    "WITH i AS (INSERT INTO strict (key, country) VALUES (7, 'FR')) SELECT 1",
    "WITH i AS (INSERT INTO strict (key, country) VALUES (7, 'ES')) SELECT 1 AS one",
    "WITH i AS (INSERT INTO strict (key, country) VALUES (7, 'ES') RETURNING key) SELECT count(*) FROM i",
    // Constraints and types come first.
    "INSERT INTO ordered_labels VALUES (9, 'a', 'zzz', '101')",
    "INSERT INTO ordered_labels VALUES (9, 'z', 'abcd', '101')",
    "INSERT INTO ordered_labels VALUES (9, 'c', 'zzz', '101')",
    "INSERT INTO ordered_labels VALUES (9, 'c', 'y', '101') RETURNING *",
];

/// Rows in the way that the session sees, all of them.
const CONFLICTS: &[&str] = &[
    "INSERT INTO spanish VALUES (1, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = excluded.full_name || spanish.country RETURNING *",
    "INSERT INTO spanish VALUES (5, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = 'y'",
    "INSERT INTO spanish VALUES (200, 'y', 'ES'), (1, 'x', 'ES'), (5, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = 'y'",
    "INSERT INTO spanish VALUES (200, 'y', 'PT'), (1, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET country = 'FR' RETURNING id, country",
    "INSERT INTO spanish VALUES (1, 'x', 'ES'), (1, 'y', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = 'y'",
    // Before the client's own condition, and values.
    "INSERT INTO spanish VALUES (5, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = 'y' WHERE false",
    "INSERT INTO spanish VALUES (5, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = 'y' WHERE spanish.country = 'ES' AND excluded.id > 0",
    "INSERT INTO spanish VALUES (5, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = 'y' WHERE 1 / (spanish.id - 5) > 0",
    "INSERT INTO spanish VALUES (1, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = 'y' WHERE 1 / (spanish.id - 1) > 0",
    "INSERT INTO spanish VALUES (5, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = (1 / (spanish.id - 5))::text",
    "INSERT INTO spanish AS s VALUES (1, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = 'y' WHERE s.full_name = 'none' OR s.id > 1 RETURNING id",
    "INSERT INTO spanish AS s VALUES (1, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = 'y' WHERE s.full_name = 'Ana' AND s.id = 1",
    // What is masked is tested as it is shown, and other tables by what is shown of them.
    "INSERT INTO known_ones VALUES (2, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET country = 'x' RETURNING id",
    "INSERT INTO buyers VALUES (1, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET country = 'x' RETURNING country",
    "INSERT INTO reachable (id, full_name) VALUES (2, 'x') ON CONFLICT (id) DO UPDATE SET full_name = 'y'",
    "INSERT INTO reachable (id, full_name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET full_name = 'y'",
    // Columns under names of the view's own.
    "INSERT INTO spaniards (key) VALUES (1) ON CONFLICT (key) DO NOTHING",
    "INSERT INTO spaniards AS s (key, name) VALUES (1, 'x') ON CONFLICT (key) DO UPDATE SET name = s.name || excluded.name || excluded.key RETURNING key, name",
    "INSERT INTO spaniards (key, name, country) VALUES (5, 'x', 'ES') ON CONFLICT (key) DO UPDATE SET name = excluded.name",
    "INSERT INTO short_ones (number, called) VALUES (1, 'x') ON CONFLICT (number) DO UPDATE SET called = excluded.land || 'y', land = 'FR' RETURNING land",
    "INSERT INTO short_ones (number, called) VALUES (1, 'x') ON CONFLICT (number) DO UPDATE SET (called, land) = (excluded.called, coalesce(excluded.land, 'z')) WHERE short_ones.called <> excluded.called",
    "INSERT INTO short_ones (number, called) VALUES (5, 'x') ON CONFLICT (number) DO UPDATE SET called = 'x'",
    "INSERT INTO crossed (id, phone) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET full_name = coalesce(excluded.email, 'none') || excluded.phone RETURNING id",
    // The new row must meet the conditions, be it inserted or changed.
    "INSERT INTO fewer VALUES (1, 'Zoe', 'x', 'ES') ON CONFLICT (key) DO UPDATE SET name = 'x'",
    "INSERT INTO fewer VALUES (100, 'Zoe', 'x', 'ES'), (1, 'Zoe', 'x', 'ES') ON CONFLICT (key) DO UPDATE SET name = 'x'",
    "INSERT INTO strict VALUES ('x', 1, 'ES') ON CONFLICT (key) DO UPDATE SET country = 'FR'",
    "INSERT INTO strict VALUES ('x', 1, 'FR') ON CONFLICT (key) DO UPDATE SET name = excluded.name RETURNING name",
    "INSERT INTO strict VALUES ('x', 7, 'FR') ON CONFLICT (key) DO UPDATE SET name = excluded.name",
    "INSERT INTO strict VALUES ('x', 5, 'FR') ON CONFLICT (key) DO UPDATE SET country = 'ES'",
    "INSERT INTO as_told VALUES (1, 'Leo', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = excluded.full_name",
    "INSERT INTO as_told VALUES (1, 'Lea', 'ES'), (94, 'Mia', 'x') ON CONFLICT (id) DO UPDATE SET full_name = excluded.full_name RETURNING id",
    "INSERT INTO as_told VALUES (1, 'Lea', 'ES'), (94, 'Leo', 'x') ON CONFLICT (id) DO UPDATE SET full_name = excluded.full_name",
    "INSERT INTO as_told VALUES (1, 'Leo', 'ES') ON CONFLICT (id) DO UPDATE SET country = 'pen' RETURNING country",
    "INSERT INTO mailed_ones VALUES (1, 'Leo', 'l@mail.example', 'ES') ON CONFLICT (id) DO UPDATE SET email = excluded.email, full_name = 'x' RETURNING *",
    "INSERT INTO mailed_ones VALUES (1, 'Leo', 'l@other.example', 'ES') ON CONFLICT (id) DO UPDATE SET email = excluded.email",
    "INSERT INTO mailed_ones VALUES (94, 'Leo', 'l@other.example', 'ES') ON CONFLICT (id) DO UPDATE SET email = excluded.email",
    "INSERT INTO mailed_ones VALUES (94, 'Leo', 'l@mail.example', 'ES') ON CONFLICT (id) DO UPDATE SET email = excluded.email RETURNING id",
    "INSERT INTO people_orders VALUES (10, 2, 'x') ON CONFLICT (id) DO UPDATE SET label = 'y' RETURNING customer_id",
    "INSERT INTO people_orders VALUES (60, 3, 'x') ON CONFLICT (id) DO UPDATE SET label = 'y'",
    "INSERT INTO ordered_labels VALUES (1, 'q', 'y', '101') ON CONFLICT (id) DO UPDATE SET letter = excluded.letter",
    "INSERT INTO ordered_labels VALUES (1, 'c', 'y', '101') ON CONFLICT (id) DO UPDATE SET letter = excluded.letter, code = 'zzz'",
    "INSERT INTO ordered_labels VALUES (1, 'c', 'y', '101') ON CONFLICT (id) DO UPDATE SET letter = excluded.letter RETURNING *",
    "WITH i AS (INSERT INTO strict VALUES ('x', 1, 'ES') ON CONFLICT (key) DO UPDATE SET name = 'z') SELECT 1 AS one",
];

const UPDATES: &[&str] = &[
    // Several columns, from wherever their values come.
    "UPDATE rich SET country = 'ES', full_name = 'B'",
    "UPDATE rich SET country = 'FR', full_name = 'B'",
    "UPDATE rich SET country = 'FR', full_name = 'A'",
    "UPDATE rich SET full_name = 'A', country = 'PT' WHERE id = 1 RETURNING *",
    "UPDATE rich_b SET full_name = 'Bob', country = 'PT'",
    "UPDATE rich_b SET (full_name, country) = ('Bo', 'ES') RETURNING full_name, id",
    "UPDATE rich_b SET (full_name, country) = (SELECT name, 'ES' FROM products WHERE id = rich_b.id) RETURNING *",
    "UPDATE rich_b SET (full_name, country) = ROW('B', NULL)",
    "UPDATE strict SET (country) = ROW('ES') RETURNING country",
    "UPDATE strict SET (name, country) = (SELECT 'x', 'FR')",
    "UPDATE strict SET country = DEFAULT",
    "UPDATE strict SET country = known(1)::text",
    "UPDATE strict SET country = v.c FROM (VALUES (1, 'FR'), (2, 'ES')) v (k, c) WHERE v.k = key",
    "UPDATE strict SET country = v.c FROM (VALUES (1, 'ES'), (1, 'ES'), (2, 'ES')) v (k, c) WHERE v.k = key RETURNING v.*, name",
    "UPDATE strict SET country = v.c FROM (VALUES (1, 'ES')) v (k, c) WHERE v.k = key RETURNING *",
    "UPDATE strict s SET country = o.state FROM orders o WHERE o.customer_id = s.key",
    "UPDATE strict s SET name = d.email, country = d.country FROM customers d WHERE d.id = s.key RETURNING d.*, s.name",
    // Which view's condition is tested, and in which order.
    "UPDATE fewer SET country = 'FR'",
    "UPDATE fewer SET country = 'FR' RETURNING key, country",
    "UPDATE inner_one SET country = 'PT', full_name = 'Bob'",
    "UPDATE inner_one SET full_name = 'Bob' RETURNING full_name",
    "UPDATE middle_one SET full_name = 'Bob'",
    "UPDATE middle_one SET country = 'PT'",
    "UPDATE outer_one SET full_name = 'Bob'",
    "UPDATE outer_one SET country = 'PT'",
    "UPDATE outer_one SET country = full_name",
    "UPDATE outer_one SET country = NULL",
    "UPDATE outer_one SET country = 'XX', full_name = 'YY' RETURNING *",
    // Other tables.
    "UPDATE placed SET country = 'pen'",
    "UPDATE placed SET country = 'none'",
    "UPDATE placed SET full_name = 'first', country = 'none' WHERE id = 1",
    "UPDATE placed SET full_name = 'x' RETURNING id, full_name",
    "UPDATE busy SET label = 'x'",
    "UPDATE busy SET label = 'x', state = 'y' WHERE id = 10 RETURNING *",
    "UPDATE divided SET full_name = 'abc' RETURNING id",
    "UPDATE divided SET full_name = 'abcd'",
    "UPDATE divided SET full_name = 'ab'",
    "UPDATE divided SET full_name = 'a' WHERE 10 / (id - 3) < 9",
    "UPDATE divided_open SET full_name = 'a' WHERE id::text <> '1' RETURNING full_name",
    "DELETE FROM divided WHERE id = 1",
    "DELETE FROM divided RETURNING *",
    // What is masked is tested as it is shown; what is assigned, as the client has it, whoever sees the row from then on.
    "UPDATE masked_check SET country = '***22'",
    "UPDATE unlisted_check SET country = 'XX'",
    "UPDATE mailed_ones SET country = 'x'",
    "UPDATE mailed_ones SET full_name = ''",
    "UPDATE mailed_ones SET full_name = NULL",
    "UPDATE mailed_ones SET full_name = 'x', country = 'blocked'",
    "UPDATE mailed_ones SET email = 'x@mail.example', country = 'blocked' WHERE id = 1",
    "UPDATE mailed_ones SET email = 'x@other.example' WHERE id = 1",
    "UPDATE mailed_ones SET email = 'x@mail.example', full_name = 'X' WHERE id = 5 RETURNING *",
    "UPDATE unprobed SET full_name = 'y'",
    "UPDATE first_orders SET customer_id = 5",
    "UPDATE first_orders SET customer_id = 2, label = 'x' WHERE id = 10 RETURNING *",
    "UPDATE first_orders SET customer_id = 2, label = 'none' WHERE id = 10",
    "UPDATE first_orders SET customer_id = customer_id, label = 'y' RETURNING label",
    // Constraints come first, row by row; foreign keys behind.
    "UPDATE ordered_labels SET letter = 'z'",
    "UPDATE ordered_labels SET letter = 'b'",
    "UPDATE ordered_labels SET letter = 'a', code = 'zzz'",
    "UPDATE first_orders SET customer_id = 99 WHERE id = 10",
    "UPDATE first_orders SET id = 20, label = 'none' WHERE id = 10",
    "UPDATE first_orders SET customer_id = 0 WHERE id = 10",
    // Types that make another value of what is assigned, and compare otherwise.
    "UPDATE coded SET code = 'zzz'",
    "UPDATE coded SET code = 'abcd'",
    "UPDATE coded SET code = 'abc' RETURNING code",
    "UPDATE coded SET code = NULL",
    "UPDATE lettered SET letter = 'Z' WHERE id = 1",
    "UPDATE lettered SET letter = 'n' WHERE id = 1",
    "UPDATE marked SET mark = '000', letter = 'k' WHERE id = 1",
    "UPDATE marked SET mark = '100', letter = 'k' WHERE id = 1 RETURNING *",
    "UPDATE ordered_labels SET letter = 'Z', code = 'y' WHERE id = 1 RETURNING letter, code, mark",
    // Triggers, parts, and what PostgreSQL computes.
    "UPDATE noted SET note = 'go' WHERE id = 1",
    "UPDATE noted SET note = 'gone' WHERE id = 1",
    "UPDATE noted SET note = 'gone' WHERE id = 2",
    "UPDATE noted SET note = 'quiet'",
    "UPDATE noted SET note = 'x' RETURNING *",
    "UPDATE noted SET id = 1",
    "UPDATE noted SET kind = 'b'",
    "UPDATE noted SET kind = 'c'",
    "UPDATE noted SET kind = 'b', note = 'gone'",
    "UPDATE noted SET id = 2000, note = 'go'",
    "UPDATE kinds SET kind = 'b'",
    "UPDATE kinds SET kind = 'a' RETURNING note",
    "UPDATE small_parcels SET note = 'x'",
    "UPDATE small_parcels SET note = 'more than ten'",
    "UPDATE small_parcels SET note = 'more than ten' WHERE id = 1 RETURNING size",
    "UPDATE small_parcels SET note = 'a few' RETURNING *",
    "UPDATE judged_parcels SET note = 'x' WHERE id < 3",
    "UPDATE judged_parcels SET id = 1000 WHERE id < 3",
    // In a query of WITH, and what stands behind RETURNING.
    "WITH u AS (UPDATE rich SET country = 'ES', full_name = 'B') SELECT count(*) FROM products",
    "WITH u AS (UPDATE rich SET country = 'PT', full_name = 'B') SELECT count(*) FROM products",
    "WITH u AS (UPDATE rich SET country = 'ES', full_name = 'B' RETURNING id, email) SELECT count(*), max(email) FROM u",
    "WITH u AS (UPDATE rich SET country = 'PT' RETURNING id, email) SELECT count(*), max(email) FROM u",
    "WITH u AS (UPDATE rich SET country = 'ES' RETURNING *) UPDATE rich_b SET full_name = 'x' FROM u WHERE false",
    "WITH u AS (UPDATE strict SET country = 'ES') UPDATE placed SET country = 'none' WHERE id = 5",
    "UPDATE rich SET country = 'ES', full_name = 'B' RETURNING upper(full_name) AS u, 'x', id + 1, NULL, email::text, rich.*",
    "UPDATE rich r SET country = 'ES' RETURNING r, (SELECT r.email), row_to_json(r) AS \"a b\"",
    "UPDATE rich r SET country = 'ES' RETURNING known(id), id",
    "UPDATE rich SET country = 'FR' RETURNING 1 / (id - id)",
    "UPDATE rich SET country = 'ES' RETURNING 1 / (id - id)",
    "UPDATE strict SET country = CASE WHEN count(*) OVER () > 0 THEN 'ES' END",
    "UPDATE rich SET country = 'ES' /* returning */ -- not at all
        ;",
];

#[tokio::test]
async fn a_new_row_is_tested_as_postgresql_tests_a_visible_one() {
    let world = World::build_with("checked", SCHEMA).await;
    compare(&world, UPDATES.iter().copied()).await;
    compare(&world, INSERTS.iter().copied()).await;
}

/// PostgreSQL so from 15.19 on; what changed such a row until then is refused as it is now.
#[tokio::test]
async fn a_row_in_the_way_is_changed_where_the_view_shows_it() {
    let world = World::build_with("conflicts", SCHEMA).await;
    compare(&world, CONFLICTS.iter().copied()).await;
}

/// A query of WITH that writes and returns nothing has no columns to name, whatever of ours it returns.
#[tokio::test]
async fn what_returns_nothing_has_no_columns() {
    let world = World::build_with("columns", SCHEMA).await;
    for sql in [
        "WITH u(q) AS (UPDATE rich SET country = 'ES') SELECT 1",
        "WITH u(q) AS (UPDATE rich SET country = 'ES') SELECT * FROM u",
        "WITH RECURSIVE u(q, r) AS (UPDATE rich SET country = 'ES') SELECT 1",
        "WITH i(q) AS (INSERT INTO placed VALUES (94, 'x', 'pen')) SELECT 1",
        "WITH i(q) AS (INSERT INTO strict VALUES ('x', 1, 'ES') ON CONFLICT (key) DO UPDATE SET name = 'z') SELECT 1",
    ] {
        let expected = crate::world::undone(&world.visible, sql).await;
        assert_eq!(expected.answer, Err("42P10".to_owned()), "{sql} {}", expected.error);
        let refusal = world.clear("app/marketing", sql).expect_err(sql);
        assert_eq!(refusal.sqlstate.0, "42P10", "{sql}");
        assert!(
            expected.error.contains(&refusal.message.replace('"', "\\\"")),
            "{} {}",
            refusal.message,
            expected.error
        );
    }
}

/// The row that is in the way is a hidden one, of the view's or none of it: nothing is changed, nothing is told.
#[tokio::test]
async fn a_hidden_row_in_the_way_is_not_tested() {
    let world = World::build_with("hidden_conflicts", SCHEMA).await;
    let before = world.stored_tables().await;
    for sql in [
        "INSERT INTO spanish VALUES (3, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = 'y' RETURNING *",
        "INSERT INTO spanish VALUES (4, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = 'y' RETURNING *",
        "INSERT INTO strict VALUES ('x', 3, 'FR') ON CONFLICT (key) DO UPDATE SET country = 'FR'",
        "INSERT INTO strict VALUES ('x', 4, 'FR') ON CONFLICT (key) DO UPDATE SET country = 'FR'",
        "INSERT INTO known_ones VALUES (3, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = 'y'",
        "INSERT INTO buyers VALUES (3, 'x', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = 'y' WHERE 1 / (buyers.id - 3) > 0",
        "INSERT INTO divided VALUES (3, 'x', 5) ON CONFLICT (id) DO UPDATE SET full_name = 'y'",
        // A visible row's masked cell is in the way.
        "INSERT INTO first_ones VALUES (90, 'x', 'CANARY-ben@mail.example') ON CONFLICT (email) DO UPDATE SET full_name = 'y'",
        "INSERT INTO divided_ones VALUES (90, 'x', 'CANARY-ben@mail.example') ON CONFLICT (email) DO UPDATE SET full_name = 'y'",
        "INSERT INTO first_ones AS o VALUES (90, 'x', 'CANARY-ben@mail.example') ON CONFLICT (email) DO UPDATE SET full_name = 'y' WHERE 1 / (o.id - 2) > 0",
        "INSERT INTO customers AS o (id, email) VALUES (90, 'CANARY-ben@mail.example') ON CONFLICT (email) DO UPDATE SET full_name = 'y' WHERE 1 / (o.id - 2) > 0",
    ] {
        let done = world.run("app/marketing", sql).await;
        assert_eq!(done.after, before, "{sql}");
        let answer = done.answer.as_ref().unwrap_or_else(|e| panic!("{e} {sql} {}", done.error));
        assert_eq!((answer.rows.len(), answer.count), (0, 0), "{sql}");
    }
}

/// What a condition calls, the role must be allowed to call.
#[tokio::test]
async fn a_condition_calls_what_the_role_may_call() {
    let world = World::build_with("calls", SCHEMA).await;
    for sql in ["INSERT INTO judged_parcels VALUES (1, 'x')", "UPDATE judged_parcels SET note = 'x'"] {
        assert_eq!(world.refused("plain/marketing", sql), ("function-not-allowed", "42501"), "{sql}");
    }
}

/// What is masked in a row that is in the way is the client's own in a new one: one test cannot be both.
#[tokio::test]
async fn what_cannot_be_tested_both_ways_is_refused() {
    let world = World::build_with("either_way", SCHEMA).await;
    for sql in [
        "INSERT INTO masked_check VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET country = 'y'",
        "INSERT INTO mailed_ones VALUES (1, 'Leo', 'l@mail.example', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = 'x'",
        "INSERT INTO low_boxes VALUES (1, 1, 'x') ON CONFLICT (id) DO UPDATE SET label = 'y'",
        "INSERT INTO valued VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET full_name = 'y'",
        "INSERT INTO spaniards AS s (key) VALUES (1) ON CONFLICT (key) DO UPDATE SET name = excluded::text",
        "INSERT INTO spaniards AS s (key) VALUES (1) ON CONFLICT (key) DO UPDATE SET name = (SELECT count(*) FROM (SELECT excluded.*) x)",
        "INSERT INTO spaniards AS s (key) VALUES (1) ON CONFLICT ((lower(mail))) DO NOTHING",
        "INSERT INTO loud (id) VALUES (10) ON CONFLICT (id) DO UPDATE SET label = excluded.cry",
        // Not the view's columns: whether they are computed ones is not looked into.
        "INSERT INTO spaniards (key) VALUES (1) ON CONFLICT (key) DO UPDATE SET name = excluded.full_name",
        "INSERT INTO people (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET full_name = excluded.email",
    ] {
        assert_eq!(world.refused("app/marketing", sql), ("not-understood", "0A000"), "{sql}");
    }
}

/// A view has its own columns, and no constraints.
#[tokio::test]
async fn on_conflict_names_what_the_view_has() {
    let world = World::build_with("named_conflicts", SCHEMA).await;
    for sql in [
        "INSERT INTO spaniards (key) VALUES (1) ON CONFLICT (id) DO NOTHING",
        "INSERT INTO people (id) VALUES (1) ON CONFLICT ON CONSTRAINT customers_pkey DO NOTHING",
    ] {
        let (_, code) = world.refused("app/marketing", sql);
        let expected = crate::world::undone(&world.visible, sql).await;
        assert_eq!(expected.answer, Err(code.to_owned()), "{sql} {}", expected.error);
    }
}

/// A trigger that gives the row to somebody who is not there, and puts a value into it that the client does not see: a test that
/// read it would tell.
#[tokio::test]
async fn what_a_trigger_makes_of_a_row_is_tested_as_it_is_shown() {
    let schema = "
        CREATE FUNCTION give_away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            NEW.customer_id := 3; NEW.note := (SELECT email FROM customers WHERE id = 3); RETURN NEW; END $$;
        CREATE TRIGGER give_away BEFORE UPDATE ON events_a FOR EACH ROW EXECUTE FUNCTION give_away();
        CREATE VIEW probed AS SELECT id, note, kind FROM events WHERE note NOT LIKE 'CANARY%' WITH CHECK OPTION;
        CREATE VIEW shown AS SELECT id, note, kind FROM events WHERE note <> '***' WITH CHECK OPTION;
        INSERT INTO events VALUES (1, 1, 'one', 'a');";
    let world = World::build_with("checked_triggers", schema).await;
    for (sql, rows) in [
        ("UPDATE probed SET note = 'x' RETURNING note", Ok(1)),
        ("UPDATE probed SET kind = 'a'", Ok(0)),
        ("UPDATE shown SET note = 'x'", Err("44000".to_owned())),
    ] {
        let done = world.run("app/marketing", sql).await;
        assert_eq!(
            done.answer.as_ref().map(|answer| answer.rows.len()),
            rows.as_ref().map(|n| *n),
            "{sql} {}",
            done.error
        );
        assert!(!format!("{:?}", done.answer).contains("CANARY"), "{sql} {:?}", done.answer);
    }
}
