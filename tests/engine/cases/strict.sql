-- What could fail, and is null for null, is not computed on a hidden row: its columns are null there. The table's rows are
-- found by the indexes of a join.
-- marketing/marketing: changed | lacks OFFSET 0) c | has OFFSET 0) d | has CASE WHEN
SELECT c.id FROM customers c JOIN customers d ON c.account_manager_id = d.account_manager_id WHERE d.id = 7 AND length(c.full_name) / 2 > 3
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has CASE WHEN
SELECT c.id FROM customers c JOIN customers d ON c.account_manager_id = d.account_manager_id WHERE d.id / c.id > 3 AND c.id + d.id > 7
;;
-- In a hidden row only that is null which the table's own column makes so.
-- marketing/marketing: changed | has OFFSET 0) c | has OFFSET 0) d
SELECT c.id FROM customers c JOIN customers d ON c.account_manager_id = d.account_manager_id WHERE d.id / 2 > 3 AND c.id / 2 > 3
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22012
SELECT c.id FROM customers c WHERE c.id / 2 > 3 AND 1 / 0 > 3
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE coalesce(c.id, 0) / 2 > 3
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22012
SELECT c.id FROM customers c WHERE CASE WHEN c.id IS NULL THEN 1 / 0 ELSE 1 END / 2 > 3
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22P02
SELECT c.id FROM customers c WHERE concat(c.full_name, 'x')::int > 3
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22P02
SELECT c.id FROM customers c WHERE (c.id IS NULL)::text::int > 3
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE (ARRAY[c.id] || c.id)[2] / 2 > 3
;;
-- What a condition tells by the stored value of a masked cell, it tells before nothing that could fail.
-- marketing/marketing: changed | lacks OFFSET 0 | lacks "consentry_t"."email" OPERATOR
SELECT c.id FROM customers c WHERE c.id = 7 AND c.email = 'ada@example.org' AND length(c.email) / c.id > 0
;;
-- Row after row of a join would be tested for consent, where no index finds the row.
-- marketing/marketing: changed | has OFFSET 0) c
SELECT c.id FROM customers c JOIN products p ON p.id = c.id WHERE c.email = 'ada@example.org' AND length(c.email) / c.id > 0
;;
-- PostgreSQL plans without what the constants find in hidden rows.
-- marketing/marketing: changed | lacks OFFSET 0 | has "consentry_t"."id" OPERATOR(pg_catalog.=) (SELECT 7 | lacks "consentry_t"."id" AS
SELECT c.id FROM customers c WHERE c.id = 7 AND length(c.full_name) / 2 > 3
;;
-- A column that joins only stays bare.
-- marketing/marketing: changed | lacks OFFSET 0) c | has "consentry_t"."account_manager_id" AS
SELECT c.id FROM customers c JOIN products p ON p.id = c.account_manager_id WHERE length(c.full_name) / 2 > 3
;;
-- A query that runs by itself has its own.
-- marketing/marketing: changed | lacks OFFSET 0) d | has OFFSET 0) c
SELECT (SELECT max(d.id) FROM customers d WHERE d.id / 2 > 3) FROM customers c WHERE coalesce(c.id, 1) / 2 > 3
;;
-- marketing/marketing: changed | has OFFSET 0) d
SELECT (SELECT max(d.id) FROM customers d JOIN customers e ON d.account_manager_id = e.account_manager_id WHERE e.id / 2 > 3) FROM customers c
;;
-- A lock tests rows again.
-- crm_app/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.id / 2 > 3 FOR UPDATE
