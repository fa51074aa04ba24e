//! SET lists: which columns may be assigned, and what in which rows.

use std::collections::BTreeSet;

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::super::scope::Scope;
use super::super::{Analyser, At, Replacement, inner, kind_of};
use super::derive::Drawn;
use super::target::{Protected, Target};
use super::together::read_together;
use super::{Aim, What};
use crate::engine::catalog::Column;
use crate::engine::policy::TablePolicy;
use crate::engine::refusal::{self, Refusal};
use crate::engine::visible::{Cell, CellKind};

/// The source of `(a, b) = (…)`, and what its parts are made of: one for each column, or one for all.
struct Multiple {
    source: Node,
    drawn: Vec<Drawn>,
}

/// A masked or unlisted column may not be assigned: why.
fn never_shown(purpose: &str) -> String {
    format!("the purpose \"{purpose}\" never shows it in clear, so it may not change it")
}

/// Why a column may not be assigned beside one that is not shown.
fn tells_of(other: &str) -> String {
    format!("a constraint or index reads it together with \"{other}\", which is not shown, and would tell of that")
}

/// Where `DEFAULT` is assigned to a column, by itself or in its place of a row.
fn default_at(value: &Node) -> Option<i32> {
    match &value.node {
        Some(NodeEnum::SetToDefault(default)) => Some(default.location),
        Some(NodeEnum::MultiAssignRef(part)) => match part.source.as_ref().and_then(|s| s.node.as_ref()) {
            Some(NodeEnum::RowExpr(row)) => {
                let place = usize::try_from(part.colno).ok().and_then(|n| n.checked_sub(1));
                place.and_then(|i| row.args.get(i)).and_then(default_at)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Each `DEFAULT` that stands at one of these places becomes null; the tree holds the same row once for each of its columns.
fn make_null(value: &mut Node, places: &[i32]) {
    match &mut value.node {
        Some(NodeEnum::SetToDefault(default)) if places.contains(&default.location) => {
            value.node = Some(NodeEnum::AConst(pb::AConst { isnull: true, location: -1, val: None }));
        }
        Some(NodeEnum::MultiAssignRef(part)) => part.source.iter_mut().for_each(|source| make_null(source, places)),
        Some(NodeEnum::RowExpr(row)) => row.args.iter_mut().for_each(|value| make_null(value, places)),
        _ => {}
    }
}

/// The column of the row itself that leads to its subject.
pub fn subject_link(policy: &TablePolicy) -> Option<&str> {
    let path = policy.subject.as_ref()?;
    Some(path.hops.first().map_or(path.column.as_str(), |hop| hop.from.as_str()))
}

/// Whether an assignment leaves the row as it is: a column gets its own value, or that of `excluded` by which the row was
/// found.
fn keeps(target: &Target<'_>, assignment: &pb::ResTarget, scope: &Scope<'_>, found_by: &[String]) -> bool {
    let value = assignment.val.as_ref().and_then(|v| v.node.as_ref());
    let (Some(NodeEnum::ColumnRef(column)), true) = (value, assignment.indirection.is_empty()) else { return false };
    let names: Option<Vec<&str>> = column.fields.iter().map(name_of).collect();
    let own = target.item.alias.as_deref();
    let this = |name: &str| name == assignment.name && !target.is_view();
    match names.as_deref() {
        Some([name]) => scope.items.len() == 1 && this(name),
        Some([item, name]) if Some(*item) == own => this(name),
        Some(["excluded", name]) => this(name) && found_by.iter().any(|c| c == name),
        _ => false,
    }
}

fn name_of(part: &Node) -> Option<&str> {
    match &part.node {
        Some(NodeEnum::String(name)) => Some(&name.sval),
        _ => None,
    }
}

/// The columns that get a value of the statement's as a whole.
fn assigned_whole(list: &[Node]) -> BTreeSet<String> {
    let whole = |node: &Node| match &node.node {
        Some(NodeEnum::ResTarget(t)) if t.indirection.is_empty() => Some(t.name.clone()),
        _ => None,
    };
    list.iter().filter_map(whole).collect()
}

/// Whether a column is shown, and the column where that depends on the row. `None`: it is not.
fn shown(p: &Protected<'_>, column: usize) -> Option<Option<usize>> {
    match &p.visible.cells.get(column)?.kind {
        // A record is reached though it is not there.
        CellKind::Clear => Some((p.aim == Aim::Consent && !p.visible.rows.is_empty()).then_some(column)),
        CellKind::PerRow { .. } => Some(Some(column)),
        CellKind::Masked { .. } | CellKind::Hidden => None,
    }
}

/// A record that is moved to another person is shown as theirs: only one that is shown already may be. `link`: the column
/// that is assigned. Returns the columns that must be clear in it.
fn moved_record(p: &Protected<'_>, link: usize) -> Result<Vec<usize>, Refusal> {
    let personal = |(i, cell): (usize, &Cell)| (i == link || cell.category.is_some()).then_some(i);
    let all = p.visible.cells.iter().enumerate().filter_map(personal).map(|i| shown(p, i));
    let clear: Option<Vec<Option<usize>>> = all.collect();
    let why = "a choice would be another person's, and this purpose does not show it: record it anew";
    clear
        .map(|clear| clear.into_iter().flatten().collect())
        .ok_or_else(|| refusal::not_supported(&format!("moving a record of {}", p.relation.name), why))
}

impl<'e> Analyser<'e> {
    /// Whether the role may call what runs when values are stored in the columns of a SET list or an INSERT's, or in all.
    pub fn casts_stored(&self, target: &Target<'_>, list: &[Node]) -> Result<(), Refusal> {
        let Some(relation) = target.stored() else { return Ok(()) };
        let named = |column: &Column| {
            list.iter().any(|n| matches!(&n.node, Some(NodeEnum::ResTarget(t)) if t.name == column.name))
        };
        let stored = relation.columns.iter().filter(|c| list.is_empty() || target.is_view() || named(c));
        stored.flat_map(|c| self.engine.catalog.casts_stored(&c.ty.base)).try_for_each(|c| self.may_cast(c))
    }

    /// Judges a SET list. `found_by`: the columns of which `excluded` has the values that the row has already. Returns the
    /// columns that must be clear in a row for it to be changed.
    pub fn assignments(
        &mut self,
        target: &Target<'e>,
        list: &mut [Node],
        scope: &Scope<'_>,
        found_by: &[String],
    ) -> Result<Vec<usize>, Refusal> {
        self.rename_columns(target, list)?;
        self.casts_stored(target, list)?;
        self.leaves_partitions(target)?;
        self.triggers_carry_on(target)?;
        self.defaults_through(target, list)?;
        let whole = assigned_whole(list);
        let mut clear = Vec::new();
        let mut multiple: Option<Multiple> = None;
        let mut elsewhere = false;
        for node in list.iter_mut() {
            let NodeEnum::ResTarget(assignment) = inner(node)? else {
                return Err(refusal::not_supported("SET", "it holds something that is no assignment"));
            };
            let kept = keeps(target, assignment, scope, found_by);
            if !kept {
                self.leads_on(target, &assignment.name).map_err(|r| r.at(assignment.location))?;
                self.carries_on(target, &assignment.name).map_err(|r| r.at(assignment.location))?;
            }
            if let Some(p) = target.protected() {
                let found = self.assigned(p, &assignment.name, kept, &whole);
                clear.extend(found.map_err(|r| r.at(assignment.location))?);
            }
            self.drawn = Drawn::default();
            self.subscripts(&mut assignment.indirection, scope)?;
            let value = assignment.val.as_mut().ok_or_else(|| refusal::not_supported("SET", "a value is missing"))?;
            let pended = self.pending.len();
            if let Some((relation, _)) = target.judged().filter(|_| assignment.indirection.is_empty()) {
                self.name_assigned(relation, &assignment.name, value, scope);
            }
            match inner(value)? {
                NodeEnum::MultiAssignRef(part) => self.multiple(part, &mut multiple, scope)?,
                _ => {
                    self.vary(value);
                    self.expr(value, scope, At::OUTPUT)?
                }
            }
            self.stays_in_row(target, &assignment.name).map_err(|r| r.at(assignment.location))?;
            elsewhere |= self.drawn.elsewhere;
            clear.extend(self.made_of_choices(target, pended).map_err(|r| r.at(assignment.location))?);
        }
        self.drawn.elsewhere = elsewhere;
        Ok(clear)
    }

    /// `DEFAULT` through views is null where PostgreSQL takes no default of the table's.
    fn defaults_through(&mut self, target: &Target<'e>, list: &mut [Node]) -> Result<(), Refusal> {
        let Some(through) = target.through() else { return Ok(()) };
        let mut nulls = Vec::new();
        for node in list.iter_mut() {
            let NodeEnum::ResTarget(assignment) = inner(node)? else { continue };
            if let Some(at) = assignment.val.as_deref().and_then(default_at)
                && through
                    .default_is_null(&assignment.name, &self.engine.catalog)
                    .map_err(|r| r.at(assignment.location))?
            {
                nulls.push(at);
            }
        }
        for node in list.iter_mut() {
            if let NodeEnum::ResTarget(assignment) = inner(node)? {
                assignment.val.iter_mut().for_each(|value| make_null(value, &nulls));
            }
        }
        for at in nulls {
            let token = usize::try_from(at).ok().and_then(|at| self.tokens().at(at));
            let token = token.ok_or_else(|| refusal::not_faithful("DEFAULT was not found in the text"))?;
            let (start, end) = self.token_span(token, token + 1)?;
            self.edit(start, end, Replacement::Text("NULL".to_owned()));
        }
        Ok(())
    }

    /// Whoever records choices makes no new ones of those that they do not see: the columns that a record's value is made
    /// of, which are shown in records only that are there.
    fn made_of_choices(&self, target: &Target<'e>, pended: usize) -> Result<Vec<usize>, Refusal> {
        let Some(p) = target.protected().filter(|p| p.aim == Aim::Consent) else { return Ok(Vec::new()) };
        let mut read: Vec<usize> = Vec::new();
        for pending in self.pending.iter().skip(pended) {
            match &pending.what {
                What::Column(column) => read.push(column.index),
                What::Row { columns, .. } => read.extend(columns.iter().map(|column| column.index)),
                What::Reached { .. } | What::There => {}
            }
        }
        let cells = read.iter().map(|i| p.visible.cells.get(*i));
        if !cells.into_iter().all(|cell| cell.is_some_and(|cell| cell.kind == CellKind::Clear)) {
            return Err(refusal::not_supported("a choice that is made of a masked one", "say what it is to be"));
        }
        let personal = |i: &usize| p.visible.cells.get(*i).is_some_and(|cell| cell.category.is_some());
        Ok(read.into_iter().filter(personal).filter(|_| !p.visible.rows.is_empty()).collect())
    }

    /// `(a, b) = (…)`: the tree holds the same source once for each column; it is judged once.
    fn multiple(
        &mut self,
        part: &mut pb::MultiAssignRef,
        judged: &mut Option<Multiple>,
        scope: &Scope<'_>,
    ) -> Result<(), Refusal> {
        let missing = || refusal::not_supported("SET", "a value is missing");
        let source = part.source.as_mut().ok_or_else(missing)?;
        if part.colno == 1 {
            let mut drawn = Vec::new();
            match inner(source)? {
                // Not the parts of a row: `DEFAULT` may stand among them.
                NodeEnum::RowExpr(row) => {
                    for value in &mut row.args {
                        self.drawn = Drawn::default();
                        self.expr(value, scope, At::OUTPUT)?;
                        drawn.push(self.drawn.clone());
                    }
                }
                _ => {
                    self.expr(source, scope, At::OUTPUT)?;
                    drawn.push(self.drawn.clone());
                }
            }
            *judged = Some(Multiple { source: (**source).clone(), drawn });
        }
        let judged = judged.as_ref().ok_or_else(missing)?;
        **source = judged.source.clone();
        let place = usize::try_from(part.colno).ok().and_then(|n| n.checked_sub(1));
        let drawn = place.and_then(|i| judged.drawn.get(i)).or(judged.drawn.last());
        self.drawn = drawn.cloned().ok_or_else(missing)?;
        Ok(())
    }

    /// `SET a[1] = …`, `SET a.b = …`.
    pub fn subscripts(&mut self, list: &mut [Node], scope: &Scope<'_>) -> Result<(), Refusal> {
        for step in list {
            match inner(step)? {
                NodeEnum::String(_) => {}
                NodeEnum::AIndices(index) => {
                    for part in [&mut index.lidx, &mut index.uidx].into_iter().flatten() {
                        self.expr(part, scope, At::OUTPUT)?;
                    }
                }
                other => return Err(refusal::not_supported(&kind_of(other), "it is not a field or a subscript")),
            }
        }
        Ok(())
    }

    /// Whether a column may be assigned, beside those that are assigned as a `whole` too; the columns that must be clear in
    /// the row then.
    fn assigned(
        &mut self,
        p: &Protected<'e>,
        name: &str,
        kept: bool,
        whole: &BTreeSet<String>,
    ) -> Result<Vec<usize>, Refusal> {
        let table = p.relation.name.to_string();
        let index = p
            .relation
            .columns
            .iter()
            .position(|c| c.name == name)
            .ok_or_else(|| refusal::undefined_column_of(&p.relation.name.name, name))?;
        self.note_written(p.occurrence, index);
        let purpose = self.purpose.map_or("", |p| p.name.as_str());
        // Another subject's consent must not uncover what this one's hides.
        let moves = !kept && self.subject_links(p).contains(&name);
        let mut clear: Vec<usize> = Vec::new();
        match p.visible.cells.get(index).map(|c| &c.kind) {
            // Whoever records choices need not see them.
            _ if p.aim == Aim::Consent => {
                if moves {
                    clear.extend(moved_record(p, index)?);
                }
            }
            Some(CellKind::Clear | CellKind::PerRow { .. }) => {
                let by_choice = |i: &usize| p.visible.cells.get(*i).is_some_and(|c| c.choice().is_some());
                clear.extend((0..p.visible.cells.len()).filter(|i| *i == index || moves).filter(by_choice));
            }
            Some(CellKind::Masked { .. }) => {
                return Err(refusal::column_not_writable(&table, name, &never_shown(purpose)));
            }
            Some(CellKind::Hidden) | None => {
                return Err(refusal::column_not_listed(&table, name));
            }
        }
        for other in read_together(&self.engine.catalog, p.relation, name, whole) {
            let place = p.relation.columns.iter().position(|c| c.name == other);
            let shown = place.and_then(|i| shown(p, i)).ok_or_else(|| tells_of(other));
            clear.extend(shown.map_err(|why| refusal::column_not_writable(&table, name, &why))?);
        }
        Ok(clear)
    }

    /// The columns of a target by which its rows lead to their subject, or its records to whose they are.
    pub fn subject_links(&self, p: &Protected<'e>) -> Vec<&'e str> {
        let records = self.engine.policy.consent_sources().filter(|source| self.is_part(p.relation.oid, source.table));
        subject_link(p.policy).into_iter().chain(records.map(|source| source.subject.as_str())).collect()
    }

    pub fn note_written(&mut self, occurrence: usize, column: usize) {
        if let Some(uses) = self.occurrences.get_mut(occurrence).and_then(|o| o.uses.get_mut(column)) {
            uses.written = true;
        }
    }
}
