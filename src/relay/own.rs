//! Our own connections, for our own fixed questions: the catalog, and what the upstream role may do.

use anyhow::{Context as _, Result, bail};
use tokio_postgres::{Client, NoTls};

use super::dial::Dialer;

/// Rights that would let PostgreSQL hand out what the policy hides, whatever is rewritten.
const ROLE_QUESTION: &str = "SELECT r.rolsuper, r.rolbypassrls, r.rolreplication, \
     coalesce((SELECT pg_catalog.string_agg(p.rolname::pg_catalog.text, ', ') FROM pg_catalog.pg_roles p \
       WHERE p.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files', \
         'pg_execute_server_program', 'pg_monitor', 'pg_read_all_stats', 'pg_stat_scan_tables') \
       AND pg_catalog.pg_has_role(r.oid, p.oid, 'MEMBER')), '') AS predefined, \
     pg_catalog.current_setting('server_encoding') AS encoding \
     FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER";

/// Opens a connection of our own; it lives until the client is dropped.
pub async fn connect(dialer: &Dialer) -> Result<Client> {
    let stream = dialer.connect().await?;
    let mut config = tokio_postgres::Config::new();
    config
        .user(&dialer.upstream.place.user)
        .dbname(&dialer.upstream.place.database)
        .application_name("consentry")
        // TLS is there already, where sslmode asks for it.
        .ssl_mode(tokio_postgres::config::SslMode::Disable);
    if let Some(password) = &dialer.upstream.password {
        config.password(password.reveal().context("the password of the upstream role")?);
    }
    let (client, connection) = config.connect_raw(stream, NoTls).await.context("cannot log in to PostgreSQL")?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error = %error, "own connection to PostgreSQL has ended");
        }
    });
    Ok(client)
}

/// Refuses a database whose account could go around the policy by itself, or whose texts have no known encoding.
pub async fn check_role(client: &Client, user: &str) -> Result<()> {
    let row = client.query_one(ROLE_QUESTION, &[]).await.context("cannot read the rights of the upstream role")?;
    let mut faults = Vec::new();
    for (column, name) in [(0, "SUPERUSER"), (1, "BYPASSRLS"), (2, "REPLICATION")] {
        if row.get::<_, bool>(column) {
            faults.push(name.to_owned());
        }
    }
    let predefined: &str = row.get(3);
    if !predefined.is_empty() && !row.get::<_, bool>(0) {
        faults.push(format!("membership in {predefined}"));
    }
    if !faults.is_empty() {
        bail!(
            "the upstream role \"{user}\" has {}, which goes around every policy; \
             use a role with only the table rights it needs, or set trust_upstream_role = true for this database",
            faults.join(", ")
        );
    }
    Ok(())
}

/// Refuses databases in other encodings than UTF8: in one of one byte a character PostgreSQL folds `É` in names, in any other
/// it cuts names elsewhere, and in SQL_ASCII no text means one thing.
pub async fn check_encoding(client: &Client) -> Result<()> {
    let row = client.query_one(ROLE_QUESTION, &[]).await.context("cannot read the encoding of the database")?;
    match row.get::<_, &str>(4) {
        "UTF8" => Ok(()),
        other => bail!(
            "the database has the encoding {other}, in which names and texts do not mean what they mean here; use UTF8"
        ),
    }
}

/// What tells a database from every other, whatever name and address lead to it: the cluster's identifier (that of a standby
/// is its primary's) and the database's OID. `None`: this login may not read the first.
pub async fn identity(client: &Client) -> Option<String> {
    const QUESTION: &str = "SELECT pg_catalog.concat(c.system_identifier, '/', d.oid) \
         FROM pg_catalog.pg_control_system() c, pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()";
    client.query_one(QUESTION, &[]).await.ok().map(|row| row.get(0))
}

/// Refuses a pooler that hands each transaction another connection: what a session sets (search_path, pinned settings)
/// would be another's. Two of our connections that are answered by one process of PostgreSQL give it away.
pub async fn check_unpooled(client: &Client, dialer: &Dialer) -> Result<()> {
    const PROCESS: &str = "SELECT pg_catalog.pg_backend_pid()";
    let second = connect(dialer).await?;
    let mut processes = Vec::new();
    for connection in [client, &second] {
        let answer = connection.simple_query(PROCESS).await.context("cannot ask which process answers")?;
        processes.extend(answer.iter().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }));
    }
    match processes.as_slice() {
        [first, second] if first != second => Ok(()),
        _ => bail!(
            "a pooler with transaction or statement pooling stands before PostgreSQL: what a session sets would reach \
             another's statements; connect to PostgreSQL itself, or pool by session"
        ),
    }
}
