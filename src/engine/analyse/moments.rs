//! Points in time near the clock: `now() - interval '30 days'`, `date_trunc('month', current_date) + interval '1 month'`. They
//! surely are such, some thousand years from either end of what PostgreSQL's types hold.

use pg_query::protobuf::{self as pb, AExprKind, SqlValueFunctionOp, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::scope::Scope;
use super::total::literal;
use super::{Analyser, names};

/// The clock: it stands still while a statement runs.
pub const CLOCKS: [&str; 3] = ["now", "statement_timestamp", "transaction_timestamp"];

/// What `date_trunc` takes, in any case.
const UNITS: [&str; 13] = [
    "microseconds",
    "milliseconds",
    "second",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "decade",
    "century",
    "millennium",
];

/// How often one may be moved: twice three thousand years, and a millennium that is begun, still lie behind 4713 BC.
const MOST_MOVES: usize = 2;

/// A point in time.
#[derive(Debug, Clone, Copy)]
struct Near {
    ty: &'static str,
    moves: usize,
}

impl Analyser<'_> {
    /// The type of such a point in time.
    pub fn type_of_near(&self, node: &Node, scope: &Scope<'_>) -> Option<&'static str> {
        self.near(node, scope).map(|near| near.ty)
    }

    fn near(&self, node: &Node, scope: &Scope<'_>) -> Option<Near> {
        let of = |ty| Some(Near { ty, moves: 0 });
        match node.node.as_ref()? {
            NodeEnum::SqlvalueFunction(f) => match f.op() {
                SqlValueFunctionOp::SvfopCurrentDate => of("date"),
                SqlValueFunctionOp::SvfopCurrentTimestamp => of("timestamptz"),
                _ => None,
            },
            NodeEnum::FuncCall(f) => self.near_call(f, scope),
            NodeEnum::AExpr(e) => self.moved(e, scope),
            NodeEnum::TypeCast(c) => {
                let to = c.type_name.as_ref().filter(|to| to.typmods.is_empty())?;
                let near = self.near(c.arg.as_deref()?, scope)?;
                let ty = ["date", "timestamp", "timestamptz"].into_iter().find(|ty| self.plain_type(to) == Some(ty))?;
                (!self.recasts(near.ty, ty)).then_some(Near { ty, ..near })
            }
            _ => None,
        }
    }

    fn near_call(&self, f: &pb::FuncCall, scope: &Scope<'_>) -> Option<Near> {
        let name = self.built_in_name(f, scope).filter(|_| !f.func_variadic)?;
        match (name, f.args.as_slice()) {
            (clock, []) if CLOCKS.contains(&clock) => Some(Near { ty: "timestamptz", moves: 0 }),
            ("date", [of]) => self.near(of, scope).map(|near| Near { ty: "date", ..near }),
            ("date_trunc", [unit, of]) => {
                let unit = literal(unit)?;
                let near =
                    self.near(of, scope).filter(|_| UNITS.iter().any(|known| unit.eq_ignore_ascii_case(known)))?;
                Some(Near { ty: if near.ty == "timestamp" { near.ty } else { "timestamptz" }, ..near })
            }
            _ => None,
        }
    }

    fn moved(&self, e: &pb::AExpr, scope: &Scope<'_>) -> Option<Near> {
        let moves =
            e.kind() == AExprKind::AexprOp && matches!(names(&e.name)[..], ["+" | "-"] | ["pg_catalog", "+" | "-"]);
        if !moves || !self.is_built_in_operation(e, scope) {
            return None;
        }
        let from = self.near(e.lexpr.as_deref()?, scope).filter(|near| near.moves < MOST_MOVES)?;
        let moved = |ty| Some(Near { ty, moves: from.moves + 1 });
        match e.rexpr.as_deref()?.node.as_ref()? {
            NodeEnum::TypeCast(c) if self.is_short_interval(c) => {
                moved(if from.ty == "date" { "timestamp" } else { from.ty })
            }
            NodeEnum::AConst(c) if from.ty == "date" => match &c.val {
                Some(Val::Ival(days)) if days.ival.unsigned_abs() < 100_000 => moved(from.ty),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_short_interval(&self, c: &pb::TypeCast) -> bool {
        let interval = c.type_name.as_ref().is_some_and(|t| self.plain_type(t) == Some("interval"));
        let text = match c.arg.as_deref().and_then(|n| n.node.as_ref()) {
            Some(NodeEnum::AConst(pb::AConst { val: Some(Val::Sval(s)), .. })) => s.sval.as_str(),
            _ => return false,
        };
        interval && is_short(text)
    }
}

/// The text of an interval of some thousand years at most.
fn is_short(text: &str) -> bool {
    let is_number = |word: &str| {
        let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
        (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let is_unit = |word: &str| {
        let unit = word.strip_suffix('s').unwrap_or(word);
        ["second", "minute", "hour", "day", "week", "mon", "month", "year"].contains(&unit)
    };
    let words: Vec<&str> = text.split(' ').collect();
    words.len() <= 6 && words.chunks(2).all(|w| matches!(w, [n, unit] if is_number(n) && is_unit(unit)))
}
