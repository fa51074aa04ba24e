-- crm_app, service (contract): everyone who is not restricted. No birth dates, profiles or devices; networks to 24 bits.
CREATE TABLE oracle.off AS SELECT who FROM oracle.restricted;

CREATE TABLE oracle."public.customers" AS
SELECT id, ref, full_name, email, email_domain, phone, NULL::date AS birth_date, country, language, status, NULL::text[] AS tags, NULL::jsonb AS attributes,
       credit_limit, account_manager_id, NULL::text AS internal_note, created_at, updated_at
FROM customers WHERE id NOT IN (TABLE oracle.off) AND updated_at >= now() - interval '5 years';

CREATE TABLE oracle."public.consents" AS SELECT * FROM consents WHERE subject_id NOT IN (TABLE oracle.off);
CREATE TABLE oracle."public.addresses" AS SELECT * FROM addresses WHERE customer_id NOT IN (TABLE oracle.off);
CREATE TABLE oracle."public.orders" AS SELECT * FROM orders WHERE customer_id NOT IN (TABLE oracle.off) AND placed_at >= now() - interval '10 years';
CREATE TABLE oracle."public.order_items" AS SELECT i.* FROM order_items i JOIN orders o ON o.id = i.order_id WHERE o.customer_id NOT IN (TABLE oracle.off);
CREATE TABLE oracle."public.payments" AS SELECT p.id, order_id, method, card_last, oracle.net(payer_ip, 24) AS payer_ip, amount, paid_at
FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.customer_id NOT IN (TABLE oracle.off) AND paid_at >= now() - interval '10 years';
CREATE TABLE oracle."public.tickets" AS SELECT * FROM tickets WHERE customer_id NOT IN (TABLE oracle.off) AND opened_at >= now() - interval '3 years';
CREATE TABLE oracle."public.messages" AS SELECT m.* FROM messages m JOIN tickets t ON t.id = m.ticket_id WHERE t.customer_id NOT IN (TABLE oracle.off);
CREATE TABLE oracle."public.newsletter_sends" AS SELECT newsletter_id, customer_id, address, NULL::boolean AS opened
FROM newsletter_sends WHERE customer_id NOT IN (TABLE oracle.off);
CREATE TABLE oracle."public.employees" AS SELECT id, full_name, email, department, manager_id, hired_on, NULL::numeric AS salary FROM employees;

REVOKE SELECT ON web_events, web_events_2025_h1, web_events_2025_h2, web_events_other FROM consentry;
