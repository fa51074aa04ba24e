//! Types as far as they tell whether values compare, and become each other, without an error (`total.rs`).

use std::rc::Rc;

use super::Analyser;

/// A type by its `pg_type.typname`, below its domains, or one of the three below.
pub type Ty = Rc<str>;

/// A literal, NULL or parameter of no type of its own: it is read as what stands beside it, before the statement runs.
pub const LITERAL: &str = "unknown";
/// A constant that PostgreSQL reads as int4, and makes any number before the statement runs.
pub const INTEGER: &str = "constant int4";
/// The same, of int8 or numeric.
pub const NUMBER: &str = "constant numeric";

/// Types of which any two values compare, under the default collation.
pub const ORDERED: [&str; 22] = [
    "bool",
    "int2",
    "int4",
    "int8",
    "float4",
    "float8",
    "numeric",
    "text",
    "varchar",
    "bpchar",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "interval",
    "uuid",
    "bytea",
    "inet",
    "macaddr",
    "jsonb",
    INTEGER,
    NUMBER,
];
pub const TEXTS: [&str; 3] = ["text", "varchar", "bpchar"];
/// Of each of these lists, each becomes any later one without an error.
const EXACT: [&str; 4] = ["int2", "int4", "int8", "numeric"];
const BINARY: [&str; 5] = ["int2", "int4", "int8", "float4", "float8"];
/// These compare with each other though not all of one become another (`date_cmp_timestamptz_internal` and its like take
/// an overflow for what is later than all).
pub const MOMENTS: [&str; 3] = ["date", "timestamp", "timestamptz"];
/// Arrays whose elements compare.
pub const ARRAYS: [&str; 6] = ["_text", "_varchar", "_int2", "_int4", "_int8", "_uuid"];

pub const COMPARISONS: [&str; 7] = ["=", "<>", "!=", "<", "<=", ">", ">="];

pub fn ty(name: &str) -> Option<Ty> {
    Some(Rc::from(name))
}

pub fn is_text(ty: &str) -> bool {
    ty == LITERAL || TEXTS.contains(&ty)
}

impl Analyser<'_> {
    /// A column's type of the name of a built-in one may be another.
    pub fn is_plain_or_ordered(&self, ty: &str) -> bool {
        self.engine.catalog.types_named(ty).next().is_none() || self.has_order(ty)
    }

    /// Whether a type of this name is PostgreSQL's own.
    pub fn is_built_in_type(&self, ty: &str) -> bool {
        ORDERED.contains(&ty) && self.engine.catalog.types_named(ty).next().is_none()
    }

    /// Whether values of a type compare, whatever they are.
    pub fn has_order(&self, ty: &str) -> bool {
        let mut own = self.engine.catalog.types_named(ty).peekable();
        match own.peek() {
            Some(_) => own.all(|t| t.kind == 'e'),
            None => ORDERED.contains(&ty),
        }
    }

    /// Whether `a op b` has an answer for all values of these types, for any comparison.
    pub fn compares(&self, a: &str, b: &str) -> bool {
        let among = |list: &[&str]| list.contains(&a) && list.contains(&b);
        let number = |ty: &str| EXACT.contains(&ty) || BINARY.contains(&ty);
        match (a, b) {
            (LITERAL, LITERAL) => true,
            (LITERAL, other) | (other, LITERAL) => self.has_order(other),
            (INTEGER | NUMBER, INTEGER | NUMBER) => true,
            (INTEGER | NUMBER, other) | (other, INTEGER | NUMBER) => number(other) && self.has_order(other),
            _ if !self.has_order(a) || !self.has_order(b) => false,
            _ => a == b || among(&TEXTS) || among(&MOMENTS) || among(&EXACT) || among(&BINARY),
        }
    }
}

/// The type of what is computed of constants: it is none itself, and becomes another when it is computed only.
pub fn computed(of: Ty) -> Ty {
    match &*of {
        LITERAL => Rc::from("text"),
        INTEGER => Rc::from("int4"),
        NUMBER => Rc::from("numeric"),
        _ => of,
    }
}

/// The type that values of two types become beside each other, where none fails to.
pub fn join(a: &str, b: &str) -> Option<Ty> {
    let widest = |list: &[&'static str]| list.iter().rev().find(|ty| **ty == a || **ty == b).copied();
    let among = |list: &[&str]| list.contains(&a) && list.contains(&b);
    let name = match (a, b) {
        _ if a == b => a,
        (LITERAL, other) | (other, LITERAL) => other,
        (INTEGER, NUMBER) | (NUMBER, INTEGER) => NUMBER,
        (INTEGER, "int2") | ("int2", INTEGER) => "int4",
        (INTEGER, other) | (other, INTEGER) if EXACT.contains(&other) || BINARY.contains(&other) => other,
        (NUMBER, other) | (other, NUMBER) if EXACT.contains(&other) => "numeric",
        (NUMBER, other) | (other, NUMBER) if BINARY.contains(&other) => other,
        _ if among(&TEXTS) => "text",
        _ if among(&EXACT) => widest(&EXACT)?,
        _ if among(&BINARY) => widest(&BINARY)?,
        _ => return None,
    };
    ty(name)
}
