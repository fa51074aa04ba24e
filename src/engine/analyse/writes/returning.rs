//! RETURNING: the rows as they were written, each cell as the session may see it.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::super::scope::{Col, Columns, Item, Scope};
use super::super::select::star;
use super::super::{Analyser, At, Replacement, inner, names, placeholder, string_node};
use super::checked::{TESTED, Tests};
use super::refs::called;
use super::{Moment, What};
use crate::engine::catalog::quote_ident;
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    /// Judges RETURNING; its columns. `moment`: which row of the target it shows. `tests`: what that row must meet first, which
    /// PostgreSQL works out there too, be there a RETURNING of the client's or none.
    pub fn returning(
        &mut self,
        clause: &mut Option<pb::ReturningClause>,
        scope: &Scope<'_>,
        at: At,
        moment: Moment,
        mut tests: Tests,
    ) -> Result<Columns, Refusal> {
        let Some(pb::ReturningClause { options, exprs }) = clause else {
            *clause = self.return_tests(tests)?;
            self.silent = clause.is_some();
            return Ok(Columns::known(Vec::new()));
        };
        if !options.is_empty() {
            return Err(refusal::not_supported("RETURNING WITH", "old and new rows under other names are not known"));
        }
        self.moment = moment;
        self.outward.show(self.outward.answers);
        let mut known = Some(Vec::new());
        let mut all = Vec::with_capacity(exprs.len());
        for (place, mut node) in std::mem::take(exprs).into_iter().enumerate() {
            let columns = match self.all_of_target(&node, scope)? {
                Some(items) => self.expand(&node, &items, at, &mut all, &mut tests)?,
                None => {
                    let tested = self.begin_tested(&mut tests, &node, place)?;
                    let columns = self.target_list(std::slice::from_mut(&mut node), scope, at)?;
                    if let (Some((tests, end)), NodeEnum::ResTarget(item)) = (tested, inner(&mut node)?) {
                        item.val = item
                            .val
                            .take()
                            .map(|value| self.end_tested(*value, end, &tests))
                            .transpose()?
                            .map(Box::new);
                    }
                    all.push(node);
                    columns
                }
            };
            match (&mut known, columns) {
                (Some(known), Columns::Known(more)) => known.extend(more.iter().cloned()),
                (_, Columns::Unknown) | (None, _) => known = None,
            }
        }
        tests.are_put()?;
        *exprs = all;
        self.moment = Moment::Old;
        self.outward.show(false);
        Ok(known.map_or(Columns::Unknown, Columns::known))
    }

    /// For `*` and `target.*`: the items that it shows, when a protected target is among them.
    fn all_of_target(&self, node: &Node, scope: &Scope<'_>) -> Result<Option<Vec<Item>>, Refusal> {
        let Some(NodeEnum::ResTarget(target)) = &node.node else { return Ok(None) };
        let Some(qualifier) = target.val.as_ref().and_then(|v| star(v)) else { return Ok(None) };
        let is_target =
            |i: &Item| i.occurrence.and_then(|o| self.occurrences.get(o)).is_some_and(|o| o.target.is_some());
        let items: Vec<Item> = match qualifier.as_slice() {
            [] => scope.items.to_vec(),
            _ => {
                let (schema, alias) = super::super::select::split_qualifier(&qualifier);
                let found = super::super::scope::item(scope, schema, alias);
                found.map(|(item, _)| item.clone()).into_iter().collect()
            }
        };
        if !items.iter().any(is_target) {
            return Ok(None);
        }
        if items.iter().any(|i| !(i.unqualified && i.qualified)) {
            let why = "a join in it merges or renames columns: name the columns";
            return Err(refusal::not_supported("RETURNING * here", why).at(target.location));
        }
        Ok(Some(items))
    }

    /// Writes out `*`: the target's columns one by one, other items as `item.*`.
    fn expand(
        &mut self,
        node: &Node,
        items: &[Item],
        at: At,
        all: &mut Vec<Node>,
        tests: &mut Tests,
    ) -> Result<Columns, Refusal> {
        let (start, end) = self.star_span(node)?;
        self.edit(start, end, Replacement::Text(String::new()));
        let mut known = Some(Vec::new());
        let mut first = true;
        for item in items {
            let target = item.occurrence.filter(|o| self.occurrences.get(*o).is_some_and(|o| o.target.is_some()));
            let comma = |first: &mut bool| if std::mem::take(first) { "" } else { ", " };
            let Some(occurrence) = target else {
                let alias = item.alias.as_deref().unwrap_or_default();
                let text = format!("{}{}.*", comma(&mut first), quote_ident(alias));
                self.edit(end, end, Replacement::Text(text));
                all.push(result("", Node { node: Some(all_of(alias)) }));
                match (&mut known, &item.columns) {
                    (Some(known), Columns::Known(cols)) => {
                        cols.iter().for_each(|c| self.note(&c.origin, at));
                        known.extend(cols.iter().cloned());
                    }
                    (_, Columns::Unknown) | (None, _) => known = None,
                }
                continue;
            };
            for col in item.columns.list() {
                self.note(&col.origin, at);
                let injection = self.pend(occurrence, What::Column(called(col)?));
                self.edit(end, end, Replacement::Text(comma(&mut first).to_owned()));
                let mut value = Node { node: Some(placeholder(injection)) };
                match tests.take() {
                    Some(tests) => {
                        self.edit(end, end, Replacement::Text(TESTED.to_owned()));
                        self.edit(end, end, Replacement::Injected(injection, String::new()));
                        value = self.end_tested(value, end, &tests)?;
                    }
                    None => self.edit(end, end, Replacement::Injected(injection, String::new())),
                }
                self.edit(end, end, Replacement::Text(format!(" AS {}", quote_ident(&col.name))));
                all.push(result(&col.name, value));
                if let Some(known) = &mut known {
                    known.push(Col { ..col.clone() });
                }
            }
        }
        Ok(known.map_or(Columns::Unknown, Columns::known))
    }

    /// Byte range of `*` or `a.b.*` as written.
    fn star_span(&self, node: &Node) -> Result<(usize, usize), Refusal> {
        let lost = || refusal::not_faithful("RETURNING * was not found in the text");
        let Some(NodeEnum::ResTarget(target)) = &node.node else { return Err(lost()) };
        let Some(NodeEnum::ColumnRef(r)) = target.val.as_ref().and_then(|v| v.node.as_ref()) else {
            return Err(lost());
        };
        let tokens = self.tokens();
        let first = usize::try_from(r.location).ok().and_then(|at| tokens.at(at)).ok_or_else(lost)?;
        self.token_span(first, first + 2 * names(&r.fields).len() + 1)
    }
}

pub fn result(name: &str, value: Node) -> Node {
    let target =
        pb::ResTarget { name: name.to_owned(), indirection: Vec::new(), val: Some(Box::new(value)), location: -1 };
    Node { node: Some(NodeEnum::ResTarget(Box::new(target))) }
}

fn all_of(alias: &str) -> NodeEnum {
    let star = Node { node: Some(NodeEnum::AStar(pb::AStar {})) };
    NodeEnum::ColumnRef(pb::ColumnRef { fields: vec![string_node(alias), star], location: -1 })
}

/// Whether a node list holds anything: RETURNING at all.
pub fn shows(clause: Option<&pb::ReturningClause>) -> bool {
    clause.is_some_and(|c| !c.exprs.is_empty())
}
