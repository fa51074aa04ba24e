//! Operators of `pg_catalog`: all compute from their operands only; some are leakproof.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::list::sections;

struct Operators {
    names: HashSet<&'static str>,
    /// By left and right type: the operators that are leakproof there.
    leakproof: HashMap<(&'static str, &'static str), HashSet<&'static str>>,
}

static OPERATORS: LazyLock<Operators> = LazyLock::new(|| {
    let mut operators = Operators { names: HashSet::new(), leakproof: HashMap::new() };
    for section in sections(include_str!("operators.list")) {
        let words = section.words.iter().map(|word| word.name);
        match section.kind {
            "names" => operators.names.extend(words),
            "leakproof" => {
                let (left, right) = section.detail.split_once(' ').unwrap_or((section.detail, section.detail));
                operators.leakproof.entry((left, right)).or_default().extend(words);
            }
            _ => {}
        }
    }
    operators
});

/// Whether PostgreSQL brings an operator of this name. Each computes from its operands only, on every pair of types.
pub fn builtin_operator(name: &str) -> bool {
    OPERATORS.names.contains(name)
}

/// Whether `op` (binary) tells nothing of operands that are not output, not even by an error, when both are of the type
/// `base_type` (`pg_type.typname` below all domains): PostgreSQL's own `pg_proc.proleakproof`.
///
/// `IN`, `= ANY (array)` follow `=`; `BETWEEN` follows `>=` and `<=`; `IS [NOT] NULL` is leakproof for every type but
/// composite ones; `IS [NOT] DISTINCT FROM` follows `=`.
pub fn leakproof(op: &str, base_type: &str) -> bool {
    leakproof_between(op, base_type, base_type)
}

/// As [`leakproof`], for operands of two types: `bigint = integer` is `leakproof_between("=", "int8", "int4")`.
pub fn leakproof_between(op: &str, left: &str, right: &str) -> bool {
    let key = (operand_type(left), operand_type(right));
    let op = if op == "!=" { "<>" } else { op };
    OPERATORS.leakproof.get(&key).is_some_and(|operators| operators.contains(op))
}

/// The type whose operators PostgreSQL uses for types that have none of their own (binary-coercible, so no function runs).
fn operand_type(base_type: &str) -> &str {
    match base_type {
        "varchar" => "text",
        "cidr" => "inet",
        other => other,
    }
}
