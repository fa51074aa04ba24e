//! The types of expressions, as far as PostgreSQL's choice of functions and operators goes by them.
//!
//! Not whether they have an answer (`total.rs`): a type that is said here is the one that PostgreSQL's parser gives the
//! expression, or the statement fails before it runs. What is not known is [`Operand::Any`].

use pg_query::protobuf::{self as pb, AExprKind, SqlValueFunctionOp, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::reach::Given;
use super::scope::{self, Col, Columns, Found, SYSTEM_COLUMNS, Scope};
use super::select::{is_row_expansion, star};
use super::{Analyser, names};
use crate::engine::allow;
use crate::engine::catalog::Operand;
use crate::engine::catalog::operands::{FLOATS, NUMBERS, TEXT_ARRAYS, TEXTS};
use crate::engine::context::ParameterType;
use crate::engine::refusal;

/// One use of an operator: its name, if the grammar gives it one of its own, and what it is given.
pub type Operation<'n> = (&'n str, Vec<Operand>);

impl Analyser<'_> {
    pub fn operand(&self, node: &Node, scope: &Scope<'_>) -> Operand {
        self.known_operand(node, scope, || self.find_operand(node, scope))
    }

    /// What a reference to a column is: a literal in a subquery is text outside of it.
    pub fn settled(&self, operand: Operand) -> Operand {
        match operand {
            Operand::Literal => Operand::TEXT,
            other => other,
        }
    }

    /// What columns of the arms of a set operation become.
    pub fn united(&self, left: &Col, right: Option<&Col>) -> Operand {
        self.engine.catalog.common([left.operand, right.map_or(Operand::Any, |c| c.operand)])
    }

    fn find_operand(&self, node: &Node, scope: &Scope<'_>) -> Operand {
        let Some(inner) = node.node.as_ref() else { return Operand::Any };
        let part = |n: &Node| self.operand(n, scope);
        let catalog = &self.engine.catalog;
        match inner {
            NodeEnum::ColumnRef(r) => match self.bare_column(r, scope) {
                Some(col) => self.settled(col.operand),
                None => self.operand_of_reference(r, scope),
            },
            NodeEnum::RowExpr(_) => Operand::Row,
            NodeEnum::AIndirection(i) => self.operand_of_part(i, scope),
            NodeEnum::AConst(c) if c.isnull => Operand::Literal,
            NodeEnum::AConst(c) => match &c.val {
                Some(Val::Ival(_)) => Operand::INT4,
                Some(Val::Fval(_)) => Operand::Among(NUMBERS),
                Some(Val::Boolval(_)) => Operand::BOOL,
                Some(Val::Sval(_)) => Operand::Literal,
                Some(Val::Bsval(_)) => catalog.operand_named("bit"),
                None => Operand::Any,
            },
            NodeEnum::ParamRef(p) => usize::try_from(p.number).map_or(Operand::Any, |n| self.operand_of_parameter(n)),
            NodeEnum::SqlvalueFunction(f) => catalog.operand_named(type_of_clock(f.op())),
            NodeEnum::BoolExpr(_) | NodeEnum::NullTest(_) | NodeEnum::BooleanTest(_) => Operand::BOOL,
            NodeEnum::SubLink(s) => self.operand_of_query(s, scope),
            NodeEnum::GroupingFunc(_) => Operand::INT4,
            NodeEnum::CollateClause(c) => c.arg.as_deref().map_or(Operand::Any, part),
            NodeEnum::TypeCast(c) => c.type_name.as_ref().map_or(Operand::Any, |ty| self.operand_of_type(ty)),
            NodeEnum::XmlSerialize(x) => x.type_name.as_ref().map_or(Operand::Any, |ty| self.operand_of_type(ty)),
            NodeEnum::CoalesceExpr(c) => catalog.common(c.args.iter().map(part)),
            NodeEnum::MinMaxExpr(m) => catalog.common(m.args.iter().map(part)),
            NodeEnum::AArrayExpr(a) => catalog.array_of(catalog.common(a.elements.iter().map(part))),
            NodeEnum::CaseExpr(c) => {
                let otherwise = c.defresult.as_deref().map_or(Operand::Literal, part);
                let results = c.args.iter().map(|arm| match &arm.node {
                    Some(NodeEnum::CaseWhen(when)) => when.result.as_deref().map_or(Operand::Any, part),
                    _ => Operand::Any,
                });
                catalog.common(std::iter::once(otherwise).chain(results))
            }
            NodeEnum::AExpr(e) => self.operand_of_operation(e, scope),
            NodeEnum::FuncCall(f) => self.operand_of_call(f, scope),
            _ => Operand::Any,
        }
    }

    /// A reference that is no column of a query: a row, or a system column of a table.
    fn operand_of_reference(&self, r: &pb::ColumnRef, scope: &Scope<'_>) -> Operand {
        let fields = names(&r.fields);
        if fields.len() != r.fields.len() {
            return Operand::Any;
        }
        let of_system = |name: &str| self.engine.catalog.operand_named(type_of_system_column(name));
        let is_system = |name: &str| SYSTEM_COLUMNS.contains(&name);
        match fields[..] {
            [name] => match scope::column(scope, name) {
                Found::Row { item } => item.whole,
                Found::Nothing if is_system(name) && !scope::with_system_columns(scope).is_empty() => of_system(name),
                Found::Nothing => self.misses_column(name, refusal::undefined_column(name), r.location, scope),
                _ => Operand::Any,
            },
            [.., alias, name] => match scope::item(scope, None, alias) {
                Some((item, _)) if matches!(item.columns, Columns::Known(_)) => match is_system(name) && item.stored {
                    true => of_system(name),
                    false => self.misses_column(name, refusal::undefined_column_in(alias, name), r.location, scope),
                },
                _ => Operand::Any,
            },
            [] => Operand::Any,
        }
    }

    /// `array[subscript]`, `(row).column`.
    fn operand_of_part(&self, i: &pb::AIndirection, scope: &Scope<'_>) -> Operand {
        let Some(of) = i.arg.as_deref() else { return Operand::Any };
        if let ([Node { node: Some(NodeEnum::String(field)) }], Some(NodeEnum::ColumnRef(r))) =
            (&i.indirection[..], &of.node)
        {
            let [alias] = names(&r.fields)[..] else { return Operand::Any };
            let Found::Row { item } = scope::column(scope, alias) else { return Operand::Any };
            if item.whole != Operand::Row {
                return Operand::Any;
            }
            let mut columns = item.columns.list().iter().filter(|c| *c.name == *field.sval);
            return match (r.fields.len(), columns.next(), columns.next()) {
                (1, Some(col), None) => self.settled(col.operand),
                _ => Operand::Any,
            };
        }
        let array = self.operand(of, scope);
        let element = self.engine.catalog.element_of(array);
        let sliced = |step: &Node| match &step.node {
            Some(NodeEnum::AIndices(index)) => Some(index.is_slice),
            _ => None,
        };
        let steps: Option<Vec<bool>> = i.indirection.iter().map(sliced).collect();
        let jsonb = self.engine.catalog.operand_named("jsonb");
        match steps {
            Some(steps) if element != Operand::Any => match steps.contains(&true) {
                true => self.engine.catalog.slice_of(array),
                false => element,
            },
            Some(_) if array == jsonb => jsonb,
            _ => Operand::Any,
        }
    }

    fn operand_of_parameter(&self, number: usize) -> Operand {
        match self.parameters.get(number) {
            // Its type is found out where it stands first.
            ParameterType::Inferred if self.is_repeated(number) => Operand::Any,
            ParameterType::Inferred => Operand::Literal,
            ParameterType::Text => Operand::Among(TEXTS),
            ParameterType::TextArray => Operand::Among(TEXT_ARRAYS),
            ParameterType::Float => Operand::Among(FLOATS),
            declared => declared.name().map_or(Operand::Any, |name| self.engine.catalog.operand_named(name)),
        }
    }

    /// That of what is cast to a type: a built-in one, or the only one of its name.
    pub fn operand_of_type(&self, ty: &pb::TypeName) -> Operand {
        let catalog = &self.engine.catalog;
        if ty.setof || ty.pct_type {
            return Operand::Any;
        }
        let element = pb::TypeName { array_bounds: Vec::new(), ..ty.clone() };
        let of = match (self.plain_type(&element).and_then(allow::builtin_type_name), &names(&ty.names)[..]) {
            (Some(name), _) => catalog.operand_named(name),
            (_, [name] | [_, name]) if allow::builtin_type(name).is_none() && !self.is_relation(name) => {
                let mut own = catalog.types_named(name);
                match (own.next(), own.next()) {
                    (Some(only), None) => catalog.operand_of(only.oid),
                    _ => Operand::Any,
                }
            }
            _ => Operand::Any,
        };
        if ty.array_bounds.is_empty() { of } else { catalog.array_of(of) }
    }

    fn operand_of_operation(&self, e: &pb::AExpr, scope: &Scope<'_>) -> Operand {
        match e.kind() {
            AExprKind::AexprOpAny
            | AExprKind::AexprOpAll
            | AExprKind::AexprIn
            | AExprKind::AexprDistinct
            | AExprKind::AexprNotDistinct
            | AExprKind::AexprBetween
            | AExprKind::AexprNotBetween
            | AExprKind::AexprBetweenSym
            | AExprKind::AexprNotBetweenSym => return Operand::BOOL,
            AExprKind::AexprOp | AExprKind::AexprLike | AExprKind::AexprIlike | AExprKind::AexprSimilar => {}
            AExprKind::AexprNullif => {
                return match &self.operations(e, scope)[..] {
                    [(name, pair)] if self.is_built_in_operation(e, scope) => {
                        self.engine.catalog.first_of_compared(name, pair)
                    }
                    _ => Operand::Any,
                };
            }
            _ => return Operand::Any,
        }
        let operator = match names(&e.name)[..] {
            [name] | ["pg_catalog", name] => name,
            _ => return Operand::Any,
        };
        match &self.operations(e, scope)[..] {
            [(_, operands)] => self.result(e.name.len() > 1, |path| self.operator_meaning(path, operator, operands).1),
            _ => Operand::Any,
        }
    }

    fn operand_of_call(&self, f: &pb::FuncCall, scope: &Scope<'_>) -> Operand {
        let name = match names(&f.funcname)[..] {
            [name] | ["pg_catalog", name] => name,
            _ => return Operand::Any,
        };
        let Some(operands) = self.arguments(f, scope) else { return Operand::Any };
        // `name(row)` is a column, where it has such a one.
        if self.is_taken(name) || matches!(operands[..], [Operand::Any | Operand::Row]) {
            return Operand::Any;
        }
        // `date(x)` is a cast or a function, and gives the same either way.
        if let ([_], Some(ty)) = (&operands[..], allow::builtin_type_name(name)) {
            let built_in = self.is_built_in_call(f, name, &operands);
            return if built_in { self.engine.catalog.operand_named(ty) } else { Operand::Any };
        }
        self.result(f.funcname.len() > 1, |path| self.function_meaning(path, name, Given::Types(&operands)).1)
    }

    /// What an expression gives under every path that its names may be looked up in; `qualified`: they are PostgreSQL's.
    fn result(&self, qualified: bool, meaning: impl Fn(&[String]) -> Operand) -> Operand {
        let mut results = self.paths().map(|path| meaning(if qualified { &[] } else { path }));
        let first = results.next().unwrap_or(Operand::Any);
        if results.all(|other| other == first) { first } else { Operand::Any }
    }

    /// The types of a call's arguments; `None`: they are not told by where they stand.
    pub fn arguments(&self, f: &pb::FuncCall, scope: &Scope<'_>) -> Option<Vec<Operand>> {
        let named = f.args.iter().any(|arg| matches!(arg.node, Some(NodeEnum::NamedArgExpr(_))));
        // What an ordered-set aggregate sorts is among its arguments (`ParseFuncOrColumn`).
        let sorted = f.agg_order.iter().filter(|_| f.agg_within_group).filter_map(|key| match &key.node {
            Some(NodeEnum::SortBy(sort)) => sort.node.as_deref(),
            _ => None,
        });
        let plain = !f.func_variadic && !named;
        plain.then(|| f.args.iter().chain(sorted).map(|arg| self.operand(arg, scope)).collect())
    }

    /// What an operation's operators are given: one for each that PostgreSQL's parser looks up by name.
    pub fn operations<'n>(&self, e: &'n pb::AExpr, scope: &Scope<'_>) -> Vec<Operation<'n>> {
        let name = names(&e.name).last().copied().unwrap_or_default();
        let named = |pairs: Vec<Vec<Operand>>| pairs.into_iter().map(|pair| (name, pair)).collect();
        let (left, right) = (e.lexpr.as_deref(), e.rexpr.as_deref());
        match (e.kind(), left, right) {
            (AExprKind::AexprOp, None, Some(right)) => named(vec![vec![self.operand(right, scope)]]),
            (
                AExprKind::AexprOp
                | AExprKind::AexprLike
                | AExprKind::AexprIlike
                | AExprKind::AexprSimilar
                | AExprKind::AexprDistinct
                | AExprKind::AexprNotDistinct,
                Some(left),
                Some(right),
            ) => named(self.compared(left, right, scope)),
            (AExprKind::AexprNullif, Some(left), Some(right)) => {
                named(vec![vec![self.operand(left, scope), self.operand(right, scope)]])
            }
            (AExprKind::AexprOpAny | AExprKind::AexprOpAll, Some(left), Some(right)) => {
                let element = self.engine.catalog.element_of(self.operand(right, scope));
                named(vec![vec![self.operand(left, scope), element]])
            }
            (AExprKind::AexprIn, Some(left), Some(Node { node: Some(NodeEnum::List(list)) })) => {
                named(self.compared_with_each(left, &list.items, scope))
            }
            (kind, Some(left), Some(Node { node: Some(NodeEnum::List(list)) })) => {
                let (operators, symmetric) = match kind {
                    AExprKind::AexprBetween => ([">=", "<="], false),
                    AExprKind::AexprBetweenSym => ([">=", "<="], true),
                    AExprKind::AexprNotBetween => (["<", ">"], false),
                    AExprKind::AexprNotBetweenSym => (["<", ">"], true),
                    _ => return vec![(name, any())],
                };
                self.compared_with_bounds(operators, symmetric, left, &list.items, scope)
            }
            _ => vec![(name, any())],
        }
    }

    /// BETWEEN: PostgreSQL copies what is compared as it is written. So the type that a parameter has been given by the first
    /// comparison, it has in those that follow.
    fn compared_with_bounds(
        &self,
        operators: [&'static str; 2],
        symmetric: bool,
        left: &Node,
        bounds: &[Node],
        scope: &Scope<'_>,
    ) -> Vec<Operation<'static>> {
        let [low, high] = bounds else { return operators.map(|op| (op, any())).into() };
        let of = |op: &'static str, pairs: Vec<Vec<Operand>>| pairs.into_iter().map(move |pair| (op, pair));
        let [first, second] = operators;
        let (lower, mut upper) = (self.compared(left, low, scope), self.compared(left, high, scope));
        match (symmetric, self.is_undeclared(left), &lower[..]) {
            (true, undeclared, _) if undeclared || self.is_undeclared(low) || self.is_undeclared(high) => {
                operators.map(|op| (op, any())).into()
            }
            (true, ..) => {
                let both = || lower.iter().chain(&upper).cloned().collect();
                of(first, both()).chain(of(second, both())).collect()
            }
            (false, true, [pair]) if !is_row(left) => {
                let other = pair.last().copied().unwrap_or(Operand::Any);
                let known = self.is_built_in(first, pair);
                let then = if known { self.engine.catalog.become_beside(first, other) } else { Operand::Any };
                upper.iter_mut().filter_map(|pair| pair.first_mut()).for_each(|copy| *copy = then);
                of(first, lower).chain(of(second, upper)).collect()
            }
            (false, true, _) => of(first, lower).chain([(second, any())]).collect(),
            (false, false, _) => of(first, lower).chain(of(second, upper)).collect(),
        }
    }

    /// Whether what stands beside a value gives it its type for good: a parameter without one, or a row with such a one.
    pub fn is_undeclared(&self, node: &Node) -> bool {
        match &node.node {
            Some(NodeEnum::ParamRef(p)) => usize::try_from(p.number)
                .is_ok_and(|n| self.parameters.get(n) == ParameterType::Inferred && !self.is_repeated(n)),
            Some(NodeEnum::CollateClause(c)) => c.arg.as_deref().is_some_and(|arg| self.is_undeclared(arg)),
            Some(NodeEnum::RowExpr(row)) => row.args.iter().any(|part| self.is_undeclared(part)),
            _ => false,
        }
    }

    /// Two values, or two rows, which PostgreSQL compares column by column: with a query it does so too, and of `row.*` it
    /// takes the columns.
    fn compared(&self, left: &Node, right: &Node, scope: &Scope<'_>) -> Vec<Vec<Operand>> {
        let one = |node: &Node| self.operand(node, scope);
        match (&left.node, &right.node) {
            (Some(NodeEnum::RowExpr(a)), Some(NodeEnum::RowExpr(b))) => match (columns(a), columns(b)) {
                (Some(a), Some(b)) if a.len() == b.len() => {
                    a.iter().zip(b).map(|(a, b)| vec![one(a), one(b)]).collect()
                }
                _ => vec![any()],
            },
            (Some(NodeEnum::RowExpr(_)), Some(NodeEnum::SubLink(_))) => vec![any()],
            _ => vec![vec![one(left), one(right)]],
        }
    }

    /// IN: of several values without columns PostgreSQL makes an array of what they and the left side become. That is the
    /// type of one of them.
    fn compared_with_each(&self, left: &Node, list: &[Node], scope: &Scope<'_>) -> Vec<Vec<Operand>> {
        let pairs: Vec<Vec<Operand>> = match is_row(left) {
            true => list.iter().flat_map(|right| self.compared(left, right, scope)).collect(),
            false => {
                let wanted = self.operand(left, scope);
                let with_each = list.iter().map(|right| vec![wanted, self.operand(right, scope)]);
                with_each.chain([vec![wanted, self.settled(wanted)]]).collect()
            }
        };
        // Long lists are of a few types.
        let mut distinct: Vec<Vec<Operand>> = Vec::new();
        for pair in pairs {
            if !distinct.contains(&pair) {
                distinct.push(pair);
            }
        }
        distinct
    }

    /// The pairs that `… op ANY (SELECT …)` compares.
    pub fn compared_with_columns(&self, test: &Node, found: &Columns, scope: &Scope<'_>) -> Vec<[Operand; 2]> {
        let one = |node: &Node, col: &Col| [self.operand(node, scope), self.settled(col.operand)];
        match (&test.node, found.list()) {
            (Some(NodeEnum::RowExpr(row)), found) => match columns(row) {
                Some(parts) if parts.len() == found.len() => {
                    parts.iter().zip(found).map(|(part, col)| one(part, col)).collect()
                }
                _ => vec![[Operand::Any; 2]],
            },
            (_, [col]) => vec![one(test, col)],
            _ => vec![[self.operand(test, scope), Operand::Any]],
        }
    }
}

/// Two values of which nothing is known.
fn any() -> Vec<Operand> {
    vec![Operand::Any, Operand::Any]
}

fn is_row(node: &Node) -> bool {
    matches!(node.node, Some(NodeEnum::RowExpr(_)))
}

/// The columns of a row that is written out; `None`: there are more than are written.
fn columns(row: &pb::RowExpr) -> Option<&[Node]> {
    let several = |part: &Node| star(part).is_some() || is_row_expansion(part);
    (!row.args.iter().any(several)).then_some(&row.args)
}

fn type_of_system_column(name: &str) -> &'static str {
    match name {
        "tableoid" => "oid",
        "xmin" | "xmax" => "xid",
        "cmin" | "cmax" => "cid",
        "ctid" => "tid",
        _ => "",
    }
}

fn type_of_clock(op: SqlValueFunctionOp) -> &'static str {
    match op {
        SqlValueFunctionOp::SvfopCurrentDate => "date",
        SqlValueFunctionOp::SvfopCurrentTime | SqlValueFunctionOp::SvfopCurrentTimeN => "timetz",
        SqlValueFunctionOp::SvfopCurrentTimestamp | SqlValueFunctionOp::SvfopCurrentTimestampN => "timestamptz",
        SqlValueFunctionOp::SvfopLocaltime | SqlValueFunctionOp::SvfopLocaltimeN => "time",
        SqlValueFunctionOp::SvfopLocaltimestamp | SqlValueFunctionOp::SvfopLocaltimestampN => "timestamp",
        SqlValueFunctionOp::SvfopCurrentRole
        | SqlValueFunctionOp::SvfopCurrentUser
        | SqlValueFunctionOp::SvfopUser
        | SqlValueFunctionOp::SvfopSessionUser
        | SqlValueFunctionOp::SvfopCurrentCatalog
        | SqlValueFunctionOp::SvfopCurrentSchema => "name",
        SqlValueFunctionOp::SqlvalueFunctionOpUndefined => "",
    }
}
