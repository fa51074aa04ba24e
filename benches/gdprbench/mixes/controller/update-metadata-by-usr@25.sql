\set usr random(0, :people)
UPDATE records SET shared_with = 'shr2' WHERE usr = :usr;
