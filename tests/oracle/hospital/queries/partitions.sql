--! the partitioned table
SELECT kind, count(*), count(device), min(taken), max(taken) FROM care.reading GROUP BY kind
--! a partition by name [ordered]
SELECT * FROM care.reading_old ORDER BY id
--! a partition that is partitioned [ordered]
SELECT * FROM care.reading_new ORDER BY id
--! a partition of a partition, quoted [ordered]
SELECT * FROM care."reading_New_Pulse" ORDER BY id
--! the default partition
SELECT count(*), count(DISTINCT patient) FROM care.reading_new_other
--! only the parent of partitions holds nothing
SELECT count(*) FROM ONLY care.reading
--! inheritance: parent with children
SELECT count(*), max(id) FROM care.note
--! inheritance: only the parent
SELECT count(*), max(id), min(body) FROM ONLY care.note
--! inheritance: only, in parentheses
SELECT count(*) FROM ONLY (care.note)
--! inheritance: star says children too
SELECT count(*) FROM care.note *
--! inheritance: the child
SELECT id, patient, body, boxed FROM care.note_archive
--! inheritance: the child's own column
SELECT count(boxed) FROM care.note_archive
--! union of parent and child
SELECT id FROM ONLY care.note UNION ALL SELECT id FROM care.note_archive
--! partition pruning by the key
SELECT id, val FROM care.reading WHERE taken >= current_date - 100 AND kind = 'pulse'
--! join of partitions
SELECT o.id, n.id FROM care.reading_old o JOIN care.reading_new n ON n.patient = o.patient
