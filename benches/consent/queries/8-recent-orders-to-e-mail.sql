SELECT c.email, o.no, o.placed_at FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY o.placed_at DESC LIMIT 100;
