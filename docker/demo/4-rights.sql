-- The demo's CRM, part 4: the role that Consentry logs in with. No superuser, owner of nothing; its password is set by whoever starts it.

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'consentry') THEN CREATE ROLE consentry LOGIN; END IF;
END $$;
GRANT USAGE ON SCHEMA public, reporting TO consentry;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO consentry;
GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO consentry;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO consentry;
