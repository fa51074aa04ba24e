-- Arguments by name, by place and by name, and left out.
-- namer/marketing: same
SELECT worth_of(person => 1), worth_of(1, currency => 'USD'), worth_of(since => '2020-01-01', person => 2), worth_of(person := 1)
;;
-- namer/marketing: changed
SELECT worth_of(person => id, currency => country) FROM customers WHERE worth_of(id, since => '2020-01-01') > 0
;;
-- namer/marketing: same
SELECT * FROM worth_of(person => 1, currency => 'USD'), split_of(person => 1) s, parts_of(person => 1, many => 2)
;;
-- namer/marketing: same
SELECT name, age FROM split_of(person => 1); SELECT sums(VARIADIC numbers => ARRAY[1, 2])
;;
-- namer/marketing: same
CALL give(person => 1); CALL give(what => 'y', person => 1); CALL give(1, what => 'z')
;;
-- Another of the name beside it takes no such arguments.
-- namer/marketing on public, apart: same
SELECT worth_of(person => 1), worth_of(person => 1, since => '2020-01-01'), worth_of(1, since => '2020-01-01', currency => 'x')
;;
-- namer/marketing on apart, public: same
SELECT worth_of(person => 1), worth_of(1, since => '2020-01-01')
;;
-- Which of two is meant PostgreSQL tells by their types, or by the path.
-- namer/marketing on public, apart: function-not-allowed
SELECT worth_of(person => 1, currency => 'x')
;;
-- namer/marketing on apart, public: function-not-allowed
SELECT worth_of(person => 1, secretly => true, since => '2020-01-01')
;;
-- namer/marketing: function-not-allowed
SELECT apart.worth_of(person => 1, currency => 'x')
;;
-- marketing/marketing: function-not-allowed
SELECT worth_of(person => 1)
;;
-- namer/marketing: undefined-function
SELECT worth_of(nobody => 1)
;;
-- namer/marketing: undefined-function
SELECT worth_of(1, person => 1)
;;
-- namer/marketing: undefined-function
SELECT worth_of(since => '2020-01-01')
