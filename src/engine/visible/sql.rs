//! Small pieces of SQL text: qualified columns, types, operators, conjunctions, names that cannot be captured.
//!
//! Every operator is written `OPERATOR(pg_catalog.…)`, every type and function with its schema, so that no `search_path`
//! can give the text another meaning. Knows no policy.

use crate::engine::catalog::{Column, ColumnType, Oid, quote_ident, quote_literal};

/// The statement's own time (contract, section 1 "Live"): stable within a statement, not within a transaction.
pub const NOW: &str = "pg_catalog.statement_timestamp()";

/// A quoted identifier.
pub fn quoted(name: &str) -> String {
    quote_ident(name)
}

/// `alias."name"`.
pub fn column(alias: &str, name: &str) -> String {
    format!("{alias}.{}", quote_ident(name))
}

/// `(left OPERATOR(pg_catalog.op) right)`: in brackets, as all operators written so bind alike.
pub fn op(left: &str, operator: &str, right: &str) -> String {
    format!("({left} OPERATOR(pg_catalog.{operator}) {right})")
}

/// A `text` literal.
pub fn text(value: &str) -> String {
    format!("{}::pg_catalog.text", quote_literal(value))
}

/// All of `conditions`; `true` when there are none.
pub fn all(conditions: &[String]) -> String {
    joined(conditions, " AND ", "true")
}

/// Any of `conditions`; `false` when there are none.
pub fn any(conditions: &[String]) -> String {
    joined(conditions, " OR ", "false")
}

fn joined(conditions: &[String], word: &str, empty: &str) -> String {
    match conditions {
        [] => empty.to_owned(),
        [one] => one.clone(),
        many => format!("({})", many.join(word)),
    }
}

/// `pg_collation.oid` of `"default"`, which yields to any other.
pub const DEFAULT_COLLATION: Oid = 100;

/// Words with which the grammar itself starts the name of a built-in type: no `search_path` can redirect them.
const GRAMMAR_TYPES: [&str; 14] = [
    "bigint",
    "bit",
    "boolean",
    "character",
    "dec",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "interval",
    "numeric",
    "real",
    "smallint",
];

/// The column's exact type, modifier included, as a cast target: `character varying(32)`, `pg_catalog.uuid`.
pub fn type_sql(ty: &ColumnType) -> String {
    let sql = ty.sql.as_str();
    let word = sql.split([' ', '(', '[']).next().unwrap_or(sql);
    let time = matches!(word, "time" | "timestamp");
    if time || GRAMMAR_TYPES.contains(&word) || schema_of(sql).is_some() {
        sql.to_owned()
    } else {
        format!("pg_catalog.{sql}")
    }
}

/// What stands before a dot outside of quotes and before any bracket: `"odd.s"` of `"odd.s".t`; nothing of `"odd.name"`.
fn schema_of(sql: &str) -> Option<&str> {
    let mut quoted = false;
    for (at, c) in sql.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => return sql.get(..at),
            '(' | '[' if !quoted => return None,
            _ => {}
        }
    }
    None
}

/// Whether the type is a domain over another.
pub fn is_domain(ty: &ColumnType) -> bool {
    ty.name != ty.base
}

/// Types whose values are read and compared as text.
pub fn is_text(ty: &ColumnType) -> bool {
    matches!(ty.base.as_str(), "text" | "varchar" | "bpchar" | "name" | "citext")
}

/// The column as `text`, compared byte by byte.
pub fn as_text(alias: &str, of: &Column) -> String {
    text_of(&column(alias, &of.name), &of.ty)
}

fn text_of(value: &str, ty: &ColumnType) -> String {
    match ty.base.as_str() {
        "text" | "varchar" if ty.deterministic && !is_domain(ty) => value.to_owned(),
        _ if ty.deterministic => format!("{value}::pg_catalog.text"),
        _ => format!("({value}::pg_catalog.text COLLATE pg_catalog.\"C\")"),
    }
}

/// `left = right` for two columns that hold the same key.
pub fn same_key(left: (&str, &Column), right: (&str, &Column)) -> String {
    let bare = |(alias, of): (&str, &Column)| column(alias, &of.name);
    same_value((&bare(left), &left.1.ty), (&bare(right), &right.1.ty))
}

/// `left = right` for two keys, each with its type: as stored where PostgreSQL can compare their types (so that indexes
/// serve), else as text.
pub fn same_value(left: (&str, &ColumnType), right: (&str, &ColumnType)) -> String {
    let (a, b) = (left.1, right.1);
    if clash(a, b) {
        let byte_by_byte = |value: &str| format!("({value}::pg_catalog.text COLLATE pg_catalog.\"C\")");
        return op(&byte_by_byte(left.0), "=", &byte_by_byte(right.0));
    }
    if !comparable(a, b) {
        return op(&text_of(left.0, a), "=", &text_of(right.0, b));
    }
    match (operators(a), operators(b)) {
        (Operators::Beside(schema), _) | (_, Operators::Beside(schema)) => {
            format!("({} OPERATOR({schema}.=) {})", left.0, right.0)
        }
        (Operators::Unknown, _) | (_, Operators::Unknown) => {
            let lower =
                |value: &str| format!("pg_catalog.lower({value}::pg_catalog.text COLLATE pg_catalog.\"default\")");
            op(&lower(left.0), "=", &lower(right.0))
        }
        (Operators::BuiltIn, Operators::BuiltIn) => op(left.0, "=", right.0),
    }
}

/// Whether PostgreSQL cannot tell by which of two collations to compare, and says so of every row (42P22).
fn clash(left: &ColumnType, right: &ColumnType) -> bool {
    let own = |ty: &ColumnType| !matches!(ty.collation, 0 | DEFAULT_COLLATION);
    own(left) && own(right) && left.collation != right.collation
}

/// Where the operators of a type stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operators<'t> {
    /// In `pg_catalog`.
    BuiltIn,
    /// In this schema, beside a base type of an extension such as citext. `pg_catalog` has none for it, or those of a type
    /// that it can be cast to, which tell apart what is equal.
    Beside(&'t str),
    /// A domain over citext: somewhere.
    Unknown,
}

pub fn operators(ty: &ColumnType) -> Operators<'_> {
    match (is_domain(ty), ty.kind) {
        (true, _) if ty.base == "citext" => Operators::Unknown,
        // An array compares as its elements do.
        (false, 'b') if !ty.base.starts_with('_') => schema_of(&ty.sql).map_or(Operators::BuiltIn, Operators::Beside),
        _ => Operators::BuiltIn,
    }
}

/// Whether two values of `left` are in one group of GROUP BY exactly when they equal ([`same_key`]) the same values of
/// `right`: types whose only equality is `pg_catalog`'s.
pub fn groups_as_equal(left: &ColumnType, right: &ColumnType) -> bool {
    let plain = |ty: &ColumnType| {
        ty.deterministic
            && matches!(ty.base.as_str(), "int2" | "int4" | "int8" | "numeric" | "uuid" | "text" | "varchar")
    };
    plain(left) && plain(right) && comparable(left, right)
}

fn comparable(left: &ColumnType, right: &ColumnType) -> bool {
    let family = |ty: &ColumnType| match ty.base.as_str() {
        "int2" | "int4" | "int8" | "numeric" => "number".to_owned(),
        "text" | "varchar" => "text".to_owned(),
        other => other.to_owned(),
    };
    family(left) == family(right)
}

/// Aliases for relations inside of emitted text. None of them is, or is contained in, the alias of the outer relation,
/// so neither can capture the other's columns.
pub struct Names {
    prefix: String,
}

impl Names {
    /// `outer` is the quoted alias that the stored columns are qualified with.
    pub fn beside(outer: &str) -> Self {
        let mut prefix = "consentry_in".to_owned();
        while outer.contains(&prefix) {
            prefix.push('n');
        }
        Self { prefix }
    }

    /// The quoted alias for one use: `consent`, `hop1`, …
    pub fn alias(&self, of: &str) -> String {
        quote_ident(&format!("{}_{of}", self.prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(sql: &str) -> String {
        type_sql(&ColumnType {
            sql: sql.into(),
            name: String::new(),
            base: String::new(),
            kind: 'b',
            length: None,
            oid: 0,
            typmod: -1,
            deterministic: true,
            collation: 0,
        })
    }

    #[test]
    fn types_are_what_they_are_under_any_search_path() {
        for sql in [
            "character varying(32)",
            "timestamp(3) with time zone",
            "numeric(12,2)[]",
            "public.mood",
            "\"Odd.s\".\"t\"",
        ] {
            assert_eq!(named(sql), sql);
        }
        for sql in ["text", "text[]", "uuid", "\"char\"", "bpchar", "date", "\"odd.name\"", "jsonb"] {
            assert_eq!(named(sql), format!("pg_catalog.{sql}"));
        }
    }

    #[test]
    fn inner_aliases_are_never_the_outer_one() {
        for outer in ["\"t\"", "\"consentry_in\"", "\"consentry_in_consent\"", "\"consentry_inn_consent\""] {
            assert_ne!(Names::beside(outer).alias("consent"), outer);
        }
    }
}
