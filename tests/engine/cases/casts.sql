-- marketing/marketing: same
SELECT regrole('postgres'), regnamespace('public'), pg_catalog.regtype('int4'), inet('10.0.0.1')
;;
-- marketing/marketing: undefined-function
SELECT regrole('postgres', 1)
;;
-- marketing/marketing: undefined-function
SELECT pg_node_tree('x')
;;
-- marketing/marketing: undefined-function
SELECT public.regrole('postgres')

;;
-- marketing/marketing: function-not-allowed
SELECT (7::public.wrapped).t
;;
-- marketing/marketing: function-not-allowed
SELECT CAST(7 AS wrapped)
;;
-- marketing/marketing: function-not-allowed
SELECT 'a@b.example'::known_email
;;
-- marketing/marketing: function-not-allowed
SELECT known_email('a@b.example')
;;
-- marketing/marketing: function-not-allowed
SELECT '{a@b.example}'::known_email[]
;;
-- marketing/marketing: function-not-allowed
SELECT ROW('a@b.example')::public.contact
;;
-- marketing/marketing: function-not-allowed
CREATE TEMP TABLE mine (e known_email)
;;
-- Behind an operator, in a multirange, in a range's operator class.
-- marketing/marketing: function-not-allowed
SELECT 'a@b.example'::operated_email
;;
-- marketing/marketing: function-not-allowed
SELECT 'a@b.example'::named_email
;;
-- marketing/marketing: function-not-allowed
CREATE TEMP TABLE mine (e default_email)
;;
-- marketing/marketing: function-not-allowed
SELECT '[1,2]'::known_range
;;
-- marketing/marketing: function-not-allowed
SELECT '{[1,2]}'::known_multirange
;;
-- marketing/marketing: function-not-allowed
SELECT '{"{[1,2]}"}'::known_multirange[]
;;
-- marketing/marketing: function-not-allowed
SELECT '[a,b]'::text_range
;;
-- A function of PostgreSQL's own in a check does what it does in a statement.
-- marketing/marketing: function-not-allowed
SELECT 'a@b.example'::told_email
;;
-- marketing/marketing: function-not-allowed
SELECT 'a@b.example'::public.retold_email, 1
;;
-- marketing/marketing: function-not-allowed
SELECT full_name::told_email FROM customers
;;
-- marketing/marketing: function-not-allowed
SELECT '{a@b.example}'::told_email[]
;;
-- marketing/marketing: function-not-allowed
SELECT ROW('a@b.example')::told_contact
;;
-- marketing/marketing: function-not-allowed
SELECT '/etc/passwd'::read_file
;;
-- marketing/marketing: function-not-allowed
SELECT '/etc/passwd'::operated_file
;;
-- marketing/marketing: function-not-allowed
SELECT 'spy'::moved_path
;;
-- marketing/marketing: function-not-allowed
SELECT full_name::told_name FROM customers
;;
-- builder/service: function-not-allowed
CREATE TEMP TABLE mine (e filled_xml)
;;
-- builder/service: function-not-allowed
CREATE TEMP TABLE mine (e told_email)
;;
-- marketing/marketing: function-not-allowed
SELECT '0.5'::limited_word
;;
-- marketing/marketing: function-not-allowed
PREPARE told (told_email) AS SELECT $1
;;
-- trusting/service: function-not-allowed
SELECT 'a@b.example'::told_email
;;
-- pivoting/marketing: function-not-allowed
SELECT '0.5'::limited_word
;;
-- pivoting/marketing: same | error 23514
SELECT 'a@b.example'::similar_word
;;
-- marketing/marketing: same
SELECT 'a@b.example'::plain_email, '1990-01-01'::grown_up, '7'::ticked, 'word'::similar_word
;;
-- builder/service: same
CREATE TEMP TABLE mine (e plain_email, g grown_up, n ticked)
;;
-- dba/-: same | error 58P01
SELECT '/nowhere'::read_file
;;
-- A domain's default fills columns of it, and a table that is made of a result has its columns' types.
-- marketing/marketing: function-not-allowed
CREATE TEMP TABLE mine (e filled_email, n int)
;;
-- marketing/marketing: function-not-allowed
CREATE TEMP TABLE mine AS SELECT NULL::refilled_email AS e
;;
-- marketing/marketing: function-not-allowed
CREATE TEMP TABLE mine (n int); ALTER TABLE mine ADD COLUMN e refilled_email
;;
-- trusting/service: same
CREATE TEMP TABLE mine (e refilled_email)
;;
-- support/service: function-not-allowed
CREATE TEMP TABLE mine AS SELECT mails FROM with_known
;;
-- support/service: function-not-allowed
SELECT (w).mail INTO TEMP mine FROM with_known w
;;
-- support/service: function-not-allowed
CREATE TEMP TABLE mine AS SELECT (array_agg(mail))[1] AS e FROM with_known
;;
-- A literal becomes one of the type of what stands beside it.
-- support/service: function-not-allowed
SELECT id FROM with_known WHERE mails = '{x}'
;;
-- support/service: function-not-allowed
SELECT id FROM with_known WHERE mails IN ('{x}', $1)
;;
-- support/service: function-not-allowed
SELECT id FROM with_known WHERE mails IS DISTINCT FROM '{x}'
;;
-- support/service: function-not-allowed
SELECT coalesce(mail, 'x') FROM with_known
;;
-- support/service: function-not-allowed
SELECT greatest(mails, '{x}'), CASE WHEN false THEN mails ELSE '{x}' END FROM with_known
;;
-- support/service: function-not-allowed
SELECT CASE WHEN false THEN mail ELSE 'x' END FROM with_known
;;
-- support/service: function-not-allowed
SELECT nullif(mails, '{x}') FROM with_known
;;
-- support/service: function-not-allowed
SELECT mails FROM with_known UNION ALL SELECT '{x}'
;;
-- support/service: function-not-allowed
SELECT ARRAY[mail, 'x'] FROM with_known
;;
-- support/service: function-not-allowed
SELECT id FROM with_known w WHERE (id, mails) = (1, '{x}')
;;
-- support/service: function-not-allowed
VALUES ('{x}'), ((SELECT mails FROM with_known LIMIT 1))
;;
-- support/service: function-not-allowed
SELECT array_eq(mails, '{x}') FROM with_known
;;
-- support/service: function-not-allowed
CREATE TEMP TABLE mine AS SELECT coalesce(mail, mail) AS mail FROM with_known
;;
-- support/service: same
SELECT coalesce(id, 1), CASE WHEN mail IS NULL THEN 'none' WHEN mail LIKE 'a%' THEN 'y' ELSE 'x' END FROM with_known WHERE mail <> 'y' AND id BETWEEN 1 AND 2
;;
-- support/service: same
CREATE TEMP TABLE mine AS SELECT max(mail) FROM with_known
;;
-- support/service: same
CREATE TEMP TABLE mine AS SELECT id, plain, 'x' AS word FROM with_known WHERE mail <> 'x'
;;
-- What is stored in it later would be cast to them, too.
-- support/service: function-not-allowed
CREATE TEMP TABLE mine AS SELECT spot FROM sites
;;
-- support/service: same
CREATE TEMP TABLE mine AS SELECT id, 'x' AS x FROM sites
;;
-- marketing/marketing: same
SELECT 7::int4, '{1}'::int[], '[1,2]'::int4range
;;
-- A value becomes one of an argument's type, and its check is run, where no type is named.
-- support/service: function-not-allowed
SELECT array_append(array[mail], 'x') FROM with_known
;;
-- support/service: function-not-allowed
SELECT array[mail] || 'x' FROM with_known
;;
-- support/service: function-not-allowed
SELECT lag(mail, 1, 'x') OVER () FROM with_known
;;
-- support/service: function-not-allowed
SELECT jsonb_populate_record(w, '{"mail": "x"}') FROM with_known w
;;
-- support/service: function-not-allowed
SELECT * FROM with_known w, jsonb_populate_record(w, '{"mail": "x"}')
;;
-- support/service: function-not-allowed
SELECT array_append((SELECT array_agg(mail) FROM with_known), 'x')
;;
-- support/service: function-not-allowed
WITH k AS (SELECT mail FROM with_known) SELECT array_append(array[mail], 'x') FROM k
;;
-- support/service: same
SELECT mail, upper(mail) FROM with_known WHERE mail = 'x' AND id IN (1, 2)
;;
-- support/service: same
SELECT array_append(array[name], 'x') FROM products
;;
-- So it does where CASE compares, in a hypothetical set and beside a query.
-- support/service: function-not-allowed
SELECT CASE mails WHEN '{x}' THEN 1 END FROM with_known
;;
-- support/service: function-not-allowed
SELECT CASE '{x}' WHEN mails THEN 1 END FROM with_known
;;
-- support/service: function-not-allowed
SELECT CASE spans WHEN '[1,2]' THEN 1 END FROM with_known
;;
-- support/service: function-not-allowed
SELECT rank('{x}') WITHIN GROUP (ORDER BY mails) FROM with_known
;;
-- support/service: function-not-allowed
SELECT percent_rank('(x)') WITHIN GROUP (ORDER BY contact) FROM with_known
;;
-- support/service: function-not-allowed
PREPARE casts_1 AS SELECT cume_dist($1) WITHIN GROUP (ORDER BY contact) FROM with_known
;;
-- support/service: function-not-allowed
SELECT '{x}' IN (SELECT mails FROM with_known)
;;
-- support/service: function-not-allowed
SELECT '(x)' = ANY (SELECT contact FROM with_known)
;;
-- support/service: function-not-allowed
SELECT ('{x}', 1) = (SELECT mails, id FROM with_known LIMIT 1)
;;
-- support/service: function-not-allowed
SELECT ROW('{x}', 1) IN (SELECT mails, id FROM with_known)
;;
-- support/service: function-not-allowed | alone
SELECT '{x}' = (SELECT mails FROM with_known LIMIT 1)
;;
-- support/service: function-not-allowed
SELECT id FROM with_known WHERE '[1,2]' <> ALL (SELECT spans FROM with_known)
;;
-- support/service: function-not-allowed
SELECT count(*) OVER (PARTITION BY CASE mails WHEN '{x}' THEN 1 END) FROM with_known
;;
-- Out of a function that the role lists.
-- giver/marketing: function-not-allowed | alone
SELECT spans = '[1,2]' FROM some_known(1)
;;
-- giver/marketing: function-not-allowed
SELECT coalesce((some_known(1)).spans, '[1,2]')
;;
-- giver/marketing: same
SELECT (some_known(1)).spans, k.mail FROM some_known(2) k
;;
-- Rows in lists.
-- support/service: function-not-allowed
SELECT (id, spans) IN ((1, '[1,2]')) FROM with_known
;;
-- support/service: function-not-allowed
SELECT (id, mails) NOT IN ((1, '{x}'), (2, '{y}')) FROM with_known
;;
-- support/service: function-not-allowed
SELECT (mails, 1) BETWEEN ('{a}', 1) AND ('{q}', 1) FROM with_known
;;
-- support/service: function-not-allowed
PREPARE casts_rows AS SELECT id FROM with_known WHERE (id, spans) IN ((1, $1))
;;
-- support/service: function-not-allowed
SELECT id FROM with_known WHERE (id, (1, spans)) = (1, (1, '[1,2]'))
;;
-- support/service: same
SELECT (id, mail) IN ((1, 'x'), (2, 'y')) FROM with_known
;;
-- Of the type below a domain, nothing is checked.
-- support/service: same
SELECT CASE mail WHEN 'x' THEN 1 END, rank('x') WITHIN GROUP (ORDER BY mail) FROM with_known GROUP BY mail
;;
-- An array beside an array becomes one of its type.
-- support/service: function-not-allowed
SELECT greatest(mails, ARRAY[name]) FROM with_known, products
;;
-- support/service: function-not-allowed
SELECT ARRAY[mails, ARRAY[name]] FROM with_known, products
;;
-- support/service: function-not-allowed
SELECT mails FROM with_known UNION ALL SELECT ARRAY[name] FROM products
;;
-- support/service: function-not-allowed
SELECT v.column1 FROM with_known, LATERAL (VALUES (mails), (plain)) v
;;
-- support/service: function-not-allowed
SELECT rank(ARRAY['x']) WITHIN GROUP (ORDER BY mails) FROM with_known
;;
-- support/service: function-not-allowed
SELECT CASE WHEN id = 1 THEN mails ELSE plain END FROM with_known
;;
-- support/service: function-not-allowed
WITH RECURSIVE r AS (SELECT mails FROM with_known UNION ALL SELECT w.plain FROM r, with_known w) SELECT * FROM r
;;
-- support/service: same
SELECT coalesce(mails, mails), greatest(plain, ARRAY[mail::text]), coalesce(mail, plain[1]) FROM with_known UNION ALL SELECT mails, plain, mail FROM with_known
;;
-- A call makes its arguments of the function's types.
-- greeter/marketing: function-not-allowed
SELECT greet_known('a@b.example')
;;
-- greeter/marketing: function-not-allowed
SELECT greet_told(1, 'a@b.example'), greet_told(1, VARIADIC '{}')
;;
-- greeter/marketing: function-not-allowed
SELECT <== 'a@b.example'
;;
-- greeter/marketing: same
SELECT greet_plain('a@b.example')
;;
-- trusting/service: same | error 23514
SELECT greet_known('a@b.example')
;;
-- mover/marketing: function-not-allowed
INSERT INTO told_mails (id) VALUES (1)
;;
-- mover/marketing: function-not-allowed
UPDATE told_mails SET mails = '{a@b.example}'
;;
-- mover/marketing: same
DELETE FROM told_mails; SELECT mail FROM told_mails
