//! Recording consent, and storing only with consent.

use crate::world::World;

#[tokio::test]
async fn consent() {
    let world = World::build("consent").await;
    recording_needs_its_own_right_and_no_other(&world).await;
    rows_are_stored_with_consent_only(&world).await;
    hidden_choices_stay_hidden(&world).await;
    what_cannot_be_tested_is_refused(&world);
}

async fn recording_needs_its_own_right_and_no_other(world: &World) {
    for sql in [
        "INSERT INTO consents VALUES (4, 'marketing', 'email', 'granted')",
        "UPDATE consents SET status = 'withdrawn' WHERE subject_id = 1",
        "DELETE FROM consents WHERE subject_id = 1",
        "COPY consents FROM STDIN",
    ] {
        assert_eq!(world.refused("app/service", sql), ("right-missing", "42501"), "{sql}");
        let cleared = world.clear("clerk/service", sql).expect(sql);
        assert!(cleared.protected(), "{sql}");
        assert_eq!(cleared.statements[0].tables[0].table, "public.consents", "{sql}");
    }
    let insert = "INSERT INTO consents VALUES (4, 'marketing', 'email', 'granted') ON CONFLICT DO NOTHING";
    for who in ["clerk/service", "clerk/marketing"] {
        let done = world.run(who, insert).await;
        assert_eq!(done.answer.expect(insert).count, 1, "{who}");
    }
    // Whatever the purpose; what it does not show is masked.
    let gone = "DELETE FROM consents WHERE subject_id = 1 AND status IS NULL RETURNING status, subject_id";
    let done = world.run("clerk/marketing", gone).await.answer.expect(gone);
    assert_eq!(done.rows, vec![vec![None, Some("1".to_owned())]; 2]);
    assert_eq!(world.refused("clerk/marketing", "SELECT status FROM consents").0, "table-out-of-reach");
    // A person whose rows are not there for reading (restricted) can still be recorded.
    let done = world.run("clerk/service", "UPDATE consents SET status = 'withdrawn' WHERE subject_id = 6").await;
    assert_eq!(done.answer.expect("update").count, 1);
    let done = world
        .run("clerk/service", "UPDATE consents SET status = status WHERE subject_id = 6 AND status = 'granted'")
        .await;
    assert_eq!(done.answer.expect("update").count, 0, "what is stored of a restricted person is not to be probed");
}

/// Whoever records choices writes any record by its open columns, but reads, moves and copies only those that are there.
async fn hidden_choices_stay_hidden(world: &World) {
    let panel = "INSERT INTO consents VALUES (1, 'panel', 'email', 'granted'), (2, 'panel', 'email', 'withdrawn')";
    world.stored.batch_execute(panel).await.expect("choices");
    let before = world.stored_tables().await;
    let sql = "DELETE FROM consents WHERE subject_id IN (1, 3) RETURNING *, consents";
    let rows = world.run("keeper/panel", sql).await.answer.expect(sql).rows;
    let shown: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
    assert_eq!(shown.len(), 4);
    assert!(shown.iter().all(|row| row.starts_with("[Some(\"1\")") || !row.contains("marketing")), "{shown:?}");
    assert!(!shown.concat().contains("withdrawn"), "{shown:?}");
    for (who, sql) in [
        ("keeper/panel", "UPDATE consents SET subject_id = 1, channel = 'post' WHERE subject_id = 3 RETURNING *"),
        (
            "keeper/panel",
            "INSERT INTO consents VALUES (3, 'marketing', 'email', 'x') ON CONFLICT (subject_id, purpose, channel) DO UPDATE SET subject_id = 9 RETURNING *",
        ),
        ("keeper/panel", "UPDATE consents SET status = status WHERE subject_id = 3"),
        (
            "keeper/panel",
            "UPDATE consents SET (status, channel) = (SELECT coalesce(status, 'granted'), 'post') WHERE subject_id = 3",
        ),
        (
            "keeper/panel",
            "INSERT INTO consents AS c VALUES (3, 'marketing', 'email', 'x') ON CONFLICT (subject_id, purpose, channel) DO UPDATE SET status = coalesce(c.status, 'granted')",
        ),
        // Whether another record has that channel.
        ("keeper/panel", "UPDATE consents SET channel = 'phone' WHERE subject_id = 2"),
        // Restricted.
        ("keeper/service", "UPDATE consents SET subject_id = 1, channel = 'post' WHERE subject_id = 6"),
        ("keeper/service", "UPDATE consents SET status = status WHERE subject_id = 6"),
    ] {
        let done = world.run(who, sql).await;
        assert_eq!(done.answer.as_ref().map(|a| a.count), Ok(0), "{who} {sql} {}", done.error);
        assert_eq!(done.after, before, "{who} {sql}");
    }
    // Forms of people's own choices.
    let merge = "MERGE INTO consents c USING (VALUES (3)) v (id) ON c.subject_id = v.id WHEN MATCHED THEN UPDATE SET ";
    for (who, sql) in [
        ("keeper/panel", "UPDATE consents SET status = 'withdrawn' WHERE subject_id = 3"),
        (
            "keeper/panel",
            "INSERT INTO consents VALUES (3, 'marketing', 'email', 'granted') ON CONFLICT (subject_id, purpose, channel) DO UPDATE SET subject_id = excluded.subject_id, purpose = excluded.purpose, channel = excluded.channel, status = excluded.status RETURNING subject_id",
        ),
        (
            "keeper/panel",
            "UPDATE consents SET subject_id = subject_id, purpose = 'panel', channel = 'post', status = 'granted' WHERE subject_id = 3",
        ),
        ("keeper/panel", "UPDATE consents SET channel = 'post' WHERE subject_id = 1 AND purpose = 'panel'"),
        (
            "keeper/panel",
            "UPDATE consents SET subject_id = 4, channel = channel WHERE subject_id = 1 AND purpose = 'panel'",
        ),
        ("keeper/panel", "DELETE FROM consents WHERE subject_id = 3"),
        ("keeper/service", "UPDATE consents SET subject_id = 4, status = status WHERE subject_id = 3"),
        ("keeper/service", "UPDATE consents SET channel = 'post' WHERE subject_id = 3 AND channel = 'email'"),
        ("keeper/service", "UPDATE consents SET status = 'withdrawn' WHERE subject_id = 6"),
        ("keeper/panel", &format!("{merge} status = 'granted'")),
    ] {
        let done = world.run(who, sql).await;
        assert_eq!(done.answer.as_ref().map(|a| a.count), Ok(1), "{who} {sql} {}", done.error);
    }
    // A record that this purpose does not show stays whose it is.
    let done = world.run("keeper/panel", &format!("{merge} subject_id = 1")).await;
    assert_eq!(done.answer.map(|a| a.count), Ok(0), "{}", done.error);
    world.stored.batch_execute("DELETE FROM consents WHERE purpose = 'panel'").await.expect("undone");
}

async fn rows_are_stored_with_consent_only(world: &World) {
    let merge = "MERGE INTO mailings m USING (VALUES (1), (2), (3)) v (id) ON m.id = v.id";
    let before = world.stored_tables().await;
    for sql in [
        "INSERT INTO mailings (customer_id, subject) VALUES (1, 'a'), (3, 'b')",
        "INSERT INTO mailings (customer_id, subject) VALUES ('4', 'b') RETURNING id",
        "INSERT INTO mailings (subject, customer_id) VALUES ('b', NULL)",
        "INSERT INTO mailings (customer_id, subject) VALUES ((SELECT 1 + 2), 'b')",
        "INSERT INTO mailings (customer_id, subject) SELECT p.id + 1, name FROM products p ORDER BY 1",
        "INSERT INTO mailings (customer_id, subject) SELECT p.id AS x, name FROM products p",
        "WITH x AS (INSERT INTO mailings (customer_id) VALUES (3) RETURNING id) SELECT count(*) FROM x",
        &format!(
            "{merge} WHEN NOT MATCHED AND CASE WHEN v.id > 1 THEN true END THEN INSERT (subject, customer_id) VALUES ('a', v.id)"
        ),
        &format!("{merge} WHEN NOT MATCHED THEN INSERT (customer_id) VALUES ((SELECT v.id + 1 WHERE v.id = 2))"),
    ] {
        let cleared = world.clear("app/service", sql).unwrap_or_else(|r| panic!("{sql}: {r}\n{}", r.detail));
        let raise = cleared.statements[0].raises.first().expect(sql);
        assert_eq!((raise.refusal.rule, raise.refusal.sqlstate.0), ("store-requires-consent", "42501"));
        let done = world.run("app/service", sql).await;
        assert_eq!(done.answer, Err("42501".to_owned()), "{sql}\n{}", cleared.wire_text());
        assert!(done.error.contains(&raise.marker), "{sql}\n{}", done.error);
        assert_eq!(done.after, before, "{sql}");
    }
    for (count, sql) in [
        (2, "INSERT INTO mailings (customer_id, subject) VALUES (1, 'a'), (5, 'b')"),
        (1, "INSERT INTO mailings (customer_id, subject) VALUES ('2', DEFAULT)"),
        (2, "INSERT INTO mailings (customer_id, subject) SELECT p.id, name FROM products p WHERE id < 3"),
        (1, "INSERT INTO mailings (customer_id, subject) VALUES (1, 'a') ON CONFLICT DO NOTHING RETURNING id, subject"),
        (
            2,
            &format!("{merge} WHEN NOT MATCHED AND v.id < 3 THEN INSERT (subject, customer_id) VALUES (DEFAULT, v.id)"),
        ),
    ] {
        let done = world.run("app/service", sql).await;
        assert_eq!(done.answer.as_ref().map(|a| a.count), Ok(count), "{sql}\n{}", done.error);
    }
    // An update of the subject is a new storing.
    world.stored.batch_execute("INSERT INTO mailings (customer_id, subject) VALUES (1, 'kept')").await.expect("row");
    let sql = "UPDATE mailings SET subject = 'x', customer_id = 3 WHERE customer_id = 1";
    assert_eq!(world.run("app/service", sql).await.answer, Err("42501".to_owned()));
    let sql = "UPDATE mailings SET customer_id = id * 0 + 2, subject = upper(subject) WHERE customer_id = 1 RETURNING customer_id";
    let done = world.run("app/service", sql).await;
    assert_eq!(done.answer.as_ref().map(|a| a.count), Ok(1), "{}", done.error);
    let sql = "UPDATE mailings SET subject = 'x' WHERE customer_id = 1";
    assert_eq!(world.run("app/service", sql).await.answer.map(|a| a.count), Ok(1));
    let merge = "MERGE INTO mailings m USING (VALUES (3), (5)) v (id) ON m.customer_id = v.id - 2 OR m.customer_id = v.id - 4 AND v.id = 5";
    for (matched, expected) in [
        ("v.id = 3 THEN UPDATE SET subject = 'x', customer_id = v.id", Err("42501".to_owned())),
        ("v.id = 5 THEN UPDATE SET subject = CASE WHEN v.id = 5 THEN 'x' END, customer_id = v.id", Ok(1)),
        ("v.id = 5 THEN UPDATE SET subject = upper(m.subject)", Ok(1)),
        ("v.id = 5 THEN DELETE", Ok(1)),
    ] {
        let sql = format!("{merge} WHEN MATCHED AND {matched}");
        let done = world.run("app/service", &sql).await;
        assert_eq!(done.answer.map(|a| a.count), expected, "{sql} {}", done.error);
    }
}

fn what_cannot_be_tested_is_refused(world: &World) {
    let merge = "MERGE INTO mailings m USING products p ON m.id = p.id WHEN NOT MATCHED THEN";
    for (rule, sql) in [
        ("store-requires-consent", "INSERT INTO mailings (subject) VALUES ('x')"),
        ("store-requires-consent", "INSERT INTO mailings DEFAULT VALUES"),
        ("store-requires-consent", "INSERT INTO mailings (customer_id) VALUES (DEFAULT)"),
        ("store-requires-consent", "INSERT INTO mailings (customer_id) OVERRIDING USER VALUE VALUES (1)"),
        ("store-requires-consent", "UPDATE mailings SET customer_id = DEFAULT"),
        ("store-requires-consent", &*format!("{merge} INSERT (subject) VALUES ('x')")),
        ("store-requires-consent", &*format!("{merge} INSERT DEFAULT VALUES")),
        ("store-requires-consent", &*format!("{merge} INSERT (customer_id) OVERRIDING USER VALUE VALUES (1)")),
        ("store-requires-consent", &*format!("{merge} INSERT (customer_id) VALUES (DEFAULT)")),
        ("not-understood", "INSERT INTO mailings SELECT * FROM mailings"),
        ("not-understood", "INSERT INTO mailings (customer_id) SELECT 1 UNION SELECT 3"),
        ("not-understood", "INSERT INTO mailings (customer_id) (SELECT 3)"),
        ("not-understood", "UPDATE mailings SET (customer_id, subject) = (SELECT 3, 'x')"),
        ("not-understood", "INSERT INTO mailings (customer_id) SELECT count(*) FROM products"),
        (
            "not-understood",
            "INSERT INTO mailings (customer_id) SELECT 4 + row_number() OVER (ORDER BY id DESC) FROM products",
        ),
        ("not-understood", "UPDATE mailings SET customer_id = count(*)"),
        ("store-requires-consent", "COPY mailings (id, subject) FROM STDIN"),
        ("not-understood", "COPY mailings (customer_id, subject) FROM STDIN WHERE customer_id = 1"),
    ] {
        assert_eq!(world.refused("app/service", sql).0, rule, "{sql}");
    }
}
