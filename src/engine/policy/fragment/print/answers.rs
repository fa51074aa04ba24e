//! What has an answer for all stored values, by the kinds of its operands: the rest may raise an error, and is worked out in
//! rows only that are there. A short list: what it does not know may fail.

use pg_query::NodeEnum;
use pg_query::protobuf::{AExpr, Node, TypeCast, a_const};

use super::Printer;
use super::kinds::Kind;
use crate::engine::alike::FEW_WILDCARDS;

const COMPARISONS: [&str; 7] = ["=", "<>", "!=", "<", "<=", ">", ">="];
const LIKES: [&str; 4] = ["~~", "!~~", "~~*", "!~~*"];
const MATCHES: [&str; 4] = ["~", "!~", "~*", "!~*"];

impl Printer<'_> {
    /// Whether an operator answers for all values of its operands.
    pub(super) fn always_answers(&self, e: &AExpr, operator: &str) -> bool {
        let (left, right) = (self.kind_of_operand(&e.lexpr), self.kind_of_operand(&e.rexpr));
        match operator {
            _ if COMPARISONS.contains(&operator) => {
                compare(&left, &right) || self.is_float_beside_number(e, &left, &right)
            }
            _ if LIKES.contains(&operator) => left == Kind::Text && is_whole_pattern(e.rexpr.as_deref()),
            // One that is too complex for some text is not expected of a domain.
            _ if MATCHES.contains(&operator) => {
                self.tries && left == Kind::Text && pattern(e.rexpr.as_deref()).is_some()
            }
            "&&" => matches!(&left, Kind::Array(of) if left == right && compare(of, of)),
            "?" => left == Kind::Json && matches!(right, Kind::Literal | Kind::Text),
            _ => false,
        }
    }

    /// Whether values become one kind without an error.
    pub(super) fn become_one<'n>(&self, nodes: impl IntoIterator<Item = &'n Node>) -> bool {
        let mut kinds = nodes.into_iter().map(|n| self.kind_of(n)).filter(|k| *k != Kind::Literal);
        let Some(first) = kinds.next() else { return true };
        let exact = |kind: &Kind| matches!(kind, Kind::Integer | Kind::Numeric);
        kinds.all(|kind| kind == first || (exact(&kind) && exact(&first)))
    }

    /// Whether a cast answers for all values. (A document may be longer as a text than a text can be.)
    pub(super) fn is_cast_always(&self, node: &Node, target: &Kind) -> bool {
        match self.kind_of(node) {
            Kind::Literal => true,
            // PostgreSQL works it out before anything runs.
            _ if matches!(node.node, Some(NodeEnum::AConst(_))) => true,
            Kind::Text | Kind::Bool | Kind::Integer | Kind::Numeric | Kind::Float | Kind::Plain => {
                *target == Kind::Text
            }
            kind if kind.is_moment() => *target == Kind::Text,
            // `ARRAY['a'::varchar]::text[]`
            Kind::Array(of) => *of == Kind::Text && *target == Kind::Array(of),
            _ => false,
        }
    }

    /// A number that is written out is made a float before anything runs; one that is stored may be too large.
    fn is_float_beside_number(&self, e: &AExpr, left: &Kind, right: &Kind) -> bool {
        let written =
            |node: &Option<Box<Node>>| matches!(node.as_deref().map(|n| &n.node), Some(Some(NodeEnum::AConst(_))));
        let number = |kind: &Kind| matches!(kind, Kind::Integer | Kind::Numeric);
        match (left, right) {
            (Kind::Float, other) => *other == Kind::Integer || (number(other) && written(&e.rexpr)),
            (other, Kind::Float) => *other == Kind::Integer || (number(other) && written(&e.lexpr)),
            _ => false,
        }
    }
}

/// Whether any two values of these kinds compare.
fn compare(left: &Kind, right: &Kind) -> bool {
    let ordered = |kind: &Kind| match kind {
        Kind::Text
        | Kind::Bool
        | Kind::Integer
        | Kind::Numeric
        | Kind::Float
        | Kind::Bytea
        | Kind::Json
        | Kind::Plain => true,
        kind => kind.is_moment(),
    };
    match (left, right) {
        (Kind::Literal, other) | (other, Kind::Literal) => ordered(other) || *other == Kind::Literal,
        (Kind::Integer, Kind::Numeric) | (Kind::Numeric, Kind::Integer) => true,
        // Of an array's elements another may be of another type, of a moment's kinds one may be out of the other's range.
        _ => left == right && ordered(left),
    }
}

/// A pattern that is written out, and does not end in the middle of an escape.
fn is_whole_pattern(node: Option<&Node>) -> bool {
    pattern(node).is_some_and(|pattern| {
        let escapes = pattern.bytes().rev().take_while(|b| *b == b'\\').count();
        escapes % 2 == 0 && pattern.matches('%').count() <= FEW_WILDCARDS
    })
}

/// A pattern that is written out, as `pg_get_expr` prints it too: with its type.
fn pattern(node: Option<&Node>) -> Option<&str> {
    let text = |cast: &TypeCast| {
        let ty = cast.type_name.as_ref()?;
        let name = ty.names.last()?.node.as_ref()?;
        let whole = ty.typmods.is_empty() && ty.array_bounds.is_empty();
        matches!(name, NodeEnum::String(name) if whole && name.sval == "text").then_some(())
    };
    match node?.node.as_ref()? {
        NodeEnum::AConst(constant) => match &constant.val {
            Some(a_const::Val::Sval(pattern)) => Some(&pattern.sval),
            _ => None,
        },
        NodeEnum::TypeCast(cast) if text(cast).is_some() => match cast.arg.as_deref()?.node.as_ref()? {
            NodeEnum::AConst(_) => pattern(cast.arg.as_deref()),
            _ => None,
        },
        _ => None,
    }
}
