-- A staging table: its columns are known, so a name alone is told from the target's, and nothing that is joined with it can fail.
-- crm_app/marketing: changed | has SET email = mail FROM "pg_temp".staging | lacks CASE WHEN EXISTS
CREATE TEMP TABLE staging (id int, mail text); UPDATE customers SET email = mail FROM staging WHERE customers.id = staging.id
;;
-- crm_app/marketing: changed | lacks OFFSET 0
CREATE TEMP TABLE staging (id int PRIMARY KEY, mail varchar(200) NOT NULL, at timestamptz DEFAULT now()); SELECT full_name, mail FROM customers JOIN staging s USING (id) WHERE mail <> email
;;
-- crm_app/marketing: changed
CREATE TEMP TABLE staging (key bigint, mail text); MERGE INTO customers USING staging ON id = key WHEN MATCHED THEN UPDATE SET full_name = mail
;;
-- crm_app/marketing: changed
CREATE TEMP TABLE gone (key bigint); DELETE FROM customers USING gone WHERE id = key
;;
-- crm_app/marketing: changed | has SELECT who, line1, code FROM "pg_temp".staging
CREATE TEMP TABLE staging (who bigint, line1 text, code text); INSERT INTO addresses (customer_id, line1, postcode) SELECT who, line1, code FROM staging ON CONFLICT (id) DO UPDATE SET line1 = excluded.line1
;;
-- The target may be the temporary table, too.
-- bi/analytics: changed | has SET day = birth_date FROM | lacks OFFSET 0
CREATE TEMP TABLE mine (key bigint, day date, n bigserial); UPDATE mine SET day = birth_date FROM customers WHERE id = key
;;
-- A name that both have stays doubtful.
-- crm_app/marketing: doubtful-column
CREATE TEMP TABLE staging (id int, email text); UPDATE customers SET full_name = email FROM staging WHERE customers.id = staging.id
;;
-- One that neither has is none.
-- crm_app/marketing: undefined-column
CREATE TEMP TABLE staging (id int, mail text); UPDATE customers SET full_name = male FROM staging WHERE customers.id = staging.id
;;
-- System columns of it are there.
-- crm_app/marketing: changed | has s.ctid, s.tableoid
CREATE TEMP TABLE staging (id int); SELECT s.ctid, s.tableoid, c.full_name FROM staging s JOIN customers c USING (id)
;;
-- bi/analytics: system-column
CREATE TEMP TABLE staging (id int); SELECT ctid FROM staging s, customers c WHERE c.id = s.id
;;
-- What a client writes may be as long as it likes.
-- marketing/marketing: changed | has OFFSET 0
CREATE TEMP TABLE staging (id int, mail text); SELECT full_name FROM customers JOIN staging s USING (id) WHERE lower(s.mail) = email
;;
-- marketing/marketing: changed | has OFFSET 0
CREATE TEMP TABLE staging (id int, doc jsonb); SELECT full_name FROM customers JOIN staging s USING (id) WHERE doc ->> 'a' = email
;;
-- marketing/marketing: changed | has OFFSET 0
CREATE TEMP TABLE staging (id int, mail text); SELECT full_name FROM customers JOIN staging s USING (id) WHERE mail ILIKE 'a%'
;;
-- What fails fails by its type, as of any table.
-- marketing/marketing: changed | has OFFSET 0
CREATE TEMP TABLE staging (id int, n int); SELECT full_name FROM customers c JOIN staging s USING (id) WHERE 1 / n > 0
;;
-- marketing/marketing: changed | has OFFSET 0
CREATE TEMP TABLE staging (id int, n text); SELECT full_name FROM customers c JOIN staging s USING (id) WHERE n::int > 0
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has IS TRUE
CREATE TEMP TABLE staging (id int, n json); SELECT full_name FROM customers c JOIN staging s USING (id) ORDER BY n::text
;;
-- marketing/marketing: changed | lacks OFFSET 0
CREATE TEMP TABLE staging (id int, n numeric(10,2), at date, ids int[], name name); SELECT full_name FROM customers c JOIN staging s USING (id) WHERE n > 5 AND at < created_at AND c.id = ANY (ids) ORDER BY n, at
;;
-- Texts of another collation clash.
-- marketing/marketing: changed | lacks OFFSET 0 | has CASE WHEN
CREATE TEMP TABLE staging (id int, a text COLLATE "de-x-icu"); SELECT full_name FROM customers c JOIN staging s USING (id) WHERE a = email
;;
-- bi/analytics: changed | has OFFSET 0
CREATE TEMP TABLE a AS SELECT 1::bigint AS id, de FROM badges; SELECT full_name FROM customers c JOIN a USING (id) WHERE de = email
;;
-- A type of the database's own may go, and takes its columns along; then a name alone would mean what is around it.
-- crm_app/marketing: doubtful-column
CREATE TEMP TABLE staging (key int, status public.customer_status); UPDATE customers SET full_name = (SELECT status FROM staging)
;;
-- crm_app/marketing: doubtful-column
CREATE TEMP TABLE staging (key int, status public.customer_status[]); UPDATE customers SET full_name = (SELECT status FROM staging)
;;
-- crm_app/marketing: doubtful-column | alone
CREATE TEMP TABLE staging (key int, email public.iso_country); UPDATE customers SET full_name = 'x' WHERE EXISTS (SELECT FROM staging WHERE email = 'a')
;;
-- crm_app/marketing: doubtful-column
CREATE TEMP TABLE staging (key int, email text GENERATED ALWAYS AS ('a') STORED); UPDATE customers SET full_name = (SELECT email FROM staging)
;;
-- crm_app/marketing: doubtful-column
CREATE TEMP TABLE staging (key int, email text COLLATE "de-x-icu"); UPDATE customers SET full_name = (SELECT email FROM staging)
;;
-- crm_app/marketing: doubtful-column
CREATE TEMP TABLE staging (key int, customers public.customer_status); UPDATE customers SET full_name = (SELECT customers FROM staging)
;;
-- Where it could mean nothing else, it is that or none; and what else the table has is known.
-- crm_app/marketing: changed | has (SELECT email FROM
CREATE TEMP TABLE staging (key int, email text, status public.customer_status); UPDATE customers SET full_name = (SELECT email FROM "pg_temp".staging WHERE key = 1) WHERE id = 1
;;
-- crm_app/marketing: changed | has SET full_name = mail FROM | alone
CREATE TEMP TABLE staging (key int, mail text, kind public.customer_status); UPDATE customers SET full_name = mail FROM staging s WHERE id = key AND kind = 'lead'
;;
-- With the table's name, too.
-- crm_app/marketing: changed | has (SELECT s.status FROM
CREATE TEMP TABLE staging (key int, status public.customer_status); UPDATE customers SET full_name = (SELECT s.status FROM staging s)
;;
-- Behind a star it is as doubtful as it was.
-- crm_app/marketing: doubtful-column
CREATE TEMP TABLE staging (key int, status public.customer_status); WITH s AS (SELECT * FROM staging) UPDATE customers SET full_name = (SELECT status::text FROM s)
;;
-- crm_app/marketing: doubtful-column
CREATE TEMP TABLE staging (key int, status public.customer_status); UPDATE customers SET full_name = (SELECT status::text FROM (SELECT * FROM staging UNION ALL SELECT * FROM staging) s)
;;
-- And with other names it may be any of them.
-- crm_app/marketing: doubtful-column
CREATE TEMP TABLE staging (kind public.customer_status, key int); UPDATE customers SET full_name = (SELECT id::text FROM (SELECT * FROM staging) s (a, id))
;;
-- crm_app/marketing: doubtful-column
CREATE TEMP TABLE staging (kind public.customer_status, email text); UPDATE customers SET full_name = (SELECT email FROM staging s (a))
;;
-- marketing/marketing: changed | has CASE WHEN
CREATE TEMP TABLE staging (kind public.customer_status, key int); SELECT 1 FROM (SELECT s.*, c.email FROM staging s, customers c) q (a, b, d) WHERE q.b::text LIKE 'a%'
;;
-- marketing/marketing: changed | has CASE WHEN | alone
CREATE TEMP TABLE staging (kind public.customer_status, key int); SELECT 1 FROM staging NATURAL JOIN customers WHERE email > 'a'
;;
-- Results that are stored.
-- crm_app/marketing: changed | has SET full_name = called FROM
CREATE TEMP TABLE s AS SELECT id AS key, name AS called FROM products; UPDATE customers SET full_name = called FROM s WHERE customers.id = key
;;
-- crm_app/marketing: changed | has SET full_name = b FROM
CREATE TEMP TABLE s (a, b) ON COMMIT DROP AS VALUES (1, 'x')
-- then
UPDATE customers SET full_name = b FROM s WHERE id = a
;;
-- crm_app/marketing: changed | has SET full_name = called FROM
SELECT id AS key, name AS called INTO TEMP s FROM products WHERE price > 1; UPDATE customers SET full_name = called FROM s WHERE id = key
;;
-- crm_app/marketing: changed | has SET full_name = 'x' FROM
CREATE TEMP TABLE s AS SELECT id AS key, count(*) AS n, name <> 'x' AS sound FROM products GROUP BY id; UPDATE customers SET full_name = 'x' FROM s WHERE id = key AND n > 1 AND sound
;;
-- bi/analytics: changed | lacks OFFSET 0
CREATE TEMP TABLE s AS SELECT customer_id, placed_at FROM orders; SELECT c.id, birth_date FROM customers c JOIN s ON s.customer_id = c.id WHERE placed_at > now()
;;
-- Not everything of them is known.
-- builder/service: doubtful-column
CREATE TEMP TABLE s AS SELECT 1 AS key, country AS email FROM customers WHERE false; UPDATE customers SET full_name = (SELECT email FROM s)
;;
-- crm_app/marketing: doubtful-column
CREATE TEMP TABLE s AS SELECT 1 AS key, p AS email FROM products p; UPDATE customers SET full_name = (SELECT email FROM s)::text
;;
-- crm_app/marketing: doubtful-column
CREATE TEMP TABLE s AS SELECT (pg_timezone_names()).*; UPDATE customers SET full_name = abbrev FROM s WHERE id = 1
;;
-- A stale name would be one of what is around it.
-- crm_app/marketing: changed | has (SELECT email FROM
CREATE TEMP TABLE s (key int, email text); UPDATE customers SET full_name = (SELECT email FROM s)
;;
-- crm_app/marketing: right-missing
CREATE TEMP TABLE s (key int, email text); ALTER TABLE s DROP COLUMN email; UPDATE customers SET full_name = (SELECT email FROM s)
;;
-- crm_app/marketing: right-missing
CREATE TEMP TABLE s (key int, email text); ALTER TABLE s RENAME email TO mail; UPDATE customers SET full_name = (SELECT email FROM s)
;;
-- crm_app/marketing: doubtful-column
CREATE TEMP TABLE s (key int, email text); CREATE TEMP TABLE IF NOT EXISTS s (key int); UPDATE customers SET full_name = (SELECT email FROM s)
;;
-- A table like another one.
-- crm_app/marketing: changed | has SET full_name = name FROM
CREATE TEMP TABLE s (LIKE products INCLUDING ALL, key int)
-- then
ALTER TABLE s DROP COLUMN category, ADD COLUMN id2 int
-- then
UPDATE customers SET full_name = name FROM s WHERE customers.id = key AND id2 > 1
;;
-- crm_app/marketing: changed | lacks OFFSET 0
CREATE TEMP TABLE s (LIKE customers); SELECT c.full_name FROM customers c JOIN s USING (id) WHERE s.email <> c.email
;;
-- crm_app/marketing: changed | has SET full_name = mail FROM
CREATE TEMP TABLE r (key int, mail text); CREATE TEMP TABLE s (LIKE r); UPDATE customers SET full_name = mail FROM s WHERE id = key
;;
-- Altered.
-- crm_app/marketing: changed | has SET full_name = post FROM
CREATE TEMP TABLE s (key int); ALTER TABLE s ADD COLUMN post text, ADD COLUMN IF NOT EXISTS key text; UPDATE customers SET full_name = post FROM s WHERE id = key
;;
-- crm_app/marketing: undefined-column
CREATE TEMP TABLE s (key int, post text); ALTER TABLE s DROP COLUMN post; UPDATE customers SET full_name = post FROM s WHERE id = key
;;
-- crm_app/marketing: changed | has consentry_w
CREATE TEMP TABLE s (key int, full_name text); ALTER TABLE s DROP COLUMN full_name; UPDATE customers SET full_name = full_name FROM s WHERE id = key
;;
-- crm_app/marketing: changed | has RENAME post TO mail
CREATE TEMP TABLE s (key int, post text); ALTER TABLE s RENAME post TO mail; UPDATE customers SET full_name = mail FROM s WHERE id = key
;;
-- crm_app/marketing: undefined-column
CREATE TEMP TABLE s (key int, post text); ALTER TABLE s RENAME post TO mail; UPDATE customers SET full_name = post FROM s WHERE id = key
;;
-- crm_app/marketing: changed | lacks OFFSET 0 | has IS TRUE
CREATE TEMP TABLE s (id int, n int); ALTER TABLE s ALTER COLUMN n TYPE json USING NULL; SELECT full_name FROM customers JOIN s USING (id) ORDER BY n::text
;;
-- crm_app/marketing: changed | has SET full_name = n FROM | alone
CREATE TEMP TABLE s (key int, n int); ALTER TABLE s ALTER n TYPE text, ALTER n SET DEFAULT 'a', ADD CHECK (n <> 'b'); UPDATE customers SET full_name = n FROM s WHERE id = key
;;
-- crm_app/marketing: doubtful-column
CREATE TEMP TABLE s (key int, email int); ALTER TABLE s ALTER email TYPE public.customer_status USING 'lead'; UPDATE customers SET full_name = (SELECT email FROM s)
;;
-- Of two tables of one name it is not known which is there.
-- crm_app/marketing: doubtful-column | alone
CREATE TEMP TABLE s (key int, mail text); CREATE TEMP TABLE IF NOT EXISTS s (key int, post text); UPDATE customers SET full_name = mail FROM s WHERE id = key
;;
-- crm_app/marketing: changed | has SET full_name = mail FROM
CREATE TEMP TABLE s (key int, mail text); CREATE TEMP TABLE IF NOT EXISTS s (key int, mail text); UPDATE customers SET full_name = mail FROM s WHERE id = key
;;
-- crm_app/marketing: changed | has SET full_name = post FROM
CREATE TEMP TABLE s (key int, mail text); DROP TABLE s; CREATE TEMP TABLE s (key int, post text); UPDATE customers SET full_name = post FROM s WHERE id = key
;;
-- crm_app/marketing: doubtful-column | alone
CREATE TEMP TABLE s (key int, mail text); DROP TABLE s; CREATE TEMP TABLE IF NOT EXISTS s AS SELECT 1 AS key, 'a' AS post; UPDATE customers SET full_name = post FROM s WHERE id = key
;;
-- What is derived into it changes none of its columns.
-- bi/analytics: changed | lacks OFFSET 0
CREATE TEMP TABLE s (key bigint, day date); INSERT INTO s SELECT id, birth_date FROM customers; SELECT birth_date FROM customers c JOIN s ON id = key WHERE day < created_at
;;
-- What is no table shows nothing of its columns.
-- crm_app/marketing: doubtful-column | alone
CREATE TEMP VIEW s AS SELECT id AS key, name AS mail FROM products; UPDATE customers SET full_name = mail FROM s WHERE id = key
;;
-- Code that is not looked into may have altered it.
-- steward/marketing: doubtful-column | alone
CREATE TEMP TABLE s (key int, mail text); CALL public.recount(); UPDATE customers SET full_name = mail FROM s WHERE id = key
;;
-- A column without a type of its own may be a row, which has casts.
-- builder/service: function-not-allowed
CREATE TEMP TABLE s AS SELECT 1 AS key, NULL::public.spot AS spot; SELECT s.spot || 'x' FROM s
;;
-- What a prepared statement reads is not followed into a table.
-- caster/marketing: not-understood
PREPARE kept AS SELECT id FROM customers; CREATE TEMP TABLE mine AS EXECUTE kept
;;
-- dba/-: not-understood
PREPARE kept AS SELECT id, email FROM customers; CREATE TEMP TABLE mine AS EXECUTE kept
;;
-- dba/-: not-understood
EXPLAIN ANALYZE CREATE TEMP TABLE mine AS EXECUTE kept
