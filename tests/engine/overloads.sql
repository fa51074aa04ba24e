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
CREATE SCHEMA greedy;
CREATE FUNCTION greedy.tell(anyelement, anyelement) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''%'', $1; END';
CREATE OPERATOR greedy.= (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = greedy.tell);
CREATE SCHEMA same;
CREATE OPERATOR same.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.tell);
CREATE SCHEMA checked;
CREATE FUNCTION checked.tell(public.iso_text, public.iso_text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''%'', $1; END';
CREATE OPERATOR checked.= (LEFTARG = public.iso_text, RIGHTARG = public.iso_text, FUNCTION = checked.tell);
