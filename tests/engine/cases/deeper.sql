-- crm_app/service: not-understood
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) SELECT 1, count(*), '' FROM products
;;
-- crm_app/service: not-understood
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) SELECT 1, 4 + row_number() OVER (ORDER BY id DESC), '' FROM products
;;
-- crm_app/service: not-understood
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) SELECT 1, CASE WHEN true THEN coalesce(max(id), 0) END::int, '' FROM products
;;
-- crm_app/service: not-understood
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) SELECT 1, unnest(ARRAY[1, 2]), ''
;;
-- crm_app/service: not-understood
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, pg_catalog.generate_series(1, 2), '')
;;
-- crm_app/service: not-understood
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, count(*), '')
;;
-- trusted_writer/service: not-understood
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, public.peek(1)::int, '')
;;
-- crm_app/service: changed | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) SELECT -1, (SELECT count(*) FROM products) - 100000, ''
;;
-- crm_app/service: changed | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) SELECT 1, q.n, '' FROM (SELECT -count(*) AS n FROM products) AS q
;;
-- crm_app/service: changed | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) SELECT 1, CASE WHEN abs(p.id) = ANY (ARRAY[1, 2]) THEN greatest(-1, (ARRAY[-3])[1]) ELSE (SELECT max(-q.id) FROM products q WHERE q.id > p.id) END, '' FROM products p
;;
