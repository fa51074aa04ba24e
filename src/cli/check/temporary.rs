//! COPY into a table with `store_requires` makes a temporary function that tests each row (`analyse/writes/store_copy.rs`).

use super::super::databases::Judged;
use crate::engine::policy::{Right, Role};

const MAY_MAKE: &str = "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY') \
     AND pg_catalog.has_language_privilege('sql', 'USAGE'), session_user::pg_catalog.text";

/// Advice where a role may copy into such a table and the upstream role may not make that function.
pub async fn missing(judged: &Judged) -> Option<String> {
    let policy = &judged.policy;
    let table = policy.tables_by_name().into_iter().find(|t| t.store_requires.is_some())?;
    let copies = |r: &Role| !r.unrestricted && r.may.contains(&Right::CopyIn);
    let role = policy.roles.values().find(|r| copies(r))?;
    let row = judged.client.query_one(MAY_MAKE, &[]).await.ok()?;
    let (may, user): (bool, String) = (row.get(0), row.get(1));
    (!may).then(|| {
        format!(
            "role `{}` may copy into {}, whose rows a temporary function must test, and {user} may make none\n  \
             help: GRANT TEMPORARY ON DATABASE and USAGE ON LANGUAGE sql to it",
            role.name, table.name
        )
    })
}
