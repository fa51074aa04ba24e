-- Columns that one expression or condition of a table reads: whether it holds, or fails, tells one by another.
-- Constraints, unique indexes, indexes with expressions or a condition (their key columns too), partition keys, and the policies
-- of row-level security as one. Number 0, or less, is the whole row: all columns. (In a stored expression that is a variable of
-- attribute 0, which pg_depend does not tell; in the key of an exclusion constraint 0 is an expression.) Generated columns that
-- must not be null or are not sure to be computable; not those that nothing but their size can make fail: an order's quantity
-- can be changed by who is not shown its price (README, "What it does not do").
-- Some are tested whatever column is assigned, and may fail for what is stored already: a CHECK that is NOT VALID, or that is
-- not immutable, and policies, which the rows may never have met.
-- An index that is not unique demands nothing of a row, but that its expressions, its condition and its operator classes do not
-- fail: here B-trees and hashes of PostgreSQL's own classes, of expressions that are put together of comparisons that are
-- leakproof, of null and boolean tests, and of lower() and upper().
WITH known (kind, level) AS MATERIALIZED (
    -- Nodes of expressions that run what they show (`funcid`), or nothing. Level 1 fails for nothing but that.
    SELECT unnest('{VAR,CONST,OPEXPR,SCALARARRAYOPEXPR,FUNCEXPR,BOOLEXPR,NULLTEST,BOOLEANTEST,RELABELTYPE,ARRAYEXPR,ARRAY}'::text[]), 1
  UNION ALL
    -- Level 2 neither, but what else is in it may be run or not.
    SELECT unnest('{DISTINCTEXPR,NULLIFEXPR,COLLATE,COLLATEEXPR,COALESCE,COALESCEEXPR,CASE,CASEEXPR,WHEN,CASEWHEN,CASETESTEXPR}'::text[]), 2
  UNION ALL
    -- Level 3 runs what its type brings, which no setting decides.
    SELECT unnest('{ROW,ROWEXPR,MINMAX,MINMAXEXPR,SUBSCRIPTINGREF,FIELDSELECT}'::text[]), 3
), harmless AS (
    SELECT i.indexrelid AS reader
    FROM pg_catalog.pg_index i, LATERAL (SELECT concat(i.indexprs::text, i.indpred::text)) AS x(tree)
    WHERE NOT i.indisunique AND NOT i.indisexclusion
      AND EXISTS (SELECT FROM pg_catalog.pg_class x JOIN pg_catalog.pg_am m ON m.oid = x.relam
                  WHERE x.oid = i.indexrelid AND m.amname IN ('btree', 'hash'))
      AND NOT EXISTS (SELECT FROM unnest(i.indclass::oid[]) AS used(class) WHERE used.class >= 16384)
      AND NOT EXISTS (SELECT FROM regexp_matches(x.tree, '\{([A-Z]+)', 'g') AS node(kind)
                      WHERE node.kind[1] NOT IN (SELECT kind FROM known WHERE level <= 1))
      AND NOT EXISTS (SELECT FROM regexp_matches(x.tree, ':(?:op)?funcid (\d+)', 'g') AS called(number)
                      JOIN pg_catalog.pg_proc p ON p.oid = called.number[1]::oid
                      WHERE NOT p.proleakproof AND p.oid NOT IN ('pg_catalog.lower(text)'::regprocedure,
                                                                 'pg_catalog.upper(text)'::regprocedure))
), sizable (called) AS MATERIALIZED (
    -- Functions that fail for nothing but the size of what they are given and make, beside those that are leakproof: none that
    -- makes a size of what is in a text (of a part of one, cutting to a length makes one of where its blanks are), or of what
    -- is true.
    SELECT p.oid FROM pg_catalog.pg_proc p, LATERAL (SELECT p.proargtypes[0] IN (20, 21, 23)) AS counts(holds),
           LATERAL (SELECT p.proargtypes[0] IN (20, 21, 23, 1700)) AS numbers(holds),
           LATERAL (SELECT p.proargtypes[0] IN (25, 1042, 1043)) AS texts(holds)
    WHERE p.oid < 16384 AND p.pronamespace = 'pg_catalog'::regnamespace AND p.provolatile = 'i'
      AND (p.proname ~ '^(int[248]{1,2}|float[48]{1,2})(pl|mi|mul)$' OR p.proname ~ '^(int[248]|float[48])(um|up)$'
        OR p.proname IN ('numeric_add', 'numeric_sub', 'numeric_mul', 'numeric_uminus', 'numeric_uplus', 'textcat',
                         'date_pli', 'date_mii', 'date_pl_interval', 'date_mi_interval', 'timestamp_pl_interval', 'timestamp_mi_interval')
        -- A number that is none (NaN) is no size.
        OR p.proname IN ('int2', 'int4', 'int8') AND counts.holds
        OR p.proname IN ('float4', 'float8', 'numeric', 'round', 'trunc', 'floor', 'ceil', 'ceiling') AND numbers.holds
        OR p.proname IN ('text', 'bpchar', 'varchar', 'lower', 'upper', 'initcap', 'length', 'char_length',
                         'octet_length') AND texts.holds)
), computed AS (
    SELECT d.adrelid AS relation, d.oid AS reader, d.adnum AS number, a.attinhcount > 0 AS inherited
    FROM pg_catalog.pg_attrdef d
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum AND a.attgenerated <> ''
    WHERE a.attnotnull
       OR EXISTS (SELECT FROM regexp_matches(d.adbin::text, '\{([A-Z]+)', 'g') AS node(kind)
                  WHERE node.kind[1] NOT IN (SELECT kind FROM known WHERE level <= 2))
       OR EXISTS (SELECT FROM regexp_matches(d.adbin::text, ':(?:op)?funcid (\d+)', 'g') AS called(number)
                  JOIN pg_catalog.pg_proc p ON p.oid = called.number[1]::oid
                  WHERE NOT p.proleakproof
                    AND (p.oid NOT IN (SELECT called FROM sizable)
                         -- Beside what is run or not, or tells what is true, any condition decides whether it fails.
                         OR EXISTS (SELECT FROM regexp_matches(d.adbin::text, '\{([A-Z]+)', 'g') AS node(kind)
                                    WHERE node.kind[1] NOT IN ('VAR', 'CONST', 'OPEXPR', 'FUNCEXPR', 'RELABELTYPE', 'COLLATE', 'COLLATEEXPR'))))
), policed AS (
    -- As in relations.sql.
    SELECT c.oid AS relation FROM pg_catalog.pg_class c
    WHERE c.relrowsecurity AND (c.relforcerowsecurity OR NOT pg_has_role(current_user, c.relowner, 'USAGE'))
      AND NOT (SELECT u.rolsuper OR u.rolbypassrls FROM pg_catalog.pg_roles u WHERE u.rolname = current_user)
), unequal (index) AS (
    SELECT i.indexrelid FROM pg_catalog.pg_index i
    WHERE i.indisunique AND NOT i.indisprimary AND i.indexprs IS NULL AND i.indpred IS NULL
      AND NOT coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)
), read AS (
    SELECT k.conrelid AS relation, k.oid AS reader, false AS is_partition_key, c.number,
           -- Met by a row one of whose columns is null: MATCH SIMPLE, and keys in which null differs from null (for good before 15).
           k.contype = 'f' AND k.confmatchtype = 's'
               OR k.contype = 'u' AND EXISTS (SELECT FROM unequal WHERE unequal.index = k.conindid) AS null_passes
    FROM pg_catalog.pg_constraint k, unnest(k.conkey) AS c(number)
    WHERE k.contype IN ('c', 'f', 'u', 'p', 'x') AND k.conrelid <> 0 AND (k.contype = 'c' OR c.number > 0)
  UNION
    SELECT i.indrelid, i.indexrelid, false, c.number, i.indexrelid IN (SELECT index FROM unequal)
    FROM pg_catalog.pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS c(number, place)
    WHERE c.number > 0 AND i.indexrelid NOT IN (SELECT reader FROM harmless)
      AND ((i.indisunique AND c.place <= i.indnkeyatts) OR i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
  UNION
    SELECT i.indrelid, i.indexrelid, false, d.refobjsubid::int2, false
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = i.indexrelid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0
    WHERE (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND i.indexrelid NOT IN (SELECT reader FROM harmless)
  UNION
    SELECT i.indrelid, i.indexrelid, false, 0, false
    FROM pg_catalog.pg_index i
    WHERE concat(i.indexprs::text, i.indpred::text) ~ ':varattno (0|-)' AND i.indexrelid NOT IN (SELECT reader FROM harmless)
  UNION
    SELECT relation, reader, false, number, false FROM computed
  UNION
    SELECT p.polrelid, p.polrelid, false, d.refobjsubid::int2, false
    FROM pg_catalog.pg_policy p
    JOIN policed ON policed.relation = p.polrelid
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_policy'::regclass AND d.objid = p.oid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = p.polrelid AND d.refobjsubid > 0
  UNION
    SELECT p.polrelid, p.polrelid, false, 0, false
    FROM pg_catalog.pg_policy p
    JOIN policed ON policed.relation = p.polrelid
    WHERE concat(p.polqual::text, p.polwithcheck::text) ~ ':varattno (0|-)'
  UNION
    SELECT p.partrelid, p.partrelid, true, 0, false
    FROM pg_catalog.pg_partitioned_table p
    WHERE p.partexprs::text ~ ':varattno (0|-)'
  UNION
    SELECT p.partrelid, p.partrelid, true, c.number, false
    FROM pg_catalog.pg_partitioned_table p, unnest(p.partattrs::int2[]) AS c(number)
    WHERE c.number > 0
  UNION
    -- Recorded the other way about (StorePartitionKey in catalog/heap.c): the column needs the table.
    SELECT p.partrelid, p.partrelid, true, d.objsubid::int2, false
    FROM pg_catalog.pg_partitioned_table p
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = p.partrelid AND d.objsubid > 0
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = p.partrelid AND d.refobjsubid = 0 AND d.deptype = 'i'
), of_whole (index) AS MATERIALIZED (
    -- Indexes of parts for one of the whole; one that not all parts have is not valid there.
    SELECT h.inhrelid FROM pg_catalog.pg_inherits h
    JOIN pg_catalog.pg_index whole ON whole.indexrelid = h.inhparent AND whole.indisvalid
), sets AS (
    SELECT read.relation, read.reader, read.is_partition_key,
           -- Policies of a part are nothing to who names the whole.
           read.relation = read.reader AND NOT read.is_partition_key
               OR read.reader IN (SELECT index FROM of_whole)
               OR EXISTS (SELECT FROM computed WHERE computed.reader = read.reader AND computed.relation = read.relation AND computed.inherited)
               OR EXISTS (SELECT FROM pg_catalog.pg_constraint k
                          WHERE k.oid = read.reader AND (k.coninhcount > 0 OR k.conparentid <> 0
                              OR k.contype IN ('p', 'u', 'x') AND k.conindid IN (SELECT index FROM of_whole))) AS inherited,
           bool_and(read.null_passes) AS null_passes,
           array_agg(DISTINCT a.attname::text ORDER BY a.attname::text) AS columns
    FROM read
    JOIN pg_catalog.pg_attribute a ON a.attrelid = read.relation AND a.attnum > 0 AND NOT a.attisdropped
        AND (a.attnum = read.number OR read.number <= 0)
    JOIN pg_catalog.pg_class c ON c.oid = read.relation
    WHERE c.oid >= 16384
    GROUP BY read.relation, read.reader, read.is_partition_key
), always AS (
    SELECT sets.relation, sets.inherited, array_prepend(a.attname::text, sets.columns) AS columns
    FROM sets
    LEFT JOIN pg_catalog.pg_constraint k ON k.oid = sets.reader AND k.conrelid = sets.relation AND k.contype = 'c'
    JOIN pg_catalog.pg_attribute a ON a.attrelid = sets.relation AND a.attnum > 0 AND NOT a.attisdropped
    WHERE a.attname::text <> ALL (sets.columns)
      AND (sets.reader = sets.relation AND NOT sets.is_partition_key
        -- What is known to run immutable functions alone, and shows which. (What a value's text is, settings decide, which
        -- clients may choose.)
        OR NOT k.convalidated
        OR EXISTS (SELECT FROM regexp_matches(k.conbin::text, '\{([A-Z]+)', 'g') AS node(kind)
                   WHERE node.kind[1] NOT IN (SELECT kind FROM known WHERE level <= 3))
        OR EXISTS (SELECT FROM regexp_matches(k.conbin::text, ':(?:op)?funcid (\d+)', 'g') AS called(number)
                   JOIN pg_catalog.pg_proc p ON p.oid = called.number[1]::oid WHERE p.provolatile <> 'i'))
)
SELECT relation, is_partition_key, inherited, null_passes, columns FROM sets
UNION ALL
SELECT relation, false, inherited, false, columns FROM always
ORDER BY relation, is_partition_key, columns
