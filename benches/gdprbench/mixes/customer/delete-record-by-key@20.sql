\set key random(1, :records)
DELETE FROM records WHERE key = :key;
