//! What `consent show` says of a ledger is what the proxy does: every way in which up to three records of two channels can
//! lie in time, known or not, judged by both.

use consentry::consent::history::records;
use consentry::consent::standing::judge;
use consentry::consent::target::Target;
use consentry::engine::clear::Secrets;
use consentry::engine::policy::{Channel, Policy};
use consentry::engine::visible::{Sight, cell_sql, row_sql, visible_table};
use consentry::relay::catalog;

use crate::common::postgres::shared;
use crate::policy;

const SCHEMA: &str = "
    CREATE TABLE customers (id int PRIMARY KEY, email text);
    CREATE TABLE consents (subject_id int, purpose text, channel text, status text, recorded_at timestamptz);
    CREATE TABLE kinds AS SELECT row_number() OVER () AS k, channel, status, recorded_at
        FROM (VALUES (NULL), ('email')) a (channel), (VALUES ('granted'), ('withdrawn'), ('objected')) b (status),
             (VALUES (NULL), (timestamptz '2024-01-01'), ('2024-02-01')) c (recorded_at);
    CREATE TABLE lists AS SELECT row_number() OVER () AS id, ks FROM (
        SELECT ARRAY[a.k] AS ks FROM kinds a
        UNION ALL SELECT ARRAY[a.k, b.k] FROM kinds a JOIN kinds b ON a.k <= b.k
        UNION ALL SELECT ARRAY[a.k, b.k, c.k] FROM kinds a JOIN kinds b ON a.k <= b.k JOIN kinds c ON b.k <= c.k) x;
    INSERT INTO customers SELECT id, 'person' || id || '@example.org' FROM lists;
    INSERT INTO consents SELECT l.id, p, k.channel, k.status, k.recorded_at
        FROM lists l, unnest(l.ks) u JOIN kinds k ON k.k = u, (VALUES ('marketing'), ('analytics')) v (p);
    CREATE INDEX ON consents (subject_id, purpose);
    ANALYZE;";

const POLICY: &str = r#"
[subject.customer]
table = "public.customers"
key = "id"
[subject.customer.consent]
table = "public.consents"
subject = "subject_id"
purpose = "purpose"
channel = "channel"
status = "status"
granted = ["granted"]
objected = ["objected"]
recorded_at = "recorded_at"
[category]
email = { mask = "null", channel = "email" }
[table."public.customers"]
subject = { customer = "id" }
columns = { id = "open", email = "email" }
[purpose.marketing]
description = "Send offers"
basis = "consent"
shows = ["email"]
[purpose.analytics]
description = "Understand sales"
basis = "legitimate_interests"
shows = ["email"]
[role.app]
purposes = ["marketing", "analytics"]
"#;

/// Person, whether the row is there, and whether the address is shown.
type Shown = Vec<(i32, bool, bool)>;

#[tokio::test]
async fn what_is_shown_of_a_ledger_is_what_is_enforced() {
    let db = shared().database("ledger_by_both", SCHEMA).brief();
    let client = db.superuser().await;
    let catalog = catalog::load(&client).await.unwrap();
    let policy = policy::from_toml(&catalog, POLICY);
    let relation = catalog.relation_named("public", "customers").unwrap();
    let secrets = Secrets { pseudonym: vec![7; 32] };
    for purpose in ["marketing", "analytics"] {
        let (role, by) = (&policy.roles["app"], &policy.purposes[purpose]);
        let table = &policy.tables[&relation.oid];
        let sight = Sight { catalog: &catalog, policy: &policy, secrets: &secrets, role, purpose: by };
        let visible = visible_table(sight, table, relation, "t").unwrap();
        let cell = cell_sql(&visible.cells[1], &relation.columns[1], "t");
        let row = row_sql(&visible).unwrap();
        let sql = format!(
            "SELECT t.id, ({row}) IS TRUE, ({row}) IS TRUE AND ({cell}) IS NOT NULL FROM customers t {} ORDER BY 1",
            visible.joins.concat()
        );
        let rows = client.query(&sql, &[]).await.unwrap();
        let enforced: Shown = rows.iter().map(|r| (r.get(0), r.get(1), r.get(2))).collect();
        assert!(enforced.len() > 1000 && enforced.iter().any(|e| e.1) && enforced.iter().any(|e| !e.1));
        let said = said(&client, &policy, &catalog, purpose, enforced.len()).await;
        let apart: Vec<_> = std::iter::zip(&enforced, &said).filter(|(e, s)| e != s).collect();
        assert!(apart.is_empty(), "{purpose}: {} of {}, first {:?}", apart.len(), said.len(), apart.first());
    }
}

/// What `consent show` makes of it.
async fn said(
    client: &tokio_postgres::Client,
    policy: &Policy,
    catalog: &consentry::engine::catalog::Catalog,
    purpose: &str,
    people: usize,
) -> Shown {
    let target = Target::of(policy, catalog, "customer").unwrap();
    let mut said = Shown::new();
    for id in 1..=i32::try_from(people).unwrap() {
        let records = records(client, &target, &id.to_string()).await.unwrap();
        let standing = judge(&policy.purposes[purpose], target.source, &records);
        let (there, by_mail) = if purpose == "marketing" {
            let email = standing.channels.iter().find(|(channel, _)| *channel == Channel::Email);
            (standing.any.is_ok(), email.is_some_and(|(_, verdict)| verdict.is_ok()))
        } else {
            (!standing.objects, !standing.objects_on.contains(&Channel::Email))
        };
        said.push((id, there, there && by_mail));
    }
    said
}
