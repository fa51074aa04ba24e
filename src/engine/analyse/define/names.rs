//! What definitions make of relations' names until the catalog is read again.
//!
//! Others cannot see it before COMMIT, and the snapshot does not show it to this session either, but PostgreSQL goes by it
//! at once: a view that the snapshot knows as harmless may read a protected table by now, a dropped name may lead to the
//! next schema of the path.

use pg_query::protobuf as pb;

use crate::engine::analyse::Analyser;
use crate::engine::analyse::relations::{Named, Protection};
use crate::engine::catalog::{Oid, QualifiedName, Relation, RelationKind};
use crate::engine::context::Defined;
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    /// A relation of this name is made.
    pub fn defines_new(&mut self, var: Option<&pb::RangeVar>, defined: Defined) -> Result<(), Refusal> {
        let Some(var) = var else { return Ok(()) };
        let schema = if var.schemaname.is_empty() { self.search_path.first() } else { Some(&var.schemaname) };
        let Some(schema) = schema else { return Ok(()) };
        if matches!(defined, Defined::View | Defined::Doubtful) && !self.engine.catalog.has_schema(schema) {
            // An unqualified name could lead there, and the path that is followed here leaves unknown schemas out.
            return Err(refusal::not_settled(schema));
        }
        let name = QualifiedName::new(schema.as_str(), var.relname.as_str());
        let there = self.engine.catalog.relation_named(&name.schema, &name.name).is_some();
        if defined == Defined::Open && there && !self.context.defined.contains_key(&name) {
            // It is there: IF NOT EXISTS does nothing, and without it PostgreSQL refuses.
            return Ok(());
        }
        self.defines.push((name, defined));
        Ok(())
    }

    /// A type of this name is made: until the catalog is read again, this transaction may name it. Whoever names a type runs
    /// what checks its values, which was judged when it was defined.
    pub fn defines_type(&mut self, schema: &str, name: &str) -> Result<(), Refusal> {
        let schema = if schema.is_empty() { self.search_path.first().cloned() } else { Some(schema.to_owned()) };
        let Some(schema) = schema else { return Ok(()) };
        if schema.starts_with("pg_temp") {
            return Err(refusal::not_supported("a temporary type", "its name would be taken before any other's"));
        }
        self.defines.push((QualifiedName::new(schema, name), Defined::Type));
        Ok(())
    }

    /// A relation is changed in place: what was open stays so, with columns that are not known.
    pub fn defines_changed(&mut self, relation: &Relation) {
        let defined = self.standing_of(relation);
        self.defines.push((relation.name.clone(), defined));
    }

    pub fn defines_renamed(&mut self, var: Option<&pb::RangeVar>, new: &str) {
        let Some(var) = var else { return };
        let (old, defined) = match self.resolve(var) {
            Ok(Named::Relation(relation)) => (relation.name.clone(), self.standing_of(relation)),
            Ok(Named::Created(schema)) => (QualifiedName::new(schema, var.relname.as_str()), Defined::Open),
            // An index, or nothing: PostgreSQL knows what to say.
            Ok(Named::Temporary(_)) | Err(_) => return,
        };
        self.defines.push((QualifiedName::new(old.schema.as_str(), new), defined));
        self.defines.push((old, Defined::Doubtful));
    }

    /// A view that this transaction has made takes another name (dbt makes each beside the one that it replaces). Its own
    /// name carries its schema, so that it means no other relation.
    pub fn renames_new_view(&mut self, var: &pb::RangeVar, new: &str) -> bool {
        let old = QualifiedName::new(var.schemaname.as_str(), var.relname.as_str());
        let here = var.catalogname.is_empty() || var.catalogname == self.engine.catalog.database();
        let made = self.context.defined.get(&old) == Some(&Defined::View);
        if !here || !made || self.engine.catalog.relation_named(&old.schema, &old.name).is_some() {
            return false;
        }
        self.defines.push((QualifiedName::new(old.schema.as_str(), new), Defined::View));
        self.defines.push((old, Defined::Doubtful));
        true
    }

    /// A relation is dropped, with its partitions and children.
    pub fn defines_dropped(&mut self, var: &pb::RangeVar) {
        match self.resolve(var) {
            Ok(Named::Relation(relation)) => self.doubt_family(relation.oid),
            Ok(Named::Created(schema)) => {
                self.defines.push((QualifiedName::new(schema, var.relname.as_str()), Defined::Doubtful));
            }
            Ok(Named::Temporary(_)) | Err(_) => {}
        }
    }

    pub fn doubt_family(&mut self, oid: Oid) {
        let names = self.engine.catalog.family(oid).into_iter().map(|r| r.name.clone());
        self.defines.extend(names.map(|name| (name, Defined::Doubtful)));
    }

    /// CASCADE takes along whatever depends on it.
    pub fn doubt_all_views(&mut self) {
        let views = self.engine.catalog.relations().filter(|r| {
            matches!(r.kind, RelationKind::View | RelationKind::MaterializedView)
                && r.name.schema != "pg_catalog"
                && r.name.schema != "information_schema"
        });
        let views: Vec<_> = views.map(|r| (r.name.clone(), Defined::Doubtful)).collect();
        self.defines.extend(views);
    }

    fn standing_of(&self, relation: &Relation) -> Defined {
        match self.protection(relation, true) {
            // Nothing is asked of a write to it but the rights: no rule of it may be forgotten, nor that it holds choices.
            Ok(Protection::Open) if self.may_write(relation, &[]).is_ok() => Defined::Open,
            Ok(_) | Err(_) => Defined::Doubtful,
        }
    }
}
