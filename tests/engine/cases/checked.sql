-- A row that met the conditions meets them still where nothing that they read is assigned.
-- builder/service: changed | lacks RETURNING | alike
UPDATE checked_contacts SET email = 'x@y.example' WHERE id = -1
;;
-- builder/service: changed | has  RETURNING CASE WHEN | has IS NOT TRUE THEN | alike
UPDATE checked_contacts SET full_name = 'x' WHERE id = -1
;;
-- builder/service: changed | has  RETURNING CASE WHEN
UPDATE checked_contacts c SET (full_name, country) = (SELECT name, 'ES' FROM products WHERE id = c.id) WHERE false; SELECT 1
;;
-- builder/service: changed | has WHERE CASE WHEN | lacks RETURNING CASE
UPDATE checked_contacts SET full_name = 'x' WHERE id = -1 RETURNING id AS n, upper(full_name)
;;
-- builder/service: changed | has WHERE CASE WHEN | lacks RETURNING CASE
UPDATE checked_contacts SET full_name = 'x' WHERE id = -1 RETURNING *, 1
;;
-- The first item that the tests can stand before.
-- builder/service: changed | has RETURNING p.*, (SELECT
UPDATE checked_contacts c SET full_name = p.name FROM products p WHERE p.id = c.id AND c.id = -1 RETURNING p.*, c.id
;;
-- builder/service: not-understood
UPDATE checked_contacts c SET full_name = p.name FROM products p WHERE p.id = c.id RETURNING p.*
;;
-- builder/service: not-understood
UPDATE checked_contacts SET full_name = 'x' RETURNING random()
;;
-- What other tables say is asked again, whatever is assigned; the view below by what it reads only.
-- builder/service: changed | has  RETURNING CASE WHEN | touches public.orders.customer_id compared
UPDATE checked_buyers SET country = 'ES' WHERE id = -1
;;
-- builder/service: changed | has  RETURNING CASE WHEN
WITH u AS (UPDATE checked_contacts SET country = 'ES' WHERE id = -1) SELECT 1
;;
-- builder/service: changed | lacks RETURNING CASE
WITH u AS (UPDATE checked_contacts SET country = 'ES' WHERE id = -1 RETURNING id, email) SELECT count(email) FROM u
;;
-- builder/service: returns-nothing
WITH u AS (UPDATE checked_contacts SET country = 'ES' WHERE id = -1) SELECT count(*) FROM u
;;
-- builder/service: changed | has  RETURNING CASE WHEN
PREPARE p (text) AS UPDATE checked_contacts SET country = $1 WHERE id = -1 -- of many
;;
-- builder/service: changed | has  RETURNING CASE WHEN | touches public.orders.customer_id compared
INSERT INTO checked_buyers (id) SELECT -1 WHERE false
;;
-- builder/service: changed | has RETURNING (SELECT | lacks RETURNING CASE
INSERT INTO checked_buyers (id) SELECT -1 WHERE false RETURNING id
;;
-- builder/service: changed | has  RETURNING CASE WHEN
WITH i AS (INSERT INTO checked_contacts (id) SELECT -1 WHERE false ON CONFLICT DO NOTHING) SELECT 1
;;
-- What is in the way is tested before what the client says of it; what the view shows no otherwise than the table is not.
-- builder/service: changed | has DO UPDATE SET full_name = 'x' WHERE CASE WHEN (CASE WHEN | has THEN (false) END RETURNING CASE WHEN
INSERT INTO checked_contacts (id) SELECT -1 WHERE false ON CONFLICT (id) DO UPDATE SET full_name = 'x' WHERE false
;;
-- builder/service: changed | has THEN (false) END | lacks IS NOT TRUE | lacks RETURNING
INSERT INTO customers (id) SELECT -1 WHERE false ON CONFLICT (id) DO UPDATE SET full_name = 'x' WHERE false
;;
-- Nothing to name.
-- builder/service: no-columns-to-name
WITH u (a) AS (UPDATE checked_contacts SET country = 'ES' WHERE id = -1) SELECT 1
;;
-- builder/service: changed
WITH u (a) AS (UPDATE checked_contacts SET country = 'ES' WHERE id = -1 RETURNING id) SELECT a FROM u
