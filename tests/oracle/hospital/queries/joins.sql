--! inner
SELECT p."Full Name", v.diagnosis FROM care."Patient" p JOIN care.visit v ON v.patient = p."Id"
--! left
SELECT p."Id", v.id FROM care."Patient" p LEFT JOIN care.visit v ON v.patient = p."Id"
--! right
SELECT p."Full Name", v.id FROM care."Patient" p RIGHT JOIN care.visit v ON v.patient = p."Id"
--! full
SELECT p."Id", v.id FROM care."Patient" p FULL JOIN care.visit v ON v.patient = p."Id" AND v.cost > 100
--! cross with a small table
SELECT p."Id", w.code FROM care."Patient" p CROSS JOIN care.ward w
--! comma join
SELECT p.phone, w."Name" FROM care."Patient" p, care.ward w WHERE p.ward = w.code
--! using
SELECT patient, v.id, r.id FROM care.visit v JOIN care.reading r USING (patient) WHERE r.kind = 'pulse'
--! using with an alias
SELECT j.patient FROM care.visit v JOIN care.reading r USING (patient) AS j WHERE v.id < 20
--! natural
SELECT count(*) FROM care.visit NATURAL JOIN care.note
--! natural left, columns merged
SELECT * FROM (SELECT patient, kind FROM care.reading WHERE id < 20) r NATURAL LEFT JOIN (SELECT patient, diagnosis FROM care.visit) v
--! left join, star
SELECT v.*, l.* FROM care.visit v LEFT JOIN care.lab l ON l.visit_id = v.id AND l.no = 1 WHERE v.id < 30
--! self join on a masked column
SELECT a."Id", b."Id" FROM care."Patient" a JOIN care."Patient" b ON a."Full Name" = b."Full Name" AND a."Id" < b."Id"
--! self join on an open column
SELECT a."Id", b."Id" FROM care."Patient" a JOIN care."Patient" b ON a."größe" = b."größe" - 1
--! nested joins in parentheses
SELECT p."Id", v.id, l.id FROM care."Patient" p LEFT JOIN (care.visit v JOIN care.lab l ON l.visit_id = v.id) ON v.patient = p."Id"
--! an aliased parenthesised join
SELECT j.id FROM (care.ward w JOIN care.visit v ON v."Ward" = w.code) AS j WHERE j.beds > 9
--! three tables down the chain
SELECT p."Full Name", l.value, c.body FROM care."Patient" p JOIN care.visit v ON v.patient = p."Id" JOIN care.lab l ON l.visit_id = v.id JOIN care.lab_comment c ON c.lab_id = l.id
--! the chain from its end
SELECT c.author, c.body, l.unit FROM care.lab_comment c LEFT JOIN care.lab l ON l.id = c.lab_id
--! authors and patients of one name
SELECT c.id, p."Id" FROM care.lab_comment c JOIN care."Patient" p ON p."Full Name" = c.author
--! join on an inequality
SELECT count(*) FROM care.visit a JOIN care.visit b ON a.cost > b.cost AND a.id < 10 AND b.id < 30
--! join condition that casts a masked column
SELECT v.id FROM care.visit v JOIN care.reading r ON r.device = 'device of ' || v.id
--! lateral
SELECT p."Id", last.id, last.at FROM care."Patient" p, LATERAL (SELECT id, at FROM care.visit v WHERE v.patient = p."Id" ORDER BY at DESC LIMIT 1) last
--! left lateral
SELECT p."Id", c.n FROM care."Patient" p LEFT JOIN LATERAL (SELECT count(*) AS n FROM care.reading r WHERE r.patient = p."Id") c ON true
--! lateral function
SELECT p."Id", g FROM care."Patient" p, generate_series(1, cardinality(p.visits)) g
--! semi join
SELECT "Id" FROM care."Patient" p WHERE EXISTS (SELECT FROM care.visit v WHERE v.patient = p."Id" AND v.diagnosis = 'diagnosis 3')
--! anti join
SELECT "Id" FROM care."Patient" p WHERE NOT EXISTS (SELECT 1 FROM care.visit v WHERE v.patient = p."Id")
--! not in, with nulls
SELECT count(*) FROM care."Patient" WHERE "Id" NOT IN (SELECT patient FROM care.visit)
--! not in, without nulls
SELECT count(*) FROM care."Patient" WHERE "Id" NOT IN (SELECT patient FROM care.visit WHERE patient IS NOT NULL)
--! join with a values list
SELECT w.n, p.phone FROM (VALUES (1, '00000000-0000-0000-0000-000000000001'::uuid), (2, '00000000-0000-0000-0000-000000000008')) w (n, k) LEFT JOIN care."Patient" p ON p."Id" = w.k
--! join of protected and open with the same column names
SELECT a.diagnosis, b.diagnosis FROM care.visit a JOIN public.visit b ON a.id = b.id
--! staff and their bosses
SELECT s.name, b.name FROM care.staff s LEFT JOIN care.staff b ON b.id = s.boss
--! visits with the doctor's name
SELECT v.id, s.name, s.wage FROM care.visit v LEFT JOIN care.staff s ON s.id = v.doctor
