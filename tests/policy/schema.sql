-- The database that the policies in `good/` and `broken/` are resolved against: one of everything that they name.

CREATE SCHEMA reporting;
CREATE SCHEMA nothing;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION postgres_fdw;

CREATE TYPE customer_status AS ENUM ('active', 'blocked', 'erased');
CREATE TYPE mood AS ENUM ('granted', 'withdrawn', 'objected');
CREATE TYPE topic AS ENUM ('service', 'analytics');
CREATE DOMAIN iso_country AS char(2);
CREATE DOMAIN member_no AS text CHECK (length(VALUE) = 5);
CREATE DOMAIN digits AS text CHECK (VALUE::int > 0);
CREATE FUNCTION is_ours(text) RETURNS boolean LANGUAGE sql AS 'SELECT $1 <> ''x''';
CREATE DOMAIN ours AS text CHECK (is_ours(VALUE));
CREATE DOMAIN full_score AS int CHECK (VALUE > 0);

CREATE TABLE customers (
    id         bigint PRIMARY KEY,
    email      text,
    full_name  varchar(80),
    phone      varchar(32),
    birth_date date,
    country    iso_country NOT NULL,
    status     customer_status NOT NULL DEFAULT 'active',
    tags       text[] NOT NULL DEFAULT '{}',
    credit     numeric(10,2),
    points     integer,
    vip        boolean NOT NULL,
    ip         inet,
    code       varchar(4),
    ref        uuid UNIQUE,
    ssn        text,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE consents (
    id             bigint PRIMARY KEY,
    subject_id     bigint NOT NULL,
    subject_name   text,
    purpose        text NOT NULL,
    channel        text,
    status         text NOT NULL,
    mood           mood,
    topic          topic,
    agreed         boolean,
    granted_at     timestamptz,
    withdrawn_at   timestamptz,
    expires_at     date,
    notice_version text,
    notice_day     date,
    recorded_at    timestamptz,
    source         text,
    recipient      text,
    event          text,
    details        jsonb
);

CREATE TABLE orders (
    id          bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers,
    order_no    text,
    placed_at   timestamp,
    total       numeric(12,2),
    note        text
);

CREATE TABLE order_items (
    order_id bigint NOT NULL REFERENCES orders,
    line_no  integer NOT NULL,
    order_no text,
    related  bigint,
    amount   numeric(12,2),
    PRIMARY KEY (order_id, line_no)
);

CREATE TABLE here  (id integer PRIMARY KEY, there_id integer, note text);
CREATE TABLE there (id integer PRIMARY KEY, here_id integer REFERENCES here, note text);
ALTER TABLE here ADD FOREIGN KEY (there_id) REFERENCES there;

CREATE TABLE products (id integer PRIMARY KEY, title text);
CREATE TABLE product_notes (product_id integer REFERENCES products, note text);
CREATE TABLE members (id bigint PRIMARY KEY REFERENCES customers);
CREATE TABLE staff (id integer PRIMARY KEY, full_name text, customer_name text);

CREATE TABLE events (id bigint, at timestamptz NOT NULL, customer_id bigint, ip inet) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');

CREATE TABLE "Odd Name" (id integer PRIMARY KEY, "Mixed ""Case""" text);

CREATE VIEW contacts AS SELECT id, email FROM customers;
CREATE MATERIALIZED VIEW reporting.revenue AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY 1;
CREATE SEQUENCE order_no_seq;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
CREATE FOREIGN TABLE partners (id integer, email text) SERVER elsewhere;

CREATE FUNCTION lifetime_value(customer bigint) RETURNS numeric LANGUAGE sql STABLE
    AS $$ SELECT sum(total) FROM orders WHERE customer_id = customer $$;

-- Foreign keys that not all rows obey.
CREATE TABLE unsure (order_id bigint, amount numeric);
ALTER TABLE unsure ADD FOREIGN KEY (order_id) REFERENCES orders NOT VALID;
CREATE TABLE heirs (order_id bigint REFERENCES orders, amount numeric);
CREATE TABLE heirs_of_old () INHERITS (heirs);
CREATE TABLE parents (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers);
CREATE TABLE parents_of_old () INHERITS (parents);
CREATE TABLE offspring (parent_id bigint REFERENCES parents, amount numeric);

-- A child of two tables.
CREATE TABLE loans (id bigint, customer_id bigint, detail text);
CREATE TABLE gifts (id bigint, detail text);
CREATE TABLE lent_gifts () INHERITS (loans, gifts);
-- PostgreSQL filters it itself.
CREATE TABLE policed (id bigint, customer_id bigint, detail text);
ALTER TABLE policed ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- What PostgreSQL hides in it does not count.
CREATE TABLE policed_consents (subject_id bigint, purpose text, channel text, status text);
ALTER TABLE policed_consents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- Columns of domains that do not take what masks make.
CREATE TABLE tokens (id bigint PRIMARY KEY, customer_id bigint, no member_no, pin digits, tag ours, score full_score, place iso_country);
-- Columns that PostgreSQL computes.
CREATE TABLE bills (id bigint PRIMARY KEY, customer_id bigint, net numeric, inner_no int, contact text, rate int,
    gross numeric GENERATED ALWAYS AS (net * 1.2) STORED, domain text GENERATED ALWAYS AS (split_part(contact, '@', 2)) STORED,
    twice int GENERATED ALWAYS AS (inner_no * 2) STORED, percent int GENERATED ALWAYS AS (rate * 100) STORED);

-- What shows stored values though it is open.
CREATE SCHEMA shelf;
CREATE VIEW shelf.mails AS SELECT id, email FROM public.customers;
CREATE MATERIALIZED VIEW shelf.kept_mails AS SELECT * FROM shelf.mails;
CREATE MATERIALIZED VIEW shelf.titles AS SELECT title FROM public.products;
CREATE TABLE shelf.visits (id integer, who bigint);
CREATE FUNCTION shelf.note_visit() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.who := (SELECT id FROM public.Customers LIMIT 1); RETURN NEW; END';
CREATE TRIGGER note BEFORE INSERT ON shelf.visits FOR EACH ROW EXECUTE FUNCTION shelf.note_visit();
CREATE TABLE shelf.quiet (id integer);
CREATE FUNCTION shelf.note_quiet() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := 1; RETURN NEW; END';
CREATE TRIGGER note BEFORE INSERT ON shelf.quiet FOR EACH ROW EXECUTE FUNCTION shelf.note_quiet();
CREATE TABLE shelf.ruled (id integer);
CREATE RULE note AS ON INSERT TO shelf.ruled DO ALSO INSERT INTO shelf.quiet SELECT id FROM shelf.mails;
CREATE TABLE shelf.answers (id bigint, person bigint, purpose text, status text);
CREATE TABLE shelf.old_answers (id bigint);
ALTER TABLE shelf.answers INHERIT shelf.old_answers;
-- Rows that go with others.
CREATE TABLE wallets (id bigint PRIMARY KEY, customer_id bigint, opened date, parent bigint REFERENCES wallets ON DELETE CASCADE);
CREATE TABLE wallet_days (wallet bigint REFERENCES wallets ON DELETE CASCADE, day date, PRIMARY KEY (wallet, day));
CREATE TABLE payments (id bigint, wallet bigint, day date, at timestamptz, amount numeric, FOREIGN KEY (wallet, day) REFERENCES wallet_days ON DELETE CASCADE);
CREATE TABLE receipts (wallet bigint REFERENCES wallets ON DELETE CASCADE, at timestamptz, text text);
