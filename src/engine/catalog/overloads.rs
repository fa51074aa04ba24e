//! Which function or operator a name means, by the types of what it is given: PostgreSQL's own rules (manual, chapter 10;
//! `parse_func.c`, `parse_oper.c` and `parse_coerce.c` of its source), as far as they tell whether it can be one that
//! PostgreSQL does not bring.
//!
//! Whatever is not known counts for the other side: an operand of no known type is taken by all, and where the rules do not
//! surely find one of PostgreSQL's own, each other candidate that takes the operands may be meant.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::operands::Sure;
use super::{Catalog, FIRST_NORMAL_OID, Oid, Operand};

/// More operands of several possible types than this are not tried one by one.
const MOST_TRIED: usize = 3;

/// What PostgreSQL chooses functions and operators by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    pub types: Vec<TypeFacts>,
    /// Casts that it applies where none is written: from, to.
    pub casts: Vec<(Oid, Oid)>,
    /// Those that it applies only where a value is stored.
    #[serde(default)]
    pub stored: Vec<(Oid, Oid)>,
    /// Its own functions and operators.
    pub functions: Vec<BuiltIn>,
    pub operators: Vec<BuiltIn>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeFacts {
    pub oid: Oid,
    pub name: String,
    /// `pg_type.typtype`, `typcategory`, `typispreferred`.
    pub kind: char,
    pub category: char,
    pub preferred: bool,
    /// Of a domain: what it is over. 0: none.
    pub over: Oid,
    /// Of an array: its elements' type. 0: none.
    pub element: Oid,
    /// Of a base type: PostgreSQL knows when two of its values are equal (a default operator class).
    #[serde(default)]
    pub equality: bool,
    /// Of a row: its columns' types. Of a range: what it is of. Of a multirange: its ranges' type.
    #[serde(default)]
    pub parts: Vec<Oid>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltIn {
    pub name: String,
    pub signature: Signature,
    /// Its output arguments: the columns that it has in FROM. Empty: what it gives is all that it puts out.
    #[serde(default)]
    pub out: Vec<(String, Oid)>,
}

/// What a function or operator takes and gives, by `pg_type.oid`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    pub arguments: Vec<Oid>,
    /// So many of the last may be left out.
    pub defaults: u16,
    /// What the last stands for, any number of times (`VARIADIC`). 0: itself.
    pub variadic: Oid,
    pub result: Oid,
}

impl Signature {
    /// Whether it takes so many arguments.
    pub fn takes_count(&self, count: usize) -> bool {
        self.taking(count).is_some()
    }

    /// The types of as many arguments, if it takes so many.
    fn taking(&self, count: usize) -> Option<Vec<Oid>> {
        let most = self.arguments.len();
        if self.variadic != 0 && count >= most {
            let fixed = self.arguments.iter().take(most.saturating_sub(1)).copied();
            return Some(fixed.chain(std::iter::repeat(self.variadic)).take(count).collect());
        }
        let least = most.saturating_sub(usize::from(self.defaults));
        (least..=most).contains(&count).then(|| self.arguments.iter().take(count).copied().collect())
    }
}

/// What a name may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// By candidate that PostgreSQL does not bring: whether it may be the one.
    pub own: Vec<bool>,
    /// Whether one of PostgreSQL's own takes what is given.
    pub built_in: bool,
    /// What PostgreSQL's own gives, where it surely is one of these.
    pub result: Operand,
}

impl Meaning {
    /// Any of so many, or one of PostgreSQL's own.
    fn unknown(own: usize) -> Self {
        Self { own: vec![true; own], built_in: true, result: Operand::Any }
    }
}

/// The index of [`Typing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    types: HashMap<Oid, usize>,
    /// Types that initdb made, by name.
    pub(super) builtin_types: HashMap<String, Oid>,
    pub(super) arrays: HashMap<Oid, Oid>,
    casts: HashSet<(Oid, Oid)>,
    functions: HashMap<String, Vec<usize>>,
    pub(super) operators: HashMap<String, Vec<usize>>,
}

impl Index {
    pub(super) fn of(typing: &Typing) -> Self {
        let by_name = |list: &[BuiltIn]| {
            let mut index: HashMap<String, Vec<usize>> = HashMap::new();
            for (i, one) in list.iter().enumerate() {
                index.entry(one.name.clone()).or_default().push(i);
            }
            index
        };
        let system = typing.types.iter().filter(|t| t.oid < FIRST_NORMAL_OID && t.kind != 'c');
        Self {
            types: typing.types.iter().enumerate().map(|(i, t)| (t.oid, i)).collect(),
            builtin_types: system.map(|t| (t.name.clone(), t.oid)).collect(),
            arrays: typing.types.iter().filter(|t| t.element != 0).map(|t| (t.element, t.oid)).collect(),
            casts: typing.casts.iter().copied().collect(),
            functions: by_name(&typing.functions),
            operators: by_name(&typing.operators),
        }
    }
}

/// A candidate that takes the operands.
struct Candidate {
    takes: Vec<Oid>,
    /// Of those that PostgreSQL does not bring: which one.
    own: Option<usize>,
    result: Oid,
}

impl Catalog {
    pub fn type_facts(&self, oid: Oid) -> Option<&TypeFacts> {
        self.typing_index().types.get(&oid).and_then(|i| self.data().typing.types.get(*i))
    }

    /// What an operator of this name may mean: of `own` which, beside PostgreSQL's own.
    pub fn operator_meaning(&self, name: &str, own: &[Option<&Signature>], operands: &[Operand]) -> Meaning {
        let found = self.typing_index().operators.get(name).into_iter().flatten();
        let builtin: Vec<&Signature> = found.map(|i| &self.data().typing.operators[*i].signature).collect();
        // A literal beside a value is first taken for one of its type (`binary_oper_exact`).
        self.meaning(&builtin, own, operands, operands.len() == 2)
    }

    /// The same of a function.
    pub fn function_meaning(&self, name: &str, own: &[Option<&Signature>], operands: &[Operand]) -> Meaning {
        let found = self.typing_index().functions.get(name).into_iter().flatten();
        let builtin: Vec<&Signature> = found.map(|i| &self.data().typing.functions[*i].signature).collect();
        self.meaning(&builtin, own, operands, false)
    }

    /// The output arguments of PostgreSQL's own function of this name with so many arguments, if all such have the same.
    pub fn output_arguments(&self, name: &str, count: usize) -> Option<&[(String, Oid)]> {
        let found = self.typing_index().functions.get(name).into_iter().flatten();
        let named = found.map(|i| &self.data().typing.functions[*i]).filter(|f| f.signature.takes_count(count));
        let mut all = named.map(|f| f.out.as_slice());
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    }

    /// Whether it is one value, and no row of several.
    pub fn is_one_value(&self, operand: Operand) -> bool {
        self.known(operand).and_then(|ty| self.type_facts(self.below(ty))).is_some_and(|t| !matches!(t.kind, 'c' | 'p'))
    }

    /// Whether PostgreSQL has a function of this name that takes the same: it comes first, unless a path names `pg_catalog`
    /// behind another schema (`FuncnameGetCandidates`).
    pub fn is_hidden(&self, name: &str, own: &Signature) -> bool {
        let mut found = self.typing_index().functions.get(name).into_iter().flatten();
        let same = |s: &Signature| s.arguments == own.arguments && s.variadic == own.variadic && own.defaults == 0;
        found.any(|i| same(&self.data().typing.functions[*i].signature))
    }

    fn meaning(
        &self,
        builtin: &[&Signature],
        own: &[Option<&Signature>],
        operands: &[Operand],
        like_the_other: bool,
    ) -> Meaning {
        let several = operands.iter().position(|o| matches!(o, Operand::Among(_)));
        let many = operands.iter().filter(|o| matches!(o, Operand::Among(_))).count();
        let (Some(i), true) = (several, many <= MOST_TRIED) else {
            return self.meaning_of(builtin, own, operands, like_the_other);
        };
        let Operand::Among(types) = operands[i] else { return Meaning::unknown(own.len()) };
        let each = types.iter().map(|ty| {
            let mut one = operands.to_vec();
            one[i] = Operand::Of(Sure(*ty));
            self.meaning(builtin, own, &one, like_the_other)
        });
        each.reduce(|a, b| Meaning {
            own: a.own.iter().zip(&b.own).map(|(a, b)| *a || *b).collect(),
            built_in: a.built_in || b.built_in,
            result: if a.result == b.result { a.result } else { Operand::Any },
        })
        .unwrap_or_else(|| Meaning::unknown(own.len()))
    }

    fn meaning_of(
        &self,
        builtin: &[&Signature],
        own: &[Option<&Signature>],
        operands: &[Operand],
        like_the_other: bool,
    ) -> Meaning {
        let taken = |signature: &Signature, own: Option<usize>| {
            let takes = signature.taking(operands.len())?;
            let fits = takes.iter().zip(operands).all(|(to, from)| self.takes(*to, *from));
            fits.then_some(Candidate { takes, own, result: signature.result })
        };
        let unread = |i: usize| own.get(i).is_some_and(Option::is_none);
        let mut candidates: Vec<Candidate> = builtin.iter().filter_map(|s| taken(s, None)).collect();
        let built_in = !candidates.is_empty();
        let others = own.iter().enumerate().filter_map(|(i, s)| taken((*s)?, Some(i)));
        candidates.extend(others);
        let may: Vec<bool> = (0..own.len()).map(|i| unread(i) || candidates.iter().any(|c| c.own == Some(i))).collect();
        let known = operands.iter().all(|o| matches!(o, Operand::Of(_) | Operand::Over(_) | Operand::Literal));
        // Of several pseudo-types it is not worked out what they take beside each other, nor what a domain takes.
        let plain = |c: &Candidate| c.takes.iter().all(|ty| self.is_plain(*ty));
        let settled = |c: &Candidate| {
            let mut others = c.takes.iter().zip(operands).filter(|(ty, _)| !self.is_plain(**ty));
            match (others.next(), others.next()) {
                (None, _) => true,
                (Some((ty, given)), None) => self.is_polymorphic(*ty) && self.known(*given).is_some(),
                _ => false,
            }
        };
        let sound = known && candidates.iter().all(|c| c.own.is_none() || plain(c)) && !(0..own.len()).any(unread);
        let all_alike = || {
            let mut results = candidates.iter().map(|c| self.gives(c, operands));
            let first = results.next().unwrap_or(Operand::Any);
            if results.all(|other| other == first) { first } else { Operand::Any }
        };
        if !sound {
            let result = if may.contains(&true) { Operand::Any } else { all_alike() };
            return Meaning { own: may, built_in, result };
        }
        match self.chosen(&candidates, operands, like_the_other) {
            Some(one) if settled(one) && candidates.iter().all(|c| c.own.is_none() || c.takes != one.takes) => {
                Meaning { own: vec![false; own.len()], built_in, result: self.gives(one, operands) }
            }
            _ if !may.contains(&true) => Meaning { own: may, built_in, result: all_alike() },
            _ => Meaning { own: may, built_in, result: Operand::Any },
        }
    }

    /// What a candidate gives: of a polymorphic one it is said by what it is given (`enforce_generic_type_consistency`).
    fn gives(&self, one: &Candidate, operands: &[Operand]) -> Operand {
        let name = |ty: Oid| self.type_facts(ty).map_or("", |t| t.name.as_str());
        let given = |names: &[&str]| {
            let at = one.takes.iter().position(|ty| names.contains(&name(*ty)));
            at.and_then(|at| operands.get(at)).copied()
        };
        let (element, array) = (given(&["anyelement", "anynonarray", "anyenum"]), given(&["anyarray"]));
        match (name(one.result), element, array) {
            _ if self.is_plain(one.result) => self.operand_of(one.result),
            ("record", ..) => Operand::Row,
            ("anyelement" | "anynonarray" | "anyenum", Some(of @ (Operand::Of(_) | Operand::Over(_))), _) => of,
            ("anyelement" | "anynonarray" | "anyenum", None, Some(array)) => self.element_of(array),
            // Of a domain over an array it is that array.
            ("anyarray", _, Some(Operand::Of(array) | Operand::Over(array))) => Operand::Of(array),
            ("anyarray", Some(of), None) => self.array_of(of),
            ("anycompatible" | "anycompatiblenonarray", ..) => self.made_alike(one, operands),
            ("anycompatiblearray", ..) => self.array_of(self.made_alike(one, operands)),
            _ => Operand::Any,
        }
    }

    /// What PostgreSQL makes all that it is given as `anycompatible`, and elements of arrays of such.
    fn made_alike(&self, one: &Candidate, operands: &[Operand]) -> Operand {
        let part = |(ty, given): (&Oid, &Operand)| match self.type_facts(*ty).map_or("", |t| t.name.as_str()) {
            "anycompatible" | "anycompatiblenonarray" => Some(*given),
            "anycompatiblearray" => Some(self.element_of(*given)),
            "anycompatiblerange" | "anycompatiblemultirange" => Some(Operand::Any),
            _ => None,
        };
        self.common(one.takes.iter().zip(operands).filter_map(part))
    }

    /// The built-in one that PostgreSQL chooses, if it surely is one.
    fn chosen<'c>(&self, all: &'c [Candidate], operands: &[Operand], like_the_other: bool) -> Option<&'c Candidate> {
        let exact = |types: &[Oid]| all.iter().find(|c| c.takes == types && c.own.is_none());
        let types: Vec<Oid> = operands.iter().filter_map(|o| self.known(*o)).collect();
        let alone = match types[..] {
            [one] if like_the_other && operands.len() == 2 => Some(one),
            _ => None,
        };
        // Of two of one type PostgreSQL takes the database's own before it looks at any other (`binary_oper_exact`): of the
        // type itself, or where that is a domain, of the one below it.
        let own_of = |c: &Candidate, one: Oid| match c.takes[..] {
            [a, b] => c.own.is_some() && a == b && self.below(a) == one,
            _ => false,
        };
        if alone.is_some_and(|one| all.iter().any(|c| own_of(c, one))) {
            return None;
        }
        let same = match alone {
            Some(one) => exact(&[one, one]),
            None if types.len() == operands.len() => exact(&types),
            None => None,
        };
        same.or_else(|| self.selected(all, operands)).filter(|c| c.own.is_none())
    }

    /// `func_select_candidate` of PostgreSQL's parser.
    fn selected<'c>(&self, all: &'c [Candidate], operands: &[Operand]) -> Option<&'c Candidate> {
        let inputs: Vec<Option<Oid>> = operands.iter().map(|o| self.known(*o)).collect();
        let exact = |c: &Candidate, i: usize, ty: Oid| c.takes.get(i) == Some(&ty);
        let near = |c: &Candidate, i: usize, ty: Oid| {
            exact(c, i, ty) || c.takes.get(i).is_some_and(|to| self.preferred(*to) == Some(self.category(ty)))
        };
        let count = |c: &Candidate, test: &dyn Fn(&Candidate, usize, Oid) -> bool| {
            inputs.iter().enumerate().filter(|(i, ty)| ty.is_some_and(|ty| test(c, *i, ty))).count()
        };
        let mut left = most(all.iter().collect(), |c| count(c, &exact));
        if left.len() > 1 {
            left = most(left, |c| count(c, &near));
        }
        if left.len() <= 1 {
            return left.pop();
        }
        let unknown: Vec<usize> = (0..inputs.len()).filter(|i| inputs[*i].is_none()).collect();
        if unknown.is_empty() {
            return None;
        }
        let slots: Option<Vec<(usize, char, bool)>> = unknown
            .iter()
            .map(|i| self.slot(&left, *i).map(|(category, preferred)| (*i, category, preferred)))
            .collect();
        if let Some(slots) = slots {
            let fits = |c: &&Candidate| {
                slots.iter().all(|(i, category, preferred)| {
                    let to = c.takes.get(*i).copied().unwrap_or_default();
                    self.category(to) == *category && (!preferred || self.preferred(to).is_some())
                })
            };
            let kept: Vec<&Candidate> = left.iter().copied().filter(fits).collect();
            if !kept.is_empty() {
                left = kept;
            }
            if left.len() == 1 {
                return left.pop();
            }
        }
        let known: HashSet<Oid> = inputs.iter().flatten().copied().collect();
        let one = known.iter().next().filter(|_| known.len() == 1)?;
        left.retain(|c| c.takes.iter().all(|to| self.becomes(*one, *to)));
        left.pop().filter(|_| left.is_empty())
    }

    /// The category of a literal among these, and whether one takes its preferred type; `None`: they do not agree.
    fn slot(&self, left: &[&Candidate], i: usize) -> Option<(char, bool)> {
        let mut so_far: Option<(char, bool)> = None;
        let mut conflict = false;
        for c in left {
            let to = c.takes.get(i).copied()?;
            let (category, preferred) = (self.category(to), self.preferred(to).is_some());
            so_far = match so_far {
                None => Some((category, preferred)),
                Some((before, was)) if before == category => Some((before, was || preferred)),
                // Strings win, whatever else there is.
                Some(_) if category == 'S' => Some((category, preferred)),
                other => {
                    conflict = true;
                    other
                }
            };
        }
        so_far.filter(|(category, _)| !conflict || *category == 'S')
    }

    /// Whether an argument of this type takes such a value, as it is or by casts that PostgreSQL applies by itself
    /// (`can_coerce_type`).
    pub(super) fn takes(&self, to: Oid, from: Operand) -> bool {
        match from {
            Operand::Any | Operand::Literal => true,
            Operand::Among(list) => list.iter().any(|ty| self.becomes(*ty, to)),
            Operand::Of(Sure(ty)) | Operand::Over(Sure(ty)) | Operand::ArrayOver(Sure(ty)) => self.becomes(ty, to),
            Operand::Row => self.row_becomes(to),
        }
    }

    /// Rows become each other, `record`, and what some row is cast to.
    fn row_becomes(&self, to: Oid) -> bool {
        let to = self.below(to);
        let casts = || {
            let mut all = self.data().typing.casts.iter().filter(|(_, target)| *target == to);
            all.any(|(source, _)| self.type_facts(*source).is_none_or(|t| !matches!(t.kind, 'b' | 'e' | 'r' | 'm')))
        };
        self.type_facts(to).is_none_or(|t| matches!(t.kind, 'c' | 'p')) || casts()
    }

    pub(super) fn becomes(&self, from: Oid, to: Oid) -> bool {
        let (from, to) = (self.below(from), self.below(to));
        let (Some(source), Some(target)) = (self.type_facts(from), self.type_facts(to)) else { return true };
        if from == to || self.typing_index().casts.contains(&(from, to)) {
            return true;
        }
        if target.kind == 'p' {
            return match &*target.name {
                "anyarray" | "anycompatiblearray" => source.element != 0,
                "anynonarray" | "anycompatiblenonarray" => source.element == 0,
                "anyenum" => source.kind == 'e',
                "anyrange" | "anycompatiblerange" => source.kind == 'r',
                "anymultirange" | "anycompatiblemultirange" => source.kind == 'm',
                "cstring" | "internal" | "trigger" | "event_trigger" | "language_handler" => false,
                _ => true,
            };
        }
        // Arrays become each other as their elements do.
        source.element != 0 && target.element != 0 && self.becomes(source.element, target.element)
    }

    fn known(&self, operand: Operand) -> Option<Oid> {
        match operand {
            Operand::Of(Sure(ty)) | Operand::Over(Sure(ty)) => Some(ty),
            _ => None,
        }
    }

    /// A type without pseudo-types and domains in it.
    fn is_plain(&self, ty: Oid) -> bool {
        self.type_facts(ty)
            .is_some_and(|t| !matches!(t.kind, 'p' | 'd') && (t.element == 0 || self.is_plain(t.element)))
    }

    /// A pseudo-type that the value alone settles which it is given (manual, 38.2.5).
    fn is_polymorphic(&self, ty: Oid) -> bool {
        let name = self.type_facts(ty).map_or("", |t| t.name.as_str());
        matches!(name, "anyelement" | "anynonarray" | "anyarray" | "anyenum" | "anyrange" | "anymultirange")
    }

    /// The type below all domains.
    pub(super) fn below(&self, mut ty: Oid) -> Oid {
        while let Some(facts) = self.type_facts(ty).filter(|t| t.kind == 'd' && t.over != 0) {
            ty = facts.over;
        }
        ty
    }

    pub(super) fn category(&self, ty: Oid) -> char {
        self.type_facts(ty).map_or('U', |t| t.category)
    }

    /// The category that it is a preferred type of.
    pub(super) fn preferred(&self, ty: Oid) -> Option<char> {
        self.type_facts(ty).filter(|t| t.preferred).map(|t| t.category)
    }
}

/// Those with the highest count.
fn most(all: Vec<&Candidate>, count: impl Fn(&Candidate) -> usize) -> Vec<&Candidate> {
    let counted: Vec<(usize, &Candidate)> = all.into_iter().map(|c| (count(c), c)).collect();
    let best = counted.iter().map(|(n, _)| *n).max().unwrap_or_default();
    counted.into_iter().filter(|(n, _)| *n == best).map(|(_, c)| c).collect()
}
