-- A token in what neither marketing nor analytics shows of anyone, and in all that is known of people who are hidden from
-- marketing (the stories of docker/demo/2-people.sql), whose names and addresses analytics masks.
UPDATE customers SET internal_note = :'token';
UPDATE orders SET note = 'note ' || :'token';
UPDATE tickets SET subject = :'token' || ' subject';
UPDATE messages SET body = 'body ' || :'token';
UPDATE web_events SET user_agent = :'token';
UPDATE consents SET source = 'source ' || :'token';
UPDATE employees SET full_name = :'token', email = :'token' || id || '@shop.example';

CREATE TEMPORARY TABLE hidden AS SELECT unnest(ARRAY[2, 3, 4, 9, 11, 13, 14, 15, 16, 17, 18]) AS id;
UPDATE customers SET full_name = 'name ' || :'token', email = :'token' || '@inbox.example', phone = '00' || :'token',
    tags = ARRAY[:'token'], attributes = jsonb_build_object(:'token', :'token') WHERE id IN (SELECT id FROM hidden);
-- Customer 14 agreed to everything: her own row is past its retention, what else there is of her is not.
DELETE FROM hidden WHERE id = 14;
UPDATE addresses SET line1 = :'token', city = :'token' WHERE customer_id IN (SELECT id FROM hidden);
UPDATE newsletter_sends SET address = :'token' WHERE customer_id IN (SELECT id FROM hidden);
ANALYZE;
