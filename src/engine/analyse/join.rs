//! Joins: what they compare, merge and rename.

use std::rc::Rc;

use pg_query::protobuf as pb;

use super::constant::{Value, comparable};
use super::from::{aliased, visible_columns};
use super::scope::{Col, Columns, Item, Lasts, Scope};
use super::{Analyser, At, given, names, types};
use crate::engine::catalog::Operand;
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    pub fn join(&mut self, join: &mut pb::JoinExpr, left: &[Item], outer: &Scope<'_>) -> Result<Vec<Item>, Refusal> {
        let kind = join.jointype();
        let pb::JoinExpr {
            jointype: _,
            is_natural,
            larg,
            rarg,
            using_clause,
            join_using_alias,
            quals,
            alias,
            rtindex: _,
        } = join;
        let missing = || refusal::not_supported("a join", "a side of it is empty");
        let mut near = self.from_item(larg.as_mut().ok_or_else(missing)?, left, outer)?;
        let lateral: Vec<Item> = left.iter().chain(&near).cloned().collect();
        let far = self.from_item(rarg.as_mut().ok_or_else(missing)?, &lateral, outer)?;
        let (mine, other) = (visible_columns(&near), visible_columns(&far));
        let shared: Vec<Rc<str>> = match (*is_natural, &mine, &other) {
            (false, _, _) => names(using_clause).into_iter().map(Rc::from).collect(),
            // What is not there for sure may not be compared.
            (true, Some(a), Some(b)) if a.iter().chain(b).all(|c| c.lasts != Lasts::Perhaps) => {
                a.iter().map(|c| c.name.clone()).filter(|n| b.iter().any(|c| c.name == *n)).collect()
            }
            (true, _, _) => return self.join_of_unknown(near, far, alias.as_ref()),
        };
        near.extend(far);
        // Nothing but columns is found by its bare name through a join (`setNamespaceColumnVisibility`).
        near.iter_mut().for_each(|item| item.stored = false);
        if *is_natural || alias.is_some() {
            self.all_at_once(&near);
        }
        if let Some(quals) = quals {
            self.narrowed_by(quals, &outer.child(&near));
            self.expr(quals, &outer.child(&near), At::CONDITION)?;
        }
        if shared.is_empty() && alias.is_none() {
            return Ok(near);
        }
        let (Some(mine), Some(other)) = (mine, other) else {
            return self.join_of_unknown(near, Vec::new(), alias.as_ref());
        };
        let merged = self.merge(kind, &shared, &mine, &other)?;
        let rest = |side: &[Col]| side.iter().filter(|c| !shared.contains(&c.name)).cloned().collect::<Vec<_>>();
        let all: Vec<Col> = merged.iter().cloned().chain(rest(&mine)).chain(rest(&other)).collect();
        for item in &mut near {
            item.unqualified = false;
            item.qualified &= alias.is_none();
        }
        // An alias of the join hides all within, this one too.
        if let Some(using) = join_using_alias.as_ref().filter(|_| alias.is_none()) {
            near.push(Item { unqualified: false, ..aliased(Some(using), Columns::known(merged)) });
        }
        near.push(aliased(alias.as_ref(), Columns::known(all)));
        Ok(near)
    }

    /// The merged columns of `USING`: compared with `=`, and shown as either side's value.
    fn merge(
        &mut self,
        kind: pb::JoinType,
        shared: &[Rc<str>],
        mine: &[Col],
        other: &[Col],
    ) -> Result<Vec<Col>, Refusal> {
        let mut merged = Vec::new();
        for name in shared {
            let find = |side: &[Col]| side.iter().find(|c| c.name == *name).cloned();
            let a = find(mine).ok_or_else(|| refusal::undefined_column_in_using(name, "left"))?;
            let b = find(other).ok_or_else(|| refusal::undefined_column_in_using(name, "right"))?;
            let operands = vec![self.settled(a.operand), self.settled(b.operand)];
            let built_in = self.is_built_in("=", &operands);
            self.operations_allowed(&[("=", operands)], -1)?;
            let at =
                if built_in && comparable("=", &Value::of(&a), &Value::of(&b)) { At::CONDITION } else { At::OPERAND };
            let origin: Rc<[_]> = a.origin.iter().chain(b.origin.iter()).copied().collect();
            self.note_joined(&origin, at);
            self.name_compared(&a, &b);
            self.may_fail |= at == At::OPERAND && !self.compares_always(&a, &b);
            // What the merged column shows becomes the type of both.
            let one = a.ty.as_deref().zip(b.ty.as_deref()).is_some_and(|(a, b)| types::join(a, b).is_some());
            self.may_fail |= !one;
            let ty = if a.ty == b.ty { a.ty.clone() } else { None };
            // `buildMergedJoinVar` of PostgreSQL's parser: of a full join it is COALESCE of both.
            let unknown = |side: &Col| side.mixed || side.origin.is_empty();
            let ((key, described), mixed) = match kind {
                pb::JoinType::JoinInner => ((a.key, a.described), unknown(&a) && unknown(&b)),
                pb::JoinType::JoinLeft => ((a.key, a.described), unknown(&a)),
                pb::JoinType::JoinRight => ((b.key, b.described), unknown(&b)),
                _ => ((None, None), a.mixes(&b)),
            };
            let collation = if a.collation == b.collation { a.collation } else { 0 };
            let key = key.filter(|_| ty.is_some());
            let described = described.filter(|_| a.operand == b.operand);
            let ordered = one && self.are_ordered(&a, &b);
            let (name, given, lasts, instead) = (name.clone(), a.given || b.given, a.lasts.max(b.lasts), None);
            let operand = self.engine.catalog.common([self.settled(a.operand), self.settled(b.operand)]);
            let made_of = a.made_with(Some(&b));
            merged.push(Col {
                name,
                origin,
                mixed,
                made_of,
                key,
                described,
                ty,
                operand,
                collation,
                ordered,
                given,
                constants: given::merged(&a, Some(&b)),
                total: a.total && b.total,
                lasts,
                instead,
            });
        }
        Ok(merged)
    }

    /// A join whose columns cannot all be told: everything in it counts as used early.
    fn join_of_unknown(
        &mut self,
        near: Vec<Item>,
        far: Vec<Item>,
        alias: Option<&pb::Alias>,
    ) -> Result<Vec<Item>, Refusal> {
        let mut all: Vec<Item> = near.into_iter().chain(far).collect();
        self.all_at_once(&all);
        // What it compares is not known.
        self.can_fail_here();
        self.operations_allowed(&[("=", vec![Operand::Any, Operand::Any])], -1)?;
        for item in &mut all {
            for col in item.columns.list() {
                self.note(&col.origin, At::OPERAND);
            }
            item.qualified &= alias.is_none();
        }
        if alias.is_some() {
            all.push(aliased(alias, Columns::Unknown));
        }
        Ok(all)
    }
}
