--! by key
SELECT "Id", phone FROM care."Patient" WHERE "Id" = $1
--$ 00000000-0000-0000-0000-000000000008
--! by a masked column
SELECT "Id" FROM care."Patient" WHERE "E-Mail" = $1 OR phone = $2
--$ p8@a.example
--$ ***20
--! a hidden person's e-mail
SELECT "Id" FROM care."Patient" WHERE "E-Mail" = $1
--$ p3@b.example
--! limit and offset [ordered]
SELECT "Id" FROM care."Patient" ORDER BY "Id" LIMIT $1 OFFSET $2
--$ 4
--$ 3
--! a null parameter
SELECT count(*) FROM care.visit WHERE patient = $1 OR $1 IS NULL
--$ NULL
--! an array parameter
SELECT "Id" FROM care."Patient" WHERE "Id" = ANY ($1)
--$ {00000000-0000-0000-0000-000000000001,00000000-0000-0000-0000-000000000012}
--! an enum parameter
SELECT "Id" FROM care."Patient" WHERE blood = $1
--$ AB
--! a text pattern parameter
SELECT "Id" FROM care."Patient" WHERE "Full Name" LIKE $1 || '%'
--$ Person
--! a parameter in the select list
SELECT $1::text, "Id" FROM care."Patient" WHERE "größe" > $2::int
--$ hello
--$ 170
--! a date parameter
SELECT id FROM care.reading WHERE taken > $1 AND kind = $2
--$ 2020-01-01
--$ temp
--! numeric arithmetic with a parameter
SELECT id, cost + $1 FROM care.visit WHERE cost > $2
--$ 1.5
--$ 900
--! the same parameter twice
SELECT count(*) FROM care.visit WHERE id = $1 OR doctor = $1
--$ 5
--! division by a parameter over hidden rows
SELECT count(*) FROM care."Patient" WHERE 10 / ("größe" - $1) > -100
--$ 153
--! a parameter of no type
SELECT $1
--$ x
--! a bad value for a parameter
SELECT "Id" FROM care."Patient" WHERE "Id" = $1
--$ not a uuid
--! json parameter
SELECT "Id" FROM care."Patient" WHERE chart @> $1
--$ {"bp": 108}
--! domain parameter
SELECT "Id" FROM care."Patient" WHERE tag = $1
--$ n/a
