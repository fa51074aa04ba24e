\set key random_zipfian(1, :records, 1.1)
SELECT key, data FROM records WHERE key = :key;
