-- How consent is looked up: for all columns of a row and for the row itself at once; subject by subject where few rows
-- are wanted, once for everybody where all rows are read.
-- crm_app/marketing: changed | has LEFT JOIN LATERAL (SELECT | has AND "consentry_in_join1"."f3") | lacks AND EXISTS
SELECT id, email FROM customers WHERE id = 1
;;
-- crm_app/marketing: changed | has GROUP BY "consentry_in_consent"."subject_id") | has AND "consentry_in_join1"."f3") | lacks LATERAL | lacks AND EXISTS
SELECT id, email FROM customers
;;
-- Nothing of a row depends on its consent but whether it is there: PostgreSQL chooses.
-- crm_app/marketing: changed | has AND EXISTS (SELECT 1 FROM "public"."consents" | lacks JOIN
SELECT id, full_name FROM customers
;;
-- crm_app/marketing: changed | has CASE WHEN ("consentry_t"."updated_at" | has GROUP BY "consentry_in_consent"."subject_id") | lacks LATERAL
SELECT count(*) FROM customers WHERE email LIKE 'a%'
;;
-- A column without index narrows nothing; one with an index does, on any item of the level.
-- crm_app/marketing: changed | has GROUP BY "consentry_in_consent"."subject_id") | lacks LATERAL
SELECT email FROM customers WHERE country = 'ES'
;;
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
SELECT email FROM customers WHERE id BETWEEN 1 AND 3
;;
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
SELECT c.email FROM customers c JOIN addresses a ON a.customer_id = c.id WHERE a.id = 7
;;
-- crm_app/marketing: changed | has GROUP BY "consentry_in_consent"."subject_id") | lacks LATERAL
SELECT c.email, a.id FROM customers c JOIN addresses a ON a.customer_id = c.id
;;
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
SELECT c.email FROM customers c JOIN addresses a ON a.customer_id = c.id AND a.id = 7
;;
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
SELECT email FROM customers WHERE id IN (SELECT id FROM products)
;;
-- The first rows: of all of them, in the order of an index, or after a sort of all.
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
SELECT email FROM customers LIMIT 5
;;
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
SELECT email FROM customers ORDER BY id LIMIT 5
;;
-- crm_app/marketing: changed | has GROUP BY "consentry_in_consent"."subject_id") | lacks LATERAL
SELECT email FROM customers ORDER BY country LIMIT 5
;;
-- crm_app/marketing: changed | has GROUP BY "consentry_in_consent"."subject_id") | lacks LATERAL
SELECT DISTINCT email FROM customers LIMIT 5
;;
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
DECLARE c CURSOR FOR SELECT email FROM customers
;;
-- What stands around a level counts for it.
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
SELECT * FROM (SELECT email FROM customers) x LIMIT 5
;;
-- crm_app/marketing: changed | has GROUP BY "consentry_in_consent"."subject_id") | lacks LATERAL
SELECT * FROM (SELECT max(email) FROM customers) x LIMIT 5
;;
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
WITH x AS (SELECT id, email FROM customers) SELECT email FROM x WHERE id = 3
;;
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
SELECT * FROM contact_list WHERE id = 1
;;
-- crm_app/marketing: changed | has GROUP BY "consentry_in_consent"."subject_id") | lacks LATERAL
SELECT * FROM contact_list
;;
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
SELECT id, (SELECT c.email FROM customers c WHERE c.id = p.id) FROM products p
;;
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
SELECT c.email FROM (VALUES (1), (2)) v (id) JOIN customers c ON c.id = v.id
;;
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
SELECT c.email FROM generate_series(1, 2) v (id) JOIN customers c ON c.id = v.id
;;
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
(SELECT email FROM customers) UNION ALL (SELECT name FROM products) LIMIT 5
;;
-- crm_app/marketing: changed | has GROUP BY "consentry_in_consent"."subject_id") | lacks LATERAL
(SELECT email FROM customers) UNION (SELECT name FROM products) LIMIT 5
;;
-- Few rows of their own: everybody's consent is not read for them.
-- crm_app/marketing: changed | has LATERAL | lacks GROUP BY
SELECT street FROM letters
;;
-- crm_app/marketing: changed | has GROUP BY "consentry_in_consent"."subject_id") | lacks LATERAL
SELECT line1 FROM addresses
;;
-- support/service: changed
SET CONSTRAINTS ALL DEFERRED; SELECT full_name FROM customers; SET CONSTRAINTS ALL IMMEDIATE
