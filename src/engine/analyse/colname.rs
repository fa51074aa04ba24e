//! The names that PostgreSQL gives output columns which have none of their own.
//!
//! They must be its own to the letter: a name that only we see would hide a column of the query around it.

use pg_query::protobuf::{self as pb, SqlValueFunctionOp as S, SubLinkType, XmlExprOp as X};
use pg_query::{Node, NodeEnum};

use super::names;

/// What names a column that has no name (`FigureColname` of PostgreSQL's parser).
const NONE: &str = "?column?";

/// The name of an output column without AS.
pub fn output_name(node: &Node) -> String {
    figure(node).map_or_else(|| NONE.to_owned(), |(name, _)| name)
}

/// Whether the name is that of the first column behind a star, in a subquery as a value.
pub fn is_named_by_star(node: &Node) -> bool {
    let part = |n: &Option<Box<Node>>| n.as_deref().is_some_and(is_named_by_star);
    match &node.node {
        Some(NodeEnum::SubLink(s)) if s.sub_link_type() == SubLinkType::ExprSublink => {
            s.subselect.as_deref().is_some_and(|query| first_column(query).is_none())
        }
        Some(NodeEnum::TypeCast(c)) => part(&c.arg),
        Some(NodeEnum::CollateClause(c)) => part(&c.arg),
        Some(NodeEnum::AIndirection(i)) => names(&i.indirection).is_empty() && part(&i.arg),
        Some(NodeEnum::CaseExpr(c)) => part(&c.defresult),
        _ => false,
    }
}

/// How good a name is: a weak one gives way to what is around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strength {
    Weak,
    Strong,
}

/// `FigureColnameInternal` of PostgreSQL's parser.
fn figure(node: &Node) -> Option<(String, Strength)> {
    let strong = |name: &str| Some((name.to_owned(), Strength::Strong));
    let last = |list: &[Node]| names(list).last().map(|s| ((*s).to_owned(), Strength::Strong));
    match node.node.as_ref()? {
        NodeEnum::ColumnRef(r) => last(&r.fields),
        NodeEnum::AIndirection(i) => last(&i.indirection).or_else(|| figure(i.arg.as_deref()?)),
        NodeEnum::FuncCall(f) => last(&f.funcname),
        NodeEnum::AExpr(e) if e.kind() == pb::AExprKind::AexprNullif => strong("nullif"),
        NodeEnum::TypeCast(c) => match c.arg.as_deref().and_then(figure) {
            Some((name, Strength::Strong)) => strong(&name),
            _ => c.type_name.as_ref().and_then(|t| names(&t.names).last().map(|n| ((*n).to_owned(), Strength::Weak))),
        },
        NodeEnum::CollateClause(c) => figure(c.arg.as_deref()?),
        NodeEnum::GroupingFunc(_) => strong("grouping"),
        NodeEnum::SubLink(s) => match s.sub_link_type() {
            SubLinkType::ExistsSublink => strong("exists"),
            SubLinkType::ArraySublink => strong("array"),
            SubLinkType::ExprSublink => strong(&first_column(s.subselect.as_deref()?)?),
            _ => None,
        },
        NodeEnum::CaseExpr(c) => match c.defresult.as_deref().and_then(figure) {
            Some((name, Strength::Strong)) => strong(&name),
            _ => Some(("case".to_owned(), Strength::Weak)),
        },
        NodeEnum::AArrayExpr(_) => strong("array"),
        NodeEnum::RowExpr(_) => strong("row"),
        NodeEnum::CoalesceExpr(_) => strong("coalesce"),
        NodeEnum::MinMaxExpr(m) => match m.op() {
            pb::MinMaxOp::IsGreatest => strong("greatest"),
            pb::MinMaxOp::IsLeast => strong("least"),
            pb::MinMaxOp::Undefined => None,
        },
        NodeEnum::SqlvalueFunction(f) => strong(value_function(f.op())?),
        NodeEnum::XmlExpr(x) => strong(xml(x.op())?),
        NodeEnum::XmlSerialize(_) => strong("xmlserialize"),
        _ => None,
    }
}

/// The name of a query's first column; `None` behind a star.
fn first_column(query: &Node) -> Option<String> {
    let NodeEnum::SelectStmt(select) = query.node.as_ref()? else { return None };
    let mut select = &**select;
    while let Some(left) = select.larg.as_deref() {
        select = left;
    }
    if !select.values_lists.is_empty() {
        return Some("column1".to_owned());
    }
    let NodeEnum::ResTarget(first) = select.target_list.first()?.node.as_ref()? else { return None };
    let value = first.val.as_deref()?;
    match super::select::star(value).is_some() || super::select::is_row_expansion(value) {
        true => None,
        false if first.name.is_empty() => Some(output_name(value)),
        false => Some(first.name.clone()),
    }
}

fn value_function(op: S) -> Option<&'static str> {
    Some(match op {
        S::SvfopCurrentDate => "current_date",
        S::SvfopCurrentTime | S::SvfopCurrentTimeN => "current_time",
        S::SvfopCurrentTimestamp | S::SvfopCurrentTimestampN => "current_timestamp",
        S::SvfopLocaltime | S::SvfopLocaltimeN => "localtime",
        S::SvfopLocaltimestamp | S::SvfopLocaltimestampN => "localtimestamp",
        S::SvfopCurrentRole => "current_role",
        S::SvfopCurrentUser => "current_user",
        S::SvfopUser => "user",
        S::SvfopSessionUser => "session_user",
        S::SvfopCurrentCatalog => "current_catalog",
        S::SvfopCurrentSchema => "current_schema",
        S::SqlvalueFunctionOpUndefined => return None,
    })
}

fn xml(op: X) -> Option<&'static str> {
    Some(match op {
        X::IsXmlconcat => "xmlconcat",
        X::IsXmlelement => "xmlelement",
        X::IsXmlforest => "xmlforest",
        X::IsXmlparse => "xmlparse",
        X::IsXmlpi => "xmlpi",
        X::IsXmlroot => "xmlroot",
        X::IsXmlserialize => "xmlserialize",
        X::IsDocument | X::Undefined => return None,
    })
}
