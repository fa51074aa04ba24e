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
