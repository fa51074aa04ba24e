-- pivoting/marketing: same
SELECT contrib.normal_rand(3, 0, 1)
;;
-- pivoting/marketing: function-not-allowed
SELECT * FROM contrib.crosstab('SELECT id, 1, email FROM customers') AS t(id bigint, email text)
;;
-- pivoting/marketing: function-not-allowed
SELECT * FROM contrib.crosstab('SELECT id, 1, email FROM customers', 'SELECT 1') AS t(id bigint, email text)
;;
-- pivoting/marketing: function-not-allowed
SELECT contrib.crosstab2('SELECT id, 1, email FROM customers')
;;
-- pivoting/marketing: function-not-allowed
SELECT * FROM contrib.connectby('customers', 'email', 'id', '1', 0) AS t(a text, b text, c int)
;;
-- pivoting/marketing: function-not-allowed
SELECT * FROM contrib.pgrowlocks('customers')
;;
-- pivoting/marketing: function-not-allowed
SELECT * FROM pivoted
;;
-- pivoting/marketing: function-not-allowed
SELECT contrib.set_limit(0.5)
;;
-- pivoting/marketing: same
SELECT contrib.similarity(name, 'x') FROM products WHERE name OPERATOR(contrib.%) 'x'
;;
-- pivoting/marketing: same
SET pg_trgm.similarity_threshold = 0.5
;;
-- pivoting/marketing: same
SELECT * FROM contrib.crosstab3('SELECT ''a''::text, ''b''::text, ''c''::text')
;;
-- marketing/marketing: function-not-allowed
SELECT contrib.normal_rand(3, 0, 1)
;;
-- marketing/marketing: operator-not-allowed
SELECT name FROM products WHERE name OPERATOR(contrib.%) 'x'
;;
