//! INSERT, with ON CONFLICT: any listed column may be filled; of the row that an INSERT runs into only what the session
//! may see is read, and it is changed only when it is there.

use std::collections::BTreeSet;

use pg_query::protobuf::{self as pb, Token};
use pg_query::{Node, NodeEnum};

use super::super::scope::{Col, Columns, Item, Scope};
use super::super::{Analyser, At, Replacement, inner};
use super::derive::Flow;
use super::returning::shows;
use super::target::{Kind, Protected, Reach, Target};
use super::update::{limits, named};
use super::view::Shown;
use super::{Aim, Moment, What};
use crate::engine::catalog::{Arbiter, Column, Relation, quote_ident};
use crate::engine::policy::Right;
use crate::engine::refusal::{self, Refusal};
use crate::engine::visible::{CellKind, null_of};

impl<'e> Analyser<'e> {
    pub fn insert(&mut self, s: &mut pb::InsertStmt, at: At) -> Result<Columns, Refusal> {
        let pb::InsertStmt {
            relation,
            cols,
            select_stmt,
            on_conflict_clause,
            returning_clause,
            with_clause,
            r#override,
        } = s;
        let overrides = *r#override == pb::OverridingKind::OverridingUserValue as i32;
        self.write_with(with_clause.as_mut())?;
        let updates = on_conflict_clause.as_ref().is_some_and(|c| c.action() == pb::OnConflictAction::OnconflictUpdate);
        let rights: &[Right] = if updates { &[Right::Insert, Right::Update] } else { &[Right::Insert] };
        let reads = updates || shows(returning_clause.as_ref());
        let reach = if reads { Reach::Reads } else { Reach::AddsOnly };
        let target = self.write_target(named(relation)?, rights, reach)?;
        self.insert_through(&target, updates, shows(returning_clause.as_ref()))?;
        for col in cols.iter_mut() {
            if let NodeEnum::ResTarget(col) = inner(col)? {
                self.subscripts(&mut col.indirection, &Scope::EMPTY)?;
            }
        }
        let given = match select_stmt {
            None => Columns::known(Vec::new()),
            Some(source) => self.source(&target, source)?,
        };
        let width = match &given {
            Columns::Known(columns) => Some(columns.len()),
            Columns::Unknown => None,
        };
        self.rename_columns(&target, cols)?;
        self.casts_stored(&target, cols)?;
        let filled = self.filled(&target, cols, width)?;
        self.copies_rows(&target, &filled, &given)?;
        if let Some((relation, _)) = target.judged() {
            self.name_all_stored(relation, &filled, &given);
        }
        let unnamed = cols.is_empty() && select_stmt.is_some();
        if let Some((relation, after)) = target.judged().filter(|_| unnamed) {
            *cols = match target.left() {
                None => self.name_columns(relation, after, &filled)?.map(column_target).collect(),
                Some(through) => {
                    let first: Vec<usize> = (0..filled.len()).collect();
                    self.name_columns(through.view, after, &first)?.map(column_target).collect()
                }
            };
        }
        self.check_stored(&target, &filled, select_stmt.as_deref_mut(), &given, overrides)?;
        if updates {
            self.chooses(&target);
        }
        if let Some(clause) = on_conflict_clause {
            self.on_conflict(&target, clause)?;
            // What SET and WHERE have read.
            self.check_flow(&target, Flow::Values)?;
        }
        let tests = self.check_inserted(&target, updates)?;
        let items = [target.item.clone()];
        let scope = Scope { items: &items, parent: None };
        let returning = std::mem::replace(&mut self.lockers.inserted, true);
        let columns = self.returning(returning_clause, &scope, at, Moment::New, tests);
        self.lockers.inserted = returning;
        columns
    }

    /// What is inserted.
    fn source(&mut self, target: &Target<'e>, source: &mut Node) -> Result<Columns, Refusal> {
        let NodeEnum::SelectStmt(select) = inner(source)? else {
            return Err(refusal::not_supported("INSERT", "what it inserts is no query"));
        };
        let flow = if select.values_lists.is_empty() { Flow::Rows } else { Flow::Values };
        let columns = self.select(select, &Scope::EMPTY, At::OUTPUT)?;
        // What is stored may be cast to the columns' types.
        self.casts_columns(columns.list())?;
        self.check_flow(target, flow)?;
        // ON CONFLICT and RETURNING decide about no call of the source.
        self.settle_outward()?;
        Ok(columns)
    }

    /// The columns that an INSERT or COPY fills, in the order of its values: each must be one that the policy lists.
    pub fn filled(&mut self, target: &Target<'e>, cols: &[Node], width: Option<usize>) -> Result<Vec<usize>, Refusal> {
        let relation: &Relation = match &target.kind {
            Kind::Temporary { .. } | Kind::Created { .. } | Kind::Open { .. } => return Ok(Vec::new()),
            Kind::Unread { relation, .. } => relation,
            Kind::Protected(p) => p.relation,
        };
        let through = target.through();
        let all = through.map_or(relation.columns.len(), |t| t.columns.len());
        let filled: Vec<usize> = match (cols, width) {
            ([], Some(width)) if width > all => {
                return Err(refusal::too_many_values());
            }
            ([], width) => match through {
                Some(through) => through.first(width)?,
                None => (0..width.unwrap_or(all)).collect(),
            },
            _ => cols.iter().map(|col| place(target, relation, col)).collect::<Result<_, _>>()?,
        };
        let Some(p) = target.protected() else {
            let names: Vec<&str> =
                filled.iter().filter_map(|i| Some(relation.columns.get(*i)?.name.as_str())).collect();
            self.record_unread(relation, |column| names.contains(&column.name.as_str()));
            return Ok(filled);
        };
        for &i in &filled {
            let name =
                &relation.columns.get(i).ok_or_else(|| refusal::undefined_column_of(&relation.name.name, ""))?.name;
            if p.aim != Aim::Consent && !p.policy.columns.contains_key(name) {
                return Err(refusal::column_not_listed(&relation.name.to_string(), name));
            }
            self.note_written(p.occurrence, i);
        }
        Ok(filled)
    }

    /// Writes the columns out that a statement fills without naming them: so it fills these and no others, whatever the
    /// table looks like by then.
    pub fn name_columns<'r>(
        &mut self,
        relation: &'r Relation,
        after: usize,
        filled: &'r [usize],
    ) -> Result<impl Iterator<Item = &'r str>, Refusal> {
        let (_, end) = self.token_span(after.saturating_sub(1), after)?;
        let names = || filled.iter().filter_map(|i| relation.columns.get(*i)).map(|c| c.name.as_str());
        let list: Vec<String> = names().map(quote_ident).collect();
        self.edit(end, end, Replacement::Text(format!(" ({})", list.join(", "))));
        self.must_rewrite = true;
        Ok(names())
    }

    fn on_conflict(&mut self, target: &Target<'e>, clause: &mut pb::OnConflictClause) -> Result<(), Refusal> {
        let updates = clause.action() == pb::OnConflictAction::OnconflictUpdate;
        let pb::OnConflictClause { action: _, infer, target_list, where_clause, location } = clause;
        if let Some(infer) = infer {
            self.infer(target, infer)?;
        }
        if !updates {
            return Ok(());
        }
        self.moment = Moment::Existing;
        let columns = match &target.kind {
            Kind::Temporary { .. } | Kind::Created { .. } => target.item.columns.clone(),
            Kind::Open { relation: r, .. } | Kind::Unread { relation: r, .. } => self.plain_columns(r),
            Kind::Protected(p) => proposed_columns(self, p),
        };
        // The row as it was to be: the client's own values.
        let excluded =
            Item { alias: Some("excluded".into()), relation: None, occurrence: None, columns, ..target.item.clone() };
        let items = [target.item.clone(), excluded];
        let scope = Scope { items: &items, parent: None };
        if let Some(condition) = where_clause.as_mut() {
            self.expr(condition, &scope, At::OPERAND)?;
        }
        let found_by = found_by(target, infer.as_deref());
        let mut clear = self.assignments(target, target_list, &scope, &found_by)?;
        let shown = target.protected().map_or(Ok(Vec::new()), |p| self.arbiters(p, infer.as_deref()))?;
        clear.extend(&shown);
        let set = self.conflict_set(*location);
        self.check_assigned(target, target_list, &scope, set)?;
        let moves = std::mem::take(&mut self.moves);
        let mut conditions = self.conflict_in_view(target, &shown)?;
        if let Some(p) = target.protected().filter(|p| limits(p, &clear) || moves) {
            if let Some(o) = self.occurrences.get_mut(p.occurrence) {
                o.clear.clone_from(&clear);
            }
            conditions.push(self.pend(p.occurrence, What::Reached { clear, moves }));
        }
        let (from, _) = set.ok_or_else(|| refusal::not_faithful("DO UPDATE was not found in the text"))?;
        self.only_where(from, where_clause, &conditions)?;
        self.moment = Moment::Old;
        Ok(())
    }

    /// The columns by whose stored values PostgreSQL finds the row that is in the way: what is masked finds none.
    fn arbiters(&self, p: &Protected<'e>, infer: Option<&pb::InferClause>) -> Result<Vec<usize>, Refusal> {
        // Choices are found by what they are read by, whatever is shown of them.
        let sources = self.engine.policy.consent_sources();
        let sources: Vec<_> = sources.filter(|s| p.aim == Aim::Consent && s.table == p.policy.relation).collect();
        let is_mapped = |at: usize| {
            let name = p.relation.columns.get(at).map(|c| c.name.as_str());
            sources.iter().any(|s| s.columns().any(|column| Some(column) == name))
        };
        let index = |name: &String| p.relation.columns.iter().position(|c| c.name == *name);
        let columns: Vec<usize> = match arbiter_columns(p.relation, infer) {
            Some(names) => names.iter().filter_map(index).collect(),
            // Which columns an index of another kind has is not known.
            None => (0..p.relation.columns.len()).collect(),
        };
        let mut per_row = Vec::new();
        for column in columns.into_iter().filter(|at| !is_mapped(*at)) {
            match p.visible.cells.get(column).map(|cell| &cell.kind) {
                Some(CellKind::Clear) => {}
                Some(CellKind::PerRow { .. }) if p.aim != Aim::Consent => per_row.push(column),
                Some(CellKind::PerRow { .. } | CellKind::Masked { .. } | CellKind::Hidden) | None => {
                    let what = format!("ON CONFLICT … DO UPDATE of {}", p.relation.name);
                    let why = "it would find a row by a value that is masked: name columns that are shown";
                    return Err(refusal::not_supported(&what, why));
                }
            }
        }
        Ok(per_row)
    }

    /// The tokens of the SET list in `ON CONFLICT … DO UPDATE SET`.
    fn conflict_set(&self, location: i32) -> Option<(usize, usize)> {
        let on = usize::try_from(location).ok().and_then(|at| self.tokens().at(at))?;
        Some(self.set_list(self.clause_end(on, &[Token::Do])))
    }

    /// `ON CONFLICT (column, expression …) WHERE …` names an index: nothing in it is run on a row.
    fn infer(&mut self, target: &Target<'e>, infer: &mut pb::InferClause) -> Result<(), Refusal> {
        let pb::InferClause { index_elems, where_clause, conname, location } = infer;
        let columns = match &target.kind {
            Kind::Temporary { .. } | Kind::Created { .. } => target.item.columns.clone(),
            Kind::Open { relation: r, .. } | Kind::Unread { relation: r, .. } => self.plain_columns(r),
            Kind::Protected(p) => self.plain_columns(p.relation),
        };
        let items = [Item { occurrence: None, columns, ..target.item.clone() }];
        let scope = Scope { items: &items, parent: None };
        if let Some(through) = target.through() {
            if !conname.is_empty() {
                return Err(refusal::undefined_constraint_of(&through.view.name.name, conname));
            }
            self.rename_arbiters(through, index_elems, where_clause.is_some(), *location)?;
        }
        for node in index_elems {
            let NodeEnum::IndexElem(elem) = inner(node)? else {
                return Err(refusal::not_supported("ON CONFLICT", "it names something that is no index column"));
            };
            if let Some(expression) = elem.expr.as_mut() {
                self.expr(expression, &scope, At::OPERAND)?;
            }
        }
        where_clause.as_mut().map_or(Ok(()), |condition| self.expr(condition, &scope, At::OPERAND))
    }
}

/// The columns by which `ON CONFLICT` finds a row, where these are plain ones.
fn arbiter_columns(relation: &Relation, infer: Option<&pb::InferClause>) -> Option<Vec<String>> {
    let infer = infer.filter(|i| i.where_clause.is_none())?;
    if !infer.conname.is_empty() {
        let named = relation.arbiters.iter().find(|a| a.constraint.as_deref() == Some(infer.conname.as_str()));
        return named.map(|a| a.columns.clone());
    }
    let column = |n: &Node| match &n.node {
        Some(NodeEnum::IndexElem(e)) if e.expr.is_none() => Some(e.name.clone()),
        _ => None,
    };
    infer.index_elems.iter().map(column).collect()
}

/// The columns of which a row that is in the way has, to the byte, what was to be inserted.
fn found_by(target: &Target<'_>, infer: Option<&pb::InferClause>) -> Vec<String> {
    let excluded_is_another = target.item.alias.as_deref() == Some("excluded");
    let Some(relation) = target.stored().filter(|_| !target.is_view() && !excluded_is_another) else {
        return Vec::new();
    };
    let columns = arbiter_columns(relation, infer).unwrap_or_default();
    // Names of columns choose all indexes that have these and no others.
    let set = |columns: &[String]| columns.iter().cloned().collect::<BTreeSet<_>>();
    let same = |a: &&Arbiter| set(&a.columns) == set(&columns);
    let mut chosen = relation.arbiters.iter().filter(same).peekable();
    if chosen.peek().is_some() && chosen.all(|a| a.exact) { columns } else { Vec::new() }
}

fn column_target(name: &str) -> Node {
    let target = pb::ResTarget { name: name.to_owned(), indirection: Vec::new(), val: None, location: -1 };
    Node { node: Some(NodeEnum::ResTarget(Box::new(target))) }
}

/// The column that an INSERT's column list names.
fn place(target: &Target<'_>, relation: &Relation, col: &Node) -> Result<usize, Refusal> {
    let (name, location) = match &col.node {
        Some(NodeEnum::ResTarget(t)) => (t.name.as_str(), t.location),
        Some(NodeEnum::String(s)) => (s.sval.as_str(), -1),
        _ => return Err(refusal::not_supported("a column list", "it holds something that is no column")),
    };
    let placed = match target.left() {
        Some(through) => through.place(name),
        None => relation
            .columns
            .iter()
            .position(|c| c.name == name)
            .ok_or_else(|| refusal::undefined_column_of(&relation.name.name, name)),
    };
    placed.map_err(|r| r.at(location))
}

/// The columns of `excluded`: the client's own values, and what PostgreSQL fills in. No client fills a column that is not
/// listed, so it reads as null here as everywhere.
fn proposed_columns(a: &Analyser<'_>, p: &Protected<'_>) -> Columns {
    let proposed = |(column, col): (&Column, &Col)| {
        let listed = p.policy.columns.contains_key(&column.name);
        Col { instead: (!listed).then(|| null_of(&column.ty).into()), ..col.clone() }
    };
    let stored = a.plain_columns(p.relation);
    let stored: Vec<Col> = p.relation.columns.iter().zip(stored.list()).map(proposed).collect();
    let Some(through) = p.through.as_deref().filter(|through| !through.has_its_rows()) else {
        return Columns::known(stored);
    };
    let shown = |s: &Shown| {
        let col = stored.get(s.column?)?;
        let (own, name) = (quote_ident(&col.name), quote_ident(&s.name));
        let instead = match own == name {
            true => format!("excluded.{own}").into(),
            false => format!("SELECT excluded.{own} AS {name}").into(),
        };
        Some(Col { name: s.name.as_str().into(), instead: col.instead.clone().or(Some(instead)), ..col.clone() })
    };
    Columns::known(through.columns.iter().filter_map(shown).collect())
}
