//! `store_requires` of `INSERT … VALUES`: the people of all rows are looked up at once, before the first row.
//!
//! One test for each row says the same, but a statement of some thousand rows would be too long for it. A value that is
//! anything but a constant is tested where it stands, so that nothing is worked out twice.

use std::collections::BTreeSet;

use pg_query::protobuf as pb;
use pg_query::protobuf::Token;
use pg_query::{Node, NodeEnum};

use super::super::constant::Constant;
use super::super::scope::Scope;
use super::super::{Analyser, inner};
use super::deeper::Times;
use super::store::{ALIAS, Becomes, Test, plainly};
use super::target::Protected;
use crate::engine::alike;
use crate::engine::catalog::{ColumnType, FIRST_NORMAL_OID, Oid, Operand};
use crate::engine::refusal::{self, Refusal};

/// A row's value that leads to its subject: in which row, its bytes in the text, and of which type it is.
struct Tested {
    row: usize,
    span: (usize, usize),
    operand: Operand,
}

impl<'e> Analyser<'e> {
    /// Tests the values at `place` of the rows of VALUES, which stands somewhere after token `p.after`.
    pub fn check_values(
        &mut self,
        select: &mut pb::SelectStmt,
        p: &Protected<'e>,
        place: usize,
        test: &Test,
    ) -> Result<(), Refusal> {
        let lost = || refusal::not_faithful("a row of VALUES was not found in the text");
        let at_once =
            is_plain(select) && p.relation.columns.get(test.column).is_some_and(|c| self.can_be_listed(&c.ty));
        let (mut constant, mut tests) = (Vec::new(), Vec::new());
        let rows = self.rows_of_values(select, p.after)?;
        for (row, (from, to)) in rows.into_iter().enumerate() {
            let value = cell(select, row, place).ok_or_else(lost)?;
            if matches!(value.node, Some(NodeEnum::SetToDefault(_))) {
                return Err(self.not_given(test));
            }
            let item = *self.list_items(from + 1, to - 1).get(place).ok_or_else(lost)?;
            let operand = self.operand(value, &Scope::EMPTY);
            let tested = Tested { row, span: self.token_span(item.0, item.1)?, operand };
            let test = self.test_of(value, operand, p, test);
            match at_once && test.becomes != Becomes::Never && self.says_the_same_twice(value) {
                true => constant.push((tested, test)),
                false => tests.push((tested, test)),
            }
        }
        match <[(Tested, Test); 1]>::try_from(constant) {
            Ok([only]) => tests.push(only),
            Err(constant) => {
                let all = self.of_all(&constant, test);
                let first = constant.into_iter().next();
                tests.extend(first.map(|(first, own)| (first, Test { becomes: own.becomes, ..all })));
            }
        }
        for (tested, test) in tests {
            let value = cell(select, tested.row, place).ok_or_else(lost)?;
            self.wrap(value, tested.span, &test, Times::Once)?;
        }
        Ok(())
    }

    /// Each row of VALUES as a range of tokens, brackets and all.
    fn rows_of_values(&self, select: &pb::SelectStmt, after: usize) -> Result<Vec<(usize, usize)>, Refusal> {
        let values = self.clause_end(after, &[Token::Values]);
        let end = self.clause_end(values + 1, &[Token::On, Token::Returning]);
        let rows = self.list_items(values + 1, end);
        match self.tokens().kind(values) == Some(Token::Values) && rows.len() == select.values_lists.len() {
            true => Ok(rows),
            false => Err(plainly()),
        }
    }

    /// Whether values of the type stand in an array as they are, and become the type by no function of the database's own.
    fn can_be_listed(&self, ty: &ColumnType) -> bool {
        let built_in = ty.oid < FIRST_NORMAL_OID && ty.kind == 'b' && !ty.name.starts_with('_');
        built_in && self.engine.catalog.casts_to(&ty.base).next().is_none()
    }

    /// A literal, a parameter, or a cast of one that PostgreSQL carries out by itself. A parameter takes its type from the
    /// first place where it stands: one that stands in several keeps its first place.
    fn says_the_same_twice(&self, value: &Node) -> bool {
        match self.constant(value) {
            Some(Constant::Parameter(number)) => !self.is_repeated(number),
            constant => constant.is_some(),
        }
    }

    /// The test of the first of `values`, as one of all. Each becomes the key by itself, as it does when it is stored:
    /// beside the others it might become another first (4.5 beside a float is a float, and 4 is the integer).
    fn of_all(&self, values: &[(Tested, Test)], test: &Test) -> Test {
        let Test { name, ty, missing, .. } = test;
        let values: Vec<String> = match become_alike(values) {
            true => values.iter().map(|(v, _)| self.text_of(v.span)).collect(),
            false => values.iter().map(|(v, _)| format!("({})::{ty}", self.text_of(v.span))).collect(),
        };
        let condition = format!(
            "NOT EXISTS (SELECT 1 FROM pg_catalog.unnest(ARRAY[{}]::{ty}[]) AS {ALIAS}({name}) WHERE {missing})",
            values.join(", ")
        );
        Test { condition, ..test.clone() }
    }

    /// The client's words as a text of ours, which follows where a literal in them is another.
    fn text_of(&self, (start, end): (usize, usize)) -> String {
        let text = self.sources.get(self.source).map_or("", |s| s.text.as_str());
        let (mut copy, mut at) = (String::new(), start);
        for token in self.tokens().within(start, end).iter().filter(|t| alike::is_literal(t, text)) {
            copy.push_str(&alike::copy_of_words(at, token.start));
            copy.push_str(&alike::copy_of(token.start));
            at = token.end;
        }
        copy.push_str(&alike::copy_of_words(at, end));
        copy
    }
}

/// Whether values become the key beside each other as each does by itself: none has a type, all have one, or all are integers,
/// which lose nothing in each other.
fn become_alike(values: &[(Tested, Test)]) -> bool {
    const INTEGERS: [Oid; 3] = [21, 23, 20];
    let types: Option<BTreeSet<Oid>> = values.iter().map(|(v, _)| v.operand.ty()).collect();
    values.iter().all(|(_, test)| test.becomes == Becomes::ByCast)
        || types.is_some_and(|types| types.len() == 1 || types.iter().all(|ty| INTEGERS.contains(ty)))
}

/// Whether all rows are stored. With LIMIT and its like VALUES is a query, which may leave some out.
fn is_plain(select: &pb::SelectStmt) -> bool {
    select.with_clause.is_none()
        && select.sort_clause.is_empty()
        && select.limit_offset.is_none()
        && select.limit_count.is_none()
        && select.locking_clause.is_empty()
}

fn cell(select: &mut pb::SelectStmt, row: usize, place: usize) -> Option<&mut Node> {
    match inner(select.values_lists.get_mut(row)?).ok()? {
        NodeEnum::List(list) => list.items.get_mut(place),
        _ => None,
    }
}
