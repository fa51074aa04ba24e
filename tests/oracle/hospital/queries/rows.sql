--! a whole row
SELECT p FROM care."Patient" p
--! a whole row by the table's name
SELECT reading FROM care.reading
--! star of a whole row [or refused]
SELECT (r).* FROM care.reading r
--! a field of a whole row
SELECT (p)."E-Mail", (p).phone FROM care."Patient" p
--! functional notation
SELECT phone(p), p."E-Mail" FROM care."Patient" p
--! attribute by dot on the alias
SELECT v.diagnosis FROM care.visit v
--! row to json
SELECT row_to_json(p) FROM care."Patient" p
--! to_jsonb, one key
SELECT to_jsonb(p) ->> 'E-Mail' FROM care."Patient" p
--! row as text
SELECT p::text FROM care."Patient" p
--! json_agg of rows
SELECT json_agg(r ORDER BY r.id) FROM care.reading r
--! count of rows
SELECT count(p), count(p.*) FROM care."Patient" p
--! whole row is null
SELECT "Id" FROM care."Patient" p WHERE p IS NULL
--! whole row is not null
SELECT p."Id" FROM care."Patient" p WHERE p IS NOT NULL
--! outer row is null
SELECT p."Id", v IS NULL FROM care."Patient" p LEFT JOIN care.visit v ON v.patient = p."Id" AND v.id < 50
--! rows compared
SELECT a.id FROM care.reading a JOIN care.reading b ON a = b
--! distinct rows
SELECT DISTINCT n FROM care.note n
--! order by whole row [ordered]
SELECT n.id FROM care.note n ORDER BY n
--! group by whole row
SELECT n, count(*) FROM care.note n GROUP BY n
--! ROW constructor
SELECT ROW(p."Id", p.phone), ROW(p.*) FROM care."Patient" p
--! array of rows
SELECT array_agg(n ORDER BY n.id)::text FROM care.note n
--! concat of a row
SELECT concat(p.*) FROM care."Patient" p
--! num_nulls
SELECT "Id", num_nulls("Full Name", born, blood, weight, "select") FROM care."Patient"
--! a system column
SELECT xmin IS NULL FROM care.ward
--! whole row of a subquery
SELECT s FROM (SELECT "Id", phone FROM care."Patient") s
--! whole row of a join alias
SELECT j FROM (care.visit v JOIN care.ward w ON w.code = v."Ward") j (a) WHERE a < 10
--! coalesce of rows
SELECT coalesce(r.*, r.*) FROM care.reading r WHERE r.id < 5
--! greatest over masked columns
SELECT greatest("Full Name", "E-Mail"), least(phone, 'z') FROM care."Patient"
