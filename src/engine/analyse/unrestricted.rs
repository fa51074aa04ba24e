//! Statements of an unrestricted role: PostgreSQL's own rights decide. They are looked into for the record alone: which
//! tables and columns they touch, and whom they are about.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::scope::Scope;
use super::statement::{Judged, declares, session_statement};
use super::{Analyser, At, Occurrence, inner, moves_the_session, subjects};
use crate::engine::cleared::{Effect, TouchedColumn, TouchedTable, Treatment, Usage};
use crate::engine::policy::ColumnUse;
use crate::engine::refusal::{self, Refusal};
use crate::engine::tree;

/// What the record says of a statement that leaves as it is.
#[derive(Default)]
pub struct ForTheRecord {
    pub tables: Vec<TouchedTable>,
    /// Output columns that are a bare subject key, with the subject's kind.
    pub subject_columns: Vec<(u16, String)>,
}

impl<'e> Analyser<'e> {
    /// A statement of an unrestricted role; the session is followed all the same.
    pub fn unrestricted(&mut self, node: &mut Node) -> Result<Judged, Refusal> {
        // A FETCH gives rows like any other statement, of a cursor that outlives the reason that it was opened with too.
        if self.role.reason_required && !self.context.has_reason && !moves_the_session(node) {
            return Err(refusal::reason_required(&self.role.name));
        }
        if let Some(session) = session_statement(inner(node)?) {
            return Ok(session);
        }
        match inner(node)? {
            NodeEnum::VariableSetStmt(s) => return self.set(s),
            NodeEnum::VariableShowStmt(_) => return Ok(Judged { kind: "show", effect: Effect::None }),
            _ => {}
        }
        self.look_into(node)?;
        if let NodeEnum::SelectStmt(s) = inner(node)?
            && s.into_clause.is_none()
        {
            return self.unrestricted_select(s);
        }
        self.calls_set_config_only(node, 0)?;
        Ok(raw_statement(inner(node)?))
    }

    fn unrestricted_select(&mut self, s: &mut pb::SelectStmt) -> Result<Judged, Refusal> {
        // `set_config` must be followed whoever calls it.
        self.set_config_allowed = super::set_config::is_plain_call_list(s);
        let effect = if self.set_config_allowed {
            self.target_list(&mut s.target_list, &Scope::EMPTY, At::OPERAND)?;
            let calls = std::mem::take(&mut self.set_config);
            self.judge_calls(&calls)?;
            Effect::SetConfig(calls)
        } else {
            let free = self.free_setting_calls(s)?.len();
            self.calls_set_config_only(s, free)?;
            if free > 0 { Effect::SetConfig(Vec::new()) } else { Effect::None }
        };
        self.set_config_allowed = false;
        Ok(Judged { kind: "select", effect })
    }

    /// Reads the statement as if it were to be judged, beside its own judgement. What is not understood is let through
    /// all the same, and ends the looking: then the tables are on record by name alone.
    fn look_into(&mut self, node: &Node) -> Result<(), Refusal> {
        let mut tables = self.relations_for_the_record(node)?;
        let Some(source) = self.sources.first() else { return Ok(()) };
        let mut beside =
            Analyser::new(self.engine, &self.context, self.role, source.text.clone(), source.tokens.clone());
        beside.begin_statement(self.context.clone(), None, self.statement_start);
        for (mut query, output) in queries(node) {
            let columns = beside.select(&mut query, &Scope::EMPTY, At::OUTPUT);
            if let (Ok(columns), true) = (columns, output) {
                beside.output = columns;
            }
        }
        for touched in beside.occurrences.iter().filter_map(|o| beside.touched(o)).chain(beside.written(node)) {
            match tables.iter_mut().find(|known| known.table == touched.table) {
                Some(known) => known.add(touched),
                None => tables.push(touched),
            }
        }
        self.unlike_others |= !beside.subjects.is_empty();
        self.for_the_record = ForTheRecord { tables, subject_columns: beside.subject_columns() };
        self.subjects = beside.subjects;
        Ok(())
    }

    /// The relations that a statement names, as far as the catalog knows them.
    fn relations_for_the_record(&self, node: &Node) -> Result<Vec<TouchedTable>, Refusal> {
        let named = tree::relations(node).map_err(|e| refusal::not_faithful(&e.to_string()))?;
        let known = self.engine.catalog.relations().filter(|r| named.contains(&r.name.name));
        Ok(known.map(|r| TouchedTable { table: r.name.to_string(), columns: Vec::new() }).collect())
    }

    fn touched(&self, o: &Occurrence) -> Option<TouchedTable> {
        let relation = self.engine.catalog.relation(o.relation)?;
        let policy = self.engine.policy.tables.get(&o.protected_by?)?;
        let used = std::iter::zip(&relation.columns, &o.uses).filter(|(_, uses)| uses.any());
        let columns = used
            .map(|(column, uses)| TouchedColumn {
                name: column.name.clone(),
                category: category(policy.columns.get(&column.name)),
                usage: if uses.shown { Usage::Shown } else { Usage::Compared },
                treatment: Treatment::Clear,
            })
            .collect();
        Some(TouchedTable { table: relation.name.to_string(), columns })
    }

    /// The columns that a write names as its targets.
    fn written(&self, node: &Node) -> Option<TouchedTable> {
        let (var, targets) = match node.node.as_ref()? {
            NodeEnum::UpdateStmt(u) => (u.relation.as_ref()?, &u.target_list),
            NodeEnum::InsertStmt(i) => (i.relation.as_ref()?, &i.cols),
            _ => return None,
        };
        let Ok(super::relations::Named::Relation(relation)) = self.resolve(var) else { return None };
        let table = super::relations::protecting_ancestor(&self.engine.catalog, &self.engine.policy, relation.oid)?;
        let policy = self.engine.policy.tables.get(&table)?;
        let named = targets.iter().filter_map(|t| match t.node.as_ref()? {
            NodeEnum::ResTarget(t) => relation.column(&t.name),
            _ => None,
        });
        let columns = named
            .map(|column| TouchedColumn {
                name: column.name.clone(),
                category: category(policy.columns.get(&column.name)),
                usage: Usage::Written,
                treatment: Treatment::Clear,
            })
            .collect();
        Some(TouchedTable { table: relation.name.to_string(), columns })
    }
}

fn category(used: Option<&ColumnUse>) -> Option<String> {
    match used? {
        ColumnUse::Open => None,
        ColumnUse::Category(name) => Some(name.clone()),
    }
}

/// The queries that tell what a statement reads, and whether their rows go to the client, be it later.
fn queries(node: &Node) -> Vec<(pb::SelectStmt, bool)> {
    let inside = |node: Option<&Node>, output| match node.and_then(|n| n.node.as_ref()) {
        Some(NodeEnum::SelectStmt(s)) => vec![((**s).clone(), output)],
        _ => Vec::new(),
    };
    match node.node.as_ref() {
        Some(NodeEnum::SelectStmt(s)) => vec![((**s).clone(), true)],
        Some(NodeEnum::UpdateStmt(u)) => {
            let expressions = u.target_list.clone();
            vec![(reading(u.relation.as_ref(), &u.from_clause, &u.where_clause, &u.with_clause, expressions), false)]
        }
        Some(NodeEnum::DeleteStmt(d)) => {
            vec![(reading(d.relation.as_ref(), &d.using_clause, &d.where_clause, &d.with_clause, Vec::new()), false)]
        }
        Some(NodeEnum::InsertStmt(i)) => inside(i.select_stmt.as_deref(), false),
        Some(NodeEnum::CopyStmt(c)) if c.query.is_some() => inside(c.query.as_deref(), true),
        Some(NodeEnum::CopyStmt(c)) if !c.is_from => {
            vec![(reading(c.relation.as_ref(), &[], &None, &None, copied(&c.attlist)), true)]
        }
        Some(NodeEnum::ExplainStmt(e)) => inside(e.query.as_deref(), false),
        Some(NodeEnum::PrepareStmt(p)) => inside(p.query.as_deref(), true),
        Some(NodeEnum::DeclareCursorStmt(d)) => inside(d.query.as_deref(), true),
        Some(NodeEnum::CreateTableAsStmt(c)) => inside(c.query.as_deref(), false),
        _ => Vec::new(),
    }
}

/// The select list that a COPY's column list is.
fn copied(columns: &[Node]) -> Vec<Node> {
    let all = [Node { node: Some(NodeEnum::AStar(pb::AStar {})) }];
    let fields = if columns.is_empty() { &all[..] } else { columns };
    let column = |field: &Node| NodeEnum::ColumnRef(pb::ColumnRef { fields: vec![field.clone()], location: -1 });
    let target = |field: &Node| pb::ResTarget {
        name: String::new(),
        indirection: Vec::new(),
        val: Some(Box::new(Node { node: Some(column(field)) })),
        location: -1,
    };
    fields.iter().map(|field| Node { node: Some(NodeEnum::ResTarget(Box::new(target(field)))) }).collect()
}

/// `SELECT … FROM target, from WHERE condition`: what a write reads.
fn reading(
    target: Option<&pb::RangeVar>,
    from: &[Node],
    condition: &Option<Box<Node>>,
    with: &Option<pb::WithClause>,
    target_list: Vec<Node>,
) -> pb::SelectStmt {
    let target = target.map(|var| Node { node: Some(NodeEnum::RangeVar(var.clone())) });
    pb::SelectStmt {
        from_clause: target.into_iter().chain(from.iter().cloned()).collect(),
        where_clause: condition.clone(),
        with_clause: with.clone(),
        target_list,
        ..pb::SelectStmt::default()
    }
}

/// Kind and effect of a statement that is not looked into.
fn raw_statement(node: &NodeEnum) -> Judged {
    let (kind, effect) = match node {
        NodeEnum::InsertStmt(_) => ("insert", Effect::None),
        NodeEnum::UpdateStmt(_) => ("update", Effect::None),
        NodeEnum::DeleteStmt(_) => ("delete", Effect::None),
        NodeEnum::MergeStmt(_) => ("merge", Effect::None),
        NodeEnum::ExplainStmt(e) => match e.query.as_ref().and_then(|q| q.node.as_ref()) {
            Some(NodeEnum::ExecuteStmt(e)) => {
                let (name, arguments) = (e.name.clone(), subjects::arguments(&e.params));
                ("explain", Effect::ExplainExecute { name, arguments, as_protected: true })
            }
            _ => ("explain", Effect::None),
        },
        NodeEnum::LockStmt(_) => ("lock", Effect::None),
        NodeEnum::ListenStmt(_) => ("listen", Effect::None),
        NodeEnum::UnlistenStmt(_) => ("unlisten", Effect::None),
        NodeEnum::NotifyStmt(_) => ("notify", Effect::None),
        NodeEnum::ConstraintsSetStmt(_) => ("set_constraints", Effect::None),
        NodeEnum::CopyStmt(c) if c.is_from => ("copy_in", Effect::CopyIn),
        NodeEnum::CopyStmt(_) => ("copy_to", Effect::CopyOut),
        NodeEnum::PrepareStmt(p) => ("prepare", Effect::Prepare { name: p.name.clone() }),
        NodeEnum::ExecuteStmt(e) => {
            ("execute", Effect::Execute { name: e.name.clone(), arguments: subjects::arguments(&e.params) })
        }
        NodeEnum::DeclareCursorStmt(d) => ("declare_cursor", declares(d)),
        NodeEnum::CallStmt(_) => ("call", Effect::CatalogChanged),
        NodeEnum::DoStmt(_) => ("do", Effect::CatalogChanged),
        // Anything else may have changed the catalog.
        _ => ("ddl", Effect::CatalogChanged),
    };
    Judged { kind, effect }
}
