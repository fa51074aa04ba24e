-- marketing/marketing: same
BEGIN; SAVEPOINT a; ROLLBACK TO a; RELEASE a; COMMIT
;;
-- marketing/marketing: same
SET application_name = 'x'; SHOW search_path; RESET application_name
;;
-- marketing/marketing: purpose-unknown
SET consentry.purpose = 'nothing'
;;
-- marketing/marketing: purpose-not-allowed
SET consentry.purpose = 'payroll'
;;
-- crm_app/service: same
SET LOCAL consentry.purpose = 'marketing'
;;
-- crm_app/service: changed | has 'marketing'
SET consentry.purpose = 'marketing'; SELECT email FROM customers
;;
-- crm_app/service: changed | has 'marketing'
SELECT email FROM customers /*purpose='marketing'*/
;;
-- crm_app/service: purposes-contradict
SELECT email FROM customers /*purpose='marketing'*/ /*purpose='service'*/
;;
-- crm_app/service: purpose-not-allowed
SELECT 1 /*purpose='payroll'*/
;;
-- crm_app/service: depends-on-reset
SET consentry.purpose = 'marketing'; ROLLBACK; SELECT email FROM customers
;;
-- crm_app/service: setting-value
SET client_encoding = 'LATIN1'
;;
-- crm_app/service: same
SET NAMES 'UTF8'
;;
-- crm_app/service: setting-pinned
SET SESSION AUTHORIZATION postgres
;;
-- crm_app/service: setting-pinned
SET ROLE postgres
;;
-- crm_app/service: setting-value
SET standard_conforming_strings = off
;;
-- crm_app/service: setting-pinned
SET TRANSACTION SNAPSHOT '00000003-0000001B-1'
;;
-- crm_app/service: same
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ
;;
-- crm_app/marketing: changed
PREPARE p (bigint) AS SELECT email FROM customers WHERE id = $1
;;
-- crm_app/marketing: changed
DECLARE c CURSOR FOR SELECT email FROM customers
;;
-- crm_app/marketing: not-understood
DECLARE c CURSOR WITH HOLD FOR SELECT email FROM customers
;;
-- crm_app/marketing: right-missing
EXPLAIN SELECT email FROM customers
;;
-- bi/analytics: changed | has EXPLAIN (COSTS off) SELECT
EXPLAIN SELECT email FROM customers
;;
-- bi/analytics: changed | has (COSTS off, FORMAT json)
EXPLAIN (FORMAT json) SELECT email FROM customers
;;
-- bi/analytics: not-understood
EXPLAIN ANALYZE SELECT email FROM customers
;;
-- bi/analytics: same
EXPLAIN ANALYZE SELECT name FROM products
;;
-- dba/-: reason-required
SELECT * FROM customers
;;
-- crm_app/service: same | error 25001
DISCARD ALL
;;
-- crm_app/service: same
LISTEN news; NOTIFY news; UNLISTEN *
;;
-- marketing/marketing: changed | has SHOW consentry."user" | error 42704
SHOW consentry.user
;;
-- marketing/marketing: changed | has show Consentry . "user" ; -- x | error 42704
show Consentry . USER ; -- x
;;
-- marketing/marketing: same | error 42704
SHOW consentry.role
;;
-- marketing/marketing: setting-pinned
RESET consentry.user
;;
-- marketing/marketing: syntax-error
SHOW consentry.user; SELECT 1
;;
-- marketing/marketing: syntax-error
SHOW consentry.user.x
;;
-- marketing/marketing: same | error 42P01
SELECT consentry.user
;;
-- marketing/marketing: syntax-error
SHOW user
;;
-- marketing/marketing: same | error 42704
SELECT current_setting('consentry.user')
;;
-- marketing/marketing: same
SET quote_all_identifiers = true
;;
-- A prepared transaction bears a mark of its user; who only reads prepares none.
-- builder/service: changed | has PREPARE TRANSACTION 'JReN9LAuw:x' | error 55000
PREPARE TRANSACTION 'x'
;;
-- builder/service: changed | has COMMIT PREPARED E'JReN9LAuw:a | error 25001
COMMIT PREPARED U&'\0061\\'
;;
-- marketing/marketing: right-missing
ROLLBACK PREPARED 'x'
;;
-- crm_app/service: changed | has pg_catalog.substr("consentry_t".gid, 11) AS "gid" | has WHERE pg_catalog.starts_with("consentry_t".gid, '
SELECT gid FROM pg_prepared_xacts WHERE database = current_database()
;;
-- crm_app/service: same
SELECT count(*) FROM pg_prepared_xacts
;;
-- dba/-: purpose-not-allowed
SET consentry.purpose = 'service'
;;
-- dba/-: purpose-not-allowed
SELECT 1 /*purpose='service'*/
;;
-- dba/-: purpose-not-allowed
SELECT set_config('consentry.purpose', 'service', false)
;;
