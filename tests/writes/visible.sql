-- What marketing may see of schema.sql, written by hand from the contract's section 3.
ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey;
DELETE FROM orders WHERE customer_id IN (3, 4, 6);
DELETE FROM lists WHERE customer_id IN (3, 4, 6);
UPDATE lists SET mail = 'C***@mail.example' WHERE id = 2;
DELETE FROM customers WHERE id IN (3, 4, 6);
ALTER TABLE customers ALTER COLUMN secret DROP DEFAULT;
UPDATE customers SET score = NULL, secret = NULL;
UPDATE customers SET email = 'C***@mail.example' WHERE id = 2;
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE;
