//! What definitions make of relations' names until the catalog is read again.
//!
//! Others cannot see it before COMMIT, and the snapshot does not show it to this session either, but PostgreSQL goes by it
//! at once: a view that the snapshot knows as harmless may read a protected table by now, a dropped name may lead to the
//! next schema of the path.

use pg_query::protobuf as pb;

use crate::engine::analyse::relations::{Named, Protection};
use crate::engine::analyse::{Analyser, Replacement};
use crate::engine::catalog::{Oid, QualifiedName, Relation, RelationKind, quote_ident};
use crate::engine::context::Defined;
use crate::engine::names::is_temporary_schema;
use crate::engine::refusal::{self, Refusal};

/// Where PostgreSQL makes a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Among the session's temporary relations.
    Temporary,
    Schema(String),
    /// No schema of `search_path` is there: PostgreSQL says so.
    Nowhere,
}

impl<'e> Analyser<'e> {
    /// Where a relation of this name is made (`RangeVarGetCreationNamespace`, catalog/namespace.c): whether it is temporary
    /// is decided here and nowhere else. Where the first schema that is there makes the difference, it is written before the
    /// name: a schema that is dropped meanwhile changes nothing then.
    pub fn makes(&mut self, var: &mut pb::RangeVar) -> Result<Place, Refusal> {
        let place = self.place_of(var)?;
        let others = self.search_path.iter().filter(|s| self.is_there(s) != Some(false)).count() > 1;
        if !var.schemaname.is_empty() || var.relpersistence == "t" || !(others || place == Place::Temporary) {
            return Ok(place);
        }
        let schema = match &place {
            Place::Temporary => "pg_temp",
            Place::Schema(schema) => schema,
            Place::Nowhere => return Ok(place),
        };
        let at =
            usize::try_from(var.location).map_err(|_| refusal::not_faithful("a new name was not found in the text"))?;
        self.edit(at, at, Replacement::Text(format!("{}.", quote_ident(schema))));
        var.schemaname = schema.to_owned();
        self.pinned = true;
        Ok(place)
    }

    pub fn place_of(&self, var: &pb::RangeVar) -> Result<Place, Refusal> {
        if var.relpersistence == "t" || is_temporary_schema(&var.schemaname) {
            return Ok(Place::Temporary);
        }
        if !var.schemaname.is_empty() {
            return Ok(Place::Schema(var.schemaname.clone()));
        }
        self.first_of_path()
    }

    /// The schema that new names without one come into.
    fn first_of_path(&self) -> Result<Place, Refusal> {
        for schema in &self.search_path {
            match self.is_there(schema) {
                Some(true) if schema == "pg_temp" => return Ok(Place::Temporary),
                Some(true) => return Ok(Place::Schema(schema.clone())),
                Some(false) => {}
                None => return Err(refusal::not_settled(schema)),
            }
        }
        Ok(Place::Nowhere)
    }

    /// Whether a schema of the path is there; `None`: this transaction, or another, has dropped or made it.
    fn is_there(&self, schema: &str) -> Option<bool> {
        match self.context.defined.get(&QualifiedName::schema_alone(schema)) {
            Some(Defined::Schema) => Some(true),
            Some(_) => None,
            None => Some(matches!(schema, "pg_temp" | "pg_catalog") || self.engine.catalog.has_schema(schema)),
        }
    }

    /// A relation of this name is made in a schema.
    pub fn defines_new(&mut self, schema: &str, name: &str, defined: Defined) {
        let name = QualifiedName::new(schema, name);
        let there = self.engine.catalog.relation_named(&name.schema, &name.name).is_some();
        if !matches!(defined, Defined::Doubtful | Defined::UnreadView)
            && there
            && !self.context.defined.contains_key(&name)
        {
            // It is there: IF NOT EXISTS does nothing, and without it PostgreSQL refuses.
            return;
        }
        self.defines.push((name, defined));
    }

    /// A type of this name is made: until the catalog is read again, this transaction may name it. Whoever names a type runs
    /// what checks its values, which was judged when it was defined.
    pub fn defines_type(&mut self, schema: &str, name: &str) -> Result<(), Refusal> {
        let place = match schema {
            "" => self.first_of_path()?,
            temporary if is_temporary_schema(temporary) => Place::Temporary,
            schema => Place::Schema(schema.to_owned()),
        };
        match place {
            Place::Temporary => {
                Err(refusal::not_supported("a temporary type", "its name would be taken before any other's"))
            }
            Place::Schema(schema) => {
                self.defines.push((QualifiedName::new(schema, name), Defined::Type));
                Ok(())
            }
            Place::Nowhere => Ok(()),
        }
    }

    /// A schema is made. Names of the path that follow it are looked up in it first.
    pub fn defines_schema(&mut self, s: &pb::CreateSchemaStmt) -> Result<(), Refusal> {
        use pb::RoleSpecType as R;
        let owner = s.authrole.as_ref();
        let name = match (s.schemaname.as_str(), owner.map(|o| (o.roletype(), o.rolename.as_str()))) {
            ("", Some((R::RolespecCstring, name))) => name.to_owned(),
            ("", Some((R::RolespecCurrentRole | R::RolespecCurrentUser | R::RolespecSessionUser, _))) => {
                self.engine.catalog.data().user.clone()
            }
            ("", _) => return Err(refusal::not_supported("CREATE SCHEMA", "it names no schema")),
            (name, _) => name.to_owned(),
        };
        self.defines.push((QualifiedName::schema_alone(name), Defined::Schema));
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
            Ok(Named::Created(c)) => (QualifiedName::new(c.schema, var.relname.as_str()), c.made),
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
        let made = self.context.defined.get(&old) == Some(&Defined::UnreadView);
        if !here || !made || self.engine.catalog.relation_named(&old.schema, &old.name).is_some() {
            return false;
        }
        self.defines.push((QualifiedName::new(old.schema.as_str(), new), Defined::UnreadView));
        self.defines.push((old, Defined::Doubtful));
        true
    }

    /// A relation is dropped, with its partitions and children.
    pub fn defines_dropped(&mut self, var: &pb::RangeVar) {
        match self.resolve(var) {
            Ok(Named::Relation(relation)) => self.doubt_family(relation.oid),
            Ok(Named::Created(c)) => {
                self.defines.push((QualifiedName::new(c.schema, var.relname.as_str()), Defined::Doubtful));
            }
            Ok(Named::Temporary(_)) | Err(_) => {}
        }
    }

    pub fn doubt_family(&mut self, oid: Oid) {
        let names = self.engine.catalog.family(oid).into_iter().map(|r| r.name.clone());
        self.defines.extend(names.map(|name| (name, Defined::Doubtful)));
    }

    /// CASCADE may take these views along. What else this transaction knows of a name holds more.
    pub fn doubt_views(&mut self, views: impl Iterator<Item = &'e Relation>) {
        for view in views.filter(|r| matches!(r.kind, RelationKind::View | RelationKind::MaterializedView)) {
            let known =
                self.context.defined.contains_key(&view.name) || self.defines.iter().any(|(n, _)| *n == view.name);
            if !known {
                self.defines.push((view.name.clone(), Defined::PerhapsGone));
            }
        }
    }

    fn standing_of(&self, relation: &Relation) -> Defined {
        match self.protection(relation, true) {
            // Nothing is asked of a write to it but the rights: no rule of it may be forgotten, nor that it holds choices.
            Ok(Protection::Open) if self.may_write(relation, &[]).is_ok() => Defined::Changed(relation.oid),
            Ok(_) | Err(_) => Defined::Doubtful,
        }
    }
}
