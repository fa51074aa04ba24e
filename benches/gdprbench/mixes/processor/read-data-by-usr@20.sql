\set usr random_zipfian(1, :people, 1.1)
SELECT key, data FROM records WHERE usr = :usr AND decision = false;
