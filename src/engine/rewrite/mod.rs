//! Rewriting: edits become text, placeholders become the trees of what was put there.

pub mod guard;
pub mod second;
pub mod target;

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::analyse::{Analyser, Injection, Part, Replacement};
use super::cleared::Splice;
use super::parse;
use super::refusal::{self, Refusal};
use super::tree;

/// The SQL text of every injection, by index.
pub struct Injected {
    pub texts: Vec<String>,
    /// Their trees as canonical bytes (see `tree.rs`).
    pub trees: Vec<Vec<u8>>,
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
            Part::View { source, .. } => format!("({})", render(a, *source, &all)?.0),
            Part::Expression(_) => "(NULL)".to_owned(),
        };
        all.push(stub);
    }
    Ok(all)
}

/// Writes all injected parts. An injection inside a view comes before the view's own, so one pass is enough.
pub fn injected(a: &Analyser<'_>, guards: &[String]) -> Result<Injected, Refusal> {
    let mut all = Injected { texts: Vec::new(), trees: Vec::new() };
    for injection in &a.injections {
        let text = match &injection.part {
            Part::Guard(occurrence) => guards.get(*occurrence).cloned().unwrap_or_default(),
            Part::View { source, .. } => format!("({})", render(a, *source, &all.texts)?.0),
            Part::Expression(sql) => format!("({sql})"),
        };
        let node = injected_tree(injection, &text)?;
        all.trees.push(tree::canonical(&node, &all.trees).map_err(|e| refusal::not_faithful(&e.to_string()))?);
        all.texts.push(text);
    }
    Ok(all)
}

fn injected_tree(injection: &Injection, text: &str) -> Result<NodeEnum, Refusal> {
    let from_item = |subquery: Node| {
        NodeEnum::RangeSubselect(Box::new(pb::RangeSubselect {
            lateral: injection.lateral,
            subquery: Some(Box::new(subquery)),
            alias: injection.alias.clone(),
        }))
    };
    let lost = || refusal::not_faithful("an injected part cannot be read");
    match &injection.part {
        Part::Guard(_) => {
            let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).ok_or_else(lost)?;
            Ok(from_item(only_statement(inner)?))
        }
        Part::View { tree, .. } => Ok(from_item((**tree).clone())),
        Part::Expression(_) => {
            let NodeEnum::SelectStmt(select) = only_statement(&format!("SELECT {text}"))?.node.ok_or_else(lost)? else {
                return Err(lost());
            };
            match <[Node; 1]>::try_from(select.target_list).map(|[n]| n.node) {
                Ok(Some(NodeEnum::ResTarget(t))) => t.val.and_then(|v| v.node).ok_or_else(lost),
                _ => Err(lost()),
            }
        }
    }
}

fn only_statement(text: &str) -> Result<Node, Refusal> {
    let lost = || refusal::not_faithful("an injected part is not one statement");
    let parsed = parse::parse(text).map_err(|_| lost())?;
    let [one] = <[pb::RawStmt; 1]>::try_from(parsed.statements).map_err(|_| lost())?;
    one.stmt.map(|n| *n).ok_or_else(lost)
}

/// A source with its edits applied, and where each went.
pub fn render(a: &Analyser<'_>, source: usize, injected: &[String]) -> Result<(String, Vec<Splice>), Refusal> {
    let source = a.sources.get(source).ok_or_else(|| refusal::not_faithful("a text is missing"))?;
    let overlapping = || refusal::not_faithful("two edits of the text overlap");
    let mut edits: Vec<_> = source.edits.iter().collect();
    edits.sort_by_key(|e| (e.start, e.end));
    let (mut out, mut splices, mut at) = (String::with_capacity(source.text.len() * 2), Vec::new(), 0);
    for edit in edits {
        out.push_str(source.text.get(at..edit.start).ok_or_else(overlapping)?);
        let at_out = out.len();
        match &edit.with {
            Replacement::Text(text) => out.push_str(text),
            Replacement::Injected(index, suffix) => {
                out.push_str(injected.get(*index).ok_or_else(overlapping)?);
                out.push_str(suffix);
            }
        }
        let len_in = edit.end.checked_sub(edit.start).ok_or_else(overlapping)?;
        splices.push(Splice { at_in: edit.start, len_in, at_out, len_out: out.len() - at_out });
        at = edit.end;
    }
    out.push_str(source.text.get(at..).ok_or_else(overlapping)?);
    Ok((out, splices))
}
