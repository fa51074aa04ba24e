//! Whom a statement is about, for the record: the subjects whose keys it names by equality, and output columns that are
//! a bare key.

use std::collections::BTreeSet;

use pg_query::protobuf::{self as pb, AExprKind, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::scope::{Base, Col, Columns, Scope};
use super::{Analyser, names};
use crate::engine::catalog::Oid;
use crate::engine::cleared::{Argument, NamedSubject};
use crate::engine::policy::ConsentSource;

/// Subjects that one statement names: more are a list of people rather than a question about somebody.
const MOST_NAMED: usize = 1000;

/// What names a subject, in the order of the text: also one that was named before, as another text may not repeat it.
#[derive(Debug, Clone)]
pub struct Naming {
    pub kind: String,
    pub by: NamedBy,
    /// It is an array of keys.
    pub array: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum NamedBy {
    /// Where it begins in the client's text, and whether a minus that belongs to the constant stands before it.
    Literal {
        at: usize,
        negative: bool,
    },
    Parameter(u16),
}

/// Adds a subject to those that a statement names: each once, and only so many.
pub fn name_once(subjects: &mut Vec<NamedSubject>, subject: NamedSubject) {
    if subjects.len() < MOST_NAMED && !subjects.contains(&subject) {
        subjects.push(subject);
    }
}

impl Analyser<'_> {
    /// Remembers the subjects that a condition names: `key = constant`, `key IN (constants)` and `key = ANY (array)`, also
    /// where one of several may hold, and in rows that are compared.
    pub fn name_subjects(&mut self, condition: &Node, scope: &Scope<'_>) {
        match &condition.node {
            Some(NodeEnum::BoolExpr(b)) if b.boolop() != pb::BoolExprType::NotExpr => {
                b.args.iter().for_each(|arg| self.name_subjects(arg, scope));
            }
            Some(NodeEnum::AExpr(e)) => {
                self.name_by(e, scope);
            }
            Some(NodeEnum::BooleanTest(test)) if test.booltesttype() == pb::BoolTestType::IsTrue => {
                test.arg.iter().for_each(|arg| self.name_subjects(arg, scope));
            }
            _ => {}
        }
    }

    fn name_by(&mut self, e: &pb::AExpr, scope: &Scope<'_>) -> Option<()> {
        let (["="] | ["pg_catalog", "="]) = names(&e.name)[..] else { return None };
        let (left, right) = (e.lexpr.as_deref()?, e.rexpr.as_deref()?);
        match e.kind() {
            AExprKind::AexprOp | AExprKind::AexprNotDistinct => self.name_equal(left, right, scope),
            AExprKind::AexprIn => {
                let Some(NodeEnum::List(list)) = &right.node else { return None };
                list.items.iter().for_each(|item| self.name_equal(left, item, scope));
            }
            AExprKind::AexprOpAny | AExprKind::AexprOpAll => {
                for kind in self.kinds_by_key(left, scope) {
                    match uncast(right).and_then(|(constant, _)| constant.node.as_ref()) {
                        Some(NodeEnum::AArrayExpr(array)) => array.elements.iter().for_each(|constant| {
                            self.name_subject(&kind, constant, false);
                        }),
                        _ => self.name_subject(&kind, right, true)?,
                    }
                }
            }
            _ => {}
        }
        Some(())
    }

    /// The same of two sides that are equal; of rows, each column's.
    fn name_equal(&mut self, left: &Node, right: &Node, scope: &Scope<'_>) {
        if let (Some(NodeEnum::RowExpr(left)), Some(NodeEnum::RowExpr(right))) = (&left.node, &right.node) {
            left.args.iter().zip(&right.args).for_each(|(left, right)| self.name_equal(left, right, scope));
            return;
        }
        for (column, constant) in [(left, right), (right, left)] {
            for kind in self.kinds_by_key(column, scope) {
                self.name_subject(&kind, constant, false);
            }
        }
    }

    /// The kinds of subject whose key a column reference is; of a column that a join or a set operation merged, each.
    fn kinds_by_key(&self, node: &Node, scope: &Scope<'_>) -> BTreeSet<String> {
        let Some(NodeEnum::ColumnRef(r)) = &node.node else { return BTreeSet::new() };
        let origin = self.bare_column(r, scope).map(|col| col.origin);
        let keys = origin.iter().flat_map(|origin| origin.iter()).filter_map(|base| self.key_at(*base));
        keys.map(|(kind, _)| kind.to_owned()).collect()
    }

    /// The kind of subject whose key a column is, and whether its table's output is to be recorded.
    fn key(&self, col: &Col) -> Option<(String, bool)> {
        let mut keys = col.origin.iter().map(|base| self.key_at(*base));
        // One of several that a join or a set operation merged: keys of one kind.
        let (kind, recorded) = keys.next()??;
        keys.try_fold(recorded, |recorded, key| key.filter(|k| k.0 == kind).map(|k| recorded || k.1))
            .map(|recorded| (kind.to_owned(), recorded))
    }

    /// The same of a stored column.
    fn key_at(&self, (occurrence, column): Base) -> Option<(&str, bool)> {
        let o = self.occurrences.get(occurrence)?;
        let name = &self.engine.catalog.relation(o.relation)?.columns.get(column)?.name;
        let Some(table) = self.engine.policy.tables.get(&o.protected_by?) else {
            return Some((self.chooser(o.protected_by?, name)?, false));
        };
        let path = table.subject.as_ref().filter(|p| p.hops.is_empty())?;
        (path.column == *name).then_some((path.kind.as_str(), table.record_subjects))
    }

    /// The kind of subject whose choices a consent table tells by this column.
    fn chooser(&self, table: Oid, column: &str) -> Option<&str> {
        let kinds = self.engine.policy.subjects.values();
        let chooses = |s: &ConsentSource| s.table == table && s.subject == column;
        kinds.filter(|kind| kind.consent.as_ref().is_some_and(chooses)).map(|kind| kind.name.as_str()).next()
    }

    fn name_subject(&mut self, kind: &str, constant: &Node, array: bool) -> Option<()> {
        let Some((constant, cast)) = uncast(constant) else {
            // Another constant may be the same as this type.
            self.unlike_others = true;
            return None;
        };
        let key = key(constant)?;
        let by = match (&constant.node, &key) {
            (_, Argument::Parameter(number)) => Some(NamedBy::Parameter(*number)),
            (Some(NodeEnum::AConst(c)), _) => self.literal_at(c.location).filter(|_| !cast).map(|at| {
                let negative = usize::try_from(c.location).is_ok_and(|location| location < at);
                NamedBy::Literal { at, negative }
            }),
            _ => None,
        };
        match by {
            Some(by) => self.namings.push(Naming { kind: kind.to_owned(), by, array }),
            // Its key is written in a way that is read here only.
            None => self.unlike_others = true,
        }
        name_once(&mut self.subjects, NamedSubject { kind: kind.to_owned(), key, array });
        Some(())
    }

    /// Output columns of a top-level query that are a bare subject key of a table with `record_subjects`.
    pub fn subject_columns(&self) -> Vec<(u16, String)> {
        let Columns::Known(columns) = &self.output else { return Vec::new() };
        let kind =
            |col: &Col| self.key(col).filter(|_| !col.mixed).and_then(|(kind, recorded)| recorded.then_some(kind));
        columns.iter().enumerate().filter_map(|(i, col)| Some((u16::try_from(i).ok()?, kind(col)?))).collect()
    }
}

/// The arguments of EXECUTE, by which the prepared statement names subjects; what is no constant names nobody.
pub fn arguments(given: &[Node]) -> Vec<Argument> {
    given.iter().map(|node| uncast(node).and_then(|(constant, _)| key(constant)).unwrap_or(Argument::Null)).collect()
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

/// A constant without the types that it is cast to (`$1::bigint`), and whether it is; `None` where a cast may make another
/// value of it, as that of 4.6 to an integer does.
fn uncast(mut node: &Node) -> Option<(&Node, bool)> {
    let mut casts: Vec<&pb::TypeName> = Vec::new();
    while let Some(NodeEnum::TypeCast(c)) = &node.node
        && let Some(arg) = c.arg.as_deref()
    {
        casts.push(c.type_name.as_ref()?);
        node = arg;
    }
    let is_whole = matches!(key(node), Some(Argument::Literal(text)) if text.parse::<i64>().is_ok());
    let keeps = |ty: &&pb::TypeName| {
        let name = names(&ty.names).last().copied().unwrap_or_default();
        let exact = ["int2", "int4", "int8", "oid", "text", "varchar", "uuid", "name"].contains(&name);
        ty.typmods.is_empty() && (exact || (is_whole && ["numeric", "float4", "float8"].contains(&name)))
    };
    // Of a number that is not whole an integer is another one.
    let rounds = matches!(&node.node, Some(NodeEnum::AConst(c)) if matches!(c.val, Some(Val::Fval(_)))) && !is_whole;
    // One alone makes of a literal what the key is compared with; behind another it may be rounded, or cut, first.
    let same = match casts.as_slice() {
        [] => true,
        [one] => one.typmods.is_empty() && !rounds,
        several => several.iter().all(keeps) && !rounds,
    };
    same.then_some((node, !casts.is_empty()))
}
