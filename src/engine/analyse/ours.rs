//! Expressions of ours with places for others in them, as trees of their texts.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use crate::engine::parse;
use crate::engine::refusal::{self, Refusal};
use crate::engine::rewrite::only_item;

/// The tree of an expression's text with `parts` in the places of `$1`, `$2`, …, which stand in the order of the text.
pub fn filled(text: &str, parts: impl IntoIterator<Item = NodeEnum>) -> Result<NodeEnum, Refusal> {
    let lost = || refusal::not_faithful("an expression of ours cannot be read");
    let parsed = parse::parse(&format!("SELECT {text}")).map_err(|_| lost())?;
    let [one] = <[pb::RawStmt; 1]>::try_from(parsed.statements).map_err(|_| lost())?;
    let Some(NodeEnum::SelectStmt(select)) = one.stmt.and_then(|n| n.node) else { return Err(lost()) };
    let mut all = Node { node: only_item(*select) };
    let mut places = Vec::new();
    find(&mut all, &mut places);
    let parts: Vec<NodeEnum> = parts.into_iter().collect();
    if places.len() != parts.len() {
        return Err(lost());
    }
    for (place, part) in places.into_iter().zip(parts) {
        place.node = Some(part);
    }
    all.node.ok_or_else(lost)
}

/// The parameters in an expression, as far as ours are built.
fn find<'t>(node: &'t mut Node, places: &mut Vec<&'t mut Node>) {
    if matches!(node.node, Some(NodeEnum::ParamRef(_))) {
        return places.push(node);
    }
    match &mut node.node {
        Some(NodeEnum::SubLink(link)) => link.subselect.iter_mut().for_each(|n| find(n, places)),
        Some(NodeEnum::SelectStmt(s)) => {
            s.target_list.iter_mut().chain(&mut s.from_clause).for_each(|n| find(n, places));
            s.where_clause.iter_mut().for_each(|n| find(n, places))
        }
        Some(NodeEnum::ResTarget(t)) => t.val.iter_mut().for_each(|n| find(n, places)),
        Some(NodeEnum::RangeSubselect(r)) => r.subquery.iter_mut().for_each(|n| find(n, places)),
        Some(NodeEnum::CaseExpr(c)) => c.args.iter_mut().for_each(|n| find(n, places)),
        Some(NodeEnum::CaseWhen(w)) => w.expr.iter_mut().chain(&mut w.result).for_each(|n| find(n, places)),
        Some(NodeEnum::NullTest(t)) => t.arg.iter_mut().for_each(|n| find(n, places)),
        Some(NodeEnum::BooleanTest(t)) => t.arg.iter_mut().for_each(|n| find(n, places)),
        Some(NodeEnum::TypeCast(c)) => c.arg.iter_mut().for_each(|n| find(n, places)),
        Some(NodeEnum::AIndirection(i)) => i.arg.iter_mut().for_each(|n| find(n, places)),
        Some(NodeEnum::FuncCall(f)) => f.args.iter_mut().for_each(|n| find(n, places)),
        Some(NodeEnum::CollateClause(c)) => c.arg.iter_mut().for_each(|n| find(n, places)),
        _ => {}
    }
}
