//! Columns that PostgreSQL computes from others (`GENERATED ALWAYS AS … STORED`): they hold what was computed from stored
//! values, not from what a purpose shows of these. Who lists such a column in clear says that it may be seen; but it is to be
//! said to them what it tells.

use super::super::super::catalog::Relation;
use super::super::super::visible::in_reach;
use super::super::raw::Spanned;
use super::super::{ColumnUse, Purpose, TablePolicy};
use super::Resolver;

pub(super) fn run(r: &mut Resolver<'_, '_>, key: &Spanned<String>, relation: &Relation, table: &TablePolicy) {
    let Some(columns) = r.raw().table.get(key).and_then(|raw| raw.get_ref().columns.as_ref()) else { return };
    for (name, usage) in columns.get_ref() {
        let Some(column) = super::super::names::single(name.get_ref()).ok() else { continue };
        let Some(used) = table.columns.get(&column) else { continue };
        for part in r.catalog.family(relation.oid) {
            let from = part.column(&column).into_iter().flat_map(|c| &c.computed_from);
            for source in from.collect::<Vec<_>>() {
                tells(r, usage, &column, used, source, table);
            }
        }
    }
}

/// Warns where some purpose shows `column`, and not in every row the one that it is computed from.
fn tells(
    r: &mut Resolver<'_, '_>,
    at: &Spanned<String>,
    column: &str,
    used: &ColumnUse,
    source: &str,
    table: &TablePolicy,
) {
    let behind = table.columns.get(source);
    if behind == Some(used) {
        return;
    }
    let telling = |p: &&Purpose| {
        in_reach(table, p) && clear(r, p, Some(used), Clear::Somewhere) && !clear(r, p, behind, Clear::Everywhere)
    };
    let purposes: Vec<String> = r.policy.purposes.values().filter(telling).map(|p| format!("`{}`", p.name)).collect();
    if purposes.is_empty() {
        return;
    }
    let message = format!(
        "`{column}` tells of `{source}`, from which PostgreSQL computes it: `{source}` is not shown for {}, and `{column}` is",
        purposes.join(", ")
    );
    let fix = match behind {
        Some(ColumnUse::Category(category)) => format!("give it the category `{category}` too, or a mask of its own"),
        Some(ColumnUse::Open) | None => "do not list it, or give it a category with a mask".to_owned(),
    };
    r.warning(at.span(), message, fix);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Clear {
    Somewhere,
    Everywhere,
}

/// Whether a purpose shows what is used so in clear, in some rows or in all.
fn clear(r: &Resolver<'_, '_>, purpose: &Purpose, usage: Option<&ColumnUse>, how: Clear) -> bool {
    let category = match usage {
        None => return false,
        Some(ColumnUse::Open) => return true,
        Some(ColumnUse::Category(category)) => category,
    };
    // By a channel the people themselves decide, row by row.
    let chosen = r.policy.categories.get(category).is_some_and(|c| c.channel.is_some()) && purpose.basis.is_by_choice();
    purpose.shows.contains(category) && (how == Clear::Somewhere || !chosen)
}
