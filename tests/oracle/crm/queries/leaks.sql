--! cast of a hidden e-mail, by key
SELECT id FROM customers WHERE id = 9 AND email::int > 0
--! cast of the erased customer's name
SELECT id FROM customers WHERE id = 10 AND full_name::int > 0
--! one-bit oracle on a name
SELECT count(*) FROM customers WHERE 1 / (CASE WHEN full_name = 'Ines Ibarra' THEN 0 ELSE 1 END) > 0
--! one-bit oracle on an open column of a hidden row
SELECT count(*) FROM customers WHERE 1 / (id - 9) IS NOT NULL
--! one-bit oracle by an open text column
SELECT count(*) FROM customers WHERE 1 / (CASE WHEN language = 'es' AND id = 9 THEN 0 ELSE 1 END) > 0
--! numeric overflow over hidden credit limits
SELECT count(*) FROM customers WHERE credit_limit * 1e130000 > 0 AND id = 3
--! regular expression built from a hidden name
SELECT count(*) FROM customers WHERE '(' ~ coalesce(full_name, 'x')
--! unlisted column
SELECT id FROM customers WHERE internal_note::int = 3
--! sibling column of a hidden row
SELECT count(*) FROM customers WHERE country::text::int > 0 AND id = 9
--! same-row flag
SELECT count(*) FROM customers WHERE id % 7 = 2 AND substr(phone, 2)::bigint > 0
--! messages of hidden people
SELECT count(*) FROM messages WHERE body LIKE '%Ines%'
--! order notes of hidden people
SELECT count(*) FROM orders WHERE note LIKE '%Ines%'
--! payments through a hidden order
SELECT count(*) FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.customer_id = 9
--! web events of hidden people
SELECT count(*) FROM web_events WHERE customer_id IN (2, 7, 9, 15)
--! partition of hidden people
SELECT count(*) FROM web_events_2025_h2 WHERE 1 / (customer_id - 9) IS NOT NULL
--! lateral probe
SELECT x.id FROM (VALUES (9), (10), (14)) x (id), LATERAL (SELECT count(*) AS n FROM customers c WHERE c.id = x.id) y WHERE y.n > 0
--! join on a masked value
SELECT count(*) FROM customers c JOIN (VALUES ('ada@mail.example'), ('ines@mail.example')) v (e) ON v.e = c.email
--! order by a hidden column reveals nothing [ordered]
SELECT id FROM customers ORDER BY birth_date, id LIMIT 30
--! min and max of masked
SELECT min(birth_date), max(birth_date), min(email), max(full_name) FROM customers
--! count distinct of masked
SELECT count(DISTINCT full_name), count(DISTINCT email), count(DISTINCT phone) FROM customers
--! aggregate evaluated before CASE
SELECT CASE WHEN count(*) < 0 THEN max(email::int) END FROM customers
--! string aggregation
SELECT string_agg(email, ',' ORDER BY id) FROM customers WHERE id IN (1, 2, 3, 9, 14)
--! whole row to text
SELECT c::text FROM customers c WHERE id < 20
--! whole row to json
SELECT jsonb_agg(to_jsonb(c) ORDER BY id) FROM customers c WHERE id < 20
--! xml
SELECT xmlforest(full_name, email) FROM customers WHERE id < 5
--! a hidden person's e-mail by equality
SELECT id FROM customers WHERE email = 'ines@mail.example'
--! by the pseudonym of nothing
SELECT id FROM customers WHERE email = md5('ada@mail.example')
--! phone by its last digits
SELECT id FROM customers WHERE phone LIKE '%07'
--! EXISTS on hidden
SELECT EXISTS (SELECT 1 FROM customers WHERE id = 14)
