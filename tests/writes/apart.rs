//! What could fail beside a write's target (`analyse/writes/apart.rs`): whether it runs does not depend on hidden rows,
//! whatever plan PostgreSQL takes; and the conditions that are left bare are served by indexes.

use consentry::engine::context::Protocol;
use tokio_postgres::Client;

use crate::common::postgres::shared;
use crate::world::{World, context};

/// Order 901 is of somebody hidden, 902 and 903 of Ana; what holds of the first by `state = 'hid'` holds of no other. So do
/// events, which have partitions, and customer 901 (`country = 'hid'`).
const ROWS: &str = "
    INSERT INTO customers VALUES (901, 'CANARY-Gil', 'CANARY-gil@x.example', 'CANARY99', 'hid', 90, 'CANARY-s9');
    INSERT INTO orders VALUES (901, 3, 'CANARY', 'hid'), (902, 1, 'seen', 'vis'), (903, 1, 'asked', 'CANARY');
    INSERT INTO events VALUES (901, 3, 'CANARY', 'a'), (902, 1, 'seen', 'b');
    UPDATE events SET note = 'hid' WHERE id = 901;
    INSERT INTO products VALUES (901, 'a', 0), (902, 'b', 0), (903, '9', 5);
    INSERT INTO log VALUES (901, '901'), (902, 'x');
    CREATE VIEW quotients AS SELECT id, label, state, customer_id FROM orders WHERE 1 / (id - 901) < 5 WITH CHECK OPTION;
    CREATE VIEW hidden_quotients AS SELECT id, label FROM quotients WHERE state = 'hid';
    CREATE VIEW priced AS SELECT id, label, state FROM orders WHERE id IN (SELECT id FROM products WHERE 1 / price::int > 0) WITH CHECK OPTION;
    CREATE VIEW priced_below AS SELECT id, label, state FROM orders o WHERE state = 'hid' AND EXISTS (SELECT 1 FROM products p WHERE p.id = o.id AND 1 / p.price::int > 0);
    CREATE VIEW unordered AS SELECT id, full_name, country FROM customers c
        WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id <> c.id AND 1 / (o.id - 901) > 5) AND country <> 'nowhere' WITH CHECK OPTION;";

/// Each would, in some plan, fail on account of order 901 if a part that can fail got to see it.
const ATTACKS: &[&str] = &[
    "UPDATE orders SET label = 'x' FROM (SELECT id, 1 / price::int AS q FROM products) p WHERE orders.state = 'hid' AND orders.id = p.id AND p.q > 0",
    "UPDATE orders SET label = 'x' FROM (SELECT 900 + 1 / price::int AS id FROM products) p WHERE orders.state = 'hid' AND orders.id = p.id",
    "UPDATE orders SET label = 'x' FROM (SELECT id, 1 / price::int AS q FROM products) p, log l WHERE orders.state = 'hid' AND orders.id = p.id AND l.id = p.id AND l.id = p.q",
    "UPDATE orders SET label = 'x' FROM (VALUES (('x' || 'y')::int)) v (id) WHERE orders.state = 'hid' AND orders.id = v.id",
    "UPDATE orders SET label = 'x' FROM (VALUES (1), (('x' || 'y')::int)) v (id) WHERE orders.state = 'hid' AND orders.id = v.id",
    "UPDATE orders SET label = 'x' FROM unnest(string_to_array('901,x', ',')::int[]) v (id) WHERE orders.state = 'hid' AND orders.id = v.id",
    "UPDATE orders SET label = 'x' FROM jsonb_to_recordset('[{\"id\": \"x\"}]') AS v (id int) WHERE orders.state = 'hid' AND orders.id = v.id",
    "UPDATE orders SET label = 'x' FROM products p JOIN log l ON l.id = 901 / p.price::int WHERE orders.state = 'hid' AND orders.id = p.id",
    "UPDATE orders SET label = 'x' FROM products p JOIN log l ON l.id = p.id AND p.id = 901 / p.price::int WHERE orders.state = 'hid' AND orders.id = l.id AND orders.id = p.id",
    "UPDATE orders SET label = 'x' FROM products p, LATERAL (SELECT 1 / p.price::int AS q) r WHERE orders.state = 'hid' AND orders.id = p.id AND r.q = 1",
    "WITH c AS (SELECT 900 + 1 / price::int AS id FROM products) UPDATE orders SET label = 'x' FROM c WHERE orders.state = 'hid' AND orders.id = c.id",
    "WITH c AS (SELECT 900 + 1 / price::int AS id FROM products) UPDATE orders SET label = 'x' WHERE orders.state = 'hid' AND orders.id IN (SELECT id FROM c)",
    "WITH c AS (SELECT 900 + 1 / price::int AS id FROM products) UPDATE orders SET label = 'x' WHERE orders.state = 'hid' AND (orders.id = 7 OR orders.id IN (SELECT id FROM c))",
    "WITH c AS (SELECT 900 + 1 / price::int AS id FROM products) UPDATE orders SET label = 'x' WHERE orders.state = 'hid' AND orders.id = (SELECT count(*) FROM c)",
    "WITH c AS (SELECT 900 + 1 / price::int AS id FROM products) UPDATE orders SET label = 'x' WHERE orders.state = 'hid' AND EXISTS (SELECT 1 FROM c WHERE c.id = orders.id)",
    "WITH c AS (SELECT 900 + 1 / price::int AS id FROM products LIMIT 9) UPDATE orders SET label = 'x' FROM (SELECT (SELECT count(*) FROM c) AS id) d WHERE orders.state = 'hid' AND orders.id = d.id",
    "WITH c AS MATERIALIZED (SELECT 900 + 1 / price::int AS id FROM products) DELETE FROM orders USING c WHERE orders.state = 'hid' AND orders.id = c.id",
    "WITH RECURSIVE c AS (SELECT 900 + 1 / price::int AS id FROM products) DELETE FROM orders USING c WHERE orders.state = 'hid' AND orders.id = c.id",
    "WITH c AS (SELECT id FROM products LIMIT (SELECT -1)) UPDATE orders SET label = 'x' FROM c WHERE orders.state = 'hid' AND orders.id = c.id",
    "DELETE FROM orders WHERE state = 'hid' AND id IN (SELECT 900 + 1 / price::int FROM products)",
    "DELETE FROM orders WHERE state = 'hid' AND id IN (SELECT id FROM products WHERE 1 / price::int > 0)",
    "DELETE FROM orders WHERE state = 'hid' AND id IN (SELECT id FROM products WHERE id = 900 + 1 / price::int)",
    "DELETE FROM orders WHERE state = 'hid' AND id = ANY (SELECT id FROM products WHERE name::int = 1)",
    "DELETE FROM orders WHERE state = 'hid' AND id IN (SELECT id FROM products ORDER BY id LIMIT (SELECT -1))",
    "DELETE FROM orders WHERE state = 'hid' AND id NOT IN (SELECT 900 + 1 / price::int FROM products)",
    "DELETE FROM orders WHERE state = 'hid' AND (id = 7 OR id IN (SELECT 900 + 1 / price::int FROM products))",
    "DELETE FROM orders WHERE state = 'hid' AND id IN (SELECT id FROM products p WHERE p.id = orders.id AND 1 / p.price::int > 0)",
    "DELETE FROM orders USING log l WHERE state = 'hid' AND l.id = orders.id AND orders.id IN (SELECT p.id FROM products p WHERE p.id = l.id AND 1 / p.price::int > 0)",
    "DELETE FROM orders WHERE state = 'hid' AND id = (SELECT id FROM products WHERE 1 / price::int > 0 LIMIT 1)",
    "DELETE FROM orders WHERE state = 'hid' AND (id, customer_id) IN (SELECT id, 1 / price::int FROM products)",
    "DELETE FROM orders WHERE state = 'hid' AND (id, customer_id) = (901, 3) AND 1 / (id - 901) > 0",
    "DELETE FROM orders WHERE id = ANY ('{901}'::int[]) AND 1 / (id - 901) > 0",
    "DELETE FROM orders USING unnest('{901}'::int[]) u (id) WHERE orders.id = u.id AND 1 / (u.id - 901) > 0",
    "DELETE FROM orders USING products p WHERE orders.id = p.id AND orders.state = 'hid' AND 1 / p.price::int > 0",
    "MERGE INTO orders o USING (SELECT 900 + 1 / price::int AS id FROM products WHERE id = 901) s ON o.state = 'hid' AND o.id = s.id WHEN MATCHED THEN UPDATE SET label = 'x'",
    "MERGE INTO orders o USING (SELECT id, 1 / price::int AS q FROM products) s ON o.state = 'hid' AND o.id = s.id AND s.q = 1 WHEN MATCHED THEN DELETE",
    "MERGE INTO orders o USING products s ON o.state = 'hid' AND o.id = s.id AND 1 / s.price::int = 1 WHEN MATCHED THEN DELETE",
    "UPDATE orders SET label = 'x' WHERE state = 'hid' AND id = (SELECT id FROM orders WHERE id = 902 LIMIT 1 FOR UPDATE NOWAIT)",
    "UPDATE orders SET label = 'x' WHERE state = 'hid' AND id = (SELECT id FROM customers WHERE id = 1 LIMIT 1 FOR UPDATE NOWAIT)",
    "UPDATE orders SET label = 'x' WHERE state = 'hid' AND id IN (SELECT id FROM orders WHERE id = 902 LIMIT 1 FOR UPDATE NOWAIT)",
    "WITH c AS (SELECT id FROM orders WHERE id = 902 FOR UPDATE NOWAIT) UPDATE orders SET label = 'x' FROM c WHERE orders.state = 'hid' AND orders.id = c.id",
    // Subqueries that cannot fail themselves, but read what can.
    "WITH c AS MATERIALIZED (SELECT id FROM products WHERE 1 / price::int > 0) UPDATE orders SET label = 'x' WHERE orders.state = 'hid' AND (orders.id = 7 OR orders.id IN (SELECT id FROM c))",
    "WITH c AS MATERIALIZED (SELECT id FROM products WHERE 1 / price::int > 0) UPDATE orders SET label = 'x' WHERE orders.state = 'hid' AND orders.id = (SELECT count(*) FROM c)",
    "WITH c AS MATERIALIZED (SELECT id FROM products WHERE 1 / price::int > 0) UPDATE orders SET label = 'x' WHERE orders.state = 'hid' AND orders.id = (SELECT id FROM c LIMIT 1)",
    "WITH c AS MATERIALIZED (SELECT id FROM products WHERE 1 / price::int > 0) UPDATE orders SET label = 'x' WHERE orders.state = 'hid' AND NOT EXISTS (SELECT 1 FROM c)",
    "WITH c AS (SELECT id FROM products WHERE 1 / price::int > 0 LIMIT 9) UPDATE orders SET label = 'x' FROM products p WHERE orders.state = 'hid' AND orders.id = p.id AND p.id IN (SELECT id FROM c)",
    "WITH c AS (SELECT id FROM products WHERE 1 / price::int > 0 LIMIT 9) MERGE INTO orders o USING products p ON o.state = 'hid' AND o.id = p.id AND EXISTS (SELECT 1 FROM c WHERE c.id <> o.id) WHEN MATCHED THEN DELETE",
    // A write in WITH, and what fails before it.
    "WITH c AS (SELECT 900 + 1 / price::int AS id FROM products LIMIT 9), w AS (UPDATE orders SET label = 'x' FROM c WHERE orders.state = 'hid' AND orders.id = c.id RETURNING orders.id) DELETE FROM log USING w WHERE log.id = w.id",
    "WITH c AS (SELECT id FROM products WHERE 1 / price::int > 0 LIMIT 9), w AS (UPDATE orders SET label = 'x' FROM c WHERE orders.state = 'hid' AND orders.id = c.id RETURNING orders.id) DELETE FROM log USING w WHERE log.id = w.id",
    "WITH c AS (SELECT id FROM products WHERE 1 / price::int > 0), w AS (DELETE FROM orders USING c WHERE state = 'hid' AND orders.id = c.id RETURNING c.id) DELETE FROM log USING w WHERE log.id = w.id",
    "WITH c AS MATERIALIZED (SELECT id FROM products WHERE 1 / price::int > 0), w AS (DELETE FROM orders WHERE state = 'hid' AND id IN (SELECT id FROM c) RETURNING id) UPDATE customers SET country = 'x' FROM w WHERE customers.id = w.id",
    "WITH c AS MATERIALIZED (SELECT id FROM products WHERE 1 / price::int > 0), w AS (DELETE FROM orders WHERE state = 'hid' AND EXISTS (SELECT 1 FROM c WHERE c.id = orders.id) RETURNING id) MERGE INTO customers USING w ON customers.id = w.id WHEN MATCHED THEN DELETE",
    "WITH c AS MATERIALIZED (SELECT id FROM products WHERE 1 / price::int > 0), w AS (DELETE FROM orders USING c WHERE state = 'hid' AND orders.id = c.id RETURNING c.id) SELECT count(*) FROM w",
    "WITH c AS MATERIALIZED (SELECT id FROM products WHERE 1 / price::int > 0), w AS (DELETE FROM orders USING c WHERE state = 'hid' AND orders.id = c.id RETURNING c.id) INSERT INTO log (what) SELECT 'x' FROM w",
    "WITH l AS (SELECT id FROM orders WHERE id = 902 FOR UPDATE NOWAIT), w AS (DELETE FROM orders USING l WHERE state = 'hid' AND orders.id <> l.id RETURNING l.id) DELETE FROM log USING w WHERE log.id = w.id",
    "WITH c AS (SELECT id FROM products WHERE 1 / price::int > 0 LIMIT 9), d AS (SELECT c.id FROM c), w AS (DELETE FROM orders USING d WHERE state = 'hid' AND orders.id = d.id RETURNING d.id), v AS (DELETE FROM events USING d WHERE note = 'hid' AND events.id = d.id RETURNING d.id) DELETE FROM log USING w, v WHERE log.id = w.id",
    // A queue whose subquery refers to the row that asks: 903 would be locked for 901.
    "UPDATE orders SET label = 'x' WHERE id = (SELECT q.id FROM orders q WHERE q.state = orders.label LIMIT 1 FOR UPDATE NOWAIT)",
    "UPDATE orders SET label = 'x' WHERE id = (SELECT q.id FROM orders q WHERE q.state = orders.label LIMIT 1 FOR UPDATE NOWAIT) AND orders.customer_id = 3",
    "UPDATE orders SET label = 'x' WHERE state = 'hid' AND id = (SELECT q.id FROM orders q WHERE q.state = 'CANARY' ORDER BY q.id LIMIT 1 FOR UPDATE NOWAIT)",
    "DELETE FROM orders WHERE id = (SELECT q.id FROM orders q WHERE q.state = 'hid' LIMIT 1 FOR UPDATE NOWAIT)",
    "DELETE FROM orders WHERE label = 'CANARY' AND id = (SELECT q.id FROM orders q WHERE q.state = 'CANARY' LIMIT 1 FOR UPDATE NOWAIT)",
    "DELETE FROM orders WHERE customer_id = 3 AND id = (SELECT q.id FROM orders q WHERE q.state = 'CANARY' LIMIT 1 FOR UPDATE NOWAIT)",
    // Memberships that PostgreSQL would not join.
    "DELETE FROM customers WHERE country = 'hid' AND secret IN (SELECT name FROM products WHERE 1 / price::int > 0)",
    "DELETE FROM customers WHERE country = 'hid' AND score IN (SELECT id FROM products WHERE 1 / price::int > 0)",
    "DELETE FROM customers WHERE country = 'hid' AND email IN (SELECT name FROM products WHERE 1 / price::int > 0)",
    "DELETE FROM customers WHERE country = 'hid' AND id IN (SELECT 1 / price::int FROM products) AND 1 / (id - 901) > 0",
    "DELETE FROM customers WHERE country = 'hid' AND id IN (VALUES (1), (1 / (SELECT price::int FROM products WHERE id = 901)))",
    "DELETE FROM customers WHERE country = 'hid' AND id IN (SELECT 1 / price::int FROM products UNION ALL SELECT id FROM log)",
    "DELETE FROM customers WHERE country = 'hid' AND id IN (SELECT DISTINCT 1 / price::int FROM products)",
    "DELETE FROM customers WHERE country = 'hid' AND id IN (SELECT max(id) FROM products WHERE id = 901 GROUP BY 1 / price::int)",
    "DELETE FROM customers WHERE country = 'hid' AND id IN (WITH p AS (SELECT 1 / price::int AS id FROM products) SELECT id FROM p)",
    "DELETE FROM customers WHERE country = 'hid' AND id IN (SELECT o.customer_id FROM orders o WHERE 1 / (o.id - 902) > 0)",
    "DELETE FROM orders WHERE state = 'hid' AND customer_id IN (SELECT id FROM products WHERE 1 / price::int > 0 FOR UPDATE NOWAIT)",
    "DELETE FROM orders WHERE state = 'hid' AND customer_id = 3 AND customer_id IN (SELECT id FROM products WHERE 1 / price::int > 0)",
    "DELETE FROM orders WHERE state = 'hid' AND id IN (SELECT id FROM products WHERE 1 / price::int > 0) AND customer_id IN (SELECT id FROM products WHERE 1 / price::int > 0)",
    "DELETE FROM orders WHERE state = 'hid' AND id IN (SELECT id FROM products WHERE 1 / price::int > 0) AND 1 / (id - 901) > 0",
    "DELETE FROM orders WHERE state = 'hid' AND id IN (SELECT id FROM products WHERE 1 / price::int > 0) AND id IN (SELECT id FROM log)",
    "DELETE FROM orders WHERE state = 'hid' AND id = ANY (SELECT id FROM cheap WHERE 1 / (id - 901) > 0)",
    "DELETE FROM loud WHERE id IN (SELECT id FROM products WHERE 1 / price::int > 0) AND label = 'CANARY'",
    "UPDATE orders SET label = 'x' WHERE state = 'hid' AND id = (SELECT id FROM products WHERE 1 / price::int > 0 LIMIT 1)",
    "UPDATE orders SET label = 'x' WHERE state = 'hid' AND id = (SELECT p.id FROM products p WHERE p.id = orders.id AND 1 / p.price::int > 0 LIMIT 1)",
    // Views whose conditions could fail, and views beside what could.
    "UPDATE quotients SET label = 'x' WHERE state = 'hid'",
    "UPDATE quotients SET label = 'x' WHERE id = 901 RETURNING id",
    "UPDATE quotients SET label = 'x' FROM products p WHERE quotients.state = 'hid' AND quotients.id = p.id",
    "DELETE FROM quotients WHERE label LIKE 'CANARY%'",
    "UPDATE hidden_quotients SET label = 'x'",
    "DELETE FROM hidden_quotients WHERE label = 'CANARY'",
    "UPDATE priced SET label = 'x' WHERE state = 'hid'",
    "DELETE FROM priced WHERE state = 'hid' AND label = 'CANARY'",
    "DELETE FROM priced_below",
    "UPDATE priced_below SET label = 'x' FROM log l WHERE l.id = priced_below.id",
    "UPDATE unordered SET full_name = 'x' WHERE id = 5",
    "UPDATE unordered SET country = 'x' WHERE id = 901",
    "DELETE FROM spaniards WHERE key = 901 AND 1 / (key - 901) > 0",
    // Partitions, and joins of several, with columns of known types, which are compared bare.
    "DELETE FROM events WHERE note = 'hid' AND id IN (SELECT id FROM products WHERE 1 / price::int > 0)",
    "DELETE FROM events_a WHERE note = 'hid' AND id IN (SELECT id FROM products WHERE 1 / price::int > 0)",
    "UPDATE events SET note = 'x' FROM (SELECT id FROM products WHERE 1 / price::int > 0 LIMIT 9) v WHERE note = 'hid' AND events.id = v.id",
    "UPDATE events SET note = 'x' FROM (SELECT id FROM products WHERE 1 / price::int > 0 OFFSET 0) v JOIN log l ON l.id = v.id WHERE note = 'hid' AND kind = 'a' AND events.id = l.id",
    "UPDATE orders SET label = 'x' FROM (SELECT DISTINCT id FROM products WHERE 1 / price::int > 0) v WHERE orders.state = 'hid' AND orders.id = v.id AND orders.id = 901",
    "UPDATE orders SET label = 'x' FROM (SELECT id FROM products WHERE 1 / price::int > 0 GROUP BY id) v WHERE orders.state = 'hid' AND orders.id = v.id AND v.id = 901",
    "UPDATE orders SET label = 'x' FROM (SELECT id FROM products WHERE 1 / price::int > 0 GROUP BY id) v, products p WHERE orders.state = 'hid' AND orders.id = p.id AND v.id = p.id",
    "UPDATE orders SET label = 'x' FROM products p, LATERAL (SELECT q.id FROM products q WHERE 1 / p.price::int > 0 LIMIT 1) r WHERE orders.state = 'hid' AND orders.id = p.id AND r.id < 902",
    "UPDATE orders SET label = 'x' FROM products p, LATERAL jsonb_to_record(p.name::jsonb) r (id int) WHERE orders.state = 'hid' AND orders.id = p.id AND r.id < 902",
    "UPDATE orders SET label = 'x' FROM products p, jsonb_to_recordset((p.name || '[]')::jsonb) r (id int) WHERE orders.state = 'hid' AND orders.id = p.id AND r.id = orders.customer_id",
    "UPDATE orders SET label = 'x' FROM customers c, (SELECT id FROM products WHERE 1 / price::int > 0 LIMIT 9) v WHERE orders.state = 'hid' AND orders.customer_id = c.id AND v.id = c.id",
    "UPDATE orders SET label = 'x' FROM (SELECT o.id FROM orders o WHERE 1 / (o.id - 902) > 0 LIMIT 9) v WHERE orders.state = 'hid' AND orders.id = v.id",
    "DELETE FROM orders USING (SELECT id FROM products WHERE 1 / price::int > 0 LIMIT 9) v WHERE (orders.id, orders.state) = (v.id, 'hid')",
    "DELETE FROM orders USING (SELECT id FROM products WHERE 1 / price::int > 0 LIMIT 9) v WHERE orders.state = 'hid' AND orders.id IN (SELECT id FROM products) AND v.id < 902",
    "MERGE INTO orders o USING (SELECT id FROM products WHERE 1 / price::int > 0 LIMIT 9) s ON o.state = 'hid' AND o.id = s.id WHEN MATCHED THEN DELETE",
    "MERGE INTO events o USING (SELECT id FROM products WHERE 1 / price::int > 0 LIMIT 9) s ON o.note = 'hid' AND o.id = s.id WHEN MATCHED THEN UPDATE SET note = 'x'",
    "MERGE INTO orders o USING (SELECT id FROM products WHERE 1 / price::int > 0) s ON o.state = 'hid' AND o.id = s.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN DO NOTHING",
    "MERGE INTO orders o USING products s ON o.state = 'hid' AND o.id = s.id AND o.id IN (SELECT id FROM products WHERE 1 / price::int > 0) WHEN MATCHED THEN DELETE",
    "DELETE FROM events WHERE note = 'hid' AND id IN (SELECT 900 + 1 / price::int FROM products)",
    "UPDATE events SET note = 'x' FROM unnest(string_to_array('901,x', ',')::int[]) v (id) WHERE note = 'hid' AND events.id = v.id",
    "UPDATE events SET note = 'x' FROM (SELECT id, 1 / price::int AS q FROM products LIMIT 9) v, log l WHERE note = 'hid' AND kind = 'a' AND events.id = v.id AND l.id = v.q",
    "UPDATE orders SET label = 'x' FROM (SELECT DISTINCT id, 1 / price::int AS q FROM products) v WHERE orders.state = 'hid' AND orders.id = v.id AND v.id = 901",
    "UPDATE orders SET label = 'x' FROM (SELECT 1 / price::int AS q, max(id) AS id FROM products GROUP BY 1) v WHERE orders.state = 'hid' AND orders.id = v.id AND v.q = 1",
    "UPDATE orders SET label = 'x' FROM products p, LATERAL (SELECT 1 / p.price::int AS q LIMIT 1) r WHERE orders.state = 'hid' AND orders.id = p.id AND r.q = 1",
    "UPDATE orders SET label = 'x' FROM products p, LATERAL unnest(ARRAY[1 / p.price::int]) r (q) WHERE orders.state = 'hid' AND orders.id = p.id AND r.q = 1",
    "UPDATE orders SET label = 'x' FROM customers c, (SELECT 1 / price::int AS q FROM products OFFSET 0) v WHERE orders.state = 'hid' AND orders.customer_id = c.id AND v.q = c.id",
    "UPDATE orders SET label = 'x' FROM (SELECT id FROM log UNION ALL SELECT 900 + 1 / price::int FROM products LIMIT 9) v LEFT JOIN products p ON p.id = v.id WHERE orders.state = 'hid' AND orders.id = p.id",
    "MERGE INTO orders o USING (SELECT 900 + 1 / price::int AS id FROM products LIMIT 9) s ON o.state = 'hid' AND o.id = s.id WHEN MATCHED THEN DELETE",
    "MERGE INTO orders o USING (VALUES (901), (('x' || 'y')::int)) s (id) ON o.state = 'hid' AND o.id = s.id WHEN MATCHED THEN UPDATE SET label = 'x'",
    // A lock that finds no table is none: PostgreSQL makes such a query a part of the one around it.
    "UPDATE orders SET label = 'x' FROM (SELECT x, y FROM generate_series(900, 901) x, generate_series(1, 3) y WHERE y = 1 / (x - 901) FOR UPDATE) v WHERE orders.id = v.x AND orders.customer_id = v.y",
    "UPDATE events SET note = 'x' FROM (SELECT x, y FROM generate_series(900, 901) x, generate_series(1, 3) y WHERE y = 1 / (x - 901) FOR SHARE) v WHERE events.id = v.x AND events.customer_id = v.y",
    "DELETE FROM orders USING (SELECT x, y FROM unnest('{900,901}'::int[]) x, unnest('{1,2,3}'::int[]) y WHERE y = 1 / (x - 901) FOR UPDATE) v WHERE orders.id = v.x AND orders.customer_id = v.y",
    "MERGE INTO orders o USING (SELECT x, y FROM generate_series(900, 901) x, generate_series(1, 3) y WHERE y = 1 / (x - 901) FOR UPDATE) v ON o.id = v.x AND o.customer_id = v.y WHEN MATCHED THEN DELETE",
    "WITH v AS (SELECT x, y FROM generate_series(900, 901) x, generate_series(1, 3) y WHERE y = 1 / (x - 901) FOR UPDATE) DELETE FROM orders USING v WHERE orders.id = v.x AND orders.customer_id = v.y",
    "WITH a AS MATERIALIZED (SELECT x FROM generate_series(900, 901) x), v AS (SELECT a.x, y FROM a, generate_series(1, 3) y WHERE y = 1 / (a.x - 901) FOR NO KEY UPDATE SKIP LOCKED) DELETE FROM orders USING v WHERE orders.id = v.x AND orders.customer_id = v.y",
    "UPDATE orders SET label = 'x' FROM (SELECT s, y FROM unnest('{CANARY,l2}'::text[]) s, generate_series(1, 3) y WHERE y = 1 / (length(s) - 6) FOR UPDATE) v WHERE orders.label = v.s AND orders.customer_id = v.y",
    // The same of queries that are run by themselves.
    "UPDATE orders SET label = 'x' FROM (SELECT x, y FROM generate_series(900, 901) x, generate_series(1, 3) y WHERE y = 1 / (x - 901) OFFSET 0) v WHERE orders.id = v.x AND orders.customer_id = v.y",
    "UPDATE orders SET label = 'x' FROM (SELECT x, y FROM generate_series(900, 901) x, generate_series(1, 3) y WHERE y = 1 / (x - 901)) v WHERE orders.id = v.x AND orders.customer_id = v.y",
    "UPDATE orders SET label = 'x' FROM (SELECT DISTINCT x, y FROM generate_series(900, 901) x, generate_series(1, 3) y WHERE y = 1 / (x - 901)) v WHERE orders.id = v.x AND orders.customer_id = v.y",
    "UPDATE orders SET label = 'x' FROM (SELECT x, y FROM generate_series(900, 901) x, generate_series(1, 3) y WHERE y = 1 / (x - 901) GROUP BY x, y) v WHERE orders.id = v.x AND orders.customer_id = v.y",
    "DELETE FROM orders WHERE (id, customer_id) IN (SELECT x, y FROM generate_series(900, 901) x, generate_series(1, 3) y WHERE y = 1 / (x - 901))",
];

/// The same of parameters: the statement, and what EXECUTE gives it.
const PREPARED: &[(&str, &str)] = &[
    ("DELETE FROM orders WHERE state = 'hid' AND id IN (VALUES (900 / $1::int), ($2::int))", "0, 1"),
    ("DELETE FROM orders WHERE state = 'hid' AND id IN (SELECT 900 / $1::int FROM products)", "0"),
    ("DELETE FROM orders WHERE state = 'hid' AND id IN (SELECT id FROM products LIMIT $1)", "-1"),
    ("DELETE FROM orders WHERE state = 'hid' AND id = (SELECT id FROM products ORDER BY id LIMIT $1)", "-1"),
    (
        "DELETE FROM orders USING (VALUES (900 / $1::int), ($2::int)) v (id) WHERE orders.state = 'hid' AND orders.id = v.id",
        "0, 1",
    ),
    ("DELETE FROM orders USING (VALUES (900 / $1::int)) v (id) WHERE orders.state = 'hid' AND orders.id = v.id", "0"),
    (
        "DELETE FROM orders USING unnest($1::text[]) v (id) WHERE orders.state = 'hid' AND orders.id = v.id::int",
        "'{x}'",
    ),
    (
        "UPDATE orders SET label = v.n FROM jsonb_to_recordset($1) AS v (id int, n text) WHERE orders.state = 'hid' AND orders.id = v.id",
        "'{}'",
    ),
    ("UPDATE orders SET label = 'x' WHERE state = 'hid' AND (id, 1 / $1::int) = (901, 1)", "0"),
    (
        "UPDATE orders SET label = 'x' WHERE state = 'hid' AND (id, customer_id) IN ((901, 3), ($1::int / $2::int, 3))",
        "1, 0",
    ),
    ("UPDATE orders SET label = 'x' WHERE state = 'hid' AND id = ANY (ARRAY[1 / $1::int])", "0"),
    ("UPDATE orders SET label = 'x' WHERE state = 'hid' AND id = ANY ($1::text[]::int[])", "'{x}'"),
];

/// What takes the hidden rows away.
const GONE: &str = "DELETE FROM orders WHERE state = 'hid'; DELETE FROM customers WHERE country = 'hid'; DELETE FROM events WHERE note = 'hid';";

/// What PostgreSQL may be told not to do.
const WAYS: [&[&str]; 15] = [
    &[],
    &["hashjoin"],
    &["mergejoin"],
    &["nestloop"],
    &["seqscan"],
    &["material", "memoize"],
    &["hashjoin", "mergejoin"],
    &["hashjoin", "nestloop"],
    &["mergejoin", "nestloop"],
    &["hashjoin", "mergejoin", "seqscan"],
    &["hashjoin", "mergejoin", "material", "hashagg"],
    &["seqscan", "bitmapscan", "hashagg", "sort"],
    &["indexscan", "indexonlyscan", "bitmapscan"],
    &["indexscan", "indexonlyscan", "bitmapscan", "hashjoin", "mergejoin"],
    &["indexscan", "indexonlyscan", "bitmapscan", "nestloop", "material"],
];

/// Rows that it changed, or its error.
async fn outcome(client: &Client, before: &str, sql: &str) -> Result<u64, String> {
    client.batch_execute("BEGIN").await.expect("begin");
    client.batch_execute(before).await.expect("before");
    let done = client.simple_query(sql).await;
    client.batch_execute("ROLLBACK").await.expect("rollback");
    let state = |e: tokio_postgres::Error| e.code().map_or_else(|| e.to_string(), |code| code.code().to_owned());
    done.map_err(state).map(|messages| {
        let count = |m: &tokio_postgres::SimpleQueryMessage| match m {
            tokio_postgres::SimpleQueryMessage::CommandComplete(count) => Some(*count),
            _ => None,
        };
        messages.iter().filter_map(count).max().unwrap_or_default()
    })
}

#[tokio::test]
async fn what_could_fail_sees_no_hidden_row() {
    let world = World::build_with("apart", ROWS).await;
    // Another session holds what the statements with NOWAIT ask for.
    let other = shared().in_database("writes_apart").superuser().await;
    other
        .batch_execute(
            "BEGIN; SELECT 1 FROM orders WHERE id IN (902, 903) FOR UPDATE; SELECT 1 FROM customers WHERE id = 1 FOR UPDATE",
        )
        .await
        .expect("locked");
    let (mut told, mut failed) = (Vec::new(), 0);
    for sql in ATTACKS {
        let text = leaves(&world, sql);
        failed += attack(&world, "", &text, &mut told).await;
        told.extend(tested_late(&world, &text).await);
    }
    for (i, (sql, values)) in PREPARED.iter().enumerate() {
        let text = leaves(&world, &format!("PREPARE p{i} AS {sql}"));
        for mode in ["force_custom_plan", "force_generic_plan"] {
            let before = format!("DEALLOCATE ALL; SET LOCAL plan_cache_mode = {mode};");
            let text = format!("{text}; EXECUTE p{i} ({values})");
            failed += attack(&world, &before, &text, &mut told).await;
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
    assert!(failed > 0, "some of them fail anyway, by what the session may see");
}

fn leaves(world: &World, sql: &str) -> String {
    let cleared = world.clear("app/marketing", sql);
    cleared.unwrap_or_else(|r| panic!("{sql}\n{}: {r}\n{}", r.rule, r.detail)).wire_text().to_owned()
}

/// Runs what leaves in every way, with the hidden rows and without them; how often it failed.
async fn attack(world: &World, before: &str, text: &str, told: &mut Vec<String>) -> u32 {
    let mut failed = 0;
    for off in WAYS {
        let off: String = off.iter().map(|way| format!("SET LOCAL enable_{way} = off;")).collect();
        // What is off costs so much that it would be compiled each time.
        let set = format!("SET LOCAL jit = off;{before}{off}");
        let with = outcome(&world.stored, &set, text).await;
        let without = outcome(&world.stored, &format!("{set}{GONE}"), text).await;
        failed += u32::from(with.is_err());
        if with != without {
            told.push(format!("{text}\n  {set}\n  {with:?} and without the hidden rows {without:?}"));
            break;
        }
    }
    failed
}

/// Plans in which the target is read without the test that the row is there, though the statement has it by itself.
async fn tested_late(world: &World, text: &str) -> Vec<String> {
    let alone = text.matches("AS \"consentry_w\"").count() == 1;
    if !alone || !text.contains("AND (CASE WHEN ") || !text.contains("THEN true ELSE false END) AND (") {
        return Vec::new();
    }
    let mut late = Vec::new();
    for off in WAYS {
        let off: String = off.iter().map(|way| format!("SET LOCAL enable_{way} = off;")).collect();
        world.stored.batch_execute(&format!("BEGIN; {off}")).await.expect("set");
        let plan = world.stored.query(&format!("EXPLAIN (COSTS OFF) {text}"), &[]).await;
        world.stored.batch_execute("ROLLBACK").await.expect("rollback");
        // Some fail when they are planned, whatever rows there are.
        let Ok(plan) = plan else { continue };
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        let depth = |line: &str| line.len() - line.trim_start().len();
        for (i, line) in
            plan.iter().enumerate().filter(|(_, line)| line.contains("Scan ") && line.contains("consentry_w"))
        {
            let own = plan[i + 1..].iter().take_while(|l| depth(l) > depth(line) && !l.contains("->"));
            if !own.into_iter().any(|l| l.contains("Filter: ") && l.contains("THEN true ELSE false END")) {
                late.push(format!("{text}\n  {off}\n{}", plan.join("\n")));
            }
        }
    }
    late
}

/// Each waits for order 902.
const WAITING: &[&str] = &[
    "UPDATE orders SET label = 'x' WHERE id = 902",
    "UPDATE orders SET label = 'x' FROM unnest('{902}'::int[]) v (id) WHERE orders.id = v.id AND 1 / (orders.customer_id - 3) <> 9",
    "UPDATE orders SET label = 'x' FROM (SELECT 902 AS id, 1 / price::int AS q FROM products WHERE id = 903 LIMIT 1) v WHERE orders.id = v.id AND orders.customer_id <> v.q",
    "UPDATE orders SET label = 'x' FROM jsonb_to_recordset('[{\"id\": 902}]') AS v (id int) WHERE orders.id = v.id",
    "WITH c AS (SELECT 902 AS id FROM products WHERE 1 / price::int = 0 LIMIT 1) UPDATE orders SET label = 'x' FROM c WHERE orders.id = c.id",
    "DELETE FROM orders WHERE id IN (SELECT id FROM products WHERE name LIKE name)",
    "DELETE FROM orders WHERE id IN (SELECT 902 FROM products WHERE id = 903 AND 1 / price::int = 0) AND 1 / (customer_id - 3) <> 9",
    "DELETE FROM orders WHERE id = 902 AND 1 / (customer_id - 3) <> 9",
    "UPDATE orders SET label = 'x' WHERE id = (SELECT id FROM orders WHERE state = 'vis' LIMIT 1 FOR UPDATE)",
    "MERGE INTO orders o USING (SELECT 902 AS id FROM products WHERE 1 / price::int = 0 LIMIT 1) s ON o.id = s.id AND 1 / (o.customer_id - 3) <> 9 WHEN MATCHED THEN UPDATE SET label = 'x'",
];

/// Two workers at a time, each with two entries.
const SHARED: &[&str] = &[
    "WITH c AS (SELECT id FROM orders WHERE state = 'open' ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED) UPDATE orders SET label = 'x' FROM c WHERE orders.id = c.id",
    "UPDATE orders SET label = 'x' WHERE id IN (SELECT id FROM orders WHERE state = 'open' ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED)",
    "UPDATE orders SET label = 'x' FROM (SELECT id FROM orders WHERE state = 'open' ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED) c WHERE orders.id = c.id",
    "UPDATE orders SET label = 'x' WHERE id = ANY (ARRAY(SELECT id FROM orders WHERE state = 'open' ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED))",
    "DELETE FROM orders USING (SELECT id FROM orders WHERE state = 'open' ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED) c WHERE orders.id = c.id",
    "WITH c AS (SELECT id FROM orders WHERE state = 'open' ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED) SELECT count(*) FROM c HAVING count(*) = 2",
];

#[tokio::test]
async fn a_queue_leaves_others_what_it_does_not_take() {
    let rows = "INSERT INTO orders VALUES (911, 3, 'q', 'open'), (912, 1, 'q', 'open'), (913, 1, 'q', 'open'),
        (914, 3, 'q', 'open'), (915, 1, 'q', 'open'), (916, 1, 'q', 'open')";
    let world = World::build_with("apart_queue", rows).await;
    let other = shared().in_database("writes_apart_queue").superuser().await;
    for sql in SHARED {
        let text = leaves(&world, sql);
        other.batch_execute("BEGIN").await.expect("begin");
        let first = other.execute(&text, &[]).await.expect(sql);
        let second = outcome(&world.stored, "", &text).await;
        other.batch_execute("ROLLBACK").await.expect("rollback");
        assert!(first > 0, "{text}");
        assert_eq!(second, Ok(first), "{text}");
    }
}

/// PostgreSQL tests a row again that changed while it waited for it (`EvalPlanQual`).
#[tokio::test]
async fn a_row_that_is_hidden_meanwhile_is_gone() {
    let world = World::build_with("apart_waits", ROWS).await;
    let other = shared().in_database("writes_apart_waits").superuser().await;
    for sql in WAITING {
        let text = leaves(&world, sql);
        let mut all = Vec::new();
        for change in ["UPDATE orders SET customer_id = 3 WHERE id = 902", "DELETE FROM orders WHERE id = 902"] {
            other.batch_execute(&format!("BEGIN; {change}")).await.expect("changed");
            let commits = async {
                let waited = waits_for(&other).await;
                other.batch_execute("COMMIT").await.expect("commit");
                waited
            };
            all.push(tokio::join!(outcome(&world.stored, "", &text), commits));
            let back = "DELETE FROM orders WHERE id = 902; INSERT INTO orders VALUES (902, 1, 'seen', 'vis')";
            other.batch_execute(back).await.expect("as before");
        }
        assert_eq!(all[0], all[1], "{sql}\n{text}");
        assert!(all[0].1, "it waits: {sql}\n{text}\n{all:?}");
    }
}

/// Whether somebody comes to wait for the open transaction of `client`.
async fn waits_for(client: &Client) -> bool {
    let asked = "SELECT EXISTS (SELECT FROM pg_locks
        WHERE NOT granted AND transactionid::text = pg_current_xact_id()::xid::text)";
    for _ in 0..200 {
        if client.query_one(asked, &[]).await.expect("locks").get(0) {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    false
}

/// Enough rows for an index to be worth it.
const MANY: &str = "
    INSERT INTO orders SELECT 1000 + i, 1 + i % 6, 'l', 'open' FROM generate_series(1, 20000) i;
    CREATE INDEX ON orders (customer_id);
    ANALYZE;";

/// Statements, and what EXECUTE gives them.
const SERVED: &[(&str, &str)] = &[
    (
        "UPDATE orders SET state = v.s FROM unnest($1::int[], $2::text[]) v (id, s) WHERE orders.id = v.id",
        "'{1001,1002}', '{a,b}'",
    ),
    ("UPDATE orders SET state = 'x' WHERE id = ANY ($1::int[])", "'{1001,1002}'"),
    (
        "UPDATE orders SET state = v.s FROM (VALUES ($1::int, $2::text), ($3, $4)) v (id, s) WHERE orders.id = v.id",
        "1001, 'a', 1002, 'b'",
    ),
    (
        "UPDATE orders SET state = v.s FROM jsonb_to_recordset($1::jsonb) AS v (id int, s text) WHERE orders.id = v.id",
        "'[]'",
    ),
    ("UPDATE orders SET state = 'x' WHERE (id, customer_id) = ($1, $2)", "1001, 2"),
    ("UPDATE orders SET state = 'x' WHERE (id, customer_id) IN (($1, $2))", "1001, 2"),
    (
        "UPDATE orders SET state = 'x' WHERE id = (SELECT id FROM orders WHERE customer_id = $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id",
        "2",
    ),
    (
        "WITH c AS (SELECT id FROM orders WHERE customer_id = $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) UPDATE orders SET state = 'x' FROM c WHERE orders.id = c.id",
        "2",
    ),
    ("DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE customer_id = $1 ORDER BY id LIMIT $2)", "2, 10"),
    ("DELETE FROM orders WHERE id IN (SELECT id FROM products WHERE name LIKE $1)", "'p%'"),
];

#[tokio::test]
async fn indexes_serve_what_stays_bare() {
    let world = World::build_with("apart_plans", MANY).await;
    let mut scanned = Vec::new();
    for (i, (sql, values)) in SERVED.iter().enumerate() {
        let cleared = world.engine.clear(sql, &context("app/marketing"), Protocol::Extended);
        let cleared = cleared.unwrap_or_else(|r| panic!("{sql}\n{}: {r}\n{}", r.rule, r.detail));
        world.stored.batch_execute(&format!("PREPARE p{i} AS {}", cleared.wire_text())).await.expect(sql);
        for mode in ["force_custom_plan", "force_generic_plan"] {
            world.stored.batch_execute(&format!("SET plan_cache_mode = {mode}")).await.expect("set");
            let plan =
                world.stored.query(&format!("EXPLAIN (COSTS OFF) EXECUTE p{i} ({values})"), &[]).await.expect(sql);
            let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
            if plan.iter().any(|line| line.contains("Seq Scan on orders consentry_w")) {
                scanned.push(format!("{sql} ({mode})\n{}\n{}", cleared.wire_text(), plan.join("\n")));
            }
        }
    }
    assert!(scanned.is_empty(), "{}", scanned.join("\n\n"));
}
