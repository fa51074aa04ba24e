-- hr, payroll (legal obligation): staff, and nothing of customers.
CREATE TABLE oracle."public.employees" AS SELECT * FROM employees;
REVOKE SELECT ON customers, consents, addresses, orders, order_items, payments, tickets, messages, newsletter_sends, web_events, web_events_2025_h1, web_events_2025_h2, web_events_other FROM consentry;
