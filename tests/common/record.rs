//! Events as a CRM's application leaves them on record.

use std::sync::Arc;

use consentry::audit::event::{Client, Completion, Decision, Ending, Event, What, Who};
use consentry::engine::cleared::{Outcome, TouchedColumn, TouchedTable, Treatment, Usage};
use consentry::engine::context::PurposeSource;

pub fn who(user: &str) -> Who {
    Who {
        session: "5e55".into(),
        user: user.into(),
        role: "crm_app".into(),
        client: Client { address: "10.0.0.7".into(), application_name: Some("test".into()) },
        database: "crm".into(),
    }
}

pub fn what() -> What {
    What {
        unrestricted: false,
        recipient: None,
        purpose: Some("marketing".into()),
        basis: Some("consent".into()),
        purpose_set_by: PurposeSource::Default,
        fingerprint: "50fde20626009aba".into(),
        sql: "SELECT email FROM customers WHERE id = $1".into(),
        kind: "select".into(),
        outcome: Outcome::Changed,
        refusal: None,
        tables: vec![TouchedTable {
            table: "public.customers".into(),
            columns: vec![TouchedColumn {
                name: "email".into(),
                category: Some("email".into()),
                usage: Usage::Shown,
                treatment: Treatment::Masked,
            }],
        }],
        rules: vec!["row filter on public.customers: consent for marketing".into()],
        policy: "9b74c9897bac770f".into(),
    }
}

pub fn decision(statement: &str) -> Event {
    decision_of(who("app"), what(), statement)
}

pub fn decision_of(who: Who, what: What, statement: &str) -> Event {
    Event::Decision(Decision {
        who: Arc::new(who),
        statement: statement.into(),
        reason: None,
        what: Arc::new(what),
        subjects: vec![],
    })
}

pub fn completion(statement: &str) -> Event {
    Event::Completion(Completion {
        statement: statement.into(),
        outcome: Ending::Ok,
        sqlstate: None,
        rows: 1,
        bytes: 40,
        ms: 0.5,
    })
}
