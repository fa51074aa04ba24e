-- ad_partner, marketing: as marketing's, and only who agreed to sharing under the notice of 2025; customers in Spain.
CREATE TABLE oracle.allowed AS
SELECT who FROM oracle.valid WHERE purpose = 'marketing' AND notice IN ('2024-05', '2025-03') AND who NOT IN (SELECT who FROM oracle.restricted)
INTERSECT SELECT who FROM oracle.valid WHERE purpose = 'third_party_sharing' AND notice = '2025-03';
CREATE TABLE oracle.by (channel, who) AS SELECT DISTINCT c.channel, who FROM (VALUES ('email'), ('phone'), ('post')) c (channel), oracle.valid v
WHERE purpose = 'marketing' AND notice IN ('2024-05', '2025-03') AND (v.channel IS NULL OR v.channel::text = c.channel);

CREATE TABLE oracle."public.customers" AS
SELECT id, ref, full_name, CASE WHEN ('email', id) IN (TABLE oracle.by) THEN email ELSE oracle.email(email) END AS email, email_domain,
       CASE WHEN ('phone', id) IN (TABLE oracle.by) THEN phone ELSE oracle.last(phone, 2) END AS phone, NULL::date AS birth_date, country, language, status, tags, attributes,
       NULL::numeric AS credit_limit, account_manager_id, NULL::text AS internal_note, created_at, updated_at
FROM customers WHERE id IN (TABLE oracle.allowed) AND updated_at >= now() - interval '2 years' AND country = 'ES';

CREATE TABLE oracle."public.addresses" AS
SELECT id, customer_id, kind, CASE WHEN post THEN line1 END AS line1, CASE WHEN post THEN postcode END AS postcode, CASE WHEN post THEN city END AS city, country, is_primary
FROM (SELECT *, ('post', customer_id) IN (TABLE oracle.by) AS post FROM addresses) a WHERE customer_id IN (TABLE oracle.allowed);

CREATE TABLE oracle."public.newsletter_sends" AS
SELECT newsletter_id, customer_id, CASE WHEN ('email', customer_id) IN (TABLE oracle.by) THEN address ELSE oracle.email(address) END AS address, opened
FROM newsletter_sends WHERE customer_id IN (TABLE oracle.allowed);

REVOKE SELECT ON consents, orders, order_items, payments, tickets, messages, employees, web_events, web_events_2025_h1, web_events_2025_h2, web_events_other FROM consentry;
