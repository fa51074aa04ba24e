//! The scenes of the demo, in order. Each says what it does before it does it.

use std::process::Command;

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result, bail};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::stage::{PASSWORD, Stage};
use crate::cli::out;

const TITLE: Style = AnsiColor::Cyan.on_default().bold();
const TYPED: Style = Style::new().bold();

/// The question that the side-by-side scene asks.
const QUESTION: &str =
    "SELECT id, full_name, email, phone, birth_date FROM customers WHERE id IN (1, 3, 5, 6, 7, 9) ORDER BY id";
/// Who is asked about, and what there is to know of them (docker/demo/2-people.sql).
const STORIES: [(i64, &str); 6] = [
    (1, "agreed to everything"),
    (3, "was never asked"),
    (5, "agreed to marketing\nby e-mail only"),
    (6, "agreed to marketing\nby post and phone"),
    (7, "agreed to marketing,\nobjects to analytics"),
    (9, "is restricted\n(GDPR Art. 18)"),
];
const ASKERS: [(&str, &str); 3] = [("crm_app", "service"), ("marketing", "marketing"), ("bi", "analytics")];

const NEWSLETTER: &str = "SELECT id, full_name, email FROM customers WHERE id IN (1, 5, 7) ORDER BY id";
const EXPLAINED: &str = "SELECT customer_id, address FROM newsletter_sends WHERE newsletter_id = 1";
const REFUSED: &str = "SELECT body FROM messages LIMIT 1";

pub fn welcome(stage: &Stage) {
    title("Consentry: a PostgreSQL proxy that enforces consent");
    say(&format!(
        "PostgreSQL runs on port {} with a small CRM of 320 people (docker/demo), Consentry before it on port {}\n\
         with the policy policies/crm. Both are thrown away at the end. Clients speak plain PostgreSQL.",
        stage.postgres.port(),
        stage.port
    ));
}

pub async fn side_by_side(stage: &Stage) -> Result<()> {
    title("One question, asked directly and for three purposes");
    typed(QUESTION);
    let mut answers = vec![rows(&stage.direct().await?, QUESTION).await?];
    for (user, purpose) in ASKERS {
        let session = stage.session(user, purpose).await?;
        answers.push(rows(&session, QUESTION).await.with_context(|| format!("{user} for {purpose}"))?);
    }
    let mut table = new_table();
    let asked = ASKERS.map(|(user, purpose)| format!("{user}\nfor {purpose}"));
    table.set_header(["who".to_owned(), "PostgreSQL itself".to_owned()].into_iter().chain(asked));
    for (id, story) in STORIES {
        let cells = answers.iter().map(|rows| person(rows, id));
        table.add_row([format!("{id} {story}")].into_iter().chain(cells));
    }
    say(&table.to_string());
    Ok(())
}

/// A person's row on lines of its own, as far as it is there.
fn person(rows: &[Vec<Option<String>>], id: i64) -> String {
    let id = id.to_string();
    match rows.iter().find(|row| row.first().is_some_and(|key| key.as_deref() == Some(&id))) {
        Some(row) => row[1..].iter().map(|cell| cell.as_deref().unwrap_or("null")).collect::<Vec<_>>().join("\n"),
        None => "(not there)".to_owned(),
    }
}

pub fn explained(stage: &Stage) -> Result<()> {
    title("What PostgreSQL received from marketing, and why");
    let file = stage.server_file().display().to_string();
    own(stage, &["explain", "--config", &file, "--user", "marketing", "--purpose", "marketing", EXPLAINED])
}

pub fn refused(stage: &Stage) -> Result<()> {
    title("What a purpose has no use for is refused, as psql shows it");
    let psql = stage.postgres.bin().join("psql");
    typed(&format!("psql \"{}\" -c \"{REFUSED}\"", stage.psql_string("marketing")));
    let mut psql = Command::new(psql);
    psql.args(["-X", "-d", &stage.psql_string("marketing"), "-c", REFUSED]).stderr(std::io::stdout());
    let status = psql.status()?;
    if status.success() {
        bail!("marketing read messages");
    }
    Ok(())
}

pub async fn withdrawn(stage: &Stage) -> Result<()> {
    title("A person withdraws, and the next query no longer has them");
    let session = stage.session("marketing", "marketing").await?;
    typed(NEWSLETTER);
    print(&rows(&session, NEWSLETTER).await?);
    say("Elena (5) withdraws on her account page; in her database that is:");
    let withdrawal =
        "UPDATE consents SET status = 'withdrawn', withdrawn_at = now() WHERE subject_id = 5 AND purpose = 'marketing'";
    typed(withdrawal);
    stage.direct().await?.batch_execute(withdrawal).await?;
    say("The same session asks again:");
    let after = rows(&session, NEWSLETTER).await?;
    print(&after);
    if after.iter().any(|row| row[0].as_deref() == Some("5")) {
        bail!("a person who has withdrawn is still there");
    }
    Ok(())
}

pub fn recorded(stage: &mut Stage) -> Result<()> {
    title("The record of all that: names and reasons, no personal data");
    let folder = stage.audit_folder().display().to_string();
    own(stage, &["audit", "show", &folder])?;
    title("The record's verification, offline: the proxy has stopped and signed a last checkpoint");
    stage.stop_proxy()?;
    own(stage, &["audit", "verify", "--key", &stage.audit_key().display().to_string(), &folder])
}

pub fn farewell(stage: &Stage) {
    title("Yours to try");
    typed(&format!("psql \"{}\"", stage.psql_string("marketing")));
    say(&format!(
        "Users: crm_app (SET consentry.purpose = 'service' or 'marketing'), marketing, bi, and dba, who sees what is stored\n\
         once `SET consentry.reason = '...'` says why. Every password is \"{PASSWORD}\". Server file, policy and record: {}\n\
         Ctrl-C ends it and removes everything.",
        stage.folder.path().display()
    ));
}

/// All rows of a query, as text.
async fn rows(client: &Client, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
    let messages = client.simple_query(sql).await?;
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|i| row.get(i).map(str::to_owned)).collect()),
        _ => None,
    });
    Ok(rows.collect())
}

/// Runs this program with `arguments`, as the reader could.
fn own(stage: &Stage, arguments: &[&str]) -> Result<()> {
    let words = arguments.iter().map(|a| if a.contains(' ') { format!("\"{a}\"") } else { (*a).to_owned() });
    let folder = format!("{}/", stage.folder.path().display());
    typed(&format!("consentry {}", words.collect::<Vec<_>>().join(" ").replace(&folder, "")));
    let status = stage.own_command(arguments)?.status()?;
    if !status.success() {
        bail!("`consentry {}` ended with {status}", arguments.join(" "));
    }
    Ok(())
}

fn new_table() -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn print(rows: &[Vec<Option<String>>]) {
    let mut table = new_table();
    for row in rows {
        table.add_row(row.iter().map(|cell| cell.as_deref().unwrap_or("null")));
    }
    say(&table.to_string());
}

fn title(text: &str) {
    say(&format!("\n{TITLE}== {text}{TITLE:#}"));
}

fn typed(text: &str) {
    say(&format!("{TYPED}{text}{TYPED:#}"));
}

fn say(text: &str) {
    // A show without a stage: it ends as it would have.
    let _ = out::line(format_args!("{text}"));
}
