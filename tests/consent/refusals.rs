//! What hides a person's rows outlives them: objections, withdrawals and restrictions are not erased ahead of what they
//! hide. Consents that say yes go.

use consentry::consent::erasure::{Erased, Run, erase};
use consentry::consent::retention::apply;
use consentry::consent::sweep::{Blocked, Reason};
use consentry::engine::catalog::Catalog;
use consentry::engine::policy::Policy;
use consentry::relay::catalog;

use crate::common::postgres::{Database, shared};
use crate::policy;

struct Case {
    db: Database<'static>,
    catalog: Catalog,
    policy: Policy,
}

impl Case {
    async fn new(name: &str, sql: &str, toml: &str) -> Self {
        let db = shared().database(&format!("refusals_{name}"), sql).brief();
        let catalog = catalog::load(&db.superuser().await).await.unwrap();
        let policy = policy::from_toml(&catalog, toml);
        Self { db, catalog, policy }
    }

    async fn erase(&self) -> Erased {
        let mut client = self.db.superuser().await;
        erase(&mut client, &self.policy, &self.catalog, "customer", "1", Run::ForGood, &mut |_| Ok(())).await.unwrap()
    }

    /// Purposes of the choices of person 1 that are left.
    fn choices(&self) -> String {
        self.db.psql("SELECT string_agg(purpose, ' ' ORDER BY purpose) FROM consents WHERE who = 1")
    }

    fn count(&self, of: &str) -> String {
        self.db.psql(&format!("SELECT count(*) FROM {of}"))
    }
}

/// `{key}`: what follows `who` in the consent table; `{order}`: what follows `customer` in orders.
fn sql(key: &str, order: &str) -> String {
    format!(
        "CREATE TABLE customers (id bigint PRIMARY KEY, name text, seen date DEFAULT '2001-01-01', blocked boolean NOT NULL DEFAULT false);
         CREATE TABLE orders (no int PRIMARY KEY, customer bigint {order}, note text, disputed boolean NOT NULL DEFAULT false);
         CREATE TABLE consents (who bigint {key}, purpose text, channel text, status text, granted_at timestamptz, withdrawn_at timestamptz);
         INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bo'); INSERT INTO orders VALUES (10, 1, 'a', false), (20, 2, 'b', false);
         INSERT INTO consents VALUES
            (1, 'objected', NULL, 'objected', NULL, now()), (1, 'withdrawn', 'email', 'granted', now() - interval '1 day', now()),
            (1, 'no', NULL, 'withdrawn', NULL, NULL), (1, 'null', NULL, NULL, NULL, NULL),
            (1, 'yes', NULL, 'granted', now(), NULL), (1, 'again', 'email', 'granted', now(), now() - interval '1 day'),
            (2, 'objected', NULL, 'objected', NULL, now());"
    )
}

fn toml(customers: &str, orders: &str, consents: &str) -> String {
    format!(
        "category.identity = 'null'\n[purpose.service]\ndescription = 'd'\nbasis = 'contract'\nshows = ['identity']\n\
         [subject.customer]\ntable = 'public.customers'\nkey = 'id'\nrestricted_when = 'blocked'\n\
         [subject.customer.consent]\ntable = 'public.consents'\nsubject = 'who'\npurpose = 'purpose'\nchannel = 'channel'\nstatus = 'status'\n\
         granted = ['granted']\nobjected = ['objected']\ngranted_at = 'granted_at'\nwithdrawn_at = 'withdrawn_at'\n\
         [table.'public.customers']\nsubject = {{ customer = 'id' }}\ncolumns = {{ id = 'open', name = 'identity', seen = 'open', blocked = 'identity' }}\n{customers}\n\
         [table.'public.orders']\nsubject = {{ customer = 'customer' }}\nhold_when = 'disputed'\ncolumns = {{ no = 'open', customer = 'open', note = 'identity', disputed = 'open' }}\n{orders}\n\
         {consents}"
    )
}

const LISTED: &str = "[table.'public.consents']\nsubject = { customer = 'who' }\ncolumns = { who = 'open', purpose = 'open', channel = 'identity', status = 'identity', granted_at = 'identity', withdrawn_at = 'identity' }\n";
const NULLED: &str = "[table.'public.consents']\nerase = 'null'\nsubject = { customer = 'who' }\ncolumns = { who = 'open', purpose = 'open', channel = 'identity', status = 'identity', granted_at = 'identity', withdrawn_at = 'identity' }\n";
const NO: &str = "no null objected withdrawn";

fn hides(table: &str, because_of: &str, rows: u64) -> Blocked {
    Blocked { table: table.into(), because_of: because_of.into(), rows, reason: Reason::Hides, along: false }
}

#[tokio::test]
async fn a_no_stays_as_long_as_a_row_is_held_and_a_yes_goes() {
    for (name, consents) in [("held", LISTED), ("held_nulled", NULLED)] {
        for (way, key) in [
            ("cascade", "REFERENCES customers ON DELETE CASCADE"),
            ("null", "REFERENCES customers ON DELETE SET NULL"),
            ("none", ""),
        ] {
            let case = Case::new(&format!("{name}_{way}"), &sql(key, ""), &toml("", "", consents)).await;
            case.db.psql("UPDATE orders SET disputed = true WHERE customer = 1");
            let erased = case.erase().await;
            assert_eq!(case.choices(), NO, "{name} {way}");
            assert!(erased.blocked.contains(&hides("public.consents", "public.orders", 4)), "{name} {way}: {erased:?}");
            // A no that refers to its person keeps them; one that does not lets them go.
            assert_eq!(case.count("customers WHERE id = 1"), if key.is_empty() { "0" } else { "1" }, "{name} {way}");
            let consents = erased.tables.iter().find(|t| t.table == "public.consents").unwrap();
            assert_eq!((consents.erase, consents.rows, consents.erased), ("delete", 6, 2), "{name} {way}");
            // Once the hold is off, all goes.
            case.db.psql("UPDATE orders SET disputed = false");
            case.erase().await;
            assert_eq!((case.choices().as_str(), case.count("customers").as_str()), ("", "1"), "{name} {way}");
            assert_eq!(case.count("consents"), "1", "the others' are untouched");
        }
    }
}

#[tokio::test]
async fn a_no_stays_with_its_emptied_person() {
    let case = Case::new("emptied", &sql("", ""), &toml("erase = 'null'", "", LISTED)).await;
    let erased = case.erase().await;
    assert_eq!((case.choices().as_str(), case.count("orders WHERE customer = 1").as_str()), (NO, "0"));
    assert_eq!(erased.blocked, [hides("public.consents", "public.customers", 4)]);
    assert_eq!(case.db.psql("SELECT name IS NULL, blocked FROM customers WHERE id = 1"), "t|f");
}

#[tokio::test]
async fn an_emptied_link_leads_to_nobody() {
    let orders = "erase = 'null'";
    let toml = toml("", orders, LISTED).replace("customer = 'open', note", "customer = 'identity', note");
    let case = Case::new("unlinked", &sql("REFERENCES customers", ""), &toml).await;
    let erased = case.erase().await;
    assert_eq!((case.choices().as_str(), erased.blocked.as_slice()), ("", &[][..]));
    assert_eq!((case.count("customers").as_str(), case.count("orders").as_str()), ("1", "2"));
}

#[tokio::test]
async fn choices_of_an_unlisted_table_go_with_their_person_and_stay_with_a_no_that_still_hides() {
    for (name, held, left) in
        [("unlisted", "false", ""), ("unlisted_held", "true", "again no null objected withdrawn yes")]
    {
        let case = Case::new(name, &sql("REFERENCES customers", ""), &toml("", "", "")).await;
        case.db.psql(&format!("UPDATE orders SET disputed = {held} WHERE customer = 1"));
        case.erase().await;
        assert_eq!(case.choices(), left, "{name}");
        assert_eq!(case.count("customers WHERE id = 1"), if left.is_empty() { "0" } else { "1" });
    }
}

#[tokio::test]
async fn a_restricted_person_stays_as_long_as_rows_about_them_do() {
    let held =
        "UPDATE orders SET disputed = true WHERE customer = 1; UPDATE customers SET blocked = true WHERE id = 1;";
    let case = Case::new("restricted", &format!("{}{held}", sql("", "")), &toml("", "", "")).await;
    let erased = case.erase().await;
    assert_eq!(erased.blocked, [hides("public.customers", "public.orders", 1)]);
    assert_eq!(case.db.psql("SELECT blocked FROM customers WHERE id = 1"), "t");
    // Emptied, they are as restricted as before: the column's default would free them.
    let case =
        Case::new("emptied_restricted", &format!("{}{held}", sql("", "")), &toml("erase = 'null'", "", "")).await;
    case.erase().await;
    assert_eq!(case.db.psql("SELECT name IS NULL, blocked FROM customers WHERE id = 1"), "t|t");
}

/// Retention takes rows away in its own time; a no does not go ahead of what it hides. Listed choices without a time of
/// their own stay, and none of them is cut off from its person.
#[tokio::test]
async fn retention_takes_no_refusal_ahead_of_what_it_hides() {
    let keep = "retention = { since = 'seen', keep = '1 year' }";
    for (name, key, consents, people, at_last) in [
        ("retention", "REFERENCES customers ON DELETE CASCADE", "", "2", "0"),
        ("retention_listed", "REFERENCES customers ON DELETE SET NULL", LISTED, "2", "2"),
        ("retention_free", "", LISTED, "0", "0"),
    ] {
        let case = Case::new(name, &sql(key, ""), &toml(keep, "", consents)).await;
        let mut client = case.db.superuser().await;
        apply(&mut client, &case.policy, &case.catalog, 10, &mut |_| Ok(())).await.unwrap();
        assert!(case.choices().contains("no null objected"), "{name}: {}", case.choices());
        assert_eq!(case.count("customers"), people, "{name}");
        case.db.psql("DELETE FROM orders");
        let mut client = case.db.superuser().await;
        apply(&mut client, &case.policy, &case.catalog, 10, &mut |_| Ok(())).await.unwrap();
        assert_eq!(case.count("customers"), at_last, "{name}: nothing is hidden any more");
        assert_eq!(case.count("consents WHERE who IS NULL"), "0", "{name}");
    }
}
