--! a staging table
CREATE TEMP TABLE staging (id bigint PRIMARY KEY, mail text, born date, pieces numeric(10,2), at timestamptz, kind public.customer_status, doc jsonb)
--! filled
INSERT INTO staging SELECT n, 'user' || n || '@example.com', DATE '1970-01-01' + n * 40, n * 1.5, TIMESTAMPTZ '2024-01-01 00:00:00+00' + n * INTERVAL '1 day', CASE WHEN n % 2 = 0 THEN 'active' ELSE 'lead' END::customer_status, jsonb_build_object('n', n) FROM generate_series(1, 60) n
--! joined by its key
SELECT full_name, mail, email FROM customers JOIN staging USING (id)
--! names of both sides
SELECT full_name, mail, born FROM customers c JOIN staging s ON c.id = s.id WHERE birth_date > born AND pieces > 3
--! an ambiguous name
SELECT id FROM customers, staging
--! a name that neither has
SELECT male FROM customers c JOIN staging s ON c.id = s.id
--! of a type of the database's own
SELECT c.id, kind FROM customers c JOIN staging s USING (id) WHERE kind = status
--! what may fail
SELECT c.id FROM customers c JOIN staging s USING (id) WHERE full_name::text <> '' AND 1 / (pieces + 3) > 0.1
--! what fails
SELECT mail::int FROM staging
--! a document
SELECT c.id, doc -> 'n' FROM customers c JOIN staging s USING (id) WHERE doc ->> 'n' <> email
--! its system columns [or refused]
SELECT s.ctid IS NULL, s.tableoid = 'pg_temp.staging'::regclass, c.id FROM staging s JOIN customers c USING (id)
--! in a subquery
SELECT id, email FROM customers WHERE id IN (SELECT s.id FROM staging s WHERE at > created_at) AND NOT EXISTS (SELECT FROM staging WHERE mail = email)
--! naturally
SELECT count(*) FROM customers NATURAL JOIN staging
--! both in a row
SELECT (s).mail, c.id FROM staging s JOIN customers c ON (c.id, c.birth_date) = (s.id, s.born)
--! a union
SELECT mail FROM staging UNION SELECT email FROM customers
--! sorted by what is in it [ordered]
SELECT id, email FROM customers JOIN staging USING (id) ORDER BY pieces DESC, id
--! left
SELECT c.id, s.mail FROM customers c LEFT JOIN staging s ON s.id = c.id AND s.mail < c.email
--! counted
SELECT kind, count(full_name) FROM customers RIGHT JOIN staging USING (id) GROUP BY kind HAVING count(full_name) > 1
--! altered
ALTER TABLE staging DROP COLUMN mail, ADD COLUMN note text DEFAULT 'x', ALTER COLUMN pieces TYPE text
--! a column that is gone
SELECT c.id FROM customers c JOIN staging USING (id) WHERE mail <> email
--! the new one
SELECT c.id, note FROM customers c JOIN staging USING (id) WHERE note <> email AND pieces < email
--! renamed
ALTER TABLE staging RENAME note TO email
--! a name that both have now
SELECT full_name FROM customers c JOIN staging USING (id) WHERE email <> 'x'
--! another table of the name
DROP TABLE staging
--! as a result
CREATE TEMP TABLE staging (key, word) AS SELECT n, n::text FROM generate_series(1, 9) n
--! read
SELECT full_name, word FROM customers JOIN staging ON id = key WHERE word <> email
--! like another
CREATE TEMP TABLE listed (LIKE products, customer int)
--! filled from it
INSERT INTO listed SELECT p.*, p.id FROM products p
--! and read
SELECT full_name, name FROM listed JOIN customers c ON c.id = customer WHERE price > 5 AND name <> full_name
--! discarded
DISCARD TEMP
--! and gone
SELECT * FROM listed
