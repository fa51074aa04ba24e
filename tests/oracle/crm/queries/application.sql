--! Django: annotate a count
SELECT "customers"."id", "customers"."full_name", "customers"."email", COUNT("orders"."id") AS "n" FROM "customers" LEFT OUTER JOIN "orders" ON ("customers"."id" = "orders"."customer_id") GROUP BY "customers"."id" HAVING COUNT("orders"."id") > 2 ORDER BY "n" DESC
--! Prisma: everything qualified
SELECT "public"."customers"."id", "public"."customers"."email", "public"."customers"."status"::text FROM "public"."customers" WHERE ("public"."customers"."country" = 'ES' AND 1=1) OFFSET 0
--! ActiveRecord: group by the key
SELECT customers.*, COUNT(orders.id) AS orders_count FROM "customers" INNER JOIN "orders" ON "orders"."customer_id" = "customers"."id" GROUP BY "customers"."id"
--! ActiveRecord: exists
SELECT 1 AS one FROM "customers" WHERE "customers"."email" = 'ada@mail.example' LIMIT 1
--! SQLAlchemy: labelled columns [ordered]
SELECT anon_1.customers_id AS anon_1_customers_id, anon_1.customers_email AS anon_1_customers_email, orders_1.id AS orders_1_id FROM (SELECT customers.id AS customers_id, customers.email AS customers_email FROM customers ORDER BY customers.id LIMIT 5) AS anon_1 LEFT OUTER JOIN orders AS orders_1 ON anon_1.customers_id = orders_1.customer_id ORDER BY anon_1.customers_id, orders_1.id
--! Drizzle: lateral JSON
select "c"."id", "c_orders"."data" from "customers" "c" left join lateral (select coalesce(json_agg(json_build_array("o"."id", "o"."total_amount") order by "o"."id"), '[]'::json) as "data" from "orders" "o" where "o"."customer_id" = "c"."id") "c_orders" on true where "c"."id" < 20
--! PostGraphile: to_json of columns
select to_json(__local_0__."full_name") as "fullName", to_json(__local_0__."email") as "@email" from (select __local_0__.* from "public"."customers" as __local_0__ where (TRUE) and (TRUE) order by __local_0__."id" ASC limit 10) __local_0__
--! Superset: a virtual table, limited [ordered]
SELECT country AS country, SUM(total_amount) AS "SUM(total_amount)" FROM (SELECT c.country, o.total_amount FROM customers c JOIN orders o ON o.customer_id = c.id) AS virtual_table GROUP BY country ORDER BY "SUM(total_amount)" DESC, country LIMIT 10000
--! Spark: schema probe
SELECT * FROM (SELECT id, email FROM customers) SPARK_GEN_SUBQ_0 WHERE 1=0
--! connectorx: partition bounds
SELECT min(id), max(id) FROM (SELECT id, full_name FROM customers) AS CXTMPTAB_RANGE
--! connectorx: a partition
SELECT * FROM (SELECT id, full_name FROM customers) AS CXTMPTAB_PART WHERE 1 <= CXTMPTAB_PART.id AND CXTMPTAB_PART.id < 40
--! comments by sqlcommenter that say no purpose
SELECT id, phone FROM customers WHERE id < 9 /*controller='index',framework='django%3A4.0'*/
--! a leading comment
/* {"app": "dbt"} */ select count(*) from customers
--! a customer's page
SELECT c.id, c.full_name, c.email, c.phone, a.line1, a.city FROM customers c LEFT JOIN addresses a ON a.customer_id = c.id AND a.is_primary WHERE c.id = 1
--! an order with its lines
SELECT o.id, o.status, i.line_no, p.name, i.quantity, i.line_total FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id WHERE o.id = 7
--! recent orders [ordered]
SELECT o.id, o.placed_at, c.email FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY o.placed_at DESC, o.id LIMIT 20
--! a page by key set [ordered]
SELECT id, full_name FROM customers WHERE (updated_at, id) < (now() - interval '30 days', 200) ORDER BY updated_at DESC, id DESC LIMIT 10
--! search by name
SELECT id, full_name FROM customers WHERE full_name ILIKE '%mar%' OR email ILIKE '%mar%'
--! search in messages
SELECT m.id, m.body FROM messages m WHERE to_tsvector('simple', m.body) @@ plainto_tsquery('simple', 'number')
--! customers of an employee
SELECT e.full_name, count(*) FROM employees e JOIN customers c ON c.account_manager_id = e.id GROUP BY e.id
--! tickets with the last message
SELECT DISTINCT ON (t.id) t.id, t.subject, m.body FROM tickets t JOIN messages m ON m.ticket_id = t.id ORDER BY t.id, m.sent_at DESC
--! newsletters and who opened them
SELECT n.title, count(*), count(*) FILTER (WHERE s.opened) FROM newsletters n LEFT JOIN newsletter_sends s ON s.newsletter_id = n.id GROUP BY n.id
--! payments by network
SELECT network(set_masklen(payer_ip, 8)), count(*), sum(amount) FROM payments GROUP BY 1
--! visits by path
SELECT path, count(*), count(DISTINCT customer_id), count(DISTINCT ip) FROM web_events GROUP BY path
--! revenue by month and country
SELECT date_trunc('month', o.placed_at) AS m, c.country, sum(o.total_amount) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY 1, 2
--! best customers [ordered]
SELECT c.id, c.full_name, sum(o.total_amount) AS spent, rank() OVER (ORDER BY sum(o.total_amount) DESC) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id ORDER BY spent DESC, c.id LIMIT 10
--! who never ordered
SELECT count(*) FROM customers c WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id)
--! products bought together
SELECT a.product_id, b.product_id, count(*) FROM order_items a JOIN order_items b ON a.order_id = b.order_id AND a.product_id < b.product_id GROUP BY 1, 2 HAVING count(*) > 1
--! cohort by first order
WITH firsts AS (SELECT customer_id, min(placed_at) AS first FROM orders GROUP BY customer_id) SELECT date_trunc('quarter', first), count(*) FROM firsts GROUP BY 1
--! consents by standing
SELECT purpose, status, count(*) FROM consents GROUP BY purpose, status
--! who may be sent a letter
SELECT c.id FROM customers c JOIN addresses a ON a.customer_id = c.id WHERE a.line1 IS NOT NULL AND a.is_primary
--! duplicates by e-mail
SELECT email, count(*), array_agg(id ORDER BY id) FROM customers GROUP BY email HAVING count(*) > 1
--! pseudonyms join
SELECT count(*) FROM customers c JOIN newsletter_sends s ON s.address = c.email
--! domain of an e-mail against the open column
SELECT count(*) FROM customers WHERE split_part(email, '@', 2) = email_domain
--! tags
SELECT unnest(tags) AS tag, count(*) FROM customers GROUP BY 1
--! attributes
SELECT attributes->>'loyalty' AS loyalty, avg((attributes->>'shoe_size')::int) FROM customers GROUP BY 1
--! birthdays this month
SELECT count(*) FROM customers WHERE extract(month FROM birth_date) = 6
--! age bands
SELECT width_bucket(extract(year FROM birth_date)::int, 1940, 2020, 8) AS band, count(*) FROM customers GROUP BY 1
--! internal notes
SELECT count(internal_note) FROM customers WHERE internal_note LIKE 'called%'
--! salaries
SELECT department, avg(salary), max(salary) FROM employees GROUP BY department
--! manager tree
WITH RECURSIVE tree AS (SELECT id, manager_id, 1 AS level FROM employees WHERE manager_id IS NULL UNION ALL SELECT e.id, e.manager_id, level + 1 FROM employees e JOIN tree t ON e.manager_id = t.id) SELECT level, count(*) FROM tree GROUP BY level
--! all fields of a row
SELECT (c).* FROM customers c WHERE (c).id < 9
--! depth first, with cycles marked [ordered]
WITH RECURSIVE t(id, n) AS (SELECT id, 1 FROM customers WHERE id < 4 UNION ALL SELECT c.id, n + 1 FROM customers c JOIN t ON c.id = t.id + 1 WHERE n < 3) SEARCH DEPTH FIRST BY id SET o CYCLE id SET again USING path SELECT t.id, n, again FROM t ORDER BY o, n
--! rows from two functions
SELECT c.email, r.a, r.b, r.n FROM customers c, ROWS FROM (generate_series(1, 2), unnest(c.tags)) WITH ORDINALITY AS r(a, b, n) WHERE c.id < 9
--! XML of a person
SELECT c.id, xmlelement(name person, xmlattributes(c.email AS mail, c.id), c.full_name)::text FROM customers c
--! frames without the row itself
SELECT c.id, sum(c.id) OVER (ORDER BY c.id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW), count(*) OVER (ORDER BY c.country GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM customers c
--! whole rows by their key
SELECT c, count(o.id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY (c.id)
--! grouped by a merged key
SELECT c.full_name, c.email, count(*) FROM customers c LEFT JOIN (SELECT customer_id AS id FROM orders) o USING (id) GROUP BY id
--! definitions without a name
SELECT c.email, a FROM customers c, jsonb_to_record('{"a": 1}') AS (a int)
--! symmetric bounds, and ties
SELECT id, email FROM customers WHERE id BETWEEN SYMMETRIC 9 AND 1 ORDER BY id FETCH FIRST 2 ROWS WITH TIES
--! grouped by a subquery that is selected too
SELECT CASE WHEN EXISTS (SELECT id FROM orders WHERE orders.customer_id = customers.id) THEN 'buyer' ELSE 'lead' END, count(*) FROM customers GROUP BY CASE WHEN EXISTS (SELECT id FROM orders WHERE orders.customer_id = customers.id) THEN 'buyer' ELSE 'lead' END
--! grouped by a subquery that tells nothing of the row
SELECT EXISTS (SELECT o.id FROM orders o WHERE false), string_agg(DISTINCT c.phone, ',') FROM customers c GROUP BY CUBE (EXISTS (SELECT o.id FROM orders o WHERE false))
--! distinct and sorted by a subquery
SELECT DISTINCT (SELECT max(o.note) FROM orders o WHERE o.customer_id = c.id) FROM customers c ORDER BY (SELECT max(o.note) FROM orders o WHERE o.customer_id = c.id)
--! distinct on a subquery with conditions [ordered]
SELECT DISTINCT ON ((SELECT min(o.id) FROM orders o WHERE o.customer_id = c.id AND o.status = 'paid')) c.id FROM customers c ORDER BY (SELECT min(o.id) FROM orders o WHERE o.customer_id = c.id AND o.status = 'paid'), c.id
--! an aggregate of distinct subqueries in their order
SELECT string_agg(DISTINCT (SELECT min(o.status::text) FROM orders o WHERE o.customer_id = c.id), ',' ORDER BY (SELECT min(o.status::text) FROM orders o WHERE o.customer_id = c.id)) FROM customers c
--! a primary key beside grouping sets
SELECT c.id, c.full_name, c.status, count(*) FROM customers c GROUP BY c.id, ROLLUP (c.status)
--! a primary key in every grouping set
SELECT c.id, c.full_name, c.email, c.status, grouping(c.status), count(*) FROM customers c GROUP BY GROUPING SETS ((c.id), (c.id, c.status))
--! a primary key beside another table's cube
SELECT c.id, c.email, o.status, count(*), lower(c.full_name) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id, CUBE (o.status, lower(c.full_name))
--! a primary key twice in grouping sets
SELECT id, full_name FROM customers GROUP BY DISTINCT GROUPING SETS (id, (country, id), GROUPING SETS ((id, status))) HAVING max(country) IS NOT NULL
--! a cast that does nothing in one of the grouping sets
SELECT id, email, full_name, count(*) FROM customers GROUP BY GROUPING SETS ((id, full_name), (id, full_name, email::text))
--! an output of a set under its name
SELECT c.id, c.full_name::text AS called, c.full_name FROM customers c GROUP BY GROUPING SETS ((c.id), (c.id, called))
--! a number of a star's column in a grouping set
SELECT *, full_name FROM customers GROUP BY GROUPING SETS ((id), (id, 2))
--! a number behind a star and one of its columns
SELECT o.id, c.*, count(*), o.placed_at FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY 2, 1
