\set key random_zipfian(1, :records, 1.1)
UPDATE records SET shared_with = 'nobody' WHERE key = :key;
