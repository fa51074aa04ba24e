//! Definitions that reach columns by their types: `DROP SCHEMA … CASCADE` takes along what is in the schema, and whatever
//! depends on that; a label that is renamed says something else of every row.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf as pb;

use crate::engine::analyse::relations::Protection;
use crate::engine::analyse::{Analyser, names};
use crate::engine::catalog::{Catalog, QualifiedName, Relation};
use crate::engine::context::Defined;
use crate::engine::policy::{Policy, protecting_ancestor};
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    /// A refusal where a protected table, or what the policy names, could go with the schemas (CASCADE) or lose a column.
    pub fn drop_schemas(&mut self, d: &pb::DropStmt) -> Result<(), Refusal> {
        for object in &d.objects {
            let Some(NodeEnum::String(name)) = &object.node else {
                return Err(refusal::not_supported("DROP SCHEMA", "a name is expected here"));
            };
            self.defines.push((QualifiedName::schema_alone(name.sval.as_str()), Defined::Doubtful));
            if d.behavior() != pb::DropBehavior::DropCascade {
                continue;
            }
            self.may_drop_schema(&name.sval)?;
            let relations: Vec<&'e Relation> =
                self.engine.catalog.relations().filter(|r| r.name.schema == name.sval).collect();
            relations.iter().for_each(|r| self.doubt_family(r.oid));
            let new: Vec<QualifiedName> =
                self.context.defined.keys().filter(|n| n.schema == name.sval).cloned().collect();
            self.defines.extend(new.into_iter().map(|n| (n, Defined::Doubtful)));
            // Whatever names a type that is in the schema goes too.
            self.doubt_views(self.own_views());
        }
        Ok(())
    }

    fn may_drop_schema(&self, schema: &str) -> Result<(), Refusal> {
        let (catalog, policy) = (&*self.engine.catalog, &*self.engine.policy);
        let what = format!("DROP SCHEMA {schema} CASCADE");
        if schema.starts_with("pg_") || schema == "information_schema" {
            return Err(refusal::not_supported(&what, "it holds PostgreSQL's own objects"));
        }
        if policy.open_schemas.contains(schema) {
            return Err(refusal::definition_protected("DROP SCHEMA", schema));
        }
        for relation in catalog.relations().filter(|r| r.name.schema == schema) {
            match self.protection(relation, false) {
                Ok(Protection::Open | Protection::View) => {}
                // What the policy does not name may be dropped, not read.
                Err(r) if r.rule == "table-not-listed" => {}
                Ok(Protection::Protected(_) | Protection::Nulled(_)) | Err(_) => {
                    return Err(refusal::definition_protected("DROP SCHEMA", &relation.name.to_string()));
                }
            }
            self.not_named_by_policy(Some(relation), "DROP SCHEMA")?;
            self.may_cascade_from(relation, &what)?;
        }
        let data = catalog.data();
        let code = data.functions.iter().any(|f| f.name.schema == schema)
            || data.operators.iter().any(|o| o.name.schema == schema);
        if code {
            let why = "tables outside may be defined with functions or operators in it: drop those first";
            return Err(refusal::not_supported(&what, why));
        }
        let types = data.types.iter().map(|t| &t.name).chain(data.relations.iter().map(|r| &r.name));
        let loses = self.made_of(types.filter(|n| n.schema == schema).map(|n| n.name.clone()).collect());
        loses.map_or(Ok(()), |table| Err(refusal::definition_protected("DROP SCHEMA", &table.to_string())))
    }

    /// A new label is nobody's yet. One that is renamed changes sides in every row: a withdrawal would be a consent.
    pub fn may_alter_enum(&self, a: &pb::AlterEnumStmt) -> Result<(), Refusal> {
        let renames = !a.old_val.is_empty();
        let named = names(&a.type_name).last().copied().filter(|_| renames);
        match named.and_then(|name| self.made_of(BTreeSet::from([name.to_owned()]))) {
            Some(table) => Err(refusal::definition_protected("ALTER TYPE … RENAME VALUE", &table.to_string())),
            None => Ok(()),
        }
    }

    /// What a column of a row holds is gone with the column of the row's type.
    pub fn no_column_is_made_of(&self, relation: &Relation, what: &str) -> Result<(), Refusal> {
        match self.made_of(BTreeSet::from([relation.name.name.clone()])) {
            Some(table) => Err(refusal::definition_protected(what, &table.to_string())),
            None => Ok(()),
        }
    }

    /// A table that the policy names with a column of one of these types, or of one that is made of them. Compared by name
    /// alone: too careful rather than too little.
    pub fn made_of(&self, types: BTreeSet<String>) -> Option<&'e QualifiedName> {
        let (catalog, policy): (&'e Catalog, &'e Policy) = (&self.engine.catalog, &self.engine.policy);
        let all = catalog.type_parts();
        let of = |typname: &str| all.inside(typname).iter().any(|part| types.contains(*part));
        let by_policy = |r: &&'e Relation| {
            protecting_ancestor(catalog, policy, r.oid).is_some() || self.not_named_by_policy(Some(r), "").is_err()
        };
        let has = |r: &&'e Relation| r.columns.iter().any(|c| of(&c.ty.name) || of(&c.ty.base));
        catalog.relations().filter(by_policy).find(has).map(|r| &r.name)
    }
}
