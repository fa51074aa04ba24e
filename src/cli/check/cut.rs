//! Columns of consent tables that are too small for what the policy names: no choice with it is recorded, and none counts.

use super::super::databases::Judged;
use crate::consent::choice::Act;
use crate::consent::target::Target;
use crate::engine::catalog::quote_ident;

/// Advice for each of them.
pub async fn too_small(judged: &Judged) -> Vec<String> {
    let mut advice = Vec::new();
    for kind in judged.policy.subjects.values().filter(|kind| kind.consent.is_some()) {
        let Ok(target) = Target::of(&judged.policy, &judged.catalog, &kind.name) else { continue };
        for (column, words) in named(&target) {
            // One of a type that does not know the words at all, as an enum, fails, and says so when they are written.
            let cut = cut(judged, &target, column, &words).await.unwrap_or_default();
            if let (false, Ok(held)) = (cut.is_empty(), target.column(column)) {
                let table = &target.source.table_name;
                advice.push(format!(
                    "{table}.{column} is of type {} and would cut or round {}, so such choices are not recorded\n  \
                     help: ALTER TABLE {} ALTER COLUMN {} TYPE text",
                    held.ty.sql,
                    cut.join(", "),
                    table.to_sql(),
                    quote_ident(column)
                ));
            }
        }
    }
    advice
}

/// What the policy says that these columns are to hold.
fn named<'t>(target: &'t Target<'_>) -> Vec<(&'t String, Vec<String>)> {
    let (policy, source) = (target.policy, target.source);
    let statuses = source.granted.iter().chain(&source.objected).cloned().chain(target.status_for(Act::Withdraw).ok());
    let chosen = policy.purposes.values().filter(|p| p.basis.is_by_choice());
    let mut named =
        vec![(&source.status, statuses.collect()), (&source.purpose, chosen.map(|p| p.name.clone()).collect())];
    let channels = policy.categories.values().filter_map(|c| c.channel).map(|c| c.as_str().to_owned());
    named.extend(source.channel.as_ref().map(|column| (column, channels.collect())));
    let notices = policy.purposes.values().flat_map(|p| p.notices.iter().flatten().cloned());
    named.extend(source.notice.as_ref().map(|column| (column, notices.collect())));
    named
}

async fn cut(judged: &Judged, target: &Target<'_>, column: &str, words: &Vec<String>) -> Option<Vec<String>> {
    let sql = format!(
        "SELECT DISTINCT w FROM pg_catalog.unnest($1::pg_catalog.text[]) AS w WHERE NOT {} ORDER BY w",
        target.holds("w", column).ok()?
    );
    let rows = judged.client.query(&sql, &[words]).await.ok()?;
    rows.iter().map(|row| row.try_get(0).ok().map(|word: String| format!("`{word}`"))).collect()
}
