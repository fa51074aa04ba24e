//! Results that are stored: CREATE TABLE AS, SELECT INTO, views. Data keeps the purpose that it was read for.

use pg_query::NodeEnum;
use pg_query::protobuf as pb;

use super::{Place, ddl};
use crate::engine::analyse::scope::{Columns, Scope};
use crate::engine::analyse::statement::Judged;
use crate::engine::analyse::{Analyser, At, inner, kind_of};
use crate::engine::cleared::Effect;
use crate::engine::context::{Defined, Derived};
use crate::engine::policy::Right;
use crate::engine::refusal::{self, Refusal};

/// The prepared statement that a statement, or one that it explains, stores the result of.
pub fn stored_execute(node: &NodeEnum) -> Option<&pb::ExecuteStmt> {
    let query = match node {
        NodeEnum::CreateTableAsStmt(c) => &c.query,
        NodeEnum::ExplainStmt(e) => match e.query.as_ref()?.node.as_ref()? {
            NodeEnum::CreateTableAsStmt(c) => &c.query,
            _ => return None,
        },
        _ => return None,
    };
    match query.as_ref()?.node.as_ref()? {
        NodeEnum::ExecuteStmt(e) => Some(e),
        _ => None,
    }
}

impl<'e> Analyser<'e> {
    pub fn select_into(&mut self, s: &mut pb::SelectStmt) -> Result<Judged, Refusal> {
        let into = s.into_clause.take();
        let result = self.select(s, &Scope::EMPTY, At::OUTPUT);
        s.into_clause = into;
        let columns = result?;
        self.stored_result(s.into_clause.as_deref_mut(), &columns, pb::ObjectType::ObjectTable, false)
    }

    pub fn create_table_as(&mut self, c: &mut pb::CreateTableAsStmt) -> Result<Judged, Refusal> {
        let query = c.query.as_mut().ok_or_else(|| refusal::not_supported("CREATE TABLE AS", "its query is empty"))?;
        let columns = match inner(query)? {
            NodeEnum::SelectStmt(s) if s.into_clause.is_none() => self.select(s, &Scope::EMPTY, At::OUTPUT)?,
            NodeEnum::ExecuteStmt(e) => return Err(refusal::stored_execute(&e.name)),
            other => {
                return Err(refusal::not_supported(
                    &format!("CREATE TABLE AS {}", kind_of(other)),
                    "only a query can be stored",
                ));
            }
        };
        let kind = c.objtype();
        self.stored_result(c.into.as_deref_mut(), &columns, kind, c.if_not_exists)
    }

    /// Rights and effect of storing what was just read, in a relation with these columns.
    fn stored_result(
        &mut self,
        into: Option<&mut pb::IntoClause>,
        columns: &Columns,
        object: pb::ObjectType,
        unless_there: bool,
    ) -> Result<Judged, Refusal> {
        let on_commit = into.as_ref().map_or(pb::OnCommitAction::OncommitNoop, |i| i.on_commit());
        let shape = self.shape_of_result(columns, into.as_ref().map_or(&[], |i| &i.col_names));
        let target = into
            .and_then(|i| i.rel.as_mut())
            .ok_or_else(|| refusal::not_supported("a stored result", "it has no name"))?;
        let place = self.makes(target)?;
        self.keeps_types(columns)?;
        let protected = self.reads_protected();
        if protected && !self.role.may(Right::Derive) {
            return Err(refusal::right_missing("derive", "storing a result of protected tables"));
        }
        if place == Place::Temporary {
            if object == pb::ObjectType::ObjectMatview {
                let why = "REFRESH would fill it anew, whatever holds by then: make it a table";
                return Err(refusal::not_supported("a temporary materialized view", why));
            }
            let purpose = self.purpose.filter(|_| protected);
            let made = purpose.map_or(Derived::default(), |p| Derived::under(p, &self.engine.policy));
            let made = Derived { shape, ..made };
            let on_commit_drop = on_commit == pb::OnCommitAction::OncommitDrop;
            let effect = self.creates_temporary(&target.relname, made, on_commit_drop, unless_there)?;
            return Ok(Judged { kind: "create_table_as", effect });
        }
        if protected {
            let why = "nothing would take a person out of it when consent is withdrawn; a TEMPORARY table or a view is possible";
            return Err(refusal::not_supported("a stored copy of protected tables", why));
        }
        self.needs_ddl("CREATE TABLE AS")?;
        if let Place::Schema(schema) = &place {
            self.defines_new(schema, &target.relname, Defined::New);
        }
        Ok(Judged { kind: "create_table_as", effect: Effect::CatalogChanged })
    }

    /// A view is read as its definition over visible tables, so storing the definition stores no data.
    pub fn create_view(&mut self, v: &mut pb::ViewStmt) -> Result<Judged, Refusal> {
        let pb::ViewStmt { view, query, .. } = v;
        let query = query.as_mut().ok_or_else(|| refusal::not_supported("CREATE VIEW", "its query is empty"))?;
        let view = view.as_mut().ok_or_else(|| refusal::not_supported("CREATE VIEW", "it has no name"))?;
        let written = query.clone();
        let columns = match inner(query)? {
            NodeEnum::SelectStmt(s) => self.select(s, &Scope::EMPTY, At::OUTPUT)?,
            other => return Err(refusal::not_supported(&kind_of(other), "only a query can be a view")),
        };
        // What it reads by names that others bear too, and nothing that is shown otherwise, is stored with its schemas.
        let touches = self.occurrences.len() > self.first_occurrence;
        let protected = self.reads_protected() || self.changes_meaning() || (self.pinned && touches);
        if protected || !self.pinned {
            self.only_looked_at();
            *query = written;
        }
        // PostgreSQL makes it a temporary view by itself; and whatever comes into the table later would be read by it.
        if self.reads_temporary {
            let why = "the purpose of derived rows is followed table by table";
            return Err(refusal::not_supported("a view of a temporary relation", why));
        }
        match self.makes(view)? {
            Place::Temporary => self.create_temporary_view(&view.relname, protected, &columns),
            Place::Schema(schema) => self.create_lasting_view(view, &schema, protected, &columns),
            Place::Nowhere => self.needs_ddl("CREATE VIEW").and_then(|()| ddl()),
        }
    }

    /// PostgreSQL expands it by itself, so all that it reads must be open, whenever it is read. Nothing is written through it:
    /// that would be a write to its table, which is judged by the table's name.
    fn create_temporary_view(&mut self, name: &str, protected: bool, columns: &Columns) -> Result<Judged, Refusal> {
        if protected {
            let why = "its definition is not known to the proxy afterwards; create it in a schema";
            return Err(refusal::not_supported("a temporary view of what is not shown as it is stored", why));
        }
        if self.outward.has_calls() {
            let why = "what it does beside reading would not be judged where it is read";
            return Err(refusal::not_supported("a temporary view that notifies, counts or locks", why));
        }
        if self.reads_changeable {
            let why = "what it reads may be replaced by a view of protected tables: create it in a schema";
            return Err(refusal::not_supported("a temporary view of another view", why));
        }
        self.types_are_known(columns)?;
        let made = Derived { view: Some(self.left.stored.clone()), ..Derived::default() };
        Ok(Judged { kind: "ddl", effect: self.creates_temporary(name, made, false, false)? })
    }

    /// Until the catalog has a view, nobody knows of what types its columns are.
    fn types_are_known(&self, columns: &Columns) -> Result<(), Refusal> {
        self.keeps_types(columns)?;
        self.casts_columns(columns.list())
    }

    fn create_lasting_view(
        &mut self,
        view: &pb::RangeVar,
        schema: &str,
        protected: bool,
        columns: &Columns,
    ) -> Result<Judged, Refusal> {
        self.needs_ddl("CREATE VIEW")?;
        self.left.in_a_view = true;
        let named = pb::RangeVar { schemaname: schema.to_owned(), ..view.clone() };
        let existing = self.unprotected(Some(&named), "CREATE OR REPLACE VIEW")?;
        self.not_named_by_policy(existing, "CREATE OR REPLACE VIEW")?;
        // A view that it reads may be replaced before it is read itself.
        let open = !protected && existing.is_none() && !self.reads_changeable;
        if open {
            self.types_are_known(columns)?;
        }
        let defined = match existing {
            _ if open => Defined::View(self.left.stored.clone()),
            None => Defined::UnreadView,
            Some(_) => Defined::Doubtful,
        };
        self.defines_new(schema, &view.relname, defined);
        ddl()
    }

    /// The statement was judged by what it would read, but reads nothing now: it leaves as it was written.
    fn only_looked_at(&mut self) {
        self.occurrences.truncate(self.first_occurrence);
        self.injections.truncate(self.first_injection);
        self.forget_edits();
        self.must_rewrite = false;
        self.pinned = false;
    }
}
