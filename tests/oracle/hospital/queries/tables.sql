--! every column of patients [ordered]
SELECT * FROM care."Patient" ORDER BY "Id"
--! every column of visits [ordered]
SELECT * FROM care.visit ORDER BY id
--! every column of labs [ordered]
SELECT * FROM care.lab ORDER BY id
--! every column of lab comments [ordered]
SELECT * FROM care.lab_comment ORDER BY id
--! every column of readings [ordered]
SELECT * FROM care.reading ORDER BY id
--! every column of notes, archive included [ordered]
SELECT * FROM care.note ORDER BY id
--! every column of the archive [ordered]
SELECT * FROM care.note_archive ORDER BY id
--! every column of surveys [ordered]
SELECT * FROM care.survey ORDER BY id
--! every column of staff [ordered]
SELECT * FROM care.staff ORDER BY id
--! every column of staff choices [ordered]
SELECT * FROM care.staff_choice ORDER BY staff_id, purpose
--! an open table [ordered]
SELECT * FROM care.ward ORDER BY code
--! an open table of a protected table's name [ordered]
SELECT * FROM public.visit ORDER BY id
--! TABLE
TABLE care."Patient"
--! TABLE ONLY
TABLE ONLY care.note
--! count of patients
SELECT count(*) FROM care."Patient"
--! count of readings
SELECT count(*), count(val), count(device) FROM care.reading
--! no columns at all
SELECT FROM care."Patient"
--! no rows, full shape
SELECT * FROM care."Patient" WHERE false
--! limit nothing
SELECT * FROM care."Patient" LIMIT 0
--! a constant a row
SELECT 1 FROM care."Patient"
--! the consent log is not listed
SELECT count(*) FROM care."Consent Log"
--! min and max of a key
SELECT min("Id"::text), max("Id"::text) FROM care."Patient"
--! look-up by key
SELECT * FROM care."Patient" WHERE "Id" = '00000000-0000-0000-0000-000000000001'
--! look-up of everyone with a story [ordered]
SELECT "Id", "Full Name", "E-Mail", phone, born, tag FROM care."Patient" WHERE "Id" <= '00000000-0000-0000-0000-000000000021' ORDER BY "Id"
