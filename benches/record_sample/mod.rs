//! What the benchmarks of the record write: one decision as a CRM's application makes it.

use consentry::audit::event::{Client, What, Who};
use consentry::engine::cleared::{Outcome, TouchedColumn, TouchedTable, Treatment, Usage};
use consentry::engine::context::PurposeSource;

pub fn who() -> Who {
    Who {
        session: "0a1b2c3d4e5f60718293a4b5c6d7e8f9".into(),
        user: "app".into(),
        role: "crm_app".into(),
        client: Client { address: "127.0.0.1".into(), application_name: Some("pgbench".into()) },
        database: "crm".into(),
    }
}

pub fn what() -> What {
    let column = |name: &str, category: Option<&str>| TouchedColumn {
        name: name.into(),
        category: category.map(str::to_owned),
        usage: Usage::Shown,
        treatment: Treatment::Clear,
    };
    What {
        unrestricted: false,
        recipient: None,
        purpose: Some("service".into()),
        basis: Some("contract".into()),
        purpose_set_by: PurposeSource::Default,
        fingerprint: "50fde20626009aba".into(),
        sql: "SELECT id, full_name, email FROM customers WHERE id = $1".into(),
        kind: "select".into(),
        outcome: Outcome::Changed,
        refusal: None,
        tables: vec![TouchedTable {
            table: "public.customers".into(),
            columns: vec![column("id", None), column("full_name", Some("identity")), column("email", Some("email"))],
        }],
        rules: vec!["cells of public.customers: phone masked".into()],
        policy: "9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de".into(),
    }
}
