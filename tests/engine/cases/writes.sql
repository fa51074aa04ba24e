-- crm_app/service: changed | has UPDATE "public"."customers" AS "consentry_w" SET full_name = 'x' WHERE (("consentry_w"."id") = 7) AND (
UPDATE customers SET full_name = 'x' WHERE id = 7
;;
-- crm_app/service: changed | has AND
UPDATE public.customers AS c SET full_name = c.full_name || '!' WHERE c.id = 7 AND c.country = 'ES' RETURNING *
;;
-- crm_app/service: changed | has WHERE (
UPDATE ONLY customers SET language = 'es'
;;
-- crm_app/marketing: column-not-writable
UPDATE customers SET credit_limit = 0 WHERE id = 7
;;
-- crm_app/service: column-not-writable
UPDATE customers SET internal_note = '' WHERE id = 7
;;
-- crm_app/marketing: changed | has EXISTS
UPDATE customers SET email = 'a@b.example' WHERE id = 7
;;
-- support/service: right-missing
DELETE FROM customers WHERE id = 7
;;
-- support/service: right-missing
INSERT INTO products (id, name) VALUES (1, 'x')
;;
-- crm_app/service: changed | has DELETE FROM "public"."customers" AS "consentry_w" WHERE
DELETE FROM customers WHERE email LIKE 'user%' AND id = -1 RETURNING id, email, customers.full_name AS name
;;
-- What goes with a row, and what is added without being read, is told with its categories.
-- crm_app/service: changed | touches public.messages.body written of free_text | touches public.messages.id written
DELETE FROM tickets WHERE id = -1
;;
-- crm_app/service: changed | touches public.consents.status written of choices | touches public.addresses.line1 written of address
DELETE FROM customers WHERE id = -1
;;
-- officer/service: changed | touches public.consents.status written of choices
INSERT INTO consents (subject_id, purpose, status) VALUES (7, 'marketing', 'granted')
;;
-- crm_app/service: changed
DELETE FROM orders USING customers c WHERE c.id = orders.customer_id AND c.email = 'nobody' RETURNING orders.*
;;
-- crm_app/service: changed
WITH customers AS (SELECT 1) DELETE FROM customers WHERE id = -1
;;
-- crm_app/service: changed
INSERT INTO customers (ref, full_name, email, country) VALUES ('0b2f54f6-6d4c-4a3c-9d5a-1df1a3a0a001', 'A', 'a@new.example', 'ES') RETURNING id, email
;;
-- crm_app/service: column-not-writable
INSERT INTO customers (full_name, internal_note) VALUES ('A', 'x')
;;
-- crm_app/service: same
UPDATE products SET price = price WHERE id = -1 RETURNING *
;;
-- crm_app/service: same
INSERT INTO products SELECT * FROM products WHERE false
;;
-- crm_app/marketing: system-column
UPDATE customers SET language = 'es' WHERE ctid = '(0,1)'
;;
-- crm_app/marketing: system-column
UPDATE customers SET language = 'es' WHERE EXISTS (SELECT 1 WHERE xmin IS NULL)
;;
-- crm_app/marketing: undefined-column
UPDATE customers SET language = consentry_w::text
;;
-- crm_app/marketing: undefined-table
UPDATE customers SET language = consentry_w.email
;;
-- builder/service: changed
UPDATE customers c SET full_name = row_to_json(c)::text WHERE c.id = -1
;;
-- builder/service: changed
UPDATE customers SET (full_name, language) = (SELECT full_name, 'es' FROM customers d WHERE d.id = customers.id) WHERE id = -1
;;
-- crm_app/service: changed
UPDATE customers SET (full_name, language) = (upper(full_name), DEFAULT) WHERE id = -1
;;
-- crm_app/service: changed
INSERT INTO customers (id, ref, country, full_name) VALUES (1, '0b2f54f6-6d4c-4a3c-9d5a-1df1a3a0a001', 'ES', 'x') ON CONFLICT (id) DO UPDATE SET full_name = excluded.full_name WHERE customers.country = 'ES' RETURNING id, phone, country
;;
-- crm_app/service: changed
UPDATE customers SET full_name = x.n FROM jsonb_to_recordset('[]') AS x(i bigint, n text) WHERE id = x.i
;;
-- crm_app/service: changed
UPDATE customers c SET full_name = x.n FROM jsonb_to_recordset('[]') AS x(i bigint, n text) WHERE c.id = x.i
;;
-- crm_app/service: right-missing
INSERT INTO newsletters (subject) SELECT email FROM customers
;;
-- crm_app/service: system-relation
UPDATE pg_settings SET setting = 'off' WHERE name = 'row_security'
;;
-- crm_app/marketing: changed | has "consentry_s" | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, -7, 'x'), (1, 8, 'y')
;;

;;
-- crm_app/service: right-missing
UPDATE products SET name = 'x' WHERE EXISTS (SELECT FROM customers WHERE id = 2 AND email LIKE 'bruno%') AND id = 1
;;
-- crm_app/service: changed | has UPDATE "public"."customers" AS "consentry_w" SET full_name = 'x' WHERE (("consentry_w"."id") = 7) AND (((
UPDATE contact_list SET full_name = 'x' WHERE id = 7
;;
-- crm_app/service: changed | has DELETE FROM "public"."customers" AS "consentry_w" WHERE true AND ( | error 23503
DELETE FROM customer_contacts
;;
-- crm_app/service: not-understood
UPDATE contact_names SET name = 'x'
;;
-- A subscript of what is assigned is an expression like any other.
-- crm_app/marketing: changed
UPDATE customers SET tags[array_length(tags, 1) + 1] = 'x' WHERE id = -1
;;
-- crm_app/marketing: changed
UPDATE customers SET tags[1 + 1] = 'x', tags[id + 1:cardinality(tags) + 2] = '{}' WHERE id = -1
;;
-- crm_app/marketing: changed
UPDATE customers SET (tags[(SELECT count(*) FROM products d)], language) = ('x', 'es') WHERE id = -1
;;
-- builder/service: same
INSERT INTO products (id, sku, name, category, price, specs[lower('A')]['b' || 'c']) VALUES (-1, 'a', 'b', 'c', 1, '1')
;;
-- builder/service: same
INSERT INTO products (id, sku, name, category, price, specs[lower('A')]) VALUES (-1, 'a', 'b', 'c', 1, '1') ON CONFLICT (id) DO UPDATE SET specs[lower(products.name)] = excluded.specs
;;
-- builder/service: same
MERGE INTO products p USING (SELECT 1 AS g) o ON o.g = p.id WHEN MATCHED THEN UPDATE SET specs[upper(p.name)] = '1' WHEN NOT MATCHED THEN INSERT (id, specs[o.g || 'x']) VALUES (1, '1')
;;
-- Subscripts of a MERGE's columns are judged.
-- marketing/marketing: right-missing
MERGE INTO products c USING (SELECT 1 AS g) o ON false WHEN NOT MATCHED THEN INSERT (id, specs[(SELECT full_name FROM customers LIMIT 1)]) VALUES (1, 'a')
;;
-- crm_app/marketing: right-missing
MERGE INTO products c USING (SELECT 1 AS g) o ON false WHEN NOT MATCHED THEN INSERT (id, specs[(SELECT full_name FROM customers LIMIT 1)]) VALUES (1, 'a')
;;
-- A masked value finds no row.
-- crm_app/marketing: changed
INSERT INTO customers (id, ref, country) VALUES (1, '00000000-0000-0000-0000-000000000001', 'ES') ON CONFLICT (id) DO UPDATE SET country = 'ES'
;;
-- crm_app/marketing: not-understood
INSERT INTO customers (id, ref, country) VALUES (1, '00000000-0000-0000-0000-000000000001', 'ES') ON CONFLICT (birth_date) DO UPDATE SET country = 'ES'
;;
-- crm_app/marketing: changed
INSERT INTO customers (id, ref, country) VALUES (1, '00000000-0000-0000-0000-000000000001', 'ES') ON CONFLICT ON CONSTRAINT customers_pkey DO UPDATE SET country = 'ES'
;;
-- crm_app/marketing: not-understood
INSERT INTO customers (id, ref, country) VALUES (1, '00000000-0000-0000-0000-000000000001', 'ES') ON CONFLICT ON CONSTRAINT customers_other_key DO UPDATE SET country = 'ES'
;;
-- A key that stays as it is carries nothing along.
-- crm_app/service: changed
INSERT INTO customers (id, ref, country) VALUES (1, '00000000-0000-0000-0000-000000000001', 'ES') ON CONFLICT (id) DO UPDATE SET id = excluded.id, country = excluded.country
;;
-- crm_app/service: changed
INSERT INTO customers (id, ref, country) VALUES (1, '00000000-0000-0000-0000-000000000001', 'ES') ON CONFLICT ON CONSTRAINT customers_pkey DO UPDATE SET id = excluded.id, country = excluded.country
;;
-- crm_app/service: subject-moved
INSERT INTO customers (id, country) VALUES (1, 'ES') ON CONFLICT (ref) DO UPDATE SET id = excluded.id
;;
-- crm_app/service: changed
UPDATE customers SET id = id, country = 'ES' WHERE id = -1
;;
-- crm_app/service: changed
UPDATE customers c SET id = c.id FROM orders o WHERE o.customer_id = c.id AND o.id = -1
;;
-- crm_app/service: subject-moved
UPDATE customers SET id = orders.id FROM orders WHERE orders.id = -1
;;
-- crm_app/service: same
INSERT INTO leagues (name) VALUES ('gold') ON CONFLICT (name) DO UPDATE SET name = excluded.name, id = excluded.id
;;
-- crm_app/service: not-understood
INSERT INTO leagues (id, name) VALUES (1, 'gold') ON CONFLICT (name) DO UPDATE SET name = excluded.badge
;;
-- crm_app/service: not-understood
INSERT INTO leagues (name) VALUES ('gold') ON CONFLICT (badge) DO UPDATE SET name = excluded.name
;;
-- crm_app/service: same
UPDATE leagues SET name = name, id = 2 WHERE id = -1
;;
-- crm_app/service: not-understood
INSERT INTO grades (grade) VALUES (1) ON CONFLICT (grade) DO UPDATE SET grade = excluded.grade
;;
-- crm_app/service: not-understood
UPDATE clubs SET title = 'Gold' WHERE name = 'silver'
;;
-- crm_app/service: not-understood
INSERT INTO clubs (title) VALUES ('Gold') ON CONFLICT (name) DO UPDATE SET updated_at = now()
;;
-- crm_app/service: same
INSERT INTO clubs (title) VALUES ('Gold')
;;
-- crm_app/service: same
UPDATE teams SET badge = 'Gold' WHERE name = 'silver'
;;
-- crm_app/service: not-understood
INSERT INTO cups (name) VALUES ('GOLD') ON CONFLICT (name) DO UPDATE SET name = excluded.name
;;
-- crm_app/service: same
INSERT INTO grades (grade) VALUES (1) ON CONFLICT (grade) DO UPDATE SET label = excluded.label
;;
-- crm_app/service: not-understood
UPDATE ranks SET name = 'gold' WHERE name = 'silver'
;;
-- A key that rows follow through another table, and one that is computed.
-- crm_app/service: not-understood
UPDATE leagues SET name = 'gold' WHERE name = 'silver'
;;
-- crm_app/service: not-understood
DELETE FROM leagues WHERE name = 'silver'
;;
-- Through open views.
-- crm_app/service: not-understood
UPDATE called SET called = 'gold' WHERE number = 1
;;
-- crm_app/service: not-understood
DELETE FROM called WHERE number = 1
;;
-- crm_app/service: not-understood
INSERT INTO league_names (called) VALUES ('gold') ON CONFLICT (called) DO UPDATE SET called = 'silver'
;;
-- crm_app/service: same
INSERT INTO league_names (number) VALUES (2)
;;
-- A column that computes the one that leads to the subject.
-- crm_app/service: not-understood
UPDATE kept_notes SET ref = 5 WHERE id = 4
;;
-- crm_app/service: changed
UPDATE kept_notes SET id = 5 WHERE id = 4
;;
-- crm_app/service: same
UPDATE leagues SET id = 2 WHERE name = 'silver'
;;
-- crm_app/service: same
INSERT INTO leagues (id) VALUES (1)
;;
-- Output names stand inside of grouping sets too.
-- crm_app/marketing: changed | has rollup(email)
UPDATE customers c SET language = (SELECT left(string_agg(coalesce(email, '-'), ','), 5) FROM (SELECT 'k' AS email, count(*) FROM products h GROUP BY rollup(email)) z) WHERE id = 4
;;
-- A key's action gives rows to another person, frees them of theirs, or brings them back.
-- crm_app/service: subject-moved
DELETE FROM tokens WHERE id = 4
;;
-- crm_app/service: subject-moved
DELETE FROM places WHERE id = 4
;;
-- crm_app/service: not-understood
DELETE FROM days WHERE day = '2020-01-01'
;;
-- crm_app/service: same
DELETE FROM parted_b WHERE id = 4
;;
-- builder/service: right-missing
DELETE FROM parted_a WHERE id = 4
;;
-- builder/service: right-missing
UPDATE parted SET kind = 'b' WHERE id = 4
;;
-- builder/service: same
UPDATE sheets SET kind = 'a' WHERE id = 4
;;
-- What goes with it is on record.
-- crm_app/service: same | touches public.fared.note written
DELETE FROM fares WHERE id = 4
;;
-- By a column that is not shown.
-- crm_app/service: hidden-key
DELETE FROM parted WHERE id = 4
;;
-- A row in the middle that is put back at once.
-- mover/analytics: subject-moved
WITH d AS (DELETE FROM middles WHERE id = 4 RETURNING id) INSERT INTO middles (id, customer_id) SELECT id, 5 FROM d
;;
-- mover/analytics: subject-moved
MERGE INTO middles m USING (VALUES (4, true), (4, false)) s (id, gone) ON m.id = s.id AND s.gone WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, customer_id) VALUES (s.id, 5)
;;
-- mover/analytics: changed
DELETE FROM middles WHERE id = -1
;;
-- What is assigned passes a check, or fails it, together with what is not shown.
-- crm_app/service: column-not-writable
UPDATE ends SET low = 5 WHERE id = 1
;;
-- crm_app/service: column-not-writable
UPDATE ends SET middle_id = 5 WHERE id = 1
;;
-- crm_app/service: changed
UPDATE ends SET id = 2 WHERE id = 1
;;
-- crm_app/service: changed
UPDATE ends SET txt = 'x' WHERE id = 1
;;
-- How many rows a write has found, in an open table.
-- crm_app/service: right-missing
WITH u AS (DELETE FROM addresses WHERE line1 = 'x' RETURNING 1) INSERT INTO products (id, name) SELECT 1, count(*)::text FROM u
;;
-- crm_app/marketing: right-missing
WITH u AS (UPDATE customers SET language = 'es' WHERE id = 5 RETURNING 1) INSERT INTO products (id, name) VALUES (1, (SELECT 'agreed' FROM u))
;;
-- crm_app/marketing: right-missing
WITH u AS (UPDATE customers SET language = 'es' WHERE id = 5 RETURNING 1) UPDATE products SET name = (SELECT count(*)::text FROM u) WHERE id = 1
;;
-- A sequence tells whether a row was found.
-- crm_app/marketing: right-missing
UPDATE customers SET language = 'es' WHERE id = 5 RETURNING nextval('ticks')
;;
-- Nor does another person's choice uncover what is masked by this one's.
-- counter/analytics: changed | has 'email'
UPDATE kept_mails SET customer_id = 5 WHERE id = 4
;;
-- A restriction ends with the row that says it.
-- crm_app/service: not-understood
DELETE FROM houses WHERE id = 4
;;
-- crm_app/service: not-understood
DELETE FROM wardens WHERE id = 4
;;
-- Through a column that is computed, another partition, a check that was never made.
-- crm_app/service: column-not-writable
UPDATE passes SET a = 342 WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE parcels SET kind = 'b' WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE parcels SET size = 1 WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE parcels_b SET size = 1 WHERE id = 5
;;
-- crm_app/service: changed
UPDATE parcels SET note = 'x' WHERE id = 5
;;
-- What one partition alone demands of a row tells that it lies there.
-- crm_app/service: column-not-writable
UPDATE crates SET size = 0 WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE crates SET note = NULL WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE crates SET id = 6 WHERE id = 5
;;
-- A part's own partition key is such a demand.
-- crm_app/service: column-not-writable
UPDATE crates SET label = 'x' WHERE id = 5
;;
-- crm_app/service: changed
UPDATE crates SET hall = 3 WHERE id = 5
;;
-- Whoever writes a row locks its partition: a lock that is not to be had tells of it.
-- crm_app/service: partition-tells
LOCK TABLE crates_b IN SHARE MODE NOWAIT
;;
-- crm_app/service: same
LOCK TABLE crates IN SHARE MODE NOWAIT
;;
-- crm_app/service: same
LOCK TABLE parcels_b IN SHARE MODE NOWAIT
;;
-- sweeper/service: partition-tells
TRUNCATE crates_a
;;
-- sweeper/service: changed
TRUNCATE bales
;;
-- An exclusion constraint reads what its expressions read.
-- crm_app/service: changed
UPDATE rents SET opens = 1 WHERE id = 5
;;
-- What a trigger assigns.
-- crm_app/service: column-not-writable
UPDATE levels SET size = 101 WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE levels SET note = 'x' WHERE id = 5
;;
-- What only one part computes so, or demands where the whole has but an index of its own.
-- crm_app/service: column-not-writable
UPDATE vats SET size = 5 WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE vats SET mark = 500 WHERE id = 5
;;
-- crm_app/service: changed
UPDATE vats SET note = 'x' WHERE id = 5
;;
-- crm_app/service: changed
UPDATE racked SET rack = 5 WHERE id = 5
;;
-- A key whose check waits for COMMIT changes nothing; of two columns one is set to null.
-- crm_app/service: changed
DELETE FROM plots WHERE id = 5
;;
-- crm_app/service: changed
DELETE FROM fields WHERE id = 5
;;
-- An index that is not unique and cannot fail demands nothing.
-- crm_app/service: changed
UPDATE docs_of SET status = 'b', note = 'x' WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE docs_of SET size = 5 WHERE id = 5
;;
-- A trigger that only one part has; one that a row meets where it comes to.
-- crm_app/service: column-not-writable
UPDATE tubs SET size = 500 WHERE id = 5
;;
-- crm_app/service: partition-tells
DELETE FROM tubs WHERE id = 5
;;
-- crm_app/service: changed
UPDATE moving SET size = 101 WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE moving SET size = 101, kind = 50 WHERE id = 5
;;
-- Partition keys that are expressions.
-- crm_app/service: partition-tells
SELECT id FROM sacks_a
;;
-- crm_app/service: partition-tells
SELECT id FROM heaps_low
;;
-- crm_app/service: column-not-writable
UPDATE heaps SET size = 7 WHERE id = 1
;;
-- crm_app/service: changed
UPDATE sacks SET size = 7 WHERE id = 1
;;
-- A whole row in a check, in an index's condition or expression, and a policy of row-level security.
-- crm_app/service: column-not-writable
UPDATE lots SET size = 101 WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE lots SET label = 'x' WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE halves SET size = 3 WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE halves SET note = 'x' WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE watched SET size = 3 WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE watched SET note = 'x' WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE opaque SET size = 3 WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE daily SET note = 'x' WHERE id = 5
;;
-- crm_app/service: partition-tells
DELETE FROM crates WHERE id = 5
;;
-- crm_app/service: changed
DELETE FROM parcels WHERE id = 5
;;
-- crm_app/service: column-not-writable
UPDATE unproven SET note = 'x' WHERE id = 5
;;
-- What a foreign key sets in hidden rows passes a check with their values.
-- crm_app/service: not-understood
DELETE FROM hazards WHERE id = 4
;;
-- Only one partition of those that refer to it demands that they do.
-- crm_app/service: not-understood
DELETE FROM depots WHERE id = 4
;;
-- crm_app/service: changed
DELETE FROM halls WHERE id = 4
;;
-- Another kind's row of the same key.
-- crm_app/service: subject-moved
DELETE FROM guests WHERE id = 9
;;
-- crm_app/service: not-understood
WITH RECURSIVE y AS (INSERT INTO products (id, name) SELECT id, full_name FROM x RETURNING id), x AS (SELECT id, full_name FROM customers) SELECT count(*) FROM y
;;
-- crm_app/service: not-understood
WITH RECURSIVE z AS (SELECT id, full_name FROM x), y AS (INSERT INTO products (id, name) SELECT id, full_name FROM z RETURNING id), x AS (SELECT id, full_name FROM customers) SELECT count(*) FROM y
;;
-- crm_app/service: same
WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 3), y AS (INSERT INTO newsletters (id, title, sent_on) SELECT n + 1000, 'x', '2026-01-01' FROM t RETURNING id) SELECT count(*) FROM y
;;
-- People who are restricted are not made others, nor nobody.
-- crm_app/service: not-understood
UPDATE wards SET id = 900 WHERE id = 9
;;
-- crm_app/service: not-understood
DELETE FROM wards WHERE id = 9
;;
-- crm_app/service: changed
UPDATE wards SET id = id, guardian = 4 WHERE id = 9
;;
-- crm_app/service: not-understood
UPDATE pets SET id = 900 WHERE id = 9
;;
-- Their rows go with them.
-- crm_app/service: changed
DELETE FROM pets WHERE id = 9
;;
-- crm_app/service: not-understood
WITH d AS (DELETE FROM wards WHERE id = 9 RETURNING id) INSERT INTO wards (id) SELECT id FROM d
;;
-- officer/legal: not-understood
DELETE FROM tenants WHERE id = 9
;;
-- officer/legal: not-understood
UPDATE tenants SET id = 900 WHERE id = 9
;;
-- officer/service: changed
DELETE FROM tenants WHERE id = 9
;;
-- crm_app/service: changed
DELETE FROM tenants WHERE id = 9
;;
-- sweeper/service: not-understood
TRUNCATE tenants
;;
-- crm_app/service: right-missing
EXPLAIN (ANALYZE) DELETE FROM fares WHERE id = 4
;;
-- A part's rows may wait where the whole's go.
-- mover/analytics: subject-moved
WITH d AS (DELETE FROM shelves WHERE id = 4 RETURNING id) INSERT INTO shelves (id, customer_id) SELECT id, 5 FROM d
;;
-- mover/analytics: changed
DELETE FROM shelves WHERE id = -1
;;
-- A check of what is computed from what is not shown too.
-- crm_app/service: column-not-writable
UPDATE priced SET n = 5 WHERE id = 1
;;
-- What is computed may not be null, must be of its domain, or cannot be computed, by what is not shown.
-- crm_app/service: column-not-writable
UPDATE gaps SET n = 5 WHERE id = 1
;;
-- crm_app/service: changed
UPDATE gaps SET customer_id = 5 WHERE id = 1
;;
-- crm_app/service: column-not-writable
UPDATE spans SET n = 5 WHERE id = 1
;;
-- crm_app/service: column-not-writable
UPDATE rates SET n = 5 WHERE id = 1
;;
-- crm_app/service: changed
UPDATE sums SET n = 5 WHERE id = 1
;;
-- crm_app/service: column-not-writable
UPDATE sizes_of SET n = 5 WHERE id = 1
;;
-- crm_app/service: column-not-writable
UPDATE either_of SET n = 5 WHERE id = 1
;;
-- crm_app/service: column-not-writable
UPDATE told_by SET n = 5 WHERE id = 1
;;
-- crm_app/service: column-not-writable
UPDATE cast_of SET n = 5 WHERE id = 1
;;
-- What moves a row is what a trigger assigns.
-- crm_app/service: column-not-writable
UPDATE moved_by SET size = 50 WHERE id = 1
;;
-- Open columns of rows that are not there.
-- mover/analytics: not-understood
DELETE FROM risks WHERE id = 1
;;
-- mover/analytics: reads-protected-child
SELECT * FROM half_open
;;
-- mover/analytics: reads-protected-child
UPDATE half_open SET low = 1
;;
-- mover/analytics: reads-protected-child
DELETE FROM half_open
;;
-- crm_app/service: changed
SELECT * FROM both_ways
;;
-- crm_app/service: column-not-writable
UPDATE sets_of SET numbers = '{NULL}' WHERE id = -1
;;
-- A check of rows, by the time zone of the session, is tested whatever is assigned.
-- crm_app/service: column-not-writable
UPDATE zoned SET n = 5 WHERE id = 1
;;
-- What goes with a row that is removed shows what it referred to.
-- crm_app/service: hidden-key
DELETE FROM vouchers WHERE id = 1
;;
-- crm_app/service: hidden-key
WITH d AS (DELETE FROM vouchers WHERE id = 1 RETURNING id) SELECT id FROM d
;;
-- Nothing of it is personal, but that column is not listed.
-- crm_app/service: hidden-key
DELETE FROM passes_by WHERE id = 1
;;
-- An index of one part, under one of the whole that not all parts have.
-- crm_app/service: column-not-writable
UPDATE half_indexed SET size = 5 WHERE id = 1
;;
-- A trigger of the whole that is off where the row lies.
-- crm_app/service: column-not-writable
UPDATE quiet SET size = 5 WHERE id = 1
;;
-- Rows that this statement has made, and open columns of those that it has changed, are no data of others.
-- crm_app/service: changed
WITH o AS (INSERT INTO orders (customer_id) VALUES (3) RETURNING id) INSERT INTO order_items (order_id, line_no, product_id, quantity, unit_price) SELECT o.id, 1, 2, 3, 4.0 FROM o
;;
-- crm_app/service: changed
WITH u AS (UPDATE orders SET placed_at = now() WHERE id = -1 RETURNING id) INSERT INTO newsletters (id, title, sent_on) SELECT id, 'paid', '2026-01-01' FROM u
;;
-- crm_app/service: right-missing
WITH u AS (UPDATE orders SET placed_at = now() WHERE id = -1 RETURNING id, note) INSERT INTO newsletters (id, title, sent_on) SELECT id, note, '2026-01-01' FROM u
;;
-- A queue, and another statement of the message.
-- mover/analytics: changed
DELETE FROM middles WHERE id IN (SELECT id FROM middles WHERE id < 0 FOR UPDATE SKIP LOCKED)
;;
-- mover/analytics: changed
DELETE FROM middles WHERE id = -1; UPDATE newsletters SET title = 'x' WHERE id = -1
;;
-- counter/analytics: changed | lacks 'email'
UPDATE kept_mails SET customer_id = customer_id WHERE id = 4
;;
;;
-- PostgreSQL changes no row that is none of the view's, from 15.19 on.
-- crm_app/service: changed | has IS NOT TRUE THEN
INSERT INTO contact_list (id, full_name) SELECT 1, 'x' WHERE false ON CONFLICT (id) DO UPDATE SET full_name = excluded.full_name
;;
-- A restricted person's row would be one of nobody, whom the other purpose shows more of.
-- officer/legal: subject-moved
UPDATE kept_mails SET customer_id = NULL WHERE id = 4
;;
-- officer/legal: subject-moved
MERGE INTO kept_mails k USING (VALUES (4)) v (id) ON k.id = v.id WHEN MATCHED THEN UPDATE SET customer_id = NULL
;;
-- officer/service: changed
UPDATE kept_mails SET customer_id = NULL WHERE id = 4
;;
-- What leads through a row may be older than this purpose keeps it, and not than the other does.
-- brief/brief: subject-moved
UPDATE middles SET customer_id = NULL WHERE id = 4
;;
-- brief/analytics: changed
UPDATE middles SET customer_id = NULL WHERE id = 4
