//! ALTER TABLE and renaming.

use pg_query::NodeEnum;
use pg_query::protobuf::{self as pb, AlterTableType as A, ObjectType};

use super::ddl;
use crate::engine::analyse::relations::{Named, Protection};
use crate::engine::analyse::scope::Scope;
use crate::engine::analyse::statement::Judged;
use crate::engine::analyse::{Analyser, At, inner, kind_of};
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    pub fn alter_table(&mut self, a: &mut pb::AlterTableStmt) -> Result<Judged, Refusal> {
        if !matches!(
            a.objtype(),
            ObjectType::ObjectTable
                | ObjectType::ObjectView
                | ObjectType::ObjectMatview
                | ObjectType::ObjectSequence
                | ObjectType::ObjectIndex
        ) {
            return Err(refusal::not_supported("this ALTER", "only tables, views, sequences and indexes are altered"));
        }
        let Some(var) = a.relation.as_mut() else { return Err(refusal::not_supported("ALTER", "it has no table")) };
        let protected = match self.resolve_pinned(var) {
            // Conversions, checks and defaults run over its rows.
            Ok(Named::Temporary(purpose)) => self.read_temporary(var, purpose).map(|()| None)?,
            Ok(Named::Created(_)) => self.needs_ddl("ALTER TABLE").map(|()| None)?,
            Ok(Named::Relation(relation)) => {
                self.needs_ddl("ALTER TABLE")?;
                match self.protection(relation, true) {
                    Ok(Protection::Protected(_) | Protection::Nulled(_)) => Some(relation.name.to_string()),
                    Err(r) if r.rule != "table-not-listed" => return Err(r.at(var.location)),
                    _ => None,
                }
            }
            Err(r) if r.rule == "undefined-table" && a.missing_ok => None,
            Err(r) => return Err(r),
        };
        let mut cascades = false;
        for command in &mut a.cmds {
            let NodeEnum::AlterTableCmd(command) = inner(command)? else {
                return Err(refusal::not_supported("ALTER TABLE", "it holds something that is no action"));
            };
            cascades |= command.behavior() == pb::DropBehavior::DropCascade;
            self.alter_command(command, protected.as_deref())?;
        }
        if cascades {
            self.doubt_all_views();
        }
        if let (None, Some(Ok(Named::Relation(relation)))) = (protected, a.relation.as_ref().map(|v| self.resolve(v))) {
            self.defines_changed(relation);
        }
        ddl()
    }

    fn alter_command(&mut self, c: &mut pb::AlterTableCmd, protected: Option<&str>) -> Result<(), Refusal> {
        // A new column of a protected table is unlisted, so it reads as null until the policy lists it.
        if let (Some(table), false) = (protected, c.subtype() == A::AtAddColumn) {
            return Err(refusal::definition_protected("ALTER TABLE other than ADD COLUMN", table));
        }
        match c.subtype() {
            A::AtAddColumn
            | A::AtColumnDefault
            | A::AtDropNotNull
            | A::AtSetNotNull
            | A::AtDropExpression
            | A::AtSetStatistics
            | A::AtSetStorage
            | A::AtSetCompression
            | A::AtDropColumn
            | A::AtAddConstraint
            | A::AtAlterConstraint
            | A::AtValidateConstraint
            | A::AtDropConstraint
            | A::AtAlterColumnType
            | A::AtSetRelOptions
            | A::AtResetRelOptions
            | A::AtReplicaIdentity
            | A::AtAddIdentity
            | A::AtSetIdentity
            | A::AtDropIdentity => self.alter_definition(c),
            other => Err(refusal::not_supported("this ALTER TABLE", other.as_str_name())),
        }
    }

    fn alter_definition(&mut self, c: &mut pb::AlterTableCmd) -> Result<(), Refusal> {
        let Some(def) = c.def.as_mut() else { return Ok(()) };
        match inner(def)? {
            NodeEnum::ColumnDef(column) => self.column_def(column),
            NodeEnum::Constraint(constraint) => self.constraint(constraint),
            NodeEnum::List(_)
            | NodeEnum::Integer(_)
            | NodeEnum::String(_)
            | NodeEnum::ReplicaIdentityStmt(_)
            | NodeEnum::AtalterConstraint(_) => Ok(()),
            NodeEnum::DefElem(_) | NodeEnum::TypeName(_) => {
                Err(refusal::not_supported(&kind_of(inner(def)?), "its meaning is not known here"))
            }
            // A default.
            _ => self.expr(def, &Scope::EMPTY, At::OPERAND),
        }
    }

    pub fn rename(&mut self, r: &mut pb::RenameStmt) -> Result<Judged, Refusal> {
        self.needs_ddl("ALTER … RENAME")?;
        match r.rename_type() {
            ObjectType::ObjectTable
            | ObjectType::ObjectView
            | ObjectType::ObjectMatview
            | ObjectType::ObjectSequence
            | ObjectType::ObjectIndex
            | ObjectType::ObjectColumn
            | ObjectType::ObjectTabconstraint => {
                // A temporary table keeps its name: the session knows it by that.
                if let Some(Named::Temporary(_)) = r.relation.as_ref().and_then(|v| self.resolve(v).ok()) {
                    return Err(refusal::not_supported(
                        "renaming a temporary table",
                        "the session follows it by its name",
                    ));
                }
                let relation = self.unprotected(r.relation.as_ref(), "ALTER … RENAME")?;
                self.not_named_by_policy(relation, "ALTER … RENAME")?;
                match (r.rename_type(), relation) {
                    (ObjectType::ObjectColumn, Some(relation)) => self.defines_changed(relation),
                    (ObjectType::ObjectColumn | ObjectType::ObjectTabconstraint, _) => {}
                    _ => self.defines_renamed(r.relation.as_ref(), &r.newname),
                }
                ddl()
            }
            other => Err(refusal::not_supported("this RENAME", other.as_str_name())),
        }
    }
}
