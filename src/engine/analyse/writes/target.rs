//! The table that a write changes: what its name means, what the role may do to it, and how it stands in the text.

use pg_query::protobuf::{self as pb, Token};

use super::super::from::aliased;
use super::super::relations::{Named, Protection};
use super::super::scope::{Columns, Item};
use super::super::{Analyser, Replacement, runs_for};
use super::view::{Through, shown};
use super::{Aim, TARGET};
use crate::engine::allow::{SystemRelation, system_relation};
use crate::engine::catalog::{Column, Oid, QualifiedName, Relation, TypeFunction, quote_ident};
use crate::engine::cleared::add_table;
use crate::engine::policy::{Right, TablePolicy};
use crate::engine::refusal::{self, Refusal};
use crate::engine::rewrite::guard;
use crate::engine::visible::{Form, VisibleTable};

/// A write's target.
pub struct Target<'e> {
    /// What references to it find.
    pub item: Item,
    pub kind: Kind<'e>,
}

pub enum Kind<'e> {
    /// A temporary table of this session; the purpose that it was derived under, if any.
    Temporary {
        name: String,
        purpose: Option<String>,
    },
    /// A table that this transaction has made or changed ([`super::unsettled`]); what it has for columns is not known.
    Created {
        /// The policy opens it, by its schema or as one that it does not name.
        open: bool,
    },
    /// Not protected: left as it is. `stored`: the table whose rows it changes, for a view the one that it is carried on to.
    Open {
        relation: &'e Relation,
        stored: &'e Relation,
    },
    /// The consent table where the session may not read it: only new rows can be put into it.
    Unread {
        relation: &'e Relation,
        after: usize,
    },
    Protected(Protected<'e>),
}

pub struct Protected<'e> {
    pub relation: &'e Relation,
    pub policy: &'e TablePolicy,
    pub occurrence: usize,
    pub visible: VisibleTable,
    pub aim: Aim,
    /// The views that the statement names instead of the table.
    pub through: Option<Box<Through<'e>>>,
    /// Index of the first token after the target's name and alias.
    pub after: usize,
}

/// What a statement does with its target besides what the rights say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It only adds rows, and shows nothing of them.
    AddsOnly,
    /// It reads, or shows, rows of the target.
    Reads,
}

impl<'e> Target<'e> {
    /// Whose columns the policy is asked about, and the first token after its name.
    pub fn judged(&self) -> Option<(&'e Relation, usize)> {
        match &self.kind {
            Kind::Protected(p) => Some((p.relation, p.after)),
            Kind::Unread { relation, after } => Some((relation, *after)),
            Kind::Temporary { .. } | Kind::Created { .. } | Kind::Open { .. } => None,
        }
    }

    /// The table whose rows are changed, where the catalog has it.
    pub fn stored(&self) -> Option<&'e Relation> {
        match &self.kind {
            Kind::Open { stored, .. } => Some(stored),
            _ => self.judged().map(|(relation, _)| relation),
        }
    }

    /// Whether it is written through a view, whose columns may have other names.
    pub fn is_view(&self) -> bool {
        match &self.kind {
            Kind::Open { relation, stored } => relation.oid != stored.oid,
            Kind::Protected(p) => p.through.is_some(),
            Kind::Temporary { .. } | Kind::Created { .. } | Kind::Unread { .. } => false,
        }
    }

    /// The views that the statement names instead of a protected table.
    pub fn through(&self) -> Option<&Through<'e>> {
        self.protected()?.through.as_deref()
    }

    /// The views by whose name an INSERT leaves.
    pub fn left(&self) -> Option<&Through<'e>> {
        self.through().filter(|through| through.left)
    }

    pub fn protected(&self) -> Option<&Protected<'e>> {
        match &self.kind {
            Kind::Protected(p) => Some(p),
            Kind::Temporary { .. } | Kind::Created { .. } | Kind::Open { .. } | Kind::Unread { .. } => None,
        }
    }
}

impl<'e> Analyser<'e> {
    /// Judges a target's name and the rights on it, and puts it into the text as it must leave.
    pub fn write_target(
        &mut self,
        var: &mut pb::RangeVar,
        rights: &[Right],
        reach: Reach,
    ) -> Result<Target<'e>, Refusal> {
        let at = var.location;
        let relation = match self.resolve_pinned(var)? {
            Named::Relation(relation) => relation,
            Named::Created(created) => {
                self.may_write_created(&created, &var.relname, rights).map_err(|r| r.at(at))?;
                self.reads_as_before(&created.made).map_err(|r| r.at(at))?;
                let kind = Kind::Created { open: self.will_be_open(&created) };
                let name = QualifiedName::new(created.schema, var.relname.as_str());
                return Ok(Target { item: item(var, Some(&name), Columns::Unknown), kind });
            }
            Named::Temporary(purpose) => {
                self.is_no_temporary_view(&var.relname).map_err(|r| r.at(at))?;
                self.read_temporary(var, purpose.clone())?;
                let columns = self.columns_of_temporary(&var.relname);
                let kind = Kind::Temporary { name: var.relname.clone(), purpose };
                return Ok(Target { item: item(var, None, columns), kind });
            }
        };
        self.may_write(relation, rights).map_err(|r| r.at(at))?;
        self.holds_checked(relation);
        let consent = self.is_consent_table(relation);
        let protection = match self.protection(relation, !var.inh) {
            Err(_) if consent && reach == Reach::AddsOnly => return self.unread_target(var, relation),
            Err(refusal) if consent => match self.unlisted_records(relation, !var.inh) {
                Some(table) => return self.protected_target(var, relation, table, Aim::Consent, None),
                None => return Err(refusal.at(at)),
            },
            protection => protection.map_err(|r| r.at(at))?,
        };
        match protection {
            Protection::Open => {
                self.read_relation(relation, !var.inh);
                let item = item(var, Some(&relation.name), self.plain_columns(relation));
                self.qualify(var, relation);
                Ok(Target { item, kind: Kind::Open { relation, stored: relation } })
            }
            Protection::View => {
                // Places in what is said of a view's text are none of the client's.
                let placed = |r: Refusal| Refusal { position: None, ..r }.at(at);
                let links = self.links_of(relation, rights).map_err(placed)?;
                let stored = links.last().map_or(relation, |link| link.reads);
                if let Some(through) = self.through(links).map_err(placed)? {
                    return self.target_through(var, through, rights, reach);
                }
                self.read_relation(relation, !var.inh);
                let item = item(var, Some(&relation.name), self.plain_columns(relation));
                self.view_target(var, relation)?;
                Ok(Target { item, kind: Kind::Open { relation, stored } })
            }
            Protection::Nulled(_) => Err(system(relation).at(at)),
            Protection::Protected(_) if consent && reach == Reach::AddsOnly => self.unread_target(var, relation),
            Protection::Protected(table) => {
                let aim = match reach {
                    _ if consent => Aim::Consent,
                    Reach::AddsOnly => Aim::Added,
                    Reach::Reads => Aim::Rows,
                };
                self.protected_target(var, relation, table, aim, None)
            }
        }
    }

    /// Whether the defaults and checks of a table, and those of its columns' types, leave alone what no client may call.
    /// (Functions of the database's own in them are its owner's to trust, as triggers are; what runs a text, the owner did not
    /// write.)
    fn fills(&self, relation: &Relation, rights: &[Right]) -> Result<(), Refusal> {
        let stores = rights.iter().any(|right| matches!(right, Right::Insert | Right::Update | Right::CopyIn));
        if self.role.unrestricted || !stores {
            return Ok(());
        }
        let catalog = &self.engine.catalog;
        let others = |t: &&TypeFunction| t.function.schema == "pg_catalog" || t.extension.is_some();
        for part in catalog.family(relation.oid) {
            if let Some(function) = catalog.expressions_of(part.oid).find_map(|e| e.runs.as_ref()) {
                let why = format!("a default or check of {} calls it: have it call no such function", relation.name);
                return Err(refusal::function_not_allowed(function, &why));
            }
            let of_columns = part.columns.iter().flat_map(|c| {
                let named = catalog.type_functions_named(&c.ty.name);
                named.filter(move |t| t.oid == c.ty.oid).filter(others)
            });
            of_columns.into_iter().try_for_each(|t| runs_for(self.role, t))?;
        }
        Ok(())
    }

    /// A view over a protected table: that table is the target.
    fn target_through(
        &mut self,
        var: &mut pb::RangeVar,
        mut through: Through<'e>,
        rights: &[Right],
        reach: Reach,
    ) -> Result<Target<'e>, Refusal> {
        through.left = rights.contains(&Right::Insert) && through.has_defaults(&self.engine.catalog);
        let (at, base) = (var.location, through.base);
        let name = &through.view.name;
        if self.is_consent_table(base) {
            let why = "people's choices are recorded in the table itself: write that";
            return Err(refusal::not_supported(&format!("a write to the view {name}"), why).at(at));
        }
        if !var.inh {
            return Err(refusal::not_supported(&format!("ONLY {name}"), "a view has no parts").at(at));
        }
        match self.protection(base, false).map_err(|r| r.at(at))? {
            Protection::Protected(table) => {
                // The new row is read where we test it.
                let only_adds = reach == Reach::AddsOnly && (through.left || !through.has_checks());
                let aim = if only_adds { Aim::Added } else { Aim::Rows };
                self.protected_target(var, base, table, aim, Some(Box::new(through)))
            }
            Protection::Open | Protection::View | Protection::Nulled(_) => {
                Err(refusal::not_faithful("a view's table is another").at(at))
            }
        }
    }

    /// Whether the role may write a relation so; also for tables that a cascade reaches.
    pub fn may_write(&self, relation: &Relation, rights: &[Right]) -> Result<(), Refusal> {
        let name = &relation.name;
        if matches!(name.schema.as_str(), "pg_catalog" | "information_schema" | "pg_toast") {
            return Err(system(relation));
        }
        if relation.has_rules && !self.closes_nothing() {
            let why = "PostgreSQL would run the rule's own statements on stored tables";
            return Err(refusal::not_supported(&format!("a write to {name}, which has rules"), why));
        }
        self.fills(relation, rights)?;
        // Among a parent's rows are those of its parts.
        if self.engine.catalog.family(relation.oid).into_iter().any(|r| self.is_consent_table(r)) {
            if !self.role.may(Right::RecordConsent) {
                let what = format!("writing {name}, where people's choices are recorded");
                return Err(refusal::right_missing("record_consent", &what).of(name.to_string()));
            }
            if self.is_consent_table(relation) {
                return Ok(());
            }
        }
        self.has_rights(rights, &name.to_string())
    }

    pub fn has_rights(&self, rights: &[Right], table: &str) -> Result<(), Refusal> {
        match rights.iter().find(|right| !self.role.may(**right)) {
            None => Ok(()),
            Some(right) => Err(refusal::right_missing(word(*right), &format!("writing {table}")).of(table)),
        }
    }

    /// Whether people's choices are recorded in this relation, or in one that it is a part of.
    pub fn is_consent_table(&self, relation: &Relation) -> bool {
        let records = |oid: &Oid| self.engine.policy.consent_sources().any(|source| source.table == *oid);
        self.engine.catalog.ancestry(relation.oid).iter().any(records)
    }

    /// A view that reads nothing protected is PostgreSQL's own matter.
    fn view_target(&mut self, var: &mut pb::RangeVar, relation: &Relation) -> Result<(), Refusal> {
        let at = var.location;
        match self.view(var, relation)? {
            (_, None) => Ok(()),
            (_, Some(_)) => {
                let what = format!("a write to the view {}", relation.name);
                let why = "it is more than columns and rows of one protected table: write the tables themselves";
                Err(refusal::not_supported(&what, why).at(at))
            }
        }
    }

    /// The consent table, for new rows only.
    fn unread_target(&mut self, var: &mut pb::RangeVar, relation: &'e Relation) -> Result<Target<'e>, Refusal> {
        let item = item(var, Some(&relation.name), self.plain_columns(relation));
        self.qualify(var, relation);
        self.must_rewrite = true;
        self.writes_protected = true;
        let after = self.after_target(var)?;
        Ok(Target { item, kind: Kind::Unread { relation, after } })
    }

    /// Puts on record what is written of a target that is no occurrence.
    pub fn record_unread(&mut self, relation: &Relation, meant: impl Fn(&Column) -> bool) {
        let written = self.written_unread(relation, meant);
        add_table(&mut self.for_the_record.tables, written);
    }

    fn protected_target(
        &mut self,
        var: &mut pb::RangeVar,
        relation: &'e Relation,
        table: Oid,
        aim: Aim,
        through: Option<Box<Through<'e>>>,
    ) -> Result<Target<'e>, Refusal> {
        let rules = &self.engine.policy;
        let records = rules.records.get(&table).filter(|_| aim == Aim::Consent);
        let policy = rules.tables.get(&table).or(records);
        let policy = policy.ok_or_else(|| refusal::table_not_listed(&relation.name.to_string()))?;
        let (occurrence, columns) = self.occurrence(relation, Some(table), !var.inh, &[])?;
        let o = self.occurrences.get_mut(occurrence).ok_or_else(|| refusal::not_faithful("a table is gone"))?;
        o.target = Some(aim);
        let o = o.clone();
        let (visible, _) = guard::visible_of(self, Form::Exists, &o, relation, &quote_ident(TARGET))
            .map_err(|r| r.at(var.location))?;
        let columns =
            through.as_ref().map_or(columns, |t| shown(self, &t.columns, relation, occurrence).of_relation(t.view));
        let named = through.as_ref().map_or(relation, |t| t.view);
        // What leaves is a row of cells, of no type.
        let item = Item { occurrence: Some(occurrence), row: None, ..item(var, Some(&named.name), columns) };
        let after = match (aim, &through) {
            (Aim::Added, None) => {
                self.qualify(var, relation);
                self.after_target(var)?
            }
            (Aim::Added, Some(through)) if through.left => {
                self.leaves_through(var, through);
                self.qualify(var, through.view);
                self.after_target(var)?
            }
            (Aim::Rows, Some(through)) if through.left => {
                self.leaves_through(var, through);
                self.rename_target(var, through.view)?
            }
            (Aim::Added, Some(_)) => {
                let (start, end) = self.range_var_span(var)?;
                let after = self.after_target(var)?;
                self.edit(start, end, Replacement::Text(relation.name.to_sql()));
                name(var, relation);
                after
            }
            (Aim::Rows | Aim::Consent | Aim::Emptied, _) => self.rename_target(var, relation)?,
        };
        self.must_rewrite = true;
        self.writes_protected = true;
        let kind = Kind::Protected(Protected { relation, policy, occurrence, visible, aim, through, after });
        Ok(Target { item, kind })
    }

    /// `[ONLY] name [AS alias]` becomes `[ONLY] "schema"."name" AS "consentry_w"`, in text and tree.
    fn rename_target(&mut self, var: &mut pb::RangeVar, relation: &Relation) -> Result<usize, Refusal> {
        let lost = || refusal::not_faithful("a table's name was not found in the text");
        let (start, _) = self.range_var_span(var)?;
        let after = self.after_target(var)?;
        let end = self.tokens().list.get(after - 1).ok_or_else(lost)?.end;
        let only = if var.inh { "" } else { "ONLY " };
        let text = format!("{only}{} AS {}", relation.name.to_sql(), quote_ident(TARGET));
        self.edit(start, end, Replacement::Text(text));
        name(var, relation);
        var.alias = Some(pb::Alias { aliasname: TARGET.to_owned(), colnames: Vec::new() });
        Ok(after)
    }

    /// Index of the first token after a target's name and alias.
    fn after_target(&self, var: &pb::RangeVar) -> Result<usize, Refusal> {
        let (_, end) = self.range_var_span(var)?;
        let tokens = self.tokens();
        let last = tokens.list.iter().position(|t| t.end == end);
        let last = last.ok_or_else(|| refusal::not_faithful("a table's name was not found in the text"))?;
        Ok(match (&var.alias, tokens.kind(last + 1)) {
            (None, _) => last + 1,
            (Some(_), Some(Token::As)) => last + 3,
            (Some(_), _) => last + 2,
        })
    }
}

/// The tree of a name as it leaves.
fn name(var: &mut pb::RangeVar, relation: &Relation) {
    var.catalogname.clear();
    var.schemaname = relation.name.schema.clone();
    var.relname = relation.name.name.clone();
}

/// What references to the target find, under the name that the client gave it.
fn item(var: &pb::RangeVar, relation: Option<&QualifiedName>, columns: Columns) -> Item {
    let alias = var.alias.as_ref().map(|a| a.aliasname.as_str());
    Item {
        alias: Some(alias.unwrap_or(&var.relname).into()),
        relation: relation.filter(|_| alias.is_none()).cloned(),
        row: relation.map(|named| named.name.as_str().into()),
        stored: true,
        qualified: true,
        ..aliased(None, columns)
    }
}

fn system(relation: &Relation) -> Refusal {
    let name = relation.name.to_string();
    match system_relation(&relation.name.schema, &relation.name.name) {
        SystemRelation::Refused(why) => refusal::system_relation(&name, why),
        SystemRelation::Open | SystemRelation::Nulled(_) => {
            refusal::system_relation(&name, "PostgreSQL's own tables are only read")
        }
    }
}

/// A right as the policy spells it.
pub fn word(right: Right) -> &'static str {
    match right {
        Right::Read => "read",
        Right::Insert => "insert",
        Right::Update => "update",
        Right::Delete => "delete",
        Right::Truncate => "truncate",
        Right::CopyIn => "copy_in",
        Right::Explain => "explain",
        Right::Derive => "derive",
        Right::Ddl => "ddl",
        Right::Call => "call",
        Right::RecordConsent => "record_consent",
    }
}
