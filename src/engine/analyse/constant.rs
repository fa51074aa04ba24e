//! Constants, and what two compared values are known to be: whether comparing them can raise an error, and so tell of a row
//! that it was compared at all.
//!
//! By types alone PostgreSQL marks its comparisons as leakproof, but those of text raise an error when their sides have
//! different collations (42P22), and `^@` under a nondeterministic one (0A000). A parameter may be declared to be of a type
//! that has a collation or casts of its own; and a cast of a parameter to another type runs, and fails, row by row.

use std::rc::Rc;

use pg_query::protobuf::{self as pb, AExprKind, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::scope::{Col, Scope};
use super::types::ORDERED;
use super::{Analyser, names};
use crate::engine::allow::{self, TypeClass, builtin_type};
use crate::engine::catalog::Oid;
use crate::engine::context::ParameterType;
use crate::engine::visible::sql::DEFAULT_COLLATION;

/// `pg_collation.oid` of `"C"` and `"POSIX"`.
pub const C: Oid = 950;
const POSIX: Oid = 951;

/// Whether a collation is PostgreSQL's own, which nobody drops.
pub fn is_built_in(collation: Oid) -> bool {
    matches!(collation, DEFAULT_COLLATION | C | POSIX)
}

/// Under which collation a value compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collation {
    Of(Oid),
    Unknown,
}

/// A side of a comparison: its base type and collation.
#[derive(Debug, Clone)]
pub struct Value {
    pub ty: Option<Rc<str>>,
    pub collation: Collation,
}

impl Value {
    /// A value of a built-in type by itself.
    pub fn named(name: &str) -> Self {
        let collation = if name == "name" { Collation::Of(C) } else { Collation::Of(DEFAULT_COLLATION) };
        Self { ty: Some(Rc::from(name)), collation }
    }

    pub fn of(col: &Col) -> Self {
        let collation = if col.collation == 0 { Collation::Unknown } else { Collation::Of(col.collation) };
        Self { ty: col.ty.clone(), collation }
    }
}

/// An expression that holds no column, and nothing that could fail on some row only.
#[derive(Debug, Clone)]
pub enum Constant {
    /// A literal or NULL: it takes the other side's type.
    Untyped,
    Typed(Value),
    /// The parameter of this number, bare.
    Parameter(usize),
}

/// Whether it is the database's own collation (`pg_collation.oid`), which is deterministic and yields to all others.
pub fn is_default(collation: Oid) -> bool {
    collation == DEFAULT_COLLATION
}

/// Whether `left op right` runs a leakproof built-in function that cannot raise an error for what the sides are.
pub fn comparable(op: &str, left: &Value, right: &Value) -> bool {
    let (Some(a), Some(b)) = (left.ty.as_deref(), right.ty.as_deref()) else { return false };
    let collatable = |ty: &str| matches!(ty, "text" | "varchar" | "bpchar" | "name");
    allow::leakproof_between(op, a, b)
        && (!(collatable(a) && collatable(b)) || agree(op, left.collation, right.collation))
}

/// `assign_collations_walker` of PostgreSQL's parser: of two collations that columns or types bring, the default one yields.
fn agree(op: &str, left: Collation, right: Collation) -> bool {
    use Collation::{Of, Unknown};
    let joint = match (left, right) {
        (Of(a), Of(b)) if a == b || b == DEFAULT_COLLATION => Of(a),
        (Of(DEFAULT_COLLATION), Of(b)) => Of(b),
        (Of(_) | Unknown, _) => Unknown,
    };
    match joint {
        Of(DEFAULT_COLLATION | C | POSIX) => true,
        // Any other may be nondeterministic.
        Of(_) => op != "^@",
        Unknown => false,
    }
}

impl Analyser<'_> {
    /// What a constant is beside `other`; `None`: comparing it may run something that fails.
    pub fn beside(&self, constant: &Constant, other: &Value) -> Option<Value> {
        let as_other = |collation| Some(Value { ty: other.ty.clone(), collation });
        // A literal of type `name` has that type's collation.
        let of_type =
            || if other.ty.as_deref() == Some("name") { Collation::Of(C) } else { Collation::Of(DEFAULT_COLLATION) };
        match constant {
            Constant::Untyped => as_other(of_type()),
            Constant::Typed(value) => Some(value.clone()),
            Constant::Parameter(number) => match self.parameters.get(*number) {
                // Where several places could give it a type, another may: of `int8 = $1` an oid casts the column.
                ParameterType::Inferred if self.is_repeated(*number) => None,
                ParameterType::Inferred => as_other(of_type()),
                declared => compares_safely(declared, other.ty.as_deref()?)
                    .then(|| as_other(Collation::Of(DEFAULT_COLLATION)))?,
            },
        }
    }

    /// A parameter that stands in several places takes its type from one of them.
    pub fn is_repeated(&self, number: usize) -> bool {
        u64::try_from(number).is_ok_and(|n| self.tokens().repeated.contains(&n))
    }

    /// What kind of constant an expression is; `None`: none.
    pub fn constant(&self, node: &Node) -> Option<Constant> {
        let typed = |name: &str| Some(Constant::Typed(Value::named(name)));
        match node.node.as_ref()? {
            NodeEnum::ParamRef(p) => usize::try_from(p.number).ok().map(Constant::Parameter),
            NodeEnum::AConst(c) if c.isnull => Some(Constant::Untyped),
            NodeEnum::AConst(c) => match c.val.as_ref()? {
                Val::Ival(_) => typed("int4"),
                Val::Fval(_) => typed("numeric"),
                Val::Boolval(_) => typed("bool"),
                Val::Bsval(_) => typed("bit"),
                Val::Sval(_) => Some(Constant::Untyped),
            },
            NodeEnum::TypeCast(c) => self.cast(c).map(Constant::Typed),
            _ => self.moment(node).map(|ty| Constant::Typed(Value::named(ty))),
        }
    }

    /// A cast of a constant that PostgreSQL carries out before it runs the statement, or that cannot fail.
    pub fn cast(&self, c: &pb::TypeCast) -> Option<Value> {
        let arg = c.arg.as_deref()?;
        let to = c.type_name.as_ref()?;
        let name = self.plain_type(to)?;
        match arg.node.as_ref()? {
            NodeEnum::AConst(_) => {
                let from = self.type_of(arg, &Scope::EMPTY)?;
                (!self.recasts(&from, name)).then(|| Value::named(name))
            }
            NodeEnum::ParamRef(p) => {
                let declared = self.parameters.get(usize::try_from(p.number).ok()?);
                let fits = match declared {
                    ParameterType::Inferred => !self.is_repeated(usize::try_from(p.number).ok()?),
                    declared => {
                        let mut own = self.engine.catalog.casts_to(name).filter(|c| !c.source_is_own);
                        casts_safely(declared, name) && own.next().is_none()
                    }
                };
                // Cutting a text to its length is the only such cast that never fails.
                let cut = to.typmods.is_empty() || matches!(name, "varchar" | "bpchar");
                (fits && cut).then(|| Value::named(name))
            }
            // A cast of what is a cast already takes the inner one's collation, and may run row by row.
            _ => match (self.moment(arg)?, name) {
                ("timestamptz", "date" | "timestamp" | "timestamptz") | ("timestamp" | "date", "date") => {
                    Some(Value::named(name))
                }
                _ => None,
            },
        }
    }

    /// The type of the elements of `$1::int[]`, a parameter that is such an array.
    pub fn array_of<'t>(&self, c: &'t pb::TypeCast) -> Option<&'t str> {
        let (arg, to) = (c.arg.as_deref()?, c.type_name.as_ref()?);
        let Some(NodeEnum::ParamRef(p)) = &arg.node else { return None };
        let number = usize::try_from(p.number).ok()?;
        let element = pb::TypeName { array_bounds: Vec::new(), ..to.clone() };
        let plain = self.plain_type(&element).is_some_and(|name| ORDERED.contains(&name));
        if to.array_bounds.is_empty() || !to.typmods.is_empty() || !plain {
            return None;
        }
        let name = *names(&to.names).last()?;
        let is_it = match self.parameters.get(number) {
            ParameterType::Inferred => !self.is_repeated(number),
            declared => {
                ParameterType::named(&format!("_{name}")) == declared
                    && !self.recasts(declared.element()?.name()?, name)
            }
        };
        is_it.then_some(name)
    }

    /// The type of an expression of the clock alone.
    fn moment(&self, node: &Node) -> Option<&'static str> {
        match node.node.as_ref()? {
            NodeEnum::SqlvalueFunction(f) => match f.op() {
                pb::SqlValueFunctionOp::SvfopCurrentDate => Some("date"),
                pb::SqlValueFunctionOp::SvfopCurrentTimestamp | pb::SqlValueFunctionOp::SvfopCurrentTimestampN => {
                    Some("timestamptz")
                }
                _ => None,
            },
            NodeEnum::FuncCall(_) => self.type_of_near(node, &Scope::EMPTY),
            NodeEnum::AExpr(e) if e.kind() == AExprKind::AexprOp && matches!(names(&e.name)[..], ["+" | "-"]) => {
                if !self.is_built_in_operation(e, &Scope::EMPTY) {
                    return None;
                }
                let left = self.moment(e.lexpr.as_deref()?)?;
                let NodeEnum::TypeCast(c) = e.rexpr.as_deref()?.node.as_ref()? else { return None };
                let literal = matches!(c.arg.as_deref()?.node, Some(NodeEnum::AConst(_)));
                match (left, literal && self.plain_type(c.type_name.as_ref()?)? == "interval") {
                    ("timestamptz" | "timestamp", true) => Some(left),
                    ("date", true) => Some("timestamp"),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The name of a built-in type that nothing else in this database is called.
    pub fn plain_type<'t>(&self, ty: &'t pb::TypeName) -> Option<&'t str> {
        if !ty.array_bounds.is_empty() || ty.setof {
            return None;
        }
        match names(&ty.names)[..] {
            ["pg_catalog", name] | [_, "pg_catalog", name] => Some(name),
            [name] if !self.is_taken(name) => Some(name),
            _ => None,
        }
    }

    /// Whether another type may bear a built-in one's name.
    pub fn is_taken(&self, name: &str) -> bool {
        self.engine.catalog.types_named(name).next().is_some() || self.is_relation(name)
    }

    /// Each relation's rows have a type of its name.
    pub fn is_relation(&self, name: &str) -> bool {
        self.engine.catalog.relations_named(name).next().is_some()
            || self.context.temporary.contains_key(name)
            || self.context.defined.keys().any(|made| made.name == name)
    }

    /// What PREPARE declares a parameter to be.
    pub fn declared_type(&self, ty: &pb::TypeName) -> ParameterType {
        // PostgreSQL takes no notice of SETOF here.
        let element = pb::TypeName { array_bounds: Vec::new(), setof: false, ..ty.clone() };
        match self.plain_type(&element) {
            Some("unknown") => ParameterType::Inferred,
            Some("name" | "_name") | None => ParameterType::Other,
            Some(name) if ty.array_bounds.is_empty() && ParameterType::named(name) != ParameterType::Other => {
                ParameterType::named(name)
            }
            Some(name) if ParameterType::named(&format!("_{name}")) != ParameterType::Other => {
                ParameterType::named(&format!("_{name}"))
            }
            Some(name) if builtin_type(name) == Some(TypeClass::Pure) => ParameterType::BuiltIn,
            Some(_) => ParameterType::Other,
        }
    }
}

/// Whether a column compares with a parameter of a declared type, or with the elements of an array of it, by an operator that
/// casts neither of them in a way that can fail.
fn compares_safely(parameter: ParameterType, column: &str) -> bool {
    use ParameterType::{Date, Float, Int2, Int4, Int8, Numeric, Text, Timestamp, Timestamptz};
    let column = ParameterType::named(column);
    match parameter.element().unwrap_or(parameter) {
        ParameterType::Inferred | ParameterType::BuiltIn | ParameterType::Other => false,
        Int2 | Int4 | Int8 => matches!(column, Int2 | Int4 | Int8 | Numeric | Float),
        Numeric => matches!(column, Int2 | Int4 | Int8 | Numeric),
        Float => matches!(column, Int2 | Int4 | Int8 | Float),
        Date | Timestamp | Timestamptz => matches!(column, Date | Timestamp | Timestamptz),
        Text => column == Text,
        same => same == column,
    }
}

/// Whether no value of a declared type fails to be cast to a built-in type. A value may be as large as its type allows, and
/// its text twice as long, so only of those with a bound to their length is there a text for all.
fn casts_safely(from: ParameterType, to: &str) -> bool {
    use ParameterType::{
        Bool, BuiltIn, Date, Float, Inferred, Int2, Int2Array, Int4, Int4Array, Int8, Int8Array, Interval, Numeric,
        Other, Text, TextArray, Timestamp, Timestamptz, Uuid, UuidArray,
    };
    match (from, to) {
        (Inferred | BuiltIn | Other, _) => false,
        (TextArray | Int2Array | Int4Array | Int8Array | UuidArray, _) => ParameterType::named(to) == from,
        (Text, "name" | "text" | "varchar" | "bpchar")
        | (
            Int2 | Int4 | Int8 | Float | Numeric | Bool | Uuid | Date | Timestamp | Timestamptz | Interval,
            "text" | "varchar" | "bpchar",
        )
        | (Int2, "int4" | "int8" | "numeric" | "float4" | "float8")
        | (Int4, "int8" | "numeric" | "float4" | "float8")
        | (Int8, "numeric" | "float4" | "float8")
        | (Timestamptz, "date") => true,
        (Float, _) => to == "float8",
        _ => ParameterType::named(to) == from,
    }
}
