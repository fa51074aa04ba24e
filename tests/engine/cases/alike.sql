-- marketing/marketing: same | alike
SELECT name FROM products WHERE id = 42 AND name LIKE 'a%' LIMIT 5
;;
-- marketing/marketing: changed | alike | has "consentry_t"."email" OPERATOR(pg_catalog.=) 'a@b.c'
SELECT id, full_name FROM customers WHERE email = 'a@b.c'
;;
-- marketing/marketing: changed | alike
SELECT full_name FROM customers WHERE id = 42
;;
-- marketing/marketing: changed | alike
SELECT full_name FROM customers WHERE id IN (1, 2, 3) AND created_at > '2024-01-01'::timestamptz AND -5 < id
;;
-- marketing/marketing: changed | alike
SELECT full_name FROM customers WHERE id = -42
;;
-- marketing/marketing: changed | unlike | error 22P02
SELECT full_name FROM customers WHERE id = 'a'
  'b'
;;
-- marketing/marketing: changed | unlike
SELECT full_name FROM customers WHERE full_name = E'x' OR full_name = $$x$$
;;
-- marketing/marketing: changed | unlike
SELECT full_name FROM customers GROUP BY 1 ORDER BY 1
;;
-- marketing/marketing: same | unlike
SELECT current_setting('work_mem') = '4MB'
;;
-- marketing/marketing: same | unlike
SELECT 1 FROM pg_class WHERE oid = 'products'::regclass
;;
-- crm_app/service: changed | alike
UPDATE customers SET full_name = 'x', updated_at = '2024-01-01'::timestamptz WHERE id = 7
;;
-- crm_app/service: same | alike
UPDATE products SET name = 'x', price = 1.5 WHERE id IN (1, 2) AND name <> 'y'
;;
-- marketing/marketing: changed | unlike
SELECT full_name FROM customers WHERE id = 42; SELECT full_name FROM customers WHERE id = 43
;;
-- marketing/marketing: changed | alike
SELECT full_name FROM customers /* 1 'x' */ WHERE id = 42 -- '
;;
-- support/service: changed | alike
SELECT c.full_name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.status = 'paid' AND o.id = 3)
;;
-- marketing/marketing: changed | unlike
SELECT full_name FROM customers WHERE email = 'a@b.c'AND language = 'de'
;;
-- marketing/marketing: changed | alike | about customer:41 customer:$3 customer:7 customer:42 | error 42P02
SELECT full_name FROM customers WHERE id IN (41, $3, 7, 42, 41)
