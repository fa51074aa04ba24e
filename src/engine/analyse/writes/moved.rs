//! Assignments that may give rows to another person: of the row itself, or of rows that lead through it. Other purposes of
//! the role show them then as the new person chose, whatever the present one did. So a value is tested where it is assigned:
//! it is the one that the row has (clients write whole rows back), the row is about nobody, or each of those purposes shows
//! all of it for the present person already. Retention and the role's own filter are the same for any person.

use pg_query::{Node, NodeEnum};

use super::super::{Analyser, Part, Replacement, inner};
use super::deeper::means_the_same_deeper;
use super::store::{ALIAS, around, raise, tested, tested_type};
use super::target::{Protected, Target};
use super::{Aim, TARGET};
use crate::engine::catalog::quote_ident;
use crate::engine::cleared::Raise;
use crate::engine::policy::TablePolicy;
use crate::engine::refusal::{self, Refusal, SqlState};
use crate::engine::rewrite::guard;
use crate::engine::visible::Dependent;

/// An assignment of the statement's that needs the test.
#[derive(Debug, Clone)]
pub struct Moved {
    column: String,
    /// What must be true of a row for each other purpose to show all that moves with it.
    shown: Vec<String>,
}

/// The test in the text: around which value.
struct Placed {
    item: usize,
    end: usize,
    around: [String; 4],
    condition: usize,
    raises: usize,
}

impl<'e> Analyser<'e> {
    /// What must be true of a target's row for the role's other purposes to show all of it, or of the rows of `dependent` that
    /// lead through it, to begin with.
    pub fn shown_elsewhere(
        &self,
        p: &Protected<'e>,
        dependent: Option<&Dependent<'_>>,
    ) -> Result<Vec<String>, Refusal> {
        let Some(now) = self.purpose.filter(|_| !self.role.unrestricted) else { return Ok(Vec::new()) };
        let occurrence = self.occurrences.get(p.occurrence).ok_or_else(|| refusal::not_faithful("a target is gone"))?;
        let tested = |sql: &String| p.aim == Aim::Rows && p.visible.rows.iter().any(|row| row.sql == *sql);
        let mut all = Vec::new();
        for other in self.purposes().filter(|other| other.name != now.name) {
            let shown = guard::in_full(self, other, occurrence, dependent, p.relation, &quote_ident(TARGET))?;
            for sql in shown.into_iter().filter(|sql| !tested(sql)) {
                if !all.contains(&sql) {
                    all.push(sql);
                }
            }
        }
        Ok(all)
    }

    /// An assignment under which rows move.
    pub fn will_move(&mut self, column: &str, shown: Vec<String>) {
        if !shown.is_empty() {
            self.moved.push(Moved { column: column.to_owned(), shown });
        }
    }

    /// Puts the tests around the values of a SET list that need one. `set`: first token after SET.
    pub fn test_assigned(&mut self, target: &Target<'e>, list: &mut [Node], set: Option<usize>) -> Result<(), Refusal> {
        let moved = std::mem::take(&mut self.moved);
        let Some(p) = target.protected().filter(|_| !moved.is_empty()) else {
            return self.check_assigned(target, list, set);
        };
        let name = p.relation.name.to_string();
        if list.iter().any(|node| moved.iter().any(|m| is_default(node, &m.column))) {
            self.check_assigned(target, list, set)?;
            return Err(subject_moved(&name, p.policy));
        }
        let mut placed = Vec::with_capacity(moved.len());
        for moved in &moved {
            placed.push(self.place_test(p, moved, list, set)?);
        }
        // The test of consent stands inside.
        self.check_assigned(target, list, set)?;
        for Placed { item, end, around, condition, raises } in placed {
            let lost = || refusal::not_faithful("an assignment is gone");
            let value = match list.get_mut(item).map(inner).transpose()? {
                Some(NodeEnum::ResTarget(assignment)) => assignment.val.as_mut().ok_or_else(lost)?,
                _ => return Err(lost()),
            };
            let [_, _, _, after] = around.clone();
            self.edit(end, end, Replacement::Text(after));
            value.node = Some(tested(&around, value.node.take(), condition, raises)?);
        }
        Ok(())
    }

    /// The text before a value; what stands behind it comes when all that stands inside is there.
    fn place_test(
        &mut self,
        p: &Protected<'e>,
        moved: &Moved,
        list: &mut [Node],
        set: Option<usize>,
    ) -> Result<Placed, Refusal> {
        let by_itself = || {
            let why = "its rows may become another subject's: assign each column that leads to one by itself";
            refusal::not_supported(&format!("this SET of {}", p.relation.name), why)
        };
        let found = self.assigned_value(list, set, &moved.column, by_itself)?;
        let (item, (start, end)) = found.ok_or_else(|| refusal::not_faithful("an assignment is gone"))?;
        let value = match &list.get(item).and_then(|n| n.node.as_ref()) {
            Some(NodeEnum::ResTarget(assignment)) => assignment.val.as_deref(),
            _ => None,
        };
        if !value.is_some_and(|value| means_the_same_deeper(value, &self.engine.catalog)) {
            return Err(by_itself());
        }
        let column = p.relation.columns.iter().find(|c| c.name == moved.column);
        let column = column.ok_or_else(|| refusal::not_faithful("an assigned column is gone"))?;
        let name = quote_ident(&column.name);
        let (old, new) = (format!("{}.{name}", quote_ident(TARGET)), format!("{ALIAS}.{name}"));
        // To the letter: what only compares equal may be the key of another.
        let letters = |value: &str| format!("{value}::pg_catalog.text COLLATE pg_catalog.\"C\"");
        let same = format!("{} OPERATOR(pg_catalog.=) {}", letters(&old), letters(&new));
        let shown = moved.shown.join(" AND ");
        let test = format!("{old} IS NULL OR {same} OR ({shown})");
        let marker = format!("consentry subject-moved {}", p.relation.name);
        let condition = self.inject(Part::Expression(test), None, false);
        let raises = self.inject(Part::Expression(raise(&marker)), None, false);
        let around = around(&name, &tested_type(column));
        let [a, b, c, _] = around.clone();
        self.edit(start, start, Replacement::Text(a));
        self.edit(start, start, Replacement::Injected(condition, b));
        self.edit(start, start, Replacement::Injected(raises, c));
        let raised = Raise { marker, refusal: subject_moved(&p.relation.name.to_string(), p.policy) };
        if !self.raises.contains(&raised) {
            self.raises.push(raised);
        }
        Ok(Placed { item, end, around, condition, raises })
    }
}

/// Whether an assignment gives a column its default.
fn is_default(assignment: &Node, column: &str) -> bool {
    let Some(NodeEnum::ResTarget(assignment)) = &assignment.node else { return false };
    let value = assignment.val.as_ref().and_then(|v| v.node.as_ref());
    assignment.name == column && matches!(value, Some(NodeEnum::SetToDefault(_)))
}

/// Rows would be shown to other purposes that hide something of them for the person whom they are about.
pub fn subject_moved(moved: &str, table: &TablePolicy) -> Refusal {
    Refusal::new(
        "subject-moved",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("this change of \"{moved}\" would give rows of \"{}\" another subject", table.name),
        format!(
            "rule subject-moved: another purpose of this role shows less of rows of {}, or none, for the person whom \
             they are about now",
            table.name
        ),
        "use a role that has only this purpose",
    )
}
