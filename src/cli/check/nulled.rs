//! Tables that the policy says to null, and whose nulled rows could not be told from others: an erasure refuses them.

use super::super::databases::Judged;
use crate::consent::emptying::cannot_be_emptied;
use crate::consent::rules::Rules;

/// Advice for each of them.
pub async fn refused(judged: &Judged) -> Vec<String> {
    let rules = Rules { policy: &judged.policy, catalog: &judged.catalog };
    let refused = cannot_be_emptied(&judged.client, rules).await.unwrap_or_default();
    refused.iter().map(|fault| fault.to_string().replace("\nhint: ", "\n  help: ")).collect()
}
