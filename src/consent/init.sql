-- The consent tables of the subject kind "{kind}", made by `consentry consent init`. Needs PostgreSQL 15 or newer.
--
-- {kind}_ledger   every choice ever made, append-only: the proof (GDPR Art. 7(1)); fields of ISO/IEC TS 27560
-- {kind}_consent  what holds now, one row per (subject, purpose, channel): what the proxy reads
--
-- Write to either: what comes into one appears in the other. They are tied by record_id, so nothing goes round.

CREATE SCHEMA IF NOT EXISTS consentry;

CREATE TABLE consentry.{kind}_ledger (
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
CREATE INDEX {kind}_ledger_history ON consentry.{kind}_ledger (subject_key, purpose, channel, event_time DESC);

CREATE TABLE consentry.{kind}_consent (
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
-- For questions about everybody: most people said no, or nothing.
CREATE INDEX {kind}_consent_granted ON consentry.{kind}_consent (purpose, subject_key) WHERE status = 'granted';

CREATE OR REPLACE FUNCTION consentry.keep_proof() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on %.% refused: choices are only ever added', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'Record a new choice instead.';
END $$;
CREATE TRIGGER {kind}_ledger_append_only BEFORE UPDATE OR DELETE ON consentry.{kind}_ledger
    FOR EACH ROW EXECUTE FUNCTION consentry.keep_proof();
CREATE TRIGGER {kind}_ledger_no_truncate BEFORE TRUNCATE ON consentry.{kind}_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION consentry.keep_proof();
CREATE TRIGGER {kind}_consent_no_delete BEFORE DELETE ON consentry.{kind}_consent
    FOR EACH ROW EXECUTE FUNCTION consentry.keep_proof();
CREATE TRIGGER {kind}_consent_no_truncate BEFORE TRUNCATE ON consentry.{kind}_consent
    FOR EACH STATEMENT EXECUTE FUNCTION consentry.keep_proof();

-- Ledger to state: of several choices the newest counts, of equally new ones the no, and of two of these the objection.
CREATE FUNCTION consentry.{kind}_ledger_to_consent() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM fresh) THEN  -- these fire for statements without rows too, and would go round for ever
        RETURN NULL;
    END IF;
    INSERT INTO consentry.{kind}_consent AS c
           (subject_key, purpose, channel, status, granted_at, withdrawn_at, valid_until, event_time, event_type,
            notice, source, recipient, record_id)
    SELECT DISTINCT ON (subject_key, purpose, channel)
           subject_key, purpose, channel, status,
           CASE WHEN status = 'granted' THEN event_time END, CASE WHEN status <> 'granted' THEN event_time END,
           valid_until, event_time, event_type, notice, source, recipient, record_id
      FROM fresh
     ORDER BY subject_key, purpose, channel, event_time DESC, status = 'granted', status = 'withdrawn', record_id
    ON CONFLICT (subject_key, purpose, channel) DO UPDATE
       SET status = excluded.status, granted_at = coalesce(excluded.granted_at, c.granted_at),
           withdrawn_at = excluded.withdrawn_at, valid_until = excluded.valid_until, event_time = excluded.event_time,
           event_type = excluded.event_type, notice = excluded.notice, source = excluded.source,
           recipient = excluded.recipient, record_id = excluded.record_id
     WHERE c.record_id <> excluded.record_id
       AND (excluded.event_time > c.event_time OR excluded.event_time = c.event_time
            AND (excluded.status = 'granted', excluded.status = 'withdrawn') < (c.status = 'granted', c.status = 'withdrawn'));
    RETURN NULL;
END $$;
CREATE TRIGGER {kind}_ledger_to_consent AFTER INSERT ON consentry.{kind}_ledger
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION consentry.{kind}_ledger_to_consent();

-- A row that is written here directly is a choice of its own: it gets a new record_id and its time.
CREATE FUNCTION consentry.{kind}_consent_stamp() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.subject_key, NEW.purpose, NEW.channel) IS DISTINCT FROM (OLD.subject_key, OLD.purpose, OLD.channel) THEN
            RAISE EXCEPTION 'subject, purpose and channel of a choice cannot be changed'
                USING ERRCODE = 'insufficient_privilege', HINT = 'Record a new choice instead.';
        END IF;
        IF NEW.record_id <> OLD.record_id THEN
            RETURN NEW;
        END IF;
        NEW.event_time := CASE
            WHEN NEW.status = 'granted' AND NEW.granted_at IS DISTINCT FROM OLD.granted_at THEN NEW.granted_at
            WHEN NEW.status <> 'granted' AND NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at THEN NEW.withdrawn_at
        END;
    ELSIF NEW.record_id IS NOT NULL THEN
        RETURN NEW;
    ELSE
        NEW.event_time := CASE WHEN NEW.status = 'granted' THEN NEW.granted_at ELSE NEW.withdrawn_at END;
    END IF;
    NEW.record_id := gen_random_uuid();
    NEW.event_time := coalesce(NEW.event_time, clock_timestamp());
    NEW.event_type := coalesce(NEW.event_type, 'explicit');
    IF NEW.status = 'granted' THEN
        NEW.granted_at := NEW.event_time;
        NEW.withdrawn_at := NULL;
    ELSE
        NEW.withdrawn_at := NEW.event_time;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {kind}_consent_stamp BEFORE INSERT OR UPDATE ON consentry.{kind}_consent
    FOR EACH ROW EXECUTE FUNCTION consentry.{kind}_consent_stamp();

-- State to ledger: every row whose record is not there yet. A record_id that stands for another choice is a duplicate key.
CREATE FUNCTION consentry.{kind}_consent_to_ledger() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM fresh) THEN  -- these fire for statements without rows too, and would go round for ever
        RETURN NULL;
    END IF;
    INSERT INTO consentry.{kind}_ledger
           (record_id, subject_key, purpose, channel, status, event_time, valid_until, event_type, notice, source, recipient)
    SELECT record_id, subject_key, purpose, channel, status, event_time, valid_until, event_type, notice, source, recipient
      FROM fresh AS f
     WHERE NOT EXISTS (SELECT FROM consentry.{kind}_ledger AS l
                        WHERE l.record_id = f.record_id AND l.subject_key = f.subject_key AND l.purpose = f.purpose
                          AND l.channel IS NOT DISTINCT FROM f.channel AND l.status = f.status
                          AND l.event_time = f.event_time);
    RETURN NULL;
END $$;
CREATE TRIGGER {kind}_consent_to_ledger_insert AFTER INSERT ON consentry.{kind}_consent
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION consentry.{kind}_consent_to_ledger();
CREATE TRIGGER {kind}_consent_to_ledger_update AFTER UPDATE ON consentry.{kind}_consent
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION consentry.{kind}_consent_to_ledger();

-- Only triggers call these.
REVOKE ALL ON FUNCTION consentry.{kind}_ledger_to_consent(), consentry.{kind}_consent_to_ledger() FROM PUBLIC;
