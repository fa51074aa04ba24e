//! What an error points at is what PostgreSQL itself points at in the client's text, wherever what leaves has it, and
//! however often; and its hint, where that names nothing, is PostgreSQL's.

use super::common::postgres::{UPSTREAM_PASSWORD, UPSTREAM_ROLE, shared};
use super::raw::{Raw, bind, execute, parse, sync};
use super::store;

/// Statements with one error each, in purposes that hide rows and that do not.
const FAULTY: [&str; 45] = [
    "SELECT 'x'::int FROM letters",
    "SELECT id, 'ñé' FROM letters WHERE customer_id = 'x'",
    "SELECT id, 'ñé' FROM letters WHERE id = 7 AND customer_id = 'x'",
    "SELECT id FROM letters WHERE customer_id = 'x' AND 1 / id > 0",
    "SELECT id FROM letters WHERE customer_id = E'x' AND 1 / id > 0",
    "SELECT id FROM letters WHERE customer_id = E'ñ' AND id = 'é'",
    "SELECT id FROM letters WHERE id = 12 AND customer_id = $$x$$ AND 1 / id > 0",
    "SELECT id FROM letters WHERE id = 12 AND customer_id = 'x\\y'",
    "SELECT id FROM letters WHERE id = 7 AND customer_id = 'x' '' \n 'y'",
    "SELECT id FROM letters WHERE at > '2020-01-01' AND at < 'soon' AND 1 / id > 0",
    "SELECT id FROM letters WHERE at BETWEEN '2020-01-01' AND 'later'",
    "SELECT id FROM letters WHERE 1 / id > 0 AND at BETWEEN 'sooner' AND '2020-01-01'",
    "SELECT id FROM letters WHERE customer_id IN (1, 2, 'x') AND 1 / id > 0",
    "SELECT id FROM letters WHERE customer_id = ANY ('{1,x}') AND 1 / id > 0",
    "SELECT id FROM letters WHERE 'x' = customer_id AND 1 / id > 0",
    "SELECT (SELECT count(*) FROM letters WHERE customer_id = 'x')",
    "WITH w AS (SELECT id FROM letters WHERE customer_id = 'x' AND 1 / id > 0) SELECT * FROM w",
    "SELECT 1 FROM customers c JOIN letters l ON l.customer_id = c.id WHERE l.id = 1 AND c.id = 'x'",
    "SELECT id FROM letters WHERE customer_id = 'x' FOR UPDATE",
    "SELECT id FROM letters WHERE id = 1 UNION SELECT id FROM letters WHERE id = 2 AND customer_id = 'x'",
    "SELECT id FROM letters WHERE customer_id = 1 AND id @@@ 3",
    "SELECT lower(id, name) FROM customers",
    "SELECT id FROM customers WHERE name = id",
    "UPDATE letters SET price = subject WHERE id = 2",
    "UPDATE customers SET name = 'a' WHERE id = 'x'",
    "UPDATE customers SET name = 'a' WHERE 1 / id > 0 AND id = 'x'",
    "UPDATE letters SET price = 2 WHERE at < 'soon' AND 1 / id > 0",
    "DELETE FROM customers WHERE id = 'x' RETURNING name",
    "DELETE FROM letters USING customers c WHERE c.id = letters.customer_id AND c.id = 'x'",
    "INSERT INTO letters (customer_id, subject) VALUES (1, 'a'), ('x', 'b')",
    "INSERT INTO letters (customer_id, subject) VALUES (1, 'a'), (E'x', 'b')",
    "INSERT INTO letters (customer_id, subject) VALUES (1, 'a'), (3, 'ñ'), ('x'::int, 'b')",
    "INSERT INTO letters (customer_id, subject) VALUES (1, 'a'), (3, 'ñ'), (E'x'::int, 'b')",
    "INSERT INTO customers (id, name) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET name = 'b' WHERE customers.id = 'x'",
    "MERGE INTO customers c USING letters l ON l.customer_id = c.id AND l.id = 'x' WHEN MATCHED THEN UPDATE SET name = 'x'",
    "SELECT customers.id FROM customers c",
    "SELECT c.id, (SELECT customers.id FROM letters l LIMIT 1) FROM customers c",
    "SELECT nobody.id FROM customers c",
    "UPDATE customers c SET name = 'b' WHERE customers.id = 1",
    "DELETE FROM letters l USING customers c WHERE letters.id = 1",
    "DELETE FROM letters l USING customers c WHERE customers.id = 1",
    "SELECT nobody.* FROM customers c",
    "INSERT INTO letters (customer_id, nothing) VALUES (1, 'a')",
    "SELECT id FROM customers WHERE quantity LIKE 'x' AND id = 1",
    "CREATE TEMP TABLE t AS SELECT id FROM letters WHERE id = 1 AND customer_id = 'x'",
];

/// What PostgreSQL says of a statement that it cannot read, and what points nowhere, names no value: it passes.
#[test]
fn what_is_wrong_with_the_text_is_said_as_postgresql_says_it() {
    let world = store::common_world();
    let mut direct = Raw::open(shared().port());
    assert_eq!(direct.try_log_in(UPSTREAM_ROLE, UPSTREAM_PASSWORD, &[("database", "store")]), "Z:I");
    let mut c = world.session();
    for sql in [
        "UPDATE customers SET name = 'a', name = 'b' WHERE id = 1",
        "SELECT 1 FROM customers c, customers c",
        "INSERT INTO customers (id, name) VALUES (1, 'a') ON CONFLICT (name, id) DO NOTHING",
        "COPY customers (id, id) TO STDOUT",
        "SELECT id, count(*) FROM customers GROUP BY id FOR UPDATE",
        "SELECT id FROM customers WHERE id = $1",
        "SELECT customers.id FROM customers c",
    ] {
        let said = [&mut c, &mut direct].map(|one| {
            assert!(one.ask(sql).starts_with("E:"), "{sql}");
            let at = one.error.iter().find(|(letter, _)| *letter == 'P').map(|(_, at)| at.clone());
            (one.said('C').to_owned(), one.said('M').to_owned(), at)
        });
        assert_eq!(said[0], said[1], "{sql}");
    }
}

/// SQLSTATE and hint of the error that a statement is told to have, and what stands in its text from where that points.
fn told(c: &mut Raw, sql: &str, extended: bool) -> (String, String, String) {
    c.ask("BEGIN");
    let answer = match extended {
        true => c.exchange(&[parse("", sql), bind("", "", &[]), execute("", 0), sync()]),
        false => c.ask(sql),
    };
    assert!(answer.contains("E:"), "{answer} {sql}");
    let at: usize = c.said('P').parse().unwrap_or_else(|_| panic!("{:?} points nowhere: {sql}", c.error));
    let told = (c.said('C').to_owned(), c.said('H').to_owned(), sql.chars().skip(at - 1).collect());
    c.ask("ROLLBACK");
    told
}

#[test]
fn of_what_leaves_more_than_once_it_is_the_client_s() {
    let world = store::common_world();
    let mut direct = Raw::open(shared().port());
    assert_eq!(direct.try_log_in(UPSTREAM_ROLE, UPSTREAM_PASSWORD, &[("database", "store")]), "Z:I");
    for purpose in ["service", "marketing"] {
        let mut c = world.session();
        c.ask(&format!("SET consentry.purpose = '{purpose}'"));
        for sql in FAULTY {
            for extended in [false, true] {
                assert_eq!(told(&mut c, sql, extended), told(&mut direct, sql, extended), "{purpose}: {sql}");
            }
            // Of a text like one that was judged before, the literals are not as long.
            let like = sql.replace("7", "1234567").replace("'a'", "'ñandú'").replace("12 ", "1 ");
            assert_eq!(told(&mut c, &like, false), told(&mut direct, &like, false), "{purpose}: {like}");
        }
    }
}
