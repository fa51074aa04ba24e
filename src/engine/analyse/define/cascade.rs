//! What goes along with what is dropped (CASCADE), and what belongs to a table: its sequences and indexes.

use std::collections::BTreeSet;

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use crate::engine::analyse::{Analyser, Replacement, string_node};
use crate::engine::catalog::{Oid, Relation, RelationKind, quote_ident};
use crate::engine::names::is_temporary_schema;
use crate::engine::policy::protecting_ancestor;
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    /// Whether the policy names a relation, or it is a part of one that it names: its columns, keys and defaults stay.
    pub fn is_named(&self, relation: &Relation) -> bool {
        protecting_ancestor(&self.engine.catalog, &self.engine.policy, relation.oid).is_some()
            || self.is_consent_table(relation)
            || self.engine.policy.subjects.values().any(|s| s.table == relation.oid)
    }

    /// Whether a sequence fills a column of a protected table, or is owned by one.
    pub fn serves_protected(&self, sequence: &Relation) -> bool {
        sequence.serves.iter().filter_map(|oid| self.engine.catalog.relation(*oid)).any(|r| self.is_named(r))
    }

    /// A refusal where something of a protected table would go with a relation: a column of its rows' type, a default from
    /// its sequence, a foreign key to it; or with the views and functions that go along.
    pub fn may_cascade_from(&self, dropped: &Relation, what: &str) -> Result<(), Refusal> {
        let (catalog, gone) = (&self.engine.catalog, self.gone_with(dropped));
        let oids: BTreeSet<Oid> = gone.iter().map(|r| r.oid).collect();
        let refused = |table: &Relation| Err(refusal::definition_protected(what, &table.name.to_string()));
        if let Some(sequence) = gone.iter().find(|r| self.serves_protected(r)) {
            return refused(sequence);
        }
        let refers = |r: &Relation| r.foreign_keys.iter().any(|k| oids.contains(&k.references));
        if let Some(table) = catalog.relations().find(|r| !oids.contains(&r.oid) && refers(r) && self.is_named(r)) {
            return refused(table);
        }
        let depends = |oid: &Oid| oids.contains(oid);
        if let Some(function) = catalog.data().functions.iter().find(|f| f.depends_on.iter().any(depends)) {
            let why = format!("{} would go along, and whatever rests on it: drop that first", function.name);
            return Err(refusal::not_supported(what, &why));
        }
        match self.made_of(gone.iter().map(|r| r.name.name.clone()).collect()) {
            Some(table) => Err(refusal::definition_protected(what, &table.to_string())),
            None => Ok(()),
        }
    }

    /// A relation with its parts, the sequences that it owns, and views whose text has a name of one of these in it.
    pub fn gone_with(&self, dropped: &Relation) -> Vec<&'e Relation> {
        let engine = self.engine;
        let mut gone = engine.catalog.family(dropped.oid);
        let oids: BTreeSet<Oid> = gone.iter().map(|r| r.oid).collect();
        gone.extend(engine.catalog.relations().filter(|r| r.serves.iter().any(|table| oids.contains(table))));
        let mut rest: Vec<&Relation> = self.own_views().filter(|v| !oids.contains(&v.oid)).collect();
        let mut next = 0;
        while let Some(relation) = gone.get(next) {
            let name = relation.name.name.replace('"', "\"\"");
            let (reads, others) =
                rest.into_iter().partition(|v: &&Relation| v.definition.as_ref().is_none_or(|d| d.contains(&name)));
            gone.extend::<Vec<_>>(reads);
            rest = others;
            next += 1;
        }
        gone
    }

    /// A name in DROP … IF EXISTS that means nothing leaves as that of a temporary relation, which only the session has: what
    /// another one makes of the name meanwhile is not dropped.
    pub fn drops_nothing(&mut self, var: &pb::RangeVar, object: &mut Node) -> Result<bool, Refusal> {
        let name = match var.schemaname.as_str() {
            "" => var.relname.clone(),
            schema => format!("{schema}.{}", var.relname),
        };
        let absent = matches!(self.resolve(var), Err(r) if r.rule == "undefined-table");
        if !absent || !var.catalogname.is_empty() || self.context.temporary.contains_key(&name) {
            return Ok(false);
        }
        if is_temporary_schema(&var.schemaname) {
            return Ok(true);
        }
        let Some(NodeEnum::List(list)) = &mut object.node else { return Ok(false) };
        let (start, end) = self.range_var_span(var)?;
        self.edit(start, end, Replacement::Text(format!("\"pg_temp\".{}", quote_ident(&name))));
        self.must_rewrite = true;
        list.items = vec![string_node("pg_temp"), string_node(&name)];
        Ok(true)
    }

    /// A refusal where the name may mean an index of a protected table: those bear names like relations.
    pub fn no_protected_index(&self, var: &pb::RangeVar, what: &str) -> Result<(), Refusal> {
        match self.indexed(var).filter(|table| self.is_named(table)) {
            Some(table) => Err(refusal::definition_protected(what, &table.name.to_string()).at(var.location)),
            None => Ok(()),
        }
    }

    /// A foreign key goes with the key that it refers to.
    pub fn may_cascade_from_keys(&self, relation: &Relation, what: &str) -> Result<(), Refusal> {
        let refers = |r: &&Relation| r.foreign_keys.iter().any(|k| k.references == relation.oid) && self.is_named(r);
        match self.engine.catalog.relations().find(refers) {
            Some(table) => Err(refusal::definition_protected(what, &table.name.to_string())),
            None => Ok(()),
        }
    }

    pub fn own_views(&self) -> impl Iterator<Item = &'e Relation> + use<'e> {
        let engine = self.engine;
        engine.catalog.relations().filter(|r| {
            matches!(r.kind, RelationKind::View | RelationKind::MaterializedView)
                && r.name.schema != "pg_catalog"
                && r.name.schema != "information_schema"
        })
    }

    /// The table of the index that a name means.
    pub fn indexed(&self, var: &pb::RangeVar) -> Option<&'e Relation> {
        let catalog = &self.engine.catalog;
        match var.schemaname.as_str() {
            "" => self.search_path.iter().find_map(|schema| catalog.indexed_by(schema, &var.relname)),
            schema => catalog.indexed_by(schema, &var.relname),
        }
    }
}

/// Whether ALTER SEQUENCE compares no new limit with the last value: that stays, and nobody may read it.
pub fn compares_nothing(s: &pb::AlterSeqStmt) -> bool {
    let names = || {
        s.options.iter().map(|o| match &o.node {
            Some(NodeEnum::DefElem(o)) => o.defname.as_str(),
            _ => "",
        })
    };
    names().any(|name| name == "restart") || names().all(|n| matches!(n, "increment" | "cache" | "cycle" | "owned_by"))
}
