//! SET lists: which columns may be assigned, and what in which rows.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::super::scope::Scope;
use super::super::{Analyser, At, inner, kind_of};
use super::refs::undefined_column;
use super::target::{Protected, Target};
use super::together::read_together;
use super::{Aim, What};
use crate::engine::catalog::Column;
use crate::engine::policy::TablePolicy;
use crate::engine::refusal::{self, Refusal};
use crate::engine::visible::CellKind;

/// A masked or unlisted column may not be assigned: why.
fn never_shown(purpose: &str) -> String {
    format!("the purpose \"{purpose}\" never shows it in clear, so it may not change it")
}

/// Why a column may not be assigned beside one that is not shown.
fn tells_of(other: &str) -> String {
    format!("a constraint or index reads it together with \"{other}\", which is not shown, and would tell of that")
}

/// Whether a value is `DEFAULT`, by itself or in its place of a row.
fn is_default(value: &Node) -> bool {
    match &value.node {
        Some(NodeEnum::SetToDefault(_)) => true,
        Some(NodeEnum::MultiAssignRef(part)) => match part.source.as_ref().and_then(|s| s.node.as_ref()) {
            Some(NodeEnum::RowExpr(row)) => {
                let place = usize::try_from(part.colno).ok().and_then(|n| n.checked_sub(1));
                place.and_then(|i| row.args.get(i)).is_none_or(is_default)
            }
            _ => false,
        },
        _ => false,
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

impl<'e> Analyser<'e> {
    /// Whether the role may call what runs when values are stored in the columns of a SET list or an INSERT's, or in all.
    pub fn casts_stored(&self, target: &Target<'_>, list: &[Node]) -> Result<(), Refusal> {
        let Some(relation) = target.stored() else { return Ok(()) };
        let named = |column: &Column| {
            list.iter().any(|n| matches!(&n.node, Some(NodeEnum::ResTarget(t)) if t.name == column.name))
        };
        let stored = relation.columns.iter().filter(|c| list.is_empty() || target.is_view() || named(c));
        let casts = stored.flat_map(|c| self.engine.catalog.casts_to(c.ty.base.trim_start_matches('_')));
        casts.filter(|c| c.unwritten && c.target.is_own()).try_for_each(|c| self.may_cast(c))
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
        let mut clear = Vec::new();
        let mut multiple: Option<Node> = None;
        for node in list.iter_mut() {
            let NodeEnum::ResTarget(assignment) = inner(node)? else {
                return Err(refusal::not_supported("SET", "it holds something that is no assignment"));
            };
            if !keeps(target, assignment, scope, found_by) {
                self.leads_on(target, &assignment.name).map_err(|r| r.at(assignment.location))?;
                self.carries_on(target, &assignment.name).map_err(|r| r.at(assignment.location))?;
            }
            if let Some(p) = target.protected() {
                clear.extend(self.assigned(p, &assignment.name).map_err(|r| r.at(assignment.location))?);
            }
            self.subscripts(&mut assignment.indirection, scope)?;
            let value = assignment.val.as_mut().ok_or_else(|| refusal::not_supported("SET", "a value is missing"))?;
            if let Some(p) = target.protected().filter(|_| is_default(value)) {
                self.default_through(p, &assignment.name).map_err(|r| r.at(assignment.location))?;
            }
            let pended = self.pending.len();
            match inner(value)? {
                NodeEnum::MultiAssignRef(part) => self.multiple(part, &mut multiple, scope)?,
                _ => {
                    self.vary(value);
                    self.expr(value, scope, At::OUTPUT)?
                }
            }
            self.no_masked_choice(target, pended).map_err(|r| r.at(assignment.location))?;
        }
        Ok(clear)
    }

    /// Whoever records choices without seeing them does not make new ones of what is masked.
    fn no_masked_choice(&self, target: &Target<'e>, pended: usize) -> Result<(), Refusal> {
        let Some(p) = target.protected().filter(|p| p.aim == Aim::Consent) else { return Ok(()) };
        let masked = |i: usize| !matches!(p.visible.cells.get(i).map(|c| &c.kind), Some(CellKind::Clear));
        let of_masked = self.pending.iter().skip(pended).any(|pending| match &pending.what {
            What::Column(column) => masked(column.index),
            What::Row { columns, .. } => columns.iter().any(|column| masked(column.index)),
            What::Reached { .. } | What::There => false,
        });
        match of_masked {
            true => Err(refusal::not_supported("a choice that is made of a masked one", "say what it is to be")),
            false => Ok(()),
        }
    }

    /// `(a, b) = (…)`: the tree holds the same source once for each column; it is judged once.
    fn multiple(
        &mut self,
        part: &mut pb::MultiAssignRef,
        judged: &mut Option<Node>,
        scope: &Scope<'_>,
    ) -> Result<(), Refusal> {
        let missing = || refusal::not_supported("SET", "a value is missing");
        let source = part.source.as_mut().ok_or_else(missing)?;
        if part.colno == 1 {
            match inner(source)? {
                // Not the parts of a row: `DEFAULT` may stand among them.
                NodeEnum::RowExpr(row) => self.exprs(&mut row.args, scope, At::OUTPUT)?,
                _ => self.expr(source, scope, At::OUTPUT)?,
            }
            *judged = Some((**source).clone());
        } else {
            **source = judged.clone().ok_or_else(missing)?;
        }
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

    /// Whether a column may be assigned; the columns that must be clear in the row then.
    fn assigned(&mut self, p: &Protected<'e>, name: &str) -> Result<Vec<usize>, Refusal> {
        let table = p.relation.name.to_string();
        let index = p.relation.columns.iter().position(|c| c.name == name).ok_or_else(|| undefined_column(name))?;
        self.note_written(p.occurrence, index);
        let purpose = self.purpose.map_or("", |p| p.name.as_str());
        // Another subject's consent must not uncover what this one's hides.
        let moves = subject_link(p.policy) == Some(name);
        let by_choice = |i: &usize| p.visible.cells.get(*i).is_some_and(|c| c.choice.is_some());
        let mut clear: Vec<usize> = Vec::new();
        match p.visible.cells.get(index).map(|c| &c.kind) {
            _ if p.aim == Aim::Consent => return Ok(Vec::new()),
            Some(CellKind::Clear | CellKind::PerRow { .. }) => {}
            Some(CellKind::Masked { .. }) => {
                return Err(refusal::column_not_writable(&table, name, &never_shown(purpose)));
            }
            Some(CellKind::Hidden) | None => {
                return Err(refusal::column_not_writable(&table, name, "the policy does not list it"));
            }
        }
        for other in read_together(&self.engine.catalog, p.relation, name) {
            let place = p.relation.columns.iter().position(|c| c.name == other);
            match place.and_then(|i| Some((i, &p.visible.cells.get(i)?.kind))) {
                Some((_, CellKind::Clear)) => {}
                Some((i, CellKind::PerRow { .. })) => clear.push(i),
                Some((_, CellKind::Masked { .. } | CellKind::Hidden)) | None => {
                    return Err(refusal::column_not_writable(&table, name, &tells_of(other)));
                }
            }
        }
        clear.extend((0..p.visible.cells.len()).filter(|i| *i == index || moves).filter(by_choice));
        Ok(clear)
    }

    pub fn note_written(&mut self, occurrence: usize, column: usize) {
        if let Some(uses) = self.occurrences.get_mut(occurrence).and_then(|o| o.uses.get_mut(column)) {
            uses.written = true;
        }
    }
}
