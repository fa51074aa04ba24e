//! ALTER TABLE and renaming.

use pg_query::protobuf::{self as pb, AlterTableType as A, ConstrType, ObjectType, Token};
use pg_query::{Node, NodeEnum};

use super::table::own_item;
use super::{Closed, ddl};
use crate::engine::analyse::relations::{Created, Named};
use crate::engine::analyse::scope::{Columns, Scope};
use crate::engine::analyse::statement::Judged;
use crate::engine::analyse::{Analyser, At, Replacement, inner, kind_of, names};
use crate::engine::catalog::{Relation, quote_ident};
use crate::engine::cleared::Effect;
use crate::engine::context::Defined;
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    pub fn alter_table(&mut self, a: &mut pb::AlterTableStmt) -> Result<Judged, Refusal> {
        is_altered(a.objtype())?;
        let Some(var) = a.relation.as_mut() else { return Err(refusal::not_supported("ALTER", "it has no table")) };
        self.no_protected_index(var, "ALTER INDEX")?;
        let named = self.resolve_pinned(var);
        let known = match &named {
            Ok(Named::Relation(relation)) => Some(*relation),
            _ => self.changed_relation(var),
        };
        let temporary = matches!(named, Ok(Named::Temporary(_)));
        // What changes columns comes before what is said of them.
        let settled = !a.cmds.iter().any(changes_columns);
        let columns = match &named {
            Ok(Named::Relation(relation)) if settled => self.plain_columns(relation),
            Ok(Named::Temporary(_)) if settled => self.columns_of_temporary(&var.relname),
            _ => Columns::Unknown,
        };
        let closed = match named {
            // PostgreSQL says that it is not there, and does not find what the snapshot does not show yet.
            Err(r) if a.missing_ok && r.rule == "undefined-table" && self.indexed(var).is_none() => {
                return self.alters_nothing(var);
            }
            named => self.closed_to_alter(var, named)?,
        };
        // What PostgreSQL says of rows that do not fit is not for the client.
        self.writes_protected |= closed.is_some();
        let own = [own_item(var, columns)];
        self.alter_commands(&mut a.cmds, known, closed.as_ref(), &Scope { items: &own, parent: None })?;
        if let Some(var) = a.relation.as_ref().filter(|_| temporary) {
            let effect =
                Effect::AlterTemporary { name: var.relname.clone(), shape: self.altered(&var.relname, &a.cmds) };
            return Ok(Judged { kind: "ddl", effect });
        }
        let protected = closed.is_some_and(|(closed, _)| closed == Closed::Protected);
        if let (false, Some(Ok(Named::Relation(relation)))) = (protected, a.relation.as_ref().map(|v| self.resolve(v)))
        {
            self.defines_changed(relation);
        }
        ddl()
    }

    /// Whether what an ALTER names is closed to this role, and its name; refused, where it may not alter it at all.
    fn closed_to_alter(
        &mut self,
        var: &mut pb::RangeVar,
        named: Result<Named<'e>, Refusal>,
    ) -> Result<Option<(Closed, String)>, Refusal> {
        match named {
            // Conversions, checks and defaults run over its rows.
            Ok(Named::Temporary(purpose)) => self.read_temporary(var, purpose).map(|()| None),
            Ok(Named::Created(_)) => self.needs_ddl("ALTER TABLE").map(|()| None),
            Ok(Named::Relation(relation)) => {
                self.needs_ddl("ALTER TABLE")?;
                if var.inh {
                    self.no_protected_child(relation).map_err(|r| r.at(var.location))?;
                }
                let closed = self.closed(relation).map_err(|r| r.at(var.location))?;
                self.qualify(var, relation);
                Ok(closed.map(|closed| (closed, relation.name.to_string())))
            }
            Err(r) => {
                let table = self.indexed(var).filter(|_| r.rule == "undefined-table").ok_or(r)?;
                self.needs_ddl("ALTER INDEX")?;
                let closed = self.closed(table)?;
                self.qualify(var, table);
                self.pinned = true;
                Ok(closed.map(|closed| (closed, table.name.to_string())))
            }
        }
    }

    /// The actions of an ALTER, each by itself, and what goes along with them.
    fn alter_commands(
        &mut self,
        commands: &mut [Node],
        known: Option<&'e Relation>,
        closed: Option<&(Closed, String)>,
        scope: &Scope<'_>,
    ) -> Result<(), Refusal> {
        let mut cascades = false;
        for command in commands {
            let NodeEnum::AlterTableCmd(command) = inner(command)? else {
                return Err(refusal::not_supported("ALTER TABLE", "it holds something that is no action"));
            };
            cascades |= command.behavior() == pb::DropBehavior::DropCascade;
            if let Some((closed, table)) = closed {
                self.blind_command(command, *closed, table)?;
            }
            if let Some(relation) = known.filter(|_| command.subtype() == A::AtDropColumn) {
                self.no_column_is_made_of(relation, "DROP COLUMN")?;
            }
            // Another table would lead to what follows this one, by a way that is not in the snapshot yet.
            if let Some(relation) = known.filter(|relation| adds_acting_key(command) && self.is_followed(relation)) {
                let what = "a foreign key with ON UPDATE or ON DELETE";
                return Err(refusal::definition_protected(what, &relation.name.to_string()));
            }
            self.alter_command(command, scope)?;
        }
        if cascades {
            known.map_or(Ok(()), |r| self.may_cascade_from_keys(r, "ALTER TABLE … CASCADE"))?;
            let gone = known.map_or(Vec::new(), |r| self.gone_with(r));
            self.doubt_views(gone.into_iter().filter(|r| known.is_none_or(|k| k.oid != r.oid)));
        }
        Ok(())
    }

    /// `ALTER TABLE IF EXISTS` of what is not there: by the name of a temporary relation that is not there either, for
    /// PostgreSQL says the name alone.
    fn alters_nothing(&mut self, var: &mut pb::RangeVar) -> Result<Judged, Refusal> {
        let lost = || refusal::not_faithful("a table's name was not found in the text");
        let tokens = self.tokens();
        let first = usize::try_from(var.location).ok().and_then(|at| tokens.at(at)).ok_or_else(lost)?;
        let mut last = first;
        while tokens.kind(last + 1) == Some(Token::Ascii46) {
            last += 2;
        }
        let (start, end) = self.token_span(first, last + 1)?;
        var.catalogname.clear();
        var.schemaname = "pg_temp".to_owned();
        self.edit(start, end, Replacement::Text(format!("\"pg_temp\".{}", quote_ident(&var.relname))));
        self.pinned = true;
        Ok(Judged { kind: "ddl", effect: Effect::None })
    }

    /// The relation of the snapshot that this transaction has changed, under the name that it has now.
    pub fn changed_relation(&self, var: &pb::RangeVar) -> Option<&'e Relation> {
        match self.resolve(var) {
            Ok(Named::Created(Created { made: Defined::Changed(oid), .. })) => self.engine.catalog.relation(oid),
            _ => None,
        }
    }

    /// Whether a command can be let loose on rows that the client may not see: it must not fail on some of them and not
    /// on others, nor count them.
    fn blind_command(&self, c: &mut pb::AlterTableCmd, closed: Closed, table: &str) -> Result<(), Refusal> {
        let refused = |what: &str| Err(refusal::definition_protected(what, table));
        let subtype = c.subtype();
        let def = match c.def.as_mut() {
            Some(def) => Some(inner(def)?),
            None => None,
        };
        match (closed, subtype, def) {
            // A new column of a protected table is unlisted, so it reads as null until the policy lists it.
            (_, A::AtAddColumn, Some(NodeEnum::ColumnDef(column))) => match self.is_blank(column) {
                true => Ok(()),
                false => refused("ADD COLUMN with more than a type and a constant default"),
            },
            (Closed::Protected, _, _) => refused("ALTER TABLE other than ADD COLUMN"),
            // What reads no row, nor has anything else read them, as a foreign key has.
            (
                Closed::Unlisted,
                A::AtColumnDefault
                | A::AtDropNotNull
                | A::AtDropExpression
                | A::AtSetStatistics
                | A::AtSetStorage
                | A::AtSetCompression
                | A::AtDropColumn
                | A::AtDropConstraint
                | A::AtSetRelOptions
                | A::AtResetRelOptions
                | A::AtReplicaIdentity
                | A::AtAddIdentity
                | A::AtSetIdentity
                | A::AtDropIdentity,
                _,
            ) => Ok(()),
            (Closed::Unlisted, _, _) => refused("ALTER TABLE that reads the rows"),
        }
    }

    /// A column that is the same in every row, so that nothing is told by making it. `NOT NULL` by itself would tell
    /// whether there is a row at all.
    fn is_blank(&self, column: &pb::ColumnDef) -> bool {
        let constant = |e: &Node| match &e.node {
            Some(NodeEnum::AConst(_)) => true,
            Some(NodeEnum::TypeCast(c)) => matches!(c.arg.as_deref().map(|a| &a.node), Some(Some(NodeEnum::AConst(_)))),
            _ => false,
        };
        let constraints = || column.constraints.iter().filter_map(|n| n.node.as_ref());
        let defaulted =
            constraints().any(|n| matches!(n, NodeEnum::Constraint(c) if c.contype() == ConstrType::ConstrDefault));
        let plain = constraints().all(|n| match n {
            NodeEnum::Constraint(c) => match c.contype() {
                ConstrType::ConstrNull => true,
                ConstrType::ConstrNotnull => defaulted,
                ConstrType::ConstrDefault => c.raw_expr.as_deref().is_some_and(constant),
                _ => false,
            },
            _ => false,
        });
        // A domain's checks would run on every row; a serial would count them.
        let name = column.type_name.as_ref().and_then(|t| names(&t.names).last().map(|n| (*n).to_owned()));
        let plain_type = name.is_some_and(|name| {
            let domain = self.engine.catalog.types_named(&name).any(|t| t.kind == 'd');
            !domain
                && !matches!(name.as_str(), "serial" | "bigserial" | "smallserial" | "serial2" | "serial4" | "serial8")
        });
        plain && plain_type && column.raw_default.is_none()
    }

    fn alter_command(&mut self, c: &mut pb::AlterTableCmd, scope: &Scope<'_>) -> Result<(), Refusal> {
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
            | A::AtDropIdentity => self.alter_definition(c, scope),
            other => Err(refusal::not_supported("this ALTER TABLE", other.as_str_name())),
        }
    }

    fn alter_definition(&mut self, c: &mut pb::AlterTableCmd, scope: &Scope<'_>) -> Result<(), Refusal> {
        let Some(def) = c.def.as_mut() else { return Ok(()) };
        match inner(def)? {
            NodeEnum::ColumnDef(column) => self.column_def(column, scope),
            NodeEnum::Constraint(constraint) => self.constraint(constraint, scope),
            NodeEnum::List(_)
            | NodeEnum::Integer(_)
            | NodeEnum::String(_)
            | NodeEnum::ReplicaIdentityStmt(_)
            | NodeEnum::AtalterConstraint(_) => Ok(()),
            NodeEnum::DefElem(_) | NodeEnum::TypeName(_) => {
                Err(refusal::not_supported(&kind_of(inner(def)?), "its meaning is not known here"))
            }
            // A default.
            _ => self.expr(def, scope, At::OPERAND),
        }
    }

    pub fn rename(&mut self, r: &mut pb::RenameStmt) -> Result<Judged, Refusal> {
        if let Some(renamed) = self.rename_in_temporary(r)? {
            return Ok(renamed);
        }
        self.needs_ddl("ALTER … RENAME")?;
        match r.rename_type() {
            ObjectType::ObjectTable | ObjectType::ObjectView
                if r.relation.as_ref().is_some_and(|var| self.renames_new_view(var, &r.newname)) =>
            {
                ddl()
            }
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
                let relation = self.unprotected_pinned(r.relation.as_mut(), "ALTER … RENAME")?;
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

impl Analyser<'_> {
    /// A column of a temporary table takes another name.
    fn rename_in_temporary(&mut self, r: &mut pb::RenameStmt) -> Result<Option<Judged>, Refusal> {
        let column = r.rename_type() == ObjectType::ObjectColumn && r.relation_type() == ObjectType::ObjectTable;
        let Some(var) = r.relation.as_mut().filter(|_| column) else { return Ok(None) };
        if !matches!(self.resolve(var), Ok(Named::Temporary(_))) {
            return Ok(None);
        }
        self.resolve_pinned(var)?;
        let shape = self.renamed(&var.relname, &r.subname, &r.newname);
        let effect = Effect::AlterTemporary { name: var.relname.clone(), shape };
        Ok(Some(Judged { kind: "ddl", effect }))
    }
}

/// What is altered is named; nothing else is known of.
fn is_altered(kind: ObjectType) -> Result<(), Refusal> {
    match kind {
        ObjectType::ObjectTable
        | ObjectType::ObjectView
        | ObjectType::ObjectMatview
        | ObjectType::ObjectSequence
        | ObjectType::ObjectIndex => Ok(()),
        _ => Err(refusal::not_supported("this ALTER", "only tables, views, sequences and indexes are altered")),
    }
}

/// Whether a command gives the table other columns, or one another type.
fn changes_columns(node: &Node) -> bool {
    let subtype = |c: &pb::AlterTableCmd| c.subtype();
    match &node.node {
        Some(NodeEnum::AlterTableCmd(c)) => {
            matches!(subtype(c), A::AtAddColumn | A::AtDropColumn | A::AtAlterColumnType)
        }
        _ => true,
    }
}

/// Whether a command makes a foreign key that changes the table's rows.
fn adds_acting_key(c: &pb::AlterTableCmd) -> bool {
    let acts = |node: &Node| match &node.node {
        Some(NodeEnum::Constraint(c)) => {
            let is = |action: &str| matches!(action, "c" | "n" | "d");
            is(&c.fk_upd_action) || is(&c.fk_del_action)
        }
        _ => false,
    };
    match c.def.as_deref().map(|def| (def, &def.node)) {
        Some((_, Some(NodeEnum::ColumnDef(column)))) => column.constraints.iter().any(acts),
        Some((def, _)) => acts(def),
        None => false,
    }
}
