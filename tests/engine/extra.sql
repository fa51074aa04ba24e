-- What the demo's CRM does not have and the cases need.
CREATE VIEW public.contact_list AS SELECT id, full_name, email FROM public.customers WHERE country = 'ES';
CREATE VIEW public.contact_names AS SELECT c.full_name AS name, count(o.id) AS orders
  FROM public.contact_list c LEFT JOIN public.orders o ON o.customer_id = c.id GROUP BY c.id, c.full_name;
CREATE VIEW public.cheap AS SELECT * FROM public.products WHERE price < 10;
CREATE FUNCTION public.initcap(public.customers) RETURNS text LANGUAGE sql AS 'SELECT $1.email';
CREATE FUNCTION public.peek(integer) RETURNS text LANGUAGE sql AS 'SELECT email FROM public.customers WHERE id = $1';
CREATE VIEW public.peeked AS SELECT public.peek(1) AS email;
CREATE MATERIALIZED VIEW public.frozen AS SELECT email FROM public.customers;
CREATE VIEW public.told_of_rows AS SELECT relname, reltuples FROM pg_class;
CREATE VIEW public.told_of_sizes AS SELECT pg_relation_size('public.customers') AS bytes;
CREATE VIEW public.told_of_told AS SELECT bytes FROM public.told_of_sizes;
CREATE MATERIALIZED VIEW public.rows_filled AS SELECT * FROM public.told_of_rows;
CREATE MATERIALIZED VIEW public.sizes_filled AS SELECT * FROM public.told_of_told;
CREATE MATERIALIZED VIEW public.cheap_ones AS SELECT * FROM public.cheap;
CREATE MATERIALIZED VIEW public.contacts_filled AS SELECT * FROM public.contact_list;
CREATE MATERIALIZED VIEW public.emails_filled AS SELECT email FROM public.customers;
-- A cast and a domain's check are calls by other names.
CREATE TYPE public.wrapped AS (t text);
CREATE FUNCTION public.wrap(integer) RETURNS public.wrapped LANGUAGE sql AS 'SELECT ROW(email)::public.wrapped FROM public.customers WHERE id = $1';
CREATE CAST (integer AS public.wrapped) WITH FUNCTION public.wrap(integer);
CREATE FUNCTION public.is_known(text) RETURNS boolean LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.customers WHERE email = $1)';
CREATE DOMAIN public.known_email AS text CHECK (public.is_known(VALUE));
CREATE TYPE public.contact AS (email public.known_email);
CREATE FUNCTION public.first_email() RETURNS text LANGUAGE sql AS 'SELECT min(email) FROM public.customers';
CREATE PROCEDURE public.version(OUT x text) LANGUAGE sql AS 'SELECT min(email) FROM public.customers';
CREATE FUNCTION public.knows(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT public.is_known($1 || $2)';
CREATE OPERATOR public.=== (FUNCTION = public.knows, LEFTARG = text, RIGHTARG = text);
CREATE DOMAIN public.operated_email AS text CHECK (VALUE === '');
CREATE DOMAIN public.named_email AS text CHECK ((VALUE::public.operated_email) IS NOT NULL);
CREATE DOMAIN public.default_email AS text DEFAULT 'x'::public.operated_email;
CREATE DOMAIN public.known_number AS int CHECK (public.is_known(VALUE::text));
CREATE TYPE public.known_range AS RANGE (subtype = public.known_number);
CREATE FUNCTION public.text_compare(text, text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN $1 < $2 THEN -1 ELSE ($1 <> $2)::int END';
CREATE OPERATOR CLASS public.text_own FOR TYPE text USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
  FUNCTION 1 public.text_compare(text, text);
CREATE TYPE public.text_range AS RANGE (subtype = text, subtype_opclass = public.text_own);
-- What PostgreSQL's own functions read by SQL text or by name, a check or default reads with them.
CREATE DOMAIN public.told_email AS text CHECK (query_to_xml('SELECT FROM public.customers WHERE email = ' || quote_literal(VALUE), true, false, '')::text <> '');
CREATE TYPE public.told_contact AS (email public.told_email);
CREATE DOMAIN public.retold_email AS public.told_email;
CREATE DOMAIN public.read_file AS text CHECK (length(pg_read_file(VALUE)) > 0);
CREATE OPERATOR public.@#@ (FUNCTION = pg_catalog.pg_read_file, RIGHTARG = text);
CREATE DOMAIN public.operated_file AS text CHECK ((OPERATOR(public.@#@) VALUE) <> '');
CREATE DOMAIN public.moved_path AS text CHECK (set_config('search_path', VALUE, false) <> '');
CREATE DOMAIN public.told_name AS text CHECK (pg_notify('names', VALUE) IS NOT NULL);
CREATE DOMAIN public.filled_xml AS xml DEFAULT query_to_xml('SELECT email FROM public.customers', true, false, '');
-- These compute.
CREATE DOMAIN public.plain_email AS varchar(99) CHECK (lower(VALUE) LIKE '%@%' AND length(btrim(VALUE)) < 90 AND VALUE::varchar(3) <> '' AND current_setting('TimeZone') <> '');
CREATE DOMAIN public.grown_up AS date CHECK (age(VALUE) > '18 years' AND now() > VALUE);
CREATE DOMAIN public.filled_email AS text DEFAULT public.first_email();
CREATE DOMAIN public.refilled_email AS public.filled_email;
-- Not in the policy.
CREATE TABLE public.unlisted (id int, email text);
-- Views that a write may go through, and views that must not be taken for others.
CREATE VIEW public.checked_contacts AS SELECT id, full_name, email, country FROM public.customers WHERE country <> 'XX' AND full_name <> '' WITH CHECK OPTION;
CREATE VIEW public.checked_buyers AS SELECT id, full_name, country FROM public.checked_contacts WHERE id IN (SELECT customer_id FROM public.orders) WITH LOCAL CHECK OPTION;
CREATE VIEW public.contact_outer AS SELECT id, full_name FROM public.contact_list;
CREATE VIEW public.activity AS SELECT pid, query FROM pg_stat_activity;
CREATE VIEW public.settings AS SELECT name, setting FROM pg_settings;
CREATE VIEW public.greetings AS SELECT id, format('Dear %s', full_name) AS words FROM public.customers;
CREATE VIEW public.labels AS SELECT id, format('A %s', name) AS words FROM public.products;
CREATE VIEW public.greeted AS SELECT id, full_name FROM public.customers WHERE format('Dear %s', full_name) <> 'x';
CREATE FUNCTION public.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT max(email) FROM public.customers';
CREATE TABLE public.told (email text);
CREATE TABLE public.ruled () INHERITS (public.newsletters);
CREATE RULE tell AS ON INSERT TO public.ruled DO ALSO INSERT INTO public.told SELECT email FROM public.customers;
-- Small beside its subjects' choices.
CREATE TYPE public.colour AS ENUM ('white', 'blue');
CREATE TYPE public.paper AS (colour public.colour);
CREATE TYPE public._stance AS ENUM ('for', 'against');
CREATE TYPE public.stance AS ENUM ('for', 'against');
CREATE TYPE public.tint AS ENUM ('pale', 'dark');
CREATE TYPE public.tints AS RANGE (subtype = public.tint);
CREATE TABLE public.letters (id int, customer_id bigint, street text, paper public.paper[], stance public._stance, tints public.tints_multirange);
INSERT INTO public.letters VALUES (1, 1, 'Main Street'), (2, 2, 'Side Street');
-- Text under several collations.
CREATE COLLATION public.caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE public.badges (id int, customer_id bigint, de text COLLATE "de-x-icu", es varchar(9) COLLATE "es-x-icu",
  fold text COLLATE public.caseless, plain text, handle name, made date, weight float8);
ANALYZE public.customers, public.consents, public.letters;
-- Names that several schemas know: open by their parent, and not what else bears them.
CREATE TABLE reporting.letters () INHERITS (public.newsletters);
CREATE TABLE public.tables () INHERITS (public.newsletters);
CREATE SEQUENCE public.numbers;
CREATE SEQUENCE reporting.numbers;
-- Sequences that are open.
CREATE SEQUENCE public.ticks START 1000000;
CREATE DOMAIN public.ticked AS int DEFAULT nextval('public.ticks');
CREATE SEQUENCE public.marks;
-- A key that rows of protected tables follow.
CREATE TABLE public.leagues (id int, name text UNIQUE, badge text GENERATED ALWAYS AS (left(name, 3)) STORED UNIQUE);
CREATE TABLE public.ranks (name text PRIMARY KEY REFERENCES public.leagues (name) ON UPDATE CASCADE ON DELETE SET NULL,
  badge text REFERENCES public.leagues (badge) ON UPDATE SET NULL);
-- PostgreSQL proves the condition of its second index.
CREATE TABLE public.cups (name text UNIQUE);
CREATE UNIQUE INDEX ON public.cups (name COLLATE public.caseless) WHERE (1 = 1);
-- A trigger that computes a key which rows follow, and one that does not.
CREATE TABLE public.clubs (name text UNIQUE, title text, updated_at timestamptz);
CREATE FUNCTION public.slug() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := lower(NEW.title); RETURN NEW; END';
CREATE TRIGGER slug BEFORE INSERT OR UPDATE ON public.clubs FOR EACH ROW EXECUTE FUNCTION public.slug();
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.badge := NEW.badge; RETURN NEW; END';
CREATE TABLE public.teams (name text UNIQUE, badge text);
CREATE TRIGGER touch BEFORE UPDATE ON public.teams FOR EACH ROW EXECUTE FUNCTION public.touch();
-- Of equal grades one may be written otherwise: 1.0 and 1.00.
CREATE TABLE public.grades (grade numeric PRIMARY KEY, label text);
CREATE TABLE public.ranked (customer_id bigint REFERENCES public.customers, rank text REFERENCES public.ranks ON UPDATE CASCADE,
  grade numeric REFERENCES public.grades ON UPDATE CASCADE, cup text REFERENCES public.cups (name) ON UPDATE CASCADE,
  club text REFERENCES public.clubs (name) ON UPDATE CASCADE, team text REFERENCES public.teams (name) ON UPDATE CASCADE);
-- Its rows lead to their subject by what another column says.
CREATE TABLE public.kept_notes (id int, ref bigint, customer_id bigint GENERATED ALWAYS AS (ref) STORED);
-- Read through what may fail: another server, policies of PostgreSQL's own.
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE public.far (id int, name text) SERVER nowhere;
CREATE TABLE public.split (id int, name text) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE public.split_far PARTITION OF public.split FOR VALUES FROM (0) TO (10) SERVER nowhere;
CREATE TABLE public.policed (id int, name text);
ALTER TABLE public.policed ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY shares ON public.policed USING (100 / id > 0);
CREATE VIEW public.policed_names AS SELECT name FROM public.policed;
-- Casts that PostgreSQL applies where none is written.
CREATE CAST (bpchar AS boolean) WITH INOUT AS IMPLICIT;
CREATE TYPE public.spot AS (city text);
CREATE FUNCTION public.spot_text(public.spot) RETURNS text LANGUAGE sql AS 'SELECT max(email) FROM public.customers';
CREATE CAST (public.spot AS text) WITH FUNCTION public.spot_text(public.spot) AS IMPLICIT;
CREATE FUNCTION public.spot_of(text) RETURNS public.spot LANGUAGE sql AS 'SELECT ROW($1)::public.spot';
CREATE CAST (text AS public.spot) WITH FUNCTION public.spot_of(text) AS ASSIGNMENT;
CREATE FUNCTION public.some_spot() RETURNS public.spot LANGUAGE sql AS 'SELECT NULL::public.spot';
CREATE TABLE public.sites (id int, code char(5), spot public.spot, spots public.spot[]);
-- Types with casts inside of ranges, of multiranges and of rows, with names that look like arrays', and that leave an array's no room.
CREATE TYPE public.mood AS ENUM ('low', 'high');
CREATE TYPE public._tone AS ENUM ('low', 'high');
CREATE TYPE public.tooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooog AS ENUM ('low', 'high');
CREATE TYPE public.echo AS ENUM ('low', 'high');
CREATE FUNCTION public.known_number_of(anyenum) RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM public.customers WHERE email = $1::text';
CREATE CAST (public.mood AS int) WITH FUNCTION public.known_number_of(anyenum) AS IMPLICIT;
CREATE CAST (public._tone AS int) WITH FUNCTION public.known_number_of(anyenum) AS IMPLICIT;
CREATE CAST (public.tooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooog AS int) WITH FUNCTION public.known_number_of(anyenum) AS IMPLICIT;
CREATE FUNCTION public.echoes(public.echo[]) RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM public.customers WHERE email = $1[1]::text';
CREATE CAST (public.echo[] AS int) WITH FUNCTION public.echoes(public.echo[]) AS IMPLICIT;
CREATE TYPE public.moods AS RANGE (subtype = public.mood);
CREATE TABLE public._moody (m public.mood, n int);
CREATE TABLE public.moody (id int, span public.moods, spans public.moods_multirange, many public.moods[], tone public._tone,
  tones public._tone[], long public.tooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooog, longs public.tooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooog[], held public._moody, helds public._moody[], echo public.echo);
CREATE FUNCTION public.tone_of(text) RETURNS public._tone LANGUAGE sql AS 'SELECT $1::public._tone';
CREATE CAST (text AS public._tone) WITH FUNCTION public.tone_of(text) AS ASSIGNMENT;
CREATE VIEW public.league_names AS SELECT id AS number, name AS called FROM public.leagues;
CREATE VIEW public.called AS SELECT * FROM public.league_names;
-- Keys whose actions decide about whom rows are, and whether they are there.
CREATE TABLE public.tokens (id bigint PRIMARY KEY, label text);
CREATE TABLE public.given_on (id int, customer_id bigint DEFAULT 1 REFERENCES public.tokens ON DELETE SET DEFAULT, txt text);
CREATE TABLE public.places (id bigint PRIMARY KEY, label text);
CREATE TABLE public.set_free (id int, customer_id bigint REFERENCES public.places ON DELETE SET NULL, txt text);
CREATE TABLE public.middles (id bigint PRIMARY KEY, customer_id bigint REFERENCES public.customers ON DELETE SET NULL);
CREATE TABLE public.ends (id int, middle_id bigint REFERENCES public.middles, txt text, seen boolean,
  low int CHECK (low < high), high int, CHECK (id > 0 AND low > 0), total int GENERATED ALWAYS AS (id + high) STORED);
CREATE UNIQUE INDEX ON public.ends (middle_id) WHERE seen;
CREATE TABLE public.dated_ends (id int, middle_id bigint REFERENCES public.middles, day date);
CREATE TABLE public.days (day date PRIMARY KEY);
CREATE TABLE public.dated (id int, customer_id bigint, day date DEFAULT '2999-01-01' REFERENCES public.days ON DELETE SET DEFAULT);
-- Rows that leave a partition are removed, for the key that refers to the partition.
CREATE TABLE public.parted (id int, kind text) PARTITION BY LIST (kind);
CREATE TABLE public.parted_a PARTITION OF public.parted FOR VALUES IN ('a');
CREATE TABLE public.parted_b PARTITION OF public.parted FOR VALUES IN ('b');
ALTER TABLE public.parted_a ADD PRIMARY KEY (id);
CREATE TABLE public.of_part (id int, customer_id bigint, part int REFERENCES public.parted_a ON DELETE SET NULL);
ALTER TABLE public.consents ADD form int REFERENCES public.parted_a ON DELETE CASCADE;
CREATE TABLE public.sheets (id int, kind text, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
CREATE TABLE public.sheets_a PARTITION OF public.sheets FOR VALUES IN ('a');
CREATE TABLE public.of_sheet (id int, kind text, FOREIGN KEY (id, kind) REFERENCES public.sheets ON DELETE CASCADE);
-- Masked as the purpose has it where the person does not object by e-mail, and more where they do.
CREATE TABLE public.kept_mails (id int, customer_id bigint, mail text, words text);
-- People of another kind, who are restricted while somebody blocks them.
CREATE TABLE public.houses (id int PRIMARY KEY);
CREATE TABLE public.wardens (id int PRIMARY KEY);
CREATE TABLE public.tenants (id int PRIMARY KEY, house int REFERENCES public.houses ON DELETE CASCADE, blocked_by int REFERENCES public.wardens ON DELETE SET NULL);
-- A schema that nothing is in.
CREATE SCHEMA empty;
GRANT USAGE ON SCHEMA empty TO consentry;
-- Values that a function checks which reads people.
CREATE TABLE public.with_known (id int, mail public.known_email, mails public.known_email[], plain text[], spans public.known_range, contact public.contact);
-- What a protected table rests on, and the policy does not name.
CREATE TABLE public.stamps (x int, y int);
CREATE TABLE public.kinds (id int PRIMARY KEY, label text);
CREATE SEQUENCE public.stamp_ids;
CREATE TABLE public.stamped (id int DEFAULT nextval('public.stamp_ids'), customer_id bigint, stamp public.stamps, kind int REFERENCES public.kinds);
CREATE INDEX stamped_customer ON public.stamped (customer_id);
-- What nothing rests on.
CREATE TABLE public.loose (id serial, label text, code varchar(20));
CREATE INDEX loose_label ON public.loose (label);
CREATE VIEW public.loose_labels AS SELECT label FROM public.loose;
CREATE TABLE public.told_of (id int);
CREATE FUNCTION public.all_told() RETURNS SETOF public.customers LANGUAGE sql AS 'SELECT * FROM public.customers';
CREATE FUNCTION public.count_told() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM public.told_of; END;
CREATE TABLE public.cut (id int) PARTITION BY LIST (id);
CREATE TABLE public.cut_rest PARTITION OF public.cut DEFAULT;
-- What is written passes, or fails, with what is not shown.
CREATE TABLE public.passes (id int, customer_id bigint, a int, s int GENERATED ALWAYS AS (a * 2) STORED, sec int, CHECK (s >= sec));
CREATE TABLE public.parcels (id int, customer_id bigint, kind text, size int, note text, sec int) PARTITION BY LIST (kind);
CREATE TABLE public.parcels_a PARTITION OF public.parcels FOR VALUES IN ('a');
CREATE TABLE public.parcels_b PARTITION OF public.parcels (CHECK (sec > 500)) FOR VALUES IN ('b') PARTITION BY RANGE (size, sec);
CREATE TABLE public.parcels_b_all PARTITION OF public.parcels_b DEFAULT;
CREATE TABLE public.depots (id int PRIMARY KEY);
CREATE TABLE public.halls (id int PRIMARY KEY);
CREATE TABLE public.crates (id int, customer_id bigint, kind text, size int, note text, label text, depot int REFERENCES public.depots ON DELETE SET NULL,
    hall int REFERENCES public.halls ON DELETE SET NULL) PARTITION BY LIST (kind);
CREATE TABLE public.crates_a PARTITION OF public.crates FOR VALUES IN ('a');
CREATE TABLE public.crates_b PARTITION OF public.crates (CHECK (size > 0), note NOT NULL, UNIQUE (id), depot NOT NULL) FOR VALUES IN ('b');
CREATE TABLE public.crates_c PARTITION OF public.crates FOR VALUES IN ('c') PARTITION BY RANGE (label);
CREATE TABLE public.crates_c_all PARTITION OF public.crates_c DEFAULT;
CREATE TABLE public.crate_tags (crate int REFERENCES public.crates_b (id));
CREATE TABLE public.bales (id int, customer_id bigint, kind text, note text) PARTITION BY LIST (kind);
CREATE TABLE public.bales_a PARTITION OF public.bales FOR VALUES IN ('a');
CREATE TABLE public.sacks (id int, customer_id bigint, kind text, size int, note text) PARTITION BY LIST (lower(kind));
CREATE TABLE public.sacks_a PARTITION OF public.sacks FOR VALUES IN ('a');
CREATE TABLE public.heaps (id int, customer_id bigint, kind text, size int, note text) PARTITION BY RANGE ((size + length(kind)));
CREATE TABLE public.heaps_low PARTITION OF public.heaps FOR VALUES FROM (0) TO (10);
-- What reads the whole row reads each of its columns.
CREATE TABLE public.lots (id int, customer_id bigint, size int, note text, label text, sec int);
ALTER TABLE public.lots ADD CONSTRAINT lots_row CHECK (NOT (size > 100 AND (to_jsonb(lots) ->> 'sec')::int > 50));
CREATE TABLE public.halves (id int, customer_id bigint, size int, note text, label text, sec int);
CREATE UNIQUE INDEX ON public.halves (size) WHERE (halves IS NOT NULL);
CREATE UNIQUE INDEX ON public.halves (note, (hash_record(halves)));
CREATE TABLE public.watched (id int, customer_id bigint, size int, note text, sec int);
ALTER TABLE public.watched ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON public.watched USING (true) WITH CHECK (size < sec);
CREATE FUNCTION public.some_known(int) RETURNS public.with_known LANGUAGE sql AS 'SELECT w FROM public.with_known w WHERE w.id = $1';
-- A row that is cast by a function of the database's own.
CREATE TABLE public.papers (id int UNIQUE, txt text);
CREATE FUNCTION public.paper_text(public.papers) RETURNS text LANGUAGE sql AS 'SELECT full_name FROM public.customers WHERE id = ($1).id';
CREATE CAST (public.papers AS text) WITH FUNCTION public.paper_text(public.papers) AS IMPLICIT;
CREATE VIEW public.kept_papers AS SELECT * FROM public.papers;
CREATE UNLOGGED TABLE public.paper_sink (v text);
-- A booking: what the exclusion constraint reads, and nothing else.
CREATE TABLE public.rents (id int, customer_id bigint, size int, opens int, closes int, note text, sec int,
    EXCLUDE USING gist (int4range(opens, closes) WITH &&));
-- What a trigger assigns passes a check, or does not, with what is not shown.
CREATE TABLE public.levels (id int, customer_id bigint, size int, level int, note text, sec int, CHECK (level < sec));
CREATE FUNCTION public.set_level() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.level := NEW.size; RETURN NEW; END';
CREATE TRIGGER set_level BEFORE UPDATE ON public.levels FOR EACH ROW EXECUTE FUNCTION public.set_level();
-- Parts that compute otherwise, and that are indexed one by one.
CREATE TABLE public.vats (id int, customer_id bigint, kind text, size int, mark int, note text, made int) PARTITION BY LIST (kind);
CREATE TABLE public.vats_a PARTITION OF public.vats FOR VALUES IN ('a');
CREATE TABLE public.vats_b (id int, customer_id bigint, kind text, size int, mark int, note text, made int GENERATED ALWAYS AS (10 / (size - 5)) STORED);
ALTER TABLE public.vats ATTACH PARTITION public.vats_b FOR VALUES IN ('b');
CREATE INDEX ON ONLY public.vats (mark) WHERE mark > 0;
ALTER TABLE public.vats_a ADD CHECK (mark < 100);
-- Keys from parts to parts are those of the whole.
CREATE TABLE public.racks (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE public.racks_low PARTITION OF public.racks FOR VALUES FROM (0) TO (10);
CREATE TABLE public.racks_high PARTITION OF public.racks FOR VALUES FROM (10) TO (20);
CREATE TABLE public.racked (id int, customer_id bigint, kind text, rack int REFERENCES public.racks, note text) PARTITION BY LIST (kind);
CREATE TABLE public.racked_a PARTITION OF public.racked FOR VALUES IN ('a');
-- Keys as Django makes them, and such that lose one column of two.
CREATE TABLE public.plots (id int, half int, PRIMARY KEY (id), UNIQUE (id, half));
CREATE TABLE public.beds (id int, customer_id bigint, plot int REFERENCES public.plots DEFERRABLE INITIALLY DEFERRED, sec int, CHECK (plot < sec));
CREATE TABLE public.fields (id int, half int, UNIQUE (id, half));
CREATE TABLE public.rows_of (id int, customer_id bigint, field int, half int, sec int, CHECK (half < sec),
    FOREIGN KEY (field, half) REFERENCES public.fields (id, half) ON DELETE SET NULL (field));
-- Read whatever is written: by a trigger that may read anything, and by a check of the day.
CREATE TABLE public.opaque (id int, customer_id bigint, size int, note text, sec int, CHECK (size < sec));
CREATE FUNCTION public.say_so() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE DEBUG USING MESSAGE = $q$it is$q$; RETURN NEW; END';
CREATE TRIGGER say_so BEFORE UPDATE ON public.opaque FOR EACH ROW EXECUTE FUNCTION public.say_so();
CREATE TABLE public.daily (id int, customer_id bigint, size int, note text, sec int, CHECK (sec > date_part('year', now())));
-- Indexes that demand nothing, and one that can fail.
CREATE TABLE public.docs_of (id int, customer_id bigint, status text, size int, note text, deleted_at timestamptz, sec int);
CREATE INDEX ON public.docs_of (status) WHERE deleted_at IS NULL;
CREATE INDEX ON public.docs_of (lower(note), id) WHERE sec > 5 AND status IN ('a', 'b');
CREATE INDEX ON public.docs_of (size) WHERE size / sec > 0;
CREATE FUNCTION public.put_size() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.mark := NEW.size; RETURN NEW; END';
CREATE TABLE public.tubs (id int, customer_id bigint, kind text, size int, mark int, note text, CHECK (mark < 100)) PARTITION BY LIST (kind);
CREATE TABLE public.tubs_a PARTITION OF public.tubs FOR VALUES IN ('a');
CREATE TRIGGER put_size BEFORE UPDATE ON public.tubs_a FOR EACH ROW EXECUTE FUNCTION public.put_size();
CREATE TABLE public.moving (id int, customer_id bigint, kind int, size int, mark int, note text, sec int, CHECK (mark < sec)) PARTITION BY RANGE (kind);
CREATE TABLE public.moving_low PARTITION OF public.moving FOR VALUES FROM (0) TO (100);
CREATE TRIGGER put_size BEFORE INSERT ON public.moving FOR EACH ROW EXECUTE FUNCTION public.put_size();
CREATE TABLE public.unproven (id int, customer_id bigint, note text, sec int);
ALTER TABLE public.unproven ADD CHECK (sec < 600) NOT VALID;
CREATE TABLE public.hazards (id int PRIMARY KEY);
CREATE TABLE public.hit (id int, customer_id bigint, hazard int REFERENCES public.hazards ON DELETE SET NULL, sec int, CHECK (hazard IS NOT NULL OR sec > 700));
-- People whose rows are there as their guardians are, or as nobody is.
CREATE TABLE public.wards (id int PRIMARY KEY, guardian bigint, held boolean);
CREATE TABLE public.ward_notes (id int, ward int, words text);
CREATE TABLE public.pets (id int PRIMARY KEY, name text, lost boolean);
CREATE TABLE public.pet_notes (id int, pet int REFERENCES public.pets ON DELETE CASCADE, words text);
CREATE TABLE public.guests (id int PRIMARY KEY);
CREATE TABLE public.guest_notes (guest int REFERENCES public.guests ON DELETE SET NULL, words text);
-- Choices that partial indexes alone find.
CREATE TABLE public.tenant_choices (tenant int, purpose text, channel text, status text);
CREATE UNIQUE INDEX ON public.tenant_choices (tenant, purpose) WHERE channel IS NULL;
CREATE UNIQUE INDEX ON public.tenant_choices (tenant, purpose, channel) WHERE channel IS NOT NULL;
CREATE SCHEMA aside;
CREATE TABLE aside.kinds (id int PRIMARY KEY);
CREATE FUNCTION aside.all_told(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE OPERATOR public.@## (RIGHTARG = int, FUNCTION = aside.all_told);
GRANT USAGE ON SCHEMA aside TO consentry;
CREATE TABLE public.stamped_aside (id int, customer_id bigint, kind int REFERENCES aside.kinds);
-- A part whose own key waits where the whole's does not.
CREATE TABLE public.shelves (id bigint PRIMARY KEY, customer_id bigint);
CREATE TABLE public.shelved (id int, shelf bigint REFERENCES public.shelves ON DELETE CASCADE, txt text);
CREATE TABLE public.shelved_old () INHERITS (public.shelved);
ALTER TABLE public.shelved_old ADD FOREIGN KEY (shelf) REFERENCES public.shelves;
-- Computed from what is shown and what is not.
CREATE TABLE public.priced (id int, customer_id bigint, n int, note text, price int, total int GENERATED ALWAYS AS (n * price) STORED CHECK (total < 1000));
-- Computed so that it may not be null, not be of its domain, or not be computable; and so that nothing but its size matters.
CREATE DOMAIN public.below_ten AS int CHECK (VALUE < 10);
CREATE TABLE public.gaps (id int, note text, customer_id bigint, n int, sec int, gap int GENERATED ALWAYS AS (CASE WHEN n > sec THEN n END) STORED NOT NULL);
CREATE TABLE public.spans (id int, note text, customer_id bigint, n int, sec int, span public.below_ten GENERATED ALWAYS AS (n + sec) STORED);
CREATE TABLE public.rates (id int, note text, customer_id bigint, n int, sec int, rate int GENERATED ALWAYS AS (10 / (n - sec)) STORED);
CREATE TABLE public.sums (id int, note text, customer_id bigint, n int, sec int, total numeric GENERATED ALWAYS AS (round(n::numeric * 1.21, 2) + sec) STORED);
CREATE TABLE public.either_of (id int, note text, customer_id bigint, n int, sec int, made boolean GENERATED ALWAYS AS (n <= sec OR n + 2147483000 > 0) STORED);
CREATE TABLE public.told_by (id int, note text, customer_id bigint, n int, sec int, made int GENERATED ALWAYS AS (length((n <= sec)::text) * 500000000) STORED);
CREATE TABLE public.codes (code text PRIMARY KEY);
CREATE TABLE public.code_choices (code text, purpose text, status text);
CREATE TABLE public.sent_short (id int, customer_key varchar(3), note text);
CREATE DOMAIN public.key_of AS varchar(3);
CREATE TABLE public.sent_by_key (id int, customer_key public.key_of, note text);
CREATE TABLE public.sizes_of (id int, note text, customer_id bigint, n int, sec int, made int GENERATED ALWAYS AS (CASE WHEN sec > 5 THEN n + 2147483000 END) STORED);
CREATE TABLE public.cast_of (id int, note text, customer_id bigint, n int, sec numeric, made int GENERATED ALWAYS AS (n + sec::int) STORED);
-- Compared as rows: by what the client's time zone decides.
CREATE TABLE public.zoned (id int, note text, customer_id bigint, n int, day date, sec timestamptz, CHECK ((day, 0) < (sec, 1)));
-- An index of one part, under one of the whole that not all parts have.
CREATE TABLE public.half_indexed (id int, customer_id bigint, kind text, size int, note text) PARTITION BY LIST (kind);
CREATE TABLE public.half_indexed_a PARTITION OF public.half_indexed FOR VALUES IN ('a');
CREATE TABLE public.half_indexed_b PARTITION OF public.half_indexed FOR VALUES IN ('b');
CREATE INDEX half_whole ON ONLY public.half_indexed ((10 / (size - 5)));
CREATE INDEX half_part ON public.half_indexed_a ((10 / (size - 5)));
ALTER INDEX public.half_whole ATTACH PARTITION public.half_part;
-- What goes with a row that is removed shows what it referred to.
CREATE TABLE public.vouchers (id int PRIMARY KEY);
CREATE TABLE public.passes_by (id int PRIMARY KEY);
CREATE TABLE public.passed_by (id int, customer_id bigint, pass int REFERENCES public.passes_by ON DELETE CASCADE);
CREATE TABLE public.fares (id int PRIMARY KEY);
CREATE TABLE public.fared (id int, customer_id bigint, note text, fare int REFERENCES public.fares ON DELETE CASCADE);
CREATE TABLE public.vouched (id int, customer_id bigint, note text, voucher int REFERENCES public.vouchers ON DELETE CASCADE);
-- A trigger of the whole that is off in a part.
CREATE TABLE public.quiet (id int, customer_id bigint, kind text, size int, note text) PARTITION BY LIST (kind);
CREATE TABLE public.quiet_a PARTITION OF public.quiet FOR VALUES IN ('a');
CREATE FUNCTION public.be_small() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.size > 5 THEN RAISE ''big''; END IF; RETURN NEW; END';
CREATE TRIGGER be_small BEFORE UPDATE ON public.quiet FOR EACH ROW EXECUTE FUNCTION public.be_small();
ALTER TABLE public.quiet_a DISABLE TRIGGER be_small;
-- A trigger that moves rows, and one where they come.
CREATE FUNCTION public.put_kind() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.kind := NEW.size; RETURN NEW; END';
CREATE TABLE public.moved_by (id int, note text, customer_id bigint, kind int, size int, mark int, sec int, CHECK (mark < sec)) PARTITION BY RANGE (kind);
CREATE TABLE public.moved_by_low PARTITION OF public.moved_by FOR VALUES FROM (0) TO (100);
CREATE TRIGGER put_kind BEFORE UPDATE ON public.moved_by FOR EACH ROW EXECUTE FUNCTION public.put_kind();
CREATE TRIGGER put_size BEFORE INSERT ON public.moved_by FOR EACH ROW EXECUTE FUNCTION public.put_size();
-- A check that reads two open columns, in rows that may not be there.
CREATE TABLE public.risks (id int PRIMARY KEY);
CREATE TABLE public.at_risk (id int, customer_id bigint, risk int REFERENCES public.risks ON DELETE SET NULL, low int, note text,
    CHECK (risk IS NOT NULL OR low > 5));
-- Inherits from what is open, and from what is not.
CREATE TABLE public.half_open (id int, low int);
CREATE TABLE public.both_ways () INHERITS (public.half_open, public.at_risk);
-- A procedure that does what it likes.
CREATE PROCEDURE public.recount() LANGUAGE sql AS 'SELECT 1';
-- Extensions, where no search path leads.
CREATE SCHEMA contrib;
CREATE EXTENSION tablefunc SCHEMA contrib;
CREATE EXTENSION pg_trgm SCHEMA contrib;
CREATE EXTENSION pgrowlocks SCHEMA contrib;
CREATE DOMAIN public.limited_word AS text CHECK (contrib.set_limit(length(VALUE)) > 0);
CREATE DOMAIN public.similar_word AS text CHECK (contrib.similarity(VALUE, 'word') > 0.1 AND VALUE OPERATOR(contrib.%) 'word');

-- An index of an operator class that may fail, of the rows that a hidden column chooses.
CREATE EXTENSION IF NOT EXISTS intarray SCHEMA contrib;
CREATE TABLE public.sets_of (id int, note text, customer_id bigint, numbers int[], sec int);
CREATE INDEX ON public.sets_of USING gist (numbers) WHERE sec > 5;
CREATE VIEW public.pivoted AS
  SELECT * FROM contrib.crosstab('SELECT id, 1, email FROM public.customers ORDER BY 1') AS t(id bigint, email text);
-- Definitions that call what few may call.
CREATE FUNCTION public.peek_still(integer) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT email FROM public.customers WHERE id = $1';
CREATE TABLE public.filled (n int, filled text DEFAULT public.peek(1),
  computed text GENERATED ALWAYS AS (public.peek_still(n)) STORED, CHECK (public.peek_still(n) IS NOT NULL OR n > 0));
CREATE INDEX ON public.filled (n, public.peek_still(n)) WHERE n > 1;
CREATE STATISTICS public.of_filled ON public.peek_still(n), (n + 1) FROM public.filled;
-- Definitions that call what nobody may.
CREATE TABLE public.reports (n int, report xml DEFAULT query_to_xml('SELECT email FROM public.customers', true, false, ''));
CREATE TABLE public.checked (n int, report text CHECK (length(pg_read_file(report)) > n));
CREATE VIEW public.all_reports AS SELECT n FROM public.reports;
CREATE SEQUENCE public.choices;
CREATE TABLE public.drawn (id int DEFAULT nextval('public.choices'), CHECK (id > 0));
-- Types that have no equality.
CREATE TYPE public.shown_as AS (size int, doc json);
CREATE TABLE public.albums (id int PRIMARY KEY, customer_id bigint, docs json[], spots point[], shown public.shown_as, tags text[]);
INSERT INTO public.albums VALUES (1, 1, ARRAY['{"a": 1}']::json[], ARRAY['(1,2)']::point[], ROW(1, '{}'), '{x}');
CREATE TABLE public.profiles (id int PRIMARY KEY, customer_id bigint, doc json, at point, "Odd" xml, words text, hidden json);
INSERT INTO public.profiles VALUES (1, 1, '{"a": 1}', '(1,2)', '<a/>', 'x', '{}'), (2, 1, NULL, NULL, NULL, NULL, NULL);

-- People whose choices stand in a table that no [table] lists.
CREATE TABLE public.patrons (id int PRIMARY KEY, name text);
INSERT INTO public.patrons VALUES (1, 'Pia'), (2, 'Paul');
CREATE TABLE public.patron_choices (id int PRIMARY KEY, patron int NOT NULL REFERENCES public.patrons ON DELETE CASCADE, purpose text, status text, withdrawn_at timestamptz, form text, ip inet);
CREATE UNIQUE INDEX ON public.patron_choices (patron, purpose);
CREATE VIEW public.patrons_chose AS SELECT patron, status FROM public.patron_choices;

-- A row of a protected table is one of an open table too.
CREATE TABLE public.baggy (id int);
CREATE TABLE public.tight (id int, customer_id bigint);
CREATE TABLE public.tight_and_loose () INHERITS (public.tight, public.baggy);

-- Functions by the names of their arguments.
CREATE FUNCTION public.worth_of(person bigint, since date DEFAULT '2000-01-01', currency text DEFAULT 'EUR') RETURNS numeric LANGUAGE sql AS 'SELECT 1::numeric';
CREATE SCHEMA apart;
CREATE FUNCTION apart.worth_of(person bigint, since date, secretly boolean) RETURNS numeric LANGUAGE sql AS 'SELECT 1::numeric';
CREATE FUNCTION apart.worth_of(person bigint, currency text) RETURNS numeric LANGUAGE sql AS 'SELECT 1::numeric';
CREATE FUNCTION public.sums(VARIADIC numbers int[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION public.split_of(person bigint, OUT name text, OUT age int) LANGUAGE sql AS $$SELECT 'x'::text, 1$$;
CREATE FUNCTION public.parts_of(person bigint, INOUT many int DEFAULT 3, OUT part text) RETURNS SETOF record LANGUAGE sql AS $$SELECT 1, 'x'::text$$;
CREATE PROCEDURE public.give(person bigint, what text DEFAULT 'x') LANGUAGE sql AS 'SELECT 1';
-- Functions of what is checked, and a table of it.
CREATE FUNCTION public.greet_known(public.known_email) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
CREATE FUNCTION public.greet_told(n int, VARIADIC public.told_email[]) RETURNS text LANGUAGE sql AS 'SELECT 1::text';
CREATE FUNCTION public.greet_plain(public.plain_email) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
CREATE OPERATOR public.<== (FUNCTION = public.greet_known, RIGHTARG = public.known_email);
CREATE TABLE public.told_mails (id int, mail public.told_email, mails public.told_email[]);
-- A key that is itself personal.
CREATE TABLE public.logins (login text PRIMARY KEY, city text, total int);
CREATE VIEW public.costly AS SELECT id, full_name FROM public.customers WHERE id::numeric::money > '1.50'::money;
CREATE VIEW public.costly_too AS SELECT id, full_name FROM public.costly;
CREATE VIEW public.costly_things AS SELECT id, '1.50'::money AS money FROM public.products;
CREATE VIEW public.costly_sum AS SELECT id, 1.50::numeric::money AS money FROM public.customers;
CREATE VIEW public.searched AS SELECT id, to_tsvector('simple'::regconfig, full_name) AS words FROM public.customers;
