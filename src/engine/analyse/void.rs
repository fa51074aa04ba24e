//! Parameters that PostgreSQL leaves out of a call.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::Analyser;
use crate::engine::context::ParameterType;
use crate::engine::refusal::{self, Refusal};

impl Analyser<'_> {
    /// Which arguments of a call PostgreSQL leaves out: parameters that are declared as `void` (`ParseFuncOrColumn` of its
    /// source). Error: of one it is not known whether it is so.
    pub fn left_out(&self, f: &pb::FuncCall) -> Result<Vec<usize>, Refusal> {
        if f.agg_within_group {
            return Ok(Vec::new());
        }
        let numbers = f.args.iter().enumerate().filter_map(|(i, node)| Some((i, number(node)?)));
        if numbers.clone().any(|(_, n)| self.parameters.may_be_void(n)) {
            let why = "of more parameters than 32 it is not known which are";
            return Err(refusal::not_supported("a parameter of type void behind the 32nd", why));
        }
        if numbers.clone().any(|(_, n)| self.may_become_void(n)) {
            let why = "it stands in two places, and beside a call that returns void it would be of that type, which PostgreSQL \
                       leaves out of calls";
            return Err(refusal::not_supported("a parameter of a type that is not known", why));
        }
        Ok(numbers.filter(|(_, n)| self.parameters.get(*n) == ParameterType::Void).map(|(i, _)| i).collect())
    }

    /// A parameter that nobody has declared is of the type of what stands beside it in CASE, `coalesce` and the like, wherever
    /// else it stands.
    fn may_become_void(&self, number: usize) -> bool {
        let source = &self.sources[0];
        let twice = u64::try_from(number).is_ok_and(|n| source.tokens.repeated.contains(&n));
        let catalog = &self.engine.catalog;
        let returns_void = |word: &str| match word.strip_prefix('"').and_then(|w| w.strip_suffix('"')) {
            Some(quoted) => catalog.may_return_void(&quoted.replace("\"\"", "\"")),
            None => catalog.may_return_void(&word.to_lowercase()),
        };
        let words = || source.tokens.list.iter().filter_map(|t| source.text.get(t.start..t.end));
        twice && self.parameters.get(number) == ParameterType::Inferred && words().any(returns_void)
    }
}

fn number(node: &Node) -> Option<usize> {
    match &node.node {
        Some(NodeEnum::ParamRef(p)) => usize::try_from(p.number).ok(),
        _ => None,
    }
}
