CREATE TABLE customers (id int PRIMARY KEY, name text UNIQUE);
INSERT INTO customers VALUES (1, 'Ann Asked'), (2, 'Ned Never');
CREATE TABLE consents (subject_id int, purpose text, status text, UNIQUE (subject_id, purpose));
INSERT INTO consents VALUES (1, 'marketing', 'granted');
CREATE TABLE things (id int PRIMARY KEY, name text);
INSERT INTO things VALUES (1, 'one'), (2, 'two'), (3, 'three');
