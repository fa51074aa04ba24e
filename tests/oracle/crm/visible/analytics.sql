-- bi, analytics (legitimate interests): everyone who did not object. E-mail addresses are pseudonyms, filled in afterwards (contexts.toml).
CREATE TABLE oracle.off AS SELECT who FROM oracle.restricted UNION SELECT who FROM oracle.objection WHERE purpose = 'analytics' AND channel IS NULL;
CREATE TABLE oracle.objects_to_email AS SELECT who FROM oracle.objection WHERE purpose = 'analytics' AND channel = 'email';

CREATE TABLE oracle."public.customers" AS
SELECT id, ref, oracle.stars(full_name) AS full_name, CASE WHEN id IN (TABLE oracle.objects_to_email) THEN oracle.email(email) ELSE email END AS email, email_domain,
       oracle.last(phone, 2) AS phone, date_trunc('year', birth_date)::date AS birth_date, country, language, status, NULL::text[] AS tags, NULL::jsonb AS attributes,
       credit_limit, account_manager_id, NULL::text AS internal_note, created_at, updated_at
FROM customers WHERE id NOT IN (TABLE oracle.off) AND updated_at >= now() - interval '5 years';

CREATE TABLE oracle."public.orders" AS SELECT id, customer_id, placed_at, status, total_amount, NULL::text AS note
FROM orders WHERE customer_id NOT IN (TABLE oracle.off) AND placed_at >= now() - interval '10 years';
CREATE TABLE oracle."public.order_items" AS SELECT i.* FROM order_items i JOIN orders o ON o.id = i.order_id WHERE o.customer_id NOT IN (TABLE oracle.off);
CREATE TABLE oracle."public.payments" AS SELECT p.id, order_id, method, NULL::text AS card_last, oracle.net(payer_ip, 16) AS payer_ip, amount, paid_at
FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.customer_id NOT IN (TABLE oracle.off) AND paid_at >= now() - interval '10 years';
CREATE TABLE oracle."public.web_events" AS SELECT id, occurred_at, customer_id, path, oracle.net(ip, 16) AS ip, oracle.stars(user_agent) AS user_agent
FROM web_events WHERE (customer_id IS NULL OR customer_id NOT IN (TABLE oracle.off)) AND occurred_at >= now() - interval '2 years';
CREATE TABLE oracle."public.newsletter_sends" AS SELECT newsletter_id, customer_id, address, NULL::boolean AS opened
FROM newsletter_sends WHERE customer_id NOT IN (TABLE oracle.off);

REVOKE SELECT ON consents, addresses, tickets, messages, employees FROM consentry;
