//! Statements: which kinds there are, what each needs, and what the session must do when it has completed.

use pg_query::protobuf::{self as pb, TransactionStmtKind as T};
use pg_query::{Node, NodeEnum};

use super::relations::Protection;
use super::scope::{Columns, Scope};
use super::set_config::is_plain_call_list;
use super::{Aim, Analyser, At, Occurrence, given, inner, kind_of};
use crate::engine::cleared::Effect;
use crate::engine::context::ParameterTypes;
use crate::engine::policy::Right;
use crate::engine::refusal::{self, Refusal};
use crate::engine::rewrite::guard;

/// A statement's kind and effect.
#[derive(Debug, Clone)]
pub struct Judged {
    pub kind: &'static str,
    pub effect: Effect,
}

/// PostgreSQL, nodes/parsenodes.h.
const CURSOR_OPT_BINARY: i32 = 0x0001;
const CURSOR_OPT_HOLD: i32 = 0x0020;

fn judged(kind: &'static str, effect: Effect) -> Result<Judged, Refusal> {
    Ok(Judged { kind, effect })
}

impl<'e> Analyser<'e> {
    /// Judges one top-level statement.
    pub fn statement(&mut self, node: &mut Node) -> Result<Judged, Refusal> {
        if session_statement(inner(node)?).is_none() && !matches!(inner(node)?, NodeEnum::VariableSetStmt(_)) {
            self.casts_anywhere()?;
        }
        let judged = self.kind_of_statement(node).map_err(|r| self.or_undefined_column(r))?;
        self.misses_nothing()?;
        self.settle_outward()?;
        self.may_read()?;
        self.tells_of_no_lockers()?;
        self.with_taint(judged)
    }

    /// What operators and functions mean beside a column that is not there, is not known: that it is not there says more.
    fn or_undefined_column(&self, refusal: Refusal) -> Refusal {
        match refusal.rule {
            refusal::OPERATOR_NOT_ALLOWED | refusal::FUNCTION_NOT_ALLOWED => self.undefined_column().unwrap_or(refusal),
            _ => refusal,
        }
    }

    /// What a reference means that finds nothing here, PostgreSQL may say of a statement that touches nothing protected.
    fn misses_nothing(&mut self) -> Result<(), Refusal> {
        let touches = self.occurrences.len() > self.first_occurrence || self.reads_derived || self.writes_protected;
        self.missing.take().filter(|_| touches).map_or(Ok(()), Err)
    }

    /// Reading takes a right of its own, in writes too; recording choices is enough for what that reads.
    fn may_read(&self) -> Result<(), Refusal> {
        let reads = |o: &Occurrence| match o.target {
            None => o.protected_by.is_some(),
            Some(Aim::Rows | Aim::Added | Aim::Emptied) => o.uses.iter().any(|u| u.shown || u.compared),
            Some(Aim::Consent) => false,
        };
        let own = self.occurrences.get(self.first_occurrence..).unwrap_or_default();
        match (self.reads_derived || own.iter().any(reads)) && !self.role.may(Right::Read) {
            true => Err(refusal::right_missing("read", "reading a protected table")),
            false => Ok(()),
        }
    }

    fn kind_of_statement(&mut self, node: &mut Node) -> Result<Judged, Refusal> {
        match inner(node)? {
            NodeEnum::SelectStmt(s) if s.into_clause.is_some() => self.select_into(s),
            NodeEnum::SelectStmt(s) => self.top_select(s),
            NodeEnum::InsertStmt(_) | NodeEnum::UpdateStmt(_) | NodeEnum::DeleteStmt(_) | NodeEnum::MergeStmt(_) => {
                self.top_write(node)
            }
            NodeEnum::CopyStmt(c) => self.copy(c),
            NodeEnum::TruncateStmt(t) => self.truncate(t),
            NodeEnum::PrepareStmt(p) => self.prepare(p),
            NodeEnum::ExecuteStmt(e) => {
                let arguments = given::arguments(&e.params, self);
                self.exprs(&mut e.params, &Scope::EMPTY, At::OPERAND)?;
                judged("execute", Effect::Execute { name: e.name.clone(), arguments })
            }
            NodeEnum::DeclareCursorStmt(d) => self.declare_cursor(d),
            NodeEnum::ExplainStmt(e) => self.explain(e),
            NodeEnum::CreateTableAsStmt(c) => self.create_table_as(c),
            NodeEnum::TransactionStmt(t) => {
                self.prepares_no_definition(t)?;
                if matches!(t.kind(), T::TransStmtPrepare | T::TransStmtCommitPrepared | T::TransStmtRollbackPrepared) {
                    self.two_phase(t)?;
                }
                transaction(t).ok_or_else(|| refusal::not_supported("this statement", "it is not known"))
            }
            other => match session_statement(other) {
                Some(session) => Ok(session),
                None => self.other_statement(node),
            },
        }
    }

    fn other_statement(&mut self, node: &mut Node) -> Result<Judged, Refusal> {
        match inner(node)? {
            NodeEnum::VariableSetStmt(s) => self.set(s),
            NodeEnum::VariableShowStmt(s) => {
                if let Some(own) = self.purpose_of_its_own().filter(|_| super::set_config::is_purpose(&s.name)) {
                    return Err(refusal::show_beside_comment(own));
                }
                judged("show", Effect::None)
            }
            NodeEnum::LockStmt(l) => self.lock(l),
            NodeEnum::ConstraintsSetStmt(_) => judged("set_constraints", Effect::None),
            NodeEnum::ListenStmt(_) => judged("listen", Effect::None),
            NodeEnum::UnlistenStmt(_) => judged("unlisten", Effect::None),
            NodeEnum::NotifyStmt(_) => judged("notify", Effect::None),
            _ => {
                self.defining = true;
                let judged = self.definition(node);
                self.defining = false;
                judged
            }
        }
    }

    fn top_select(&mut self, s: &mut pb::SelectStmt) -> Result<Judged, Refusal> {
        self.set_config_allowed = is_plain_call_list(s);
        self.free_calls = if self.set_config_allowed { Vec::new() } else { self.free_setting_calls(s)? };
        let sets = self.set_config_allowed || !self.free_calls.is_empty();
        let result = self.select(s, &Scope::EMPTY, At::OUTPUT);
        self.set_config_allowed = false;
        self.free_calls.clear();
        self.output = result?;
        let calls = std::mem::take(&mut self.set_config);
        self.judge_calls(&calls)?;
        judged("select", if sets { Effect::SetConfig(calls) } else { Effect::None })
    }

    fn prepare(&mut self, p: &mut pb::PrepareStmt) -> Result<Judged, Refusal> {
        let mut types = Vec::new();
        for ty in &mut p.argtypes {
            if let NodeEnum::TypeName(ty) = inner(ty)? {
                self.type_name(ty)?;
                types.push(self.declared_type(ty));
            }
        }
        self.parameters = ParameterTypes::of(types.into_iter());
        self.takes_parameters = true;
        let query = p.query.as_mut().ok_or_else(|| refusal::not_supported("PREPARE", "it prepares nothing"))?;
        match inner(query)? {
            NodeEnum::SelectStmt(s) if s.into_clause.is_none() => {
                self.output = self.select(s, &Scope::EMPTY, At::OUTPUT)?;
            }
            NodeEnum::InsertStmt(_) | NodeEnum::UpdateStmt(_) | NodeEnum::DeleteStmt(_) | NodeEnum::MergeStmt(_) => {
                self.top_write(query)?;
            }
            other => {
                return Err(refusal::not_supported(
                    &format!("PREPARE of {}", kind_of(other)),
                    "only queries and writes are prepared",
                ));
            }
        }
        judged("prepare", Effect::Prepare { name: p.name.clone(), fills: None })
    }

    fn declare_cursor(&mut self, d: &mut pb::DeclareCursorStmt) -> Result<Judged, Refusal> {
        let hold = d.options & CURSOR_OPT_HOLD != 0;
        let query = d.query.as_mut().ok_or_else(|| refusal::not_supported("DECLARE", "its query is empty"))?;
        let NodeEnum::SelectStmt(s) = inner(query)? else {
            return Err(refusal::not_supported("this cursor", "only a query can have a cursor"));
        };
        let level = self.levels.len();
        self.output = self.select(s, &Scope::EMPTY, At::OUTPUT)?;
        self.read_in_pieces(level);
        self.keys_count_as_conditions();
        if hold && self.reads_protected() && !self.role.unrestricted {
            let why = "a held result would outlive the consent that it was read under";
            return Err(refusal::not_supported("a cursor WITH HOLD over protected tables", why));
        }
        judged("declare_cursor", declares(d))
    }

    /// The plan of a statement on protected tables: without anything that tells how much is stored.
    fn explain(&mut self, e: &mut pb::ExplainStmt) -> Result<Judged, Refusal> {
        self.explaining = true;
        let query = e.query.as_mut().ok_or_else(|| refusal::not_supported("EXPLAIN", "it explains nothing"))?;
        match inner(query)? {
            NodeEnum::SelectStmt(s) if s.into_clause.is_none() => {
                self.select(s, &Scope::EMPTY, At::OUTPUT)?;
            }
            NodeEnum::InsertStmt(_) | NodeEnum::UpdateStmt(_) | NodeEnum::DeleteStmt(_) | NodeEnum::MergeStmt(_) => {
                self.top_write(query)?;
            }
            NodeEnum::ExecuteStmt(execute) => {
                let arguments = given::arguments(&execute.params, self);
                self.exprs(&mut execute.params, &Scope::EMPTY, At::OPERAND)?;
                let (name, as_protected) = (execute.name.clone(), self.context.explains_protected);
                if as_protected {
                    self.explain_protected(e)?;
                }
                return judged("explain", Effect::ExplainExecute { name, arguments, as_protected });
            }
            other => {
                let why = "only queries and writes are explained; explain the statement itself instead";
                return Err(refusal::not_supported(&format!("EXPLAIN of {}", kind_of(other)), why));
            }
        }
        // Its rows are a plan, not those of the query.
        self.output = Columns::known(Vec::new());
        // What a write of an open table changes in protected ones is counted too.
        if self.reads_protected() || self.writes_protected {
            self.explain_protected(e)?;
        }
        judged("explain", Effect::None)
    }

    fn explain_protected(&mut self, e: &mut pb::ExplainStmt) -> Result<(), Refusal> {
        if !self.role.may(Right::Explain) {
            return Err(refusal::right_missing("explain", "EXPLAIN on a protected table"));
        }
        let mut costs_off = false;
        for option in &mut e.options {
            let NodeEnum::DefElem(option) = inner(option)? else {
                return Err(refusal::not_supported("EXPLAIN", "its options are not known"));
            };
            let on = is_on(option.arg.as_deref());
            match option.defname.as_str() {
                "format" => {}
                "costs" if !on => costs_off = true,
                "analyze" | "verbose" | "buffers" | "wal" | "settings" | "timing" | "summary" | "memory" if !on => {}
                other => {
                    let what = format!("EXPLAIN with {} on a protected table", other.to_uppercase());
                    return Err(refusal::not_supported(&what, "it would tell of hidden rows; plain plans are allowed"));
                }
            }
        }
        if !costs_off {
            self.explain_without_costs(e)?;
        }
        Ok(())
    }

    /// Puts `COSTS OFF` among the options, in text and tree.
    fn explain_without_costs(&mut self, e: &mut pb::ExplainStmt) -> Result<(), Refusal> {
        use pg_query::protobuf::Token;
        let lost = || refusal::not_faithful("EXPLAIN was not found in the text");
        let tokens = self.tokens();
        let first = self.statement_start;
        let explain = tokens.list.iter().position(|t| t.start >= first && t.kind == Token::Explain).ok_or_else(lost)?;
        let at = tokens.list.get(explain).ok_or_else(lost)?.end;
        let node = Node {
            node: Some(NodeEnum::DefElem(Box::new(pb::DefElem {
                defname: "costs".to_owned(),
                arg: Some(Box::new(super::string_node("off"))),
                defaction: pb::DefElemAction::DefelemUnspec as i32,
                ..Default::default()
            }))),
        };
        match tokens.list.get(explain + 1) {
            Some(open) if open.kind == Token::Ascii40 => {
                let at = open.end;
                self.edit(at, at, super::Replacement::Text("COSTS off, ".to_owned()));
            }
            // The old spelling `EXPLAIN VERBOSE …` was refused above.
            _ => self.edit(at, at, super::Replacement::Text(" (COSTS off)".to_owned())),
        }
        e.options.insert(0, node);
        self.must_rewrite = true;
        Ok(())
    }

    fn lock(&mut self, l: &mut pb::LockStmt) -> Result<Judged, Refusal> {
        // ROW SHARE (2) and weaker stop nobody from writing (PostgreSQL, storage/lockdefs.h).
        if l.mode > 2 && !self.role.may(Right::Update) {
            return Err(refusal::right_missing("update", "LOCK TABLE"));
        }
        for node in &mut l.relations {
            let NodeEnum::RangeVar(var) = inner(node)? else {
                return Err(refusal::not_supported("LOCK", "it locks something that is no table"));
            };
            if let super::relations::Named::Relation(relation) = self.resolve_pinned(var)? {
                let protection = self.protection(relation, !var.inh);
                let named = protection.and_then(|protection| match protection {
                    // Whoever writes a row locks its partition.
                    Protection::Protected(table) => guard::may_be_named(self, relation, table),
                    Protection::Open | Protection::View | Protection::Nulled(_) => Ok(()),
                });
                named.map_err(|r| r.at(var.location))?;
                self.qualify(var, relation);
            }
        }
        judged("lock", Effect::None)
    }

    /// Whether anything read so far in this statement is protected.
    pub fn reads_protected(&self) -> bool {
        self.reads_derived || self.occurrences[self.first_occurrence..].iter().any(|o| o.protected_by.is_some())
    }
}

/// Transactions, cursors, prepared statements: nothing to judge, something to follow.
pub fn session_statement(node: &NodeEnum) -> Option<Judged> {
    let (kind, effect) = match node {
        NodeEnum::TransactionStmt(t) => return transaction(t),
        NodeEnum::DiscardStmt(d) => match d.target() {
            pb::DiscardMode::DiscardAll => ("discard", Effect::DiscardAll),
            pb::DiscardMode::DiscardPlans => ("discard", Effect::DiscardPlans),
            pb::DiscardMode::DiscardTemp => ("discard", Effect::DiscardTemp),
            pb::DiscardMode::DiscardSequences => ("discard", Effect::None),
            pb::DiscardMode::Undefined => return None,
        },
        NodeEnum::DeallocateStmt(d) => {
            ("deallocate", Effect::Deallocate((!d.isall && !d.name.is_empty()).then(|| d.name.clone())))
        }
        NodeEnum::FetchStmt(f) => {
            (if f.ismove { "move" } else { "fetch" }, Effect::Fetch { name: f.portalname.clone() })
        }
        NodeEnum::ClosePortalStmt(c) => {
            ("close", Effect::CloseCursor((!c.portalname.is_empty()).then(|| c.portalname.clone())))
        }
        _ => return None,
    };
    Some(Judged { kind, effect })
}

/// What DECLARE does to the session.
pub fn declares(d: &pb::DeclareCursorStmt) -> Effect {
    let has = |option: i32| d.options & option != 0;
    let name = d.portalname.clone();
    Effect::DeclareCursor { name, hold: has(CURSOR_OPT_HOLD), binary: has(CURSOR_OPT_BINARY) }
}

fn transaction(t: &pb::TransactionStmt) -> Option<Judged> {
    let name = || t.savepoint_name.clone();
    let (kind, effect) = match t.kind() {
        T::TransStmtBegin | T::TransStmtStart => ("begin", Effect::Begin),
        T::TransStmtCommit => ("commit", Effect::Commit { chain: t.chain }),
        T::TransStmtRollback => ("rollback", Effect::Rollback { chain: t.chain }),
        T::TransStmtSavepoint => ("savepoint", Effect::Savepoint(name())),
        T::TransStmtRelease => ("release", Effect::Release(name())),
        T::TransStmtRollbackTo => ("rollback_to", Effect::RollbackTo(name())),
        T::TransStmtPrepare => ("prepare_transaction", Effect::PrepareTransaction),
        // What was prepared may have been anything.
        T::TransStmtCommitPrepared => ("commit_prepared", Effect::CatalogChanged),
        T::TransStmtRollbackPrepared => ("rollback_prepared", Effect::None),
        T::Undefined => return None,
    };
    Some(Judged { kind, effect })
}

/// An option's boolean as `defGetBoolean` reads it; no argument means on.
fn is_on(arg: Option<&Node>) -> bool {
    match arg.and_then(|n| n.node.as_ref()) {
        Some(NodeEnum::String(s)) => !matches!(s.sval.to_ascii_lowercase().as_str(), "off" | "false" | "0"),
        Some(NodeEnum::Integer(i)) => i.ival != 0,
        Some(NodeEnum::Boolean(b)) => b.boolval,
        _ => true,
    }
}
