//! Rewriting: edits become text, placeholders become the trees of what was put there.

pub mod copy_in;
pub mod guard;
pub mod second;
mod simpler;
pub mod target;

use std::sync::Arc;

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::alike;
use super::analyse::{Analyser, Injection, Part, Replacement, placeholder};
use super::catalog::Relation;
use super::clear::Memory;
use super::parse;
use super::refusal::{self, Refusal};
use super::tree;

/// Every injection, by index.
#[derive(Default)]
pub struct Injected {
    /// SQL text, with copies of the client's literals in it (`alike.rs`).
    pub texts: Vec<String>,
    /// Their trees as canonical bytes (see `tree.rs`).
    pub trees: Vec<Arc<[u8]>>,
}

/// A stub for every injected part, by index, for the second parser: a query of the same relation.
pub fn stubs(a: &Analyser<'_>) -> Result<Vec<String>, Refusal> {
    let mut all = Vec::new();
    for injection in &a.injections {
        let stub = match &injection.part {
            Part::Guard(occurrence) => {
                let relation = a.occurrences.get(*occurrence).and_then(|o| a.engine.catalog.relation(o.relation));
                let relation = relation.ok_or_else(|| refusal::not_faithful("a table is gone"))?;
                format!("(SELECT * FROM {})", relation.name.to_sql())
            }
            Part::View { source, .. } => format!("({})", render(a, *source, &all)?),
            Part::Condition { source, .. } => condition(a, *source, &all)?,
            Part::Expression(_) => "(NULL)".to_owned(),
        };
        all.push(stub);
    }
    Ok(all)
}

/// Writes all injected parts. An injection inside a view comes before the view's own, so one pass is enough.
pub fn injected(a: &Analyser<'_>, guards: &[&str], memory: &dyn Memory) -> Result<Injected, Refusal> {
    let source = a.sources.first().ok_or_else(|| refusal::not_faithful("a text is missing"))?;
    let literals = alike::literals(&source.text, &source.tokens);
    let mut all = Injected::default();
    for injection in &a.injections {
        let text = match &injection.part {
            Part::Guard(occurrence) => match by_name(a, *occurrence) {
                Some((relation, only)) => format!("{}{}", if only { "ONLY " } else { "" }, relation.name.to_sql()),
                None => format!("({})", guards.get(*occurrence).copied().unwrap_or_default()),
            },
            Part::View { source, .. } => format!("({})", render(a, *source, &all.texts)?),
            Part::Condition { source, .. } => condition(a, *source, &all.texts)?,
            Part::Expression(sql) => format!("({sql})"),
        };
        let tree = match &injection.part {
            Part::Guard(occurrence) => {
                if let Some((relation, only)) = by_name(a, *occurrence) {
                    all.trees.push(bytes(&named(injection, relation, only), &[])?);
                    all.texts.push(text);
                    continue;
                }
                let query = guards.get(*occurrence).copied().unwrap_or_default();
                let inner = read(query, What::Query, &source.text, &literals, memory)?;
                // The query's tree comes in the place of a placeholder of its own.
                bytes(&from_item(injection, Node { node: Some(placeholder(0)) }), &[inner])?
            }
            Part::View { tree, .. } => bytes(&from_item(injection, (**tree).clone()), &all.trees)?,
            Part::Condition { tree, .. } => {
                let node = tree.node.as_ref().ok_or_else(|| refusal::not_faithful("a view's condition is gone"))?;
                bytes(node, &all.trees)?
            }
            Part::Expression(sql) => read(sql, What::Expression, &source.text, &literals, memory)?,
        };
        all.trees.push(tree);
        all.texts.push(text);
    }
    Ok(all)
}

/// The relation that leaves by its name, and whether without its children.
fn by_name<'a>(a: &'a Analyser<'_>, occurrence: usize) -> Option<(&'a Relation, bool)> {
    let o = a.occurrences.get(occurrence).filter(|o| o.as_it_is)?;
    Some((a.engine.catalog.relation(o.relation)?, o.only))
}

/// What a source says after SELECT.
fn condition(a: &Analyser<'_>, source: usize, injected: &[String]) -> Result<String, Refusal> {
    let text = render(a, source, injected)?;
    let condition = text.strip_prefix("SELECT ").ok_or_else(|| refusal::not_faithful("a view's condition is gone"))?;
    Ok(format!("({condition})"))
}

fn bytes(node: &NodeEnum, injected: &[Arc<[u8]>]) -> Result<Arc<[u8]>, Refusal> {
    tree::canonical(node, injected).map(Arc::from).map_err(|e| refusal::not_faithful(&e.to_string()))
}

fn from_item(injection: &Injection, subquery: Node) -> NodeEnum {
    NodeEnum::RangeSubselect(Box::new(pb::RangeSubselect {
        lateral: injection.lateral,
        subquery: Some(Box::new(subquery)),
        alias: injection.alias.clone(),
    }))
}

fn named(injection: &Injection, relation: &Relation, only: bool) -> NodeEnum {
    NodeEnum::RangeVar(pb::RangeVar {
        schemaname: relation.name.schema.clone(),
        relname: relation.name.name.clone(),
        inh: !only,
        relpersistence: "p".to_owned(),
        alias: injection.alias.clone(),
        location: -1,
        ..Default::default()
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Query,
    Expression,
}

/// The tree of a text of ours, with the client's literals in it. What holds none of them is the same for every statement.
fn read(
    ours: &str,
    what: What,
    text: &str,
    literals: &[(usize, usize)],
    memory: &dyn Memory,
) -> Result<Arc<[u8]>, Refusal> {
    let sql = alike::filled(ours, text, literals)?;
    let sql = if what == What::Expression { format!("SELECT ({sql})") } else { sql };
    let key = (!alike::copies_literals(ours)).then(|| format!("{}{sql}", if what == What::Query { 'q' } else { 'e' }));
    if let Some(known) = key.as_deref().and_then(|key| memory.tree(key)) {
        return Ok(known);
    }
    let lost = || refusal::not_faithful("an injected part cannot be read");
    let statement = only_statement(&sql)?.node.ok_or_else(lost)?;
    let tree = match (what, statement) {
        (What::Query, query) => bytes(&query, &[])?,
        (What::Expression, NodeEnum::SelectStmt(select)) => bytes(&only_item(*select).ok_or_else(lost)?, &[])?,
        (What::Expression, _) => return Err(lost()),
    };
    if let Some(key) = key {
        memory.keep_tree(&key, &tree);
    }
    Ok(tree)
}

/// The expression of `SELECT expression`.
pub fn only_item(select: pb::SelectStmt) -> Option<NodeEnum> {
    let [item] = <[Node; 1]>::try_from(select.target_list).ok()?;
    let NodeEnum::ResTarget(item) = item.node? else { return None };
    item.val?.node
}

fn only_statement(text: &str) -> Result<Node, Refusal> {
    let lost = || refusal::not_faithful("an injected part is not one statement");
    let parsed = parse::parse(text).map_err(|_| lost())?;
    let [one] = <[pb::RawStmt; 1]>::try_from(parsed.statements).map_err(|_| lost())?;
    one.stmt.map(|n| *n).ok_or_else(lost)
}

/// A source with its edits applied.
pub fn render(a: &Analyser<'_>, source: usize, injected: &[String]) -> Result<String, Refusal> {
    let source = a.sources.get(source).ok_or_else(|| refusal::not_faithful("a text is missing"))?;
    let overlapping = || refusal::not_faithful("two edits of the text overlap");
    let mut edits: Vec<_> = source.edits.iter().collect();
    edits.sort_by_key(|e| (e.start, e.end));
    let (mut out, mut at) = (String::with_capacity(source.text.len() * 2), 0);
    for edit in edits {
        out.push_str(source.text.get(at..edit.start).ok_or_else(overlapping)?);
        match &edit.with {
            Replacement::Text(text) => out.push_str(text),
            Replacement::Injected(index, suffix) => {
                out.push_str(injected.get(*index).ok_or_else(overlapping)?);
                out.push_str(suffix);
            }
        }
        at = edit.end;
    }
    out.push_str(source.text.get(at..).ok_or_else(overlapping)?);
    Ok(out)
}
