//! INSERT and UPDATE of tables whose rows are stored with their subject's consent only: what the key is given is tested as
//! it is stored, and what PostgreSQL would not store is PostgreSQL's error.

use super::common::postgres::{UPSTREAM_PASSWORD, UPSTREAM_ROLE, shared};
use super::raw::{Raw, bind, execute, parse, sync};
use super::store;

fn outcome(c: &mut Raw, sql: &str, extended: bool) -> String {
    c.ask("BEGIN");
    let answer = match extended {
        true => c.exchange(&[parse("", sql), bind("", "", &[]), execute("", 0), sync()]),
        false => c.ask(sql),
    };
    let told = answer.split(' ').find(|a| a.starts_with("E:")).map(|error| {
        let at = c.said('P').parse::<usize>().ok().map(|at| sql.chars().skip(at - 1).collect::<String>());
        format!("{error} {} {}", c.said('M'), at.unwrap_or_default())
    });
    c.ask("ROLLBACK");
    told.unwrap_or(answer)
}

#[test]
fn what_postgresql_does_not_take_for_the_key_is_its_own_error() {
    let world = store::common_world();
    let mut direct = Raw::open(shared().port());
    assert_eq!(direct.try_log_in(UPSTREAM_ROLE, UPSTREAM_PASSWORD, &[("database", "store")]), "Z:I");
    let mut c = world.session();
    let values = [
        "true",
        "'1'::text",
        "'1'::varchar(3)",
        "'2020-01-01'::date",
        "'{1}'::int[]",
        "ARRAY[1]",
        "'1'::json",
        "'1.1.1.1'::inet",
        "now()",
        "1 = 1",
        "'1' || ''",
        "CASE WHEN true THEN '1' END",
        "coalesce(NULL, '1')",
        "lower('1')",
        "'1 day'::interval",
        "B'1'",
    ];
    let mut all = Vec::new();
    for value in values {
        all.push(format!("INSERT INTO letters (customer_id, subject) VALUES ({value}, 'a')"));
        all.push(format!("INSERT INTO letters (customer_id, subject) VALUES (1, 'a'), ({value}, 'b'), (3, 'c')"));
        all.push(format!("INSERT INTO letters (customer_id, subject) VALUES ({value}, 'a'), (1, 'b'), (3, 'c')"));
        all.push(format!("INSERT INTO letters (customer_id, subject) SELECT {value}, name FROM customers"));
        all.push(format!("UPDATE letters SET customer_id = {value} WHERE id = 1"));
        all.push(format!("INSERT INTO cards (holder, note) VALUES ({value}, 'a')"));
    }
    all.extend([
        "INSERT INTO letters (customer_id, subject) SELECT name, 'a' FROM customers".to_owned(),
        "INSERT INTO letters (customer_id, subject) SELECT id > 1, name FROM customers".to_owned(),
        "INSERT INTO letters (customer_id, subject) VALUES ((SELECT name FROM customers LIMIT 1), 'a')".to_owned(),
        "UPDATE letters SET customer_id = code WHERE id = 1".to_owned(),
        "INSERT INTO letters (customer_id) SELECT * FROM unnest(ARRAY['1', '3'])".to_owned(),
    ]);
    for sql in &all {
        for extended in [false, true] {
            let told = outcome(&mut direct, sql, extended);
            assert!(told.starts_with("E:42804"), "{told}: {sql}");
            assert_eq!(outcome(&mut c, sql, extended), told, "{sql}");
        }
    }
}

#[test]
fn what_it_takes_is_tested_as_it_is_stored() {
    let world = store::world("stored_as_tested");
    // 5 has withdrawn.
    world.database.psql("UPDATE consents SET expires_at = NULL WHERE subject_id = 4");
    let mut c = world.session();
    for (values, people) in [
        ("(1, 'a')", "1"),
        ("('3', 'a'), (NULL, 'b')", ""),
        ("(1.4, 'a'), ('3', 'b'), (2.6, 'c'), (4::float8, 'd'), (4::bigint, 'e')", "1,3,3,4,4"),
        ("(2.5::float8, 'a')", ""),
        ("(4.5::float8, 'a')", "4"),
        ("(4.5, 'a')", ""),
        // Of a float and a numeric PostgreSQL makes floats where they stand in one list, and 4.5 is 4 then.
        ("(1.0::float8, 'a'), (4.5, 'b')", ""),
        ("(1.0::float8, 'a'), (4.5::float8, 'b')", "1,4"),
        ("(1.0::float4, 'a'), (1, 'b'), ('4', 'c')", "1,1,4"),
        ("(1.0::float4, 'a'), (5, 'b')", ""),
    ] {
        for rest in ["", " ON CONFLICT DO NOTHING"] {
            store::emptied(&world.database);
            let told = c.ask(&format!("INSERT INTO letters (customer_id, subject) VALUES {values}{rest}"));
            let stored =
                world.database.psql("SELECT string_agg(coalesce(customer_id::text, ''), ',' ORDER BY id) FROM letters");
            assert_eq!(stored, people, "{told}: {values}");
            match people {
                "" => assert!(told.starts_with("E:42501"), "{told}: {values}"),
                _ => assert!(told.starts_with("C:INSERT"), "{told} {:?}: {values}", c.error),
            }
        }
    }
    c.ask("SET consentry.purpose = 'marketing'");
    for (sql, told) in [
        ("INSERT INTO cards (holder, note) VALUES (1.2, 'a'), (3, 'b')", "C:INSERT 0 2 Z:I"),
        ("INSERT INTO cards (holder, note) VALUES (0.2, 'a')", "E:23514 Z:I"),
        (
            "INSERT INTO cards (holder, note) SELECT id + 0.4, name FROM customers WHERE id IN (1, 3)",
            "C:INSERT 0 2 Z:I",
        ),
        ("INSERT INTO cards (holder, note) SELECT id + 0.5, name FROM customers WHERE id IN (1, 3)", "E:42501 Z:I"),
        ("INSERT INTO samples (id, tray) VALUES (1, 'one'), (2, 'one'::text), (3, 'one'::char(9))", "C:INSERT 0 3 Z:I"),
        ("INSERT INTO samples (id, tray) VALUES (1, 'two'::name)", "E:42501 Z:I"),
        ("INSERT INTO samples (id, tray) VALUES (1, 'one    ')", "E:42501 Z:I"),
    ] {
        assert_eq!(c.ask(sql), told, "{sql} {:?}", c.error);
    }
}
