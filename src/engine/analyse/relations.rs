//! Relations: which one a name means, and how the policy treats it.

use std::collections::BTreeSet;
use std::sync::Arc;

use pg_query::protobuf as pb;

use super::{Analyser, Replacement};
use crate::engine::allow::{SystemRelation, system_relation};
use crate::engine::catalog::{Catalog, FIRST_NORMAL_OID, Oid, QualifiedName, Relation, RelationKind, quote_ident};
use crate::engine::context::{Defined, ReadAsStored};
use crate::engine::meaning::Meaning;
use crate::engine::names::{is_numbered_temporary_schema, is_temporary_schema};
use crate::engine::policy::{Policy, Unlisted, is_open, protecting_ancestor};
use crate::engine::refusal::{self, Refusal};

/// How a relation is to be treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// No personal data.
    Open,
    /// By the policy's table of this OID: the relation itself or an ancestor.
    Protected(Oid),
    View,
    /// A system relation with columns that must read as null.
    Nulled(&'static [&'static str]),
}

/// What a range variable names.
pub enum Named<'e> {
    Relation(&'e Relation),
    /// A temporary relation of this session, with the purpose it was derived under.
    Temporary(Option<String>),
    /// Created or changed by an earlier statement of the same transaction or message; it holds, or shows, nothing protected.
    Created(Created),
}

/// What an earlier statement has made, in this schema.
#[derive(Debug, Clone)]
pub struct Created {
    pub schema: String,
    pub made: Defined,
}

/// Names that leave as they are.
#[derive(Default)]
pub struct Left {
    pub relations: BTreeSet<Oid>,
    /// The same without views, and without what is PostgreSQL's own.
    pub stored: BTreeSet<ReadAsStored>,
    /// Those that `search_path` decides about.
    names: BTreeSet<String>,
    /// A view is among them, or in what they read.
    views: bool,
    /// One of them was defined in this transaction.
    pub made_here: bool,
    /// They are those of a view that is defined.
    pub in_a_view: bool,
}

impl Left {
    /// What is read behind a name that leaves, by names of its own.
    pub fn takes(&mut self, behind: Self) {
        self.relations.extend(behind.relations);
        self.names.extend(behind.names);
        self.views |= behind.views;
    }
}

impl<'e> Analyser<'e> {
    /// A relation's name leaves as it is: it holds, or shows, nothing protected.
    pub fn leaves_by_name(&mut self, var: &pb::RangeVar, relation: &Relation) {
        if relation.oid < FIRST_NORMAL_OID {
            return;
        }
        self.left.relations.insert(relation.oid);
        match relation.kind {
            RelationKind::View => self.left.views = true,
            _ => drop(self.left.stored.insert(ReadAsStored { relation: relation.oid, only: !var.inh })),
        }
        if var.schemaname.is_empty() {
            self.left.names.insert(relation.name.name.clone());
        }
    }

    /// What the names mean that leave as they are.
    pub fn meaning(&self) -> Option<Arc<Meaning>> {
        let Left { relations, names, views, .. } = &self.left;
        (*views || !relations.is_empty())
            .then(|| Arc::new(Meaning::new(&self.engine.catalog, relations, names, *views)))
    }

    /// The relation that a name in the text means; a temporary one is named as such from now on, so that the name cannot
    /// come to mean another table when that one is gone (ON COMMIT DROP, ROLLBACK, DISCARD). Where several relations bear
    /// the name, the caller must replace it or [`Analyser::qualify`] it.
    pub fn resolve_pinned(&mut self, var: &mut pb::RangeVar) -> Result<Named<'e>, Refusal> {
        let named = self.resolve(var)?;
        let schema = match &named {
            Named::Temporary(_) => "pg_temp",
            Named::Created(created) => created.schema.as_str(),
            Named::Relation(relation) => {
                self.pinned |= self.may_mean_another(var, relation);
                return Ok(named);
            }
        };
        if var.schemaname.is_empty() {
            self.pinned = true;
            let at = usize::try_from(var.location)
                .map_err(|_| refusal::not_faithful("a table's name was not found in the text"))?;
            self.edit(at, at, Replacement::Text(format!("{}.", quote_ident(schema))));
            var.schemaname = schema.to_owned();
            self.must_rewrite = true;
        }
        Ok(named)
    }

    /// Whether an unqualified name of the client's could mean another relation, would PostgreSQL look for it by another
    /// path than the one that is followed here: then the statement does not leave as it was written.
    fn may_mean_another(&self, var: &pb::RangeVar, relation: &Relation) -> bool {
        let QualifiedName { schema, name } = &relation.name;
        self.view_depth == 0
            && var.schemaname.is_empty()
            && (self.engine.catalog.has_namesakes(name)
                || self.context.temporary.contains_key(name)
                || self.context.defined.keys().any(|d| d.name == *name && d.schema != *schema))
    }

    /// [`Analyser::qualify`], for a name that was resolved without being pinned.
    pub fn pin(&mut self, var: &mut pb::RangeVar, relation: &Relation) {
        self.pinned |= self.may_mean_another(var, relation);
        self.qualify(var, relation);
    }

    /// The relation that a name means under the current `search_path`.
    pub fn resolve(&self, var: &pb::RangeVar) -> Result<Named<'e>, Refusal> {
        let catalog: &'e Catalog = &self.engine.catalog;
        if !var.catalogname.is_empty() && var.catalogname != catalog.database() {
            return Err(refusal::not_supported(
                &format!("the cross-database name \"{}.{}.{}\"", var.catalogname, var.schemaname, var.relname),
                "PostgreSQL knows only the current database",
            )
            .at(var.location));
        }
        if var.schemaname.is_empty() {
            return if self.view_depth > 0 { self.resolve_in_view(var) } else { self.resolve_unqualified(var) };
        }
        if is_numbered_temporary_schema(&var.schemaname) {
            return Err(refusal::numbered_temporary(&var.schemaname).at(var.location));
        }
        if is_temporary_schema(&var.schemaname) {
            return self.temporary(&var.relname).ok_or_else(|| {
                refusal::undefined_table(&format!("{}.{}", var.schemaname, var.relname)).at(var.location)
            });
        }
        if let Some(defined) = self.defined(&var.schemaname, &var.relname)
            && !self.is_perhaps_gone(var)
        {
            return defined.map_err(|r| r.at(var.location));
        }
        catalog
            .relation_named(&var.schemaname, &var.relname)
            .map(Named::Relation)
            .ok_or_else(|| refusal::undefined_table(&format!("{}.{}", var.schemaname, var.relname)).at(var.location))
    }

    /// The relation that a name in a view's definition means. PostgreSQL leaves the schema away from what is its own alone
    /// (`pg_get_viewdef` under an empty `search_path`); a temporary relation of that name is not meant.
    pub fn resolve_in_view(&self, var: &pb::RangeVar) -> Result<Named<'e>, Refusal> {
        let mut var = var.clone();
        if var.schemaname.is_empty() {
            var.schemaname = "pg_catalog".to_owned();
        }
        // The place is one in the view's text.
        self.resolve(&var).map_err(|r| Refusal { position: None, ..r })
    }

    fn resolve_unqualified(&self, var: &pb::RangeVar) -> Result<Named<'e>, Refusal> {
        let catalog: &'e Catalog = &self.engine.catalog;
        // PostgreSQL searches pg_temp first, then pg_catalog, then the path, unless the path names them itself.
        let names = |schema: &str| self.search_path.iter().any(|s| s == schema);
        if !names("pg_temp")
            && let Some(found) = self.temporary(&var.relname)
        {
            return Ok(found);
        }
        let implicit = (!names("pg_catalog")).then_some("pg_catalog");
        for schema in implicit.into_iter().chain(self.search_path.iter().map(String::as_str)) {
            if schema == "pg_temp" {
                if let Some(found) = self.temporary(&var.relname) {
                    return Ok(found);
                }
            } else if let Some(defined) = self.defined(schema, &var.relname) {
                return defined.map_err(|r| r.at(var.location));
            } else if let Some(relation) = catalog.relation_named(schema, &var.relname) {
                return Ok(Named::Relation(relation));
            }
        }
        Err(refusal::undefined_table(&var.relname).at(var.location))
    }

    /// With its schema, such a name means the relation of the snapshot or nothing; without, perhaps one further on the path.
    fn is_perhaps_gone(&self, var: &pb::RangeVar) -> bool {
        let name = QualifiedName::new(var.schemaname.as_str(), var.relname.as_str());
        self.context.defined.get(&name) == Some(&Defined::PerhapsGone)
    }

    /// What the open transaction has made of a name. A new table of a name that the snapshot knows as anything but an open
    /// table is not believed.
    fn defined(&self, schema: &str, name: &str) -> Option<Result<Named<'e>, Refusal>> {
        if self.context.defined.is_empty() {
            return None;
        }
        let made = self.context.defined.get(&QualifiedName::new(schema, name))?;
        let reads = match made {
            Defined::Type | Defined::Schema | Defined::Unseen => return None,
            Defined::UnreadView | Defined::PerhapsGone | Defined::Doubtful => {
                return Some(Err(refusal::not_settled(name)));
            }
            Defined::New => BTreeSet::new(),
            Defined::View(reads) => reads.clone(),
            Defined::Changed(relation) => BTreeSet::from([ReadAsStored { relation: *relation, only: true }]),
        };
        let known = self.engine.catalog.relation_named(schema, name);
        let open = known.is_none_or(|r| matches!(self.protection(r, true), Ok(Protection::Open)));
        Some(match open && self.are_open(&reads) {
            true => Ok(Named::Created(Created { schema: schema.to_owned(), made: made.clone() })),
            false => Err(refusal::not_settled(name)),
        })
    }

    /// Whether the policy in force opens what is read as it is stored.
    pub fn are_open(&self, reads: &BTreeSet<ReadAsStored>) -> bool {
        let relation = |read: &ReadAsStored| self.engine.catalog.relation(read.relation);
        reads
            .iter()
            .all(|read| relation(read).is_some_and(|r| matches!(self.protection(r, read.only), Ok(Protection::Open))))
    }

    /// Whether the policy closes no rows at all, those of relations to come included. (A materialized view is made of others:
    /// where none of these is closed, it holds nothing that is.)
    pub fn closes_nothing(&self) -> bool {
        use RelationKind::{Composite, MaterializedView, View};
        let (catalog, policy) = (&*self.engine.catalog, &*self.engine.policy);
        let without_own =
            |r: &Relation| r.oid < FIRST_NORMAL_OID || matches!(r.kind, View | Composite | MaterializedView);
        policy.tables.is_empty()
            && policy.subjects.is_empty()
            && policy.unlisted_tables == Unlisted::Open
            && catalog.relations().all(|r| without_own(r) || is_open(catalog, policy, r))
    }

    fn temporary(&self, name: &str) -> Option<Named<'e>> {
        self.context.temporary.get(name).map(|known| Named::Temporary(known.purpose.clone()))
    }

    /// The consent table that `relation` is, or is a part of, where no rules of a protected table hold for its rows.
    pub fn unlisted_records(&self, relation: &Relation, only: bool) -> Option<Oid> {
        let (catalog, policy) = (&*self.engine.catalog, &*self.engine.policy);
        let written = if only { vec![relation] } else { catalog.family(relation.oid) };
        let ruled = |r: &Relation| protecting_ancestor(catalog, policy, r.oid).is_some();
        let records = || catalog.ancestry(relation.oid).into_iter().find(|oid| policy.records.contains_key(oid));
        if written.into_iter().any(ruled) { None } else { records() }
    }

    /// How the policy treats `relation`, read with or without its children; a refusal when it is closed to everyone but
    /// an unrestricted role.
    pub fn protection(&self, relation: &Relation, only: bool) -> Result<Protection, Refusal> {
        match self.protection_for_all(relation, only) {
            Err(_) if self.role.unrestricted => Ok(Protection::Open),
            protection => protection,
        }
    }

    fn protection_for_all(&self, relation: &Relation, only: bool) -> Result<Protection, Refusal> {
        let name = relation.name.to_string();
        match relation.name.schema.as_str() {
            "pg_toast" => return Err(refusal::system_relation(&name, "it holds stored values of other tables")),
            schema @ ("pg_catalog" | "information_schema") => {
                return match system_relation(schema, &relation.name.name) {
                    SystemRelation::Open => Ok(Protection::Open),
                    SystemRelation::Nulled(columns) => Ok(Protection::Nulled(columns)),
                    SystemRelation::Refused(why) => Err(refusal::system_relation(&name, why)),
                };
            }
            _ => {}
        }
        let (catalog, policy) = (&*self.engine.catalog, &*self.engine.policy);
        if let Some(table) = protecting_ancestor(catalog, policy, relation.oid) {
            if let Some(child) = contested(catalog, policy, relation, only) {
                let why = format!("its child {child} has two protected parents, whose rules may differ");
                return Err(refusal::not_supported(&format!("{name} as it is inherited"), &why));
            }
            return Ok(Protection::Protected(table));
        }
        if relation.kind == RelationKind::View {
            return Ok(Protection::View);
        }
        if !only && let Some(child) = protected_descendant(catalog, policy, relation.oid) {
            return Err(refusal::reads_protected_child(&name, &child));
        }
        if is_open(catalog, policy, relation) { Ok(Protection::Open) } else { Err(refusal::table_not_listed(&name)) }
    }
}

/// What is read with a protected relation and is another one's child too.
fn contested(catalog: &Catalog, policy: &Policy, relation: &Relation, only: bool) -> Option<String> {
    let read = if only { vec![relation] } else { catalog.family(relation.oid) };
    let protected = |oid: &Oid| policy.tables.contains_key(oid);
    let twice = |r: &&&Relation| catalog.ancestry(r.oid).into_iter().filter(protected).nth(1).is_some();
    read.iter().find(twice).map(|r| r.name.to_string())
}

/// What is read with a relation that is not protected and has rules, by itself or by another of its parents.
fn protected_descendant(catalog: &Catalog, policy: &Policy, oid: Oid) -> Option<String> {
    let protected = |r: &&&Relation| protecting_ancestor(catalog, policy, r.oid).is_some();
    catalog.family(oid).iter().find(protected).map(|r| r.name.to_string())
}
