--@ public, care
--! the decoy
SELECT diagnosis FROM visit
--! the protected one, qualified
SELECT diagnosis FROM care.visit
--! not in public: found in care
SELECT phone FROM "Patient"
