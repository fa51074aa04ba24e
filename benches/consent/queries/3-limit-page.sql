\set id random(1, :subjects)
SELECT id, full_name, email FROM customers WHERE id > :id ORDER BY id LIMIT 50;
