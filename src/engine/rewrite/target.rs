//! What stands in a write in place of a reference to its target: the cell that the session may see, over the target's
//! own alias; and the conditions under which a row is reached.

use crate::engine::analyse::{Aim, Analyser, Called, Moment, Occurrence, Pending, TARGET, What};
use crate::engine::catalog::{Relation, quote_ident};
use crate::engine::refusal::{self, Refusal};
use crate::engine::visible::{self, CellKind, Form, VisibleTable};

use super::guard;

struct Over<'a> {
    a: &'a Analyser<'a>,
    o: &'a Occurrence,
    relation: &'a Relation,
    visible: VisibleTable,
    /// The row is there; `None`: every row is.
    rows: Option<String>,
    alias: String,
}

/// The SQL of one pending expression, without parentheses around it.
pub fn expression(a: &Analyser<'_>, p: &Pending) -> Result<String, Refusal> {
    let gone = || refusal::not_faithful("a write's target is gone");
    let o = a.occurrences.get(p.occurrence).ok_or_else(gone)?;
    let relation = a.engine.catalog.relation(o.relation).ok_or_else(gone)?;
    let alias = quote_ident(TARGET);
    let (visible, _) = guard::visible_of(a, Form::Exists, o, relation, &alias)?;
    let rows = visible::row_sql(&visible);
    let over = Over { a, o, relation, visible, rows, alias };
    if p.moment == Moment::Upserted {
        over.is_one_either_way(&p.what)?;
    }
    match &p.what {
        What::Column(column) => over.column(column, p).ok_or_else(gone),
        What::Row { name, columns } => over.row(name, columns, p).ok_or_else(gone),
        What::Reached { clear, moves } => over.reached(clear, *moves),
        What::There => Ok(format!("CASE WHEN {} THEN true ELSE false END", over.rows.as_deref().unwrap_or("true"))),
    }
}

impl Over<'_> {
    fn column(&self, column: &Called, p: &Pending) -> Option<String> {
        let text = self.cell(column.index, p.moment)?;
        let name = quote_ident(&column.name);
        let bare = text == format!("{}.{name}", self.alias);
        Some(if p.named && !bare { format!("SELECT {text} AS {name}") } else { text })
    }

    fn row(&self, name: &str, columns: &[Called], p: &Pending) -> Option<String> {
        let cells: Option<Vec<String>> = columns
            .iter()
            .map(|c| Some(format!("{} AS {}", self.cell(c.index, p.moment)?, quote_ident(&c.name))))
            .collect();
        let name = quote_ident(name);
        Some(format!("SELECT {name} FROM (SELECT {}) AS {name}", cells?.join(", ")))
    }

    fn cell(&self, column: usize, moment: Moment) -> Option<String> {
        let (cell, stored) = (self.visible.cells.get(column)?, self.relation.columns.get(column)?);
        let text = visible::cell_sql(cell, stored, &self.alias);
        let own = || visible::own_cell_sql(cell, stored, &self.alias);
        if matches!(moment, Moment::Inserted | Moment::Upserted) {
            // As the client has it, or PostgreSQL fills it in: whoever's the row is.
            let hidden = matches!(cell.kind, CellKind::Hidden);
            return Some(if hidden { text } else { format!("{}.{}", self.alias, quote_ident(&stored.name)) });
        }
        if moment == Moment::Tested && self.a.engine.catalog.holds_what_is_stored(self.relation, column) {
            // As it was found, or as the client has it: whoever's the row is now, and whether it is there.
            let shown = matches!(cell.kind, CellKind::PerRow { .. }) && self.o.clear.contains(&column);
            return Some(if shown { format!("{}.{}", self.alias, quote_ident(&stored.name)) } else { text });
        }
        let Some(rows) = &self.rows else { return Some(text) };
        // Whoever records choices reaches any row of the consent table by its open columns, and by no others.
        let records = self.o.target == Some(Aim::Consent);
        Some(match moment {
            Moment::Deleted if !records => text,
            Moment::Old if self.guarded(column) => {
                format!("CASE WHEN {rows} THEN {text} ELSE {} END", visible::null_of(&stored.ty))
            }
            Moment::Old => text,
            Moment::Existing if records && cell.category.is_none() => text,
            // The row that an INSERT ran into may be a hidden one, and no part of the clause is known to run first.
            Moment::Existing if matches!(cell.kind, CellKind::Hidden) => text,
            Moment::Existing => format!("CASE WHEN {rows} THEN {text} ELSE {} END", visible::null_of(&stored.ty)),
            _ if text == own() => text,
            Moment::New | Moment::Tested | Moment::Inserted | Moment::Upserted | Moment::Deleted => {
                format!("CASE WHEN {rows} THEN {text} ELSE {} END", own())
            }
        })
    }

    /// Whether a test of a new row reads the same in one that was inserted as in one that was changed.
    fn is_one_either_way(&self, what: &What) -> Result<(), Refusal> {
        let read: Vec<usize> = match what {
            What::Column(column) => vec![column.index],
            What::Row { columns, .. } => columns.iter().map(|column| column.index).collect(),
            What::Reached { .. } | What::There => Vec::new(),
        };
        let differs = |i: &&usize| self.cell(**i, Moment::Inserted) != self.cell(**i, Moment::Tested);
        let column = read.iter().find(differs).and_then(|i| self.relation.columns.get(*i));
        column.map_or(Ok(()), |column| {
            let what = format!("ON CONFLICT … DO UPDATE on a view of {}", self.relation.name);
            let why = format!(
                "its WITH CHECK OPTION reads \"{}\", which is masked in some rows that it changes, or changed by triggers, \
                 and the client's own in those that it inserts: assign that column too, or insert into the table",
                column.name
            );
            Err(refusal::not_supported(&what, &why))
        })
    }

    /// Whether a cell must not be read in a row that is not there: where PostgreSQL might use it before it tests the row,
    /// or where the row is not tested at all.
    fn guarded(&self, column: usize) -> bool {
        let Some(cell) = self.visible.cells.get(column) else { return true };
        if self.rows.is_none() || matches!(cell.kind, CellKind::Hidden) {
            return false;
        }
        match self.o.target {
            Some(Aim::Consent) => cell.category.is_some(),
            Some(Aim::Rows | Aim::Added | Aim::Emptied) | None => {
                self.a.guard_all || cell.computes || self.o.uses.get(column).is_some_and(|u| u.early)
            }
        }
    }

    /// `clear`: columns whose subject must have chosen that they are shown, where that is for them to choose.
    fn reached(&self, clear: &[usize], moves: bool) -> Result<String, Refusal> {
        let mut all: Vec<String> = Vec::new();
        for conjunct in &self.o.inside {
            // An index serves a comparison of the bare column, not one of the guarded.
            let (cell, stored) = (self.visible.cells.get(conjunct.column), self.relation.columns.get(conjunct.column));
            if let (Some(cell), Some(stored)) = (cell, stored) {
                let bare = format!("{}.{}", self.alias, quote_ident(&stored.name));
                all.extend(guard::stored_condition(
                    self.a.may_fail,
                    conjunct,
                    cell,
                    &bare,
                    self.guarded(conjunct.column),
                ));
            }
        }
        // Nothing is shown of a record that is not there.
        if self.o.target != Some(Aim::Consent) || !clear.is_empty() {
            all.extend(visible::rechecked_row_sql(&self.visible));
        }
        for column in clear {
            let Some(cell) = self.visible.cells.get(*column) else { return Ok("false".to_owned()) };
            match (cell.choice(), &cell.kind) {
                (Some(choice), _) if all.contains(&visible::no_join(choice)) => {}
                (Some(choice), _) => all.push(visible::no_join(choice)),
                (None, CellKind::Clear) => {}
                // Never assigned: refused before.
                (None, CellKind::PerRow { .. } | CellKind::Masked { .. } | CellKind::Hidden) => {
                    all.push("false".to_owned());
                }
            }
        }
        if moves {
            let movable = guard::movable(self.a, self.o, self.relation, &self.alias)?;
            all.extend(movable.iter().map(|condition| visible::no_join(condition)));
        }
        Ok(if all.is_empty() { "true".to_owned() } else { all.join(" AND ") })
    }
}
