//! Tables that the policy says to null and that cannot be: an erasure refuses them.

use super::super::databases::Judged;
use crate::consent::emptying::cannot_be_emptied;
use crate::consent::rules::Rules;

/// Advice for each of them.
pub async fn refused(judged: &Judged) -> Vec<String> {
    let rules = Rules { policy: &judged.policy, catalog: &judged.catalog };
    let refused = match cannot_be_emptied(&judged.client, rules).await {
        Ok(refused) => refused,
        Err(fault) => return vec![format!("it is not known which tables can be nulled: {fault}")],
    };
    refused.iter().map(|fault| fault.to_string().replace("\nhint: ", "\n  help: ")).collect()
}
