-- What people have said, word by word after the contract's section 3 ("Valid consent", "Objection"), for both subject kinds.
-- Written as a person would check a list by hand; shares nothing with the engine.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA oracle;

-- A ledger: of each (subject, purpose, channel) only the newest record counts; of two equally new ones the refusal.
CREATE TABLE oracle.counting AS
SELECT l."Who" AS who, l.why::text AS purpose, l.channel, l.decision, l.given, l.taken_back, l.until AT TIME ZONE 'UTC' AS until, l.notice, l.recorded
FROM care."Consent Log" l
WHERE l."Who" IS NOT NULL
  AND NOT EXISTS (SELECT FROM care."Consent Log" newer
                  WHERE newer."Who" = l."Who" AND newer.why = l.why AND newer.channel IS NOT DISTINCT FROM l.channel
                    AND (newer.recorded > l.recorded
                         OR newer.recorded = l.recorded AND l.decision IN ('yes', 'Yes') AND newer.decision NOT IN ('yes', 'Yes')));

CREATE TABLE oracle.objection AS SELECT DISTINCT who, purpose, channel FROM oracle.counting WHERE decision = 'objection';

CREATE TABLE oracle.valid AS
SELECT who, purpose, channel, notice FROM oracle.counting r
WHERE decision IN ('yes', 'Yes')
  AND NOT coalesce(taken_back IS NOT NULL AND (given IS NULL OR given <= taken_back), false)
  AND (until IS NULL OR until > now())
  AND (given IS NULL OR given <= now()) AND recorded <= now()
  AND NOT EXISTS (SELECT FROM oracle.objection o WHERE o.who = r.who AND o.purpose = r.purpose
                                                   AND (o.channel IS NULL OR o.channel = r.channel));

-- A state table with a boolean: no channels, no times.
CREATE TABLE oracle.staff_valid AS SELECT staff_id AS who, purpose::text AS purpose, notice FROM care.staff_choice WHERE ok;

-- Who is restricted: a null condition counts as restricted.
CREATE TABLE oracle.restricted AS
SELECT "Id" AS who FROM care."Patient" WHERE state IS NULL OR state IN ('blocked', 'erased');

-- To whom the rows of chained tables belong.
CREATE TABLE oracle.lab_of AS SELECT l.id, v.patient AS who FROM care.lab l LEFT JOIN care.visit v ON v.id = l.visit_id;
CREATE TABLE oracle.comment_of AS SELECT c.id, o.who FROM care.lab_comment c LEFT JOIN oracle.lab_of o ON o.id = c.lab_id;

-- Masks, by hand.
CREATE FUNCTION oracle.email(v text) RETURNS text LANGUAGE sql AS
    $$ SELECT CASE WHEN v IS NULL THEN NULL WHEN position('@' in v) = 0 THEN '***' ELSE substr(v, 1, 1) || '***@' || split_part(v, '@', 2) END $$;
CREATE FUNCTION oracle.last(v text, n int) RETURNS text LANGUAGE sql AS
    $$ SELECT CASE WHEN v IS NULL THEN NULL WHEN length(v) <= n THEN '***' ELSE '***' || right(v, n) END $$;
CREATE FUNCTION oracle.first(v text, n int) RETURNS text LANGUAGE sql AS
    $$ SELECT CASE WHEN v IS NULL THEN NULL WHEN length(v) <= n THEN '***' ELSE left(v, n) || '***' END $$;
CREATE FUNCTION oracle.net(v inet, n int) RETURNS inet LANGUAGE sql AS $$ SELECT network(set_masklen(v, n))::inet $$;
CREATE FUNCTION oracle.stars(v text) RETURNS text LANGUAGE sql AS $$ SELECT CASE WHEN v IS NOT NULL THEN '***' END $$;

-- Tables that the policy does not list are refused.
REVOKE ALL ON care."Consent Log" FROM consentry;
