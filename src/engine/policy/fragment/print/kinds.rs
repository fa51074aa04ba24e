//! What kind of value each part of a fragment has, as far as it decides whether a client's settings (TimeZone, DateStyle,
//! IntervalStyle, extra_float_digits, bytea_output, lc_*) could change what the part means.

use pg_query::NodeEnum;
use pg_query::protobuf::{AConst, AExpr, AExprKind, FuncCall, Node, SqlValueFunctionOp, TypeName, a_const};

use super::super::super::super::catalog::{ColumnType, quote_ident};
use super::{Printer, Scope, operator, strings};

/// Built-in types that a fragment may cast to (`regclass` and its like look names up, so they are not here).
const TYPES: &[&str] = &[
    "bool",
    "bpchar",
    "bytea",
    "cidr",
    "date",
    "float4",
    "float8",
    "inet",
    "int2",
    "int4",
    "int8",
    "interval",
    "json",
    "jsonb",
    "numeric",
    "text",
    "time",
    "timestamp",
    "timestamptz",
    "uuid",
    "varchar",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string literal or NULL: it is read as what stands beside it.
    Literal,
    Text,
    Bool,
    Integer,
    Numeric,
    Float,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Bytea,
    Json,
    /// Others that have one text form under all settings: uuid, inet, cidr, macaddr, enums.
    Plain,
    Array(Box<Kind>),
    /// Of a type that is none of the above, like ranges, money and domains: settings may decide about its texts.
    Other,
    /// Of a part that is not allowed, or whose type is not known: it is refused for that.
    Unknown,
    /// A mask's `{}` before its column is known.
    Unsaid,
}

impl Kind {
    /// A column's, below its domains.
    pub(super) fn of(ty: &ColumnType) -> Self {
        match ty.kind {
            'e' => Kind::Plain,
            'b' => Self::named(&ty.base),
            _ => Kind::Other,
        }
    }

    /// Of the type of this `pg_type.typname`.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "text" | "varchar" | "bpchar" | "name" | "citext" => Kind::Text,
            "bool" => Kind::Bool,
            "int2" | "int4" | "int8" => Kind::Integer,
            "numeric" => Kind::Numeric,
            "float4" | "float8" => Kind::Float,
            "date" => Kind::Date,
            "time" => Kind::Time,
            "timestamp" => Kind::Timestamp,
            "timestamptz" => Kind::TimestampTz,
            "interval" => Kind::Interval,
            "bytea" => Kind::Bytea,
            "json" | "jsonb" => Kind::Json,
            "uuid" | "inet" | "cidr" | "macaddr" | "macaddr8" => Kind::Plain,
            _ => match name.strip_prefix('_') {
                Some(of) => Kind::Array(Box::new(Self::named(of))),
                None => Kind::Other,
            },
        }
    }

    /// Whether settings decide how a text is read as such a value, or how one kind of these becomes another.
    pub(super) fn is_moment(&self) -> bool {
        matches!(self, Kind::Date | Kind::Time | Kind::Timestamp | Kind::TimestampTz | Kind::Interval)
    }

    /// Whether its text is the same under all settings.
    pub(super) fn has_one_text(&self) -> bool {
        match self {
            Kind::Array(of) => of.has_one_text(),
            Kind::Literal
            | Kind::Text
            | Kind::Bool
            | Kind::Integer
            | Kind::Numeric
            | Kind::Time
            | Kind::Json
            | Kind::Plain
            | Kind::Unsaid => true,
            Kind::Float
            | Kind::Date
            | Kind::Timestamp
            | Kind::TimestampTz
            | Kind::Interval
            | Kind::Bytea
            | Kind::Other
            | Kind::Unknown => false,
        }
    }

    /// Whether settings may decide how a value of another kind, or a literal, becomes such a one, in ways that are not
    /// followed here.
    pub(super) fn is_opaque(&self) -> bool {
        match self {
            Kind::Other => true,
            Kind::Array(of) => of.is_opaque() || !of.has_one_text(),
            _ => false,
        }
    }
}

impl Printer<'_> {
    pub(super) fn kind_of(&self, node: &Node) -> Kind {
        match &node.node {
            Some(NodeEnum::AConst(c)) => match &c.val {
                Some(a_const::Val::Ival(_)) => Kind::Integer,
                Some(a_const::Val::Fval(_)) => Kind::Numeric,
                Some(a_const::Val::Boolval(_)) => Kind::Bool,
                _ => Kind::Literal,
            },
            Some(NodeEnum::ColumnRef(_)) if matches!(self.scope, Scope::SomeTable) => Kind::Unsaid,
            Some(NodeEnum::ColumnRef(_)) => self.type_of(node).map_or(Kind::Unknown, Kind::of),
            Some(NodeEnum::ParamRef(_)) => match self.scope {
                Scope::Value(Some(ty)) => Kind::of(ty),
                Scope::Value(None) => Kind::Unsaid,
                Scope::Table(_) | Scope::SomeTable => Kind::Unknown,
            },
            Some(NodeEnum::AExpr(e)) => self.kind_of_operation(e),
            Some(NodeEnum::BoolExpr(_) | NodeEnum::NullTest(_) | NodeEnum::BooleanTest(_)) => Kind::Bool,
            Some(NodeEnum::TypeCast(cast)) => cast.type_name.as_ref().map_or(Kind::Unknown, |t| self.kind_of_type(t)),
            Some(NodeEnum::FuncCall(call)) => self.kind_of_call(call),
            Some(NodeEnum::CaseExpr(case)) => {
                let arms = case.args.iter().filter_map(|arm| match &arm.node {
                    Some(NodeEnum::CaseWhen(when)) => when.result.as_deref(),
                    _ => None,
                });
                self.common(arms.chain(case.defresult.as_deref()))
            }
            Some(NodeEnum::CoalesceExpr(c)) => self.common(&c.args),
            Some(NodeEnum::MinMaxExpr(m)) => self.common(&m.args),
            Some(NodeEnum::AArrayExpr(array)) => Kind::Array(Box::new(self.common(&array.elements))),
            Some(NodeEnum::SqlvalueFunction(function)) => match function.op() {
                SqlValueFunctionOp::SvfopCurrentTimestamp => Kind::TimestampTz,
                SqlValueFunctionOp::SvfopCurrentDate => Kind::Date,
                _ => Kind::Unknown,
            },
            _ => Kind::Unknown,
        }
    }

    pub(super) fn kind_of_operand(&self, node: &Option<Box<Node>>) -> Kind {
        node.as_deref().map_or(Kind::Unknown, |node| self.kind_of(node))
    }

    /// The kind that all of them become (PostgreSQL manual, 10.5), where it is one of those that settings touch.
    pub(super) fn common<'n>(&self, nodes: impl IntoIterator<Item = &'n Node>) -> Kind {
        let mut kinds = nodes.into_iter().map(|n| self.kind_of(n)).filter(|k| *k != Kind::Literal);
        let Some(first) = kinds.next() else { return Kind::Text };
        kinds.fold(first, |a, b| match (a, b) {
            (a, b) if a == b => a,
            (Kind::Unknown, _) | (_, Kind::Unknown) => Kind::Unknown,
            (Kind::Unsaid, _) | (_, Kind::Unsaid) => Kind::Unsaid,
            (Kind::Integer | Kind::Numeric, Kind::Float) | (Kind::Float, Kind::Integer | Kind::Numeric) => Kind::Float,
            (Kind::Integer, Kind::Numeric) | (Kind::Numeric, Kind::Integer) => Kind::Numeric,
            (Kind::Date | Kind::Timestamp | Kind::TimestampTz, Kind::TimestampTz)
            | (Kind::TimestampTz, Kind::Date | Kind::Timestamp) => Kind::TimestampTz,
            (Kind::Date, Kind::Timestamp) | (Kind::Timestamp, Kind::Date) => Kind::Timestamp,
            _ => Kind::Other,
        })
    }

    pub(super) fn kind_of_type(&self, target: &TypeName) -> Kind {
        let names = strings(&target.names).unwrap_or_default();
        let kind = match (self.type_identity(&names), names.last()) {
            (Ok((schema, name)), _) if schema == "pg_catalog" => Kind::named(&name),
            (Ok((schema, name)), _) => match self.catalog.types_named(&name).find(|t| t.name.schema == schema) {
                Some(t) if t.kind == 'e' => Kind::Plain,
                _ => Kind::Other,
            },
            (Err(_), _) => Kind::Unknown,
        };
        target.array_bounds.iter().fold(kind, |kind, _| match kind {
            // However many dimensions, it is one type.
            Kind::Array(_) => kind,
            other => Kind::Array(Box::new(other)),
        })
    }

    pub(super) fn type_name(&self, target: &TypeName) -> Result<String, String> {
        let (schema, name) = self.type_identity(&strings(&target.names)?)?;
        let mut modifiers = Vec::new();
        for modifier in &target.typmods {
            match &modifier.node {
                Some(NodeEnum::AConst(AConst { val: Some(a_const::Val::Ival(i)), .. })) if name != "interval" => {
                    modifiers.push(i.ival.to_string());
                }
                _ => return Err(format!("the modifiers of `{name}` are not allowed in it")),
            }
        }
        let modifiers = if modifiers.is_empty() { String::new() } else { format!("({})", modifiers.join(", ")) };
        let dimensions = "[]".repeat(target.array_bounds.len());
        Ok(format!("{}.{}{modifiers}{dimensions}", quote_ident(&schema), quote_ident(&name)))
    }

    fn type_identity(&self, names: &[String]) -> Result<(String, String), String> {
        let (schema, name) = match names {
            [name] => (None, name),
            [schema, name] => (Some(schema), name),
            _ => return Err("a type's name has too many parts".into()),
        };
        let builtin = schema.is_none_or(|s| s == "pg_catalog") && TYPES.contains(&name.as_str());
        if builtin {
            return Ok(("pg_catalog".into(), name.clone()));
        }
        let mut known = self.catalog.types_named(name).filter(|t| schema.is_none_or(|s| *s == t.name.schema));
        match (known.next(), known.next()) {
            (Some(one), None) if one.kind == 'b' => Err(format!("a cast to the type `{name}` is not allowed in it")),
            (Some(one), None) => Ok((one.name.schema.clone(), one.name.name.clone())),
            (Some(_), Some(_)) => Err(format!("several schemas have a type `{name}`; write it with its schema")),
            (None, _) => Err(format!("the type `{name}` is not allowed in it")),
        }
    }

    fn kind_of_operation(&self, e: &AExpr) -> Kind {
        match e.kind() {
            AExprKind::AexprOp => {}
            AExprKind::AexprNullif => return self.kind_of_operand(&e.lexpr),
            _ => return Kind::Bool,
        }
        let (left, right) = (self.kind_of_operand(&e.lexpr), self.kind_of_operand(&e.rexpr));
        let name = operator(&e.name).unwrap_or_default();
        match name.as_str() {
            "+" | "-" | "*" | "/" | "%" | "^" if e.lexpr.is_none() => right,
            "+" | "-" | "*" | "/" | "%" | "^" => arithmetic(&name, left, right),
            "||" => match (left, right) {
                (Kind::Array(of), _) | (_, Kind::Array(of)) => Kind::Array(of),
                (Kind::Json, _) | (_, Kind::Json) => Kind::Json,
                (Kind::Bytea, _) | (_, Kind::Bytea) => Kind::Bytea,
                _ => Kind::Text,
            },
            "&" | "|" | "#" => left,
            "<<" | ">>" if left == Kind::Integer => Kind::Integer,
            "->" | "#>" => Kind::Json,
            "->>" | "#>>" => Kind::Text,
            "=" | "<>" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~" | "~*" | "!~*" | "~~" | "!~~" | "~~*" | "!~~*"
            | "@>" | "<@" | "&&" | "<<" | ">>" | "<<=" | ">>=" | "?" | "?|" | "?&" | "^@" => Kind::Bool,
            _ => Kind::Other,
        }
    }

    fn kind_of_call(&self, call: &FuncCall) -> Kind {
        let name = strings(&call.funcname).ok().and_then(|n| n.last().cloned()).unwrap_or_default();
        let argument = |i: usize| call.args.get(i).map_or(Kind::Unknown, |a| self.kind_of(a));
        match name.as_str() {
            "age" | "make_interval" => Kind::Interval,
            "now" | "statement_timestamp" => Kind::TimestampTz,
            "make_date" => Kind::Date,
            "extract" => Kind::Numeric,
            "date_part" | "power" => Kind::Float,
            "date_trunc" if argument(1) == Kind::Date => Kind::TimestampTz,
            "date_trunc" | "date_bin" => argument(1),
            "timezone" => match argument(1) {
                Kind::TimestampTz | Kind::Date => Kind::Timestamp,
                Kind::Timestamp => Kind::TimestampTz,
                _ => Kind::Other,
            },
            "abs" => argument(0),
            "round" | "trunc" if call.args.len() == 2 => Kind::Numeric,
            "ceil" | "ceiling" | "floor" | "round" | "trunc" | "sign" => match argument(0) {
                Kind::Numeric => Kind::Numeric,
                _ => Kind::Float,
            },
            "array_length" | "array_position" | "ascii" | "cardinality" | "char_length" | "length" | "masklen"
            | "octet_length" | "position" | "strpos" | "jsonb_array_length" | "int4" | "int8" => Kind::Integer,
            "mod" => self.common(&call.args),
            "numeric" => Kind::Numeric,
            "array_remove" | "array_replace" => argument(0),
            "string_to_array" | "regexp_match" => Kind::Array(Box::new(Kind::Text)),
            "jsonb_build_object" | "jsonb_extract_path" | "jsonb_set" | "jsonb_strip_nulls" | "to_jsonb" => Kind::Json,
            "network" | "set_masklen" => Kind::Plain,
            "sha256" => Kind::Bytea,
            "starts_with" => Kind::Bool,
            "btrim" | "ltrim" | "rtrim" | "overlay" | "substr" | "substring" if argument(0) == Kind::Bytea => {
                Kind::Bytea
            }
            "lower" | "upper" if argument(0) == Kind::Other => Kind::Other,
            "array_to_string"
            | "btrim"
            | "concat"
            | "concat_ws"
            | "encode"
            | "format"
            | "host"
            | "initcap"
            | "jsonb_extract_path_text"
            | "jsonb_typeof"
            | "left"
            | "like_escape"
            | "lower"
            | "lpad"
            | "ltrim"
            | "md5"
            | "overlay"
            | "regexp_replace"
            | "repeat"
            | "replace"
            | "reverse"
            | "right"
            | "rpad"
            | "rtrim"
            | "similar_to_escape"
            | "split_part"
            | "substr"
            | "substring"
            | "to_char"
            | "translate"
            | "upper" => Kind::Text,
            _ => Kind::Unknown,
        }
    }
}

/// PostgreSQL manual, tables 9.4 and 9.32.
fn arithmetic(operator: &str, left: Kind, right: Kind) -> Kind {
    use Kind as K;
    match (left, operator, right) {
        (K::Literal, _, K::Literal) => K::Other,
        (K::Literal, "+" | "-", other) | (other, "+" | "-", K::Literal) => match (other, operator) {
            (K::Date, "-") => K::Integer,
            (K::Timestamp | K::TimestampTz | K::Interval, "-") => K::Interval,
            (K::Date | K::Time | K::Timestamp | K::TimestampTz, _) => K::Other,
            (other, _) => other,
        },
        (K::Literal, _, other) | (other, _, K::Literal) => other,
        (K::Date, "-", K::Date) => K::Integer,
        (K::Date, "+" | "-", K::Integer) | (K::Integer, "+", K::Date) => K::Date,
        (K::Date, "+" | "-", K::Interval) | (K::Interval, "+", K::Date) => K::Timestamp,
        (K::Date, "+", K::Time) | (K::Time, "+", K::Date) => K::Timestamp,
        (K::Date | K::Timestamp, "-", K::Date | K::Timestamp) => K::Interval,
        (K::TimestampTz, "-", K::Date | K::Timestamp | K::TimestampTz)
        | (K::Date | K::Timestamp, "-", K::TimestampTz) => K::Interval,
        (K::Timestamp, "+" | "-", K::Interval) | (K::Interval, "+", K::Timestamp) => K::Timestamp,
        (K::TimestampTz, "+" | "-", K::Interval) | (K::Interval, "+", K::TimestampTz) => K::TimestampTz,
        (K::Time, "+" | "-", K::Interval) | (K::Interval, "+", K::Time) => K::Time,
        (K::Time, "-", K::Time) => K::Interval,
        (K::Interval, "+" | "-", K::Interval) => K::Interval,
        (K::Interval, "*" | "/", K::Integer | K::Numeric | K::Float)
        | (K::Integer | K::Numeric | K::Float, "*", K::Interval) => K::Interval,
        (K::Integer, "^", K::Integer) => K::Float,
        (K::Integer, _, K::Integer) => K::Integer,
        (K::Integer | K::Numeric, _, K::Integer | K::Numeric) => K::Numeric,
        (K::Integer | K::Numeric | K::Float, _, K::Integer | K::Numeric | K::Float) => K::Float,
        (K::Json, "-", _) => K::Json,
        _ => K::Other,
    }
}
