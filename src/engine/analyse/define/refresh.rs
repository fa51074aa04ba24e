//! REFRESH MATERIALIZED VIEW: PostgreSQL fills it anew, from what its query reads by now.
//!
//! What it reads by itself is as it was when somebody made it, and whoever lists it as open knows that. A view below it may
//! have been replaced since: then all that is read must be open, and each view one that a session reads as it stands.

use std::collections::BTreeSet;

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
        let (catalog, policy) = (&self.engine.catalog, &self.engine.policy);
        if is_closed(catalog, policy, filled) {
            return Ok(());
        }
        let (mut todo, mut read) = (vec![filled.oid], BTreeSet::new());
        while let Some(oid) = todo.pop() {
            let queries = catalog.behind(oid).filter(|b| b.how == How::Query && b.function.is_none());
            for next in queries.flat_map(|b| &b.reads).copied() {
                let is_view = |r: &Relation| r.kind == RelationKind::View;
                if read.insert(next) && catalog.relation(next).is_some_and(is_view) {
                    todo.push(next);
                }
            }
        }
        let below: Vec<&Relation> = read.iter().filter_map(|oid| catalog.relation(*oid)).collect();
        if !below.iter().any(|r| r.kind == RelationKind::View) {
            return Ok(());
        }
        for relation in below {
            if self.context.defined.contains_key(&relation.name) {
                return Err(refusal::not_settled(&relation.name.to_string()));
            }
            let holds_rows = !matches!(relation.kind, RelationKind::Sequence | RelationKind::Composite);
            if holds_rows && is_closed(catalog, policy, relation) {
                let what = format!("filling {} from {} through a view", filled.name, relation.name);
                let why =
                    "it is open and would hold what is not, and whoever may define can have replaced the view since";
                return Err(refusal::not_supported(&what, why));
            }
            if relation.kind == RelationKind::View {
                self.is_read_as_it_stands(relation)?;
            }
            self.read_behind(relation);
        }
        Ok(())
    }

    /// Refuses a view of which a session would read less than PostgreSQL does: columns of system catalogs that are null here,
    /// sizes of tables.
    fn is_read_as_it_stands(&self, view: &Relation) -> Result<(), Refusal> {
        let text = format!("SELECT * FROM {}", view.name.to_sql());
        let parsed = parse::parse(&text)?;
        let mut beside = Analyser::new(self.engine, &self.context, self.role, text, parsed.tokens);
        beside.begin_statement(self.context.clone(), self.purpose, 0);
        for statement in parsed.statements {
            let mut tree = statement.stmt.ok_or_else(|| refusal::undefined_table(&view.name.to_string()))?;
            beside.statement(&mut tree)?;
        }
        match beside.occurrences.is_empty() && !beside.changes_meaning() {
            true => Ok(()),
            false => Err(refusal::not_supported(
                &format!("filling a materialized view from {}", view.name),
                "PostgreSQL would read more of it than a session may, and whoever may define can have replaced it since",
            )),
        }
    }
}
