//! `set_config`: taken only where the session can follow it.
//!
//! What it is told must be what PostgreSQL is told, to the letter: constants and parameters, never behind a cast that may
//! cut or change them (`'…'::varchar(27)`).

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};
use serde::Serialize;

use super::calls::{argument, is_cast_to};
use super::relations::Named;
use super::{Analyser, Part, Replacement, names, placeholder};
use crate::engine::catalog::quote_literal;
use crate::engine::cleared::{Argument, SetConfigCall};
use crate::engine::refusal::{self, Refusal};
use crate::engine::tree;

/// What a call must look like that the session follows.
const NOT_FOLLOWED: &str =
    "it is taken only as SELECT set_config(…) of constants or parameters, without casts but to text, and without FROM";

fn not_followed() -> Refusal {
    refusal::function_not_allowed("set_config", NOT_FOLLOWED)
}

impl<'e> Analyser<'e> {
    /// A call of `set_config` somewhere in a statement.
    pub fn setting_call(&mut self, name: &[&str], f: &pb::FuncCall) -> Result<(), Refusal> {
        if name.last() != Some(&"set_config") || self.free_calls.contains(&f.location) {
            return Ok(());
        }
        if !self.set_config_allowed || !is_plain_call(f) {
            return Err(not_followed());
        }
        let [name, value, is_local] = f.args.as_slice() else { return Err(not_followed()) };
        let call = SetConfigCall {
            name: argument(name).ok_or_else(not_followed)?,
            value: argument(value).ok_or_else(not_followed)?,
            is_local: truth(is_local).ok_or_else(not_followed)?,
        };
        self.set_config.push(call);
        Ok(())
    }

    /// The purpose that a statement's comment names, where it is not the session's.
    pub fn purpose_of_its_own(&self) -> Option<&'e str> {
        let own = self.purpose.map(|p| p.name.as_str());
        own.filter(|own| self.context.purpose.as_deref() != Some(*own))
    }

    /// `current_setting('consentry.purpose')` where the statement's comment names another purpose than the session has: it
    /// leaves so that it says that one. Its first argument becomes the name of a setting that has just been set to it, so
    /// that the call keeps its name, which is the column's. What is kept says what is true when it is read.
    pub fn says_purpose(&mut self, name: &[&str], f: &mut pb::FuncCall) -> Result<bool, Refusal> {
        let Some(own) = self.purpose_of_its_own().filter(|_| !self.defining && !self.stays_stored) else {
            return Ok(false);
        };
        let asks = |arg: &Node| matches!(argument(arg), Some(Argument::Literal(setting)) if is_purpose(&setting));
        if name.last() != Some(&"current_setting") || !is_plain_call(f) || !f.args.first().is_some_and(asks) {
            return Ok(false);
        }
        let lost = || refusal::not_faithful("an argument was not found in the text").at(f.location);
        let (start, end) = self.first_argument(f.location).ok_or_else(lost)?;
        let own = quote_literal(own);
        let set = format!("pg_catalog.set_config('consentry.statement', {own}, true)");
        let index = self.inject(
            Part::Expression(format!("CASE WHEN {set} IS NOT NULL THEN 'consentry.statement' END")),
            None,
            false,
        );
        self.edit(start, end, Replacement::Injected(index, String::new()));
        f.args[0].node = Some(placeholder(index));
        // It leaves as another, whatever it reads.
        self.nulls_sizes = true;
        Ok(true)
    }

    /// Settings named by constants are judged here; the session judges the others when they are bound.
    pub fn judge_calls(&self, calls: &[SetConfigCall]) -> Result<(), Refusal> {
        for call in calls {
            let (Argument::Literal(name), value) = (&call.name, &call.value) else { continue };
            match value {
                Argument::Literal(value) => super::judge_setting(&self.engine.policy, self.role, name, Some(value))?,
                Argument::Null => super::judge_setting(&self.engine.policy, self.role, name, None)?,
                Argument::Parameter(_) => None,
            };
        }
        Ok(())
    }

    /// The `set_config` calls in the output of `SELECT set_config(name, …) FROM pg_settings WHERE name = 'x'` (pg_dump,
    /// pgAdmin) that the session need not follow, by location.
    pub fn free_setting_calls(&self, s: &pb::SelectStmt) -> Result<Vec<i32>, Refusal> {
        let row = self.setting_row(s);
        let mut free = Vec::new();
        for target in &s.target_list {
            if let Some(f) = target_call(target)
                && self.sets_free(f, row.as_deref())?
            {
                free.push(f.location);
            }
        }
        Ok(free)
    }

    /// Whether a call sets a setting that the session need not follow, to a value that is allowed; `row`: what a column
    /// `name` holds where the call stands.
    fn sets_free(&self, f: &pb::FuncCall, row: Option<&str>) -> Result<bool, Refusal> {
        let [name, value, _] = f.args.as_slice() else { return Ok(false) };
        if !is_plain_call(f) {
            return Ok(false);
        }
        let name = match (argument(name), row) {
            (Some(Argument::Literal(name)), _) => name,
            (None, Some(row)) if is_column_name(name) => row.to_owned(),
            _ => return Ok(false),
        };
        let value = match argument(value) {
            Some(Argument::Literal(value)) => Some(value),
            Some(Argument::Null) => None,
            Some(Argument::Parameter(_)) | None => return Ok(false),
        };
        let judged = super::judge_setting(&self.engine.policy, self.role, &name, value.as_deref())?;
        Ok(judged.is_none())
    }

    /// The one setting that `FROM pg_settings WHERE name = 'x'` leaves, where the query is nothing more than that.
    fn setting_row(&self, s: &pb::SelectStmt) -> Option<String> {
        let known = pb::SelectStmt {
            from_clause: s.from_clause.clone(),
            where_clause: s.where_clause.clone(),
            ..only_targets(s)
        };
        let [from] = s.from_clause.as_slice() else { return None };
        let (Some(NodeEnum::RangeVar(var)), true) = (&from.node, *s == known) else { return None };
        let settings = match self.resolve(var).ok()? {
            Named::Relation(r) => r.name.schema == "pg_catalog" && r.name.name == "pg_settings",
            Named::Temporary(_) | Named::Created(_) => false,
        };
        let Some(NodeEnum::AExpr(e)) = s.where_clause.as_ref()?.node.as_ref() else { return None };
        let equals = e.kind() == pb::AExprKind::AexprOp && names(&e.name) == ["="];
        match argument(e.rexpr.as_ref()?)? {
            Argument::Literal(name)
                if settings && equals && var.alias.is_none() && is_column_name(e.lexpr.as_ref()?) =>
            {
                Some(name)
            }
            _ => None,
        }
    }

    /// Refuses a statement that is not looked into and names `set_config` more often than in `free` calls that need no
    /// following.
    pub fn calls_set_config_only<T: Serialize>(&self, tree: &T, free: usize) -> Result<(), Refusal> {
        let calls = tree::calls(tree, "set_config").map_err(|e| refusal::not_faithful(&e.to_string()))?;
        if calls > free { Err(not_followed()) } else { Ok(()) }
    }
}

/// Setting names are case-insensitive.
pub fn is_purpose(setting: &str) -> bool {
    setting.eq_ignore_ascii_case("consentry.purpose")
}

/// `SELECT set_config(…), set_config(…)` and nothing else: evaluated exactly once, whatever the data.
pub fn is_plain_call_list(s: &pb::SelectStmt) -> bool {
    *s == only_targets(s) && !s.target_list.is_empty() && s.target_list.iter().all(|t| target_call(t).is_some())
}

/// A SELECT's output list, without any clause that it may have besides.
fn only_targets(s: &pb::SelectStmt) -> pb::SelectStmt {
    // `limit_option` and `op` are set in every SELECT.
    pb::SelectStmt {
        target_list: s.target_list.clone(),
        limit_option: pb::LimitOption::Default as i32,
        op: pb::SetOperation::SetopNone as i32,
        ..Default::default()
    }
}

/// The `set_config` call that an output column is.
fn target_call(target: &pg_query::Node) -> Option<&pb::FuncCall> {
    let Some(NodeEnum::ResTarget(target)) = &target.node else { return None };
    match target.val.as_ref()?.node.as_ref()? {
        NodeEnum::FuncCall(f) if names(&f.funcname).last() == Some(&"set_config") => Some(f),
        _ => None,
    }
}

/// A call of a function by arguments in their order, with nothing besides (FILTER, OVER, VARIADIC, names of arguments).
fn is_plain_call(f: &pb::FuncCall) -> bool {
    let plain = pb::FuncCall {
        funcname: f.funcname.clone(),
        args: f.args.clone(),
        funcformat: f.funcformat,
        location: f.location,
        ..Default::default()
    };
    *f == plain && !f.args.iter().any(|a| matches!(a.node, Some(NodeEnum::NamedArgExpr(_))))
}

fn is_column_name(node: &pg_query::Node) -> bool {
    matches!(&node.node, Some(NodeEnum::ColumnRef(r)) if r.fields.len() == 1 && names(&r.fields) == ["name"])
}

/// A boolean argument: constant or parameter, bare or cast to `bool`.
fn truth(node: &pg_query::Node) -> Option<Argument> {
    match node.node.as_ref()? {
        NodeEnum::AConst(c) => match c.val.as_ref() {
            Some(pb::a_const::Val::Boolval(b)) => Some(Argument::Literal(b.boolval.to_string())),
            Some(pb::a_const::Val::Sval(_)) => argument(node),
            _ if c.isnull => Some(Argument::Null),
            _ => None,
        },
        NodeEnum::ParamRef(_) => argument(node),
        NodeEnum::TypeCast(c) if is_cast_to(c, "bool") => truth(c.arg.as_deref()?),
        _ => None,
    }
}
