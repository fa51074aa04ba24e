--! by key
SELECT * FROM customers WHERE id = $1
--$ 1
--! by key, hidden
SELECT * FROM customers WHERE id = $1
--$ 9
--! by e-mail
SELECT id FROM customers WHERE email = $1
--$ ada@mail.example
--! orders of a customer, paged [ordered]
SELECT id, placed_at, total_amount FROM orders WHERE customer_id = $1 ORDER BY placed_at DESC, id LIMIT $2
--$ 3
--$ 5
--! keys in an array
SELECT id, full_name FROM customers WHERE id = ANY ($1)
--$ {1,2,3,9}
--! by enum
SELECT count(*) FROM customers WHERE status = $1
--$ active
--! by a bad enum
SELECT count(*) FROM customers WHERE status = $1
--$ nope
--! by country and date
SELECT count(*) FROM customers WHERE country = $1 AND created_at > $2
--$ ES
--$ 2020-01-01
--! jsonb containment
SELECT id FROM customers WHERE attributes @> $1
--$ {"loyalty": "gold"}
--! null
SELECT id FROM customers WHERE email = $1
--$ NULL
--! division over hidden rows
SELECT count(*) FROM customers WHERE 1 / (id - $1) IS NOT NULL
--$ 9
--! text search
SELECT id FROM messages WHERE body ILIKE '%' || $1 || '%'
--$ number
