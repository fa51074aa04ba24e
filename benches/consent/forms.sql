-- The same policy, written by hand in PostgreSQL: a person is there for marketing while a consent for it is valid on any
-- channel; their e-mail is in clear only while one is valid for e-mail. Each form is a schema with the same names in it.

-- rls: row security on tables of its own (the same data), and a view that masks the e-mail.
CREATE SCHEMA rls;
CREATE TABLE rls.customers_stored (LIKE customers INCLUDING ALL);
INSERT INTO rls.customers_stored SELECT * FROM customers ORDER BY id;
CREATE TABLE rls.orders (LIKE orders INCLUDING ALL);
INSERT INTO rls.orders SELECT * FROM orders ORDER BY no;
CREATE POLICY marketing ON rls.customers_stored FOR SELECT USING (EXISTS (
    SELECT FROM public.consents k WHERE k.subject_id = id AND k.purpose = 'marketing' AND k.status = 'granted'
       AND (k.withdrawn_at IS NULL OR k.granted_at > k.withdrawn_at) AND (k.granted_at IS NULL OR k.granted_at <= statement_timestamp())
       AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp())));
ALTER TABLE rls.customers_stored ENABLE ROW LEVEL SECURITY;
CREATE POLICY marketing ON rls.orders FOR SELECT USING (EXISTS (
    SELECT FROM public.consents k WHERE k.subject_id = customer_id AND k.purpose = 'marketing' AND k.status = 'granted'
       AND (k.withdrawn_at IS NULL OR k.granted_at > k.withdrawn_at) AND (k.granted_at IS NULL OR k.granted_at <= statement_timestamp())
       AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp())));
ALTER TABLE rls.orders ENABLE ROW LEVEL SECURITY;
CREATE VIEW rls.customers WITH (security_invoker, security_barrier) AS
SELECT id, full_name, country, birth_date, created_at,
       CASE WHEN EXISTS (
           SELECT FROM public.consents k WHERE k.subject_id = id AND k.purpose = 'marketing' AND k.status = 'granted'
              AND (k.channel = 'email' OR k.channel IS NULL)
              AND (k.withdrawn_at IS NULL OR k.granted_at > k.withdrawn_at) AND (k.granted_at IS NULL OR k.granted_at <= statement_timestamp())
              AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp()))
           THEN email ELSE left(email, 1) || '***@' || split_part(email, '@', 2) END AS email
  FROM rls.customers_stored;

-- hand: security-barrier views with EXISTS, which look-ups like best.
CREATE SCHEMA hand;
CREATE VIEW hand.customers WITH (security_barrier) AS
SELECT id, full_name, country, birth_date, created_at,
       CASE WHEN EXISTS (
           SELECT FROM public.consents k WHERE k.subject_id = c.id AND k.purpose = 'marketing' AND k.status = 'granted'
              AND (k.channel = 'email' OR k.channel IS NULL)
              AND (k.withdrawn_at IS NULL OR k.granted_at > k.withdrawn_at) AND (k.granted_at IS NULL OR k.granted_at <= statement_timestamp())
              AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp()))
           THEN email ELSE left(email, 1) || '***@' || split_part(email, '@', 2) END AS email
  FROM public.customers c
 WHERE EXISTS (
    SELECT FROM public.consents k WHERE k.subject_id = c.id AND k.purpose = 'marketing' AND k.status = 'granted'
       AND (k.withdrawn_at IS NULL OR k.granted_at > k.withdrawn_at) AND (k.granted_at IS NULL OR k.granted_at <= statement_timestamp())
       AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp()));
CREATE VIEW hand.orders WITH (security_barrier) AS
SELECT o.* FROM public.orders o
 WHERE EXISTS (
    SELECT FROM public.consents k WHERE k.subject_id = o.customer_id AND k.purpose = 'marketing' AND k.status = 'granted'
       AND (k.withdrawn_at IS NULL OR k.granted_at > k.withdrawn_at) AND (k.granted_at IS NULL OR k.granted_at <= statement_timestamp())
       AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp()));

-- join: the same by one aggregated join, which scans like best.
CREATE SCHEMA joined;
CREATE VIEW joined.allowed AS
SELECT subject_id, bool_or(channel = 'email' OR channel IS NULL) AS email
  FROM public.consents k
 WHERE k.purpose = 'marketing' AND k.status = 'granted'
   AND (k.withdrawn_at IS NULL OR k.granted_at > k.withdrawn_at) AND (k.granted_at IS NULL OR k.granted_at <= statement_timestamp())
   AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp())
 GROUP BY subject_id;
CREATE VIEW joined.customers WITH (security_barrier) AS
SELECT id, full_name, country, birth_date, created_at,
       CASE WHEN a.email THEN c.email ELSE left(c.email, 1) || '***@' || split_part(c.email, '@', 2) END AS email
  FROM public.customers c JOIN joined.allowed a ON a.subject_id = c.id;
CREATE VIEW joined.orders WITH (security_barrier) AS
SELECT o.* FROM public.orders o JOIN joined.allowed a ON a.subject_id = o.customer_id;

CREATE ROLE reader LOGIN PASSWORD 'bench';
GRANT USAGE ON SCHEMA rls, hand, joined TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public, rls, hand, joined TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO consentry;
VACUUM ANALYZE;
