\set id random(1, :subjects)
SELECT c.full_name, c.email, o.no, o.total FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.id = :id ORDER BY o.no;
