//! The demo's policy fits the demo's database.

use std::path::Path;

use crate::common::postgres::shared;
use consentry::cli::demo::crm;
use consentry::config::folder::read_policy;
use consentry::engine::policy::diagnostics::{Style, render};
use consentry::engine::policy::resolve::resolve;

#[tokio::test]
async fn the_demo_policy_resolves() {
    let db = shared().database("crm_policy", &crm::SCRIPTS.map(|(_, sql)| sql).concat());
    let catalog = consentry::relay::catalog::load(&db.superuser().await).await.unwrap();
    let files = read_policy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/crm")).unwrap();
    let (policy, warnings) =
        resolve(&files, &catalog).unwrap_or_else(|problems| panic!("{}", render(&problems, &files, Style::Plain)));
    let messages: Vec<&str> = warnings.iter().map(|w| w.message.as_str()).collect();
    let expected = [
        "reporting.revenue_by_country is open and was filled from stored rows, hidden ones and masked values too: its query names public.customers, public.orders",
        "unlisted columns of public.customers look personal: `internal_note`",
        "`email_domain` tells of `email`, from which PostgreSQL computes it: `email` is not shown for `analytics`, `marketing`, and `email_domain` is",
    ];
    assert_eq!(messages, expected);
    assert_eq!(policy.tables.len(), 11);
    assert_eq!(policy.open.len(), 3);
    assert_eq!(policy.roles["ad_partner"].recipient.as_deref(), Some("Adworks GmbH"));
    let payments = catalog.relation_named("public", "payments").unwrap();
    let path = policy.tables[&payments.oid].subject.as_ref().unwrap();
    assert_eq!((path.kind.as_str(), path.hops.len(), path.column.as_str()), ("customer", 1, "customer_id"));
}
