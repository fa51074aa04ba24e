//! COPY, both ways.

use bytes::Bytes;
use futures_util::{SinkExt, TryStreamExt};

use crate::world::World;

async fn copied(world: &World, sql: &str) -> String {
    let cleared = world.clear("app/marketing", sql).unwrap_or_else(|r| panic!("{sql}: {r}"));
    let stream =
        world.stored.copy_out(cleared.wire_text()).await.unwrap_or_else(|e| panic!("{e:?}\n{}", cleared.wire_text()));
    let parts: Vec<Bytes> = stream.try_collect().await.expect("rows");
    let mut lines: Vec<String> = String::from_utf8(parts.concat()).expect("text").lines().map(str::to_owned).collect();
    lines.sort();
    lines.join("\n")
}

#[tokio::test]
async fn copy() {
    let world = World::build("copy").await;
    let all = "1\tAna\tana@mail.example\t+34600000011\tES\t\\N\t\\N
2\tBen\tC***@mail.example\t+34600000022\tES\t\\N\t\\N
5\tEva\teva@mail.example\t+34600000055\tFR\t\\N\t\\N";
    assert_eq!(copied(&world, "COPY customers TO STDOUT").await, all);
    assert_eq!(copied(&world, "COPY (SELECT * FROM customers) TO STDOUT").await, all);
    assert_eq!(copied(&world, "COPY (TABLE customers) TO STDOUT").await, all);
    let some = "email,id\nC***@mail.example,2\nana@mail.example,1\neva@mail.example,5";
    let csv = copied(&world, "COPY public . customers ( email, id ) TO STDOUT WITH (FORMAT csv, HEADER) ").await;
    let mut expected: Vec<&str> = some.lines().collect();
    expected.sort();
    assert_eq!(csv, expected.join("\n"));
    assert_eq!(copied(&world, "COPY products (name) TO STDOUT").await, "desk\nink\npen");
    assert_eq!(copied(&world, "COPY (VALUES (1)) TO STDOUT").await, "1");

    for (rule, sql) in [
        ("not-understood", "COPY customers TO '/tmp/x'"),
        ("not-understood", "COPY customers TO PROGRAM 'cat'"),
        ("not-understood", "COPY customers FROM '/tmp/x'"),
        ("not-understood", "COPY (DELETE FROM customers RETURNING *) TO STDOUT"),
        ("wrong-object-type", "COPY people TO STDOUT"),
        ("table-not-listed", "COPY unlisted TO STDOUT"),
        ("column-not-writable", "COPY customers FROM STDIN"),
        ("column-not-writable", "COPY customers (id, secret) FROM STDIN"),
        ("not-understood", "COPY customers (id) FROM STDIN WHERE id > 1"),
        ("undefined-column", "COPY customers (nothing) FROM STDIN"),
    ] {
        assert_eq!(world.refused("app/marketing", sql).0, rule, "{sql}");
    }

    let sql = "COPY customers (id, full_name, score) FROM STDIN";
    let cleared = world.clear("app/marketing", sql).expect(sql);
    assert_eq!(cleared.wire_text(), "COPY \"public\".customers (id, full_name, score) FROM STDIN");
    let sink = world.stored.copy_in::<_, Bytes>(cleared.wire_text()).await.expect(sql);
    let mut sink = std::pin::pin!(sink);
    sink.send(Bytes::from_static(b"101\tGil\t1\n")).await.expect("data");
    assert_eq!(sink.finish().await.expect("end"), 1);
    let row = world.stored.query_one("SELECT full_name, score FROM customers WHERE id = 101", &[]).await.expect("row");
    assert_eq!((row.get::<_, String>(0), row.get::<_, i32>(1)), ("Gil".to_owned(), 1));
}
