//! Says who holds a choice up, when PostgreSQL has waited for a lock as long as it may.

use tokio_postgres::Client;

use super::fault::Fault;
use super::target::Target;

/// Sessions that hold more than a reader's lock on one of these tables.
const HOLDERS: &str = "SELECT DISTINCT a.pid, COALESCE(a.usename, '?')::pg_catalog.text
      FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
     WHERE l.locktype = 'relation' AND l.granted AND l.relation = ANY($1) AND l.mode <> 'AccessShareLock'
       AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
       AND a.pid <> pg_catalog.pg_backend_pid()
     ORDER BY 1";

/// `fault`, or, where it is that a lock was not to be had, what holds it and what to do.
pub async fn held_up(client: &Client, target: &Target<'_>, fault: Fault) -> Fault {
    if fault.sqlstate.as_deref() != Some("55P03") {
        return fault;
    }
    let tables = vec![target.source.table, target.kind.table];
    // They may be gone by now; who they were is then not to be known.
    let rows = client.query(HOLDERS, &[&tables]).await.unwrap_or_default();
    let holder = |row: &tokio_postgres::Row| {
        let (pid, role) = (row.try_get::<_, i32>(0).ok()?, row.try_get::<_, String>(1).ok()?);
        Some(format!("PostgreSQL process {pid} of role \"{role}\""))
    };
    let holders: Vec<String> = rows.iter().filter_map(holder).collect();
    let by = if holders.is_empty() { "another session".to_owned() } else { holders.join(", ") };
    let (choices, people) = (&target.source.table_name, &target.kind.table_name);
    Fault {
        message: format!("nothing was recorded: rows of {choices} or {people} are held by {by} (SQLSTATE 55P03)"),
        ..fault
    }
    .hint("try again once that transaction has ended, or end it: SELECT pg_terminate_backend(…); pg_stat_activity shows what it does")
}
