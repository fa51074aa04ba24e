//! Functions, operators and types by identity: built-in ones from the reviewed lists, others by the role's policy.
//!
//! A name means a built-in only when nothing else on the search path that bears it can be what PostgreSQL takes for the
//! types of what it is given (`reach.rs`).

use pg_query::Node;
use pg_query::NodeEnum;
use pg_query::protobuf as pb;

use super::built_in::STORED_SIZE;
use super::outward::Outward;
use super::polymorphic::Beside;
use super::reach::{Given, named_arguments};
use super::scope::{self, Scope};
use super::{Analyser, At, Place, names};
use crate::engine::allow::{self, ExtensionFunction, FunctionClass};
use crate::engine::catalog::{FIRST_NORMAL_OID, Function, Operand, Operator, QualifiedName, TypeFunction};
use crate::engine::cleared::Argument;
use crate::engine::context::Defined;
use crate::engine::policy::Role;
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    /// PostgreSQL leaves parameters out that are declared as `void` (`ParseFuncOrColumn` of its source): JDBC's
    /// `{? = call f(?)}` has one for what is returned.
    pub fn func_call(&mut self, f: &mut pb::FuncCall, scope: &Scope<'_>, at: At) -> Result<(), Refusal> {
        let left_out = self.left_out(f, scope)?;
        let taken: Vec<Node> = left_out.iter().rev().map(|i| f.args.remove(*i)).collect();
        let judged = self.called_with(f, scope, at);
        left_out.iter().zip(taken.into_iter().rev()).for_each(|(i, node)| f.args.insert(*i, node));
        judged
    }

    fn called_with(&mut self, f: &mut pb::FuncCall, scope: &Scope<'_>, at: At) -> Result<(), Refusal> {
        let name: Vec<String> = names(&f.funcname).into_iter().map(str::to_owned).collect();
        let name: Vec<&str> = name.iter().map(String::as_str).collect();
        let (class, guess) = match self.functional_notation(&name, f, scope)? {
            true => (None, Ok(())),
            false => self.called_by_guess(&name, f, scope).map_err(|r| r.at(f.location))?,
        };
        if class == Some(FunctionClass::Setting) {
            self.unlike_others = true;
            self.setting_call(&name, f).map_err(|r| r.at(f.location))?;
            if self.says_purpose(&name, f)? {
                return self.exprs(&mut f.args[1..], scope, at.part());
            }
        }
        if class == Some(FunctionClass::Size) {
            return self.size_call(&name, f, scope);
        }
        if class == Some(FunctionClass::Sequence) {
            self.sequence_call(&f.args).map_err(|r| r.at(f.location))?;
        }
        if Outward::is_one(class, name.last()) {
            self.outward.call();
            self.acts_by(name.last());
        }
        let pb::FuncCall { args, agg_order, agg_filter, agg_distinct, agg_within_group, over, .. } = f;
        // Aggregates and window functions run above the scan and its filters.
        if class == Some(FunctionClass::Aggregate) || over.is_some() {
            self.holds_rows();
        }
        let above = matches!(class, Some(FunctionClass::Aggregate | FunctionClass::Window)) || over.is_some();
        let inside = if above { At { place: Place::Output, ..at } } else { at.part() };
        // What an aggregate sorts by may be sorted early, below the filter (PostgreSQL 16).
        let sorted =
            if above && (*agg_distinct || !agg_order.is_empty()) { At { place: Place::Item, ..at } } else { inside };
        let (late, groups) = (self.late, self.groups);
        if above && !*agg_within_group {
            let distinct = args.iter().filter(|_| *agg_distinct);
            self.aggregate_sorted(distinct.chain(agg_order.iter()), scope);
        }
        self.late &= !*agg_distinct;
        let below = groups.of_arguments(class.filter(|_| over.is_none()));
        self.groups = if *agg_within_group { groups } else { below };
        self.exprs(args, scope, sorted)?;
        self.groups = below;
        if class.is_some() {
            self.makes_one_type(name.last().copied().unwrap_or_default()).map_err(|r| r.at(f.location))?;
        }
        // `rank('x') WITHIN GROUP (ORDER BY column)` compares the one with the other.
        let keys = agg_order.iter().filter(|_| *agg_within_group).filter_map(|key| match &key.node {
            Some(NodeEnum::SortBy(by)) => by.node.as_deref(),
            _ => None,
        });
        let how = if *agg_within_group { Beside::Sorted } else { Beside::Compared };
        self.makes_beside(args.iter().chain(keys), scope, how).map_err(|r| r.at(f.location))?;
        self.late = late && *agg_within_group;
        self.sort_clause(agg_order, scope, sorted)?;
        self.late = late;
        if let Some(filter) = agg_filter {
            self.expr(filter, scope, inside)?;
        }
        self.groups = groups;
        if let Some(window) = over {
            self.window_def(window, scope, At { place: Place::Item, ..At::KEY })?;
        }
        let judged = match guess {
            Err(_) if self.built_in_name(f, scope).is_some() => self.called(&name, f, scope).map(|_| ()),
            judged => judged,
        };
        judged.map_err(|r| r.at(f.location))
    }

    /// Judges what a call may mean; the class of a built-in. Where that is all that it means, PostgreSQL is told so.
    pub fn called(
        &mut self,
        name: &[&str],
        f: &mut pb::FuncCall,
        scope: &Scope<'_>,
    ) -> Result<Option<FunctionClass>, Refusal> {
        let (operands, named) = (self.arguments(f, scope), named_arguments(f));
        let given = match (&operands, &named) {
            (Some(operands), _) => Given::Types(operands),
            (None, Some((by_place, names))) => Given::Names(*by_place, names),
            (None, None) => Given::Nothing,
        };
        let surely = |base: &str| self.function_meaning(&self.search_path, base, given).0.is_empty();
        let of_name = match name {
            [base] if surely(base) => allow::builtin_function(base, f.args.len()),
            _ => None,
        };
        if let (Some(class), [base], false) = (of_name, name, self.role.unrestricted) {
            let class = self.builtin(base, class)?;
            self.name_as_built_in(f)?;
            if class == FunctionClass::Moment {
                self.age_call(f, scope)?;
            }
            return Ok(Some(class));
        }
        let class = self.function(name, f.args.len(), given)?;
        if class == Some(FunctionClass::Moment) {
            self.own_age_call(name, f, operands.as_deref(), scope)?;
        }
        if let ([base], 1) = (name, f.args.len())
            && self.is_type(None, base)
        {
            self.runs_for_type(None, base)?;
        }
        Ok(class)
    }

    /// `email(c)` is `c.email` when `c` is a row with that column. Of a function's or a type's name it depends on what takes
    /// the row.
    fn functional_notation(&self, name: &[&str], f: &pb::FuncCall, scope: &Scope<'_>) -> Result<bool, Refusal> {
        let ([column], [arg]) = (name, f.args.as_slice()) else { return Ok(false) };
        let Some(NodeEnum::ColumnRef(r)) = &arg.node else { return Ok(false) };
        let [row] = names(&r.fields)[..] else { return Ok(false) };
        let is_column = match scope::column(scope, row) {
            scope::Found::Row { item } if item.whole == Operand::Row => {
                item.columns.list().iter().any(|c| &*c.name == *column)
            }
            _ => false,
        };
        let known = allow::builtin_function(column, 1).is_some()
            || self.engine.catalog.types_named(column).next().is_some()
            || self.engine.catalog.functions_named(column).next().is_some();
        match (is_column, known) {
            (true, true) => {
                let what = format!("{column}({row}), of a row with a column \"{column}\",");
                Err(refusal::not_supported(&what, "it may be the column or the function").at(f.location))
            }
            (is_column, _) => Ok(is_column),
        }
    }

    /// A field after a dot might be a function of the row in front of it, or a type that it is cast to; `of`: what that is.
    pub fn field_notation(&mut self, field: &str, of: Operand) -> Result<(), Refusal> {
        if self.is_type(None, field) {
            self.runs_for_type(None, field)?;
        }
        let of = [of];
        let others: Vec<&Function> =
            self.paths().flat_map(|path| self.function_meaning(path, field, Given::Types(&of)).0).collect();
        others.into_iter().try_for_each(|f| self.calls(f))?;
        match allow::builtin_function(field, 1) {
            None => Ok(()),
            // PostgreSQL has none that takes it.
            Some(_) if !self.engine.catalog.function_meaning(field, &[], &of).built_in => Ok(()),
            Some(FunctionClass::Size) => Err(refusal::function_not_allowed(field, STORED_SIZE)),
            Some(FunctionClass::Pure | FunctionClass::Session | FunctionClass::Metadata | FunctionClass::Aggregate) => {
                Ok(())
            }
            // What these do is judged by their arguments.
            Some(_) => {
                Err(refusal::function_not_allowed(field, "it is called as a column of a row: call it as a function"))
            }
        }
    }

    /// Whether the role may call what this name can mean; the class of a built-in.
    pub fn function(
        &mut self,
        name: &[&str],
        nargs: usize,
        given: Given<'_>,
    ) -> Result<Option<FunctionClass>, Refusal> {
        let (schema, base) = match name {
            [base] => (None, *base),
            [schema, base] => (Some(*schema), *base),
            [db, schema, base] if *db == self.engine.catalog.database() => (Some(*schema), *base),
            _ => return Err(self.undefined_function(&name.join("."), given.types())),
        };
        if schema == Some("pg_catalog") {
            self.is_read_alike(base)?;
        }
        let others: Vec<&Function> = match schema {
            None => self.function_meaning(&self.search_path, base, given).0,
            Some("pg_catalog") => self.function_meaning(&[], base, given).0,
            Some(schema) => self.engine.catalog.functions_named(base).filter(|f| f.name.schema == schema).collect(),
        };
        others.iter().try_for_each(|f| self.calls(f))?;
        if schema.is_none() && self.view_depth > 0 {
            let found = self.function_meaning(&self.context.search_path, base, given).0;
            let refused = found.into_iter().map(|f| self.user_function(f)).find_map(Result::err);
            self.shadowed = self.shadowed.take().or(refused);
        }
        if schema.is_some_and(|s| s != "pg_catalog") {
            if others.is_empty() && nargs == 1 && self.is_type(schema, base) {
                return self.runs_for_type(schema, base).map(|()| None);
            }
            let undefined = || self.undefined_function(&name.join("."), given.types());
            return if others.is_empty() { Err(undefined()) } else { Ok(None) };
        }
        match allow::builtin_function(base, nargs) {
            None if others.is_empty() && nargs == 1 && self.is_type(schema, base) => {
                self.runs_for_type(schema, base).map(|()| None)
            }
            None if others.is_empty() => Err(self.undefined_function(&name.join("."), given.types())),
            None => Ok(None),
            Some(class) => self.builtin(base, class).map(Some),
        }
    }

    /// `regrole('x')` is `CAST ('x' AS regrole)` where no function bears the type's name.
    fn is_type(&self, schema: Option<&str>, name: &str) -> bool {
        let builtin = schema.is_none_or(|s| s == "pg_catalog") && allow::builtin_type(name).is_some();
        let mut others = self.engine.catalog.types_named(name);
        builtin || others.any(|t| schema.map_or_else(|| self.on_path(&t.name.schema), |s| t.name.schema == s))
    }

    /// The text of a view, judged last, takes its place in the statement: PostgreSQL looks for an operator or function that
    /// fits on the whole path of the session.
    pub fn not_shadowed(&mut self) -> Result<(), Refusal> {
        self.shadowed.take().map_or(Ok(()), |r| Err(Refusal { position: None, ..r }))
    }

    fn on_path(&self, schema: &str) -> bool {
        self.search_path.iter().any(|s| s == schema)
    }

    /// Judges a function that is called.
    fn calls(&mut self, function: &Function) -> Result<(), Refusal> {
        self.user_function(function)?;
        self.follows(function);
        Ok(())
    }

    /// What is to be known of a function that runs: what it gives, and that it did.
    fn follows(&mut self, function: &Function) {
        let reviewed = |extension: &str| allow::extension_function(extension, &function.name.name);
        let computes = function.extension.as_deref().is_some_and(|e| matches!(reviewed(e), ExtensionFunction::Pure));
        self.acts_at_once_where(!computes && function.oid >= FIRST_NORMAL_OID);
        self.holds_checked_of(function);
        self.record_listed(function);
    }

    pub fn user_function(&self, function: &Function) -> Result<(), Refusal> {
        let standard = function.name.schema == "information_schema" && function.oid < FIRST_NORMAL_OID;
        if standard && allow::is_information_schema_function(&function.name.name) {
            return Ok(());
        }
        let brought = self.brought(function.extension.as_deref(), &function.name);
        if self.role.unrestricted
            || brought.is_ok_and(|by_extension| by_extension)
            || self.role.functions.contains(&function.name)
        {
            return self.takes_values(function);
        }
        let why = match (&function.extension, brought) {
            (Some(extension), Err(why)) => {
                format!("it {why}: that the role lists the extension {extension} is not enough")
            }
            (Some(extension), Ok(_)) => {
                format!("it belongs to the extension {extension}, which the role does not list")
            }
            (None, _) => "it sees stored tables, and the role does not list it".to_owned(),
        };
        Err(refusal::function_not_allowed(&function.name.to_string(), &why))
    }

    /// Whether a function may be called because the role lists its extension; or why that is not enough.
    fn brought(&self, extension: Option<&str>, function: &QualifiedName) -> Result<bool, &'static str> {
        let Some(extension) = extension.filter(|e| self.role.extensions.contains(*e)) else { return Ok(false) };
        match allow::extension_function(extension, &function.name) {
            ExtensionFunction::Pure | ExtensionFunction::Unreviewed => Ok(true),
            ExtensionFunction::Withheld(why) => Err(why),
        }
    }

    fn builtin(&self, name: &str, class: FunctionClass) -> Result<FunctionClass, Refusal> {
        match class {
            FunctionClass::Pure
            | FunctionClass::Aggregate
            | FunctionClass::Window
            | FunctionClass::Session
            | FunctionClass::Metadata
            | FunctionClass::Size
            | FunctionClass::Sequence
            | FunctionClass::Setting
            | FunctionClass::Advisory
            | FunctionClass::Notify
            | FunctionClass::Moment => Ok(class),
            // The statement leaves as it is; the record says that it calls this one.
            FunctionClass::Internal | FunctionClass::Refused(_) if self.role.unrestricted => Ok(FunctionClass::Pure),
            FunctionClass::Internal => {
                Err(refusal::function_not_allowed(name, "it is PostgreSQL's own, not for queries"))
            }
            FunctionClass::Refused(why) => Err(refusal::function_not_allowed(name, why)),
        }
    }

    /// A sequence is a relation of its own: named by a constant, and open to the role.
    fn sequence_call(&mut self, args: &[Node]) -> Result<(), Refusal> {
        let Some(first) = args.first() else { return Ok(()) };
        let why = "the sequence must be named by a constant";
        let named = match &first.node {
            Some(NodeEnum::TypeCast(c)) if is_cast_to(c, "regclass") => c.arg.as_deref(),
            _ => Some(first),
        };
        let Some(Argument::Literal(text)) = named.and_then(argument) else {
            return Err(refusal::function_not_allowed("of a sequence", why));
        };
        let parts = crate::engine::names::split(&text).ok_or_else(|| refusal::undefined_table(&text))?;
        let var = match parts.as_slice() {
            [name] => pb::RangeVar { relname: name.clone(), location: -1, ..Default::default() },
            [schema, name] => {
                pb::RangeVar { schemaname: schema.clone(), relname: name.clone(), location: -1, ..Default::default() }
            }
            _ => return Err(refusal::undefined_table(&text)),
        };
        match self.resolve(&var)? {
            super::relations::Named::Temporary(_) | super::relations::Named::Created(_) => Ok(()),
            super::relations::Named::Relation(relation) => self.protection(relation, true).map(|_| ()),
        }
    }

    /// Whether the role may use what this operator name can mean.
    ///
    /// `operands`: of which types they are, if that is known.
    pub fn operator(&mut self, name: &[Node], location: i32, operands: Option<&[Operand]>) -> Result<(), Refusal> {
        let (schema, base) = match names(name)[..] {
            [base] => (None, base),
            [schema, base] => (Some(schema), base),
            _ => return Err(refusal::operator_not_allowed("", "its name is not known").at(location)),
        };
        let operands = operands.unwrap_or(&[Operand::Any, Operand::Any]);
        let others: Vec<&Operator> = match schema {
            None => self.operator_meaning(&self.search_path, base, operands).0,
            Some("pg_catalog") => self.operator_meaning(&[], base, operands).0,
            Some(schema) => self.engine.catalog.operators_named(base).filter(|o| o.name.schema == schema).collect(),
        };
        for operator in others.iter().copied() {
            self.user_operator(operator).map_err(|r| r.at(location))?;
            let catalog = &self.engine.catalog;
            let of_that_name = catalog.functions_named(&operator.function.name);
            of_that_name.filter(|f| f.name == operator.function).for_each(|f| self.follows(f));
        }
        if schema.is_none() && self.view_depth > 0 {
            let shadowing = self.operator_meaning(&self.context.search_path, base, operands).0;
            let refused = shadowing.into_iter().map(|o| self.user_operator(o)).find_map(Result::err);
            self.shadowed = self.shadowed.take().or(refused);
        }
        let found = !others.is_empty();
        let builtin = schema.is_none_or(|s| s == "pg_catalog") && allow::builtin_operator(base);
        if found || builtin {
            return Ok(());
        }
        Err(refusal::undefined_operator(base).at(location))
    }

    fn user_operator(&self, operator: &Operator) -> Result<(), Refusal> {
        let brought = self.brought(operator.extension.as_deref(), &operator.function).unwrap_or(false);
        let lists = self.role.functions.contains(&operator.function);
        if self.role.unrestricted || brought || lists || self.runs_built_in(operator) {
            let mut runs = self.engine.catalog.functions_named(&operator.function.name);
            return runs.try_for_each(|f| self.takes_values(f));
        }
        let why = format!("it runs {}, which the role does not list", operator.function);
        Err(refusal::operator_not_allowed(&operator.name.to_string(), &why))
    }

    /// Whether an operator runs one of PostgreSQL's own functions that computes from its arguments only, by another name.
    fn runs_built_in(&self, operator: &Operator) -> bool {
        let QualifiedName { schema, name } = &operator.function;
        let Some(signature) = operator.signature.as_ref().filter(|_| schema == "pg_catalog") else { return false };
        let pure = allow::builtin_function(name, signature.arguments.len()) == Some(FunctionClass::Pure);
        pure && self.engine.catalog.functions_named(name).all(|f| f.name != operator.function)
    }

    /// Whether a type may be named: built in and for values, or one of this database's.
    pub fn type_name(&mut self, ty: &pb::TypeName) -> Result<(), Refusal> {
        let (schema, base) = match names(&ty.names)[..] {
            [base] => (None, base),
            [schema, base] => (Some(schema), base),
            [_, schema, base] => (Some(schema), base),
            _ => return Err(refusal::type_not_allowed("").at(ty.location)),
        };
        if schema == Some("pg_catalog") {
            self.is_read_alike(base).map_err(|r| r.at(ty.location))?;
        }
        let element = base.strip_prefix('_').unwrap_or(base);
        let catalog = &self.engine.catalog;
        let known = schema.is_none_or(|s| s == "pg_catalog") && allow::builtin_type(base).is_some()
            || catalog.types_named(base).chain(catalog.types_named(element)).next().is_some()
            || self.is_type_of_now(schema, base)
            || self.is_type_of_now(schema, element)
            || catalog.relations().any(|r| r.name.name == base && schema.is_none_or(|s| s == r.name.schema));
        if !known {
            return Err(refusal::type_not_allowed(base).at(ty.location));
        }
        if schema.is_none() && self.view_depth > 0 && self.is_shadowed_type(base) {
            self.shadowed = self.shadowed.take().or(Some(refusal::type_shadowed(base)));
        }
        self.runs_for_type(schema, base).map_err(|r| r.at(ty.location))
    }

    /// Whether a type that a view means is another one to the session, which reads the view's text.
    fn is_shadowed_type(&self, name: &str) -> bool {
        let (catalog, path) = (&self.engine.catalog, &self.context.search_path);
        let ahead = path.split(|schema| schema == "pg_catalog").next().filter(|ahead| ahead.len() < path.len());
        let Some(ahead) = ahead else { return false };
        let own = catalog.types_named(name).map(|t| &t.name).chain(catalog.relations_named(name).map(|r| &r.name));
        own.into_iter().any(|own| ahead.contains(&own.schema))
    }

    /// Whether the open transaction, or the message so far, has made a type of this name.
    fn is_type_of_now(&self, schema: Option<&str>, name: &str) -> bool {
        let schema_fits = |s: &str| schema.map_or_else(|| self.on_path(s), |wanted| wanted == s);
        let mut made = self.context.defined.iter().filter(|(_, defined)| **defined == Defined::Type);
        made.any(|(made, _)| made.name == name && schema_fits(&made.schema))
    }

    /// A cast may call a function, and so may a domain's check: by another name it is the same call.
    fn runs_for_type(&self, schema: Option<&str>, base: &str) -> Result<(), Refusal> {
        let named = self.engine.catalog.type_functions_named(base);
        named.filter(|t| schema.is_none_or(|s| s == t.name.schema)).try_for_each(|t| runs_for(self.role, t))
    }
}

/// Whether a role may call what runs when a value becomes one of a type.
pub fn runs_for(role: &Role, t: &TypeFunction) -> Result<(), Refusal> {
    let function = t.function.to_string();
    let refused = |why: &str| {
        let why = format!("it runs when a value becomes one of the type {}, and {why}", t.name);
        Err(refusal::function_not_allowed(&function, &why))
    };
    if role.unrestricted || role.functions.contains(&t.function) {
        return Ok(());
    }
    let Some(extension) = &t.extension else {
        return refused(match t.function.schema.as_str() {
            "pg_catalog" => "does more than compute: have the check, default or cast call no such function",
            _ => "the role does not list it",
        });
    };
    match allow::extension_function(extension, &t.function.name) {
        ExtensionFunction::Pure => Ok(()),
        ExtensionFunction::Unreviewed if role.extensions.contains(extension) => Ok(()),
        ExtensionFunction::Unreviewed => refused(&format!("the role lists neither it nor the extension {extension}")),
        ExtensionFunction::Withheld(why) => refused(&format!("it {why}: the role would have to list it")),
    }
}

/// A text argument that PostgreSQL takes as it is written: a string, a parameter or NULL, bare or cast to `text`. Any
/// other cast may change it: `varchar(3)` and `name` cut, `bpchar` pads, a domain is not known.
pub fn argument(node: &Node) -> Option<Argument> {
    use pb::a_const::Val;
    match node.node.as_ref()? {
        NodeEnum::AConst(c) if c.isnull => Some(Argument::Null),
        NodeEnum::AConst(c) => match c.val.as_ref()? {
            Val::Sval(s) => Some(Argument::Literal(s.sval.clone())),
            // No function with a text argument takes these.
            Val::Ival(_) | Val::Fval(_) | Val::Boolval(_) | Val::Bsval(_) => None,
        },
        NodeEnum::ParamRef(p) => u16::try_from(p.number).ok().map(Argument::Parameter),
        NodeEnum::TypeCast(c) if is_cast_to(c, "text") => argument(c.arg.as_deref()?),
        _ => None,
    }
}

/// Whether a cast is exactly to the built-in type `name`: no length, no array, no other schema's type.
pub fn is_cast_to(cast: &pb::TypeCast, name: &str) -> bool {
    let Some(ty) = &cast.type_name else { return false };
    let built_in = matches!(names(&ty.names)[..], [n] | ["pg_catalog", n] if n == name);
    // The grammar writes a type modifier of -1 for none.
    let plain = pb::TypeName { names: ty.names.clone(), typemod: -1, location: ty.location, ..Default::default() };
    built_in && *ty == plain
}
