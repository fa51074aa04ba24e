//! Names that a statement of an unrestricted role gives to a relation: until the catalog has been read again, nobody else reads
//! one of them by what it was. (Code that it runs may give others, unseen.)

use pg_query::protobuf::{self as pb, AlterTableType, ObjectType};
use pg_query::{Node, NodeEnum};

use super::Analyser;
use super::define::Place;
use super::relations::Named;
use crate::engine::catalog::QualifiedName;

impl Analyser<'_> {
    /// The names under which another relation, or one with other children, may be found when the statement is done.
    pub fn introduced(&self, node: &Node) -> Vec<QualifiedName> {
        let Some(node) = node.node.as_ref() else { return Vec::new() };
        let made = |var: Option<&pb::RangeVar>| var.and_then(|var| self.new_name(var)).into_iter().collect();
        match node {
            NodeEnum::CreateStmt(c) => self.table_and_parents(c),
            NodeEnum::CreateForeignTableStmt(c) => c.base_stmt.as_ref().map_or(vec![], |c| self.table_and_parents(c)),
            NodeEnum::ViewStmt(v) => made(v.view.as_ref()),
            NodeEnum::CreateTableAsStmt(c) => {
                let into = c.into.as_ref().and_then(|into| into.rel.as_ref());
                made(into.filter(|var| !(c.if_not_exists && self.is_there_for_sure(var))))
            }
            NodeEnum::SelectStmt(s) => made(s.into_clause.as_ref().and_then(|into| into.rel.as_ref())),
            NodeEnum::ExplainStmt(e) => e.query.as_ref().map_or(vec![], |query| self.introduced(query)),
            NodeEnum::RenameStmt(r) if r.rename_type() == ObjectType::ObjectSchema => {
                self.all_of(&r.subname, &r.newname)
            }
            NodeEnum::RenameStmt(r) => {
                let schema = r.relation.as_ref().and_then(|var| self.schema_of(var));
                schema.map(|schema| QualifiedName::new(schema, &r.newname)).into_iter().collect()
            }
            NodeEnum::AlterObjectSchemaStmt(a) => {
                a.relation.iter().map(|var| QualifiedName::new(&a.newschema, &var.relname)).collect()
            }
            NodeEnum::AlterTableStmt(a) => self.given_relatives(a),
            // A rule makes a table a view, up to PostgreSQL 15.
            NodeEnum::RuleStmt(r) => r.relation.iter().flat_map(|var| self.with_ancestors(var)).collect(),
            NodeEnum::CreateSchemaStmt(s) => {
                let schema = if s.schemaname.is_empty() {
                    s.authrole.as_ref().map(|r| &r.rolename)
                } else {
                    Some(&s.schemaname)
                };
                let made = s.schema_elts.iter().flat_map(|element| self.introduced(element));
                made.flat_map(|name| [schema.map(|schema| QualifiedName::new(schema, &name.name)), Some(name)])
                    .flatten()
                    .collect()
            }
            NodeEnum::ImportForeignSchemaStmt(i) => self.all_of(&i.local_schema, &i.local_schema),
            _ => Vec::new(),
        }
    }

    /// A new table, and those that have its rows from then on.
    fn table_and_parents(&self, c: &pb::CreateStmt) -> Vec<QualifiedName> {
        let parents = c.inh_relations.iter().filter_map(range_var).flat_map(|var| self.with_ancestors(var));
        let own = c.relation.as_ref().filter(|var| !(c.if_not_exists && self.is_there_for_sure(var)));
        let own = own.and_then(|var| self.new_name(var));
        parents.chain(own).collect()
    }

    /// Both sides of INHERIT and ATTACH PARTITION: the one has the other's rows, the other the one's rules.
    fn given_relatives(&self, a: &pb::AlterTableStmt) -> Vec<QualifiedName> {
        let commands = a.cmds.iter().filter_map(|n| match n.node.as_ref()? {
            NodeEnum::AlterTableCmd(command) => Some(command),
            _ => None,
        });
        let others = commands.filter_map(|command| match command.def.as_ref()?.node.as_ref()? {
            NodeEnum::RangeVar(parent) if command.subtype() == AlterTableType::AtAddInherit => Some(parent),
            NodeEnum::PartitionCmd(part) if command.subtype() == AlterTableType::AtAttachPartition => {
                part.name.as_ref()
            }
            _ => None,
        });
        let both = others.flat_map(|other| [Some(other), a.relation.as_ref()]).flatten();
        both.flat_map(|var| self.with_ancestors(var)).collect()
    }

    /// What a schema holds, by the name of another.
    fn all_of(&self, schema: &str, named: &str) -> Vec<QualifiedName> {
        let held = self.engine.catalog.relations().filter(|known| known.name.schema == schema);
        held.map(|known| QualifiedName::new(named, &known.name.name)).collect()
    }

    /// `IF NOT EXISTS` does nothing then.
    fn is_there_for_sure(&self, var: &pb::RangeVar) -> bool {
        let there = |name: QualifiedName| self.engine.catalog.relation_named(&name.schema, &name.name).is_some();
        !self.context.defined.contains_key(&QualifiedName::NONE) && self.new_name(var).is_some_and(there)
    }

    /// Where a new relation of this name comes to be; `None`: among the session's temporary ones.
    fn new_name(&self, var: &pb::RangeVar) -> Option<QualifiedName> {
        match self.place_of(var).ok()? {
            Place::Schema(schema) => Some(QualifiedName::new(schema, &var.relname)),
            Place::Temporary | Place::Nowhere => None,
        }
    }

    /// The schema of what a name means; where that is not known, the one that it would mean.
    fn schema_of(&self, var: &pb::RangeVar) -> Option<String> {
        match self.resolve(var) {
            Ok(Named::Relation(relation)) => Some(relation.name.schema.clone()),
            Ok(Named::Temporary(_)) => None,
            Ok(Named::Created(_)) | Err(_) => self.new_name(var).map(|name| name.schema),
        }
    }

    fn with_ancestors(&self, var: &pb::RangeVar) -> Vec<QualifiedName> {
        let Ok(Named::Relation(relation)) = self.resolve(var) else {
            return self.new_name(var).into_iter().collect();
        };
        let catalog = &self.engine.catalog;
        catalog.ancestry(relation.oid).into_iter().filter_map(|oid| Some(catalog.relation(oid)?.name.clone())).collect()
    }
}

fn range_var(node: &Node) -> Option<&pb::RangeVar> {
    match node.node.as_ref()? {
        NodeEnum::RangeVar(var) => Some(var),
        _ => None,
    }
}
