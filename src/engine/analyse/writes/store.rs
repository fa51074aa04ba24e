//! `store_requires`: a row is stored only when its subject has a valid consent. Only PostgreSQL knows, so the value that
//! leads to the subject is wrapped in a test that raises an error; the session turns that into the refusal.

use pg_query::protobuf as pb;
use pg_query::protobuf::Token;
use pg_query::{Node, NodeEnum};

use super::super::scope::{Columns, Scope};
use super::super::select::{is_row_expansion, star};
use super::super::types::Ty;
use super::super::{Analyser, Part, Replacement, inner, ours, placeholder};
use super::Aim;
use super::assign::subject_link;
use super::deeper::{Times, means_the_same_deeper};
use super::store_function::only_function;
use super::target::{Protected, Target};
use crate::engine::catalog::{Column, FIRST_NORMAL_OID, Operand, quote_ident, quote_literal};
use crate::engine::cleared::Raise;
use crate::engine::policy::StoreRequires;
use crate::engine::refusal::{self, Refusal};
use crate::engine::visible;

/// The value under test, inside of what we put around it.
pub const ALIAS: &str = "\"consentry_s\"";

/// The value as the client wrote it, where the test needs it as the key's type too.
const VALUE: &str = "\"consentry_v\"";

/// How a value becomes one of the key's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Becomes {
    /// It has no type of its own, and is read as one; or it is none of PostgreSQL's own, and one cast is all that runs.
    ByCast,
    /// It leaves the test as it came, and PostgreSQL makes it one when it stores it, or says that it does not.
    WhenStored,
    /// PostgreSQL stores no such value, and says so before anything runs.
    Never,
}

/// An item of a SET list.
pub struct Assigned<'l> {
    pub assignment: &'l mut pb::ResTarget,
    /// The bytes of the value; `None`: only a part of the column is assigned, or it is one of several that take their values
    /// from one row.
    pub span: Option<(usize, usize)>,
}

/// The test, in the text around the client's expression.
#[derive(Clone)]
pub struct Test {
    pub becomes: Becomes,
    /// Index of the column in the relation.
    pub column: usize,
    pub name: String,
    pub ty: String,
    /// The subject's valid consent, over [`ALIAS`].
    pub condition: String,
    /// That there is none; never null.
    pub missing: String,
    pub table: String,
    pub purpose: String,
}

impl<'e> Analyser<'e> {
    /// Wraps, in every row of an INSERT, the value that leads to the subject. `given`: the columns of `source`. `overrides`:
    /// OVERRIDING USER VALUE, with which PostgreSQL may store another.
    pub fn check_stored(
        &mut self,
        target: &Target<'e>,
        filled: &[usize],
        source: Option<&mut Node>,
        given: &Columns,
        overrides: bool,
    ) -> Result<(), Refusal> {
        let Some((p, test)) = self.store_test(target)? else { return Ok(()) };
        if overrides {
            return Err(self.not_given(&test));
        }
        let Some(place) = filled.iter().position(|c| *c == test.column) else {
            return Err(self.not_given(&test));
        };
        let Some(NodeEnum::SelectStmt(select)) = source.and_then(|s| s.node.as_mut()) else {
            return Err(self.not_given(&test));
        };
        self.becomes(given.list().get(place).and_then(|c| c.ty.clone()), p, test.column)?;
        if !select.values_lists.is_empty() {
            return self.check_values(select, p, place, &test);
        }
        match only_function(select) {
            true => self.check_function(select, p, (place, given), &test),
            false => self.check_select(select, p, (place, given), &test),
        }
    }

    /// Wraps the value that an UPDATE assigns to the column that leads to the subject. `set`: the tokens of the SET list.
    pub fn check_assigned(
        &mut self,
        target: &Target<'e>,
        list: &mut [Node],
        scope: &Scope<'_>,
        set: Option<(usize, usize)>,
    ) -> Result<(), Refusal> {
        let Some((p, test)) = self.store_test(target)? else { return Ok(()) };
        let column = self.link_name(target).unwrap_or_default();
        let Some(Assigned { assignment, span }) = self.assigned_value(list, column, set)? else { return Ok(()) };
        let Some(span) = span else {
            let why = "assign the column that leads to the subject by itself";
            return Err(refusal::not_supported("this SET of a table with store_requires", why));
        };
        let lost = || refusal::not_faithful("SET was not found in the text");
        let value = assignment.val.as_mut().ok_or_else(lost)?;
        self.becomes(self.type_of(value, scope), p, test.column)?;
        let test = self.test_of(value, self.operand(value, scope), p, &test);
        self.wrap(value, span, &test, Times::EachRow)
    }

    /// What a SET list assigns to a column. `set`: its tokens.
    pub fn assigned_value<'l>(
        &self,
        list: &'l mut [Node],
        column: &str,
        set: Option<(usize, usize)>,
    ) -> Result<Option<Assigned<'l>>, Refusal> {
        let (mut item, mut found) = (0, None);
        for (i, node) in list.iter_mut().enumerate() {
            let NodeEnum::ResTarget(assignment) = inner(node)? else { continue };
            let (part, more) = match assignment.val.as_ref().and_then(|v| v.node.as_ref()) {
                Some(NodeEnum::MultiAssignRef(m)) => (true, m.colno > 1),
                _ => (false, false),
            };
            item += usize::from(i > 0 && !more);
            if assignment.name == column {
                found = Some((i, item, part || !assignment.indirection.is_empty()));
            }
        }
        let Some((i, item, part)) = found else { return Ok(None) };
        let lost = || refusal::not_faithful("SET was not found in the text");
        let Some(NodeEnum::ResTarget(assignment)) = list.get_mut(i).and_then(|n| n.node.as_mut()) else {
            return Err(lost());
        };
        if part {
            return Ok(Some(Assigned { assignment, span: None }));
        }
        let (set, end) = set.ok_or_else(lost)?;
        let (from, to) = *self.list_items(set, end).get(item).ok_or_else(lost)?;
        let value = self.clause_end(from, &[Token::Ascii61]) + 1;
        Ok(Some(Assigned { assignment, span: Some(self.token_span(value, to)?) }))
    }

    fn link_name(&self, target: &Target<'e>) -> Option<&'e str> {
        target.protected().and_then(|p| subject_link(p.policy))
    }

    /// The test that storing a row of the target needs, if any.
    pub fn store_test<'t>(&self, target: &'t Target<'e>) -> Result<Option<(&'t Protected<'e>, Test)>, Refusal> {
        let Some(p) = target.protected().filter(|p| p.aim != Aim::Consent) else { return Ok(None) };
        let Some(requires) = &p.policy.store_requires else { return Ok(None) };
        let policy = &self.engine.policy;
        let purpose = match requires {
            StoreRequires::SessionPurpose => self.purpose,
            StoreRequires::Purpose(name) => policy.purposes.get(name),
        };
        let lost = || refusal::not_faithful("store_requires names no purpose");
        let purpose = purpose.ok_or_else(lost)?;
        let condition = visible::store_condition(&self.engine.catalog, policy, p.policy, p.relation, purpose, ALIAS)?
            .ok_or_else(lost)?;
        let column = p.relation.columns.iter().position(|c| c.name == condition.column).ok_or_else(lost)?;
        let table = p.relation.name.to_string();
        let stored = p.relation.columns.get(column).ok_or_else(lost)?;
        let (name, ty) = (quote_ident(&stored.name), tested_type(stored, &table)?);
        let (condition, missing) = fitting(stored, condition.sql, condition.missing);
        let purpose = purpose.name.clone();
        let becomes = Becomes::ByCast;
        Ok(Some((p, Test { becomes, column, name, ty, condition, missing, table, purpose })))
    }

    /// Nobody has agreed yet to what a new key stands for.
    pub fn not_given(&self, test: &Test) -> Refusal {
        refusal::store_not_allowed(&test.table, &test.purpose)
    }

    /// `INSERT … SELECT`: the select list's item, where it can be found in the text.
    fn check_select(
        &mut self,
        select: &mut pb::SelectStmt,
        p: &Protected<'e>,
        (place, given): (usize, &Columns),
        test: &Test,
    ) -> Result<(), Refusal> {
        let plain = select.op() == pb::SetOperation::SetopNone
            && select.with_clause.is_none()
            && select.distinct_clause.is_empty()
            && select.group_clause.is_empty()
            && select.target_list.len() > place
            && select.target_list.iter().take(place + 1).all(|n| !is_star(n));
        let at = self.clause_end(p.after, &[Token::Select]);
        if !plain || self.tokens().kind(at) != Some(Token::Select) {
            return Err(plainly());
        }
        let stops = [
            Token::From,
            Token::Where,
            Token::Having,
            Token::Order,
            Token::Limit,
            Token::Offset,
            Token::Fetch,
            Token::For,
            Token::On,
            Token::Returning,
            Token::Window,
        ];
        let items = self.list_items(at + 1, self.clause_end(at + 1, &stops));
        let (start, end) = *items.get(place).ok_or_else(plainly)?;
        let Some(NodeEnum::ResTarget(item)) = select.target_list.get_mut(place).and_then(|n| n.node.as_mut()) else {
            return Err(plainly());
        };
        // The name is of no use to an INSERT, but ORDER BY may take it.
        let span = self.value_span((start, end), !item.name.is_empty())?;
        let value = item.val.as_mut().ok_or_else(plainly)?;
        let operand = given.list().get(place).map_or(Operand::Any, |c| c.operand);
        let test = self.test_of(value, operand, p, test);
        self.wrap(value, span, &test, Times::EachRow)
    }

    /// A test makes the value one of its column's type, where PostgreSQL makes it one when it stores it: whether that is
    /// PostgreSQL's own doing, or the role may call what it runs.
    pub fn becomes(&self, from: Option<Ty>, p: &Protected<'e>, column: usize) -> Result<(), Refusal> {
        let Some(to) = p.relation.columns.get(column).map(|c| c.ty.base.as_str()) else { return Ok(()) };
        match from {
            Some(from) if !self.recasts(&from, to) => Ok(()),
            _ => self.engine.catalog.casts_to(to).try_for_each(|c| self.may_cast(c)),
        }
    }

    /// The test for a value that PostgreSQL takes for such an operand.
    pub fn test_of(&self, value: &Node, operand: Operand, p: &Protected<'e>, test: &Test) -> Test {
        let Some(key) = p.relation.columns.get(test.column) else { return test.clone() };
        Test { becomes: self.how_becomes(value, operand, key), ..test.clone() }
    }

    /// How a value that PostgreSQL takes for such an operand becomes one of a column.
    pub fn how_becomes(&self, value: &Node, operand: Operand, column: &Column) -> Becomes {
        let own_casts = self.engine.catalog.casts_to(&column.ty.base).next().is_some();
        match self.engine.catalog.stores(operand, column.ty.oid) {
            _ if has_no_type(value, operand) => Becomes::ByCast,
            Some(false) => Becomes::Never,
            Some(true) => Becomes::WhenStored,
            None if own_casts => Becomes::ByCast,
            None => Becomes::WhenStored,
        }
    }

    /// Puts the test around an expression, in text and tree.
    pub fn wrap(&mut self, value: &mut Node, span: (usize, usize), test: &Test, times: Times) -> Result<(), Refusal> {
        if matches!(value.node, Some(NodeEnum::SetToDefault(_))) {
            return Err(self.not_given(test));
        }
        if test.becomes != Becomes::Never && !means_the_same_deeper(value, &self.engine.catalog, times) {
            return Err(from_below());
        }
        self.surround(value, span, "", test)
    }

    /// Puts the test around an expression that stands in `span`, behind a text of ours.
    pub fn surround(&mut self, value: &mut Node, span: (usize, usize), ours: &str, test: &Test) -> Result<(), Refusal> {
        let condition = match test.becomes {
            Becomes::ByCast | Becomes::WhenStored => test.condition.clone(),
            Becomes::Never => "false".to_owned(),
        };
        let condition = self.inject(Part::Expression(condition), None, false);
        let raises = self.inject(Part::Expression(test.raise()), None, false);
        self.may_raise(test);
        let lost = || refusal::not_faithful("a value to test is gone");
        let [head, between, open, tail] = test.around();
        let text = format!("{head}$1{between}$2{open}$3{tail}");
        let parts = [placeholder(condition), placeholder(raises), value.node.take().ok_or_else(lost)?];
        value.node = Some(ours::filled(&text, parts)?);
        self.edit(span.0, span.0, Replacement::Text(head));
        self.edit(span.0, span.0, Replacement::Injected(condition, between));
        self.edit(span.0, span.0, Replacement::Injected(raises, format!("{open}{ours}")));
        self.edit(span.1, span.1, Replacement::Text(tail));
        Ok(())
    }

    /// The statement may fail by the test.
    pub fn may_raise(&mut self, test: &Test) {
        self.raises_on_purpose(Raise { marker: test.marker(), refusal: self.not_given(test) });
    }

    pub fn raises_on_purpose(&mut self, raise: Raise) {
        if !self.raises.contains(&raise) {
            self.raises.push(raise);
        }
    }
}

impl Test {
    /// The text before the condition, between that and what raises an error, between that and the value, and behind the value.
    /// `OFFSET 0`: PostgreSQL takes the value from one place, also where that is a query of its own, which may find another row
    /// each time it runs.
    fn around(&self) -> [String; 4] {
        let Self { becomes, name, ty, .. } = self;
        let (out, open, close) = match becomes {
            Becomes::ByCast => (name.as_str(), String::new(), format!(")::{ty} AS {name} OFFSET 0)")),
            Becomes::Never => (name.as_str(), String::new(), format!(") AS {name} OFFSET 0)")),
            Becomes::WhenStored => (
                VALUE,
                format!("{VALUE}.{VALUE}::{ty} AS {name}, {VALUE}.{VALUE} FROM (SELECT "),
                format!(") AS {VALUE} OFFSET 0) AS {VALUE} OFFSET 0)"),
            ),
        };
        [
            "(SELECT CASE WHEN ".to_owned(),
            format!(" THEN {ALIAS}.{out} WHEN "),
            format!(" IS NULL THEN NULL END AS {name} FROM (SELECT {open}("),
            format!("{close} AS {ALIAS})"),
        ]
    }

    /// What the error's message contains, and no other test's.
    fn marker(&self) -> String {
        format!("consentry store_requires {} for {}.", self.table, self.purpose)
    }

    pub fn raise(&self) -> String {
        raises(&self.marker())
    }
}

/// What raises an error whose message contains `marker`. What reads no number hangs on the clock, so that PostgreSQL cannot
/// work it out before it knows whether it is needed. By the names of functions: a cast might be the database's own.
pub fn raises(marker: &str) -> String {
    let text = format!("pg_catalog.textcat({}, pg_catalog.left(pg_catalog.timeofday(), 0))", quote_literal(marker));
    format!("pg_catalog.int4in(pg_catalog.textout({text}))")
}

/// Whether PostgreSQL reads a value as one of whatever type it is stored as: a literal, or a parameter of no other type. Of one
/// in several places nobody knows here.
fn has_no_type(value: &Node, operand: Operand) -> bool {
    match &value.node {
        Some(NodeEnum::AConst(_)) => operand == Operand::Literal,
        // What stands in place of the client's own words has a type.
        Some(NodeEnum::ParamRef(p)) => p.number > 0 && matches!(operand, Operand::Literal | Operand::Any),
        Some(NodeEnum::CollateClause(c)) => c.arg.as_deref().is_some_and(|arg| has_no_type(arg, operand)),
        _ => false,
    }
}

/// The type that the value takes while it is tested: without its length, as a cast would cut what does not fit. A number of
/// so many digits is rounded, as it is when it is stored. What other modifiers make of a value is not known.
fn tested_type(column: &Column, table: &str) -> Result<String, Refusal> {
    let ty = &column.ty;
    let built_in = ty.oid < FIRST_NORMAL_OID;
    match ty.typmod >= 0 {
        true if built_in && ty.name == "numeric" => Ok(ty.sql.clone()),
        true if !built_in || ty.length.is_none() => {
            let what = format!("storing in {table}, whose {} is of a type with a modifier", column.name);
            let why = "what is tested might not be what is stored: let it be of a type without one, such as text";
            Err(refusal::not_supported(&what, why))
        }
        _ => Ok(without_modifier(column)),
    }
}

/// A column's type, without its modifier where it may have one.
pub fn without_modifier(column: &Column) -> String {
    match column.ty.oid < FIRST_NORMAL_OID {
        true => format!("pg_catalog.{}", quote_ident(&column.ty.name)),
        false => column.ty.sql.clone(),
    }
}

/// A condition and its opposite for a value as it is stored: PostgreSQL cuts trailing blanks that are too many.
fn fitting(column: &Column, condition: String, missing: String) -> (String, String) {
    let Some(length) = column.ty.length else { return (condition, missing) };
    let has = format!("pg_catalog.char_length({ALIAS}.{})", quote_ident(&column.name));
    (
        format!("({condition}) AND {has} OPERATOR(pg_catalog.<=) {length}"),
        format!("({missing}) OR {has} OPERATOR(pg_catalog.>) {length}"),
    )
}

pub fn is_star(node: &Node) -> bool {
    match &node.node {
        Some(NodeEnum::ResTarget(t)) => t.val.as_ref().is_none_or(|v| star(v).is_some() || is_row_expansion(v)),
        _ => true,
    }
}

/// The value to test is not to be found where it would have to be.
pub fn plainly() -> Refusal {
    let why = "the value that leads to a row's subject must be tested: use VALUES, or a plain SELECT that names it";
    refusal::not_supported("this INSERT into a table with store_requires", why)
}

/// The value to test is not what it was, where the test would put it.
fn from_below() -> Refusal {
    let why = "the value that leads to a row's subject must be no aggregate, window function, set of rows, function of the \
               database's own or, for many rows, another value each time it is asked for (random, nextval): take it from a subquery, SELECT q.key FROM (SELECT … AS key) AS q, or write (SELECT …)";
    refusal::not_supported("this value in a table with store_requires", why)
}
