-- The demo's CRM, part 3: what people did. Deterministic as 2-people.sql is; web_events has fixed dates in 2025, for its partitions.

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET timezone = 'UTC';

CREATE OR REPLACE FUNCTION pg_temp.pick(key text, n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS
    $$ SELECT ((('x' || substr(md5(key), 1, 8))::bit(32)::bigint & 2147483647) % n)::integer $$;
CREATE OR REPLACE FUNCTION pg_temp.one_of(key text, list text[]) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT list[1 + pg_temp.pick(key, cardinality(list))] $$;
CREATE OR REPLACE FUNCTION pg_temp.ago(key text, days integer) RETURNS timestamptz LANGUAGE sql STABLE AS
    $$ SELECT date_trunc('day', now()) - make_interval(days => days) + make_interval(secs => pg_temp.pick(key, 80000)) $$;

INSERT INTO addresses (customer_id, kind, line1, postcode, city, country, is_primary)
SELECT c.id, a.kind, (1 + pg_temp.pick('no' || c.id || a.kind, 90)) || ' ' || pg_temp.one_of('street' || c.id || a.kind, '{Calle Mayor,Hauptstrasse,Rue Haute,Via Roma,Rua Nova}'),
       lpad(pg_temp.pick('post' || c.id || a.kind, 99999)::text, 5, '0'),
       pg_temp.one_of('city' || c.id || a.kind, CASE c.country WHEN 'ES' THEN '{Madrid,Sevilla,Bilbao}' WHEN 'DE' THEN '{Berlin,Bonn}'
                      WHEN 'FR' THEN '{Lyon,Lille}' WHEN 'IT' THEN '{Torino,Bari}' ELSE '{Porto,Faro}' END::text[]), c.country, a.kind = 'home'
FROM customers c, (VALUES ('home'), ('work')) a (kind)
WHERE a.kind = 'home' AND c.id <> 10 OR a.kind = 'work' AND pg_temp.pick('work' || c.id, 4) = 0
ORDER BY c.id, a.kind;

INSERT INTO products
SELECT n, 'SKU-' || lpad(n::text, 4, '0'), pg_temp.one_of('adj' || n, '{Blue,Green,Light,Heavy,Small,Large}') || ' ' ||
       pg_temp.one_of('noun' || n, '{Lamp,Chair,Kettle,Bag,Clock,Desk}'), pg_temp.one_of('category' || n, '{home,office,travel}'),
       5 + pg_temp.pick('price' || n, 20000) / 100.0, jsonb_build_object('weight_g', 100 + pg_temp.pick('weight' || n, 5000))
FROM generate_series(1, 24) n;

INSERT INTO orders (id, customer_id, placed_at, status, note)
SELECT n, o.customer, pg_temp.ago('placed' || n, 1 + pg_temp.pick('placedday' || n, 700)),
       (enum_range(NULL::order_status))[1 + pg_temp.pick('ostatus' || n, 6)],
       CASE WHEN pg_temp.pick('note' || n, 5) = 0 THEN 'please ring, ask for ' || coalesce(c.full_name, 'nobody') END
FROM generate_series(1, 700) n, LATERAL (SELECT 1 + CASE WHEN n <= 60 THEN n % 18 ELSE pg_temp.pick('customer' || n, 320) END AS customer) o
JOIN customers c ON c.id = o.customer;
SELECT setval(pg_get_serial_sequence('orders', 'id'), 1000);

INSERT INTO order_items (order_id, line_no, product_id, quantity, unit_price)
SELECT o.id, line, p.id, 1 + pg_temp.pick('quantity' || o.id || line, 4), p.price
FROM orders o, generate_series(1, 3) line JOIN products p ON true
WHERE line <= 1 + pg_temp.pick('lines' || o.id, 3) AND p.id = 1 + pg_temp.pick('product' || o.id || '-' || line, 24);
UPDATE orders o SET total_amount = i.total
FROM (SELECT order_id, sum(line_total) AS total FROM order_items GROUP BY order_id) i WHERE i.order_id = o.id;

INSERT INTO payments
SELECT md5('payment' || o.id)::uuid, o.id, pg_temp.one_of('method' || o.id, '{card,transfer,cash}'),
       CASE WHEN pg_temp.one_of('method' || o.id, '{card,transfer,cash}') = 'card' THEN lpad(pg_temp.pick('card' || o.id, 10000)::text, 4, '0') END,
       ('192.0.2.' || pg_temp.pick('ip' || o.id, 250))::inet, o.total_amount, o.placed_at + interval '1 hour'
FROM orders o WHERE o.status IN ('paid', 'shipped', 'delivered', 'returned');

INSERT INTO tickets (id, customer_id, agent_id, subject, state, opened_at, closed_at)
SELECT n, 1 + pg_temp.pick('ticketof' || n, 320), 1 + pg_temp.pick('agent' || n, 12),
       pg_temp.one_of('about' || n, '{Late parcel,Wrong colour,Invoice,Password,Return}'), CASE WHEN s.open THEN 'open' ELSE 'closed' END,
       pg_temp.ago('opened' || n, 30 + n % 200), CASE WHEN NOT s.open THEN pg_temp.ago('closed' || n, n % 30) END
FROM generate_series(1, 120) n, LATERAL (SELECT pg_temp.pick('open' || n, 3) = 0 AS open) s;

INSERT INTO messages (ticket_id, sent_at, inbound, body)
SELECT t.id, t.opened_at + make_interval(hours => m), m % 2 = 0,
       CASE m WHEN 0 THEN 'This is ' || coalesce(c.full_name, 'me') || ', write to ' || coalesce(c.email, 'nowhere') || ' or call ' || coalesce(c.phone, 'never')
              WHEN 1 THEN 'Thank you, we look into it.' ELSE 'Any news? My number is ' || coalesce(c.phone, 'none') END
FROM tickets t JOIN customers c ON c.id = t.customer_id, generate_series(0, 2) m
WHERE m <= 1 + t.id % 2 ORDER BY t.id, m;

INSERT INTO web_events
SELECT n, timestamptz '2025-01-01 00:00+00' + make_interval(mins => pg_temp.pick('when' || n, 570000)),
       CASE WHEN pg_temp.pick('known' || n, 3) > 0 THEN 1 + pg_temp.pick('visitor' || n, 320) END,
       pg_temp.one_of('path' || n, '{/,/sale,/account,/basket,/product/7,/product/12}'),
       ('198.51.100.' || pg_temp.pick('addr' || n, 250))::inet, pg_temp.one_of('agent' || n, '{Firefox,Safari,Chrome,Links}')
FROM generate_series(1, 1500) n;

INSERT INTO newsletters VALUES (1, 'Spring', '2025-03-20'), (2, 'Summer', '2025-06-21'), (3, 'Autumn', '2025-09-22');
INSERT INTO newsletter_sends
SELECT l.id, c.id, c.email, pg_temp.pick('opens' || l.id || c.id, 3) = 0
FROM newsletters l, customers c WHERE c.email IS NOT NULL AND pg_temp.pick('send' || l.id || c.id, 5) = 0;

REFRESH MATERIALIZED VIEW reporting.revenue_by_country;
ANALYZE;
