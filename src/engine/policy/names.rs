//! Names in a policy follow SQL's quoting rules: unquoted parts fold to lower case, `"Odd ""Name"""` stays as it is,
//! parts are joined by dots, and a part is cut at 63 bytes as PostgreSQL cuts it. Knows no catalog.

use super::super::catalog::QualifiedName;
use super::super::names::truncated;

/// Schema of a table that is named without one.
pub const DEFAULT_SCHEMA: &str = "public";

/// Splits a dotted SQL name into its parts. The error says what is wrong with it, for people.
pub fn parts(text: &str) -> Result<Vec<String>, String> {
    let mut rest = text.trim();
    let mut found = Vec::new();
    loop {
        let (part, after) = part(rest)?;
        found.push(part);
        let after = after.trim_start();
        if after.is_empty() {
            return Ok(found);
        }
        rest = after
            .strip_prefix('.')
            .ok_or_else(|| format!("unexpected `{after}` after a name; quote names with other characters"))?
            .trim_start();
    }
}

/// A column or other name of one part.
pub fn single(text: &str) -> Result<String, String> {
    match <[String; 1]>::try_from(parts(text)?) {
        Ok([name]) => Ok(name),
        Err(_) => Err("one name is expected, without dots".into()),
    }
}

/// A table, function or other name of one or two parts; one part alone means the schema `public`.
pub fn qualified(text: &str) -> Result<QualifiedName, String> {
    let mut parts = parts(text)?.into_iter();
    match (parts.next(), parts.next(), parts.next()) {
        (Some(name), None, _) => Ok(QualifiedName::new(DEFAULT_SCHEMA, name)),
        (Some(schema), Some(name), None) => Ok(QualifiedName::new(schema, name)),
        _ => Err("a name of the form schema.name is expected".into()),
    }
}

/// `table.column` or `schema.table.column`.
pub fn column_of_table(text: &str) -> Result<(QualifiedName, String), String> {
    let mut parts = parts(text)?;
    let column = parts.pop().unwrap_or_default();
    match <[String; 2]>::try_from(parts) {
        Ok([schema, name]) => Ok((QualifiedName::new(schema, name), column)),
        Err(mut parts) if parts.len() == 1 => Ok((QualifiedName::new(DEFAULT_SCHEMA, parts.remove(0)), column)),
        Err(_) => Err("a column of the form schema.table.column is expected".into()),
    }
}

fn part(text: &str) -> Result<(String, &str), String> {
    match text.strip_prefix('"') {
        Some(quoted) => quoted_part(quoted),
        None => unquoted_part(text),
    }
}

fn quoted_part(text: &str) -> Result<(String, &str), String> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"').ok_or("a quoted name is not closed")?;
        name.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None if name.is_empty() => return Err("a quoted name is empty".into()),
            None => return Ok((truncated(name), after)),
        }
    }
}

fn unquoted_part(text: &str) -> Result<(String, &str), String> {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    let goes_on = |c: char| starts(c) || c.is_ascii_digit() || c == '$';
    if !text.starts_with(starts) {
        return Err(match text.chars().next() {
            None => "a name is empty".into(),
            Some(c) => format!("a name cannot start with `{c}`; quote it as \\\"…\\\" if it does"),
        });
    }
    let end = text.find(|c| !goes_on(c)).unwrap_or(text.len());
    // PostgreSQL folds only ASCII letters in a UTF-8 database.
    Ok((truncated(text[..end].to_ascii_lowercase()), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_and_quoting() {
        assert_eq!(parts("Public.Customers"), Ok(vec!["public".into(), "customers".into()]));
        assert_eq!(parts(r#"public."Odd ""Name""""#), Ok(vec!["public".into(), r#"Odd "Name""#.into()]));
        assert_eq!(parts(r#" a . "b.c" "#), Ok(vec!["a".into(), "b.c".into()]));
        assert_eq!(single("Ärger"), Ok("Ärger".into()), "only ASCII folds");
    }

    #[test]
    fn default_schema() {
        assert_eq!(qualified("customers"), Ok(QualifiedName::new("public", "customers")));
        assert_eq!(column_of_table("orders.id"), Ok((QualifiedName::new("public", "orders"), "id".into())));
        assert_eq!(column_of_table("s.orders.id"), Ok((QualifiedName::new("s", "orders"), "id".into())));
    }

    #[test]
    fn cut_at_63_bytes() {
        assert_eq!(single(&"a".repeat(70)), Ok("a".repeat(63)));
        assert_eq!(single(&"é".repeat(40)), Ok("é".repeat(31)), "never inside a character");
    }

    #[test]
    fn refused() {
        for text in ["", ".", "a.", "a b", "a.b.c.d", r#""a"#, r#""""#, "a-b", "1a", "a;b"] {
            assert!(qualified(text).is_err(), "{text}");
        }
        assert!(column_of_table("id").is_err());
    }
}
