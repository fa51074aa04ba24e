//! RowDescription: drivers look columns up by the table's OID and the column's number, which a masked cell must not lose.

use super::common::postgres::{UPSTREAM_PASSWORD, UPSTREAM_ROLE, shared};
use super::raw::{Raw, bind, describe, execute, parse, sync};

const MADE: &str = "
ALTER TABLE customers ADD email varchar(32), ADD born numeric(8, 2);
UPDATE customers SET email = 'mail' || id;
CREATE VIEW people AS SELECT id AS person, name, upper(name) AS loud, email FROM customers;
CREATE VIEW plain AS SELECT name, id AS person, email FROM customers;
CREATE VIEW readers AS SELECT email, person FROM people WHERE person > 0;
CREATE VIEW both_ways AS SELECT name FROM customers UNION ALL SELECT name FROM things;
";

const POLICY: &str = r#"columns = { id = "open", name = "identity", email = "contact", born = "born" }"#;

/// What describes rows, as it came: each field's name, table, column, type, length, modifier and format.
fn descriptions(heard: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut all) = (heard, Vec::new());
    while let [tag, a, b, c, d, ..] = *rest {
        let end = 1 + usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap();
        if tag == b'T' {
            all.push(rest[5..end].to_vec());
        }
        rest = &rest[end..];
    }
    all
}

/// How one message is answered: in short, and what describes its rows.
fn answered(c: &mut Raw, messages: &[Vec<u8>]) -> (String, Vec<Vec<u8>>) {
    let from = c.heard.len();
    let said = c.exchange(messages);
    (said, descriptions(&c.heard[from..]))
}

/// Of which relations and columns the fields are.
fn origins(description: &[u8]) -> Vec<(String, u32, i16)> {
    let (mut rest, mut all) = (&description[2..], Vec::new());
    while !rest.is_empty() {
        let end = rest.iter().position(|b| *b == 0).unwrap();
        let name = String::from_utf8(rest[..end].to_vec()).unwrap();
        let field = &rest[end + 1..end + 19];
        let relation = u32::from_be_bytes(field[..4].try_into().unwrap());
        all.push((name, relation, i16::from_be_bytes(field[4..6].try_into().unwrap())));
        rest = &rest[end + 19..];
    }
    all
}

#[test]
fn columns_are_described_as_on_a_direct_connection() {
    let database = shared().database("proxy_described", &[include_str!("world.sql"), MADE].concat());
    database.grant_to_upstream();
    let policy = tempfile::NamedTempFile::new().unwrap();
    let text = std::fs::read_to_string(super::policy())
        .unwrap()
        .replace(r#"columns = { id = "open", name = "identity" }"#, POLICY)
        .replace("identity = \"redact\"", "identity = \"redact\"\ncontact = \"email\"\nborn = { round = 10 }");
    std::fs::write(policy.path(), text).unwrap();
    let proxy = super::serve(&database, policy.path(), "");
    let mut direct = Raw::open(shared().port());
    assert_eq!(direct.try_log_in(UPSTREAM_ROLE, UPSTREAM_PASSWORD, &[("database", "proxy_described")]), "Z:I");
    let mut through = Raw::log_in(proxy.port(), "ana", &[]);
    let mut tables = 0;
    for sql in [
        "SELECT * FROM customers",
        "TABLE customers",
        "SELECT c.*, name AS called FROM customers c",
        "SELECT email, lower(email), email || '', 'x' FROM customers c ORDER BY id LIMIT 1",
        "SELECT x.mail, (SELECT email FROM customers LIMIT 1) FROM (SELECT email FROM customers) AS x(mail)",
        "WITH w AS (SELECT email, id FROM customers) SELECT email, w.id + 1, id FROM w",
        "WITH w AS MATERIALIZED (SELECT email FROM customers) SELECT * FROM w",
        "WITH RECURSIVE w AS (SELECT email FROM customers UNION SELECT email FROM w) SELECT * FROM w",
        "SELECT email FROM customers UNION ALL SELECT email FROM customers",
        "SELECT * FROM (SELECT email FROM customers UNION SELECT email FROM customers) t",
        "SELECT * FROM customers JOIN friends ON id = customer_id",
        "SELECT * FROM customers a JOIN customers b USING (email, id)",
        "SELECT email, a.email, b.email FROM customers a LEFT JOIN customers b USING (email)",
        "SELECT email, a.email, b.email FROM customers a RIGHT JOIN customers b USING (email)",
        "SELECT email, a.email, b.email FROM customers a FULL JOIN customers b USING (email)",
        "SELECT name FROM customers JOIN (SELECT 'x'::varchar(9) AS name) t USING (name)",
        "SELECT name, things.name FROM customers NATURAL JOIN things",
        "SELECT j.email FROM (customers JOIN friends ON id = friend) AS j",
        "SELECT u.email FROM customers JOIN customers b USING (email) AS u",
        "SELECT * FROM people",
        "SELECT loud, email AS mail FROM people p",
        "SELECT * FROM readers",
        "SELECT * FROM both_ways",
        "SELECT * FROM (SELECT person FROM readers) r",
        "SELECT * FROM people JOIN listed ON id = person",
        "SELECT DISTINCT email FROM customers",
        "SELECT email, count(*) FROM customers GROUP BY email",
        "SELECT max(email), min(id) FROM customers",
        "SELECT email FROM customers GROUP BY id",
        "SELECT x.* FROM customers c, LATERAL (SELECT c.email, c.id) x",
        "VALUES (1, 'a')",
        "SELECT * FROM generate_series(1, 2) g",
        "SELECT attname, atttypid FROM pg_attribute LIMIT 1",
        "SELECT tableoid, ctid, id FROM things",
        "UPDATE customers SET name = name WHERE id = 1 RETURNING *, born IS NULL, email AS mail",
        "UPDATE customers c SET name = c.name FROM things t WHERE t.id = c.id RETURNING c.email, t.name, c.id",
        "INSERT INTO friends (customer_id, friend) VALUES (1, 2) RETURNING friend, customer_id",
        "DELETE FROM friends WHERE customer_id = 1 RETURNING *",
        "UPDATE plain SET name = name WHERE person = 1 RETURNING person, email, *",
        "INSERT INTO plain (person, name) VALUES (7, 'x') ON CONFLICT DO NOTHING RETURNING email, person",
        "DELETE FROM customers WHERE id = 7 RETURNING born",
        "WITH w AS (UPDATE customers SET name = name RETURNING email, id) SELECT * FROM w",
    ] {
        let asked: [&[Vec<u8>]; 3] = [
            &[super::raw::query(sql)],
            &[parse("s", sql), describe('S', "s"), sync()],
            &[bind("", "s", &[]), describe('P', ""), execute("", 0), super::raw::close('S', "s"), sync()],
        ];
        for messages in asked {
            let (expected, described) = answered(&mut direct, messages);
            let (said, found) = answered(&mut through, messages);
            assert!(!said.contains("E:"), "{sql}: {said} {:?}, {expected}", through.error);
            let of = |all: &[Vec<u8>]| all.iter().map(|d| origins(d)).collect::<Vec<_>>();
            assert_eq!(of(&found), of(&described), "{sql}");
            assert_eq!(found, described, "{sql}: types, lengths, modifiers, formats");
            tables += of(&found).iter().flatten().filter(|(_, relation, _)| *relation != 0).count();
        }
    }
    assert!(tables > 200, "{tables}");
    for sequence in [
        &[
            "BEGIN",
            "DECLARE c CURSOR FOR SELECT email, upper(email) FROM customers",
            "FETCH c",
            "FETCH ALL c",
            "COMMIT",
        ][..],
        &["PREPARE p AS SELECT email, name FROM people", "EXECUTE p", "DEALLOCATE p"],
        &["SELECT 1; SELECT email FROM customers; SELECT id, email FROM customers"],
        &["BEGIN; SELECT email FROM customers; COMMIT"],
    ] {
        for sql in sequence {
            let (expected, described) = answered(&mut direct, &[super::raw::query(sql)]);
            let (said, found) = answered(&mut through, &[super::raw::query(sql)]);
            assert!(!said.contains("E:"), "{sql}: {said}, {expected}");
            assert_eq!(found, described, "{sql}");
        }
    }
    // No column of a plan is one of a table.
    let mut explains = Raw::log_in(proxy.port(), "bea", &[]);
    for sql in
        ["SELECT email FROM customers", "INSERT INTO friends (customer_id, friend) VALUES (1, 2) RETURNING friend"]
    {
        let (said, found) = answered(&mut explains, &[super::raw::query(&format!("EXPLAIN {sql}"))]);
        assert!(said.contains("C:EXPLAIN"), "{said} {:?}", explains.error);
        assert_eq!(origins(&found[0]), [("QUERY PLAN".to_owned(), 0, 0)]);
    }
}
