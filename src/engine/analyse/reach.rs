//! Which functions and operators that PostgreSQL does not bring a name may mean, where it is given what it is given.

use pg_query::NodeEnum;
use pg_query::protobuf::{self as pb, AExprKind};

use super::operand::Operation;
use super::polymorphic::Beside;
use super::scope::{Col, Columns, Scope};
use super::{Analyser, names, string_node};
use crate::engine::catalog::{Function, Operand, Operator, Signature};
use crate::engine::refusal::Refusal;

/// What is known of a call's arguments.
#[derive(Debug, Clone, Copy)]
pub enum Given<'a> {
    Nothing,
    /// Of which types they are, by place.
    Types(&'a [Operand]),
    /// So many stand by place, and others behind these names.
    Names(usize, &'a [&'a str]),
}

impl<'a> Given<'a> {
    pub fn types(self) -> Option<&'a [Operand]> {
        if let Self::Types(types) = self { Some(types) } else { None }
    }
}

/// How many arguments of a call stand by place, and the names of the others; `None`: all stand by place.
pub fn named_arguments(f: &pb::FuncCall) -> Option<(usize, Vec<&str>)> {
    let names = f.args.iter().filter_map(|arg| match &arg.node {
        Some(NodeEnum::NamedArgExpr(named)) => Some(named.name.as_str()),
        _ => None,
    });
    let names: Vec<&str> = names.collect();
    (!names.is_empty()).then(|| (f.args.len() - names.len(), names))
}

impl<'e> Analyser<'e> {
    /// The paths that names of the text that is judged are looked up in: a view's text was read without any, and takes its
    /// place in a statement that has the session's.
    pub fn paths(&self) -> impl Iterator<Item = &[String]> {
        let session = (self.view_depth > 0).then_some(&self.context.search_path[..]);
        std::iter::once(&self.search_path[..]).chain(session)
    }

    /// The operators of this name on a path that may be meant, and what PostgreSQL's own gives where one of these is.
    pub fn operator_meaning(&self, path: &[String], name: &str, operands: &[Operand]) -> (Vec<&'e Operator>, Operand) {
        let catalog = &self.engine.catalog;
        let own: Vec<&Operator> = catalog.operators_named(name).filter(|o| is_on(path, &o.name.schema)).collect();
        let meaning = self.known_meaning(path, name, operands, || {
            let signatures: Vec<Option<&Signature>> = own.iter().map(|o| o.signature.as_ref()).collect();
            catalog.operator_meaning(name, &signatures, operands)
        });
        (reached(own, &meaning.own), meaning.result)
    }

    /// The same of functions.
    pub fn function_meaning(&self, path: &[String], name: &str, given: Given<'_>) -> (Vec<&'e Function>, Operand) {
        let catalog = &self.engine.catalog;
        let first = path.iter().position(|schema| schema == "pg_catalog").is_none_or(|place| place == 0);
        // CALL finds a procedure by what it gives, too.
        let may_be = |f: &&Function| first && !f.procedure;
        let hidden = |f: &&Function| may_be(f) && f.signature.as_ref().is_some_and(|own| catalog.is_hidden(name, own));
        let found = catalog.functions_named(name).filter(|f| is_on(path, &f.name.schema));
        let own: Vec<&Function> = found.filter(|f| !hidden(f)).collect();
        let operands = match given {
            Given::Nothing => return (own, Operand::Any),
            Given::Names(by_place, by_name) => {
                return (own.into_iter().filter(|f| f.may_take(by_place, by_name)).collect(), Operand::Any);
            }
            Given::Types(operands) => operands,
        };
        let signatures: Vec<Option<&Signature>> = own.iter().map(|f| f.signature.as_ref()).collect();
        let meaning = catalog.function_meaning(name, &signatures, operands);
        (reached(own, &meaning.own), meaning.result)
    }

    /// Whether operators of this name with these operands surely are PostgreSQL's own.
    pub fn is_built_in(&self, name: &str, operands: &[Operand]) -> bool {
        self.engine.catalog.operators_named(name).next().is_none()
            || self.paths().all(|path| self.operator_meaning(path, name, operands).0.is_empty())
    }

    /// The same of all that an operation looks up.
    pub fn is_built_in_operation(&self, e: &pb::AExpr, scope: &Scope<'_>) -> bool {
        let own = |name: &str| self.engine.catalog.operators_named(name).next().is_some();
        let named = match names(&e.name)[..] {
            // BETWEEN has others.
            [name] => own(name) || [">=", "<=", "<", ">"].into_iter().any(own),
            ["pg_catalog", name] => own(name),
            _ => return false,
        };
        let qualified = e.name.len() > 1;
        let built_in = |name: &str, operands: &[Operand]| match qualified {
            true => self.operator_meaning(&[], name, operands).0.is_empty(),
            false => self.is_built_in(name, operands),
        };
        !named || self.operations(e, scope).iter().all(|(name, operands)| built_in(name, operands))
    }

    /// The name of a call of a function that surely is PostgreSQL's own.
    pub fn built_in_name<'f>(&self, f: &'f pb::FuncCall, scope: &Scope<'_>) -> Option<&'f str> {
        let ([name] | ["pg_catalog", name]) = names(&f.funcname)[..] else { return None };
        if self.engine.catalog.functions_named(name).next().is_none() {
            return Some(name);
        }
        let operands = self.arguments(f, scope)?;
        self.is_built_in_call(f, name, &operands).then_some(name)
    }

    /// The same, where it is known what the function is given.
    pub fn is_built_in_call(&self, f: &pb::FuncCall, name: &str, operands: &[Operand]) -> bool {
        let own = |path: &[String]| !self.function_meaning(path, name, Given::Types(operands)).0.is_empty();
        if f.funcname.len() > 1 { !own(&[]) } else { !self.paths().any(own) }
    }

    /// Judges what the operators of an operation may run.
    pub fn operation(&mut self, e: &pb::AExpr, scope: &Scope<'_>) -> Result<(), Refusal> {
        let between = matches!(
            e.kind(),
            AExprKind::AexprBetween
                | AExprKind::AexprNotBetween
                | AExprKind::AexprBetweenSym
                | AExprKind::AexprNotBetweenSym
        );
        let operations = self.operations(e, scope);
        if between {
            return self.operations_allowed(&operations, e.location);
        }
        operations.iter().try_for_each(|(_, operands)| self.operator(&e.name, e.location, Some(operands)))
    }

    /// The same of operators that the grammar names.
    pub fn operations_allowed(&mut self, operations: &[Operation<'_>], location: i32) -> Result<(), Refusal> {
        let named = |name: &str| [string_node(name)];
        operations.iter().try_for_each(|(name, operands)| self.operator(&named(name), location, Some(operands)))
    }

    /// Judges `CASE x WHEN y`, which compares.
    pub fn case_compares(&mut self, c: &pb::CaseExpr, scope: &Scope<'_>) -> Result<(), Refusal> {
        let compared = self.compared_in_case(c, scope);
        compared.into_iter().try_for_each(|(pair, location)| self.operations_allowed(&[("=", pair)], location))
    }

    /// Whether it compares by nothing but PostgreSQL's own.
    pub fn is_built_in_case(&self, c: &pb::CaseExpr, scope: &Scope<'_>) -> bool {
        self.compared_in_case(c, scope).iter().all(|(pair, _)| self.is_built_in("=", pair))
    }

    fn compared_in_case(&self, c: &pb::CaseExpr, scope: &Scope<'_>) -> Vec<(Vec<Operand>, i32)> {
        let Some(test) = c.arg.as_deref() else { return Vec::new() };
        let test = self.settled(self.operand(test, scope));
        let whens = c.args.iter().filter_map(|when| match &when.node {
            Some(NodeEnum::CaseWhen(when)) => Some((when.expr.as_deref()?, when.location)),
            _ => None,
        });
        whens.map(|(other, location)| (vec![test, self.operand(other, scope)], location)).collect()
    }

    /// Judges `=` of a column and the only one of a query; whether it is PostgreSQL's own.
    pub fn equals_query(&mut self, col: &Col, columns: &Columns, location: i32) -> Result<bool, Refusal> {
        let other = match columns.list() {
            [one] => self.settled(one.operand),
            _ => Operand::Any,
        };
        let operands = [self.settled(col.operand), other];
        self.operator(&[string_node("=")], location, Some(&operands))?;
        Ok(self.is_built_in("=", &operands))
    }

    /// Judges what `x IN (SELECT …)`, `x op ANY (SELECT …)` and its like compare with these columns.
    pub fn membership(&mut self, s: &pb::SubLink, columns: &Columns, scope: &Scope<'_>) -> Result<(), Refusal> {
        let Some(test) = s.testexpr.as_deref() else { return Ok(()) };
        let equals = [string_node("=")];
        let name = if s.oper_name.is_empty() { &equals[..] } else { &s.oper_name };
        let compared = self.compared_with_columns(test, columns, scope);
        compared.iter().try_for_each(|operands| self.operator(name, s.location, Some(operands)))?;
        compared.iter().try_for_each(|pair| self.makes_of(pair, Beside::Compared)).map_err(|r| r.at(s.location))
    }

    /// `ROW(…) op (SELECT …)` compares with these columns.
    pub fn row_compared(&mut self, e: &pb::AExpr, columns: &Columns, scope: &Scope<'_>) -> Result<(), Refusal> {
        let Some(row) = e.lexpr.as_deref() else { return Ok(()) };
        let compared = self.compared_with_columns(row, columns, scope);
        compared.iter().try_for_each(|operands| self.operator(&e.name, e.location, Some(operands)))?;
        compared.iter().try_for_each(|pair| self.makes_of(pair, Beside::Compared)).map_err(|r| r.at(e.location))
    }
}

/// PostgreSQL looks into `pg_catalog` whatever the path is.
fn is_on(path: &[String], schema: &str) -> bool {
    schema == "pg_catalog" || path.iter().any(|s| s == schema)
}

fn reached<T>(own: Vec<T>, may: &[bool]) -> Vec<T> {
    own.into_iter().zip(may).filter(|(_, may)| **may).map(|(one, _)| one).collect()
}
