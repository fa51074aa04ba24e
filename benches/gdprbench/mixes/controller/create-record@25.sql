\set key 200000000 + random(0, 1000000000)
\set usr random(0, :people)
INSERT INTO records (key, usr, data, source, shared_with) VALUES (:key, :usr, 'datum', 'src1', 'shr1') ON CONFLICT DO NOTHING;
