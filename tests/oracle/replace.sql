-- The last step of every visible database: each table "oracle"."schema.table" takes the place of schema.table's contents.
-- The stored tables keep names, column types, primary keys and indexes; what would reject a masked or missing row goes.
DO $$
DECLARE t record; part record; target text;
BEGIN
    FOR part IN SELECT conrelid::regclass AS rel, conname FROM pg_constraint
             WHERE contype IN ('f', 'c') AND conrelid <> 0 AND conparentid = 0 AND coninhcount = 0 AND connamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', part.rel, part.conname);
    END LOOP;
    FOR t IN SELECT c.relname, split_part(c.relname, '.', 1) AS schema, substr(c.relname, strpos(c.relname, '.') + 1) AS name
             FROM pg_class c WHERE relnamespace = 'oracle'::regnamespace AND relkind = 'r' AND relname LIKE '%.%' LOOP
        target := format('%I.%I', t.schema, t.name);
        FOR part IN SELECT attname, attgenerated, attidentity FROM pg_attribute
                 WHERE attrelid = target::regclass AND attnum > 0 AND NOT attisdropped AND attislocal LOOP
            IF part.attgenerated = 's' THEN EXECUTE format('ALTER TABLE %s ALTER %I DROP EXPRESSION', target, part.attname); END IF;
            IF part.attidentity <> '' THEN EXECUTE format('ALTER TABLE %s ALTER %I DROP IDENTITY', target, part.attname); END IF;
            IF NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = target::regclass AND i.indisprimary
                           AND part.attname IN (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = i.indexrelid)) THEN
                EXECUTE format('ALTER TABLE %s ALTER %I DROP NOT NULL', target, part.attname);
            END IF;
        END LOOP;
        IF EXISTS (SELECT FROM pg_class WHERE oid = target::regclass AND relkind = 'p') THEN
            EXECUTE format('TRUNCATE %s', target);
        ELSE
            EXECUTE format('TRUNCATE ONLY %s', target);
        END IF;
        EXECUTE format('INSERT INTO %s SELECT * FROM oracle.%I', target, t.relname);
    END LOOP;
    -- Views read with the reader's rights, so that a closed table is closed through them too.
    FOR t IN SELECT c.oid::regclass AS view FROM pg_class c WHERE relkind = 'v' AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') LOOP
        EXECUTE format('ALTER VIEW %s SET (security_invoker = true)', t.view);
    END LOOP;
END $$;
