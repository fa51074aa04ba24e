//! The analyser from statement to statement: what begins anew, what is kept, what a judged statement leaves behind.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::scope::{Columns, Scope};
use super::statement::{Judged, session_statement};
use super::{Analyser, inner};
use crate::engine::cleared::{Effect, TouchedTable};
use crate::engine::context::Context;
use crate::engine::policy::Purpose;
use crate::engine::refusal::{self, Refusal};
use crate::engine::rewrite::guard::{self, Guard};
use crate::engine::tree;

impl<'e> Analyser<'e> {
    /// The next statement of the message, beginning at byte `start`, as the session finds it then.
    pub fn begin_statement(&mut self, context: Context, purpose: Option<&'e Purpose>, start: usize) {
        self.search_path = context.search_path.clone();
        self.context = context;
        self.purpose = purpose;
        self.statement_start = start;
        self.first_occurrence = self.occurrences.len();
        self.first_injection = self.injections.len();
        self.first_edit = self.sources.first().map_or(0, |s| s.edits.len());
        self.must_rewrite = false;
        self.guard_all = false;
        self.locks = false;
        self.nulls_sizes = false;
        self.explaining = false;
        self.reads_derived = false;
        self.reads_temporary = false;
        self.reads_changeable = false;
        self.writes_protected = false;
        self.pending.clear();
        self.moment = super::Moment::Old;
        self.tainted = None;
        self.raises.clear();
        self.defines.clear();
        self.output = Columns::Unknown;
    }

    /// Whether the statement must leave rewritten: not when all that it touches are system relations of which it reads
    /// none of the columns that must be null.
    pub fn changes(&self) -> bool {
        let harmless = |o: &super::Occurrence| {
            let relation = self.engine.catalog.relation(o.relation);
            let nulled = |column: usize| {
                relation.and_then(|r| r.columns.get(column)).is_none_or(|c| o.nulled.contains(&c.name.as_str()))
            };
            o.protected_by.is_none() && !o.uses.iter().enumerate().any(|(i, u)| u.any() && nulled(i))
        };
        let own = &self.occurrences[self.first_occurrence..];
        self.must_rewrite && (own.is_empty() || self.guard_all || self.nulls_sizes || !own.iter().all(harmless))
    }

    /// The statement leaves as it was written.
    pub fn forget_edits(&mut self) {
        if let Some(source) = self.sources.first_mut() {
            source.edits.truncate(self.first_edit);
        }
    }

    /// The derived tables of this statement's occurrences, in order.
    pub fn write_guards(&self) -> Result<Vec<Guard>, Refusal> {
        self.occurrences[self.first_occurrence..].iter().map(|o| guard::write(self, o)).collect()
    }

    pub fn touches_protected(&self) -> bool {
        self.writes_protected || self.reads_protected()
    }

    /// Output columns of a top-level query that are a bare subject key of a table with `record_subjects`.
    pub fn subject_columns(&self) -> Vec<(u16, String)> {
        let Columns::Known(columns) = &self.output else { return Vec::new() };
        let kind = |col: &super::scope::Col| {
            let &[(occurrence, column)] = &col.origin[..] else { return None };
            let o = self.occurrences.get(occurrence)?;
            let table = self.engine.policy.tables.get(&o.protected_by?).filter(|t| t.record_subjects)?;
            let path = table.subject.as_ref().filter(|p| p.hops.is_empty())?;
            let name = &self.engine.catalog.relation(o.relation)?.columns.get(column)?.name;
            (path.column == *name).then(|| path.kind.clone())
        };
        columns.iter().enumerate().filter_map(|(i, col)| Some((u16::try_from(i).ok()?, kind(col)?))).collect()
    }

    /// A statement of an unrestricted role: PostgreSQL's own rights decide; the session is followed all the same.
    pub fn unrestricted(&mut self, node: &mut Node) -> Result<Judged, Refusal> {
        if let Some(session) = session_statement(inner(node)?) {
            return Ok(session);
        }
        match inner(node)? {
            NodeEnum::VariableSetStmt(s) => return self.set(s),
            NodeEnum::VariableShowStmt(_) => return Ok(Judged { kind: "show", effect: Effect::None }),
            _ if self.role.reason_required && !self.context.has_reason => {
                return Err(refusal::reason_required(&self.role.name));
            }
            _ => {}
        }
        self.unrestricted_tables = self.relations_for_the_record(node)?;
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
            self.target_list(&mut s.target_list, &Scope::EMPTY, super::At::OPERAND)?;
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

    /// The relations that a statement names, as far as the catalog knows them.
    fn relations_for_the_record(&self, node: &Node) -> Result<Vec<TouchedTable>, Refusal> {
        let named = tree::relations(node).map_err(|e| refusal::not_faithful(&e.to_string()))?;
        let known = self.engine.catalog.relations().filter(|r| named.contains(&r.name.name));
        Ok(known.map(|r| TouchedTable { table: r.name.to_string(), columns: Vec::new() }).collect())
    }
}

/// Kind and effect of a statement that is not looked into.
fn raw_statement(node: &NodeEnum) -> Judged {
    let (kind, effect) = match node {
        NodeEnum::InsertStmt(_) => ("insert", Effect::None),
        NodeEnum::UpdateStmt(_) => ("update", Effect::None),
        NodeEnum::DeleteStmt(_) => ("delete", Effect::None),
        NodeEnum::MergeStmt(_) => ("merge", Effect::None),
        NodeEnum::ExplainStmt(_) => ("explain", Effect::None),
        NodeEnum::LockStmt(_) => ("lock", Effect::None),
        NodeEnum::ListenStmt(_) => ("listen", Effect::None),
        NodeEnum::UnlistenStmt(_) => ("unlisten", Effect::None),
        NodeEnum::NotifyStmt(_) => ("notify", Effect::None),
        NodeEnum::ConstraintsSetStmt(_) => ("set_constraints", Effect::None),
        NodeEnum::CopyStmt(c) if c.is_from => ("copy_in", Effect::CopyIn),
        NodeEnum::CopyStmt(_) => ("copy_to", Effect::CopyOut),
        NodeEnum::PrepareStmt(p) => ("prepare", Effect::Prepare { name: p.name.clone() }),
        NodeEnum::ExecuteStmt(e) => ("execute", Effect::Execute { name: e.name.clone() }),
        NodeEnum::DeclareCursorStmt(d) => {
            ("declare_cursor", Effect::DeclareCursor { name: d.portalname.clone(), hold: false })
        }
        NodeEnum::CallStmt(_) => ("call", Effect::CatalogChanged),
        NodeEnum::DoStmt(_) => ("do", Effect::CatalogChanged),
        // Anything else may have changed the catalog.
        _ => ("ddl", Effect::CatalogChanged),
    };
    Judged { kind, effect }
}

impl Judged {
    /// Whether it only moves the session: nothing in it depends on purpose or `search_path`.
    pub fn effect_only(&self) -> bool {
        matches!(
            self.kind,
            "begin"
                | "commit"
                | "rollback"
                | "savepoint"
                | "release"
                | "rollback_to"
                | "set"
                | "show"
                | "discard"
                | "deallocate"
                | "close"
                | "listen"
                | "unlisten"
                | "set_constraints"
                | "prepare_transaction"
        )
    }
}
