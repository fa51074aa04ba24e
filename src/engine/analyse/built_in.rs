//! Calls of PostgreSQL's own functions that leave as another than they came.
//!
//! A name that others bear too means PostgreSQL's own where the types of the arguments say so. That is worked out here
//! (`operand.rs`, `reach.rs`), and PostgreSQL works it out by itself; so what leaves names it: `pg_catalog.lower(…)`. Were
//! we wrong, PostgreSQL would find no such function, and never run another or a cast to a type of that name.

use pg_query::Node;
use pg_query::NodeEnum;
use pg_query::protobuf::{self as pb, Token};

use super::scope::Scope;
use super::{Analyser, At, Part, Replacement, names, placeholder, string_node};
use crate::engine::catalog::{Operand, QualifiedName, Signature};
use crate::engine::context::Defined;
use crate::engine::refusal::{self, Refusal};

/// Why sizes are not told.
pub const STORED_SIZE: &str = "it tells how much is stored, hidden rows included";

impl Analyser<'_> {
    /// Names a call as one of PostgreSQL's own, where something else bears its name.
    pub fn name_as_built_in(&mut self, f: &mut pb::FuncCall) -> Result<(), Refusal> {
        match names(&f.funcname)[..] {
            [name] if !self.stays_stored && self.is_borne_by_another(name, f) => {}
            _ => return Ok(()),
        }
        let at = usize::try_from(f.location)
            .map_err(|_| refusal::not_faithful("a function's name was not found in the text"))?;
        self.edit(at, at, Replacement::Text("pg_catalog.".to_owned()));
        f.funcname.insert(0, string_node("pg_catalog"));
        self.pinned = true;
        Ok(())
    }

    /// Whether a function of so many arguments bears the name, or a type that one argument would be cast to.
    fn is_borne_by_another(&self, name: &str, f: &pb::FuncCall) -> bool {
        let catalog = &self.engine.catalog;
        let is_own = |name: &QualifiedName| name.schema != "pg_catalog";
        // Those behind WITHIN GROUP count too.
        let takes = |s: &Signature| f.agg_within_group || s.takes_count(f.args.len());
        let is_type_of_now =
            |(made, defined): (&QualifiedName, &Defined)| made.name == name && *defined == Defined::Type;
        catalog.functions_named(name).any(|f| is_own(&f.name) && f.signature.as_ref().is_none_or(takes))
            || (f.args.len() == 1
                && (catalog.types_named(name).any(|t| is_own(&t.name))
                    || self.context.defined.iter().any(is_type_of_now)))
    }

    /// A size is null: its first argument becomes a null, and these functions are strict (PostgreSQL, pg_proc.proisstrict).
    pub fn size_call(&mut self, name: &[&str], f: &mut pb::FuncCall, scope: &Scope<'_>) -> Result<(), Refusal> {
        let base = name.last().copied().unwrap_or_default();
        let refused = || refusal::function_not_allowed(base, STORED_SIZE).at(f.location);
        let by_oid = matches!(base, "pg_database_size" | "pg_tablespace_size") || base.starts_with("pg_stat_get_");
        let ty = if by_oid { "oid" } else { "regclass" };
        let (Some((start, end)), Some((first, others))) = (self.first_argument(f.location), f.args.split_first_mut())
        else {
            return Err(refused());
        };
        if f.over.is_some() || f.agg_filter.is_some() || !f.agg_order.is_empty() || f.func_variadic {
            return Err(refused());
        }
        let sql = format!("NULL::pg_catalog.{ty}");
        let index = self.inject(Part::Expression(sql), None, false);
        self.edit(start, end, Replacement::Injected(index, String::new()));
        first.node = Some(placeholder(index));
        self.nulls_sizes = true;
        self.exprs(others, scope, At::OPERAND)
    }

    /// `age(moment)` is `age(CURRENT_DATE, moment)` (PostgreSQL's own definition), which nothing else has: where the type of
    /// the argument is not plain, it leaves so.
    pub fn age_call(&mut self, f: &mut pb::FuncCall, scope: &Scope<'_>) -> Result<(), Refusal> {
        if f.args.first().is_some_and(|arg| self.engine.catalog.is_moment(self.operand(arg, scope))) {
            return Ok(());
        }
        let (start, _) = self.first_argument(f.location).ok_or_else(|| {
            refusal::function_not_allowed("age", "its argument was not found in the text").at(f.location)
        })?;
        self.edit(start, start, Replacement::Text("CURRENT_DATE, ".to_owned()));
        let today = pb::SqlValueFunction {
            op: pb::SqlValueFunctionOp::SvfopCurrentDate as i32,
            typmod: -1,
            location: -1,
            ..Default::default()
        };
        f.args.insert(0, Node { node: Some(NodeEnum::SqlvalueFunction(Box::new(today))) });
        self.must_rewrite = true;
        // It leaves as another, whatever it reads.
        self.nulls_sizes = true;
        self.name_as_built_in(f)
    }

    /// The same of a call that may be one of the database's own, which the role may call.
    pub fn own_age_call(
        &mut self,
        name: &[&str],
        f: &mut pb::FuncCall,
        operands: Option<&[Operand]>,
        scope: &Scope<'_>,
    ) -> Result<(), Refusal> {
        if self.role.unrestricted {
            return Ok(());
        }
        match (name, operands) {
            ([_], Some([of])) if self.engine.catalog.is_moment(*of) => Ok(()),
            ([_], Some(of)) if !self.engine.catalog.function_meaning("age", &[], of).built_in => Ok(()),
            ([_], _) => {
                let why = "it may be PostgreSQL's or the database's own: cast its argument";
                Err(refusal::function_not_allowed("age", why).at(f.location))
            }
            _ => self.age_call(f, scope),
        }
    }

    /// Where the text of a call's first argument begins and ends.
    pub fn first_argument(&self, call: i32) -> Option<(usize, usize)> {
        let tokens = self.tokens();
        let from = tokens.at(usize::try_from(call).ok()?)?;
        let open = tokens.list.get(from..)?.iter().position(|t| t.kind == Token::Ascii40)? + from;
        let mut depth = 0usize;
        for token in tokens.list.get(open + 1..)? {
            match token.kind {
                Token::Ascii40 | Token::Ascii91 => depth += 1,
                Token::Ascii41 | Token::Ascii44 if depth == 0 => {
                    return Some((tokens.list.get(open + 1)?.start, token.start));
                }
                Token::Ascii41 | Token::Ascii93 => depth = depth.checked_sub(1)?,
                _ => {}
            }
        }
        None
    }
}
