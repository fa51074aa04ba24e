//! Writes through views, those that PostgreSQL itself would carry through (manual, CREATE VIEW, "Updatable Views"): the
//! statement becomes one on the view's table, in its visible form, and reaches only rows that the view shows.
//!
//! PostgreSQL's own way through the view would test the view's conditions on stored values.

use std::collections::BTreeSet;

use pg_query::protobuf::Token;
use pg_query::{Node, NodeEnum};

use super::super::from::aliased;
use super::super::relations::Protection;
use super::super::scope::{Col, Columns, Item, Scope};
use super::super::{Analyser, At, Part, Replacement, Source, inner};
use super::What;
use super::definition::{Condition, Link};
use super::refs::undefined_column_of;
use super::target::{Protected, Target};
use crate::engine::catalog::{Catalog, Column, QualifiedName, Relation, quote_ident};
use crate::engine::refusal::{self, Refusal};
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
    /// Some column of some of the views has a default of its own.
    has_default: bool,
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

/// What a write adds to its WHERE for the views that it goes through.
#[derive(Default)]
pub struct Added {
    pub injections: Vec<usize>,
    /// What the conditions read that new rows must meet; `None`: that cannot be told.
    checked: Option<BTreeSet<usize>>,
}

impl<'e> Analyser<'e> {
    /// The way through views to a protected table, when PostgreSQL would write that table.
    pub fn through(&self, links: Vec<Link<'e>>) -> Result<Option<Through<'e>>, Refusal> {
        let Some((view, base)) = links.first().zip(links.last()).map(|(a, b)| (a.view, b.reads)) else {
            return Ok(None);
        };
        // A trigger of a view's own takes the write's place.
        let triggered = links.iter().any(|l| l.view.has_triggers);
        if triggered || !matches!(self.protection(base, false), Ok(Protection::Protected(_))) {
            return Ok(None);
        }
        let has_default = links.iter().any(|l| l.view.columns.iter().any(|c| c.has_default));
        let mut columns: Vec<Shown> =
            base.columns.iter().enumerate().map(|(i, c)| Shown { name: c.name.clone(), column: Some(i) }).collect();
        let mut layers = Vec::new();
        for link in links.into_iter().rev() {
            let Some(simple) = self.simple(&link)? else { return Ok(None) };
            let below = std::mem::take(&mut columns);
            let place = |name: &str| below.iter().find(|c| c.name == name).and_then(|c| c.column);
            columns = simple
                .items
                .into_iter()
                .map(|(name, of)| Shown { name, column: of.and_then(|of| place(&of)) })
                .collect();
            let reads = link.alias.is_none().then(|| link.reads.name.clone());
            let alias = link.alias.unwrap_or_else(|| link.reads.name.name.clone());
            let check = link.view.check_option.as_deref();
            layers.insert(
                0,
                Layer { alias, reads, columns: below, condition: simple.condition, checked: check.is_some() },
            );
            // PostgreSQL keeps the word as it was written.
            if check.is_some_and(|check| !check.eq_ignore_ascii_case("local")) {
                layers.iter_mut().for_each(|l| l.checked = true);
            }
        }
        Ok(Some(Through { view, base, columns, layers, has_default }))
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
                let plain = !tree::has_kind(&condition.tree, "SubLink").unwrap_or(true) && !self.runs_own(condition);
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
            occurrence: Some(p.occurrence),
            stored: true,
            qualified: true,
            ..aliased(None, shown(self, &layer.columns, p.relation, p.occurrence))
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
        judged.and_then(|()| self.not_shadowed()).map_err(|r| Refusal { position: None, ..r })?;
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
    pub fn insert_through(&self, target: &Target<'e>, conflict: bool, updates: bool) -> Result<(), Refusal> {
        let Some(through) = target.protected().and_then(|p| p.through.as_ref()) else { return Ok(()) };
        let name = &through.view.name;
        if through.layers.iter().any(|l| l.checked && l.condition.is_some()) {
            let why = "whether a new row meets the view's conditions (WITH CHECK OPTION) is not known beforehand: \
                       insert into the table";
            return Err(refusal::not_supported(&format!("INSERT into the view {name}"), why));
        }
        if through.has_default || through.types_have_defaults(&self.engine.catalog) {
            let why = "the view's columns have defaults of their own: insert into the table";
            return Err(refusal::not_supported(&format!("INSERT into the view {name}"), why));
        }
        let same = |s: &Shown| s.column.and_then(|i| through.base.columns.get(i)).is_some_and(|c| c.name == s.name);
        if conflict && !through.columns.iter().all(same) {
            let why = "the view has names of its own for columns: insert into the table";
            return Err(refusal::not_supported(&format!("ON CONFLICT on the view {name}"), why));
        }
        // PostgreSQL changed such a row until 15.19, and refuses to (55000) from then on.
        if updates && through.layers.iter().any(|l| l.condition.is_some()) {
            let why = "the row that is in the way may be none of the view's: insert into the table";
            return Err(refusal::not_supported(&format!("ON CONFLICT … DO UPDATE on the view {name}"), why));
        }
        Ok(())
    }

    /// `SET column = DEFAULT` through views: what PostgreSQL takes is the outermost view's default, or null where it has none.
    pub fn default_through(&self, p: &Protected<'e>, column: &str) -> Result<(), Refusal> {
        let Some(through) = &p.through else { return Ok(()) };
        let stored = p.relation.column(column).is_none_or(|c| c.has_default);
        if !through.has_default && !stored {
            return Ok(());
        }
        let why = "through a view it is the view's own default, not the table's: name the value, or update the table";
        Err(refusal::not_supported(&format!("DEFAULT in a SET of the view {}", through.view.name), why))
    }

    /// Whether a condition may call what is not PostgreSQL's own, which may read more than the row.
    fn runs_own(&self, condition: &Condition) -> bool {
        let (Condition { text, tokens, .. }, catalog) = (condition, &self.engine.catalog);
        tokens.list.iter().enumerate().any(|(i, token)| {
            let name = text.get(token.start..token.end).unwrap_or_default().trim_matches('"').replace("\"\"", "\"");
            let called = tokens.kind(i + 1) == Some(Token::Ascii40) && catalog.functions_named(&name).next().is_some();
            called || self.is_own_operator(text, tokens, i) || catalog.type_functions_named(&name).next().is_some()
        })
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
        // A row may lie in a partition or a child, which fills columns in its own way.
        let family = self.engine.catalog.family(p.relation.oid);
        let computed = |i: &usize| {
            let name = p.relation.columns.get(*i).map(|c| c.name.as_str());
            name.is_none_or(|name| family.iter().any(|r| r.column(name).is_none_or(|c| c.computed)))
        };
        let kept = added.checked.as_ref().is_some_and(|read| !read.iter().any(|i| written(*i) || computed(i)));
        if kept && !moves && !family.iter().any(|r| r.has_triggers) {
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
    /// Whether a column's type has a default of its own, which a view puts before the table's.
    fn types_have_defaults(&self, catalog: &Catalog) -> bool {
        let stored = self.columns.iter().filter_map(|s| self.base.columns.get(s.column?));
        let of_type = |c: &Column| catalog.types_named(&c.ty.name).any(|t| t.oid == c.ty.oid && t.has_default);
        stored.into_iter().any(|c| c.has_default && of_type(c))
    }

    /// The stored table's name for a column of the view.
    fn stored(&self, name: &str) -> Result<&str, Refusal> {
        let shown = self.columns.iter().find(|c| c.name == name).ok_or_else(|| undefined_column_of(self.view, name))?;
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
pub fn shown(a: &Analyser<'_>, columns: &[Shown], base: &Relation, occurrence: usize) -> Columns {
    let col = |s: &Shown| match s.column.and_then(|i| Some((i, base.columns.get(i)?))) {
        None => Col::computed(&s.name),
        Some((i, stored)) => a.column_at(&s.name, (occurrence, i), stored),
    };
    Columns::known(columns.iter().map(col).collect())
}
