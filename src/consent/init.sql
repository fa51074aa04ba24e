-- The consent tables of the subject kind "{kind}", made by `consentry consent init`. Needs PostgreSQL 15 or newer.
--
-- {kind}_ledger   every choice ever made, append-only: the proof (GDPR Art. 7(1)); fields of ISO/IEC TS 27560
-- {kind}_consent  what holds now, one row per (subject, purpose, channel): what the proxy reads
-- {kind}_turn     one row per (subject, purpose): who writes of the same at the same time waits for it
--
-- Write to either: what comes into one appears in the other. They are tied by record_id, so nothing goes round. What holds
-- is worked out of all that the ledger has of a person and purpose: it is no matter in which order that came there.
--
-- To run this again brings functions, triggers and indexes up to date, and touches no row of the first two.

CREATE SCHEMA IF NOT EXISTS consentry;

CREATE TABLE IF NOT EXISTS consentry.{kind}_ledger (
    record_id    uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    subject_kind text        NOT NULL DEFAULT '{kind}' CHECK (subject_kind = '{kind}'),
    subject_key  {key_type} NOT NULL,
    purpose      text        NOT NULL CHECK (purpose <> ''),
    channel      text        CHECK (channel IN ('email', 'sms', 'phone', 'post')),  -- null: all channels
    status       text        NOT NULL CHECK (status IN ('granted', 'withdrawn', 'objected')),
    event_time   timestamptz NOT NULL DEFAULT clock_timestamp() CHECK (isfinite(event_time)),
    valid_until  timestamptz,
    event_type   text        NOT NULL DEFAULT 'explicit',
    notice       text,                                                              -- version of the privacy notice shown
    source       text,                                                              -- where the choice was made
    recipient    text                                                               -- outside organisation it is about
);
CREATE INDEX IF NOT EXISTS {kind}_ledger_history ON consentry.{kind}_ledger (subject_key, purpose, channel, event_time DESC);

CREATE TABLE IF NOT EXISTS consentry.{kind}_consent (
    subject_key  {key_type} NOT NULL,
    purpose      text        NOT NULL CHECK (purpose <> ''),
    channel      text        CHECK (channel IN ('email', 'sms', 'phone', 'post')),
    status       text        NOT NULL CHECK (status IN ('granted', 'withdrawn', 'objected')),
    granted_at   timestamptz CHECK (isfinite(granted_at)),
    withdrawn_at timestamptz CHECK (isfinite(withdrawn_at)),
    valid_until  timestamptz,
    event_time   timestamptz NOT NULL,
    event_type   text        NOT NULL DEFAULT 'explicit',
    notice       text,
    source       text,
    recipient    text,
    record_id    uuid        NOT NULL,
    CONSTRAINT {kind}_consent_key UNIQUE NULLS NOT DISTINCT (subject_key, purpose, channel)
);
-- As the constraint of that name, should it be gone.
CREATE UNIQUE INDEX IF NOT EXISTS {kind}_consent_key
    ON consentry.{kind}_consent (subject_key, purpose, channel) NULLS NOT DISTINCT;
-- For questions about everybody: most people said no, or nothing.
CREATE INDEX IF NOT EXISTS {kind}_consent_granted ON consentry.{kind}_consent (purpose, subject_key) WHERE status = 'granted';

CREATE TABLE IF NOT EXISTS consentry.{kind}_turn (
    subject_key  {key_type} NOT NULL,
    purpose      text        NOT NULL,
    times        bigint      NOT NULL DEFAULT 1  -- changed each time: who reads an older snapshot fails (40001), and is not wrong
);
CREATE UNIQUE INDEX IF NOT EXISTS {kind}_turn_key ON consentry.{kind}_turn (subject_key, purpose);

CREATE OR REPLACE FUNCTION consentry.keep_proof() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on %.% refused: choices are only ever added', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'Record a new choice instead.';
END $$;
CREATE OR REPLACE TRIGGER {kind}_ledger_append_only BEFORE UPDATE OR DELETE ON consentry.{kind}_ledger
    FOR EACH ROW EXECUTE FUNCTION consentry.keep_proof();
CREATE OR REPLACE TRIGGER {kind}_ledger_no_truncate BEFORE TRUNCATE ON consentry.{kind}_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION consentry.keep_proof();
CREATE OR REPLACE TRIGGER {kind}_consent_no_delete BEFORE DELETE ON consentry.{kind}_consent
    FOR EACH ROW EXECUTE FUNCTION consentry.keep_proof();
CREATE OR REPLACE TRIGGER {kind}_consent_no_truncate BEFORE TRUNCATE ON consentry.{kind}_consent
    FOR EACH STATEMENT EXECUTE FUNCTION consentry.keep_proof();

-- What people did not say themselves, and follows from what they said (see {kind}_ledger_to_consent), is in the ledger as
-- 'carried over', under an id that is worked out of it: so it is known from what they said, and there only once.
CREATE OR REPLACE FUNCTION consentry.carried_id(subject_key text, purpose text, channel text, status text, at timestamptz)
    RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT pg_catalog.encode(pg_catalog.substring(pg_catalog.sha256(pg_catalog.convert_to(
        pg_catalog.concat_ws('|', subject_key, purpose, coalesce(channel, ''), status, EXTRACT(epoch FROM at)),
        'UTF8')), 1, 16), 'hex')::pg_catalog.uuid
$$;

-- The same with what was agreed to, which may be told late.
CREATE OR REPLACE FUNCTION consentry.carried_as(id uuid, valid_until timestamptz, notice text, source text, recipient text)
    RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT pg_catalog.encode(pg_catalog.substring(pg_catalog.sha256(pg_catalog.convert_to(
        pg_catalog.jsonb_build_array(id, EXTRACT(epoch FROM valid_until)::pg_catalog.text, notice, source, recipient)
            ::pg_catalog.text,
        'UTF8')), 1, 16), 'hex')::pg_catalog.uuid
$$;
-- Whether a record that says 'carried over' is. Earlier versions worked its id out of less.
CREATE OR REPLACE FUNCTION consentry.is_carried(record_id uuid, id uuid, valid_until timestamptz, notice text, source text,
                                                recipient text)
    RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT record_id OPERATOR(pg_catalog.=) id
           OR record_id OPERATOR(pg_catalog.=) consentry.carried_as(id, valid_until, notice, source, recipient)
$$;

-- Ledger to state, of every person and purpose of whom something new came in. Of a channel, or of all of them at once:
--
-- - Of several choices the newest counts, of equally new ones the no. A no for all channels that is no objection ends what
--   was said for one.
-- - An objection goes on through later withdrawals until the person says yes: they say no twice.
-- - A channel that is withdrawn from a consent for all channels splits that: it ends, and is carried over to the other
--   channels of which nothing was said since, at the time of that withdrawal.
--
-- Where the ledger's newest record would say otherwise, be it one that was carried over before this came, what holds is added
-- as a newer one: the ledger may be read instead.
CREATE OR REPLACE FUNCTION consentry.{kind}_ledger_to_consent() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- These fire for statements without rows too, and for those below: they would go round for ever.
    IF NOT EXISTS (SELECT FROM fresh AS f WHERE f.event_type <> 'carried over' OR NOT consentry.is_carried(f.record_id,
                   consentry.carried_id(f.subject_key::text, f.purpose, f.channel, f.status, f.event_time),
                   f.valid_until, f.notice, f.source, f.recipient)) THEN
        RETURN NULL;
    END IF;
    -- Who writes of the same at the same time waits here, and for this, so that what follows sees it.
    INSERT INTO consentry.{kind}_turn AS t (subject_key, purpose)
    SELECT DISTINCT subject_key, purpose FROM fresh ORDER BY subject_key, purpose
    ON CONFLICT (subject_key, purpose) DO UPDATE SET times = t.times + 1;
    -- By window functions and not by joins: of what comes out of them PostgreSQL knows no sizes, and would join row by row.
    WITH said AS (
        SELECT l.*, l.event_type = 'carried over' AND consentry.is_carried(l.record_id,
               consentry.carried_id(l.subject_key::text, l.purpose, l.channel, l.status, l.event_time),
               l.valid_until, l.notice, l.source, l.recipient) AS carried
          FROM consentry.{kind}_ledger AS l JOIN (SELECT DISTINCT subject_key, purpose FROM fresh) AS f
            ON l.subject_key {equals} f.subject_key AND l.purpose = f.purpose
    ), seen AS (
        SELECT s.*, row_number() OVER latest AS nth, first_value(s.status) OVER latest AS last_status,
               first_value(s.event_time) OVER latest AS last_at, first_value(s.valid_until) OVER latest AS last_until,
               first_value(s.notice) OVER latest AS last_notice, bool_or(NOT s.carried) OVER of_channel AS spoken,
               max(s.event_time) FILTER (WHERE s.channel IS NULL AND s.status = 'withdrawn' AND NOT s.carried) OVER everything
               AS ended_at,
               first_value(s.source) OVER (everything ORDER BY (s.channel IS NULL AND s.status = 'withdrawn' AND NOT s.carried)
                                                               DESC, s.event_time DESC, s.source) AS ended_by
          FROM said AS s
        WINDOW everything AS (PARTITION BY s.subject_key, s.purpose),
               of_channel AS (PARTITION BY s.subject_key, s.purpose, s.channel),
               latest AS (PARTITION BY s.subject_key, s.purpose, s.channel
                          ORDER BY s.event_time DESC, s.status = 'granted', s.status = 'withdrawn', s.valid_until)
    ), about AS (  -- what was said of each channel: for it, no longer for any, or nothing though some was carried over to it
        SELECT subject_key, purpose, channel, status, event_time, valid_until, event_type, notice, source, recipient,
               record_id AS id, true AS spoken, last_at, last_status, last_until, last_notice
          FROM seen WHERE NOT carried
         UNION ALL
        SELECT subject_key, purpose, channel, 'withdrawn', CASE WHEN spoken THEN ended_at ELSE last_at END, NULL, NULL, NULL,
               CASE WHEN spoken THEN ended_by END, NULL, NULL, spoken, last_at, last_status, last_until, last_notice
          FROM seen WHERE nth = 1 AND channel IS NOT NULL AND (NOT spoken OR ended_at IS NOT NULL)
    ), timed AS (
        SELECT a.*, max(a.event_time) FILTER (WHERE a.status = 'granted') OVER of_channel AS granted_at,
               max(a.event_time) FILTER (WHERE a.status = 'granted' AND a.channel IS NULL) OVER everything AS general_at,
               max(a.event_time) FILTER (WHERE a.status <> 'granted' AND a.channel IS NULL) OVER everything AS refused_at
          FROM about AS a
        WINDOW everything AS (PARTITION BY a.subject_key, a.purpose),
               of_channel AS (PARTITION BY a.subject_key, a.purpose, a.channel)
    ), out AS (  -- what takes a channel out of a consent for all channels
        SELECT t.*, (t.channel IS NOT NULL AND t.status = 'withdrawn' AND t.id IS NOT NULL AND t.event_time >= t.general_at
                     AND t.general_at > coalesce(t.refused_at, '-infinity')) IS TRUE AS splits
          FROM timed AS t
    ), parted AS (
        SELECT o.*, min(o.event_time) FILTER (WHERE o.splits) OVER everything AS split_at,
               first_value(o.source) OVER (everything ORDER BY o.splits DESC, o.event_time, o.source) AS split_by
          FROM out AS o
        WINDOW everything AS (PARTITION BY o.subject_key, o.purpose)
    ), own AS (
        SELECT DISTINCT ON (p.subject_key, p.purpose, p.channel) p.*,
               p.split_at IS NULL
               OR p.channel IS NOT NULL AND p.spoken AND (p.status = 'objected' OR p.event_time >= p.general_at) AS stays
          FROM parted AS p
         WHERE CASE WHEN p.status = 'granted' THEN p.event_time = p.granted_at
                    ELSE p.granted_at IS NULL OR p.event_time >= p.granted_at END
         ORDER BY p.subject_key, p.purpose, p.channel, p.status = 'granted', p.status = 'withdrawn', p.event_time DESC,
                  p.valid_until, p.id
    ), whole AS (
        SELECT o.*, array_agg(o.channel) FILTER (WHERE o.stays) OVER everything AS kept,
               jsonb_object_agg(o.channel, jsonb_build_array(o.last_at, o.last_status, o.last_until, o.last_notice))
               FILTER (WHERE o.channel IS NOT NULL) OVER everything AS lasts
          FROM own AS o
        WINDOW everything AS (PARTITION BY o.subject_key, o.purpose)
    ), settled AS (
        SELECT subject_key, purpose, channel, status, event_time, valid_until, event_type, notice, source, recipient, id,
               granted_at, last_at, last_status, last_until, last_notice
          FROM whole WHERE stays
         UNION ALL
        SELECT subject_key, purpose, NULL, 'withdrawn', split_at, NULL, NULL, NULL, split_by, NULL, NULL, event_time, last_at,
               last_status, last_until, last_notice
          FROM whole WHERE channel IS NULL AND split_at IS NOT NULL
         UNION ALL
        SELECT w.subject_key, w.purpose, c.channel, 'granted', w.split_at, w.valid_until, NULL, w.notice, w.split_by,
               w.recipient, NULL, w.split_at, (w.lasts -> c.channel ->> 0)::timestamptz, w.lasts -> c.channel ->> 1,
               (w.lasts -> c.channel ->> 2)::timestamptz, w.lasts -> c.channel ->> 3
          FROM whole AS w CROSS JOIN unnest(ARRAY['email', 'sms', 'phone', 'post']) AS c (channel)
         WHERE w.channel IS NULL AND w.split_at IS NOT NULL AND (c.channel = ANY (w.kept)) IS NOT TRUE
    ), holds AS MATERIALIZED (
        SELECT s.*, s.id IS NULL AS carried, coalesce(s.event_type, 'carried over') AS event_kind,
               coalesce(s.id, consentry.carried_as(
                   consentry.carried_id(s.subject_key::text, s.purpose, s.channel, s.status, s.event_time),
                   s.valid_until, s.notice, s.source, s.recipient)) AS record_id
          FROM settled AS s
    ), added AS (
        INSERT INTO consentry.{kind}_ledger
               (record_id, subject_key, purpose, channel, status, event_time, valid_until, event_type, notice, source, recipient)
        SELECT record_id, subject_key, purpose, channel, status, event_time, valid_until, event_kind, notice, source, recipient
          FROM holds WHERE carried
         UNION ALL
        SELECT consentry.carried_as(consentry.carried_id(subject_key::text, purpose, channel, status, said_at), valid_until,
                                    notice, source, recipient),
               subject_key, purpose, channel, status, said_at, valid_until, 'carried over', notice, source, recipient
          FROM holds CROSS JOIN LATERAL (SELECT last_at + interval '1 microsecond') AS l (said_at)
         WHERE last_at >= event_time
           AND (status <> last_status
                OR status = 'granted' AND (valid_until, notice) IS DISTINCT FROM (last_until, last_notice))
        ON CONFLICT (record_id) DO NOTHING
    )
    INSERT INTO consentry.{kind}_consent AS c
           (subject_key, purpose, channel, status, granted_at, withdrawn_at, valid_until, event_time, event_type,
            notice, source, recipient, record_id)
    SELECT subject_key, purpose, channel, status, CASE WHEN status = 'granted' THEN granted_at END,
           CASE WHEN status <> 'granted' THEN event_time END,
           valid_until, event_time, event_kind, notice, source, recipient, record_id
      FROM holds
    ON CONFLICT (subject_key, purpose, channel) DO UPDATE
       SET status = excluded.status, granted_at = excluded.granted_at,
           withdrawn_at = excluded.withdrawn_at, valid_until = excluded.valid_until, event_time = excluded.event_time,
           event_type = excluded.event_type, notice = excluded.notice, source = excluded.source,
           recipient = excluded.recipient, record_id = excluded.record_id
     WHERE c.record_id <> excluded.record_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER {kind}_ledger_to_consent AFTER INSERT ON consentry.{kind}_ledger
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION consentry.{kind}_ledger_to_consent();

-- A row that is written here directly is a choice of its own: it gets a new record_id and its time. What stands in it as
-- it stood for the opposite was said of that: notice, source, recipient and end of a consent are not those of its withdrawal.
CREATE OR REPLACE FUNCTION consentry.{kind}_consent_stamp() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.subject_key, NEW.purpose, NEW.channel) IS DISTINCT FROM (OLD.subject_key, OLD.purpose, OLD.channel) THEN
            RAISE EXCEPTION 'subject, purpose and channel of a choice cannot be changed'
                USING ERRCODE = 'insufficient_privilege', HINT = 'Record a new choice instead.';
        END IF;
        IF NEW.record_id <> OLD.record_id THEN
            IF pg_trigger_depth() > 1 THEN  -- worked out of the ledger
                RETURN NEW;
            ELSIF EXISTS (SELECT FROM consentry.{kind}_ledger AS l WHERE l.record_id = NEW.record_id) THEN
                RAISE EXCEPTION 'the record of an earlier choice cannot be given to another one'
                    USING ERRCODE = 'insufficient_privilege', HINT = 'Record a new choice instead.';
            END IF;
        END IF;
        IF NEW.status <> OLD.status THEN
            NEW.valid_until := CASE WHEN NEW.valid_until IS DISTINCT FROM OLD.valid_until THEN NEW.valid_until END;
            NEW.event_type := CASE WHEN NEW.event_type IS DISTINCT FROM OLD.event_type THEN NEW.event_type END;
            NEW.notice := CASE WHEN NEW.notice IS DISTINCT FROM OLD.notice THEN NEW.notice END;
            NEW.source := CASE WHEN NEW.source IS DISTINCT FROM OLD.source THEN NEW.source END;
            NEW.recipient := CASE WHEN NEW.recipient IS DISTINCT FROM OLD.recipient THEN NEW.recipient END;
        END IF;
        NEW.event_time := CASE
            WHEN NEW.status = 'granted' AND NEW.granted_at IS DISTINCT FROM OLD.granted_at THEN NEW.granted_at
            WHEN NEW.status <> 'granted' AND NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at THEN NEW.withdrawn_at
        END;
    ELSIF NEW.record_id IS NOT NULL THEN
        RETURN NEW;
    ELSE
        -- Ahead of the row, as those who write to the ledger: in another order these two would wait for each other.
        INSERT INTO consentry.{kind}_turn AS t (subject_key, purpose)
        SELECT NEW.subject_key, NEW.purpose WHERE NEW.subject_key IS NOT NULL AND NEW.purpose IS NOT NULL
        ON CONFLICT (subject_key, purpose) DO UPDATE SET times = t.times + 1;
        NEW.event_time := CASE WHEN NEW.status = 'granted' THEN NEW.granted_at ELSE NEW.withdrawn_at END;
    END IF;
    NEW.record_id := gen_random_uuid();
    NEW.event_time := coalesce(NEW.event_time, clock_timestamp());
    NEW.event_type := coalesce(NEW.event_type, 'explicit');
    NEW.source := coalesce(NEW.source, 'SQL');
    IF NEW.status = 'granted' THEN
        NEW.granted_at := NEW.event_time;
        NEW.withdrawn_at := NULL;
    ELSE
        -- So that an old yes that is written once more has its own time, and is no yes of now.
        NEW.granted_at := NULL;
        NEW.withdrawn_at := NEW.event_time;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER {kind}_consent_stamp BEFORE INSERT OR UPDATE ON consentry.{kind}_consent
    FOR EACH ROW EXECUTE FUNCTION consentry.{kind}_consent_stamp();

-- State to ledger: every row whose record is not there yet. A record_id that stands for another choice is a duplicate key.
CREATE OR REPLACE FUNCTION consentry.{kind}_consent_to_ledger() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM fresh) THEN  -- these fire for statements without rows too, and would go round for ever
        RETURN NULL;
    END IF;
    -- A no that takes the place of a yes whose time is later, ahead even, stands beside that too: it would come to count again.
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO consentry.{kind}_ledger
               (subject_key, purpose, channel, status, event_time, event_type, notice, source, recipient)
        SELECT f.subject_key, f.purpose, f.channel, f.status, s.event_time, f.event_type, f.notice, f.source, f.recipient
          FROM fresh AS f JOIN stale AS s ON s.subject_key {equals} f.subject_key AND s.purpose = f.purpose
           AND coalesce(s.channel, '') = coalesce(f.channel, '')
         WHERE f.status <> 'granted' AND s.status = 'granted' AND s.event_time > f.event_time
           AND NOT EXISTS (SELECT FROM consentry.{kind}_ledger AS l WHERE l.record_id = f.record_id);
    END IF;
    INSERT INTO consentry.{kind}_ledger
           (record_id, subject_key, purpose, channel, status, event_time, valid_until, event_type, notice, source, recipient)
    SELECT record_id, subject_key, purpose, channel, status, event_time, valid_until, event_type, notice, source, recipient
      FROM fresh AS f
     WHERE NOT EXISTS (SELECT FROM consentry.{kind}_ledger AS l
                        WHERE l.record_id = f.record_id AND l.subject_key {equals} f.subject_key AND l.purpose = f.purpose
                          AND l.channel IS NOT DISTINCT FROM f.channel AND l.status = f.status
                          AND l.event_time = f.event_time);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER {kind}_consent_to_ledger_insert AFTER INSERT ON consentry.{kind}_consent
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION consentry.{kind}_consent_to_ledger();
CREATE OR REPLACE TRIGGER {kind}_consent_to_ledger_update AFTER UPDATE ON consentry.{kind}_consent
    REFERENCING OLD TABLE AS stale NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION consentry.{kind}_consent_to_ledger();

-- The functions are of whoever made them first, and so is what only they write.
DO $$ BEGIN
    EXECUTE format('ALTER TABLE consentry.{kind}_turn OWNER TO %I', (SELECT pg_get_userbyid(proowner) FROM pg_proc
                    WHERE oid = 'consentry.{kind}_ledger_to_consent()'::regprocedure));
END $$;
-- Only triggers call these.
REVOKE ALL ON FUNCTION consentry.{kind}_ledger_to_consent(), consentry.{kind}_consent_to_ledger(),
                       consentry.{kind}_consent_stamp() FROM PUBLIC;
