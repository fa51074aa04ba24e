//! Types, and what PostgreSQL runs when a value becomes one of another.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use super::{Catalog, CatalogData, ColumnType, FIRST_NORMAL_OID, Oid, QualifiedName};

/// A type outside `pg_catalog` (enum, domain, composite, range, base), without the row types of tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserType {
    pub oid: Oid,
    pub name: QualifiedName,
    /// `pg_type.typtype`.
    pub kind: char,
    #[serde(default)]
    pub extension: Option<String>,
    /// An enum's labels, in order.
    #[serde(default)]
    pub labels: Vec<String>,
    /// A domain's checks as `pg_get_expr` prints them (the value is `VALUE`), with those of the domains below it.
    #[serde(default)]
    pub checks: Vec<String>,
    /// Columns of it without a default of their own are filled by its own.
    #[serde(default)]
    pub has_default: bool,
}

/// A function that runs when a value becomes one of a type: of a cast, or of the check or the default of a domain in it.
/// Neither initdb nor an extension made it, or it does more than compute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeFunction {
    /// The type's OID; it may be a built-in one, or a table's row.
    pub oid: Oid,
    pub name: QualifiedName,
    pub function: QualifiedName,
    /// Of a function that an extension brings, which a check calls.
    #[serde(default)]
    pub extension: Option<String>,
}

/// A cast that initdb did not make and that runs something, which may fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cast {
    pub source: QualifiedName,
    pub target: QualifiedName,
    /// Whether initdb did not make the type; in whatever schema it is.
    pub source_is_own: bool,
    pub target_is_own: bool,
    /// PostgreSQL applies it where none is written: everywhere, or where a value is stored or a condition is tested.
    pub unwritten: bool,
    /// What it runs, where that is neither PostgreSQL's nor an extension's.
    #[serde(default)]
    pub function: Option<QualifiedName>,
}

/// In front of the class of a type that bears a built-in one's name: no built-in type is called so.
const OWN: &str = "own ";

impl Catalog {
    /// What a column's type is called where types are told apart: by the name of the type below its domains
    /// (`ColumnType::base`), where that is the built-in one's, or nobody else's.
    pub fn class_of(&self, ty: &ColumnType) -> String {
        let index = self.typing_index();
        let taken = self.below(ty.oid) >= FIRST_NORMAL_OID && index.builtin_types.contains_key(&ty.base);
        if taken { format!("{OWN}{}", ty.base) } else { ty.base.clone() }
    }

    /// Whether values of a type can be grouped by.
    pub fn has_equality(&self, ty: Oid) -> bool {
        self.type_facts(self.below(ty)).is_some_and(|facts| match facts.kind {
            'c' => facts.parts.iter().all(|column| self.has_equality(*column)),
            'b' if facts.element != 0 => self.has_equality(facts.element),
            'b' => facts.equality,
            'e' | 'r' | 'm' => true,
            _ => false,
        })
    }

    /// Types outside `pg_catalog` with this name, in any schema.
    pub fn types_named(&self, name: &str) -> impl Iterator<Item = &UserType> {
        self.types.get(name).into_iter().flatten().map(|i| &self.data.types[*i])
    }

    /// What runs when a value becomes one of a type of this name, in any schema.
    pub fn type_functions_named(&self, name: &str) -> impl Iterator<Item = &TypeFunction> {
        self.type_functions.get(name).into_iter().flatten().map(|i| &self.data.type_functions[*i])
    }

    /// Casts to types of this name that initdb did not make, in any schema.
    pub fn casts_to(&self, name: &str) -> impl Iterator<Item = &Cast> {
        self.data.casts.iter().filter(move |c| c.target.name == name)
    }

    /// Casts that may run where a value of a type of this name is used: those of its own, and those of other values to it
    /// that PostgreSQL applies where none is written; also for parts of it, and for arrays and multiranges of it.
    pub fn casts_of_values(&self, class: &str) -> impl Iterator<Item = &Cast> {
        self.value_casts.used(class.strip_prefix(OWN).unwrap_or(class)).map(|i| &self.data.casts[i])
    }

    /// Casts that PostgreSQL applies where none is written when something is stored in a column of a type of this name, or
    /// in a part of it.
    pub fn casts_stored(&self, class: &str) -> impl Iterator<Item = &Cast> {
        self.value_casts.stored(class.strip_prefix(OWN).unwrap_or(class)).map(|i| &self.data.casts[i])
    }

    /// Casts between built-in types that PostgreSQL applies where none is written: anywhere.
    pub fn casts_anywhere(&self) -> impl Iterator<Item = &Cast> {
        self.data.casts.iter().filter(|c| c.unwritten && !c.source_is_own && !c.target_is_own)
    }
}

/// A digest of what the type of an expression follows from: relations' columns and their types, and which functions,
/// operators and types there are (what one gives stays the same while it is there). Built-in ones never change.
pub(super) fn digest(data: &CatalogData) -> u64 {
    let mut digest = DefaultHasher::new();
    for relation in &data.relations {
        (relation.oid, &relation.name).hash(&mut digest);
        relation.columns.iter().for_each(|c| (&c.name, c.ty.oid, c.ty.typmod).hash(&mut digest));
    }
    data.functions.iter().for_each(|f| (f.oid, &f.name).hash(&mut digest));
    data.operators.iter().for_each(|o| (o.oid, &o.name).hash(&mut digest));
    data.types.iter().for_each(|t| (t.oid, &t.name).hash(&mut digest));
    digest.finish()
}
