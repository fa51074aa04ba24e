\set key random_zipfian(1, :records, 1.1)
UPDATE records SET data = 'changed' WHERE key = :key;
