//! Types of `pg_catalog` that a cast or a column definition may name.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::list::sections;

/// What a cast to a built-in type does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeClass {
    /// Computes from the value only.
    Pure,
    /// Looks up the name of an object (`regclass`, `regproc`, …).
    Metadata,
}

static TYPES: LazyLock<HashMap<&'static str, TypeClass>> = LazyLock::new(|| {
    let mut types = HashMap::new();
    for section in sections(include_str!("types.list")) {
        let class = match section.kind {
            "pure" => TypeClass::Pure,
            "metadata" => TypeClass::Metadata,
            _ => continue,
        };
        types.extend(section.words.iter().map(|word| (word.name, class)));
    }
    types
});

/// The class of the type `pg_catalog.name` (`pg_type.typname`: `int4`, not `integer`), or of the array type `_name`;
/// `None`: unknown or a pseudo-type, to be refused.
pub fn builtin_type(name: &str) -> Option<TypeClass> {
    TYPES.get(name).or_else(|| TYPES.get(name.strip_prefix('_')?)).copied()
}

/// The name of such a type that is no array, as this list has it.
pub fn builtin_type_name(name: &str) -> Option<&'static str> {
    TYPES.get_key_value(name).map(|(name, _)| *name)
}
