--! a view
SELECT * FROM care.patient_list
--! a filter over a view's masked column
SELECT "Id" FROM care.patient_list WHERE name LIKE 'Person%' AND mail IS NOT NULL
--! a view with GROUP BY
SELECT * FROM care.ward_load
--! a view on a view
SELECT * FROM care."Recent Visits"
--! a view joined with its table
SELECT l.name, p.phone FROM care.patient_list l JOIN care."Patient" p USING ("Id")
--! a view's whole row
SELECT l FROM care.patient_list l
--! count over a view
SELECT count(*) FROM care."Recent Visits" WHERE diagnosis = 'diagnosis 2'
--! a view in a subquery
SELECT "Name" FROM care.ward_load WHERE patients = (SELECT max(patients) FROM care.ward_load)
