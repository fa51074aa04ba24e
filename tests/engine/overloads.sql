-- Operators and functions besides PostgreSQL's own, in schemas of their own, so that a case may have them on its path, or not.
CREATE SCHEMA ext;
CREATE EXTENSION citext SCHEMA ext;
CREATE EXTENSION hstore SCHEMA ext;
CREATE EXTENSION ltree SCHEMA ext;
CREATE EXTENSION cube SCHEMA ext;
-- As PostGIS has it: texts become one where none is asked for.
CREATE TYPE ext.geo AS (wkt text);
CREATE FUNCTION ext.geo(text) RETURNS ext.geo LANGUAGE sql AS 'SELECT ROW($1)::ext.geo';
CREATE FUNCTION ext.same(ext.geo, ext.geo) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR ext.= (LEFTARG = ext.geo, RIGHTARG = ext.geo, FUNCTION = ext.same);
CREATE OPERATOR ext.<= (LEFTARG = ext.geo, RIGHTARG = ext.geo, FUNCTION = ext.same);
CREATE OPERATOR ext.>= (LEFTARG = ext.geo, RIGHTARG = ext.geo, FUNCTION = ext.same);
CREATE OPERATOR ext.< (LEFTARG = ext.geo, RIGHTARG = ext.geo, FUNCTION = ext.same);
CREATE OPERATOR ext.> (LEFTARG = ext.geo, RIGHTARG = ext.geo, FUNCTION = ext.same);
CREATE OPERATOR ext.~~ (LEFTARG = ext.geo, RIGHTARG = ext.geo, FUNCTION = ext.same);
CREATE DOMAIN ext.login AS ext.citext;
CREATE DOMAIN public.iso_text AS text;
CREATE TABLE public.handles (id int, customer_id bigint, handle ext.citext, login ext.login, tags ext.hstore, code varchar(9),
  name text, short public.iso_text, colour public.colour, data jsonb, n int, small smallint, amount numeric, made date);
-- Operators and functions of somebody's own that take the place of PostgreSQL's, and tell what they are given.
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.tell(text, text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''%'', $1; END';
CREATE FUNCTION hostile.tell(varchar, varchar) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''%'', $1; END';
CREATE FUNCTION hostile.tell(smallint, integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''%'', $1; END';
CREATE OPERATOR hostile.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = hostile.tell);
CREATE OPERATOR hostile.<> (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = hostile.tell);
CREATE OPERATOR hostile.>= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = hostile.tell);
CREATE OPERATOR hostile.> (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = hostile.tell);
CREATE OPERATOR hostile.~~ (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = hostile.tell);
CREATE OPERATOR hostile.= (LEFTARG = smallint, RIGHTARG = integer, FUNCTION = hostile.tell);
CREATE FUNCTION hostile.lower(varchar) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''%'', $1; END';
CREATE FUNCTION hostile.abs(smallint) RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE ''%'', $1; END';
-- As pgcrypto has it.
CREATE FUNCTION ext.gen_random_uuid() RETURNS uuid LANGUAGE sql AS 'SELECT pg_catalog.gen_random_uuid()';
CREATE FUNCTION ext.left(text, int DEFAULT 1) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE SCHEMA greedy;
CREATE FUNCTION greedy.tell(anyelement, anyelement) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''%'', $1; END';
CREATE OPERATOR greedy.= (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = greedy.tell);
CREATE SCHEMA same;
CREATE OPERATOR same.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.tell);
CREATE SCHEMA checked;
CREATE FUNCTION checked.tell(public.iso_text, public.iso_text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''%'', $1; END';
CREATE OPERATOR checked.= (LEFTARG = public.iso_text, RIGHTARG = public.iso_text, FUNCTION = checked.tell);
-- What looks into stored tables, for somebody else: operators and functions of PostgreSQL's names for other types than theirs, and
-- types of its functions' names.
CREATE SCHEMA spy;
CREATE FUNCTION spy.look(int, money) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR spy.= (LEFTARG = int, RIGHTARG = money, FUNCTION = spy.look);
CREATE OPERATOR spy.<= (LEFTARG = int, RIGHTARG = money, FUNCTION = spy.look);
CREATE FUNCTION spy.look(varchar, ext.citext) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR spy.~~ (LEFTARG = varchar, RIGHTARG = ext.citext, FUNCTION = spy.look);
CREATE VIEW public.of_with AS WITH t AS (SELECT id FROM public.products) SELECT id FROM t;
CREATE VIEW public.of_with_people AS WITH t AS (SELECT id FROM public.customers) SELECT id FROM t;
-- What runs PostgreSQL's own functions by other names.
CREATE OPERATOR spy.@#@ (RIGHTARG = int, FUNCTION = pg_catalog.abs);
CREATE OPERATOR spy.%#% (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.texteq);
CREATE OPERATOR spy.@## (RIGHTARG = text, FUNCTION = pg_catalog.pg_read_file);
CREATE FUNCTION spy.put(int[], int) RETURNS int[] LANGUAGE sql AS 'SELECT $1 || $2';
CREATE OPERATOR spy.+ (LEFTARG = int[], RIGHTARG = int, FUNCTION = spy.put);
CREATE FUNCTION spy.put(ext.hstore, ext.hstore) RETURNS ext.hstore LANGUAGE sql AS 'SELECT $1';
CREATE OPERATOR spy.|| (LEFTARG = ext.hstore, RIGHTARG = ext.hstore, FUNCTION = spy.put);
CREATE SCHEMA lists;
CREATE DOMAIN lists.numbers AS int[];
CREATE TABLE public.numbered (d lists.numbers);
CREATE FUNCTION lists.same(int[], int[]) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR lists.= (LEFTARG = int[], RIGHTARG = int[], FUNCTION = lists.same);
CREATE FUNCTION lists.same(oid[], oid[]) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR lists.= (LEFTARG = oid[], RIGHTARG = oid[], FUNCTION = lists.same);
CREATE FUNCTION spy.lower(int) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
CREATE FUNCTION spy.lower(int8) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
CREATE FUNCTION spy.age(ext.citext) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
CREATE FUNCTION spy.age(date, text) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
CREATE FUNCTION spy.date(ext.citext) RETURNS date LANGUAGE sql AS 'SELECT NULL::date';
CREATE FUNCTION spy.told(jsonb) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
CREATE FUNCTION spy.is_long(text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION spy.is_few(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE DOMAIN spy.few AS int CHECK (spy.is_few(VALUE));
CREATE DOMAIN spy.upper AS text CHECK (VALUE <> 'x');
CREATE DOMAIN spy.max AS text CHECK (VALUE <> 'x');
CREATE DOMAIN spy.length AS text CHECK (spy.is_long(VALUE));
CREATE TABLE spy."interval" (a json);
CREATE TABLE public.stays (id int, customer_id bigint, name text, planned spy."interval", taken spy."interval", spent interval, docs json[]);
CREATE FUNCTION spy.unnest(int[], int[]) RETURNS SETOF record LANGUAGE sql AS 'SELECT 1, 2';
-- What a view's author called macaddr8 was PostgreSQL's own.
CREATE DOMAIN spy.macaddr8 AS text CHECK (length(VALUE) < 3);
CREATE VIEW public.of_type AS SELECT id, '08:00:2b:01:02:03:04:05'::macaddr8 AS m FROM public.customers;
-- Of a literal beside a value PostgreSQL makes one of its type where there is such an operator, whoever made that.
CREATE FUNCTION spy.diff(jsonb, jsonb) RETURNS text LANGUAGE sql AS 'SELECT full_name FROM public.customers LIMIT 1';
CREATE OPERATOR spy.- (LEFTARG = jsonb, RIGHTARG = jsonb, FUNCTION = spy.diff);
CREATE FUNCTION spy.padded(bpchar, bpchar) RETURNS boolean LANGUAGE sql AS 'SELECT count(*) > 0 FROM public.customers';
CREATE OPERATOR spy.~~ (LEFTARG = bpchar, RIGHTARG = bpchar, FUNCTION = spy.padded);
CREATE DOMAIN spy.padded_text AS bpchar;
-- Names that PostgreSQL 16 and 17 have words for.
CREATE FUNCTION public.json_object(text, text, text) RETURNS json LANGUAGE sql AS 'SELECT to_json(min(email)) FROM public.customers';
CREATE SCHEMA ownjson;
-- A table's rows have a type of its name.
CREATE TABLE ownjson.json (a text);
CREATE FUNCTION ownjson.lower(text) RETURNS text LANGUAGE sql AS 'SELECT min(email) FROM public.customers';
CREATE DOMAIN ownjson.initcap AS text CHECK (length(VALUE) > 0);
