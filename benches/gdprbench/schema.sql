-- GDPRbench's records (Shastri et al., PVLDB 13(7), 2020, table 2): a datum with its person, purposes, time to live, objections,
-- sharing, source. Purposes and objections are rows of a consent table, as the contract keeps them; the rest are columns.
SET client_min_messages = warning;
CREATE TABLE people (usr bigint PRIMARY KEY, name text);
INSERT INTO people SELECT n, 'person ' || n FROM generate_series(0, :records / 10) n;
CREATE TABLE records (
    key bigint PRIMARY KEY, usr bigint NOT NULL REFERENCES people, data text, source text, shared_with text,
    decision boolean NOT NULL DEFAULT false, born timestamptz NOT NULL DEFAULT now());
INSERT INTO records SELECT n, n % (:records / 10), md5(n::text) || md5((-n)::text), 'src' || n % 10, 'shr' || n % 20, n % 7 = 0,
                           now() - n % 300 * interval '1 day' FROM generate_series(1, :records) n;
CREATE INDEX records_usr ON records (usr);
CREATE TABLE consents (usr bigint NOT NULL, purpose text NOT NULL, status text NOT NULL, at timestamptz, PRIMARY KEY (usr, purpose));
INSERT INTO consents SELECT n, p, CASE WHEN n % 10 = 0 THEN 'objected' WHEN n % 10 = 1 THEN 'withdrawn' ELSE 'granted' END, now() - interval '1 day'
  FROM generate_series(0, :records / 10) n, (VALUES ('ads'), ('analysis')) AS v (p);
CREATE INDEX consents_granted ON consents (purpose, usr) WHERE status = 'granted';
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO consentry;
VACUUM ANALYZE;
