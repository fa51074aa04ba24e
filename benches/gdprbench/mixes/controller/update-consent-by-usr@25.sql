\set usr random(0, :people)
UPDATE consents SET status = 'granted', at = now() WHERE usr = :usr AND purpose = 'analysis';
