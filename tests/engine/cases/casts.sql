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
-- marketing/marketing: same
SELECT 7::int4, '{1}'::int[], '[1,2]'::int4range
