-- Columns that one expression or condition of a table reads: whether it holds, or fails, tells one by another.
-- Constraints, unique indexes, indexes with expressions or a condition (their key columns too), partition keys, and the policies
-- of row-level security as one. Number 0, or less, is the whole row: all columns. (In a stored expression that is a variable of
-- attribute 0, which pg_depend does not tell; in the key of an exclusion constraint 0 is an expression.) Not generated columns:
-- an order's quantity can be changed by who is not shown its price (README, "What it does not do").
-- Some are tested whatever column is assigned, and may fail for what is stored already: a CHECK that is NOT VALID, or that is
-- not immutable, and policies, which the rows may never have met.
-- An index that is not unique demands nothing of a row, but that its expressions and its condition do not fail: here such
-- that are put together of comparisons that are leakproof, of null and boolean tests, and of lower() and upper().
WITH harmless AS (
    SELECT i.indexrelid AS reader
    FROM pg_catalog.pg_index i, LATERAL (SELECT concat(i.indexprs::text, i.indpred::text)) AS x(tree)
    WHERE NOT i.indisunique AND NOT i.indisexclusion
      AND NOT EXISTS (SELECT FROM regexp_matches(x.tree, '\{([A-Z]+)', 'g') AS node(kind)
                      WHERE node.kind[1] NOT IN ('VAR', 'CONST', 'OPEXPR', 'SCALARARRAYOPEXPR', 'FUNCEXPR', 'BOOLEXPR',
                                                 'NULLTEST', 'BOOLEANTEST', 'RELABELTYPE', 'ARRAYEXPR', 'ARRAY'))
      AND NOT EXISTS (SELECT FROM regexp_matches(x.tree, ':(?:op)?funcid (\d+)', 'g') AS called(number)
                      JOIN pg_catalog.pg_proc p ON p.oid = called.number[1]::oid
                      WHERE NOT p.proleakproof AND p.oid NOT IN ('pg_catalog.lower(text)'::regprocedure,
                                                                 'pg_catalog.upper(text)'::regprocedure))
), policed AS (
    -- As in relations.sql.
    SELECT c.oid AS relation FROM pg_catalog.pg_class c
    WHERE c.relrowsecurity AND (c.relforcerowsecurity OR NOT pg_has_role(current_user, c.relowner, 'USAGE'))
      AND NOT (SELECT u.rolsuper OR u.rolbypassrls FROM pg_catalog.pg_roles u WHERE u.rolname = current_user)
), read AS (
    SELECT k.conrelid AS relation, k.oid AS reader, false AS is_partition_key, c.number
    FROM pg_catalog.pg_constraint k, unnest(k.conkey) AS c(number)
    WHERE k.contype IN ('c', 'f', 'u', 'p', 'x') AND k.conrelid <> 0 AND (k.contype = 'c' OR c.number > 0)
  UNION
    SELECT i.indrelid, i.indexrelid, false, c.number
    FROM pg_catalog.pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS c(number, place)
    WHERE c.number > 0 AND i.indexrelid NOT IN (SELECT reader FROM harmless)
      AND ((i.indisunique AND c.place <= i.indnkeyatts) OR i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
  UNION
    SELECT i.indrelid, i.indexrelid, false, d.refobjsubid::int2
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = i.indexrelid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0
    WHERE (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND i.indexrelid NOT IN (SELECT reader FROM harmless)
  UNION
    SELECT i.indrelid, i.indexrelid, false, 0
    FROM pg_catalog.pg_index i
    WHERE concat(i.indexprs::text, i.indpred::text) ~ ':varattno (0|-)' AND i.indexrelid NOT IN (SELECT reader FROM harmless)
  UNION
    SELECT p.polrelid, p.polrelid, false, d.refobjsubid::int2
    FROM pg_catalog.pg_policy p
    JOIN policed ON policed.relation = p.polrelid
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_policy'::regclass AND d.objid = p.oid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = p.polrelid AND d.refobjsubid > 0
  UNION
    SELECT p.polrelid, p.polrelid, false, 0
    FROM pg_catalog.pg_policy p
    JOIN policed ON policed.relation = p.polrelid
    WHERE concat(p.polqual::text, p.polwithcheck::text) ~ ':varattno (0|-)'
  UNION
    SELECT p.partrelid, p.partrelid, true, 0
    FROM pg_catalog.pg_partitioned_table p
    WHERE p.partexprs::text ~ ':varattno (0|-)'
  UNION
    SELECT p.partrelid, p.partrelid, true, c.number
    FROM pg_catalog.pg_partitioned_table p, unnest(p.partattrs::int2[]) AS c(number)
    WHERE c.number > 0
  UNION
    -- Recorded the other way about (StorePartitionKey in catalog/heap.c): the column needs the table.
    SELECT p.partrelid, p.partrelid, true, d.objsubid::int2
    FROM pg_catalog.pg_partitioned_table p
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = p.partrelid AND d.objsubid > 0
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = p.partrelid AND d.refobjsubid = 0 AND d.deptype = 'i'
), sets AS (
    SELECT read.relation, read.reader, read.is_partition_key,
           -- Policies of a part are nothing to who names the whole.
           read.relation = read.reader AND NOT read.is_partition_key
               OR EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = read.reader AND h.inhrelid <> read.relation)
               OR EXISTS (SELECT FROM pg_catalog.pg_constraint k
                          LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
                          WHERE k.oid = read.reader AND (k.coninhcount > 0 OR k.conparentid <> 0 OR h.inhrelid IS NOT NULL)) AS inherited,
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
        -- What a value's text is, settings decide, which clients may choose.
        OR NOT k.convalidated OR k.conbin::text ~ '\{(SQLVALUEFUNCTION|COERCEVIAIO|ARRAYCOERCEEXPR) '
        OR EXISTS (SELECT FROM regexp_matches(k.conbin::text, ':(?:op)?funcid (\d+)', 'g') AS called(number)
                   JOIN pg_catalog.pg_proc p ON p.oid = called.number[1]::oid WHERE p.provolatile <> 'i'))
)
SELECT relation, is_partition_key, inherited, columns FROM sets
UNION ALL
SELECT relation, false, inherited, columns FROM always
ORDER BY relation, is_partition_key, columns
