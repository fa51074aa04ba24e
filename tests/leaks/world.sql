-- What the ways in of tests/leaks lead to. {…} are tokens made up at the start of each run: no client may ever see one.
-- Visible under marketing: customers 1 and 2 (2's phone is masked: no consent for that channel). Hidden: 7, 8, 9.

CREATE TABLE customers (
  id int PRIMARY KEY, name text NOT NULL, email text UNIQUE, phone text, country text, consent_bits int NOT NULL DEFAULT 0,
  notes text, secret text, valid_until timestamptz
);
CREATE TABLE consents (subject_id int NOT NULL, purpose text NOT NULL, channel text, status text NOT NULL, expires_at timestamptz);
CREATE INDEX ON consents (subject_id, purpose);
INSERT INTO customers VALUES
  (1, 'Ada', 'ada@mail.example', '+34911111111', 'ES', 2, 'tall', '{secret1}'),
  (2, 'Ben', 'ben@mail.example', '{phone2}', 'ES', 2, 'calls often', '{secret2}'),
  (7, '{name7}', '{email7}@hidden.example', '{phone7}', '{country7}', 0, '{notes7}', '{secret7}'),
  (8, '{name8}', '{email8}@hidden.example', '{phone8}', 'ES', 0, '{notes8}', '{secret8}'),
  (9, '{name9}', '{email9}@hidden.example', '{phone9}', 'DE', 0, '{notes9}', '{secret9}');
INSERT INTO consents VALUES
  (1, 'marketing', NULL, 'granted', NULL), (2, 'marketing', 'email', 'granted', NULL), (9, 'service', NULL, 'granted', NULL);

CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, note text);
INSERT INTO orders VALUES (10, 1, 'for Ada'), (70, 7, '{order7}'), (80, 8, '{order8}');
CREATE SEQUENCE order_numbers;

-- Tables of nobody.
CREATE TABLE products (id int PRIMARY KEY, label text);
INSERT INTO products VALUES (1, 'lamp'), (2, 'desk'), (7, 'sofa');
CREATE TABLE log (id serial PRIMARY KEY, what text);
-- References that PostgreSQL checks with the owner's eyes.
CREATE TABLE vip (email text REFERENCES customers (email));

-- Other names for the same rows.
CREATE VIEW people AS SELECT id, name, email, phone, country FROM customers;
CREATE MATERIALIZED VIEW snapshot AS SELECT id, name, email FROM customers;
CREATE TABLE customers_extra (extra text) INHERITS (customers);
INSERT INTO customers_extra VALUES (20, '{name20}', '{email20}@hidden.example', '{phone20}', 'FR', 0, '{notes20}', '{secret20}', NULL, '{extra20}');
CREATE TABLE visits (customer_id int, region text, page text) PARTITION BY LIST (region);
CREATE TABLE visits_north PARTITION OF visits FOR VALUES IN ('north');
CREATE TABLE visits_south PARTITION OF visits DEFAULT;
INSERT INTO visits VALUES (1, 'north', '/home'), (7, 'north', '{page7}'), (8, 'south', '{page8}');
CREATE TABLE "a_table_whose_name_is_as_long_as_a_name_can_be_in_this_database" (customer_id int, words text);
INSERT INTO "a_table_whose_name_is_as_long_as_a_name_can_be_in_this_database" VALUES (1, 'hers'), (7, '{words7}');
CREATE SCHEMA harmless;
CREATE TABLE harmless.customers AS SELECT 1 AS id, 'nobody'::text AS name, 'nobody'::text AS email;

-- Text under several collations.
CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE members (id int PRIMARY KEY, tongue text COLLATE "es-x-icu", nick text COLLATE caseless, handle name, born date, street text);
INSERT INTO members VALUES (1, 'a', 'a', 'a', '2000-01-01', 'Main Street'), (7, 'b', 'b', 'b', '2000-01-01', '{street7}');

-- What a mask of the policy's own fails on, in a hidden row.
CREATE TABLE accounts (customer_id int, no text);
INSERT INTO accounts VALUES (1, '1200'), (7, '{account7}');

-- Rows that change, or fail to, with those of an open table.
CREATE TABLE places (id int PRIMARY KEY);
CREATE TABLE stays (customer_id int, place int NOT NULL REFERENCES places ON DELETE SET NULL, note text);
INSERT INTO places VALUES (1), (7);
INSERT INTO stays VALUES (1, 1, 'by the sea'), (7, 7, '{stay7}');

-- A counter beside an open table.
CREATE TABLE counters (customer_id int PRIMARY KEY, total int CHECK (total < 100), note text);
INSERT INTO counters VALUES (1, 1, 'few'), (7, 99, '{counter7}');
CREATE TABLE ticks (customer_id int);
CREATE FUNCTION count_tick() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE public.counters SET total = total + 1 WHERE customer_id = NEW.customer_id; RETURN NEW; END $$;
CREATE TRIGGER count_tick AFTER INSERT ON ticks FOR EACH ROW EXECUTE FUNCTION count_tick();
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'late: %', NEW.note USING ERRCODE = 'insufficient_privilege', DETAIL = NEW.note; END $$;
CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON counters DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.total = 50) EXECUTE FUNCTION late();
INSERT INTO counters VALUES (2, 5, '{counter2}');

-- Code on the server that sees what is stored.
CREATE FUNCTION leak(t text) RETURNS bool COST 0.0000001 LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'seen: %', t; RETURN true; END $$;
CREATE FUNCTION f_definer(n int) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT email FROM public.customers WHERE id = n';
CREATE FUNCTION f_invoker(n int) RETURNS text LANGUAGE sql AS 'SELECT email FROM public.customers WHERE id = n';
CREATE FUNCTION f_atomic(n int) RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT email FROM public.customers WHERE id = n; END;
CREATE FUNCTION f_dynamic(t text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE format('SELECT email FROM public.%I', t); END $$;
CREATE FUNCTION f_whole(c customers) RETURNS text LANGUAGE sql AS 'SELECT c.secret';
CREATE PROCEDURE pp(INOUT answer text) LANGUAGE plpgsql AS $$ BEGIN SELECT email INTO answer FROM public.customers WHERE id = 7; END $$;
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE c record; BEGIN
    SELECT * INTO c FROM public.customers WHERE id = NEW.customer_id;
    RAISE NOTICE 'order of %, %', c.email, c.phone;
    IF NEW.note = 'deny' THEN RAISE EXCEPTION '% is not to have it', c.email USING ERRCODE = 'insufficient_privilege'; END IF;
    IF NEW.note = 'fail' THEN RAISE EXCEPTION '% is not liked', c.email USING DETAIL = c.phone, HINT = c.notes; END IF;
    RETURN NEW; END $$;
CREATE TRIGGER tell BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TABLE ruled (id int);
CREATE RULE also AS ON INSERT TO ruled DO ALSO INSERT INTO log (what) SELECT email FROM customers;
CREATE VIEW counted AS SELECT id, pg_catalog.length(email) AS n FROM customers;
CREATE VIEW constants AS SELECT id FROM customers WHERE email <> '{literal}';

CREATE EXTENSION postgres_fdw;
CREATE EXTENSION dblink;
CREATE EXTENSION pgrowlocks;
CREATE EXTENSION pgstattuple;
CREATE EXTENSION pageinspect;
CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '{port}', dbname '{database}');
CREATE USER MAPPING FOR PUBLIC SERVER here OPTIONS (user 'consentry', password 'upstream-secret');
CREATE FOREIGN TABLE elsewhere (id int, email text) SERVER here OPTIONS (schema_name 'public', table_name 'customers');

CREATE STATISTICS pairs (mcv) ON name, email FROM customers;
CREATE PUBLICATION changes FOR TABLE customers WITH (publish = 'insert');
SELECT lo_from_bytea(424242, '{large}');
ALTER LARGE OBJECT 424242 OWNER TO consentry;

-- The naive rewrite: what a plain view per table gives.
CREATE SCHEMA naive;
CREATE VIEW naive.customers AS
  SELECT id, name, email, CASE WHEN id = 2 THEN '***' ELSE phone END AS phone, country, consent_bits, notes, NULL::text AS secret, valid_until
  FROM public.customers c
  WHERE EXISTS (SELECT FROM public.consents k WHERE k.subject_id = c.id AND k.purpose = 'marketing' AND k.status = 'granted' AND (k.expires_at IS NULL OR k.expires_at > now()));
CREATE VIEW naive.orders AS SELECT o.* FROM public.orders o WHERE o.customer_id IN (SELECT id FROM naive.customers);
CREATE VIEW naive.visits AS SELECT v.* FROM public.visits v WHERE v.customer_id IN (SELECT id FROM naive.customers);
CREATE VIEW naive.members AS SELECT m.* FROM public.members m WHERE m.id IN (SELECT id FROM naive.customers);
CREATE VIEW naive.accounts AS SELECT a.customer_id, (a.no::bigint / 100)::text AS no FROM public.accounts a WHERE EXISTS (SELECT FROM naive.customers c WHERE c.id = a.customer_id);
CREATE SCHEMA flag;
CREATE VIEW flag.customers AS SELECT id, name, email, phone, country, consent_bits FROM public.customers WHERE consent_bits & 2 <> 0;
CREATE SCHEMA barrier;
CREATE VIEW barrier.customers WITH (security_barrier) AS SELECT * FROM naive.customers;
GRANT USAGE ON SCHEMA naive, flag, barrier TO consentry;
GRANT CREATE ON SCHEMA public TO consentry;
GRANT CREATE, TEMPORARY ON DATABASE "{database}" TO consentry;
ANALYZE;
-- Calls by other names: a cast, the check of a domain.
CREATE TYPE wrapped AS (t text);
CREATE FUNCTION wrap(n int) RETURNS wrapped LANGUAGE sql AS 'SELECT ROW(email)::public.wrapped FROM public.customers WHERE id = n';
CREATE CAST (int AS wrapped) WITH FUNCTION wrap(int);
CREATE FUNCTION tells(t text) RETURNS bool LANGUAGE plpgsql AS $$ DECLARE e text; BEGIN SELECT email INTO e FROM public.customers WHERE id = 7; RAISE NOTICE '%', e; RETURN true; END $$;
CREATE DOMAIN telling AS text CHECK (public.tells(VALUE));
