--! customers [ordered]
SELECT * FROM customers ORDER BY id
--! consents [ordered]
SELECT * FROM consents ORDER BY id
--! addresses [ordered]
SELECT * FROM addresses ORDER BY id
--! products [ordered]
SELECT * FROM products ORDER BY id
--! orders [ordered]
SELECT * FROM orders ORDER BY id
--! order items [ordered]
SELECT * FROM order_items ORDER BY order_id, line_no
--! payments [ordered]
SELECT * FROM payments ORDER BY id
--! tickets [ordered]
SELECT * FROM tickets ORDER BY id
--! messages [ordered]
SELECT * FROM messages ORDER BY id
--! web events [ordered]
SELECT * FROM web_events ORDER BY id
--! a partition of web events [ordered]
SELECT * FROM web_events_2025_h1 ORDER BY id
--! the default partition
SELECT count(*) FROM web_events_other
--! newsletters [ordered]
SELECT * FROM newsletters ORDER BY id
--! newsletter sends [ordered]
SELECT * FROM newsletter_sends ORDER BY newsletter_id, customer_id
--! employees [ordered]
SELECT * FROM employees ORDER BY id
--! the contacts view [ordered]
SELECT * FROM customer_contacts ORDER BY id
--! the 360 view [ordered]
SELECT * FROM reporting.customer_360 ORDER BY id, city
--! the open tickets view [ordered]
SELECT * FROM reporting.open_tickets ORDER BY id
--! the open materialised view [ordered]
SELECT * FROM reporting.revenue_by_country ORDER BY country
--! the people with a story [ordered]
SELECT id, full_name, email, phone, birth_date, status FROM customers WHERE id <= 18 ORDER BY id
