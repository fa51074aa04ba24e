//! The shop of `schema.sql`, as stored and as marketing may see it, and statements run in a transaction that is undone.

use std::sync::Arc;

use consentry::engine::clear::{Engine, Secrets};
use consentry::engine::cleared::Cleared;
use consentry::engine::context::{Context, Protocol, PurposeSource};
use consentry::engine::policy::diagnostics::{SourceFile, Style, render};
use consentry::engine::policy::resolve::resolve;
use consentry::engine::refusal::Refusal;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::common::postgres::{Database, shared};

const SCHEMA: &str = include_str!("schema.sql");

pub const TABLES: [&str; 10] =
    ["customers", "orders", "lists", "mailings", "products", "log", "consents", "events", "parcels", "labels"];

pub struct World {
    pub engine: Engine,
    pub stored: Client,
    pub visible: Client,
    /// The stored one, for what others do meanwhile.
    pub database: Database<'static>,
}

/// What a statement did: rows and counts that it returned, or its SQLSTATE; and the tables afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub answer: Result<Answer, String>,
    pub error: String,
    pub after: Vec<Table>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    pub count: u64,
}

pub type Row = Vec<Option<String>>;
pub type Table = Vec<Row>;

impl World {
    /// `name`: databases of this test.
    pub async fn build(name: &str) -> Self {
        Self::build_with(name, "").await
    }

    /// With more of a schema.
    pub async fn build_with(name: &str, more: &str) -> Self {
        let schema = format!("{SCHEMA}{more}");
        let stored = shared().database(&format!("writes_{name}"), &schema);
        let visible = shared().database(&format!("writes_{name}_visible"), &schema);
        visible.psql(include_str!("visible.sql"));
        stored.grant_to_upstream();
        let catalog = consentry::relay::catalog::load(&stored.superuser().await).await.expect("catalog");
        let files = [SourceFile { name: "policy.toml".into(), text: include_str!("policy.toml").to_owned() }];
        let policy = resolve(&files, &catalog);
        let (policy, _) = policy.unwrap_or_else(|problems| panic!("{}", render(&problems, &files, Style::Plain)));
        let secrets = Secrets { pseudonym: b"writes".to_vec() };
        let engine = Engine::new(Arc::new(catalog), Arc::new(policy), secrets);
        Self { engine, stored: stored.upstream().await, visible: visible.superuser().await, database: stored }
    }

    pub fn clear(&self, who: &str, sql: &str) -> Result<Cleared, Refusal> {
        self.engine.clear(sql, &context(who), Protocol::Simple)
    }

    /// Judged for `role/purpose` and run on the stored tables, then undone. What it raises on purpose is the refusal that the
    /// session makes of it.
    pub async fn run(&self, who: &str, sql: &str) -> Done {
        let cleared = self.clear(who, sql).unwrap_or_else(|r| panic!("{sql}\n{}: {r}\n{}", r.rule, r.detail));
        let mut done = undone(&self.stored, cleared.wire_text()).await;
        let raised = cleared.statements.iter().flat_map(|s| &s.raises).find(|raise| done.error.contains(&raise.marker));
        if let (Some(raise), Err(code)) = (raised, &mut done.answer) {
            assert_eq!(code, "22P02", "{sql}\n{}", done.error);
            *code = raise.refusal.sqlstate.0.to_owned();
        }
        // As the session does.
        if let (true, Ok(answer)) = (cleared.statements.iter().any(|s| s.silent), &mut done.answer) {
            (answer.columns, answer.rows) = (Vec::new(), Vec::new());
        }
        done
    }

    pub async fn stored_tables(&self) -> Vec<Table> {
        tables(&self.stored).await
    }

    pub async fn visible_tables(&self) -> Vec<Table> {
        tables(&self.visible).await
    }

    /// The rule that refuses the statement.
    pub fn refused(&self, who: &str, sql: &str) -> (&'static str, &'static str) {
        match self.clear(who, sql) {
            Err(refusal) => (refusal.rule, refusal.sqlstate.0),
            Ok(cleared) => panic!("not refused: {sql}\n{}", cleared.wire_text()),
        }
    }
}

/// `role/purpose`.
pub fn context(who: &str) -> Context {
    let (role, purpose) = who.split_once('/').expect("role/purpose");
    Context {
        role: role.to_owned(),
        purpose: Some(purpose.to_owned()),
        purpose_set_by: PurposeSource::Default,
        has_reason: false,
        search_path: vec!["public".to_owned()],
        temporary: Default::default(),
        defined: Default::default(),
        user: None,
        explains_protected: false,
        resets: Default::default(),
    }
}

pub async fn undone(client: &Client, sql: &str) -> Done {
    client.batch_execute("BEGIN; SAVEPOINT before").await.expect("begin");
    let (answer, error) = match client.simple_query(sql).await {
        Ok(messages) => (Ok(answer(messages)), String::new()),
        Err(e) => {
            client.batch_execute("ROLLBACK TO before").await.expect("savepoint");
            let db = e.as_db_error().unwrap_or_else(|| panic!("{e:?}"));
            (Err(db.code().code().to_owned()), format!("{db:?}"))
        }
    };
    let after = tables(client).await;
    client.batch_execute("ROLLBACK").await.expect("rollback");
    Done { answer, error, after }
}

fn answer(messages: Vec<SimpleQueryMessage>) -> Answer {
    let mut answer = Answer::default();
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                answer.columns = columns.iter().map(|c| c.name().to_owned()).collect();
            }
            SimpleQueryMessage::Row(row) => {
                answer.rows.push((0..row.len()).map(|i| row.get(i).map(str::to_owned)).collect());
            }
            SimpleQueryMessage::CommandComplete(count) => answer.count = count,
            _ => {}
        }
    }
    answer.rows.sort();
    answer
}

async fn tables(client: &Client) -> Vec<Table> {
    let mut all = Vec::new();
    for table in TABLES {
        let sql = format!("SELECT * FROM {table} ORDER BY 1, 2");
        all.push(answer(client.simple_query(&sql).await.expect("table")).rows);
    }
    all
}
