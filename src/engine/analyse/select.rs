//! Queries: WITH, set operations, VALUES, and the clauses of SELECT in the order in which names come into scope.

use pg_query::protobuf::{self as pb, SetOperation};
use pg_query::{Node, NodeEnum};

use super::colname::{is_named_by_star, output_name};
use super::fallible::{is_bound, is_offset};
use super::from::{aliased, visible_columns};
use super::keys::{keys_among, names_output};
use super::scope::{self, Base, Col, Columns, Item, Lasts, Scope};
use super::with::Recursive;
use super::{Analyser, At, Place, given, inner, kind_of, names};
use crate::engine::catalog::Operand;
use crate::engine::policy::Right;
use crate::engine::refusal::{self, Refusal};

/// `FRAMEOPTION_ROWS` of PostgreSQL's `parsenodes.h`.
const FRAME_ROWS: i32 = 4;

impl<'e> Analyser<'e> {
    /// A query node: SELECT, or a data-modifying statement in WITH. Returns the columns that it puts out.
    pub fn query(&mut self, node: &mut Node, outer: &Scope<'_>, at: At) -> Result<Columns, Refusal> {
        match inner(node)? {
            NodeEnum::SelectStmt(select) => self.select(select, outer, at),
            NodeEnum::InsertStmt(_) | NodeEnum::UpdateStmt(_) | NodeEnum::DeleteStmt(_) | NodeEnum::MergeStmt(_) => {
                self.write_in_with(node, outer)
            }
            other => Err(refusal::not_supported(&kind_of(other), "only a query can stand here")),
        }
    }

    pub fn select(&mut self, s: &mut pb::SelectStmt, outer: &Scope<'_>, at: At) -> Result<Columns, Refusal> {
        let itself = self.recursive.take();
        let around = self.enter_level(s);
        let outside = self.enter_query(s, at);
        let shown = self.outward.show(false);
        let spared = !s.locking_clause.is_empty() && std::mem::take(&mut self.spares_lock);
        let first = self.occurrences.len();
        if let Some(with) = s.with_clause.as_mut() {
            self.with_clause(with, outer)?;
        }
        let columns = match s.op() {
            SetOperation::SetopNone | SetOperation::Undefined => self.simple_select(s, outer, at),
            SetOperation::SetopUnion | SetOperation::SetopIntersect | SetOperation::SetopExcept => {
                self.set_operation(s, outer, at, itself)
            }
        };
        if self.within && !s.locking_clause.is_empty() {
            let alone = self.reads_around(&outside).is_none();
            self.lock_seen(s, alone.then_some(first), spared);
        }
        self.leave_level(around);
        self.leave_query(outside, first);
        self.outward.show(shown);
        columns
    }

    /// What a query inside of another locks can be seen, and found locked: whether it runs counts as what could fail. `first`:
    /// its first occurrence, unless it reads a query of WITH around it, which may fail in it. `spared`: that it runs tells
    /// nothing.
    ///
    /// One with LIMIT runs by itself, above its own row filters. Where nothing else of it could fail it needs no fence of its
    /// own, above which PostgreSQL would lock the rows that LIMIT cuts off as well.
    fn lock_seen(&mut self, s: &pb::SelectStmt, first: Option<usize>, spared: bool) {
        if let Some(first) = first
            && !self.may_fail
            && (s.limit_count.is_some() || s.limit_offset.is_some())
        {
            self.occurrences.iter_mut().skip(first).for_each(|o| o.unfenced = true);
        }
        self.may_fail |= !spared;
    }

    /// A column of a set operation, as far as its type goes.
    fn in_arms(&self, left: &Col, right: Option<&Col>) -> Col {
        let ty = left.ty.clone().filter(|_| right.is_some_and(|c| c.ty == left.ty));
        let collation = right.filter(|c| c.collation == left.collation).map_or(0, |c| c.collation);
        let ordered = right.is_some_and(|c| self.are_ordered(left, c));
        let total = left.total && right.is_some_and(|c| c.total);
        Col { ty, operand: self.united(left, right), collation, ordered, total, ..Col::computed(&left.name) }
    }

    /// Columns that cannot be followed further count as used early.
    pub fn unknown(&mut self, columns: &Columns) -> Columns {
        for col in columns.list() {
            self.note(&col.origin, At::OPERAND);
        }
        Columns::Unknown
    }

    fn set_operation(
        &mut self,
        s: &mut pb::SelectStmt,
        outer: &Scope<'_>,
        at: At,
        itself: Option<Recursive>,
    ) -> Result<Columns, Refusal> {
        let missing = || refusal::not_supported("a set operation", "a side of it is empty");
        // The arms of a set operation may be sorted early too.
        let arm = At { place: Place::Item, ..at };
        let left = self.select(s.larg.as_mut().ok_or_else(missing)?, outer, arm)?.placed();
        if let Some(itself) = &itself {
            self.begins_itself(itself, &left);
        }
        let right = self.select(s.rarg.as_mut().ok_or_else(missing)?, outer, arm)?.placed();
        self.columns_joined(&left, &right);
        self.makes_in_arms(left.list(), right.list())?;
        for (a, b) in left.list().iter().zip(right.list()).filter(|(a, b)| a.ty != b.ty) {
            self.casts_columns(&[a.clone(), b.clone()])?;
        }
        let compared = !(s.all && s.op() == SetOperation::SetopUnion);
        let columns = match (&left, &right) {
            (Columns::Known(a), Columns::Known(b)) => Columns::known(
                a.iter()
                    .enumerate()
                    .map(|(i, col)| {
                        let other = b.get(i);
                        let more = other.map_or(&[][..], |c| &c.origin[..]);
                        let mixed = other.is_none_or(|c| col.mixes(c));
                        let given = col.given || other.is_none_or(|c| c.given);
                        let of = if itself.is_some() { self.of_itself(col) } else { self.in_arms(col, other) };
                        let origin = col.origin.iter().chain(more).copied().collect();
                        let lasts = other.map_or(Lasts::Perhaps, |c| col.lasts.max(c.lasts));
                        let made_of = col.made_with(other);
                        let constants = given::merged(col, other);
                        Col {
                            origin,
                            mixed,
                            made_of,
                            given,
                            constants,
                            lasts,
                            key: None,
                            described: None,
                            instead: None,
                            ..of
                        }
                    })
                    .collect(),
            ),
            _ => {
                self.unknown(&left);
                self.unknown(&right)
            }
        };
        if compared {
            self.columns_compared(&columns);
        }
        // ORDER BY of a set operation sees its output columns only.
        let output = [aliased(None, columns.clone())];
        self.tail(s, &Scope { items: &output, parent: None }, &outer.child(&[]))?;
        Ok(columns)
    }

    fn simple_select(&mut self, s: &mut pb::SelectStmt, outer: &Scope<'_>, at: At) -> Result<Columns, Refusal> {
        if s.into_clause.is_some() {
            return Err(refusal::not_supported("SELECT INTO inside a query", "it stands at the top only"));
        }
        if !s.values_lists.is_empty() {
            self.beside_few();
        }
        let several = s.values_lists.len() > 1;
        let around = std::mem::take(&mut self.drawn);
        for row in &mut s.values_lists {
            let NodeEnum::List(list) = inner(row)? else {
                return Err(refusal::not_supported("VALUES", "its rows are not known"));
            };
            list.items.iter().for_each(|value| self.vary(value));
            if several {
                self.values_joined(&list.items);
            }
            self.exprs(&mut list.items, outer, at)?;
        }
        let made_of = self.drawn.made_of();
        self.drawn.add(around);
        if several {
            self.makes_in_rows(&s.values_lists, outer)?;
        }
        // PostgreSQL may compute the keys of a sort below the row filter (a parallel scan that is sorted early), and
        // `ORDER BY 1`, an alias or DISTINCT make the select list such keys.
        let sorted =
            [&s.sort_clause, &s.group_clause, &s.distinct_clause, &s.window_clause].iter().any(|c| !c.is_empty());
        let shows = at.place == Place::Output;
        let at = if sorted { At { place: Place::Item, ..at } } else { at };
        let mut items = self.from_clause(&mut s.from_clause, outer)?;
        if !s.values_lists.is_empty() {
            // What ORDER BY sees (`transformValuesClause` of PostgreSQL's parser).
            let rows = aliased(None, self.values_columns(&s.values_lists, outer).made_of(made_of.as_ref()));
            items.push(Item { alias: Some("*VALUES*".into()), qualified: true, ..rows });
        }
        let scope = outer.child(&items);
        self.see_shape(s, &scope);
        if let Some(condition) = s.where_clause.as_mut() {
            self.copy_conjuncts(condition, &scope);
            self.narrowed_by(condition, &scope);
            self.expr(condition, &scope, At::CONDITION)?;
        }
        self.outward.show(shows);
        self.begin_keys(s, &scope, sorted && shows);
        let groups = self.groups;
        self.groups = groups.above_own();
        let columns = if s.values_lists.is_empty() {
            let keys = std::mem::replace(&mut self.keys, keys_among(s));
            let columns = self.target_list(&mut s.target_list, &scope, at);
            self.keys = keys;
            columns?
        } else {
            self.values_columns(&s.values_lists, outer).made_of(made_of.as_ref())
        };
        self.outward.show(false);
        let targets = &s.target_list;
        self.groups = groups;
        for node in &mut s.group_clause {
            self.group_item(node, targets, &scope, At::KEY)?;
        }
        self.groups = groups.above_own();
        if let Some(having) = s.having_clause.as_mut() {
            let keys = self.leave_keys();
            self.having(having, &scope)?;
            self.enter_keys(keys);
        }
        let on = s.distinct_clause.iter_mut().filter(|n| n.node.is_some());
        for node in on.filter(|node| !names_output(targets, node, &scope)) {
            self.expr(node, &scope, At::KEY)?;
        }
        for node in &mut s.window_clause {
            self.window(node, &scope, At::KEY)?;
        }
        self.tail(s, &scope, &scope)?;
        self.leave_keys();
        self.groups = groups;
        self.keep_functional_dependency(s, &scope);
        Ok(columns)
    }

    /// A part without an aggregate is tested like WHERE, before rows are grouped.
    fn having(&mut self, condition: &mut Node, scope: &Scope<'_>) -> Result<(), Refusal> {
        if let NodeEnum::BoolExpr(b) = inner(condition)?
            && b.boolop() == pb::BoolExprType::AndExpr
        {
            return b.args.iter_mut().try_for_each(|arg| self.having(arg, scope));
        }
        self.above(self.stays_above(condition, scope), condition, |a, condition| {
            a.expr(condition, scope, At::CONDITION)
        })
    }

    /// Judges what, if `late`, is computed above all that chooses rows.
    fn above<T>(
        &mut self,
        late: bool,
        node: &mut Node,
        judge: impl FnOnce(&mut Self, &mut Node) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let late = std::mem::replace(&mut self.late, late);
        let judged = judge(self, node);
        self.late = late;
        judged
    }

    /// ORDER BY, LIMIT and FOR UPDATE. `around`: what LIMIT and OFFSET see.
    fn tail(&mut self, s: &mut pb::SelectStmt, scope: &Scope<'_>, around: &Scope<'_>) -> Result<(), Refusal> {
        self.sorted(&s.sort_clause, scope);
        let (targets, list) = (&s.target_list, &mut s.sort_clause);
        for node in list {
            let of_output = match &node.node {
                Some(NodeEnum::SortBy(sort)) => sort.node.as_deref().is_some_and(|k| names_output(targets, k, scope)),
                _ => false,
            };
            if !of_output {
                self.sort_clause(std::slice::from_mut(node), scope, At::KEY)?;
            }
        }
        for limit in [&mut s.limit_offset, &mut s.limit_count].into_iter().flatten() {
            match self.within {
                // It is looked at: one that is negative fails, and of one row there is one.
                true if is_bound(limit) => {}
                // Once, before any row is asked for.
                true => self.fails_once_chosen(),
                false => self.vary(limit),
            }
            let late = std::mem::replace(&mut self.late, true);
            self.expr(limit, around, At::OPERAND)?;
            self.late = late;
        }
        self.locks |= !s.locking_clause.is_empty();
        if !s.locking_clause.is_empty() && !self.role.may(Right::Update) {
            return Err(refusal::right_missing("update", "SELECT … FOR UPDATE or FOR SHARE locks rows"));
        }
        Ok(())
    }

    pub fn sort_clause(&mut self, list: &mut [Node], scope: &Scope<'_>, key: At) -> Result<(), Refusal> {
        for node in list {
            let NodeEnum::SortBy(sort) = inner(node)? else {
                return Err(refusal::not_supported("ORDER BY", "it holds something that is no sort key"));
            };
            if !sort.use_op.is_empty() {
                let operand = sort.node.as_deref().map_or(Operand::Any, |key| self.operand_of_key(key, scope));
                self.operator(&sort.use_op, sort.location, Some(&[operand, operand]))?;
            }
            if let Some(node) = sort.node.as_mut() {
                self.sort_key(node, scope, key)?;
            }
        }
        Ok(())
    }

    fn sort_key(&mut self, node: &mut Node, scope: &Scope<'_>, key: At) -> Result<(), Refusal> {
        self.above(self.late || self.stays_above(node, scope), node, |a, node| a.expr(node, scope, key))
    }

    fn group_item(&mut self, node: &mut Node, targets: &[Node], scope: &Scope<'_>, key: At) -> Result<(), Refusal> {
        if names_output(targets, node, scope) {
            return Ok(());
        }
        // `(a, b)` in GROUP BY is a list of keys.
        let parts = match inner(node)? {
            NodeEnum::GroupingSet(set) => &mut set.content,
            NodeEnum::RowExpr(row) => &mut row.args,
            _ => return self.expr(node, scope, key),
        };
        parts.iter_mut().try_for_each(|part| self.group_item(part, targets, scope, key))
    }

    pub fn window(&mut self, node: &mut Node, scope: &Scope<'_>, key: At) -> Result<(), Refusal> {
        match inner(node)? {
            NodeEnum::WindowDef(window) => self.window_def(window, scope, key),
            other => Err(refusal::not_supported(&kind_of(other), "a window is expected here")),
        }
    }

    pub fn window_def(&mut self, w: &mut pb::WindowDef, scope: &Scope<'_>, key: At) -> Result<(), Refusal> {
        // Its rows are sorted below it, maybe before they are chosen.
        let late = std::mem::take(&mut self.late);
        w.partition_clause.iter_mut().try_for_each(|node| self.sort_key(node, scope, key))?;
        self.sort_clause(&mut w.order_clause, scope, key)?;
        self.late = late;
        let rows = w.frame_options & FRAME_ROWS != 0;
        for offset in [&mut w.start_offset, &mut w.end_offset].into_iter().flatten() {
            if !rows || !is_offset(offset) {
                self.can_fail_here();
            }
            self.expr(offset, scope, At::OPERAND)?;
        }
        Ok(())
    }

    /// A select list or RETURNING: its columns.
    pub fn target_list(&mut self, list: &mut [Node], scope: &Scope<'_>, at: At) -> Result<Columns, Refusal> {
        let mut columns = Some(Vec::new());
        for (i, node) in list.iter_mut().enumerate() {
            let key = self.keys.as_ref().is_none_or(|keys| keys.contains(&i));
            let NodeEnum::ResTarget(target) = inner(node)? else {
                return Err(refusal::not_supported("a select list", "it holds something that is no column"));
            };
            let Some(value) = target.val.as_mut() else { continue };
            let (item, pended) = (self.outward.item(), self.pending.len());
            let more = match star(value) {
                Some(fields) => self.expand_star(value, &fields, scope, at)?,
                // So many columns as the row has, or called as its first one is.
                None if is_row_expansion(value) || (target.name.is_empty() && is_named_by_star(value)) => {
                    self.expr(value, scope, At { place: Place::Operand, ..at })?;
                    None
                }
                None => {
                    let name = if target.name.is_empty() { output_name(value) } else { target.name.clone() };
                    Some(vec![self.output(value, &name, scope, at, key)?])
                }
            };
            if target.name.is_empty() {
                self.keep_output_names(pended);
            }
            if key {
                self.output_sorted(value, more.as_deref(), scope);
            }
            match (&mut columns, more) {
                (Some(columns), Some(more)) => columns.extend(more),
                // None of them can be followed any more.
                (known, more) => {
                    for col in known.take().into_iter().chain(more).flatten() {
                        self.note(&col.origin, At { place: Place::Operand, ..at });
                    }
                }
            }
            self.end_item(item);
        }
        Ok(columns.map_or(Columns::Unknown, Columns::known))
    }

    /// `key`: it may be what the query is sorted or grouped by, and so be computed before rows are chosen.
    fn output(&mut self, value: &mut Node, name: &str, scope: &Scope<'_>, at: At, key: bool) -> Result<Col, Refusal> {
        let Some(NodeEnum::ColumnRef(_)) = &value.node else {
            let late = !key || self.stays_above(value, scope);
            let around = std::mem::take(&mut self.drawn);
            let total = !self.watched(|a| a.above(late, value, |a, value| a.expr(value, scope, at)))?;
            let made_of = self.drawn.made_of();
            let constants = self.constants(value, false, scope);
            self.drawn.add(around);
            let col = self.column_of(name, [&*value]);
            let built_in = self.type_of(value, scope).is_some_and(|ty| self.is_built_in_type(&ty));
            let lasts = if built_in { Lasts::Always } else { col.lasts };
            let operand = self.operand(value, scope);
            return Ok(Col { ordered: self.has_sort(value, scope), operand, total, lasts, made_of, constants, ..col });
        };
        let col = self.column_ref(value, scope, at)?;
        self.keep_output_name(value);
        Ok(Col { name: name.into(), ..col })
    }

    fn values_columns(&self, rows: &[Node], scope: &Scope<'_>) -> Columns {
        let lists = rows.iter().map(|row| match &row.node {
            Some(NodeEnum::List(list)) => list.items.as_slice(),
            _ => &[],
        });
        let first = lists.clone().next().unwrap_or_default();
        if first.is_empty() || first.iter().any(|v| star(v).is_some() || is_row_expansion(v)) {
            return Columns::Unknown;
        }
        let column = |i: usize| {
            let ordered = self.values_ordered(lists.clone().map(|list| list.get(i)), scope);
            let name = format!("column{}", i + 1);
            let values: Option<Vec<&Node>> = lists.clone().map(|list| list.get(i)).collect();
            let Some(values) = values else { return Col { ordered, ..Col::computed(&name) } };
            let constants = given::together(self.given_in(values.iter().copied(), scope).into_iter());
            let operand = self.engine.catalog.common(values.iter().map(|v| self.operand(v, scope)));
            Col { ordered, operand, constants, ..self.column_of(&name, values) }
        };
        Columns::known((0..first.len()).map(column).collect())
    }

    /// `*` or `alias.*`; `None` when the columns are not known.
    fn expand_star(
        &mut self,
        value: &mut Node,
        qualifier: &[String],
        scope: &Scope<'_>,
        at: At,
    ) -> Result<Option<Vec<Col>>, Refusal> {
        let columns = match qualifier {
            [] => {
                self.all_at_once(scope.items);
                visible_columns(scope.items)
            }
            _ => {
                self.no_target_star(value, scope)?;
                let mut location = -1;
                if let Some(NodeEnum::ColumnRef(reference)) = &mut value.node {
                    self.drop_schema(reference, scope)?;
                    location = reference.location;
                }
                let (schema, alias) = split_qualifier(qualifier);
                let found = scope::item(scope, schema, alias);
                let (item, level) = found.ok_or_else(|| refusal::missing_from(alias).at(location))?;
                self.may_fail |= self.within && level > 0 && !item.columns.are_total();
                self.all_at_once(std::slice::from_ref(item));
                match &item.columns {
                    Columns::Known(cols) => Some(cols.to_vec()),
                    Columns::Unknown => None,
                }
            }
        };
        match &columns {
            Some(cols) => cols.iter().for_each(|c| self.note(&c.origin, at)),
            None => {
                let all: Vec<Base> =
                    scope.items.iter().flat_map(|i| i.columns.list()).flat_map(|c| c.origin.iter().copied()).collect();
                self.note(&all, At { place: Place::Operand, ..at });
            }
        }
        Ok(columns)
    }
}

/// The names in front of `*`, when a node is `*` or `a.b.*`.
pub fn star(node: &Node) -> Option<Vec<String>> {
    let Some(NodeEnum::ColumnRef(reference)) = &node.node else { return None };
    let last = reference.fields.last()?;
    matches!(last.node, Some(NodeEnum::AStar(_)))
        .then(|| names(&reference.fields).into_iter().map(str::to_owned).collect())
}

/// `(row).*`: as many columns as the row has.
pub fn is_row_expansion(node: &Node) -> bool {
    let last = match &node.node {
        Some(NodeEnum::AIndirection(i)) => i.indirection.last(),
        _ => None,
    };
    matches!(last.and_then(|n| n.node.as_ref()), Some(NodeEnum::AStar(_)))
}

/// `[database.][schema.]alias` as schema and alias.
pub fn split_qualifier(parts: &[String]) -> (Option<&str>, &str) {
    match parts {
        [.., schema, alias] => (Some(schema), alias),
        [alias] => (None, alias),
        [] => (None, ""),
    }
}
