//! Writes through views, those that PostgreSQL itself would carry through (manual, CREATE VIEW, "Updatable Views"): the
//! statement becomes one on the view's table, in its visible form, and reaches only rows that the view shows.
//!
//! PostgreSQL's own way through the view would test the view's conditions on stored values.

use std::collections::BTreeSet;

use pg_query::{Node, NodeEnum};

use super::super::from::aliased;
use super::super::relations::Protection;
use super::super::scope::{Col, Columns, Item, Scope};
use super::super::{Analyser, At, Replacement, Source, inner};
use super::What;
use super::definition::{Condition, Link};
use super::fence::Part;
use super::target::{Protected, Target};
use crate::engine::catalog::{Catalog, Column, Oid, QualifiedName, Relation, quote_ident};
use crate::engine::refusal::{self, Refusal};

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
    pub layers: Vec<Layer>,
    /// Some column of some of the views has a default of its own.
    has_default: bool,
    /// An INSERT that leaves by the view's name: PostgreSQL gives new rows the views' defaults, and tests them.
    pub left: bool,
    views: Vec<Oid>,
}

/// One view's own condition, over what it reads.
pub struct Layer {
    /// The view's name.
    pub view: String,
    alias: String,
    reads: Option<QualifiedName>,
    columns: Vec<Shown>,
    pub condition: Option<Condition>,
    /// New rows must meet the condition (WITH CHECK OPTION).
    pub checked: bool,
}

/// The conditions of the views that a write goes through.
#[derive(Default)]
pub struct Conditions {
    /// The text of each, its tree, and how it could fail.
    pub all: Vec<(usize, Node, Part)>,
    /// Those that new rows must meet.
    pub checked: Vec<Checked>,
}

/// A condition that new rows must meet, by its layer, and the columns that it reads; `None`: that cannot be told.
pub type Checked = (usize, Option<BTreeSet<usize>>);

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
        let views = links.iter().map(|l| l.view.oid).collect();
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
            let (view, checked) = (link.view.name.name.clone(), check.is_some());
            layers.insert(0, Layer { view, alias, reads, columns: below, condition: simple.condition, checked });
            // PostgreSQL keeps the word as it was written.
            if check.is_some_and(|check| !check.eq_ignore_ascii_case("local")) {
                layers.iter_mut().for_each(|l| l.checked = true);
            }
        }
        Ok(Some(Through { view, base, columns, layers, has_default, left: false, views }))
    }

    /// Judges the conditions of the views that a write goes through, over the target's visible cells.
    pub fn view_conditions(&mut self, target: &Target<'e>) -> Result<Conditions, Refusal> {
        let mut conditions = Conditions::default();
        let Some((p, through)) = target.protected().zip(target.through()) else { return Ok(conditions) };
        for (n, layer) in through.layers.iter().enumerate() {
            let Some(condition) = &layer.condition else { continue };
            let (before, failed) = (self.pending.len(), std::mem::take(&mut self.may_fail));
            let (source, tree) = self.view_condition(p, layer, condition)?;
            let part = if self.may_fail { Part::Fails } else { Part::of_what_cannot(&tree) };
            conditions.all.push((source, tree, part));
            self.may_fail |= failed;
            if layer.checked {
                let pended = self.pending.get(before..).unwrap_or_default().iter();
                let read = pended.map(|pending| match &pending.what {
                    What::Column(called) => Some(called.index),
                    What::Row { .. } | What::Reached { .. } | What::There => None,
                });
                conditions.checked.push((n, self.reads_its_row(condition).then(|| read.collect()).flatten()));
            }
        }
        Ok(conditions)
    }

    /// Judges a view's condition over the target's visible cells: its text and its tree.
    pub fn view_condition(
        &mut self,
        p: &Protected<'e>,
        layer: &Layer,
        condition: &Condition,
    ) -> Result<(usize, Node), Refusal> {
        let columns = shown(self, &layer.columns, p.relation, p.occurrence);
        let items = [Item {
            alias: Some(layer.alias.as_str().into()),
            relation: layer.reads.clone(),
            occurrence: Some(p.occurrence),
            stored: true,
            qualified: true,
            ..aliased(None, columns)
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
        let Some(through) = target.through().filter(|through| !through.left) else { return Ok(()) };
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

    /// The same for the columns by which ON CONFLICT finds a row, whose list begins at `location`; an INSERT that leaves by the
    /// view's name names them as they are. `partial`: a condition stands behind them.
    pub fn rename_arbiters(
        &mut self,
        through: &Through<'e>,
        list: &mut [Node],
        partial: bool,
        location: i32,
    ) -> Result<(), Refusal> {
        if through.has_its_rows() {
            return Ok(());
        }
        let lost = || refusal::not_faithful("a column's name was not found in the text");
        let open = usize::try_from(location).ok().and_then(|at| self.tokens().at(at)).ok_or_else(lost)?;
        let items = self.list_items(open + 1, self.clause_end(open + 1, &[]));
        for (node, (first, _)) in list.iter_mut().zip(items) {
            let NodeEnum::IndexElem(elem) = inner(node)? else { continue };
            if partial || elem.expr.is_some() {
                let what = format!("ON CONFLICT with an expression or condition on the view {}", through.view.name);
                let why = "the view has columns of its own: name plain columns, or insert into the table";
                return Err(refusal::not_supported(&what, why));
            }
            let shown = through
                .columns
                .iter()
                .find(|c| c.name == elem.name)
                .ok_or_else(|| refusal::undefined_column(&elem.name))?;
            let stored = shown.column.and_then(|i| through.base.columns.get(i)).filter(|_| !through.left);
            if let Some(stored) = stored.filter(|stored| stored.name != elem.name) {
                let (start, end) = self.token_span(first, first + 1)?;
                self.edit(start, end, Replacement::Text(quote_ident(&stored.name)));
                elem.name.clone_from(&stored.name);
            }
        }
        Ok(())
    }

    /// MERGE and COPY go to tables.
    pub fn not_through(&self, target: &Target<'e>, verb: &str) -> Result<(), Refusal> {
        match target.through() {
            None => Ok(()),
            Some(through) => Err(refusal::not_a_table(verb, &through.view.name.name)),
        }
    }
}

impl Through<'_> {
    /// Whether new rows get defaults that are not the table's.
    pub fn has_defaults(&self, catalog: &Catalog) -> bool {
        self.has_default || self.types_have_defaults(catalog)
    }

    pub fn has_checks(&self) -> bool {
        self.layers.iter().any(|l| l.checked && l.condition.is_some())
    }

    /// Whether the view shows the table's columns, all and under their names.
    pub fn shows_all(&self) -> bool {
        let shown = |(i, c): (usize, &Column)| self.columns.iter().any(|s| s.column == Some(i) && s.name == c.name);
        self.base.columns.iter().enumerate().all(shown)
    }

    /// Whether its rows are the table's: the same columns in the same order.
    pub fn has_its_rows(&self) -> bool {
        self.shows_all() && self.columns.iter().enumerate().all(|(i, s)| s.column == Some(i))
    }

    /// What is read on the way to the rows.
    pub fn relations(&self) -> impl Iterator<Item = Oid> {
        self.views.iter().copied().chain([self.base.oid])
    }

    /// The place in the stored table of a column that an INSERT names.
    pub fn place(&self, name: &str) -> Result<usize, Refusal> {
        let stored = self.stored(name)?;
        let place = self.base.columns.iter().position(|c| c.name == stored);
        place.ok_or_else(|| refusal::undefined_column_of(&self.view.name.name, name))
    }

    /// Whether a column's type has a default of its own, which a view puts before the table's.
    fn types_have_defaults(&self, catalog: &Catalog) -> bool {
        let stored = self.columns.iter().filter_map(|s| self.base.columns.get(s.column?));
        stored.into_iter().any(|c| c.has_default && type_has_default(c, catalog))
    }

    /// Whether `DEFAULT` in an UPDATE is null for a stored column that has a default: what PostgreSQL takes is the outermost
    /// view's default, or its type's.
    pub fn default_is_null(&self, column: &str, catalog: &Catalog) -> Result<bool, Refusal> {
        let Some((i, stored)) = self.base.columns.iter().enumerate().find(|(_, c)| c.name == column) else {
            return Ok(false);
        };
        let mut own = self.columns.iter().zip(&self.view.columns);
        if own.any(|(s, c)| s.column == Some(i) && c.has_default)
            || (stored.has_default && type_has_default(stored, catalog))
        {
            let why = "through a view it is the view's own default, or its type's, not the table's: name the value, or update \
                       the table";
            return Err(refusal::not_supported(&format!("DEFAULT in a SET of the view {}", self.view.name), why));
        }
        Ok(stored.has_default)
    }

    /// The stored table's name for a column of the view.
    fn stored(&self, name: &str) -> Result<&str, Refusal> {
        let shown = self
            .columns
            .iter()
            .find(|c| c.name == name)
            .ok_or_else(|| refusal::undefined_column_of(&self.view.name.name, name))?;
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

fn type_has_default(column: &Column, catalog: &Catalog) -> bool {
    catalog.types_named(&column.ty.name).any(|t| t.oid == column.ty.oid && t.has_default)
}

/// What references to columns under these names find.
pub fn shown(a: &Analyser<'_>, columns: &[Shown], base: &Relation, occurrence: usize) -> Columns {
    let col = |s: &Shown| match s.column.and_then(|i| Some((i, base.columns.get(i)?))) {
        None => Col::computed(&s.name),
        Some((i, stored)) => a.column_at(&s.name, (occurrence, i), stored),
    };
    Columns::known(columns.iter().map(col).collect())
}
