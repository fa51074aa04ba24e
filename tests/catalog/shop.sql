-- A schema with one of everything that the catalog snapshot must tell.
CREATE SCHEMA shop;
CREATE SCHEMA "Odd Name";
CREATE EXTENSION citext SCHEMA shop;

CREATE TYPE shop.mood AS ENUM ('happy', 'sad');
CREATE TYPE shop.address AS (street text, zip varchar(10));
CREATE DOMAIN shop.country AS char(2) CHECK (VALUE ~ '^[A-Z]{2}$');
CREATE DOMAIN shop.home_country AS shop.country;
CREATE COLLATION shop.caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

CREATE TABLE shop.people (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email varchar(80) NOT NULL UNIQUE,
    nick text COLLATE shop.caseless,
    country shop.home_country DEFAULT 'DE',
    mood shop.mood,
    tags text[],
    born date,
    gone int,
    shouted text GENERATED ALWAYS AS (upper(nick)) STORED,
    UNIQUE (country, nick)
);
ALTER TABLE shop.people DROP COLUMN gone;
CREATE UNIQUE INDEX ON shop.people (lower(email));
CREATE UNIQUE INDEX ON shop.people (born) WHERE born IS NOT NULL;

CREATE TABLE shop.orders (
    id int, part int, buyer bigint REFERENCES shop.people (id), total numeric(12,2),
    PRIMARY KEY (part, id)
) PARTITION BY RANGE (part);
CREATE TABLE shop.orders_1 PARTITION OF shop.orders FOR VALUES FROM (0) TO (10);
CREATE TABLE shop.lines (
    order_id int, order_part int, slot int UNIQUE DEFERRABLE,
    FOREIGN KEY (order_part, order_id) REFERENCES shop.orders (part, id)
);
-- Keys by which values of other bytes are equal.
CREATE TABLE shop.arbiters (
    id numeric PRIMARY KEY, code char(2) UNIQUE, loose char UNIQUE, word text, mail shop.citext UNIQUE, spoken text COLLATE shop.caseless UNIQUE,
    size int, weight float8, country shop.home_country UNIQUE
);
CREATE UNIQUE INDEX word_plain ON shop.arbiters (word);
CREATE UNIQUE INDEX word_caseless ON shop.arbiters (word COLLATE shop.caseless);
CREATE UNIQUE INDEX word_padded ON shop.arbiters (word bpchar_ops);
CREATE UNIQUE INDEX size_more ON shop.arbiters (size) INCLUDE (weight);
CREATE UNIQUE INDEX size_weight ON shop.arbiters (size, weight);
CREATE TABLE shop.base (a int);
CREATE TABLE shop.child (b int) INHERITS (shop.base);
CREATE TABLE "Odd Name"."Tab""le" ("Co l" int);

CREATE FUNCTION shop.shout(text, times int DEFAULT 1) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
CREATE PROCEDURE shop.tidy() LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION shop.same(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
CREATE OPERATOR shop.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = shop.same);
CREATE FUNCTION shop.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER stamp BEFORE INSERT ON shop.base FOR EACH ROW EXECUTE FUNCTION shop.stamp();
CREATE RULE quiet AS ON DELETE TO shop.child DO INSTEAD NOTHING;
ALTER TABLE shop.lines ENABLE ROW LEVEL SECURITY;

CREATE VIEW shop.grown AS SELECT id, shop.shout(email) AS email FROM shop.people WHERE id::int OPERATOR(shop.===) 1
    WITH LOCAL CHECK OPTION;
CREATE MATERIALIZED VIEW shop.totals AS SELECT buyer, sum(total) AS total FROM shop.orders GROUP BY buyer;
CREATE SEQUENCE shop.numbers;
INSERT INTO shop.orders VALUES (1, 1), (2, 1), (3, 2);
ANALYZE shop.orders_1;

ALTER DATABASE catalog_shop SET search_path = shop, public;
