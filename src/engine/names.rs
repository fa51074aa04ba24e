//! Names inside text: `schema.name` in a `regclass` literal, the list in `search_path`, folded and unquoted as
//! PostgreSQL does it.

use pg_query::protobuf::KeywordKind;

use super::catalog::quote_ident;

/// `"Odd".name` as `["Odd", "name"]`; `None` when it is not a dotted list of identifiers.
pub fn split(text: &str) -> Option<Vec<String>> {
    parts(text, '.')
}

/// A `search_path` value as schema names.
pub fn split_path(text: &str) -> Option<Vec<String>> {
    if text.trim_matches(is_space).is_empty() { Some(Vec::new()) } else { parts(text, ',') }
}

/// Whether a schema is a session's own for temporary relations, in whatever spelling: PostgreSQL takes `pg_temp_5` for
/// `pg_temp` where it is the session's.
pub fn is_temporary_schema(name: &str) -> bool {
    name == "pg_temp" || name.starts_with("pg_temp_")
}

/// Whether a schema is that of some session's temporary relations, by its number: this session's or another's, or none's.
pub fn is_numbered_temporary_schema(name: &str) -> bool {
    let number = name.strip_prefix("pg_temp_");
    number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a client may have this `search_path`. Names are made in its first schema, and looked up in its order: where
/// temporary relations are in it at all, they stand last.
pub fn is_searchable(path: &[String]) -> bool {
    let temporary = |name: &str| name.starts_with("pg_temp") || name.starts_with("pg_toast");
    match path.split_last() {
        None => true,
        Some((last, others)) => {
            let stands_last = last == "pg_temp" && !others.is_empty();
            !others.iter().any(|s| temporary(s)) && (!temporary(last) || stands_last)
        }
    }
}

/// What PostgreSQL takes for white space between names (`scanner_isspace`). Anything else, a no-break space say, is part
/// of a name.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

/// NAMEDATALEN - 1: longer names are cut at a character border (PostgreSQL manual, 4.1.1).
const MAX_NAME: usize = 63;

fn parts(text: &str, separator: char) -> Option<Vec<String>> {
    let mut all = Vec::new();
    let mut rest = text.trim_matches(is_space);
    loop {
        let (part, after) = part(rest, separator)?;
        all.push(truncated(part));
        rest = after.trim_start_matches(is_space);
        match rest.strip_prefix(separator) {
            Some(more) => rest = more.trim_start_matches(is_space),
            None if rest.is_empty() => return Some(all),
            None => return None,
        }
    }
}

fn part(text: &str, separator: char) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c == separator || is_space(c) || c == '"').unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        // A vertical tab is white space since PostgreSQL 16, and part of a name before.
        let plain = !word.is_empty() && !word.contains('\x0b');
        return plain.then(|| (word.to_ascii_lowercase(), rest));
    };
    let mut name = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        match (c, chars.peek()) {
            ('"', Some((_, '"'))) => {
                name.push('"');
                chars.next();
            }
            ('"', _) => return quoted.get(i + 1..).map(|rest| (name, rest)),
            (other, _) => name.push(other),
        }
    }
    None
}

/// `name` as PostgreSQL's SHOW writes it: in quotes only where it needs them (`quote_identifier`, utils/adt/ruleutils.c).
/// A word that became a key word after the server's version is quoted all the same, which means the same.
pub fn quote_as_shown(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let is_free = |kind: i32| [KeywordKind::NoKeyword as i32, KeywordKind::UnreservedKeyword as i32].contains(&kind);
    let free = || pg_query::scan(name).is_ok_and(|scan| scan.tokens.iter().all(|t| is_free(t.keyword_kind)));
    if plain && free() { name.to_owned() } else { quote_ident(name) }
}

/// `name` cut as PostgreSQL cuts it.
pub fn truncated(mut name: String) -> String {
    name.truncate(start(&name, MAX_NAME).len());
    name
}

/// As many whole characters of `text` as its first `bytes` bytes hold.
pub fn start(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_postgresql_quotes_them() {
        for (name, shown) in [
            ("rep", "rep"),
            ("_x1", "_x1"),
            ("1x", "\"1x\""),
            ("Rep", "\"Rep\""),
            ("$user", "\"$user\""),
            ("a\"b", "\"a\"\"b\""),
            ("", "\"\""),
            ("user", "\"user\""),
            ("between", "\"between\""),
            ("left", "\"left\""),
            ("begin", "begin"),
            ("señal", "\"señal\""),
        ] {
            assert_eq!(quote_as_shown(name), shown);
        }
    }

    #[test]
    fn names_are_read_as_postgresql_reads_them() {
        assert_eq!(split("Public.\"Odd\"\"Name\""), Some(vec!["public".into(), "Odd\"Name".into()]));
        assert_eq!(split_path("\"$user\", public"), Some(vec!["$user".into(), "public".into()]));
        assert_eq!(split_path(""), Some(vec![]));
        assert_eq!(split_path("public\u{a0}, \u{2003}x"), Some(vec!["public\u{a0}".into(), "\u{2003}x".into()]));
        assert_eq!(split_path("public\x0b"), None);
        for bad in ["a..b", "a b", "\"open", ".", "a,"] {
            assert_eq!(split(bad).filter(|p| p.len() > 1), None, "{bad}");
        }
    }
}
