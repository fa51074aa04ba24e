//! References to a write's target: each becomes the cell that the session may see.

use std::rc::Rc;

use pg_query::protobuf as pb;
use pg_query::protobuf::Token;
use pg_query::{Node, NodeEnum};

use super::super::scope::SYSTEM_COLUMNS;
use super::super::scope::{self, Base, Col, Found, Item, Scope};
use super::super::select::{split_qualifier, star};
use super::super::{Analyser, At, Part, Place, Replacement, injection_of, names, placeholder};
use super::{Called, Moment, Pending, TARGET, What};
use crate::engine::refusal::{self, Refusal};
use crate::engine::rewrite::target;

/// Most bytes of tests that are put into a statement's references to its target.
const MOST_PUT_IN: usize = 256 << 10;

/// What of a target a reference means.
pub enum OfTarget {
    Column(usize, Col),
    /// Another expression in a column's place: null for one of `excluded` that is not listed, which PostgreSQL would fill (by a
    /// default, or a trigger).
    Instead(Rc<str>, Col),
    Row(Item),
}

impl<'e> Analyser<'e> {
    fn is_target(&self, occurrence: Option<usize>) -> bool {
        occurrence.and_then(|o| self.occurrences.get(o)).is_some_and(|o| o.target.is_some())
    }

    fn sees_target(&self, scope: &Scope<'_>) -> bool {
        let mut at = Some(scope);
        while let Some(s) = at {
            if s.items.iter().any(|i| self.is_target(i.occurrence)) {
                return true;
            }
            at = s.parent;
        }
        false
    }

    /// Whether a column reference means the target of a write, for sure; a refusal where it might.
    pub fn of_target(&self, node: &Node, scope: &Scope<'_>) -> Result<Option<OfTarget>, Refusal> {
        let Some(NodeEnum::ColumnRef(r)) = &node.node else { return Ok(None) };
        if !self.sees_target(scope) {
            return Ok(None);
        }
        // The target's own name in what leaves: no reference of the client's may reach it.
        if names(&r.fields).contains(&TARGET) {
            return Err(match r.fields.len() {
                1 => refusal::undefined_column(TARGET).at(r.location),
                _ => refusal::missing_from(TARGET).at(r.location),
            });
        }
        if let Some(qualifier) = star(node) {
            return match self.named_item(&qualifier, scope) {
                Some(item) if self.is_target(item.occurrence) || is_replaced(item) => {
                    Err(whole_row_list().at(r.location))
                }
                Some(_) => Ok(None),
                None if qualifier.is_empty() => Ok(None),
                None => Err(refusal::missing_from(&qualifier.join(".")).at(r.location)),
            };
        }
        let fields: Vec<String> = names(&r.fields).into_iter().map(str::to_owned).collect();
        match fields.as_slice() {
            [name] => self.unqualified(name, scope).map_err(|e| e.at(r.location)),
            [db, _, _, _] if db != self.engine.catalog.database() => Ok(None),
            [qualifier @ .., column] => {
                let named = self.named_item(qualifier, scope);
                let Some(item) = named.filter(|i| self.is_target(i.occurrence) || is_replaced(i)) else {
                    return Ok(None);
                };
                if !self.is_target(item.occurrence) {
                    let column = item.columns.list().iter().find(|c| &*c.name == column);
                    let column = column.ok_or_else(|| whole_row_list().at(r.location))?;
                    return Ok(column.instead.clone().map(|sql| OfTarget::Instead(sql, column.clone())));
                }
                match item.columns.list().iter().find(|c| &*c.name == column) {
                    Some(col) => Ok(item.occurrence.map(|o| of_column(o, col.clone()))),
                    None if SYSTEM_COLUMNS.contains(&column.as_str()) => {
                        Err(refusal::system_column(column).at(r.location))
                    }
                    None => Err(refusal::undefined_column(column).at(r.location)),
                }
            }
            [] => Ok(None),
        }
    }

    fn unqualified(&self, name: &str, scope: &Scope<'_>) -> Result<Option<OfTarget>, Refusal> {
        match scope::column(scope, name) {
            Found::Column { col, occurrence: Some(o), .. } if self.is_target(Some(o)) => Ok(Some(of_column(o, col))),
            Found::Column { .. } => Ok(None),
            // What leaves writes the table below the view, which has columns that the view has not.
            Found::Row { .. } if self.is_below_view(name, scope) => Err(refusal::undefined_column(name)),
            Found::Row { item } if self.is_target(item.occurrence) => Ok(Some(OfTarget::Row(item))),
            Found::Row { item } if is_replaced(&item) => Err(whole_row_list()),
            Found::Row { .. } => Ok(None),
            Found::Doubtful(_) => Err(doubtful(name)),
            // Not a column of the target, then; PostgreSQL looks further than that.
            Found::Nothing if SYSTEM_COLUMNS.contains(&name) => Err(refusal::system_column(name)),
            // The target may have it since a moment ago.
            Found::Nothing => Err(refusal::undefined_column(name)),
        }
    }

    /// Whether a target's table has a column that the view which the client writes does not show.
    fn is_below_view(&self, name: &str, scope: &Scope<'_>) -> bool {
        let mut at = Some(scope);
        while let Some(s) = at {
            let mut targets = s.items.iter().filter_map(|i| i.occurrence).filter(|o| self.is_target(Some(*o)));
            let has = |o: usize| {
                let relation = self.occurrences.get(o).and_then(|o| self.engine.catalog.relation(o.relation));
                relation.is_some_and(|r| r.column(name).is_some())
            };
            if targets.any(has) {
                return true;
            }
            at = s.parent;
        }
        false
    }

    fn named_item<'s>(&self, qualifier: &[String], scope: &Scope<'s>) -> Option<&'s Item> {
        let (schema, alias) = split_qualifier(qualifier);
        scope::item(scope, schema, alias).map(|(item, _)| item)
    }

    /// `target.*` in a select list other than RETURNING's.
    pub fn no_target_star(&self, node: &Node, scope: &Scope<'_>) -> Result<(), Refusal> {
        self.of_target(node, scope).map(|_| ())
    }

    /// Replaces a reference to the target, in text and tree; notes the use.
    pub fn target_ref(&mut self, node: &mut Node, of: OfTarget, at: At) -> Result<Col, Refusal> {
        let Some(NodeEnum::ColumnRef(r)) = &node.node else {
            return Err(refusal::not_faithful("a column's name is something else"));
        };
        let (start, end) = self.reference_span(r)?;
        let (occurrence, what, col) = match of {
            OfTarget::Instead(sql, col) => {
                let injection = self.inject(Part::Expression(sql.to_string()), None, false);
                self.edit(start, end, Replacement::Injected(injection, String::new()));
                node.node = Some(placeholder(injection));
                self.must_rewrite = true;
                return Ok(col);
            }
            OfTarget::Column(occurrence, col) => {
                let called = called(&col).map_err(|e| e.at(r.location))?;
                self.note(&col.origin, at);
                (occurrence, What::Column(called), col)
            }
            OfTarget::Row(item) => {
                let alias = item.alias.clone().unwrap_or_else(|| TARGET.into());
                let all: Vec<Base> = item.columns.list().iter().flat_map(|c| c.origin.iter().copied()).collect();
                let inside = if at.place == Place::Output { at } else { At { place: Place::Operand, ..at } };
                self.note(&all, inside);
                let occurrence = item.occurrence.ok_or_else(|| refusal::not_faithful("a target has no place"))?;
                let columns = item.columns.list().iter().map(called).collect::<Result<_, _>>();
                let columns = columns.map_err(|e| e.at(r.location))?;
                let row = What::Row { name: alias.to_string(), columns };
                (occurrence, row, Col { name: alias.clone(), ..Col::computed(&alias) })
            }
        };
        let injection = self.pend(occurrence, what);
        self.edit(start, end, Replacement::Injected(injection, String::new()));
        node.node = Some(placeholder(injection));
        Ok(col)
    }

    /// An expression over the target that is written at the end; its injection.
    pub fn pend(&mut self, occurrence: usize, what: What) -> usize {
        let injection = self.inject(Part::Expression(String::new()), None, false);
        let named = matches!(self.moment, Moment::New | Moment::Deleted);
        self.pending.push(Pending { injection, occurrence, what, moment: self.moment, named });
        injection
    }

    /// A select list's item that was a reference to the target keeps its output name.
    pub fn keep_output_name(&mut self, node: &Node) {
        if let Some(injection) = injection_of(node)
            && let Some(pending) = self.pending.iter_mut().find(|p| p.injection == injection)
        {
            pending.named = true;
        }
    }

    /// A select list's item that has no name keeps the one that a reference in it gives it: PostgreSQL looks through casts,
    /// subscripts and CASE for one.
    pub fn keep_output_names(&mut self, pended: usize) {
        self.pending.iter_mut().skip(pended).for_each(|p| p.named = true);
    }

    /// Byte range of `a`, `a.b`, `a.b.c` as written.
    pub fn reference_span(&self, r: &pb::ColumnRef) -> Result<(usize, usize), Refusal> {
        let lost = || refusal::not_faithful("a column's name was not found in the text");
        let tokens = self.tokens();
        let first = usize::try_from(r.location).ok().and_then(|at| tokens.at(at)).ok_or_else(lost)?;
        let last = first + 2 * r.fields.len().saturating_sub(1);
        if (first + 1..last).step_by(2).any(|i| tokens.kind(i) != Some(Token::Ascii46)) {
            return Err(lost());
        }
        match (tokens.list.get(first), tokens.list.get(last)) {
            (Some(a), Some(b)) => Ok((a.start, b.end)),
            _ => Err(lost()),
        }
    }

    /// Writes what was pending, now that every use of every column is known.
    pub fn write_targets(&mut self) -> Result<(), Refusal> {
        let mut put_in = 0_usize;
        for pending in std::mem::take(&mut self.pending) {
            let sql = target::expression(self, &pending)?;
            // PostgreSQL plans each of these by itself, and cannot be interrupted while it makes all of them ready.
            if sql.contains("SELECT") {
                put_in = put_in.saturating_add(sql.len());
            }
            if put_in > MOST_PUT_IN {
                return Err(too_many_tests());
            }
            match self.injections.get_mut(pending.injection) {
                Some(injection) => injection.part = Part::Expression(sql),
                None => return Err(refusal::not_faithful("an injected part is missing")),
            }
        }
        Ok(())
    }
}

/// Each reference to a cell that is masked by choice asks for the choice.
fn too_many_tests() -> Refusal {
    Refusal::new(
        "too-many-tests",
        refusal::SqlState::STATEMENT_TOO_COMPLEX,
        "statement names columns of the written table too often".to_owned(),
        format!("rule too-many-tests: each time consent is asked for, which makes more than {MOST_PUT_IN} bytes"),
        "change fewer rows at once, or choose them by a column that is open",
    )
}

/// A column of a target, or what is read in its place.
fn of_column(occurrence: usize, col: Col) -> OfTarget {
    match col.instead.clone() {
        Some(instead) => OfTarget::Instead(instead, col),
        None => OfTarget::Column(occurrence, col),
    }
}

/// Whether some of an item's columns read otherwise.
fn is_replaced(item: &Item) -> bool {
    item.columns.list().iter().any(|c| c.instead.is_some())
}

/// A column of a target as it is called; one that a view computes is no stored column.
pub fn called(col: &Col) -> Result<Called, Refusal> {
    match col.origin.first() {
        Some(&(_, index)) => Ok(Called { index, name: col.name.to_string() }),
        None => {
            let what = format!("the column \"{}\" of the view that is written", col.name);
            Err(refusal::not_supported(&what, "the view computes it: name the columns that it takes as they are"))
        }
    }
}

fn doubtful(name: &str) -> Refusal {
    Refusal::new(
        "doubtful-column",
        refusal::SqlState("42702"),
        format!("column reference \"{name}\" is ambiguous"),
        "rule doubtful-column: in a write to a protected table every column must be known for sure",
        "qualify the column with its table's name or alias",
    )
}

fn whole_row_list() -> Refusal {
    refusal::not_supported("all columns of the written table at once here", "name the columns one by one")
}
