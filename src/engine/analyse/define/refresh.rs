//! REFRESH MATERIALIZED VIEW: PostgreSQL fills it anew, from what its query reads by now.
//!
//! What it reads by itself is as it was when somebody made it, and whoever lists it as open knows that. A view below it may
//! have been replaced since: then all that is read must be open, and each view one that a session reads as it stands.

use pg_query::protobuf as pb;

use crate::engine::analyse::Analyser;
use crate::engine::analyse::relations::Named;
use crate::engine::analyse::statement::Judged;
use crate::engine::catalog::{How, Relation, RelationKind};
use crate::engine::cleared::Effect;
use crate::engine::parse;
use crate::engine::policy::is_closed;
use crate::engine::refusal::{self, Refusal};

const REFRESH: &str = "REFRESH MATERIALIZED VIEW";

impl Analyser<'_> {
    pub(super) fn refresh(&mut self, r: &mut pb::RefreshMatViewStmt) -> Result<Judged, Refusal> {
        self.needs_ddl(REFRESH)?;
        if let Some(filled) = self.unprotected_pinned(r.relation.as_mut(), REFRESH)? {
            self.is_filled_from_open(filled)?;
        } else if let Some(var) = &r.relation
            && let Ok(Named::Created(_)) = self.resolve(var)
        {
            // It may read views that have been replaced since it was made.
            return Err(refusal::not_settled(&var.relname));
        }
        // It runs over whatever the view reads, and its errors name rows.
        self.writes_protected = !self.closes_nothing();
        Ok(Judged { kind: "refresh", effect: Effect::None })
    }

    fn is_filled_from_open(&mut self, filled: &Relation) -> Result<(), Refusal> {
        let catalog = &self.engine.catalog;
        if is_closed(catalog, &self.engine.policy, filled) {
            return Ok(());
        }
        let queries = catalog.behind(filled.oid).filter(|b| b.how == How::Query && b.function.is_none());
        let read = queries.flat_map(|b| &b.reads).filter_map(|oid| catalog.relation(*oid));
        read.filter(|r| r.kind == RelationKind::View).try_for_each(|view| self.is_read_as_it_stands(view))
    }

    /// Refuses a view of which a session would read less than PostgreSQL does: of protected tables, columns of system catalogs
    /// that are null here, sizes of tables.
    fn is_read_as_it_stands(&mut self, view: &Relation) -> Result<(), Refusal> {
        let text = format!("SELECT * FROM {}", view.name.to_sql());
        let parsed = parse::parse(&text)?;
        let mut beside = Analyser::new(self.engine, &self.context, self.role, text, parsed.tokens);
        beside.begin_statement(self.context.clone(), self.purpose, 0);
        for statement in parsed.statements {
            let mut tree = statement.stmt.ok_or_else(|| refusal::undefined_table(&view.name.to_string()))?;
            beside.statement(&mut tree)?;
        }
        match beside.occurrences.is_empty() && !beside.changes_meaning() {
            true => {
                self.left.takes(beside.left);
                Ok(())
            }
            false => Err(refusal::not_supported(
                &format!("filling a materialized view from {}", view.name),
                "PostgreSQL would read more of it than a session may, and whoever may define can have replaced it since",
            )),
        }
    }
}
