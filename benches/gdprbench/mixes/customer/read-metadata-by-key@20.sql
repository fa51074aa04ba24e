\set key random_zipfian(1, :records, 1.1)
SELECT source, shared_with, decision, born FROM records WHERE key = :key;
