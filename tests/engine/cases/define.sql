-- marketing/marketing: right-missing
CREATE TEMP TABLE mine AS SELECT email FROM customers
;;
-- bi/analytics: changed
CREATE TEMP TABLE mine AS SELECT email FROM customers
;;
-- bi/analytics: changed
SELECT email INTO TEMP mine FROM customers
;;
-- bi/analytics: not-understood
CREATE TABLE mine AS SELECT email FROM customers
;;
-- bi/analytics: right-missing
CREATE TABLE mine AS SELECT name FROM products
;;
-- marketing/marketing: changed
CREATE TEMP TABLE mine (id int PRIMARY KEY, x text DEFAULT lower('X') CHECK (x <> '')); DROP TABLE mine
;;
-- builder/service: changed
CREATE TABLE mine (id int REFERENCES products (id)); CREATE INDEX ON mine (id); DROP TABLE mine
;;
-- builder/service: definition-protected
CREATE TABLE mine (id bigint REFERENCES customers (id))
;;
-- builder/service: definition-protected
CREATE TABLE mine () INHERITS (customers)
;;
-- builder/service: same
CREATE VIEW v AS SELECT email FROM customers WHERE email LIKE 'a%'
;;
-- builder/service: function-not-allowed
CREATE VIEW v AS SELECT peek(1)
;;
-- builder/service: not-understood
CREATE TEMP VIEW v AS SELECT email FROM customers
;;
-- builder/service: not-understood
CREATE MATERIALIZED VIEW v AS SELECT email FROM customers
;;
-- builder/service: same
ALTER TABLE customers ADD COLUMN shoe_size int
;;
-- builder/service: definition-protected
ALTER TABLE customers DROP COLUMN email
;;
-- builder/service: definition-protected
ALTER TABLE customers RENAME TO c2
;;
-- builder/service: definition-protected
ALTER TABLE customers RENAME COLUMN email TO country2
;;
-- builder/service: not-understood
ALTER TABLE customers SET SCHEMA reporting
;;
-- builder/service: definition-protected
ALTER TABLE web_events DETACH PARTITION web_events_other
;;
-- builder/service: not-understood
ALTER TABLE products ENABLE ROW LEVEL SECURITY
;;
-- builder/service: definition-protected
DROP TABLE customers
;;
-- builder/service: definition-protected
CREATE INDEX ON customers ((email::int))
;;
-- builder/service: same
CREATE INDEX ON customers (phone)
;;
-- builder/service: not-understood
CREATE TRIGGER t AFTER INSERT ON products FOR EACH ROW EXECUTE FUNCTION f()
;;
-- builder/service: not-understood
CREATE RULE r AS ON INSERT TO products DO ALSO DELETE FROM products
;;
-- builder/service: not-understood
GRANT SELECT ON customers TO public
;;
-- builder/service: not-understood
CREATE PUBLICATION p FOR TABLE customers
;;
-- builder/service: not-understood
CREATE EXTENSION dblink
;;
-- builder/service: not-understood
CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'
;;
-- builder/service: not-understood
ALTER ROLE consentry SET search_path = 'x'
;;
-- builder/service: not-understood
COPY customers TO '/tmp/x'
;;
-- marketing/marketing: right-missing
ALTER TABLE products ADD COLUMN x int
;;
-- marketing/marketing: changed | has "pg_temp".orders
CREATE TEMP TABLE orders (id int) ON COMMIT DROP; SELECT * FROM orders; DROP TABLE IF EXISTS orders, pg_temp.orders
;;
-- builder/service: changed | lacks "consentry_t"
CREATE TABLE mine (id int); SELECT * FROM mine; DROP TABLE mine
;;
-- builder/service: changed | has "consentry_t"
CREATE TABLE IF NOT EXISTS customers (id int); SELECT * FROM customers
;;
-- marketing/marketing: not-understood
CREATE TEMP TABLE u (id bigint); CREATE TEMP TABLE w () INHERITS (u)

;;
-- PostgreSQL evaluates bounds at once, and shows them; keys for every row.
-- builder/service: function-not-allowed
CREATE TABLE part PARTITION OF products FOR VALUES IN (query_to_xml('SELECT email FROM public.customers', true, false, '')::text)
;;
-- builder/service: function-not-allowed
CREATE TABLE part PARTITION OF products FOR VALUES FROM (peek(1)) TO (MAXVALUE)
;;
-- builder/service: function-not-allowed
CREATE TABLE whole (x int) PARTITION BY LIST (peek(x))
;;
-- builder/service: changed
CREATE TABLE whole (x int) PARTITION BY RANGE ((x + 1)); CREATE TABLE part PARTITION OF whole FOR VALUES FROM (MINVALUE) TO (1 + 1)
;;
-- What would run over rows that are not there for the client.
-- builder/service: definition-protected
ALTER TABLE customers ADD COLUMN x int GENERATED ALWAYS AS (email::int) STORED
;;
-- builder/service: definition-protected
ALTER TABLE customers ADD COLUMN x int CHECK (email <> 'ada@mail.example')
;;
-- builder/service: definition-protected
ALTER TABLE customers ADD COLUMN x int DEFAULT nextval('public.customers_id_seq')
;;
-- builder/service: definition-protected
ALTER TABLE customers ADD COLUMN x int NOT NULL
;;
-- builder/service: definition-protected
ALTER TABLE customers ADD COLUMN x serial
;;
-- builder/service: definition-protected
ALTER TABLE customers ADD COLUMN x int GENERATED ALWAYS AS IDENTITY
;;
-- builder/service: same
ALTER TABLE customers ADD COLUMN x numeric(3,1) NOT NULL DEFAULT 0, ADD COLUMN y text DEFAULT 'x'::text
;;
-- builder/service: definition-protected
ALTER TABLE unlisted ADD CONSTRAINT c CHECK (email <> 'ada@mail.example')
;;
-- builder/service: definition-protected
ALTER TABLE unlisted ALTER COLUMN email TYPE int USING email::int
;;
-- builder/service: definition-protected
ALTER TABLE unlisted ADD COLUMN x int GENERATED ALWAYS AS (email::int) STORED
;;
-- builder/service: definition-protected
CREATE INDEX ON unlisted ((email::int))
;;
-- builder/service: same
CREATE UNIQUE INDEX ON unlisted (email)
;;
-- A view of a temporary table is temporary by itself, and reads whatever is put into the table later.
-- builder/service: not-understood
CREATE TEMP TABLE mine (x text); CREATE VIEW v AS SELECT * FROM mine
;;
-- builder/service: not-understood
CREATE TEMP TABLE mine (x text); CREATE TEMP VIEW v AS SELECT * FROM mine
;;
-- marketing/marketing: not-understood
CREATE TEMP TABLE mine (x text PRIMARY KEY); CREATE TEMP TABLE other (x text REFERENCES mine)
;;
-- builder/service: same
DROP SCHEMA IF EXISTS scratch CASCADE
;;
-- builder/service: definition-protected
DROP SCHEMA public CASCADE
;;
-- builder/service: definition-protected
DROP SCHEMA scratch, reporting CASCADE
;;
-- builder/service: not-understood
DROP SCHEMA pg_catalog CASCADE
;;
-- bi/analytics: right-missing
DROP SCHEMA scratch CASCADE
;;
-- builder/service: same
CREATE TABLE numbered (id serial PRIMARY KEY, big bigserial, k text UNIQUE)
;;
-- builder/service: type-not-allowed
SELECT 1::serial
;;
-- The session's own temporary schema has a number, too: PostgreSQL says whether it is this one.
-- builder/service: same | error 3F000
CREATE TABLE pg_temp_987 .mine (x text)
;;
-- builder/service: not-understood
CREATE VIEW pg_temp_987.mine AS SELECT email FROM customers
;;
-- A label that is renamed says something else of every row that bears it: a withdrawal would be a consent.
-- builder/service: definition-protected
ALTER TYPE consent_status RENAME VALUE 'granted' TO 'yes'
;;
-- builder/service: definition-protected
ALTER TYPE public.colour RENAME VALUE 'white' TO 'grey'
;;
-- builder/service: same
ALTER TYPE consent_status ADD VALUE 'asked' BEFORE 'granted'
;;
-- builder/service: same
CREATE TYPE mine AS ENUM ('a', 'b'); ALTER TYPE mine RENAME VALUE 'a' TO 'c'
;;
-- bi/analytics: right-missing
ALTER TYPE colour RENAME VALUE 'white' TO 'grey'
;;
-- builder/service: same
CREATE TYPE feeling AS ENUM ('happy'); SELECT 'happy'::feeling, '{happy}'::public.feeling[]
;;
-- builder/service: same
CREATE DOMAIN short AS text CHECK (length(VALUE) < 9); CREATE TABLE mine (s short DEFAULT 'x', t public.short[])
;;
-- builder/service: same
CREATE TYPE feeling AS ENUM ('happy'); CREATE TYPE felt AS (a int, b feeling); SELECT '(1,happy)'::felt
;;
-- builder/service: type-not-allowed
SELECT 'happy'::feeling; CREATE TYPE feeling AS ENUM ('happy')
;;
-- builder/service: type-not-allowed
CREATE TYPE products.feeling AS ENUM ('happy'); SELECT 'happy'::feeling
;;
-- builder/service: undefined-table
CREATE TYPE feeling AS ENUM ('happy'); SELECT * FROM feeling
;;
-- builder/service: function-not-allowed
CREATE DOMAIN other_email AS known_email
;;
-- builder/service: function-not-allowed
CREATE TYPE people AS (a int, b known_email[])
