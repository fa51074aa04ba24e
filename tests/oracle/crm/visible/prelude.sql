-- What customers have said, word by word after the contract's section 3; the consent table is a state, not a ledger.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA oracle;

CREATE TABLE oracle.objection AS SELECT DISTINCT subject_id AS who, purpose, channel FROM consents WHERE status = 'objected';

CREATE TABLE oracle.valid AS
SELECT subject_id AS who, purpose, channel, notice_version AS notice FROM consents r
WHERE status = 'granted'
  AND NOT (withdrawn_at IS NOT NULL AND (granted_at IS NULL OR granted_at <= withdrawn_at))
  AND (expires_at IS NULL OR expires_at > now())
  AND (granted_at IS NULL OR granted_at <= now())
  AND NOT EXISTS (SELECT FROM oracle.objection o WHERE o.who = r.subject_id AND o.purpose = r.purpose AND (o.channel IS NULL OR o.channel = r.channel));

CREATE TABLE oracle.restricted AS SELECT id AS who FROM customers WHERE status IN ('blocked', 'erased');

CREATE FUNCTION oracle.email(v text) RETURNS text LANGUAGE sql AS
    $$ SELECT CASE WHEN v IS NULL THEN NULL WHEN position('@' in v) = 0 THEN '***' ELSE substr(v, 1, 1) || '***@' || split_part(v, '@', 2) END $$;
CREATE FUNCTION oracle.last(v text, n int) RETURNS text LANGUAGE sql AS
    $$ SELECT CASE WHEN v IS NULL THEN NULL WHEN length(v) <= n THEN '***' ELSE '***' || right(v, n) END $$;
CREATE FUNCTION oracle.net(v inet, n int) RETURNS inet LANGUAGE sql AS $$ SELECT network(set_masklen(v, n))::inet $$;
CREATE FUNCTION oracle.stars(v text) RETURNS text LANGUAGE sql AS $$ SELECT CASE WHEN v IS NOT NULL THEN '***' END $$;
