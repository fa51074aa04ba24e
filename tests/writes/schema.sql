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
-- Views that PostgreSQL writes through, and (from `counted` on) some that it does not.
CREATE VIEW spaniards AS SELECT id AS key, full_name AS name, email AS mail, country FROM customers WHERE country = 'ES';
CREATE VIEW named AS SELECT name, mail FROM spaniards s WHERE name LIKE 'B%' OR key = 1;
CREATE VIEW reachable AS SELECT c.id, c.email, c.phone, c.full_name FROM customers c
    WHERE email NOT LIKE '%***%' AND EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id) ORDER BY c.id;
CREATE VIEW strict AS SELECT name, key, country FROM spaniards WHERE key < 100 WITH CHECK OPTION;
CREATE VIEW loud AS SELECT id, label, state || '!' AS cry FROM orders WHERE state <> 'sent';
CREATE VIEW busy AS SELECT id, label, state FROM orders WHERE (SELECT count(*) FROM orders o) > 1 WITH LOCAL CHECK OPTION;
CREATE VIEW valued AS SELECT id, full_name FROM customers;
ALTER VIEW valued ALTER COLUMN full_name SET DEFAULT 'somebody';
CREATE VIEW counted AS SELECT country, count(*) FROM customers GROUP BY country;
CREATE VIEW limited AS SELECT id, full_name FROM customers LIMIT 2;
CREATE VIEW joined AS SELECT o.id, o.label FROM orders o JOIN customers c ON c.id = o.customer_id;
CREATE VIEW choices AS SELECT subject_id, purpose, channel, status FROM consents;
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
