//! What goes along by ON DELETE CASCADE goes only with a row that goes by itself.

use crate::whole::{Case, OF_ORDERS, ORDERS, toml};

const HELD: &str =
    "CREATE TABLE invoice (id int PRIMARY KEY, person_id int REFERENCES person, body text, hold boolean);
    INSERT INTO invoice VALUES (9, 3, 'b', true);";
const OF_INVOICES: &str = "[table.'public.invoice']\nsubject = { person = 'person_id' }\nhold_when = 'hold'\n\
    columns = { id = 'open', person_id = 'open', body = 'identity', hold = 'open' }\n";

/// Their person stays for a hold: a row that refers to itself, and rows of two tables that refer to each other, one of them
/// about somebody else.
#[tokio::test]
async fn rows_that_refer_to_each_other_stay_with_what_they_hang_on() {
    let itself = "CREATE TABLE account (id int PRIMARY KEY, person_id int REFERENCES person ON DELETE CASCADE,
            root_id int REFERENCES account ON DELETE CASCADE);
        INSERT INTO account VALUES (1, 3, 1), (2, 3, NULL);";
    let circle = "CREATE TABLE team (id int PRIMARY KEY, lead int REFERENCES person ON DELETE CASCADE, main int);
        CREATE TABLE member (id int PRIMARY KEY, team int REFERENCES team ON DELETE CASCADE);
        ALTER TABLE team ADD FOREIGN KEY (main) REFERENCES member ON DELETE CASCADE;
        INSERT INTO team VALUES (1, 3, NULL); INSERT INTO member VALUES (1, 1); UPDATE team SET main = 1;";
    for (name, sql, table, rows) in [("itself", itself, "account", "2"), ("circle", circle, "member", "1")] {
        let more = format!("{OF_INVOICES}{OF_ORDERS}");
        let case = Case::new(&format!("along_{name}"), &format!("{ORDERS}{HELD}{sql}"), &toml("", "", "", &more)).await;
        let erased = case.erase().await.unwrap();
        assert_eq!((erased.along.len(), case.count(table).as_str()), (0, rows), "{name}: {erased:?}");
        assert_eq!(case.count("orders"), "1", "{name}: their own order goes all the same");

        case.db.psql("UPDATE invoice SET hold = false");
        case.erase().await.unwrap();
        assert_eq!((case.count("person"), case.count(table)), ("2".into(), "0".into()), "{name}: with their person");
    }
}
