-- A small shop: hidden rows hold CANARY tokens that must never be seen.
CREATE TABLE customers (
    id        int PRIMARY KEY,
    full_name text,
    email     text UNIQUE,
    phone     varchar(20),
    country   text,
    score     int,
    secret    text DEFAULT 'CANARY-default'
);
CREATE TABLE consents (
    subject_id int, purpose text, channel text, status text,
    PRIMARY KEY (subject_id, purpose, channel)
);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers ON DELETE CASCADE, label text, state text);
CREATE TABLE mailings (id serial PRIMARY KEY, customer_id int, subject text);
CREATE TABLE products (id int PRIMARY KEY, name text, price numeric);
ALTER TABLE orders ALTER state SET DEFAULT 'new';
CREATE VIEW titled AS SELECT id, state, label FROM orders;
CREATE TABLE lists (id int PRIMARY KEY, customer_id int, nums int[], mail text, hits jsonb);
CREATE TABLE log (id serial PRIMARY KEY, what text);
CREATE TABLE unlisted (id int);
CREATE VIEW cheap AS SELECT id, name FROM products WHERE price < 10;
CREATE VIEW people AS SELECT id, full_name FROM customers;
-- Views that PostgreSQL writes through, and (from `counted` on) some that it does not.
CREATE VIEW spaniards AS SELECT id AS key, full_name AS name, email AS mail, country FROM customers WHERE country = 'ES';
CREATE VIEW named AS SELECT name, mail FROM spaniards s WHERE name LIKE 'B%' OR key = 1;
CREATE VIEW reachable AS SELECT c.id, c.email, c.phone, c.full_name FROM customers c
    WHERE email NOT LIKE '%***%' AND EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id) ORDER BY c.id;
CREATE VIEW strict AS SELECT name, key, country FROM spaniards WHERE key < 100 WITH CHECK OPTION;
CREATE VIEW loud AS SELECT id, label, state || '!' AS cry FROM orders WHERE state <> 'sent';
CREATE VIEW busy AS SELECT id, label, state FROM orders WHERE (SELECT count(*) FROM orders o) > 1 WITH LOCAL CHECK OPTION;
CREATE VIEW valued AS SELECT id, full_name FROM customers;
ALTER VIEW valued ALTER COLUMN full_name SET DEFAULT 'somebody';
CREATE VIEW counted AS SELECT country, count(*) FROM customers GROUP BY country;
CREATE VIEW limited AS SELECT id, full_name FROM customers LIMIT 2;
CREATE VIEW joined AS SELECT o.id, o.label FROM orders o JOIN customers c ON c.id = o.customer_id;
CREATE VIEW choices AS SELECT subject_id, purpose, channel, status FROM consents;
CREATE TABLE ruled (id int);
CREATE RULE copy AS ON INSERT TO ruled DO ALSO INSERT INTO log (what) SELECT email FROM customers;
CREATE FUNCTION known(int) RETURNS boolean LANGUAGE sql AS 'SELECT $1 IN (SELECT id FROM customers)';
CREATE FUNCTION pair(int, int) RETURNS SETOF int LANGUAGE sql AS 'SELECT generate_series(1, $2)';
CREATE OPERATOR @++ (LEFTARG = int, RIGHTARG = int, FUNCTION = pair);
CREATE OPERATOR pg_catalog.@@++ (LEFTARG = int, RIGHTARG = int, FUNCTION = pair);
-- Views on views, and what makes some of them more than they seem.
CREATE VIEW everyone AS SELECT * FROM customers;
CREATE VIEW everyone_again AS SELECT * FROM everyone ORDER BY country, id;
CREATE VIEW mailable AS SELECT * FROM everyone_again e WHERE email LIKE '%@%' AND e.phone IS NOT NULL;
CREATE VIEW spanish AS SELECT id, full_name, country FROM customers WHERE country = 'ES';
CREATE VIEW crossed AS SELECT id, email AS phone, phone AS email, full_name FROM customers;
CREATE VIEW twice AS SELECT id, full_name AS a, full_name AS b FROM customers;
CREATE VIEW mailed AS SELECT id, customer_id, subject FROM mailings;
CREATE VIEW tapped AS SELECT id, full_name FROM customers;
CREATE RULE tap AS ON UPDATE TO tapped DO ALSO INSERT INTO log (what) SELECT email FROM customers;
CREATE VIEW over_tapped AS SELECT id, full_name FROM tapped;
CREATE VIEW over_over_tapped AS SELECT id, full_name FROM over_tapped;
CREATE VIEW deaf AS SELECT id, full_name FROM customers;
CREATE RULE nothing AS ON DELETE TO deaf DO INSTEAD NOTHING;
CREATE VIEW over_deaf AS SELECT id, full_name FROM deaf;
CREATE VIEW over_ruled AS SELECT id FROM ruled;
CREATE VIEW over_valued AS SELECT id, full_name FROM valued;
CREATE VIEW shouty WITH (check_option = 'CASCADED') AS SELECT key, name, country FROM spaniards;
CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE VIEW caught AS SELECT id, full_name FROM customers;
CREATE TRIGGER caught INSTEAD OF UPDATE ON caught FOR EACH ROW EXECUTE FUNCTION swallow();
CREATE VIEW over_caught AS SELECT id, full_name FROM caught;
CREATE TABLE events (id int, customer_id int, note text, kind text) PARTITION BY LIST (kind);
CREATE TABLE events_a PARTITION OF events FOR VALUES IN ('a');
CREATE TABLE events_b PARTITION OF events FOR VALUES IN ('b');
CREATE TRIGGER change BEFORE UPDATE ON events_b FOR EACH ROW EXECUTE FUNCTION swallow();
CREATE VIEW noted AS SELECT id, note, kind FROM events WHERE note <> 'gone' WITH CHECK OPTION;
CREATE TABLE parcels (id int, customer_id int, note text, size int);
CREATE TABLE large_parcels (size int GENERATED ALWAYS AS (length(note)) STORED) INHERITS (parcels);
CREATE VIEW small_parcels AS SELECT id, note, size FROM parcels WHERE size < 10 WITH CHECK OPTION;
CREATE VIEW light_parcels AS SELECT id, note, size FROM parcels WHERE id < 10 WITH CHECK OPTION;
CREATE VIEW judged_parcels AS SELECT id, note FROM parcels WHERE known(id) WITH CHECK OPTION;
CREATE VIEW rich AS SELECT * FROM customers WHERE country <> 'PT' AND (full_name LIKE 'B%' OR country = 'ES') WITH CHECK OPTION;
CREATE VIEW rich_b AS SELECT id, full_name, country FROM rich WHERE full_name <> 'Bob' WITH LOCAL CHECK OPTION;
CREATE VIEW masked_check AS SELECT id, country FROM customers WHERE phone IS NULL OR country <> phone WITH CHECK OPTION;
CREATE VIEW unlisted_check AS SELECT id, country FROM customers WHERE secret IS NULL WITH CHECK OPTION;
CREATE VIEW defaulted AS SELECT * FROM customers;
ALTER VIEW defaulted ALTER COLUMN full_name SET DEFAULT 'nobody', ALTER COLUMN country SET DEFAULT 'XX';
CREATE DOMAIN code AS varchar(3);
CREATE TABLE labels (id int PRIMARY KEY, customer_id int, code code, letter text COLLATE "C", mark bit(3));
CREATE VIEW coded AS SELECT * FROM labels WHERE code <> 'zzz' WITH CHECK OPTION;
CREATE VIEW lettered AS SELECT * FROM labels WHERE letter < 'm' WITH CHECK OPTION;
CREATE VIEW marked AS SELECT * FROM labels WHERE mark <> '000' WITH CHECK OPTION;
CREATE VIEW prying AS SELECT id, full_name FROM customers;
ALTER VIEW prying ALTER COLUMN full_name SET DEFAULT query_to_xml('SELECT email FROM customers', true, true, '')::text;
-- Not one row for each.
CREATE VIEW repeated AS SELECT id, full_name FROM customers ORDER BY id, generate_series(1, 2);
CREATE VIEW ranked AS SELECT id, full_name FROM customers ORDER BY row_number() OVER (ORDER BY id);
CREATE VIEW paired AS SELECT id, full_name, id OPERATOR(public.@++) 2 AS n FROM customers;
CREATE VIEW hidden_pairs AS SELECT id, full_name, id @@++ 2 AS n FROM customers;
CREATE DOMAIN shade AS text DEFAULT 'grey';
CREATE TABLE shades (id int, customer_id int, color shade DEFAULT 'red');
CREATE VIEW shaded AS SELECT id, customer_id, color FROM shades;
CREATE TABLE branches (id int PRIMARY KEY, product int REFERENCES products ON DELETE CASCADE);
-- Rows that lead to somebody through another.
CREATE TABLE trips (id int PRIMARY KEY, customer_id int);
CREATE TABLE stops (id int, trip_id int REFERENCES trips ON DELETE SET NULL, mail text);
CREATE TABLE boxes (id int PRIMARY KEY, customer_id int, label text);
CREATE TABLE contents (id int, box_id int REFERENCES boxes ON DELETE CASCADE, mail text);
CREATE TABLE trays (id int PRIMARY KEY, customer_id int);
CREATE TABLE samples (id int, tray_id int REFERENCES trays);
INSERT INTO trips VALUES (1, 1), (2, 2);
INSERT INTO stops VALUES (1, 1, 'ana@mail.example'), (2, 2, 'CANARY-ben@mail.example');
INSERT INTO labels VALUES (1, 1, 'a', 'a', '101'), (2, 5, 'b', 'B', '111');
INSERT INTO boxes VALUES (1, 1), (2, 2);

INSERT INTO customers VALUES
    (1, 'Ana',          'ana@mail.example',     '+34600000011', 'ES', 10, 'CANARY-s1'),
    (2, 'Ben',          'CANARY-ben@mail.example', '+34600000022', 'ES', 20, 'CANARY-s2'),
    (3, 'CANARY-Cleo',  'CANARY-cleo@x.example', 'CANARY33',    'DE', 30, 'CANARY-s3'),
    (4, 'CANARY-Dirk',  'CANARY-dirk@x.example', 'CANARY44',    'ES', 40, 'CANARY-s4'),
    (5, 'Eva',          'eva@mail.example',     '+34600000055', 'FR', 50, 'CANARY-s5'),
    (6, 'CANARY-Finn',  'CANARY-finn@x.example', 'CANARY66',    'blocked', 60, 'CANARY-s6');
INSERT INTO consents VALUES
    (1, 'marketing', 'email', 'granted'), (1, 'marketing', 'phone', 'granted'),
    (2, 'marketing', 'phone', 'granted'),
    (3, 'marketing', 'email', 'withdrawn'),
    (5, 'marketing', 'email', 'granted'), (5, 'marketing', 'phone', 'granted'),
    (6, 'marketing', 'email', 'granted');
INSERT INTO orders VALUES (10, 1, 'first', 'open'), (11, 1, 'second', 'sent'), (20, 2, 'third', 'open'),
    (30, 3, 'CANARY-o3', 'open'), (40, 4, 'CANARY-o4', 'open'), (50, 5, 'fifth', 'sent');
INSERT INTO lists VALUES (1, 1, '{1,2}', 'ana@mail.example', '{}'), (2, 2, '{3}', 'CANARY-ben@mail.example', '{"a": 1}'),
    (3, 3, '{4}', 'CANARY-cleo@x.example', '{"a": 1}'), (5, 5, '{}', NULL, '{}');
INSERT INTO products VALUES (1, 'pen', 2), (2, 'ink', 7), (3, 'desk', 200);
