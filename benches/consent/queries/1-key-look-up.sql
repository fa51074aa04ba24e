\set id random(1, :subjects)
SELECT id, full_name, email FROM customers WHERE id = :id;
