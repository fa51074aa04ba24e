\set key random_zipfian(1, :records, 1.1)
SELECT count(*) FROM records WHERE key = :key;
