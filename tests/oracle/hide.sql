-- Makes a twin: every cell that the visible tables (schema "oracle") do not show gets another value; hidden rows of tables that
-- nothing refers to go, on the second side, in part. (A text of three characters is let be: `***` may say no more than that it is short.) What rows are chosen by (pg_temp.fixed(), keys, foreign keys) stays.
CREATE FUNCTION pg_temp.value(type regtype, side int, modifier int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE base oid := type; kind "char";
BEGIN
    SELECT coalesce(nullif(typbasetype, 0), oid), greatest(modifier, typtypmod) INTO base, modifier FROM pg_type WHERE oid = type;
    SELECT typtype INTO kind FROM pg_type WHERE oid = base;
    IF kind = 'e' THEN
        RETURN format('(enum_range(NULL::%s))[1 + %s]', type, side - 1);
    END IF;
    RETURN CASE base::regtype::text
        WHEN 'text' THEN 'pg_temp.token(k)'
        WHEN 'character varying' THEN format('left(pg_temp.token(k), %s)', CASE WHEN modifier > 4 THEN modifier - 4 ELSE 40 END)
        WHEN 'character' THEN 'left(pg_temp.token(k), 2)'
        WHEN 'integer' THEN format('%s', 1000 * side) WHEN 'bigint' THEN format('%s', 1000 * side) WHEN 'smallint' THEN format('%s', 1000 * side)
        WHEN 'numeric' THEN format('%s', 1000 * side) WHEN 'real' THEN format('%s', 1000 * side) WHEN 'double precision' THEN format('%s', 1000 * side)
        WHEN 'date' THEN format('date ''1800-01-01'' + %s', side) WHEN 'timestamp without time zone' THEN format('timestamp ''1800-01-0%s''', side)
        WHEN 'timestamp with time zone' THEN format('timestamptz ''1800-01-0%s''', side)
        WHEN 'boolean' THEN (side = 1)::text
        WHEN 'text[]' THEN 'ARRAY[pg_temp.token(k)]' WHEN 'integer[]' THEN format('ARRAY[%s]', 1000 * side)
        WHEN 'jsonb' THEN 'jsonb_build_object(pg_temp.token(k), pg_temp.token(k))'
        WHEN 'bytea' THEN 'convert_to(pg_temp.token(k), ''UTF8'')'
        WHEN 'inet' THEN format('inet ''203.0.113.%s''', side) WHEN 'uuid' THEN 'md5(pg_temp.token(k))::uuid'
    END;
END $$;

DO $$
DECLARE t record; col record; hidden text; masked text; assignments text; value text; key text;
BEGIN
    FOR t IN
        SELECT (CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END) || c.oid::regclass AS rel, c.oid, format('%s.%s', n.nspname, c.relname) AS shown, to_regclass(format('oracle.%I', n.nspname || '.' || c.relname)) AS visible,
               (SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
                WHERE i.indrelid = c.oid AND i.indisprimary) AS keys,
               EXISTS (SELECT FROM pg_constraint f WHERE f.contype = 'f' AND f.confrelid = c.oid) AS referred
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|information_schema|oracle)'
    LOOP
        IF t.visible IS NULL AND has_table_privilege('consentry', t.oid, 'SELECT') THEN CONTINUE; END IF;   -- open
        IF t.visible IS NULL AND t.shown ~* 'consent' THEN CONTINUE; END IF;                           -- what was said decides
        key := CASE WHEN t.keys IS NOT NULL THEN (SELECT string_agg(format('%I', k), ', ') FROM unnest(t.keys) k) ELSE 'id' END;
        hidden := CASE WHEN t.visible IS NULL THEN 'true' ELSE format('(%s) NOT IN (SELECT %s FROM %s)', key, key, t.visible) END;
        IF NOT t.referred AND pg_temp.side() = 2 THEN
            EXECUTE format('DELETE FROM %s WHERE %s AND md5(ROW(%s)::text) < ''4''', t.rel, hidden, key);
        END IF;
        FOR col IN SELECT a.attname, a.atttypid, a.attnotnull, a.atttypmod FROM pg_attribute a
                 WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                   AND a.attname <> ALL (pg_temp.fixed()) AND a.attname <> ALL (coalesce(t.keys, '{}')) LOOP
            value := pg_temp.value(col.atttypid, pg_temp.side(), col.atttypmod);
            IF value IS NULL THEN RAISE 'no value for type %', col.atttypid::regtype; END IF;
            value := format('(SELECT %s FROM (SELECT ROW(%s)::text || %L AS k) x)', value, key, t.shown || col.attname);
            masked := CASE WHEN t.visible IS NULL THEN 'false' ELSE
                format('%I IS NOT NULL AND length(%I::text) > 3 AND (%s) IN (SELECT %s FROM %s o WHERE o.%I IS NULL OR o.%I::text = ''***'')', col.attname, col.attname, key, key, t.visible, col.attname, col.attname) END;
            IF EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisunique AND col.atttypid = 'integer'::regtype
                       AND (SELECT attnum FROM pg_attribute WHERE attrelid = t.oid AND attname = col.attname) = ANY (i.indkey)) THEN CONTINUE; END IF;
            EXECUTE format('UPDATE %s SET %I = %s WHERE (%s) OR (%s)', t.rel, col.attname,
                           CASE WHEN col.attnotnull OR pg_temp.side() = 1 THEN value ELSE format('CASE WHEN %s AND md5(%L || ROW(%s)::text) < ''5'' THEN NULL ELSE %s END', hidden, col.attname, key, value) END,
                           hidden, masked);
        END LOOP;
    END LOOP;
END $$;
DROP SCHEMA oracle CASCADE;
VACUUM ANALYZE;
