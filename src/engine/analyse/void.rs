//! Parameters that PostgreSQL leaves out of a call.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::scope::Scope;
use super::{Analyser, names, reach::Given};
use crate::engine::allow::{self, FunctionClass};
use crate::engine::context::ParameterType;
use crate::engine::refusal::{self, Refusal};

impl Analyser<'_> {
    /// Which arguments of a call PostgreSQL leaves out: parameters that are declared as `void` (`ParseFuncOrColumn` of its
    /// source). Error: of one it is not known whether it is so, and it would be another call.
    pub fn left_out(&mut self, f: &pb::FuncCall, scope: &Scope<'_>) -> Result<Vec<usize>, Refusal> {
        if f.agg_within_group {
            return Ok(Vec::new());
        }
        let numbers = f.args.iter().enumerate().filter_map(|(i, node)| Some((i, number(node)?)));
        if numbers.clone().any(|(_, n)| self.parameters.may_be_void(n)) {
            let why = "of more parameters than 32 it is not known which are";
            return Err(refusal::not_supported("a parameter of type void behind the 32nd", why));
        }
        let undeclared = numbers.clone().filter(|(_, n)| !self.parameters.is_declared(*n)).count();
        if undeclared > 0 && !self.role.unrestricted {
            self.is_allowed_with_fewer(f, undeclared)?;
        }
        // Nobody has declared it: it is of the type that another place gives it, which may be `void`.
        let unsure = |n: usize| !self.parameters.is_declared(n) && self.is_repeated(n);
        let doubtful: Vec<usize> = numbers.clone().filter(|(_, n)| unsure(*n)).map(|(i, _)| i).collect();
        let left_out: Vec<usize> =
            numbers.filter(|(_, n)| self.parameters.get(*n) == ParameterType::Void).map(|(i, _)| i).collect();
        if !doubtful.is_empty() {
            self.is_the_same_without(f, &doubtful, left_out.len(), scope)?;
        }
        Ok(left_out)
    }

    /// What must never run is not even one doubtful argument away.
    fn is_allowed_with_fewer(&self, f: &pb::FuncCall, undeclared: usize) -> Result<(), Refusal> {
        let refused = |base: &str, n: usize| {
            let class = allow::builtin_function(base, n);
            matches!(class, Some(FunctionClass::Refused(_) | FunctionClass::Internal))
        };
        match names(&f.funcname).last() {
            Some(base)
                if !refused(base, f.args.len())
                    && (f.args.len() - undeclared..f.args.len()).any(|n| refused(base, n)) =>
            {
                Err(might_be_void(base))
            }
            _ => Ok(()),
        }
    }

    /// Whether a call of this name would be judged alike without some of these arguments, besides those that surely are left
    /// out.
    fn is_the_same_without(
        &self,
        f: &pb::FuncCall,
        doubtful: &[usize],
        left_out: usize,
        scope: &Scope<'_>,
    ) -> Result<(), Refusal> {
        let (base, on_path) = match names(&f.funcname)[..] {
            [base] => (base, true),
            ["pg_catalog", base] | [_, "pg_catalog", base] => (base, false),
            // All functions of this name in a schema are judged, whatever they take.
            [.., base] => return self.is_no_type(base),
            [] => return Ok(()),
        };
        self.is_no_type(base)?;
        let count = f.args.len() - left_out;
        let class = allow::builtin_function(base, count);
        let fewer = (count - doubtful.len())..count;
        let built_in_alike = fewer.clone().all(|n| allow::builtin_function(base, n) == class);
        let operands = self.arguments(f, scope).filter(|_| doubtful.len() == 1 && left_out == 0).map(|mut all| {
            all.remove(doubtful[0]);
            all
        });
        let paths: Vec<&[String]> = if on_path { self.paths().collect() } else { vec![&[]] };
        let own = paths.into_iter().flat_map(|path| match &operands {
            Some(operands) => self.function_meaning(path, base, Given::Types(operands)).0,
            None => fewer.clone().flat_map(|n| self.function_meaning(path, base, Given::Names(n, &[])).0).collect(),
        });
        for function in own {
            self.user_function(function).map_err(|r| r.at(f.location))?;
        }
        match built_in_alike {
            true => Ok(()),
            false => Err(might_be_void(base)),
        }
    }

    /// A type's name with one argument is a cast.
    fn is_no_type(&self, base: &str) -> Result<(), Refusal> {
        match self.is_taken(base) {
            true => Err(might_be_void(base)),
            false => Ok(()),
        }
    }
}

fn might_be_void(function: &str) -> Refusal {
    let why = "it might be of type void, which PostgreSQL leaves out of calls: give it a type, as in $1::text";
    refusal::not_supported(&format!("{function} with a parameter of a type that is not known"), why)
}

fn number(node: &Node) -> Option<usize> {
    match &node.node {
        Some(NodeEnum::ParamRef(p)) => usize::try_from(p.number).ok(),
        _ => None,
    }
}
