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
-- marketing/marketing: changed | alone
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
-- builder/service: definition-protected
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
-- What is there already may be another session's, or be skipped where that has no such schema.
-- builder/service: not-understood
DROP TABLE IF EXISTS pg_temp_987.mine
;;
-- bi/analytics: not-understood
DROP TABLE IF EXISTS nothing, pg_temp_987.mine
;;
-- bi/analytics: not-understood
DROP INDEX IF EXISTS pg_temp_987.mine
;;
-- bi/analytics: not-understood
ALTER TABLE IF EXISTS pg_temp_987.mine ALTER COLUMN x TYPE int USING 1
;;
-- builder/service: not-understood
ALTER TABLE IF EXISTS pg_temp_987.mine RENAME COLUMN x TO y
;;
-- bi/analytics: same
DROP TABLE IF EXISTS pg_temp.mine
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
-- builder/service: definition-protected
ALTER TYPE _stance RENAME VALUE 'for' TO 'with'
;;
-- builder/service: definition-protected
ALTER TYPE tint RENAME VALUE 'pale' TO 'light'
;;
-- Another type's name ends so.
-- builder/service: same
ALTER TYPE stance RENAME VALUE 'for' TO 'with'
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
;;
-- An index fails on values that are too long, and says how long they are.
-- builder/service: definition-protected
CREATE INDEX ON customers (email)
;;
-- builder/service: same
CREATE INDEX ON customers USING hash (email)
;;
-- builder/service: same | error 25001
CREATE INDEX CONCURRENTLY ON customers (id, birth_date DESC NULLS LAST, status)
;;
-- builder/service: definition-protected
CREATE INDEX ON customers (credit_limit)
;;
-- builder/service: definition-protected
CREATE INDEX ON customers (id) INCLUDE (email)
;;
-- builder/service: definition-protected
CREATE INDEX ON customers (phone text_pattern_ops)
;;
-- builder/service: definition-protected
CREATE INDEX ON customers USING gin (tags)
;;
-- builder/service: definition-protected
CREATE INDEX ON customers USING brin (id)
;;
-- builder/service: definition-protected
CREATE INDEX ON customers (phone COLLATE "C")
;;
-- builder/service: definition-protected
CREATE INDEX ON loose (label)
;;
-- builder/service: same
CREATE INDEX ON loose (code, id)
;;
-- builder/service: same
CREATE INDEX ON products (name)
;;
-- builder/service: same
CREATE TABLE mine (a text UNIQUE); CREATE INDEX mine_a ON public.mine (a)
;;
-- What reads the rows of a table that nobody may read, or lets writes elsewhere read them.
-- builder/service: definition-protected
ALTER TABLE loose ADD FOREIGN KEY (id) REFERENCES products (id)
;;
-- builder/service: definition-protected
ALTER TABLE loose ADD FOREIGN KEY (id) REFERENCES products (id) NOT VALID
;;
-- builder/service: definition-protected
ALTER TABLE loose ADD COLUMN p bigint REFERENCES products (id)
;;
-- builder/service: definition-protected
ALTER TABLE loose ADD COLUMN p int NOT NULL
;;
-- builder/service: definition-protected
ALTER TABLE loose ADD UNIQUE (label)
;;
-- builder/service: definition-protected
ALTER TABLE loose ADD PRIMARY KEY (id)
;;
-- builder/service: definition-protected
ALTER TABLE loose ADD EXCLUDE USING hash (label WITH =)
;;
-- builder/service: definition-protected
ALTER TABLE loose ALTER COLUMN label SET NOT NULL
;;
-- builder/service: definition-protected
ALTER TABLE kinds VALIDATE CONSTRAINT kinds_pkey
;;
-- builder/service: same
ALTER TABLE loose ADD COLUMN p int, ALTER COLUMN label SET DEFAULT 'x', ALTER COLUMN label DROP NOT NULL, DROP COLUMN code
;;
-- builder/service: definition-protected
CREATE TABLE mine (k int REFERENCES kinds (id))
;;
-- builder/service: definition-protected
CREATE TABLE mine PARTITION OF cut FOR VALUES IN (3)
;;
-- builder/service: same
ALTER TABLE products ADD UNIQUE (id, name), ADD FOREIGN KEY (id) REFERENCES products (id)
;;
-- CASCADE takes nothing from a protected table: no column, no default, no key.
-- builder/service: definition-protected
DROP TABLE stamps CASCADE
;;
-- builder/service: definition-protected
DROP TABLE kinds CASCADE
;;
-- builder/service: definition-protected
ALTER TABLE kinds DROP CONSTRAINT kinds_pkey CASCADE
;;
-- builder/service: definition-protected
ALTER TABLE kinds DROP COLUMN id CASCADE
;;
-- builder/service: definition-protected
ALTER TABLE stamps DROP COLUMN x
;;
-- builder/service: not-understood
DROP TABLE told_of CASCADE
;;
-- builder/service: same
DROP VIEW cheap CASCADE; DROP TABLE loose CASCADE
;;
-- builder/service: same | error 2BP01
DROP TABLE public.kinds; DROP TABLE stamps
;;
-- A sequence of a protected table is its own.
-- builder/service: definition-protected
DROP SEQUENCE stamp_ids CASCADE
;;
-- builder/service: definition-protected
DROP SEQUENCE IF EXISTS stamp_ids
;;
-- builder/service: definition-protected
ALTER SEQUENCE stamp_ids RESTART 1
;;
-- builder/service: definition-protected
ALTER SEQUENCE public.customers_id_seq OWNED BY NONE
;;
-- builder/service: definition-protected
ALTER TABLE stamp_ids RENAME TO ids
;;
-- builder/service: definition-protected
ALTER SEQUENCE loose_id_seq MAXVALUE 1000
;;
-- builder/service: definition-protected
ALTER SEQUENCE loose_id_seq AS smallint
;;
-- builder/service: same
ALTER SEQUENCE loose_id_seq MAXVALUE 1000 RESTART 5; ALTER SEQUENCE loose_id_seq INCREMENT 2 OWNED BY NONE
;;
-- builder/service: same
ALTER SEQUENCE marks MAXVALUE 1000
;;
-- So are its indexes; others are altered by who may define.
-- builder/service: definition-protected
ALTER INDEX stamped_customer SET (fillfactor = 50)
;;
-- builder/service: definition-protected
ALTER TABLE IF EXISTS public.customers_pkey SET (fillfactor = 50)
;;
-- builder/service: definition-protected
DROP INDEX stamped_customer
;;
-- builder/service: definition-protected
ALTER INDEX stamped_customer RENAME TO other
;;
-- builder/service: changed | has ALTER INDEX "public".loose_label SET
ALTER INDEX loose_label SET (fillfactor = 50)
;;
-- builder/service: same
DROP INDEX loose_label
;;
-- marketing/marketing: right-missing
ALTER INDEX IF EXISTS loose_label SET (fillfactor = 50)
;;
-- marketing/marketing: definition-protected
ALTER INDEX IF EXISTS customers_pkey SET (fillfactor = 50)
;;
-- What is not there is not looked for again.
-- marketing/marketing: changed | has ALTER TABLE IF EXISTS "pg_temp"."nowhere" DROP COLUMN x CASCADE
ALTER TABLE IF EXISTS public.nowhere DROP COLUMN x CASCADE
;;
-- builder/service: changed | has IF EXISTS ONLY "pg_temp"."nowhere" SET
ALTER TABLE IF EXISTS ONLY nowhere SET (fillfactor = 50)
;;
-- builder/service: undefined-table
ALTER TABLE nowhere DROP COLUMN x
;;
-- A definition may name the table that it is of.
-- builder/service: same
ALTER TABLE places ADD CHECK (places.id > 0 AND public.places.id > 0), ALTER COLUMN label TYPE varchar USING left(places.label, 10)
;;
-- builder/service: same | alone
CREATE TABLE mine (a int, b int GENERATED ALWAYS AS (mine.a + 1) STORED, CHECK (mine.a > b)); CREATE INDEX ON public.mine ((mine.a + 1)) WHERE mine.b > 0
;;
-- builder/service: same | error 42P01
ALTER TABLE products ADD CHECK (customers.id > 0)
;;
-- No row is taken by it.
-- builder/service: same | error 42703
ALTER TABLE products ADD CHECK (products.pg_sleep > 0)
;;
-- builder/service: function-not-allowed | alone
ALTER TABLE products ADD CHECK (peek(products.id) > '')
;;
-- builder/service: definition-protected
DROP SCHEMA aside CASCADE
;;
-- builder/service: undefined-table
CREATE TABLE mine (a int REFERENCES nowhere)
;;
-- builder/service: same
CREATE TABLE theirs (id int PRIMARY KEY); CREATE TABLE mine (a int REFERENCES theirs)
;;
-- builder/service: same
CREATE TABLE mine (id int PRIMARY KEY, a int REFERENCES mine, b int REFERENCES mine (id)); CREATE TABLE public.other (id int PRIMARY KEY, a int REFERENCES public.other)
;;
-- What is not there is dropped by nobody.
-- marketing/marketing: changed | has DROP TABLE IF EXISTS "pg_temp"."nowhere"
DROP TABLE IF EXISTS nowhere
;;
-- marketing/marketing: changed | has DROP VIEW IF EXISTS "pg_temp"."public.nowhere", "pg_temp"."nowhere" CASCADE
DROP VIEW IF EXISTS public.nowhere, nowhere CASCADE
;;
-- marketing/marketing: right-missing
DROP TABLE nowhere
;;
-- marketing/marketing: right-missing
DROP TABLE IF EXISTS nowhere, loose
;;
-- marketing/marketing: definition-protected
DROP TABLE IF EXISTS customers
;;
-- builder/service: same
DROP TABLE IF EXISTS nowhere
