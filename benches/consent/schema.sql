-- A shop of :subjects people with three choices and two orders each. Every "random" value is a hash of the key, so two
-- runs have the same data. Validity is as companies have it: status, withdrawal, expiry.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.pick(key text, n int) RETURNS int LANGUAGE sql IMMUTABLE
    AS $$ SELECT (('x' || substr(md5(key), 1, 8))::bit(32)::bigint % n)::int $$;

CREATE TABLE customers (
    id bigint PRIMARY KEY, full_name text NOT NULL, email text NOT NULL, country text NOT NULL, birth_date date,
    created_at timestamptz NOT NULL);
INSERT INTO customers
SELECT n, 'Person ' || n, 'person' || n || '@' || (ARRAY['inbox', 'mail', 'post', 'shop'])[1 + n % 4] || '.example',
       (ARRAY['DE', 'FR', 'IT', 'ES', 'NL', 'PL', 'CZ', 'SE', 'DK', 'IE'])[1 + pg_temp.pick('c' || n, 10)],
       date '1940-01-01' + pg_temp.pick('b' || n, 24000), timestamptz '2020-01-01 00:00+00' + n * interval '1 second'
  FROM generate_series(1, :subjects) n;
CREATE INDEX customers_email ON customers (email);

CREATE TABLE consents (
    subject_id bigint NOT NULL, purpose text NOT NULL, channel text, status text NOT NULL, granted_at timestamptz,
    withdrawn_at timestamptz, expires_at timestamptz);
INSERT INTO consents
SELECT n, p.purpose, p.channel,
       CASE said WHEN 0 THEN 'withdrawn' WHEN 1 THEN 'refused' ELSE 'granted' END,
       CASE WHEN said <> 1 THEN timestamptz '2024-01-01 00:00+00' + n % 10000000 * interval '1 second' END,
       CASE WHEN said IN (0, 2) THEN timestamptz '2025-01-01 00:00+00' END,
       CASE WHEN said = 3 THEN timestamptz '2025-06-01 00:00+00' WHEN said > 5 THEN timestamptz '2099-01-01 00:00+00' END
  FROM generate_series(1, :subjects) n,
       (VALUES ('marketing', 'email'), ('marketing', 'sms'), ('analytics', NULL)) AS p (purpose, channel),
       LATERAL (SELECT pg_temp.pick(p.purpose || coalesce(p.channel, '') || n, 10) AS said) s;
CREATE UNIQUE INDEX consents_key ON consents (subject_id, purpose, channel) NULLS NOT DISTINCT;
CREATE INDEX consents_granted ON consents (purpose, subject_id) WHERE status = 'granted';

CREATE TABLE orders (
    no bigint PRIMARY KEY, customer_id bigint NOT NULL, placed_at timestamptz NOT NULL, total numeric(10,2) NOT NULL);
INSERT INTO orders
SELECT n, 1 + (n * 7919) % :subjects, timestamptz '2022-01-01 00:00+00' + n * interval '20 seconds', 5 + pg_temp.pick('t' || n, 50000) / 100.0
  FROM generate_series(1, 2 * :subjects::bigint) n;
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_placed ON orders (placed_at);
