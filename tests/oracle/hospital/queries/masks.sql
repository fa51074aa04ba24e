--! compare a masked cell with the stored value
SELECT "Id" FROM care."Patient" WHERE "E-Mail" = 'p1@b.example'
--! compare a masked cell with the mask
SELECT "Id" FROM care."Patient" WHERE "E-Mail" = 'p***@b.example'
--! stars
SELECT "Id" FROM care."Patient" WHERE "Full Name" = '***'
--! LIKE over masked cells
SELECT "Id" FROM care."Patient" WHERE "Full Name" LIKE 'Person A%'
--! regular expression over masked cells
SELECT "Id", "E-Mail" FROM care."Patient" WHERE "E-Mail" ~ '^p[0-9]+@'
--! ILIKE and SIMILAR TO
SELECT "Id" FROM care."Patient" WHERE "E-Mail" ILIKE 'P1%' OR phone SIMILAR TO '%(07|09)'
--! IN a list
SELECT "Id" FROM care."Patient" WHERE phone IN ('+99100001', '+99100013', '***01', '***13')
--! order by a masked column, then the key [ordered]
SELECT "Id", "Full Name" FROM care."Patient" ORDER BY "Full Name" DESC NULLS LAST, "Id"
--! order by an expression over masked columns [ordered]
SELECT "Id" FROM care."Patient" ORDER BY length("E-Mail"), lower(phone), "Id" LIMIT 7 OFFSET 2
--! distinct masked values
SELECT DISTINCT "Full Name" FROM care."Patient"
--! group by masked values
SELECT blood, count(*) FROM care."Patient" GROUP BY blood
--! nulls counted
SELECT count(*) FILTER (WHERE "E-Mail" IS NULL), count(*) FILTER (WHERE born IS NULL), count(*) FILTER (WHERE "select" IS NOT NULL) FROM care."Patient"
--! truncated dates
SELECT "Id", born, extract(year FROM born), age(born) IS NULL FROM care."Patient" WHERE born >= '1950-01-01'
--! rounded numbers
SELECT id, cost, cost * 2, cost::int FROM care.visit WHERE cost >= 500
--! sums over rounded numbers
SELECT "Ward", sum(cost), avg(cost), max(cost) FROM care.visit GROUP BY "Ward"
--! body values
SELECT weight, height, "Score", round((weight / nullif(height * height, 0)::numeric), 2) FROM care."Patient"
--! networks
SELECT "Id", home_net, host(home_net), masklen(home_net), home_net << inet '10.0.0.0/8' FROM care."Patient"
--! domain values
SELECT tag, length(tag), tag = 'n/a', tag || 'x' FROM care."Patient"
--! json paths
SELECT "Id", chart->'bp', chart->>'bp', chart #>> '{tags,0}', chart ? 'bp', chart @> '{"bp": 101}' FROM care."Patient"
--! jsonb_each over a maybe masked document
SELECT p."Id", e.key, e.value FROM care."Patient" p, jsonb_each(p.chart) e
--! array elements
SELECT "Id", allergies[1], cardinality(allergies), 'nuts' = ANY (allergies) FROM care."Patient"
--! unnest in the select list
SELECT "Id", unnest(allergies) FROM care."Patient"
--! bytes
SELECT "Id", length(photo), encode(photo, 'hex') FROM care."Patient"
--! an enum compared and cast
SELECT "Id" FROM care."Patient" WHERE blood > 'A' OR blood::text = '0'
--! IS DISTINCT FROM
SELECT "Id" FROM care."Patient" WHERE blood IS DISTINCT FROM 'AB'
--! CASE over masked cells
SELECT "Id", CASE WHEN "E-Mail" LIKE '%***%' THEN 'masked' WHEN "E-Mail" IS NULL THEN 'none' ELSE 'clear' END FROM care."Patient"
--! string functions over masked cells
SELECT split_part("E-Mail", '@', 2), substr(phone, 1, 3), left("Full Name", 1), position('@' IN "E-Mail"), overlay(phone PLACING '##' FROM 1 FOR 2), trim(both '*' from phone) FROM care."Patient"
--! concatenation with everything
SELECT concat_ws('|', "Full Name", "E-Mail", phone, born, blood, weight, allergies, chart) FROM care."Patient"
--! format
SELECT format('%s <%s>', "Full Name", "E-Mail") FROM care."Patient"
--! md5 of a masked cell
SELECT md5("Full Name") FROM care."Patient"
--! an unlisted column is null
SELECT "select", secret FROM care."Patient" p CROSS JOIN (SELECT NULL::text AS secret) s WHERE "select" IS NULL
--! survey without a subject
SELECT id, email, answer, age FROM care.survey WHERE stars > 2
--! staff wages by boss
SELECT boss, sum(wage), count(name) FROM care.staff GROUP BY boss
