//! UPDATE through views WITH CHECK OPTION, as PostgreSQL tests it on visible tables: behind all constraints, over the row as
//! triggers, defaults and its types have made it.

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
"#;

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
