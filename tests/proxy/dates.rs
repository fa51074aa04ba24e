//! Consent tables whose notices are dates: a session's `DateStyle` decides nothing.

use super::common::postgres::shared;
use super::common::proxy::{Proxy, Served};
use super::raw::Raw;

const WORLD: &str = "
    ALTER DATABASE proxy_dates SET datestyle = 'SQL, DMY';
    CREATE TABLE people (id int PRIMARY KEY, name text);
    INSERT INTO people VALUES (1, 'First of February'), (2, 'Second of January'), (3, 'Endless'), (4, 'None');
    CREATE TABLE consents (person int PRIMARY KEY, purpose text, status text, notice date);
    INSERT INTO consents VALUES (1, 'p', 'yes', '2024-02-01'), (2, 'p', 'yes', '2024-01-02'),
                                (3, 'p', 'yes', 'infinity'), (4, 'p', 'yes', NULL);
";

const POLICY: &str = r#"
[subject.person]
table = "public.people"
key = "id"
[subject.person.consent]
table = "public.consents"
subject = "person"
purpose = "purpose"
status = "status"
granted = ["yes"]
notice = "notice"
[category]
identity = "redact"
[table."public.people"]
subject = { person = "id" }
columns = { id = "open", name = "identity" }
[purpose.p]
description = "Test"
basis = "consent"
notices = ["2024-02-01", "2023-12-31"]
shows = ["identity"]
[role.app]
purposes = ["p"]
may = ["read"]
"#;

#[test]
fn date_style_decides_no_consent() {
    let database = shared().database("proxy_dates", WORLD);
    database.grant_to_upstream();
    let policy = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(policy.path(), POLICY).unwrap();
    let proxy =
        Proxy::start(&[Served { name: "app", database: &database, policy: policy.path() }], &[("ana", "app")], "");
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    assert_eq!(c.ask("SHOW datestyle"), "T D:SQL, DMY C:SHOW Z:I");
    for style in ["SQL, DMY", "SQL, MDY", "German", "Postgres, MDY", "ISO, YMD"] {
        c.ask(&format!("SET datestyle = '{style}'"));
        assert_eq!(c.ask("SELECT id FROM people ORDER BY 1"), "T D:1 C:SELECT 1 Z:I", "{style}");
    }
}
