SELECT nspname::text AS name, has_schema_privilege(oid, 'USAGE') AS usable
FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(toast|temp)' ORDER BY nspname
