-- One row: what the database and the upstream role are. The default `search_path` is what a new session of this role
-- gets: ALTER ROLE … IN DATABASE, ALTER ROLE, ALTER DATABASE, else the server's own (PostgreSQL manual, ALTER ROLE).
SELECT current_database()::text AS database,
       int4in(textout(current_setting('server_version_num'))) AS server_version,
       coalesce(
           (SELECT substr(setting, length('search_path=') + 1)
            FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) AS setting
            WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
              AND s.setrole IN (0, session_user::regrole) AND setting LIKE 'search\_path=%'
            ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1),
           (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'search_path')) AS search_path,
       -- What "$user" in `search_path` means: not who logged in, where that role has SET role to another (namespace.c).
       current_user::text AS "user",
       -- By pg_notify's number, or by NOTIFY.
       EXISTS (SELECT FROM pg_catalog.pg_rewrite WHERE ev_action::text ~ ':funcid 3036 |\{NOTIFY')
           OR EXISTS (SELECT FROM pg_catalog.pg_attrdef WHERE adbin::text ~ ':funcid 3036 ')
           OR EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conbin::text ~ ':funcid 3036 ')
           OR EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgqual::text ~ ':funcid 3036 ')
           OR EXISTS (SELECT FROM pg_catalog.pg_policy WHERE concat(polqual, polwithcheck) ~ ':funcid 3036 ')
           AS notifies
