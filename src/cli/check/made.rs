//! Tables that an earlier `consent init` made keep the functions and triggers that they were made with.

use super::super::databases::Judged;
use crate::consent::made::{Kind, of_others, outdated_for};

/// Advice for each kind whose tables are not kept as those of this version, or by somebody else.
pub async fn old(judged: &Judged) -> Vec<String> {
    let mut advice = Vec::new();
    for kind in judged.policy.subjects.values() {
        let Some((source, made)) = kind.consent.as_ref().and_then(|s| Some((s, Kind::of(&s.table_name)?))) else {
            continue;
        };
        let old = outdated_for(&judged.client, made, (&kind.table_name, &kind.key)).await.unwrap_or_default();
        if !old.is_empty() {
            advice.push(format!(
                "{} was made by an earlier `consentry consent init`, or changed since ({}); choices that are recorded or \
                 imported out of their order are not all settled right\n  help: consentry consent init --kind {made} --table {} \
                 --key {} (as their owner, --admin-url) brings it up to date and touches no row",
                source.table_name,
                old.join(", "),
                kind.table_name,
                kind.key,
                made = made.0
            ));
        }
        let others = of_others(&judged.client, made, &kind.table_name).await.unwrap_or_default();
        if !others.is_empty() {
            advice.push(format!(
                "{} is kept by {}: who owns neither {} nor the database could change what people have chosen\n  \
                 help: ALTER … OWNER TO the owner of {}",
                source.table_name,
                others.join(", "),
                kind.table_name,
                kind.table_name
            ));
        }
    }
    advice
}
