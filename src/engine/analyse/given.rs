//! Constants that may be a subject's key, and columns that hold nothing else: of VALUES, of a query that reads no table, of
//! `unnest`.

use std::rc::Rc;

use pg_query::protobuf::{self as pb, AExprKind, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::scope::{Col, Scope};
use super::subjects::NamedBy;
use super::{Analyser, names};
use crate::engine::catalog::Operand;
use crate::engine::cleared::Argument;
use crate::engine::context::ParameterType;
use crate::engine::key_value::{Class, KeyType, Own, Reading, Values};
use crate::engine::tree;

/// Constants of one list that are looked at: some may be the same.
const MOST_GIVEN: usize = 2_000;

/// A constant that may be a key.
#[derive(Debug, Clone)]
pub struct GivenKey {
    /// `None`: PostgreSQL works it out.
    pub key: Option<Argument>,
    /// How another text's is found; `None`: no other statement may be judged by this one.
    pub by: Option<NamedBy>,
    /// `None`: it is of the type of what it is compared with.
    own: Option<Own>,
    casts: Vec<KeyType>,
    /// An array, whose elements are meant.
    array: bool,
}

/// The constants that a column may hold.
pub type GivenKeys = Option<Rc<[GivenKey]>>;

impl GivenKey {
    const UNTOLD: Self =
        Self { key: None, by: Some(NamedBy::Untold), own: Some(Own::Unsure), casts: Vec::new(), array: false };

    /// How it is read as a key that is compared as `compared`.
    pub fn reading(&self, compared: KeyType) -> Reading {
        let compared = KeyType { array: self.array, ..compared };
        let own = self.own.unwrap_or(Own::Is(KeyType { limit: None, ..compared }));
        match self.casts.as_slice() {
            // What is not worked out here is as it is written.
            [KeyType { class: Class::Other, limit: None, .. }] if compared.class == Class::Other => {
                Reading { own: Own::Is(compared), casts: Vec::new(), compared }
            }
            casts => Reading { own, casts: casts.to_vec(), compared },
        }
    }

    pub fn cast(mut self, casts: &[KeyType]) -> Self {
        self.casts.extend(casts.iter().map(|to| KeyType { array: self.array, ..*to }));
        self
    }
}

/// The values of several places where one is meant: so many, and that there are more.
pub fn together(keys: impl Iterator<Item = GivenKey>) -> GivenKeys {
    let mut keys = keys;
    let mut all: Vec<GivenKey> = keys.by_ref().take(MOST_GIVEN).collect();
    all.extend(keys.next().map(|_| GivenKey::UNTOLD));
    unsettle(&mut all);
    (!all.is_empty()).then(|| all.into())
}

/// Beside a fraction, or what is cast, parameters take a type that is not worked out here.
fn unsettle(all: &mut [GivenKey]) {
    let is_plain = |given: &GivenKey| match &given.key {
        // Of a longer one another statement may have a fraction in its place.
        Some(Argument::Literal(text)) if given.own == Some(Own::Number) => text.parse::<i32>().is_ok(),
        _ => given.key.is_some() && given.casts.is_empty(),
    };
    if all.len() > 1 && !all.iter().all(is_plain) {
        let open = all.iter_mut().filter(|given| given.own.is_none());
        open.filter(|given| matches!(given.key, Some(Argument::Parameter(_)))).for_each(|g| g.own = Some(Own::Unsure));
    }
}

impl Analyser<'_> {
    /// The keys that the values of a list may be.
    pub fn given_in<'n>(&self, list: impl IntoIterator<Item = &'n Node>, scope: &Scope<'_>) -> Vec<GivenKey> {
        let each = list.into_iter().take(MOST_GIVEN + 1).flat_map(|node| self.given(node, false, scope));
        together(each).map_or(Vec::new(), |all| all.to_vec())
    }

    /// The keys that a constant may be; of a column of such, and of the elements of an array, each. None of what reads a table.
    pub fn given(&self, node: &Node, array: bool, scope: &Scope<'_>) -> Vec<GivenKey> {
        let reads =
            || tree::has_kind(node, "ColumnRef").unwrap_or(true) || tree::has_kind(node, "RangeVar").unwrap_or(true);
        match self.given_plainly(node, array, scope) {
            Some(given) => given,
            None if reads() => Vec::new(),
            None => vec![GivenKey::UNTOLD],
        }
    }

    /// The same; `None`: it is an expression, of what may be.
    pub fn given_plainly(&self, node: &Node, array: bool, scope: &Scope<'_>) -> Option<Vec<GivenKey>> {
        let (constant, casts) = self.uncast(node);
        let one = |key, by, own| vec![GivenKey { key: Some(key), by, own, casts: casts.clone(), array }];
        // A literal is of the first type that it is cast to.
        let first = casts.first().map(|ty| Own::Is(KeyType { limit: None, ..*ty }));
        match constant.node.as_ref()? {
            NodeEnum::AArrayExpr(a) if array && casts.iter().all(|to| to.array) => {
                let nested = |n: &Node| matches!(n.node, Some(NodeEnum::AArrayExpr(_)));
                let elements = a.elements.iter().take(MOST_GIVEN + 1);
                let each = elements.flat_map(|n| self.given(n, nested(n), scope)).map(|given| given.cast(&casts));
                Some(together(each).map_or(Vec::new(), |all| all.to_vec()))
            }
            NodeEnum::ParamRef(p) => {
                let number = u16::try_from(p.number).ok()?;
                Some(one(Argument::Parameter(number), Some(NamedBy::Parameter(number)), self.own_type(p, first)))
            }
            NodeEnum::AConst(c) if c.isnull => Some(Vec::new()),
            NodeEnum::AConst(c) => {
                let own = if matches!(c.val, Some(Val::Sval(_))) { first } else { Some(Own::Number) };
                let by = self.literal_at(c.location).map(|at| {
                    let negative = usize::try_from(c.location).is_ok_and(|location| location < at);
                    NamedBy::Literal { at, negative }
                });
                Some(one(key(constant)?, by, own))
            }
            NodeEnum::AExpr(_) => Some(one(key(constant)?, None, Some(Own::Number))),
            NodeEnum::ColumnRef(r) => {
                let given = self.bare_column(r, scope).and_then(|col| col.constants);
                match given.is_some() && self.namings.are_enough() {
                    true => Some(vec![GivenKey::UNTOLD]),
                    false => Some(cast_all(&given, &casts)),
                }
            }
            NodeEnum::FuncCall(f) if !array && self.built_in_name(f, scope) == Some("unnest") => {
                let given = f.args.iter().take(1).flat_map(|elements| self.given(elements, true, scope));
                Some(given.map(|given| given.cast(&casts)).collect())
            }
            NodeEnum::SubLink(s) if s.sub_link_type() == pb::SubLinkType::ExprSublink => {
                let col = self.walked_key((self.source, s.location))?;
                Some(cast_all(&col.constants, &casts))
            }
            _ => None,
        }
    }

    /// What an item of a select list or a FROM may be, that was judged and has read no column (`Drawn::elsewhere`).
    pub fn constants(&self, node: &Node, array: bool, scope: &Scope<'_>) -> GivenKeys {
        let given = self.given_plainly(node, array, scope);
        together(
            given.unwrap_or_else(|| if self.drawn.elsewhere { Vec::new() } else { vec![GivenKey::UNTOLD] }).into_iter(),
        )
    }

    /// A column of a function in FROM that has read no column: what it may be, PostgreSQL works out.
    pub fn worked_out(&self, col: Col) -> Col {
        let constants = col.constants.or_else(|| (!self.drawn.elsewhere).then(|| Rc::from([GivenKey::UNTOLD])));
        Col { constants, ..col }
    }

    /// Of which type a parameter is; `None`: of that of what it is compared with.
    fn own_type(&self, p: &pb::ParamRef, first_cast: Option<Own>) -> Option<Own> {
        let number = usize::try_from(p.number).unwrap_or_default();
        match self.parameters.get(number) {
            ParameterType::Inferred if self.is_repeated(number) && !self.is_cast_alike(number) => Some(Own::Unsure),
            ParameterType::Inferred => first_cast,
            declared => Some(KeyType::declared(declared).map_or(Own::Unsure, Own::Is)),
        }
    }

    /// Whether a parameter is cast to the same type by `::` wherever it stands.
    fn is_cast_alike(&self, number: usize) -> bool {
        use pb::Token;
        let Some(source) = self.sources.first() else { return false };
        let (list, name) = (&source.tokens.list, format!("${number}"));
        let word = |at: usize| list.get(at).and_then(|t| source.text.get(t.start..t.end)).unwrap_or_default();
        let places = || (0..list.len()).filter(|at| list[*at].kind == Token::Param && word(*at) == name);
        let cast = |at: usize| {
            let plain = source.tokens.kind(at + 1) == Some(Token::Typecast)
                && !matches!(source.tokens.kind(at + 3), Some(Token::Ascii40 | Token::Ascii46));
            plain.then(|| (word(at + 2).to_ascii_lowercase(), source.tokens.kind(at + 3) == Some(Token::Ascii91)))
        };
        let first = places().next().and_then(cast);
        first.is_some() && places().all(|at| cast(at) == first)
    }

    /// A value without what it is cast to, and that, from the innermost on. Of no collation is a value another one.
    pub fn uncast<'n>(&self, mut node: &'n Node) -> (&'n Node, Vec<KeyType>) {
        let mut casts = Vec::new();
        loop {
            node = match &node.node {
                Some(NodeEnum::TypeCast(c)) => match (c.arg.as_deref(), c.type_name.as_ref()) {
                    (Some(arg), Some(to)) => {
                        casts.push(self.key_type(to));
                        arg
                    }
                    _ => break,
                },
                Some(NodeEnum::CollateClause(c)) => match c.arg.as_deref() {
                    Some(arg) => arg,
                    None => break,
                },
                _ => break,
            };
        }
        casts.reverse();
        (node, casts)
    }

    /// What a cast makes of a key.
    fn key_type(&self, to: &pb::TypeName) -> KeyType {
        let array = !to.array_bounds.is_empty();
        let other = KeyType::new(Class::Other, array);
        let operand = self.operand_of_type(&pb::TypeName { array_bounds: Vec::new(), ..to.clone() });
        let citext = || {
            let name = names(&to.names).last().copied().filter(|name| *name == "citext")?;
            let all = self.engine.catalog.types_named(name).all(|t| t.extension.as_deref() == Some(name));
            all.then(|| KeyType::new(Class::Text, false))
        };
        let Some(ty) = operand.stored_as().and_then(KeyType::of_oid).or_else(citext) else { return other };
        // A domain may cut, pad or round.
        let is_domain = matches!(operand, Operand::Over(_)) && ty.class.has_limit();
        let limit = match (ty.class, &limits(to)[..]) {
            (_, []) => None,
            (Class::Text | Class::Char, [Some(length)]) => Some(*length),
            (Class::Numeric, [Some(_)]) => Some(0),
            (Class::Numeric, [Some(_), Some(scale)]) => Some(*scale),
            // It rounds or cuts otherwise.
            _ => return KeyType { limit: Some(0), ..other },
        };
        if is_domain { KeyType { limit: Some(0), ..other } } else { KeyType { array, limit, ..ty } }
    }
}

fn limits(to: &pb::TypeName) -> Vec<Option<usize>> {
    let number = |n: &Node| match &n.node {
        Some(NodeEnum::AConst(c)) => match &c.val {
            Some(Val::Ival(i)) => usize::try_from(i.ival).ok(),
            _ => None,
        },
        _ => None,
    };
    to.typmods.iter().map(number).collect()
}

/// The arguments of EXECUTE, by which the prepared statement names subjects; `None`: PostgreSQL works it out.
pub fn arguments(given: &[Node], a: &Analyser<'_>) -> Vec<Option<Argument>> {
    given.iter().map(|node| argument(node, a)).collect()
}

fn argument(node: &Node, a: &Analyser<'_>) -> Option<Argument> {
    let (constant, casts) = a.uncast(node);
    if matches!(&constant.node, Some(NodeEnum::AConst(c)) if c.isnull) {
        return Some(Argument::Null);
    }
    let key = key(constant);
    match (key?, casts.as_slice()) {
        // Of the message that holds it: whoever asks about this statement has not got that.
        (Argument::Parameter(_), _) => None,
        (key, []) => Some(key),
        (Argument::Literal(text), [first, ..]) => {
            let own = match &constant.node {
                Some(NodeEnum::AConst(c)) if matches!(c.val, Some(Val::Sval(_))) => {
                    Own::Is(KeyType { limit: None, ..*first })
                }
                _ => Own::Number,
            };
            let cast = Values::read(&text, own).through(&casts);
            let [Some(value)] = <[_; 1]>::try_from(cast.list).ok().filter(|_| !cast.array)? else { return None };
            // How many zeros a numeric has is not kept.
            let has_zeros = value.class == Class::Numeric
                && (text.contains(['.', 'e', 'E']) || casts.iter().any(|to| to.limit.is_some()));
            (!has_zeros).then_some(Argument::Literal(value.text))
        }
        (Argument::Null, _) => None,
    }
}

/// The key that a constant may be.
fn key(constant: &Node) -> Option<Argument> {
    match &constant.node {
        Some(NodeEnum::ParamRef(p)) => u16::try_from(p.number).ok().map(Argument::Parameter),
        Some(NodeEnum::AConst(c)) => match c.val.as_ref()? {
            Val::Ival(i) => Some(Argument::Literal(i.ival.to_string())),
            Val::Fval(f) => Some(Argument::Literal(f.fval.clone())),
            Val::Sval(s) => Some(Argument::Literal(s.sval.clone())),
            Val::Boolval(_) | Val::Bsval(_) => None,
        },
        Some(NodeEnum::AExpr(_)) => number(constant).map(|n| Argument::Literal(n.to_string())),
        _ => None,
    }
}

/// What a sum, a difference or a product of whole numbers is.
fn number(node: &Node) -> Option<i64> {
    match &node.node {
        Some(NodeEnum::AConst(c)) => match c.val.as_ref()? {
            Val::Ival(i) => Some(i64::from(i.ival)),
            Val::Fval(f) => f.fval.parse().ok(),
            Val::Sval(_) | Val::Boolval(_) | Val::Bsval(_) => None,
        },
        Some(NodeEnum::AExpr(e)) if e.kind() == AExprKind::AexprOp => {
            let ([operator] | ["pg_catalog", operator]) = names(&e.name)[..] else { return None };
            // Neither side has more than the grammar's depth, which is bounded.
            let right = number(e.rexpr.as_deref()?)?;
            match (operator, e.lexpr.as_deref()) {
                ("+", None) => Some(right),
                ("-", None) => right.checked_neg(),
                ("+", Some(left)) => number(left)?.checked_add(right),
                ("-", Some(left)) => number(left)?.checked_sub(right),
                ("*", Some(left)) => number(left)?.checked_mul(right),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What a column of constants holds, cast. A parameter in it that has no other type was a text before it was cast.
fn cast_all(given: &GivenKeys, casts: &[KeyType]) -> Vec<GivenKey> {
    let settled = |given: GivenKey| match (given.own, &given.key) {
        (None, Some(Argument::Parameter(_))) if !casts.is_empty() => GivenKey { own: Some(Own::Unsure), ..given },
        _ => given,
    };
    given.iter().flat_map(|given| given.iter().cloned()).map(settled).map(|given| given.cast(casts)).collect()
}

/// What columns of constants hold, merged.
pub fn merged(a: &Col, b: Option<&Col>) -> GivenKeys {
    let both = [Some(a), b].into_iter().flatten().filter_map(|col| col.constants.as_ref());
    together(both.flat_map(|given| given.iter().cloned()))
}
