//! Functions in FROM: what columns they have, as far as that is sure.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::colname::output_name;
use super::from::aliased;
use super::scope::{Col, Columns, Item, Scope};
use super::types::{ARRAYS, ORDERED, ty};
use super::{Analyser, At, given, inner, kind_of, names};
use crate::engine::allow::builtin_type;
use crate::engine::catalog::{Oid, Operand};
use crate::engine::refusal::{self, Refusal};

/// Built-in set-returning functions with one column of a plain type, named like their alias or themselves. A case holds
/// them against PostgreSQL.
pub const SCALAR_SETS: [&str; 7] = [
    "generate_series",
    "generate_subscripts",
    "regexp_split_to_table",
    "string_to_table",
    "json_object_keys",
    "jsonb_object_keys",
    "jsonb_path_query",
];

/// The same, with an output argument of the name `value`, which stays whatever the alias is.
pub const VALUE_SETS: [&str; 4] =
    ["json_array_elements", "json_array_elements_text", "jsonb_array_elements", "jsonb_array_elements_text"];

/// Sets with several columns: their names and types.
pub const COLUMN_SETS: [(&str, [(&str, &str); 2]); 4] = [
    ("json_each", [("key", "text"), ("value", "json")]),
    ("json_each_text", [("key", "text"), ("value", "text")]),
    ("jsonb_each", [("key", "text"), ("value", "jsonb")]),
    ("jsonb_each_text", [("key", "text"), ("value", "text")]),
];

/// What is known of a function's columns, and of the item's name as a value (`makeWholeRowVar` of PostgreSQL's parser): of a
/// function that gives plain values it is such a value.
struct Known {
    columns: Vec<Col>,
    whole: Operand,
    /// It is none that PostgreSQL may run where its columns are read (a function in SQL, which it inlines).
    total: bool,
}

impl Analyser<'_> {
    /// What a function in FROM puts out shows what it is given.
    pub fn range_function(
        &mut self,
        f: &mut pb::RangeFunction,
        left: &[Item],
        outer: &Scope<'_>,
    ) -> Result<Item, Refusal> {
        self.made_of_arguments(|a| a.function_item(f, left, outer))
    }

    /// The same of XMLTABLE.
    pub fn range_table_func(
        &mut self,
        t: &mut pb::RangeTableFunc,
        left: &[Item],
        outer: &Scope<'_>,
    ) -> Result<Item, Refusal> {
        self.made_of_arguments(|a| a.xml_item(t, left, outer))
    }

    fn made_of_arguments(&mut self, judge: impl FnOnce(&mut Self) -> Result<Item, Refusal>) -> Result<Item, Refusal> {
        let around = std::mem::take(&mut self.drawn);
        let item = judge(self)?;
        let made_of = self.drawn.made_of();
        self.drawn.add(around);
        Ok(Item { columns: item.columns.made_of(made_of.as_ref()), ..item })
    }

    fn function_item(&mut self, f: &mut pb::RangeFunction, left: &[Item], outer: &Scope<'_>) -> Result<Item, Refusal> {
        let pb::RangeFunction { lateral: _, ordinality, is_rowsfrom: _, functions, alias, coldeflist } = f;
        let scope = outer.child(left);
        self.beside_few();
        let known = match functions.as_slice() {
            [only] if coldeflist.is_empty() => self.known_columns(only, alias.as_ref(), &scope),
            [_] => self.defined_columns(coldeflist),
            _ => None,
        };
        // Of several functions it is a row, of one with column definitions too.
        let is_row = *ordinality || functions.len() != 1 || !coldeflist.is_empty() || defines_columns(functions);
        let whole = if is_row { Operand::Row } else { known.as_ref().map_or(Operand::Any, |k| k.whole) };
        let call = functions.first().and_then(call_in);
        let ordered = call.is_some_and(|call| self.has_sort(call, &scope));
        for node in functions.iter_mut() {
            let defined = defines_columns(std::slice::from_ref(node));
            // Each is a list of the function and its column definitions.
            let NodeEnum::List(list) = inner(node)? else {
                return Err(refusal::not_supported("ROWS FROM", "its shape is not known"));
            };
            let several = !defined && list.items.first().is_some_and(unnests_several);
            let mut parts = list.items.iter_mut();
            if let Some(call) = parts.next() {
                self.set_evaluated(call, &scope);
                match &mut call.node {
                    // Of several arrays it is several calls of PostgreSQL's own (`transformRangeFunction`), under this name only.
                    Some(NodeEnum::FuncCall(f)) if several => self.exprs(&mut f.args, &scope, At::ARGUMENT)?,
                    _ => self.expr(call, &scope, At::ARGUMENT)?,
                }
            }
            for definition in parts {
                self.column_definitions(definition)?;
            }
        }
        for node in coldeflist.iter_mut() {
            self.column_definitions(node)?;
        }
        let number = ordinality.then(|| self.of_type("ordinality", "int8"));
        let columns = known.map_or(Columns::Unknown, |known| {
            let total = known.total;
            let own = known.columns.into_iter().map(|col| Col { ordered, total, ..self.worked_out(col) });
            Columns::known(own.chain(number).collect())
        });
        let item = Item { whole, ..aliased(alias.as_ref(), columns) };
        // Without an alias it is called like its first function (`transformRangeFunction` of PostgreSQL's parser).
        match (alias, functions.first().and_then(call_in)) {
            (None, Some(first)) => Ok(named(&output_name(first), item)),
            _ => Ok(item),
        }
    }

    /// The columns of a FROM item that is a call of a known built-in function (`chooseScalarFunctionAlias` of PostgreSQL's
    /// parser). A name that is wrong here would let another column hide behind it.
    fn known_columns(&self, item: &Node, alias: Option<&pb::Alias>, scope: &Scope<'_>) -> Option<Known> {
        let Some(NodeEnum::List(list)) = &item.node else { return None };
        let call = list.items.first()?;
        let NodeEnum::FuncCall(f) = call.node.as_ref()? else { return None };
        let name = self.built_in_name(f, scope).filter(|_| !defines_columns(std::slice::from_ref(item)))?;
        let named = || alias.map_or(name, |a| a.aliasname.as_str()).to_owned();
        let plain = |col: Col| Some(Known { whole: self.settled(col.operand), columns: vec![col], total: true });
        let elements = |name: &str, array: &Node| {
            let element = self.engine.catalog.element_of(self.operand(array, scope));
            let sure = matches!(element, Operand::Of(_) | Operand::Over(_) | Operand::Among(_));
            let operand = if sure { element } else { Operand::Any };
            let constants = given::together(self.given(array, true, scope).into_iter());
            let col = Col { operand, constants, ..self.column_of_elements(name, array) };
            (sure || self.is_plain_array(array)).then_some(col)
        };
        if let Some((_, columns)) = COLUMN_SETS.iter().find(|(set, _)| *set == name) {
            let columns = columns.iter().map(|(name, ty)| self.of_type(name, ty)).collect();
            return Some(Known { columns, whole: Operand::Row, total: true });
        }
        match name {
            _ if VALUE_SETS.contains(&name) => {
                plain(Col { operand: self.operand(call, scope), ..Col::computed("value") })
            }
            _ if SCALAR_SETS.contains(&name) => {
                let ty = self.type_of(call, &Scope::EMPTY).filter(|ty| &**ty == "int4");
                plain(Col { ty, operand: self.operand(call, scope), ..Col::computed(&named()) })
            }
            "unnest" => match f.args.as_slice() {
                [array] => plain(elements(&named(), array)?),
                // Each array is a call of its own (`transformRangeFunction`).
                arrays if unnests_several(call) => {
                    let columns = arrays.iter().map(|array| elements(name, array)).collect::<Option<_>>()?;
                    Some(Known { columns, whole: Operand::Row, total: true })
                }
                _ => None,
            },
            _ => self.output_columns(name, f.args.len(), self.operand(call, scope), &named()),
        }
    }

    /// The columns of a built-in function by what the catalog says of its output arguments; `called`: what its only one is
    /// called where it has none.
    fn output_columns(&self, name: &str, arguments: usize, gives: Operand, called: &str) -> Option<Known> {
        let catalog = &self.engine.catalog;
        let column = |(name, ty): &(String, Oid)| Col { operand: catalog.operand_of(*ty), ..Col::computed(name) };
        match catalog.output_arguments(name, arguments)? {
            [] if catalog.is_one_value(gives) => {
                let columns = vec![Col { operand: gives, ..Col::computed(called) }];
                Some(Known { columns, whole: self.settled(gives), total: false })
            }
            [] => None,
            [only] if !only.0.is_empty() => Some(Known { columns: vec![column(only)], whole: gives, total: false }),
            [_] => None,
            several => Some(Known { columns: several.iter().map(column).collect(), whole: Operand::Row, total: false }),
        }
    }

    /// The columns of a function that says `record`, as they are defined.
    fn defined_columns(&self, definitions: &[Node]) -> Option<Known> {
        let column = |node: &Node| match &node.node {
            Some(NodeEnum::ColumnDef(def)) => {
                let to = def.type_name.as_ref()?;
                let of = self.plain_type(to).filter(|name| def.coll_clause.is_none() && ORDERED.contains(name));
                Some(Col { operand: self.operand_of_type(to), ..self.given_column(&def.colname, of.and_then(ty)) })
            }
            _ => None,
        };
        let columns = definitions.iter().map(column).collect::<Option<_>>()?;
        Some(Known { columns, whole: Operand::Row, total: true })
    }

    /// A column of a built-in type.
    fn of_type(&self, name: &str, ty: &'static str) -> Col {
        Col { operand: self.engine.catalog.operand_named(ty), total: true, ..Col::computed(name) }
    }

    /// Whether the elements of an array surely are of a plain type: rows would make as many columns as they have.
    fn is_plain_array(&self, node: &Node) -> bool {
        match &node.node {
            Some(NodeEnum::TypeCast(c)) => {
                let Some(ty) = &c.type_name else { return false };
                let plain = |name: &str| builtin_type(name).is_some() && name != "record" && name != "_record";
                !ty.array_bounds.is_empty()
                    && matches!(names(&ty.names)[..], [name] | ["pg_catalog", name] if plain(name))
            }
            Some(NodeEnum::ParamRef(_)) => self.type_of(node, &Scope::EMPTY).is_some_and(|ty| ARRAYS.contains(&&*ty)),
            Some(NodeEnum::AArrayExpr(array)) => {
                let constant = |n: &Node| matches!(n.node, Some(NodeEnum::AConst(_)));
                !array.elements.is_empty() && array.elements.iter().all(constant)
            }
            Some(NodeEnum::FuncCall(f)) => {
                let splits = matches!(names(&f.funcname)[..], ["string_to_array" | "regexp_split_to_array"]);
                splits && self.built_in_name(f, &Scope::EMPTY).is_some()
            }
            _ => false,
        }
    }

    fn column_definitions(&mut self, node: &mut Node) -> Result<(), Refusal> {
        match &mut node.node {
            None => Ok(()),
            Some(NodeEnum::List(list)) => list.items.iter_mut().try_for_each(|n| self.column_definitions(n)),
            Some(NodeEnum::ColumnDef(def)) => match def.type_name.as_ref() {
                Some(ty) => self.type_name(ty),
                None => Ok(()),
            },
            Some(other) => Err(refusal::not_supported(&kind_of(other), "a column definition list holds columns only")),
        }
    }

    /// `XMLTABLE(…)`.
    fn xml_item(&mut self, t: &mut pb::RangeTableFunc, left: &[Item], outer: &Scope<'_>) -> Result<Item, Refusal> {
        let pb::RangeTableFunc { lateral: _, docexpr, rowexpr, namespaces, columns, alias, location: _ } = t;
        let scope = outer.child(left);
        self.can_fail_here();
        for part in [docexpr, rowexpr].into_iter().flatten() {
            self.expr(part, &scope, At::ARGUMENT)?;
        }
        self.exprs(namespaces, &scope, At::ARGUMENT)?;
        let mut cols = Vec::new();
        for column in columns.iter_mut() {
            let NodeEnum::RangeTableFuncCol(col) = inner(column)? else {
                return Err(refusal::not_supported("XMLTABLE", "its columns are not known"));
            };
            if let Some(ty) = col.type_name.as_ref() {
                self.type_name(ty)?;
            }
            for part in [&mut col.colexpr, &mut col.coldefexpr].into_iter().flatten() {
                self.expr(part, &scope, At::ARGUMENT)?;
            }
            let operand = match &col.type_name {
                Some(ty) => self.operand_of_type(ty),
                None if col.for_ordinality => Operand::INT4,
                None => Operand::Any,
            };
            cols.push(Col { operand, ..Col::computed(&col.colname) });
        }
        let item = aliased(alias.as_ref(), Columns::known(cols));
        Ok(if alias.is_none() { named("xmltable", item) } else { item })
    }
}

/// Whether a function in ROWS FROM comes with the columns that it is to have.
fn defines_columns(functions: &[Node]) -> bool {
    let definitions = |item: &Node| match &item.node {
        Some(NodeEnum::List(list)) => list.items.iter().skip(1).any(|n| match &n.node {
            Some(NodeEnum::List(definitions)) => !definitions.items.is_empty(),
            definition => definition.is_some(),
        }),
        _ => false,
    };
    functions.iter().any(definitions)
}

fn unnests_several(call: &Node) -> bool {
    let Some(NodeEnum::FuncCall(f)) = &call.node else { return false };
    let pb::FuncCall { agg_order, agg_filter, agg_within_group, agg_star, agg_distinct, func_variadic, over, .. } =
        &**f;
    let clauses = !agg_order.is_empty() || agg_filter.is_some() || *agg_within_group || *agg_star || *agg_distinct;
    names(&f.funcname) == ["unnest"] && f.args.len() > 1 && !clauses && !func_variadic && over.is_none()
}

/// Each item is a list of the function and its column definitions.
fn call_in(item: &Node) -> Option<&Node> {
    match &item.node {
        Some(NodeEnum::List(list)) => list.items.first(),
        _ => None,
    }
}

fn named(name: &str, item: Item) -> Item {
    Item { alias: Some(name.into()), qualified: true, ..item }
}
