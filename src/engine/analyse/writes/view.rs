//! Writes through views, those that PostgreSQL itself would carry through (manual, CREATE VIEW, "Updatable Views"): the
//! statement becomes one on the view's table, in its visible form, and reaches only rows that the view shows.
//!
//! PostgreSQL's own way through the view would test the view's conditions on stored values.

use std::collections::BTreeSet;

use pg_query::protobuf::{self as pb, SetOperation, Token};
use pg_query::{Node, NodeEnum};

use super::super::relations::Protection;
use super::super::scope::{Col, Columns, Item, Scope};
use super::super::{Analyser, At, MAX_VIEW_DEPTH, Part, Replacement, Source, inner, names};
use super::What;
use super::refs::undefined_column;
use super::spans::end_of_clause;
use super::target::{Protected, Target};
use crate::engine::catalog::{QualifiedName, Relation, quote_ident};
use crate::engine::parse::{self, Tokens};
use crate::engine::refusal::{self, Refusal};
use crate::engine::rewrite::only_item;
use crate::engine::tree;

/// A column that a view shows, and which column of the stored table it is; `None`: the view computes it.
#[derive(Debug, Clone)]
pub struct Shown {
    pub name: String,
    pub column: Option<usize>,
}

/// The views between a write and the table that it writes.
pub struct Through<'e> {
    pub view: &'e Relation,
    pub base: &'e Relation,
    pub columns: Vec<Shown>,
    /// Outermost first.
    layers: Vec<Layer>,
}

/// One view's own condition, over what it reads.
struct Layer {
    alias: String,
    reads: Option<QualifiedName>,
    columns: Vec<Shown>,
    condition: Option<Condition>,
    /// New rows must meet the condition (WITH CHECK OPTION).
    checked: bool,
}

struct Condition {
    /// `SELECT condition`.
    text: String,
    tokens: Tokens,
    tree: Node,
}

/// An output column's name, and the name of the column that it is.
type Output = (String, Option<String>);

/// A definition of the simple kind.
struct Simple<'e> {
    reads: &'e Relation,
    alias: Option<String>,
    items: Vec<Output>,
    condition: Option<Condition>,
}

/// What a write adds to its WHERE for the views that it goes through.
#[derive(Default)]
pub struct Added {
    pub injections: Vec<usize>,
    /// What the conditions read that new rows must meet; `None`: that cannot be told.
    checked: Option<BTreeSet<usize>>,
}

impl<'e> Analyser<'e> {
    /// The way through a view to a protected table, when PostgreSQL would write that table.
    pub fn through(&self, view: &'e Relation) -> Result<Option<Through<'e>>, Refusal> {
        let (mut at, mut views): (&Relation, Vec<(&Relation, Simple<'e>)>) = (view, Vec::new());
        let base = loop {
            // A trigger of the view's own takes the write's place.
            if at.has_triggers || views.len() >= MAX_VIEW_DEPTH {
                return Ok(None);
            }
            let Some(simple) = self.simple(at)? else { return Ok(None) };
            let reads = simple.reads;
            views.push((at, simple));
            match self.protection(reads, false) {
                Ok(Protection::Protected(_)) => break reads,
                Ok(Protection::View) => at = reads,
                Ok(Protection::Open | Protection::Nulled(_)) | Err(_) => return Ok(None),
            }
        };
        let mut columns: Vec<Shown> =
            base.columns.iter().enumerate().map(|(i, c)| Shown { name: c.name.clone(), column: Some(i) }).collect();
        let mut layers = Vec::new();
        for (view, simple) in views.into_iter().rev() {
            let below = std::mem::take(&mut columns);
            let place = |name: &str| below.iter().find(|c| c.name == name).and_then(|c| c.column);
            columns = simple
                .items
                .into_iter()
                .map(|(name, of)| Shown { name, column: of.and_then(|of| place(&of)) })
                .collect();
            let reads = simple.alias.is_none().then(|| simple.reads.name.clone());
            let alias = simple.alias.unwrap_or_else(|| simple.reads.name.name.clone());
            let checked = view.check_option.is_some();
            layers.insert(0, Layer { alias, reads, columns: below, condition: simple.condition, checked });
            if view.check_option.as_deref() == Some("cascaded") {
                layers.iter_mut().for_each(|l| l.checked = true);
            }
        }
        Ok(Some(Through { view, base, columns, layers }))
    }

    /// A view's definition, if it is one table's columns and a condition.
    fn simple(&self, view: &Relation) -> Result<Option<Simple<'e>>, Refusal> {
        let Some(definition) = view.definition.as_deref() else { return Ok(None) };
        let text = definition.trim().trim_end_matches(';');
        let parsed = parse::parse(text)?;
        let [statement] = parsed.statements.as_slice() else { return Ok(None) };
        let Some(NodeEnum::SelectStmt(s)) = statement.stmt.as_ref().and_then(|n| n.node.as_ref()) else {
            return Ok(None);
        };
        let [Node { node: Some(NodeEnum::RangeVar(var)) }] = s.from_clause.as_slice() else { return Ok(None) };
        let Some(reads) = self.engine.catalog.relation_named(&var.schemaname, &var.relname) else { return Ok(None) };
        if !is_plain(s) || !var.inh || var.alias.as_ref().is_some_and(|a| !a.colnames.is_empty()) {
            return Ok(None);
        }
        let Some(items) = items(s, view)? else { return Ok(None) };
        let condition = match s.where_clause.as_deref() {
            None => None,
            Some(tree) => Some(condition(text, &parsed.tokens, tree)?),
        };
        Ok(Some(Simple { reads, alias: var.alias.as_ref().map(|a| a.aliasname.clone()), items, condition }))
    }

    /// Judges the conditions of the views that a write goes through, over the target's visible cells.
    pub fn view_conditions(&mut self, target: &Target<'e>) -> Result<Added, Refusal> {
        let mut added = Added { checked: Some(BTreeSet::new()), ..Added::default() };
        let Some(p) = target.protected() else { return Ok(added) };
        let Some(through) = &p.through else { return Ok(added) };
        for layer in &through.layers {
            let Some(condition) = &layer.condition else { continue };
            let before = self.pending.len();
            let (source, tree) = self.view_condition(p, layer, condition)?;
            if layer.checked {
                let plain = !tree::has_kind(&condition.tree, "SubLink").unwrap_or(true);
                for pending in self.pending.get(before..).unwrap_or_default() {
                    match (&pending.what, &mut added.checked) {
                        (What::Column(called), Some(checked)) if plain => _ = checked.insert(called.index),
                        _ => added.checked = None,
                    }
                }
                added.checked = added.checked.filter(|_| plain);
            }
            let tree = Box::new(tree);
            added.injections.push(self.inject(Part::Condition { source, tree }, None, false));
        }
        Ok(added)
    }

    fn view_condition(
        &mut self,
        p: &Protected<'e>,
        layer: &Layer,
        condition: &Condition,
    ) -> Result<(usize, Node), Refusal> {
        let items = [Item {
            alias: Some(layer.alias.as_str().into()),
            relation: layer.reads.clone(),
            replaced: false,
            occurrence: Some(p.occurrence),
            columns: shown(&layer.columns, p.relation, p.occurrence),
            unqualified: true,
            qualified: true,
        }];
        let Condition { text, tokens, tree } = condition;
        self.sources.push(Source { text: text.clone(), tokens: tokens.clone(), edits: Vec::new() });
        // As in `Analyser::view`: its names mean what they meant to its author.
        let outside = (
            std::mem::replace(&mut self.source, self.sources.len() - 1),
            std::mem::take(&mut self.ctes),
            std::mem::take(&mut self.search_path),
        );
        self.view_depth += 1;
        let mut tree = tree.clone();
        let judged = self.expr(&mut tree, &Scope { items: &items, parent: None }, At::CONDITION);
        self.view_depth -= 1;
        let source = std::mem::replace(&mut self.source, outside.0);
        (self.ctes, self.search_path) = (outside.1, outside.2);
        judged.map_err(|r| Refusal { position: None, ..r })?;
        Ok((source, tree))
    }

    /// The names of a column list become those of the stored table, in text and tree.
    pub fn rename_columns(&mut self, target: &Target<'e>, list: &mut [Node]) -> Result<(), Refusal> {
        let Some(through) = target.protected().and_then(|p| p.through.as_ref()) else { return Ok(()) };
        for node in list {
            let NodeEnum::ResTarget(column) = inner(node)? else { continue };
            let at = column.location;
            let name = through.stored(&column.name).map_err(|r| r.at(at))?;
            if column.name != name {
                let first = usize::try_from(at).ok().and_then(|at| self.tokens().at(at));
                let first = first.ok_or_else(|| refusal::not_faithful("a column's name was not found in the text"))?;
                let (start, end) = self.token_span(first, first + 1)?;
                self.edit(start, end, Replacement::Text(quote_ident(name)));
                column.name = name.to_owned();
            }
        }
        Ok(())
    }

    /// An INSERT through views: what they would add to it, or check, is not done for them.
    pub fn insert_through(&self, target: &Target<'e>, conflict: bool) -> Result<(), Refusal> {
        let Some(through) = target.protected().and_then(|p| p.through.as_ref()) else { return Ok(()) };
        let name = &through.view.name;
        if through.layers.iter().any(|l| l.checked && l.condition.is_some()) {
            let why = "whether a new row meets the view's conditions (WITH CHECK OPTION) is not known beforehand: \
                       insert into the table";
            return Err(refusal::not_supported(&format!("INSERT into the view {name}"), why));
        }
        if through.view.columns.iter().any(|c| c.has_default) {
            let why = "the view's columns have defaults of their own: insert into the table";
            return Err(refusal::not_supported(&format!("INSERT into the view {name}"), why));
        }
        let same = |s: &Shown| s.column.and_then(|i| through.base.columns.get(i)).is_some_and(|c| c.name == s.name);
        if conflict && !through.columns.iter().all(same) {
            let why = "the view has names of its own for columns: insert into the table";
            return Err(refusal::not_supported(&format!("ON CONFLICT on the view {name}"), why));
        }
        Ok(())
    }

    /// An UPDATE through a view WITH CHECK OPTION: a row that met its conditions meets them still, if nothing that they read
    /// is assigned.
    pub fn keeps_check_option(&self, target: &Target<'e>, added: &Added) -> Result<(), Refusal> {
        let Some(p) = target.protected() else { return Ok(()) };
        let Some(through) = p.through.as_ref().filter(|t| t.layers.iter().any(|l| l.checked && l.condition.is_some()))
        else {
            return Ok(());
        };
        let uses = self.occurrences.get(p.occurrence).map(|o| o.uses.as_slice()).unwrap_or_default();
        let link = super::assign::subject_link(p.policy);
        let written = |i: usize| uses.get(i).is_some_and(|u| u.written);
        let moves = p.relation.columns.iter().enumerate().any(|(i, c)| written(i) && link == Some(c.name.as_str()));
        let computed = |i: &usize| p.relation.columns.get(*i).is_none_or(|c| c.computed);
        let kept = added.checked.as_ref().is_some_and(|read| !read.iter().any(|i| written(*i) || computed(i)));
        if kept && !moves && !p.relation.has_triggers {
            return Ok(());
        }
        let what = format!("this UPDATE of the view {}", through.view.name);
        let why = "it assigns what the view's conditions may read, and WITH CHECK OPTION would test them again: update \
                   the table";
        Err(refusal::not_supported(&what, why))
    }

    /// MERGE and COPY go to tables.
    pub fn not_through(&self, target: &Target<'e>, verb: &str) -> Result<(), Refusal> {
        match target.protected().and_then(|p| p.through.as_ref()) {
            None => Ok(()),
            Some(through) => Err(refusal::not_a_table(verb, &through.view.name.name)),
        }
    }
}

impl Through<'_> {
    /// The stored table's name for a column of the view.
    fn stored(&self, name: &str) -> Result<&str, Refusal> {
        let shown = self.columns.iter().find(|c| c.name == name).ok_or_else(|| undefined_column(name))?;
        let column = shown.column.and_then(|i| self.base.columns.get(i));
        column.map(|c| c.name.as_str()).ok_or_else(|| refusal::view_column_not_writable(&self.view.name.name, name))
    }

    /// The stored columns that an INSERT without a column list fills.
    pub fn first(&self, width: Option<usize>) -> Result<Vec<usize>, Refusal> {
        let filled = self.columns.iter().take(width.unwrap_or(self.columns.len()));
        filled
            .map(|s| s.column.ok_or_else(|| refusal::view_column_not_writable(&self.view.name.name, &s.name)))
            .collect()
    }
}

/// What references to columns under these names find.
pub fn shown(columns: &[Shown], base: &Relation, occurrence: usize) -> Columns {
    let col = |s: &Shown| match s.column.and_then(|i| Some((i, base.columns.get(i)?))) {
        None => Col::computed(&s.name),
        Some((i, stored)) => Col {
            name: s.name.as_str().into(),
            origin: [(occurrence, i)].into(),
            ty: Some(stored.ty.base.as_str().into()),
            key: Some((occurrence, i)),
            nulled: None,
        },
    };
    Columns::known(columns.iter().map(col).collect())
}

/// Whether a query's rows are its table's rows: nothing but a select list and a condition.
fn is_plain(s: &pb::SelectStmt) -> bool {
    let pb::SelectStmt {
        distinct_clause,
        into_clause,
        target_list: _,
        from_clause: _,
        where_clause: _,
        group_clause,
        group_distinct: _,
        having_clause,
        window_clause,
        values_lists,
        sort_clause: _,
        limit_offset,
        limit_count,
        limit_option: _,
        locking_clause,
        with_clause,
        op: _,
        all: _,
        larg: _,
        rarg: _,
    } = s;
    let lists = [distinct_clause, group_clause, window_clause, values_lists, locking_clause];
    let parts = [having_clause, limit_offset, limit_count];
    matches!(s.op(), SetOperation::SetopNone | SetOperation::Undefined)
        && lists.iter().all(|l| l.is_empty())
        && parts.iter().all(|p| p.is_none())
        && into_clause.is_none()
        && with_clause.is_none()
}

/// The output columns of a simple view; `None` when one might make rows of its own, as a call of an aggregate does.
fn items(s: &pb::SelectStmt, view: &Relation) -> Result<Option<Vec<Output>>, Refusal> {
    let mut all = Vec::new();
    for node in &s.target_list {
        let Some(NodeEnum::ResTarget(item)) = &node.node else { return Ok(None) };
        let of = match item.val.as_ref().and_then(|v| v.node.as_ref()) {
            Some(NodeEnum::ColumnRef(r)) if names(&r.fields).len() == r.fields.len() => {
                names(&r.fields).last().map(|n| (*n).to_owned())
            }
            Some(NodeEnum::ColumnRef(_)) | None => return Ok(None),
            Some(_) if tree::has_kind(node, "FuncCall").unwrap_or(true) => return Ok(None),
            Some(_) => None,
        };
        all.push(of);
    }
    // The names in force are those of the catalog.
    if all.len() != view.columns.len() {
        return Ok(None);
    }
    Ok(Some(view.columns.iter().map(|c| c.name.clone()).zip(all).collect()))
}

/// The text after WHERE as a query of its own, held against the tree that it came from.
fn condition(text: &str, tokens: &Tokens, tree: &Node) -> Result<Condition, Refusal> {
    let lost = || refusal::not_faithful("a view's condition was not found in its text");
    let from = end_of_clause(tokens, 0, &[Token::Where]);
    let to = end_of_clause(tokens, from + 1, &[Token::Order]);
    let (first, last) = (tokens.list.get(from + 1), to.checked_sub(1).and_then(|i| tokens.list.get(i)));
    let (first, last) = first.zip(last).ok_or_else(lost)?;
    let text = format!("SELECT {}", text.get(first.start..last.end).ok_or_else(lost)?);
    let parsed = parse::parse(&text).map_err(|_| lost())?;
    let [one] = <[pb::RawStmt; 1]>::try_from(parsed.statements).map_err(|_| lost())?;
    let Some(NodeEnum::SelectStmt(select)) = one.stmt.and_then(|n| n.node) else { return Err(lost()) };
    let again = Node { node: only_item(*select) };
    let same = tree::canonical(&again, &[]).ok().zip(tree::canonical(tree, &[]).ok()).is_some_and(|(a, b)| a == b);
    if same { Ok(Condition { text, tokens: parsed.tokens, tree: again }) } else { Err(lost()) }
}
