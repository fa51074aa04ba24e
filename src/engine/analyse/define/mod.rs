//! Definitions: results that are stored (`derive`), and DDL by role right. Whatever is not named here is refused.

mod alter;
mod cascade;
mod copied;
mod derive;
mod index;
mod names;
mod refresh;
mod schema;
mod shape;
mod table;

use pg_query::protobuf::{self as pb, ObjectType};
use pg_query::{Node, NodeEnum};

pub use names::Place;

use super::reach::Given;
use super::relations::{Named, Protection};
use super::scope::Scope;
use super::statement::Judged;
use super::{Analyser, At, inner, kind_of, names};
use crate::engine::allow::builtin_type;
use crate::engine::catalog::{Relation, RelationKind};
use crate::engine::cleared::Effect;
use crate::engine::context::{Defined, Derived};
use crate::engine::policy::Right;
use crate::engine::refusal::{self, Refusal};
pub use derive::stored_execute;

/// Why a relation's rows may not be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closed {
    Protected,
    /// The policy does not name it.
    Unlisted,
}

fn ddl() -> Result<Judged, Refusal> {
    Ok(Judged { kind: "ddl", effect: Effect::CatalogChanged })
}

impl<'e> Analyser<'e> {
    /// Any other statement: known definitions by right, the rest refused.
    pub fn definition(&mut self, node: &mut Node) -> Result<Judged, Refusal> {
        match inner(node)? {
            NodeEnum::CreateStmt(c) => self.create_table(c),
            NodeEnum::ViewStmt(v) => self.create_view(v),
            NodeEnum::IndexStmt(i) => self.create_index(i),
            NodeEnum::DropStmt(d) => self.drop_objects(d),
            NodeEnum::AlterTableStmt(a) => self.alter_table(a),
            NodeEnum::RenameStmt(r) => self.rename(r),
            NodeEnum::RefreshMatViewStmt(r) => self.refresh(r),
            NodeEnum::CallStmt(c) => self.call(c),
            NodeEnum::CommentStmt(_) => self.needs_ddl("COMMENT").and_then(|()| ddl()),
            NodeEnum::CreateSchemaStmt(s) if s.schema_elts.is_empty() => {
                self.needs_ddl("CREATE SCHEMA")?;
                self.defines_schema(s)?;
                ddl()
            }
            NodeEnum::CreateSeqStmt(s) => self.create_sequence(s),
            NodeEnum::AlterSeqStmt(s) => {
                self.needs_ddl("ALTER SEQUENCE")?;
                let relation = self.unprotected_pinned(s.sequence.as_mut(), "ALTER SEQUENCE")?;
                match relation.map(|r| Ok((r, self.closed(r)?))).transpose()? {
                    Some((relation, Some(_))) if !cascade::compares_nothing(s) => {
                        let what = "ALTER SEQUENCE of limits without RESTART";
                        Err(refusal::definition_protected(what, &relation.name.to_string()))
                    }
                    _ => ddl(),
                }
            }
            NodeEnum::AlterEnumStmt(a) => {
                self.needs_ddl("a type definition")?;
                self.may_alter_enum(a)?;
                ddl()
            }
            NodeEnum::CreateEnumStmt(e) => {
                self.needs_ddl("a type definition")?;
                self.defines_type_named(&e.type_name)?;
                ddl()
            }
            NodeEnum::CompositeTypeStmt(c) => self.create_composite(c),
            NodeEnum::CreateDomainStmt(d) => {
                self.needs_ddl("CREATE DOMAIN")?;
                d.type_name.as_ref().map_or(Ok(()), |ty| self.type_name(ty))?;
                self.constraints(&mut d.constraints, &Scope::EMPTY)?;
                self.defines_type_named(&d.domainname)?;
                ddl()
            }
            NodeEnum::VacuumStmt(v) => {
                self.needs_ddl("VACUUM and ANALYZE")?;
                // VERBOSE counts rows, hidden ones too; without names it is every table.
                let open = match v.rels.as_slice() {
                    [] => self.closes_nothing(),
                    rels => rels.iter().all(|rel| self.vacuums_open(rel)),
                };
                self.writes_protected = !open;
                Ok(Judged { kind: "vacuum", effect: Effect::None })
            }
            other => {
                let kind = kind_of(other);
                Err(refusal::not_supported(&kind, "it is not one of the statements that the proxy passes"))
            }
        }
    }

    /// Whether a relation of VACUUM, with its children, is open, or not there: PostgreSQL knows what to say then.
    fn vacuums_open(&self, rel: &Node) -> bool {
        let Some(NodeEnum::VacuumRelation(rel)) = &rel.node else { return false };
        match rel.relation.as_ref().map(|var| self.resolve(var)) {
            Some(Ok(Named::Relation(r))) => {
                [true, false].into_iter().all(|only| matches!(self.protection(r, only), Ok(Protection::Open)))
            }
            Some(Ok(Named::Temporary(_) | Named::Created(_))) => true,
            Some(Err(r)) => r.rule == "undefined-table",
            None => false,
        }
    }

    fn create_sequence(&mut self, s: &mut pb::CreateSeqStmt) -> Result<Judged, Refusal> {
        self.needs_ddl("CREATE SEQUENCE")?;
        let var = s.sequence.as_mut().ok_or_else(|| refusal::not_supported("CREATE SEQUENCE", "it has no name"))?;
        match self.makes(var)? {
            Place::Temporary => {
                let effect = self.creates_temporary(&var.relname, Derived::default(), false, s.if_not_exists)?;
                return Ok(Judged { kind: "ddl", effect });
            }
            Place::Schema(schema) => self.defines_new(&schema, &var.relname, Defined::New),
            Place::Nowhere => {}
        }
        ddl()
    }

    fn defines_type_named(&mut self, name: &[Node]) -> Result<(), Refusal> {
        match names(name)[..] {
            [name] => self.defines_type("", name),
            [.., schema, name] => self.defines_type(schema, name),
            [] => Ok(()),
        }
    }

    /// A type of several values: it runs what checks those.
    fn create_composite(&mut self, c: &mut pb::CompositeTypeStmt) -> Result<Judged, Refusal> {
        self.needs_ddl("a type definition")?;
        for node in &mut c.coldeflist {
            let NodeEnum::ColumnDef(column) = inner(node)? else {
                return Err(refusal::not_supported("CREATE TYPE", "a column is expected"));
            };
            column.type_name.as_ref().map_or(Ok(()), |ty| self.type_name(ty))?;
        }
        if let Some(var) = &c.typevar {
            self.defines_type(&var.schemaname, &var.relname)?;
        }
        ddl()
    }

    fn needs_ddl(&self, what: &str) -> Result<(), Refusal> {
        if self.role.may(Right::Ddl) { Ok(()) } else { Err(refusal::right_missing("ddl", what)) }
    }

    /// Whether a relation's rows are closed to everybody, so that a definition must not run over them.
    fn closed(&self, relation: &Relation) -> Result<Option<Closed>, Refusal> {
        if relation.kind == RelationKind::Sequence && self.serves_protected(relation) {
            return Ok(Some(Closed::Protected));
        }
        match self.protection(relation, true) {
            Ok(Protection::Open | Protection::View) => Ok(None),
            Ok(Protection::Protected(_) | Protection::Nulled(_)) => Ok(Some(Closed::Protected)),
            Err(r) if r.rule == "table-not-listed" => Ok(Some(Closed::Unlisted)),
            Err(r) => Err(r),
        }
    }

    /// A definition that reaches the children of an open table must not run over the rows of a protected one.
    fn no_protected_child(&self, relation: &Relation) -> Result<(), Refusal> {
        match self.protection(relation, false) {
            Err(r) if r.rule == "reads-protected-child" => Err(r),
            _ => Ok(()),
        }
    }

    /// The relation of a definition, which must not be protected; `None` for a temporary or a new one.
    fn unprotected(&self, var: Option<&pb::RangeVar>, what: &str) -> Result<Option<&'e Relation>, Refusal> {
        let Some(var) = var else { return Ok(None) };
        self.no_protected_index(var, what)?;
        let relation = match self.resolve(var) {
            Ok(Named::Relation(relation)) => relation,
            Ok(Named::Temporary(_) | Named::Created(_)) => return Ok(None),
            // It does not exist (IF EXISTS …), or is an index: PostgreSQL knows what to say.
            Err(r) if r.rule == "undefined-table" => return Ok(None),
            Err(r) => return Err(r),
        };
        match self.closed(relation).map_err(|r| r.at(var.location))? {
            Some(Closed::Protected) => Err(refusal::definition_protected(what, &relation.name.to_string())),
            // What the policy does not name may be defined and dropped, not read.
            Some(Closed::Unlisted) | None => Ok(Some(relation)),
        }
    }

    /// [`Analyser::unprotected`], by a name that may not come to mean another relation.
    fn unprotected_pinned(
        &mut self,
        var: Option<&mut pb::RangeVar>,
        what: &str,
    ) -> Result<Option<&'e Relation>, Refusal> {
        let relation = self.unprotected(var.as_deref(), what)?;
        if let Some((var, relation)) = var.zip(relation) {
            self.pin(var, relation);
        }
        Ok(relation)
    }

    /// What the policy names by itself may not be moved or renamed: its rules would follow the name, or lose it.
    fn not_named_by_policy(&self, relation: Option<&Relation>, what: &str) -> Result<(), Refusal> {
        let Some(relation) = relation else { return Ok(()) };
        let policy = &self.engine.policy;
        let by_schema = policy.open_schemas.contains(&relation.name.schema);
        let named = policy.open.contains(&relation.oid) && !by_schema;
        let role = policy
            .subjects
            .values()
            .any(|s| s.table == relation.oid || s.consent.as_ref().is_some_and(|c| c.table == relation.oid));
        if named || role { Err(refusal::definition_protected(what, &relation.name.to_string())) } else { Ok(()) }
    }

    fn drop_objects(&mut self, d: &mut pb::DropStmt) -> Result<Judged, Refusal> {
        let mut dropped = Vec::new();
        let mut temporary_only = true;
        // Nothing depends on what is not there (IF EXISTS), so CASCADE takes nothing along.
        let mut gone = Vec::new();
        match d.remove_type() {
            ObjectType::ObjectTable
            | ObjectType::ObjectView
            | ObjectType::ObjectMatview
            | ObjectType::ObjectSequence
            | ObjectType::ObjectIndex => {
                let starts = self.dropped_names(d.objects.len())?;
                let cascades = d.behavior() == pb::DropBehavior::DropCascade;
                let forgives = d.missing_ok && !self.role.may(Right::Ddl);
                for (object, start) in d.objects.iter_mut().zip(starts) {
                    let mut var = range_var_of(object)?;
                    var.location = i32::try_from(start).unwrap_or(-1);
                    let relation = self.unprotected(Some(&var), "DROP")?;
                    self.not_named_by_policy(relation, "DROP")?;
                    if cascades {
                        let known = relation.or_else(|| self.changed_relation(&var));
                        known.map_or(Ok(()), |r| self.may_cascade_from(r, "DROP … CASCADE"))?;
                        gone.extend(known.into_iter().flat_map(|r| self.gone_with(r)));
                        self.indexed(&var)
                            .map_or(Ok(()), |table| self.may_cascade_from_keys(table, "DROP … CASCADE"))?;
                    }
                    self.defines_dropped(&var);
                    let unqualified = var.schemaname.is_empty();
                    let temporary = match self.resolve(&var) {
                        Ok(Named::Temporary(_)) => self.resolve_pinned(&mut var).is_ok(),
                        _ => false,
                    };
                    if temporary {
                        dropped.push(var.relname.clone());
                    } else if forgives && self.drops_nothing(&var, object)? {
                        continue;
                    }
                    temporary_only &= temporary;
                    if let Some(relation) = relation {
                        self.pin(&mut var, relation);
                    }
                    if let (true, false, Some(NodeEnum::List(list))) =
                        (unqualified, var.schemaname.is_empty(), &mut object.node)
                    {
                        list.items.insert(0, super::string_node(&var.schemaname));
                    }
                }
            }
            ObjectType::ObjectSchema => {
                temporary_only = false;
                self.drop_schemas(d)?;
            }
            ObjectType::ObjectType | ObjectType::ObjectDomain if d.behavior() != pb::DropBehavior::DropCascade => {
                temporary_only = false
            }
            _ => {
                return Err(refusal::not_supported(
                    "this DROP",
                    "only tables, views, sequences, indexes, schemas and unused types are dropped",
                ));
            }
        }
        if !temporary_only {
            self.needs_ddl("DROP")?;
        }
        self.doubt_views(gone.into_iter());
        Ok(Judged { kind: "ddl", effect: Effect::DropRelations(dropped) })
    }

    /// Where each name of `DROP … [IF EXISTS] a, b.c, …` begins in the text.
    fn dropped_names(&self, count: usize) -> Result<Vec<usize>, Refusal> {
        use pg_query::protobuf::Token as T;
        let lost = || refusal::not_faithful("a name was not found in the text");
        let tokens = &self.tokens().list;
        let drop = tokens.iter().position(|t| t.start >= self.statement_start && t.kind == T::Drop).ok_or_else(lost)?;
        let words = |t: T| {
            matches!(
                t,
                T::Table | T::View | T::Materialized | T::Sequence | T::Index | T::Concurrently | T::IfP | T::Exists
            )
        };
        let mut at = drop + 1;
        while tokens.get(at).is_some_and(|t| words(t.kind)) {
            at += 1;
        }
        let mut starts = Vec::with_capacity(count);
        while starts.len() < count {
            starts.push(tokens.get(at).ok_or_else(lost)?.start);
            while tokens.get(at).is_some_and(|t| t.kind != T::Ascii44) {
                at += 1;
            }
            at += 1;
        }
        Ok(starts)
    }

    /// A temporary relation comes to be; one that is there already keeps the purpose it carries, and with IF NOT EXISTS the
    /// columns it has.
    fn creates_temporary(
        &self,
        name: &str,
        made: Derived,
        on_commit_drop: bool,
        unless_there: bool,
    ) -> Result<Effect, Refusal> {
        // PostgreSQL would take its rows' type for the one that the name means, in this session's statements and in views.
        if builtin_type(name).is_some() || self.engine.catalog.types_named(name).next().is_some() {
            let what = format!("a temporary relation of the name \"{name}\"");
            return Err(refusal::not_supported(&what, "it is a type's: take another name"));
        }
        let known = self.context.temporary.get(name);
        let mut made = match known.filter(|known| known.purpose.is_some()) {
            Some(known) => Derived { purpose: known.purpose.clone(), policy: known.policy.clone(), ..made },
            None => made,
        };
        // Which of the two it is then, is not known before PostgreSQL has answered.
        if unless_there && known.is_some_and(|known| known.shape != made.shape) {
            made.shape = None;
        }
        Ok(Effect::CreateTemporary { name: name.to_owned(), made, on_commit_drop })
    }

    fn call(&mut self, c: &mut pb::CallStmt) -> Result<Judged, Refusal> {
        if !self.role.may(Right::Call) {
            return Err(refusal::right_missing("call", "CALL"));
        }
        let call = c.funccall.as_mut().ok_or_else(|| refusal::not_supported("CALL", "it calls nothing"))?;
        let name: Vec<String> = names(&call.funcname).into_iter().map(str::to_owned).collect();
        let name: Vec<&str> = name.iter().map(String::as_str).collect();
        self.function(&name, call.args.len(), Given::Nothing).map_err(|r| r.at(call.location))?;
        self.exprs(&mut call.args, &Scope::EMPTY, At::OPERAND)?;
        Ok(Judged { kind: "call", effect: Effect::CodeRan })
    }
}

/// The name in a DROP list as a range variable.
pub fn range_var_of(object: &mut Node) -> Result<pb::RangeVar, Refusal> {
    let parts: Vec<String> = match inner(object)? {
        NodeEnum::List(list) => names(&list.items).into_iter().map(str::to_owned).collect(),
        other => return Err(refusal::not_supported(&kind_of(other), "a name is expected here")),
    };
    let mut parts = parts.into_iter().rev();
    Ok(pb::RangeVar {
        relname: parts.next().unwrap_or_default(),
        schemaname: parts.next().unwrap_or_default(),
        catalogname: parts.next().unwrap_or_default(),
        inh: true,
        location: -1,
        ..Default::default()
    })
}
