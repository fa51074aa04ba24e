CREATE TABLE customers (id int PRIMARY KEY, name text UNIQUE);
INSERT INTO customers VALUES (1, 'Ann Asked'), (2, 'Ned Never');
CREATE TABLE friends (customer_id int, friend int NOT NULL REFERENCES customers, unlisted text, CHECK (customer_id <> friend));
CREATE TABLE consents (subject_id int, purpose text, status text, UNIQUE (subject_id, purpose));
INSERT INTO consents VALUES (1, 'marketing', 'granted');
CREATE TABLE things (id int PRIMARY KEY, name text);
INSERT INTO things VALUES (1, 'one'), (2, 'two'), (3, 'three');
-- A view that the proxy's role may replace.
CREATE VIEW listed AS SELECT id, name FROM things;
ALTER VIEW listed OWNER TO consentry;
GRANT CREATE ON SCHEMA public TO consentry;
-- Empty ones, whose names another reading takes for others.
CREATE SCHEMA "PUBLIC";
CREATE SCHEMA "harmless, public";
CREATE SCHEMA harmless;
CREATE FUNCTION worth(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 10';
