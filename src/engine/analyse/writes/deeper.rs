//! Whether an expression means the same one query deeper, where a test of ours puts it.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use crate::engine::allow::{self, FunctionClass};
use crate::engine::analyse::names;
use crate::engine::catalog::Catalog;

/// How often PostgreSQL works a value out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    Once,
    /// Deeper, it would do so once for all rows where the value holds no column of them.
    EachRow,
}

/// Aggregates and window functions would take the rows of the query that they come to stand in, which is one, and a function
/// that returns a set would make rows there. What has a query of its own keeps it.
pub fn means_the_same_deeper(node: &Node, catalog: &Catalog, times: Times) -> bool {
    let same = |n: &Node| means_the_same_deeper(n, catalog, times);
    let calls = |f: &pb::FuncCall| is_plain_call(f, catalog) && (times == Times::Once || is_pure(f));
    let all = |list: &[Node]| list.iter().all(same);
    let one = |node: &Option<Box<Node>>| node.as_deref().is_none_or(same);
    match &node.node {
        None => true,
        Some(
            NodeEnum::AConst(_)
            | NodeEnum::ParamRef(_)
            | NodeEnum::ColumnRef(_)
            | NodeEnum::SqlvalueFunction(_)
            | NodeEnum::SetToDefault(_),
        ) => true,
        Some(NodeEnum::TypeCast(c)) => one(&c.arg),
        Some(NodeEnum::AExpr(e)) => one(&e.lexpr) && one(&e.rexpr),
        Some(NodeEnum::BoolExpr(e)) => all(&e.args),
        Some(NodeEnum::NullTest(t)) => one(&t.arg),
        Some(NodeEnum::BooleanTest(t)) => one(&t.arg),
        Some(NodeEnum::CoalesceExpr(e)) => all(&e.args),
        Some(NodeEnum::MinMaxExpr(e)) => all(&e.args),
        Some(NodeEnum::CaseExpr(e)) => one(&e.arg) && all(&e.args) && one(&e.defresult),
        Some(NodeEnum::CaseWhen(w)) => one(&w.expr) && one(&w.result),
        Some(NodeEnum::AArrayExpr(a)) => all(&a.elements),
        Some(NodeEnum::RowExpr(r)) => all(&r.args),
        Some(NodeEnum::List(l)) => all(&l.items),
        Some(NodeEnum::AIndirection(i)) => one(&i.arg) && all(&i.indirection),
        Some(NodeEnum::String(_)) => true,
        Some(NodeEnum::AIndices(i)) => one(&i.lidx) && one(&i.uidx),
        Some(NodeEnum::CollateClause(c)) => one(&c.arg),
        Some(NodeEnum::SubLink(l)) => one(&l.testexpr),
        Some(NodeEnum::FuncCall(f)) => calls(f) && all(&f.args),
        Some(NodeEnum::NamedArgExpr(a)) => one(&a.arg),
        Some(_) => false,
    }
}

/// Whether a built-in function gives the same for the same.
fn is_pure(f: &pb::FuncCall) -> bool {
    let class = names(&f.funcname).last().and_then(|name| allow::builtin_function(name, f.args.len()));
    matches!(class, Some(FunctionClass::Pure))
}

/// Whether a call is sure to be of a built-in function that is no aggregate, window function or set of rows.
pub fn is_plain_call(f: &pb::FuncCall, catalog: &Catalog) -> bool {
    let pb::FuncCall { agg_order, agg_filter, agg_within_group, agg_star, agg_distinct, over, .. } = f;
    let clauses = !agg_order.is_empty() || agg_filter.is_some() || *agg_within_group || *agg_star || *agg_distinct;
    let fields = names(&f.funcname);
    let [.., name] = fields.as_slice() else { return false };
    let built_in = match fields.as_slice() {
        [name] => catalog.functions_named(name).next().is_none(),
        [schema, _] => *schema == "pg_catalog" && catalog.functions_named(name).all(|f| f.name.schema != "pg_catalog"),
        _ => false,
    };
    !clauses && over.is_none() && built_in && allow::is_scalar(name, f.args.len())
}
