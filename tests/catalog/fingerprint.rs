//! Every change of what the catalog snapshot tells changes the fingerprint; what does not matter leaves it.

use crate::common::postgres::shared;
use consentry::engine::catalog::FIRST_NORMAL_OID;
use consentry::engine::meaning::Meaning;
use consentry::relay::catalog::ask::Asker;
use consentry::relay::catalog::{fingerprint, load, load_stamped};

const SCHEMA: &str = "
    CREATE EXTENSION citext;
    CREATE TABLE t (a int PRIMARY KEY, b text, c int);
    CREATE TABLE part (a int) PARTITION BY RANGE (a);
    CREATE TABLE part_1 (a int);
    CREATE VIEW v AS SELECT a FROM t;
    CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TYPE mood AS ENUM ('happy');
    CREATE FUNCTION same(int, int) RETURNS bool LANGUAGE sql AS 'SELECT true';
    CREATE FUNCTION on_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    INSERT INTO t SELECT i, 'x', i FROM generate_series(1, 1000) i;
";

/// Run in this order, each on what the ones before have left.
const CHANGES: &[&str] = &[
    "CREATE TABLE u (a int)",
    "ALTER TABLE u RENAME TO w",
    "DROP TABLE w",
    "ALTER TABLE t RENAME COLUMN b TO email",
    "ALTER TABLE t RENAME COLUMN email TO b",
    "ALTER TABLE t ADD COLUMN d text",
    "ALTER TABLE t ALTER COLUMN d TYPE varchar(10)",
    "ALTER TABLE t ALTER COLUMN d SET NOT NULL",
    "ALTER TABLE t DROP COLUMN d",
    "ALTER TABLE t RENAME c TO x; ALTER TABLE t RENAME b TO c; ALTER TABLE t RENAME x TO b",
    "CREATE UNIQUE INDEX t_c ON t (b)",
    "DROP INDEX t_c",
    "CREATE INDEX plain ON t (b)",
    "ALTER INDEX plain RENAME TO plainer",
    "DROP INDEX plainer",
    "CREATE SEQUENCE numbers",
    "ALTER SEQUENCE numbers OWNED BY t.a",
    "ALTER SEQUENCE numbers OWNED BY NONE",
    "ALTER TABLE t ALTER a SET DEFAULT nextval('numbers')",
    "ALTER TABLE t ALTER a SET DEFAULT 1 + nextval('numbers')",
    "ALTER TABLE t ALTER a DROP DEFAULT",
    "DROP SEQUENCE numbers",
    "ALTER TABLE t ADD CONSTRAINT self FOREIGN KEY (b) REFERENCES t",
    "ALTER TABLE t DROP CONSTRAINT self",
    "CREATE OR REPLACE VIEW v AS SELECT a FROM t WHERE a > 1",
    "ALTER VIEW v SET (check_option = local)",
    "ALTER VIEW v RENAME TO vv",
    "DROP VIEW vv",
    "CREATE VIEW v AS SELECT 1 AS a",
    "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
    "ALTER FUNCTION f() RENAME TO g",
    "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 3'",
    "DROP FUNCTION f(int)",
    "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = same)",
    "DROP OPERATOR === (int, int)",
    "ALTER TABLE part ATTACH PARTITION part_1 FOR VALUES FROM (0) TO (1)",
    "ALTER TABLE part DETACH PARTITION part_1",
    "CREATE TABLE heir () INHERITS (t)",
    "ALTER TABLE heir NO INHERIT t",
    "CREATE TRIGGER on_change BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION on_change()",
    "DROP TRIGGER on_change ON t",
    "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
    "DROP RULE r ON t",
    "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE t DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE t SET SCHEMA information_schema",
    "ALTER TABLE information_schema.t SET SCHEMA public",
    "CREATE SCHEMA s",
    "GRANT USAGE ON SCHEMA s TO consentry",
    "REVOKE USAGE ON SCHEMA s FROM consentry",
    "ALTER SCHEMA s RENAME TO s2",
    "DROP SCHEMA s2",
    "ALTER TYPE mood RENAME TO temper",
    "DROP TYPE temper",
    "CREATE DOMAIN d AS int",
    "CREATE CAST (citext AS int) WITH INOUT",
    "ALTER EXTENSION citext DROP FUNCTION citext_eq(citext, citext)",
    "ALTER EXTENSION citext ADD FUNCTION citext_eq(citext, citext)",
    "CREATE SCHEMA ext; ALTER EXTENSION citext SET SCHEMA ext",
    "DROP EXTENSION citext CASCADE",
    "ALTER ROLE consentry SET search_path = s",
    "ALTER ROLE consentry RESET search_path",
    "CREATE TABLE gone (a int); DROP TABLE gone; CREATE TABLE kept (a int)",
    "INSERT INTO kept SELECT generate_series(1, 150000); ANALYZE kept",
];

/// What a busy database does all day.
const NO_CHANGES: &[&str] = &[
    "INSERT INTO t VALUES (5000, 'x', 1); DELETE FROM t WHERE a = 5000",
    "ANALYZE t",
    "VACUUM t",
    "VACUUM FREEZE pg_class",
    "VACUUM FREEZE pg_attribute",
    "VACUUM FREEZE pg_proc",
    "VACUUM FREEZE pg_namespace",
    "VACUUM FREEZE pg_rewrite",
    "VACUUM FULL pg_rewrite",
    "TRUNCATE t",
    "VACUUM FULL pg_class",
    "GRANT SELECT ON t TO consentry",
    "CREATE TEMP TABLE scratch (a int PRIMARY KEY, b text); CREATE TEMP VIEW sv AS SELECT a FROM scratch",
    "BEGIN; DROP TABLE t CASCADE; ROLLBACK",
];

#[tokio::test]
async fn every_change_shows_and_nothing_else_does() {
    let db = shared().database("catalog_fingerprint", SCHEMA);
    let (reader, writer) = (db.upstream().await, db.superuser().await);
    for sql in NO_CHANGES {
        let before = fingerprint(&reader).await.unwrap();
        writer.batch_execute(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        assert_eq!(fingerprint(&reader).await.unwrap(), before, "{sql}");
    }
    for sql in CHANGES {
        let before = fingerprint(&reader).await.unwrap();
        writer.batch_execute(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        assert_ne!(fingerprint(&reader).await.unwrap(), before, "{sql}");
    }
}

/// What a relation is read as by its name. Run in this order.
const NEW_MEANINGS: &[&str] = &[
    "CREATE OR REPLACE VIEW v AS SELECT a FROM t WHERE a > 1",
    "ALTER VIEW v RENAME TO vv",
    "ALTER VIEW vv RENAME TO v",
    "DROP VIEW v",
    "CREATE VIEW v AS SELECT 1 AS a",
    "ALTER TABLE t RENAME TO u; ALTER TABLE part RENAME TO t",
    "ALTER TABLE t RENAME TO part; ALTER TABLE u RENAME TO t",
    "ALTER TABLE part ATTACH PARTITION part_1 FOR VALUES FROM (0) TO (1)",
    "ALTER TABLE part DETACH PARTITION part_1",
    "CREATE TABLE heir () INHERITS (t)",
    "ALTER TABLE heir NO INHERIT t",
    "CREATE RULE r AS ON INSERT TO t DO ALSO SELECT 1",
    "DROP RULE r ON t",
    "CREATE SCHEMA s",
    "CREATE VIEW s.v AS SELECT 1 AS a",
    "ALTER SCHEMA s RENAME TO s2",
    "ALTER SCHEMA s2 RENAME TO s",
    "DROP SCHEMA s CASCADE",
];

/// What is asked agrees with what was loaded, whatever has happened: else statements would be turned away for ever. And what
/// means something else is noticed.
#[tokio::test]
async fn the_question_finds_what_was_loaded_and_what_has_changed_since() {
    let db = shared().database("catalog_asked", SCHEMA);
    let (reader, writer) = (db.upstream().await, db.superuser().await);
    let asker = Asker::new(db.upstream().await).await.unwrap();
    for (sql, is_change) in NO_CHANGES.iter().map(|sql| (sql, false)).chain(NEW_MEANINGS.iter().map(|sql| (sql, true)))
    {
        let catalog = load(&reader).await.unwrap();
        let own = || catalog.relations().filter(|r| r.oid >= FIRST_NORMAL_OID);
        let names = own().map(|r| r.name.name.clone()).chain(["v".to_owned()]).collect();
        let meaning = Meaning::new(&catalog, &own().map(|r| r.oid).collect(), &names, true);
        assert!(
            own().count() >= 3 && meaning.is_still(&asker.ask([&meaning].into_iter()).await.unwrap()),
            "before {sql}"
        );
        writer.batch_execute(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        let found = asker.ask([&meaning].into_iter()).await.unwrap();
        // A new schema alone gives no name a new meaning.
        let is_still = !is_change || *sql == "CREATE SCHEMA s";
        assert_eq!(meaning.is_still(&found), is_still, "after {sql}");
    }
}

/// A snapshot that was read while the schema changed is as if it had been read before or after, whole.
#[tokio::test]
async fn a_snapshot_is_never_torn() {
    let db = shared().database("catalog_torn", "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t");
    let (reader, writer) = (db.upstream().await, db.superuser().await);
    let changing = tokio::spawn(async move {
        for i in 0..24 {
            let (from, to) = if i % 2 == 0 { ("a", "b") } else { ("b", "a") };
            writer.batch_execute(&format!("ALTER TABLE t RENAME {from} TO {to}")).await.unwrap();
            // Longer and longer: some reading falls between two changes on the slowest machine too.
            tokio::time::sleep(std::time::Duration::from_millis(80 * (1 + i / 2))).await;
        }
    });
    let mut read = 0;
    while !changing.is_finished() {
        let Ok(stamped) = load_stamped(&reader).await else { continue };
        let table = stamped.catalog.relation_named("public", "t").unwrap();
        let view = stamped.catalog.relation_named("public", "v").unwrap().definition.clone().unwrap();
        assert!(view.contains(&format!("t.{}", table.columns[0].name)), "{view} over {:?}", table.columns[0].name);
        read += 1;
    }
    changing.await.unwrap();
    let last = load(&reader).await.unwrap();
    assert_eq!(last.relation_named("public", "t").unwrap().columns[0].name, "a");
    assert!(read > 0, "some reads fell between two changes");
}
