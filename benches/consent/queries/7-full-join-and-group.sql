SELECT c.country, count(*), sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.country ORDER BY c.country;
