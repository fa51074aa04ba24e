//! The two tables of `consent init` let the same through: what holds, and all that was ever said, in whatever order it came.

use consentry::consent::init::{create, plan};
use consentry::engine::catalog::{Catalog, QualifiedName};
use consentry::engine::clear::Secrets;
use consentry::engine::visible::{Sight, cell_sql, row_sql, visible_table};
use consentry::relay::catalog;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio_postgres::Client;

use crate::common::postgres::shared;
use crate::policy;

const PEOPLE: i64 = 1500;
const POLICY: &str = r#"
[category]
email = { mask = "null", channel = "email" }
phone = { mask = "null", channel = "phone" }
[table."public.customers"]
subject = { customer = "id" }
columns = { id = "open", email = "email", phone = "phone" }
[purpose.marketing]
description = "Send offers"
basis = "consent"
notices = ["new"]
shows = ["email", "phone"]
[purpose.analytics]
description = "Understand sales"
basis = "legitimate_interests"
shows = ["email", "phone"]
[role.app]
purposes = ["marketing", "analytics"]
"#;

/// Person, whether the row is there, and whether e-mail address and telephone number are shown.
type Shown = Vec<(i64, bool, bool, bool)>;

#[tokio::test]
async fn both_tables_let_the_same_through() {
    let people = format!(
        "CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL, phone text NOT NULL);
         INSERT INTO customers SELECT n, 'm', 't' FROM generate_series(0, {PEOPLE}) n"
    );
    let db = shared().database("two_forms", &people).brief();
    let mut client = db.superuser().await;
    let made = plan(&client, "customer", &QualifiedName::new("public", "customers"), "id").await.unwrap();
    create(&mut client, &made, "customer", Some("consentry")).await.unwrap();
    client.batch_execute(&histories(20261203)).await.unwrap();
    let catalog = catalog::load(&client).await.unwrap();
    // As the policy that it prints says how.
    let of_ledger = |line: &str| match line.split_once('=').map(|(name, _)| name.trim()) {
        Some("table") => line.replace("customer_consent", "customer_ledger"),
        Some("granted_at") => "recorded_at = \"event_time\"".to_owned(),
        Some("withdrawn_at") => String::new(),
        _ => line.to_owned(),
    };
    let ledger: String = made.policy.lines().map(|line| of_ledger(line) + "\n").collect();
    for purpose in ["marketing", "analytics"] {
        let of_state = shown(&client, &catalog, &made.policy, purpose).await;
        let of_ledger = shown(&client, &catalog, &ledger, purpose).await;
        let some = |of: fn(&(i64, bool, bool, bool)) -> bool| of_state.iter().filter(|s| of(s)).count() > 20;
        assert!(some(|s| s.1) && some(|s| !s.1) && some(|s| s.1 && !s.2) && some(|s| s.3), "{purpose}: {of_state:?}");
        let apart: Vec<_> = std::iter::zip(&of_state, &of_ledger).filter(|(s, l)| s != l).collect();
        assert!(apart.is_empty(), "{purpose}: state and ledger: {} apart, first {:?}", apart.len(), apart.first());
    }
}

/// Up to seven choices of each person and purpose, told in any order. No two consents are of one moment: which of their
/// notices counts, nobody could tell.
fn histories(seed: u64) -> String {
    let mut random = StdRng::seed_from_u64(seed);
    // A consent that is told last, when later withdrawals have split what was there: it has ended.
    let ledger = "INSERT INTO consentry.customer_ledger (subject_key, purpose, channel, status, event_time, valid_until, notice)";
    let mut told: Vec<String> = [
        "NULL, 'granted', '2024-01-01Z', NULL, 'new'",
        "'email', 'withdrawn', '2024-01-05Z', NULL, NULL",
        "'sms', 'withdrawn', '2024-01-03Z', NULL, NULL",
        "NULL, 'granted', '2024-01-02Z', '2024-06-01Z', 'new'",
    ]
    .iter()
    .map(|choice| format!("{ledger} VALUES (0, 'marketing', {choice});"))
    .collect();
    for person in 1..=PEOPLE {
        for purpose in ["marketing", "analytics"] {
            for nth in 0..random.gen_range(1..=7) {
                let status = ["granted", "granted", "withdrawn", "objected"][random.gen_range(0..4)];
                let channel = ["NULL", "NULL", "'email'", "'phone'", "'sms'"][random.gen_range(0..5)];
                let (day, minute) = (random.gen_range(1..9), if status == "granted" { nth } else { 0 });
                let (until, notice) = match status {
                    "granted" => (
                        ["NULL", "'2024-06-01Z'", "'2099-01-01Z'"][random.gen_range(0..3)],
                        ["'new'", "'new'", "'old'"][random.gen_range(0..3)],
                    ),
                    _ => ("NULL", "NULL"),
                };
                told.push(format!(
                    "{ledger} VALUES ({person}, '{purpose}', {channel}, '{status}', '2024-01-0{day} 00:0{minute}Z', {until}, {notice});"
                ));
            }
        }
    }
    told.concat()
}

async fn shown(client: &Client, catalog: &Catalog, consents: &str, purpose: &str) -> Shown {
    let policy = policy::from_toml(catalog, &format!("{consents}{POLICY}"));
    let relation = catalog.relation_named("public", "customers").unwrap();
    let secrets = Secrets { pseudonym: vec![7; 32] };
    let (role, table) = (&policy.roles["app"], &policy.tables[&relation.oid]);
    let sight = Sight { catalog, policy: &policy, secrets: &secrets, role, purpose: &policy.purposes[purpose] };
    let visible = visible_table(sight, table, relation, "t").unwrap();
    let cell = |n: usize| cell_sql(&visible.cells[n], &relation.columns[n], "t");
    let row = row_sql(&visible).unwrap();
    let sql = format!(
        "SELECT t.id, ({row}) IS TRUE, ({row}) IS TRUE AND ({}) IS NOT NULL, ({row}) IS TRUE AND ({}) IS NOT NULL
           FROM customers t {} ORDER BY 1",
        cell(1),
        cell(2),
        visible.joins.concat()
    );
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter().map(|r| (r.get(0), r.get(1), r.get(2), r.get(3))).collect()
}
