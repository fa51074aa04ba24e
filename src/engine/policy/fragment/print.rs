//! Prints a fragment's tree with every name qualified; refuses what it does not know. Knows no policy.

mod answers;
mod arrays;
mod beside;
mod kinds;
mod settled;

use kinds::Kind;

use pg_query::NodeEnum;
use pg_query::protobuf::{
    AConst, AExpr, AExprKind, BoolExpr, BoolExprType, BoolTestType, BooleanTest, CaseExpr, ColumnRef, FuncCall,
    MinMaxExpr, MinMaxOp, Node, NullTest, NullTestType, SqlValueFunction, SqlValueFunctionOp, a_const,
};

use super::super::super::catalog::{Catalog, quote_literal};
use super::super::Piece;
use super::{Scope, VALUE_MARK};

const MAX_DEPTH: usize = 64;
const MAX_PIECES: usize = 4096;

/// Built-in functions that a fragment may call: none reads tables, files or settings, runs SQL, waits, or differs from
/// call to call within a statement.
const FUNCTIONS: &str = include_str!("functions.txt");

type Done = Result<(), String>;

pub(super) struct Printer<'a> {
    scope: Scope<'a>,
    catalog: &'a Catalog,
    pieces: Vec<Piece>,
    depth: usize,
    /// Something was printed that fails for some values.
    computes: bool,
    /// It is the check of a domain, to be tried on a masked value.
    tries: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(scope: Scope<'a>, catalog: &'a Catalog) -> Self {
        Self { scope, catalog, pieces: vec![Piece::Sql(String::new())], depth: 0, computes: false, tries: false }
    }

    /// The same, which takes nothing for failing that fails by its pattern alone: the domain's own values are matched by it.
    pub(super) fn trying(self) -> Self {
        Self { tries: true, ..self }
    }

    /// What was printed, and whether it may fail.
    pub(super) fn into_parts(self) -> (Vec<Piece>, bool) {
        (self.pieces, self.computes)
    }

    fn sql(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Sql(sql)) => sql.push_str(text),
            _ => self.pieces.push(Piece::Sql(text.to_owned())),
        }
    }

    pub(super) fn expression(&mut self, node: &Node) -> Done {
        if self.depth >= MAX_DEPTH || self.pieces.len() >= MAX_PIECES {
            return Err("it is too deep or too long".into());
        }
        self.depth += 1;
        let done = match &node.node {
            Some(NodeEnum::AConst(constant)) => self.constant(constant),
            Some(NodeEnum::ColumnRef(column)) => self.compared_as_built_in(column).and_then(|()| self.column(column)),
            Some(NodeEnum::ParamRef(_)) => self.value(),
            Some(NodeEnum::AExpr(expression)) => self.operation(expression),
            Some(NodeEnum::BoolExpr(expression)) => self.boolean(expression),
            Some(NodeEnum::NullTest(test)) => self.null_test(test),
            Some(NodeEnum::BooleanTest(test)) => self.boolean_test(test),
            Some(NodeEnum::TypeCast(cast)) => self.cast(cast),
            Some(NodeEnum::FuncCall(call)) => self.call(call),
            Some(NodeEnum::CaseExpr(case)) => self.case(case),
            Some(NodeEnum::CoalesceExpr(coalesce)) => self.alike("COALESCE(", &coalesce.args, ")"),
            Some(NodeEnum::MinMaxExpr(extreme)) => self.extreme(extreme),
            Some(NodeEnum::AArrayExpr(array)) => self.alike("ARRAY[", &array.elements, "]"),
            Some(NodeEnum::SqlvalueFunction(function)) => self.value_function(function),
            Some(NodeEnum::SubLink(_)) => Err("subqueries are not allowed in it".into()),
            Some(other) => Err(format!("{} is not allowed in it", kind(other))),
            None => Err("it is empty".into()),
        };
        self.depth -= 1;
        done
    }

    fn operand(&mut self, node: &Option<Box<Node>>) -> Done {
        match node {
            Some(node) => self.expression(node),
            None => Err("an operand is missing".into()),
        }
    }

    fn listed(&mut self, open: &str, items: &[Node], close: &str) -> Done {
        self.sql(open);
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.sql(", ");
            }
            self.expression(item)?;
        }
        self.sql(close);
        Ok(())
    }

    /// Values that become one type.
    fn alike(&mut self, open: &str, items: &[Node], close: &str) -> Done {
        let kind = self.common(items);
        self.computes |= !self.become_one(items);
        self.sql(open);
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.sql(", ");
            }
            self.as_kind(item, &kind)?;
        }
        self.sql(close);
        Ok(())
    }

    fn constant(&mut self, constant: &AConst) -> Done {
        if constant.isnull {
            self.sql("NULL");
            return Ok(());
        }
        let text = match &constant.val {
            Some(a_const::Val::Ival(i)) if i.ival < 0 => format!("({})", i.ival),
            Some(a_const::Val::Ival(i)) => i.ival.to_string(),
            Some(a_const::Val::Fval(f)) if f.fval.starts_with('-') => format!("({})", f.fval),
            Some(a_const::Val::Fval(f)) => f.fval.clone(),
            Some(a_const::Val::Boolval(b)) => if b.boolval { "true" } else { "false" }.to_owned(),
            Some(a_const::Val::Sval(s)) => self.string(&s.sval),
            Some(a_const::Val::Bsval(_)) => return Err("bit strings are not allowed in it".into()),
            None => return Err("a constant has no value".into()),
        };
        self.sql(&text);
        Ok(())
    }

    /// A literal of a mask had its `{}` replaced like the value's; put it back.
    fn string(&self, text: &str) -> String {
        match self.scope {
            Scope::Value(_) => quote_literal(&text.replace(VALUE_MARK, "{}")),
            Scope::Table(_) | Scope::SomeTable => quote_literal(text),
        }
    }

    fn column(&mut self, column: &ColumnRef) -> Done {
        let [Node { node: Some(NodeEnum::String(name)) }] = column.fields.as_slice() else {
            return Err("columns stand without a table's name in it".into());
        };
        match self.scope {
            Scope::Table(table) if table.column(&name.sval).is_some() => {
                self.pieces.push(Piece::Column(name.sval.clone()));
                Ok(())
            }
            Scope::SomeTable => {
                self.pieces.push(Piece::Column(name.sval.clone()));
                Ok(())
            }
            Scope::Table(table) => Err(format!("{} has no column `{}`", table.name, name.sval)),
            Scope::Value(_) => Err(format!("a mask knows only `{{}}`, the stored value, not `{}`", name.sval)),
        }
    }

    fn value(&mut self) -> Done {
        match self.scope {
            Scope::Value(_) => {
                self.pieces.push(Piece::Value);
                Ok(())
            }
            Scope::Table(_) | Scope::SomeTable => Err("parameters are not allowed in it".into()),
        }
    }

    fn boolean(&mut self, expression: &BoolExpr) -> Done {
        let word = match expression.boolop() {
            BoolExprType::AndExpr => " AND ",
            BoolExprType::OrExpr => " OR ",
            BoolExprType::NotExpr => "NOT ",
            BoolExprType::Undefined => return Err("it has an unknown boolean operator".into()),
        };
        self.sql("(");
        for (i, argument) in expression.args.iter().enumerate() {
            if i > 0 || expression.boolop() == BoolExprType::NotExpr {
                self.sql(word);
            }
            self.expression(argument)?;
        }
        self.sql(")");
        Ok(())
    }

    fn null_test(&mut self, test: &NullTest) -> Done {
        self.sql("(");
        self.bare_operand(&test.arg)?;
        self.sql(match test.nulltesttype() {
            NullTestType::IsNull => " IS NULL)",
            NullTestType::IsNotNull => " IS NOT NULL)",
            NullTestType::Undefined => return Err("it has an unknown test".into()),
        });
        Ok(())
    }

    fn boolean_test(&mut self, test: &BooleanTest) -> Done {
        self.sql("(");
        self.operand(&test.arg)?;
        self.sql(match test.booltesttype() {
            BoolTestType::IsTrue => " IS TRUE)",
            BoolTestType::IsNotTrue => " IS NOT TRUE)",
            BoolTestType::IsFalse => " IS FALSE)",
            BoolTestType::IsNotFalse => " IS NOT FALSE)",
            BoolTestType::IsUnknown => " IS UNKNOWN)",
            BoolTestType::IsNotUnknown => " IS NOT UNKNOWN)",
            BoolTestType::Undefined => return Err("it has an unknown test".into()),
        });
        Ok(())
    }

    fn operation(&mut self, e: &AExpr) -> Done {
        let operator = operator(&e.name)?;
        match e.kind() {
            AExprKind::AexprOp | AExprKind::AexprLike | AExprKind::AexprIlike | AExprKind::AexprSimilar => {
                self.compare(e, &operator)
            }
            AExprKind::AexprIn => self.in_list(e, &operator),
            AExprKind::AexprOpAny | AExprKind::AexprOpAll => self.any_of_array(e, &operator),
            AExprKind::AexprBetween | AExprKind::AexprNotBetween => self.between(e),
            AExprKind::AexprDistinct | AExprKind::AexprNotDistinct => self.distinct(e),
            AExprKind::AexprNullif => {
                self.sql("(CASE WHEN ");
                self.compare(e, "=")?;
                self.sql(" THEN NULL ELSE ");
                self.operand(&e.lexpr)?;
                self.sql(" END)");
                Ok(())
            }
            AExprKind::AexprBetweenSym | AExprKind::AexprNotBetweenSym | AExprKind::Undefined => {
                Err("BETWEEN SYMMETRIC is not allowed in it".into())
            }
        }
    }

    fn compare(&mut self, e: &AExpr, operator: &str) -> Done {
        self.computes |= !self.always_answers(e, operator);
        if self.moved(e, operator)? {
            return Ok(());
        }
        let beside = self.beside(e, operator);
        let kind = if beside.is_some() { None } else { self.operands_kind(e, operator)? };
        self.sql("(");
        match (&e.lexpr, operator) {
            (Some(_), _) if beside.is_some() => self.bare_operand(&e.lexpr)?,
            (Some(left), _) => self.side(left, &kind)?,
            // A prefix operator cannot be qualified for both parsers.
            (None, "-") => self.sql("0"),
            (None, _) => return Err(format!("the prefix operator `{operator}` is not allowed in it")),
        }
        self.sql(&format!(" OPERATOR({}.{operator}) ", beside.as_deref().unwrap_or("pg_catalog")));
        match (beside, &e.rexpr) {
            (Some(_), right) => self.bare_operand(right)?,
            (None, Some(right)) => self.side(right, &kind)?,
            (None, None) => return Err("an operand is missing".into()),
        }
        self.sql(")");
        Ok(())
    }

    fn side(&mut self, node: &Node, kind: &Option<Kind>) -> Done {
        match kind {
            Some(kind) => self.as_kind(node, kind),
            None => self.expression(node),
        }
    }

    /// `x IN (a, b)` is `x = a OR x = b`; `NOT IN` is `x <> a AND x <> b` (PostgreSQL manual, "Row and Array Comparisons").
    fn in_list(&mut self, e: &AExpr, operator: &str) -> Done {
        let Some(Node { node: Some(NodeEnum::List(list)) }) = e.rexpr.as_deref() else {
            return Err("subqueries are not allowed in it".into());
        };
        let word = if operator == "=" { " OR " } else { " AND " };
        self.compare_each(e, operator, &list.items, word)
    }

    fn compare_each(&mut self, e: &AExpr, operator: &str, items: &[Node], word: &str) -> Done {
        self.sql("(");
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.sql(word);
            }
            let one = AExpr { rexpr: Some(Box::new(item.clone())), ..e.clone() };
            self.compare(&one, operator)?;
        }
        self.sql(")");
        Ok(())
    }

    fn between(&mut self, e: &AExpr) -> Done {
        let Some(Node { node: Some(NodeEnum::List(bounds)) }) = e.rexpr.as_deref() else {
            return Err("BETWEEN has no bounds".into());
        };
        let [low, high] = bounds.items.as_slice() else { return Err("BETWEEN has no bounds".into()) };
        let bound = |node: &Node| AExpr { rexpr: Some(Box::new(node.clone())), ..e.clone() };
        self.sql(if e.kind() == AExprKind::AexprBetween { "(" } else { "(NOT (" });
        self.compare(&bound(low), ">=")?;
        self.sql(" AND ");
        self.compare(&bound(high), "<=")?;
        self.sql(if e.kind() == AExprKind::AexprBetween { ")" } else { "))" });
        Ok(())
    }

    fn distinct(&mut self, e: &AExpr) -> Done {
        self.sql(if e.kind() == AExprKind::AexprDistinct { "(CASE WHEN (" } else { "(NOT CASE WHEN (" });
        self.operand(&e.lexpr)?;
        self.sql(" IS NULL OR ");
        self.operand(&e.rexpr)?;
        self.sql(" IS NULL) THEN NOT (");
        self.operand(&e.lexpr)?;
        self.sql(" IS NULL AND ");
        self.operand(&e.rexpr)?;
        self.sql(" IS NULL) ELSE NOT ");
        self.compare(e, "=")?;
        self.sql(" END)");
        Ok(())
    }

    fn case(&mut self, case: &CaseExpr) -> Done {
        let results = case.args.iter().filter_map(|arm| match &arm.node {
            Some(NodeEnum::CaseWhen(when)) => when.result.as_deref(),
            _ => None,
        });
        let results: Vec<&Node> = results.chain(case.defresult.as_deref()).collect();
        self.computes |= !self.become_one(results.iter().copied());
        let kind = self.common(results);
        self.sql("(CASE");
        for arm in &case.args {
            let Some(NodeEnum::CaseWhen(when)) = &arm.node else { return Err("CASE has an unknown part".into()) };
            self.sql(" WHEN ");
            match &case.arg {
                Some(_) => {
                    let equal = AExpr { lexpr: case.arg.clone(), rexpr: when.expr.clone(), ..AExpr::default() };
                    self.compare(&equal, "=")?;
                }
                None => self.operand(&when.expr)?,
            }
            self.sql(" THEN ");
            let Some(result) = &when.result else { return Err("CASE has an unknown part".into()) };
            self.as_kind(result, &kind)?;
        }
        if let Some(otherwise) = &case.defresult {
            self.sql(" ELSE ");
            self.as_kind(otherwise, &kind)?;
        }
        self.sql(" END)");
        Ok(())
    }

    fn extreme(&mut self, extreme: &MinMaxExpr) -> Done {
        match extreme.op() {
            MinMaxOp::IsGreatest => self.alike("GREATEST(", &extreme.args, ")"),
            MinMaxOp::IsLeast => self.alike("LEAST(", &extreme.args, ")"),
            MinMaxOp::Undefined => Err("it has an unknown function".into()),
        }
    }

    /// `CURRENT_DATE` and the local times depend on the session's time zone, which the client chooses.
    fn value_function(&mut self, function: &SqlValueFunction) -> Done {
        match function.op() {
            SqlValueFunctionOp::SvfopCurrentTimestamp => {
                self.sql("\"pg_catalog\".\"statement_timestamp\"()");
                Ok(())
            }
            SqlValueFunctionOp::SvfopCurrentDate => {
                self.sql("CAST(\"pg_catalog\".\"timezone\"('UTC', \"pg_catalog\".\"statement_timestamp\"()) AS \"pg_catalog\".\"date\")");
                Ok(())
            }
            _ => Err("only CURRENT_TIMESTAMP and CURRENT_DATE (in UTC) are allowed of this kind".into()),
        }
    }

    fn call(&mut self, call: &FuncCall) -> Done {
        let plain = call.agg_order.is_empty()
            && call.agg_filter.is_none()
            && call.over.is_none()
            && !call.agg_within_group
            && !call.agg_star
            && !call.agg_distinct
            && !call.func_variadic;
        if !plain {
            return Err("aggregates and window functions are not allowed in it".into());
        }
        let name = match strings(&call.funcname)?.as_slice() {
            [name] => name.clone(),
            [schema, name] if schema == "pg_catalog" => name.clone(),
            other => return Err(format!("the function `{}` is not allowed in it", other.join("."))),
        };
        if !FUNCTIONS.lines().any(|known| known == name) {
            return Err(format!("the function `{name}` is not allowed in it"));
        }
        const TOTAL: [&str; 9] =
            ["left", "right", "lower", "upper", "length", "btrim", "md5", "now", "statement_timestamp"];
        const ALSO_TOTAL: [&str; 8] = [
            "cardinality",
            "char_length",
            "character_length",
            "jsonb_typeof",
            "ltrim",
            "octet_length",
            "rtrim",
            "strpos",
        ];
        // `length(bytea, encoding)` is another one.
        let answers = TOTAL.contains(&name.as_str()) || (self.tries && ALSO_TOTAL.contains(&name.as_str()));
        self.computes |= !answers || (name == "length" && call.args.len() > 1);
        self.settled_call(&name, call)
    }
}

fn operator(names: &[Node]) -> Result<String, String> {
    match strings(names)?.as_slice() {
        [name] => Ok(name.clone()),
        [schema, name] if schema == "pg_catalog" => Ok(name.clone()),
        other => Err(format!("the operator `{}` is not allowed in it", other.join("."))),
    }
}

fn strings(nodes: &[Node]) -> Result<Vec<String>, String> {
    nodes
        .iter()
        .map(|node| match &node.node {
            Some(NodeEnum::String(s)) => Ok(s.sval.clone()),
            _ => Err("a name has an unknown part".into()),
        })
        .collect()
}

/// A construct in words.
fn kind(node: &NodeEnum) -> &'static str {
    match node {
        NodeEnum::RowExpr(_) | NodeEnum::List(_) => "a row of several values",
        NodeEnum::AIndirection(_) => "a subscript or field",
        NodeEnum::CollateClause(_) => "COLLATE",
        NodeEnum::GroupingFunc(_) => "GROUPING",
        _ => "this construct",
    }
}
