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
CREATE TABLE log (id serial PRIMARY KEY, what text);
CREATE TABLE unlisted (id int);
CREATE VIEW cheap AS SELECT id, name FROM products WHERE price < 10;
CREATE VIEW people AS SELECT id, full_name FROM customers;
CREATE TABLE ruled (id int);
CREATE RULE copy AS ON INSERT TO ruled DO ALSO INSERT INTO log (what) SELECT email FROM customers;
CREATE TABLE branches (id int PRIMARY KEY, product int REFERENCES products ON DELETE CASCADE);

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
INSERT INTO products VALUES (1, 'pen', 2), (2, 'ink', 7), (3, 'desk', 200);
