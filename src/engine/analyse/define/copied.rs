//! Expressions that a new table takes over from another: judged as if they were written in its definition.

use pg_query::NodeEnum;
use pg_query::protobuf as pb;

use super::table::own_item;
use crate::engine::analyse::calls::runs_for;
use crate::engine::analyse::scope::Scope;
use crate::engine::analyse::{Analyser, At, Source, inner};
use crate::engine::catalog::{Expression, ExpressionKind, Relation};
use crate::engine::parse;
use crate::engine::refusal::{self, Refusal};

/// What a child or partition has of its parent; of a partition, indexes too.
pub const INHERITED: [ExpressionKind; 4] =
    [ExpressionKind::Default, ExpressionKind::Generated, ExpressionKind::Check, ExpressionKind::Index];

/// What `LIKE … INCLUDING …` takes over (`TableLikeOption` in nodes/parsenodes.h).
pub fn asked_for(options: u32) -> Vec<ExpressionKind> {
    const BITS: [(u32, ExpressionKind); 5] = [
        (1 << 2, ExpressionKind::Check),
        (1 << 3, ExpressionKind::Default),
        (1 << 4, ExpressionKind::Generated),
        (1 << 6, ExpressionKind::Index),
        (1 << 7, ExpressionKind::Statistics),
    ];
    BITS.iter().filter(|(bit, _)| options & bit != 0).map(|(_, kind)| *kind).collect()
}

impl Analyser<'_> {
    /// Whether the role may run what a new table takes over from `relation`: these kinds of expressions, and what checks
    /// the values of its columns' types.
    pub fn copies(&mut self, relation: &Relation, kinds: &[ExpressionKind]) -> Result<(), Refusal> {
        if self.role.unrestricted {
            return Ok(());
        }
        for column in &relation.columns {
            let named = self.engine.catalog.type_functions_named(&column.ty.name);
            named.into_iter().try_for_each(|t| runs_for(self.role, t))?;
            self.casts_value(&column.ty.name)?;
        }
        let engine = self.engine;
        let taken = engine.catalog.expressions_of(relation.oid).filter(|e| kinds.contains(&e.kind));
        taken.into_iter().try_for_each(|e| self.copied(e, relation))
    }

    fn copied(&mut self, expression: &Expression, relation: &Relation) -> Result<(), Refusal> {
        let not_read =
            |why: &str| refusal::not_supported(&format!("taking over the definition of {}", relation.name), why);
        let text = expression.text.as_ref().ok_or_else(|| not_read("somebody is changing it: try again"))?;
        let text = format!("SELECT {text}");
        let parsed = parse::parse(&text)?;
        let statement = <[pb::RawStmt; 1]>::try_from(parsed.statements).ok().and_then(|[one]| one.stmt?.node);
        let Some(NodeEnum::SelectStmt(mut select)) = statement else {
            return Err(not_read("an expression in it cannot be read"));
        };
        let var = pb::RangeVar { relname: relation.name.name.clone(), ..Default::default() };
        let mut own = own_item(&var, self.plain_columns(relation));
        own.relation = Some(relation.name.clone());
        self.sources.push(Source { text, tokens: parsed.tokens, edits: Vec::new() });
        // As in `Analyser::view`: its names mean what they meant to its author.
        let outside = (
            std::mem::replace(&mut self.source, self.sources.len() - 1),
            std::mem::take(&mut self.ctes),
            std::mem::take(&mut self.search_path),
        );
        self.view_depth += 1;
        self.stays_stored = true;
        let judged = select.target_list.iter_mut().try_for_each(|item| match inner(item)? {
            NodeEnum::ResTarget(item) => {
                let value = item.val.as_mut().ok_or_else(|| not_read("an expression in it cannot be read"))?;
                self.expr(value, &Scope { items: std::slice::from_ref(&own), parent: None }, At::OPERAND)
            }
            _ => Err(not_read("an expression in it cannot be read")),
        });
        self.view_depth -= 1;
        (self.source, self.ctes, self.search_path) = outside;
        self.stays_stored = false;
        let source = self.sources.pop();
        self.known.forget();
        self.guesses.forget();
        self.shadowed = None;
        judged.map_err(|r| Refusal { position: None, ..r })?;
        // PostgreSQL takes it over as it is.
        match source.is_some_and(|s| s.edits.is_empty()) {
            true => Ok(()),
            false => Err(not_read("an expression in it would have to leave as another")),
        }
    }
}
