//! What a statement reads, as queries, and what it writes, by name: for the record of statements that leave unjudged.
//!
//! `DELETE FROM t USING u WHERE c RETURNING r` reads what `SELECT r FROM t, u WHERE c` does.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::subjects::assigned_value;
/// A query, and whether its rows go to the client, be it later.
pub struct Reading {
    pub query: pb::SelectStmt,
    pub output: bool,
    /// Where its columns are stored, and in which: all, or those that bear their names.
    pub into: Option<(pb::RangeVar, Into)>,
}

#[derive(Clone)]
pub enum Into {
    /// In this order; of none, the relation's.
    Listed(Vec<String>),
    Named,
}

/// A relation that is written, and which of its columns.
pub struct Writing<'n> {
    pub relation: &'n pb::RangeVar,
    pub columns: Columns,
    pub way: Way,
}

/// How rows are written: by that, others are with them.
#[derive(Clone, Copy)]
pub enum Way {
    Added,
    Assigned,
    Removed,
    /// TRUNCATE.
    Emptied {
        cascades: bool,
    },
}

pub enum Columns {
    Named(Vec<String>),
    All,
}

/// The queries that tell what a statement reads.
pub fn readings(node: &Node) -> Vec<Reading> {
    match node.node.as_ref() {
        Some(NodeEnum::SelectStmt(s)) => {
            let mut query = (**s).clone();
            let mut all = aside(&mut query.with_clause);
            let output = query.into_clause.take().is_none();
            all.push(Reading { query, output, into: None });
            all
        }
        Some(NodeEnum::CopyStmt(c)) if c.query.is_none() && !c.is_from => {
            let from = item(c.relation.as_ref());
            vec![Reading { query: select(from, None, None, copied(&c.attlist)), output: true, into: None }]
        }
        Some(NodeEnum::RuleStmt(r)) => r.actions.iter().flat_map(|n| silent(readings(n))).collect(),
        Some(NodeEnum::ExplainStmt(_) | NodeEnum::CreateTableAsStmt(_) | NodeEnum::ViewStmt(_)) => {
            within(node).map(|n| silent(readings(n))).unwrap_or_default()
        }
        Some(other) => match Write::of(other) {
            Some(write) => write.readings(),
            None => within(node).map(readings).unwrap_or_default(),
        },
        None => Vec::new(),
    }
}

/// The writes of a statement, those in its WITH too.
pub fn writings(node: &Node) -> Vec<Writing<'_>> {
    let Some(inner) = node.node.as_ref() else { return Vec::new() };
    let with = match inner {
        NodeEnum::SelectStmt(s) => s.with_clause.as_ref(),
        NodeEnum::InsertStmt(s) => s.with_clause.as_ref(),
        NodeEnum::UpdateStmt(s) => s.with_clause.as_ref(),
        NodeEnum::DeleteStmt(s) => s.with_clause.as_ref(),
        NodeEnum::MergeStmt(s) => s.with_clause.as_ref(),
        _ => None,
    };
    let mut all: Vec<Writing<'_>> =
        with.iter().flat_map(|w| w.ctes.iter()).filter_map(cte).flat_map(writings).collect();
    all.extend(written(inner));
    all.extend(within(node).map(writings).unwrap_or_default());
    all
}

/// The statement inside of another.
fn within(node: &Node) -> Option<&Node> {
    match node.node.as_ref()? {
        NodeEnum::ExplainStmt(e) => e.query.as_deref(),
        NodeEnum::CreateTableAsStmt(c) => c.query.as_deref(),
        NodeEnum::ViewStmt(v) => v.query.as_deref(),
        NodeEnum::PrepareStmt(p) => p.query.as_deref(),
        NodeEnum::DeclareCursorStmt(d) => d.query.as_deref(),
        NodeEnum::CopyStmt(c) => c.query.as_deref(),
        _ => None,
    }
}

fn silent(mut readings: Vec<Reading>) -> Vec<Reading> {
    readings.iter_mut().for_each(|r| r.output = false);
    readings
}

// === writes as queries ===

/// The parts of a write.
#[derive(Default)]
struct Write {
    /// Its target and what it is joined with, as items of FROM.
    from: Vec<Node>,
    condition: Option<Box<Node>>,
    with: Option<pb::WithClause>,
    /// The target by itself.
    target: Option<pb::RangeVar>,
    /// What is computed for the target's columns, and those.
    computes: Vec<Node>,
    /// Those that an INSERT lists.
    listed: Vec<String>,
    returning: Vec<Node>,
    /// What an INSERT inserts.
    rows: Option<pb::SelectStmt>,
}

impl Write {
    fn of(node: &NodeEnum) -> Option<Self> {
        Some(match node {
            NodeEnum::UpdateStmt(u) => Self {
                from: [item(u.relation.as_ref()), u.from_clause.clone()].concat(),
                condition: u.where_clause.clone(),
                with: u.with_clause.clone(),
                target: u.relation.clone(),
                computes: computed(&u.target_list),
                returning: returned(u.returning_clause.as_ref()),
                ..Self::default()
            },
            NodeEnum::DeleteStmt(d) => Self {
                from: [item(d.relation.as_ref()), d.using_clause.clone()].concat(),
                condition: d.where_clause.clone(),
                with: d.with_clause.clone(),
                returning: returned(d.returning_clause.as_ref()),
                ..Self::default()
            },
            NodeEnum::MergeStmt(m) => Self {
                from: [item(m.relation.as_ref()), m.source_relation.iter().map(|n| (**n).clone()).collect()].concat(),
                condition: m.join_condition.clone(),
                with: m.with_clause.clone(),
                target: m.relation.clone(),
                computes: merge_clauses(m).flat_map(decided_by).collect(),
                returning: returned(m.returning_clause.as_ref()),
                ..Self::default()
            },
            NodeEnum::InsertStmt(i) => Self::of_insert(i),
            _ => return None,
        })
    }

    fn of_insert(i: &pb::InsertStmt) -> Self {
        let excluded = i.relation.as_ref().filter(|_| i.on_conflict_clause.is_some()).map(|relation| {
            let alias = pb::Alias { aliasname: "excluded".to_owned(), colnames: Vec::new() };
            pb::RangeVar { alias: Some(alias), ..relation.clone() }
        });
        let conflict = i.on_conflict_clause.as_deref();
        let rows = match i.select_stmt.as_ref().and_then(|n| n.node.as_ref()) {
            Some(NodeEnum::SelectStmt(s)) => Some(without_defaults(s)),
            _ => None,
        };
        Self {
            from: [item(i.relation.as_ref()), item(excluded.as_ref())].concat(),
            condition: conflict.and_then(|c| c.where_clause.clone()),
            with: i.with_clause.clone(),
            target: i.relation.clone(),
            listed: assigned(&i.cols),
            computes: conflict.map(|c| computed(&c.target_list)).unwrap_or_default(),
            returning: returned(i.returning_clause.as_ref()),
            rows,
        }
    }

    fn readings(mut self) -> Vec<Reading> {
        let mut all = aside(&mut self.with);
        let query = |list| select(self.from.clone(), self.condition.clone(), self.with.clone(), list);
        let reads = self.rows.is_none() || self.condition.is_some() || !self.computes.is_empty();
        if reads {
            let into = self.target.clone().map(|target| (target, Into::Named));
            all.push(Reading { query: query(self.computes.clone()), output: false, into });
        }
        if !self.returning.is_empty() {
            all.push(Reading { query: query(self.returning.clone()), output: true, into: None });
        }
        let into = self.target.map(|target| (target, Into::Listed(self.listed)));
        all.extend(self.rows.map(|mut rows| {
            rows.with_clause = both(self.with, rows.with_clause.take());
            Reading { query: rows, output: false, into }
        }));
        all
    }
}

/// Writes in a WITH become queries of what they return; what else they read comes back beside it.
fn aside(with: &mut Option<pb::WithClause>) -> Vec<Reading> {
    let mut all = Vec::new();
    let Some(with) = with else { return all };
    for at in 0..with.ctes.len() {
        let before = pb::WithClause { ctes: with.ctes.get(..at).unwrap_or_default().to_vec(), ..with.clone() };
        let Some(NodeEnum::CommonTableExpr(cte)) = with.ctes.get_mut(at).and_then(|n| n.node.as_mut()) else {
            continue;
        };
        let query = cte.ctequery.as_mut().and_then(|n| n.node.as_mut());
        let Some((query, mut write)) = query.and_then(|q| Some((Write::of(q)?, q))).map(|(w, q)| (q, w)) else {
            continue;
        };
        let returned = select(write.from.clone(), write.condition.clone(), write.with.clone(), write.returning.clone());
        *query = NodeEnum::SelectStmt(Box::new(returned));
        write.with = both(Some(before).filter(|b| !b.ctes.is_empty()), write.with.take());
        write.returning.clear();
        all.extend(write.readings());
    }
    all
}

fn both(outer: Option<pb::WithClause>, inner: Option<pb::WithClause>) -> Option<pb::WithClause> {
    match (outer, inner) {
        (Some(mut outer), Some(inner)) => {
            outer.ctes.extend(inner.ctes);
            outer.recursive |= inner.recursive;
            Some(outer)
        }
        (outer, inner) => outer.or(inner),
    }
}

fn select(
    from_clause: Vec<Node>,
    where_clause: Option<Box<Node>>,
    with_clause: Option<pb::WithClause>,
    target_list: Vec<Node>,
) -> pb::SelectStmt {
    pb::SelectStmt { from_clause, where_clause, with_clause, target_list, ..pb::SelectStmt::default() }
}

fn item(var: Option<&pb::RangeVar>) -> Vec<Node> {
    var.map(|var| Node { node: Some(NodeEnum::RangeVar(var.clone())) }).into_iter().collect()
}

fn target(value: Node) -> Node {
    named_target(String::new(), value)
}

fn named_target(name: String, value: Node) -> Node {
    let target = pb::ResTarget { name, indirection: Vec::new(), val: Some(Box::new(value)), location: -1 };
    Node { node: Some(NodeEnum::ResTarget(Box::new(target))) }
}

/// What a list of assignments computes, under the names of the columns: `DEFAULT` is nothing, and of `(a, b) = (SELECT …)` the
/// right side stands once.
fn computed(assignments: &[Node]) -> Vec<Node> {
    let value = |n: &Node| {
        let Some(NodeEnum::ResTarget(t)) = &n.node else { return None };
        let value = t.val.as_deref()?;
        match (assigned_value(value), value.node.as_ref()?) {
            (None, NodeEnum::MultiAssignRef(m)) => m.source.as_deref().filter(|_| m.colno == 1).cloned().map(target),
            (Some(Node { node: Some(NodeEnum::SetToDefault(_)) }) | None, _) => None,
            (Some(value), _) => Some(named_target(t.name.clone(), value.clone())),
        }
    };
    assignments.iter().filter_map(value).collect()
}

fn returned(clause: Option<&pb::ReturningClause>) -> Vec<Node> {
    clause.map(|c| c.exprs.clone()).unwrap_or_default()
}

fn merge_clauses(m: &pb::MergeStmt) -> impl Iterator<Item = &pb::MergeWhenClause> {
    m.merge_when_clauses.iter().filter_map(|n| match n.node.as_ref()? {
        NodeEnum::MergeWhenClause(c) => Some(&**c),
        _ => None,
    })
}

fn decided_by(clause: &pb::MergeWhenClause) -> Vec<Node> {
    let is_value = |n: &Node| !matches!(n.node, Some(NodeEnum::SetToDefault(_)));
    let mut columns = assigned(&clause.target_list).into_iter();
    let values = clause.values.iter().map(|value| (columns.next().unwrap_or_default(), value));
    let values = values.filter(|(_, value)| is_value(value)).map(|(name, value)| named_target(name, value.clone()));
    let values: Vec<Node> = values.collect();
    let condition = clause.condition.as_deref().cloned().map(target);
    computed(&clause.target_list).into_iter().chain(values).chain(condition).collect()
}

/// Rows of VALUES with a null where DEFAULT stands.
fn without_defaults(rows: &pb::SelectStmt) -> pb::SelectStmt {
    let mut rows = rows.clone();
    let null = NodeEnum::AConst(pb::AConst { isnull: true, location: -1, val: None });
    for row in &mut rows.values_lists {
        if let Some(NodeEnum::List(row)) = &mut row.node {
            let defaults = row.items.iter_mut().filter(|n| matches!(n.node, Some(NodeEnum::SetToDefault(_))));
            defaults.for_each(|n| n.node = Some(null.clone()));
        }
    }
    rows
}

/// The select list that a COPY's column list is.
fn copied(columns: &[Node]) -> Vec<Node> {
    let all = [Node { node: Some(NodeEnum::AStar(pb::AStar {})) }];
    let fields = if columns.is_empty() { &all[..] } else { columns };
    let column = |field: &Node| NodeEnum::ColumnRef(pb::ColumnRef { fields: vec![field.clone()], location: -1 });
    fields.iter().map(|field| target(Node { node: Some(column(field)) })).collect()
}

// === what is written ===

fn written(node: &NodeEnum) -> Vec<Writing<'_>> {
    let all: Vec<(&Option<pb::RangeVar>, Columns, Way)> = match node {
        NodeEnum::UpdateStmt(u) => vec![(&u.relation, Columns::Named(assigned(&u.target_list)), Way::Assigned)],
        NodeEnum::DeleteStmt(d) => vec![(&d.relation, Columns::All, Way::Removed)],
        NodeEnum::InsertStmt(i) => {
            let conflict: Vec<_> = i.on_conflict_clause.iter().flat_map(|c| assigned(&c.target_list)).collect();
            let added = if i.cols.is_empty() { Columns::All } else { Columns::Named(assigned(&i.cols)) };
            vec![(&i.relation, added, Way::Added), (&i.relation, Columns::Named(conflict), Way::Assigned)]
        }
        NodeEnum::MergeStmt(m) => merge_clauses(m).map(|clause| merged(m, clause)).collect(),
        NodeEnum::CopyStmt(c) if c.is_from => {
            let named = c.attlist.iter().filter_map(|n| match n.node.as_ref()? {
                NodeEnum::String(s) => Some(s.sval.clone()),
                _ => None,
            });
            let named: Vec<String> = named.collect();
            let columns = if named.is_empty() { Columns::All } else { Columns::Named(named) };
            vec![(&c.relation, columns, Way::Added)]
        }
        NodeEnum::TruncateStmt(t) => return emptied(t).collect(),
        _ => Vec::new(),
    };
    let known = all.into_iter().filter_map(|(relation, columns, way)| Some((relation.as_ref()?, columns, way)));
    known.map(|(relation, columns, way)| Writing { relation, columns, way }).collect()
}

/// What one clause of MERGE does.
fn merged<'n>(m: &'n pb::MergeStmt, clause: &pb::MergeWhenClause) -> (&'n Option<pb::RangeVar>, Columns, Way) {
    let named = || Columns::Named(assigned(&clause.target_list));
    let (columns, way) = match clause.command_type() {
        pb::CmdType::CmdDelete => (Columns::All, Way::Removed),
        pb::CmdType::CmdInsert if clause.target_list.is_empty() => (Columns::All, Way::Added),
        pb::CmdType::CmdInsert => (named(), Way::Added),
        _ => (named(), Way::Assigned),
    };
    (&m.relation, columns, way)
}

fn emptied(t: &pb::TruncateStmt) -> impl Iterator<Item = Writing<'_>> {
    let way = Way::Emptied { cascades: t.behavior() == pb::DropBehavior::DropCascade };
    t.relations.iter().filter_map(move |n| match n.node.as_ref()? {
        NodeEnum::RangeVar(relation) => Some(Writing { relation, columns: Columns::All, way }),
        _ => None,
    })
}

fn assigned(targets: &[Node]) -> Vec<String> {
    let name = |n: &Node| match n.node.as_ref()? {
        NodeEnum::ResTarget(t) => Some(t.name.clone()),
        _ => None,
    };
    targets.iter().filter_map(name).collect()
}

fn cte(node: &Node) -> Option<&Node> {
    match node.node.as_ref()? {
        NodeEnum::CommonTableExpr(c) => c.ctequery.as_deref(),
        _ => None,
    }
}
