//! Statements of an unrestricted role: PostgreSQL's own rights decide. They are looked into for the record alone: which
//! tables and columns they touch, and whom they are about. What runs code that is not looked into says so: a function
//! reads what it likes, and leaves no name of it in the statement.

use std::collections::BTreeSet;

use pg_query::protobuf::{self as pb, ObjectType};
use pg_query::{Node, NodeEnum};
use serde::Serialize;

use super::define::{Place, range_var_of, stored_execute};
use super::readings::{Columns, Into, Reading, Way, Writing, readings, writings};
use super::relations::Named;
use super::scope::{self, Scope};
use super::statement::{Judged, declares, session_statement};
use super::writes::carried::{Change, carried};
use super::{Analyser, At, Occurrence, given, inner};
use crate::engine::catalog::{Column, Function, QualifiedName, Relation, words};
use crate::engine::cleared::{Effect, TouchedColumn, TouchedTable, Treatment, Usage, add_table};
use crate::engine::context::{Defined, Derived, Filled};
use crate::engine::names::is_numbered_temporary_schema;
use crate::engine::policy::{ColumnUse, protecting_ancestor};
use crate::engine::refusal::{self, Refusal};
use crate::engine::{allow, parse, tree};

/// What the record says of a statement that leaves as it is.
#[derive(Default)]
pub struct ForTheRecord {
    pub tables: Vec<TouchedTable>,
    /// Output columns that are a bare subject key, with the subject's kind.
    pub subject_columns: Vec<(u16, String)>,
    /// What is not looked into, by name.
    pub hidden: Vec<String>,
}

/// What a table's name means behind it, the catalog as it was last read does not say.
const DEFINED_MEANWHILE: &str = "what this transaction has defined";

/// Neither the catalog nor the session has it: it was made, or renamed, where nobody looked.
const UNKNOWN_RELATION: &str = "a relation that is not known";

/// Views that are followed down, one in the other.
const MOST_VIEWS: usize = 64;

impl<'e> Analyser<'e> {
    /// A statement of an unrestricted role; the session is followed all the same.
    pub fn unrestricted(&mut self, node: &mut Node) -> Result<Judged, Refusal> {
        if let NodeEnum::TransactionStmt(t) = inner(node)? {
            self.prepares_no_definition(t)?;
        }
        if let Some(session) = session_statement(inner(node)?) {
            return Ok(session);
        }
        // The record could not say what it reads, nor of the table what is in it.
        if let Some(execute) = stored_execute(inner(node)?) {
            return Err(refusal::stored_execute(&execute.name));
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
            let Judged { kind, effect } = self.unrestricted_select(s)?;
            return Ok(Judged { kind, effect: self.moves_aside(node, &effect).unwrap_or(effect) });
        }
        self.calls_set_config_only(node, 0)?;
        let introduced = self.introduced(node);
        self.defines.extend(introduced.into_iter().map(|name| (name, Defined::Doubtful)));
        let Judged { kind, effect } = raw_statement(inner(node)?, self);
        let aside = self.moves_aside(node, &effect);
        if aside.is_none() && effect == Effect::CodeRan {
            self.defines.push((QualifiedName::NONE, Defined::Unseen));
        }
        Ok(Judged { kind, effect: aside.unwrap_or(effect) })
    }

    /// What a statement does to the session's temporary relations: whoever reads one later reads what has come into it.
    fn moves_aside(&self, node: &Node, effect: &Effect) -> Option<Effect> {
        let into = |into: &pb::IntoClause| self.makes_aside(into.rel.as_ref()?, into.on_commit());
        match (node.node.as_ref()?, effect) {
            (NodeEnum::SelectStmt(s), _) if s.into_clause.is_some() => into(s.into_clause.as_ref()?),
            (NodeEnum::CreateTableAsStmt(c), _) => into(c.into.as_ref()?),
            (NodeEnum::ViewStmt(v), _) => self.makes_aside(v.view.as_ref()?, pb::OnCommitAction::OncommitNoop),
            (NodeEnum::CreateStmt(c), _) => self.makes_aside(c.relation.as_ref()?, c.oncommit()),
            (NodeEnum::DropStmt(d), _) => self.drops_aside(d),
            (NodeEnum::RenameStmt(r), _) => self.renames_aside(r),
            (NodeEnum::ExplainStmt(e), Effect::None) => self.moves_aside(e.query.as_deref()?, effect),
            (_, Effect::None) => {
                let filled = self.filled_aside(node)?;
                Some(aside(&filled, false))
            }
            _ => None,
        }
    }

    /// The temporary relation that a statement writes.
    fn filled_aside(&self, node: &Node) -> Option<String> {
        let temporary = |w: &Writing<'_>| matches!(self.resolve(w.relation), Ok(Named::Temporary(_)));
        writings(node).into_iter().find(temporary).map(|filled| filled.relation.relname.clone())
    }

    /// It holds what it held.
    fn renames_aside(&self, r: &pb::RenameStmt) -> Option<Effect> {
        let relations = [ObjectType::ObjectTable, ObjectType::ObjectView];
        let var = r.relation.as_ref().filter(|_| relations.contains(&r.rename_type()))?;
        let temporary = matches!(self.resolve(var), Ok(Named::Temporary(_)));
        let held = self.context.temporary.get(&var.relname).filter(|_| temporary)?;
        let made = Derived { shape: None, ..held.clone() };
        Some(Effect::CreateTemporary { name: r.newname.clone(), made, on_commit_drop: false })
    }

    fn makes_aside(&self, var: &pb::RangeVar, on_commit: pb::OnCommitAction) -> Option<Effect> {
        let temporary = matches!(self.place_of(var), Ok(Place::Temporary));
        temporary.then(|| aside(&var.relname, on_commit == pb::OnCommitAction::OncommitDrop))
    }

    fn drops_aside(&self, d: &pb::DropStmt) -> Option<Effect> {
        let tables = matches!(d.remove_type(), ObjectType::ObjectTable | ObjectType::ObjectView);
        let vars = d.objects.iter().filter(|_| tables).filter_map(|n| range_var_of(&mut n.clone()).ok());
        let temporary = vars.filter(|var| matches!(self.resolve(var), Ok(Named::Temporary(_))));
        let names: Vec<String> = temporary.map(|var| var.relname).collect();
        (!names.is_empty()).then_some(Effect::DropRelations(names))
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
        let mut named = self.named(node)?;
        let Some(source) = self.sources.first() else { return Ok(()) };
        let mut beside =
            Analyser::new(self.engine, &self.context, self.role, source.text.clone(), source.tokens.clone());
        // Whether it has any is PostgreSQL's to say.
        beside.takes_parameters = true;
        beside.parameters = self.parameters;
        beside.begin_statement(self.context.clone(), None, self.statement_start);
        let mut understood = true;
        for Reading { mut query, output, into } in readings(node) {
            let read = beside.select(&mut query, &Scope::EMPTY, At::OUTPUT);
            understood &= read.is_ok();
            let Ok(columns) = read else { continue };
            into.iter().for_each(|(relation, into)| beside.name_into(relation, into, &columns));
            if output {
                beside.output = columns;
            }
        }
        if self.context.defined.contains_key(&QualifiedName::NONE) && !named.relations.is_empty() {
            named.hidden.insert(DEFINED_MEANWHILE.to_owned());
        }
        if !understood && !named.tables.is_empty() {
            named.hidden.insert("which columns".to_owned());
        }
        let written = writings(node).into_iter().flat_map(|w| self.written(&w));
        for touched in beside.occurrences.iter().filter_map(|o| beside.touched(o)).chain(written) {
            add_table(&mut named.tables, touched);
        }
        beside.read_before.drain(..).for_each(|table| add_table(&mut named.tables, table));
        self.acts_at_once_where(named.sets || !named.hidden.is_empty());
        self.unlike_others |= !beside.subjects.is_empty() || !named.hidden.is_empty();
        let (tables, hidden) = (named.tables, named.hidden.into_iter().collect());
        self.for_the_record = ForTheRecord { tables, subject_columns: beside.subject_columns(), hidden };
        self.subjects = beside.subjects;
        Ok(())
    }

    /// Names whom a query's columns name that are stored in a relation's.
    fn name_into(&mut self, relation: &pb::RangeVar, into: &Into, columns: &scope::Columns) {
        let Ok(Named::Relation(relation)) = self.resolve(relation) else { return };
        let index = |name: &str| relation.columns.iter().position(|c| c.name == name).unwrap_or(usize::MAX);
        let filled: Vec<usize> = match into {
            Into::Named => columns.list().iter().map(|col| index(&col.name)).collect(),
            Into::Listed(names) if names.is_empty() => (0..relation.columns.len()).collect(),
            Into::Listed(names) => names.iter().map(|name| index(name)).collect(),
        };
        self.name_all_stored(relation, &filled, columns);
    }

    /// What a statement names: relations that the catalog knows, those behind its views, and code. Where code runs, also
    /// relations that any text in the statement names: it may be put together out of that.
    fn named(&self, node: &Node) -> Result<Names, Refusal> {
        let unfaithful = |e: tree::TreeError| refusal::not_faithful(&e.to_string());
        let catalog = &self.engine.catalog;
        let mut found = Names::default();
        let strings = found.of(node, self).map_err(unfaithful)?;
        if let Some(NodeEnum::ViewStmt(v)) = &node.node {
            found.queries.extend(v.view.iter().map(|made| made.relname.clone()));
        }
        let unknown = found.relations.iter().any(|name| !self.is_known(name, &found.queries));
        let another_sessions = strings.iter().any(|name| is_numbered_temporary_schema(name));
        if !readings(node).is_empty() && (unknown || another_sessions) {
            found.hidden.insert(UNKNOWN_RELATION.to_owned());
        }
        let mut views: Vec<&Relation> =
            catalog.relations().filter(|r| found.relations.contains(&r.name.name)).collect();
        let mut seen = BTreeSet::new();
        while let Some(relation) = views.pop().filter(|_| seen.len() < MOST_VIEWS) {
            let Some(definition) = relation.definition.as_ref().filter(|_| seen.insert(relation.oid)) else { continue };
            let Ok(parsed) = parse::parse(definition) else { continue };
            let known: BTreeSet<String> = found.relations.clone();
            found.of(&parsed.statements, self).map_err(unfaithful)?;
            views.extend(
                catalog.relations().filter(|r| found.relations.contains(&r.name.name) && !known.contains(&r.name.name)),
            );
        }
        found.hidden.extend(code(node).map(str::to_owned));
        if !found.hidden.is_empty() {
            let words: BTreeSet<String> = strings.iter().flat_map(|s| words(s)).collect();
            found.relations.extend(words);
        }
        let known = catalog.relations().filter(|r| found.relations.contains(&r.name.name));
        found.tables = known.map(|r| TouchedTable { table: r.name.to_string(), columns: Vec::new() }).collect();
        Ok(found)
    }

    /// Whether a relation's name is one that the record can follow.
    fn is_known(&self, name: &str, queries: &BTreeSet<String>) -> bool {
        queries.contains(name)
            || self.context.temporary.contains_key(name)
            || self.engine.catalog.relations_named(name).next().is_some()
            // It says so by itself ([`DEFINED_MEANWHILE`]).
            || self.context.defined.contains_key(&QualifiedName::NONE)
    }

    /// Functions that PostgreSQL brings along and that are known through and through, need no mention.
    fn hidden_function(&self, name: &[String]) -> Vec<String> {
        let (schema, base) = match name {
            [base] => (None, base),
            [.., schema, base] => (Some(schema), base),
            [] => return Vec::new(),
        };
        let others = self.engine.catalog.functions_named(base).filter(|f| schema.is_none_or(|s| f.name.schema == *s));
        let standard = |schema: &str| schema == "information_schema" && allow::is_information_schema_function(base);
        let own = others.filter(|f| !standard(&f.name.schema)).map(|f| format!("{}()", f.name));
        let mut hidden: Vec<String> = own.collect();
        let builtin = schema.is_none_or(|s| s == "pg_catalog") && allow::is_builtin_function(base);
        if builtin && !allow::is_known_through(base) {
            hidden.push(format!("pg_catalog.{base}()"));
        }
        // It may have been made a moment ago. What it is called may be anything that a client writes.
        if hidden.is_empty() && !builtin && !schema.is_some_and(|s| standard(s)) {
            hidden.push("a function that is not known".to_owned());
        }
        hidden
    }

    /// Puts on record that a function runs which the role lists, because nobody looks into it, and what is known to be read
    /// there.
    pub fn record_listed(&mut self, function: &Function) {
        if self.role.unrestricted || !self.role.functions.contains(&function.name) {
            return;
        }
        let name = format!("{}()", function.name);
        if !self.for_the_record.hidden.contains(&name) {
            self.for_the_record.hidden.push(name);
        }
        let read = function.depends_on.iter().filter_map(|oid| self.engine.catalog.relation(*oid));
        let told: Vec<&Relation> = read.filter(|relation| self.is_told_of(relation)).collect();
        for relation in told {
            let named = TouchedTable { table: relation.name.to_string(), columns: Vec::new() };
            add_table(&mut self.for_the_record.tables, named);
        }
    }

    fn hidden_operator(&self, name: &[String]) -> Vec<String> {
        let (schema, base) = match name {
            [base] => (None, base),
            [.., schema, base] => (Some(schema), base),
            [] => return Vec::new(),
        };
        let others = self.engine.catalog.operators_named(base);
        // An extension's operators compare and compute.
        let own = others.filter(|o| o.extension.is_none() && schema.is_none_or(|s| o.name.schema == *s));
        own.map(|o| format!("operator {}", o.name)).collect()
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

    /// The columns that are written, and what is written with them.
    fn written(&self, writing: &Writing<'_>) -> Vec<TouchedTable> {
        let Ok(Named::Relation(relation)) = self.resolve(writing.relation) else { return Vec::new() };
        let own = self.written_unread(relation, |column| match &writing.columns {
            Columns::All => !column.generated,
            Columns::Named(names) => names.contains(&column.name),
        });
        let change = |change| self.written_by_keys(&carried(&self.engine.catalog, relation.oid, change));
        let with = match (writing.way, &writing.columns) {
            (Way::Added, _) | (Way::Assigned, Columns::All) => Vec::new(),
            (Way::Assigned, Columns::Named(names)) => {
                names.iter().flat_map(|name| change(Change::Assigned(name.clone()))).collect()
            }
            (Way::Removed, _) => change(Change::Removed),
            (Way::Emptied { cascades }, _) => {
                let all = self.emptied(&[(relation, writing.relation.inh)], cascades);
                all.into_iter().filter(|r| self.is_told_of(r)).map(|r| self.written_unread(r, |_| true)).collect()
            }
        };
        [vec![own], with].concat()
    }

    /// What the record says of columns that are written and not read.
    pub fn written_unread(&self, relation: &Relation, meant: impl Fn(&Column) -> bool) -> TouchedTable {
        let (catalog, policy) = (&self.engine.catalog, &self.engine.policy);
        let table = protecting_ancestor(catalog, policy, relation.oid);
        let policy = table.and_then(|table| policy.tables.get(&table));
        let columns = relation.columns.iter().filter(|column| meant(column)).map(|column| TouchedColumn {
            name: column.name.clone(),
            category: category(policy.and_then(|p| p.columns.get(&column.name))),
            usage: Usage::Written,
            treatment: Treatment::Clear,
        });
        TouchedTable { table: relation.name.to_string(), columns: columns.collect() }
    }
}

/// What statements and views name.
#[derive(Default)]
struct Names {
    relations: BTreeSet<String>,
    tables: Vec<TouchedTable>,
    hidden: BTreeSet<String>,
    /// Names that the statement makes itself.
    queries: BTreeSet<String>,
    /// `setval`, which no ROLLBACK takes back.
    sets: bool,
}

impl Names {
    /// Adds what a tree names; returns the strings in it.
    fn of<T: Serialize>(&mut self, tree: &T, analyser: &Analyser<'_>) -> Result<BTreeSet<String>, tree::TreeError> {
        self.relations.extend(tree::relations(tree)?);
        let names = tree::names(tree)?;
        self.hidden.extend(names.calls.iter().flat_map(|name| analyser.hidden_function(name)));
        self.sets |= names.calls.iter().any(|name| name.last().is_some_and(|base| base == "setval"));
        let catalog = &analyser.engine.catalog;
        let called = names.calls.iter().filter_map(|name| name.last()).flat_map(|base| catalog.functions_named(base));
        let read = called.flat_map(|f| &f.depends_on).filter_map(|oid| catalog.relation(*oid));
        self.relations.extend(read.map(|r| r.name.name.clone()));
        self.queries.extend(names.queries);
        self.hidden.extend(names.operators.iter().flat_map(|name| analyser.hidden_operator(name)));
        Ok(names.strings)
    }
}

/// What a statement runs, or makes, that is code in another language than queries.
fn code(node: &Node) -> Option<&'static str> {
    match node.node.as_ref()? {
        NodeEnum::DoStmt(_) => Some("DO"),
        NodeEnum::CreateFunctionStmt(_) => Some("the function's body"),
        NodeEnum::CreateExtensionStmt(_) | NodeEnum::AlterExtensionStmt(_) => Some("the extension's script"),
        NodeEnum::LoadStmt(_) => Some("LOAD"),
        NodeEnum::CopyStmt(c) if c.is_program => Some("the program of COPY"),
        NodeEnum::CopyStmt(c) if !c.filename.is_empty() => Some("a file of the server"),
        _ => None,
    }
}

fn category(used: Option<&ColumnUse>) -> Option<String> {
    match used? {
        ColumnUse::Open => None,
        ColumnUse::Category(name) => Some(name.clone()),
    }
}

/// A temporary relation takes something in: what the statement reads, which is added when that is known (`clear`).
fn aside(name: &str, on_commit_drop: bool) -> Effect {
    Effect::CreateTemporary { name: name.to_owned(), made: Derived::default(), on_commit_drop }
}

/// Kind and effect of a statement that is not looked into.
fn raw_statement(node: &NodeEnum, a: &Analyser<'_>) -> Judged {
    let (kind, effect) = match node {
        NodeEnum::InsertStmt(_) => ("insert", Effect::None),
        NodeEnum::UpdateStmt(_) => ("update", Effect::None),
        NodeEnum::DeleteStmt(_) => ("delete", Effect::None),
        NodeEnum::MergeStmt(_) => ("merge", Effect::None),
        NodeEnum::ExplainStmt(e) => match e.query.as_ref().and_then(|q| q.node.as_ref()) {
            Some(NodeEnum::ExecuteStmt(e)) => {
                let (name, arguments) = (e.name.clone(), given::arguments(&e.params, a));
                ("explain", Effect::ExplainExecute { name, arguments, as_protected: true })
            }
            _ => ("explain", Effect::None),
        },
        NodeEnum::TruncateStmt(_) => ("truncate", Effect::None),
        NodeEnum::LockStmt(_) => ("lock", Effect::None),
        NodeEnum::ListenStmt(_) => ("listen", Effect::None),
        NodeEnum::UnlistenStmt(_) => ("unlisten", Effect::None),
        NodeEnum::NotifyStmt(_) => ("notify", Effect::None),
        NodeEnum::ConstraintsSetStmt(_) => ("set_constraints", Effect::None),
        NodeEnum::CopyStmt(c) if c.is_from => ("copy_in", Effect::CopyIn),
        NodeEnum::CopyStmt(_) => ("copy_to", Effect::CopyOut),
        NodeEnum::PrepareStmt(p) => {
            let filled = p.query.as_deref().and_then(|query| a.filled_aside(query));
            let fills = filled.map(|relation| Filled { relation, made: Derived::default() });
            ("prepare", Effect::Prepare { name: p.name.clone(), fills })
        }
        NodeEnum::ExecuteStmt(e) => {
            ("execute", Effect::Execute { name: e.name.clone(), arguments: given::arguments(&e.params, a) })
        }
        NodeEnum::DeclareCursorStmt(d) => ("declare_cursor", declares(d)),
        NodeEnum::CallStmt(_) => ("call", Effect::CodeRan),
        NodeEnum::DoStmt(_) => ("do", Effect::CodeRan),
        // Anything else may have changed the catalog, and temporary tables.
        _ => ("ddl", Effect::CodeRan),
    };
    Judged { kind, effect }
}
