CREATE TABLE customers (id int PRIMARY KEY, name text);
INSERT INTO customers VALUES (1, 'Ann Asked'), (2, 'Ned Never'), (3, 'Ida In'), (4, 'Lou Late'), (5, 'Wim Withdrew');
CREATE TABLE consents (subject_id int, purpose text, status text, expires_at timestamptz, UNIQUE (subject_id, purpose));
INSERT INTO consents VALUES (1, 'marketing', 'granted', NULL), (3, 'marketing', 'granted', NULL),
    (4, 'marketing', 'granted', '2020-01-01'), (5, 'marketing', 'withdrawn', NULL), (5, 'service', 'granted', NULL);
CREATE DOMAIN title AS varchar(10) CHECK (VALUE <> 'bad');
CREATE DOMAIN person AS int CHECK (VALUE > 0);
CREATE TYPE mood AS ENUM ('good', 'sad');
-- What COPY does to a row besides storing it: identities, defaults, computed columns, checks, triggers.
CREATE TABLE letters (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id int, subject title,
    price numeric(6, 2) NOT NULL DEFAULT 1 CHECK (price >= 0), mood mood, tags text[], at timestamptz DEFAULT '2020-01-01 UTC',
    size int GENERATED ALWAYS AS (length(subject)) STORED, doc jsonb, code char(4), body text COLLATE "C", urgent bool);
CREATE TABLE log (what text);
CREATE FUNCTION every_row() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
    IF NEW.subject = 'skip' THEN RETURN NULL; END IF;
    NEW.code := coalesce(NEW.code, 'zz');
    RETURN NEW;
END$$;
CREATE TRIGGER every_row BEFORE INSERT ON letters FOR EACH ROW EXECUTE FUNCTION every_row();
CREATE FUNCTION all_rows() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
    INSERT INTO log SELECT count(*) || ' of ' || TG_TABLE_NAME FROM fresh;
    RETURN NULL;
END$$;
CREATE TRIGGER all_rows AFTER INSERT ON letters REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION all_rows();
CREATE TABLE parted (customer_id int, kind text, note text) PARTITION BY LIST (kind);
CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
CREATE TABLE parted_b PARTITION OF parted FOR VALUES IN ('b');
-- A key of a domain; rows that lead to somebody through another.
CREATE TABLE cards (holder person, note text);
CREATE TABLE trays (code varchar(5) PRIMARY KEY, customer_id int);
INSERT INTO trays VALUES ('one', 1), ('two', 2);
CREATE TABLE samples (id int, tray varchar(5) REFERENCES trays);
-- A subject that a trigger gives, and one that it takes.
CREATE TABLE given (customer_id int, note text);
CREATE FUNCTION gives() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.customer_id := 1; RETURN NEW; END';
CREATE TRIGGER gives BEFORE INSERT ON given FOR EACH ROW EXECUTE FUNCTION gives();
-- Said at the end of the transaction.
CREATE TABLE late (customer_id int UNIQUE DEFERRABLE INITIALLY DEFERRED, note text);
-- Open, and of the name that something of ours has.
CREATE TABLE consentry_store (customer_id int, note text);
CREATE SCHEMA other;
CREATE TABLE other.letters (customer_id int, subject text);
-- By its name, which is asked about.
CREATE VIEW logged AS SELECT what FROM log;
