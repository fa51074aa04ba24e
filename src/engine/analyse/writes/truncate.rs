//! TRUNCATE, with all that CASCADE reaches.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf as pb;

use super::super::relations::{Named, Protection};
use super::super::statement::Judged;
use super::super::{Analyser, inner};
use super::target::Reach;
use super::{Aim, target};
use crate::engine::catalog::{Oid, Relation};
use crate::engine::cleared::Effect;
use crate::engine::policy::{Right, TablePolicy};
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    pub fn truncate(&mut self, t: &mut pb::TruncateStmt) -> Result<Judged, Refusal> {
        let cascades = t.behavior() == pb::DropBehavior::DropCascade;
        if cascades {
            self.may_cascade()?;
        }
        let (mut named, mut roots) = (BTreeSet::new(), Vec::new());
        for node in &mut t.relations {
            let NodeEnum::RangeVar(var) = inner(node)? else {
                return Err(refusal::not_supported("TRUNCATE", "it names something that is no table"));
            };
            match self.resolve(var)? {
                Named::Relation(relation) => {
                    roots.push((relation, var.inh));
                    named.insert(relation.oid);
                }
                Named::Created(_) | Named::Temporary(_) => {}
            }
            let target = self.write_target(var, &[Right::Truncate], Reach::AddsOnly)?;
            match &target.kind {
                target::Kind::Protected(p) => {
                    (0..p.relation.columns.len()).for_each(|i| self.note_written(p.occurrence, i));
                }
                target::Kind::Unread { relation, .. } => self.record_unread(relation, |_| true),
                target::Kind::Temporary { .. } | target::Kind::Created { .. } | target::Kind::Open { .. } => {}
            }
        }
        let emptied = self.emptied(&roots, cascades);
        self.ends_no_restriction(&emptied)?;
        for relation in emptied {
            if !named.contains(&relation.oid) {
                self.truncates_too(relation)?;
            }
        }
        Ok(Judged { kind: "truncate", effect: Effect::None })
    }

    /// All relations that lose their rows: parts of the named ones, and with CASCADE those that refer to them.
    pub fn emptied(&self, roots: &[(&'e Relation, bool)], cascades: bool) -> Vec<&'e Relation> {
        let catalog: &'e crate::engine::catalog::Catalog = &self.engine.catalog;
        let mut seen: BTreeSet<Oid> = BTreeSet::new();
        let mut todo: Vec<(Oid, bool)> = roots.iter().map(|(r, parts)| (r.oid, *parts)).collect();
        while let Some((oid, parts)) = todo.pop() {
            if !seen.insert(oid) {
                continue;
            }
            if parts {
                todo.extend(catalog.children(oid).iter().map(|c| (*c, true)));
            }
            if cascades {
                let refers = |r: &&Relation| r.foreign_keys.iter().any(|k| k.references == oid);
                todo.extend(catalog.relations().filter(refers).map(|r| (r.oid, true)));
            }
        }
        let mut emptied: Vec<&Relation> = seen.into_iter().filter_map(|oid| catalog.relation(oid)).collect();
        emptied.sort_by_key(|relation| &relation.name);
        emptied
    }

    /// Nobody is restricted whose row is gone: rows about them must go too.
    fn ends_no_restriction(&self, emptied: &[&'e Relation]) -> Result<(), Refusal> {
        if self.role.unrestricted {
            return Ok(());
        }
        let policy = &self.engine.policy;
        let is_emptied = |table: Oid| emptied.iter().any(|r| r.oid == table);
        for (name, kind) in policy.subjects.iter().filter(|(_, kind)| kind.restricted_when.is_some()) {
            let ends = emptied.iter().any(|r| self.is_part(r.oid, kind.table));
            let about = |t: &&TablePolicy| t.subject.as_ref().is_some_and(|path| path.kind == *name);
            let stays = policy.tables_by_name().into_iter().filter(about).find(|t| !is_emptied(t.relation));
            if let Some(table) = stays.filter(|_| ends) {
                let what = format!("TRUNCATE of {}", kind.table_name);
                let why =
                    format!("rows of {} would stay, whose people are not restricted any more: use DELETE", table.name);
                return Err(refusal::not_supported(&what, &why));
            }
        }
        Ok(())
    }

    /// A relation that is emptied with a named one.
    fn truncates_too(&mut self, relation: &'e Relation) -> Result<(), Refusal> {
        self.may_write(relation, &[Right::Truncate])?;
        if self.is_consent_table(relation) {
            self.writes_protected = true;
            self.record_unread(relation, |_| true);
            return Ok(());
        }
        match self.protection(relation, true)? {
            Protection::Open | Protection::View | Protection::Nulled(_) => Ok(()),
            Protection::Protected(table) => {
                let (occurrence, _) = self.occurrence(relation, Some(table), true, &[])?;
                if let Some(o) = self.occurrences.get_mut(occurrence) {
                    o.target = Some(Aim::Emptied);
                }
                (0..relation.columns.len()).for_each(|i| self.note_written(occurrence, i));
                self.writes_protected = true;
                Ok(())
            }
        }
    }
}
