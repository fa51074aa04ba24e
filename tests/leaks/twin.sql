-- The twin: the same visible rows, other hidden ones, and more of them.
INSERT INTO customers (id, name, email, phone, country, notes, secret)
  SELECT g, 'x' || md5(g::text), md5(g::text), '1', 'DE', 'n', 's' FROM generate_series(1000, 1999) g;
INSERT INTO orders SELECT g, g, 'x' FROM generate_series(1000, 1999) g;
INSERT INTO visits SELECT 8, 'south', 'x' FROM generate_series(1, 1000);
INSERT INTO members SELECT g, 'c', 'c', 'c', '2000-01-01', 'x' FROM generate_series(1000, 1999) g;
SELECT nextval('order_numbers'), nextval('order_numbers'), nextval('order_numbers');
ANALYZE;
