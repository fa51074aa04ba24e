//! Which types are in which, and which casts of the database's own may so run where a value of a type is used: those of the
//! types that can be got out of it, and be made of it (`lower(range)`, `array_agg(value)`).

use std::collections::{HashMap, HashSet};

use super::overloads::TypeFacts;
use super::{Cast, Catalog, CatalogData, Oid};

/// By the names of types, in any schema: casts that call what neither initdb nor an extension made, by their index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ValueCasts {
    used: HashMap<String, Vec<usize>>,
    stored: HashMap<String, Vec<usize>>,
}

impl ValueCasts {
    pub(super) fn of(data: &CatalogData) -> Self {
        let calls = |(_, c): &(usize, &Cast)| c.function.is_some() && (c.source_is_own || c.target_is_own);
        let casts: Vec<(usize, &Cast)> = data.casts.iter().enumerate().filter(calls).collect();
        let mut found = Self::default();
        if casts.is_empty() {
            return found;
        }
        let types = TypeParts::of(&data.typing.types);
        for ty in &data.typing.types {
            let (inside, near) = (types.reached([ty], TypeParts::parts), types.reached([ty], TypeParts::near));
            let used = |c: &Cast| {
                let source = c.source_is_own && near.contains(&*c.source.name);
                source || c.unwritten && c.target_is_own && near.contains(&*c.target.name)
            };
            let stored = |c: &Cast| c.unwritten && c.target_is_own && inside.contains(&*c.target.name);
            add(&mut found.used, &ty.name, casts.iter().filter(|(_, c)| used(c)));
            add(&mut found.stored, &ty.name, casts.iter().filter(|(_, c)| stored(c)));
        }
        found
    }

    pub(super) fn used(&self, name: &str) -> impl Iterator<Item = usize> {
        self.used.get(name).into_iter().flatten().copied()
    }

    pub(super) fn stored(&self, name: &str) -> impl Iterator<Item = usize> {
        self.stored.get(name).into_iter().flatten().copied()
    }
}

fn add<'c>(to: &mut HashMap<String, Vec<usize>>, name: &str, casts: impl Iterator<Item = &'c (usize, &'c Cast)>) {
    for (i, _) in casts {
        let list = to.entry(name.to_owned()).or_default();
        if !list.contains(i) {
            list.push(*i);
        }
    }
}

/// What types are made of.
#[derive(Debug)]
pub struct TypeParts<'c> {
    by_oid: HashMap<Oid, &'c TypeFacts>,
    by_name: HashMap<&'c str, Vec<&'c TypeFacts>>,
    /// Arrays and multiranges, by what they are of.
    many: HashMap<Oid, Vec<&'c TypeFacts>>,
}

impl Catalog {
    /// What the types of the database are made of.
    pub fn type_parts(&self) -> TypeParts<'_> {
        TypeParts::of(&self.data.typing.types)
    }
}

impl<'c> TypeParts<'c> {
    fn of(types: &'c [TypeFacts]) -> Self {
        let mut many: HashMap<Oid, Vec<&TypeFacts>> = HashMap::new();
        let mut by_name: HashMap<&str, Vec<&TypeFacts>> = HashMap::new();
        for ty in types {
            by_name.entry(&ty.name).or_default().push(ty);
            let of = Some(ty.element).filter(|element| *element != 0).into_iter();
            for one in of.chain(ty.parts.iter().copied().filter(|_| ty.kind == 'm')) {
                many.entry(one).or_default().push(ty);
            }
        }
        Self { by_oid: types.iter().map(|t| (t.oid, t)).collect(), by_name, many }
    }

    /// The names of all types in values of the types of this name, of any schema; their own too.
    pub fn inside(&self, name: &str) -> HashSet<&'c str> {
        self.reached(self.by_name.get(name).into_iter().flatten().copied(), Self::parts)
    }

    fn parts(&self, ty: &TypeFacts) -> Vec<&'c TypeFacts> {
        let own = [ty.element, ty.over];
        own.iter().chain(&ty.parts).filter_map(|oid| self.by_oid.get(oid).copied()).collect()
    }

    /// The types in its values, and those that are made of many such values.
    fn near(&self, ty: &TypeFacts) -> Vec<&'c TypeFacts> {
        let mut near = self.parts(ty);
        near.extend(self.many.get(&ty.oid).into_iter().flatten());
        near
    }

    fn reached(
        &self,
        from: impl IntoIterator<Item = &'c TypeFacts>,
        next: impl Fn(&Self, &TypeFacts) -> Vec<&'c TypeFacts>,
    ) -> HashSet<&'c str> {
        let mut left: Vec<&TypeFacts> = from.into_iter().collect();
        let mut seen: HashSet<Oid> = left.iter().map(|ty| ty.oid).collect();
        let mut names = HashSet::new();
        while let Some(ty) = left.pop() {
            names.insert(ty.name.as_str());
            left.extend(next(self, ty).into_iter().filter(|t| seen.insert(t.oid)));
        }
        names
    }
}
