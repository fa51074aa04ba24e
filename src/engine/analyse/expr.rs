//! Expressions: every node that may stand in one is named here; any other is refused.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::lockers::is_beside_zero;
use super::polymorphic::Beside;
use super::scope::{self, Base, Col, Columns, Found, Item, SYSTEM_COLUMNS, Scope};
use super::select::split_qualifier;
use super::{Analyser, At, Place, Replacement, inner, kind_of, names};
use crate::engine::catalog::{Operand, RelationKind};
use crate::engine::cleared::Usage;
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    pub fn exprs(&mut self, list: &mut [Node], scope: &Scope<'_>, at: At) -> Result<(), Refusal> {
        list.iter_mut().try_for_each(|node| self.expr(node, scope, at))
    }

    fn part(&mut self, node: &mut Option<Box<Node>>, scope: &Scope<'_>, at: At) -> Result<(), Refusal> {
        node.as_mut().map_or(Ok(()), |node| self.expr(node, scope, at))
    }

    /// Judges an expression that stands at `at`.
    pub fn expr(&mut self, node: &mut Node, scope: &Scope<'_>, at: At) -> Result<(), Refusal> {
        let equal = self.equal_in(node, scope);
        self.part_of(node, scope, at)?;
        self.name_equal(equal);
        Ok(())
    }

    fn part_of(&mut self, node: &mut Node, scope: &Scope<'_>, at: At) -> Result<(), Refusal> {
        if at.place == Place::Condition && self.condition(node, scope)? {
            return Ok(());
        }
        let part = at.part();
        self.evaluated(node, scope, at);
        match inner(node)? {
            NodeEnum::ColumnRef(_) => {
                if at.place != Place::Item || at.usage != Usage::Compared {
                    self.casts_reference(node, scope)?;
                }
                // In a condition a bare column is a boolean, tested as it is.
                let at = match at.place {
                    Place::Condition if self.is_condition(node, scope) => At { place: Place::Item, ..at },
                    Place::Condition => part,
                    _ => at,
                };
                self.column_ref(node, scope, at).map(|_| ())
            }
            NodeEnum::AConst(_) | NodeEnum::SetToDefault(_) => Ok(()),
            NodeEnum::ParamRef(p) if p.number >= 0 => match self.takes_parameters {
                true => Ok(()),
                false => Err(refusal::undefined_parameter(p.number).at(p.location)),
            },
            NodeEnum::ParamRef(_) => Err(refusal::not_faithful("a placeholder in the client's text")),
            NodeEnum::SqlvalueFunction(_) => Ok(()),
            NodeEnum::AExpr(e) => self.a_expr(e, scope, part),
            NodeEnum::BoolExpr(b) => {
                let at = if at.place == Place::Condition { at } else { part };
                self.exprs(&mut b.args, scope, at)
            }
            NodeEnum::NullTest(t) => match t.arg.as_mut() {
                Some(arg) if matches!(arg.node, Some(NodeEnum::ColumnRef(_))) => {
                    self.evaluated(arg, scope, part);
                    self.column_ref(arg, scope, part).map(|_| ())
                }
                _ => self.part(&mut t.arg, scope, part),
            },
            NodeEnum::BooleanTest(t) => self.part(&mut t.arg, scope, part),
            NodeEnum::CaseExpr(c) => self.case(c, scope, part),
            NodeEnum::CoalesceExpr(c) => {
                self.exprs(&mut c.args, scope, part)?;
                self.makes_beside(c.args.iter(), scope, Beside::Common)
            }
            NodeEnum::MinMaxExpr(m) => {
                self.exprs(&mut m.args, scope, part)?;
                self.makes_beside(m.args.iter(), scope, Beside::Common)
            }
            NodeEnum::RowExpr(r) => self.exprs(&mut r.args, scope, part),
            NodeEnum::AArrayExpr(a) => {
                self.exprs(&mut a.elements, scope, part)?;
                self.makes_beside(a.elements.iter(), scope, Beside::Common)
            }
            NodeEnum::List(l) => self.exprs(&mut l.items, scope, part),
            NodeEnum::GroupingFunc(g) => self.grouping_func(&mut g.args, scope, at),
            NodeEnum::NamedArgExpr(n) => self.part(&mut n.arg, scope, part),
            NodeEnum::FuncCall(f) => self.func_call(f, scope, at),
            NodeEnum::TypeCast(c) => {
                if let Some(ty) = c.type_name.as_ref() {
                    self.type_name(ty)?;
                }
                self.part(&mut c.arg, scope, part)
            }
            NodeEnum::CollateClause(c) => self.part(&mut c.arg, scope, part),
            NodeEnum::AIndirection(i) => self.indirection(i, scope, part),
            NodeEnum::SubLink(s) => self.sub_link(s, scope, part),
            NodeEnum::XmlExpr(x) => {
                self.exprs(&mut x.args, scope, part)?;
                self.exprs(&mut x.named_args, scope, part)
            }
            // Inside XMLELEMENT(… XMLATTRIBUTES (a AS b)).
            NodeEnum::ResTarget(t) => self.part(&mut t.val, scope, part),
            NodeEnum::XmlSerialize(x) => {
                if let Some(ty) = x.type_name.as_ref() {
                    self.type_name(ty)?;
                }
                self.part(&mut x.expr, scope, part)
            }
            other => Err(refusal::not_supported(&kind_of(other), "it is not one of the known expressions")),
        }
    }

    fn a_expr(&mut self, e: &mut pb::AExpr, scope: &Scope<'_>, at: At) -> Result<(), Refusal> {
        match is_row_and_query(e) {
            true => self.row_and_query(e, scope, at)?,
            false => {
                let guess = self.unless_guessed(|a| a.operation(e, scope))?;
                let beside_zero = self.lockers.inserted && is_beside_zero(e);
                // An interval that is added may be too long to be; 0 is looked at.
                if !beside_zero && !matches!(names(&e.name).last(), Some(&("+" | "-"))) {
                    [&e.lexpr, &e.rexpr].into_iter().flatten().for_each(|side| self.vary(side));
                }
                self.lockers.beside_zero = beside_zero;
                let left = self.part(&mut e.lexpr, scope, at);
                self.lockers.beside_zero = false;
                left?;
                self.part(&mut e.rexpr, scope, at)?;
                match guess {
                    Err(_) if self.is_built_in_operation(e, scope) => self.operation(e, scope)?,
                    judged => judged?,
                }
            }
        }
        let pb::AExpr { kind, name, lexpr, rexpr, rexpr_list_start: _, rexpr_list_end: _, location } = e;
        let operator = names(name).last().copied().unwrap_or_default();
        self.makes_one_type_by(operator).map_err(|r| r.at(*location))?;
        let mut sides = Vec::new();
        [&*lexpr, &*rexpr].into_iter().flatten().for_each(|side| values_in(side, &mut sides));
        let how = if *kind == pb::AExprKind::AexprNullif as i32 { Beside::Common } else { Beside::Compared };
        self.makes_beside(sides.into_iter(), scope, how).map_err(|r| r.at(*location))
    }

    /// `ROW(…) op (SELECT …)`: PostgreSQL compares column by column.
    fn row_and_query(&mut self, e: &mut pb::AExpr, scope: &Scope<'_>, at: At) -> Result<(), Refusal> {
        self.part(&mut e.lexpr, scope, at)?;
        let Some(query) = e.rexpr.as_mut() else { return Ok(()) };
        self.evaluated(query, scope, at);
        if let NodeEnum::SubLink(s) = inner(query)? {
            let columns = self.sub_query(s, scope, at)?;
            self.row_compared(e, &columns, scope)?;
        }
        Ok(())
    }

    fn case(&mut self, c: &mut pb::CaseExpr, scope: &Scope<'_>, at: At) -> Result<(), Refusal> {
        let guess = self.unless_guessed(|a| a.case_compares(c, scope))?;
        self.part(&mut c.arg, scope, at)?;
        for when in &mut c.args {
            let NodeEnum::CaseWhen(when) = inner(when)? else {
                return Err(refusal::not_supported("CASE", "it holds something that is no WHEN"));
            };
            self.part(&mut when.expr, scope, at)?;
            self.part(&mut when.result, scope, at)?;
        }
        self.part(&mut c.defresult, scope, at)?;
        match guess {
            Err(_) if self.is_built_in_case(c, scope) => self.case_compares(c, scope)?,
            judged => judged?,
        }
        let whens = || {
            c.args.iter().filter_map(|when| match &when.node {
                Some(NodeEnum::CaseWhen(when)) => Some(when),
                _ => None,
            })
        };
        let compared = whens().filter_map(|when| when.expr.as_deref()).filter(|_| c.arg.is_some());
        self.makes_beside(compared.chain(c.arg.as_deref()), scope, Beside::Compared)?;
        let results = whens().filter_map(|when| when.result.as_deref());
        self.makes_beside(results.chain(c.defresult.as_deref()), scope, Beside::Common)
    }

    /// `(expression).field` and `expression[subscript]`.
    fn indirection(&mut self, i: &mut pb::AIndirection, scope: &Scope<'_>, at: At) -> Result<(), Refusal> {
        let mut of = i.arg.as_deref().map_or(Operand::Any, |arg| self.operand(arg, scope));
        self.part(&mut i.arg, scope, at)?;
        for step in &mut i.indirection {
            let of = std::mem::replace(&mut of, Operand::Any);
            match inner(step)? {
                NodeEnum::String(field) => {
                    self.tells_of_others(&field.sval)?;
                    self.field_notation(&field.sval, of)?;
                }
                NodeEnum::AStar(_) => {}
                NodeEnum::AIndices(index) => {
                    self.part(&mut index.lidx, scope, at)?;
                    self.part(&mut index.uidx, scope, at)?;
                }
                other => return Err(refusal::not_supported(&kind_of(other), "it is not a field or a subscript")),
            }
        }
        Ok(())
    }

    fn sub_link(&mut self, s: &mut pb::SubLink, scope: &Scope<'_>, at: At) -> Result<(), Refusal> {
        self.sub_query(s, scope, at).map(|_| ())
    }

    /// The columns of a query in an expression.
    fn sub_query(&mut self, s: &mut pb::SubLink, scope: &Scope<'_>, at: At) -> Result<Columns, Refusal> {
        self.drawn.elsewhere = true;
        let sides = self.key_sides(s.testexpr.as_deref().filter(|_| is_membership(s)), scope);
        self.part(&mut s.testexpr, scope, at)?;
        let merges = self.merges_in_expression(s.sub_link_type());
        let query = s.subselect.as_mut().ok_or_else(|| refusal::not_supported("a subquery", "it is empty"))?;
        let usage = At { usage: at.usage, ..At::ITEM };
        let (says, first) = (self.subqueries.says(query), self.occurrences.len());
        self.running.next = merges;
        let columns = self.in_expression(|a| a.query(query, scope, usage))?;
        self.walked(s, &columns);
        self.name_members(sides, &columns);
        self.seen_subquery(says, first);
        self.membership(s, &columns, scope)?;
        self.last_query = None;
        // Its result takes part in whatever stands around it.
        if s.sub_link_type() != pb::SubLinkType::ExistsSublink {
            self.casts_columns(columns.list())?;
        }
        if at.place != Place::Output && s.sub_link_type() != pb::SubLinkType::ExistsSublink {
            columns.list().iter().for_each(|c| self.note(&c.origin, At { place: Place::Operand, ..usage }));
        }
        Ok(columns)
    }

    /// A column reference, or a whole row; notes the use and returns what it is.
    pub fn column_ref(&mut self, node: &mut Node, scope: &Scope<'_>, at: At) -> Result<Col, Refusal> {
        // What runs above the filters of its own level may stand below those of the level around it.
        let at =
            if at.place == Place::Output && is_outer(node, scope) { At { place: Place::Operand, ..at } } else { at };
        if let Some(of) = self.of_target(node, scope)? {
            return self.target_ref(node, of, at);
        }
        self.drawn.elsewhere = true;
        let NodeEnum::ColumnRef(r) = inner(node)? else {
            return Err(refusal::not_faithful("a column's name is something else"));
        };
        self.referred(r, scope, at);
        self.drop_schema(r, scope)?;
        let fields: Vec<String> = names(&r.fields).into_iter().map(str::to_owned).collect();
        let whole = matches!(r.fields.last().map(|f| &f.node), Some(Some(NodeEnum::AStar(_))));
        if !whole {
            self.may_tell_of_others(&fields, scope, r.location)?;
        }
        let col = match fields.as_slice() {
            [alias] if whole => self.whole_row(scope::row(scope, alias), alias, at)?,
            [column] => match scope::column(scope, column) {
                Found::Column { col, .. } => col,
                Found::Nothing | Found::Doubtful(_) if is_system_column(column, scope) => match scope.items {
                    [item] if self.shows_system_column(item, column) => Col::computed(column),
                    _ => return Err(refusal::system_column(column).at(r.location)),
                },
                found => self.whole_row(found, column, at)?,
            },
            [qualifier @ .., alias, _] if whole => {
                let schema = qualifier.last().map(String::as_str);
                let Some((item, _)) = scope::item(scope, schema, alias) else {
                    return Ok(self.misses(alias, r.location, "row", scope));
                };
                self.all_at_once(std::slice::from_ref(item));
                self.row_of(&item.columns.clone(), at)
            }
            [qualifier @ .., column] if !qualifier.is_empty() => {
                let (schema, alias) = split_qualifier(qualifier);
                let Some((item, _)) = scope::item(scope, schema, alias) else {
                    self.field_notation(column, Operand::Any)?;
                    return Ok(self.misses(alias, r.location, column, scope));
                };
                let item = item.clone();
                match item.columns.list().iter().find(|c| &*c.name == column) {
                    Some(col) => col.clone(),
                    None if self.shows_system_column(&item, column) => Col::computed(column),
                    None if SYSTEM_COLUMNS.contains(&column.as_str()) && item.occurrence.is_some() => {
                        return Err(refusal::system_column(column).at(r.location));
                    }
                    None => {
                        // `alias.function` is `function(alias)`.
                        self.field_notation(column, item.whole)?;
                        self.all_at_once(std::slice::from_ref(&item));
                        self.row_of(&item.columns, at)
                    }
                }
            }
            _ => {
                return Err(refusal::not_supported("a column reference of this shape", "its parts are not known")
                    .at(r.location));
            }
        };
        self.note(&col.origin, at);
        if at.usage == Usage::Shown {
            match &col.made_of {
                Some(bases) => self.drawn.columns.extend(bases.iter()),
                None => self.drawn.unknown = true,
            }
        }
        Ok(col)
    }

    /// A reference to an item that no FROM holds, or that has another name there.
    fn misses(&mut self, alias: &str, location: i32, name: &str, scope: &Scope<'_>) -> Col {
        let relation = |item: &&Item| {
            let relation = self.engine.catalog.relation(self.occurrences.get(item.occurrence?)?.relation)?;
            Some(relation.name.name == alias)
        };
        let mut items = std::iter::successors(Some(scope), |s| s.parent).flat_map(|s| s.items);
        let called = items.find(|item| relation(item) == Some(true)).and_then(|item| item.alias.as_deref());
        let missing = called.map_or_else(|| refusal::missing_from(alias), |own| refusal::hidden_by_alias(alias, own));
        self.missing.get_or_insert(missing.at(location));
        Col::computed(name)
    }

    /// A system column of a system table with nulled columns: shown beside the others (catalog queries join by `tableoid`).
    fn shows_system_column(&mut self, item: &Item, name: &str) -> bool {
        let Some(name) = SYSTEM_COLUMNS.iter().find(|n| **n == name) else { return false };
        let Some(o) = item.occurrence.and_then(|o| self.occurrences.get_mut(o)) else { return false };
        let kind = self.engine.catalog.relation(o.relation).map(|r| r.kind);
        let shows = o.protected_by.is_none() && kind == Some(RelationKind::Table);
        if shows {
            o.system.insert(name);
        }
        shows
    }

    /// These items' columns are used all at once, by `*`, as a row or by NATURAL.
    pub fn all_at_once(&mut self, items: &[Item]) {
        for item in items {
            if let Some(o) = item.occurrence.and_then(|o| self.occurrences.get_mut(o)) {
                o.all_at_once = true;
            }
        }
    }

    fn whole_row(&mut self, found: Found, name: &str, at: At) -> Result<Col, Refusal> {
        match found {
            Found::Row { item } => {
                self.casts_row(&item)?;
                self.whole_rows.extend(item.occurrence);
                self.all_at_once(std::slice::from_ref(&item));
                Ok(self.row_of(&item.columns, at))
            }
            Found::Doubtful(bases) => {
                self.note(&bases, At { place: Place::Operand, ..at });
                Ok(Col::computed(name))
            }
            // PostgreSQL will say so itself, or it is an output name of ours that the record need not know.
            Found::Nothing | Found::Column { .. } => Ok(Col::computed(name)),
        }
    }

    /// A whole row as one value: every column in it is used.
    fn row_of(&mut self, columns: &Columns, at: At) -> Col {
        let all: Vec<Base> = columns.list().iter().flat_map(|c| c.origin.iter().copied()).collect();
        let at = if at.place == Place::Output { at } else { At { place: Place::Operand, ..at } };
        self.note(&all, at);
        Col::computed("row")
    }

    /// `schema.table.column` where the table becomes a subquery: the schema goes.
    pub fn drop_schema(&mut self, r: &mut pb::ColumnRef, scope: &Scope<'_>) -> Result<(), Refusal> {
        let fields: Vec<String> = names(&r.fields).into_iter().map(str::to_owned).collect();
        let parts = r.fields.len();
        if parts < 3 {
            return Ok(());
        }
        let Some(alias_at) = parts.checked_sub(2) else { return Ok(()) };
        let (Some(schema), Some(alias)) = (fields.get(alias_at - 1), fields.get(alias_at)) else { return Ok(()) };
        if alias_at == 2 && fields.first().is_some_and(|db| db != self.engine.catalog.database()) {
            return Err(refusal::not_supported(
                "a cross-database reference",
                "PostgreSQL knows only the current database",
            )
            .at(r.location));
        }
        let Some((item, _)) = scope::item(scope, Some(schema), alias) else {
            return Err(refusal::missing_from(alias).at(r.location));
        };
        if !item.replaced {
            return Ok(());
        }
        // Without its schema the name would mean what is nearer.
        if scope::item(scope, None, alias).is_none_or(|(nearest, _)| !std::ptr::eq(nearest, item)) {
            let what = format!("{schema}.{alias} behind something else of the name \"{alias}\"");
            return Err(refusal::not_supported(&what, "give one of them an alias").at(r.location));
        }
        let lost = || refusal::not_faithful("a column's name was not found in the text");
        let tokens = self.tokens();
        let first = usize::try_from(r.location).ok().and_then(|at| tokens.at(at)).ok_or_else(lost)?;
        let kept = tokens.list.get(first + 2 * (alias_at)).ok_or_else(lost)?.start;
        let start = tokens.list.get(first).ok_or_else(lost)?.start;
        self.edit(start, kept, Replacement::Text(String::new()));
        r.fields.drain(..alias_at);
        Ok(())
    }
}

/// The values in a side of an operator: those of a list, and of rows that are written out.
fn values_in<'n>(side: &'n Node, found: &mut Vec<&'n Node>) {
    match &side.node {
        Some(NodeEnum::List(list)) => list.items.iter().for_each(|item| values_in(item, found)),
        Some(NodeEnum::RowExpr(row)) => row.args.iter().for_each(|part| values_in(part, found)),
        _ => found.push(side),
    }
}

/// Whether it compares by `=` with what a query gives.
fn is_membership(s: &pb::SubLink) -> bool {
    s.sub_link_type() == pb::SubLinkType::AnySublink && (s.oper_name.is_empty() || names(&s.oper_name) == ["="])
}

fn is_row_and_query(e: &pb::AExpr) -> bool {
    use pb::AExprKind::{AexprIlike, AexprLike, AexprOp, AexprSimilar};
    let (left, right) = (e.lexpr.as_deref(), e.rexpr.as_deref());
    let row = matches!(left.and_then(|n| n.node.as_ref()), Some(NodeEnum::RowExpr(_)));
    let query = matches!(right.and_then(|n| n.node.as_ref()), Some(NodeEnum::SubLink(s)) if s.sub_link_type() == pb::SubLinkType::ExprSublink);
    row && query && matches!(e.kind(), AexprOp | AexprLike | AexprIlike | AexprSimilar)
}

fn is_system_column(name: &str, scope: &Scope<'_>) -> bool {
    SYSTEM_COLUMNS.contains(&name) && scope::with_system_columns(scope).iter().any(|i| i.occurrence.is_some())
}

/// Whether a reference means an item of a level around `scope`.
fn is_outer(node: &Node, scope: &Scope<'_>) -> bool {
    let Some(NodeEnum::ColumnRef(r)) = &node.node else { return false };
    scope::level_of(r, scope).is_some_and(|level| level > 0)
}
