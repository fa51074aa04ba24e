\set usr random_zipfian(1, :people, 1.1)
SELECT key, source, shared_with, born FROM records WHERE usr = :usr;
