-- crm_app/service: changed | has unnest(ARRAY[1, 1, 1]::pg_catalog."int8"[]) AS "consentry_s"("customer_id") WHERE NOT EXISTS (SELECT 1 FROM "public"."consents" | alike
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 1, '') ON CONFLICT DO NOTHING
;;
-- crm_app/service: changed | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, 1, 'x'), (2, 1, 'y'), (3, -7, '') ON CONFLICT DO NOTHING
;;
-- crm_app/service: changed | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, 1, 'x'), (2, NULL, 'y')
;;
-- crm_app/service: changed | has ARRAY[('1')::pg_catalog."int8", (1::int2)::pg_catalog."int8", (-7)::pg_catalog."int8", (NULL::int4)::pg_catalog."int8"]::pg_catalog."int8"[] | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, '1', 'x'), (2, 1::int2, 'y'), (3, -7, ''), (5, NULL::int4, '')
;;
-- crm_app/service: changed | lacks unnest | has (2, (SELECT CASE WHEN (false) THEN | error 42804
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, 1, 'x'), (2, '1'::text, 'y')
;;
-- crm_app/service: changed | has ARRAY[1, 1]::pg_catalog."int8"[] | has (3, (SELECT CASE WHEN (EXISTS ( | has FROM (SELECT (1 + 0) AS "consentry_v" OFFSET 0) | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, 1, ''), (2, 1, ''), (3, 1 + 0, ''), (4, (SELECT -7), '') ON CONFLICT DO NOTHING
;;
-- crm_app/service: changed | lacks unnest | has (SELECT CASE WHEN (EXISTS ( | alike
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, 1, '') ON CONFLICT DO NOTHING
;;
-- crm_app/service: changed | lacks unnest | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, 1, ''), (2, 2 - 9, '') ON CONFLICT DO NOTHING
;;
-- A value that is another each time is worked out for each row, or not at all.
-- crm_app/service: not-understood
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) SELECT n, (1 + 2 * floor(random() * 2))::int, '' FROM generate_series(1, 9) n
;;
-- crm_app/service: changed | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, (random() * 0)::int, ''), (2, (random() * 0)::int, '') ON CONFLICT DO NOTHING
;;
-- crm_app/service: changed | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) SELECT 1, floor(n)::int8, '' FROM generate_series(1, 9) n ON CONFLICT DO NOTHING
;;
-- crm_app/service: store-requires-consent
INSERT INTO newsletter_sends (newsletter_id, customer_id) VALUES (1, 1), (2, DEFAULT)
;;
-- crm_app/service: changed | has ARRAY[1, 1 /* two */ :: /* and */ int8]::pg_catalog."int8"[]
INSERT INTO newsletter_sends (address, customer_id, newsletter_id) VALUES ('a', /* who */ 1 /* one */, 1), ('b', -- who
 1 /* two */ :: /* and */ int8 -- is
 , 2) ON CONFLICT DO NOTHING
;;
-- crm_app/service: changed | lacks unnest
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, 1, ''), (2, -7, '') LIMIT 1 ON CONFLICT DO NOTHING
;;
-- crm_app/service: changed | lacks unnest | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, 1, ''), (2, -7, '') OFFSET 1
;;
-- crm_app/service: right-missing
COPY newsletter_sends (newsletter_id, customer_id) FROM STDIN
;;
-- As Django inserts many rows.
-- crm_app/marketing: changed | has AS "consentry_f"("c0", "c1", "c2") | has "consentry_f"."c0", (SELECT CASE WHEN
PREPARE stored_many AS INSERT INTO newsletter_sends (newsletter_id, customer_id, address) SELECT * FROM UNNEST(($1)::int[], ($2)::int[], ($3)::text[]) RETURNING newsletter_id
;;
-- crm_app/marketing: changed | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) SELECT * FROM unnest('{1,1}'::int[], '{2,3}'::int[], '{a,b}'::text[]) ON CONFLICT DO NOTHING
;;
-- crm_app/marketing: not-understood
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) SELECT * FROM unnest('{1,1}'::int[], '{2,3}'::int[], '{a,b}'::text[]) LIMIT 1
;;
-- crm_app/marketing: not-understood
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) SELECT u.* FROM unnest('{1,1}'::int[], '{2,3}'::int[], '{a,b}'::text[]) u
;;
-- More columns than the function gives.
-- crm_app/marketing: not-understood
INSERT INTO newsletter_sends (newsletter_id, address, customer_id) SELECT * FROM unnest('{1,1}'::int[])
;;
-- Of other types than the key each becomes it as it does when it is stored.
-- crm_app/service: changed | has ARRAY[(1.0::float8)::pg_catalog."int8", (1.5)::pg_catalog."int8"] | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, 1.0::float8, ''), (2, 1.5, '')
;;
-- crm_app/service: changed | has ARRAY[1, 2::bigint, 3::smallint]::pg_catalog."int8"[] | error 22P02
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, 1, ''), (2, 2::bigint, ''), (3, 3::smallint, '')
;;
-- PostgreSQL cuts blanks that are too many: another key is stored than was tested.
-- crm_app/service: changed | has char_length("consentry_s"."customer_key") OPERATOR(pg_catalog.<=) 3 | error 22P02
INSERT INTO sent_short (id, customer_key, note) VALUES (1, 'abc ', 'x')
;;
-- crm_app/service: not-understood
INSERT INTO sent_by_key (id, customer_key, note) VALUES (1, 'abcd', 'x')
